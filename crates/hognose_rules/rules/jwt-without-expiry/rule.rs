//! In code because claims are often added to the payload between its making and the call.

use crate::context::dict_entry;
use crate::prelude::*;

/// Functions that sign a payload, with its position and name.
const ENCODE: &[(&str, &str, usize)] = &[
    ("jwt.encode", "payload", 0),
    ("jwt.api_jwt.encode", "payload", 0),
    ("jwt.PyJWT().encode", "payload", 0),
    ("jose.jwt.encode", "claims", 0),
    ("authlib.jose.jwt.encode", "payload", 1),
    ("authlib.jose.JsonWebToken().encode", "payload", 1),
    ("joserfc.jwt.encode", "claims", 1),
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some((callee, name, at)) = ENCODE.iter().find(|(path, ..)| call.is(&[path])) else {
            continue;
        };
        let Some((home, payload)) = context.arg(call, Some(name), Some(*at)).given() else {
            continue;
        };
        if home != context.id
            || dict_entry(context.values, home, payload, "exp") != Argument::Missing
            || is_extended(context, payload)
        {
            continue;
        }
        context.report(
            call.range,
            format!("{callee} issues a token without exp, which never expires"),
        );
    }
}

/// Whether a method changes the payload, or it is handed to another function first.
fn is_extended(context: &mut Context<'_, '_>, payload: ExprId) -> bool {
    let module = context.module;
    let Expr::Name { slot, def } = module[payload] else {
        return false;
    };
    let scope = module[def].scope;
    let same = |expr: ExprId| matches!(module[expr], Expr::Name { slot: other, def } if other == slot && module[def].scope == scope);
    context.calls().iter().any(|call| {
        let by_method = matches!(module[call.func], Expr::Attribute { value, attr } if matches!(attr.as_str(), "update" | "setdefault") && same(value));
        let handed = !ENCODE.iter().any(|(path, ..)| call.is(&[path])) && module.args(call.args).iter().any(|argument| same(argument.value));
        by_method || handed
    })
}

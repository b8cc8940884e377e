//! In code because a token may be read to choose the key it is verified with right after.

use crate::context::dict_entry;
use crate::prelude::*;

/// Functions that read a token and verify it unless an option says otherwise.
const DECODE: &[&str] = &[
    "jwt.decode",
    "jwt.decode_complete",
    "jwt.api_jwt.decode",
    "jwt.api_jwt.decode_complete",
    "jwt.PyJWT().decode",
    "jwt.PyJWT().decode_complete",
    "jwt.api_jwt.PyJWT().decode",
    "jwt.api_jwt.PyJWT().decode_complete",
    "jose.jwt.decode",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some(callee) = DECODE.iter().find(|path| call.is(&[path])) else {
            continue;
        };
        if verifies(context, call) != Some(false) {
            continue;
        }
        let message = format!("{callee} reads the token without verifying its signature");
        let verified = is_verified_later(context, call);
        let draft = context.report(call.range, message);
        if verified {
            draft.severity(Severity::Low).persona(Persona::Auditor);
        }
    }
}

/// What the options of a call say of the signature; nothing where they are not known.
fn verifies(context: &mut Context<'_, '_>, call: &CallSite) -> Option<bool> {
    let (home, options) = match context.arg(call, Some("options"), Some(3)) {
        Argument::Given(home, options) => (home, options),
        Argument::Missing => return Some(true),
        Argument::Unknown => return None,
    };
    match dict_entry(context.values, home, options, "verify_signature") {
        Argument::Given(home, value) => match context.values.constant(home, value) {
            Some(Constant::Bool(yes)) => Some(yes),
            _ => None,
        },
        Argument::Missing => Some(true),
        Argument::Unknown => None,
    }
}

/// Whether the very same token is given to a call behind this one that verifies it with a key.
fn is_verified_later(context: &mut Context<'_, '_>, first: &CallSite) -> bool {
    let Some(token) = token_of(context, first) else {
        return false;
    };
    context.calls().iter().any(|call| {
        DECODE.iter().any(|path| call.is(&[path]))
            && call.range.start() > first.range.end()
            && token_of(context, call) == Some(token)
            && context.arg(call, Some("key"), Some(1)).given().is_some()
            && verifies(context, call) == Some(true)
    })
}

/// The variable a call reads the token from, as it was last assigned.
fn token_of(context: &mut Context<'_, '_>, call: &CallSite) -> Option<DefId> {
    let argument = ["jwt", "token"]
        .iter()
        .find_map(|name| context.arg(call, Some(name), Some(0)).given());
    match argument {
        Some((home, expr)) if home == context.id => match context.module[expr] {
            Expr::Name { def, .. } => Some(def),
            _ => None,
        },
        _ => None,
    }
}

//! Needs to know that the password comes from the request and that nothing in the function validates it.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    if !module.imports.iter().any(|(name, _)| {
        matches!(
            name.as_str().split('.').next(),
            Some("django" | "rest_framework")
        )
    }) {
        return;
    }
    for call in context.calls() {
        let Expr::Attribute { attr, .. } = module[call.func] else {
            continue;
        };
        let [argument] = module.args(call.args) else {
            continue;
        };
        if attr.as_str() != "set_password" || !is_from_request(context, argument.value) {
            continue;
        }
        let around = module
            .functions
            .iter()
            .filter(|function| function.range.contains_range(call.range))
            .min_by_key(|function| function.range.len());
        let Some(function) = around else { continue };
        // Any call that may validate, of a form too, gives the benefit of the doubt.
        let validated = context.calls().iter().any(|other| {
            let name = context.text(module.expr_range(other.func));
            function.range.contains_range(other.range)
                && ["valid", "clean"].iter().any(|word| name.contains(word))
        });
        if validated {
            continue;
        }
        context.report(
            call.range,
            "set_password takes a password from the request that no validator has seen",
        );
    }
}

/// `request.POST["password"]`, or a variable of it.
fn is_from_request(context: &Context<'_, '_>, expr: ExprId) -> bool {
    let module = context.module;
    let value = match module[expr] {
        Expr::Name { def, .. } => match module[def].kind {
            DefKind::Value(value) => value,
            _ => return false,
        },
        _ => expr,
    };
    let text = context.text(module.expr_range(value));
    ["request.POST", "request.data", "request.GET"]
        .iter()
        .any(|source| text.contains(source))
}

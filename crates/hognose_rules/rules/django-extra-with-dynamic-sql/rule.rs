//! In code because a query set is seldom known by its type: `extra` with its own arguments is.

use crate::prelude::*;

/// Arguments that hold SQL, with their positions. `params` and `select_params` hold values, which Django quotes.
const SQL: &[(&str, usize)] = &[("select", 0), ("where", 1), ("tables", 3), ("order_by", 4)];

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    if !module
        .imports
        .iter()
        .any(|(name, _)| name.as_str().starts_with("django"))
        && !context.calls().iter().any(|call| {
            call.paths
                .iter()
                .any(|path| path.as_str().starts_with("django.db.models."))
        })
    {
        let models = module.exprs().any(
            |(_, expr)| matches!(expr, Expr::Attribute { attr, .. } if attr.as_str() == "objects"),
        );
        if !models {
            return;
        }
    }
    for call in context.calls() {
        let Expr::Attribute { attr, .. } = module[call.func] else {
            continue;
        };
        if attr.as_str() != "extra" || call.skip > 0 {
            continue;
        }
        for (name, position) in SQL {
            let Argument::Given(at, value) = context.arg(call, Some(name), Some(*position)) else {
                continue;
            };
            if at != context.id || context.text_parts(value).is_empty() {
                continue;
            }
            let built = is_put_together(context, value);
            let draft = context.report(
                call.range,
                format!(
                    "{name} of extra gets SQL that is {}",
                    if built {
                        "put together from variables"
                    } else {
                        "not constant"
                    }
                ),
            );
            if !built {
                draft
                    .severity(Severity::Medium)
                    .confidence(Confidence::Low)
                    .persona(Persona::Pedantic);
            }
            break;
        }
    }
}

/// A string with parts, or a display of such.
fn is_put_together(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    if context.is_built(expr) {
        return true;
    }
    match context.module[expr] {
        Expr::ListOf(list) | Expr::Tuple(list) => context
            .module
            .list(list)
            .iter()
            .any(|element| context.is_built(*element)),
        Expr::Dict(items) => context
            .module
            .dict(items)
            .iter()
            .any(|(_, value)| context.is_built(*value)),
        Expr::Name { .. } => crate::text::definition(context.values, context.id, expr)
            .is_some_and(|value| is_put_together(context, value)),
        _ => false,
    }
}

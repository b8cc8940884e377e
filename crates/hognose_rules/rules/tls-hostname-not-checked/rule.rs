//! `context.check_hostname = False`: only on the client's side, and not where the certificate is not verified either, which
//! `ssl-context-without-verification` reports.

use super::rule_ssl_context_without_verification::{is_context, is_unverified, serves};
use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let stores = &context.module.attribute_stores;
    for store in stores {
        if store.attr.as_str() != "check_hostname"
            || context.module.is_dead(store.range)
            || !is_context(context, store.object)
        {
            continue;
        }
        if context.constant(store.value) != Some(Constant::Bool(false))
            || serves(context, store.object)
            || starts_unverified(context, store.object)
        {
            continue;
        }
        let name = context.text(context.module.expr_range(store.object));
        let also = stores.iter().any(|other| {
            other.scope == store.scope
                && context.text(context.module.expr_range(other.object)) == name
                && is_unverified(context, other)
        });
        if also {
            continue;
        }
        context.report(
            store.range,
            "this context accepts the certificate of any host",
        );
    }
}

/// Whether the context never verified anything to begin with.
fn starts_unverified(context: &mut Context<'_, '_>, object: ExprId) -> bool {
    context
        .makers(object)
        .into_iter()
        .any(|call| match context.module[call] {
            Expr::Call { func, .. } => context.paths(func).iter().any(|path| {
                matches!(
                    path.as_str(),
                    "ssl._create_unverified_context" | "ssl._create_stdlib_context"
                )
            }),
            _ => false,
        })
}

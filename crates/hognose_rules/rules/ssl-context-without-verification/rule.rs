//! `context.verify_mode = CERT_NONE`, where nothing else is possible: only a context made for the client's side is meant, which the context itself does not say.

use crate::prelude::*;

const NONE: [&str; 2] = ["ssl.CERT_NONE", "ssl.VerifyMode.CERT_NONE"];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for site in context.calls() {
        set_verify(context, site);
    }
    for store in &context.module.attribute_stores {
        if !is_unverified(context, store) || serves(context, store.object) {
            continue;
        }
        context.report(store.range, "this context accepts any certificate");
    }
}

/// pyOpenSSL: `context.set_verify(VERIFY_NONE, callback)`, which a server may well say.
fn set_verify(context: &mut Context<'_, '_>, site: &CallSite) {
    if !site.is(&["OpenSSL.SSL.Context().set_verify"]) {
        return;
    }
    let Argument::Given(at, mode) = context.arg(site, Some("mode"), Some(0)) else {
        return;
    };
    if at == context.id && is_surely(context, mode, &["OpenSSL.SSL.VERIFY_NONE"]) {
        context
            .report(site.range, "this context accepts any certificate")
            .confidence(Confidence::Medium);
    }
}

/// Whether the store makes an `SSLContext` accept any certificate.
pub(super) fn is_unverified(context: &mut Context<'_, '_>, store: &AttributeStore) -> bool {
    store.attr.as_str() == "verify_mode"
        && !context.module.is_dead(store.range)
        && is_context(context, store.object)
        && is_surely(context, store.value, &NONE)
}

/// Whether an expression is one of these, whichever way it was computed: `CERT_NONE if insecure else CERT_REQUIRED` is not.
fn is_surely(context: &mut Context<'_, '_>, value: ExprId, paths: &[&str]) -> bool {
    let values = context.eval(value);
    let is =
        |value: &Value| matches!(value, Value::External(path) if paths.contains(&path.as_str()));
    !values.is_empty() && values.iter().all(is)
}

/// Whether an expression is an `SSLContext`.
pub(super) fn is_context(context: &mut Context<'_, '_>, object: ExprId) -> bool {
    context.paths(object).iter().any(|path| {
        matches!(
            path.as_str(),
            "ssl.SSLContext()"
                | "urllib3.util.ssl_.create_urllib3_context()"
                | "urllib3.util.create_urllib3_context()"
        )
    })
}

/// Whether a context is made for, or used on, the side that accepts connections.
pub(super) fn serves(context: &mut Context<'_, '_>, object: ExprId) -> bool {
    for call in context.makers(object) {
        let Expr::Call { args, .. } = context.module[call] else {
            continue;
        };
        for argument in context.module.args(args) {
            if context.paths(argument.value).iter().any(|path| {
                matches!(
                    path.as_str(),
                    "ssl.PROTOCOL_TLS_SERVER" | "ssl.Purpose.CLIENT_AUTH"
                )
            }) {
                return true;
            }
        }
    }
    // `if server_side:` around it.
    let place = context.module.expr_range(object);
    let asked = context.module.stmts().any(|(id, stmt)| {
        matches!(*stmt, Stmt::If { test, .. } if context.module.stmt_range(id).contains_range(place)
            && context.text(context.module.expr_range(test)).contains("server_side"))
    });
    if asked {
        return true;
    }
    let name = context.name_of(object);
    for site in context.calls() {
        let Expr::Attribute { value, attr } = context.module[site.func] else {
            continue;
        };
        if attr.as_str() != "wrap_socket" || name.is_none() || context.name_of(value) != name {
            continue;
        }
        if let Argument::Given(at, server) = context.arg(site, Some("server_side"), Some(1))
            && context.values.constant(at, server) == Some(Constant::Bool(true))
        {
            return true;
        }
    }
    false
}

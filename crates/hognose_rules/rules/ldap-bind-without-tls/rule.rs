//! The address stands in one call, the password in a second, the start of TLS in a third.

use crate::prelude::*;

const LDAP: &str = "ldap.initialize()";
const BINDS: [&str; 5] = [
    "simple_bind_s",
    "simple_bind",
    "bind_s",
    "bind",
    "simple_bind_ext_s",
];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for site in context.calls() {
        if site.is(&["ldap3.Connection", "ldap3.core.connection.Connection"]) {
            ldap3(context, site);
            continue;
        }
        let binds = |path: &Callee| {
            path.as_str()
                .strip_prefix(LDAP)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|method| BINDS.contains(&method))
        };
        if site.paths.iter().any(binds) && has_password(context, site, "cred", 1) {
            let Expr::Attribute { value, .. } = context.module[site.func] else {
                continue;
            };
            let makers = context.makers(value);
            let sites: Vec<&CallSite> = context
                .calls()
                .iter()
                .filter(|site| makers.contains(&site.expr))
                .collect();
            let clear =
                !sites.is_empty() && sites.iter().all(|site| is_clear(context, site, "uri"));
            if clear && !calls(context, &["ldap.initialize().start_tls_s"]) {
                context.report(
                    site.range,
                    "this bind sends the password over ldap:// without TLS",
                );
            }
        }
    }
}

/// `Connection(Server(host), user, password)`.
fn ldap3(context: &mut Context<'_, '_>, site: &CallSite) {
    if !has_password(context, site, "password", 2)
        || calls(
            context,
            &[
                "ldap3.Connection().start_tls",
                "ldap3.core.connection.Connection().start_tls",
            ],
        )
    {
        return;
    }
    if let Argument::Given(at, bind) = context.arg(site, Some("auto_bind"), Some(3)) {
        let plain = context.values.constant(at, bind).is_some()
            || context.values.eval(at, bind).iter().any(|value| matches!(value, Value::External(path) if path.as_str() == "ldap3.AUTO_BIND_NO_TLS" || path.as_str() == "ldap3.AUTO_BIND_DEFAULT" || path.as_str() == "ldap3.AUTO_BIND_NONE"));
        if !plain
            || matches!(context.values.constant(at, bind), Some(Constant::Str(text)) if text.starts_with("TLS"))
        {
            return;
        }
    }
    if let Argument::Given(at, kind) = context.arg(site, Some("authentication"), Some(5)) {
        let simple =
            context.values.eval(at, kind).iter().any(
                |value| matches!(value, Value::External(path) if path.as_str() == "ldap3.SIMPLE"),
            ) || context.values.constant(at, kind) == Some(Constant::Str("SIMPLE".to_owned()));
        if !simple {
            return;
        }
    }
    let Argument::Given(at, server) = context.arg(site, Some("server"), Some(0)) else {
        return;
    };
    if at != context.id {
        return;
    }
    let makers = context.makers(server);
    let sites: Vec<&CallSite> = context
        .calls()
        .iter()
        .filter(|site| {
            makers.contains(&site.expr) && site.is(&["ldap3.Server", "ldap3.core.server.Server"])
        })
        .collect();
    if !sites.is_empty() && sites.iter().all(|site| is_clear_server(context, site)) {
        context.report(
            site.range,
            "this connection sends the password to the LDAP server without TLS",
        );
    }
}

fn is_clear_server(context: &mut Context<'_, '_>, site: &CallSite) -> bool {
    match context.arg(site, Some("use_ssl"), Some(2)) {
        // Without the flag the address may still say `ldaps://`.
        Argument::Missing => is_clear(context, site, "host"),
        Argument::Given(at, flag) => {
            context.values.constant(at, flag) == Some(Constant::Bool(false))
                && !is_known_local(context, site, "host")
        }
        Argument::Unknown => false,
    }
}

/// Whether the address surely begins with `ldap://`, or is a plain host name for ldap3, and is not of this machine.
fn is_clear(context: &mut Context<'_, '_>, site: &CallSite, name: &str) -> bool {
    let Argument::Given(at, address) = context.arg(site, Some(name), Some(0)) else {
        return false;
    };
    if at != context.id {
        return false;
    }
    let whole = context.constant(address).is_some();
    let text = context.leading_text(address);
    let rest = match text.strip_prefix("ldap://") {
        Some(rest) => rest,
        None if name == "host" && whole && !text.contains("://") => &text,
        None => return false,
    };
    !["localhost", "127.", "[::1]"]
        .iter()
        .any(|local| rest.starts_with(local))
}

fn is_known_local(context: &mut Context<'_, '_>, site: &CallSite, name: &str) -> bool {
    match context.arg(site, Some(name), Some(0)) {
        Argument::Given(at, address) if at == context.id => {
            let text = context.leading_text(address);
            [
                "localhost",
                "127.",
                "ldap://localhost",
                "ldap://127.",
                "ldaps://",
            ]
            .iter()
            .any(|start| text.starts_with(start))
        }
        _ => false,
    }
}

fn has_password(context: &mut Context<'_, '_>, site: &CallSite, name: &str, at: usize) -> bool {
    match context.arg(site, Some(name), Some(at)) {
        Argument::Given(at, value) => context
            .values
            .constant(at, value)
            .is_none_or(|value| value.truthy()),
        _ => false,
    }
}

fn calls(context: &Context<'_, '_>, paths: &[&str]) -> bool {
    context.calls().iter().any(|site| site.is(paths))
}

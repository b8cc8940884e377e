//! Whether a connection was encrypted before the login is said by another call on the same object.

use crate::prelude::*;

/// The plain class, the methods that send a password, the one that starts TLS.
const PROTOCOLS: [(&str, &[&str], &str); 3] = [
    ("smtplib.SMTP", &["login"], "starttls"),
    ("imaplib.IMAP4", &["login"], "starttls"),
    ("poplib.POP3", &["pass_"], "stls"),
];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for site in context.calls() {
        for (class, logins, start) in PROTOCOLS {
            let object = format!("{class}()");
            let sends = |path: &Callee| {
                path.as_str()
                    .rsplit_once('.')
                    .is_some_and(|(made, method)| made == object && logins.contains(&method))
            };
            // The object may also be one that is encrypted from the beginning.
            if site.paths.is_empty() || !site.paths.iter().all(sends) {
                continue;
            }
            if starts_tls(context, site, &format!("{object}.{start}")) || is_local(context, site) {
                continue;
            }
            context.report(
                site.range,
                format!("{class} sends the password in clear text, for {start} was not called"),
            );
        }
    }
}

/// Whether TLS is started in the same function, or, where the object comes from elsewhere, in the same module.
fn starts_tls(context: &mut Context<'_, '_>, login: &CallSite, start: &str) -> bool {
    let Expr::Attribute { value: object, .. } = context.module[login.func] else {
        return false;
    };
    let local = matches!(context.module[object], Expr::Name { .. })
        && context.makers(object).into_iter().any(|call| {
            let range = context.module.expr_range(call);
            context.function_around(range).map(|function| function.range) == context.function_around(login.range).map(|function| function.range)
                && matches!(context.module[call], Expr::Call { func, .. } if context.paths(func).iter().any(|path| start.starts_with(path.as_str())))
        });
    let around = if local {
        context
            .function_around(login.range)
            .map(|function| function.range)
    } else {
        None
    };
    context.calls().iter().any(|site| {
        site.is(&[start]) && around.is_none_or(|around| around.contains_range(site.range))
    })
}

fn is_local(context: &mut Context<'_, '_>, login: &CallSite) -> bool {
    let Expr::Attribute { value: object, .. } = context.module[login.func] else {
        return false;
    };
    let makers = context.makers(object);
    context.calls().iter().filter(|site| makers.contains(&site.expr)).any(|site| match context.arg(site, Some("host"), Some(0)) {
        Argument::Given(at, host) => {
            matches!(context.values.constant(at, host), Some(Constant::Str(host)) if matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1"))
        }
        _ => false,
    })
}

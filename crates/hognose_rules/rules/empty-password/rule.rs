//! In code because the empty text must stand in the call, or in a variable given to it: as the default of a setting it is filled
//! in later.

use crate::logins::LOGINS;
use crate::prelude::*;

/// Libraries for which the empty text means that there is no password, or that have rules of their own.
const OTHERS: &[&str] = &[
    "aiohttp.",
    "cryptography.",
    "ftplib.",
    "httpx.",
    "keyring.",
    "kombu.",
    "ldap.",
    "ldap3.",
    "praw.",
    "redis.",
    "requests.",
    "requests_ntlm.",
    "ssl.",
    "urllib.",
];

pub fn check(context: &mut Context<'_, '_>) {
    if context.in_test {
        return;
    }
    for call in context.calls() {
        for path in &call.paths {
            let Some(asked) = LOGINS.get(&path.symbol) else {
                continue;
            };
            let shown = path.as_str();
            if OTHERS.iter().any(|other| shown.starts_with(other))
                || matches!(
                    shown,
                    "django.contrib.auth.authenticate"
                        | "django.contrib.auth.aauthenticate"
                        | "werkzeug.security.check_password_hash"
                )
            {
                continue;
            }
            let given = asked
                .iter()
                .any(|(name, at)| is_empty(context, call, name, *at));
            // The socket on this machine knows the user without a password.
            if !given || context.arg(call, Some("unix_socket"), None) != Argument::Missing {
                continue;
            }
            let account = shown.starts_with("django.") || shown.starts_with("werkzeug.");
            let message = if account {
                "this account can be entered with an empty password".to_owned()
            } else {
                format!("{shown} is given an empty password")
            };
            context.report(call.range, message);
            break;
        }
    }
}

fn is_empty(context: &mut Context<'_, '_>, call: &CallSite, name: &str, at: Option<usize>) -> bool {
    let Argument::Given(home, expr) = context.arg(call, Some(name), at) else {
        return false;
    };
    let module = context.values.project().module(home);
    matches!(module[expr], Expr::Str(_) | Expr::Name { .. })
        && matches!(context.values.constant(home, expr), Some(Constant::Str(text)) if text.is_empty())
}

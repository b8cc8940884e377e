//! Keys are given to many constructors, and a default that the environment may override is a constant all the same.

use crate::prelude::*;

/// Callee, name of the argument, its position.
const KEYS: &[(&str, &str, Option<usize>)] = &[
    (
        "starlette.middleware.sessions.SessionMiddleware",
        "secret_key",
        Some(1),
    ),
    (
        "aiohttp_session.cookie_storage.EncryptedCookieStorage",
        "secret_key",
        Some(0),
    ),
    (
        "aiohttp_session.nacl_storage.NaClCookieStorage",
        "secret_key",
        Some(0),
    ),
    ("tornado.web.Application", "cookie_secret", None),
    ("itsdangerous.Signer", "secret_key", Some(0)),
    ("itsdangerous.TimestampSigner", "secret_key", Some(0)),
    ("itsdangerous.Serializer", "secret_key", Some(0)),
    ("itsdangerous.TimedSerializer", "secret_key", Some(0)),
    ("itsdangerous.URLSafeSerializer", "secret_key", Some(0)),
    ("itsdangerous.URLSafeTimedSerializer", "secret_key", Some(0)),
    (
        "itsdangerous.JSONWebSignatureSerializer",
        "secret_key",
        Some(0),
    ),
    (
        "itsdangerous.TimedJSONWebSignatureSerializer",
        "secret_key",
        Some(0),
    ),
    ("itsdangerous.signer.Signer", "secret_key", Some(0)),
    ("itsdangerous.timed.TimestampSigner", "secret_key", Some(0)),
    (
        "itsdangerous.url_safe.URLSafeSerializer",
        "secret_key",
        Some(0),
    ),
    (
        "itsdangerous.url_safe.URLSafeTimedSerializer",
        "secret_key",
        Some(0),
    ),
    (
        "pyramid.session.SignedCookieSessionFactory",
        "secret",
        Some(0),
    ),
    (
        "pyramid.authentication.AuthTktAuthenticationPolicy",
        "secret",
        Some(0),
    ),
    (
        "pyramid.authentication.AuthTktCookieHelper",
        "secret",
        Some(0),
    ),
];

/// Middleware that is given as an argument, with its own arguments behind it.
const WRAPPERS: &[&str] = &[
    "starlette.middleware.Middleware",
    "fastapi.middleware.Middleware",
];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    // The constructor is imported where it is called.
    let known = context.module.imports.iter().any(|(name, _)| {
        matches!(
            name.as_str().split('.').next(),
            Some(
                "starlette"
                    | "fastapi"
                    | "aiohttp_session"
                    | "tornado"
                    | "itsdangerous"
                    | "pyramid"
            )
        )
    });
    if !known {
        return;
    }
    let calls = context.calls();
    for call in calls {
        let added = matches!(context.module[call.func], Expr::Attribute { attr, .. } if attr.as_str() == "add_middleware");
        if added || call.is(WRAPPERS) {
            let Some(first) = context.module.args(call.args).first() else {
                continue;
            };
            let middleware = context.paths(first.value);
            if let Some(path) = middleware
                .iter()
                .find(|path| path.as_str().ends_with("sessions.SessionMiddleware"))
            {
                judge(context, call, path.as_str(), "secret_key", Some(1));
            }
            continue;
        }
        if let Some((path, name, at)) = KEYS.iter().find(|(path, _, _)| call.is(&[path])) {
            judge(context, call, path, name, *at);
        }
    }
}

fn judge(
    context: &mut Context<'_, '_>,
    call: &CallSite,
    callee: &str,
    name: &str,
    at: Option<usize>,
) {
    let Argument::Given(home, expr) = context.arg(call, Some(name), at) else {
        return;
    };
    if home != context.id {
        return;
    }
    let value = context.setting_value(expr);
    // `NAME = "…"` of a settings module is reported there already when a framework is configured by it.
    let known = match value.constant() {
        Some(Constant::Str(text) | Constant::Bytes(text)) => !text.is_empty(),
        _ => false,
    };
    if !known {
        return;
    }
    let callee = callee.rsplit('.').next().unwrap_or(callee);
    let unless = if value.certain {
        ""
    } else {
        " unless the deployment says otherwise"
    };
    let range = context.module.expr_range(expr);
    let draft = context.report(range, format!("the key given to {callee} stands in the source, so whoever reads it can forge what it signs{unless}"));
    if !value.certain {
        draft.confidence(Confidence::Medium);
    }
}

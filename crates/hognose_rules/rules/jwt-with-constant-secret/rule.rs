//! In code because the constant is only what the environment's value falls back to. Plain constants are in `rule.toml`.

use crate::prelude::*;

/// Functions that sign or verify, with the position of the key.
const KEYED: &[(&str, usize)] = &[
    ("jwt.encode", 1),
    ("jwt.decode", 1),
    ("jwt.PyJWT().encode", 1),
    ("jwt.PyJWT().decode", 1),
    ("jose.jwt.encode", 1),
    ("jose.jwt.decode", 1),
    ("jose.jws.sign", 1),
    ("jose.jws.verify", 1),
    ("authlib.jose.jwt.encode", 2),
    ("authlib.jose.jwt.decode", 1),
    ("joserfc.jwk.OctKey.import_key", 0),
    ("fastapi_users.authentication.JWTStrategy", 0),
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some((callee, at)) = KEYED.iter().find(|(path, _)| call.is(&[path])) else {
            continue;
        };
        let name = if callee.ends_with("JWTStrategy") {
            "secret"
        } else {
            "key"
        };
        let Some((home, key)) = context.arg(call, Some(name), Some(*at)).given() else {
            continue;
        };
        if home != context.id {
            continue;
        }
        let Some(fallback) = fallback(context, key) else {
            continue;
        };
        if fallback.starts_with("-----BEGIN") && !fallback.contains("PRIVATE KEY") {
            continue;
        }
        context
            .report(call.range, format!("{callee} falls back to a key that stands in the source where the environment has none"))
            .severity(Severity::Medium)
            .confidence(Confidence::Medium);
    }
}

//! In code because the names of the claims are judged, whatever they hold.

use crate::prelude::*;

/// Functions that sign a payload, with its position and name.
const ENCODE: &[(&str, &str, usize)] = &[
    ("jwt.encode", "payload", 0),
    ("jwt.api_jwt.encode", "payload", 0),
    ("jwt.PyJWT().encode", "payload", 0),
    ("jose.jwt.encode", "claims", 0),
    ("authlib.jose.jwt.encode", "payload", 1),
    ("authlib.jose.JsonWebToken().encode", "payload", 1),
    ("joserfc.jwt.encode", "claims", 1),
    (
        "flask_jwt_extended.create_access_token",
        "additional_claims",
        3,
    ),
];

fn is_sensitive(claim: &str) -> bool {
    let words = words(claim);
    let pair = words.join("_");
    is_password(claim)
        || matches!(
            pair.as_str(),
            "secret"
                | "client_secret"
                | "api_key"
                | "apikey"
                | "secret_key"
                | "private_key"
                | "encryption_key"
                | "credit_card"
                | "card_number"
                | "credit_card_number"
                | "cvv"
                | "cvc"
                | "ssn"
                | "iban"
                | "pin"
        )
}

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some((callee, name, at)) = ENCODE.iter().find(|(path, ..)| call.is(&[path])) else {
            continue;
        };
        let Some((home, payload)) = context.arg(call, Some(name), Some(*at)).given() else {
            continue;
        };
        let mut claims = Vec::new();
        for value in context.values.eval(home, payload) {
            let Value::Expr(at, display) = value else {
                continue;
            };
            let module = context.values.project().module(at);
            let Expr::Dict(items) = module[display] else {
                continue;
            };
            for (key, claim) in module.dict(items) {
                let Some(key) = key else { continue };
                if let Some(Constant::Str(name)) = context.values.constant(at, key.get())
                    && is_sensitive(&name)
                    && !matches!(
                        module[*claim],
                        Expr::Bool(_) | Expr::None | Expr::Compare { .. }
                    )
                {
                    claims.push(name);
                }
            }
        }
        if let Some(claim) = claims.first() {
            context.report(
                call.range,
                format!("{callee} puts {claim} into a token, where its holder reads it"),
            );
        }
    }
}

//! In code because keys that know their algorithm, lists of mixed families and headers of tokens have to be told apart.

use crate::context::dict_entry;
use crate::prelude::*;

const DECODE: &[&str] = &[
    "jwt.decode",
    "jwt.decode_complete",
    "jwt.api_jwt.decode",
    "jwt.api_jwt.decode_complete",
    "jwt.PyJWT().decode",
    "jwt.PyJWT().decode_complete",
    "jose.jwt.decode",
    "jose.jws.verify",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        if !call.is(DECODE) {
            continue;
        }
        if is_unverified(context, call) {
            continue;
        }
        match context.arg(call, Some("algorithms"), Some(2)) {
            Argument::Missing => {
                if is_verified(context, call) && !knows_its_algorithm(context, call) {
                    context.report(
                        call.range,
                        format!(
                            "{} is given no algorithms, so the token chooses",
                            call.paths[0]
                        ),
                    );
                }
            }
            Argument::Given(at, algorithms) => {
                if let Some(Constant::Seq(names)) = context.values.constant(at, algorithms) {
                    let family = |start: &str| {
                        names
                            .iter()
                            .filter_map(Constant::text)
                            .find(|name| name.starts_with(start))
                            .map(str::to_owned)
                    };
                    let public = family("RS")
                        .or_else(|| family("ES"))
                        .or_else(|| family("PS"))
                        .or_else(|| family("EdDSA"));
                    if let (Some(shared), Some(public)) = (family("HS"), public) {
                        context
                            .report(call.range, format!("{} accepts {shared} and {public}, so a public key may pass as the secret", call.paths[0]))
                            .severity(Severity::High);
                    }
                } else if at == context.id && is_from_header(context, algorithms) {
                    context
                        .report(
                            call.range,
                            format!(
                                "{} takes the algorithm from the token's own header",
                                call.paths[0]
                            ),
                        )
                        .severity(Severity::High);
                }
            }
            Argument::Unknown => {}
        }
    }
}

/// Whether no signature is looked at, which another rule reports.
fn is_unverified(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    if let Argument::Given(at, flag) = context.arg(call, Some("verify"), None)
        && context.values.constant(at, flag) == Some(Constant::Bool(false))
    {
        return true;
    }
    let Argument::Given(at, options) = context.arg(call, Some("options"), Some(3)) else {
        return false;
    };
    match dict_entry(context.values, at, options, "verify_signature") {
        Argument::Given(at, flag) => {
            context.values.constant(at, flag) == Some(Constant::Bool(false))
        }
        _ => false,
    }
}

/// Whether a signature is looked at; where it is not, another rule reports that.
fn is_verified(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    match context.arg(call, Some("verify"), None) {
        Argument::Missing => {}
        Argument::Given(at, flag)
            if context.values.constant(at, flag) == Some(Constant::Bool(true)) => {}
        _ => return false,
    }
    match context.arg(call, Some("options"), Some(3)) {
        Argument::Missing => true,
        Argument::Unknown => false,
        Argument::Given(at, options) => match context.values.constant(at, options) {
            Some(Constant::Map(options)) => !options.iter().any(|(key, value)| {
                *key == Constant::Str("verify_signature".to_owned())
                    && *value == Constant::Bool(false)
            }),
            // Options that are not known may switch it off.
            Some(Constant::None) => true,
            _ => false,
        },
    }
}

/// PyJWT's key objects are made for one algorithm, and it is used when none is named.
fn knows_its_algorithm(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    let Argument::Given(at, key) = context.arg(call, Some("key"), Some(1)) else {
        return true;
    };
    context
        .values
        .eval(at, key)
        .iter()
        .any(|value| match value {
            Value::External(path) => {
                let path = path.as_str();
                path.starts_with("jwt.PyJWK") && !path.ends_with(".key")
                    || path.starts_with("jwt.jwks_client.") && !path.ends_with(".key")
                    || path.contains("get_signing_key") && !path.ends_with(".key")
            }
            _ => false,
        })
}

/// Whether the list holds something read from the header of a token.
fn is_from_header(context: &mut Context<'_, '_>, algorithms: ExprId) -> bool {
    parts(context, algorithms).into_iter().any(|part| {
        context.paths(part).iter().any(|path| {
            let path = path.as_str();
            path.starts_with("jwt.get_unverified_header()")
                || path.starts_with("jose.jwt.get_unverified_header")
                || path.starts_with("jose.jws.get_unverified_header")
        })
    })
}

//! In code because what a digest is good for depends on what stands around it: a signature, a secret, an HMAC, a checksum.

use crate::prelude::*;

/// What a digest is used for, as far as it shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Plain,
    Signature,
    Secret,
    Mac,
}

/// The broken algorithm a call makes or uses, with the place to report.
struct Weak {
    name: &'static str,
    expr: ExprId,
    range: TextRange,
    used: Use,
}

/// The broken algorithm of that name, as hashlib and OpenSSL spell it.
fn broken(name: &str) -> Option<&'static str> {
    Some(
        match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "md2" => "MD2",
            "md4" => "MD4",
            "md5" | "md5sha1" => "MD5",
            "sha" | "sha1" => "SHA-1",
            "ripemd" | "ripemd160" | "rmd160" => "RIPEMD-160",
            _ => return None,
        },
    )
}

/// The broken algorithm a path stands for: `hashlib.md5`, `Crypto.Hash.SHA.new`, `…hashes.SHA1`.
fn of_path(path: &str) -> Option<&'static str> {
    if let Some(name) = path.strip_prefix("hashlib.") {
        return broken(name);
    }
    for package in ["Crypto.Hash.", "Cryptodome.Hash."] {
        if let Some(name) = path.strip_prefix(package) {
            return broken(name.strip_suffix(".new").unwrap_or(name));
        }
    }
    broken(
        path.strip_prefix("cryptography.hazmat.primitives.hashes.")?
            .trim_end_matches("()"),
    )
}

pub fn check(context: &mut Context<'_, '_>) {
    let mut found = Vec::new();
    for call in context.calls() {
        let weak = plain(context, call).or_else(|| mac(context, call));
        found.extend(weak);
    }
    if found.is_empty() {
        return;
    }
    let surroundings = surroundings(context);
    for weak in &mut found {
        if weak.used == Use::Plain
            && let Some((_, around)) = surroundings
                .iter()
                .filter(|(range, _)| range.contains_range(weak.range) && *range != weak.range)
                .min_by_key(|(range, _)| range.len())
        {
            weak.used = *around;
        }
    }
    for weak in found {
        let name = weak.name;
        match weak.used {
            Use::Plain if name == "RIPEMD-160" => {
                context
                    .report(weak.range, "RIPEMD-160 is an outdated hash algorithm")
                    .severity(Severity::Low)
                    .persona(Persona::Auditor);
            }
            Use::Plain => {
                context.report(weak.range, format!("{name} is a broken hash algorithm; say usedforsecurity=False if nothing depends on it"));
            }
            Use::Signature => {
                context
                    .report(
                        weak.range,
                        format!("a signature over {name} holds for other documents as well"),
                    )
                    .severity(Severity::High)
                    .persona(Persona::Regular);
            }
            Use::Secret => {
                // Made for others, it follows their protocol; compared here, it is this program's own.
                let persona = if is_compared(context, weak.expr) {
                    Persona::Regular
                } else {
                    Persona::Pedantic
                };
                let draft = context.report(
                    weak.range,
                    format!("{name} over a secret and a message is no authentication; HMAC is"),
                );
                draft.persona(persona);
                if persona == Persona::Regular {
                    draft.severity(Severity::High);
                }
            }
            Use::Mac => {
                context
                    .report(
                        weak.range,
                        format!("{name} is used inside of HMAC, which survives it"),
                    )
                    .severity(Severity::Low)
                    .persona(Persona::Auditor);
            }
        }
    }
}

/// Whether a digest is compared with something in this module.
fn is_compared(context: &mut Context<'_, '_>, digest: ExprId) -> bool {
    let module = context.module;
    let mut sides = Vec::new();
    for (_, expr) in module.exprs() {
        if let Expr::Compare {
            op: CmpOp::Eq | CmpOp::NotEq,
            left,
            right,
        } = *expr
        {
            sides.extend([left, right]);
        }
    }
    for call in context.calls() {
        if call.is(&[
            "hmac.compare_digest",
            "secrets.compare_digest",
            "django.utils.crypto.constant_time_compare",
        ]) {
            sides.extend(module.args(call.args).iter().map(|argument| argument.value));
        }
    }
    sides
        .into_iter()
        .any(|side| parts(context, side).contains(&digest))
}

/// A call that computes a digest or makes an algorithm.
fn plain(context: &mut Context<'_, '_>, call: &CallSite) -> Option<Weak> {
    let module = context.module;
    // `sha1().digest_size` asks for a number.
    let behind = module
        .text
        .as_str()
        .get(call.range.end().to_usize()..)
        .unwrap_or_default();
    if [".digest_size", ".block_size", ".name"]
        .iter()
        .any(|attribute| behind.starts_with(attribute))
    {
        return None;
    }
    let mut data = Some(0);
    let name = if call.is(&["hashlib.new", "M2Crypto.EVP.MessageDigest"]) {
        data = Some(1);
        let name = context.arg(call, Some("name"), Some(0)).given()?;
        broken(context.values.constant(name.0, name.1)?.text()?)?
    } else if call.is(&["hashlib.file_digest"]) {
        data = None;
        let digest = context.arg(call, Some("digest"), Some(1)).given()?;
        algorithm(context, digest)?
    } else {
        call.paths.iter().find_map(|path| {
            if path.as_str().starts_with("hashlib.")
                || path.as_str().ends_with(".new")
                || path.as_str().contains(".hashes.")
            {
                of_path(path.as_str())
            } else {
                None
            }
        })?
    };
    // Said to be no matter of security, or perhaps so.
    match context.arg(call, Some("usedforsecurity"), None) {
        Argument::Missing => {}
        Argument::Given(at, flag)
            if context.values.constant(at, flag) == Some(Constant::Bool(true)) => {}
        _ => return None,
    }
    let mut used = Use::Plain;
    if let Some(at) = data
        && let Some((home, data)) = context.arg(call, Some("string"), Some(at)).given()
        && home == context.id
    {
        // More than the secret alone: a digest of a token only is an index, not an authentication.
        let parts = parts(context, data);
        let joined = parts.iter().any(|part| {
            matches!(
                module[*part],
                Expr::Binary {
                    op: Operator::Add,
                    ..
                } | Expr::FString(_)
            )
        });
        let secret = parts.iter().any(|part| {
            matches!(
                module[*part],
                Expr::Name { .. } | Expr::Attribute { .. } | Expr::Subscript { .. }
            ) && name_of(context, *part).is_some_and(|name| {
                words(&name).last().is_some_and(|last| last == "secret")
                    || (is_secret(&name) && words(&name).last().is_some_and(|last| last == "key"))
            })
        });
        if joined && secret {
            used = Use::Secret;
        }
    }
    Some(Weak {
        name,
        expr: call.expr,
        range: call.range,
        used,
    })
}

/// A broken algorithm given to HMAC.
fn mac(context: &mut Context<'_, '_>, call: &CallSite) -> Option<Weak> {
    if !call.is(&["hmac.new", "hmac.HMAC", "hmac.digest"]) {
        return None;
    }
    let name = if call.is(&["hmac.digest"]) {
        "digest"
    } else {
        "digestmod"
    };
    let digest = context.arg(call, Some(name), Some(2)).given()?;
    let name = algorithm(context, digest)?;
    Some(Weak {
        name,
        expr: call.expr,
        range: call.range,
        used: Use::Mac,
    })
}

/// The broken algorithm an argument names, as string, function or module.
fn algorithm(
    context: &mut Context<'_, '_>,
    (at, expr): (ModuleId, ExprId),
) -> Option<&'static str> {
    if let Some(constant) = context.values.constant(at, expr) {
        return broken(constant.text()?);
    }
    context
        .values
        .eval(at, expr)
        .iter()
        .find_map(|value| match value {
            Value::External(path) => of_path(path.as_str()),
            _ => None,
        })
}

/// Calls whose arguments say what a digest in them is for.
fn surroundings(context: &mut Context<'_, '_>) -> Vec<(TextRange, Use)> {
    let mut found = Vec::new();
    for call in context.calls() {
        let by_path = call.paths.iter().find_map(|path| {
            let path = path.as_str();
            let last = path.rsplit('.').next().unwrap_or(path);
            match last {
                "ECDSA" => Some(Use::Signature),
                "HMAC" | "HOTP" | "TOTP" | "HKDF" | "HKDFExpand" | "MGF1" | "OAEP"
                | "PBKDF2HMAC" | "KBKDFHMAC" | "ConcatKDFHMAC" => Some(Use::Mac),
                // Names of certificates and requests for their state, fixed by standards.
                "fingerprint"
                | "add_certificate"
                | "add_certificate_by_hash"
                | "add_response"
                | "add_response_by_hash"
                | "load_der_ocsp_response" => Some(Use::Mac),
                _ => None,
            }
        });
        let by_method = match context.module[call.func] {
            Expr::Attribute { attr, .. } => match attr.as_str() {
                "sign" | "verify" => Some(Use::Signature),
                "fingerprint" => Some(Use::Mac),
                _ => None,
            },
            _ => None,
        };
        found.extend(by_path.or(by_method).map(|used| (call.range, used)));
    }
    found
}

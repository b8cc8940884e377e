//! A cipher list is a language of its own: tokens that add, take away or move suites, joined of parts.

use crate::prelude::*;

/// Where lists are given: access path, name and position of the argument.
const TAKERS: [(&str, Option<&str>, Option<usize>); 14] = [
    ("ssl.SSLContext().set_ciphers", None, Some(0)),
    (
        "ssl._create_unverified_context().set_ciphers",
        None,
        Some(0),
    ),
    (
        "urllib3.util.create_urllib3_context().set_ciphers",
        None,
        Some(0),
    ),
    (
        "urllib3.util.ssl_.create_urllib3_context().set_ciphers",
        None,
        Some(0),
    ),
    ("OpenSSL.SSL.Context().set_cipher_list", None, Some(0)),
    ("urllib3.util.create_urllib3_context", Some("ciphers"), None),
    (
        "urllib3.util.ssl_.create_urllib3_context",
        Some("ciphers"),
        None,
    ),
    (
        "requests.packages.urllib3.util.ssl_.create_urllib3_context",
        Some("ciphers"),
        None,
    ),
    ("ssl.wrap_socket", Some("ciphers"), Some(9)),
    ("ldap3.Tls", Some("ciphers"), None),
    ("ldap3.core.tls.Tls", Some("ciphers"), None),
    (
        "paho.mqtt.client.Client().tls_set",
        Some("ciphers"),
        Some(5),
    ),
    ("uvicorn.run", Some("ssl_ciphers"), None),
    ("uvicorn.Config", Some("ssl_ciphers"), None),
];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for site in context.calls() {
        let taker = TAKERS.iter().find(|(path, _, _)| site.is(&[path]));
        let Some((_, name, at)) = taker else { continue };
        if let Argument::Given(home, list) = context.arg(site, *name, *at) {
            let lists = context.values.constants(home, list).unwrap_or_default();
            judge(context, site.range, &lists);
        }
    }
    for store in &context.module.attribute_stores {
        if store.attr.as_str() != "DEFAULT_CIPHERS" || context.module.is_dead(store.range) {
            continue;
        }
        if context
            .paths(store.object)
            .iter()
            .any(|path| path.as_str().ends_with("urllib3.util.ssl_"))
        {
            let lists: Vec<Constant> = context.constant(store.value).into_iter().collect();
            judge(context, store.range, &lists);
        }
    }
}

/// Judges the lists that may be given; where they differ, nothing is known of the one that is.
fn judge(context: &mut Context<'_, '_>, range: TextRange, lists: &[Constant]) {
    let texts: Vec<&str> = lists.iter().filter_map(Constant::text).collect();
    let Some(text) = texts.first().copied() else {
        return;
    };
    if let Some(token) = weak_token(text) {
        if texts.iter().all(|text| weak_token(text).is_some()) {
            context.report(
                range,
                format!("\"{token}\" in the cipher list allows broken suites"),
            );
        }
    } else if texts.iter().all(|text| text.contains("@SECLEVEL=0")) {
        context.report(range, "SECLEVEL=0 allows keys and digests of any weakness");
    } else if texts.iter().all(|text| text.contains("@SECLEVEL=1")) {
        let draft = context.report(range, "SECLEVEL=1 allows keys and digests of 80 bits");
        draft.severity(Severity::Low).persona(Persona::Pedantic);
    }
}

/// The first token that adds broken suites which no `!` takes away for good.
fn weak_token(list: &str) -> Option<&str> {
    let tokens: Vec<&str> = list
        .split([':', ',', ' '])
        .map(str::trim)
        .filter(|token| !token.is_empty())
        .collect();
    tokens.iter().copied().find(|token| {
        if token.starts_with(['!', '-', '@', '+']) {
            return false;
        }
        let weak: Vec<&str> = token
            .split(['-', '+'])
            .filter(|part| is_weak(part))
            .collect();
        !weak.is_empty()
            && !weak.iter().any(|part| {
                tokens
                    .iter()
                    .any(|other| other.strip_prefix('!') == Some(part))
            })
    })
}

fn is_weak(part: &str) -> bool {
    matches!(
        part,
        "NULL"
            | "eNULL"
            | "aNULL"
            | "ADH"
            | "AECDH"
            | "COMPLEMENTOFALL"
            | "EXP"
            | "EXPORT"
            | "EXPORT40"
            | "EXPORT56"
            | "EXP1024"
            | "LOW"
            | "RC4"
            | "RC2"
            | "DES"
            | "3DES"
            | "DES3"
            | "CBC3"
            | "IDEA"
            | "MD5"
    )
}

//! Credentials come in many forms, and the address may be known in its beginning only.

use crate::context::dict_entry;
use crate::prelude::*;

/// Objects whose methods named after an HTTP method take the address first, and after the method in `request`.
const CLIENTS: [&str; 13] = [
    "requests",
    "requests.api",
    "requests.Session()",
    "requests.session()",
    "requests.sessions.Session()",
    "niquests",
    "niquests.Session()",
    "niquests.AsyncSession()",
    "httpx",
    "httpx.Client()",
    "httpx.AsyncClient()",
    "aiohttp.ClientSession()",
    "treq",
];

const HEADERS: [&str; 12] = [
    "Authorization",
    "authorization",
    "Proxy-Authorization",
    "Cookie",
    "cookie",
    "X-API-Key",
    "X-Api-Key",
    "x-api-key",
    "X-Auth-Token",
    "x-auth-token",
    "PRIVATE-TOKEN",
    "X-Vault-Token",
];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for site in context.calls() {
        let Some((name, at)) = site.paths.iter().find_map(|path| address(path.as_str())) else {
            continue;
        };
        let Some(url) = context
            .arg(site, Some(name), at)
            .given()
            .filter(|(home, _)| *home == context.id)
        else {
            continue;
        };
        let text = context.leading_text(url.1);
        if !is_clear_and_public(&text, context.constant(url.1).is_some()) {
            continue;
        }
        if has_auth(context, site) || has_header(context, site) {
            let host: String = text.chars().take(60).collect();
            context.report(
                site.range,
                format!("the credentials of this request go to {host} without TLS"),
            );
        }
    }
}

/// Name and position of the address.
fn address(path: &str) -> Option<(&'static str, Option<usize>)> {
    match path {
        "httpx.Client" | "httpx.AsyncClient" | "aiohttp.ClientSession" => {
            return Some(("base_url", None));
        }
        "urllib.request.Request" | "tornado.httpclient.HTTPRequest" => {
            return Some(("url", Some(0)));
        }
        _ => {}
    }
    let (client, method) = path.rsplit_once('.')?;
    if !CLIENTS.contains(&client) {
        return None;
    }
    match method {
        "get" | "post" | "put" | "patch" | "delete" | "head" | "options" | "ws_connect" => {
            Some(("url", Some(0)))
        }
        "request" | "stream" => Some(("url", Some(1))),
        _ => None,
    }
}

fn has_auth(context: &mut Context<'_, '_>, site: &CallSite) -> bool {
    match context.arg(site, Some("auth"), None) {
        Argument::Given(at, value) => context.values.constant(at, value) != Some(Constant::None),
        _ => false,
    }
}

fn has_header(context: &mut Context<'_, '_>, site: &CallSite) -> bool {
    let Argument::Given(at, headers) = context.arg(site, Some("headers"), None) else {
        return false;
    };
    HEADERS.iter().any(
        |header| match dict_entry(context.values, at, headers, header) {
            Argument::Given(at, value) => {
                context.values.constant(at, value) != Some(Constant::None)
            }
            _ => false,
        },
    )
}

/// Whether an address, or the known beginning of one, is without TLS and of a host that others can reach.
fn is_clear_and_public(text: &str, whole: bool) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some(rest) = ["http://", "ws://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme))
    else {
        return false;
    };
    let end = rest.find(['/', '?', '#']);
    if end.is_none() && !whole {
        return false;
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = authority.rsplit('@').next().unwrap_or(authority);
    if host.starts_with('[') {
        return false;
    }
    let host = host.split(':').next().unwrap_or(host);
    const OURS: [&str; 12] = [
        "local",
        "localhost",
        "localdomain",
        "test",
        "invalid",
        "internal",
        "lan",
        "home",
        "arpa",
        "example",
        "onion",
        "i2p",
    ];
    let Some((_, last)) = host.rsplit_once('.') else {
        return false;
    };
    if OURS.contains(&last) {
        return false;
    }
    let numbers: Vec<u8> = host
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    !matches!(
        numbers.as_slice(),
        [127 | 10 | 0, _, _, _] | [192, 168, _, _] | [169, 254, _, _] | [172, 16..=31, _, _]
    )
}

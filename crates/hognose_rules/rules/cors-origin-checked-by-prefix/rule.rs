//! `origin.startswith("https://example.com")`: whether a value is an `Origin` header is found by following its definitions.

use super::rule_cors_any_origin_with_credentials::is_origin;
use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    for site in context.calls() {
        let Expr::Attribute { value, attr } = module[site.func] else {
            continue;
        };
        let test: fn(&str) -> bool = match attr.as_str() {
            "startswith" => is_open_prefix,
            "endswith" => is_open_suffix,
            "find" | "index" | "count" | "__contains__" => is_host,
            _ => continue,
        };
        let Argument::Given(at, asked) = context.arg(site, None, Some(0)) else {
            continue;
        };
        let Some(texts) = context.values.constant(at, asked).map(texts) else {
            continue;
        };
        if texts.iter().any(|text| test(text)) && is_origin(context, value) {
            let method = attr.as_str();
            let shown = texts
                .iter()
                .find(|text| test(text))
                .cloned()
                .unwrap_or_default();
            context.report(
                site.range,
                format!(
                    "{method}(\"{shown}\") also lets in origins of others that only look like it"
                ),
            );
        }
    }
    for (expr, node) in module.exprs() {
        let Expr::Compare {
            op: CmpOp::In | CmpOp::NotIn,
            left,
            right,
        } = *node
        else {
            continue;
        };
        let range = module.expr_range(expr);
        if module.is_dead(range) {
            continue;
        }
        if let Some(Constant::Str(text)) = context.constant(left)
            && is_host(&text)
            && is_origin(context, right)
        {
            context.report(
                range,
                format!("any origin that contains \"{text}\" somewhere is let in"),
            );
        }
    }
}

fn texts(constant: Constant) -> Vec<String> {
    match constant {
        Constant::Str(text) => vec![text],
        Constant::Seq(items) => items.into_iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Something that names a host: `example.com`, `https://localhost`.
fn is_host(text: &str) -> bool {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    host.len() > 1
        && host.chars().any(|c| c.is_ascii_alphanumeric())
        && (host.trim_matches('.').contains('.') || host.starts_with("localhost"))
}

/// `https://example.com` is also the beginning of `https://example.com.evil.example`; with the colon of a port it is not.
fn is_open_prefix(text: &str) -> bool {
    is_host(text) && !text.ends_with([':', '/'])
}

/// `example.com` is also the end of `notexample.com`; `.example.com` and `://example.com` are not.
fn is_open_suffix(text: &str) -> bool {
    is_host(text) && !text.starts_with('.') && !text.contains("://")
}

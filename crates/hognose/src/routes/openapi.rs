//! The inventory as a skeleton of an OpenAPI 3.1 description: paths, their parameters, and what they ask for.
//!
//! What a request and an answer hold is not known from the routes and left open. Methods that are none of HTTP's own,
//! those of GraphQL and gRPC, are left out; a WebSocket is the `get` that opens it.

use std::collections::BTreeSet;

use hognose_routes::{Endpoint, Inventory, Level};
use serde_json::{Map, Value, json};

/// What an endpoint without restriction answers to.
const ANY: &[&str] = &["get", "post", "put", "patch", "delete"];

/// The name of the one security scheme.
const USER: &str = "user";

/// The description as JSON.
pub(crate) fn description(inventory: &Inventory) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for endpoint in &inventory.endpoints {
        let (path, parameters) = template(&endpoint.path);
        for method in methods_of(endpoint) {
            let item = paths.entry(path.clone()).or_insert_with(|| json!({}));
            let Some(item) = item.as_object_mut() else {
                continue;
            };
            if item.contains_key(method) {
                // Another application has one there; the first stays.
                continue;
            }
            if !parameters.is_empty() && !item.contains_key("parameters") {
                let list: Vec<Value> = parameters
                    .iter()
                    .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
                    .collect();
                item.insert("parameters".to_owned(), Value::Array(list));
            }
            item.insert(method.to_owned(), operation(endpoint, method, &mut named));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Endpoints", "version": "0"},
        "paths": paths,
        "components": {"securitySchemes": {USER: {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Stands for whatever tells who asks: the routes do not say by which means.",
        }}},
    })
}

fn methods_of(endpoint: &Endpoint) -> Vec<&'static str> {
    let known = [
        "get", "post", "put", "patch", "delete", "head", "options", "trace",
    ];
    let mut found = Vec::new();
    for method in &endpoint.methods {
        match method.as_str() {
            "*" => found.extend(ANY),
            "WEBSOCKET" => found.push("get"),
            other => found.extend(known.iter().find(|name| name.eq_ignore_ascii_case(other))),
        }
    }
    found
}

fn operation(endpoint: &Endpoint, method: &str, named: &mut BTreeSet<String>) -> Value {
    let mut operation = Map::new();
    if !endpoint.handler.is_empty() {
        let mut id = format!("{}.{method}", endpoint.handler);
        let mut number = 2;
        while named.contains(&id) {
            id = format!("{}.{method}.{number}", endpoint.handler);
            number += 1;
        }
        named.insert(id.clone());
        operation.insert("operationId".to_owned(), Value::String(id));
    }
    operation.insert(
        "responses".to_owned(),
        json!({"default": {"description": "Not known."}}),
    );
    let names: Vec<&String> = endpoint.roles.iter().chain(&endpoint.permissions).collect();
    match endpoint.level {
        Level::Unknown => {}
        Level::Public => {
            operation.insert("security".to_owned(), json!([]));
        }
        _ => {
            operation.insert("security".to_owned(), json!([{USER: names}]));
        }
    }
    operation.insert("x-hognose-level".to_owned(), json!(endpoint.level.as_str()));
    operation.insert(
        "x-hognose-verdict".to_owned(),
        json!(endpoint.verdict.as_str()),
    );
    operation.insert(
        "x-hognose-place".to_owned(),
        json!(format!("{}:{}", endpoint.file, endpoint.line)),
    );
    Value::Object(operation)
}

/// A pattern of any framework as a path template, and the names of its parameters. Groups and classes of regular
/// expressions without a name are numbered.
fn template(pattern: &str) -> (String, Vec<String>) {
    let mut out = String::from("/");
    let mut names: Vec<String> = Vec::new();
    let mut rest = pattern.trim_start_matches(['^', '/']);
    while let Some(c) = rest.chars().next() {
        let (inner, after) = match c {
            '<' => bracketed(rest, '<', '>'),
            '{' => bracketed(rest, '{', '}'),
            '(' => bracketed(rest, '(', ')'),
            '[' => bracketed(rest, '[', ']'),
            _ => {
                rest = &rest[c.len_utf8()..];
                if !matches!(
                    c,
                    '^' | '$' | '\\' | '?' | '*' | '+' | '}' | ')' | ']' | '>'
                ) && !c.is_control()
                {
                    out.push(c);
                }
                continue;
            }
        };
        rest = after;
        let name = match c {
            // `<int:id>`, `{id:path}`, `{id:int:min(1)}`.
            '<' => inner.rsplit(':').next(),
            '{' => inner.split(':').next(),
            '(' => inner
                .strip_prefix("?P<")
                .and_then(|inner| inner.split('>').next()),
            _ => None,
        };
        let kept: String = name
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
            .collect();
        let name = if kept.is_empty() || names.contains(&kept) {
            format!("p{}", names.len() + 1)
        } else {
            kept
        };
        out.push('{');
        out.push_str(&name);
        out.push('}');
        names.push(name);
    }
    (out, names)
}

/// What stands between a bracket and the one that closes it, and what follows.
fn bracketed(text: &str, open: char, close: char) -> (&str, &str) {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == open => depth += 1,
            c if c == close => {
                depth -= 1;
                if depth == 0 {
                    return (&text[1..at], &text[at + 1..]);
                }
            }
            _ => {}
        }
    }
    (&text[1..], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_templates() {
        let of = |pattern: &str| template(pattern).0;
        assert_eq!(of("/users/<int:id>/"), "/users/{id}/");
        assert_eq!(of("/files/{path:path}"), "/files/{path}");
        assert_eq!(of("/^a/(?P<pk>[^/.]+)/$"), "/a/{pk}/");
        assert_eq!(of(r"/api/([^/]+)/x\.(json|xml)"), "/api/{p1}/x.{p2}");
        assert_eq!(of("/a/<?>/b"), "/a/{p1}/b");
        assert_eq!(of("/(unclosed"), "/{p1}");
        assert_eq!(of("/<a>/<a>"), "/{a}/{p2}");
    }
}

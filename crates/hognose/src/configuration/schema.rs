//! The JSON schema of the configuration, for editors.

use serde_json::{Map, Value, json};

use super::Configuration;
use super::keys::{KEYS, Key, Kind, RULE};
use super::show;

/// The schema of a `hognose.toml`; that of `[tool.hognose]` is the same.
pub fn json_schema() -> Value {
    let mut schema = table(KEYS, Some(&Configuration::default()));
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://raw.githubusercontent.com/hognose-dev/hognose/main/docs/schema/hognose-config.schema.json",
        "title": "hognose",
        "description": "Settings of hognose, in hognose.toml or under [tool.hognose] in pyproject.toml",
    });
    if let (Value::Object(mut head), Value::Object(body)) = (head, schema.take()) {
        head.extend(body);
        schema = Value::Object(head);
    }
    schema
}

fn table(keys: &[Key], defaults: Option<&Configuration>) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut property = json!({ "description": key.text });
        if let (Value::Object(property), Value::Object(kind)) = (&mut property, kind(key.kind)) {
            property.extend(kind);
            let default = defaults.and_then(|c| show::value(c, key.name));
            property.extend(default.map(|d| ("default".to_owned(), d)));
        }
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    let mut schema =
        json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn kind(kind: Kind) -> Value {
    let strings = |items: Value| json!({ "type": "array", "items": items });
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Number(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Words(words) => strings(json!({ "enum": words })),
        Kind::Selectors | Kind::Patterns | Kind::Paths => strings(json!({ "type": "string" })),
        Kind::Pattern | Kind::Path | Kind::Text => json!({ "type": "string" }),
        // A TOML date reaches a JSON schema as a string.
        Kind::Date => json!({ "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$" }),
        Kind::Rules => json!({ "type": "object", "additionalProperties": table(RULE, None) }),
        Kind::Tables(keys) => strings(table(keys, None)),
    }
}

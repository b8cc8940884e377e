//! The effective configuration, and where each value comes from.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::KEYS;
use super::{AcceptedAdvisory, Configuration, Origin, PathSuppression, RuleSettings, Setting};
use crate::Selector;

/// The configuration as a TOML file, each value with a remark on its origin. `file` is how the configuration file is to
/// be named.
pub fn as_toml(configuration: &Configuration, file: &str) -> String {
    let remark = |origin| match origin {
        Origin::Default => "default".to_owned(),
        Origin::File(line) => format!("{file}:{line}"),
        Origin::CommandLine => "command line".to_owned(),
    };
    let mut rows: Vec<(String, String)> = Vec::new();
    for key in KEYS {
        let Some((shown, origin)) = value_and_origin(configuration, key.name) else {
            continue;
        };
        let remark = remark(origin);
        rows.push(match toml_value(&shown) {
            Some(text) => (format!("{} = {text}", key.name), remark),
            None => (format!("# {} is not set", key.name), remark),
        });
    }
    let width = rows
        .iter()
        .map(|(text, _)| text.chars().count())
        .filter(|w| *w <= 60)
        .max()
        .unwrap_or_default();
    let mut out = String::new();
    for (text, remark) in rows {
        let _ = writeln!(out, "{text:width$}  # {remark}");
    }
    for (id, rule) in &configuration.rules {
        let _ = writeln!(out, "\n[rules.{id}]  # {}", remark(rule.origin));
        write_table(&mut out, &rule_value(&rule.value));
    }
    for entry in &configuration.ignore_paths {
        let _ = writeln!(
            out,
            "\n[[ignore-path]]  # {}",
            remark(Origin::File(entry.line))
        );
        write_table(&mut out, &suppression_value(entry));
    }
    for entry in &configuration.ignore_advisories {
        let _ = writeln!(
            out,
            "\n[[ignore-advisory]]  # {}",
            remark(Origin::File(entry.line))
        );
        write_table(&mut out, &accepted_value(entry));
    }
    out
}

/// The configuration as one JSON object: `file`, and `settings` with `value` and `origin` each.
pub fn as_json(configuration: &Configuration, file: Option<&str>) -> Value {
    let origin_json = |origin| match origin {
        Origin::Default => json!({ "kind": "default" }),
        Origin::File(line) => json!({ "kind": "file", "file": file, "line": line }),
        Origin::CommandLine => json!({ "kind": "command-line" }),
    };
    let mut settings = Map::new();
    for key in KEYS {
        if let Some((value, origin)) = value_and_origin(configuration, key.name) {
            settings.insert(
                key.name.to_owned(),
                json!({ "value": value, "origin": origin_json(origin) }),
            );
        }
    }
    let rules = configuration.rules.iter().map(|(id, rule)| {
        (
            id.clone(),
            json!({ "value": rule_value(&rule.value), "origin": origin_json(rule.origin) }),
        )
    });
    let paths = configuration.ignore_paths.iter().map(|entry| {
        json!({ "value": suppression_value(entry), "origin": origin_json(Origin::File(entry.line)) })
    });
    let advisories = configuration.ignore_advisories.iter().map(|entry| {
        json!({ "value": accepted_value(entry), "origin": origin_json(Origin::File(entry.line)) })
    });
    json!({
        "file": file,
        "settings": settings,
        "rules": Map::from_iter(rules),
        "ignore-path": paths.collect::<Vec<_>>(),
        "ignore-advisory": advisories.collect::<Vec<_>>(),
    })
}

/// The value of a setting as JSON; `None` for tables and for what is not set.
pub(super) fn value(configuration: &Configuration, name: &str) -> Option<Value> {
    value_and_origin(configuration, name)
        .map(|(value, _)| value)
        .filter(|v| !v.is_null())
}

fn value_and_origin(c: &Configuration, name: &str) -> Option<(Value, Origin)> {
    fn plain<T: serde::Serialize>(setting: &Setting<T>) -> (Value, Origin) {
        (json!(setting.value), setting.origin)
    }
    let selectors =
        |setting: &Setting<Vec<Selector>>| (json!(words(&setting.value)), setting.origin);
    Some(match name {
        "persona" => (json!(c.persona.value.as_str()), c.persona.origin),
        "select" => selectors(&c.select),
        "ignore" => selectors(&c.ignore),
        "min-severity" => (json!(c.min_severity.value.as_str()), c.min_severity.origin),
        "min-confidence" => (
            json!(c.min_confidence.value.as_str()),
            c.min_confidence.origin,
        ),
        "fail-on" => (json!(c.fail_on.value.as_str()), c.fail_on.origin),
        "strict" => plain(&c.strict),
        "format" => plain(&c.format),
        "include" => plain(&c.include),
        "exclude" => plain(&c.exclude),
        "default-excludes" => plain(&c.default_excludes),
        "respect-gitignore" => plain(&c.gitignore),
        "source-roots" => plain(&c.source_roots),
        "test-paths" => plain(&c.test_paths),
        "sources" => plain(&c.sources),
        "models" => plain(&c.models),
        "compat" => plain(&c.compat),
        "baseline" => (
            json!(c.baseline.value.as_ref().map(|p| p.to_string_lossy())),
            c.baseline.origin,
        ),
        "threads" => plain(&c.threads),
        _ => return None,
    })
}

fn words(selectors: &[Selector]) -> Vec<String> {
    selectors.iter().map(ToString::to_string).collect()
}

fn rule_value(rule: &RuleSettings) -> Value {
    let mut table = Map::new();
    table.extend(
        rule.severity
            .map(|s| ("severity".to_owned(), json!(s.as_str()))),
    );
    table.extend(rule.disable.then(|| ("disable".to_owned(), json!(true))));
    Value::Object(table)
}

fn suppression_value(entry: &PathSuppression) -> Value {
    let mut table = Map::new();
    table.insert("path".to_owned(), json!(entry.path));
    table.insert("rules".to_owned(), json!(words(&entry.rules)));
    table.extend(
        entry
            .reason
            .as_ref()
            .map(|r| ("reason".to_owned(), json!(r))),
    );
    table.extend(
        entry
            .until
            .map(|(y, m, d)| ("until".to_owned(), json!(format!("{y:04}-{m:02}-{d:02}")))),
    );
    Value::Object(table)
}

fn accepted_value(entry: &AcceptedAdvisory) -> Value {
    let until = entry.until.map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let texts = [
        ("package", &entry.package),
        ("reason", &entry.reason),
        ("owner", &entry.owner),
        ("until", &until),
    ];
    let flags = [
        ("until-fixed", entry.until_fixed),
        ("even-if-used", entry.even_if_used),
    ];
    let mut table = Map::new();
    table.insert("id".to_owned(), json!(entry.id));
    for (name, text) in texts {
        table.extend(text.as_ref().map(|text| (name.to_owned(), json!(text))));
    }
    for (name, flag) in flags {
        table.extend(flag.then(|| (name.to_owned(), json!(true))));
    }
    Value::Object(table)
}

fn write_table(out: &mut String, table: &Value) {
    for (name, value) in table.as_object().into_iter().flatten() {
        if let Some(value) = toml_value(value) {
            let _ = writeln!(out, "{name} = {value}");
        }
    }
}

/// JSON's strings, numbers and lists of them are TOML's, but for `null`.
fn toml_value(value: &Value) -> Option<String> {
    toml::Value::try_from(value).ok().map(|v| v.to_string())
}

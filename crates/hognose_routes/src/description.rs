//! Descriptions of interfaces and deployments: YAML and JSON, read within bounds.

use serde_json::Value;

/// Most events of one file: some for each line of the longest that is read.
const MAX_EVENTS: usize = 1_000_000;

/// Texts that begin a tag of CloudFormation, such as `!Ref`, and what may stand before one.
const BEFORE_TAG: &[&str] = &[": ", "- ", "[", ", "];

/// Reads a text; what cannot be read describes nothing.
pub fn parse(file: &str, text: &str) -> Option<Value> {
    if file.ends_with(".json") {
        return serde_json::from_str(text).ok();
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: MAX_EVENTS,
            max_nodes: MAX_EVENTS,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(&without_tags(text), options).ok()
}

/// A text without the tags of CloudFormation: what they are of stays, as text or list.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('!') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let name = after[1..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
            .map_or(after, |end| &after[..=end]);
        let begins = BEFORE_TAG.iter().any(|front| out.ends_with(front));
        let is_tag = begins && name.len() > 1 && name[1..].starts_with(char::is_uppercase);
        if !is_tag {
            out.push('!');
        }
        rest = &after[if is_tag { name.len() } else { 1 }..];
    }
    out.push_str(rest);
    out
}

/// The member of an object, or null.
pub fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter()
        .fold(value, |value, key| value.get(key).unwrap_or(&Value::Null))
}

/// The members of an object.
pub fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_left_out() {
        let text = "a: !Ref Table\nb: !GetAtt\n  - one\n  - two\nc: [!Sub 'z!', 1]\nd: hello!World\n200: ok\n";
        let value = parse("template.yaml", text).expect("it is YAML");
        assert_eq!(at(&value, &["a"]), "Table");
        assert_eq!(at(&value, &["b"])[1], "two");
        assert_eq!(at(&value, &["c"])[0], "z!");
        assert_eq!(at(&value, &["d"]), "hello!World");
        assert_eq!(at(&value, &["200"]), "ok");
    }

    #[test]
    fn what_is_broken_describes_nothing() {
        for text in ["a: [", "{", "\t- x: y: z", "&a [*a, *b]"] {
            assert!(parse("x.yaml", text).is_none_or(|value| members(&value).count() < 2));
        }
    }
}

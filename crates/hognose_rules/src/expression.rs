//! Regular expressions that rules and models compare texts with: checked when they are read, built when the first text comes.
//! Most runs meet texts for few of them, and building takes far longer than checking.

use std::sync::{Arc, OnceLock};

/// A regular expression. A copy is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Expression(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    built: OnceLock<Option<regex::Regex>>,
}

impl Expression {
    /// Checks an expression.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        regex_syntax::parse(text).map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(Inner {
            text: text.to_owned(),
            built: OnceLock::new(),
        })))
    }

    /// Whether it matches somewhere in a text. One that is too large to be built matches nowhere.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let build = || regex::Regex::new(&self.0.text).ok();
        let built = self.0.built.get_or_init(build);
        built.as_ref().is_some_and(|built| built.is_match(text))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read the files of rules")]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_when_it_is_read() {
        assert!(Expression::new("a(").is_err());
        let expression = Expression::new("^a+$").expect("it is one");
        assert!(expression.is_match("aa") && !expression.is_match("ab"));
    }

    #[test]
    fn all_that_rules_ask_can_be_built() {
        // Loading only checks them.
        let files = ["rules", "models"]
            .map(|name| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
        let mut waiting = files.to_vec();
        let mut seen = 0;
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(
                    std::fs::read_dir(&path)
                        .expect("a folder")
                        .flatten()
                        .map(|entry| entry.path()),
                );
            } else if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let text = std::fs::read_to_string(&path).expect("a text");
                let value: toml::Value = toml::from_str(&text).expect("a table");
                each_pattern(&value, &mut |pattern| {
                    seen += 1;
                    assert!(
                        regex::Regex::new(pattern).is_ok(),
                        "{pattern} of {}",
                        path.display()
                    );
                });
            }
        }
        assert!(seen > 50);
    }

    fn each_pattern(value: &toml::Value, tell: &mut impl FnMut(&str)) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    match value {
                        toml::Value::String(pattern) if key == "matches" => tell(pattern),
                        value => each_pattern(value, tell),
                    }
                }
            }
            toml::Value::Array(values) => values.iter().for_each(|value| each_pattern(value, tell)),
            _ => {}
        }
    }
}

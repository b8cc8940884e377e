//! From the text of a configuration file to settings, or to every mistake in it.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use hognose_finding::RuleMeta;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, Kind, RULE};
use super::{AcceptedAdvisory, Configuration, Origin, PathSuppression, RuleSettings, Setting};
use crate::Selector;
use crate::discovery::PathGlobs;

/// The longest part of a line that is shown.
const MAX_EXCERPT: usize = 120;
/// The most of it before the place; less than the whole.
const MAX_BEFORE: usize = 40;

/// One mistake and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters of the excerpt are wrong, at least 1.
    pub width: usize,
    /// The text of the line; of a long one what is around the place.
    pub excerpt: String,
    /// Characters of the excerpt before the place.
    pub indent: usize,
    /// What is wrong.
    pub message: String,
}

impl ConfigurationError {
    /// A mistake at a place of a text, in bytes.
    pub fn at(text: &str, span: Range<usize>, message: String) -> Self {
        let start = text.floor_char_boundary(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let whole = text[line_start..].lines().next().unwrap_or_default();
        let wrong = &text[start..text.floor_char_boundary(span.end.max(start))];
        let wrong = wrong.lines().next().unwrap_or_default();
        let before = text[line_start..start].chars().count();
        let cut = if whole.chars().count() > MAX_EXCERPT {
            before.saturating_sub(MAX_BEFORE)
        } else {
            0
        };
        let excerpt: String = whole.chars().skip(cut).take(MAX_EXCERPT).collect();
        let indent = before - cut;
        Self {
            line: line(text, start),
            column: u32::try_from(before + 1).unwrap_or(u32::MAX),
            width: wrong
                .chars()
                .count()
                .min(MAX_EXCERPT.saturating_sub(indent))
                .max(1),
            excerpt,
            indent,
            message,
        }
    }
}

/// The line of a place, from 1.
fn line(text: &str, offset: usize) -> u32 {
    let newlines = text.as_bytes()[..offset]
        .iter()
        .filter(|b| **b == b'\n')
        .count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

/// All mistakes in a configuration file, by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationErrors {
    /// The file as it is to be named.
    pub file: String,
    /// At least one.
    pub errors: Vec<ConfigurationError>,
}

impl fmt::Display for ConfigurationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let ConfigurationError {
                line,
                column,
                width,
                excerpt,
                indent,
                message,
            } = error;
            if index > 0 {
                f.write_str("\n\nerror: ")?;
            }
            let margin = line.to_string().len();
            write!(
                f,
                "{}:{line}:{column}: {message}\n{:margin$} |\n{line} | {excerpt}\n",
                self.file, ""
            )?;
            write!(f, "{:margin$} | {:indent$}{}", "", "", "^".repeat(*width))?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigurationErrors {}

/// Reads the settings in the table at `path` (`tool`, `hognose` in `pyproject.toml`; none in a file of our own). `None`
/// if there is no such table.
///
/// # Errors
/// Every mistake, not only the first.
pub fn parse(
    text: &str,
    file: &str,
    path: &[&str],
    rules: &[RuleMeta],
) -> Result<Option<Configuration>, ConfigurationErrors> {
    let mut reader = Reader {
        text,
        rules,
        errors: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        reader.error(error.span().unwrap_or(0..0), one_line(error.message()));
    }
    let mut configuration = None;
    if reader.errors.is_empty()
        && let Some(table) = reader.descend(document.get_ref(), path)
    {
        configuration = Some(reader.configuration(table));
    }
    if reader.errors.is_empty() {
        return Ok(configuration);
    }
    let mut errors = reader.errors;
    errors.sort_by_key(|e| (e.line, e.column));
    Err(ConfigurationErrors {
        file: file.to_owned(),
        errors,
    })
}

/// The messages of the TOML parser may go on for lines.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value that is what its key wants.
enum Value {
    Bool(bool),
    Number(usize),
    Text(String),
    Texts(Vec<String>),
    Selectors(Vec<Selector>),
    Date((u16, u8, u8)),
}

struct Reader<'a> {
    text: &'a str,
    rules: &'a [RuleMeta],
    errors: Vec<ConfigurationError>,
}

type Table<'a> = DeTable<'a>;

impl<'a> Reader<'a> {
    fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.errors
            .push(ConfigurationError::at(self.text, span, message.into()));
    }

    fn line(&self, offset: usize) -> u32 {
        line(self.text, offset)
    }

    fn descend<'t>(&mut self, mut table: &'t Table<'a>, path: &[&str]) -> Option<&'t Table<'a>> {
        for name in path {
            let value = table.get(*name)?;
            let Some(inner) = value.get_ref().as_table() else {
                self.wrong_type(name, "a table", value);
                return None;
            };
            table = inner;
        }
        Some(table)
    }

    fn wrong_type(&mut self, name: &str, wanted: &str, value: &Spanned<DeValue<'a>>) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(
            value.span(),
            format!("`{name}` must be {wanted}, not {found}"),
        );
    }

    /// Finds the key of that name, or reports that there is none.
    fn known(
        &mut self,
        name: &Spanned<std::borrow::Cow<'a, str>>,
        keys: &'static [Key],
    ) -> Option<&'static Key> {
        let found = keys.iter().find(|k| k.name == &**name.get_ref());
        if found.is_none() {
            let word = name.get_ref();
            let names = || keys.iter().map(|k| k.name);
            let help = match hognose_rules::nearest(word, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the keys here are {}",
                    names().collect::<Vec<_>>().join(", ")
                ),
            };
            self.error(name.span(), format!("unknown key `{word}`; {help}"));
        }
        found
    }

    fn configuration(&mut self, table: &Table<'a>) -> Configuration {
        let mut configuration = Configuration::default();
        for (name, value) in table {
            let Some(key) = self.known(name, KEYS) else {
                continue;
            };
            let origin = Origin::File(self.line(name.span().start));
            match key.kind {
                Kind::Rules => self.rules(value, &mut configuration),
                Kind::Tables(keys) => self.suppressions(key.name, keys, value, &mut configuration),
                _ => {
                    if let Some(value) = self.value(key, value) {
                        apply(&mut configuration, key.name, value, origin);
                    }
                }
            }
        }
        configuration
    }

    fn rules(&mut self, value: &Spanned<DeValue<'a>>, configuration: &mut Configuration) {
        let Some(table) = value.get_ref().as_table() else {
            return self.wrong_type("rules", "a table such as `[rules.some-id]`", value);
        };
        for (id, value) in table {
            let word = id.get_ref();
            if !self.rules.iter().any(|r| r.id == **word) {
                let help =
                    match hognose_rules::nearest(word, self.rules.iter().map(|r| r.id.as_str())) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`hognose rules` lists them all".to_owned(),
                    };
                self.error(id.span(), format!("there is no rule `{word}`; {help}"));
                continue;
            }
            let Some(table) = value.get_ref().as_table() else {
                self.wrong_type(word, "a table with `severity` or `disable`", value);
                continue;
            };
            let mut settings = RuleSettings::default();
            for (name, value) in table {
                let Some(key) = self.known(name, RULE) else {
                    continue;
                };
                match (key.name, self.value(key, value)) {
                    ("severity", Some(Value::Text(word))) => settings.severity = word.parse().ok(),
                    ("disable", Some(Value::Bool(disable))) => settings.disable = disable,
                    _ => {}
                }
            }
            let origin = Origin::File(self.line(id.span().start));
            configuration.rules.insert(
                word.to_string(),
                Setting {
                    value: settings,
                    origin,
                },
            );
        }
    }

    fn suppressions(
        &mut self,
        name: &str,
        keys: &'static [Key],
        value: &Spanned<DeValue<'a>>,
        configuration: &mut Configuration,
    ) {
        let Some(array) = value.get_ref().as_array() else {
            return self.wrong_type(
                name,
                &format!("a list of tables, each begun with `[[{name}]]`"),
                value,
            );
        };
        for item in array.iter() {
            let Some(table) = item.get_ref().as_table() else {
                self.wrong_type(
                    name,
                    &format!("a list of tables, each begun with `[[{name}]]`"),
                    item,
                );
                continue;
            };
            for key in keys
                .iter()
                .filter(|k| k.required && !table.contains_key(k.name))
            {
                self.error(
                    item.span(),
                    format!("`{}` is missing in this `{name}`", key.name),
                );
            }
            let line = self.line(item.span().start);
            if name == "ignore-advisory" {
                let entry = self.accepted_advisory(keys, table, line);
                configuration.ignore_advisories.push(entry);
                continue;
            }
            let mut entry = PathSuppression {
                path: String::new(),
                rules: Vec::new(),
                reason: None,
                until: None,
                line,
            };
            for (name, value) in table {
                let Some(key) = self.known(name, keys) else {
                    continue;
                };
                match (key.name, self.value(key, value)) {
                    ("path", Some(Value::Text(path))) => entry.path = path,
                    ("rules", Some(Value::Selectors(rules))) => {
                        if rules.is_empty() {
                            self.error(value.span(), "a suppression names the rules it is for");
                        }
                        entry.rules = rules;
                    }
                    ("reason", Some(Value::Text(reason))) => entry.reason = Some(reason),
                    ("until", Some(Value::Date(date))) => entry.until = Some(date),
                    _ => {}
                }
            }
            configuration.ignore_paths.push(entry);
        }
    }

    fn accepted_advisory(
        &mut self,
        keys: &'static [Key],
        table: &Table<'a>,
        line: u32,
    ) -> AcceptedAdvisory {
        let mut entry = AcceptedAdvisory {
            line,
            ..AcceptedAdvisory::default()
        };
        for (name, value) in table {
            let Some(key) = self.known(name, keys) else {
                continue;
            };
            match (key.name, self.value(key, value)) {
                ("id", Some(Value::Text(id))) => entry.id = id,
                ("package", Some(Value::Text(package))) => entry.package = Some(package),
                ("reason", Some(Value::Text(reason))) => entry.reason = Some(reason),
                ("owner", Some(Value::Text(owner))) => entry.owner = Some(owner),
                ("until", Some(Value::Date(date))) => entry.until = Some(date),
                ("until-fixed", Some(Value::Bool(only))) => entry.until_fixed = only,
                ("even-if-used", Some(Value::Bool(even))) => entry.even_if_used = even,
                _ => {}
            }
        }
        entry
    }

    /// The value of a key, if it is one the key may have.
    fn value(&mut self, key: &Key, value: &Spanned<DeValue<'a>>) -> Option<Value> {
        let name = key.name;
        match key.kind {
            Kind::Bool => match value.get_ref() {
                DeValue::Boolean(value) => Some(Value::Bool(*value)),
                _ => self.refuse(name, "true or false", value),
            },
            Kind::Number(most) => {
                let number = value.get_ref().as_integer();
                let number = number.and_then(|n| usize::from_str_radix(n.as_str(), n.radix()).ok());
                match number.filter(|n| *n <= most) {
                    Some(number) => Some(Value::Number(number)),
                    None => {
                        self.error(
                            value.span(),
                            format!("`{name}` must be a whole number from 0 to {most}"),
                        );
                        None
                    }
                }
            }
            Kind::Word(words) => {
                let text = self.string(name, value)?;
                self.known_word(name, words, &text, value).map(Value::Text)
            }
            Kind::Words(words) => self
                .list(name, value, |r, text, v| r.known_word(name, words, text, v))
                .map(Value::Texts),
            Kind::Selectors => self.list(name, value, Self::selector).map(Value::Selectors),
            Kind::Patterns => self.list(name, value, Self::pattern).map(Value::Texts),
            Kind::Paths => self
                .list(name, value, |_, text, _| Some(text.to_owned()))
                .map(Value::Texts),
            Kind::Pattern => {
                let text = self.string(name, value)?;
                self.pattern(&text, value).map(Value::Text)
            }
            Kind::Path | Kind::Text => self.string(name, value).map(Value::Text),
            Kind::Date => self.date(name, value),
            Kind::Rules | Kind::Tables(_) => None,
        }
    }

    fn refuse<T>(&mut self, name: &str, wanted: &str, value: &Spanned<DeValue<'a>>) -> Option<T> {
        self.wrong_type(name, wanted, value);
        None
    }

    fn string(&mut self, name: &str, value: &Spanned<DeValue<'a>>) -> Option<String> {
        match value.get_ref().as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.refuse(name, "a string", value),
        }
    }

    fn list<T>(
        &mut self,
        name: &str,
        value: &Spanned<DeValue<'a>>,
        mut item: impl FnMut(&mut Self, &str, &Spanned<DeValue<'a>>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(array) = value.get_ref().as_array() else {
            return self.refuse(name, "a list of strings", value);
        };
        let mut items = Vec::new();
        for value in array.iter() {
            match value.get_ref().as_str() {
                Some(text) => items.push(item(self, text, value)),
                None => self.error(
                    value.span(),
                    format!("`{name}` must hold nothing but strings"),
                ),
            }
        }
        items.into_iter().collect()
    }

    fn known_word(
        &mut self,
        name: &str,
        words: &[&str],
        word: &str,
        value: &Spanned<DeValue<'a>>,
    ) -> Option<String> {
        if words.contains(&word) {
            return Some(word.to_owned());
        }
        let help = match hognose_rules::nearest(word, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", words.join(", ")),
        };
        self.error(
            value.span(),
            format!("`{word}` is no value of `{name}`; {help}"),
        );
        None
    }

    fn selector(&mut self, word: &str, value: &Spanned<DeValue<'a>>) -> Option<Selector> {
        Selector::parse(word, self.rules)
            .map_err(|message| self.error(value.span(), message))
            .ok()
    }

    fn pattern(&mut self, pattern: &str, value: &Spanned<DeValue<'a>>) -> Option<String> {
        match PathGlobs::new([pattern]) {
            Ok(_) => Some(pattern.to_owned()),
            Err(error) => {
                self.error(value.span(), error.to_string());
                None
            }
        }
    }

    fn date(&mut self, name: &str, value: &Spanned<DeValue<'a>>) -> Option<Value> {
        let parsed = match value.get_ref() {
            DeValue::Datetime(date) => Some(*date),
            DeValue::String(text) => toml::value::Datetime::from_str(text).ok(),
            _ => None,
        };
        let date = parsed
            .filter(|d| d.time.is_none() && d.offset.is_none())
            .and_then(|d| d.date);
        if date.is_none() {
            self.error(
                value.span(),
                format!("`{name}` must be a date such as 2027-01-31"),
            );
        }
        date.map(|d| Value::Date((d.year, d.month, d.day)))
    }
}

/// Puts a value where it belongs. The words were checked against those of the type before.
fn apply(configuration: &mut Configuration, name: &str, value: Value, origin: Origin) {
    fn set<T>(setting: &mut Setting<T>, value: T, origin: Origin) {
        *setting = Setting { value, origin };
    }
    fn word<T: FromStr>(setting: &mut Setting<T>, text: &str, origin: Origin) {
        if let Ok(value) = text.parse() {
            set(setting, value, origin);
        }
    }
    let c = configuration;
    match (name, value) {
        ("persona", Value::Text(text)) => word(&mut c.persona, &text, origin),
        ("min-severity", Value::Text(text)) => word(&mut c.min_severity, &text, origin),
        ("min-confidence", Value::Text(text)) => word(&mut c.min_confidence, &text, origin),
        ("fail-on", Value::Text(text)) => word(&mut c.fail_on, &text, origin),
        ("format", Value::Text(text)) => set(&mut c.format, text, origin),
        ("baseline", Value::Text(text)) => set(&mut c.baseline, Some(PathBuf::from(text)), origin),
        ("select", Value::Selectors(selectors)) => set(&mut c.select, selectors, origin),
        ("ignore", Value::Selectors(selectors)) => set(&mut c.ignore, selectors, origin),
        ("include", Value::Texts(texts)) => set(&mut c.include, texts, origin),
        ("exclude", Value::Texts(texts)) => set(&mut c.exclude, texts, origin),
        ("source-roots", Value::Texts(texts)) => set(&mut c.source_roots, texts, origin),
        ("test-paths", Value::Texts(texts)) => set(&mut c.test_paths, texts, origin),
        ("sources", Value::Texts(texts)) => set(&mut c.sources, texts, origin),
        ("models", Value::Texts(texts)) => set(&mut c.models, texts, origin),
        ("compat", Value::Texts(texts)) => set(&mut c.compat, texts, origin),
        ("strict", Value::Bool(on)) => set(&mut c.strict, on, origin),
        ("default-excludes", Value::Bool(on)) => set(&mut c.default_excludes, on, origin),
        ("respect-gitignore", Value::Bool(on)) => set(&mut c.gitignore, on, origin),
        ("threads", Value::Number(number)) => set(&mut c.threads, number, origin),
        (name, _) => debug_assert!(false, "`{name}` has nowhere to go"),
    }
}

#[cfg(test)]
mod tests;

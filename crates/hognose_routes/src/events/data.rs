//! The tables of security events: what makes one, and what writes one down.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Kind, Outcome};
use crate::code::is_within;
use crate::world::last;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeedRow {
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    within: Vec<String>,
    names: Vec<String>,
    #[serde(default)]
    pub(super) signals: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MethodRow {
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    /// Only on attributes of these names, if there are any.
    #[serde(default)]
    pub(super) on: Vec<String>,
    pub(super) names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreRow {
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    pub(super) attributes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckRow {
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) raises: bool,
    #[serde(default)]
    within: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    /// Names of methods that ask this on whatever object.
    #[serde(default)]
    methods: Vec<String>,
    #[serde(default)]
    pub(super) signals: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewRow {
    pub(super) class: String,
    pub(super) within: String,
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    pub(super) method: String,
    #[serde(default)]
    pub(super) signals: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Logger {
    pub(super) within: Vec<String>,
    pub(super) called: Vec<String>,
    pub(super) methods: Vec<String>,
    pub(super) levelled: Vec<String>,
    writers: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) orm: Vec<String>,
    words: Vec<String>,
    pub(super) methods: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    words: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listener {
    pub(super) packages: Vec<String>,
}

/// What a watcher is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Of {
    Requests,
    Errors,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WatcherRow {
    of: Of,
    within: Vec<String>,
    names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    deed: Vec<DeedRow>,
    pub(super) method: Vec<MethodRow>,
    pub(super) store: Vec<StoreRow>,
    check: Vec<CheckRow>,
    pub(super) view: Vec<ViewRow>,
    pub(super) logger: Logger,
    pub(super) record: Record,
    hint: Words,
    pub(super) listener: Listener,
    watcher: Vec<WatcherRow>,
    session: Words,
    security: Words,
}

const TABLE: &str = include_str!("../../data/events.toml");

// The table is part of the program; a test reads it.
pub(super) static EVENTS: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());

fn fits(path: &str, within: &[String], names: &[String]) -> bool {
    names.iter().any(|name| name == last(path)) && is_within(path, within)
}

impl Table {
    /// What a call of a library does.
    pub(super) fn deed(&self, path: &str) -> Option<&DeedRow> {
        self.deed
            .iter()
            .find(|row| fits(path, &row.within, &row.names))
    }

    /// What a call of a library asks.
    pub(super) fn check(&self, path: &str) -> Option<&CheckRow> {
        self.check
            .iter()
            .find(|row| fits(path, &row.within, &row.names))
    }

    /// What a method asks, whatever it is called on.
    pub(super) fn check_method(&self, name: &str) -> Option<&CheckRow> {
        self.check
            .iter()
            .find(|row| row.methods.iter().any(|known| known == name))
    }

    /// What a framework calls what is given to this for.
    pub(super) fn watcher(&self, path: &str) -> Option<Of> {
        let mut rows = self.watcher.iter();
        rows.find(|row| fits(path, &row.within, &row.names))
            .map(|row| row.of)
    }

    /// Whether something that is called so may be given what watches.
    pub(super) fn is_watcher(&self, name: &str) -> bool {
        let mut rows = self.watcher.iter();
        rows.any(|row| row.names.iter().any(|known| known == name))
    }

    /// Whether a call of a library writes down.
    pub(super) fn is_writer(&self, path: &str) -> bool {
        self.logger.writers.iter().any(|writer| {
            path.strip_prefix(writer.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '(']))
        })
    }

    /// Whether a name is of something that may write down.
    pub(super) fn is_hint(&self, name: &str) -> bool {
        has_word(name, &self.hint.words)
    }

    /// Whether the name of a class is of records of what happened.
    pub(super) fn is_record(&self, name: &str) -> bool {
        has_word(name, &self.record.words)
    }

    /// Whether a session has its user under this key.
    pub(super) fn is_user_key(&self, key: &str) -> bool {
        has_word(key, &self.session.words)
    }

    /// Whether a constant names a security event.
    pub(super) fn is_security(&self, name: &str) -> bool {
        has_word(name, &self.security.words)
    }
}

/// Whether one of the words of a name is among some: `LoginAttempt` and `login_attempt` have two.
fn has_word(name: &str, words: &[String]) -> bool {
    let mut word = String::new();
    let mut small = false;
    for c in name.chars().chain(['_']) {
        let begins = c.is_uppercase() && small;
        if begins || !c.is_alphanumeric() {
            if words.contains(&word) {
                return true;
            }
            word.clear();
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase() || c.is_numeric();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_a_table() {
        let table: Result<Table, _> = toml::from_str(TABLE);
        assert!(table.is_ok(), "{:?}", table.err());
    }

    #[test]
    fn names_have_words() {
        let words = ["audit".to_owned(), "log".to_owned()];
        for name in ["AuditEntry", "write_audit", "log", "logIt", "LOG"] {
            assert!(has_word(name, &words), "{name}");
        }
        for name in ["login", "catalog", "Auditorium", ""] {
            assert!(!has_word(name, &words), "{name}");
        }
    }
}

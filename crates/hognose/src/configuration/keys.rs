//! The table of settings.

use super::{FailOn, MAX_THREADS};

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number up to this one.
    Number(usize),
    /// One of some words.
    Word(&'static [&'static str]),
    /// A list of some words.
    Words(&'static [&'static str]),
    /// A list of rule ids, practices, CWEs and tags.
    Selectors,
    /// A pattern over paths.
    Pattern,
    /// A list of patterns over paths.
    Patterns,
    /// A list of paths.
    Paths,
    /// One path.
    Path,
    /// Free text.
    Text,
    /// A day.
    Date,
    /// A table with a rule's id for each key.
    Rules,
    /// A list of tables with these keys.
    Tables(&'static [Key]),
}

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub name: &'static str,
    pub kind: Kind,
    /// Must be there; of keys inside tables only.
    pub required: bool,
    pub text: &'static str,
}

const fn key(name: &'static str, kind: Kind, text: &'static str) -> Key {
    Key {
        name,
        kind,
        required: false,
        text,
    }
}

const SEVERITIES: &[&str] = &["low", "medium", "high", "critical"];
/// `auto` and the kinds of sources.
pub(super) const SOURCES: &[&str] = &[
    "auto",
    "remote",
    "local",
    "library",
    "database",
    "network-response",
    "llm-output",
];
pub(super) const COMPAT: &[&str] = &["bandit", "ruff", "semgrep"];
pub(super) const FORMATS: &[&str] = &[
    "full", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "csv",
];

/// All settings, in the order in which they are shown.
pub(super) const KEYS: &[Key] = &[
    key(
        "persona",
        Kind::Word(&["regular", "pedantic", "auditor"]),
        "Whose findings are shown.",
    ),
    key(
        "select",
        Kind::Selectors,
        "Rules that count: ids, practices, CWEs such as CWE-89, tags. All when empty.",
    ),
    key(
        "ignore",
        Kind::Selectors,
        "Rules left out. An id is closer than a practice, a CWE or a tag, and the closer word wins.",
    ),
    key(
        "min-severity",
        Kind::Word(SEVERITIES),
        "The least severity shown.",
    ),
    key(
        "min-confidence",
        Kind::Word(&["low", "medium", "high"]),
        "The least confidence shown.",
    ),
    key(
        "fail-on",
        Kind::Word(&FailOn::WORDS),
        "The least severity of a shown finding that makes the exit code 1.",
    ),
    key(
        "strict",
        Kind::Bool,
        "Exit with 3 when not everything could be analysed.",
    ),
    key(
        "format",
        Kind::Word(FORMATS),
        "Format of standard output. Output to files is chosen on the command line only.",
    ),
    key(
        "include",
        Kind::Patterns,
        "Only files that match one of these patterns. All when empty.",
    ),
    key(
        "exclude",
        Kind::Patterns,
        "Files and directories left out, beside the usual ones.",
    ),
    key(
        "default-excludes",
        Kind::Bool,
        "Leave out virtual environments, caches and build output.",
    ),
    key(
        "respect-gitignore",
        Kind::Bool,
        "Leave out what the ignore files of git name.",
    ),
    key(
        "source-roots",
        Kind::Paths,
        "Directories with top-level packages. Found from the layout when empty.",
    ),
    key(
        "test-paths",
        Kind::Patterns,
        "Test code, beside what is recognised as such.",
    ),
    key(
        "sources",
        Kind::Words(SOURCES),
        "Kinds of sources whose data is untrusted. `auto` is remote, local, and library where the project is made to be imported.",
    ),
    key(
        "models",
        Kind::Paths,
        "Files with models of the project's own sources, sinks and sanitizers, below the configuration file.",
    ),
    key(
        "compat",
        Kind::Words(COMPAT),
        "Other tools whose suppression comments are honoured.",
    ),
    key(
        "baseline",
        Kind::Path,
        "File of accepted findings, relative to the configuration file.",
    ),
    key(
        "threads",
        Kind::Number(MAX_THREADS),
        "Threads that analyse; 0 is one per processor.",
    ),
    key("rules", Kind::Rules, "Settings of single rules, by id."),
    key(
        "ignore-path",
        Kind::Tables(IGNORE_PATH),
        "Findings suppressed by path.",
    ),
    key(
        "ignore-advisory",
        Kind::Tables(IGNORE_ADVISORY),
        "Advisories on dependencies that are accepted.",
    ),
];

/// Settings of one rule.
pub(super) const RULE: &[Key] = &[
    key(
        "severity",
        Kind::Word(SEVERITIES),
        "A severity other than the rule's own.",
    ),
    key("disable", Kind::Bool, "The rule does not run."),
];

/// One suppression by path.
const IGNORE_PATH: &[Key] = &[
    Key {
        required: true,
        ..key(
            "path",
            Kind::Pattern,
            "Pattern over paths, as in `exclude`.",
        )
    },
    Key {
        required: true,
        ..key("rules", Kind::Selectors, "The rules concerned.")
    },
    key("reason", Kind::Text, "Why these findings are accepted."),
    key(
        "until",
        Kind::Date,
        "The last day on which the suppression holds.",
    ),
];

/// One advisory that is accepted.
const IGNORE_ADVISORY: &[Key] = &[
    Key {
        required: true,
        ..key(
            "id",
            Kind::Text,
            "The advisory, by any of its ids: CVE, GHSA, PYSEC.",
        )
    },
    key(
        "package",
        Kind::Text,
        "The only package it is accepted for.",
    ),
    key("reason", Kind::Text, "Why it is accepted."),
    key("owner", Kind::Text, "Who decided so."),
    key("until", Kind::Date, "The last day on which it is accepted."),
    key(
        "until-fixed",
        Kind::Bool,
        "It is accepted only as long as no fix is known.",
    ),
    key(
        "even-if-used",
        Kind::Bool,
        "It is accepted also where the code uses what is vulnerable.",
    ),
];

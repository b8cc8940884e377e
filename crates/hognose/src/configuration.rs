//! The settings of a run, and where each comes from.
//!
//! A configuration file may come with the audited project, and so may be hostile: it can choose what is looked at and
//! shown (and `hognose config` shows that it does), but it can name no file to write and no program to run.
//!
//! [`keys`] holds the one table of settings; parser, messages, JSON schema and `hognose config` are made from it.

mod find;
mod keys;
mod models;
mod parse;
mod schema;
mod show;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use hognose_finding::{Confidence, Persona, Severity};
use hognose_rules::SourceChoice;

use crate::Selector;

pub use find::{find, read_named};
pub use models::registry;
pub use parse::{ConfigurationError, ConfigurationErrors, parse};
pub use schema::json_schema;
pub use show::{as_json, as_toml};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// The configuration file, on this line.
    File(u32),
    /// The command line.
    CommandLine,
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    const fn default(value: T) -> Self {
        Self {
            value,
            origin: Origin::Default,
        }
    }

    /// Takes what the command line says, if it says anything.
    pub fn override_with(&mut self, value: Option<T>) {
        if let Some(value) = value {
            *self = Self {
                value,
                origin: Origin::CommandLine,
            };
        }
    }
}

/// The least severity that makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// No finding does.
    Never,
    /// Findings from here on.
    AtLeast(Severity),
}

impl FailOn {
    /// The words, lowest first.
    pub const WORDS: [&str; 5] = ["low", "medium", "high", "critical", "never"];

    /// The word used in configuration and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AtLeast(severity) => severity.as_str(),
        }
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for FailOn {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "never" => Ok(Self::Never),
            word => word
                .parse()
                .map(Self::AtLeast)
                .map_err(|_| format!("`{word}` is none of {}", Self::WORDS.join(", "))),
        }
    }
}

/// What the configuration says of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSettings {
    /// Another severity than its own.
    pub severity: Option<Severity>,
    /// It does not run.
    pub disable: bool,
}

/// Findings suppressed by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSuppression {
    /// Pattern over paths, as in `exclude`.
    pub path: String,
    /// The rules concerned.
    pub rules: Vec<Selector>,
    /// Why.
    pub reason: Option<String>,
    /// Last day on which it holds, as (year, month, day).
    pub until: Option<(u16, u8, u8)>,
    /// Line of the entry in the configuration file.
    pub line: u32,
}

/// An advisory on a dependency that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AcceptedAdvisory {
    /// Any id of it.
    pub id: String,
    /// The only package it is accepted for.
    pub package: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who decided so.
    pub owner: Option<String>,
    /// Last day on which it is, as (year, month, day).
    pub until: Option<(u16, u8, u8)>,
    /// Only as long as no fix is known.
    pub until_fixed: bool,
    /// Also where the code uses what is vulnerable.
    pub even_if_used: bool,
    /// Line of the entry in the configuration file.
    pub line: u32,
}

/// The most threads that can be asked for: each has a stack of its own.
pub const MAX_THREADS: usize = 256;

/// The settings of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The file read, if one was.
    pub file: Option<PathBuf>,
    /// `persona`.
    pub persona: Setting<Persona>,
    /// `select`.
    pub select: Setting<Vec<Selector>>,
    /// `ignore`.
    pub ignore: Setting<Vec<Selector>>,
    /// `min-severity`.
    pub min_severity: Setting<Severity>,
    /// `min-confidence`.
    pub min_confidence: Setting<Confidence>,
    /// `fail-on`; the origin tells whether anybody asked for it.
    pub fail_on: Setting<FailOn>,
    /// `strict`.
    pub strict: Setting<bool>,
    /// `format` of standard output.
    pub format: Setting<String>,
    /// `include`.
    pub include: Setting<Vec<String>>,
    /// `exclude`.
    pub exclude: Setting<Vec<String>>,
    /// `default-excludes`.
    pub default_excludes: Setting<bool>,
    /// `respect-gitignore`.
    pub gitignore: Setting<bool>,
    /// `source-roots`.
    pub source_roots: Setting<Vec<String>>,
    /// `test-paths`.
    pub test_paths: Setting<Vec<String>>,
    /// `sources`.
    pub sources: Setting<Vec<String>>,
    /// `models`, relative to the directory of the file they stand in.
    pub models: Setting<Vec<String>>,
    /// `compat`.
    pub compat: Setting<Vec<String>>,
    /// `baseline`, relative to the directory of the file it stands in.
    pub baseline: Setting<Option<PathBuf>>,
    /// `threads`; 0: one per processor.
    pub threads: Setting<usize>,
    /// `[rules.ID]`, with the line each begins on.
    pub rules: BTreeMap<String, Setting<RuleSettings>>,
    /// `[[ignore-path]]`, in the order of the file.
    pub ignore_paths: Vec<PathSuppression>,
    /// Advisories that are accepted.
    pub ignore_advisories: Vec<AcceptedAdvisory>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            file: None,
            persona: Setting::default(Persona::Regular),
            select: Setting::default(Vec::new()),
            ignore: Setting::default(Vec::new()),
            min_severity: Setting::default(Severity::Low),
            min_confidence: Setting::default(Confidence::Low),
            fail_on: Setting::default(FailOn::AtLeast(Severity::Low)),
            strict: Setting::default(false),
            format: Setting::default("full".to_owned()),
            include: Setting::default(Vec::new()),
            exclude: Setting::default(Vec::new()),
            default_excludes: Setting::default(true),
            gitignore: Setting::default(true),
            source_roots: Setting::default(Vec::new()),
            test_paths: Setting::default(Vec::new()),
            sources: Setting::default(vec!["auto".to_owned()]),
            models: Setting::default(Vec::new()),
            compat: Setting::default(Vec::new()),
            baseline: Setting::default(None),
            threads: Setting::default(0),
            rules: BTreeMap::new(),
            ignore_paths: Vec::new(),
            ignore_advisories: Vec::new(),
        }
    }
}

impl Configuration {
    /// Whose data is untrusted.
    pub fn source_choice(&self) -> SourceChoice {
        let words = &self.sources.value;
        let kinds = words.iter().filter(|word| *word != "auto").cloned();
        let kinds: Vec<String> = kinds.collect();
        if kinds.len() < words.len() {
            SourceChoice::Auto(kinds)
        } else {
            SourceChoice::Only(kinds)
        }
    }

    /// The directory of the configuration file.
    pub fn directory(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }
}

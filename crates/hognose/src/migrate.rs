//! What the suppressions of other tools hide: in comments, and in their configuration.
//!
//! Each id is looked up in the parity table and compared with what hognose finds there when nothing is suppressed.

mod comments;
mod settings;

pub use comments::survey_comments;
pub use settings::{SETTINGS_FILES, Setting, SettingsError, read_settings, survey_settings};

use std::sync::Arc;

use hognose_finding::Finding;

/// What stands behind a suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Hognose reports there as well.
    Proved,
    /// Hognose has a rule for it, and finds nothing there: likely stale.
    NotSeen,
    /// Hognose has no rule for it.
    NoCounterpart,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 3] = [Self::Proved, Self::NotSeen, Self::NoCounterpart];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::NotSeen => "not seen",
            Self::NoCounterpart => "no counterpart",
        }
    }
}

/// A finding that a suppression hides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hidden {
    /// File.
    pub file: Arc<str>,
    /// Line.
    pub line: u32,
    /// Rule.
    pub rule: Arc<str>,
    /// What the finding says.
    pub message: String,
}

impl Hidden {
    fn of(finding: &Finding) -> Self {
        Self {
            file: Arc::clone(&finding.location.file),
            line: finding.location.start.line,
            rule: Arc::clone(&finding.rule),
            message: finding.message.clone(),
        }
    }
}

/// One id that another tool's suppression names, or a suppression that names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// File it stands in.
    pub file: Arc<str>,
    /// Its line.
    pub line: u32,
    /// `bandit`, `ruff` or `semgrep`.
    pub tool: &'static str,
    /// The id as written; empty for a comment that names none.
    pub id: String,
    /// The tool's own name for the id, where it is known.
    pub name: Option<&'static str>,
    /// Where it holds, if not at its line: a file pattern, or everywhere.
    pub scope: Option<String>,
    /// Our rules.
    pub rules: Vec<String>,
    /// Why there is none, or what differs.
    pub reason: Option<String>,
    /// What stands behind it.
    pub verdict: Verdict,
    /// What it hides.
    pub hidden: Vec<Hidden>,
}

#[cfg(test)]
mod tests;

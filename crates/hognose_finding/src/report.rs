//! Everything one run has to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Finding, Practice};

/// The result of one audit, sorted and complete: the same bytes on every run and any number of threads.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// All findings, suppressed and hidden ones too, by file, position and rule.
    pub findings: Vec<Finding>,
    /// Files that were analysed.
    pub files_analysed: usize,
    /// Physical lines in them.
    pub lines_analysed: usize,
    /// Files that were not, or not wholly, analysed.
    pub failures: Vec<FileFailure>,
    /// Remarks on coverage: bounds hit, what was chosen and why.
    pub notes: Vec<Note>,
    /// What was looked at for each practice. A practice that is absent is not assessed.
    pub practices: BTreeMap<Practice, Assessment>,
    /// How far data was followed, if it was.
    pub data_flow: Option<DataFlow>,
    /// Texts of the files in which a finding, label or step stands, for excerpts.
    pub sources: BTreeMap<Arc<str>, Source>,
}

/// Text of a file as the locations count it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The text; for a notebook its code cells joined by line feeds.
    pub text: Arc<str>,
}

/// A file that was not, or not wholly, analysed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileFailure {
    /// The file.
    pub file: Arc<str>,
    /// Line, where there is one.
    pub line: Option<u32>,
    /// What kept it from being analysed.
    pub reason: String,
    /// True if what could be read of it was analysed all the same.
    pub partial: bool,
}

/// A remark on coverage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file it concerns, if one.
    pub file: Option<Arc<str>>,
    /// One sentence.
    pub text: String,
}

/// What stands behind a practice in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assessment {
    /// Rules that looked at the project for it.
    pub rules: usize,
}

/// How far data was followed, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataFlow {
    /// The kinds of sources that counted.
    pub sources: Vec<SourceUse>,
    /// Bodies of functions and modules walked.
    pub functions: usize,
    /// Functions that a framework calls.
    pub entries: usize,
    /// Bodies that were not walked to their end.
    pub cut: usize,
    /// Calls in all bodies.
    pub calls: usize,
    /// Calls of which no callee is known.
    pub unresolved: usize,
}

/// A kind of sources that counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUse {
    /// Its word in the configuration.
    pub kind: String,
    /// What made it count, where that needs saying.
    pub why: Option<String>,
}

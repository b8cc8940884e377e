//! A finding and its parts.

use std::sync::Arc;

use crate::{Confidence, Fingerprint, Location, Persona, Practice, Severity};

/// One reported instance of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the rule.
    pub rule: Arc<str>,
    /// Title of the rule.
    pub title: Arc<str>,
    /// One sentence on this instance, no full stop.
    pub message: String,
    /// The harm if it is true.
    pub severity: Severity,
    /// How likely it is true.
    pub confidence: Confidence,
    /// Who sees it.
    pub persona: Persona,
    /// The practice it belongs to.
    pub practice: Practice,
    /// CWE numbers.
    pub cwe: Arc<[u16]>,
    /// The place to look at.
    pub location: Location,
    /// Other places that explain it, shown as labelled spans.
    pub labels: Vec<Label>,
    /// From source to sink, both included; empty where nothing flows.
    pub flow: Vec<Step>,
    /// Dotted name of the innermost function or class around it, with its module; the module's name at top level.
    pub symbol: Arc<str>,
    /// True in test code.
    pub in_test: bool,
    /// A mechanical mend.
    pub fix: Option<Fix>,
    /// Identity from run to run. Set once all findings of a run are known.
    pub fingerprint: Fingerprint,
    /// Why it is not counted, if it is not.
    pub suppressed: Option<Suppressed>,
}

/// A secondary span with a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub location: Location,
    /// What is to be seen there.
    pub text: String,
}

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub location: Location,
    /// Why the value moves on here.
    pub text: String,
}

/// Whether a fix may be applied unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FixSafety {
    /// Behaviour stays, but for the defect.
    Safe,
    /// Somebody should read it.
    Unsafe,
}

/// Edits that mend a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in the imperative.
    pub title: String,
    /// Whether it may be applied unseen.
    pub safety: FixSafety,
    /// Non-overlapping edits, sorted.
    pub edits: Vec<Replacement>,
}

/// New text for a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What is replaced; an empty span inserts.
    pub location: Location,
    /// The new text.
    pub text: String,
}

/// Why a finding is not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suppressed {
    /// A `# hognose: ignore[…]` comment, with its reason.
    InSource {
        /// What the comment gives as reason.
        reason: Option<String>,
    },
    /// A comment of another tool, honoured through the parity table.
    Compat {
        /// `bandit`, `ruff` or `semgrep`.
        tool: &'static str,
    },
    /// An entry of the configuration.
    Configuration {
        /// The entry's reason.
        reason: Option<String>,
    },
    /// Known in the baseline.
    Baseline,
}

/// A finding for tests, of which only place, content and symbol matter.
#[cfg(test)]
pub(crate) fn sample(file: &str, line: u32, content: u128, symbol: &str) -> Finding {
    let position = crate::Position { line, column: 1 };
    Finding {
        rule: "rule".into(),
        title: "Title".into(),
        message: "Message".to_owned(),
        severity: Severity::Low,
        confidence: Confidence::Low,
        persona: Persona::Regular,
        practice: Practice::Audits,
        cwe: Arc::new([]),
        location: Location {
            file: file.into(),
            start: position,
            end: position,
            bytes: (0, 0),
            cell: None,
        },
        labels: Vec::new(),
        flow: Vec::new(),
        symbol: symbol.into(),
        in_test: false,
        fix: None,
        fingerprint: Fingerprint {
            content,
            ordinal: 0,
        },
        suppressed: None,
    }
}

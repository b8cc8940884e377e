//! Findings accepted once, so that only new ones are shown.

/// One accepted finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineEntry {
    /// Content hash of its fingerprint.
    pub content: u128,
    /// Where it stood, to attribute the right one among equals.
    pub file: String,
    /// Symbol around it then.
    pub symbol: String,
    /// Rule id.
    pub rule: String,
}

/// A set of accepted findings, counted: two equal defects need two entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The entries.
    pub entries: Vec<BaselineEntry>,
}

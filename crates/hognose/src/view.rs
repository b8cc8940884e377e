//! What of a report is shown, and how much is not and why.
//!
//! A [`Report`] holds everything; a [`View`] is one look at it. All filters live here, so that every output format shows
//! the same findings and counts, and so that what is hidden is always counted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hognose_finding::{Confidence, Finding, Location, Persona, Report, RuleMeta, Severity};

use crate::Selection;

/// Which findings are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewOptions {
    /// For whom.
    pub persona: Persona,
    /// Least severity.
    pub min_severity: Severity,
    /// Least confidence.
    pub min_confidence: Confidence,
    /// Rules that count.
    pub selection: Selection,
    /// Lines a finding must touch; `None`: any.
    pub changed: Option<ChangedLines>,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self {
            persona: Persona::Regular,
            min_severity: Severity::Low,
            min_confidence: Confidence::Low,
            selection: Selection::default(),
            changed: None,
        }
    }
}

/// How an output looks. Never changes which findings are in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presentation {
    /// ANSI colours.
    pub color: bool,
    /// OSC 8 hyperlinks.
    pub hyperlinks: bool,
    /// Columns of the terminal; `None` when nobody watches.
    pub width: Option<usize>,
    /// A table of findings by rule at the end.
    pub statistics: bool,
    /// Findings only: no summary, no scorecard.
    pub quiet: bool,
    /// The absolute directory that the paths of the report are relative to.
    pub root: PathBuf,
}

/// One look at a report: what every output format works from.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The whole report: failures, notes, practices, sources.
    pub report: &'a Report,
    /// Findings to show, in the report's order.
    pub shown: Vec<&'a Finding>,
    /// Findings that pass every filter but are suppressed or in the baseline, in the report's order. `json` and `sarif`
    /// name them with their reason; the others only count them.
    pub suppressed: Vec<&'a Finding>,
    /// Findings, not suppressed, that only a more curious persona sees.
    pub hidden_by_persona: usize,
    /// Findings, not suppressed, below the least severity or confidence or of a rule that is not selected.
    pub hidden_by_filter: usize,
    /// Findings, not suppressed, on lines that did not change.
    pub outside_diff: usize,
    /// The filters.
    pub options: &'a ViewOptions,
    /// How it is to look.
    pub presentation: Presentation,
}

impl<'a> View<'a> {
    /// Looks at a report. `rules` gives the tags that findings do not carry themselves.
    pub fn new(
        report: &'a Report,
        options: &'a ViewOptions,
        presentation: Presentation,
        rules: &[RuleMeta],
    ) -> Self {
        let tags: BTreeMap<&str, &[String]> = rules
            .iter()
            .map(|r| (r.id.as_str(), r.tags.as_slice()))
            .collect();
        let mut view = Self {
            report,
            shown: Vec::new(),
            suppressed: Vec::new(),
            hidden_by_persona: 0,
            hidden_by_filter: 0,
            outside_diff: 0,
            options,
            presentation,
        };
        for finding in &report.findings {
            let tags = tags.get(&*finding.rule).copied().unwrap_or_default();
            let passes = finding.severity >= options.min_severity
                && finding.confidence >= options.min_confidence
                && options
                    .selection
                    .allows(&finding.rule, finding.practice, &finding.cwe, tags);
            let in_diff = options
                .changed
                .as_ref()
                .is_none_or(|changed| changed.touches(finding));
            let seen = finding.persona <= options.persona;
            match (&finding.suppressed, passes, in_diff, seen) {
                (None, true, true, true) => view.shown.push(finding),
                (Some(_), true, true, true) => view.suppressed.push(finding),
                (Some(_), ..) => {}
                (None, false, ..) => view.hidden_by_filter += 1,
                (None, _, false, _) => view.outside_diff += 1,
                (None, _, _, false) => view.hidden_by_persona += 1,
            }
        }
        view
    }

    /// Shown findings of each severity, most severe first, without empty ones.
    pub fn by_severity(&self) -> Vec<(Severity, usize)> {
        let count = |severity| self.shown.iter().filter(|f| f.severity == severity).count();
        Severity::ALL
            .iter()
            .rev()
            .map(|s| (*s, count(*s)))
            .filter(|(_, n)| *n > 0)
            .collect()
    }

    /// Shown findings of each rule: most frequent first, then by id.
    pub fn by_rule(&self) -> Vec<(&'a str, usize)> {
        let mut counts: BTreeMap<&'a str, usize> = BTreeMap::new();
        for finding in &self.shown {
            *counts.entry(&finding.rule).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(rule, count)| (std::cmp::Reverse(*count), *rule));
        counts
    }

    /// The highest severity shown.
    pub fn worst(&self) -> Option<Severity> {
        self.shown.iter().map(|f| f.severity).max()
    }
}

/// Lines that differ from a revision, by file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedLines {
    /// Files that differ; others did not change.
    pub files: BTreeMap<Arc<str>, Changes>,
}

/// How a file differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// Every line counts: the file is new, or lines mean nothing in it.
    Whole,
    /// Some lines.
    Lines {
        /// Added or altered lines: first and last, from 1, sorted.
        altered: Vec<(u32, u32)>,
        /// Lines after which something was removed, sorted; 0 is before the first line.
        removed_after: Vec<u32>,
    },
}

impl ChangedLines {
    /// Whether a finding, or any step of its flow, stands on a changed line: a source that is new completes a flow whose
    /// sink is old.
    pub fn touches(&self, finding: &Finding) -> bool {
        self.touches_location(&finding.location)
            || finding
                .flow
                .iter()
                .any(|s| self.touches_location(&s.location))
    }

    fn touches_location(&self, location: &Location) -> bool {
        let (start, end) = (location.start.line, location.end.line);
        match self.files.get(&*location.file) {
            None => false,
            Some(Changes::Whole) => true,
            Some(Changes::Lines {
                altered,
                removed_after,
            }) => {
                altered
                    .iter()
                    .any(|(first, last)| *first <= end && start <= *last)
                    || removed_after
                        .iter()
                        .any(|line| start <= *line && *line < end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hognose_finding::{Fingerprint, Position, Practice, Suppressed};

    use super::*;

    fn finding(rule: &str, lines: (u32, u32)) -> Finding {
        let position = |line| Position { line, column: 1 };
        Finding {
            rule: rule.into(),
            title: "".into(),
            message: String::new(),
            severity: Severity::Medium,
            confidence: Confidence::Medium,
            persona: Persona::Regular,
            practice: Practice::Database,
            cwe: [89].into(),
            location: Location {
                file: "a.py".into(),
                start: position(lines.0),
                end: position(lines.1),
                bytes: (0, 0),
                cell: None,
            },
            labels: Vec::new(),
            flow: Vec::new(),
            symbol: "a".into(),
            in_test: false,
            fix: None,
            fingerprint: Fingerprint::default(),
            suppressed: None,
        }
    }

    #[test]
    fn every_finding_is_shown_or_counted_once() {
        let report = Report {
            findings: vec![
                finding("shown", (5, 5)),
                Finding {
                    persona: Persona::Auditor,
                    ..finding("curious", (5, 5))
                },
                Finding {
                    severity: Severity::Low,
                    ..finding("mild", (5, 5))
                },
                Finding {
                    severity: Severity::Low,
                    persona: Persona::Auditor,
                    ..finding("both", (5, 5))
                },
                finding("elsewhere", (7, 7)),
                Finding {
                    suppressed: Some(Suppressed::Baseline),
                    ..finding("known", (5, 5))
                },
                Finding {
                    suppressed: Some(Suppressed::Baseline),
                    severity: Severity::Low,
                    ..finding("known and mild", (5, 5))
                },
            ],
            ..Report::default()
        };
        let changed = Changes::Lines {
            altered: vec![(4, 5)],
            removed_after: Vec::new(),
        };
        let options = ViewOptions {
            min_severity: Severity::Medium,
            changed: Some(ChangedLines {
                files: [("a.py".into(), changed)].into(),
            }),
            ..ViewOptions::default()
        };
        let view = View::new(&report, &options, Presentation::default(), &[]);
        let names = |findings: &[&Finding]| {
            findings
                .iter()
                .map(|f| f.rule.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        };
        assert_eq!(names(&view.shown), "shown");
        assert_eq!(names(&view.suppressed), "known");
        assert_eq!(
            (
                view.hidden_by_persona,
                view.hidden_by_filter,
                view.outside_diff
            ),
            (1, 2, 1)
        );
        assert_eq!(view.worst(), Some(Severity::Medium));
        assert_eq!(view.by_severity(), [(Severity::Medium, 1)]);
        assert_eq!(view.by_rule(), [("shown", 1)]);
    }

    #[test]
    fn a_line_removed_inside_a_finding_touches_it() {
        let changed = ChangedLines {
            files: [(
                "a.py".into(),
                Changes::Lines {
                    altered: Vec::new(),
                    removed_after: vec![6],
                },
            )]
            .into(),
        };
        let touched = |lines| changed.touches(&finding("", lines));
        assert!(touched((6, 7)));
        assert!(touched((5, 9)));
        assert!(!touched((7, 9)));
        assert!(!touched((5, 6)));
    }
}

//! Suppressions by path, from the configuration.

use std::collections::BTreeMap;

use hognose_finding::{Date, Finding, Note, RuleMeta, Suppressed};

use crate::Selection;
use crate::configuration::PathSuppression;
use crate::discovery::{PathGlobs, PatternError};

/// Marks the findings that the configuration suppresses by path. What has expired or suppresses nothing is noted, with its
/// line in the configuration file.
///
/// # Errors
/// A pattern that is none.
pub fn suppress_by_path(
    findings: &mut [Finding],
    entries: &[PathSuppression],
    rules: &[RuleMeta],
    configuration: &str,
    today: Date,
) -> Result<Vec<Note>, PatternError> {
    let tags: BTreeMap<&str, &[String]> = rules
        .iter()
        .map(|rule| (rule.id.as_str(), rule.tags.as_slice()))
        .collect();
    let mut notes = Vec::new();
    for entry in entries {
        let globs = PathGlobs::new([entry.path.as_str()])?;
        let selection = Selection {
            select: entry.rules.clone(),
            ignore: Vec::new(),
        };
        let until = entry
            .until
            .and_then(|(year, month, day)| Date::new(year, month, day));
        let expired = until.filter(|until| *until < today);
        let mut count = 0_usize;
        for finding in &mut *findings {
            let tags = tags.get(&*finding.rule).copied().unwrap_or_default();
            if globs.matches_below(&finding.location.file)
                && selection.allows(&finding.rule, finding.practice, &finding.cwe, tags)
            {
                count += 1;
                if expired.is_none() && finding.suppressed.is_none() {
                    finding.suppressed = Some(Suppressed::Configuration {
                        reason: entry.reason.clone(),
                    });
                }
            }
        }
        let place = format!(
            "the suppression for `{}` ({configuration}, line {})",
            entry.path, entry.line
        );
        let text = match (expired, count) {
            (Some(until), _) => format!("{place} ended on {until}"),
            (None, 0) => format!("{place} suppresses nothing"),
            (None, _) => continue,
        };
        notes.push(Note { file: None, text });
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hognose_finding::{
        Confidence, Fingerprint, Location, Persona, Position, Practice, Severity,
    };

    use super::*;
    use crate::Selector;

    fn finding(rule: &str) -> Finding {
        let position = Position { line: 1, column: 1 };
        Finding {
            rule: rule.into(),
            title: "Title".into(),
            message: "Message".to_owned(),
            severity: Severity::Low,
            confidence: Confidence::Low,
            persona: Persona::Regular,
            practice: Practice::Audits,
            cwe: Arc::new([]),
            location: Location {
                file: "app.py".into(),
                start: position,
                end: position,
                bytes: (0, 0),
                cell: None,
            },
            labels: Vec::new(),
            flow: Vec::new(),
            symbol: "app".into(),
            in_test: false,
            fix: None,
            fingerprint: Fingerprint::default(),
            suppressed: None,
        }
    }

    #[test]
    fn paths() {
        let mut findings = vec![
            finding("subprocess-with-shell"),
            finding("eval-of-dynamic-code"),
        ];
        let entry = |path: &str, rule: &str, until, line| PathSuppression {
            path: path.to_owned(),
            rules: vec![Selector::Rule(rule.to_owned())],
            reason: Some("made by a tool".to_owned()),
            until,
            line,
        };
        let notes = suppress_by_path(
            &mut findings,
            &[
                entry("*.py", "subprocess-with-shell", None, 3),
                entry("*.py", "eval-of-dynamic-code", Some((2026, 1, 1)), 7),
                entry("lib/**", "eval-of-dynamic-code", None, 9),
            ],
            &[],
            "hognose.toml",
            Date::new(2026, 11, 22).unwrap(),
        )
        .unwrap();
        assert!(matches!(
            &findings[0].suppressed,
            Some(Suppressed::Configuration { reason: Some(_) })
        ));
        assert_eq!(findings[1].suppressed, None);
        let notes: Vec<String> = notes.into_iter().map(|note| note.text).collect();
        assert_eq!(
            notes,
            [
                "the suppression for `*.py` (hognose.toml, line 7) ended on 2026-01-01",
                "the suppression for `lib/**` (hognose.toml, line 9) suppresses nothing",
            ]
        );
    }
}

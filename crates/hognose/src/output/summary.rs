//! What is said after the findings: the practices, what was not analysed, and the count.

use std::io::{self, Write};

use hognose_finding::{DataFlow, Finding, Practice, RuleMeta, Severity};

use super::paint::Paint;
use super::{RunTime, text};
use crate::View;

/// Failures and notes listed before the rest is counted.
const LISTED: usize = 5;

/// Writes the practices, the files that were not analysed, the notes and the summary line.
///
/// # Errors
/// Those of `out`.
pub fn write_summary(view: &View<'_>, time: RunTime, out: &mut dyn Write) -> io::Result<()> {
    write_practices(view, out)?;
    write_failures(view, out)?;
    write_notes(view, out)?;
    write_summary_line(view, time, out)
}

/// Writes how many findings each rule has: most frequent first.
///
/// # Errors
/// Those of `out`.
pub fn write_statistics(
    view: &View<'_>,
    rules: &[RuleMeta],
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint::new(view.presentation.color);
    let counts = view.by_rule();
    let width = counts
        .iter()
        .map(|(rule, _)| rule.chars().count())
        .max()
        .unwrap_or(0)
        .min(40);
    if !counts.is_empty() {
        writeln!(out, "{}", paint.bold("Findings by rule"))?;
    }
    for (rule, count) in &counts {
        let title = super::meta(rules, rule).map_or("", |meta| &meta.title);
        let rule = text::line(rule);
        writeln!(
            out,
            "{}",
            format!("  {count:>6}  {rule:<width$}  {}", text::line(title)).trim_end()
        )?;
    }
    if !counts.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn write_practices(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(view.presentation.color);
    writeln!(out, "{}", paint.bold("Practices"))?;
    for practice in Practice::ALL {
        let findings = || {
            view.shown
                .iter()
                .copied()
                .filter(|f| f.practice == *practice)
        };
        let said = match (findings().next(), view.report.practices.get(practice)) {
            (Some(_), _) => severities(findings(), paint),
            (None, Some(assessment)) => {
                format!("no finding ({})", text::plural(assessment.rules, "rule"))
            }
            (None, None) => paint.dim("not assessed"),
        };
        writeln!(out, "  {practice:<17} {said}")?;
    }
    writeln!(out)
}

fn write_failures(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(view.presentation.color);
    let failures = &view.report.failures;
    for (partial, title) in [(false, "Not analysed"), (true, "Analysed in part")] {
        let these = || failures.iter().filter(|failure| failure.partial == partial);
        if these().next().is_none() {
            continue;
        }
        writeln!(
            out,
            "{}",
            paint.bold(&format!(
                "{title}: {}",
                text::plural(these().count(), "file")
            ))
        )?;
        for failure in these().take(LISTED) {
            let line = failure
                .line
                .map(|line| format!(":{line}"))
                .unwrap_or_default();
            writeln!(
                out,
                "  {}{line}: {}",
                text::line(&failure.file),
                text::line(&failure.reason)
            )?;
        }
        write_rest(these().count(), out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn write_notes(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let notes = &view.report.notes;
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", Paint::new(view.presentation.color).bold("Notes"))?;
    for note in notes.iter().take(LISTED) {
        let file = note
            .file
            .as_ref()
            .map(|file| format!("{}: ", text::line(file)))
            .unwrap_or_default();
        writeln!(out, "  {file}{}", text::line(&note.text))?;
    }
    write_rest(notes.len(), out)?;
    writeln!(out)
}

fn write_rest(count: usize, out: &mut dyn Write) -> io::Result<()> {
    match count.checked_sub(LISTED) {
        None | Some(0) => Ok(()),
        Some(rest) => writeln!(
            out,
            "  and {} more (`--format json` names all)",
            text::thousands(rest)
        ),
    }
}

/// Writes the findings by severity, how many are not shown and why, and what was analysed.
///
/// # Errors
/// Those of `out`.
pub fn write_summary_line(view: &View<'_>, time: RunTime, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(view.presentation.color);
    let total = paint.bold(&match view.shown.len() {
        0 => "No findings".to_owned(),
        count => text::plural(count, "finding"),
    });
    let severities = severities(view.shown.iter().copied(), paint);
    let colon = if severities.is_empty() { "" } else { ": " };
    writeln!(out, "{total}{colon}{severities}")?;

    let hidden: Vec<String> = [
        (view.suppressed.len(), "suppressed".to_owned()),
        (view.hidden_by_persona, "hidden by persona".to_owned()),
        (view.hidden_by_filter, "filtered out".to_owned()),
        (view.outside_diff, "outside the diff".to_owned()),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, why)| format!("{} {why}", text::thousands(count)))
    .collect();
    if !hidden.is_empty() {
        writeln!(out, "Not shown: {}", hidden.join(", "))?;
    }

    let report = view.report;
    if let Some(data_flow) = &report.data_flow {
        write_data_flow(data_flow, out)?;
    }
    write!(
        out,
        "Analysed {}, {}",
        text::plural(report.files_analysed, "file"),
        text::plural(report.lines_analysed, "line")
    )?;
    if let Some(elapsed) = time.elapsed {
        write!(out, " in {:.2} s", elapsed.as_secs_f64())?;
    }
    match report.failures.len() {
        0 => writeln!(out),
        count => writeln!(out, "; {} not, or in part", text::thousands(count)),
    }
}

/// Which sources counted, and how far data was followed.
fn write_data_flow(data_flow: &DataFlow, out: &mut dyn Write) -> io::Result<()> {
    let sources: Vec<String> = data_flow
        .sources
        .iter()
        .map(|used| match &used.why {
            Some(why) => format!("{} ({})", text::line(&used.kind), text::line(why)),
            None => text::line(&used.kind).into_owned(),
        })
        .collect();
    let sources = if sources.is_empty() {
        "none".to_owned()
    } else {
        sources.join(", ")
    };
    writeln!(out, "Sources: {sources}")?;
    write!(
        out,
        "Data flow: {}, {}, {} of {}",
        text::plural(data_flow.functions, "function"),
        text::plural(data_flow.entries, "entry point"),
        text::thousands(data_flow.calls.saturating_sub(data_flow.unresolved)),
        text::plural(data_flow.calls, "call"),
    )?;
    match data_flow.cut {
        0 => writeln!(out),
        cut => writeln!(out, "; {} cut short", text::thousands(cut)),
    }
}

/// `1 critical, 2 low`, worst first.
fn severities<'f>(findings: impl Iterator<Item = &'f Finding> + Clone, paint: Paint) -> String {
    let counts: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .map(|severity| {
            (
                *severity,
                findings.clone().filter(|f| f.severity == *severity).count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            paint.severity(severity, &format!("{} {severity}", text::thousands(count)))
        })
        .collect();
    counts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::specimen::Specimen;
    use super::*;

    #[test]
    fn says_what_was_found_and_what_was_not_looked_at() {
        let shop = Specimen::shop();
        let mut out = Vec::new();
        write_statistics(&shop.view(), &shop.rules, &mut out).unwrap();
        let time = RunTime {
            started: None,
            elapsed: Some(Duration::from_millis(1_234)),
        };
        write_summary(&shop.view(), time, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.lines()
                .all(|line| line.starts_with("  shop/") || line.chars().count() <= 80),
            "{text}"
        );
        insta::assert_snapshot!(text, @r#"
        Findings by rule
               1  sql-injection     SQL statement assembled from input
               1  yaml-unsafe-load  YAML loaded with an unsafe loader

        Practices
          interpreter       not assessed
          input-validation  not assessed
          code-injection    1 high
          passwords         not assessed
          access-control    not assessed
          sensitive-data    not assessed
          transport         no finding (4 rules)
          database          1 critical
          least-privilege   not assessed
          dependencies      not assessed
          errors            not assessed
          logging           not assessed
          secure-tools      not assessed
          education         not assessed
          audits            not assessed

        Analysed in part: 1 file
          shop/broken.py:7: expected an expression

        Notes
          shop/settings.py: judged as the production settings, since `wsgi.py` names it

        2 findings: 1 critical, 1 high
        Not shown: 1 suppressed, 1 hidden by persona
        Sources: remote, library (pyproject.toml declares a distribution)
        Data flow: 321 functions, 12 entry points, 1,900 of 2,000 calls; 1 cut short
        Analysed 12 files, 3,456 lines in 1.23 s; 1 not, or in part
        "#);
    }
}

//! The format people read: source excerpts with labelled spans and numbered flow steps, then the summary.
//!
//! Rendered by `annotate-snippets`, as rustc's own diagnostics are. It gets only texts that [`super::text`] and
//! [`super::excerpt`] have made harmless.

use std::collections::BTreeMap;
use std::io::{self, Write};

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use hognose_finding::{Finding, FixSafety, Location, RuleMeta, Severity};

use super::excerpt::{self, Excerpt, Lines};
use super::paint::severity_style;
use super::{RunTime, rule_url, summary, text};
use crate::View;

/// Flow steps shown; of more, the first and the last.
const STEPS: usize = 12;
/// Columns where nobody says how many there are.
const WIDTH: usize = 110;

pub(super) fn write(
    view: &View<'_>,
    rules: &[RuleMeta],
    time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = BTreeMap::new();
    for finding in &view.shown {
        for mark in marks(finding) {
            let file = &mark.location.file;
            if let Some(source) = view.report.sources.get(file) {
                lines
                    .entry(&**file)
                    .or_insert_with(|| Lines::new(&source.text));
            }
        }
        let rendered = render(finding, &lines, view, rules);
        writeln!(out, "{rendered}\n")?;
    }
    if view.presentation.statistics {
        summary::write_statistics(view, rules, out)?;
    }
    if !view.presentation.quiet {
        summary::write_summary(view, time, out)?;
    }
    Ok(())
}

fn render(
    finding: &Finding,
    lines: &BTreeMap<&str, Lines<'_>>,
    view: &View<'_>,
    rules: &[RuleMeta],
) -> String {
    let level = match finding.severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::NOTE,
    };
    let rule = text::line(&finding.rule);
    let mut title = level
        .with_name(finding.severity.as_str())
        .primary_title(text::message(finding))
        .id(&*rule);
    if view.presentation.hyperlinks
        && let Some(url) = rule_url(rules, &finding.rule)
    {
        title = title.id_url(url);
    }

    let marks = marks(finding);
    let mut excerpts: Vec<(String, Option<Excerpt>, Vec<&Mark<'_>>)> = Vec::new();
    for (file, these) in by_file(&marks) {
        let locations: Vec<&Location> = these.iter().map(|mark| mark.location).collect();
        let cuts = lines
            .get(file)
            .map(|lines| excerpt::cut(lines, &locations))
            .unwrap_or_default();
        if cuts.is_empty() {
            excerpts.push((text::place(locations[0]), None, Vec::new()));
        }
        for cut in cuts {
            let inside: Vec<&Mark<'_>> = cut.spans.iter().map(|(index, _)| these[*index]).collect();
            let head = inside
                .iter()
                .find(|mark| mark.primary)
                .unwrap_or(&inside[0]);
            excerpts.push((text::place(head.location), Some(cut), inside));
        }
    }
    // The place to look at comes first, then the rest in the order of the flow.
    excerpts.sort_by_key(|(_, _, marks)| !marks.iter().any(|mark| mark.primary));

    let mut group = Group::with_title(title);
    for (place, excerpt, marks) in &excerpts {
        group = group.element(Origin::path(place.as_str()));
        let Some(excerpt) = excerpt else { continue };
        let annotations = excerpt
            .spans
            .iter()
            .zip(marks)
            .map(|((_, range), mark)| annotation(range.clone(), mark));
        group = group.element(
            Snippet::source(excerpt.text.as_str())
                .line_start(excerpt.first_line as usize)
                .annotations(annotations),
        );
    }
    for remark in remarks(finding) {
        group = group.element(Level::NOTE.no_name().message(remark));
    }
    if let Some(fix) = &finding.fix {
        let safety = match fix.safety {
            FixSafety::Safe => "safe fix",
            FixSafety::Unsafe => "fix to be read before it is applied",
        };
        group = group.element(
            Level::HELP
                .with_name("fix")
                .message(format!("{} ({safety})", text::line(&fix.title))),
        );
    }
    group = group.element(Level::HELP.message(format!("`hognose explain {rule}`")));
    renderer(finding.severity, view).render(&[group])
}

fn renderer(severity: Severity, view: &View<'_>) -> Renderer {
    let renderer = if view.presentation.color {
        let style = severity_style(severity);
        Renderer::styled().error(style).warning(style).note(style)
    } else {
        Renderer::plain()
    };
    renderer
        .hyperlink(view.presentation.hyperlinks)
        .term_width(view.presentation.width.unwrap_or(WIDTH).max(40))
}

fn annotation<'m>(range: std::ops::Range<usize>, mark: &'m Mark<'_>) -> Annotation<'m> {
    let kind = if mark.primary {
        AnnotationKind::Primary
    } else {
        AnnotationKind::Context
    };
    let annotation = kind.span(range);
    match mark.label.as_str() {
        "" => annotation,
        label => annotation.label(label),
    }
}

/// What is said under the excerpt.
fn remarks(finding: &Finding) -> Vec<String> {
    let mut facts = vec![
        format!("{} confidence", finding.confidence),
        finding.practice.to_string(),
    ];
    facts.extend(finding.cwe.iter().map(|number| format!("CWE-{number}")));
    if finding.in_test {
        facts.push("in test code".to_owned());
    }
    let mut remarks = Vec::new();
    if !finding.message.trim().is_empty() && finding.message != *finding.title {
        remarks.push(text::line(&finding.title).into_owned());
    }
    remarks.push(facts.join(" · "));
    if let Some(left_out) = finding.flow.len().checked_sub(STEPS).filter(|n| *n > 0) {
        remarks.push(format!(
            "{left_out} steps of the flow are left out; `--format json` has them"
        ));
    }
    remarks
}

/// A span and its label.
struct Mark<'f> {
    location: &'f Location,
    label: String,
    primary: bool,
}

/// The place of the finding, its labels and its steps. What stands on the same span is one mark.
fn marks(finding: &Finding) -> Vec<Mark<'_>> {
    let mut marks = vec![Mark {
        location: &finding.location,
        label: String::new(),
        primary: true,
    }];
    let mut add =
        |location, label: String| match marks.iter_mut().find(|mark| mark.location == location) {
            Some(mark) if mark.label.is_empty() => mark.label = label,
            Some(mark) => mark.label = format!("{}; {label}", mark.label),
            None => marks.push(Mark {
                location,
                label,
                primary: false,
            }),
        };
    let last_of_head = STEPS / 2;
    let first_of_tail = finding.flow.len().saturating_sub(STEPS - last_of_head);
    for (index, step) in finding.flow.iter().enumerate() {
        if finding.flow.len() <= STEPS || index < last_of_head || index >= first_of_tail {
            add(
                &step.location,
                format!("{}. {}", index + 1, text::cut(&text::line(&step.text), 200)),
            );
        }
    }
    for label in &finding.labels {
        add(
            &label.location,
            text::cut(&text::line(&label.text), 200).into_owned(),
        );
    }
    marks
}

/// Marks by file, files in the order of their first mark.
fn by_file<'m, 'f>(marks: &'m [Mark<'f>]) -> Vec<(&'f str, Vec<&'m Mark<'f>>)> {
    let mut files: Vec<(&str, Vec<&Mark<'_>>)> = Vec::new();
    for mark in marks {
        match files
            .iter_mut()
            .find(|(file, _)| *file == &*mark.location.file)
        {
            Some((_, these)) => these.push(mark),
            None => files.push((&mark.location.file, vec![mark])),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::specimen::Specimen;

    #[test]
    fn flows_cross_files_and_cells_are_named() {
        let mut shop = Specimen::shop();
        shop.presentation.quiet = true;
        insta::assert_snapshot!(shop.write(Format::Full), @"");
    }

    #[test]
    fn hostile_texts_stay_bounded() {
        let mut hostile = Specimen::hostile();
        hostile.presentation.quiet = true;
        let text = hostile.write(Format::Full);
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest < 4_000, "{longest}");
    }

    #[test]
    fn escapes_are_only_ours() {
        let mut hostile = Specimen::hostile();
        hostile.presentation.color = true;
        hostile.presentation.hyperlinks = true;
        let text = hostile.write(Format::Full);
        for (at, _) in text.match_indices('\x1b') {
            let rest = &text[at + 1..];
            assert!(
                rest.starts_with('[') && !rest.starts_with("[2J")
                    || rest.starts_with("]8;;")
                    || rest.starts_with('\\'),
                "{:?}",
                &rest[..20]
            );
        }
    }
}

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
/// Stands for a place until the excerpt is rendered: a character for private use.
const PLACE: char = '\u{f8ff}';

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
    for these in by_text(&marks) {
        let locations: Vec<&Location> = these.iter().map(|mark| mark.location).collect();
        let file = &*locations[0].file;
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
    for (number, (_, excerpt, marks)) in excerpts.iter().enumerate() {
        // Equal paths would be drawn as one file's, so each gets its own until `name_places`.
        let path = format!("{PLACE}{number}");
        let Some(excerpt) = excerpt else {
            group = group.element(Origin::path(path));
            continue;
        };
        let first_line = excerpt
            .first_line
            .saturating_sub(lines_before_cell(marks[0].location));
        let annotations = excerpt
            .spans
            .iter()
            .zip(marks)
            .map(|((_, range), mark)| annotation(range.clone(), mark));
        group = group.element(
            Snippet::source(excerpt.text.as_str())
                .path(path)
                .line_start(first_line as usize)
                .annotations(annotations),
        );
    }
    for remark in remarks(finding) {
        group = group.element(Level::NOTE.no_name().message(remark));
    }
    if let Some(fix) = &finding.fix {
        let safety = match fix.safety {
            FixSafety::Safe => "safe fix",
            FixSafety::Unsafe => "may change behaviour",
        };
        group = group.element(
            Level::HELP
                .with_name("fix")
                .message(format!("{} ({safety})", text::line(&fix.title))),
        );
    }
    group = group.element(Level::HELP.message(format!("`hognose explain {rule}`")));
    let rendered = renderer(finding.severity, view).render(&[group]);
    let places: Vec<&str> = excerpts.iter().map(|(place, ..)| place.as_str()).collect();
    name_places(&rendered, &places)
}

/// The renderer would write the column in the text it got, which is not the one in the file: tabs and unsafe characters
/// are written out there, long lines cut. And it knows no cells. So the lines that name places get theirs here.
fn name_places(rendered: &str, places: &[&str]) -> String {
    let mut places = places.iter();
    let mut out = String::with_capacity(rendered.len());
    for line in rendered.split_inclusive('\n') {
        match line.find(PLACE) {
            Some(at) if is_arrow(&line[..at]) => {
                out.push_str(&line[..at]);
                out.push_str(places.next().unwrap_or(&""));
                let rest = line[at..]
                    .find(['\x1b', '\n'])
                    .map_or("", |end| &line[at + end..]);
                out.push_str(rest);
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// Whether what comes before a place is nothing but spaces, colours and the renderer's arrow.
fn is_arrow(before: &str) -> bool {
    let mut plain = String::new();
    let mut rest = before;
    while let Some((head, tail)) = rest.split_once('\x1b') {
        plain.push_str(head);
        rest = tail.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    matches!(plain.trim(), "-->" | ":::")
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

/// Marks by file and cell, in the order of their first mark.
fn by_text<'m, 'f>(marks: &'m [Mark<'f>]) -> Vec<Vec<&'m Mark<'f>>> {
    fn text<'f>(mark: &Mark<'f>) -> (&'f str, Option<u32>) {
        (
            &mark.location.file,
            mark.location.cell.map(|cell| cell.number),
        )
    }
    let mut groups: Vec<Vec<&Mark<'_>>> = Vec::new();
    for mark in marks {
        match groups.iter_mut().find(|these| text(these[0]) == text(mark)) {
            Some(these) => these.push(mark),
            None => groups.push(vec![mark]),
        }
    }
    groups
}

/// Lines of a notebook's joined cells that come before the cell of a location.
fn lines_before_cell(location: &Location) -> u32 {
    location
        .cell
        .map_or(0, |cell| location.start.line.saturating_sub(cell.line))
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::specimen::Specimen;

    #[test]
    fn flows_cross_files_and_cells_are_named() {
        let mut shop = Specimen::shop();
        shop.presentation.quiet = true;
        insta::assert_snapshot!(shop.write(Format::Full), @r#"
        high[yaml-unsafe-load]: `yaml.Loader` builds any object a document names
         --> notes/load.ipynb:cell 2:1:10
          |
        1 | config = yaml.load(open('a.yml'), Loader=yaml.Loader)
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = title of yaml-unsafe-load
          = high confidence · code-injection · CWE-502
          = fix: load with `yaml.SafeLoader` (may change behaviour)
          = help: `hognose explain yaml-unsafe-load`

        critical[sql-injection]: the statement is assembled from `request.args`
         --> shop/store.py:6:25
          |
        5 |     query = f"SELECT * FROM book WHERE title = '{title}' ORDER BY {order}"
          |                                                 -------           ------- this one is constant
          |                                                 |
          |                                                 3. formatted into `query`
        6 |     return connection().execute(query).fetchall()
          |                         ^^^^^^^^^^^^^^ 4. run as SQL
          |
         ::: shop/views.py:6:13
          |
        6 |     title = request.args["title"]
          |             --------------------- 1. what the client sends
        7 |     order = "price"
        8 |     return store.find(title, order)
          |            ------------------------ 2. passed as `title`
          |
          = title of sql-injection
          = high confidence · database · CWE-89
          = help: `hognose explain sql-injection`
        "#);
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

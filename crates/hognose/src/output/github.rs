//! Workflow commands: GitHub shows them as annotations on the lines of a pull request.
//!
//! A runner reads commands from standard output line by line, so a message that could start a line would be a command
//! of the audited project's choosing. Texts are on one line before they are escaped.

use std::io::{self, Write};

use hognose_finding::{RuleMeta, Severity};

use super::{RunTime, text};
use crate::View;

pub(super) fn write(
    view: &View<'_>,
    _rules: &[RuleMeta],
    _time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    // GitHub keeps the first ten annotations of each level in a step; the worst should be among them.
    let mut findings = view.shown.clone();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        let location = &finding.location;
        let level = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low => "notice",
        };
        let (first, last) = text::file_lines(location);
        write!(
            out,
            "::{level} file={},line={first},endLine={last}",
            property(&location.file)
        )?;
        if first == last && location.cell.is_none() && location.start.line == location.end.line {
            // Columns are refused on annotations of several lines; the last one is inclusive.
            let last_column = location
                .end
                .column
                .saturating_sub(1)
                .max(location.start.column);
            write!(
                out,
                ",col={},endColumn={last_column}",
                location.start.column
            )?;
        }
        writeln!(
            out,
            ",title={}::{}",
            property(&format!("{} ({})", finding.rule, finding.severity)),
            message(&text::message_with_cell(finding))
        )?;
    }
    for failure in &view.report.failures {
        let line = failure
            .line
            .map(|line| format!(",line={line}"))
            .unwrap_or_default();
        let how = if failure.partial {
            "analysed in part"
        } else {
            "not analysed"
        };
        writeln!(
            out,
            "::warning file={}{line},title={}::{}",
            property(&failure.file),
            property(how),
            message(&failure.reason)
        )?;
    }
    Ok(())
}

fn message(text: &str) -> String {
    text::line(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::specimen::Specimen;

    #[test]
    fn worst_first() {
        insta::assert_snapshot!(Specimen::shop().write(Format::Github), @r#"
        ::error file=shop/store.py,line=6,endLine=6,col=25,endColumn=38,title=sql-injection (critical)::the statement is assembled from `request.args`
        ::error file=notes/load.ipynb,line=1,endLine=1,title=yaml-unsafe-load (high)::`yaml.Loader` builds any object a document names (cell 2, line 1)
        ::warning file=shop/broken.py,line=7,title=analysed in part::expected an expression
        "#);
    }

    #[test]
    fn no_text_starts_a_command_or_a_property() {
        let hostile = Specimen::hostile();
        let text = hostile.write(Format::Github);
        assert_eq!(
            text.lines().count(),
            hostile.view().shown.len() + hostile.report.failures.len()
        );
        for line in text.lines() {
            let (properties, _) = line[2..].split_once("::").unwrap();
            let (level, properties) = properties.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&level));
            for property in properties.split(',') {
                let (name, _) = property.split_once('=').unwrap();
                assert!(
                    ["file", "line", "endLine", "col", "endColumn", "title"].contains(&name),
                    "{line}"
                );
            }
        }
    }
}

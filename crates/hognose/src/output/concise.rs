//! `file:line:col: severity rule message`, one line per finding, for grep and for editors that jump to such lines.

use std::io::{self, Write};

use hognose_finding::RuleMeta;

use super::paint::Paint;
use super::{RunTime, summary, text};
use crate::View;

pub(super) fn write(
    view: &View<'_>,
    rules: &[RuleMeta],
    time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint::new(view.presentation.color);
    for finding in &view.shown {
        writeln!(
            out,
            "{}: {} {} {}",
            text::place(&finding.location),
            paint.severity(finding.severity, finding.severity.as_str()),
            text::line(&finding.rule),
            text::message(finding)
        )?;
    }
    if view.presentation.statistics {
        summary::write_statistics(view, rules, out)?;
    }
    if !view.presentation.quiet {
        summary::write_summary_line(view, time, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::specimen::Specimen;

    #[test]
    fn one_line_per_finding() {
        let mut shop = Specimen::shop();
        shop.presentation.quiet = true;
        insta::assert_snapshot!(shop.write(Format::Concise), @r#"
        notes/load.ipynb:cell 2:1:10: high yaml-unsafe-load `yaml.Loader` builds any object a document names
        shop/store.py:6:25: critical sql-injection the statement is assembled from `request.args`
        "#);
    }

    #[test]
    fn no_finding_takes_a_second_line() {
        let mut hostile = Specimen::hostile();
        hostile.presentation.quiet = true;
        let text = hostile.write(Format::Concise);
        assert_eq!(text.lines().count(), hostile.view().shown.len());
    }
}

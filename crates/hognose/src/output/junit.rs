//! JUnit XML: a suite per file, a failed case per finding, an error per file that was not analysed.
//!
//! There is no one schema; the output satisfies Ant's, the strictest in use, and Jenkins's. XML 1.0 cannot hold control
//! characters at all, not even escaped; texts have been made visible before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use hognose_finding::{FileFailure, Finding, RuleMeta};

use super::{RunTime, TOOL, VERSION, text, timestamp};
use crate::View;

#[derive(Default)]
struct Suite<'a> {
    findings: Vec<&'a Finding>,
    failures: Vec<&'a FileFailure>,
}

pub(super) fn write(
    view: &View<'_>,
    _rules: &[RuleMeta],
    time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Suite<'_>> = BTreeMap::new();
    for finding in &view.shown {
        suites
            .entry(&finding.location.file)
            .or_default()
            .findings
            .push(finding);
    }
    for failure in &view.report.failures {
        suites
            .entry(&failure.file)
            .or_default()
            .failures
            .push(failure);
    }
    if suites.is_empty() {
        // Readers take a report without a case for one that was not written.
        suites.insert(TOOL, Suite::default());
    }
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>"
    )?;
    for (id, (file, suite)) in suites.iter().enumerate() {
        write_suite(id, file, suite, time, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn write_suite(
    id: usize,
    file: &str,
    suite: &Suite<'_>,
    time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (failures, errors) = (suite.findings.len(), suite.failures.len());
    let tests = (failures + errors).max(1);
    let file = escape(file);
    let started = timestamp(time.started.unwrap_or_default());
    writeln!(
        out,
        "  <testsuite id=\"{id}\" package=\"{TOOL}\" name=\"{file}\" hostname=\"localhost\" timestamp=\"{started}\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"0\">\n    \
         <properties>\n      <property name=\"version\" value=\"{VERSION}\"/>\n    </properties>"
    )?;
    if failures + errors == 0 {
        writeln!(
            out,
            "    <testcase name=\"no findings\" classname=\"{file}\" time=\"0\"/>"
        )?;
    }
    for finding in &suite.findings {
        let location = &finding.location;
        let place = match location.cell {
            None => format!("{}:{}", location.start.line, location.start.column),
            Some(cell) => format!(
                "cell {}:{}:{}",
                cell.number, cell.line, location.start.column
            ),
        };
        let rule = escape(&finding.rule);
        let message = escape(&text::message(finding));
        let severity = finding.severity;
        writeln!(
            out,
            "    <testcase name=\"{rule} at {place}\" classname=\"{file}\" time=\"0\">"
        )?;
        writeln!(
            out,
            "      <failure type=\"{rule}\" message=\"{severity}: {message}\">{}</failure>",
            body(finding)
        )?;
        writeln!(out, "    </testcase>")?;
    }
    for failure in &suite.failures {
        let line = failure
            .line
            .map(|line| format!(" at {line}"))
            .unwrap_or_default();
        let how = if failure.partial {
            "analysed in part"
        } else {
            "not analysed"
        };
        writeln!(
            out,
            "    <testcase name=\"{how}{line}\" classname=\"{file}\" time=\"0\">"
        )?;
        writeln!(
            out,
            "      <error type=\"{how}\" message=\"{}\"/>",
            escape(&failure.reason)
        )?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(
        out,
        "    <system-out></system-out>\n    <system-err></system-err>\n  </testsuite>"
    )
}

fn body(finding: &Finding) -> String {
    let mut body = format!(
        "{}: {} severity, {} confidence, practice {}",
        escape(&text::place(&finding.location)),
        finding.severity,
        finding.confidence,
        finding.practice
    );
    for number in finding.cwe.iter() {
        let _ = write!(body, ", CWE-{number}");
    }
    for (index, step) in finding.flow.iter().enumerate() {
        let _ = write!(
            body,
            "\n{}. {}: {}",
            index + 1,
            escape(&text::place(&step.location)),
            escape(&step.text)
        );
    }
    body
}

/// For attributes and elements alike.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text::line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::specimen::Specimen;

    #[test]
    fn findings_fail_and_unread_files_err() {
        insta::assert_snapshot!(Specimen::shop().write(Format::Junit), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite id="0" package="hognose" name="notes/load.ipynb" hostname="localhost" timestamp="1970-01-01T00:00:00" tests="1" failures="1" errors="0" time="0">
            <properties>
              <property name="version" value="0.1.0"/>
            </properties>
            <testcase name="yaml-unsafe-load at cell 2:1:10" classname="notes/load.ipynb" time="0">
              <failure type="yaml-unsafe-load" message="high: `yaml.Loader` builds any object a document names">notes/load.ipynb:cell 2:1:10: high severity, high confidence, practice code-injection, CWE-502</failure>
            </testcase>
            <system-out></system-out>
            <system-err></system-err>
          </testsuite>
          <testsuite id="1" package="hognose" name="shop/broken.py" hostname="localhost" timestamp="1970-01-01T00:00:00" tests="1" failures="0" errors="1" time="0">
            <properties>
              <property name="version" value="0.1.0"/>
            </properties>
            <testcase name="analysed in part at 7" classname="shop/broken.py" time="0">
              <error type="analysed in part" message="expected an expression"/>
            </testcase>
            <system-out></system-out>
            <system-err></system-err>
          </testsuite>
          <testsuite id="2" package="hognose" name="shop/store.py" hostname="localhost" timestamp="1970-01-01T00:00:00" tests="1" failures="1" errors="0" time="0">
            <properties>
              <property name="version" value="0.1.0"/>
            </properties>
            <testcase name="sql-injection at 6:25" classname="shop/store.py" time="0">
              <failure type="sql-injection" message="critical: the statement is assembled from `request.args`">shop/store.py:6:25: critical severity, high confidence, practice database, CWE-89
        1. shop/views.py:6:13: what the client sends
        2. shop/views.py:8:12: passed as `title`
        3. shop/store.py:5:49: formatted into `query`
        4. shop/store.py:6:25: run as SQL</failure>
            </testcase>
            <system-out></system-out>
            <system-err></system-err>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn xml_holds_only_what_xml_may() {
        let text = Specimen::hostile().write(Format::Junit);
        assert!(!text.contains("]]>") && !text.contains("<b>") && !text.contains('\u{fffe}'));
    }
}

//! Comma-separated values by RFC 4180, safe to open in a spreadsheet.
//!
//! A spreadsheet runs a cell that starts with `=`, `+`, `-` or `@` as a formula. Names and messages come from the audited
//! project, so such cells get an apostrophe before them, which spreadsheets take as "this is text".

use std::io::{self, Write};

use hognose_finding::{Finding, RuleMeta};

use super::{RunTime, text};
use crate::View;

const HEADER: [&str; 18] = [
    "severity",
    "confidence",
    "rule",
    "title",
    "message",
    "file",
    "line",
    "column",
    "end_line",
    "end_column",
    "cell",
    "cwe",
    "practice",
    "persona",
    "symbol",
    "in_test",
    "flow_steps",
    "fingerprint",
];

pub(super) fn write(
    view: &View<'_>,
    _rules: &[RuleMeta],
    _time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    row(&HEADER, out)?;
    for finding in &view.shown {
        row(&fields(finding), out)?;
    }
    Ok(())
}

fn fields(finding: &Finding) -> [String; 18] {
    let location = &finding.location;
    let lines = location.end.line.saturating_sub(location.start.line);
    let first = location.cell.map_or(location.start.line, |cell| cell.line);
    let cwe: Vec<String> = finding.cwe.iter().map(|n| format!("CWE-{n}")).collect();
    [
        finding.severity.to_string(),
        finding.confidence.to_string(),
        text::line(&finding.rule).into_owned(),
        text::line(&finding.title).into_owned(),
        text::message(finding).into_owned(),
        text::line(&location.file).into_owned(),
        first.to_string(),
        location.start.column.to_string(),
        first.saturating_add(lines).to_string(),
        location.end.column.to_string(),
        location
            .cell
            .map_or_else(String::new, |cell| cell.number.to_string()),
        cwe.join(" "),
        finding.practice.to_string(),
        finding.persona.to_string(),
        text::line(&finding.symbol).into_owned(),
        finding.in_test.to_string(),
        finding.flow.len().to_string(),
        finding.fingerprint.to_string(),
    ]
}

/// Writes a line. Its fields hold no unsafe characters.
pub(crate) fn row(fields: &[impl AsRef<str>], out: &mut dyn Write) -> io::Result<()> {
    for (index, field) in fields.iter().map(AsRef::as_ref).enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let guard = if is_formula(field) { "'" } else { "" };
        if guard.is_empty() && !field.contains([',', '"', '\'', ';', '\n', '\r']) {
            out.write_all(field.as_bytes())?;
        } else {
            write!(out, "\"{guard}{}\"", field.replace('"', "\"\""))?;
        }
    }
    out.write_all(b"\r\n")
}

/// Leading spaces are trimmed by some programs before they look for a formula; full-width signs count in East Asian ones.
fn is_formula(field: &str) -> bool {
    field
        .trim_start()
        .starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::specimen::Specimen;
    use super::*;

    #[test]
    fn a_row_per_finding() {
        insta::assert_snapshot!(Specimen::shop().write(Format::Csv).replace("\r\n", "\n"), @r#"
        severity,confidence,rule,title,message,file,line,column,end_line,end_column,cell,cwe,practice,persona,symbol,in_test,flow_steps,fingerprint
        high,high,yaml-unsafe-load,title of yaml-unsafe-load,`yaml.Loader` builds any object a document names,notes/load.ipynb,1,10,1,54,2,CWE-502,code-injection,regular,m.f,false,0,c005ffcca8a033abc75e26db1928e600:3
        critical,high,sql-injection,title of sql-injection,the statement is assembled from `request.args`,shop/store.py,6,25,6,39,,CWE-89,database,regular,shop.store.find,false,4,42f614357d328e17a8390bf9cc80b318:6
        "#);
    }

    #[test]
    fn formulas_are_defused_and_fields_quoted() {
        let hostile = Specimen::hostile();
        let text = hostile.write(Format::Csv);
        assert_eq!(text.matches("\r\n").count(), 1 + hostile.view().shown.len());
        assert_eq!(text.replace("\r\n", "").matches(['\r', '\n']).count(), 0);
        assert!(text.contains(",\"'-1+1\","));
        for formula in ["=1", " =1", "\u{ff1d}1", "@SUM(A1)", "+1", "-1"] {
            assert!(is_formula(formula), "{formula}");
        }
        assert!(!is_formula("a=1"));
    }
}

//! One object with everything a program may want: schema `hognose-report/1`, published in
//! `docs/schema/hognose-report.schema.json`.
//!
//! Within a version fields are added, never removed, renamed or given another meaning. Texts are as the audited project
//! has them; what a terminal could take amiss is escaped by JSON's own means.

use std::io::{self, Write};

use hognose_finding::{
    Cell, DataFlow, Finding, FixSafety, Label, Location, Position, Practice, RuleMeta, Severity,
    Step, Suppressed,
};
use serde::Serialize;

use super::{RunTime, TOOL, VERSION, json_text, text};
use crate::View;

/// Name and version of the schema.
const SCHEMA: &str = "hognose-report/1";

pub(super) fn write(
    view: &View<'_>,
    _rules: &[RuleMeta],
    _time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let report = view.report;
    let document = Document {
        schema: SCHEMA,
        tool: Tool {
            name: TOOL,
            version: VERSION,
        },
        findings: text::shown_and_suppressed(view)
            .into_iter()
            .map(FindingObject::new)
            .collect(),
        summary: Summary {
            findings: view.shown.len(),
            by_severity: BySeverity::new(view.shown.iter().copied()),
            suppressed: view.suppressed.len(),
            hidden_by_persona: view.hidden_by_persona,
            hidden_by_filter: view.hidden_by_filter,
            outside_diff: view.outside_diff,
            files_analysed: report.files_analysed,
            lines_analysed: report.lines_analysed,
            files_failed: report.failures.len(),
        },
        data_flow: report.data_flow.as_ref().map(DataFlowObject::new),
        practices: Practice::ALL
            .iter()
            .map(|practice| PracticeObject::new(*practice, view))
            .collect(),
        failures: report
            .failures
            .iter()
            .map(|f| Failure {
                file: &f.file,
                line: f.line,
                reason: &f.reason,
                partial: f.partial,
            })
            .collect(),
        notes: report
            .notes
            .iter()
            .map(|n| NoteObject {
                file: n.file.as_deref(),
                text: &n.text,
            })
            .collect(),
    };
    json_text::write(&document, out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'a str,
    tool: Tool<'a>,
    findings: Vec<FindingObject<'a>>,
    summary: Summary,
    data_flow: Option<DataFlowObject<'a>>,
    practices: Vec<PracticeObject>,
    failures: Vec<Failure<'a>>,
    notes: Vec<NoteObject<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct FindingObject<'a> {
    rule: &'a str,
    title: &'a str,
    message: &'a str,
    severity: &'a str,
    confidence: &'a str,
    persona: &'a str,
    practice: &'a str,
    cwe: &'a [u16],
    #[serde(flatten)]
    place: Place<'a>,
    symbol: &'a str,
    in_test: bool,
    fingerprint: String,
    labels: Vec<Remark<'a>>,
    flow: Vec<Remark<'a>>,
    fix: Option<Fix<'a>>,
    suppressed: Option<Suppression<'a>>,
}

impl<'a> FindingObject<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            rule: &finding.rule,
            title: &finding.title,
            message: &finding.message,
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            persona: finding.persona.as_str(),
            practice: finding.practice.as_str(),
            cwe: &finding.cwe,
            place: Place::new(&finding.location),
            symbol: &finding.symbol,
            in_test: finding.in_test,
            fingerprint: finding.fingerprint.to_string(),
            labels: finding
                .labels
                .iter()
                .map(|Label { location, text }| Remark::new(location, text))
                .collect(),
            flow: finding
                .flow
                .iter()
                .map(|Step { location, text }| Remark::new(location, text))
                .collect(),
            fix: finding.fix.as_ref().map(|fix| Fix {
                title: &fix.title,
                safety: match fix.safety {
                    FixSafety::Safe => "safe",
                    FixSafety::Unsafe => "unsafe",
                },
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| Remark::new(&edit.location, &edit.text))
                    .collect(),
            }),
            suppressed: finding.suppressed.as_ref().map(Suppression::new),
        }
    }
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    start: Point,
    end: Point,
    cell: Option<CellObject>,
}

impl<'a> Place<'a> {
    fn new(location: &'a Location) -> Self {
        Self {
            file: &location.file,
            start: Point::new(location.start),
            end: Point::new(location.end),
            cell: location
                .cell
                .map(|Cell { number, line }| CellObject { number, line }),
        }
    }
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
}

impl Point {
    const fn new(position: Position) -> Self {
        Self {
            line: position.line,
            column: position.column,
        }
    }
}

#[derive(Serialize)]
struct CellObject {
    number: u32,
    line: u32,
}

/// A place with a text: a label, a step, an edit.
#[derive(Serialize)]
struct Remark<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

impl<'a> Remark<'a> {
    fn new(location: &'a Location, text: &'a str) -> Self {
        Self {
            place: Place::new(location),
            text,
        }
    }
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: &'a str,
    edits: Vec<Remark<'a>>,
}

#[derive(Serialize)]
struct Suppression<'a> {
    kind: &'a str,
    tool: Option<&'a str>,
    reason: Option<&'a str>,
}

impl<'a> Suppression<'a> {
    fn new(suppressed: &'a Suppressed) -> Self {
        let (kind, tool, reason) = match suppressed {
            Suppressed::InSource { reason } => ("comment", None, reason.as_deref()),
            Suppressed::Compat { tool } => ("compat", Some(*tool), None),
            Suppressed::Configuration { reason } => ("configuration", None, reason.as_deref()),
            Suppressed::Baseline => ("baseline", None, None),
        };
        Self { kind, tool, reason }
    }
}

#[derive(Serialize)]
struct Summary {
    findings: usize,
    by_severity: BySeverity,
    suppressed: usize,
    hidden_by_persona: usize,
    hidden_by_filter: usize,
    outside_diff: usize,
    files_analysed: usize,
    lines_analysed: usize,
    files_failed: usize,
}

/// Which sources counted, and how far data was followed.
#[derive(Serialize)]
struct DataFlowObject<'a> {
    sources: Vec<SourceObject<'a>>,
    functions: usize,
    entries: usize,
    cut: usize,
    calls: usize,
    unresolved: usize,
}

#[derive(Serialize)]
struct SourceObject<'a> {
    kind: &'a str,
    why: Option<&'a str>,
}

impl<'a> DataFlowObject<'a> {
    fn new(data_flow: &'a DataFlow) -> Self {
        Self {
            sources: data_flow
                .sources
                .iter()
                .map(|used| SourceObject {
                    kind: &used.kind,
                    why: used.why.as_deref(),
                })
                .collect(),
            functions: data_flow.functions,
            entries: data_flow.entries,
            cut: data_flow.cut,
            calls: data_flow.calls,
            unresolved: data_flow.unresolved,
        }
    }
}

#[derive(Serialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
}

impl BySeverity {
    fn new<'f>(findings: impl Iterator<Item = &'f Finding> + Clone) -> Self {
        let count = |severity| findings.clone().filter(|f| f.severity == severity).count();
        Self {
            critical: count(Severity::Critical),
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
        }
    }
}

#[derive(Serialize)]
struct PracticeObject {
    id: &'static str,
    description: &'static str,
    assessed: bool,
    rules: usize,
    findings: BySeverity,
}

impl PracticeObject {
    fn new(practice: Practice, view: &View<'_>) -> Self {
        let findings = || {
            view.shown
                .iter()
                .copied()
                .filter(|f| f.practice == practice)
        };
        let assessment = view.report.practices.get(&practice);
        Self {
            id: practice.as_str(),
            description: practice.description(),
            assessed: assessment.is_some() || findings().next().is_some(),
            rules: assessment.map_or(0, |a| a.rules),
            findings: BySeverity::new(findings()),
        }
    }
}

#[derive(Serialize)]
struct Failure<'a> {
    file: &'a str,
    line: Option<u32>,
    reason: &'a str,
    partial: bool,
}

#[derive(Serialize)]
struct NoteObject<'a> {
    file: Option<&'a str>,
    text: &'a str,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Format;
    use super::super::specimen::Specimen;

    #[test]
    fn names_everything_there_is() {
        let report: Value = serde_json::from_str(&Specimen::shop().write(Format::Json)).unwrap();
        assert_eq!(report["schema"], "hognose-report/1");
        assert_eq!(
            report["summary"],
            json!({
                "findings": 2, "by_severity": {"critical": 1, "high": 1, "medium": 0, "low": 0},
                "suppressed": 1, "hidden_by_persona": 1, "hidden_by_filter": 0, "outside_diff": 0,
                "files_analysed": 12, "lines_analysed": 3456, "files_failed": 1,
            })
        );
        let rules: Vec<&Value> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| &f["rule"])
            .collect();
        assert_eq!(
            rules,
            ["yaml-unsafe-load", "sql-injection", "sql-injection"]
        );
        assert_eq!(
            report["findings"][0]["cell"],
            json!({"number": 2, "line": 1})
        );
        assert_eq!(
            report["findings"][1]["suppressed"],
            json!({"kind": "comment", "tool": null, "reason": "order is an enum"})
        );
        assert_eq!(
            report["findings"][2]["flow"][0],
            json!({
                "file": "shop/views.py", "start": {"line": 6, "column": 13}, "end": {"line": 6, "column": 34},
                "cell": null, "text": "what the client sends",
            })
        );
        assert_eq!(report["practices"].as_array().unwrap().len(), 15);
        assert_eq!(report["practices"][0]["assessed"], false);
    }

    #[test]
    fn hostile_texts_come_back_unchanged() {
        let hostile = Specimen::hostile();
        let report: Value = serde_json::from_str(&hostile.write(Format::Json)).unwrap();
        assert_eq!(
            report["findings"][0]["message"],
            hostile.report.findings[0].message
        );
        assert_eq!(
            report["findings"][0]["file"],
            &*hostile.report.findings[0].location.file
        );
        assert_eq!(
            report["findings"].as_array().unwrap().len(),
            hostile.report.findings.len()
        );
    }

    /// The whole schema is for `tests/schemas/validate.py`; this holds without Python that no member is undocumented.
    #[test]
    fn the_published_schema_names_the_members() {
        let schema: Value = serde_json::from_str(include_str!(
            "../../../../docs/schema/hognose-report.schema.json"
        ))
        .unwrap();
        let report: Value = serde_json::from_str(&Specimen::shop().write(Format::Json)).unwrap();
        let members = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        for (object, definition) in [
            (&report, &schema),
            (&report["tool"], &schema["properties"]["tool"]),
            (&report["findings"][0], &schema["$defs"]["finding"]),
            (&report["findings"][0]["fix"], &schema["$defs"]["fix"]),
            (
                &report["findings"][2]["flow"][0],
                &schema["$defs"]["remark"],
            ),
            (
                &report["findings"][1]["suppressed"],
                &schema["$defs"]["suppression"],
            ),
            (&report["summary"], &schema["$defs"]["summary"]),
            (&report["data_flow"], &schema["$defs"]["data_flow"]),
            (&report["practices"][0], &schema["$defs"]["practice"]),
            (&report["failures"][0], &schema["$defs"]["failure"]),
            (&report["notes"][0], &schema["$defs"]["note"]),
        ] {
            assert_eq!(members(object), members(&definition["properties"]));
        }
        assert_eq!(report["schema"], schema["properties"]["schema"]["const"]);
    }
}

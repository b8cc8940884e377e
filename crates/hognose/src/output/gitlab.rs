//! The SAST report of GitLab, schema 15: what `artifacts:reports:sast` takes.
//!
//! GitLab renders descriptions as Markdown, so texts are escaped for it. Suppressed findings are left out: the format has
//! no word for them.

use std::io::{self, Write};

use hognose_finding::{Finding, Fingerprint, Location, RuleMeta, Severity};
use serde_json::{Value, json};

use super::{HOME, RunTime, TOOL, VERSION, json_text, markdown, meta, rule_url, text, timestamp};
use crate::View;

/// GitLab validates against the latest patch of this minor version that it knows.
const SCHEMA_VERSION: &str = "15.0.6";
/// Bounds of the schema, in characters.
const NAME: usize = 255;
const SOLUTION: usize = 7_000;
/// GitLab reads this many.
const IDENTIFIERS: usize = 20;
/// Steps of a flow that are listed.
const STEPS: usize = 100;

pub(super) fn write(
    view: &View<'_>,
    rules: &[RuleMeta],
    time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let started = time.started.unwrap_or_default();
    let ended = started.saturating_add(time.elapsed.map_or(0, |elapsed| elapsed.as_secs()));
    let tool = json!({"id": TOOL, "name": TOOL, "url": HOME, "version": VERSION, "vendor": {"name": TOOL}});
    let report = json!({
        "version": SCHEMA_VERSION,
        "schema": format!(
            "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v{SCHEMA_VERSION}/dist/sast-report-format.json"
        ),
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "sast",
            "start_time": timestamp(started),
            "end_time": timestamp(ended),
            "status": "success",
            "messages": messages(view),
        },
        "vulnerabilities": view.shown.iter().map(|finding| vulnerability(finding, rules)).collect::<Vec<_>>(),
    });
    json_text::write(&report, out)
}

fn messages(view: &View<'_>) -> Vec<Value> {
    let failures = view.report.failures.iter().map(|failure| {
        let how = if failure.partial { "analysed in part" } else { "not analysed" };
        let line = failure.line.map(|line| format!(":{line}")).unwrap_or_default();
        let file = text::line(&failure.file);
        json!({"level": "warn", "value": format!("{file}{line}: {how}: {}", text::line(&failure.reason))})
    });
    let notes = view.report.notes.iter().map(|note| {
        let file = note
            .file
            .as_ref()
            .map(|file| format!("{}: ", text::line(file)))
            .unwrap_or_default();
        json!({"level": "info", "value": format!("{file}{} ", text::line(&note.text)).trim_end()})
    });
    failures
        .chain(notes)
        .filter(|message| message["value"] != "")
        .collect()
}

fn vulnerability(finding: &Finding, rules: &[RuleMeta]) -> Value {
    let rule = meta(rules, &finding.rule);
    let url = rule_url(rules, &finding.rule);
    let id = text::line(&finding.rule);
    let mut primary =
        json!({"type": "hognose_rule", "name": format!("{TOOL} {id}"), "value": &*id});
    if let Some(url) = &url {
        primary["url"] = url.as_str().into();
    }
    let mut identifiers = vec![primary];
    identifiers.extend(finding.cwe.iter().map(|number| {
        let url = format!("https://cwe.mitre.org/data/definitions/{number}.html");
        json!({"type": "cwe", "name": format!("CWE-{number}"), "value": number.to_string(), "url": url})
    }));
    let owasp = rule.map(|rule| rule.owasp.as_slice()).unwrap_or_default();
    identifiers.extend(owasp.iter().filter(|id| !id.is_empty()).map(|id| {
        json!({"type": "owasp", "name": format!("OWASP {}", text::line(id)), "value": text::line(id)})
    }));
    identifiers.truncate(IDENTIFIERS);

    let lines = text::file_lines(&finding.location);
    let fingerprint = finding.fingerprint.to_string();
    let mut details = json!({
        "confidence": {"type": "text", "name": "Confidence", "value": finding.confidence.as_str()},
        "practice": {"type": "text", "name": "Practice", "value": finding.practice.as_str()},
    });
    if !finding.flow.is_empty() {
        let steps = finding
            .flow
            .iter()
            .take(STEPS)
            .map(|step| file_location(&step.location));
        details["flow"] =
            json!({"type": "list", "name": "Flow", "items": steps.collect::<Vec<_>>()});
    }
    let mut vulnerability = json!({
        "id": uuid(finding.fingerprint),
        "category": "sast",
        "name": text::cut(&text::line(&finding.title), NAME),
        "description": markdown::escape(&text::message_with_cell(finding)),
        "severity": match finding.severity {
            Severity::Critical => "Critical",
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
        },
        "identifiers": identifiers,
        "location": {
            "file": text::line(&finding.location.file),
            "start_line": lines.0,
            "end_line": lines.1,
            "method": text::line(&finding.symbol),
        },
        "tracking": {"type": "source", "items": [{
            "file": text::line(&finding.location.file),
            "start_line": lines.0,
            "end_line": lines.1,
            "signatures": [{"algorithm": "hash", "value": fingerprint}],
        }]},
        "details": details,
    });
    if let Some(fix) = &finding.fix {
        vulnerability["solution"] = text::cut(&text::line(&fix.title), SOLUTION).into();
    }
    if let Some(url) = url {
        vulnerability["links"] = json!([{"name": format!("{TOOL} {id}"), "url": url}]);
    }
    vulnerability
}

fn file_location(location: &Location) -> Value {
    let lines = text::file_lines(location);
    json!({"type": "file-location", "file_name": text::line(&location.file), "line_start": lines.0, "line_end": lines.1})
}

/// A fingerprint as a UUID of version 8, the one for applications' own schemes.
fn uuid(fingerprint: Fingerprint) -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let bits = fingerprint.content ^ (u128::from(fingerprint.ordinal) << 80);
    let bits = bits & !VERSION & !VARIANT | 8 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::super::specimen::Specimen;
    use super::*;

    #[test]
    fn a_vulnerability_is_identified_and_placed() {
        let shop = Specimen::shop();
        let mut out = Vec::new();
        let time = RunTime {
            started: Some(1_798_761_598),
            elapsed: Some(Duration::from_secs(3)),
        };
        write(&shop.view(), &shop.rules, time, &mut out).unwrap();
        let report: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(report["scan"]["start_time"], "2026-12-31T23:59:58");
        assert_eq!(report["scan"]["end_time"], "2027-01-01T00:00:01");
        let found = &report["vulnerabilities"][1];
        assert_eq!(found["severity"], "Critical");
        assert_eq!(
            found["location"],
            json!({"file": "shop/store.py", "start_line": 6, "end_line": 6, "method": "shop.store.find"})
        );
        let names: Vec<&Value> = found["identifiers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| &i["name"])
            .collect();
        assert_eq!(names, ["hognose sql-injection", "CWE-89", "OWASP A03:2021"]);
    }

    #[test]
    fn ids_differ_where_fingerprints_do() {
        let ids: BTreeSet<String> = (0..9)
            .map(|n| {
                uuid(Fingerprint {
                    content: u128::MAX / 3 + u128::from(n / 3),
                    ordinal: n % 3,
                })
            })
            .collect();
        assert_eq!(ids.len(), 9);
        assert_eq!(
            uuid(Fingerprint::default()),
            "00000000-0000-8000-8000-000000000000"
        );
    }
}

//! SARIF 2.1.0, for code scanning, dashboards and editors.
//!
//! What GitHub reads of it is written for GitHub: CWE tags, `security-severity`, `precision`, partial fingerprints, and no
//! more results, steps and tags than its upload takes. Texts of the source are not copied into the file: it is uploaded to
//! places that need not hold the code.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use hognose_finding::{Confidence, Finding, Location, RuleMeta, Severity, Suppressed};
use serde_json::{Map, Value, json};

use super::{HOME, RunTime, TOOL, VERSION, json_text, meta, rule_url, text};
use crate::View;

/// GitHub refuses a run with more results.
const RESULTS: usize = 25_000;
/// GitHub shows this many of a run, worst first.
const RESULTS_SHOWN: usize = 5_000;
/// Steps of a flow that GitHub shows.
const STEPS: usize = 1_000;
/// Locations of a result that GitHub shows.
const RELATED: usize = 100;
/// Characters of a description that GitHub takes.
const DESCRIPTION: usize = 1_000;
/// Tags of a rule that GitHub shows.
const TAGS: usize = 10;

pub(super) fn write(
    view: &View<'_>,
    rules: &[RuleMeta],
    _time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (findings, left_out) = within_limits(text::shown_and_suppressed(view));
    let mut used: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in &findings {
        used.entry(&finding.rule).or_insert(finding);
    }
    let indices: BTreeMap<&str, usize> = used
        .keys()
        .enumerate()
        .map(|(index, id)| (*id, index))
        .collect();
    let descriptors: Vec<Value> = used
        .values()
        .map(|finding| descriptor(finding, rules))
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| result(finding, indices[&*finding.rule]))
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": TOOL,
                "version": VERSION,
                "semanticVersion": VERSION,
                "informationUri": HOME,
                "rules": descriptors,
                "notifications": [
                    {"id": "file-not-analysed", "shortDescription": {"text": "A file was not, or not wholly, analysed"}},
                    {"id": "coverage", "shortDescription": {"text": "A remark on what was looked at"}},
                    {"id": "limit", "shortDescription": {"text": "The report is larger than its readers take"}},
                ],
            }},
            "automationDetails": {"id": format!("{TOOL}/")},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": source_root(view)},
            "invocations": [{
                // The run itself did what it should; what it could not read is in the notifications.
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(view, findings.len(), left_out),
            }],
            "properties": properties(view),
            "results": results,
        }],
    });
    json_text::write(&log, out)
}

/// Which kinds of sources counted.
fn properties(view: &View<'_>) -> Value {
    let data_flow = view.report.data_flow.as_ref();
    let sources = data_flow.map_or(&[][..], |data_flow| &data_flow.sources);
    json!({
        "sources": sources
            .iter()
            .map(|used| json!({"kind": used.kind, "why": used.why}))
            .collect::<Vec<_>>(),
    })
}

/// The findings that fit, in order, and how many do not: suppressed ones go first, then the mildest.
fn within_limits(mut findings: Vec<&Finding>) -> (Vec<&Finding>, usize) {
    let left_out = findings.len().saturating_sub(RESULTS);
    if left_out > 0 {
        let rank = |finding: &Finding| (finding.suppressed.is_some(), Reverse(finding.severity));
        let mut order: Vec<usize> = (0..findings.len()).collect();
        order.sort_by_key(|index| rank(findings[*index]));
        let mut kept: Vec<usize> = order.into_iter().take(RESULTS).collect();
        kept.sort_unstable();
        findings = kept.into_iter().map(|index| findings[index]).collect();
    }
    (findings, left_out)
}

fn descriptor(finding: &Finding, rules: &[RuleMeta]) -> Value {
    let rule = meta(rules, &finding.rule);
    let severity = rule.map_or(finding.severity, |r| r.severity);
    let confidence = rule.map_or(finding.confidence, |r| r.confidence);
    let practice = rule.map_or(finding.practice, |r| r.practice);
    let title = message(rule.map_or(&finding.title, |r| &r.title));
    let cwe = rule.map_or(&*finding.cwe, |r| &r.cwe);
    let page = rule
        .map(|r| page_text(r.page))
        .filter(|page| !page.is_empty());

    let description = page
        .as_deref()
        .and_then(first_paragraph)
        .unwrap_or_else(|| title.clone());
    let description = text::cut(&description, DESCRIPTION);

    let mut tags = vec!["security".to_owned()];
    tags.extend(
        cwe.iter()
            .map(|number| format!("external/cwe/cwe-{number:03}")),
    );
    tags.push(practice.to_string());
    if let Some(rule) = rule {
        tags.extend(
            rule.owasp
                .iter()
                .map(|id| format!("external/owasp/{}", text::line(id).to_lowercase())),
        );
        tags.extend(rule.tags.iter().map(|tag| text::line(tag).into_owned()));
    }
    let mut seen = BTreeSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    tags.truncate(TAGS);

    let mut descriptor = json!({
        "id": text::line(&finding.rule),
        "name": pascal_case(&text::line(&finding.rule)),
        "shortDescription": {"text": title},
        "fullDescription": {"text": description},
        "help": {
            "text": format!("Run `{TOOL} explain {}`", text::line(&finding.rule)),
            "markdown": page.unwrap_or_else(|| format!("Run `{TOOL} explain {}`", text::line(&finding.rule))),
        },
        "defaultConfiguration": {"level": level(severity)},
        "properties": {
            "tags": tags,
            "precision": precision(confidence),
            "problem.severity": match severity {
                Severity::Critical | Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low => "recommendation",
            },
            "security-severity": security_severity(severity),
        },
    });
    if let Some(url) = rule_url(rules, &finding.rule) {
        descriptor["helpUri"] = url.into();
    }
    descriptor
}

fn result(finding: &Finding, rule_index: usize) -> Value {
    let mut place = location(&finding.location);
    if !finding.symbol.is_empty() {
        place["logicalLocations"] = json!([{"fullyQualifiedName": text::line(&finding.symbol)}]);
    }
    let mut result = json!({
        "ruleId": text::line(&finding.rule),
        "ruleIndex": rule_index,
        "kind": "fail",
        "level": level(finding.severity),
        "message": {"text": message(&text::message_with_cell(finding))},
        "locations": [place],
        "partialFingerprints": {"hognoseContent/v1": finding.fingerprint.to_string()},
        "properties": {
            "severity": finding.severity.as_str(),
            "confidence": finding.confidence.as_str(),
            "persona": finding.persona.as_str(),
            "practice": finding.practice.as_str(),
            "inTest": finding.in_test,
        },
    });
    if !finding.labels.is_empty() {
        let labels = finding.labels.iter().take(RELATED).enumerate();
        let related = labels.map(|(id, label)| {
            with(
                location(&label.location),
                &[
                    ("id", json!(id)),
                    (
                        "message",
                        json!({"text": message(&text::line(&label.text))}),
                    ),
                ],
            )
        });
        result["relatedLocations"] = related.collect();
    }
    if !finding.flow.is_empty() {
        result["codeFlows"] = json!([{"threadFlows": [{"locations": thread_flow(finding)}]}]);
    }
    if let Some(suppressed) = &finding.suppressed {
        result["suppressions"] = json!([suppression(suppressed)]);
    }
    if let Some(fix) = &finding.fix {
        let mut changes: BTreeMap<&str, (Value, Vec<Value>)> = BTreeMap::new();
        for edit in fix.edits.iter().filter(|edit| edit.location.cell.is_none()) {
            let file = &*edit.location.file;
            let (_, replacements) = changes
                .entry(file)
                .or_insert_with(|| (artifact(file), Vec::new()));
            replacements.push(json!({
                "deletedRegion": region(&edit.location),
                "insertedContent": {"text": edit.text},
            }));
        }
        if !changes.is_empty() {
            let changes: Vec<Value> = changes
                .into_values()
                .map(|(file, replacements)| json!({"artifactLocation": file, "replacements": replacements}))
                .collect();
            result["fixes"] = json!([{"description": {"text": message(&text::line(&fix.title))}, "artifactChanges": changes}]);
        }
    }
    result
}

/// Of a flow too long the first and the last steps: source and sink matter most.
fn thread_flow(finding: &Finding) -> Vec<Value> {
    let count = finding.flow.len();
    let steps = finding.flow.iter().enumerate();
    steps
        .filter(|(index, _)| count <= STEPS || *index < STEPS / 2 || *index >= count - STEPS / 2)
        .map(|(index, step)| {
            let place = with(
                location(&step.location),
                &[("message", json!({"text": message(&text::line(&step.text))}))],
            );
            let importance = if index == 0 || index + 1 == count {
                "essential"
            } else {
                "important"
            };
            json!({"location": place, "executionOrder": index + 1, "importance": importance})
        })
        .collect()
}

fn suppression(suppressed: &Suppressed) -> Value {
    let (kind, justification) = match suppressed {
        Suppressed::InSource { reason } => ("inSource", reason.clone()),
        Suppressed::Compat { tool } => ("inSource", Some(format!("a comment for {tool}"))),
        Suppressed::Configuration { reason } => ("external", reason.clone()),
        Suppressed::Baseline => ("external", Some("known in the baseline".to_owned())),
    };
    let mut suppression = json!({"kind": kind, "status": "accepted"});
    if let Some(justification) = justification.filter(|text| !text.trim().is_empty()) {
        suppression["justification"] = text::line(&justification).into();
    }
    suppression
}

fn notifications(view: &View<'_>, results: usize, left_out: usize) -> Vec<Value> {
    let mut notifications = Vec::new();
    for failure in &view.report.failures {
        let mut place = json!({"physicalLocation": {"artifactLocation": artifact(&failure.file)}});
        if let Some(line) = failure.line {
            place["physicalLocation"]["region"] = json!({"startLine": line.max(1)});
        }
        let how = if failure.partial {
            "analysed in part"
        } else {
            "not analysed"
        };
        notifications.push(json!({
            "descriptor": {"id": "file-not-analysed"},
            "level": if failure.partial { "warning" } else { "error" },
            "message": {"text": format!("{how}: {}", message(&text::line(&failure.reason)))},
            "locations": [place],
        }));
    }
    for note in &view.report.notes {
        let mut notification = json!({
            "descriptor": {"id": "coverage"},
            "level": "note",
            "message": {"text": message(&text::line(&note.text))},
        });
        if let Some(file) = &note.file {
            notification["locations"] =
                json!([{"physicalLocation": {"artifactLocation": artifact(file)}}]);
        }
        notifications.push(notification);
    }
    let limit = |text: String| json!({"descriptor": {"id": "limit"}, "level": "warning", "message": {"text": text}});
    if left_out > 0 {
        notifications.push(limit(format!(
            "{left_out} results are left out: code scanning takes no more than {RESULTS}; suppressed and milder ones go first"
        )));
    }
    if results > RESULTS_SHOWN {
        notifications.push(limit(format!(
            "{results} results: GitHub shows the {RESULTS_SHOWN} most severe; a higher `--min-severity` or `--persona regular` shortens the report"
        )));
    }
    notifications
}

fn location(location: &Location) -> Value {
    let mut physical =
        json!({"artifactLocation": artifact(&location.file), "region": region(location)});
    if let Some(cell) = location.cell {
        physical["properties"] = json!({"cell": cell.number, "cellLine": cell.line, "cellColumn": location.start.column});
    }
    json!({"physicalLocation": physical})
}

/// Lines of cells are no lines of the notebook's file: its findings stand at the first.
fn region(location: &Location) -> Value {
    if location.cell.is_some() {
        return json!({"startLine": 1});
    }
    let (start, end) = (location.start, location.end.max(location.start));
    json!({
        "startLine": start.line.max(1),
        "startColumn": start.column.max(1),
        "endLine": end.line.max(1),
        "endColumn": end.column.max(1),
    })
}

fn artifact(file: &str) -> Value {
    if file.starts_with('/') || drive(file).is_some() {
        json!({"uri": file_uri(file)})
    } else {
        json!({"uri": text::percent_encode(file), "uriBaseId": "%SRCROOT%"})
    }
}

fn source_root(view: &View<'_>) -> Value {
    let root = view.presentation.root.to_string_lossy().replace('\\', "/");
    let mut base = json!({"description": {"text": "The audited directory"}});
    if !root.is_empty() {
        base["uri"] = format!("{}/", file_uri(root.trim_end_matches('/'))).into();
    }
    base
}

/// An absolute path, with a drive letter or without.
fn file_uri(path: &str) -> String {
    match drive(path) {
        Some((drive, path)) => format!("file:///{drive}{}", text::percent_encode(path)),
        None => format!("file://{}", text::percent_encode(path)),
    }
}

/// `C:` and the rest.
fn drive(path: &str) -> Option<(&str, &str)> {
    let (drive, rest) = path.split_at_checked(2)?;
    let letter = drive.starts_with(|c: char| c.is_ascii_alphabetic()) && drive.ends_with(':');
    (letter && rest.starts_with('/')).then_some((drive, rest))
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// In the middle of GitHub's bands: low below 4, medium below 7, high below 9.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "3.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

const fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

/// `sql-injection` as `SqlInjection`, the form SARIF asks for.
fn pascal_case(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(chars).collect()
            })
        })
        .collect()
}

/// SARIF reads `[text](1)` in a message as a link.
fn message(text: &str) -> String {
    text.replace("](", "] (")
}

/// A page is several lines; each is made harmless.
fn page_text(page: &str) -> String {
    page.lines().map(text::line).collect::<Vec<_>>().join("\n")
}

/// The first paragraph of a page that is no heading, on one line.
fn first_paragraph(page: &str) -> Option<String> {
    page.split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .find(|paragraph| !paragraph.is_empty() && !paragraph.starts_with('#'))
}

fn with(mut value: Value, fields: &[(&str, Value)]) -> Value {
    let object: &mut Map<String, Value> = match &mut value {
        Value::Object(object) => object,
        _ => return value,
    };
    for (name, field) in fields {
        object.insert((*name).to_owned(), field.clone());
    }
    value
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::Format;
    use super::super::specimen::Specimen;
    use super::*;

    fn run(specimen: &Specimen) -> Value {
        serde_json::from_str::<Value>(&specimen.write(Format::Sarif)).unwrap()["runs"][0].take()
    }

    #[test]
    fn rules_carry_what_code_scanning_reads() {
        let run = run(&Specimen::shop());
        let rule = &run["tool"]["driver"]["rules"][0];
        assert_eq!(rule["id"], "sql-injection");
        assert_eq!(rule["name"], "SqlInjection");
        assert_eq!(
            rule["fullDescription"]["text"],
            "The first paragraph says what is wrong with `it`."
        );
        assert_eq!(
            rule["properties"],
            json!({
                "tags": ["security", "external/cwe/cwe-089", "database", "external/owasp/a03:2021", "sql"],
                "precision": "high", "problem.severity": "error", "security-severity": "9.5",
            })
        );
    }

    #[test]
    fn flows_suppressions_and_cells_are_there() {
        let run = run(&Specimen::shop());
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        assert_eq!(
            results[0]["locations"][0]["physicalLocation"]["region"],
            json!({"startLine": 1})
        );
        assert_eq!(
            results[0]["message"]["text"],
            "`yaml.Loader` builds any object a document names (cell 2, line 1)"
        );
        assert_eq!(
            results[1]["suppressions"],
            json!([{"kind": "inSource", "status": "accepted", "justification": "order is an enum"}])
        );
        let steps = results[2]["codeFlows"][0]["threadFlows"][0]["locations"]
            .as_array()
            .unwrap();
        assert_eq!(steps.len(), 4);
        assert_eq!(
            steps[0]["location"]["physicalLocation"]["region"],
            json!({"startLine": 6, "startColumn": 13, "endLine": 6, "endColumn": 34})
        );
        assert_eq!(
            run["invocations"][0]["toolExecutionNotifications"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn uris_are_encoded() {
        assert_eq!(
            text::percent_encode("a b/ü%[\\].py"),
            "a%20b/%C3%BC%25%5B%5C%5D.py"
        );
        assert_eq!(
            artifact("a:b.py"),
            json!({"uri": "a%3Ab.py", "uriBaseId": "%SRCROOT%"})
        );
        assert_eq!(artifact("/etc/x.py"), json!({"uri": "file:///etc/x.py"}));
        assert_eq!(artifact("C:/x y.py"), json!({"uri": "file:///C:/x%20y.py"}));
        let mut shop = Specimen::shop();
        shop.presentation.root = PathBuf::from("/home/a b");
        assert_eq!(
            run(&shop)["originalUriBaseIds"]["%SRCROOT%"]["uri"],
            "file:///home/a%20b/"
        );
    }

    #[test]
    fn no_more_results_and_steps_than_are_taken() {
        let mut shop = Specimen::shop();
        let mut flow = shop.report.findings.remove(2);
        flow.flow = vec![flow.flow[0].clone(); 5_000];
        let mild = Finding {
            severity: Severity::Low,
            flow: Vec::new(),
            ..flow.clone()
        };
        shop.report.findings = vec![mild; RESULTS];
        shop.report.findings.push(flow);
        let run = run(&shop);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), RESULTS);
        let steps = results[RESULTS - 1]["codeFlows"][0]["threadFlows"][0]["locations"]
            .as_array()
            .unwrap();
        assert_eq!(steps.len(), STEPS);
        assert_eq!(steps[STEPS - 1]["executionOrder"], 5_000);
        let notes = run["invocations"][0]["toolExecutionNotifications"]
            .as_array()
            .unwrap();
        assert_eq!(
            notes
                .iter()
                .filter(|note| note["descriptor"]["id"] == "limit")
                .count(),
            2
        );
    }
}

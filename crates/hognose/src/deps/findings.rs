//! The answers as findings of rules, as every format of `hognose check` shows them.

use std::sync::Arc;

use hognose_deps::advisories::severity::Level;
use hognose_deps::hygiene::Defect;
use hognose_deps::inputs::Place;
use hognose_finding::{
    Finding, Fingerprint, FingerprintBuilder, Label, Location, Persona, Position, RuleMeta,
    Severity, Suppressed,
};

use super::interpreter::role_word;
use super::reach::Reach;
use super::{Answer, Answers, InterpreterAnswer};

/// The rule on packages with known vulnerabilities.
pub const VULNERABLE_DEPENDENCY: &str = "vulnerable-dependency";

/// The rule on interpreters without support.
pub const END_OF_LIFE_PYTHON: &str = "end-of-life-python";

/// Ids that a message names; the rest is counted.
const MAX_NAMED: usize = 4;

/// One finding for each version of a package that has a known vulnerability. `text` gives the text of a file.
pub fn packages(
    answers: &Answers,
    rule: &RuleMeta,
    text: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Vec<Finding> {
    let vulnerable = answers
        .packages
        .iter()
        .filter(|answer| !answer.advisories.is_empty());
    vulnerable
        .map(|answer| package(answer, rule, text))
        .collect()
}

fn package(answer: &Answer, rule: &RuleMeta, text: &dyn Fn(&str) -> Option<Arc<str>>) -> Finding {
    let open = || {
        answer
            .advisories
            .iter()
            .filter(|known| known.accepted.is_none())
    };
    let all_accepted = open().next().is_none();
    let counted: Vec<_> = if all_accepted {
        answer.advisories.iter().collect()
    } else {
        open().collect()
    };
    let mut message = format!("{} {} has ", answer.name, answer.version);
    let ids: Vec<&str> = counted
        .iter()
        .take(MAX_NAMED)
        .map(|known| known.finding.id)
        .collect();
    let more = counted.len() - ids.len();
    message += &match counted.len() {
        1 => "a known vulnerability: ".to_owned(),
        several => format!("{several} known vulnerabilities: "),
    };
    message += &ids.join(", ");
    if more > 0 {
        message += &format!(" and {more} more");
    }
    message += &match answer.clears_all {
        Some(version) => format!("; {version} clears all"),
        None => "; no known version clears all".to_owned(),
    };
    let reach = counted
        .iter()
        .map(|known| &known.reach)
        .max_by_key(|reach| matches!(reach, Reach::SymbolUsed(_)));
    let mut labels = Vec::new();
    match reach {
        Some(Reach::NotImported) => message += "; the code does not import it",
        Some(Reach::Imported(evidence) | Reach::SymbolUsed(evidence)) => labels.push(Label {
            location: line_of(&evidence.file, evidence.line, text),
            text: format!("`{}` is used here", evidence.name),
        }),
        Some(Reach::Unknown(_)) | None => {}
    }
    // An unknown severity is the rule's own: neither the least nor the worst.
    let severity = counted
        .iter()
        .map(|known| known.level().map_or(rule.severity, severity))
        .max()
        .unwrap_or(rule.severity);
    let mut finding = finding(
        rule,
        message,
        location(answer.place(), text),
        &[answer.name.as_str()],
    );
    finding.severity = severity;
    finding.labels = labels;
    if all_accepted {
        finding.suppressed = Some(Suppressed::Configuration {
            reason: counted
                .iter()
                .find_map(|known| known.accepted.as_ref()?.reason.clone()),
        });
    }
    finding
}

/// One finding for each place that names an interpreter without support.
pub fn interpreters(
    answers: &[InterpreterAnswer],
    rule: &RuleMeta,
    text: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for answer in answers.iter().filter(|answer| answer.is_ended) {
        let Some(day) = answer.end_of_life else {
            continue;
        };
        for named in &answer.places {
            let (place, role) = (&named.place, named.role);
            let release = answer.release.to_string();
            let mut message = format!("Python {release} gets no fixes since {day}");
            let known = answer.verdict.findings.len();
            if known > 0 {
                let word = if known == 1 {
                    "vulnerability"
                } else {
                    "vulnerabilities"
                };
                message += &format!("; {known} known {word} of it have a fix");
            }
            message += &format!(" ({})", role_word(role));
            findings.push(finding(
                rule,
                message,
                location(place, text),
                &[&release, role_word(role)],
            ));
        }
    }
    findings
}

/// One finding for each defect of how packages are asked for, by the rules that are given.
pub fn hygiene(
    defects: &[Defect],
    rules: &[&RuleMeta],
    text: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Vec<Finding> {
    let one = |defect: &Defect| {
        let rule = rules.iter().find(|rule| rule.id == defect.rule.id())?;
        let at = location(&defect.place, text);
        let mut finding = finding(rule, defect.message.clone(), at, &[&defect.subject]);
        if defect.is_pedantic {
            finding.persona = finding.persona.max(Persona::Pedantic);
        }
        finding
            .labels
            .extend(defect.other.as_ref().map(|(place, said)| Label {
                location: location(place, text),
                text: said.clone(),
            }));
        Some(finding)
    };
    defects.iter().filter_map(one).collect()
}

/// A finding of a rule. The words tell it from others of the rule in the same file, whatever its line.
pub(super) fn finding(
    rule: &RuleMeta,
    message: String,
    location: Location,
    identity: &[&str],
) -> Finding {
    let mut builder = FingerprintBuilder::new(&rule.id);
    for word in identity {
        builder.word(word);
    }
    builder.word(&location.file);
    Finding {
        rule: rule.id.as_str().into(),
        title: rule.title.as_str().into(),
        message,
        severity: rule.severity,
        confidence: rule.confidence,
        persona: rule.persona,
        practice: rule.practice,
        cwe: rule.cwe.as_slice().into(),
        symbol: Arc::from(""),
        in_test: false,
        labels: Vec::new(),
        flow: Vec::new(),
        fix: None,
        fingerprint: Fingerprint {
            content: builder.finish(),
            ordinal: 0,
        },
        suppressed: None,
        location,
    }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::None | Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
        Level::Critical => Severity::Critical,
    }
}

/// From a place to the end of its line.
fn location(place: &Place, text: &dyn Fn(&str) -> Option<Arc<str>>) -> Location {
    let mut location = line_of(&place.file, place.line, text);
    let before = place.column.saturating_sub(1);
    if place.column < location.end.column {
        let source = text(&place.file).unwrap_or_default();
        let begin = location.bytes.0 as usize;
        let skipped: usize = source
            .get(begin..)
            .unwrap_or_default()
            .chars()
            .take(before as usize)
            .map(char::len_utf8)
            .sum();
        location.start.column = place.column;
        location.bytes.0 += u32::try_from(skipped).unwrap_or_default();
    }
    location
}

/// From an offset to another one.
pub(super) fn span(file: &Arc<str>, text: &str, bytes: (u32, u32)) -> Location {
    let position = |offset: u32| {
        let before = text.get(..offset as usize).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Position {
            line: number(before.matches('\n').count() + 1),
            column: number(before[begin..].chars().count() + 1),
        }
    };
    Location {
        file: Arc::clone(file),
        start: position(bytes.0),
        end: position(bytes.1),
        bytes,
        cell: None,
    }
}

/// A whole line, without the white space at its end. A line that is not there is empty.
fn line_of(file: &Arc<str>, line: u32, text: &dyn Fn(&str) -> Option<Arc<str>>) -> Location {
    let source = text(file).unwrap_or_default();
    let mut begin = 0;
    let mut found = "";
    for (number, one) in (1_u32..).zip(source.split_inclusive('\n')) {
        if number == line {
            found = one.trim_end();
            break;
        }
        begin += one.len();
    }
    let begin = begin.min(source.len());
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Location {
        file: Arc::clone(file),
        start: Position { line, column: 1 },
        end: Position {
            line,
            column: number(found.chars().count() + 1),
        },
        bytes: (number(begin), number(begin + found.len())),
        cell: None,
    }
}

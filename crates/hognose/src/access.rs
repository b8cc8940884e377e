//! Who may call what, judged: the evidence against the guards of endpoints, and what got worse since it was accepted.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hognose_finding::{
    Finding, Fingerprint, FingerprintBuilder, Label, Location, Note, Persona, Position, Severity,
};
use hognose_python::Project;
use hognose_routes::{Access, Change, Endpoint, Evidence, Inventory, changes, examine};
use hognose_rules::{Registry, Rule, built_in_finding, place};

use crate::lock::{FILE_NAME, Lock};

/// The rule on guards that are weaker than the lock says.
const ACCESS_WEAKENED: &str = "access-weakened";

/// A lock as it was read.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What it says.
    pub lock: Arc<Lock>,
    /// Its text.
    pub text: Arc<str>,
}

/// What an audit finds of endpoints.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) findings: Vec<Finding>,
    pub(crate) notes: Vec<Note>,
    /// Texts of files that findings point into and that are no code.
    pub(crate) texts: BTreeMap<Arc<str>, Arc<str>>,
}

/// Whether a file is test code of a program, by its path.
pub(crate) fn in_tests(program: &Project) -> impl Fn(&str) -> bool + Sync {
    |file| hognose_rules::is_test_path(program.own_path(file))
}

/// Judges the endpoints of a program by the rules that are enabled. Does nothing where no framework is imported.
pub(crate) fn check(
    program: &Project,
    registry: &Registry,
    enabled: &(dyn Fn(&str) -> bool + Sync),
    is_test: &(dyn Fn(&str) -> bool + Sync),
    accepted: Option<&Accepted>,
) -> Found {
    let mut found = Found::default();
    let wanted = |id: &str| registry.rule(id).filter(|_| enabled(id));
    let drift = accepted.and_then(|accepted| Some((accepted, wanted(ACCESS_WEAKENED)?)));
    if drift.is_none() && !hognose_routes::RULES.iter().any(|id| enabled(id)) {
        return found;
    }
    // What an application does to the analysis must not take the audit with it.
    let examined = catch_unwind(AssertUnwindSafe(|| examine(program, is_test, enabled)));
    let Ok((inventory, evidence)) = examined else {
        found.notes.push(Note {
            file: None,
            text: "the analysis of endpoints failed; its findings are missing".to_owned(),
        });
        return found;
    };
    for one in evidence {
        if let Some(rule) = wanted(one.rule) {
            found.findings.push(finding(program, rule, one));
        }
    }
    if let Some((accepted, rule)) = drift {
        weakened(program, rule, accepted, &inventory, &mut found);
    }
    found
}

fn finding(program: &Project, rule: &Rule, one: Evidence) -> Finding {
    let module = program.module(one.at);
    let mut finding = built_in_finding(rule, module, one.range, one.message);
    if one.is_thin {
        finding.persona = finding.persona.max(Persona::Auditor);
    }
    finding.labels = one
        .remarks
        .into_iter()
        .map(|remark| Label {
            location: place(program.module(remark.at), remark.range),
            text: remark.text,
        })
        .collect();
    finding
}

/// What is worse than the lock says, each at the handler, or at the line of the lock where that is not in the project.
fn weakened(
    program: &Project,
    rule: &Rule,
    accepted: &Accepted,
    inventory: &Inventory,
    found: &mut Found,
) {
    let now = Access::of(&inventory.endpoints);
    for change in changes(&accepted.lock.endpoints, &now) {
        let Some(access) = change.after.as_ref().filter(|_| change.is_worse()) else {
            continue;
        };
        let in_lock = change
            .before
            .as_ref()
            .map(|before| in_lock(accepted, before));
        let endpoint = inventory.endpoints.iter().find(|endpoint| {
            endpoint.app == access.app
                && endpoint.path == access.path
                && endpoint.level == access.level
                && endpoint.methods.contains(&access.method)
        });
        let at_handler = endpoint.and_then(|endpoint| at_handler(program, endpoint));
        let location = at_handler
            .or_else(|| in_lock.clone())
            .unwrap_or_else(|| line_at(FILE_NAME, &accepted.text, 1));
        let mut builder = FingerprintBuilder::new(&rule.meta.id);
        for word in [&access.app, &access.method, &access.path, &access.handler] {
            builder.word(word);
        }
        builder.word(&access.guard());
        let labels = in_lock
            .filter(|label| *label != location)
            .map(|location| Label {
                location,
                text: "this was accepted".to_owned(),
            });
        if labels.is_some() || &*location.file == FILE_NAME {
            found
                .texts
                .insert(Arc::from(FILE_NAME), Arc::clone(&accepted.text));
        }
        found.findings.push(Finding {
            rule: rule.meta.id.as_str().into(),
            title: rule.meta.title.as_str().into(),
            message: message(&change, access),
            severity: match change.before {
                Some(_) => rule.meta.severity,
                None => rule.meta.severity.min(Severity::Medium),
            },
            confidence: rule.meta.confidence,
            persona: rule.meta.persona,
            practice: rule.meta.practice,
            cwe: rule.meta.cwe.as_slice().into(),
            symbol: access.handler.as_str().into(),
            in_test: false,
            labels: labels.into_iter().collect(),
            flow: Vec::new(),
            fix: None,
            fingerprint: Fingerprint {
                content: builder.finish(),
                ordinal: 0,
            },
            suppressed: None,
            location,
        });
    }
}

fn message(change: &Change, access: &Access) -> String {
    let endpoint = format!("{} {}", access.method, access.path);
    match &change.before {
        Some(before) => format!("{endpoint}: {} → {}", before.guard(), access.guard()),
        None => format!("{endpoint} is new and anyone may call it; `hognose lock` accepts that"),
    }
}

/// The line of a handler of the project.
fn at_handler(program: &Project, endpoint: &Endpoint) -> Option<Location> {
    let text = program.text_of(&endpoint.file)?;
    Some(line_at(&endpoint.file, text.as_str(), endpoint.line))
}

/// The line of the lock that says something.
fn in_lock(accepted: &Accepted, access: &Access) -> Location {
    let wanted = crate::lock::line(access);
    let number = (1_u32..)
        .zip(accepted.text.lines())
        .find(|(_, line)| line.trim_end() == wanted)
        .map_or(1, |(number, _)| number);
    line_at(FILE_NAME, &accepted.text, number)
}

/// A line of a text, without the white space around it.
fn line_at(file: &str, text: &str, number: u32) -> Location {
    let mut begin = 0;
    let mut found = "";
    for (at, line) in (1_u32..).zip(text.split_inclusive('\n')) {
        if at == number {
            found = line.trim_end();
            break;
        }
        begin += line.len();
    }
    let indented = found.len() - found.trim_start().len();
    let offset = |bytes: usize| u32::try_from(begin + bytes).unwrap_or(u32::MAX);
    let column = |bytes: usize| {
        let characters = found.get(..bytes).unwrap_or_default().chars().count();
        u32::try_from(characters + 1).unwrap_or(u32::MAX)
    };
    Location {
        file: Arc::from(file),
        start: Position {
            line: number,
            column: column(indented),
        },
        end: Position {
            line: number,
            column: column(found.len()),
        },
        bytes: (offset(indented), offset(found.len())),
        cell: None,
    }
}

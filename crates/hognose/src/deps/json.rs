//! The answers as JSON: the plain list, and the whole.

use std::io::{self, Write};

use hognose_deps::advisories::index::Status;
use hognose_deps::inputs::{Package, Place, Relation};
use hognose_finding::Finding;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::answers::Accepted;
use super::interpreter::role_word;
use super::{Answer, Answers, InterpreterAnswer, Known, Permission};
use crate::output::write_json;

/// Writes one object for each version of each package.
///
/// # Errors
/// Those of `out`.
pub fn list(answers: &Answers, out: &mut dyn Write) -> io::Result<()> {
    /// Made one by one while they are written.
    struct Listed<'a>(&'a [Answer<'a>]);

    impl Serialize for Listed<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.iter().map(PackageFacts::new))
        }
    }

    write_json(&Listed(&answers.packages), out)
}

/// What the list tells of a version of a package.
#[derive(Serialize)]
struct PackageFacts<'a> {
    package: &'a str,
    version: &'a str,
    file: &'a str,
    line: u32,
    marker: Option<&'a str>,
    advisories: Vec<AdvisoryFacts<'a>>,
}

/// What the list tells of a vulnerability.
#[derive(Serialize)]
struct AdvisoryFacts<'a> {
    id: &'a str,
    aliases: Vec<&'a str>,
    fixed_in: Option<String>,
    clears_all: Option<String>,
    severity: &'static str,
    reach: &'static str,
}

impl<'a> PackageFacts<'a> {
    fn new(answer: &'a Answer<'_>) -> Self {
        let at = answer.place();
        Self {
            package: answer.name.as_str(),
            version: answer.version,
            file: &at.file,
            line: at.line,
            marker: answer.marker.as_deref(),
            advisories: answer
                .advisories
                .iter()
                .map(|known| AdvisoryFacts::new(answer, known))
                .collect(),
        }
    }
}

impl<'a> AdvisoryFacts<'a> {
    fn new(answer: &'a Answer<'_>, known: &'a Known<'_>) -> Self {
        Self {
            id: known.finding.id,
            aliases: known.finding.aliases(),
            fixed_in: known.fixed_in.map(ToString::to_string),
            clears_all: answer.clears_all.map(ToString::to_string),
            severity: known.level().map_or("unknown", |level| level.as_str()),
            reach: known.reach.as_str(),
        }
    }
}

/// What is told of the database.
pub struct DatabaseFacts<'d> {
    /// What it says of itself.
    pub status: &'d Status,
    /// Where it comes from.
    pub source: String,
    /// Whether its snapshot is older than it should be.
    pub is_stale: bool,
}

/// Writes all that is known.
///
/// # Errors
/// Those of `out`.
pub fn full(
    answers: &Answers,
    findings: &[&Finding],
    interpreters: &[InterpreterAnswer],
    database: &DatabaseFacts,
    out: &mut dyn Write,
) -> io::Result<()> {
    let inventory = answers.inventory;
    let status = database.status;
    let all = json!({
        "packages": answers.packages.iter().map(|answer| detailed(answers, answer)).collect::<Vec<_>>(),
        "unpinned": inventory.unpinned().map(|package| json!({
            "package": package.name.as_str(),
            "wanted": package.wanted.to_string(),
            "file": &*package.place.file,
            "line": package.place.line,
            "column": package.place.column,
            "marker": package.marker.as_deref(),
            "groups": groups(package),
            "origin": package.origin.to_string(),
        })).chain(inventory.unnamed.iter().map(|unnamed| json!({
            "package": Value::Null,
            "wanted": Value::Null,
            "file": &*unnamed.place.file,
            "line": unnamed.place.line,
            "column": unnamed.place.column,
            "marker": Value::Null,
            "groups": [],
            "origin": unnamed.origin.to_string(),
        }))).collect::<Vec<_>>(),
        "unreadable": inventory.unreadable.iter().map(|unreadable| {
            let mut object = place(&unreadable.place);
            object["reason"] = unreadable.reason.as_str().into();
            object
        }).collect::<Vec<_>>(),
        "inputs": inventory.inputs.iter().map(|input| json!({
            "file": &*input.path,
            "format": input.format,
        })).collect::<Vec<_>>(),
        "database": {
            "snapshot": status.snapshot.map(|day| day.to_string()),
            "records": status.records,
            "skipped": status.skipped,
            "source": database.source,
            "stale": database.is_stale,
        },
        "interpreter": interpreters.iter().map(interpreter).collect::<Vec<_>>(),
        "hygiene": hygiene(answers, findings),
    });
    write_json(&all, out)
}

fn detailed(answers: &Answers, answer: &Answer) -> Value {
    let mut object = json!(PackageFacts::new(answer));
    let first = answer.entries.first();
    object["column"] = answer.place().column.into();
    object["places"] = answer
        .entries
        .iter()
        .map(|entry| place(&entry.place))
        .collect();
    let mut installs: Vec<String> = answer
        .entries
        .iter()
        .flat_map(|entry| groups(entry))
        .collect();
    installs.sort();
    installs.dedup();
    let (environments, installs): (Vec<String>, Vec<String>) = installs
        .into_iter()
        .partition(|group| group.starts_with("environment:"));
    object["groups"] = installs.into();
    object["environments"] = environments
        .iter()
        .filter_map(|environment| environment.strip_prefix("environment:"))
        .collect();
    object["relation"] = first.map(|entry| relation(entry)).into();
    object["path"] = answer.path.iter().map(|name| name.as_str()).collect();
    object["origin"] = first.map(|entry| entry.origin.to_string()).into();
    object["hashed"] = answer.entries.iter().all(|entry| entry.hashed).into();
    object["undecided"] = answer.undecided.clone().into();
    object["advisories"] = answer
        .advisories
        .iter()
        .map(|known| {
            let mut object = json!(AdvisoryFacts::new(answer, known));
            let severity = known.severity.as_ref();
            object["score"] = severity.and_then(|severity| severity.score).into();
            object["vector"] = severity.and_then(|severity| severity.vector).into();
            object["severity_source"] = severity.map(|severity| severity.source).into();
            object["cwes"] = known.finding.cwes().into();
            object["links"] = known.finding.links().into();
            object["published"] = known.finding.published().map(|day| day.to_string()).into();
            object["epss"] = known.likelihood.map_or(
                Value::Null,
                |score| json!({"probability": score.probability, "percentile": score.percentile}),
            );
            object["exploited"] = known.exploited.map_or(Value::Null, |exploited| {
                json!({
                    "since": exploited.since.map(|day| day.to_string()),
                    "ransomware": exploited.ransomware,
                })
            });
            object["malicious"] = known.finding.is_malicious().into();
            object["allowed"] = match known.fixed_in.map(|fix| answers.permission(answer, fix)) {
                Some(Permission::Allowed) => true.into(),
                Some(Permission::Refused(_)) => false.into(),
                Some(Permission::Unknown) | None => Value::Null,
            };
            object["evidence"] = known.reach.evidence().map_or(Value::Null, |evidence| {
                json!({"file": &*evidence.file, "line": evidence.line, "name": evidence.name})
            });
            object["accepted"] = accepted(known.accepted.as_ref());
            object
        })
        .collect();
    object
}

fn accepted(accepted: Option<&Accepted>) -> Value {
    accepted.map_or(Value::Null, |accepted| json!({"reason": accepted.reason}))
}

fn place(place: &Place) -> Value {
    json!({"file": &*place.file, "line": place.line, "column": place.column})
}

fn groups(package: &Package) -> Vec<String> {
    package.groups.iter().map(ToString::to_string).collect()
}

fn relation(package: &Package) -> &'static str {
    match package.relation {
        Relation::Direct => "direct",
        Relation::Transitive => "transitive",
        Relation::Constraint => "constraint",
        Relation::Unknown => "unknown",
    }
}

fn interpreter(answer: &InterpreterAnswer) -> Value {
    json!({
        "release": answer.release.to_string(),
        "judged": answer.verdict.release.as_ref().map(ToString::to_string),
        "places": answer.places.iter().map(|named| {
            let mut object = place(&named.place);
            object["role"] = role_word(named.role).into();
            object["accepted"] = accepted(named.accepted.as_ref());
            object
        }).collect::<Vec<_>>(),
        "end_of_life": answer.end_of_life.map(|day| day.to_string()),
        "ended": answer.is_ended,
        "advisories": answer.verdict.findings.iter().map(|finding| json!({
            "id": finding.advisory.id,
            "aliases": finding.advisory.aliases,
            "fixed_in": finding.fixed_in.to_string(),
            "modules": finding.advisory.modules,
        })).collect::<Vec<_>>(),
        "undecided": answer.verdict.undecided.iter().map(|advisory| advisory.id.as_str()).collect::<Vec<_>>(),
    })
}

/// What the inputs say that is no vulnerability and still matters: findings, options of the installer, and where a
/// manifest and its lock file do not agree.
fn hygiene(answers: &Answers, findings: &[&Finding]) -> Vec<Value> {
    let inventory = answers.inventory;
    let findings = findings.iter().map(|finding| {
        let at = &finding.location;
        json!({
            "file": &*at.file,
            "line": at.start.line,
            "column": at.start.column,
            "kind": "finding",
            "rule": &*finding.rule,
            "severity": finding.severity.to_string(),
            "message": finding.message,
        })
    });
    let options = inventory.options.iter().map(|option| {
        let mut object = place(&option.place);
        object["kind"] = "option".into();
        object["option"] = option.name.into();
        object["value"] = option.value.as_deref().into();
        object
    });
    let mismatches = inventory.mismatches.iter().map(|mismatch| {
        let mut object = place(&mismatch.wanted.place);
        object["kind"] = "mismatch".into();
        object["package"] = mismatch.wanted.name.as_str().into();
        object["wanted"] = mismatch.wanted.wanted.to_string().into();
        object["lock"] = (*mismatch.lock).into();
        object["locked"] = mismatch
            .locked
            .iter()
            .map(|(pin, _)| &*pin.written)
            .collect();
        object
    });
    findings.chain(options).chain(mismatches).collect()
}

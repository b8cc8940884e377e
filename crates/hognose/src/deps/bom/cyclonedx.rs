//! A bill of materials as CycloneDX 1.6 in JSON (ECMA-424).

use std::io::{self, Write};

use hognose_deps::advisories::severity::{Level, Severity};
use serde_json::{Map, Value, json};

use super::{Answer, Answers, Bom, Component, Known, uuid};
use crate::output::{timestamp, write_json};

/// The reference of the project itself.
const ROOT: &str = "hognose:project";

/// Writes a bill, with what is known against its components if `answers` are given.
///
/// # Errors
/// Those of `out`.
pub fn write(bom: &Bom, answers: Option<&Answers>, out: &mut dyn Write) -> io::Result<()> {
    let mut subject = json!({
        "type": "application",
        "bom-ref": ROOT,
        "name": bom.subject.name,
    });
    if let Some(version) = &bom.subject.version {
        subject["version"] = version.as_str().into();
    }
    let direct = |component: &&Component| component.is_direct();
    let mut dependencies = vec![json!({
        "ref": ROOT,
        "dependsOn": bom.components.iter().filter(direct).map(|c| c.purl.as_str()).collect::<Vec<_>>(),
    })];
    dependencies.extend(bom.components.iter().map(|component| {
        let needs = component.needs.iter();
        json!({
            "ref": component.purl,
            "dependsOn": needs.map(|at| bom.components[*at].purl.as_str()).collect::<Vec<_>>(),
        })
    }));
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(bom.identity())),
        "version": 1,
        "metadata": {
            "timestamp": format!("{}Z", timestamp(bom.made)),
            "tools": {"components": [{
                "type": "application",
                "name": "hognose",
                "version": env!("CARGO_PKG_VERSION"),
            }]},
            "component": subject,
        },
        "components": bom.components.iter().map(component).collect::<Vec<_>>(),
        "dependencies": dependencies,
        "compositions": [{
            "aggregate": if bom.is_incomplete { "incomplete" } else { "unknown" },
            "assemblies": [ROOT],
        }],
    });
    if let Some(answers) = answers {
        let all = Bom::vulnerabilities(answers);
        document["vulnerabilities"] = all
            .values()
            .map(|known| vulnerability(bom, known))
            .collect();
    }
    write_json(&document, out)
}

fn component(component: &Component) -> Value {
    let mut object = json!({
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name().as_str(),
    });
    if let Some(version) = component.version() {
        object["version"] = version.into();
    }
    object["purl"] = component.purl.as_str().into();
    object["evidence"] = json!({"occurrences": component.entries.iter().map(|entry| json!({
        "location": &*entry.place.file,
        "line": entry.place.line,
    })).collect::<Vec<_>>()});
    let mut properties: Vec<(&str, String)> = Vec::new();
    for entry in &component.entries {
        properties.extend(
            entry
                .marker
                .iter()
                .map(|m| ("hognose:marker", m.to_string())),
        );
        let groups = entry.groups.iter();
        properties.extend(groups.map(|group| ("hognose:group", group.to_string())));
        if component.version().is_none() {
            properties.push(("hognose:wanted", entry.wanted.to_string()));
        }
    }
    properties.sort();
    properties.dedup();
    if !properties.is_empty() {
        object["properties"] = properties.into_iter().map(property).collect();
    }
    object
}

fn property((name, value): (&str, String)) -> Value {
    json!({"name": name, "value": value})
}

/// One vulnerability, of all versions that have it.
fn vulnerability(bom: &Bom, answers: &[(&Answer, &Known)]) -> Value {
    let (_, first) = answers[0];
    let finding = &first.finding;
    let mut object = json!({
        "id": finding.id,
        "source": {"name": database(finding.id)},
        "references": finding.aliases().iter().map(|alias| json!({
            "id": alias,
            "source": {"name": database(alias)},
        })).collect::<Vec<_>>(),
        "ratings": ratings(first),
        "cwes": finding.cwes(),
        "advisories": finding.links().iter().map(|url| json!({"url": url})).collect::<Vec<_>>(),
    });
    if let Some(day) = finding.published() {
        object["published"] = format!("{day}T00:00:00Z").into();
    }
    let mut advice: Vec<String> = answers
        .iter()
        .filter_map(|(answer, _)| {
            Some(format!(
                "Upgrade {} to {}.",
                answer.name, answer.clears_all?
            ))
        })
        .collect();
    advice.dedup();
    if !advice.is_empty() {
        object["recommendation"] = advice.join(" ").into();
    }
    if let Some(accepted) = answers
        .iter()
        .find_map(|(_, known)| known.accepted.as_ref())
    {
        let mut analysis = Map::new();
        analysis.insert("response".to_owned(), json!(["will_not_fix"]));
        if let Some(reason) = &accepted.reason {
            analysis.insert("detail".to_owned(), reason.as_str().into());
        }
        object["analysis"] = analysis.into();
    }
    let affected = answers.iter().flat_map(|(answer, _)| {
        let version = answer.version;
        bom.of_answer(answer).map(move |at| (at, version))
    });
    object["affects"] = affected
        .map(|(at, version)| {
            json!({
                "ref": bom.components[at].purl,
                "versions": [{"version": version, "status": "affected"}],
            })
        })
        .collect();
    let mut properties = vec![("hognose:reach", first.reach.as_str().to_owned())];
    properties.extend(first.reach.evidence().map(|evidence| {
        (
            "hognose:evidence",
            format!("{}:{}", evidence.file, evidence.line),
        )
    }));
    properties.extend(first.exploited.map(|exploited| {
        let since = exploited.since.map(|day| day.to_string());
        ("hognose:exploited-since", since.unwrap_or_default())
    }));
    object["properties"] = properties.into_iter().map(property).collect();
    object
}

/// The database that gives out ids like this one: what stands before the first hyphen.
fn database(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

/// How grave it is, and how likely to be exploited.
fn ratings(known: &Known) -> Vec<Value> {
    let grave = known.severity.as_ref().map(rating);
    let likely = known.likelihood.map(|score| {
        json!({
            "source": {"name": "EPSS"},
            "method": "other",
            "score": score.probability,
        })
    });
    let unknown = || json!({"severity": "unknown"});
    let grave = grave.unwrap_or_else(unknown);
    std::iter::once(grave).chain(likely).collect()
}

fn rating(severity: &Severity) -> Value {
    let mut rating = json!({
        "source": {"name": database(severity.source)},
        "severity": match severity.level {
            Level::None => "none",
            level => level.as_str(),
        },
    });
    if let Some(vector) = severity.vector {
        rating["method"] = match vector {
            v if v.starts_with("CVSS:4") => "CVSSv4",
            v if v.starts_with("CVSS:3.1") => "CVSSv31",
            v if v.starts_with("CVSS:3") => "CVSSv3",
            _ => "CVSSv2",
        }
        .into();
        rating["vector"] = vector.into();
    }
    if let Some(score) = severity.score {
        rating["score"] = score.into();
    }
    rating
}

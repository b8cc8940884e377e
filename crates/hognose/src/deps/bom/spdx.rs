//! A bill of materials as SPDX 2.3 in JSON (ISO/IEC 5962 and what came after it).

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Answers, Bom, Component, uuid};
use crate::output::{timestamp, write_json};

/// The project itself.
const ROOT: &str = "SPDXRef-Project";

/// What is said where nothing is known.
const NO_ASSERTION: &str = "NOASSERTION";

/// Writes a bill, with links to what is known against its packages if `answers` are given.
///
/// # Errors
/// Those of `out`.
pub fn write(bom: &Bom, answers: Option<&Answers>, out: &mut dyn Write) -> io::Result<()> {
    let mut advisories: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for answer in answers.into_iter().flat_map(|answers| &answers.packages) {
        let links = answer
            .advisories
            .iter()
            .flat_map(|known| known.finding.links());
        let links: Vec<&str> = links.collect();
        for at in bom.of_answer(answer) {
            advisories.entry(at).or_default().extend(&links);
        }
    }
    let mut root = json!({
        "SPDXID": ROOT,
        "name": bom.subject.name,
        "downloadLocation": NO_ASSERTION,
        "filesAnalyzed": false,
        "primaryPackagePurpose": "APPLICATION",
    });
    if let Some(version) = &bom.subject.version {
        root["versionInfo"] = version.as_str().into();
    }
    let mut packages = vec![root];
    let mut relationships = vec![relationship("SPDXRef-DOCUMENT", "DESCRIBES", ROOT)];
    for (at, component) in bom.components.iter().enumerate() {
        let own = id(at, component);
        let known = advisories.get(&at).map_or(&[][..], Vec::as_slice);
        packages.push(package(&own, component, known));
        if component.is_direct() {
            relationships.push(relationship(ROOT, "DEPENDS_ON", &own));
        } else if component.is_unrelated() {
            relationships.push(relationship(ROOT, "CONTAINS", &own));
        }
        let needed = component.needs.iter();
        relationships.extend(
            needed.map(|at| relationship(&own, "DEPENDS_ON", &id(*at, &bom.components[*at]))),
        );
    }
    write_json(
        &json!({
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": bom.subject.name,
            "documentNamespace": format!("urn:uuid:{}", uuid(bom.identity())),
            "creationInfo": {
                "created": format!("{}Z", timestamp(bom.made)),
                "creators": [concat!("Tool: hognose-", env!("CARGO_PKG_VERSION"))],
            },
            "packages": packages,
            "relationships": relationships,
        }),
        out,
    )
}

/// Names of distributions hold letters, digits and hyphens, which is what ids may hold.
fn id(at: usize, component: &Component) -> String {
    format!("SPDXRef-{}-{}", component.name(), at + 1)
}

fn relationship(from: &str, kind: &str, to: &str) -> Value {
    json!({
        "spdxElementId": from,
        "relationshipType": kind,
        "relatedSpdxElement": to,
    })
}

fn package(id: &str, component: &Component, links: &[&str]) -> Value {
    let mut references = vec![json!({
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": component.purl,
    })];
    let mut links = links.to_vec();
    links.sort_unstable();
    links.dedup();
    references.extend(links.into_iter().map(|link| {
        json!({
            "referenceCategory": "SECURITY",
            "referenceType": "advisory",
            "referenceLocator": link,
        })
    }));
    let mut object = json!({
        "SPDXID": id,
        "name": component.name().as_str(),
    });
    if let Some(version) = component.version() {
        object["versionInfo"] = version.into();
    }
    let places = component.entries.iter().map(|entry| &entry.place);
    let places: Vec<String> = places
        .map(|at| format!("{}:{}", at.file, at.line))
        .collect();
    object["downloadLocation"] = NO_ASSERTION.into();
    object["filesAnalyzed"] = false.into();
    object["primaryPackagePurpose"] = "LIBRARY".into();
    object["sourceInfo"] = format!("named at {}", places.join(", ")).into();
    object["externalRefs"] = references.into();
    object
}

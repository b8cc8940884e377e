//! SPDX bills of materials in JSON: 2.x, and the packages and relationships of 3.0.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cyclonedx::connect;
use super::inventory::Role;
use super::json::{self, entry, place};
use super::package_url::PackageUrl;
use super::source::{Reading, Source, file_name};
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "SPDX",
    role: Role::Record,
    named: |path| {
        let name = file_name(path).to_ascii_lowercase();
        if name.ends_with(".spdx.json") {
            Named::Surely
        } else if (name.contains("spdx") || name.contains("bom")) && name.ends_with(".json") {
            Named::Perhaps
        } else {
            Named::No
        }
    },
    looks: |text| {
        text.trim_start().starts_with('{')
            && (text.contains("\"spdxVersion\"") || text.contains("\"SpdxDocument\""))
    },
    read,
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    packages: Vec<&'a RawValue>,
    #[serde(default)]
    relationships: Vec<Relationship>,
    #[serde(borrow, rename = "@graph", default)]
    graph: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    #[serde(default)]
    spdx_element_id: String,
    #[serde(default)]
    relationship_type: String,
    #[serde(default)]
    related_spdx_element: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: Option<String>,
    version_info: Option<String>,
    #[serde(default)]
    checksums: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_locator: String,
}

/// An element of a 3.0 graph.
#[derive(Deserialize)]
struct Element {
    #[serde(rename = "spdxId")]
    id: Option<String>,
    #[serde(rename = "software_packageUrl")]
    url: Option<String>,
    #[serde(rename = "software_packageVersion")]
    version: Option<String>,
    #[serde(rename = "relationshipType")]
    relationship: Option<String>,
    from: Option<String>,
    #[serde(default)]
    to: Vec<String>,
}

fn read(source: &Source, reading: &mut Reading) {
    let Some(document) = json::parse::<Document<'_>>(source, reading) else {
        return;
    };
    let mut at: FxHashMap<String, usize> = FxHashMap::default();
    let mut edges: Vec<(String, Vec<String>)> = Vec::new();
    let mut roots: Vec<String> = Vec::new();
    for raw in document.packages {
        let Some(package) = entry::<Package>(source, raw, reading) else {
            continue;
        };
        let url = package
            .external_refs
            .iter()
            .find_map(|reference| PackageUrl::parse(&reference.reference_locator));
        let hashed = !package.checksums.is_empty();
        let version = package.version_info.as_deref();
        let Some(found) = push(source, reading, raw, url, version) else {
            continue;
        };
        reading.packages[found].hashed = hashed;
        at.extend(package.id.map(|id| (id, found)));
    }
    for one in document.relationships {
        match one.relationship_type.as_str() {
            "DEPENDS_ON" => edges.push((one.spdx_element_id, vec![one.related_spdx_element])),
            "DEPENDENCY_OF" => edges.push((one.related_spdx_element, vec![one.spdx_element_id])),
            "DESCRIBES" => roots.push(one.related_spdx_element),
            _ => {}
        }
    }
    for raw in document.graph {
        // The graph holds elements of many kinds, most of them of no interest here.
        let Ok(element) = serde_json::from_str::<Element>(raw.get()) else {
            continue;
        };
        if let (Some("dependsOn"), Some(from)) = (element.relationship.as_deref(), element.from) {
            edges.push((from, element.to));
            continue;
        }
        let url = element.url.as_deref().and_then(PackageUrl::parse);
        let found = push(source, reading, raw, url, element.version.as_deref());
        at.extend(element.id.zip(found));
    }
    let root = match roots.as_slice() {
        // A document that describes the packages themselves has no project.
        [root] if !at.contains_key(root) => Some(root.as_str()),
        _ => None,
    };
    connect(reading, &at, root, edges.into_iter());
}

/// Adds the package a package URL names, and tells its number.
fn push(
    source: &Source,
    reading: &mut Reading,
    raw: &RawValue,
    url: Option<PackageUrl<'_>>,
    version: Option<&str>,
) -> Option<usize> {
    let url = url?;
    let wanted = url.wanted(version);
    let mut package = reading.package(&url.name, wanted, place(source, raw))?;
    package.origin = url.origin.into();
    reading.packages.push(package);
    Some(reading.packages.len() - 1)
}

//! CycloneDX bills of materials in JSON.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::inventory::{Relation, Role};
use super::json::{self, entry, place};
use super::package_url::PackageUrl;
use super::source::{Reading, Source, file_name};
use super::{Format, Named};
use crate::name::Name;

pub(super) const FORMAT: Format = Format {
    id: "CycloneDX",
    role: Role::Record,
    named: |path| {
        let name = file_name(path).to_ascii_lowercase();
        let telling = ["bom", "cdx", "cyclonedx"]
            .iter()
            .any(|part| name.contains(part));
        if name == "bom.json" || name.ends_with(".cdx.json") {
            Named::Surely
        } else if telling && name.ends_with(".json") {
            Named::Perhaps
        } else {
            Named::No
        }
    },
    looks: |text| {
        text.trim_start().starts_with('{')
            && text.contains("\"bomFormat\"")
            && text.contains("\"CycloneDX\"")
    },
    read,
};

#[derive(Deserialize)]
struct Bom<'a> {
    metadata: Option<Metadata>,
    #[serde(borrow, default)]
    components: Vec<&'a RawValue>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Metadata {
    component: Option<Root>,
}

#[derive(Deserialize)]
struct Root {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(rename = "dependsOn", default)]
    depends_on: Vec<String>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    #[serde(default)]
    hashes: Vec<serde::de::IgnoredAny>,
    #[serde(rename = "externalReferences", default)]
    external: Vec<External>,
    #[serde(default)]
    properties: Vec<Property>,
    #[serde(borrow, default)]
    components: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct External {
    #[serde(default)]
    hashes: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

fn read(source: &Source, reading: &mut Reading) {
    let Some(bom) = json::parse::<Bom<'_>>(source, reading) else {
        return;
    };
    let mut at: FxHashMap<String, usize> = FxHashMap::default();
    let mut open = bom.components;
    while let Some(raw) = open.pop() {
        let Some(component) = entry::<Component<'_>>(source, raw, reading) else {
            continue;
        };
        open.extend(component.components);
        // What is not a Python package is not this program's matter.
        let Some(url) = component.purl.as_deref().and_then(PackageUrl::parse) else {
            continue;
        };
        let wanted = url.wanted(component.version.as_deref());
        let Some(mut package) = reading.package(&url.name, wanted, place(source, raw)) else {
            continue;
        };
        package.origin = url.origin.into();
        package.hashed = !component.hashes.is_empty()
            || component
                .external
                .iter()
                .any(|external| !external.hashes.is_empty());
        package.marker = component
            .properties
            .into_iter()
            .find(|property| property.name.ends_with(":package:marker"))
            .map(|property| property.value.into());
        if let Some(reference) = component.reference {
            at.insert(reference, reading.packages.len());
        }
        reading.packages.push(package);
    }
    let root = bom
        .metadata
        .and_then(|m| m.component)
        .and_then(|root| root.reference);
    let edges = bom
        .dependencies
        .into_iter()
        .map(|d| (d.reference, d.depends_on));
    connect(reading, &at, root.as_deref(), edges);
}

/// Turns references between the parts of a bill of materials into edges between packages.
pub(super) fn connect(
    reading: &mut Reading,
    at: &FxHashMap<String, usize>,
    root: Option<&str>,
    edges: impl Iterator<Item = (String, Vec<String>)>,
) {
    let mut direct: FxHashSet<usize> = FxHashSet::default();
    for (above, below) in edges {
        let below = below
            .iter()
            .filter_map(|reference| at.get(reference).copied());
        if root == Some(above.as_str()) {
            direct.extend(below);
        } else if let Some(above) = at.get(&above) {
            let names: Vec<Name> = below.map(|at| reading.packages[at].name.clone()).collect();
            let requires = &mut reading.packages[*above].requires;
            requires.extend(names);
            requires.sort();
            requires.dedup();
        }
    }
    if !direct.is_empty() {
        for (at, package) in reading.packages.iter_mut().enumerate() {
            package.relation = if direct.contains(&at) {
                Relation::Direct
            } else {
                Relation::Transitive
            };
        }
    }
}

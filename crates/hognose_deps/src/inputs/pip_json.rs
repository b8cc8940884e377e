//! What `pip list --format json` and `pip inspect` print.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::inventory::{Origin, Package, Relation, Role, Wanted};
use super::json::{self, entry, place};
use super::requirement::{Requirement, origin};
use super::source::{Reading, Source, file_name};
use super::{Format, Named};
use crate::name::Name;

pub(super) const FORMAT: Format = Format {
    id: "pip json",
    role: Role::Record,
    named: |path| {
        let name = file_name(path).to_ascii_lowercase();
        let telling = ["pip", "package", "freeze", "inspect"]
            .iter()
            .any(|part| name.contains(part));
        // A package.json is another ecosystem's, and so is its lock file.
        if telling && name.ends_with(".json") && !name.starts_with("package") {
            Named::Perhaps
        } else {
            Named::No
        }
    },
    looks: |text| {
        let start = text.trim_start();
        start.starts_with('[') && start.contains("\"name\"") && start.contains("\"version\"")
            || start.starts_with('{')
                && start.contains("\"pip_version\"")
                && start.contains("\"installed\"")
    },
    read,
};

#[derive(Deserialize)]
struct Listed {
    name: String,
    version: Option<String>,
    editable_project_location: Option<String>,
}

#[derive(Deserialize)]
struct Inspection<'a> {
    #[serde(borrow)]
    installed: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Inspected {
    metadata: Metadata,
    direct_url: Option<DirectUrl>,
    requested: Option<bool>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    version: Option<String>,
    #[serde(default)]
    requires_dist: Vec<String>,
}

/// Where something was installed from, if not from an index: PEP 610.
#[derive(Deserialize)]
pub(super) struct DirectUrl {
    url: String,
    vcs_info: Option<VcsInfo>,
    dir_info: Option<DirInfo>,
}

#[derive(Deserialize)]
struct VcsInfo {
    vcs: String,
    requested_revision: Option<String>,
    commit_id: Option<String>,
}

#[derive(Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

impl DirectUrl {
    pub(super) fn origin(self) -> Origin {
        match self.vcs_info {
            Some(info) => Origin::Vcs {
                url: format!("{}+{}", info.vcs, self.url),
                reference: info.requested_revision,
                commit: info.commit_id,
            },
            None => origin(&self.url, self.dir_info.is_some_and(|info| info.editable)),
        }
    }
}

fn read(source: &Source, reading: &mut Reading) {
    if source.text.trim_start().starts_with('[') {
        for raw in json::parse::<Vec<&RawValue>>(source, reading)
            .into_iter()
            .flatten()
        {
            let Some(listed) = entry::<Listed>(source, raw, reading) else {
                continue;
            };
            let wanted = Wanted::pinned(listed.version.as_deref());
            let package = reading.package(&listed.name, wanted, place(source, raw));
            reading.packages.extend(package.map(|mut package| {
                if let Some(path) = listed.editable_project_location {
                    package.origin = Arc::new(Origin::Path {
                        path,
                        editable: true,
                    });
                }
                package
            }));
        }
        return;
    }
    let Some(inspection) = json::parse::<Inspection<'_>>(source, reading) else {
        return;
    };
    for raw in inspection.installed {
        let Some(found) = entry::<Inspected>(source, raw, reading) else {
            continue;
        };
        let wanted = Wanted::pinned(found.metadata.version.as_deref());
        let Some(mut package) = reading.package(&found.metadata.name, wanted, place(source, raw))
        else {
            continue;
        };
        package.requires = found
            .metadata
            .requires_dist
            .iter()
            .filter_map(|text| needed(text))
            .collect();
        package.origin = found
            .direct_url
            .map_or(Origin::Index(None), DirectUrl::origin)
            .into();
        package.relation = relation(found.requested);
        reading.packages.push(package);
    }
    unless_all_transitive(&mut reading.packages);
}

/// Installers mark what was asked for by name.
pub(super) fn relation(requested: Option<bool>) -> Relation {
    match requested {
        Some(true) => Relation::Direct,
        Some(false) => Relation::Transitive,
        None => Relation::Unknown,
    }
}

/// An installer that marks nothing at all does not mark.
pub(super) fn unless_all_transitive(packages: &mut [Package]) {
    if packages
        .iter()
        .all(|package| package.relation != Relation::Direct)
    {
        for package in packages {
            package.relation = Relation::Unknown;
        }
    }
}

/// The name in a `Requires-Dist` that is not only for an extra.
pub(super) fn needed(text: &str) -> Option<Name> {
    let requirement = Requirement::parse(text).ok()?;
    let extra = requirement.marker.is_some_and(|marker| {
        marker
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|word| word == "extra")
    });
    if extra {
        None
    } else {
        Name::new(requirement.name)
    }
}

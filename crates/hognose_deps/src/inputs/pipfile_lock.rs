//! `Pipfile.lock`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::inventory::{Installer, InstallerOption, Origin, Role, Wanted};
use super::json::{self, entry, key_place};
use super::pipfile::{group, wanted};
use super::requirement::{has_hash, named_archive, origin};
use super::source::{Reading, Source, beside, file_name};
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "Pipfile.lock",
    role: Role::Lock,
    named: |path| match file_name(path) {
        "Pipfile.lock" => Named::Surely,
        _ => Named::No,
    },
    looks: |text| text.trim_start().starts_with('{') && text.contains("\"pipfile-spec\""),
    read,
};

type Entries<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, default)]
    sources: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Index {
    url: String,
    verify_ssl: Option<bool>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    markers: Option<String>,
    #[serde(default)]
    hashes: Vec<String>,
    #[serde(default)]
    extras: Vec<String>,
    index: Option<String>,
    git: Option<String>,
    hg: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    path: Option<String>,
    file: Option<String>,
    #[serde(default)]
    editable: bool,
}

fn read(source: &Source, reading: &mut Reading) {
    let Some(sections) = json::parse::<Entries<'_>>(source, reading) else {
        return;
    };
    for (section, raw) in sections {
        if section == "_meta" {
            indexes(source, reading, raw);
            continue;
        }
        let Some(packages) = entry::<Entries<'_>>(source, raw, reading) else {
            continue;
        };
        for (name, raw) in packages {
            let Some(locked) = entry::<Locked>(source, raw, reading) else {
                continue;
            };
            let place = key_place(source, raw, &name);
            let location = locked.file.as_deref().or(locked.path.as_deref());
            let version = match (locked.version.as_deref(), location) {
                (Some(version), _) => wanted(version),
                (None, Some(location)) => {
                    named_archive(&name, location).unwrap_or(Wanted::Anything)
                }
                (None, None) => Wanted::Anything,
            };
            let Some(mut package) = reading.package(&name, version, place) else {
                continue;
            };
            package.groups.push(group(&section));
            package.hashed = !locked.hashes.is_empty() || location.is_some_and(has_hash);
            package.marker = locked.markers.map(Into::into);
            package.extras = locked.extras;
            let vcs = [("git", &locked.git), ("hg", &locked.hg)];
            let vcs = vcs
                .iter()
                .find_map(|(system, url)| Some((system, url.as_ref()?)));
            let origin = match (vcs, location) {
                // Pipenv writes the commit it found.
                (Some((system, url)), _) => Origin::Vcs {
                    url: format!("{system}+{url}"),
                    reference: None,
                    commit: locked.reference,
                },
                (None, Some(location)) => origin(location, locked.editable),
                (None, None) => Origin::Index(locked.index),
            };
            package.origin = origin.into();
            reading.packages.push(package);
        }
    }
    reading.locks.extend(beside(&source.path, "Pipfile"));
}

fn indexes<'a>(source: &'a Source, reading: &mut Reading, raw: &'a RawValue) {
    let Some(meta) = entry::<Meta<'_>>(source, raw, reading) else {
        return;
    };
    for raw in meta.sources {
        let Some(index) = entry::<Index>(source, raw, reading) else {
            continue;
        };
        let mut option = |name| {
            reading.options.push(InstallerOption {
                name,
                value: Some(index.url.clone()),
                by: Installer::Pipenv,
                place: json::place(source, raw),
            });
        };
        // Each entry has hashes and names its index.
        option("--index-url");
        if index.verify_ssl == Some(false) {
            option("--trusted-host");
        }
    }
}

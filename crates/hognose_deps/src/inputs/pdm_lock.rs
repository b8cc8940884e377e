//! `pdm.lock`.
//!
//! A package with extras is an entry of its own beside the one without; both are the same distribution.

use super::dependency_table::table_origin;
use super::inventory::{Group, Role, Wanted};
use super::requirement::Requirement;
use super::source::{Reading, Source, beside, file_name};
use super::toml::{self, as_table, at, key_place, tables, text, texts};
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "pdm.lock",
    role: Role::Lock,
    named: |path| match file_name(path) {
        "pdm.lock" => Named::Surely,
        name if name.starts_with("pdm.") && name.ends_with(".lock") => Named::Surely,
        _ => Named::No,
    },
    looks: |text| text.contains("[[package]]") && text.contains("\ncontent_hash ="),
    read,
};

/// Entries are sorted by name: one with extras is not further from the one without than this.
const NEAR: usize = 16;

fn read(source: &Source, reading: &mut Reading) {
    let table = toml::parse(source, reading);
    let old_files = at(&table, &["metadata", "files"]);
    for package in tables(table.get("package")) {
        let place = key_place(source, package, "name");
        let Some(written) = text(package, "name") else {
            reading.unreadable(place, "a package has no name");
            continue;
        };
        let version = text(package, "version");
        let Some(mut found) = reading.package(written, Wanted::pinned(version), place) else {
            continue;
        };
        found.extras = texts(package.get("extras")).map(str::to_owned).collect();
        found.marker = text(package, "marker").map(Into::into);
        found.groups = texts(package.get("groups"))
            .map(|group| match group {
                "default" => Group::Main,
                group => Group::Group(group.to_owned()),
            })
            .collect();
        found.requires = texts(package.get("dependencies"))
            .filter_map(|text| reading.name(Requirement::parse(text).ok()?.name))
            .filter(|name| *name != found.name)
            .collect();
        // Before lock version 4.3 files stood together, by name and version.
        let key = format!("{written} {}", version.unwrap_or_default());
        let files = package
            .get("files")
            .or_else(|| as_table(old_files?)?.get(key.as_str()));
        found.hashed = tables(files).any(|file| file.contains_key("hash"));
        if let Some(origin) = table_origin(package) {
            found.origin = origin.into();
        }
        let known = reading.packages.iter_mut().rev().take(NEAR).find(|other| {
            !found.extras.is_empty()
                && other.name == found.name
                && other.wanted == found.wanted
                && other.marker == found.marker
        });
        match known {
            Some(known) => {
                known.extras.append(&mut found.extras);
                for group in found.groups {
                    known.add_group(group);
                }
                known.requires.append(&mut found.requires);
                known.requires.sort();
                known.requires.dedup();
            }
            None => reading.packages.push(found),
        }
    }
    reading.locks.extend(beside(&source.path, "pyproject.toml"));
}

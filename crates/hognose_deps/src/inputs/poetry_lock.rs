//! `poetry.lock`, from version 1.0 to 2.x.
//!
//! Before 2.0 a package had at most a `category`; since then it has `groups` and `markers`, the latter one text or one
//! for each group. Hashes stood in `[metadata.files]` before 1.3.

use super::inventory::{Group, Origin, Package, Role, Wanted};
use super::requirement::origin;
use super::source::{Reading, Source, beside, file_name};
use super::toml::{
    self, Item, Table, as_bool, as_table, as_text, at, entries, key_place, tables, text, texts,
};
use super::{Format, Named};
use crate::name::Name;
use rustc_hash::FxHashMap;

pub(super) const FORMAT: Format = Format {
    id: "poetry.lock",
    role: Role::Lock,
    named: |path| match file_name(path) {
        "poetry.lock" => Named::Surely,
        _ => Named::No,
    },
    looks: |text| text.contains("[[package]]") && text.contains("\ncontent-hash ="),
    read,
};

fn read(source: &Source, reading: &mut Reading) {
    let table = toml::parse(source, reading);
    let old_files = at(&table, &["metadata", "files"]).and_then(as_table);
    for package in tables(table.get("package")) {
        let place = key_place(source, package, "name");
        let Some(written) = text(package, "name") else {
            reading.unreadable(place, "a package has no name");
            continue;
        };
        let wanted = Wanted::pinned(text(package, "version"));
        let Some(mut found) = reading.package(written, wanted, place) else {
            continue;
        };
        let files = old_files
            .and_then(|files| files.get(written))
            .or(package.get("files"));
        found.hashed = tables(files).any(|file| file.contains_key("hash"));
        found.requires = entries(package.get("dependencies"))
            .filter_map(|(name, _)| reading.name(name))
            .collect();
        if let Some(from) = package.get("source").and_then(as_table) {
            found.origin = package_origin(package, from).into();
        }
        let groups: Vec<&str> = match text(package, "category") {
            Some(category) => vec![category],
            None => texts(package.get("groups")).collect(),
        };
        found.groups = groups.iter().map(|group| named_group(group)).collect();
        match package.get("markers") {
            Some(markers) if as_table(markers).is_some() => by_group(found, markers, reading),
            marker => {
                found.marker = marker.and_then(as_text).map(Into::into);
                reading.packages.push(found);
            }
        }
    }
    let mut extras: FxHashMap<Name, Vec<&str>> = FxHashMap::default();
    for (extra, item) in entries(table.get("extras")) {
        for name in texts(Some(item)).filter_map(|name| Name::new(name.split([' ', '[']).next()?)) {
            extras.entry(name).or_default().push(extra);
        }
    }
    for package in &mut reading.packages {
        for extra in extras.get(&package.name).into_iter().flatten() {
            package.add_group(Group::Extra((*extra).to_owned()));
        }
    }
    reading.locks.extend(beside(&source.path, "pyproject.toml"));
}

fn named_group(name: &str) -> Group {
    match name {
        "main" => Group::Main,
        name => Group::Group(name.to_owned()),
    }
}

/// A package whose marker depends on the group: an entry for the groups that have none, and one for each other.
fn by_group(package: Package, markers: &Item<'_>, reading: &mut Reading) {
    let mut free = package.clone();
    for (group, marker) in entries(Some(markers)) {
        let group = named_group(group);
        free.groups.retain(|other| *other != group);
        let mut one = package.clone();
        one.groups = vec![group];
        one.marker = as_text(marker).map(Into::into);
        reading.packages.push(one);
    }
    if !free.groups.is_empty() {
        reading.packages.push(free);
    }
}

fn package_origin(package: &Table<'_>, from: &Table<'_>) -> Origin {
    let url = text(from, "url").unwrap_or_default();
    match text(from, "type") {
        Some("git") => Origin::Vcs {
            url: format!("git+{url}"),
            reference: text(from, "reference").map(str::to_owned),
            commit: text(from, "resolved_reference").map(str::to_owned),
        },
        Some("directory" | "file") => Origin::Path {
            path: url.to_owned(),
            editable: package.get("develop").and_then(as_bool) == Some(true),
        },
        Some("url") => origin(url, false),
        _ => Origin::Index(Some(url.to_owned())),
    }
}

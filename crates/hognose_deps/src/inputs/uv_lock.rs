//! `uv.lock`, and the lock files uv keeps beside scripts.

use super::inventory::{Group, Origin, Relation, Role, Wanted};
use super::requirement::origin;
use super::source::{Reading, Source, beside, directory, file_name, join};
use super::toml::{self, Item, Table, as_table, at, entries, key_place, tables, text, texts};
use super::{Format, Named};
use crate::name::Name;
use rustc_hash::FxHashMap;

pub(super) const FORMAT: Format = Format {
    id: "uv.lock",
    role: Role::Lock,
    named: |path| match file_name(path) {
        "uv.lock" => Named::Surely,
        name if name.ends_with(".py.lock") => Named::Surely,
        _ => Named::No,
    },
    looks: |text| {
        text.starts_with("version = 1")
            && (text.contains("\nsource = { registry =") || text.contains("\nsource = { virtual ="))
    },
    read,
};

/// Most markers of edges that are shown on one package.
const MAX_MARKERS: usize = 8;

fn read(source: &Source, reading: &mut Reading) {
    let table = toml::parse(source, reading);
    // What the project and its members need, by name: groups, and markers unless one edge has none.
    let mut direct: FxHashMap<Name, Vec<Group>> = FxHashMap::default();
    let mut markers: FxHashMap<Name, Option<Vec<String>>> = FxHashMap::default();
    if let Some(script) = source
        .path
        .strip_suffix(".lock")
        .filter(|path| path.ends_with(".py"))
    {
        reading.locks.push(script.to_owned());
    }
    for name in tables(at(&table, &["manifest", "requirements"])).filter_map(name_of) {
        direct.entry(name).or_default().push(Group::Main);
    }
    for (group, item) in entries(at(&table, &["manifest", "dependency-groups"])) {
        for name in tables(Some(item)).filter_map(name_of) {
            direct
                .entry(name)
                .or_default()
                .push(Group::Group(group.to_owned()));
        }
    }
    for package in tables(table.get("package")) {
        let place = key_place(source, package, "name");
        let Some(written) = text(package, "name") else {
            reading.unreadable(place, "a package has no name");
            continue;
        };
        let from = package.get("source").and_then(as_table);
        let edges = tables(package.get("dependencies"));
        let sections = [("optional-dependencies", false), ("dev-dependencies", true)];
        let optional = sections.iter().flat_map(|(key, _)| {
            entries(package.get(*key)).flat_map(|(_, item)| tables(Some(item)))
        });
        let mut requires = Vec::new();
        for edge in edges.chain(optional) {
            let Some(name) = text(edge, "name").and_then(|name| reading.name(name)) else {
                continue;
            };
            note_marker(&mut markers, &name, text(edge, "marker"));
            requires.push(name);
        }
        requires.sort();
        requires.dedup();
        requires.shrink_to_fit();
        if let Some(path) = from.and_then(own_directory) {
            // The project or a member of its workspace: what it needs is direct, and it is nobody's package.
            let manifest = join(&join(directory(&source.path), path), "pyproject.toml");
            reading.locks.push(manifest);
            reading.members.extend(Name::new(written));
            for name in tables(package.get("dependencies")).filter_map(name_of) {
                direct.entry(name).or_default().push(Group::Main);
            }
            for (key, is_group) in sections {
                for (part, item) in entries(package.get(key)) {
                    let group = if is_group {
                        Group::Group(part.to_owned())
                    } else {
                        Group::Extra(part.to_owned())
                    };
                    for name in tables(Some(item)).filter_map(name_of) {
                        direct.entry(name).or_default().push(group.clone());
                    }
                }
            }
            continue;
        }
        let wanted = Wanted::pinned(text(package, "version"));
        let Some(mut found) = reading.package(written, wanted, place) else {
            continue;
        };
        found.requires = requires;
        found.origin = from.map_or(Origin::Index(None), source_origin).into();
        found.hashed = package.get("sdist").is_some_and(has_hash)
            || tables(package.get("wheels")).any(|wheel| wheel.contains_key("hash"));
        let forks: Vec<&str> = texts(package.get("resolution-markers")).collect();
        found.marker = join_or(&forks).map(Into::into);
        reading.packages.push(found);
    }
    for package in &mut reading.packages {
        if package.marker.is_none()
            && let Some(Some(markers)) = markers.get(&package.name)
        {
            let markers: Vec<&str> = markers.iter().map(String::as_str).collect();
            package.marker = join_or(&markers).map(Into::into);
        }
        match direct.get(&package.name) {
            Some(groups) => {
                package.relation = Relation::Direct;
                for group in groups {
                    package.add_group(group.clone());
                }
            }
            None if !direct.is_empty() => package.relation = Relation::Transitive,
            None => {}
        }
    }
    if reading.locks.is_empty() {
        reading.locks.extend(beside(&source.path, "pyproject.toml"));
    }
}

fn name_of(table: &Table<'_>) -> Option<Name> {
    Name::new(text(table, "name")?)
}

fn has_hash(item: &Item<'_>) -> bool {
    as_table(item).is_some_and(|table| table.contains_key("hash"))
}

/// Keeps the markers of all edges to a name, or that one has none.
fn note_marker(
    markers: &mut FxHashMap<Name, Option<Vec<String>>>,
    name: &Name,
    marker: Option<&str>,
) {
    let known = markers
        .entry(name.clone())
        .or_insert_with(|| Some(Vec::new()));
    match (marker, known.as_mut()) {
        (Some(marker), Some(all)) if all.len() < MAX_MARKERS => {
            if all.iter().all(|other| other != marker) {
                all.push(marker.to_owned());
            }
        }
        (_, None) => {}
        _ => *known = None,
    }
}

/// Markers one of which has to hold.
fn join_or(markers: &[&str]) -> Option<String> {
    match markers {
        [] => None,
        [one] => Some((*one).to_owned()),
        several => Some(format!("({})", several.join(") or ("))),
    }
}

/// The directory of a package that is part of the workspace.
fn own_directory<'a>(source: &'a Table<'_>) -> Option<&'a str> {
    text(source, "virtual").or_else(|| text(source, "editable"))
}

fn source_origin(source: &Table<'_>) -> Origin {
    if let Some(url) = text(source, "registry") {
        return Origin::Index(Some(url.to_owned()));
    }
    if let Some(url) = text(source, "git") {
        // git = "https://…?rev=asked#commit"
        let (address, commit) = match url.split_once('#') {
            Some((address, commit)) => (address, Some(commit.to_owned())),
            None => (url, None),
        };
        let (address, query) = address.split_once('?').unwrap_or((address, ""));
        let reference = query
            .split('&')
            .filter_map(|part| part.split_once('='))
            .find_map(|(key, value)| {
                matches!(key, "rev" | "tag" | "branch").then(|| value.to_owned())
            });
        return Origin::Vcs {
            url: format!("git+{address}"),
            reference,
            commit,
        };
    }
    if let Some(url) = text(source, "url") {
        return origin(url, false);
    }
    match text(source, "path").or_else(|| text(source, "directory")) {
        Some(path) => Origin::Path {
            path: path.to_owned(),
            editable: false,
        },
        None => Origin::Index(None),
    }
}

//! `pylock.toml` and `pylock.*.toml`: PEP 751.

use super::inventory::{Group, Origin, Role, Wanted};
use super::requirement::{archive, origin};
use super::source::{Reading, Source, beside, file_name};
use super::toml::{self, Table, as_bool, as_table, key_place, tables, text};
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "pylock.toml",
    role: Role::Lock,
    named: |path| match file_name(path) {
        "pylock.toml" => Named::Surely,
        name if name.starts_with("pylock.") && name.ends_with(".toml") => Named::Surely,
        _ => Named::No,
    },
    looks: |text| {
        text.lines().any(|line| line.starts_with("lock-version ="))
            && text.contains("\n[[packages]]")
    },
    read,
};

fn read(source: &Source, reading: &mut Reading) {
    let table = toml::parse(source, reading);
    for package in tables(table.get("packages")) {
        let place = key_place(source, package, "name");
        let Some(written) = text(package, "name") else {
            reading.unreadable(place, "a package has no name");
            continue;
        };
        let files = ["archive", "sdist"]
            .iter()
            .filter_map(|key| as_table(package.get(*key)?))
            .chain(tables(package.get("wheels")));
        let mut hashed = false;
        let mut in_file = None;
        for file in files {
            hashed |= file.get("hashes").is_some();
            let name = ["name", "url", "path"]
                .iter()
                .find_map(|key| text(file, key));
            in_file = in_file.or_else(|| name.and_then(archive));
        }
        // The version may be missing where a source tree or archive decides it.
        let wanted = match (text(package, "version"), in_file) {
            (None, Some((_, wanted))) => wanted,
            (version, _) => Wanted::pinned(version),
        };
        let Some(mut found) = reading.package(written, wanted, place) else {
            continue;
        };
        found.hashed = hashed;
        found.origin = package_origin(package).into();
        found.marker = text(package, "marker").map(Into::into);
        found.groups = found.marker.as_deref().map(groups).unwrap_or_default();
        found.requires = tables(package.get("dependencies"))
            .filter_map(|table| reading.name(text(table, "name")?))
            .collect();
        reading.packages.push(found);
    }
    reading.locks.extend(beside(&source.path, "pyproject.toml"));
}

fn package_origin(package: &Table<'_>) -> Origin {
    let table = |key: &str| package.get(key).and_then(as_table);
    if let Some(vcs) = table("vcs") {
        let system = text(vcs, "type").unwrap_or("git");
        let url = text(vcs, "url")
            .or_else(|| text(vcs, "path"))
            .unwrap_or_default();
        return Origin::Vcs {
            url: format!("{system}+{url}"),
            reference: text(vcs, "requested-revision").map(str::to_owned),
            commit: text(vcs, "commit-id").map(str::to_owned),
        };
    }
    if let Some(directory) = table("directory") {
        return Origin::Path {
            path: text(directory, "path").unwrap_or_default().to_owned(),
            editable: directory.get("editable").and_then(as_bool) == Some(true),
        };
    }
    if let Some(archive) = table("archive") {
        return match text(archive, "url") {
            Some(url) => origin(url, false),
            None => Origin::Path {
                path: text(archive, "path").unwrap_or_default().to_owned(),
                editable: false,
            },
        };
    }
    Origin::Index(text(package, "index").map(str::to_owned))
}

/// The extras and groups a marker names: `'dev' in dependency_groups`.
fn groups(marker: &str) -> Vec<Group> {
    let mut groups = Vec::new();
    for (variable, group) in [
        (" in extras", Group::Extra as fn(String) -> Group),
        (" in dependency_groups", Group::Group),
    ] {
        for (at, _) in marker.match_indices(variable) {
            let before = marker[..at].trim_end();
            let Some(quote) = before.chars().last().filter(|c| matches!(c, '\'' | '"')) else {
                continue;
            };
            let inside = &before[..before.len() - 1];
            if let Some((_, name)) = inside.rsplit_once(quote) {
                let group = group(name.to_owned());
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
    }
    groups
}

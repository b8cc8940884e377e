//! Dependencies written as tables, as Poetry and Pipenv do: `name = "1.0"` or `name = { version = "1.0", … }`.

use super::inventory::{Group, Origin, Package, Place, Relation, Wanted};
use super::poetry_constraint::python_marker;
use super::requirement::{has_hash, is_commit, named_archive, origin};
use super::source::{Reading, Source};
use super::toml::{Item, Table, as_bool, as_table, as_text, key_place, text, texts};

/// Reads each entry of such a table. `wanted` understands the tool's version constraints.
pub fn read(
    source: &Source,
    reading: &mut Reading,
    item: Option<&Item<'_>>,
    group: &Group,
    wanted: fn(&str) -> Wanted,
) {
    let Some(table) = item.and_then(as_table) else {
        return;
    };
    for (name, item) in table {
        let name = &**name.get_ref();
        if name == "python" {
            continue;
        }
        let place = key_place(source, table, name);
        let one = |entry: Entry<'_>, reading: &mut Reading| {
            let package = entry.package(name, wanted, reading, place.clone());
            reading.packages.extend(package.map(|mut package| {
                package.groups.push(group.clone());
                package.relation = Relation::Direct;
                package
            }));
        };
        // Several entries for one name: one for each marker.
        let several = item.get_ref().as_array().map(|array| array.iter());
        let single = several.is_none().then_some(item);
        for item in several.into_iter().flatten().chain(single) {
            match (as_text(item), as_table(item)) {
                (Some(version), _) => one(Entry::Version(version), reading),
                (_, Some(table)) => one(Entry::Table(table), reading),
                _ => reading.unreadable(place.clone(), "a dependency is a text or a table"),
            }
        }
    }
}

enum Entry<'a> {
    Version(&'a str),
    Table(&'a Table<'a>),
}

impl Entry<'_> {
    fn package(
        &self,
        name: &str,
        wanted: fn(&str) -> Wanted,
        reading: &mut Reading,
        place: Place,
    ) -> Option<Package> {
        let table = match self {
            Self::Version(version) => return reading.package(name, wanted(version), place),
            Self::Table(table) => *table,
        };
        let version = text(table, "version").map_or(Wanted::Anything, wanted);
        let mut package = reading.package(name, version, place)?;
        package.extras = texts(table.get("extras")).map(str::to_owned).collect();
        package.marker = marker(table).map(Into::into);
        if let Some(found) = table_origin(table) {
            let location = text(table, "url")
                .or(text(table, "path"))
                .or(text(table, "file"));
            if let (Wanted::Anything, Some(location)) = (&package.wanted, location) {
                package.hashed = has_hash(location);
                package.wanted = named_archive(name, location).unwrap_or(Wanted::Anything);
            }
            package.origin = found.into();
        } else if let Some(index) = text(table, "index").or(text(table, "source")) {
            package.origin = Origin::Index(Some(index.to_owned())).into();
        }
        Some(package)
    }
}

/// The marker: written as one, or in keys of its variables.
fn marker(table: &Table<'_>) -> Option<String> {
    const VARIABLES: [&str; 5] = [
        "sys_platform",
        "python_version",
        "python_full_version",
        "platform_machine",
        "os_name",
    ];
    let written = text(table, "markers").map(str::to_owned);
    let python = text(table, "python").and_then(python_marker);
    let platform = text(table, "platform").map(|name| format!("sys_platform == '{name}'"));
    let variables = VARIABLES
        .iter()
        .filter_map(|variable| Some(format!("{variable} {}", text(table, variable)?)));
    let parts: Vec<String> = written
        .into_iter()
        .chain(python)
        .chain(platform)
        .chain(variables)
        .collect();
    match parts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(") and ("))),
    }
}

/// Where a table says a package comes from, if it is not an index.
pub fn table_origin(table: &Table<'_>) -> Option<Origin> {
    for system in ["git", "hg", "svn", "bzr"] {
        let Some(url) = text(table, system) else {
            continue;
        };
        let reference = ["rev", "ref", "tag", "branch"]
            .iter()
            .find_map(|key| text(table, key))
            .map(str::to_owned);
        let commit = text(table, "revision").map(str::to_owned).or_else(|| {
            reference
                .clone()
                .filter(|reference| is_commit(system, reference))
        });
        return Some(Origin::Vcs {
            url: format!("{system}+{url}"),
            reference: reference.filter(|reference| Some(reference) != commit.as_ref()),
            commit,
        });
    }
    let editable = ["editable", "develop"]
        .iter()
        .any(|key| table.get(*key).and_then(as_bool) == Some(true));
    if let Some(path) = text(table, "path").or_else(|| text(table, "file")) {
        return Some(if path.contains("://") {
            origin(path, editable)
        } else {
            Origin::Path {
                path: path.to_owned(),
                editable,
            }
        });
    }
    text(table, "url").map(|url| origin(url, editable))
}

//! `pyproject.toml`: PEP 621 dependencies and extras, PEP 735 groups, what builds the project, and the tables in which
//! Poetry, PDM, uv and Hatch keep more.

use std::sync::Arc;

use super::dependency_table::{self, table_origin};
use super::inventory::{Group, Installer, InstallerOption, Origin, Purpose, Relation, Role};
use super::poetry_constraint;
use super::requirement;
use super::source::{Reading, Source, file_name, shown};
use super::toml::{
    self, Item, Table, as_bool, as_table, as_text, at, entries, place, text, texts, values,
};
use super::{Format, Named};
use crate::name::Name;
use rustc_hash::FxHashMap;

pub(super) const FORMAT: Format = Format {
    id: "pyproject.toml",
    role: Role::Manifest,
    named: |path| match file_name(path) {
        "pyproject.toml" => Named::Surely,
        _ => Named::No,
    },
    looks: |text| {
        text.lines().any(|line| {
            matches!(
                line.trim(),
                "[project]" | "[build-system]" | "[tool.poetry]" | "[dependency-groups]"
            )
        })
    },
    read: |source, reading| {
        let table = toml::parse(source, reading);
        read(source, &table, reading);
    },
};

/// How deep groups may include groups.
const MAX_INCLUDED_GROUPS: usize = 32;

/// Most entries that groups may have when all they include is written out.
const MAX_GROUP_ENTRIES: usize = 100_000;

/// Reads the tables of a project.
fn read(source: &Source, table: &Table<'_>, reading: &mut Reading) {
    let project = at(table, &["project"]).and_then(as_table);
    let poetry = at(table, &["tool", "poetry"]).and_then(as_table);
    reading.project = [project, poetry]
        .into_iter()
        .flatten()
        .find_map(|table| Name::new(text(table, "name")?));
    reading.purpose = purpose(table, project, poetry);
    if let Some(project) = project {
        requirements(source, reading, project.get("dependencies"), &Group::Main);
        for (extra, item) in entries(project.get("optional-dependencies")) {
            requirements(source, reading, Some(item), &Group::Extra(extra.to_owned()));
        }
    }
    groups(source, reading, table.get("dependency-groups"));
    let build = at(table, &["build-system", "requires"]);
    requirements(source, reading, build, &Group::Build);
    for tool in ["pdm", "uv"] {
        match at(table, &["tool", tool, "dev-dependencies"]) {
            Some(item) if item.get_ref().is_array() => {
                requirements(source, reading, Some(item), &Group::Group("dev".to_owned()));
            }
            item => {
                for (group, item) in entries(item) {
                    requirements(source, reading, Some(item), &Group::Group(group.to_owned()));
                }
            }
        }
    }
    for (environment, item) in entries(at(table, &["tool", "hatch", "envs"])) {
        let group = Group::Environment(environment.to_owned());
        for key in ["dependencies", "extra-dependencies"] {
            requirements(source, reading, at_item(item, key), &group);
        }
    }
    if let Some(poetry) = poetry {
        poetry_tables(source, reading, poetry);
    }
    if let Some(uv) = at(table, &["tool", "uv"]).and_then(as_table) {
        uv_tables(source, reading, uv);
    }
    setuptools(source, reading, table);
}

/// What a project is for: what is built to be installed is a library, unless it says that nobody is to get it.
fn purpose(
    table: &Table<'_>,
    project: Option<&Table<'_>>,
    poetry: Option<&Table<'_>>,
) -> Option<Purpose> {
    let is_false = |path: &[&str]| at(table, path).and_then(as_bool) == Some(false);
    let private = texts(project.and_then(|project| project.get("classifiers")))
        .any(|classifier| classifier.starts_with("Private ::"));
    if private
        || is_false(&["tool", "uv", "package"])
        || is_false(&["tool", "poetry", "package-mode"])
        || is_false(&["tool", "pdm", "distribution"])
    {
        return Some(Purpose::Application);
    }
    let is_built = table.contains_key("build-system") || poetry.is_some();
    match (is_built, project) {
        (true, _) => Some(Purpose::Library),
        // Without a build system uv installs what the project needs, and not the project.
        (false, Some(project)) if !project.contains_key("classifiers") => {
            Some(Purpose::Application)
        }
        _ => None,
    }
}

fn at_item<'a, 's>(item: &'a Item<'s>, key: &str) -> Option<&'a Item<'s>> {
    as_table(item)?.get(key)
}

/// An array of requirements.
fn requirements(source: &Source, reading: &mut Reading, item: Option<&Item<'_>>, group: &Group) {
    for value in values(item) {
        requirement(source, reading, value, group);
    }
}

fn requirement(source: &Source, reading: &mut Reading, value: &Item<'_>, group: &Group) {
    let place = place(source, value);
    let Some(text) = as_text(value) else {
        reading.unreadable(place, "a requirement is a text");
        return;
    };
    if let Some(mut package) = requirement::package(text, reading, &place) {
        package.groups.push(group.clone());
        package.relation = Relation::Direct;
        reading.packages.push(package);
    }
}

/// The arrays of a table of dependency groups, which may include one another by normalised name.
fn groups(source: &Source, reading: &mut Reading, item: Option<&Item<'_>>) {
    let all: FxHashMap<Name, &Item<'_>> = entries(item)
        .filter_map(|(name, array)| Some((Name::new(name)?, array)))
        .collect();
    let mut left = MAX_GROUP_ENTRIES;
    let first = (reading.packages.len(), reading.unreadable.len());
    for (group, array) in entries(item) {
        let name = Group::Group(group.to_owned());
        let mut path: Vec<Name> = Name::new(group).into_iter().collect();
        group_values(source, reading, &all, array, &name, &mut path, &mut left);
    }
    // A requirement that other groups include stands for all of them.
    let mut packages = reading.packages.split_off(first.0);
    packages.sort_by(|a, b| a.place.cmp(&b.place));
    packages.dedup_by(|next, kept| {
        let same = next.place == kept.place;
        if same {
            for group in next.groups.drain(..) {
                kept.add_group(group);
            }
        }
        same
    });
    reading.packages.append(&mut packages);
    let mut unreadable = reading.unreadable.split_off(first.1);
    unreadable.sort_by(|a, b| a.place.cmp(&b.place));
    unreadable.dedup_by(|next, kept| next.place == kept.place);
    reading.unreadable.append(&mut unreadable);
}

fn group_values(
    source: &Source,
    reading: &mut Reading,
    all: &FxHashMap<Name, &Item<'_>>,
    array: &Item<'_>,
    group: &Group,
    path: &mut Vec<Name>,
    left: &mut usize,
) {
    for value in values(Some(array)) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let Some(included) = as_table(value).and_then(|table| text(table, "include-group")) else {
            requirement(source, reading, value, group);
            continue;
        };
        let place = place(source, value);
        let Some((name, array)) = Name::new(included).and_then(|name| all.get_key_value(&name))
        else {
            reading.unreadable(place, format!("there is no group `{}`", shown(included)));
            continue;
        };
        // A group that includes itself is a fault for the installer, and adds nothing.
        if !path.contains(name) && path.len() < MAX_INCLUDED_GROUPS {
            path.push(name.clone());
            group_values(source, reading, all, array, group, path, left);
            path.pop();
        }
    }
}

fn poetry_tables(source: &Source, reading: &mut Reading, poetry: &Table<'_>) {
    let first = reading.packages.len();
    let wanted = poetry_constraint::wanted;
    dependency_table::read(
        source,
        reading,
        poetry.get("dependencies"),
        &Group::Main,
        wanted,
    );
    // An optional dependency is installed with the extras that name it.
    let mut extras: FxHashMap<Name, Vec<&str>> = FxHashMap::default();
    for (extra, item) in entries(poetry.get("extras")) {
        for name in texts(Some(item)).filter_map(Name::new) {
            extras.entry(name).or_default().push(extra);
        }
    }
    for package in &mut reading.packages[first..] {
        if let Some(extras) = extras.get(&package.name) {
            package.groups.clear();
            for extra in extras {
                package.add_group(Group::Extra((*extra).to_owned()));
            }
        }
    }
    let dev = Group::Group("dev".to_owned());
    dependency_table::read(
        source,
        reading,
        poetry.get("dev-dependencies"),
        &dev,
        wanted,
    );
    for (group, item) in entries(poetry.get("group")) {
        let name = Group::Group(group.to_owned());
        dependency_table::read(
            source,
            reading,
            at_item(item, "dependencies"),
            &name,
            wanted,
        );
    }
    for table in toml::tables(poetry.get("source")) {
        // What is asked only where no other source has a package gives way to whoever publishes the name there.
        let extra = matches!(text(table, "priority"), Some("supplemental" | "secondary"))
            || table.get("secondary").and_then(as_bool) == Some(true);
        index(source, reading, table, extra, Installer::Poetry);
    }
}

/// The settings of uv, in its table or in a file of its own.
pub(super) fn uv_tables(source: &Source, reading: &mut Reading, uv: &Table<'_>) {
    let mut sources: FxHashMap<Name, Arc<Origin>> = FxHashMap::default();
    for (name, item) in entries(uv.get("sources")) {
        let origin = as_table(item).and_then(|table| {
            table_origin(table)
                .or_else(|| Some(Origin::Index(Some(text(table, "index")?.to_owned()))))
        });
        if let (Some(origin), Some(name)) = (origin, Name::new(name)) {
            sources.insert(name, origin.into());
        }
    }
    for package in &mut reading.packages {
        if let Some(origin) = sources.get(&package.name) {
            package.origin = Arc::clone(origin);
        }
    }
    for key in ["constraint-dependencies", "override-dependencies"] {
        for value in values(uv.get(key)) {
            let place = place(source, value);
            let package =
                as_text(value).and_then(|text| requirement::package(text, reading, &place));
            reading.packages.extend(package.map(|mut package| {
                package.relation = Relation::Constraint;
                package
            }));
        }
    }
    uv_options(source, reading, uv);
    if let Some(pip) = uv.get("pip").and_then(as_table) {
        uv_options(source, reading, pip);
    }
}

/// The settings of uv that say where packages come from and how they are checked.
fn uv_options(source: &Source, reading: &mut Reading, uv: &Table<'_>) {
    for table in toml::tables(uv.get("index")) {
        let is = |key: &str| table.get(key).and_then(as_bool) == Some(true);
        let extra = !is("default") && !is("explicit");
        index(source, reading, table, extra, Installer::Uv);
    }
    for (key, name) in [
        ("index-url", "--index-url"),
        ("extra-index-url", "--extra-index-url"),
        ("find-links", "--find-links"),
        ("index-strategy", "--index-strategy"),
        ("allow-insecure-host", "--trusted-host"),
    ] {
        for value in uv.get(key).into_iter().chain(values(uv.get(key))) {
            if let Some(text) = as_text(value) {
                reading.options.push(InstallerOption {
                    name,
                    value: Some(text.to_owned()),
                    by: Installer::Uv,
                    place: place(source, value),
                });
            }
        }
    }
    for (key, off) in [("verify-hashes", false), ("no-verify-hashes", true)] {
        if uv.get(key).and_then(as_bool) == Some(off) {
            reading.options.push(InstallerOption {
                name: "--no-verify-hashes",
                value: None,
                by: Installer::Uv,
                place: toml::key_place(source, uv, key),
            });
        }
    }
}

/// An index that is asked beside the default one, or instead of it.
pub(super) fn index(
    source: &Source,
    reading: &mut Reading,
    table: &Table<'_>,
    extra: bool,
    by: Installer,
) {
    let Some(item) = table.get("url") else { return };
    reading.options.push(InstallerOption {
        name: if extra {
            "--extra-index-url"
        } else {
            "--index-url"
        },
        value: as_text(item).map(str::to_owned),
        by,
        place: place(source, item),
    });
    if table.get("verify_ssl").and_then(as_bool) == Some(false) {
        reading.options.push(InstallerOption {
            name: "--trusted-host",
            value: as_text(item).map(str::to_owned),
            by,
            place: toml::key_place(source, table, "verify_ssl"),
        });
    }
}

/// Setuptools may read dependencies from files.
fn setuptools(source: &Source, reading: &mut Reading, table: &Table<'_>) {
    let Some(dynamic) = at(table, &["tool", "setuptools", "dynamic"]) else {
        return;
    };
    let extras = entries(at_item(dynamic, "optional-dependencies")).map(|(_, item)| item);
    for item in at_item(dynamic, "dependencies").into_iter().chain(extras) {
        let Some(file) = at_item(item, "file") else {
            continue;
        };
        for value in std::iter::once(file).chain(values(Some(file))) {
            if let Some(path) = as_text(value) {
                reading.include(source, path, false, place(source, value));
            }
        }
    }
}

//! `Pipfile`.

use super::dependency_table;
use super::inventory::{Group, Role, Wanted};
use super::pyproject::index;
use super::requirement;
use super::source::file_name;
use super::toml;
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "Pipfile",
    role: Role::Manifest,
    named: |path| match file_name(path) {
        "Pipfile" => Named::Surely,
        _ => Named::No,
    },
    looks: |text| {
        text.lines()
            .any(|line| matches!(line.trim(), "[packages]" | "[dev-packages]"))
    },
    read: |source, reading| {
        let table = toml::parse(source, reading);
        for (section, item) in &table {
            let section = &**section.get_ref();
            if !matches!(
                section,
                "source" | "requires" | "scripts" | "pipenv" | "pipfile"
            ) {
                dependency_table::read(source, reading, Some(item), &group(section), wanted);
            }
        }
        // The first source is the index, the others are asked as well.
        for (number, table) in toml::tables(table.get("source")).enumerate() {
            index(source, reading, table, number > 0);
        }
    },
};

/// The group of a section, also in the lock file.
pub(super) fn group(section: &str) -> Group {
    match section {
        "packages" | "default" => Group::Main,
        "dev-packages" | "develop" => Group::Group("dev".to_owned()),
        category => Group::Group(category.to_owned()),
    }
}

/// Version specifiers, or `*` for any.
pub(super) fn wanted(text: &str) -> Wanted {
    match text.trim() {
        "*" => Wanted::Anything,
        text => requirement::wanted(text),
    }
}

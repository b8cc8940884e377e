//! `Pipfile`.

use super::dependency_table;
use super::inventory::{Group, Installer, Purpose, Role, Wanted};
use super::pyproject::index;
use super::requirement;
use super::source::file_name;
use super::toml::{self, as_bool, at};
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
        reading.purpose = Some(Purpose::Application);
        // The first source is the index. The others are asked for what names them, unless all are to be searched.
        let all = at(&table, &["pipenv", "install_search_all_sources"]).and_then(as_bool);
        for (number, table) in toml::tables(table.get("source")).enumerate() {
            let extra = number > 0 && all == Some(true);
            index(source, reading, table, extra, Installer::Pipenv);
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

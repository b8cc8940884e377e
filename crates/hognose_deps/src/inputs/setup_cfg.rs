//! `setup.cfg`: the options of setuptools, read as Python's `configparser` does.

use super::inventory::{Group, Purpose, Relation, Role};
use super::source::{Reading, Source, file_name};
use super::{Format, Named, requirement};
use crate::name::Name;

pub(super) const FORMAT: Format = Format {
    id: "setup.cfg",
    role: Role::Manifest,
    named: |path| match file_name(path) {
        "setup.cfg" => Named::Surely,
        _ => Named::No,
    },
    looks: |text| {
        text.lines()
            .any(|line| matches!(line.trim(), "[options]" | "[options.extras_require]"))
    },
    read,
};

fn read(source: &Source, reading: &mut Reading) {
    let mut section = "";
    let mut group: Option<Group> = None;
    for (offset, line) in source.lines() {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        let at = offset + (line.len() - line.trim_start().len());
        if line.starts_with(char::is_whitespace) {
            // A line that is indented goes on with the value above.
            if let Some(group) = &group {
                value(source, reading, text, at, group);
            }
            continue;
        }
        if let Some(name) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name.trim();
            if matches!(section, "metadata" | "options") {
                reading.purpose = Some(Purpose::Library);
            }
            group = None;
            continue;
        }
        let Some(equals) = text.find(['=', ':']) else {
            group = None;
            continue;
        };
        let key = text[..equals].trim().to_ascii_lowercase();
        group = match (section, key.as_str()) {
            ("options", "install_requires") => Some(Group::Main),
            ("options", "setup_requires") => Some(Group::Build),
            ("options", "tests_require") => Some(Group::Group("test".to_owned())),
            // Before a colon stands the marker of a conditional extra.
            ("options.extras_require", extra) => Some(Group::Extra(extra.to_owned())),
            ("metadata", "name") => {
                reading.project = Name::new(text[equals + 1..].trim());
                None
            }
            _ => None,
        };
        if let Some(group) = &group {
            let rest = &text[equals + 1..];
            let begin = at + equals + 1 + (rest.len() - rest.trim_start().len());
            value(source, reading, rest.trim(), begin, group);
        }
    }
}

/// A line of a value: one requirement, or several between semicolons where there is no marker; `file:` names files.
fn value(source: &Source, reading: &mut Reading, text: &str, offset: usize, group: &Group) {
    if text.is_empty() {
        return;
    }
    let place = source.place(offset);
    if let Some(files) = text.strip_prefix("file:") {
        for file in files.split(',') {
            reading.include(source, file.trim(), false, place.clone());
        }
        return;
    }
    let text = text.split(" #").next().unwrap_or(text);
    // A marker compares with something in quotes.
    let behind = text.split_once(';').map_or("", |(_, behind)| behind);
    let several = !behind.contains(['"', '\'']);
    let mut begin = 0;
    for one in text.split(|c| several && c == ';') {
        let at = offset + begin + (one.len() - one.trim_start().len());
        begin += one.len() + 1;
        if one.trim().is_empty() {
            continue;
        }
        let package = requirement::package(one.trim(), reading, &source.place(at));
        reading.packages.extend(package.map(|mut package| {
            package.groups.push(group.clone());
            package.relation = Relation::Direct;
            package
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::{Reading, Source, read};

    #[test]
    fn semicolons_part_requirements_where_there_is_no_marker() {
        let text = "[options]\nsetup_requires = jinja2==2.10; flask==0.12;\ninstall_requires =\n  six==1.16.0; python_version < '4'\n";
        let mut reading = Reading::default();
        read(&Source::new("setup.cfg", text.as_bytes()), &mut reading);
        let found = reading.packages.iter().map(|package| {
            let place = &package.place;
            (
                package.name.as_str(),
                place.line,
                place.column,
                package.marker.is_some(),
            )
        });
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                ("jinja2", 2, 18, false),
                ("flask", 2, 32, false),
                ("six", 4, 3, true)
            ]
        );
        assert!(reading.unreadable.is_empty());
    }
}

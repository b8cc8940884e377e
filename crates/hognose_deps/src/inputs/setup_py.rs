//! `setup.py`, as far as the arguments of `setup(…)` are literals.

use super::inventory::{Group, Purpose, Relation, Role};
use super::python_literal::{Literal, Module};
use super::source::{Reading, Source, file_name};
use super::{Format, Named, requirement};
use crate::name::Name;

pub(super) const FORMAT: Format = Format {
    id: "setup.py",
    role: Role::Manifest,
    named: |path| match file_name(path) {
        "setup.py" => Named::Surely,
        _ => Named::No,
    },
    looks: |text| text.contains("setup(") && text.contains("install_requires"),
    read,
};

fn read(source: &Source, reading: &mut Reading) {
    reading.purpose = Some(Purpose::Library);
    let module = Module::new(&source.text);
    if let Some(offset) = module.fault {
        let reason = "the brackets or quotes of this file do not match";
        reading.unreadable(source.place(offset), reason);
    }
    let arguments = module.call("setup");
    let is_told = arguments.iter().any(|(key, ..)| key == "install_requires");
    for (key, offset, value) in arguments {
        let key = &*key;
        match key {
            // What is needed may be in it.
            "**" if !is_told => computed(source, reading, key, offset),
            "name" => {
                if let Literal::Text(name, _) = value {
                    reading.project = Name::new(&name);
                }
            }
            "install_requires" => list(source, reading, key, offset, value, &Group::Main),
            "setup_requires" => list(source, reading, key, offset, value, &Group::Build),
            "tests_require" => {
                list(
                    source,
                    reading,
                    key,
                    offset,
                    value,
                    &Group::Group("test".to_owned()),
                );
            }
            "extras_require" => match value {
                Literal::Table(extras) => {
                    for (extra, value) in extras {
                        list(source, reading, key, offset, value, &Group::Extra(extra));
                    }
                }
                _ => computed(source, reading, key, offset),
            },
            _ => {}
        }
    }
}

fn computed(source: &Source, reading: &mut Reading, key: &str, offset: usize) {
    let reason = format!("`{key}` is computed when the file runs");
    reading.unreadable(source.place(offset), reason);
}

/// Requirements: a list of texts, or one text with a line for each.
fn list(
    source: &Source,
    reading: &mut Reading,
    key: &str,
    offset: usize,
    value: Literal,
    group: &Group,
) {
    let texts = match value {
        Literal::List(texts) => texts,
        text @ Literal::Text(..) => vec![text],
        _ => return computed(source, reading, key, offset),
    };
    for text in texts {
        let (text, offset) = match text {
            Literal::Text(text, offset) => (text, offset),
            Literal::Computed(offset) => {
                computed(source, reading, key, offset);
                continue;
            }
            _ => continue,
        };
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let package = requirement::package(line, reading, &source.place(offset));
            reading.packages.extend(package.map(|mut package| {
                package.groups.push(group.clone());
                package.relation = Relation::Direct;
                package
            }));
        }
    }
}

//! conda's `environment.yml`: what conda installs, and the `pip` section with lines of a requirements file.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::inventory::{
    Constraint, Group, Installer, InstallerOption, Origin, Relation, Role, Wanted,
};
use super::requirements::{option, target};
use super::source::{Reading, Source, file_name, shown};
use super::words::words;
use super::{Format, Named, requirement, yaml};

pub(super) const FORMAT: Format = Format {
    id: "environment.yml",
    role: Role::Manifest,
    named: |path| {
        let name = file_name(path).to_ascii_lowercase();
        if !(name.ends_with(".yml") || name.ends_with(".yaml")) {
            Named::No
        } else if name.starts_with("environment") {
            Named::Surely
        } else if name.contains("env") || name.contains("conda") {
            Named::Perhaps
        } else {
            Named::No
        }
    },
    looks: |text| {
        let has = |key: &str| text.lines().any(|line| line.trim_end() == key);
        has("dependencies:") && (has("channels:") || text.contains("- pip:"))
    },
    read,
};

#[derive(Deserialize)]
struct Environment {
    name: Option<String>,
    #[serde(default)]
    channels: Vec<String>,
    dependencies: Option<Vec<Spanned<Dependency>>>,
}

enum Dependency {
    Conda(String),
    Pip(Vec<Spanned<String>>),
    Other,
}

impl<'de> Deserialize<'de> for Dependency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = Dependency;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a package or the pip section")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Dependency, E> {
                Ok(Dependency::Conda(text.to_owned()))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Dependency, E> {
                Ok(Dependency::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dependency, A::Error> {
                let mut found = Dependency::Other;
                while let Some(key) = map.next_key::<String>()? {
                    if key == "pip" {
                        found = Dependency::Pip(map.next_value::<Option<_>>()?.unwrap_or_default());
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

fn read(source: &Source, reading: &mut Reading) {
    let Some(environment) = yaml::parse::<Environment>(source, reading) else {
        return;
    };
    let group = match environment.name {
        Some(name) => Group::Environment(name),
        None => Group::Main,
    };
    let channel = environment.channels.first();
    for Spanned {
        value: dependency,
        referenced,
        ..
    } in environment.dependencies.unwrap_or_default()
    {
        let first = reading.packages.len();
        match dependency {
            Dependency::Conda(text) => {
                let place = yaml::place(source, &referenced);
                let (text, channel) = match text.rsplit_once("::") {
                    Some((channel, text)) => (text, Some(channel.to_owned())),
                    None => (text.as_str(), channel.cloned()),
                };
                let (name, wanted) = conda(text);
                let package = reading.package(name, wanted, place);
                reading.packages.extend(package.map(|mut package| {
                    package.origin = Origin::Conda(channel).into();
                    package
                }));
            }
            Dependency::Pip(lines) => {
                for line in lines {
                    let place = yaml::place(source, &line.referenced);
                    pip(source, reading, &line.value, place);
                }
            }
            Dependency::Other => {}
        }
        for package in &mut reading.packages[first..] {
            package.groups.push(group.clone());
            package.relation = Relation::Direct;
        }
    }
}

/// A line of the pip section.
fn pip(source: &Source, reading: &mut Reading, line: &str, place: super::Place) {
    reading.variables(line, &place);
    let line = line.split(" #").next().unwrap_or(line).trim();
    if !line.starts_with('-') {
        let (line, hashed) = match line.split_once(" --") {
            Some((line, options)) => (line, options.contains("hash")),
            None => (line, false),
        };
        let package = target(line, false, reading, &place);
        reading.packages.extend(package.map(|mut package| {
            package.hashed |= hashed;
            package
        }));
        return;
    }
    let mut words = words(line).into_iter();
    while let Some(word) = words.next() {
        let Some((kind, value)) = option(&word) else {
            let reason = format!("`{}` is no option of a requirements file", shown(&word));
            reading.unreadable(place, reason);
            return;
        };
        let value = match value {
            Some(value) => Some(value.to_owned()),
            None if kind.takes_value => words.next(),
            None => None,
        };
        match (kind.name, value) {
            ("--requirement", Some(path)) => reading.include(source, &path, false, place.clone()),
            ("--constraint", Some(path)) => reading.include(source, &path, true, place.clone()),
            ("--editable", Some(path)) => {
                let package = target(&path, true, reading, &place);
                reading.packages.extend(package);
            }
            (name, value) => reading.options.push(InstallerOption {
                by: Installer::Pip,
                name,
                value,
                place: place.clone(),
            }),
        }
    }
}

/// Name and version of a conda match specification: `numpy`, `numpy=1.21` (any 1.21), `numpy=1.21=build` or
/// `numpy==1.21` (exactly that), `numpy>=1.21,<2`, `numpy 1.21.*`.
fn conda(text: &str) -> (&str, Wanted) {
    let text = text.split(['[', '#']).next().unwrap_or(text).trim();
    let end = text
        .find(|c: char| c.is_whitespace() || "=<>!~".contains(c))
        .unwrap_or(text.len());
    let (name, version) = text.split_at(end);
    let version = version.trim();
    let constraint = |written: &str, meaning: &str| {
        let any_of = match requirement::wanted(meaning) {
            Wanted::Constraint(constraint) => constraint.any_of.clone(),
            _ => Vec::new(),
        };
        Wanted::Constraint(Arc::new(Constraint {
            written: written.to_owned(),
            any_of,
        }))
    };
    let exact = |version: &str| !version.contains(['*', '|', ',', '<', '>', '!', '~']);
    let wanted = match version.strip_prefix('=') {
        _ if matches!(version, "" | "*" | "=*") => Wanted::Anything,
        Some(rest) => match (rest.strip_prefix('='), rest.split_once('=')) {
            (Some(version), _) if exact(version) => Wanted::pin(version.trim()),
            (None, Some((version, _build))) if exact(version) => Wanted::pin(version.trim()),
            (None, None) if exact(rest) => constraint(version, &format!("=={}.*", rest.trim())),
            (None, None) if rest.ends_with(".*") => {
                constraint(version, &format!("=={}", rest.trim()))
            }
            _ => constraint(version, ""),
        },
        None if version.starts_with(|c: char| c.is_ascii_digit()) => {
            match version.strip_suffix(".*") {
                Some(_) => constraint(version, &format!("=={version}")),
                None if exact(version) => {
                    // `numpy 1.21` and `numpy 1.21 build`.
                    Wanted::pin(version.split_whitespace().next().unwrap_or(version))
                }
                None => constraint(version, ""),
            }
        }
        None => constraint(version, version),
    };
    (name, wanted)
}

#[cfg(test)]
mod tests {
    use super::conda;

    #[test]
    fn one_equals_sign_is_not_exact_for_conda() {
        let shown = |text| {
            let (name, wanted) = conda(text);
            let any = match &wanted {
                super::Wanted::Constraint(constraint) => constraint.any_of.len(),
                _ => 0,
            };
            format!("{name} {wanted} {any}")
        };
        assert_eq!(shown("numpy"), "numpy * 0");
        assert_eq!(shown("numpy=1.21"), "numpy =1.21 1");
        assert_eq!(shown("numpy==1.21"), "numpy ==1.21 0");
        assert_eq!(shown("numpy=1.21.0=py39_0"), "numpy ==1.21.0 0");
        assert_eq!(shown("numpy >=1.21,<2"), "numpy >=1.21,<2 1");
        assert_eq!(shown("numpy 1.21.*"), "numpy 1.21.* 1");
        assert_eq!(shown("numpy=1.8|1.9"), "numpy =1.8|1.9 0");
    }
}

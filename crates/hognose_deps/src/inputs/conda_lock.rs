//! `conda-lock.yml`, version 1: each package of conda and of the index, for each platform.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use super::inventory::{Group, Origin, Role, Wanted};
use super::requirement::origin;
use super::source::{Reading, Source, beside, file_name};
use super::{Format, Named, yaml};
use crate::name::Name;

pub(super) const FORMAT: Format = Format {
    id: "conda-lock.yml",
    role: Role::Lock,
    named: |path| {
        let name = file_name(path);
        if matches!(name, "conda-lock.yml" | "conda-lock.yaml")
            || name.ends_with(".conda-lock.yml")
            || name.ends_with(".conda-lock.yaml")
        {
            Named::Surely
        } else {
            Named::No
        }
    },
    looks: |text| text.contains("\npackage:") && text.contains("manager:"),
    read,
};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    package: Vec<Spanned<Locked>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    sources: Vec<String>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
    manager: Option<String>,
    platform: Option<String>,
    category: Option<String>,
    url: Option<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    hash: BTreeMap<String, IgnoredAny>,
}

fn read(source: &Source, reading: &mut Reading) {
    let Some(lock) = yaml::parse::<Lock>(source, reading) else {
        return;
    };
    for path in &lock.metadata.sources {
        reading.locks.extend(beside(&source.path, path));
    }
    for Spanned {
        value: locked,
        referenced,
        ..
    } in lock.package
    {
        let place = yaml::place(source, &referenced);
        let wanted = Wanted::pinned(locked.version.as_deref());
        let Some(mut package) = reading.package(&locked.name, wanted, place) else {
            continue;
        };
        let origin = if locked.manager.as_deref() == Some("pip") {
            match locked.url.as_deref().map(|url| origin(url, false)) {
                Some(vcs @ Origin::Vcs { .. }) => vcs,
                _ => Origin::Index(None),
            }
        } else {
            Origin::Conda(locked.url.as_deref().and_then(channel).map(str::to_owned))
        };
        package.origin = origin.into();
        package.hashed = !locked.hash.is_empty();
        package.requires = locked
            .dependencies
            .keys()
            .filter_map(|name| Name::new(name))
            .collect();
        package.groups = match locked.category {
            None => Vec::new(),
            Some(main) if main == "main" => vec![Group::Main],
            Some(category) => vec![Group::Group(category)],
        };
        if let Some(platform) = locked.platform {
            package.groups.push(Group::Environment(platform));
        }
        reading.packages.push(package);
    }
}

/// The channel in the address of a package: `https://host/channel/platform/file`.
fn channel(url: &str) -> Option<&str> {
    url.split_once("://")?.1.rsplit('/').nth(2)
}

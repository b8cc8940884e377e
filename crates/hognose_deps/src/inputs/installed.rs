//! An installed environment: the metadata of what lies in its `site-packages`, read without Python.

use rayon::prelude::*;

use super::inventory::{Input, Inventory, Package, Place, Relation, Role, Unreadable, Wanted};
use super::pip_json::{DirectUrl, needed, unless_all_transitive};
use super::source::{Reading, Source, join};
use super::{Entry, Files};

/// Most directories of an environment that are looked into for packages.
const MAX_SITES: usize = 16;

/// Whether a directory is an environment or the `site-packages` of one.
pub(super) fn is_environment(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| {
        matches!(
            entry.name.as_str(),
            "pyvenv.cfg" | "conda-meta" | "site-packages"
        ) || entry.name.ends_with(".dist-info")
    })
}

/// Reads an environment.
pub(super) fn read(files: &impl Files, root: &str, inventory: &mut Inventory) {
    for site in sites(files, root) {
        let Ok(mut entries) = files.list(&site) else {
            continue;
        };
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let found: Vec<_> = entries
            .par_iter()
            .filter_map(|entry| {
                let path = join(&site, &entry.name);
                if entry.name.ends_with(".dist-info") && entry.is_directory {
                    return Some(distribution(files, &path, &join(&path, "METADATA")));
                }
                let (_, ending) = entry.name.rsplit_once('.')?;
                (ending == "egg-info").then(|| {
                    // An egg's metadata is a directory or, from distutils, a file.
                    let metadata = if entry.is_directory {
                        join(&path, "PKG-INFO")
                    } else {
                        path.clone()
                    };
                    distribution(files, &path, &metadata)
                })
            })
            .collect();
        let mut packages = Vec::new();
        for one in found {
            match one {
                Ok((package, reading)) => {
                    packages.extend(package);
                    inventory.unreadable.extend(reading.unreadable);
                }
                Err(fault) => inventory.unreadable.push(fault),
            }
        }
        unless_all_transitive(&mut packages);
        inventory.packages.push(packages);
        inventory.inputs.push(Input {
            purpose: None,
            path: site.into(),
            format: "environment",
            role: Role::Record,
        });
    }
}

/// The directories of an environment that hold packages.
fn sites(files: &impl Files, root: &str) -> Vec<String> {
    let mut sites = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((directory, depth)) = open.pop() {
        let Ok(entries) = files.list(&directory) else {
            continue;
        };
        if entries
            .iter()
            .any(|entry| entry.name.ends_with(".dist-info") || entry.name.ends_with(".egg-info"))
        {
            sites.push(directory);
            if sites.len() == MAX_SITES {
                break;
            }
            continue;
        }
        for entry in entries.iter().filter(|entry| entry.is_directory) {
            // lib/python3.12/site-packages, Lib/site-packages
            let leads = match depth {
                0 => matches!(
                    entry.name.as_str(),
                    "lib" | "lib64" | "Lib" | "site-packages"
                ),
                1 => entry.name.starts_with("python") || entry.name == "site-packages",
                _ => matches!(entry.name.as_str(), "site-packages" | "dist-packages"),
            };
            if leads && depth < 3 {
                open.push((join(&directory, &entry.name), depth + 1));
            }
        }
    }
    sites.sort();
    sites
}

/// Reads one distribution: its core metadata, where it came from, and whether it was asked for.
fn distribution(
    files: &impl Files,
    directory: &str,
    metadata: &str,
) -> Result<(Option<Package>, Reading), Unreadable> {
    let bytes = files.read(metadata).map_err(|reason| Unreadable {
        place: Place {
            file: metadata.into(),
            line: 1,
            column: 1,
        },
        reason,
    })?;
    let source = Source::new(metadata, &bytes);
    let mut reading = Reading::default();
    let (mut name, mut version, mut requires) = (None, None, Vec::new());
    // The headers end at an empty line; the description follows.
    for (offset, line) in source.lines().take_while(|(_, line)| !line.is_empty()) {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        match key.to_ascii_lowercase().as_str() {
            "name" => name = Some((offset, value.trim())),
            "version" => version = Some(value.trim()),
            "requires-dist" => requires.extend(needed(value)),
            _ => {}
        }
    }
    let Some((offset, name)) = name else {
        reading.unreadable(source.at(1, 1), "the metadata has no name");
        return Ok((None, reading));
    };
    let mut package = reading.package(name, Wanted::pinned(version), source.place(offset));
    if let Some(package) = &mut package {
        package.requires = requires;
        if let Ok(bytes) = files.read(&join(directory, "direct_url.json"))
            && let Ok(direct) = serde_json::from_slice::<DirectUrl>(&bytes)
        {
            package.origin = direct.origin().into();
        }
        package.relation = match files.read(&join(directory, "REQUESTED")) {
            Ok(_) => Relation::Direct,
            Err(_) => Relation::Transitive,
        };
    }
    Ok((package, reading))
}

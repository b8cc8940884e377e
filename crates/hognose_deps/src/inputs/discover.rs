//! Which inputs there are.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::combine::{self, Read};
use super::inventory::{Inclusion, Input, Inventory, Place, Relation, Role, Unreadable};
use super::own::{is_nobodys, is_version_control};
use super::shared::Shared;
use super::source::{Include, Reading, Source, file_name, join};
use super::{FORMATS, Files, Format, MAX_BYTES, Named, installed, requirements};

/// Files that start or deploy an application, and are of no use to anything else.
const DEPLOYS: &[&str] = &[
    "fly.toml",
    "manage.py",
    "Procfile",
    "render.yaml",
    "serverless.yml",
];

/// Directories nested deeper than this are not looked into. Paths of that depth cannot be opened on most systems.
const MAX_DEPTH: usize = 256;

/// Most files that are included by others. A project has a dozen.
const MAX_INCLUDED: usize = 10_000;

/// Finds and reads every input in a directory and below it.
pub fn discover(files: &impl Files, root: &str) -> Inventory {
    let mut inventory = Inventory::default();
    let mut found: Vec<(String, Option<&'static Format>)> = Vec::new();
    let mut directories = vec![(join(root, ""), 0)];
    while let Some((directory, depth)) = directories.pop() {
        let entries = match files.list(&directory) {
            Ok(entries) => entries,
            Err(reason) => {
                inventory.unreadable.push(fault(&directory, reason));
                continue;
            }
        };
        let has = |name: &str| entries.iter().any(|entry| entry.name == name);
        if depth > 0 && is_nobodys(file_name(&directory), has) {
            continue;
        }
        if DEPLOYS.iter().any(|name| has(name)) {
            inventory.deployed.push(directory.clone());
        }
        for entry in entries {
            let path = join(&directory, &entry.name);
            if entry.is_directory {
                if !is_version_control(&entry.name) && depth < MAX_DEPTH {
                    directories.push((path, depth + 1));
                }
                continue;
            }
            let mut perhaps = false;
            for format in FORMATS {
                match (format.named)(&path) {
                    Named::Surely => {
                        found.push((path.clone(), Some(format)));
                        perhaps = false;
                        break;
                    }
                    Named::Perhaps => perhaps = true,
                    Named::No => {}
                }
            }
            if perhaps {
                found.push((path, None));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    gather(files, found, false, inventory)
}

/// Reads what somebody named: a file whatever its name, an installed environment, or every input in a directory.
pub fn read(files: &impl Files, path: &str) -> Inventory {
    let path = join(path, "");
    let mut inventory = Inventory::default();
    let Ok(entries) = files.list(&path) else {
        let format = FORMATS
            .iter()
            .find(|format| (format.named)(&path) == Named::Surely)
            .copied();
        return gather(files, vec![(path, format)], true, inventory);
    };
    if installed::is_environment(&entries) {
        installed::read(files, &path, &mut inventory);
        inventory.sort();
        return inventory;
    }
    discover(files, &path)
}

/// Reads files and what they include, and puts everything together. `asked_for`: a file of no known format is a fault.
fn gather(
    files: &impl Files,
    mut found: Vec<(String, Option<&'static Format>)>,
    asked_for: bool,
    mut inventory: Inventory,
) -> Inventory {
    let mut reads: Vec<Read> = Vec::new();
    let shared = Shared::default();
    let mut seen: FxHashSet<String> = found.iter().map(|(path, _)| path.clone()).collect();
    // Who includes whom, and where. A file that is only ever included as constraints installs nothing.
    let mut includes: Vec<(String, Include)> = Vec::new();
    let mut first = true;
    while !found.is_empty() {
        let outcomes: Vec<_> = found
            .par_iter()
            .map(|(path, format)| {
                let mut read = read_one(files, path, *format, asked_for && first);
                if let Ok(Some(read)) = &mut read {
                    shared.keep_once(&mut read.reading.packages);
                }
                read
            })
            .collect();
        let mut next = Vec::new();
        for ((path, _), outcome) in found.into_iter().zip(outcomes) {
            let mut read = match outcome {
                Ok(Some(read)) => read,
                Ok(None) => continue,
                Err(reason) => {
                    // An included file that is missing is a fault of the line that names it.
                    let place = includes.iter().find(|(_, include)| include.path == path);
                    inventory.unreadable.push(match place {
                        Some((_, include)) => Unreadable {
                            place: include.place.clone(),
                            reason: format!("`{path}` cannot be read: {reason}"),
                        },
                        None => fault(&path, reason),
                    });
                    continue;
                }
            };
            for include in read.reading.includes.drain(..) {
                if seen.len() < MAX_INCLUDED && seen.insert(include.path.clone()) {
                    next.push((include.path.clone(), Some(&requirements::FORMAT)));
                }
                includes.push((path.clone(), include));
            }
            reads.push(read);
        }
        found = next;
        first = false;
    }
    let mut only_constrains: FxHashMap<&str, bool> = FxHashMap::default();
    for (_, include) in &includes {
        *only_constrains.entry(&include.path).or_insert(true) &= include.constraint;
    }
    for read in &mut reads {
        let path = &*read.input.path;
        let constrains = match only_constrains.get(path) {
            Some(constrains) => *constrains,
            None => {
                read.input.format == requirements::FORMAT.id && requirements::is_constraints(path)
            }
        };
        if constrains {
            for package in &mut read.reading.packages {
                package.relation = Relation::Constraint;
            }
        }
    }
    combine::constraints(&mut reads, &includes);
    inventory
        .inclusions
        .extend(includes.into_iter().map(|(from, include)| Inclusion {
            from: from.into(),
            to: include.path,
            constraint: include.constraint,
        }));
    let settled = combine::locks(&mut reads);
    inventory.mismatches = settled.mismatches;
    inventory.asked = settled.asked;
    inventory.locked = settled.manifests;
    combine::groups(&mut reads);
    for read in reads {
        let installs = read.reading.installs.into_iter();
        inventory.installed.extend(installs.map(|to| Inclusion {
            from: read.input.path.clone(),
            to,
            constraint: false,
        }));
        inventory.inputs.push(read.input);
        inventory.packages.push(read.reading.packages);
        inventory.unnamed.extend(read.reading.unnamed);
        inventory.options.extend(read.reading.options);
        inventory.variables.extend(read.reading.variables);
        inventory.unreadable.extend(read.reading.unreadable);
    }
    inventory.sort();
    inventory
}

/// Reads one file; none if it is of no known format after all.
fn read_one(
    files: &impl Files,
    path: &str,
    format: Option<&'static Format>,
    asked_for: bool,
) -> Result<Option<Read>, String> {
    let bytes = files.read(path)?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    let source = Source::new(path, &bytes);
    let looks_right = |format: &&&Format| {
        (asked_for || (format.named)(path) == Named::Perhaps) && (format.looks)(&source.text)
    };
    let format = match format {
        Some(format) => format,
        None => match FORMATS.iter().find(looks_right) {
            Some(format) => format,
            None if asked_for => return Err("its text is of no known format".to_owned()),
            None => return Ok(None),
        },
    };
    let mut reading = Reading::default();
    (format.read)(&source, &mut reading);
    // All files are held until they are put together.
    reading.names = FxHashSet::default();
    // Extras that include others name the project itself.
    if let Some(project) = &reading.project {
        reading.packages.retain(|package| package.name != *project);
    }
    Ok(Some(Read {
        input: Input {
            path: source.path,
            format: format.id,
            role: if reading.generated {
                Role::Lock
            } else {
                format.role
            },
            purpose: reading.purpose,
        },
        reading,
    }))
}

fn fault(path: &str, reason: String) -> Unreadable {
    Unreadable {
        place: Place {
            file: path.into(),
            line: 1,
            column: 1,
        },
        reason,
    }
}

//! Versions and hashes: what is left open, what is asked for twice, what a lock file has otherwise.

use std::collections::BTreeMap;

use pep440_rs::Version;

use super::projects::{Projects, is_of_index};
use super::{Defect, Rule, listed};
use crate::inputs::source::file_name;
use crate::inputs::{Input, Package, Purpose, Relation, Role, Wanted};
use crate::name::Name;

/// What installs the rest. An image takes the newest one, and pins what it installs with it.
const INSTALLERS: &[&str] = &[
    "hatch",
    "pdm",
    "pip",
    "pip-tools",
    "pipenv",
    "pipx",
    "poetry",
    "setuptools",
    "uv",
    "virtualenv",
    "wheel",
];

/// Most entries for one name in a run that are compared with one another.
const MAX_ENTRIES: usize = 16;

/// Most entries of one run of the installer that are compared. The largest projects have some thousands.
const MAX_RUN: usize = 10_000;

/// Judges every input.
pub fn judge(projects: &Projects<'_>, defects: &mut Vec<Defect>) {
    for input in &projects.inventory.inputs {
        let packages = projects.by_file.get(&*input.path).copied();
        let packages = packages.unwrap_or_default();
        match input.format {
            "requirements" => {
                not_pinned(projects, input, packages, defects);
                without_hash(projects, input, packages, defects);
                contradictions(projects, input, defects);
            }
            "Dockerfile" => not_pinned_in_image(projects, input, packages, defects),
            "pyproject.toml" | "Pipfile" => without_lock(projects, input, packages, defects),
            _ => {}
        }
    }
    disagreements(projects, defects);
}

fn names(packages: &[&Package]) -> String {
    listed(packages.iter().map(|package| package.name.as_str()))
}

/// What a file leaves to the index although nothing around it pins it.
fn open<'i>(projects: &Projects<'i>, packages: &'i [Package]) -> Vec<&'i Package> {
    let is_open = |package: &&'i Package| {
        !matches!(package.wanted, Wanted::Pinned(_))
            && package.relation != Relation::Constraint
            && is_of_index(package)
            && !projects.is_pinned_around(&package.place.file, &package.name)
    };
    packages.iter().filter(is_open).collect()
}

/// A requirements file of an application is what is installed, so that what it leaves open changes from day to day.
fn not_pinned(
    projects: &Projects<'_>,
    input: &Input,
    packages: &[Package],
    defects: &mut Vec<Defect>,
) {
    let file = &*input.path;
    // What is compiled to another file is meant to be open.
    if input.role != Role::Manifest
        || file.ends_with(".in")
        || projects.is_side(file)
        || projects.is_locked(file)
        || !projects.is_application(file)
    {
        return;
    }
    let open = open(projects, packages);
    if let Some(first) = open.first() {
        let verb = if open.len() == 1 { "is" } else { "are" };
        let message = format!(
            "{} {verb} installed in whatever version there is",
            names(&open)
        );
        defects.push(Defect::new(Rule::NotPinned, &first.place, file, message));
    }
}

fn not_pinned_in_image(
    projects: &Projects<'_>,
    input: &Input,
    packages: &[Package],
    defects: &mut Vec<Defect>,
) {
    for package in open(projects, packages) {
        let name = package.name.as_str();
        if !INSTALLERS.contains(&name) && !projects.is_side(&input.path) {
            let message = format!("the image installs `{name}` in whatever version there is");
            defects
                .push(Defect::new(Rule::NotPinned, &package.place, name, message).pedantic(true));
        }
    }
}

/// An application whose manifest leaves versions open, and no file that a tool wrote says which are taken.
fn without_lock(
    projects: &Projects<'_>,
    input: &Input,
    packages: &[Package],
    defects: &mut Vec<Defect>,
) {
    let file = &*input.path;
    if input.purpose != Some(Purpose::Application)
        || projects.is_side(file)
        || projects.is_locked(file)
        || projects.has_lock(file)
        || !projects.is_application(file)
    {
        return;
    }
    let mut open = open(projects, packages);
    open.retain(|package| !projects.is_for_developers(package));
    if let Some(first) = open.first() {
        let verb = if open.len() == 1 { "is" } else { "are" };
        let message = format!(
            "no lock file says in which versions {} {verb} installed",
            names(&open)
        );
        defects.push(Defect::new(Rule::WithoutLock, &first.place, file, message));
    }
}

/// Hashes protect if everything has one. Where some lines have and others have not, pip refuses the file and uv installs
/// the others unchecked.
fn without_hash(
    projects: &Projects<'_>,
    input: &Input,
    packages: &[Package],
    defects: &mut Vec<Defect>,
) {
    let file = &*input.path;
    let counted = packages
        .iter()
        .filter(|package| package.relation != Relation::Constraint && is_of_index(package));
    let (hashed, open): (Vec<&Package>, Vec<&Package>) =
        counted.partition(|package| package.hashed);
    let Some(first) = open.first() else { return };
    let verb = if open.len() == 1 { "has" } else { "have" };
    if let Some(with) = hashed.first() {
        let message = format!("{} {verb} no hash, as other lines have", names(&open));
        defects.push(
            Defect::new(Rule::WithoutHash, &first.place, file, message)
                .other(&with.place, "this line has one"),
        );
        return;
    }
    let is_pinned = |package: &&Package| matches!(package.wanted, Wanted::Pinned(_));
    if open.iter().all(is_pinned)
        && !projects.is_side(file)
        && !projects.is_locked(file)
        && projects.is_application(file)
    {
        let message = format!("{} {verb} no hash", names(&open));
        defects.push(Defect::new(Rule::WithoutHash, &first.place, file, message).pedantic(true));
    }
}

/// Entries for one name in one run of the installer of which no version fulfils both.
fn contradictions(projects: &Projects<'_>, input: &Input, defects: &mut Vec<Defect>) {
    if input.role != Role::Manifest {
        return;
    }
    let files = projects.with_included(&input.path);
    let run: Vec<&Package> = files
        .iter()
        .filter_map(|file| projects.by_file.get(file).copied())
        .flatten()
        .filter(|package| {
            package.relation != Relation::Constraint
                && package.pinned_at.is_none()
                && is_of_index(package)
        })
        .take(MAX_RUN)
        .collect();
    let mut by_name: BTreeMap<&Name, Vec<&Package>> = BTreeMap::new();
    for package in run {
        let entries = by_name.entry(&package.name).or_default();
        if entries.len() < MAX_ENTRIES {
            entries.push(package);
        }
    }
    for entries in by_name.values() {
        let pairs = entries
            .iter()
            .enumerate()
            .flat_map(|(at, one)| entries[..at].iter().map(move |other| (*one, *other)));
        for (one, other) in pairs {
            // A pair in an included file is told there.
            let own = |package: &Package| package.place.file == input.path;
            if one.marker != other.marker || !exclude(one, other) || !(own(one) || own(other)) {
                continue;
            }
            let (here, there) = if own(one) { (one, other) } else { (other, one) };
            let name = one.name.as_str();
            let message = format!(
                "`{name}` is asked for as `{}` and as `{}`, and no version is both",
                here.wanted, there.wanted
            );
            defects.push(
                Defect::new(Rule::Contradiction, &here.place, name, message)
                    .other(&there.place, format!("`{}` here", there.wanted)),
            );
        }
    }
}

/// Whether two entries surely have no version in common.
fn exclude(one: &Package, other: &Package) -> bool {
    // Whether a range lets in a pre-release depends on more than the range.
    let plain = |package: &Package| -> Option<Version> {
        let Wanted::Pinned(pin) = &package.wanted else {
            return None;
        };
        pin.version
            .clone()
            .filter(|version| !version.any_prerelease())
    };
    let refuses = |wanted: &Wanted, version: &Version| {
        wanted.allows(version) == Some(false)
            && wanted.allows(&version.clone().without_local()) == Some(false)
    };
    match (plain(one), plain(other)) {
        (Some(a), Some(b)) => refuses(&one.wanted, &b) && refuses(&other.wanted, &a),
        (Some(a), None) => refuses(&other.wanted, &a),
        (None, Some(b)) => refuses(&one.wanted, &b),
        (None, None) => false,
    }
}

/// Where a manifest and its lock file do not agree, what is installed is not what the manifest says.
fn disagreements(projects: &Projects<'_>, defects: &mut Vec<Defect>) {
    for mismatch in &projects.inventory.mismatches {
        let wanted = &mismatch.wanted;
        let name = wanted.name.as_str();
        let lock = file_name(&mismatch.lock);
        let defect = match mismatch.locked.first() {
            Some((pin, place)) => {
                let message = format!(
                    "`{name}` is asked for as `{}`, and `{lock}` has {}",
                    wanted.wanted, pin.written
                );
                Defect::new(Rule::Disagreement, &wanted.place, name, message)
                    .other(place, format!("{} here", pin.written))
            }
            None => Defect::new(
                Rule::Disagreement,
                &wanted.place,
                name,
                format!("`{name}` is asked for, and `{lock}` does not have it"),
            ),
        };
        defects.push(defect);
    }
}

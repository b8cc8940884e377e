//! Releases that were withdrawn or get no fixes, and packages that were given up.

use pep440_rs::Version;
use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::{self, Abandoned, Branch};
use super::projects::{Projects, is_of_index};
use super::{Defect, Rule};
use crate::date::Date;
use crate::inputs::{Package, Relation, Wanted};
use crate::name::Name;

/// Judges what is installed and what is asked for.
pub fn judge(projects: &Projects<'_>, today: Date, defects: &mut Vec<Defect>) {
    let inventory = projects.inventory;
    let several = several(projects);
    for package in &inventory.packages {
        unsupported(package, &several, today, defects);
        if is_asked_for(projects, package) {
            abandoned(package, defects);
        }
    }
    for package in &inventory.asked {
        abandoned(package, defects);
    }
}

/// Whether people wrote the name down. What a lock file names is asked for in its manifest.
fn is_asked_for(projects: &Projects<'_>, package: &Package) -> bool {
    projects.is_manifest(&package.place.file)
        && matches!(package.relation, Relation::Direct | Relation::Unknown)
}

/// The frameworks of which a file has more than one version.
fn several<'i>(projects: &Projects<'i>) -> FxHashSet<(&'i str, &'i Name)> {
    let facts = facts::all();
    let mut first: FxHashMap<(&str, &Name), &Wanted> = FxHashMap::default();
    let mut several = FxHashSet::default();
    let packages = projects.inventory.packages.iter();
    for package in packages.filter(|package| facts.branches.contains_key(&package.name)) {
        let key = (&*package.place.file, &package.name);
        if **first.entry(key).or_insert(&package.wanted) != package.wanted {
            several.insert(key);
        }
    }
    several
}

fn unsupported(
    package: &Package,
    several: &FxHashSet<(&str, &Name)>,
    today: Date,
    defects: &mut Vec<Defect>,
) {
    let Wanted::Pinned(pin) = &package.wanted else {
        return;
    };
    // A constraint installs nothing.
    if package.relation == Relation::Constraint {
        return;
    }
    let Some(version) = pin.version.as_ref().filter(|_| is_of_index(package)) else {
        return;
    };
    let facts = facts::all();
    let name = package.name.as_str();
    let known = facts.yanked.get(&package.name).into_iter().flatten();
    if let Some(yanked) = known.into_iter().find(|yanked| yanked.version == *version) {
        let message = format!("`{name}` {version} was withdrawn: {}", yanked.reason);
        defects.push(Defect::new(
            Rule::Unsupported,
            &package.place,
            name,
            message,
        ));
        return;
    }
    let branches = facts.branches.get(&package.name).into_iter().flatten();
    let ended = branches
        .filter(|branch| is_of(version, branch))
        .find_map(|branch| Some((branch, branch.ended.filter(|day| *day <= today)?)));
    if let Some((branch, day)) = ended {
        let message = format!(
            "`{name}` {version} gets no fixes: {} was supported until {day}",
            branch.branch
        );
        // Of several versions for several interpreters the oldest has to be old.
        let has_others = several.contains(&(&*package.place.file, &package.name));
        defects.push(
            Defect::new(Rule::Unsupported, &package.place, name, message).pedantic(has_others),
        );
    }
}

/// Whether a version is of a branch: its release begins with the branch's numbers.
fn is_of(version: &Version, branch: &Branch) -> bool {
    let Ok(of) = branch.branch.parse::<Version>() else {
        return false;
    };
    let numbers = |at: usize| version.release().get(at).copied().unwrap_or(0);
    version.epoch() == 0
        && of
            .release()
            .iter()
            .enumerate()
            .all(|(at, wanted)| numbers(at) == *wanted)
}

fn abandoned(package: &Package, defects: &mut Vec<Defect>) {
    let Some(fact) = facts::all()
        .abandoned
        .get(&package.name)
        .filter(|_| is_of_index(package))
    else {
        return;
    };
    if !is_before(package, fact) {
        return;
    }
    let name = package.name.as_str();
    let successors: Vec<String> = fact
        .successors
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let message = format!(
        "`{name}` {}; {} took its place",
        fact.fate,
        successors.join(" or ")
    );
    defects.push(
        Defect::new(Rule::Abandoned, &package.place, name, message).pedantic(fact.still_works),
    );
}

/// Whether the versions that were given up are meant.
fn is_before(package: &Package, fact: &Abandoned) -> bool {
    let Some(limit) = &fact.before else {
        return true;
    };
    match &package.wanted {
        Wanted::Pinned(pin) => pin.version.as_ref().is_some_and(|version| version < limit),
        // A range that does not let in the limit stays below it.
        Wanted::Constraint(constraint) => constraint.allows(limit) == Some(false),
        Wanted::Anything => false,
    }
}

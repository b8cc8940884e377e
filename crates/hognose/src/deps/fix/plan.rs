//! Which versions would clear the findings, and where they would have to be written.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use hognose_deps::advisories::index::{Damage, Index};
use hognose_deps::advisories::matcher::clear_above;
use hognose_deps::fix::mend::{Mend, Stays};
use hognose_deps::fix::step::Step;
use hognose_deps::inputs::{Group, Inventory, Origin, Package, Place, Role, Wanted};
use hognose_deps::name::Name;
use pep440_rs::Version;

use super::super::answers::is_beside;
use super::super::{Answer, Answers, Permission};
use super::tools::{Lock, NoTool, Target, Targets};

/// What is to be done, and what nothing can be done about.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// By file, then by name.
    pub upgrades: Vec<Upgrade>,
    /// Addresses and interpreters that are mended by hand, by place.
    pub mends: Vec<Mend>,
    /// Lock files that have an address which is mended in what they are made from.
    again: BTreeSet<String>,
    /// Findings that stay, and why.
    pub left: Vec<Left>,
    /// The lock files that are to be written again, by path.
    pub locks: BTreeMap<String, Lock>,
}

/// A version of a package in a file, and the one that is to take its place.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The package.
    pub name: Name,
    /// The version that has findings.
    pub from: String,
    /// The lowest version that clears all of them and that the constraints allow.
    pub to: Version,
    /// How far that is.
    pub step: Option<Step>,
    /// Where it is reported.
    pub place: Place,
    /// The entries in which the version is raised by hand.
    pub edits: Vec<Package>,
    /// The lock file whose tool has to take it.
    pub lock: Option<String>,
    /// The parts of the project that install it.
    pub groups: BTreeSet<Group>,
    /// From a package the project asks for to this one, if it is brought by another.
    pub path: Vec<Name>,
}

/// A finding that stays.
#[derive(Clone, Debug)]
pub struct Left {
    /// The package, if it is one.
    pub name: Option<Name>,
    /// What it is, in few words.
    pub what: String,
    /// Where.
    pub place: Place,
    /// Why.
    pub obstacle: Obstacle,
}

impl Left {
    fn of(stays: Stays) -> Self {
        Self {
            name: None,
            what: stays.what,
            place: stays.place,
            obstacle: Obstacle::Failed(stays.why),
        }
    }

    fn mend(mend: &Mend, obstacle: Obstacle) -> Self {
        Self {
            name: None,
            what: mend.what(),
            place: mend.place().clone(),
            obstacle,
        }
    }
}

/// Why nothing can be done about a finding.
#[derive(Clone, Debug)]
pub enum Obstacle {
    /// No known version clears all advisories.
    NoFix,
    /// The project's own constraint is in the way.
    Refused {
        /// As it is written.
        constraint: String,
        /// Where.
        place: Place,
        /// The lowest version that would clear all.
        lowest: Version,
    },
    /// The line has hashes, and no tool is known that refreshes them.
    Hashed(Version),
    /// It is a build of somebody's own, of which an index need not have another version.
    Build(Version),
    /// It comes from an address or a repository.
    Address,
    /// It is what was found installed or built; what it was made from is to be changed.
    Record,
    /// No tool is known that writes the lock file.
    NoTool(NoTool),
    /// The file lies outside of the directory the program was started in.
    Outside,
    /// The tool is not installed, or could not do it, or tests failed with it.
    Failed(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFix => out.write_str("no known version clears all of its advisories"),
            Self::Refused {
                constraint,
                place,
                lowest,
            } => write!(
                out,
                "`{constraint}` at {}:{} does not allow {lowest}, the lowest version that clears all",
                place.file, place.line
            ),
            Self::Hashed(to) => write!(
                out,
                "its line has hashes, which your own tool has to refresh: {to} clears all"
            ),
            Self::Build(to) => write!(
                out,
                "it is a build of its own, which is yours to choose: {to} clears all"
            ),
            Self::Address => {
                out.write_str("it is installed from an address, which is yours to change")
            }
            Self::Record => {
                out.write_str("this tells what is installed; change what it is installed from")
            }
            Self::NoTool(fault) => fault.fmt(out),
            Self::Outside => out.write_str("the file lies outside of the working directory"),
            Self::Failed(reason) => out.write_str(reason),
        }
    }
}

impl Plan {
    /// What would clear the findings nobody accepted. `text` gives the text of a file.
    ///
    /// # Errors
    /// The database is damaged.
    pub fn new(
        answers: &Answers,
        index: &Index,
        text: &dyn Fn(&str) -> String,
    ) -> Result<Self, Damage> {
        let mut plan = Self::default();
        for answer in &answers.packages {
            if answer
                .advisories
                .iter()
                .all(|known| known.accepted.is_some())
            {
                continue;
            }
            let clear = clear_above(index, answer.name, answer.version)?;
            let mut files: Vec<&Arc<str>> = Vec::new();
            for entry in &answer.entries {
                let in_lock = answers.input(&entry.place.file).map(|input| input.role)
                    != Some(Role::Manifest);
                // A tool writes all of a lock file at once; by hand each line is its own matter.
                if in_lock && files.contains(&&entry.place.file) {
                    continue;
                }
                files.push(&entry.place.file);
                match plan.upgrade(answers, answer, entry, &clear, text) {
                    Ok(upgrade) => plan.upgrades.push(upgrade),
                    Err(obstacle) => plan.left.push(Left {
                        name: Some(answer.name.clone()),
                        what: format!("{} {}", answer.name, answer.version),
                        place: entry.place.clone(),
                        obstacle,
                    }),
                }
            }
        }
        plan.upgrades.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(plan)
    }

    fn upgrade(
        &mut self,
        answers: &Answers,
        answer: &Answer,
        entry: &Package,
        clear: &[&Version],
        text: &dyn Fn(&str) -> String,
    ) -> Result<Upgrade, Obstacle> {
        let file = &entry.place.file;
        if is_outside(file) {
            return Err(Obstacle::Outside);
        }
        let input = answers.input(file);
        let to = choose(answers, answer, entry, clear)?;
        let is_manifest = input.is_some_and(|input| input.role == Role::Manifest);
        if !matches!(*entry.origin, Origin::Index(_) | Origin::Conda(_)) {
            return Err(Obstacle::Address);
        }
        let mut lock = None;
        match input {
            Some(input) if input.role == Role::Lock => {
                let made =
                    Lock::new(file, input.format, || text(file)).map_err(Obstacle::NoTool)?;
                self.locks.insert(file.to_string(), made);
                lock = Some(file.to_string());
            }
            Some(_) if is_manifest => {}
            _ => return Err(Obstacle::Record),
        }
        let mut edits: Vec<Package> = Vec::new();
        if is_manifest {
            // The version may stand in a constraints file, and is raised there.
            let mut held = entry.clone();
            if let Some(place) = held.pinned_at.take() {
                held.place = *place;
            }
            edits.push(held);
        }
        // What a person pinned for the same project by hand would hold the old version, or contradict.
        let inventory = answers.inventory;
        let beside = inventory.asked.iter().chain(&inventory.packages).filter(|package| {
            package.name == *answer.name
                && package.pinned_at.is_none()
                && matches!(*package.origin, Origin::Index(_) | Origin::Conda(_))
                && matches!(&package.wanted, Wanted::Pinned(pin) if *pin.written == *answer.version)
                && (lock.is_some() || Some(&package.place) == entry.pinned_at.as_deref() || package.is_constraint())
                && is_beside(&package.place.file, file)
                && answers.input(&package.place.file).is_some_and(|input| input.role == Role::Manifest)
        });
        for package in beside {
            if edits.iter().all(|edit| edit.place != package.place) {
                edits.push(package.clone());
            }
        }
        if edits.iter().any(|edit| is_outside(&edit.place.file)) {
            return Err(Obstacle::Outside);
        }
        if edits.iter().any(|edit| edit.hashed) {
            return Err(Obstacle::Hashed(to.clone()));
        }
        let from = Version::from_str(answer.version).ok();
        if !edits.is_empty() && !to.is_local() && from.as_ref().is_some_and(Version::is_local) {
            return Err(Obstacle::Build(to.clone()));
        }
        Ok(Upgrade {
            name: answer.name.clone(),
            from: answer.version.to_owned(),
            step: from.map(|from| Step::between(&from, to)),
            to: to.clone(),
            place: entry.place.clone(),
            edits,
            groups: answer
                .entries
                .iter()
                .filter(|other| other.place.file == *file)
                .flat_map(|other| other.groups.iter().cloned())
                .collect(),
            lock,
            path: match answer.path.as_slice() {
                [_] => Vec::new(),
                path => path.iter().map(|name| (*name).clone()).collect(),
            },
        })
    }

    /// Adds what is to be mended beside packages. Lock files with an address that is mended are written again by their
    /// tools, or the address stays.
    pub fn mend(
        &mut self,
        inventory: &Inventory,
        mends: Vec<Mend>,
        stays: Vec<Stays>,
        text: &dyn Fn(&str) -> String,
    ) {
        self.left.extend(stays.into_iter().map(Left::of));
        for mend in mends {
            match self.locks_of(inventory, &mend, text) {
                Ok(_) if is_outside(&mend.place().file) => {
                    self.left.push(Left::mend(&mend, Obstacle::Outside));
                }
                Err(obstacle) => self.left.push(Left::mend(&mend, obstacle)),
                Ok(locks) => {
                    for lock in locks {
                        self.again.insert(lock.path.clone());
                        self.locks.insert(lock.path.clone(), lock);
                    }
                    self.mends.push(mend);
                }
            }
        }
        self.mends.sort_by(|a, b| a.place().cmp(b.place()));
    }

    /// The lock files that have an address which is mended, or that say what the whole of their manifest was.
    fn locks_of(
        &self,
        inventory: &Inventory,
        mend: &Mend,
        text: &dyn Fn(&str) -> String,
    ) -> Result<Vec<Lock>, Obstacle> {
        let Mend::Encrypt { place, url } = mend else {
            return Ok(Vec::new());
        };
        let (directory, name) = place.file.rsplit_once('/').unwrap_or(("", &place.file));
        let beside = inventory.inputs.iter().filter(|input| {
            let own = input.path.rsplit_once('/').map_or("", |(own, _)| own);
            input.role == Role::Lock && own == directory
        });
        let mut locks = Vec::new();
        for input in beside {
            let has_it = text(&input.path).contains(url.as_str());
            if has_it || input.format == "poetry.lock" && name == "pyproject.toml" {
                let lock = Lock::new(&input.path, input.format, || text(&input.path))
                    .map_err(Obstacle::NoTool)?;
                if !lock.is_repeatable()
                    && !self
                        .upgrades
                        .iter()
                        .any(|one| one.lock.as_ref() == Some(&lock.path))
                {
                    let tool = lock.tool.program();
                    return Err(Obstacle::Failed(format!(
                        "{} has it as well, and `{tool}` cannot write that again without other versions",
                        lock.path
                    )));
                }
                locks.push(lock);
            }
        }
        Ok(locks)
    }

    /// The upgrades of some packages only.
    pub fn only(&self, names: &[&Name]) -> Self {
        let mut plan = self.clone();
        plan.upgrades
            .retain(|upgrade| names.contains(&&upgrade.name));
        plan
    }

    /// Every package that is upgraded, once.
    pub fn names(&self) -> Vec<&Name> {
        let mut names: Vec<&Name> = self.upgrades.iter().map(|upgrade| &upgrade.name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// What each tool has to take: by lock file, the highest version of those that its entries need.
    pub fn jobs(&self) -> BTreeMap<&str, Targets> {
        let again = self
            .again
            .iter()
            .map(|path| (path.as_str(), Targets::new()));
        let mut jobs: BTreeMap<&str, Targets> = again.collect();
        for upgrade in &self.upgrades {
            let Some(lock) = &upgrade.lock else { continue };
            let target = Target {
                to: upgrade.to.clone(),
                groups: upgrade.groups.clone(),
            };
            add(jobs.entry(lock).or_default(), upgrade.name.clone(), target);
        }
        jobs
    }

    /// Whether there is nothing to be done.
    pub fn is_empty(&self) -> bool {
        self.upgrades.is_empty() && self.mends.is_empty()
    }

    /// Whether an address is mended: what is installed then comes from elsewhere.
    pub fn mends_addresses(&self) -> bool {
        self.mends.iter().any(Mend::is_of_address)
    }

    /// What is left to be done where tools have written and people's edits are made: the upgrades alone.
    pub fn without_mends(mut self) -> Self {
        self.mends.clear();
        self.again.clear();
        self
    }

    /// Gives up on addresses and interpreters, with a reason each.
    pub fn give_up_mends(&mut self, mut reason: impl FnMut(&Mend) -> Option<String>) {
        let given_up = self.mends.extract_if(.., |mend| match reason(mend) {
            None => false,
            Some(reason) => {
                self.left.push(Left::mend(mend, Obstacle::Failed(reason)));
                true
            }
        });
        drop(given_up.collect::<Vec<_>>());
        if !self.mends_addresses() {
            self.again.clear();
        }
    }

    /// Gives up on upgrades, with a reason each.
    pub fn give_up(&mut self, mut reason: impl FnMut(&Upgrade) -> Option<String>) {
        let mut kept = Vec::new();
        for upgrade in self.upgrades.drain(..) {
            match reason(&upgrade) {
                None => kept.push(upgrade),
                Some(reason) => self.left.push(Left {
                    what: format!("{} {}", upgrade.name, upgrade.from),
                    name: Some(upgrade.name),
                    place: upgrade.place,
                    obstacle: Obstacle::Failed(reason),
                }),
            }
        }
        self.upgrades = kept;
    }
}

/// Whether a path leads out of the directory that paths count from.
fn is_outside(path: &str) -> bool {
    path.starts_with("..") || path.starts_with('/')
}

/// Adds a target to others: of two for one package the higher version, for the groups of both.
pub fn add(targets: &mut Targets, name: Name, target: Target) {
    match targets.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(target);
        }
        Entry::Occupied(mut entry) => {
            let known = entry.get_mut();
            known.to = std::cmp::max(&known.to, &target.to).clone();
            known.groups.extend(target.groups);
        }
    }
}

/// The lowest version that clears all and that nothing forbids; a pre-release only where one is installed or there is
/// nothing else.
fn choose<'v>(
    answers: &Answers,
    answer: &Answer,
    entry: &Package,
    clear: &[&'v Version],
) -> Result<&'v Version, Obstacle> {
    let installed = Version::from_str(answer.version).ok();
    let pre = installed.is_some_and(|version| version.any_prerelease());
    let mut all: Vec<&Version> = clear.to_vec();
    // Stable: ascending within each kind.
    all.sort_by_key(|version| !pre && version.any_prerelease());
    let mut refused = None;
    for version in all {
        match answers.permission_at(answer.name, entry, version) {
            Permission::Allowed | Permission::Unknown => return Ok(version),
            Permission::Refused(constraint) => {
                refused.get_or_insert_with(|| Obstacle::Refused {
                    constraint: format!("{}{}", constraint.written, constraint.wanted),
                    place: constraint.place.clone(),
                    lowest: version.clone(),
                });
            }
        }
    }
    Err(refused.unwrap_or(Obstacle::NoFix))
}

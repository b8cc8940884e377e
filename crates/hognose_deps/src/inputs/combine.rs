//! How the inputs of a project fit together.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::inventory::{Group, Input, Mismatch, Package, Relation, Wanted};
use super::source::{Include, Reading};
use crate::name::Name;

/// An input and what was read in it.
#[derive(Debug)]
pub struct Read {
    /// The input.
    pub input: Input,
    /// What was read.
    pub reading: Reading,
}

/// Most groups of one input that are followed along its edges; a real project has some dozens.
const MAX_GROUPS: usize = 256;

/// Most versions of one package in a lock file that are compared with its manifest: one for each marker.
const MAX_FORKS: usize = 256;

/// Most constraints on one name that are applied: one for each marker.
const MAX_PINS: usize = 32;

/// Gives the names that are asked for without a version the version a constraints file pins them to. Constraints hold
/// for one run of the installer, and so for all files that include one another.
pub fn constraints(reads: &mut [Read], includes: &[(String, Include)]) {
    let at: FxHashMap<&str, usize> = reads
        .iter()
        .enumerate()
        .map(|(at, read)| (&*read.input.path, at))
        .collect();
    let mut leader: Vec<usize> = (0..reads.len()).collect();
    for (from, include) in includes {
        if let (Some(a), Some(b)) = (at.get(from.as_str()), at.get(include.path.as_str())) {
            let (a, b) = (find(&mut leader, *a), find(&mut leader, *b));
            leader[a] = b;
        }
    }
    let mut pins: FxHashMap<(usize, Name), Vec<Package>> = FxHashMap::default();
    for (at, read) in reads.iter().enumerate() {
        for package in &read.reading.packages {
            if package.relation == Relation::Constraint
                && matches!(package.wanted, Wanted::Pinned(_))
            {
                let run = find(&mut leader, at);
                let pins = pins.entry((run, package.name.clone())).or_default();
                if pins.len() < MAX_PINS {
                    pins.push(package.clone());
                }
            }
        }
    }
    if pins.is_empty() {
        return;
    }
    let mut applied: FxHashSet<(usize, Name)> = FxHashSet::default();
    for (at, read) in reads.iter_mut().enumerate() {
        let run = find(&mut leader, at);
        let mut pinned = Vec::new();
        for package in &mut read.reading.packages {
            if package.relation == Relation::Constraint
                || matches!(package.wanted, Wanted::Pinned(_))
            {
                continue;
            }
            let key = (run, package.name.clone());
            let Some((first, more)) = pins.get(&key).and_then(|pins| pins.split_first()) else {
                continue;
            };
            for pin in more {
                let mut another = package.clone();
                pin_to(&mut another, pin);
                pinned.push(another);
            }
            pin_to(package, first);
            applied.insert(key);
        }
        read.reading.packages.append(&mut pinned);
    }
    for (at, read) in reads.iter_mut().enumerate() {
        let run = find(&mut leader, at);
        read.reading.packages.retain(|package| {
            package.relation != Relation::Constraint
                || package.pinned_at.is_some()
                || !matches!(package.wanted, Wanted::Pinned(_))
                || !applied.contains(&(run, package.name.clone()))
        });
    }
}

fn find(leader: &mut [usize], mut at: usize) -> usize {
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}

fn pin_to(package: &mut Package, pin: &Package) {
    package.wanted = pin.wanted.clone();
    package.pinned_at = Some(Box::new(pin.place.clone()));
    package.hashed |= pin.hashed;
    package.marker = match (package.marker.take(), &pin.marker) {
        (Some(own), Some(pins)) if own != *pins => Some(format!("({own}) and ({pins})").into()),
        (own, pins) => own.or_else(|| pins.clone()),
    };
}

/// Hands groups along the edges: what a package of a group needs is installed with the group. Inputs that name the
/// groups of every package themselves are left alone.
pub fn groups(reads: &mut [Read]) {
    for read in reads {
        let packages = &mut read.reading.packages;
        let told = packages.iter().all(|package| !package.groups.is_empty());
        if told || packages.iter().all(|package| package.groups.is_empty()) {
            continue;
        }
        let edges = Edges::new(packages);
        let mut names: Vec<Group> = packages
            .iter()
            .flat_map(|package| package.groups.iter().cloned())
            .collect();
        names.sort();
        names.dedup();
        for group in names.into_iter().take(MAX_GROUPS) {
            let mut reached: Vec<bool> = packages
                .iter()
                .map(|package| package.groups.contains(&group))
                .collect();
            let mut open: Vec<usize> = (0..reached.len()).filter(|at| reached[*at]).collect();
            while let Some(at) = open.pop() {
                for below in edges.below(at) {
                    if !std::mem::replace(&mut reached[*below], true) {
                        open.push(*below);
                    }
                }
            }
            for (package, reached) in packages.iter_mut().zip(reached) {
                if reached {
                    package.add_group(group.clone());
                }
            }
        }
        for package in packages {
            package.groups.shrink_to_fit();
        }
    }
}

/// The packages each package needs, by number.
struct Edges {
    ends: Vec<usize>,
    below: Vec<usize>,
}

/// Most edges that are followed: a name with many versions multiplies them.
const MAX_EDGES: usize = 4_000_000;

impl Edges {
    fn new(packages: &[Package]) -> Self {
        let by_name = by_name(packages);
        let mut edges = Self {
            ends: Vec::with_capacity(packages.len()),
            below: Vec::new(),
        };
        for package in packages {
            for name in &package.requires {
                if edges.below.len() < MAX_EDGES {
                    edges.below.extend(by_name.get(name).into_iter().flatten());
                }
            }
            edges.ends.push(edges.below.len());
        }
        edges
    }

    fn below(&self, at: usize) -> &[usize] {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.below[begin..self.ends[at]]
    }
}

fn by_name(packages: &[Package]) -> FxHashMap<Name, Vec<usize>> {
    let mut by_name: FxHashMap<Name, Vec<usize>> = FxHashMap::default();
    for (at, package) in packages.iter().enumerate() {
        by_name.entry(package.name.clone()).or_default().push(at);
    }
    by_name
}

/// What manifests say beside their lock files.
#[derive(Debug, Default)]
pub struct Settled {
    /// Where the two do not agree.
    pub mismatches: Vec<Mismatch>,
    /// What a manifest asks for and its lock file decides.
    pub asked: Vec<Package>,
    /// Those manifests.
    pub manifests: Vec<Arc<str>>,
}

/// Lets lock files win over the manifests they were made from. What a manifest asks for then only tells what is direct,
/// and which versions the project allows.
pub fn locks(reads: &mut [Read]) -> Settled {
    let at: FxHashMap<String, usize> = reads
        .iter()
        .enumerate()
        .map(|(at, read)| (read.input.path.to_string(), at))
        .collect();
    let mut mismatches = Vec::new();
    let mut locked: FxHashSet<usize> = FxHashSet::default();
    for lock in 0..reads.len() {
        if reads[lock].reading.packages.is_empty() {
            continue;
        }
        let manifests: Vec<usize> = reads[lock]
            .reading
            .locks
            .iter()
            .flat_map(|path| [path.clone()].into_iter().chain(beside_pyproject(path)))
            .filter_map(|path| at.get(&path).copied())
            .filter(|manifest| *manifest != lock)
            .collect();
        if manifests.is_empty() {
            continue;
        }
        let mut packages = std::mem::take(&mut reads[lock].reading.packages);
        let complete = reads[lock].reading.unreadable.is_empty();
        let by_name = by_name(&packages);
        let mut direct: FxHashMap<Name, Vec<Group>> = FxHashMap::default();
        let mut absent = Vec::new();
        for manifest in &manifests {
            let read = &reads[*manifest];
            for wanted in &read.reading.packages {
                if !is_locked(wanted) || reads[lock].reading.members.contains(&wanted.name) {
                    continue;
                }
                let hits = by_name.get(&wanted.name).map_or(&[][..], Vec::as_slice);
                if let Some(first) = hits.first() {
                    let groups = direct.entry(packages[*first].name.clone()).or_default();
                    groups.extend_from_slice(&wanted.groups);
                }
                // A lock file may be made for one interpreter and platform: what has a marker may be absent from it.
                if wanted.marker.is_some() {
                    continue;
                }
                if hits.is_empty() && complete {
                    absent.push(wanted.clone());
                } else if excluded(wanted, hits, &packages) {
                    mismatches.push(Mismatch {
                        wanted: wanted.clone(),
                        lock: reads[lock].input.path.clone(),
                        locked: hits
                            .iter()
                            .filter_map(|hit| match &packages[*hit].wanted {
                                Wanted::Pinned(pin) => {
                                    Some((pin.clone(), packages[*hit].place.clone()))
                                }
                                _ => None,
                            })
                            .collect(),
                    });
                }
            }
        }
        let all_read = manifests
            .iter()
            .all(|manifest| reads[*manifest].reading.unreadable.is_empty());
        for package in &mut packages {
            if let Some(groups) = direct.get(&package.name) {
                package.relation = Relation::Direct;
                if package.groups.is_empty() {
                    for group in groups {
                        package.add_group(group.clone());
                    }
                }
            } else if all_read && package.relation == Relation::Unknown {
                package.relation = Relation::Transitive;
            }
        }
        // Nor need every group be in it.
        let covered: FxHashSet<&Group> = packages
            .iter()
            .flat_map(|package| &package.groups)
            .collect();
        mismatches.extend(
            absent
                .into_iter()
                .filter(|wanted| {
                    wanted
                        .groups
                        .iter()
                        .any(|group| *group == Group::Main || covered.contains(group))
                })
                .map(|wanted| Mismatch {
                    wanted,
                    lock: reads[lock].input.path.clone(),
                    locked: Vec::new(),
                }),
        );
        reads[lock].reading.packages = packages;
        locked.extend(manifests);
    }
    let mut asked = Vec::new();
    for (at, read) in reads.iter_mut().enumerate() {
        if locked.contains(&at) {
            asked.extend(
                read.reading
                    .packages
                    .extract_if(.., |package| is_locked(package)),
            );
        }
    }
    let mut manifests: Vec<_> = locked
        .into_iter()
        .map(|at| Arc::clone(&reads[at].input.path))
        .collect();
    manifests.sort();
    Settled {
        mismatches,
        asked,
        manifests,
    }
}

/// The other files in which setuptools lets a project with a `pyproject.toml` say what it needs.
fn beside_pyproject(path: &str) -> impl Iterator<Item = String> {
    path.strip_suffix("pyproject.toml")
        .into_iter()
        .flat_map(|directory| ["setup.cfg", "setup.py"].map(|name| format!("{directory}{name}")))
}

/// Whether what a manifest asks for is a lock file's matter: not what builds the project.
fn is_locked(package: &Package) -> bool {
    package.relation != Relation::Constraint && !package.groups.contains(&Group::Build)
}

/// Whether none of the locked versions can be what is wanted.
fn excluded(wanted: &Package, hits: &[usize], packages: &[Package]) -> bool {
    if hits.len() > MAX_FORKS {
        return false;
    }
    let versions: Option<Vec<_>> = hits
        .iter()
        .map(|hit| match &packages[*hit].wanted {
            Wanted::Pinned(pin) => pin.version.as_ref(),
            _ => None,
        })
        .collect();
    versions.is_some_and(|versions| {
        !versions.is_empty()
            && versions
                .into_iter()
                .all(|version| wanted.wanted.allows(version) == Some(false))
    })
}

//! The answers: every pinned version with what is known against it.

use std::sync::Arc;

use hognose_deps::advisories::epss::{Epss, Score};
use hognose_deps::advisories::index::{Damage, Index};
use hognose_deps::advisories::kev::{Exploited, Kev};
use hognose_deps::advisories::matcher::{Finding, judge_all};
use hognose_deps::advisories::severity::{Level, Severity};
use hognose_deps::inputs::{Input, Inventory, Origin, Package, Place, Relation, Role, Wanted};
use hognose_deps::name::Name;
use pep440_rs::Version;
use rustc_hash::FxHashMap;

use super::reach::{Code, Reach};

/// What is known of everything a project installs.
pub struct Answers<'i> {
    /// What was read.
    pub inventory: &'i Inventory,
    /// One for each version of each package, by name and version.
    pub packages: Vec<Answer<'i>>,
}

/// What is known of one version of one package.
pub struct Answer<'i> {
    /// The package.
    pub name: &'i Name,
    /// The version as it is written.
    pub version: &'i str,
    /// Where it stands, at least once; the first place is the one it is reported at.
    pub entries: Vec<&'i Package>,
    /// Under which environment marker it is installed; none if also without one.
    pub marker: Option<String>,
    /// From a package that the project asks for to this one, both included; empty if no input tells.
    pub path: Vec<&'i Name>,
    /// Vulnerabilities it has, by id.
    pub advisories: Vec<Known<'i>>,
    /// Advisories of which the records do not tell whether they affect it.
    pub undecided: Vec<&'i str>,
    /// The lowest known version above it that no advisory affects.
    pub clears_all: Option<&'i Version>,
}

/// A vulnerability of a package, and what it means here.
pub struct Known<'i> {
    /// What the records say.
    pub finding: Finding<'i>,
    /// The nearest fix.
    pub fixed_in: Option<&'i Version>,
    /// How grave it is, if a record says so.
    pub severity: Option<Severity<'i>>,
    /// How likely it is to be exploited, if scores were given and there is one.
    pub likelihood: Option<Score>,
    /// Whether it is known to be exploited, if a catalogue was given.
    pub exploited: Option<Exploited>,
    /// Whether the code uses it.
    pub reach: Reach,
    /// Why somebody decided to live with it, if somebody did.
    pub accepted: Option<Accepted>,
}

/// What is known of the exploitation of vulnerabilities, from files that somebody gave.
#[derive(Debug, Default)]
pub struct Exploitation {
    /// How likely each is.
    pub scores: Epss,
    /// Which have been seen.
    pub catalogue: Kev,
}

/// A decision to live with an advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Why.
    pub reason: Option<String>,
}

impl Known<'_> {
    /// The word of its severity.
    pub fn level(&self) -> Option<Level> {
        self.severity.as_ref().map(|severity| severity.level)
    }
}

/// Whether the project's own constraints let a version be installed.
#[derive(Clone, Copy)]
pub enum Permission<'i> {
    /// Every constraint that was read does.
    Allowed,
    /// This one does not.
    Refused(&'i Package),
    /// Nothing that was read tells: what other packages ask for is not known.
    Unknown,
}

impl<'i> Answers<'i> {
    /// Judges every pinned version. `named` tells files that somebody named: a list of constraints installs nothing, but
    /// whoever names it wants it judged.
    ///
    /// # Errors
    /// The database is damaged.
    pub fn new(
        inventory: &'i Inventory,
        index: &'i Index,
        named: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Self, Damage> {
        let mut at: FxHashMap<(&Name, &str), usize> = FxHashMap::default();
        let mut met: Vec<Met> = Vec::new();
        for file in inventory.packages.files() {
            let paths = Paths::new(file);
            for package in file {
                let Wanted::Pinned(pin) = &package.wanted else {
                    continue;
                };
                if package.relation == Relation::Constraint && !named(&package.place.file) {
                    continue;
                }
                let key = (&package.name, &*pin.written);
                let at = *at.entry(key).or_insert_with(|| {
                    met.push(Met::new(key));
                    met.len() - 1
                });
                let one = &mut met[at];
                one.entries.push(package);
                if one.path.is_empty() {
                    one.path = paths.to(&package.name);
                }
            }
        }
        drop(at);
        met.sort_unstable_by_key(|one| one.pin);
        let pins: Vec<(&Name, &str)> = met.iter().map(|one| one.pin).collect();
        let verdicts = judge_all(index, &pins)?;
        let mut packages = Vec::with_capacity(met.len());
        for (one, verdict) in met.into_iter().zip(verdicts) {
            let (name, version) = one.pin;
            let entries = one.entries;
            let mut answer = Answer {
                name,
                version,
                marker: marker(&entries),
                path: one.path,
                entries,
                advisories: Vec::new(),
                undecided: Vec::new(),
                clears_all: None,
            };
            if answer
                .entries
                .iter()
                .any(|package| is_published(&package.origin))
            {
                answer.clears_all = verdict.clears_all;
                answer.undecided = verdict
                    .undecided
                    .iter()
                    .map(|advisory| advisory.id.as_str())
                    .collect();
                answer.advisories = verdict.findings.iter().copied().map(Known::new).collect();
            }
            packages.push(answer);
        }
        Ok(Self {
            inventory,
            packages,
        })
    }

    /// Tells of every vulnerability whether the code uses it.
    pub fn look_into(&mut self, code: &Code) {
        for answer in &mut self.packages {
            if answer.advisories.is_empty() {
                continue;
            }
            let reach = code.reach(answer.name);
            for known in &mut answer.advisories {
                known.reach = code.symbols(&known.finding, &reach);
            }
        }
    }

    /// Tells of every vulnerability what is known of its exploitation.
    pub fn weigh(&mut self, exploitation: &Exploitation) {
        let packages = self.packages.iter_mut();
        for known in packages.flat_map(|answer| &mut answer.advisories) {
            known.likelihood = exploitation.scores.score(known.finding.ids());
            known.exploited = exploitation.catalogue.entry(known.finding.ids());
        }
    }

    /// Whether anything is known against anything.
    pub fn any(&self) -> bool {
        self.packages
            .iter()
            .any(|answer| !answer.advisories.is_empty())
    }

    /// Whether the constraints beside a package allow a version where it is reported.
    pub fn permission(&self, answer: &Answer<'i>, version: &Version) -> Permission<'i> {
        match answer.entries.first() {
            Some(entry) => self.permission_at(answer.name, entry, version),
            None => Permission::Unknown,
        }
    }

    /// Whether the constraints beside an entry of a package allow a version.
    pub fn permission_at(&self, name: &Name, entry: &Package, version: &Version) -> Permission<'i> {
        let inventory = self.inventory;
        let about = |package: &&'i Package| {
            package.name == *name
                && !matches!(package.wanted, Wanted::Pinned(_) | Wanted::Anything)
                && is_beside(&package.place.file, &entry.place.file)
        };
        let constraints = inventory
            .asked
            .iter()
            .chain(&inventory.packages)
            .filter(about);
        let mut asked = inventory.asked.iter().any(|package| {
            package.name == *name && is_beside(&package.place.file, &entry.place.file)
        });
        for constraint in constraints {
            match constraint.wanted.allows(version) {
                Some(true) => asked = true,
                Some(false) => return Permission::Refused(constraint),
                None => return Permission::Unknown,
            }
        }
        // Of what a person pinned by hand the pin is the whole constraint, and it is there to be raised.
        let by_hand =
            entry.relation == Relation::Direct && self.role(&entry.place) == Some(Role::Manifest);
        if asked || by_hand {
            Permission::Allowed
        } else {
            Permission::Unknown
        }
    }

    fn role(&self, place: &Place) -> Option<Role> {
        Some(self.input(&place.file)?.role)
    }

    /// What was read at a path.
    pub fn input(&self, path: &Arc<str>) -> Option<&'i Input> {
        let inputs = &self.inventory.inputs;
        let at = inputs.binary_search_by(|input| input.path.cmp(path)).ok()?;
        inputs.get(at)
    }
}

impl<'i> Known<'i> {
    fn new(finding: Finding<'i>) -> Self {
        Self {
            fixed_in: finding.fixed_in(),
            severity: finding.severity(),
            finding,
            likelihood: None,
            exploited: None,
            reach: Reach::not_looked(),
            accepted: None,
        }
    }
}

impl<'i> Answer<'i> {
    /// The place it is reported at.
    pub fn place(&self) -> &'i Place {
        // Every answer is made of at least one entry.
        &self.entries[0].place
    }
}

/// Whether what is installed can be what advisories speak of: a directory of one's own is not, whatever its name.
fn is_published(origin: &Origin) -> bool {
    const ARCHIVES: &[&str] = &[".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz"];
    match origin {
        Origin::Path { path, .. } => ARCHIVES.iter().any(|ending| path.ends_with(ending)),
        _ => true,
    }
}

/// Whether two files belong to one project: the directory of the first is that of the second or above it.
pub fn is_beside(manifest: &Arc<str>, file: &Arc<str>) -> bool {
    let directory = |path: &str| {
        path.rsplit_once('/')
            .map_or(0, |(directory, _)| directory.len() + 1)
    };
    file.starts_with(&manifest[..directory(manifest)])
}

/// The markers of all entries, as one.
fn marker(entries: &[&Package]) -> Option<String> {
    let mut markers: Vec<&str> = entries
        .iter()
        .map(|package| package.marker.as_deref())
        .collect::<Option<_>>()?;
    markers.sort_unstable();
    markers.dedup();
    match markers.as_slice() {
        [one] => Some((*one).to_owned()),
        several => {
            let each: Vec<String> = several.iter().map(|marker| format!("({marker})")).collect();
            Some(each.join(" or "))
        }
    }
}

/// A version of a package as it is met in file after file.
struct Met<'i> {
    pin: (&'i Name, &'i str),
    entries: Vec<&'i Package>,
    /// As in [`Answer`], by the first file that tells.
    path: Vec<&'i Name>,
}

impl<'i> Met<'i> {
    fn new(pin: (&'i Name, &'i str)) -> Self {
        Self {
            pin,
            entries: Vec::new(),
            path: Vec::new(),
        }
    }
}

/// Who brings a package, in one file.
struct Paths<'i> {
    /// The package through which a package is reached soonest, none for those the project asks for itself.
    through: FxHashMap<&'i Name, Option<&'i Name>>,
}

/// The longest path that is told; real ones have a handful of steps.
const MAX_PATH: usize = 32;

impl<'i> Paths<'i> {
    fn new(file: &'i [Package]) -> Self {
        let mut through = FxHashMap::default();
        let mut open = Vec::new();
        for package in file {
            if package.relation == Relation::Direct && through.insert(&package.name, None).is_none()
            {
                open.push(&package.name);
            }
        }
        if open.is_empty() {
            return Self { through };
        }
        let mut edges: FxHashMap<&Name, Vec<&Name>> = FxHashMap::default();
        for package in file {
            edges
                .entry(&package.name)
                .or_default()
                .extend(&package.requires);
        }
        // Breadth first, in the order of the file, so that the shortest path is told and always the same one.
        while !open.is_empty() {
            let mut next = Vec::new();
            for name in open {
                for needed in edges.get(name).into_iter().flatten() {
                    if edges.contains_key(needed) && !through.contains_key(needed) {
                        through.insert(needed, Some(name));
                        next.push(*needed);
                    }
                }
            }
            open = next;
        }
        Self { through }
    }

    /// The path to a package, empty if the file does not tell.
    fn to(&self, name: &'i Name) -> Vec<&'i Name> {
        let mut path = Vec::new();
        let mut at = Some(name);
        while let Some(name) = at.filter(|_| path.len() < MAX_PATH) {
            let Some(through) = self.through.get(name) else {
                return Vec::new();
            };
            path.push(name);
            at = *through;
        }
        path.reverse();
        path.shrink_to_fit();
        path
    }
}

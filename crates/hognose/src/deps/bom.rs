//! What a project installs, as a bill of materials: the components, their edges, and what is known against them.
//!
//! [`Bom`] is the inventory put in order once, so that [`cyclonedx`] and [`spdx`] only write. A component is a version of
//! a package from one origin, known by its package URL; what is not pinned is a component without a version. Nothing is
//! guessed: no licence, supplier or hash is named that no input names.

use std::collections::{BTreeMap, BTreeSet};

use hognose_deps::inputs::{Files, Inventory, Package, Relation, Wanted, join, package_url};
use hognose_deps::name::Name;
use hognose_finding::FingerprintBuilder;

use super::{Answer, Answers, Known};

pub mod cyclonedx;
pub mod spdx;

/// The project that installs the components.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Its version, if its manifest has one.
    pub version: Option<String>,
}

impl Subject {
    /// What `pyproject.toml` in a directory calls the project, else `fallback`.
    pub fn read(files: &dyn Files, directory: &str, fallback: &str) -> Self {
        let manifest = files.read(&join(directory, "pyproject.toml")).ok();
        let manifest = manifest.and_then(|bytes| String::from_utf8(bytes).ok());
        let manifest: Option<toml::Table> = manifest.and_then(|text| text.parse().ok());
        let tables = manifest.as_ref().map(|manifest| {
            let poetry = manifest.get("tool").and_then(|tool| tool.get("poetry"));
            [manifest.get("project"), poetry]
        });
        let text = |key: &str| {
            let mut tables = tables.iter().flatten().flatten();
            tables.find_map(|table| Some(table.get(key)?.as_str()?.to_owned()))
        };
        Self {
            name: text("name").unwrap_or_else(|| fallback.to_owned()),
            version: text("version"),
        }
    }
}

/// A bill of materials.
pub struct Bom<'i> {
    /// What it is about.
    pub subject: &'i Subject,
    /// Seconds since 1970 at which it was made.
    pub made: u64,
    /// The components, by package URL.
    pub components: Vec<Component<'i>>,
    /// Whether something is installed that is not among them, or in a version nobody wrote down.
    pub is_incomplete: bool,
    at: BTreeMap<String, usize>,
}

/// A version of a package from one origin.
pub struct Component<'i> {
    /// Its package URL.
    pub purl: String,
    /// Where it stands, at least once.
    pub entries: Vec<&'i Package>,
    /// The places of those it needs among the components.
    pub needs: BTreeSet<usize>,
}

impl<'i> Component<'i> {
    /// Its name.
    pub fn name(&self) -> &'i Name {
        // Every component is made of at least one entry.
        &self.entries[0].name
    }

    /// Its version, if it is pinned.
    pub fn version(&self) -> Option<&'i str> {
        match &self.entries[0].wanted {
            Wanted::Pinned(pin) => Some(&pin.written),
            _ => None,
        }
    }

    /// Whether the project itself asks for it.
    pub fn is_direct(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.relation == Relation::Direct)
    }

    /// Whether no input tells who asks for it.
    pub fn is_unrelated(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.all(|entry| entry.relation == Relation::Unknown)
    }
}

impl<'i> Bom<'i> {
    /// Puts an inventory in order.
    pub fn new(inventory: &'i Inventory, subject: &'i Subject, made: u64) -> Self {
        let installed = || {
            let packages = inventory.packages.iter();
            packages.filter(|package| package.relation != Relation::Constraint)
        };
        let mut by_url: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
        for package in installed() {
            by_url
                .entry(package_url(package))
                .or_default()
                .push(package);
        }
        let mut at = BTreeMap::new();
        let mut components = Vec::with_capacity(by_url.len());
        // An input's edges name packages, and lead to every version of them that it has.
        let mut named: BTreeMap<(&str, &Name), Vec<usize>> = BTreeMap::new();
        for (purl, entries) in by_url {
            for entry in &entries {
                let places = named.entry((&entry.place.file, &entry.name)).or_default();
                places.push(components.len());
            }
            at.insert(purl.clone(), components.len());
            components.push(Component {
                purl,
                entries,
                needs: BTreeSet::new(),
            });
        }
        for (own, component) in components.iter_mut().enumerate() {
            for entry in &component.entries {
                let file: &str = &entry.place.file;
                let needed = entry.requires.iter();
                let places = needed.filter_map(|name| named.get(&(file, name)));
                component.needs.extend(places.flatten());
            }
            component.needs.remove(&own);
        }
        let is_incomplete = !inventory.unreadable.is_empty()
            || !inventory.unnamed.is_empty()
            || inventory.unpinned().next().is_some();
        Self {
            subject,
            made,
            components,
            is_incomplete,
            at,
        }
    }

    /// An identity made of what the bill says and when it was made.
    pub fn identity(&self) -> u128 {
        let mut builder = FingerprintBuilder::new(&self.subject.name);
        builder.word(self.subject.version.as_deref().unwrap_or_default());
        builder.word(&self.made.to_string());
        for component in &self.components {
            builder.word(&component.purl);
            for needed in &component.needs {
                builder.word(&needed.to_string());
            }
        }
        builder.finish()
    }

    /// The components that an answer is about.
    fn of_answer<'b>(&'b self, answer: &'b Answer) -> impl Iterator<Item = usize> + 'b {
        let urls: BTreeSet<String> = answer.entries.iter().map(|e| package_url(e)).collect();
        urls.into_iter()
            .filter_map(|url| self.at.get(&url).copied())
    }

    /// Every vulnerability once, by id, with the answers it is known of.
    fn vulnerabilities<'a>(
        answers: &'a Answers<'a>,
    ) -> BTreeMap<&'a str, Vec<(&'a Answer<'a>, &'a Known<'a>)>> {
        let mut all: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for answer in &answers.packages {
            for known in &answer.advisories {
                all.entry(known.finding.id)
                    .or_default()
                    .push((answer, known));
            }
        }
        all
    }
}

/// A UUID of version 8 (RFC 9562), made of a hash.
pub(super) fn uuid(hash: u128) -> String {
    let hash = hash & !(0xf << 76) & !(0x3 << 62) | (0x8 << 76) | (0x2 << 62);
    let text = format!("{hash:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts.map(|part| text[part].to_owned()).join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn uuids_name_their_version_and_variant() {
        assert_eq!(super::uuid(0), "00000000-0000-8000-8000-000000000000");
        assert_eq!(
            super::uuid(u128::MAX),
            "ffffffff-ffff-8fff-bfff-ffffffffffff"
        );
    }
}

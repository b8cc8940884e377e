//! Facts about packages, kept as data: `data/hygiene/*.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use pep440_rs::Version;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::date::Date;
use crate::name::Name;

const NAMES: &str = include_str!("../../data/hygiene/names.toml");
const RELEASES: &str = include_str!("../../data/hygiene/releases.toml");
const SUCCESSORS: &str = include_str!("../../data/hygiene/successors.toml");
const INDEXES: &str = include_str!("../../data/hygiene/indexes.toml");

/// All facts.
#[derive(Debug, Default)]
pub struct Facts {
    /// Names that others imitate.
    pub popular: BTreeSet<Name>,
    /// The same, by length.
    popular_by_length: BTreeMap<usize, Vec<Name>>,
    /// Names that look like a popular one and are packages of their own.
    pub known: BTreeSet<Name>,
    /// Names of packages that others bring.
    pub brought: BTreeSet<Name>,
    /// Branches of frameworks by name, each with the last day of its support.
    pub branches: FxHashMap<Name, Vec<Branch>>,
    /// Releases that their projects have withdrawn, and why.
    pub yanked: FxHashMap<Name, Vec<Yanked>>,
    /// Packages that their projects have given up.
    pub abandoned: FxHashMap<Name, Abandoned>,
    /// Hosts of indexes that anybody may use beside the default one.
    pub public_indexes: Vec<String>,
}

/// A branch of a framework.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The numbers its releases begin with: `4.2`.
    pub branch: String,
    #[serde(rename = "ended")]
    written: String,
    /// The first day without security fixes.
    #[serde(skip)]
    pub ended: Option<Date>,
}

/// A withdrawn release.
#[derive(Debug)]
pub struct Yanked {
    /// Which one.
    pub version: Version,
    /// Why, as its project says it in few words.
    pub reason: String,
}

/// A package that was given up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abandoned {
    name: String,
    /// What to use instead.
    pub successors: Vec<String>,
    /// What became of it, as the rest of a sentence that begins with its name.
    pub fate: String,
    /// Only versions below this one were given up.
    #[serde(default)]
    below: Option<String>,
    /// The same, read.
    #[serde(skip)]
    pub before: Option<Version>,
    /// Whether it still gets fixes, or nothing is known to be wrong with it.
    #[serde(default)]
    pub still_works: bool,
    /// For the reader of the file.
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamesFile {
    popular: Vec<String>,
    known: Vec<String>,
    brought: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ReleasesFile {
    #[serde(rename = "as-of")]
    _as_of: String,
    framework: Vec<FrameworkFile>,
    yanked: Vec<YankedFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameworkFile {
    name: String,
    #[serde(rename = "source")]
    _source: String,
    branches: Vec<Branch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YankedFile {
    name: String,
    version: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuccessorsFile {
    #[serde(rename = "as-of")]
    _as_of: String,
    package: Vec<Abandoned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexesFile {
    public: Vec<String>,
}

fn read() -> Result<Facts, toml::de::Error> {
    let names: NamesFile = toml::from_str(NAMES)?;
    let releases: ReleasesFile = toml::from_str(RELEASES)?;
    let successors: SuccessorsFile = toml::from_str(SUCCESSORS)?;
    let indexes: IndexesFile = toml::from_str(INDEXES)?;
    let mut facts = Facts {
        popular: names
            .popular
            .iter()
            .filter_map(|name| Name::new(name))
            .collect(),
        known: names
            .known
            .iter()
            .filter_map(|name| Name::new(name))
            .collect(),
        brought: names
            .brought
            .iter()
            .filter_map(|name| Name::new(name))
            .collect(),
        public_indexes: indexes.public,
        ..Facts::default()
    };
    for name in &facts.popular {
        let same = facts.popular_by_length.entry(name.as_str().len());
        same.or_default().push(name.clone());
    }
    for mut framework in releases.framework {
        for branch in &mut framework.branches {
            branch.ended = Date::parse(&branch.written);
        }
        facts
            .branches
            .extend(Name::new(&framework.name).map(|name| (name, framework.branches)));
    }
    for yanked in releases.yanked {
        if let (Some(name), Ok(version)) = (Name::new(&yanked.name), yanked.version.parse()) {
            let reason = yanked.reason;
            facts
                .yanked
                .entry(name)
                .or_default()
                .push(Yanked { version, reason });
        }
    }
    for mut package in successors.package {
        package.before = package
            .below
            .as_deref()
            .and_then(|version| version.parse().ok());
        facts
            .abandoned
            .extend(Name::new(&package.name).map(|name| (name, package)));
    }
    Ok(facts)
}

impl Facts {
    /// The popular names of some lengths.
    pub fn popular_of(&self, lengths: RangeInclusive<usize>) -> impl Iterator<Item = &Name> {
        self.popular_by_length
            .range(lengths)
            .flat_map(|(_, names)| names)
    }
}

/// The facts built into the program.
pub fn all() -> &'static Facts {
    // The test below sees that every file is read.
    static ALL: LazyLock<Facts> = LazyLock::new(|| read().unwrap_or_default());
    &ALL
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn every_fact_is_read() {
        let facts = read().unwrap();
        assert!(facts.popular.len() > 100 && facts.known.len() > 20);
        assert!(!facts.public_indexes.is_empty() && !facts.yanked.is_empty());
        let mut branches = facts.branches.values().flatten();
        assert!(branches.all(|branch| branch.ended.is_some()));
        let mut abandoned = facts.abandoned.values();
        assert!(abandoned.all(|one| one.below.is_some() == one.before.is_some()));
    }
}

//! What is known about CPython: its branches with their ends, and in which release each vulnerability was fixed.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use pep440_rs::Version;
use serde::Deserialize;
use thiserror::Error;

use super::{Branch, Release};
use crate::advisories::matcher::Answer;
use crate::date::Date;

/// The facts built into the program, written by `cargo xtask advisories`.
static EMBEDDED: &str = include_str!("../../data/interpreter.json");

/// Facts on CPython as of a day.
#[derive(Debug)]
pub struct Facts {
    /// The day up to which they are known. Later releases and vulnerabilities are not in them.
    pub as_of: Date,
    branches: BTreeMap<Branch, BranchFacts>,
    advisories: Vec<Advisory>,
}

/// What is known about a branch.
#[derive(Debug, PartialEq, Eq)]
pub struct BranchFacts {
    /// The branch.
    pub branch: Branch,
    /// The day of its first final release.
    pub first_release: Date,
    /// The day after which it gets security fixes only.
    pub end_of_bugfix: Date,
    /// The day after which it gets no fixes.
    pub end_of_life: Date,
    /// Its newest release known: there may be a later one.
    pub latest: Version,
    /// The day of that release, if known.
    pub latest_date: Option<Date>,
}

/// A vulnerability of CPython.
#[derive(Debug, PartialEq, Eq)]
pub struct Advisory {
    /// Its id in the CVE list.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// The day it was published, if known.
    pub published: Option<Date>,
    /// Modules of the standard library it is in, if known. A package stands for its modules.
    pub modules: Vec<String>,
    /// The first release of each branch that has the fix.
    fixed: BTreeMap<Branch, Version>,
    /// Every release from here on has the fix.
    fixed_from: Option<Version>,
    /// No release before it is affected.
    first_affected: Option<Version>,
    /// Branches that ended without the fix: vulnerable, or never affected.
    ended: Vec<Branch>,
    /// False if a fix could not be placed on every branch.
    complete: bool,
}

/// What is known against one release.
#[derive(Debug)]
pub struct Verdict<'f> {
    /// The release that was judged: for a branch its newest one known. None if nothing is known about the branch.
    pub release: Option<Version>,
    /// Its branch, if it is in the table.
    pub branch: Option<&'f BranchFacts>,
    /// Vulnerabilities it has, the newest first.
    pub findings: Vec<Finding<'f>>,
    /// Vulnerabilities of which the facts do not tell whether it has them.
    pub undecided: Vec<&'f Advisory>,
}

/// A vulnerability that a release has.
#[derive(Debug)]
pub struct Finding<'f> {
    /// The vulnerability.
    pub advisory: &'f Advisory,
    /// The first release of the same branch that has the fix.
    pub fixed_in: &'f Version,
}

/// Why facts cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the facts on CPython cannot be read: {0}")]
pub struct FactsFault(String);

/// The facts built into the program.
pub fn embedded() -> Result<&'static Facts, FactsFault> {
    static FACTS: LazyLock<Result<Facts, FactsFault>> = LazyLock::new(|| Facts::read(EMBEDDED));
    FACTS.as_ref().map_err(Clone::clone)
}

#[derive(Deserialize)]
struct File {
    as_of: String,
    branches: BTreeMap<String, BranchEntry>,
    advisories: Vec<AdvisoryEntry>,
}

#[derive(Deserialize)]
struct BranchEntry {
    first_release: String,
    end_of_bugfix: String,
    end_of_life: String,
    latest_patch: String,
    latest_patch_date: Option<String>,
}

#[derive(Deserialize)]
struct AdvisoryEntry {
    id: String,
    aliases: Vec<String>,
    published: Option<String>,
    #[serde(default)]
    modules: Vec<String>,
    #[serde(default)]
    fixed: BTreeMap<String, String>,
    fixed_from: Option<String>,
    first_affected: Option<String>,
    complete: bool,
    /// Named for the reader of the file: a branch without an entry in `fixed` is unknown with or without it.
    #[serde(default, rename = "branches_unknown")]
    _branches_unknown: Vec<String>,
    #[serde(default)]
    no_fix_released: Vec<String>,
}

impl Facts {
    /// Reads facts as `cargo xtask advisories` writes them.
    pub fn read(json: &str) -> Result<Self, FactsFault> {
        let file: File =
            serde_json::from_str(json).map_err(|fault| FactsFault(fault.to_string()))?;
        let branches = file.branches.iter().map(|(name, entry)| {
            let branch = branch(name)?;
            let facts = BranchFacts {
                branch,
                first_release: date(&entry.first_release)?,
                end_of_bugfix: date(&entry.end_of_bugfix)?,
                end_of_life: date(&entry.end_of_life)?,
                latest: version(&entry.latest_patch)?,
                latest_date: entry.latest_patch_date.as_deref().map(date).transpose()?,
            };
            Ok((branch, facts))
        });
        let advisories = file.advisories.into_iter().map(|entry| {
            Ok(Advisory {
                published: entry.published.as_deref().map(date).transpose()?,
                fixed: entry
                    .fixed
                    .iter()
                    .map(|(name, first)| Ok((branch(name)?, version(first)?)))
                    .collect::<Result<_, FactsFault>>()?,
                fixed_from: entry.fixed_from.as_deref().map(version).transpose()?,
                first_affected: entry.first_affected.as_deref().map(version).transpose()?,
                ended: entry
                    .no_fix_released
                    .iter()
                    .map(|name| branch(name))
                    .collect::<Result<_, _>>()?,
                complete: entry.complete,
                id: entry.id,
                aliases: entry.aliases,
                modules: entry.modules,
            })
        });
        let mut advisories: Vec<Advisory> = advisories.collect::<Result<_, FactsFault>>()?;
        advisories.sort_by(|one, other| number(&other.id).cmp(&number(&one.id)));
        Ok(Self {
            as_of: date(&file.as_of)?,
            branches: branches.collect::<Result<_, FactsFault>>()?,
            advisories,
        })
    }

    /// What is known about a branch.
    pub fn branch(&self, branch: Branch) -> Option<&BranchFacts> {
        self.branches.get(&branch)
    }

    /// Every branch, ascending.
    pub fn branches(&self) -> impl DoubleEndedIterator<Item = &BranchFacts> {
        self.branches.values()
    }

    /// What is known against a release. A branch without a patch number means the newest release of it.
    pub fn judge(&self, release: &Release) -> Verdict<'_> {
        let branch = self.branch(release.branch);
        let judged = release
            .exact
            .clone()
            .or_else(|| branch.map(|branch| branch.latest.clone()));
        let mut verdict = Verdict {
            release: judged,
            branch,
            findings: Vec::new(),
            undecided: Vec::new(),
        };
        let Some(version) = &verdict.release else {
            return verdict;
        };
        for advisory in &self.advisories {
            match (
                self.answer(advisory, release.branch, version),
                advisory.fixed.get(&release.branch),
            ) {
                (Answer::Affected, Some(fixed_in)) => {
                    verdict.findings.push(Finding { advisory, fixed_in })
                }
                (Answer::NotAffected, _) => {}
                _ => verdict.undecided.push(advisory),
            }
        }
        verdict
    }

    fn answer(&self, advisory: &Advisory, branch: Branch, version: &Version) -> Answer {
        let before = advisory
            .first_affected
            .as_ref()
            .is_some_and(|first| version < first);
        let after = advisory
            .fixed_from
            .as_ref()
            .is_some_and(|first| version >= first);
        if before || after {
            return Answer::NotAffected;
        }
        if let Some(first) = advisory.fixed.get(&branch) {
            return if version < first {
                Answer::Affected
            } else {
                Answer::NotAffected
            };
        }
        if !advisory.complete || advisory.ended.contains(&branch) {
            return Answer::CannotDecide;
        }
        // CPython mends its development branch first and the released ones after it. A branch that began after the last
        // release of another one that has the fix began with the fix.
        let known = self.branch(branch);
        let inherited = |fixed: &Branch| {
            let (Some(known), Some(fixed)) = (known, self.branch(*fixed)) else {
                return false;
            };
            known.first_release > fixed.end_of_life && Some(known.first_release) > fixed.latest_date
        };
        if advisory.fixed.keys().any(inherited) {
            Answer::NotAffected
        } else {
            Answer::CannotDecide
        }
    }
}

impl BranchFacts {
    /// Whether the branch gets no more fixes on a day.
    pub fn is_ended(&self, on: Date) -> bool {
        on > self.end_of_life
    }

    /// Whether a newer patch release than this one is known.
    pub fn is_outdated(&self, release: &Release) -> bool {
        release
            .exact
            .as_ref()
            .is_some_and(|exact| *exact < self.latest)
    }
}

/// Year and number, so that ids sort by age.
fn number(id: &str) -> (u32, u32, &str) {
    let mut parts = id.split('-').skip(1).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0), id)
}

fn date(text: &str) -> Result<Date, FactsFault> {
    Date::parse(text).ok_or_else(|| FactsFault(format!("`{text}` is no date")))
}

fn version(text: &str) -> Result<Version, FactsFault> {
    Version::from_str(text).map_err(|_| FactsFault(format!("`{text}` is no version")))
}

fn branch(text: &str) -> Result<Branch, FactsFault> {
    Branch::parse(text).ok_or_else(|| FactsFault(format!("`{text}` is no branch")))
}

#[cfg(test)]
mod tests {
    use super::{Branch, Facts, Release, embedded};
    use crate::date::Date;

    /// Ids that affect a release, and ids that are undecided for it.
    fn of(facts: &Facts, release: &str) -> (Vec<String>, Vec<String>) {
        let verdict = facts.judge(&Release::parse(release).unwrap());
        let findings = verdict
            .findings
            .iter()
            .map(|finding| finding.advisory.id.clone())
            .collect();
        (
            findings,
            verdict
                .undecided
                .iter()
                .map(|advisory| advisory.id.clone())
                .collect(),
        )
    }

    #[test]
    fn fixes_are_looked_up_on_the_branch() {
        let facts = embedded().unwrap();
        let has = |release, id: &str| {
            let (findings, undecided) = of(facts, release);
            let has = |ids: Vec<String>| ids.iter().any(|known| known == id);
            (has(findings), has(undecided))
        };
        // CVE-2025-8291: 3.11.14, 3.12.12, 3.13.10, 3.14.1 and every 3.15.
        for (release, expected) in [
            ("3.11.13", (true, false)),
            ("3.11.14", (false, false)),
            ("3.12.11", (true, false)),
            ("3.14.0", (true, false)),
            ("3.14.1", (false, false)),
            ("3.15.0", (false, false)),
            ("3.8.10", (false, true)),
        ] {
            assert_eq!(has(release, "CVE-2025-8291"), expected, "{release}");
        }
        // CVE-2024-12254 began with 3.12.0; its fix on 3.12 could not be placed.
        for (release, expected) in [
            ("3.11.4", (false, false)),
            ("3.12.3", (false, true)),
            ("3.13.1", (true, false)),
            ("3.13.2", (false, false)),
        ] {
            assert_eq!(has(release, "CVE-2024-12254"), expected, "{release}");
        }
        // PSF-2024-8 has a fix that could not be placed anywhere.
        assert_eq!(has("3.13.0", "CVE-2024-6923"), (false, true));
        // 2.5 to 2.7 were mended before 3.9 began.
        assert_eq!(has("3.9.0", "CVE-2007-4965"), (false, false));
        assert_eq!(has("3.6.0", "CVE-2007-4965"), (false, true));
    }

    #[test]
    fn a_branch_is_its_newest_release() {
        let facts = embedded().unwrap();
        let branch = facts.branch(Branch(3, 8)).unwrap();
        assert!(branch.is_ended(facts.as_of));
        assert!(!branch.is_ended(Date::parse("2022-01-01").unwrap()));
        assert_eq!(of(facts, "3.8"), of(facts, &branch.latest.to_string()));
        assert!(branch.is_outdated(&Release::parse("3.8.1").unwrap()));
        assert!(!branch.is_outdated(&Release::parse("3.8").unwrap()));
        let unknown = facts.judge(&Release::parse("3.99").unwrap());
        assert!(
            unknown.branch.is_none() && unknown.release.is_none() && unknown.findings.is_empty()
        );
    }

    #[test]
    fn every_branch_says_what_its_dates_say() {
        let facts = embedded().unwrap();
        assert!(facts.branches().count() >= 13);
        for branch in facts.branches() {
            assert!(
                branch.first_release < branch.end_of_life
                    && branch
                        .latest_date
                        .is_none_or(|latest| branch.first_release <= latest)
            );
            assert_eq!(
                branch.latest.release().get(..2),
                Some(&[branch.branch.0, branch.branch.1][..])
            );
        }
        let modules: Vec<&str> = facts
            .advisories
            .iter()
            .flat_map(|advisory| advisory.modules.iter().map(String::as_str))
            .collect();
        assert!(modules.contains(&"tarfile") && modules.contains(&"pyexpat"));
    }
}

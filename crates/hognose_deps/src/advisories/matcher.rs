//! The one matcher: is this version of this distribution affected?

use std::collections::BTreeSet;

use pep440_rs::Version;

use super::index::{Damage, Index};
use super::package::{Advisory, Package, Point, public};
use super::severity::Severity;
use crate::date::Date;
use crate::name::Name;

/// What an advisory says about a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is listed, or inside a range.
    Affected,
    /// It is neither.
    NotAffected,
    /// The version is not PEP 440, or what the record says about it cannot be read.
    CannotDecide,
}

/// What is known against one version of one distribution.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict<'i> {
    /// Vulnerabilities that affect it, each once, by id.
    pub findings: Vec<Finding<'i>>,
    /// Advisories that may or may not affect it.
    pub undecided: Vec<&'i Advisory>,
    /// The lowest version known above this one that no advisory of the distribution affects. Known are the versions that
    /// advisories name as fixed; the listed ones are affected by the record that lists them. None without findings.
    pub clears_all: Option<&'i Version>,
}

/// One vulnerability that affects a version, told by one or more records.
#[derive(Debug, PartialEq)]
pub struct Finding<'i> {
    /// The id of a record that affects the version: of the Python advisory database (`PYSEC-`) if there is one, else of
    /// GitHub's (`GHSA-`), else the first in order.
    pub id: &'i str,
    /// Every other id of the vulnerability, those of the CVE list first.
    pub aliases: Vec<&'i str>,
    /// The nearest fix: the lowest version above this one that the records name as fixed and do not affect. On a release
    /// line that got a fix of its own this is that fix.
    pub fixed_in: Option<&'i Version>,
    /// How grave it is, none if no record says so.
    pub severity: Option<Severity<'i>>,
    /// Weaknesses, as numbers of the Common Weakness Enumeration.
    pub cwes: Vec<u32>,
    /// The day it was first published.
    pub published: Option<Date>,
    /// The day a record of it was last changed.
    pub modified: Option<Date>,
    /// Where to read on.
    pub links: Vec<&'i str>,
    /// Functions and modules that its records call vulnerable.
    pub symbols: Vec<&'i str>,
}

impl Finding<'_> {
    /// Its id and its aliases.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id).chain(self.aliases.iter().copied())
    }

    /// Whether the distribution was published to do harm, rather than harmful by mistake.
    pub fn is_malicious(&self) -> bool {
        self.ids().any(|id| id.starts_with("MAL-"))
    }
}

/// An installed version, as far as it can be read.
struct Installed<'v> {
    text: &'v str,
    point: Option<Point>,
}

/// What is known against a version, as written in a manifest or lock file. Local labels do not count.
pub fn judge<'i>(index: &'i Index, name: &Name, version: &str) -> Result<Verdict<'i>, Damage> {
    let package = index.package(name)?;
    Ok(package.map_or_else(Verdict::default, |package| package.judge(version)))
}

impl Package {
    /// What is known against one version of this distribution.
    pub fn judge(&self, version: &str) -> Verdict<'_> {
        let text = version.trim();
        let installed = Installed { text, point: public(text).map(|version| self.point(&version)) };
        let mut verdict = Verdict::default();
        for group in &self.groups {
            let members = || group.iter().filter_map(|at| self.advisories.get(*at as usize));
            if members().any(|member| member.answer(&installed) == Answer::Affected) {
                verdict.findings.push(self.finding(&installed, members));
            } else {
                let undecided = |member: &&Advisory| member.answer(&installed) == Answer::CannotDecide;
                verdict.undecided.extend(members().filter(undecided));
            }
        }
        verdict.findings.sort_by_key(|finding| finding.id);
        if !verdict.findings.is_empty() {
            verdict.clears_all = self.lowest_clear(&installed, self.fixed.iter().copied(), || self.advisories.iter());
        }
        verdict
    }

    fn finding<'p, I: Iterator<Item = &'p Advisory>>(
        &'p self,
        installed: &Installed,
        members: impl Fn() -> I,
    ) -> Finding<'p> {
        let affecting = members().filter(|member| member.answer(installed) == Answer::Affected);
        let id = affecting.map(|member| member.id.as_str()).min_by_key(|id| (rank(id), *id)).unwrap_or_default();
        let mut aliases: BTreeSet<&str> = members().flat_map(|member| member.aliases.iter().map(String::as_str)).collect();
        aliases.extend(members().map(|member| member.id.as_str()));
        aliases.remove(id);
        let mut aliases: Vec<&str> = aliases.into_iter().collect();
        aliases.sort_by_key(|alias| !alias.starts_with("CVE-"));
        let fixed: BTreeSet<u32> = members().flat_map(|member| member.fixed.iter().copied()).collect();
        let cwes: BTreeSet<u32> = members().flat_map(|member| member.cwes.iter().copied()).collect();
        Finding {
            id,
            aliases,
            fixed_in: self.lowest_clear(installed, fixed, &members),
            severity: Severity::of(members().map(|member| (member.id.as_str(), &*member.vectors, member.label))),
            cwes: cwes.into_iter().collect(),
            published: members().filter_map(|member| member.published).min(),
            modified: members().filter_map(|member| member.modified).max(),
            links: once_each(members().flat_map(|member| &member.links)),
            symbols: once_each(members().flat_map(|member| &member.symbols)),
        }
    }

    /// The first of some versions, ascending, that is above the installed one and that no advisory affects, the ones
    /// that affect the installed version decidedly not.
    fn lowest_clear<'p, I: Iterator<Item = &'p Advisory>>(
        &self,
        installed: &Installed,
        candidates: impl IntoIterator<Item = u32>,
        advisories: impl Fn() -> I,
    ) -> Option<&Version> {
        let above = installed.point?;
        let on = |at: u32| at * 2 + 1;
        let clear = |at: &u32| {
            let point = on(*at);
            advisories().all(|advisory| !advisory.covers(point) && (advisory.complete || !advisory.covers(above)))
        };
        let at = candidates.into_iter().filter(|at| on(*at) > above).find(clear)?;
        self.axis.get(at as usize)
    }
}

impl Advisory {
    fn answer(&self, installed: &Installed) -> Answer {
        match installed.point {
            Some(point) if self.covers(point) => Answer::Affected,
            Some(_) if self.complete => Answer::NotAffected,
            None if self.odd.iter().any(|odd| odd == installed.text) => Answer::Affected,
            _ => Answer::CannotDecide,
        }
    }
}

/// Whose id stands for a vulnerability.
fn rank(id: &str) -> usize {
    const PREFERRED: [&str; 2] = ["PYSEC-", "GHSA-"];
    PREFERRED.iter().position(|prefix| id.starts_with(prefix)).unwrap_or(PREFERRED.len())
}

fn once_each<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<&'t str> {
    let mut kept: Vec<&str> = Vec::new();
    for text in texts {
        if !kept.contains(&text.as_str()) {
            kept.push(text);
        }
    }
    kept
}

#[cfg(test)]
mod tests;

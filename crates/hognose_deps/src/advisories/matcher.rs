//! The one matcher: is this version of this distribution affected?

use std::collections::BTreeSet;
use std::sync::Arc;

use pep440_rs::Version;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::index::{Damage, Index};
use super::package::{Advisory, Package, Point, on, public};
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
#[derive(Default)]
pub struct Verdict<'i> {
    /// Vulnerabilities that affect it, each once, by id.
    pub findings: Vec<Finding<'i>>,
    /// Advisories that may or may not affect it.
    pub undecided: Vec<&'i Advisory>,
    /// The lowest version known above this one that no advisory of the distribution affects. Known are the versions that
    /// advisories name as fixed; the listed ones are affected by the record that lists them. None without findings.
    pub clears_all: Option<&'i Version>,
}

/// One vulnerability that affects a version, told by one or more records. What it is called and how grave it is are
/// gathered from them when asked for.
#[derive(Clone, Copy)]
pub struct Finding<'i> {
    /// The id of a record that affects the version: of the Python advisory database (`PYSEC-`) if there is one, else of
    /// GitHub's (`GHSA-`), else the first in order.
    pub id: &'i str,
    package: &'i Package,
    /// Its records.
    group: &'i [u32],
    installed: Option<Point>,
}

impl<'i> Finding<'i> {
    /// The records that tell of it.
    pub fn records(&self) -> impl Iterator<Item = &'i Advisory> + Clone {
        let package = self.package;
        self.group
            .iter()
            .filter_map(move |at| package.advisories.get(*at as usize))
    }

    /// Every other id of the vulnerability, those of the CVE list first.
    pub fn aliases(&self) -> Vec<&'i str> {
        let mut aliases: Vec<&str> = self.ids().filter(|id| *id != self.id).collect();
        aliases.sort_unstable_by_key(|alias| (!alias.starts_with("CVE-"), *alias));
        aliases.dedup();
        aliases
    }

    /// The nearest fix: the lowest version above this one that the records name as fixed and do not affect. On a release
    /// line that got a fix of its own this is that fix.
    pub fn fixed_in(&self) -> Option<&'i Version> {
        let above = self.installed.filter(|_| self.is_decided_elsewhere())?;
        let fixed = self
            .records()
            .flat_map(|record| record.fixed.iter().copied());
        let clear =
            |at: &u32| on(*at) > above && !self.records().any(|record| record.covers(on(*at)));
        self.package.axis.get(fixed.filter(clear).min()? as usize)
    }

    /// Whether its records tell for every other version whether it is affected. If not, none is known to be free of it.
    fn is_decided_elsewhere(&self) -> bool {
        let affects = |record: &Advisory| self.installed.is_some_and(|point| record.covers(point));
        self.records()
            .all(|record| record.complete || !affects(record))
    }

    /// How grave it is, none if no record says so.
    pub fn severity(&self) -> Option<Severity<'i>> {
        Severity::of(
            self.records()
                .map(|record| (record.id.as_str(), &*record.vectors, record.label)),
        )
    }

    /// Weaknesses, as numbers of the Common Weakness Enumeration.
    pub fn cwes(&self) -> Vec<u32> {
        let cwes: BTreeSet<u32> = self
            .records()
            .flat_map(|record| record.cwes.iter().copied())
            .collect();
        cwes.into_iter().collect()
    }

    /// The day it was first published.
    pub fn published(&self) -> Option<Date> {
        self.records().filter_map(|record| record.published).min()
    }

    /// The day a record of it was last changed.
    pub fn modified(&self) -> Option<Date> {
        self.records().filter_map(|record| record.modified).max()
    }

    /// Where to read on.
    pub fn links(&self) -> Vec<&'i str> {
        once_each(self.records().flat_map(|record| &record.links))
    }

    /// Functions and modules that its records call vulnerable.
    pub fn symbols(&self) -> Vec<&'i str> {
        once_each(self.records().flat_map(|record| &record.symbols))
    }

    /// Its ids and aliases, some more than once.
    pub fn ids(&self) -> impl Iterator<Item = &'i str> {
        self.records().flat_map(|record| {
            std::iter::once(record.id.as_str()).chain(record.aliases.iter().map(String::as_str))
        })
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

/// Every version known above one that no advisory affects, ascending: [`Verdict::clears_all`] and those behind it.
pub fn clear_above<'i>(
    index: &'i Index,
    name: &Name,
    version: &str,
) -> Result<Vec<&'i Version>, Damage> {
    let Some(package) = index.package(name)? else {
        return Ok(Vec::new());
    };
    let lowest = package.judge(version).clears_all;
    let above = lowest.map(|lowest| package.point(lowest));
    // The lowest is on the axis, and what is not below it counts.
    let clear = above.map(|above| package.clear_above(above.saturating_sub(1)));
    Ok(clear.into_iter().flatten().collect())
}

/// What is known against each of many versions, in their order. Each distinct one is judged once, on all cores.
pub fn judge_all<'i>(
    index: &'i Index,
    pins: &[(&Name, &str)],
) -> Result<Vec<Arc<Verdict<'i>>>, Damage> {
    let mut places: FxHashMap<(&Name, &str), usize> = FxHashMap::default();
    let mut distinct = Vec::new();
    let order: Vec<usize> = pins
        .iter()
        .map(|pin| {
            *places.entry(*pin).or_insert_with(|| {
                distinct.push(*pin);
                distinct.len() - 1
            })
        })
        .collect();
    let verdicts = distinct
        .par_iter()
        .map(|(name, version)| judge(index, name, version).map(Arc::new))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(order.iter().map(|at| Arc::clone(&verdicts[*at])).collect())
}

impl Package {
    /// What is known against one version of this distribution.
    pub fn judge(&self, version: &str) -> Verdict<'_> {
        let text = version.trim();
        let installed = Installed {
            text,
            point: public(text).map(|version| self.point(&version)),
        };
        let mut verdict = Verdict::default();
        for group in &self.groups {
            let mut affecting: Option<&str> = None;
            let decided = verdict.undecided.len();
            for at in group {
                let Some(member) = self.advisories.get(*at as usize) else {
                    continue;
                };
                match member.answer(&installed) {
                    Answer::Affected => {
                        let best = affecting.is_none_or(|id| {
                            (rank(&member.id), member.id.as_str()) < (rank(id), id)
                        });
                        if best {
                            affecting = Some(&member.id);
                        }
                    }
                    Answer::NotAffected => {}
                    Answer::CannotDecide => verdict.undecided.push(member),
                }
            }
            if let Some(id) = affecting {
                // One record that affects the version decides for the others that tell of the same.
                verdict.undecided.truncate(decided);
                verdict.findings.push(Finding {
                    id,
                    package: self,
                    group,
                    installed: installed.point,
                });
            }
        }
        verdict.findings.sort_by_key(|finding| finding.id);
        let decided = |finding: &Finding| finding.is_decided_elsewhere();
        if let (false, Some(above)) = (verdict.findings.is_empty(), installed.point)
            && verdict.findings.iter().all(decided)
        {
            verdict.clears_all = self.clear_above(above).next();
        }
        verdict
    }
}

impl Package {
    /// Known versions above a point that no advisory affects, ascending.
    fn clear_above(&self, above: Point) -> impl Iterator<Item = &Version> {
        let first = self.clear.partition_point(|at| on(*at) <= above);
        let clear = self.clear.get(first..).unwrap_or_default();
        clear.iter().filter_map(|at| self.axis.get(*at as usize))
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
    PREFERRED
        .iter()
        .position(|prefix| id.starts_with(prefix))
        .unwrap_or(PREFERRED.len())
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

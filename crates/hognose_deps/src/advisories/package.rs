//! What is known against one distribution, on one axis of versions.
//!
//! Every version that a record names as a border stands on the package's *axis*, sorted and once. A version is a
//! *point* on it: `2i` just below the axis' `i`-th version, `2i + 1` on it. What a record affects, by list or by range,
//! is then a sorted row of half-open spans of points, and judging is comparing integers.

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::Version;
use rustc_hash::FxHashMap;

use super::osv::{Affected, Event, Record};
use super::severity::Level;
use crate::date::Date;

/// A place on a package's axis.
pub(super) type Point = u32;
/// Behind every version.
pub(super) const END: Point = Point::MAX;

/// All live advisories on one distribution.
#[derive(Debug, PartialEq)]
pub struct Package {
    /// Versions at which something changes, ascending.
    pub(super) axis: Vec<Version>,
    /// One for each record, sorted by id.
    pub(super) advisories: Vec<Advisory>,
    /// Advisories that are the same vulnerability, by their ids and aliases, transitively.
    pub(super) groups: Vec<Vec<u32>>,
    /// Versions that some advisory names as fixed and none affects, as indices of the axis, ascending.
    pub(super) clear: Vec<u32>,
}

/// The facts of one record on one distribution.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Advisory {
    /// The record's own id.
    pub id: String,
    /// Other ids of the same vulnerability.
    pub aliases: Vec<String>,
    /// The day it was first published.
    pub published: Option<Date>,
    /// The day it was last changed.
    pub modified: Option<Date>,
    /// CVSS vectors, as written.
    pub vectors: Vec<String>,
    /// The severity its database names in a word.
    pub label: Option<Level>,
    /// Numbers of the Common Weakness Enumeration.
    pub cwes: Vec<u32>,
    /// Where to read on.
    pub links: Vec<String>,
    /// Functions and modules that the record calls vulnerable.
    pub symbols: Vec<String>,
    /// Spans of affected points: ascending, apart from each other.
    pub(super) spans: Vec<(Point, Point)>,
    /// Fixed versions, as indices of the axis, ascending.
    pub(super) fixed: Vec<u32>,
    /// Listed versions that are not PEP 440, as written.
    pub(super) odd: Vec<String>,
    /// False if something decides about more versions and cannot be read.
    pub(super) complete: bool,
}

impl Package {
    /// Puts the records of one distribution on its axis. Withdrawn records must not be among them.
    pub(super) fn build(records: &[(&Record, Vec<&Affected>)]) -> Self {
        let mut read: Vec<(&Record, Known)> = records
            .iter()
            .map(|(record, entries)| (*record, Known::read(entries)))
            .collect();
        read.sort_by(|one, other| one.0.id.cmp(&other.0.id));
        // Of several spellings of one version the first to come stays: the one an advisory gives for its fix.
        let mut axis: BTreeSet<&Version> = BTreeSet::new();
        for version in read
            .iter()
            .flat_map(|(_, known)| &known.fixed)
            .chain(read.iter().flat_map(|(_, known)| known.borders()))
        {
            axis.insert(version);
        }
        let axis: Vec<Version> = axis.into_iter().cloned().collect();
        let advisories = read
            .iter()
            .map(|(record, known)| {
                let mut vectors = record.vectors.clone();
                vectors.extend(known.vectors.iter().cloned());
                Advisory {
                    id: record.id.clone(),
                    aliases: record.aliases.clone(),
                    published: record.published,
                    modified: record.modified,
                    vectors,
                    label: record.label,
                    cwes: record.cwes.clone(),
                    links: record.links.clone(),
                    symbols: known.symbols.clone(),
                    spans: known.spans(&axis),
                    fixed: known
                        .fixed
                        .iter()
                        .map(|version| index(&axis, version))
                        .collect(),
                    odd: known.odd.iter().cloned().collect(),
                    complete: known.complete,
                }
            })
            .collect();
        Self::new(axis, advisories)
    }

    /// A package of its stored parts; the rest is derived.
    pub(super) fn new(axis: Vec<Version>, advisories: Vec<Advisory>) -> Self {
        let fixed: BTreeSet<u32> = advisories
            .iter()
            .flat_map(|advisory| advisory.fixed.iter().copied())
            .collect();
        let is_clear = |at: &u32| !advisories.iter().any(|advisory| advisory.covers(on(*at)));
        let clear = fixed.into_iter().filter(is_clear).collect();
        let groups = group(&advisories);
        Self {
            axis,
            advisories,
            groups,
            clear,
        }
    }

    /// Where a version without a local label stands.
    pub(super) fn point(&self, version: &Version) -> Point {
        point(&self.axis, version)
    }

    /// Every advisory on it.
    pub fn advisories(&self) -> &[Advisory] {
        &self.advisories
    }

    /// The versions an advisory affects, from each first to the version that is no longer affected: none at the left is
    /// "from the beginning", none at the right "without end". The last is true if the right one is affected too.
    pub fn ranges<'p>(
        &'p self,
        advisory: &'p Advisory,
    ) -> impl Iterator<Item = (Option<&'p Version>, Option<&'p Version>, bool)> {
        let on = |point: Point| self.axis.get(point as usize / 2);
        advisory.spans.iter().map(move |&(from, to)| {
            let first = if from == 0 { None } else { on(from) };
            // An even border stands between two versions: the one before it is the last inside.
            if to == END {
                (first, None, false)
            } else if to % 2 == 0 {
                (first, on(to - 1), true)
            } else {
                (first, on(to), false)
            }
        })
    }
}

impl Advisory {
    /// Whether a point is affected by what can be read of the record.
    pub(super) fn covers(&self, point: Point) -> bool {
        let after = self.spans.partition_point(|&(from, _)| from <= point);
        after
            .checked_sub(1)
            .and_then(|last| self.spans.get(last))
            .is_some_and(|&(_, to)| point < to)
    }
}

fn point(axis: &[Version], version: &Version) -> Point {
    match axis.binary_search(version) {
        Ok(at) => at as Point * 2 + 1,
        Err(at) => at as Point * 2,
    }
}

/// The point of the axis' version at an index.
pub(super) fn on(index: u32) -> Point {
    index * 2 + 1
}

/// The index of a version that stands on the axis.
fn index(axis: &[Version], version: &Version) -> u32 {
    point(axis, version) / 2
}

/// The public version a text means: parsed, without its local label.
pub(super) fn public(text: &str) -> Option<Version> {
    Version::from_str(text.trim())
        .ok()
        .map(Version::without_local)
}

/// A border of a range before it is put on an axis.
#[derive(Clone, Debug)]
enum Border {
    Beginning,
    At(Version),
    After(Version),
    End,
}

impl Border {
    fn version(&self) -> Option<&Version> {
        match self {
            Self::At(version) | Self::After(version) => Some(version),
            Self::Beginning | Self::End => None,
        }
    }

    fn point(&self, axis: &[Version]) -> Point {
        match self {
            Self::Beginning => 0,
            Self::At(version) => point(axis, version),
            Self::After(version) => point(axis, version) + 1,
            Self::End => END,
        }
    }

    /// Whether a version stands at or behind this border.
    fn is_reached_by(&self, by: &Version) -> bool {
        match self {
            Self::Beginning => true,
            Self::At(version) => by >= version,
            Self::After(version) => by > version,
            Self::End => false,
        }
    }
}

/// What the entries of one record say about one distribution.
#[derive(Default)]
struct Known {
    ranges: Vec<(Border, Border)>,
    /// Listed versions that no range covers.
    listed: BTreeSet<Version>,
    fixed: BTreeSet<Version>,
    odd: BTreeSet<String>,
    complete: bool,
    vectors: Vec<String>,
    symbols: Vec<String>,
}

impl Known {
    fn read(entries: &[&Affected]) -> Self {
        let mut known = Self {
            complete: true,
            ..Self::default()
        };
        for entry in entries {
            let mut usable = !entry.versions.is_empty();
            let mut unreadable = false;
            for events in &entry.ranges {
                match ranges(events, &mut known.fixed) {
                    Some(ranges) => {
                        usable = true;
                        known.ranges.extend(ranges);
                    }
                    None => unreadable = true,
                }
            }
            // What a range cannot tell the list tells, if there is one.
            known.complete &= usable && !(unreadable && entry.versions.is_empty());
            known.vectors.extend(entry.vectors.iter().cloned());
            known.symbols.extend(entry.symbols.iter().cloned());
        }
        for version in entries.iter().flat_map(|entry| &entry.versions) {
            match public(version) {
                Some(version) => {
                    let implied = known.ranges.iter().any(|(from, to)| {
                        from.is_reached_by(&version) && !to.is_reached_by(&version)
                    });
                    if !implied {
                        known.listed.insert(version);
                    }
                }
                None => {
                    known.odd.insert(version.trim().to_owned());
                }
            }
        }
        known
    }

    /// Every version of it but the fixed ones.
    fn borders(&self) -> impl Iterator<Item = &Version> {
        let of_ranges = self
            .ranges
            .iter()
            .flat_map(|(from, to)| [from.version(), to.version()])
            .flatten();
        of_ranges.chain(&self.listed)
    }

    fn spans(&self, axis: &[Version]) -> Vec<(Point, Point)> {
        let of_ranges = self
            .ranges
            .iter()
            .map(|(from, to)| (from.point(axis), to.point(axis)));
        let of_list = self.listed.iter().map(|version| {
            let at = point(axis, version);
            (at, at + 1)
        });
        let mut spans: Vec<_> = of_ranges
            .chain(of_list)
            .filter(|(from, to)| from < to)
            .collect();
        spans.sort_unstable();
        let mut merged: Vec<(Point, Point)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        merged
    }
}

/// The affected stretches of one range, by OSV's rule: of the events at or before a version, the last one decides.
/// None if an event is no version: the others alone would say something else than the record.
fn ranges(events: &[Event], fixed: &mut BTreeSet<Version>) -> Option<Vec<(Border, Border)>> {
    /// What an event does to the versions behind its border.
    enum Turn {
        On,
        Off,
    }
    let mut turns: Vec<(Border, Turn)> = Vec::with_capacity(events.len());
    let mut limit: Option<Border> = None;
    let mut unreadable = false;
    for event in events {
        let (Event::Introduced(text)
        | Event::Fixed(text)
        | Event::LastAffected(text)
        | Event::Limit(text)) = event;
        let boundless = match event {
            Event::Introduced(_) => text == "0",
            Event::Limit(_) => text == "*",
            _ => false,
        };
        let version = public(text);
        if version.is_none() && !boundless {
            unreadable = true;
            continue;
        }
        match (event, version.filter(|_| !boundless)) {
            (Event::Introduced(_), None) => turns.push((Border::Beginning, Turn::On)),
            (Event::Introduced(_), Some(version)) => turns.push((Border::At(version), Turn::On)),
            (Event::Fixed(_), Some(version)) => {
                fixed.insert(version.clone());
                turns.push((Border::At(version), Turn::Off));
            }
            (Event::LastAffected(_), Some(version)) => {
                turns.push((Border::After(version), Turn::Off))
            }
            // Of several limits the widest holds.
            (Event::Limit(_), None) => limit = Some(Border::End),
            (Event::Limit(_), Some(version)) => {
                let wider = match &limit {
                    None => true,
                    Some(known) => known.version().is_some_and(|known| *known < version),
                };
                if wider {
                    limit = Some(Border::At(version));
                }
            }
            (Event::Fixed(_) | Event::LastAffected(_), None) => {}
        }
    }
    if unreadable || turns.is_empty() {
        return None;
    }
    // The sort is stable: at one version, what is written later decides.
    turns.sort_by(|(one, _), (other, _)| one.version().cmp(&other.version()));
    let mut stretches = Vec::new();
    let mut open: Option<Border> = None;
    for (border, turn) in turns {
        match (turn, open.take()) {
            (Turn::On, None) => open = Some(border),
            (Turn::On, known) => open = known,
            (Turn::Off, Some(from)) => stretches.push((from, border)),
            (Turn::Off, None) => {}
        }
    }
    if let Some(from) = open {
        stretches.push((from, Border::End));
    }
    if let Some(Border::At(limit)) = limit {
        stretches.retain(|(from, _)| {
            !from.is_reached_by(&limit) || from.version().is_none_or(|from| *from < limit)
        });
        for (_, to) in &mut stretches {
            if to.version().is_none_or(|to| *to >= limit) {
                *to = Border::At(limit.clone());
            }
        }
    }
    Some(stretches)
}

/// Joins advisories that share an id or an alias, directly or over others.
fn group(advisories: &[Advisory]) -> Vec<Vec<u32>> {
    let mut parent: Vec<usize> = (0..advisories.len()).collect();
    fn root(parent: &mut [usize], mut of: usize) -> usize {
        while parent[of] != of {
            parent[of] = parent[parent[of]];
            of = parent[of];
        }
        of
    }
    let mut seen: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, advisory) in advisories.iter().enumerate() {
        for id in std::iter::once(&advisory.id).chain(&advisory.aliases) {
            let first = *seen.entry(id).or_insert(at);
            let (one, other) = (root(&mut parent, first), root(&mut parent, at));
            // The lower index stays root, so groups come in the order of their first advisory.
            parent[one.max(other)] = one.min(other);
        }
    }
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut place: Vec<Option<usize>> = vec![None; advisories.len()];
    for at in 0..advisories.len() {
        let root = root(&mut parent, at);
        let group = *place[root].get_or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(at as u32);
    }
    groups
}

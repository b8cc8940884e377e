//! `hognose deps --outdated`: what is pinned, beside the newest release that the constraints allow.
//!
//! The one look at an index that hognose takes: through the one the user's own pip or uv is configured with, and only
//! when it is asked for.

mod configuration;
mod index;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::str::FromStr;

use hognose_deps::fix::step::Step;
use hognose_deps::inputs::{Origin, Package};
use hognose_deps::name::Name;
use hognose_deps::releases::{Release, Wish, newest};
use pep440_rs::Version;
use rayon::prelude::*;
use serde_json::json;

use super::{Answer, Answers, Permission};
use crate::output::{
    write_json, {Paint, plural, visible_line},
};

pub use configuration::{IndexUrl, own};

/// Questions that are asked of an index at a time.
const AT_A_TIME: usize = 8;

/// A pinned version beside what there is.
pub struct Compared<'i> {
    /// The package.
    pub name: &'i Name,
    /// Its version.
    pub version: &'i str,
    /// The entry it is reported at.
    pub entry: &'i Package,
    /// The newest release that the constraints allow and the Python can have.
    pub allowed: Option<Version>,
    /// The newest of all that the Python can have.
    pub newest: Option<Version>,
    /// The constraint that stands between the two.
    pub refused: Option<&'i Package>,
}

impl Compared<'_> {
    fn current(&self) -> Option<Version> {
        Version::from_str(self.version)
            .ok()
            .map(Version::without_local)
    }

    /// How far it is to the newest release that is allowed. None if there is no newer one.
    pub fn step(&self) -> Option<Step> {
        let (from, to) = (self.current()?, self.allowed.as_ref()?);
        (*to > from).then(|| Step::between(&from, to))
    }

    /// The newest release, if constraints forbid it.
    pub fn beyond(&self) -> Option<&Version> {
        let newest = self.newest.as_ref()?;
        (Some(newest) != self.allowed.as_ref() && self.current().is_none_or(|from| *newest > from))
            .then_some(newest)
    }
}

/// Everything that is pinned, compared.
pub struct Outdated<'i> {
    /// By name and version.
    pub compared: Vec<Compared<'i>>,
    /// Packages that no index has.
    pub unknown: Vec<&'i Name>,
    /// What went wrong, with the index.
    pub faults: Vec<String>,
    /// The Python that releases have to run on.
    pub python: Option<Version>,
}

impl<'i> Outdated<'i> {
    /// Asks the indexes for every published package that is pinned.
    pub fn new(
        answers: &Answers<'i>,
        urls: Vec<IndexUrl>,
        python: Option<Version>,
        pre: bool,
    ) -> Self {
        let indexes: Vec<index::Index> = urls.into_iter().map(index::Index::new).collect();
        let pinned: Vec<&Answer<'i>> = answers
            .packages
            .iter()
            .filter(|answer| {
                let mut entries = answer.entries.iter();
                entries.any(|entry| matches!(*entry.origin, Origin::Index(_)))
            })
            .collect();
        let mut names: Vec<&Name> = pinned.iter().map(|answer| answer.name).collect();
        names.dedup();
        let ask = || -> Vec<(&Name, Vec<Release>)> {
            let of = |name: &&'i Name| {
                let all = indexes.iter().filter_map(|index| index.releases(name));
                (*name, all.flatten().collect())
            };
            names.par_iter().map(of).collect()
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(AT_A_TIME)
            .build();
        let known: BTreeMap<&Name, Vec<Release>> = match pool {
            Ok(pool) => pool.install(ask),
            Err(_) => ask(),
        }
        .into_iter()
        .collect();
        let faults: Vec<String> = indexes
            .iter()
            .flat_map(|index| {
                let url = index.url().to_owned();
                index
                    .faults()
                    .into_iter()
                    .map(move |fault| format!("{url}: {fault}"))
            })
            .collect();
        let mut compared = Vec::new();
        let mut unknown = Vec::new();
        for answer in pinned {
            let releases = known
                .get(answer.name)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let Some(entry) = answer.entries.first().copied() else {
                continue;
            };
            if releases.is_empty() {
                unknown.push(answer.name);
                continue;
            }
            compared.push(compare(
                answers,
                answer,
                entry,
                releases,
                python.as_ref(),
                pre,
            ));
        }
        unknown.dedup();
        if !faults.is_empty() {
            // Of what was not answered nothing is known, least of all that it is in no index.
            unknown.clear();
        }
        Self {
            compared,
            unknown,
            faults,
            python,
        }
    }

    /// Writes a table of what is outdated, for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn text(&self, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let old: Vec<_> = self
            .compared
            .iter()
            .filter(|one| one.step().is_some() || one.beyond().is_some())
            .collect();
        let rows: Vec<[String; 4]> = old
            .iter()
            .map(|one| {
                let to = match (one.step(), &one.allowed) {
                    (Some(_), Some(allowed)) => allowed.to_string(),
                    _ => "-".to_owned(),
                };
                let step = one.step().map(|step| step.to_string()).unwrap_or_default();
                [
                    one.name.to_string(),
                    visible_line(one.version).into(),
                    to,
                    step,
                ]
            })
            .collect();
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2), width(3)];
        for (one, [name, version, to, step]) in old.iter().zip(&rows) {
            let [a, b, c, d] = widths;
            let padded = format!("{step:<d$}");
            let step = match one.step() {
                Some(Step::Major) => paint.bold(&padded),
                _ => padded,
            };
            let place = &one.entry.place;
            write!(
                out,
                "{name:<a$}  {version:<b$} → {to:<c$}  {step}  {}:{}",
                visible_line(&place.file),
                place.line
            )?;
            if let Some(newest) = one.beyond() {
                write!(out, "  {newest} is newest")?;
                if let Some(constraint) = one.refused {
                    let text = constraint.wanted.to_string();
                    let (file, line) =
                        (visible_line(&constraint.place.file), constraint.place.line);
                    write!(
                        out,
                        ", `{}` at {file}:{line} forbids it",
                        visible_line(&text)
                    )?;
                }
            }
            writeln!(out)?;
        }
        if !rows.is_empty() {
            writeln!(out)?;
        }
        if !self.unknown.is_empty() {
            let names: Vec<&str> = self.unknown.iter().map(|name| name.as_str()).collect();
            writeln!(out, "In no index that was asked: {}\n", names.join(", "))?;
        }
        let python = match &self.python {
            Some(python) => format!(", for Python {python}"),
            None => String::new(),
        };
        let outdated = self
            .compared
            .iter()
            .filter(|one| one.step().is_some())
            .count();
        let all = plural(self.compared.len(), "pinned package");
        writeln!(out, "{outdated} of {all} can be newer{python}")
    }

    /// Writes all that was compared, as a list of objects.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let list: Vec<_> = self
            .compared
            .iter()
            .map(|one| {
                let text = |version: Option<&Version>| version.map(ToString::to_string);
                json!({
                    "package": one.name.as_str(),
                    "version": one.version,
                    "file": &*one.entry.place.file,
                    "line": one.entry.place.line,
                    "allowed": text(one.allowed.as_ref()),
                    "newest": text(one.newest.as_ref()),
                    "step": one.step().map(|step| step.to_string()),
                    "major": one.step() == Some(Step::Major),
                })
            })
            .collect();
        write_json(&list, out)
    }
}

fn compare<'i>(
    answers: &Answers<'i>,
    answer: &Answer<'i>,
    entry: &'i Package,
    releases: &[Release],
    python: Option<&Version>,
    pre: bool,
) -> Compared<'i> {
    let current = Version::from_str(answer.version).ok();
    let wish = Wish {
        python,
        pre: pre || current.as_ref().is_some_and(Version::any_prerelease),
    };
    let allows = |version: &Version| {
        !matches!(
            answers.permission_at(answer.name, entry, version),
            Permission::Refused(_)
        )
    };
    let newest_of_all = newest(releases, wish, |_| true).cloned();
    let refused = newest_of_all.as_ref().and_then(|version| {
        match answers.permission_at(answer.name, entry, version) {
            Permission::Refused(constraint) => Some(constraint),
            _ => None,
        }
    });
    Compared {
        name: answer.name,
        version: answer.version,
        entry,
        allowed: newest(releases, wish, allows).cloned(),
        newest: newest_of_all,
        refused,
    }
}

//! What is wrong with how a project asks for its packages: versions, hashes and sources that are left open, names and
//! releases that should not be asked for.
//!
//! [`judge`] decides; the rules themselves, with their pages, are told by their [`Rule`]. Whether versions may be left
//! open depends on what becomes of the project ([`projects`]): a library has to, an application should not.

mod addresses;
mod facts;
mod names;
mod options;
mod pins;
mod projects;
mod releases;

use rustc_hash::FxHashSet;

use crate::date::Date;
use crate::inputs::{Inventory, Place};
use crate::name::Name;
pub(crate) use options::{Host, shown as shown_address};
use projects::Projects;

/// A rule on how packages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// An application installs whatever versions there are.
    NotPinned,
    /// An application has no lock file.
    WithoutLock,
    /// A requirement has no hash.
    WithoutHash,
    /// An archive at an address has no hash.
    ArchiveWithoutHash,
    /// What is installed from a repository is not one commit.
    VcsWithoutCommit,
    /// A second index is asked for every name.
    Confusion,
    /// An index is not made to prove who it is.
    WithoutTls,
    /// Packages come over a connection without encryption.
    OverHttp,
    /// Hashes are written down and not checked.
    HashesIgnored,
    /// A release that its project has withdrawn or does not support.
    Unsupported,
    /// A name that is nearly that of a popular package.
    Lookalike,
    /// Requirements that no version fulfils.
    Contradiction,
    /// A manifest and its lock file that do not agree.
    Disagreement,
    /// A package for security that its project has given up.
    Abandoned,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 14] = [
        Self::NotPinned,
        Self::WithoutLock,
        Self::WithoutHash,
        Self::ArchiveWithoutHash,
        Self::VcsWithoutCommit,
        Self::Confusion,
        Self::WithoutTls,
        Self::OverHttp,
        Self::HashesIgnored,
        Self::Unsupported,
        Self::Lookalike,
        Self::Contradiction,
        Self::Disagreement,
        Self::Abandoned,
    ];

    /// Its id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotPinned => "dependency-not-pinned",
            Self::WithoutLock => "application-without-lock",
            Self::WithoutHash => "requirement-without-hash",
            Self::ArchiveWithoutHash => "archive-without-hash",
            Self::VcsWithoutCommit => "vcs-without-commit",
            Self::Confusion => "dependency-confusion",
            Self::WithoutTls => "package-index-without-tls",
            Self::OverHttp => "package-over-http",
            Self::HashesIgnored => "hash-checking-disabled",
            Self::Unsupported => "unsupported-release",
            Self::Lookalike => "lookalike-package-name",
            Self::Contradiction => "contradictory-requirements",
            Self::Disagreement => "manifest-and-lock-disagree",
            Self::Abandoned => "abandoned-security-package",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// By which rule.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// What it is about: the name of a package, an address. Does not change when lines move.
    pub subject: String,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// Whether a careful project may well do it, so that only those who want to know all are told.
    pub is_pedantic: bool,
    /// Another place that has to do with it, and how.
    pub other: Option<(Place, String)>,
}

impl Defect {
    fn new(rule: Rule, place: &Place, subject: impl Into<String>, message: String) -> Self {
        Self {
            rule,
            place: place.clone(),
            subject: subject.into(),
            message,
            is_pedantic: false,
            other: None,
        }
    }

    fn pedantic(mut self, is_pedantic: bool) -> Self {
        self.is_pedantic = is_pedantic;
        self
    }

    fn other(mut self, place: &Place, text: impl Into<String>) -> Self {
        self.other = Some((place.clone(), text.into()));
        self
    }
}

/// All that is wrong, by place. `asked` is the directory that is audited, where it is one: what a file is for is told by
/// its path below it. `is_known` tells whether a package of that name exists, as far as anybody knows.
pub fn judge(
    inventory: &Inventory,
    asked: &str,
    today: Date,
    is_known: &dyn Fn(&Name) -> bool,
) -> Vec<Defect> {
    let projects = Projects::new(inventory, asked);
    let mut defects = Vec::new();
    pins::judge(&projects, &mut defects);
    addresses::judge(&projects, &mut defects);
    options::judge(&projects, is_known, &mut defects);
    releases::judge(&projects, today, &mut defects);
    names::judge(&projects, is_known, &mut defects);
    defects.sort_by(|a, b| {
        (&a.place, a.rule, &a.subject, &a.message).cmp(&(&b.place, b.rule, &b.subject, &b.message))
    });
    defects.dedup();
    let mut file = None;
    let mut count = 0;
    let mut is_specimen = false;
    defects.retain_mut(|defect| {
        if file.as_ref() != Some(&defect.place.file) {
            file = Some(defect.place.file.clone());
            count = 0;
            is_specimen = projects.is_specimen(&defect.place.file);
        }
        defect.is_pedantic |= is_specimen;
        count += 1;
        count <= MAX_DEFECTS
    });
    defects
}

/// Most defects of one file. Nobody reads more; a file that has them is no manifest.
const MAX_DEFECTS: usize = 1000;

/// Names in a sentence; what is too much is counted.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const MAX_NAMED: usize = 4;
    let mut all: Vec<&str> = Vec::new();
    let mut met = FxHashSet::default();
    for name in names {
        if met.insert(name) && all.len() < MAX_NAMED {
            all.push(name);
        }
    }
    let more = met.len() - all.len();
    let quoted: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
    match (more, quoted.as_slice()) {
        (0, [one]) => one.clone(),
        (0, [first @ .., last]) => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {more} more", quoted.join(", ")),
    }
}

#[cfg(test)]
mod tests;

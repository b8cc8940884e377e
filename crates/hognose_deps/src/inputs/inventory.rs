//! What was read: one form for every format.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{Version, VersionSpecifiers};
use rustc_hash::FxHashSet;

use super::package_url::without_password;
use super::packages::Packages;
use crate::name::Name;

/// Everything the inputs of a project say about what is installed.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The inputs that were read, by path.
    pub inputs: Vec<Input>,
    /// Each version of each package that any marker, group or environment allows, by place.
    pub packages: Packages,
    /// What manifests ask for and the lock file beside them decides, by place.
    pub asked: Vec<Package>,
    /// Things to install whose name is not written: `-e .`, `git+https://…` without an `egg` fragment.
    pub unnamed: Vec<Unnamed>,
    /// Where a manifest and the lock file beside it do not agree.
    pub mismatches: Vec<Mismatch>,
    /// Options given to the installer that change where packages come from or how they are checked.
    pub options: Vec<InstallerOption>,
    /// Variables that are expanded only when the installer runs. Their values are unknown here.
    pub variables: Vec<Variable>,
    /// What could not be read. Nothing is known about what is written there.
    pub unreadable: Vec<Unreadable>,
    /// Which inputs name others that are to be read as well.
    pub inclusions: Vec<Inclusion>,
    /// Manifests from which one of the lock files was made.
    pub locked: Vec<Arc<str>>,
    /// Requirements files that images install, as their builds name them.
    pub installed: Vec<Inclusion>,
    /// Directories with what only an application has: a file that starts or deploys it.
    pub deployed: Vec<String>,
}

impl Inventory {
    /// Packages that something installs in a version nobody wrote down.
    pub fn unpinned(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| {
            package.relation != Relation::Constraint && !matches!(package.wanted, Wanted::Pinned(_))
        })
    }

    /// Adds what was read elsewhere. An input that was read twice counts once.
    pub fn merge(&mut self, mut other: Self) {
        if self.inputs.is_empty() && self.unreadable.is_empty() {
            // Nothing was read yet: what comes is kept rather than copied.
            *self = other;
            return;
        }
        let known: FxHashSet<Arc<str>> = self
            .inputs
            .iter()
            .map(|input| Arc::clone(&input.path))
            .collect();
        let is_new = |file: &Arc<str>| !known.contains(file);
        other.inputs.retain(|input| is_new(&input.path));
        other.packages.retain(|package| is_new(&package.place.file));
        other.asked.retain(|package| is_new(&package.place.file));
        other.unnamed.retain(|unnamed| is_new(&unnamed.place.file));
        other
            .mismatches
            .retain(|mismatch| is_new(&mismatch.wanted.place.file));
        other.options.retain(|option| is_new(&option.place.file));
        other
            .variables
            .retain(|variable| is_new(&variable.place.file));
        self.inputs.append(&mut other.inputs);
        self.packages.append(other.packages);
        self.asked.append(&mut other.asked);
        self.unnamed.append(&mut other.unnamed);
        self.mismatches.append(&mut other.mismatches);
        self.options.append(&mut other.options);
        self.variables.append(&mut other.variables);
        self.unreadable.append(&mut other.unreadable);
        self.inclusions.append(&mut other.inclusions);
        self.locked.append(&mut other.locked);
        self.installed.append(&mut other.installed);
        self.deployed.append(&mut other.deployed);
        self.sort();
        self.unreadable
            .dedup_by(|a, b| a.place == b.place && a.reason == b.reason);
    }

    /// Sorts everything by place, so that the order of reading does not show.
    pub(super) fn sort(&mut self) {
        self.inputs.sort_by(|a, b| a.path.cmp(&b.path));
        self.asked.sort_by(|a, b| a.place.cmp(&b.place));
        self.packages.sort();
        self.unnamed.sort_by(|a, b| a.place.cmp(&b.place));
        self.mismatches
            .sort_by(|a, b| a.wanted.place.cmp(&b.wanted.place));
        self.options.sort_by(|a, b| a.place.cmp(&b.place));
        self.variables.sort_by(|a, b| a.place.cmp(&b.place));
        self.unreadable.sort_by(|a, b| a.place.cmp(&b.place));
    }
}

/// A file or directory that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its path.
    pub path: Arc<str>,
    /// What it was read as: the name of the format.
    pub format: &'static str,
    /// What it is to the project.
    pub role: Role,
    /// What the project is for, if the input tells.
    pub purpose: Option<Purpose>,
}

/// What becomes of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Others install it beside packages of their own, so that it has to leave versions open.
    Library,
    /// It is run from where it lies, with the versions that it names.
    Application,
}

/// An input that names another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The one that names.
    pub from: Arc<str>,
    /// The one that is named.
    pub to: String,
    /// Whether it only constrains.
    pub constraint: bool,
}

/// What an input is to a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Written by people: what the project asks for.
    Manifest,
    /// Written by a tool: what is to be installed.
    Lock,
    /// Taken from something that is installed or built already.
    Record,
}

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Path of the file.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A distribution at one place of one input.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: Name,
    /// Its name as it was written.
    pub written: Arc<str>,
    /// Which versions are meant.
    pub wanted: Wanted,
    /// The environment marker under which it is installed, as it was written.
    pub marker: Option<Arc<str>>,
    /// The extras of the package that are asked for.
    pub extras: Vec<String>,
    /// The parts of the project that install it. None means that the input does not tell parts apart.
    pub groups: Vec<Group>,
    /// Whether the input has a hash of what is installed.
    pub hashed: bool,
    /// Where it comes from.
    pub origin: Arc<Origin>,
    /// Whether the project itself asks for it.
    pub relation: Relation,
    /// The packages it needs, as far as the input tells.
    pub requires: Vec<Name>,
    /// Where it is written.
    pub place: Place,
    /// The constraint that gave the version, if it is written elsewhere.
    pub pinned_at: Option<Box<Place>>,
}

impl Package {
    /// Whether it only says which version is taken if something asks for the package.
    pub fn is_constraint(&self) -> bool {
        self.relation == Relation::Constraint
    }
}

/// Which versions of a package are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Exactly one.
    Pinned(Arc<Pin>),
    /// Some.
    Constraint(Arc<Constraint>),
    /// Whatever there is.
    Anything,
}

/// One version.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// As it was written.
    pub written: Arc<str>,
    /// The version, if it is one in the sense of PEP 440. `===` pins to any text.
    pub version: Option<Version>,
}

impl Pin {
    /// A version from its text.
    pub fn new(written: &str) -> Self {
        Self {
            written: written.into(),
            version: Version::from_str(written).ok(),
        }
    }
}

/// A set of versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// As it was written.
    pub written: String,
    /// A version is meant if any of these allows it. None of them: the text was not understood.
    pub any_of: Vec<VersionSpecifiers>,
}

impl Constraint {
    /// Whether a version is allowed, or None if that cannot be decided.
    pub fn allows(&self, version: &Version) -> Option<bool> {
        (!self.any_of.is_empty()).then(|| self.any_of.iter().any(|one| one.contains(version)))
    }
}

impl Wanted {
    /// One version, from its text.
    pub(super) fn pin(written: &str) -> Self {
        Self::Pinned(Arc::new(Pin::new(written)))
    }

    /// The version a lock file or a record names.
    pub(super) fn pinned(version: Option<&str>) -> Self {
        match version {
            Some(version) if !version.is_empty() => Self::pin(version),
            _ => Self::Anything,
        }
    }

    /// Whether a version is allowed, or None if that cannot be decided.
    pub fn allows(&self, version: &Version) -> Option<bool> {
        match self {
            Self::Pinned(pin) => {
                let wanted = pin.version.as_ref()?;
                // `==1.0` accepts `1.0+local`; `==1.0+local` only that.
                Some(
                    wanted == version
                        || !wanted.is_local() && *wanted == version.clone().without_local(),
                )
            }
            Self::Constraint(constraint) => constraint.allows(version),
            Self::Anything => Some(true),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned(pin) => write!(out, "=={}", pin.written),
            Self::Constraint(constraint) => out.write_str(&constraint.written),
            Self::Anything => out.write_str("*"),
        }
    }
}

/// A part of a project that installs packages of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// What is always installed with the project.
    Main,
    /// An extra of the project.
    Extra(String),
    /// A dependency group.
    Group(String),
    /// A platform or named environment.
    Environment(String),
    /// What is installed to build the project.
    Build,
}

impl fmt::Display for Group {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Main => out.write_str("main"),
            Self::Extra(name) => write!(out, "extra:{name}"),
            Self::Group(name) => write!(out, "group:{name}"),
            Self::Environment(name) => write!(out, "environment:{name}"),
            Self::Build => out.write_str("build"),
        }
    }
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A package index: the one that is named, or the installer's own.
    Index(Option<String>),
    /// An archive at an address.
    Url(String),
    /// A repository.
    Vcs {
        /// Its address, with the system before it as in `git+https://…`.
        url: String,
        /// The branch or tag that is asked for.
        reference: Option<String>,
        /// The commit, if it is fixed.
        commit: Option<String>,
    },
    /// A file or directory.
    Path {
        /// As it was written.
        path: String,
        /// Whether the directory is installed by reference.
        editable: bool,
    },
    /// A conda channel. Its names and versions need not be those of the index.
    Conda(Option<String>),
}

/// Without the passwords that addresses may hold: what is shown here goes into reports.
impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(None) => out.write_str("index"),
            Self::Index(Some(url)) => write!(out, "index {}", without_password(url)),
            Self::Url(url) => write!(out, "url {}", without_password(url)),
            Self::Vcs {
                url,
                reference,
                commit,
            } => {
                write!(out, "vcs {}", without_password(url))?;
                if let Some(reference) = reference {
                    write!(out, " at {reference}")?;
                }
                match commit {
                    Some(commit) => write!(out, " commit {commit}"),
                    None => Ok(()),
                }
            }
            Self::Path { path, editable } => {
                write!(
                    out,
                    "{} {path}",
                    if *editable { "editable" } else { "path" }
                )
            }
            Self::Conda(None) => out.write_str("conda"),
            Self::Conda(Some(channel)) => write!(out, "conda {}", without_password(channel)),
        }
    }
}

/// Who asks for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The project.
    Direct,
    /// Another package.
    Transitive,
    /// Nobody by itself: it says which version is taken if something asks for it.
    Constraint,
    /// The input does not tell.
    Unknown,
}

/// Something to install without a name.
#[derive(Clone, Debug)]
pub struct Unnamed {
    /// Where it comes from.
    pub origin: Origin,
    /// Whether the input has a hash of it.
    pub hashed: bool,
    /// Where it is written.
    pub place: Place,
}

/// A manifest asks for what its lock file does not have.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// What the manifest asks for.
    pub wanted: Package,
    /// The lock file.
    pub lock: Arc<str>,
    /// The versions the lock file has, none of which is allowed. None at all: the package is missing.
    pub locked: Vec<(Arc<Pin>, Place)>,
}

/// An option given to the installer.
#[derive(Clone, Debug)]
pub struct InstallerOption {
    /// The long name, with its hyphens.
    pub name: &'static str,
    /// Its value.
    pub value: Option<String>,
    /// Whose option it is.
    pub by: Installer,
    /// Where it is written.
    pub place: Place,
}

/// Who installs. Options of one name need not mean the same to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installer {
    /// pip, and whoever reads its files.
    Pip,
    /// uv.
    Uv,
    /// Poetry.
    Poetry,
    /// Pipenv.
    Pipenv,
}

/// A variable that is left as it is.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
}

/// Something that was not understood.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Where it begins.
    pub place: Place,
    /// What is wrong, as part of a sentence.
    pub reason: String,
}

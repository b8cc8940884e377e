//! Manifests, lock files, environments and bills of materials.
//!
//! One file reads one format, and [`FORMATS`] lists them. A reader sees the text of one input and says what stands in
//! it ([`source::Reading`]); which inputs there are ([`discover`](fn@discover)), what they include, and how a lock file
//! and its manifest fit together ([`combine`]) is decided here, for all formats alike.

mod combine;
mod dependency_table;
mod discover;
mod inventory;
mod json;
mod own;
mod package_url;
mod packages;
pub(crate) mod poetry_constraint;
mod python_literal;
pub(crate) mod requirement;
mod shared;
mod shell;
pub(crate) mod source;
pub(crate) mod toml;
pub(crate) mod words;
pub(crate) mod yaml;

mod conda_environment;
mod conda_lock;
mod cyclonedx;
mod dockerfile;
mod installed;
mod installer_settings;
mod pdm_lock;
mod pip_json;
mod pipfile;
mod pipfile_lock;
mod poetry_lock;
mod pylock;
mod pyproject;
mod requirements;
mod script;
mod setup_cfg;
mod setup_py;
mod spdx;
mod uv_lock;
mod workflow;

pub use discover::{discover, read};
pub use inventory::{
    Constraint, Group, Inclusion, Input, Installer, InstallerOption, Inventory, Mismatch, Origin,
    Package, Pin, Place, Purpose, Relation, Role, Unnamed, Unreadable, Variable, Wanted,
};
pub use own::{is_nobodys, is_version_control};
pub use package_url::package_url;
pub use packages::Packages;
pub(crate) use shared::share;
pub use source::{MAX_BYTES, join};

use source::{Reading, Source};

/// The files of a project: of a disk, a revision, or a test. Paths have `/` between their parts; the empty path is the
/// directory everything is relative to.
pub trait Files: Sync {
    /// The bytes of a file. No more than one beyond [`MAX_BYTES`] are needed to see that it is too large.
    ///
    /// # Errors
    /// Why it cannot be read, as part of a sentence.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// What lies in a directory, in any order. Links to directories are left out, so that a walk ends.
    ///
    /// # Errors
    /// Why it cannot be listed, as part of a sentence; so for everything that is no directory.
    fn list(&self, directory: &str) -> Result<Vec<Entry>, String>;
}

/// Something in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// Whether a path tells that a file is of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// It is.
    Surely,
    /// Its text decides.
    Perhaps,
    /// It is not.
    No,
}

/// A format of inputs.
struct Format {
    /// Its name.
    id: &'static str,
    /// What files of it are to a project.
    role: Role,
    /// What a path tells.
    named: fn(&str) -> Named,
    /// Whether a text looks like one.
    looks: fn(&str) -> bool,
    /// Reads one.
    read: fn(&Source, &mut Reading),
}

/// All formats. Of several that could be meant by a text the first is.
const FORMATS: &[&Format] = &[
    &pyproject::FORMAT,
    &uv_lock::FORMAT,
    &pylock::FORMAT,
    &pdm_lock::FORMAT,
    &poetry_lock::FORMAT,
    &pipfile::FORMAT,
    &pipfile_lock::FORMAT,
    &cyclonedx::FORMAT,
    &spdx::FORMAT,
    &pip_json::FORMAT,
    &conda_lock::FORMAT,
    &conda_environment::FORMAT,
    &setup_cfg::FORMAT,
    &setup_py::FORMAT,
    &script::FORMAT,
    &dockerfile::FORMAT,
    &workflow::FORMAT,
    &installer_settings::PIP,
    &installer_settings::UV,
    &requirements::FORMAT,
];

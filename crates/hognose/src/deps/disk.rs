//! The files of a project as the readers of inputs ask for them.
#![allow(
    clippy::disallowed_methods,
    reason = "a door through which files come in"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, anyhow};
use hognose_deps::inputs::{Entry, Files, MAX_BYTES};
use hognose_deps::interpreter::sources;

use crate::discovery::{PathGlobs, display_path, read_error, read_within};

/// What files hold, by path.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// A directory of the disk that paths count from.
pub struct Disk {
    root: PathBuf,
    /// What the configuration leaves out.
    exclude: PathGlobs,
    /// What files hold instead of what is written in them.
    edited: Contents,
    /// Files met that may name an interpreter. Whoever lists a directory for its inputs has seen them.
    interpreters: Mutex<Vec<String>>,
}

impl Disk {
    /// A door to the files below `root` that no pattern leaves out.
    pub fn new(root: &Path, exclude: PathGlobs) -> Self {
        Self {
            root: root.to_owned(),
            exclude,
            edited: Contents::new(),
            interpreters: Mutex::default(),
        }
    }

    /// The same with other contents of some files.
    pub fn edited(mut self, edited: Contents) -> Self {
        self.edited = edited;
        self
    }

    /// Notes a file that may name an interpreter.
    pub fn note(&self, path: &str) {
        if sources::is_source(path) {
            let mut noted = self
                .interpreters
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            noted.push(path.to_owned());
        }
    }

    /// The files met so far that may name an interpreter, sorted.
    pub fn interpreters(&self) -> Vec<String> {
        let noted = self
            .interpreters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut paths = noted.clone();
        paths.sort();
        paths.dedup();
        paths
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.edited.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None => read_within(&self.root.join(path), MAX_BYTES as u64),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<Entry>, String> {
        let path = self.root.join(directory);
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| read_error(&error))? {
            let entry = entry.map_err(|error| read_error(&error))?;
            let kind = entry.file_type().map_err(|error| read_error(&error))?;
            // Links are not followed: what lies in the tree is found by itself, the rest is not of it.
            if !(kind.is_dir() || kind.is_file())
                || self
                    .exclude
                    .matches(&display_path(&self.root, &entry.path()))
            {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_file() {
                let at = if directory.is_empty() {
                    name.clone()
                } else {
                    format!("{}/{name}", directory.trim_end_matches('/'))
                };
                self.note(&at);
            }
            found.push(Entry {
                name,
                is_directory: kind.is_dir(),
            });
        }
        Ok(found)
    }
}

/// The bytes of a file of the project.
///
/// # Errors
/// It cannot be read, or is larger than any input.
pub fn read_whole(path: &Path) -> Result<Vec<u8>> {
    read_within(path, MAX_BYTES as u64).map_err(|reason| anyhow!("{}: {reason}", path.display()))
}

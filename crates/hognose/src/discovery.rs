//! Finding the files of a project on disk.
//!
//! The tree is walked as git sees it, less what is nobody's source: virtual environments, caches, build output. A file
//! named on the command line is always taken. Links are not followed, only regular files are opened, and nothing is read
//! beyond [`MAX_FILE_BYTES`]; whatever is left out for such a reason is a failure or a note in the report, never silence.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the door through which files come in"
)]

mod exclude;
mod kind;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hognose_finding::{FileFailure, Note};
use hognose_python::{SourceEntry, SourceKind, Sources};
use ignore::{DirEntry, WalkBuilder, WalkState};

pub(crate) use exclude::is_nobodys_source;
pub use exclude::{PathGlobs, PatternError};
use kind::Guess;

/// The largest file that is read. Generated tables and notebooks with pictures stay below; what is above is not written
/// by hand, and would cost more memory than the rest of a project.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// How to find files.
#[derive(Debug, Clone)]
pub struct DiscoveryOptions {
    /// Only files that match one of these; all when empty.
    pub include: PathGlobs,
    /// Files and directories left out.
    pub exclude: PathGlobs,
    /// Leave out virtual environments, caches and build output.
    pub default_excludes: bool,
    /// Leave out what git ignores.
    pub gitignore: bool,
    /// Threads that walk; 0: as many as is sensible.
    pub threads: usize,
}

impl Default for DiscoveryOptions {
    fn default() -> Self {
        Self {
            include: PathGlobs::default(),
            exclude: PathGlobs::default(),
            default_excludes: true,
            gitignore: true,
            threads: 0,
        }
    }
}

/// The files of a project on disk, listed once and read on demand.
#[derive(Debug, Clone, Default)]
pub struct DiskSources {
    entries: Vec<SourceEntry>,
    /// Where each entry lies; names that are not UTF-8 cannot be made from its path again.
    paths: Vec<PathBuf>,
    failures: Vec<FileFailure>,
    notes: Vec<Note>,
}

/// What a walk has found so far.
#[derive(Default)]
struct Found {
    files: Vec<(SourceEntry, PathBuf)>,
    failures: Vec<FileFailure>,
    notes: Vec<Note>,
}

impl DiskSources {
    /// Finds the files below `paths`, each of which exists. Reported paths are relative to `root`.
    pub fn find(root: &Path, paths: &[PathBuf], options: &DiscoveryOptions) -> Self {
        let mut found = Found::default();
        for path in paths {
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => walk(root, path, options, &mut found),
                Ok(metadata) if metadata.is_file() => {
                    let kind = match kind::guess(path) {
                        Guess::Kind(kind) => kind,
                        // Whoever names a file on the command line wants it read.
                        Guess::Unknown | Guess::NeedsShebang => SourceKind::Module,
                    };
                    found.files.push((
                        SourceEntry {
                            path: display_path(root, path),
                            kind,
                        },
                        path.clone(),
                    ));
                }
                Ok(_) => found.failures.push(failure(root, path, NOT_REGULAR)),
                Err(error) => found
                    .failures
                    .push(failure(root, path, &read_error(&error))),
            }
        }
        // A file may be named twice, or named and walked over: the first, named, kind is as good as the second.
        found.files.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        found.files.dedup_by(|a, b| a.0.path == b.0.path);
        found.failures.sort();
        found.failures.dedup();
        found.notes.sort();
        found.notes.dedup();
        let (entries, paths) = found.files.into_iter().unzip();
        Self {
            entries,
            paths,
            failures: found.failures,
            notes: found.notes,
        }
    }

    /// What could not be looked at, sorted.
    pub fn failures(&self) -> &[FileFailure] {
        &self.failures
    }

    /// What was left out on purpose and might be missed, sorted.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Where an entry lies on disk.
    pub fn disk_path(&self, path: &str) -> Option<&Path> {
        let index = self
            .entries
            .binary_search_by(|e| (*e.path).cmp(path))
            .ok()?;
        Some(&self.paths[index])
    }
}

impl Sources for DiskSources {
    fn entries(&self) -> &[SourceEntry] {
        &self.entries
    }

    fn read(&self, entry: &SourceEntry) -> Result<Vec<u8>, String> {
        let path = self
            .disk_path(&entry.path)
            .ok_or_else(|| "there is no such file".to_owned())?;
        read_bounded(path)
    }
}

/// What a file is by its name, if that says it.
pub(crate) fn kind_of(path: &Path) -> Option<SourceKind> {
    match kind::guess(path) {
        Guess::Kind(kind) => Some(kind),
        Guess::NeedsShebang | Guess::Unknown => None,
    }
}

const NOT_REGULAR: &str = "not a regular file; it was not opened";

/// Reads a regular file within the size bound.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    read_within(path, MAX_FILE_BYTES)
}

/// Reads a regular file of at most so many bytes.
pub(crate) fn read_within(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    // Opening a pipe would wait for a writer, and opening a device may do anything: look first.
    let metadata = fs::metadata(path).map_err(|error| read_error(&error))?;
    if !metadata.is_file() {
        return Err(NOT_REGULAR.to_owned());
    }
    if metadata.len() > limit {
        return Err(too_large(metadata.len(), limit));
    }
    let file = File::open(path).map_err(|error| read_error(&error))?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    // The file may grow while it is read.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(&error))?;
    match bytes.len() as u64 {
        length if length > limit => Err(too_large(length, limit)),
        _ => Ok(bytes),
    }
}

fn too_large(bytes: u64, limit: u64) -> String {
    let mebibytes = |bytes: u64| bytes.div_ceil(1024 * 1024);
    format!(
        "too large: {} MiB, and the limit is {} MiB",
        mebibytes(bytes),
        mebibytes(limit)
    )
}

pub(crate) fn read_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

/// The path by which a file is reported: relative to the root where it lies below it, with `/` separators.
pub(crate) fn display_path(root: &Path, path: &Path) -> Arc<str> {
    let path = path.strip_prefix(root).unwrap_or(path);
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/").into()
    }
}

fn failure(root: &Path, path: &Path, reason: &str) -> FileFailure {
    FileFailure {
        file: display_path(root, path),
        line: None,
        reason: reason.to_owned(),
        partial: false,
    }
}

/// Walks a directory.
fn walk(root: &Path, directory: &Path, options: &DiscoveryOptions, found: &mut Found) {
    // Ignore files above count only inside the repository they belong to, and not where they would leave out the very
    // directory that was asked for.
    let parents = options.gitignore && exclude::parents_apply(directory);
    let mut builder = WalkBuilder::new(directory);
    builder
        .standard_filters(false)
        .follow_links(false)
        .threads(options.threads)
        // `.git/info/exclude` and the user's own ignore file differ from machine to machine: findings should not.
        .git_ignore(options.gitignore && exclude::ignore_file_is_regular(directory))
        .parents(parents)
        // A source tree without its repository, an unpacked archive say, has ignore files all the same.
        .require_git(parents);
    let excludes = options.exclude.clone();
    let default_excludes = options.default_excludes;
    let gitignore = options.gitignore;
    let base = root.to_owned();
    let unsound = Arc::new(Mutex::new(Vec::new()));
    let unsound_found = Arc::clone(&unsound);
    let environments = Arc::new(Mutex::new(BTreeSet::new()));
    let environments_found = Arc::clone(&environments);
    builder.filter_entry(move |entry| {
        let path = entry.path();
        if entry.depth() == 0 {
            return true;
        }
        if excludes.matches(&display_path(&base, path)) {
            return false;
        }
        if !entry.file_type().is_some_and(|t| t.is_dir()) {
            return true;
        }
        if default_excludes
            && entry.depth() > 1
            && let Some(environment) = exclude::environment_in_package(path)
        {
            lock(&environments_found).insert(environment.to_owned());
        }
        if exclude::is_version_control(path) || default_excludes && exclude::is_nobodys_source(path) {
            return false;
        }
        let sound = !gitignore || exclude::ignore_file_is_regular(path);
        if !sound {
            let reason = "its .gitignore is not a regular file of sensible size; the directory was not entered";
            lock(&unsound_found).push(failure(&base, path, reason));
        }
        sound
    });
    let shared = Mutex::new(Found::default());
    builder.build_parallel().run(|| {
        let mut local = Local {
            found: Found::default(),
            shared: &shared,
        };
        Box::new(move |entry| {
            match entry {
                Ok(entry) => visit(root, &entry, options, &mut local.found),
                Err(error) => local
                    .found
                    .failures
                    .push(walk_failure(root, directory, &error)),
            }
            WalkState::Continue
        })
    });
    let mut walked = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    let environments = lock(&environments);
    if !environments.is_empty() {
        walked.files.retain(|(_, path)| {
            !path
                .ancestors()
                .skip(1)
                .any(|directory| environments.contains(directory))
        });
    }
    found.files.append(&mut walked.files);
    found.failures.append(&mut walked.failures);
    found.notes.append(&mut walked.notes);
    found.failures.append(&mut lock(&unsound));
}

/// What a panicking thread has left is still a list of files.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one thread has found; given to the others when the thread is done.
struct Local<'a> {
    found: Found,
    shared: &'a Mutex<Found>,
}

impl Drop for Local<'_> {
    fn drop(&mut self) {
        let mut shared = lock(self.shared);
        shared.files.append(&mut self.found.files);
        shared.failures.append(&mut self.found.failures);
        shared.notes.append(&mut self.found.notes);
    }
}

fn visit(root: &Path, entry: &DirEntry, options: &DiscoveryOptions, found: &mut Found) {
    let Some(file_type) = entry.file_type() else {
        return;
    };
    let path = entry.path();
    let guess = kind::guess(path);
    if file_type.is_symlink() {
        // What lies inside the tree is found by itself, so that a link can only lead to something twice or out of it.
        if leads_out(root, path, &guess) {
            let text =
                "a symbolic link that leads out of the audited tree was not followed".to_owned();
            found.notes.push(Note {
                file: Some(display_path(root, path)),
                text,
            });
        }
        return;
    }
    if file_type.is_dir() || matches!(guess, Guess::Unknown) {
        return;
    }
    let name = display_path(root, path);
    if !options.include.is_empty() && !options.include.matches_below(&name) {
        return;
    }
    if !file_type.is_file() {
        if matches!(guess, Guess::Kind(_)) {
            found.failures.push(failure(root, path, NOT_REGULAR));
        }
        return;
    }
    let kind = match guess {
        Guess::Kind(kind) => kind,
        // A file that cannot be opened cannot be known to be a script: it is none of ours.
        Guess::NeedsShebang if has_python_shebang(path).unwrap_or(false) => SourceKind::Module,
        Guess::NeedsShebang | Guess::Unknown => return,
    };
    found
        .files
        .push((SourceEntry { path: name, kind }, path.to_owned()));
}

fn has_python_shebang(path: &Path) -> io::Result<bool> {
    let mut start = [0; kind::SHEBANG_BYTES];
    let mut file = File::open(path)?;
    let mut length = 0;
    while length < start.len() {
        match file.read(&mut start[length..])? {
            0 => break,
            n => length += n,
        }
        // Two bytes tell most files apart from scripts.
        if length >= 2 && !start.starts_with(b"#!") {
            return Ok(false);
        }
    }
    Ok(kind::is_python_shebang(&start[..length]))
}

/// Whether a link leads to a directory or a file of interest outside the root.
fn leads_out(root: &Path, link: &Path, guess: &Guess) -> bool {
    let (Ok(target), Ok(root)) = (fs::canonicalize(link), fs::canonicalize(root)) else {
        return false;
    };
    !target.starts_with(root) && (matches!(guess, Guess::Kind(_)) || target.is_dir())
}

fn walk_failure(root: &Path, directory: &Path, error: &ignore::Error) -> FileFailure {
    let (path, reason) = describe(error);
    failure(root, path.unwrap_or(directory), &reason)
}

fn describe(error: &ignore::Error) -> (Option<&Path>, String) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), describe(err).1),
        ignore::Error::WithDepth { err, .. } => describe(err),
        ignore::Error::Io(error) => (None, read_error(error)),
        ignore::Error::Loop { child, .. } => (
            Some(child),
            "a symbolic link that leads back to its parent".to_owned(),
        ),
        other => (None, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_directory_is_named_relative_to_the_root() {
        let error = ignore::Error::WithDepth {
            depth: 1,
            err: Box::new(ignore::Error::WithPath {
                path: PathBuf::from("/project/secret"),
                err: Box::new(ignore::Error::Io(io::ErrorKind::PermissionDenied.into())),
            }),
        };
        let failure = walk_failure(Path::new("/project"), Path::new("/project"), &error);
        assert_eq!(
            (&*failure.file, failure.reason.as_str()),
            ("secret", "permission denied")
        );
    }

    #[test]
    fn the_size_bound_is_told() {
        assert_eq!(
            too_large(100_000_000, MAX_FILE_BYTES),
            "too large: 96 MiB, and the limit is 16 MiB"
        );
    }
}

//! What is left out of a walk.
#![allow(
    clippy::disallowed_methods,
    reason = "part of discovery, which looks at the disk"
)]

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::gitignore::Gitignore;

/// What version control keeps for itself: thousands of files, none of them source.
const VERSION_CONTROL: &[&str] = &["_darcs", ".bzr", ".git", ".hg", ".svn"];

/// Directories that never hold the project's own source.
const NEVER_SOURCE: &[&str] = &[
    "__pycache__",
    "__pypackages__",
    ".cache",
    ".direnv",
    ".eggs",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyre",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".tox",
    ".venv",
    ".virtualenv",
    "node_modules",
    "site-packages",
];

/// Directories that are output or an environment unless they are a package: CPython's `venv` is one, and so is many a
/// `build`.
const SOURCE_IF_PACKAGE: &[&str] = &["_build", "build", "buck-out", "dist", "venv", "virtualenv"];

/// Whether a directory belongs to version control.
pub fn is_version_control(directory: &Path) -> bool {
    directory
        .file_name()
        .and_then(|n| n.to_str())
        .is_some_and(|name| VERSION_CONTROL.contains(&name))
}

/// Whether a directory holds what nobody of the project wrote.
pub fn is_nobodys_source(directory: &Path) -> bool {
    let Some(name) = directory.file_name().and_then(|n| n.to_str()) else {
        return false;
    };
    NEVER_SOURCE.contains(&name)
        || name.ends_with(".egg-info")
        || name.ends_with(".dist-info")
        || SOURCE_IF_PACKAGE.contains(&name) && !directory.join("__init__.py").is_file()
        || directory.join("pyvenv.cfg").is_file()
        || directory.join("conda-meta").is_dir()
}

/// Patterns over paths relative to the root. A pattern without a slash matches a name at any depth, as in `.gitignore`;
/// one with a slash counts from the root. `*` does not cross a slash, `**` does.
#[derive(Debug, Clone, Default)]
pub struct PathGlobs(GlobSet);

/// A pattern that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no pattern: {reason}")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl PathGlobs {
    /// Compiles patterns.
    ///
    /// # Errors
    /// The first pattern that is none.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        let mut set = GlobSetBuilder::new();
        let mut last = "";
        for pattern in patterns {
            last = pattern;
            let error = |e: globset::Error| PatternError {
                pattern: pattern.to_owned(),
                reason: e.kind().to_string(),
            };
            let trimmed = pattern.trim_start_matches("./").trim_end_matches('/');
            let anchored = match trimmed.strip_prefix('/') {
                Some(rest) => rest.to_owned(),
                None if trimmed.contains('/') => trimmed.to_owned(),
                None => format!("**/{trimmed}"),
            };
            set.add(
                GlobBuilder::new(&anchored)
                    .literal_separator(true)
                    .build()
                    .map_err(error)?,
            );
        }
        // Each was one by itself: what is left to fail is the size of the automaton.
        set.build().map(Self).map_err(|_| PatternError {
            pattern: last.to_owned(),
            reason: "it is too large".to_owned(),
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a path matches. Asked of each directory on the way down, and so of everything below it.
    pub fn matches(&self, path: &str) -> bool {
        !self.is_empty() && self.0.is_match(path)
    }

    /// Whether a path or a directory above it matches.
    pub fn matches_below(&self, path: &str) -> bool {
        self.matches(path)
            || path
                .match_indices('/')
                .any(|(end, _)| self.matches(&path[..end]))
    }
}

/// Whether the ignore files above a directory that was asked for are to be obeyed in it: they are if it lies in a
/// repository that does not ignore the directory as a whole.
pub fn parents_apply(directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else {
        return false;
    };
    let Some(repository) = directory.ancestors().find(|a| a.join(".git").exists()) else {
        return false;
    };
    let hinders = |above: &Path| {
        let file = above.join(".gitignore");
        file.exists()
            && (!ignore_file_is_regular(above)
                || Gitignore::new(&file)
                    .0
                    .matched_path_or_any_parents(&directory, true)
                    .is_ignore())
    };
    !directory
        .ancestors()
        .skip(1)
        .take_while(|a| a.starts_with(repository))
        .any(hinders)
}

/// The largest ignore file that is obeyed.
const MAX_IGNORE_FILE_BYTES: u64 = 1024 * 1024;

/// Whether the ignore file of a directory, if there is one, can be read at all: a pipe of that name would never end.
pub fn ignore_file_is_regular(directory: &Path) -> bool {
    match directory.join(".gitignore").metadata() {
        Ok(metadata) => metadata.is_file() && metadata.len() <= MAX_IGNORE_FILE_BYTES,
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_as_in_gitignore() {
        let globs = PathGlobs::new([
            "*.generated.py",
            "docs/",
            "/top.py",
            "src/*/vendor",
            "a/**/z",
        ])
        .unwrap();
        let said: String = [
            "x/y.generated.py",
            "docs",
            "x/docs/conf.py",
            "top.py",
            "x/top.py",
            "src/app/vendor/lib.py",
            "src/app/deep/vendor/lib.py",
            "a/b/c/z",
        ]
        .iter()
        .map(|path| if globs.matches_below(path) { 'x' } else { '.' })
        .collect();
        assert_eq!(said, "xxxx.x.x");
    }

    #[test]
    fn a_broken_pattern_is_an_error() {
        assert_eq!(
            PathGlobs::new(["a[b"]).unwrap_err().to_string(),
            "`a[b` is no pattern: unclosed character class; missing ']'"
        );
    }
}

//! What is left out of a walk.
#![allow(
    clippy::disallowed_methods,
    reason = "part of discovery, which looks at the disk"
)]

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use hognose_deps::inputs;
use ignore::gitignore::Gitignore;

/// Whether a directory belongs to version control.
pub fn is_version_control(directory: &Path) -> bool {
    name(directory).is_some_and(inputs::is_version_control)
}

/// Whether a directory holds what nobody of the project wrote.
pub fn is_nobodys_source(directory: &Path) -> bool {
    name(directory)
        .is_some_and(|name| inputs::is_nobodys(name, |inside| directory.join(inside).exists()))
}

/// The directory that other projects were installed into inside of a package, where a path is the metadata of one of them.
pub fn environment_in_package(metadata: &Path) -> Option<&Path> {
    let around = metadata.parent()?;
    (name(metadata)?.ends_with(".dist-info") && around.join("__init__.py").exists())
        .then_some(around)
}

fn name(directory: &Path) -> Option<&str> {
    directory.file_name()?.to_str()
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

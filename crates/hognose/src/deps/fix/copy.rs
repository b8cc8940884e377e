//! A copy of a project, in which tools work and tests run.
#![allow(clippy::disallowed_methods, reason = "a copy is made of files")]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::super::disk::read_whole;

/// Directories that no lock tool or test needs: histories, environments, caches.
const LEFT_OUT: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    "__pypackages__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".cache",
];

/// Most files that are copied. A large project has some ten thousand.
const MAX_FILES: usize = 200_000;

/// Most bytes that are copied.
const MAX_BYTES: u64 = 4 << 30;

/// Directories nested deeper than this are left out. Paths of that depth cannot be opened on most systems.
const MAX_DEPTH: usize = 256;

/// A copy of a directory, which goes away with it.
pub struct Copy {
    directory: TempDir,
}

impl Copy {
    /// Copies directories and files of the directory at `root`, which all paths count from.
    pub fn new<'p>(
        root: &Path,
        mut trees: Vec<&str>,
        files: impl Iterator<Item = &'p str>,
    ) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("hognose-")
            .tempdir()
            .context("cannot make a directory for the copy")?;
        let copy = Self { directory };
        fs::create_dir(copy.project())?;
        fs::create_dir(copy.scratch())?;
        let mut left = Left {
            files: MAX_FILES,
            bytes: MAX_BYTES,
        };
        // Those that hold others come first.
        trees.sort_unstable();
        let mut done: Vec<&str> = Vec::new();
        for tree in trees {
            let holds = |outer: &&str| outer.is_empty() || Path::new(tree).starts_with(outer);
            if done.iter().any(holds) {
                continue;
            }
            let target = copy.project().join(tree);
            fs::create_dir_all(&target)?;
            let from = root.join(tree);
            copy_tree(&from, &target, root, 0, &mut left)
                .with_context(|| format!("cannot copy {}", from.display()))?;
            done.push(tree);
        }
        for path in files {
            let target = copy.project().join(path);
            let is_within = !path.starts_with("..") && !path.starts_with('/');
            if is_within && !target.exists() && root.join(path).is_file() {
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent)?;
                }
                fs::write(&target, read_whole(&root.join(path))?)?;
            }
        }
        Ok(copy)
    }

    /// Where the project is.
    pub fn project(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    /// Where tools may leave what nobody needs.
    pub fn scratch(&self) -> PathBuf {
        self.directory.path().join("scratch")
    }
}

struct Left {
    files: usize,
    bytes: u64,
}

fn copy_tree(from: &Path, to: &Path, root: &Path, depth: usize, left: &mut Left) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if kind.is_dir() {
            let name = entry.file_name();
            let is_left_out = LEFT_OUT.iter().any(|known| name == *known)
                || source.join("pyvenv.cfg").exists()
                || source.join("conda-meta").exists();
            if !is_left_out && depth < MAX_DEPTH {
                fs::create_dir(&target)?;
                copy_tree(&source, &target, root, depth + 1, left)?;
            }
        } else if kind.is_file() {
            let length = entry.metadata()?.len();
            match (left.files.checked_sub(1), left.bytes.checked_sub(length)) {
                (Some(files), Some(bytes)) => *left = Left { files, bytes },
                _ => bail!(
                    "it is larger than {MAX_FILES} files or {MAX_BYTES} bytes; name the directory of the project"
                ),
            }
            fs::copy(&source, &target).with_context(|| source.display().to_string())?;
        } else if kind.is_symlink() {
            copy_link(&source, &target, root);
        }
    }
    Ok(())
}

/// A link stays one if it leads to something in the project by a relative path; others would lead out of the copy.
fn copy_link(source: &Path, target: &Path, root: &Path) {
    #[cfg(unix)]
    if let (Ok(leads), Ok(real), Ok(root)) = (
        fs::read_link(source),
        fs::canonicalize(source),
        fs::canonicalize(root),
    ) && leads.is_relative()
        && real.starts_with(root)
    {
        // A link that cannot be made is missed by who needs it.
        let _ = std::os::unix::fs::symlink(leads, target);
    }
    #[cfg(not(unix))]
    let _ = (source, target, root);
}

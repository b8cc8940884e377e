//! Writing what was made in the copy, all of it or nothing, and taking it back.
#![allow(
    clippy::disallowed_methods,
    reason = "the files of a project are changed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::super::disk::read_whole;
use crate::cli::write_file;
use crate::db::cache_directory;

/// A file that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path, from the project's directory.
    pub path: String,
    /// What is in it.
    pub before: Vec<u8>,
    /// What is to be in it.
    pub after: Vec<u8>,
}

/// What is kept for taking changes back.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    /// The directory that paths count from.
    root: PathBuf,
    files: Vec<Kept>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    path: String,
    before: String,
    after: String,
}

/// Where it is kept: in the user's cache, so that no project can bring such a file of its own.
fn memory(root: &Path) -> Result<PathBuf> {
    let directory = cache_directory()
        .context("there is no cache directory to keep the old files in: set XDG_CACHE_HOME")?;
    let sum = Md5::digest(root.to_string_lossy().as_bytes());
    let name: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(directory.join("hognose/undo").join(format!("{name}.json")))
}

/// Writes changes to the files of a project. If one cannot be written, those before it are taken back.
///
/// # Errors
/// A file has changed since it was read, or cannot be written. Then all are as they were.
pub fn write(root: &Path, changes: &[Change]) -> Result<PathBuf> {
    let root = fs::canonicalize(root)?;
    for change in changes {
        if read_whole(&root.join(&change.path))? != change.before {
            bail!("{} has changed meanwhile; nothing was written", change.path);
        }
    }
    let memory = memory(&root)?;
    let kept = Memory {
        root: root.clone(),
        files: changes
            .iter()
            .map(|change| Kept {
                path: change.path.clone(),
                before: STANDARD.encode(&change.before),
                after: STANDARD.encode(&change.after),
            })
            .collect(),
    };
    if let Some(directory) = memory.parent() {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
    }
    write_file(&memory, |out| Ok(serde_json::to_writer(out, &kept)?))?;
    replace(
        &root,
        changes
            .iter()
            .map(|change| (change.path.as_str(), &change.before, &change.after)),
    )?;
    Ok(memory)
}

/// Takes back what was written last below a directory. Gives the paths of the files.
///
/// # Errors
/// Nothing was written there, or a file has changed since. Then all stay as they are.
pub fn undo(root: &Path) -> Result<Vec<String>> {
    let root = fs::canonicalize(root)?;
    let memory = memory(&root)?;
    let bytes = fs::read(&memory)
        .with_context(|| format!("nothing is known that was fixed in {}", root.display()))?;
    let kept: Memory = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} cannot be used", memory.display()))?;
    if kept.root != root {
        bail!("{} is of another directory", memory.display());
    }
    let mut files = Vec::new();
    for file in kept.files {
        let decode = |text: &str| {
            STANDARD
                .decode(text)
                .with_context(|| format!("{} cannot be used", memory.display()))
        };
        let (before, after) = (decode(&file.before)?, decode(&file.after)?);
        let now = read_whole(&root.join(&file.path))?;
        // A run that was cut off may have written only some.
        if now != after && now != before {
            bail!(
                "{} has changed since it was fixed; nothing was taken back",
                file.path
            );
        }
        files.push((file.path, now, before));
    }
    replace(
        &root,
        files
            .iter()
            .map(|(path, now, before)| (path.as_str(), now, before)),
    )?;
    fs::remove_file(&memory)?;
    Ok(files.into_iter().map(|(path, ..)| path).collect())
}

/// Puts one text in place of another in each file, or in none.
fn replace<'c>(
    root: &Path,
    files: impl Iterator<Item = (&'c str, &'c Vec<u8>, &'c Vec<u8>)>,
) -> Result<()> {
    let mut done: Vec<(&str, &Vec<u8>)> = Vec::new();
    for (path, old, new) in files {
        let written = write_file(&root.join(path), |out| out.write_all(new));
        if let Err(error) = written {
            for (path, old) in done.into_iter().rev() {
                write_file(&root.join(path), |out| out.write_all(old))
                    .with_context(|| format!("{path} could not be put back"))?;
            }
            return Err(error.context("nothing was changed"));
        }
        done.push((path, old));
    }
    Ok(())
}

//! Finding and reading the configuration file.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use hognose_finding::RuleMeta;

use super::{Configuration, parse};
use crate::discovery;

/// Names of a file of our own, the first one found counts.
const OWN_FILES: [&str; 2] = ["hognose.toml", ".hognose.toml"];
const PROJECT_FILE: &str = "pyproject.toml";

/// Reads the configuration that holds for a directory: the first one found going up, to the root of its repository.
///
/// # Errors
/// What is wrong with the file that was found; the text names it relative to `working_directory`.
pub fn find(
    directory: &Path,
    working_directory: &Path,
    rules: &[RuleMeta],
) -> Result<Configuration> {
    for above in directory.ancestors() {
        for name in OWN_FILES.into_iter().chain([PROJECT_FILE]) {
            let file = above.join(name);
            // Also what is no regular file is found: that is an error rather than another configuration.
            if file.symlink_metadata().is_ok_and(|m| !m.is_dir())
                && let Some(configuration) = read(&file, working_directory, rules)?
            {
                return Ok(configuration);
            }
        }
        if above.join(".git").exists() {
            break;
        }
    }
    Ok(Configuration::default())
}

/// Reads a configuration file that was named.
///
/// # Errors
/// What is wrong with it.
pub fn read_named(
    file: &Path,
    working_directory: &Path,
    rules: &[RuleMeta],
) -> Result<Configuration> {
    let shown = discovery::display_path(working_directory, file);
    read(file, working_directory, rules)?
        .ok_or_else(|| anyhow!("{shown} has no table `[tool.hognose]`"))
}

fn read(
    file: &Path,
    working_directory: &Path,
    rules: &[RuleMeta],
) -> Result<Option<Configuration>> {
    let shown = discovery::display_path(working_directory, file);
    let of_project = file.file_name().is_some_and(|name| name == PROJECT_FILE);
    let bytes = match discovery::read_bounded(file) {
        Ok(bytes) => bytes,
        // Another tool's file that cannot be read is not ours to complain about here: the audit names it.
        Err(_) if of_project => return Ok(None),
        Err(reason) => {
            return Err(anyhow!(
                "the configuration {shown} cannot be used: {reason}"
            ));
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    if of_project && !text.contains("hognose") {
        return Ok(None);
    }
    if let Err(error) = std::str::from_utf8(&bytes) {
        let line = bytes[..error.valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        return Err(anyhow!(
            "the configuration {shown} is not UTF-8 on line {line}"
        ));
    }
    let table: &[&str] = if of_project {
        &["tool", "hognose"]
    } else {
        &[]
    };
    let configuration = parse(&text, &shown, table, rules)?;
    Ok(configuration.map(|c| Configuration {
        file: Some(PathBuf::from(file)),
        ..c
    }))
}

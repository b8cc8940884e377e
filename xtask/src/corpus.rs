//! Public projects, fetched by pip when something is measured, never committed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{sh, workshop};

/// The source of a package from the index, unpacked, without being built or run: its wheel, or its source archive.
pub(crate) fn package(requirement: &str, source_archive: bool) -> Result<PathBuf> {
    let kind = if source_archive { "sdist" } else { "wheel" };
    let directory = workshop()
        .join("corpus")
        .join(kind)
        .join(requirement.replace("==", "-"));
    if directory.join("complete").is_file() {
        return Ok(directory.join("source"));
    }
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    let download = directory.join("download");
    fs::create_dir_all(&download)?;
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--dest",
    ])
    .arg(&download);
    if source_archive {
        pip.args(["--no-binary", ":all:"]);
    }
    // Some source archives want to build for their metadata; the archive is there all the same.
    let outcome = sh(pip.arg(requirement));
    let archive = fs::read_dir(&download)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.is_file());
    let Some(archive) = archive else {
        outcome?;
        bail!("pip brought nothing for {requirement}");
    };
    let unpack = "import sys, shutil, zipfile\np, d = sys.argv[1:]\nzipfile.ZipFile(p).extractall(d) if p.endswith(('.whl', '.zip')) else shutil.unpack_archive(p, d)";
    sh(Command::new("python3")
        .args(["-c", unpack])
        .arg(&archive)
        .arg(directory.join("source")))
    .with_context(|| archive.display().to_string())?;
    fs::write(directory.join("complete"), "")?;
    Ok(directory.join("source"))
}

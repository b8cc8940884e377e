//! Writing a file as a whole or not at all.
#![allow(clippy::disallowed_methods, reason = "outputs are files")]

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Lets `write` fill a file. Who reads it meanwhile sees the old text or the new one, never half of either: the text goes
/// to a file beside it, which then takes its place. A device or pipe is written to directly.
///
/// # Errors
/// Those of the file and of `write`, with the file's name.
pub fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    write_or_leave(path, write).with_context(|| format!("cannot write {}", path.display()))
}

fn write_or_leave(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => {
            let mut out = BufWriter::new(OpenOptions::new().write(true).open(path)?);
            write(&mut out)?;
            return out.flush();
        }
        _ => {}
    }
    // A link keeps leading to the file it leads to.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (beside, file) = create_beside(&target)?;
    let mut out = BufWriter::new(file);
    // Without the second a machine that stops may keep the new name and not the text.
    let written = write(&mut out)
        .and_then(|()| out.flush())
        .and_then(|()| match fs::metadata(&target) {
            Ok(known) => out.get_ref().set_permissions(known.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| out.get_ref().sync_all());
    drop(out);
    let done = written.and_then(|()| fs::rename(&beside, &target));
    if done.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    done
}

/// Never follows or overwrites what is there already.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut attempt = 0;
    loop {
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let beside = target.with_file_name(beside);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                attempt += 1
            }
            Err(error) => return Err(error),
            Ok(file) => return Ok((beside, file)),
        }
    }
}

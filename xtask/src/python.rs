//! Virtual environments for the tools that tests and benchmarks run beside hognose.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{sh, workshop};

/// A virtual environment with the given requirements, made once and again when they change.
pub(crate) struct Venv {
    directory: PathBuf,
}

impl Venv {
    /// `arguments` are what pip installs, with options: `["-r", "requirements.txt"]`.
    pub(crate) fn new(name: &str, arguments: &[String], inputs: &[&Path]) -> Result<Self> {
        let directory = workshop().join("venv").join(name);
        let stamp = directory.join("stamp");
        let mut wanted = arguments.join("\n");
        for input in inputs {
            wanted
                .push_str(&fs::read_to_string(input).with_context(|| input.display().to_string())?);
        }
        let venv = Self { directory };
        if fs::read_to_string(&stamp).is_ok_and(|known| known == wanted) {
            return Ok(venv);
        }
        if venv.directory.exists() {
            fs::remove_dir_all(&venv.directory)?;
        }
        sh(Command::new("python3")
            .args(["-m", "venv"])
            .arg(&venv.directory))?;
        sh(Command::new(venv.python())
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(arguments))?;
        fs::write(stamp, wanted)?;
        Ok(venv)
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.program("python")
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        if cfg!(windows) {
            self.directory.join("Scripts").join(format!("{name}.exe"))
        } else {
            self.directory.join("bin").join(name)
        }
    }
}

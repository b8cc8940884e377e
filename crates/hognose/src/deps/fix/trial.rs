//! The project's own tests, run in the copy with a virtual environment that is made for the run.
//!
//! A project of uv, Poetry, PDM or Pipenv is installed by its tool from its lock file; one with requirements files beside
//! it by pip from all of them; one with a `pyproject.toml` alone by pip as well. Where that is not how it is installed, the
//! user says how.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use hognose_deps::inputs::{Inventory, Role};

use super::copy::Copy;
use super::process::{self, Ended, command};
use super::tools::{Tool, environment};

/// How tests are run.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The directory of the project, below the one that paths count from.
    pub directory: String,
    /// The command of the tests, for the shell.
    pub command: String,
    /// The command that installs the project, for the shell, instead of what is known of it.
    pub install: Option<String>,
    /// What installs it otherwise.
    pub installer: Installer,
}

/// What installs a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installer {
    /// The tool of a lock file.
    Tool(Tool),
    /// pip, from these files.
    Pip(Vec<String>),
    /// pip, from the project's own metadata.
    Project,
    /// Nothing is known that does.
    Unknown,
}

impl Installer {
    /// What installs the project in a directory.
    pub fn of(inventory: &Inventory, directory: &str) -> Self {
        let inside = |path: &str| {
            let rest = match directory {
                "" => Some(path),
                directory => path
                    .strip_prefix(directory)
                    .and_then(|rest| rest.strip_prefix('/')),
            }?;
            Some(rest.to_owned())
        };
        let has = |name: &str| {
            inventory
                .inputs
                .iter()
                .any(|input| inside(&input.path).as_deref() == Some(name))
        };
        for (name, tool) in [
            ("uv.lock", Tool::Uv),
            ("poetry.lock", Tool::Poetry),
            ("pdm.lock", Tool::Pdm),
            ("Pipfile.lock", Tool::Pipenv),
        ] {
            if has(name) {
                return Self::Tool(tool);
            }
        }
        let installs = |path: &str| {
            let mut packages = inventory
                .packages
                .iter()
                .filter(|package| &*package.place.file == path)
                .peekable();
            // A file of nothing but includes installs what they do.
            packages.peek().is_none() || packages.any(|package| !package.is_constraint())
        };
        let files: Vec<String> = inventory
            .inputs
            .iter()
            .filter(|input| {
                input.format == "requirements"
                    && input.role != Role::Record
                    && installs(&input.path)
            })
            .filter_map(|input| inside(&input.path))
            .filter(|path| !path.ends_with(".in"))
            .filter(|path| !path.contains('/') || path.starts_with("requirements/"))
            .collect();
        if !files.is_empty() {
            return Self::Pip(files);
        }
        if ["pyproject.toml", "setup.py", "setup.cfg"]
            .iter()
            .any(|name| has(name))
        {
            return Self::Project;
        }
        Self::Unknown
    }
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The tests pass.
    Pass,
    /// They do not; their last words.
    Fail(String),
    /// The project cannot be installed; why.
    NotInstalled(String),
}

impl Trial {
    /// Installs the copied project in a fresh environment and runs the tests.
    ///
    /// # Errors
    /// There is no Python, or a program cannot be run.
    pub fn run(&self, copy: &Copy) -> Result<Outcome> {
        let environment = copy.scratch().join("tests");
        if environment.exists() {
            std::fs::remove_dir_all(&environment)?;
        }
        let python = ["python3", "python"]
            .iter()
            .find_map(|name| process::find(name))
            .context("there is no `python3` on the search path to run the tests with")?;
        let mut make = command(&python);
        make.args(["-m", "venv"]).arg(&environment);
        let made = run(make, &python, copy)?;
        if !made.success {
            return Ok(Outcome::NotInstalled(made.tail));
        }
        for mut step in self.steps(copy, &environment)? {
            self.prepare(&mut step, copy, &environment);
            let program = PathBuf::from(step.get_program());
            let ended = run(step, &program, copy)?;
            if !ended.success {
                return Ok(Outcome::NotInstalled(ended.tail));
            }
        }
        let mut tests = process::shell(&self.command);
        self.prepare(&mut tests, copy, &environment);
        let ended = run(tests, Path::new(&self.command), copy)?;
        Ok(if ended.success {
            Outcome::Pass
        } else {
            Outcome::Fail(ended.tail)
        })
    }

    /// The commands that install the project.
    fn steps(&self, copy: &Copy, environment: &Path) -> Result<Vec<Command>> {
        if let Some(line) = &self.install {
            return Ok(vec![process::shell(line)]);
        }
        let pip = |arguments: &[&str]| {
            let mut command = command(&programs(environment).join(if cfg!(windows) {
                "python.exe"
            } else {
                "python"
            }));
            command
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .args(arguments);
            command
        };
        let tool = match &self.installer {
            Installer::Pip(files) => {
                let arguments: Vec<&str> = files
                    .iter()
                    .flat_map(|file| ["-r", file.as_str()])
                    .collect();
                return Ok(vec![pip(&arguments)]);
            }
            Installer::Project => return Ok(vec![pip(&["-e", "."])]),
            Installer::Unknown => {
                bail!("it is not known how the project is installed; say so with --install")
            }
            Installer::Tool(tool) => *tool,
        };
        let program = process::find(tool.program()).with_context(|| {
            format!(
                "`{}`, which installs the project, is not installed; --install names another command",
                tool.program()
            )
        })?;
        let mut install = command(&program);
        install.args(match tool {
            Tool::Uv => &["sync", "--frozen"][..],
            Tool::Poetry => &["install", "--no-interaction", "--no-ansi", "--no-plugins"],
            Tool::Pdm => &["sync", "--skip", ":all"],
            Tool::Pipenv => &["sync", "--dev"],
            Tool::PipCompile | Tool::CondaLock => &[],
        });
        for (name, value) in self::environment(tool, &copy.scratch()) {
            install.env(name, value);
        }
        install
            .env("UV_PROJECT_ENVIRONMENT", environment)
            .env_remove("PIPENV_IGNORE_VIRTUALENVS");
        Ok(vec![install])
    }

    /// Makes a command see the environment as one that is active.
    fn prepare(&self, command: &mut Command, copy: &Copy, environment: &Path) {
        command
            .current_dir(copy.project().join(&self.directory))
            .env("VIRTUAL_ENV", environment)
            .env("PATH", process::path_with(&programs(environment)))
            .env_remove("PYTHONHOME")
            .env_remove("PYTHONPATH");
    }
}

fn programs(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn run(command: Command, program: &Path, copy: &Copy) -> Result<Ended> {
    process::run(command, &copy.scratch())
        .with_context(|| format!("cannot run {}", program.display()))
}

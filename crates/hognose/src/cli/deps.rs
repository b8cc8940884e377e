//! `hognose deps`: what a project installs, and what is known against it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use hognose_deps::advisories::database;
use hognose_deps::advisories::severity::Level;
use hognose_deps::date::Date;
use hognose_deps::inputs::{self, Inventory};
use hognose_finding::Severity;

use super::arguments::{FailArguments, FilterArguments, ProjectArguments};
use super::check::start_time;
use super::project::Project;
use super::write_file::write_file;
use super::{Exit, Terminal};
use crate::configuration::FailOn;
use crate::deps::json::{self, DatabaseFacts};
use crate::deps::{Answers, Disk, InterpreterAnswer, STALE_AFTER_DAYS, open_database};
use crate::discovery::PathGlobs;

/// Find vulnerable dependencies and interpreters
///
/// Reads manifests, lock files, installed environments and bills of materials as they stand: nothing is resolved,
/// installed or run, and the network is not used. Directories are searched for them; a file is read whatever its name.
///
/// Ends with 0 if nothing at or above --fail-on is known, 1 if something is, 2 on wrong usage or configuration or a
/// database that cannot be used, 3 if --strict is given and not everything could be read. What has no known severity
/// counts as at or above any.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Advisories to judge by instead of those built in: a zip of OSV records, a directory of them, or an index of ours
    #[arg(long, value_name = "PATH", help_heading = "Configuration")]
    db: Option<PathBuf>,
    #[command(flatten)]
    fail: FailArguments,
    /// How it is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    format: Format,
    /// File to write to instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One object for each version of each package
    Json,
    /// All that is known, as one object
    JsonFull,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        if self.project.paths.iter().any(|path| path.as_os_str() == "-") {
            bail!("`hognose deps` reads files, not standard input");
        }
        let mut project = Project::load(&self.project, &FilterArguments::default())?;
        self.fail.override_settings(&mut project.configuration);
        let strict = project.configuration.strict.value;
        let opened = match self.db.as_deref().map(open_database) {
            None => None,
            Some(Ok(opened)) => Some(opened),
            // A database that cannot be used is no usage error where completeness is asked for: nothing was judged.
            Some(Err(error)) if strict => {
                terminal.error(&format!("{error:#}"));
                return Ok(Exit::Incomplete);
            }
            Some(Err(error)) => return Err(error),
        };
        let (index, skipped) = match opened {
            Some(opened) => (opened.index, opened.skipped.len()),
            None => (database::embedded()?, 0),
        };
        if skipped > 0 {
            terminal.warn(&format!(
                "{skipped} records of the database cannot be read and are not in this answer"
            ));
        }

        let exclude = &project.configuration.exclude.value;
        let disk = Disk::new(
            &project.working_directory,
            PathGlobs::new(exclude.iter().map(String::as_str))?,
        );
        let paths = named_paths(&self.project.paths);
        let pool = project.pool()?;
        let inventory = pool.install(|| read_all(&disk, &paths));
        let named = |file: &str| paths.iter().any(|path| path == file);
        let mut answers = Answers::new(&inventory, &index, &named)?;
        let today = today()?;
        let interpreters = InterpreterAnswer::read(&disk, &disk.interpreters(), today)?;

        let status = index.status();
        let facts = DatabaseFacts {
            status,
            source: self
                .db
                .as_ref()
                .map_or("built in".to_owned(), |path| path.display().to_string()),
            is_stale: status
                .snapshot
                .and_then(|day| today.days_since(day))
                .is_some_and(|days| days > STALE_AFTER_DAYS),
        };
        let write = |out: &mut dyn Write| match self.format {
            Format::Json => json::list(&answers, out),
            Format::JsonFull => json::full(&answers, &interpreters, &facts, out),
        };
        match self.output.as_deref().filter(|file| *file != Path::new("-")) {
            Some(file) => write_file(file, write)?,
            None => {
                let mut out = terminal.out();
                write(&mut out)?;
                out.flush()?;
            }
        }
        let incomplete = !inventory.unreadable.is_empty() || skipped > 0;
        if incomplete && strict {
            return Ok(Exit::Incomplete);
        }
        let fails = fails(&answers, project.configuration.fail_on.value);
        Ok(if fails { Exit::Findings } else { Exit::Clean })
    }
}

/// Paths with `/`, as the readers of inputs have them.
fn named_paths(paths: &[PathBuf]) -> Vec<String> {
    if paths.is_empty() {
        return vec![String::new()];
    }
    let text = |path: &PathBuf| {
        let text = path.to_string_lossy();
        let text = text.replace(std::path::MAIN_SEPARATOR, "/");
        inputs::join("", &text)
    };
    paths.iter().map(text).collect()
}

fn read_all(disk: &Disk, paths: &[String]) -> Inventory {
    let mut inventory = Inventory::default();
    for path in paths {
        disk.note(path);
        inventory.merge(inputs::read(disk, path));
    }
    inventory
}

/// Whether something is at or above the gate. An unknown severity is not below it.
fn fails(answers: &Answers, fail_on: FailOn) -> bool {
    let FailOn::AtLeast(least) = fail_on else {
        return false;
    };
    let least = match least {
        Severity::Low => Level::Low,
        Severity::Medium => Level::Medium,
        Severity::High => Level::High,
        Severity::Critical => Level::Critical,
    };
    answers
        .packages
        .iter()
        .flat_map(|answer| &answer.advisories)
        .filter(|known| known.accepted.is_none())
        .any(|known| known.level().is_none_or(|level| level >= least))
}

/// The day of the run.
fn today() -> Result<Date> {
    let days = u32::try_from(start_time()? / (24 * 60 * 60)).ok();
    days.and_then(Date::from_days)
        .context("SOURCE_DATE_EPOCH is beyond the calendar")
}

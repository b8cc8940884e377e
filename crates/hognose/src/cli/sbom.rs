//! `hognose sbom`: what a project installs, as a bill of materials.

use std::io::Write;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::arguments::{FilterArguments, FormatArgument, OutputArgument, ProjectArguments};
use super::check::start_time;
use super::deps::{disk, named_paths, read_all, subject};
use super::project::Project;
use super::{Exit, Terminal};
use crate::deps::bom::{self, Bom};
use crate::output::plural;

/// Write a bill of materials
///
/// Names every package that manifests, lock files and installed environments bring, each with where it is written, and who
/// needs it as far as an input tells. Nothing is resolved, installed or run, and the network is not used. What is known
/// against the packages is in `hognose deps --format cyclonedx`.
///
/// Ends with 0; with 3 if --strict is given and not everything could be read.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    written: FormatArgument<Format>,
    #[command(flatten)]
    output: OutputArgument,
    /// Exit with 3 if not everything could be read
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// CycloneDX 1.6 in JSON
    #[default]
    Cyclonedx,
    /// SPDX 2.3 in JSON
    Spdx,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        if self
            .project
            .paths
            .iter()
            .any(|path| path.as_os_str() == "-")
        {
            bail!("`hognose sbom` reads files, not standard input");
        }
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let disk = disk(&project)?;
        let paths = named_paths(&project, &self.project.paths);
        let inventory = project.pool()?.install(|| read_all(&disk, &paths));
        let subject = subject(&disk, &paths, &project);
        let bom = Bom::new(&inventory, &subject, start_time()?);
        let write = |out: &mut dyn Write| match self.written.format {
            Format::Cyclonedx => bom::cyclonedx::write(&bom, None, out),
            Format::Spdx => bom::spdx::write(&bom, None, out),
        };
        self.output.fill(terminal, write)?;
        let unreadable = inventory.unreadable.len();
        if unreadable > 0 {
            terminal.warn(&format!(
                "{} could not be read and may be missing from it; `hognose deps` names them",
                plural(unreadable, "entry")
            ));
        }
        let strict = self.strict || project.configuration.strict.value;
        Ok(if unreadable > 0 && strict {
            Exit::Incomplete
        } else {
            Exit::Clean
        })
    }
}

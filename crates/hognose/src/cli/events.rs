//! `hognose events`: the security events of a project, and whether somebody writes them down.

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};
use hognose_routes::events::{markdown, text};
use hognose_routes::survey;

use super::arguments::{FilterArguments, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal};

/// Show security events and whether they are logged
///
/// Logins and failed logins, logouts, changes of passwords, rights and tokens, refusals, exports, and what those with a
/// permission change.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// How it is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table, with sums
    Text,
    /// A list of objects
    Json,
    /// A Markdown table
    Markdown,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let program = project.program(terminal)?;
        let (_, events) = project
            .pool()?
            .install(|| survey(&program, &hognose_rules::is_test_path));
        let mut out = terminal.out();
        match self.format {
            Format::Text => out.write_all(text(&events).as_bytes())?,
            Format::Markdown => out.write_all(markdown(&events).as_bytes())?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, &events)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(Exit::Clean)
    }
}

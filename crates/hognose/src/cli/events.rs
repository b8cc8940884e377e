//! `hognose events`: the security events of a project, and whether somebody writes them down.

use anyhow::Result;
use clap::{Args, ValueEnum};
use hognose_routes::survey;

use super::arguments::{FilterArguments, FormatArgument, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal};
use crate::access::in_tests;
use crate::output::write_json;
use crate::routes::{write_events, write_events_markdown};

/// Show security events and whether they are logged
///
/// Logins and failed logins, logouts, changes of passwords, rights and tokens, refusals, exports, and what those with a
/// permission change.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    written: FormatArgument<Format>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A table, with sums
    #[default]
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
            .install(|| survey(&program, &in_tests(&program)));
        terminal.fill(|out| match self.written.format {
            Format::Text => write_events(&events, out),
            Format::Markdown => write_events_markdown(&events, out),
            Format::Json => write_json(&events, out),
        })?;
        Ok(Exit::Clean)
    }
}

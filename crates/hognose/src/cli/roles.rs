//! `hognose roles`: the roles and permissions of a project, and the endpoints that ask for them.

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};
use hognose_routes::{inventory, roles, roles_text};

use super::arguments::{FilterArguments, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal};

/// Show roles and permissions: who defines and grants them, and which endpoints ask for them
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
    /// For people
    Text,
    /// A list of objects
    Json,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let program = project.program(terminal)?;
        let left_out = &hognose_rules::is_test_path;
        let found = project.pool()?.install(|| {
            let inventory = inventory(&program, left_out);
            roles(&program, &inventory, left_out)
        });
        let mut out = terminal.out();
        match self.format {
            Format::Text => out.write_all(roles_text(&found).as_bytes())?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, &found)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(Exit::Clean)
    }
}

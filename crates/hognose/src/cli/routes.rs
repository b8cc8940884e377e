//! `hognose routes`: every endpoint of a project, and its guard.

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};
use hognose_routes::{csv, inventory, markdown, matrix, text};

use super::arguments::{FilterArguments, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal};

/// Show every endpoint and who may call it
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
    /// Show roles and permissions as columns
    #[arg(long, help_heading = "Output", conflicts_with = "format")]
    matrix: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table, by application
    Text,
    /// A list of objects
    Json,
    /// A Markdown table
    Markdown,
    /// Comma-separated values
    Csv,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let program = project.program(terminal)?;
        let pool = project.pool()?;
        let inventory = pool.install(|| inventory(&program, &hognose_rules::is_test_path));
        let mut out = terminal.out();
        match self.format {
            _ if self.matrix => out.write_all(matrix(&inventory).as_bytes())?,
            Format::Text => out.write_all(text(&inventory).as_bytes())?,
            Format::Markdown => out.write_all(markdown(&inventory).as_bytes())?,
            Format::Csv => out.write_all(csv(&inventory).as_bytes())?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, &inventory.endpoints)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(Exit::Clean)
    }
}

//! `hognose routes`: every endpoint of a project, and its guard.

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};
use hognose_routes::{Access, changes, inventory};

use super::arguments::{FilterArguments, FormatArgument, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal, lock};
use crate::access::in_tests;
use crate::git::Revision;
use crate::lock::FILE_NAME;
use crate::output::{Paint, write_json};
use crate::routes::{description, write_csv, write_html, write_markdown, write_matrix, write_text};

/// Show every endpoint and who may call it
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    written: FormatArgument<Format>,
    /// Show roles and permissions as columns
    #[arg(long, help_heading = "Output", conflicts_with = "format")]
    matrix: bool,
    /// Show what changed since a git revision, or from one to another (`REV..REV`)
    ///
    /// Exits with 1 if a guard got weaker or an endpoint that anyone may call is new, unless `hognose.lock` accepts it.
    #[arg(
        long,
        value_name = "REV",
        help_heading = "Output",
        conflicts_with = "matrix"
    )]
    diff: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A table, by application
    #[default]
    Text,
    /// A list of objects
    Json,
    /// A Markdown table
    Markdown,
    /// Comma-separated values
    Csv,
    /// One page that needs nothing else
    Html,
    /// A skeleton of an OpenAPI 3.1 description, as JSON
    Openapi,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let project = Project::load(&self.project, &FilterArguments::default())?;
        if let Some(revisions) = &self.diff {
            return self.changed(&project, revisions, terminal);
        }
        let program = project.program(terminal)?;
        let pool = project.pool()?;
        let inventory = pool.install(|| inventory(&program, &in_tests(&program)));
        terminal.fill(|out| match self.written.format {
            _ if self.matrix => write_matrix(&inventory, out),
            Format::Text => write_text(&inventory, Paint::new(terminal.color), out),
            Format::Markdown => write_markdown(&inventory, out),
            Format::Csv => write_csv(&inventory, out),
            Format::Html => write_html(&inventory, out),
            Format::Openapi => write_json(&description(&inventory), out),
            Format::Json => write_json(&inventory.endpoints, out),
        })?;
        Ok(Exit::Clean)
    }

    /// What changed between two revisions, or from one to what is on disk.
    fn changed(&self, project: &Project, revisions: &str, terminal: &Terminal) -> Result<Exit> {
        // `main...` is the commit at which the current branch left `main`, as everywhere.
        let (old, new) = match revisions.split_once("..") {
            Some((old, new)) if !new.is_empty() && !new.starts_with('.') => (old, Some(new)),
            _ => (revisions, None),
        };
        let of = |name: &str| project.program_at(&Revision::open(&project.root, name)?);
        let before = of(old)?;
        let after = match new {
            Some(new) => of(new)?,
            None => project.program(terminal)?,
        };
        let pool = project.pool()?;
        let access = |program: &hognose_python::Project| {
            let found = pool.install(|| inventory(program, &in_tests(program)));
            Access::of(&found.endpoints)
        };
        let changes = changes(&access(&before), &access(&after));
        let lock = lock::read(&project.root.join(FILE_NAME))?;
        let mut out = terminal.out();
        let worse = if matches!(self.written.format, Format::Json) {
            write_json(&changes, &mut out)?;
            lock::is_worse(&changes, lock.as_ref())
        } else {
            lock::show(&mut out, &changes, lock.as_ref())?
        };
        out.flush()?;
        Ok(if worse { Exit::Findings } else { Exit::Clean })
    }
}

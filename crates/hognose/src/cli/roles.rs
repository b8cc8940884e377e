//! `hognose roles`: the roles and permissions of a project, and the endpoints that ask for them.

use anyhow::Result;
use clap::Args;
use hognose_routes::{inventory, roles};

use super::arguments::{FilterArguments, FormatArgument, ProjectArguments, TextOrJson};
use super::project::Project;
use super::{Exit, Terminal};
use crate::access::in_tests;
use crate::output::write_json;
use crate::routes::write_roles;

/// Show roles and permissions: who defines and grants them, and which endpoints ask for them
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    written: FormatArgument<TextOrJson>,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let program = project.program(terminal)?;
        let left_out = &in_tests(&program);
        let found = project.pool()?.install(|| {
            let inventory = inventory(&program, left_out);
            roles(&program, &inventory, left_out)
        });
        terminal.fill(|out| match self.written.format {
            TextOrJson::Text => write_roles(&found, out),
            TextOrJson::Json => write_json(&found, out),
        })?;
        Ok(Exit::Clean)
    }
}

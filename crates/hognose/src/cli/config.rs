//! `hognose config`

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::arguments::{FailArguments, FilterArguments, FormatArgument, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal};
use crate::configuration::{as_json, as_toml, json_schema};
use crate::output::{visible_line, write_json};

/// Show the effective configuration and where each value comes from
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    fail: FailArguments,
    #[command(flatten)]
    written: FormatArgument<Format>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A configuration file with remarks
    #[default]
    #[value(alias = "text")]
    Toml,
    /// One object
    Json,
    /// The JSON schema of the configuration file, whatever is in it
    Schema,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        if let Format::Schema = self.written.format {
            terminal.fill(|out| write_json(&json_schema(), out))?;
            return Ok(Exit::Clean);
        }
        let mut project = Project::load(&self.project, &self.filter)?;
        self.fail.override_settings(&mut project.configuration);
        let configuration = &project.configuration;
        let name = project
            .configuration_name()
            .map(|name| visible_line(&name).into_owned());
        terminal.fill(|out| match (self.written.format, name) {
            (Format::Json, name) => write_json(&as_json(configuration, name.as_deref()), out),
            (_, Some(name)) => write!(out, "# {name}\n\n{}", as_toml(configuration, &name)),
            (_, None) => write!(
                out,
                "# no configuration file\n\n{}",
                as_toml(configuration, "")
            ),
        })?;
        Ok(Exit::Clean)
    }
}

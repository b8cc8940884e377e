//! `hognose config`

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::arguments::{FailArguments, FilterArguments, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal};
use crate::configuration::{as_json, as_toml, json_schema};
use crate::output::visible_line;

/// Show the effective configuration and where each value comes from
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    fail: FailArguments,
    /// How it is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "toml",
        help_heading = "Output"
    )]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A configuration file with remarks
    #[value(alias = "text")]
    Toml,
    /// One object
    Json,
    /// The JSON schema of the configuration file, whatever is in it
    Schema,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let text = match self.format {
            Format::Schema => pretty(&json_schema())?,
            format => {
                let mut project = Project::load(&self.project, &self.filter)?;
                self.fail.override_settings(&mut project.configuration);
                let name = project
                    .configuration_name()
                    .map(|n| visible_line(&n).into_owned());
                match (format, &name) {
                    (Format::Json, name) => {
                        pretty(&as_json(&project.configuration, name.as_deref()))?
                    }
                    (_, Some(name)) => {
                        format!("# {name}\n\n{}", as_toml(&project.configuration, name))
                    }
                    (_, None) => format!(
                        "# no configuration file\n\n{}",
                        as_toml(&project.configuration, "")
                    ),
                }
            }
        };
        let mut out = terminal.out();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(Exit::Clean)
    }
}

fn pretty(value: &serde_json::Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

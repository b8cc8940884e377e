//! `hognose man`

use std::io::Write;

use anyhow::Result;
use clap::Args;

use super::{Exit, Terminal};

/// Print the manual page, or that of a command
#[derive(Debug, Args)]
pub struct Arguments {
    /// A command
    command: Option<String>,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let mut command = super::command();
        command.build();
        let mut title = "hognose".to_owned();
        if let Some(name) = self.command {
            let known: Vec<String> = command
                .get_subcommands()
                .map(|c| c.get_name().to_owned())
                .collect();
            let Some(found) = command.find_subcommand(&name).cloned() else {
                anyhow::bail!("`{name}` is no command; there are {}", known.join(", "));
            };
            command = found;
            title = format!("hognose-{name}");
        }
        let mut out = terminal.out();
        clap_mangen::Man::new(command)
            .title(title)
            .render(&mut out)?;
        out.flush()?;
        Ok(Exit::Clean)
    }
}

//! `hognose completions`

use std::io::Write;

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use super::{Exit, Terminal};

/// Print the completions for a shell
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        // The generator panics when it cannot write; a vector always takes.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "hognose", &mut script);
        let mut out = terminal.out();
        out.write_all(&script)?;
        out.flush()?;
        Ok(Exit::Clean)
    }
}

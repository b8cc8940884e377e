//! `hognose deps --outdated`.

use std::io::Write;

use anyhow::{Result, bail};
use clap::Args;
use pep440_rs::Version;

use super::super::{Exit, Terminal};
use super::{Arguments, Format};
use crate::deps::outdated::{Outdated, own};
use crate::deps::{Answers, InterpreterAnswer};
use crate::output::Paint;

/// What is compared with an index.
#[derive(Debug, Args)]
#[command(next_help_heading = "Newer releases")]
pub struct OutdatedArguments {
    /// Compare what is pinned with the newest release that the constraints allow, over the network
    ///
    /// The index is the one that uv or pip of the user is configured with: their variables, uv.toml, pip.conf, netrc.
    /// Ends with 0, or 3 if an index could not be asked.
    #[arg(long, conflicts_with = "fix", conflicts_with = "undo")]
    pub outdated: bool,
    /// Count pre-releases as newer
    #[arg(long, requires = "outdated")]
    pre: bool,
    /// The Python that releases have to run on [default: the lowest that the project names]
    #[arg(long, value_name = "VERSION", requires = "outdated")]
    python: Option<Version>,
}

impl Arguments {
    /// Compares with the user's indexes.
    pub(super) fn run_outdated(
        &self,
        answers: &Answers,
        interpreters: &[InterpreterAnswer],
        terminal: &Terminal,
    ) -> Result<Exit> {
        if !matches!(self.written.format, Format::Text | Format::Json)
            || self.output.file().is_some()
        {
            bail!("`--outdated` is written as text or json on standard output");
        }
        let urls = own();
        if urls.is_empty() {
            bail!("neither uv nor pip of yours names an index: set PIP_INDEX_URL to one");
        }
        let lowest = interpreters
            .iter()
            .filter_map(|answer| answer.release.to_string().parse::<Version>().ok())
            .min();
        let python = self.outdated.python.clone().or(lowest);
        let outdated = Outdated::new(answers, urls, python, self.outdated.pre);
        let mut out = terminal.out();
        match self.written.format {
            Format::Json => outdated.json(&mut out)?,
            _ => outdated.text(Paint::new(terminal.color), &mut out)?,
        }
        out.flush()?;
        for fault in &outdated.faults {
            terminal.error(fault);
        }
        Ok(if outdated.faults.is_empty() {
            Exit::Clean
        } else {
            Exit::Incomplete
        })
    }
}

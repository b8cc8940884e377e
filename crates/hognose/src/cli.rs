//! The command line: one file per command.
//!
//! A command is a file in `cli/` with `Arguments` (clap's) and `Arguments::run`, one `mod` line and one line in the list
//! of [`commands`]. Only this part of the program prints, and it ends in one of the few [`Exit`]s.

mod arguments;
mod baseline;
mod check;
mod completions;
mod config;
mod db;
mod deps;
mod events;
mod explain;
mod inspect;
mod lock;
mod man;
mod migrate;
mod output_arguments;
mod page;
mod project;
mod roles;
mod routes;
mod rules;
mod sbom;
mod terminal;
mod why;
mod write_file;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use terminal::{ColorChoice, Terminal};
pub use write_file::write_file;

/// How a run ends. The numbers are public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above `--fail-on`.
    Clean = 0,
    /// Findings at or above `--fail-on`.
    Findings = 1,
    /// Wrong usage or configuration, or an output that cannot be written.
    Usage = 2,
    /// Not everything could be analysed, and `--strict` was given, or there is no advisory database to judge with.
    /// Stronger than findings: their list is not complete.
    Incomplete = 3,
    /// A defect of hognose.
    Internal = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A security auditor for Python projects.
///
/// It reads; it never imports or runs the audited code, and uses the network only when a command is asked to fetch. What
/// `deps --fix` runs, it is asked to run.
#[derive(Debug, Parser)]
#[command(name = "hognose", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    color: terminal::ColorArguments,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing at or above --fail-on
  1  findings at or above --fail-on
  2  wrong usage or configuration
  3  not everything could be analysed, and --strict was given,
     or the advisory database cannot be used or fetched,
     or an index, a lock tool or a test run failed
  4  a defect of hognose itself";

macro_rules! commands {
    ($($(#[$meta:meta])* $variant:ident => $module:ident),+ $(,)?) => {
        #[derive(Debug, Subcommand)]
        enum Command { $($(#[$meta])* $variant($module::Arguments)),+ }

        impl Command {
            fn run(self, terminal: &Terminal) -> Result<Exit> {
                match self { $(Self::$variant(arguments) => arguments.run(terminal)),+ }
            }
        }
    };
}

commands! {
    Check => check,
    Explain => explain,
    Why => why,
    Rules => rules,
    Routes => routes,
    Events => events,
    Roles => roles,
    Deps => deps,
    Sbom => sbom,
    Lock => lock,
    Config => config,
    Db => db,
    Inspect => inspect,
    Baseline => baseline,
    Migrate => migrate,
    Completions => completions,
    #[command(hide = true)]
    Man => man,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    set_panic_message();
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage(&error.format(&mut command())),
    };
    let terminal = Terminal::new(cli.color.choice());
    // The panic message has been printed; what is left is to end in an orderly way.
    let result =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cli.command.run(&terminal)));
    match result {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) if is_closed_pipe(&error) => Exit::Clean.into(),
        Ok(Err(error)) => {
            terminal.error(&format!("{error:#}"));
            match error.downcast_ref::<crate::db::Fault>() {
                Some(_) => Exit::Incomplete.into(),
                None => Exit::Usage.into(),
            }
        }
        Err(_) => Exit::Internal.into(),
    }
}

/// The whole command line, for completions and the manual.
fn command() -> clap::Command {
    Cli::command()
}

fn usage(error: &clap::Error) -> ExitCode {
    // Help and version are errors to clap, with exit code 0; whoever closed the pipe does not want to hear of it.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage.into()
    } else {
        Exit::Clean.into()
    }
}

/// Whoever reads our output has read enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn set_panic_message() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        let _ = writeln!(
            io::stderr(),
            "hognose has a defect and cannot go on: {message} ({place})\n\
             Please report it with the command you ran: {}/issues",
            env!("CARGO_PKG_REPOSITORY"),
        );
    }));
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}

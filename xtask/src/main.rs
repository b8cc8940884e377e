//! Development commands. `cargo xtask test` sets up and runs everything; `cargo xtask help` lists the rest.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a development tool, not a part of the product"
)]

mod advisories;
mod bench;
mod compare;
mod corpus;
mod docs;
mod fixing;
mod new_rule;
mod python;
mod test;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development commands of hognose")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need and run all of them
    Test {
        /// Only this part
        part: Option<String>,
    },
    /// Make the folder of a new rule
    NewRule {
        /// Kebab-case id that names the bad pattern
        id: String,
    },
    /// Write the generated pages, and build the site with --site
    Docs {
        /// Fail if a generated page is not current
        #[arg(long)]
        check: bool,
        /// Build the site into `site/`
        #[arg(long)]
        site: bool,
    },
    /// Measure speed and memory beside other tools
    Bench {
        /// `check`: beside Ruff and Bandit; `deps`: beside pip-audit
        #[arg(default_value = "check")]
        subject: String,
        /// Runs of each tool; the fastest counts
        #[arg(long, default_value_t = 3)]
        runs: u32,
    },
    /// Write the advisory facts that are built into hognose
    Advisories {
        /// Zip archives of OSV records, as OSV exports them
        #[arg(long, value_name = "ZIP", num_args = 1..)]
        from: Vec<PathBuf>,
        #[command(flatten)]
        interpreter: advisories::Interpreter,
    },
    /// Compare with other tools
    Compare {
        /// `bandit`: findings on Bandit's own examples; `calls`: calls resolved on five public projects; `routes`:
        /// endpoints beside those that frameworks know of running applications
        subject: String,
        /// Of `routes`, only this application
        only: Option<String>,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Task::Test { part } => test::run(part.as_deref()),
        Task::NewRule { id } => new_rule::run(&id),
        Task::Docs { check, site } => docs::run(check, site),
        Task::Bench { subject, runs } => match subject.as_str() {
            "check" => bench::run(runs),
            "deps" => bench::deps::run(runs),
            other => bail!("nothing is known to measure of `{other}`"),
        },
        Task::Advisories { from, interpreter } => advisories::run(&from, &interpreter),
        Task::Compare { subject, only } => match subject.as_str() {
            "bandit" => compare::bandit(),
            "calls" => compare::calls(),
            "routes" => compare::routes::run(only.as_deref()),
            other => {
                bail!(
                    "nothing to compare called `{other}`; there are `bandit`, `calls` and `routes`"
                )
            }
        },
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_path_buf()
}

/// Where the development commands keep what they fetch: below the target directory, never committed.
fn workshop() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join("workshop")
}

/// Runs a command, showing it, and fails when it does.
fn sh(command: &mut Command) -> Result<()> {
    println!("$ {}", show(command));
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", show(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", show(command));
    }
    Ok(())
}

fn show(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The path of the binary that `HOGNOSE` names, or of the release binary, which is built.
fn hognose() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("HOGNOSE") {
        return std::path::absolute(given).context("HOGNOSE is no path");
    }
    sh(cargo().args(["build", "--quiet", "--release", "--package", "hognose"]))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target
        .join("release")
        .join(format!("hognose{}", std::env::consts::EXE_SUFFIX)))
}

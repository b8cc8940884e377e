//! `hognose lock`: writes down what is accepted, or tells what got worse since.
#![allow(clippy::disallowed_methods, reason = "the lock is a file")]

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use hognose_routes::events::{Covered, lost};
use hognose_routes::{Access, Change, changes, survey};

use super::arguments::{FilterArguments, ProjectArguments};
use super::project::Project;
use super::write_file::write_file;
use super::{Exit, Terminal};
use crate::Accepted;
use crate::access::in_tests;
use crate::discovery::read_bounded;
use crate::lock::{FILE_NAME, Lock};
use crate::output::{plural, visible_line};

/// Accept who may call what, and which security events are logged, in `hognose.lock`
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Write nothing; exit with 1 if something is worse than the lock says
    #[arg(long)]
    check: bool,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let program = project.program(terminal)?;
        let (inventory, events) = project
            .pool()?
            .install(|| survey(&program, &in_tests(&program)));
        let now = Access::of(&inventory.endpoints);
        let events = Covered::of(&events);
        let file = project.root.join(FILE_NAME);
        let known = read(&file)?;
        let mut out = terminal.out();
        if self.check {
            let Some(known) = known else {
                bail!("there is no {FILE_NAME}; `hognose lock` writes it");
            };
            let changes = changes(&known.endpoints, &now);
            let mut worse = show(&mut out, &changes, None)?;
            for event in lost(&known.events, &events) {
                let line = format!(
                    "no longer logged  {} {}: {}",
                    event.kind, event.outcome, event.handler
                );
                writeln!(out, "{}", visible_line(&line))?;
                worse = true;
            }
            out.flush()?;
            return Ok(if worse { Exit::Findings } else { Exit::Clean });
        }
        let mut lock = known.unwrap_or_default();
        let changes = changes(&lock.endpoints, &now);
        lock.endpoints = now;
        lock.events = events;
        write_file(&file, |out| out.write_all(lock.write().as_bytes()))?;
        writeln!(
            out,
            "{FILE_NAME}: {}, {}, {}",
            plural(lock.endpoints.len(), "endpoint"),
            plural(lock.events.len(), "security event"),
            plural(changes.len(), "change")
        )?;
        out.flush()?;
        Ok(Exit::Clean)
    }
}

/// The lock of a project, if it has one.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(file: &Path) -> Result<Option<Lock>> {
    Ok(read_text(file)?.and_then(|accepted| Arc::into_inner(accepted.lock)))
}

/// The lock of a project with its text, if it has one.
///
/// # Errors
/// As [`read`].
pub fn read_text(file: &Path) -> Result<Option<Accepted>> {
    if !file.is_file() {
        return Ok(None);
    }
    let bytes = read_bounded(file)
        .map_err(anyhow::Error::msg)
        .with_context(|| file.display().to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    let lock = Lock::parse(&text).with_context(|| file.display().to_string())?;
    Ok(Some(Accepted {
        lock: Arc::new(lock),
        text: text.into(),
    }))
}

/// Whether one of some changes is worse and not accepted.
pub fn is_worse(changes: &[Change], lock: Option<&Lock>) -> bool {
    changes.iter().any(|change| {
        let accepted = change
            .after
            .as_ref()
            .is_some_and(|access| lock.is_some_and(|lock| lock.accepts(access)));
        change.is_worse() && !accepted
    })
}

/// Prints changes, a line each; whether one of them is worse and not accepted.
///
/// # Errors
/// Those of the output.
pub fn show(out: &mut dyn Write, changes: &[Change], lock: Option<&Lock>) -> Result<bool> {
    let mut worse = 0;
    for change in changes {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        let Some(access) = after.or(before) else {
            continue;
        };
        let guards = match (before, after) {
            (Some(before), Some(after)) if before.guard() != after.guard() => {
                format!("{} → {}", before.guard(), after.guard())
            }
            _ => access.guard(),
        };
        let from = match (before, after) {
            (Some(before), Some(after)) if before.path != after.path => {
                format!(" (was {})", before.path)
            }
            _ => String::new(),
        };
        let accepted = change.is_worse() && lock.is_some_and(|lock| lock.accepts(access));
        worse += usize::from(change.is_worse() && !accepted);
        let line = format!(
            "{:<12}  {} {}{from}: {guards}  {}{}",
            change.kind.as_str(),
            access.method,
            access.path,
            access.handler,
            if accepted { "  (accepted)" } else { "" }
        );
        writeln!(out, "{}", visible_line(&line))?;
    }
    writeln!(
        out,
        "{}, {worse} for the worse",
        plural(changes.len(), "change")
    )?;
    Ok(worse > 0)
}

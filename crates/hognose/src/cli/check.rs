//! `hognose check`
#![allow(
    clippy::disallowed_methods,
    reason = "SOURCE_DATE_EPOCH is told by the environment"
)]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::{Result, anyhow};
use clap::Args;
use hognose_finding::Report;

use super::arguments::{FailArguments, FilterArguments, ProjectArguments};
use super::baseline::{self, configured_file};
use super::output_arguments::{Output, OutputArguments};
use super::project::{Project, ProjectSources};
use super::write_file::write_file;
use super::{Exit, Terminal};
use crate::configuration::{Configuration, FailOn, Origin};
use crate::git::Revision;
use crate::output::{self, Format, RunTime};
use crate::view::ChangedLines;
use crate::{Presentation, View};

/// Audit a project
///
/// Where `hognose.lock` lies in the root, a guard that is weaker than it says is a finding.
///
/// Ends with 0 if nothing at or above --fail-on is shown, 1 if something is, 2 on wrong usage or configuration, 3 if
/// --strict is given and not everything could be analysed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    filter: FilterArguments,
    /// Only findings on lines that changed since a git revision
    ///
    /// A finding counts as changed if a line of it, or of a step of its flow, differs between the revision and the files
    /// as they are, or a line was removed inside it. A file that is new counts as a whole. `REF...` compares with the
    /// commit at which the current branch left REF.
    #[arg(long, value_name = "REF", help_heading = "Filters")]
    diff: Option<String>,
    /// Show only findings that this file, written by `hognose baseline`, does not know
    #[arg(long, value_name = "FILE", help_heading = "Filters")]
    baseline: Option<PathBuf>,
    /// Disregard suppression comments and suppressions in the configuration
    #[arg(long, help_heading = "Filters")]
    no_ignores: bool,
    #[command(flatten)]
    fail: FailArguments,
    #[command(flatten)]
    outputs: OutputArguments,
    /// Count the findings of each rule at the end
    #[arg(long, help_heading = "Output")]
    statistics: bool,
    /// Findings only: no summary, no practices
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let started = Instant::now();
        let mut project = Project::load(&self.project, &self.filter)?;
        self.fail.override_settings(&mut project.configuration);
        let default: Format = project
            .configuration
            .format
            .value
            .parse()
            .map_err(anyhow::Error::msg)?;
        let outputs = self.outputs.pair(default).map_err(anyhow::Error::msg)?;
        // Wrong usage is told before the work, not after.
        let revision = self
            .diff
            .as_deref()
            .map(|name| Revision::open(&project.root, name))
            .transpose()?;

        let sources = project.sources()?;
        if sources.get().entries().is_empty() {
            terminal.warn("no file was found that hognose reads");
        }
        let mut options = project.audit_options(!self.no_ignores);
        options.accepted = project.accepted()?;
        let mut report = project.audit(&sources, &options, terminal)?;
        if let Some(file) = self.baseline.or_else(|| configured_file(&project)) {
            baseline::apply(&file, &project, &sources, &mut report)?;
        }

        let mut view_options = project.view_options();
        view_options.changed = revision
            .map(|r| changed_lines(&r, &report, &sources))
            .transpose()?;
        let presentation = Presentation {
            color: terminal.color,
            hyperlinks: terminal.hyperlinks,
            width: terminal.width(),
            statistics: self.statistics,
            quiet: self.quiet,
            root: project.root.clone(),
        };
        let view = View::new(&report, &view_options, presentation, project.rules);
        let time = RunTime {
            started: Some(start_time()?),
            // Two runs give the same bytes, unless it is a person who reads them.
            elapsed: terminal.stdout_watched.then(|| started.elapsed()),
        };
        // Standard output last: what is shown there may say that the files are written.
        for Output { format, file } in outputs.iter().filter(|o| o.file.is_some()) {
            let Some(file) = file else { continue };
            let mut in_file = view.clone();
            in_file.presentation.color = terminal.color_in_files;
            in_file.presentation.hyperlinks = false;
            in_file.presentation.width = None;
            let time = RunTime {
                elapsed: None,
                ..time
            };
            write_file(file, |out| {
                output::write(*format, &in_file, project.rules, time, out)
            })?;
        }
        if let Some(Output { format, .. }) = outputs.iter().find(|o| o.file.is_none()) {
            let mut out = terminal.out();
            output::write(*format, &view, project.rules, time, &mut out)?;
            out.flush()?;
        }
        Ok(exit(&view, &project.configuration, &outputs))
    }
}

/// What the run ends with.
fn exit(view: &View<'_>, configuration: &Configuration, outputs: &[Output]) -> Exit {
    if configuration.strict.value && !view.report.failures.is_empty() {
        return Exit::Incomplete;
    }
    // Code scanning fails a job by what it makes of the SARIF, and uploads it only if the step before was well.
    let sarif_on_stdout = outputs
        .iter()
        .any(|o| o.format == Format::Sarif && o.file.is_none());
    let fails = match configuration.fail_on.value {
        FailOn::Never => false,
        FailOn::AtLeast(_)
            if sarif_on_stdout && configuration.fail_on.origin == Origin::Default =>
        {
            false
        }
        FailOn::AtLeast(severity) => view.worst().is_some_and(|worst| worst >= severity),
    };
    if fails { Exit::Findings } else { Exit::Clean }
}

/// What has changed in the files that a finding or a step of a flow stands in.
fn changed_lines(
    revision: &Revision,
    report: &Report,
    sources: &ProjectSources,
) -> Result<ChangedLines> {
    let steps = |f: &hognose_finding::Finding| {
        f.flow
            .iter()
            .map(|s| Arc::clone(&s.location.file))
            .collect::<Vec<_>>()
    };
    let files: BTreeSet<Arc<str>> = report
        .findings
        .iter()
        .flat_map(|f| std::iter::once(Arc::clone(&f.location.file)).chain(steps(f)))
        .collect();
    let mut changed = ChangedLines::default();
    for file in files {
        let entries = sources.get().entries();
        let Ok(index) = entries.binary_search_by(|e| e.path.cmp(&file)) else {
            continue;
        };
        let entry = &entries[index];
        let current = sources
            .get()
            .read(entry)
            .map_err(|reason| anyhow!("{file}: {reason}"))?;
        changed.files.extend(
            revision
                .changes(&file, entry.kind, &current)?
                .map(|c| (file, c)),
        );
    }
    Ok(changed)
}

/// When the run takes place, in seconds since 1970. Who wants reproducible reports says so the usual way.
pub(super) fn start_time() -> Result<u64> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text
            .trim()
            .parse()
            .map_err(|_| anyhow!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds")),
        Err(_) => Ok(SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |d| d.as_secs())),
    }
}

#[cfg(test)]
mod tests;

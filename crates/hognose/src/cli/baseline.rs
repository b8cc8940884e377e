//! `hognose baseline`
#![allow(clippy::disallowed_methods, reason = "a baseline is a file")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use hognose_finding::{Baseline, BaselineEntry, Note, Report};

use super::arguments::{FilterArguments, ProjectArguments};
use super::project::{Project, ProjectSources};
use super::write_file::write_file;
use super::{Exit, Terminal};
use crate::baseline::{self, BASELINE_FILE};
use crate::output::plural;
use crate::{Presentation, View};

/// Accept today's findings, so that `check --baseline` shows only new ones
///
/// Findings are known by their code, not by their lines: moving, renaming and reformatting make nothing new. Every finding
/// of the selected rules is accepted, whatever the persona, unless --persona says otherwise; suppressed ones are not.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    filter: FilterArguments,
    /// Where to write it [default: the configured `baseline`, else hognose-baseline.jsonl]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a baseline that is there: what is mended goes, what is new is accepted
    #[arg(long, conflicts_with = "prune")]
    update: bool,
    /// Take what is mended out of the baseline, and accept nothing new
    #[arg(long)]
    prune: bool,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let mut project = Project::load(&self.project, &self.filter)?;
        if self.filter.persona.is_none() {
            project.configuration.persona.value = hognose_finding::Persona::Auditor;
        }
        let file = self
            .output
            .clone()
            .or_else(|| configured_file(&project))
            .unwrap_or_else(|| project.root.join(BASELINE_FILE));
        let old = if self.update || self.prune {
            Some(read_or_none(&file, self.update)?)
        } else if file.exists() {
            bail!(
                "{} exists; `--update` replaces it, `--prune` takes out what is mended",
                file.display()
            );
        } else {
            None
        };
        let sources = project.sources()?;
        let options = project.audit_options(true);
        let report = project.audit(&sources, &options, terminal)?;
        let view_options = project.view_options();
        let view = View::new(
            &report,
            &view_options,
            Presentation::default(),
            project.rules,
        );

        let old = old.unwrap_or_default();
        let matched = old.match_findings(view.shown.iter().copied());
        let looked_at = looked_at(&project, &sources, &file);
        // Of what was not looked at, in a run over part of the project, nothing is known.
        let (mended, untouched): (Vec<usize>, Vec<usize>) = matched
            .stale
            .iter()
            .copied()
            .partition(|number| looked_at(&old.entries[*number].file));
        let new = matched.known.iter().filter(|known| known.is_none()).count();
        let accepted = view
            .shown
            .iter()
            .zip(&matched.known)
            .filter(|(_, known)| known.is_some() || !self.prune)
            .map(|(finding, _)| BaselineEntry::of(finding));
        let entries: Vec<BaselineEntry> = accepted
            .chain(untouched.iter().map(|number| old.entries[*number].clone()))
            .collect();
        let count = entries.len();
        let text = baseline::render(&Baseline { entries });
        write_file(&file, |out| out.write_all(text.as_bytes()))?;
        terminal.note(&format!(
            "{}: {} ({}, {} mended)",
            file.display(),
            plural(count, "finding"),
            if self.prune {
                format!("{new} new ones left out")
            } else {
                format!("{new} new")
            },
            mended.len()
        ));
        Ok(Exit::Clean)
    }
}

/// The baseline that the configuration names.
pub(super) fn configured_file(project: &Project) -> Option<PathBuf> {
    let name = project.configuration.baseline.value.as_ref()?;
    Some(match project.configuration.directory() {
        Some(directory) => directory.join(name),
        None => name.clone(),
    })
}

fn read(file: &Path) -> Result<Baseline> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the baseline {}", file.display()))?;
    baseline::parse(&text).with_context(|| format!("damaged baseline {}", file.display()))
}

fn read_or_none(file: &Path, may_be_replaced: bool) -> Result<Baseline> {
    if !file.exists() {
        return Ok(Baseline::default());
    }
    match read(file) {
        // What identifies findings has changed: everything is new, and `--update` says to take it.
        Err(error) if may_be_replaced && error.root_cause().to_string().contains("scheme") => {
            Ok(Baseline::default())
        }
        read => read,
    }
}

/// Marks the findings of a report that a baseline knows, and notes how many of its entries are mended.
pub(super) fn apply(
    file: &Path,
    project: &Project,
    sources: &ProjectSources,
    report: &mut Report,
) -> Result<()> {
    let baseline = read(file)?;
    let looked_at = looked_at(project, sources, file);
    let ran = |entry: &&&BaselineEntry| project.rules.iter().any(|rule| rule.id == entry.rule);
    let stale = baseline::apply(&baseline, &mut report.findings, &looked_at);
    let gone = stale.iter().filter(ran).count();
    if !stale.is_empty() {
        let name = file
            .file_name()
            .unwrap_or(file.as_os_str())
            .to_string_lossy();
        let rest = stale.len() - gone;
        let mut text = format!(
            "{} of {name} {} no longer found; `hognose baseline --prune` takes them out",
            plural(stale.len(), "entry"),
            if stale.len() == 1 { "is" } else { "are" }
        );
        if rest > 0 {
            text.push_str(&format!(" ({rest} of rules that no longer exist)"));
        }
        report.notes.push(Note { file: None, text });
        report.notes.sort();
    }
    Ok(())
}

/// Whether a file that an entry names was looked at, or is gone. Names count from the root of the run that wrote the
/// baseline, which may have been another: its directory is tried as well.
fn looked_at(
    project: &Project,
    sources: &ProjectSources,
    baseline: &Path,
) -> impl Fn(&str) -> bool {
    let files: BTreeSet<Arc<str>> = sources
        .get()
        .entries()
        .iter()
        .map(|entry| Arc::clone(&entry.path))
        .collect();
    let beside = project.working_directory.join(baseline);
    let roots = [
        Some(project.root.clone()),
        beside.parent().map(Path::to_owned),
    ];
    move |file: &str| {
        files.contains(file) || !roots.iter().flatten().any(|root| root.join(file).exists())
    }
}

//! `hognose deps`: what a project installs, and what is known against it.
#![allow(
    clippy::disallowed_methods,
    reason = "what lies around an input is counted"
)]

mod fix;
mod outdated;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use hognose_deps::advisories::epss::Epss;
use hognose_deps::advisories::kev::Kev;
use hognose_deps::advisories::severity::Level;
use hognose_deps::date::Date;
use hognose_deps::hygiene::{self, Defect, Rule};
use hognose_deps::inputs::{self, Files as _, Inventory, Unreadable};
use hognose_deps::name::Name;
use hognose_finding::{FileFailure, Finding, Report, RuleMeta, Severity, Source, assign_ordinals};

use super::arguments::{
    FailArguments, FilterArguments, FormatArgument, OutputArgument, ProjectArguments,
};
use super::check::start_time;
use super::project::Project;
use super::{Exit, Terminal};
use crate::configuration::FailOn;
use crate::db::{self, Database, Origin};
use crate::deps::bom::{self, Bom, Subject};
use crate::deps::json::{self, DatabaseFacts};
use crate::deps::reach::{Code, installed_modules};
use crate::deps::{
    Answers, Disk, Exploitation, InterpreterAnswer, STALE_AFTER_DAYS, Texts, comments, findings,
    interpreter_uses, openvex, text,
};
use crate::discovery::{PathGlobs, display_path, read_bounded};
use crate::output::{self, Paint, RunTime, plural};
use crate::{Presentation, View};

/// Find vulnerable dependencies and interpreters
///
/// Reads manifests, lock files, installed environments and bills of materials as they stand: nothing is resolved,
/// installed or run, and the network is not used. Directories are searched for them; a file is read whatever its name.
/// What is wrong with how packages are asked for is told as well: open versions, missing hashes, indexes that anybody can
/// answer for, names that look like others.
///
/// With --fix that is different: the tools that wrote the lock files write them again, in a copy of the project, over the
/// network, and may run build back-ends of the packages they look at; --test runs the project's tests.
///
/// Ends with 0 if nothing at or above --fail-on is known, 1 if something is, 2 on wrong usage or configuration, 3 if there
/// is no database to judge with, if --strict is given and not everything could be read, or a tool that --fix runs is
/// missing or failed. What has no known severity counts as at or above any.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Advisories to judge by instead of those fetched or built in: a zip of OSV records, a directory of them, or an index
    /// of ours, or the address of one
    #[arg(long, value_name = "PATH", help_heading = "Configuration")]
    db: Option<PathBuf>,
    /// How likely vulnerabilities are to be exploited: a file of the Exploit Prediction Scoring System, plain or gzip
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    epss: Option<PathBuf>,
    /// Which vulnerabilities are known to be exploited: CISA's catalogue in JSON
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    kev: Option<PathBuf>,
    #[command(flatten)]
    fail: FailArguments,
    #[command(flatten)]
    fix: fix::FixArguments,
    #[command(flatten)]
    outdated: outdated::OutdatedArguments,
    #[command(flatten)]
    written: FormatArgument<Format>,
    #[command(flatten)]
    output: OutputArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// By package, for people
    #[default]
    Text,
    /// One object for each version of each package
    Json,
    /// All that is known, as one object
    JsonFull,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// A comment for a pull request
    Markdown,
    /// CycloneDX 1.6: a bill of materials with its vulnerabilities
    Cyclonedx,
    /// SPDX 2.3: a bill of materials with links to advisories
    Spdx,
    /// OpenVEX 0.2.0: what is known of each vulnerability here
    Openvex,
    /// Workflow commands that GitHub shows as annotations
    Github,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        if self
            .project
            .paths
            .iter()
            .any(|path| path.as_os_str() == "-")
        {
            bail!("`hognose deps` reads files, not standard input");
        }
        if self.fix.undo {
            return self.undo(terminal);
        }
        if self.fix.fix && (self.written.format != Format::Text || self.output.file().is_some()) {
            bail!("`--fix` says what it does as text on standard output");
        }
        let mut project = Project::load(&self.project, &FilterArguments::default())?;
        self.fail.override_settings(&mut project.configuration);
        let strict = project.configuration.strict.value;
        let Database {
            index,
            skipped,
            origin,
        } = db::open(self.db.as_deref())?;
        let skipped = skipped.len();
        if skipped > 0 {
            terminal.warn(&format!(
                "{skipped} records of the database cannot be read and are not in this answer"
            ));
        }

        let exploitation = self.exploitation(terminal)?;

        let disk = disk(&project)?;
        let paths = named_paths(&project, &self.project.paths);
        let pool = project.pool()?;
        let inventory = pool.install(|| read_all(&disk, &paths));
        let named = |file: &str| paths.iter().any(|path| path == file);
        let mut answers = pool.install(|| Answers::new(&inventory, &index, &named))?;
        answers.weigh(&exploitation);
        let mut code = None;
        if answers.any() && !self.outdated.outdated {
            answers.look_into(code.insert(self.code(&project, &disk, &paths, terminal)?));
        }
        let today = today()?;
        let configuration = project.configuration_name().unwrap_or_default();
        let accepted = &project.configuration.ignore_advisories;
        for note in answers.accept(accepted, &configuration, today) {
            terminal.warn(&note);
        }
        if self.fix.fix {
            let judge = fix::Judge {
                project: &project,
                index: &index,
                paths: &paths,
                code: code.as_ref(),
                today,
            };
            return self.run_fix(&judge, &answers, &disk, terminal);
        }
        let uses = interpreter_uses(&disk, &disk.interpreters());
        let interpreters = InterpreterAnswer::of(uses, today)?;
        if self.outdated.outdated {
            return self.run_outdated(&answers, &interpreters, terminal);
        }

        let status = index.status();
        let facts = DatabaseFacts {
            status,
            source: match &origin {
                Origin::Embedded => "built in".to_owned(),
                Origin::Cache(path) | Origin::Named(path) => path.display().to_string(),
            },
            is_stale: status
                .snapshot
                .and_then(|day| today.days_since(day))
                .is_some_and(|days| days > STALE_AFTER_DAYS),
        };
        let color = if self.output.file().is_some() {
            terminal.color_in_files
        } else {
            terminal.color
        };
        let is_known = |name: &Name| matches!(index.package(name), Ok(Some(_)));
        let defects = hygiene::judge(&inventory, asked(&disk, &paths), today, &is_known);
        let report = report(
            &answers,
            &interpreters,
            &defects,
            &disk,
            project.rules,
            today,
        );
        let options = project.view_options();
        let presentation = Presentation {
            root: project.working_directory.clone(),
            ..Presentation::default()
        };
        let view = View::new(&report, &options, presentation, project.rules);
        let asked: Vec<&Finding> = view.shown.iter().copied().filter(is_of_hygiene).collect();
        let subject = subject(&disk, &paths, &project);
        let made = start_time()?;
        let write = |out: &mut dyn Write| {
            let format = match self.written.format {
                Format::Text => {
                    let paint = Paint::new(color);
                    return text::write(&answers, &asked, &interpreters, &facts, paint, out);
                }
                Format::Json => return json::list(&answers, out),
                Format::JsonFull => {
                    return json::full(&answers, &asked, &interpreters, &facts, out);
                }
                Format::Cyclonedx | Format::Spdx => {
                    let bom = Bom::new(&inventory, &subject, made);
                    return match self.written.format {
                        Format::Spdx => bom::spdx::write(&bom, Some(&answers), out),
                        _ => bom::cyclonedx::write(&bom, Some(&answers), out),
                    };
                }
                Format::Openvex => return openvex::write(&answers, &subject, made, out),
                Format::Sarif => output::Format::Sarif,
                Format::Markdown => output::Format::Markdown,
                Format::Github => output::Format::Github,
            };
            output::write(format, &view, project.rules, RunTime::default(), out)
        };
        self.output.fill(terminal, write)?;
        let incomplete = !inventory.unreadable.is_empty() || skipped > 0;
        if incomplete && strict {
            return Ok(Exit::Incomplete);
        }
        let fail_on = project.configuration.fail_on.value;
        let fails = fails(&answers, &asked, &interpreters, fail_on);
        Ok(if fails { Exit::Findings } else { Exit::Clean })
    }

    /// What the files that are named say of exploitation.
    fn exploitation(&self, terminal: &Terminal) -> Result<Exploitation> {
        let mut exploitation = Exploitation::default();
        if let Some(file) = &self.epss {
            let scores = Epss::read(&read_named(file)?);
            exploitation.scores = scores.with_context(|| file.display().to_string())?;
            skipped_of(file, exploitation.scores.skipped, terminal);
        }
        if let Some(file) = &self.kev {
            let catalogue = Kev::read(&read_named(file)?);
            exploitation.catalogue = catalogue.with_context(|| file.display().to_string())?;
            skipped_of(file, exploitation.catalogue.skipped, terminal);
        }
        Ok(exploitation)
    }

    /// The code that the inputs install packages for: what is below the directories that were named, and around the files.
    fn code(
        &self,
        project: &Project,
        disk: &Disk,
        paths: &[String],
        terminal: &Terminal,
    ) -> Result<Code> {
        let mut around: Vec<PathBuf> = Vec::new();
        for path in &self.project.paths {
            match project_directory(&project.working_directory.join(path)) {
                Some(directory) if !around.contains(&directory) => around.push(directory),
                Some(_) => {}
                None => terminal.warn(&format!(
                    "{}: what lies around it is no project, so whether code uses its packages is unknown; naming the \
                     directory looks into it",
                    path.display()
                )),
            }
        }
        if self.project.paths.is_empty() {
            around.push(project.working_directory.clone());
        }
        if around.is_empty() {
            return Ok(Code::none());
        }
        let arguments = ProjectArguments {
            paths: around.clone(),
            ..self.project.clone()
        };
        let around_files = Project::load(&arguments, &FilterArguments::default())?;
        let program = around_files.program(terminal)?;
        let mut installed = BTreeMap::new();
        for directory in around.iter().map(|path| path.to_string_lossy()) {
            installed.append(&mut installed_modules(disk, &directory));
        }
        for directory in paths {
            installed.append(&mut installed_modules(disk, directory));
        }
        let pool = project.pool()?;
        let code = pool.install(|| Code::new(&program)).installed(installed);
        let elsewhere =
            |file: &str| display_path(&project.working_directory, &around_files.root.join(file));
        Ok(code.seen_from(elsewhere))
    }
}

fn read_named(file: &Path) -> Result<Vec<u8>> {
    read_bounded(file).map_err(|reason| anyhow!("{}: {reason}", file.display()))
}

fn skipped_of(file: &Path, skipped: usize, terminal: &Terminal) {
    if skipped > 0 {
        let entries = plural(skipped, "entry");
        terminal.warn(&format!(
            "{}: {entries} cannot be read and are not in this answer",
            file.display()
        ));
    }
}

/// The files of a project as the readers of inputs ask for them.
pub(super) fn disk(project: &Project) -> Result<Disk> {
    let exclude = &project.configuration.exclude.value;
    Ok(Disk::new(
        &project.working_directory,
        PathGlobs::new(exclude.iter().map(String::as_str))?,
    ))
}

/// What the project is called: in its manifest, else by its directory.
pub(super) fn subject(disk: &Disk, paths: &[String], project: &Project) -> Subject {
    let directory = paths.first().map_or("", String::as_str);
    let place = project.working_directory.join(directory);
    let place = place.canonicalize().unwrap_or(place);
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    Subject::read(disk, directory, &name)
}

/// Directories that are looked at above a file for the project it belongs to.
const MAX_CLIMB: usize = 8;

/// Files and directories around an input that nothing marks as part of a project. A small project needs no mark; where
/// there are more, as in a home or a temporary directory, what lies there has nothing to do with the input.
const MAX_UNMARKED: usize = 10_000;

/// The directory of the project that an input belongs to: the closest one with a manifest or a repository, else the
/// input's own, unless that is none of a project.
fn project_directory(path: &Path) -> Option<PathBuf> {
    const MARKS: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg", ".git"];
    if path.is_dir() {
        return Some(path.to_owned());
    }
    let own = path.parent().unwrap_or(path);
    let mut above = own.ancestors().take(MAX_CLIMB);
    let found = above.find(|directory| MARKS.iter().any(|mark| directory.join(mark).exists()));
    match found {
        Some(directory) => Some(directory.to_owned()),
        None => (!holds_more_than(own, MAX_UNMARKED)).then(|| own.to_owned()),
    }
}

/// Whether there are more than so many files and directories below a directory. Links are not followed.
fn holds_more_than(directory: &Path, bound: usize) -> bool {
    let mut open = vec![directory.to_owned()];
    let mut met = 0;
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            met += 1;
            if met > bound {
                return true;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
    false
}

/// The answers as findings.
fn report(
    answers: &Answers,
    interpreters: &[InterpreterAnswer],
    defects: &[Defect],
    disk: &Disk,
    rules: &[RuleMeta],
    today: Date,
) -> Report {
    let texts = Texts::new(disk);
    let text = |file: &str| texts.get(file);
    let mut report = Report::default();
    for rule in rules {
        match rule.id.as_str() {
            findings::VULNERABLE_DEPENDENCY => {
                report
                    .findings
                    .extend(findings::packages(answers, rule, &text));
            }
            findings::END_OF_LIFE_PYTHON => {
                report
                    .findings
                    .extend(findings::interpreters(interpreters, rule, &text));
            }
            _ => {}
        }
    }
    report.findings.append(&mut findings::hygiene(
        defects,
        &rules.iter().collect::<Vec<_>>(),
        &text,
    ));
    texts.look_for_comments(answers.inventory);
    let texts = texts.all();
    let today = hognose_finding::Date::from_days(today.days());
    comments::suppress(&mut report.findings, &texts, rules, &BTreeSet::new(), today);
    report
        .findings
        .sort_by(|a, b| (&a.location, &a.message).cmp(&(&b.location, &b.message)));
    assign_ordinals(&mut report.findings);
    report.failures = failures(answers.inventory);
    report.files_analysed = answers.inventory.inputs.len();
    report.sources = texts
        .into_iter()
        .map(|(file, text)| (file, Source { text }))
        .collect();
    report
}

/// What could not be read, as every report names it.
fn failures(inventory: &Inventory) -> Vec<FileFailure> {
    let failure = |unreadable: &Unreadable| FileFailure {
        file: Arc::clone(&unreadable.place.file),
        line: Some(unreadable.place.line),
        reason: unreadable.reason.clone(),
        partial: true,
    };
    let mut failures: Vec<FileFailure> = inventory.unreadable.iter().map(failure).collect();
    failures.sort();
    failures.dedup();
    failures
}

/// Paths with `/`, as the readers of inputs have them: relative to the working directory where they lie below it.
pub(super) fn named_paths(project: &Project, paths: &[PathBuf]) -> Vec<String> {
    if paths.is_empty() {
        return vec![String::new()];
    }
    let text = |path: &PathBuf| {
        let path = project.working_directory.join(path);
        let shown = display_path(&project.working_directory, &path);
        let root = if shown.starts_with('/') { "/" } else { "" };
        inputs::join(root, &shown)
    };
    paths.iter().map(text).collect()
}

/// The directory that is audited, where it is one. A file is audited as part of the directory that it lies in.
fn asked<'p>(disk: &Disk, paths: &'p [String]) -> &'p str {
    match paths {
        [path] if disk.list(path).is_ok() => path,
        [path] => path.rsplit_once('/').map_or("", |(directory, _)| directory),
        _ => "",
    }
}

pub(super) fn read_all(disk: &Disk, paths: &[String]) -> Inventory {
    let mut inventory = Inventory::default();
    for path in paths {
        disk.note(path);
        inventory.merge(inputs::read(disk, path));
    }
    inventory
}

/// Whether a finding is one on how packages are asked for.
fn is_of_hygiene(finding: &&Finding) -> bool {
    Rule::ALL.iter().any(|rule| rule.id() == &*finding.rule)
}

/// Whether something is at or above the gate. An unknown severity is not below it, nor is an interpreter without fixes.
fn fails(
    answers: &Answers,
    asked: &[&Finding],
    interpreters: &[InterpreterAnswer],
    fail_on: FailOn,
) -> bool {
    let FailOn::AtLeast(gate) = fail_on else {
        return false;
    };
    let least = match gate {
        Severity::Low => Level::Low,
        Severity::Medium => Level::Medium,
        Severity::High => Level::High,
        Severity::Critical => Level::Critical,
    };
    let mut open = answers
        .packages
        .iter()
        .flat_map(|answer| &answer.advisories)
        .filter(|known| known.accepted.is_none());
    open.any(|known| known.level().is_none_or(|level| level >= least))
        || asked.iter().any(|finding| finding.severity >= gate)
        || interpreters.iter().any(|answer| answer.is_ended)
}

/// The day of the run.
fn today() -> Result<Date> {
    let days = u32::try_from(start_time()? / (24 * 60 * 60)).ok();
    days.and_then(Date::from_days)
        .context("SOURCE_DATE_EPOCH is beyond the calendar")
}

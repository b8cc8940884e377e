//! A project on its way from the command line to a report: what is audited, how, and where paths count from.
#![allow(
    clippy::disallowed_methods,
    reason = "the working directory is where the command runs"
)]

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use hognose_finding::{Date, Report, RuleMeta};
use hognose_python::{Layout, MemorySources, SourceKind, Sources};
use hognose_rules::{LineFacts, Registry, Watch};

use super::arguments::{FilterArguments, ProjectArguments};
use super::check::start_time;
use super::{Terminal, lock};
use crate::audit::audit_program;
use crate::configuration::{self, Configuration};
use crate::deps::check::Accepting;
use crate::discovery::{self, DiscoveryOptions, DiskSources, MAX_FILE_BYTES, PathGlobs};
use crate::git::Revision;
use crate::lock::FILE_NAME;
use crate::progress::{self, Watched};
use crate::suppress::suppress_by_path;
use crate::{Accepted, AuditOptions, Selection, Selector, ViewOptions, audit};

/// Stack of a worker. Code nests as deep as its author likes; what is deeper than the parser's bound is a failure of that
/// file. Only what is used of it is ever backed by memory.
const WORKER_STACK_BYTES: usize = 64 * 1024 * 1024;

/// A project and how it is to be audited.
pub struct Project {
    /// Absolute; reported paths are relative to it.
    pub root: PathBuf,
    /// Where the command runs, absolute.
    pub working_directory: PathBuf,
    /// The effective settings.
    pub configuration: Configuration,
    /// The rules there are.
    pub rules: &'static [RuleMeta],
    /// The rules with the models of the configuration, if it names any.
    registry: Option<Arc<Registry>>,
    inputs: Inputs,
}

enum Inputs {
    /// Absolute, existing.
    Disk(Vec<PathBuf>),
    /// Standard input, under this name.
    Stdin(Arc<str>),
}

impl Project {
    /// Finds out what is to be audited, and how; reads nothing but the configuration.
    ///
    /// # Errors
    /// Wrong usage or configuration.
    pub fn load(arguments: &ProjectArguments, filter: &FilterArguments) -> Result<Self> {
        let rules = hognose_rules::rules();
        let working_directory = std::env::current_dir()
            .and_then(|d| d.canonicalize())
            .context("the working directory cannot be told")?;
        let stdin = arguments.paths.iter().any(|p| p.as_os_str() == "-");
        if stdin && arguments.paths.len() > 1 {
            bail!("`-`, standard input, is audited alone");
        }
        if !stdin && arguments.stdin_filename.is_some() {
            bail!("`--stdin-filename` goes with `-`, standard input");
        }
        let paths = if stdin {
            Vec::new()
        } else if arguments.paths.is_empty() {
            vec![working_directory.clone()]
        } else {
            arguments
                .paths
                .iter()
                .map(|p| absolute(p))
                .collect::<Result<_>>()?
        };
        let stdin_file = arguments
            .stdin_filename
            .as_ref()
            .map(|name| working_directory.join(name));
        let anchor = match &stdin_file {
            // An editor names the file that the text is of, even one that is not saved yet.
            Some(file) => file.parent().unwrap_or(&working_directory).to_owned(),
            None => common_directory(&paths).unwrap_or_else(|| working_directory.clone()),
        };
        let mut configuration = match &arguments.config {
            _ if arguments.isolated => Configuration::default(),
            Some(file) => configuration::read_named(&absolute(file)?, &working_directory, rules)?,
            None => configuration::find(&anchor, &working_directory, rules)?,
        };
        override_settings(&mut configuration, arguments, filter, rules)?;
        let root = match configuration.directory().filter(|d| anchor.starts_with(d)) {
            Some(directory) => directory.to_owned(),
            None if anchor.starts_with(&working_directory) => working_directory.clone(),
            None => match paths.as_slice() {
                [directory] if directory.is_dir() => directory.clone(),
                _ => anchor,
            },
        };
        let inputs = if stdin {
            let name = stdin_file.as_deref().unwrap_or(Path::new("stdin.py"));
            Inputs::Stdin(discovery::display_path(&root, name))
        } else {
            Inputs::Disk(paths)
        };
        let registry = configuration::registry(&configuration, &working_directory)?;
        Ok(Self {
            root,
            working_directory,
            configuration,
            rules,
            registry,
            inputs,
        })
    }

    /// The name of the configuration file, as short as it is clear.
    pub fn configuration_name(&self) -> Option<Arc<str>> {
        let file = self.configuration.file.as_ref()?;
        Some(discovery::display_path(&self.working_directory, file))
    }

    /// Directories that imports start from: those of the configuration, and those named on the command line, so that
    /// modules have the same names wherever the command is run.
    fn layout(&self) -> Layout {
        let mut roots = self.configuration.source_roots.value.clone();
        if let Inputs::Disk(paths) = &self.inputs {
            for path in paths {
                let Some(directory) = import_root(path) else {
                    continue;
                };
                let name = discovery::display_path(&self.root, directory);
                if !name.is_empty() && &*name != "." && directory.starts_with(&self.root) {
                    roots.push(name.to_string());
                }
            }
        }
        Layout {
            source_roots: roots,
            package: package_name(&self.root),
            asked: self.asked(),
        }
    }

    /// The directory that is audited, where it is one, relative to the root.
    fn asked(&self) -> String {
        match &self.inputs {
            Inputs::Disk(paths) => match paths.as_slice() {
                [path] if path.is_dir() && *path != self.root => {
                    discovery::display_path(&self.root, path).to_string()
                }
                _ => String::new(),
            },
            Inputs::Stdin(_) => String::new(),
        }
    }

    /// What the rules and the engine are told.
    pub fn audit_options(&self, suppressions: bool) -> AuditOptions {
        let selection = self.selection();
        let persona = self.configuration.persona.value;
        // To see whether an event is written down every call is followed: only for those who are told of it.
        let is_idle = |r: &RuleMeta| r.persona > persona && r.tags.iter().any(|t| t == "events");
        let disabled = |r: &&RuleMeta| {
            !selection.allows_rule(r)
                || is_idle(r)
                || self
                    .configuration
                    .rules
                    .get(&r.id)
                    .is_some_and(|s| s.value.disable)
        };
        AuditOptions {
            layout: self.layout(),
            test_paths: self.configuration.test_paths.value.clone(),
            disabled_rules: self
                .rules
                .iter()
                .filter(disabled)
                .map(|r| r.id.clone())
                .collect(),
            suppressions,
            compat: self.configuration.compat.value.iter().cloned().collect(),
            today: today(),
            sources: self.configuration.source_choice(),
            registry: self.registry.clone(),
            advisories: || match crate::db::open(None) {
                Ok(database) => Ok(database.index),
                Err(error) => Err(format!("{error:#}")),
            },
            accepting: Accepting {
                entries: if suppressions {
                    self.configuration.ignore_advisories.clone()
                } else {
                    Vec::new()
                },
                configuration: self.configuration_name().unwrap_or_default(),
            },
            accepted: None,
        }
    }

    /// The lock in the root, where all of the root is audited: of a part it says too much.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn accepted(&self) -> Result<Option<Accepted>> {
        match &self.inputs {
            Inputs::Disk(paths) if paths.contains(&self.root) => {
                lock::read_text(&self.root.join(FILE_NAME))
            }
            _ => Ok(None),
        }
    }

    /// Which findings are shown.
    pub fn view_options(&self) -> ViewOptions {
        ViewOptions {
            persona: self.configuration.persona.value,
            min_severity: self.configuration.min_severity.value,
            min_confidence: self.configuration.min_confidence.value,
            selection: self.selection(),
            changed: None,
        }
    }

    fn selection(&self) -> Selection {
        Selection {
            select: self.configuration.select.value.clone(),
            ignore: self.configuration.ignore.value.clone(),
        }
    }

    /// Finds the files and reads standard input.
    ///
    /// # Errors
    /// Patterns of the configuration that are none, and standard input that cannot be read.
    pub fn sources(&self) -> Result<ProjectSources> {
        let configuration = &self.configuration;
        let patterns = |patterns: &[String]| PathGlobs::new(patterns.iter().map(String::as_str));
        match &self.inputs {
            Inputs::Disk(paths) => {
                let options = DiscoveryOptions {
                    include: patterns(&configuration.include.value)?,
                    exclude: patterns(&configuration.exclude.value)?,
                    default_excludes: configuration.default_excludes.value,
                    gitignore: configuration.gitignore.value,
                    threads: configuration.threads.value,
                };
                Ok(ProjectSources::Disk(DiskSources::find(
                    &self.root, paths, &options,
                )))
            }
            Inputs::Stdin(name) => {
                let mut bytes = Vec::new();
                let mut stdin = std::io::stdin().lock().take(MAX_FILE_BYTES + 1);
                stdin
                    .read_to_end(&mut bytes)
                    .context("standard input cannot be read")?;
                if bytes.len() as u64 > MAX_FILE_BYTES {
                    bail!(
                        "standard input is too large: the limit is {} MiB",
                        MAX_FILE_BYTES / 1024 / 1024
                    );
                }
                let kind = discovery::kind_of(Path::new(&**name)).unwrap_or(SourceKind::Module);
                Ok(ProjectSources::Stdin(MemorySources::new([(
                    name.to_string(),
                    kind,
                    bytes,
                )])))
            }
        }
    }

    /// Audits the project on threads of its own.
    ///
    /// # Errors
    /// As [`Self::sources`], and when no thread can be started.
    pub fn audit(
        &self,
        sources: &ProjectSources,
        options: &AuditOptions,
        terminal: &Terminal,
    ) -> Result<Report> {
        let watched = Watched::new(sources.get());
        let mut report = self.pool()?.install(|| {
            progress::show_while(terminal.stderr_watched, &watched, || {
                audit(&watched, options)
            })
        });
        self.settle(sources, options, &mut report)?;
        Ok(report)
    }

    /// Audits the project, and tells all that is known of one of its places, which `find` looks up.
    ///
    /// # Errors
    /// As [`Self::audit`], and what `find` says.
    pub fn audit_place<P>(
        &self,
        sources: &ProjectSources,
        options: &AuditOptions,
        terminal: &Terminal,
        find: impl Fn(&hognose_python::Project) -> Result<(Watch, P)> + Send + Sync,
    ) -> Result<(Report, Option<LineFacts>, P)>
    where
        P: Send,
    {
        let watched = Watched::new(sources.get());
        let (mut report, facts, place) = self.pool()?.install(|| {
            progress::show_while(terminal.stderr_watched, &watched, || {
                let program = hognose_python::Project::build(&watched, &options.layout);
                let (watch, place) = find(&program)?;
                let (report, facts) = audit_program(&watched, &program, options, Some(watch));
                anyhow::Ok((report, facts, place))
            })
        })?;
        self.settle(sources, options, &mut report)?;
        Ok((report, facts, place))
    }

    /// What the configuration says of a report, and what was not read.
    fn settle(
        &self,
        sources: &ProjectSources,
        options: &AuditOptions,
        report: &mut Report,
    ) -> Result<()> {
        if let ProjectSources::Disk(disk) = sources {
            report.failures.extend_from_slice(disk.failures());
            report.failures.sort();
            report.notes.extend_from_slice(disk.notes());
            report.notes.sort();
        }
        if options.suppressions {
            let notes = suppress_by_path(
                &mut report.findings,
                &self.configuration.ignore_paths,
                self.rules,
                &self.configuration_name().unwrap_or_default(),
                options.today,
            )?;
            report.notes.extend(notes);
            report.notes.sort();
        }
        for finding in &mut report.findings {
            let settings = self.configuration.rules.get(&*finding.rule);
            if let Some(severity) = settings.and_then(|s| s.value.severity) {
                finding.severity = severity;
            }
        }
        Ok(())
    }

    /// Reads the Python program without judging it.
    ///
    /// # Errors
    /// As [`Self::sources`], and when no thread can be started.
    pub fn program(&self, terminal: &Terminal) -> Result<hognose_python::Project> {
        let sources = self.sources()?;
        let watched = Watched::new(sources.get());
        let layout = &self.layout();
        Ok(self.pool()?.install(|| {
            progress::show_while(terminal.stderr_watched, &watched, || {
                hognose_python::Project::build(&watched, layout)
            })
        }))
    }

    /// The project as it was at a revision, with the layout and patterns of today.
    ///
    /// # Errors
    /// As [`Self::sources`], and objects that are missing or broken.
    pub fn program_at(&self, revision: &Revision) -> Result<hognose_python::Project> {
        let excluded = PathGlobs::new(self.configuration.exclude.value.iter().map(String::as_str))?;
        // Each directory is looked at once.
        let mut foreign: HashMap<PathBuf, bool> = HashMap::new();
        let sources = revision.sources(|path| {
            let mut directories = Path::new(path).ancestors().skip(1);
            let nobodys = self.configuration.default_excludes.value
                && directories.any(|directory| {
                    *foreign.entry(directory.to_owned()).or_insert_with(|| {
                        directory.file_name().is_some()
                            && discovery::is_nobodys_source(&self.root.join(directory))
                    })
                });
            !nobodys && !excluded.matches(path) && self.is_audited(path)
        })?;
        let layout = &self.layout();
        Ok(self
            .pool()?
            .install(|| hognose_python::Project::build(&sources, layout)))
    }

    /// Whether a path relative to the root lies below what is audited.
    fn is_audited(&self, path: &str) -> bool {
        match &self.inputs {
            Inputs::Disk(paths) => {
                let path = self.root.join(path);
                paths.iter().any(|audited| path.starts_with(audited))
            }
            Inputs::Stdin(_) => false,
        }
    }

    /// Worker threads with room for deep code.
    pub(super) fn pool(&self) -> Result<rayon::ThreadPool> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.configuration.threads.value)
            .stack_size(WORKER_STACK_BYTES)
            .thread_name(|index| format!("hognose-{index}"))
            .build()
            .context("no threads can be started")
    }
}

/// Where the imports of a path named on the command line start: the directory itself, or the one around a file and the
/// packages it lies in.
fn import_root(path: &Path) -> Option<&Path> {
    if path.is_dir() {
        return Some(path);
    }
    path.ancestors()
        .skip(1)
        .find(|directory| !directory.join("__init__.py").is_file())
}

/// The day of the run. A `SOURCE_DATE_EPOCH` that is no number is told where the time itself is used.
fn today() -> Date {
    let days = start_time().unwrap_or_default() / (24 * 60 * 60);
    Date::from_days(u32::try_from(days).unwrap_or(u32::MAX))
}

/// The files of a project.
pub enum ProjectSources {
    /// Below the paths named.
    Disk(DiskSources),
    /// One, from standard input.
    Stdin(MemorySources),
}

impl ProjectSources {
    /// The door to them.
    pub fn get(&self) -> &dyn Sources {
        match self {
            Self::Disk(sources) => sources,
            Self::Stdin(sources) => sources,
        }
    }
}

/// Reads the words of `--select` or `--ignore`.
///
/// # Errors
/// The first that names nothing.
pub fn selectors(flag: &str, words: &[String], rules: &[RuleMeta]) -> Result<Vec<Selector>> {
    let words = words.iter().map(|w| w.trim()).filter(|w| !w.is_empty());
    words
        .map(|w| Selector::parse(w, rules).map_err(|e| anyhow!("{flag}: {e}")))
        .collect()
}

fn override_settings(
    configuration: &mut Configuration,
    arguments: &ProjectArguments,
    filter: &FilterArguments,
    rules: &[RuleMeta],
) -> Result<()> {
    let select = filter
        .select
        .as_deref()
        .map(|words| selectors("--select", words, rules))
        .transpose()?;
    let ignore = filter
        .ignore
        .as_deref()
        .map(|words| selectors("--ignore", words, rules))
        .transpose()?;
    configuration.persona.override_with(filter.persona);
    configuration
        .min_severity
        .override_with(filter.min_severity);
    configuration
        .min_confidence
        .override_with(filter.min_confidence);
    configuration.select.override_with(select);
    configuration.ignore.override_with(ignore);
    configuration.threads.override_with(arguments.threads);
    Ok(())
}

/// The absolute path of a file or directory that was named. A link to a directory is followed; a link to a file keeps its
/// name, by which it is reported.
fn absolute(path: &Path) -> Result<PathBuf> {
    let cannot = || format!("cannot open `{}`", path.display());
    let metadata = path.metadata().with_context(cannot)?;
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !metadata.is_dir() => {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            Ok(parent.canonicalize().with_context(cannot)?.join(name))
        }
        _ => path.canonicalize().with_context(cannot),
    }
}

/// The deepest directory that holds all paths.
fn common_directory(paths: &[PathBuf]) -> Option<PathBuf> {
    let directories = paths.iter().map(|p| {
        if p.is_dir() {
            Some(p.as_path())
        } else {
            p.parent()
        }
    });
    let mut directories = directories.collect::<Option<Vec<_>>>()?.into_iter();
    let first = directories.next()?;
    let common = |a: &Path, b: &Path| {
        a.ancestors()
            .find(|above| b.starts_with(above))
            .map(Path::to_owned)
    };
    directories.try_fold(first.to_owned(), |held, next| common(&held, next))
}

/// Dotted name of a directory that is a package, with the packages around it; empty for any other.
fn package_name(directory: &Path) -> String {
    const MAX_PARTS: usize = 32;
    let mut parts = Vec::new();
    let mut at = Some(directory);
    while let Some(package) = at.filter(|package| package.join("__init__.py").is_file()) {
        let Some(name) = package.file_name() else {
            break;
        };
        parts.push(name.to_string_lossy().into_owned());
        if parts.len() == MAX_PARTS {
            break;
        }
        at = package.parent();
    }
    parts.reverse();
    parts.join(".")
}

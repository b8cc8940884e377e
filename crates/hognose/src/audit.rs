//! From sources to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use hognose_deps::advisories::database;
use hognose_deps::advisories::index::Index;
use hognose_finding::{
    DataFlow, Date, FileFailure, Finding, Note, Report, RuleMeta, Source, SourceUse,
    assign_ordinals,
};
use hognose_python::{Layout, Project, SourceKind, Sources};
use hognose_rules::{
    LineFacts, Outcome, Registry, RunOptions, SourceChoice, SuppressOptions, Vendored, Watch,
    distributions, registry, rules, run, suppress,
};

use crate::access::{self, Accepted};
use crate::deps::{self, check::Accepting};

/// Stack of the thread that looks at endpoints: code nests as deep as its author likes, and only what is used is backed by
/// memory.
const ENDPOINTS_STACK_BYTES: usize = 64 * 1024 * 1024;

/// What an audit needs to know beside the sources. Filters on severity and persona are not among it: the report holds
/// everything, and whoever prints it chooses.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// Where modules have their names from.
    pub layout: Layout,
    /// Globs of test code, added to what is recognised anyway.
    pub test_paths: Vec<String>,
    /// Rule ids that are not to run; everything else does.
    pub disabled_rules: BTreeSet<String>,
    /// Honour suppression comments.
    pub suppressions: bool,
    /// Other tools whose suppression comments are honoured: `bandit`, `ruff`, `semgrep`.
    pub compat: BTreeSet<String>,
    /// The day on which suppressions with an end are judged; by default one before all of them.
    pub today: Date,
    /// Whose data is untrusted.
    pub sources: SourceChoice,
    /// The rules, with models of the user; by default the built-in ones.
    pub registry: Option<Arc<Registry>>,
    /// Opens the advisories that dependencies are judged by; by default those that are built in.
    pub advisories: fn() -> Result<Index, String>,
    /// Advisories on dependencies that are accepted.
    pub accepting: Accepting,
    /// Who may call what, as it was accepted.
    pub accepted: Option<Accepted>,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            test_paths: Vec::new(),
            disabled_rules: BTreeSet::new(),
            suppressions: false,
            compat: BTreeSet::new(),
            today: Date::default(),
            sources: SourceChoice::Auto(Vec::new()),
            registry: None,
            advisories: || database::embedded().map_err(|damage| damage.to_string()),
            accepting: Accepting::default(),
            accepted: None,
        }
    }
}

/// Audits a project. Never fails: what could not be analysed is in the report.
pub fn audit(sources: &dyn Sources, options: &AuditOptions) -> Report {
    let project = Project::build(sources, &options.layout);
    audit_program(sources, &project, options, None).0
}

/// Audits a program that was read, and tells all that is known of one of its places.
pub(crate) fn audit_program(
    sources: &dyn Sources,
    project: &Project,
    options: &AuditOptions,
    watch: Option<Watch>,
) -> (Report, Option<LineFacts>) {
    let registry = options.registry.as_deref().unwrap_or_else(|| registry());
    let tests = test_files(project, &options.test_paths);
    let run_options = RunOptions {
        disabled: options.disabled_rules.clone(),
        tests: tests.clone(),
        sources: options.sources.clone(),
        distributions: distributions(sources, project),
        vendored: Vendored::find(sources),
        declared: options.suppressions.then_some(options.today),
        watch,
    };
    let in_tests = access::in_tests(project);
    let endpoints = || {
        access::check(
            project,
            registry,
            &|id| !options.disabled_rules.contains(id),
            &|file| in_tests(file) || tests.contains(file),
            options.accepted.as_ref(),
        )
    };
    // Endpoints have a thread of their own: the call graphs that both need wait for workers, and must not be any.
    let (outcome, endpoints) = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(ENDPOINTS_STACK_BYTES);
        let beside = builder.spawn_scoped(scope, endpoints);
        let outcome = run(registry, project, &run_options);
        let found = match beside {
            Ok(thread) => thread.join().unwrap_or_default(),
            Err(_) => endpoints(),
        };
        (outcome, found)
    });
    let Outcome {
        findings,
        notes,
        data_flow,
        watched,
    } = outcome;

    let mut report = Report {
        findings,
        notes,
        data_flow: data_flow.map(followed),
        ..Report::default()
    };
    coverage(project, &mut report);
    let enabled: Vec<&RuleMeta> = rules()
        .iter()
        .filter(|rule| !options.disabled_rules.contains(&rule.id))
        .collect();
    let installed = deps::check::check(
        sources,
        project,
        &enabled,
        &options.accepting,
        options.advisories,
        options.today,
    );
    report.findings.extend(installed.findings);
    report.notes.extend(installed.notes);
    report.findings.extend(endpoints.findings);
    report.notes.extend(endpoints.notes);
    for rule in registry
        .rules
        .iter()
        .filter(|rule| !options.disabled_rules.contains(&rule.meta.id))
    {
        report
            .practices
            .entry(rule.meta.practice)
            .or_default()
            .rules += 1;
    }
    if options.suppressions {
        let suppress_options = SuppressOptions {
            compat: options
                .compat
                .iter()
                .filter_map(|word| word.parse().ok())
                .collect(),
            today: options.today,
            disabled: options.disabled_rules.clone(),
        };
        suppress(
            &project.modules,
            &mut report.findings,
            rules(),
            &suppress_options,
        );
        suppress(
            &project.templates,
            &mut report.findings,
            rules(),
            &suppress_options,
        );
        deps::comments::suppress(
            &mut report.findings,
            &installed.texts,
            rules(),
            &options.disabled_rules,
            options.today,
        );
    }
    sort(&mut report.findings);
    assign_ordinals(&mut report.findings);
    report.failures.sort();
    report.notes.sort();
    report.notes.dedup();
    report.sources = excerpts(project, &report.findings);
    let texts = installed.texts.into_iter().chain(endpoints.texts);
    report
        .sources
        .extend(texts.map(|(file, text)| (file, Source { text })));
    (report, watched)
}

fn followed(data_flow: hognose_rules::DataFlow) -> DataFlow {
    let coverage = data_flow.coverage;
    let sources = data_flow.sources.into_iter();
    DataFlow {
        sources: sources
            .map(|used| SourceUse {
                kind: used.kind,
                why: used.why,
            })
            .collect(),
        functions: coverage.functions,
        entries: coverage.entries,
        cut: coverage.cut,
        calls: coverage.calls,
        unresolved: coverage.unresolved,
    }
}

fn test_files(project: &Project, globs: &[String]) -> BTreeSet<Arc<str>> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        // The configuration was checked when it was read.
        if let Ok(glob) = Glob::new(glob) {
            builder.add(glob);
        }
    }
    let set = builder.build().unwrap_or_else(|_| GlobSet::empty());
    project
        .modules
        .iter()
        .filter(|module| set.is_match(&*module.file))
        .map(|module| Arc::clone(&module.file))
        .collect()
}

/// Counts what was analysed and names what was not.
fn coverage(project: &Project, report: &mut Report) {
    for module in project
        .modules
        .iter()
        .filter(|module| module.kind != SourceKind::Stub)
    {
        report.files_analysed += 1;
        report.lines_analysed += module.text.line_count();
        if let Some(fault) = module.faults.first() {
            let (line, _) = module.text.position(fault.range.start());
            report.failures.push(FileFailure {
                file: Arc::clone(&module.file),
                line: Some(line),
                reason: fault.reason.clone(),
                partial: true,
            });
        }
    }
    for (file, reason) in &project.unreadable {
        report.failures.push(FileFailure {
            file: Arc::clone(file),
            line: None,
            reason: reason.clone(),
            partial: false,
        });
    }
    if project.templates_left_out > 0 {
        report.notes.push(Note {
            file: None,
            text: format!(
                "{} template files were not read: too large, too many, or unreadable",
                project.templates_left_out
            ),
        });
    }
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (&a.location, &a.rule, &a.message).cmp(&(&b.location, &b.rule, &b.message))
    });
}

fn excerpts(project: &Project, findings: &[Finding]) -> BTreeMap<Arc<str>, Source> {
    let mut sources = BTreeMap::new();
    for finding in findings {
        let places = std::iter::once(&finding.location)
            .chain(finding.labels.iter().map(|label| &label.location))
            .chain(finding.flow.iter().map(|step| &step.location));
        for place in places {
            if !sources.contains_key(&place.file)
                && let Some(text) = project.text_of(&place.file)
            {
                sources.insert(
                    Arc::clone(&place.file),
                    Source {
                        text: text.shared(),
                    },
                );
            }
        }
    }
    sources
}

//! Runs the rules over a project.

mod asked;
mod harmless;
mod matching;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hognose_finding::{
    Cell, Confidence, Date, Finding, Fingerprint, Label, Location, Note, Persona, Position,
};
use hognose_python::ir::*;
use hognose_python::{Constant, Evaluator, Module, ModuleId, Project, SourceKind, Symbol};
use hognose_taint::{Survey, Surveyor};
use rayon::prelude::*;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::context::{Draft, call_sites};
use crate::fingerprint::{self, Statements};
use crate::flow::{Distribution, LineFacts, SourceChoice, ThreatModel, UsedSource};
use crate::matcher::{Matcher, MatcherRef};
use crate::registry::{Registry, Rule, Tests};
use crate::settings::{Settings, judge};
use crate::test_code;
use crate::vendored::Vendored;
use asked::is_asked_for;
use harmless::{HarmlessPlaces, replace_patterns};

/// What a run of the rules needs to know.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Ids of rules that do not run.
    pub disabled: BTreeSet<String>,
    /// Files that are test code, beside those recognised anyway.
    pub tests: BTreeSet<Arc<str>>,
    /// Whose data is untrusted.
    pub sources: SourceChoice,
    /// What is made to be imported, see [`crate::distributions`].
    pub distributions: Vec<Distribution>,
    /// Copies of other projects.
    pub vendored: Vendored,
    /// Comments that declare sanitizers are honoured, as of this day.
    pub declared: Option<Date>,
    /// A place of which all that is known is to be told.
    pub watch: Option<hognose_taint::Watch>,
}

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Of all rules in all modules, unsorted.
    pub findings: Vec<Finding>,
    /// Rules that failed.
    pub notes: Vec<Note>,
    /// How far data was followed; `None` when that failed.
    pub data_flow: Option<DataFlow>,
    /// What is known of the place that was asked about; `None` when the analysis of data flow failed.
    pub watched: Option<LineFacts>,
}

/// How far data was followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataFlow {
    /// The kinds of sources that counted.
    pub sources: Vec<UsedSource>,
    /// What was walked, and where bounds were hit.
    pub coverage: hognose_taint::Coverage,
}

/// Runs all rules over all modules.
pub fn run(registry: &Registry, project: &Project, options: &RunOptions) -> Outcome {
    let enabled: Vec<bool> = registry
        .rules
        .iter()
        .map(|rule| !options.disabled.contains(&rule.meta.id))
        .collect();
    let tests = |id: ModuleId| {
        let module = project.module(id);
        options.tests.contains(&module.file) || test_code::is_test(module)
    };
    let settings = catch_unwind(AssertUnwindSafe(|| {
        Settings::find(project, registry, &tests)
    }))
    .unwrap_or_else(|_| Settings::failed());
    let judged = judge(project, registry, &enabled, &settings);
    let surveyor = Surveyor::new(project, &registry.flows.models);
    let results: Vec<OfModule> = project
        .iter()
        .collect::<Vec<_>>()
        .into_par_iter()
        .map_init(Memory::new(registry, project), |memory, (id, module)| {
            if module.kind == SourceKind::Stub {
                return OfModule {
                    survey: Some(Survey::default()),
                    ..OfModule::default()
                };
            }
            memory.values.forget();
            let mut run = ModuleRun {
                registry,
                enabled: &enabled,
                settings: &settings,
                module,
                id,
                in_test: tests(id),
                values: &mut memory.values,
                of_calls: &mut memory.of_calls,
                drafts: judged.get(&id).cloned().unwrap_or_default(),
                notes: Vec::new(),
            };
            run.all();
            let (findings, notes) = run.finish();
            // What is a part of flows here is asked while the evaluator still knows the module.
            let values = &mut memory.values;
            let survey = catch_unwind(AssertUnwindSafe(|| surveyor.survey(values, id)));
            if survey.is_err() {
                memory.values = Evaluator::new(project, &registry.aliases);
            }
            OfModule {
                findings,
                notes,
                survey: survey.ok(),
            }
        })
        .collect();
    let mut findings = Vec::new();
    let mut notes = settings.notes.clone();
    let mut surveys = Vec::with_capacity(results.len());
    for mut of_module in results {
        findings.append(&mut of_module.findings);
        notes.append(&mut of_module.notes);
        surveys.extend(of_module.survey);
    }
    let surveyed = surveys.len() == project.modules.len();
    let analyse = || {
        let decided = std::cell::OnceCell::new();
        let decide = |entries: &[hognose_taint::Entered]| {
            decided
                .get_or_init(|| {
                    ThreatModel::decide(
                        &options.sources,
                        &options.distributions,
                        registry,
                        project,
                        entries,
                    )
                })
                .chosen(registry)
        };
        let asked = hognose_taint::Options {
            watch: options.watch,
            cleans: options.declared.map_or_else(FxHashMap::default, |today| {
                crate::flow::declared(registry, project, today)
            }),
        };
        let analysis = hognose_taint::analyse(surveyor, surveys, asked, &decide, &tests);
        let threat = decided.into_inner().unwrap_or_default();
        let flows = crate::flow::report(registry, project, &analysis, &threat, &enabled, &tests);
        let watched = options.watch.map(|watch| {
            crate::flow::line_facts(registry, project, &analysis, &threat, &enabled, watch)
        });
        let harmless = HarmlessPlaces::new(registry, project, &analysis);
        let data_flow = DataFlow {
            sources: threat.used,
            coverage: analysis.coverage,
        };
        (flows, harmless, data_flow, watched)
    };
    let analysed = surveyed.then(|| catch_unwind(AssertUnwindSafe(analyse)));

    let (data_flow, watched) = match analysed {
        Some(Ok((mut flows, harmless, data_flow, watched))) => {
            for finding in &mut findings {
                if harmless.hold(registry, finding) {
                    finding.persona = Persona::Auditor;
                }
            }
            replace_patterns(registry, &mut findings, &mut flows);
            findings.extend(flows);
            (Some(data_flow), watched)
        }
        Some(Err(_)) | None => {
            notes.push(Note {
                file: None,
                text: "the analysis of data flow failed; its findings are missing".to_owned(),
            });
            (None, None)
        }
    };
    for finding in &mut findings {
        if options.vendored.has(finding) {
            finding.persona = Persona::Auditor;
        }
    }
    Outcome {
        findings,
        notes,
        data_flow,
        watched,
    }
}

/// What was found out of one module.
#[derive(Default)]
struct OfModule {
    findings: Vec<Finding>,
    notes: Vec<Note>,
    /// What it is made of, unless finding that out failed.
    survey: Option<Survey>,
}

/// What one thread keeps from module to module.
struct Memory<'p> {
    values: Evaluator<'p>,
    /// Matchers by callee; empty for most.
    of_calls: FxHashMap<Symbol, Cow<'p, [MatcherRef]>>,
}

impl<'p> Memory<'p> {
    fn new(registry: &'p Registry, project: &'p Project) -> impl Fn() -> Self {
        move || Self {
            values: Evaluator::new(project, &registry.aliases),
            of_calls: FxHashMap::default(),
        }
    }
}

struct ModuleRun<'a, 'p> {
    registry: &'p Registry,
    enabled: &'p [bool],
    settings: &'p Settings,
    module: &'p Module,
    id: ModuleId,
    in_test: bool,
    values: &'a mut Evaluator<'p>,
    of_calls: &'a mut FxHashMap<Symbol, Cow<'p, [MatcherRef]>>,
    drafts: Vec<Draft>,
    notes: Vec<Note>,
}

impl ModuleRun<'_, '_> {
    fn all(&mut self) {
        let sites = call_sites(self.values, self.id);
        self.calls(&sites);
        self.references();
        self.imports();
        self.stores();
        self.classes();
        self.decorators(&sites);
        self.functions(&sites);
    }

    fn message(
        &mut self,
        rule: &Rule,
        matcher: &Matcher,
        callee: &str,
        name: &str,
        shown: Option<(ModuleId, ExprId)>,
    ) -> String {
        let template = matcher.message.as_ref().unwrap_or(&rule.message);
        let mut message = template
            .replace("{callee}", &readable(callee))
            .replace("{name}", name);
        if message.contains("{value}") {
            let value = match shown {
                Some((at, expr)) => match self.values.constant(at, expr) {
                    Some(Constant::Str(text)) => excerpt(&format!("\"{text}\"")),
                    constant => {
                        let module = self.values.project().module(at);
                        let range = module.expr_range(expr);
                        let span = range.start().to_usize()..range.end().to_usize();
                        let text = excerpt(module.text.as_str().get(span).unwrap_or_default());
                        match (constant, module[expr]) {
                            (
                                Some(Constant::Int(number)),
                                Expr::Name { .. } | Expr::Attribute { .. },
                            ) => {
                                format!("{text} ({number})")
                            }
                            _ => text,
                        }
                    }
                },
                None => String::new(),
            };
            message = message.replace("{value}", &value);
        }
        message
    }

    fn finish(mut self) -> (Vec<Finding>, Vec<Note>) {
        let registry = self.registry;
        self.drafts.sort_by(|a, b| {
            (a.range.start(), a.range.end(), a.rule).cmp(&(b.range.start(), b.range.end(), b.rule))
        });
        self.drafts
            .dedup_by(|next, kept| next.rule == kept.rule && next.range == kept.range);
        for draft in &mut self.drafts {
            let options = &registry.rules[draft.rule].options;
            if draft.persona == Persona::Regular
                && !options.is_empty()
                && is_asked_for(self.module, draft.range, options)
            {
                draft
                    .persona(Persona::Pedantic)
                    .confidence(Confidence::Medium);
            }
        }
        // A more telling rule stands for the general one at the same place.
        // They are sorted, so those of one place stand side by side.
        let replaced: Vec<bool> = self
            .drafts
            .chunk_by(|a, b| a.range == b.range)
            .flat_map(|place| {
                place.iter().map(|draft| {
                    let id = &registry.rules[draft.rule].meta.id;
                    place.iter().any(|other| {
                        other.rule != draft.rule && registry.rules[other.rule].replaces.contains(id)
                    })
                })
            })
            .collect();
        let drafts = std::mem::take(&mut self.drafts);
        if drafts.is_empty() {
            return (Vec::new(), self.notes);
        }
        let statements = Statements::new(self.module);
        let findings = drafts
            .into_iter()
            .zip(replaced)
            .filter(|(_, replaced)| !replaced)
            .map(|(draft, _)| self.finding(&statements, draft))
            .collect();
        (findings, self.notes)
    }

    fn finding(&self, statements: &Statements, draft: Draft) -> Finding {
        let rule = &self.registry.rules[draft.rule];
        let persona = if self.in_test && rule.tests == Tests::Skip {
            Persona::Auditor
        } else {
            draft.persona
        };
        Finding {
            rule: Arc::clone(&rule.id),
            title: Arc::clone(&rule.title),
            message: draft.message,
            severity: draft.severity,
            confidence: draft.confidence,
            persona,
            practice: rule.meta.practice,
            cwe: Arc::clone(&rule.cwe),
            location: location(self.module, draft.range),
            labels: draft
                .labels
                .into_iter()
                .map(|(at, range, text)| Label {
                    location: location(self.values.project().module(at), range),
                    text,
                })
                .collect(),
            flow: Vec::new(),
            symbol: symbol(self.module, draft.range).into(),
            in_test: self.in_test,
            fix: None,
            fingerprint: Fingerprint {
                content: fingerprint::content(self.module, statements, &rule.meta.id, draft.range),
                ordinal: 0,
            },
            suppressed: None,
        }
    }
}

/// Callee as people write it: `open` rather than `builtins.open`.
fn readable(callee: &str) -> String {
    callee
        .strip_prefix("builtins.")
        .unwrap_or(callee)
        .to_owned()
}

/// One short line of source text for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const MAX: usize = 60;
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX {
        return line;
    }
    let mut cut: String = line.chars().take(MAX - 1).collect();
    cut.push('…');
    cut
}

/// A span as a location.
pub(crate) fn location(module: &Module, range: TextRange) -> Location {
    let (line, column) = module.text.position(range.start());
    let (end_line, end_column) = module.text.position(range.end());
    Location {
        file: Arc::clone(&module.file),
        start: Position { line, column },
        end: Position {
            line: end_line,
            column: end_column,
        },
        bytes: (range.start().to_u32(), range.end().to_u32()),
        cell: module
            .text
            .cell_position(range.start())
            .map(|(number, line)| Cell { number, line }),
    }
}

/// Dotted name of the innermost function or class around a span.
pub(crate) fn symbol(module: &Module, range: TextRange) -> String {
    let mut around: BTreeMap<u32, Symbol> = BTreeMap::new();
    for function in module
        .functions
        .iter()
        .filter(|function| function.range.contains_range(range))
    {
        around.insert(function.range.start().to_u32(), function.name);
    }
    for class in module
        .classes
        .iter()
        .filter(|class| class.range.contains_range(range))
    {
        around.insert(class.range.start().to_u32(), class.name);
    }
    let mut name = module.name.as_str().to_owned();
    for part in around.values() {
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(part.as_str());
    }
    name
}

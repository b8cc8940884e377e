//! Runs the rules over a project.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hognose_finding::{
    Cell, Confidence, Date, Finding, Fingerprint, Label, Location, Note, Persona, Position,
};
use hognose_python::ir::*;
use hognose_python::{
    Constant, Evaluator, Module, ModuleId, Project, SourceKind, Symbol, Value, Values,
};
use hognose_taint::{Survey, Surveyor};
use rayon::prelude::*;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::condition::{Condition, Pick, Truth};
use crate::context::{
    Argument, CallSite, Context, Draft, Memo, argument, call_sites, dict_entry, external,
};
use crate::fingerprint::{self, Statements};
use crate::flow::{Distribution, LineFacts, SourceChoice, ThreatModel, UsedSource};
use crate::matcher::{Matcher, MatcherRef};
use crate::registry::{Registry, Rule, Tests};
use crate::settings::{Settings, judge};
use crate::test_code;
use crate::vendored::Vendored;

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

/// Sinks that the analysis of data flow knows to be given nothing harmful.
struct HarmlessPlaces {
    by_file: FxHashMap<Arc<str>, Vec<HarmlessPlace>>,
}

struct HarmlessPlace {
    /// In bytes.
    span: (u32, u32),
    /// Number of the flow rule in the registry.
    rule: usize,
}

impl HarmlessPlaces {
    fn new(registry: &Registry, project: &Project, analysis: &hognose_taint::Analysis) -> Self {
        let mut by_file: FxHashMap<Arc<str>, Vec<HarmlessPlace>> = FxHashMap::default();
        #[expect(clippy::iter_over_hash_type, reason = "it is asked whether any holds")]
        for (place, rule) in &analysis.harmless {
            let rule = registry.flows.rules[usize::from(*rule)].rule;
            let file = &project.module(place.module).file;
            let places = by_file.entry(Arc::clone(file)).or_default();
            places.push(HarmlessPlace {
                span: place.range,
                rule,
            });
        }
        Self { by_file }
    }

    /// Whether a pattern suspects what a flow rule that stands for it knows to be harmless.
    fn hold(&self, registry: &Registry, finding: &Finding) -> bool {
        let places = self.by_file.get(&finding.location.file);
        let (start, end) = finding.location.bytes;
        places.into_iter().flatten().any(|place| {
            place.span.0 < end
                && start < place.span.1
                && registry.rules[place.rule]
                    .replaces
                    .iter()
                    .any(|id| **id == *finding.rule)
        })
    }
}

/// A flow that is followed stands for what patterns suspect on the same lines, and is as certain as they are at least.
/// What is told to more than the flow stays beside it: the pattern asks for less than a stranger's text.
fn replace_patterns(registry: &Registry, findings: &mut Vec<Finding>, flows: &mut [Finding]) {
    let mut by_file: FxHashMap<Arc<str>, Vec<usize>> = FxHashMap::default();
    for (number, flow) in flows.iter().enumerate() {
        by_file
            .entry(Arc::clone(&flow.location.file))
            .or_default()
            .push(number);
    }
    findings.retain(|finding| {
        let Some(numbers) = by_file.get(&finding.location.file) else {
            return true;
        };
        for number in numbers {
            let flow = &mut flows[*number];
            if flow.persona <= finding.persona
                && flow.location.start.line <= finding.location.end.line
                && finding.location.start.line <= flow.location.end.line
                && registry
                    .rule(&flow.rule)
                    .is_some_and(|rule| rule.replaces.iter().any(|id| **id == *finding.rule))
            {
                // How certain a smell is says nothing of a defect.
                if finding.persona == flow.persona {
                    flow.confidence = flow.confidence.max(finding.confidence);
                }
                return false;
            }
        }
        true
    });
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

/// The place a matcher looks at.
#[derive(Clone, Copy)]
enum Place<'s> {
    Call(&'s CallSite),
    Store(ExprId),
    Class(ClassId),
    Bare,
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

    fn functions(&mut self, sites: &[CallSite]) {
        let registry = self.registry;
        let mut memo = Memo::default();
        for (number, rule) in registry.rules.iter().enumerate() {
            let Some(check) = rule.check.filter(|_| self.enabled[number]) else {
                continue;
            };
            let before = self.drafts.len();
            let mut context = Context {
                module: self.module,
                id: self.id,
                values: self.values,
                in_test: self.in_test,
                settings: self.settings,
                sites,
                rule,
                rule_number: number,
                drafts: &mut self.drafts,
                memo: &mut memo,
            };
            // A rule that fails on one file must not take the run with it.
            if catch_unwind(AssertUnwindSafe(|| check(&mut context))).is_err() {
                self.drafts.truncate(before);
                *self.values = Evaluator::new(self.values.project(), &registry.aliases);
                self.notes.push(Note {
                    file: Some(Arc::clone(&self.module.file)),
                    text: format!(
                        "rule {} failed here; its findings are missing",
                        rule.meta.id
                    ),
                });
            }
        }
    }

    fn calls(&mut self, sites: &[CallSite]) {
        let registry = self.registry;
        for site in sites {
            for path in &site.paths {
                let matchers = self
                    .of_calls
                    .entry(path.symbol)
                    .or_insert_with(|| registry.index.of_call(path.symbol));
                if matchers.is_empty() {
                    continue;
                }
                let matchers = matchers.clone();
                self.first_match(
                    &matchers,
                    Place::Call(site),
                    site.range,
                    path.as_str(),
                    path.as_str(),
                );
            }
        }
    }

    fn references(&mut self) {
        let registry = self.registry;
        let index = &registry.index;
        if index.references.is_empty() {
            return;
        }
        for (expr, node) in self.module.exprs() {
            let interesting = match *node {
                Expr::Attribute { attr, .. } => index.reference_names.contains(&attr),
                Expr::Name { slot, def } => {
                    let data = &self.module[def];
                    let name = self.module[data.scope].slots[slot.index()].name;
                    index.reference_names.contains(&name) || self.is_renamed_import(name, def)
                }
                _ => false,
            };
            let range = self.module.expr_range(expr);
            if !interesting || self.module.is_dead(range) {
                continue;
            }
            for path in external(&self.values.eval(self.id, expr)) {
                if let Some(matchers) = index.references.get(&path) {
                    self.first_match(matchers, Place::Bare, range, path.as_str(), path.as_str());
                }
            }
        }
    }

    /// `from m import interesting as other`.
    fn is_renamed_import(&self, name: Symbol, def: DefId) -> bool {
        let imported = |def: DefId| matches!(self.module[def].kind, DefKind::ImportFrom { name, .. } if self.registry.index.reference_names.contains(&name));
        match self.module[def].kind {
            DefKind::ImportFrom { .. } => imported(def),
            DefKind::Entry => self
                .module
                .slot(Module::TOP, name)
                .is_some_and(|slot| imported(slot.exit)),
            _ => false,
        }
    }

    fn imports(&mut self) {
        let registry = self.registry;
        let index = &registry.index;
        let module = self.module;
        for (name, range) in &module.imports {
            if module.is_dead(*range) {
                continue;
            }
            let mut prefix = name.as_str();
            loop {
                if let Some(matchers) = index.imports.get(&Symbol::from(prefix)) {
                    self.first_match(matchers, Place::Bare, *range, prefix, prefix);
                }
                match prefix.rsplit_once('.') {
                    Some((parent, _)) => prefix = parent,
                    None => break,
                }
            }
        }
        for (_, def) in module.defs() {
            if let DefKind::ImportFrom { module: from, name } = def.kind {
                let whole = Symbol::from(format!("{from}.{name}"));
                if let Some(matchers) = index.imports.get(&whole)
                    && !module.is_dead(def.range)
                {
                    self.first_match(
                        matchers,
                        Place::Bare,
                        def.range,
                        whole.as_str(),
                        whole.as_str(),
                    );
                }
            }
        }
    }

    fn stores(&mut self) {
        let registry = self.registry;
        let index = &registry.index;
        let module = self.module;
        for store in &module.attribute_stores {
            if !index.store_names.contains(&store.attr) || module.is_dead(store.range) {
                continue;
            }
            let objects = self.values.eval(self.id, store.object);
            let mut paths = external(&objects);
            paths.extend(self.outside_bases(&objects));
            for object in paths {
                let path = Symbol::from(format!("{object}.{}", store.attr));
                if let Some(matchers) = index.stores.get(&path) {
                    self.first_match(
                        matchers,
                        Place::Store(store.value),
                        store.range,
                        path.as_str(),
                        store.attr.as_str(),
                    );
                }
            }
        }
        for store in &module.item_stores {
            let object = match module[store.object] {
                Expr::Attribute { attr, .. } => Some(attr),
                _ => None,
            };
            if object.is_some_and(|attr| !index.store_names.contains(&attr))
                || module.is_dead(store.range)
            {
                continue;
            }
            for object in external(&self.values.eval(self.id, store.object)) {
                let path = Symbol::from(format!("{object}[]"));
                let Some(matchers) = index.stores.get(&path) else {
                    continue;
                };
                let Some(Constant::Str(key)) = self.values.constant(self.id, store.index) else {
                    continue;
                };
                let matchers: Vec<MatcherRef> = matchers
                    .iter()
                    .copied()
                    .filter(|(rule, number)| {
                        registry.rules[*rule].matchers[*number]
                            .key
                            .as_ref()
                            .is_none_or(|asked| *asked == key)
                    })
                    .collect();
                self.first_match(
                    &matchers,
                    Place::Store(store.value),
                    store.range,
                    path.as_str(),
                    &key,
                );
            }
        }
    }

    /// Instances of the outside classes that project classes among the values inherit from.
    fn outside_bases(&mut self, values: &Values) -> Vec<Symbol> {
        let mut bases = Vec::new();
        for value in values {
            if let Value::Instance(at, class) = value {
                for ancestor in self.values.mro(*at, *class).iter() {
                    if let hognose_python::ClassRef::External(path) = ancestor {
                        bases.push(Symbol::from(format!("{path}()")));
                    }
                }
            }
        }
        bases
    }

    fn classes(&mut self) {
        let registry = self.registry;
        if registry.index.classes.is_empty() {
            return;
        }
        for number in 0..self.module.classes.len() {
            let class = ClassId(u32::try_from(number).unwrap_or(u32::MAX));
            let range = self.module[class].name_range;
            if self.module.is_dead(range) {
                continue;
            }
            let order = self.values.mro(self.id, class);
            for ancestor in order.iter() {
                if let hognose_python::ClassRef::External(path) = ancestor
                    && let Some(matchers) = registry.index.classes.get(path)
                {
                    let name = self.module[class].name;
                    self.first_match(
                        matchers,
                        Place::Class(class),
                        range,
                        path.as_str(),
                        name.as_str(),
                    );
                }
            }
        }
    }

    fn decorators(&mut self, sites: &[CallSite]) {
        let registry = self.registry;
        if registry.index.decorators.is_empty() {
            return;
        }
        let module = self.module;
        let functions = module
            .functions
            .iter()
            .map(|function| (&function.decorators, function.name));
        let classes = module
            .classes
            .iter()
            .map(|class| (&class.decorators, class.name));
        for (decorators, name) in functions.chain(classes).collect::<Vec<_>>() {
            for decorator in decorators {
                let range = module.expr_range(*decorator);
                if module.is_dead(range) {
                    continue;
                }
                let (callee, site) = match module[*decorator] {
                    Expr::Call { func, .. } => {
                        (func, sites.iter().find(|site| site.expr == *decorator))
                    }
                    _ => (*decorator, None),
                };
                for path in external(&self.values.eval(self.id, callee)) {
                    if let Some(matchers) = registry.index.decorators.get(&path) {
                        let place = site.map_or(Place::Bare, Place::Call);
                        self.first_match(matchers, place, range, path.as_str(), name.as_str());
                    }
                }
            }
        }
    }

    /// Reports the first matcher of each rule whose conditions hold.
    fn first_match(
        &mut self,
        matchers: &[MatcherRef],
        place: Place<'_>,
        range: TextRange,
        callee: &str,
        name: &str,
    ) {
        let registry = self.registry;
        let mut done: Option<usize> = None;
        for (rule_number, number) in matchers {
            if !self.enabled[*rule_number] || done == Some(*rule_number) {
                continue;
            }
            let rule = &registry.rules[*rule_number];
            let matcher = &rule.matchers[*number];
            let mut shown = None;
            if !self.holds(matcher, place, &mut shown) {
                continue;
            }
            done = Some(*rule_number);
            if matcher.silent {
                continue;
            }
            let message = self.message(rule, matcher, callee, name, shown);
            let mut confidence = matcher.confidence.unwrap_or(rule.meta.confidence);
            if let Place::Call(site) = place
                && site.is_one_of_several
            {
                confidence = confidence.min(Confidence::Medium);
            }
            self.drafts.push(Draft {
                rule: *rule_number,
                range,
                message,
                severity: matcher.severity.unwrap_or(rule.meta.severity),
                confidence,
                persona: matcher.persona.unwrap_or(rule.meta.persona),
                labels: Vec::new(),
            });
        }
    }

    fn holds(
        &mut self,
        matcher: &Matcher,
        place: Place<'_>,
        shown: &mut Option<(ModuleId, ExprId)>,
    ) -> bool {
        for condition in &matcher.conditions {
            if self.truth(condition, place, shown) != Truth::Yes {
                return false;
            }
        }
        for condition in &matcher.unless {
            let mut ignored = None;
            if self.truth(condition, place, &mut ignored) != Truth::No {
                return false;
            }
        }
        true
    }

    fn truth(
        &mut self,
        condition: &Condition,
        place: Place<'_>,
        shown: &mut Option<(ModuleId, ExprId)>,
    ) -> Truth {
        let argument = match (&condition.pick, place) {
            (Pick::Arg(name, at), Place::Call(site)) => {
                argument(self.values, self.id, site, *name, *at)
            }
            (Pick::ArgKey(name, at, key), Place::Call(site)) => {
                match argument(self.values, self.id, site, *name, *at) {
                    Argument::Given(home, dict) => dict_entry(self.values, home, dict, key),
                    other => other,
                }
            }
            (Pick::Receiver, Place::Call(site)) => match self.module[site.func] {
                Expr::Attribute { value, .. } => Argument::Given(self.id, value),
                _ => Argument::Unknown,
            },
            (Pick::Attr(attr), Place::Call(site)) => self.stored_attribute(site, *attr),
            (Pick::AnyArg, Place::Call(site)) => {
                let arguments = self.module.args(site.args);
                let mut outcome = Truth::No;
                for argument in arguments.iter().skip(site.skip) {
                    match condition.ask.of_expr(self.values, self.id, argument.value) {
                        Truth::Yes => {
                            *shown = Some((self.id, argument.value));
                            return Truth::Yes;
                        }
                        Truth::Unknown => outcome = Truth::Unknown,
                        Truth::No => {}
                    }
                }
                return outcome;
            }
            (Pick::Value, Place::Store(value)) => Argument::Given(self.id, value),
            (Pick::Member(path), Place::Class(class)) => self.member(class, path),
            _ => Argument::Unknown,
        };
        if let Argument::Given(at, expr) = argument {
            *shown = Some((at, expr));
        }
        condition.ask.of_argument(self.values, argument)
    }

    /// The last `receiver.attr = value` before a call, on the same object.
    fn stored_attribute(&mut self, site: &CallSite, attr: Symbol) -> Argument {
        let Expr::Attribute {
            value: receiver, ..
        } = self.module[site.func]
        else {
            return Argument::Unknown;
        };
        let mut found = Argument::Missing;
        for store in &self.module.attribute_stores {
            if store.attr != attr || self.module.is_dead(store.range) {
                continue;
            }
            let before = store.range.start() < site.range.start();
            if self.same_object(store.object, receiver)
                && (before || !self.same_scope(store.scope, receiver))
            {
                found = match found {
                    // Stored with different values on different ways: not known.
                    Argument::Given(at, known)
                        if !before || !self.same_scope(store.scope, receiver) =>
                    {
                        let (a, b) = (
                            self.values.constant(at, known),
                            self.values.constant(self.id, store.value),
                        );
                        if a.is_some() && a == b {
                            found
                        } else {
                            Argument::Unknown
                        }
                    }
                    _ => Argument::Given(self.id, store.value),
                };
            }
        }
        found
    }

    fn same_scope(&self, scope: ScopeId, receiver: ExprId) -> bool {
        match self.module[receiver] {
            Expr::Name { def, .. } => self.module[def].scope == scope,
            _ => false,
        }
    }

    /// Whether two expressions are the same variable, or the same attribute of the same variable.
    fn same_object(&mut self, a: ExprId, b: ExprId) -> bool {
        match (self.module[a], self.module[b]) {
            (
                Expr::Name {
                    def: a,
                    slot: slot_a,
                },
                Expr::Name {
                    def: b,
                    slot: slot_b,
                },
            ) => {
                if self.module[a].scope == self.module[b].scope {
                    slot_a == slot_b && a == b
                } else {
                    self.outer_name(a, slot_a) == self.outer_name(b, slot_b)
                }
            }
            (
                Expr::Attribute {
                    value: a,
                    attr: attr_a,
                },
                Expr::Attribute {
                    value: b,
                    attr: attr_b,
                },
            ) => attr_a == attr_b && (self.same_object(a, b) || self.same_receiver(a, b)),
            _ => false,
        }
    }

    fn outer_name(&self, def: DefId, slot: SlotId) -> Option<Symbol> {
        let data = &self.module[def];
        let top = data.scope == Module::TOP || matches!(data.kind, DefKind::Entry);
        top.then(|| self.module[data.scope].slots[slot.index()].name)
    }

    /// `self` of two methods of one class.
    fn same_receiver(&mut self, a: ExprId, b: ExprId) -> bool {
        let (a, b) = (self.values.eval(self.id, a), self.values.eval(self.id, b));
        matches!(
            (a.as_slice(), b.as_slice()),
            ([Value::Instance(..)], [Value::Instance(..)])
        ) && a == b
    }

    fn member(&mut self, class: ClassId, path: &[Symbol]) -> Argument {
        let (Some(last), Some(inner)) = (path.last(), path.len().checked_sub(1)) else {
            return Argument::Unknown;
        };
        let mut scope = self.module[class].scope;
        for name in &path[..inner] {
            let Some(slot) = self.module.slot(scope, *name) else {
                return Argument::Missing;
            };
            match self.module[slot.exit].kind {
                DefKind::Class(inner) => scope = self.module[inner].scope,
                _ => return Argument::Missing,
            }
        }
        let Some(slot) = self.module.slot(scope, *last) else {
            return Argument::Missing;
        };
        match self.module[slot.exit].kind {
            DefKind::Value(value) => Argument::Given(self.id, value),
            DefKind::Entry => Argument::Missing,
            _ => Argument::Unknown,
        }
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

/// Whether code runs, or what it makes is used, only where its caller asked for it.
fn is_asked_for(module: &Module, range: TextRange, options: &[String]) -> bool {
    if is_in_asked_branch(module, range, options) || is_chosen_within(module, range, options) {
        return true;
    }
    // `LAX = Client(verify=False)` of the module, used as `client = STRICT if verify else LAX`.
    let made = module
        .block(module.body)
        .iter()
        .find_map(|stmt| match module[*stmt] {
            Stmt::Assign { value, binds } if module.expr_range(value) == range => {
                match *module.binds(binds) {
                    [
                        Bind {
                            target: Target::Name(def),
                            ..
                        },
                    ] => Some(def),
                    _ => None,
                }
            }
            _ => None,
        });
    let Some(def) = made else { return false };
    let name = module[Module::TOP].slots[module[def].slot.index()].name;
    let mut used = false;
    for (expr, node) in module.exprs() {
        let Expr::Name { slot, def } = *node else {
            continue;
        };
        if module[module[def].scope].slots[slot.index()].name != name {
            continue;
        }
        if !is_in_asked_branch(module, module.expr_range(expr), options) {
            return false;
        }
        used = true;
    }
    used
}

/// Whether the code holds `x if test else y` whose test names an option, or looks one up in a table: `MODES[verify_mode]`.
fn is_chosen_within(module: &Module, range: TextRange, options: &[String]) -> bool {
    module.exprs().any(|(id, expr)| {
        let asked = match *expr {
            Expr::Conditional { test, .. } => test,
            Expr::Subscript { index, .. } => match module[index] {
                Expr::Name { .. } | Expr::Attribute { .. } => index,
                _ => return false,
            },
            _ => return false,
        };
        range.contains_range(module.expr_range(id))
            && names_option(module, module.expr_range(asked), options)
    })
}

fn names_option(module: &Module, asked: TextRange, options: &[String]) -> bool {
    let text = module
        .text
        .as_str()
        .get(asked.start().to_usize()..asked.end().to_usize());
    let text = text.unwrap_or_default().to_ascii_lowercase();
    options.iter().any(|option| text.contains(option.as_str()))
}

/// Whether code stands in a branch of an `if`, or of `x if test else y`, of the same function whose test names an option.
fn is_in_asked_branch(module: &Module, range: TextRange, options: &[String]) -> bool {
    let function = module
        .functions
        .iter()
        .filter(|function| {
            function.range.contains_range(range) && function.name.as_str() != "<lambda>"
        })
        .min_by_key(|function| function.range.len());
    let Some(function) = function else {
        return false;
    };
    let statements = module.stmts().filter_map(|(id, stmt)| match *stmt {
        Stmt::If { test, .. } => Some((test, module.stmt_range(id))),
        _ => None,
    });
    let expressions = module.exprs().filter_map(|(id, expr)| match *expr {
        Expr::Conditional { test, .. } => Some((test, module.expr_range(id))),
        _ => None,
    });
    statements.chain(expressions).any(|(test, whole)| {
        if !whole.contains_range(range) || !function.range.contains_range(whole) {
            return false;
        }
        let test = module.expr_range(test);
        // What stands in the test itself is done to decide, not decided.
        !test.contains_range(range) && names_option(module, test, options)
    })
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

//! All bodies of a project: callees first, level by level, in parallel, with the same outcome on any number of threads.
//!
//! A summary is asked for only of bodies of lower levels, or of the same group of bodies that call each other, which is walked
//! by one thread. What functions store in attributes of classes and in module variables is known to the bodies that read it in
//! the next pass; there are at most [`MAX_PASSES`].

use std::sync::{Arc, Mutex, RwLock};

use hognose_python::ir::*;
use hognose_python::{Evaluator, ModuleId, Project, SourceKind};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{Fact, Facts, Filled};
use crate::interpret::{Asked, ClassWrite, Interpreter, Setting, Templates};
use crate::model::{Models, Need, Sink};
use crate::routes::{ClassRoutes, Variables, add_route, bound_by_routes, by_class, join_variables};
use crate::shape::{RuleSet, Stretch};
use crate::state::State;
use crate::summary::{Exported, Found, Judged, Reach, SinkRef, Summary, Unit};
use crate::value::{Atom, InputPath, Place, Root, Symbol, Value, hash_id};
use crate::watch::{Seen, Sighting, Watch};

/// Walks over the project.
const MAX_PASSES: usize = 2;

/// Rounds over bodies that call each other, until nothing new comes out: as many as parts of inputs are told apart.
const MAX_GROUP_ROUNDS: usize = 3;

/// Bodies that call each other of which further rounds are worth their time: most recursion is a function that calls itself.
const SMALL_GROUP: usize = 4;

/// Overrides of a method that are looked at where only a base class is known; more say little.
const MAX_OVERRIDES: usize = 3;

/// Times that callers of what was walked are added; a source is seldom handed up further.
const MAX_WAVES: usize = 16;

/// Answers an evaluator remembers before it forgets.
const MAX_MEMORY: usize = 150_000;

/// What counts in a run.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    /// Kinds of sources, a bit each.
    pub kinds: u32,
    /// Parameters of public functions.
    pub library: bool,
}

/// What was not followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Bodies walked.
    pub functions: usize,
    /// Bodies in which a bound was hit.
    pub cut: usize,
    /// Functions that a framework calls.
    pub entries: usize,
    /// Calls in them.
    pub calls: usize,
    /// Calls of which no callee is known.
    pub unresolved: usize,
}

/// A function that a framework calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Its module.
    pub module: ModuleId,
    /// The function.
    pub function: FunctionId,
    /// The sources that its parameters are, by number in [`Models::sources`].
    pub sources: Vec<u32>,
    /// What it returns is a page.
    pub page: bool,
}

/// What the analysis came to.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Sources that meet a need, unsorted.
    pub found: Vec<Found>,
    /// What parameters of functions reach, by function.
    pub reaches: Vec<(ModuleId, FunctionId, Vec<Reach>)>,
    /// Functions that a framework calls, by place.
    pub entries: Vec<Entered>,
    /// What was not followed.
    pub coverage: Coverage,
    /// Messages of sinks that have their own.
    pub messages: Vec<String>,
    /// Sinks that something from elsewhere reaches, which can do no harm there: places with the number of the rule.
    pub harmless: FxHashSet<(Place, u8)>,
    /// What is at the sinks of the place that is watched, unsorted.
    pub sightings: Vec<Seen>,
}

struct Units {
    first: Vec<u32>,
    all: Vec<Unit>,
}

impl Units {
    fn new(project: &Project) -> Self {
        let mut first = Vec::with_capacity(project.modules.len());
        let mut all = Vec::new();
        for (id, module) in project.iter() {
            first.push(u32::try_from(all.len()).unwrap_or(u32::MAX));
            let scopes = u32::try_from(module.scopes.len()).unwrap_or(0);
            all.extend((0..scopes).map(|scope| (id, ScopeId(scope))));
        }
        Self { first, all }
    }

    fn number(&self, module: ModuleId, scope: ScopeId) -> usize {
        (self.first[module.index()] + scope.0) as usize
    }
}

/// What an analysis is asked for beside the project.
#[derive(Debug, Default)]
pub struct Options {
    /// What is at the sinks of this place is written down.
    pub watch: Option<Watch>,
    /// Functions whose results are declared harmless for some rules.
    pub cleans: FxHashMap<(ModuleId, FunctionId), RuleSet>,
}

/// Follows data through a project; of each of its modules it has to be known what it is made of, in their order.
pub fn analyse<'p>(
    surveyor: Surveyor<'p>,
    surveys: Vec<Survey>,
    options: Options,
    choose: &dyn Fn(&[Entered]) -> Chosen,
    is_test: &dyn Fn(ModuleId) -> bool,
) -> Analysis {
    let Surveyor {
        project,
        models,
        described,
    } = surveyor;
    let Options { watch, cleans } = options;
    let units = Units::new(project);
    let evaluators: Mutex<Vec<Evaluator<'p>>> = Mutex::default();
    let with_values = |work: &mut dyn FnMut(&mut Evaluator<'p>)| {
        let taken = evaluators.lock().ok().and_then(|mut pool| pool.pop());
        // Evaluators hold memories that borrow the project; they are handed from task to task.
        let mut values = taken.unwrap_or_else(|| Evaluator::new(project, &models.aliases));
        work(&mut values);
        if values.memories() > MAX_MEMORY {
            values.forget();
        }
        if let Ok(mut pool) = evaluators.lock() {
            pool.push(values);
        }
    };
    let mut messages: Vec<String> = Vec::new();
    let mut message_numbers: FxHashMap<String, u32> = FxHashMap::default();
    for sink in all_sinks(models) {
        if let Some(message) = &sink.message
            && !message_numbers.contains_key(message)
        {
            message_numbers.insert(
                message.clone(),
                u32::try_from(messages.len()).unwrap_or(u32::MAX),
            );
            messages.push(message.clone());
        }
    }
    let sink_ref = |sink: &Sink| SinkRef {
        rule: sink.rule,
        need: sink.need,
        confidence: sink.confidence,
        by_name: sink.by_name,
        message: sink
            .message
            .as_ref()
            .and_then(|message| message_numbers.get(message).copied()),
    };
    let mut facts = Facts {
        described,
        cleans,
        ..Facts::default()
    };
    let mut next: Vec<Vec<u32>> = vec![Vec::new(); units.all.len()];
    let mut reads: Vec<(Read, u32)> = Vec::new();
    let mut counted = Coverage::default();
    let mut routes = ClassRoutes::default();
    let mut prefixes = Variables::new();
    let mut matter: Vec<(u32, crate::survey::Matter)> = Vec::new();
    let mut called_from_outside: Vec<u32> = Vec::new();
    for (number, survey) in surveys.into_iter().enumerate() {
        counted.calls += survey.calls_met;
        counted.unresolved += survey.unresolved;
        let id = ModuleId(u32::try_from(number).unwrap_or(u32::MAX));
        for (scope, callee) in survey.calls {
            let from = units.number(id, scope);
            let to = units.number(callee.0, callee.1);
            next[from].push(u32::try_from(to).unwrap_or(u32::MAX));
        }
        reads.extend(survey.reads.into_iter().map(|(scope, read)| {
            let unit = u32::try_from(units.number(id, scope)).unwrap_or(u32::MAX);
            (read, unit)
        }));
        for (scope, why) in survey.matter {
            matter.push((
                u32::try_from(units.number(id, scope)).unwrap_or(u32::MAX),
                why,
            ));
        }
        for (from, callee) in survey.given {
            let from = units.number(from.0, from.1);
            let to = units.number(callee.0, callee.1);
            next[from].push(u32::try_from(to).unwrap_or(u32::MAX));
        }
        for (function, entry) in survey.entries {
            let scope = project.module(function.0)[function.1].scope;
            called_from_outside
                .push(u32::try_from(units.number(function.0, scope)).unwrap_or(u32::MAX));
            crate::survey::merge_entry(&mut facts.entries, function, entry);
        }
        join_variables(&mut prefixes, survey.prefixes);
        for (class, known) in survey.routes {
            match known {
                Some(known) => {
                    for route in known {
                        add_route(&mut routes, class, Some(route));
                    }
                }
                None => add_route(&mut routes, class, None),
            }
        }
        facts.escaping.extend(survey.escaping);
        facts.records.extend(survey.records);
        facts.enums.extend(survey.enums);
        for (of, method) in survey.overrides {
            let known: &mut Vec<_> = facts.overrides.entry(of).or_default();
            if known.len() < MAX_OVERRIDES {
                known.push(method);
            }
        }
    }
    bound_by_routes(project, &routes, &prefixes, &mut facts.entries);
    facts.variables = by_class(&routes);
    for callees in &mut next {
        callees.sort_unstable();
        callees.dedup();
    }
    let groups = bottom_up(&next);
    let (levels, rank) = by_level(&groups, &next);
    let summaries: Vec<RwLock<Option<Arc<Summary>>>> =
        units.all.iter().map(|_| RwLock::new(None)).collect();

    let analyser = Analyser {
        project,
        models,
        units: &units,
        rank: &rank,
        summaries: &summaries,
        sink_ref: &sink_ref,
        templates: Templates::default(),
        watch,
    };
    // Module bodies first, without summaries: what their variables hold. What a module imports is known before.
    let imports = imports(project);
    let modules = bottom_up(&imports);
    for level in by_level(&modules, &imports).0 {
        let outcomes: Vec<Outcome> = level
            .into_par_iter()
            .flat_map_iter(|group| &modules[group as usize])
            .map(|number| {
                let id = ModuleId(*number);
                let mut outcome = Outcome::default();
                if project.module(id).kind != SourceKind::Stub {
                    with_values(&mut |values| {
                        outcome = analyser.module_body(values, &facts, id, true);
                    });
                }
                outcome
            })
            .collect();
        let mut writes = Writes::default();
        for outcome in outcomes {
            writes.take(outcome.writes);
        }
        writes.into_facts(&mut facts, models);
    }

    let mut results: Vec<Option<Outcome>> = Vec::new();
    results.resize_with(units.all.len(), || None);
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); units.all.len()];
    for (from, callees) in next.iter().enumerate() {
        for callee in callees {
            callers[*callee as usize].push(u32::try_from(from).unwrap_or(u32::MAX));
        }
    }
    let entries: Vec<Entered> = facts
        .entries
        .iter()
        .map(|((module, function), entry)| Entered {
            module: *module,
            function: *function,
            sources: entry
                .parameters
                .iter()
                .flatten()
                .filter_map(|filled| match filled {
                    Filled::Source(source, _) | Filled::Record(source, _) => Some(*source),
                    Filled::Atom(_) | Filled::Given(_) => None,
                })
                .collect(),
            page: entry.returns.iter().any(|sink| sink.need == Need::Html),
        })
        .collect();
    let chosen = choose(&entries);
    let begin = matter
        .into_iter()
        .filter(|(_, why)| match why {
            crate::survey::Matter::Source(kind) => chosen.kinds >> kind & 1 == 1,
            crate::survey::Matter::Sink => chosen.library,
        })
        .map(|(unit, _)| unit)
        .chain(called_from_outside)
        // Nobody from outside calls a test.
        .filter(|unit| !is_test(units.all[*unit as usize].0))
        .collect();
    // A flow begins in a body that meets a source, and goes on in those it calls; in those that call it only where it gives
    // something of the source to them, or where what they give it reaches a sink. No other body is walked.
    let mut pending = with_all(begin, &next);
    if let Some(watch) = watch {
        let asked = watched_units(project, &units, watch);
        pending.extend(with_all(
            with_all(asked, &callers).into_iter().collect(),
            &next,
        ));
    }
    let mut walked: FxHashSet<u32> = FxHashSet::default();
    let tests: Vec<bool> = project.iter().map(|(id, _)| is_test(id)).collect();
    let in_test = |unit: u32| tests[units.all[unit as usize].0.index()];
    let mut passes = 1;
    // Of the walked, those that something they asked for has changed for, and, by body, who asked for it.
    let mut again: FxHashSet<u32> = FxHashSet::default();
    let mut askers: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for _ in 0..MAX_WAVES {
        if pending.is_empty() && again.is_empty() {
            break;
        }
        for level in &levels {
            let work: Vec<&Vec<u32>> = level
                .iter()
                .map(|group| &groups[*group as usize])
                .filter(|group| {
                    let mut units = group.iter();
                    units.any(|unit| pending.contains(unit) || again.contains(unit))
                })
                .collect();
            let outcomes: Vec<Walked> = work
                .into_par_iter()
                .map(|group| {
                    let mut outcomes = Walked::new();
                    with_values(&mut |values| {
                        outcomes = analyser.group(values, &facts, group, &next);
                    });
                    outcomes
                })
                .collect();
            for (unit, outcome, changed) in outcomes.into_iter().flatten() {
                results[unit as usize] = Some(outcome);
                if changed && let Some(askers) = askers.get(&unit) {
                    again.extend(askers);
                }
            }
        }
        walked.extend(&pending);
        let mut order: Vec<u32> = pending.union(&again).copied().collect();
        order.sort_unstable();
        let mut concerned: Vec<u32> = Vec::new();
        let mut writes = Writes::default();
        for unit in order {
            if let Some(outcome) = &mut results[unit as usize] {
                writes.take(std::mem::take(&mut outcome.writes));
            }
            let summary = summaries[unit as usize]
                .read()
                .ok()
                .and_then(|summary| summary.clone());
            if let Some(summary) = summary
                && (gives_source(&summary) || chosen.library && !summary.reaches.is_empty())
            {
                concerned.extend(&callers[unit as usize]);
            }
        }
        let changed = writes.into_facts(&mut facts, models);
        again = FxHashSet::default();
        askers = FxHashMap::default();
        if !changed.is_empty() && passes < MAX_PASSES {
            passes += 1;
            // Bodies not walked so far that read what has changed, and walked ones that did.
            let changed_reads: FxHashSet<Read> = changed
                .iter()
                .flat_map(|fact| [Read::Of(*fact), Read::Named(fact.name())])
                .collect();
            let readers = reads
                .iter()
                .filter(|(read, _)| changed_reads.contains(read));
            concerned.extend(readers.map(|(_, unit)| *unit));
            for (unit, outcome) in results.iter().enumerate() {
                let Some(Outcome { asked, .. }) = outcome else {
                    continue;
                };
                let unit = u32::try_from(unit).unwrap_or(u32::MAX);
                if asked.facts.iter().any(|fact| changed.contains(fact)) {
                    again.insert(unit);
                }
                asked.bodies.iter().for_each(|(module, scope)| {
                    let body = units.number(*module, *scope);
                    let body = u32::try_from(body).unwrap_or(u32::MAX);
                    askers.entry(body).or_default().push(unit);
                });
            }
        }
        // Nobody from outside calls a test.
        concerned.retain(|unit| !walked.contains(unit) && !in_test(*unit));
        pending = with_all(concerned, &next);
        pending.retain(|unit| !walked.contains(unit));
    }

    let mut analysis = Analysis {
        messages,
        coverage: counted,
        ..Analysis::default()
    };
    analysis.coverage.entries = facts.entries.len();
    analysis.entries = entries;
    analysis
        .entries
        .sort_unstable_by_key(|entry| (entry.module, entry.function.0));
    let mut judged: Vec<Judged> = Vec::new();
    for (number, outcome) in results.into_iter().enumerate() {
        let Some(outcome) = outcome else { continue };
        let (module, scope) = units.all[number];
        analysis.found.extend(outcome.found);
        // Of a body that was not walked to its end, not all that reaches a sink is known.
        judged.extend(outcome.judged.iter().map(|judged| Judged {
            harmless: judged.harmless && !outcome.cut,
            ..*judged
        }));
        let seen = outcome.sightings.into_iter();
        analysis.sightings.extend(seen.map(|sighting| Seen {
            unit: (module, scope),
            sighting,
        }));
        analysis.coverage.functions += 1;
        analysis.coverage.cut += usize::from(outcome.cut);
        if let ScopeKind::Function(function) = project.module(module)[scope].kind {
            // Nobody asks any more.
            let summary = summaries[number]
                .write()
                .ok()
                .and_then(|mut summary| summary.take());
            let reaches = summary.map_or_else(Vec::new, |summary| {
                Arc::try_unwrap(summary)
                    .map_or_else(|shared| shared.reaches.clone(), |summary| summary.reaches)
            });
            if !reaches.is_empty() {
                analysis.reaches.push((module, function, reaches));
            }
        }
    }
    let (harmless, harmful): (Vec<Judged>, Vec<Judged>) =
        judged.into_iter().partition(|judged| judged.harmless);
    let at = |judged: Judged| (judged.place, judged.rule);
    analysis.harmless = harmless.into_iter().map(at).collect();
    for judged in harmful {
        analysis.harmless.remove(&at(judged));
    }
    analysis
}

/// Whether a body hands something of a source to whoever calls it.
fn gives_source(summary: &Summary) -> bool {
    has_source(&summary.returns)
        || summary.yields.as_ref().is_some_and(has_source)
        || summary
            .writes
            .iter()
            .any(|(_, written)| has_source(written))
}

/// The bodies that a place lies in: whoever asks about it hears of it even where no flow goes through.
fn watched_units(project: &Project, units: &Units, watch: Watch) -> Vec<u32> {
    if watch.module.index() >= units.first.len() {
        // A template: its pages are made by bodies that render it.
        return Vec::new();
    }
    let module = project.module(watch.module);
    let inside = module
        .functions
        .iter()
        .filter(|function| watch.covers(Place::new(watch.module, function.range)));
    inside
        .map(|function| function.scope)
        .chain([Module::TOP])
        .map(|scope| u32::try_from(units.number(watch.module, scope)).unwrap_or(u32::MAX))
        .collect()
}

/// Units with all that can be reached from them.
fn with_all(from: Vec<u32>, edges: &[Vec<u32>]) -> FxHashSet<u32> {
    let mut found = FxHashSet::default();
    let mut waiting = from;
    while let Some(unit) = waiting.pop() {
        if found.insert(unit) {
            waiting.extend(&edges[unit as usize]);
        }
    }
    found
}

fn all_sinks(models: &Models) -> Vec<&Sink> {
    let mut all: Vec<&Sink> = Vec::new();
    let mut calls: Vec<_> = models.calls.iter().collect();
    calls.sort_by_key(|(path, _)| path.as_str());
    for (_, call) in calls {
        all.extend(&call.sinks);
    }
    for (_, call) in &models.call_patterns {
        all.extend(&call.sinks);
    }
    let mut stores: Vec<_> = models.stores.iter().chain(&models.methods).collect();
    stores.sort_by_key(|(path, _)| path.as_str());
    for (_, sinks) in stores {
        all.extend(sinks);
    }
    all
}

pub(crate) use crate::survey::Read;
use crate::survey::{Survey, Surveyor};

/// What a walk of a body came to.
#[derive(Debug, Default)]
struct Outcome {
    found: Vec<Found>,
    writes: Writes,
    cut: bool,
    judged: Vec<Judged>,
    sightings: Vec<Sighting>,
    asked: Asked,
}

/// Bodies of a group with what their walk came to, and whether others get something else of them than before.
type Walked = Vec<(u32, Outcome, bool)>;

/// Stores to module variables and to attributes of classes.
#[derive(Debug, Default)]
struct Writes {
    globals: Vec<(ModuleId, Symbol, Exported)>,
    attributes: Vec<ClassWrite>,
}

impl Writes {
    fn take(&mut self, other: Self) {
        self.globals.extend(other.globals);
        self.attributes.extend(other.attributes);
    }

    /// Joins them into the facts; says which hold something from outside that they did not hold.
    fn into_facts(self, facts: &mut Facts, models: &Models) -> FxHashSet<Fact> {
        let mut changed = FxHashSet::default();
        for (module, name, exported) in self.globals {
            let exported = without_inputs(exported);
            let fact = Fact::Variable(module, name);
            match facts.globals.get_mut(&(module, name)) {
                None => {
                    if is_news(&exported) {
                        changed.insert(fact);
                    }
                    facts.globals.insert((module, name), Arc::new(exported));
                }
                Some(known) => {
                    if **known != exported && merge(known, &exported) && is_news(&exported) {
                        changed.insert(fact);
                    }
                }
            }
        }
        // A request that is kept is as good as what is read of it.
        let is_given = |exported: &Exported| {
            has_source(exported)
                || exported.value.atoms().iter().any(|atom| {
                    matches!(atom, Atom::External(path) if models.source_objects.contains_key(path.as_str()))
                })
        };
        for write in self.attributes {
            let key = (write.module, write.class, write.name);
            let fact = Fact::Attribute(key);
            let exported = without_inputs(write.value);
            let attributes = if write.of_class {
                &mut facts.class_attributes
            } else {
                &mut facts.attributes
            };
            match attributes.get_mut(&key) {
                None => {
                    if is_given(&exported) {
                        changed.insert(fact);
                    }
                    attributes.insert(key, Arc::new(exported));
                }
                Some(known) => {
                    if **known != exported && merge(known, &exported) && is_given(&exported) {
                        changed.insert(fact);
                    }
                }
            }
        }
        changed
    }
}

/// Joins a value into a known one; says whether that changed it.
fn merge(known: &mut Arc<Exported>, more: &Exported) -> bool {
    let before = known.value.clone();
    let shift = u32::try_from(known.heap.len()).unwrap_or(u32::MAX);
    let moved = |value: &Value| {
        Value::of(
            value
                .atoms()
                .iter()
                .map(|atom| match atom {
                    Atom::Object(id) => Atom::Object(crate::value::ObjId(id.0 + shift)),
                    other => other.clone(),
                })
                .collect::<Vec<_>>(),
        )
    };
    // The same object again is no news.
    if more.heap.iter().any(|object| known.heap.contains(object)) || known.heap.len() > 64 {
        let plain = Value::of(
            more.value
                .atoms()
                .iter()
                .filter(|atom| !matches!(atom, Atom::Object(_)))
                .cloned()
                .collect::<Vec<_>>(),
        );
        let mut joined = before.clone();
        joined.join(&plain);
        if joined == before {
            return false;
        }
        Arc::make_mut(known).value = joined;
        return true;
    }
    let mut joined = before.clone();
    joined.join(&moved(&more.value));
    if joined == before {
        return false;
    }
    let target = Arc::make_mut(known);
    for object in &more.heap {
        let mut object = (**object).clone();
        for value in &mut object.items {
            *value = moved(value);
        }
        for (_, value) in &mut object.fields {
            *value = moved(value);
        }
        object.rest = moved(&object.rest);
        object.keys = moved(&object.keys);
        target.heap.push(Arc::new(object));
    }
    target.value = joined;
    true
}

/// Whether readers of a variable of a module have to know: it holds something from outside, or functions that are called.
pub(crate) fn is_news(exported: &Exported) -> bool {
    let holds = |value: &Value| {
        value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Function(..)))
    };
    has_source(exported)
        || exported.heap.iter().any(|object| {
            holds(&object.rest)
                || object.items.iter().any(holds)
                || object.fields.iter().any(|(_, value)| holds(value))
        })
}

/// Whether something in it comes from outside.
fn has_source(exported: &Exported) -> bool {
    let mut objects = exported.heap.iter();
    exported.value.has_sources() || objects.any(|object| object.parts().any(Value::has_sources))
}

/// Outside of the function its inputs mean nothing.
fn without_inputs(mut exported: Exported) -> Exported {
    let clean = |value: &Value| {
        if !value.has_holes() {
            return value.clone();
        }
        let mut result = Value::nothing();
        for atom in value.atoms() {
            match atom {
                Atom::Input(_) => result.add(Atom::Unknown),
                Atom::Text(text) => {
                    let stretches: Vec<Stretch> = text
                        .iter()
                        .map(|stretch| match stretch {
                            Stretch::Hole(hole) => {
                                if hole.taints.iter().all(|taint| taint.origin.is_source()) {
                                    return stretch.clone();
                                }
                                let mut hole = (**hole).clone();
                                hole.taints.retain(|taint| taint.origin.is_source());
                                if hole.taints.is_empty() {
                                    Stretch::Any
                                } else {
                                    Stretch::Hole(Arc::new(hole))
                                }
                            }
                            other => other.clone(),
                        })
                        .collect();
                    result.join(&Value::stretches(stretches));
                }
                other => result.add(other.clone()),
            }
        }
        result
    };
    exported.value = clean(&exported.value);
    for object in &mut exported.heap {
        if !object.has_holes() {
            continue;
        }
        let object = Arc::make_mut(object);
        for value in &mut object.items {
            *value = clean(value);
        }
        for (_, value) in &mut object.fields {
            *value = clean(value);
        }
        object.rest = clean(&object.rest);
        object.keys = clean(&object.keys);
    }
    exported
}

struct Analyser<'a, 'p> {
    project: &'p Project,
    models: &'p Models,
    units: &'a Units,
    rank: &'a [(u32, u32)],
    summaries: &'a [RwLock<Option<Arc<Summary>>>],
    sink_ref: &'a (dyn Fn(&Sink) -> SinkRef + Sync),
    templates: Templates,
    watch: Option<Watch>,
}

impl<'p> Analyser<'_, 'p> {
    /// A group of bodies that call each other.
    fn group(
        &self,
        values: &mut Evaluator<'p>,
        facts: &Facts,
        group: &[u32],
        next: &[Vec<u32>],
    ) -> Walked {
        let known = self.of_group(group);
        let recursive = group.len() > 1
            || group
                .first()
                .is_some_and(|unit| next[*unit as usize].contains(unit));
        let rounds = match (recursive, group.len()) {
            (false, _) => 1,
            (true, 1..=SMALL_GROUP) => MAX_GROUP_ROUNDS,
            (true, _) => 2,
        };
        let mut results = Vec::new();
        for round in 0..rounds {
            let before = (round > 0).then(|| self.of_group(group));
            results.clear();
            for unit in group {
                let (module, scope) = self.units.all[*unit as usize];
                let home = self.project.module(module);
                if home.kind == SourceKind::Stub {
                    continue;
                }
                let outcome = match home[scope].kind {
                    ScopeKind::Function(function) => {
                        self.function(values, facts, module, function, *unit)
                    }
                    ScopeKind::Module => self.module_body(values, facts, module, false),
                    ScopeKind::Class(_) => continue,
                };
                results.push((*unit, outcome, false));
            }
            if before.is_some_and(|before| {
                let now = self.of_group(group);
                before
                    .iter()
                    .zip(&now)
                    .all(|(before, now)| match (before, now) {
                        (Some(before), Some(now)) => before.gives_the_same(now),
                        _ => before.is_none() && now.is_none(),
                    })
            }) {
                break;
            }
        }
        let now = self.of_group(group);
        for (unit, _, changed) in &mut results {
            let at = group.iter().position(|known| known == unit);
            let pair = at.map(|at| (&known[at], &now[at]));
            *changed = matches!(pair, Some((Some(known), Some(now))) if !known.is_same(now));
        }
        results
    }

    /// The summaries of a group as they are.
    fn of_group(&self, group: &[u32]) -> Vec<Option<Arc<Summary>>> {
        group
            .iter()
            .map(|unit| {
                let summary = self.summaries[*unit as usize].read().ok();
                summary.and_then(|summary| summary.clone())
            })
            .collect()
    }

    fn setting<'s>(
        &'s self,
        facts: &'s Facts,
        lookup: &'s (dyn Fn(ModuleId, ScopeId) -> Option<Arc<Summary>> + Sync),
    ) -> Setting<'s, 'p> {
        Setting {
            project: self.project,
            models: self.models,
            facts,
            summaries: lookup,
            templates: &self.templates,
            watch: self.watch,
        }
    }

    fn function(
        &self,
        values: &mut Evaluator<'p>,
        facts: &Facts,
        module: ModuleId,
        function: FunctionId,
        unit: u32,
    ) -> Outcome {
        let home = self.project.module(module);
        let data = &home[function];
        if home.is_dead(data.range) {
            return Outcome::default();
        }
        let (level, group) = self.rank[unit as usize];
        let lookup = move |module: ModuleId, scope: ScopeId| {
            let number = self.units.number(module, scope);
            let (other, of) = self.rank[number];
            if other < level || of == group {
                return self.summaries[number]
                    .read()
                    .ok()
                    .and_then(|summary| summary.clone());
            }
            None
        };
        let setting = self.setting(facts, &lookup);
        // The lifetimes of evaluator and setting are those of the project.
        let mut interpreter = Interpreter::new(&setting, values, self.sink_ref);
        let mut state = State::new(home[data.scope].slots.len());
        let class = data.class.map(|class| (module, class));
        interpreter.enter(
            &mut state,
            module,
            data.scope,
            Some(function),
            None,
            class,
            0,
        );
        let entry = facts.entries.get(&(module, function));
        for (number, param) in data.params.iter().enumerate() {
            let filled = entry.and_then(|entry| entry.parameters.get(number)?.as_ref());
            let place = Place::new(module, home[param.def].range);
            let value = match filled {
                Some(Filled::Source(source, _) | Filled::Record(source, _)) => {
                    let id = hash_id(&(module.0, param.def.0, 91u8));
                    let mut hole = interpreter.parameter_source(*source, place, id);
                    if self.models.sources[*source as usize].structure {
                        hole.facts |= crate::shape::Facts::STRUCTURE;
                    }
                    match filled {
                        Some(Filled::Record(_, class)) => {
                            interpreter.received(&mut state, &hole, *class, 0)
                        }
                        Some(Filled::Source(_, Some(alphabet))) => {
                            hole.alphabet = hole.alphabet.intersect(*alphabet);
                            Value::hole(hole)
                        }
                        _ => {
                            if let Some(entry) = entry
                                && param.kind == ParamKind::DoubleStar
                            {
                                interpreter.variables.insert(hole.id, &entry.variables);
                            }
                            Value::hole(hole)
                        }
                    }
                }
                Some(Filled::Given(callee)) => {
                    let given = interpreter.given_by(&mut state, callee, param);
                    given.unwrap_or_else(|| interpreter.parameter(module, number, param))
                }
                Some(Filled::Atom(atom)) => atom.clone().into(),
                None => interpreter.parameter(module, number, param),
            };
            let slot = home[param.def].slot;
            if let Some(known) = state.vars().slots.get_mut(slot.index()) {
                *known = (param.def, value);
            }
        }
        interpreter.body(&mut state, data.body);
        let summary = interpreter.summary(data);
        let outcome = Outcome {
            found: std::mem::take(&mut interpreter.found),
            writes: Writes {
                globals: std::mem::take(&mut interpreter.global_writes),
                attributes: std::mem::take(&mut interpreter.class_writes),
            },
            cut: interpreter.cut,
            judged: std::mem::take(&mut interpreter.judged),
            sightings: std::mem::take(&mut interpreter.sightings),
            asked: std::mem::take(&mut interpreter.asked),
        };
        if let Ok(mut slot) = self.summaries[unit as usize].write() {
            *slot = Some(Arc::new(summary));
        }
        outcome
    }

    /// The body of a module. At first without summaries, to know what its variables hold.
    fn module_body(
        &self,
        values: &mut Evaluator<'p>,
        facts: &Facts,
        module: ModuleId,
        first: bool,
    ) -> Outcome {
        let home = self.project.module(module);
        let unit = self.units.number(module, Module::TOP);
        let (level, group) = self.rank[unit];
        let lookup = move |module: ModuleId, scope: ScopeId| {
            if first {
                return None;
            }
            let number = self.units.number(module, scope);
            let (other, of) = self.rank[number];
            if other < level || of == group {
                return self.summaries[number]
                    .read()
                    .ok()
                    .and_then(|summary| summary.clone());
            }
            None
        };
        let setting = self.setting(facts, &lookup);
        let mut interpreter = Interpreter::new(&setting, values, self.sink_ref);
        let mut state = State::new(home[Module::TOP].slots.len());
        interpreter.enter(&mut state, module, Module::TOP, None, None, None, 0);
        interpreter.body(&mut state, home.body);
        state.live = true;
        interpreter.shared_writes(&state);
        let mut globals = std::mem::take(&mut interpreter.global_writes);
        let values = state.frames.first().map(|frame| frame.slots.iter());
        for (slot, (_, value)) in home[Module::TOP]
            .slots
            .iter()
            .zip(values.into_iter().flatten())
        {
            let worth = slot.bound
                && value.atoms().iter().any(|atom| {
                    matches!(
                        atom,
                        Atom::Object(_) | Atom::Text(_) | Atom::Str(_) | Atom::Int(_)
                    )
                });
            if worth {
                globals.push((module, slot.name, interpreter.export(&state, value)));
            }
        }
        Outcome {
            found: if first {
                Vec::new()
            } else {
                std::mem::take(&mut interpreter.found)
            },
            writes: Writes {
                globals,
                attributes: std::mem::take(&mut interpreter.class_writes),
            },
            cut: interpreter.cut,
            judged: std::mem::take(&mut interpreter.judged),
            sightings: std::mem::take(&mut interpreter.sightings),
            asked: std::mem::take(&mut interpreter.asked),
        }
    }
}

impl Interpreter<'_, '_> {
    /// What a parameter is when nobody says what is given.
    fn parameter(&mut self, module: ModuleId, number: usize, param: &Param) -> Value {
        let index = u16::try_from(number).unwrap_or(u16::MAX);
        if let Some(annotation) = param.annotation
            && !matches!(param.kind, ParamKind::Star | ParamKind::DoubleStar)
            && !self.holds_text(module, annotation)
        {
            return Atom::Scalar.into();
        }
        let input = self.input(InputPath::whole(Root::Param(index)));
        let mut value = Value::from(input);
        if !matches!(param.kind, ParamKind::Star | ParamKind::DoubleStar) {
            let known = self.values.definition(module, param.def);
            for atom in self.from_evaluated(known).atoms() {
                if let Atom::External(path) = atom
                    && crate::interpret::is_plain(path.as_str())
                {
                    continue;
                }
                if matches!(
                    atom,
                    Atom::External(_) | Atom::Instance(..) | Atom::Class(..)
                ) {
                    value.add(atom.clone());
                }
            }
        }
        value
    }
}

/// The modules that the body of each module takes names from.
fn imports(project: &Project) -> Vec<Vec<u32>> {
    let of = |(id, module): (ModuleId, &Module)| {
        let slots = module[Module::TOP].slots.iter();
        let find = |name: Symbol| match project.find(name, id) {
            hognose_python::Found::Module(found) => Some(found),
            _ => None,
        };
        // A package that is only asked for a module of its own is no more than the way there.
        let named = slots
            .flat_map(|slot| &slot.defs)
            .filter_map(|def| match module[*def].kind {
                DefKind::ImportFrom { module: from, name } => {
                    find(Symbol::from(format!("{from}.{name}"))).or_else(|| find(from))
                }
                _ => None,
            });
        let all = module.star_imports.iter().filter_map(|name| find(*name));
        let mut found: Vec<u32> = all
            .chain(named)
            .filter(|from| *from != id)
            .map(|from| from.0)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let modules: Vec<(ModuleId, &Module)> = project.iter().collect();
    modules.into_par_iter().map(of).collect()
}

/// Groups of units that call each other, callees first (Tarjan's algorithm, without recursion).
fn bottom_up(next: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let count = next.len();
    let (mut index, mut low) = (vec![0u32; count], vec![0u32; count]);
    let mut on_stack = vec![false; count];
    let (mut stack, mut counter, mut groups) = (Vec::new(), 0u32, Vec::new());
    for root in 0..count {
        if index[root] != 0 {
            continue;
        }
        let mut work: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, child)) = work.pop() {
            if child == 0 {
                counter += 1;
                (index[node], low[node]) = (counter, counter);
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(callee) = next[node].get(child) {
                let callee = *callee as usize;
                work.push((node, child + 1));
                if index[callee] == 0 {
                    work.push((callee, 0));
                } else if on_stack[callee] {
                    low[node] = low[node].min(index[callee]);
                }
                continue;
            }
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == index[node] {
                let mut group = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    group.push(u32::try_from(member).unwrap_or(u32::MAX));
                    if member == node {
                        break;
                    }
                }
                group.sort_unstable();
                groups.push(group);
            }
        }
    }
    groups
}

/// Groups by level, and the level and group of each unit: a group's callees are in lower levels.
fn by_level(groups: &[Vec<u32>], next: &[Vec<u32>]) -> (Vec<Vec<u32>>, Vec<(u32, u32)>) {
    let mut rank = vec![(0u32, 0u32); next.len()];
    let mut levels: Vec<Vec<u32>> = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        for unit in group {
            rank[*unit as usize].1 = number;
        }
        let level = group
            .iter()
            .flat_map(|unit| &next[*unit as usize])
            .filter(|callee| rank[**callee as usize].1 != number || !group.contains(callee))
            .map(|callee| rank[*callee as usize].0 + 1)
            .max()
            .unwrap_or(0);
        for unit in group {
            rank[*unit as usize].0 = level;
        }
        let at = level as usize;
        if levels.len() <= at {
            levels.resize_with(at + 1, Vec::new);
        }
        levels[at].push(number);
    }
    (levels, rank)
}

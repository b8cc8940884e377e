//! All bodies of a project: callees first, level by level, in parallel, with the same outcome on any number of threads.
//!
//! A summary is asked for only of bodies of lower levels, or of the same group of bodies that call each other, which is walked
//! by one thread. What functions store in attributes of classes and in module variables is known to the bodies that read it in
//! the next pass; there are at most [`MAX_PASSES`].

mod order;
mod walk;
mod writes;

use std::sync::{Arc, Mutex, RwLock};

use hognose_python::ir::*;
use hognose_python::{Evaluator, ModuleId, Project, SourceKind};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{Facts, Filled};
use crate::interpret::Templates;
use crate::model::{Models, Need, Sink};
use crate::routes::{ClassRoutes, Variables, add_route, bound_by_routes, by_class, join_variables};
use crate::shape::RuleSet;
use crate::summary::{Found, Judged, Reach, SinkRef, Summary, Unit};
pub(crate) use crate::survey::Read;
use crate::survey::{Survey, Surveyor};
use crate::value::Place;
use crate::watch::{Seen, Watch};
use order::{bottom_up, by_level, imports, watched_units, with_all};
use walk::Analyser;
pub(crate) use writes::is_news;
use writes::{Outcome, Writes, has_source};

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

/// Bodies of a group with what their walk came to, and whether others get something else of them than before.
type Walked = Vec<(u32, Outcome, bool)>;

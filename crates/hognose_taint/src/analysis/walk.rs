//! Walks of bodies: of groups that call each other, of functions, of modules.

use std::sync::{Arc, RwLock};

use hognose_python::ir::*;
use hognose_python::{Evaluator, ModuleId, Project, SourceKind};

use super::writes::Outcome;
use super::{MAX_GROUP_ROUNDS, SMALL_GROUP, Units, Walked};
use crate::facts::{Facts, Filled};
use crate::interpret::{Interpreter, Setting, Templates};
use crate::model::{Models, Sink};
use crate::state::State;
use crate::summary::{SinkRef, Summary};
use crate::value::{Atom, InputPath, Place, Root, Value, hash_id};
use crate::watch::Watch;

pub(super) struct Analyser<'a, 'p> {
    pub(super) project: &'p Project,
    pub(super) models: &'p Models,
    pub(super) units: &'a Units,
    pub(super) rank: &'a [(u32, u32)],
    pub(super) summaries: &'a [RwLock<Option<Arc<Summary>>>],
    pub(super) sink_ref: &'a (dyn Fn(&Sink) -> SinkRef + Sync),
    pub(super) templates: Templates,
    pub(super) watch: Option<Watch>,
}

impl<'p> Analyser<'_, 'p> {
    /// A group of bodies that call each other.
    pub(super) fn group(
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

    pub(super) fn function(
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
        let lookup = move |module, scope| self.summary_for(unit as usize, module, scope);
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
        let outcome = Outcome::of(&mut interpreter);
        if let Ok(mut slot) = self.summaries[unit as usize].write() {
            *slot = Some(Arc::new(summary));
        }
        outcome
    }

    /// The summary of a body for one that is walked after it, or with it.
    fn summary_for(&self, reader: usize, module: ModuleId, scope: ScopeId) -> Option<Arc<Summary>> {
        let (level, group) = self.rank[reader];
        let number = self.units.number(module, scope);
        let (other, of) = self.rank[number];
        if other >= level && of != group {
            return None;
        }
        let summary = self.summaries[number].read().ok()?;
        summary.clone()
    }

    /// The body of a module. At first without summaries, to know what its variables hold.
    pub(super) fn module_body(
        &self,
        values: &mut Evaluator<'p>,
        facts: &Facts,
        module: ModuleId,
        first: bool,
    ) -> Outcome {
        let home = self.project.module(module);
        let unit = self.units.number(module, Module::TOP);
        let lookup = move |module, scope| {
            let known = self.summary_for(unit, module, scope);
            known.filter(|_| !first)
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
        interpreter.global_writes = globals;
        if first {
            interpreter.found.clear();
        }
        Outcome::of(&mut interpreter)
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

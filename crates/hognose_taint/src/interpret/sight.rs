//! Sightings: what is at the sinks of the place that is watched.

use std::sync::Arc;

use hognose_python::ir::*;

use super::Interpreter;
use super::call::Arguments;
use crate::model::Sink;
use crate::shape::Hole;
use crate::state::State;
use crate::summary::SinkRef;
use crate::value::{Atom, Place, Symbol, Value};
use crate::watch::{Counts, MAX_SIGHTINGS, Sighting};

impl Interpreter<'_, '_> {
    /// Whether a place is watched.
    pub(super) fn watches(&self, place: Place) -> bool {
        self.quiet == 0 && self.setting.watch.is_some_and(|watch| watch.covers(place))
    }

    /// A call that is a sink.
    #[cold]
    pub(super) fn sight_call(
        &mut self,
        state: &mut State,
        sink: &Sink,
        callee: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) {
        let place = self.place(expr);
        // Looking must change nothing: what decides is what the walk itself asks.
        let (decides, lists) = (self.decides, self.lists);
        self.quiet += 1;
        let counts = self.counts(state, sink, receiver, arguments);
        let mut seen: Vec<(usize, Value)> = Vec::new();
        for (number, argument) in sink.arguments.iter().enumerate() {
            for value in self.argument_values(state, argument, receiver, arguments) {
                let value = self.sink_value(state, sink, value);
                seen.push((number, value));
            }
        }
        self.quiet -= 1;
        (self.decides, self.lists) = (decides, lists);
        // That there is nothing to look at is worth knowing, too.
        if seen.is_empty() && !sink.arguments.is_empty() {
            seen.push((0, Value::nothing()));
        }
        let sink_ref = (self.messages)(sink);
        let settled = self.settled_here(state);
        for (number, value) in seen {
            self.sighted(Sighting {
                sink: sink_ref,
                place,
                callee,
                argument: Some(Arc::new(sink.arguments[number].clone())),
                counts: counts.clone(),
                value,
                settled: settled.clone(),
                depth: 0,
            });
        }
    }

    /// Something that is stored, or written on a page.
    #[cold]
    pub(crate) fn sight_value(
        &mut self,
        state: &State,
        sink: SinkRef,
        callee: Symbol,
        place: Place,
        value: Value,
    ) {
        let settled = self.settled_here(state);
        self.sighted(Sighting {
            sink,
            place,
            callee,
            argument: None,
            counts: Counts::Yes,
            value,
            settled,
            depth: 0,
        });
    }

    /// Keeps it, and for the callers what they know more of.
    pub(super) fn sighted(&mut self, sighting: Sighting) {
        if self.sightings.len() >= MAX_SIGHTINGS
            || self.sightings.iter().any(|known| known.same(&sighting))
        {
            return;
        }
        self.sightings.push(sighting);
    }

    /// Which condition of a sink fails, or is not known.
    fn counts(
        &mut self,
        state: &mut State,
        sink: &Sink,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Counts {
        let mut open = Counts::Yes;
        let hold = sink.conditions.hold.iter().map(|when| (when, true));
        let fail = sink.conditions.fail.iter().map(|when| (when, false));
        for (when, wanted) in hold.chain(fail) {
            match self.condition(state, when, receiver, arguments) {
                Some(holds) if holds == wanted => {}
                Some(_) => return Counts::No(Box::new(when.clone()), wanted),
                None => open = Counts::NotKnown(Box::new(when.clone()), wanted),
            }
        }
        open
    }

    /// Remembers what a restriction to few values is about to close.
    #[cold]
    pub(super) fn settle(&mut self, value: &Value) {
        for hole in value.holes() {
            if self.settled.len() < MAX_SIGHTINGS {
                self.settled.entry(hole.id).or_insert(hole);
            }
        }
    }

    /// What is one of few values at a point.
    fn settled_here(&self, state: &State) -> Vec<Arc<Hole>> {
        state
            .known
            .iter()
            .filter(|known| known.restriction.finite)
            .filter_map(|known| self.settled.get(&known.id).cloned())
            .collect()
    }

    /// Whether an alternative is one that a caller gives.
    pub(super) fn as_text(hole: &Arc<Hole>) -> Value {
        Atom::Text(Arc::from([crate::shape::Stretch::Hole(Arc::clone(hole))])).into()
    }
}

//! What a condition takes away from a text: from one of its holes, or from all that is the same text.

use std::sync::Arc;

use super::super::Interpreter;
use super::MAX_CHAIN;
use super::edges::is_resolved;
use crate::shape::{Alphabet, Facts, Hole, Part, Restriction, holes};
use crate::state::State;
use crate::value::{Atom, Value};

impl Interpreter<'_, '_> {
    /// Restricts what a value is made of, and what it is a part of.
    pub(in crate::interpret) fn restrict_value(
        &mut self,
        state: &mut State,
        value: &Value,
        restriction: Restriction,
    ) {
        if restriction.finite && self.setting.watch.is_some() {
            self.settle(value);
        }
        for atom in value.atoms() {
            match atom {
                Atom::Text(text) => {
                    let single = text.len() == 1;
                    let found: Vec<Arc<Hole>> = holes(text).cloned().collect();
                    for hole in found {
                        // A text that is one of few leaves nothing open in it, wherever its holes are.
                        state.restrict(hole.id, restriction);
                        let above = matches!(hole.part, Some((Part::Parent, _)));
                        if single || above {
                            self.restrict_whole(state, &hole, restriction);
                        }
                    }
                }
                Atom::Input(path) => {
                    self.input(Arc::clone(path));
                    state.restrict(path.id(), restriction);
                }
                _ => {}
            }
        }
    }

    /// What is found of a part says something of the whole.
    fn restrict_whole(&mut self, state: &mut State, hole: &Hole, restriction: Restriction) {
        let Some((part, whole)) = hole.part else {
            return;
        };
        match part {
            Part::Host if restriction.finite => {
                self.restrict_url(state, whole, Facts::HOST_CHECKED);
            }
            Part::Scheme if restriction.finite => {
                self.restrict_url(state, whole, Facts::SCHEME_CHECKED);
            }
            Part::CommonPath if restriction.finite && is_resolved(hole) => {
                self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
            }
            // A name right in a known directory; what leads upwards is no name.
            Part::Parent if restriction.finite => {
                self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
            }
            Part::Resolved if restriction.finite || restriction.facts.has(Facts::CONTAINED) => {
                state.restrict(whole, Restriction::facts(Facts::CONTAINED));
            }
            // An absolute path stays absolute.
            Part::Resolved if restriction.facts.has(Facts::NOT_ABSOLUTE) => {
                state.restrict(whole, Restriction::facts(Facts::NOT_ABSOLUTE));
            }
            Part::Form => {
                let wider = Restriction {
                    alphabet: restriction
                        .alphabet
                        .any_case()
                        .union(Alphabet::of(" \t\n\r")),
                    ..restriction
                };
                // Where the form is one of few, so is the text, but for the case of its letters.
                state.restrict(whole, wider);
                if let Some(other) = self.copies.get(&whole).cloned() {
                    self.restrict_whole(state, &other, wider);
                }
            }
            Part::AsRead if restriction.facts.has_any(Facts::OF_URLS) => {
                self.restrict_read(state, hole.id, restriction.facts);
            }
            Part::Piece if self.lift => state.restrict(whole, restriction),
            Part::Inner
                if !restriction.alphabet.contains('\'') || !restriction.alphabet.contains('"') =>
            {
                let known = state.known_of(whole);
                if known.facts.has(Facts::LITERAL) {
                    return;
                }
                // Between the quotes it begins and ends with there is none: a literal.
                state.restrict(whole, Restriction::facts(Facts::LITERAL));
            }
            _ => {}
        }
    }

    /// Facts on a URL, and on the text it is a copy of.
    pub(super) fn restrict_url(&mut self, state: &mut State, id: u32, facts: Facts) {
        state.restrict(id, Restriction::facts(facts));
        self.restrict_read(state, id, facts);
    }

    /// What was found of a text as browsers read it holds of the text itself.
    fn restrict_read(&mut self, state: &mut State, id: u32, facts: Facts) {
        let mut facts = Facts(facts.0 & Facts::OF_URLS.0);
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            let Some(copy) = self.copies.get(&id) else {
                return;
            };
            let Some((Part::AsRead, whole)) = copy.part else {
                return;
            };
            let mut copy = (**copy).clone();
            state.known_of(id).apply(&mut copy);
            if crate::need::is_relative(&copy) {
                facts |= Facts::RELATIVE;
            }
            state.restrict(whole, Restriction::facts(facts));
            id = whole;
        }
    }

    /// A fact on a resolved path, and on what it was resolved from.
    pub(super) fn restrict_resolved(
        &mut self,
        state: &mut State,
        id: u32,
        restriction: Restriction,
    ) {
        state.restrict(id, restriction);
        if let Some(base) = self.resolved.get(&id) {
            state.restrict(*base, restriction);
        }
    }
}

//! Texts: how they are built, cut and changed, as arithmetic on their stretches.

mod formats;
mod methods;
mod slices;

use std::sync::Arc;

use hognose_python::static_symbol;

use super::Interpreter;
use crate::shape::{Alphabet, Facts, Hole, Stretch, add_taints, map_holes};
use crate::state::{Kind, State};
use crate::value::{Atom, ObjId, Symbol, Taint, Value, hash_id};
use formats::keep_hole;

pub(super) use formats::{Piece, percent_pieces};

/// Alternatives of a text that are kept apart.
const MAX_ALTERNATIVES: usize = 4;

/// Objects looked into when a container becomes a text.
const MAX_OBJECTS: usize = 24;

/// Methods that texts have and containers do not.
const STRING_METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "decode",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "hex",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Whether only texts have this method.
pub(super) fn is_string_method(name: Symbol) -> bool {
    STRING_METHODS.binary_search(&name.as_str()).is_ok()
}

/// Texts are no structures any more.
fn as_texts(value: &Value) -> Value {
    let structure =
        |text: &[Stretch]| crate::shape::holes(text).any(|hole| hole.facts.has(Facts::STRUCTURE));
    Value::of(
        value
            .atoms()
            .iter()
            .map(|atom| match atom {
                Atom::Text(text) if structure(text) => {
                    Atom::Text(Arc::from(map_holes(text, |hole| {
                        hole.facts = Facts(hole.facts.0 & !Facts::STRUCTURE.0);
                    })))
                }
                other => other.clone(),
            })
            .collect::<Vec<_>>(),
    )
}

impl Interpreter<'_, '_> {
    /// The texts a value is as `str()` gives them, one by one.
    pub(super) fn texts_of(&mut self, state: &mut State, value: &Value) -> Vec<Vec<Stretch>> {
        let mut all: Vec<Vec<Stretch>> = Vec::new();
        let texts = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Text(_) | Atom::Str(_) | Atom::Input(_)));
        let settled = value.atoms().contains(&Atom::Scalar);
        for atom in value.atoms() {
            // The same thing seen from outside: a path, something a source gives.
            if texts && matches!(atom, Atom::External(_) | Atom::Instance(..)) {
                continue;
            }
            // A field of a form that was found to hold no text.
            if settled && self.has_external_source(&atom.clone().into()) {
                continue;
            }
            let text = match atom {
                Atom::Str(text) => vec![Stretch::Known(*text)],
                Atom::Int(number) => vec![Stretch::Known(Symbol::from(number.to_string()))],
                Atom::None => vec![Stretch::Known(static_symbol!("None"))],
                Atom::Bool(true) => vec![Stretch::Known(static_symbol!("True"))],
                Atom::Bool(false) => vec![Stretch::Known(static_symbol!("False"))],
                Atom::Text(text) => text.to_vec(),
                Atom::Input(path) => {
                    self.input(Arc::clone(path));
                    let mut hole = crate::value::input_hole(path);
                    state.known_of(hole.id).apply(&mut hole);
                    vec![Stretch::Hole(Arc::new(hole))]
                }
                Atom::Object(id) => match self.object_text(state, *id) {
                    Some(text) => text,
                    None => vec![Stretch::Any],
                },
                Atom::Scalar => vec![Stretch::Settled],
                _ => vec![Stretch::Any],
            };
            if !all.contains(&text) {
                all.push(text);
            }
        }
        // What is harmless and not known says nothing beside what is known to be harmful.
        if all.len() > MAX_ALTERNATIVES {
            all.retain(|text| crate::shape::holes(text).next().is_some());
            for alike in [true, false] {
                if all.len() >= MAX_ALTERNATIVES {
                    all = crate::shape::blend(all, alike);
                }
            }
            // The first stay what they are, of the others their holes are known.
            if all.len() >= MAX_ALTERNATIVES {
                let others = all.split_off(MAX_ALTERNATIVES - 2);
                all.extend(crate::shape::loosened(others.iter().map(Vec::as_slice)));
            }
            all.push(vec![Stretch::Any]);
        }
        all
    }

    /// `str()` of an object: what its class says, or all that is in it.
    fn object_text(&mut self, state: &mut State, id: ObjId) -> Option<Vec<Stretch>> {
        let object = Arc::clone(state.object(id)?);
        if matches!(object.kind, Kind::Instance(..)) {
            for dunder in ["__str__", "__format__", "__repr__"] {
                if let Some(text) = self.object_dunder(state, id, dunder, &[]) {
                    return self.texts_of(state, &text).into_iter().next();
                }
            }
            return None;
        }
        let taints = self.deep_holes(state, &Atom::Object(id).into());
        let first = taints.first()?;
        let mut hole = (**first).clone();
        for other in &taints[1..] {
            hole.join(other);
        }
        hole.id = hash_id(&(hole.id, id, 11u8));
        hole.part = None;
        Some(vec![
            Stretch::Any,
            Stretch::Hole(Arc::new(hole)),
            Stretch::Any,
        ])
    }

    /// As a text value.
    pub(super) fn text_value(&mut self, state: &mut State, value: &Value) -> Value {
        if value.atoms().iter().all(|atom| {
            matches!(
                atom,
                Atom::Str(_) | Atom::Text(_) | Atom::Scalar | Atom::Unknown
            )
        }) {
            return as_texts(value);
        }
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            result.join(&Value::stretches(text));
        }
        as_texts(&result)
    }

    /// `repr()`: line feeds are gone.
    pub(super) fn repr_of(&mut self, state: &mut State, value: &Value) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            if crate::shape::holes(&text).next().is_none() {
                result.join(&Value::unknown());
                continue;
            }
            let text = map_holes(&text, |hole| {
                hole.alphabet = hole.alphabet.without("\n\r\t\u{0}\u{b}\u{c}");
                hole.facts |= Facts::LITERAL;
                hole.id = hash_id(&(hole.id, 12u8));
                hole.part = None;
            });
            result.join(&Value::stretches(text));
        }
        result
    }

    /// All holes in a value and what it holds.
    pub(super) fn deep_holes(&mut self, state: &State, value: &Value) -> Vec<Arc<Hole>> {
        let mut found: Vec<Arc<Hole>> = Vec::new();
        let mut seen: Vec<ObjId> = Vec::new();
        let mut waiting: Vec<ObjId> = Vec::new();
        let mut next = vec![value];
        loop {
            for value in next.drain(..) {
                for atom in value.atoms() {
                    let hole = match atom {
                        Atom::Text(text) => {
                            for hole in crate::shape::holes(text) {
                                keep_hole(&mut found, Arc::clone(hole));
                            }
                            continue;
                        }
                        Atom::Input(path) => {
                            self.input(Arc::clone(path));
                            let mut hole = crate::value::input_hole(path);
                            state.known_of(hole.id).apply(&mut hole);
                            hole
                        }
                        Atom::Object(id) => {
                            if seen.len() < MAX_OBJECTS && !seen.contains(id) {
                                seen.push(*id);
                                waiting.push(*id);
                            }
                            continue;
                        }
                        _ => continue,
                    };
                    keep_hole(&mut found, Arc::new(hole));
                }
            }
            let Some(id) = waiting.pop() else {
                return found;
            };
            if let Some(object) = state.object(id) {
                next.push(&object.rest);
                next.extend(&object.items);
                next.extend(object.fields.iter().map(|(_, value)| value));
                next.push(&object.keys);
            }
        }
    }

    /// All texts of a value and of what it holds but under some keys, an input as the hole it makes.
    pub(super) fn deep_texts(
        &mut self,
        state: &State,
        value: &Value,
        skips: &[Symbol],
    ) -> Vec<Vec<Stretch>> {
        let mut found: Vec<Vec<Stretch>> = Vec::new();
        let mut seen: Vec<ObjId> = Vec::new();
        let mut waiting: Vec<Value> = vec![value.clone()];
        while let Some(value) = waiting.pop() {
            for atom in value.atoms() {
                let text = match atom {
                    Atom::Text(text) => text.to_vec(),
                    Atom::Input(path) => {
                        self.input(Arc::clone(path));
                        let mut hole = crate::value::input_hole(path);
                        state.known_of(hole.id).apply(&mut hole);
                        vec![Stretch::Hole(Arc::new(hole))]
                    }
                    Atom::Object(id) if seen.len() < MAX_OBJECTS && !seen.contains(id) => {
                        seen.push(*id);
                        if let Some(object) = state.object(*id) {
                            waiting.extend(object.items.iter().cloned());
                            let fields = object.fields.iter();
                            let kept = fields.filter(|(name, _)| !skips.contains(name));
                            waiting.extend(kept.map(|(_, value)| value.clone()));
                            waiting.push(object.rest.clone());
                        }
                        continue;
                    }
                    _ => continue,
                };
                if found.len() < MAX_OBJECTS && !found.contains(&text) {
                    found.push(text);
                }
            }
        }
        found
    }

    /// One new hole with the origins of several.
    pub(super) fn blend(
        &self,
        holes: &[Arc<Hole>],
        id: u32,
        alphabet: Alphabet,
        doubt: u8,
        change: impl Fn(&mut Taint),
    ) -> Option<Hole> {
        let first = holes.first()?;
        let mut hole = (**first).clone();
        for other in &holes[1..] {
            add_taints(&mut hole.taints, &other.taints);
            hole.doubt = hole.doubt.max(other.doubt);
            hole.cleaned.0 &= other.cleaned.0;
            hole.facts = hole.facts.join(other.facts);
        }
        hole.facts = Facts::NONE | Facts(hole.facts.0 & Facts::STRUCTURE.0);
        hole.id = id;
        hole.part = None;
        hole.alphabet = alphabet;
        hole.doubt = hole.doubt.saturating_add(doubt);
        for taint in &mut hole.taints {
            change(taint);
        }
        Some(hole)
    }

    pub(super) fn all_holes(&mut self, state: &State, values: &[Value]) -> Vec<Arc<Hole>> {
        let mut all = Vec::new();
        for value in values {
            for hole in self.deep_holes(state, value) {
                if !all.contains(&hole) {
                    all.push(hole);
                }
            }
        }
        all
    }
}

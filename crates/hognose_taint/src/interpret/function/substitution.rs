//! A summary put in place of a call: inputs become what is given, effects happen to it.

use std::sync::Arc;

use hognose_python::ir::*;
use smallvec::SmallVec;

use super::super::Interpreter;
use super::Substitution;
use crate::shape::{
    Alphabet, Facts, Hole, LITERAL_ESCAPES, Part, Stretch, add_taints, add_taints_by, concat,
};
use crate::state::{Object, State};
use crate::summary::Exported;
use crate::value::{Atom, InputPath, Key, ObjId, Origin, Root, Taint, Value, Why, hash_id};

impl Interpreter<'_, '_> {
    /// What an input of the callee is for the caller.
    pub(super) fn resolve(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        path: &Arc<InputPath>,
    ) -> Value {
        if let (Root::Param(number), true) = (path.root, path.keys.is_empty()) {
            return substitution.given(number);
        }
        if let Some(known) = substitution.known.get(path) {
            return known.clone();
        }
        let mut value = match path.root {
            Root::Param(number) => substitution.given(number),
            Root::Captured(scope, slot) => {
                let here = self.at().module == substitution.module;
                // What a function of another module captured, met by a walk in place, is nobody's here.
                let home = self.setting.project.module(substitution.module);
                let captured = home
                    .scopes
                    .get(scope.0 as usize)
                    .and_then(|scope| scope.slots.get(slot.index()));
                let Some(name) = captured.map(|slot| slot.name) else {
                    return Value::unknown();
                };
                if here && let Some(depth) = self.frame_of(scope) {
                    state.frames[depth]
                        .slots
                        .get(slot.index())
                        .map(|(_, value)| value.clone())
                        .unwrap_or_default()
                } else if let Some(value) = substitution
                    .closure
                    .and_then(|closure| state.object(closure))
                    .and_then(|object| object.field(name))
                {
                    value.clone()
                } else if here && self.is_around(scope) {
                    let atom = self.input(InputPath::whole(path.root));
                    atom.into()
                } else {
                    Value::unknown()
                }
            }
        };
        self.quiet += 1;
        for key in &path.keys {
            value = match key {
                Key::Attr(attr) => self.attribute(state, &value, *attr, substitution.expr),
                Key::Item(name) => {
                    let key = Atom::Str(*name).into();
                    self.item(state, &value, &key, substitution.expr)
                }
                Key::Index(index) => {
                    let key = Atom::Int(i64::from(*index)).into();
                    self.item(state, &value, &key, substitution.expr)
                }
                Key::Any => self.iterated(state, &value, substitution.expr),
                Key::Value => self.mapped_values(state, &value, substitution.expr),
            };
        }
        self.quiet -= 1;
        if value.is_nothing() {
            value = Value::unknown();
        }
        substitution.known.insert(Arc::clone(path), value.clone());
        value
    }

    /// Whether a scope lies around the one at hand.
    fn is_around(&self, scope: ScopeId) -> bool {
        let module = self.module();
        let mut around = module[self.at().scope].parent;
        while let Some(outer) = around {
            if outer == scope {
                return true;
            }
            around = module[outer].parent;
        }
        false
    }

    /// A value of the callee, for the caller.
    pub(super) fn substitute(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        value: &Value,
        objects: Option<&[ObjId]>,
    ) -> Value {
        if let Some(Atom::Input(path)) = value.only() {
            return self.resolve(state, substitution, path);
        }
        if !value.has_holes() && !value.has_objects() {
            return value.clone();
        }
        let mut result = Value::nothing();
        let is_input = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Input(_)));
        for atom in value.atoms() {
            match atom {
                // What class the callee knew an input to have; the caller knows the object.
                Atom::Instance(..) if is_input => {}
                Atom::Input(path) => {
                    let value = self.resolve(state, substitution, path);
                    result.join(&value);
                }
                Atom::Text(text) => {
                    let mut parts: Vec<Value> = Vec::with_capacity(text.len());
                    for stretch in text.iter() {
                        parts.push(match stretch {
                            Stretch::Hole(hole) => self.substitute_hole(state, substitution, hole),
                            other => Value::stretches(vec![other.clone()]),
                        });
                    }
                    let text = match parts.as_slice() {
                        [one] => one.clone(),
                        many => self.joined_texts(state, many),
                    };
                    result.join(&text);
                }
                Atom::Object(id) => match objects.and_then(|objects| objects.get(id.0 as usize)) {
                    Some(id) => result.add(Atom::Object(*id)),
                    None => result.add(Atom::Unknown),
                },
                other => result.add(other.clone()),
            }
        }
        if is_input
            && !result
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Object(_)))
        {
            for atom in value.atoms() {
                if matches!(atom, Atom::Instance(..)) {
                    result.add(atom.clone());
                }
            }
        }
        result
    }

    fn substitute_hole(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        hole: &Arc<Hole>,
    ) -> Value {
        let site = self.site(substitution.expr);
        let place = self.place(substitution.expr);
        let name = substitution.name;
        // An input that is used as it is.
        if let [taint] = hole.taints.as_slice()
            && let Origin::Input(path) = &taint.origin
            && hole.id == path.id()
        {
            let actual = self.resolve(state, substitution, path);
            let mut result = Value::nothing();
            for text in self.texts_of(state, &actual) {
                let mut text = text;
                for stretch in &mut text {
                    if let Stretch::Hole(given) = stretch {
                        let given = Arc::make_mut(given);
                        given.alphabet = given.alphabet.intersect(hole.alphabet);
                        given.facts |= hole.facts;
                        given.cleaned.0 |= hole.cleaned.0;
                        given.doubt = given.doubt.max(hole.doubt);
                        for known in &mut given.taints {
                            known.trail = known
                                .trail
                                .step(place, Why::Passed(name))
                                .then(&taint.trail);
                        }
                    }
                }
                if text.len() > 1 {
                    text = concat([text.as_slice()]);
                }
                result.join(&Value::stretches(text));
            }
            return result;
        }
        let mut taints: SmallVec<[Taint; 1]> = SmallVec::new();
        let mut doubt = hole.doubt;
        let mut facts = hole.facts;
        let mut cleaned = hole.cleaned;
        let mut limit = Alphabet::NONE;
        let mut base = None;
        for taint in &hole.taints {
            match &taint.origin {
                Origin::Source(_) => {
                    add_taints(&mut taints, std::slice::from_ref(taint));
                    limit = Alphabet::ALL;
                }
                Origin::Input(path) => {
                    let found = self.holes_given(state, substitution, path);
                    for given in &*found {
                        add_taints_by(&mut taints, &given.taints, |way| {
                            way.step(place, Why::Passed(name)).then(&taint.trail)
                        });
                        doubt = doubt.max(given.doubt.saturating_add(hole.doubt));
                        limit = limit.union(given.alphabet);
                        facts |= Facts(given.facts.0 & Facts::STRUCTURE.0);
                        cleaned.0 |= given.cleaned.0;
                    }
                    if let [given] = &*found
                        && let Some((part, of)) = hole.part
                        && of == path.id()
                    {
                        base = Some((part, given.id));
                    }
                }
            }
        }
        if taints.is_empty() {
            // A part of a known text is known to be harmless.
            return Value::unknown();
        }
        let alphabet = match hole.part {
            Some((Part::Literal, _)) => {
                base = Some((Part::Literal, 0));
                hole.alphabet
                    .intersect(limit.union(Alphabet::of(LITERAL_ESCAPES)))
            }
            Some(_) => hole.alphabet.intersect(limit),
            None => hole.alphabet,
        };
        Value::hole(Hole {
            id: hash_id(&(hole.id, site)),
            taints,
            alphabet,
            facts,
            cleaned,
            part: base,
            keys: hole.keys.clone(),
            doubt,
        })
    }

    /// The holes in what an input of the callee is for the caller.
    fn holes_given(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        path: &Arc<InputPath>,
    ) -> Arc<[Arc<Hole>]> {
        if let Some(known) = substitution.holes.get(path) {
            return Arc::clone(known);
        }
        let actual = self.resolve(state, substitution, path);
        let found: Arc<[Arc<Hole>]> = self.deep_holes(state, &actual).into();
        let key = Arc::clone(path);
        substitution.holes.insert(key, Arc::clone(&found));
        found
    }

    /// Takes in a value of the callee with its objects.
    pub(super) fn import_substituted(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        exported: &Exported,
    ) -> Value {
        let site = hash_id(&(self.site(substitution.expr), 77u8));
        let objects: Vec<ObjId> = (0..exported.heap.len())
            .map(|number| self.object_at(site, u32::try_from(number).unwrap_or(u32::MAX)))
            .collect();
        for (object, id) in exported.heap.iter().zip(&objects) {
            if self.quiet > 0 && state.object(*id).is_some() {
                continue;
            }
            if !object.has_holes() && !object.has_objects() {
                state.allocate(*id, Arc::clone(object));
                continue;
            }
            let mut copy = Object {
                kind: object.kind.clone(),
                items: Vec::with_capacity(object.items.len()),
                exact: object.exact,
                fields: SmallVec::new(),
                first: self.substitute(state, substitution, &object.first, Some(&objects)),
                rest: self.substitute(state, substitution, &object.rest, Some(&objects)),
                keys: self.substitute(state, substitution, &object.keys, Some(&objects)),
                many: object.many,
            };
            for item in &object.items {
                copy.items
                    .push(self.substitute(state, substitution, item, Some(&objects)));
            }
            for (name, value) in &object.fields {
                copy.fields.push((
                    *name,
                    self.substitute(state, substitution, value, Some(&objects)),
                ));
            }
            state.allocate(*id, copy);
        }
        self.substitute(state, substitution, &exported.value, Some(&objects))
    }

    /// Writes what the callee wrote into an input.
    pub(super) fn write_through(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        path: &InputPath,
        written: &Exported,
    ) {
        let Some((last, front)) = path.keys.split_last() else {
            return;
        };
        let owner = InputPath::new(path.root, front.iter().copied().collect());
        let owner = self.resolve(state, substitution, &owner);
        let holds = |atom: &Atom| {
            matches!(
                atom,
                Atom::Object(_)
                    | Atom::Input(_)
                    | Atom::Instance(..)
                    | Atom::Class(..)
                    | Atom::Module(_)
            )
        };
        if !owner.atoms().iter().any(holds) {
            return;
        }
        let value = self.import_substituted(state, substitution, written);
        // The callee has told its class itself.
        self.written_before = true;
        match last {
            Key::Attr(attr) => self.set_attribute(state, &owner, *attr, value),
            Key::Item(name) => {
                let key = Atom::Str(*name).into();
                self.set_item(state, &owner, &key, value);
            }
            Key::Index(index) => {
                let key = Atom::Int(i64::from(*index)).into();
                self.set_item(state, &owner, &key, value);
            }
            Key::Any | Key::Value => self.pour(state, &owner, &value),
        }
        self.written_before = false;
    }
}

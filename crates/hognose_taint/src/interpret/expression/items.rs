//! Items and elements: subscripts, iteration, values of mappings.

use std::sync::Arc;

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::assign::single_key;
use super::MAX_DISPLAY;
use crate::routes::bound_of;
use crate::shape::{Alphabet, Restriction, Stretch};
use crate::state::{Kind, State};
use crate::value::{Atom, InputPath, Key, Symbol, Value, hash_id};

impl<'p> Interpreter<'_, 'p> {
    /// A part of something from a source.
    pub(in crate::interpret) fn part_of_text(
        &mut self,
        text: &[Stretch],
        key: Key,
        expr: ExprId,
    ) -> Value {
        let mut value = Value::nothing();
        for hole in crate::shape::holes(text) {
            let id = match key {
                Key::Any | Key::Value => hash_id(&(hole.id, expr.0)),
                key => hash_id(&(hole.id, key)),
            };
            let mut part = hole.derive(id, None);
            part.alphabet = Alphabet::ALL;
            if let Key::Item(name) = key
                && let Some(variables) = self.variables.get(&hole.id)
                && let Some(bound) = bound_of(variables, name)
            {
                if bound == Alphabet::NONE {
                    value.add(Atom::Scalar);
                    continue;
                }
                part.alphabet = bound;
            }
            value.join(&Value::hole(part));
        }
        if value.is_nothing() {
            value.add(Atom::Unknown);
        }
        value
    }

    pub(super) fn subscript(
        &mut self,
        state: &mut State,
        expr: ExprId,
        value: ExprId,
        index: ExprId,
    ) -> Value {
        let module = self.module();
        let container = self.eval(state, value);
        if let Expr::Slice(bounds) = module[index] {
            let mut parts = [None, None, None];
            for (part, bound) in parts.iter_mut().zip(module.opt(bounds)) {
                *part = bound.map(|bound| self.eval(state, bound.get()));
            }
            return self.slice(state, &container, &parts, expr);
        }
        let key = self.eval(state, index);
        self.decides_key(&container, &key);
        let item = self.item(state, &container, &key, expr);
        if self.has_only_known_keys(state, &container) {
            self.restrict_value(state, &key, Restriction::FINITE);
        }
        item
    }

    /// Whether a container is a dict whose keys the program chose: what it has an item for is one of them, and it raises
    /// otherwise.
    fn has_only_known_keys(&self, state: &State, container: &Value) -> bool {
        let Some(Atom::Object(id)) = container.only() else {
            return false;
        };
        !self.factories.contains_key(id)
            && state.object(*id).is_some_and(|object| {
                matches!(object.kind, Kind::Dict)
                    && !object.fields.is_empty()
                    && !object.keys.has_holes()
            })
    }

    /// A key that decides which element is taken.
    fn decides_key(&mut self, container: &Value, key: &Value) {
        if container
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Object(_)))
        {
            self.decides(key);
        }
    }

    /// `container[key]`, or an element of something unpacked.
    pub(in crate::interpret) fn item(
        &mut self,
        state: &mut State,
        container: &Value,
        key: &Value,
        expr: ExprId,
    ) -> Value {
        let constant = single_key(key);
        let external_source = self.has_external_source(container);
        let mut value = Value::nothing();
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => {
                    let found = self.object_item(state, *id, constant.as_ref(), key, expr);
                    value.join(&found);
                }
                Atom::External(path) => {
                    let path = self.values.path_of_item(*path);
                    let mut found = Value::from(Atom::External(path));
                    if let Some(text) = self.source_text(path, Some(container), Some(key), expr) {
                        found.join(&text);
                    }
                    value.join(&found);
                }
                Atom::Text(_) if external_source => {}
                Atom::Text(text) => {
                    let key = constant.unwrap_or(Key::Any);
                    value.join(&self.part_of_text(text, key, expr));
                }
                Atom::Str(text) => match constant {
                    Some(Key::Index(index)) => {
                        let count = i64::try_from(text.as_str().chars().count()).unwrap_or(0);
                        let at = i64::from(index);
                        let at = if at < 0 { at + count } else { at };
                        match usize::try_from(at)
                            .ok()
                            .and_then(|at| text.as_str().chars().nth(at))
                        {
                            Some(character) => {
                                value.add(Atom::Str(Symbol::from(character.to_string())));
                            }
                            None => value.add(Atom::Unknown),
                        }
                    }
                    _ => value.add(Atom::Unknown),
                },
                Atom::Input(path) => {
                    if constant.is_none() {
                        // Which one, the key decides.
                        self.decides(key);
                    }
                    let part = path.then(constant.unwrap_or(Key::Value));
                    match state.written_to(&part) {
                        Some(written) => value.join(&written.clone()),
                        None => {
                            let any = state.written_to(&path.then(Key::Any)).cloned();
                            let part = self.input(part);
                            value.add(part);
                            if let Some(any) = any {
                                value.join(&any);
                            }
                        }
                    }
                }
                // `globals()["name"]`.
                Atom::Module(module) => match constant {
                    Some(Key::Item(name)) => {
                        let found = self.module_variable(state, *module, name);
                        value.join(&found);
                    }
                    _ => value.add(Atom::Unknown),
                },
                Atom::Class(..) => value.add(atom.clone()),
                Atom::Instance(..) => {
                    let found = self.instance_dunder(
                        state,
                        atom,
                        "__getitem__",
                        std::slice::from_ref(key),
                        expr,
                    );
                    value.join(&found);
                }
                _ => value.add(Atom::Unknown),
            }
        }
        value
    }

    /// Some value of an input that is a mapping.
    pub(in crate::interpret) fn some_value(
        &mut self,
        state: &State,
        path: &Arc<InputPath>,
    ) -> Value {
        let mut value = Value::nothing();
        for key in [Key::Value, Key::Any] {
            if let Some(written) = state.written_to(&path.then(key)) {
                value.join(written);
            }
        }
        let part = self.input(path.then(Key::Value));
        value.add(part);
        value
    }

    /// Some value of mappings, or element of others.
    pub(in crate::interpret) fn mapped_values(
        &mut self,
        state: &mut State,
        container: &Value,
        expr: ExprId,
    ) -> Value {
        let mut value = Value::nothing();
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => match state.object(*id) {
                    Some(object) if object.kind == Kind::Dict => value.join(&object.values()),
                    _ => {
                        let element = self.iterated(state, &atom.clone().into(), expr);
                        value.join(&element);
                    }
                },
                Atom::Input(path) => {
                    let part = self.some_value(state, path);
                    value.join(&part);
                }
                other => {
                    let element = self.iterated(state, &other.clone().into(), expr);
                    value.join(&element);
                }
            }
        }
        value
    }

    /// An element met while iterating.
    pub(in crate::interpret) fn iterated(
        &mut self,
        state: &mut State,
        container: &Value,
        expr: ExprId,
    ) -> Value {
        let mut value = Value::nothing();
        let external_source = self.has_external_source(container);
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => {
                    let Some(object) = state.object(*id).cloned() else {
                        continue;
                    };
                    match object.kind {
                        Kind::Dict => {
                            for (name, _) in &object.fields {
                                match name.as_str().strip_prefix('#') {
                                    Some(number) => match number.parse() {
                                        Ok(number) => value.add(Atom::Int(number)),
                                        Err(_) => value.add(Atom::Str(*name)),
                                    },
                                    None => value.add(Atom::Str(*name)),
                                }
                            }
                            value.join(&object.keys);
                            if object.keys.is_nothing() {
                                value.join(&object.rest);
                            }
                        }
                        Kind::Instance(..) => {
                            // An iterator may be its own iterator, or one that makes others.
                            if self.nested >= super::super::MAX_NESTED {
                                self.cut = true;
                                continue;
                            }
                            self.nested += 1;
                            let iterator = self.instance_dunder(state, atom, "__iter__", &[], expr);
                            if iterator
                                .atoms()
                                .iter()
                                .any(|inner| inner != atom && *inner != Atom::Unknown)
                            {
                                value.join(&self.iterated(state, &iterator, expr));
                            }
                            let next = self.instance_dunder(state, atom, "__next__", &[], expr);
                            value.join(&next);
                            self.nested -= 1;
                        }
                        _ => value.join(&object.contents()),
                    }
                }
                Atom::External(path) => {
                    let path = self.values.path_of_item(*path);
                    let mut found = Value::from(Atom::External(path));
                    if let Some(text) = self.source_text(path, Some(container), None, expr) {
                        // What is found of every element holds of the whole, and the other way round.
                        let whole = container.holes();
                        let text = match whole.as_slice() {
                            [whole] => Value::of(text.atoms().iter().map(|atom| {
                                match atom {
                                    Atom::Text(text) => Atom::Text(
                                        crate::shape::map_holes(text, |hole| {
                                            hole.part = Some((crate::shape::Part::Piece, whole.id));
                                            hole.alphabet = hole.alphabet.intersect(whole.alphabet);
                                        })
                                        .into(),
                                    ),
                                    other => other.clone(),
                                }
                            })),
                            _ => text,
                        };
                        found.join(&text);
                    }
                    value.join(&found);
                }
                Atom::Text(_) if external_source => {}
                Atom::Text(text) => {
                    for hole in crate::shape::holes(text) {
                        let id = hash_id(&(hole.id, expr.0, 3u8));
                        let piece = hole.derive(id, Some(crate::shape::Part::Piece));
                        value.join(&Value::hole(piece));
                    }
                }
                Atom::Str(text) => {
                    for character in text.as_str().chars().take(MAX_DISPLAY) {
                        value.add(Atom::Str(Symbol::from(character.to_string())));
                    }
                }
                Atom::Input(path) => {
                    let part = path.then(Key::Any);
                    if let Some(written) = state.written_to(&part).cloned() {
                        value.join(&written);
                    }
                    let part = self.input(part);
                    value.add(part);
                }
                Atom::Class(module, class)
                    if self.setting.facts.enums.contains(&(*module, *class)) =>
                {
                    value.add(Atom::Scalar);
                }
                _ => value.add(Atom::Unknown),
            }
        }
        value
    }
}

//! Python's built-in functions, and copies.

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::call::Arguments;
use crate::shape::{Alphabet, Facts, map_holes};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Symbol, Value, Why, hash_id};

impl Interpreter<'_, '_> {
    pub(super) fn builtin(
        &mut self,
        state: &mut State,
        name: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let first = || arguments.position(0).unwrap_or_else(Value::unknown);
        Some(match name {
            "int" | "float" => {
                // It raises for anything else.
                self.restrict_value(
                    state,
                    &first(),
                    crate::shape::Restriction::alphabet(Alphabet::number()),
                );
                match first().only() {
                    Some(Atom::Int(number)) => Atom::Int(*number).into(),
                    Some(Atom::Str(text)) => text
                        .as_str()
                        .trim()
                        .parse()
                        .map_or(Atom::Scalar, Atom::Int)
                        .into(),
                    _ => {
                        let tainted = self.all_holes(state, &[first()]);
                        match tainted.is_empty() {
                            true => Atom::Scalar.into(),
                            // A number of a stranger's choice: harmless as a text, not as a size.
                            false => {
                                let id = self.site(expr);
                                let mut hole =
                                    self.blend(&tainted, id, Alphabet::number(), 0, |_| {})?;
                                hole.alphabet = Alphabet::of(if name == "int" {
                                    "0123456789-"
                                } else {
                                    "0123456789-.einfa+"
                                });
                                Value::hole(hole)
                            }
                        }
                    }
                }
            }
            "repr" | "ascii" => self.repr_of(state, &first()),
            "format" => first(),
            "chr" => Value::unknown(),
            "min" | "max" => {
                let mut result = Value::nothing();
                let values = if arguments.positional.len() == 1 {
                    vec![self.iterated(state, &first(), expr)]
                } else {
                    arguments.positional.to_vec()
                };
                let known = values
                    .iter()
                    .any(|value| matches!(value.only(), Some(Atom::Int(_))));
                for value in &values {
                    result.join(value);
                }
                if name == "min" && known {
                    return Some(Atom::Scalar.into());
                }
                result
            }
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "filter" => {
                let kind = match name {
                    "tuple" => Kind::Tuple,
                    "set" | "frozenset" => Kind::Set,
                    _ => Kind::List,
                };
                let given = if name == "filter" {
                    arguments.position(1).unwrap_or_else(Value::unknown)
                } else {
                    first()
                };
                if let Some(Atom::Object(id)) = given.only()
                    && let Some(object) = state.object(*id).cloned()
                    && matches!(object.kind, Kind::List | Kind::Tuple | Kind::Set)
                {
                    let mut copy = (*object).clone();
                    copy.kind = kind;
                    copy.many = false;
                    match name {
                        "reversed" => {
                            copy.items.reverse();
                            copy.first = Value::nothing();
                        }
                        "sorted" | "filter" => copy.scramble(),
                        _ => {}
                    }
                    return Some(self.make(state, expr, copy));
                }
                let mut object = Object::new(kind);
                if !arguments.all().is_empty() {
                    object.exact = false;
                    object.rest = self.iterated(state, &given, expr);
                }
                self.make(state, expr, object)
            }
            "dict" => {
                let mut object = Object::new(Kind::Dict);
                for value in &arguments.positional {
                    self.merge_into(state, &mut object, value);
                    // A list of pairs.
                    if let Some(Atom::Object(id)) = value.only()
                        && let Some(list) = state.object(*id).cloned()
                        && list.kind == Kind::List
                    {
                        let pairs = list.contents();
                        for pair in pairs.atoms() {
                            if let Atom::Object(pair) = pair
                                && let Some(pair) = state.object(*pair)
                                && let [key, value] = pair.items.as_slice()
                            {
                                match super::super::assign::single_key(key) {
                                    Some(crate::value::Key::Item(name)) => {
                                        object.set_field(name, value.clone());
                                    }
                                    _ => object.rest.join(value),
                                }
                            }
                        }
                    }
                }
                for (name, value) in &arguments.keywords {
                    object.set_field(*name, value.clone());
                }
                if let Some(map) = &arguments.double_star {
                    self.merge_into(state, &mut object, map);
                }
                self.make(state, expr, object)
            }
            "enumerate" | "zip" => {
                let mut parts = Vec::new();
                if name == "enumerate" {
                    parts.push(Atom::Scalar.into());
                }
                for value in &arguments.positional {
                    parts.push(self.iterated(state, value, expr));
                    if name == "enumerate" {
                        break;
                    }
                }
                let site = self.site(expr);
                let pair = self.object_at(site, 60);
                if let Some(known) = state.heap.get_mut(pair.0 as usize) {
                    *known = None;
                }
                state.allocate(pair, Object::sequence(Kind::Tuple, parts));
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = Atom::Object(pair).into();
                self.make(state, expr, object)
            }
            "map" => {
                let mut given = Vec::new();
                for value in arguments.positional.iter().skip(1) {
                    given.push(self.iterated(state, value, expr));
                }
                let element = self.call_value(state, &first(), &Arguments::of(&given), expr);
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = element;
                self.make(state, expr, object)
            }
            "next" => {
                let mut value = self.iterated(state, &first(), expr);
                if let Some(default) = arguments.position(1) {
                    value.join(&default);
                }
                value
            }
            "sum" => {
                let element = self.iterated(state, &first(), expr);
                if element.has_holes() {
                    element
                } else {
                    Atom::Scalar.into()
                }
            }
            "getattr" => {
                let name = arguments.position(1).and_then(|name| name.known_text());
                match name {
                    Some(name) => {
                        let mut value = self.attribute(state, &first(), name, expr);
                        if let Some(default) = arguments.position(2) {
                            value.join(&default);
                        }
                        value
                    }
                    None => {
                        if let Some(name) = arguments.position(1) {
                            self.decides(&name);
                        }
                        self.any_attribute(state, &first())
                    }
                }
            }
            "setattr" => {
                let value = arguments.position(2).unwrap_or_else(Value::unknown);
                match arguments.position(1).and_then(|name| name.known_text()) {
                    Some(name) => self.set_attribute(state, &first(), name, value),
                    None => self.pour(state, &first(), &value),
                }
                Atom::None.into()
            }
            "vars" => match first().only() {
                Some(Atom::Object(id)) => {
                    let mut dict = state.object(*id).map(|object| (**object).clone())?;
                    dict.kind = Kind::Dict;
                    self.make(state, expr, dict)
                }
                _ => Value::unknown(),
            },
            "type" if arguments.positional.len() == 1 => {
                let mut result = Value::nothing();
                for atom in first().atoms() {
                    match atom {
                        Atom::Object(id) => match state.object(*id).map(|object| &object.kind) {
                            Some(Kind::Instance(module, class)) => {
                                result.add(Atom::Class(*module, *class));
                            }
                            _ => result.add(Atom::Unknown),
                        },
                        Atom::Instance(module, class) => result.add(Atom::Class(*module, *class)),
                        _ => result.add(Atom::Unknown),
                    }
                }
                result
            }
            "property" | "staticmethod" | "classmethod" => first(),
            "str().join" | "str.join" => return None,
            "dict.fromkeys" => {
                let mut object = Object::new(Kind::Dict);
                object.rest = self.iterated(state, &first(), expr);
                self.make(state, expr, object)
            }
            "globals" => Atom::Module(self.at().module).into(),
            "locals" | "dir" | "object" | "slice" => Value::unknown(),
            _ => return None,
        })
    }

    /// Some attribute of an object, for a name that is not known.
    fn any_attribute(&mut self, state: &State, object: &Value) -> Value {
        let mut value = Value::nothing();
        for atom in object.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(object) = state.object(*id) {
                        value.join(&object.contents());
                    }
                }
                Atom::Input(path) => {
                    let part = self.input(path.then(crate::value::Key::Any));
                    value.add(part);
                }
                _ => {}
            }
        }
        value.add(Atom::Unknown);
        value
    }

    pub(super) fn length(&mut self, state: &mut State, value: &Value) -> Value {
        match value.only() {
            Some(Atom::Str(text)) => i64::try_from(text.as_str().chars().count())
                .map_or(Atom::Scalar, Atom::Int)
                .into(),
            Some(Atom::Object(id)) => match state.object(*id) {
                Some(object)
                    if object.exact
                        && object.rest.is_nothing()
                        && !object.many
                        && matches!(object.kind, Kind::List | Kind::Tuple) =>
                {
                    i64::try_from(object.items.len())
                        .map_or(Atom::Scalar, Atom::Int)
                        .into()
                }
                _ => Atom::Scalar.into(),
            },
            _ => Atom::Scalar.into(),
        }
    }

    /// A copy of a value with all the objects it refers to.
    pub(super) fn copied_deeply(
        &mut self,
        state: &mut State,
        value: &Value,
        expr: ExprId,
    ) -> Value {
        let exported = self.export(state, value);
        let site = hash_id(&(self.site(expr), 26u8));
        self.import(state, &exported, site, false)
    }

    pub(super) fn copied(&mut self, state: &mut State, value: &Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for atom in value.atoms() {
            match atom {
                Atom::Object(id) => match state.object(*id).cloned() {
                    Some(object) => {
                        let mut copy = (*object).clone();
                        copy.many = false;
                        result.join(&self.make(state, expr, copy));
                    }
                    None => result.add(Atom::Unknown),
                },
                other => result.add(other.clone()),
            }
        }
        result
    }

    /// Everything in a value as one new text of an alphabet.
    pub(in crate::interpret) fn transformed(
        &mut self,
        state: &mut State,
        path: Symbol,
        value: &Value,
        alphabet: Alphabet,
        facts: Facts,
        expr: ExprId,
    ) -> Value {
        let holes = self.all_holes(state, std::slice::from_ref(value));
        let id = self.site(expr);
        let place = self.place(expr);
        match self.blend(&holes, id, alphabet, 0, |taint| {
            taint.trail = taint.trail.step(place, Why::Through(path));
        }) {
            Some(mut hole) => {
                hole.facts |= facts;
                if facts == Facts::NONE {
                    hole.facts = hole.facts.without(Facts::STRUCTURE);
                }
                Value::hole(hole)
            }
            None => Value::unknown(),
        }
    }

    /// A text with every hole changed, as another one.
    pub(super) fn mapped(
        &mut self,
        state: &mut State,
        value: &Value,
        expr: ExprId,
        mut change: impl FnMut(&mut crate::shape::Hole),
    ) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let text = map_holes(&text, |hole| {
                change(hole);
                hole.part = None;
                hole.id = hash_id(&(hole.id, expr.0, 14u8));
            });
            result.join(&Value::stretches(text));
        }
        result
    }
}

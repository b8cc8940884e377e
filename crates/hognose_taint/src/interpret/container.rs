//! Methods of lists, dicts, sets and tuples.

use hognose_python::ir::*;

use super::Interpreter;
use super::assign::{index_name, single_key, store_item};
use super::call::Arguments;
use crate::state::{Kind, MAX_ITEMS, Object, State};
use crate::value::{Atom, Key, ObjId, Symbol, Value};

impl Interpreter<'_, '_> {
    /// `list += more`, `list.extend(more)`.
    pub(super) fn extend(&mut self, state: &mut State, id: ObjId, more: &Value) {
        if self.quiet > 0 {
            return;
        }
        if let Some(Atom::Object(other)) = more.only()
            && let Some(other) = state.object(*other).cloned()
            && other.exact
            && matches!(other.kind, Kind::List | Kind::Tuple)
            && let Some(object) = state.object_mut(id)
            && object.exact
            && !object.many
            && object.items.len() + other.items.len() <= MAX_ITEMS
        {
            object.items.extend(other.items.iter().cloned());
            return;
        }
        let element = self.iterated(state, more, ExprId(0));
        if let Some(object) = state.object_mut(id) {
            object.blur();
            object.rest.join(&element);
        }
    }

    /// `a | b` of dicts and sets.
    pub(super) fn union(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        let Some(Atom::Object(a)) = left.only() else {
            return Value::nothing();
        };
        let Some(a) = state.object(*a).cloned() else {
            return Value::nothing();
        };
        match a.kind {
            Kind::Dict => {
                let mut both = (*a).clone();
                both.many = false;
                self.merge_into(state, &mut both, right);
                self.make(state, expr, both)
            }
            Kind::Set => {
                let mut both = (*a).clone();
                both.blur();
                both.many = false;
                let more = self.iterated(state, right, expr);
                both.rest.join(&more);
                self.make(state, expr, both)
            }
            _ => Value::nothing(),
        }
    }

    pub(super) fn container_method(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let Some(object) = state.object(id).cloned() else {
            return Value::unknown();
        };
        let first = || arguments.position(0).unwrap_or_else(Value::unknown);
        let quiet = self.quiet > 0;
        match (&object.kind, name.as_str()) {
            (Kind::List, "append" | "appendleft" | "put" | "put_nowait") | (Kind::Set, "add") => {
                if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                    let value = first();
                    let at_end = name.as_str() == "append" && !object.many;
                    if object.exact
                        && object.items.len() < MAX_ITEMS
                        && (at_end || object.kind == Kind::Set)
                    {
                        object.items.push(value);
                    } else {
                        match name.as_str() {
                            "appendleft" => object.scramble(),
                            _ => object.blur(),
                        }
                        object.rest.join(&value);
                    }
                }
                Atom::None.into()
            }
            (Kind::List, "extend") => {
                self.extend(state, id, &first());
                Atom::None.into()
            }
            (Kind::Set, "update") => {
                for value in arguments.all() {
                    let element = self.iterated(state, &value, expr);
                    if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                        object.blur();
                        object.rest.join(&element);
                    }
                }
                Atom::None.into()
            }
            (Kind::List, "insert") => {
                let value = arguments.position(1).unwrap_or_else(Value::unknown);
                let at = match first().only() {
                    Some(Atom::Int(at)) => usize::try_from(*at).ok(),
                    _ => None,
                };
                if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                    match at {
                        Some(at) if object.exact && !object.many => {
                            let at = at.min(object.items.len());
                            object.items.insert(at, value);
                        }
                        _ => {
                            object.scramble();
                            object.rest.join(&value);
                        }
                    }
                }
                Atom::None.into()
            }
            (Kind::List, "pop" | "popleft" | "get" | "get_nowait") => {
                let index = match arguments.position(0) {
                    None if name.as_str() == "pop" => Some(-1),
                    None => Some(0),
                    Some(value) => match value.only() {
                        Some(Atom::Int(index)) => Some(*index),
                        _ => None,
                    },
                };
                let mut taken = Value::nothing();
                if let Some(index) = index
                    && object.exact
                    && !object.many
                {
                    let len = i64::try_from(object.items.len()).unwrap_or(0);
                    let at = if index < 0 { index + len } else { index };
                    if let Ok(at) = usize::try_from(at)
                        && at < object.items.len()
                    {
                        taken.join(&object.items[at]);
                        if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                            object.items.remove(at);
                        }
                    }
                } else {
                    taken = match index {
                        Some(0) if !object.many => object.item(0).cloned(),
                        _ => None,
                    }
                    .unwrap_or_else(|| object.contents());
                    if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                        object.scramble();
                    }
                }
                taken.join(&object.rest);
                if taken.is_nothing() {
                    taken.add(Atom::Unknown);
                }
                taken
            }
            (Kind::Set, "pop") => {
                let contents = object.contents();
                if contents.is_nothing() {
                    Value::unknown()
                } else {
                    contents
                }
            }
            (Kind::List | Kind::Set, "remove" | "discard") => {
                let value = first();
                if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                    // A known element that is there goes; otherwise nobody knows which.
                    let at = object.items.iter().position(|item| *item == value);
                    match at {
                        Some(at) if object.exact && value.texts().is_some() => {
                            object.items.remove(at);
                        }
                        _ => object.scramble(),
                    }
                }
                Atom::None.into()
            }
            (_, "clear") => {
                if let Some(object) = state.object_mut(id).filter(|_| !quiet)
                    && !object.many
                {
                    object.items.clear();
                    object.fields.clear();
                    object.first = Value::nothing();
                    object.rest = Value::nothing();
                    object.keys = Value::nothing();
                    object.exact = true;
                }
                Atom::None.into()
            }
            (Kind::List, "reverse") => {
                if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                    object.items.reverse();
                    object.first = Value::nothing();
                }
                Atom::None.into()
            }
            (Kind::List, "sort") => {
                if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                    object.scramble();
                }
                Atom::None.into()
            }
            (_, "copy")
            | (Kind::Set, "union" | "intersection" | "difference" | "symmetric_difference") => {
                let mut copy = (*object).clone();
                copy.many = false;
                if name.as_str() == "union" {
                    for value in arguments.all() {
                        let element = self.iterated(state, &value, expr);
                        copy.rest.join(&element);
                    }
                    copy.blur();
                }
                self.make(state, expr, copy)
            }
            (Kind::Dict, "get" | "pop" | "setdefault") => {
                let key = first();
                self.decides(&key);
                let constant = single_key(&key);
                let default = arguments.position(1);
                let name_of = match constant {
                    Some(Key::Item(name)) => Some(name),
                    Some(Key::Index(index)) => Some(index_name(index)),
                    _ => None,
                };
                let known = name_of.is_some_and(|name| object.field(name).is_some());
                let mut value = if known || name_of.is_none() || !object.rest.is_nothing() {
                    self.object_item(state, id, constant.as_ref(), &key, expr)
                } else {
                    Value::nothing()
                };
                if !known {
                    match &default {
                        Some(default) => value.join(default),
                        None => value.add(Atom::None),
                    }
                }
                if name.as_str() == "setdefault"
                    && !known
                    && let Some(object) = state.object_mut(id).filter(|_| !quiet)
                {
                    let stored = value.clone();
                    store_item(object, constant.as_ref(), &key, stored);
                }
                if name.as_str() == "pop"
                    && let Some(name) = name_of
                    && let Some(object) = state.object_mut(id).filter(|_| !quiet)
                    && !object.many
                {
                    object.fields.retain(|(known, _)| *known != name);
                }
                value
            }
            (Kind::Dict, "update") => {
                let mut merged = (*object).clone();
                for value in arguments.positional.iter().chain(&arguments.double_star) {
                    self.merge_into(state, &mut merged, value);
                }
                for (name, value) in &arguments.keywords {
                    merged.set_field(*name, value.clone());
                }
                if let Some(object) = state.object_mut(id).filter(|_| !quiet) {
                    *object = merged;
                }
                Atom::None.into()
            }
            (Kind::Dict, "items") => {
                let mut list = Object::new(Kind::List);
                list.exact = false;
                let site = self.site(expr);
                for (number, (field, value)) in object.fields.iter().enumerate().take(MAX_ITEMS) {
                    let pair = Object::sequence(
                        Kind::Tuple,
                        vec![Value::text(field.as_str()), value.keyed(*field)],
                    );
                    let pair_id = self.object_at(site, 200 + u32::try_from(number).unwrap_or(0));
                    if let Some(known) = state.heap.get_mut(pair_id.0 as usize) {
                        *known = None;
                    }
                    state.allocate(pair_id, pair);
                    list.rest.add(Atom::Object(pair_id));
                }
                if !object.rest.is_nothing() || object.fields.len() > 6 {
                    let key = if object.keys.is_nothing() {
                        object.rest.clone()
                    } else {
                        object.keys.clone()
                    };
                    let pair = Object::sequence(
                        Kind::Tuple,
                        vec![key.or(&Value::unknown()), object.values()],
                    );
                    let pair_id = self.object_at(site, 199);
                    state.allocate(pair_id, pair);
                    list.rest = Atom::Object(pair_id).into();
                }
                self.make(state, expr, list)
            }
            (Kind::Dict, "values") => {
                let mut list = Object::new(Kind::List);
                list.exact = false;
                list.rest = object.values();
                self.make(state, expr, list)
            }
            (Kind::Dict, "keys") => {
                let mut list = Object::new(Kind::List);
                list.exact = false;
                for (field, _) in &object.fields {
                    list.rest.add(Atom::Str(*field));
                }
                list.rest.join(&object.keys);
                if object.keys.is_nothing() {
                    list.rest.join(&object.rest);
                }
                self.make(state, expr, list)
            }
            (Kind::Dict, "popitem") => {
                let key = object.keys.clone().or(&Value::unknown());
                let pair = Object::sequence(Kind::Tuple, vec![key, object.values()]);
                self.make(state, expr, pair)
            }
            (_, "index" | "count") => Atom::Scalar.into(),
            // Named tuples.
            (Kind::Tuple, "_asdict") => {
                let mut dict = (*object).clone();
                dict.kind = Kind::Dict;
                dict.items.clear();
                self.make(state, expr, dict)
            }
            (Kind::Tuple, "_replace") => {
                let mut copy = (*object).clone();
                copy.many = false;
                for (name, value) in &arguments.keywords {
                    let at = copy.fields.iter().position(|(known, _)| known == name);
                    if let Some(at) = at {
                        copy.fields[at].1 = value.clone();
                        if let Some(item) = copy.items.get_mut(at) {
                            *item = value.clone();
                        }
                    }
                }
                self.make(state, expr, copy)
            }
            _ => Value::unknown(),
        }
    }
}

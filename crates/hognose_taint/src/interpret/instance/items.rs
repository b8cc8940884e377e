//! Items of objects, and the methods of containers.

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::call::Arguments;
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Key, ObjId, Symbol, Value, hash_id};

impl Interpreter<'_, '_> {
    /// An item of an object.
    pub(in crate::interpret) fn object_item(
        &mut self,
        state: &mut State,
        id: ObjId,
        constant: Option<&Key>,
        key: &Value,
        expr: ExprId,
    ) -> Value {
        let Some(object) = state.object(id).cloned() else {
            return Value::unknown();
        };
        match object.kind {
            // A list has no names: it is a dict that is meant, where it may be either.
            Kind::List if matches!(constant, Some(Key::Item(_))) => Value::unknown(),
            Kind::List
            | Kind::Tuple
            | Kind::Set
            | Kind::Closure(..)
            | Kind::Bound
            | Kind::Partial
            | Kind::Super(..) => {
                if let Some(Key::Index(index)) = constant
                    && object.exact
                {
                    let mut value = match object.item(i64::from(*index)) {
                        Some(value) => value.clone(),
                        None => Value::nothing(),
                    };
                    value.join(&object.rest);
                    if value.is_nothing() {
                        value.add(Atom::Unknown);
                    }
                    return value;
                }
                // A named tuple is also asked by name.
                let contents = object.contents();
                if contents.is_nothing() {
                    Value::unknown()
                } else {
                    contents
                }
            }
            Kind::Dict | Kind::Holder(_) => {
                let name = match constant {
                    Some(Key::Item(name)) => Some(*name),
                    Some(Key::Index(index)) => Some(super::super::assign::index_name(*index)),
                    _ => None,
                };
                let Some(name) = name else {
                    let known: Option<Vec<Symbol>> = key.texts().map(|texts| texts.to_vec());
                    if let Some(names) = known {
                        let mut value = object.rest.clone();
                        for name in names {
                            if let Some(found) = object.field(name) {
                                value.join(found);
                            }
                        }
                        return if value.is_nothing() {
                            Value::unknown()
                        } else {
                            value
                        };
                    }
                    let mut contents = object.values();
                    if let Some(made) = self.made_entry(state, id, (None, key), expr) {
                        contents.join(&made);
                    }
                    return if contents.is_nothing() {
                        Value::unknown()
                    } else {
                        contents
                    };
                };
                let mut value = object.rest.named(name);
                match object.field(name) {
                    Some(found) => value.join(found),
                    None => {
                        if let Some(made) = self.made_entry(state, id, (Some(name), key), expr) {
                            value.join(&made);
                        }
                    }
                }
                if value.is_nothing() {
                    value.add(Atom::Unknown);
                }
                value
            }
            Kind::Instance(module, class) => {
                if let Some(fields) = self.setting.facts.records.get(&(module, class))
                    && let Some(Key::Index(index)) = constant
                    && let Some(name) = usize::try_from(*index)
                        .ok()
                        .and_then(|index| fields.get(index))
                    && let Some(value) = object.field(*name)
                {
                    return value.clone();
                }
                self.object_dunder(state, id, "__getitem__", std::slice::from_ref(key))
                    .unwrap_or_else(|| {
                        let contents = object.contents();
                        if contents.is_nothing() {
                            Value::unknown()
                        } else {
                            contents
                        }
                    })
            }
        }
    }

    /// The entry that a `defaultdict` makes for a key it does not have, of which the name is known or not.
    fn made_entry(
        &mut self,
        state: &mut State,
        id: ObjId,
        (name, key): (Option<Symbol>, &Value),
        expr: ExprId,
    ) -> Option<Value> {
        let factory = self.factories.get(&id).cloned()?;
        let kind = match factory.only() {
            Some(Atom::External(path)) => match path.as_str() {
                "builtins.list" => Some(Kind::List),
                "builtins.dict" => Some(Kind::Dict),
                "builtins.set" => Some(Kind::Set),
                _ => None,
            },
            _ => None,
        };
        let made = match kind {
            Some(kind) => {
                let made = self.object_at(hash_id(&(id, name, 29u8)), 0);
                if state.object(made).is_none() {
                    let mut object = Object::new(kind);
                    // One stands for the entries of all keys that are not known.
                    object.many = name.is_none();
                    state.allocate(made, object);
                }
                Atom::Object(made).into()
            }
            None => self.call_value(state, &factory, &Arguments::default(), expr),
        };
        if self.quiet == 0
            && let Some(object) = state.object_mut(id)
        {
            match name {
                Some(name) => object.set_field(name, made.clone()),
                None => super::super::assign::store_item(object, None, key, made.clone()),
            }
        }
        Some(made)
    }

    /// A method of an object.
    pub(in crate::interpret) fn method_of_object(
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
        match object.kind {
            Kind::Instance(module, class)
                if self.setting.facts.records.contains_key(&(module, class))
                    && is_record_method(name.as_str())
                    && self.find_method(module, class, name, false).is_none() =>
            {
                let mut copy = (*object).clone();
                copy.many = false;
                match name.as_str() {
                    "_replace" | "copy" | "model_copy" => {
                        for (name, value) in &arguments.keywords {
                            if name.as_str() == "update" {
                                self.merge_into(state, &mut copy, value);
                            } else {
                                copy.set_field(*name, value.clone());
                            }
                        }
                    }
                    _ => {
                        let site = self.site(expr);
                        copy = self.as_dict(state, &copy, site);
                    }
                }
                self.make(state, expr, copy)
            }
            Kind::Instance(module, class) => {
                if object.field(name).is_none()
                    && let Some((at, function)) = self.find_method(module, class, name, false)
                    && !self.values.is_property(at, function)
                {
                    let arguments = self.bound_arguments(
                        at,
                        function,
                        Atom::Object(id).into(),
                        (module, class),
                        arguments,
                    );
                    return self.call_found(
                        state,
                        (at, function),
                        (module, class),
                        &arguments,
                        expr,
                    );
                }
                let member = self.object_attribute(state, id, name, expr);
                if member
                    .atoms()
                    .iter()
                    .all(|atom| matches!(atom, Atom::Unknown))
                {
                    let this = Atom::Object(id).into();
                    let with = arguments.after(this);
                    return self.unknown_call(state, None, None, &with, expr, 2);
                }
                let this: Value = Atom::Object(id).into();
                let mut result = Value::nothing();
                for atom in member.atoms() {
                    let value = match atom {
                        Atom::External(path) => {
                            self.call_external(state, *path, Some(&this), arguments, expr)
                        }
                        other => self.call_value(state, &other.clone().into(), arguments, expr),
                    };
                    result.join(&value);
                }
                result
            }
            Kind::Super(module, class) => match self.find_method(module, class, name, true) {
                Some((at, function)) => {
                    let this = object.items.first().cloned().unwrap_or_else(Value::unknown);
                    let arguments =
                        self.bound_arguments(at, function, this, (module, class), arguments);
                    self.call_found(state, (at, function), (module, class), &arguments, expr)
                }
                None => {
                    let order = self.values.mro(module, class);
                    match self.outside_member(&order[1..], name, true) {
                        Some(path) => {
                            let this = object.items.first().cloned();
                            self.call_external(state, path, this.as_ref(), arguments, expr)
                        }
                        None => Value::unknown(),
                    }
                }
            },
            Kind::Holder(path) => self.method_of_holder(state, id, path, name, arguments, expr),
            Kind::Closure(..) | Kind::Bound | Kind::Partial => {
                self.unknown_call(state, None, None, arguments, expr, 2)
            }
            _ => self.container_method(state, id, name, arguments, expr),
        }
    }
}

/// Methods that records are given, which give what the record holds.
fn is_record_method(name: &str) -> bool {
    matches!(
        name,
        "_asdict" | "_replace" | "asdict" | "copy" | "dict" | "model_copy" | "model_dump"
    )
}

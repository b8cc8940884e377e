//! Calls of methods: of objects of the project, of containers, of what nobody knows.

use std::sync::Arc;

use hognose_python::ModuleId;
use hognose_python::ir::*;

use super::super::Interpreter;
use super::arguments::Arguments;
use crate::shape::{Alphabet, Stretch, map_holes};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, InputPath, Key, ObjId, Symbol, Value, hash_id};

impl Interpreter<'_, '_> {
    /// `receiver.name(…)`.
    pub(in crate::interpret) fn call_method(
        &mut self,
        state: &mut State,
        receiver: &Value,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
        written: Option<(ExprId, ExprId)>,
    ) -> Value {
        let mut result = Value::nothing();
        let is_path = receiver
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::External(path) if path.as_str() == "pathlib.Path()"));
        let of_texts = super::super::string::is_string_method(name)
            || matches!(name.as_str(), "count" | "index");
        let external_source = is_path || self.has_external_source(receiver) && !of_texts;
        let text_wins = !is_path
            && of_texts
            && receiver
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Text(_)));
        // What is said of the method is said of the object whatever it holds.
        let described = !is_path
            && receiver.atoms().iter().any(|atom| match atom {
                Atom::External(path) => {
                    let path = self.values.path_of_attribute(*path, name);
                    self.call_model(path).is_some_and(|model| {
                        model.clean || !model.sanitizers.is_empty() || !model.propagators.is_empty()
                    })
                }
                _ => false,
            });
        let is_data = !external_source && self.is_field_of_unknown(receiver, name);
        let typed = !is_data
            && receiver
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::External(_) | Atom::Instance(..)));
        let before = (receiver.atoms().len() > 1).then(|| state.clone());
        let mut after: Option<State> = None;
        let mut walked = false;
        for atom in receiver.atoms() {
            // The same thing seen as a text: no way of its own.
            let skipped = match atom {
                Atom::External(_) => is_data || text_wins && !described,
                Atom::Text(_) => external_source || described,
                Atom::Str(_) | Atom::Unknown => is_path || described,
                Atom::Input(_) => is_path || typed,
                _ => false,
            };
            if skipped {
                if let Atom::Input(path) = atom
                    && !is_path
                {
                    // Its class is known, and looked at below; what is written into it is not.
                    self.mutated_input(state, path, name, arguments);
                }
                continue;
            }
            if let Some(before) = &before
                && std::mem::replace(&mut walked, true)
            {
                let left = std::mem::replace(state, before.clone());
                if left.live {
                    match &mut after {
                        Some(after) => after.join(left),
                        none => *none = Some(left),
                    }
                }
            }
            let value = match atom {
                Atom::External(path) => {
                    let path = self.values.path_of_attribute(*path, name);
                    self.call_external(state, path, Some(receiver), arguments, expr)
                }
                Atom::Text(_) | Atom::Str(_) => {
                    match self.text_method(state, atom, name, arguments, expr) {
                        Some(value) => value,
                        None => self.method_of_unknown(state, atom, name, arguments, expr, written),
                    }
                }
                Atom::Input(path) => {
                    self.method_of_input(state, path, name, arguments, expr, written)
                }
                Atom::Object(id) => self.method_of_object(state, *id, name, arguments, expr),
                Atom::Instance(module, class) => match self.method_of(atom, name) {
                    Some((at, function)) => self.call_virtual(
                        state,
                        receiver,
                        (atom, *module, *class),
                        name,
                        (at, function),
                        arguments,
                        expr,
                    ),
                    None => {
                        // A function kept in an attribute: which one, the object decides.
                        self.called(receiver);
                        let member = self.member(state, *module, *class, name, Some(atom), expr);
                        self.call_member(state, &member, receiver, name, arguments, expr, written)
                    }
                },
                Atom::Class(module, class) => match self.method_of(atom, name) {
                    Some((at, function)) => {
                        let bound = self.of_class(at, function);
                        let arguments = if bound {
                            arguments.after(atom.clone().into())
                        } else {
                            arguments.clone()
                        };
                        self.call_project(
                            state,
                            at,
                            function,
                            &arguments,
                            Some((*module, *class)),
                            None,
                            expr,
                        )
                    }
                    None => {
                        let member = self.member(state, *module, *class, name, None, expr);
                        self.call_member(state, &member, receiver, name, arguments, expr, written)
                    }
                },
                Atom::Module(module) => {
                    let member = self.module_variable(state, *module, name);
                    self.call_value(state, &member, arguments, expr)
                }
                Atom::Function(module, function) => {
                    self.method_of_function(state, (*module, *function), name, arguments, expr)
                }
                Atom::Int(_) | Atom::Scalar | Atom::Bool(_) | Atom::None => {
                    Value::from(Atom::Scalar)
                }
                Atom::Unknown => {
                    self.method_of_unknown(state, atom, name, arguments, expr, written)
                }
            };
            result.join(&value);
        }
        if let Some(after) = after {
            if state.live {
                state.join(after);
            } else {
                *state = after;
            }
        }
        if result.is_nothing() && state.live {
            result.add(Atom::Unknown);
        }
        result
    }

    /// Whether a method is one that texts and mappings have, and is asked of a field that a parameter has by its class, a class of
    /// which nothing is known: `order.lines.items()`.
    fn is_field_of_unknown(&mut self, receiver: &Value, name: Symbol) -> bool {
        let of_data = super::super::string::is_string_method(name)
            || matches!(name.as_str(), "items" | "keys" | "values" | "get" | "copy");
        let mut input = false;
        of_data
            && receiver.atoms().iter().all(|atom| match atom {
                Atom::Input(path) => {
                    input = matches!(path.keys.last(), Some(Key::Attr(_)));
                    input
                }
                Atom::External(path) => {
                    let method = self.values.path_of_attribute(*path, name);
                    self.trust(*path).is_none() && self.call_model(method).is_none()
                }
                _ => false,
            })
            && input
    }

    /// A method of an object that is known by a base of its class, perhaps: any override may be meant.
    #[expect(clippy::too_many_arguments, reason = "what a method call is made of")]
    fn call_virtual(
        &mut self,
        state: &mut State,
        receiver: &Value,
        (atom, module, class): (&Atom, ModuleId, ClassId),
        name: Symbol,
        (at, function): (ModuleId, FunctionId),
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let facts = self.setting.facts;
        let overriding = facts
            .overrides
            .get(&(module, class, name))
            .map_or(&[][..], Vec::as_slice);
        let before = (!overriding.is_empty()).then(|| state.clone());
        if before.is_some() {
            self.called(receiver);
        }
        let this = self.this_of(receiver, atom);
        let bound = self.bound_arguments(at, function, this.clone(), (module, class), arguments);
        let mut result = self.call_project(
            state,
            at,
            function,
            &bound,
            Some((module, class)),
            None,
            expr,
        );
        for (at, function) in overriding {
            let data = &self.setting.project.module(*at)[*function];
            let (Some(before), Some(of)) = (&before, data.class) else {
                continue;
            };
            // One of which nothing is known in time, or that does nothing with what it is given, says nothing.
            if self
                .summary_of(*at, data.scope)
                .is_none_or(|summary| !summary.matters() && summary.writes.is_empty())
            {
                continue;
            }
            let mut other = before.clone();
            let bound = self.bound_arguments(*at, *function, this.clone(), (*at, of), arguments);
            let value = self.call_project(
                &mut other,
                *at,
                *function,
                &bound,
                Some((*at, of)),
                None,
                expr,
            );
            if other.live {
                result.join(&value);
                state.join(other);
            }
        }
        result
    }

    /// The receiver as it is passed: the object it is, as an input where it is one.
    fn this_of(&self, receiver: &Value, atom: &Atom) -> Value {
        let mut this = Value::from(atom.clone());
        for other in receiver.atoms() {
            if matches!(other, Atom::Input(_)) {
                this.add(other.clone());
            }
        }
        this
    }

    #[expect(clippy::too_many_arguments, reason = "what a method call is made of")]
    fn call_member(
        &mut self,
        state: &mut State,
        member: &Value,
        receiver: &Value,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
        written: Option<(ExprId, ExprId)>,
    ) -> Value {
        if member
            .atoms()
            .iter()
            .all(|atom| matches!(atom, Atom::Unknown))
        {
            return self.method_of_unknown(state, &Atom::Unknown, name, arguments, expr, written);
        }
        let mut result = Value::nothing();
        for atom in member.atoms() {
            let value = match atom {
                Atom::External(path) => {
                    self.call_external(state, *path, Some(receiver), arguments, expr)
                }
                other => self.call_atom(state, other, arguments, expr),
            };
            result.join(&value);
        }
        result
    }

    /// `f.delay(…)`: what a decorator outside of the project made of a function.
    fn method_of_function(
        &mut self,
        state: &mut State,
        (module, function): (ModuleId, FunctionId),
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let decorators = self.setting.project.module(module)[function]
            .decorators
            .clone();
        for decorator in decorators {
            let callee = match self.setting.project.module(module)[decorator] {
                Expr::Call { func, .. } => func,
                _ => decorator,
            };
            if let Some(path) = self.values.dotted(module, callee) {
                let path = self.values.path_of_attribute(path, name);
                let this = Atom::Function(module, function).into();
                return self.call_external(state, path, Some(&this), arguments, expr);
            }
        }
        self.unknown_call(state, None, None, arguments, expr, 2)
    }

    /// A method of an input of which nothing is known.
    fn method_of_input(
        &mut self,
        state: &mut State,
        path: &Arc<InputPath>,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
        written: Option<(ExprId, ExprId)>,
    ) -> Value {
        let atom = self.input(Arc::clone(path));
        if let Some(value) = self.text_method(state, &atom, name, arguments, expr) {
            return value;
        }
        self.by_name(state, name, arguments, expr, written);
        self.mutated_input(state, path, name, arguments);
        self.called(&atom.clone().into());
        match name.as_str() {
            // What paths alone can do.
            "resolve" | "relative_to" | "is_relative_to" | "joinpath" | "with_suffix"
            | "with_name" | "expanduser" => {
                let method = Symbol::from(format!("pathlib.Path().{name}"));
                let text = self.text_value(state, &atom.into());
                self.call_external(state, method, Some(&text), arguments, expr)
            }
            // What dicts and lists give.
            "get" | "pop" | "setdefault" | "__getitem__" => {
                if let Some(key) = arguments.position(0) {
                    let mut value = self.item(state, &atom.into(), &key, expr);
                    if let Some(default) = arguments.position(1) {
                        value.join(&default);
                    }
                    return value;
                }
                self.iterated(state, &atom.into(), expr)
            }
            "model_dump" => {
                let values = self.some_value(state, path);
                self.fields_of_model(state, values, expr)
            }
            "items" | "values" | "keys" | "copy" | "getlist" => {
                let element = match name.as_str() {
                    "items" | "values" => self.some_value(state, path),
                    _ => self.iterated(state, &atom.clone().into(), expr),
                };
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = if name.as_str() == "items" {
                    let key = self.iterated(state, &atom.into(), expr);
                    let pair = Object::sequence(Kind::Tuple, vec![key, element]);
                    let site = self.site(expr);
                    let id = self.object_at(site, 9);
                    state.allocate(id, pair);
                    Atom::Object(id).into()
                } else {
                    element
                };
                self.make(state, expr, object)
            }
            _ => {
                // What an object of the caller gives when it is asked: it may be made of what the caller has in it.
                let holes = vec![Arc::new(crate::value::input_hole(path))];
                let id = hash_id(&(path.id(), name, expr.0));
                let doubt = if arguments.all().is_empty() { 1 } else { 2 };
                match self.blend(&holes, id, Alphabet::ALL, doubt, |_| {}) {
                    Some(hole) => Value::hole(hole),
                    None => Value::unknown(),
                }
            }
        }
    }

    /// `parameter.append(x)`.
    fn mutated_input(
        &mut self,
        state: &mut State,
        path: &Arc<InputPath>,
        name: Symbol,
        arguments: &Arguments,
    ) {
        if self.quiet > 0 {
            return;
        }
        let stored = match name.as_str() {
            "append" | "add" | "appendleft" | "extend" | "update" | "put" | "push" | "write" => {
                arguments.position(0)
            }
            "insert" | "setdefault" => arguments.position(1),
            _ => None,
        };
        if let Some(stored) = stored
            && stored.has_holes()
        {
            state.write_input(path.then(Key::Any), stored);
        }
    }

    /// What a pydantic model was given, by the names of its fields, which its class chooses.
    fn fields_of_model(&mut self, state: &mut State, values: Value, expr: ExprId) -> Value {
        let mut object = Object::new(Kind::Dict);
        object.exact = false;
        object.rest = values;
        object.keys = Value::unknown();
        self.make(state, expr, object)
    }

    /// A method of something unknown.
    fn method_of_unknown(
        &mut self,
        state: &mut State,
        atom: &Atom,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
        written: Option<(ExprId, ExprId)>,
    ) -> Value {
        self.by_name(state, name, arguments, expr, written);
        if let Atom::Text(text) = atom {
            // A method of something from outside gives a part of it.
            let key = match arguments
                .position(0)
                .map(|key| super::super::assign::single_key(&key))
            {
                Some(Some(key)) => key,
                _ => Key::Attr(name),
            };
            // What an object of which nothing is known makes of what it was given may be something else.
            let made;
            let text: &[Stretch] = if gives_content(name.as_str()) {
                text
            } else {
                made = map_holes(text, |hole| hole.doubt = hole.doubt.saturating_add(1));
                &made
            };
            let mut value = self.part_of_text(text, key, expr);
            // What sequences and texts say of themselves.
            if let "count" | "index" = name.as_str() {
                return Atom::Scalar.into();
            }
            if let "items" | "values" | "keys" = name.as_str() {
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = value;
                return self.make(state, expr, object);
            }
            if name.as_str() == "model_dump" {
                return self.fields_of_model(state, value, expr);
            }
            if matches!(name.as_str(), "get" | "pop" | "setdefault")
                && let Some(default) = arguments.position(1)
            {
                value.join(&default);
            }
            return value;
        }
        // The evaluator may know the result by its type.
        let at = self.at().module;
        let values = self.values.eval(at, expr);
        let known = self.from_evaluated(values);
        if known
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::External(_) | Atom::Instance(..)))
        {
            return known;
        }
        if super::super::string::is_string_method(name) {
            let holes = self.all_holes(state, &arguments.all());
            let id = self.site(expr);
            return match self.blend(&holes, id, Alphabet::ALL, 0, |_| {}) {
                Some(hole) => Value::stretches(vec![Stretch::Any, Stretch::Hole(Arc::new(hole))]),
                None => Value::unknown(),
            };
        }
        self.unknown_call(state, None, None, arguments, expr, 2)
    }

    /// A method of an object that holds what is put in.
    pub(in crate::interpret) fn method_of_holder(
        &mut self,
        state: &mut State,
        id: ObjId,
        class: Symbol,
        name: Symbol,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let models = self.setting.models;
        let path = self.values.path_of_attribute(class, name);
        if let Some(model) = self.call_model(path) {
            let this: Value = Atom::Object(id).into();
            self.check_call(state, path, model, Some(&this), arguments, expr);
        }
        if let Some(value) = self.native_holder(state, id, class, name, arguments, expr) {
            return value;
        }
        if let Some(holder) = models.holders.get(&class) {
            let key_of = |keys: &[u16]| {
                let mut name = String::new();
                for key in keys {
                    let key = arguments.position(usize::from(*key))?.known_text()?;
                    name.push_str(key.as_str());
                    name.push('\u{0}');
                }
                Some(Symbol::from(name))
            };
            if let Some((keys, value)) = holder.writes.get(&name) {
                let value = arguments
                    .position(usize::from(*value))
                    .unwrap_or_else(Value::unknown);
                let key = key_of(keys).filter(|_| !keys.is_empty());
                if self.quiet == 0
                    && let Some(object) = state.object_mut(id)
                {
                    match key {
                        Some(key) => object.set_field(key, value),
                        None => object.rest.join(&value),
                    }
                }
                return Atom::None.into();
            }
            if let Some(keys) = holder.reads.get(&name) {
                let Some(object) = state.object(id).cloned() else {
                    return Value::unknown();
                };
                if !keys.is_empty()
                    && let Some(key) = key_of(keys)
                {
                    let mut value = object.rest.clone();
                    if let Some(known) = object.field(key) {
                        value.join(known);
                    }
                    if value.is_nothing() {
                        value.add(Atom::Unknown);
                    }
                    return value;
                }
                let contents = object.contents();
                return if contents.is_nothing() {
                    Value::unknown()
                } else {
                    contents
                };
            }
        }
        let this = Atom::Object(id).into();
        self.call_external(state, path, Some(&this), arguments, expr)
    }
}

/// Methods by which containers, files, rows, matches and results give what they hold.
fn gives_content(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "get_all"
            | "getall"
            | "getlist"
            | "getone"
            | "get_list"
            | "pop"
            | "popitem"
            | "popleft"
            | "setdefault"
            | "items"
            | "values"
            | "keys"
            | "elements"
            | "copy"
            | "dict"
            | "to_dict"
            | "model_dump"
            | "json"
            | "read"
            | "readline"
            | "readlines"
            | "getvalue"
            | "get_payload"
            | "tobytes"
            | "tolist"
            | "decode"
            | "group"
            | "groups"
            | "groupdict"
            | "fetchone"
            | "fetchall"
            | "fetchmany"
            | "first"
            | "last"
            | "all"
            | "one"
            | "scalar"
            | "result"
            | "send"
            | "next"
    )
}

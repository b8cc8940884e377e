//! Calls: what is called, with what, and what comes out.

use std::sync::Arc;

use hognose_python::ModuleId;
use hognose_python::ir::*;
use smallvec::SmallVec;
use symbol_table::{GlobalSymbol, static_symbol};

use super::Interpreter;
use crate::model::{Argument, Asks, CallModel, Conditions, Elements, Gives, Literal, To, When};
use crate::shape::{Alphabet, Restriction, Stretch, map_holes};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, InputPath, Key, ObjId, Symbol, Value, Why, hash_id};

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

/// What a call is given, evaluated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    /// By position, `*x` left out.
    pub positional: SmallVec<[Value; 3]>,
    /// By name.
    pub keywords: SmallVec<[(Symbol, Value); 2]>,
    /// The elements of `*x`, behind the positional ones.
    pub star: Option<Value>,
    /// The mapping of `**x`.
    pub double_star: Option<Value>,
}

impl Arguments {
    /// Positional ones only.
    pub(crate) fn of(values: &[Value]) -> Self {
        Self {
            positional: values.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// By position.
    pub(crate) fn position(&self, index: usize) -> Option<Value> {
        self.positional.get(index).or(self.star.as_ref()).cloned()
    }

    /// By name.
    pub(crate) fn named(&self, name: Symbol) -> Option<Value> {
        self.keywords
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    }

    /// By position or name.
    pub(crate) fn either(&self, index: usize, name: &str) -> Option<Value> {
        self.positional
            .get(index)
            .cloned()
            .or_else(|| {
                self.keywords
                    .iter()
                    .find(|(known, _)| known.as_str() == name)
                    .map(|(_, value)| value.clone())
            })
            .or_else(|| self.star.clone())
    }

    /// Everything.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.positional
            .iter()
            .chain(self.keywords.iter().map(|(_, value)| value))
            .chain(&self.star)
            .chain(&self.double_star)
            .cloned()
            .collect()
    }

    /// With something in front.
    pub(crate) fn after(&self, first: Value) -> Self {
        let mut all = self.clone();
        all.positional.insert(0, first);
        all
    }
}

impl Interpreter<'_, '_> {
    pub(super) fn call(
        &mut self,
        state: &mut State,
        expr: ExprId,
        func: ExprId,
        args: List,
    ) -> Value {
        let module = self.module();
        // `obj.method(…)` is looked up on the object, no bound method is made.
        if let Expr::Attribute { value, attr } = module[func] {
            let receiver = self.eval(state, value);
            let arguments = self.arguments(state, args);
            if !state.live {
                return Value::nothing();
            }
            return self.call_method(
                state,
                &receiver,
                attr,
                &arguments,
                expr,
                Some((func, value)),
            );
        }
        let callee = self.eval(state, func);
        if let Expr::Name { .. } = module[func]
            && callee.only() == Some(&Atom::External(static_symbol!("builtins.super")))
        {
            let _ = self.arguments(state, args);
            return self.super_object(state, expr);
        }
        let arguments = self.arguments(state, args);
        if !state.live {
            return Value::nothing();
        }
        self.call_value(state, &callee, &arguments, expr)
    }

    pub(super) fn arguments(&mut self, state: &mut State, args: List) -> Arguments {
        let module = self.module();
        let mut all = Arguments::default();
        for argument in module.args(args) {
            let value = self.eval(state, argument.value);
            match argument.kind {
                ArgKind::Positional => match &mut all.star {
                    Some(star) => star.join(&value),
                    None => all.positional.push(value),
                },
                ArgKind::Keyword(name) => all.keywords.push((name, value)),
                ArgKind::Star => {
                    if let Some(Atom::Object(id)) = value.only()
                        && let Some(object) = state.object(*id)
                        && object.exact
                        && matches!(object.kind, Kind::List | Kind::Tuple)
                        && all.star.is_none()
                    {
                        all.positional.extend(object.items.iter().cloned());
                        continue;
                    }
                    let element = self.iterated(state, &value, argument.value);
                    match &mut all.star {
                        Some(star) => star.join(&element),
                        None => all.star = Some(element),
                    }
                }
                ArgKind::DoubleStar => {
                    if let Some(Atom::Object(id)) = value.only()
                        && let Some(object) = state.object(*id)
                        && object.rest.is_nothing()
                    {
                        all.keywords.extend(object.fields.iter().cloned());
                        continue;
                    }
                    all.double_star = Some(value);
                }
            }
        }
        all
    }

    /// Calls whatever a value may be.
    pub(crate) fn call_value(
        &mut self,
        state: &mut State,
        callee: &Value,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        self.called(callee);
        let mut result = Value::nothing();
        let several = callee.atoms().len() > 1;
        let before = several.then(|| state.clone());
        let mut after: Option<State> = None;
        for atom in callee.atoms() {
            if let Some(before) = &before {
                let left = std::mem::replace(state, before.clone());
                if left.live && atom != &callee.atoms()[0] {
                    match &mut after {
                        Some(after) => after.join(left),
                        none => *none = Some(left),
                    }
                }
            }
            let value = self.call_atom(state, atom, arguments, expr);
            result.join(&value);
        }
        if let Some(after) = after {
            if state.live {
                state.join(after);
            } else {
                *state = after;
            }
        }
        result
    }

    fn call_atom(
        &mut self,
        state: &mut State,
        atom: &Atom,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        match atom {
            Atom::External(path) => self.call_external(state, *path, None, arguments, expr),
            Atom::Function(module, function) => {
                self.call_project(state, *module, *function, arguments, None, None, expr)
            }
            Atom::Class(module, class) => self.construct(state, *module, *class, arguments, expr),
            Atom::Object(id) => {
                let Some(object) = state.object(*id).cloned() else {
                    return Value::unknown();
                };
                match object.kind {
                    Kind::Closure(module, function, _) => {
                        self.call_project(state, module, function, arguments, None, Some(*id), expr)
                    }
                    Kind::Bound => {
                        let (Some(receiver), Some(method)) =
                            (object.items.first(), object.items.get(1))
                        else {
                            return Value::unknown();
                        };
                        if let Some(name) = method.known_text() {
                            return self.call_method(state, receiver, name, arguments, expr, None);
                        }
                        let arguments = arguments.after(receiver.clone());
                        self.call_value(state, method, &arguments, expr)
                    }
                    Kind::Partial => {
                        let Some(function) = object.items.first() else {
                            return Value::unknown();
                        };
                        let mut all = Arguments {
                            positional: object.items[1..].iter().cloned().collect(),
                            keywords: object.fields.iter().cloned().collect(),
                            ..Arguments::default()
                        };
                        all.positional.extend(arguments.positional.iter().cloned());
                        for (name, value) in &arguments.keywords {
                            all.keywords.retain(|(known, _)| known != name);
                            all.keywords.push((*name, value.clone()));
                        }
                        all.star.clone_from(&arguments.star);
                        all.double_star.clone_from(&arguments.double_star);
                        self.call_value(state, function, &all, expr)
                    }
                    Kind::Holder(class) if class.as_str() == "collections.namedtuple()" => {
                        self.named_tuple(state, &object, arguments, expr)
                    }
                    Kind::Instance(..) => self
                        .object_dunder_with(state, *id, "__call__", arguments, expr)
                        .unwrap_or_else(|| {
                            self.unknown_call(state, None, None, arguments, expr, 1)
                        }),
                    _ => Value::unknown(),
                }
            }
            Atom::Instance(..) => {
                let found = self.method_of(atom, Symbol::from("__call__"));
                match found {
                    Some((module, function)) => {
                        let arguments = arguments.after(atom.clone().into());
                        self.call_project(state, module, function, &arguments, None, None, expr)
                    }
                    None => self.unknown_call(state, None, None, arguments, expr, 1),
                }
            }
            Atom::Text(_) => {
                // The result of calling something that came from outside.
                let holes = self.all_holes(state, &[atom.clone().into()]);
                let id = self.site(expr);
                match self.blend(&holes, id, Alphabet::ALL, 0, |_| {}) {
                    Some(hole) => Value::hole(hole),
                    None => Value::unknown(),
                }
            }
            _ => self.unknown_call(state, None, None, arguments, expr, 1),
        }
    }

    /// `receiver.name(…)`.
    pub(super) fn call_method(
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
        let of_texts =
            super::string::is_string_method(name) || matches!(name.as_str(), "count" | "index");
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
        let typed = receiver
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::External(_) | Atom::Instance(..)));
        let before = (receiver.atoms().len() > 1).then(|| state.clone());
        let mut after: Option<State> = None;
        let mut walked = false;
        for atom in receiver.atoms() {
            // The same thing seen as a text: no way of its own.
            let skipped = match atom {
                Atom::External(_) => text_wins && !described,
                Atom::Text(_) => external_source || described,
                Atom::Str(_) | Atom::Unknown => is_path,
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
                    _ => self.iterated(state, &atom.into(), expr),
                };
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = if name.as_str() == "items" {
                    let pair = Object::sequence(Kind::Tuple, vec![element.clone(), element]);
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
                .map(|key| super::assign::single_key(&key))
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
        if super::string::is_string_method(name) {
            let holes = self.all_holes(state, &arguments.all());
            let id = self.site(expr);
            return match self.blend(&holes, id, Alphabet::ALL, 0, |_| {}) {
                Some(hole) => Value::stretches(vec![Stretch::Any, Stretch::Hole(Arc::new(hole))]),
                None => Value::unknown(),
            };
        }
        self.unknown_call(state, None, None, arguments, expr, 2)
    }

    // Callees outside of the project.

    /// Calls something outside of the project by its access path.
    pub(super) fn call_external(
        &mut self,
        state: &mut State,
        path: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let model = self.call_model(path);
        match model {
            Some(model) => self.check_call(state, path, model, receiver, arguments, expr),
            None => self.by_name_outside(state, path, arguments, expr),
        }
        if let Some(value) = self.native(state, path, receiver, arguments, expr) {
            return value;
        }
        let result_path = self.values.path_of_call(path);
        let mut value = Value::from(Atom::External(result_path));
        let trust = self.trust(result_path);
        if trust == Some(crate::model::Trust::Harmless) {
            return value;
        }
        // What a model says of the result of a call goes before what lies below a source.
        if let Some(model) = model
            && !model.sanitizers.is_empty()
            && let Some(known) = self.sanitized(state, path, model, receiver, arguments, expr)
        {
            return known;
        }
        if let Some(text) = self.source_text(
            result_path,
            receiver,
            arguments
                .position(0)
                .as_ref()
                .filter(|key| super::assign::single_key(key).is_some()),
            expr,
        ) {
            // `args.get("page", 1, type=int)`: what the conversion makes of it.
            let convert = path
                .as_str()
                .ends_with(".get")
                .then(|| {
                    let named = arguments.keywords.iter();
                    let mut named = named.filter(|(name, _)| name.as_str() == "type");
                    let positional = arguments.positional.get(2);
                    positional
                        .or_else(|| named.next().map(|(_, value)| value))
                        .cloned()
                })
                .flatten();
            match convert {
                Some(convert) => {
                    let converted = self.call_value(state, &convert, &Arguments::of(&[text]), expr);
                    value = converted;
                }
                None => value.join(&text),
            }
            if let Some(default) = arguments
                .position(1)
                .filter(|_| path.as_str().ends_with(".get"))
            {
                value.join(&default);
            }
            return value;
        }
        if let Some(known) =
            model.and_then(|model| self.modelled(state, path, model, receiver, arguments, expr))
        {
            return known;
        }
        if let Some(held) = self.held(state, path, result_path, receiver, arguments, expr) {
            return held;
        }
        let is_method = path.as_str().contains("().") || path.as_str().contains("[].");
        let doubt = if is_method { 2 } else { 1 };
        let passed = self.unknown_call(
            state,
            Some(path),
            receiver.filter(|_| false),
            arguments,
            expr,
            doubt,
        );
        for atom in passed.atoms() {
            if matches!(atom, Atom::Text(_)) {
                value.add(atom.clone());
            }
        }
        value
    }

    /// What models say of the result.
    fn modelled(
        &mut self,
        state: &mut State,
        path: Symbol,
        model: &CallModel,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        if model.stops {
            self.raises = true;
            state.live = false;
            return Some(Value::nothing());
        }
        self.assume_returned(state, model, receiver, arguments);
        let mut returned: Option<Value> = None;
        for runs in &model.runs {
            if let Some(value) = self.run_later(state, runs, receiver, arguments, expr) {
                match &mut returned {
                    Some(returned) => returned.join(&value),
                    none => *none = Some(value),
                }
            }
        }
        let mut rendered: Option<Value> = None;
        for render in &model.renders {
            if let Some(value) = self.render(state, render, receiver, arguments, expr) {
                rendered.get_or_insert_with(Value::nothing).join(&value);
            }
        }
        if rendered.is_some() {
            return rendered;
        }
        if let Some(mut returned) = returned {
            // What stands for the call, a future, gives what the function returned and nothing else of what it was given.
            returned.add(Atom::External(self.values.path_of_call(path)));
            return Some(returned);
        }
        if let Some(value) = self.sanitized(state, path, model, receiver, arguments, expr) {
            return Some(value);
        }
        self.propagated(state, path, model, receiver, arguments, expr)
    }

    /// What guards say of the arguments of a call that has returned.
    pub(super) fn assume_returned(
        &mut self,
        state: &mut State,
        model: &CallModel,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) {
        for guard in &model.guards {
            if guard.holds == crate::model::Holds::Return
                && self.conditions(state, &guard.conditions, receiver, arguments) == Some(true)
            {
                for value in self.argument_values(state, &guard.argument, receiver, arguments) {
                    self.restrict_value(state, &value, guard.gives);
                }
            }
        }
    }

    /// What a restriction leaves of the texts of a value.
    pub(super) fn sanitize(
        &mut self,
        state: &mut State,
        value: &Value,
        restriction: Restriction,
        by: Symbol,
        expr: ExprId,
    ) -> Value {
        let place = self.place(expr);
        let mut result = Value::nothing();
        for text in self.texts_of(state, value) {
            let text = map_holes(&text, |hole| {
                restriction.apply(hole);
                hole.id = hash_id(&(hole.id, expr.0, 21u8));
                hole.part = None;
                for taint in &mut hole.taints {
                    taint.trail = taint.trail.step(place, Why::Sanitized(by));
                }
            });
            result.join(&Value::stretches(text));
        }
        result
    }

    /// What a sanitizer leaves of an argument.
    fn sanitized(
        &mut self,
        state: &mut State,
        path: Symbol,
        model: &CallModel,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        for sanitizer in &model.sanitizers {
            if self.conditions(state, &sanitizer.conditions, receiver, arguments) != Some(true) {
                continue;
            }
            let given = self.argument_values(state, &sanitizer.argument, receiver, arguments);
            let place = self.place(expr);
            let mut result = Value::nothing();
            for value in given {
                let value = match &sanitizer.gives {
                    Gives::Nothing | Gives::Scalar => Atom::Scalar.into(),
                    Gives::Text(restriction) => {
                        self.sanitize(state, &value, *restriction, path, expr)
                    }
                    Gives::Alphabet(alphabet) => {
                        let holes = self.all_holes(state, std::slice::from_ref(&value));
                        let id = self.site(expr);
                        match self.blend(&holes, id, *alphabet, 0, |taint| {
                            taint.trail = taint.trail.step(place, Why::Sanitized(path));
                        }) {
                            Some(hole) => Value::hole(hole),
                            None => Value::unknown(),
                        }
                    }
                };
                result.join(&value);
            }
            return Some(if result.is_nothing() {
                Value::unknown()
            } else {
                result
            });
        }
        None
    }

    /// Where models say that data goes in a call.
    fn propagated(
        &mut self,
        state: &mut State,
        path: Symbol,
        model: &CallModel,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let result_path = self.values.path_of_call(path);
        if model.clean {
            return Some(Atom::External(result_path).into());
        }
        let mut result: Option<Value> = None;
        for propagator in &model.propagators {
            let mut given = Vec::new();
            for argument in &propagator.from {
                given.extend(self.argument_values(state, argument, receiver, arguments));
            }
            let place = self.place(expr);
            let value = if propagator.same_text {
                let mut all = Value::nothing();
                for value in &given {
                    all.join(value);
                }
                super::assign::with_step(all, |taint| {
                    taint.trail = taint.trail.step(place, Why::Through(path));
                })
            } else {
                let holes = self.all_holes(state, &given);
                let id = self.site(expr);
                match self.blend(&holes, id, propagator.alphabet, 0, |taint| {
                    taint.trail = taint.trail.step(place, Why::Through(path));
                }) {
                    Some(hole) => Value::hole(hole),
                    None => Value::unknown(),
                }
            };
            match &propagator.to {
                To::Return => {
                    let mut value = value;
                    if !propagator.same_text {
                        value.add(Atom::External(result_path));
                    }
                    match &mut result {
                        Some(result) => result.join(&value),
                        none => *none = Some(value),
                    }
                }
                To::Receiver => {
                    if let Some(receiver) = receiver {
                        self.pour(state, receiver, &value);
                    }
                }
                To::Argument(argument) => {
                    for target in self.argument_values(state, argument, receiver, arguments) {
                        self.pour(state, &target, &value);
                    }
                }
            }
        }
        result
    }

    /// Puts something into whatever an object holds.
    pub(super) fn pour(&mut self, state: &mut State, into: &Value, value: &Value) {
        if self.quiet > 0 {
            return;
        }
        for atom in into.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(object) = state.object_mut(*id) {
                        object.rest.join(value);
                    }
                }
                Atom::Input(path) => state.write_input(path.then(Key::Any), value.clone()),
                _ => {}
            }
        }
    }

    /// Objects outside that hold what is put in.
    fn held(
        &mut self,
        state: &mut State,
        path: Symbol,
        result_path: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let models = self.setting.models;
        if let Some(kept) = models.makers.get(&path) {
            let mut object = Object::new(Kind::Holder(result_path));
            object.exact = false;
            for (field, argument) in kept {
                let given = self.argument_values(state, argument, receiver, arguments);
                if let Some(value) = given.into_iter().next() {
                    object.set_field(*field, value);
                } else if arguments.double_star.is_some() {
                    object.set_field(*field, Value::unknown());
                }
            }
            if let Some(receiver) = receiver {
                object.set_field(super::template::maker_field(), receiver.clone());
            }
            return Some(self.make(state, expr, object));
        }
        if models.holders.contains_key(&result_path) {
            let mut object = Object::new(Kind::Holder(result_path));
            object.exact = false;
            return Some(self.make(state, expr, object));
        }
        None
    }

    /// A method of an object that holds what is put in.
    pub(super) fn method_of_holder(
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

    /// A callee of which nothing is known passes on what it is given, with doubt.
    pub(super) fn unknown_call(
        &mut self,
        state: &mut State,
        path: Option<Symbol>,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
        doubt: u8,
    ) -> Value {
        let mut given = arguments.all();
        given.extend(receiver.cloned());
        let holes = self.all_holes(state, &given);
        let id = self.site(expr);
        let place = self.place(expr);
        let module = self.module();
        let name = path.unwrap_or_else(|| match module[expr] {
            Expr::Call { func, .. } => self.name_of(func),
            _ => Symbol::from("it"),
        });
        let change = |taint: &mut crate::value::Taint| {
            taint.trail = taint.trail.step(place, Why::Through(name));
        };
        // `url_for("books", x)`: what is made of texts of the program and, behind them, of a stranger's begins with the former.
        let begins = arguments
            .positional
            .iter()
            .position(|argument| {
                !self
                    .all_holes(state, std::slice::from_ref(argument))
                    .is_empty()
            })
            .is_some_and(|at| {
                let front = &arguments.positional[..at];
                !front.is_empty() && front.iter().all(|text| text.known_text().is_some())
            });
        match self.blend(&holes, id, Alphabet::ALL, doubt, change) {
            Some(hole) if begins => {
                let hole = Stretch::Hole(Arc::new(hole));
                Value::stretches(vec![Stretch::Any, hole])
            }
            Some(hole) => Value::hole(hole),
            None => Value::unknown(),
        }
    }

    /// Runs a function of the project given to something outside, with what it is given; says what it returned.
    fn run_later(
        &mut self,
        state: &mut State,
        runs: &crate::model::Runs,
        receiver: Option<&Value>,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let functions = self.argument_values(state, &runs.function, receiver, arguments);
        let given = if runs.arguments.rest {
            // Those behind the function, where no other place is named.
            let from = match (runs.arguments.at, runs.function.at) {
                (Some(at), _) => usize::from(at),
                (None, Some(function)) => usize::from(function) + 1,
                (None, None) => 0,
            };
            let function_name = runs.function.name;
            Arguments {
                positional: arguments.positional.iter().skip(from).cloned().collect(),
                keywords: arguments
                    .keywords
                    .iter()
                    .filter(|(name, _)| Some(*name) != function_name)
                    .cloned()
                    .collect(),
                star: arguments.star.clone(),
                double_star: arguments.double_star.clone(),
            }
        } else {
            let mut given = Arguments::default();
            for value in self.argument_values(state, &runs.arguments, receiver, arguments) {
                for atom in value.atoms() {
                    if let Atom::Object(id) = atom
                        && let Some(object) = state.object(*id)
                    {
                        if object.exact && matches!(object.kind, Kind::List | Kind::Tuple) {
                            given.positional = object.items.iter().cloned().collect();
                        } else if object.kind == Kind::Dict {
                            given.keywords = object.fields.iter().cloned().collect();
                        } else {
                            given.star = Some(object.contents());
                        }
                    }
                }
            }
            // Whoever takes a tuple of arguments takes those by name beside it.
            for name in ["kwargs", "kwds"] {
                if let Some(Atom::Object(id)) = arguments
                    .named(Symbol::from(name))
                    .and_then(|map| map.only().cloned())
                    && let Some(object) = state.object(id)
                    && object.kind == Kind::Dict
                {
                    given.keywords.extend(object.fields.iter().cloned());
                }
            }
            given
        };
        let mut returned = None;
        for function in functions {
            // Which one it is, whoever calls knows.
            self.called(&function);
            if !self.is_project_callable(state, &function) {
                continue;
            }
            let mut aside = state.clone();
            let value = self.call_value(&mut aside, &function, &given, expr);
            if aside.live {
                // What it returned may refer to what it made.
                state.join(aside);
            }
            returned.get_or_insert_with(Value::nothing).join(&value);
        }
        returned
    }

    // What models ask of arguments.

    /// The arguments a model speaks of.
    pub(super) fn argument_values(
        &mut self,
        state: &mut State,
        argument: &Argument,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Vec<Value> {
        if argument.receiver {
            return receiver.cloned().into_iter().collect();
        }
        if argument.any {
            return arguments.all();
        }
        if argument.mapping {
            return arguments.double_star.clone().into_iter().collect();
        }
        let given = match (argument.at, argument.name) {
            (Some(at), _) if argument.rest => {
                let mut all: Vec<Value> = arguments
                    .positional
                    .iter()
                    .skip(usize::from(at))
                    .cloned()
                    .collect();
                all.extend(arguments.star.clone());
                return all;
            }
            (Some(at), None) => arguments.position(usize::from(at)),
            (Some(at), Some(name)) => {
                let named = arguments.named(name);
                named.or_else(|| arguments.position(usize::from(at)))
            }
            (None, Some(name)) => arguments.named(name),
            (None, None) => None,
        };
        let given = given.or_else(|| {
            let (name, map) = (argument.name?, arguments.double_star.clone()?);
            match map.only() {
                Some(Atom::Object(id)) => state.object(*id)?.field(name).cloned(),
                _ => None,
            }
        });
        let Some(given) = given else {
            return Vec::new();
        };
        if let Some(key) = argument.key {
            let mut found = Vec::new();
            for atom in given.atoms() {
                if let Atom::Object(id) = atom
                    && let Some(object) = state.object(*id)
                    && let Some(value) = object.field(key)
                {
                    found.push(value.clone());
                }
            }
            return found;
        }
        let Some(elements) = argument.element else {
            return vec![given];
        };
        self.lists(state, &given);
        let mut found = Vec::new();
        for atom in given.atoms() {
            let Atom::Object(id) = atom else { continue };
            let Some(object) = state.object(*id) else {
                continue;
            };
            match elements {
                Elements::At(index) if object.exact => {
                    found.extend(object.item(i64::from(index)).cloned());
                }
                Elements::At(_) => {}
                Elements::Rest if object.exact => {
                    let ends = |item: &Value| {
                        item.known_text()
                            .is_some_and(|text| argument.until.contains(&text))
                    };
                    let items = object.items.iter();
                    let behind = items.clone().skip(1).zip(items);
                    found.extend(
                        behind
                            .take_while(|(item, _)| !ends(item))
                            .filter(|(_, before)| !argument.takes_next(before))
                            .map(|(item, _)| item.clone()),
                    );
                }
                Elements::Rest => found.push(object.rest.clone()),
            }
        }
        found
    }

    /// Whether conditions hold; `None` when that is not known.
    pub(super) fn conditions(
        &mut self,
        state: &mut State,
        conditions: &Conditions,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Option<bool> {
        let mut sure = true;
        for when in &conditions.hold {
            match self.condition(state, when, receiver, arguments) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => sure = false,
            }
        }
        for when in &conditions.fail {
            match self.condition(state, when, receiver, arguments) {
                Some(false) => {}
                Some(true) => return Some(false),
                None => sure = false,
            }
        }
        sure.then_some(true)
    }

    pub(super) fn condition(
        &mut self,
        state: &mut State,
        when: &When,
        receiver: Option<&Value>,
        arguments: &Arguments,
    ) -> Option<bool> {
        let given = self.argument_values(state, &when.argument, receiver, arguments);
        let Some(value) = given.first() else {
            if arguments.double_star.is_some() || arguments.star.is_some() {
                return None;
            }
            return Some(match &when.asks {
                Asks::Missing(missing) => *missing,
                Asks::None(none) => *none,
                Asks::Truthy(truthy) => !*truthy,
                Asks::Is(_) | Asks::Path(_) | Asks::Contains(_) | Asks::Defines(_) => false,
                Asks::IsNot(_) => true,
                Asks::Display(display) => !*display,
            });
        };
        for atom in value.atoms() {
            if matches!(atom, Atom::Input(_)) && !matches!(when.asks, Asks::Missing(_)) {
                self.decides(value);
            }
        }
        let every = |test: &dyn Fn(&Atom) -> Option<bool>| {
            let mut all = None;
            for atom in value.atoms() {
                let answer = test(atom)?;
                if all.is_some_and(|known| known != answer) {
                    return None;
                }
                all = Some(answer);
            }
            all
        };
        match &when.asks {
            Asks::Missing(missing) => Some(!*missing),
            Asks::None(none) => every(&|atom| match atom {
                Atom::None => Some(*none),
                Atom::Unknown | Atom::Input(_) => None,
                _ => Some(!*none),
            }),
            Asks::Truthy(truthy) => value.truth().map(|truth| truth == *truthy).or_else(|| {
                // A display with something in it.
                match value.only()? {
                    Atom::Object(id) => {
                        let object = state.object(*id)?;
                        object.exact.then_some(
                            (!object.items.is_empty() || !object.fields.is_empty()) == *truthy,
                        )
                    }
                    _ => None,
                }
            }),
            Asks::Is(known) => every(&|atom| is_one_of(atom, known)),
            Asks::IsNot(known) => every(&|atom| is_one_of(atom, known).map(|is| !is)),
            Asks::Path(paths) => every(&|atom| match atom {
                Atom::External(path) => Some(paths.contains(path)),
                Atom::Unknown | Atom::Input(_) | Atom::Text(_) => None,
                _ => Some(false),
            }),
            Asks::Defines(name) => {
                let mut all = None;
                for atom in value.atoms() {
                    let class = match atom {
                        Atom::Object(id) => match state.object(*id)?.kind {
                            Kind::Instance(module, class) => Atom::Instance(module, class),
                            _ => return None,
                        },
                        Atom::Instance(..) => atom.clone(),
                        Atom::Unknown | Atom::Input(_) => return None,
                        _ => Atom::Unknown,
                    };
                    let answer = self.method_of(&class, *name).is_some();
                    if all.is_some_and(|known| known != answer) {
                        return None;
                    }
                    all = Some(answer);
                }
                all
            }
            Asks::Display(display) => every(&|atom| match atom {
                Atom::Object(_) => Some(*display),
                Atom::Unknown | Atom::Input(_) | Atom::External(_) => None,
                _ => Some(!*display),
            }),
            Asks::Contains(matcher) => every(&|atom| match atom {
                Atom::Str(text) => Some((matcher.0)(text.as_str())),
                Atom::Text(text) => {
                    // What is known of it decides where it can.
                    let known = text.iter().any(|stretch| match stretch {
                        Stretch::Known(known) => (matcher.0)(known.as_str()),
                        _ => false,
                    });
                    known.then_some(true)
                }
                _ => None,
            }),
        }
    }
}

fn is_one_of(atom: &Atom, known: &[Literal]) -> Option<bool> {
    let equals = |literal: &Literal| match (atom, literal) {
        (Atom::None, Literal::None) => true,
        (Atom::Bool(a), Literal::Bool(b)) => a == b,
        (Atom::Int(a), Literal::Int(b)) => a == b,
        (Atom::Str(a), Literal::Str(b)) => a.as_str() == b,
        _ => false,
    };
    match atom {
        Atom::Unknown | Atom::Scalar | Atom::Input(_) | Atom::Text(_) | Atom::External(_) => None,
        _ => Some(known.iter().any(equals)),
    }
}

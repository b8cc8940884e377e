//! Calls of what is outside: sanitizers, propagators, and what is not described.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_python::static_symbol;

use super::super::Interpreter;
use super::arguments::Arguments;
use crate::model::{CallModel, Gives, To};
use crate::shape::{Alphabet, Restriction, Stretch, map_holes};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Key, Symbol, Value, Why, hash_id};

impl Interpreter<'_, '_> {
    /// Calls something outside of the project by its access path.
    pub(in crate::interpret) fn call_external(
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
                .filter(|key| super::super::assign::single_key(key).is_some()),
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
        let passed = self.unknown_call(state, Some(path), None, arguments, expr, doubt);
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
    pub(in crate::interpret) fn assume_returned(
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
    pub(in crate::interpret) fn sanitize(
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
            if result.is_nothing() {
                result = Value::unknown();
            }
            if sanitizer.typed {
                result.add(Atom::External(self.values.path_of_call(path)));
            }
            return Some(result);
        }
        None
    }

    /// An operator of a text that has its own: what is put into `Markup` is escaped. `None` where models say nothing of it.
    pub(in crate::interpret) fn described_operator(
        &mut self,
        state: &mut State,
        op: Operator,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Option<Value> {
        let (of_left, of_right) = match op {
            Operator::Add => (static_symbol!("__add__"), Some(static_symbol!("__radd__"))),
            Operator::Mod => (static_symbol!("__mod__"), None),
            _ => return None,
        };
        if let Some((class, put_in)) = self.put_into(state, left, of_left, right, expr) {
            let mut value = self.joined_texts(state, &[left.clone(), put_in]);
            value.add(class);
            return Some(value);
        }
        let (class, put_in) = self.put_into(state, right, of_right?, left, expr)?;
        let mut value = self.joined_texts(state, &[put_in, right.clone()]);
        value.add(class);
        Some(value)
    }

    /// What a method of a text leaves of what it is given, with the class of the text.
    fn put_into(
        &mut self,
        state: &mut State,
        text: &Value,
        method: Symbol,
        given: &Value,
        expr: ExprId,
    ) -> Option<(Atom, Value)> {
        for atom in text.atoms() {
            let Atom::External(class) = atom else {
                continue;
            };
            let path = self.values.path_of_attribute(*class, method);
            let Some(model) = self.call_model(path) else {
                continue;
            };
            let arguments = Arguments::of(std::slice::from_ref(given));
            if let Some(value) = self.sanitized(state, path, model, None, &arguments, expr) {
                return Some((atom.clone(), value));
            }
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
                if all.has_holes() {
                    // The text in other clothes is no more what it was read from, which has attributes of its own.
                    let is_text = |atom: &&Atom| !matches!(atom, Atom::External(_));
                    all = Value::of(all.atoms().iter().filter(is_text).cloned());
                }
                super::super::assign::with_step(all, |taint| {
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
                    if propagator.typed {
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
    pub(in crate::interpret) fn pour(&mut self, state: &mut State, into: &Value, value: &Value) {
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
                object.set_field(super::super::template::maker_field(), receiver.clone());
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

    /// A callee of which nothing is known passes on what it is given, with doubt.
    pub(in crate::interpret) fn unknown_call(
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
}

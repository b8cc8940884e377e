//! Expressions.

mod items;
mod names;
mod operators;
mod sources;

use hognose_python::ir::*;
use hognose_python::static_symbol;

use super::assign::{index_name, single_key};
use super::{Interpreter, attr_key};
use crate::shape::Part;
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Key, Symbol, Value};

pub(super) use operators::is_number_format;

/// Constants that a loop over a display is walked for one by one.
const MAX_DISPLAY: usize = 64;

/// Attributes of URLs as objects that are their host.
fn is_host(attr: Symbol) -> bool {
    matches!(attr.as_str(), "host" | "hostname" | "netloc")
}

impl<'p> Interpreter<'_, 'p> {
    /// What an expression may be. Runs what it runs.
    pub(crate) fn eval(&mut self, state: &mut State, expr: ExprId) -> Value {
        if !state.live {
            return Value::nothing();
        }
        if let Some((_, held)) = self
            .at()
            .held
            .iter()
            .rev()
            .find(|(known, _)| *known == expr)
        {
            return held.clone();
        }
        // A name or constant needs no more of the stack, and nothing was found of a part of it.
        if let Expr::Name { .. } | Expr::Str(_) | Expr::None | Expr::Bool(_) | Expr::Int(_) =
            self.module()[expr]
        {
            return self.eval_inner(state, expr);
        }
        let mut value =
            stacker::maybe_grow(96 * 1024, 2 * 1024 * 1024, || self.eval_inner(state, expr));
        // What was found out of a part holds when it is read again; what is read anew is another hole, and so is what a loop
        // comes back to, for nothing of it was known before the loop.
        if !state.known.is_empty()
            && matches!(
                self.module()[expr],
                Expr::Attribute { .. } | Expr::Subscript { .. } | Expr::Call { .. }
            )
        {
            state.recall(&mut value);
        }
        value
    }

    fn eval_inner(&mut self, state: &mut State, expr: ExprId) -> Value {
        let module = self.module();
        match module[expr] {
            Expr::Name { slot, def } => self.name(state, slot, def),
            Expr::None => Atom::None.into(),
            Expr::Bool(truth) => Atom::Bool(truth).into(),
            Expr::Int(number) => Atom::Int(number).into(),
            Expr::OtherNumber | Expr::Float(_) | Expr::Ellipsis => Atom::Scalar.into(),
            Expr::Str(text) | Expr::Bytes(text) => {
                let text = module.str(text);
                if text.len() > crate::shape::MAX_KNOWN {
                    Value::unknown()
                } else {
                    Value::text(text)
                }
            }
            Expr::Attribute { value, attr } => {
                let object = self.eval(state, value);
                if !state.live {
                    return Value::nothing();
                }
                self.attribute_or_known(state, &object, attr, expr)
            }
            Expr::Subscript { value, index } => self.subscript(state, expr, value, index),
            Expr::Slice(list) => {
                for bound in module.opt(list).iter().flatten() {
                    self.eval(state, bound.get());
                }
                Value::unknown()
            }
            Expr::Call { func, args } => self.call(state, expr, func, args),
            Expr::Binary { op, left, right } => {
                let left = self.eval(state, left);
                let right = self.eval(state, right);
                self.binary(state, op, &left, &right, expr)
            }
            Expr::InPlace { op, left, right } => {
                let old = self.eval(state, left);
                let new = self.eval(state, right);
                if op == Operator::Add
                    && let Some(Atom::Object(id)) = old.only()
                    && matches!(
                        state.object(*id).map(|object| &object.kind),
                        Some(Kind::List)
                    )
                {
                    self.extend(state, *id, &new);
                    return old;
                }
                self.binary(state, op, &old, &new, expr)
            }
            Expr::Unary { op, operand } => {
                let value = self.eval(state, operand);
                match (op, value.only()) {
                    (UnaryOp::Not, _) => match value.truth() {
                        Some(truth) => Atom::Bool(!truth).into(),
                        None => Atom::Scalar.into(),
                    },
                    (UnaryOp::USub, Some(Atom::Int(number))) => {
                        number.checked_neg().map_or(Atom::Scalar, Atom::Int).into()
                    }
                    _ => Atom::Scalar.into(),
                }
            }
            Expr::Logic { op, values } => self.logic(state, op, values),
            Expr::Compare { op, left, right } => {
                let a = self.eval(state, left);
                let b = self.eval(state, right);
                self.decides(&a);
                self.decides(&b);
                self.compares(op, &a, &b);
                self.compare(state, op, &a, &b)
            }
            Expr::Conditional { test, body, orelse } => {
                let value = self.eval(state, test);
                self.decides(&value);
                self.decided_by(state, test);
                match value.truth() {
                    Some(true) => return self.eval(state, body),
                    Some(false) => return self.eval(state, orelse),
                    None => {}
                }
                let mut other = state.clone();
                self.assume(state, test, true);
                self.assume(&mut other, test, false);
                let mut result = self.eval(state, body);
                result.join(&self.eval(&mut other, orelse));
                state.join(other);
                result
            }
            Expr::Tuple(list) => self.display(state, expr, Kind::Tuple, list),
            Expr::ListOf(list) => self.display(state, expr, Kind::List, list),
            Expr::SetOf(list) => self.display(state, expr, Kind::Set, list),
            Expr::Dict(items) => self.dict(state, expr, items),
            Expr::Starred(value) => self.eval(state, value),
            Expr::TString(parts) => self.template_string(state, expr, parts),
            Expr::FString(parts) => {
                let parts = module.list(parts).to_vec();
                let mut values = Vec::with_capacity(parts.len());
                for part in parts {
                    values.push(self.eval(state, part));
                }
                self.joined_texts(state, &values)
            }
            Expr::Formatted {
                value,
                spec,
                conversion,
            } => {
                let mut value = self.eval(state, value);
                if let Some(spec) = spec {
                    let spec = self.eval(state, spec.get());
                    if let Some(spec) = spec.known_text()
                        && is_number_format(spec.as_str())
                    {
                        return Atom::Scalar.into();
                    }
                }
                if matches!(conversion, Conversion::Repr | Conversion::Ascii) {
                    value = self.repr_of(state, &value);
                }
                self.text_value(state, &value)
            }
            Expr::Lambda(function) => self.function_value(state, function),
            Expr::Comprehension(id) => self.comprehension(state, expr, id),
            Expr::Await(value) => {
                let value = self.eval(state, value);
                self.awaited(state, value)
            }
            Expr::Yield(value) => {
                if let Some(value) = value {
                    let value = self.eval(state, value.get());
                    self.frame().exit.yields.join(&value);
                }
                Value::unknown()
            }
            Expr::YieldFrom(value) => {
                let iterated = self.eval(state, value);
                let element = self.iterated(state, &iterated, expr);
                self.frame().exit.yields.join(&element);
                Value::unknown()
            }
            Expr::Named { def, value } => {
                let value = self.eval(state, value);
                self.bind_name(state, def, value.clone());
                value
            }
            Expr::Element { of, index } => {
                let container = self.eval(state, of);
                self.item(state, &container, &Atom::Int(i64::from(index)).into(), expr)
            }
            Expr::Rest { of, before, after } => {
                let container = self.eval(state, of);
                if let Some(Atom::Object(id)) = container.only()
                    && let Some(object) = state.object(*id)
                    && object.exact
                    && matches!(object.kind, Kind::List | Kind::Tuple)
                {
                    let end = object.items.len().saturating_sub(usize::from(after));
                    let items = object.items.get(usize::from(before)..end);
                    let mut rest = Object::sequence(Kind::List, items.unwrap_or_default().to_vec());
                    rest.rest = object.rest.clone();
                    return self.make(state, expr, rest);
                }
                let element = self.iterated(state, &container, expr);
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = element;
                self.make(state, expr, object)
            }
            Expr::Iterate { of, .. } => {
                let container = self.eval(state, of);
                self.iterated(state, &container, expr)
            }
            Expr::Enter { of, .. } => {
                let manager = self.eval(state, of);
                self.entered(state, manager)
            }
            Expr::Caught(types) => self.caught(state, types, &Value::nothing()),
            Expr::Part(of) => {
                let subject = self.eval(state, of);
                let mut value = self.iterated(state, &subject, expr);
                for atom in subject.atoms() {
                    match atom {
                        Atom::Text(_) | Atom::Input(_) => value.add(atom.clone()),
                        Atom::Object(id) => {
                            if let Some(object) = state.object(*id) {
                                value.join(&object.contents());
                            }
                        }
                        _ => {}
                    }
                }
                value
            }
            Expr::Opaque => Value::unknown(),
        }
    }

    /// Makes an object at an expression.
    pub(super) fn make(&mut self, state: &mut State, expr: ExprId, object: Object) -> Value {
        let site = self.site(expr);
        let id = self.object_at(site, 0);
        if self.quiet > 0 && state.object(id).is_some() {
            return Atom::Object(id).into();
        }
        state.allocate(id, object);
        Atom::Object(id).into()
    }

    fn display(&mut self, state: &mut State, expr: ExprId, kind: Kind, list: List) -> Value {
        let module = self.module();
        let mut object = Object::new(kind);
        for element in module.list(list) {
            let value = self.eval(state, *element);
            if let Expr::Starred(_) = module[*element] {
                if let Some(Atom::Object(id)) = value.only()
                    && let Some(inner) = state.object(*id)
                    && inner.exact
                    && object.exact
                    && matches!(inner.kind, Kind::List | Kind::Tuple)
                {
                    let items = inner.items.clone();
                    object.items.extend(items);
                } else {
                    let first = match value.only() {
                        Some(Atom::Object(id)) if object.exact && object.items.is_empty() => {
                            state.object(*id).map(|inner| inner.head().clone())
                        }
                        _ => None,
                    };
                    let element = self.iterated(state, &value, *element);
                    object.blur();
                    object.rest.join(&element);
                    if let Some(first) = first {
                        object.first = first;
                    }
                }
            } else if object.exact {
                object.items.push(value);
            } else {
                object.rest.join(&value);
            }
            // Fourteen thousand constants are one thing.
            if object.items.len() > crate::state::MAX_ITEMS * 8 {
                object.blur();
            }
        }
        if object.items.len() > MAX_DISPLAY * 4 {
            object.blur();
        }
        self.make(state, expr, object)
    }

    fn dict(&mut self, state: &mut State, expr: ExprId, items: List) -> Value {
        let module = self.module();
        let mut object = Object::new(Kind::Dict);
        for (key, value) in module.dict(items) {
            match key {
                Some(key) => {
                    let key = self.eval(state, key.get());
                    let value = self.eval(state, *value);
                    match single_key(&key) {
                        Some(Key::Item(name)) => object.set_field(name, value),
                        Some(Key::Index(index)) => object.set_field(index_name(index), value),
                        _ => {
                            object.rest.join(&value);
                            for atom in key.atoms() {
                                if matches!(atom, Atom::Text(_) | Atom::Input(_)) {
                                    object.keys.add(atom.clone());
                                }
                            }
                        }
                    }
                }
                None => {
                    let merged = self.eval(state, *value);
                    self.merge_into(state, &mut object, &merged);
                }
            }
        }
        self.make(state, expr, object)
    }

    /// `**merged`, `update(merged)`.
    pub(super) fn merge_into(&mut self, state: &State, object: &mut Object, merged: &Value) {
        for atom in merged.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(other) = state.object(*id) {
                        for (name, value) in &other.fields {
                            object.set_field(*name, value.clone());
                        }
                        object.rest.join(&other.rest);
                        object.keys.join(&other.keys);
                    }
                }
                Atom::Text(_) => object.rest.add(atom.clone()),
                Atom::Input(path) => {
                    let part = self.input(path.then(Key::Any));
                    object.rest.add(part);
                }
                _ => {}
            }
        }
    }

    // Attributes.

    fn attribute_or_known(
        &mut self,
        state: &mut State,
        object: &Value,
        attr: Symbol,
        expr: ExprId,
    ) -> Value {
        let value = self.attribute(state, object, attr, expr);
        if !value.atoms().iter().all(|atom| *atom == Atom::Unknown) {
            return value;
        }
        // The evaluator may know more of it: namespaces, attributes by annotation.
        let at = self.at().module;
        let values = self.values.eval(at, expr);
        let known = self.from_evaluated(values);
        self.with_source(known, expr)
    }

    /// An attribute that is read.
    pub(super) fn attribute(
        &mut self,
        state: &mut State,
        object: &Value,
        attr: Symbol,
        expr: ExprId,
    ) -> Value {
        if let Some(part) = self.path_attribute(state, object, attr, expr) {
            return part;
        }
        let mut value = Value::nothing();
        let external_source = self.has_external_source(object);
        for atom in object.atoms() {
            match atom {
                Atom::External(path) => {
                    let path = self.values.path_of_attribute(*path, attr);
                    value.join(&self.external(path, object, expr));
                }
                Atom::Object(id) => {
                    let found = self.object_attribute(state, *id, attr, expr);
                    value.join(&found);
                }
                Atom::Instance(module, class) => {
                    let found = self.member(state, *module, *class, attr, Some(atom), expr);
                    value.join(&found);
                }
                Atom::Class(module, class) => {
                    let found = self.member(state, *module, *class, attr, None, expr);
                    value.join(&found);
                }
                Atom::Module(module) => {
                    let found = self.module_variable(state, *module, attr);
                    value.join(&found);
                }
                Atom::Text(_) if external_source => {}
                // A text has no such attribute: what parsed it as a URL has.
                Atom::Text(_) if is_host(attr) => {
                    let url = atom.clone().into();
                    value.join(&self.url_part(state, &url, attr.as_str(), Some(Part::Host)));
                }
                Atom::Text(text) => {
                    if !super::string::is_string_method(attr) {
                        value.join(&self.part_of_text(text, attr_key(attr), expr));
                    } else {
                        value.add(Atom::Unknown);
                    }
                }
                Atom::Input(path) => {
                    // What the class of an input is known to hold is known by its atom.
                    let part = path.then(attr_key(attr));
                    match state.written_to(&part) {
                        Some(written) => value.join(&written.clone()),
                        None => {
                            let part = self.input(part);
                            value.add(part);
                            // It may be a URL as an object.
                            if is_host(attr) {
                                let url = atom.clone().into();
                                let name = attr.as_str();
                                value.join(&self.url_part(state, &url, name, Some(Part::Host)));
                            }
                        }
                    }
                }
                _ => value.add(Atom::Unknown),
            }
        }
        // What was checked against the declaration of a field is of its kind.
        if value.has_holes()
            && let Some(Atom::Instance(module, class)) = object
                .atoms()
                .iter()
                .find(|atom| matches!(atom, Atom::Instance(..)))
            && self.setting.facts.records.contains_key(&(*module, *class))
        {
            return self.as_field(state, *module, *class, attr, value, expr);
        }
        value
    }

    fn comprehension(&mut self, state: &mut State, expr: ExprId, id: ComprehensionId) -> Value {
        let module = self.module();
        let data = &module[id];
        let mut inside = state.clone();
        let mut held = 0;
        for generator in &data.generators {
            let iterated = self.eval(&mut inside, generator.iter);
            self.frame().held.push((generator.iter, iterated));
            held += 1;
            self.binds(&mut inside, generator.binds);
            for condition in &generator.conditions {
                self.eval(&mut inside, *condition);
                self.assume(&mut inside, *condition, true);
            }
        }
        let mut object = Object::new(match data.kind {
            ComprehensionKind::List | ComprehensionKind::Generator => Kind::List,
            ComprehensionKind::Set => Kind::Set,
            ComprehensionKind::Dict => Kind::Dict,
        });
        object.exact = false;
        if inside.live {
            let element = self.eval(&mut inside, data.element);
            match data.value {
                Some(value) => {
                    let value = self.eval(&mut inside, value);
                    super::assign::store_item(
                        &mut object,
                        single_key(&element).as_ref().filter(|_| false),
                        &element,
                        value,
                    );
                }
                None => object.rest = element,
            }
        }
        for _ in 0..held {
            self.frame().held.pop();
        }
        // What the elements made and what `:=` bound lives on; what was found of them does not.
        for (frame, other) in state.frames.iter_mut().zip(&inside.frames) {
            for number in frame.slots.differences(&other.slots).into_iter().flatten() {
                let (def, value) = &other.slots[number];
                if frame.slots[number].0 != *def && inside.live {
                    let known = &mut frame.slots[number];
                    known.0 = crate::state::SEVERAL;
                    known.1.join(value);
                }
            }
        }
        state.heap = inside.heap;
        self.make(state, expr, object)
    }

    fn awaited(&mut self, _state: &State, value: Value) -> Value {
        value
    }
}

pub(super) fn enter_name() -> Symbol {
    static_symbol!("__enter__")
}

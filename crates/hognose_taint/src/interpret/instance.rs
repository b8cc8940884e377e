//! Classes of the project: members, construction, special methods.

use hognose_python::ir::*;
use hognose_python::{ClassRef, ModuleId};

use super::Interpreter;
use super::call::Arguments;
use crate::facts::Fact;
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Key, ObjId, Symbol, Value, hash_id};

/// Whether a function is the setter or deleter of a property.
fn changes_property(module: &Module, function: FunctionId) -> bool {
    module[function].decorators.iter().any(|decorator| {
        matches!(
            module[*decorator],
            Expr::Attribute { attr, .. } if matches!(attr.as_str(), "setter" | "deleter")
        )
    })
}

/// Generic types that hold nothing but what stands in the brackets.
fn is_sequence(path: &str) -> bool {
    matches!(
        path,
        "builtins.list"
            | "builtins.set"
            | "builtins.frozenset"
            | "typing.List"
            | "typing.Set"
            | "typing.FrozenSet"
            | "typing.Sequence"
            | "typing.Iterable"
            | "typing.Collection"
            | "typing.Optional"
            | "collections.abc.Sequence"
            | "collections.abc.Iterable"
            | "collections.abc.Collection"
    )
}

/// Methods that records are given, which give what the record holds.
fn is_record_method(name: &str) -> bool {
    matches!(
        name,
        "_asdict" | "_replace" | "asdict" | "copy" | "dict" | "model_copy" | "model_dump"
    )
}

/// Annotations that say no more of a value than that it holds text or whatever: what is known of it by its flow is better.
pub(crate) fn is_plain(path: &str) -> bool {
    matches!(
        path,
        "builtins.str()"
            | "builtins.bytes()"
            | "typing.Any()"
            | "builtins.object()"
            | "builtins.list()"
            | "builtins.dict()"
            | "builtins.set()"
            | "builtins.tuple()"
    )
}

impl Interpreter<'_, '_> {
    /// A method of a class, found along its method resolution order.
    pub(super) fn method_of(
        &mut self,
        atom: &Atom,
        name: Symbol,
    ) -> Option<(ModuleId, FunctionId)> {
        let (Atom::Instance(module, class) | Atom::Class(module, class)) = atom else {
            return None;
        };
        self.find_method(*module, *class, name, false)
    }

    pub(super) fn find_method(
        &mut self,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
        above: bool,
    ) -> Option<(ModuleId, FunctionId)> {
        let order = self.values.mro(module, class);
        for ancestor in order.iter().skip(usize::from(above)) {
            let ClassRef::Project(at, class) = ancestor else {
                continue;
            };
            let home = self.setting.project.module(*at);
            let scope = home[*class].scope;
            if let Some(slot) = home.slot(scope, name)
                && slot.bound
            {
                let DefKind::Function(last) = home[slot.exit].kind else {
                    return None;
                };
                // `@name.setter` binds the property again: its getter is the function before.
                let getter = slot.defs.iter().find_map(|def| match home[*def].kind {
                    DefKind::Function(function) if !changes_property(home, function) => {
                        Some(function)
                    }
                    _ => None,
                });
                let method = if changes_property(home, last) {
                    getter.unwrap_or(last)
                } else {
                    last
                };
                return Some((*at, method));
            }
        }
        None
    }

    fn decorator_paths(&mut self, module: ModuleId, function: FunctionId) -> Vec<Symbol> {
        let decorators = self.setting.project.module(module)[function]
            .decorators
            .clone();
        decorators
            .into_iter()
            .filter_map(|decorator| self.values.dotted(module, decorator))
            .collect()
    }

    /// Whether a method takes the class.
    pub(super) fn of_class(&mut self, module: ModuleId, function: FunctionId) -> bool {
        self.decorator_paths(module, function).iter().any(|path| {
            matches!(
                path.as_str(),
                "builtins.classmethod" | "abc.abstractclassmethod"
            )
        })
    }

    pub(super) fn is_static(&mut self, module: ModuleId, function: FunctionId) -> bool {
        self.decorator_paths(module, function)
            .iter()
            .any(|path| path.as_str() == "builtins.staticmethod")
    }

    /// Arguments with the receiver the method takes in front.
    pub(super) fn bound_arguments(
        &mut self,
        module: ModuleId,
        function: FunctionId,
        this: Value,
        (at, class): (ModuleId, ClassId),
        arguments: &Arguments,
    ) -> Arguments {
        if self.is_static(module, function) {
            return arguments.clone();
        }
        if self.of_class(module, function) {
            return arguments.after(Atom::Class(at, class).into());
        }
        arguments.after(this)
    }

    /// `super()`.
    pub(super) fn super_object(&mut self, state: &mut State, expr: ExprId) -> Value {
        let Some((frame, class)) = self
            .frames
            .iter()
            .rev()
            .find_map(|frame| Some((frame.function?, frame.class?)))
        else {
            return Value::unknown();
        };
        let module = self.module();
        // The class the method stands in, not that of the receiver.
        let home = module
            .functions
            .get(frame.index())
            .and_then(|function| function.class);
        let at = self.at().module;
        let (at, class) = match home {
            Some(home) => (at, home),
            None => class,
        };
        let this = module
            .functions
            .get(frame.index())
            .and_then(|function| function.params.first())
            .map(|param| module[param.def].slot);
        let receiver = this
            .and_then(|slot| state.vars().slots.get(slot.index()).cloned())
            .map_or_else(Value::unknown, |(_, value)| value);
        let mut object = Object::new(Kind::Super(at, class));
        object.items.push(receiver);
        self.make(state, expr, object)
    }

    /// A member of a class or of an instance of which only the class is known.
    pub(super) fn member(
        &mut self,
        state: &mut State,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
        instance: Option<&Atom>,
        expr: ExprId,
    ) -> Value {
        if self.setting.facts.enums.contains(&(module, class)) {
            return match name.as_str() {
                "value" | "name" => Atom::Scalar.into(),
                _ => match self.method_of(&Atom::Class(module, class), name) {
                    Some((at, function)) => Atom::Function(at, function).into(),
                    None => Atom::Instance(module, class).into(),
                },
            };
        }
        if let Some((at, function)) = self.method_of(&Atom::Class(module, class), name) {
            if let Some(this) = instance {
                if self.values.is_property(at, function) {
                    let arguments = Arguments::of(&[this.clone().into()]);
                    return self.call_project(
                        state,
                        at,
                        function,
                        &arguments,
                        Some((module, class)),
                        None,
                        expr,
                    );
                }
                return self.bound(
                    state,
                    &this.clone().into(),
                    Atom::Function(at, function),
                    expr,
                );
            }
            return Atom::Function(at, function).into();
        }
        self.stored_member(
            state,
            (module, class),
            name,
            instance.is_some(),
            instance.is_some(),
            expr,
        )
    }

    /// The path of a member that a class has from outside of the project; of several classes that may have it, of one of
    /// which the models know it.
    fn outside_member(
        &mut self,
        order: &[ClassRef],
        name: Symbol,
        of_object: bool,
    ) -> Option<Symbol> {
        let mut first = None;
        for ancestor in order {
            let ClassRef::External(path) = ancestor else {
                continue;
            };
            if let "builtins.object" | "abc.ABC" | "typing.Generic" | "typing.Protocol" =
                path.as_str()
            {
                continue;
            }
            let base = if of_object {
                self.values.path_of_call(*path)
            } else {
                *path
            };
            let path = self.values.path_of_attribute(base, name);
            let result = self.values.path_of_call(path);
            if self.call_model(path).is_some()
                || self.trust(path).is_some()
                || self.trust(result).is_some()
            {
                return Some(path);
            }
            first.get_or_insert(path);
        }
        first
    }

    /// What is stored under a name in a class and, where asked for, in its objects.
    fn stored_member(
        &mut self,
        state: &mut State,
        (module, class): (ModuleId, ClassId),
        name: Symbol,
        is_object: bool,
        of_objects: bool,
        expr: ExprId,
    ) -> Value {
        let mut value = Value::nothing();
        let order = self.values.mro(module, class);
        for ancestor in order.iter() {
            match ancestor {
                ClassRef::Project(at, class) => {
                    if !of_objects {
                        // What was stored in the class here is what it holds.
                        let own = self.class_object(*at, *class);
                        if let Some(stored) = state.object(own).and_then(|own| own.field(name)) {
                            value.join(stored);
                            return value;
                        }
                    }
                    let facts = self.setting.facts;
                    let of_class = (*at, *class, name);
                    self.asked.facts.insert(Fact::Attribute(of_class));
                    if of_objects && let Some(stored) = facts.attributes.get(&of_class) {
                        let site = hash_id(&(at.0, class.0, name, 5u8));
                        value.join(&self.import(state, stored, site, true));
                    }
                    if let Some(stored) = facts.class_attributes.get(&of_class) {
                        let site = hash_id(&(at.0, class.0, name, 8u8));
                        let origin = (*at, Some(*class), name);
                        value.join(&self.import_shared(state, stored, site, origin));
                    }
                }
                ClassRef::External(_) => {
                    if value.is_nothing()
                        && let Some(path) = self.outside_member(&order, name, is_object)
                    {
                        value.join(&self.external(path, &Value::nothing(), expr));
                    }
                }
            }
        }
        // The evaluator follows annotations and what is stored.
        let object = if is_object {
            hognose_python::Value::Instance(module, class)
        } else {
            hognose_python::Value::Class(module, class)
        };
        let known = self.values.attribute(&[object], name);
        for atom in self.from_evaluated(known).atoms() {
            if matches!(atom, Atom::External(_)) {
                let followed = value
                    .atoms()
                    .iter()
                    .any(|atom| matches!(atom, Atom::Text(_)));
                match atom {
                    // Where it was stored it was met first.
                    atom if followed => value.add(atom.clone()),
                    Atom::External(path) if !is_plain(path.as_str()) => {
                        value.join(&self.external(*path, &Value::nothing(), expr));
                    }
                    _ => {}
                }
            } else if !matches!(atom, Atom::Unknown) || value.is_nothing() {
                value.add(atom.clone());
            }
        }
        value
    }

    /// What a descriptor of the project in the class of an object does when the attribute is read or written; `None` when there
    /// is none.
    pub(super) fn descriptor(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: Symbol,
        method: &str,
        given: &[Value],
    ) -> Option<Value> {
        let Kind::Instance(module, class) = state.object(id)?.kind else {
            return None;
        };
        if self.descriptors == 0 {
            return None;
        }
        let order = self.values.mro(module, class);
        let expr = order.iter().find_map(|ancestor| {
            let ClassRef::Project(at, class) = ancestor else {
                return None;
            };
            let home = self.setting.project.module(*at);
            let slot = home
                .slot(home[*class].scope, name)
                .filter(|slot| slot.bound)?;
            match home[slot.exit].kind {
                // Only what a call makes can be one.
                DefKind::Value(value) if matches!(home[value], Expr::Call { .. }) => {
                    Some((*at, value))
                }
                _ => None,
            }
        });
        let (at, expr) = expr?;
        let made = self.values.eval(at, expr);
        let [hognose_python::Value::Instance(of, kind)] = made.as_slice() else {
            return None;
        };
        let (of, kind) = (*of, *kind);
        let (at, function) = self.find_method(of, kind, Symbol::from(method), false)?;
        self.descriptors -= 1;
        let owner = if method == "__get__" {
            vec![Atom::Object(id).into(), Atom::Class(module, class).into()]
        } else {
            vec![Atom::Object(id).into()]
        };
        let mut all: Vec<Value> = vec![Atom::Instance(of, kind).into()];
        all.extend(owner);
        all.extend(given.iter().cloned());
        let value = self.call_project(
            state,
            at,
            function,
            &Arguments::of(&all),
            Some((of, kind)),
            None,
            ExprId(0),
        );
        self.descriptors += 1;
        Some(value)
    }

    /// A method with its receiver, as a value.
    fn bound(&mut self, state: &mut State, receiver: &Value, method: Atom, expr: ExprId) -> Value {
        let mut object = Object::new(Kind::Bound);
        object.items.push(receiver.clone());
        object.items.push(method.into());
        let site = self.site(expr);
        let id = self.object_at(site, 41);
        if let Some(known) = state.heap.get_mut(id.0 as usize) {
            *known = None;
        }
        state.allocate(id, object);
        Atom::Object(id).into()
    }

    /// An attribute of an object.
    pub(super) fn object_attribute(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: Symbol,
        expr: ExprId,
    ) -> Value {
        let Some(object) = state.object(id).cloned() else {
            return Value::unknown();
        };
        match object.kind {
            Kind::Instance(module, class) => {
                if let Some(value) = self.descriptor(state, id, name, "__get__", &[]) {
                    return value;
                }
                if let Some(value) = object.field(name) {
                    let mut value = value.clone();
                    if object.many {
                        value.join(&object.rest);
                    }
                    return value;
                }
                if let Some((at, function)) = self.find_method(module, class, name, false) {
                    let this: Value = Atom::Object(id).into();
                    if self.values.is_property(at, function) {
                        let arguments = Arguments::of(&[this]);
                        return self.call_project(
                            state,
                            at,
                            function,
                            &arguments,
                            Some((module, class)),
                            None,
                            expr,
                        );
                    }
                    return self.bound(state, &this, Atom::Function(at, function), expr);
                }
                if name.as_str() == "__dict__" {
                    let mut dict = (*object).clone();
                    dict.kind = Kind::Dict;
                    return self.make(state, expr, dict);
                }
                if name.as_str() == "__class__" {
                    return Atom::Class(module, class).into();
                }
                if let Some((at, function)) =
                    self.find_method(module, class, Symbol::from("__getattr__"), false)
                {
                    let arguments =
                        Arguments::of(&[Atom::Object(id).into(), Value::text(name.as_str())]);
                    return self.call_project(
                        state,
                        at,
                        function,
                        &arguments,
                        Some((module, class)),
                        None,
                        expr,
                    );
                }
                // What is in an object made here is known; others may have put something into one that they see too.
                let of_objects = self.shared.contains(&id);
                let mut value =
                    self.stored_member(state, (module, class), name, true, of_objects, expr);
                value.join(&object.rest);
                value
            }
            Kind::Super(module, class) => match self.find_method(module, class, name, true) {
                Some((at, function)) => {
                    let this = object.items.first().cloned().unwrap_or_else(Value::unknown);
                    self.bound(state, &this, Atom::Function(at, function), expr)
                }
                None => {
                    let order = self.values.mro(module, class);
                    match self.outside_member(&order[1..], name, true) {
                        Some(path) => self.external(path, &Value::nothing(), expr),
                        None => Value::unknown(),
                    }
                }
            },
            Kind::Holder(_) if object.field(name).is_some() => {
                object.field(name).cloned().unwrap_or_default()
            }
            Kind::Holder(path) => {
                let path = self.values.path_of_attribute(path, name);
                let mut value = self.external(path, &Value::nothing(), expr);
                value.join(&object.rest);
                value
            }
            Kind::Closure(..) | Kind::Bound | Kind::Partial => match object.field(name) {
                Some(value) => value.clone(),
                None => Value::unknown(),
            },
            Kind::Tuple if object.field(name).is_some() => {
                object.field(name).cloned().unwrap_or_default()
            }
            // A method of a container, kept for later: `add = found.append`.
            _ => self.bound(state, &Atom::Object(id).into(), Atom::Str(name), expr),
        }
    }

    /// An item of an object.
    pub(super) fn object_item(
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
                    Some(Key::Index(index)) => Some(super::assign::index_name(*index)),
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
                    let contents = object.values();
                    return if contents.is_nothing() {
                        Value::unknown()
                    } else {
                        contents
                    };
                };
                let mut value = object.rest.clone();
                match object.field(name) {
                    Some(found) => value.join(found),
                    None => {
                        if let Some(made) = self.made_entry(state, id, name, expr) {
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

    /// The entry that a `defaultdict` makes for a key it does not have.
    fn made_entry(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: Symbol,
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
                    state.allocate(made, Object::new(kind));
                }
                Atom::Object(made).into()
            }
            None => self.call_value(state, &factory, &Arguments::default(), expr),
        };
        if self.quiet == 0
            && let Some(object) = state.object_mut(id)
        {
            object.set_field(name, made.clone());
        }
        Some(made)
    }

    /// A method of an object.
    pub(super) fn method_of_object(
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
                    return self.call_project(
                        state,
                        at,
                        function,
                        &arguments,
                        Some((module, class)),
                        None,
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
                    self.call_project(
                        state,
                        at,
                        function,
                        &arguments,
                        Some((module, class)),
                        None,
                        expr,
                    )
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

    /// A special method of an object; `None` when its class has none.
    pub(super) fn object_dunder(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: &str,
        given: &[Value],
    ) -> Option<Value> {
        let expr = ExprId(0);
        self.object_dunder_with(state, id, name, &Arguments::of(given), expr)
    }

    pub(super) fn object_dunder_with(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: &str,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let Kind::Instance(module, class) = state.object(id)?.kind else {
            return None;
        };
        let (at, function) = self.find_method(module, class, Symbol::from(name), false)?;
        let arguments = arguments.after(Atom::Object(id).into());
        Some(self.call_project(
            state,
            at,
            function,
            &arguments,
            Some((module, class)),
            None,
            expr,
        ))
    }

    /// A special method that is run for its effect.
    pub(super) fn call_dunder(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: &str,
        given: &[Value],
    ) {
        let mut run = false;
        // One that stores by way of another one that stores: as with descriptors, few are run inside of each other.
        if self.descriptors > 0 {
            self.descriptors -= 1;
            run = self.object_dunder(state, id, name, given).is_some();
            self.descriptors += 1;
        }
        if !run
            && let Some(value) = given.last()
            && let Some(object) = state.object_mut(id)
        {
            object.rest.join(value);
        }
    }

    /// A special method of an instance or object.
    pub(super) fn instance_dunder(
        &mut self,
        state: &mut State,
        atom: &Atom,
        name: &str,
        given: &[Value],
        expr: ExprId,
    ) -> Value {
        match atom {
            Atom::Object(id) => self
                .object_dunder_with(state, *id, name, &Arguments::of(given), expr)
                .unwrap_or_else(Value::unknown),
            _ => match self.method_of(atom, Symbol::from(name)) {
                Some((at, function)) => {
                    let arguments = Arguments::of(given).after(atom.clone().into());
                    self.call_project(state, at, function, &arguments, None, None, expr)
                }
                None => Value::unknown(),
            },
        }
    }

    /// A binary operator that a class of the project defines.
    pub(super) fn operator_dunder(
        &mut self,
        state: &mut State,
        left: &Value,
        name: &str,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        let mut result = Value::nothing();
        for atom in left.atoms() {
            if let Atom::Object(id) = atom
                && let Some(value) = self.object_dunder_with(
                    state,
                    *id,
                    name,
                    &Arguments::of(std::slice::from_ref(right)),
                    expr,
                )
            {
                result.join(&value);
            }
        }
        if result.is_nothing() {
            result.add(Atom::Scalar);
        }
        result
    }

    /// The setter of a property.
    pub(super) fn property_setter(
        &mut self,
        state: &State,
        id: ObjId,
        attr: Symbol,
    ) -> Option<(ModuleId, FunctionId)> {
        let Kind::Instance(module, class) = state.object(id)?.kind else {
            return None;
        };
        let order = self.values.mro(module, class);
        for ancestor in order.iter() {
            let ClassRef::Project(at, class) = ancestor else {
                continue;
            };
            let home = self.setting.project.module(*at);
            let scope = home[*class].scope;
            let Some(slot) = home.slot(scope, attr) else {
                continue;
            };
            for def in &slot.defs {
                if let DefKind::Function(function) = home[*def].kind
                    && home[function].decorators.iter().any(|decorator| {
                        matches!(home[*decorator], Expr::Attribute { attr, .. } if attr.as_str() == "setter")
                    })
                {
                    return Some((*at, function));
                }
            }
        }
        None
    }

    pub(super) fn call_setter(
        &mut self,
        state: &mut State,
        id: ObjId,
        (module, function): (ModuleId, FunctionId),
        value: &Value,
    ) {
        let arguments = Arguments::of(&[Atom::Object(id).into(), value.clone()]);
        let expr = ExprId(0);
        self.call_project(state, module, function, &arguments, None, None, expr);
    }

    /// What `with` binds.
    pub(super) fn entered(&mut self, state: &mut State, manager: Value) -> Value {
        let mut value = Value::nothing();
        for atom in manager.atoms() {
            match atom {
                Atom::Object(id)
                    if matches!(
                        state.object(*id).map(|object| &object.kind),
                        Some(Kind::Instance(..))
                    ) =>
                {
                    let entered = self
                        .object_dunder(state, *id, "__enter__", &[])
                        .or_else(|| self.object_dunder(state, *id, "__aenter__", &[]));
                    match entered {
                        Some(entered) => value.join(&entered),
                        None => value.add(atom.clone()),
                    }
                }
                // `contextlib.contextmanager`: what the generator yields.
                Atom::Object(id)
                    if matches!(
                        state.object(*id).map(|object| &object.kind),
                        Some(Kind::List)
                    ) =>
                {
                    if let Some(object) = state.object(*id) {
                        value.join(&object.contents());
                    }
                }
                Atom::Instance(module, class) => {
                    match self.find_method(*module, *class, super::expression::enter_name(), false)
                    {
                        Some((at, function)) => {
                            let arguments = Arguments::of(&[atom.clone().into()]);
                            let expr = ExprId(0);
                            let entered = self.call_project(
                                state,
                                at,
                                function,
                                &arguments,
                                Some((*module, *class)),
                                None,
                                expr,
                            );
                            value.join(&entered);
                        }
                        None => value.add(atom.clone()),
                    }
                }
                other => value.add(other.clone()),
            }
        }
        value
    }

    /// Calls a class of the project.
    pub(super) fn construct(
        &mut self,
        state: &mut State,
        module: ModuleId,
        class: ClassId,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        if self.setting.facts.enums.contains(&(module, class)) {
            // A member of the enumeration, or an exception: one of few values. What was asked for is one of them.
            if let Some(value) = arguments.position(0) {
                self.restrict_value(state, &value, crate::shape::Restriction::FINITE);
            }
            return Atom::Instance(module, class).into();
        }
        let site = self.site(expr);
        let id = self.object_at(site, 1);
        let fresh = state.object(id).is_none();
        let mut object = Object::new(Kind::Instance(module, class));
        if let Some(fields) = self.setting.facts.records.get(&(module, class)).cloned()
            && self
                .find_method(module, class, Symbol::from("__init__"), false)
                .is_none()
        {
            for (number, name) in fields.iter().enumerate() {
                let given = arguments
                    .named(*name)
                    .or_else(|| arguments.positional.get(number).cloned())
                    .or_else(|| arguments.star.clone());
                let value = match given {
                    Some(value) => Some(self.as_field(state, module, class, *name, value, expr)),
                    None => self.field_default(state, module, class, *name, expr),
                };
                if let Some(value) = value {
                    object.set_field(*name, value);
                }
            }
            if let Some(map) = &arguments.double_star {
                let contents = self.iterated(state, map, expr);
                object.rest.join(&contents);
            }
            state.allocate(id, object);
            if let Some((at, function)) =
                self.find_method(module, class, Symbol::from("__post_init__"), false)
            {
                let arguments = Arguments::of(&[Atom::Object(id).into()]);
                self.call_project(
                    state,
                    at,
                    function,
                    &arguments,
                    Some((module, class)),
                    None,
                    expr,
                );
            }
            return Atom::Object(id).into();
        }
        if self.quiet == 0 || fresh {
            state.allocate(id, object);
        }
        let this: Value = Atom::Object(id).into();
        if let Some((at, function)) =
            self.find_method(module, class, Symbol::from("__new__"), false)
        {
            let arguments = arguments.after(Atom::Class(module, class).into());
            self.call_project(
                state,
                at,
                function,
                &arguments,
                Some((module, class)),
                None,
                expr,
            );
        }
        match self.find_method(module, class, Symbol::from("__init__"), false) {
            Some((at, function)) => {
                let arguments = arguments.after(this.clone());
                self.call_project(
                    state,
                    at,
                    function,
                    &arguments,
                    Some((module, class)),
                    None,
                    expr,
                );
                if !state.live {
                    return Value::nothing();
                }
            }
            None => {
                // A class outside above it takes the arguments.
                let order = self.values.mro(module, class);
                for ancestor in order.iter() {
                    if let ClassRef::External(path) = ancestor
                        && path.as_str() != "builtins.object"
                    {
                        let path = *path;
                        let made = self.call_external(state, path, Some(&this), arguments, expr);
                        let Some(object) = state.object_mut(id) else {
                            break;
                        };
                        // What is given by name is asked for by that name: the title of a row is not its owner.
                        for (name, value) in &arguments.keywords {
                            let mut kept = Value::nothing();
                            for atom in value.atoms() {
                                kept.add(match atom {
                                    Atom::Text(text) => {
                                        let doubted = crate::shape::map_holes(text, |hole| {
                                            hole.doubt = hole.doubt.max(1);
                                        });
                                        Atom::Text(doubted.into())
                                    }
                                    other => other.clone(),
                                });
                            }
                            object.set_field(*name, kept);
                        }
                        let unnamed = !arguments.positional.is_empty()
                            || arguments.star.is_some()
                            || arguments.double_star.is_some();
                        if unnamed {
                            for atom in made.atoms() {
                                if let Atom::Text(_) = atom {
                                    object.rest.add(atom.clone());
                                }
                            }
                        }
                        break;
                    }
                }
            }
        }
        this
    }

    /// What is said of a field of a record in its class: annotation, and the arguments of the call that describes it.
    pub(super) fn field_of(
        &mut self,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
    ) -> Option<(ModuleId, Option<ExprId>, Option<List>)> {
        let order = self.values.mro(module, class);
        order.iter().find_map(|ancestor| {
            let ClassRef::Project(at, class) = ancestor else {
                return None;
            };
            let home = self.setting.project.module(*at);
            let slot = home.slot(home[*class].scope, name)?;
            let annotation = slot.defs.iter().find_map(|def| home[*def].annotation);
            let described = match home[slot.exit].kind {
                DefKind::Value(value) => match home[value] {
                    Expr::Call { args, .. } => Some(args),
                    _ => None,
                },
                _ => None,
            };
            annotation
                .is_some()
                .then_some((*at, annotation.map(NonMaxExpr::get), described))
        })
    }

    /// An argument of the call that describes a field.
    fn field_argument(&self, module: ModuleId, args: List, names: &[&str]) -> Option<ExprId> {
        self.setting
            .project
            .module(module)
            .args(args)
            .iter()
            .find(|argument| {
                matches!(argument.kind, ArgKind::Keyword(name) if names.contains(&name.as_str()))
            })
            .map(|argument| argument.value)
    }

    /// What a field holds that is not given, when a factory makes it.
    fn field_default(
        &mut self,
        state: &mut State,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
        expr: ExprId,
    ) -> Option<Value> {
        let (at, _, described) = self.field_of(module, class, name)?;
        let factory = self.field_argument(at, described?, &["default_factory", "factory"])?;
        let factory = self.values.eval(at, factory);
        let factory = self.from_evaluated(factory);
        let kind = match factory.only() {
            Some(Atom::External(path)) => match path.as_str() {
                "builtins.list" => Kind::List,
                "builtins.dict" => Kind::Dict,
                "builtins.set" => Kind::Set,
                _ => return None,
            },
            _ => return Some(self.call_value(state, &factory, &Arguments::default(), expr)),
        };
        let site = hash_id(&(self.site(expr), name));
        let id = self.object_at(site, 2);
        state.allocate(id, Object::new(kind));
        Some(Atom::Object(id).into())
    }

    /// A field of a record as its class leaves what is given: where it is checked against the annotation, numbers and
    /// enumerations hold no text.
    pub(super) fn as_field(
        &mut self,
        state: &mut State,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
        value: Value,
        expr: ExprId,
    ) -> Value {
        let Some((at, annotation, described)) = self.field_of(module, class, name) else {
            return value;
        };
        if let Some(converter) =
            described.and_then(|args| self.field_argument(at, args, &["converter"]))
        {
            let converter = self.values.eval(at, converter);
            let converter = self.from_evaluated(converter);
            return self.call_value(state, &converter, &Arguments::of(&[value]), expr);
        }
        let validates = {
            let order = self.values.mro(module, class);
            order.iter().any(|ancestor| {
                matches!(ancestor, ClassRef::External(path) if matches!(path.as_str(), "pydantic.BaseModel" | "sqlmodel.SQLModel"))
            })
        };
        if !validates {
            return value;
        }
        if let Some(annotation) = annotation
            && !self.holds_text(at, annotation)
        {
            let kinds = self.values.instance_of(at, annotation);
            let is_int = matches!(kinds.as_slice(), [hognose_python::Value::External(path)] if path.as_str() == "builtins.int()");
            if !is_int || !value.has_holes() {
                return Atom::Scalar.into();
            }
            // A number of a stranger's choice, unless its field says how large it may be.
            let bounded = described
                .is_some_and(|args| self.field_argument(at, args, &["le", "lt"]).is_some());
            let id = self.site(expr);
            let mut number = Value::nothing();
            for text in self.texts_of(state, &value) {
                let text = crate::shape::map_holes(&text, |hole| {
                    hole.alphabet = hole
                        .alphabet
                        .intersect(crate::shape::Alphabet::of("-0123456789"));
                    hole.facts = hole.facts.without(crate::shape::Facts::STRUCTURE);
                    if bounded {
                        hole.facts |= crate::shape::Facts::BOUNDED;
                    }
                    hole.id = hash_id(&(hole.id, id, 28u8));
                });
                number.join(&Value::stretches(text));
            }
            return number;
        }
        let pattern = described
            .and_then(|args| self.field_argument(at, args, &["pattern", "regex"]))
            .and_then(|pattern| self.values.constant(at, pattern));
        if let Some(hognose_python::Constant::Str(pattern)) = pattern
            && let Some(parsed) =
                self.parsed(&Value::text(&pattern), Some(hognose_regex::Flags::NONE))
            && let Ok(alphabet) = parsed.alphabet(hognose_regex::Mode::Search)
        {
            let restriction = crate::shape::Restriction::alphabet(alphabet.into());
            self.restrict_value(state, &value, restriction);
            let id = self.site(expr);
            let mut checked = Value::nothing();
            for text in self.texts_of(state, &value) {
                let text = crate::shape::map_holes(&text, |hole| {
                    restriction.apply(hole);
                    hole.id = hash_id(&(hole.id, id, 28u8));
                });
                checked.join(&Value::stretches(text));
            }
            return checked;
        }
        value
    }

    /// Whether something that was checked against an annotation can hold text of a stranger's choice.
    pub(crate) fn holds_text(&mut self, module: ModuleId, annotation: ExprId) -> bool {
        let home = self.setting.project.module(module);
        match home[annotation] {
            Expr::None => return false,
            Expr::Binary {
                op: Operator::BitOr,
                left,
                right,
            } => return self.holds_text(module, left) || self.holds_text(module, right),
            Expr::Subscript { value, index } => {
                let generic = self.values.dotted(module, value);
                let path = generic.as_ref().map_or("", |path| path.as_str());
                if let "typing.Literal" | "typing_extensions.Literal" = path {
                    return false;
                }
                if is_sequence(path) {
                    return self.holds_text(module, index);
                }
            }
            _ => {}
        }
        let values = self.values.instance_of(module, annotation);
        if values.is_empty() {
            return true;
        }
        !values.iter().all(|value| match value {
            hognose_python::Value::External(path) => matches!(
                path.as_str(),
                "builtins.int()"
                    | "builtins.float()"
                    | "builtins.bool()"
                    | "builtins.complex()"
                    | "uuid.UUID()"
                    | "decimal.Decimal()"
                    | "datetime.date()"
                    | "datetime.datetime()"
                    | "datetime.time()"
                    | "datetime.timedelta()"
                    | "ipaddress.IPv4Address()"
                    | "ipaddress.IPv6Address()"
                    | "pydantic.PositiveInt()"
                    | "pydantic.NonNegativeInt()"
                    | "pydantic.UUID4()"
            ),
            hognose_python::Value::Instance(at, class) => {
                self.setting.facts.enums.contains(&(*at, *class))
            }
            hognose_python::Value::Expr(..) => false,
            _ => false,
        })
    }
}

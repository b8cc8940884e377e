//! Classes of the project: members, construction, special methods.

mod construct;
mod items;
mod special;

use hognose_python::ir::*;
use hognose_python::{ClassRef, ModuleId};
use special::changes_property;

use super::Interpreter;
use super::call::Arguments;
use crate::facts::Fact;
use crate::state::{Kind, Object, State};
use crate::value::{Atom, ObjId, Symbol, Value, hash_id};

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
                let this = this.clone().into();
                return self.method_or_property(
                    state,
                    &this,
                    (at, function),
                    (module, class),
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

    /// A method of an object, bound to it; what a property gives.
    fn method_or_property(
        &mut self,
        state: &mut State,
        this: &Value,
        (at, function): (ModuleId, FunctionId),
        class: (ModuleId, ClassId),
        expr: ExprId,
    ) -> Value {
        if self.values.is_property(at, function) {
            let arguments = Arguments::of(std::slice::from_ref(this));
            return self.call_project(state, at, function, &arguments, Some(class), None, expr);
        }
        self.bound(state, this, Atom::Function(at, function), expr)
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
                    return self.method_or_property(
                        state,
                        &this,
                        (at, function),
                        (module, class),
                        expr,
                    );
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
                    return self.call_found(
                        state,
                        (at, function),
                        (module, class),
                        &arguments,
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
}

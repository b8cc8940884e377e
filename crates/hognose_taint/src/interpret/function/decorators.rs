//! Functions as values, and what decorators make of them.

use hognose_python::ModuleId;
use hognose_python::ir::*;
use hognose_python::static_symbol;

use super::super::call::Arguments;
use super::super::{Interpreter, MAX_INLINED};
use super::default_name;
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Value, hash_id};

impl Interpreter<'_, '_> {
    /// A function as a value: with what it captures, when it stands in another one.
    pub(in crate::interpret) fn function_value(
        &mut self,
        state: &mut State,
        function: FunctionId,
    ) -> Value {
        let module = self.module();
        let at = self.at().module;
        let data = &module[function];
        let mut defaults = Vec::new();
        for param in &data.params {
            if let Some(default) = param.default {
                defaults.push((param.name, self.eval(state, default)));
            }
        }
        let inside = !matches!(module[data.parent].kind, ScopeKind::Module)
            && self
                .frames
                .iter()
                .any(|frame| frame.module == at && frame.function.is_some());
        if !inside {
            let value = Atom::Function(at, function).into();
            self.registered(state, function, &value);
            return value;
        }
        let mut object = Object::new(Kind::Closure(at, function, data.parent));
        for (name, value) in defaults {
            object.set_field(default_name(name), value);
        }
        // What is captured, as it is now: the variables may be gone when the function runs. Functions in it capture through it.
        let mut scopes = vec![data.scope];
        let nested = module
            .functions
            .iter()
            .filter(|other| data.range.contains_range(other.range) && other.scope != data.scope);
        scopes.extend(nested.map(|other| other.scope));
        let slots = scopes.iter().flat_map(|scope| &module[*scope].slots);
        for slot in slots {
            if slot.bound || object.field(slot.name).is_some() {
                continue;
            }
            let mut around = Some(data.parent);
            while let Some(scope) = around {
                if let Some(number) = module[scope].names.get(&slot.name)
                    && module[scope].slots[number.index()].bound
                    && !matches!(module[scope].kind, ScopeKind::Class(_))
                {
                    if scope == Module::TOP {
                        break;
                    }
                    let value = match self.frame_of(scope) {
                        Some(depth) => state.frames[depth]
                            .slots
                            .get(number.index())
                            .map(|(_, value)| value.clone()),
                        None => self
                            .at()
                            .closure
                            .and_then(|closure| state.object(closure))
                            .and_then(|object| object.field(slot.name))
                            .cloned(),
                    };
                    if let Some(value) = value.filter(|value| !value.is_nothing()) {
                        object.set_field(slot.name, value);
                    }
                    break;
                }
                around = module[scope].parent;
            }
        }
        let site = hash_id(&(at.0, function.0, self.at().tag, 2u8));
        let id = self.object_at(site, 0);
        if self.quiet == 0 || state.object(id).is_none() {
            if let Some(known) = state.heap.get_mut(id.0 as usize) {
                *known = None;
            }
            state.allocate(id, object);
        }
        let mut value = Value::from(Atom::Object(id));
        let decorators = data.decorators.clone();
        for decorator in decorators.iter().rev() {
            let decorator = self.eval(state, *decorator);
            if !self.is_project_callable(state, &decorator) {
                continue;
            }
            let made = self.call_value(
                state,
                &decorator,
                &Arguments::of(&[value.clone()]),
                *decorators.first().unwrap_or(&ExprId(0)),
            );
            if self.is_project_callable(state, &made) {
                value = made;
            }
        }
        value
    }

    /// Runs the decorators of a function of a module for what they do: keep it in a table. What they make of it is found at
    /// its calls.
    fn registered(&mut self, state: &mut State, function: FunctionId, value: &Value) {
        let module = self.module();
        if self.frames.len() != 1 || self.at().function.is_some() {
            return;
        }
        for decorator in module[function].decorators.iter().rev() {
            let callee = self.eval(state, *decorator);
            if self.is_project_callable(state, &callee) {
                let mut aside = state.clone();
                self.call_value(
                    &mut aside,
                    &callee,
                    &Arguments::of(std::slice::from_ref(value)),
                    *decorator,
                );
                if aside.live {
                    state.heap = aside.heap;
                }
            }
        }
    }

    /// Whether some alternative is a function or object of the project that can be called.
    pub(in crate::interpret) fn is_project_callable(&self, state: &State, value: &Value) -> bool {
        value.atoms().iter().any(|atom| match atom {
            Atom::Function(..) | Atom::Class(..) => true,
            Atom::Object(id) => matches!(
                state.object(*id).map(|object| &object.kind),
                Some(Kind::Closure(..) | Kind::Instance(..) | Kind::Partial | Kind::Bound)
            ),
            _ => false,
        })
    }

    /// A module-level function as its decorators left it; `None` where none of the project changes it.
    pub(super) fn decorated(
        &mut self,
        state: &mut State,
        module: ModuleId,
        function: FunctionId,
        expr: ExprId,
    ) -> Option<Value> {
        let data = &self.setting.project.module(module)[function];
        if data.decorators.is_empty() || self.frames.len() > MAX_INLINED {
            return None;
        }
        let mut changed = None;
        for decorator in data.decorators.iter().rev() {
            if self.gives_back(module, *decorator) {
                continue;
            }
            let values = self.values.eval(module, *decorator);
            let callee = match self.setting.project.module(module)[*decorator] {
                Expr::Call { func, .. } => {
                    let values = self.values.eval(module, func);
                    self.from_evaluated(values)
                }
                _ => self.from_evaluated(values),
            };
            if !callee
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Function(..) | Atom::Class(..)))
            {
                continue;
            }
            let raw = match changed.take() {
                Some(value) => value,
                None => {
                    let object = Object::new(Kind::Closure(module, function, data.parent));
                    let site = hash_id(&(module.0, function.0, 31u8));
                    let id = self.object_at(site, 0);
                    state.allocate(id, object);
                    Value::from(Atom::Object(id))
                }
            };
            let decorator_value = match self.setting.project.module(module)[*decorator] {
                Expr::Call { args, .. } => {
                    let arguments = self.constant_arguments(module, args);
                    self.call_value(state, &callee, &arguments, expr)
                }
                _ => callee,
            };
            if !self.is_project_callable(state, &decorator_value) {
                changed = None;
                continue;
            }
            let made = self.call_value(
                state,
                &decorator_value,
                &Arguments::of(std::slice::from_ref(&raw)),
                expr,
            );
            if self.is_project_callable(state, &made) {
                changed = Some(made);
            }
        }
        changed
    }

    /// Whether a decorator of the project gives back the function it was given: one that marks or registers it.
    fn gives_back(&mut self, module: ModuleId, decorator: ExprId) -> bool {
        let called = self.values.eval(module, decorator);
        !called.is_empty()
            && called.into_iter().all(|called| match called {
                hognose_python::Value::Function(at, function) => {
                    let home = self.setting.project.module(at);
                    let data = &home[function];
                    // A method is given its receiver first, where nothing changes how it is called.
                    let plain = data.class.is_none() || data.decorators.is_empty();
                    plain && returns_parameter(home, function, u16::from(data.class.is_some()))
                }
                hognose_python::Value::Instance(at, class) => self
                    .find_method(at, class, static_symbol!("__call__"), false)
                    .is_some_and(|(at, function)| {
                        returns_parameter(self.setting.project.module(at), function, 1)
                    }),
                _ => false,
            })
    }

    /// Arguments of a decorator, as far as they are constants and functions.
    fn constant_arguments(&mut self, module: ModuleId, args: List) -> Arguments {
        let mut all = Arguments::default();
        for argument in self.setting.project.module(module).args(args) {
            let values = self.values.eval(module, argument.value);
            let value = self.from_evaluated(values);
            match argument.kind {
                ArgKind::Positional => all.positional.push(value),
                ArgKind::Keyword(name) => all.keywords.push((name, value)),
                _ => all.star = Some(Value::unknown()),
            }
        }
        all
    }
}

/// Whether all that a function returns is a parameter as it was given.
fn returns_parameter(module: &Module, function: FunctionId, index: u16) -> bool {
    let data = &module[function];
    let given = |value: &ExprId| {
        matches!(module[*value], Expr::Name { def, .. }
            if module[def].scope == data.scope && module[def].kind == DefKind::Param(index))
    };
    !data.is_generator && !data.return_values.is_empty() && data.return_values.iter().all(given)
}

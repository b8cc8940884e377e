//! Special methods: operators, descriptors, setters, context managers.

use hognose_python::ir::*;
use hognose_python::{ClassRef, ModuleId};

use super::super::Interpreter;
use super::super::call::Arguments;
use crate::state::{Kind, State};
use crate::value::{Atom, ObjId, Symbol, Value};

impl Interpreter<'_, '_> {
    /// What a descriptor of the project in the class of an object does when the attribute is read or written; `None` when there
    /// is none.
    pub(in crate::interpret) fn descriptor(
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

    /// A special method of an object; `None` when its class has none.
    pub(in crate::interpret) fn object_dunder(
        &mut self,
        state: &mut State,
        id: ObjId,
        name: &str,
        given: &[Value],
    ) -> Option<Value> {
        let expr = ExprId(0);
        self.object_dunder_with(state, id, name, &Arguments::of(given), expr)
    }

    pub(in crate::interpret) fn object_dunder_with(
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
        Some(self.call_found(state, (at, function), (module, class), &arguments, expr))
    }

    /// A special method that is run for its effect.
    pub(in crate::interpret) fn call_dunder(
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
    pub(in crate::interpret) fn instance_dunder(
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
    pub(in crate::interpret) fn operator_dunder(
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
    pub(in crate::interpret) fn property_setter(
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

    pub(in crate::interpret) fn call_setter(
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
    pub(in crate::interpret) fn entered(&mut self, state: &mut State, manager: Value) -> Value {
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
                    match self.find_method(
                        *module,
                        *class,
                        super::super::expression::enter_name(),
                        false,
                    ) {
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
}

/// Whether a function is the setter or deleter of a property.
pub(super) fn changes_property(module: &Module, function: FunctionId) -> bool {
    module[function].decorators.iter().any(|decorator| {
        matches!(
            module[*decorator],
            Expr::Attribute { attr, .. } if matches!(attr.as_str(), "setter" | "deleter")
        )
    })
}

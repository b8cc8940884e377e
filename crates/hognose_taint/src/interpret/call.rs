//! Calls: what is called, with what, and what comes out.

mod arguments;
mod external;
mod methods;

use hognose_python::ir::*;
use hognose_python::static_symbol;

use super::Interpreter;
use crate::shape::Alphabet;
use crate::state::{Kind, State};
use crate::value::{Atom, Symbol, Value};

pub(crate) use arguments::Arguments;

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
}

//! What calls give.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::value::{add, add_all, only, unknown};
use super::{ClassRef, Evaluator, MAX_DEPTH, Unresolved, Value, Values};
use crate::constant::{Constant, FOLDED_CALLS};
use crate::ir::*;

/// Callees outside of the project whose result is more than an access path.
static SPECIAL_CALLS: LazyLock<FxHashSet<Symbol>> = LazyLock::new(|| {
    let paths = [
        "builtins.super",
        "builtins.getattr",
        "builtins.type",
        "importlib.import_module",
        "builtins.__import__",
        "typing.cast",
        "copy.copy",
        "copy.deepcopy",
    ];
    paths.into_iter().map(Symbol::from).collect()
});

impl Evaluator<'_> {
    /// What a call expression may give.
    pub(super) fn call(&mut self, at: ModuleId, expr: ExprId, func: ExprId, args: List) -> Values {
        let module = self.project.module(at);
        let callees = self.eval(at, func);
        let mut values = Values::new();
        for callee in callees {
            match callee {
                Value::External(path) if !SPECIAL_CALLS.contains(&path) => {
                    // What folds stays an expression, so that its constant can be asked for.
                    if FOLDED_CALLS.contains(&path)
                        && self.depth < MAX_DEPTH
                        && self.fold_call(at, func, path, args).is_some()
                    {
                        add(&mut values, Value::Expr(at, expr));
                    } else {
                        add(&mut values, Value::External(self.path_of_call(path)));
                    }
                }
                Value::External(path) => match path.as_str() {
                    "builtins.super" => add(&mut values, self.super_object(at, expr)),
                    "builtins.getattr" => {
                        let arguments = module.args(args);
                        match (
                            arguments.first(),
                            arguments
                                .get(1)
                                .and_then(|name| self.constant(at, name.value)),
                        ) {
                            (Some(object), Some(Constant::Str(name))) => {
                                let objects = self.eval(at, object.value);
                                add_all(&mut values, self.attribute(&objects, Symbol::from(name)));
                            }
                            _ => add(&mut values, Value::Unknown(Unresolved::Call)),
                        }
                    }
                    "builtins.type" if args.len == 1 => {
                        for object in self.eval(at, module.args(args)[0].value) {
                            match object {
                                Value::Instance(home, class) => {
                                    add(&mut values, Value::Class(home, class))
                                }
                                _ => add(&mut values, Value::Unknown(Unresolved::Call)),
                            }
                        }
                    }
                    "importlib.import_module" | "builtins.__import__" => {
                        match module
                            .args(args)
                            .first()
                            .and_then(|name| self.constant(at, name.value))
                        {
                            Some(Constant::Str(name)) => {
                                let name = Symbol::from(name);
                                add(&mut values, self.imported_module(at, name));
                            }
                            _ => add(&mut values, Value::External(self.path_of_call(path))),
                        }
                    }
                    "typing.cast" | "copy.copy" | "copy.deepcopy" => {
                        let position = usize::from(path.as_str() == "typing.cast");
                        match module.args(args).get(position) {
                            Some(argument) => add_all(&mut values, self.eval(at, argument.value)),
                            None => add(&mut values, Value::Unknown(Unresolved::Call)),
                        }
                    }
                    _ => add(&mut values, Value::External(self.path_of_call(path))),
                },
                other => add_all(&mut values, self.result(other)),
            }
        }
        values
    }

    /// What a call of the value gives.
    pub fn result(&mut self, callee: Value) -> Values {
        match callee {
            Value::External(path) => only(Value::External(self.path_of_call(path))),
            Value::Class(..) => only(self.instantiate(callee)),
            Value::Function(at, function) => {
                if self.depth >= MAX_DEPTH {
                    self.cut = true;
                    return unknown(Unresolved::Depth);
                }
                self.depth += 1;
                let data = &self.project.module(at)[function];
                let mut values = Values::new();
                let produced = if data.is_generator {
                    &data.yield_values
                } else {
                    &data.return_values
                };
                for value in produced {
                    add_all(&mut values, self.eval(at, *value));
                }
                let known = values
                    .iter()
                    .any(|value| !matches!(value, Value::Unknown(_) | Value::Param(..)));
                if !known && let Some(returns) = data.returns {
                    values = self.instance_of(at, returns);
                }
                self.depth -= 1;
                // A parameter of the callee means nothing to the caller.
                let mut outside = Values::new();
                for value in values {
                    add(
                        &mut outside,
                        if matches!(value, Value::Param(..)) {
                            Value::Unknown(Unresolved::Call)
                        } else {
                            value
                        },
                    );
                }
                if outside.is_empty() {
                    outside.push(Value::Unknown(Unresolved::Computed));
                }
                outside
            }
            Value::Instance(..) => {
                let method = self.attribute(&[callee], Symbol::from("__call__"));
                method
                    .into_iter()
                    .filter(|method| matches!(method, Value::Function(..)))
                    .flat_map(|method| self.result(method))
                    .collect()
            }
            _ => unknown(Unresolved::Call),
        }
    }

    /// What a call of a class gives.
    pub(super) fn instantiate(&mut self, class: Value) -> Value {
        match class {
            Value::Class(at, class) => Value::Instance(at, class),
            Value::External(path) => Value::External(self.path_of_call(path)),
            _ => Value::Unknown(Unresolved::Call),
        }
    }

    /// `super()`: an instance seen from the next class of the order. Members are looked up from the bases on.
    fn super_object(&mut self, at: ModuleId, expr: ExprId) -> Value {
        let module = self.project.module(at);
        let place = module.expr_range(expr);
        let method = module
            .functions
            .iter()
            .filter(|function| function.class.is_some() && function.range.contains_range(place))
            .min_by_key(|function| function.range.len());
        let Some(class) = method.and_then(|method| method.class) else {
            return Value::Unknown(Unresolved::Call);
        };
        match self.mro(at, class).get(1) {
            Some(ClassRef::Project(home, base)) => Value::Instance(*home, *base),
            Some(ClassRef::External(path)) => Value::External(self.path_of_call(*path)),
            None => Value::Unknown(Unresolved::Call),
        }
    }
}

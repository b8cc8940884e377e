//! What nobody in the project supplies: receivers of methods that a framework calls, parameters and results of known type.

use super::constraint::{CallKind, Constraint};
use super::object::*;
use super::solver::Solver;
use crate::eval::Value;
use crate::ir::*;

impl Solver<'_> {
    /// An object for what the evaluator knows.
    pub fn object_of(&mut self, value: Value) -> Option<Obj> {
        let object = match value {
            Value::External(path) => Object::External(path),
            Value::Module(id) => Object::Module(id),
            Value::Namespace(name) => Object::Namespace(name),
            Value::Function(at, function) => Object::Function(at, function, Ctx::NONE),
            Value::Class(at, class) => Object::Class(self.classes.index(at, class)),
            Value::Instance(at, class) => {
                Object::Instance(self.classes.index(at, class), Origin::Open)
            }
            Value::Expr(..) | Value::Param(..) | Value::Unknown(_) => return None,
        };
        Some(self.obj(object))
    }

    /// Gives functions that nobody calls their receivers, parameters their defaults and annotated types, indices that are
    /// not known any value.
    pub fn seed(&mut self) {
        for index in 0..self.modules.len() {
            let at = self.modules[index];
            let module = self.project.module(at);
            for (number, function) in (0u32..).zip(&module.functions) {
                self.seed_function(at, FunctionId(number), function);
            }
            for (def, data) in module.defs() {
                let (DefKind::Value(_), Some(annotation)) = (data.kind, data.annotation) else {
                    continue;
                };
                if self.def_nodes[at.index()][def.index()] == 0 {
                    continue;
                }
                let node = self.def_node(Ctx::NONE, at, def);
                if self.values(node).is_empty() {
                    self.seed_annotation(node, at, annotation.get());
                }
            }
        }
        for index in 0..self.declared.len() {
            let (class, name, node, at, annotation) = self.declared[index];
            if self.is_unfilled(class, name) {
                self.seed_annotation(node, at, annotation);
            }
        }
        for index in 0..self.loose_loads.len() {
            let (container, key, to, site) = self.loose_loads[index];
            if self.values(key).is_empty() {
                self.constrain(
                    container,
                    Constraint::Item {
                        key: Key::Any,
                        to,
                        site,
                    },
                );
            }
        }
        for index in 0..self.loose_stores.len() {
            let (container, key, from, site) = self.loose_stores[index];
            if self.values(key).is_empty() {
                self.constrain(
                    container,
                    Constraint::PutItem {
                        key: Key::Any,
                        from,
                        site,
                    },
                );
            }
        }
        self.seed_decorators();
    }

    /// A decorator that is not known, or gives nothing known, is taken to give back what it decorates.
    fn seed_decorators(&mut self) {
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            if call.kind == CallKind::Decorator && self.values(call.result).is_empty() {
                let (_, decorated) = self.args[call.args.start as usize];
                let result = call.result;
                self.copy(decorated, result);
            }
        }
    }

    fn seed_function(&mut self, at: ModuleId, id: FunctionId, function: &Function) {
        let facts = &self.function_facts[at.index()][id.index()];
        let (bound, stores) = (facts.bound, facts.stores.clone());
        for (index, param) in function.params.iter().enumerate() {
            let node = self.param_node(at, id, Ctx::NONE, index);
            if index == 0
                && let Some(class) = function.class
            {
                if (!bound || self.values(node).is_empty())
                    && let Some(receiver) = self.evaluator.receiver(at, id, class)
                    && let Some(receiver) = self.object_of(receiver)
                {
                    self.add_value(node, receiver);
                    continue;
                }
                if !self.values(node).is_empty() {
                    continue;
                }
            }
            if matches!(param.kind, ParamKind::Star | ParamKind::DoubleStar)
                || !self.values(node).is_empty()
            {
                continue;
            }
            if let Some(default) = param.default {
                let default = self.expr_node(Ctx::NONE, at, default);
                self.copy(default, node);
            } else if !bound
                && let Some((home, fixture)) = self.classes.fixtures.get(&param.name).copied()
            {
                let nodes = self.function_nodes(home, fixture, Ctx::NONE);
                let is_generator = self.project.module(home)[fixture].is_generator;
                let made = if is_generator {
                    nodes.yields
                } else {
                    nodes.result
                };
                self.copy(made, node);
            }
            if let Some(annotation) = param.annotation {
                self.seed_annotation(node, at, annotation);
            }
        }
        for (attr, index) in stores {
            if !bound && function.params.len() > usize::from(index) {
                let holder = self.param_node(at, id, Ctx::NONE, 0);
                let from = self.param_node(at, id, Ctx::NONE, usize::from(index));
                self.constrain(
                    holder,
                    Constraint::Store {
                        attr,
                        from,
                        site: SiteId(0),
                    },
                );
            }
        }
    }

    fn seed_annotation(&mut self, node: NodeId, at: ModuleId, annotation: ExprId) {
        for value in self.evaluator.instance_of(at, annotation) {
            if let Some(object) = self.of_annotation(value) {
                self.add_value(node, object);
            }
        }
    }

    /// An object for what an annotation names; `None` where it says nothing of what a call runs.
    pub fn of_annotation(&mut self, value: Value) -> Option<Obj> {
        if let Value::External(path) = value
            && matches!(
                path.as_str(),
                "typing.Callable()" | "collections.abc.Callable()"
            )
        {
            return None;
        }
        self.object_of(value)
    }

    /// Results that are not known, by their annotation.
    pub fn seed_results(&mut self) {
        for index in 0..self.modules.len() {
            let at = self.modules[index];
            let module = self.project.module(at);
            for (number, function) in (0u32..).zip(&module.functions) {
                let (Some(returns), false) = (function.returns, function.is_generator) else {
                    continue;
                };
                let id = FunctionId(number);
                let nodes = self.function_nodes(at, id, Ctx::NONE);
                if self.values(nodes.result).is_empty()
                    && self.function_facts[at.index()][id.index()]
                        .identity
                        .is_empty()
                {
                    self.seed_annotation(nodes.result, at, returns);
                }
            }
        }
        self.seed_decorators();
    }
}

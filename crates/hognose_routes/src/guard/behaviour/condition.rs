//! Conditions that say nothing of who asks: what is asked for, the class of the object at hand, or a setting decides.

use hognose_python::ir::*;

use super::super::asked::{Asked, asks_for_variable, holds, looks};
use super::super::logic;
use super::super::user::{depends, is_parameter, is_request};
use super::{MAX_PARTS, Walk};
use crate::code::children;
use crate::run::{V, Value};
use crate::world::World;

impl Walk {
    /// Whether a condition holds for what is asked for, where that is known.
    pub(super) fn decided(&mut self, world: &mut World<'_>, test: ExprId) -> Option<bool> {
        if !looks(world, self.at, test) && !asks_for_variable(world, self.at, test) {
            return None;
        }
        world.looks = true;
        let asked = world.asked()?;
        let truth = holds(world, self.at, test, &asked);
        // `name not in PUBLIC and not user`: where the first part holds, the second decides.
        self.unclear |= truth.is_none() && !self.is_left_to_user(world, test, &asked);
        truth
    }

    /// Whether all that is not decided of a condition does not look at what is asked for.
    fn is_left_to_user(&self, world: &mut World<'_>, test: ExprId, asked: &Asked) -> bool {
        let module = world.machine.project.module(self.at);
        let mut waiting = vec![test];
        let mut left = MAX_PARTS;
        while let Some(expr) = waiting.pop() {
            left -= 1;
            if left == 0 {
                return false;
            }
            match module[expr] {
                Expr::Logic { values, .. } => waiting.extend(module.list(values)),
                Expr::Unary {
                    op: UnaryOp::Not,
                    operand,
                } => waiting.push(operand),
                _ => {
                    if looks(world, self.at, expr) && holds(world, self.at, expr, asked).is_none() {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Whether a condition says nothing of the request: it asks the application, or a setting.
    pub(super) fn is_apart(&self, world: &mut World<'_>, test: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let mut waiting = vec![test];
        for _ in 0..MAX_PARTS {
            let Some(expr) = waiting.pop() else {
                return !depends(world, self.at, test);
            };
            if is_request(world, self.at, expr) {
                return false;
            }
            match module[expr] {
                Expr::Name { def, .. } => match module[def].kind {
                    DefKind::Value(value) => waiting.push(value),
                    DefKind::Entry | DefKind::ImportFrom { .. } | DefKind::Import { .. } => {}
                    _ => return false,
                },
                // What an object holds may be what was asked for; that it is given as it is says nothing.
                Expr::Attribute { value, .. } if is_first(module, value) => return false,
                Expr::Call { func, args } => {
                    if !is_first(module, func) {
                        waiting.push(func);
                    }
                    // The first parameter of a handler that is no method is part of what is asked for.
                    let is_object = |value: ExprId| {
                        is_first(module, value) && !(self.strict && self.closure.is_none())
                    };
                    let given = module.args(args).iter().map(|argument| argument.value);
                    waiting.extend(given.filter(|value| !is_object(*value)));
                }
                _ => children(module, expr, |child| waiting.push(child)),
            }
        }
        false
    }

    /// Whether a condition holds by what the class of a known object says.
    pub(super) fn of_class(&self, world: &mut World<'_>, test: ExprId) -> Option<bool> {
        let module = world.machine.project.module(self.at);
        logic::holds(world, module, test, 0, &mut |world, test, _| {
            self.says(world, test)
        })
    }

    /// What the class of the object at hand says of a condition that is not made of others.
    fn says(&self, world: &mut World<'_>, test: ExprId) -> Option<bool> {
        let module = world.machine.project.module(self.at);
        match module[test] {
            Expr::Attribute { .. } => {
                let v = self.of_object(world, test)?;
                world.machine.truth(v)
            }
            Expr::Compare {
                op: op @ (CmpOp::Is | CmpOp::IsNot),
                left,
                right,
            } if matches!(module[right], Expr::None) => {
                let v = self.of_object(world, left)?;
                let is_none = matches!(world.machine.get(v), Value::None);
                Some(is_none == (op == CmpOp::Is))
            }
            _ => None,
        }
    }

    /// What an attribute of the object at hand holds, where its class says so.
    fn of_object(&self, world: &mut World<'_>, expr: ExprId) -> Option<V> {
        let module = world.machine.project.module(self.at);
        let Expr::Attribute { value, attr } = module[expr] else {
            return None;
        };
        if !is_first(module, value) {
            return None;
        }
        let receiver = self.receiver(world)?;
        let v = world.machine.attribute(receiver, attr);
        matches!(
            world.machine.get(v),
            Value::None
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Str(_)
                | Value::List(_)
                | Value::Class { .. }
        )
        .then_some(v)
    }

    /// Whether a condition is met only by requests of some sort: `all_of_them and not user.is_admin`.
    pub(super) fn asks_for_input(&self, world: &mut World<'_>, test: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let Expr::Logic {
            op: BoolOp::And,
            values,
        } = module[test]
        else {
            return false;
        };
        module
            .list(values)
            .iter()
            .any(|value| is_parameter(module, *value) && !depends(world, self.at, *value))
    }
}

/// Whether an expression is the first parameter of its function: the object of a method.
pub(super) fn is_first(module: &Module, expr: ExprId) -> bool {
    matches!(module[expr], Expr::Name { def, .. } if matches!(module[def].kind, DefKind::Param(0)))
}

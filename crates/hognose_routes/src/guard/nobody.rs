//! Conditions as they come out for whoever shows nothing.

use hognose_python::ir::*;
use hognose_python::{ModuleId, Value as Evaluated};

use super::behaviour::Walk;
use super::refusal::of_value as refusal;
use super::user::{Given, depends};
use super::{MAX_DEPTH, logic};
use crate::code::name_of;
use crate::world::World;

/// Whether a condition holds when nobody is logged in.
pub(super) fn asks_for_absence(module: &Module, test: ExprId) -> bool {
    match module[test] {
        Expr::Unary {
            op: UnaryOp::Not,
            operand,
        } => !asks_for_absence(module, operand),
        Expr::Compare { op, right, .. } => match op {
            CmpOp::Is | CmpOp::Eq => matches!(module[right], Expr::None | Expr::Bool(false)),
            CmpOp::NotIn | CmpOp::NotEq => true,
            _ => false,
        },
        Expr::Logic { values, .. } => module
            .list(values)
            .iter()
            .any(|value| asks_for_absence(module, *value)),
        Expr::Attribute { attr, .. } => attr.as_str() == "is_anonymous",
        _ => false,
    }
}

/// Whether a condition asks what sort of object something is, which says nothing of who asks.
pub(super) fn asks_for_type(module: &Module, test: ExprId) -> bool {
    match module[test] {
        Expr::Unary { operand, .. } => {
            !matches!(module[operand], Expr::Unary { .. }) && asks_for_type(module, operand)
        }
        Expr::Call { func, .. } => matches!(module[func], Expr::Name { def, .. }
        if matches!(
            name_of(module, def).as_str(),
            "isinstance" | "issubclass" | "hasattr" | "callable"
        )),
        _ => false,
    }
}

/// Whether a condition on who asks holds for whoever shows nothing; `None` where it cannot be told.
pub(super) fn for_nobody(world: &mut World<'_>, at: ModuleId, test: ExprId) -> Option<bool> {
    nested(world, at, test, 0, 0)
}

fn nested(
    world: &mut World<'_>,
    at: ModuleId,
    test: ExprId,
    depth: u32,
    calls: u32,
) -> Option<bool> {
    let module = world.machine.project.module(at);
    logic::holds(world, module, test, depth, &mut |world, test, depth| {
        one(world, at, test, depth, calls)
    })
}

/// The same of a condition that is not made of others.
fn one(world: &mut World<'_>, at: ModuleId, test: ExprId, depth: u32, calls: u32) -> Option<bool> {
    let module = world.machine.project.module(at);
    // `error = refusal_of(request)`: whoever shows nothing gets one.
    let asked = match module[test] {
        Expr::Compare { left, right, .. } if matches!(module[right], Expr::None) => left,
        _ => test,
    };
    let refused = matches!(module[asked], Expr::Name { .. }) && refusal(world, at, asked).is_some();
    // A switch of the application's is not shown by anybody.
    if !refused && !depends(world, at, test) {
        return None;
    }
    match module[test] {
        Expr::Name { .. } if refused => Some(true),
        Expr::Compare { op, left, right } => match (op, &module[right]) {
            (CmpOp::Is | CmpOp::Eq, Expr::None) => Some(!refused),
            (CmpOp::IsNot | CmpOp::NotEq, Expr::None) => Some(refused),
            // `"user" in session`.
            (CmpOp::In, Expr::Attribute { .. }) if matches!(module[left], Expr::Str(_)) => {
                Some(false)
            }
            (CmpOp::NotIn, Expr::Attribute { .. }) if matches!(module[left], Expr::Str(_)) => {
                Some(true)
            }
            _ => None,
        },
        Expr::Attribute { attr, .. } => Some(attr.as_str() == "is_anonymous"),
        Expr::Subscript { .. } | Expr::Name { .. } => Some(false),
        Expr::Named { value, .. } => nested(world, at, value, depth, calls),
        Expr::Call { func, args } => match module[func] {
            Expr::Attribute { attr, .. }
                if matches!(attr.as_str(), "get" | "get_header" | "get_cookie") =>
            {
                Some(false)
            }
            _ => answered(world, at, func, args, calls),
        },
        _ => None,
    }
}

/// What a function of the project answers whoever shows nothing: `is_logged_in(session)`.
fn answered(
    world: &mut World<'_>,
    at: ModuleId,
    func: ExprId,
    args: List,
    calls: u32,
) -> Option<bool> {
    if calls >= MAX_DEPTH {
        return None;
    }
    let callees = world.machine.evaluator.eval(at, func);
    let [Evaluated::Function(home, function)] = *callees.as_slice() else {
        return None;
    };
    let given = Walk::new(at, None, Given::default()).given_to(world, func, args, home, function);
    let module = world.machine.project.module(home);
    world.given.push((home, function, given, None));
    let answer = logic::answer(
        world,
        module,
        module[function].body,
        0,
        &mut |world, test, depth| one(world, home, test, depth, calls + 1),
    );
    world.given.pop();
    answer?
}

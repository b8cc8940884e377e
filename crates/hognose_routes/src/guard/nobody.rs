//! Conditions as they come out for whoever shows nothing.

use hognose_python::ModuleId;
use hognose_python::ir::*;

use super::refusal::of_value as refusal;
use super::user::depends;
use crate::world::World;

/// Conditions inside of each other.
const MAX_NESTING: u32 = 40;

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
        Expr::Call { func, .. } => matches!(module[func], Expr::Name { def, .. } if {
            let slot = &module[module[def].scope].slots[module[def].slot.index()];
            matches!(slot.name.as_str(), "isinstance" | "issubclass" | "hasattr" | "callable")
        }),
        _ => false,
    }
}

/// Whether a condition on who asks holds for whoever shows nothing; `None` where it cannot be told.
pub(super) fn for_nobody(
    world: &mut World<'_>,
    at: ModuleId,
    test: ExprId,
    depth: u32,
) -> Option<bool> {
    if depth >= MAX_NESTING {
        return None;
    }
    let module = world.machine.project.module(at);
    // `error = refusal_of(request)`: whoever shows nothing gets one.
    let asked = match module[test] {
        Expr::Compare { left, right, .. } if matches!(module[right], Expr::None) => left,
        _ => test,
    };
    let refused = matches!(module[asked], Expr::Name { .. }) && refusal(world, at, asked).is_some();
    let mut inner = |expr| for_nobody(world, at, expr, depth + 1);
    match module[test] {
        Expr::Name { .. } if refused => Some(true),
        Expr::Unary {
            op: UnaryOp::Not,
            operand,
        } => inner(operand).map(|truth| !truth),
        Expr::Logic { op, values } => {
            let decides = op == BoolOp::Or;
            let truths: Vec<Option<bool>> = module
                .list(values)
                .iter()
                .map(|value| inner(*value))
                .collect();
            if truths.contains(&Some(decides)) {
                Some(decides)
            } else if truths.contains(&None) {
                None
            } else {
                Some(!decides)
            }
        }
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
        // A switch of the application's is not shown by anybody.
        Expr::Subscript { .. } | Expr::Name { .. } => depends(world, at, test).then_some(false),
        Expr::Named { value, .. } => inner(value),
        Expr::Call { func, .. } => match module[func] {
            Expr::Attribute { attr, .. }
                if matches!(attr.as_str(), "get" | "get_header" | "get_cookie") =>
            {
                depends(world, at, test).then_some(false)
            }
            _ => None,
        },
        _ => None,
    }
}

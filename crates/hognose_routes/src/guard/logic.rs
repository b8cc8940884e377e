//! Conditions that are decided part by part, whatever decides the parts: what is asked for, who asks, or an object's class;
//! and both ways of those that are not decided.

use hognose_python::ir::*;

use crate::world::World;

/// Conditions, and blocks, inside of each other.
const MAX_NESTING: u32 = 40;

/// Decides a condition, or one part of it; it is given how many conditions stand around.
pub(super) type Decide<'d> = dyn FnMut(&mut World<'_>, ExprId, u32) -> Option<bool> + 'd;

/// Whether a condition holds, by its parts; `None` where a part that matters is not decided.
pub(super) fn holds(
    world: &mut World<'_>,
    module: &Module,
    test: ExprId,
    depth: u32,
    decide: &mut Decide<'_>,
) -> Option<bool> {
    if depth >= MAX_NESTING {
        return None;
    }
    match module[test] {
        Expr::Bool(value) => Some(value),
        Expr::Unary {
            op: UnaryOp::Not,
            operand,
        } => holds(world, module, operand, depth + 1, decide).map(|truth| !truth),
        Expr::Logic { op, values } => {
            let decides = op == BoolOp::Or;
            let mut all = true;
            for value in module.list(values) {
                match holds(world, module, *value, depth + 1, decide) {
                    Some(truth) if truth == decides => return Some(decides),
                    Some(_) => {}
                    None => all = false,
                }
            }
            all.then_some(!decides)
        }
        _ => decide(world, test, depth + 1),
    }
}

/// What a block answers that returns yes or no, `Some(None)` where it goes on behind it; `None` where that is not decided.
pub(super) fn answer(
    world: &mut World<'_>,
    module: &Module,
    block: Block,
    depth: u32,
    decide: &mut Decide<'_>,
) -> Option<Option<bool>> {
    if depth >= MAX_NESTING {
        return None;
    }
    for stmt in module.block(block) {
        match module[*stmt] {
            Stmt::Return(Some(value)) => {
                return holds(world, module, value.get(), depth + 1, decide).map(Some);
            }
            Stmt::If {
                test, body, orelse, ..
            } => {
                let truth = holds(world, module, test, depth + 1, decide)?;
                let block = if truth { body } else { orelse };
                if let found @ Some(_) = answer(world, module, block, depth + 1, decide)? {
                    return Some(found);
                }
            }
            Stmt::Assign { .. } | Stmt::Expr(_) | Stmt::Pass => {}
            _ => return None,
        }
    }
    Some(None)
}

/// Something that goes through blocks and knows the conditions around it.
pub(super) trait Ways {
    /// The conditions around the statement at hand, and what they are there.
    fn ways(&mut self) -> &mut Vec<(ExprId, bool)>;

    /// Goes through a block; whether no request comes to its end.
    fn block(&mut self, world: &mut World<'_>, block: Block) -> bool;

    /// Goes both ways of a condition that is not decided; whether each of them is left.
    fn both(
        &mut self,
        world: &mut World<'_>,
        test: ExprId,
        body: Block,
        orelse: Block,
    ) -> (bool, bool) {
        self.ways().push((test, true));
        let body = self.block(world, body);
        self.ways().pop();
        self.ways().push((test, false));
        let orelse = self.block(world, orelse);
        self.ways().pop();
        (body, orelse)
    }
}

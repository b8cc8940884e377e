//! Ways of a handler that part by something else than who asks: what each of them meets is asked of every request.

use hognose_python::ir::*;

use super::super::Proof;
use super::super::refusal::refusal;
use super::super::user::depends;
use super::{MAX_BLOCKS, Walk};
use crate::world::{World, last};

impl Walk {
    /// What both ways of a condition ask for: `if op == "list": self.list()`, where `list` is guarded.
    pub(super) fn forks(&mut self, world: &mut World<'_>, body: Block, orelse: Block) {
        match self.of_fork(world, body, orelse, 0) {
            Some(proof @ Proof::Guard { .. }) => self.add(proof),
            Some(Proof::Unknown) => self.may_guard = true,
            _ => {}
        }
    }

    /// The same; `None` where both ways are refused, and unknown where only one meets a guard.
    fn of_fork(
        &mut self,
        world: &mut World<'_>,
        body: Block,
        orelse: Block,
        depth: u32,
    ) -> Option<Proof> {
        let ways = [
            self.of_way(world, body, depth),
            self.of_way(world, orelse, depth),
        ];
        ways.into_iter()
            .flatten()
            .reduce(|one, other| match (&one, &other) {
                (Proof::Guard { .. }, Proof::Guard { .. }) => one.or(other),
                (Proof::Nothing, Proof::Nothing) => Proof::Nothing,
                _ => Proof::Unknown,
            })
    }

    /// What the calls of a block ask for; `None` where no request comes to its end but by an answer that refuses.
    fn of_way(&mut self, world: &mut World<'_>, block: Block, depth: u32) -> Option<Proof> {
        let module = world.machine.project.module(self.at);
        let mut found = Proof::Nothing;
        if depth >= MAX_BLOCKS {
            return Some(found);
        }
        for stmt in module.block(block) {
            let proof = match module[*stmt] {
                Stmt::Raise { .. } => return None,
                Stmt::Return(value) => {
                    let value = value.map(|value| value.get());
                    if value.is_some_and(|value| refusal(world, self.at, value, 0).is_some()) {
                        return None;
                    }
                    let proof = value.map_or(Proof::Nothing, |value| self.of_calls(world, value));
                    return Some(found.and(proof));
                }
                Stmt::Expr(value) if self.ends(world, value) => return None,
                Stmt::Expr(value) | Stmt::Assign { value, .. } => self.of_calls(world, value),
                Stmt::If {
                    test, body, orelse, ..
                } if !depends(world, self.at, test) => {
                    self.of_fork(world, body, orelse, depth + 1)?
                }
                Stmt::With { body, .. } => self.of_way(world, body, depth + 1)?,
                _ => Proof::Nothing,
            };
            found = found.and(proof);
        }
        Some(found)
    }

    /// Whether nothing goes on behind a call: `abort(404)`.
    fn ends(&self, world: &mut World<'_>, value: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let Expr::Call { func, .. } = module[value] else {
            return false;
        };
        let path = world.machine.evaluator.dotted(self.at, func);
        path.is_some_and(|path| last(path.as_str()) == "abort") || self.never_returns(world, func)
    }

    /// What the calls in an expression ask for, wherever it stands.
    fn of_calls(&mut self, world: &mut World<'_>, value: ExprId) -> Proof {
        let around = std::mem::take(&mut self.tests);
        let known = std::mem::replace(&mut self.proof, Proof::Nothing);
        self.called_as(world, value, true);
        self.tests = around;
        std::mem::replace(&mut self.proof, known)
    }
}

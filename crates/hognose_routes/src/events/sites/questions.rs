//! Questions whether somebody is who he says he is, and what a condition comes to where they are answered with no.

use std::rc::Rc;

use hognose_python::callgraph::Callee;
use hognose_python::ir::*;

use super::super::Kind;
use super::super::data::EVENTS;
use super::super::logs::{calls, expressions, name_of};
use super::{Bodies, MAX_DEPTH, MAX_LOOKED};
use crate::evidence::deeds::callees;
use crate::world::World;

/// A question, as a call asks it.
pub(super) struct Question {
    pub(super) kind: Kind,
    pub(super) raises: bool,
    pub(super) signals: &'static [String],
    pub(super) by: Option<(ModuleId, FunctionId)>,
}

/// What a condition comes to where the questions in it are answered with no.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) looked: u32,
    pub(super) kind: Option<Kind>,
    pub(super) signals: &'static [String],
    pub(super) via: Vec<(ModuleId, FunctionId)>,
}

impl Bodies {
    /// The question that a call asks.
    pub(super) fn question(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        call: ExprId,
    ) -> Option<Question> {
        let module = world.machine.project.module(at);
        let Expr::Call { func, .. } = module[call] else {
            return None;
        };
        let graph = Rc::clone(&self.logs.graph);
        let targets = callees(&graph, world, at, call, func);
        for callee in &targets {
            match *callee {
                Callee::External(path) => {
                    if let Some(row) = EVENTS.check(path.as_str()) {
                        return Some(Question {
                            kind: row.kind,
                            raises: row.raises,
                            signals: &row.signals,
                            by: None,
                        });
                    }
                }
                Callee::Function(home, function) if self.depth < MAX_DEPTH => {
                    let body = self.of(world, home, function);
                    if let Some(kind) = body.asks.or(body.raises) {
                        return Some(Question {
                            kind,
                            raises: body.asks.is_none(),
                            signals: &[],
                            by: Some((home, function)),
                        });
                    }
                }
                _ => {}
            }
        }
        let is_known = targets
            .iter()
            .any(|callee| !matches!(callee, Callee::External(_)));
        if is_known || !matches!(module[func], Expr::Attribute { .. }) {
            return None;
        }
        let row = EVENTS.check_method(name_of(module, func))?;
        Some(Question {
            kind: row.kind,
            raises: row.raises,
            signals: &row.signals,
            by: None,
        })
    }

    /// Whether an expression holds where the questions in it are answered with no; `None` where that leaves it open.
    pub(super) fn truth(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        expr: ExprId,
        answer: &mut Answer,
        left: u32,
    ) -> Option<bool> {
        let left = left.checked_sub(1)?;
        answer.looked += 1;
        if answer.looked > MAX_LOOKED {
            return None;
        }
        let module = world.machine.project.module(at);
        match module[expr] {
            Expr::None | Expr::Bool(false) => Some(false),
            Expr::Bool(true) => Some(true),
            Expr::Await(value) | Expr::Named { value, .. } => {
                self.truth(world, at, value, answer, left)
            }
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => self
                .truth(world, at, operand, answer, left)
                .map(|truth| !truth),
            Expr::Logic { op, values } => {
                let decides = op == BoolOp::Or;
                let mut all = true;
                for value in module.list(values) {
                    match self.truth(world, at, *value, answer, left / 2) {
                        Some(truth) if truth == decides => return Some(decides),
                        Some(_) => {}
                        None => all = false,
                    }
                }
                all.then_some(!decides)
            }
            Expr::Compare {
                op,
                left: a,
                right: b,
            } => {
                let a = self.truth(world, at, a, answer, left)?;
                let is = matches!(op, CmpOp::Is | CmpOp::Eq);
                if !is && !matches!(op, CmpOp::IsNot | CmpOp::NotEq) {
                    return None;
                }
                match module[b] {
                    Expr::None | Expr::Bool(false) => Some(a != is),
                    Expr::Bool(true) => Some(a == is),
                    _ => None,
                }
            }
            Expr::Conditional { test, body, orelse } => {
                let branch = if self.truth(world, at, test, answer, left)? {
                    body
                } else {
                    orelse
                };
                self.truth(world, at, branch, answer, left)
            }
            Expr::Name { def, .. } => self.truth_of(world, at, def, answer, left),
            // `verified, new_hash = verify_and_update(...)`.
            Expr::Element { of, index: 0 } => self.truth(world, at, of, answer, left),
            Expr::Call { .. } => {
                let question = self.question(world, at, expr).filter(|one| !one.raises)?;
                answer.kind = answer.kind.or(Some(question.kind));
                answer.via.extend(question.by);
                if answer.signals.is_empty() {
                    answer.signals = question.signals;
                }
                Some(false)
            }
            _ => None,
        }
    }

    fn truth_of(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        def: DefId,
        answer: &mut Answer,
        left: u32,
    ) -> Option<bool> {
        let left = left.checked_sub(1)?;
        let module = world.machine.project.module(at);
        match module[def].kind {
            DefKind::Value(value) => self.truth(world, at, value, answer, left),
            DefKind::Phi(list) => {
                let mut truth = None;
                for def in module.defs_list(list) {
                    let one = self.truth_of(world, at, *def, answer, left / 2)?;
                    if truth.is_some_and(|known| known != one) {
                        return None;
                    }
                    truth = Some(one);
                }
                truth
            }
            _ => None,
        }
    }

    /// A question in a block whose answer no is an exception.
    pub(super) fn asked_in(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        block: Block,
    ) -> Option<Question> {
        let module = world.machine.project.module(at);
        for stmt in module.block(block) {
            for expr in expressions(module, *stmt) {
                for call in calls(module, expr) {
                    let question = self.question(world, at, call);
                    if let Some(question) = question.filter(|question| question.raises) {
                        return Some(question);
                    }
                }
            }
        }
        None
    }
}

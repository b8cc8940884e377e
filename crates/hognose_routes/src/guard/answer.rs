//! What a function proves by its answer: one that says whether a request may go on.

use hognose_python::ir::*;
use hognose_python::{Constant, Value as Evaluated};

use super::behaviour::Walk;
use super::logic::Ways;
use super::nobody::{asks_for_absence, for_nobody};
use super::refusal::{Refusal, strip};
use super::user::{Given, depends};
use super::{MAX_DEPTH, NOBODY, Proof, logic};
use crate::code::name_of;
use crate::world::{Target, World, last};

/// Blocks, and parts of one answer, inside of each other.
const MAX_NESTING: u32 = 40;

/// Methods that change nothing.
const SAFE: &[&str] = &["GET", "HEAD", "OPTIONS"];

/// What is known of the request that is asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// Its method.
    pub method: Option<&'a str>,
    /// The action of a view set that it leads to.
    pub action: Option<&'a str>,
    /// The first parameter is who asks.
    pub of_user: bool,
    /// How those are refused to whom the answer is no; as forbidden where it is not known.
    pub refusal: Option<Refusal>,
}

/// Goes through a function from answer to answer.
struct Answers<'q> {
    walk: Walk,
    question: Question<'q>,
    /// Conditions on the way to the statement at hand, and what they are there.
    ways: Vec<(ExprId, bool)>,
    /// What the answers that let a request go on prove, each of them.
    found: Option<Proof>,
    /// An answer was seen, and a base outside has no say in any.
    denies: bool,
    calls: u32,
    blocks: u32,
}

/// What a function proves that answers whether a request may go on.
pub(super) fn of_answer(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    question: Question<'_>,
) -> Proof {
    let mut given = Given::default();
    if question.of_user {
        given.credential(0, true);
    }
    asked(world, at, function, question, given, 0)
}

pub(super) fn asked(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    question: Question<'_>,
    given: Given,
    calls: u32,
) -> Proof {
    let mut answers = Answers {
        walk: Walk::new(at, None, given.clone()).inside(calls),
        question,
        ways: Vec::new(),
        found: None,
        denies: !answers_as_base(world, at, function),
        calls,
        blocks: 0,
    };
    let module = world.machine.project.module(at);
    let returned = &module[function].return_values;
    answers.denies &= !returned.is_empty();
    answers.denies &= !returned
        .iter()
        .any(|value| matches!(module[*value], Expr::None));
    world.given.push((at, function, given, None));
    let body = world.machine.project.module(at)[function].body;
    answers.block(world, body);
    world.given.pop();
    match answers.found {
        // Every answer is no.
        None if answers.denies => Proof::permission(NOBODY),
        None => Proof::Unknown,
        Some(Proof::Nothing) => Proof::Public,
        Some(proof) => proof,
    }
}

/// Whether an expression is `super().method(...)`.
fn is_super_call(module: &Module, expr: ExprId) -> bool {
    let Expr::Call { func, .. } = module[expr] else {
        return false;
    };
    let Expr::Attribute { value, .. } = module[func] else {
        return false;
    };
    let Expr::Call { func, .. } = module[value] else {
        return false;
    };
    is_named(module, func, "super")
}

/// Whether an expression is the variable of a name.
fn is_named(module: &Module, expr: ExprId, name: &str) -> bool {
    matches!(module[expr], Expr::Name { def, .. } if name_of(module, def).as_str() == name)
}

/// Whether what a method answers may be what its base does.
pub(super) fn answers_as_base(world: &World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let module = world.machine.project.module(at);
    let mut waiting = module[function].return_values.clone();
    for _ in 0..MAX_NESTING {
        let Some(expr) = waiting.pop() else { break };
        if is_super_call(module, expr) {
            return true;
        }
        if let Expr::Logic { values, .. } = module[expr] {
            waiting.extend(module.list(values));
        }
    }
    false
}

impl Ways for Answers<'_> {
    fn ways(&mut self) -> &mut Vec<(ExprId, bool)> {
        &mut self.ways
    }

    fn block(&mut self, world: &mut World<'_>, block: Block) -> bool {
        if self.blocks >= MAX_NESTING {
            return false;
        }
        self.blocks += 1;
        let known = self.ways.len();
        let module = world.machine.project.module(self.walk.at);
        let mut left = false;
        for stmt in module.block(block) {
            left = match module[*stmt] {
                Stmt::Return(value) => {
                    if let Some(value) = value {
                        self.answer(world, value.get());
                    }
                    true
                }
                Stmt::Raise { .. } => true,
                Stmt::If {
                    test, body, orelse, ..
                } => match self.decided(world, test) {
                    Some(truth) => self.block(world, if truth { body } else { orelse }),
                    None => {
                        let (body, orelse) = self.both(world, test, body, orelse);
                        if body != orelse {
                            self.ways.push((test, orelse));
                        }
                        body && orelse
                    }
                },
                Stmt::With { body, .. } => self.block(world, body),
                Stmt::Try {
                    body,
                    handlers,
                    orelse,
                    finalbody,
                } => {
                    let mut all = self.block(world, body) || self.block(world, orelse);
                    for handler in module.handlers(handlers) {
                        all &= self.block(world, handler.body);
                    }
                    self.block(world, finalbody) || all
                }
                Stmt::For { body, .. } | Stmt::While { body, .. } => {
                    self.block(world, body);
                    false
                }
                Stmt::Match { cases, .. } => {
                    for case in module.cases(cases) {
                        self.block(world, case.body);
                    }
                    false
                }
                _ => false,
            };
            if left {
                break;
            }
        }
        self.ways.truncate(known);
        self.blocks -= 1;
        left
    }
}

impl Answers<'_> {
    /// One answer, with the conditions on the way to it.
    fn answer(&mut self, world: &mut World<'_>, value: ExprId) {
        let Some(mut proof) = self.of_value(world, value, 0) else {
            return;
        };
        let mut is_conditional = false;
        for (test, truth) in self.ways.clone() {
            is_conditional |= !depends(world, self.walk.at, test);
            proof = proof.and(self.of_way(world, test, truth));
        }
        // What lets anyone through, but only where something else is so, is not known to.
        if is_conditional && proof == Proof::Nothing {
            proof = Proof::Unknown;
        }
        self.found = Some(match self.found.take() {
            None => proof,
            Some(known) => known.or(proof),
        });
    }

    /// What somebody proves for whom a condition is so.
    fn of_way(&self, world: &mut World<'_>, test: ExprId, truth: bool) -> Proof {
        let at = self.walk.at;
        if !depends(world, at, test) {
            return Proof::Nothing;
        }
        let module = world.machine.project.module(at);
        let of_nobody = match for_nobody(world, at, test) {
            Some(holds) => holds == truth,
            None => asks_for_absence(module, test) == truth,
        };
        if of_nobody {
            return Proof::Nothing;
        }
        self.walk.proof_of(world, self.refusal(), &[(test, !truth)])
    }

    fn refusal(&self) -> Refusal {
        self.question.refusal.unwrap_or(Refusal::Forbidden)
    }

    /// What a request proves for which an expression is true; `None` where it is true for none.
    fn of_value(&self, world: &mut World<'_>, expr: ExprId, depth: u32) -> Option<Proof> {
        if depth >= MAX_NESTING {
            return Some(Proof::Unknown);
        }
        let at = self.walk.at;
        let module = world.machine.project.module(at);
        let expr = strip(module, expr);
        if let Some(truth) = self.decided(world, expr) {
            return truth.then_some(Proof::Nothing);
        }
        match module[expr] {
            Expr::None => None,
            // What a base outside says is asked of the base.
            Expr::Call { func, args } if is_super_call(module, expr) => {
                self.of_call(world, func, args, false)
            }
            Expr::Logic { op, values } => {
                let values = module.list(values);
                let mut all = values.iter().map(|value| {
                    let proof = self.of_value(world, *value, depth + 1);
                    let of_base = op == BoolOp::And && is_super_call(module, *value);
                    proof.or(of_base.then_some(Proof::Nothing))
                });
                match op {
                    BoolOp::And => all.try_fold(Proof::Nothing, |known, one| Some(known.and(one?))),
                    BoolOp::Or => all.flatten().reduce(Proof::or),
                }
            }
            Expr::Conditional { test, body, orelse } => {
                let mut ways = Vec::new();
                for (value, truth) in [(body, true), (orelse, false)] {
                    if let Some(proof) = self.of_value(world, value, depth + 1) {
                        ways.push(proof.and(self.of_way(world, test, truth)));
                    }
                }
                ways.into_iter().reduce(Proof::or)
            }
            Expr::Call { func, args }
                if is_named(module, func, "bool") && module.args(args).len() == 1 =>
            {
                self.of_value(world, module.args(args)[0].value, depth + 1)
            }
            Expr::Call { func, args } => {
                if let Some(proof) = self.of_call(world, func, args, true) {
                    return Some(proof);
                }
                Some(self.of_condition(world, expr))
            }
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Value(value)
                    if matches!(
                        module[value],
                        Expr::Logic { .. }
                            | Expr::Compare { .. }
                            | Expr::Unary { .. }
                            | Expr::Name { .. }
                    ) =>
                {
                    self.of_value(world, value, depth + 1)
                }
                _ => Some(self.of_condition(world, expr)),
            },
            _ => Some(self.of_condition(world, expr)),
        }
    }

    /// What a request proves for which a condition holds.
    fn of_condition(&self, world: &mut World<'_>, expr: ExprId) -> Proof {
        if depends(world, self.walk.at, expr) {
            self.walk.proof_of(world, self.refusal(), &[(expr, false)])
        } else {
            Proof::Unknown
        }
    }

    /// What another function proves that is asked in turn, perhaps one of a library; `None` where its answers do not tell.
    fn of_call(
        &self,
        world: &mut World<'_>,
        func: ExprId,
        args: List,
        of_library: bool,
    ) -> Option<Proof> {
        if self.calls >= MAX_DEPTH {
            return None;
        }
        for callee in world.machine.evaluator.eval(self.walk.at, func) {
            match callee {
                Evaluated::Function(at, function) => {
                    let given = self.walk.given_to(world, func, args, at, function);
                    let question = Question {
                        of_user: false,
                        ..self.question
                    };
                    let calls = self.calls + 1;
                    match asked(world, at, function, question, given, calls) {
                        Proof::Unknown => {}
                        proof => return Some(proof),
                    }
                }
                // `IsAuthenticated().has_permission(request, view)`.
                Evaluated::External(path) if of_library => {
                    let class = path.as_str().strip_suffix(".has_permission");
                    if let Some(entry) = class.and_then(super::entry) {
                        return Some(entry.proof(world, &crate::run::Args::default()));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether a condition holds, as far as the method or the action of the request decides it.
    fn decided(&self, world: &mut World<'_>, expr: ExprId) -> Option<bool> {
        let module = world.machine.project.module(self.walk.at);
        logic::holds(world, module, expr, 0, &mut |world, test, _| {
            self.compared(world, test)
        })
    }

    /// Whether a comparison with the method or the action holds.
    fn compared(&self, world: &mut World<'_>, expr: ExprId) -> Option<bool> {
        let at = self.walk.at;
        let module = world.machine.project.module(at);
        let Expr::Compare { op, left, right } = module[expr] else {
            return None;
        };
        let Expr::Attribute { attr, .. } = module[left] else {
            return None;
        };
        let asked = match attr.as_str() {
            "method" => self.question.method?,
            "action" => self.question.action?,
            _ => return None,
        };
        let found = match world.machine.evaluator.constant(at, right) {
            Some(Constant::Str(text)) => text == asked,
            Some(Constant::Seq(items)) => {
                let mut truth = false;
                for item in items {
                    let Constant::Str(text) = item else {
                        return None;
                    };
                    truth |= text == asked;
                }
                truth
            }
            Some(_) => return None,
            None => {
                let path = world.machine.evaluator.dotted(at, right)?;
                if last(path.as_str()) != "SAFE_METHODS" {
                    return None;
                }
                SAFE.contains(&asked)
            }
        };
        match op {
            CmpOp::Eq | CmpOp::In => Some(found),
            CmpOp::NotEq | CmpOp::NotIn => Some(!found),
            _ => None,
        }
    }
}

/// Whether a function takes the object at hand as Django REST framework gives it, which asks whether it may be used.
pub fn takes_object(world: &World<'_>, target: Target) -> bool {
    let Target::Function(at, function) = target else {
        return false;
    };
    let module = world.machine.project.module(at);
    let range = module[function].range;
    module.exprs().any(|(id, expr)| {
        matches!(*expr, Expr::Attribute { attr, .. }
            if matches!(attr.as_str(), "get_object" | "check_object_permissions"))
            && range.contains_range(module.expr_range(id))
    })
}

//! Refusals on the way to the handler: one that depends on who asks makes a guard.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;

use super::super::answer::asked;
use super::super::asked::looks;
use super::super::names::is_of_function_around;
use super::super::nobody::{asks_for_absence, asks_for_type};
use super::super::refusal::{Refusal, is_mistake, refusal, strip};
use super::super::user::{depends, identifies, is_parameter};
use super::super::{MAX_DEPTH, Proof, Question, speaks_of_access};
use super::{MAX_PARTS, Walk};
use crate::code::{any_inside, children, name_of};
use crate::endpoint::Level;
use crate::world::{World, last};

impl Walk {
    /// A call whose result nobody looks at may be one that refuses, such as `abort(403)`.
    pub(super) fn refuses_by_call(&mut self, world: &mut World<'_>, value: ExprId) {
        let module = world.machine.project.module(self.at);
        let Expr::Call { func, .. } = module[strip(module, value)] else {
            return;
        };
        let refuses = |name: &str| {
            matches!(
                name,
                "abort" | "send_error" | "set_status" | "permission_denied" | "close" | "redirect"
            )
        };
        let called = match module[func] {
            Expr::Attribute { attr, .. } => refuses(attr.as_str()),
            _ => world
                .machine
                .evaluator
                .dotted(self.at, func)
                .is_some_and(|path| refuses(last(path.as_str()))),
        };
        if called || self.never_returns(world, func) {
            self.refuses(world, value, false);
        }
    }

    /// Whether what is called are functions of the project that end by raising: `forbid(request, 403)`.
    pub(super) fn never_returns(&self, world: &mut World<'_>, func: ExprId) -> bool {
        let callees = world.machine.evaluator.eval(self.at, func);
        !callees.is_empty()
            && callees.iter().all(|callee| {
                let Evaluated::Function(home, function) = *callee else {
                    return false;
                };
                let module = world.machine.project.module(home);
                let data = &module[function];
                let last = module.block(data.body).last();
                data.return_values.is_empty()
                    && last.is_some_and(|last| matches!(module[*last], Stmt::Raise { .. }))
            })
    }

    /// Whether a condition asks for the user, a credential, or what either holds: nothing that was found by them.
    fn is_of_user(&self, world: &mut World<'_>, test: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let mut expr = bare(module, test);
        if let Expr::Compare { left, right, .. } = module[expr]
            && matches!(module[right], Expr::None)
        {
            expr = left;
        }
        for _ in 0..MAX_PARTS {
            expr = strip(module, module.origin(expr));
            expr = match module[expr] {
                Expr::Attribute { value, .. } | Expr::Subscript { value, .. } => value,
                Expr::Call { func, .. } => match module[func] {
                    Expr::Attribute { value, attr } if attr.as_str() == "get" => value,
                    _ => return false,
                },
                Expr::Name { .. } => return true,
                _ => return false,
            };
        }
        false
    }

    /// Whether a library makes an answer whose name has to do with users or access, under a condition.
    fn speaks_of_access(&self, world: &mut World<'_>, value: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let Expr::Call { func, .. } = module[strip(module, value)] else {
            return false;
        };
        let is_asked = !self.tests.is_empty() || !self.passed.is_empty();
        let path = world.machine.evaluator.dotted(self.at, func);
        is_asked && path.is_some_and(|path| speaks_of_access(last(path.as_str())))
    }

    /// Whether a condition lets requests through that a browser makes by itself before others: `OPTIONS`.
    fn is_preflight(&self, world: &mut World<'_>, test: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let Expr::Compare { left, right, .. } = module[bare(module, test)] else {
            return false;
        };
        let of_method =
            matches!(module[left], Expr::Attribute { attr, .. } if attr.as_str() == "method");
        let texts = of_method.then(|| self.texts_of(world, right)).flatten();
        texts.is_some_and(|texts| {
            !texts.is_empty() && texts.iter().all(|text| text == "OPTIONS" || text == "HEAD")
        })
    }

    /// Whether an answer is made from that of what a wrapper stands around.
    fn asks_inner(&self, world: &World<'_>, value: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        any_inside(module, module.origin(strip(module, value)), |expr| {
            matches!(module[expr], Expr::Call { func, .. } if match module[func] {
                Expr::Attribute { attr, .. } => matches!(attr.as_str(), "get_response" | "app"),
                _ => is_parameter(module, func),
            })
        })
    }

    /// A value that is raised or returned: a refusal that depends on who asks makes a guard.
    pub(super) fn refuses(&mut self, world: &mut World<'_>, value: ExprId, raised: bool) {
        let refusal = match refusal(world, self.at, value, 0) {
            Some(refusal) => refusal,
            // Whatever is raised on the way to a handler keeps it from running.
            None if raised
                && !self.strict
                && self.swallowed == 0
                && !is_mistake(world, self.at, value)
                && self.stops_nobody(world) =>
            {
                Refusal::Other
            }
            // In the handler that is so only of what asks for the user himself.
            None if raised && self.strict && self.swallowed == 0 => {
                let of_user = matches!(*self.tests, [(test, _)] if self.is_of_user(world, test));
                if of_user && self.stops_nobody(world) {
                    self.add(Proof::of(Level::Authenticated));
                }
                return;
            }
            // A wrapper that answers in the handler's stead keeps it from running, whatever it answers.
            None => {
                self.may_guard |= !raised
                    && self.inner.is_some()
                    && !self.asks_inner(world, value)
                    && (self.stops_nobody(world) || self.speaks_of_access(world, value));
                return;
            }
        };
        // Of what is refused for another reason than that nobody is known, some looks at other headers: a redirect to
        // the right host, for example.
        let depends = if refusal == Refusal::Unauthorized {
            depends
        } else {
            identifies
        };
        let around: Vec<(ExprId, bool)> = self.tests.clone();
        let mut deciding: Option<Vec<(ExprId, bool)>> = None;
        if around
            .iter()
            .any(|(test, _)| depends(world, self.at, *test))
        {
            deciding = Some(around);
        } else if around.is_empty() {
            let passed: Vec<ExprId> = self
                .passed
                .clone()
                .into_iter()
                .filter(|test| depends(world, self.at, *test))
                .collect();
            if !passed.is_empty() {
                deciding = Some(passed.into_iter().map(|test| (test, false)).collect());
            }
            // Who it is is known by now: what lets some of them through is about them.
            if matches!(self.proof, Proof::Guard { .. }) && refusal == Refusal::Forbidden {
                let names = self.closure_names(world);
                if !names.is_empty() {
                    self.add(Proof::Guard {
                        level: Level::Permission,
                        roles: Vec::new(),
                        permissions: names,
                    });
                }
            }
        }
        if deciding.is_none()
            && let Some(tried) = self.tried.last().copied()
            && tries_identity(world, self.at, tried, depends)
        {
            deciding = Some(Vec::new());
        }
        let Some(tests) = deciding else {
            // What a decorator asks before it forbids may be about the user, though it does not look so.
            let forbids = matches!(refusal, Refusal::Unauthorized | Refusal::Forbidden);
            let is_asked = !self.tests.is_empty() || !self.passed.is_empty();
            self.may_guard |= forbids && is_asked && self.inner.is_some();
            return;
        };
        if tests
            .iter()
            .any(|(test, truth)| self.chosen(world, *test) == Some(!truth))
        {
            return;
        }
        if self.strict
            && tests
                .iter()
                .any(|(test, _)| self.asks_for_input(world, *test))
        {
            return;
        }
        // Refused only where something else holds as well, of which nothing is known: it may be a guard.
        if self.is_conditional(world, &tests) {
            self.may_guard = true;
            return;
        }
        if refusal == Refusal::Redirect {
            // Whoever is logged in is often sent away from the page of the login: that guards nothing.
            let module = world.machine.project.module(self.at);
            let absent = tests
                .iter()
                .any(|(test, holds)| asks_for_absence(module, *test) == *holds);
            if !tests.is_empty() && !absent {
                return;
            }
        }
        let proof = match self.of_predicate(world, refusal, &tests) {
            Some(proof) => proof,
            None => self.proof_of(world, refusal, &tests),
        };
        let of_shown = self
            .tests
            .iter()
            .any(|(test, truth)| self.for_nobody(world, *test) == Some(!truth));
        if of_shown {
            let known = std::mem::replace(&mut self.of_shown, Proof::Nothing);
            self.of_shown = known.and(proof);
        } else {
            self.add(proof);
        }
    }

    /// Whether a refusal takes more than that the user is not the right one: `if page.is_closed and not user`.
    fn is_conditional(&self, world: &mut World<'_>, tests: &[(ExprId, bool)]) -> bool {
        let module = world.machine.project.module(self.at);
        tests.iter().any(|(test, truth)| {
            let Expr::Logic { op, values } = module[*test] else {
                return false;
            };
            if (op == BoolOp::And) != *truth {
                return false;
            }
            let (of_user, others): (Vec<ExprId>, Vec<ExprId>) = module
                .list(values)
                .iter()
                .partition(|value| depends(world, self.at, **value));
            others.into_iter().any(|value| {
                // `owner and owner != user`: that there is something to compare with.
                let is_asked_on = || of_user.iter().any(|part| mentions(module, *part, value));
                // What the maker of a decorator has chosen: `authenticated and not user`.
                let is_chosen = || match module[bare(module, value)] {
                    Expr::Name { def, .. } => is_of_function_around(module, def),
                    _ => false,
                };
                !looks(world, self.at, value)
                    && !is_chosen()
                    && !self.is_apart(world, value)
                    && !self.is_preflight(world, value)
                    && self.of_class(world, value).is_none()
                    && !is_asked_on()
            })
        })
    }

    /// What a function of the project asks for before it says yes, where a request is refused to which it says no:
    /// `if not may_edit(user): raise`. `None` where its answers name nothing.
    fn of_predicate(
        &self,
        world: &mut World<'_>,
        refusal: Refusal,
        tests: &[(ExprId, bool)],
    ) -> Option<Proof> {
        let module = world.machine.project.module(self.at);
        let mut of_user = tests.iter().copied();
        let (mut test, mut truth) = of_user.find(|(test, _)| depends(world, self.at, *test))?;
        if of_user.any(|(test, _)| depends(world, self.at, test)) || self.calls >= MAX_DEPTH {
            return None;
        }
        // `allowed = may_edit(user)` and `if not allowed`.
        for _ in 0..MAX_PARTS {
            test = module.origin(test);
            let Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } = module[test]
            else {
                break;
            };
            (test, truth) = (operand, !truth);
        }
        let Expr::Call { func, args } = module[strip(module, test)] else {
            return None;
        };
        if truth {
            return None;
        }
        let callees = world.machine.evaluator.eval(self.at, func);
        let [Evaluated::Function(home, function)] = *callees.as_slice() else {
            return None;
        };
        let given = self.given_to(world, func, args, home, function);
        let question = Question {
            refusal: Some(refusal),
            ..Question::default()
        };
        let calls = self.calls + 1;
        match asked(world, home, function, question, given, calls) {
            proof @ Proof::Guard { .. } if !proof.is_nameless() => Some(proof),
            _ => None,
        }
    }

    /// Whether whoever is nobody, and nobody for want of anything else, comes to the statement at hand.
    fn stops_nobody(&self, world: &mut World<'_>) -> bool {
        let module = world.machine.project.module(self.at);
        let mut waiting = self.tests.clone();
        let mut around = false;
        for _ in 0..MAX_PARTS {
            let Some((test, truth)) = waiting.pop() else {
                break;
            };
            // Of `roles and user.role not in roles` the second part is about the user.
            if let Expr::Logic { values, .. } = module[test] {
                waiting.extend(module.list(values).iter().map(|value| (*value, truth)));
                continue;
            }
            let absent = match self.for_nobody(world, test) {
                Some(holds) => holds == truth,
                None => asks_for_absence(module, test) == truth && !asks_for_type(module, test),
            };
            around |= absent && identifies(world, self.at, test);
        }
        let tried = || self.tried.last().copied();
        around
            || self.tests.is_empty()
                && tried().is_some_and(|tried| tries_identity(world, self.at, tried, identifies))
    }

    /// Texts that the factory of this decorator was given and that the conditions passed so far are made from.
    fn closure_names(&self, world: &mut World<'_>) -> Vec<String> {
        let Some(closure) = self.closure else {
            return Vec::new();
        };
        let module = world.machine.project.module(self.at);
        let mut waiting: Vec<ExprId> = self.passed.clone();
        let mut names = Vec::new();
        for _ in 0..MAX_PARTS {
            let Some(expr) = waiting.pop() else { break };
            if let Expr::Name { def, .. } = module[expr] {
                match module[def].kind {
                    DefKind::Value(value) => waiting.push(value),
                    DefKind::Phi(list) => {
                        for def in module.defs_list(list) {
                            if let DefKind::Value(value) = module[*def].kind {
                                waiting.push(value);
                            }
                        }
                    }
                    DefKind::Entry => {
                        let name = name_of(module, def);
                        if let Some(v) = world.machine.around(closure, name)
                            && let Some(found) = world.text_list(v)
                        {
                            names.extend(found);
                        }
                    }
                    _ => {}
                }
            }
            children(module, expr, |child| waiting.push(child));
        }
        names.sort();
        names.dedup();
        names
    }
}

/// Whether an expression mentions the variable, or the attribute of one, that another one is.
fn mentions(module: &Module, expr: ExprId, variable: ExprId) -> bool {
    let value = bare(module, variable);
    any_inside(module, expr, |part| is_same(module, part, value))
}

/// A condition without its negations.
fn bare(module: &Module, expr: ExprId) -> ExprId {
    let mut expr = expr;
    while let Expr::Unary { operand, .. } = module[expr] {
        expr = operand;
    }
    expr
}

/// Whether two expressions are the same variable, or the same attribute of it.
fn is_same(module: &Module, one: ExprId, other: ExprId) -> bool {
    let (mut one, mut other) = (one, other);
    for _ in 0..MAX_PARTS {
        match (&module[one], &module[other]) {
            (Expr::Name { def: a, .. }, Expr::Name { def: b, .. }) => {
                let (a, b) = (&module[*a], &module[*b]);
                return (a.scope, a.slot) == (b.scope, b.slot);
            }
            (
                Expr::Attribute { value: a, attr },
                Expr::Attribute {
                    value: b,
                    attr: of_other,
                },
            ) if attr == of_other => (one, other) = (*a, *b),
            _ => return false,
        }
    }
    false
}

/// Whether a block that may fail looks at who asks.
fn tries_identity(
    world: &mut World<'_>,
    at: ModuleId,
    block: Block,
    depends: fn(&mut World<'_>, ModuleId, ExprId) -> bool,
) -> bool {
    let module = world.machine.project.module(at);
    module.block(block).iter().any(|stmt| match module[*stmt] {
        Stmt::Expr(value) | Stmt::Assign { value, .. } => depends(world, at, value),
        Stmt::Return(Some(value)) => depends(world, at, value.get()),
        _ => false,
    })
}

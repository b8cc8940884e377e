//! What a function of the project does to requests it does not like.
//!
//! A guard is known by its deeds: it refuses (401, 403, a redirect away) depending on who asks. The names of functions
//! play no part.

mod call;
mod condition;
mod fork;
mod refuse;

use hognose_python::ir::*;

use super::Proof;
use super::logic::{self, Ways};
use super::names::is_of_function_around;
use super::nobody::for_nobody;
use super::refusal::{catches_refusals, refusal, strip};
use super::user::{Given, depends, is_parameter};
use crate::run::{V, Value};
use crate::world::{Target, World};

/// Blocks inside of each other.
const MAX_BLOCKS: u32 = 40;

/// Parts of one condition.
const MAX_PARTS: usize = 64;

/// A function that is looked through.
pub(super) struct Walk {
    pub(super) at: ModuleId,
    /// The closure that names of the functions around are looked up in.
    pub(super) closure: Option<V>,
    /// What the call that leads here gives.
    pub(super) given: Given,
    /// What this function was put around: that is no part of it.
    inner: Option<Target>,
    /// Conditions around the statement at hand, and whether they hold there.
    tests: Vec<(ExprId, bool)>,
    /// Conditions under which the function left before.
    passed: Vec<ExprId>,
    /// What was tried where an exception is being handled.
    tried: Vec<Block>,
    /// Only exceptions refuse: what this function returns is not the answer.
    raises_only: bool,
    /// Only checks that every request meets.
    strict: bool,
    calls: u32,
    blocks: u32,
    proof: Proof,
    /// What is asked only of requests that show credentials.
    of_shown: Proof,
    /// A condition on what is asked for could not be decided.
    unclear: bool,
    /// Behind such a condition stands a guard.
    perhaps: bool,
    /// It forbids something under a condition of which nothing is known.
    may_guard: bool,
    /// How many blocks around the statement at hand go on after an exception.
    swallowed: u32,
    /// What is assigned on one of several ways, and returned where they meet.
    answers: Vec<ExprId>,
}

/// What a function proves that runs before the handler: a hook, a dependency, a helper that raises.
pub fn of_function(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    walk(world, at, function, Walk::new(at, None, Given::default()))
}

/// What a function proves whose answer nobody looks at: only by what it raises.
pub fn of_raising(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    let of_raising = Walk {
        raises_only: true,
        ..Walk::new(at, None, Given::default())
    };
    walk(world, at, function, of_raising)
}

/// What a function that runs before the handler proves, with the variables around it or the object it is bound to.
pub fn of_closure(world: &mut World<'_>, v: V, raises_only: bool) -> Proof {
    let (function, closure) = match world.machine.get(v) {
        Value::Method { function, .. } => (*function, v),
        _ => (v, v),
    };
    match *world.machine.get(function) {
        Value::Function {
            module, function, ..
        } => walk(
            world,
            module,
            function,
            Walk {
                raises_only,
                ..Walk::new(module, Some(closure), Given::default())
            },
        ),
        _ => Proof::Unknown,
    }
}

/// What a wrapper proves: the function that a decorator made around another, perhaps a method of a known object.
pub fn of_wrapper(
    world: &mut World<'_>,
    wrapper: V,
    inner: Option<Target>,
    receiver: Option<V>,
) -> Proof {
    let handler = world.handler(wrapper);
    let mut closure = wrapper;
    while let Value::Call { args, .. } = world.machine.get(closure)
        && let Some(inner) = args.positional.first()
    {
        closure = *inner;
    }
    match world.machine.get(closure).clone() {
        Value::Function {
            module, function, ..
        } => {
            let bound = match receiver {
                Some(receiver) => world.machine.make(Value::Method {
                    receiver,
                    function: closure,
                }),
                None => closure,
            };
            let inner = walk(
                world,
                module,
                function,
                Walk {
                    inner,
                    ..Walk::new(module, Some(bound), Given::default())
                },
            );
            // The wrapper may itself stand in a guard of a library.
            let outer: Vec<V> = handler.wrappers;
            outer
                .into_iter()
                .map(|v| super::wrapper(world, v, None))
                .fold(inner, Proof::and)
        }
        _ => Proof::Unknown,
    }
}

/// What the body of a handler checks of every request.
pub fn of_body(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    bound: Option<V>,
) -> Proof {
    let of_all = Walk {
        strict: true,
        ..Walk::new(at, bound, Given::default())
    };
    walk(world, at, function, of_all)
}

/// Goes through the body of a function with a walk that has seen nothing yet.
fn walk(world: &mut World<'_>, at: ModuleId, function: FunctionId, mut walk: Walk) -> Proof {
    let bound = walk
        .closure
        .and_then(|closure| match *world.machine.get(closure) {
            Value::Method { receiver, function } => Some((receiver, function)),
            _ => None,
        });
    let memo = (
        at,
        function,
        walk.raises_only,
        walk.strict,
        walk.given.clone(),
        bound,
    );
    // What a function proves with the variables around it holds for these alone.
    let remembered = walk.closure.is_none() || bound.is_some();
    if remembered && let Some((known, looks)) = world.proofs().get(&memo).cloned() {
        world.looks |= looks;
        return known;
    }
    if remembered {
        world.proofs().insert(memo.clone(), (Proof::Nothing, false));
    }
    let receiver = bound.map(|(receiver, _)| receiver);
    let given = walk.given.clone();
    world.given.push((at, function, given, receiver));
    let outer = std::mem::replace(&mut world.looks, false);
    if !walk.raises_only {
        walk.answers = late_answers(world.machine.project.module(at), function);
    }
    let body = world.machine.project.module(at)[function].body;
    walk.walk_block(world, body);
    world.given.pop();
    // Whoever shows no credentials meets only what is asked of everybody.
    let proof = match walk.proof {
        Proof::Guard { .. } if walk.unclear => Proof::Unknown,
        Proof::Nothing if walk.may_guard || walk.unclear && walk.perhaps => Proof::Unknown,
        guard @ Proof::Guard { .. } => guard.and(walk.of_shown),
        proof => proof,
    };
    let looks = world.looks;
    if remembered {
        world.proofs().insert(memo, (proof.clone(), looks));
    }
    world.looks |= outer;
    proof
}

/// What a function assigns on one of several ways and returns where they meet: `response = "Forbidden", 403`.
fn late_answers(module: &Module, function: FunctionId) -> Vec<ExprId> {
    let mut found = Vec::new();
    for value in &module[function].return_values {
        let Expr::Name { def, .. } = module[*value] else {
            continue;
        };
        let mut waiting = vec![def];
        for _ in 0..MAX_PARTS {
            let Some(def) = waiting.pop() else { break };
            match &module[def].kind {
                DefKind::Phi(list) => waiting.extend(module.defs_list(*list)),
                DefKind::Value(value) if !found.contains(value) => found.push(*value),
                _ => {}
            }
        }
    }
    found
}

impl Ways for Walk {
    fn ways(&mut self) -> &mut Vec<(ExprId, bool)> {
        &mut self.tests
    }

    fn block(&mut self, world: &mut World<'_>, block: Block) -> bool {
        self.walk_block(world, block)
    }
}

impl Walk {
    /// A walk that has seen nothing.
    pub(super) fn new(at: ModuleId, closure: Option<V>, given: Given) -> Self {
        Self {
            at,
            closure,
            given,
            inner: None,
            tests: Vec::new(),
            passed: Vec::new(),
            tried: Vec::new(),
            raises_only: false,
            strict: false,
            calls: 0,
            blocks: 0,
            proof: Proof::Nothing,
            of_shown: Proof::Nothing,
            unclear: false,
            perhaps: false,
            may_guard: false,
            swallowed: 0,
            answers: Vec::new(),
        }
    }

    /// The same walk, inside of so many calls.
    pub(super) fn inside(self, calls: u32) -> Self {
        Self { calls, ..self }
    }

    /// The walk of a function that this one calls: its answer is not the answer to the request.
    fn of_called(&self, at: ModuleId, closure: Option<V>, given: Given) -> Self {
        Self {
            raises_only: true,
            strict: self.strict,
            calls: self.calls + 1,
            inner: self.inner,
            ..Self::new(at, closure, given)
        }
    }

    /// Walks a block; whether whoever shows nothing goes no further than it.
    fn walk_block(&mut self, world: &mut World<'_>, block: Block) -> bool {
        if self.blocks >= MAX_BLOCKS {
            return false;
        }
        let mut left = false;
        self.blocks += 1;
        let module = world.machine.project.module(self.at);
        for stmt in module.block(block) {
            match module[*stmt] {
                Stmt::Raise {
                    exception: Some(exception),
                    ..
                } => {
                    self.refuses(world, exception.get(), true);
                    left = true;
                }
                Stmt::Return(value) => {
                    if let Some(value) = value {
                        if !self.raises_only {
                            self.refuses(world, value.get(), false);
                        }
                        self.called_as(world, value.get(), !self.raises_only);
                    }
                    left = true;
                }
                Stmt::Expr(value) => {
                    self.refuses_by_call(world, value);
                    self.called(world, value);
                }
                Stmt::Assign { value, .. } => {
                    if self.answers.contains(&value) {
                        self.refuses(world, value, false);
                    }
                    self.called(world, value);
                }
                Stmt::If {
                    test, body, orelse, ..
                } => {
                    self.called(world, test);
                    if self.strict && !self.tests.is_empty() {
                        continue;
                    }
                    let decided = self
                        .of_class(world, test)
                        .or_else(|| self.decided(world, test));
                    match decided {
                        Some(truth) => {
                            left = self.block(world, if truth { body } else { orelse });
                        }
                        None => {
                            left = self.branches(world, test, body, orelse);
                            if self.strict && !depends(world, self.at, test) {
                                self.forks(world, body, orelse);
                            }
                        }
                    }
                }
                Stmt::Assert { test, .. } => self.called(world, test),
                Stmt::With { body, context, .. } => {
                    self.called(world, context);
                    self.entered(world, context);
                    left = self.block(world, body);
                }
                Stmt::Try {
                    body,
                    handlers,
                    orelse,
                    finalbody,
                } => {
                    // What a handler swallows keeps nobody out.
                    let swallowed = module.handlers(handlers).iter().any(|handler| {
                        let last = module.block(handler.body).last();
                        let goes_on = !last.is_some_and(|last| {
                            matches!(module[*last], Stmt::Raise { .. } | Stmt::Return(_))
                        });
                        let types = handler.types.map(|types| types.get());
                        goes_on && types.is_none_or(|types| catches_refusals(world, self.at, types))
                    });
                    self.swallowed += u32::from(swallowed);
                    let mut all_left = self.block(world, body);
                    self.swallowed -= u32::from(swallowed);
                    for handler in module.handlers(handlers) {
                        self.tried.push(body);
                        all_left &= self.block(world, handler.body);
                        self.tried.pop();
                    }
                    self.block(world, orelse);
                    left = self.block(world, finalbody) || all_left;
                }
                Stmt::For { body, .. } | Stmt::While { body, .. } if !self.strict => {
                    self.block(world, body);
                }
                Stmt::Match { cases, .. } if !self.strict => {
                    for case in module.cases(cases) {
                        self.block(world, case.body);
                    }
                }
                _ => {}
            }
            if left {
                break;
            }
        }
        self.blocks -= 1;
        left
    }

    /// Both ways of a condition that is not decided.
    fn branches(
        &mut self,
        world: &mut World<'_>,
        test: ExprId,
        body: Block,
        orelse: Block,
    ) -> bool {
        let module = world.machine.project.module(self.at);
        let (body_left, else_left) = self.both(world, test, body, orelse);
        let last = module.block(body).last().map(|last| &module[*last]);
        if body_left || matches!(last, Some(Stmt::Return(_) | Stmt::Raise { .. })) {
            self.passed.push(test);
        }
        // `if not token: return`: whoever shows none is through, whatever is asked of the others.
        let through = matches!(last, Some(Stmt::Return(value))
            if self.lets_through(world, value.map(|value| value.get())))
            && self.for_nobody(world, test) == Some(true);
        through || (body_left && else_left)
    }

    /// Whether what is returned lets the request go on: nothing, or what the handler answers.
    fn lets_through(&self, world: &mut World<'_>, value: Option<ExprId>) -> bool {
        let module = world.machine.project.module(self.at);
        let Some(value) = value else { return true };
        match module[strip(module, value)] {
            Expr::None => true,
            Expr::Call { func, .. } => match module[func] {
                Expr::Name { .. } => is_parameter(module, func),
                Expr::Attribute { attr, .. } => matches!(attr.as_str(), "get_response" | "app"),
                _ => false,
            },
            _ => self.raises_only && refusal(world, self.at, value, 0).is_none(),
        }
    }

    /// Whether a condition holds for whoever shows nothing, with what the maker of a decorator has chosen:
    /// `not optional and not user`.
    pub(super) fn for_nobody(&self, world: &mut World<'_>, test: ExprId) -> Option<bool> {
        let module = world.machine.project.module(self.at);
        logic::holds(world, module, test, 0, &mut |world, part, _| {
            self.is_chosen(world, part)
                .or_else(|| for_nobody(world, self.at, part))
        })
    }

    /// Whether a condition holds by what the maker of a decorator has chosen alone: `@ajax(authenticated=False)`.
    pub(super) fn chosen(&self, world: &mut World<'_>, test: ExprId) -> Option<bool> {
        let module = world.machine.project.module(self.at);
        logic::holds(world, module, test, 0, &mut |world, part, _| {
            self.is_chosen(world, part)
        })
    }

    /// The same of a condition that is not made of others.
    fn is_chosen(&self, world: &World<'_>, part: ExprId) -> Option<bool> {
        let module = world.machine.project.module(self.at);
        match module[part] {
            Expr::Name { def, .. } if is_of_function_around(module, def) => {
                let v = self.variable(world, part)?;
                world.machine.truth(v)
            }
            _ => None,
        }
    }

    fn add(&mut self, proof: Proof) {
        let known = std::mem::replace(&mut self.proof, Proof::Nothing);
        self.proof = known.and(proof);
    }
}

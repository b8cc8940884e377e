//! What a function of the project does to requests it does not like.
//!
//! A guard is known by its deeds: it refuses (401, 403, a redirect away) depending on who asks. The names of functions
//! play no part.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;

use super::asked::{Asked, asks_for_variable, holds, looks};
use super::nobody::{asks_for_absence, asks_for_type, for_nobody};
use super::refusal::{Refusal, catches_refusals, is_mistake, last, refusal, strip};
use super::user::{Given, children, depends, identifies, is_parameter, is_request};
use super::{MAX_DEPTH, Proof};
use crate::endpoint::Level;
use crate::evidence::code::method;
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
    /// How many blocks around the statement at hand go on after an exception.
    swallowed: u32,
    /// What is assigned on one of several ways, and returned where they meet.
    answers: Vec<ExprId>,
}

/// What a function proves that runs before the handler: a hook, a dependency, a helper that raises.
pub fn of_function(world: &mut World<'_>, at: ModuleId, function: FunctionId, calls: u32) -> Proof {
    walk(
        world,
        at,
        function,
        None,
        Given::default(),
        calls,
        false,
        false,
    )
}

/// What a function proves whose answer nobody looks at: only by what it raises.
pub fn of_raising(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    walk(world, at, function, None, Given::default(), 0, true, false)
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
            Some(closure),
            Given::default(),
            0,
            raises_only,
            false,
        ),
        _ => Proof::Unknown,
    }
}

/// What a wrapper proves: the function that a decorator made.
pub fn of_wrapper(world: &mut World<'_>, wrapper: V) -> Proof {
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
            let inner = walk(
                world,
                module,
                function,
                Some(closure),
                Given::default(),
                0,
                false,
                false,
            );
            // The wrapper may itself stand in a guard of a library.
            let outer: Vec<V> = handler.wrappers;
            outer
                .into_iter()
                .map(|v| super::wrapper(world, v))
                .fold(inner, Proof::and)
        }
        _ => Proof::Unknown,
    }
}

/// What the body of a handler checks of every request.
pub fn of_body(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    walk(world, at, function, None, Given::default(), 0, false, true)
}

#[expect(clippy::too_many_arguments, reason = "a question has these parts")]
fn walk(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    closure: Option<V>,
    given: Given,
    calls: u32,
    raises_only: bool,
    strict: bool,
) -> Proof {
    let memo = (at, function, raises_only, strict, given.clone());
    if closure.is_none()
        && let Some((known, looks)) = world.proofs().get(&memo).cloned()
    {
        world.looks |= looks;
        return known;
    }
    // What a function proves with the variables around it holds for these alone.
    let remembered = closure.is_none();
    if remembered {
        world.proofs().insert(memo.clone(), (Proof::Nothing, false));
    }
    let receiver = match closure.map(|closure| world.machine.get(closure)) {
        Some(Value::Method { receiver, .. }) => Some(*receiver),
        _ => None,
    };
    world.given.push((at, function, given.clone(), receiver));
    let outer = std::mem::replace(&mut world.looks, false);
    let mut walk = Walk {
        raises_only,
        strict,
        calls,
        ..Walk::new(at, closure, given)
    };
    if !raises_only {
        walk.answers = late_answers(world.machine.project.module(at), function);
    }
    let body = world.machine.project.module(at)[function].body;
    walk.block(world, body);
    world.given.pop();
    // Whoever shows no credentials meets only what is asked of everybody.
    let proof = match walk.proof {
        Proof::Guard { .. } if walk.unclear => Proof::Unknown,
        Proof::Nothing if walk.unclear && walk.perhaps => Proof::Unknown,
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

impl Walk {
    /// A walk that has seen nothing.
    pub(super) fn new(at: ModuleId, closure: Option<V>, given: Given) -> Self {
        Self {
            at,
            closure,
            given,
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
            swallowed: 0,
            answers: Vec::new(),
        }
    }

    /// Walks a block; whether whoever shows nothing goes no further than it.
    fn block(&mut self, world: &mut World<'_>, block: Block) -> bool {
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
                        self.called(world, value.get());
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
                        .of_class(world, test, 0)
                        .or_else(|| self.decided(world, test));
                    match decided {
                        Some(truth) => {
                            left = self.block(world, if truth { body } else { orelse });
                        }
                        None => left = self.branches(world, test, body, orelse),
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

    /// Whether a condition holds for what is asked for, where that is known.
    fn decided(&mut self, world: &mut World<'_>, test: ExprId) -> Option<bool> {
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

    /// Both ways of a condition that is not decided.
    fn branches(
        &mut self,
        world: &mut World<'_>,
        test: ExprId,
        body: Block,
        orelse: Block,
    ) -> bool {
        let module = world.machine.project.module(self.at);
        self.tests.push((test, true));
        let body_left = self.block(world, body);
        self.tests.pop();
        self.tests.push((test, false));
        let else_left = self.block(world, orelse);
        self.tests.pop();
        let last = module.block(body).last().map(|last| &module[*last]);
        if body_left || matches!(last, Some(Stmt::Return(_) | Stmt::Raise { .. })) {
            self.passed.push(test);
        }
        // `if not token: return`: whoever shows none is through, whatever is asked of the others.
        let through = matches!(last, Some(Stmt::Return(value))
            if self.lets_through(world, value.map(|value| value.get())))
            && depends(world, self.at, test)
            && for_nobody(world, self.at, test, 0) == Some(true);
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
            let absent = match for_nobody(world, self.at, test, 0) {
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

    fn add(&mut self, proof: Proof) {
        let known = std::mem::replace(&mut self.proof, Proof::Nothing);
        self.proof = known.and(proof);
    }

    /// A call whose result nobody looks at may be one that refuses, such as `abort(403)`.
    fn refuses_by_call(&mut self, world: &mut World<'_>, value: ExprId) {
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
        if called {
            self.refuses(world, value, false);
        }
    }

    /// Calls made on the way: guards of libraries, and functions of the project that refuse.
    fn called(&mut self, world: &mut World<'_>, value: ExprId) {
        if self.swallowed > 0 {
            return;
        }
        // Only what every request runs through, as far as its path lets it; what a setting leaves out is taken to run.
        let around = self.tests.clone();
        let mut waiting = around.iter().map(|(test, _)| *test);
        let mut asked = Vec::new();
        if self.strict {
            asked.extend(waiting);
        } else {
            asked.extend(waiting.by_ref().filter(|test| !self.is_apart(world, *test)));
        }
        let of_path = !asked.is_empty()
            && !self.strict
            && asked.iter().all(|test| looks(world, self.at, *test));
        if !(asked.is_empty() || of_path) || !self.tried.is_empty() || self.calls >= MAX_DEPTH {
            return;
        }
        if !around.is_empty() {
            let known = std::mem::replace(&mut self.proof, Proof::Nothing);
            self.tests.clear();
            self.called(world, value);
            self.tests = around;
            let found = std::mem::replace(&mut self.proof, known);
            if of_path {
                self.perhaps |= matches!(found, Proof::Guard { .. });
            } else {
                self.add(found);
            }
            return;
        }
        let module = world.machine.project.module(self.at);
        let mut waiting = vec![value];
        let mut left = 64;
        while let Some(expr) = waiting.pop() {
            left -= 1;
            if left == 0 {
                return;
            }
            if let Expr::Call { func, args } = module[expr] {
                // `login_required(view)(request)`: a decorator that is applied on the spot.
                if let Expr::Call {
                    func: decorator,
                    args,
                } = module[func]
                {
                    let proof = self.applied(world, decorator, args);
                    if let Proof::Guard { .. } = proof {
                        self.add(proof);
                    }
                }
                let member = self.member(world, func);
                if let Some(member) = member {
                    let proof = self.of_member(world, member, func, args);
                    self.add(proof);
                }
                let callees = match member {
                    Some(_) => Default::default(),
                    None => world.machine.evaluator.eval(self.at, func),
                };
                for callee in callees {
                    match callee {
                        Evaluated::External(path) => {
                            let given = self.arguments(world, args);
                            let proof =
                                super::entry(path.as_str()).map(|entry| entry.proof(world, &given));
                            if let Some(proof @ Proof::Guard { .. }) = proof {
                                self.add(proof);
                            }
                        }
                        Evaluated::Function(at, function) => {
                            // The result of `return check(...)` is the answer; that of any other call is not.
                            let given = self.given_to(world, func, args, at, function);
                            let proof = walk(
                                world,
                                at,
                                function,
                                None,
                                given,
                                self.calls + 1,
                                true,
                                self.strict,
                            );
                            if let Proof::Guard { .. } = proof {
                                self.add(proof);
                            }
                        }
                        _ => {}
                    }
                }
            }
            if !matches!(module[expr], Expr::Conditional { .. } | Expr::Logic { .. }) {
                children(module, expr, |child| waiting.push(child));
            }
        }
    }

    /// The object that the function at hand is a method of, where it is known.
    fn receiver(&self, world: &World<'_>) -> Option<V> {
        match world.machine.get(self.closure?) {
            Value::Method { receiver, .. } => Some(*receiver),
            _ => None,
        }
    }

    /// The method of a known object that is called, as that object's class has it: `self.check()`, `super().check()`,
    /// `view_class().check()`.
    fn member(&self, world: &mut World<'_>, func: ExprId) -> Option<V> {
        let module = world.machine.project.module(self.at);
        let Expr::Attribute { value, attr } = module[func] else {
            return None;
        };
        let closure = self.closure?;
        let site = (self.at, value);
        let object = match module[value] {
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Param(0) => self.receiver(world)?,
                _ => self.variable(world, value)?,
            },
            Expr::Call { func: made_by, .. } => match module[made_by] {
                Expr::Name { def, .. }
                    if module[module[def].scope].slots[module[def].slot.index()]
                        .name
                        .as_str()
                        == "super" =>
                {
                    let Value::Method { receiver, function } = *world.machine.get(closure) else {
                        return None;
                    };
                    let Target::Function(at, function) = world.handler(function).target else {
                        return None;
                    };
                    let class = (at, world.machine.project.module(at)[function].class?);
                    world.machine.make(Value::Super { receiver, class })
                }
                _ => {
                    let class = self.variable(world, made_by)?;
                    match world.machine.get(class) {
                        Value::Class { .. } => world.machine.object_of(class, site),
                        _ => return None,
                    }
                }
            },
            _ => return None,
        };
        if !matches!(
            world.machine.get(object),
            Value::Instance { .. } | Value::Super { .. } | Value::Class { .. }
        ) {
            return None;
        }
        let member = world.machine.attribute(object, attr);
        world.machine.callable(member).then_some(member)
    }

    /// What a variable of the functions around holds.
    fn variable(&self, world: &World<'_>, expr: ExprId) -> Option<V> {
        let module = world.machine.project.module(self.at);
        let Expr::Name { def, .. } = module[expr] else {
            return None;
        };
        let name = module[module[def].scope].slots[module[def].slot.index()].name;
        matches!(module[def].kind, DefKind::Entry)
            .then(|| world.machine.around(self.closure?, name))
            .flatten()
    }

    /// What a method of a known object refuses.
    fn of_member(&self, world: &mut World<'_>, member: V, func: ExprId, args: List) -> Proof {
        let mut proof = Proof::Nothing;
        for wrapper in world.handler(member).wrappers {
            if let one @ Proof::Guard { .. } = super::wrapper(world, wrapper) {
                proof = proof.and(one);
            }
        }
        let Target::Function(at, function) = world.handler(member).target else {
            return proof;
        };
        // A decorated method is bound once more without its decorators.
        let closure = match *world.machine.get(member) {
            Value::Method { receiver, function } => {
                let function = world.handler_value(function);
                world.machine.make(Value::Method { receiver, function })
            }
            _ => member,
        };
        let given = self.given_to(world, func, args, at, function);
        let (closure, calls) = (Some(closure), self.calls + 1);
        match walk(
            world,
            at,
            function,
            closure,
            given,
            calls,
            true,
            self.strict,
        ) {
            own @ Proof::Guard { .. } => proof.and(own),
            _ => proof,
        }
    }

    /// Whether a condition says nothing of the request: it asks the application, or a setting.
    fn is_apart(&self, world: &mut World<'_>, test: ExprId) -> bool {
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
                    let given = module.args(args).iter().map(|argument| argument.value);
                    waiting.extend(given.filter(|value| !is_first(module, *value)));
                }
                _ => children(module, expr, |child| waiting.push(child)),
            }
        }
        false
    }

    /// Whether a condition holds by what the class of a known object says.
    fn of_class(&self, world: &mut World<'_>, test: ExprId, depth: usize) -> Option<bool> {
        let module = world.machine.project.module(self.at);
        if depth >= MAX_PARTS {
            return None;
        }
        match module[test] {
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => Some(!self.of_class(world, operand, depth + 1)?),
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

    /// What a context manager of the project refuses when it is entered.
    fn entered(&mut self, world: &mut World<'_>, context: ExprId) {
        let is_asked_of_all = self.swallowed == 0 && self.tests.is_empty() && self.tried.is_empty();
        if !is_asked_of_all || self.calls >= MAX_DEPTH {
            return;
        }
        for manager in world.machine.evaluator.eval(self.at, context) {
            let Evaluated::Instance(at, class) = manager else {
                continue;
            };
            for name in ["__enter__", "__aenter__"] {
                let Some((at, function)) = method(world, at, class, name) else {
                    continue;
                };
                let (given, calls) = (Given::default(), self.calls + 1);
                let proof = walk(world, at, function, None, given, calls, true, self.strict);
                if let Proof::Guard { .. } = proof {
                    self.add(proof);
                }
            }
        }
    }

    /// What a decorator proves of what it is called with.
    fn applied(&self, world: &mut World<'_>, decorator: ExprId, args: List) -> Proof {
        let mut proof = Proof::Nothing;
        for callee in world.machine.evaluator.eval(self.at, decorator) {
            let one = match callee {
                Evaluated::External(path) => {
                    let mut given = self.arguments(world, args);
                    if !given.positional.is_empty() {
                        given.positional.remove(0);
                    }
                    let entry = super::entry(path.as_str());
                    entry.map_or(Proof::Nothing, |entry| entry.proof(world, &given))
                }
                Evaluated::Function(at, function) if self.calls < MAX_DEPTH => {
                    super::made_in(world, at, function)
                }
                _ => Proof::Nothing,
            };
            proof = proof.and(one);
        }
        proof
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
                        let name = module[module[def].scope].slots[module[def].slot.index()].name;
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

    /// What a call of a function of the project gives its parameters.
    pub(super) fn given_to(
        &self,
        world: &mut World<'_>,
        func: ExprId,
        args: List,
        home: ModuleId,
        function: FunctionId,
    ) -> Given {
        let module = world.machine.project.module(self.at);
        let callee = &world.machine.project.module(home)[function];
        // `self.check(token)`: the object is the first parameter.
        let bound = callee.class.is_some() && matches!(module[func], Expr::Attribute { .. });
        let mut given = Given::default();
        let mut position = usize::from(bound);
        for argument in module.args(args) {
            let index = match argument.kind {
                ArgKind::Positional => {
                    position += 1;
                    Some(position - 1)
                }
                ArgKind::Keyword(name) => callee.params.iter().position(|param| param.name == name),
                _ => None,
            };
            let Some(index) = index.and_then(|index| u16::try_from(index).ok()) else {
                continue;
            };
            given.pass(index);
            if depends(world, self.at, argument.value) {
                given.credential(index, identifies(world, self.at, argument.value));
            } else if let Some(texts) = self.texts_of(world, argument.value)
                && !texts.is_empty()
            {
                given.texts.push((index, texts));
            }
        }
        given
    }

    /// Constant arguments of a call, for guards that take names.
    fn arguments(&self, world: &mut World<'_>, args: List) -> crate::run::Args {
        let module = world.machine.project.module(self.at);
        let mut given = crate::run::Args::default();
        for argument in module.args(args) {
            let v = match world.machine.evaluator.constant(self.at, argument.value) {
                Some(constant) => world.machine.constant(&constant),
                None => crate::run::Machine::UNKNOWN,
            };
            match argument.kind {
                ArgKind::Positional => given.positional.push(v),
                ArgKind::Keyword(name) => given.keywords.push((name, v)),
                _ => given.open = true,
            }
        }
        given
    }

    /// Whether a condition is met only by requests of some sort: `all_of_them and not user.is_admin`.
    fn asks_for_input(&self, world: &mut World<'_>, test: ExprId) -> bool {
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

    /// A value that is raised or returned: a refusal that depends on who asks makes a guard.
    fn refuses(&mut self, world: &mut World<'_>, value: ExprId, raised: bool) {
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
            None => return,
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
            return;
        };
        if self.strict
            && tests
                .iter()
                .any(|(test, _)| self.asks_for_input(world, *test))
        {
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
        let proof = self.proof_of(world, refusal, &tests);
        let of_shown = self.tests.iter().any(|(test, truth)| {
            for_nobody(world, self.at, *test, 0) == Some(!truth) && depends(world, self.at, *test)
        });
        if of_shown {
            let known = std::mem::replace(&mut self.of_shown, Proof::Nothing);
            self.of_shown = known.and(proof);
        } else {
            self.add(proof);
        }
    }
}

/// Whether an expression is the first parameter of its function: the object of a method.
fn is_first(module: &Module, expr: ExprId) -> bool {
    matches!(module[expr], Expr::Name { def, .. } if matches!(module[def].kind, DefKind::Param(0)))
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

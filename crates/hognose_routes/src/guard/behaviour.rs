//! What a function of the project does to requests it does not like.
//!
//! A guard is known by its deeds: it refuses (401, 403, a redirect away) depending on who asks. The names of functions
//! play no part.

use hognose_python::ir::*;
use hognose_python::{ClassRef, Symbol, Value as Evaluated};

use super::asked::{Asked, holds, looks};
use super::user::{alias, children, depends, is_parameter};
use super::{MAX_DEPTH, Proof};
use crate::endpoint::Level;
use crate::run::{V, Value};
use crate::world::World;

/// Blocks inside of each other.
const MAX_BLOCKS: u32 = 40;

/// How a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is logged in.
    Unauthorized,
    /// Whoever is may not.
    Forbidden,
    /// Sent elsewhere.
    Redirect,
}

/// Exceptions and responses of libraries by the last part of their access path.
const REFUSALS: &[(&str, Refusal)] = &[
    ("Unauthorized", Refusal::Unauthorized),
    ("NotAuthenticated", Refusal::Unauthorized),
    ("AuthenticationFailed", Refusal::Unauthorized),
    ("HTTPUnauthorized", Refusal::Unauthorized),
    ("NotAuthorizedException", Refusal::Unauthorized),
    ("HttpResponseUnauthorized", Refusal::Unauthorized),
    ("AuthenticationError", Refusal::Unauthorized),
    ("Forbidden", Refusal::Forbidden),
    ("PermissionDenied", Refusal::Forbidden),
    ("HTTPForbidden", Refusal::Forbidden),
    ("PermissionDeniedException", Refusal::Forbidden),
    ("HttpResponseForbidden", Refusal::Forbidden),
    ("SuspiciousOperation", Refusal::Forbidden),
    ("redirect_to_login", Refusal::Unauthorized),
    ("unauthorized", Refusal::Unauthorized),
    ("HTTP_401_UNAUTHORIZED", Refusal::Unauthorized),
    ("HTTP_403_FORBIDDEN", Refusal::Forbidden),
    ("UNAUTHORIZED", Refusal::Unauthorized),
    ("FORBIDDEN", Refusal::Forbidden),
    ("UNAUTHENTICATED", Refusal::Unauthorized),
    ("PERMISSION_DENIED", Refusal::Forbidden),
    ("PermissionError", Refusal::Forbidden),
    ("redirect", Refusal::Redirect),
    ("HttpResponseRedirect", Refusal::Redirect),
    ("RedirectResponse", Refusal::Redirect),
    ("HTTPFound", Refusal::Redirect),
    ("HTTPSeeOther", Refusal::Redirect),
    ("HTTPTemporaryRedirect", Refusal::Redirect),
    ("HTTPRedirect", Refusal::Redirect),
];

/// Attributes of a user that say no more than that there is one.
const PRESENCE: &[&str] = &[
    "is_authenticated",
    "is_anonymous",
    "is_active",
    "user",
    "session",
    "authorization",
    "current_user",
    "auth",
    "headers",
    "cookies",
    "META",
    "get",
    "state",
];

/// Parts of one condition.
const MAX_PARTS: usize = 64;

/// A function that is looked through.
struct Walk {
    at: ModuleId,
    /// The closure that names of the functions around are looked up in.
    closure: Option<V>,
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
}

/// What a function proves that runs before the handler: a hook, a dependency, a helper that raises.
pub fn of_function(world: &mut World<'_>, at: ModuleId, function: FunctionId, calls: u32) -> Proof {
    walk(world, at, function, None, calls, false, false)
}

/// What a function proves whose answer nobody looks at: only by what it raises.
pub fn of_raising(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    walk(world, at, function, None, 0, true, false)
}

/// How a value that is raised, returned or called refuses.
pub fn of_value(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Refusal> {
    refusal(world, at, expr, 0)
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
            let inner = walk(world, module, function, Some(closure), 0, false, false);
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

/// What a method proves that answers whether a request may go on.
pub fn of_answer(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    let module = world.machine.project.module(at);
    let walk = Walk {
        at,
        closure: None,
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
    };
    let mut proof: Option<Proof> = None;
    for value in &module[function].return_values {
        let one = match module[*value] {
            Expr::Bool(false) | Expr::None => continue,
            // `return super().has_permission(...)` and the like are not looked into.
            _ if depends(world, at, *value) => {
                walk.proof_of(world, Refusal::Forbidden, &[(*value, true)])
            }
            // A plain `True` after conditions on the user: those decide.
            Expr::Bool(true) => {
                let tests: Vec<(ExprId, bool)> = module
                    .stmts()
                    .filter_map(|(_, stmt)| match *stmt {
                        Stmt::If { test, .. }
                            if module[function]
                                .range
                                .contains_range(module.expr_range(test)) =>
                        {
                            Some((test, true))
                        }
                        _ => None,
                    })
                    .collect();
                let mut deciding = Vec::new();
                for test in tests {
                    if depends(world, at, test.0) {
                        deciding.push(test);
                    }
                }
                if deciding.is_empty() {
                    Proof::Public
                } else {
                    walk.proof_of(world, Refusal::Forbidden, &deciding)
                }
            }
            _ => Proof::Unknown,
        };
        proof = Some(match proof {
            None => one,
            Some(known) => known.or(one),
        });
    }
    proof.unwrap_or(Proof::Unknown)
}

/// Whether a function looks at the method of the request.
pub fn asks_for_method(world: &World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let module = world.machine.project.module(at);
    let range = module[function].range;
    module.exprs().any(|(id, expr)| {
        range.contains_range(module.expr_range(id))
            && match *expr {
                Expr::Attribute { attr, .. } => matches!(attr.as_str(), "method" | "SAFE_METHODS"),
                Expr::Name { def, .. } => {
                    module[module[def].scope].slots[module[def].slot.index()]
                        .name
                        .as_str()
                        == "SAFE_METHODS"
                }
                _ => false,
            }
    })
}

/// What the body of a handler checks of every request.
pub fn of_body(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    walk(world, at, function, None, 0, false, true)
}

fn walk(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    closure: Option<V>,
    calls: u32,
    raises_only: bool,
    strict: bool,
) -> Proof {
    let memo = (at, function, raises_only, strict);
    if closure.is_none()
        && let Some((known, looks)) = world.proofs().get(&memo).cloned()
    {
        world.looks |= looks;
        return known;
    }
    world.proofs().insert(memo, (Proof::Nothing, false));
    let outer = std::mem::replace(&mut world.looks, false);
    let mut walk = Walk {
        at,
        closure,
        tests: Vec::new(),
        passed: Vec::new(),
        tried: Vec::new(),
        raises_only,
        strict,
        calls,
        blocks: 0,
        proof: Proof::Nothing,
        of_shown: Proof::Nothing,
        unclear: false,
    };
    let body = world.machine.project.module(at)[function].body;
    walk.block(world, body);
    // Whoever shows no credentials meets only what is asked of everybody.
    let proof = match walk.proof {
        Proof::Guard { .. } if walk.unclear => Proof::Unknown,
        guard @ Proof::Guard { .. } => guard.and(walk.of_shown),
        proof => proof,
    };
    let looks = world.looks;
    world.proofs().insert(memo, (proof.clone(), looks));
    world.looks |= outer;
    proof
}

impl Walk {
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
                    self.refuses(world, exception.get());
                    left = true;
                }
                Stmt::Return(value) => {
                    if let Some(value) = value {
                        if !self.raises_only {
                            self.refuses(world, value.get());
                        }
                        self.called(world, value.get());
                    }
                    left = true;
                }
                Stmt::Expr(value) | Stmt::Assign { value, .. } => {
                    self.refuses_by_call(world, value);
                    self.called(world, value);
                }
                Stmt::If {
                    test, body, orelse, ..
                } => {
                    self.called(world, test);
                    if self.strict && !self.tests.is_empty() {
                        continue;
                    }
                    match self.decided(world, test) {
                        Some(truth) => {
                            left = self.block(world, if truth { body } else { orelse });
                        }
                        None => left = self.branches(world, test, body, orelse),
                    }
                }
                Stmt::Assert { test, .. } => self.called(world, test),
                Stmt::With { body, context, .. } => {
                    self.called(world, context);
                    left = self.block(world, body);
                }
                Stmt::Try {
                    body,
                    handlers,
                    orelse,
                    finalbody,
                } => {
                    self.block(world, body);
                    for handler in module.handlers(handlers) {
                        self.tried.push(body);
                        self.block(world, handler.body);
                        self.tried.pop();
                    }
                    self.block(world, orelse);
                    self.block(world, finalbody);
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
        if !looks(world, self.at, test) {
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
        if matches!(last, Some(Stmt::Return(_) | Stmt::Raise { .. })) {
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
        let refuses = |name: &str| matches!(name, "abort" | "send_error" | "set_status");
        let called = match module[func] {
            Expr::Attribute { attr, .. } => refuses(attr.as_str()),
            _ => world
                .machine
                .evaluator
                .dotted(self.at, func)
                .is_some_and(|path| refuses(last(path.as_str()))),
        };
        if called {
            self.refuses(world, value);
        }
    }

    /// Calls made on the way: guards of libraries, and functions of the project that refuse.
    fn called(&mut self, world: &mut World<'_>, value: ExprId) {
        // Only what every request runs through.
        if !self.tests.is_empty() || !self.tried.is_empty() || self.calls >= MAX_DEPTH {
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
                for callee in world.machine.evaluator.eval(self.at, func) {
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
                            let proof =
                                walk(world, at, function, None, self.calls + 1, true, self.strict);
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

    /// A value that is raised or returned: a refusal that depends on who asks makes a guard.
    fn refuses(&mut self, world: &mut World<'_>, value: ExprId) {
        let Some(refusal) = refusal(world, self.at, value, 0) else {
            return;
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
        }
        if deciding.is_none()
            && let Some(tried) = self.tried.last().copied()
            && tries_identity(world, self.at, tried)
        {
            deciding = Some(Vec::new());
        }
        let Some(tests) = deciding else {
            return;
        };
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

    /// What conditions ask for.
    fn proof_of(&self, world: &mut World<'_>, refusal: Refusal, tests: &[(ExprId, bool)]) -> Proof {
        let module = world.machine.project.module(self.at);
        let mut texts: Vec<String> = Vec::new();
        let mut attributes: Vec<String> = Vec::new();
        let mut object = false;
        let mut closure_used = false;
        for (test, _) in tests {
            if !depends(world, self.at, *test) {
                continue;
            }
            let mut waiting = vec![*test];
            let mut left = 128;
            while let Some(expr) = waiting.pop() {
                left -= 1;
                if left == 0 {
                    break;
                }
                // Names of endpoints and beginnings of paths are no names of roles.
                let plain = !matches!(module[expr], Expr::Logic { .. } | Expr::Unary { .. });
                if plain && looks(world, self.at, expr) {
                    continue;
                }
                match module[expr] {
                    Expr::Compare { op, left, right } => {
                        if matches!(op, CmpOp::Eq | CmpOp::NotEq)
                            && self.is_of_object(world, left, right)
                        {
                            object = true;
                        }
                        // `"key" not in session` asks whether there is one at all.
                        if matches!(op, CmpOp::In | CmpOp::NotIn) {
                            let of_user = matches!(module[right], Expr::Attribute { attr, .. }
                                if !PRESENCE.contains(&attr.as_str()));
                            if depends(world, self.at, right) && !of_user {
                                continue;
                            }
                            if let Some(constant) = world.machine.evaluator.constant(self.at, right)
                            {
                                collect(&constant, &mut texts);
                            }
                        }
                    }
                    Expr::Str(text) => texts.push(module.str(text).to_owned()),
                    Expr::Name { def, .. } => {
                        if let DefKind::Entry = module[def].kind
                            && let Some(closure) = self.closure
                        {
                            let name =
                                module[module[def].scope].slots[module[def].slot.index()].name;
                            if let Some(v) = world.machine.around(closure, name)
                                && let Some(found) = world.text_list(v)
                            {
                                texts.extend(found);
                                closure_used = true;
                            }
                        }
                    }
                    Expr::Attribute { value, attr } => {
                        // `self.roles` of an object that guards.
                        if let Expr::Name { def, .. } = module[value]
                            && let DefKind::Param(0) = module[def].kind
                            && let Some(closure) = self.closure
                            && let Value::Method { receiver, .. } = *world.machine.get(closure)
                        {
                            let v = world.machine.attribute(receiver, attr);
                            if let Some(found) = world.text_list(v) {
                                texts.extend(found);
                                closure_used = true;
                            }
                            continue;
                        }
                        if !PRESENCE.contains(&attr.as_str()) {
                            attributes.push(attr.as_str().to_owned());
                        }
                    }
                    // The key under which something lies is no name of a role.
                    Expr::Subscript { value, .. } => {
                        waiting.push(value);
                        continue;
                    }
                    Expr::Call { func, args } => {
                        let lookup = matches!(module[func], Expr::Attribute { attr, .. } if attr.as_str() == "get");
                        if lookup {
                            waiting.push(func);
                            continue;
                        }
                        let _ = args;
                    }
                    _ => {}
                }
                children(module, expr, |child| waiting.push(child));
            }
        }
        if refusal != Refusal::Forbidden && !closure_used {
            return Proof::of(Level::Authenticated);
        }
        texts.sort();
        texts.dedup();
        if object {
            return Proof::Guard {
                level: Level::Object,
                roles: Vec::new(),
                permissions: Vec::new(),
            };
        }
        let of_roles = attributes
            .iter()
            .any(|attribute| attribute.contains("role") || attribute.contains("group"));
        if texts.is_empty() {
            attributes.sort();
            attributes.dedup();
            // `user.is_admin`: the attribute is what is asked for.
            let flags: Vec<String> = attributes
                .into_iter()
                .filter(|attribute| attribute.starts_with("is_") || attribute.starts_with("can_"))
                .collect();
            if flags.is_empty() {
                return Proof::of(
                    if refusal == Refusal::Forbidden && !tests.is_empty() && of_roles {
                        Level::Permission
                    } else {
                        Level::Authenticated
                    },
                );
            }
            texts = flags;
        }
        let (roles, permissions) = if of_roles {
            (texts, Vec::new())
        } else {
            (Vec::new(), texts)
        };
        Proof::Guard {
            level: Level::Permission,
            roles,
            permissions,
        }
    }

    /// Whether a comparison is of the user and something of the object at hand: `note.owner_id == user.id`.
    fn is_of_object(&self, world: &mut World<'_>, left: ExprId, right: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let (of_left, of_right) = (
            depends(world, self.at, left),
            depends(world, self.at, right),
        );
        let other = match (of_left, of_right) {
            (true, false) => right,
            (false, true) => left,
            _ => return false,
        };
        let Expr::Attribute { value, .. } = module[other] else {
            return false;
        };
        matches!(module[value], Expr::Name { def, .. }
            if matches!(module[def].kind, DefKind::Param(_) | DefKind::Value(_) | DefKind::Phi(_)))
    }
}

fn collect(constant: &hognose_python::Constant, texts: &mut Vec<String>) {
    match constant {
        hognose_python::Constant::Str(text) => texts.push(text.clone()),
        hognose_python::Constant::Seq(items) => {
            for item in items {
                collect(item, texts);
            }
        }
        _ => {}
    }
}

/// Whether a condition holds when nobody is logged in.
fn asks_for_absence(module: &Module, test: ExprId) -> bool {
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

/// Whether a condition on who asks holds for whoever shows nothing; `None` where it cannot be told.
fn for_nobody(world: &mut World<'_>, at: ModuleId, test: ExprId, depth: u32) -> Option<bool> {
    if depth >= MAX_BLOCKS {
        return None;
    }
    let module = world.machine.project.module(at);
    let mut inner = |expr| for_nobody(world, at, expr, depth + 1);
    match module[test] {
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
            (CmpOp::Is | CmpOp::Eq, Expr::None) => Some(true),
            (CmpOp::IsNot | CmpOp::NotEq, Expr::None) => Some(false),
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

/// Whether a block that may fail looks at who asks.
fn tries_identity(world: &mut World<'_>, at: ModuleId, block: Block) -> bool {
    let module = world.machine.project.module(at);
    module.block(block).iter().any(|stmt| match module[*stmt] {
        Stmt::Expr(value) | Stmt::Assign { value, .. } => depends(world, at, value),
        Stmt::Return(Some(value)) => depends(world, at, value.get()),
        _ => false,
    })
}

fn last(path: &str) -> &str {
    let path = path.trim_end_matches("()");
    path.rsplit('.').next().unwrap_or(path)
}

fn strip(module: &Module, expr: ExprId) -> ExprId {
    match module[expr] {
        Expr::Await(inner) => inner,
        _ => expr,
    }
}

/// How a value that is raised, returned or called refuses.
fn refusal(world: &mut World<'_>, at: ModuleId, expr: ExprId, depth: u32) -> Option<Refusal> {
    if depth > 4 {
        return None;
    }
    let module = world.machine.project.module(at);
    let expr = strip(module, expr);
    match module[expr] {
        Expr::Call { func, args } => {
            for argument in module.args(args) {
                if let Some(status) = status(world, at, argument.value) {
                    return Some(status);
                }
            }
            for value in world.machine.evaluator.eval(at, func) {
                match value {
                    Evaluated::External(path) => {
                        if let Some(found) = by_name(path.as_str()) {
                            return Some(found);
                        }
                    }
                    Evaluated::Class(home, class) => {
                        if let Some(found) = of_class(world, home, class) {
                            return Some(found);
                        }
                    }
                    // A helper that makes the answer.
                    Evaluated::Function(home, function) => {
                        let values = world.machine.project.module(home)[function]
                            .return_values
                            .clone();
                        if let [only] = values.as_slice()
                            && let Some(found) = refusal(world, home, *only, depth + 1)
                        {
                            return Some(found);
                        }
                    }
                    _ => {}
                }
            }
            None
        }
        Expr::Tuple(list) => module
            .list(list)
            .iter()
            .find_map(|element| status(world, at, *element)),
        Expr::Name { def, .. } => match module[def].kind {
            DefKind::Value(value) => refusal(world, at, value, depth + 1),
            DefKind::Entry => alias(world, at, expr)
                .into_iter()
                .find_map(|(at, value)| refusal(world, at, value, depth + 1)),
            _ => {
                let values = world.machine.evaluator.eval(at, expr);
                values.into_iter().find_map(|value| match value {
                    Evaluated::External(path) => by_name(path.as_str()),
                    Evaluated::Class(home, class) => of_class(world, home, class),
                    _ => None,
                })
            }
        }
        .or_else(|| {
            let values = world.machine.evaluator.eval(at, expr);
            values.into_iter().find_map(|value| match value {
                Evaluated::External(path) => by_name(path.as_str()),
                Evaluated::Class(home, class) => of_class(world, home, class),
                _ => None,
            })
        }),
        Expr::Attribute { .. } => {
            let path = world.machine.evaluator.dotted(at, expr)?;
            by_name(path.as_str())
        }
        _ => None,
    }
}

fn by_name(path: &str) -> Option<Refusal> {
    let name = last(path);
    REFUSALS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, refusal)| *refusal)
}

fn status(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Refusal> {
    let module = world.machine.project.module(at);
    match module[expr] {
        Expr::Int(401) => Some(Refusal::Unauthorized),
        Expr::Int(403) => Some(Refusal::Forbidden),
        Expr::Int(_) | Expr::Str(_) => None,
        Expr::Name { .. } => match world.machine.evaluator.constant(at, expr) {
            Some(hognose_python::Constant::Int(401)) => Some(Refusal::Unauthorized),
            Some(hognose_python::Constant::Int(403)) => Some(Refusal::Forbidden),
            _ => None,
        },
        Expr::Attribute { .. } => {
            let path = world.machine.evaluator.dotted(at, expr)?;
            by_name(path.as_str()).filter(|found| *found != Refusal::Redirect)
        }
        _ => None,
    }
}

/// An exception of the project: by its bases, or the status that its body gives.
fn of_class(world: &mut World<'_>, at: ModuleId, class: ClassId) -> Option<Refusal> {
    let order = world.machine.evaluator.mro(at, class);
    for ancestor in order.iter() {
        match *ancestor {
            ClassRef::External(path) => {
                if let Some(found) = by_name(path.as_str()) {
                    return Some(found);
                }
            }
            ClassRef::Project(at, class) => {
                let module = world.machine.project.module(at);
                for name in ["status_code", "code", "status", "http_status"] {
                    if let Some(slot) = module.slot(module[class].scope, Symbol::from(name))
                        && let DefKind::Value(value) = module[slot.exit].kind
                        && let Some(found) = status(world, at, value)
                    {
                        return Some(found);
                    }
                }
            }
        }
    }
    None
}

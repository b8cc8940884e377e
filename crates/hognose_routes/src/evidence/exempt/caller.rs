//! How a view knows who calls: by a cookie, which a browser sends along with whatever page asks it to, or by something
//! that only the caller himself can show.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::super::deeds::{Looked, Place, callees};
use crate::code::{any_inside, name_of};
use crate::guard;
use crate::world::{World, last};

/// Calls between a view or guard and what still speaks of how it knows its caller.
const MAX_DEPTH: u32 = 2;

/// Functions looked through for one view.
const MAX_FUNCTIONS: usize = 40;

/// Requests that are variables of a module.
const REQUESTS: &[&str] = &["flask.request", "quart.request"];

/// Users and sessions that are known by a cookie.
const BY_COOKIE: &[&str] = &[
    "flask_login.current_user",
    "flask_login.utils.current_user",
    "flask_user.current_user",
    "flask_security.current_user",
    "quart_auth.current_user",
    "flask.session",
    "quart.session",
];

/// What stands in the names of headers that a page of another site cannot make a browser send, or whose value tells of it.
const HEADERS: &[&str] = &[
    "auth",
    "token",
    "key",
    "secret",
    "signature",
    "origin",
    "referer",
    "requested",
];

/// What stands in the names of fields that carry what only the caller knows.
const FIELDS: &[&str] = &["token", "secret", "signature", "api_key", "apikey", "hmac"];

/// Functions that look for the token against forged requests by themselves.
const CHECKS: &[&str] = &[
    "csrf_protect",
    "validate_csrf",
    "requires_csrf_token",
    "protect",
];

/// Where a request holds what a page sent.
const SENT: &[&str] = &[
    "GET",
    "POST",
    "FILES",
    "body",
    "args",
    "form",
    "values",
    "files",
    "data",
    "json",
    "get_json",
    "query_params",
];

/// How a view knows who calls.
#[derive(Debug, Default)]
pub struct Caller {
    /// By a cookie, at these places or by a guard.
    pub by_cookie: bool,
    /// Where the code looks at a cookie, or what stands for it.
    pub places: Vec<Place>,
    /// By something that a browser does not send by itself.
    pub by_secret: bool,
}

impl Caller {
    /// What some functions, decorators and bases ask for.
    pub fn of(
        world: &mut World<'_>,
        looked: &mut Looked,
        asked: &[(ModuleId, FunctionId)],
    ) -> Self {
        let mut found = Self::default();
        let mut seen: FxHashSet<(ModuleId, FunctionId)> = FxHashSet::default();
        let mut waiting: Vec<(ModuleId, FunctionId, u32)> = asked
            .iter()
            .map(|(at, function)| (*at, *function, 0))
            .collect();
        while let Some((at, function, depth)) = waiting.pop() {
            if !seen.insert((at, function)) || seen.len() > MAX_FUNCTIONS {
                continue;
            }
            if depth == 0 {
                found.by_secret |= looked.of(world, at, function).asks_secret;
            }
            let range = world.machine.project.module(at)[function].range;
            for inner in found.within(world, at, range) {
                if depth < MAX_DEPTH {
                    waiting.push((inner.0, inner.1, depth + 1));
                }
            }
        }
        found
    }

    /// Takes in what a span of code looks at; gives the functions of the project that it calls or names as decorators.
    pub fn within(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        range: TextRange,
    ) -> Vec<(ModuleId, FunctionId)> {
        let graph = world.graph();
        let module = world.machine.project.module(at);
        let mut called = Vec::new();
        let inside: Vec<ExprId> = module
            .exprs()
            .map(|(id, _)| id)
            .filter(|id| range.contains_range(module.expr_range(*id)))
            .collect();
        for expr in inside {
            if is_cookie(world, at, expr) {
                self.by_cookie = true;
                self.places.push((at, module.expr_range(expr)));
            }
            self.by_secret |= is_secret(world, at, expr);
            if let Expr::Call { func, .. } = module[expr] {
                for callee in callees(&graph, world, at, expr, func) {
                    match callee {
                        hognose_python::callgraph::Callee::External(path) => {
                            self.library(path.as_str());
                        }
                        hognose_python::callgraph::Callee::Function(home, inner) => {
                            called.push((home, inner));
                        }
                        _ => {}
                    }
                }
            }
        }
        called
    }

    /// Takes in what a decorator asks for; gives the functions of the project that it is.
    pub fn decorator(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        decorator: ExprId,
    ) -> Vec<(ModuleId, FunctionId)> {
        let module = world.machine.project.module(at);
        let mut named = vec![decorator];
        if let Expr::Call { func, args } = module[decorator] {
            named.push(func);
            // `method_decorator(login_required, name="dispatch")`.
            for argument in module.args(args) {
                match module[argument.value] {
                    Expr::ListOf(list) | Expr::Tuple(list) => named.extend(module.list(list)),
                    _ => named.push(argument.value),
                }
            }
        }
        let mut found = Vec::new();
        for expr in named {
            for value in world.machine.evaluator.eval(at, expr) {
                match value {
                    Evaluated::External(path) => self.library(path.as_str()),
                    Evaluated::Function(home, function) => found.push((home, function)),
                    _ => {}
                }
            }
        }
        found
    }

    /// Takes in what a guard of a library asks for.
    pub fn library(&mut self, path: &str) {
        if guard::is_guard(path) {
            match guard::knows_by_cookie(path) {
                true => self.by_cookie = true,
                false => self.by_secret = true,
            }
        }
        self.by_secret |= CHECKS.contains(&last(path));
    }

    /// Whether a span holds something that stands for the cookie.
    pub fn is_within(&self, at: ModuleId, range: TextRange) -> bool {
        self.places
            .iter()
            .any(|(home, place)| *home == at && range.contains_range(*place))
    }
}

/// Whether an expression is the request of a view: a parameter of that name, `self.request`, or Flask's.
pub fn is_request(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    match module[expr] {
        Expr::Attribute { attr, .. } if attr.as_str() == "request" => true,
        Expr::Name { def, .. } => {
            let is_parameter =
                name_of(module, def).as_str() == "request" && guard::is_parameter(module, expr);
            is_parameter || is_one_of(world, at, expr, REQUESTS)
        }
        _ => is_one_of(world, at, expr, REQUESTS),
    }
}

/// Whether an expression is the session of whoever visits.
pub fn is_session(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    match world.machine.project.module(at)[expr] {
        Expr::Attribute { value, attr } if attr.as_str() == "session" => {
            is_request(world, at, value)
        }
        Expr::Name { .. } => guard::is_session(world, at, expr),
        _ => false,
    }
}

/// Whether an expression is made of what a page sends.
pub fn is_sent(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    any_inside(module, module.origin(expr), |inner| {
        matches!(module[inner], Expr::Attribute { value, attr }
            if SENT.contains(&attr.as_str()) && is_request(world, at, value))
    })
}

/// Whether an expression is a cookie, or what a framework knows by one.
fn is_cookie(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    match world.machine.project.module(at)[expr] {
        Expr::Attribute { value, attr } => match attr.as_str() {
            // What a project puts into the request of Flask may be known by anything.
            "user" => is_request(world, at, value) && !is_one_of(world, at, value, REQUESTS),
            "session" | "COOKIES" | "cookies" => is_request(world, at, value),
            "current_user" => is_one_of(world, at, expr, BY_COOKIE),
            _ => false,
        },
        Expr::Name { .. } => is_one_of(world, at, expr, BY_COOKIE),
        _ => false,
    }
}

/// Whether an expression is something that a browser does not send by itself: a header for credentials, or a field that
/// holds a token.
fn is_secret(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let (holder, key) = match module[expr] {
        Expr::Attribute { value, attr } if matches!(attr.as_str(), "authorization" | "auth") => {
            return is_request(world, at, value);
        }
        Expr::Subscript { value, index } => (value, index),
        Expr::Call { func, args } => match (&module[func], module.args(args).first()) {
            (Expr::Attribute { value, attr }, Some(key)) if attr.as_str() == "get" => {
                (*value, key.value)
            }
            _ => return false,
        },
        _ => return false,
    };
    let Expr::Attribute { value, attr } = module[module.origin(holder)] else {
        return false;
    };
    let words = match attr.as_str() {
        "headers" | "META" => HEADERS,
        name if SENT.contains(&name) => FIELDS,
        _ => return false,
    };
    if !is_request(world, at, value) {
        return false;
    }
    match module[key] {
        Expr::Str(text) => {
            let key = module.str(text).to_ascii_lowercase();
            words.iter().any(|word| key.contains(word))
        }
        // A name that is not known may be that of any header.
        _ => attr.as_str() == "headers" || attr.as_str() == "META",
    }
}

fn is_one_of(world: &mut World<'_>, at: ModuleId, expr: ExprId, paths: &[&str]) -> bool {
    let path = world.machine.evaluator.dotted(at, expr);
    path.is_some_and(|path| paths.contains(&path.as_str()))
}

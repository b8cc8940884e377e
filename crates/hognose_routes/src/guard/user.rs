//! Whether an expression depends on who asks: the user, the session, or credentials of the request.

mod given;
mod parameters;

use hognose_python::ir::*;
use hognose_python::{Symbol, Value as Evaluated};
use rustc_hash::FxHashSet;

pub use self::given::Given;
use self::parameters::{is_credential, is_shown};
use super::refusal::of_value as refusal;
use crate::code::{children, name_of};
use crate::world::{Target, World};

/// Expressions looked at for one question.
const MAX_LOOKED: usize = 600;

/// What libraries call the user, the session or credentials: access paths from which everything is one of them.
const IDENTITIES: &[&str] = &[
    "flask_login.current_user",
    "flask_login.utils.current_user",
    "flask_user.current_user",
    "cherrypy.session",
    "cherrypy.request.login",
    "flask_security.current_user",
    "flask_principal",
    "flask_jwt_extended",
    "flask.session",
    "flask.g",
    "quart.session",
    "quart.g",
    "quart_auth.current_user",
    "jwt.",
    "jose.",
    "authlib.",
    "itsdangerous.",
    "firebase_admin.auth",
    "starlette.authentication.has_required_scope",
    "hmac.compare_digest",
    "secrets.compare_digest",
];

/// Requests that are variables of a module.
const REQUESTS: &[&str] = &[
    "flask.request",
    "flask.globals.request",
    "quart.request",
    "bottle.request",
    "cherrypy.request",
];

/// Attributes of a request that tell who asks.
const OF_REQUEST: &[&str] = &[
    "user",
    "session",
    "auth",
    "authorization",
    "headers",
    "cookies",
    "META",
    "COOKIES",
    "state",
    "ctx",
    "current_user",
    "get_header",
    "get_cookie",
    "credentials",
    "token",
    "identity",
    "authenticated_userid",
    "has_permission",
    "invocation_metadata",
    "bearer_token",
];

/// What stands in the names of headers and cookies that carry credentials.
const CREDENTIAL_KEYS: &[&str] = &[
    "auth",
    "token",
    "key",
    "session",
    "user",
    "secret",
    "signature",
];

/// Whether an expression depends on who asks: the user, the session, or any header of the request.
pub fn depends(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    reaches(world, at, expr, false, 0)
}

/// Whether an expression tells who asks: the user, the session, or a header or cookie that carries credentials.
pub fn identifies(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    reaches(world, at, expr, true, 0)
}

/// The name under which something is taken from the headers or cookies of a request.
fn key_of<'m>(world: &mut World<'m>, at: ModuleId, expr: ExprId) -> Option<&'m str> {
    let module = world.machine.project.module(at);
    let (holder, key) = match module[expr] {
        Expr::Call { func, args } => match module[func] {
            Expr::Attribute { value, attr } => {
                let key = module.args(args).first()?.value;
                match attr.as_str() {
                    "get_header" | "get_cookie" | "get_signed_cookie" | "get_secure_cookie" => {
                        (None, key)
                    }
                    "get" => (Some(value), key),
                    _ => return None,
                }
            }
            _ => return None,
        },
        Expr::Subscript { value, index } => (Some(value), index),
        _ => return None,
    };
    if let Some(holder) = holder {
        let Expr::Attribute { value, attr } = module[holder] else {
            return None;
        };
        // `info.context["user"]` of a resolver holds what the application put there.
        let carries = matches!(
            attr.as_str(),
            "headers" | "META" | "cookies" | "COOKIES" | "context"
        );
        if !carries || !is_request(world, at, value) {
            return None;
        }
    }
    match module[key] {
        Expr::Str(text) => Some(module.str(text)),
        // A name that is not known may be that of any header.
        _ => Some("Authorization"),
    }
}

/// Names in a row that are followed to what a request shows.
const MAX_NAMES: usize = 16;

/// Whether an expression is what a request shows, such as a header or a key, not what is known of its owner.
pub(super) fn is_credential_itself(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let mut expr = expr;
    for _ in 0..MAX_NAMES {
        expr = module.origin(expr);
        if key_of(world, at, expr).is_some() {
            return true;
        }
        match module[expr] {
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Param(index) => {
                    let ScopeKind::Function(function) = module[module[def].scope].kind else {
                        return false;
                    };
                    let param = module[function].params.get(usize::from(index));
                    return param.is_some_and(|param| is_shown(world, at, param));
                }
                _ => return false,
            },
            // `bearer.credentials`.
            Expr::Attribute { value, attr } if attr.as_str() == "credentials" => expr = value,
            _ => return false,
        }
    }
    false
}

fn carries_credentials(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    CREDENTIAL_KEYS.iter().any(|part| key.contains(part))
}

/// Attributes of a request that hold what is no credential as well.
const MIXED: &[&str] = &["headers", "META", "cookies", "COOKIES", "state", "ctx"];

fn reaches(
    world: &mut World<'_>,
    at: ModuleId,
    expr: ExprId,
    identity: bool,
    nesting: u32,
) -> bool {
    let mut waiting = vec![(at, expr, 0u32)];
    let mut seen: FxHashSet<(ModuleId, ExprId)> = FxHashSet::default();
    while let Some((at, expr, depth)) = waiting.pop() {
        if seen.len() >= MAX_LOOKED || !seen.insert((at, expr)) {
            continue;
        }
        let module = world.machine.project.module(at);
        if let Some(key) = key_of(world, at, expr) {
            if carries_credentials(key) {
                return true;
            }
            if identity {
                continue;
            }
        }
        match module[expr] {
            Expr::Attribute { value, attr }
                if is_identity(world, at, expr)
                    || (!(identity && MIXED.contains(&attr.as_str()))
                        && OF_REQUEST.contains(&attr.as_str())
                        && is_request(world, at, value)) =>
            {
                return true;
            }
            Expr::Name { def, .. } => {
                if is_identity(world, at, expr) {
                    return true;
                }
                match module[def].kind {
                    DefKind::Param(index) => {
                        if let ScopeKind::Function(function) = module[module[def].scope].kind
                            && let Some(param) = module[function].params.get(usize::from(index))
                            && (world.given.iter().any(|(home, of, given, _)| {
                                (*home, *of) == (at, function) && given.has(index, identity)
                            }) || is_credential(world, at, param, identity, nesting))
                        {
                            return true;
                        }
                    }
                    DefKind::Value(value) => waiting.push((at, value, depth)),
                    DefKind::Phi(list) => {
                        for def in module.defs_list(list) {
                            if let DefKind::Value(value) = module[*def].kind {
                                waiting.push((at, value, depth));
                            }
                        }
                    }
                    DefKind::Entry | DefKind::ImportFrom { .. } if depth < 3 => {
                        let stands = proxied(world, at, expr);
                        waiting
                            .extend(stands.into_iter().map(|(at, value)| (at, value, depth + 1)));
                    }
                    _ => {}
                }
            }
            Expr::Call { func, .. } if depth < 3 => {
                for value in callees(world, at, func) {
                    if let Evaluated::Function(home, function) = value {
                        let data = &world.machine.project.module(home)[function];
                        for value in &data.return_values {
                            waiting.push((home, *value, depth + 1));
                        }
                        // It answers yes or no, or nothing or a refusal: what it asks decides.
                        let answers = !data.return_values.is_empty()
                            && data.return_values.iter().all(|value| {
                                let answer = &world.machine.project.module(home)[*value];
                                matches!(answer, Expr::Bool(_) | Expr::None)
                                    || refusal(world, home, *value).is_some()
                            });
                        if answers {
                            let home_module = world.machine.project.module(home);
                            for (_, stmt) in home_module.stmts() {
                                if let Stmt::If { test, .. } = *stmt
                                    && data.range.contains_range(home_module.expr_range(test))
                                {
                                    waiting.push((home, test, depth + 1));
                                }
                            }
                        }
                    }
                }
            }
            _ => {}
        }
        children(module, expr, |child| waiting.push((at, child, depth)));
    }
    false
}

/// What a call runs: of a known object, the method as its class has it.
fn callees(world: &mut World<'_>, at: ModuleId, func: ExprId) -> Vec<Evaluated> {
    let module = world.machine.project.module(at);
    if let Expr::Attribute { value, attr } = module[func]
        && let Expr::Name { def, .. } = module[value]
        && let DefKind::Param(0) = module[def].kind
        && let ScopeKind::Function(function) = module[module[def].scope].kind
        && let Some(receiver) = world
            .given
            .iter()
            .rev()
            .find_map(|(home, of, _, receiver)| receiver.filter(|_| (*home, *of) == (at, function)))
    {
        let v = world.machine.attribute(receiver, attr);
        if let Target::Function(at, function) = world.handler(v).target {
            return vec![Evaluated::Function(at, function)];
        }
    }
    world.machine.evaluator.eval(at, func).into_iter().collect()
}

/// What a proxy of the project stands for: `current_user = LocalProxy(lambda: find_user())`.
fn proxied(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Vec<(ModuleId, ExprId)> {
    let mut found = Vec::new();
    for (home, value) in alias(world, at, expr) {
        let module = world.machine.project.module(home);
        let Expr::Call { func, args } = module[value] else {
            continue;
        };
        let Some(given) = module.args(args).first() else {
            continue;
        };
        let path = world.machine.evaluator.dotted(home, func);
        if !path.is_some_and(|path| path.as_str().ends_with("LocalProxy")) {
            continue;
        }
        for makes in world.machine.evaluator.eval(home, given.value) {
            if let Evaluated::Function(at, function) = makes {
                let answers = &world.machine.project.module(at)[function].return_values;
                found.extend(answers.iter().map(|answer| (at, *answer)));
            }
        }
    }
    found
}

fn is_identity(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    world
        .machine
        .evaluator
        .dotted(at, expr)
        .is_some_and(|path| {
            let path = path.as_str();
            IDENTITIES.iter().any(|identity| path.starts_with(identity))
        })
}

/// Whether an expression is the request: a variable of the framework, a parameter that it fills, or `self.request`.
pub fn is_request(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    if let Some(path) = world.machine.evaluator.dotted(at, expr)
        && REQUESTS.iter().any(|request| path.as_str() == *request)
    {
        return true;
    }
    match module[expr] {
        Expr::Name { .. } if is_parameter(module, expr) => true,
        Expr::Name { def, .. } => match module[def].kind {
            DefKind::Value(value) => {
                matches!(
                    module[value],
                    Expr::Subscript { .. } | Expr::Attribute { .. }
                ) && is_request(world, at, value)
            }
            _ => false,
        },
        Expr::Attribute { attr, .. } => matches!(attr.as_str(), "request" | "req" | "context"),
        // `info.context["request"]`.
        Expr::Subscript { index, .. } if matches!(module[index], Expr::Str(key) if module.str(key) == "request") => {
            true
        }
        // `args[0]` of a wrapper.
        Expr::Subscript { value, .. } => match module[value] {
            Expr::Name { def, .. } => matches!(module[def].kind, DefKind::Param(_)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether an expression is the session.
pub fn is_session(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    match world.machine.project.module(at)[expr] {
        Expr::Attribute { value, attr } if attr.as_str() == "session" => {
            is_request(world, at, value)
        }
        Expr::Name { .. } => world
            .machine
            .evaluator
            .dotted(at, expr)
            .is_some_and(|path| matches!(path.as_str(), "flask.session" | "quart.session")),
        _ => false,
    }
}

/// Whether an expression is a parameter of its function, or of one around it.
pub fn is_parameter(module: &Module, expr: ExprId) -> bool {
    let Expr::Name { def, .. } = module[expr] else {
        return false;
    };
    match module[def].kind {
        DefKind::Param(_) => true,
        DefKind::Entry => {
            let name = name_of(module, def);
            let mut around = module[module[def].scope].parent;
            while let Some(scope) = around {
                if let Some(slot) = module.slot(scope, name) {
                    return slot
                        .defs
                        .iter()
                        .any(|def| matches!(module[*def].kind, DefKind::Param(_)));
                }
                around = module[scope].parent;
            }
            false
        }
        _ => false,
    }
}

/// The expression that a name stands for, in whichever module it is bound.
pub fn alias(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Vec<(ModuleId, ExprId)> {
    let module = world.machine.project.module(at);
    let Expr::Name { def, .. } = module[expr] else {
        return Vec::new();
    };
    let name = name_of(module, def);
    bound(world, at, name, 0)
}

fn bound(world: &World<'_>, at: ModuleId, name: Symbol, depth: u32) -> Vec<(ModuleId, ExprId)> {
    let module = world.machine.project.module(at);
    let Some(slot) = module.slot(Module::TOP, name) else {
        return Vec::new();
    };
    match module[slot.exit].kind {
        DefKind::Value(value) => vec![(at, value)],
        DefKind::ImportFrom { module: from, name } if depth < 4 => {
            match world.machine.project.find(from, at) {
                hognose_python::Found::Module(id) => bound(world, id, name, depth + 1),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

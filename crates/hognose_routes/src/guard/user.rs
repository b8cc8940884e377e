//! Whether an expression depends on who asks: the user, the session, or credentials of the request.

use hognose_python::ir::*;
use hognose_python::{Symbol, Value as Evaluated};
use rustc_hash::FxHashSet;

use crate::world::World;

/// Expressions looked at for one question.
const MAX_LOOKED: usize = 600;

/// What libraries call the user, the session or credentials: access paths from which everything is one of them.
const IDENTITIES: &[&str] = &[
    "flask_login.current_user",
    "flask_login.utils.current_user",
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
    "hmac.compare_digest",
    "secrets.compare_digest",
    "django.contrib.auth.authenticate",
];

/// Requests that are variables of a module.
const REQUESTS: &[&str] = &[
    "flask.request",
    "flask.globals.request",
    "quart.request",
    "bottle.request",
    "cherrypy.request",
    "cherrypy.session",
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
    "identity",
    "authenticated_userid",
    "has_permission",
    "invocation_metadata",
];

/// Parameters that the framework fills from credentials, by what their default or annotation calls.
const PARAMETERS: &[&str] = &["Depends", "Security", "Header", "Cookie"];

/// Whether an expression depends on who asks.
pub fn depends(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let mut waiting = vec![(at, expr, 0u32)];
    let mut seen: FxHashSet<(ModuleId, ExprId)> = FxHashSet::default();
    while let Some((at, expr, depth)) = waiting.pop() {
        if seen.len() >= MAX_LOOKED || !seen.insert((at, expr)) {
            continue;
        }
        let module = world.machine.project.module(at);
        match module[expr] {
            Expr::Attribute { value, attr }
                if is_identity(world, at, expr)
                    || (OF_REQUEST.contains(&attr.as_str()) && is_request(world, at, value)) =>
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
                            && is_credential(world, at, param)
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
                    _ => {}
                }
            }
            Expr::Call { func, .. } if depth < 3 => {
                for value in world.machine.evaluator.eval(at, func) {
                    if let Evaluated::Function(home, function) = value {
                        let data = &world.machine.project.module(home)[function];
                        for value in &data.return_values {
                            waiting.push((home, *value, depth + 1));
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
            let name = module[module[def].scope].slots[module[def].slot.index()].name;
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

/// Whether the framework fills a parameter from credentials.
fn is_credential(world: &mut World<'_>, at: ModuleId, param: &Param) -> bool {
    let mut waiting: Vec<(ModuleId, ExprId)> = param
        .default
        .iter()
        .chain(&param.annotation)
        .map(|expr| (at, *expr))
        .collect();
    let mut left = 32;
    while let Some((at, expr)) = waiting.pop() {
        left -= 1;
        if left == 0 {
            return false;
        }
        let module = world.machine.project.module(at);
        match module[expr] {
            Expr::Call { func, .. } => {
                let path = world.machine.evaluator.dotted(at, func);
                if path.is_some_and(|path| {
                    let path = path.as_str();
                    PARAMETERS.contains(&path.rsplit('.').next().unwrap_or(path))
                }) {
                    return true;
                }
            }
            Expr::Subscript { index, .. } => match module[index] {
                Expr::Tuple(list) => waiting.extend(module.list(list).iter().map(|e| (at, *e))),
                _ => waiting.push((at, index)),
            },
            Expr::Name { .. } | Expr::Attribute { .. } => {
                // An alias of an annotation.
                for value in alias(world, at, expr) {
                    waiting.push(value);
                }
            }
            _ => {}
        }
    }
    false
}

/// The expression that a name stands for, in whichever module it is bound.
pub fn alias(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Vec<(ModuleId, ExprId)> {
    let module = world.machine.project.module(at);
    let Expr::Name { def, .. } = module[expr] else {
        return Vec::new();
    };
    let name = module[module[def].scope].slots[module[def].slot.index()].name;
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

/// The expressions directly inside of one.
pub fn children(module: &Module, expr: ExprId, mut each: impl FnMut(ExprId)) {
    match module[expr] {
        Expr::Attribute { value, .. }
        | Expr::Starred(value)
        | Expr::Await(value)
        | Expr::YieldFrom(value)
        | Expr::Named { value, .. }
        | Expr::Formatted { value, .. }
        | Expr::Unary { operand: value, .. }
        | Expr::Element { of: value, .. }
        | Expr::Rest { of: value, .. }
        | Expr::Iterate { of: value, .. }
        | Expr::Enter { of: value, .. }
        | Expr::Part(value) => each(value),
        Expr::Subscript { value, index } => {
            each(value);
            each(index);
        }
        Expr::Call { func, args } => {
            each(func);
            for argument in module.args(args) {
                each(argument.value);
            }
        }
        Expr::Binary { left, right, .. }
        | Expr::InPlace { left, right, .. }
        | Expr::Compare { left, right, .. } => {
            each(left);
            each(right);
        }
        Expr::Logic { values: list, .. }
        | Expr::Tuple(list)
        | Expr::ListOf(list)
        | Expr::SetOf(list)
        | Expr::FString(list) => {
            for element in module.list(list) {
                each(*element);
            }
        }
        Expr::Conditional { test, body, orelse } => {
            each(test);
            each(body);
            each(orelse);
        }
        Expr::Dict(list) => {
            for (key, value) in module.dict(list) {
                if let Some(key) = key {
                    each(key.get());
                }
                each(*value);
            }
        }
        Expr::Comprehension(id) => {
            let data = &module[id];
            each(data.element);
            for generator in &data.generators {
                each(generator.iter);
                for condition in &generator.conditions {
                    each(*condition);
                }
            }
        }
        _ => {}
    }
}

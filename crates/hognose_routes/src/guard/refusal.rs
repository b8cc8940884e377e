//! How a function turns a request away.

use hognose_python::ir::*;
use hognose_python::{ClassRef, Symbol, Value as Evaluated};

use super::user::alias;
use crate::code::method;
use crate::world::{Target, World, last};

/// How a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is logged in.
    Unauthorized,
    /// Whoever is may not.
    Forbidden,
    /// Sent elsewhere.
    Redirect,
    /// By something that says no more than that it goes no further.
    Other,
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
    ("handle_no_permission", Refusal::Unauthorized),
    ("permission_denied", Refusal::Forbidden),
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

pub(super) fn strip(module: &Module, expr: ExprId) -> ExprId {
    match module[expr] {
        Expr::Await(inner) => inner,
        _ => expr,
    }
}

/// Exceptions that tell of a mistake in the program.
const MISTAKES: &[&str] = &[
    "TypeError",
    "NotImplementedError",
    "AssertionError",
    "AttributeError",
    "ImportError",
    "RuntimeError",
    "ImproperlyConfigured",
];

/// Whether an exception that is raised tells of a mistake in the program, not of the request.
pub(super) fn is_mistake(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let class = match module[expr] {
        Expr::Call { func, .. } => func,
        _ => expr,
    };
    world
        .machine
        .evaluator
        .dotted(at, class)
        .is_some_and(|path| MISTAKES.contains(&last(path.as_str())))
}

/// Exceptions that all refusals of some library are.
const OF_ALL: &[&str] = &[
    "Exception",
    "BaseException",
    "HTTPException",
    "APIException",
    "HTTPError",
];

/// Whether an `except` of some types may catch a refusal.
pub(super) fn catches_refusals(world: &mut World<'_>, at: ModuleId, types: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let types = match module[types] {
        Expr::Tuple(list) => module.list(list).to_vec(),
        _ => vec![types],
    };
    types.into_iter().any(|class| {
        let values = world.machine.evaluator.eval(at, class);
        let harmless = |value: &Evaluated| {
            matches!(value, Evaluated::External(path)
                if by_name(path.as_str()).is_none() && !OF_ALL.contains(&last(path.as_str())))
        };
        values.is_empty() || !values.iter().all(harmless)
    })
}

/// How a value that is raised, returned or called refuses.
pub fn of_value(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Refusal> {
    refusal(world, at, expr, 0)
}

/// The same, of a value that so many others stand around.
pub(super) fn refusal(
    world: &mut World<'_>,
    at: ModuleId,
    expr: ExprId,
    depth: u32,
) -> Option<Refusal> {
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
            if let Expr::Attribute { attr, .. } = module[func]
                && attr.as_str() == "close"
                && let Some(found) = closing(world, at, args)
            {
                return Some(found);
            }
            // Methods that views inherit for it.
            if let Expr::Attribute { attr, .. } = module[func]
                && matches!(
                    attr.as_str(),
                    "handle_no_permission" | "permission_denied" | "redirect"
                )
            {
                return by_name(attr.as_str());
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
                        if let Some(found) = of_answers(world, home, function, depth) {
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
            DefKind::Value(value) => {
                marked(world, at, def).or_else(|| refusal(world, at, value, depth + 1))
            }
            DefKind::Entry => alias(world, at, expr)
                .into_iter()
                .find_map(|(at, value)| refusal(world, at, value, depth + 1)),
            _ => None,
        }
        .or_else(|| of_name(world, at, expr)),
        Expr::Attribute { value, attr } => {
            let path = world.machine.evaluator.dotted(at, expr);
            path.and_then(|path| by_name(path.as_str()))
                .or_else(|| of_name(world, at, expr))
                .or_else(|| of_property(world, at, value, attr, depth))
        }
        _ => None,
    }
}

/// How an exception refuses that is raised by its name: `raise Denied`, `raise errors.Denied`.
fn of_name(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Refusal> {
    let values = world.machine.evaluator.eval(at, expr);
    values.into_iter().find_map(|value| match value {
        Evaluated::External(path) => by_name(path.as_str()),
        Evaluated::Class(home, class) => of_class(world, home, class),
        _ => None,
    })
}

/// How a property of an object of the project refuses: `return answers.no_token`.
fn of_property(
    world: &mut World<'_>,
    at: ModuleId,
    object: ExprId,
    attr: Symbol,
    depth: u32,
) -> Option<Refusal> {
    for (home, made) in alias(world, at, object) {
        let Expr::Call { func, .. } = world.machine.project.module(home)[made] else {
            continue;
        };
        for value in world.machine.evaluator.eval(home, func) {
            if let Evaluated::Class(home, class) = value
                && let Some(member) = world.machine.own_member(home, class, attr)
                && let Target::Function(at, function) = world.handler(member).target
            {
                return of_answers(world, at, function, depth);
            }
        }
    }
    None
}

/// Answers of a helper that are looked at.
const MAX_ANSWERS: usize = 16;

/// How a helper refuses that answers nothing, or a refusal.
fn of_answers(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    depth: u32,
) -> Option<Refusal> {
    let module = world.machine.project.module(at);
    let answers: Vec<ExprId> = module[function]
        .return_values
        .iter()
        .copied()
        .filter(|value| !matches!(module[*value], Expr::None))
        .take(MAX_ANSWERS)
        .collect();
    let mut found = None;
    for answer in answers {
        found = Some(refusal(world, at, answer, depth + 1)?);
    }
    found
}

/// How a response refuses that is given its status after it was made: `response.status_code = 401`.
fn marked(world: &mut World<'_>, at: ModuleId, def: DefId) -> Option<Refusal> {
    let module = world.machine.project.module(at);
    let stores = module.attribute_stores.iter();
    let values: Vec<ExprId> = stores
        .filter(|store| {
            matches!(store.attr.as_str(), "status_code" | "status")
                && matches!(module[store.object], Expr::Name { def: of, .. } if of == def)
        })
        .map(|store| store.value)
        .collect();
    values
        .into_iter()
        .find_map(|value| status(world, at, value))
}

/// Codes with which a WebSocket is closed to turn somebody away: of the protocol, of the registry, and private ones after
/// the status of HTTP.
const CLOSING: &[(i64, Refusal)] = &[
    (1008, Refusal::Other),
    (3000, Refusal::Unauthorized),
    (3003, Refusal::Forbidden),
    (4401, Refusal::Unauthorized),
    (4403, Refusal::Forbidden),
];

/// How closing a WebSocket refuses.
fn closing(world: &mut World<'_>, at: ModuleId, args: List) -> Option<Refusal> {
    let code = world.machine.project.module(at).args(args).first()?.value;
    match world.machine.evaluator.constant(at, code) {
        Some(hognose_python::Constant::Int(code)) => CLOSING
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, refusal)| *refusal),
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
                for name in STATUS {
                    if let Some(slot) = module.slot(module[class].scope, Symbol::from(*name))
                        && let DefKind::Value(value) = module[slot.exit].kind
                        && let Some(found) = status(world, at, value)
                    {
                        return Some(found);
                    }
                }
            }
        }
    }
    of_constructor(world, at, class)
}

/// Attributes of an exception or a response that hold its status.
const STATUS: &[&str] = &["status_code", "code", "status", "http_status"];

/// How an answer of the project refuses whose constructor says its status, of itself or to that of a base:
/// `super().__init__(message, status_code=401)`.
fn of_constructor(world: &mut World<'_>, at: ModuleId, class: ClassId) -> Option<Refusal> {
    let (at, function) = method(world, at, class, "__init__")?;
    let module = world.machine.project.module(at);
    let data = &module[function];
    let stores = module.attribute_stores.iter();
    let mut given: Vec<ExprId> = stores
        .filter(|store| {
            STATUS.contains(&store.attr.as_str())
                && data.range.contains_range(module.expr_range(store.value))
        })
        .map(|store| store.value)
        .collect();
    for stmt in module.block(data.body) {
        if let Stmt::Expr(value) = module[*stmt]
            && let Expr::Call { func, args } = module[value]
            && matches!(module[func], Expr::Attribute { attr, .. } if attr.as_str() == "__init__")
        {
            given.extend(module.args(args).iter().map(|argument| argument.value));
        }
    }
    given.into_iter().find_map(|value| {
        let default = match module[value] {
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Param(index) => data.params.get(usize::from(index))?.default?,
                _ => value,
            },
            _ => value,
        };
        status(world, at, default)
    })
}

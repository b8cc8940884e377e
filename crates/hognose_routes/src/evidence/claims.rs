//! A guard that believes what the caller says of himself: a role in a header or cookie, which anyone may send.

use hognose_python::Constant;
use hognose_python::ir::*;

use super::Evidence;
use crate::code::{any_inside, function_around};
use crate::guard;
use crate::world::World;

pub(super) const ROLE_FROM_REQUEST: &str = "role-from-request";

/// Changes of spelling followed from a comparison to where the value comes from.
const MAX_STEPS: usize = 6;

/// What the name of a header or cookie says that tells what its sender may do. A name alone is no evidence; that it is
/// compared with a plain word, and that the answer refuses, is.
const CLAIMS: &[&str] = &[
    "role",
    "admin",
    "staff",
    "superuser",
    "authenticated",
    "logged-in",
    "logged_in",
    "loggedin",
    "user-type",
    "user_type",
    "usertype",
    "privilege",
    "permission",
    "access-level",
    "access_level",
];

/// The longest word that is compared with: more is a secret.
const MAX_WORD: usize = 20;

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    for (at, module) in project.iter() {
        let text = module.text.as_str();
        if ![
            "headers",
            "cookies",
            "COOKIES",
            "META",
            "Header(",
            "Cookie(",
            "get_cookie",
            "get_header",
        ]
        .iter()
        .any(|word| text.contains(word))
        {
            continue;
        }
        let comparisons: Vec<(ExprId, ExprId, ExprId)> = module
            .exprs()
            .filter_map(|(id, expr)| match *expr {
                Expr::Compare {
                    op: CmpOp::Eq | CmpOp::NotEq | CmpOp::In | CmpOp::NotIn,
                    left,
                    right,
                } => Some((id, left, right)),
                _ => None,
            })
            .collect();
        for (id, left, right) in comparisons {
            let claim = match (claim(world, at, left), claim(world, at, right)) {
                (Some(name), _) => Some((name, right)),
                (None, Some(name)) => Some((name, left)),
                _ => None,
            };
            let Some(((kind, name), other)) = claim else {
                continue;
            };
            if !is_plain_word(world, at, other) || !decides_refusal(world, at, id) {
                continue;
            }
            let message = format!("whoever sends the {kind} `{name}` chooses what he may do");
            found.push(Evidence::new(
                ROLE_FROM_REQUEST,
                at,
                module.expr_range(id),
                message,
            ));
        }
    }
}

/// The header or cookie that an expression reads, if its name claims a right.
fn claim(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<(&'static str, String)> {
    let module = world.machine.project.module(at);
    let mut expr = expr;
    for _ in 0..MAX_STEPS {
        expr = module.origin(expr);
        match module[expr] {
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Param(index) => return parameter(world, at, def, index),
                _ => return None,
            },
            Expr::Subscript { value, index } => {
                let key = world.machine.evaluator.constant(at, index)?;
                return read(world, at, value, key.text()?);
            }
            Expr::Call { func, args } => {
                let Expr::Attribute { value, attr } = module[func] else {
                    return None;
                };
                match attr.as_str() {
                    // What changes the spelling does not change who wrote it.
                    "lower" | "upper" | "strip" | "casefold" => expr = value,
                    "get" | "get_header" | "get_cookie" => {
                        let first = module.args(args).first()?;
                        let key = world.machine.evaluator.constant(at, first.value)?;
                        let key = key.text()?.to_owned();
                        return match attr.as_str() {
                            "get_header" if guard::is_request(world, at, value) => {
                                named("header", &key)
                            }
                            "get_cookie" if guard::is_request(world, at, value) => {
                                named("cookie", &key)
                            }
                            "get" => read(world, at, value, &key),
                            _ => None,
                        };
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    None
}

/// An entry of the headers or cookies of a request.
fn read(
    world: &mut World<'_>,
    at: ModuleId,
    of: ExprId,
    key: &str,
) -> Option<(&'static str, String)> {
    let Expr::Attribute { value, attr } = world.machine.project.module(at)[of] else {
        return None;
    };
    let kind = match attr.as_str() {
        "headers" => "header",
        "META" if key.starts_with("HTTP_") => "header",
        "cookies" | "COOKIES" => "cookie",
        _ => return None,
    };
    if !guard::is_request(world, at, value) {
        return None;
    }
    named(kind, key)
}

fn named(kind: &'static str, key: &str) -> Option<(&'static str, String)> {
    let plain = key.to_lowercase();
    let claims = CLAIMS.iter().any(|word| {
        plain
            .split(['-', '_'])
            .any(|part| part.trim_end_matches('s') == *word)
            || word.contains(['-', '_']) && plain.contains(word)
    });
    claims.then(|| (kind, key.to_owned()))
}

/// A parameter that FastAPI fills from a header or cookie.
fn parameter(
    world: &mut World<'_>,
    at: ModuleId,
    def: DefId,
    index: u16,
) -> Option<(&'static str, String)> {
    let module = world.machine.project.module(at);
    let ScopeKind::Function(function) = module[module[def].scope].kind else {
        return None;
    };
    let param = module[function].params.get(usize::from(index))?;
    let mut kind = None;
    for source in param.default.iter().chain(&param.annotation) {
        any_inside(module, *source, |expr| {
            if let Expr::Call { func, .. } = module[expr] {
                let path = world.machine.evaluator.dotted(at, func);
                kind = kind.or(match path.as_ref().map(|path| path.as_str()) {
                    Some("fastapi.Header" | "fastapi.param_functions.Header") => Some("header"),
                    Some("fastapi.Cookie" | "fastapi.param_functions.Cookie") => Some("cookie"),
                    _ => None,
                });
            }
            kind.is_some()
        });
    }
    named(kind?, param.name.as_str())
}

/// Whether something is a word that anyone can think of, or some of them: no secret.
fn is_plain_word(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let plain = |constant: &Constant| match constant {
        Constant::Str(text) => {
            !text.is_empty()
                && text.len() <= MAX_WORD
                && (text == "1"
                    || text
                        .chars()
                        .all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-'))
        }
        _ => false,
    };
    match world.machine.evaluator.constant(at, expr) {
        Some(Constant::Seq(items)) => !items.is_empty() && items.iter().all(plain),
        Some(constant) => plain(&constant),
        None => false,
    }
}

/// Whether a comparison is of a condition on which a request is refused.
fn decides_refusal(world: &mut World<'_>, at: ModuleId, comparison: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let place = module.expr_range(comparison);
    let Some(function) = function_around(module, place) else {
        return false;
    };
    let whole = module[function].range;
    let tests = module.stmts().any(|(_, stmt)| match *stmt {
        Stmt::If { test, .. } | Stmt::Assert { test, .. } => {
            module.expr_range(test).contains_range(place)
        }
        _ => false,
    });
    // `has_permission` and its like answer with the comparison itself.
    let answers = module[function]
        .return_values
        .iter()
        .any(|value| module.expr_range(*value).contains_range(place))
        && guard::answers_for_access(module[function].name.as_str());
    if answers {
        return true;
    }
    if !tests {
        return false;
    }
    let said: Vec<ExprId> = module
        .stmts()
        .filter(|(id, _)| whole.contains_range(module.stmt_range(*id)))
        .filter_map(|(_, stmt)| match *stmt {
            Stmt::Raise {
                exception: Some(value),
                ..
            }
            | Stmt::Return(Some(value)) => Some(value.get()),
            Stmt::Expr(value) => Some(value),
            _ => None,
        })
        .collect();
    said.into_iter().any(|value| {
        guard::refusal(world, at, value).is_some_and(|refusal| refusal != guard::Refusal::Redirect)
    })
}

//! Refusals that nobody hears: an answer that is made and dropped, or given to somebody who does not look at it.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;
use rustc_hash::FxHashSet;

use super::Evidence;
use crate::code::{bases_outside, excerpt, function_around, method};
use crate::guard::{self, Refusal};
use crate::run::{Args, Value};
use crate::world::{Target, World, last};

pub(super) const REFUSAL_IGNORED: &str = "refusal-ignored";

/// Blocks inside of each other.
const MAX_NESTING: usize = 40;

/// What makes an answer or an exception and does nothing by itself, by the last part of its access path. What is not among
/// these may raise, as `abort` does.
const MADE: &[&str] = &[
    "HTTPException",
    "HTTPError",
    "PermissionDenied",
    "NotAuthenticated",
    "AuthenticationFailed",
    "Unauthorized",
    "Forbidden",
    "HTTPUnauthorized",
    "HTTPForbidden",
    "NotAuthorizedException",
    "PermissionDeniedException",
    "HttpResponse",
    "HttpResponseForbidden",
    "HttpResponseRedirect",
    "JsonResponse",
    "JSONResponse",
    "ORJSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "make_response",
    "redirect_to_login",
    "PermissionError",
];

/// Libraries whose `redirect` gives an answer; others raise it.
const REDIRECTS: &[&str] = &["flask.", "django.", "werkzeug.", "quart.", "sanic."];

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    for (at, module) in project.iter() {
        for function in (0u32..).map(FunctionId).take(module.functions.len()) {
            dropped(world, at, module[function].body, &mut Vec::new(), found);
        }
    }
    returned_by_dependencies(world, found);
    truthy_answers(world, found);
}

/// Whether an expression makes a refusal without carrying it out.
fn makes_refusal(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Refusal> {
    let module = world.machine.project.module(at);
    let Expr::Call { func, .. } = module[expr] else {
        return None;
    };
    let values = world.machine.evaluator.eval(at, func);
    let made = !values.is_empty()
        && values.iter().all(|value| match *value {
            Evaluated::External(path) => {
                let path = path.as_str();
                MADE.contains(&last(path))
                    || last(path) == "redirect"
                        && REDIRECTS.iter().any(|front| path.starts_with(front))
            }
            Evaluated::Class(..) => true,
            _ => false,
        });
    if !made {
        return None;
    }
    guard::refusal(world, at, expr)
}

/// Refusals that are statements of their own. `around` are the blocks around, with the conditions of those that have one.
fn dropped(
    world: &mut World<'_>,
    at: ModuleId,
    block: Block,
    around: &mut Vec<Option<ExprId>>,
    found: &mut Vec<Evidence>,
) {
    if around.len() >= MAX_NESTING {
        return;
    }
    let module = world.machine.project.module(at);
    let statements = module.block(block);
    for (index, stmt) in statements.iter().enumerate() {
        match module[*stmt] {
            Stmt::Expr(value) => {
                let Some(refusal) = makes_refusal(world, at, value) else {
                    continue;
                };
                // Whether a condition around looks at who asks.
                let on_identity = around
                    .iter()
                    .flatten()
                    .any(|test| guard::depends(world, at, *test));
                // What is let through is only known where the request goes on after it.
                let ends = statements[index + 1..]
                    .iter()
                    .any(|later| matches!(module[*later], Stmt::Return(_) | Stmt::Raise { .. }));
                if ends && on_identity || refusal == Refusal::Redirect && !on_identity {
                    continue;
                }
                let range = module.expr_range(value);
                let message = format!(
                    "`{}` is made and neither raised nor returned: the request goes on",
                    excerpt(module, range)
                );
                found.push(Evidence::new(REFUSAL_IGNORED, at, range, message));
            }
            Stmt::If {
                test, body, orelse, ..
            } => {
                within(world, at, &[body, orelse], Some(test), around, found);
            }
            Stmt::For { body, orelse, .. } | Stmt::While { body, orelse, .. } => {
                within(world, at, &[body, orelse], None, around, found);
            }
            Stmt::With { body, .. } => within(world, at, &[body], None, around, found),
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                within(world, at, &[body, orelse, finalbody], None, around, found);
                for handler in module.handlers(handlers) {
                    within(world, at, &[handler.body], None, around, found);
                }
            }
            _ => {}
        }
    }
}

/// The same in blocks inside of another.
fn within(
    world: &mut World<'_>,
    at: ModuleId,
    blocks: &[Block],
    test: Option<ExprId>,
    around: &mut Vec<Option<ExprId>>,
    found: &mut Vec<Evidence>,
) {
    around.push(test);
    for block in blocks {
        dropped(world, at, *block, around, found);
    }
    around.pop();
}

/// A dependency that returns its refusal: FastAPI hands what it returns to the handler, or to nobody.
fn returned_by_dependencies(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let mut calls: Vec<Args> = Vec::new();
    for name in ["Depends", "Security"] {
        calls.extend(
            world
                .calls_of_name("fastapi", name)
                .into_iter()
                .map(|(args, _)| args),
        );
    }
    let mut seen: FxHashSet<(ModuleId, FunctionId)> = FxHashSet::default();
    for args in calls {
        let Some(given) = args.get(0, "dependency") else {
            continue;
        };
        let v = match world.machine.get(given) {
            Value::Instance { .. } => world
                .machine
                .attribute(given, hognose_python::Symbol::from("__call__")),
            _ => given,
        };
        let Target::Function(at, function) = world.handler(v).target else {
            continue;
        };
        if !seen.insert((at, function)) {
            continue;
        }
        let module = world.machine.project.module(at);
        // One that raises as well has somebody who knows the difference: what it returns may be looked at.
        for value in module[function].return_values.clone() {
            let refusal = makes_refusal(world, at, value);
            if !matches!(refusal, Some(Refusal::Unauthorized | Refusal::Forbidden)) {
                continue;
            }
            let range = module.expr_range(value);
            let message = format!(
                "`{}` is returned by a dependency, which refuses nobody: it has to be raised",
                excerpt(module, range)
            );
            found.push(Evidence::new(REFUSAL_IGNORED, at, range, message));
        }
    }
}

/// Questions that are answered with a refusal, which is as good as yes.
const QUESTIONS: &[(&str, &str)] = &[
    ("BasePermission", "has_permission"),
    ("BasePermission", "has_object_permission"),
    ("UserPassesTestMixin", "test_func"),
];

fn truthy_answers(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    for (at, module) in project.iter() {
        for class in (0u32..).map(ClassId).take(module.classes.len()) {
            if module[class].bases.is_empty() {
                continue;
            }
            let outside = bases_outside(world, at, class);
            for (base, question) in QUESTIONS {
                let asked = outside.iter().any(|path| {
                    last(path.as_str()) == *base
                        || *base == "BasePermission"
                            && path.as_str().starts_with("rest_framework.permissions.")
                });
                if !asked {
                    continue;
                }
                let Some((home, function)) = method(world, at, class, question) else {
                    continue;
                };
                let code = project.module(home);
                for value in &code[function].return_values {
                    if makes_refusal(world, home, *value).is_some()
                        && function_around(code, code.expr_range(*value)) == Some(function)
                    {
                        let range = code.expr_range(*value);
                        let message = format!(
                            "`{}` counts as yes: `{question}` lets the request through",
                            excerpt(code, range)
                        );
                        found.push(Evidence::new(REFUSAL_IGNORED, home, range, message));
                    }
                }
            }
        }
    }
}

//! Guards that are named and never called: a decorator as a statement, a dependency that makes the guard instead of being it,
//! dependencies as a parameter's default.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;

use super::Evidence;
use crate::code::{elements, excerpt, member};
use crate::guard::{self, Proof};
use crate::run::{Args, V, Value};
use crate::world::{Target, World, last, named};

pub(super) const GUARD_NOT_APPLIED: &str = "guard-not-applied";

/// Guards of libraries that do what they do only around a function.
const DECORATORS: &[&str] = &[
    "login_required",
    "fresh_login_required",
    "permission_required",
    "user_passes_test",
    "staff_member_required",
    "roles_required",
    "roles_accepted",
    "permissions_required",
    "permissions_accepted",
    "auth_required",
    "auth_token_required",
    "http_auth_required",
    "jwt_required",
    "has_access",
    "has_access_api",
    "protect",
    "authenticated",
    "requires",
    "protected",
];

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    statements(world, found);
    dependencies(world, found);
    signatures(world, found);
}

/// A guard that stands alone as a statement.
fn statements(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    for (at, module) in project.iter() {
        for (id, stmt) in module.stmts() {
            let Stmt::Expr(value) = *stmt else { continue };
            let is_guard = match module[value] {
                Expr::Name { .. } | Expr::Attribute { .. } => names_guard(world, at, value),
                // `login_required()` and `roles_required("admin")` make a decorator that nobody takes.
                Expr::Call { func, args } => {
                    let wraps = module.args(args).iter().any(|argument| {
                        world
                            .machine
                            .evaluator
                            .eval(at, argument.value)
                            .iter()
                            .any(|value| {
                                matches!(value, Evaluated::Function(..) | Evaluated::Class(..))
                            })
                    });
                    !wraps && names_decorator(world, at, func)
                }
                _ => false,
            };
            if is_guard {
                let range = module.stmt_range(id);
                let message = format!(
                    "`{}` stands alone and guards nothing: it does what it does as a decorator",
                    excerpt(module, range)
                );
                found.push(Evidence::new(GUARD_NOT_APPLIED, at, range, message));
            }
        }
    }
}

/// Whether a name is that of a decorator of a library that guards.
fn names_decorator(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    world.machine.evaluator.eval(at, expr).iter().any(|value| {
        let Evaluated::External(path) = *value else {
            return false;
        };
        DECORATORS.contains(&last(path.as_str())) && guard::is_guard(path.as_str())
    })
}

/// Whether a name is that of a guard: of a library, or a decorator of the project that makes one.
fn names_guard(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    if names_decorator(world, at, expr) {
        return true;
    }
    let values = world.machine.evaluator.eval(at, expr);
    values.into_iter().any(|value| match value {
        Evaluated::Function(home, function) => {
            matches!(guard::made_in(world, home, function), Proof::Guard { .. })
        }
        _ => false,
    })
}

/// `Depends(x)` where what `x` gives would be the guard.
fn dependencies(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let mut calls: Vec<(Args, V)> = world.calls_of_name("fastapi", "Depends");
    calls.extend(world.calls_of_name("fastapi", "Security"));
    for (args, call) in calls {
        let (Some(given), Some((at, expr))) = (args.get(0, "dependency"), world.site(call)) else {
            continue;
        };
        let what = match world.machine.get(given).clone() {
            // The class is made for each request and its `__call__` never comes to run.
            Value::Class { module, class, .. } => {
                let code = world.machine.project.module(module);
                let Some(DefKind::Function(asks)) = member(code, class, "__call__") else {
                    continue;
                };
                if let Some(DefKind::Function(init)) = member(code, class, "__init__")
                    && guard::refuses_by_itself(world, module, init)
                {
                    continue;
                }
                if !guard::refuses_by_itself(world, module, asks) {
                    continue;
                }
                format!(
                    "`{}` is made for each request and its `__call__` is never run",
                    code[class].name.as_str()
                )
            }
            // The function makes the guard, and what it makes is thrown away.
            Value::Function {
                module, function, ..
            } => {
                let code = world.machine.project.module(module);
                let makes = code[function].return_values.iter().any(|value| {
                    matches!(code[*value], Expr::Name { def, .. }
                        if matches!(code[def].kind, DefKind::Function(_)))
                });
                if !makes
                    || is_used(world, at, expr)
                    || guard::refuses_by_itself(world, module, function)
                    || !matches!(guard::made_in(world, module, function), Proof::Guard { .. })
                {
                    continue;
                }
                format!(
                    "`{}` makes the guard and is not it: what it returns is never run",
                    code[function].name.as_str()
                )
            }
            _ => continue,
        };
        let range = world.machine.project.module(at).expr_range(expr);
        found.push(Evidence::new(GUARD_NOT_APPLIED, at, range, what));
    }
}

/// Whether somebody takes what a dependency gives: it stands in no list, and not at a parameter that nothing reads.
fn is_used(world: &World<'_>, at: ModuleId, depends: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let listed = module.exprs().any(
        |(_, expr)| matches!(*expr, Expr::ListOf(list) if module.list(list).contains(&depends)),
    );
    let place = module.expr_range(depends);
    let unread = module.functions.iter().any(|function| {
        function.params.iter().any(|param| {
            let mut given = param.default.iter().chain(&param.annotation);
            given.any(|given| module.expr_range(*given).contains_range(place))
                && !module
                    .exprs()
                    .any(|(_, expr)| matches!(*expr, Expr::Name { def, .. } if def == param.def))
        })
    });
    !(listed || unread)
}

/// `def read(dependencies=[Depends(check)])`: the framework takes the parameter for a part of the request.
fn signatures(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let handlers: Vec<(ModuleId, FunctionId)> = world
        .found()
        .filter(|(endpoint, _)| matches!(endpoint.framework, "fastapi" | "starlette"))
        .filter_map(|(_, registered)| match registered.target {
            Target::Function(at, function) => Some((at, function)),
            _ => None,
        })
        .collect();
    for (at, function) in handlers {
        let module = world.machine.project.module(at);
        for param in &module[function].params {
            let Some(default) = param.default else {
                continue;
            };
            let Some((home, listed)) = elements(world, at, default) else {
                continue;
            };
            let code = world.machine.project.module(home);
            let depends = listed.into_iter().any(|one| match code[one] {
                Expr::Call { func, .. } => {
                    let path = world.machine.evaluator.dotted(home, func);
                    path.is_some_and(|path| {
                        ["Depends", "Security"]
                            .iter()
                            .any(|name| named(path.as_str(), "fastapi", name))
                    })
                }
                _ => false,
            });
            if depends {
                let range = module.expr_range(default);
                let message = format!(
                    "the list in `{}` is a default and never run: dependencies without a value belong in the decorator",
                    param.name.as_str()
                );
                found.push(Evidence::new(GUARD_NOT_APPLIED, at, range, message));
            }
        }
    }
}

//! Expressions that look at what is asked for: the name of an endpoint, its path, the variables of the path.

use hognose_python::ir::*;

use super::super::user::is_request;
use super::Part;
use super::decide::predicate;
use crate::code::children;
use crate::world::World;

/// Expressions looked at for one question.
const MAX_LOOKED: usize = 200;

/// Whether an expression looks at what is asked for, anywhere in it.
pub fn looks(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let mut waiting = vec![expr];
    let mut left = MAX_LOOKED;
    while let Some(expr) = waiting.pop() {
        left -= 1;
        if left == 0 {
            // Too large to be sure that it does not.
            return true;
        }
        if part(world, at, expr).is_some() {
            return true;
        }
        if let Some((home, function)) = predicate(world, at, expr)
            && function_looks(world, home, function)
        {
            return true;
        }
        if let Expr::Name { def, .. } = module[expr]
            && let DefKind::Value(value) = module[def].kind
        {
            waiting.push(value);
        }
        children(module, expr, |child| waiting.push(child));
    }
    false
}

/// Whether what a function answers depends on what is asked for.
fn function_looks(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let module = world.machine.project.module(at);
    let data = &module[function];
    let conditions = module.stmts().filter_map(|(_, stmt)| match *stmt {
        Stmt::If { test, .. } if data.range.contains_range(module.expr_range(test)) => Some(test),
        _ => None,
    });
    let mut waiting: Vec<ExprId> = data
        .return_values
        .iter()
        .copied()
        .chain(conditions)
        .collect();
    for _ in 0..MAX_LOOKED {
        let Some(expr) = waiting.pop() else {
            return false;
        };
        if part(world, at, expr).is_some() {
            return true;
        }
        children(module, expr, |child| waiting.push(child));
    }
    false
}

/// Whether a condition asks if the path has some variable.
pub fn asks_for_variable(world: &mut World<'_>, at: ModuleId, test: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let mut waiting = vec![test];
    for _ in 0..MAX_LOOKED {
        let Some(expr) = waiting.pop() else {
            return false;
        };
        match module[expr] {
            Expr::Logic { values, .. } => waiting.extend(module.list(values)),
            Expr::Unary { operand, .. } => waiting.push(operand),
            Expr::Compare { op, left, right }
                if matches!(op, CmpOp::In | CmpOp::NotIn)
                    && matches!(module[left], Expr::Str(_))
                    && is_variables(world, at, right) =>
            {
                return true;
            }
            _ if variable(world, at, expr).is_some() => return true,
            _ => {}
        }
    }
    false
}

/// Whether an expression is a parameter of a function that Flask calls with the endpoint's name and the path's variables.
fn is_preprocessed(module: &Module, expr: ExprId, position: u16) -> bool {
    let Expr::Name { def, .. } = module[expr] else {
        return false;
    };
    let (DefKind::Param(index), ScopeKind::Function(function)) =
        (&module[def].kind, &module[module[def].scope].kind)
    else {
        return false;
    };
    *index == position && is_preprocessor(module, *function)
}

fn is_preprocessor(module: &Module, function: FunctionId) -> bool {
    module[function].decorators.iter().any(|decorator| {
        matches!(module[*decorator], Expr::Attribute { attr, .. }
            if matches!(attr.as_str(), "url_value_preprocessor" | "app_url_value_preprocessor"))
    })
}

/// Whether an expression is the variables that a path gives.
pub(super) fn is_variables(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    match module[expr] {
        Expr::Attribute { value, attr } => {
            matches!(
                attr.as_str(),
                "view_args" | "path_params" | "match_info" | "matchdict"
            ) && is_request(world, at, value)
        }
        Expr::Name { def, .. } => match module[def].kind {
            // `values = values or {}`, and the same in a branch.
            DefKind::Phi(list) => module.defs_list(list).iter().any(|def| {
                matches!(module[*def].kind, DefKind::Param(1))
                    && matches!(module[module[*def].scope].kind, ScopeKind::Function(function)
                        if is_preprocessor(module, function))
            }),
            _ => is_preprocessed(module, expr, 1),
        },
        _ => false,
    }
}

/// The variable of the path that an expression takes: `request.view_args.get("id")`.
pub(super) fn variable<'p>(world: &mut World<'p>, at: ModuleId, expr: ExprId) -> Option<&'p str> {
    let module = world.machine.project.module(at);
    let (holder, key) = match module[module.origin(expr)] {
        Expr::Subscript { value, index } => (value, index),
        Expr::Call { func, args } => match module[func] {
            Expr::Attribute { value, attr } if matches!(attr.as_str(), "get" | "pop") => {
                (value, module.args(args).first()?.value)
            }
            _ => return None,
        },
        _ => return None,
    };
    let Expr::Str(key) = module[key] else {
        return None;
    };
    is_variables(world, at, holder).then(|| module.str(key))
}

/// What of the request an expression is, if it is something that tells what is asked for.
pub(super) fn part(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Part> {
    let module = world.machine.project.module(at);
    let expr = module.origin(expr);
    match module[expr] {
        Expr::Attribute { value, attr } => {
            let of_match = match attr.as_str() {
                "url_name" => Some(Part::Name),
                "view_name" => Some(Part::Endpoint),
                "namespace" => Some(Part::Blueprint),
                _ => None,
            };
            if of_match.is_some() && is_match(world, at, value) {
                return of_match;
            }
            let part = match attr.as_str() {
                "endpoint" => Part::Endpoint,
                "blueprint" => Part::Blueprint,
                "path" | "path_info" => Part::Path,
                "url_rule" | "rel_url" | "url" | "uri" | "matched_route" | "resolver_match"
                | "match_info" | "full_path" | "view_name" => Part::Other,
                _ => return None,
            };
            // `request.url.path`.
            let holder = match module[value] {
                Expr::Attribute { value, attr }
                    if part == Part::Path && matches!(attr.as_str(), "url" | "rel_url") =>
                {
                    value
                }
                _ => value,
            };
            is_request(world, at, holder).then_some(part)
        }
        // `scope["path"]`.
        Expr::Subscript { value, index } => {
            let Expr::Str(key) = module[index] else {
                return None;
            };
            let key = module.str(key);
            let path = matches!(key, "path" | "PATH_INFO");
            (path && is_request(world, at, value)).then_some(Part::Path)
        }
        Expr::Name { .. } if is_preprocessed(module, expr, 0) => Some(Part::Endpoint),
        // `path.rstrip("/")` and the like are the path, but not as it is written.
        Expr::Call { func, args } => {
            let Expr::Attribute { value, attr } = module[func] else {
                // What Starlette takes for the path below a mount.
                let path = world.machine.evaluator.dotted(at, func)?;
                let given = module.args(args).first()?.value;
                let is_path = path.as_str().ends_with(".get_route_path");
                return (is_path && is_request(world, at, given)).then_some(Part::Path);
            };
            // `scope.get("path")`.
            if attr.as_str() == "get"
                && let Some(key) = module.args(args).first()
                && let Expr::Str(key) = module[key.value]
                && matches!(module.str(key), "path" | "PATH_INFO")
            {
                return is_request(world, at, value).then_some(Part::Path);
            }
            let changed = matches!(
                attr.as_str(),
                "lower" | "strip" | "rstrip" | "lstrip" | "split" | "decode" | "removeprefix"
            );
            (changed && part(world, at, value).is_some()).then_some(Part::Other)
        }
        _ => None,
    }
}

/// Whether an expression is what Django has found for the path of a request.
fn is_match(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    match module[module.origin(expr)] {
        Expr::Attribute { value, attr } => {
            attr.as_str() == "resolver_match" && is_request(world, at, value)
        }
        Expr::Call { func, .. } => {
            let path = world.machine.evaluator.dotted(at, func);
            path.is_some_and(|path| {
                path.as_str().starts_with("django.") && path.as_str().ends_with(".resolve")
            })
        }
        _ => false,
    }
}

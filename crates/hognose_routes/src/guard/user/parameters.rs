//! Parameters that a framework fills: from credentials, from what the request shows, or with what a dependency makes of it.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;

use super::{MAX_NAMES, alias, carries_credentials, is_identity, reaches};
use crate::world::{World, last};

/// Parameters that the framework fills from credentials, by what their default or annotation calls.
const PARAMETERS: &[&str] = &["Header", "Cookie"];

/// Whether the framework fills a parameter with what the request shows, not with what the project makes of it.
pub(super) fn is_shown(world: &mut World<'_>, at: ModuleId, param: &Param) -> bool {
    let mut waiting: Vec<ExprId> = param
        .default
        .iter()
        .chain(&param.annotation)
        .copied()
        .collect();
    let module = world.machine.project.module(at);
    for _ in 0..MAX_NAMES {
        let Some(expr) = waiting.pop() else {
            return false;
        };
        match module[expr] {
            Expr::Call { func, args } => {
                let path = world.machine.evaluator.dotted(at, func);
                let name = path.map_or("", |path| last(path.as_str()));
                match name {
                    "Header" | "Cookie" | "Query" => return true,
                    "Depends" | "Security" => {
                        let Some(given) = module.args(args).first() else {
                            return false;
                        };
                        let values = world.machine.evaluator.eval(at, given.value);
                        let made = |value: &Evaluated| {
                            matches!(value, Evaluated::Function(..) | Evaluated::Class(..))
                        };
                        return !values.is_empty() && !values.iter().any(made);
                    }
                    _ => {}
                }
            }
            Expr::Subscript { index, .. } => match module[index] {
                Expr::Tuple(list) => waiting.extend(module.list(list)),
                _ => waiting.push(index),
            },
            _ => {}
        }
    }
    false
}

/// Whether a dependency that a parameter is filled with tells who asks.
fn is_of_user(
    world: &mut World<'_>,
    at: ModuleId,
    args: List,
    identity: bool,
    nesting: u32,
) -> bool {
    let module = world.machine.project.module(at);
    // Without an argument the annotation is what is called.
    let Some(given) = module.args(args).first() else {
        return !identity;
    };
    if nesting >= MAX_DEPENDENCIES {
        return false;
    }
    let values = world.machine.evaluator.eval(at, given.value);
    let mut known = !values.is_empty();
    for value in values {
        match value {
            Evaluated::Function(home, function) => {
                match world.identified.get(&(home, function, identity)) {
                    Some(true) => return true,
                    Some(false) => continue,
                    None => {}
                }
                world.identified.insert((home, function, identity), false);
                let data = &world.machine.project.module(home)[function];
                let (params, returned) = (data.params.clone(), data.return_values.clone());
                for param in &params {
                    if is_credential(world, home, param, identity, nesting + 1) {
                        world.identified.insert((home, function, identity), true);
                        return true;
                    }
                }
                for value in returned {
                    if reaches(world, home, value, identity, nesting + 1) {
                        world.identified.insert((home, function, identity), true);
                        return true;
                    }
                }
            }
            Evaluated::Class(..) => {}
            _ => known = false,
        }
    }
    // A scheme of the framework, or an object that is called.
    !known
}

/// Dependencies of dependencies that are looked through for one parameter.
const MAX_DEPENDENCIES: u32 = 4;

/// Whether the framework fills a parameter from credentials.
pub(super) fn is_credential(
    world: &mut World<'_>,
    at: ModuleId,
    param: &Param,
    identity: bool,
    nesting: u32,
) -> bool {
    // `user=current_user`.
    if param
        .default
        .is_some_and(|default| is_identity(world, at, default))
    {
        return true;
    }
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
            Expr::Call { func, args } => {
                let path = world.machine.evaluator.dotted(at, func);
                let name = path.map_or("", |path| last(path.as_str()));
                let filled = match name {
                    "Depends" | "Security" => is_of_user(world, at, args, identity, nesting),
                    _ => {
                        PARAMETERS.contains(&name)
                            && (!identity || carries_credentials(param.name.as_str()))
                    }
                };
                if filled {
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

//! Conditions decided for one endpoint, as far as its name and pattern decide them.

use hognose_python::ir::*;
use hognose_python::{Constant, Value as Evaluated};

use super::super::logic;
use super::super::user::is_request;
use super::part::{is_variables, part, variable};
use super::{Asked, MAX_NESTING, Part};
use crate::run::{HOLE, V, Value};
use crate::world::World;

/// Whether a condition holds for what is asked for; `None` where something else decides.
pub fn holds(world: &mut World<'_>, at: ModuleId, test: ExprId, asked: &Asked) -> Option<bool> {
    decide(world, at, test, asked, 0)
}

fn decide(
    world: &mut World<'_>,
    at: ModuleId,
    test: ExprId,
    asked: &Asked,
    depth: u32,
) -> Option<bool> {
    let module = world.machine.project.module(at);
    logic::holds(world, module, test, depth, &mut |world, test, depth| {
        decide_one(world, at, test, asked, depth)
    })
}

/// Whether a condition holds that is not made of others.
fn decide_one(
    world: &mut World<'_>,
    at: ModuleId,
    test: ExprId,
    asked: &Asked,
    depth: u32,
) -> Option<bool> {
    let module = world.machine.project.module(at);
    match module[test] {
        Expr::Compare { op, left, right }
            if matches!(op, CmpOp::In | CmpOp::NotIn)
                && is_variables(world, at, right)
                && let Expr::Str(name) = module[left] =>
        {
            Some(asked.has_variable(module.str(name)) == (op == CmpOp::In))
        }
        Expr::Compare { op, left, right } => {
            let (part, other, swapped) = match (part(world, at, left), part(world, at, right)) {
                (Some(part), _) => (part, right, false),
                (None, Some(part)) => (part, left, true),
                (None, None) => return None,
            };
            let constant = constant(world, at, other, 0)?;
            if constant == Constant::None {
                // A request that reaches an endpoint has a name and a path.
                return match op {
                    CmpOp::Is | CmpOp::Eq => Some(false),
                    CmpOp::IsNot | CmpOp::NotEq => Some(true),
                    _ => None,
                };
            }
            let text = asked.text(part)?;
            let truth = match (op, &constant) {
                (CmpOp::Eq | CmpOp::NotEq, Constant::Str(other)) => text.equals(other),
                (CmpOp::In | CmpOp::NotIn, Constant::Str(other)) if swapped => text.contains(other),
                (CmpOp::In | CmpOp::NotIn, Constant::Seq(_)) if !swapped => {
                    any(&constant, |other| text.equals(other))
                }
                _ => None,
            };
            truth.map(|truth| truth == matches!(op, CmpOp::Eq | CmpOp::In))
        }
        Expr::Call { .. } if let Some((home, function)) = predicate(world, at, test) => {
            let home_module = world.machine.project.module(home);
            let body = home_module[function].body;
            logic::answer(
                world,
                home_module,
                body,
                depth,
                &mut |world, test, depth| decide_one(world, home, test, asked, depth),
            )?
        }
        Expr::Call { func, args } => {
            let given = module.args(args);
            match module[func] {
                Expr::Attribute { value, attr } => {
                    let part = part(world, at, value)?;
                    let constant = constant(world, at, given.first()?.value, 0)?;
                    compared(asked, part, attr.as_str(), &constant)
                }
                // `any(path.startswith(front) for front in FRONTS)`.
                Expr::Name { .. } => {
                    let [only] = given else { return None };
                    let Expr::Comprehension(id) = module[only.value] else {
                        return None;
                    };
                    let path = world.machine.evaluator.dotted(at, func)?;
                    let [generator] = module[id].generators.as_slice() else {
                        return None;
                    };
                    if path.as_str() != "builtins.any" || !generator.conditions.is_empty() {
                        return None;
                    }
                    let constant = constant(world, at, generator.iter, 0)?;
                    match module[module[id].element] {
                        Expr::Call { func, args } => {
                            let Expr::Attribute { value, attr } = module[func] else {
                                return None;
                            };
                            let [given] = module.args(args) else {
                                return None;
                            };
                            if !matches!(module[given.value], Expr::Name { .. }) {
                                return None;
                            }
                            let part = part(world, at, value)?;
                            compared(asked, part, attr.as_str(), &constant)
                        }
                        Expr::Compare {
                            op: CmpOp::Eq,
                            left,
                            right,
                        } => {
                            let part = match part(world, at, left) {
                                Some(part) => part,
                                None => part(world, at, right)?,
                            };
                            let text = asked.text(part)?;
                            any(&constant, |other| text.equals(other))
                        }
                        _ => None,
                    }
                }
                _ => None,
            }
        }
        _ if let Some(name) = variable(world, at, test) => Some(asked.has_variable(name)),
        // A name for a condition.
        Expr::Name { def, .. }
            if let DefKind::Value(value) = module[def].kind
                && part(world, at, test).is_none() =>
        {
            decide(world, at, value, asked, depth + 1)
        }
        // `if request.endpoint and ...`: a request that reaches an endpoint has one.
        _ => match part(world, at, test)? {
            Part::Endpoint | Part::Path => Some(true),
            _ => None,
        },
    }
}

/// The function of the project that a condition asks about the request, where that answers yes or no: `is_open(request)`.
pub(super) fn predicate(
    world: &mut World<'_>,
    at: ModuleId,
    test: ExprId,
) -> Option<(ModuleId, FunctionId)> {
    let module = world.machine.project.module(at);
    let Expr::Call { func, args } = module[test] else {
        return None;
    };
    let mut given = module.args(args).iter();
    if !given.any(|argument| is_request(world, at, argument.value)) {
        return None;
    }
    let values = world.machine.evaluator.eval(at, func);
    let (home, function) = values.into_iter().find_map(|value| match value {
        Evaluated::Function(home, function) => Some((home, function)),
        _ => None,
    })?;
    let module = world.machine.project.module(home);
    let answers = &module[function].return_values;
    let yes_or_no = |answer: &ExprId| {
        matches!(
            module[*answer],
            Expr::Bool(_)
                | Expr::Compare { .. }
                | Expr::Logic { .. }
                | Expr::Unary { .. }
                | Expr::Call { .. }
        )
    };
    (!answers.is_empty() && answers.iter().all(yes_or_no)).then_some((home, function))
}

/// A constant that something is compared with: a setting and what a class holds as well.
fn constant(world: &mut World<'_>, at: ModuleId, expr: ExprId, depth: u32) -> Option<Constant> {
    if let Some(constant) = world.machine.evaluator.constant(at, expr) {
        return Some(constant);
    }
    if depth >= MAX_NESTING {
        return None;
    }
    let module = world.machine.project.module(at);
    match module[expr] {
        Expr::Binary {
            op: Operator::Add,
            left,
            right,
        } => {
            let left = constant(world, at, left, depth + 1)?;
            let right = constant(world, at, right, depth + 1)?;
            match (left, right) {
                (Constant::Str(left), Constant::Str(right)) => Some(Constant::Str(left + &right)),
                (Constant::Seq(mut left), Constant::Seq(right)) => {
                    left.extend(right);
                    Some(Constant::Seq(left))
                }
                _ => None,
            }
        }
        // Where a site is not mounted below a path.
        Expr::Call { func, .. } => {
            let path = world.machine.evaluator.dotted(at, func)?;
            path.as_str()
                .ends_with("get_script_prefix")
                .then(|| Constant::Str("/".to_owned()))
        }
        Expr::Attribute { value, attr } => {
            let v = match module[value] {
                Expr::Name { def, .. }
                    if matches!(module[def].kind, DefKind::Param(0))
                        && let ScopeKind::Function(function) = module[module[def].scope].kind
                        && let Some(class) = module[function].class =>
                {
                    world.machine.own_member(at, class, attr)?
                }
                _ => {
                    let path = world.machine.evaluator.dotted(at, value)?;
                    let settings = world.machine.settings?;
                    if path.as_str() != "django.conf.settings" {
                        return None;
                    }
                    world.machine.exported(settings, attr)?
                }
            };
            of_value(world, v)
        }
        _ => None,
    }
}

/// A text, or a list of texts, as a constant.
fn of_value(world: &mut World<'_>, v: V) -> Option<Constant> {
    match world.machine.get(v).clone() {
        Value::Str(text) => (!text.contains(HOLE)).then(|| Constant::Str(text.to_string())),
        Value::List(items) => items
            .into_iter()
            .map(|item| match world.machine.get(item) {
                Value::Str(text) if !text.contains(HOLE) => Some(Constant::Str(text.to_string())),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(Constant::Seq),
        _ => None,
    }
}

/// A method of a text with its argument, or with any of several.
fn compared(asked: &Asked, part: Part, method: &str, constant: &Constant) -> Option<bool> {
    let text = asked.text(part)?;
    match method {
        "startswith" => any(constant, |other| text.starts_with(other)),
        "endswith" => any(constant, |other| text.ends_with(other)),
        _ => None,
    }
}

/// Whether something holds of one of some texts.
fn any(constant: &Constant, mut holds: impl FnMut(&str) -> Option<bool>) -> Option<bool> {
    match constant {
        Constant::Str(text) => holds(text),
        Constant::Seq(items) => {
            let mut known = true;
            for item in items {
                let Constant::Str(text) = item else {
                    known = false;
                    continue;
                };
                match holds(text) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => known = false,
                }
            }
            known.then_some(false)
        }
        _ => None,
    }
}

//! Guards that look at what is asked for: a hook that lets some paths or endpoints through, or asks only of some.
//!
//! Such a guard proves different things of different endpoints, so it is walked once for each, with the conditions on the
//! endpoint's name or path decided as far as its pattern decides them. Which way a comparison goes needs no telling then.

use hognose_python::ir::*;
use hognose_python::{Constant, Value as Evaluated};

use super::user::{children, is_request};
use crate::run::{HOLE, V, Value};
use crate::world::{UNKNOWN_PART, World};

/// Expressions looked at for one question.
const MAX_LOOKED: usize = 200;

/// Conditions inside of each other.
const MAX_NESTING: u32 = 24;

/// Characters that end what is literal in a pattern of any framework.
const META: &[char] = &['<', '{', '(', '[', '\\', '^', '$', '*', '+', '?', '|'];

/// An endpoint as a request that reaches it shows it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its name with those of the blueprints or namespaces around it; empty where it has none or it is not known.
    pub endpoint: String,
    /// Whether it is known that it has this name, or none.
    pub is_named: bool,
    /// The pattern of its path.
    pub path: String,
    /// Variables of the path are taken for other values than those that are compared with.
    pub is_other: bool,
}

/// What of a request is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Endpoint,
    /// Its name without those around it.
    Name,
    Blueprint,
    Path,
    /// Something that depends on what is asked for in a way that is not known.
    Other,
}

/// A text of which the beginning may be all that is known.
struct Text<'a> {
    front: &'a str,
    whole: bool,
    /// A variable follows, which may be anything.
    is_followed: bool,
}

impl Text<'_> {
    fn equals(&self, other: &str) -> Option<bool> {
        // What is asked of all values of a variable but one is asked of the endpoint.
        Some(self.whole && self.front == other)
    }

    fn starts_with(&self, other: &str) -> Option<bool> {
        if self.front.starts_with(other) {
            Some(true)
        } else if !self.whole && !self.is_followed && other.starts_with(self.front) {
            None
        } else {
            Some(false)
        }
    }

    fn contains(&self, other: &str) -> Option<bool> {
        match self.front.contains(other) {
            true => Some(true),
            false => self.whole.then_some(false),
        }
    }

    fn ends_with(&self, other: &str) -> Option<bool> {
        self.whole.then(|| self.front.ends_with(other))
    }
}

/// Whether the rest of a pattern begins with a variable, not with something that is not known or one of several words.
fn begins_with_variable(rest: &str) -> bool {
    if let Some(group) = rest.strip_prefix("(?P<") {
        let end = group.find(')').unwrap_or(group.len());
        return !group[..end].contains('|');
    }
    (rest.starts_with('<') || rest.starts_with('{')) && !rest.starts_with(UNKNOWN_PART)
}

impl Asked {
    /// Whether the path has a variable of a name: `<int:id>`, `{id}`, `(?P<id>...)`.
    fn has_variable(&self, name: &str) -> bool {
        self.path.match_indices(name).any(|(at, _)| {
            let before = self.path[..at].chars().next_back();
            let after = self.path[at + name.len()..].chars().next();
            matches!(before, Some('<' | ':' | '{')) && matches!(after, Some('>' | '}' | ':'))
        })
    }

    fn text(&self, part: Part) -> Option<Text<'_>> {
        let (text, pattern) = match part {
            Part::Endpoint => (self.endpoint.as_str(), false),
            Part::Name | Part::Blueprint => {
                let split = self
                    .endpoint
                    .rsplit_once(if self.is_named { ':' } else { '.' });
                let (front, name) = split.unwrap_or(("", &self.endpoint));
                (if part == Part::Name { name } else { front }, false)
            }
            Part::Path => (self.path.as_str(), true),
            Part::Other => return None,
        };
        if text.is_empty() && (pattern || !self.is_named)
            || text.contains(crate::world::UNKNOWN_PART) && !pattern
        {
            return None;
        }
        if !pattern {
            return Some(Text {
                front: text,
                whole: true,
                is_followed: false,
            });
        }
        let end = text.find(META).unwrap_or(text.len());
        // A `$` at the end is no more than that.
        let whole = matches!(&text[end..], "" | "$");
        Some(Text {
            front: &text[..end],
            whole,
            is_followed: self.is_other && begins_with_variable(&text[end..]),
        })
    }
}

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
    if depth >= MAX_NESTING {
        return None;
    }
    let module = world.machine.project.module(at);
    match module[test] {
        Expr::Bool(value) => Some(value),
        Expr::Unary {
            op: UnaryOp::Not,
            operand,
        } => decide(world, at, operand, asked, depth + 1).map(|truth| !truth),
        Expr::Logic { op, values } => {
            let decides = op == BoolOp::Or;
            let mut all = true;
            for value in module.list(values) {
                match decide(world, at, *value, asked, depth + 1) {
                    Some(truth) if truth == decides => return Some(decides),
                    Some(_) => {}
                    None => all = false,
                }
            }
            all.then_some(!decides)
        }
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
            let body = world.machine.project.module(home)[function].body;
            answer(world, home, body, asked, depth + 1)?
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
fn predicate(world: &mut World<'_>, at: ModuleId, test: ExprId) -> Option<(ModuleId, FunctionId)> {
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

/// What a block of such a function answers, `Some(None)` where it goes on behind it; `None` where that is not decided.
fn answer(
    world: &mut World<'_>,
    at: ModuleId,
    block: Block,
    asked: &Asked,
    depth: u32,
) -> Option<Option<bool>> {
    if depth >= MAX_NESTING {
        return None;
    }
    let module = world.machine.project.module(at);
    for stmt in module.block(block) {
        match module[*stmt] {
            Stmt::Return(Some(value)) => {
                return decide(world, at, value.get(), asked, depth + 1).map(Some);
            }
            Stmt::If {
                test, body, orelse, ..
            } => {
                let truth = decide(world, at, test, asked, depth + 1)?;
                let block = if truth { body } else { orelse };
                if let found @ Some(_) = answer(world, at, block, asked, depth + 1)? {
                    return Some(found);
                }
            }
            Stmt::Assign { .. } | Stmt::Expr(_) | Stmt::Pass => {}
            _ => return None,
        }
    }
    Some(None)
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
fn is_variables(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
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
fn variable<'p>(world: &mut World<'p>, at: ModuleId, expr: ExprId) -> Option<&'p str> {
    let module = world.machine.project.module(at);
    let mut expr = expr;
    for _ in 0..MAX_NESTING {
        let (holder, key) = match module[expr] {
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Value(value) => {
                    expr = value;
                    continue;
                }
                _ => return None,
            },
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
        return is_variables(world, at, holder).then(|| module.str(key));
    }
    None
}

/// What of the request an expression is, if it is something that tells what is asked for.
fn part(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Part> {
    let module = world.machine.project.module(at);
    let mut expr = expr;
    for _ in 0..MAX_NESTING {
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
                return is_request(world, at, holder).then_some(part);
            }
            // `scope["path"]`.
            Expr::Subscript { value, index } => {
                let Expr::Str(key) = module[index] else {
                    return None;
                };
                let key = module.str(key);
                let path = matches!(key, "path" | "PATH_INFO");
                return (path && is_request(world, at, value)).then_some(Part::Path);
            }
            Expr::Name { .. } if is_preprocessed(module, expr, 0) => return Some(Part::Endpoint),
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Value(value) => expr = value,
                _ => return None,
            },
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
                return (changed && part(world, at, value).is_some()).then_some(Part::Other);
            }
            _ => return None,
        }
    }
    None
}

/// Whether an expression is what Django has found for the path of a request.
fn is_match(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let mut expr = expr;
    for _ in 0..MAX_NESTING {
        match module[expr] {
            Expr::Attribute { value, attr } => {
                return attr.as_str() == "resolver_match" && is_request(world, at, value);
            }
            Expr::Call { func, .. } => {
                let path = world.machine.evaluator.dotted(at, func);
                return path.is_some_and(|path| {
                    path.as_str().starts_with("django.") && path.as_str().ends_with(".resolve")
                });
            }
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Value(value) => expr = value,
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> Asked {
        Asked {
            endpoint: "shop.cart".to_owned(),
            path: path.to_owned(),
            ..Asked::default()
        }
    }

    #[test]
    fn patterns_decide_as_far_as_they_are_literal() {
        let asked = path("/shop/<int:id>");
        let text = asked.text(Part::Path).expect("a path");
        assert_eq!(text.starts_with("/shop/"), Some(true));
        assert_eq!(text.starts_with("/shop/7"), None);
        assert_eq!(text.starts_with("/admin"), Some(false));
        let other = |pattern: &str| Asked {
            is_other: true,
            ..path(pattern)
        };
        let named = other("/shop/<int:id>");
        let text = named.text(Part::Path).expect("a path");
        assert_eq!(text.starts_with("/shop/7"), Some(false));
        let one_of_two = other("/(admin|shop)/");
        let text = one_of_two.text(Part::Path).expect("a path");
        assert_eq!(text.starts_with("/admin"), None);
        let text = asked.text(Part::Path).expect("a path");
        assert_eq!(text.equals("/shop/7"), Some(false));
        assert_eq!(text.equals("/"), Some(false));
        assert_eq!(text.contains("7"), None);
        let whole = path("/shop/$");
        let text = whole.text(Part::Path).expect("a path");
        assert_eq!(text.equals("/shop/"), Some(true));
        assert_eq!(text.starts_with("/shop/7"), Some(false));
        assert_eq!(text.ends_with("p/"), Some(true));
    }

    #[test]
    fn a_blueprint_is_what_stands_before_the_name() {
        let asked = path("/");
        assert_eq!(
            asked.text(Part::Blueprint).map(|text| text.equals("shop")),
            Some(Some(true))
        );
        assert!(asked.text(Part::Other).is_none());
    }
}

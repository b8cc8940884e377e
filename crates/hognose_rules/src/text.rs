//! What is known of strings that are not wholly constant.

use hognose_python::ir::*;
use hognose_python::{Constant, Evaluator, ModuleId, Symbol, Value};

/// Operators and variables followed. Real strings need fewer than ten.
const MAX_DEPTH: u32 = 32;

/// Parts told apart.
const MAX_PARTS: usize = 64;

/// The constant text a string or path surely begins with; empty where nothing is known.
///
/// Looks through `+`, `%`, `/`, f-strings, `.format()`, `os.path.join`, `pathlib.Path` and variables. Where a variable has several
/// values it is the text all of them begin with.
pub(crate) fn leading(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> String {
    follow(values, at, expr, 0)
}

fn follow(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId, depth: u32) -> String {
    if depth > MAX_DEPTH {
        return String::new();
    }
    if let Some(Constant::Str(text)) = values.constant(at, expr) {
        return text;
    }
    let module = values.project().module(at);
    match module[expr] {
        Expr::Binary {
            op: Operator::Add | Operator::Div,
            left,
            ..
        }
        | Expr::InPlace {
            op: Operator::Add,
            left,
            ..
        } => {
            let mut text = follow(values, at, left, depth + 1);
            // Only a constant left side is followed by the right one for certain.
            if let Expr::Binary { op, right, .. } = module[expr]
                && is_constant_text(values, at, left, depth + 1)
            {
                if op == Operator::Div && !text.ends_with('/') {
                    text.push('/');
                }
                text.push_str(&follow(values, at, right, depth + 1));
            }
            text
        }
        Expr::Binary {
            op: Operator::Mod,
            left,
            ..
        } => cut(follow(values, at, left, depth + 1), '%'),
        Expr::FString(parts) => {
            let mut text = String::new();
            for part in module.list(parts) {
                match module[*part] {
                    Expr::Str(literal) => text.push_str(module.str(literal)),
                    Expr::Formatted {
                        value,
                        spec: None,
                        conversion: Conversion::None | Conversion::Str,
                    } => match values.constant(at, value) {
                        Some(Constant::Str(value)) => text.push_str(&value),
                        _ => {
                            text.push_str(&follow(values, at, value, depth + 1));
                            return text;
                        }
                    },
                    _ => return text,
                }
            }
            text
        }
        Expr::Call { func, args } => {
            let Some(path) = values.dotted(at, func) else {
                return String::new();
            };
            let first = module
                .args(args)
                .iter()
                .find(|argument| argument.kind == ArgKind::Positional)
                .map(|argument| argument.value);
            match (path.as_str(), module[func]) {
                ("builtins.str().format", Expr::Attribute { value, .. }) => {
                    cut(follow(values, at, value, depth + 1), '{')
                }
                (
                    "os.path.join"
                    | "posixpath.join"
                    | "pathlib.Path"
                    | "pathlib.PurePath"
                    | "pathlib.PosixPath"
                    | "pathlib.PurePosixPath",
                    _,
                ) => joined(values, at, args, depth),
                ("builtins.str" | "os.fspath" | "os.fsdecode", _) => {
                    first.map_or_else(String::new, |first| follow(values, at, first, depth + 1))
                }
                _ => String::new(),
            }
        }
        Expr::Name { .. } => {
            let mut known: Option<String> = None;
            for value in values.eval(at, expr) {
                let text = match value {
                    Value::Expr(home, inner) if (home, inner) != (at, expr) => {
                        follow(values, home, inner, depth + 1)
                    }
                    Value::External(_) => definition(values, at, expr)
                        .map_or_else(String::new, |value| follow(values, at, value, depth + 1)),
                    _ => String::new(),
                };
                known = Some(match known {
                    None => text,
                    Some(known) => common(&known, &text),
                });
            }
            known.unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// The parts of a string that are not constant, each where it stands.
///
/// Looks through what [`leading`] looks through, and `join`, conditions and methods that keep the text. Numbers are no parts.
pub(crate) fn parts(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    expr: ExprId,
) -> Vec<(ModuleId, ExprId)> {
    let mut found = Vec::new();
    collect(values, at, expr, &mut found, 0);
    found
}

fn collect(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    expr: ExprId,
    found: &mut Vec<(ModuleId, ExprId)>,
    depth: u32,
) {
    if values.constant(at, expr).is_some() {
        return;
    }
    if depth > MAX_DEPTH || found.len() > MAX_PARTS {
        found.push((at, expr));
        return;
    }
    let module = values.project().module(at);
    match module[expr] {
        Expr::Binary {
            op: Operator::Add | Operator::Mod,
            left,
            right,
        }
        | Expr::InPlace {
            op: Operator::Add | Operator::Mod,
            left,
            right,
        } => {
            collect(values, at, left, found, depth + 1);
            collect(values, at, right, found, depth + 1);
        }
        Expr::FString(list)
        | Expr::Tuple(list)
        | Expr::ListOf(list)
        | Expr::SetOf(list)
        | Expr::Logic { values: list, .. } => {
            for part in module.list(list) {
                collect(values, at, *part, found, depth + 1);
            }
        }
        Expr::Dict(items) => {
            for (_, value) in module.dict(items) {
                collect(values, at, *value, found, depth + 1);
            }
        }
        Expr::Formatted { value, .. }
        | Expr::Starred(value)
        | Expr::Await(value)
        | Expr::Named { value, .. } => collect(values, at, value, found, depth + 1),
        Expr::Conditional { body, orelse, .. } => {
            collect(values, at, body, found, depth + 1);
            collect(values, at, orelse, found, depth + 1);
        }
        Expr::Comprehension(id) if module[id].kind != ComprehensionKind::Dict => {
            collect(values, at, module[id].element, found, depth + 1)
        }
        Expr::Call { func, args } => {
            let path = values.dotted(at, func);
            let receiver = match module[func] {
                Expr::Attribute { value, attr } => Some((value, attr)),
                _ => None,
            };
            match (path.as_ref().map(Symbol::as_str), receiver) {
                (
                    Some(
                        "builtins.int" | "builtins.len" | "builtins.float" | "builtins.round"
                        | "builtins.ord" | "builtins.hash" | "builtins.id" | "builtins.bool",
                    ),
                    _,
                ) => {}
                (Some("builtins.str" | "os.path.join" | "os.fspath"), _) => {
                    for argument in module.args(args) {
                        collect(values, at, argument.value, found, depth + 1);
                    }
                }
                (_, Some((receiver, method)))
                    if matches!(
                        method.as_str(),
                        "format" | "join" | "format_map" | "replace"
                    ) =>
                {
                    collect(values, at, receiver, found, depth + 1);
                    for argument in module.args(args) {
                        collect(values, at, argument.value, found, depth + 1);
                    }
                }
                (_, Some((receiver, method)))
                    if matches!(
                        method.as_str(),
                        "strip"
                            | "lstrip"
                            | "rstrip"
                            | "lower"
                            | "upper"
                            | "title"
                            | "encode"
                            | "decode"
                            | "removeprefix"
                            | "removesuffix"
                    ) =>
                {
                    collect(values, at, receiver, found, depth + 1);
                }
                _ => found.push((at, expr)),
            }
        }
        Expr::Name { def, .. } => match module[def].kind {
            DefKind::Phi(list) => {
                for def in module.defs_list(list) {
                    match module[*def].kind {
                        DefKind::Value(value) if value != expr => {
                            collect(values, at, value, found, depth + 4)
                        }
                        _ => found.push((at, expr)),
                    }
                }
            }
            _ => match definition(values, at, expr) {
                Some(value) => collect(values, at, value, found, depth + 1),
                None => found.push((at, expr)),
            },
        },
        _ => found.push((at, expr)),
    }
}

/// The expression a variable was assigned, where it is one and in the same scope.
pub(crate) fn definition(values: &Evaluator<'_>, at: ModuleId, expr: ExprId) -> Option<ExprId> {
    let module = values.project().module(at);
    let Expr::Name { def, slot } = module[expr] else {
        return None;
    };
    match module[def].kind {
        DefKind::Value(value) => Some(value),
        // A variable of the module, used in a function.
        DefKind::Entry => {
            let name = module[module[def].scope].slots[slot.index()].name;
            let outer = module.slot(Module::TOP, name)?;
            match (outer.defs.as_slice(), module[outer.exit].kind) {
                ([_], DefKind::Value(value)) => Some(value),
                _ => None,
            }
        }
        _ => None,
    }
}

fn joined(values: &mut Evaluator<'_>, at: ModuleId, args: List, depth: u32) -> String {
    let mut text = String::new();
    for argument in values.project().module(at).args(args) {
        if argument.kind != ArgKind::Positional {
            return text;
        }
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        text.push_str(&follow(values, at, argument.value, depth + 1));
        if !is_constant_text(values, at, argument.value, depth + 1) {
            return text;
        }
    }
    text
}

/// Whether the leading text is the whole text.
fn is_constant_text(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    if values.constant(at, expr).is_some() {
        return true;
    }
    let module = values.project().module(at);
    match module[expr] {
        Expr::Call { func, args } => {
            let path = values.dotted(at, func);
            path.is_some_and(|path| {
                matches!(
                    path.as_str(),
                    "pathlib.Path" | "pathlib.PurePath" | "os.path.join"
                )
            }) && module.args(args).iter().all(|argument| {
                argument.kind == ArgKind::Positional
                    && is_constant_text(values, at, argument.value, depth + 1)
            })
        }
        Expr::Name { .. } => definition(values, at, expr)
            .is_some_and(|value| is_constant_text(values, at, value, depth + 1)),
        Expr::Binary {
            op: Operator::Div,
            left,
            right,
        } => {
            is_constant_text(values, at, left, depth + 1)
                && is_constant_text(values, at, right, depth + 1)
        }
        _ => false,
    }
}

/// Text up to a character that begins a placeholder.
fn cut(mut text: String, placeholder: char) -> String {
    if let Some(end) = text.find(placeholder) {
        text.truncate(end);
    }
    text
}

fn common(a: &str, b: &str) -> String {
    a.chars()
        .zip(b.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a)
        .collect()
}

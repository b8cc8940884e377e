//! In code because the name a value is given, several operations later, is what makes a secret of it.

use crate::prelude::*;

/// Where a function draws from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawn {
    /// Numbers or bytes.
    Numbers,
    /// Elements of its first argument.
    Elements,
}

fn drawn(path: &str) -> Option<Drawn> {
    let name = path
        .strip_prefix("random.Random().")
        .or_else(|| path.strip_prefix("random."))
        .or_else(|| path.strip_prefix("numpy.random.default_rng()."))
        .or_else(|| path.strip_prefix("numpy.random.RandomState()."))
        .or_else(|| path.strip_prefix("numpy.random."))?;
    Some(match name {
        "choice" | "choices" | "sample" => Drawn::Elements,
        "random" | "randint" | "randrange" | "uniform" | "getrandbits" | "randbytes" | "rand"
        | "random_integers" | "random_sample" | "bytes" | "integers" => Drawn::Numbers,
        _ => return None,
    })
}

pub fn check(context: &mut Context<'_, '_>) {
    let mut sites: FxHashMap<ExprId, (TextRange, Drawn, String)> = FxHashMap::default();
    for call in context.calls() {
        for path in &call.paths {
            if let Some(drawn) = drawn(path.as_str()) {
                sites.insert(call.expr, (call.range, drawn, path.as_str().to_owned()));
            }
        }
    }
    if sites.is_empty() {
        return;
    }
    let mut reported = FxHashSet::default();
    for named in named_values(context) {
        if !is_secret(&named.name) {
            continue;
        }
        for part in parts(context, named.value) {
            let Some((range, drawn, callee)) = sites.get(&part).cloned() else {
                continue;
            };
            if is_sample(context, &named.name, part, drawn)
                || named.value == part && callee.ends_with(".choice") && is_one_of_few(context, part)
                || !reported.insert(part)
            {
                continue;
            }
            let name = &named.name;
            let draft = context.report(
                range,
                format!("{callee} makes {name}, and its output can be predicted"),
            );
            match words(name).last().map(String::as_str) {
                // Most nonces have to be new rather than unknown.
                Some("nonce") => {
                    draft.severity(Severity::Medium).persona(Persona::Pedantic);
                }
                Some("salt") => {
                    draft.severity(Severity::Medium);
                }
                _ => {}
            }
        }
    }
}

/// Whether the whole value is one of a handful: `token = choice([0, 1])` says which, and keeps no secret.
fn is_one_of_few(context: &mut Context<'_, '_>, call: ExprId) -> bool {
    /// So many digits there are.
    const FEW: usize = 10;
    let Expr::Call { args, .. } = context.module[call] else {
        return false;
    };
    context.module.args(args).first().is_some_and(|population| {
        matches!(context.constant(population.value), Some(Constant::Seq(items)) if items.len() < FEW)
    })
}

/// Whether something is picked rather than made: an element of a list of things, a token of a vocabulary.
fn is_sample(context: &mut Context<'_, '_>, name: &str, call: ExprId, drawn: Drawn) -> bool {
    let module = context.module;
    let Expr::Call { args, .. } = module[call] else {
        return true;
    };
    let arguments = module.args(args);
    match drawn {
        Drawn::Elements => {
            let Some(population) = arguments.first() else {
                return true;
            };
            !is_alphabet(context, population.value, 0)
        }
        // `token = randint(0, size)`: an index into a vocabulary.
        Drawn::Numbers => {
            words(name) == ["token"]
                && arguments
                    .iter()
                    .any(|argument| context.constant(argument.value).is_none())
        }
    }
}

/// Whether a population is made of characters or bytes.
fn is_alphabet(context: &mut Context<'_, '_>, expr: ExprId, depth: u32) -> bool {
    if depth > 8 {
        return false;
    }
    let module = context.module;
    match context.constant(expr) {
        Some(Constant::Str(_) | Constant::Bytes(_)) => return true,
        Some(Constant::Seq(items)) => {
            return items.iter().all(|item| {
                matches!(item, Constant::Str(text) if text.chars().count() == 1)
                    || matches!(item, Constant::Int(_))
            });
        }
        _ => {}
    }
    if context
        .paths(expr)
        .iter()
        .any(|path| path.as_str().starts_with("string.") || path.as_str() == "builtins.range()")
    {
        return true;
    }
    let expr = module.origin(expr);
    match module[expr] {
        Expr::Binary {
            op: Operator::Add | Operator::Mult,
            left,
            right,
        } => is_alphabet(context, left, depth + 1) || is_alphabet(context, right, depth + 1),
        Expr::Call { args, .. }
            if context.paths(expr).iter().any(|path| {
                matches!(
                    path.as_str(),
                    "builtins.list()" | "builtins.str()" | "builtins.tuple()" | "builtins.sorted()"
                )
            }) =>
        {
            module
                .args(args)
                .first()
                .is_some_and(|argument| is_alphabet(context, argument.value, depth + 1))
        }
        _ => {
            // A variable of the module or of another one: `LETTERS = string.ascii_letters + string.digits`.
            let found = context.eval(expr);
            found.iter().any(|value| match value {
                Value::Expr(home, inner) if (*home, *inner) != (context.id, expr) => {
                    alphabet_elsewhere(context, *home, *inner)
                }
                _ => false,
            })
        }
    }
}

fn alphabet_elsewhere(context: &mut Context<'_, '_>, home: ModuleId, expr: ExprId) -> bool {
    let module = context.values.project().module(home);
    match module[expr] {
        Expr::Binary {
            op: Operator::Add | Operator::Mult,
            left,
            right,
        } => [left, right].into_iter().any(|side| {
            context
                .values
                .constant(home, side)
                .is_some_and(|constant| constant.text().is_some())
                || context
                    .values
                    .eval(home, side)
                    .iter()
                    .any(|value| match value {
                        Value::External(path) => path.as_str().starts_with("string."),
                        Value::Expr(at, inner) => {
                            (*at, *inner) != (home, expr)
                                && alphabet_elsewhere(context, *at, *inner)
                        }
                        _ => false,
                    })
        }),
        _ => false,
    }
}

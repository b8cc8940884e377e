//! In code because a log call's texts are taken apart. Values are known by their names only, until data flow knows better.

use std::sync::LazyLock;

use crate::names;
use crate::prelude::*;

static METHODS: LazyLock<FxHashSet<Symbol>> = LazyLock::new(|| {
    let names = [
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "critical",
        "exception",
        "log",
        "fatal",
        "trace",
        "success",
        "msg",
    ];
    names.map(Symbol::from).into_iter().collect()
});

/// Words by which a module shows that its tokens are those of a language.
const PARSERS: &[&str] = &[
    "token",
    "lexer",
    "tokenizer",
    "parser",
    "grammar",
    "scanner",
    "syntax",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Expr::Attribute { attr, .. } = context.module[call.func] else {
            continue;
        };
        if !METHODS.contains(&attr) || !call.paths.iter().any(|path| is_logger(path.as_str())) {
            continue;
        }
        for argument in context.module.args(call.args).iter().skip(call.skip) {
            if !matches!(argument.kind, ArgKind::Positional | ArgKind::Star)
                && !matches!(argument.kind, ArgKind::Keyword(name) if !matches!(name.as_str(), "exc_info" | "stack_info" | "stacklevel"))
            {
                continue;
            }
            for part in shown(context, argument.value) {
                if let Some(name) = secret(context, part) {
                    let range = context.module.expr_range(part);
                    context.report(
                        range,
                        format!("{name} seems to be a secret and is written to the log"),
                    );
                }
            }
        }
    }
}

fn is_logger(path: &str) -> bool {
    let Some((base, _)) = path.rsplit_once('.') else {
        return false;
    };
    base == "logging"
        || base.starts_with("logging.getLogger()")
        || base.starts_with("logging.Logger()")
        || base.starts_with("logging.LoggerAdapter()")
        || base.starts_with("loguru.logger")
        || base.starts_with("structlog.get_logger()")
        || base.starts_with("structlog.stdlib.get_logger()")
        || base == "flask.current_app.logger"
        || base == "flask.Flask().logger"
        || base.starts_with("celery.utils.log.get_task_logger()")
        || base == "django.utils.log.getLogger()"
}

/// The expressions whose texts an argument shows.
fn shown(context: &Context<'_, '_>, expr: ExprId) -> Vec<ExprId> {
    let module = context.module;
    let mut open = vec![expr];
    let mut found = Vec::new();
    while let Some(expr) = open.pop() {
        if found.len() > 64 {
            break;
        }
        match module[expr] {
            Expr::FString(list) | Expr::Tuple(list) | Expr::ListOf(list) => {
                open.extend(module.list(list))
            }
            Expr::Formatted { value, .. } | Expr::Starred(value) => open.push(value),
            Expr::Binary {
                op: Operator::Add | Operator::Mod,
                left,
                right,
            } => open.extend([left, right]),
            Expr::Dict(items) => open.extend(module.dict(items).iter().map(|(_, value)| *value)),
            Expr::Call { func, args } => match module[func] {
                Expr::Attribute { value, attr } if attr.as_str() == "format" => {
                    open.push(value);
                    open.extend(module.args(args).iter().map(|argument| argument.value));
                }
                _ => found.push(expr),
            },
            _ => found.push(expr),
        }
    }
    found
}

/// The name of a value that seems to be a secret in clear.
fn secret(context: &mut Context<'_, '_>, expr: ExprId) -> Option<String> {
    let module = context.module;
    // A slice shows the ends of it; a constant is judged by others.
    let named = match module[expr] {
        Expr::Name { .. } | Expr::Attribute { .. } => true,
        Expr::Subscript { index, .. } => matches!(module[index], Expr::Str(_)),
        Expr::Call { func, .. } => {
            matches!(module[func], Expr::Attribute { attr, .. } if matches!(attr.as_str(), "get" | "get_secret_value" | "decode" | "getenv"))
        }
        _ => false,
    };
    if !named {
        return None;
    }
    let name = names::name_of(context, expr)?;
    // `SET_PASSWORD` is the name of a route or an event.
    if !names::is_secret(&name)
        || crate::condition::is_constant_name(&name)
        || context.constant(expr).is_some()
    {
        return None;
    }
    let words = names::words(&name);
    let last = words.last().map(String::as_str)?;
    // Numbers of sessions are mostly those of streams, jobs and players.
    if matches!(
        last,
        "salt" | "nonce" | "signature" | "link" | "code" | "id" | "sid" | "sessionid"
    ) || words.iter().any(|word| word == "session") && last == "key"
    {
        return None;
    }
    if words.iter().any(|word| {
        matches!(
            word.as_str(),
            "masked"
                | "redacted"
                | "safe"
                | "obfuscated"
                | "hidden"
                | "censored"
                | "sanitized"
                | "short"
                | "expired"
                | "invalid"
        )
    }) {
        return None;
    }
    // Tokens of a language are logged by its parser.
    if last == "token" {
        let file = module.file.to_ascii_lowercase();
        let imports = module.imports.iter().any(|(name, _)| {
            let name = name.as_str();
            matches!(
                name.split('.').next(),
                Some(
                    "tokenize"
                        | "ast"
                        | "lark"
                        | "ply"
                        | "pygments"
                        | "parso"
                        | "sqlparse"
                        | "transformers"
                        | "tokenizers"
                        | "spacy"
                        | "nltk"
                )
            )
        });
        if imports
            || PARSERS.iter().any(|part| {
                file.rsplit('/')
                    .next()
                    .is_some_and(|file| file.contains(part))
            })
        {
            return None;
        }
    }
    // Values of outside classes that hide themselves.
    let hides = context.paths(expr).iter().any(|path| {
        let path = path.as_str();
        path.ends_with("SecretStr()")
            || path.ends_with("SecretBytes()")
            || path.starts_with("builtins.bool()")
    });
    (!hides).then_some(name)
}

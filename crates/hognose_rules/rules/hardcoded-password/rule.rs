//! In code because it takes the shape of the value and what is done with it; a name alone says little.

use std::sync::LazyLock;

use regex::Regex;

use crate::logins::LOGINS;
use crate::names;
use crate::prelude::*;
use crate::shape::{self, Shape};

/// `password=…` in the connection strings of libpq and ODBC.
static IN_STRING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[\s;])(?:password|pwd)\s*=\s*'?([^;\s']+)").expect("it is tested")
});

/// Settings whose values frameworks log in with.
const SETTINGS: &[&str] = &[
    "EMAIL_HOST_PASSWORD",
    "MAIL_PASSWORD",
    "LDAP_BIND_USER_PASSWORD",
    "AUTH_LDAP_BIND_PASSWORD",
    "BASIC_AUTH_PASSWORD",
];

/// What speaks for a password beside its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// It is used to log in.
    Use,
    /// It is passed by that name, beside a user or host.
    Keyword,
    /// It is called so.
    Name,
    /// It stands under that key in a table of whatever.
    Key,
}

/// Answers remembered by name: most names come again and again.
type Known = FxHashMap<Symbol, bool>;

fn is_known(known: &mut Known, name: Symbol) -> bool {
    *known
        .entry(name)
        .or_insert_with(|| is_password(name.as_str()))
}

pub fn check(context: &mut Context<'_, '_>) {
    if context.in_test {
        return;
    }
    let mut known = Known::default();
    for call in context.calls() {
        sinks(context, call);
        keywords(context, call, &mut known);
        connection_strings(context, call);
    }
    stores(context);
    assignments(context, &mut known);
    displays(context);
    defaults(context, &mut known);
    comparisons(context);
}

/// Tells a name that may be a password's without making words of it.
fn is_password(name: &str) -> bool {
    let bytes = name.as_bytes();
    let has = |part: &[u8]| {
        bytes
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part))
    };
    if !has(b"pass") && !has(b"pwd") {
        return false;
    }
    if names::is_password(name) {
        return true;
    }
    let words = names::words(name);
    matches!(&*words, [.., before, last] if last == "pass" && matches!(before.as_str(), "db" | "smtp" | "mail" | "email" | "admin" | "root" | "ftp" | "mysql" | "postgres" | "redis" | "ldap" | "ssh" | "login" | "user"))
}

/// The constant an expression is, with the place to report: the literal where it stands in this module.
fn literal(
    context: &mut Context<'_, '_>,
    home: ModuleId,
    expr: ExprId,
) -> Option<(String, Option<TextRange>)> {
    let values = context.values.eval(home, expr);
    let [value] = values.as_slice() else {
        return None;
    };
    let Value::Expr(at, inner) = *value else {
        return None;
    };
    let text = context.values.constant_of(*value, 0)?.text()?.to_owned();
    let here = context.id;
    let range = if at == here {
        Some(context.module.expr_range(inner))
    } else {
        (home == here).then(|| context.module.expr_range(expr))
    };
    Some((text, range))
}

fn judge(context: &mut Context<'_, '_>, at: TextRange, text: &str, evidence: Evidence, what: &str) {
    let shape = shape::password(text);
    let (persona, confidence) = match (evidence, shape) {
        (_, Shape::Other) => return,
        (Evidence::Use, Shape::Strong) => (Persona::Regular, Confidence::High),
        (Evidence::Use, Shape::Word) => (Persona::Regular, Confidence::Medium),
        (Evidence::Use, Shape::Placeholder) => (Persona::Pedantic, Confidence::Low),
        (Evidence::Keyword, Shape::Strong) => (Persona::Regular, Confidence::Medium),
        // `{"user": "text", "password": "hidden"}` speaks of fields.
        (Evidence::Keyword, Shape::Word) if text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            (Persona::Auditor, Confidence::Low)
        }
        (Evidence::Keyword, Shape::Word) => (Persona::Pedantic, Confidence::Low),
        (Evidence::Name, Shape::Strong) => (Persona::Regular, Confidence::Low),
        (Evidence::Name, Shape::Word) => (Persona::Auditor, Confidence::Low),
        (Evidence::Key, Shape::Strong) => (Persona::Pedantic, Confidence::Low),
        (Evidence::Key, Shape::Word) => (Persona::Auditor, Confidence::Low),
        (_, Shape::Placeholder) => return,
    };
    if context.module.is_dead(at) {
        return;
    }
    context
        .report(at, what)
        .persona(persona)
        .confidence(confidence);
}

fn sinks(context: &mut Context<'_, '_>, call: &CallSite) {
    for path in &call.paths {
        let Some(asked) = LOGINS.get(&path.symbol) else {
            continue;
        };
        for (name, at) in asked {
            let Argument::Given(home, expr) = context.arg(call, Some(name), *at) else {
                continue;
            };
            let Some((text, range)) = literal(context, home, expr) else {
                if home == context.id
                    && let Some(text) = names::fallback(context, expr)
                {
                    let range = context.module.expr_range(expr);
                    judge(
                        context,
                        range,
                        &text,
                        Evidence::Keyword,
                        &format!(
                            "where the environment has no password, {path} is given one that stands in the source"
                        ),
                    );
                }
                continue;
            };
            if is_anonymous(context, call) {
                continue;
            }
            let shown = path.as_str();
            // A server on this machine is one of development.
            let evidence = if is_local(context, call) {
                Evidence::Keyword
            } else {
                Evidence::Use
            };
            judge(
                context,
                range.unwrap_or(call.range),
                &text,
                evidence,
                &format!("{shown} is given a password that stands in the source"),
            );
        }
    }
}

fn is_local(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    context.module.args(call.args).iter().any(|argument| {
        matches!(context.constant(argument.value), Some(Constant::Str(text)) if text == "localhost" || text == "::1" || text.starts_with("127.") || text.starts_with("localhost:"))
    })
}

/// FTP's public account takes any password.
fn is_anonymous(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    context.module.args(call.args).iter().any(|argument| {
        matches!(context.constant(argument.value), Some(Constant::Str(text)) if matches!(text.to_ascii_lowercase().as_str(), "anonymous" | "ftp"))
    })
}

static AUTH: LazyLock<[Symbol; 3]> =
    LazyLock::new(|| ["auth", "http_auth", "basic_auth"].map(Symbol::from));

fn keywords(context: &mut Context<'_, '_>, call: &CallSite, known: &mut Known) {
    let module = context.module;
    for argument in module.args(call.args) {
        let ArgKind::Keyword(name) = argument.kind else {
            continue;
        };
        if AUTH.contains(&name) {
            // Clients of HTTP and of what is reached by it.
            if !call.paths.is_empty() {
                pair(context, argument.value, call);
            }
            continue;
        }
        if !is_known(known, name) {
            continue;
        }
        let name = name.as_str();
        let builtin = call.paths.iter().any(|path| {
            path.as_str().starts_with("builtins.") || path.as_str().starts_with("logging.")
        });
        if builtin && !call.is(&["builtins.dict"]) {
            continue;
        }
        let Some((text, Some(range))) = literal(context, context.id, argument.value) else {
            continue;
        };
        let evidence = if call.paths.is_empty() {
            Evidence::Name
        } else {
            Evidence::Keyword
        };
        judge(
            context,
            range,
            &text,
            evidence,
            &format!("the password given as {name} stands in the source"),
        );
    }
}

/// `("user", "password")`.
fn pair(context: &mut Context<'_, '_>, expr: ExprId, call: &CallSite) {
    let values = context.eval(expr);
    let [Value::Expr(at, display)] = values.as_slice() else {
        return;
    };
    let (at, display) = (*at, *display);
    let module = context.values.project().module(at);
    let Expr::Tuple(list) = module[display] else {
        return;
    };
    let [user, password] = *module.list(list) else {
        return;
    };
    // An empty or unknown name may be that of a token: `auth=("x-access-token", token)` holds no constant password.
    let Some((text, range)) = literal(context, at, password) else {
        return;
    };
    // `guest:guest` is a public account, or a default that everybody knows anyway.
    if matches!(context.values.constant(at, user), Some(Constant::Str(user)) if user.is_empty() || user == text)
    {
        return;
    }
    let callee = call
        .paths
        .first()
        .map_or("the client", |path| path.as_str());
    let range = range.unwrap_or_else(|| context.module.expr_range(expr));
    judge(
        context,
        range,
        &text,
        Evidence::Use,
        &format!("{callee} logs in with a password that stands in the source"),
    );
}

fn connection_strings(context: &mut Context<'_, '_>, call: &CallSite) {
    let Some(path) = call.paths.first() else {
        return;
    };
    let last = path.as_str().rsplit('.').next().unwrap_or_default();
    if !matches!(
        last,
        "connect"
            | "create_pool"
            | "ConnectionPool"
            | "AsyncConnectionPool"
            | "SimpleConnectionPool"
            | "ThreadedConnectionPool"
    ) || path.as_str().starts_with("builtins.")
    {
        return;
    }
    for argument in context.module.args(call.args) {
        let Some((text, Some(range))) = literal(context, context.id, argument.value) else {
            continue;
        };
        let Some(found) = IN_STRING.captures(&text).and_then(|found| found.get(1)) else {
            continue;
        };
        judge(
            context,
            range,
            found.as_str(),
            Evidence::Use,
            &format!("the connection string for {path} holds a password"),
        );
    }
}

fn assignments(context: &mut Context<'_, '_>, known: &mut Known) {
    let module = context.module;
    let settings = ["settings", "config", "conf"]
        .iter()
        .any(|part| module.file.contains(part));
    for (id, stmt) in module.stmts() {
        let Stmt::Assign { binds, .. } = *stmt else {
            continue;
        };
        for bind in module.binds(binds) {
            // What stands here itself; where it comes from elsewhere, that is the place to report.
            if !matches!(
                module[bind.value],
                Expr::Str(_) | Expr::Bytes(_) | Expr::Binary { .. } | Expr::FString(_)
            ) {
                continue;
            }
            let symbol = match bind.target {
                Target::Name(def) => {
                    Some(module[module[def].scope].slots[module[def].slot.index()].name)
                }
                Target::Attribute { attr, .. } => Some(attr),
                Target::Item { .. } => None,
            };
            let name: &str = match (bind.target, symbol) {
                (_, Some(symbol)) if is_known(known, symbol) => symbol.as_str(),
                (Target::Item { index, .. }, None) => match module[index] {
                    Expr::Str(key) if is_password(module.str(key)) => module.str(key),
                    _ => continue,
                },
                _ => continue,
            };
            if module.is_dead(module.stmt_range(id)) {
                continue;
            }
            let Some((text, Some(range))) = literal(context, context.id, bind.value) else {
                continue;
            };
            let by_key = matches!(bind.target, Target::Item { .. });
            let evidence = if SETTINGS.contains(&name) && (settings || by_key) {
                Evidence::Use
            } else {
                Evidence::Name
            };
            judge(
                context,
                range,
                &text,
                evidence,
                &format!("the value of {name} looks like a password"),
            );
        }
    }
}

/// `session.auth = ("user", "password")`.
fn stores(context: &mut Context<'_, '_>) {
    let module = context.module;
    for store in &module.attribute_stores {
        if store.attr != AUTH[0] {
            continue;
        }
        let Expr::Tuple(list) = module[store.value] else {
            continue;
        };
        let [_, password] = *module.list(list) else {
            continue;
        };
        let client = context.paths(store.object).iter().any(|path| {
            path.as_str().starts_with("requests.") || path.as_str().starts_with("httpx.")
        });
        let Some((text, Some(range))) = literal(context, context.id, password) else {
            continue;
        };
        let evidence = if client {
            Evidence::Use
        } else {
            Evidence::Keyword
        };
        judge(
            context,
            range,
            &text,
            evidence,
            "this client logs in with a password that stands in the source",
        );
    }
}

/// `{"user": …, "password": …}`.
fn displays(context: &mut Context<'_, '_>) {
    let module = context.module;
    for (_, expr) in module.exprs() {
        let Expr::Dict(items) = *expr else { continue };
        let key = |item: &Option<NonMaxExpr>| match item.map(|key| module[key.get()]) {
            Some(Expr::Str(text)) => Some(module.str(text)),
            _ => None,
        };
        for (item, value) in module.dict(items) {
            let Some(name) = key(item) else { continue };
            if !is_password(name) {
                continue;
            }
            let beside = |wanted: &[&str]| {
                module.dict(items).iter().any(|(other, _)| {
                    key(other)
                        .is_some_and(|other| wanted.contains(&other.to_ascii_lowercase().as_str()))
                })
            };
            let evidence = if name == "PASSWORD" && beside(&["engine"]) {
                Evidence::Use
            } else if beside(&[
                "user", "username", "host", "hostname", "login", "email", "account", "userid",
                "server",
            ]) {
                Evidence::Keyword
            } else {
                Evidence::Key
            };
            let Some((text, Some(range))) = literal(context, context.id, *value) else {
                continue;
            };
            judge(
                context,
                range,
                &text,
                evidence,
                &format!("the value of {name} looks like a password"),
            );
        }
    }
}

/// `def connect(password="…")`.
fn defaults(context: &mut Context<'_, '_>, known: &mut Known) {
    for function in &context.module.functions {
        for param in &function.params {
            let Some(default) = param.default else {
                continue;
            };
            if !is_known(known, param.name) {
                continue;
            }
            let Some((text, Some(range))) = literal(context, context.id, default) else {
                continue;
            };
            judge(
                context,
                range,
                &text,
                Evidence::Name,
                &format!(
                    "{} has a password as default of {}",
                    function.name, param.name
                ),
            );
        }
    }
}

/// `password == "…"`: a door that opens for whoever read the source.
fn comparisons(context: &mut Context<'_, '_>) {
    let module = context.module;
    for (_, expr) in module.exprs() {
        let Expr::Compare {
            op: CmpOp::Eq | CmpOp::NotEq,
            left,
            right,
        } = *expr
        else {
            continue;
        };
        for (name, value) in [(left, right), (right, left)] {
            if !matches!(
                module[value],
                Expr::Str(_) | Expr::Bytes(_) | Expr::Name { .. }
            ) || matches!(module[name], Expr::Str(_))
            {
                continue;
            }
            let Some(called) = names::name_of(context, name).filter(|called| is_password(called))
            else {
                continue;
            };
            let Some((text, Some(range))) = literal(context, context.id, value) else {
                continue;
            };
            judge(
                context,
                range,
                &text,
                Evidence::Keyword,
                &format!("{called} is compared with a password that stands in the source"),
            );
        }
    }
}

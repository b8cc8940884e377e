//! In code because URLs are looked for in all texts but documentation, and the password in them is judged.

use crate::prelude::*;
use crate::shape::{self, Shape};

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    let mut prose: Option<FxHashSet<ExprId>> = None;
    for (id, expr) in module.exprs() {
        let (Expr::Str(text) | Expr::Bytes(text)) = *expr else { continue };
        let text = module.str(text);
        let Some((before, rest)) = text.split_once("://") else { continue };
        if !rest.contains('@') {
            continue;
        }
        let Some(found) = credentials(before, rest) else { continue };
        let range = module.expr_range(id);
        let prose = prose.get_or_insert_with(|| documentation(module));
        if module.is_dead(range) || prose.contains(&id) {
            continue;
        }
        let shape = shape::password(found.password);
        // `user:password@host`: how such a URL is written.
        if shape == Shape::Placeholder && found.is_local() && matches!(shape::password(found.user), Shape::Placeholder | Shape::Other) {
            continue;
        }
        let draft = match shape {
            Shape::Other => continue,
            Shape::Placeholder | Shape::Word | Shape::Strong => {
                let host = if found.host.is_empty() { "a host" } else { found.host };
                context.report(range, format!("this URL holds the password of {} at {host}", if found.user.is_empty() { "an account" } else { found.user }))
            }
        };
        if shape == Shape::Placeholder || found.is_local() || found.user == found.password {
            draft.severity(Severity::Low).confidence(Confidence::Low).persona(Persona::Pedantic);
        }
    }
}

struct Credentials<'a> {
    user: &'a str,
    password: &'a str,
    host: &'a str,
}

impl Credentials<'_> {
    fn is_local(&self) -> bool {
        let host = self.host.split(['[', '{']).next().unwrap_or_default();
        matches!(host, "localhost" | "::1" | "0.0.0.0" | "host" | "hostname" | "server" | "db" | "redis" | "postgres" | "mysql" | "rabbitmq" | "mongo")
            || host.starts_with("127.")
            || host.ends_with(".local")
            || host == "example.com"
            || [".example", ".example.com", ".example.org", ".example.net", ".test", ".invalid", ".localhost"].iter().any(|end| host.ends_with(end))
    }
}

/// The parts of a URL, cut at its `://`; `None` where it holds no constant password.
fn credentials<'a>(before: &str, rest: &'a str) -> Option<Credentials<'a>> {
    let scheme = before.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-')).count();
    // A template of a URL, or a sentence with one in it, is no URL.
    if scheme < 2 || before.len() != scheme || rest.contains(char::is_whitespace) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let (login, host) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    let mark = |text: &str| text.contains(['{', '}', '<', '>', '%', '$', '*', '"', '\'', '`', '(', '[', '|', '\\', ',']);
    // `%40` and the like are part of a password; `%s` is not.
    let escaped = |text: &str| {
        let bytes = text.as_bytes();
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit) && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit))
    };
    if password.is_empty() || mark(&password.replace('%', "")) || !escaped(password) || mark(user) {
        return None;
    }
    let host = host.split(':').next().unwrap_or_default();
    Some(Credentials { user, password, host })
}

/// Texts that stand alone: documentation.
fn documentation(module: &Module) -> FxHashSet<ExprId> {
    module
        .stmts()
        .filter_map(|(_, stmt)| match stmt {
            Stmt::Expr(expr) => Some(*expr),
            _ => None,
        })
        .collect()
}

//! Texts, with their escapes and the fields of f-strings.

use super::Parser;
use crate::expression::{Dialect, Expr, Kind, tokens};

impl Parser<'_> {
    /// Texts that stand side by side.
    pub(super) fn strings(&mut self) -> Expr {
        let mut parts = Vec::new();
        while let Some(Kind::String {
            from,
            to,
            raw,
            format,
        }) = self.kind()
        {
            self.skip();
            let written = &self.text[from..to];
            if format {
                self.fields(written, raw, &mut parts);
            } else {
                push_text(&mut parts, decoded(written, raw));
            }
        }
        match parts.pop() {
            None => Expr::String(String::new()),
            Some(only) if parts.is_empty() && matches!(only, Expr::String(_)) => only,
            Some(last) => {
                parts.push(last);
                Expr::Concat(parts)
            }
        }
    }

    /// The parts of an f-string.
    fn fields(&mut self, written: &str, raw: bool, parts: &mut Vec<Expr>) {
        let mut rest = written;
        while let Some(at) = rest.find(['{', '}']) {
            push_text(parts, decoded(&rest[..at], raw));
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                push_text(parts, brace.to_owned());
                rest = after;
                continue;
            }
            let ends = ["!", ":", "}", "="];
            let Ok((tokens, end)) = tokens(rest, 0, &ends, Dialect::Python) else {
                self.failed = true;
                return;
            };
            let mut field = Parser::new(rest, &tokens, Dialect::Python);
            field.depth = self.depth;
            let value = field.expression();
            field.finish();
            self.failed |= field.failed;
            parts.push(if field.failed { Expr::unknown() } else { value });
            // The format behind it may hold fields of its own.
            let mut depth = 0usize;
            let close = rest[end..].find(|c| {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => return true,
                    '}' => depth -= 1,
                    _ => {}
                }
                false
            });
            let Some(close) = close else {
                self.failed = true;
                return;
            };
            rest = &rest[end + close + 1..];
        }
        push_text(parts, decoded(rest, raw));
    }
}

/// A text as it is meant; in a raw one a backslash is a backslash.
fn decoded(written: &str, raw: bool) -> String {
    if raw {
        written.to_owned()
    } else {
        unescaped(written)
    }
}

fn push_text(parts: &mut Vec<Expr>, text: String) {
    match parts.last_mut() {
        Some(Expr::String(last)) => last.push_str(&text),
        _ if text.is_empty() => {}
        _ => parts.push(Expr::String(text)),
    }
}

/// A text without its escapes.
pub(crate) fn unescaped(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut characters = written.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let code = |digits: &str| {
            u32::from_str_radix(digits, 16)
                .ok()
                .and_then(char::from_u32)
        };
        match characters.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('\n') | None => {}
            Some(escape @ ('x' | 'u' | 'U')) => {
                let length = match escape {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let rest = characters.as_str();
                match rest.get(..length).and_then(code) {
                    Some(c) => {
                        text.push(c);
                        characters = rest[length..].chars();
                    }
                    None => text.push(escape),
                }
            }
            Some(c) => {
                if !matches!(c, '\\' | '"' | '\'' | '/') {
                    text.push('\\');
                }
                text.push(c);
            }
        }
    }
    text
}

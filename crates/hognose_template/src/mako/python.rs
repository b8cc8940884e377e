//! Python between `<%` and `%>`: the names that it binds.

use super::{Mako, outside_of_brackets};
use crate::expression::{Dialect, Expr, Kind, Parser, Token, tokens};
use crate::jinja2::{bind_parts, targets};
use crate::reader::MAX_COPIES;
use crate::{Autoescape, Bound};

impl Mako<'_> {
    /// `<% code %>` and `<%! code of the module %>`
    pub(super) fn python(&mut self, from: usize) -> usize {
        let text = self.text;
        let start = from + 2 + usize::from(text[from + 2..].starts_with('!'));
        let (tokens, end) = match tokens(text, start, &["%>"], Dialect::Python) {
            Ok(read) => read,
            Err(_) => {
                self.reader.fault("the code is not closed", from, start);
                return text[start..]
                    .find("%>")
                    .map_or(start, |length| start + length + 2);
            }
        };
        let to = end + 2;
        // How far the line of a statement is indented; of the first line, behind `<%`, that is not known.
        let indentation = |token: &Token| {
            let before = &text[start..token.from];
            let line = &before[before.rfind('\n')? + 1..];
            Some(line.len() - line.trim_start().len())
        };
        let mut outermost = None;
        // Deeper than this stands the body of a function or class, whose names are its own.
        let mut function = None;
        // The line began with a compound statement, and what follows in it belongs to that.
        let mut in_body = false;
        let is_end =
            |token: &Token| token.kind == Kind::Newline || &text[token.from..token.to] == ";";
        for statement in tokens.split(is_end) {
            let Some(first) = statement.first() else {
                continue;
            };
            let before = &text[start..first.from];
            let begins_line = before[before.rfind('\n').map_or(0, |newline| newline + 1)..]
                .trim()
                .is_empty();
            in_body &= !begins_line;
            let indentation = indentation(first);
            if function.is_some_and(|function| indentation > function || !begins_line) {
                continue;
            }
            let certain = match indentation {
                Some(columns) => columns <= *outermost.get_or_insert(columns),
                None => true,
            } && !in_body;
            let defines = matches!(&text[first.from..first.to], "def" | "class");
            function = defines.then_some(indentation);
            let (head, body) = self.split_body(statement);
            in_body |= !body.is_empty();
            for (part, certain) in [(head, certain), (body, false)] {
                if let [first, .., last] = part {
                    self.statement(part, certain, first.from, last.to);
                }
            }
        }
        to
    }

    /// The head of a compound statement, and what stands behind its colon in the same line.
    fn split_body<'t>(&self, statement: &'t [Token]) -> (&'t [Token], &'t [Token]) {
        let written = |token: &Token| &self.text[token.from..token.to];
        let is_compound = statement.first().is_some_and(|first| {
            matches!(
                written(first),
                "if" | "elif" | "else" | "for" | "while" | "with" | "try" | "except" | "finally"
            )
        });
        match outside_of_brackets(":", self.text, statement) {
            Some(colon) if is_compound => (&statement[..colon], &statement[colon + 1..]),
            _ => (statement, &[]),
        }
    }

    fn statement(&mut self, tokens: &[Token], certain: bool, from: usize, to: usize) {
        let text = self.text;
        let written = |token: &Token| &text[token.from..token.to];
        let mut parser = Parser::new(text, tokens, Dialect::Python);
        let bound = match parser.peek() {
            "for" => {
                parser.skip();
                self.bind_loop(&mut parser, from, to);
                return;
            }
            "with" => {
                parser.skip();
                self.bind_with(&mut parser, from, to);
                return;
            }
            "def" | "class" => {
                parser.skip();
                parser.name().into_iter().collect()
            }
            "import" | "from" => imported(tokens, written),
            "if" | "elif" | "else" | "while" | "try" | "except" | "finally" | "return"
            | "raise" | "pass" | "assert" | "del" | "global" => return,
            _ => {
                self.assignment(tokens, certain, from, to);
                return;
            }
        };
        for name in bound {
            self.reader.bind(name, Bound::Is(Expr::unknown()), from, to);
            if !certain {
                self.reader.last_is_uncertain();
            }
        }
    }

    /// `a = b = value`, `a += value`, or a call.
    fn assignment(&mut self, tokens: &[Token], certain: bool, from: usize, to: usize) {
        let text = self.text;
        let mut depth = 0usize;
        let mut equals = Vec::new();
        let mut adds = false;
        for (index, token) in tokens.iter().enumerate() {
            match &text[token.from..token.to] {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "=" if depth == 0 => equals.push(index),
                "+=" if depth == 0 => {
                    adds = true;
                    equals.push(index);
                }
                _ => {}
            }
        }
        let value_from = equals.last().map_or(0, |index| index + 1);
        let mut parser = Parser::new(text, &tokens[value_from..], Dialect::Python);
        let mut value = parser.expression_list();
        parser.finish();
        if parser.failed {
            self.reader
                .fault("the statement is not understood", from, to);
            value = Expr::unknown();
        }
        if equals.is_empty() {
            self.context_write(value, from, to);
            return;
        }
        let mut begin = 0;
        for end in equals.into_iter().take(MAX_COPIES) {
            let target = &tokens[begin..end];
            begin = end + 1;
            let mut parser = Parser::new(text, target, Dialect::Python);
            let is_name = target.iter().all(|token| {
                token.kind == Kind::Name
                    || matches!(
                        &text[token.from..token.to],
                        "," | "(" | ")" | "[" | "]" | "*"
                    )
            }) && !matches!(target, [first, second, ..] if first.kind == Kind::Name && &text[second.from..second.to] == "[");
            if !is_name {
                continue;
            }
            let names = targets(&mut parser, "=");
            let value = match (adds, names.first()) {
                (true, Some((name, _))) => {
                    Expr::Concat(vec![Expr::Name(name.clone()), value.clone()])
                }
                _ => value.clone(),
            };
            for name in names.into_iter().take(MAX_COPIES) {
                bind_parts(&mut self.reader, vec![name], &value, from, to);
                if !certain {
                    self.reader.last_is_uncertain();
                }
            }
        }
    }

    /// `context.write(value)` writes what it is given as it is.
    fn context_write(&mut self, value: Expr, from: usize, to: usize) {
        if let Expr::Call(callee, mut arguments) = value
            && *callee
                == Expr::Attribute(
                    Box::new(Expr::Name("context".to_owned())),
                    "write".to_owned(),
                )
            && arguments.len() == 1
        {
            let written = arguments.remove(0).value;
            self.reader
                .hole(written, Vec::new(), Autoescape::Off, from, to);
        }
    }
}

/// The names that an import binds.
fn imported<'a>(tokens: &[Token], written: impl Fn(&Token) -> &'a str) -> Vec<String> {
    let words: Vec<&str> = tokens.iter().map(written).collect();
    let names = match words.iter().position(|word| *word == "import") {
        Some(position) => &words[position + 1..],
        None => return Vec::new(),
    };
    let bound = names.split(|word| *word == ",").filter_map(|item| {
        let item = item
            .iter()
            .filter(|word| !matches!(**word, "(" | ")"))
            .collect::<Vec<_>>();
        // `import a.b` binds `a`.
        let name = match item.iter().position(|word| **word == "as") {
            Some(position) => item.get(position + 1),
            None => item.first(),
        };
        name.map(|name| (**name).to_owned())
    });
    bound.collect()
}

//! Mako. Its expressions are Python's.

mod element;
mod python;

use crate::expression::{Dialect, Expr, Filter, Kind, Parser, Token, tokens};
use crate::jinja2::targets;
use crate::reader::{MAX_COPIES, Opening, Reader, Scope};
use crate::{Autoescape, Bound, Surroundings, Template};

/// A variable of a Python loop outlives it.
const BRANCH: Opening = Opening {
    scope: Scope::Around,
    branch: true,
    elsewhere: false,
};

/// The statements of a `%` line that have a body.
const STATEMENTS: &[&str] = &["if", "for", "while", "try", "with"];

struct Mako<'a> {
    reader: Reader<'a>,
    text: &'a str,
    /// The filters of the file for every expression.
    page_filters: Vec<Filter>,
}

pub(crate) fn read(text: &str, surroundings: &Surroundings) -> Template {
    let mut mako = Mako {
        reader: Reader::new(text, surroundings),
        text,
        page_filters: Vec::new(),
    };
    let mut literal = 0;
    let mut at = 0;
    while at < text.len() && !mako.reader.is_stopped() {
        let begins_line = at == 0 || text.as_bytes()[at - 1] == b'\n';
        let next = if begins_line {
            mako.line(literal, at)
        } else {
            None
        };
        let next = next.or_else(|| mako.tag(literal, at));
        match next {
            Some(to) => {
                literal = to;
                at = to;
            }
            // To the next place where something can begin; all marks and line ends are ASCII.
            None => {
                let length = text[at..].find(['$', '<', '\n']).unwrap_or(text.len() - at);
                at += length;
                if length == 0 || text[at..].starts_with('\n') {
                    at += 1;
                }
            }
        }
    }
    mako.reader.literal(&text[literal..]);
    mako.reader.finish()
}

impl<'a> Mako<'a> {
    /// A line that begins with `%` or `##`. Returns where the text goes on.
    fn line(&mut self, literal: usize, at: usize) -> Option<usize> {
        let text = self.text;
        let rest = &text[at..];
        let content = rest.trim_start_matches([' ', '\t']);
        let from = text.len() - content.len();
        if content.starts_with("##") {
            self.reader.literal(&text[literal..at]);
            return Some(line_end(text, from));
        }
        let code = content.strip_prefix('%')?;
        self.reader.literal(&text[literal..at]);
        if code.starts_with('%') {
            // Two stand for one.
            self.reader.literal("%");
            return Some(from + 2);
        }
        let mut end = line_end(text, from);
        // A backslash joins the next line.
        while text[..end].trim_end_matches(['\n', '\r']).ends_with('\\') && end < text.len() {
            end = line_end(text, end);
        }
        self.control(from + 1, end);
        Some(end)
    }

    fn control(&mut self, from: usize, to: usize) {
        let code = &self.text[..to];
        // The end of the line may be the end of the file, where no mark stands.
        let line = format!("{}\0", &code[from..]);
        let Ok((tokens, _)) = tokens(&line, 0, &["\0"], Dialect::Python) else {
            self.reader.fault("the line is not understood", from, to);
            return;
        };
        let mut parser = Parser::new(&line, &tokens, Dialect::Python);
        let Some(word) = parser.name() else {
            self.reader.fault("the line is not understood", from, to);
            return;
        };
        match word.as_str() {
            "for" => {
                self.reader.open("for", BRANCH, to);
                self.bind_loop(&mut parser, from, to);
                self.reader.bind("loop".to_owned(), Bound::Loop, from, to);
            }
            "with" => {
                self.reader.open("with", BRANCH, to);
                self.bind_with(&mut parser, from, to);
            }
            word if STATEMENTS.contains(&word) => self.reader.open(word, BRANCH, to),
            "else" | "elif" | "except" | "finally" => {
                if !self.reader.branch(STATEMENTS, from) {
                    self.reader.fault("no branch can begin here", from, to);
                }
            }
            word => match word.strip_prefix("end") {
                Some(opened) if STATEMENTS.contains(&opened) => self.reader.close(opened, from, to),
                _ => self.reader.fault("the line is not understood", from, to),
            },
        }
        if parser.failed {
            self.reader.fault("the line is not understood", from, to);
        }
    }

    fn bind_loop(&mut self, parser: &mut Parser<'_>, from: usize, to: usize) {
        let targets = targets(parser, "in");
        let of = parser.expression_list();
        self.reader.bind_loop(targets, &of, from, to);
    }

    fn bind_with(&mut self, parser: &mut Parser<'_>, from: usize, to: usize) {
        let value = parser.expression();
        if parser.eat("as")
            && let Some(name) = parser.name()
        {
            self.reader
                .bind(name, Bound::Is(Expr::Unknown(vec![value])), from, to);
        }
    }

    /// A tag or an expression. Returns where the text goes on.
    fn tag(&mut self, literal: usize, from: usize) -> Option<usize> {
        let text = self.text;
        let rest = &text[from..];
        if rest.starts_with("${") {
            self.reader.literal(&text[literal..from]);
            return Some(self.expression(from));
        }
        if let Some(name) = rest.strip_prefix("</%") {
            self.reader.literal(&text[literal..from]);
            let length = name
                .find(|c: char| !is_tag_character(c))
                .unwrap_or(name.len());
            let to = name[length..]
                .find('>')
                .map_or(text.len(), |close| from + 3 + length + close + 1);
            self.reader.close(&name[..length], from, to);
            return Some(to);
        }
        let inside = rest.strip_prefix("<%")?;
        self.reader.literal(&text[literal..from]);
        if inside.starts_with('%') {
            self.reader.literal("<%");
            return Some(from + 3);
        }
        if !inside.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Some(self.python(from));
        }
        for (tag, is_text) in [("doc", false), ("text", true)] {
            if let Some(after) = inside.strip_prefix(tag)
                && after.starts_with(|c: char| c == '>' || c.is_whitespace())
            {
                return Some(self.verbatim(from, tag, is_text));
            }
        }
        Some(self.element(from))
    }

    /// `<%doc>` and `<%text>`.
    fn verbatim(&mut self, from: usize, tag: &str, is_text: bool) -> usize {
        let text = self.text;
        let end = format!("</%{tag}>");
        let body = text[from..]
            .find('>')
            .map_or(text.len(), |length| from + length + 1);
        let (body_end, to) = match text[body..].find(&end) {
            Some(length) => (body + length, body + length + end.len()),
            None => {
                self.reader.fault("the tag is not ended", from, body);
                (text.len(), text.len())
            }
        };
        if is_text {
            self.reader.literal(&text[body..body_end]);
        }
        to
    }

    /// `${value | filters}`
    fn expression(&mut self, from: usize) -> usize {
        let text = self.text;
        let inside = from + 2;
        let Ok((tokens, end)) = tokens(text, inside, &["}"], Dialect::Python) else {
            self.reader
                .fault("the expression is not closed", from, inside);
            return match text[inside..].find('}') {
                Some(length) => {
                    let to = inside + length + 1;
                    self.reader
                        .hole(Expr::unknown(), Vec::new(), Autoescape::Inherit, from, to);
                    to
                }
                None => inside,
            };
        };
        let to = end + 1;
        let tokens: Vec<Token> = tokens
            .into_iter()
            .filter(|token| token.kind != Kind::Newline)
            .collect();
        let bar = outside_of_brackets("|", text, &tokens);
        let (value, filters) = tokens.split_at(bar.unwrap_or(tokens.len()));
        let mut parser = Parser::new(text, value, Dialect::Python);
        let mut value = parser.expression_list();
        parser.finish();
        if parser.failed {
            self.reader
                .fault("the expression is not understood", from, to);
            value = Expr::unknown();
        }
        let own = filter_list(text, filters.get(1..).unwrap_or_default());
        self.write(value, own, from, to);
        to
    }

    /// A value is written, with the filters behind it, those of the page, and those of the environment unless `n` forbids both.
    fn write(&mut self, value: Expr, own: Vec<Filter>, from: usize, to: usize) {
        let is_bare = own
            .iter()
            .chain(&self.page_filters)
            .any(|filter| filter.name == "n");
        let own_is_bare = own.iter().any(|filter| filter.name == "n");
        let mut filters = if own_is_bare {
            Vec::new()
        } else {
            self.page_filters.clone()
        };
        filters.extend(own);
        filters.retain(|filter| filter.name != "n");
        let autoescape = if is_bare {
            Autoescape::Off
        } else {
            Autoescape::Inherit
        };
        self.reader.hole(value, filters, autoescape, from, to);
    }
}

/// Where a token so written stands first outside of brackets.
fn outside_of_brackets(wanted: &str, text: &str, tokens: &[Token]) -> Option<usize> {
    let mut depth = 0usize;
    tokens.iter().position(|token| {
        match &text[token.from..token.to] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            written => return depth == 0 && written == wanted,
        }
        false
    })
}

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | ':')
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..]
        .find('\n')
        .map_or(text.len(), |length| from + length + 1)
}

fn filters_of(written: &str) -> Vec<Filter> {
    let code = format!("{written}\0");
    match tokens(&code, 0, &["\0"], Dialect::Python) {
        Ok((tokens, _)) => filter_list(&code, &tokens),
        Err(_) => Vec::new(),
    }
}

/// Names with commas between them.
fn filter_list(text: &str, tokens: &[Token]) -> Vec<Filter> {
    let mut parser = Parser::new(text, tokens, Dialect::Python);
    let mut filters = Vec::new();
    while let Some(filter) = parser.filter() {
        filters.push(filter);
        if !parser.eat(",") || filters.len() >= MAX_COPIES {
            break;
        }
    }
    filters
}

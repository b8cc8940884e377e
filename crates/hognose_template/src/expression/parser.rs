//! A parser of expressions: its place in the tokens, and the bounds of what it builds.

mod operand;
mod operator;
mod text;

use super::{Dialect, Expr, Kind, MAX_DEPTH, Token};

pub(crate) use text::unescaped;

/// Brackets are read to this depth; it bounds the recursion of the parser.
const MAX_NESTING: usize = 24;

/// Attributes, calls and filters that follow each other; it bounds the trees that are built before their depth is known.
const MAX_CHAIN: usize = 32;

/// Reads expressions from tokens.
pub(crate) struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    dialect: Dialect,
    depth: usize,
    /// Something was not understood.
    pub(crate) failed: bool,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, tokens: &'a [Token], dialect: Dialect) -> Self {
        Self {
            text,
            tokens,
            at: 0,
            dialect,
            depth: 0,
            failed: false,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The next token as it is written; empty at the end and for texts.
    pub(crate) fn peek(&self) -> &'a str {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &'a str {
        match self.tokens.get(self.at + ahead) {
            Some(Token {
                kind: Kind::String { .. } | Kind::Newline,
                ..
            })
            | None => "",
            Some(token) => &self.text[token.from..token.to],
        }
    }

    fn kind(&self) -> Option<Kind> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    pub(crate) fn eat(&mut self, written: &str) -> bool {
        let eaten = self.peek() == written;
        self.at += usize::from(eaten);
        eaten
    }

    pub(crate) fn name(&mut self) -> Option<String> {
        if self.kind() != Some(Kind::Name) {
            return None;
        }
        let name = self.peek().to_owned();
        self.at += 1;
        Some(name)
    }

    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// The rest of the tokens was not understood if there is one.
    pub(crate) fn finish(&mut self) {
        self.failed |= !self.is_done();
    }

    /// Gives up: nothing more is read.
    fn fail(&mut self) {
        self.failed = true;
        self.at = self.tokens.len();
    }

    /// An expression, or a tuple of them without parentheses.
    pub(crate) fn expression_list(&mut self) -> Expr {
        let first = self.expression();
        if self.peek() != "," {
            return first;
        }
        let mut elements = vec![first];
        while self.eat(",") {
            if self.is_done() || matches!(self.peek(), ")" | "=") {
                break;
            }
            elements.push(self.expression());
        }
        let list = Expr::List(elements);
        self.shallow(list)
    }

    /// An expression.
    pub(crate) fn expression(&mut self) -> Expr {
        self.nested(Self::conditional)
    }

    /// An expression behind which `if` begins something else.
    pub(crate) fn iterable(&mut self) -> Expr {
        self.nested(Self::disjunction)
    }

    /// Reads within one more bracket.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if self.depth >= MAX_NESTING {
            self.fail();
            return Expr::unknown();
        }
        self.depth += 1;
        let expr = read(self);
        self.depth -= 1;
        if self.depth == 0 {
            self.shallow(expr)
        } else {
            expr
        }
    }

    /// A tree that is too deep for those who walk it is not told.
    fn shallow(&mut self, expr: Expr) -> Expr {
        // Two levels are left for what a binding adds.
        if expr.depth() + 2 <= MAX_DEPTH {
            return expr;
        }
        self.failed = true;
        Expr::unknown()
    }
}

//! What operators stand between: names, displays, and the attributes, calls and filters behind them.

use super::{MAX_CHAIN, Parser};
use crate::expression::{Argument, Expr, Filter, Kind};

impl Parser<'_> {
    /// The name and the arguments of a filter.
    pub(crate) fn filter(&mut self) -> Option<Filter> {
        let Some(mut name) = self.name() else {
            self.failed = true;
            return None;
        };
        while self.eat(".") {
            if let Some(part) = self.name() {
                name.push('.');
                name.push_str(&part);
            }
        }
        let arguments = if self.eat("(") {
            self.arguments()
        } else {
            Vec::new()
        };
        Some(Filter { name, arguments })
    }

    /// The arguments of a call behind its `(`.
    pub(crate) fn arguments(&mut self) -> Vec<Argument> {
        let mut arguments = Vec::new();
        while !self.is_done() && !self.eat(")") {
            let spread = self.eat("*") || self.eat("**");
            let name = if self.peek_at(1) == "=" {
                self.name()
            } else {
                None
            };
            if name.is_some() {
                self.skip();
            }
            let mut value = self.expression();
            if spread {
                value = Expr::Unknown(vec![value]);
            }
            if matches!(self.peek(), "for" | "async") {
                value = self.comprehension();
            }
            arguments.push(Argument { name, value });
            if !self.eat(",") && self.peek() != ")" {
                self.fail();
            }
        }
        arguments
    }

    pub(super) fn postfix(&mut self) -> Expr {
        let mut value = self.primary();
        for _ in 0..MAX_CHAIN {
            let next = match self.peek() {
                "." => {
                    self.skip();
                    if !matches!(self.kind(), Some(Kind::Name | Kind::Number)) {
                        self.fail();
                        return Expr::unknown();
                    }
                    let name = self.peek().to_owned();
                    self.skip();
                    Expr::Attribute(Box::new(value), name)
                }
                "[" => {
                    self.skip();
                    let is_number = self.kind() == Some(Kind::Number);
                    let written = self.peek().to_owned();
                    let key = self.subscript();
                    match key {
                        Expr::String(key) => Expr::Attribute(Box::new(value), key),
                        Expr::Scalar
                            if is_number && written.bytes().all(|c| c.is_ascii_digit()) =>
                        {
                            Expr::Attribute(Box::new(value), written)
                        }
                        key => Expr::Item(Box::new(value), Box::new(key)),
                    }
                }
                "(" => {
                    self.skip();
                    let arguments = self.arguments();
                    Expr::Call(Box::new(value), arguments)
                }
                _ => return value,
            };
            value = next;
        }
        if matches!(self.peek(), "." | "[" | "(") {
            self.fail();
        }
        value
    }

    /// What stands in brackets behind a value; of a slice nothing but that it is one.
    fn subscript(&mut self) -> Expr {
        let mut slice = false;
        let mut key = Expr::unknown();
        while !self.is_done() && !self.eat("]") {
            if self.eat(":") || self.eat(",") {
                slice = true;
            } else {
                key = self.expression();
                if !matches!(self.peek(), ":" | "," | "]") {
                    self.fail();
                }
            }
        }
        if slice { Expr::unknown() } else { key }
    }

    fn primary(&mut self) -> Expr {
        match self.kind() {
            Some(Kind::Number) => {
                self.skip();
                Expr::Scalar
            }
            Some(Kind::String { .. }) => self.strings(),
            Some(Kind::Name) => match self.peek() {
                "true" | "false" | "none" | "True" | "False" | "None" => {
                    self.skip();
                    Expr::Scalar
                }
                name => {
                    self.skip();
                    Expr::Name(name.to_owned())
                }
            },
            Some(Kind::Operator) => match self.peek() {
                "(" => {
                    self.skip();
                    let (mut elements, tuple) = self.elements(")");
                    match elements.pop() {
                        Some(only) if !tuple && elements.is_empty() => only,
                        last => {
                            elements.extend(last);
                            Expr::List(elements)
                        }
                    }
                }
                "[" => {
                    self.skip();
                    let (elements, _) = self.elements("]");
                    Expr::List(elements)
                }
                "{" => {
                    self.skip();
                    self.dictionary()
                }
                _ => {
                    self.fail();
                    Expr::unknown()
                }
            },
            Some(Kind::Newline) | None => {
                self.fail();
                Expr::unknown()
            }
        }
    }

    /// Elements up to `end`, and whether a comma stood among them.
    fn elements(&mut self, end: &str) -> (Vec<Expr>, bool) {
        let mut elements = Vec::new();
        let mut comma = false;
        while !self.is_done() && !self.eat(end) {
            if self.eat("*") {
                let all = self.expression();
                elements.push(Expr::Unknown(vec![all]));
            } else {
                elements.push(self.expression());
            }
            if matches!(self.peek(), "for" | "async") {
                elements = vec![self.comprehension()];
            }
            if self.eat(",") {
                comma = true;
            } else if self.peek() != end {
                self.fail();
            }
        }
        (elements, comma)
    }

    /// The rest of a comprehension. Its variables are known only inside of it, so of what it makes only the origin is told.
    fn comprehension(&mut self) -> Expr {
        let mut origins = Vec::new();
        while matches!(self.peek(), "for" | "async") {
            while !self.is_done() && !self.eat("in") {
                self.skip();
            }
            origins.push(self.disjunction());
            while self.eat("if") {
                self.disjunction();
            }
        }
        Expr::Unknown(origins)
    }

    fn dictionary(&mut self) -> Expr {
        let mut items = Vec::new();
        let mut elements = Vec::new();
        while !self.is_done() && !self.eat("}") {
            if self.eat("**") {
                let all = self.expression();
                elements.push(Expr::Unknown(vec![all]));
            } else {
                let key = self.expression();
                if self.eat(":") {
                    items.push((key, self.expression()));
                } else {
                    elements.push(key);
                }
            }
            if matches!(self.peek(), "for" | "async") {
                items.clear();
                elements = vec![self.comprehension()];
            }
            if !self.eat(",") && self.peek() != "}" {
                self.fail();
            }
        }
        if elements.is_empty() {
            Expr::Dict(items)
        } else if items.is_empty() {
            Expr::List(elements)
        } else {
            elements.extend(items.into_iter().map(|(_, value)| value));
            Expr::Unknown(elements)
        }
    }
}

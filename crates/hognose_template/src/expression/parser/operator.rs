//! Operators, from the loosest to the tightest.

use super::{MAX_CHAIN, Parser};
use crate::expression::{Dialect, Expr, Kind};

impl Parser<'_> {
    pub(super) fn conditional(&mut self) -> Expr {
        if self.dialect == Dialect::Python && self.peek() == "lambda" {
            while !self.is_done() && !self.eat(":") {
                self.skip();
            }
            // Its parameters hide names, so nothing can be said of what it uses.
            self.expression();
            return Expr::unknown();
        }
        let value = self.disjunction();
        // `for x in a if b` asks for `a` alone.
        if !self.eat("if") {
            return value;
        }
        self.disjunction();
        let other = if self.eat("else") {
            self.expression()
        } else {
            Expr::Scalar
        };
        either(value, other)
    }

    pub(super) fn disjunction(&mut self) -> Expr {
        let mut value = self.negation();
        while matches!(self.peek(), "or" | "and") {
            self.skip();
            let right = self.negation();
            value = either(value, right);
        }
        value
    }

    fn negation(&mut self) -> Expr {
        let mut negated = false;
        while self.eat("not") {
            negated = true;
        }
        let value = self.comparison();
        if negated { Expr::Scalar } else { value }
    }

    fn comparison(&mut self) -> Expr {
        let mut value = self.sum();
        loop {
            match self.peek() {
                "==" | "!=" | "<" | ">" | "<=" | ">=" | "in" => self.skip(),
                "not" if self.peek_at(1) == "in" => self.at += 2,
                "is" => {
                    self.skip();
                    self.eat("not");
                    if self.dialect == Dialect::Jinja2 {
                        self.test();
                        value = Expr::Scalar;
                        continue;
                    }
                }
                _ => return value,
            }
            self.sum();
            value = Expr::Scalar;
        }
    }

    /// `x is divisibleby 3`: the name of a test and what it is given.
    fn test(&mut self) {
        if self.name().is_none() {
            self.failed = true;
            return;
        }
        while self.eat(".") {
            self.name();
        }
        let keyword = matches!(
            self.peek(),
            "else" | "or" | "and" | "is" | "if" | "not" | "in"
        );
        let given = match self.kind() {
            Some(Kind::Name) => !keyword,
            Some(Kind::Number | Kind::String { .. }) => true,
            _ => matches!(self.peek(), "(" | "[" | "{"),
        };
        if given {
            self.postfix();
        }
    }

    fn sum(&mut self) -> Expr {
        let mut value = self.product();
        // Each change from one kind of operation to the other makes the tree deeper.
        let mut changes = 0;
        loop {
            let joins = match self.peek() {
                "+" | "~" => true,
                "-" | "&" | "^" => false,
                "|" if self.dialect == Dialect::Python => false,
                _ => return value,
            };
            if joins != matches!(value, Expr::Concat(_)) {
                changes += 1;
                if changes > MAX_CHAIN {
                    self.fail();
                    return value;
                }
            }
            if !joins {
                value = self.operation(value);
                continue;
            }
            self.skip();
            let right = self.product();
            value = match value {
                Expr::Concat(mut parts) => {
                    parts.push(right);
                    Expr::Concat(parts)
                }
                left => Expr::Concat(vec![left, right]),
            };
        }
    }

    fn operation(&mut self, left: Expr) -> Expr {
        self.skip();
        let right = self.product();
        self.unknown_of(left, right)
    }

    fn product(&mut self) -> Expr {
        let mut value = self.unary();
        while matches!(self.peek(), "*" | "/" | "//" | "%" | "**" | "@") {
            self.skip();
            let right = self.unary();
            value = self.unknown_of(value, right);
        }
        value
    }

    fn unknown_of(&mut self, left: Expr, right: Expr) -> Expr {
        match (left, right) {
            (Expr::Scalar, Expr::Scalar) => Expr::Scalar,
            (Expr::Unknown(mut parts), right) if !parts.is_empty() => {
                parts.push(right);
                Expr::Unknown(parts)
            }
            (left, right) => Expr::Unknown(vec![left, right]),
        }
    }

    fn unary(&mut self) -> Expr {
        let mut signs = 0;
        while matches!(self.peek(), "-" | "+" | "~")
            || self.dialect == Dialect::Python && self.peek() == "await"
        {
            self.skip();
            signs += 1;
        }
        let mut value = self.postfix();
        if signs > 0 && value != Expr::Scalar {
            value = Expr::Unknown(vec![value]);
        }
        if self.dialect == Dialect::Jinja2 {
            let mut links = 0;
            while self.eat("|") {
                links += 1;
                if links > MAX_CHAIN {
                    self.fail();
                }
                let Some(filter) = self.filter() else { break };
                value = Expr::Filter(Box::new(value), Box::new(filter));
            }
        }
        value
    }
}

fn either(left: Expr, right: Expr) -> Expr {
    let mut choices = Vec::new();
    for side in [left, right] {
        match side {
            Expr::Either(inner) => choices.extend(inner),
            Expr::Scalar if choices.contains(&Expr::Scalar) => {}
            other => choices.push(other),
        }
    }
    if choices.len() == 1 {
        choices.remove(0)
    } else {
        Expr::Either(choices)
    }
}

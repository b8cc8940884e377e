//! Expressions of Jinja2 and Mako: what of them matters to data flow.
//!
//! Both languages are read by one parser; Mako's is Python. What it does not know becomes [`Expr::Unknown`].

/// No tree is deeper. Written by hand, ten is already much.
pub const MAX_DEPTH: usize = 48;
/// Brackets are read to this depth; it bounds the recursion of the parser.
const MAX_NESTING: usize = 24;
/// Attributes, calls and filters that follow each other; it bounds the trees that are built before their depth is known.
const MAX_CHAIN: usize = 32;
/// The longest tag that is read. Longer ones are data, not code.
const MAX_TAG: usize = 1 << 16;

/// What an expression is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A variable.
    Name(String),
    /// An attribute, or an item with a constant key: `a.b`, `a["b"]`, `a.0`. Templates do not tell them apart.
    Attribute(Box<Expr>, String),
    /// An item whose key is computed, or a slice.
    Item(Box<Expr>, Box<Expr>),
    /// A call of a function, method or macro.
    Call(Box<Expr>, Vec<Argument>),
    /// A text, escapes decoded.
    String(String),
    /// A number, a truth value, or none: nothing that holds text.
    Scalar,
    /// Texts one behind the other: `a ~ b`, `a + b`, parts of an f-string.
    Concat(Vec<Expr>),
    /// One of these: `a if c else b`, `a or b`.
    Either(Vec<Expr>),
    /// The elements of a list, tuple or set.
    List(Vec<Expr>),
    /// Keys and values of a dictionary.
    Dict(Vec<(Expr, Expr)>),
    /// A filter applied inside of an expression.
    Filter(Box<Expr>, Box<Filter>),
    /// An operation of whose result nothing is known but that these go into it; without any, a part that was not understood.
    Unknown(Vec<Expr>),
}

/// An argument of a call or filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its keyword.
    pub name: Option<String>,
    /// What is given.
    pub value: Expr,
}

/// A filter with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its name.
    pub name: String,
    /// Without the filtered value.
    pub arguments: Vec<Argument>,
}

impl Expr {
    /// An expression of which nothing is known.
    pub fn unknown() -> Self {
        Self::Unknown(Vec::new())
    }

    fn children(&self) -> Vec<&Expr> {
        match self {
            Self::Name(_) | Self::String(_) | Self::Scalar => Vec::new(),
            Self::Attribute(value, _) => vec![value],
            Self::Item(value, key) => vec![value, key],
            Self::Call(callee, arguments) => {
                let mut children = vec![&**callee];
                children.extend(arguments.iter().map(|argument| &argument.value));
                children
            }
            Self::Filter(value, filter) => {
                let mut children = vec![&**value];
                children.extend(filter.arguments.iter().map(|argument| &argument.value));
                children
            }
            Self::Concat(parts)
            | Self::Either(parts)
            | Self::List(parts)
            | Self::Unknown(parts) => parts.iter().collect(),
            Self::Dict(items) => items.iter().flat_map(|(key, value)| [key, value]).collect(),
        }
    }

    /// How many levels the tree has.
    pub fn depth(&self) -> usize {
        let mut level = vec![self];
        let mut depth = 0;
        while !level.is_empty() {
            depth += 1;
            level = level.into_iter().flat_map(Expr::children).collect();
        }
        depth
    }
}

/// Which of the two languages is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Jinja2,
    Python,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Number,
    /// A text: its content, and whether escapes and f-string fields are read.
    String {
        from: usize,
        to: usize,
        raw: bool,
        format: bool,
    },
    Operator,
    /// The end of a line outside of brackets.
    Newline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Why a tag was not read, with where to go on: behind its end if there is one.
pub(crate) struct Unclosed;

/// The tokens from `from` up to the first of `ends` that stands outside of brackets and texts, and where that begins.
pub(crate) fn tokens(
    text: &str,
    from: usize,
    ends: &[&str],
    dialect: Dialect,
) -> Result<(Vec<Token>, usize), Unclosed> {
    let mut limit = text.len().min(from + MAX_TAG);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let read = &text[..limit];
    let mut tokens = Vec::new();
    let mut brackets = 0usize;
    let mut at = from;
    while let Some(c) = read[at..].chars().next() {
        let rest = &read[at..];
        if brackets == 0 && ends.iter().any(|end| rest.starts_with(end)) {
            return Ok((tokens, at));
        }
        let start = at;
        at += c.len_utf8();
        let kind = match c {
            '\n' if dialect == Dialect::Python && brackets == 0 => Kind::Newline,
            // It joins the next line.
            '\\' => {
                let after = read[at..].trim_start_matches('\r');
                at = limit - after.strip_prefix('\n').unwrap_or(after).len();
                continue;
            }
            c if c.is_whitespace() => continue,
            '#' if dialect == Dialect::Python => {
                at = rest.find('\n').map_or(limit, |length| start + length);
                continue;
            }
            '"' | '\'' => {
                let (kind, end) = string(read, start, start, dialect)?;
                at = end;
                kind
            }
            c if c.is_ascii_digit() => {
                at += rest[1..]
                    .bytes()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == b'_')
                    .count();
                // `1.5`, but not the `1.` of `a.1.b`.
                let after_dot = tokens
                    .last()
                    .is_some_and(|token: &Token| &read[token.from..token.to] == ".");
                if !after_dot
                    && read[at..].starts_with('.')
                    && read[at + 1..].starts_with(|c: char| c.is_ascii_digit())
                {
                    at += 1;
                    at += read[at..]
                        .bytes()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == b'_')
                        .count();
                }
                Kind::Number
            }
            c if c.is_alphabetic() || c == '_' => {
                at += read[at..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .map(char::len_utf8)
                    .sum::<usize>();
                let prefix = &read[start..at];
                let is_prefix = prefix.len() <= 2
                    && prefix
                        .chars()
                        .all(|c| matches!(c.to_ascii_lowercase(), 'r' | 'b' | 'f' | 'u'));
                if dialect == Dialect::Python && is_prefix && read[at..].starts_with(['"', '\'']) {
                    let (kind, end) = string(read, start, at, dialect)?;
                    at = end;
                    kind
                } else {
                    Kind::Name
                }
            }
            c => {
                match c {
                    '(' | '[' | '{' => brackets += 1,
                    ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
                    _ => {
                        let double = [
                            "**", "//", "==", "!=", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/=",
                            "%=",
                        ];
                        if double.iter().any(|operator| rest.starts_with(operator)) {
                            at = start + 2;
                        }
                    }
                }
                Kind::Operator
            }
        };
        tokens.push(Token {
            kind,
            from: start,
            to: at,
        });
    }
    Err(Unclosed)
}

/// The text whose prefix begins at `start` and whose quote stands at `quote`, and where it ends.
fn string(
    text: &str,
    start: usize,
    quote: usize,
    dialect: Dialect,
) -> Result<(Kind, usize), Unclosed> {
    let prefix = &text[start..quote];
    let has = |letter: char| prefix.chars().any(|c| c.eq_ignore_ascii_case(&letter));
    let mark = &text[quote..=quote];
    let triple = mark.repeat(3);
    let mark = match dialect {
        Dialect::Python if text[quote..].starts_with(&triple) => triple.as_str(),
        _ => mark,
    };
    let from = quote + mark.len();
    let mut escaped = false;
    for (offset, c) in text[from..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if text[from + offset..].starts_with(mark) {
            let to = from + offset;
            let kind = Kind::String {
                from,
                to,
                raw: has('r'),
                format: has('f'),
            };
            return Ok((kind, to + mark.len()));
        } else if c == '\n' && dialect == Dialect::Python && mark.len() == 1 {
            break;
        }
    }
    Err(Unclosed)
}

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

    fn conditional(&mut self) -> Expr {
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

    fn disjunction(&mut self) -> Expr {
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

    fn fail(&mut self) {
        self.failed = true;
        self.at = self.tokens.len();
    }

    fn postfix(&mut self) -> Expr {
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
        if slice {
            Expr::Unknown(Vec::new())
        } else {
            key
        }
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

    /// Texts that stand side by side.
    fn strings(&mut self) -> Expr {
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
                push_text(
                    &mut parts,
                    if raw {
                        written.to_owned()
                    } else {
                        unescaped(written)
                    },
                );
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
        let decode = |text: &str| {
            if raw {
                text.to_owned()
            } else {
                unescaped(text)
            }
        };
        let mut rest = written;
        while let Some(at) = rest.find(['{', '}']) {
            push_text(parts, decode(&rest[..at]));
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
        push_text(parts, decode(rest));
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

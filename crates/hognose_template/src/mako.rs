//! Mako. Its expressions are Python's.

use crate::expression::{Argument, Dialect, Expr, Filter, Kind, Parser, Token, tokens};
use crate::jinja2::{bind_parts, parameters, targets};
use crate::reader::{MAX_COPIES, Opening, Reader, Scope, range};
use crate::{Autoescape, Bound, Import, Surroundings, Template};

/// A variable of a Python loop outlives it.
const BRANCH: Opening = Opening {
    scope: Scope::Around,
    branch: true,
    elsewhere: false,
};
const BODY: Opening = Opening {
    scope: Scope::Frame,
    branch: false,
    elsewhere: true,
};
const PART: Opening = Opening {
    scope: Scope::Frame,
    branch: false,
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
        let mut depth = 0usize;
        let bar = tokens.iter().position(|token| {
            match &text[token.from..token.to] {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "|" => return depth == 0,
                _ => {}
            }
            false
        });
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

    /// `<% code %>` and `<%! code of the module %>`
    fn python(&mut self, from: usize) -> usize {
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
        let mut depth = 0usize;
        let colon = statement.iter().position(|token| {
            match written(token) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                ":" => return depth == 0,
                _ => {}
            }
            false
        });
        match colon {
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

    /// A tag with attributes.
    fn element(&mut self, from: usize) -> usize {
        let text = self.text;
        let rest = &text[from + 2..];
        let length = rest
            .find(|c: char| !is_tag_character(c))
            .unwrap_or(rest.len());
        let name = &rest[..length];
        let Some((attributes, closed, to)) = attributes(text, from + 2 + length) else {
            self.reader
                .fault("the tag is not closed", from, from + 2 + length);
            return from + 2 + length;
        };
        let get = |wanted: &str| {
            attributes
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| *value)
        };
        let mut understood = true;
        let mut text_of = |value: Option<&str>| match value {
            Some(value) => interpolated(value, &mut understood),
            None => Expr::unknown(),
        };
        match name {
            "include" => {
                let file = text_of(get("file"));
                let given = python_arguments(get("args").unwrap_or_default(), &mut understood);
                let given = given
                    .into_iter()
                    .filter_map(|given| Some((given.name?, given.value)))
                    .collect();
                self.reader.include(file, given, false, from, to);
            }
            "inherit" => {
                let file = text_of(get("file"));
                // Unlike elsewhere, what stands outside of blocks is written too: it is the body.
                self.reader.extends(file);
                self.reader.child = false;
            }
            "namespace" => {
                let file = text_of(get("file"));
                let names = get("import")
                    .unwrap_or_default()
                    .split(',')
                    .map(str::trim)
                    .filter(|name| !name.is_empty());
                self.reader.import(Import {
                    template: file,
                    alias: get("name").map(str::to_owned),
                    names: names
                        .map(|name| (name.to_owned(), name.to_owned()))
                        .collect(),
                    range: range(from, to),
                });
            }
            "page" => {
                if let Some(filters) = get("expression_filter") {
                    self.page_filters = filters_of(filters);
                }
            }
            "def" => {
                let (name, parameters) = signature(get("name").unwrap_or_default());
                self.reader.open_macro("def", name, parameters, from, to);
                self.reader
                    .filter_body(filters_of(get("filter").unwrap_or_default()));
            }
            "block" => {
                match get("name") {
                    Some(name) => self.reader.open_block("block", name.to_owned(), to),
                    None => self.reader.open("block", PART, to),
                }
                self.reader
                    .filter_body(filters_of(get("filter").unwrap_or_default()));
            }
            "call" => {
                let code = get("expr").unwrap_or_default();
                let call = python_value(code, &mut understood);
                self.reader
                    .hole(call, Vec::new(), Autoescape::Off, from, to);
            }
            name => {
                if let Some((namespace, function)) = name.split_once(':') {
                    let namespace = Box::new(Expr::Name(namespace.to_owned()));
                    let callee = Box::new(Expr::Attribute(namespace, function.to_owned()));
                    let arguments = attributes.iter().map(|(name, value)| Argument {
                        name: Some((*name).to_owned()),
                        value: interpolated(value, &mut understood),
                    });
                    let call = Expr::Call(callee, arguments.collect());
                    self.reader
                        .hole(call, Vec::new(), Autoescape::Off, from, to);
                } else {
                    understood = false;
                }
            }
        }
        let is_open = matches!(name, "def" | "block");
        if !is_open
            && !closed
            && (matches!(name, "call" | "namespace" | "include" | "inherit" | "page")
                || name.contains(':'))
        {
            self.reader.open(name, BODY, to);
            for (name, _) in get("args")
                .map(|args| signature(&format!("body({args})")).1)
                .unwrap_or_default()
            {
                self.reader.bind(name, Bound::Given, from, to);
            }
        }
        if is_open && closed {
            self.reader.close(name, to, to);
        }
        if !understood {
            self.reader.fault("the tag is not understood", from, to);
        }
        to
    }
}

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | ':')
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..]
        .find('\n')
        .map_or(text.len(), |length| from + length + 1)
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

/// Names and values of attributes.
type Attributes<'a> = Vec<(&'a str, &'a str)>;

/// The attributes of a tag, whether it is closed by itself, and where it ends.
fn attributes(text: &str, from: usize) -> Option<(Attributes<'_>, bool, usize)> {
    let mut attributes = Vec::new();
    let mut at = from;
    loop {
        let rest = text[at..].trim_start();
        at = text.len() - rest.len();
        if rest.starts_with("/>") {
            return Some((attributes, true, at + 2));
        }
        if rest.starts_with('>') {
            return Some((attributes, false, at + 1));
        }
        let length = rest
            .find(|c: char| !is_tag_character(c) && c != '-')
            .filter(|length| *length > 0)?;
        let value = rest[length..].trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = value[1..].find(quote)?;
        attributes.push((&rest[..length], &value[1..=end]));
        at = text.len() - value.len() + end + 2;
    }
}

/// Reads code that stands alone, up to its end.
fn with_parser<T>(
    code: &str,
    understood: &mut bool,
    read: impl FnOnce(&mut Parser<'_>) -> T,
) -> Option<T> {
    let code = format!("{code}\0");
    let Ok((tokens, end)) = tokens(&code, 0, &["\0"], Dialect::Python) else {
        *understood = false;
        return None;
    };
    let tokens: Vec<Token> = tokens
        .into_iter()
        .filter(|token| token.kind != Kind::Newline)
        .collect();
    let mut parser = Parser::new(&code, &tokens, Dialect::Python);
    let value = read(&mut parser);
    parser.finish();
    let succeeded = !parser.failed && end + 1 == code.len();
    *understood &= succeeded;
    succeeded.then_some(value)
}

fn python_value(code: &str, understood: &mut bool) -> Expr {
    with_parser(code, understood, |parser| parser.expression_list()).unwrap_or_else(Expr::unknown)
}

fn python_arguments(code: &str, understood: &mut bool) -> Vec<Argument> {
    with_parser(&format!("{code})"), understood, |parser| parser.arguments()).unwrap_or_default()
}

/// A text with `${}` in it.
fn interpolated(value: &str, understood: &mut bool) -> Expr {
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find("${") {
        if at > 0 {
            parts.push(Expr::String(rest[..at].to_owned()));
        }
        let code = &rest[at + 2..];
        let Some(end) = code.find('}') else {
            *understood = false;
            return Expr::unknown();
        };
        parts.push(python_value(&code[..end], understood));
        rest = &code[end + 1..];
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(Expr::String(rest.to_owned()));
    }
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            Expr::Concat(parts)
        }
    }
}

/// `name(parameters)`
fn signature(written: &str) -> (String, Vec<(String, Option<Expr>)>) {
    let mut understood = true;
    let read = with_parser(written, &mut understood, |parser| {
        let name = parser.name().unwrap_or_default();
        let parameters = if parser.eat("(") {
            parameters(parser)
        } else {
            Vec::new()
        };
        (name, parameters)
    });
    read.unwrap_or_default()
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

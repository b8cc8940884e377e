//! Tags with attributes: `<%def>`, `<%block>`, `<%include>` and the like.

use super::{Mako, filters_of, is_tag_character};
use crate::expression::{Argument, Dialect, Expr, Kind, Parser, Token, tokens};
use crate::jinja2::parameters;
use crate::reader::{Opening, Scope, range};
use crate::{Autoescape, Bound, Import};

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

impl Mako<'_> {
    /// A tag with attributes.
    pub(super) fn element(&mut self, from: usize) -> usize {
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

fn python_value(code: &str, understood: &mut bool) -> Expr {
    with_parser(code, understood, |parser| parser.expression_list()).unwrap_or_else(Expr::unknown)
}

fn python_arguments(code: &str, understood: &mut bool) -> Vec<Argument> {
    with_parser(&format!("{code})"), understood, |parser| parser.arguments()).unwrap_or_default()
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

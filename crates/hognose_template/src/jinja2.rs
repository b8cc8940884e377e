//! Jinja2 with its usual delimiters.

use crate::expression::{Dialect, Expr, Filter, Parser, tokens};
use crate::reader::{MAX_COPIES, Opening, Reader, Scope, range};
use crate::{Autoescape, Bound, Import, Surroundings, Template};

const BRANCH: Opening = Opening {
    scope: Scope::Around,
    branch: true,
    elsewhere: false,
};
const LOOP: Opening = Opening {
    scope: Scope::Inside,
    branch: true,
    elsewhere: false,
};
const INSIDE: Opening = Opening {
    scope: Scope::Inside,
    branch: false,
    elsewhere: false,
};
const AROUND: Opening = Opening {
    scope: Scope::Around,
    branch: false,
    elsewhere: false,
};
const BODY: Opening = Opening {
    scope: Scope::Frame,
    branch: false,
    elsewhere: true,
};

pub(crate) fn read(text: &str, surroundings: &Surroundings) -> Template {
    let mut reader = Reader::new(text, surroundings);
    let mut at = 0;
    while !reader.is_stopped() {
        let Some(from) = next_tag(text, at) else {
            break;
        };
        reader.literal(&text[at..from]);
        at = tag(&mut reader, from);
    }
    reader.literal(&text[at..]);
    reader.finish()
}

fn next_tag(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text[at..].find('{')?;
        if matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%' | b'#')) {
            return Some(at);
        }
        at += 1;
    }
}

/// Reads the tag at `from`, and returns where the text goes on.
fn tag(reader: &mut Reader<'_>, from: usize) -> usize {
    let text = reader.text;
    let kind = text.as_bytes()[from + 1];
    let inside = from + 2;
    let end_mark = match kind {
        b'{' => "}}",
        b'%' => "%}",
        _ => {
            return match text[inside..].find("#}") {
                Some(length) => inside + length + 2,
                None => unclosed(reader, from),
            };
        }
    };
    let start = inside + usize::from(text[inside..].starts_with(['-', '+']));
    let trimmed = [format!("-{end_mark}"), format!("+{end_mark}")];
    let ends = [trimmed[0].as_str(), trimmed[1].as_str(), end_mark];
    let Ok((tokens, end)) = tokens(text, start, &ends, Dialect::Jinja2) else {
        reader.fault("the tag is not closed", from, inside);
        return match text[inside..].find(end_mark) {
            // Its value is not known, but that one stands here is.
            Some(length) => {
                let to = inside + length + 2;
                if kind == b'{' {
                    let autoescape = reader.autoescape;
                    reader.hole(Expr::unknown(), Vec::new(), autoescape, from, to);
                }
                to
            }
            None => inside,
        };
    };
    let to = end
        + if text[end..].starts_with(end_mark) {
            2
        } else {
            3
        };
    let mut parser = Parser::new(text, &tokens, Dialect::Jinja2);
    if kind == b'{' {
        let value = parser.expression_list();
        parser.finish();
        let value = if parser.failed {
            Expr::unknown()
        } else {
            value
        };
        let autoescape = reader.autoescape;
        reader.hole(value, Vec::new(), autoescape, from, to);
    } else if let Some(name) = parser.name() {
        if name == "raw" {
            return raw(reader, to);
        }
        statement(reader, &name, &mut parser, from, to);
    }
    if parser.failed {
        reader.fault("the tag is not understood", from, to);
    }
    to
}

fn unclosed(reader: &mut Reader<'_>, from: usize) -> usize {
    reader.fault("the tag is not closed", from, from + 2);
    reader.text.len()
}

/// The text up to `{% endraw %}` is literal.
fn raw(reader: &mut Reader<'_>, from: usize) -> usize {
    let text = reader.text;
    let mut at = from;
    while let Some(length) = text[at..].find("{%") {
        let start = at + length;
        at = start + 2;
        let rest = text[at..].trim_start_matches(['-', '+']).trim_start();
        if let Some(rest) = rest.strip_prefix("endraw") {
            let rest = rest.trim_start().trim_start_matches(['-', '+']);
            if let Some(rest) = rest.strip_prefix("%}") {
                reader.literal(&text[from..start]);
                return text.len() - rest.len();
            }
        }
    }
    reader.fault("`raw` is not ended", from, from);
    reader.literal(&text[from..]);
    text.len()
}

fn statement(reader: &mut Reader<'_>, name: &str, parser: &mut Parser<'_>, from: usize, to: usize) {
    match name {
        "if" => reader.open("if", BRANCH, to),
        "elif" | "else" => {
            if !reader.branch(&["if", "for"], from) {
                reader.fault("no branch can begin here", from, to);
            }
            return;
        }
        "for" => {
            let targets = targets(parser, "in");
            let of = parser.iterable();
            reader.open("for", LOOP, to);
            reader.bind("loop".to_owned(), Bound::Loop, from, to);
            reader.bind_loop(targets, &of, from, to);
            return;
        }
        "set" => {
            set(reader, parser, from, to);
            return;
        }
        "with" => {
            reader.open("with", INSIDE, to);
            let bindings = keywords(parser);
            for (name, value) in bindings {
                reader.bind(name, Bound::Is(value), from, to);
            }
        }
        "macro" => {
            let macro_name = parser.name().unwrap_or_default();
            let parameters = if parser.eat("(") {
                parameters(parser)
            } else {
                Vec::new()
            };
            reader.open_macro("macro", macro_name, parameters, from, to);
        }
        "call" => {
            let given = if parser.eat("(") {
                parameters(parser)
            } else {
                Vec::new()
            };
            let call = parser.expression();
            let autoescape = reader.autoescape;
            reader.hole(call, Vec::new(), autoescape, from, to);
            reader.open("call", BODY, to);
            for (name, _) in given {
                reader.bind(name, Bound::Given, from, to);
            }
        }
        "filter" => {
            reader.open("filter", AROUND, to);
            let filters = filters(parser);
            reader.filter_body(filters);
        }
        "block" => {
            let block = parser.name().unwrap_or_default();
            while matches!(parser.peek(), "scoped" | "required") {
                parser.skip();
            }
            reader.open_block("block", block, to);
        }
        "extends" => {
            let template = parser.expression();
            reader.extends(template);
        }
        "include" => {
            let template = parser.expression();
            let mut only = false;
            while !parser.is_done() {
                only |= parser.peek() == "without";
                parser.skip();
            }
            reader.include(template, Vec::new(), only, from, to);
        }
        "import" => {
            let template = parser.expression();
            let alias = if parser.eat("as") {
                parser.name()
            } else {
                None
            };
            context_words(parser);
            reader.import(Import {
                template,
                alias,
                names: Vec::new(),
                range: range(from, to),
            });
        }
        "from" => {
            let template = parser.expression();
            parser.eat("import");
            let mut names = Vec::new();
            while !matches!(parser.peek(), "with" | "without") {
                let Some(name) = parser.name() else { break };
                let alias = if parser.eat("as") {
                    parser.name()
                } else {
                    None
                };
                names.push((name.clone(), alias.unwrap_or(name)));
                if !parser.eat(",") {
                    break;
                }
            }
            context_words(parser);
            reader.import(Import {
                template,
                alias: None,
                names,
                range: range(from, to),
            });
        }
        "autoescape" => {
            reader.open("autoescape", AROUND, to);
            reader.autoescape = match parser.peek() {
                "true" | "True" => Autoescape::On,
                "false" | "False" => Autoescape::Off,
                _ => Autoescape::Inherit,
            };
            parser.expression();
        }
        "trans" => {
            reader.open("trans", INSIDE, to);
            for word in ["trimmed", "notrimmed"] {
                parser.eat(word);
            }
            let bindings = keywords(parser);
            for (name, value) in bindings {
                // A name without a value only says that it is used.
                if value != Expr::Name(name.clone()) {
                    reader.bind(name, Bound::Is(value), from, to);
                }
            }
        }
        "pluralize" => {
            reader.branch(&["trans"], from);
            return;
        }
        "do" => {
            parser.expression_list();
        }
        "debug" | "break" | "continue" => {}
        _ => match name.strip_prefix("end") {
            Some(opened) if is_known(opened) => reader.close(opened, from, to),
            // Tags of extensions: nothing is known of them, and those inside are read as if they were not there.
            _ => return,
        },
    }
    if !matches!(name, "if") && !name.starts_with("end") {
        parser.finish();
    }
}

fn is_known(tag: &str) -> bool {
    matches!(
        tag,
        "if" | "for"
            | "set"
            | "with"
            | "macro"
            | "call"
            | "filter"
            | "block"
            | "autoescape"
            | "trans"
    )
}

fn set(reader: &mut Reader<'_>, parser: &mut Parser<'_>, from: usize, to: usize) {
    let first = parser.name().unwrap_or_default();
    if parser.eat(".") {
        let attribute = parser.name().unwrap_or_default();
        if parser.eat("=") {
            let value = parser.expression_list();
            reader.bind_attribute(first, attribute, value, from, to);
        }
        parser.finish();
        return;
    }
    if parser.is_done() || parser.peek() == "|" {
        let filters = if parser.eat("|") {
            filters(parser)
        } else {
            Vec::new()
        };
        reader.open_text("set", first, from, to);
        reader.filter_body(filters);
        parser.finish();
        return;
    }
    let mut names = vec![(first, None)];
    if parser.eat(",") {
        names[0].1 = Some(0);
        names.extend(
            targets(parser, "=")
                .into_iter()
                .map(|(name, part)| (name, Some(part.unwrap_or(0) + 1))),
        );
    } else if !parser.eat("=") {
        // Names in parentheses.
        names = targets(parser, "=");
    }
    let value = parser.expression_list();
    parser.finish();
    let value = if parser.failed {
        Expr::unknown()
    } else {
        value
    };
    bind_parts(reader, names, &value, from, to);
}

/// Binds names to a value that is unpacked if there are several.
pub(crate) fn bind_parts(
    reader: &mut Reader<'_>,
    names: Vec<(String, Option<usize>)>,
    value: &Expr,
    from: usize,
    to: usize,
) {
    for (name, part) in names.into_iter().take(MAX_COPIES) {
        let value = match (part, value) {
            (None, value) => Bound::Is(value.clone()),
            (Some(part), Expr::List(elements)) if part < elements.len() => {
                Bound::Is(elements[part].clone())
            }
            (Some(part), value) => Bound::Part(value.clone(), part),
        };
        reader.bind(name, value, from, to);
    }
}

/// The names before `end`. Each of several has its place in what is unpacked; those in inner parentheses share that of the parentheses.
pub(crate) fn targets(parser: &mut Parser<'_>, end: &str) -> Vec<(String, Option<usize>)> {
    let mut names = Vec::new();
    let mut comma = false;
    let mut depth = 0usize;
    let mut place = 0;
    // `(a, b)` alone is the same as `a, b`.
    let outermost = usize::from(parser.peek() == "(");
    while !parser.is_done() && !parser.eat(end) {
        match parser.peek() {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "," => {
                comma = true;
                place += usize::from(depth <= outermost);
            }
            _ => {
                if let Some(name) = parser.name() {
                    names.push((name, Some(place)));
                    continue;
                }
            }
        }
        parser.skip();
    }
    if !comma {
        names.iter_mut().for_each(|(_, part)| *part = None);
    }
    names
}

/// `a=1, b=2`; a name alone is its own value.
fn keywords(parser: &mut Parser<'_>) -> Vec<(String, Expr)> {
    let mut bindings = Vec::new();
    while let Some(name) = parser.name() {
        let value = if parser.eat("=") {
            parser.expression()
        } else {
            Expr::Name(name.clone())
        };
        bindings.push((name, value));
        parser.eat(",");
    }
    bindings
}

/// Parameters with defaults, behind the `(`.
pub(crate) fn parameters(parser: &mut Parser<'_>) -> Vec<(String, Option<Expr>)> {
    let mut parameters = Vec::new();
    while !parser.is_done() && !parser.eat(")") {
        if let Some(name) = parser.name() {
            let default = if parser.eat("=") {
                Some(parser.expression())
            } else {
                None
            };
            parameters.push((name, default));
        } else {
            // `*` and `,`.
            parser.skip();
        }
    }
    parameters
}

fn filters(parser: &mut Parser<'_>) -> Vec<Filter> {
    let mut filters = Vec::new();
    while let Some(filter) = parser.filter() {
        filters.push(filter);
        if !parser.eat("|") {
            break;
        }
    }
    filters
}

/// `with context`, `without context`.
fn context_words(parser: &mut Parser<'_>) {
    while matches!(parser.peek(), "with" | "without" | "context") {
        parser.skip();
    }
}

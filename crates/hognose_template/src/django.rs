//! The template language of Django.

use crate::expression::{Argument, Expr, Filter, unescaped};
use crate::reader::{Opening, Reader, Scope};
use crate::{Autoescape, Bound, Surroundings, Template};

/// Lookups and filters that follow each other.
const MAX_CHAIN: usize = 32;

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

/// Text that is not read as template.
enum Verbatim {
    /// It is part of the page.
    Literal { end: String },
    /// It is not.
    Comment,
}

pub(crate) fn read(text: &str, surroundings: &Surroundings) -> Template {
    let mut reader = Reader::new(text, surroundings);
    let mut verbatim = None;
    let mut literal = 0;
    // Behind a line's last `}}`, `%}` and `#}` no tag begins in it: each is looked for once.
    let mut hopeless = [0; 3];
    let mut line_end = 0;
    let mut at = 0;
    while let Some(length) = text[at..].find('{') {
        if reader.is_stopped() {
            break;
        }
        let from = at + length;
        at = from + 1;
        let (kind, mark) = match text.as_bytes().get(from + 1) {
            Some(b'{') => (0, "}}"),
            Some(b'%') => (1, "%}"),
            Some(b'#') => (2, "#}"),
            _ => continue,
        };
        if from < hopeless[kind] {
            continue;
        }
        let inside = from + 2;
        if line_end < inside {
            line_end = text[inside..]
                .find('\n')
                .map_or(text.len(), |length| inside + length);
        }
        let Some(length) = text[inside..line_end].find(mark) else {
            hopeless[kind] = line_end;
            continue;
        };
        let content = text[inside..inside + length].trim();
        let to = inside + length + 2;
        match &verbatim {
            Some(Verbatim::Literal { end }) => {
                if kind != 1 || content != end {
                    continue;
                }
                verbatim = None;
                reader.literal(&text[literal..from]);
            }
            Some(Verbatim::Comment) => {
                if kind == 1 && content == "endcomment" {
                    verbatim = None;
                }
            }
            None => {
                reader.literal(&text[literal..from]);
                match kind {
                    0 => {
                        let (value, filters) = value_or_fault(&mut reader, content, from, to);
                        let autoescape = reader.autoescape;
                        reader.hole(value, filters, autoescape, from, to);
                    }
                    1 => verbatim = tag(&mut reader, content, from, to),
                    _ => {}
                }
            }
        }
        literal = to;
        at = to;
    }
    if verbatim.is_some() {
        reader.fault("`verbatim` or `comment` is not ended", literal, literal);
    }
    if !matches!(verbatim, Some(Verbatim::Comment)) {
        reader.literal(&text[literal..]);
    }
    reader.finish()
}

fn value_or_fault(
    reader: &mut Reader<'_>,
    content: &str,
    from: usize,
    to: usize,
) -> (Expr, Vec<Filter>) {
    value(content).unwrap_or_else(|| {
        reader.fault("the tag is not understood", from, to);
        (Expr::unknown(), Vec::new())
    })
}

/// The value of a word of a tag, filters inside.
fn whole(word: &str) -> Expr {
    let Some((mut value, filters)) = value(word) else {
        return Expr::unknown();
    };
    for filter in filters {
        value = Expr::Filter(Box::new(value), Box::new(filter));
    }
    if value.depth() + 2 > crate::MAX_DEPTH {
        Expr::unknown()
    } else {
        value
    }
}

/// A variable or constant with its filters.
fn value(content: &str) -> Option<(Expr, Vec<Filter>)> {
    let (value, mut rest) = operand(content.trim())?;
    let mut filters = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some((value, filters));
        }
        rest = rest.strip_prefix('|')?.trim_start();
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        if length == 0 || filters.len() >= MAX_CHAIN {
            return None;
        }
        let name = rest[..length].to_owned();
        rest = &rest[length..];
        let mut arguments = Vec::new();
        if let Some(after) = rest.strip_prefix(':') {
            let (value, after) = operand(after)?;
            arguments.push(Argument { name: None, value });
            rest = after;
        }
        filters.push(Filter { name, arguments });
    }
}

/// A variable or constant at the beginning of a text, and what follows it.
fn operand(text: &str) -> Option<(Expr, &str)> {
    if let Some(translated) = text.strip_prefix("_(") {
        let (value, rest) = constant(translated)?;
        return Some((value, rest.strip_prefix(')')?));
    }
    if text.starts_with(['"', '\'']) {
        return constant(text);
    }
    let length = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(length);
    let number = word.trim_start_matches(['-', '+']);
    if number.starts_with(|c: char| c.is_ascii_digit()) {
        return Some((Expr::Scalar, rest));
    }
    let mut names = word.split('.');
    let value = match names.next()? {
        "" => return None,
        "True" | "False" | "None" if word.len() <= 5 => Expr::Scalar,
        first => Expr::Name(first.to_owned()),
    };
    let mut value = value;
    for (index, name) in names.enumerate() {
        if name.is_empty() || index >= MAX_CHAIN {
            return None;
        }
        value = Expr::Attribute(Box::new(value), name.to_owned());
    }
    Some((value, rest))
}

fn constant(text: &str) -> Option<(Expr, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (offset, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some((
                Expr::String(unescaped(&text[1..offset])),
                &text[offset + 1..],
            ));
        }
    }
    None
}

/// The words of a tag; blanks inside of quotes do not separate them.
fn words(content: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut escaped = false;
    for (offset, c) in content.char_indices() {
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == open {
                quote = None;
            }
        } else if c.is_whitespace() {
            if let Some(start) = start.take() {
                words.push(&content[start..offset]);
            }
            continue;
        } else if matches!(c, '"' | '\'') {
            quote = Some(c);
        }
        start = start.or(Some(offset));
    }
    if let Some(start) = start {
        words.push(&content[start..]);
    }
    words
}

/// `name=value`.
fn keyword(word: &str) -> Option<(String, Expr)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), whole(value)))
}

/// `name=value` and `value as name`.
fn bindings(words: &[&str]) -> Vec<(String, Expr)> {
    let mut bindings = Vec::new();
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if let [word, name, after @ ..] = rest
            && *word == "as"
        {
            bindings.push(((*name).to_owned(), whole(first)));
            rest = after;
        } else if let Some(binding) = keyword(first) {
            bindings.push(binding);
        }
    }
    bindings
}

fn tag(reader: &mut Reader<'_>, content: &str, from: usize, to: usize) -> Option<Verbatim> {
    let words = words(content);
    let Some((name, arguments)) = words.split_first() else {
        reader.fault("the tag is empty", from, to);
        return None;
    };
    let autoescape = reader.autoescape;
    match *name {
        "verbatim" => {
            let end = std::iter::once("endverbatim")
                .chain(arguments.iter().copied())
                .collect::<Vec<_>>()
                .join(" ");
            return Some(Verbatim::Literal { end });
        }
        "comment" => return Some(Verbatim::Comment),
        "if" | "ifequal" | "ifnotequal" | "ifchanged" => reader.open(name, BRANCH, to),
        "elif" | "else" | "empty" => {
            if !reader.branch(&["if", "for", "ifequal", "ifnotequal", "ifchanged"], from)
                && *name != "else"
            {
                reader.fault("no branch can begin here", from, to);
            }
        }
        "for" => open_loop(reader, arguments, from, to),
        "with" => {
            reader.open("with", INSIDE, to);
            for (name, value) in bindings(arguments) {
                reader.bind(name, Bound::Is(value), from, to);
            }
        }
        "block" => {
            let block = arguments.first().copied().unwrap_or_default().to_owned();
            reader.open_block("block", block, to);
        }
        "extends" => {
            let template = arguments
                .first()
                .map_or_else(Expr::unknown, |word| whole(word));
            reader.extends(template);
        }
        "include" => {
            let template = arguments
                .first()
                .map_or_else(Expr::unknown, |word| whole(word));
            let only = arguments.last() == Some(&"only");
            let given = arguments
                .iter()
                .skip(1)
                .filter_map(|word| keyword(word))
                .collect();
            reader.include(template, given, only, from, to);
        }
        "autoescape" => {
            reader.open("autoescape", AROUND, to);
            reader.autoescape = if arguments.first() == Some(&"off") {
                Autoescape::Off
            } else {
                Autoescape::On
            };
        }
        "filter" => {
            reader.open("filter", AROUND, to);
            // The filters stand as if behind a variable.
            let chain = content.strip_prefix("filter").unwrap_or_default();
            match value(&format!("x|{}", chain.trim())) {
                Some((_, filters)) => reader.filter_body(filters),
                None => reader.fault("the tag is not understood", from, to),
            }
        }
        "blocktrans" | "blocktranslate" => match arguments {
            [.., word, name] if *word == "asvar" => {
                reader.open_text("blocktrans", (*name).to_owned(), from, to)
            }
            _ => {
                reader.open("blocktrans", INSIDE, to);
                for (name, value) in bindings(arguments) {
                    reader.bind(name, Bound::Is(value), from, to);
                }
            }
        },
        "plural" => {
            reader.branch(&["blocktrans"], from);
        }
        "endblocktrans" | "endblocktranslate" => reader.close("blocktrans", from, to),
        "endif" | "endifequal" | "endifnotequal" | "endifchanged" | "endfor" | "endwith"
        | "endblock" | "endautoescape" | "endfilter" => reader.close(&name[3..], from, to),
        "firstof" | "cycle" => {
            let (values, name) = split_as(arguments);
            let choices = values.iter().map(|word| whole(word)).collect();
            let value = Expr::Either(choices);
            // `cycle` is written even where it is named, unless it is silent; `firstof` is not.
            if name.is_none() || words[0] == "cycle" && arguments.last() != Some(&"silent") {
                reader.hole(value.clone(), Vec::new(), autoescape, from, to);
            }
            if let Some(name) = name {
                reader.bind(name.to_owned(), Bound::Is(value), from, to);
            }
        }
        "trans" | "translate" => {
            let (values, name) = split_as(arguments);
            let value = values
                .first()
                .map_or_else(Expr::unknown, |word| whole(word));
            match name {
                Some(name) => reader.bind(name.to_owned(), Bound::Is(value), from, to),
                None => reader.hole(value, Vec::new(), autoescape, from, to),
            }
        }
        "regroup" => {
            if let [list, by, _, word, name] = arguments
                && *by == "by"
                && *word == "as"
            {
                reader.bind(
                    (*name).to_owned(),
                    Bound::Is(Expr::Unknown(vec![whole(list)])),
                    from,
                    to,
                );
            }
        }
        // What is written by the other tags of Django is text of the site, or a number; a tag of a project may write anything, and nothing is
        // known of it but the name it binds.
        _ => {
            if let (values, Some(name)) = split_as(arguments) {
                let value = match words[0] {
                    "url" | "now" | "static" | "widthratio" | "get_current_language" => {
                        Expr::unknown()
                    }
                    _ => Expr::Unknown(
                        values
                            .iter()
                            .map(|word| {
                                keyword(word).map_or_else(|| whole(word), |(_, value)| value)
                            })
                            .collect(),
                    ),
                };
                reader.bind(name.to_owned(), Bound::Is(value), from, to);
            }
        }
    }
    None
}

/// What stands before `as name` at the end, and the name.
fn split_as<'w, 'a>(words: &'w [&'a str]) -> (&'w [&'a str], Option<&'a str>) {
    let words = if words.last() == Some(&"silent") {
        &words[..words.len() - 1]
    } else {
        words
    };
    match words {
        [values @ .., word, name] if *word == "as" => (values, Some(name)),
        values => (values, None),
    }
}

fn open_loop(reader: &mut Reader<'_>, arguments: &[&str], from: usize, to: usize) {
    reader.open("for", LOOP, to);
    reader.bind("forloop".to_owned(), Bound::Loop, from, to);
    let Some(position) = arguments.iter().position(|word| *word == "in") else {
        reader.fault("the tag is not understood", from, to);
        return;
    };
    let names = arguments[..position].join(" ");
    let names: Vec<&str> = names
        .split([',', ' '])
        .filter(|name| !name.is_empty())
        .collect();
    let several = names.len() > 1;
    let targets = names
        .iter()
        .enumerate()
        .map(|(index, name)| ((*name).to_owned(), several.then_some(index)))
        .collect();
    let of = arguments
        .get(position + 1)
        .map_or_else(Expr::unknown, |word| whole(word));
    reader.bind_loop(targets, &of, from, to);
}

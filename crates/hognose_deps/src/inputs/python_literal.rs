//! The literals of a Python file, without running or fully parsing it: texts, lists and dictionaries of them, and the
//! names they are given at the top of a module.

use std::borrow::Cow;
use std::cell::Cell;

use rustc_hash::FxHashMap;

/// Lists and dictionaries nested deeper than this are not read: what is looked for nests two deep, and names that stand
/// for it hardly deeper.
const MAX_DEPTH: usize = 16;

/// How deep a name counts. One that is given itself would never end.
const NAME_DEPTH: usize = 4;

/// Most values that are read: names that stand for lists of names could multiply without end.
const MAX_VALUES: usize = 100_000;

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text, and where it begins.
    Text(String, usize),
    /// A list, tuple or set.
    List(Vec<Literal>),
    /// A dictionary with texts as keys.
    Table(Vec<(String, Literal)>),
    /// Something that is computed, and where it begins.
    Computed(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Text(String),
    Sign(char),
    LineEnd,
    Other,
}

/// The tokens of a file, with offsets.
pub struct Module<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    /// The last value a name is given at the top of the module.
    names: FxHashMap<&'a str, usize>,
    /// What is added to the values of names, wherever that is done: what is added under a condition may be there.
    changes: FxHashMap<&'a str, Vec<Change>>,
    /// Where a bracket or text begins that does not end, or one ends that did not begin.
    pub fault: Option<usize>,
    /// How many more values are read.
    left: Cell<usize>,
}

impl<'a> Module<'a> {
    /// Reads the tokens of a file.
    pub fn new(text: &'a str) -> Self {
        let (tokens, fault) = tokens(text);
        let mut names = FxHashMap::default();
        let mut at_line = true;
        for (at, (offset, token)) in tokens.iter().enumerate() {
            if let Token::Name(name) = token
                && at_line
                && (*offset == 0 || text.as_bytes().get(offset - 1) == Some(&b'\n'))
                && matches!(tokens.get(at + 1), Some((_, Token::Sign('='))))
                && !matches!(tokens.get(at + 2), Some((_, Token::Sign('='))))
            {
                names.insert(*name, at + 2);
            }
            at_line = *token == Token::LineEnd;
        }
        Self {
            changes: changes(&tokens),
            tokens,
            names,
            fault,
            left: Cell::new(MAX_VALUES),
        }
    }

    /// The keyword arguments of the first call of a function of that name: key, offset of the key, and value. Those of a
    /// dictionary are among them; one that is computed is the argument `**`.
    pub fn call(&self, function: &str) -> Vec<(Cow<'a, str>, usize, Literal)> {
        let Some(call) = self.tokens.windows(2).enumerate().position(|(at, pair)| {
            // `def setup(` is no call.
            pair[0].1 == Token::Name(function)
                && pair[1].1 == Token::Sign('(')
                && at
                    .checked_sub(1)
                    .and_then(|before| self.tokens.get(before))
                    .map(|t| &t.1)
                    != Some(&Token::Name("def"))
        }) else {
            return Vec::new();
        };
        let mut arguments = Vec::new();
        let mut depth = 0_usize;
        let mut at = call + 1;
        while let Some((offset, token)) = self.tokens.get(at) {
            match token {
                Token::Sign('(' | '[' | '{') => depth += 1,
                Token::Sign(')' | ']' | '}') => depth -= 1,
                Token::Name(name)
                    if depth == 1
                        && matches!(self.tokens.get(at + 1), Some((_, Token::Sign('=')))) =>
                {
                    let (value, end) = self.value(at + 2, 0);
                    arguments.push((Cow::Borrowed(*name), *offset, value));
                    at = end;
                    continue;
                }
                Token::Sign('*')
                    if depth == 1
                        && matches!(self.tokens.get(at + 1), Some((_, Token::Sign('*')))) =>
                {
                    let (value, end) = self.value(at + 2, 0);
                    match value {
                        Literal::Table(entries) => arguments.extend(
                            entries
                                .into_iter()
                                .map(|(key, value)| (Cow::Owned(key), *offset, value)),
                        ),
                        value => arguments.push((Cow::Borrowed("**"), *offset, value)),
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            at += 1;
        }
        arguments
    }

    /// The value that begins at a token, and the token behind it.
    fn value(&self, begin: usize, depth: usize) -> (Literal, usize) {
        let offset = self.tokens.get(begin).map_or(0, |token| token.0);
        let (mut value, mut at) = self.term(begin, depth);
        // `a + b` of two lists is a list.
        while let Some((_, Token::Sign('+'))) = self.tokens.get(at) {
            let (right, end) = self.term(at + 1, depth);
            at = end;
            value = match (value, right) {
                (Literal::List(mut left), Literal::List(right)) => {
                    left.extend(right);
                    Literal::List(left)
                }
                (Literal::List(mut left), Literal::Computed(right)) => {
                    left.push(Literal::Computed(right));
                    Literal::List(left)
                }
                _ => Literal::Computed(offset),
            };
        }
        (value, at)
    }

    /// A part of a sum. What is called, indexed or anything else is computed.
    fn term(&self, begin: usize, depth: usize) -> (Literal, usize) {
        let offset = self.tokens.get(begin).map_or(0, |token| token.0);
        let (value, at) = self.operand(begin, depth);
        let end = self.end(at);
        if end == at {
            (value, at)
        } else {
            (Literal::Computed(offset), end)
        }
    }

    fn operand(&self, begin: usize, depth: usize) -> (Literal, usize) {
        let mut at = begin;
        let Some((offset, token)) = self.tokens.get(at) else {
            return (Literal::Computed(0), at);
        };
        let computed = Literal::Computed(*offset);
        let left = self.left.get();
        if depth > MAX_DEPTH || left == 0 {
            return (computed, self.end(at));
        }
        self.left.set(left - 1);
        match token {
            Token::Text(first) => {
                // Texts beside one another are one.
                let mut text = first.clone();
                at += 1;
                while let Some((_, Token::Text(more))) = self.tokens.get(at) {
                    text.push_str(more);
                    at += 1;
                }
                (Literal::Text(text, *offset), at)
            }
            Token::Name(name) => match self.names.get(name) {
                Some(given) if *given != begin => {
                    let (mut value, _) = self.value(*given, depth + NAME_DEPTH);
                    for change in self.changes.get(name).into_iter().flatten() {
                        self.apply(change, &mut value, depth + NAME_DEPTH);
                    }
                    (value, at + 1)
                }
                _ => (computed, at + 1),
            },
            Token::Sign(open @ ('[' | '(' | '{')) => {
                let mut list = Vec::new();
                let mut table = Vec::new();
                at += 1;
                loop {
                    match self.tokens.get(at) {
                        None => break,
                        Some((_, Token::Sign(']' | ')' | '}'))) => {
                            at += 1;
                            break;
                        }
                        Some((_, Token::Sign(','))) => {
                            at += 1;
                            continue;
                        }
                        _ => {}
                    }
                    let before = at;
                    let (value, end) = self.value(at, depth + 1);
                    at = end;
                    match (&value, self.tokens.get(at)) {
                        (Literal::Text(key, _), Some((_, Token::Sign(':')))) => {
                            let (value, end) = self.value(at + 1, depth + 1);
                            table.push((key.clone(), value));
                            at = end;
                        }
                        _ => list.push(value),
                    }
                    at = at.max(before + 1);
                }
                let value = if *open == '{' && list.is_empty() {
                    Literal::Table(table)
                } else {
                    Literal::List(list)
                };
                (value, at)
            }
            _ => (computed, at),
        }
    }

    /// Adds to the value of a name.
    fn apply(&self, change: &Change, value: &mut Literal, depth: usize) {
        let added = |at: usize| self.value(at, depth).0;
        match (change, value) {
            (Change::One(at), Literal::List(list)) => list.push(added(*at)),
            (Change::Many(at), Literal::List(list)) => match added(*at) {
                Literal::List(mut more) => list.append(&mut more),
                other => list.push(other),
            },
            (Change::Entry(key, at), Literal::Table(table)) => {
                table.push((key.clone(), added(*at)));
            }
            _ => {}
        }
    }

    /// Where the term around a token ends: a plus, comma, colon, line or closing bracket on its own level.
    fn end(&self, mut at: usize) -> usize {
        let mut depth = 0_usize;
        while let Some((_, token)) = self.tokens.get(at) {
            match token {
                Token::Sign('(' | '[' | '{') => depth += 1,
                Token::Sign(')' | ']' | '}') if depth == 0 => return at,
                Token::Sign(')' | ']' | '}') => depth -= 1,
                Token::Sign(',' | ':' | '+') | Token::LineEnd if depth == 0 => return at,
                _ => {}
            }
            at += 1;
        }
        at
    }
}

/// Something that is added to a list or dictionary: where the value of it begins among the tokens.
#[derive(Clone, Debug)]
enum Change {
    /// `name.append(value)`
    One(usize),
    /// `name.extend(value)` or `name += value`
    Many(usize),
    /// `name["key"] = value`
    Entry(String, usize),
}

fn changes<'a>(tokens: &[(usize, Token<'a>)]) -> FxHashMap<&'a str, Vec<Change>> {
    let mut changes: FxHashMap<&str, Vec<Change>> = FxHashMap::default();
    for (at, (_, token)) in tokens.iter().enumerate() {
        let Token::Name(name) = token else {
            continue;
        };
        let next = |distance: usize| tokens.get(at + distance).map(|token| &token.1);
        let is_sign = |distance, sign| next(distance) == Some(&Token::Sign(sign));
        let change = match (next(1), next(2)) {
            (Some(Token::Sign('.')), Some(Token::Name("append"))) if is_sign(3, '(') => {
                Change::One(at + 4)
            }
            (Some(Token::Sign('.')), Some(Token::Name("extend"))) if is_sign(3, '(') => {
                Change::Many(at + 4)
            }
            (Some(Token::Sign('+')), Some(Token::Sign('='))) => Change::Many(at + 3),
            (Some(Token::Sign('[')), Some(Token::Text(key)))
                if is_sign(3, ']') && is_sign(4, '=') && !is_sign(5, '=') =>
            {
                Change::Entry(key.clone(), at + 5)
            }
            _ => continue,
        };
        changes.entry(*name).or_default().push(change);
    }
    changes
}

/// The tokens of a text, and where its brackets or quotes do not match.
fn tokens(text: &str) -> (Vec<(usize, Token<'_>)>, Option<usize>) {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    // Between brackets the end of a line means nothing.
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut fault = None;
    while let Some(byte) = bytes.get(at) {
        let begin = at;
        match byte {
            b'#' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            b'\n' if open.is_empty() => tokens.push((at, Token::LineEnd)),
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 1,
            b'\'' | b'"' => {
                let (value, end, is_closed) = string(text, at, false);
                if !is_closed {
                    fault = fault.or(Some(begin));
                }
                tokens.push((begin, Token::Text(value)));
                at = end;
                continue;
            }
            byte if byte.is_ascii_alphabetic() || *byte == b'_' || *byte >= 0x80 => {
                while bytes
                    .get(at)
                    .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80)
                {
                    at += 1;
                }
                let name = &text[begin..at];
                if matches!(bytes.get(at), Some(b'\'' | b'"')) && name.len() <= 2 {
                    let lower = name.to_ascii_lowercase();
                    let (value, end, is_closed) = string(text, at, lower.contains('r'));
                    if !is_closed {
                        fault = fault.or(Some(begin));
                    }
                    let plain = matches!(lower.as_str(), "r" | "u" | "b" | "rb" | "br");
                    tokens.push((
                        begin,
                        if plain {
                            Token::Text(value)
                        } else {
                            Token::Other
                        },
                    ));
                    at = end;
                } else {
                    tokens.push((begin, Token::Name(name)));
                }
                continue;
            }
            byte if byte.is_ascii_whitespace() || *byte == b'\\' => {}
            byte if byte.is_ascii_digit() => tokens.push((at, Token::Other)),
            byte => {
                match byte {
                    b'(' => open.push((begin, b')')),
                    b'[' => open.push((begin, b']')),
                    b'{' => open.push((begin, b'}')),
                    b')' | b']' | b'}' if open.pop().is_none_or(|(_, close)| close != *byte) => {
                        fault = fault.or(Some(begin));
                    }
                    _ => {}
                }
                tokens.push((at, Token::Sign(char::from(*byte))));
            }
        }
        at += 1;
    }
    let unclosed = open.last().map(|(begin, _)| *begin);
    (tokens, fault.or(unclosed))
}

/// The text between quotes that begin at an offset, the offset behind it, and whether the quotes end.
fn string(text: &str, begin: usize, raw: bool) -> (String, usize, bool) {
    let rest = &text[begin..];
    let quote = if rest.starts_with("\"\"\"") || rest.starts_with("'''") {
        &rest[..3]
    } else {
        &rest[..1]
    };
    let mut value = String::new();
    let mut characters = rest[quote.len()..].char_indices();
    while let Some((at, c)) = characters.next() {
        let here = quote.len() + at;
        if rest[here..].starts_with(quote) {
            return (value, begin + here + quote.len(), true);
        }
        match c {
            '\n' if quote.len() == 1 => return (value, begin + here, false),
            '\\' => match characters.next() {
                Some((_, '\n')) if !raw => {}
                Some((_, 'n')) if !raw => value.push('\n'),
                Some((_, 't')) if !raw => value.push('\t'),
                Some((_, escaped @ ('\\' | '\'' | '"'))) if !raw => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => {}
            },
            c => value.push(c),
        }
    }
    (value, text.len(), false)
}

#[cfg(test)]
mod tests {
    use super::{Literal, Module};

    fn shown(literal: &Literal) -> String {
        match literal {
            Literal::Text(text, _) => format!("'{text}'"),
            Literal::List(list) => {
                format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(" "))
            }
            Literal::Table(table) => {
                let entries: Vec<_> = table
                    .iter()
                    .map(|(key, value)| format!("{key}={}", shown(value)))
                    .collect();
                format!("{{{}}}", entries.join(" "))
            }
            Literal::Computed(_) => "?".to_owned(),
        }
    }

    #[test]
    fn what_is_added_to_a_name_is_read() {
        let text = "A = ['a']\nif x:\n    A.append('b')\n    A += ['c', f()]\nB = {'p': A}\n\
                    B['q'] = A + ['d']\nB['p'] == 1\nB['r'] = sum(B)\nsetup(a=A, b=B)\n";
        let found = Module::new(text).call("setup");
        let found: Vec<_> = found.iter().map(|(_, _, value)| shown(value)).collect();
        assert_eq!(
            found,
            [
                "['a' 'b' 'c' ?]",
                "{p=['a' 'b' 'c' ?] q=['a' 'b' 'c' ? 'd'] r=?}"
            ]
        );
        // It ends where a name is added to itself.
        let text = format!("A = ['a']\n{}setup(a=A)\n", "A.extend(A + A)\n".repeat(99));
        let found = Module::new(&text).call("setup");
        assert!(shown(&found[0].2).starts_with("['a' "));
    }

    #[test]
    fn brackets_and_quotes_that_do_not_match_are_seen() {
        let fault = |text| Module::new(text).fault;
        assert_eq!(
            fault("a = [(1, '['), {2: \"]\"}]  # (\nb = r'\\'' '''\n('''\n"),
            None
        );
        assert_eq!(fault("setup(\nsetup(\n)\n"), Some(5));
        assert_eq!(fault("a = [1)\n"), Some(6));
        assert_eq!(fault("a = 'b\n"), Some(4));
        assert_eq!(fault("\"\"\"\nimport a\n"), Some(0));
        assert_eq!(fault("a)\n"), Some(1));
    }

    #[test]
    fn a_dictionary_of_arguments_is_read() {
        let text = "MORE = {'a': ['x'], 'b': f()}\nsetup(c='y', **MORE)\n";
        let found = Module::new(text).call("setup");
        let found: Vec<_> = found
            .iter()
            .map(|(key, _, value)| format!("{key} {}", shown(value)))
            .collect();
        assert_eq!(found, ["c 'y'", "a ['x']", "b ?"]);
        let found = Module::new("setup(**read())\n").call("setup");
        assert!(matches!(found.as_slice(), [(key, 6, Literal::Computed(_))] if key == "**"));
    }

    #[test]
    fn the_arguments_of_a_call_are_read_as_far_as_they_are_literals() {
        let module = Module::new(
            r#"
BASE = ["a", 'b'
        "c"]
LOOP = LOOP + ["x"]
def setup(x): pass
setup(
    name=f"{name}",
    first=BASE + ["d"],  # a comment, with ) in it
    second={"x": ["y", z()], "w": ("v",)},
    third=read("file")[0],
    fourth=[one, "two"] + more(1),
    fifth=LOOP,
    sixth="""p
q""",
)
"#,
        );
        let found: Vec<_> = module
            .call("setup")
            .iter()
            .map(|(key, _, value)| format!("{key} {}", shown(value)))
            .collect();
        assert_eq!(
            found,
            [
                "name ?",
                "first ['a' 'bc' 'd']",
                "second {x=['y' ?] w=['v']}",
                "third ?",
                "fourth [? 'two' ?]",
                "fifth ?",
                "sixth 'p\nq'",
            ]
        );
    }
}

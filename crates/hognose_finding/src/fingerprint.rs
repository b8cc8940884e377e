//! Identity of a finding from run to run.
//!
//! # What is hashed
//! The rule's id, then the words of the statement the finding is about, as [`normalise`] makes them. Of a compound statement
//! only the head counts (`if …:`, `with …:`), of a flow the statements of source and sink, in this order.
//!
//! | edit | identity |
//! |---|---|
//! | lines above, file moved or renamed, function moved | stays: no file, line or function is hashed |
//! | local variable or parameter renamed | stays: hashed is the number of its first appearance in the statement |
//! | reformatted: line breaks, spaces, comments, quotes, trailing commas, brackets that only group, joined literals, `0XFF`, `1_000` | stays |
//! | import alias changed | stays where the caller passes the resolved path as the name |
//! | the called function, an attribute, a keyword argument, a constant changed | changes: it is other code |
//! | an equal defect added before this one | stays; the ordinals shift, and the count tells that there is one more |
//!
//! # What collides, on purpose
//! Brackets that group are dropped, since formatters add and remove them: `(a + b) * c` is hashed like `a + b * c`, and the
//! tuple `(a, b)` like `a, b`. Two findings of one rule that differ in nothing else share their content and differ by the
//! ordinal.
//!
//! The scheme is versioned in [`SCHEME`]; a change of it is a change of every identity, and goes into the change log.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use rustc_hash::FxBuildHasher;

use crate::Finding;

/// Version of what is hashed.
pub const SCHEME: u32 = 1;

/// A 128-bit identity made of the rule and the normalised code the finding is about, plus an ordinal among equal ones.
/// It does not hold the file, the line or the names of local variables, so that moving, renaming and reformatting keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint {
    /// Hash of rule and normalised code.
    pub content: u128,
    /// Number among the findings of one run with the same content, from 0, in order of file and position.
    pub ordinal: u32,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}:{}", self.content, self.ordinal)
    }
}

/// Builds the content part of a fingerprint from a stream of words.
#[derive(Debug, Clone)]
pub struct FingerprintBuilder(u128);

/// FNV-1a, 128 bits: stable across machines and releases, which the hashers of the standard library are not.
const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

impl FingerprintBuilder {
    /// Starts with the rule's id.
    pub fn new(rule: &str) -> Self {
        let mut builder = Self(OFFSET);
        builder.word(rule);
        builder
    }

    /// Adds a word. Words are delimited, so `ab`, `c` differs from `a`, `bc`.
    pub fn word(&mut self, word: &str) -> &mut Self {
        for byte in word.bytes().chain(std::iter::once(0xff)) {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(PRIME);
        }
        self
    }

    /// Adds a statement.
    pub fn statement<'a>(&mut self, tokens: impl IntoIterator<Item = Token<'a>>) -> &mut Self {
        for word in normalise(tokens) {
            self.word(&word);
        }
        self
    }

    /// The content hash.
    pub const fn finish(&self) -> u128 {
        self.0
    }
}

/// A token of a statement. Comments, line breaks and indentation are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// An identifier that is no keyword.
    Name {
        /// As written, or the access path it stands for.
        text: &'a str,
        /// True for a local variable or parameter in the place of a value; false for attributes, keyword arguments,
        /// functions, classes, globals and what is imported.
        local: bool,
    },
    /// A string, bytes or number, as written. The literal parts of an f-string come as literals, too.
    Literal(&'a str),
    /// A keyword, operator or bracket.
    Symbol(&'a str),
}

/// The words of a statement that stay when somebody renames its variables or runs a formatter over it.
pub fn normalise<'a>(tokens: impl IntoIterator<Item = Token<'a>>) -> Vec<Cow<'a, str>> {
    let mut words: Vec<Cow<'a, str>> = Vec::new();
    let mut locals: HashMap<&str, usize, FxBuildHasher> = HashMap::default();
    // For each open bracket whether its words are kept.
    let mut open: Vec<bool> = Vec::new();
    let mut callable = false;
    let mut comma = false;
    let mut string_before = None;
    for token in tokens {
        let closing = matches!(token, Token::Symbol(")" | "]" | "}"));
        if std::mem::take(&mut comma) && !closing {
            words.push(Cow::Borrowed(","));
        }
        let last_string = string_before.take();
        match token {
            Token::Name { text, local } => {
                if local {
                    let count = locals.len();
                    let number = *locals.entry(text).or_insert(count);
                    words.push(Cow::Owned(format!("${number}")));
                } else {
                    words.push(Cow::Borrowed(text));
                }
                callable = true;
            }
            Token::Literal(text) => {
                let word = literal(text);
                let prefix =
                    is_string(text).then(|| word[..word.find('\'').unwrap_or(0)].to_owned());
                match (last_string, &prefix, words.last_mut()) {
                    // Literals side by side are one literal, and formatters join them.
                    (Some(before), Some(prefix), Some(last)) if before == *prefix => {
                        last.to_mut().push_str(&word[prefix.len() + 1..]);
                    }
                    _ => words.push(word),
                }
                string_before = prefix;
                callable = true;
            }
            Token::Symbol(",") => {
                comma = true;
                callable = false;
            }
            Token::Symbol("(") => {
                open.push(callable);
                if callable {
                    words.push(Cow::Borrowed("("));
                }
                callable = false;
            }
            Token::Symbol(")") => {
                if open.pop().unwrap_or(true) {
                    words.push(Cow::Borrowed(")"));
                }
                callable = true;
            }
            Token::Symbol(symbol) => {
                words.push(Cow::Borrowed(symbol));
                callable = matches!(symbol, "]" | "}");
            }
        }
    }
    words
}

/// Whether a literal is a whole string or bytes literal, neither number nor the middle of an f-string.
fn is_string(text: &str) -> bool {
    let letters = text.trim_start_matches(|c: char| {
        matches!(c.to_ascii_lowercase(), 'r' | 'b' | 'u' | 'f' | 't')
    });
    text.len() - letters.len() <= 2 && letters.starts_with(['"', '\''])
}

/// A literal without what formatters change: quotes, the case of prefixes and digits, underscores in numbers.
fn literal(text: &str) -> Cow<'_, str> {
    if !is_string(text) {
        return number(text);
    }
    let quote = text.find(['"', '\'']).unwrap_or(0);
    let mut prefix: Vec<u8> = text[..quote]
        .bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    prefix.retain(|byte| *byte != b'u');
    prefix.sort_unstable();
    let raw = prefix.contains(&b'r');
    let body = &text[quote..];
    let mark = &body[..1];
    let width = if body.len() >= 6 && body.starts_with(&mark.repeat(3)) {
        3
    } else {
        1
    };
    let inner = body
        .get(width..body.len().saturating_sub(width).max(width))
        .unwrap_or_default();
    let mut word = String::with_capacity(text.len() + 1);
    word.extend(prefix.iter().map(|byte| char::from(*byte)));
    word.push('\'');
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if !raw => match characters.next() {
                Some(quote @ ('"' | '\'')) => word.push(quote),
                Some(other) => {
                    word.push('\\');
                    word.push(other);
                }
                None => word.push('\\'),
            },
            '\r' => {
                if characters.peek() != Some(&'\n') {
                    word.push('\n');
                }
            }
            other => word.push(other),
        }
    }
    Cow::Owned(word)
}

fn number(text: &str) -> Cow<'_, str> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Cow::Borrowed(text);
    }
    let mut word = text.replace('_', "").to_ascii_lowercase();
    if word.starts_with('.') {
        word.insert(0, '0');
    }
    if word.ends_with('.') {
        word.push('0');
    }
    if word == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(word)
    }
}

/// Numbers the findings that share their content, in the order of file and position. The order of the findings does not
/// matter and stays.
pub fn assign_ordinals(findings: &mut [Finding]) {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&findings[*a], &findings[*b]);
        (a.fingerprint.content, &a.location, &a.message).cmp(&(
            b.fingerprint.content,
            &b.location,
            &b.message,
        ))
    });
    let mut previous: Option<Fingerprint> = None;
    for index in order {
        let fingerprint = &mut findings[index].fingerprint;
        fingerprint.ordinal = match previous {
            Some(before) if before.content == fingerprint.content => before.ordinal + 1,
            _ => 0,
        };
        previous = Some(*fingerprint);
    }
}

#[cfg(test)]
mod tests;

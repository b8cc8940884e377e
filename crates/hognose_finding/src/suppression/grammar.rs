//! The grammar of suppression comments.
//!
//! ```text
//! # hognose: ignore[rule-id, other-id] free reason until=2027-01-31
//! # hognose: ignore-file[rule-id] free reason
//! # hognose: sanitizes[kind, rule-id] free reason
//! # nosec            # nosec B602, B607       # nosec: B602 and why
//! # noqa             # noqa: S602, S603       # ruff: noqa: S101      # flake8: noqa: S101
//! # ruff: ignore[S602]    # ruff: file-ignore[S602]    # ruff: disable[S602] … # ruff: enable[S602]
//! # nosemgrep        # nosemgrep: rules.some-id, other.id
//! ```
//!
//! One comment may hold several of them, each with a `#` of its own: `# noqa: S602  # nosec B602  # hognose: ignore[x] y`.
//! A directive ends at a ` # ` or at a `#` that begins another one, so a reason may say `#123`. A `hognose` in the middle of
//! a sentence is prose.

use std::fmt;
use std::ops::Range;

use super::{Date, Tool};

/// What a directive holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Findings whose span or statement touches the comment's line, or those that begin on the next line of code when the
    /// comment stands alone.
    Line,
    /// Findings whose span or statement touches the comment's line, also when it stands alone.
    SameLine,
    /// The whole file.
    File,
    /// The results of the function whose head the comment stands in, or directly above: they are declared harmless.
    Function,
    /// From here to the matching end.
    RangeStart,
    /// The end of a range.
    RangeEnd,
}

/// A rule's id in a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRule {
    /// As written.
    pub id: String,
    /// Where in the comment.
    pub range: Range<usize>,
}

/// A parsed `# hognose: ignore[rule-id, …] reason until=2027-01-01`, or one that declares a function a sanitizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// [`Reach::Line`], [`Reach::File`] or [`Reach::Function`].
    pub reach: Reach,
    /// Rule ids, at least one; of a sanitizer also kinds, such as `sql`.
    pub rules: Vec<NamedRule>,
    /// Free text.
    pub reason: Option<String>,
    /// Last day on which it holds.
    pub until: Option<Date>,
}

impl Directive {
    /// Whether its last day is past.
    pub fn expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.reach {
            Reach::File => "ignore-file",
            Reach::Function => "sanitizes",
            _ => "ignore",
        };
        let ids: Vec<&str> = self.rules.iter().map(|named| named.id.as_str()).collect();
        write!(f, "hognose: {word}[{}]", ids.join(", "))?;
        if let Some(reason) = &self.reason {
            write!(f, " {reason}")?;
        }
        if let Some(until) = self.until {
            write!(f, " until={until}")?;
        }
        Ok(())
    }
}

/// A comment of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Whose.
    pub tool: Tool,
    /// What it holds for.
    pub reach: Reach,
    /// The ids it names; none: everything the tool reports.
    pub ids: Vec<String>,
}

/// Why a comment addressed to hognose is no directive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectiveError {
    /// The word after the colon is unknown.
    #[error(
        "`{0}` is no directive; write `ignore[rule-id]`, `ignore-file[rule-id]` or `sanitizes[kind]`"
    )]
    UnknownWord(String),
    /// No colon after the name.
    #[error("a colon is missing: write `# hognose: ignore[rule-id]`")]
    MissingColon,
    /// No ids in brackets.
    #[error("it names no rule: write `# hognose: ignore[rule-id] reason`")]
    NoIds,
    /// The bracket is not closed.
    #[error("the bracket of rule ids is not closed")]
    Unclosed,
    /// `until=` is no date.
    #[error("`until={0}` is no date such as `until=2027-01-31`")]
    Date(String),
}

/// Part of a comment that is addressed to a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Ours.
    Directive(Directive),
    /// Ours, but not understood. It suppresses nothing.
    Error(DirectiveError),
    /// Another tool's.
    Foreign(Foreign),
}

/// Whether a comment may hold a directive. Most hold none, and this is quickly seen.
pub fn is_addressed(text: &str) -> bool {
    text.match_indices('#')
        .any(|(at, _)| keyword(text[at..].trim_start_matches('#').trim_start()).is_some())
}

/// Parses the text of a comment token, with its `#`. The ranges are those of the directives in the text, each from its `#`.
/// `known` tells whether a tool knows an id; words it does not know are taken for explanation.
pub fn parse_comment(
    text: &str,
    known: &dyn Fn(Tool, &str) -> bool,
) -> Vec<(Range<usize>, Parsed)> {
    let mut found = Vec::new();
    for segment in segments(text) {
        let trimmed_end = segment.start + text[segment.clone()].trim_end().len();
        let body = Body {
            text: &text[..trimmed_end],
            at: segment.start,
        };
        if let Some(parsed) = body.parse(known) {
            found.push((segment.start..trimmed_end, parsed));
        }
    }
    found
}

/// The stretches between the `#`s that begin something: the first, those that stand between blanks, and those before a word
/// of one of the tools.
fn segments(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut starts = Vec::new();
    for (at, _) in text.match_indices('#') {
        let first = starts.is_empty();
        let run = at > 0 && bytes[at - 1] == b'#';
        let between_blanks = at > 0
            && bytes[at - 1].is_ascii_whitespace()
            && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        if first
            || (!run
                && (between_blanks
                    || keyword(text[at..].trim_start_matches('#').trim_start()).is_some()))
        {
            starts.push(at);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Hognose,
    Nosec,
    Noqa,
    Nosemgrep,
    Ruff,
    Flake8,
}

/// The keyword a segment begins with, and what follows it.
fn keyword(body: &str) -> Option<(Keyword, &str)> {
    const WORDS: [(&str, Keyword, bool); 7] = [
        ("hognose", Keyword::Hognose, true),
        ("nosec", Keyword::Nosec, false),
        ("noqa", Keyword::Noqa, true),
        ("nosemgrep", Keyword::Nosemgrep, false),
        ("nosem", Keyword::Nosemgrep, false),
        ("ruff", Keyword::Ruff, false),
        ("flake8", Keyword::Flake8, true),
    ];
    WORDS.into_iter().find_map(|(word, keyword, any_case)| {
        let head = body.get(..word.len())?;
        let same = if any_case {
            head.eq_ignore_ascii_case(word)
        } else {
            head == word
        };
        let rest = &body[word.len()..];
        let whole = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        (same && whole).then_some((keyword, rest))
    })
}

/// A segment of a comment. `text` ends where the segment does, so that offsets into it are offsets into the comment.
struct Body<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Body<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn move_to(&mut self, rest: &str) {
        self.at = self.text.len() - rest.len();
    }

    fn parse(mut self, known: &dyn Fn(Tool, &str) -> bool) -> Option<Parsed> {
        let (keyword, rest) = keyword(self.rest().trim_start_matches('#').trim_start())?;
        self.move_to(rest);
        match keyword {
            Keyword::Hognose => self.hognose(),
            Keyword::Nosec => {
                // Bandit takes every word that it knows for an id, and none at all for everything. An explanation that
                // follows ids is not searched for more: `B602, no eval here` is about one test.
                let is_known = |word: &&str| known(Tool::Bandit, word);
                let mut ids: Vec<String> = words(rest)
                    .take_while(is_known)
                    .map(str::to_owned)
                    .collect();
                if ids.is_empty() {
                    ids = words(rest).filter(is_known).map(str::to_owned).collect();
                }
                Some(foreign(Tool::Bandit, Reach::SameLine, ids))
            }
            Keyword::Noqa => Self::noqa(rest, Reach::SameLine),
            Keyword::Nosemgrep => {
                let ids = match rest.trim_start().strip_prefix(':') {
                    Some(list) => semgrep_ids(list),
                    None => Vec::new(),
                };
                Some(foreign(Tool::Semgrep, Reach::Line, ids))
            }
            Keyword::Ruff | Keyword::Flake8 => {
                let rest = rest.trim_start().strip_prefix(':')?.trim_start();
                if let Some(codes) = rest
                    .get(..4)
                    .filter(|word| word.eq_ignore_ascii_case("noqa"))
                {
                    return Self::noqa(&rest[codes.len()..], Reach::File);
                }
                if keyword == Keyword::Flake8 {
                    return None;
                }
                let (word, list) = rest.split_once('[')?;
                let reach = match word.trim_end() {
                    "ignore" => Reach::Line,
                    "file-ignore" => Reach::File,
                    "disable" => Reach::RangeStart,
                    "enable" => Reach::RangeEnd,
                    _ => return None,
                };
                let (list, _) = list.split_once(']')?;
                let ids: Vec<String> = words(list).map(str::to_owned).collect();
                (!ids.is_empty()).then(|| foreign(Tool::Ruff, reach, ids))
            }
        }
    }

    /// What follows `noqa`: nothing, or a colon and codes. A colon followed by no code is no directive, as for Ruff.
    fn noqa(rest: &str, reach: Reach) -> Option<Parsed> {
        let Some(list) = rest.trim_start().strip_prefix(':') else {
            return Some(foreign(Tool::Ruff, reach, Vec::new()));
        };
        let ids: Vec<String> = list
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|word| !word.is_empty())
            .map_while(|word| is_code(word).then(|| word.to_ascii_uppercase()))
            .collect();
        (!ids.is_empty()).then(|| foreign(Tool::Ruff, reach, ids))
    }

    fn hognose(mut self) -> Option<Parsed> {
        let rest = self.rest().trim_start();
        let Some(rest) = rest.strip_prefix(':') else {
            // Only what is clearly meant for us; a sentence about hognose is left alone.
            let (word, bracket) =
                rest.split_at(rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()));
            return (matches!(word, "ignore" | "ignore-file" | "sanitizes")
                && bracket.trim_start().starts_with('['))
            .then_some(Parsed::Error(DirectiveError::MissingColon));
        };
        let rest = rest.trim_start();
        self.move_to(rest);
        let (word, rest) = rest.split_at(rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()));
        let reach = match word {
            "ignore" => Reach::Line,
            "ignore-file" => Reach::File,
            "sanitizes" => Reach::Function,
            _ => return Some(Parsed::Error(DirectiveError::UnknownWord(word.to_owned()))),
        };
        self.move_to(rest.trim_start());
        Some(match self.directive(reach) {
            Ok(directive) => Parsed::Directive(directive),
            Err(error) => Parsed::Error(error),
        })
    }

    fn directive(&mut self, reach: Reach) -> Result<Directive, DirectiveError> {
        let Some(inner) = self.rest().strip_prefix('[') else {
            return Err(DirectiveError::NoIds);
        };
        self.move_to(inner);
        let Some(close) = inner.find(']') else {
            return Err(DirectiveError::Unclosed);
        };
        let mut rules = Vec::new();
        for (start, piece) in pieces(&inner[..close]) {
            let id = piece.trim();
            if id.is_empty() {
                continue;
            }
            let start = self.at + start + (piece.len() - piece.trim_start().len());
            rules.push(NamedRule {
                id: id.to_owned(),
                range: start..start + id.len(),
            });
        }
        if rules.is_empty() {
            return Err(DirectiveError::NoIds);
        }
        let mut until = None;
        let mut reason = Vec::new();
        for word in inner[close + 1..].split_whitespace() {
            match word.strip_prefix("until=") {
                Some(date) => {
                    until = Some(
                        date.parse()
                            .map_err(|()| DirectiveError::Date(date.to_owned()))?,
                    );
                }
                None => reason.push(word),
            }
        }
        // People put a dash or a colon between the bracket and the reason.
        while reason
            .first()
            .is_some_and(|word| matches!(*word, "-" | "--" | "–" | "—" | ":"))
        {
            reason.remove(0);
        }
        Ok(Directive {
            reach,
            rules,
            reason: (!reason.is_empty()).then(|| reason.join(" ")),
            until,
        })
    }
}

const fn foreign(tool: Tool, reach: Reach, ids: Vec<String>) -> Parsed {
    Parsed::Foreign(Foreign { tool, reach, ids })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// `S602`, `PLE2502`: letters, then digits.
fn is_code(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    letters > 0
        && letters < word.len()
        && word.bytes().skip(letters).all(|byte| byte.is_ascii_digit())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c))
        .filter(|word| !word.is_empty())
}

/// Semgrep's ids are separated by commas; the words after the first blank of the last one are explanation.
fn semgrep_ids(list: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for piece in list.split(',') {
        let mut words = piece.split_whitespace();
        let Some(word) = words.next() else { continue };
        ids.push(word.to_owned());
        if words.next().is_some() {
            break;
        }
    }
    ids
}

/// The parts between commas with their offsets.
fn pieces(list: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    list.split(',').map(move |piece| {
        let at = start;
        start += piece.len() + 1;
        (at, piece)
    })
}

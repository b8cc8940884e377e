//! Defects of patterns that validate or filter: what was meant is visible, and something else was written.
//!
//! Each function looks at one pattern only. Whether the pattern is used as a validator at all is for the caller to know: a missing
//! anchor means nothing in a pattern for `re.sub`, and a hostname in a log parser protects nothing.

mod hostname;
mod tag;

use std::ops::Range;

use crate::Pattern;
use crate::ast::{Assertion, Ast, ClassItem, ClassItemKind, GroupKind, NodeId, NodeKind};

/// A part of a pattern that does not do what it seems to be written for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Defect {
    /// Byte offsets into the pattern.
    pub span: Range<usize>,
    /// One phrase for the reader, without a full stop.
    pub reason: String,
}

/// Unescaped dots before or inside a domain name: `https://www.example.com` also matches `https://wwwXexample.com`.
pub fn incomplete_hostname(pattern: &Pattern) -> Vec<Defect> {
    hostname::find(pattern.ast())
}

/// A filter for script elements or comments that browsers' leniency gets around: upper case, blanks or attributes in the end tag,
/// line feeds, `--!>`. Decided by running the pattern, within a budget, on such elements, as `re.search` would.
pub fn bad_tag_filter(pattern: &Pattern) -> Option<Defect> {
    tag::find(pattern)
}

/// An alternation of which only the first branch is anchored at the start, or only the last at the end: `^a|b$` matches `aX` and
/// `Xb`. The idioms that trim or strip both ends of a text (`^\s+|\s+$`) are left alone.
pub fn missing_anchor(pattern: &Pattern) -> Vec<Defect> {
    let ast = pattern.ast();
    let mut defects = Vec::new();
    let NodeKind::Alternate(branches) = &ast.node(inner(ast, ast.root())).kind else {
        return defects;
    };
    let starts: Vec<bool> = branches
        .iter()
        .map(|&branch| edge_anchor(ast, branch, true))
        .collect();
    let ends: Vec<bool> = branches
        .iter()
        .map(|&branch| edge_anchor(ast, branch, false))
        .collect();
    // What trims a text matches blanks and punctuation only.
    if branches.iter().any(|&branch| !spells_word(ast, branch)) {
        return defects;
    }
    let (Some(&first), Some(&last)) = (branches.first(), branches.last()) else {
        return defects;
    };
    if starts[0] && starts[1..].iter().all(|&anchored| !anchored) {
        defects.push(Defect {
            span: ast.node(first).span.clone(),
            reason: "the anchor at the start binds only the first branch of the alternation".into(),
        });
    }
    if ends[ends.len() - 1] && ends[..ends.len() - 1].iter().all(|&anchored| !anchored) {
        defects.push(Defect {
            span: ast.node(last).span.clone(),
            reason: "the anchor at the end binds only the last branch of the alternation".into(),
        });
    }
    defects
}

/// Ranges in character classes that hold more than they seem to: `[A-z]`, `[0-Z]`, a dash between punctuation characters that was
/// meant for itself (`[,-.]`), and ranges that overlap another member of their class.
pub fn overly_large_range(pattern: &Pattern) -> Vec<Defect> {
    let mut defects = Vec::new();
    for node in pattern.ast().nodes() {
        let NodeKind::Class(class) = &node.kind else {
            continue;
        };
        for (index, item) in class.items.iter().enumerate() {
            let ClassItemKind::Range(low, high) = item.kind else {
                continue;
            };
            if let Some(reason) = suspicious(low, high, item, index, &class.items) {
                defects.push(Defect {
                    span: item.span.clone(),
                    reason,
                });
            }
        }
    }
    defects
}

/// What is inside brackets around a whole expression.
fn inner(ast: &Ast, mut id: NodeId) -> NodeId {
    while let NodeKind::Group(GroupKind::Plain | GroupKind::Capture(_), body) = ast.node(id).kind {
        id = body;
    }
    id
}

/// Whether a branch begins (or ends) with an anchor.
fn edge_anchor(ast: &Ast, id: NodeId, start: bool) -> bool {
    match &ast.node(id).kind {
        NodeKind::Assertion(assertion) if start => {
            matches!(assertion, Assertion::Begin | Assertion::TextBegin)
        }
        NodeKind::Assertion(assertion) => matches!(assertion, Assertion::End | Assertion::TextEnd),
        NodeKind::Concat(items) => if start { items.first() } else { items.last() }
            .is_some_and(|&item| edge_anchor(ast, item, start)),
        NodeKind::Group(_, body) => edge_anchor(ast, *body, start),
        NodeKind::Alternate(branches) => branches
            .iter()
            .all(|&branch| edge_anchor(ast, branch, start)),
        _ => false,
    }
}

/// Whether a branch spells letters or digits, so that it says what a text is and not what surrounds it.
fn spells_word(ast: &Ast, id: NodeId) -> bool {
    match &ast.node(id).kind {
        &NodeKind::Literal(c) => char::from_u32(c).is_some_and(char::is_alphanumeric),
        NodeKind::Class(class) => {
            !class.negated
                && class.items.iter().any(|item| match item.kind {
                    ClassItemKind::Range(low, _) => {
                        char::from_u32(low).is_some_and(char::is_alphanumeric)
                    }
                    ClassItemKind::Word { negated } | ClassItemKind::Digit { negated } => !negated,
                    _ => false,
                })
        }
        NodeKind::Concat(items) | NodeKind::Alternate(items) => {
            items.iter().any(|&item| spells_word(ast, item))
        }
        NodeKind::Group(_, body) => spells_word(ast, *body),
        NodeKind::Repeat(repeat) => spells_word(ast, repeat.body),
        _ => false,
    }
}

/// Which of the usual alphabets a character belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digit,
    Lower,
    Upper,
    Other,
}

fn kind(c: u32) -> Kind {
    match u8::try_from(c) {
        Ok(b'0'..=b'9') => Kind::Digit,
        Ok(b'a'..=b'z') => Kind::Lower,
        Ok(b'A'..=b'Z') => Kind::Upper,
        _ => Kind::Other,
    }
}

/// Whether the class goes on exactly one character before or after a range of punctuation: `[!#-\[\]-~]` is a table with one
/// character left out, and who counts like that meant the range.
fn leaves_one_out(low: u32, high: u32, items: &[ClassItem]) -> bool {
    items.iter().any(|item| {
        let (from, to) = match item.kind {
            ClassItemKind::Range(from, to) => (from, to),
            ClassItemKind::Char(only) => (only, only),
            _ => return false,
        };
        kind(to) == Kind::Other && to + 2 == low || kind(from) == Kind::Other && from == high + 2
    })
}

fn suspicious(
    low: u32,
    high: u32,
    item: &ClassItem,
    index: usize,
    items: &[ClassItem],
) -> Option<String> {
    /// Ranges of punctuation that are written on purpose: whole blocks of ASCII between, before and after digits and letters.
    const BLOCKS: &[(u8, u8)] = &[
        (b'!', b'~'),
        (b' ', b'~'),
        (b'!', b'/'),
        (b' ', b'/'),
        (b':', b'@'),
        (b'[', b'`'),
        (b'{', b'~'),
        (b'!', b'@'),
        (b'*', b'/'),
        (b' ', b'@'),
    ];
    let printable = |c: u32| (0x20..0x7F).contains(&c);
    // Control characters and characters beyond ASCII are given by number, by someone who looked at a table.
    if !printable(low) || !printable(high) || item.span.len() > "\\[-\\]".len() {
        return None;
    }
    // `[!-\-/]`: a dash that is escaped beside one that is not was meant to end the range.
    if high == u32::from('-') && item.span.len() > "x--".len() {
        return None;
    }
    let show = |c: u32| char::from_u32(c).unwrap_or('\u{FFFD}');
    match (kind(low), kind(high)) {
        (Kind::Digit, Kind::Digit) | (Kind::Lower, Kind::Lower) | (Kind::Upper, Kind::Upper) => {
            let overlap = items[..index].iter().find(|other| matches!(other.kind, ClassItemKind::Range(l, h) if l <= high && low <= h && kind(l) == kind(h)))?;
            let ClassItemKind::Range(l, h) = overlap.kind else {
                return None;
            };
            Some(format!(
                "the range {}-{} overlaps the range {}-{} of the same class",
                show(low),
                show(high),
                show(l),
                show(h)
            ))
        }
        (Kind::Upper, Kind::Lower) => Some(format!(
            "the range {}-{} also holds the characters between Z and a: [ \\ ] ^ _ `",
            show(low),
            show(high)
        )),
        (Kind::Other, Kind::Other) => {
            let known = BLOCKS
                .iter()
                .any(|&(from, to)| (low, high) == (from.into(), to.into()));
            (!known && !leaves_one_out(low, high, items)).then(|| {
                if high - low <= 1 {
                    format!(
                        "{}-{} is a range, and the dash is not in it",
                        show(low),
                        show(high)
                    )
                } else {
                    let between: String = (low + 1..high).take(8).map(show).collect();
                    let more = if high - low > 9 { "…" } else { "" };
                    format!(
                        "{}-{} is a range that also holds {between}{more}",
                        show(low),
                        show(high)
                    )
                }
            })
        }
        (Kind::Other, _) | (_, Kind::Other)
            if BLOCKS
                .iter()
                .any(|&(from, to)| (low, high) == (from.into(), to.into())) =>
        {
            None
        }
        _ => Some(format!(
            "the range {}-{} runs across digits, letters and the punctuation between them",
            show(low),
            show(high)
        )),
    }
}

#[cfg(test)]
mod tests;

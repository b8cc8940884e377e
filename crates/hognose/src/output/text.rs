//! Makes texts of the audited project harmless, and says where things stand.
//!
//! A file name may hold an escape sequence that rewrites the terminal, a comment may hold direction marks that show
//! other code than Python runs. Both are what an auditor's reader must see, so they are written out as `\u{202e}`
//! rather than dropped.

use std::borrow::Cow;
use std::fmt::Write as _;

use hognose_finding::{Finding, Location};

use crate::View;

/// Longest message or path written on one line; the rest is an ellipsis. A message quotes names of the audited project,
/// which can be as long as their author likes.
pub(super) const LONGEST_LINE: usize = 2_000;

/// Whether a character moves the cursor, reorders its neighbours, or cannot be seen.
pub(super) const fn is_unsafe(c: char) -> bool {
    matches!(c,
        // C0, DEL, C1
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // soft hyphen, grapheme joiner, Arabic letter mark, Hangul fillers, Khmer inherent vowels, Mongolian separators
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        // zero width, directions, separators, invisible operators, deprecated format characters
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        // musical format characters, tags, supplementary variation selectors
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text for one line: white space becomes a space, unsafe characters are written out, what is too long is cut.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_LINE && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(LONGEST_LINE + 8));
    for (index, c) in text.chars().enumerate() {
        if index == LONGEST_LINE {
            out.push('…');
            break;
        }
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// Appends a character as one line may hold it.
pub(super) fn push(out: &mut String, c: char) {
    match c {
        '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => out.push(' '),
        c if is_unsafe(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// At most `limit` characters, the last an ellipsis if there were more.
pub(super) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text
                .char_indices()
                .nth(limit.saturating_sub(1))
                .map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

/// `file:line:column`; in a notebook `file:cell 3:line:column`, the line inside the cell.
pub(super) fn place(location: &Location) -> String {
    let file = line(&location.file);
    let column = location.start.column;
    match location.cell {
        None => format!("{file}:{}:{column}", location.start.line),
        Some(cell) => format!("{file}:cell {}:{}:{column}", cell.number, cell.line),
    }
}

/// First and last line for formats that only know lines of files. Cells are no lines of the notebook's file, so all of a
/// notebook's findings stand at its first; their message says which cell.
pub(super) fn file_lines(location: &Location) -> (u32, u32) {
    match location.cell {
        None => (
            location.start.line,
            location.end.line.max(location.start.line),
        ),
        Some(_) => (1, 1),
    }
}

/// The message for one line; in a notebook with the cell, for formats whose places know no cells.
pub(super) fn message_with_cell(finding: &Finding) -> String {
    let message = message(finding);
    match finding.location.cell {
        None => message.into_owned(),
        Some(cell) => format!("{message} (cell {}, line {})", cell.number, cell.line),
    }
}

/// The message for one line; the title where there is none.
pub(super) fn message(finding: &Finding) -> Cow<'_, str> {
    line(if finding.message.trim().is_empty() {
        &finding.title
    } else {
        &finding.message
    })
}

/// Shown and suppressed findings together, in the report's order.
pub(super) fn shown_and_suppressed<'a>(view: &View<'a>) -> Vec<&'a Finding> {
    let (mut shown, mut suppressed) = (
        view.shown.iter().copied().peekable(),
        view.suppressed.iter().copied().peekable(),
    );
    view.report
        .findings
        .iter()
        .filter(|finding| {
            shown.next_if(|f| std::ptr::eq(*f, *finding)).is_some()
                || suppressed.next_if(|f| std::ptr::eq(*f, *finding)).is_some()
        })
        .collect()
}

/// RFC 3986: everything but unreserved characters and the slash.
pub(super) fn percent_encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `1 file`, `2 files`, `2 entries`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    let number = thousands(count);
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("{number} {noun}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// `34,567`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_written_out() {
        assert_eq!(line("plain é 字 🐍"), "plain é 字 🐍");
        assert_eq!(line("a\x1b[31mb\r\nc\td"), "a\\u{1b}[31mb  c d");
        assert_eq!(
            line("x\u{202e}y\u{2066}z\u{200b}"),
            "x\\u{202e}y\\u{2066}z\\u{200b}"
        );
        assert_eq!(
            line(&"x".repeat(1_000_000)).chars().count(),
            LONGEST_LINE + 1
        );
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("字字字", 3), "字字字");
        assert_eq!(cut("字字字字", 3), "字字…");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(plural(1, "file"), "1 file");
        assert_eq!(plural(1_000, "file"), "1,000 files");
    }
}

//! Another version in place of one that is written, and nothing else.
//!
//! Requirements stand in many formats, and an exact version looks alike in all of them: a name, then `==` and the
//! version; in tables a key, then a text with the version. It is found from the place that the reader of the format
//! gave. What comes of it is read again: an edit that changes anything but the versions it is for is not made.

use std::ops::Range;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};
use thiserror::Error;

use super::read;
use crate::inputs::source::{Reading, Source};
use crate::inputs::toml::{self, Item, Table, as_table, as_text};
use crate::inputs::{Inventory, Package, Place, Wanted};
use crate::name::Name;

/// A version that is to be raised where it is written.
#[derive(Clone, Copy, Debug)]
pub struct Raise<'a> {
    /// The entry that pins it.
    pub package: &'a Package,
    /// The version to be written.
    pub to: &'a Version,
}

/// Why a version cannot be raised where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditFault {
    /// The entry does not stand where it is said to stand, or not in a way that is understood.
    #[error("{place}: the version of {name} is written in a way that cannot be edited")]
    NotFound {
        /// Where.
        place: Place,
        /// The package.
        name: String,
    },
    /// The same entry forbids the version.
    #[error("{place}: `{clause}` does not allow {name} {to}")]
    Refused {
        /// Where.
        place: Place,
        /// The package.
        name: String,
        /// What forbids it.
        clause: String,
        /// The version to be written.
        to: String,
    },
    /// The edited file would be read as something else.
    #[error("{0}: edited, the file would not be read as it is now")]
    Changed(String),
}

/// Raises versions in one file.
///
/// # Errors
/// One of them cannot be raised; then none is.
pub fn apply(path: &str, bytes: &[u8], raises: &[Raise<'_>]) -> Result<Vec<u8>, EditFault> {
    let source = Source::new(path, bytes);
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for raise in raises {
        for range in find(&source, raise)? {
            edits.push((range, raise.to.to_string()));
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    edits.dedup();
    let changed = || EditFault::Changed(path.to_owned());
    let mut text = String::with_capacity(source.text.len() + 16);
    let mut edited = Vec::with_capacity(bytes.len() + 16);
    let encoding = Encoding::of(bytes);
    let (mut at, mut at_byte) = (0, encoding.mark());
    for (range, version) in edits {
        let kept = source.text.get(at..range.start).ok_or_else(changed)?;
        let replaced = source.text.get(range.clone()).ok_or_else(changed)?;
        text.push_str(kept);
        text.push_str(&version);
        let from = at_byte + encoding.length(kept);
        edited.extend_from_slice(bytes.get(at_byte..from).ok_or_else(changed)?);
        encoding.write(&version, &mut edited);
        (at, at_byte) = (range.end, from + encoding.length(replaced));
    }
    text.push_str(source.text.get(at..).ok_or_else(changed)?);
    edited.extend_from_slice(bytes.get(at_byte..).ok_or_else(changed)?);
    let mut whole = bytes.get(..encoding.mark()).unwrap_or_default().to_vec();
    whole.append(&mut edited);
    let reads_alike = Source::new(path, &whole).text == text
        && is_raised(&read(path, bytes), &read(path, &whole), raises);
    if reads_alike {
        Ok(whole)
    } else {
        Err(changed())
    }
}

/// How a file's text is written in bytes.
#[derive(Clone, Copy)]
enum Encoding {
    /// UTF-8, with the length of its byte order mark.
    Utf8(usize),
    /// UTF-16, which always has a mark here.
    Utf16 { little: bool },
    /// One byte for each character.
    Single,
}

impl Encoding {
    fn of(bytes: &[u8]) -> Self {
        match encoding_rs::Encoding::for_bom(bytes) {
            Some((encoding, _)) if encoding == encoding_rs::UTF_16LE => {
                Self::Utf16 { little: true }
            }
            Some((encoding, _)) if encoding == encoding_rs::UTF_16BE => {
                Self::Utf16 { little: false }
            }
            Some((_, mark)) => Self::Utf8(mark),
            None if std::str::from_utf8(bytes).is_ok() => Self::Utf8(0),
            None => Self::Single,
        }
    }

    fn mark(self) -> usize {
        match self {
            Self::Utf8(mark) => mark,
            Self::Utf16 { .. } => 2,
            Self::Single => 0,
        }
    }

    fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8(_) => text.len(),
            Self::Utf16 { .. } => text.encode_utf16().count() * 2,
            Self::Single => text.chars().count(),
        }
    }

    /// Writes a version, which is ASCII.
    fn write(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Utf16 { little } => {
                for unit in text.encode_utf16() {
                    out.extend(if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    });
                }
            }
            Self::Utf8(_) | Self::Single => out.extend_from_slice(text.as_bytes()),
        }
    }
}

/// Where the version of an entry is written, once or more.
fn find(source: &Source, raise: &Raise<'_>) -> Result<Vec<Range<usize>>, EditFault> {
    let package = raise.package;
    let not_found = || EditFault::NotFound {
        place: package.place.clone(),
        name: package.name.to_string(),
    };
    let Wanted::Pinned(pin) = &package.wanted else {
        return Err(not_found());
    };
    let begin = offset(source, &package.place).ok_or_else(not_found)?;
    let rest = &source.text[begin..];
    let after_key = requirement_clauses(rest, &package.name)
        .map(|at| begin + at)
        .filter(|at| !clauses(&source.text[*at..], false).is_empty());
    let (at, bare) = match after_key {
        Some(at) => (at, false),
        None => (
            table_value(source, begin, &pin.written).ok_or_else(not_found)?,
            true,
        ),
    };
    let mut found = Vec::new();
    for clause in clauses(&source.text[at..], bare) {
        let exact = matches!(clause.operator, "==" | "===" | "=" | "");
        if exact && *clause.version == *pin.written {
            found.push(at + clause.start..at + clause.start + clause.version.len());
        } else {
            let text = format!("{}{}", clause.operator, clause.version);
            let allows = VersionSpecifier::from_str(&text)
                .is_ok_and(|specifier| specifier.contains(raise.to));
            if !allows {
                return Err(EditFault::Refused {
                    place: package.place.clone(),
                    name: package.name.to_string(),
                    clause: text,
                    to: raise.to.to_string(),
                });
            }
        }
    }
    if found.is_empty() {
        return Err(not_found());
    }
    Ok(found)
}

/// The offset of a place.
fn offset(source: &Source, place: &Place) -> Option<usize> {
    let start = source.line_start(place.line)?;
    let before = (place.column as usize).checked_sub(1)?;
    let line = &source.text[start..];
    let in_characters = line
        .char_indices()
        .map(|(at, _)| at)
        .chain([line.len()])
        .nth(before);
    [in_characters, Some(before)]
        .into_iter()
        .flatten()
        .map(|at| start + at)
        .find(|at| source.text.is_char_boundary(*at) && source.place(*at) == *place)
}

/// White space, and where a line goes on in the next one.
fn skip_space(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        at += spaces;
        match ["\\\r\n", "\\\n"]
            .iter()
            .find(|end| text[at..].starts_with(**end))
        {
            Some(end) => at += end.len(),
            None => return at,
        }
    }
}

/// Where the version specifiers of a requirement begin that itself begins with a name, between quotes or not.
fn requirement_clauses(text: &str, name: &Name) -> Option<usize> {
    let mut at = text.len() - text.trim_start_matches(['"', '\'', ' ', '\t']).len();
    at += text[at..].strip_prefix("- ").map_or(0, |rest| {
        2 + rest.len() - rest.trim_start_matches(['"', '\'', ' ']).len()
    });
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let rest = &text[at..];
    let written = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
    if Name::new(written).as_ref() != Some(name) {
        return None;
    }
    at = skip_space(text, at + written.len());
    if text[at..].starts_with('[') {
        at += text[at..].find([']', '\n', '\r'])? + 1;
        at = skip_space(text, at);
    }
    if text[at..].starts_with('(') {
        at = skip_space(text, at + 1);
    }
    Some(at)
}

/// One comparison with a version.
struct Clause<'t> {
    operator: &'t str,
    version: &'t str,
    /// Where the version begins.
    start: usize,
}

/// The clauses at the beginning of a text. A `bare` version, with no operator, means exactly that one.
fn clauses(text: &str, bare: bool) -> Vec<Clause<'_>> {
    const OPERATORS: [&str; 9] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">", "="];
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = skip_space(text, at);
        let operator = OPERATORS
            .iter()
            .find(|operator| text[at..].starts_with(**operator))
            .copied();
        let operator = match operator {
            Some(operator) => operator,
            None if bare => "",
            None => break,
        };
        let start = skip_space(text, at + operator.len());
        let rest = &text[start..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || ".+!*-_".contains(c)))
            .unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        found.push(Clause {
            operator,
            version: &rest[..end],
            start,
        });
        at = skip_space(text, start + end);
        if !text[at..].starts_with(',') {
            break;
        }
        at += 1;
    }
    found
}

/// Where the version of a table's entry begins whose key stands at an offset: `name = "1.0"`, `name = { version = "1.0" }`.
fn table_value(source: &Source, key: usize, version: &str) -> Option<usize> {
    let table = toml::parse(source, &mut Reading::default());
    let span = in_table(&table, key, version)?;
    let text = source.text.get(span.clone())?;
    Some(span.start + text.len() - text.trim_start_matches(['"', '\'']).len())
}

fn in_table(table: &Table<'_>, key: usize, version: &str) -> Option<Range<usize>> {
    table.iter().find_map(|(name, item)| {
        if name.span().start == key {
            return version_of(item, version);
        }
        below(item, key, version)
    })
}

fn below(item: &Item<'_>, key: usize, version: &str) -> Option<Range<usize>> {
    match as_table(item) {
        Some(table) => in_table(table, key, version),
        None => toml::values(Some(item)).find_map(|item| below(item, key, version)),
    }
}

/// Where the text stands that names the version of an entry.
fn version_of(item: &Item<'_>, version: &str) -> Option<Range<usize>> {
    if let Some(table) = as_table(item) {
        return version_of(table.get("version")?, version);
    }
    match as_text(item) {
        Some(text) => clauses(text, true)
            .iter()
            .any(|clause| clause.version == version)
            .then(|| item.span()),
        None => toml::values(Some(item)).find_map(|item| version_of(item, version)),
    }
}

/// Whether the versions that are raised are what differs between two readings, and all that differs.
fn is_raised(before: &Inventory, after: &Inventory, raises: &[Raise<'_>]) -> bool {
    let same = |(one, other): (&Package, &Package)| {
        let raise = raises
            .iter()
            .find(|raise| raise.package.place == one.place && raise.package.wanted == one.wanted);
        let wanted = match (raise, &other.wanted) {
            (Some(raise), Wanted::Pinned(pin)) => pin.version.as_ref() == Some(raise.to),
            (Some(_), _) => false,
            (None, wanted) => one.wanted == *wanted,
        };
        wanted
            && one.name == other.name
            && one.place.line == other.place.line
            && one.marker == other.marker
            && one.extras == other.extras
            && one.groups == other.groups
            && one.origin == other.origin
            && one.hashed == other.hashed
    };
    let (one, other) = (&before.packages, &after.packages);
    one.len() == other.len()
        && one.iter().zip(other).all(same)
        && before.unreadable.len() == after.unreadable.len()
        && before.options.len() == after.options.len()
        && before.unnamed.len() == after.unnamed.len()
}

#[cfg(test)]
mod tests;

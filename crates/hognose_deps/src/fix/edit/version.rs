//! Where the version of a package stands.
//!
//! Requirements stand in many formats, and an exact version looks alike in all of them: a name, then `==` and the
//! version; in tables a key, then a text with the version.

use std::ops::Range;
use std::str::FromStr;

use pep440_rs::VersionSpecifier;

use super::{EditFault, Raise, offset};
use crate::inputs::Wanted;
use crate::inputs::source::{Reading, Source};
use crate::inputs::toml::{self, Item, Table, as_table, as_text};
use crate::name::Name;

/// Where the version of an entry is written, once or more.
pub(super) fn find(source: &Source, raise: &Raise<'_>) -> Result<Vec<Range<usize>>, EditFault> {
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

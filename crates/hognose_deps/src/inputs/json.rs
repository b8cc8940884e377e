//! JSON with places: entries are kept as the stretch of text they are, until they are read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::inventory::Place;
use super::source::{Reading, Source};

/// Reads a text; what is wrong with it is noted.
pub fn parse<'a, T: Deserialize<'a>>(source: &'a Source, reading: &mut Reading) -> Option<T> {
    match serde_json::from_str(&source.text) {
        Ok(value) => Some(value),
        Err(error) => {
            reading.unreadable(source.at(error.line(), error.column()), reason(&error));
            None
        }
    }
}

/// Reads an entry; what is wrong with it is noted.
pub fn entry<'a, T: Deserialize<'a>>(
    source: &'a Source,
    raw: &'a RawValue,
    reading: &mut Reading,
) -> Option<T> {
    match serde_json::from_str(raw.get()) {
        Ok(value) => Some(value),
        Err(error) => {
            reading.unreadable(place(source, raw), reason(&error));
            None
        }
    }
}

fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Where an entry begins.
pub fn place(source: &Source, raw: &RawValue) -> Place {
    source.place(offset(source, raw))
}

/// Where the key before an entry begins.
pub fn key_place(source: &Source, raw: &RawValue, key: &str) -> Place {
    let begin = offset(source, raw);
    let before = source.text.get(..begin).unwrap_or_default();
    let quoted = before
        .trim_end()
        .strip_suffix(':')
        .map(str::trim_end)
        .filter(|before| before.ends_with('"') && before.len() >= key.len() + 2)
        .map(|before| before.len() - key.len() - 2)
        .filter(|at| source.text.as_bytes().get(*at) == Some(&b'"'));
    source.place(quoted.unwrap_or(begin))
}

/// An entry is a part of the text it was read from.
fn offset(source: &Source, raw: &RawValue) -> usize {
    let distance = raw
        .get()
        .as_ptr()
        .addr()
        .wrapping_sub(source.text.as_ptr().addr());
    if distance < source.text.len() {
        distance
    } else {
        0
    }
}

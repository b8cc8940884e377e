//! TOML with places.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::inventory::Place;
use super::source::{Reading, Source};

/// A table. Its keys and texts are borrowed from the source; it has no order.
pub type Table<'s> = DeTable<'s>;
/// A value with its place.
pub type Item<'s> = Spanned<DeValue<'s>>;

/// Most broken lines that are left out of a file before it is given up.
const MAX_FAULTS: usize = 64;

/// Most bytes that are parsed again because of broken lines.
const MAX_AGAIN: usize = 8 * 1024 * 1024;

/// Parses a file. A line that is broken (so those that a merge leaves behind) is noted and left out, and the rest is
/// read as if it were not there.
pub fn parse<'s>(source: &'s Source, reading: &mut Reading) -> Table<'s> {
    let parsed = Table::parse(&source.text).or_else(|error| {
        let mended = source.mended.get_or_init(|| mend(source, error, reading));
        Table::parse(mended)
    });
    parsed.map(Spanned::into_inner).unwrap_or_default()
}

/// The text with spaces in place of broken lines, so that places stay what they are.
fn mend(source: &Source, mut error: Error, reading: &mut Reading) -> String {
    let mut text = source.text.clone();
    let mut budget = MAX_AGAIN;
    for _ in 0..MAX_FAULTS {
        let at = error.span().map_or(0, |span| span.start);
        reading.unreadable(source.place(at), first_line(error.message()));
        let line = source.line_range(at);
        if budget < text.len() || text[line.clone()].trim().is_empty() {
            break;
        }
        budget -= text.len();
        let blank: String = text[line.clone()]
            .bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
            .collect();
        text.replace_range(line, &blank);
        match Table::parse(&text) {
            Ok(_) => break,
            Err(next) => error = next,
        }
    }
    text
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// The place of an item.
pub fn place(source: &Source, item: &Item<'_>) -> Place {
    source.place(item.span().start)
}

/// The place of a key of a table, else of whatever it holds first.
pub fn key_place(source: &Source, table: &Table<'_>, key: &str) -> Place {
    let span = match table.get_key_value(key) {
        Some((key, _)) => Some(key.span()),
        None => table
            .keys()
            .map(Spanned::span)
            .min_by_key(|span| span.start),
    };
    source.place(span.map_or(0, |span| span.start))
}

/// The table an item is.
pub fn as_table<'a, 's>(item: &'a Item<'s>) -> Option<&'a Table<'s>> {
    item.get_ref().as_table()
}

/// The text an item is.
pub fn as_text<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    item.get_ref().as_str()
}

/// Whether an item is `true` or `false`, and which.
pub fn as_bool(item: &Item<'_>) -> Option<bool> {
    item.get_ref().as_bool()
}

/// The text at a key.
pub fn text<'a>(table: &'a Table<'_>, key: &str) -> Option<&'a str> {
    as_text(table.get(key)?)
}

/// The item at the end of a path of keys.
pub fn at<'a, 's>(table: &'a Table<'s>, path: &[&str]) -> Option<&'a Item<'s>> {
    let (first, rest) = path.split_first()?;
    let mut item = table.get(*first)?;
    for key in rest {
        item = as_table(item)?.get(*key)?;
    }
    Some(item)
}

/// The entries of a table, by key.
pub fn entries<'a, 's>(
    item: Option<&'a Item<'s>>,
) -> impl Iterator<Item = (&'a str, &'a Item<'s>)> {
    item.and_then(as_table)
        .into_iter()
        .flat_map(|table| table.iter())
        .map(|(key, item)| (&**key.get_ref(), item))
}

/// The values of an array.
pub fn values<'a, 's>(item: Option<&'a Item<'s>>) -> impl Iterator<Item = &'a Item<'s>> {
    item.and_then(|item| item.get_ref().as_array())
        .into_iter()
        .flat_map(|array| array.iter())
}

/// The texts in an array.
pub fn texts<'a>(item: Option<&'a Item<'_>>) -> impl Iterator<Item = &'a str> {
    values(item).filter_map(as_text)
}

/// The tables of an array, however it is written.
pub fn tables<'a, 's>(item: Option<&'a Item<'s>>) -> impl Iterator<Item = &'a Table<'s>> {
    values(item).filter_map(as_table)
}

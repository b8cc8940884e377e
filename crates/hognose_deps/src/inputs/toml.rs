//! TOML with places.

use std::borrow::Cow;

use toml_edit::{Document, Item, Table, TableLike, Value};

use super::inventory::Place;
use super::source::{Reading, Source};

/// Most broken lines that are left out of a file before it is given up.
const MAX_FAULTS: usize = 64;

/// Most bytes that are parsed again because of broken lines.
const MAX_AGAIN: usize = 8 * 1024 * 1024;

/// Parses a file. A line that is broken (so those that a merge leaves behind) is noted and left out, and the rest is
/// read as if it were not there.
pub fn parse(source: &Source, reading: &mut Reading) -> Table {
    let mut text = Cow::Borrowed(source.text.as_str());
    let mut budget = MAX_AGAIN;
    for _ in 0..MAX_FAULTS {
        let error = match Document::parse(text.as_ref()) {
            Ok(document) => match document.into_item() {
                Item::Table(table) => return table,
                _ => return Table::new(),
            },
            Err(error) => error,
        };
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
        text.to_mut().replace_range(line, &blank);
    }
    Table::new()
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// The place of an item.
pub fn place(source: &Source, item: &Item) -> Place {
    source.place(item.span().map_or(0, |span| span.start))
}

/// The place of a value.
pub fn value_place(source: &Source, value: &Value) -> Place {
    source.place(value.span().map_or(0, |span| span.start))
}

/// The place of a key of a table, else of whatever it holds first.
pub fn key_place(source: &Source, table: &dyn TableLike, key: &str) -> Place {
    let span = table
        .get_key_value(key)
        .and_then(|(key, item)| key.span().or_else(|| item.span()))
        .or_else(|| {
            table
                .iter()
                .filter_map(|(key, _)| table.get_key_value(key)?.0.span())
                .min_by_key(|span| span.start)
        });
    source.place(span.map_or(0, |span| span.start))
}

/// The text at a key.
pub fn text<'a>(table: &'a dyn TableLike, key: &str) -> Option<&'a str> {
    table.get(key)?.as_str()
}

/// The item at the end of a path of keys.
pub fn at<'a>(table: &'a dyn TableLike, path: &[&str]) -> Option<&'a Item> {
    let (first, rest) = path.split_first()?;
    let mut item = table.get(first)?;
    for key in rest {
        item = item.as_table_like()?.get(key)?;
    }
    Some(item)
}

/// The entries of a table, by key.
pub fn entries<'a>(item: Option<&'a Item>) -> impl Iterator<Item = (&'a str, &'a Item)> {
    item.and_then(Item::as_table_like)
        .into_iter()
        .flat_map(|table| table.iter())
}

/// The values of an array.
pub fn values(item: Option<&Item>) -> impl Iterator<Item = &Value> {
    item.and_then(Item::as_array).into_iter().flatten()
}

/// The texts in an array.
pub fn texts(item: Option<&Item>) -> impl Iterator<Item = &str> {
    values(item).filter_map(Value::as_str)
}

/// The tables of an array, however it is written.
pub fn tables<'a>(item: Option<&'a Item>) -> Box<dyn Iterator<Item = &'a dyn TableLike> + 'a> {
    match item {
        Some(Item::ArrayOfTables(tables)) => {
            Box::new(tables.iter().map(|table| table as &dyn TableLike))
        }
        Some(Item::Value(Value::Array(array))) => Box::new(
            array
                .iter()
                .filter_map(Value::as_inline_table)
                .map(|table| table as &dyn TableLike),
        ),
        _ => Box::new(std::iter::empty()),
    }
}

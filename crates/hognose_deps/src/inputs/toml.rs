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
    let mut text = without_repeated_files(&source.text);
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

/// A lock file without the archives of a package after the first: they are most of its text, and one of them tells
/// whether there are hashes. What is left out becomes spaces, so that places stay what they are.
fn without_repeated_files(text: &str) -> Cow<'_, str> {
    let mut lean = String::new();
    let mut copied = 0;
    let mut end = 0;
    let mut listing = false;
    for line in text.split_inclusive('\n') {
        let begin = end;
        end += line.len();
        let entry = line.trim_end();
        let is_file = is_file(entry);
        if is_file && listing {
            lean.push_str(&text[copied..begin]);
            lean.extend(std::iter::repeat_n(' ', entry.len()));
            copied = begin + entry.len();
        }
        listing = is_file && entry.ends_with("},");
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    lean.push_str(&text[copied..]);
    Cow::Owned(lean)
}

/// Whether a line is one archive with its hash, as the tools write it: an inline table by itself.
fn is_file(line: &str) -> bool {
    let Some(inside) = line.trim_start().strip_prefix('{') else {
        return false;
    };
    let inside = inside.trim_start();
    line.starts_with(' ')
        && (inside.starts_with("url = ") || inside.starts_with("file = "))
        && (inside.contains("hash = ") || inside.contains("hashes = "))
        && inside.trim_end_matches(',').ends_with('}')
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
pub fn entries(item: Option<&Item>) -> impl Iterator<Item = (&str, &Item)> {
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

#[cfg(test)]
mod tests {
    use super::without_repeated_files;

    #[test]
    fn one_archive_of_a_package_is_enough() {
        let lock = "wheels = [\n    { url = \"a\", hash = \"1\" },\n    { url = \"b\", hash = \"2\" },\n]\nx = 1\n";
        let lean = without_repeated_files(lock);
        assert_eq!(lean.len(), lock.len());
        assert!(lean.contains("\"a\"") && !lean.contains("\"b\""));
        assert_eq!(lean.find("x = 1"), lock.find("x = 1"));
        let names = "    { name = \"a\" },\n    { name = \"b\" },\n";
        assert_eq!(without_repeated_files(names), names);
    }
}

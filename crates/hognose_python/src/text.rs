//! The text of a Python file: decoded, with its lines, and with the cells of a notebook joined.

use std::sync::{Arc, OnceLock};

use ruff_source_file::LineIndex;
use ruff_text_size::{TextRange, TextSize};

/// Largest file that is analysed, in bytes.
pub const MAX_FILE_SIZE: usize = 32 * 1024 * 1024;

/// A code cell of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellSpan {
    /// Number among all cells of the notebook, from 1.
    pub number: u32,
    /// Its place in the joined text.
    pub range: TextRange,
}

/// Decoded text with an index of lines, made when first asked for.
#[derive(Debug, Clone)]
pub struct Text {
    text: Arc<str>,
    lines: Arc<OnceLock<LineIndex>>,
    cells: Option<Arc<[CellSpan]>>,
}

impl Text {
    /// Plain text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self {
            text: text.into(),
            lines: Arc::default(),
            cells: None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Cells of a notebook.
    pub fn cells(&self) -> Option<&[CellSpan]> {
        self.cells.as_deref()
    }

    /// Line and column of an offset, both from 1, the column in characters.
    pub fn position(&self, offset: TextSize) -> (u32, u32) {
        let index = self
            .lines
            .get_or_init(|| LineIndex::from_source_text(&self.text));
        let place = index.line_column(offset, &self.text);
        (saturate(place.line.get()), saturate(place.column.get()))
    }

    /// Number of the cell and line inside it, both from 1.
    pub fn cell_position(&self, offset: TextSize) -> Option<(u32, u32)> {
        let cells = self.cells.as_deref()?;
        let next = cells.partition_point(|cell| cell.range.start() <= offset);
        let cell = cells.get(next.checked_sub(1)?)?;
        let (line, _) = self.position(offset);
        let (first, _) = self.position(cell.range.start());
        Some((cell.number, line - first + 1))
    }

    /// Physical lines.
    pub fn line_count(&self) -> usize {
        self.text.bytes().filter(|byte| *byte == b'\n').count()
            + usize::from(!self.text.is_empty() && !self.text.ends_with('\n'))
    }

    /// Decodes a Python file by its byte order mark, its PEP 263 declaration, or as UTF-8.
    ///
    /// # Errors
    /// A sentence saying why the bytes are no text.
    pub fn decode(bytes: Vec<u8>) -> Result<Self, String> {
        check_size(bytes.len())?;
        if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
            return String::from_utf8(rest.to_vec())
                .map(Self::new)
                .map_err(|error| utf8_error(rest, &error.utf8_error()));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err("UTF-16 text; Python reads no such source".to_owned());
        }
        let declared = declared_encoding(&bytes);
        let text = match declared.as_deref() {
            None | Some("utf-8" | "utf8" | "utf_8" | "u8" | "utf-8-sig" | "utf_8_sig") => {
                match String::from_utf8(bytes) {
                    Ok(text) => text,
                    Err(error) => return Err(utf8_error(error.as_bytes(), &error.utf8_error())),
                }
            }
            Some(
                "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso_8859_1" | "l1" | "8859"
                | "latin_1",
            ) => bytes.iter().map(|b| char::from(*b)).collect(),
            Some("ascii" | "us-ascii" | "646") if bytes.is_ascii() => {
                String::from_utf8_lossy(&bytes).into_owned()
            }
            Some(name) => {
                let label = name.replace('_', "-");
                let Some(encoding) = encoding_rs::Encoding::for_label(label.as_bytes()) else {
                    return Err(format!("unknown encoding `{name}` declared"));
                };
                match encoding.decode_without_bom_handling_and_without_replacement(&bytes) {
                    Some(text) => text.into_owned(),
                    None => {
                        return Err(format!(
                            "not valid {name}, which it declares as its encoding"
                        ));
                    }
                }
            }
        };
        if text.bytes().any(|byte| byte == 0) {
            return Err("holds null bytes; not Python source".to_owned());
        }
        Ok(Self::new(text))
    }

    /// Reads the code cells of a notebook and joins them with line feeds.
    ///
    /// # Errors
    /// A sentence saying why the bytes are no notebook.
    pub fn notebook(bytes: &[u8]) -> Result<Self, String> {
        check_size(bytes.len())?;
        let json: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|error| format!("not a notebook: {error}"))?;
        let language = json
            .pointer("/metadata/kernelspec/language")
            .or_else(|| json.pointer("/metadata/language_info/name"));
        if let Some(language) = language.and_then(serde_json::Value::as_str)
            && !language.eq_ignore_ascii_case("python")
        {
            return Ok(Self {
                text: "".into(),
                lines: Arc::default(),
                cells: Some(Arc::new([])),
            });
        }
        // Notebooks of version 3 keep their cells in worksheets.
        let cells = json
            .get("cells")
            .or_else(|| json.pointer("/worksheets/0/cells"))
            .and_then(serde_json::Value::as_array);
        let Some(cells) = cells else {
            return Err("not a notebook: it has no cells".to_owned());
        };
        let mut text = String::new();
        let mut spans = Vec::new();
        for (number, cell) in (1u32..).zip(cells) {
            if cell.get("cell_type").and_then(serde_json::Value::as_str) != Some("code") {
                continue;
            }
            let start = text.len();
            match cell.get("source").or_else(|| cell.get("input")) {
                Some(serde_json::Value::String(source)) => text.push_str(source),
                Some(serde_json::Value::Array(lines)) => lines
                    .iter()
                    .filter_map(serde_json::Value::as_str)
                    .for_each(|line| text.push_str(line)),
                _ => {}
            }
            // `%%bash` and the like: the cell is another language's.
            if foreign_cell(&text[start..]) {
                text.truncate(start);
                continue;
            }
            let end = text.len();
            spans.push(CellSpan {
                number,
                range: TextRange::new(size(start), size(end)),
            });
            text.push('\n');
        }
        Ok(Self {
            text: text.into(),
            lines: Arc::default(),
            cells: Some(spans.into()),
        })
    }
}

fn foreign_cell(source: &str) -> bool {
    const PYTHON_CELLS: [&str; 8] = [
        "%%time",
        "%%timeit",
        "%%capture",
        "%%prun",
        "%%python",
        "%%python3",
        "%%memit",
        "%%snakeviz",
    ];
    let first = source.split_whitespace().next().unwrap_or_default();
    first.starts_with("%%") && !PYTHON_CELLS.contains(&first)
}

fn check_size(len: usize) -> Result<(), String> {
    if len > MAX_FILE_SIZE {
        return Err(format!(
            "{} MiB; files above {} MiB are not analysed",
            len >> 20,
            MAX_FILE_SIZE >> 20
        ));
    }
    Ok(())
}

fn utf8_error(bytes: &[u8], error: &std::str::Utf8Error) -> String {
    let line = bytes[..error.valid_up_to()]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    format!("not UTF-8 (line {line}), and no other encoding is declared")
}

fn size(offset: usize) -> TextSize {
    TextSize::try_from(offset).unwrap_or_else(|_| TextSize::from(u32::MAX))
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The encoding named in a comment on one of the first two lines (PEP 263), in lower case.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    for line in bytes.split(|byte| *byte == b'\n').take(2) {
        let text = line
            .iter()
            .take_while(|byte| byte.is_ascii())
            .map(|byte| char::from(*byte))
            .collect::<String>();
        let trimmed = text.trim_start_matches([' ', '\t', '\x0c']);
        if trimmed.is_empty() || trimmed == "\r" {
            continue;
        }
        let comment = trimmed.strip_prefix('#')?;
        if let Some(at) = comment.find("coding") {
            let rest = &comment[at + "coding".len()..];
            if let Some(rest) = rest.strip_prefix([':', '=']) {
                let name: String = rest
                    .trim_start_matches([' ', '\t'])
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
                    .collect();
                if !name.is_empty() {
                    return Some(name.to_ascii_lowercase());
                }
            }
        }
    }
    None
}

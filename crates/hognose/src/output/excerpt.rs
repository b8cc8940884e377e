//! Cuts out of a source text the lines that annotations stand on, harmless and bounded, with the spans moved along.
//!
//! The renderer would take whole files, and a minified file is one line of a megabyte. Here only what is shown is copied:
//! lines without annotation become empty (the renderer folds them), long lines keep a window around their spans, unsafe
//! characters are written out.

use std::ops::Range;

use hognose_finding::{Location, Position};

use super::text;

/// Characters of a line that are shown; more, and a window of it is.
const LONGEST: usize = 160;
/// Characters before the span that the window keeps.
const LEAD: usize = 60;
/// Lines of one span that are shown; of more, the first and the last.
const TALLEST: u32 = 12;
/// Lines between two annotated ones that are shown as they are.
const GAP: u32 = 2;
/// Lines between two annotated ones over which a snippet goes on; beyond, a new snippet starts.
const REACH: u32 = 1_000;

/// Where the lines of a text begin, by Python's rules: `\n`, `\r\n` and `\r` end a line.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| {
            **byte == b'\n' || **byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')
        });
        Self {
            text,
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
        }
    }

    /// A line by its number from 1, without its end.
    pub(super) fn get(&self, number: u32) -> Option<&'t str> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let start = *self.starts.get(index)?;
        let end = self
            .starts
            .get(index + 1)
            .copied()
            .unwrap_or(self.text.len());
        Some(self.text[start..end].trim_end_matches(['\r', '\n']))
    }
}

/// Part of a file, and spans in it.
pub(super) struct Excerpt {
    /// Number of its first line.
    pub(super) first_line: u32,
    /// The text.
    pub(super) text: String,
    /// Byte ranges in the text, one for each location of this excerpt: (index of the location, range).
    pub(super) spans: Vec<(usize, Range<usize>)>,
}

/// Cuts excerpts for locations of one file, in the order of their lines. Locations outside the text get none.
pub(super) fn cut(lines: &Lines<'_>, locations: &[&Location]) -> Vec<Excerpt> {
    let mut spans: Vec<(usize, Span)> = locations
        .iter()
        .enumerate()
        .filter_map(|(index, location)| Some((index, Span::new(lines, location)?)))
        .collect();
    spans.sort_by_key(|(index, span)| (span.first, *index));
    let mut excerpts = Vec::new();
    let mut rest = spans.as_slice();
    while let Some((_, start)) = rest.first() {
        let mut last = start.last;
        let count = rest
            .iter()
            .take_while(|(_, span)| {
                let near = span.first <= last.saturating_add(REACH);
                last = last.max(span.last);
                near
            })
            .count();
        let (these, others) = rest.split_at(count);
        excerpts.push(excerpt(lines, these));
        rest = others;
    }
    excerpts
}

/// A location inside the text, its end after its start.
#[derive(Clone, Copy)]
struct Span {
    first: u32,
    last: u32,
    /// Characters before it on its first line.
    start: usize,
    /// Characters before its end on its last line.
    end: usize,
}

impl Span {
    fn new(lines: &Lines<'_>, location: &Location) -> Option<Self> {
        let (start, mut end) = (location.start, location.end.max(location.start));
        lines.get(start.line)?;
        if end.line > start.line.saturating_add(TALLEST) || lines.get(end.line).is_none() {
            // Too tall to be read as one bracket: its first line says where to look.
            end = Position {
                line: start.line,
                column: u32::MAX,
            };
        }
        let chars = |position: Position| position.column.saturating_sub(1) as usize;
        Some(Self {
            first: start.line,
            last: end.line,
            start: chars(start),
            end: chars(end),
        })
    }
}

fn excerpt(lines: &Lines<'_>, spans: &[(usize, Span)]) -> Excerpt {
    let first_line = spans.iter().map(|(_, span)| span.first).min().unwrap_or(1);
    let last_line = spans
        .iter()
        .map(|(_, span)| span.last)
        .max()
        .unwrap_or(first_line);
    let annotated = |line: u32| {
        spans
            .iter()
            .any(|(_, span)| span.first <= line && line <= span.last)
    };
    let near = |line: u32| {
        let before = (line.saturating_sub(GAP)..line).any(annotated);
        let after = (line + 1..=line.saturating_add(GAP)).any(annotated);
        annotated(line) || before && after
    };
    let mut text = String::new();
    let mut ranges: Vec<(usize, Range<usize>)> =
        spans.iter().map(|(index, _)| (*index, 0..0)).collect();
    for number in first_line..=last_line {
        let source = if near(number) {
            lines.get(number).unwrap_or("")
        } else {
            ""
        };
        let anchor = spans
            .iter()
            .filter_map(|(_, span)| match number {
                _ if span.first == number => Some(span.start),
                _ if span.last == number => Some(span.end.saturating_sub(1)),
                _ => None,
            })
            .min()
            .unwrap_or(0);
        let line = Line::new(source, anchor);
        for ((_, span), (_, range)) in spans.iter().zip(&mut ranges) {
            if span.first == number {
                range.start = text.len() + line.offset(span.start);
            }
            if span.last == number {
                range.end = (text.len() + line.offset(span.end)).max(range.start);
            }
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    Excerpt {
        first_line,
        text,
        spans: ranges,
    }
}

/// A line as it is shown, and where its characters went.
struct Line {
    text: String,
    /// Characters of the source before the window.
    skipped: usize,
    /// Byte offset in `text` of each character of the window, and of its end.
    offsets: Vec<usize>,
}

impl Line {
    /// `anchor` is the character that must be seen.
    fn new(source: &str, anchor: usize) -> Self {
        let fits = source.len() <= LONGEST || source.chars().nth(LONGEST).is_none();
        let skipped = if fits { 0 } else { anchor.saturating_sub(LEAD) };
        let skipped = if skipped < 8 { 0 } else { skipped };
        let mut text = String::new();
        if skipped > 0 {
            text.push('…');
        }
        let mut offsets = vec![text.len()];
        let mut rest = source.chars().skip(skipped);
        for c in rest.by_ref().take(LONGEST) {
            if c == '\t' {
                text.push_str("    ");
            } else {
                text::push(&mut text, c);
            }
            offsets.push(text.len());
        }
        if rest.next().is_some() {
            text.push('…');
        }
        Self {
            text,
            skipped,
            offsets,
        }
    }

    fn offset(&self, chars: usize) -> usize {
        let index = chars
            .saturating_sub(self.skipped)
            .min(self.offsets.len() - 1);
        self.offsets[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(start: (u32, u32), end: (u32, u32)) -> Location {
        let position = |(line, column)| Position { line, column };
        Location {
            file: "a.py".into(),
            start: position(start),
            end: position(end),
            bytes: (0, 0),
            cell: None,
        }
    }

    fn marked(text: &str, location: &Location) -> Vec<String> {
        cut(&Lines::new(text), &[location])
            .into_iter()
            .map(|e| {
                let (_, range) = &e.spans[0];
                format!(
                    "{}: {}[{}]{}",
                    e.first_line,
                    &e.text[..range.start],
                    &e.text[range.clone()],
                    &e.text[range.end..]
                )
            })
            .collect()
    }

    #[test]
    fn spans_follow_what_is_written_out() {
        let text = "a\r\n\té \u{202e}x(y)\r\nb";
        assert_eq!(
            marked(text, &location((2, 5), (2, 9))),
            ["2:     é \\u{202e}[x(y)]\n"]
        );
        assert_eq!(marked(text, &location((3, 1), (3, 2))), ["3: [b]\n"]);
        assert_eq!(
            marked(text, &location((1, 2), (2, 3))),
            ["1: a[\n    é] \\u{202e}x(y)\n"]
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_span() {
        let text = format!("{}HERE{}", "x".repeat(500_000), "y".repeat(500_000));
        let marked = &marked(&text, &location((1, 500_001), (1, 500_005)))[0];
        assert!(marked.starts_with("1: …xxx"), "{marked}");
        assert!(marked.contains("x[HERE]y"), "{marked}");
        assert!(marked.len() < 200, "{marked}");
    }

    #[test]
    fn places_outside_the_text_are_clamped_or_left_out() {
        assert_eq!(marked("ab\n", &location((1, 2), (1, 99))), ["1: a[b]\n"]);
        assert_eq!(marked("ab\n", &location((1, 2), (0, 0))), ["1: a[]b\n"]);
        assert_eq!(marked("ab\n", &location((9, 1), (9, 2))), [] as [String; 0]);
        assert_eq!(
            marked("", &location((0, 0), (u32::MAX, u32::MAX))),
            [] as [String; 0]
        );
    }

    #[test]
    fn a_tall_span_is_its_first_line() {
        let text = "def f(\n".to_owned() + &"    a,\n".repeat(100);
        assert_eq!(
            marked(&text, &location((1, 5), (101, 7))),
            ["1: def [f(]\n"]
        );
    }

    #[test]
    fn lines_end_as_in_python() {
        let lines = Lines::new("a\rb\r\nc\nd");
        assert_eq!(
            (1..=5).map(|n| lines.get(n)).collect::<Vec<_>>(),
            [Some("a"), Some("b"), Some("c"), Some("d"), None]
        );
    }
}

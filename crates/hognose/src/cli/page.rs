//! A rule's page on a terminal: the Markdown that pages are written in, and no more of it.

use std::fmt::Write as _;

const BOLD: &str = "\x1b[1m";
const HEADING: &str = "\x1b[1;4m";
const CODE: &str = "\x1b[36m";
const DIM: &str = "\x1b[2m";
const OFF: &str = "\x1b[0m";

/// Lines longer than this are hard to read however wide the terminal is.
const WIDEST: usize = 100;

/// Renders a page with ANSI colours for a terminal of so many columns.
pub fn render(page: &str, width: usize) -> String {
    let width = width.clamp(20, WIDEST);
    let mut out = String::new();
    let mut paragraph = Paragraph::default();
    let mut fence: Option<&str> = None;
    for line in page.lines() {
        let trimmed = line.trim_start();
        if let Some(open) = fence {
            if trimmed.starts_with(open) && trimmed.trim_start_matches('`').trim().is_empty() {
                fence = None;
            } else {
                let _ = writeln!(out, "    {CODE}{line}{OFF}");
            }
            continue;
        }
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        if ticks >= 3 {
            paragraph.end(&mut out, width);
            fence = Some(&trimmed[..ticks]);
        } else if let Some(heading) = trimmed.strip_prefix('#') {
            paragraph.end(&mut out, width);
            let _ = writeln!(
                out,
                "{HEADING}{}{OFF}",
                inline(heading.trim_start_matches('#').trim(), HEADING)
            );
        } else if trimmed.is_empty() {
            paragraph.end(&mut out, width);
            if !out.is_empty() && !out.ends_with("\n\n") {
                out.push('\n');
            }
        } else if trimmed.starts_with('|') {
            paragraph.end(&mut out, width);
            let _ = writeln!(out, "{line}");
        } else if let Some((marker, rest)) = list_item(trimmed) {
            paragraph.end(&mut out, width);
            let indent = line.len() - trimmed.len() + marker.chars().count();
            paragraph = Paragraph {
                first: format!("{}{marker}", &line[..line.len() - trimmed.len()]),
                indent,
                words: Vec::new(),
            };
            paragraph.add(rest);
        } else {
            paragraph.add(trimmed);
        }
    }
    paragraph.end(&mut out, width);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The bullet or number of a list item, and its text.
fn list_item(line: &str) -> Option<(String, &str)> {
    if let Some(rest) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some(("• ".to_owned(), rest));
    }
    let (number, rest) = line.split_once(". ")?;
    (!number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit()))
        .then(|| (format!("{number}. "), rest))
}

/// Words of a paragraph or list item that wait to be filled into lines.
#[derive(Default)]
struct Paragraph {
    first: String,
    indent: usize,
    words: Vec<String>,
}

impl Paragraph {
    fn add(&mut self, line: &str) {
        self.words
            .extend(line.split_whitespace().map(str::to_owned));
    }

    fn end(&mut self, out: &mut String, width: usize) {
        let Self {
            first,
            indent,
            words,
        } = std::mem::take(self);
        if words.is_empty() {
            return;
        }
        // Filled before it is coloured: marks of Markdown are few, and colours have no width.
        let mut text = String::new();
        let mut column = indent;
        for word in &words {
            let length = word.chars().count();
            if !text.is_empty() {
                if column + 1 + length > width {
                    text.push('\n');
                    column = indent;
                } else {
                    text.push(' ');
                    column += 1;
                }
            }
            text.push_str(word);
            column += length;
        }
        let _ = write!(out, "{first}");
        for (index, line) in inline(&text, "").split('\n').enumerate() {
            let margin = if index == 0 { 0 } else { indent };
            let _ = writeln!(out, "{:margin$}{line}", "");
        }
    }
}

/// Code, bold and links of a text whose colour otherwise is `around`.
fn inline(text: &str, around: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['`', '*', '[']) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let taken = if rest.starts_with('`') {
            delimited(rest, "`").map(|(inner, end)| (format!("{CODE}{inner}{OFF}{around}"), end))
        } else if rest.starts_with("**") {
            delimited(rest, "**").map(|(inner, end)| (format!("{BOLD}{inner}{OFF}{around}"), end))
        } else {
            link(rest)
                .map(|(name, target, end)| (format!("{name} {DIM}({target}){OFF}{around}"), end))
        };
        match taken {
            Some((rendered, end)) => {
                out.push_str(&rendered);
                rest = &rest[end..];
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn delimited<'t>(text: &'t str, mark: &str) -> Option<(&'t str, usize)> {
    let inner = &text[mark.len()..];
    let length = inner.find(mark).filter(|length| *length > 0)?;
    Some((&inner[..length], mark.len() + length + mark.len()))
}

fn link(text: &str) -> Option<(&str, &str, usize)> {
    let name_end = text.strip_prefix('[')?.find("](")? + 1;
    let target = &text[name_end + 2..];
    let target_end = target.find(')')?;
    // A bracket before the link's own is text.
    let name = &text[1..name_end];
    (!name.contains('[')).then_some((name, &target[..target_end], name_end + 2 + target_end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_filled_and_coloured() {
        let page = "# Title `x`\n\nSome **bold** words and `code` that\nfill more than one line, see [the guide](https://e.org).\n\n\
                    - one\n- two that is long enough to go on here\n\n```python\nx = [1]  # finding: [id]\n\ny\n```\n1. first\n";
        let plain = render(page, 40)
            .replace(HEADING, "<h>")
            .replace(BOLD, "<b>")
            .replace(CODE, "<c>")
            .replace(DIM, "<d>")
            .replace(OFF, "</>");
        assert_eq!(
            plain,
            "<h>Title <c>x</><h></>

Some <b>bold</> words and <c>code</> that fill
more than one line, see the
guide <d>(https://e.org)</>.

• one
• two that is long enough to go on here

    <c>x = [1]  # finding: [id]</>
    <c></>
    <c>y</>
1. first
"
        );
    }

    #[test]
    fn marks_that_are_none_stay() {
        assert_eq!(inline("a * b, `open, [x], **", ""), "a * b, `open, [x], **");
    }
}

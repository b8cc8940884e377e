//! Expectations: what the comments in a file say will be reported, and where.
//!
//! Comments are found by their text, in any file and also inside strings; no language is lexed. That keeps one rule for
//! Python, templates and configuration files alike, and a comment meant as an expectation is never overlooked.

use std::ops::Range;

use crate::suite::File;

/// What an expectation demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `finding`: must be reported.
    Finding,
    /// `source`: the flow of some finding of the section starts here.
    Source,
    /// `missed`: a known false negative; must not be reported yet.
    Missed,
    /// `spurious`: a known false positive; must still be reported.
    Spurious,
    /// A word of the caller whose payload is compared with the observed message as a whole.
    Text,
}

/// The expectation words a suite may use.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    findings: bool,
    texts: Vec<(String, bool)>,
}

impl Vocabulary {
    /// `finding`, `source`, `missed` and `spurious`.
    pub fn findings() -> Self {
        Self {
            findings: true,
            texts: Vec::new(),
        }
    }

    /// Adds a word with a text (`# word: TEXT`); every observation of that word must be expected.
    #[must_use]
    pub fn every(mut self, word: &str) -> Self {
        self.texts.push((word.to_owned(), false));
        self
    }

    /// Adds a word with a text; observations of that word count only on lines where the suite asks for it, and there all of
    /// them. For facts that every line has, such as the callee of a call.
    #[must_use]
    pub fn asked(mut self, word: &str) -> Self {
        self.texts.push((word.to_owned(), true));
        self
    }

    /// What the word demands; `None` when it is no expectation word.
    pub fn kind(&self, word: &str) -> Option<Kind> {
        match word {
            "finding" if self.findings => Some(Kind::Finding),
            "source" if self.findings => Some(Kind::Source),
            "missed" if self.findings => Some(Kind::Missed),
            "spurious" if self.findings => Some(Kind::Spurious),
            _ => self
                .texts
                .iter()
                .any(|(text, _)| text == word)
                .then_some(Kind::Text),
        }
    }

    pub(crate) fn only_where_asked(&self, word: &str) -> bool {
        self.texts
            .iter()
            .any(|(text, asked)| text == word && *asked)
    }
}

/// One expectation, resolved to the line it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The file, by its name in the section.
    pub file: String,
    /// The line of that file, from 1.
    pub line: usize,
    /// The column, from 1, where one was written.
    pub column: Option<usize>,
    /// The word as written.
    pub word: String,
    /// The identifiers in brackets; empty for [`Kind::Text`] and for a `source` of any finding.
    pub ids: Vec<String>,
    /// The quoted part of the message, or the whole payload for [`Kind::Text`].
    pub text: Option<String>,
    /// What is demanded.
    pub kind: Kind,
}

/// A comment that holds an expectation, before it is known which line it speaks of.
struct Marker<'a> {
    word: &'a str,
    kind: Kind,
    payload: &'a str,
    /// The bytes of the comment in its line.
    range: Range<usize>,
}

/// The expectations of a file, in order, and what is wrong with those that cannot be read, by line of the file.
pub(crate) fn expectations(
    file: &File,
    vocabulary: &Vocabulary,
) -> (Vec<Expectation>, Vec<(usize, String)>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    // Expectations of stand-alone comments wait here, with their own line, for the next line of code.
    let mut waiting: Vec<Expectation> = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let markers = markers(line, vocabulary).unwrap_or_else(|error| {
            errors.push((number, error));
            Vec::new()
        });
        let mut own = Vec::new();
        for marker in &markers {
            match expectation(marker, &file.name, number) {
                Ok(expectation) => own.push(expectation),
                Err(error) => errors.push((number, error)),
            }
        }
        let mut code = line.to_owned();
        markers
            .iter()
            .rev()
            .for_each(|marker| code.replace_range(marker.range.clone(), ""));
        if !markers.is_empty() && code.trim().is_empty() {
            waiting.append(&mut own);
        } else if !is_blank_or_comment(line, &file.lang) {
            found.extend(waiting.drain(..).map(|waiting| Expectation {
                line: number,
                ..waiting
            }));
        }
        found.append(&mut own);
    }
    let dangling = |e: Expectation| (e.line, format!("no line of code follows this `{}`", e.word));
    errors.extend(waiting.into_iter().map(dangling));
    (found, errors)
}

/// The first line, from 0, with an expectation in a text that is no file, where it would silently never be compared.
pub(crate) fn stray(text: &str, vocabulary: &Vocabulary) -> Option<usize> {
    // A bare `# source` is too common a line to be sure that it is meant.
    text.lines().position(|line| {
        markers(line, vocabulary).map_or(true, |markers| {
            markers.iter().any(|m| m.kind != Kind::Source)
        })
    })
}

/// The markers of a line. One in a comment without an end goes on to the next or to the end of the line.
fn markers<'a>(line: &'a str, vocabulary: &Vocabulary) -> Result<Vec<Marker<'a>>, String> {
    const COMMENTS: [(&str, &str); 3] = [("<!--", "-->"), ("{#", "#}"), ("#", "")];
    let mut markers: Vec<Marker> = Vec::new();
    let mut from = 0;
    while let Some(start) = line[from..]
        .find(['<', '{', '#'])
        .map(|offset| from + offset)
    {
        from = start + 1;
        let comment = COMMENTS
            .iter()
            .find(|(opener, _)| line[start..].starts_with(opener));
        let Some((opener, closer)) = comment else {
            continue;
        };
        from = start + opener.len();
        let Some((word, kind, after)) = word(&line[from..], vocabulary)? else {
            continue;
        };
        // An open marker ends where this one begins.
        if let Some(last) = markers.last_mut().filter(|last| last.range.end > start) {
            last.payload = &last.payload[..last.payload.len() - (line.len() - start)];
            last.range.end = start;
        }
        let length = match *closer {
            "" => after.len(),
            _ => after
                .find(closer)
                .ok_or("the comment with the expectation does not end on its line")?,
        };
        let end = line.len() - after.len() + length + closer.len();
        markers.push(Marker {
            word,
            kind,
            payload: &after[..length],
            range: start..end,
        });
        from = if closer.is_empty() {
            line.len() - after.len()
        } else {
            end
        };
    }
    Ok(markers)
}

/// The expectation word a comment begins with, and what follows it.
fn word<'a>(
    comment: &'a str,
    vocabulary: &Vocabulary,
) -> Result<Option<(&'a str, Kind, &'a str)>, String> {
    let text = comment.trim_start();
    let ends_word = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    let (word, after) = text.split_at(text.find(ends_word).unwrap_or(text.len()));
    if let (Some(kind), Some(after)) = (vocabulary.kind(word), after.strip_prefix(':')) {
        return Ok(Some((word, kind, after)));
    }
    let rest = after.trim_start();
    match vocabulary.kind(&word.to_ascii_lowercase()) {
        // `# source` needs nothing behind it. In a notebook the JSON string goes on: `# source\n",`.
        Some(Kind::Source)
            if word == "source"
                && text.len() < comment.len()
                && (rest.is_empty()
                    || ["#", "-->", "\\n", "\""]
                        .iter()
                        .any(|end| rest.starts_with(end))) =>
        {
            Ok(Some((word, Kind::Source, after)))
        }
        // Near enough to be meant: `# Missed: [id]`, `# finding [id]`.
        Some(kind)
            if kind != Kind::Text && rest.trim_start_matches([':', ' ']).starts_with('[') =>
        {
            let word = word.to_ascii_lowercase();
            Err(format!(
                "write `{word}: [rule-id]`, in lower case and with a colon"
            ))
        }
        _ => Ok(None),
    }
}

fn expectation(marker: &Marker, file: &str, line: usize) -> Result<Expectation, String> {
    let Marker {
        word,
        kind,
        payload,
        ..
    } = *marker;
    let (file, word) = (file.to_owned(), word.to_owned());
    let mut expectation = Expectation {
        file,
        line,
        column: None,
        word,
        ids: Vec::new(),
        text: None,
        kind,
    };
    let mut rest = payload.trim();
    if kind == Kind::Text {
        expectation.text = Some(rest.to_owned());
        return if rest.is_empty() {
            Err(format!("`{}:` needs a text", expectation.word))
        } else {
            Ok(expectation)
        };
    }
    if kind == Kind::Source && !rest.starts_with('[') {
        return Ok(expectation);
    }
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if after.len() < rest.len() {
        let column = rest[..rest.len() - after.len()]
            .parse()
            .ok()
            .filter(|column| *column > 0);
        expectation.column = Some(column.ok_or("columns count from 1")?);
        rest = after.trim_start();
    }
    let Some((ids, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        let word = expectation.word;
        return Err(format!(
            "write `{word}: [rule-id]`, a column before or a quoted message part after it if wanted"
        ));
    };
    for id in ids.split(',').map(str::trim) {
        if id.is_empty() || id.contains(|c: char| c.is_whitespace() || c == '"' || c == '[') {
            return Err(format!("`{id}` is no rule identifier"));
        }
        expectation.ids.push(id.to_owned());
    }
    if kind != Kind::Source {
        expectation.text = quoted(rest.trim())?;
    }
    Ok(expectation)
}

/// The content of `"..."` when that is all there is. Prose may begin with a quotation: then it is prose.
fn quoted(text: &str) -> Result<Option<String>, String> {
    let Some(inner) = text.strip_prefix('"') else {
        return Ok(None);
    };
    let mut content = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => content.extend(chars.next()),
            '"' if !chars.as_str().is_empty() => return Ok(None),
            '"' if content.is_empty() => return Err("the quoted message part is empty".to_owned()),
            '"' => return Ok(Some(content)),
            c => content.push(c),
        }
    }
    Err("the quoted message part does not end".to_owned())
}

/// Languages where a line that begins with `#` is no comment.
const HASH_IS_CODE: [&str; 13] = [
    "css",
    "django",
    "html",
    "j2",
    "javascript",
    "jinja",
    "jinja2",
    "js",
    "json",
    "markdown",
    "md",
    "svg",
    "xml",
];

fn is_blank_or_comment(line: &str, lang: &str) -> bool {
    let line = line.trim();
    let whole = |opener: &str, closer: &str| {
        line.starts_with(opener) && line.find(closer) == line.len().checked_sub(closer.len())
    };
    line.is_empty()
        || (line.starts_with('#') && !HASH_IS_CODE.contains(&lang))
        || whole("<!--", "-->")
        || whole("{#", "#}")
}

#[cfg(test)]
mod tests;

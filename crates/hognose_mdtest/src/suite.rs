//! Suites: a Markdown text taken apart into sections, each the files of one small project.

use std::fmt;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::expectation::{Expectation, Kind, Vocabulary, expectations, stray};

/// The block with this title is the section's configuration and no file of the project.
pub const CONFIGURATION: &str = "hognose.toml";

/// The file that the untitled Python blocks of a section make up together.
const UNTITLED: &str = "main.py";

/// A Markdown file taken apart.
#[derive(Debug, Clone)]
pub struct Suite {
    path: String,
    sections: Vec<Section>,
}

/// The files under one heading: one project, one test.
#[derive(Debug, Clone)]
pub struct Section {
    /// The path of the Markdown file, as the caller gave it.
    pub path: String,
    /// The headings from the outermost to the section's own; empty for files before the first heading.
    pub title_path: Vec<String>,
    /// The line of the Markdown file where the first file of the section begins.
    pub line: usize,
    /// The files of the project, in the order of the page.
    pub files: Vec<File>,
    /// The configuration of this section or of the nearest section around it that has one.
    pub config: Option<String>,
    /// What the comments in the files expect, in the order of the page.
    pub expectations: Vec<Expectation>,
    pub(crate) vocabulary: Vocabulary,
}

/// A file of a section.
#[derive(Debug, Clone)]
pub struct File {
    /// The path inside the project, with `/`.
    pub name: String,
    /// The content, with `\n` line ends whatever the Markdown file has.
    pub text: String,
    /// The language of the block in lower case, as written otherwise; `python` for untitled blocks.
    pub lang: String,
    /// For each line the line of the Markdown file.
    lines: Vec<usize>,
    /// The line of the Markdown file where the (first) block begins.
    block_line: usize,
    /// Whether the file is made of untitled blocks.
    joined: bool,
}

/// Something in a Markdown file that makes it no suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The path of the Markdown file.
    pub path: String,
    /// The line of the Markdown file, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "error: {}\n  --> {}:{}",
            self.message, self.path, self.line
        )
    }
}

impl std::error::Error for ParseError {}

/// How much a suite demands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Findings that must be reported, one for each identifier of each `finding`.
    pub findings: usize,
    /// Sections where nothing is reported and nothing ought to be: no `finding`, `missed` or `spurious`.
    pub look_alikes: usize,
}

impl Suite {
    /// Takes a Markdown text apart. `path` is only for messages. All errors of the text are returned, in order.
    pub fn parse(
        path: impl Into<String>,
        text: &str,
        vocabulary: &Vocabulary,
    ) -> Result<Self, Vec<ParseError>> {
        let path = path.into();
        // Offsets are used for line numbers alone, which this keeps.
        let text = text
            .trim_start_matches('\u{feff}')
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let (headings, sections, errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut builder = Builder {
            path,
            text: &text,
            vocabulary,
            headings,
            sections,
            errors,
        };
        builder.enter(0, String::new());
        builder.read();
        builder.finish()
    }

    /// The path of the Markdown file, as the caller gave it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The sections that have files, in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// How much the suite demands, so that the caller can ask of every page a finding and a look-alike.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for section in &self.sections {
            let of_kind = |kind| {
                section
                    .expectations
                    .iter()
                    .filter(move |expectation| expectation.kind == kind)
            };
            counts.findings += of_kind(Kind::Finding)
                .map(|expectation| expectation.ids.len())
                .sum::<usize>();
            let quiet = [Kind::Finding, Kind::Missed, Kind::Spurious]
                .iter()
                .all(|kind| of_kind(*kind).next().is_none());
            counts.look_alikes += usize::from(quiet);
        }
        counts
    }
}

impl Section {
    /// `file > heading > heading`: what the filter selects by and failures are named by.
    pub fn name(&self) -> String {
        let titles = self.title_path.iter().map(String::as_str);
        std::iter::once(self.path.as_str())
            .chain(titles)
            .collect::<Vec<_>>()
            .join(" > ")
    }

    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }
}

impl File {
    fn empty(block_line: usize) -> Self {
        let (name, text, lang) = (String::new(), String::new(), String::new());
        Self {
            name,
            text,
            lang,
            lines: Vec::new(),
            block_line,
            joined: false,
        }
    }

    /// Appends text that begins on a line of the Markdown file.
    fn push(&mut self, text: &str, markdown_line: usize) {
        for (number, line) in (markdown_line..).zip(text.split_inclusive('\n')) {
            if self.text.is_empty() || self.text.ends_with('\n') {
                self.lines.push(number);
            }
            self.text.push_str(line);
        }
    }

    /// The line of the Markdown file that holds a line of this file, both from 1; for lines past the end the last one.
    pub fn markdown_line(&self, line: usize) -> usize {
        let index = line
            .saturating_sub(1)
            .min(self.lines.len().saturating_sub(1));
        self.lines.get(index).copied().unwrap_or(self.block_line)
    }
}

/// A heading on the way from the top of the page to where the reader is; the first is the page itself.
struct Heading {
    level: usize,
    title: String,
    config: Option<String>,
    /// The section below the heading, once it has a file.
    section: Option<usize>,
}

struct Builder<'a> {
    path: String,
    text: &'a str,
    vocabulary: &'a Vocabulary,
    headings: Vec<Heading>,
    sections: Vec<Section>,
    errors: Vec<ParseError>,
}

impl Builder<'_> {
    fn error(&mut self, line: usize, message: impl Into<String>) {
        self.errors.push(ParseError {
            path: self.path.clone(),
            line,
            message: message.into(),
        });
    }

    fn enter(&mut self, level: usize, title: String) {
        self.headings.retain(|heading| heading.level < level);
        self.headings.push(Heading {
            level,
            title,
            config: None,
            section: None,
        });
    }

    fn read(&mut self) {
        let line_starts: Vec<usize> = self
            .text
            .match_indices('\n')
            .map(|(at, _)| at + 1)
            .collect();
        let line_of = |offset: usize| line_starts.partition_point(|start| *start <= offset) + 1;
        let mut title = String::new();
        let mut block: Option<(String, File)> = None;
        for (event, range) in Parser::new(self.text).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { .. }) => title.clear(),
                Event::End(TagEnd::Heading(level)) => {
                    self.enter(level as usize, title.trim().to_owned())
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let line = line_of(range.start);
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => {
                            if !is_closed(&self.text[range]) {
                                self.error(line, "this fence is never closed");
                            }
                            info.to_string()
                        }
                        CodeBlockKind::Indented => String::new(),
                    };
                    block = Some((info, File::empty(line)));
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((info, block)) = block.take() {
                        self.block(&info, block);
                    }
                }
                Event::Text(text) | Event::Code(text) => match &mut block {
                    Some((_, block)) => block.push(&text, line_of(range.start)),
                    None => title.push_str(&text),
                },
                _ => {}
            }
        }
    }

    fn block(&mut self, info: &str, block: File) {
        let (lang, title) = match parse_info(info) {
            Ok(info) => info,
            Err(message) => return self.error(block.block_line, message),
        };
        let python = matches!(lang.as_str(), "python" | "py" | "python3");
        let stray = stray(&block.text, self.vocabulary).map(|index| block.lines[index]);
        match (title, stray) {
            (Some(CONFIGURATION), Some(line)) => {
                self.error(line, "the configuration has no expectations")
            }
            (Some(CONFIGURATION), None) => self.configuration(block),
            (Some(title), _) if !is_relative(title) => {
                self.error(
                    block.block_line,
                    format!("`{title}` is no path inside the project"),
                );
            }
            (Some(title), _) => self.file(File {
                name: title.to_owned(),
                lang,
                ..block
            }),
            (None, _) if python => {
                self.file(File {
                    name: UNTITLED.to_owned(),
                    lang: "python".to_owned(),
                    joined: true,
                    ..block
                });
            }
            (None, Some(line)) => self.error(
                line,
                "this block is no file, so nothing compares its expectations: give it a title",
            ),
            (None, None) => {}
        }
    }

    fn configuration(&mut self, block: File) {
        let Some(heading) = self.headings.last_mut() else {
            return;
        };
        if heading.config.is_some() {
            return self.error(
                block.block_line,
                format!("the section already has a `{CONFIGURATION}`"),
            );
        }
        heading.config = Some(block.text.clone());
        // The block may stand below the files it is for.
        if let Some(section) = heading.section {
            self.sections[section].config = Some(block.text);
        }
    }

    /// Adds a file to the section of the last heading, which begins with its first.
    fn file(&mut self, file: File) {
        let Some(heading) = self.headings.last_mut() else {
            return;
        };
        let index = *heading.section.get_or_insert(self.sections.len());
        if index == self.sections.len() {
            self.sections.push(Section {
                path: self.path.clone(),
                title_path: self
                    .headings
                    .iter()
                    .skip(1)
                    .map(|heading| heading.title.clone())
                    .collect(),
                line: file.block_line,
                files: Vec::new(),
                config: self
                    .headings
                    .iter()
                    .rev()
                    .find_map(|heading| heading.config.clone()),
                expectations: Vec::new(),
                vocabulary: self.vocabulary.clone(),
            });
        }
        let files = &mut self.sections[index].files;
        match files.iter_mut().find(|other| other.name == file.name) {
            None => files.push(file),
            Some(first) if first.joined && file.joined => {
                // The line between two blocks is the fence that closes the first.
                first
                    .lines
                    .push(first.lines.last().map_or(first.block_line, |line| line + 1));
                first.lines.extend(file.lines);
                first.text += "\n";
                first.text += &file.text;
            }
            Some(first) => {
                let untitled = if file.joined || first.joined {
                    " (untitled blocks are one)"
                } else {
                    ""
                };
                let (name, first) = (&file.name, first.block_line);
                let message =
                    format!("the section already has a file `{name}` on line {first}{untitled}");
                self.error(file.block_line, message);
            }
        }
    }

    fn finish(mut self) -> Result<Suite, Vec<ParseError>> {
        for section in &mut self.sections {
            for file in &section.files {
                let (expectations, errors) = expectations(file, self.vocabulary);
                section.expectations.extend(expectations);
                self.errors
                    .extend(errors.into_iter().map(|(line, message)| ParseError {
                        path: self.path.clone(),
                        line: file.markdown_line(line),
                        message,
                    }));
            }
        }
        self.errors.sort_by_key(|error| error.line);
        if self.errors.is_empty() {
            Ok(Suite {
                path: self.path,
                sections: self.sections,
            })
        } else {
            Err(self.errors)
        }
    }
}

/// The language and the title of an info string such as `python title="shop/views.py"`.
fn parse_info(info: &str) -> Result<(String, Option<&str>), String> {
    let info = info.trim();
    let end = info.find(char::is_whitespace).unwrap_or(info.len());
    let (lang, attributes) = if info[..end].contains('=') {
        ("", info)
    } else {
        info.split_at(end)
    };
    let lang = lang.to_ascii_lowercase();
    let attributes = attributes.trim();
    if let Some(value) = attributes.strip_prefix("title=") {
        let title = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        return match title {
            Some(title) if !title.contains('"') => Ok((lang, Some(title))),
            _ => Err(
                "write the title last and in quotation marks: `title=\"shop/views.py\"`".to_owned(),
            ),
        };
    }
    if attributes.contains('=') || (!attributes.is_empty() && lang == "python") {
        return Err(format!(
            "`{attributes}` is not understood; a file is named by `title=\"shop/views.py\"`"
        ));
    }
    Ok((lang, None))
}

/// Whether a title is a path inside the project, written in the one way.
fn is_relative(path: &str) -> bool {
    !path.contains(['\\', ':'])
        && path.trim() == path
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether a fenced block ends with a fence and not with the page or the list around it.
fn is_closed(block: &str) -> bool {
    let mark = if block.starts_with('~') { '~' } else { '`' };
    let length = |line: &str| line.chars().take_while(|c| *c == mark).count();
    let Some((opening, rest)) = block.trim_end().split_once('\n') else {
        return false;
    };
    let closing = rest
        .rsplit('\n')
        .next()
        .unwrap_or(rest)
        .trim_start_matches([' ', '\t', '>']);
    length(closing) >= length(opening) && closing.trim_start_matches(mark).is_empty()
}

#[cfg(test)]
mod tests;

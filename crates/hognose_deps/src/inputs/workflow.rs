//! Pipelines of continuous integration: options given to `pip install` in their scripts, and variables that stand for
//! them. What the scripts install is of the runner, not of the project.
//!
//! The scripts are found line by line: of YAML only what stands before a command is taken off, since the parser tells of
//! a block of lines only where it begins. Lists in brackets and quoted commands may go over several lines.

use super::inventory::Role;
use super::shell::{self, Take};
use super::source::{Reading, Source, directory, file_name};
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "pipeline",
    role: Role::Manifest,
    named: |path| {
        let name = file_name(path);
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        let of_github = directory(path).ends_with(".github/workflows") && is_yaml;
        if of_github || matches!(name, ".gitlab-ci.yml" | ".gitlab-ci.yaml") {
            Named::Surely
        } else {
            Named::No
        }
    },
    looks: |_| false,
    read,
};

fn read(source: &Source, reading: &mut Reading) {
    let mut joined = String::new();
    let mut begin = 0;
    let mut read_to = 0;
    // What is open to the end of the file is no YAML, and looking for its end again and again would take long.
    let mut is_closed = true;
    for (offset, line) in source.lines() {
        if offset < read_to {
            continue;
        }
        if joined.is_empty() {
            let (at, text) = scalar(line);
            if is_closed && at > line.len() - line.trim_start().len() {
                match flow(&source.text, offset + at) {
                    Ok(Some((commands, end))) => {
                        for (at, command) in commands {
                            shell::script(source, reading, &command, at, Take::Options);
                        }
                        read_to = end;
                        continue;
                    }
                    Ok(None) => {}
                    Err(Unclosed) => is_closed = false,
                }
            }
            if let Some((name, value)) = text.split_once(':') {
                let value = value.split(" #").next().unwrap_or_default().trim();
                let value = value.trim_matches(['"', '\'']);
                shell::variable(source, reading, name.trim(), value, offset + at);
            }
            begin = offset + at;
            joined.push_str(text);
        } else {
            // Places count from the beginning of the command.
            while joined.len() < offset - begin {
                joined.push(' ');
            }
            joined.push_str(line);
        }
        match joined.strip_suffix('\\') {
            Some(_) => {
                joined.pop();
                joined.push(' ');
            }
            None => {
                if joined.contains("install") {
                    shell::script(source, reading, &joined, begin, Take::Options);
                }
                joined.clear();
            }
        }
    }
    if joined.contains("install") {
        shell::script(source, reading, &joined, begin, Take::Options);
    }
}

/// What a line holds behind the marks of YAML, with its column: behind the dash of a list, and behind the keys of commands.
fn scalar(line: &str) -> (usize, &str) {
    const MARKS: &[&str] = &["- ", "run:", "script:", "before_script:", "after_script:"];
    let mut rest = line.trim_start();
    while let Some(inner) = MARKS.iter().find_map(|mark| rest.strip_prefix(mark)) {
        rest = inner.trim_start();
    }
    (line.len() - rest.len(), rest)
}

/// A list or quoted text has no end.
struct Unclosed;

/// Commands with their offsets, and where the last one ends.
type Commands = (Vec<(usize, String)>, usize);

/// The commands of a list in brackets, or the one in quotes, that begins at an offset. What YAML
/// escapes or breaks into lines is put so that the commands keep their length.
fn flow(text: &str, begin: usize) -> Result<Option<Commands>, Unclosed> {
    let rest = text.get(begin..).unwrap_or_default();
    let is_list = rest.starts_with('[');
    if !is_list && !rest.starts_with(['"', '\'']) {
        return Ok(None);
    }
    let mut commands = Vec::new();
    let mut command = String::new();
    let mut from = begin;
    let mut quote: Option<char> = None;
    let mut characters = rest.char_indices().peekable();
    if is_list {
        characters.next();
    }
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let begins = command.trim().is_empty();
        match (quote, c) {
            (Some('"'), '\\') => {
                characters.next();
                command.push(' ');
                command.extend(next);
            }
            (Some('\''), '\'') if next == Some('\'') => {
                characters.next();
                command.push_str(" '");
            }
            (Some(open), c) if open == c => {
                quote = None;
                commands.push((from, std::mem::take(&mut command)));
                if !is_list {
                    // A quote of the shell has more behind it.
                    let line = rest[at + 1..].lines().next().unwrap_or_default();
                    let is_whole = line.trim().is_empty() || line.starts_with(" #");
                    return Ok(is_whole.then_some((commands, begin + at + 1)));
                }
            }
            (None, '[') if begins => {}
            (None, '"' | '\'') if begins => {
                quote = Some(c);
                command.clear();
                from = begin + at + 1;
            }
            (None, ',' | ']') => {
                commands.push((from, std::mem::take(&mut command)));
                if c == ']' {
                    return Ok(Some((commands, begin + at + 1)));
                }
            }
            (_, c) => {
                if begins && quote.is_none() {
                    command.clear();
                    from = begin + at;
                }
                command.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
            }
        }
    }
    Err(Unclosed)
}

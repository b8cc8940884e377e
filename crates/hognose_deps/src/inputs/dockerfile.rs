//! `RUN pip install …` in a Dockerfile, and the variables it sets for pip and uv.

use super::inventory::Role;
use super::shell::{self, Take};
use super::source::{Reading, Source, file_name};
use super::words::words_at;
use super::{Format, Named};

pub(super) const FORMAT: Format = Format {
    id: "Dockerfile",
    role: Role::Manifest,
    named: |path| {
        let name = file_name(path);
        let lower = name.to_ascii_lowercase();
        if matches!(name, "Dockerfile" | "Containerfile")
            || lower.starts_with("dockerfile.")
            || lower.ends_with(".dockerfile")
        {
            Named::Surely
        } else {
            Named::No
        }
    },
    looks: |text| {
        let starts = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
        starts("FROM ") && starts("RUN ")
    },
    read,
};

fn read(source: &Source, reading: &mut Reading) {
    let mut instruction = String::new();
    let mut begin = 0;
    let mut heredoc: Option<String> = None;
    for (offset, line) in source.lines() {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
                run(source, reading, &instruction, begin);
                instruction.clear();
            } else {
                append(&mut instruction, begin, offset, line, ' ');
                instruction.push('\n');
            }
            continue;
        }
        if instruction.is_empty() {
            begin = offset;
        } else if line.trim_start().starts_with('#') || line.trim().is_empty() {
            // Comments and empty lines do not end an instruction that goes on.
            continue;
        }
        match line.trim_end().strip_suffix(['\\', '`']) {
            Some(part) => {
                append(&mut instruction, begin, offset, part, ' ');
                if instruction.is_empty() {
                    instruction.push(' ');
                }
            }
            None => {
                append(&mut instruction, begin, offset, line, ' ');
                heredoc = heredoc_end(&instruction);
                if heredoc.is_some() {
                    instruction.push('\n');
                } else {
                    run(source, reading, &instruction, begin);
                    instruction.clear();
                }
            }
        }
    }
    run(source, reading, &instruction, begin);
}

/// Adds a line at its own offset, so that offsets in the instruction are those of the file.
fn append(instruction: &mut String, begin: usize, offset: usize, line: &str, fill: char) {
    while instruction.len() < offset - begin {
        instruction.push(fill);
    }
    instruction.push_str(line);
}

/// The word that ends the text given to a `RUN <<WORD`.
fn heredoc_end(instruction: &str) -> Option<String> {
    let rest = strip_keyword(instruction, "run")?.1.trim();
    let word = rest.strip_prefix("<<")?.trim_start_matches('-');
    let word = word.split_whitespace().next()?.trim_matches(['"', '\'']);
    (!word.is_empty()).then(|| word.to_owned())
}

/// What follows a keyword such as `RUN` and its options, with its offset.
fn strip_keyword<'i>(instruction: &'i str, wanted: &str) -> Option<(usize, &'i str)> {
    let trimmed = instruction.trim_start();
    let (keyword, after) = trimmed.split_at_checked(wanted.len())?;
    if !keyword.eq_ignore_ascii_case(wanted) || !after.starts_with(char::is_whitespace) {
        return None;
    }
    let mut rest = after.trim_start();
    while rest.starts_with("--") {
        let end = rest.find(char::is_whitespace)?;
        rest = rest[end..].trim_start();
    }
    Some((instruction.len() - rest.len(), rest))
}

fn run(source: &Source, reading: &mut Reading, instruction: &str, begin: usize) {
    for keyword in ["env", "arg"] {
        if let Some((at, rest)) = strip_keyword(instruction, keyword) {
            variables(source, reading, rest, begin + at, keyword == "env");
            return;
        }
    }
    let Some((at, rest)) = strip_keyword(instruction, "run") else {
        return;
    };
    if rest.starts_with('[') {
        // The form without a shell: a JSON list of words.
        if let Ok(words) = serde_json::from_str::<Vec<String>>(rest.trim()) {
            let words: Vec<_> = words.into_iter().map(|word| (0, word)).collect();
            shell::command(source, reading, &words, begin + at, Take::Packages);
        }
        return;
    }
    shell::script(source, reading, rest, begin + at, Take::Packages);
}

/// `NAME=value NAME=value`, or the older `NAME value` of `ENV`.
fn variables(source: &Source, reading: &mut Reading, text: &str, begin: usize, older: bool) {
    let words = words_at(text);
    if let [(at, name), rest @ ..] = words.as_slice()
        && older
        && !name.contains('=')
    {
        for (_, value) in rest {
            shell::variable(source, reading, name, value, begin + at);
        }
        return;
    }
    for (at, word) in &words {
        if let Some((name, value)) = word.split_once('=') {
            shell::variable(source, reading, name, value, begin + at);
        }
    }
}

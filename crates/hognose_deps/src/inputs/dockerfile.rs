//! `RUN pip install …` in a Dockerfile.

use super::inventory::{InstallerOption, Relation, Role};
use super::requirements::{option, target};
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

/// Options of pip, beside those of requirements files, whose value is the next word.
const WITH_VALUE: &[&str] = &[
    "--abi",
    "--build",
    "--cache-dir",
    "--exists-action",
    "--implementation",
    "--keyring-provider",
    "--log",
    "--platform",
    "--prefix",
    "--progress-bar",
    "--python",
    "--python-version",
    "--report",
    "--resume-retries",
    "--retries",
    "--root",
    "--root-user-action",
    "--src",
    "--target",
    "--timeout",
    "--upgrade-strategy",
    "-d",
    "-p",
    "-t",
];

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
    let rest = strip_run(instruction)?.1.trim();
    let word = rest.strip_prefix("<<")?.trim_start_matches('-');
    let word = word.split_whitespace().next()?.trim_matches(['"', '\'']);
    (!word.is_empty()).then(|| word.to_owned())
}

/// What follows `RUN` and its options, with its offset.
fn strip_run(instruction: &str) -> Option<(usize, &str)> {
    let trimmed = instruction.trim_start();
    let (keyword, after) = trimmed.split_at_checked(3)?;
    if !keyword.eq_ignore_ascii_case("run") || !after.starts_with(char::is_whitespace) {
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
    let Some((at, rest)) = strip_run(instruction) else {
        return;
    };
    if rest.starts_with('[') {
        // The form without a shell: a JSON list of words.
        if let Ok(words) = serde_json::from_str::<Vec<String>>(rest.trim()) {
            let words: Vec<_> = words.into_iter().map(|word| (0, word)).collect();
            command(source, reading, &words, begin + at);
        }
        return;
    }
    for (from, text) in commands(rest) {
        command(source, reading, &words_at(text), begin + at + from);
    }
}

/// The commands of a line of shell, with their offsets: what stands between `&&`, `||`, `;`, `|` and `&`.
fn commands(text: &str) -> Vec<(usize, &str)> {
    let mut commands = Vec::new();
    let mut from = 0;
    let mut quote: Option<char> = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                characters.next();
            }
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '&' | '|' | ';' | '\n' | '(' | ')') => {
                commands.push((from, &text[from..at]));
                from = at + 1;
            }
            _ => {}
        }
    }
    commands.push((from, &text[from..]));
    commands
}

/// Reads a command if it is one of `pip install`.
fn command(source: &Source, reading: &mut Reading, words: &[(usize, String)], begin: usize) {
    let Some(arguments) = pip_install(words) else {
        return;
    };
    let mut words = arguments.iter();
    while let Some((offset, word)) = words.next() {
        let place = source.place(begin + offset);
        if word.starts_with(['>', '<']) || word.starts_with("2>") {
            break;
        }
        if !word.starts_with('-') {
            if word.contains('$') {
                reading.variables(word, &place);
            }
            push(reading, word, false, &place);
            continue;
        }
        let Some((kind, value)) = option(word) else {
            if WITH_VALUE.contains(&word.as_str()) {
                words.next();
            }
            continue;
        };
        let value = match value {
            Some(value) => Some(value.to_owned()),
            None if kind.takes_value => words.next().map(|(_, word)| word.clone()),
            None => None,
        };
        match (kind.name, value) {
            // A path in the image. The file it was copied from is an input of its own.
            ("--requirement" | "--constraint", _) => {}
            ("--editable", Some(path)) => push(reading, &path, true, &place),
            (name, value) => reading.options.push(InstallerOption { name, value, place }),
        }
    }
}

fn push(reading: &mut Reading, word: &str, editable: bool, place: &super::Place) {
    if word.starts_with('$') {
        return;
    }
    let package = target(word, editable, reading, place);
    reading.packages.extend(package.map(|mut package| {
        package.relation = Relation::Direct;
        package
    }));
}

/// The arguments of `pip install`, `python -m pip install` or `uv pip install`, whatever is set before it.
fn pip_install(words: &[(usize, String)]) -> Option<&[(usize, String)]> {
    let is_pip = |word: &str| {
        let name = file_name(word);
        name.strip_prefix("pip")
            .is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    };
    let pip = words.iter().position(|(_, word)| is_pip(word))?;
    let before = words[..pip].iter().all(|(_, word)| {
        let name = file_name(word);
        matches!(
            name,
            "sudo"
                | "exec"
                | "env"
                | "time"
                | "command"
                | "uv"
                | "then"
                | "if"
                | "!"
                | "do"
                | "else"
        ) || name.starts_with("python")
            || word.starts_with('-')
            || word.contains('=')
    });
    let install = words[pip..]
        .iter()
        .position(|(_, word)| word == "install")?;
    let options = words[pip + 1..pip + install]
        .iter()
        .all(|(_, word)| word.starts_with('-'));
    (before && options).then(|| &words[pip + install + 1..])
}

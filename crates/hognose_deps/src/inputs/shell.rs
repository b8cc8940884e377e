//! Commands of `pip install` in lines of shell, as images and pipelines run them.

use super::inventory::{Installer, InstallerOption, Relation};
use super::requirements::{option, target};
use super::source::{Reading, Source, file_name};
use super::words::words_at;

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

/// Variables of the environment that stand for options, and whose they are.
const VARIABLES: &[(&str, &str, Installer)] = &[
    ("PIP_EXTRA_INDEX_URL", "--extra-index-url", Installer::Pip),
    ("PIP_FIND_LINKS", "--find-links", Installer::Pip),
    ("PIP_INDEX_URL", "--index-url", Installer::Pip),
    ("PIP_TRUSTED_HOST", "--trusted-host", Installer::Pip),
    ("UV_DEFAULT_INDEX", "--index-url", Installer::Uv),
    ("UV_EXTRA_INDEX_URL", "--extra-index-url", Installer::Uv),
    ("UV_FIND_LINKS", "--find-links", Installer::Uv),
    ("UV_INDEX_STRATEGY", "--index-strategy", Installer::Uv),
    ("UV_INDEX_URL", "--index-url", Installer::Uv),
    ("UV_INSECURE_HOST", "--trusted-host", Installer::Uv),
    ("UV_NO_VERIFY_HASHES", "--no-verify-hashes", Installer::Uv),
];

/// What is taken from a command beside its options.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// The packages it installs as well.
    Packages,
    /// Nothing.
    Options,
}

/// Reads the commands of a text of shell that begins at an offset of the source.
pub(super) fn script(source: &Source, reading: &mut Reading, text: &str, begin: usize, take: Take) {
    for (from, text) in commands(text) {
        command(source, reading, &words_at(text), begin + from, take);
    }
}

/// The commands of a text of shell, with their offsets: what stands between `&&`, `||`, `;`, `|` and `&`. A word that
/// begins with `#` begins a comment.
fn commands(text: &str) -> Vec<(usize, &str)> {
    let mut commands = Vec::new();
    let mut from = 0;
    let mut quote: Option<char> = None;
    let mut between = true;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        let begins_word = std::mem::replace(&mut between, c.is_whitespace());
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                characters.next();
            }
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') if begins_word => {
                commands.push((from, &text[from..at]));
                let end = text[at..].find('\n').map_or(text.len(), |line| at + line);
                from = end;
                while characters.as_str().len() > text.len() - end {
                    characters.next();
                }
            }
            (None, '&' | '|' | ';' | '\n' | '(' | ')') => {
                commands.push((from, &text[from..at]));
                from = at + 1;
                between = true;
            }
            _ => {}
        }
    }
    commands.push((from, &text[from..]));
    commands
}

/// Notes a variable that stands for an option.
pub(super) fn variable(
    source: &Source,
    reading: &mut Reading,
    name: &str,
    value: &str,
    offset: usize,
) {
    let Some((_, option, by)) = VARIABLES.iter().find(|(known, _, _)| *known == name) else {
        return;
    };
    for value in value.split_whitespace() {
        reading.options.push(InstallerOption {
            name: option,
            value: Some(value.to_owned()),
            by: *by,
            place: source.place(offset),
        });
    }
}

/// Reads a command if it is one of `pip install`.
pub(super) fn command(
    source: &Source,
    reading: &mut Reading,
    words: &[(usize, String)],
    begin: usize,
    take: Take,
) {
    let Some(install) = Install::of(words) else {
        return;
    };
    for (offset, word) in install.before {
        if let Some((name, value)) = word.split_once('=') {
            variable(source, reading, name, value, begin + offset);
        }
    }
    let mut words = install.arguments.iter();
    while let Some((offset, word)) = words.next() {
        let place = source.place(begin + offset);
        if word.starts_with(['>', '<']) || word.starts_with("2>") {
            break;
        }
        if !word.starts_with('-') {
            if take == Take::Packages {
                if word.contains('$') {
                    reading.variables(word, &place);
                }
                push(reading, word, false, &place);
            }
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
            ("--requirement", Some(path)) if take == Take::Packages => reading.installs.push(path),
            ("--requirement" | "--constraint", _) => {}
            ("--editable", Some(path)) => {
                if take == Take::Packages {
                    push(reading, &path, true, &place);
                }
            }
            (name, value) => reading.options.push(InstallerOption {
                name,
                value,
                by: install.by,
                place,
            }),
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

/// A command `pip install`, `python -m pip install` or `uv pip install`.
struct Install<'w> {
    by: Installer,
    /// What stands before it: variables, `sudo` and the like.
    before: &'w [(usize, String)],
    arguments: &'w [(usize, String)],
}

impl<'w> Install<'w> {
    fn of(words: &'w [(usize, String)]) -> Option<Self> {
        let is_pip = |word: &str| {
            let name = file_name(word);
            name.strip_prefix("pip")
                .is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        };
        let pip = words.iter().position(|(_, word)| is_pip(word))?;
        let before = &words[..pip];
        let is_plain = before.iter().all(|(_, word)| {
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
        let is_uv = before.iter().any(|(_, word)| file_name(word) == "uv");
        (is_plain && options).then(|| Self {
            by: if is_uv { Installer::Uv } else { Installer::Pip },
            before,
            arguments: &words[pip + install + 1..],
        })
    }
}

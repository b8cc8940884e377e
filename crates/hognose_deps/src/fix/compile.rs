//! The command that made a requirements file, as the file itself tells it.
//!
//! `pip-compile` and `uv pip compile` write the command they were called with above what they made. The file belongs to
//! the audited project: only those two programs, and only options that choose what is resolved and how it is written,
//! are taken from it.

use thiserror::Error;

use super::read;
use crate::inputs::source::{Source, directory, join, shown};
use crate::inputs::words::words;
use crate::inputs::{Package, Relation};
use crate::name::Name;

/// In how many lines at the top the command stands.
const HEADER_LINES: usize = 12;

/// A program that makes requirements files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compiler {
    /// `pip-compile` of pip-tools.
    PipCompile,
    /// `uv pip compile`.
    Uv,
}

/// The command that made a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub compiler: Compiler,
    /// The directory it was called in, relative to where the file's path counts from.
    pub directory: String,
    /// Its arguments, with what names the file it writes, and with what keeps out of the file what it does not have.
    pub arguments: Vec<String>,
    /// The command as the file tells it.
    pub written: String,
}

/// Why a file cannot be made again by the command it names.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompileFault {
    /// It names none.
    #[error("it does not tell which command made it")]
    Unnamed,
    /// It names another program.
    #[error("it is made by `{0}`, which is yours to run")]
    Other(String),
    /// It names an option that is not passed on.
    #[error("its command has `{0}`, which is not passed on; run it yourself")]
    Unknown(String),
    /// A path leads out of the project.
    #[error("its command reads or writes `{0}`, which lies outside of the project")]
    Outside(String),
}

/// An option: its names, and whether a value follows.
struct Known {
    names: &'static [&'static str],
    value: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    Text,
    Path,
    /// The file that is written.
    Output,
    /// Asks for other versions than the file has, which is not repeated. With a value.
    Upgrade,
    /// The same without a value.
    UpgradeAll,
}

const fn known(names: &'static [&'static str], value: Value) -> Known {
    Known { names, value }
}

/// The options that are passed on. Those that name programs, or hand words to other programs, are not among them.
const OPTIONS: &[Known] = &[
    known(&["--output-file", "-o"], Value::Output),
    known(&["--upgrade-package", "-P"], Value::Upgrade),
    known(&["--upgrade", "-U"], Value::UpgradeAll),
    known(
        &["--rebuild", "--quiet", "-q", "--verbose", "-v"],
        Value::UpgradeAll,
    ),
    known(
        &[
            "--constraint",
            "--constraints",
            "-c",
            "--override",
            "--overrides",
            "--build-constraint",
            "--build-constraints",
            "-b",
        ],
        Value::Path,
    ),
    known(
        &[
            "--annotation-style",
            "--extra",
            "--group",
            "--resolver",
            "--unsafe-package",
            "--newline",
            "--max-rounds",
            "--index-url",
            "-i",
            "--extra-index-url",
            "--default-index",
            "--index",
            "--trusted-host",
            "--index-strategy",
            "--keyring-provider",
            "--resolution",
            "--prerelease",
            "--fork-strategy",
            "--exclude-newer",
            "--exclude-newer-package",
            "--only-binary",
            "--no-binary",
            "--no-emit-package",
            "--unsafe-package",
            "--python-version",
            "--python-platform",
            "--format",
        ],
        Value::Text,
    ),
    known(
        &[
            "--generate-hashes",
            "--no-generate-hashes",
            "--emit-index-url",
            "--no-emit-index-url",
            "--emit-find-links",
            "--no-emit-find-links",
            "--emit-trusted-host",
            "--no-emit-trusted-host",
            "--emit-options",
            "--no-emit-options",
            "--emit-build-options",
            "--emit-index-annotation",
            "--emit-marker-expression",
            "--emit-build-deps",
            "--strip-extras",
            "--no-strip-extras",
            "--no-strip-markers",
            "--all-extras",
            "--all-build-deps",
            "--allow-unsafe",
            "--no-allow-unsafe",
            "--annotate",
            "--no-annotate",
            "--header",
            "--no-header",
            "--reuse-hashes",
            "--no-reuse-hashes",
            "--build-isolation",
            "--pre",
            "--universal",
            "--no-universal",
            "--no-deps",
            "--no-build",
            "--no-sources",
            "--no-index",
        ],
        Value::None,
    ),
];

/// What `pip-compile` writes into the file of the configuration that it finds: the option that says so, and the options
/// in the file.
const EMITTED: &[(&str, &[&str])] = &[
    ("find-links", &["--find-links", "-f"]),
    ("index-url", &["--index-url", "-i", "--extra-index-url"]),
    ("trusted-host", &["--trusted-host"]),
];

/// What keeps the configuration of the machine out of a file: of each kind of option that neither the file has nor its
/// command speaks of.
fn kept_out<'f>(text: &'f str, words: &'f [&str]) -> impl Iterator<Item = String> + 'f {
    let has = |options: &[&str]| {
        let mut first = text
            .lines()
            .filter_map(|line| line.split([' ', '=']).next());
        first.any(|word| options.contains(&word))
    };
    let speaks = |kind: &str| {
        words
            .iter()
            .any(|word| word.ends_with(&format!("emit-{kind}")))
    };
    let silent = EMITTED
        .iter()
        .filter(move |(kind, options)| !has(options) && !speaks(kind));
    silent.map(|(kind, _)| format!("--no-emit-{kind}"))
}

/// The command that made a requirements file.
///
/// # Errors
/// There is none that can be repeated.
pub fn command(path: &str, text: &str) -> Result<Command, CompileFault> {
    let header: Vec<&str> = text
        .lines()
        .take(HEADER_LINES)
        .filter_map(|line| line.trim_start_matches('\u{feff}').strip_prefix('#'))
        .map(str::trim)
        .collect();
    let announced = header
        .iter()
        .position(|line| line.contains("following command"))
        .ok_or(CompileFault::Unnamed)?;
    let line = header[announced + 1..]
        .iter()
        .find(|line| !line.is_empty())
        .ok_or(CompileFault::Unnamed)?;
    let words = words(line);
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let (compiler, rest) = match texts.as_slice() {
        ["pip-compile", rest @ ..] => (Compiler::PipCompile, rest),
        ["uv", "pip", "compile", rest @ ..] => (Compiler::Uv, rest),
        _ => return Err(CompileFault::Other(shown(line))),
    };
    let mut arguments: Vec<String> = Vec::new();
    let mut paths: Vec<&str> = Vec::new();
    let mut inputs: Vec<&str> = Vec::new();
    let mut output = None;
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        if !word.starts_with('-') || *word == "-" {
            inputs.push(word);
            arguments.push((*word).to_owned());
            continue;
        }
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*word, None),
        };
        let unknown = || CompileFault::Unknown(shown(word));
        let option = OPTIONS
            .iter()
            .find(|option| option.names.contains(&name))
            .ok_or_else(unknown)?;
        let takes = !matches!(option.value, Value::None | Value::UpgradeAll);
        let value = match (takes, attached) {
            (true, Some(value)) => Some(value),
            (true, None) => Some(*rest.next().ok_or_else(unknown)?),
            (false, None) => None,
            (false, Some(_)) => return Err(unknown()),
        };
        match (option.value, value) {
            (Value::Upgrade | Value::UpgradeAll, _) => continue,
            (Value::Output, Some(value)) => {
                output = Some(value);
                paths.push(value);
            }
            (Value::Path, Some(value)) => paths.push(value),
            _ => {}
        }
        arguments.push((*word).to_owned());
        if attached.is_none() {
            arguments.extend(value.map(str::to_owned));
        }
    }
    let directory = called_in(path, output, &inputs);
    for path in paths.iter().chain(&inputs) {
        let joined = join(&directory, path);
        let drive = path.as_bytes().get(1) == Some(&b':');
        if joined.starts_with("..")
            || path.starts_with(['/', '\\'])
            || path.contains("://")
            || drive
        {
            return Err(CompileFault::Outside(shown(path)));
        }
    }
    if output.is_none() && compiler == Compiler::Uv {
        // Its text went to standard output.
        arguments.push("--output-file".to_owned());
        arguments.push(relative(path, &directory).to_owned());
    }
    if compiler == Compiler::PipCompile {
        arguments.extend(kept_out(text, &texts));
    }
    Ok(Command {
        compiler,
        directory,
        arguments,
        written: (*line).to_owned(),
    })
}

/// What a person added to a file after its tool made it, and the tool would lose: requirements of which the file does not
/// say who asks for them, while it does of others. Each with its lines and the comment above them.
pub fn hand_written(path: &str, bytes: &[u8]) -> Vec<(Name, String)> {
    let inventory = read(path, bytes);
    let is_made = |package: &&Package| package.relation != Relation::Unknown;
    if !inventory.packages.iter().any(|package| is_made(&package)) {
        return Vec::new();
    }
    let source = Source::new(path, bytes);
    let lines: Vec<&str> = source.text.split_inclusive('\n').collect();
    let own = inventory
        .packages
        .iter()
        .filter(|package| !is_made(package));
    own.filter_map(|package| {
        let at = (package.place.line as usize).checked_sub(1)?;
        let is_above = |line: &&&str| line.trim().is_empty() || line.starts_with('#');
        let above = lines.get(..at)?.iter().rev().take_while(is_above).count();
        let goes_on = |line: &&&str| line.trim_end().ends_with('\\');
        let below = lines.get(at..)?.iter().take_while(goes_on).count();
        let text = lines.get(at - above..=at + below)?.concat();
        Some((package.name.clone(), text))
    })
    .collect()
}

/// The packages a file names.
pub fn names(path: &str, bytes: &[u8]) -> Vec<Name> {
    let packages = read(path, bytes).packages.into_iter();
    packages.map(|package| package.name).collect()
}

fn relative<'p>(path: &'p str, directory: &str) -> &'p str {
    path.strip_prefix(directory)
        .map_or(path, |rest| rest.trim_start_matches('/'))
}

/// The directory a command was called in: the one from which the path it writes leads to the file.
fn called_in(path: &str, output: Option<&str>, inputs: &[&str]) -> String {
    let beside_input = inputs
        .first()
        .and_then(|input| Some(format!("{}.txt", input.strip_suffix(".in")?)));
    let written = output.map(str::to_owned).or(beside_input);
    let leads = written.and_then(|written| {
        let prefix = path.strip_suffix(&join("", &written))?;
        (prefix.is_empty() || prefix.ends_with('/'))
            .then(|| prefix.trim_end_matches('/').to_owned())
    });
    leads.unwrap_or_else(|| directory(path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_that_of_the_header() {
        let text = "#\n# This file is autogenerated by pip-compile with Python 3.8\n# by the following command:\n#\n#    pip-compile --annotation-style=line -U --output-file=requirements/base.txt -c 'x y.txt' requirements/base.in\n#\n";
        assert_eq!(
            command("shop/requirements/base.txt", text),
            Ok(Command {
                compiler: Compiler::PipCompile,
                directory: "shop".to_owned(),
                arguments: [
                    "--annotation-style=line",
                    "--output-file=requirements/base.txt",
                    "-c",
                    "x y.txt",
                    "requirements/base.in",
                    "--no-emit-find-links",
                    "--no-emit-index-url",
                    "--no-emit-trusted-host",
                ]
                .map(str::to_owned)
                .to_vec(),
                written: "pip-compile --annotation-style=line -U --output-file=requirements/base.txt -c 'x y.txt' requirements/base.in".to_owned(),
            })
        );
        let text = "# This file was autogenerated by uv via the following command:\n#    uv pip compile requirements.in --universal\n";
        assert_eq!(
            command("a/requirements.txt", text),
            Ok(Command {
                compiler: Compiler::Uv,
                directory: "a".to_owned(),
                arguments: [
                    "requirements.in",
                    "--universal",
                    "--output-file",
                    "requirements.txt"
                ]
                .map(str::to_owned)
                .to_vec(),
                written: "uv pip compile requirements.in --universal".to_owned(),
            })
        );
    }

    #[test]
    fn what_the_file_has_of_a_configuration_is_kept() {
        let text = "# autogenerated by the following command:\n#  pip-compile --emit-trusted-host a.in\n--extra-index-url https://a.example/simple\nsix==1.16.0 --find-links\n";
        let command = command("requirements.txt", text).expect("it is repeated");
        assert_eq!(
            command.arguments,
            ["--emit-trusted-host", "a.in", "--no-emit-find-links"]
        );
    }

    #[test]
    fn what_a_person_added_is_known() {
        let text = "# autogenerated by pip-compile\nflask==1.0  # via -r a.in\nsix==1.0\n    # via flask\n\n# for production\npsycopg2 \\\n  ==2.0\n";
        let kept = hand_written("requirements.txt", text.as_bytes());
        let [(name, lines)] = kept.as_slice() else {
            panic!("{kept:?}");
        };
        assert_eq!(name.as_str(), "psycopg2");
        assert_eq!(lines, "\n# for production\npsycopg2 \\\n  ==2.0\n");
        assert_eq!(hand_written("requirements.txt", b"flask==1.0\nsix\n"), []);
    }

    #[test]
    fn a_file_does_not_choose_what_runs() {
        let fault = |line: &str| {
            let text = format!("# autogenerated by the following command:\n#  {line}\n");
            command("requirements.txt", &text).expect_err("it is not run")
        };
        assert_eq!(
            fault("make requirements"),
            CompileFault::Other("make requirements".to_owned())
        );
        assert_eq!(
            fault("./pip-compile a.in"),
            CompileFault::Other("./pip-compile a.in".to_owned())
        );
        assert_eq!(
            fault("uv pip compile --python ./evil a.in"),
            CompileFault::Unknown("--python".to_owned())
        );
        assert_eq!(
            fault("pip-compile --pip-args='--python x' a.in"),
            CompileFault::Unknown("--pip-args=--python x".to_owned())
        );
        for path in [
            "../a.in",
            "/etc/a.in",
            "x/../../a.in",
            "C:\\a.in",
            "https://a/b.in",
        ] {
            let line = format!("pip-compile '{path}'");
            assert_eq!(
                fault(&line),
                CompileFault::Outside(path.to_owned()),
                "{path}"
            );
        }
        assert_eq!(
            fault("pip-compile --output-file ../a.txt a.in"),
            CompileFault::Outside("../a.txt".to_owned())
        );
        assert_eq!(
            command("requirements.txt", "flask==1.0\n"),
            Err(CompileFault::Unnamed)
        );
    }
}

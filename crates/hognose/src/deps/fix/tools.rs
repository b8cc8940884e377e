//! Lock files and the tools that write them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use hognose_deps::fix::compile::{self, CompileFault, Compiler};
use hognose_deps::inputs::Group;
use hognose_deps::name::Name;
use pep440_rs::Version;

/// A program that writes lock files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// uv.
    Uv,
    /// Poetry.
    Poetry,
    /// PDM.
    Pdm,
    /// Pipenv.
    Pipenv,
    /// `pip-compile` of pip-tools.
    PipCompile,
    /// conda-lock.
    CondaLock,
}

impl Tool {
    /// The name of its program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Pipenv => "pipenv",
            Self::PipCompile => "pip-compile",
            Self::CondaLock => "conda-lock",
        }
    }
}

/// How exactly a tool is told which version to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// That version, which changes least.
    Exactly,
    /// That one or a later one, where what else is installed does not get along with it.
    AtLeast,
}

/// What a tool is asked to take of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The version.
    pub to: Version,
    /// The parts of the project that install it.
    pub groups: BTreeSet<Group>,
}

/// What a tool is asked to take, by package.
pub type Targets = BTreeMap<Name, Target>;

/// A lock file, and how its tool is asked to write it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its path.
    pub path: String,
    /// What writes it.
    pub tool: Tool,
    /// The directory the tool is called in.
    pub directory: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// The lock file of a project.
    Project,
    /// That of a script, beside it.
    Script(String),
    /// A requirements file, made with these arguments, and the command as the file tells it.
    Compiled {
        arguments: Vec<String>,
        written: String,
    },
}

/// Why no tool can be asked to write a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTool {
    /// None is known for its format.
    Format(&'static str),
    /// It is a requirements file without a command that can be repeated.
    Compile(CompileFault),
}

impl fmt::Display for NoTool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(format) => write!(out, "no tool is known that writes this {format}"),
            Self::Compile(fault) => fault.fmt(out),
        }
    }
}

impl Lock {
    /// The lock file at a path, of a format. `text` gives its text.
    pub fn new(
        path: &str,
        format: &'static str,
        text: impl FnOnce() -> String,
    ) -> Result<Self, NoTool> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let lock = |tool, kind| Self {
            path: path.to_owned(),
            tool,
            directory: directory.to_owned(),
            kind,
        };
        match format {
            "uv.lock" => Ok(lock(
                Tool::Uv,
                match name.strip_suffix(".py.lock") {
                    Some(stem) => Kind::Script(format!("{stem}.py")),
                    None => Kind::Project,
                },
            )),
            "poetry.lock" => Ok(lock(Tool::Poetry, Kind::Project)),
            "pdm.lock" => Ok(lock(Tool::Pdm, Kind::Project)),
            "Pipfile.lock" => Ok(lock(Tool::Pipenv, Kind::Project)),
            "conda-lock.yml" => Ok(lock(Tool::CondaLock, Kind::Project)),
            "requirements" | "pylock.toml" => {
                let command = compile::command(path, &text()).map_err(NoTool::Compile)?;
                let tool = match command.compiler {
                    Compiler::PipCompile => Tool::PipCompile,
                    Compiler::Uv => Tool::Uv,
                };
                Ok(Self {
                    directory: command.directory,
                    ..lock(
                        tool,
                        Kind::Compiled {
                            arguments: command.arguments,
                            written: command.written,
                        },
                    )
                })
            }
            format => Err(NoTool::Format(format)),
        }
    }

    /// The arguments of each call with which its tool takes other versions of some packages, and only of them as far as the
    /// rest lets it. Tools without a way to name the version take the newest one that the manifest allows.
    pub fn calls(&self, targets: &Targets, aim: Aim) -> Vec<Vec<String>> {
        let operator = match aim {
            Aim::Exactly => "==",
            Aim::AtLeast => ">=",
        };
        let exact = || {
            targets
                .iter()
                .map(|(name, target)| format!("{name}{operator}{}", target.to))
        };
        let names = || targets.keys().map(ToString::to_string);
        let mut call: Vec<String> = Vec::new();
        let mut say = |words: &[&str]| call.extend(words.iter().map(ToString::to_string));
        match (&self.kind, self.tool) {
            (Kind::Compiled { arguments, .. }, tool) => {
                if tool == Tool::Uv {
                    say(&["pip", "compile", "--quiet"]);
                } else {
                    say(&["--quiet"]);
                }
                call.extend(exact().flat_map(|one| ["--upgrade-package".to_owned(), one]));
                call.extend(arguments.iter().cloned());
            }
            (kind, Tool::Uv | Tool::PipCompile) => {
                say(&["lock"]);
                if let Kind::Script(script) = kind {
                    say(&["--script", script]);
                }
                call.extend(exact().flat_map(|one| ["--upgrade-package".to_owned(), one]));
            }
            (_, Tool::Poetry) => {
                let update: &[&str] = if targets.is_empty() {
                    &["lock"]
                } else {
                    &["update", "--lock"]
                };
                say(update);
                say(&["--no-interaction", "--no-ansi", "--no-plugins"]);
                call.extend(names());
            }
            (_, Tool::Pdm) if targets.is_empty() => say(&["lock", "--update-reuse"]),
            (_, Tool::Pdm) => {
                return by_group(targets, |group, names| {
                    let mut call = vec!["update", "--no-sync", "--update-reuse", "--skip", ":all"];
                    match group {
                        Some(Group::Group(name)) => call.extend(["--dev", "--group", name]),
                        Some(Group::Extra(name)) => call.extend(["--group", name]),
                        _ => {}
                    }
                    let names = names.iter().map(|(name, _)| name.to_string());
                    call.into_iter().map(str::to_owned).chain(names).collect()
                });
            }
            (_, Tool::Pipenv) => {
                return by_group(targets, |group, packages| {
                    let mut call = vec!["upgrade", "--lock-only"];
                    match group {
                        Some(Group::Group(name)) if name == "dev" => call.push("--dev"),
                        Some(Group::Group(name)) => call.extend(["--categories", name]),
                        _ => {}
                    }
                    let packages = packages
                        .iter()
                        .map(|(name, target)| format!("{name}{operator}{}", target.to));
                    call.into_iter()
                        .map(str::to_owned)
                        .chain(packages)
                        .collect()
                });
            }
            (_, Tool::CondaLock) => {
                let name = self.path.rsplit('/').next().unwrap_or(&self.path);
                say(&["lock", "--lockfile", name]);
                call.extend(names().flat_map(|name| ["--update".to_owned(), name]));
            }
        }
        vec![call]
    }

    /// Variables with which its tool tells in the file the command that is told there already. `scratch` goes away with
    /// the run.
    pub fn environment(&self, scratch: &std::path::Path) -> Vec<(&'static str, PathBuf)> {
        let mut variables = environment(self.tool, scratch);
        if let (Kind::Compiled { written, .. }, Tool::PipCompile) = (&self.kind, self.tool) {
            variables.push(("CUSTOM_COMPILE_COMMAND", PathBuf::from(written)));
        }
        variables
    }

    /// Whether its tool can write it again with the versions it has.
    pub fn is_repeatable(&self) -> bool {
        !matches!(self.tool, Tool::Pipenv | Tool::CondaLock)
    }

    /// Whether its tool can be told which version to take.
    pub fn is_exact(&self) -> bool {
        !matches!(self.tool, Tool::Poetry | Tool::Pdm | Tool::CondaLock)
    }

    /// A call as a person would type it.
    pub fn shown(&self, call: &[String]) -> String {
        let mut shown = self.tool.program().to_owned();
        for word in call {
            shown.push(' ');
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                shown.push_str(word);
            } else {
                shown += &format!("'{}'", word.replace('\'', "'\\''"));
            }
        }
        shown
    }
}

/// The calls of a tool that looks for a package in one group at a time.
fn by_group(
    targets: &Targets,
    call: impl Fn(Option<&Group>, &[(&Name, &Target)]) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<Option<&Group>, Vec<(&Name, &Target)>> = BTreeMap::new();
    for (name, target) in targets {
        let mut of_target: Vec<Option<&Group>> = target
            .groups
            .iter()
            .map(|group| Some(group).filter(|group| **group != Group::Main))
            .collect();
        if of_target.is_empty() {
            of_target.push(None);
        }
        for group in of_target {
            groups.entry(group).or_default().push((name, target));
        }
    }
    let calls = groups
        .iter()
        .map(|(group, packages)| call(*group, packages));
    calls.collect()
}

/// What keeps tools from leaving environments and questions behind. `scratch` goes away with the run.
pub fn environment(tool: Tool, scratch: &std::path::Path) -> Vec<(&'static str, PathBuf)> {
    let yes = || PathBuf::from("1");
    match tool {
        Tool::Poetry => vec![
            ("POETRY_VIRTUALENVS_PATH", scratch.join("environments")),
            ("POETRY_VIRTUALENVS_IN_PROJECT", PathBuf::from("false")),
        ],
        Tool::Pipenv => vec![
            ("WORKON_HOME", scratch.join("environments")),
            ("PIPENV_IGNORE_VIRTUALENVS", yes()),
            ("PIPENV_VENV_IN_PROJECT", PathBuf::from("0")),
            ("PIPENV_NOSPIN", yes()),
            ("PIPENV_YES", yes()),
        ],
        Tool::Pdm => vec![
            ("PDM_CHECK_UPDATE", PathBuf::from("false")),
            ("PDM_IGNORE_SAVED_PYTHON", yes()),
            ("PDM_NON_INTERACTIVE", yes()),
        ],
        Tool::Uv | Tool::PipCompile | Tool::CondaLock => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn calls(path: &str, format: &'static str, text: &str, aim: Aim) -> Vec<String> {
        let name = |text: &str| Name::new(text).expect("a name");
        let target = |to: &str, groups: &[Group]| Target {
            to: Version::from_str(to).expect("a version"),
            groups: groups.iter().cloned().collect(),
        };
        let dev = Group::Group("dev".to_owned());
        let targets: Targets = [
            (name("a"), target("1.0", &[Group::Main])),
            (name("b"), target("2.0", &[dev, Group::Main])),
            (name("c"), target("3.0", &[])),
        ]
        .into_iter()
        .collect();
        let lock = Lock::new(path, format, || text.to_owned()).expect("a tool writes it");
        let calls = lock.calls(&targets, aim);
        calls.iter().map(|call| lock.shown(call)).collect()
    }

    #[test]
    fn each_tool_is_asked_in_its_own_words() {
        let exact = |path, format| calls(path, format, "", Aim::Exactly);
        assert_eq!(
            exact("x/uv.lock", "uv.lock"),
            ["uv lock --upgrade-package a==1.0 --upgrade-package b==2.0 --upgrade-package c==3.0"]
        );
        assert_eq!(
            calls("do.py.lock", "uv.lock", "", Aim::AtLeast),
            [
                "uv lock --script do.py --upgrade-package 'a>=1.0' --upgrade-package 'b>=2.0' --upgrade-package 'c>=3.0'"
            ]
        );
        assert_eq!(
            exact("poetry.lock", "poetry.lock"),
            ["poetry update --lock --no-interaction --no-ansi --no-plugins a b c"]
        );
        assert_eq!(
            exact("Pipfile.lock", "Pipfile.lock"),
            [
                "pipenv upgrade --lock-only a==1.0 b==2.0 c==3.0",
                "pipenv upgrade --lock-only --dev b==2.0"
            ]
        );
        assert_eq!(
            exact("pdm.lock", "pdm.lock"),
            [
                "pdm update --no-sync --update-reuse --skip :all a b c",
                "pdm update --no-sync --update-reuse --skip :all --dev --group dev b"
            ]
        );
        assert_eq!(
            exact("x/conda-lock.yml", "conda-lock.yml"),
            ["conda-lock lock --lockfile conda-lock.yml --update a --update b --update c"]
        );
        let header = "# autogenerated by pip-compile by the following command:\n#\n#    pip-compile --strip-extras a.in\n";
        assert_eq!(
            calls("x/a.txt", "requirements", header, Aim::Exactly),
            [
                "pip-compile --quiet --upgrade-package a==1.0 --upgrade-package b==2.0 --upgrade-package c==3.0 --strip-extras a.in --no-emit-find-links --no-emit-index-url --no-emit-trusted-host"
            ]
        );
        let none = Lock::new("pylock.toml", "pylock.toml", String::new);
        assert_eq!(none, Err(NoTool::Compile(CompileFault::Unnamed)));
    }
}

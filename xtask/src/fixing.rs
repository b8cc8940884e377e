//! `hognose deps --fix` with the real lock tools, on a project whose tests break on one upgrade.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use crate::python::Venv;
use crate::{cargo, root, sh, workshop};

/// PyJWT 2 gives texts where PyJWT 1 gave bytes.
const TESTS: &str = r#"import unittest

import certifi
import idna
import jwt


class Shop(unittest.TestCase):
    def test_tokens_are_bytes(self):
        self.assertIsInstance(jwt.encode({"sub": "1"}, "k" * 32, algorithm="HS256"), bytes)

    def test_names(self):
        self.assertEqual(idna.encode("b\u00fccher.example"), b"xn--bcher-kva.example")
        self.assertTrue(certifi.where())
"#;

/// A lock tool: how it is installed, and a project of its kind with what it pins and what it asks for.
struct Kind {
    tool: &'static str,
    installed: &'static str,
    manifest: &'static str,
    lock: &'static str,
    /// Makes the lock file.
    command: &'static [&'static str],
    /// The manifest with each version in its place; `{index}` is the address of the index.
    pinned: &'static str,
    /// Whether the same command makes the lock file agree with the manifest again, and keeps its versions.
    keeps: bool,
    /// What is written in the manifest instead, once the lock file is made.
    loosened: &'static [(&'static str, &'static str)],
}

const KINDS: &[Kind] = &[
    Kind {
        tool: "uv",
        installed: "uv==0.13.9",
        manifest: "pyproject.toml",
        lock: "uv.lock",
        command: &["lock", "--quiet"],
        pinned: "[project]\nname = \"shop\"\nversion = \"0.1\"\nrequires-python = \">=3.9\"\ndependencies = [\n    \"certifi==2022.5.18.1\",\n    \"idna==3.4\",  # names\n    \"pyjwt==1.7.1\",\n]\n\n[tool.uv]\npackage = false\n",
        keeps: true,
        loosened: &[("certifi==2022.5.18.1", "certifi>=2022")],
    },
    Kind {
        tool: "pip-compile",
        installed: "pip-tools==7.6.2",
        manifest: "requirements.in",
        lock: "requirements.txt",
        command: &[
            "--quiet",
            "--generate-hashes",
            "--no-strip-extras",
            "requirements.in",
        ],
        pinned: "certifi==2022.5.18.1\nidna==3.4  # names\npyjwt==1.7.1\n",
        keeps: true,
        loosened: &[
            ("certifi==2022.5.18.1", "certifi"),
            ("pyjwt==1.7.1", "pyjwt<3"),
        ],
    },
    Kind {
        tool: "poetry",
        installed: "poetry==2.5.1",
        manifest: "pyproject.toml",
        lock: "poetry.lock",
        command: &["lock", "--quiet", "--no-interaction"],
        pinned: "[tool.poetry]\npackage-mode = false\n\n[[tool.poetry.source]]\nname = \"index\"\nurl = \"{index}\"\npriority = \"primary\"\n\n[tool.poetry.dependencies]\npython = \">=3.9,<4\"\ncertifi = \"2022.5.18.1\"\nidna = \"3.4\" # names\npyjwt = \"1.7.1\"\n",
        keeps: true,
        loosened: &[("\"2022.5.18.1\"", "\">=2022\""), ("\"1.7.1\"", "\"<3\"")],
    },
    Kind {
        tool: "pdm",
        // Its extra holds the versions of its own dependencies that it was released with.
        installed: "pdm[locked]==2.29.3",
        manifest: "pyproject.toml",
        lock: "pdm.lock",
        command: &["lock", "--quiet", "--update-reuse"],
        pinned: "[project]\nname = \"shop\"\nversion = \"0.1\"\nrequires-python = \">=3.9\"\ndependencies = [\n    \"certifi==2022.5.18.1\",\n    \"idna==3.4\",  # names\n]\n\n[dependency-groups]\ndev = [\"pyjwt==1.7.1\"]\n\n[tool.pdm]\ndistribution = false\n",
        keeps: true,
        loosened: &[
            ("certifi==2022.5.18.1", "certifi>=2022"),
            ("pyjwt==1.7.1", "pyjwt<3"),
        ],
    },
    Kind {
        tool: "pipenv",
        installed: "pipenv==2026.10.3",
        manifest: "Pipfile",
        lock: "Pipfile.lock",
        command: &["lock", "--quiet"],
        pinned: "[packages]\ncertifi = \"==2022.5.18.1\"\nidna = \"==3.4\" # names\n\n[dev-packages]\npyjwt = \"==1.7.1\"\n",
        keeps: false,
        loosened: &[
            ("\"==2022.5.18.1\"", "\">=2022\""),
            ("\"==1.7.1\"", "\"<3\""),
        ],
    },
];

pub(crate) fn run() -> Result<()> {
    // hognose is built as this program is, and lies beside it.
    let own = std::env::current_exe()?;
    let built = own.parent().context("this program lies in no directory")?;
    let profile = match built.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    sh(cargo().args([
        "build",
        "--quiet",
        "--package",
        "hognose",
        "--profile",
        profile,
    ]))?;
    let program = built.join(format!("hognose{}", std::env::consts::EXE_SUFFIX));
    for kind in KINDS {
        kind.check(&program)
            .with_context(|| format!("fixing a project of {}", kind.tool))?;
    }
    bookshop(&program).context("fixing the bookshop")
}

/// What is fixed of the bookshop leaves nothing to tell, and its tests pass.
fn bookshop(program: &Path) -> Result<()> {
    let kind = KINDS.iter().find(|kind| kind.tool == "pip-compile");
    let kind = kind.context("there is no pip-compile")?;
    let venv = kind.venv()?;
    let project = workshop().join("fixing/bookshop");
    if project.exists() {
        fs::remove_dir_all(&project)?;
    }
    copy(&root().join("examples/bookshop"), &project)?;
    let run = |arguments: &[&str]| -> Result<(Option<i32>, String)> {
        let mut command = Command::new(program);
        with_tool(&mut command, &venv, kind.tool);
        command
            .arg("deps")
            .args(arguments)
            // The index that its requirements name answers nobody.
            .env("PIP_RETRIES", "0")
            .current_dir(&project);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok((output.status.code(), said))
    };
    let before = run(&[])?;
    ensure!(
        before.0 == Some(1),
        "there is nothing to fix:\n{}",
        before.1
    );
    let fixed = run(&["--fix", "--test", "python -m pytest -q"])?;
    ensure!(
        fixed.0 == Some(0),
        "it ends with {:?}:\n{}",
        fixed.0,
        fixed.1
    );
    let after = run(&[])?;
    ensure!(
        after.0 == Some(0) && after.1.contains("No known vulnerability in"),
        "the report is not clean:\n{}",
        after.1
    );
    let lock = fs::read_to_string(project.join("requirements.txt"))?;
    ensure!(
        !lock.lines().any(|line| line.starts_with("--")),
        "the configuration of the machine is in the lock file:\n{lock}"
    );
    println!("bookshop: fixed and tested, and its report is clean");
    Ok(())
}

/// Copies a directory with all below it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Lets a command find a tool in its environment, whatever is active, and keep what it keeps in the workshop.
fn with_tool(command: &mut Command, venv: &Venv, tool: &str) {
    let tools = venv.program(tool);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = tools
        .parent()
        .map(Path::to_owned)
        .into_iter()
        .chain(std::env::split_paths(&path));
    command
        .env("PATH", std::env::join_paths(all).unwrap_or(path))
        .env("XDG_CACHE_HOME", workshop().join("cache"))
        .env_remove("VIRTUAL_ENV");
}

impl Kind {
    /// An environment with the tool.
    fn venv(&self) -> Result<Venv> {
        Venv::new(
            &format!("lock-{}", self.tool),
            &[self.installed.to_owned()],
            &[],
        )
    }

    fn check(&self, program: &Path) -> Result<()> {
        let venv = self.venv()?;
        let directory = workshop().join("fixing").join(self.tool);
        let project = directory.join("project");
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&project)?;
        let write = |name: &str, text: &str| fs::write(project.join(name), text);
        let read = |name: &str| fs::read_to_string(project.join(name));
        write("test_shop.py", TESTS)?;
        let mut manifest = self.pinned.replace("{index}", &index(&venv)?);
        write(self.manifest, &manifest)?;
        let environment = |command: &mut Command| {
            with_tool(command, &venv, self.tool);
            command
                .env("WORKON_HOME", directory.join("environments"))
                .env("PIPENV_IGNORE_VIRTUALENVS", "1")
                .env("POETRY_VIRTUALENVS_PATH", directory.join("environments"))
                .current_dir(&project);
        };
        let mut lock = Command::new(venv.program(self.tool));
        environment(&mut lock);
        sh(lock.args(self.command))?;
        for (pinned, loosened) in self.loosened {
            manifest = manifest.replace(pinned, loosened);
        }
        write(self.manifest, &manifest)?;
        if self.keeps {
            let mut again = Command::new(venv.program(self.tool));
            environment(&mut again);
            sh(again.args(self.command))?;
        }
        let before = (read(self.manifest)?, read(self.lock)?);
        let fix = |arguments: &[&str]| -> Result<Output> {
            let mut command = Command::new(program);
            environment(&mut command);
            Ok(command.arg("deps").args(arguments).output()?)
        };

        let outcome = fix(&["--fix", "--test", "python -m unittest -q test_shop.py"])?;
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&outcome.stdout),
            String::from_utf8_lossy(&outcome.stderr)
        );
        ensure!(
            outcome.status.code() == Some(1),
            "it ends with {}:\n{said}",
            outcome.status
        );
        ensure!(
            said.contains("pyjwt 1.7.1") && said.contains("a major step: FAILED"),
            "the upgrade that breaks is not named:\n{said}"
        );
        let (manifest, lock) = (read(self.manifest)?, read(self.lock)?);
        ensure!(
            manifest == before.0.replace("3.4", "3.7"),
            "the manifest became\n{manifest}"
        );
        ensure!(
            lock.contains("1.7.1") && lock.contains("3.7") && !lock.contains("2022.5.18.1"),
            "the lock file became\n{lock}"
        );
        if self.tool == "pip-compile" {
            let hashes = |text: &str| text.matches("--hash=sha256:").count();
            ensure!(
                hashes(&lock) >= 3,
                "the hashes are not those of the tool:\n{lock}"
            );
        }
        let undone = fix(&["--undo"])?;
        ensure!(undone.status.success(), "it was not taken back");
        ensure!(
            (read(self.manifest)?, read(self.lock)?) == before,
            "not all was taken back"
        );
        println!("{}: fixed, tested and taken back", self.tool);
        Ok(())
    }
}

/// The index that pip is configured with, as its help tells it.
fn index(venv: &Venv) -> Result<String> {
    let help = Command::new(venv.python())
        .args(["-m", "pip", "install", "--help"])
        .env("COLUMNS", "500")
        .output()?;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let url = help
        .split_once("--index-url")
        .and_then(|(_, after)| after.split_once("(default"))
        .and_then(|(_, after)| after.split(')').next())
        .context("pip does not tell its index")?;
    Ok(url.trim().to_owned())
}

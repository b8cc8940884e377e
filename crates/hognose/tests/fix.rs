//! `hognose deps --fix` as its users run it. What real lock tools make of it is tested by `cargo xtask test`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::fs;

use support::{Project, Run};
use tempfile::TempDir;

const REQUIREMENTS: &str = "# pinned long ago\r\nPyYAML == 5.3 ; python_version > \"3\"  # why\r\nsix==1.16.0\r\njinja2[i18n]==2.10.0";

/// A project and the cache of its user.
struct User {
    project: Project,
    cache: TempDir,
}

impl User {
    fn new(files: &[(&str, &str)]) -> Self {
        Self {
            project: Project::new(files),
            cache: tempfile::tempdir().unwrap(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    /// Runs it with a search path.
    fn run_with(&self, arguments: &[&str], path: &str) -> Run {
        let mut command = self.project.command(arguments);
        command
            .env("XDG_CACHE_HOME", self.cache.path())
            .env("PATH", path);
        command.output().unwrap().into()
    }

    /// Every file of the project with its bytes.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(self.project.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

#[test]
fn pins_are_raised_in_place_and_taken_back() {
    let user = User::new(&[("requirements.txt", REQUIREMENTS)]);
    let before = user.files();
    let plan = user.run(&["deps", "--fix", "--plan"]);
    assert_eq!(plan.code, Some(1), "{}", plan.err);
    assert!(
        plan.out.contains(
            "-PyYAML == 5.3 ; python_version > \"3\"  # why\n+PyYAML == 5.4 ; python_version"
        ),
        "{}",
        plan.out
    );
    assert!(
        plan.out.contains("\\ No newline at end of file"),
        "{}",
        plan.out
    );
    assert_eq!(user.files(), before, "a plan changes nothing");

    let run = user.run(&["deps", "--fix"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    let after = user.project.read("requirements.txt");
    let jinja = after.rsplit_once("==").unwrap().1.to_owned();
    assert!(!jinja.ends_with('\n') && jinja != "2.10.0");
    assert_eq!(
        after,
        REQUIREMENTS.replace("5.3", "5.4").replace("2.10.0", &jinja)
    );
    let clean = user.run(&["deps"]);
    assert_eq!(clean.code, Some(0), "{}", clean.out);
    assert_eq!(user.files().len(), 1, "nothing is left behind");

    let undone = user.run(&["deps", "--undo"]);
    assert_eq!(undone.code, Some(0), "{}", undone.err);
    assert_eq!(user.files(), before);
    let again = user.run(&["deps", "--undo"]);
    assert_eq!(again.code, Some(2));
    assert!(
        again.err.contains("nothing is known that was fixed"),
        "{}",
        again.err
    );
}

#[test]
fn what_was_changed_since_is_not_taken_back() {
    let user = User::new(&[
        ("requirements.txt", "pyyaml==5.3\n"),
        ("requirements-dev.txt", "jinja2==2.10.0\n"),
    ]);
    assert_eq!(user.run(&["deps", "--fix"]).code, Some(0));
    user.project
        .write("requirements-dev.txt", "jinja2==3.1.6\nsix\n");
    let before = user.files();
    let run = user.run(&["deps", "--undo"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("requirements-dev.txt has changed since"),
        "{}",
        run.err
    );
    assert_eq!(user.files(), before);
}

#[test]
fn a_constraint_is_raised_rather_than_a_pin_added() {
    let user = User::new(&[
        ("requirements.txt", "-c constraints.txt\npyyaml\n"),
        ("constraints.txt", "PyYAML==5.3  # held\nsix==1.16.0\n"),
    ]);
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert_eq!(
        user.project.read("requirements.txt"),
        "-c constraints.txt\npyyaml\n"
    );
    assert_eq!(
        user.project.read("constraints.txt"),
        "PyYAML==5.4  # held\nsix==1.16.0\n"
    );
}

#[test]
fn constraints_of_the_project_hold() {
    let text = "pyyaml==5.3\n";
    let user = User::new(&[
        ("requirements.txt", text),
        ("constraints.txt", "PyYAML<5.4\n"),
    ]);
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(
        run.out
            .contains("`PyYAML<5.4` at constraints.txt:1 does not allow 5.4"),
        "{}",
        run.out
    );
    assert_eq!(user.project.read("requirements.txt"), text);
    let user = User::new(&[("requirements.txt", "pyyaml>=5,==5.3,<5.4\n")]);
    let run = user.run(&["deps", "--fix"]);
    assert!(
        run.out.contains("`<5.4` does not allow pyyaml 5.4"),
        "{}",
        run.out
    );
    assert_eq!(run.code, Some(1));
}

#[test]
fn lines_with_hashes_are_left_to_their_tool() {
    let text = format!("pyyaml==5.3 --hash=sha256:{}\n", "0".repeat(64));
    let user = User::new(&[
        ("requirements.txt", &text),
        ("other/requirements.txt", "jinja2==2.10.0\n"),
    ]);
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(
        run.out
            .contains("its line has hashes, which your own tool has to refresh: 5.4 clears all"),
        "{}",
        run.out
    );
    assert_eq!(user.project.read("requirements.txt"), text);
    assert_ne!(
        user.project.read("other/requirements.txt"),
        "jinja2==2.10.0\n",
        "the rest goes on"
    );
}

#[test]
fn addresses_and_interpreters_are_mended_with_the_packages() {
    let image = "FROM python:3.8-slim AS base\nRUN pip install --trusted-host packages.example.org \\\n    --extra-index-url http://packages.example.org/simple/ \\\n    -r requirements.txt\nFROM python:3.8-buster\n";
    let workflow = "jobs:\n  tests:\n    strategy:\n      matrix:\n        python: [\"3.8\", \"3.9\"]\n    steps:\n      - uses: actions/setup-python@v5\n        with:\n          python-version: ${{ matrix.python }}\n";
    let requirements =
        "--extra-index-url http://packages.example.org/simple/\nPyYAML==5.3\nsix==1.16.0\n";
    let user = User::new(&[
        ("requirements.txt", requirements),
        (
            "pyproject.toml",
            "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.8\"\n",
        ),
        ("Dockerfile", image),
        (".github/workflows/ci.yml", workflow),
    ]);
    let plan = user.run(&["deps", "--fix", "--plan"]);
    assert_eq!(plan.code, Some(1), "{}", plan.err);
    for said in [
        "  Python 3.8 → 3.",
        "  Python 3.9 is taken out, beside what would take its place\n",
        "  http://packages.example.org/simple/ → https://packages.example.org/simple/\n",
        "  --trusted-host packages.example.org is taken out\n",
        "The addresses have to answer over HTTPS",
        "The hosts have to show a certificate",
        "The code has to run on the other Python",
        "Not fixed:\n  Python 3.8  Dockerfile:5\n    whether there is such an image of another version is not known\n",
    ] {
        assert!(plan.out.contains(said), "{said}\n{}", plan.out);
    }
    assert_eq!(
        user.project.read("Dockerfile"),
        image,
        "a plan changes nothing"
    );

    let run = user.run(&["deps", "--fix"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""), "{}", run.out);
    assert!(
        run.out
            .ends_with("No known vulnerability is left\nLeft out of support: 1 interpreter\n"),
        "{}",
        run.out
    );
    assert_eq!(
        user.project.read("requirements.txt"),
        requirements
            .replace("http:", "https:")
            .replace("5.3", "5.4")
    );
    let made = user.project.read("Dockerfile");
    assert!(
        made.contains("-slim AS base\nRUN pip install \\\n    --extra-index-url https://packages.example.org/simple/ \\\n")
            && !made.contains("python:3.8-slim")
            && made.contains("FROM python:3.8-buster\n"),
        "{made}"
    );
    let matrix = user.project.read(".github/workflows/ci.yml");
    assert!(
        matrix.contains("python: [\"3.") && !matrix.contains("3.8") && !matrix.contains("3.9"),
        "{matrix}"
    );

    let undone = user.run(&["deps", "--undo"]);
    assert_eq!(undone.code, Some(0), "{}", undone.err);
    assert_eq!(user.project.read("Dockerfile"), image);
    assert_eq!(user.project.read(".github/workflows/ci.yml"), workflow);

    user.project
        .write("Dockerfile", &image.replace("-buster", "-alpine"));
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let clean = user.run(&["deps"]);
    assert_eq!(clean.code, Some(0), "{}", clean.out);
}

#[test]
fn an_address_is_mended_unless_somebody_lives_with_it() {
    let user = User::new(&[(
        "requirements.txt",
        "--index-url http://packages.example.org/simple/  # hognose: ignore[package-over-http] on our own wire\nsix==1.16.0\n",
    )]);
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out.contains("No known vulnerability is left") && !run.out.contains("https"),
        "what is suppressed is not mended: {}",
        run.out
    );
    user.project.write(
        "requirements.txt",
        "--index-url http://packages.example.org/simple/\nsix==1.16.0\n",
    );
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(
        user.project.read("requirements.txt"),
        "--index-url https://packages.example.org/simple/\nsix==1.16.0\n"
    );
}

#[test]
fn a_lock_file_takes_an_address_from_its_tool_alone() {
    let project = "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.8\"\ndependencies = [\"six\"]\n\n[[tool.uv.index]]\nurl = \"http://packages.example.org/simple\"\n";
    let lock = "version = 1\nrequires-python = \">=3.8\"\n\n[[package]]\nname = \"shop\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"six\" }]\n\n[[package]]\nname = \"six\"\nversion = \"1.16.0\"\nsource = { registry = \"http://packages.example.org/simple\" }\n";
    let user = User::new(&[("pyproject.toml", project), ("uv.lock", lock)]);
    let plan = user.run(&["deps", "--fix", "--plan"]);
    assert!(
        plan.out
            .contains("Would run, in a copy of the project:\n  uv lock\n"),
        "{}",
        plan.out
    );
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(3), "{}{}", run.out, run.err);
    assert!(run.out.contains("`uv` is not installed"), "{}", run.out);
    assert!(
        run.out
            .ends_with("Left on how packages are asked for: 1 finding\n"),
        "{}",
        run.out
    );
    assert_eq!(user.project.read("pyproject.toml"), project);
    assert_eq!(user.project.read("uv.lock"), lock);
}

#[test]
fn a_build_of_its_own_is_not_exchanged() {
    let text = "-f https://builds.example.org/\ntorch==1.9.0+cu111\n";
    let user = User::new(&[("requirements.txt", text)]);
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.out.contains("it is a build of its own"), "{}", run.out);
    assert_eq!(user.project.read("requirements.txt"), text);
}

const COMPILED: &str = "#\n# This file is autogenerated by pip-compile with Python 3.11\n# by the following command:\n#\n#    pip-compile requirements.in\n#\npyyaml==5.3\n    # via -r requirements.in\n";

#[test]
fn a_tool_that_is_missing_is_named_and_the_rest_goes_on() {
    let user = User::new(&[
        ("requirements.in", "pyyaml\n"),
        ("requirements.txt", COMPILED),
        ("other/requirements.txt", "jinja2==2.10.0\n"),
    ]);
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(3), "{}{}", run.out, run.err);
    assert!(
        run.out
            .contains("`pip-compile`, which writes the lock file, is not installed"),
        "{}",
        run.out
    );
    assert_eq!(user.project.read("requirements.txt"), COMPILED);
    assert_ne!(
        user.project.read("other/requirements.txt"),
        "jinja2==2.10.0\n"
    );
}

#[test]
#[cfg(unix)]
fn a_tool_that_fails_changes_nothing_and_that_of_the_project_is_not_run() {
    use std::os::unix::fs::PermissionsExt;

    let user = User::new(&[
        ("requirements.in", "pyyaml\n"),
        ("requirements.txt", COMPILED),
        // A hostile project brings a tool of its own, where the search path begins with the working directory.
        ("pip-compile", "#!/bin/sh\ntouch \"$0.was-run\"\n"),
    ]);
    let tool = tempfile::tempdir().unwrap();
    let failing = tool.path().join("pip-compile");
    fs::write(
        &failing,
        "#!/bin/sh\necho broken > requirements.txt\necho 'no such release' >&2\nexit 1\n",
    )
    .unwrap();
    for file in [failing, user.project.path().join("pip-compile")] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let before = user.files();
    let path = format!(".::{}", tool.path().display());
    let run = user.run_with(&["deps", "--fix"], &path);
    assert_eq!(run.code, Some(3), "{}{}", run.out, run.err);
    assert!(
        run.out.contains("`pip-compile` could not: no such release"),
        "{}",
        run.out
    );
    assert_eq!(user.files(), before);
}

#[test]
fn what_a_header_would_run_is_not_run() {
    let header = COMPILED.replace("pip-compile requirements.in", "make requirements");
    let user = User::new(&[
        ("requirements.in", "pyyaml\n"),
        ("requirements.txt", &header),
    ]);
    let run = user.run(&["deps", "--fix"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(
        run.out
            .contains("it is made by `make requirements`, which is yours to run"),
        "{}",
        run.out
    );
}

#[test]
fn fixing_is_asked_for_in_the_right_way() {
    let user = User::new(&[("requirements.txt", "pyyaml==5.3\n")]);
    for wrong in [
        &["deps", "--plan"][..],
        &["deps", "--test", "true"],
        &["deps", "--fix", "--undo"],
        &["deps", "--fix", "--format", "json"],
        &["deps", "--fix", "--outdated"],
    ] {
        assert_eq!(user.run(wrong).code, Some(2), "{wrong:?}");
    }
    assert_eq!(user.project.read("requirements.txt"), "pyyaml==5.3\n");
    let clean = User::new(&[("requirements.txt", "six==1.16.0\n")]);
    assert_eq!(clean.run(&["deps", "--fix"]).code, Some(0));
}

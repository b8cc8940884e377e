use std::collections::BTreeMap;

use super::{Rule, judge};
use crate::date::Date;
use crate::inputs::{Entry, Files, discover};

/// A tree of files in memory.
struct Tree(BTreeMap<&'static str, &'static str>);

impl Files for Tree {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let text = self.0.get(path).ok_or("there is no such file")?;
        Ok(text.as_bytes().to_vec())
    }

    fn list(&self, directory: &str) -> Result<Vec<Entry>, String> {
        let prefix = if directory.is_empty() {
            String::new()
        } else {
            format!("{directory}/")
        };
        let mut entries: Vec<Entry> = Vec::new();
        for rest in self.0.keys().filter_map(|path| path.strip_prefix(&prefix)) {
            let (name, is_directory) = match rest.split_once('/') {
                Some((name, _)) => (name, true),
                None => (rest, false),
            };
            let entry = Entry {
                name: name.to_owned(),
                is_directory,
            };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}

/// Rule, file and line of each defect; a tilde before those for pedants.
fn defects<const N: usize>(files: [(&'static str, &'static str); N]) -> Vec<String> {
    let inventory = discover(&Tree(files.into()), "");
    let today = Date::parse("2026-11-22").unwrap();
    judge(&inventory, "", today, &|_| false)
        .into_iter()
        .map(|defect| {
            let mark = if defect.is_pedantic { "~" } else { "" };
            format!(
                "{mark}{} {}:{}",
                defect.rule.id(),
                defect.place.file,
                defect.place.line
            )
        })
        .collect()
}

#[test]
fn what_becomes_of_a_project_decides_about_open_versions() {
    let open = ("requirements.txt", "flask>=2\nrequests==2.31.0\n");
    assert_eq!(defects([open]), [""; 0], "nothing is known of it");
    assert_eq!(
        defects([open, ("Procfile", "web: gunicorn app\n")]),
        ["dependency-not-pinned requirements.txt:1"]
    );
    assert_eq!(
        defects([
            open,
            ("Procfile", ""),
            (
                "setup.py",
                "from setuptools import setup\nsetup(name='x')\n"
            )
        ]),
        [""; 0],
        "who is installed by others leaves versions open"
    );
    assert_eq!(
        defects([
            open,
            (
                "Dockerfile",
                "FROM python:3.13\nRUN pip install -r requirements.txt\n"
            )
        ]),
        ["dependency-not-pinned requirements.txt:1"]
    );
    // An image says so of what it installs, a pipeline does not.
    assert_eq!(
        defects([
            open,
            ("web/requirements.txt", "django\n"),
            (
                "web/docker/Dockerfile",
                "FROM python:3.13\nRUN pip install -r /app/requirements.txt\n"
            ),
            (
                ".github/workflows/a.yml",
                "      - run: pip install -r requirements.txt\n"
            ),
        ]),
        ["dependency-not-pinned web/requirements.txt:1"]
    );
    assert_eq!(
        defects([open, ("Procfile", ""), ("requirements.lock", "")]),
        ["dependency-not-pinned requirements.txt:1"],
        "an empty file locks nothing"
    );
    assert_eq!(
        defects([
            open,
            ("Procfile", ""),
            ("constraints.txt", "flask==3.0.3\n")
        ]),
        ["~requirement-without-hash requirements.txt:2"; 0]
    );
}

#[test]
fn a_lock_file_counts_wherever_it_lies_above() {
    let project = "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['flask>=3']\n";
    let lock = "version = 1\n\n[[package]]\nname = 'flask'\nversion = '3.0.3'\nsource = { registry = 'https://example.org/simple' }\n";
    assert_eq!(
        defects([("pyproject.toml", project)]),
        ["application-without-lock pyproject.toml:4"]
    );
    assert_eq!(
        defects([("pyproject.toml", project), ("uv.lock", lock)]),
        [""; 0]
    );
    assert_eq!(
        defects([("services/a/pyproject.toml", project), ("uv.lock", lock)]),
        [""; 0]
    );
}

#[test]
fn every_rule_has_an_id_of_its_own() {
    let mut ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Rule::ALL.len());
}

#[test]
fn pipelines_and_settings_are_read() {
    let workflow = "jobs:\n  test:\n    env:\n      PIP_INDEX_URL: http://example.org/simple # old\n    steps:\n      - run: pip install --trusted-host mirror.example.org .\n      - run: |\n          uv pip install \\\n            --no-verify-hashes -r requirements.txt\n          echo pip install --trusted-host no.example.org\n          # pip install --trusted-host no.example.org\n";
    assert_eq!(
        defects([
            (".github/workflows/test.yml", workflow),
            (
                "pip.conf",
                "[global]\nextra_index_url =\n    https://example.org/a\n    https://example.org/b\ntimeout = 3\n"
            ),
            (
                "uv.toml",
                "allow-insecure-host = ['example.org']\n[pip]\nverify-hashes = false\n"
            ),
        ]),
        [
            "package-over-http .github/workflows/test.yml:4",
            "package-index-without-tls .github/workflows/test.yml:6",
            "hash-checking-disabled .github/workflows/test.yml:9",
            "dependency-confusion pip.conf:3",
            "dependency-confusion pip.conf:4",
            "package-index-without-tls uv.toml:1",
            "hash-checking-disabled uv.toml:3",
        ]
    );
}

#[test]
fn contradictions_are_sought_in_all_that_one_run_installs() {
    assert_eq!(
        defects([
            ("base.txt", "x==1\n"),
            (
                "requirements.txt",
                "-r base.txt\nx==2\ny==1 ; os_name == 'nt'\ny==2\nz==1.0\nz==1\n"
            ),
            ("requirements-other.txt", "-r base.txt\nx>=1\n"),
        ]),
        ["contradictory-requirements requirements.txt:2"]
    );
}

#[test]
fn a_second_index_matters_where_the_first_is_another() {
    let confused = |options: &'static str| defects([("requirements.txt", options)]);
    let private = "dependency-confusion requirements.txt:1";
    assert_eq!(
        confused("--extra-index-url https://example.org/simple\nx==1\n"),
        [private]
    );
    assert_eq!(
        confused("--extra-index-url https://${TOKEN}@example.org/simple\nx==1\n"),
        [private]
    );
    for harmless in [
        "--extra-index-url https://download.pytorch.org/whl/cpu\n",
        "--extra-index-url ${INDEX}\n",
        "--extra-index-url https://example.org/a\n--index-url https://example.org/b\n",
        "--extra-index-url https://example.org/a\n--index-url $MIRROR\n",
    ] {
        assert_eq!(confused(harmless), [format!("~{private}")], "{harmless}");
    }
    assert_eq!(
        confused("--extra-index-url https://example.org/a\n--require-hashes\n"),
        [""; 0]
    );
    assert_eq!(
        defects([(
            "tests/requirements.txt",
            "--extra-index-url https://example.org/a\n"
        )]),
        ["~dependency-confusion tests/requirements.txt:1"]
    );
    // What is compiled is judged, not what it is compiled from.
    let compiled = |text| {
        defects([
            (
                "requirements.in",
                "--extra-index-url https://example.org/a\nx\n",
            ),
            ("requirements.txt", text),
        ])
    };
    let without = "#\n# This file is autogenerated by pip-compile\n#    pip-compile requirements.in\n#\n--extra-index-url https://example.org/a\nx==1\n    # via -r requirements.in\n";
    assert_eq!(
        compiled(without),
        ["dependency-confusion requirements.txt:5"]
    );
    let with = "#\n# This file is autogenerated by pip-compile\n#    pip-compile requirements.in\n#\n--extra-index-url https://example.org/a\nx==1 --hash=sha256:00\n    # via -r requirements.in\n";
    assert_eq!(compiled(with), [""; 0]);
    // A variable of an image that is only declared has no value.
    let image = "FROM python:3.13\nARG PIP_EXTRA_INDEX_URL UV_EXTRA_INDEX_URL\nENV PIP_INDEX_URL http://example.org\n";
    assert_eq!(
        defects([("Dockerfile", image)]),
        ["package-over-http Dockerfile:3"]
    );
    let best = "FROM python:3.13\nENV UV_INDEX_STRATEGY=unsafe-best-match\nRUN uv pip install --extra-index-url https://example.org/a x==1\n";
    assert_eq!(
        defects([("Dockerfile", best)]),
        ["dependency-confusion Dockerfile:2"]
    );
}

#[test]
fn names_that_are_taken_confuse_nobody() {
    let image = "FROM python:3.13\nRUN pip install --extra-index-url https://example.org/a -r requirements.txt\n";
    let confused = |files: [(&'static str, &'static str); 2]| {
        let mut told = defects(files);
        told.retain(|one| one.contains("confusion"));
        told
    };
    let of = |requirements| confused([("Dockerfile", image), ("requirements.txt", requirements)]);
    let private = "dependency-confusion Dockerfile:2";
    assert_eq!(
        of("flask==3.0.0\npycparser==2.21\n"),
        [format!("~{private}")]
    );
    // A name that nobody knows may be a private one, and so may be what a path or a repository brings.
    for open in [
        "flask==3.0.0\nshop-payments==1.0\n",
        "flask==3.0.0\n./vendored/shop\n",
        "flask==3.0.0\n-r more.txt\n",
    ] {
        assert_eq!(of(open), [private], "{open}");
    }
    let elsewhere = [
        ("Dockerfile", image),
        ("other/requirements.txt", "flask==3.0.0\n"),
    ];
    assert_eq!(confused(elsewhere), [private]);
}

#[test]
fn members_of_a_workspace_are_in_its_lock_file() {
    let project = "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"till\", \"six\"]\n[tool.uv.workspace]\nmembers = [\"till\"]\n[tool.uv.sources]\ntill = { workspace = true }\n";
    let lock = "version = 1\n[manifest]\nmembers = [\"shop\", \"till\"]\n[[package]]\nname = \"shop\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"six\" }, { name = \"till\" }]\n[[package]]\nname = \"six\"\nversion = \"1.16.0\"\nsource = { registry = \"https://example.org/simple\" }\n[[package]]\nname = \"till\"\nversion = \"1\"\nsource = { editable = \"till\" }\n";
    let member = "[project]\nname = \"till\"\nversion = \"1\"\n";
    let of = |project| {
        defects([
            ("pyproject.toml", project),
            ("uv.lock", lock),
            ("till/pyproject.toml", member),
        ])
    };
    assert_eq!(of(project), [""; 0]);
    let other = "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"till\", \"six\", \"gone\"]\n";
    assert_eq!(of(other), ["manifest-and-lock-disagree pyproject.toml:4"]);
}

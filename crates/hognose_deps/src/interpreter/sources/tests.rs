use super::{Role, Wanted, is_source, read};

/// Line, column and what is wanted, of every use.
fn uses(path: &str, text: &str) -> Vec<String> {
    assert!(is_source(path), "{path}");
    let uses = read(path, text.as_bytes());
    let show = |wanted: Wanted| match wanted {
        Wanted::Release(release) => release.to_string(),
        Wanted::AnyOf(sets) => sets
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" or "),
        Wanted::Other(text) => format!("?{text}"),
    };
    uses.into_iter()
        .map(|found| {
            format!(
                "{}:{} {}",
                found.place.line,
                found.place.column,
                show(found.wanted)
            )
        })
        .collect()
}

#[test]
fn version_files() {
    assert_eq!(
        uses(
            ".python-version",
            "# comment\n3.11.4\n 3.12 # too\npypy3.10-7.3.12\n"
        ),
        ["2:1 3.11.4", "3:2 3.12", "4:1 ?pypy3.10-7.3.12"]
    );
    assert_eq!(uses("app/runtime.txt", "python-3.8.10\r\n"), ["1:1 3.8.10"]);
    assert_eq!(
        uses(".tool-versions", "nodejs 20.1\npython 3.11.4 3.9\n"),
        ["2:8 3.11.4", "2:15 3.9"]
    );
    assert_eq!(
        uses(
            "mise.toml",
            "[tools]\npython = ['3.11', {version = \"3.12.1\"}]\n"
        ),
        ["2:11 3.11", "2:30 3.12.1"]
    );
    assert_eq!(
        uses("mise.toml", "[tools]\npython = {version = '3.9'}\n"),
        ["2:21 3.9"]
    );
    assert_eq!(
        uses(
            "venv/pyvenv.cfg",
            "home = /usr/bin\nversion_info = 3.11.4.final.0\n"
        ),
        ["2:16 3.11.4"]
    );
    assert_eq!(
        uses("Pipfile", "[requires]\npython_version = \"3.8\"\n"),
        ["2:18 3.8"]
    );
}

#[test]
fn manifests() {
    assert_eq!(
        uses(
            "pyproject.toml",
            "[project]\nrequires-python = \">=3.8,<4\"\n"
        ),
        ["2:19 >=3.8, <4"]
    );
    assert_eq!(
        uses(
            "pyproject.toml",
            "[tool.poetry.dependencies]\npython = \"^3.8\"\n"
        ),
        ["2:10 >=3.8, <4"]
    );
    assert_eq!(
        uses(
            "setup.cfg",
            "[metadata]\nname = x\n[options]\npython_requires = >=3.6\n"
        ),
        ["4:19 >=3.6"]
    );
    assert_eq!(
        uses(
            "setup.py",
            "setup(\n  # python_requires='>=2.7',\n  python_requires='>=3.7',\n)\n"
        ),
        ["3:20 >=3.7"]
    );
    assert_eq!(
        uses("setup.cfg", "[mypy]\npython_requires = >=3.6\n"),
        Vec::<String>::new()
    );
}

#[test]
fn images() {
    let text = "ARG V=3.8\nFROM --platform=linux/amd64 docker.io/library/python:3.11.4-slim AS base\n\
        from python:${V}-alpine\nFROM python:3\nFROM python\nFROM ubuntu:22.04\nFROM base\nFROM my/python-tools:3.7\n\
        FROM python:$UNKNOWN\nFROM host:5000/python:3.9@sha256:00\n";
    assert_eq!(
        uses("Dockerfile", text),
        ["2:29 3.11.4", "3:6 3.8", "9:6 ?$UNKNOWN", "10:6 3.9"]
    );
    assert!(
        is_source("deploy/Dockerfile.web")
            && is_source("web.dockerfile")
            && !is_source("docker.md")
    );
    assert!(
        read("Dockerfile", b"FROM python:3.9")
            .iter()
            .all(|found| found.role == Role::Deployed)
    );
}

#[test]
fn workflows() {
    let text = r#"
jobs:
  test:
    container: python:3.7
    strategy:
      matrix:
        py: ["3.8", 3.9, 3.10]
        os: ["3.6"]
        include:
          - py: "3.12"
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.py }}
      - uses: actions/setup-python@v5
        with:
          python-version: |
            3.11
            3.13
      - uses: other/action@v1
        with: {python-version: "2.7"}
"#;
    assert_eq!(
        uses(".github/workflows/ci.yml", text),
        [
            "4:16 3.7",
            "18:13 3.11",
            "18:13 3.13",
            "7:14 3.8",
            "7:21 3.9",
            "7:26 3.1",
            "10:17 3.12"
        ]
    );
    let text = "variables:\n  V: '3.8'\nimage: python:$V\ntest:\n  image: {name: 'python:${P}-slim'}\n  parallel:\n    matrix:\n      - P: ['3.9', '3.12']\n";
    assert_eq!(
        uses(".gitlab-ci.yml", text),
        ["3:8 3.8", "8:13 3.9", "8:20 3.12"]
    );
}

#[test]
fn test_runners() {
    let text = "[tox]\nenvlist = py38,py{39,310}-django,lint\n  pypy3, py3{11,12}\n[testenv:old]\nbasepython = python3.6\n";
    assert_eq!(
        uses("tox.ini", text),
        [
            "2:11 3.8",
            "2:19 3.9",
            "2:22 3.10",
            "3:14 3.11",
            "3:17 3.12",
            "5:14 3.6"
        ]
    );
    let text = "@nox.session(reuse_venv=True, python=['3.8', \"3.12\"])\ndef a(session): ...\n@nox.session(python='3.9')\ndef b(s): ...\n";
    assert_eq!(
        uses("noxfile.py", text),
        ["1:40 3.8", "1:47 3.12", "3:22 3.9"]
    );
}

#[test]
fn nothing_in_a_file_is_nothing() {
    for path in [
        ".python-version",
        "pyproject.toml",
        "tox.ini",
        "Dockerfile",
        ".gitlab-ci.yml",
        ".github/workflows/x.yaml",
        "noxfile.py",
        "pyvenv.cfg",
    ] {
        for text in [
            "",
            "\u{feff}",
            "[",
            "{{{{",
            "FROM",
            "a: &a [*a]",
            "ARG =\nFROM $",
            "FROM ${",
            "=",
            "[tox]\nenvlist=py{",
        ] {
            uses(path, text);
        }
    }
}

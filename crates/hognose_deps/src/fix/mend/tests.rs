use std::collections::BTreeMap;

use super::super::edit::{self, Edit};
use super::{Mend, Stays, address, interpreter};
use crate::date::Date;
use crate::hygiene::{self, Rule};
use crate::inputs::{self, Entry, Files};
use crate::interpreter::facts;
use crate::interpreter::sources;

struct Tree(BTreeMap<&'static str, &'static str>);

impl Files for Tree {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let text = self.0.get(path).ok_or("there is no such file")?;
        Ok(text.as_bytes().to_vec())
    }

    fn list(&self, directory: &str) -> Result<Vec<Entry>, String> {
        let files = self.0.keys().filter(|path| !path.contains('/'));
        let entries = files.map(|path| Entry {
            name: (*path).to_owned(),
            is_directory: false,
        });
        directory
            .is_empty()
            .then(|| entries.collect())
            .ok_or_else(|| "there is no such directory".to_owned())
    }
}

/// What becomes of a file, and of what stays in it the reasons.
fn made(path: &str, text: &str, mends: &[Mend], mut stays: Vec<Stays>) -> (String, Vec<String>) {
    let mut possible = Vec::new();
    for mend in mends.iter().filter(|mend| &*mend.place().file == path) {
        match edit::apply(path, text.as_bytes(), &[Edit::Mend(mend)]) {
            Ok(_) => possible.push(Edit::Mend(mend)),
            Err(fault) => stays.push(mend.stays(fault.to_string())),
        }
    }
    let after = edit::apply(path, text.as_bytes(), &possible).expect("each can be made");
    let reasons = stays
        .into_iter()
        .map(|one| format!("{}: {}", one.what, one.why));
    (String::from_utf8(after).expect("UTF-8"), reasons.collect())
}

/// The day of the tests: 3.10 has ended, 3.11 has not.
const TODAY: &str = "2026-11-23";

fn moved_beside(
    path: &'static str,
    text: &'static str,
    beside: &'static str,
) -> (String, Vec<String>) {
    let mut uses = sources::read("pyproject.toml", beside.as_bytes());
    uses.extend(sources::read(path, text.as_bytes()));
    let facts = facts::embedded().expect("facts");
    let today = Date::parse(TODAY).expect("a day");
    let (mends, stays) = interpreter::choose(&uses, facts, today);
    made(path, text, &mends, stays)
}

fn moved(path: &'static str, text: &'static str) -> (String, Vec<String>) {
    moved_beside(path, text, "")
}

/// The newest release of a branch, as far as known.
fn latest(branch: &str) -> String {
    let branch = crate::interpreter::Branch::parse(branch).expect("a branch");
    let facts = facts::embedded().expect("facts");
    facts
        .branch(branch)
        .expect("it is known")
        .latest
        .to_string()
}

#[test]
fn an_ended_branch_gives_way_to_the_oldest_that_is_mended() {
    let exact = latest("3.11");
    for (path, before, after) in [
        (
            "Dockerfile",
            "FROM python:3.8\nRUN true\n",
            "FROM python:3.11\nRUN true\n",
        ),
        (
            "Dockerfile",
            "FROM --platform=linux/amd64 docker.io/library/python:3.8.10-slim-bookworm AS base\r\nFROM base\r\nfrom python:3.12-slim\r\n",
            "FROM --platform=linux/amd64 docker.io/library/python:EXACT-slim-bookworm AS base\r\nFROM base\r\nfrom python:3.12-slim\r\n",
        ),
        (".python-version", "# ours\n3.8.10\n", "# ours\nEXACT\n"),
        (".python-version", "3.8.10\n3.12\n3.9\n", "EXACT\n3.12\n"),
        ("runtime.txt", "python-3.8.10", "python-EXACT"),
        (
            ".tool-versions",
            "nodejs 20.1\npython 3.9.1 3.11\n",
            "nodejs 20.1\npython 3.11\n",
        ),
        (
            "mise.toml",
            "[tools]\npython = {version = '3.9'}\n",
            "[tools]\npython = {version = '3.11'}\n",
        ),
        (
            "Pipfile",
            "[requires]\npython_version = \"3.8\"\n",
            "[requires]\npython_version = \"3.11\"\n",
        ),
        (
            "tox.ini",
            "[tox]\nenvlist = py38,py{39,312}-django,lint\n  py3{10,13}\n",
            "[tox]\nenvlist = py311,py{312}-django,lint\n  py3{13}\n",
        ),
        (
            "noxfile.py",
            "@nox.session(python=['3.8', \"3.12\"])\ndef a(session): ...\n",
            "@nox.session(python=['3.11', \"3.12\"])\ndef a(session): ...\n",
        ),
        (
            ".gitlab-ci.yml",
            "test:\n  image: 'python:${P}-slim'\n  parallel:\n    matrix:\n      - P: ['3.9', '3.11']\n",
            "test:\n  image: 'python:${P}-slim'\n  parallel:\n    matrix:\n      - P: ['3.11']\n",
        ),
    ] {
        let (made, stays) = moved(path, before);
        assert_eq!(made, after.replace("EXACT", &exact), "{path}: {stays:?}");
        assert_eq!(stays, Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_workflow_names_each_version_once() {
    let before = "jobs:\n  test:\n    strategy:\n      matrix:\n        py: [3.8, \"3.9\", '3.12']\n    steps:\n      - uses: actions/setup-python@v5\n        with:\n          python-version: ${{ matrix.py }}\n  other:\n    container: python:3.8-alpine\n    strategy:\n      matrix:\n        v:\n          - 3.9  # old\n          - \"3.10\"\n          - \"3.11\"\n    steps:\n      - uses: actions/setup-python@v5\n        with: {python-version: \"${{ matrix.v }}\"}\n      - uses: actions/setup-python@v5\n        with:\n          python-version: |\n            3.8\n            3.13\n      - uses: actions/setup-python@v5\n        with:\n          python-version: 3.8.x\n";
    let after = "jobs:\n  test:\n    strategy:\n      matrix:\n        py: [3.11, '3.12']\n    steps:\n      - uses: actions/setup-python@v5\n        with:\n          python-version: ${{ matrix.py }}\n  other:\n    container: python:3.11-alpine\n    strategy:\n      matrix:\n        v:\n          - \"3.11\"\n    steps:\n      - uses: actions/setup-python@v5\n        with: {python-version: \"${{ matrix.v }}\"}\n      - uses: actions/setup-python@v5\n        with:\n          python-version: |\n            3.11\n            3.13\n      - uses: actions/setup-python@v5\n        with:\n          python-version: 3.11.x\n";
    let (made, stays) = moved(".github/workflows/ci.yml", before);
    assert_eq!(made, after, "{stays:?}");
    assert_eq!(stays, Vec::<String>::new());
}

#[test]
fn a_release_is_patched_on_its_branch() {
    let (made, stays) = moved("Dockerfile", "FROM python:3.12.1-slim\nFROM python:3.12\n");
    let latest = latest("3.12");
    assert_eq!(
        made,
        format!("FROM python:{latest}-slim\nFROM python:3.12\n")
    );
    assert_eq!(stays, Vec::<String>::new());
}

#[test]
fn the_project_says_what_it_supports() {
    let project = "[project]\nrequires-python = \">=3.8,!=3.11.*,!=3.12.*\"\n";
    let (made, _) = moved_beside("app/Dockerfile", "FROM python:3.9\n", project);
    assert_eq!(made, "FROM python:3.13\n");
    let project = "[tool.poetry.dependencies]\npython = \"~3.8\"\n";
    let (made, stays) = moved_beside("Dockerfile", "FROM python:3.8\n", project);
    assert_eq!(made, "FROM python:3.8\n");
    assert_eq!(
        stays,
        ["Python 3.8: pyproject.toml:2 does not allow any branch that gets fixes"]
    );
}

#[test]
fn what_is_not_known_stays() {
    for (path, text, why) in [
        (
            "Dockerfile",
            "FROM python:3.8-buster\n",
            "whether there is such an image",
        ),
        ("Dockerfile", "FROM python:3.8@sha256:00\n", "its digest"),
        (
            "Dockerfile",
            "FROM registry.example/python:3.8\n",
            "that registry",
        ),
        ("Dockerfile", "ARG V=3.8\nFROM python:${V}\n", "a variable"),
        ("Dockerfile", "FROM python:2.7\n", "has to be ported"),
        ("venv/pyvenv.cfg", "version = 3.8.1\n", "made anew"),
        (
            "tox.ini",
            "[tox]\nenvlist = py38\n[testenv:py38]\ndeps = six\n",
            "settings of its own",
        ),
        (
            "tox.ini",
            "[tox]\nenvlist = py38-web, py311-lint\n",
            "yours to take out",
        ),
    ] {
        let (made, stays) = moved(path, text);
        assert_eq!(made, text);
        assert!(
            matches!(stays.as_slice(), [one] if one.contains(why)),
            "{text}: {stays:?}"
        );
    }
}

fn encrypted(path: &'static str, text: &'static str) -> (String, Vec<String>) {
    let tree = Tree(BTreeMap::from([(path, text)]));
    let inventory = inputs::read(&tree, path);
    let today = Date::parse(TODAY).expect("a day");
    let defects = hygiene::judge(&inventory, "", today, &|_| false);
    let told: Vec<_> = defects.iter().filter(|one| !one.is_pedantic).collect();
    assert!(
        told.iter().any(|defect| defect.rule == Rule::OverHttp),
        "{path}: {told:?}"
    );
    let (mends, stays) = address::choose(&inventory, &told);
    let made = made(path, text, &mends, stays);
    // What is mended is not told again, nor is that a host is trusted.
    if made.1.is_empty() {
        let tree = Tree(BTreeMap::from([(path, &*made.0.clone().leak())]));
        let defects = hygiene::judge(&inputs::read(&tree, path), "", today, &|_| false);
        let is_of_index = |rule| matches!(rule, Rule::OverHttp | Rule::WithoutTls);
        assert!(
            !defects.iter().any(|one| is_of_index(one.rule)),
            "{}: {defects:?}",
            made.0
        );
    }
    made
}

#[test]
fn the_scheme_changes_where_the_address_stands() {
    for (path, before, after) in [
        (
            "requirements.txt",
            "# http://a.example/simple\r\n--index-url http://a.example/simple  # ours\r\n--trusted-host a.example\r\nsix==1.16.0\r\n",
            "# http://a.example/simple\r\n--index-url https://a.example/simple  # ours\r\nsix==1.16.0\r\n",
        ),
        (
            "requirements.txt",
            "-i http://u:p@a.example/simple\n--trusted-host=a.example --no-binary six\nsix==1.16.0",
            "-i https://u:p@a.example/simple\n--no-binary six\nsix==1.16.0",
        ),
        (
            "requirements.txt",
            "shop @ http://a.example/shop-1.0.tar.gz ; os_name == 'nt'\n",
            "shop @ https://a.example/shop-1.0.tar.gz ; os_name == 'nt'\n",
        ),
        (
            "requirements.txt",
            "git+http://a.example/shop.git@main#egg=shop\n",
            "git+https://a.example/shop.git@main#egg=shop\n",
        ),
        (
            "Dockerfile",
            "FROM python:3.13\nRUN pip install --trusted-host a.example \\\n    --extra-index-url http://a.example/ \\\n    six==1.16.0\nFROM python:3.13\nRUN pip install six==1.16.0 --extra-index-url=http://a.example/ --trusted-host a.example\n",
            "FROM python:3.13\nRUN pip install \\\n    --extra-index-url https://a.example/ \\\n    six==1.16.0\nFROM python:3.13\nRUN pip install six==1.16.0 --extra-index-url=https://a.example/\n",
        ),
        (
            "Dockerfile",
            "RUN pip install six==1.16.0 \\\n    -i 'http://a.example/' \\\n    --trusted-host a.example\nRUN true\n",
            "RUN pip install six==1.16.0 \\\n    -i 'https://a.example/'\nRUN true\n",
        ),
        (
            "Dockerfile",
            "ENV PIP_INDEX_URL=http://a.example/simple PIP_NO_CACHE_DIR=1\n",
            "ENV PIP_INDEX_URL=https://a.example/simple PIP_NO_CACHE_DIR=1\n",
        ),
        (
            "pip.conf",
            "[global]\nindex-url = http://a.example/simple\ntrusted-host = a.example\ntimeout = 5\n",
            "[global]\nindex-url = https://a.example/simple\ntimeout = 5\n",
        ),
        (
            "Pipfile",
            "[[source]]\nname = \"a\"\nurl = \"http://a.example/simple\"\nverify_ssl = false\n\n[packages]\n",
            "[[source]]\nname = \"a\"\nurl = \"https://a.example/simple\"\nverify_ssl = true\n\n[packages]\n",
        ),
        (
            "pyproject.toml",
            "[project]\nname = \"shop\"\n[tool.uv]\nallow-insecure-host = [\"b.example\", \"a.example\"]\n[[tool.uv.index]]\nurl = 'http://a.example/simple' # ours\n[[tool.uv.index]]\nurl = 'http://127.0.0.1:3141/simple'\n",
            "[project]\nname = \"shop\"\n[tool.uv]\nallow-insecure-host = [\"b.example\"]\n[[tool.uv.index]]\nurl = 'https://a.example/simple' # ours\n[[tool.uv.index]]\nurl = 'http://127.0.0.1:3141/simple'\n",
        ),
        (
            ".gitlab-ci.yml",
            "variables:\n  PIP_INDEX_URL: \"http://a.example/simple\"\n",
            "variables:\n  PIP_INDEX_URL: \"https://a.example/simple\"\n",
        ),
    ] {
        let tls = after.contains("b.example");
        let (made, stays) = if tls {
            // Another host that is trusted is another matter.
            let tree = Tree(BTreeMap::from([(path, before)]));
            let inventory = inputs::read(&tree, path);
            let today = Date::parse(TODAY).expect("a day");
            let defects = hygiene::judge(&inventory, "", today, &|_| false);
            let (mends, stays) = address::choose(&inventory, &defects.iter().collect::<Vec<_>>());
            made(path, before, &mends, stays)
        } else {
            encrypted(path, before)
        };
        assert_eq!(made, after, "{stays:?}");
        assert_eq!(stays, Vec::<String>::new(), "{before}");
    }
}

#[test]
fn addresses_that_may_not_answer_stay() {
    for (path, text, why) in [
        (
            "requirements.txt",
            "-i http://a.example:8080/simple\n--trusted-host a.example\nsix==1.16.0\n",
            "it names a port",
        ),
        (
            "requirements.txt",
            "git+git://a.example/shop.git#egg=shop\n",
            "served over HTTPS is not known",
        ),
        (
            "requirements.txt",
            "#\n# This file is autogenerated by pip-compile with Python 3.11\n# by the following command:\n#\n#    pip-compile requirements.in\n#\n--index-url http://a.example/simple\n\nsix==1.16.0\n    # via -r requirements.in\n",
            "a tool wrote this file",
        ),
    ] {
        let tree = Tree(BTreeMap::from([(path, text)]));
        let inventory = inputs::read(&tree, path);
        let today = Date::parse(TODAY).expect("a day");
        let defects = hygiene::judge(&inventory, "", today, &|_| false);
        let told: Vec<_> = defects.iter().collect();
        let (mends, stays) = address::choose(&inventory, &told);
        let (made, stays) = made(path, text, &mends, stays);
        assert_eq!(made, text);
        assert!(
            matches!(stays.as_slice(), [one] if one.contains(why)),
            "{text}: {stays:?} {told:?}"
        );
    }
}

proptest::proptest! {
    /// No text makes it panic.
    #[test]
    fn nothing_panics(
        before in "[ -~äß\\r\\n\\\\\"'\\[\\],{}#|-]{0,40}",
        after in "[ -~äß\\r\\n\\\\\"'\\[\\],{}#|-]{0,40}",
        core in proptest::sample::select(vec![
            "python:3.8-slim", "3.8", "3.8.10", "['3.8', \"3.9\", 3.11]", "- 3.8\n- 3.11\n", "py38,py{39,311}",
            "--trusted-host a.example\n-i http://a.example/\n", "--trusted-host \\\n a.example -i http://a.example/",
            "index-url = http://a.example/\ntrusted-host = a.example\n", "python-version: |\n  3.8\n  3.11\n",
        ]),
        (path, begin) in proptest::sample::select(vec![
            (".python-version", ""), ("Dockerfile", "FROM "), ("Dockerfile", "RUN pip install "), ("tox.ini", "[tox]\nenvlist = "),
            (".github/workflows/a.yml", "jobs: {a: {steps: [{uses: actions/setup-python@v5, with: {python-version: "),
            ("mise.toml", "[tools]\npython = "), ("requirements.txt", ""), ("pip.conf", ""), (".tool-versions", "python "),
            ("noxfile.py", "@session(python="),
        ]),
    ) {
        let text = format!("{begin}{before}{core}{after}");
        let bytes = text.as_bytes();
        let today = Date::parse(TODAY).expect("a day");
        let tree = Tree(BTreeMap::from([(path, &*text.clone().leak())]));
        let inventory = inputs::read(&tree, path);
        let defects = hygiene::judge(&inventory, "", today, &|_| false);
        let (mut mends, _) = address::choose(&inventory, &defects.iter().collect::<Vec<_>>());
        let facts = facts::embedded().expect("facts");
        mends.extend(interpreter::choose(&sources::read(path, bytes), facts, today).0);
        let edits: Vec<Edit> = mends.iter().map(Edit::Mend).collect();
        for edit in &edits {
            let _ = edit::apply(path, bytes, &[*edit]);
        }
        let _ = edit::apply(path, bytes, &edits);
    }
}

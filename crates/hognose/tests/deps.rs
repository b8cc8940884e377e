//! `hognose deps`, and the dependencies in `hognose check`, as their users run them.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Project, Run};

const YAML: &str = "# pinned long ago\nPyYAML==5.3\nsix == 1.16.0\n";

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

/// Packages by name, with the words of their advisories' reach.
fn reach(run: &Run) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = json(run);
    let packages = all.as_array().unwrap().iter();
    packages
        .map(|package| {
            let advisories = package["advisories"].as_array().unwrap().iter();
            let reach = advisories
                .map(|advisory| text(&advisory["reach"]))
                .collect();
            (text(&package["package"]), reach)
        })
        .collect()
}

#[test]
fn every_pinned_version_is_one_object() {
    let project = Project::new(&[("requirements.txt", YAML), ("app.py", "import os\n")]);
    let run = project.run(&["deps", "--format", "json"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
    let all = json(&run);
    let [yaml, six] = all.as_array().unwrap().as_slice() else {
        panic!("{all}");
    };
    let keys: Vec<&String> = yaml.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["package", "version", "file", "line", "marker", "advisories"]
    );
    assert_eq!(yaml["package"], "pyyaml");
    assert_eq!(
        (&yaml["file"], &yaml["line"]),
        (&"requirements.txt".into(), &2.into())
    );
    let advisory = yaml["advisories"]
        .as_array()
        .unwrap()
        .iter()
        .find(|advisory| {
            advisory["aliases"]
                .as_array()
                .unwrap()
                .contains(&"CVE-2020-14343".into())
        })
        .expect("PyYAML 5.3 has it");
    let keys: Vec<&String> = advisory.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "id",
            "aliases",
            "fixed_in",
            "clears_all",
            "severity",
            "reach"
        ]
    );
    assert_eq!(advisory["fixed_in"], "5.4");
    assert_eq!(advisory["reach"], "not-imported");
    assert_eq!(
        (&six["version"], &six["advisories"]),
        (&"1.16.0".into(), &Value::Array(vec![]))
    );
}

#[test]
fn every_version_that_a_marker_allows_is_judged() {
    let text =
        "urllib3==1.26.4 ; python_version < \"3.8\"\nurllib3==2.2.2 ; python_version >= \"3.8\"\n";
    let project = Project::new(&[("requirements.txt", text)]);
    let all = json(&project.run(&["deps", "--format", "json"]));
    let found: Vec<(&str, &str, bool)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let vulnerable = !package["advisories"].as_array().unwrap().is_empty();
            (
                package["version"].as_str().unwrap(),
                package["marker"].as_str().unwrap(),
                vulnerable,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("1.26.4", "python_version < \"3.8\"", true),
            ("2.2.2", "python_version >= \"3.8\"", false)
        ]
    );
}

#[test]
fn reach_is_seen_in_the_code() {
    let cases = [
        ("import yaml\nyaml.full_load(open('x'))\n", "symbol-used"),
        ("from yaml import safe_load\nsafe_load('')\n", "imported"),
        ("import json\n", "not-imported"),
        (
            "import importlib\nimportlib.import_module(input())\n",
            "unknown",
        ),
        // A constant beginning tells the package.
        (
            "import importlib\ndef f(x): importlib.import_module(f'shop.{x}')\n",
            "not-imported",
        ),
        (
            "import importlib\nimportlib.import_module('yaml')\n",
            "imported",
        ),
    ];
    for (code, expected) in cases {
        let project = Project::new(&[("requirements.txt", YAML), ("app.py", code)]);
        let found = reach(&project.run(&["deps", "--format", "json"]));
        assert!(
            found[0].1.iter().any(|reach| reach == expected),
            "{code}: {found:?}"
        );
    }
    // A call is harmless only if it is certain that its argument is.
    let loads = [
        ("yaml.load(x, Loader=yaml.SafeLoader)", false),
        ("yaml.load(x, yaml.CSafeLoader)", false),
        ("yaml.load(*x, Loader=yaml.SafeLoader)", false),
        ("yaml.load(x, Loader=Own)", false),
        (
            "yaml.load(x, Loader=yaml.SafeLoader if x else yaml.BaseLoader)",
            false,
        ),
        ("yaml.load(x, Loader=Mixed)", true),
        ("yaml.load(x, Loader=Open)", true),
        (
            "yaml.load(x, Loader=yaml.SafeLoader if x else yaml.Loader)",
            true,
        ),
        ("yaml.load(x, Loader=loader)", true),
        ("yaml.load(*x, yaml.SafeLoader)", true),
        ("yaml.load(x, **options)", true),
        ("yaml.load(x)", true),
    ];
    for (call, is_used) in loads {
        let code = format!(
            "import yaml\n\nclass Own(yaml.SafeLoader): pass\nclass Mixed(yaml.SafeLoader, yaml.Loader): pass\n\
             class Open(yaml.SafeLoader, input()): pass\ndef f(x, loader, options):\n    return {call}\n"
        );
        let project = Project::new(&[("requirements.txt", YAML), ("app.py", &code)]);
        let found = reach(&project.run(&["deps", "--format", "json"]));
        let expected = if is_used { "symbol-used" } else { "imported" };
        assert!(
            found[0].1.iter().any(|reach| reach == expected)
                && (is_used || found[0].1.iter().all(|reach| reach == expected)),
            "{call}: {found:?}"
        );
    }
    // Without code nothing is known, and a module of the project's own is no distribution.
    let alone = Project::new(&[("requirements.txt", YAML)]);
    let found = reach(&alone.run(&["deps", "--format", "json", "requirements.txt"]));
    assert!(
        found[0].1.iter().all(|reach| reach == "unknown"),
        "{found:?}"
    );
    let own = Project::new(&[
        ("requirements.txt", YAML),
        ("app.py", "import yaml\n"),
        ("yaml.py", "x = 1\n"),
    ]);
    let found = reach(&own.run(&["deps", "--format", "json"]));
    assert!(
        found[0].1.iter().all(|reach| reach == "not-imported"),
        "{found:?}"
    );
}

#[test]
fn the_metadata_of_an_environment_tells_the_modules() {
    let project = Project::new(&[
        ("requirements.txt", "gunicorn==19.0.0\n"),
        ("app.py", "import unusual_name\n"),
        (
            ".venv/lib/python3.12/site-packages/gunicorn-19.0.0.dist-info/RECORD",
            "unusual_name/__init__.py,,\n",
        ),
    ]);
    let found = reach(&project.run(&["deps", "--format", "json"]));
    assert!(
        found[0].1.iter().all(|reach| reach == "imported"),
        "{found:?}"
    );
}

#[test]
fn every_kind_of_input_is_read_by_its_text() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hognose_deps/tests/inputs");
    for (file, some) in [
        ("uv/uv.lock", 20),
        ("poetry-1/poetry.lock", 18),
        ("poetry-2/poetry.lock", 21),
        ("pdm/pdm.lock", 5),
        ("pipenv/Pipfile.lock", 13),
        ("pylock/pylock.toml", 15),
        ("conda/conda-lock.yml", 2),
        ("records/pip-inspect.json", 1),
        ("records/bom.cdx.json", 15),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let name = directory.path().join("whatever");
        std::fs::copy(fixtures.join(file), &name).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_hognose"))
            .args(["deps", "--format", "json", "whatever"])
            .current_dir(directory.path())
            .env_clear()
            .output()
            .unwrap();
        let run = Run::from(output);
        let all = json(&run);
        assert!(all.as_array().unwrap().len() >= some, "{file}: {}", run.out);
    }
}

#[test]
fn a_lock_file_of_each_kind_has_its_findings() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hognose_deps/tests/inputs");
    let record = r#"{"id": "OWN-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"package":
        {"ecosystem": "PyPI", "name": "HTTPX"}, "ranges": [{"type": "ECOSYSTEM", "events":
        [{"introduced": "0.25"}, {"fixed": "0.28.0"}, {"introduced": "0.28.1"}, {"fixed": "0.28.2"}]}]}]}"#;
    for (file, line, version, fixed_in) in [
        ("uv/uv.lock", 165, "0.28.1", "0.28.2"),
        ("poetry-1/poetry.lock", 159, "0.27.2", "0.28.0"),
        ("poetry-2/poetry.lock", 198, "0.27.2", "0.28.0"),
        ("pdm/pdm.lock", 34, "0.28.1", "0.28.2"),
        ("pipenv/Pipfile.lock", 55, "0.28.1", "0.28.2"),
        ("pylock/pylock.toml", 77, "0.28.1", "0.28.2"),
        ("pip-compile/requirements.txt", 30, "0.28.1", "0.28.2"),
        ("conda/conda-lock.yml", 37, "0.28.1", "0.28.2"),
        ("records/bom.cdx.json", 326, "0.28.1", "0.28.2"),
        ("records/sbom.spdx.json", 11, "0.28.1", "0.28.2"),
        ("records/pip-inspect.json", 99, "0.28.1", "0.28.2"),
    ] {
        let text = std::fs::read_to_string(fixtures.join(file)).unwrap();
        let name = file.rsplit('/').next().unwrap();
        let project = Project::new(&[("own/OWN-1.json", record), (name, text.as_str())]);
        let all = json(&project.run(&["deps", "--db", "own", "--format", "json", name]));
        let packages = all.as_array().unwrap().iter();
        let told: Vec<&Value> = packages
            .filter(|package| package["advisories"] != serde_json::json!([]))
            .collect();
        let [httpx] = told.as_slice() else {
            panic!("{file}: {told:?}");
        };
        assert_eq!(
            (&httpx["package"], &httpx["version"], &httpx["line"]),
            (&"httpx".into(), &version.into(), &line.into()),
            "{file}"
        );
        let advisory = &httpx["advisories"][0];
        assert_eq!(
            (
                &advisory["id"],
                &advisory["fixed_in"],
                &advisory["clears_all"]
            ),
            (&"OWN-1".into(), &fixed_in.into(), &fixed_in.into()),
            "{file}"
        );
    }
}

#[test]
fn the_whole_names_what_was_not_judged() {
    let project = Project::new(&[
        ("requirements.txt", "flask\nPyYAML==5.3\n==nothing\n"),
        ("Dockerfile", "FROM python:3.8\n"),
    ]);
    let run = project.run(&["deps", "--format", "json-full"]);
    let all = json(&run);
    assert_eq!(all["unpinned"][0]["package"], "flask");
    assert_eq!(all["unreadable"][0]["line"], 3);
    assert_eq!(all["database"]["source"], "built in");
    assert_eq!(all["interpreter"][0]["release"], "3.8");
    assert_eq!(all["interpreter"][0]["ended"], true);
    // A list of requirements does not tell who asked for what.
    assert_eq!(all["packages"][0]["relation"], "unknown");
    assert_eq!(project.run(&["deps", "--strict"]).code, Some(3));
}

#[test]
fn the_gate_and_the_faults() {
    let clean = Project::new(&[("requirements.txt", "six==1.16.0\n")]);
    let run = clean.run(&["deps"]);
    assert_eq!(run.code, Some(0));
    assert!(
        run.out
            .starts_with("No known vulnerability in 1 pinned package"),
        "{}",
        run.out
    );
    let project = Project::new(&[("requirements.txt", YAML), ("broken.zip", "PK\x03\x04")]);
    assert_eq!(project.run(&["deps"]).code, Some(1));
    assert_eq!(project.run(&["deps", "--fail-on", "never"]).code, Some(0));
    // The severity of one of them is unknown, which no gate lets through.
    assert_eq!(
        project.run(&["deps", "--fail-on", "critical"]).code,
        Some(1)
    );
    let run = project.run(&["deps", "--db", "broken.zip"]);
    assert_eq!((run.code, run.out.as_str()), (Some(3), ""));
    assert!(
        run.err
            .contains("cannot use the advisory database broken.zip"),
        "{}",
        run.err
    );
}

#[test]
fn a_database_of_ones_own_judges() {
    let record = r#"{"id": "OWN-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"package":
        {"ecosystem": "PyPI", "name": "Six"}, "ranges": [{"type": "ECOSYSTEM", "events":
        [{"introduced": "0"}, {"fixed": "1.17.0"}]}]}]}"#;
    let project = Project::new(&[("requirements.txt", YAML), ("own/OWN-1.json", record)]);
    let all = json(&project.run(&["deps", "--db", "own", "--format", "json"]));
    let [yaml, six] = all.as_array().unwrap().as_slice() else {
        panic!("{all}");
    };
    assert_eq!(yaml["advisories"], Value::Array(vec![]));
    assert_eq!(six["advisories"][0]["id"], "OWN-1");
    assert_eq!(six["advisories"][0]["severity"], "unknown");
    assert_eq!(six["advisories"][0]["clears_all"], "1.17.0");
}

#[test]
fn people_read_where_why_and_what_to_do() {
    let project = Project::new(&[
        ("requirements.in", "PyYAML<5.4\n"),
        (
            "requirements.txt",
            "# by pip-compile\nPyYAML==5.3\n    # via -r requirements.in\n",
        ),
        ("app.py", "import yaml\nyaml.full_load('x')\n"),
    ]);
    let out = project.run(&["deps"]).out;
    for part in [
        "pyyaml 5.3  requirements.txt:2",
        "`yaml.full_load` is used at app.py:2",
        "clears all: 5.4",
        "Advisories as of ",
    ] {
        assert!(out.contains(part), "`{part}` is not in {out}");
    }
    let hostile = Project::new(&[(
        "requirements.txt",
        "PyYAML==5.3 ; os_name == \"\x1b[31m\"\n",
    )]);
    assert!(!hostile.run(&["deps"]).out.contains('\x1b'));
}

#[test]
fn findings_stand_on_the_line_in_every_format_and_in_check() {
    let project = Project::new(&[
        ("requirements.txt", YAML),
        ("app.py", "import yaml\n"),
        ("Dockerfile", "FROM python:3.8\n"),
    ]);
    let github = project.run(&["deps", "--format", "github"]).out;
    assert!(github.contains("file=requirements.txt,line=2"), "{github}");
    let sarif = json(&project.run(&["deps", "--format", "sarif"]));
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 2);
    assert!(
        project
            .run(&["deps", "--format", "markdown"])
            .out
            .contains("pyyaml")
    );

    project.write("tests/images/Dockerfile", "FROM python:3.8\n");
    let found = |arguments: &[&str]| {
        let run = project.run(arguments);
        let lines: Vec<String> = run.out.lines().map(str::to_owned).collect();
        lines
    };
    let check = found(&["check", "--format", "concise", "--quiet"]);
    let has = |lines: &[String], place: &str, rule: &str| {
        lines
            .iter()
            .any(|line| line.starts_with(place) && line.contains(rule))
    };
    assert!(
        has(&check, "requirements.txt:2:1", "vulnerable-dependency"),
        "{check:?}"
    );
    assert!(
        has(&check, "Dockerfile:1:", "end-of-life-python"),
        "{check:?}"
    );
    // An image that tests are made with runs nothing of the project's.
    assert!(
        !has(&check, "tests/images/Dockerfile", "end-of-life-python"),
        "{check:?}"
    );
    let ignored = found(&[
        "check",
        "--format",
        "concise",
        "--quiet",
        "--ignore",
        "dependencies",
    ]);
    assert!(
        !has(&ignored, "requirements.txt", "vulnerable-dependency"),
        "{ignored:?}"
    );
}

#[test]
fn an_advisory_is_accepted_until_something_changes() {
    let files = |code: &str, entry: &str| {
        let configuration = format!("[[ignore-advisory]]\nid = \"CVE-2021-33503\"\n{entry}");
        let project = Project::new(&[
            ("requirements.txt", "urllib3==1.26.4\n"),
            ("hognose.toml", &configuration),
            ("app.py", code),
        ]);
        let run = project.run(&["deps", "--format", "json-full"]);
        let all = json(&run);
        let advisories = all["packages"][0]["advisories"].as_array().unwrap().clone();
        let accepted = advisories
            .iter()
            .filter(|advisory| !advisory["accepted"].is_null())
            .count();
        (accepted, run.err)
    };
    assert_eq!(files("", "reason = \"not reached\"\n"), (1, String::new()));
    let (accepted, err) = files("", "until = 2020-01-31\n");
    assert_eq!(accepted, 0);
    assert!(err.contains("ended on 2020-01-31"), "{err}");
    let (accepted, err) = files("", "until-fixed = true\n");
    assert_eq!(accepted, 0);
    assert!(err.contains("has the fix"), "{err}");
    let (accepted, err) = files("", "package = \"flask\"\n");
    assert_eq!(accepted, 0);
    assert!(err.contains("accepts nothing"), "{err}");

    // A comment on the line accepts what is found there, as it does for `check`.
    let project = Project::new(&[(
        "requirements.txt",
        "urllib3==1.26.4  # hognose: ignore[vulnerable-dependency] not reached\n",
    )]);
    let run = project.run(&["deps"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(run.out.contains("accepted: not reached"), "{}", run.out);
    let plan = project.run(&["deps", "--fix", "--plan"]);
    assert_eq!(
        (plan.code, plan.out.as_str()),
        (Some(0), "Nothing to fix\n")
    );

    let used = |entry: &str| {
        let configuration = format!("[[ignore-advisory]]\nid = \"CVE-2020-14343\"\n{entry}");
        let project = Project::new(&[
            ("requirements.txt", YAML),
            ("hognose.toml", &configuration),
            ("app.py", "import yaml\nyaml.full_load('x')\n"),
        ]);
        project.run(&["deps"])
    };
    assert!(used("").err.contains("what is vulnerable is used"));
    assert!(used("even-if-used = true\n").out.contains("; 1 accepted"));
}

#[test]
fn an_interpreter_is_accepted_as_an_advisory_is() {
    const COMMENT: &str = "# hognose: ignore[end-of-life-python] until we have moved\n";
    let accepted = format!("{COMMENT}FROM python:3.8\n");
    let project = Project::new(&[
        ("requirements.txt", "six==1.16.0\n"),
        ("Dockerfile", &accepted),
    ]);
    let run = project.run(&["deps"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(
        run.out.contains("  accepted: until we have moved\n")
            && run.out.contains("; 1 accepted\n")
            && !run.out.contains("out of support"),
        "{}",
        run.out
    );
    let all = json(&project.run(&["deps", "--format", "json-full"]));
    let place = &all["interpreter"][0]["places"][0];
    assert_eq!(place["accepted"]["reason"], "until we have moved");

    // Where it is named again nobody has accepted it.
    project.write(".python-version", "3.8\n");
    let run = project.run(&["deps"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.out
            .contains("Python 3.8  .python-version:1 (developed) and 1 other place\n")
            && run.out.contains("1 interpreter is out of support\n"),
        "{}",
        run.out
    );

    // Fixed, the comment is for nothing.
    project.write(".python-version", "3.13\n");
    project.write("Dockerfile", &accepted.replace("3.8", "3.13"));
    let run = project.run(&["deps"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert!(run.err.contains("Dockerfile:1: "), "{}", run.err);

    let by_path = |path: &str, until: &str| {
        let entry = format!(
            "[[ignore-path]]\npath = \"{path}\"\nrules = [\"end-of-life-python\"]\nreason = \"moved in spring\"\nuntil = {until}\n"
        );
        let project = Project::new(&[("runtime.txt", "python-3.8.1\n"), ("hognose.toml", &entry)]);
        let run = project.run(&["deps"]);
        (
            run.code,
            run.out.contains("accepted: moved in spring"),
            run.err,
        )
    };
    assert_eq!(
        by_path("runtime.txt", "2999-12-31"),
        (Some(0), true, String::new())
    );
    let (code, is_accepted, err) = by_path("runtime.txt", "2020-01-31");
    assert_eq!((code, is_accepted), (Some(1), false));
    assert!(err.contains("ended on 2020-01-31"), "{err}");
    let (code, is_accepted, err) = by_path("app", "2999-12-31");
    assert_eq!((code, is_accepted), (Some(1), false));
    assert!(err.contains("suppresses nothing"), "{err}");
}

#[test]
fn how_packages_are_asked_for_is_shown_everywhere() {
    let requirements = "--trusted-host packages.example.org\nsix==1.16.0\n";
    let project = Project::new(&[("requirements.txt", requirements), ("Procfile", "web: x\n")]);
    let run = project.run(&["deps"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.out.contains("How packages are asked for:")
            && run
                .out
                .contains("requirements.txt:1 [package-index-without-tls]"),
        "{}",
        run.out
    );
    let all = json(&project.run(&["deps", "--format", "json-full"]));
    let finding = &all["hygiene"][0];
    assert_eq!(finding["kind"], "finding");
    assert_eq!(finding["rule"], "package-index-without-tls");
    assert_eq!(
        (&finding["line"], &finding["severity"]),
        (&1.into(), &"high".into())
    );
    assert_eq!(all["hygiene"][1]["kind"], "option");
    let sarif = json(&project.run(&["deps", "--format", "sarif"]));
    assert_eq!(
        sarif["runs"][0]["results"][0]["ruleId"],
        "package-index-without-tls"
    );
    let concise = ["check", "--format", "concise", "--quiet"];
    assert!(
        project
            .run(&concise)
            .out
            .starts_with("requirements.txt:1:1")
    );
    // Pinned without hashes, which only pedants mind.
    let pedantic = project.run(&[
        "check",
        "--format",
        "concise",
        "--quiet",
        "--persona",
        "pedantic",
    ]);
    assert!(
        pedantic.out.contains("requirement-without-hash"),
        "{}",
        pedantic.out
    );

    assert_eq!(
        project.run(&["deps", "--fail-on", "critical"]).code,
        Some(0)
    );
    project.write(
        "requirements.txt",
        "# hognose: ignore[package-index-without-tls] a tunnel\n--trusted-host packages.example.org\n\
         six==1.16.0  # hognose: ignore[dependency-not-pinned] no reason\n",
    );
    let run = project.run(&["deps"]);
    assert_eq!((run.code, run.out.contains("asked for:")), (Some(0), false));
    let check = project.run(&concise).out;
    assert!(
        check.contains("suppression-unused") && !check.contains("without-tls"),
        "{check}"
    );
}

/// A project whose texts try to break out of every format.
fn hostile() -> Project {
    Project::new(&[
        (
            "pyproject.toml",
            "[project]\nname = \"a'</b>\\u001b[31m\"\nversion = '1 & 2'\ndependencies = ['pyyaml==5.3']\n",
        ),
        (
            "requirements.txt",
            "PyYAML==5.3 ; python_version < '3.9' and sys_platform != '</script>'\nflask>=1\n\
             torch==2.0.0+cpu\nmine @ https://me:secret@host.invalid/mine-1.0.tar.gz\n\
             other @ git+https://host.invalid/o.git@main\n-e ./\"here\"\nwhat is this\n",
        ),
        ("app.py", "import yaml\nyaml.load('')\n"),
    ])
}

#[test]
fn a_bill_of_materials_is_what_is_installed() {
    let project = hostile();
    let bom = json(&project.run(&["sbom"]));
    let purls: Vec<&str> = bom["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["purl"].as_str().unwrap())
        .collect();
    assert_eq!(
        purls,
        [
            "pkg:pypi/flask",
            "pkg:pypi/mine@1.0?download_url=https%3A%2F%2Fhost.invalid%2Fmine-1.0.tar.gz",
            "pkg:pypi/other?vcs_url=git%2Bhttps%3A%2F%2Fhost.invalid%2Fo.git%40main",
            "pkg:pypi/pyyaml@5.3",
            "pkg:pypi/torch@2.0.0%2Bcpu",
        ]
    );
    assert_eq!(bom["compositions"][0]["aggregate"], "incomplete");
    assert!(bom.get("vulnerabilities").is_none());
    // What was written can be read, and says the same.
    project.write("bom.json", &project.run(&["sbom"]).out);
    let read = reach(&project.run(&["deps", "bom.json", "--format", "json"]));
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["mine", "pyyaml", "torch"]);
    assert_eq!(project.run(&["sbom", "--strict"]).code, Some(3));
}

#[test]
fn a_path_may_be_named_from_anywhere() {
    let project = Project::new(&[
        ("app/requirements.txt", "-r more.txt\nPyYAML==5.3\n"),
        ("app/more.txt", "six==1.16.0\n"),
        ("app/app.py", "import yaml\n"),
        ("elsewhere/empty.txt", ""),
    ]);
    let app = project.path().join("app");
    let file = app.join("requirements.txt");
    let run = |directory: &str, path: &str| {
        let mut command = project.command(&["deps", "--format", "json", path]);
        command.current_dir(project.path().join(directory));
        reach(&command.output().unwrap().into())
    };
    let expected = run("app", ".");
    assert_eq!(expected.len(), 2);
    assert_eq!(expected[0].1[0], "imported");
    for path in ["../app", "../app/requirements.txt"] {
        assert_eq!(run("elsewhere", path), expected, "{path}");
    }
    for path in [app.to_str().unwrap(), file.to_str().unwrap()] {
        assert_eq!(run("elsewhere", path), expected, "{path}");
        assert_eq!(run("app", path), expected, "{path}");
    }
}

#[test]
fn what_lies_in_a_crowded_directory_is_no_code_of_an_input() {
    let project = Project::new(&[("requirements.txt", YAML), ("app.py", "import yaml\n")]);
    let crowd = project.path().join("crowd");
    std::fs::create_dir(&crowd).unwrap();
    for number in 0..10_001 {
        std::fs::write(crowd.join(number.to_string()), "").unwrap();
    }
    let run = project.run(&["deps", "requirements.txt", "--format", "json"]);
    assert!(run.err.contains("no project"), "{}", run.err);
    assert!(reach(&run)[0].1.iter().all(|word| word == "unknown"));
    let named = project.run(&["deps", ".", "--format", "json"]);
    assert!(reach(&named)[0].1.iter().all(|word| word != "unknown"));
}

#[test]
fn a_path_that_leads_nowhere_is_no_clean_answer() {
    let project = Project::new(&[("requirements.txt", "six==1.16.0\n")]);
    for arguments in [&["deps", "requirement.txt"][..], &["sbom", "nowhere"]] {
        let run = project.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
        assert!(run.err.contains("cannot open"), "{}", run.err);
    }
}

#[test]
fn passwords_of_addresses_are_not_shown() {
    let project = hostile();
    for arguments in [
        &["sbom"][..],
        &["sbom", "--format", "spdx"],
        &["deps"],
        &["deps", "--format", "json-full"],
        &["deps", "--format", "cyclonedx"],
    ] {
        let run = project.run(arguments);
        assert!(!run.out.contains("secret"), "{arguments:?}: {}", run.out);
    }
}

#[test]
fn exploitation_is_told_from_files() {
    let project = Project::new(&[
        ("requirements.txt", "PyYAML==5.3\n"),
        (
            "epss.csv",
            "cve,epss,percentile\nCVE-2020-1747,0.25,0.9\nCVE-2020-14343,0.5,0.95\n",
        ),
        (
            "kev.json",
            r#"{"vulnerabilities": [{"cveID": "CVE-2020-14343", "dateAdded": "2022-01-02"}]}"#,
        ),
        ("broken.json", "{}"),
    ]);
    let given = ["deps", "--epss", "epss.csv", "--kev", "kev.json"];
    let text = project.run(&given).out;
    assert!(text.contains("EPSS 25.0 %"), "{text}");
    assert!(text.contains("exploited since 2022-01-02"), "{text}");
    let full = json(&project.run(&[&given[..], &["--format", "json-full"]].concat()));
    let advisories = full["packages"][0]["advisories"].as_array().unwrap();
    let exploited = advisories.iter().filter(|a| !a["exploited"].is_null());
    assert_eq!(exploited.count(), 1);
    let broken = project.run(&["deps", "--kev", "broken.json"]);
    assert_eq!(broken.code, Some(2));
    assert!(broken.err.contains("broken.json"), "{}", broken.err);
}

/// Files for `tests/schemas/validate.py`, where a directory for them is named.
#[test]
fn specimens() {
    let project = hostile();
    for (name, arguments) in [
        ("deps.cdx.json", &["deps", "--format", "cyclonedx"][..]),
        ("deps.spdx.json", &["deps", "--format", "spdx"]),
        ("deps.openvex.json", &["deps", "--format", "openvex"]),
        ("sbom.cdx.json", &["sbom"]),
        ("sbom.spdx.json", &["sbom", "--format", "spdx"]),
    ] {
        let run = project
            .command(arguments)
            .env("SOURCE_DATE_EPOCH", "1")
            .output();
        let run = Run::from(run.unwrap());
        json(&run);
        if let Some(directory) = std::env::var_os("HOGNOSE_SPECIMENS") {
            std::fs::write(Path::new(&directory).join(name), &run.out).unwrap();
        }
    }
}

//! Which kinds of sources count, from the configuration to the summary.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use serde_json::Value;
use support::Project;

const METADATA: &str = "[build-system]\nrequires = []\n[project]\nname = \"ledger\"\n";

const STORE: &str = "import sqlite3\n\n\ndef account(owner):\n    \
    sqlite3.connect(\"a\").execute(f\"SELECT 1 FROM a WHERE owner = '{owner}'\")\n";

const STORED: &str = "import sqlite3\nimport subprocess\n\n\ndef run():\n    \
    row = sqlite3.connect(\"a\").execute(\"SELECT command FROM job\").fetchone()\n    \
    subprocess.run(\"nice \" + row[0], shell=True)\n";

fn report(project: &Project) -> Value {
    let run = project.run(&["check", "--format", "json"]);
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.err);
    serde_json::from_str(&run.out).unwrap()
}

fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    let flows = findings
        .iter()
        .filter(|finding| !finding["flow"].as_array().unwrap().is_empty());
    flows
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect()
}

fn kinds(report: &Value) -> String {
    let sources = report["data_flow"]["sources"].as_array().unwrap();
    let words: Vec<String> = sources
        .iter()
        .map(|used| match used["why"].as_str() {
            Some(why) => format!("{} ({why})", used["kind"].as_str().unwrap()),
            None => used["kind"].as_str().unwrap().to_owned(),
        })
        .collect();
    words.join(", ")
}

#[test]
fn a_distribution_is_called_by_strangers() {
    let project = Project::new(&[
        ("pyproject.toml", METADATA),
        ("ledger/__init__.py", ""),
        ("ledger/store.py", STORE),
    ]);
    let found = report(&project);
    assert_eq!(rules(&found), ["sql-injection"]);
    // No more certain than the pattern it stands for.
    assert_eq!(found["findings"][0]["confidence"], "medium");
    assert_eq!(
        kinds(&found),
        "remote, local, library (pyproject.toml declares a distribution)"
    );
    let said = project.run(&["check", "--format", "concise"]);
    assert!(
        said.out
            .contains("Sources: remote, local, library (pyproject.toml declares a distribution)\n"),
        "{}",
        said.out
    );
}

#[test]
fn an_application_is_not() {
    for (file, text) in [
        (
            "ledger/web.py",
            "from flask import Flask\n\napp = Flask(__name__)\n",
        ),
        (
            "manage.py",
            "def main():\n    from django.core.management import execute_from_command_line\n    \
             execute_from_command_line([])\n\n\nmain()\n",
        ),
    ] {
        let project = Project::new(&[
            ("pyproject.toml", METADATA),
            ("ledger/__init__.py", ""),
            ("ledger/store.py", STORE),
            (file, text),
        ]);
        let found = report(&project);
        assert_eq!(kinds(&found), "remote, local", "{file}");
        assert!(rules(&found).is_empty(), "{file}");
    }
    // In the tests of a distribution there is an application, too.
    let project = Project::new(&[
        ("pyproject.toml", METADATA),
        ("ledger/__init__.py", ""),
        ("ledger/store.py", STORE),
        (
            "tests/web.py",
            "from flask import Flask\n\napp = Flask(__name__)\n",
        ),
    ]);
    assert_eq!(rules(&report(&project)), ["sql-injection"]);
}

#[test]
fn source_archives_and_installed_copies_are_distributions() {
    let project = Project::new(&[
        ("PKG-INFO", "Name: ledger\n"),
        ("ledger/__init__.py", ""),
        ("ledger/store.py", STORE),
    ]);
    assert_eq!(
        kinds(&report(&project)),
        "remote, local, library (PKG-INFO declares a distribution)"
    );
    let project = Project::new(&[("ledger/__init__.py", ""), ("ledger/store.py", STORE)]);
    assert_eq!(
        kinds(&report(&project)),
        "remote, local, library (`ledger` is a package and no application)"
    );
    // In a namespace that it shares with others.
    let project = Project::new(&[
        ("bank/ledger/__init__.py", ""),
        ("bank/ledger/store.py", STORE),
    ]);
    assert_eq!(
        kinds(&report(&project)),
        "remote, local, library (`bank.ledger` is a package and no application)"
    );
}

#[test]
fn of_a_distribution_that_installs_commands_pedants_are_told() {
    let scripts = format!("{METADATA}\n[project.scripts]\nledger = \"ledger.store:main\"\n");
    let project = Project::new(&[
        ("pyproject.toml", scripts.as_str()),
        ("ledger/__init__.py", ""),
        ("ledger/store.py", STORE),
    ]);
    assert!(rules(&report(&project)).is_empty());
    // Whoever asks for them is told.
    let project = Project::new(&[
        ("hognose.toml", "sources = [\"auto\", \"library\"]\n"),
        ("pyproject.toml", scripts.as_str()),
        ("ledger/__init__.py", ""),
        ("ledger/store.py", STORE),
    ]);
    assert_eq!(rules(&report(&project)), ["sql-injection"]);
}

#[test]
fn the_configuration_chooses() {
    let project = Project::new(&[
        ("hognose.toml", ""),
        ("pyproject.toml", METADATA),
        ("ledger/__init__.py", ""),
        ("ledger/store.py", STORE),
        ("ledger/job.py", STORED),
    ]);
    for (sources, found) in [
        ("[\"auto\"]", vec!["sql-injection"]),
        ("[\"remote\"]", vec![]),
        ("[\"library\"]", vec!["sql-injection"]),
        ("[\"database\"]", vec!["command-injection"]),
        (
            "[\"auto\", \"database\"]",
            vec!["command-injection", "sql-injection"],
        ),
    ] {
        project.write("hognose.toml", &format!("sources = {sources}\n"));
        assert_eq!(rules(&report(&project)), found, "{sources}");
    }
    project.write("hognose.toml", "sources = [\"remot\"]\n");
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains(
            "hognose.toml:1:12: `remot` is no value of `sources`; did you mean `remote`?"
        ),
        "{}",
        run.err
    );
}

#[test]
fn copies_of_other_projects_are_for_auditors() {
    let shell = "import os\n\n\ndef run(name):\n    os.system(\"nice \" + name)\n\n\nrun(open(\"n\").read())\n";
    let project = Project::new(&[
        ("app/_vendor/jobs.py", shell),
        ("app/vendor/views.py", shell),
    ]);
    let files = |arguments: &[&str]| {
        let run = project.run(&[&["check", "--format", "json"], arguments].concat());
        let report: Value = serde_json::from_str(&run.out).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let mut files: Vec<String> = findings
            .iter()
            .map(|finding| finding["file"].as_str().unwrap().to_owned())
            .collect();
        files.dedup();
        files.join(" ")
    };
    assert_eq!(files(&[]), "app/vendor/views.py");
    assert_eq!(
        files(&["--persona", "auditor"]),
        "app/_vendor/jobs.py app/vendor/views.py"
    );
}

const APPLICATION: &str = "import os\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n\
    @app.get(\"/disk\")\ndef disk():\n    return os.popen(\"du \" + request.args[\"path\"]).read()\n";

/// What a file is for is told by its path below the directory that was asked for, wherever the program is run.
#[test]
fn who_asks_for_tests_is_told_of_them() {
    let project = Project::new(&[
        ("tests/shop/app.py", APPLICATION),
        ("tests/shop/tests/app.py", APPLICATION),
        (
            "tests/shop/requirements.in",
            "--index-url http://packages.example/simple\n",
        ),
    ]);
    let found = |paths: &[&str]| {
        let mut arguments = vec!["check", "--format", "concise"];
        arguments.extend(paths);
        let run = project.run(&arguments);
        run.out
            .lines()
            .filter_map(|line| {
                let (file, rest) = line.split_once(':')?;
                Some((file, rest.split(' ').nth(2)?))
            })
            .filter(|(_, rule)| ["command-injection", "package-over-http"].contains(rule))
            .map(|(file, rule)| format!("{file} {rule}"))
            .collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(found(&["."]), none);
    assert_eq!(
        found(&["tests/shop"]),
        [
            "tests/shop/app.py command-injection",
            "tests/shop/requirements.in package-over-http"
        ]
    );
    assert_eq!(found(&["tests/shop", "."]), none);

    let routes = project.run(&["routes", "tests/shop", "--format", "csv"]);
    assert_eq!(routes.out.matches("/disk").count(), 1, "{}", routes.out);
    let deps = project.run(&["deps", "tests/shop"]);
    assert!(deps.out.contains("package-over-http"), "{}", deps.out);
}

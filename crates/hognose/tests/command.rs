//! The program as its users run it: arguments, configuration, outputs, exit codes.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::io::Write;
use std::process::Stdio;

use support::{Project, Run, make_pipe};

#[test]
fn a_clean_project_ends_with_0() {
    let project = Project::new(&[("app.py", "x = 1\n")]);
    for arguments in [
        &["check"][..],
        &["check", "."],
        &["check", "app.py"],
        &["check", "--no-cache", "--threads", "1"],
    ] {
        let run = project.run(arguments);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(run.out.contains("No findings"), "{}", run.out);
    }
    let run = project.run(&["check", "--format", "concise", "--quiet"]);
    assert_eq!(
        (run.code, run.out.as_str(), run.err.as_str()),
        (Some(0), "", "")
    );
}

#[test]
fn nothing_to_audit_is_said() {
    let run = Project::new(&[]).run(&["check", "--quiet"]);
    assert_eq!(
        (run.code, run.err.as_str()),
        (Some(0), "warning: no file was found that hognose reads\n")
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    let project = Project::new(&[("app.py", "")]);
    let error = |arguments: &[&str]| {
        let run = project.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        run.err.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(error(&["chekc"]), "error: unrecognized subcommand 'chekc'");
    assert_eq!(
        error(&["check", "nope"]),
        "error: cannot open `nope`: No such file or directory (os error 2)"
    );
    assert_eq!(
        error(&["check", "--select", "databse"]),
        "error: --select: `databse` is no rule, practice, CWE or tag; did you mean `database`?"
    );
    assert_eq!(
        error(&["check", "--persona", "auditer"]),
        "error: invalid value 'auditer' for '--persona <PERSONA>'"
    );
    assert!(error(&["check", "--diff", "HEAD"]).ends_with("is in no git repository"));
    assert_eq!(
        error(&["check", "-", "app.py"]),
        "error: `-`, standard input, is audited alone"
    );
    assert_eq!(
        error(&["check", "--stdin-filename", "a.py"]),
        "error: `--stdin-filename` goes with `-`, standard input"
    );
    assert_eq!(
        error(&["check", "--format", "json", "--format", "sarif"]),
        "error: `json` and `sarif` would both go to standard output; give one of them `--output FILE`"
    );
    assert_eq!(
        error(&["explain", "no-such-rule-at-all"]),
        "error: there is no rule `no-such-rule-at-all`; `hognose rules` lists them all"
    );
    assert!(
        error(&["check", "--output", "no/such/dir.json"])
            .starts_with("error: cannot write no/such/dir.json: ")
    );
}

#[test]
fn wrong_configuration_ends_with_2_and_is_shown() {
    let project = Project::new(&[
        (
            "pyproject.toml",
            "[project]\nname = \"x\"\n\n[tool.hognose]\npersona = \"audit\"\nmin_severity = \"low\"\n",
        ),
        ("src/app.py", ""),
    ]);
    let run = project.run(&["check", "src"]);
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.err,
        "error: pyproject.toml:5:11: `audit` is no value of `persona`; did you mean `auditor`?
  |
5 | persona = \"audit\"
  |           ^^^^^^^

error: pyproject.toml:6:1: unknown key `min_severity`; did you mean `min-severity`?
  |
6 | min_severity = \"low\"
  | ^^^^^^^^^^^^
"
    );
    assert_eq!(project.run(&["check", "src", "--isolated"]).code, Some(0));
    project.write("other.toml", "");
    assert_eq!(
        project
            .run(&["check", "src", "--config", "other.toml"])
            .code,
        Some(0)
    );
}

#[test]
fn models_of_the_project_are_read_and_their_mistakes_shown() {
    let shop = r#"
import os
import catalogue
from flask import Flask, request

app = Flask(__name__)

def folder(name):
    return catalogue.find(name)

@app.route("/")
def index():
    return {"books": len(os.listdir(folder(request.args["name"])))}
"#;
    let configuration = "models = [\"models.toml\"]\n";
    let run = |models: &str| {
        Project::new(&[
            ("shop.py", shop),
            ("hognose.toml", configuration),
            ("models.toml", models),
        ])
        .run(&[
            "check",
            "--format",
            "concise",
            "--quiet",
            "--persona",
            "pedantic",
        ])
    };
    let without = run("");
    assert_eq!(without.code, Some(1), "{}", without.out);
    assert!(without.out.contains("path-traversal"), "{}", without.out);
    let with = run("[[sanitizer]]\ncalls = [\"shop.folder\"]\nfor = [\"path\"]\n");
    assert_eq!((with.code, with.out.as_str()), (Some(0), ""));

    let wrong = run(
        "[[sanitizer]]\ncalls = [\"a.b\"]\n\n[[sanitizer]]\ncalls = [\"a.c\"]\nfor = [\"pathh\"]\n",
    );
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong
            .err
            .starts_with("error: models.toml:4:1: no flow rule and no need is called `pathh`"),
        "{}",
        wrong.err
    );
    let wrong = run("[[sanitiser]]\ncalls = [\"a.b\"]\n");
    assert!(
        wrong.err.contains(
            "models.toml:1:3: no table of a model is called `sanitiser`; did you mean `sanitizer`?"
        ),
        "{}",
        wrong.err
    );
    let outside = Project::new(&[
        ("shop.py", shop),
        ("hognose.toml", "models = [\"../models.toml\"]\n"),
    ])
    .run(&["check"]);
    assert_eq!(outside.code, Some(2));
    assert!(
        outside
            .err
            .contains("the models `../models.toml` do not lie below the configuration file"),
        "{}",
        outside.err
    );
}

#[test]
fn a_project_file_of_others_does_not_matter() {
    let project = Project::new(&[("pyproject.toml", "[tool.black\n"), ("app.py", "")]);
    assert_eq!(project.run(&["check"]).code, Some(0));
    project.write("pyproject.toml", "[tool.hognose\n");
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.starts_with("error: pyproject.toml:1:"),
        "{}",
        run.err
    );
}

#[test]
fn the_configuration_is_shown_with_its_origins() {
    let project = Project::new(&[
        (
            "hognose.toml",
            "persona = \"pedantic\"\nexclude = [\"vendor\"]\n\n[[ignore-path]]\npath = \"old\"\nrules = [\"database\"]\nuntil = 2027-01-31\n",
        ),
        ("src/app.py", ""),
    ]);
    let run = project.run(&["config", "src", "--select", "database", "--fail-on", "high"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(
        run.out,
        "# hognose.toml

persona = \"pedantic\"      # hognose.toml:1
select = [\"database\"]     # command line
ignore = []               # default
min-severity = \"low\"      # default
min-confidence = \"low\"    # default
fail-on = \"high\"          # command line
strict = false            # default
format = \"full\"           # default
include = []              # default
exclude = [\"vendor\"]      # hognose.toml:2
default-excludes = true   # default
respect-gitignore = true  # default
source-roots = []         # default
test-paths = []           # default
sources = [\"auto\"]        # default
models = []               # default
compat = []               # default
# baseline is not set     # default
threads = 0               # default

[[ignore-path]]  # hognose.toml:4
path = \"old\"
rules = [\"database\"]
until = \"2027-01-31\"
"
    );
    // What is shown can be used.
    project.write("shown.toml", &run.out);
    let again = project.run(&["config", "src", "--config", "shown.toml"]);
    assert_eq!((again.code, again.err.as_str()), (Some(0), ""));
    let json = project.run(&["config", "src", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["settings"]["persona"]["value"], "pedantic");
    assert_eq!(json["settings"]["persona"]["origin"]["line"], 1);
}

#[test]
fn the_configuration_is_that_of_the_repository() {
    let project = Project::new(&[
        ("hognose.toml", "persona = \"auditor\"\n"),
        ("repo/.git/HEAD", ""),
        ("repo/app.py", ""),
        ("loose/app.py", ""),
        ("own/hognose.toml", ""),
        (
            "own/pyproject.toml",
            "[tool.hognose]\npersona = \"pedantic\"\n",
        ),
        ("dotted/.hognose.toml", "persona = \"pedantic\"\n"),
    ]);
    let first = |path: &str| {
        project
            .run(&["config", path])
            .out
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(first("repo"), "# no configuration file");
    assert_eq!(first("loose"), "# hognose.toml");
    assert_eq!(first("own"), "# own/hognose.toml");
    assert_eq!(first("dotted"), "# dotted/.hognose.toml");
}

#[test]
fn strict_ends_with_3_when_something_could_not_be_analysed() {
    let project = Project::new(&[("app.py", "")]);
    if !make_pipe(&project.path().join("pipe.py")) {
        return;
    }
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(0));
    assert!(
        run.out
            .contains("pipe.py: not a regular file; it was not opened"),
        "{}",
        run.out
    );
    assert_eq!(project.run(&["check", "--strict"]).code, Some(3));
    project.write("hognose.toml", "strict = true\n");
    assert_eq!(project.run(&["check"]).code, Some(3));
}

#[test]
fn several_formats_are_written_in_one_run() {
    let project = Project::new(&[("app.py", "x = 1\n")]);
    project.write("out.json", "old");
    let run = project.run(&[
        "check",
        "--format",
        "json",
        "--output",
        "out.json",
        "--format",
        "sarif",
        "--output",
        "out.sarif",
        "--format",
        "concise",
    ]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    for file in ["out.json", "out.sarif"] {
        let _: serde_json::Value = serde_json::from_str(&project.read(file)).unwrap();
    }
    // Nothing is left beside them.
    let mut names: Vec<_> = std::fs::read_dir(project.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["app.py", "out.json", "out.sarif"]);
    assert_eq!(
        project
            .run(&["check", "--format", "json", "--output", "/dev/null"])
            .code,
        Some(0)
    );
}

#[cfg(unix)]
#[test]
fn an_output_that_is_a_link_stays_one() {
    let project = Project::new(&[("app.py", ""), ("real.json", "")]);
    std::os::unix::fs::symlink("real.json", project.path().join("link.json")).unwrap();
    assert_eq!(
        project
            .run(&["check", "--format", "json", "--output", "link.json"])
            .code,
        Some(0)
    );
    assert!(project.path().join("link.json").is_symlink());
    assert!(project.read("real.json").starts_with('{'));
}

#[test]
fn standard_input_is_audited_under_its_name() {
    let project = Project::new(&[("src/hognose.toml", "persona = \"auditor\"\n")]);
    let run = |arguments: &[&str]| {
        let mut child = project
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"x = 1\n").unwrap();
        Run::from(child.wait_with_output().unwrap())
    };
    let plain = run(&["check", "-", "--format", "concise", "--quiet"]);
    assert_eq!(
        (plain.code, plain.out.as_str(), plain.err.as_str()),
        (Some(0), "", "")
    );
    // The configuration is that of the file it stands for.
    let named = run(&["config", "-", "--stdin-filename", "src/new.py"]);
    assert!(
        named
            .out
            .starts_with("# src/hognose.toml\n\npersona = \"auditor\""),
        "{}",
        named.out
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    let project = Project::new(&[("app.py", "x = 1\n")]);
    for arguments in [
        &["check"][..],
        &["check", "--format", "json"],
        &["completions", "bash"],
        &["config"],
    ] {
        let mut child = project
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    let project = Project::new(&[("app.py", "x = 1\n"), ("b.py", "import os\n")]);
    for format in ["full", "json", "sarif", "gitlab", "junit"] {
        let run = |threads| {
            let mut command = project.command(&["check", "--format", format, "--threads", threads]);
            Run::from(
                command
                    .env("SOURCE_DATE_EPOCH", "1700000000")
                    .output()
                    .unwrap(),
            )
            .out
        };
        assert_eq!(run("1"), run("4"), "{format}");
    }
}

#[test]
fn colours_are_used_when_asked_for() {
    let project = Project::new(&[("app.py", "")]);
    let colored = |arguments: &[&str], variable: &str| {
        let mut command = project.command(arguments);
        if !variable.is_empty() {
            command.env(variable, "1");
        }
        Run::from(command.output().unwrap()).out.contains('\x1b')
    };
    assert!(!colored(&["check"], ""));
    assert!(colored(&["check", "--color", "always"], "NO_COLOR"));
    assert!(colored(&["check"], "FORCE_COLOR"));
    assert!(!colored(&["check", "--no-color"], "FORCE_COLOR"));
}

#[test]
fn rules_are_listed_and_explained() {
    let project = Project::new(&[]);
    let list = project.run(&["rules", "--format", "json"]);
    assert_eq!(list.code, Some(0));
    let rules: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    assert!(
        project
            .run(&["rules", "--format", "markdown"])
            .out
            .starts_with("| rule | what |")
    );
    if let Some(id) = rules[0]["id"].as_str() {
        let page = project.run(&["explain", id]);
        assert_eq!((page.code, page.err.as_str()), (Some(0), ""));
        assert!(page.out.contains(id), "{}", page.out);
        let typo = project.run(&["explain", &id.replacen('-', "_", 1)]);
        assert!(
            typo.err.contains(&format!("did you mean `{id}`?")),
            "{}",
            typo.err
        );
        assert!(
            project
                .run(&["explain", id, "--color", "always"])
                .out
                .contains('\x1b')
        );
    }
}

#[test]
fn completions_and_manual_are_made() {
    let project = Project::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = project.run(&["completions", shell]);
        assert_eq!(run.code, Some(0));
        assert!(run.out.contains("hognose"), "{shell}");
    }
    assert!(project.run(&["man"]).out.contains(".TH hognose 1"));
    assert!(project.run(&["man", "check"]).out.contains("fail"));
    assert_eq!(project.run(&["man", "nope"]).code, Some(2));
}

#[test]
fn the_published_schema_is_current() {
    let current = Project::new(&[]).run(&["config", "--format", "schema"]).out;
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/schema/hognose-config.schema.json"
    );
    let published = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(
        published, current,
        "write it anew: hognose config --format schema > docs/schema/hognose-config.schema.json"
    );
}

#[test]
fn calls_are_inspected() {
    let project = Project::new(&[
        ("app/main.py", "import lib\nlib.run(print)\n"),
        ("app/lib.py", "def run(f):\n    f()\n"),
    ]);
    let run = project.run(&["inspect", "calls", "app", "--format", "json"]);
    let calls: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(calls["main"], serde_json::json!(["lib.run"]));
    assert_eq!(calls["lib.run"], serde_json::json!(["<builtin>.print"]));
    // A file's module is named from the directory it lies in.
    let run = project.run(&["inspect", "calls", "app/lib.py"]);
    assert!(run.out.contains("lib.run"), "{}", run.out);
    assert!(!run.out.contains("app.lib"), "{}", run.out);
    let run = project.run(&["inspect", "resolution", "app"]);
    assert!(run.out.contains("calls: 2"), "{}", run.out);
}

#[test]
fn modules_are_inspected() {
    let project = Project::new(&[
        ("pkg/__init__.py", ""),
        ("pkg/app.py", "import os\nfrom . import x\nimport os\n"),
    ]);
    let run = project.run(&["inspect", "modules", "--format", "json"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let modules: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(modules["pkg.app"]["file"], "pkg/app.py");
    assert_eq!(modules["pkg"]["package"], true);
    assert!(
        project
            .run(&["inspect", "modules"])
            .out
            .contains("pkg.app\n  file: pkg/app.py\n")
    );
}

#[test]
fn code_nested_without_end_is_a_failure_and_no_crash() {
    let project = Project::new(&[
        (
            "brackets.py",
            &format!("x = {}{}\n", "[".repeat(50_000), "]".repeat(50_000)),
        ),
        ("sum.py", &format!("x = 1{}\n", " + 1".repeat(50_000))),
        ("attributes.py", &format!("x = a{}\n", ".b".repeat(50_000))),
        ("nots.py", &format!("x = {}1\n", "not ".repeat(50_000))),
        ("book.ipynb", &"[".repeat(50_000)),
        ("literal.py", &format!("x = [{}]\n", "'a', ".repeat(14_000))),
        ("zero.py", "x = 1\0\n"),
    ]);
    let run = project.run(&["check"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(project.run(&["check", "--strict", "--quiet"]).code, Some(3));
}

#[test]
fn texts_of_the_project_cannot_move_the_cursor() {
    let project = Project::new(&[
        ("app.py", ""),
        ("hognose.toml", "\"a\\u001b[2J\" = 1 # \u{1b}[31m\n"),
    ]);
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(2));
    assert!(!run.err.contains('\x1b'), "{}", run.err);
}

const TELNET: &str = "import telnetlib\n\ntelnetlib.Telnet(\"a\")\n";

#[test]
fn findings_end_with_1() {
    let project = Project::new(&[("app.py", TELNET)]);
    let code = |arguments: &[&str]| {
        project
            .run(&[&["check", "--quiet"], arguments].concat())
            .code
    };
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["--fail-on", "critical"]), Some(0));
    assert_eq!(code(&["--fail-on", "never"]), Some(0));
    assert_eq!(code(&["--format", "sarif"]), Some(0));
    assert_eq!(code(&["--format", "sarif", "--fail-on", "low"]), Some(1));
    assert_eq!(code(&["--ignore", "telnet-connection"]), Some(0));
    assert_eq!(code(&["--select", "CWE-319"]), Some(1));
    assert_eq!(code(&["--select", "database"]), Some(0));
    project.write(
        "hognose.toml",
        "[rules.telnet-connection]\nseverity = \"critical\"\n",
    );
    assert_eq!(code(&["--fail-on", "critical"]), Some(1));
    project.write(
        "hognose.toml",
        "[rules.telnet-connection]\ndisable = true\n",
    );
    assert_eq!(code(&[]), Some(0));
}

#[test]
fn only_findings_on_changed_lines_are_shown() {
    let project = Project::new(&[("app.py", TELNET)]);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let mut git = std::process::Command::new("git");
        git.args(identity)
            .args(arguments)
            .current_dir(project.path())
            .status()
            .is_ok_and(|s| s.success())
    };
    if !(git(&["init", "-q"]) && git(&["add", "-A"]) && git(&["commit", "-q", "-m", "x"])) {
        return;
    }
    let changed = || project.run(&["check", "--diff", "HEAD", "--format", "concise", "--quiet"]);
    assert_eq!((changed().code, changed().out.as_str()), (Some(0), ""));
    project.write("app.py", &format!("{TELNET}telnetlib.Telnet(\"b\")\n"));
    assert_eq!(changed().code, Some(1));
    assert!(
        changed().out.starts_with("app.py:4:1: "),
        "{}",
        changed().out
    );
    assert_eq!(changed().out.lines().count(), 1);
}

/// Who shows a key is not known by a cookie, whichever function of the view's looks at it.
#[test]
fn a_view_that_asks_another_function_for_a_key_is_silent() {
    let view = |asked: &str| {
        format!(
            "import keys\nfrom flask import Flask, abort, request, session\nfrom flask_wtf import CSRFProtect\n\n\
             app = Flask(__name__)\ncsrf = CSRFProtect(app)\n\n\n@app.post(\"/name\")\n@csrf.exempt\ndef name():\n    \
             if not {asked}():\n        abort(403)\n    session[\"name\"] = request.form[\"name\"]\n    return \"\"\n"
        )
    };
    let keys = "from flask import request\n\n\ndef shown():\n    return request.headers[\"X-Api-Key\"] in KEYS\n\n\n\
                def open():\n    return True\n";
    for (asked, told) in [("keys.shown", false), ("keys.open", true)] {
        let project = Project::new(&[("app.py", &view(asked)), ("keys.py", keys)]);
        let run = project.run(&[
            "check",
            "--select",
            "csrf-exempt-view",
            "--format",
            "concise",
        ]);
        assert_eq!(
            run.out.contains("csrf-exempt-view"),
            told,
            "{asked}: {}",
            run.out
        );
    }
}

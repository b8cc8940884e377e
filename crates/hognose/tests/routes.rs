//! `hognose routes`, its `--diff`, and the lock.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::process::Command;

use serde_json::Value;
use support::Project;

const APP: &str = "from flask import Flask, Blueprint
from flask_login import login_required, current_user

app = Flask(__name__, static_folder=None)


@app.get('/')
def index():
    return ''


@app.post('/users')
@login_required
def users():
    return ''
";

/// Makes a repository with one commit of what is there; false where there is no git.
fn commit(project: &Project, message: &str) -> bool {
    let git = |arguments: &[&str]| {
        Command::new("git")
            .args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(project.path())
            .status()
            .is_ok_and(|status| status.success())
    };
    git(&["init", "-q"]) && git(&["add", "-A"]) && git(&["commit", "-q", "-m", message])
}

#[test]
fn endpoints_are_listed_in_every_format() {
    let project = Project::new(&[("app.py", APP)]);
    let run = project.run(&["routes", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let list: Value = serde_json::from_str(&run.out).unwrap();
    let of = |index: usize, key: &str| list[index][key].as_str().unwrap().to_owned();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!((of(0, "path"), of(0, "guard")), ("/".into(), "none".into()));
    assert_eq!(
        (of(1, "path"), of(1, "guard"), of(1, "layer")),
        ("/users".into(), "authenticated".into(), "decorator".into())
    );
    for format in ["text", "markdown", "csv", "html"] {
        let run = project.run(&["routes", "--format", format]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(run.out.contains("/users"), "{}", run.out);
    }
    let matrix = project.run(&["routes", "--matrix"]);
    assert!(matrix.out.contains("| any user |"), "{}", matrix.out);
}

#[test]
fn what_got_worse_since_a_revision_is_an_exit_code() {
    let project = Project::new(&[("app.py", APP)]);
    if !commit(&project, "one") {
        return;
    }
    let same = project.run(&["routes", "--diff", "HEAD"]);
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);
    assert!(same.out.starts_with("0 changes"), "{}", same.out);

    // Another file, and another path: nothing that anyone has to look at twice.
    std::fs::remove_file(project.path().join("app.py")).unwrap();
    project.write("main.py", &APP.replace("'/users'", "'/people'"));
    let moved = project.run(&["routes", "--diff", "HEAD"]);
    assert_eq!(moved.code, Some(0), "{}{}", moved.out, moved.err);
    assert!(moved.out.contains("moved"), "{}", moved.out);
    assert!(moved.out.contains("/people (was /users)"), "{}", moved.out);

    std::fs::remove_file(project.path().join("main.py")).unwrap();
    project.write("app.py", &APP.replace("@login_required\n", ""));
    let weakened = project.run(&["routes", "--diff", "HEAD"]);
    assert_eq!(weakened.code, Some(1), "{}{}", weakened.out, weakened.err);
    assert!(
        weakened.out.contains("POST /users: authenticated → public"),
        "{}",
        weakened.out
    );
    let json = project.run(&["routes", "--diff", "HEAD", "--format", "json"]);
    assert_eq!(json.code, Some(1));
    let changes: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(changes[0]["kind"], "weakened");

    // The lock accepts it.
    assert_eq!(project.run(&["lock"]).code, Some(0));
    let accepted = project.run(&["routes", "--diff", "HEAD"]);
    assert_eq!(accepted.code, Some(0), "{}{}", accepted.out, accepted.err);
    assert!(accepted.out.contains("(accepted)"), "{}", accepted.out);

    // Between two revisions the work tree plays no part.
    assert!(commit(&project, "two"));
    project.write("app.py", "");
    std::fs::remove_file(project.path().join("hognose.lock")).unwrap();
    let between = project.run(&["routes", "--diff", "HEAD~1..HEAD"]);
    assert_eq!(between.code, Some(1), "{}{}", between.out, between.err);
    assert!(between.out.contains("weakened"), "{}", between.out);
}

#[test]
fn a_revision_is_read_like_the_work_tree() {
    // The package lies below a directory that only its metadata tells, beside what is nobody's source.
    let project = Project::new(&[
        ("one/pyproject.toml", "[project]\nname = \"shop\"\n"),
        ("one/shop/__init__.py", ""),
        ("one/shop/views.py", APP),
        (
            "one/shop/more.py",
            "from shop.views import app\n\n\n@app.get('/more')\ndef more():\n    return ''\n",
        ),
        ("node_modules/x/app.py", APP),
        (
            "serve",
            "#!/usr/bin/env python3\nfrom flask import Flask\napp = Flask(__name__)\n",
        ),
    ]);
    if !commit(&project, "one") {
        return;
    }
    let same = project.run(&["routes", "--diff", "HEAD"]);
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);
    assert!(same.out.starts_with("0 changes"), "{}", same.out);
}

#[test]
fn the_lock_is_drift_proof() {
    let project = Project::new(&[("app.py", APP)]);
    assert_eq!(project.run(&["lock", "--check"]).code, Some(2));
    let written = project.run(&["lock"]);
    assert_eq!(written.code, Some(0), "{}", written.err);
    let lock = project.read("hognose.lock");
    assert!(
        lock.contains("\n[endpoints]\napp.app GET / public - app.index\n"),
        "{lock}"
    );
    assert!(
        lock.contains("\napp.app POST /users authenticated - app.users\n"),
        "{lock}"
    );
    assert_eq!(project.run(&["lock", "--check"]).code, Some(0));
    // Sections of other versions stay.
    project.write("hognose.lock", &format!("{lock}\n[later]\nx y\n"));
    assert_eq!(project.run(&["lock"]).code, Some(0));
    assert!(project.read("hognose.lock").contains("[later]\nx y\n"));

    project.write(
        "app.py",
        &format!("{APP}\n@app.get('/new')\ndef new():\n    return ''\n"),
    );
    let drift = project.run(&["lock", "--check"]);
    assert_eq!(drift.code, Some(1), "{}", drift.out);
    assert!(drift.out.contains("new"), "{}", drift.out);
    project.write("hognose.lock", "nonsense");
    assert_eq!(project.run(&["lock", "--check"]).code, Some(2));
}

#[test]
fn a_page_holds_no_markup_of_the_project() {
    let app = APP.replace("'/users'", "'/<script>alert(1)</script>'");
    let project = Project::new(&[("app.py", &app)]);
    let run = project.run(&["routes", "--format", "html"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.starts_with("<!doctype html>"), "{}", run.out);
    assert!(!run.out.contains("<script"), "{}", run.out);
    assert!(run.out.contains("&lt;script&gt;alert(1)"), "{}", run.out);
}

#[test]
fn no_format_writes_what_rewrites_a_terminal() {
    let app = APP.replace("'/users'", "'/a\u{202e}b\\x1b[2Jc'");
    let project = Project::new(&[("app.py", &app)]);
    let formats = ["text", "json", "markdown", "csv", "html", "openapi"];
    let mut runs: Vec<_> = formats
        .iter()
        .map(|format| project.run(&["routes", "--format", format]))
        .collect();
    runs.push(project.run(&["routes", "--matrix"]));
    runs.push(project.run(&["events"]));
    for run in runs {
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(!run.out.contains(['\u{202e}', '\x1b']), "{:?}", run.out);
    }
}

#[test]
fn a_description_says_what_is_asked_for() {
    let app = APP.replace("'/users'", "'/users/<int:id>'");
    let project = Project::new(&[("app.py", &app)]);
    let run = project.run(&["routes", "--format", "openapi"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let description: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(
        description["paths"]["/"]["get"]["security"],
        serde_json::json!([])
    );
    let users = &description["paths"]["/users/{id}"];
    assert_eq!(users["post"]["security"], serde_json::json!([{"user": []}]));
    assert_eq!(users["parameters"][0]["name"], "id");
    assert!(description["components"]["securitySchemes"]["user"].is_object());
}

#[test]
fn roles_are_defined_granted_and_asked_for() {
    let project = Project::new(&[(
        "app.py",
        "from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore, roles_required

app = Flask(__name__, static_folder=None)
datastore = SQLAlchemyUserDatastore(None, None, None)


@app.cli.command()
def seed():
    datastore.create_role(name='admin')
    datastore.create_role(name='ghost')
    datastore.add_role_to_user('a@example.org', 'admin')


@app.get('/admin')
@roles_required('admin')
def admin():
    return ''


@app.get('/audit')
@roles_required('auditor')
def audit():
    return ''
",
    )]);
    let run = project.run(&["roles"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    for line in [
        "  admin\n    defined at app.py:10\n    granted at app.py:12\n    asked for by GET /admin\n",
        "  auditor: nothing defines it\n    asked for by GET /audit\n",
        "  ghost: no endpoint asks for it\n",
        "3 roles and permissions, 1 that no endpoint asks for, 1 that nothing defines\n",
    ] {
        assert!(run.out.contains(line), "{}", run.out);
    }
    let json = project.run(&["roles", "--format", "json"]);
    let list: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(list[0]["name"], "admin");
    assert_eq!(list[0]["sort"], "role");
    assert_eq!(list[0]["endpoints"][0], "GET /admin");
}

#[test]
fn an_audit_fails_on_drift_for_the_worse() {
    let project = Project::new(&[("app.py", APP)]);
    assert_eq!(project.run(&["lock"]).code, Some(0));
    let findings = |project: &Project, arguments: &[&str]| -> Vec<Value> {
        let run = project.run(&[&["check", "--format", "json"], arguments].concat());
        let report: Value = serde_json::from_str(&run.out).unwrap();
        let of_lock = |finding: &&Value| finding["rule"] == "access-weakened";
        let list = report["findings"].as_array().unwrap().clone();
        list.iter().filter(of_lock).cloned().collect()
    };
    assert_eq!(findings(&project, &[]).len(), 0);

    project.write(
        "app.py",
        &format!(
            "{}\n\n@app.get('/new')\ndef new():\n    return ''\n",
            APP.replace("@login_required\n", "")
        ),
    );
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let both = findings(&project, &[]);
    let message = |index: usize| both[index]["message"].as_str().unwrap();
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!(message(0), "POST /users: authenticated → public");
    assert!(message(1).starts_with("GET /new is new"), "{}", message(1));
    assert_eq!(both[0]["severity"], "high");
    assert_eq!(both[1]["severity"], "medium");
    // The line that was accepted stands beside it.
    assert!(run.out.contains("this was accepted"), "{}", run.out);
    assert!(
        run.out.contains("app.app POST /users authenticated"),
        "{}",
        run.out
    );
    // Of a part of the project the lock says too much.
    assert_eq!(findings(&project, &["app.py"]).len(), 0);

    assert_eq!(project.run(&["lock"]).code, Some(0));
    assert_eq!(findings(&project, &[]).len(), 0);
    project.write("hognose.lock", "nonsense");
    assert_eq!(project.run(&["check"]).code, Some(2));
}

#[test]
fn evidence_against_guards_is_audited_and_can_be_suppressed() {
    let above = |comment: &str| {
        format!(
            "from flask import Flask\nfrom flask_login import login_required\n\napp = Flask(__name__)\n\n\n\
             @login_required{comment}\n@app.get('/')\ndef index():\n    return ''\n"
        )
    };
    let project = Project::new(&[("app.py", &above(""))]);
    let run = project.run(&["check", "--format", "concise"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(run.out.contains("guard-above-route"), "{}", run.out);
    project.write(
        "app.py",
        &above("  # hognose: ignore[guard-above-route] the proxy asks"),
    );
    let run = project.run(&["check", "--format", "concise"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
}

//! `hognose events`, and the section of the lock.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use serde_json::Value;
use support::Project;

const APP: &str = "import logging
from flask import Flask, abort, request
from flask_login import login_user
from werkzeug.security import check_password_hash

from elsewhere import find

log = logging.getLogger(__name__)
app = Flask(__name__)


@app.post('/login')
def login():
    user = find(request.form['name'])
    if not check_password_hash(user.hash, request.form['password']):
        log.warning('failed')
        abort(401)
    login_user(user)
    return ''
";

#[test]
fn events_are_listed_in_every_format() {
    let project = Project::new(&[("app.py", APP)]);
    let run = project.run(&["events", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let list: Value = serde_json::from_str(&run.out).unwrap();
    let of = |index: usize, key: &str| list[index][key].as_str().unwrap().to_owned();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(
        (of(0, "outcome"), of(0, "verdict")),
        ("success".into(), "unlogged".into())
    );
    assert_eq!(
        (of(1, "outcome"), of(1, "verdict")),
        ("failure".into(), "logged".into())
    );
    assert_eq!(list[1]["endpoints"][0], "POST /login");
    for format in ["text", "markdown"] {
        let run = project.run(&["events", "--format", format]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(run.out.contains("app.login"), "{}", run.out);
    }
}

#[test]
fn an_event_that_is_logged_no_more_is_an_exit_code() {
    let project = Project::new(&[("app.py", APP)]);
    assert_eq!(project.run(&["lock"]).code, Some(0));
    let lock = std::fs::read_to_string(project.path().join("hognose.lock")).unwrap();
    assert!(
        lock.contains(
            "[events]\nlogin failure app.login logged\nlogin success app.login unlogged\n"
        ),
        "{lock}"
    );
    assert_eq!(project.run(&["lock", "--check"]).code, Some(0));

    project.write(
        "app.py",
        &APP.replace("        log.warning('failed')\n", ""),
    );
    let worse = project.run(&["lock", "--check"]);
    assert_eq!(worse.code, Some(1), "{}{}", worse.out, worse.err);
    assert!(
        worse
            .out
            .contains("no longer logged  login failure: app.login"),
        "{}",
        worse.out
    );

    // Whoever accepts it is not told again.
    assert_eq!(project.run(&["lock"]).code, Some(0));
    assert_eq!(project.run(&["lock", "--check"]).code, Some(0));
}

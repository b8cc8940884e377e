//! `hognose deps --outdated` against an index on this machine.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::fs;

use serde_json::Value;
use support::server::{Answer, Server, send};
use support::{Project, Run};
use tempfile::TempDir;

const JSON: &str = r#"{"meta": {"api-version": "1.1"}, "name": "shop", "files": [
    {"filename": "shop-1.0.tar.gz", "url": "x", "hashes": {}},
    {"filename": "shop-1.1.tar.gz", "url": "x", "hashes": {}, "requires-python": ">=3.6"},
    {"filename": "shop-1.2.tar.gz", "url": "x", "hashes": {}, "yanked": "broken"},
    {"filename": "shop-2.0.tar.gz", "url": "x", "hashes": {}, "requires-python": ">=3.9"},
    {"filename": "shop-3.0b1.tar.gz", "url": "x", "hashes": {}}
]}"#;

const HTML: &str = r#"<!DOCTYPE html><html><body>
    <a href="basket-0.1-py3-none-any.whl">basket-0.1-py3-none-any.whl</a>
    <a href="basket-0.2.zip" data-requires-python="&gt;=3.6">basket-0.2.zip</a></body></html>"#;

/// An index: two packages, one that breaks, and nothing else. It lets in who has a password, if it asks for one.
fn index(password: Option<&'static str>) -> Server {
    let answer: Answer = Box::new(move |request, stream| {
        if password
            .is_some_and(|password| !request.contains(&format!("authorization: basic {password}")))
        {
            return send(stream, "401 Unauthorized\r\nContent-Length: 0", b"");
        }
        let page = |kind: &str, body: &str| {
            format!(
                "200 OK\r\nContent-Type: {kind}\r\nETag: \"one\"\r\nContent-Length: {}",
                body.len()
            )
        };
        let path = request.split_whitespace().nth(1).unwrap();
        match path {
            "/simple/shop/" if request.contains("if-none-match: \"one\"") => {
                send(stream, "304 Not Modified", b"");
            }
            "/simple/shop/" => {
                assert!(request.contains("accept: application/vnd.pypi.simple.v1+json"));
                let head = page("application/vnd.pypi.simple.v1+json", JSON);
                send(stream, &head, JSON.as_bytes());
            }
            "/simple/basket/" => send(stream, &page("text/html", HTML), HTML.as_bytes()),
            "/simple/broken/" => send(stream, &page("text/plain", "oops"), b"oops"),
            _ => send(stream, "404 Not Found\r\nContent-Length: 0", b""),
        }
    });
    Server::new(vec![answer])
}

/// A project and its user's home.
struct User {
    project: Project,
    home: TempDir,
}

impl User {
    fn new(files: &[(&str, &str)]) -> Self {
        Self {
            project: Project::new(files),
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.project.command(&["deps", "--outdated"]);
        command
            .args(arguments)
            .env("HOME", self.home.path())
            .envs(variables.iter().copied());
        command.output().unwrap().into()
    }

    /// Package, newest that is allowed, newest, step.
    fn rows(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Vec<[String; 4]> {
        let run = self.run(&[arguments, &["--format", "json"]].concat(), variables);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
        let list: Value = serde_json::from_str(&run.out).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let row = |one: &Value| ["package", "allowed", "newest", "step"].map(|key| text(&one[key]));
        list.as_array().unwrap().iter().map(row).collect()
    }
}

fn row(package: &str, allowed: &str, newest: &str, step: &str) -> [String; 4] {
    [package, allowed, newest, step].map(str::to_owned)
}

#[test]
fn pins_are_compared_with_what_can_be_had() {
    let server = index(None);
    let url = server.url("simple");
    let index = [("PIP_INDEX_URL", url.as_str())];
    let user = User::new(&[("requirements.txt", "shop==1.0\nbasket==0.1\nown==1.0\n")]);
    assert_eq!(
        user.rows(&[], &index),
        [
            row("basket", "0.2", "0.2", "major"),
            row("shop", "2.0", "2.0", "major")
        ]
    );
    assert_eq!(
        user.rows(&["--python", "3.8"], &index)[1],
        row("shop", "1.1", "1.1", "minor")
    );
    assert_eq!(
        user.rows(&["--pre"], &index)[1],
        row("shop", "3.0b1", "3.0b1", "major")
    );
    let text = user.run(&[], &index);
    assert!(
        text.out.contains("In no index that was asked: own"),
        "{}",
        text.out
    );
    assert!(
        text.out.contains("2 of 2 pinned packages can be newer"),
        "{}",
        text.out
    );
}

#[test]
fn constraints_and_the_named_python_hold() {
    let server = index(None);
    let url = server.url("simple");
    let index = [("UV_DEFAULT_INDEX", url.as_str())];
    let user = User::new(&[
        ("requirements.txt", "shop==1.0\n"),
        ("constraints.txt", "shop<2\n"),
    ]);
    assert_eq!(user.rows(&[], &index), [row("shop", "1.1", "2.0", "minor")]);
    let text = user.run(&[], &index);
    assert!(
        text.out
            .contains("2.0 is newest, `<2` at constraints.txt:1 forbids it"),
        "{}",
        text.out
    );
    let user = User::new(&[
        ("requirements.txt", "shop==1.0\n"),
        (".python-version", "3.8.10\n"),
    ]);
    assert_eq!(user.rows(&[], &index), [row("shop", "1.1", "1.1", "minor")]);
}

#[test]
#[cfg(unix)]
fn pip_is_asked_for_its_index_where_none_is_configured() {
    use std::os::unix::fs::PermissionsExt;

    let server = index(None);
    let user = User::new(&[("requirements.txt", "shop==1.0\n")]);
    let pip = user.home.path().join("pip");
    let help = format!(
        "#!/bin/sh\necho '  -i, --index-url <url>  Base URL of the index (default {}). It has to be simple.'\n",
        server.url("simple")
    );
    fs::write(&pip, help).unwrap();
    fs::set_permissions(&pip, fs::Permissions::from_mode(0o755)).unwrap();
    let path = user.home.path().to_string_lossy().into_owned();
    assert_eq!(user.rows(&[], &[("PATH", &path)]).len(), 1);
}

#[test]
fn a_page_is_kept_and_asked_about() {
    let server = index(None);
    let user = User::new(&[("requirements.txt", "shop==1.0\n")]);
    let configuration = user.home.path().join(".config/pip");
    fs::create_dir_all(&configuration).unwrap();
    let text = format!("[global]\nindex-url = {}\n", server.url("simple/"));
    fs::write(configuration.join("pip.conf"), text).unwrap();
    let first = user.rows(&[], &[]);
    assert_eq!(user.rows(&[], &[]), first);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(!requests[0].contains("if-none-match") && requests[1].contains("if-none-match"));
}

#[test]
fn credentials_come_from_the_address_or_netrc_and_are_not_shown() {
    // me:one, in lower case as the server has it.
    let server = index(Some("bwu6b25l"));
    let user = User::new(&[("requirements.txt", "shop==1.0\n")]);
    let url = server.url("simple");
    let refused = user.run(&[], &[("PIP_INDEX_URL", &url)]);
    assert_eq!(refused.code, Some(3), "{}", refused.out);
    assert!(
        refused
            .err
            .contains("it does not let us in: the server answers 401"),
        "{}",
        refused.err
    );

    let with = url.replace("http://", "http://me:one@");
    assert_eq!(user.rows(&[], &[("PIP_INDEX_URL", &with)]).len(), 1);
    let wrong = user.run(&[], &[("PIP_INDEX_URL", &with.replace("one", "two"))]);
    assert_eq!(wrong.code, Some(3));
    assert!(!wrong.err.contains("two"), "{}", wrong.err);

    fs::write(
        user.home.path().join(".netrc"),
        "machine 127.0.0.1 login me password one\n",
    )
    .unwrap();
    assert_eq!(user.rows(&[], &[("PIP_INDEX_URL", &url)]).len(), 1);
}

#[test]
fn faults_are_told_from_answers() {
    let server = index(None);
    let url = server.url("simple");
    let user = User::new(&[("requirements.txt", "broken==1.0\nshop==1.0\n")]);
    let run = user.run(&[], &[("PIP_INDEX_URL", &url)]);
    assert_eq!(run.code, Some(3), "{}", run.out);
    assert!(
        run.err
            .contains("broken: it is neither JSON of the simple API nor a page with links"),
        "{}",
        run.err
    );
    assert!(
        run.out.contains("shop"),
        "what was answered is shown: {}",
        run.out
    );
    assert!(!run.out.contains("In no index"), "{}", run.out);

    let away = user.run(&[], &[("PIP_INDEX_URL", "http://127.0.0.1:9/simple")]);
    assert_eq!(away.code, Some(3));
    let none = user.run(&[], &[]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("names an index"), "{}", none.err);
}

//! `hognose db` against a server that behaves badly.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use support::server::{Answer, Server, send};
use support::{Project, Run};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The whole file, with further headers.
fn whole(body: &[u8], headers: &str) -> Answer {
    let (body, headers) = (body.to_vec(), headers.to_owned());
    Box::new(move |_, stream| {
        let length = body.len();
        send(
            stream,
            &format!("200 OK\r\nContent-Length: {length}{headers}"),
            &body,
        );
    })
}

fn status(line: &'static str) -> Answer {
    Box::new(move |_, stream| send(stream, &format!("{line}\r\nContent-Length: 0"), b""))
}

/// Promises the whole file and sends a part of it.
fn cut_off(body: &[u8], at: usize, headers: &str) -> Answer {
    let (body, headers) = (body.to_vec(), headers.to_owned());
    Box::new(move |_, stream| {
        let length = body.len();
        send(
            stream,
            &format!("200 OK\r\nContent-Length: {length}{headers}"),
            &body[..at],
        );
    })
}

/// What is asked for of the file.
fn rest(body: &[u8]) -> Answer {
    let body = body.to_vec();
    Box::new(move |request, stream| {
        let from = request.split_once("range: bytes=").map(|(_, range)| range);
        let from: usize = from.unwrap().split('-').next().unwrap().parse().unwrap();
        let (length, left) = (body.len(), body.len() - from);
        let head = format!(
            "206 Partial Content\r\nContent-Length: {left}\r\nContent-Range: bytes {from}-{}/{length}",
            length - 1
        );
        send(stream, &head, &body[from..]);
    })
}

fn record(id: &str) -> String {
    format!(
        r#"{{"id": "{id}", "modified": "2026-11-01T00:00:00Z", "affected": [{{"package": {{"ecosystem": "PyPI",
            "name": "{id}"}}, "versions": ["1.0"]}}]}}"#
    )
}

fn archive(records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in records {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An archive of so many records, each with something that does not pack.
fn records(count: usize) -> Vec<u8> {
    let texts: Vec<(String, String)> = (0..count)
        .map(|at| {
            let id = format!("PYSEC-2026-{at}");
            (format!("{id}.json"), record(&id))
        })
        .collect();
    let records: Vec<_> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    archive(&records)
}

/// A user with an empty cache directory.
struct User(Project);

impl User {
    fn new() -> Self {
        Self(Project::new(&[]))
    }

    /// A user who has a database of one record already.
    fn with_database() -> Self {
        let user = Self::new();
        std::fs::write(user.0.path().join("old.zip"), records(1)).unwrap();
        let run = user.run(&["db", "update", "--from", "old.zip"], &[]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        user
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.0.command(arguments);
        command.env("XDG_CACHE_HOME", self.0.path().join("cache"));
        command.envs(variables.iter().copied());
        command.output().unwrap().into()
    }

    fn update(&self, server: &Server) -> Run {
        self.run(&["db", "update", "--from", &server.url("all.zip")], &[])
    }

    fn database(&self) -> PathBuf {
        let directory = self.0.path().join("cache/hognose");
        let mut files = std::fs::read_dir(directory).unwrap();
        let index = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "idx");
        files
            .find_map(|file| Some(file.unwrap().path()).filter(index))
            .unwrap()
    }

    fn advisories(&self) -> u64 {
        let database = self.database();
        let database = database.to_str().unwrap();
        let run = self.run(&["db", "status", "--format", "json", "--db", database], &[]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        let status: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        status["advisories"].as_u64().unwrap()
    }
}

/// A user with a database updates it from a server that does this: it fails with a message, and the database stays.
fn fails(answers: Vec<Answer>, message: &str) {
    let (user, server) = (User::with_database(), Server::new(answers));
    let before = std::fs::read(user.database()).unwrap();
    let run = user.update(&server);
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(run.err.contains(message), "{}", run.err);
    assert!(run.out.is_empty());
    assert_eq!(std::fs::read(user.database()).unwrap(), before);
    assert_eq!(user.advisories(), 1);
    let files = std::fs::read_dir(user.database().parent().unwrap()).unwrap();
    assert_eq!(files.count(), 2, "nothing half written is left");
}

#[test]
fn a_database_is_fetched_once() {
    let (user, body) = (User::new(), records(40));
    let unchanged: Answer = Box::new(|request, stream| {
        assert!(request.contains("if-none-match: \"one\"\r\n"), "{request}");
        send(stream, "304 Not Modified", b"");
    });
    let server = Server::new(vec![whole(&body, "\r\nETag: \"one\""), unchanged]);
    let run = user.update(&server);
    assert_eq!((run.code, user.advisories()), (Some(0), 40), "{}", run.err);
    assert!(
        run.err
            .contains("40 advisories on 40 packages, of 2026-11-01"),
        "{}",
        run.err
    );
    let before = std::fs::read(user.database()).unwrap();
    let run = user.update(&server);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.err.contains("has not changed, it is of 2026-11-01"),
        "{}",
        run.err
    );
    assert_eq!(std::fs::read(user.database()).unwrap(), before);
    // From elsewhere the tag means nothing.
    let other = Server::new(vec![whole(&records(3), "")]);
    assert_eq!((user.update(&other).code, user.advisories()), (Some(0), 3));
    assert!(!other.requests()[0].contains("if-none-match"));
}

#[test]
fn a_damaged_database_is_fetched_again_whatever_is_remembered_of_it() {
    let (user, body) = (User::new(), records(40));
    let server = Server::new(vec![whole(&body, "\r\nETag: \"one\"")]);
    assert_eq!(user.update(&server).code, Some(0));
    let mut damaged = std::fs::read(user.database()).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(user.database(), damaged).unwrap();
    assert_eq!(
        (user.update(&server).code, user.advisories()),
        (Some(0), 40)
    );
    assert!(!server.requests()[1].contains("if-none-match"));
}

#[test]
fn what_was_cut_off_is_carried_on() {
    let (user, body) = (User::with_database(), records(200));
    let half = body.len() / 2;
    let server = Server::new(vec![cut_off(&body, half, "\r\nETag: \"one\""), rest(&body)]);
    let run = user.update(&server);
    assert_eq!((run.code, user.advisories()), (Some(0), 200), "{}", run.err);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        requests[1].contains(&format!("range: bytes={half}-\r\n")),
        "{}",
        requests[1]
    );
    assert!(
        requests[1].contains("if-range: \"one\"\r\n"),
        "{}",
        requests[1]
    );
}

#[test]
fn what_cannot_be_carried_on_is_begun_anew() {
    let (user, body) = (User::with_database(), records(200));
    let half = body.len() / 2;
    // Without a tag nothing tells that the rest is of the same file.
    let server = Server::new(vec![cut_off(&body, half, ""), whole(&body, "")]);
    assert_eq!(
        (user.update(&server).code, user.advisories()),
        (Some(0), 200)
    );
    assert!(!server.requests()[1].contains("range: "));
    // The file has changed meanwhile.
    let server = Server::new(vec![
        cut_off(&body, half, "\r\nETag: \"one\""),
        whole(&records(90), "\r\nETag: \"two\""),
    ]);
    assert_eq!(
        (user.update(&server).code, user.advisories()),
        (Some(0), 90)
    );
}

#[test]
fn a_server_that_recovers_is_asked_again() {
    let (user, body) = (User::with_database(), records(20));
    let server = Server::new(vec![
        status("500 Internal Server Error"),
        status("503 Service Unavailable"),
        whole(&body, ""),
    ]);
    let run = user.update(&server);
    assert_eq!((run.code, user.advisories()), (Some(0), 20), "{}", run.err);
}

#[test]
fn a_slow_server_is_waited_for() {
    let (user, body) = (User::with_database(), records(20));
    let server = Server::new(vec![Box::new(move |_, stream| {
        send(
            stream,
            &format!("200 OK\r\nContent-Length: {}", body.len()),
            b"",
        );
        for part in body.chunks(body.len() / 10) {
            thread::sleep(Duration::from_millis(50));
            let _ = stream.write_all(part);
        }
    })]);
    let run = user.update(&server);
    assert_eq!((run.code, user.advisories()), (Some(0), 20), "{}", run.err);
}

#[test]
fn a_server_that_refuses_or_never_recovers_leaves_the_old_database() {
    fails(
        vec![status("404 Not Found")],
        "the server answers 404 Not Found",
    );
    fails(
        vec![status("500 Internal Server Error")],
        "the server answers 500 Internal Server Error (tried 4 times)",
    );
    let body = records(200);
    fails(vec![cut_off(&body, body.len() / 2, "")], "(tried 4 times)");
}

#[test]
fn an_archive_that_is_not_whole_leaves_the_old_database() {
    let body = records(50);
    fails(
        vec![whole(&body[..body.len() / 2], "")],
        "the archive is damaged",
    );
    fails(
        vec![whole(b"<html>Welcome to this hotel", "")],
        "none of the 1 records",
    );
    fails(vec![whole(b"PK\x05\x06", "")], "the archive is damaged");
}

#[test]
fn a_bomb_leaves_the_old_database() {
    let spaces = vec![b' '; 20 << 20];
    let good = record("PYSEC-2026-1");
    let bomb = archive(&[("a.json", good.as_bytes()), ("b.json", &spaces)]);
    fails(
        vec![whole(&bomb, "")],
        "`b.json` in the archive unpacks to more than 200 times its size",
    );
}

#[test]
fn a_wrong_checksum_leaves_the_old_database() {
    let body = records(5);
    for sum in ["md5=AAAAAAAAAAAAAAAAAAAAAA==", "crc32c=AAAAAA=="] {
        let headers = format!("\r\nX-Goog-Hash: {sum}");
        let name = sum.split('=').next().unwrap();
        fails(
            vec![whole(&body, &headers)],
            &format!("the checksum {name} is"),
        );
    }
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_left_out_only_if_asked() {
    let (one, other) = (record("PYSEC-2026-1"), record("PYSEC-2026-2"));
    let body = archive(&[
        ("1.json", one.as_bytes()),
        ("broken.json", br#"{"id": "PYSEC-2026-9", "affected": 7}"#),
        ("2.json", other.as_bytes()),
    ]);
    fails(
        vec![whole(&body, "")],
        "broken.json: `affected` is not what OSV says it is",
    );
    let (user, server) = (User::with_database(), Server::new(vec![whole(&body, "")]));
    let run = user.run(
        &[
            "db",
            "update",
            "--skip-bad-records",
            "--from",
            &server.url("all.zip"),
        ],
        &[],
    );
    assert_eq!((run.code, user.advisories()), (Some(0), 2), "{}", run.err);
    assert!(run.err.contains("broken.json"), "{}", run.err);
}

#[test]
fn the_proxy_of_the_environment_is_asked() {
    let (user, proxy) = (
        User::with_database(),
        Server::new(vec![status("404 Not Found")]),
    );
    let address = format!("http://{}", proxy.address);
    let from = [
        "db",
        "update",
        "--from",
        "http://advisories.invalid/all.zip",
    ];
    let run = user.run(&from, &[("HTTP_PROXY", &address)]);
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(
        proxy.requests()[0].contains("advisories.invalid"),
        "{:?}",
        proxy.requests()
    );
    let asked = proxy.requests().len();
    let variables = [
        ("HTTP_PROXY", address.as_str()),
        ("NO_PROXY", "advisories.invalid"),
    ];
    assert_eq!(user.run(&from, &variables).code, Some(3));
    assert_eq!(proxy.requests().len(), asked);
}

#[test]
fn only_a_database_is_replaced_and_a_password_is_not_shown() {
    let user = User::new();
    user.0.write("notes.txt", "important");
    std::fs::write(user.0.path().join("new.zip"), records(1)).unwrap();
    let notes = user.0.path().join("notes.txt");
    let variables = [("HOGNOSE_DB", notes.to_str().unwrap())];
    let run = user.run(&["db", "update", "--from", "new.zip"], &variables);
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert_eq!(user.0.read("notes.txt"), "important");

    let server = Server::new(vec![status("404 Not Found")]);
    let url = format!("http://me:secret@{}/all.zip", server.address);
    let run = user.run(&["db", "update", "--from", &url], &[]);
    assert_eq!(run.code, Some(3));
    assert!(!run.err.contains("secret"), "{}", run.err);
    assert!(server.requests()[0].contains("authorization: basic "));
}

#[test]
fn a_database_that_cannot_be_used_is_not_one_without_findings() {
    let user = User::with_database();
    for (name, content) in [
        ("cut.zip", &records(9)[..300]),
        ("empty.json", b"" as &[u8]),
    ] {
        std::fs::write(user.0.path().join(name), content).unwrap();
        let run = user.run(&["db", "status", "--db", name], &[]);
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(run.err.contains(name), "{}", run.err);
    }
    // That of the environment is used, and missed if it is not there.
    let run = user.run(&["db", "status"], &[("HOGNOSE_DB", "missing.idx")]);
    assert_eq!(run.code, Some(3), "{}", run.err);
    // So every command has it that judges: what is not known is not none.
    std::fs::write(user.0.path().join("requirements.txt"), "six==1.16.0\n").unwrap();
    let missing = [("HOGNOSE_DB", "missing.idx")];
    let run = user.run(&["deps", "--format", "json"], &missing);
    assert_eq!((run.code, run.out.as_str()), (Some(3), ""), "{}", run.err);
    let run = user.run(&["check"], &missing);
    assert!(
        format!("{}{}", run.out, run.err).contains("dependencies were not judged"),
        "{}{}",
        run.out,
        run.err
    );
    let run = user.run(&["deps", "--format", "json-full"], &[]);
    assert!(run.out.contains("advisories-1.idx"), "{}", run.out);
    // The newer one of the user's and that of the program judges.
    let run = user.run(&["db", "status", "--format", "json"], &[]);
    assert!(run.out.contains("\"origin\": \"fetched\""), "{}", run.out);
    let run = User::new().run(&["db", "status", "--format", "json"], &[]);
    assert!(run.out.contains("\"origin\": \"built in\""), "{}", run.out);
    let server = Server::new(vec![whole(&records(7), "")]);
    let run = user.run(&["db", "status", "--db", &server.url("all.zip")], &[]);
    assert!(
        run.out.contains("advisories  7 on 7 packages"),
        "{}",
        run.out
    );
}

//! `hognose why`: what is told of a line, in the two shops and in small programs.
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

/// What is told of a line of an example.
fn of_shop(shop: &str, place: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(shop);
    let run: Run = Command::new(env!("CARGO_BIN_EXE_hognose"))
        .args(["why", place])
        .current_dir(root)
        .env_clear()
        .output()
        .unwrap()
        .into();
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    run.out
}

/// The paragraph that begins so.
fn paragraph<'a>(out: &'a str, start: &str) -> &'a str {
    out.split("\n\n")
        .find(|paragraph| paragraph.starts_with(start))
        .unwrap_or_else(|| panic!("no paragraph begins with {start}: {out}"))
        .trim_end()
}

#[test]
fn a_host_that_was_checked_is_credited() {
    let out = of_shop("bookshop-hardened", "bookshop/services/covers.py:23");
    assert_eq!(
        paragraph(&out, "`requests.get`"),
        "`requests.get`, line 23: server-side-request-forgery, not reported. Argument 1 (`url`): a query parameter \
         (bookshop/views/shop.py:66) → passed to `fetch` (bookshop/views/shop.py:66); host checked, scheme checked: \
         harmless here."
    );
}

#[test]
fn one_of_few_values_is_credited() {
    let out = of_shop("bookshop-hardened", "bookshop/services/labels.py:22");
    let told = paragraph(
        &out,
        "`subprocess.run`, line 22: argument-injection, not reported.",
    );
    assert!(
        told.ends_with(
            "Checked on the way here: a form field (bookshop/views/admin.py:61) → passed to `print_label` \
             (bookshop/views/admin.py:61) is one of few values that the program chose."
        ),
        "{told}"
    );
}

#[test]
fn a_page_that_escapes_is_credited() {
    let out = of_shop("bookshop-hardened", "bookshop/templates/search.html:3");
    let told = paragraph(
        &out,
        "`search.html`, line 3: cross-site-scripting, not reported.",
    );
    assert!(told.contains("changed by `autoescape`"), "{told}");
    assert!(told.contains("without `<`"), "{told}");
    assert!(told.ends_with("harmless here."), "{told}");
}

#[test]
fn what_is_reported_is_told_with_its_way() {
    let out = of_shop("bookshop", "bookshop/repositories/books.py:24");
    let told = paragraph(&out, "`sqlalchemy.text`, line 24: sql-injection, reported.");
    assert!(
        told.contains(
            "a query parameter (bookshop/views/shop.py:23) → stored in `order` (bookshop/views/shop.py:23) → passed to \
             `search` (bookshop/views/shop.py:25) → stored in `statement` (line 23): it does harm."
        ),
        "{told}"
    );
    let out = of_shop("bookshop", "bookshop/services/covers.py:8");
    paragraph(&out, "tls-verification-disabled, reported: ");
}

const APP: &str = "\
import sqlite3, subprocess
from flask import Flask, request

app = Flask(__name__)


@app.route('/<name>')
def show(name):
    number = request.args['number']
    if not number.isdigit():
        return ''
    cursor = sqlite3.connect('x').cursor()
    cursor.execute('select * from t where n = ' + number)
    subprocess.run(name, shell=False)
    unheard(name).of(name)
    # nothing

    return ''


def nobody(word):
    sqlite3.connect('y').execute('select ' + word)


def raises():
    raise ValueError
    sqlite3.connect('x')
";

fn why(place: &str) -> Run {
    Project::new(&[("app.py", APP)]).run(&["why", place])
}

#[test]
fn what_is_left_is_told_in_words() {
    let out = why("app.py:13").out;
    let told = paragraph(
        &out,
        "`sqlite3.connect.cursor.execute`, line 13: sql-injection, not reported.",
    );
    assert!(
        told.ends_with(
            "a query parameter (line 9) → stored in `number` (line 9); only digits: harmless here."
        ),
        "{told}"
    );
}

#[test]
fn a_condition_that_fails_is_told() {
    let out = why("app.py:14").out;
    let told = paragraph(
        &out,
        "`subprocess.run`, line 14: llm-output-executed, not reported.",
    );
    assert!(
        told.contains("It counts only where argument `shell` is true, and that is not so."),
        "{told}"
    );
}

#[test]
fn what_is_not_known_is_told() {
    let out = why("app.py:15").out;
    assert_eq!(
        paragraph(&out, "`unheard`"),
        "`unheard`: what is called is not known (unbound name)."
    );
    assert!(!out.contains("Nothing on this line"), "{out}");
}

#[test]
fn a_parameter_that_nobody_fills_is_told() {
    let out = why("app.py:22").out;
    assert!(
        out.contains("the parameter `word` of `nobody` (line 21): it would do harm, but no caller is known to pass anything"),
        "{out}"
    );
}

#[test]
fn a_line_without_sinks_is_told() {
    assert!(
        why("app.py:4")
            .out
            .ends_with("\n\nNothing on this line is a sink that hognose knows.\n")
    );
    assert!(
        why("app.py:27")
            .out
            .ends_with("\n\nThis line never runs.\n"),
        "{}",
        why("app.py:27").out
    );
}

#[test]
fn the_same_is_told_as_json() {
    let run = Project::new(&[("app.py", APP)]).run(&["why", "app.py:13", "--format", "json"]);
    let told: Value = serde_json::from_str(&run.out).unwrap();
    let sink = &told["sinks"][0];
    assert_eq!(sink["rule"], "sql-injection");
    assert_eq!(sink["outcome"], "not reported");
    let arrival = &sink["arguments"][0]["arrivals"][0];
    assert_eq!(arrival["kind"], "remote");
    assert_eq!(arrival["left"], serde_json::json!(["only digits"]));
    assert_eq!(arrival["harmful"], false);
    assert_eq!(arrival["steps"][0]["location"]["line"], 9);
}

#[test]
fn a_place_without_code_ends_with_2() {
    for (place, error) in [
        ("app.py", "a place is written as FILE:LINE"),
        (
            "app.py:x",
            "`x` is no line number: invalid digit found in string",
        ),
        ("app.py:0", "app.py has no line 0; it has 27"),
        ("app.py:28", "app.py has no line 28; it has 27"),
        ("app.py:16", "line 16 of app.py holds no code"),
        ("app.py:17", "line 17 of app.py holds no code"),
        (
            "other.py:1",
            "other.py is not among the files that were read",
        ),
    ] {
        let run = why(place);
        assert_eq!(
            (run.code, run.out.as_str(), run.err.as_str()),
            (Some(2), "", format!("error: {error}\n").as_str())
        );
    }
}

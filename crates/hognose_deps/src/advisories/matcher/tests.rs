use crate::advisories::archive::Feed;
use crate::advisories::index::{Index, write};
use crate::advisories::matcher::{Verdict, judge};
use crate::advisories::severity::Level;
use crate::name::Name;

/// An index of records given as (id, aliases, further fields of the record, fields of its `affected` entry).
fn index(records: &[(&str, &[&str], &str, &str)]) -> Index {
    let mut feed = Feed::default();
    for (id, aliases, record, affected) in records {
        let json = format!(
            r#"{{"id": "{id}", "aliases": {aliases:?} {record}, "affected":
                [{{"package": {{"ecosystem": "PyPI", "name": "Jinja.Two"}} {affected}}}]}}"#
        );
        feed.add_json(id, json.as_bytes());
    }
    assert_eq!(feed.skipped, []);
    Index::open(write(&feed, None)).unwrap()
}

fn range(events: &str) -> String {
    format!(r#", "ranges": [{{"type": "ECOSYSTEM", "events": [{events}]}}]"#)
}

fn verdict<'i>(index: &'i Index, version: &str) -> Verdict<'i> {
    judge(index, &Name::new("jinja_two").unwrap(), version).unwrap()
}

/// `!` for affected, `?` for undecided, `.` for neither.
fn answers(index: &Index, versions: &[&str]) -> String {
    let answer = |version: &&str| {
        let verdict = verdict(index, version);
        match (verdict.findings.len(), verdict.undecided.len()) {
            (0, 0) => '.',
            (0, _) => '?',
            _ => '!',
        }
    };
    versions.iter().map(answer).collect()
}

#[test]
fn versions_are_compared_as_versions() {
    let index = index(&[(
        "A-1",
        &[],
        "",
        &range(r#"{"introduced": "1.2"}, {"fixed": "1.10"}"#),
    )]);
    let versions = [
        "1.1",
        "1.2.dev1",
        "1.2a1",
        "1.2rc1",
        "1.2",
        "1.2.0.0",
        "1.2+local.1",
        "1.2.post1",
        " v1.9 ",
        "1.10.dev0",
        "1.10rc1",
        "1.10",
        "1.10+cu118",
        "1.10.post1",
        "1!1.5",
    ];
    assert_eq!(answers(&index, &versions), "....!!!!!!!....");
}

#[test]
fn epochs_come_first() {
    let index = index(&[(
        "A-1",
        &[],
        "",
        &range(r#"{"introduced": "1!0"}, {"fixed": "1!3"}"#),
    )]);
    assert_eq!(
        answers(&index, &["2024.1", "1!0", "1!2", "1!3", "2!0"]),
        ".!!.."
    );
}

#[test]
fn events_need_not_be_in_order() {
    let events =
        r#"{"fixed": "3.2"}, {"introduced": "3.0"}, {"fixed": "2.5"}, {"introduced": "0"}"#;
    let index = index(&[("A-1", &[], "", &range(events))]);
    assert_eq!(
        answers(
            &index,
            &["0.dev0", "0", "2.4", "2.5", "2.9", "3.0", "3.1", "3.2"]
        ),
        "!!!..!!."
    );
}

#[test]
fn last_affected_is_inside_and_a_limit_is_not() {
    let last = index(&[(
        "A-1",
        &[],
        "",
        &range(r#"{"introduced": "0"}, {"last_affected": "1.5"}"#),
    )]);
    assert_eq!(
        answers(&last, &["1.5", "1.5.0", "1.5.post1", "1.6"]),
        "!!.."
    );
    assert_eq!(verdict(&last, "1.5").findings[0].fixed_in(), None);
    let limit = index(&[(
        "A-1",
        &[],
        "",
        &range(r#"{"introduced": "1"}, {"limit": "2"}, {"limit": "3"}, {"fixed": "9"}"#),
    )]);
    assert_eq!(answers(&limit, &["0.9", "1", "2.5", "3", "8"]), ".!!..");
    let below = index(&[(
        "A-1",
        &[],
        "",
        &range(r#"{"introduced": "1"}, {"limit": "1"}"#),
    )]);
    assert_eq!(answers(&below, &["0.9", "1", "1.1"]), "...");
    let none = index_with_limit("*");
    assert_eq!(answers(&none, &["0.9", "1", "99"]), ".!!");
}

fn index_with_limit(limit: &str) -> Index {
    index(&[(
        "A-1",
        &[],
        "",
        &range(&format!(r#"{{"introduced": "1"}}, {{"limit": "{limit}"}}"#)),
    )])
}

#[test]
fn list_and_ranges_are_united() {
    let both = format!(
        r#"{}, "versions": ["0.5", "1.5", "2013-01-21T20:33:09+0100"]"#,
        range(r#"{"introduced": "1"}, {"fixed": "2"}"#)
    );
    let index = index(&[("A-1", &[], "", &both)]);
    assert_eq!(
        answers(&index, &["0.4", "0.5", "0.5.0+x", "0.6", "1.9", "2"]),
        ".!!.!."
    );
    // A version that is none is affected if it is listed; a range cannot tell.
    assert_eq!(
        answers(
            &index,
            &["2013-01-21T20:33:09+0100", "2014-01-21T20:33:09+0100"]
        ),
        "!?"
    );
    assert_eq!(
        verdict(&index, "0.5")
            .clears_all
            .map(ToString::to_string)
            .as_deref(),
        Some("2")
    );
}

#[test]
fn what_cannot_be_read_is_undecided_unless_a_list_tells() {
    let broken = range(r#"{"introduced": "0"}, {"fixed": "2019-09-12"}"#);
    let alone = index(&[("A-1", &[], "", &broken)]);
    assert_eq!(answers(&alone, &["1.0", "nonsense"]), "??");
    let listed = index(&[("A-1", &[], "", &format!(r#"{broken}, "versions": ["1.0"]"#))]);
    assert_eq!(answers(&listed, &["1.0", "1.1", "nonsense"]), "!.?");
    let nothing = index(&[("A-1", &[], "", "")]);
    assert_eq!(answers(&nothing, &["1.0"]), "?");
    let commits = r#", "ranges": [{"type": "GIT", "repo": "https://example.org/x", "events": [{"introduced": "0"}]}]"#;
    assert_eq!(answers(&index(&[("A-1", &[], "", commits)]), &["1.0"]), "?");
    let second = r#", "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1"}, {"fixed": "2"}]},
        {"type": "ECOSYSTEM", "events": [{"introduced": "x"}]}]"#;
    let partly = index(&[("A-1", &[], "", second)]);
    assert_eq!(answers(&partly, &["0.9", "1.5", "2"]), "?!?");
    // The fix is not known to be one.
    assert_eq!(verdict(&partly, "1.5").clears_all, None);
}

#[test]
fn withdrawn_records_say_nothing() {
    let withdrawn = index(&[
        (
            "A-1",
            &["CVE-1-1"],
            r#", "withdrawn": "2024-01-01T00:00:00Z""#,
            &range(r#"{"introduced": "0"}"#),
        ),
        (
            "A-2",
            &[],
            r#", "withdrawn": null"#,
            &range(r#"{"introduced": "2"}"#),
        ),
    ]);
    assert_eq!(answers(&withdrawn, &["1", "2"]), ".!");
    assert_eq!(
        (withdrawn.status().records, withdrawn.status().withdrawn),
        (1, 1)
    );
}

#[test]
fn aliases_are_followed_over_records_that_do_not_affect() {
    let index = index(&[
        (
            "GHSA-aaaa",
            &["CVE-2024-1"],
            r#", "database_specific": {"severity": "HIGH"}"#,
            &range(r#"{"introduced": "0"}, {"fixed": "2.0"}"#),
        ),
        (
            "OTHER-1",
            &["CVE-2024-1", "CVE-2024-2"],
            "",
            &range(r#"{"introduced": "0"}, {"fixed": "0.1"}"#),
        ),
        (
            "PYSEC-2024-9",
            &["CVE-2024-2"],
            "",
            &range(r#"{"introduced": "0"}, {"fixed": "2.1"}"#),
        ),
        (
            "GHSA-bbbb",
            &["CVE-2024-3"],
            "",
            &range(
                r#"{"introduced": "0"}, {"fixed": "1.6"}, {"introduced": "2.0"}, {"fixed": "2.2"}"#,
            ),
        ),
    ]);
    let verdict = verdict(&index, "1.5");
    let [other, joined] = &verdict.findings[..] else {
        panic!("not two findings")
    };
    assert_eq!(joined.id, "PYSEC-2024-9");
    assert_eq!(
        joined.aliases(),
        ["CVE-2024-1", "CVE-2024-2", "GHSA-aaaa", "OTHER-1"]
    );
    assert_eq!(joined.fixed_in().unwrap().to_string(), "2.1");
    let severity = joined.severity().unwrap();
    assert_eq!(
        (severity.level, severity.source, severity.score),
        (Level::High, "GHSA-aaaa", None)
    );
    assert_eq!(
        (other.id, other.fixed_in().unwrap().to_string()),
        ("GHSA-bbbb", "1.6".to_owned())
    );
    assert_eq!(other.severity(), None);
    assert_eq!(verdict.clears_all.unwrap().to_string(), "2.2");
}

#[test]
fn the_nearest_fix_is_on_the_release_line() {
    let events =
        r#"{"introduced": "0"}, {"fixed": "3.2.5"}, {"introduced": "4.0"}, {"fixed": "4.0.1"}"#;
    let index = index(&[
        ("A-1", &[], "", &range(events)),
        ("A-2", &[], "", &range(r#"{"introduced": "3.2"}"#)),
    ]);
    let fixed = |version: &str| {
        verdict(&index, version).findings[0]
            .fixed_in()
            .map(ToString::to_string)
    };
    assert_eq!(fixed("3.1").as_deref(), Some("3.2.5"));
    assert_eq!(fixed("4.0").as_deref(), Some("4.0.1"));
    // No version is free of the second, which has no fix.
    assert_eq!(verdict(&index, "3.1").clears_all, None);
}

#[test]
fn one_record_may_name_a_distribution_more_than_once() {
    let json = br#"{"id": "GHSA-1", "affected": [
        {"package": {"ecosystem": "PyPI", "name": "a"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1"}, {"fixed": "2"}]}]},
        {"package": {"ecosystem": "npm", "name": "a"}, "versions": ["5"]},
        {"package": {"ecosystem": "PyPI", "name": "b"}, "versions": ["1"], "severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:N/I:N/A:C"}]},
        {"package": {"ecosystem": "PyPI", "name": "A"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "3"}, {"fixed": "4"}]}]}]}"#;
    let mut feed = Feed::default();
    feed.add_json("x", json);
    let index = Index::open(write(&feed, None)).unwrap();
    let affected = |name: &str, version| {
        let verdict = judge(&index, &Name::new(name).unwrap(), version).unwrap();
        verdict
            .findings
            .iter()
            .map(|finding| finding.severity().map(|severity| severity.level))
            .collect::<Vec<_>>()
    };
    for (version, count) in [("1", 1), ("2", 0), ("3.5", 1), ("4", 0), ("5", 0)] {
        assert_eq!(affected("a", version), vec![None; count], "{version}");
    }
    assert_eq!(affected("b", "1"), [Some(Level::High)]);
}

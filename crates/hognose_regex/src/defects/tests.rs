use super::{Defect, bad_tag_filter, incomplete_hostname, missing_anchor, overly_large_range};
use crate::{Flags, Pattern};

fn parts(pattern: &str, find: impl Fn(&Pattern) -> Vec<Defect>) -> Vec<&str> {
    let parsed =
        Pattern::parse(pattern, Flags::NONE).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    find(&parsed)
        .into_iter()
        .map(|defect| &pattern[defect.span])
        .collect()
}

fn offsets(pattern: &str) -> Vec<usize> {
    let parsed =
        Pattern::parse(pattern, Flags::NONE).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    incomplete_hostname(&parsed)
        .into_iter()
        .map(|defect| defect.span.start)
        .collect()
}

#[test]
fn hostnames() {
    assert_eq!(offsets("^http://test.example.com"), [12, 20]);
    assert_eq!(offsets(r"^http://test\.example.com/"), [21]);
    assert_eq!(
        offsets(r"^(https?:)?//((service|www).)?example.com(?=$|/)"),
        [37]
    );
    assert_eq!(offsets("^http://(.+).example.com/"), [12, 20]);
    assert_eq!(offsets(r"^(http|https)://www.example.com/p/f/"), [19, 27]);
    for fine in [
        r"^https://www\.example\.com/",
        r"^[a-z]+[.]example[.]com$",
        r".*",
        r"^.com",
        r"foo.bar",
        r"a.b.c",
        r"\d+.\d+",
        r"com.example.thing",
        r"^import .*$",
        r"x.component",
        r"setup.py",
    ] {
        assert_eq!(offsets(fine), [0usize; 0], "{fine}");
    }
}

#[test]
fn anchors() {
    assert_eq!(parts("^a|b$", missing_anchor), ["^a", "b$"]);
    assert_eq!(parts("^good|fine", missing_anchor), ["^good"]);
    assert_eq!(
        parts(r"^https://a\.example|https://b\.example", missing_anchor),
        [r"^https://a\.example"]
    );
    assert_eq!(parts("(?:png|jpg|gif$)", missing_anchor), ["gif$"]);
    for fine in [
        r"^\s+|\s+$",
        "^a|^b",
        "^(a|b)$",
        "a|b",
        "^['\"]|['\"]$",
        "^a$|^b$",
        "^$|^a$",
        "^/+|/+$",
        "a$|b$",
        r"^\W+|\W+$",
        "",
    ] {
        assert!(parts(fine, missing_anchor).is_empty(), "{fine}");
    }
}

#[test]
fn ranges() {
    assert_eq!(parts("^[A-z]+$", overly_large_range), ["A-z"]);
    assert_eq!(parts("[a-zA-z0-9]", overly_large_range), ["A-z"]);
    assert_eq!(parts("[0-9,-.]", overly_large_range), [",-."]);
    assert_eq!(parts("[a-z.-_]", overly_large_range), [".-_"]);
    assert_eq!(parts("[0-z]", overly_large_range), ["0-z"]);
    assert_eq!(parts("[+-/]", overly_large_range), ["+-/"]);
    assert_eq!(parts("[a-zb-d]", overly_large_range), ["b-d"]);
    for fine in [
        "[a-zA-Z0-9_.-]",
        "[!-~]",
        "[ -~]",
        r"[\x00-\x1f]",
        "[à-ÿ]",
        r"[\w.-]",
        "[:-@]",
        "[a-fA-F0-9]",
        "[0-9a-f]",
        r"[\[-`]",
        "[1-9]",
        r"[^\x20-\x7e]",
        "[一-龥]",
    ] {
        assert!(parts(fine, overly_large_range).is_empty(), "{fine}");
    }
}

#[test]
fn tags() {
    let reason = |pattern: &str, flags| {
        bad_tag_filter(&Pattern::parse(pattern, flags).unwrap()).map(|defect| defect.reason)
    };
    let all = Flags::IGNORECASE | Flags::DOTALL;
    assert!(
        reason("<script>.*</script>", Flags::NONE)
            .unwrap()
            .contains("upper-case tags; a blank before")
    );
    assert!(
        reason(r"<script[^>]*>.*?</script>", all)
            .unwrap()
            .contains("</script >")
    );
    assert!(
        reason(r"<script[^>]*>.*?</script\s*>", all)
            .unwrap()
            .contains("attributes in the end tag")
    );
    assert_eq!(reason(r"<script[^>]*>.*?</script[^>]*>", all), None);
    assert!(
        reason(r"<!--.*-->", Flags::DOTALL)
            .unwrap()
            .contains("--!>")
    );
    assert!(
        reason(r"<!--.*--!?>", Flags::NONE)
            .unwrap()
            .contains("line feeds")
    );
    assert_eq!(reason(r"<!--.*?--!?>", Flags::DOTALL), None);
    assert_eq!(reason(r"<[^>]+>", Flags::NONE), None);
    assert_eq!(reason(r"<.*>", Flags::NONE), None);
    assert_eq!(reason(r"script", Flags::NONE), None);
}

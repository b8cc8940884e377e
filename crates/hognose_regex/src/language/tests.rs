use crate::{Alphabet, Flags, Mode, Pattern};

fn pattern(text: &str, flags: Flags) -> Pattern {
    Pattern::parse(text, flags).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The alphabet as text: its ASCII characters, and `*` for others; `any` when nothing is known.
fn alphabet(text: &str, flags: Flags, mode: Mode) -> String {
    let alphabet = pattern(text, flags).alphabet(mode).unwrap();
    if alphabet == Alphabet::ANY {
        return "any".into();
    }
    let mut shown: String = (0..128u8)
        .map(char::from)
        .filter(|&c| alphabet.contains(c))
        .collect();
    if alphabet.others {
        shown.push('*');
    }
    shown
}

#[test]
fn alphabets() {
    let none = Flags::NONE;
    assert_eq!(alphabet("[a-d0-2]+", none, Mode::FullMatch), "012abcd");
    assert_eq!(alphabet("[a-d0-2]+", none, Mode::Match), "any");
    assert_eq!(alphabet("^[a-d]+$", none, Mode::Match), "\nabcd");
    assert_eq!(alphabet("^[a-d]+$", none, Mode::Search), "\nabcd");
    assert_eq!(alphabet("^[a-d]+$", none, Mode::FullMatch), "abcd");
    assert_eq!(alphabet(r"\A[a-d]+\Z", none, Mode::Search), "abcd");
    assert_eq!(alphabet(r"^[a-d]+$", Flags::MULTILINE, Mode::Match), "any");
    assert_eq!(
        alphabet(r"^[a-d]+\Z", Flags::MULTILINE, Mode::Search),
        "any"
    );
    assert_eq!(
        alphabet(r"^[a-d]+\Z", Flags::MULTILINE, Mode::Match),
        "abcd"
    );
    assert_eq!(alphabet("[a-d]+$", none, Mode::Search), "any");
    assert_eq!(alphabet(r"^a$|b", none, Mode::Match), "any");
    assert_eq!(alphabet(r"(?:^a|^b)\Z", none, Mode::Search), "ab");
    assert_eq!(
        alphabet(r"\d+", Flags::ASCII, Mode::FullMatch),
        "0123456789"
    );
    assert_eq!(alphabet(r"\d+", none, Mode::FullMatch), "0123456789*");
    assert_eq!(
        alphabet(r"[jl]+", Flags::IGNORECASE, Mode::FullMatch),
        "JLjl"
    );
    // U+212A, the Kelvin sign, is a k to `re.IGNORECASE`.
    assert_eq!(
        alphabet(r"[jkl]+", Flags::IGNORECASE, Mode::FullMatch),
        "JKLjkl*"
    );
    assert_eq!(alphabet(r"(?i:k)", Flags::ASCII, Mode::FullMatch), "Kk");
    assert_eq!(alphabet(r"([ab])(?i:\1)", none, Mode::FullMatch), "ABab");
    assert_eq!(
        alphabet(r"a(?!.*<)[^>]\Z", none, Mode::Match).len(),
        127 + "*".len()
    );
    assert_eq!(alphabet(r"[a-c]{5000}", none, Mode::FullMatch), "abc");
    assert_eq!(alphabet(r"", none, Mode::FullMatch), "");
    assert_eq!(alphabet(r"(?!x)\Z|[^\s\S]b", none, Mode::Match), "");
    assert_eq!(alphabet(r"a\Z(?:b|)", none, Mode::Match), "a");
}

#[test]
fn literals() {
    let list = |text: &str, mode| pattern(text, Flags::NONE).literals(mode).unwrap();
    assert_eq!(
        list("asc|desc", Mode::FullMatch),
        Some(vec!["asc".into(), "desc".into()])
    );
    assert_eq!(
        list("^(asc|desc)$", Mode::Match),
        Some(vec![
            "asc".into(),
            "asc\n".into(),
            "desc".into(),
            "desc\n".into()
        ])
    );
    assert_eq!(list("asc|desc", Mode::Match), None);
    assert_eq!(
        list(r"\Ab[au]y?\Z", Mode::Search).map(|list| list.len()),
        Some(4)
    );
    assert_eq!(
        list("[a-z]", Mode::FullMatch).map(|list| list.len()),
        Some(26)
    );
    assert_eq!(list("[a-z0-9]", Mode::FullMatch), None);
    assert_eq!(list("a*", Mode::FullMatch), None);
    assert_eq!(
        list("a{2,4}", Mode::FullMatch).map(|list| list.len()),
        Some(3)
    );
    assert_eq!(list("(?:a|b){6}", Mode::FullMatch), None);
    assert_eq!(list("", Mode::FullMatch), Some(vec![String::new()]));
}

#[test]
fn lengths_and_prefixes() {
    let most = |text: &str, mode| pattern(text, Flags::NONE).max_length(mode).unwrap();
    assert_eq!(most(r"\d{1,5}", Mode::FullMatch), Some(5));
    assert_eq!(most(r"\d{1,5}", Mode::Match), None);
    assert_eq!(most(r"^\d{1,5}$", Mode::Match), Some(6));
    assert_eq!(most(r"(a|bcd)\1-+", Mode::FullMatch), None);
    assert_eq!(most(r"(a|bcd)\1-", Mode::FullMatch), Some(7));
    let prefix = |text: &str, mode| pattern(text, Flags::NONE).prefix(mode).unwrap();
    assert_eq!(prefix(r"https://[a-z]+\.example/", Mode::Match), "https://");
    assert_eq!(prefix(r"https://[a-z]+\.example/", Mode::Search), "");
    assert_eq!(prefix(r"^https://", Mode::Search), "https://");
    assert_eq!(prefix(r"^(?:ab|ac)", Mode::Match), "a");
    assert_eq!(prefix(r"(?:ab|abc)d", Mode::FullMatch), "ab");
    assert_eq!(prefix(r"a?b", Mode::Match), "");
    assert_eq!(prefix(r"(?i)abc", Mode::Match), "");
}

#[test]
fn removed() {
    let removed = |text: &str| {
        let set = pattern(text, Flags::ASCII).removed_characters();
        if set.is_empty() {
            "none".into()
        } else {
            format!("{set:?}")
        }
    };
    assert_eq!(removed("[<>]"), "[<>]");
    assert_eq!(removed("[<>]+"), "[<>]");
    assert_eq!(removed("(<|>)"), "[<>]");
    assert_eq!(removed("<|>|ab"), "[<>]");
    assert_eq!(removed(r"[<]*"), "[<]");
    assert_eq!(removed(r"<+?"), "[<]");
    assert_eq!(removed(r"<*?"), "none");
    assert_eq!(removed(r"<{2}"), "none");
    assert_eq!(removed(r"|<"), "none");
    assert_eq!(removed(r"^<"), "none");
    assert_eq!(removed(r"<\s*"), "[<]");
    assert_eq!(removed(r"<\s"), "none");
    assert_eq!(removed(r"\r|\n"), r"[\n\r]");
    assert_eq!(removed(r"<(?!b)"), "none");
    assert_eq!(removed(r"[^a-z]+"), r"[\u{0}-`{-\u{7f}\u{80}-\u{10ffff}]");
}

#[test]
fn what_occurs_in_texts_that_pass() {
    let may = |text: &str, mode, needle: &str| {
        let pattern = Pattern::parse(text, Flags::NONE).expect("a pattern");
        pattern.may_contain(mode, needle).expect("within bounds")
    };
    assert!(!may(r"[a-z]+/[a-z]+\.txt", Mode::FullMatch, ".."));
    assert!(may(r"[a-z./]+", Mode::FullMatch, ".."));
    assert!(may(r"[a-z]+\.?\.?[a-z]", Mode::FullMatch, ".."));
    assert!(!may(r"([a-z]+\.)+[a-z]+", Mode::FullMatch, ".."));
    // The match need not be all of the text.
    assert!(may(r"[a-z]+", Mode::Match, ".."));
    assert!(!may(r"[a-z]+\Z", Mode::Match, ".."));
}

#[test]
fn how_texts_that_pass_begin() {
    let may = |text: &str, mode, front: &str| {
        let pattern = Pattern::parse(text, Flags::NONE).expect("a pattern");
        pattern.may_begin(mode, front).expect("within bounds")
    };
    assert!(!may(r"/[a-z]+(/[a-z]+)*", Mode::FullMatch, "//"));
    assert!(may(r"/[a-z/]+", Mode::FullMatch, "//"));
    assert!(!may(r"[a-z]+", Mode::FullMatch, "/"));
    assert!(may(r"[a-z]+", Mode::Search, "/"));
}

#[test]
fn what_a_group_holds() {
    let pattern = Pattern::parse(r"([a-z]*),(?P<rest>.*)", Flags::NONE).expect("a pattern");
    let first = pattern.group_alphabet(1).expect("within bounds");
    assert!(first.contains('a') && !first.contains('/') && !first.contains(','));
    assert!(
        pattern
            .group_alphabet(2)
            .expect("within bounds")
            .contains('/')
    );
    // There is no such group.
    assert_eq!(pattern.group_alphabet(7), Ok(Alphabet::ANY));
}

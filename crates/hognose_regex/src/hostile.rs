//! For tests: patterns made to exhaust an analyser. Each must be answered, if only by naming a bound.

use std::time::{Duration, Instant};

use crate::{Bound, Flags, Mode, Pattern, SyntaxError, Verdict, defects};

/// Generous, since tests run unoptimised on busy machines; in release mode each of these takes some milliseconds.
const MOST: Duration = Duration::from_secs(5);

fn ask_everything(text: &str) -> Result<Verdict, SyntaxError> {
    let start = Instant::now();
    let pattern = Pattern::parse(text, Flags::NONE)?;
    let mut worst = Verdict::Linear;
    for mode in [Mode::Match, Mode::FullMatch, Mode::Search, Mode::FindAll] {
        worst = pattern.redos(mode);
        let _ = (
            pattern.alphabet(mode),
            pattern.literals(mode),
            pattern.max_length(mode),
            pattern.prefix(mode),
        );
    }
    let _ = (
        pattern.removed_characters(),
        defects::bad_tag_filter(&pattern),
        defects::incomplete_hostname(&pattern),
    );
    let _ = (
        defects::missing_anchor(&pattern),
        defects::overly_large_range(&pattern),
    );
    assert!(
        start.elapsed() < MOST,
        "{:?} for {}",
        start.elapsed(),
        &text[..text.len().min(60)]
    );
    Ok(worst)
}

#[test]
fn size_is_bounded() {
    let long = "a".repeat(1 << 20);
    assert_eq!(
        ask_everything(&long).unwrap_err().bound,
        Some(Bound::PatternLength)
    );
    assert_eq!(ask_everything(&"a".repeat(100_000)), Ok(Verdict::Linear));
    assert_eq!(
        ask_everything(&"(".repeat(100_000)).unwrap_err().bound,
        Some(Bound::Nesting)
    );
    let nested = |depth: usize, open: &str, close: &str| {
        format!("{}a{}", open.repeat(depth), close.repeat(depth))
    };
    assert_eq!(
        ask_everything(&nested(5000, "(?:", ")*"))
            .unwrap_err()
            .bound,
        Some(Bound::Nesting)
    );
    for (open, close) in [
        ("(", ")"),
        ("(?:", ")*"),
        ("(?=", ")"),
        ("(?>", "|b)+"),
        ("(?i:", ")?"),
        ("(", "){1000}"),
        ("(?:a|", ")*?"),
        ("(?:", "a?)*b"),
    ] {
        let _ = ask_everything(&nested(90, open, close)).unwrap();
    }
}

#[test]
fn counts_are_bounded() {
    for text in [
        "(a{1000}){1000}",
        "((a{1000}){1000}){1000}",
        "(a{0,4294967294}){4294967294}b",
        "(?:){4294967294}",
        "(?:a?){4294967294}",
        "(((a|b?){100}c*){100}d+){100}!",
        "[a-z]{1,100000}[a-z0-9]{1,100000}$",
        "(.{0,1000}){0,1000}x",
        "(?:(?:a{1,50}){1,50}){1,50}b",
        r"(a?b?c?d?e?f?g?h?){30}x",
        r"(?=(a{1000}){1000})(?!(b{1000}){1000})c{65535}",
    ] {
        assert!(ask_everything(text).is_ok(), "{text}");
    }
}

#[test]
fn breadth_is_bounded() {
    let words: Vec<String> = (0..3000).map(|n| format!("w{n}rd")).collect();
    let words = words.join("|");
    for text in [
        words.clone(),
        format!("({words})*"),
        format!("(?:{words})+(?:{words})+x"),
        format!("^(?:(?:{words})\\s*,?)*$"),
    ] {
        assert!(ask_everything(&text).is_ok());
    }
    let _ = ask_everything(&"a?".repeat(3000)).unwrap();
    let _ = ask_everything(&"a*".repeat(500)).unwrap();
    let _ = ask_everything(&format!("(?:{})*x", "a*".repeat(200))).unwrap();
    let _ = ask_everything(&r"\w+\s*".repeat(300)).unwrap();
    let _ = ask_everything(
        &(0..2000)
            .map(|n| format!("[{}-{}]", char::from_u32(0x4E00 + n).unwrap(), '\u{10000}'))
            .collect::<String>(),
    );
}

#[test]
fn references_to_references_are_bounded() {
    let mut doubling = String::from("(a)");
    let mut chain = String::from("(a)");
    for group in 1..90 {
        doubling.push_str(&format!(r"(\{group}\{group})"));
        chain.push_str(&format!(r"(\{group})"));
    }
    let _ = ask_everything(&doubling).unwrap();
    let _ = ask_everything(&format!("(?:{chain})*b")).unwrap();
}

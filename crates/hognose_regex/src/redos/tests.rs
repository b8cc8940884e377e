use crate::{Flags, Mode, Pattern, Verdict};

fn verdict(pattern: &str, mode: Mode) -> Verdict {
    Pattern::parse(pattern, Flags::NONE)
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
        .redos(mode)
}

fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Linear => "linear".into(),
        Verdict::Polynomial { degree, .. } => format!("degree {degree}"),
        Verdict::Exponential { .. } => "exponential".into(),
        Verdict::Undecided(bound) => format!("{bound:?}"),
    }
}

#[test]
fn textbook_cases() {
    let cases = [
        ("(a|a)*", Mode::Match, "linear"),
        ("(a|a)*b", Mode::Match, "exponential"),
        ("(a|a)*$", Mode::Match, "exponential"),
        ("(a|a)*", Mode::FullMatch, "exponential"),
        ("(?:a|a|b)*c", Mode::Match, "linear"),
        ("(?:a|.)*c", Mode::Match, "exponential"),
        ("(a*)*b", Mode::Match, "exponential"),
        ("(a?)*b", Mode::Match, "linear"),
        ("(a+)+$", Mode::Match, "exponential"),
        ("(?:(a|a)*b)?", Mode::Match, "exponential"),
        ("(?>(a|a)*b)c", Mode::Match, "exponential"),
        ("(a|a){1,30}b", Mode::Match, "exponential"),
        ("(a|a){1,5}b", Mode::Match, "linear"),
        ("a*a*b", Mode::Match, "degree 2"),
        ("a*a*a*b", Mode::Match, "degree 3"),
        (r"\s+$", Mode::Search, "degree 2"),
        (r"\s+$", Mode::Match, "linear"),
        (r"^\s+|\s+$", Mode::FindAll, "degree 2"),
        (r"^\s+", Mode::Search, "linear"),
        (r"\w+@", Mode::Search, "degree 2"),
        (r"a+", Mode::Search, "linear"),
        (r"(?=(a+)+b)", Mode::Match, "exponential"),
        (r"^(?!.*(a|a)*b)x", Mode::Match, "exponential"),
        (r"(\w+)\1*$", Mode::Match, "degree 2"),
        (r"\d{1,3}(?:\.\d{1,3}){3}", Mode::Search, "linear"),
        (
            r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
            Mode::Match,
            "exponential",
        ),
    ];
    let mut wrong = Vec::new();
    for (pattern, mode, expected) in cases {
        let found = verdict(pattern, mode);
        if short(&found) != expected {
            wrong.push(format!(
                "{pattern} {mode:?}: expected {expected}, found {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

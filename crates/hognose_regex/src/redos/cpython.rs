//! Attack strings against the real engine: what is reported must be slow in CPython, and what looks like it must not be reported.

use std::fmt::Write;

use crate::python::{Random, hex, run};
use crate::{Flags, Mode, Pattern, Verdict};

/// For each line `mode kind flags pattern prefix pump suffix`, grows the text until the match takes long enough to be measured, and
/// prints by how much the time grows: over two more pumps (kind `e`), or over twice the pumps (kind `p`).
const SCRIPT: &str = r"
import re, time
def timed(f, text, rounds=3):
    best = 9e9
    for _ in range(rounds):
        start = time.process_time()
        f(text)
        best = min(best, time.process_time() - start)
    return best
for line in sys.stdin:
    mode, kind, flags, *parts = line.rstrip('\n').split(' ')
    pattern, prefix, pump, suffix = (bytes.fromhex(part[1:]).decode() for part in parts)
    p = re.compile(pattern, int(flags))
    f = {'m': p.match, 'f': p.fullmatch, 's': p.search, 'a': p.findall}[mode]
    growth = 0
    if kind == 'e':
        for count in range(4, 60, 2):
            now = timed(f, prefix + pump * count + suffix, 1)
            if now > 0.003:
                growth = timed(f, prefix + pump * count + suffix) / timed(f, prefix + pump * (count - 2) + suffix)
                break
    else:
        count = 64
        before = 9e9
        while count < 1 << 18 and before > 0:
            now = timed(f, prefix + pump * count + suffix)
            if now > 0.001:
                growth = max(growth, now / before)
            if growth > 2.8 or now > 0.2:
                break
            before = now
            count *= 2
    print('%.2f' % growth, count)
";

/// Patterns known to be vulnerable, most from advisories and from the literature.
const VULNERABLE: &[(&str, Mode, u32)] = &[
    // Exponential; 0 stands for that, else the degree.
    (r"(a+)+$", Mode::Match, 0),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", Mode::Match, 0),
    (r"(a|aa)+$", Mode::Match, 0),
    (r"(a|a?)+$", Mode::Match, 0),
    (r"(.*a){12}$", Mode::Match, 0),
    (r"^(\w+\s?)*$", Mode::Match, 0),
    (r"^(?:\w+\s?)+!$", Mode::Search, 0),
    (r"(x+x+)+y", Mode::Search, 0),
    (
        r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
        Mode::Match,
        0,
    ),
    (r#""(?:[^"\\]|\\.|[^\\])*""#, Mode::Match, 0),
    (
        r"^(([^<>()\[\]\\.,;:\s@']+(\.[^<>()\[\]\\.,;:\s@']+)*)|('.+'))+@x$",
        Mode::Match,
        0,
    ),
    (r"(?:(?:[a-z]+)*\d)*$", Mode::FullMatch, 0),
    (r"^(\d+)*$", Mode::Match, 0),
    (r"(\s*|\w)*$", Mode::FullMatch, 0),
    (r"<(?:[^>]|'[^']*')*x", Mode::Match, 0),
    (r"([ab]|[bc])*d", Mode::Match, 1),
    (r"(?:a|.)*z", Mode::Match, 0),
    (r"^((ab)*|(a|b)*)*c$", Mode::Match, 0),
    (r"^(a?a?)*b", Mode::Match, 0),
    (r"(?s)^(.|\n)*x", Mode::Match, 0),
    (r"(?i)^(k|\u212a)*!", Mode::Match, 1),
    (r"(?i)^(k|[^x])*!", Mode::Match, 0),
    (r"^(?=(\w|\d)*;)", Mode::Match, 1),
    (r"^(?=(\w|\d\d)*;)", Mode::Match, 0),
    (r"(?:(?:\\.|[^\\])|\\\\)*!x", Mode::Match, 0),
    (r"(\d\d?)+x", Mode::Match, 0),
    (r"^(1|11|111)*0$", Mode::FullMatch, 0),
    (r"(?:-?\w+)*=", Mode::Match, 0),
    (r"((?:[^,]|,(?! ))|,)*;", Mode::Match, 0),
    (r"(\b\w*\b)*;", Mode::Match, 1),
    (r"(a|b|ab)*c", Mode::Match, 0),
    // Polynomial.
    (r"\s+$", Mode::Search, 2),
    (r"^\s+|\s+$", Mode::FindAll, 2),
    (r"\s*,\s*$", Mode::Search, 2),
    (r"[a-z]+@[a-z]+\.com", Mode::Search, 2),
    (r".*\n?x", Mode::Search, 2),
    (r"a*a*b", Mode::Match, 2),
    (r"^\d+\d+\d+!", Mode::Match, 3),
    (r"<!--.*-->", Mode::Search, 2),
    (r"<[^>]*>", Mode::Search, 2),
    (r"\w*\d\w*!", Mode::Match, 2),
    (r"^(.*),(.*),(.*);$", Mode::Match, 3),
    // Cubic in truth; the degree is a lower bound.
    (r"\[(.*?)\]\((.*?)\)", Mode::Search, 2),
    (r"^.*=.*;", Mode::Match, 2),
    (r"(?m)^\s*#", Mode::Search, 2),
    (r"([^/]+/)+x", Mode::Search, 2),
    (r"(\w+)\s*=\s*", Mode::FindAll, 2),
    (r"(?>a+)b", Mode::Search, 2),
    (r"a++b", Mode::Search, 2),
    (r"\s*$", Mode::Search, 2),
    (r"(.+?)(?:\.git)?/*$", Mode::Match, 2),
    (r".*?(?:(?:a|a)*b)?", Mode::Match, 0),
    (r"^(?!.*\d.*\d.*x)", Mode::Match, 3),
    (r"\bx*y", Mode::Search, 1),
    (r"(?<=,)\s*x", Mode::FindAll, 1),
];

fn letter(mode: Mode) -> char {
    match mode {
        Mode::Match => 'm',
        Mode::FullMatch => 'f',
        Mode::Search => 's',
        Mode::FindAll => 'a',
    }
}

/// Checks with CPython that each of these attacks shows the growth that is claimed.
fn confirm(attacks: &[(String, Mode, Verdict)]) {
    let mut input = String::new();
    for (pattern, mode, verdict) in attacks {
        let attack = verdict.attack().unwrap();
        let kind = if matches!(verdict, Verdict::Exponential { .. }) {
            'e'
        } else {
            'p'
        };
        let parts = [pattern, &attack.prefix, &attack.pump, &attack.suffix]
            .map(|part| format!("x{}", hex(part)));
        writeln!(input, "{} {kind} 0 {}", letter(*mode), parts.join(" ")).unwrap();
    }
    // The machine may have been busy with something else while one of the times was taken: the best of a few counts.
    let mut wrong = Vec::new();
    for _ in 0..MAX_TRIES {
        let Some(answers) = run(SCRIPT, &input) else {
            return;
        };
        wrong = not_shown(attacks, &answers);
        if wrong.is_empty() {
            return;
        }
    }
    panic!("{}", wrong.join("\n"));
}

/// Times that growth is measured before it counts as not shown.
const MAX_TRIES: usize = 4;

/// The attacks whose growth the times do not show.
fn not_shown(attacks: &[(String, Mode, Verdict)], answers: &str) -> Vec<String> {
    assert_eq!(answers.lines().count(), attacks.len());
    let mut wrong = Vec::new();
    for ((pattern, mode, verdict), answer) in attacks.iter().zip(answers.lines()) {
        let growth: f64 = answer.split(' ').next().unwrap().parse().unwrap();
        // Twice the pumps take four times as long or more; two more pumps take at least four times as long, but for noise.
        let least = if matches!(verdict, Verdict::Exponential { .. }) {
            2.0
        } else {
            2.8
        };
        if growth < least {
            wrong.push(format!(
                "{pattern} {mode:?}: growth and pumps {answer}: {verdict:?}"
            ));
        }
    }
    wrong
}

#[test]
fn known_vulnerable_patterns_are_slow_in_cpython() {
    let mut wrong = Vec::new();
    let mut attacks = Vec::new();
    for &(text, mode, expected) in VULNERABLE {
        let verdict = Pattern::parse(text, Flags::NONE)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .redos(mode);
        let found = match verdict {
            Verdict::Exponential { .. } => 0,
            Verdict::Polynomial { degree, .. } => degree,
            Verdict::Linear | Verdict::Undecided(_) => 1,
        };
        if found != expected {
            wrong.push(format!(
                "{text} {mode:?}: expected {expected}, found {verdict:?}"
            ));
        }
        if verdict.attack().is_some() {
            attacks.push((text.to_owned(), mode, verdict));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    confirm(&attacks);
}

#[test]
fn random_patterns_that_are_attacked_are_slow_in_cpython() {
    let mut random = Random(0x5EED_0005);
    let mut attacks = Vec::new();
    while attacks.len() < 24 {
        let text = random.pattern(3);
        let Ok(pattern) = Pattern::parse(&text, Flags::NONE) else {
            continue;
        };
        let mode = *random.one_of(&[
            &Mode::Match,
            &Mode::Match,
            &Mode::FullMatch,
            &Mode::Search,
            &Mode::FindAll,
        ]);
        let verdict = pattern.redos(mode);
        if verdict.attack().is_some() {
            attacks.push((text, mode, verdict));
        }
    }
    confirm(&attacks);
}

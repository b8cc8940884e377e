//! For tests: random patterns and texts, on which the parser, the machine, the automaton and the facts about the language must agree
//! with CPython.

use std::fmt::Write;

use crate::automaton::{Automaton, Follow, PositionId, context};
use crate::hir::{Hir, Test};
use crate::machine::{Outcome, Program, Run};
use crate::nfa::{Counts, Nfa};
use crate::python::{Random, hex, run};
use crate::{Flags, Mode, Pattern, Verdict};

/// For each line `flags pattern text...` prints whether the pattern compiles, and per text the spans found by match, fullmatch and
/// search, and what is left after all matches were removed.
const SCRIPT: &str = r"
import re
for line in sys.stdin:
    flags, pattern, *texts = line.rstrip('\n').split(' ')
    texts = [bytes.fromhex(t[1:]).decode() for t in texts]
    try:
        p = re.compile(bytes.fromhex(pattern[1:]).decode(), int(flags))
    except (re.error, OverflowError, RecursionError) as e:
        print('E', str(e).replace('\n', ' '))
        continue
    out = []
    try:
        for t in texts:
            for f in (p.match, p.fullmatch, p.search):
                m = f(t)
                out.append('%d,%d' % m.span() if m else '-')
            out.append('x' + p.sub('', t).encode().hex())
    except SystemError: # a defect of the interpreter, which says so itself
        print('S')
        continue
    print('O', *out)
";

struct Case {
    flags: u32,
    pattern: String,
    texts: Vec<String>,
}

fn ask(cases: &[Case]) -> Option<Vec<String>> {
    let mut input = String::new();
    for case in cases {
        write!(input, "{} x{}", case.flags, hex(&case.pattern)).unwrap();
        for text in &case.texts {
            write!(input, " x{}", hex(text)).unwrap();
        }
        input.push('\n');
    }
    let answers: Vec<String> = run(SCRIPT, &input)?.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), cases.len());
    Some(answers)
}

fn unhex(text: &str) -> String {
    let bytes = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    String::from_utf8(bytes).unwrap()
}

/// Whether the automaton accepts a text as the mode wants it.
fn accepts(automaton: &Automaton, hir: &Hir, text: &[char]) -> bool {
    let at = |index: usize| -> u8 {
        let Some(&c) = text.get(index) else {
            return context::END;
        };
        if c == '\n' {
            return if index + 1 == text.len() {
                context::LAST_NEWLINE
            } else {
                context::NEWLINE
            };
        }
        let word = if hir.features.word_boundary == Some(true) {
            c.is_ascii_alphanumeric()
        } else {
            c.is_alphanumeric()
        };
        if word || c == '_' {
            context::WORD
        } else {
            context::OTHER
        }
    };
    let mut places: Vec<&Follow> = vec![&automaton.follows[automaton.start as usize]];
    for index in 0..=text.len() {
        let here = at(index);
        if places.iter().any(|follow| follow.accepts(0) & here != 0) {
            return true;
        }
        let Some(&c) = text.get(index) else { break };
        let mut next: Vec<PositionId> = places
            .iter()
            .flat_map(|follow| &follow.edges)
            .filter(|edge| edge.context & here != 0 && automaton.set(edge.to).contains(c as u32))
            .map(|edge| edge.to)
            .collect();
        next.sort_unstable();
        next.dedup();
        places = next.iter().map(|&to| automaton.follow(to)).collect();
    }
    false
}

fn compare(case: &Case, answer: &str, wrong: &mut Vec<String>) {
    if answer == "S" {
        return;
    }
    let parsed = Pattern::parse(&case.pattern, Flags::from_python(case.flags));
    if let Some(reason) = answer.strip_prefix("E ") {
        if parsed.is_ok()
            && !reason.contains("global flags")
            && !reason.contains("lookbehind subpattern")
        {
            wrong.push(format!("{:?}: accepted, but {reason}", case.pattern));
        }
        return;
    }
    let pattern = match parsed {
        Ok(pattern) => pattern,
        Err(error) => {
            if error.bound.is_none() {
                wrong.push(format!("{:?}: refused: {error}", case.pattern));
            }
            return;
        }
    };
    let hir = &pattern.hir;
    let features = hir.features;
    let possessive = hir.nodes.iter().any(|node| {
        matches!(
            node.kind,
            crate::hir::Hk::Repeat {
                greed: crate::ast::Greed::Possessive,
                ..
            }
        )
    });
    let exact = !(features.backreference
        || features.conditional
        || features.look
        || features.atomic
        || possessive);
    let program = Program::new(hir).unwrap();
    let answers: Vec<&str> = answer[2..].split(' ').collect();
    let automata = [Mode::Match, Mode::FullMatch, Mode::Search].map(|mode| {
        Nfa::new(hir, mode, Counts::Exact)
            .and_then(|nfa| Automaton::new(&nfa, hir))
            .unwrap()
    });
    let facts = [Mode::Match, Mode::FullMatch, Mode::Search].map(|mode| {
        (
            pattern.alphabet(mode).unwrap(),
            pattern.max_length(mode).unwrap(),
            pattern.prefix(mode).unwrap(),
            pattern.literals(mode).unwrap(),
        )
    });
    for (text, spans) in case.texts.iter().zip(answers.chunks(4)) {
        let chars: Vec<char> = text.chars().collect();
        let points: Vec<u32> = chars.iter().map(|&c| c as u32).collect();
        for (index, mode) in [Mode::Match, Mode::FullMatch, Mode::Search]
            .into_iter()
            .enumerate()
        {
            let span = spans[index];
            let found = match Run::new(&program, &points, 1_000_000).go(mode) {
                Outcome::Match(from, to) => format!("{from},{to}"),
                Outcome::NoMatch => "-".into(),
                Outcome::OutOfSteps => continue,
            };
            if found != span {
                wrong.push(format!(
                    "{:?} flags {} on {text:?} {mode:?}: CPython {span}, the machine {found}",
                    case.pattern, case.flags
                ));
            }
            // Neither `\b` nor `\B` holds in an empty text before Python 3.14; the automaton knows nothing of that.
            let boundary_in_nothing = text.is_empty()
                && hir
                    .nodes
                    .iter()
                    .any(|node| matches!(node.kind, crate::hir::Hk::Test(Test::Word { .. })));
            let accepted = accepts(&automata[index], hir, &chars);
            if accepted != (span != "-") && !boundary_in_nothing && (exact || !accepted) {
                wrong.push(format!(
                    "{:?} flags {} on {text:?} {mode:?}: CPython {span}, the automaton {accepted}",
                    case.pattern, case.flags
                ));
            }
            if span != "-" {
                let (alphabet, most, prefix, literals) = &facts[index];
                let fits = chars.iter().all(|&c| alphabet.contains(c))
                    && most.is_none_or(|most| chars.len() as u64 <= most)
                    && text.starts_with(prefix)
                    && literals.as_ref().is_none_or(|list| list.contains(text));
                if !fits {
                    wrong.push(format!(
                        "{:?} flags {} on {text:?} {mode:?}: a fact about the language is wrong",
                        case.pattern, case.flags
                    ));
                }
            }
        }
        let removed = pattern.removed_characters();
        if unhex(&spans[3][1..])
            .chars()
            .any(|c| removed.contains(c as u32))
        {
            wrong.push(format!(
                "{:?} flags {} on {text:?}: not all of {removed:?} is removed",
                case.pattern, case.flags
            ));
        }
    }
}

fn check(cases: &[Case]) {
    let Some(answers) = ask(cases) else { return };
    let valid = answers
        .iter()
        .filter(|answer| answer.starts_with('O'))
        .count();
    println!("{valid} of {} patterns are valid", cases.len());
    assert!(valid > cases.len() / 20);
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        compare(case, answer, &mut wrong);
    }
    wrong.truncate(30);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn random_patterns_match_as_in_cpython() {
    let mut random = Random(0x5EED_0001);
    let cases: Vec<Case> = (0..4000)
        .map(|_| Case {
            flags: *random.one_of(&[&0u32, &0, &0, &2, &8, &16, &256, &258, &10]),
            pattern: random.pattern(3),
            texts: (0..8).map(|_| random.text()).collect(),
        })
        .collect();
    check(&cases);
}

#[test]
fn random_noise_is_a_pattern_exactly_when_it_is_one_to_cpython() {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "*",
        "+",
        "?",
        "|",
        "\\",
        "^",
        "$",
        ".",
        "-",
        ",",
        ":",
        "=",
        "!",
        "<",
        ">",
        "#",
        "(?",
        "(?P<",
        "(?P=",
        "(?(",
        "a",
        "b",
        "x",
        "0",
        "1",
        "7",
        "9",
        "i",
        "m",
        "s",
        "u",
        "L",
        " ",
        "\n",
        "é",
        "\\x",
        "\\u00",
        "\\0",
        "\\12",
        "\\w",
        "\\b",
        "\\N{DIGIT ONE}",
        "[^",
        "{1,",
        "{2}",
        "n>",
        "(?i",
        "(?-",
    ];
    let mut random = Random(0x5EED_0002);
    let cases: Vec<Case> = (0..12_000)
        .map(|_| Case {
            flags: *random.one_of(&[&0u32, &0, &64]),
            pattern: (0..1 + random.below(9))
                .map(|_| random.one_of(PIECES))
                .collect(),
            texts: vec!["a1b".into()],
        })
        .collect();
    check(&cases);
}

#[test]
fn analysis_of_noise_ends_and_does_not_panic() {
    let mut random = Random(0x5EED_0003);
    for round in 0..300 {
        let pattern: String = if round % 3 == 0 {
            (0..random.below(60))
                .map(|_| char::from_u32(random.below(0x180) as u32).unwrap())
                .collect()
        } else {
            random.pattern(4)
        };
        let Ok(pattern) = Pattern::parse(&pattern, Flags::NONE) else {
            continue;
        };
        for mode in [Mode::Match, Mode::FullMatch, Mode::Search, Mode::FindAll] {
            let _ = (
                pattern.redos(mode),
                pattern.alphabet(mode),
                pattern.literals(mode),
                pattern.max_length(mode),
                pattern.prefix(mode),
            );
        }
        let _ = (
            crate::defects::bad_tag_filter(&pattern),
            crate::defects::incomplete_hostname(&pattern),
            crate::defects::missing_anchor(&pattern),
        );
    }
}

#[test]
fn what_is_proven_linear_is_linear_on_the_machine() {
    let mut random = Random(0x5EED_0004);
    let (mut proven, mut attacked) = (0, 0);
    for _ in 0..700 {
        let text = random.pattern(3);
        let Ok(pattern) = Pattern::parse(&text, Flags::NONE) else {
            continue;
        };
        let mode = *random.one_of(&[
            &Mode::Match,
            &Mode::FullMatch,
            &Mode::Search,
            &Mode::FindAll,
        ]);
        match pattern.redos(mode) {
            Verdict::Linear => proven += 1,
            verdict => {
                attacked += usize::from(verdict.attack().is_some());
                continue;
            }
        }
        let program = Program::new(&pattern.hir).unwrap();
        for pump in ["a", "b", "c", "1", " ", "\n", "ab", "aA", "a1b", "é"] {
            for suffix in ["", "!", "a", "b", "1", "\n"] {
                let steps = |count: usize| {
                    let points: Vec<u32> = format!("{}{suffix}", pump.repeat(count))
                        .chars()
                        .map(u32::from)
                        .collect();
                    let mut run = Run::new(&program, &points, 1_000_000);
                    run.go(mode);
                    run.steps
                };
                let (short, long) = (steps(60), steps(120));
                assert!(
                    long < short * 5 / 2 + 100,
                    "{text:?} {mode:?}: {short} steps, then {long}, on {pump:?} and {suffix:?}"
                );
            }
        }
    }
    println!("{proven} proven linear, {attacked} attacked");
    assert!(proven > 150 && attacked > 20);
}

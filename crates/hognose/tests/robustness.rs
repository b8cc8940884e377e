//! Whatever a file holds, an audit ends, and says the same every time.
//!
//! The pages' own code blocks are the seeds. `HOGNOSE_FUZZ_SECONDS=600 cargo test --release -p hognose --test robustness`
//! runs longer than the few seconds of an ordinary test run.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read pages and the environment"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use hognose::output::{Format, RunTime, write};
use hognose::{AuditOptions, Presentation, View, ViewOptions, audit};
use hognose_mdtest::{Suite, Vocabulary, markdown_files};
use hognose_python::{MemorySources, SourceKind};

/// A generator of its own, so that a failure can be had again from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// Python files of all rule pages.
fn seeds() -> Vec<String> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hognose_rules/rules");
    let mut seeds = Vec::new();
    for page in markdown_files(&rules).unwrap_or_default() {
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        if let Ok(suite) = Suite::parse(page.display().to_string(), &text, &Vocabulary::findings())
        {
            for section in suite.sections() {
                seeds.extend(
                    section
                        .files
                        .iter()
                        .filter(|file| file.name.ends_with(".py"))
                        .map(|file| file.text.clone()),
                );
            }
        }
    }
    seeds
}

const FRAGMENTS: [&str; 24] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'''",
    "f\"{",
    "\\",
    "\n",
    "    ",
    "lambda: ",
    "*",
    "**",
    ":=",
    "match x:\n case ",
    "global x\n",
    "class A(A): pass\n",
    "from . import *\n",
    "import a.b.c as d\n",
    "async ",
    "yield ",
    "\u{202e}",
];

fn mutate(random: &mut Random, seeds: &[String]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone().into_bytes();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        match random.below(8) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => {
                let at = at.min(bytes.len() - 1);
                bytes[at] = u8::try_from(random.next() & 0xff).unwrap_or(0);
            }
            2 => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let end = (at + random.below(200)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            4 => {
                let other = seeds[random.below(seeds.len())].as_bytes();
                let from = random.below(other.len());
                let to = (from + random.below(400)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            5 => {
                let nest = FRAGMENTS[random.below(6)].repeat(random.below(300));
                bytes.splice(at..at, nest.into_bytes());
            }
            _ => {
                bytes.splice(at..at, FRAGMENTS[random.below(FRAGMENTS.len())].bytes());
            }
        }
    }
    bytes
}

fn check(files: Vec<(String, SourceKind, Vec<u8>)>) -> usize {
    let options = AuditOptions {
        suppressions: true,
        ..AuditOptions::default()
    };
    audit(&MemorySources::new(files), &options).findings.len()
}

#[test]
fn mutated_pages_do_no_harm() {
    let seconds = std::env::var("HOGNOSE_FUZZ_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let seeds = seeds();
    assert!(seeds.len() > 100, "{} seeds", seeds.len());
    let start = Instant::now();
    let (mut round, mut findings) = (1u64, 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut random = Random(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let files = (0..4)
            .map(|number| {
                let kind = if random.below(16) == 0 {
                    SourceKind::Notebook
                } else {
                    SourceKind::Module
                };
                let name = ["pkg/__init__.py", "pkg/a.py", "pkg/b.py", "main.py"][number];
                (name.to_owned(), kind, mutate(&mut random, &seeds))
            })
            .collect::<Vec<_>>();
        let outcome = std::panic::catch_unwind(|| check(files.clone()));
        match outcome {
            Ok(found) => findings += found,
            Err(_) => {
                let shown: Vec<String> = files
                    .iter()
                    .map(|(name, _, bytes)| {
                        format!("--- {name}\n{}", String::from_utf8_lossy(bytes))
                    })
                    .collect();
                panic!("round {round} panicked on\n{}", shown.join("\n"));
            }
        }
        round += 1;
    }
    println!("{round} projects, {findings} findings, no panic");
    assert!(findings > 0, "the mutants were not analysed");
}

#[test]
fn extremes_end() {
    let deep = |open: &str, close: &str, times: usize| {
        format!("x = {}1{}\n", open.repeat(times), close.repeat(times))
    };
    let cases = [
        deep("(", ")", 50_000),
        deep("[", "]", 100_000),
        deep("-", "", 200_000),
        deep("not ", "", 50_000),
        deep("f(", ")", 20_000),
        format!("x = a{}\n", ".b()".repeat(100_000)),
        format!("x = 1{}\n", " + 1".repeat(200_000)),
        format!("x = '' {}\n", "if y else ''".repeat(5_000)),
        format!(
            "x = {{{}}}\n",
            (0..14_000)
                .map(|n| format!("'k{n}': [{n}, 'v'],"))
                .collect::<String>()
        ),
        (0..3_000)
            .map(|depth| format!("{}if x:\n", " ".repeat(depth)))
            .collect::<String>()
            + &" ".repeat(3_000)
            + "pass\n",
        format!("if x:\n  pass\n{}", "elif y:\n  z = 1\n".repeat(20_000)),
        (0..20_000)
            .map(|n| format!("def f{n}(): return f{}()\n", n + 1))
            .collect(),
        (0..5_000)
            .map(|n| format!("class C{n}(C{}): pass\n", n + 1))
            .collect(),
        format!("{}\nx = y\n", "x = x or y\n".repeat(20_000)),
        format!("while a:\n{}", "    x, y = y, x\n".repeat(10_000)),
        "f'".to_owned() + &"{f'".repeat(2_000),
    ];
    for case in cases {
        let start = Instant::now();
        check(vec![(
            "main.py".to_owned(),
            SourceKind::Module,
            case.clone().into_bytes(),
        )]);
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "a bound is missing: {}…",
            &case[..case.len().min(60)]
        );
    }
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let files: Vec<(String, SourceKind, Vec<u8>)> = seeds()
        .into_iter()
        .enumerate()
        .map(|(number, text)| {
            (
                format!("pkg{}/m{number}.py", number % 7),
                SourceKind::Module,
                text.into_bytes(),
            )
        })
        .collect();
    let render = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(64 << 20)
            .build()
            .expect("a pool");
        pool.install(|| {
            let report = audit(&MemorySources::new(files.clone()), &AuditOptions::default());
            let rules = hognose_rules::rules();
            let options = ViewOptions::default();
            let view = View::new(&report, &options, Presentation::default(), rules);
            let mut out = Vec::new();
            write(Format::Json, &view, rules, RunTime::default(), &mut out)
                .expect("memory takes everything");
            out
        })
    };
    let one = render(1);
    assert!(one.len() > 10_000);
    for threads in [1, 2, 3, 8] {
        assert!(
            render(threads) == one,
            "{threads} threads say something else"
        );
    }
}

//! For tests: asks a real CPython, one process per batch. Tests that need it are skipped, with a printed reason, where there is no
//! `python3` of 3.11 or newer (older ones lack possessive quantifiers).
#![allow(
    clippy::disallowed_methods,
    reason = "the judge of these tests is CPython itself"
)]

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a script with text on its standard input and gives what it prints; `None` when there is no suitable Python.
pub(crate) fn run(script: &str, input: &str) -> Option<String> {
    let guard = "import sys\nif sys.version_info < (3, 11): sys.exit(77)\n";
    let child = Command::new("python3")
        .args(["-I", "-W", "ignore", "-c", &format!("{guard}{script}")])
        .env("PYTHONIOENCODING", "utf-8:surrogatepass")
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            println!("skipped: python3 cannot be started: {error}");
            return None;
        }
    };
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("python3 can be waited for");
    let _ = writer.join();
    if output.status.code() == Some(77) {
        println!("skipped: python3 is older than 3.11");
        return None;
    }
    assert!(output.status.success(), "python3 failed: {}", output.status);
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// Text as hexadecimal digits of its UTF-8 bytes, to pass any character through lines.
pub(crate) fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// A small generator of pseudo-random numbers (xorshift64*), so that failures can be repeated.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    pub(crate) fn one_of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// A random pattern, mostly valid.
    pub(crate) fn pattern(&mut self, depth: usize) -> String {
        let mut out = String::new();
        for branch in 0..1 + usize::from(self.below(4) == 0) + usize::from(self.below(8) == 0) {
            if branch > 0 {
                out.push('|');
            }
            for _ in 0..self.below(4) {
                self.item(depth, &mut out);
            }
        }
        out
    }

    fn item(&mut self, depth: usize, out: &mut String) {
        const ATOMS: &[&str] = &[
            "a", "b", "c", "A", "1", ".", r"\w", r"\d", r"\s", "[ab]", "[^a]", "[a-c]", r"[\w.]",
            r"\n", " ", r"\W", "é", "[^b1]",
        ];
        const TESTS: &[&str] = &["^", "$", r"\b", r"\B", r"\A", r"\Z"];
        const OPENINGS: &[&str] = &[
            "(", "(", "(", "(?:", "(?:", "(?:", "(?=", "(?!", "(?>", "(?i:", "(?s:", "(?m:",
            "(?-i:",
        ];
        const QUANTIFIERS: &[&str] = &[
            "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}", "{,2}", "{1,}", "{1,2}?",
            "*+", "++", "?+",
        ];
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => {
                out.push_str(self.one_of(TESTS));
                return;
            }
            1..=5 => out.push_str(self.one_of(ATOMS)),
            6 if self.below(4) == 0 => out.push_str(self.one_of(&[
                r"\1",
                r"\2",
                "(?(1)a|b)",
                "(?<=a)",
                "(?<!b)",
                r"(?<=\b)",
                "(?<=ab)",
            ])),
            _ => {
                out.push_str(self.one_of(OPENINGS));
                out.push_str(&self.pattern(depth - 1));
                out.push(')');
            }
        }
        if self.below(3) == 0 {
            out.push_str(self.one_of(QUANTIFIERS));
        }
    }

    /// A random short text over characters that random patterns tell apart.
    pub(crate) fn text(&mut self) -> String {
        (0..self.below(8))
            .map(|_| self.one_of(&["a", "a", "a", "b", "b", "c", "A", "1", "\n", " ", "é", "."]))
            .collect()
    }
}

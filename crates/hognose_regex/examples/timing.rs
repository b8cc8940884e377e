//! Reads patterns, one per line, and prints how long their analysis takes: `cargo run --release -p hognose_regex --example timing`.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::io::Read;
use std::time::{Duration, Instant};

use hognose_regex::{Flags, Mode, Pattern, Verdict};

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    // Tables of Unicode are built once per process.
    let _ = Pattern::parse(r"\w\W\d\D\s\S", Flags::NONE).map(|pattern| pattern.redos(Mode::Search));
    for (mode, what) in [
        (None, "parse"),
        (Some(Mode::Match), "match"),
        (Some(Mode::FullMatch), "fullmatch"),
        (Some(Mode::Search), "search"),
    ] {
        let mut taken: Vec<(Duration, &str, String)> = Vec::new();
        let mut counts = [0usize; 5];
        for line in text.lines() {
            let start = Instant::now();
            let Ok(pattern) = Pattern::parse(line, Flags::NONE) else {
                counts[4] += 1;
                continue;
            };
            let start = if mode.is_some() {
                Instant::now()
            } else {
                start
            };
            let verdict = mode.map(|mode| pattern.redos(mode));
            let time = start.elapsed();
            let index = match verdict {
                None | Some(Verdict::Linear) => 0,
                Some(Verdict::Polynomial { .. }) => 1,
                Some(Verdict::Exponential { .. }) => 2,
                Some(Verdict::Undecided(_)) => 3,
            };
            counts[index] += 1;
            taken.push((time, line, format!("{verdict:?}")));
        }
        taken.sort();
        let total: Duration = taken.iter().map(|entry| entry.0).sum();
        let at = |part: f64| {
            taken
                .get((taken.len() as f64 * part) as usize)
                .map_or(Duration::ZERO, |entry| entry.0)
        };
        let [linear, polynomial, exponential, undecided, invalid] = counts;
        println!(
            "{what}: {} patterns in {total:?}, median {:?}, 99 % {:?}",
            taken.len(),
            at(0.5),
            at(0.99)
        );
        if mode.is_some() {
            println!(
                "  linear {linear}, polynomial {polynomial}, exponential {exponential}, undecided {undecided}"
            );
        } else {
            println!("  invalid {invalid}");
        }
        if let Some((time, line, verdict)) = taken.last() {
            let shorten = |text: &str| text.chars().take(100).collect::<String>();
            println!(
                "  slowest {time:?}: {} -> {}",
                shorten(line),
                shorten(verdict)
            );
        }
    }
    Ok(())
}

//! Judges pairs of a name and a version, one a line and parted by a tab, on standard input; one JSON object a line comes
//! out. The arguments are files of OSV records; without any the index built in judges. What the time went into is said
//! on standard error.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for tests and measurements"
)]

use std::io::{Read, Write};
use std::time::Instant;

use hognose_deps::advisories::{database, matcher};
use hognose_deps::name::Name;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let files = paths
        .iter()
        .map(|path| Ok((path.clone(), std::fs::read(path)?)))
        .collect::<std::io::Result<Vec<_>>>()?;
    let start = Instant::now();
    let index = if files.is_empty() {
        database::embedded()?
    } else {
        database::open(files)?.index
    };
    let opened = start.elapsed();

    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let pins: Vec<(Name, &str)> = input
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(name, version)| Some((Name::new(name)?, version)))
        .collect();
    let start = Instant::now();
    let named: Vec<(&Name, &str)> = pins
        .iter()
        .map(|(name, version)| (name, *version))
        .collect();
    let verdicts = matcher::judge_all(&index, &named)?;
    let judged = start.elapsed();

    let mut out = std::io::stdout().lock();
    for ((name, version), verdict) in pins.iter().zip(&verdicts) {
        let findings: Vec<_> = verdict
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "id": finding.id,
                    "aliases": finding.aliases(),
                    "fixed_in": finding.fixed_in().map(ToString::to_string),
                    "score": finding.severity().and_then(|severity| severity.score),
                })
            })
            .collect();
        let undecided: Vec<&str> = verdict
            .undecided
            .iter()
            .map(|advisory| advisory.id.as_str())
            .collect();
        let clears_all = verdict.clears_all.map(ToString::to_string);
        let line = json!({
            "package": name.as_str(), "version": version, "findings": findings, "undecided": undecided,
            "clears_all": clears_all,
        });
        writeln!(out, "{line}")?;
    }
    eprintln!(
        "opened in {opened:?}, {} pins judged in {judged:?}",
        pins.len()
    );
    Ok(())
}

//! Comparisons with other tools and with ourselves.

pub(crate) mod routes;

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::corpus;
use crate::python::Venv;

type Place = (String, u64);

/// Bandit's own examples: what it reports there and hognose does not, at persona auditor.
pub(crate) fn bandit() -> Result<()> {
    let hognose = crate::hognose()?;
    let source = corpus::package("bandit==1.8.6", true)?;
    let examples = std::fs::read_dir(&source)?
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("examples"))
        .find(|path| path.is_dir())
        .context("no examples in the archive")?;
    let tools = Venv::new("compare", &["bandit==1.8.6".to_owned()], &[])?;
    let theirs = json(
        Command::new(tools.program("bandit"))
            .args(["-q", "-r", "-f", "json", "--ignore-nosec"])
            .arg(".")
            .current_dir(&examples),
    )?;
    let ours = json(
        Command::new(&hognose)
            .args([
                "check",
                "--isolated",
                "--persona",
                "auditor",
                "--format",
                "json",
                "--no-ignores",
                ".",
            ])
            .current_dir(&examples),
    )?;

    let parity =
        hognose_rules::parity_tool("bandit").context("the parity table knows no Bandit")?;
    let mut seen: BTreeMap<Place, Vec<String>> = BTreeMap::new();
    for finding in ours["findings"].as_array().into_iter().flatten() {
        let file = finding["file"].as_str().unwrap_or_default().to_owned();
        let (start, end) = (
            finding["start"]["line"].as_u64().unwrap_or(0),
            finding["end"]["line"].as_u64().unwrap_or(0),
        );
        for line in start..=end {
            seen.entry((file.clone(), line))
                .or_default()
                .push(finding["rule"].as_str().unwrap_or_default().to_owned());
        }
    }
    let (mut total, mut explained, mut missing) = (0, 0, 0);
    for finding in theirs["results"].as_array().into_iter().flatten() {
        total += 1;
        let id = finding["test_id"].as_str().unwrap_or_default();
        let file = finding["filename"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("./")
            .to_owned();
        let line = finding["line_number"].as_u64().unwrap_or(0);
        let range = finding["line_range"]
            .as_array()
            .map(|range| range.iter().filter_map(Value::as_u64).collect::<Vec<_>>())
            .unwrap_or_default();
        let entry = parity.entry(id);
        let covered = entry.is_some_and(|entry| {
            range.iter().chain([&line]).any(|line| {
                seen.get(&(file.clone(), *line))
                    .is_some_and(|rules| rules.iter().any(|rule| entry.rules.contains(rule)))
            })
        });
        if covered {
            continue;
        }
        let reason = entry.and_then(|entry| entry.reason.as_deref());
        match reason {
            Some(_) => explained += 1,
            None => missing += 1,
        }
        let reason = reason.unwrap_or("NO REASON WRITTEN");
        println!(
            "{file}:{line}: {id} {} ({reason})",
            finding["issue_text"].as_str().unwrap_or_default()
        );
    }
    println!(
        "{total} findings of Bandit; {explained} without ours at the same place and with a reason in the parity table, {missing} without a reason"
    );
    Ok(())
}

/// The projects whose calls are counted.
const CALL_PROJECTS: &[&str] = &[
    "requests==2.32.5",
    "flask==3.1.2",
    "django==5.2.4",
    "salt==3007.5",
    "homeassistant==2024.3.3",
];

/// The share of calls that are resolved, on five public projects.
pub(crate) fn calls() -> Result<()> {
    let hognose = crate::hognose()?;
    println!("project                     calls  resolved  by name  the rest by reason");
    for project in CALL_PROJECTS {
        let source = corpus::package(project, project.starts_with("salt"))?;
        let counts = json(
            Command::new(&hognose)
                .args(["inspect", "resolution", "--isolated", "--format", "json"])
                .arg(&source),
        )?;
        let calls = counts["calls"].as_f64().unwrap_or(0.0).max(1.0);
        let percent = |value: &Value| 100.0 * value.as_f64().unwrap_or(0.0) / calls;
        let mut reasons: Vec<(&String, &Value)> = counts["unresolved"]
            .as_object()
            .into_iter()
            .flatten()
            .collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(count.as_u64()));
        let reasons: Vec<String> = reasons
            .into_iter()
            .map(|(reason, count)| format!("{reason} {:.1} %", percent(count)))
            .collect();
        println!(
            "{project:<26}{calls:>7}   {:>5.1} %  {:>5.1} %  {}",
            100.0 * counts["share"].as_f64().unwrap_or(0.0),
            percent(&counts["by_name"]),
            reasons.join(", ")
        );
    }
    Ok(())
}

fn json(command: &mut Command) -> Result<Value> {
    let output = command.output().with_context(|| crate::show(command))?;
    serde_json::from_slice(&output.stdout).with_context(|| {
        format!(
            "{}: {}",
            crate::show(command),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

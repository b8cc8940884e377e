//! Security events as tables for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Coverage, Event, Kind, Outcome};
use crate::table::{cell, visible};

/// Aligned lines, and how much of each kind is written down.
pub fn text(events: &[Event]) -> String {
    let mut out = String::new();
    let handler_width = events
        .iter()
        .map(|event| event.handler.chars().count())
        .max()
        .unwrap_or(0)
        .min(60);
    for event in events {
        let _ = writeln!(
            out,
            "{:8}  {:7}  {:8}  {:14}  {:handler_width$}  {}:{}{}",
            event.kind.as_str(),
            event.outcome.as_str(),
            event.verdict.as_str(),
            if event.by.is_empty() { "-" } else { event.by },
            visible(&event.handler),
            visible(&event.file),
            event.line,
            served(event),
        );
    }
    let mut sums: BTreeMap<(Kind, Outcome), [usize; 3]> = BTreeMap::new();
    for event in events {
        sums.entry((event.kind, event.outcome)).or_default()[event.verdict as usize] += 1;
    }
    if !events.is_empty() {
        let _ = writeln!(out, "\n{:18}  logged  unlogged  unknown", "");
    }
    for ((kind, outcome), sum) in sums {
        let of = |verdict: Coverage| sum[verdict as usize];
        let _ = writeln!(
            out,
            "{:8}  {:8}  {:6}  {:8}  {:7}",
            kind.as_str(),
            outcome.as_str(),
            of(Coverage::Logged),
            of(Coverage::Unlogged),
            of(Coverage::Unknown),
        );
    }
    let count = |verdict| {
        let of_verdict = events.iter().filter(|event| event.verdict == verdict);
        of_verdict.count()
    };
    let _ = writeln!(
        out,
        "{}{} security events, {} logged, {} not, {} not known",
        if events.is_empty() { "" } else { "\n" },
        events.len(),
        count(Coverage::Logged),
        count(Coverage::Unlogged),
        count(Coverage::Unknown),
    );
    out
}

/// The first endpoint of the handler.
fn served(event: &Event) -> String {
    match event.endpoints.as_slice() {
        [] => String::new(),
        [only] => format!("  {}", visible(only)),
        [first, rest @ ..] => format!("  {} and {} more", visible(first), rest.len()),
    }
}

/// A Markdown table.
pub fn markdown(events: &[Event]) -> String {
    let mut out = String::from(
        "| event | outcome | verdict | by | handler | place | endpoints |\n|---|---|---|---|---|---|---|\n",
    );
    for event in events {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {}:{} | {} |",
            event.kind.as_str(),
            event.outcome.as_str(),
            event.verdict.as_str(),
            event.by,
            cell(&event.handler),
            cell(&event.file),
            event.line,
            cell(&event.endpoints.join(", ")),
        );
    }
    out
}

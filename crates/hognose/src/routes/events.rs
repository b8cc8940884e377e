//! Security events as tables for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use hognose_routes::events::{Coverage, Event, Kind, Outcome};

use crate::output::{markdown_code as code, visible_line};

/// Aligned lines, and how much of each kind is written down.
pub(crate) fn write_text(events: &[Event], out: &mut dyn Write) -> io::Result<()> {
    let handler_width = events
        .iter()
        .map(|event| event.handler.chars().count())
        .max()
        .unwrap_or(0)
        .min(60);
    for event in events {
        writeln!(
            out,
            "{:8}  {:7}  {:8}  {:14}  {:handler_width$}  {}:{}{}",
            event.kind.as_str(),
            event.outcome.as_str(),
            event.verdict.as_str(),
            if event.by.is_empty() { "-" } else { event.by },
            visible_line(&event.handler),
            visible_line(&event.file),
            event.line,
            served(event),
        )?;
    }
    let mut sums: BTreeMap<(Kind, Outcome), [usize; 3]> = BTreeMap::new();
    for event in events {
        sums.entry((event.kind, event.outcome)).or_default()[event.verdict as usize] += 1;
    }
    if !events.is_empty() {
        writeln!(out, "\n{:18}  logged  unlogged  unknown", "")?;
    }
    for ((kind, outcome), sum) in sums {
        let of = |verdict: Coverage| sum[verdict as usize];
        writeln!(
            out,
            "{:8}  {:8}  {:6}  {:8}  {:7}",
            kind.as_str(),
            outcome.as_str(),
            of(Coverage::Logged),
            of(Coverage::Unlogged),
            of(Coverage::Unknown),
        )?;
    }
    let count = |verdict| {
        let of_verdict = events.iter().filter(|event| event.verdict == verdict);
        of_verdict.count()
    };
    writeln!(
        out,
        "{}{} security events, {} logged, {} not, {} not known",
        if events.is_empty() { "" } else { "\n" },
        events.len(),
        count(Coverage::Logged),
        count(Coverage::Unlogged),
        count(Coverage::Unknown),
    )
}

/// The first endpoint of the handler.
fn served(event: &Event) -> String {
    match event.endpoints.as_slice() {
        [] => String::new(),
        [only] => format!("  {}", visible_line(only)),
        [first, rest @ ..] => format!("  {} and {} more", visible_line(first), rest.len()),
    }
}

/// A Markdown table.
pub(crate) fn write_markdown(events: &[Event], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        b"| event | outcome | verdict | by | handler | place | endpoints |\n|---|---|---|---|---|---|---|\n",
    )?;
    for event in events {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            event.kind.as_str(),
            event.outcome.as_str(),
            event.verdict.as_str(),
            event.by,
            code(&event.handler),
            code(&format!("{}:{}", event.file, event.line)),
            code(&event.endpoints.join(", ")),
        )?;
    }
    Ok(())
}

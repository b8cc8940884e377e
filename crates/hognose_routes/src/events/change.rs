//! Which events are written down, as a state that can be compared with another.

use rustc_hash::FxHashMap;

use super::{Coverage, Event};

/// An event, and whether it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// What happens.
    pub kind: String,
    /// What comes of it.
    pub outcome: String,
    /// Qualified name of the handler.
    pub handler: String,
    /// Whether it is written down.
    pub verdict: Coverage,
}

impl Covered {
    /// The state that events are in.
    pub fn of(events: &[Event]) -> Vec<Self> {
        events
            .iter()
            .map(|event| Self {
                kind: event.kind.as_str().to_owned(),
                outcome: event.outcome.as_str().to_owned(),
                handler: event.handler.clone(),
                verdict: event.verdict,
            })
            .collect()
    }
}

/// The events that were written down and are no more. What is not known is not told of, nor what is gone.
pub fn lost<'a>(known: &[Covered], now: &'a [Covered]) -> Vec<&'a Covered> {
    let verdicts: FxHashMap<(&str, &str, &str), Coverage> =
        known.iter().map(|one| (key(one), one.verdict)).collect();
    now.iter()
        .filter(|one| {
            one.verdict == Coverage::Unlogged && verdicts.get(&key(one)) == Some(&Coverage::Logged)
        })
        .collect()
}

fn key(one: &Covered) -> (&str, &str, &str) {
    (&one.kind, &one.outcome, &one.handler)
}

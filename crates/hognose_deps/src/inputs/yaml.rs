//! YAML within bounds.

use serde::de::DeserializeOwned;

use super::inventory::Place;
use super::source::{Reading, Source};

/// Most events of one file. The largest lock files of conda have some hundred thousand lines.
const MAX_EVENTS: usize = 8_000_000;

/// Reads a text; what is wrong with it is noted.
pub fn parse<T: DeserializeOwned>(source: &Source, reading: &mut Reading) -> Option<T> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: MAX_EVENTS,
            max_nodes: MAX_EVENTS,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options(&source.text, options) {
        Ok(value) => Some(value),
        Err(error) => {
            let place = match error.location() {
                Some(location) => place(source, &location),
                None => source.at(1, 1),
            };
            let text = error.to_string();
            let reason = text.lines().next().unwrap_or_default();
            reading.unreadable(place, reason);
            None
        }
    }
}

/// The place of a node.
pub fn place(source: &Source, location: &serde_saphyr::Location) -> Place {
    source.at(
        usize::try_from(location.line()).unwrap_or(1),
        usize::try_from(location.column()).unwrap_or(1),
    )
}

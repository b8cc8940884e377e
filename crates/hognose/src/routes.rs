//! What `hognose routes`, `hognose roles` and `hognose events` write: a file per format or list, each a function from
//! what was found to bytes.
//!
//! Names and paths are the audited project's: nothing is written past [`crate::output`]'s ways to make them harmless.

mod csv;
mod events;
mod html;
mod markdown;
mod openapi;
mod roles;
mod text;

pub(crate) use csv::write as write_csv;
pub(crate) use events::{write_markdown as write_events_markdown, write_text as write_events};
pub(crate) use html::write as write_html;
pub(crate) use markdown::{write as write_markdown, write_matrix};
pub(crate) use openapi::description;
pub(crate) use roles::write as write_roles;
pub(crate) use text::write as write_text;

use hognose_routes::{Endpoint, Inventory, Level};

/// The methods in one word.
fn methods(endpoint: &Endpoint) -> String {
    endpoint.methods.join(",")
}

/// `4 endpoints, 1 public, 2 with a guard that is not known`.
fn sums(inventory: &Inventory) -> String {
    let of = |level: Level| {
        let with_level = |endpoint: &&Endpoint| endpoint.level == level;
        inventory.endpoints.iter().filter(with_level).count()
    };
    format!(
        "{}, {} public, {} with a guard that is not known",
        crate::output::plural(inventory.endpoints.len(), "endpoint"),
        of(Level::Public),
        of(Level::Unknown),
    )
}

//! What is dangerous: rule folders, library models, registry.

mod parity;

use hognose_finding::RuleMeta;

pub use parity::{
    ParityEntry, ParityTool, parity, parity_markdown, parity_of_comment, parity_tool, reported_by,
};

/// Metadata of every built-in rule, by id.
pub fn rules() -> &'static [RuleMeta] {
    &[]
}

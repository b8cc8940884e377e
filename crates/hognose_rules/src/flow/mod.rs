//! Rules about data flow: what models and rules say, in the words of the engine, and what the engine found, as findings.

mod load;
mod report;

pub(crate) use load::{FlowFile, FlowTables, build};
pub(crate) use report::report;

use hognose_taint::Models;

/// What a flow rule says of itself.
#[derive(Debug, Clone)]
pub(crate) struct FlowMeta {
    /// Number of the rule in the registry.
    pub(crate) rule: usize,
    /// With `{source}` and `{sink}`.
    pub(crate) message: String,
}

/// Everything on flows.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    /// For the engine.
    pub(crate) models: Models,
    /// By number of the flow rule.
    pub(crate) rules: Vec<FlowMeta>,
}

//! Rules about data flow: what models and rules say, in the words of the engine, and what the engine found, as findings.

mod library;
mod load;
mod own;
mod report;
mod threat;
mod why;

pub(crate) use load::{BuildError, FlowFile, FlowTables, build};
pub use own::ModelError;
pub(crate) use own::{OwnModel, declared, function_of};
pub(crate) use report::report;
pub(crate) use threat::ThreatModel;
pub use threat::{Distribution, SOURCE_KINDS, SourceChoice, UsedSource, distributions};
pub(crate) use why::line_facts;
pub use why::{ArgumentSeen, Arrival, LineFacts, SinkSeen};

use hognose_python::Symbol;
use hognose_taint::Models;
use rustc_hash::FxHashSet;

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
    /// Callees by which a program makes or starts an application.
    pub(crate) applications: FxHashSet<Symbol>,
}

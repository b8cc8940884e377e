//! What reaches the sinks of a place, harmful or not: for whoever asks why a line is, or is not, reported.
//!
//! Nothing is analysed a second time. While bodies are walked, what stands at the place is written down beside what is found;
//! it has no influence on that.

use std::sync::Arc;

use hognose_python::{ModuleId, Symbol};

use crate::model::{Argument, When};
use crate::shape::Hole;
use crate::summary::SinkRef;
use crate::value::{Place, Value};

/// Sightings kept of one body; a line has a few sinks, each with a few arguments and callers.
pub(crate) const MAX_SIGHTINGS: usize = 256;

/// A place that is watched: a span of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The module or template.
    pub module: ModuleId,
    /// First byte and the byte behind the last.
    pub range: (u32, u32),
}

impl Watch {
    /// Whether something stands there, in part at least.
    pub const fn covers(&self, place: Place) -> bool {
        self.module.0 == place.module.0
            && place.range.0 < self.range.1
            && self.range.0 < place.range.1
    }
}

/// Whether a sink counts as one, by its conditions.
#[derive(Debug, Clone, Default)]
pub enum Counts {
    /// All hold.
    #[default]
    Yes,
    /// This one keeps it from being one; true where it must hold, false where it must not.
    No(Box<When>, bool),
    /// Of this one that is not known; likewise.
    NotKnown(Box<When>, bool),
}

/// What an argument of a sink was seen to be on one way to it.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The sink.
    pub sink: SinkRef,
    /// Where it is.
    pub place: Place,
    /// What is called there.
    pub callee: Symbol,
    /// Which argument; `None` for a page and for what is stored.
    pub argument: Option<Arc<Argument>>,
    /// Whether the sink counts.
    pub counts: Counts,
    /// What reaches it.
    pub value: Value,
    /// What was open, and is one of few values of the program's choice there.
    pub settled: Vec<Arc<Hole>>,
    /// Calls between the function that is walked and the sink.
    pub depth: u8,
}

/// A sighting with the body that was walked, whose parameters its inputs are.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Module and scope of the body.
    pub unit: crate::summary::Unit,
    /// What was seen.
    pub sighting: Sighting,
}

impl Sighting {
    /// Whether it says the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.place == other.place
            && self.sink == other.sink
            && self.argument == other.argument
            && self.depth == other.depth
            && self.value == other.value
            && self.settled == other.settled
    }

    /// Whether callers know more of it.
    pub(crate) fn of_inputs(&self) -> bool {
        let open = |hole: &Arc<Hole>| hole.taints.iter().any(|taint| !taint.origin.is_source());
        self.value.holes().iter().any(open) || self.settled.iter().any(open)
    }
}

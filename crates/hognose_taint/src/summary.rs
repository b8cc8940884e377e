//! What a function does, over symbolic inputs: what callers need to know of it.

use std::sync::Arc;

use hognose_python::ir::ScopeId;
use hognose_python::{ModuleId, Symbol};

use crate::shape::Restriction;
use crate::state::Object;
use crate::value::{Atom, InputPath, Place, Trail, Value};

/// A value with the objects it refers to; their ids are indices into `heap`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// The value.
    pub value: Value,
    /// The objects.
    pub heap: Vec<Arc<Object>>,
}

impl Exported {
    /// Whether a hole or an input is anywhere in it.
    pub fn has_holes(&self) -> bool {
        self.value.has_holes() || self.heap.iter().any(|object| object.has_holes())
    }
}

/// Something that reaches a sink, with an input among what it is made of.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The sink.
    pub sink: SinkRef,
    /// Where it is.
    pub place: Place,
    /// What is called there.
    pub callee: Symbol,
    /// What reaches it.
    pub value: Value,
    /// The calls between the function of this summary and the sink.
    pub depth: u8,
}

/// Which sink of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SinkRef {
    /// The rule.
    pub rule: u8,
    /// What it needs.
    pub need: crate::model::Need,
    /// Confidence at most.
    pub confidence: u8,
    /// Number of its message, if it has one of its own.
    pub message: Option<u32>,
    /// A method known by its name alone: counts when the text begins like a statement of its language.
    pub by_name: bool,
}

/// What came of a sink that something from elsewhere reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Judged {
    /// Where it is.
    pub place: Place,
    /// The rule, by number.
    pub rule: u8,
    /// Nothing that reaches it can do harm there.
    pub harmless: bool,
}

/// A source that meets a need at a sink.
#[derive(Debug, Clone)]
pub struct Found {
    /// The sink.
    pub sink: SinkRef,
    /// Where it is.
    pub place: Place,
    /// What is called there.
    pub callee: Symbol,
    /// Where it comes from.
    pub source: crate::value::Source,
    /// The way.
    pub trail: Trail,
    /// See [`crate::shape::Hole::doubt`].
    pub doubt: u8,
    /// Only part of the harm: the path of a URL whose host is fixed.
    pub partial: bool,
}

/// What is known of an input under a condition.
pub type Implied = (Arc<InputPath>, Restriction);

/// What a function does.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// What it returns.
    pub returns: Exported,
    /// What it yields.
    pub yields: Option<Exported>,
    /// What holds of inputs when it returns.
    pub on_return: Vec<Implied>,
    /// What holds when the result is true.
    pub on_true: Vec<Implied>,
    /// What holds when it is false.
    pub on_false: Vec<Implied>,
    /// What it writes into its inputs.
    pub writes: Vec<(Arc<InputPath>, Exported)>,
    /// Sinks that inputs reach.
    pub reaches: Vec<Reach>,
    /// What is seen of inputs at the place that is watched.
    pub watched: Vec<crate::watch::Sighting>,
    /// Inputs whose constant, function or class decides what it does, a bit per parameter.
    pub decides: u64,
    /// Inputs that it calls, or calls methods of, a bit per parameter.
    pub calls: u64,
    /// Inputs whose elements count one by one at a sink, a bit per parameter: which of them stands where, the caller knows.
    pub lists: u64,
    /// Inputs that it compares with what the program has or fetches, a bit per parameter: where the result may be nothing, it
    /// says whether there is such a thing.
    pub asks: u64,
    /// Whether a sink counts depends on an input.
    pub undecided: bool,
    /// It raises for some inputs: what is given may decide whether it checks anything.
    pub raises: bool,
    /// It never returns.
    pub stops: bool,
    /// A bound was hit.
    pub cut: bool,
}

impl Summary {
    /// Whether callers get the same of it.
    pub fn gives_the_same(&self, other: &Self) -> bool {
        self.returns == other.returns
            && self.yields == other.yields
            && self.writes == other.writes
            && self.reaches.len() == other.reaches.len()
            && self.stops == other.stops
    }

    /// Whether a body that was walked with the other one comes to the same with it.
    pub fn is_same(&self, other: &Self) -> bool {
        let same_reach = |(one, other): (&Reach, &Reach)| {
            one.sink == other.sink
                && one.place == other.place
                && one.depth == other.depth
                && one.value == other.value
        };
        self.gives_the_same(other)
            && self.reaches.iter().zip(&other.reaches).all(same_reach)
            && self.on_return == other.on_return
            && self.on_true == other.on_true
            && self.on_false == other.on_false
            && self.watched.is_empty()
            && other.watched.is_empty()
            && (self.decides, self.calls, self.asks) == (other.decides, other.calls, other.asks)
            && (self.undecided, self.raises) == (other.undecided, other.raises)
    }

    /// Whether it may return nothing where what it was asked for is not there.
    pub fn may_find_nothing(&self) -> bool {
        let nothing = |atom: &Atom| matches!(atom, Atom::None | Atom::Bool(false));
        self.returns.value.atoms().iter().any(nothing)
    }

    /// Whether knowing more of its inputs can change more than a truth value for the caller.
    pub fn matters(&self) -> bool {
        self.undecided
            || self.raises
            || !self.reaches.is_empty()
            || !self.returns.heap.is_empty()
            || self.returns.value.atoms().iter().any(|atom| {
                matches!(
                    atom,
                    crate::value::Atom::Text(_)
                        | crate::value::Atom::Input(_)
                        | crate::value::Atom::Function(..)
                        | crate::value::Atom::Class(..)
                        | crate::value::Atom::External(_)
                )
            })
    }
}

/// A function or body: its module and scope.
pub type Unit = (ModuleId, ScopeId);

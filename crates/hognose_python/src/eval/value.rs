//! What an expression may be, and lists of alternatives.

use smallvec::SmallVec;

use crate::ir::*;

/// One thing an expression may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Outside of the project, by access path.
    External(Symbol),
    /// A module of the project.
    Module(ModuleId),
    /// A directory of the project that is a namespace package.
    Namespace(Symbol),
    /// A function of the project, perhaps bound to an object.
    Function(ModuleId, FunctionId),
    /// A class of the project.
    Class(ModuleId, ClassId),
    /// An instance of a class of the project.
    Instance(ModuleId, ClassId),
    /// A literal, display or computation, as it stands in a module.
    Expr(ModuleId, ExprId),
    /// Whatever a caller passes for a parameter.
    Param(ModuleId, FunctionId, u16),
    /// Not known, with the reason.
    Unknown(Unresolved),
}

/// Why an expression or call is not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unresolved {
    /// The value of a parameter without a known type.
    Parameter,
    /// A name that nothing binds.
    Unbound,
    /// An attribute of something unknown.
    Attribute,
    /// An item of something unknown.
    Item,
    /// The result of an unknown callee.
    Call,
    /// A computed value: arithmetic, string building and the like.
    Computed,
    /// More alternatives than are kept.
    TooMany,
    /// A bound on depth was hit.
    Depth,
    /// A syntax error or too deep nesting.
    Opaque,
}

impl Unresolved {
    /// Words for reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parameter => "parameter of unknown type",
            Self::Unbound => "unbound name",
            Self::Attribute => "attribute of unknown object",
            Self::Item => "item of unknown container",
            Self::Call => "result of unknown call",
            Self::Computed => "computed value",
            Self::TooMany => "too many alternatives",
            Self::Depth => "bound on depth",
            Self::Opaque => "not analysed",
        }
    }
}

/// Alternatives, without doubles, in order of discovery.
pub type Values = SmallVec<[Value; 2]>;

/// Alternatives kept for one expression; beyond it the rest is [`Unresolved::TooMany`].
const MAX_VALUES: usize = 12;

/// Adds an alternative unless it is there.
pub(super) fn add(values: &mut Values, value: Value) {
    if values.contains(&value) {
        return;
    }
    if values.len() < MAX_VALUES {
        values.push(value);
    } else if let Some(last) = values.last_mut() {
        *last = Value::Unknown(Unresolved::TooMany);
    }
}

/// Adds several alternatives.
pub(super) fn add_all(values: &mut Values, more: impl IntoIterator<Item = Value>) {
    for value in more {
        add(values, value);
    }
}

/// A single alternative.
pub(super) fn only(value: Value) -> Values {
    Values::from_slice(&[value])
}

/// No alternative that is known.
pub(super) fn unknown(reason: Unresolved) -> Values {
    only(Value::Unknown(reason))
}

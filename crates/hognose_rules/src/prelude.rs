//! What a `rule.rs` needs.

pub use hognose_finding::{Confidence, Persona, Severity};
pub use hognose_python::ir::*;
pub use hognose_python::{ClassRef, Constant, Evaluator, Project, Unresolved, Value, Values};
pub use ruff_text_size::{Ranged, TextRange, TextSize};
pub use rustc_hash::{FxHashMap, FxHashSet};

pub use crate::context::{Argument, CallSite, Callee, Context, Draft};
pub use crate::names::{
    Named, fallback, is_configured, is_password, is_secret, name_of, named_values, parts, words,
};
pub use crate::settings::{Setting, Settings, Shape, Val, World};
pub use crate::text::Piece;

//! What a Python program is: modules, scopes, classes, lowered bodies, values, call graph.
//!
//! This crate knows Python and nothing of security. It does no input or output: texts come in through [`Sources`].

pub mod callgraph;
mod constant;
mod eval;
pub mod ir;
mod lower;
mod project;
mod source;
mod stdlib;
mod symbol;
mod text;

pub use constant::Constant;
pub use eval::{Aliases, ClassRef, Evaluator, Unresolved, Value, Values};
pub use ir::{Module, ModuleId};
pub use lower::lower;
pub use project::{Found, Layout, Project};
pub use source::{MemorySources, SourceEntry, SourceKind, Sources};
pub use stdlib::{is_builtin, is_stdlib};
pub use symbol::Symbol;
pub use text::{CellSpan, MAX_FILE_SIZE, Text};

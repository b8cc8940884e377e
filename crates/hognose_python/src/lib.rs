//! What a Python program is: modules, scopes, classes, lowered bodies, values, call graph.
//!
//! This crate knows Python and nothing of security. It does no input or output: texts come in through [`Sources`].

pub mod ir;
mod lower;
mod source;
mod text;

pub use lower::lower;
pub use source::{MemorySources, SourceEntry, SourceKind, Sources};
pub use text::{CellSpan, MAX_FILE_SIZE, Text};

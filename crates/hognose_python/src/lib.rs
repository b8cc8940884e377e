//! What a Python program is: modules, scopes, classes, lowered bodies, values, call graph.
//!
//! This crate knows Python and nothing of security. It does no input or output: texts come in through [`Sources`].

mod source;

pub use source::{MemorySources, SourceEntry, SourceKind, Sources};

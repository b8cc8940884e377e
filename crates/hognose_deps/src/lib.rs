//! What a project installs, and what is known against it.
//!
//! - [`name`]: the name of a distribution, as the index compares names.
//! - [`inputs`]: manifests, lock files, environments and bills of materials, read to [`inputs::Inventory`].
//! - [`advisories`]: OSV records, the compact index of their facts, and the one matcher.
//! - [`interpreter`]: where a project names its interpreter, and what is known against that one.
//! - [`fix`]: what would clear the findings, and how it is written where they stand.
//! - [`modules`]: what a distribution is imported as; [`symbols`]: what of it an advisory is about.
//! - [`hygiene`]: what is wrong with how packages are asked for, whatever their versions.
//! - [`releases`]: what an index has of a distribution.
//! - [`date`]: days, as advisories and release schedules have them.
//!
//! Nothing here resolves, installs or runs anything, reads a file by itself, or touches the network: bytes come in,
//! facts go out. What cannot be read is named with its place, and the rest goes on.

pub mod advisories;
pub mod date;
pub mod fix;
pub mod hygiene;
pub mod inputs;
pub mod interpreter;
pub mod modules;
pub mod name;
pub mod releases;
pub mod symbols;

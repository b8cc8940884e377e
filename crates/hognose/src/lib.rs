//! A security auditor for Python projects.
//!
//! [`audit`] is the one entry: it serves the command, the editor and the tests. A [`View`] is one look at its report, and
//! what every output format works from.

mod access;
mod audit;
pub mod baseline;
pub mod cli;
pub mod configuration;
pub mod db;
mod deps;
pub mod discovery;
mod git;
pub mod lock;
pub mod migrate;
pub mod output;
mod progress;
mod routes;
mod selection;
mod suppress;
pub mod view;

pub use access::Accepted;
pub use audit::{AuditOptions, audit};
pub use selection::{Selection, Selector};
pub use view::{Presentation, View, ViewOptions};

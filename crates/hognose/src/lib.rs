//! A security auditor for Python projects.
//!
//! [`audit`] is the one entry: it serves the command, the editor and the tests.

mod audit;

pub use audit::{AuditOptions, audit};

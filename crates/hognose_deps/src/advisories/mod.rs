//! Advisories: OSV records, the compact index of their facts, and the one matcher.
//!
//! [`archive::Feed`] collects records ([`osv::Record`]) of whatever form they are delivered in; [`index::write`] makes
//! the compact file of them that [`index::Index`] opens; [`matcher::judge`] answers. [`database`] opens the index that
//! is built in, or what the user names. [`epss`] and [`kev`] read what else is published about vulnerabilities.

pub mod archive;
pub mod database;
pub mod epss;
pub mod index;
pub mod kev;
pub mod matcher;
pub mod osv;
mod package;
pub mod severity;

pub use package::{Advisory, Package};

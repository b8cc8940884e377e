//! The interpreter: where a project names the one it runs on, and what is known against that one.
//!
//! [`facts`] are CPython's branches and vulnerabilities, built in; [`sources`] finds the places.

pub mod facts;
pub mod sources;
mod workflow;

use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;

/// A branch of CPython, `3.11`: what gets fixes until its end of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(pub u64, pub u64);

impl Branch {
    /// Reads `3.11`.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0, self.1)
    }
}

/// A release of CPython as a project names it: exactly, or the newest of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its branch.
    pub branch: Branch,
    /// The release itself. None if only the branch is named, which means its newest release.
    pub exact: Option<Version>,
}

impl Release {
    /// Reads `3.11`, `3.11.4`, `3.13.0rc1`. None for `3`, which leaves the branch open, and for what is no version.
    pub fn parse(text: &str) -> Option<Self> {
        let version = Version::from_str(text.trim()).ok()?.without_local();
        let &[major, minor, ref patch @ ..] = version.release() else {
            return None;
        };
        if version.epoch() != 0 {
            return None;
        }
        let exact = !patch.is_empty() || version.any_prerelease();
        Some(Self {
            branch: Branch(major, minor),
            exact: exact.then_some(version),
        })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exact {
            Some(version) => version.fmt(out),
            None => self.branch.fmt(out),
        }
    }
}

//! What is mended beside the versions of packages: addresses that are asked without encryption, interpreters without
//! fixes.
//!
//! [`address`] and [`interpreter`] choose what is to be written instead, and find where. What is not known to be right is
//! not written: it [stays](Stays), with the reason.

pub mod address;
pub mod interpreter;
mod list;

use std::fmt;

use super::edit::{EditFault, Replaced};
use crate::hygiene::shown_address;
use crate::inputs::source::Source;
use crate::inputs::{InstallerOption, Place};
use crate::interpreter::Release;
use crate::interpreter::sources::{InterpreterUse, Wanted};

/// Something that is written otherwise.
#[derive(Clone, Debug)]
pub enum Mend {
    /// An address is asked over HTTPS.
    Encrypt {
        /// Where the entry with the address begins.
        place: Place,
        /// The address, with `http:` in it.
        url: String,
    },
    /// An option goes that lets a host send packages without a certificate, or over HTTP.
    Verify(InstallerOption),
    /// Another interpreter is named. None: the entry goes, for another one beside it names what it would.
    Interpreter {
        /// Where, and which one.
        used: InterpreterUse,
        /// The one that is to be named.
        to: Option<Release>,
    },
}

/// What should be mended and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stays {
    /// Where.
    pub place: Place,
    /// What it is.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Mend {
    /// Where it is.
    pub fn place(&self) -> &Place {
        match self {
            Self::Encrypt { place, .. } => place,
            Self::Verify(option) => &option.place,
            Self::Interpreter { used, .. } => &used.place,
        }
    }

    /// Whether it has to do with where packages come from.
    pub fn is_of_address(&self) -> bool {
        !matches!(self, Self::Interpreter { .. })
    }

    /// What is there before it is mended.
    pub fn what(&self) -> String {
        match self {
            Self::Encrypt { url, .. } => shown_address(url),
            Self::Verify(option) => format!(
                "{} {}",
                option.name,
                option
                    .value
                    .as_deref()
                    .map_or_else(String::new, shown_address)
            ),
            Self::Interpreter { used, .. } => match &used.wanted {
                Wanted::Release(release) => format!("Python {release}"),
                _ => "Python".to_owned(),
            },
        }
    }

    /// The texts that are replaced.
    pub(super) fn find(&self, source: &Source) -> Result<Vec<Replaced>, EditFault> {
        match self {
            Self::Encrypt { place, url } => address::encrypt(source, place, url),
            Self::Verify(option) => address::verify(source, option),
            Self::Interpreter { used, to } => interpreter::find(source, used, to.as_ref()),
        }
        .ok_or_else(|| EditFault::NotFound {
            place: self.place().clone(),
            name: self.what(),
        })?
        .map_err(|reason| EditFault::Left {
            place: self.place().clone(),
            reason,
        })
    }

    /// That it is not mended, and why.
    pub(super) fn stays(&self, why: impl Into<String>) -> Stays {
        Stays {
            place: self.place().clone(),
            what: self.what(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Mend {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what();
        match self {
            Self::Encrypt { .. } => {
                write!(out, "{what} → {}", what.replacen("http:", "https:", 1))
            }
            Self::Verify(_) => write!(out, "{what} is taken out"),
            Self::Interpreter { to: Some(to), .. } => write!(out, "{what} → {to}"),
            Self::Interpreter { to: None, .. } => {
                write!(out, "{what} is taken out, beside what would take its place")
            }
        }
    }
}

/// What is to be replaced, or why it is not. None: it is not found.
type Found = Option<Result<Vec<Replaced>, &'static str>>;

#[cfg(test)]
mod tests;

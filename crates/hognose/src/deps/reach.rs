//! What the code of a project uses of a distribution.

use std::fmt;
use std::sync::Arc;

use hognose_deps::advisories::matcher::Finding;
use hognose_deps::name::Name;

/// Whether the code uses what is vulnerable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// No module of the project imports the distribution.
    NotImported,
    /// One does, here.
    Imported(Evidence),
    /// What is vulnerable is used here.
    SymbolUsed(Evidence),
    /// It cannot be told, for this reason.
    Unknown(String),
}

/// A place in the code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The module or symbol that is used there.
    pub name: String,
}

impl Reach {
    /// The answer as long as nobody has looked into the code.
    pub fn not_looked() -> Self {
        Self::Unknown("the code was not looked into".to_owned())
    }

    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotImported => "not-imported",
            Self::Imported(_) => "imported",
            Self::SymbolUsed(_) => "symbol-used",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The place it is seen at.
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Imported(evidence) | Self::SymbolUsed(evidence) => Some(evidence),
            Self::NotImported | Self::Unknown(_) => None,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The code of a project, as far as imports tell.
#[derive(Debug, Default)]
pub struct Code;

impl Code {
    pub fn reach(&self, _name: &Name) -> Reach { Reach::not_looked() }
    pub fn symbols(&self, _finding: &Finding, reach: &Reach) -> Reach { reach.clone() }
}

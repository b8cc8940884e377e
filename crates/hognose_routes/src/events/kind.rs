//! What a security event is: its kind, how it came out, and whether it is written down.

use serde::{Deserialize, Serialize};

use super::logs::Log;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Somebody proves who he is, or fails to.
    Login,
    /// Somebody leaves.
    Logout,
    /// A second factor.
    Mfa,
    /// A password is set.
    Password,
    /// A token is given out or taken back.
    Token,
    /// Rights are given or taken.
    Role,
    /// Something is changed by those who have a permission or role.
    Admin,
    /// Many records leave at once.
    Export,
    /// Somebody is refused.
    Denial,
    /// A user is put into the session: a login, if it follows a question who he is.
    #[serde(skip)]
    Session,
}

impl Kind {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login | Self::Session => "login",
            Self::Logout => "logout",
            Self::Mfa => "mfa",
            Self::Password => "password",
            Self::Token => "token",
            Self::Role => "role",
            Self::Admin => "admin",
            Self::Export => "export",
            Self::Denial => "denial",
        }
    }
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was right.
    Success,
    /// It was wrong.
    Failure,
    /// It is done.
    Done,
    /// Something is another than before.
    Change,
    /// Something is given out.
    Issue,
    /// Something is taken back.
    Revoke,
    /// Nothing is done.
    Refused,
}

impl Outcome {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Done => "done",
            Self::Change => "change",
            Self::Issue => "issue",
            Self::Revoke => "revoke",
            Self::Refused => "refused",
        }
    }
}

/// Whether somebody writes it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    /// On no way that can be seen.
    Unlogged,
    /// It cannot be told, or only on some ways.
    Unknown,
    /// On every way.
    Logged,
}

impl Coverage {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Unlogged, Self::Unknown, Self::Logged];

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unlogged => "unlogged",
            Self::Unknown => "unknown",
            Self::Logged => "logged",
        }
    }
}

impl From<Log> for Coverage {
    fn from(log: Log) -> Self {
        match log {
            Log::No => Self::Unlogged,
            Log::Maybe => Self::Unknown,
            Log::Yes => Self::Logged,
        }
    }
}

/// A security event of one handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// What happens.
    pub kind: Kind,
    /// What comes of it.
    pub outcome: Outcome,
    /// Qualified name of the handler, or of the function that refuses.
    pub handler: String,
    /// The file of the place where it happens.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// Whether somebody writes it down.
    pub verdict: Coverage,
    /// Who does, or may.
    pub by: &'static str,
    /// Methods and paths by which it is reached, where the handler is one of an endpoint.
    pub endpoints: Vec<String>,
}

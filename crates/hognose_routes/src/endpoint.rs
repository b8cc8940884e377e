//! An endpoint, and what is said of its guard.

use serde::{Serialize, Serializer};

/// How much a request must prove before a handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It cannot be told.
    Unknown,
    /// Nothing.
    Public,
    /// That it comes from a user.
    Authenticated,
    /// That its user has a permission or role.
    Permission,
    /// That its user may use the very object that is asked for.
    Object,
}

impl Level {
    /// All levels.
    pub const ALL: &[Self] = &[
        Self::Unknown,
        Self::Public,
        Self::Authenticated,
        Self::Permission,
        Self::Object,
    ];

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Public => "public",
            Self::Authenticated => "authenticated",
            Self::Permission => "permission",
            Self::Object => "object",
        }
    }
}

/// How a level is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It cannot be told.
    Unknown,
    /// Configuration says so.
    Declared,
    /// Code that runs before the handler does so.
    Proved,
}

impl Verdict {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Declared => "declared",
            Self::Proved => "proved",
        }
    }
}

/// Something that can be called from outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Endpoint {
    /// The application, as the project names it.
    pub app: String,
    /// The framework's name.
    pub framework: &'static str,
    /// The full pattern, as the framework writes it; parts that are not known are `<?>`.
    pub path: String,
    /// The methods, sorted; `*` where the framework does not restrict them.
    pub methods: Vec<String>,
    /// Qualified name of the handler; empty where it is not known.
    pub handler: String,
    /// The handler's file, or that of the registration where the handler lies outside of the project.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// `none`, `authenticated`, names of roles and permissions, or `unknown`.
    pub guard: String,
    /// How much must be proved.
    pub level: Level,
    /// How that is known.
    pub verdict: Verdict,
    /// The layer that decides.
    #[serde(serialize_with = "or_null")]
    pub layer: &'static str,
    /// Roles that the user needs.
    pub roles: Vec<String>,
    /// Permissions that the user needs.
    pub permissions: Vec<String>,
}

fn or_null<S: Serializer>(text: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.is_empty() {
        serializer.serialize_none()
    } else {
        serializer.serialize_str(text)
    }
}

/// All endpoints of a project, sorted.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

impl Inventory {
    /// How many endpoints have a guard that is not known.
    pub fn unknown(&self) -> usize {
        self.endpoints
            .iter()
            .filter(|endpoint| endpoint.level == Level::Unknown)
            .count()
    }
}

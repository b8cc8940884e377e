//! What layers prove of a request, and what they come to together.

use super::NOBODY;
use crate::endpoint::{Level, Verdict};
use crate::run::V;

/// Where a layer stands, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A default of the settings.
    Settings,
    /// A middleware.
    Middleware,
    /// A function that runs before requests.
    Hook,
    /// A router, blueprint or include.
    Router,
    /// A base class, mixin or attribute of the class.
    Class,
    /// A decorator, or a wrapper where the URL is given.
    Decorator,
    /// A dependency.
    Dependency,
    /// A check in the handler.
    Body,
}

impl Place {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Middleware => "middleware",
            Self::Hook => "hook",
            Self::Router => "router",
            Self::Class => "class",
            Self::Decorator => "decorator",
            Self::Dependency => "dependency",
            Self::Body => "body",
        }
    }
}

/// What a layer proves of a request that goes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: it is no guard.
    Nothing,
    /// Nothing, and it says so: anyone may go through.
    Public,
    /// It may be a guard.
    Unknown,
    /// It looks at what is asked for: what this function proves is to be told for each endpoint ([`at`]).
    Depends(V),
    /// This much.
    Guard {
        /// The level.
        level: Level,
        /// Roles asked for.
        roles: Vec<String>,
        /// Permissions asked for.
        permissions: Vec<String>,
    },
}

impl Proof {
    /// A guard without names.
    pub const fn of(level: Level) -> Self {
        Self::Guard {
            level,
            roles: Vec::new(),
            permissions: Vec::new(),
        }
    }

    /// A guard that asks for a permission of a name.
    pub fn permission(name: &str) -> Self {
        Self::Guard {
            level: Level::Permission,
            roles: Vec::new(),
            permissions: vec![name.to_owned()],
        }
    }

    /// Two guards as one that names what either asks for.
    fn with(mut self, other: Self, choose: fn(Level, Level) -> Level) -> Self {
        if let (
            Self::Guard {
                level,
                roles,
                permissions,
            },
            Self::Guard {
                level: other_level,
                roles: other_roles,
                permissions: other_permissions,
            },
        ) = (&mut self, other)
        {
            *level = choose(*level, other_level);
            roles.extend(other_roles);
            permissions.extend(other_permissions);
        }
        self
    }

    /// What both prove together.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (guard @ Self::Guard { .. }, other @ Self::Guard { .. }) => {
                guard.with(other, Level::max)
            }
            (guard @ Self::Guard { .. }, _) | (_, guard @ Self::Guard { .. }) => guard,
            (Self::Unknown | Self::Depends(_), _) | (_, Self::Unknown | Self::Depends(_)) => {
                Self::Unknown
            }
            (Self::Public, _) | (_, Self::Public) => Self::Public,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }

    /// What is proved where either is enough.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown | Self::Depends(_), _) | (_, Self::Unknown | Self::Depends(_)) => {
                Self::Unknown
            }
            (Self::Nothing | Self::Public, _) | (_, Self::Nothing | Self::Public) => Self::Public,
            // Where one asks for no name, none is needed.
            (guard @ Self::Guard { .. }, other @ Self::Guard { .. }) => {
                if guard.is_nameless() || other.is_nameless() {
                    Self::of(Level::Authenticated)
                } else if guard == Self::permission(NOBODY) {
                    other
                } else if other == Self::permission(NOBODY) {
                    guard
                } else {
                    guard.with(other, Level::min)
                }
            }
        }
    }

    /// Whether it asks for no more than that there is a user.
    pub(super) fn is_nameless(&self) -> bool {
        matches!(self, Self::Guard { level: Level::Authenticated, roles, permissions }
            if roles.is_empty() && permissions.is_empty())
    }
}

/// A layer of guards.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Where it stands.
    pub place: Place,
    /// What it proves.
    pub proof: Proof,
}

/// What layers come to.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The level.
    pub level: Level,
    /// How it is known.
    pub verdict: Verdict,
    /// The layer that decides; empty where there is none.
    pub layer: &'static str,
    /// Roles asked for.
    pub roles: Vec<String>,
    /// Permissions asked for.
    pub permissions: Vec<String>,
}

impl Guard {
    /// The guard in words.
    pub fn words(&self) -> String {
        match self.level {
            Level::Unknown => "unknown".to_owned(),
            Level::Public => "none".to_owned(),
            _ => {
                let names: Vec<&str> = self
                    .roles
                    .iter()
                    .chain(&self.permissions)
                    .map(String::as_str)
                    .collect();
                match (names.is_empty(), self.level) {
                    (false, _) => names.join(","),
                    (true, Level::Object) => "object".to_owned(),
                    (true, Level::Permission) => "permission".to_owned(),
                    (true, _) => "authenticated".to_owned(),
                }
            }
        }
    }
}

/// What layers, outermost first, come to.
pub fn combine(layers: &[Layer]) -> Guard {
    let mut guard = Guard {
        level: Level::Public,
        verdict: Verdict::Proved,
        layer: "",
        roles: Vec::new(),
        permissions: Vec::new(),
    };
    for layer in layers {
        if let Proof::Guard {
            level,
            roles,
            permissions,
        } = &layer.proof
        {
            if *level > guard.level {
                guard.level = *level;
                guard.layer = layer.place.as_str();
                guard.verdict = if layer.place == Place::Settings {
                    Verdict::Declared
                } else {
                    Verdict::Proved
                };
            }
            guard.roles.extend(roles.iter().cloned());
            guard.permissions.extend(permissions.iter().cloned());
        }
    }
    guard.roles.sort();
    guard.roles.dedup();
    guard.permissions.sort();
    guard.permissions.dedup();
    if guard.level > Level::Public {
        return guard;
    }
    let unknown = layers
        .iter()
        .find(|layer| matches!(layer.proof, Proof::Unknown | Proof::Depends(_)));
    let public = layers.iter().rfind(|layer| layer.proof == Proof::Public);
    if let Some(layer) = unknown {
        guard.level = Level::Unknown;
        guard.verdict = Verdict::Unknown;
        guard.layer = layer.place.as_str();
    } else if let Some(layer) = public {
        guard.layer = layer.place.as_str();
    }
    guard
}

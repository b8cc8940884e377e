//! What decorators, classes and functions of libraries prove: the tables of `data/guards`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::{Proof, Question};
use crate::endpoint::Level;
use crate::run::{Args, V, Value};
use crate::world::World;

const TABLES: &[&str] = &[
    include_str!("../../data/guards/general.toml"),
    include_str!("../../data/guards/middleware.toml"),
    include_str!("../../data/guards/flask.toml"),
    include_str!("../../data/guards/django.toml"),
    include_str!("../../data/guards/fastapi.toml"),
    include_str!("../../data/guards/others.toml"),
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What is no guard: access paths, or everything below one that ends in `.*`.
    #[serde(default)]
    nothing: Vec<String>,
    /// What lets anyone through.
    #[serde(default)]
    public: Vec<String>,
    /// What may or may not be one: a scheme that only asks for credentials to be present, for example.
    #[serde(default)]
    unknown: Vec<String>,
    /// What proves that there is a user.
    #[serde(default)]
    authenticated: Vec<String>,
    /// What asks for more.
    #[serde(default)]
    guard: Vec<Row>,
    /// Parts of the names of middleware that may be a guard.
    #[serde(default)]
    access: Vec<String>,
    /// Guards that know their user by a cookie: access paths below one that ends in `.*`, or single ones.
    #[serde(default)]
    cookie: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    path: String,
    level: String,
    /// Where names of roles are: positions of arguments, `*` for all, or keywords.
    #[serde(default)]
    roles: Vec<String>,
    /// Where names of permissions are.
    #[serde(default)]
    permissions: Vec<String>,
    /// A permission that is always asked for.
    name: Option<String>,
    /// Keywords that ask for a permission of their name when they are true.
    #[serde(default)]
    flags: Vec<String>,
    /// A keyword that makes it let anyone through when it is true.
    optional: Option<String>,
    /// The position of a function that is asked with the user.
    test: Option<usize>,
}

/// What a library's guard proves.
#[derive(Debug, Clone)]
pub struct Entry {
    level: Option<Level>,
    public: bool,
    unknown: bool,
    roles: Vec<String>,
    permissions: Vec<String>,
    name: Option<String>,
    flags: Vec<String>,
    optional: Option<String>,
    test: Option<usize>,
}

struct Tables {
    exact: FxHashMap<String, Entry>,
    below: Vec<String>,
    access: Vec<String>,
    cookie: Vec<String>,
}

static KNOWN: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables {
        exact: FxHashMap::default(),
        below: Vec::new(),
        access: Vec::new(),
        cookie: Vec::new(),
    };
    let plain = |level, public, unknown| Entry {
        level,
        public,
        unknown,
        roles: Vec::new(),
        permissions: Vec::new(),
        name: None,
        flags: Vec::new(),
        optional: None,
        test: None,
    };
    for text in TABLES {
        // The tables are part of the program; a test reads each of them.
        let table: Table = toml::from_str(text).unwrap_or_default();
        for path in table.nothing {
            match path.strip_suffix(".*") {
                Some(front) => tables.below.push(format!("{front}.")),
                None => {
                    tables.exact.insert(key(&path), plain(None, false, false));
                }
            }
        }
        tables.access.extend(table.access);
        tables.cookie.extend(table.cookie);
        for path in table.public {
            tables.exact.insert(key(&path), plain(None, true, false));
        }
        for path in table.unknown {
            tables.exact.insert(key(&path), plain(None, false, true));
        }
        for path in table.authenticated {
            let entry = plain(Some(Level::Authenticated), false, false);
            tables.exact.insert(key(&path), entry);
        }
        for row in table.guard {
            let level = match row.level.as_str() {
                "object" => Level::Object,
                "permission" => Level::Permission,
                _ => Level::Authenticated,
            };
            let entry = Entry {
                level: Some(level),
                public: false,
                unknown: false,
                roles: row.roles,
                permissions: row.permissions,
                name: row.name,
                flags: row.flags,
                optional: row.optional,
                test: row.test,
            };
            tables.exact.insert(key(&row.path), entry);
        }
    }
    tables
});

/// An access path without the modules it passes through: packages move things between their modules.
fn key(path: &str) -> String {
    let path = path.trim_end_matches("()");
    let parts: Vec<&str> = path.split('.').collect();
    let last = parts.len().saturating_sub(1);
    let kept: Vec<&str> = parts
        .iter()
        .enumerate()
        .filter(|(index, part)| {
            *index == 0
                || *index == last
                || part.contains("()")
                || part.starts_with(char::is_uppercase)
        })
        .map(|(_, part)| *part)
        .collect();
    kept.join(".")
}

/// What the tables say of an access path.
pub fn entry(path: &str) -> Option<Entry> {
    let known = &*KNOWN;
    if let Some(entry) = known.exact.get(&key(path)) {
        return Some(entry.clone());
    }
    known
        .below
        .iter()
        .any(|front| path.starts_with(front.as_str()))
        .then(|| Entry {
            level: None,
            public: false,
            unknown: false,
            roles: Vec::new(),
            permissions: Vec::new(),
            name: None,
            flags: Vec::new(),
            optional: None,
            test: None,
        })
}

/// Whether middleware of a library that no table names may be a guard: most does something else, and says so.
pub fn speaks_of_access(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    KNOWN.access.iter().any(|part| path.contains(part.as_str()))
}

/// Whether a guard knows its user by a cookie, which a browser sends along with whatever page asks it to.
pub fn knows_by_cookie(path: &str) -> bool {
    KNOWN.cookie.iter().any(|row| match row.strip_suffix('*') {
        Some(front) => path.starts_with(front),
        None => key(path) == key(row),
    })
}

impl Entry {
    /// Whether it asks for anything.
    pub fn guards(&self) -> bool {
        self.level.is_some()
    }

    /// What it proves when called with these arguments.
    pub fn proof(&self, world: &mut World<'_>, args: &Args) -> Proof {
        if self.public {
            return Proof::Public;
        }
        if self.unknown {
            return Proof::Unknown;
        }
        let Some(level) = self.level else {
            return Proof::Nothing;
        };
        if let Some(optional) = &self.optional
            && let Some(v) = args.keyword(optional)
        {
            match world.machine.truth(v) {
                Some(true) => return Proof::Public,
                Some(false) => {}
                None => return Proof::Unknown,
            }
        }
        if let Some(v) = self.test.and_then(|at| args.positional.get(at)) {
            let question = Question {
                of_user: true,
                ..Question::default()
            };
            match super::answer(world, *v, question) {
                Proof::Unknown => {}
                proof => return proof,
            }
        }
        let roles = names(world, args, &self.roles);
        let mut permissions = names(world, args, &self.permissions);
        permissions.extend(self.name.clone());
        for flag in &self.flags {
            let given = args.keyword(flag);
            if given.is_some_and(|v| world.machine.truth(v) == Some(true)) {
                permissions.push(flag.clone());
            }
        }
        let named = !roles.is_empty() || !permissions.is_empty();
        let asks = !self.roles.is_empty() || !self.permissions.is_empty() || !self.flags.is_empty();
        let level = match level {
            // Names that may be given raise the level; where they must be and are not texts, it stays what it is.
            Level::Authenticated if asks && named => Level::Permission,
            level => level,
        };
        Proof::Guard {
            level,
            roles,
            permissions,
        }
    }
}

fn names(world: &mut World<'_>, args: &Args, selectors: &[String]) -> Vec<String> {
    let mut found: Vec<V> = Vec::new();
    for selector in selectors {
        if selector == "*" {
            found.extend(&args.positional);
        } else if let Ok(position) = selector.parse::<usize>() {
            found.extend(args.positional.get(position));
        } else {
            found.extend(args.keyword(selector));
        }
    }
    let mut names = Vec::new();
    for v in found {
        if let Some(texts) = world.text_list(v) {
            names.extend(texts);
        } else if let Value::External(path) = world.machine.get(v) {
            let path = path.as_str();
            names.push(path.rsplit('.').next().unwrap_or(path).to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_tables() {
        for text in TABLES {
            let table: Result<Table, _> = toml::from_str(text);
            assert!(table.is_ok(), "{:?}", table.err());
        }
    }

    #[test]
    fn modules_do_not_matter() {
        assert!(entry("flask_login.utils.login_required").is_some());
        assert!(entry("flask_login.login_required()").is_some());
        assert!(entry("functools.wraps()").is_some());
        assert!(entry("unheard.of").is_none());
    }
}

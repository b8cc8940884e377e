//! What changed between two inventories: who may call what now, and who might before.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::{Endpoint, Level};

/// One method of an endpoint and what it asks for: what is compared, and what a line of the lock says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Access {
    /// The application.
    pub app: String,
    /// The pattern of the path.
    pub path: String,
    /// The method.
    pub method: String,
    /// How much must be proved.
    pub level: Level,
    /// Roles and permissions that are asked for, sorted.
    pub names: Vec<String>,
    /// Qualified name of the handler.
    pub handler: String,
}

impl Access {
    /// The endpoints method by method, sorted. Where one handler is registered twice for the same the weaker counts.
    pub fn of(endpoints: &[Endpoint]) -> Vec<Self> {
        let mut found: Vec<Self> = endpoints
            .iter()
            .flat_map(|endpoint| {
                let mut names: Vec<String> = endpoint
                    .roles
                    .iter()
                    .chain(&endpoint.permissions)
                    .cloned()
                    .collect();
                names.sort();
                names.dedup();
                endpoint.methods.iter().map(move |method| Self {
                    app: endpoint.app.clone(),
                    path: endpoint.path.clone(),
                    method: method.clone(),
                    level: endpoint.level,
                    names: names.clone(),
                    handler: endpoint.handler.clone(),
                })
            })
            .collect();
        found.sort_by(|a, b| a.key().cmp(&b.key()).then(a.rank().cmp(&b.rank())));
        found.dedup_by(|b, a| a.key() == b.key());
        found
    }

    fn key(&self) -> (&str, &str, &str) {
        (&self.app, &self.path, &self.method)
    }

    /// How strong the guard is. One that is not known is more than none and less than any that is known.
    const fn rank(&self) -> u8 {
        match self.level {
            Level::Public => 0,
            Level::Unknown => 1,
            Level::Authenticated => 2,
            Level::Permission => 3,
            Level::Object => 4,
        }
    }

    /// The guard in words.
    pub fn guard(&self) -> String {
        if self.names.is_empty() {
            self.level.as_str().to_owned()
        } else {
            format!("{} {}", self.level.as_str(), self.names.join(","))
        }
    }

    /// How the guard compares with one from before. A role or permission that is asked for no more makes it weaker.
    pub fn against(&self, before: &Self) -> Option<Kind> {
        match self.rank().cmp(&before.rank()) {
            std::cmp::Ordering::Less => Some(Kind::Weakened),
            std::cmp::Ordering::Greater => Some(Kind::Strengthened),
            std::cmp::Ordering::Equal if self.names == before.names => None,
            std::cmp::Ordering::Equal => {
                let lost = before.names.iter().any(|name| !self.names.contains(name));
                Some(if lost {
                    Kind::Weakened
                } else {
                    Kind::Strengthened
                })
            }
        }
    }
}

/// A sort of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It asks for less, or for something else, than before.
    Weakened,
    /// It was not there before.
    New,
    /// It asks for more.
    Strengthened,
    /// It has another path, or another handler.
    Moved,
    /// It is there no more.
    Removed,
}

impl Kind {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weakened => "weakened",
            Self::New => "new",
            Self::Strengthened => "strengthened",
            Self::Moved => "moved",
            Self::Removed => "removed",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// Its sort.
    pub kind: Kind,
    /// What was there; nothing for what is new.
    pub before: Option<Access>,
    /// What is there; nothing for what is gone.
    pub after: Option<Access>,
}

impl Change {
    /// Whether more may be called by more: a weaker guard, or a new endpoint that anyone may call.
    pub fn is_worse(&self) -> bool {
        match self.kind {
            Kind::Weakened => true,
            Kind::New => self
                .after
                .as_ref()
                .is_some_and(|access| access.level == Level::Public),
            _ => false,
        }
    }
}

/// By which parts of it an endpoint is known again.
type Trace = fn(&Access) -> Option<[&str; 3]>;

/// What the same endpoint has in common before and after, from what is certain to what is likely: its place, its path in an
/// application that has another name, its handler at another path, and its handler in a module that has another name.
const TRACES: &[Trace] = &[
    |access| Some([&access.app, &access.path, &access.method]),
    |access| Some(["", &access.path, &access.method]),
    |access| handler(access).map(|name| ["", name, access.method.as_str()]),
    |access| {
        let name = handler(access)?;
        let last = name.rsplit('.').next().unwrap_or(name);
        Some([access.level.as_str(), last, access.method.as_str()])
    },
];

fn handler(access: &Access) -> Option<&str> {
    (!access.handler.is_empty()).then_some(access.handler.as_str())
}

/// What changed, the worst first.
pub fn changes(before: &[Access], after: &[Access]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut old: Vec<&Access> = before.iter().collect();
    let mut new: Vec<&Access> = after.iter().collect();
    for trace in TRACES {
        let mut by_trace: FxHashMap<[&str; 3], Vec<&Access>> = FxHashMap::default();
        for access in &old {
            if let Some(trace) = trace(access) {
                by_trace.entry(trace).or_default().push(access);
            }
        }
        let mut count: FxHashMap<[&str; 3], usize> = FxHashMap::default();
        for access in new.iter().filter_map(|access| trace(access)) {
            *count.entry(access).or_default() += 1;
        }
        let mut found: FxHashSet<&Access> = FxHashSet::default();
        new.retain(|access| {
            // Of several that look alike none is known to be the one.
            let Some(key) = trace(access).filter(|key| count.get(key) == Some(&1)) else {
                return true;
            };
            let Some([before]) = by_trace.get(&key).map(Vec::as_slice) else {
                return true;
            };
            found.insert(before);
            let moved = before.path != access.path || before.handler != access.handler;
            let kind = access
                .against(before)
                .or_else(|| moved.then_some(Kind::Moved));
            if let Some(kind) = kind {
                changes.push(Change {
                    kind,
                    before: Some((*before).clone()),
                    after: Some((*access).clone()),
                });
            }
            false
        });
        old.retain(|access| !found.contains(access));
    }
    changes.extend(new.into_iter().map(|access| Change {
        kind: Kind::New,
        before: None,
        after: Some(access.clone()),
    }));
    changes.extend(old.into_iter().map(|access| Change {
        kind: Kind::Removed,
        before: Some(access.clone()),
        after: None,
    }));
    changes.sort();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(path: &str, level: Level, names: &[&str], handler: &str) -> Access {
        Access {
            app: "app".to_owned(),
            path: path.to_owned(),
            method: "GET".to_owned(),
            level,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            handler: handler.to_owned(),
        }
    }

    fn kinds(before: &[Access], after: &[Access]) -> Vec<(Kind, bool)> {
        changes(before, after)
            .iter()
            .map(|change| (change.kind, change.is_worse()))
            .collect()
    }

    #[test]
    fn guards_are_compared() {
        let admin = access("/a", Level::Permission, &["admin"], "m.a");
        let other = access("/a", Level::Permission, &["user"], "m.a");
        let both = access("/a", Level::Permission, &["admin", "user"], "m.a");
        let public = access("/a", Level::Public, &[], "m.a");
        let unknown = access("/a", Level::Unknown, &[], "m.a");
        let one = |a: &Access, b: &Access| kinds(std::slice::from_ref(a), std::slice::from_ref(b));
        assert_eq!(one(&admin, &public), [(Kind::Weakened, true)]);
        assert_eq!(one(&admin, &unknown), [(Kind::Weakened, true)]);
        assert_eq!(one(&unknown, &public), [(Kind::Weakened, true)]);
        assert_eq!(one(&admin, &other), [(Kind::Weakened, true)]);
        assert_eq!(one(&admin, &both), [(Kind::Strengthened, false)]);
        assert_eq!(one(&public, &admin), [(Kind::Strengthened, false)]);
        assert_eq!(one(&admin, &admin), []);
    }

    #[test]
    fn what_moved_is_followed() {
        let here = access("/a", Level::Authenticated, &[], "m.view");
        let there = access("/b", Level::Authenticated, &[], "m.view");
        let renamed = access("/c", Level::Authenticated, &[], "n.view");
        let open = access("/b", Level::Public, &[], "m.view");
        let stranger = access("/z", Level::Public, &[], "m.new");
        assert_eq!(
            kinds(std::slice::from_ref(&here), &[there]),
            [(Kind::Moved, false)]
        );
        assert_eq!(
            kinds(std::slice::from_ref(&here), &[renamed]),
            [(Kind::Moved, false)]
        );
        assert_eq!(
            kinds(std::slice::from_ref(&here), &[open]),
            [(Kind::Weakened, true)]
        );
        assert_eq!(
            kinds(&[here], &[stranger]),
            [(Kind::New, true), (Kind::Removed, false)]
        );
    }
}

//! Guards that look at what is asked for: a hook that lets some paths or endpoints through, or asks only of some.
//!
//! Such a guard proves different things of different endpoints, so it is walked once for each, with the conditions on the
//! endpoint's name or path decided as far as its pattern decides them. Which way a comparison goes needs no telling then.

mod decide;
mod part;

use crate::world::UNKNOWN_PART;

pub use decide::holds;
pub use part::{asks_for_variable, looks};

/// Conditions inside of each other.
const MAX_NESTING: u32 = 24;

/// Characters that end what is literal in a pattern of any framework.
const META: &[char] = &['<', '{', '(', '[', '\\', '^', '$', '*', '+', '?', '|'];

/// An endpoint as a request that reaches it shows it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its name with those of the blueprints or namespaces around it; empty where it has none or it is not known.
    pub endpoint: String,
    /// Whether it is known that it has this name, or none.
    pub is_named: bool,
    /// The pattern of its path.
    pub path: String,
    /// Variables of the path are taken for other values than those that are compared with.
    pub is_other: bool,
}

/// What of a request is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Endpoint,
    /// Its name without those around it.
    Name,
    Blueprint,
    Path,
    /// Something that depends on what is asked for in a way that is not known.
    Other,
}

/// A text of which the beginning may be all that is known.
struct Text<'a> {
    front: &'a str,
    whole: bool,
    /// A variable follows, which may be anything.
    is_followed: bool,
}

impl Text<'_> {
    fn equals(&self, other: &str) -> Option<bool> {
        // What is asked of all values of a variable but one is asked of the endpoint.
        Some(self.whole && self.front == other)
    }

    fn starts_with(&self, other: &str) -> Option<bool> {
        if self.front.starts_with(other) {
            Some(true)
        } else if !self.whole && !self.is_followed && other.starts_with(self.front) {
            None
        } else {
            Some(false)
        }
    }

    fn contains(&self, other: &str) -> Option<bool> {
        match self.front.contains(other) {
            true => Some(true),
            false => self.whole.then_some(false),
        }
    }

    fn ends_with(&self, other: &str) -> Option<bool> {
        self.whole.then(|| self.front.ends_with(other))
    }
}

/// Whether the rest of a pattern begins with a variable, not with something that is not known or one of several words.
fn begins_with_variable(rest: &str) -> bool {
    if let Some(group) = rest.strip_prefix("(?P<") {
        let end = group.find(')').unwrap_or(group.len());
        return !group[..end].contains('|');
    }
    (rest.starts_with('<') || rest.starts_with('{')) && !rest.starts_with(UNKNOWN_PART)
}

impl Asked {
    /// Whether the path has a variable of a name: `<int:id>`, `{id}`, `(?P<id>...)`.
    fn has_variable(&self, name: &str) -> bool {
        self.path.match_indices(name).any(|(at, _)| {
            let before = self.path[..at].chars().next_back();
            let after = self.path[at + name.len()..].chars().next();
            matches!(before, Some('<' | ':' | '{')) && matches!(after, Some('>' | '}' | ':'))
        })
    }

    fn text(&self, part: Part) -> Option<Text<'_>> {
        let (text, pattern) = match part {
            Part::Endpoint => (self.endpoint.as_str(), false),
            Part::Name | Part::Blueprint => {
                let split = self
                    .endpoint
                    .rsplit_once(if self.is_named { ':' } else { '.' });
                let (front, name) = split.unwrap_or(("", &self.endpoint));
                (if part == Part::Name { name } else { front }, false)
            }
            Part::Path => (self.path.as_str(), true),
            Part::Other => return None,
        };
        if text.is_empty() && (pattern || !self.is_named) || text.contains(UNKNOWN_PART) && !pattern
        {
            return None;
        }
        if !pattern {
            return Some(Text {
                front: text,
                whole: true,
                is_followed: false,
            });
        }
        let end = text.find(META).unwrap_or(text.len());
        // A `$` at the end is no more than that.
        let whole = matches!(&text[end..], "" | "$");
        Some(Text {
            front: &text[..end],
            whole,
            is_followed: self.is_other && begins_with_variable(&text[end..]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> Asked {
        Asked {
            endpoint: "shop.cart".to_owned(),
            path: path.to_owned(),
            ..Asked::default()
        }
    }

    #[test]
    fn patterns_decide_as_far_as_they_are_literal() {
        let asked = path("/shop/<int:id>");
        let text = asked.text(Part::Path).expect("a path");
        assert_eq!(text.starts_with("/shop/"), Some(true));
        assert_eq!(text.starts_with("/shop/7"), None);
        assert_eq!(text.starts_with("/admin"), Some(false));
        let other = |pattern: &str| Asked {
            is_other: true,
            ..path(pattern)
        };
        let named = other("/shop/<int:id>");
        let text = named.text(Part::Path).expect("a path");
        assert_eq!(text.starts_with("/shop/7"), Some(false));
        let one_of_two = other("/(admin|shop)/");
        let text = one_of_two.text(Part::Path).expect("a path");
        assert_eq!(text.starts_with("/admin"), None);
        let text = asked.text(Part::Path).expect("a path");
        assert_eq!(text.equals("/shop/7"), Some(false));
        assert_eq!(text.equals("/"), Some(false));
        assert_eq!(text.contains("7"), None);
        let whole = path("/shop/$");
        let text = whole.text(Part::Path).expect("a path");
        assert_eq!(text.equals("/shop/"), Some(true));
        assert_eq!(text.starts_with("/shop/7"), Some(false));
        assert_eq!(text.ends_with("p/"), Some(true));
    }

    #[test]
    fn a_blueprint_is_what_stands_before_the_name() {
        let asked = path("/");
        assert_eq!(
            asked.text(Part::Blueprint).map(|text| text.equals("shop")),
            Some(Some(true))
        );
        assert!(asked.text(Part::Other).is_none());
    }
}

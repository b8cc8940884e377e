//! The name of a distribution, as the index compares names.

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::inputs::share;

/// A distribution's name, normalised as the packaging specification on names says: lower case, and every run of `-`,
/// `_` and `.` one hyphen. Two names are the same distribution if these are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// The name as it was written, normalised. None if it is no name: one or more ASCII letters and digits, with `-`,
    /// `_` and `.` between them.
    pub fn new(written: &str) -> Option<Self> {
        let bytes = written.as_bytes();
        let ends = [bytes.first()?, bytes.last()?];
        if !ends.iter().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let is_normal = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if bytes.iter().all(is_normal) {
            return Some(Self(written.into()));
        }
        let mut normal = String::with_capacity(written.len());
        for byte in bytes {
            match byte {
                b'-' | b'_' | b'.' => {
                    if !normal.ends_with('-') {
                        normal.push('-');
                    }
                }
                byte if byte.is_ascii_alphanumeric() => {
                    normal.push(char::from(byte.to_ascii_lowercase()));
                }
                _ => return None,
            }
        }
        Some(Self(normal.into()))
    }

    /// Takes the text from those that are known, or makes it known.
    pub(crate) fn share(&mut self, known: &mut FxHashSet<Arc<str>>) {
        share(&mut self.0, known);
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_compared_as_the_index_does() {
        let normal = |written| Name::new(written).map(|name| name.to_string());
        assert_eq!(normal("Jinja2").as_deref(), Some("jinja2"));
        assert_eq!(
            normal("ruamel.yaml__clib").as_deref(),
            Some("ruamel-yaml-clib")
        );
        assert_eq!(normal("A").as_deref(), Some("a"));
        for no_name in ["", "-a", "a_", "a b", "ä", "a[b]"] {
            assert_eq!(normal(no_name), None, "{no_name}");
        }
    }
}

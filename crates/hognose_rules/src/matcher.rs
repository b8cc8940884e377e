//! Matchers: what a rule looks for, as data.

use std::borrow::Cow;

use hognose_finding::{Confidence, Persona, Severity};
use hognose_python::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::condition::{Condition, ConditionFile};
use crate::registry::Rule;

/// A matcher as written in a `rule.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct EntryFile {
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    modules: Vec<String>,
    #[serde(default)]
    bases: Vec<String>,
    key: Option<String>,
    framework: Option<String>,
    name: Option<String>,
    #[serde(default, rename = "where")]
    conditions: Vec<ConditionFile>,
    #[serde(default)]
    unless: Vec<ConditionFile>,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    persona: Option<Persona>,
    message: Option<String>,
    #[serde(default)]
    silent: bool,
}

/// What a matcher looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Call,
    Reference,
    Import,
    Store,
    Class,
    Decorator,
    Setting,
}

/// A matcher, ready to run.
#[derive(Debug)]
pub(crate) struct Matcher {
    pub(crate) subject: Subject,
    /// Access paths, module names or base classes, by subject.
    pub(crate) paths: Vec<Symbol>,
    /// Key of an item store.
    pub(crate) key: Option<String>,
    /// Framework and name of a setting.
    pub(crate) setting: Option<(String, String)>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) unless: Vec<Condition>,
    pub(crate) severity: Option<Severity>,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) persona: Option<Persona>,
    pub(crate) message: Option<String>,
    /// A place it matches is no finding of the rule, whatever its later matchers say.
    pub(crate) silent: bool,
}

impl EntryFile {
    pub(crate) fn compile(self, subject: Subject) -> Result<Matcher, String> {
        let (names, word) = match subject {
            Subject::Import => (&self.modules, "modules"),
            Subject::Class => (&self.bases, "bases"),
            _ => (&self.paths, "paths"),
        };
        if names.is_empty() && subject != Subject::Setting {
            return Err(format!("a [[{subject:?}]] matcher needs `{word}`").to_lowercase());
        }
        let setting = match (self.framework, self.name) {
            (Some(framework), Some(name)) => Some((framework, name)),
            (None, None) if subject != Subject::Setting => None,
            _ => {
                return Err(
                    "a [[setting]] matcher needs `framework` and `name`, and no other does"
                        .to_owned(),
                );
            }
        };
        Ok(Matcher {
            subject,
            paths: names
                .iter()
                .flat_map(|name| expand(name))
                .map(Symbol::from)
                .collect(),
            key: self.key,
            setting,
            conditions: self
                .conditions
                .into_iter()
                .map(ConditionFile::compile)
                .collect::<Result<_, _>>()?,
            unless: self
                .unless
                .into_iter()
                .map(ConditionFile::compile)
                .collect::<Result<_, _>>()?,
            severity: self.severity,
            confidence: self.confidence,
            persona: self.persona,
            message: self.message,
            silent: self.silent,
        })
    }
}

/// Expands `a.{b,c}.d`, also several times and nested.
pub(crate) fn expand(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else {
        return vec![pattern.to_owned()];
    };
    let mut depth = 0usize;
    let mut starts = vec![open + 1];
    for (at, character) in pattern.char_indices().skip_while(|(at, _)| *at < open) {
        match character {
            '{' => depth += 1,
            ',' if depth == 1 => starts.push(at + 1),
            '}' => {
                depth -= 1;
                if depth == 0 {
                    let (front, back) = (&pattern[..open], &pattern[at + 1..]);
                    starts.push(at + 1);
                    return starts
                        .windows(2)
                        .map(|pair| pattern[pair[0]..pair[1] - 1].trim())
                        .flat_map(|middle| expand(&format!("{front}{middle}{back}")))
                        .collect();
                }
            }
            _ => {}
        }
    }
    vec![pattern.to_owned()]
}

/// Number of a rule and of a matcher in it.
pub(crate) type MatcherRef = (usize, usize);

/// All matchers by what they look for.
#[derive(Debug, Default)]
pub(crate) struct Matchers {
    pub(crate) calls: FxHashMap<Symbol, Vec<MatcherRef>>,
    /// Calls with `*` in their path, by their last name.
    pub(crate) open_calls: FxHashMap<String, Vec<(String, MatcherRef)>>,
    pub(crate) references: FxHashMap<Symbol, Vec<MatcherRef>>,
    /// Last parts of the paths of references: only names that end so are evaluated.
    pub(crate) reference_names: FxHashSet<Symbol>,
    pub(crate) imports: FxHashMap<Symbol, Vec<MatcherRef>>,
    pub(crate) stores: FxHashMap<Symbol, Vec<MatcherRef>>,
    pub(crate) store_names: FxHashSet<Symbol>,
    pub(crate) classes: FxHashMap<Symbol, Vec<MatcherRef>>,
    pub(crate) decorators: FxHashMap<Symbol, Vec<MatcherRef>>,
    pub(crate) settings: Vec<MatcherRef>,
}

impl Matchers {
    /// The matchers on calls of an access path, in the order of their rules.
    pub(crate) fn of_call(&self, path: Symbol) -> Cow<'_, [MatcherRef]> {
        let exact = self.calls.get(&path).map_or(&[][..], Vec::as_slice);
        let open = self
            .open_calls
            .get(last_name(path.as_str()))
            .map_or(&[][..], Vec::as_slice);
        let mut found: Vec<MatcherRef> = open
            .iter()
            .filter(|(pattern, _)| fits(pattern, path.as_str()))
            .map(|(_, matcher)| *matcher)
            .collect();
        if found.is_empty() {
            return exact.into();
        }
        found.extend(exact);
        found.sort_unstable();
        found.dedup();
        found.into()
    }

    pub(crate) fn new(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (rule_number, rule) in rules.iter().enumerate() {
            for (number, matcher) in rule.matchers.iter().enumerate() {
                let reference = (rule_number, number);
                let map = match matcher.subject {
                    Subject::Call => &mut index.calls,
                    Subject::Reference => &mut index.references,
                    Subject::Import => &mut index.imports,
                    Subject::Store => &mut index.stores,
                    Subject::Class => &mut index.classes,
                    Subject::Decorator => &mut index.decorators,
                    Subject::Setting => {
                        index.settings.push(reference);
                        continue;
                    }
                };
                for path in &matcher.paths {
                    let last = last_name(path.as_str());
                    if matcher.subject == Subject::Call && path.as_str().contains('*') {
                        index
                            .open_calls
                            .entry(last.to_owned())
                            .or_default()
                            .push((path.as_str().to_owned(), reference));
                        continue;
                    }
                    map.entry(*path).or_default().push(reference);
                    match matcher.subject {
                        Subject::Reference => {
                            index.reference_names.insert(Symbol::from(last));
                        }
                        Subject::Store => {
                            index.store_names.insert(Symbol::from(last));
                        }
                        _ => {}
                    }
                }
            }
        }
        index
    }
}

/// Whether a path is of the form of a pattern, in which `*` stands for one name.
fn fits(pattern: &str, path: &str) -> bool {
    let mut names = path.split('.');
    let fit = pattern.split('.').all(|asked| {
        names
            .next()
            .is_some_and(|name| asked == "*" || asked == name)
    });
    fit && names.next().is_none()
}

/// The last name of an access path: `verify` of `requests.Session().verify`.
pub(crate) fn last_name(path: &str) -> &str {
    path.rsplit('.')
        .next()
        .unwrap_or(path)
        .trim_end_matches("[]")
        .trim_end_matches("()")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_name() {
        assert!(fits(
            "transformers.*.from_pretrained",
            "transformers.AutoModel.from_pretrained"
        ));
        assert!(!fits(
            "transformers.*.from_pretrained",
            "transformers.from_pretrained"
        ));
        assert!(!fits(
            "transformers.*.from_pretrained",
            "transformers.models.AutoModel.from_pretrained"
        ));
        assert!(!fits(
            "transformers.*.from_pretrained",
            "transformers.AutoModel.from_pretrained.x"
        ));
    }

    #[test]
    fn braces_expand() {
        assert_eq!(expand("a.b"), ["a.b"]);
        assert_eq!(expand("r.{get,post}"), ["r.get", "r.post"]);
        assert_eq!(
            expand("{a,b}.{c,d}()"),
            ["a.c()", "a.d()", "b.c()", "b.d()"]
        );
        assert_eq!(expand("{a,b.{c,d}}"), ["a", "b.c", "b.d"]);
        assert_eq!(expand("broken{a"), ["broken{a"]);
    }
}

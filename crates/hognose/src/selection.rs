//! Choosing rules by id, practice, CWE or tag.
//!
//! A word names exactly one kind of thing: rule ids and practices are kebab-case words, a CWE is written `CWE-89`, and
//! a tag is what rules carry. An unknown word is an error with the nearest right spelling, never an empty choice.

use std::collections::BTreeSet;
use std::fmt;

use hognose_finding::{Practice, RuleMeta};

/// One word of `--select` or `--ignore`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// Every rule.
    All,
    /// One rule.
    Rule(String),
    /// The rules of a practice.
    Practice(Practice),
    /// The rules that name a CWE.
    Cwe(u16),
    /// The rules that carry a tag.
    Tag(String),
}

/// Which rules count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Rules taken; all when empty.
    pub select: Vec<Selector>,
    /// Rules left out.
    pub ignore: Vec<Selector>,
}

/// How closely a selector names a rule: the closer word wins, and of two equally close ones the one that ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    All,
    Group,
    Rule,
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Rule(word) | Self::Tag(word) => f.write_str(word),
            Self::Practice(practice) => practice.fmt(f),
            Self::Cwe(number) => write!(f, "CWE-{number}"),
        }
    }
}

impl Selector {
    /// Reads a word, given the rules there are.
    ///
    /// # Errors
    /// A sentence with the nearest right spelling if nothing is called so.
    pub fn parse(word: &str, rules: &[RuleMeta]) -> Result<Self, String> {
        if word.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        if let Some(number) = word
            .get(..4)
            .filter(|p| p.eq_ignore_ascii_case("cwe-"))
            .map(|_| &word[4..])
        {
            let number: u16 = number
                .parse()
                .map_err(|_| format!("`{word}` is no CWE such as CWE-89"))?;
            return if rules.iter().any(|r| r.cwe.contains(&number)) {
                Ok(Self::Cwe(number))
            } else {
                Err(format!(
                    "no rule is about CWE-{number}; `hognose rules` lists them all"
                ))
            };
        }
        if rules.iter().any(|r| r.id == word) {
            return Ok(Self::Rule(word.to_owned()));
        }
        if let Ok(practice) = word.parse() {
            return Ok(Self::Practice(practice));
        }
        if rules.iter().any(|r| r.tags.iter().any(|t| t == word)) {
            return Ok(Self::Tag(word.to_owned()));
        }
        let tags: BTreeSet<&str> = rules
            .iter()
            .flat_map(|r| r.tags.iter().map(String::as_str))
            .collect();
        let known = rules
            .iter()
            .map(|r| r.id.as_str())
            .chain(Practice::ALL.iter().map(|p| p.as_str()))
            .chain(tags);
        Err(match hognose_rules::nearest(word, known) {
            Some(near) => {
                format!("`{word}` is no rule, practice, CWE or tag; did you mean `{near}`?")
            }
            None => {
                format!("`{word}` is no rule, practice, CWE or tag; `hognose rules` lists them all")
            }
        })
    }

    fn closeness(
        &self,
        id: &str,
        practice: Practice,
        cwe: &[u16],
        tags: &[String],
    ) -> Option<Closeness> {
        match self {
            Self::All => Some(Closeness::All),
            Self::Rule(rule) => (rule == id).then_some(Closeness::Rule),
            Self::Practice(wanted) => (*wanted == practice).then_some(Closeness::Group),
            Self::Cwe(number) => cwe.contains(number).then_some(Closeness::Group),
            Self::Tag(tag) => tags.contains(tag).then_some(Closeness::Group),
        }
    }
}

impl Selection {
    /// Whether a rule so described counts.
    pub fn allows(&self, id: &str, practice: Practice, cwe: &[u16], tags: &[String]) -> bool {
        let closest = |words: &[Selector]| {
            words
                .iter()
                .filter_map(|s| s.closeness(id, practice, cwe, tags))
                .max()
        };
        let selected = if self.select.is_empty() {
            Some(Closeness::All)
        } else {
            closest(&self.select)
        };
        selected
            .is_some_and(|selected| closest(&self.ignore).is_none_or(|ignored| selected > ignored))
    }

    /// Whether a rule counts.
    pub fn allows_rule(&self, rule: &RuleMeta) -> bool {
        self.allows(&rule.id, rule.practice, &rule.cwe, &rule.tags)
    }
}

#[cfg(test)]
mod tests {
    use hognose_finding::{Confidence, Persona, Severity};

    use super::*;

    fn rule(id: &str, practice: Practice, cwe: u16, tag: &str) -> RuleMeta {
        RuleMeta {
            id: id.to_owned(),
            title: String::new(),
            practice,
            cwe: vec![cwe],
            owasp: Vec::new(),
            asvs: Vec::new(),
            severity: Severity::Low,
            confidence: Confidence::Low,
            persona: Persona::Regular,
            tags: vec![tag.to_owned()],
            page: "",
        }
    }

    fn rules() -> Vec<RuleMeta> {
        vec![
            rule("weak-hash", Practice::SensitiveData, 328, "crypto"),
            rule("weak-cipher", Practice::SensitiveData, 327, "crypto"),
            rule("sql-injection", Practice::Database, 89, "sql"),
        ]
    }

    fn chosen(select: &[&str], ignore: &[&str]) -> String {
        let rules = rules();
        let parse = |words: &[&str]| {
            words
                .iter()
                .map(|w| Selector::parse(w, &rules).unwrap())
                .collect()
        };
        let selection = Selection {
            select: parse(select),
            ignore: parse(ignore),
        };
        let ids: Vec<_> = rules
            .iter()
            .filter(|r| selection.allows_rule(r))
            .map(|r| r.id.as_str())
            .collect();
        ids.join(" ")
    }

    #[test]
    fn every_kind_of_word_selects() {
        assert_eq!(chosen(&[], &[]), "weak-hash weak-cipher sql-injection");
        assert_eq!(chosen(&["weak-hash"], &[]), "weak-hash");
        assert_eq!(chosen(&["sensitive-data"], &[]), "weak-hash weak-cipher");
        assert_eq!(chosen(&["cwe-89"], &[]), "sql-injection");
        assert_eq!(chosen(&["crypto"], &[]), "weak-hash weak-cipher");
        assert_eq!(chosen(&[], &["crypto"]), "sql-injection");
    }

    #[test]
    fn the_closer_word_wins_and_ignoring_breaks_ties() {
        assert_eq!(chosen(&["weak-hash"], &["crypto"]), "weak-hash");
        assert_eq!(chosen(&["weak-hash"], &["weak-hash"]), "");
        assert_eq!(chosen(&["crypto"], &["sensitive-data"]), "");
        assert_eq!(chosen(&["crypto"], &["all"]), "weak-hash weak-cipher");
    }

    #[test]
    fn an_unknown_word_is_an_error_with_the_nearest() {
        let error = |word| Selector::parse(word, &rules()).unwrap_err();
        assert_eq!(
            error("weak-hsah"),
            "`weak-hsah` is no rule, practice, CWE or tag; did you mean `weak-hash`?"
        );
        assert_eq!(
            error("qqqq"),
            "`qqqq` is no rule, practice, CWE or tag; `hognose rules` lists them all"
        );
        assert_eq!(
            error("CWE-1"),
            "no rule is about CWE-1; `hognose rules` lists them all"
        );
        assert_eq!(error("CWE-x"), "`CWE-x` is no CWE such as CWE-89");
    }
}

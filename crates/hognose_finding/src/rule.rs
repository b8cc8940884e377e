//! What is known of a rule apart from how it decides.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::Practice;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in configuration and output.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{word}` is none of {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// The harm done if the finding is true.
    Severity {
        /// Hardens; no direct attack.
        Low = "low",
        /// Exploitable under conditions, or a weakened defence.
        Medium = "medium",
        /// Exploitable by whoever reaches it.
        High = "high",
        /// Full control of the process or of all its data.
        Critical = "critical",
    }
}

words! {
    /// How likely it is that the finding is true.
    Confidence {
        /// A name or a shape suggests it.
        Low = "low",
        /// The evidence has one unknown.
        Medium = "medium",
        /// Callee and values are known.
        High = "high",
    }
}

words! {
    /// Who wants to see a finding. Each persona also sees what the ones before it see.
    Persona {
        /// Defects to act on.
        Regular = "regular",
        /// Smells and hardening.
        Pedantic = "pedantic",
        /// Everything worth a look in a review.
        Auditor = "auditor",
    }
}

/// What a rule says of itself: the metadata in its `rule.toml`, without the matchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMeta {
    /// Kebab-case, names the bad pattern.
    pub id: String,
    /// One line, no full stop.
    pub title: String,
    /// The practice the rule speaks for.
    pub practice: Practice,
    /// CWE numbers, the most specific and usual first.
    pub cwe: Vec<u16>,
    /// OWASP Top 10 categories such as `A03:2021` and `A05:2025`.
    pub owasp: Vec<String>,
    /// OWASP ASVS 5.0 requirements such as `v5.0.0-1.2.4`.
    pub asvs: Vec<String>,
    /// Default harm.
    pub severity: Severity,
    /// Default likelihood.
    pub confidence: Confidence,
    /// Who sees it by default.
    pub persona: Persona,
    /// Free words to select by, such as `django` or `crypto`.
    pub tags: Vec<String>,
    /// The public page, Markdown.
    pub page: &'static str,
}

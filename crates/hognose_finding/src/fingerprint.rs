//! Identity of a finding from run to run.
//!
//! # What is hashed
//! The rule's id, then words for the statement the finding is about, walked as lowered (`hognose_rules`, `fingerprint.rs`): of
//! a compound statement only the head.
//!
//! | edit | identity |
//! |---|---|
//! | lines above, file moved or renamed, function moved | stays: no file, line or function is hashed |
//! | a name of the project's own renamed | stays: hashed is the number of its first appearance in the statement |
//! | reformatted: line breaks, comments, quotes, trailing commas, brackets that only group | stays: none of it is lowered |
//! | an import gets an alias | stays: the imported name is hashed |
//! | the called function, an attribute, a keyword argument, a constant changed | changes: it is other code |
//! | an equal defect added before this one | stays; the ordinals shift, and the count tells that there is one more |
//!
//! The scheme is versioned in [`SCHEME`]; a change of it is a change of every identity, and goes into the change log.

use std::fmt;

use crate::Finding;

/// Version of what is hashed.
pub const SCHEME: u32 = 1;

/// A 128-bit identity made of the rule and the normalised code the finding is about, plus an ordinal among equal ones.
/// It does not hold the file, the line or the names of local variables, so that moving, renaming and reformatting keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint {
    /// Hash of rule and normalised code.
    pub content: u128,
    /// Number among the findings of one run with the same content, from 0, in order of file and position.
    pub ordinal: u32,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}:{}", self.content, self.ordinal)
    }
}

/// Builds the content part of a fingerprint from a stream of words.
#[derive(Debug, Clone)]
pub struct FingerprintBuilder(u128);

/// FNV-1a, 128 bits: stable across machines and releases, which the hashers of the standard library are not.
const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

impl FingerprintBuilder {
    /// Starts with the rule's id.
    pub fn new(rule: &str) -> Self {
        let mut builder = Self(OFFSET);
        builder.word(rule);
        builder
    }

    /// Adds a word. Words are delimited, so `ab`, `c` differs from `a`, `bc`.
    pub fn word(&mut self, word: &str) -> &mut Self {
        for byte in word.bytes().chain(std::iter::once(0xff)) {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(PRIME);
        }
        self
    }

    /// The content hash.
    pub const fn finish(&self) -> u128 {
        self.0
    }
}

/// Numbers the findings that share their content, in the order of file and position. The order of the findings does not
/// matter and stays.
pub fn assign_ordinals(findings: &mut [Finding]) {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&findings[*a], &findings[*b]);
        (a.fingerprint.content, &a.location, &a.message).cmp(&(
            b.fingerprint.content,
            &b.location,
            &b.message,
        ))
    });
    let mut previous: Option<Fingerprint> = None;
    for index in order {
        let fingerprint = &mut findings[index].fingerprint;
        fingerprint.ordinal = match previous {
            Some(before) if before.content == fingerprint.content => before.ordinal + 1,
            _ => 0,
        };
        previous = Some(*fingerprint);
    }
}

#[cfg(test)]
mod tests;

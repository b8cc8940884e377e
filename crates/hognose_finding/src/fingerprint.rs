//! Identity of a finding from run to run.

use std::fmt;

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

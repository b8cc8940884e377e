//! The flags of a compiled pattern, in one byte.

use std::ops::{BitOr, BitOrAssign};

/// Flags that change what a pattern means. The bits are this crate's own; [`Flags::from_python`] reads Python's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Flags(u8);

impl Flags {
    /// No flag: a `str` pattern, case-sensitive, Unicode classes.
    pub const NONE: Flags = Flags(0);
    /// `re.IGNORECASE`, `(?i)`.
    pub const IGNORECASE: Flags = Flags(1);
    /// `re.MULTILINE`, `(?m)`: `^` and `$` also match at inner line ends.
    pub const MULTILINE: Flags = Flags(2);
    /// `re.DOTALL`, `(?s)`: `.` also matches a line feed.
    pub const DOTALL: Flags = Flags(4);
    /// `re.VERBOSE`, `(?x)`: blanks and comments in the pattern mean nothing.
    pub const VERBOSE: Flags = Flags(8);
    /// `re.ASCII`, `(?a)`: `\w`, `\d`, `\s`, `\b` and case folding know ASCII only.
    pub const ASCII: Flags = Flags(16);
    /// The pattern is a `bytes` literal: characters are bytes, and the classes are those of ASCII. The text to parse is the
    /// literal's value with each byte as the character of that number.
    pub const BYTES: Flags = Flags(32);
    /// The pattern is for the third-party `regex` module: `(?<name>...)` is a named group.
    pub const REGEX_MODULE: Flags = Flags(64);

    /// Reads the integer value of Python's `re` flags (`re.I | re.S` is 18). `re.LOCALE`, `re.UNICODE` and `re.DEBUG` have no
    /// counterpart here and are dropped.
    pub const fn from_python(bits: u32) -> Flags {
        let mut flags = 0;
        if bits & 2 != 0 {
            flags |= Flags::IGNORECASE.0;
        }
        if bits & 8 != 0 {
            flags |= Flags::MULTILINE.0;
        }
        if bits & 16 != 0 {
            flags |= Flags::DOTALL.0;
        }
        if bits & 64 != 0 {
            flags |= Flags::VERBOSE.0;
        }
        if bits & 256 != 0 {
            flags |= Flags::ASCII.0;
        }
        Flags(flags)
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags without those of `other`.
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// Whether classes and case folding are those of ASCII.
    pub(crate) const fn ascii_classes(self) -> bool {
        self.contains(Flags::ASCII) || self.contains(Flags::BYTES)
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

//! Sets of characters, exact over all code points.
//!
//! ASCII is a 128-bit mask, since nearly every question about a pattern is decided there; the rest is a sorted list of ranges,
//! shared and never changed. Code points are `u32` because Python's strings may hold lone surrogates, which `char` may not.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::tables;

/// The largest code point.
pub const MAX_CODE_POINT: u32 = 0x10_FFFF;

const FIRST_BEYOND_ASCII: u32 = 0x80;

type Ranges = [(u32, u32)];

/// A set of code points. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct CharSet {
    ascii: u128,
    /// Sorted, disjoint, not adjacent, all at or above U+0080; `None` when empty.
    rest: Option<Arc<Ranges>>,
}

static ALL_BEYOND_ASCII: LazyLock<Arc<Ranges>> =
    LazyLock::new(|| Arc::new([(FIRST_BEYOND_ASCII, MAX_CODE_POINT)]));
static WORD: LazyLock<CharSet> = LazyLock::new(|| CharSet {
    ascii: ascii_of(|c| c.is_ascii_alphanumeric() || c == b'_'),
    rest: Some(tables::WORD.into()),
});
static DIGIT: LazyLock<CharSet> = LazyLock::new(|| CharSet {
    ascii: ascii_of(|c| c.is_ascii_digit()),
    rest: Some(tables::DIGIT.into()),
});
static SPACE: LazyLock<CharSet> = LazyLock::new(|| CharSet {
    ascii: ASCII_SPACE | 0xF << 0x1C,
    rest: Some(tables::SPACE.into()),
});
static NOT_WORD: LazyLock<CharSet> = LazyLock::new(|| WORD.complement());
static NOT_DIGIT: LazyLock<CharSet> = LazyLock::new(|| DIGIT.complement());
static NOT_SPACE: LazyLock<CharSet> = LazyLock::new(|| SPACE.complement());

/// What `\s` matches under `re.ASCII`: tab to carriage return, and blank.
const ASCII_SPACE: u128 = 0x1F << 9 | 1 << 0x20;

fn ascii_of(test: impl Fn(u8) -> bool) -> u128 {
    (0..128u8)
        .filter(|&c| test(c))
        .fold(0, |mask, c| mask | 1 << c)
}

impl CharSet {
    /// The set without members.
    pub const EMPTY: CharSet = CharSet {
        ascii: 0,
        rest: None,
    };

    /// Every code point.
    pub fn all() -> CharSet {
        CharSet {
            ascii: u128::MAX,
            rest: Some(ALL_BEYOND_ASCII.clone()),
        }
    }

    /// The set of one code point.
    pub fn single(c: u32) -> CharSet {
        CharSet::range(c, c)
    }

    /// The code points from `low` to `high`, both included; empty when `low > high`.
    pub fn range(low: u32, high: u32) -> CharSet {
        CharSet::from_ranges(vec![(low, high)])
    }

    /// The union of ranges in any order, ends included.
    pub fn from_ranges(ranges: Vec<(u32, u32)>) -> CharSet {
        let mut builder = Builder::default();
        for (low, high) in ranges {
            builder.push_range(low, high);
        }
        builder.finish()
    }

    /// A set with these ASCII members only.
    pub fn from_ascii(ascii: u128) -> CharSet {
        CharSet { ascii, rest: None }
    }

    /// What `\w` matches.
    pub fn word(ascii_only: bool) -> CharSet {
        if ascii_only {
            CharSet::from_ascii(WORD.ascii)
        } else {
            WORD.clone()
        }
    }

    /// What `\d` matches.
    pub fn digit(ascii_only: bool) -> CharSet {
        if ascii_only {
            CharSet::from_ascii(DIGIT.ascii)
        } else {
            DIGIT.clone()
        }
    }

    /// What `\s` matches.
    pub fn space(ascii_only: bool) -> CharSet {
        if ascii_only {
            CharSet::from_ascii(ASCII_SPACE)
        } else {
            SPACE.clone()
        }
    }

    /// What `\W` matches.
    pub fn not_word(ascii_only: bool) -> CharSet {
        if ascii_only {
            CharSet::word(true).complement()
        } else {
            NOT_WORD.clone()
        }
    }

    /// What `\D` matches.
    pub fn not_digit(ascii_only: bool) -> CharSet {
        if ascii_only {
            CharSet::digit(true).complement()
        } else {
            NOT_DIGIT.clone()
        }
    }

    /// What `\S` matches.
    pub fn not_space(ascii_only: bool) -> CharSet {
        if ascii_only {
            CharSet::space(true).complement()
        } else {
            NOT_SPACE.clone()
        }
    }

    /// The members below U+0080 as a mask: bit `n` is the character of number `n`.
    pub fn ascii(&self) -> u128 {
        self.ascii
    }

    /// Whether there is a member at or above U+0080.
    pub fn has_others(&self) -> bool {
        self.rest.is_some()
    }

    /// The members at or above U+0080 as sorted ranges.
    pub fn others(&self) -> &[(u32, u32)] {
        self.rest.as_deref().unwrap_or(&[])
    }

    /// All members as sorted, disjoint ranges that do not touch (but for a possible seam at U+0080).
    pub fn ranges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut mask = self.ascii;
        std::iter::from_fn(move || {
            if mask == 0 {
                return None;
            }
            let low = mask.trailing_zeros();
            let high = low + (mask >> low).trailing_ones() - 1;
            mask = if high == 127 {
                0
            } else {
                mask & (u128::MAX << (high + 1))
            };
            Some((low, high))
        })
        .chain(self.others().iter().copied())
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.ascii == 0 && self.rest.is_none()
    }

    /// Whether every code point is a member.
    pub fn is_all(&self) -> bool {
        self.ascii == u128::MAX && self.others() == [(FIRST_BEYOND_ASCII, MAX_CODE_POINT)]
    }

    /// Number of members.
    pub fn len(&self) -> u64 {
        u64::from(self.ascii.count_ones())
            + self
                .others()
                .iter()
                .map(|&(low, high)| u64::from(high - low) + 1)
                .sum::<u64>()
    }

    /// The only member, when there is exactly one.
    pub fn only(&self) -> Option<u32> {
        match (self.ascii.count_ones(), self.others()) {
            (1, []) => Some(self.ascii.trailing_zeros()),
            (0, &[(low, high)]) if low == high => Some(low),
            _ => None,
        }
    }

    /// Whether `c` is a member.
    pub fn contains(&self, c: u32) -> bool {
        if c < FIRST_BEYOND_ASCII {
            return self.ascii >> c & 1 == 1;
        }
        let others = self.others();
        let after = others.partition_point(|&(low, _)| low <= c);
        after > 0 && others[after - 1].1 >= c
    }

    /// Members of either set.
    pub fn union(&self, other: &CharSet) -> CharSet {
        let rest = match (&self.rest, &other.rest) {
            (None, rest) | (rest, None) => rest.clone(),
            (Some(a), Some(b)) if Arc::ptr_eq(a, b) => Some(a.clone()),
            (Some(a), Some(b)) => {
                let mut ranges: Vec<_> = a.iter().chain(b.iter()).copied().collect();
                normalise(&mut ranges);
                Some(ranges.into())
            }
        };
        CharSet {
            ascii: self.ascii | other.ascii,
            rest,
        }
    }

    /// Members of both sets.
    pub fn intersect(&self, other: &CharSet) -> CharSet {
        let rest = match (&self.rest, &other.rest) {
            (None, _) | (_, None) => None,
            (Some(a), Some(b)) if Arc::ptr_eq(a, b) => Some(a.clone()),
            (Some(a), Some(b)) => share(intersect_ranges(a, b, usize::MAX)),
        };
        CharSet {
            ascii: self.ascii & other.ascii,
            rest,
        }
    }

    /// Whether the sets have a member in common; does not allocate for the usual case of a common ASCII member.
    pub fn meets(&self, other: &CharSet) -> bool {
        if self.ascii & other.ascii != 0 {
            return true;
        }
        match (&self.rest, &other.rest) {
            (Some(a), Some(b)) => !intersect_ranges(a, b, 1).is_empty(),
            _ => false,
        }
    }

    /// The code points that are no members.
    pub fn complement(&self) -> CharSet {
        let mut ranges = Vec::with_capacity(self.others().len() + 1);
        let mut next = FIRST_BEYOND_ASCII;
        for &(low, high) in self.others() {
            if next < low {
                ranges.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= MAX_CODE_POINT {
            ranges.push((next, MAX_CODE_POINT));
        }
        CharSet {
            ascii: !self.ascii,
            rest: share(ranges),
        }
    }

    /// Members of this set that are not in `other`.
    pub fn minus(&self, other: &CharSet) -> CharSet {
        self.intersect(&other.complement())
    }

    /// The set with every character added that `re.IGNORECASE` takes for a member. In Unicode patterns `k` brings U+212A, `s`
    /// brings U+017F, and `i` brings U+0130 and U+0131: a case-insensitive `[a-z]` lets characters beyond ASCII through.
    pub fn fold_case(&self, ascii_only: bool) -> CharSet {
        const LOWER: u128 = 0x7FF_FFFE << 0x60;
        const UPPER: u128 = 0x7FF_FFFE << 0x40;
        let swapped = (self.ascii & LOWER) >> 32 | (self.ascii & UPPER) << 32;
        let ascii = self.ascii | swapped;
        if ascii_only || self.is_all() {
            return CharSet {
                ascii,
                rest: self.rest.clone(),
            };
        }
        let mut added = Vec::new();
        if self.rest.is_none() {
            for (letter, other) in [(b'i', 0x130), (b'i', 0x131), (b'k', 0x212A), (b's', 0x17F)] {
                if ascii >> letter & 1 == 1 {
                    added.push((other, other));
                }
            }
        } else {
            for orbit in tables::CASES.chunk_by(|a, b| a.0 == b.0) {
                let first = orbit[0].0;
                if self.contains(first) || orbit.iter().any(|&(_, other)| self.contains(other)) {
                    added.push((first, first));
                    added.extend(orbit.iter().map(|&(_, other)| (other, other)));
                }
            }
        }
        CharSet {
            ascii,
            rest: self.rest.clone(),
        }
        .union(&CharSet::from_ranges(added))
    }

    /// A member that is easy to read, the same for equal sets: letters and digits first, then what is printable, then ASCII, then
    /// the smallest other character that is a Unicode scalar value. `None` for the empty set (and for surrogates alone).
    pub fn sample(&self) -> Option<char> {
        const FIRST_CHOICES: &[u8] = b"a0A z9Z-_./:@";
        if let Some(&c) = FIRST_CHOICES.iter().find(|&&c| self.ascii >> c & 1 == 1) {
            return Some(c as char);
        }
        let printable = self.ascii & ascii_of(|c| c.is_ascii_graphic());
        for mask in [printable, self.ascii] {
            if mask != 0 {
                return char::from_u32(mask.trailing_zeros());
            }
        }
        self.others()
            .iter()
            .find_map(|&(low, high)| char::from_u32(low).or((high >= 0xE000).then_some('\u{E000}')))
    }
}

impl fmt::Debug for CharSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[")?;
        for (count, (low, high)) in self.ranges().enumerate() {
            if count == 12 {
                out.write_str("…")?;
                break;
            }
            let show = |c: u32| {
                char::from_u32(c).map_or_else(
                    || format!("\\u{{{c:x}}}"),
                    |c| c.escape_default().to_string(),
                )
            };
            if low == high {
                out.write_str(&show(low))?;
            } else {
                write!(out, "{}-{}", show(low), show(high))?;
            }
        }
        out.write_str("]")
    }
}

/// Collects ranges and finishes them into a set; cheaper than a chain of unions.
#[derive(Default)]
pub(crate) struct Builder {
    ascii: u128,
    ranges: Vec<(u32, u32)>,
}

impl Builder {
    pub(crate) fn push_range(&mut self, low: u32, high: u32) {
        let high = high.min(MAX_CODE_POINT);
        if low > high {
            return;
        }
        if low < FIRST_BEYOND_ASCII {
            let last = high.min(127);
            self.ascii |= (u128::MAX >> (127 - (last - low))) << low;
        }
        if high >= FIRST_BEYOND_ASCII {
            self.ranges.push((low.max(FIRST_BEYOND_ASCII), high));
        }
    }

    pub(crate) fn finish(mut self) -> CharSet {
        normalise(&mut self.ranges);
        CharSet {
            ascii: self.ascii,
            rest: share(self.ranges),
        }
    }
}

fn share(ranges: Vec<(u32, u32)>) -> Option<Arc<Ranges>> {
    if ranges.is_empty() {
        None
    } else {
        Some(ranges.into())
    }
}

/// Sorts, and joins ranges that overlap or touch.
fn normalise(ranges: &mut Vec<(u32, u32)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let joined = next.0 <= kept.1.saturating_add(1);
        if joined {
            kept.1 = kept.1.max(next.1);
        }
        joined
    });
}

/// The intersection of two sorted lists, at most `limit` ranges of it.
fn intersect_ranges(a: &Ranges, b: &Ranges, limit: usize) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() && found.len() < limit {
        let low = a[i].0.max(b[j].0);
        let high = a[i].1.min(b[j].1);
        if low <= high {
            found.push((low, high));
        }
        if a[i].1 < b[j].1 {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operations_agree_with_membership() {
        let sets = [
            CharSet::EMPTY,
            CharSet::all(),
            CharSet::word(false),
            CharSet::space(false),
            CharSet::not_digit(false),
            CharSet::range(0x70, 0x90),
            CharSet::from_ranges(vec![
                (0x61, 0x7A),
                (0x3B1, 0x3C9),
                (0x10_FFF0, MAX_CODE_POINT),
            ]),
        ];
        let probes: Vec<u32> = (0..0x500)
            .chain(0x2000..0x2100)
            .chain(0x10_FFE0..=MAX_CODE_POINT)
            .collect();
        for a in &sets {
            for b in &sets {
                let (union, both, minus) = (a.union(b), a.intersect(b), a.minus(b));
                assert_eq!(a.meets(b), !both.is_empty());
                for &c in &probes {
                    let (in_a, in_b) = (a.contains(c), b.contains(c));
                    assert_eq!(union.contains(c), in_a || in_b);
                    assert_eq!(both.contains(c), in_a && in_b);
                    assert_eq!(minus.contains(c), in_a && !in_b);
                    assert_eq!(a.complement().contains(c), !in_a);
                }
            }
            assert_eq!(&a.complement().complement(), a);
            assert_eq!(
                a.ranges()
                    .map(|(low, high)| u64::from(high - low) + 1)
                    .sum::<u64>(),
                a.len()
            );
            assert_eq!(&CharSet::from_ranges(a.ranges().collect()), a);
        }
    }

    #[test]
    fn folding_reaches_beyond_ascii() {
        let letters = CharSet::range(0x61, 0x7A);
        assert_eq!(
            letters.fold_case(true),
            CharSet::from_ranges(vec![(0x61, 0x7A), (0x41, 0x5A)])
        );
        let folded = letters.fold_case(false);
        for c in [0x130, 0x131, 0x17F, 0x212A] {
            assert!(folded.contains(c));
        }
        assert_eq!(folded.len(), 56);
        assert!(CharSet::single(0x3C3).fold_case(false).contains(0x3C2));
        assert!(!CharSet::single(0x61).fold_case(false).has_others());
    }

    #[test]
    fn samples_are_readable() {
        assert_eq!(CharSet::word(false).sample(), Some('a'));
        assert_eq!(CharSet::single(0x3C3).sample(), Some('σ'));
        assert_eq!(CharSet::EMPTY.sample(), None);
    }
}

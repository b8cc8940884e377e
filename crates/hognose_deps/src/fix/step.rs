//! How far it is from one version to another.

use std::fmt;

use pep440_rs::Version;

/// The part of a version that changes. Later ones break more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing but what stands behind the third number.
    Same,
    /// The third number or one behind it: mended.
    Patch,
    /// The second number: extended.
    Minor,
    /// The first number, or the second where the first is zero: made so that what uses it may break.
    Major,
}

/// Versions from this year on are dates, which promise nothing about what breaks.
const FIRST_YEAR: u64 = 1990;

impl Step {
    /// The step from one version to another.
    pub fn between(from: &Version, to: &Version) -> Self {
        let part = |version: &Version, at: usize| version.release().get(at).copied().unwrap_or(0);
        let differs = |at| part(from, at) != part(to, at);
        let are_dates = part(from, 0) >= FIRST_YEAR && part(to, 0) >= FIRST_YEAR;
        let first = from.epoch() != to.epoch() || differs(0);
        if first && !are_dates || part(from, 0) == 0 && part(to, 0) == 0 && differs(1) {
            Self::Major
        } else if first || differs(1) {
            Self::Minor
        } else if (2..from.release().len().max(to.release().len())).any(differs) {
            Self::Patch
        } else {
            Self::Same
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Same => "same",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use pep440_rs::Version;

    use super::Step;

    #[test]
    fn the_first_number_that_changes_decides() {
        let step = |from, to| {
            let version = |text| Version::from_str(text).expect("a version");
            Step::between(&version(from), &version(to))
        };
        assert_eq!(step("1.2.3", "1.2.4"), Step::Patch);
        assert_eq!(step("1.2", "1.2.0.post1"), Step::Same);
        assert_eq!(step("1.2", "1.3"), Step::Minor);
        assert_eq!(step("1.9", "2"), Step::Major);
        assert_eq!(step("2.0", "1!2.0"), Step::Major);
        assert_eq!(step("0.1.2", "0.2"), Step::Major);
        assert_eq!(step("0.1.2", "0.1.3"), Step::Patch);
        assert_eq!(step("2020.12.5", "2024.7.4"), Step::Minor);
        assert_eq!(step("1.0.0.1", "1.0.0.2"), Step::Patch);
    }
}

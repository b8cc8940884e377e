//! How grave an advisory is, and who says so.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use cvss::Cvss;

/// A grade of severity, in the words of CVSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A score of zero.
    None,
    /// Below 4.
    Low,
    /// Below 7.
    Medium,
    /// Below 9.
    High,
    /// 9 and above.
    Critical,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The level a database names in a word.
    pub fn from_label(label: &str) -> Option<Self> {
        let label = label.trim();
        let is = |word: &str| label.eq_ignore_ascii_case(word);
        if is("moderate") {
            return Some(Self::Medium);
        }
        Self::ALL.into_iter().find(|level| is(level.as_str()))
    }

    /// Its name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// How grave an advisory is. Where nothing says so there is no `Severity` at all: unknown is not low.
#[derive(Clone, Debug, PartialEq)]
pub struct Severity<'a> {
    /// The grade.
    pub level: Level,
    /// The score, if it comes from a vector.
    pub score: Option<f64>,
    /// The vector it was computed from.
    pub vector: Option<&'a str>,
    /// The record that carries the vector or the word.
    pub source: &'a str,
}

/// Base metrics of CVSS 3.
const V3: [&str; 8] = ["AV", "AC", "PR", "UI", "S", "C", "I", "A"];

impl<'a> Severity<'a> {
    /// The severity of one vulnerability told by several records, each with its id, vectors and word.
    ///
    /// A vector outweighs a word, a newer version of CVSS an older one, and a higher score a lower one.
    pub fn of(
        records: impl Iterator<Item = (&'a str, &'a [String], Option<Level>)>,
    ) -> Option<Self> {
        let mut best: Option<(u8, Self)> = None;
        for (source, vectors, label) in records {
            let scored = vectors
                .iter()
                .filter_map(|vector| Self::of_vector(source, vector));
            let labelled = label.map(|level| {
                (
                    0,
                    Self {
                        level,
                        score: None,
                        vector: None,
                        source,
                    },
                )
            });
            for (rank, severity) in scored.chain(labelled) {
                let better = best.as_ref().is_none_or(|(known_rank, known)| {
                    let by_score = severity
                        .score
                        .unwrap_or(0.0)
                        .total_cmp(&known.score.unwrap_or(0.0));
                    rank.cmp(known_rank)
                        .then(by_score)
                        .then(severity.level.cmp(&known.level))
                        == Ordering::Greater
                });
                if better {
                    best = Some((rank, severity));
                }
            }
        }
        best.map(|(_, severity)| severity)
    }

    /// The rank of the vector's version, and what it says. None if it cannot be read.
    fn of_vector(source: &'a str, vector: &'a str) -> Option<(u8, Self)> {
        let cvss = Cvss::from_str(vector.trim_start_matches('(').trim_end_matches(')')).ok()?;
        let (rank, required): (_, &[&str]) = match cvss {
            Cvss::CvssV20(_) => (1, &["AV", "AC", "Au", "C", "I", "A"]),
            Cvss::CvssV30(_) => (2, &V3),
            Cvss::CvssV31(_) => (3, &V3),
            _ => (
                4,
                &[
                    "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
                ],
            ),
        };
        // The library scores a vector that leaves base metrics out, and scores it too low.
        let complete = |metric: &&str| {
            vector.split(['/', '(']).any(|part| {
                part.split_once(':')
                    .is_some_and(|(name, _)| name == *metric)
            })
        };
        if !required.iter().all(complete) {
            return None;
        }
        let level = match cvss.severity() {
            cvss::Severity::None => Level::None,
            cvss::Severity::Low => Level::Low,
            cvss::Severity::Medium => Level::Medium,
            cvss::Severity::High => Level::High,
            cvss::Severity::Critical => Level::Critical,
        };
        Some((
            rank,
            Self {
                level,
                score: Some(cvss.score()),
                vector: Some(vector),
                source,
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Severity};

    fn of(vectors: &[String], label: Option<Level>) -> Option<(Level, Option<f64>)> {
        Severity::of(std::iter::once(("X-1", vectors, label)))
            .map(|severity| (severity.level, severity.score))
    }

    /// Scores as the National Vulnerability Database and the CVSS examples publish them.
    #[test]
    fn vectors_of_every_version_are_scored() {
        for (vector, level, score) in [
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", Level::High, 7.8),
            ("(AV:N/AC:L/Au:N/C:N/I:N/A:C)", Level::High, 7.8),
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
                Level::Medium,
                6.1,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
                Level::Critical,
                10.0,
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
                Level::None,
                0.0,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                Level::Critical,
                9.3,
            ),
        ] {
            let vectors = [vector.to_owned()];
            assert_eq!(of(&vectors, None), Some((level, Some(score))), "{vector}");
        }
    }

    #[test]
    fn vectors_outweigh_words_and_unknown_stays_unknown() {
        let three = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N".to_owned();
        let four = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N".to_owned();
        assert_eq!(
            of(&[three.clone(), four.clone()], None),
            Some((Level::Critical, Some(9.3)))
        );
        assert_eq!(
            of(&[four, three.clone()], None),
            Some((Level::Critical, Some(9.3)))
        );
        assert_eq!(
            of(&[three], Some(Level::Critical)),
            Some((Level::Medium, Some(6.1)))
        );
        assert_eq!(
            of(&["CVSS:9.9/XX".to_owned()], Level::from_label("MODERATE")),
            Some((Level::Medium, None))
        );
        assert_eq!(of(&["CVSS:3.1/AV:N".to_owned(), String::new()], None), None);
        assert_eq!(Level::from_label("dire"), None);
    }
}

//! How likely a vulnerability is to be exploited: the scores of the Exploit Prediction Scoring System, as published.

use std::io::Read;

use flate2::read::GzDecoder;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::date::Date;

/// The scores of one day.
#[derive(Debug, Default)]
pub struct Epss {
    /// The day of the scores, if the file says so.
    pub date: Option<Date>,
    /// Lines that could not be read.
    pub skipped: usize,
    scores: FxHashMap<Cve, Score>,
}

/// The score of one vulnerability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The probability of exploitation in the next thirty days.
    pub probability: f32,
    /// The share of all vulnerabilities with a lower or the same probability.
    pub percentile: f32,
}

/// Year and number of an entry of the CVE list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cve(u16, u64);

impl Cve {
    fn parse(id: &str) -> Option<Self> {
        let (year, number) = id.trim().strip_prefix("CVE-")?.split_once('-')?;
        Some(Self(year.parse().ok()?, number.parse().ok()?))
    }
}

/// Why a file of scores cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EpssFault {
    /// It is packed and cannot be unpacked, or unpacks to more than [`MAX_UNPACKED`].
    #[error("the EPSS scores cannot be unpacked")]
    Packed,
    /// No line of it is a score.
    #[error("there is no EPSS score in it")]
    Empty,
}

/// Bytes a packed file may unpack to: the real one has some ten million.
pub const MAX_UNPACKED: u64 = 256 << 20;

impl Epss {
    /// Reads the published file: comma-separated `cve,epss,percentile`, plain or as gzip.
    pub fn read(bytes: &[u8]) -> Result<Self, EpssFault> {
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Self::read_plain(bytes);
        }
        let mut plain = Vec::new();
        let unpacked = GzDecoder::new(bytes)
            .take(MAX_UNPACKED + 1)
            .read_to_end(&mut plain);
        if unpacked.is_err() || plain.len() as u64 > MAX_UNPACKED {
            return Err(EpssFault::Packed);
        }
        Self::read_plain(&plain)
    }

    fn read_plain(bytes: &[u8]) -> Result<Self, EpssFault> {
        let mut epss = Self::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(line) = std::str::from_utf8(line) else {
                epss.skipped += 1;
                continue;
            };
            let line = line.trim();
            if let Some(remark) = line.strip_prefix('#') {
                let mut fields = remark.split(',');
                epss.date =
                    fields.find_map(|field| Date::parse(field.trim().strip_prefix("score_date:")?));
            } else if let Some((cve, score)) = row(line) {
                epss.scores.insert(cve, score);
            } else if !line.is_empty() && !line.starts_with("cve,") {
                epss.skipped += 1;
            }
        }
        if epss.scores.is_empty() {
            Err(EpssFault::Empty)
        } else {
            Ok(epss)
        }
    }

    /// The highest score of a vulnerability with these ids.
    pub fn score<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Option<Score> {
        let scores = ids
            .into_iter()
            .filter_map(|id| self.scores.get(&Cve::parse(id)?));
        scores
            .copied()
            .max_by(|one, other| one.probability.total_cmp(&other.probability))
    }
}

fn row(line: &str) -> Option<(Cve, Score)> {
    let mut fields = line.split(',');
    let cve = Cve::parse(fields.next()?)?;
    let mut share = || {
        fields
            .next()?
            .trim()
            .parse()
            .ok()
            .filter(|share| (0.0..=1.0).contains(share))
    };
    Some((
        cve,
        Score {
            probability: share()?,
            percentile: share()?,
        },
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Epss, EpssFault};

    const FILE: &str = "#model_version:v2025.03.14,score_date:2026-11-21T00:00:00+0000\ncve,epss,percentile\n\
        CVE-2021-44228,0.94358,0.99957\r\nCVE-1999-0001,0.01025,0.76\nCVE-2020-1,nan,0.5\nCVE-2020-2,1.5,0.5\n";

    #[test]
    fn scores_are_found_by_any_alias() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(FILE.as_bytes()).unwrap();
        for bytes in [FILE.as_bytes().to_vec(), packed.finish().unwrap()] {
            let epss = Epss::read(&bytes).unwrap();
            assert_eq!(
                epss.date.map(|date| date.to_string()).as_deref(),
                Some("2026-11-21")
            );
            assert_eq!(epss.skipped, 2);
            let score = epss
                .score(["GHSA-jfh8-c2jp-5v3q", "CVE-1999-0001", "CVE-2021-44228"])
                .unwrap();
            assert_eq!((score.probability, score.percentile), (0.94358, 0.99957));
            assert_eq!(epss.score(["CVE-2020-1", "PYSEC-2020-1"]), None);
        }
    }

    #[test]
    fn a_file_without_scores_is_a_fault() {
        assert_eq!(
            Epss::read(b"cve,epss,percentile\n").err(),
            Some(EpssFault::Empty)
        );
        assert_eq!(
            Epss::read(b"\x1f\x8b\x08broken").err(),
            Some(EpssFault::Packed)
        );
    }
}

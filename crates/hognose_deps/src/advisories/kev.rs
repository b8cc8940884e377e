//! Which vulnerabilities are known to be exploited: the catalogue of the US agency CISA, as published.

use rustc_hash::FxHashMap;
use serde_json::Value;
use thiserror::Error;

use crate::date::Date;

/// The catalogue of known exploited vulnerabilities.
#[derive(Debug, Default)]
pub struct Kev {
    /// The day of the catalogue, if it says so.
    pub date: Option<Date>,
    /// Entries that could not be read.
    pub skipped: usize,
    entries: FxHashMap<String, Exploited>,
}

/// What the catalogue says of one vulnerability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exploited {
    /// The day it came into the catalogue.
    pub since: Option<Date>,
    /// Whether it is known to be used for extortion.
    pub ransomware: bool,
}

/// Why a catalogue cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("it is not the catalogue of known exploited vulnerabilities")]
pub struct KevFault;

impl Kev {
    /// Reads the published JSON file.
    pub fn read(bytes: &[u8]) -> Result<Self, KevFault> {
        let catalogue: Value = serde_json::from_slice(bytes).map_err(|_| KevFault)?;
        let text = |entry: &Value, key| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        let date = |entry: &Value, key| text(entry, key).and_then(|day| Date::parse(&day));
        let mut kev = Self {
            date: date(&catalogue, "dateReleased"),
            ..Self::default()
        };
        for entry in catalogue
            .get("vulnerabilities")
            .and_then(Value::as_array)
            .ok_or(KevFault)?
        {
            let Some(id) = text(entry, "cveID") else {
                kev.skipped += 1;
                continue;
            };
            let ransomware = text(entry, "knownRansomwareCampaignUse").as_deref() == Some("Known");
            kev.entries.insert(
                id,
                Exploited {
                    since: date(entry, "dateAdded"),
                    ransomware,
                },
            );
        }
        if kev.entries.is_empty() {
            Err(KevFault)
        } else {
            Ok(kev)
        }
    }

    /// What the catalogue says of a vulnerability with these ids.
    pub fn entry<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Option<Exploited> {
        ids.into_iter().find_map(|id| self.entries.get(id).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::{Exploited, Kev, KevFault};
    use crate::date::Date;

    #[test]
    fn entries_are_found_by_any_alias() {
        let kev = Kev::read(
            br#"{"dateReleased": "2026-11-20T15:00:00.1Z", "vulnerabilities": [{"cveID": "CVE-2021-44228",
                "dateAdded": "2021-12-10", "knownRansomwareCampaignUse": "Known"}, {"cveID": 3}]}"#,
        )
        .unwrap();
        let expected = Exploited {
            since: Date::parse("2021-12-10"),
            ransomware: true,
        };
        assert_eq!(
            kev.entry(["GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228"]),
            Some(expected)
        );
        assert_eq!((kev.entry(["CVE-2020-1"]), kev.skipped), (None, 1));
        assert_eq!(kev.date, Date::parse("2026-11-20"));
        for no_catalogue in [&b"[]"[..], b"{\"vulnerabilities\": []}", b"<html>"] {
            assert_eq!(Kev::read(no_catalogue).err(), Some(KevFault));
        }
    }
}

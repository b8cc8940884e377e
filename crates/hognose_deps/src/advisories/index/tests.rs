use proptest::prelude::*;

use super::{Damage, Index, MAGIC, PRELUDE, crc32, decode, encode, write};
use crate::advisories::archive::Feed;
use crate::advisories::package::Package;
use crate::advisories::{database, matcher};
use crate::date::Date;
use crate::name::Name;

/// A feed of `count` packages with an advisory each, one of them in two records.
fn feed(count: usize) -> Feed {
    let mut feed = Feed::default();
    for at in 0..count {
        let record = format!(
            r#"{{"id": "PYSEC-2024-{at}", "aliases": ["CVE-2024-{at}"], "modified": "2024-10-08T00:00:00Z",
                "severity": [{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
                "database_specific": {{"severity": "HIGH", "cwe_ids": ["CWE-79"]}},
                "references": [{{"type": "FIX", "url": "https://example.org/{at}"}}],
                "affected": [{{"package": {{"ecosystem": "PyPI", "name": "Some_Package.{at}"}},
                    "ranges": [{{"type": "ECOSYSTEM", "events": [{{"introduced": "1.{at}"}}, {{"fixed": "2.{at}"}}]}}],
                    "versions": ["0.{at}", "1.{at}.1", "what-{at}"]}}]}}"#
        );
        feed.add_json("record.json", record.as_bytes());
    }
    feed
}

#[test]
fn what_is_written_is_read_again() {
    let feed = feed(3000);
    assert_eq!(feed.skipped, []);
    let index = Index::open(write(&feed, None)).unwrap();
    assert!(index.blocks.len() > 3, "{} blocks", index.blocks.len());
    assert_eq!(
        (index.status().records, index.status().packages),
        (3000, 3000)
    );
    assert_eq!(index.status().snapshot, Date::parse("2024-10-08"));
    for at in (0..3000).step_by(7) {
        let name = Name::new(&format!("some-package-{at}")).unwrap();
        let verdict = |version: String| matcher::judge(&index, &name, &version).unwrap();
        for affected in [
            format!("0.{at}"),
            format!("1.{at}"),
            format!("1.{at}.1"),
            format!("what-{at}"),
        ] {
            let verdict = verdict(affected.clone());
            assert_eq!(verdict.findings.len(), 1, "{name} {affected}");
            assert_eq!(verdict.findings[0].id, format!("PYSEC-2024-{at}"));
        }
        let fixed = verdict(format!("2.{at}"));
        assert!(fixed.findings.is_empty() && fixed.undecided.is_empty());
    }
    for absent in ["a", "some-package", "some-package-3000", "zzz"] {
        assert_eq!(index.package(&Name::new(absent).unwrap()), Ok(None));
    }
}

#[test]
fn packages_come_back_as_they_were_built() {
    let index = Index::open(write(&feed(40), Date::parse("2026-01-01"))).unwrap();
    assert_eq!(index.status().snapshot, Date::parse("2026-01-01"));
    let names: Vec<&str> = index.packages().map(|package| package.unwrap().0).collect();
    assert_eq!(names.len(), 40);
    assert!(names.is_sorted());
    for package in index.packages() {
        let (_, package) = package.unwrap();
        assert_eq!(decode(&encode(package)).as_ref(), Ok(package));
    }
}

#[test]
fn the_embedded_index_is_sound() {
    let index = database::embedded().unwrap();
    let mut records = 0;
    for package in index.packages() {
        let (name, package) = package.unwrap();
        assert_eq!(Name::new(name).unwrap().as_str(), name);
        records += package.advisories().len();
    }
    assert_eq!(records as u64, index.status().records);
    assert!(records > 2000);
}

#[test]
fn every_cut_is_noticed() {
    let file = write(&feed(30), None);
    for length in 0..file.len() {
        assert!(
            Index::open(file[..length].to_vec()).is_err(),
            "{length} of {}",
            file.len()
        );
    }
    let mut longer = file.clone();
    longer.push(0);
    assert_eq!(Index::open(longer).err(), Some(Damage::Length));
    let mut other = file;
    other[MAGIC.len() - 1] = 9;
    assert_eq!(Index::open(other).err(), Some(Damage::Magic));
}

/// Everything in an index, or the first damage.
fn read_all(file: Vec<u8>) -> Result<usize, Damage> {
    let index = Index::open(file)?;
    index.packages().try_fold(0, |count, package| {
        let (_, package) = package?;
        package.judge("1.0");
        package.judge("no version");
        Ok(count + package.advisories().len())
    })
}

proptest! {
    #[test]
    fn every_changed_byte_is_noticed(at: prop::sample::Index, change in 1..=255_u8) {
        let mut file = write(&feed(60), None);
        let at = at.index(file.len());
        file[at] ^= change;
        prop_assert!(read_all(file).is_err());
    }

    #[test]
    fn a_header_with_a_true_checksum_may_say_anything(at: prop::sample::Index, change in 1..=255_u8) {
        let mut file = write(&feed(60), None);
        let length = u32::from_le_bytes(file[MAGIC.len()..MAGIC.len() + 4].try_into().unwrap()) as usize;
        file[PRELUDE + at.index(length)] ^= change;
        let checksum = crc32(&file[PRELUDE..PRELUDE + length]);
        file[MAGIC.len() + 4..PRELUDE].copy_from_slice(&checksum.to_le_bytes());
        let _ = read_all(file);
    }

    #[test]
    fn a_body_may_be_anything(mut changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), noise: Vec<u8>) {
        let index = Index::open(write(&feed(1), None)).unwrap();
        let name = Name::new("some-package-0").unwrap();
        let mut body = encode(index.package(&name).unwrap().unwrap());
        for (at, byte) in changes.drain(..) {
            let at = at.index(body.len());
            body[at] = byte;
        }
        for body in [body, noise] {
            if let Ok(package) = decode(&body) {
                let package: Package = package;
                for version in ["0", "1.0", "1.0.1", "2.0", "what-0"] {
                    package.judge(version);
                }
                for advisory in package.advisories() {
                    package.ranges(advisory).count();
                }
            }
        }
    }
}

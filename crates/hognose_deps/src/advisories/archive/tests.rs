use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{ArchiveFault, Feed, RATIO_FROM};

fn record(at: usize) -> String {
    format!(
        r#"{{"id": "PYSEC-2024-{at}", "affected": [{{"package": {{"ecosystem": "PyPI", "name": "p{at}"}}, "versions": ["1"]}}]}}"#
    )
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn records(bytes: &[u8]) -> Result<Feed, ArchiveFault> {
    let mut feed = Feed::default();
    feed.add_zip(bytes).map(|()| feed)
}

#[test]
fn every_record_comes_in_and_a_bad_one_is_named() {
    let texts: Vec<(String, String)> = (0..300)
        .map(|at| (format!("PYSEC-2024-{at}.json"), record(at)))
        .collect();
    let mut files: Vec<(&str, &[u8])> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    files.insert(7, ("bad.json", b"{\"id\": "));
    files.insert(9, ("README.md", b"no record"));
    let feed = records(&zip(&files)).unwrap();
    assert_eq!(feed.records.len(), 300);
    let skipped: Vec<&str> = feed.skipped.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(skipped, ["bad.json"]);
    assert!(matches!(
        records(&zip(&[("bad.json", b"{")])),
        Err(ArchiveFault::Nothing(1))
    ));
}

#[test]
fn every_cut_of_an_archive_is_noticed() {
    let whole = zip(&[
        ("a.json", record(1).as_bytes()),
        ("b.json", record(2).as_bytes()),
    ]);
    assert_eq!(records(&whole).unwrap().records.len(), 2);
    for length in 0..whole.len() {
        assert!(
            matches!(records(&whole[..length]), Err(ArchiveFault::Damaged(_))),
            "{length} of {}",
            whole.len()
        );
    }
}

#[test]
fn a_changed_byte_of_a_record_is_noticed() {
    let mut changed = zip(&[("a.json", record(1).as_bytes())]);
    // Behind the local header of 30 bytes and the name.
    changed[30 + "a.json".len() + 20] ^= 1;
    assert!(matches!(records(&changed), Err(ArchiveFault::Damaged(_))));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let small = vec![b' '; RATIO_FROM as usize];
    let bomb = vec![b' '; 40 << 20];
    let good = record(1);
    let with = |spaces| zip(&[("a.json", good.as_bytes()), ("bomb.json", spaces)]);
    let harmless = records(&with(&small)).unwrap();
    assert_eq!((harmless.records.len(), harmless.skipped.len()), (1, 1));
    assert_eq!(
        records(&with(&bomb)).err(),
        Some(ArchiveFault::Ratio("bomb.json".to_owned()))
    );
}

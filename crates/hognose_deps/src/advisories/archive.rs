//! Collections of OSV records as they are delivered: a zip of `ID.json`, the files of a directory, single files.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde_json::Value;
use thiserror::Error;
use zip::ZipArchive;

use super::osv::Record;

/// The records of a delivery, and what could not be read of it.
#[derive(Debug, Default)]
pub struct Feed {
    /// Records that concern the Python package index, by id. Of two with one id the one changed last stays.
    pub records: BTreeMap<String, Record>,
    /// Records that could not be used.
    pub skipped: Vec<Skipped>,
}

/// A record that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its file's name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Why an archive cannot be used as a whole. A single bad record is no reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArchiveFault {
    /// It is no zip, is cut off, or a checksum does not hold.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// More entries than [`MAX_ENTRIES`].
    #[error("the archive has more than {MAX_ENTRIES} entries")]
    Entries,
    /// An entry larger than [`MAX_ENTRY`].
    #[error("`{0}` in the archive unpacks to more than {MAX_ENTRY} bytes")]
    Entry(String),
    /// An entry that unpacks to more than [`MAX_RATIO`] times its size.
    #[error("`{0}` in the archive unpacks to more than {MAX_RATIO} times its size")]
    Ratio(String),
    /// More than [`MAX_TOTAL`] in all.
    #[error("the archive unpacks to more than {MAX_TOTAL} bytes")]
    Total,
    /// Records were in it and none could be used.
    #[error("none of the {0} records in it can be read")]
    Nothing(usize),
}

/// Entries read of one archive: OSV has some thirty thousand records for this ecosystem.
pub const MAX_ENTRIES: usize = 1 << 20;
/// Bytes of one record: the largest known have less than one megabyte.
pub const MAX_ENTRY: u64 = 32 << 20;
/// Bytes unpacked of one archive: some ten times of what OSV delivers for this ecosystem.
pub const MAX_TOTAL: u64 = 2 << 30;
/// How much smaller a record may be packed: the long version lists of real ones reach some thirty.
pub const MAX_RATIO: u64 = 200;
/// Below this an entry may be packed as well as it likes: it does no harm.
const RATIO_FROM: u64 = 1 << 20;

impl Feed {
    /// Adds the record of one file, or the records of a list of them.
    pub fn add_json(&mut self, name: &str, bytes: &[u8]) {
        for record in read_json(name, bytes) {
            self.add(record);
        }
    }

    /// Adds every `.json` of a zip archive.
    pub fn add_zip(&mut self, bytes: &[u8]) -> Result<(), ArchiveFault> {
        let (known, bad) = (self.records.len(), self.skipped.len());
        for record in read_zip(bytes)?.into_iter().flatten() {
            self.add(record);
        }
        let skipped = self.skipped.len() - bad;
        if self.records.len() == known && skipped > 0 {
            return Err(ArchiveFault::Nothing(skipped));
        }
        Ok(())
    }

    fn add(&mut self, record: Result<Record, Skipped>) {
        match record {
            Ok(record) if record.affected.is_empty() => {}
            Ok(record) => {
                let newer = self
                    .records
                    .get(&record.id)
                    .is_none_or(|known| known.modified <= record.modified);
                if newer {
                    self.records.insert(record.id.clone(), record);
                }
            }
            Err(skipped) => self.skipped.push(skipped),
        }
    }
}

/// The record of one file, or the records of a list of them.
fn read_json(name: &str, bytes: &[u8]) -> Vec<Result<Record, Skipped>> {
    let skipped = |name: String, reason: &dyn std::fmt::Display| Skipped {
        name,
        reason: reason.to_string(),
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii_start().first() != Some(&b'[') {
        return vec![Record::read(bytes).map_err(|fault| skipped(name.to_owned(), &fault))];
    }
    match serde_json::from_slice::<Vec<Value>>(bytes) {
        Ok(records) => records
            .iter()
            .enumerate()
            .map(|(at, record)| {
                Record::from_value(record).map_err(|fault| skipped(format!("{name}[{at}]"), &fault))
            })
            .collect(),
        Err(fault) => vec![Err(skipped(name.to_owned(), &fault))],
    }
}

/// Unpacks every `.json` of a zip archive on all cores, within the bounds, and reads what is in it, in the archive's order.
fn read_zip(bytes: &[u8]) -> Result<Vec<Vec<Result<Record, Skipped>>>, ArchiveFault> {
    let archive = opened(bytes)?;
    let total = AtomicU64::new(0);
    let read: Vec<_> = (0..archive.len())
        .into_par_iter()
        .map_init(
            || (archive.clone(), Vec::new()),
            |(archive, content), at| match unpack(archive, at, content, &total)? {
                Some(name) => Ok(read_json(&name, content)),
                None => Ok(Vec::new()),
            },
        )
        .collect();
    // Of several faults the first in the archive is told, whichever was met first.
    read.into_iter().collect()
}

/// Unpacks every `.json` of a zip archive, one after the other, within the bounds.
pub fn each_json(bytes: &[u8], mut each: impl FnMut(&str, &[u8])) -> Result<(), ArchiveFault> {
    let mut archive = opened(bytes)?;
    let total = AtomicU64::new(0);
    let mut content = Vec::new();
    for at in 0..archive.len() {
        if let Some(name) = unpack(&mut archive, at, &mut content, &total)? {
            each(&name, &content);
        }
    }
    Ok(())
}

fn opened(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, ArchiveFault> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > MAX_ENTRIES {
        return Err(ArchiveFault::Entries);
    }
    Ok(archive)
}

/// Unpacks an entry. None if it is no `.json`.
fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    at: usize,
    content: &mut Vec<u8>,
    total: &AtomicU64,
) -> Result<Option<String>, ArchiveFault> {
    if total.load(Ordering::Relaxed) > MAX_TOTAL {
        return Err(ArchiveFault::Total);
    }
    let entry = archive.by_index(at).map_err(damaged)?;
    let name = entry.name().map_err(damaged)?.into_owned();
    if !entry.is_file() || !name.ends_with(".json") {
        return Ok(None);
    }
    let packed = entry.compressed_size();
    // What the entry says of its size is not believed.
    let bound = MAX_ENTRY.min(RATIO_FROM.max(packed.saturating_mul(MAX_RATIO)));
    content.clear();
    entry
        .take(bound + 1)
        .read_to_end(content)
        .map_err(damaged)?;
    let size = content.len() as u64;
    if size > MAX_ENTRY {
        return Err(ArchiveFault::Entry(name));
    }
    if size > bound {
        return Err(ArchiveFault::Ratio(name));
    }
    if total.fetch_add(size, Ordering::Relaxed) + size > MAX_TOTAL {
        return Err(ArchiveFault::Total);
    }
    Ok(Some(name))
}

fn damaged(fault: impl std::fmt::Display) -> ArchiveFault {
    ArchiveFault::Damaged(fault.to_string())
}

#[cfg(test)]
mod tests;

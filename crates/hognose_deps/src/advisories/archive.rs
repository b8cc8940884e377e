//! Collections of OSV records as they are delivered: a zip of `ID.json`, the files of a directory, single files.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

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
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            match serde_json::from_slice::<Vec<Value>>(bytes) {
                Ok(records) => {
                    for (at, record) in records.iter().enumerate() {
                        self.add(&format!("{name}[{at}]"), Record::from_value(record));
                    }
                }
                Err(fault) => self.skip(name, fault),
            }
        } else {
            self.add(name, Record::read(bytes));
        }
    }

    /// Adds every `.json` of a zip archive.
    pub fn add_zip(&mut self, bytes: &[u8]) -> Result<(), ArchiveFault> {
        let (known, bad) = (self.records.len(), self.skipped.len());
        each_json(bytes, |name, content| self.add_json(name, content))?;
        let skipped = self.skipped.len() - bad;
        if self.records.len() == known && skipped > 0 {
            return Err(ArchiveFault::Nothing(skipped));
        }
        Ok(())
    }

    fn add(&mut self, name: &str, record: Result<Record, impl std::fmt::Display>) {
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
            Err(fault) => self.skip(name, fault),
        }
    }

    fn skip(&mut self, name: &str, reason: impl std::fmt::Display) {
        self.skipped.push(Skipped {
            name: name.to_owned(),
            reason: reason.to_string(),
        });
    }
}

/// Unpacks every `.json` of a zip archive, one after the other, within the bounds.
pub fn each_json(bytes: &[u8], mut each: impl FnMut(&str, &[u8])) -> Result<(), ArchiveFault> {
    let damaged = |fault: &dyn std::fmt::Display| ArchiveFault::Damaged(fault.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|fault| damaged(&fault))?;
    if archive.len() > MAX_ENTRIES {
        return Err(ArchiveFault::Entries);
    }
    let mut total = 0;
    let mut content = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|fault| damaged(&fault))?;
        let name = entry.name().map_err(|fault| damaged(&fault))?.into_owned();
        if !entry.is_file() || !name.ends_with(".json") {
            continue;
        }
        let packed = entry.compressed_size();
        content.clear();
        // What the entry says of its size is not believed.
        entry
            .take(MAX_ENTRY + 1)
            .read_to_end(&mut content)
            .map_err(|fault| damaged(&fault))?;
        let size = content.len() as u64;
        total += size;
        if size > MAX_ENTRY {
            return Err(ArchiveFault::Entry(name));
        }
        if size > RATIO_FROM && size / MAX_RATIO > packed {
            return Err(ArchiveFault::Ratio(name));
        }
        if total > MAX_TOTAL {
            return Err(ArchiveFault::Total);
        }
        each(&name, &content);
    }
    Ok(())
}

//! Where advisories come from: the index built into the program, or a file the user has.

use thiserror::Error;

use super::archive::{ArchiveFault, Feed, Skipped};
use super::index::{self, Damage, Index};

/// The index built into the program, written by `cargo xtask advisories`.
static EMBEDDED: &[u8] = include_bytes!("../../data/advisories.idx");

/// Opens the index built into the program.
pub fn embedded() -> Result<Index, Damage> {
    Index::open(EMBEDDED)
}

/// Why a database the user names cannot be used. None of these means "no advisories".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DatabaseFault {
    /// An index that cannot be used.
    #[error(transparent)]
    Index(#[from] Damage),
    /// An archive that cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveFault),
    /// Nothing in it is a record.
    #[error("there is no OSV record in it")]
    Empty,
}

/// An opened database, and the records left out of it.
pub struct Opened {
    /// The index.
    pub index: Index,
    /// Records that could not be used.
    pub skipped: Vec<Skipped>,
}

/// Opens what the user names, by its content: an index of ours, a zip of OSV records, or OSV records in JSON.
/// `files` are that file, or those of a directory, each with its name.
pub fn open<I>(files: I) -> Result<Opened, DatabaseFault>
where
    I: IntoIterator<Item = (String, Vec<u8>)>,
{
    let mut feed = Feed::default();
    for (name, bytes) in files {
        if bytes.starts_with(&index::MAGIC[..index::MAGIC.len() - 1]) {
            return Ok(Opened {
                index: Index::open(bytes)?,
                skipped: Vec::new(),
            });
        }
        if is_zip(&bytes) {
            feed.add_zip(&bytes)?;
        } else {
            feed.add_json(&name, &bytes);
        }
    }
    from_feed(feed)
}

/// Whether bytes are a zip archive, an empty one included.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The database of a feed. A feed in which nothing could be read is no database.
pub fn from_feed(feed: Feed) -> Result<Opened, DatabaseFault> {
    if feed.records.is_empty() {
        return Err(match feed.skipped.len() {
            0 => DatabaseFault::Empty,
            skipped => ArchiveFault::Nothing(skipped).into(),
        });
    }
    let index = Index::open(index::write(&feed, None))?;
    Ok(Opened {
        index,
        skipped: feed.skipped,
    })
}

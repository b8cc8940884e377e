//! The compact index of advisory facts: what is built into the program and what `hognose db update` writes.
//!
//! # Layout
//!
//! Numbers are little-endian base-128 varints, texts are a length and UTF-8, lists are a length and their items.
//!
//! ```text
//! file    "HOGNADV" version:byte header_length:u32 header_crc32:u32 header block*
//! header  snapshot:day records packages withdrawn skipped [block]
//!         block = first_name stored_length length crc32
//! block   deflated: [name body_length] body*
//! body    [axis version] [advisory]
//! advisory id [alias] published:day modified:day flags [vector] [cwe] [link] [symbol] [span] [fixed] [odd]
//!         span = distance to its first point, length + 1 (0 is "to the end"); fixed = distances
//!         day = days since 1970-01-01, plus one; 0 is "none"
//!         flags = label + 1 (0 is "none"), bit 7 set if the record is complete
//! ```
//!
//! Names ascend over the whole file. Opening reads the header alone; a block is inflated when a name that would be in
//! it is first looked up, and a package is decoded when it is first asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::str::FromStr;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use pep440_rs::Version;
use rayon::prelude::*;
use thiserror::Error;

use super::archive::Feed;
use super::osv::{Affected, Record};
use super::package::{Advisory, END, Package, Point};
use super::severity::Level;
use crate::date::Date;
use crate::name::Name;

/// What every index begins with; the last byte is the version of the layout.
pub const MAGIC: &[u8; 8] = b"HOGNADV\x01";
/// Bytes before the header: magic, its length, its checksum.
const PRELUDE: usize = MAGIC.len() + 8;
/// A block is closed when it has grown to this: large enough to compress well, small enough to inflate in no time.
const BLOCK: usize = 32 << 10;
/// The most a block may inflate to. One package is never divided; the largest known has less than a megabyte.
const MAX_BLOCK: usize = 64 << 20;

/// Why an index cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// It begins with something else.
    #[error("not an advisory index of this version")]
    Magic,
    /// It ends too early, or too late.
    #[error("the advisory index is cut off or has something appended")]
    Length,
    /// A checksum does not hold.
    #[error("the advisory index is damaged: a checksum does not hold")]
    Checksum,
    /// The checksums hold and the content makes no sense.
    #[error("the advisory index is damaged: {0}")]
    Content(&'static str),
}

/// What an index says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Status {
    /// The day up to which its advisories are known.
    pub snapshot: Option<Date>,
    /// Live records.
    pub records: u64,
    /// Distributions with at least one of them.
    pub packages: u64,
    /// Records that were taken back by their publisher, and are not in it.
    pub withdrawn: u64,
    /// Records that could not be read, and are not in it.
    pub skipped: u64,
}

/// An opened index.
pub struct Index {
    data: Cow<'static, [u8]>,
    status: Status,
    blocks: Vec<Block>,
}

struct Block {
    /// The name of its first package.
    first: String,
    /// Where it begins and ends in the file.
    stored: (usize, usize),
    length: usize,
    checksum: u32,
    content: OnceLock<Result<Content, Damage>>,
}

struct Content {
    raw: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    /// Where its body begins and ends in the block.
    body: (usize, usize),
    package: OnceLock<Result<Package, Damage>>,
}

impl Index {
    /// Opens an index. Its header is checked now, its blocks when they are needed.
    pub fn open(data: impl Into<Cow<'static, [u8]>>) -> Result<Self, Damage> {
        let data = data.into();
        let prelude = data.get(..PRELUDE).ok_or(Damage::Length)?;
        let (magic, numbers) = prelude.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(Damage::Magic);
        }
        let (length, checksum) = numbers.split_at(4);
        let length = fixed_u32(length) as usize;
        let end = PRELUDE.checked_add(length).ok_or(Damage::Length)?;
        let header = data.get(PRELUDE..end).ok_or(Damage::Length)?;
        if crc32(header) != fixed_u32(checksum) {
            return Err(Damage::Checksum);
        }
        let mut reader = Reader { bytes: header };
        let status = Status {
            snapshot: reader.day()?,
            records: reader.number()?,
            packages: reader.number()?,
            withdrawn: reader.number()?,
            skipped: reader.number()?,
        };
        let mut begin = end;
        let blocks = reader.list(|reader| {
            let first = reader.text()?.to_owned();
            let stored = reader.small()?;
            let block = Block {
                first,
                stored: (begin, begin.checked_add(stored).ok_or(Damage::Length)?),
                length: reader.small()?,
                checksum: u32::try_from(reader.number()?)
                    .map_err(|_| Damage::Content("a checksum"))?,
                content: OnceLock::new(),
            };
            begin = block.stored.1;
            Ok(block)
        })?;
        reader.finish()?;
        if begin != data.len() {
            return Err(Damage::Length);
        }
        if !blocks.is_sorted_by(|one, next| one.first < next.first) {
            return Err(Damage::Content("blocks out of order"));
        }
        Ok(Self {
            data,
            status,
            blocks,
        })
    }

    /// The file it was opened from.
    pub fn bytes(&self) -> &[u8] {
        &self.data
    }

    /// What it says of itself.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// What is known against a distribution: nothing if it has no advisory.
    pub fn package(&self, name: &Name) -> Result<Option<&Package>, Damage> {
        let name = name.as_str();
        let after = self
            .blocks
            .partition_point(|block| block.first.as_str() <= name);
        let Some(block) = after.checked_sub(1).and_then(|at| self.blocks.get(at)) else {
            return Ok(None);
        };
        let content = self.content(block)?;
        match content
            .entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
        {
            Ok(at) => content.package(&content.entries[at]).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Every package with its name, in the order of names; it ends with the first damage.
    pub fn packages(&self) -> impl Iterator<Item = Result<(&str, &Package), Damage>> {
        let mut failed = false;
        let contents = self.blocks.iter().map(|block| self.content(block));
        contents
            .flat_map(|content| {
                let (content, damage) = match content {
                    Ok(content) => (Some(content), None),
                    Err(damage) => (None, Some(Err(damage))),
                };
                let packages = content.into_iter().flat_map(|content| {
                    content
                        .entries
                        .iter()
                        .map(|entry| Ok((entry.name.as_str(), content.package(entry)?)))
                });
                packages.chain(damage)
            })
            .take_while(move |package| !std::mem::replace(&mut failed, package.is_err()))
    }

    fn content<'i>(&'i self, block: &'i Block) -> Result<&'i Content, Damage> {
        let read = || {
            let stored = self
                .data
                .get(block.stored.0..block.stored.1)
                .ok_or(Damage::Length)?;
            Content::read(
                &inflate(stored, block.length, block.checksum)?,
                &block.first,
            )
        };
        block
            .content
            .get_or_init(read)
            .as_ref()
            .map_err(|damage| *damage)
    }
}

impl Content {
    fn read(raw: &[u8], first: &str) -> Result<Self, Damage> {
        let mut reader = Reader { bytes: raw };
        let mut lengths = reader.list(|reader| Ok((reader.text()?.to_owned(), reader.small()?)))?;
        let sorted = lengths.is_sorted_by(|one, next| one.0 < next.0);
        if !sorted || lengths.first().is_none_or(|entry| entry.0 != first) {
            return Err(Damage::Content("names out of order"));
        }
        let mut begin = raw.len() - reader.bytes.len();
        let mut entries = Vec::with_capacity(lengths.len());
        for (name, length) in lengths.drain(..) {
            let end = begin.checked_add(length).ok_or(Damage::Length)?;
            entries.push(Entry {
                name,
                body: (begin, end),
                package: OnceLock::new(),
            });
            begin = end;
        }
        if begin != raw.len() {
            return Err(Damage::Content("a block's length"));
        }
        Ok(Self {
            raw: raw.to_vec(),
            entries,
        })
    }

    fn package<'c>(&'c self, entry: &'c Entry) -> Result<&'c Package, Damage> {
        let read = || {
            let body = self
                .raw
                .get(entry.body.0..entry.body.1)
                .ok_or(Damage::Length)?;
            decode(body)
        };
        entry
            .package
            .get_or_init(read)
            .as_ref()
            .map_err(|damage| *damage)
    }
}

/// Writes the index of a feed. Without a date of its own it is dated by its newest record.
pub fn write(feed: &Feed, fetched: Option<Date>) -> Vec<u8> {
    let mut packages: BTreeMap<&Name, Vec<(&Record, Vec<&Affected>)>> = BTreeMap::new();
    let mut status = Status {
        skipped: feed.skipped.len() as u64,
        ..Status::default()
    };
    for record in feed.records.values() {
        if record.withdrawn {
            status.withdrawn += 1;
            continue;
        }
        status.records += 1;
        for affected in &record.affected {
            let records = packages.entry(&affected.package).or_default();
            match records.last_mut() {
                // One record may name a distribution once for each of its ranges.
                Some((last, entries)) if last.id == record.id => entries.push(affected),
                _ => records.push((record, vec![affected])),
            }
        }
    }
    status.packages = packages.len() as u64;
    status.snapshot = fetched.or_else(|| {
        feed.records
            .values()
            .filter_map(|record| record.modified)
            .max()
    });

    let packages: Vec<_> = packages.into_iter().collect();
    let bodies: Vec<(&str, Vec<u8>)> = packages
        .par_iter()
        .map(|(name, records)| (name.as_str(), encode(&Package::build(records))))
        .collect();
    let mut size = 0;
    let same_block = |(_, body): &(&str, Vec<u8>), _: &(&str, Vec<u8>)| {
        size += body.len();
        let full = size >= BLOCK;
        if full {
            size = 0;
        }
        !full
    };
    let blocks: Vec<&[(&str, Vec<u8>)]> = bodies.chunk_by(same_block).collect();
    let blocks: Vec<(Vec<u8>, Vec<u8>)> = blocks
        .par_iter()
        .map(|block| {
            let mut raw = Writer::default();
            raw.list(block, |raw, (name, body)| {
                raw.text(name);
                raw.number(body.len() as u64);
            });
            for (_, body) in *block {
                raw.bytes.extend_from_slice(body);
            }
            let deflated = deflate(&raw.bytes);
            let mut entry = Writer::default();
            entry.text(block.first().map_or("", |(name, _)| name));
            entry.number(deflated.len() as u64);
            entry.number(raw.bytes.len() as u64);
            entry.number(u64::from(crc32(&raw.bytes)));
            (entry.bytes, deflated)
        })
        .collect();

    let mut header = Writer::default();
    header.day(status.snapshot);
    for count in [
        status.records,
        status.packages,
        status.withdrawn,
        status.skipped,
    ] {
        header.number(count);
    }
    header.number(blocks.len() as u64);
    for (entry, _) in &blocks {
        header.bytes.extend_from_slice(entry);
    }

    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&(header.bytes.len() as u32).to_le_bytes());
    file.extend_from_slice(&crc32(&header.bytes).to_le_bytes());
    file.extend_from_slice(&header.bytes);
    for (_, deflated) in &blocks {
        file.extend_from_slice(deflated);
    }
    file
}

/// The flag of a record that is complete.
const COMPLETE: u64 = 0x80;

fn encode(package: &Package) -> Vec<u8> {
    let mut out = Writer::default();
    out.list(&package.axis, |out, version| out.text(&version.to_string()));
    out.list(&package.advisories, |out, advisory| {
        out.text(&advisory.id);
        out.texts(&advisory.aliases);
        out.day(advisory.published);
        out.day(advisory.modified);
        let label = advisory.label.map_or(0, |label| label as u64 + 1);
        out.number(label | if advisory.complete { COMPLETE } else { 0 });
        out.texts(&advisory.vectors);
        out.list(&advisory.cwes, |out, cwe| out.number(u64::from(*cwe)));
        out.texts(&advisory.links);
        out.texts(&advisory.symbols);
        let mut last = 0;
        out.list(&advisory.spans, |out, &(from, to)| {
            out.number(u64::from(from - last));
            out.number(if to == END { 0 } else { u64::from(to - from) });
            last = to;
        });
        let mut last = 0;
        out.list(&advisory.fixed, |out, &at| {
            out.number(u64::from(at - last));
            last = at;
        });
        out.texts(&advisory.odd);
    });
    out.bytes
}

fn decode(body: &[u8]) -> Result<Package, Damage> {
    let mut reader = Reader { bytes: body };
    let axis = reader.list(|reader| {
        Version::from_str(reader.text()?).map_err(|_| Damage::Content("no version"))
    })?;
    if !axis.is_sorted_by(|one, next| one < next) || axis.len() >= (END / 2) as usize {
        return Err(Damage::Content("versions out of order"));
    }
    let points = axis.len() as Point * 2 + 1;
    let advisories = reader.list(|reader| {
        let id = reader.text()?.to_owned();
        let aliases = reader.texts()?;
        let (published, modified) = (reader.day()?, reader.day()?);
        let flags = reader.number()?;
        let label = match flags & !COMPLETE {
            0 => None,
            label => {
                let level = Level::ALL.get(label as usize - 1);
                Some(*level.ok_or(Damage::Content("no severity"))?)
            }
        };
        let vectors = reader.texts()?;
        let cwes = reader.list(|reader| {
            u32::try_from(reader.number()?).map_err(|_| Damage::Content("no CWE"))
        })?;
        let (links, symbols) = (reader.texts()?, reader.texts()?);
        let mut last: Point = 0;
        let spans = reader.list(|reader| {
            let from = reader.after(last, points)?;
            let to = match reader.number()? {
                0 => END,
                length => u32::try_from(length)
                    .ok()
                    .and_then(|length| from.checked_add(length))
                    .filter(|to| *to <= points)
                    .ok_or(Damage::Content("a span beyond the versions"))?,
            };
            last = to;
            Ok((from, to))
        })?;
        let mut last = 0;
        let fixed = reader.list(|reader| {
            last = reader.after(last, axis.len() as u32)?;
            Ok(last)
        })?;
        let odd = reader.texts()?;
        let complete = flags & COMPLETE != 0;
        Ok(Advisory {
            id,
            aliases,
            published,
            modified,
            vectors,
            label,
            cwes,
            links,
            symbols,
            spans,
            fixed,
            odd,
            complete,
        })
    })?;
    reader.finish()?;
    Ok(Package::new(axis, advisories))
}

/// What is stored is small beside what a damaged or hostile length says: at most that much is read.
fn inflate(stored: &[u8], length: usize, checksum: u32) -> Result<Vec<u8>, Damage> {
    if length > MAX_BLOCK {
        return Err(Damage::Content("a block too large"));
    }
    let mut raw = Vec::new();
    let mut decoder = DeflateDecoder::new(stored).take(length as u64 + 1);
    decoder
        .read_to_end(&mut raw)
        .map_err(|_| Damage::Checksum)?;
    if raw.len() != length || crc32(&raw) != checksum {
        return Err(Damage::Checksum);
    }
    Ok(raw)
}

fn deflate(raw: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let written = encoder.write_all(raw).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn fixed_u32(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn day(&mut self, day: Option<Date>) {
        self.number(day.map_or(0, |day| u64::from(day.days()) + 1));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn texts(&mut self, texts: &[String]) {
        self.list(texts, |out, text| out.text(text));
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        for item in items {
            each(self, item);
        }
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (first, rest) = self.bytes.split_first().ok_or(Damage::Length)?;
            self.bytes = rest;
            number |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damage::Content("a number too large"))
    }

    fn small(&mut self) -> Result<usize, Damage> {
        usize::try_from(self.number()?).map_err(|_| Damage::Length)
    }

    /// A position at some distance behind another, below `end`.
    fn after(&mut self, last: u32, end: u32) -> Result<u32, Damage> {
        let distance = u32::try_from(self.number()?).ok();
        let position = distance.and_then(|distance| last.checked_add(distance));
        position
            .filter(|position| *position < end)
            .ok_or(Damage::Content("a position beyond the versions"))
    }

    fn day(&mut self) -> Result<Option<Date>, Damage> {
        match self.number()? {
            0 => Ok(None),
            days => {
                let date = u32::try_from(days - 1).ok().and_then(Date::from_days);
                date.map(Some).ok_or(Damage::Content("no date"))
            }
        }
    }

    fn text(&mut self) -> Result<&'b str, Damage> {
        let length = self.small()?;
        let (text, rest) = self.bytes.split_at_checked(length).ok_or(Damage::Length)?;
        self.bytes = rest;
        std::str::from_utf8(text).map_err(|_| Damage::Content("no UTF-8"))
    }

    fn texts(&mut self) -> Result<Vec<String>, Damage> {
        self.list(|reader| reader.text().map(str::to_owned))
    }

    fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, Damage>,
    ) -> Result<Vec<T>, Damage> {
        let count = self.small()?;
        // An item has at least one byte, so a count beyond what is left is a lie.
        if count > self.bytes.len() {
            return Err(Damage::Length);
        }
        (0..count).map(|_| each(self)).collect()
    }

    fn finish(&self) -> Result<(), Damage> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(Damage::Length)
        }
    }
}

#[cfg(test)]
mod tests;

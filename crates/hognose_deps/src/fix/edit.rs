//! Another text in place of one that is written, and nothing else: a version, an address, an interpreter.
//!
//! It is found from the place that the reader of the format gave. What comes of it is read again: an edit that changes
//! anything but what it is for is not made.

mod version;

use std::ops::Range;

use pep440_rs::Version;
use thiserror::Error;

use super::mend::Mend;
use super::read;
use crate::inputs::source::Source;
use crate::inputs::{InstallerOption, Inventory, Origin, Package, Place, Wanted};
use crate::interpreter::sources::{self, InterpreterUse};

/// What is to be written otherwise.
#[derive(Clone, Copy, Debug)]
pub enum Edit<'a> {
    /// The version of a package.
    Raise(Raise<'a>),
    /// Something else.
    Mend(&'a Mend),
}

/// A version that is to be raised where it is written.
#[derive(Clone, Copy, Debug)]
pub struct Raise<'a> {
    /// The entry that pins it.
    pub package: &'a Package,
    /// The version to be written.
    pub to: &'a Version,
}

/// Why something cannot be written otherwise where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditFault {
    /// The entry does not stand where it is said to stand, or not in a way that is understood.
    #[error("{place}: the version of {name} is written in a way that cannot be edited")]
    NotFound {
        /// Where.
        place: Place,
        /// The package.
        name: String,
    },
    /// The same entry forbids the version.
    #[error("{place}: `{clause}` does not allow {name} {to}")]
    Refused {
        /// Where.
        place: Place,
        /// The package.
        name: String,
        /// What forbids it.
        clause: String,
        /// The version to be written.
        to: String,
    },
    /// What stands there is understood, and what should stand there instead is not known.
    #[error("{reason}")]
    Left {
        /// Where.
        place: Place,
        /// Why.
        reason: &'static str,
    },
    /// The edited file would be read as something else.
    #[error("{0}: edited, the file would not be read as it is now")]
    Changed(String),
}

/// A text of a file, and what is written there instead.
pub(super) type Replaced = (Range<usize>, String);

/// Makes edits in one file.
///
/// # Errors
/// One of them cannot be made; then none is.
pub fn apply(path: &str, bytes: &[u8], asked: &[Edit<'_>]) -> Result<Vec<u8>, EditFault> {
    // Entries of one list share its commas, so they are taken out one after the other, the last one first.
    let (gone, asked): (Vec<&Edit>, Vec<&Edit>) = asked
        .iter()
        .partition(|edit| matches!(edit, Edit::Mend(Mend::Interpreter { to: None, .. })));
    let asked: Vec<Edit> = asked.into_iter().copied().collect();
    let mut edited = at_once(path, bytes, &asked)?;
    if gone.is_empty() {
        return Ok(edited);
    }
    let before = sources::read(path, bytes);
    let is_gone = |one: &InterpreterUse| {
        gone.iter()
            .any(|edit| matches!(edit, Edit::Mend(Mend::Interpreter { used, .. }) if used == one))
    };
    for at in (0..before.len()).rev().filter(|at| is_gone(&before[*at])) {
        let used = sources::read(path, &edited).into_iter().nth(at);
        let mend = Mend::Interpreter {
            used: used.ok_or_else(|| EditFault::Changed(path.to_owned()))?,
            to: None,
        };
        edited = at_once(path, &edited, &[Edit::Mend(&mend)])?;
    }
    Ok(edited)
}

/// Makes edits that do not touch one another.
fn at_once(path: &str, bytes: &[u8], asked: &[Edit<'_>]) -> Result<Vec<u8>, EditFault> {
    let source = Source::new(path, bytes);
    let mut edits: Vec<Replaced> = Vec::new();
    for edit in asked {
        match edit {
            Edit::Raise(raise) => {
                let found = version::find(&source, raise)?;
                edits.extend(found.into_iter().map(|range| (range, raise.to.to_string())));
            }
            Edit::Mend(mend) => edits.extend(mend.find(&source)?),
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    edits.dedup();
    let gone = GoneLines::of(&source, &edits);
    let changed = || EditFault::Changed(path.to_owned());
    let mut text = String::with_capacity(source.text.len() + 16);
    let mut edited = Vec::with_capacity(bytes.len() + 16);
    let encoding = Encoding::of(bytes);
    let (mut at, mut at_byte) = (0, encoding.mark());
    for (range, written) in edits {
        let kept = source.text.get(at..range.start).ok_or_else(changed)?;
        let replaced = source.text.get(range.clone()).ok_or_else(changed)?;
        text.push_str(kept);
        text.push_str(&written);
        let from = at_byte + encoding.length(kept);
        edited.extend_from_slice(bytes.get(at_byte..from).ok_or_else(changed)?);
        encoding.write(&written, &mut edited);
        (at, at_byte) = (range.end, from + encoding.length(replaced));
    }
    text.push_str(source.text.get(at..).ok_or_else(changed)?);
    edited.extend_from_slice(bytes.get(at_byte..).ok_or_else(changed)?);
    let mut whole = bytes.get(..encoding.mark()).unwrap_or_default().to_vec();
    whole.append(&mut edited);
    let reads_alike = Source::new(path, &whole).text == text
        && differs_as_meant(&read(path, bytes), &read(path, &whole), asked, &gone)
        && are_moved(
            sources::read(path, bytes),
            &sources::read(path, &whole),
            asked,
        );
    if reads_alike {
        Ok(whole)
    } else {
        Err(changed())
    }
}

/// How a file's text is written in bytes.
#[derive(Clone, Copy)]
enum Encoding {
    /// UTF-8, with the length of its byte order mark.
    Utf8(usize),
    /// UTF-16, which always has a mark here.
    Utf16 { little: bool },
    /// One byte for each character.
    Single,
}

impl Encoding {
    fn of(bytes: &[u8]) -> Self {
        match encoding_rs::Encoding::for_bom(bytes) {
            Some((encoding, _)) if encoding == encoding_rs::UTF_16LE => {
                Self::Utf16 { little: true }
            }
            Some((encoding, _)) if encoding == encoding_rs::UTF_16BE => {
                Self::Utf16 { little: false }
            }
            Some((_, mark)) => Self::Utf8(mark),
            None if std::str::from_utf8(bytes).is_ok() => Self::Utf8(0),
            None => Self::Single,
        }
    }

    fn mark(self) -> usize {
        match self {
            Self::Utf8(mark) => mark,
            Self::Utf16 { .. } => 2,
            Self::Single => 0,
        }
    }

    fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8(_) => text.len(),
            Self::Utf16 { .. } => text.encode_utf16().count() * 2,
            Self::Single => text.chars().count(),
        }
    }

    /// Writes what takes the place of something, which is ASCII.
    fn write(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Utf16 { little } => {
                for unit in text.encode_utf16() {
                    out.extend(if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    });
                }
            }
            Self::Utf8(_) | Self::Single => out.extend_from_slice(text.as_bytes()),
        }
    }
}

/// The offset of a place.
pub(super) fn offset(source: &Source, place: &Place) -> Option<usize> {
    let start = source.line_start(place.line)?;
    let before = (place.column as usize).checked_sub(1)?;
    let line = &source.text[start..];
    let in_characters = line
        .char_indices()
        .map(|(at, _)| at)
        .chain([line.len()])
        .nth(before);
    [in_characters, Some(before)]
        .into_iter()
        .flatten()
        .map(|at| start + at)
        .find(|at| source.text.is_char_boundary(*at) && source.place(*at) == *place)
}

/// The lines that edits take out.
struct GoneLines(Vec<u32>);

impl GoneLines {
    fn of(source: &Source, edits: &[Replaced]) -> Self {
        let mut gone = Vec::new();
        for (range, written) in edits {
            let ends = |text: &str| text.matches('\n').count();
            let taken = ends(source.text.get(range.clone()).unwrap_or_default());
            let line = source.place(range.start).line;
            gone.extend(std::iter::repeat_n(
                line,
                taken.saturating_sub(ends(written)),
            ));
        }
        Self(gone)
    }

    /// Where a line is when they are gone.
    fn after(&self, line: u32) -> u32 {
        let above = self.0.iter().filter(|gone| **gone < line).count();
        line.saturating_sub(u32::try_from(above).unwrap_or(u32::MAX))
    }
}

/// Whether what is to be written otherwise is what differs between two readings, and all that differs.
fn differs_as_meant(
    before: &Inventory,
    after: &Inventory,
    edits: &[Edit<'_>],
    gone: &GoneLines,
) -> bool {
    let encrypted = |one: &str, other: &str| {
        one == other
            || edits.iter().any(|edit| match edit {
                Edit::Mend(Mend::Encrypt { url, .. }) => {
                    url == one && one.replacen("http:", "https:", 1) == other
                }
                _ => false,
            })
    };
    let is_origin = |one: &Origin, other: &Origin| match (one, other) {
        (Origin::Url(one), Origin::Url(other)) => encrypted(one, other),
        (
            Origin::Vcs {
                url,
                reference,
                commit,
            },
            Origin::Vcs {
                url: other,
                reference: other_reference,
                commit: other_commit,
            },
        ) => encrypted(url, other) && reference == other_reference && commit == other_commit,
        (one, other) => one == other,
    };
    let is_package = |(one, other): (&Package, &Package)| {
        let raise = edits.iter().find_map(|edit| match edit {
            Edit::Raise(raise)
                if raise.package.place == one.place && raise.package.wanted == one.wanted =>
            {
                Some(raise)
            }
            _ => None,
        });
        let wanted = match (raise, &other.wanted) {
            (Some(raise), Wanted::Pinned(pin)) => pin.version.as_ref() == Some(raise.to),
            (Some(_), _) => false,
            (None, wanted) => one.wanted == *wanted,
        };
        wanted
            && one.name == other.name
            && gone.after(one.place.line) == other.place.line
            && one.marker == other.marker
            && one.extras == other.extras
            && one.groups == other.groups
            && is_origin(&one.origin, &other.origin)
            && one.hashed == other.hashed
    };
    let is_gone = |option: &InstallerOption| {
        edits.iter().any(|edit| match edit {
            Edit::Mend(Mend::Verify(gone)) => {
                gone.place == option.place && gone.name == option.name && gone.value == option.value
            }
            _ => false,
        })
    };
    let is_option = |(one, other): (&InstallerOption, &InstallerOption)| {
        one.name == other.name
            && match (&one.value, &other.value) {
                (Some(one), Some(other)) => encrypted(one, other),
                (one, other) => one == other,
            }
    };
    let kept: Vec<&InstallerOption> = before.options.iter().filter(|one| !is_gone(one)).collect();
    let (one, other) = (&before.packages, &after.packages);
    one.len() == other.len()
        && one.iter().zip(other).all(is_package)
        && kept.len() == after.options.len()
        && kept.into_iter().zip(&after.options).all(is_option)
        && before.unreadable.len() >= after.unreadable.len()
        && before.unnamed.len() == after.unnamed.len()
}

/// Whether the interpreters that are to be named are, and all others stay.
fn are_moved(before: Vec<InterpreterUse>, after: &[InterpreterUse], edits: &[Edit<'_>]) -> bool {
    let mut expected = Vec::with_capacity(before.len());
    for one in before {
        let to = edits.iter().find_map(|edit| match edit {
            Edit::Mend(Mend::Interpreter { used, to }) if *used == one => Some(to),
            _ => None,
        });
        match to {
            None => expected.push((one.role, one.wanted)),
            Some(Some(to)) => expected.push((one.role, sources::Wanted::Release(to.clone()))),
            Some(None) => {}
        }
    }
    let found = after.iter().map(|one| (&one.role, &one.wanted));
    expected
        .iter()
        .map(|(role, wanted)| (role, wanted))
        .eq(found)
}

#[cfg(test)]
mod tests;

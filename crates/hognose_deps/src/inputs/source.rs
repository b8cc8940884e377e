//! The text of an input, and what a reader makes of it.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use super::inventory::{
    Group, InstallerOption, Origin, Package, Place, Purpose, Relation, Unnamed, Unreadable,
    Variable, Wanted,
};
use crate::name::Name;

/// Largest input that is read. The largest lock files met are a few megabytes; a software bill of materials of an image
/// can be ten times that.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Most complaints kept of one input. A file that is something else entirely would have one for each line.
const MAX_UNREADABLE: usize = 100;

/// Most groups of one package that are kept; a real project has some dozens.
const MAX_GROUPS: usize = 256;

/// Beyond this many bytes into a line, columns are counted in bytes: else a file of one line would be walked again and
/// again.
const MAX_COUNTED: usize = 4096;

/// The decoded text of an input.
#[derive(Debug)]
pub struct Source {
    /// Its path.
    pub path: Arc<str>,
    /// Its text, without a byte order mark.
    pub text: String,
    starts: Vec<usize>,
    /// The text without lines that break its syntax, if there are any.
    pub(super) mended: OnceLock<String>,
}

impl Source {
    /// Decodes an input: by its byte order mark, by a declaration of its encoding in the first two lines, else UTF-8.
    /// What is no text becomes replacement characters, so that the other lines stay readable.
    pub fn new(path: &str, bytes: &[u8]) -> Self {
        let text = match encoding_rs::Encoding::for_bom(bytes) {
            Some((encoding, mark)) => encoding.decode_without_bom_handling(&bytes[mark..]).0,
            None => match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => {
                    declared(bytes)
                        .unwrap_or(encoding_rs::UTF_8)
                        .decode_without_bom_handling(bytes)
                        .0
                }
            },
        }
        .into_owned();
        let mut starts = vec![0];
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        Self {
            path: path.into(),
            text,
            starts,
            mended: OnceLock::new(),
        }
    }

    /// The place of an offset into the text.
    pub fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let column = match self.text.get(start..offset) {
            Some(before) if before.len() <= MAX_COUNTED => before.chars().count(),
            _ => offset.saturating_sub(start),
        };
        self.at(line, column + 1)
    }

    /// The offset at which a line begins, counted from 1.
    pub fn line_start(&self, line: u32) -> Option<usize> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// The place of a line and column, both from 1.
    pub fn at(&self, line: usize, column: usize) -> Place {
        Place {
            file: Arc::clone(&self.path),
            line: u32::try_from(line.max(1)).unwrap_or(u32::MAX),
            column: u32::try_from(column.max(1)).unwrap_or(u32::MAX),
        }
    }

    /// Each line with its offset, without its end.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.starts.iter().enumerate().map(|(number, start)| {
            let end = self
                .starts
                .get(number + 1)
                .copied()
                .unwrap_or(self.text.len());
            (
                *start,
                self.text[*start..end].trim_end_matches(['\n', '\r']),
            )
        })
    }

    /// The range of the line that holds an offset, with its end.
    pub fn line_range(&self, offset: usize) -> std::ops::Range<usize> {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        start..self.starts.get(line).copied().unwrap_or(self.text.len())
    }
}

/// The encoding a comment in the first two lines declares, as Python source files do.
fn declared(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    bytes
        .splitn(3, |byte| *byte == b'\n')
        .take(2)
        .find_map(|line| {
            let line = std::str::from_utf8(line.trim_ascii()).ok()?;
            let (_, after) = line.strip_prefix('#')?.split_once("coding")?;
            let label = after.strip_prefix([':', '='])?.trim_start();
            let end = label
                .find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c))
                .unwrap_or(label.len());
            let label = &label.as_bytes()[..end];
            // Python writes `latin-1` where others write `latin1`.
            encoding_rs::Encoding::for_label(label).or_else(|| {
                let plain: Vec<u8> = label
                    .iter()
                    .copied()
                    .filter(|b| !b"-_".contains(b))
                    .collect();
                encoding_rs::Encoding::for_label(&plain)
            })
        })
}

/// Another file an input names.
#[derive(Debug)]
pub struct Include {
    /// Its path.
    pub path: String,
    /// Whether its entries only constrain what is asked for elsewhere.
    pub constraint: bool,
    /// Where it is named.
    pub place: Place,
}

/// What a reader found in one input.
#[derive(Debug, Default)]
pub struct Reading {
    /// Packages.
    pub packages: Vec<Package>,
    /// Things without a name.
    pub unnamed: Vec<Unnamed>,
    /// Options.
    pub options: Vec<InstallerOption>,
    /// Variables.
    pub variables: Vec<Variable>,
    /// Complaints.
    pub unreadable: Vec<Unreadable>,
    /// Files to be read as well.
    pub includes: Vec<Include>,
    /// The manifests this input was made from, if it is a lock file.
    pub locks: Vec<String>,
    /// Whether a tool wrote what people write as well.
    pub generated: bool,
    /// Packages of the project's own that a lock file has and that are nobody's to install: members of a workspace.
    pub members: FxHashSet<Name>,
    /// The name of the project, if the input tells.
    pub project: Option<Name>,
    /// What the project is for, if the input tells.
    pub purpose: Option<Purpose>,
    /// Requirements files that are installed, as they are named in an image.
    pub installs: Vec<String>,
    /// Every name met. In a lock file each is written for each package that needs it, and is kept once.
    pub(super) names: FxHashSet<Name>,
}

impl Reading {
    /// Notes what could not be read.
    pub fn unreadable(&mut self, place: Place, reason: impl Into<String>) {
        if self.unreadable.len() < MAX_UNREADABLE {
            self.unreadable.push(Unreadable {
                place,
                reason: reason.into(),
            });
        }
    }

    /// The name as it was written, normalised; none if it is no name.
    pub fn name(&mut self, written: &str) -> Option<Name> {
        let name = Name::new(written)?;
        match self.names.get(&name) {
            Some(known) => Some(known.clone()),
            None => {
                self.names.insert(name.clone());
                Some(name)
            }
        }
    }

    /// A package of that name, to be filled in and pushed; none if it is no name, which is noted.
    pub fn package(&mut self, written: &str, wanted: Wanted, place: Place) -> Option<Package> {
        let Some(name) = self.name(written) else {
            self.unreadable(
                place,
                format!("`{}` is no name of a package", shown(written)),
            );
            return None;
        };
        Some(Package::new(name, written, wanted, place))
    }

    /// Names a file beside this one that is to be read as well.
    pub fn include(&mut self, source: &Source, written: &str, constraint: bool, place: Place) {
        match beside(&source.path, written) {
            Some(path) => self.includes.push(Include {
                path,
                constraint,
                place,
            }),
            None => self.unreadable(
                place,
                format!("`{}` lies outside of what is read", shown(written)),
            ),
        }
    }

    /// Notes variables of the form `${NAME}`.
    pub fn variables(&mut self, text: &str, place: &Place) {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                return;
            };
            if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                self.variables.push(Variable {
                    name: name.to_owned(),
                    place: place.clone(),
                });
            }
            rest = behind;
        }
    }
}

impl Package {
    /// A package of which nothing more is known.
    pub(super) fn new(name: Name, written: &str, wanted: Wanted, place: Place) -> Self {
        Self {
            name,
            written: written.into(),
            wanted,
            marker: None,
            extras: Vec::new(),
            groups: Vec::new(),
            hashed: false,
            origin: Arc::new(Origin::Index(None)),
            relation: Relation::Unknown,
            requires: Vec::new(),
            place,
            pinned_at: None,
        }
    }

    /// Adds a group once.
    pub(super) fn add_group(&mut self, group: Group) {
        if self.groups.len() < MAX_GROUPS && !self.groups.contains(&group) {
            self.groups.push(group);
        }
    }
}

/// Text of an input in a sentence: one line, and not the whole of it.
pub fn shown(text: &str) -> String {
    const MAX_SHOWN: usize = 80;
    let mut shown: String = text
        .chars()
        .take(MAX_SHOWN)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The directory of a path; empty for the root.
pub fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A path as a file writes it, relative to that file's directory. None if it is an address.
pub fn beside(file: &str, written: &str) -> Option<String> {
    let written = written.strip_prefix("file:").unwrap_or(written);
    if written.contains("://") {
        return None;
    }
    let written = written.replace('\\', "/");
    Some(if written.starts_with('/') {
        written
    } else {
        join(directory(file), &written)
    })
}

/// A path below a directory, without `.` and with `..` resolved as far as there is something to go up from.
pub fn join(directory: &str, path: &str) -> String {
    let root = directory.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if root => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if root { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::{Source, join};

    #[test]
    fn text_is_decoded_as_the_file_says() {
        let utf16: Vec<u8> = [0xFF, 0xFE]
            .into_iter()
            .chain("flask==1\r\nä".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(Source::new("", &utf16).text, "flask==1\r\nä");
        assert_eq!(Source::new("", b"\xEF\xBB\xBFflask").text, "flask");
        assert_eq!(
            Source::new("", b"# -*- coding: latin-1 -*-\n# \xE4")
                .text
                .chars()
                .last(),
            Some('ä')
        );
        assert_eq!(Source::new("", b"a\n\xE4").text, "a\n\u{FFFD}");
    }

    #[test]
    fn places_count_characters_and_every_kind_of_line_end() {
        let source = Source::new("f", "ä\r\nbö x\rc\nd".as_bytes());
        let place = |text: &str| {
            let place = source.place(source.text.find(text).expect("it is there"));
            (place.line, place.column)
        };
        assert_eq!(place("ä"), (1, 1));
        assert_eq!(place("x"), (2, 4));
        assert_eq!(place("c"), (3, 1));
        assert_eq!(place("d"), (4, 1));
    }

    #[test]
    fn paths_are_joined() {
        assert_eq!(join("a/b", "../c.txt"), "a/c.txt");
        assert_eq!(join("", "../c.txt"), "../c.txt");
        assert_eq!(join("../a", "../../c.txt"), "../../c.txt");
        assert_eq!(join("/a", "../../c.txt"), "/c.txt");
        assert_eq!(join(".", "./c.txt"), "c.txt");
    }
}

//! Requirements and constraints files, and what `pip freeze` prints.
//!
//! Lines are joined, stripped of comments and split as pip does it: a comment line ends a continuation, ` #` begins a
//! comment, and from the first word with a hyphen on a line holds options.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::inventory::{
    Installer, InstallerOption, Origin, Package, Place, Relation, Role, Unnamed, Wanted,
};
use super::requirement::{self, Requirement, split_marker};
use super::source::{Reading, Source, beside, file_name, shown};
use super::words::words;
use super::{Format, Named};
use crate::name::Name;

pub(super) const FORMAT: Format = Format {
    id: "requirements",
    role: Role::Manifest,
    named,
    looks,
    read,
};

/// Whether a file only constrains, by its name.
pub(super) fn is_constraints(path: &str) -> bool {
    file_name(path).to_ascii_lowercase().contains("constraint")
}

fn named(path: &str) -> Named {
    let name = file_name(path).to_ascii_lowercase();
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return Named::No;
    };
    if !matches!(ending, "txt" | "in" | "pip") {
        return Named::No;
    }
    let parent = path
        .rsplit('/')
        .nth(1)
        .unwrap_or_default()
        .to_ascii_lowercase();
    if stem.contains("requirement") || stem.contains("constraint") || parent == "requirements" {
        Named::Surely
    } else if ending == "in"
        || ["req", "freeze", "dep"]
            .iter()
            .any(|part| stem.contains(part))
    {
        Named::Perhaps
    } else {
        Named::No
    }
}

/// Whether every line of a file is one of a requirements file, and one of them could hardly be anything else.
fn looks(text: &str) -> bool {
    let mut sure = false;
    for line in text.lines() {
        let line = strip_comment(line).trim_end_matches('\\').trim();
        if line.is_empty() {
            continue;
        }
        if line.starts_with('-') {
            let known = words(line)
                .first()
                .is_some_and(|word| option(word).is_some());
            sure |= known;
            if !known {
                return false;
            }
            continue;
        }
        let (line, _) = split_options(line);
        match Requirement::parse(line) {
            Ok(requirement) => {
                sure |= !requirement.versions.is_empty() || requirement.url.is_some()
            }
            Err(_) if line.contains("://") && !line.contains(' ') => {}
            Err(_) => return false,
        }
    }
    sure
}

/// An option of pip that a requirements file may hold.
pub(super) struct OptionKind {
    pub(super) name: &'static str,
    short: &'static str,
    pub(super) takes_value: bool,
}

const fn flag(name: &'static str) -> OptionKind {
    OptionKind {
        name,
        short: "",
        takes_value: false,
    }
}

const fn value(name: &'static str, short: &'static str) -> OptionKind {
    OptionKind {
        name,
        short,
        takes_value: true,
    }
}

/// The options that are read. Those of single requirements are among them.
const OPTIONS: &[OptionKind] = &[
    value("--requirement", "-r"),
    value("--constraint", "-c"),
    value("--editable", "-e"),
    value("--index-url", "-i"),
    value("--pypi-url", ""),
    value("--extra-index-url", ""),
    value("--find-links", "-f"),
    value("--no-binary", ""),
    value("--only-binary", ""),
    value("--trusted-host", ""),
    value("--use-feature", ""),
    value("--hash", ""),
    value("--config-settings", "-C"),
    value("--config-setting", ""),
    value("--global-option", ""),
    value("--install-option", ""),
    value("--index-strategy", ""),
    value("--index", ""),
    value("--default-index", ""),
    value("--allow-insecure-host", ""),
    value("--cert", ""),
    value("--client-cert", ""),
    value("--proxy", ""),
    value("--uploaded-prior-to", ""),
    flag("--no-index"),
    flag("--pre"),
    flag("--prefer-binary"),
    flag("--require-hashes"),
    flag("--no-verify-hashes"),
    flag("--process-dependency-links"),
    flag("--always-unzip"),
    flag("--allow-all-external"),
    flag("--no-use-wheel"),
    flag("--use-wheel"),
    flag("--no-deps"),
];

/// The option a word begins with, and the value that hangs on it: `--name=value`, `-rvalue`. Long options may be
/// shortened as long as they stay unique.
pub(super) fn option(word: &str) -> Option<(&'static OptionKind, Option<&str>)> {
    if word.starts_with("--") {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let kind = OPTIONS.iter().find(|kind| kind.name == name).or_else(|| {
            let mut kinds = OPTIONS
                .iter()
                .filter(|kind| name.len() > 2 && kind.name.starts_with(name));
            kinds.next().filter(|_| kinds.next().is_none())
        })?;
        return Some((kind, value));
    }
    let kind = OPTIONS
        .iter()
        .find(|kind| !kind.short.is_empty() && word.starts_with(kind.short))?;
    let value = &word[kind.short.len()..];
    let value = value.strip_prefix('=').unwrap_or(value);
    Some((kind, (!value.is_empty()).then_some(value)))
}

/// A line without its comment.
fn strip_comment(line: &str) -> &str {
    let mut before = true;
    for (at, c) in line.char_indices() {
        if c == '#' && before {
            return &line[..at];
        }
        before = c.is_whitespace();
    }
    line
}

/// A requirement and the options behind it.
fn split_options(line: &str) -> (&str, &str) {
    let mut at = 0;
    for word in line.split(' ') {
        if word.starts_with('-') {
            return (line[..at].trim_end(), &line[at..]);
        }
        at += word.len() + 1;
    }
    (line, "")
}

fn read(source: &Source, reading: &mut Reading) {
    let mut reader = Reader {
        source,
        reading,
        via: Via::of(source),
    };
    // A logical line and the offset of its first word.
    let mut joined = String::new();
    let mut begin: Option<usize> = None;
    for (offset, line) in source.lines() {
        let is_comment = line.trim_start().starts_with('#');
        let words_at = offset + (line.len() - line.trim_start().len());
        match line.strip_suffix('\\') {
            Some(part) if !is_comment => {
                if !part.trim().is_empty() {
                    begin.get_or_insert(words_at);
                }
                joined.push_str(part);
                continue;
            }
            _ => {}
        }
        if joined.is_empty() {
            reader.line(line, words_at);
        } else {
            if is_comment {
                joined.push(' ');
            }
            joined.push_str(line);
            reader.line(&joined, begin.unwrap_or(words_at));
            joined.clear();
        }
        begin = None;
        if let Some(via) = &mut reader.via {
            via.line(line, is_comment);
        }
    }
    if let Some(begin) = begin {
        reader.line(&joined, begin);
    }
    if let Some(via) = reader.via.take() {
        via.apply(source, reading);
        reading.generated = true;
    } else if source.path.ends_with(".in") {
        for package in &mut reading.packages {
            package.relation = Relation::Direct;
        }
    }
}

/// In how many lines at the top a tool says that it wrote the file.
const GENERATED_LINES: usize = 8;

/// Manifests, beside `*.in`, from which such files are made.
const MANIFESTS: &[&str] = &["pyproject.toml", "setup.cfg", "setup.py"];

struct Reader<'a> {
    source: &'a Source,
    reading: &'a mut Reading,
    via: Option<Via>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, offset: usize) {
        let line = strip_comment(line).trim();
        if line.is_empty() {
            return;
        }
        let place = self.source.place(offset);
        if line.contains("${") {
            self.reading.variables(line, &place);
        }
        let (requirement, options) = split_options(line);
        let mut hashed = false;
        let mut words = words(options).into_iter();
        while let Some(word) = words.next() {
            let Some((kind, value)) = option(&word) else {
                let reason = format!("`{}` is no option of a requirements file", shown(&word));
                self.reading.unreadable(place.clone(), reason);
                // What follows may be its value.
                while words
                    .as_slice()
                    .first()
                    .is_some_and(|word| !word.starts_with('-'))
                {
                    words.next();
                }
                continue;
            };
            let value = match value {
                Some(value) => Some(value.to_owned()),
                None if kind.takes_value => words.next(),
                None => None,
            };
            hashed |= kind.name == "--hash";
            self.option(kind, value, &place);
        }
        if requirement.is_empty() {
            return;
        }
        let unnamed = self.reading.unnamed.len();
        let package = target(requirement, false, self.reading, &place);
        for unnamed in &mut self.reading.unnamed[unnamed..] {
            unnamed.hashed |= hashed;
        }
        if let Some(mut package) = package {
            package.hashed |= hashed;
            if let Some(via) = &mut self.via {
                via.current = Some(self.reading.packages.len());
            }
            self.reading.packages.push(package);
        }
    }

    fn option(&mut self, kind: &'static OptionKind, value: Option<String>, place: &Place) {
        match (kind.name, &value) {
            ("--requirement" | "--constraint" | "--editable", None) => {
                let reason = format!("`{}` names nothing", kind.name);
                self.reading.unreadable(place.clone(), reason);
            }
            ("--requirement", Some(path)) => {
                self.reading
                    .include(self.source, path, false, place.clone());
            }
            ("--constraint", Some(path)) => {
                self.reading.include(self.source, path, true, place.clone());
            }
            ("--editable", Some(written)) => {
                if let Some(package) = target(written, true, self.reading, place) {
                    self.reading.packages.push(package);
                }
            }
            ("--hash", _) => {}
            _ => self.reading.options.push(InstallerOption {
                name: kind.name,
                value,
                by: Installer::Pip,
                place: place.clone(),
            }),
        }
    }
}

/// What a word or line of an install command asks for: a requirement, an address, or a path. What has no name goes to
/// [`Reading::unnamed`], and what is nothing of these to [`Reading::unreadable`].
pub(super) fn target(
    text: &str,
    editable: bool,
    reading: &mut Reading,
    place: &Place,
) -> Option<Package> {
    if !editable {
        match Requirement::parse(text) {
            Ok(requirement) if !requirement::is_archive(requirement.name) => {
                return requirement.package(reading, place.clone());
            }
            Err(reason) if !is_location(text) => {
                reading.unreadable(place.clone(), reason);
                return None;
            }
            _ => {}
        }
    } else if let Ok(requirement) = Requirement::parse(text)
        && requirement.url.is_some()
    {
        let mut package = requirement.package(reading, place.clone())?;
        if let Origin::Path { editable, .. } = Arc::make_mut(&mut package.origin) {
            *editable = true;
        }
        return Some(package);
    }
    let (location, marker) = split_marker(text);
    let origin = requirement::origin(location, editable);
    // The name: of the fragment, else of the archive.
    let named = requirement::egg(location)
        .and_then(|egg| Requirement::parse(egg).ok())
        .map(|egg| {
            let extras = egg.extras.iter().map(|extra| (*extra).to_owned()).collect();
            let wanted = requirement::named_archive(egg.name, location).unwrap_or(Wanted::Anything);
            (egg.name.to_owned(), wanted, extras)
        })
        .or_else(|| {
            let (path, extras) = split_extras(location);
            let (name, wanted) = requirement::archive(path)?;
            Some((name, wanted, extras))
        });
    let Some((name, wanted, extras)) = named else {
        reading.unnamed.push(Unnamed {
            origin,
            hashed: requirement::has_hash(location),
            place: place.clone(),
        });
        return None;
    };
    let mut package = reading.package(&name, wanted, place.clone())?;
    package.origin = origin.into();
    package.extras = extras;
    package.marker = marker.map(Into::into);
    package.hashed = requirement::has_hash(location);
    Some(package)
}

/// Whether a text is an address or a path rather than a requirement, as pip decides it.
fn is_location(text: &str) -> bool {
    let (text, _) = split_marker(text);
    let (path, _) = split_extras(text);
    text.contains("://")
        || text.starts_with("file:")
        || path.starts_with('.')
        || path.contains(['/', '\\'])
        || requirement::is_archive(path)
}

/// A path and the extras behind it.
fn split_extras(path: &str) -> (&str, Vec<String>) {
    match path
        .strip_suffix(']')
        .and_then(|inside| inside.rsplit_once('['))
    {
        Some((path, extras)) => (
            path,
            extras
                .split(',')
                .map(|extra| extra.trim().to_owned())
                .collect(),
        ),
        None => (path, Vec::new()),
    }
}

/// The comments in which pip-compile and uv say who asked for a package: `# via flask`, or one name on each line.
#[derive(Default)]
struct Via {
    /// The requirement the comments belong to.
    current: Option<usize>,
    /// Whether a list has begun.
    listing: bool,
    /// What the file was made from.
    manifests: FxHashSet<String>,
    /// Requirement and what asked for it.
    found: Vec<(usize, String)>,
}

impl Via {
    /// Of a file that a tool says it wrote; the command above it names what it was made from.
    fn of(source: &Source) -> Option<Self> {
        let header = source
            .text
            .lines()
            .take(GENERATED_LINES)
            .filter_map(|line| line.strip_prefix('#'));
        let mut via = header
            .clone()
            .any(|line| line.contains("autogenerated by"))
            .then(Self::default)?;
        for line in header.filter(|line| line.contains("compile")) {
            let mut words = words(line).into_iter();
            while let Some(word) = words.next() {
                if matches!(
                    word.as_str(),
                    "-o" | "--output-file" | "-c" | "--constraint"
                ) {
                    words.next();
                } else if !word.starts_with('-')
                    && (word.ends_with(".in") || MANIFESTS.contains(&file_name(&word)))
                {
                    via.manifests.extend(beside(&source.path, &word));
                }
            }
        }
        Some(via)
    }

    /// Looks at the end of a line whose requirement has been read.
    fn line(&mut self, line: &str, is_comment: bool) {
        let comment = if is_comment {
            line.trim_start().trim_start_matches('#').trim()
        } else {
            self.listing = false;
            match line.split_once(" # ") {
                Some((_, comment)) => comment.trim(),
                None => return,
            }
        };
        let Some(current) = self.current else { return };
        let names = match comment.strip_prefix("via") {
            Some(names) if names.is_empty() || names.starts_with(' ') => {
                self.listing = true;
                names
            }
            _ if self.listing => comment,
            _ => return,
        };
        for name in names.split(',') {
            let name = name.trim();
            if !name.is_empty() {
                self.found.push((current, name.to_owned()));
            }
        }
    }

    /// Turns the comments into edges. Who is not in the file itself is the project.
    fn apply(self, source: &Source, reading: &mut Reading) {
        let mut by_name: FxHashMap<Name, Vec<usize>> = FxHashMap::default();
        for (at, package) in reading.packages.iter().enumerate() {
            by_name.entry(package.name.clone()).or_default().push(at);
        }
        let mut edges: FxHashSet<(usize, usize)> = FxHashSet::default();
        let mut manifests = self.manifests;
        for (package, via) in self.found {
            let (name, from) = match via.split_once(" (") {
                Some((name, from)) => (name, Some(from.trim_end_matches(')'))),
                None => (via.as_str(), None),
            };
            if via.starts_with("-c ") {
                continue;
            }
            if let Some(manifest) = via.strip_prefix("-r ").or(from) {
                manifests.extend(beside(&source.path, manifest));
            }
            let above = Name::new(name).and_then(|name| by_name.get(&name));
            let Some(above) = above.filter(|_| from.is_none()) else {
                reading.packages[package].relation = Relation::Direct;
                continue;
            };
            if reading.packages[package].relation == Relation::Unknown {
                reading.packages[package].relation = Relation::Transitive;
            }
            edges.extend(above.iter().map(|above| (*above, package)));
        }
        let mut edges: Vec<_> = edges.into_iter().collect();
        edges.sort_unstable();
        for (above, below) in edges {
            let name = reading.packages[below].name.clone();
            let requires = &mut reading.packages[above].requires;
            if requires.last() != Some(&name) {
                requires.push(name);
            }
        }
        let mut manifests: Vec<_> = manifests.into_iter().collect();
        manifests.sort();
        reading.locks = manifests;
    }
}

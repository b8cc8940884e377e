//! A requirement in the sense of PEP 508, and the version in an archive's file name.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{Version, VersionSpecifiers};

use super::inventory::{Constraint, Origin, Package, Place, Wanted};
use super::source::{Reading, shown};

/// The operators of a version specifier, longer ones before those they begin with.
const OPERATORS: [&str; 8] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];

/// The parts of a requirement, as they are written.
#[derive(Debug, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The name.
    pub name: &'a str,
    /// Extras between brackets.
    pub extras: Vec<&'a str>,
    /// Version specifiers, without the parentheses they may stand in.
    pub versions: &'a str,
    /// What follows `@`.
    pub url: Option<&'a str>,
    /// What follows `;`.
    pub marker: Option<&'a str>,
}

impl<'a> Requirement<'a> {
    /// Takes a requirement apart.
    ///
    /// # Errors
    /// What is wrong with it, as part of a sentence.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
            .unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        if crate::name::Name::new(name).is_none() {
            return Err(format!("`{}` does not begin with a name", shown(text)));
        }
        rest = rest.trim_start();
        let mut extras = Vec::new();
        if let Some(inside) = rest.strip_prefix('[') {
            let (list, after) = inside.split_once(']').ok_or("the extras have no end")?;
            extras.extend(
                list.split(',')
                    .map(str::trim)
                    .filter(|extra| !extra.is_empty()),
            );
            rest = after.trim_start();
        }
        if let Some(after) = rest.strip_prefix('@') {
            let (url, marker) = split_marker(after);
            if url.is_empty() || url.contains(char::is_whitespace) {
                return Err(format!("`{}` is no address", shown(url)));
            }
            return Ok(Self {
                name,
                extras,
                versions: "",
                url: Some(url),
                marker,
            });
        }
        let (versions, marker) = match rest.split_once(';') {
            Some((versions, marker)) => (versions.trim(), some(marker)),
            None => (rest.trim_end(), None),
        };
        let versions = match versions.strip_prefix('(') {
            Some(inside) => inside
                .strip_suffix(')')
                .ok_or("a parenthesis has no end")?
                .trim(),
            None => versions,
        };
        for clause in clauses(versions) {
            clause?;
        }
        Ok(Self {
            name,
            extras,
            versions,
            url: None,
            marker,
        })
    }

    /// The package that is asked for.
    pub fn package(&self, reading: &mut Reading, place: Place) -> Option<Package> {
        let (wanted, origin) = match self.url {
            Some(url) => (
                named_archive(self.name, url).unwrap_or(Wanted::Anything),
                origin(url, false),
            ),
            None => (wanted(self.versions), Origin::Index(None)),
        };
        let mut package = reading.package(self.name, wanted, place)?;
        package.hashed = self.url.is_some_and(has_hash);
        package.origin = origin.into();
        package.extras = self
            .extras
            .iter()
            .map(|extra| (*extra).to_owned())
            .collect();
        package.marker = self.marker.map(Into::into);
        Some(package)
    }
}

/// The package a requirement of a manifest asks for; what is wrong with it is noted.
pub fn package(text: &str, reading: &mut Reading, place: &Place) -> Option<Package> {
    match Requirement::parse(text) {
        Ok(requirement) => requirement.package(reading, place.clone()),
        Err(reason) => {
            reading.unreadable(place.clone(), reason);
            None
        }
    }
}

/// Splits an address from the marker behind it: in an address a `;` is one of its characters unless a space is near.
pub fn split_marker(text: &str) -> (&str, Option<&str>) {
    let cut = text.find(" ;").or_else(|| text.find("; "));
    match cut {
        Some(at) => {
            let marker = text[at..].trim_start().trim_start_matches(';');
            (text[..at].trim(), some(marker))
        }
        None => (text.trim(), None),
    }
}

fn some(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// Each clause of version specifiers: operator and version.
fn clauses(versions: &str) -> impl Iterator<Item = Result<(&str, &str), String>> {
    versions
        .split(',')
        .map(str::trim)
        .filter(|clause| !clause.is_empty())
        .map(|clause| {
            OPERATORS
                .iter()
                .find_map(|operator| Some((*operator, clause.strip_prefix(operator)?.trim())))
                .filter(|(_, version)| {
                    !version.is_empty() && !version.contains(char::is_whitespace)
                })
                .ok_or_else(|| format!("`{}` is no version specifier", shown(clause)))
        })
}

/// What version specifiers mean. `===` pins to its text, `==` to a version unless it ends in `.*`.
pub fn wanted(versions: &str) -> Wanted {
    if versions.trim().is_empty() {
        return Wanted::Anything;
    }
    let mut pin: Option<&str> = None;
    let mut contradiction = false;
    for (operator, version) in clauses(versions).flatten() {
        let exact = operator == "===" || operator == "==" && !version.ends_with(".*");
        if exact && !version.contains('$') {
            contradiction |= pin.is_some_and(|other| other != version);
            pin = Some(version);
        }
    }
    match pin {
        Some(version) if !contradiction => Wanted::pin(version),
        _ => Wanted::Constraint(Arc::new(Constraint {
            written: versions.trim().to_owned(),
            any_of: VersionSpecifiers::from_str(versions).into_iter().collect(),
        })),
    }
}

/// Where an address, as installers write it, leads to.
pub fn origin(url: &str, editable: bool) -> Origin {
    let bare = url.split_once('#').map_or(url, |(bare, _)| bare);
    let scheme = bare.split_once(':').map_or("", |(scheme, _)| scheme);
    let system = scheme.split_once('+').map_or(scheme, |(system, _)| system);
    if matches!(system, "git" | "hg" | "bzr" | "svn") && (scheme.contains('+') || system == "git") {
        let path = bare.find("://").map_or(0, |at| at + 3);
        // The first slash ends the host, and a user name's `@` stands before it.
        let host_end = bare[path..].find('/').map_or(bare.len(), |at| path + at);
        let (url, reference) = match bare[host_end..].rfind('@') {
            Some(at) => (&bare[..host_end + at], Some(&bare[host_end + at + 1..])),
            None => (bare, None),
        };
        let is_commit = reference.is_some_and(|reference| is_commit(system, reference));
        return Origin::Vcs {
            url: url.to_owned(),
            reference: reference
                .filter(|r| !is_commit && !r.is_empty())
                .map(str::to_owned),
            commit: reference.filter(|_| is_commit).map(str::to_owned),
        };
    }
    if scheme == "file" || !bare.contains("://") {
        return Origin::Path {
            path: bare.strip_prefix("file://").unwrap_or(bare).to_owned(),
            editable,
        };
    }
    Origin::Url(bare.to_owned())
}

/// Whether a reference names one state of a repository for ever.
pub fn is_commit(system: &str, reference: &str) -> bool {
    match system {
        "svn" | "bzr" => !reference.is_empty() && reference.bytes().all(|b| b.is_ascii_digit()),
        _ => matches!(reference.len(), 40 | 64) && reference.bytes().all(|b| b.is_ascii_hexdigit()),
    }
}

/// Whether an address carries a hash of what lies there: `#sha256=…`.
pub fn has_hash(url: &str) -> bool {
    fragments(url)
        .any(|(key, value)| matches!(key, "sha256" | "sha384" | "sha512") && !value.is_empty())
}

/// The name and extras of an `#egg=name[extras]` fragment.
pub fn egg(url: &str) -> Option<&str> {
    fragments(url).find_map(|(key, value)| (key == "egg").then_some(value))
}

fn fragments(url: &str) -> impl Iterator<Item = (&str, &str)> {
    url.split_once('#')
        .map_or("", |(_, fragment)| fragment)
        .split('&')
        .filter_map(|part| part.split_once('='))
}

/// The endings of archives that installers take.
const ARCHIVES: [&str; 8] = [
    ".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar", ".egg",
];

/// Whether a file name is that of an archive.
pub fn is_archive(name: &str) -> bool {
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

/// The file name at the end of an address or path, decoded.
fn archive_name(url: &str) -> Cow<'_, str> {
    let bare = url.split(['#', '?']).next().unwrap_or(url);
    percent_decoded(bare.rsplit(['/', '\\']).next().unwrap_or(bare))
}

/// A part of an address with its `%2B` and the like decoded.
pub fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = bytes
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// Name and version from a wheel's or source archive's file name.
pub fn archive(url: &str) -> Option<(String, Wanted)> {
    let name = archive_name(url);
    let ending = ARCHIVES.iter().find(|ending| name.ends_with(**ending))?;
    let stem = &name[..name.len() - ending.len()];
    let (name, version) = if *ending == ".whl" {
        // name-version(-build)?-python-abi-platform
        let parts: Vec<&str> = stem.split('-').collect();
        let ([name, version, _, _, _] | [name, version, _, _, _, _]) = parts.as_slice() else {
            return None;
        };
        (*name, *version)
    } else {
        stem.rsplit_once('-')?
    };
    Version::from_str(version).ok()?;
    crate::name::Name::new(name)?;
    Some((name.to_owned(), Wanted::pin(version)))
}

/// The version in the file name of a package whose name is known.
pub fn named_archive(name: &str, url: &str) -> Option<Wanted> {
    let (in_file, wanted) = archive(url)?;
    (crate::name::Name::new(name) == crate::name::Name::new(&in_file)).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_has_parts() {
        let parsed = Requirement::parse(
            " requests [security, socks] (>= 2.8.1, == 2.8.*) ; python_version < \"3\" ",
        )
        .expect("it is one");
        assert_eq!(parsed.name, "requests");
        assert_eq!(parsed.extras, ["security", "socks"]);
        assert_eq!(parsed.versions, ">= 2.8.1, == 2.8.*");
        assert_eq!(parsed.marker, Some("python_version < \"3\""));
        let parsed =
            Requirement::parse("pip @ https://example.org/pip-1.0.zip;x ; os_name == 'nt'")
                .expect("it is one");
        assert_eq!(parsed.url, Some("https://example.org/pip-1.0.zip;x"));
        assert_eq!(parsed.marker, Some("os_name == 'nt'"));
        for wrong in [
            "", "-x", "foo-", "a b", "a[b", "a (==1", "a ==", "a 1.0", "a == 1 2", "a @ ",
        ] {
            assert!(Requirement::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_an_exact_version_is_a_pin() {
        let shown = |versions| match wanted(versions) {
            Wanted::Pinned(pin) => format!("pin {}", pin.written),
            Wanted::Constraint(constraint) => {
                format!("{} {}", constraint.any_of.len(), constraint.written)
            }
            Wanted::Anything => "any".to_owned(),
        };
        assert_eq!(shown("==1.0"), "pin 1.0");
        assert_eq!(shown("== 1.0, >=0.5"), "pin 1.0");
        assert_eq!(shown("===anything.goes"), "pin anything.goes");
        assert_eq!(shown("==1.*"), "1 ==1.*");
        assert_eq!(shown("==1.0,==2.0"), "1 ==1.0,==2.0");
        assert_eq!(shown("==${VERSION}"), "0 ==${VERSION}");
        assert_eq!(shown("~=1.4.2"), "1 ~=1.4.2");
        assert_eq!(shown(""), "any");
    }

    #[test]
    fn an_address_tells_where_it_leads() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let shown = |url: &str| origin(url, false).to_string();
        assert_eq!(
            shown("git+ssh://git@example.org/a.git@v1#egg=a"),
            "vcs git+ssh://git@example.org/a.git at v1"
        );
        assert_eq!(
            shown(&format!("git+https://example.org/a@{commit}")),
            format!("vcs git+https://example.org/a commit {commit}")
        );
        assert_eq!(
            shown("svn+https://example.org/a@17"),
            "vcs svn+https://example.org/a commit 17"
        );
        assert_eq!(
            shown("https://user@example.org/a.zip#sha256=1"),
            "url https://example.org/a.zip"
        );
        assert_eq!(shown("file:///a/b"), "path /a/b");
    }

    #[test]
    fn archives_are_named_after_what_is_in_them() {
        let found = |url: &str| archive(url).map(|(name, wanted)| format!("{name}{wanted}"));
        assert_eq!(
            found("./x/numpy-1.9.2-cp34-none-win32.whl").as_deref(),
            Some("numpy==1.9.2")
        );
        assert_eq!(
            found("https://example.org/torch-2.0%2Bcpu-1-cp39-cp39-linux_x86_64.whl#sha256=0")
                .as_deref(),
            Some("torch==2.0+cpu")
        );
        assert_eq!(found("a-b-1.0.tar.gz").as_deref(), Some("a-b==1.0"));
        assert_eq!(found("https://example.org/archive/1.26.8.zip"), None);
        assert_eq!(found("master.zip"), None);
    }
}

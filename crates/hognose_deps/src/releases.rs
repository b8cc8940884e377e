//! The releases of a distribution, as an index lists its files: the simple API as JSON (PEP 691, PEP 700) or HTML
//! (PEP 503, PEP 592, PEP 658).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::inputs::Wanted;
use crate::inputs::requirement::archive;
use crate::name::Name;

/// Most files of one distribution that are looked at. The largest projects have some thousands.
const MAX_FILES: usize = 200_000;

/// What an index says of one release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// Whether all of its files are withdrawn from those who do not ask for exactly them.
    pub yanked: bool,
    /// Which versions of Python its files are for, each once; none of them if one is for all.
    pub python: Vec<String>,
}

/// The page of an index is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PageFault {
    /// Not JSON of the simple API.
    #[error("it is not what the simple API answers: {0}")]
    Json(String),
    /// Neither that nor a page with links.
    #[error("it is neither JSON of the simple API nor a page with links")]
    Neither,
}

#[derive(Deserialize)]
struct Page {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    #[serde(default, rename = "requires-python")]
    requires_python: Option<String>,
    #[serde(default)]
    yanked: Yanked,
}

/// `yanked` is the reason, or whether there is one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Yanked {
    Whether(bool),
    Reason(serde::de::IgnoredAny),
}

impl Default for Yanked {
    fn default() -> Self {
        Self::Whether(false)
    }
}

/// The releases on the page of a distribution, ascending.
///
/// # Errors
/// It is no such page.
pub fn read(name: &Name, page: &[u8]) -> Result<Vec<Release>, PageFault> {
    let mut releases = Releases {
        name,
        known: BTreeMap::new(),
    };
    if page.trim_ascii_start().first() == Some(&b'{') {
        let page: Page =
            serde_json::from_slice(page).map_err(|error| PageFault::Json(error.to_string()))?;
        for file in page.files.iter().take(MAX_FILES) {
            let yanked = match &file.yanked {
                Yanked::Whether(yanked) => *yanked,
                Yanked::Reason(_) => true,
            };
            releases.file(&file.filename, file.requires_python.as_deref(), yanked);
        }
    } else {
        let text = String::from_utf8_lossy(page);
        let mut is_page = text.to_ascii_lowercase().contains("<html");
        for link in Links(&text).take(MAX_FILES) {
            is_page = true;
            let python = link.attribute("data-requires-python");
            let yanked = link.attribute("data-yanked").is_some();
            releases.file(&unescaped(link.text.trim()), python.as_deref(), yanked);
        }
        if !is_page {
            return Err(PageFault::Neither);
        }
    }
    Ok(releases.known.into_values().collect())
}

struct Releases<'n> {
    name: &'n Name,
    known: BTreeMap<Version, Release>,
}

impl Releases<'_> {
    fn file(&mut self, file: &str, python: Option<&str>, yanked: bool) {
        // An index may hold what is no release: signatures, installers, files of other names.
        let Some((written, Wanted::Pinned(pin))) = archive(file) else {
            return;
        };
        let (Some(name), Some(version)) = (Name::new(&written), pin.version.clone()) else {
            return;
        };
        if name != *self.name {
            return;
        }
        let python = python.map(str::trim).filter(|python| !python.is_empty());
        let python: Vec<String> = python.map(str::to_owned).into_iter().collect();
        match self.known.get_mut(&version) {
            None => {
                self.known.insert(
                    version.clone(),
                    Release {
                        version,
                        yanked,
                        python,
                    },
                );
            }
            Some(known) if known.yanked && !yanked => {
                known.yanked = false;
                known.python = python;
            }
            Some(known) if known.yanked == yanked => {
                if known.python.is_empty() || python.is_empty() {
                    known.python.clear();
                } else if !known.python.contains(&python[0]) {
                    known.python.extend(python);
                }
            }
            Some(_) => {}
        }
    }
}

impl Release {
    /// Whether one of its files is for a version of Python. What an index says and nobody understands forbids nothing, as
    /// with installers.
    pub fn is_for(&self, python: &Version) -> bool {
        let allows = |text: &String| {
            VersionSpecifiers::from_str(text).map_or(true, |specifiers| specifiers.contains(python))
        };
        self.python.is_empty() || self.python.iter().any(allows)
    }
}

/// What releases are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'w> {
    /// The version of Python that they have to run on, if one is known.
    pub python: Option<&'w Version>,
    /// Whether pre-releases count.
    pub pre: bool,
}

/// The newest release that is not yanked and that a condition allows. A pre-release only if asked for, or if there is
/// nothing else.
pub fn newest<'r>(
    releases: &'r [Release],
    wish: Wish<'_>,
    allows: impl Fn(&Version) -> bool,
) -> Option<&'r Version> {
    let fits = |release: &&Release| {
        !release.yanked
            && wish.python.is_none_or(|python| release.is_for(python))
            && allows(&release.version)
    };
    let mut fitting = releases.iter().filter(fits).map(|release| &release.version);
    if wish.pre {
        return fitting.max();
    }
    let all: Vec<&Version> = fitting.by_ref().collect();
    let stable = all.iter().filter(|version| !version.any_prerelease()).max();
    stable.or_else(|| all.iter().max()).copied()
}

/// The links of a page.
struct Links<'t>(&'t str);

struct Link<'t> {
    attributes: &'t str,
    text: &'t str,
}

impl<'t> Iterator for Links<'t> {
    type Item = Link<'t>;

    fn next(&mut self) -> Option<Link<'t>> {
        loop {
            self.0 = self.0.split_once('<')?.1;
            let Some(rest) = self.0.strip_prefix(['a', 'A']) else {
                continue;
            };
            if !rest.starts_with(|c: char| c.is_whitespace() || c == '>') {
                continue;
            }
            let end = tag_end(rest)?;
            let text = &rest[end + 1..];
            let text_end = text.find('<').unwrap_or(text.len());
            self.0 = &text[text_end..];
            return Some(Link {
                attributes: &rest[..end],
                text: &text[..text_end],
            });
        }
    }
}

/// Where a tag ends: at the first `>` outside of quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.bytes().position(|byte| {
        match (quote, byte) {
            (None, b'>') => return true,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        false
    })
}

impl<'t> Link<'t> {
    fn attribute(&self, wanted: &str) -> Option<Cow<'t, str>> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start();
            let end = rest
                .find(|c: char| c.is_whitespace() || c == '=')
                .unwrap_or(rest.len());
            if rest.is_empty() {
                return None;
            }
            let name = &rest[..end];
            rest = rest[end..].trim_start();
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_start();
                let quoted = after.chars().next().filter(|c| matches!(c, '"' | '\''));
                let (found, behind) = match quoted {
                    Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                    None => {
                        let end = after.find(char::is_whitespace).unwrap_or(after.len());
                        after.split_at(end)
                    }
                };
                (value, rest) = (found, behind);
            } else if end == 0 {
                // A stray character.
                rest = rest.get(1..).unwrap_or_default();
            }
            if name.eq_ignore_ascii_case(wanted) {
                return Some(unescaped(value));
            }
        }
    }
}

/// A text of a page with the character references that indexes write decoded.
fn unescaped(text: &str) -> Cow<'_, str> {
    const NAMED: [(&str, char); 5] = [
        ("lt", '<'),
        ("gt", '>'),
        ("amp", '&'),
        ("quot", '"'),
        ("apos", '\''),
    ];
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let decoded = after.split_once(';').and_then(|(name, behind)| {
            let named = NAMED
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, c)| *c);
            let numbered = name.strip_prefix('#').and_then(|digits| {
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => digits.parse(),
                };
                char::from_u32(code.ok()?)
            });
            Some((named.or(numbered)?, behind))
        });
        match decoded {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        Version::from_str(text).expect("a version")
    }

    fn name() -> Name {
        Name::new("my-shop").expect("a name")
    }

    const JSON: &str = r#"{"meta": {"api-version": "1.1"}, "name": "my-shop", "versions": ["1.0"], "files": [
        {"filename": "my_shop-1.0-py3-none-any.whl", "url": "x", "hashes": {}},
        {"filename": "my-shop-1.0.tar.gz", "url": "x", "hashes": {}, "yanked": false},
        {"filename": "my_shop-1.1.tar.gz", "url": "x", "hashes": {}, "yanked": "broken", "requires-python": null},
        {"filename": "my_shop-2.0.tar.gz", "url": "x", "hashes": {}, "requires-python": ">=3.9"},
        {"filename": "my_shop-3.0rc1.tar.gz", "url": "x", "hashes": {}},
        {"filename": "other-9.0.tar.gz", "url": "x", "hashes": {}},
        {"filename": "my_shop-3.0.tar.gz.asc", "url": "x", "hashes": {}}
    ]}"#;

    const HTML: &str = r#"<!DOCTYPE html><html><body><h1>Links</h1>
        <a href="../f/my_shop-1.0-py3-none-any.whl#sha256=1">my_shop-1.0-py3-none-any.whl</a><br/>
        <a href='my_shop-1.1.tar.gz' data-yanked="it &gt; broke">my_shop-1.1.tar.gz</a>
        <A data-requires-python="&gt;=3.9" href="my_shop-2.0.tar.gz" >
          my_shop-2.0.tar.gz</A>
        <a href=x>my_shop-3.0rc1.tar.gz</a><abbr>no link</abbr></body></html>"#;

    #[test]
    fn both_forms_of_the_simple_api_are_read() {
        let releases = read(&name(), JSON.as_bytes()).expect("a page");
        let shown: Vec<_> = releases
            .iter()
            .map(|release| {
                (
                    release.version.to_string(),
                    release.yanked,
                    release.python.join(" "),
                )
            })
            .collect();
        let expected = [
            ("1.0", false, ""),
            ("1.1", true, ""),
            ("2.0", false, ">=3.9"),
            ("3.0rc1", false, ""),
        ];
        let expected = expected
            .map(|(version, yanked, python)| (version.to_owned(), yanked, python.to_owned()));
        assert_eq!(shown, expected);
        assert_eq!(read(&name(), HTML.as_bytes()), Ok(releases));
    }

    #[test]
    fn a_page_that_is_none_is_a_fault() {
        assert!(matches!(
            read(&name(), b"{\"detail\": 1}"),
            Err(PageFault::Json(_))
        ));
        assert_eq!(read(&name(), b"try again later"), Err(PageFault::Neither));
        assert_eq!(read(&name(), b"<html><body></body></html>"), Ok(Vec::new()));
    }

    #[test]
    fn the_newest_is_the_newest_that_can_be_had() {
        let releases = read(&name(), JSON.as_bytes()).expect("a page");
        let python = version("3.8");
        let newest = |python: Option<&Version>, pre, below: Option<&str>| {
            let wish = Wish { python, pre };
            super::newest(&releases, wish, |one| {
                below.is_none_or(|below| *one < version(below))
            })
            .map(ToString::to_string)
        };
        assert_eq!(newest(None, false, None).as_deref(), Some("2.0"));
        assert_eq!(newest(None, true, None).as_deref(), Some("3.0rc1"));
        assert_eq!(newest(Some(&python), false, None).as_deref(), Some("1.0"));
        assert_eq!(newest(None, false, Some("1.2")).as_deref(), Some("1.0"));
        assert_eq!(newest(None, false, Some("0.5")), None);
    }

    proptest! {
        #[test]
        fn no_page_panics(page in "[ -~<>&\"'ä]{0,200}") {
            let _ = read(&name(), page.as_bytes());
            let _ = read(&name(), format!("<a {page}").as_bytes());
        }
    }
}

//! Package URLs: `pkg:pypi/name@version?qualifiers#subpath`, read and written.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::inventory::{Origin, Package, Wanted};
use super::requirement::{origin, percent_decoded};

/// The package URL of a package: its type, name, version if it has one, and where it comes from if that is not the
/// installer's own index. Passwords in addresses are left out: a bill of materials is given away.
pub fn package_url(package: &Package) -> String {
    let kind = match *package.origin {
        Origin::Conda(_) => "conda",
        _ => "pypi",
    };
    let mut url = format!("pkg:{kind}/{}", package.name);
    if let Wanted::Pinned(pin) = &package.wanted {
        url.push('@');
        encode(&pin.written, &mut url);
    }
    let (key, value) = match &*package.origin {
        Origin::Index(None) | Origin::Conda(None) => return url,
        Origin::Index(Some(index)) => ("repository_url", without_password(index)),
        Origin::Conda(Some(channel)) => ("channel", without_password(channel)),
        Origin::Url(address) => ("download_url", without_password(address)),
        Origin::Vcs {
            url: address,
            reference,
            commit,
        } => {
            let mut address = without_password(address).into_owned();
            if let Some(state) = commit.as_ref().or(reference.as_ref()) {
                let _ = write!(address, "@{state}");
            }
            ("vcs_url", address.into())
        }
        Origin::Path { path, .. } => ("download_url", format!("file://{path}").into()),
    };
    let _ = write!(url, "?{key}=");
    encode(&value, &mut url);
    url
}

/// An address without the user and password that may stand before its host. A user alone stays: `git@` is part of the
/// address and no secret.
pub fn without_password(url: &str) -> Cow<'_, str> {
    let Some(start) = url.find("://").map(|at| at + 3) else {
        return url.into();
    };
    let end = url[start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| start + at);
    match url[start..end].rfind('@') {
        Some(at) if url[start..start + at].contains(':') || url.starts_with("http") => {
            format!("{}{}", &url[..start], &url[start + at + 1..]).into()
        }
        _ => url.into(),
    }
}

/// Percent-encodes what is not unreserved in RFC 3986.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            _ => {
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

/// What a package URL of a Python distribution or conda package names. None for those of other ecosystems.
pub struct PackageUrl<'a> {
    /// The name.
    pub name: Cow<'a, str>,
    /// The version.
    pub version: Option<Cow<'a, str>>,
    /// Where it comes from.
    pub origin: Origin,
}

impl<'a> PackageUrl<'a> {
    /// Reads one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let (kind, rest) = rest.split_once('/')?;
        let rest = rest.split('#').next()?;
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, version) = match rest.split_once('@') {
            Some((path, version)) => (path, Some(percent_decoded(version))),
            None => (rest, None),
        };
        let name = percent_decoded(path.rsplit('/').next()?);
        let qualifier = |wanted| {
            qualifiers
                .split('&')
                .filter_map(|part| part.split_once('='))
                .find_map(|(key, value)| (key == wanted).then(|| percent_decoded(value)))
        };
        let origin = match kind {
            "pypi" => match (qualifier("vcs_url"), qualifier("download_url")) {
                (Some(url), _) | (None, Some(url)) => origin(&url, false),
                (None, None) => Origin::Index(qualifier("repository_url").map(Cow::into_owned)),
            },
            "conda" => Origin::Conda(qualifier("channel").map(Cow::into_owned)),
            _ => return None,
        };
        Some(Self {
            name,
            version,
            origin,
        })
    }

    /// The version that is named here, else one that is named beside.
    pub fn wanted(&self, beside: Option<&str>) -> Wanted {
        Wanted::pinned(self.version.as_deref().or(beside))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::inventory::{Origin, Package, Place, Relation, Wanted};
    use super::{PackageUrl, package_url, without_password};
    use crate::name::Name;

    fn package(version: &str, origin: Origin) -> Package {
        let name = Name::new("Some_Package").unwrap();
        Package {
            written: name.as_str().into(),
            name,
            wanted: Wanted::pinned(Some(version)),
            marker: None,
            extras: Vec::new(),
            groups: Vec::new(),
            hashed: false,
            origin: Arc::new(origin),
            relation: Relation::Direct,
            requires: Vec::new(),
            place: Place {
                file: Arc::from("f"),
                line: 1,
                column: 1,
            },
            pinned_at: None,
        }
    }

    #[test]
    fn epochs_and_local_labels_are_encoded() {
        let url = package_url(&package("1!2.0+cpu", Origin::Index(None)));
        assert_eq!(url, "pkg:pypi/some-package@1%212.0%2Bcpu");
    }

    #[test]
    fn passwords_are_left_out() {
        for (url, without) in [
            ("https://me:secret@host/simple", "https://host/simple"),
            ("https://token@host/simple", "https://host/simple"),
            ("git+https://x:y@z@host/a@b", "git+https://host/a@b"),
            ("git+ssh://git@host/a/b", "git+ssh://git@host/a/b"),
            ("git+ssh://git:pw@host/a/b", "git+ssh://host/a/b"),
            ("https://host/a@b", "https://host/a@b"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_password(url), without);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(version in "[0-9a-z!+.%@/?#& é]{1,12}", path in "[a-z0-9%&=?@+ é]{0,12}", kind in 0..4) {
            let origin = match kind {
                0 => Origin::Index(None),
                1 => Origin::Index(Some(format!("https://host/{path}"))),
                2 => Origin::Url(format!("https://host/{path}")),
                _ => Origin::Vcs {
                    url: "git+https://host/a".to_owned(),
                    reference: None,
                    commit: Some("0123456789012345678901234567890123456789".to_owned()),
                },
            };
            let package = package(&version, origin);
            let url = package_url(&package);
            let read = PackageUrl::parse(&url).unwrap();
            prop_assert_eq!(read.name, "some-package");
            prop_assert_eq!(read.version.unwrap(), version);
            prop_assert_eq!(read.origin, (*package.origin).clone());
        }
    }
}

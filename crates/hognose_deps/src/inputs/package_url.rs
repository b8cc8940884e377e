//! Package URLs: `pkg:pypi/name@version?qualifiers#subpath`.

use std::borrow::Cow;

use super::inventory::{Origin, Wanted};
use super::requirement::{origin, percent_decoded};

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

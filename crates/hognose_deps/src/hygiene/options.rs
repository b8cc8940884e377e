//! Options and settings of installers: which indexes are asked, and whether what they send is checked.

use rustc_hash::FxHashSet;

use super::facts;
use super::names;
use super::projects::Projects;
use super::{Defect, Rule};
use crate::inputs::{Installer, InstallerOption};
use crate::name::Name;

/// The host of an address.
#[derive(PartialEq, Eq)]
pub struct Host<'u>(&'u str);

impl<'u> Host<'u> {
    /// Of `https://user@host:port/…`. None if there is none, or it is only known when the installer runs.
    pub fn of(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if scheme == "file" {
            return None;
        }
        let authority = rest.split(['/', '?', '#']).next()?;
        Self::named(authority.rsplit('@').next()?)
    }

    /// Of `host` or `host:port`, as trusted hosts are named, or of an address.
    pub fn named(text: &'u str) -> Option<Self> {
        if text.contains("://") {
            return Self::of(text);
        }
        let host = match text.strip_prefix('[') {
            Some(inside) => inside.split(']').next()?,
            None => text.split(':').next()?,
        };
        (!host.is_empty() && !host.contains(['$', '{', '/'])).then_some(Self(host))
    }

    /// Whether it is the machine that installs.
    pub fn is_this_machine(&self) -> bool {
        matches!(
            self.0,
            "localhost" | "::1" | "0.0.0.0" | "host.docker.internal"
        ) || self.0.starts_with("127.")
            || self.0.ends_with(".localhost")
    }

    /// Whether only a network of one's own knows the name, as that of containers.
    pub fn is_local_name(&self) -> bool {
        !self.0.contains(['.', ':'])
    }

    fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

/// An address in a sentence: short, and without credentials.
pub fn shown(url: &str) -> String {
    const MAX_SHOWN: usize = 60;
    let plain = match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            match rest[..end].rfind('@') {
                Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
                None => url.to_owned(),
            }
        }
        None => url.to_owned(),
    };
    let mut short: String = plain.chars().take(MAX_SHOWN).collect();
    if plain.chars().nth(MAX_SHOWN).is_some() {
        short.push('…');
    }
    short
}

/// Judges the options of every input.
pub fn judge(projects: &Projects<'_>, is_known: &dyn Fn(&Name) -> bool, defects: &mut Vec<Defect>) {
    let mut told = FxHashSet::default();
    for option in projects.options.values().flatten().copied() {
        let file: &str = &option.place.file;
        // Images say the same thing in each of their stages.
        if !told.insert((file, option.name, option.value.as_deref())) {
            continue;
        }
        // A tool copies options from the manifest, and most are told there.
        let is_copied = !projects.is_manifest(file) && projects.is_written_beside(option);
        let value = option.value.as_deref();
        match (option.name, value) {
            // Whether the file that is installed has hashes decides.
            ("--extra-index-url", Some(url)) if !url.starts_with("http://") => {
                confusion(projects, option, url, is_known, defects);
            }
            _ if is_copied => {}
            (
                "--extra-index-url" | "--index-url" | "--pypi-url" | "--find-links" | "--index"
                | "--default-index",
                Some(url),
            ) => over_http(projects, option, url, defects),
            ("--trusted-host" | "--allow-insecure-host", Some(named)) => {
                without_tls(projects, option, named, defects);
            }
            ("--index-strategy", Some(strategy)) if strategy.starts_with("unsafe") => {
                unsafe_strategy(projects, option, strategy, defects);
            }
            ("--no-verify-hashes", value)
                if !matches!(value, Some("0" | "false" | "no" | "off")) =>
            {
                let message =
                    "hashes are written down, and uv is told not to check them".to_owned();
                defects.push(Defect::new(
                    Rule::HashesIgnored,
                    &option.place,
                    option.name,
                    message,
                ));
            }
            _ => {}
        }
    }
}

fn options_of<'p>(
    projects: &'p Projects<'_>,
    file: &str,
) -> impl Iterator<Item = &'p InstallerOption> {
    projects.options.get(file).into_iter().flatten().copied()
}

/// Whoever is between the project and an index without encryption decides what is installed.
fn over_http(
    projects: &Projects<'_>,
    option: &InstallerOption,
    url: &str,
    defects: &mut Vec<Defect>,
) {
    if !url.starts_with("http://") {
        return;
    }
    let Some(host) = Host::of(url).filter(|host| !host.is_this_machine()) else {
        return;
    };
    let message = format!("packages of `{}` come over HTTP", shown(url));
    let defect = Defect::new(Rule::OverHttp, &option.place, url, message);
    defects
        .push(defect.pedantic(host.is_local_name() || projects.is_all_hashed(&option.place.file)));
}

/// pip asks all indexes for every name, and takes the newest version: who publishes the name of a private package on the
/// public index decides what is installed. Where every name is one of the public index already, nobody can.
fn confusion(
    projects: &Projects<'_>,
    option: &InstallerOption,
    url: &str,
    is_known: &dyn Fn(&Name) -> bool,
    defects: &mut Vec<Defect>,
) {
    let file: &str = &option.place.file;
    // uv takes a package from the first index that has its name.
    if option.by == Installer::Uv || projects.is_locked(file) || projects.is_all_hashed(file) {
        return;
    }
    if options_of(projects, file)
        .any(|other| matches!(other.name, "--no-index" | "--require-hashes"))
    {
        return;
    }
    let host = Host::of(url);
    if host.as_ref().is_some_and(Host::is_this_machine) {
        return;
    }
    // The first index may be a public one as well, be in the same hands, or not be known.
    let is_harmless = |other: &InstallerOption| {
        other.name == "--index-url"
            && other
                .value
                .as_deref()
                .and_then(private_host)
                .is_none_or(|first| host.as_ref().is_some_and(|host| host.is(first.0)))
    };
    let is_taken = |name: &Name| names::is_taken(name) || is_known(name);
    let are_taken = |file| {
        let packages = projects.asked_with(file);
        packages.is_some_and(|all| all.iter().all(|package| is_taken(&package.name)))
    };
    let is_harmless = private_host(url).is_none()
        || options_of(projects, file).any(is_harmless)
        || are_taken(file);
    let message = match option.by {
        Installer::Poetry => format!(
            "a package of `{}` gives way to one of its name on the index that is asked first",
            shown(url)
        ),
        _ => format!(
            "every name is asked for on `{}` and on the public index, and the newest version wins",
            shown(url)
        ),
    };
    defects.push(Defect::new(Rule::Confusion, &option.place, url, message).pedantic(is_harmless));
}

/// With such a strategy uv asks all indexes as pip does.
fn unsafe_strategy(
    projects: &Projects<'_>,
    option: &InstallerOption,
    strategy: &str,
    defects: &mut Vec<Defect>,
) {
    let file: &str = &option.place.file;
    let others = || {
        options_of(projects, file)
            .filter(|other| matches!(other.name, "--extra-index-url" | "--index"))
    };
    if others().next().is_none() || projects.is_locked(file) || projects.is_all_hashed(file) {
        return;
    }
    let is_private = others().any(|other| other.value.as_deref().and_then(private_host).is_some());
    let message = format!(
        "`{strategy}` takes a package from whichever index has a version of its name that fits"
    );
    let defect = Defect::new(Rule::Confusion, &option.place, strategy, message);
    // The other strategy goes on to the next index only where the first has no version that fits.
    defects.push(defect.pedantic(!is_private || strategy != "unsafe-best-match"));
}

/// The host of an index, unless everybody knows the index, or it is only known when the installer runs.
fn private_host(url: &str) -> Option<Host<'_>> {
    let public = &facts::all().public_indexes;
    Host::of(url).filter(|host| !public.iter().any(|known| host.is(known)))
}

/// A host that is trusted need not show a certificate.
fn without_tls(
    projects: &Projects<'_>,
    option: &InstallerOption,
    named: &str,
    defects: &mut Vec<Defect>,
) {
    let file: &str = &option.place.file;
    let host = Host::named(named);
    if host.as_ref().is_some_and(Host::is_this_machine) {
        return;
    }
    // An index without encryption has no certificate to check; that is told where it is named.
    let is_told = options_of(projects, file).any(|other| {
        let url = other
            .value
            .as_deref()
            .filter(|url| url.starts_with("http://"));
        other.name != option.name
            && url
                .and_then(Host::of)
                .is_some_and(|other| host.as_ref().is_some_and(|host| host.is(other.0)))
    });
    if is_told {
        return;
    }
    let message = format!(
        "`{}` may send packages without a certificate that is checked",
        shown(named)
    );
    let defect = Defect::new(Rule::WithoutTls, &option.place, named, message);
    defects.push(defect.pedantic(projects.is_all_hashed(file)));
}

#[cfg(test)]
mod tests {
    use super::{Host, shown};

    #[test]
    fn a_host_is_found_in_addresses() {
        let host = |url: &'static str| Host::of(url).map(|host| host.0);
        assert_eq!(
            host("https://user:pass@example.org:8080/simple"),
            Some("example.org")
        );
        assert_eq!(host("http://[::1]:3141/root"), Some("::1"));
        assert_eq!(
            host("https://${USER}@example.org/simple"),
            Some("example.org")
        );
        assert_eq!(host("https://${HOST}/simple"), None);
        assert_eq!(host("file:///wheels"), None);
        assert!(Host::named("127.0.0.1:80").is_some_and(|host| host.is_this_machine()));
        assert_eq!(
            shown("https://user:secret@example.org/x"),
            "https://example.org/x"
        );
    }
}

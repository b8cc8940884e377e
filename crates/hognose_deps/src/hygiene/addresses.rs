//! What is installed from an address: archives and repositories.

use super::options::{Host, shown};
use super::projects::Projects;
use super::{Defect, Rule};
use crate::inputs::{Origin, Place};

/// The least digits of an abbreviated commit.
const SHORT_COMMIT: usize = 7;

/// Something that is installed from an address.
struct Target<'i> {
    /// Its name, if it is written.
    name: Option<&'i str>,
    origin: &'i Origin,
    hashed: bool,
    /// Whether only those who work on the project install it.
    is_aside: bool,
    place: &'i Place,
}

/// Judges what manifests ask for. What a lock file decides has the hash or the commit there.
pub fn judge(projects: &Projects<'_>, defects: &mut Vec<Defect>) {
    let inventory = projects.inventory;
    let named = inventory.packages.iter().map(|package| Target {
        name: Some(package.name.as_str()),
        origin: &package.origin,
        hashed: package.hashed,
        is_aside: projects.is_for_developers(package),
        place: &package.place,
    });
    let unnamed = inventory.unnamed.iter().map(|unnamed| Target {
        name: None,
        origin: &unnamed.origin,
        hashed: unnamed.hashed,
        is_aside: projects.is_side(&unnamed.place.file),
        place: &unnamed.place,
    });
    for target in named.chain(unnamed) {
        let is_read = projects.is_manifest(&target.place.file)
            || projects
                .input(&target.place.file)
                .is_some_and(|input| input.format == "requirements");
        match target.origin {
            Origin::Url(url) if is_read && !target.hashed => archive(&target, url, defects),
            Origin::Vcs {
                url,
                reference,
                commit: None,
            } if is_read => {
                repository(&target, url, reference.as_deref(), defects);
            }
            _ => {}
        }
    }
}

fn archive(target: &Target<'_>, url: &str, defects: &mut Vec<Defect>) {
    let Some(host) = Host::of(url).filter(|host| !host.is_this_machine()) else {
        return;
    };
    let what = target
        .name
        .map_or_else(|| format!("`{}`", shown(url)), |name| format!("`{name}`"));
    if url.starts_with("http://") {
        let message = format!("{what} is fetched over HTTP, and no hash says what it has to be");
        let defect = Defect::new(Rule::OverHttp, target.place, url, message);
        defects.push(defect.pedantic(host.is_local_name()));
        return;
    }
    let message = format!("{what} is an archive at an address, and no hash says what it has to be");
    // What has a version in its name is rarely replaced by something else.
    let defect = Defect::new(Rule::ArchiveWithoutHash, target.place, url, message);
    defects.push(defect.pedantic(target.is_aside || names_a_version(url)));
}

/// Whether an address names a version or a commit: `pkg-1.2.tar.gz`, `/v1.2.3.zip`.
fn names_a_version(url: &str) -> bool {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path);
    path.split(['/', '-', '_', '@']).any(|part| {
        let part = part.strip_prefix('v').unwrap_or(part);
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let is_version = digits > 0
            && part[digits..]
                .strip_prefix('.')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let stem = part.split('.').next().unwrap_or(part);
        is_version || is_hexadecimal(stem)
    })
}

fn is_hexadecimal(text: &str) -> bool {
    text.len() >= SHORT_COMMIT
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A tag, as far as a reference shows that it is one: `v1.2`, `release-2024.1`.
fn is_tag(reference: &str) -> bool {
    let number = reference
        .rfind(['-', '/', '_'])
        .map_or(reference, |at| &reference[at + 1..]);
    let number = number.trim_start_matches(['v', 'V', 'r']);
    number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._+".contains(c))
}

fn repository(target: &Target<'_>, url: &str, reference: Option<&str>, defects: &mut Vec<Defect>) {
    let address = url.split_once('+').map_or(url, |(_, address)| address);
    let Some(host) = Host::of(address).filter(|host| !host.is_this_machine()) else {
        return;
    };
    let what = target
        .name
        .map_or_else(|| format!("`{}`", shown(url)), |name| format!("`{name}`"));
    if address.starts_with("http://") || address.starts_with("git://") {
        let message =
            format!("{what} is fetched without encryption, and no commit says what it has to be");
        let defect = Defect::new(Rule::OverHttp, target.place, url, message);
        defects.push(defect.pedantic(host.is_local_name()));
        return;
    }
    if url.contains('$') || reference.is_some_and(|reference| reference.contains(['$', '{'])) {
        return;
    }
    let (message, is_settled) = match reference {
        None => (
            format!("{what} is installed as its repository is at the time"),
            false,
        ),
        Some(reference) if is_hexadecimal(reference) => (
            format!(
                "{what} is installed from `{}`, which is not a whole commit",
                shown(reference)
            ),
            true,
        ),
        Some(reference) => (
            format!(
                "{what} is installed from `{}`, which can be moved",
                shown(reference)
            ),
            is_tag(reference),
        ),
    };
    let defect = Defect::new(Rule::VcsWithoutCommit, target.place, url, message);
    defects.push(defect.pedantic(target.is_aside || is_settled));
}

#[cfg(test)]
mod tests {
    use super::{is_hexadecimal, is_tag, names_a_version};

    #[test]
    fn tags_look_like_versions() {
        for tag in ["v1.2", "1.2.3", "release-2024.1", "rel/1.0rc1"] {
            assert!(is_tag(tag), "{tag}");
        }
        for branch in ["main", "dev", "fix-login", "feature/v2-api"] {
            assert!(!is_tag(branch), "{branch}");
        }
        assert!(is_hexadecimal("0a1b2c3") && !is_hexadecimal("defaced") && !is_hexadecimal("0a1b"));
    }

    #[test]
    fn an_address_may_name_a_version() {
        for url in [
            "https://example.org/shop-1.2.tar.gz",
            "https://example.org/shop/archive/v1.2.3.zip",
            "https://example.org/shop/archive/0123456789abcdef0123456789abcdef01234567.zip",
        ] {
            assert!(names_a_version(url), "{url}");
        }
        for url in [
            "https://example.org/shop/archive/main.zip",
            "https://10.1.2.3/shop.zip",
            "https://example.org/latest/shop.whl",
        ] {
            assert!(!names_a_version(url), "{url}");
        }
    }
}

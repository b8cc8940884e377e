//! Addresses that are asked over HTTP, and hosts that are trusted without a certificate because they are.

use std::ops::Range;

use super::super::edit::offset;
use super::{Found, Mend, Stays, list};
use crate::hygiene::{Defect, Host, Rule, shown_address};
use crate::inputs::source::Source;
use crate::inputs::{InstallerOption, Inventory, Place, Role};

/// How far behind the beginning of an entry its address is looked for.
const MAX_AWAY: usize = 4096;

/// What is to be mended of what was told, and what stays.
pub fn choose(inventory: &Inventory, told: &[&Defect]) -> (Vec<Mend>, Vec<Stays>) {
    let (mut mends, mut stays) = (Vec::new(), Vec::new());
    for defect in told.iter().filter(|defect| defect.rule == Rule::OverHttp) {
        if let Some(why) = obstacle(inventory, defect) {
            stays.push(Stays {
                place: defect.place.clone(),
                what: shown_address(&defect.subject),
                why: why.to_owned(),
            });
            continue;
        }
        // An image may say it again in its other stages, which is told once.
        let again = inventory.options.iter().filter(|option| {
            option.place.file == defect.place.file
                && option.value.as_ref() == Some(&defect.subject)
                && !is_trust(option)
        });
        let mut places: Vec<&Place> = again.map(|option| &option.place).collect();
        if !places.contains(&&defect.place) {
            places.push(&defect.place);
        }
        mends.extend(places.into_iter().map(|place| Mend::Encrypt {
            place: place.clone(),
            url: defect.subject.clone(),
        }));
    }
    // pip asks a host over HTTP only if it is trusted. Where HTTPS is spoken the same option spares it the certificate.
    let trusted = inventory.options.iter().filter(|option| {
        let host = option.value.as_deref().and_then(Host::named);
        is_trust(option)
            && host.is_some_and(|host| {
                let of_host = |url: &str| Host::of(address(url)).is_some_and(|other| other == host);
                let is_mended = |mend: &Mend| matches!(mend, Mend::Encrypt { place, url } if place.file == option.place.file && of_host(url));
                let is_left = |stays: &Stays| stays.place.file == option.place.file && of_host(&stays.what);
                mends.iter().any(is_mended) && !stays.iter().any(is_left)
            })
    });
    let trusted: Vec<Mend> = trusted.cloned().map(Mend::Verify).collect();
    mends.extend(trusted);
    (mends, stays)
}

fn is_trust(option: &InstallerOption) -> bool {
    matches!(option.name, "--trusted-host" | "--allow-insecure-host")
}

/// An address without the system of a repository before it.
fn address(url: &str) -> &str {
    url.split_once('+')
        .filter(|(system, _)| !system.contains(':'))
        .map_or(url, |(_, address)| address)
}

/// Why an address cannot be asked over HTTPS without more knowledge.
fn obstacle(inventory: &Inventory, defect: &Defect) -> Option<&'static str> {
    let by_hand = inventory
        .inputs
        .iter()
        .any(|input| input.path == defect.place.file && input.role == Role::Manifest);
    if !by_hand {
        return Some(
            "a tool wrote this file; the address is to be changed where the tool has it from",
        );
    }
    let Some(rest) = address(&defect.subject).strip_prefix("http://") else {
        return Some("whether the same repository is served over HTTPS is not known");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let port = host.rsplit(']').next().unwrap_or(host);
    port.contains(':')
        .then_some("it names a port, and which one answers over HTTPS is not known")
}

/// Where `http` stands in the address of an entry.
pub(super) fn encrypt(source: &Source, place: &Place, url: &str) -> Found {
    let at = offset(source, place)?;
    let rest = &source.text[at..];
    let mut from = 0;
    while let Some(found) = rest.get(from..)?.find(url) {
        let start = from + found;
        if start > MAX_AWAY {
            return None;
        }
        let behind = rest[start + url.len()..].chars().next();
        if behind.is_none_or(|c| c.is_whitespace() || "\"'`@#,;\\]})".contains(c)) {
            let start = at + start + url.find("http:")?;
            return Some(Ok(vec![(start..start + "http".len(), "https".to_owned())]));
        }
        from = start + url.len();
    }
    None
}

/// What has to go for an option not to be there.
pub(super) fn verify(source: &Source, option: &InstallerOption) -> Found {
    let at = offset(source, &option.place)?;
    let rest = &source.text[at..];
    let gone = |range: Range<usize>| Some(Ok(vec![(range, String::new())]));
    if let Some(key) = ["verify_ssl", "\"verify_ssl\"", "'verify_ssl'"]
        .iter()
        .find(|key| rest.starts_with(**key))
    {
        let value = rest[key.len()..]
            .trim_start()
            .strip_prefix('=')?
            .trim_start();
        let start = at + rest.len() - value.len();
        return value
            .starts_with("false")
            .then(|| Ok(vec![(start..start + "false".len(), "true".to_owned())]));
    }
    let value = option.value.as_deref()?;
    let key = option.name.strip_prefix("--")?;
    if rest.starts_with("--") {
        let named = [option.name, "--trusted-host", "--allow-insecure-host"]
            .into_iter()
            .find(|name| rest.starts_with(name))?;
        let behind = &rest[named.len()..];
        let between = behind.trim_start_matches([' ', '\t', '=', '"', '\'', '\\', '\r', '\n']);
        let after = between.strip_prefix(value)?;
        let after = after.strip_prefix(['"', '\'']).unwrap_or(after);
        let is_whole = after.is_empty() || after.starts_with(char::is_whitespace);
        return is_whole
            .then(|| without_words(source, at..source.text.len() - after.len()))
            .and_then(gone);
    }
    let line = source.line_range(at);
    let written = source.text[line.clone()].trim();
    if let Some(quoted) = rest
        .strip_prefix(['"', '\''])
        .and_then(|rest| rest.strip_prefix(value))
    {
        let end = source.text.len() - quoted.len() + 1;
        return gone(list::without(source, &(at..end))?);
    }
    // A setting of pip, on one line or with a value on each.
    let own = written
        .split_once(['=', ':'])
        .filter(|(name, _)| name.trim().replace('_', "-") == key)
        .map(|(_, value)| value.trim());
    let next = source.text[line.end..].lines().next().unwrap_or_default();
    let goes_on = next.starts_with([' ', '\t']) && !next.trim().is_empty();
    match own {
        Some(own) if own == value && !goes_on => gone(line),
        None if written == value => gone(line),
        _ => None,
    }
}

/// The words of an option with the space behind them, or with their line if nothing else is on it.
fn without_words(source: &Source, words: Range<usize>) -> Range<usize> {
    let text = &source.text;
    let first = source.line_range(words.start);
    let last = source.line_range(words.end);
    let before = &text[first.start..words.start];
    let after = text[words.end..last.end].trim();
    let goes_on = after == "\\";
    if !before.trim().is_empty() || !(after.is_empty() || goes_on) {
        let rest = &text[words.end..];
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let ends = after.is_empty();
        let start = if ends {
            first.start + before.trim_end().len()
        } else {
            words.start
        };
        return start..words.end + spaces;
    }
    let above = text[..first.start].trim_end_matches(['\n', '\r']);
    match above.trim_end().strip_suffix('\\') {
        // The line above goes on in this one, and must not go on in the one below.
        Some(above) if !goes_on => above.trim_end().len()..words.end,
        _ => first.start..last.end,
    }
}

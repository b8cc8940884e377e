//! Poetry's version constraints: `^1.2`, `~1.2`, `1.2.*`, `>=1,<2 || >=3`, `1.2` for exactly that.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use super::inventory::{Constraint, Wanted};
use super::requirement;

/// Most alternatives of one constraint that are understood.
const MAX_ALTERNATIVES: usize = 32;

/// What a constraint means.
pub fn wanted(text: &str) -> Wanted {
    let text = text.trim();
    if matches!(text, "" | "*") {
        return Wanted::Anything;
    }
    let bare = text.trim_start_matches('=').trim();
    if text.bytes().take_while(|byte| *byte == b'=').count() < 3 && Version::from_str(bare).is_ok()
    {
        return Wanted::pin(bare);
    }
    if let pinned @ Wanted::Pinned(_) = requirement::wanted(text) {
        return pinned;
    }
    let any_of: Option<Vec<_>> = text
        .split('|')
        .filter(|part| !part.trim().is_empty())
        .take(MAX_ALTERNATIVES)
        .map(specifiers)
        .collect();
    Wanted::Constraint(Arc::new(Constraint {
        written: text.to_owned(),
        any_of: any_of.unwrap_or_default(),
    }))
}

/// One alternative: clauses between commas or spaces.
fn specifiers(text: &str) -> Option<VersionSpecifiers> {
    let mut clauses: Vec<VersionSpecifier> = Vec::new();
    let mut operator = String::new();
    for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
        // A space may stand between an operator and its version.
        if word.bytes().all(|byte| b"<>=!~^".contains(&byte)) {
            operator.push_str(word);
            continue;
        }
        operator.push_str(word);
        clause(&operator, &mut clauses)?;
        operator.clear();
    }
    operator
        .is_empty()
        .then(|| clauses.into_iter().collect::<VersionSpecifiers>())
}

fn clause(text: &str, clauses: &mut Vec<VersionSpecifier>) -> Option<()> {
    if text == "*" {
        return Some(());
    }
    if let Some(version) = text.strip_prefix('^') {
        let version = Version::from_str(version).ok()?;
        // The first part that is not zero may not change; of zeros only, the last.
        let release = version.release();
        let fixed = release
            .iter()
            .position(|part| *part != 0)
            .unwrap_or(release.len().saturating_sub(1));
        return between(version, fixed, clauses);
    }
    if let Some(version) = text.strip_prefix('~')
        && !text.starts_with("~=")
    {
        let version = Version::from_str(version).ok()?;
        let fixed = version.release().len().min(2) - 1;
        return between(version, fixed, clauses);
    }
    let text = match text.strip_prefix('=') {
        Some(version) if !version.starts_with('=') => format!("=={version}"),
        _ if text.starts_with(|c: char| c.is_ascii_digit()) => format!("=={text}"),
        _ => text.to_owned(),
    };
    clauses.push(VersionSpecifier::from_str(&text).ok()?);
    Some(())
}

/// From a version up to the one in which the part of that number has grown by one.
fn between(version: Version, fixed: usize, clauses: &mut Vec<VersionSpecifier>) -> Option<()> {
    let mut release: Vec<u64> = version.release().get(..=fixed)?.to_vec();
    let last = release.last_mut()?;
    *last = last.checked_add(1)?;
    let end = Version::new(release).with_epoch(version.epoch());
    clauses.push(VersionSpecifier::from_version(Operator::GreaterThanEqual, version).ok()?);
    clauses.push(VersionSpecifier::from_version(Operator::LessThan, end).ok()?);
    Some(())
}

/// The marker that `python = "…"` beside a constraint stands for.
pub fn python_marker(text: &str) -> Option<String> {
    let alternatives: Option<Vec<_>> = text
        .split('|')
        .filter(|part| !part.trim().is_empty())
        .take(MAX_ALTERNATIVES)
        .map(specifiers)
        .collect();
    let alternatives: Vec<String> = alternatives?
        .iter()
        .map(|specifiers| {
            let clauses: Vec<_> = specifiers
                .iter()
                .map(|one| format!("python_version {} '{}'", one.operator(), one.version()))
                .collect();
            clauses.join(" and ")
        })
        .filter(|clauses| !clauses.is_empty())
        .collect();
    (!alternatives.is_empty()).then(|| alternatives.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_those_of_the_index() {
        let shown = |text| match wanted(text) {
            Wanted::Pinned(pin) => format!("pin {}", pin.written),
            Wanted::Constraint(constraint) => constraint
                .any_of
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" | "),
            Wanted::Anything => "any".to_owned(),
        };
        assert_eq!(shown("^1.2.3"), ">=1.2.3, <2");
        assert_eq!(shown("^0.2.3"), ">=0.2.3, <0.3");
        assert_eq!(shown("^0.0.3"), ">=0.0.3, <0.0.4");
        assert_eq!(shown("^0.0"), ">=0.0, <0.1");
        assert_eq!(shown("^0"), ">=0, <1");
        assert_eq!(shown("~1.2.3"), ">=1.2.3, <1.3");
        assert_eq!(shown("~1"), ">=1, <2");
        assert_eq!(shown("1.2.*"), "==1.2.*");
        assert_eq!(shown(">= 1.0 <2 || ^3"), ">=1.0, <2 | >=3, <4");
        assert_eq!(shown("1.2.3"), "pin 1.2.3");
        assert_eq!(shown("==1.2.3"), "pin 1.2.3");
        assert_eq!(shown("*"), "any");
        assert_eq!(shown("^nonsense"), "");
        assert_eq!(shown("^18446744073709551615"), "");
    }

    #[test]
    fn python_is_a_marker() {
        assert_eq!(
            python_marker("<3.10").as_deref(),
            Some("python_version < '3.10'")
        );
        assert_eq!(
            python_marker("^3.9").as_deref(),
            Some("python_version >= '3.9' and python_version < '4'")
        );
        assert_eq!(python_marker("*"), None);
    }
}

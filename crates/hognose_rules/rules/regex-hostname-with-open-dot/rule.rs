//! In code because the host name is found in the tree of the pattern, and its use says whether it guards anything.

use hognose_regex::Mode;
use hognose_regex::ast::{Assertion, NodeKind};
use hognose_regex::defects::incomplete_hostname;

use crate::names;
use crate::prelude::*;

/// What a variable is called that holds an address.
const ADDRESSES: &[&str] = &[
    "url", "uri", "host", "hostname", "domain", "origin", "referer", "referrer", "netloc", "redirect", "link", "href",
    "next", "target", "endpoint", "callback",
];

pub fn check(context: &mut Context<'_, '_>) {
    for pattern in context.patterns().iter() {
        if !pattern.text.contains('.') {
            continue;
        }
        let Some(defect) = incomplete_hostname(&pattern.pattern).into_iter().next() else { continue };
        let host = around(&pattern.text, defect.span.start);
        let finds = pattern.modes.iter().all(|mode| *mode == Mode::FindAll) && !pattern.modes.is_empty();
        let address = pattern.subjects.iter().any(|subject| {
            names::name_of(context, *subject)
                .is_some_and(|name| names::words(&name).iter().any(|word| ADDRESSES.contains(&word.as_str())))
        });
        let whole = pattern.modes.iter().any(|mode| matches!(mode, Mode::Match | Mode::FullMatch))
            || pattern.pattern.ast().nodes().any(|node| matches!(node.kind, NodeKind::Assertion(Assertion::Begin | Assertion::TextBegin)));
        // Named groups take the address apart, to put another together from what was found.
        let reads = pattern.pattern.ast().names().next().is_some();
        let message = format!("the dot in {host} matches any character, so the name may belong to somebody else");
        let draft = context.report(pattern.range, message);
        // What only finds or cuts out texts guards nothing; a match of a whole address may.
        if finds || !(pattern.validates || address && whole && !reads) {
            draft.persona(Persona::Pedantic).confidence(Confidence::Medium);
        }
    }
}

/// The host name around an offset of a pattern.
fn around(pattern: &str, at: usize) -> &str {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '\\');
    let start = pattern[..at].char_indices().rev().find(|(_, c)| !part(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let end = pattern[at..].char_indices().find(|(_, c)| !part(*c)).map_or(pattern.len(), |(offset, _)| at + offset);
    &pattern[start..end]
}

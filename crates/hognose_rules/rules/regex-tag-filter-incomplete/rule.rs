//! In code because the pattern is run on what browsers take for the same element.

use hognose_regex::defects::bad_tag_filter;

use crate::names;
use crate::prelude::*;

/// Words in the names of functions that are to make HTML harmless.
const CLEANING: &[&str] = &["clean", "cleanup", "escape", "filter", "purify", "remove", "safe", "sanitise", "sanitize", "sanitizer", "scrub", "strip", "without", "xss"];

pub fn check(context: &mut Context<'_, '_>) {
    for pattern in context.patterns().iter() {
        if !pattern.text.contains('<') && !pattern.text.contains(r"\x3c") {
            continue;
        }
        if let Some(defect) = bad_tag_filter(&pattern.pattern) {
            let comment = !pattern.text.to_ascii_lowercase().contains("script");
            let module = context.module;
            let cleans = pattern.replaces.iter().any(|call| {
                let place = module.expr_range(*call);
                let around = module.functions.iter().filter(|function| function.range.contains_range(place)).min_by_key(|function| function.range.len());
                around.is_some_and(|function| names::words(function.name.as_str()).iter().any(|word| CLEANING.contains(&word.as_str())))
            });
            let draft = context.report(pattern.range, defect.reason);
            // What is called cleaning is done for safety; other code just reads pages.
            if comment || !cleans {
                draft.persona(Persona::Pedantic).confidence(Confidence::Medium);
            }
        }
    }
}

//! In code because the pattern is run on what browsers take for the same element.

use hognose_regex::defects::bad_tag_filter;

use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    for pattern in context.patterns().iter() {
        if !pattern.text.contains('<') && !pattern.text.contains(r"\x3c") {
            continue;
        }
        if let Some(defect) = bad_tag_filter(&pattern.pattern) {
            let comment = !pattern.text.to_ascii_lowercase().contains("script");
            let removes = pattern.modes.contains(&hognose_regex::Mode::FindAll);
            let draft = context.report(pattern.range, defect.reason);
            // Scripts are filtered for safety; comments, and what is only looked for, are often just read.
            if comment || !removes {
                draft.persona(Persona::Pedantic).confidence(Confidence::Medium);
            }
        }
    }
}

//! In code because the classes of a pattern are looked at.

use hognose_regex::defects::overly_large_range;

use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    for pattern in context.patterns().iter() {
        if !pattern.text.contains('[') || speaks_to_terminals(&pattern.text) {
            continue;
        }
        // One report for one pattern; who mends the first range sees the others.
        if let Some(defect) = overly_large_range(&pattern.pattern).into_iter().next() {
            let overlap = defect.reason.contains("overlaps");
            let draft = context.report(pattern.range, defect.reason);
            if overlap {
                // It matches what it says; something was said twice.
                draft
                    .persona(Persona::Pedantic)
                    .confidence(Confidence::Medium);
            }
        }
    }
}

/// Ranges from `@` on are those of the standard on escape sequences.
fn speaks_to_terminals(pattern: &str) -> bool {
    let lower = pattern.to_ascii_lowercase();
    ["\u{1b}", r"\x1b", r"\033", r"\u001b", r"\e["]
        .iter()
        .any(|escape| lower.contains(escape))
}

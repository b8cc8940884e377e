//! In code because the classes of a pattern are looked at.

use hognose_regex::defects::overly_large_range;

use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    for pattern in context.patterns().iter() {
        if !pattern.text.contains('[') {
            continue;
        }
        // One report for one pattern; who mends the first range sees the others.
        if let Some(defect) = overly_large_range(&pattern.pattern).into_iter().next() {
            let overlap = defect.reason.contains("overlaps");
            let draft = context.report(pattern.range, defect.reason);
            if overlap {
                // It matches what it says; something was said twice.
                draft.persona(Persona::Pedantic).confidence(Confidence::Medium);
            }
        }
    }
}

//! In code because the verdict comes from the automaton of the pattern, not from its spelling.

use hognose_regex::Verdict;

use crate::patterns::{Engine, shown};
use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    for pattern in context.patterns().iter() {
        let Verdict::Polynomial { attack, degree } = pattern.verdict() else { continue };
        let part = shown(pattern.text.get(attack.span.clone()).unwrap_or(&pattern.text));
        let growth = match degree {
            2 => "quadratic".to_owned(),
            3 => "cubic".to_owned(),
            degree => format!("the power {degree} of the length as"),
        };
        let message = format!("the part {part} of this pattern takes {growth} time on \"{}\" many times", shown(&attack.pump));
        let draft = context.report(pattern.range, message);
        if *degree >= 3 {
            draft.severity(Severity::Medium);
        }
        if pattern.engine == Engine::Regex {
            draft.confidence(Confidence::Low).persona(Persona::Auditor);
        }
    }
}

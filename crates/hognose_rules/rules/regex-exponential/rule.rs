//! In code because the verdict comes from the automaton of the pattern, not from its spelling.

use hognose_regex::Verdict;

use crate::patterns::{Engine, shown};
use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    for pattern in context.patterns().iter() {
        let Verdict::Exponential { attack } = pattern.verdict() else { continue };
        let part = shown(pattern.text.get(attack.span.clone()).unwrap_or(&pattern.text));
        let (pump, suffix) = (shown(&attack.pump), shown(&attack.suffix));
        let prefix = shown(&attack.prefix);
        let mut text = format!("\"{pump}\" many times");
        if !prefix.is_empty() {
            text = format!("\"{prefix}\", then {text}");
        }
        if !suffix.is_empty() {
            text = format!("{text}, then \"{suffix}\"");
        }
        let message = format!("the part {part} of this pattern takes exponential time on {text}");
        let draft = context.report(pattern.range, message);
        if pattern.engine == Engine::Regex {
            // Its matcher has shortcuts for most such patterns, though not for all.
            draft.persona(Persona::Pedantic).confidence(Confidence::Low);
        }
    }
}

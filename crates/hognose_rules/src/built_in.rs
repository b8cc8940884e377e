//! Findings of rules that the program decides by itself, at a place in code.

use std::sync::Arc;

use hognose_finding::{Finding, Fingerprint, Persona};
use hognose_python::Module;
use ruff_text_size::TextRange;

use crate::fingerprint::{self, Statements};
use crate::registry::{Rule, Tests};
use crate::run::{location, symbol};
use crate::test_code;

/// A finding of a rule at a span of a module. It is for auditors in test code, as those of other rules are.
pub fn built_in_finding(
    rule: &Rule,
    module: &Module,
    range: TextRange,
    message: String,
) -> Finding {
    let statements = Statements::new(module);
    let in_test = test_code::is_test(module);
    Finding {
        rule: Arc::clone(&rule.id),
        title: Arc::clone(&rule.title),
        message,
        severity: rule.meta.severity,
        confidence: rule.meta.confidence,
        persona: match rule.tests {
            Tests::Skip if in_test => Persona::Auditor,
            _ => rule.meta.persona,
        },
        practice: rule.meta.practice,
        cwe: Arc::clone(&rule.cwe),
        location: location(module, range),
        labels: Vec::new(),
        flow: Vec::new(),
        symbol: symbol(module, range).into(),
        in_test,
        fix: None,
        fingerprint: Fingerprint {
            content: fingerprint::content(module, &statements, &rule.meta.id, range),
            ordinal: 0,
        },
        suppressed: None,
    }
}

/// The place of a span, for what explains a finding.
pub fn place(module: &Module, range: TextRange) -> hognose_finding::Location {
    location(module, range)
}

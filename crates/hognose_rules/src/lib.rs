//! What is dangerous: rule folders, library models, registry.

use hognose_finding::RuleMeta;

/// Metadata of every built-in rule, by id.
pub fn rules() -> &'static [RuleMeta] {
    &[]
}

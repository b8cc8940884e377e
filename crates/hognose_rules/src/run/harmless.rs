//! What data flow says of what patterns suspect: that nothing harmful arrives there, or how it does.

use std::sync::Arc;

use hognose_finding::Finding;
use hognose_python::Project;
use rustc_hash::FxHashMap;

use crate::registry::Registry;

/// Sinks that the analysis of data flow knows to be given nothing harmful.
pub(super) struct HarmlessPlaces {
    by_file: FxHashMap<Arc<str>, Vec<HarmlessPlace>>,
}

struct HarmlessPlace {
    /// In bytes.
    span: (u32, u32),
    /// Number of the flow rule in the registry.
    rule: usize,
}

impl HarmlessPlaces {
    pub(super) fn new(
        registry: &Registry,
        project: &Project,
        analysis: &hognose_taint::Analysis,
    ) -> Self {
        let mut by_file: FxHashMap<Arc<str>, Vec<HarmlessPlace>> = FxHashMap::default();
        #[expect(clippy::iter_over_hash_type, reason = "it is asked whether any holds")]
        for (place, rule) in &analysis.harmless {
            let rule = registry.flows.rules[usize::from(*rule)].rule;
            let file = &project.module(place.module).file;
            let places = by_file.entry(Arc::clone(file)).or_default();
            places.push(HarmlessPlace {
                span: place.range,
                rule,
            });
        }
        Self { by_file }
    }

    /// Whether a pattern suspects what a flow rule that stands for it knows to be harmless.
    pub(super) fn hold(&self, registry: &Registry, finding: &Finding) -> bool {
        let places = self.by_file.get(&finding.location.file);
        let (start, end) = finding.location.bytes;
        places.into_iter().flatten().any(|place| {
            place.span.0 < end
                && start < place.span.1
                && registry.rules[place.rule]
                    .replaces
                    .iter()
                    .any(|id| **id == *finding.rule)
        })
    }
}

/// A flow that is followed stands for what patterns suspect on the same lines, and is as certain as they are at least.
/// What is told to more than the flow stays beside it: the pattern asks for less than a stranger's text.
pub(super) fn replace_patterns(
    registry: &Registry,
    findings: &mut Vec<Finding>,
    flows: &mut [Finding],
) {
    let mut by_file: FxHashMap<Arc<str>, Vec<usize>> = FxHashMap::default();
    for (number, flow) in flows.iter().enumerate() {
        by_file
            .entry(Arc::clone(&flow.location.file))
            .or_default()
            .push(number);
    }
    findings.retain(|finding| {
        let Some(numbers) = by_file.get(&finding.location.file) else {
            return true;
        };
        for number in numbers {
            let flow = &mut flows[*number];
            if flow.persona <= finding.persona
                && flow.location.start.line <= finding.location.end.line
                && finding.location.start.line <= flow.location.end.line
                && registry
                    .rule(&flow.rule)
                    .is_some_and(|rule| rule.replaces.iter().any(|id| **id == *finding.rule))
            {
                // How certain a smell is says nothing of a defect.
                if finding.persona == flow.persona {
                    flow.confidence = flow.confidence.max(finding.confidence);
                }
                return false;
            }
        }
        true
    });
}

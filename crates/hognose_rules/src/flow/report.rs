//! Flows as findings.

use std::collections::BTreeMap;
use std::sync::Arc;

use hognose_finding::{Confidence, Finding, Fingerprint, Label, Persona, Step};
use hognose_python::ir::*;
use hognose_python::{ModuleId, Project};
use hognose_taint::Analysis;
use hognose_taint::summary::{Found, SinkRef};
use hognose_taint::value::{Origin, Place, Source, Symbol, Why};

use crate::fingerprint::{self, Statements};
use crate::registry::{Registry, Tests};
use crate::run::{location, symbol};

/// Further sources named with a finding.
const MAX_SOURCES: usize = 4;

/// Kinds of sources by what they are worth: the first that fits a finding is its source.
fn weight(registry: &Registry, source: &Source) -> u8 {
    let models = &registry.flows.models;
    let model = &models.sources[source.model as usize];
    match models.kinds[usize::from(model.kind)].as_str() {
        "remote" => 0,
        "llm-output" | "network-response" => 2,
        "database" => 3,
        "local" => 4,
        _ => 1,
    }
}

/// The findings of an analysis: one for each sink and rule.
pub(crate) fn report(
    registry: &Registry,
    project: &Project,
    analysis: &Analysis,
    enabled: &[bool],
    in_test: &(dyn Fn(ModuleId) -> bool + Sync),
) -> Vec<Finding> {
    let flows = &registry.flows;
    let mut by_sink: BTreeMap<(Place, u8), Vec<&Found>> = BTreeMap::new();
    for found in &analysis.found {
        let rule = &flows.models.rules[usize::from(found.sink.rule)];
        let kind = flows.models.sources[found.source.model as usize].kind;
        if rule.from >> kind & 1 == 0 || !enabled[flows.rules[usize::from(found.sink.rule)].rule] {
            continue;
        }
        by_sink
            .entry((found.place, found.sink.rule))
            .or_default()
            .push(found);
    }
    let mut statements: BTreeMap<ModuleId, Statements> = BTreeMap::new();
    let mut findings = Vec::new();
    for ((place, rule), mut all) in by_sink {
        all.sort_by(|a, b| {
            let key = |found: &Found| {
                (
                    found.partial,
                    found.doubt,
                    weight(registry, &found.source),
                    std::cmp::Reverse(found.sink.confidence),
                    found.trail.steps().len(),
                    file_order(project, found.source.place),
                )
            };
            key(a).cmp(&key(b))
        });
        let Some(best) = all.first() else { continue };
        let module = project.module(place.module);
        let statements = statements
            .entry(place.module)
            .or_insert_with(|| Statements::new(module));
        findings.push(finding(
            registry, project, analysis, statements, best, &all, rule, in_test,
        ));
    }
    findings
}

/// Files by name, not by number.
fn file_order(project: &Project, place: Place) -> (Arc<str>, (u32, u32)) {
    (Arc::clone(&project.module(place.module).file), place.range)
}

#[expect(clippy::too_many_arguments, reason = "what a finding is made of")]
fn finding(
    registry: &Registry,
    project: &Project,
    analysis: &Analysis,
    statements: &Statements,
    best: &Found,
    all: &[&Found],
    rule: u8,
    in_test: &(dyn Fn(ModuleId) -> bool + Sync),
) -> Finding {
    let flows = &registry.flows;
    let meta = &flows.rules[usize::from(rule)];
    let data = &registry.rules[meta.rule];
    let module = project.module(best.place.module);
    let range = best.place.text_range();
    let model = &flows.models.sources[best.source.model as usize];
    let kind = flows.models.kinds[usize::from(model.kind)].as_str();
    let message = message(&meta.message, best.sink, analysis, &model.what, best.callee);
    let message = match best.escaped {
        Some(path) => format!("{message}; {} does not help here", readable(path)),
        None => message,
    };
    let mut confidence = data.meta.confidence;
    let mut persona = data.meta.persona;
    match best.sink.confidence {
        0 => confidence = Confidence::Low,
        1 => confidence = confidence.min(Confidence::Medium),
        _ => {}
    }
    if best.doubt > 0 || !best.source.sure {
        confidence = Confidence::Low;
    }
    if best.doubt > 1 || best.partial {
        persona = persona.max(Persona::Pedantic);
    }
    match kind {
        "local" | "database" | "network-response" => {
            confidence = confidence.min(Confidence::Medium);
            persona = persona.max(Persona::Pedantic);
        }
        _ => {}
    }
    let tested = in_test(best.place.module);
    if tested && data.tests == Tests::Skip {
        persona = Persona::Auditor;
    }
    let mut labels = Vec::new();
    for other in all.iter().skip(1).take(MAX_SOURCES) {
        if other.source.place == best.source.place {
            continue;
        }
        let what = &flows.models.sources[other.source.model as usize].what;
        let at = project.module(other.source.place.module);
        let label = Label {
            location: location(at, other.source.place.text_range()),
            text: format!("{what} gets there as well"),
        };
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    Finding {
        rule: Arc::clone(&data.id),
        title: Arc::clone(&data.title),
        message,
        severity: data.meta.severity,
        confidence,
        persona,
        practice: data.meta.practice,
        cwe: Arc::clone(&data.cwe),
        location: location(module, range),
        labels,
        flow: steps(project, best, &model.what),
        symbol: symbol(module, range).into(),
        in_test: tested,
        fix: None,
        fingerprint: Fingerprint {
            content: fingerprint::content(module, statements, &data.meta.id, range),
            ordinal: 0,
        },
        suppressed: None,
    }
}

fn message(
    rule: &str,
    sink: SinkRef,
    analysis: &Analysis,
    what: &str,
    callee: Symbol,
) -> String {
    let own = sink
        .message
        .and_then(|number| analysis.messages.get(number as usize));
    own.map_or(rule, String::as_str)
        .replace("{source}", what)
        .replace("{sink}", &readable(callee))
        .replace("{callee}", &readable(callee))
}

/// A callee as people write it.
fn readable(path: Symbol) -> String {
    let path = path.as_str();
    path.strip_prefix("builtins.")
        .unwrap_or(path)
        .replace("()", "")
        .replace("[]", "")
}

/// The way from source to sink.
fn steps(project: &Project, found: &Found, what: &str) -> Vec<Step> {
    let at = |place: Place| location(project.module(place.module), place.text_range());
    let mut steps = vec![Step {
        location: at(found.source.place),
        text: what.to_owned(),
    }];
    for (place, why) in found.trail.steps() {
        let text = match why {
            Why::Stored(name) => format!("stored in `{name}`"),
            Why::Passed(name) => format!("passed to `{name}`"),
            Why::Returned(name) => format!("returned by `{name}`"),
            Why::Through(name) => format!("passed on by `{}`", readable(name)),
            Why::Sanitized(name) => format!("changed by `{}`", readable(name)),
        };
        let step = Step {
            location: at(place),
            text,
        };
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    steps.push(Step {
        location: at(found.place),
        text: format!("reaches `{}`", readable(found.callee)),
    });
    steps
}

/// Whether an origin is a parameter of a function.
#[expect(dead_code, reason = "for the library kind")]
fn is_parameter(origin: &Origin) -> bool {
    matches!(origin, Origin::Input(_))
}

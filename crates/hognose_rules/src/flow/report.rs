//! Flows as findings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hognose_finding::{Confidence, Finding, Fingerprint, Label, Persona, Step};
use hognose_python::{ModuleId, Project};
use hognose_taint::Analysis;
use hognose_taint::model::Need;
use hognose_taint::summary::{Found, SinkRef};
use hognose_taint::value::{Place, Source, Symbol, Trail, Why};

use super::ThreatModel;
use super::library::handed;
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
        "llm-output" | "network-response" | "error-text" => 2,
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
    threat: &ThreatModel,
    enabled: &[bool],
    in_test: &(dyn Fn(ModuleId) -> bool + Sync),
) -> Vec<Finding> {
    let flows = &registry.flows;
    let mut by_sink: BTreeMap<(Place, u8), Vec<&Found>> = BTreeMap::new();
    for found in &analysis.found {
        let rule = &flows.models.rules[usize::from(found.sink.rule)];
        let kind = flows.models.sources[found.source.model as usize].kind;
        if !threat.counts(kind, rule.from)
            || !enabled[flows.rules[usize::from(found.sink.rule)].rule]
        {
            continue;
        }
        by_sink
            .entry((found.place, found.sink.rule))
            .or_default()
            .push(found);
    }
    let mut statements: BTreeMap<ModuleId, Statements> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut public = BTreeSet::new();
    // Parameters of public functions, where nothing else reaches the sink.
    if !threat.public.is_empty() {
        for ((place, rule), handed) in handed(registry, project, analysis, threat) {
            // A flow that is only a smell does not hide one that is more.
            let told = by_sink.get(&(place, rule)).is_some_and(|all| {
                handed.partial || all.iter().any(|found| !is_smell(registry, threat, found))
            });
            if told || !enabled[flows.rules[usize::from(rule)].rule] || in_test(place.module) {
                continue;
            }
            public.insert((place, rule));
            let statements = statements
                .entry(place.module)
                .or_insert_with(|| Statements::new(project.module(place.module)));
            let told = Told {
                sink: handed.reach.sink,
                place,
                callee: handed.reach.callee,
                from: handed.place,
                what: &handed.what,
                kind: PARAMETER,
                sure: false,
                trail: &handed.trail,
                doubt: handed.doubt,
                partial: handed.partial,
                escaped: None,
            };
            findings.push(finding(
                registry,
                project,
                analysis,
                threat,
                statements,
                &told,
                Vec::new(),
                in_test,
            ));
        }
    }
    for ((place, rule), mut all) in by_sink {
        if public.contains(&(place, rule)) {
            continue;
        }
        all.sort_by_cached_key(|found| {
            (
                found.partial,
                found.doubt,
                weight(registry, &found.source),
                std::cmp::Reverse(found.sink.confidence),
                found.trail.length(),
                file_order(project, found.source.place),
            )
        });
        let Some(best) = all.first() else { continue };
        let module = project.module(place.module);
        let statements = statements
            .entry(place.module)
            .or_insert_with(|| Statements::new(module));
        let model = |found: &Found| &flows.models.sources[found.source.model as usize];
        let mut labels = Vec::new();
        for other in all.iter().skip(1).take(MAX_SOURCES) {
            if other.source.place == best.source.place {
                continue;
            }
            let at = project.module(other.source.place.module);
            let label = Label {
                location: location(at, other.source.place.text_range()),
                text: format!("{} gets there as well", model(other).what),
            };
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let told = Told {
            sink: best.sink,
            place,
            callee: best.callee,
            from: best.source.place,
            what: &model(best).what,
            kind: &flows.models.kinds[usize::from(model(best).kind)],
            sure: best.source.sure,
            trail: &best.trail,
            doubt: best.doubt,
            partial: best.partial,
            escaped: best.trail.sanitized(),
        };
        findings.push(finding(
            registry, project, analysis, threat, statements, &told, labels, in_test,
        ));
    }
    findings
}

/// Whether a flow is told to few: in part only, or from a kind of source that nobody asked for.
fn is_smell(registry: &Registry, threat: &ThreatModel, found: &Found) -> bool {
    let models = &registry.flows.models;
    let model = &models.sources[found.source.model as usize];
    let kind = &models.kinds[usize::from(model.kind)];
    found.partial
        || found.doubt > u8::from(found.sink.need == Need::Object)
        || is_distant(kind) && !threat.is_asked(kind)
}

/// Kinds of sources that whoever runs or wrote the program has a say in.
fn is_distant(kind: &str) -> bool {
    matches!(
        kind,
        "local" | "database" | "network-response" | "error-text"
    )
}

/// The kind of what is known of a parameter only.
const PARAMETER: &str = "parameter";

/// A flow that is told.
struct Told<'a> {
    sink: SinkRef,
    place: Place,
    callee: Symbol,
    /// Where the source is, and what.
    from: Place,
    what: &'a str,
    kind: &'a str,
    sure: bool,
    trail: &'a Trail,
    doubt: u8,
    partial: bool,
    escaped: Option<Symbol>,
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
    threat: &ThreatModel,
    statements: &Statements,
    told: &Told<'_>,
    labels: Vec<Label>,
    in_test: &(dyn Fn(ModuleId) -> bool + Sync),
) -> Finding {
    let meta = &registry.flows.rules[usize::from(told.sink.rule)];
    let data = &registry.rules[meta.rule];
    let module = project.module(told.place.module);
    let range = told.place.text_range();
    let message = message(&meta.message, told.sink, analysis, told.what, told.callee);
    let message = match told.escaped {
        Some(path) => format!("{message}; {} does not help here", readable(path)),
        None => message,
    };
    let mut confidence = data.meta.confidence;
    let mut persona = data.meta.persona;
    match told.sink.confidence {
        0 => confidence = Confidence::Low,
        1 => confidence = confidence.min(Confidence::Medium),
        _ => {}
    }
    if told.doubt > 0 || !told.sure {
        confidence = Confidence::Low;
    }
    // What comes out of a function that nobody knows is in most programs something else than what went in.
    // A structure is the exception: what its methods give is its content.
    let doubtful = told.doubt > u8::from(told.sink.need == Need::Object);
    if doubtful || told.partial {
        persona = persona.max(Persona::Pedantic);
    }
    // What a program calls itself few others do.
    if told.kind == PARAMETER && threat.is_of_program(&module.file) {
        persona = persona.max(Persona::Pedantic);
    }
    if is_distant(told.kind) {
        confidence = confidence.min(Confidence::Medium);
        // Who asks for a kind wants to hear of it.
        if !threat.is_asked(told.kind) {
            persona = persona.max(Persona::Pedantic);
        }
    }
    let tested = in_test(told.place.module);
    if tested && data.tests == Tests::Skip {
        persona = Persona::Auditor;
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
        flow: steps(project, told),
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

fn message(rule: &str, sink: SinkRef, analysis: &Analysis, what: &str, callee: Symbol) -> String {
    let own = sink
        .message
        .and_then(|number| analysis.messages.get(number as usize));
    own.map_or(rule, String::as_str)
        .replace("{source}", what)
        .replace("{sink}", &readable(callee))
        .replace("{callee}", &readable(callee))
}

/// A callee as people write it.
pub(super) fn readable(path: Symbol) -> String {
    let path = path.as_str();
    path.strip_prefix("builtins.")
        .unwrap_or(path)
        .replace("()", "")
        .replace("[]", "")
}

/// The way from source to sink.
fn steps(project: &Project, told: &Told<'_>) -> Vec<Step> {
    let at = |place: Place| location(project.module(place.module), place.text_range());
    let mut steps = vec![Step {
        location: at(told.from),
        text: told.what.to_owned(),
    }];
    for step in trail_steps(project, told.trail) {
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    steps.push(Step {
        location: at(told.place),
        text: format!("reaches `{}`", readable(told.callee)),
    });
    steps
}

/// The steps of a way in words.
pub(super) fn trail_steps(project: &Project, trail: &Trail) -> Vec<Step> {
    let at = |place: Place| location(project.module(place.module), place.text_range());
    let mut steps: Vec<Step> = Vec::new();
    for (place, why) in trail.steps() {
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
    steps
}

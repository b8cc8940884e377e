//! Why a line is, or is not, reported: what the engine saw at its sinks, in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use hognose_finding::{Location, Step};
use hognose_python::ir::*;
use hognose_python::{Evaluator, Module, Project, Value as Evaluated};
use hognose_taint::model::{Argument, Asks, Elements, Literal, Stored, When};
use hognose_taint::need::{harms, starts_as_wanted};
use hognose_taint::shape::{Alphabet, Facts, Hole};
use hognose_taint::summary::SinkRef;
use hognose_taint::value::{Atom, InputPath, Key, Origin, Place, Root, Symbol, Taint, Why};
use hognose_taint::watch::{Counts, Seen};
use hognose_taint::{Analysis, Watch};
use ruff_text_size::TextRange;

use super::ThreatModel;
use super::report::{readable, trail_steps};
use crate::registry::Registry;
use crate::run::{excerpt, location};

/// Arrivals named of one argument.
const MAX_ARRIVALS: usize = 6;

/// Characters named one by one.
const MAX_NAMED: usize = 10;

/// What is known of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFacts {
    /// Its sinks, by place.
    pub sinks: Vec<SinkSeen>,
    /// Calls without a known callee, and why it is not known.
    pub unresolved: Vec<(String, String)>,
    /// Sinks, with their rules, that the walk of the code did not get to.
    pub not_reached: Vec<(String, Arc<str>)>,
    /// The line never runs.
    pub dead: bool,
}

/// A sink on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkSeen {
    /// Id of the rule.
    pub rule: Arc<str>,
    /// Whether it runs.
    pub enabled: bool,
    /// What is called, or stored to.
    pub callee: String,
    /// Where.
    pub location: Location,
    /// Why it does not count as a sink here, or why that is not known; empty where it counts.
    pub conditions: Vec<String>,
    /// Whether it counts on some way.
    pub counts: bool,
    /// Its arguments.
    pub arguments: Vec<ArgumentSeen>,
    /// What was compared with values of the program's choice on every way to it.
    pub checked: Vec<Arrival>,
}

impl SinkSeen {
    /// Whether something that does harm reaches it.
    pub fn harmed(&self) -> bool {
        self.arguments.iter().any(|argument| {
            let mut arrivals = argument.arrivals.iter();
            arrivals.any(|arrival| arrival.harmful && arrival.counted && arrival.at_sink)
        })
    }
}

/// An argument of a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentSeen {
    /// Which.
    pub name: String,
    /// What comes from outside, or from a parameter; harmful first.
    pub arrivals: Vec<Arrival>,
    /// What it is beside that.
    pub otherwise: Option<&'static str>,
}

/// Something from outside, or from a parameter, at a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// In words.
    pub what: String,
    /// The kind of the source; `parameter` where no caller is known to give anything from outside.
    pub kind: String,
    /// Where it comes from, and the steps from there.
    pub steps: Vec<Step>,
    /// What is left of it, in words.
    pub left: Vec<String>,
    /// What models of sanitizers changed it.
    pub sanitizers: Vec<String>,
    /// Whether it meets the need of the sink.
    pub harmful: bool,
    /// Whether it arrives where the sink counts as one.
    pub at_sink: bool,
    /// Whether its kind counts in this run.
    pub counted: bool,
    /// A call on its way whose effect is not known.
    pub doubtful: bool,
}

/// The kind of what is known of a parameter only.
const PARAMETER: &str = "parameter";

/// All that is known of a line.
pub(crate) fn line_facts(
    registry: &Registry,
    project: &Project,
    analysis: &Analysis,
    threat: &ThreatModel,
    enabled: &[bool],
    watch: Watch,
) -> LineFacts {
    let teller = Teller {
        registry,
        project,
        threat,
    };
    let mut groups: BTreeMap<(Place, u8, Symbol), Vec<&Seen>> = BTreeMap::new();
    for seen in &analysis.sightings {
        let sighting = &seen.sighting;
        groups
            .entry((sighting.place, sighting.sink.rule, sighting.callee))
            .or_default()
            .push(seen);
    }
    let mut facts = LineFacts::default();
    let mut places: Vec<Place> = Vec::new();
    for ((place, rule, callee), seen) in groups {
        let meta = &registry.flows.rules[usize::from(rule)];
        places.push(place);
        let told = teller.sink(place, rule, callee, enabled[meta.rule], &seen);
        if !facts.sinks.contains(&told) {
            facts.sinks.push(told);
        }
    }
    // By the text of names, not by their numbers.
    facts
        .sinks
        .sort_by(|a, b| (&a.location, &a.rule, &a.callee).cmp(&(&b.location, &b.rule, &b.callee)));
    if watch.module.index() < project.modules.len() {
        let module = project.module(watch.module);
        facts.dead = is_dead(module, watch);
        if !facts.dead {
            other_calls(registry, project, watch, &places, &mut facts);
        }
    }
    facts
}

/// Whether all code of a line never runs.
fn is_dead(module: &Module, watch: Watch) -> bool {
    let mut inside = module
        .exprs()
        .map(|(expr, _)| module.expr_range(expr))
        .filter(|range| {
            let (start, end) = (range.start().to_u32(), range.end().to_u32());
            watch.range.0 <= start && end <= watch.range.1
        });
    match inside.next() {
        Some(first) => module.is_dead(first) && inside.all(|range| module.is_dead(range)),
        None => false,
    }
}

/// Calls at which nothing was seen: those without a known callee, and sinks that were not reached.
fn other_calls(
    registry: &Registry,
    project: &Project,
    watch: Watch,
    places: &[Place],
    facts: &mut LineFacts,
) {
    let module = project.module(watch.module);
    let mut values = Evaluator::new(project, &registry.aliases);
    for (expr, node) in module.exprs() {
        let Expr::Call { func, .. } = *node else {
            continue;
        };
        let place = Place::new(watch.module, module.expr_range(expr));
        if !watch.covers(place) || places.contains(&place) {
            continue;
        }
        // The name of what is called stands on the line; of calls around it only the arguments do.
        if !watch.covers(Place::new(watch.module, module.expr_range(func))) {
            continue;
        }
        let callees = values.eval(watch.module, func);
        let reason = callees.iter().find_map(|value| match value {
            Evaluated::Unknown(reason) => Some(reason.as_str()),
            Evaluated::Param(..) => Some("parameter of unknown type"),
            _ => None,
        });
        let known = callees
            .iter()
            .any(|value| !matches!(value, Evaluated::Unknown(_) | Evaluated::Param(..)));
        if let (false, Some(reason)) = (known, reason) {
            let range = module.expr_range(func);
            let text = source_text(module, range);
            facts.unresolved.push((excerpt(text), reason.to_owned()));
            continue;
        }
        for value in &callees {
            let Evaluated::External(path) = value else {
                continue;
            };
            let Some(model) = registry.flows.models.call(*path) else {
                continue;
            };
            for sink in &model.sinks {
                // What a text that is known is asked to do is no danger, and not looked at.
                if sink.arguments.iter().all(|argument| argument.receiver) {
                    continue;
                }
                let rule = &registry.rules[registry.flows.rules[usize::from(sink.rule)].rule];
                let entry = (readable(*path), Arc::clone(&rule.id));
                if !facts.not_reached.contains(&entry) {
                    facts.not_reached.push(entry);
                }
            }
        }
    }
}

fn source_text(module: &Module, range: TextRange) -> &str {
    let span = range.start().to_usize()..range.end().to_usize();
    module.text.as_str().get(span).unwrap_or_default()
}

struct Teller<'a> {
    registry: &'a Registry,
    project: &'a Project,
    threat: &'a ThreatModel,
}

impl Teller<'_> {
    fn sink(
        &self,
        place: Place,
        rule: u8,
        callee: Symbol,
        enabled: bool,
        seen: &[&Seen],
    ) -> SinkSeen {
        let meta = &self.registry.flows.rules[usize::from(rule)];
        let module = self.project.module(place.module);
        let mut conditions = Vec::new();
        let mut counts = false;
        // Of several models of the callee those count whose arguments are given.
        let given = |seen: &&Seen| !seen.sighting.value.is_nothing();
        let any_given = seen.iter().any(&given);
        for seen in seen.iter().filter(|seen| !any_given || given(seen)) {
            let text = match &seen.sighting.counts {
                Counts::Yes => {
                    counts = true;
                    continue;
                }
                Counts::No(when, true) => {
                    format!(
                        "it counts only where {}, and that is not so",
                        condition(when)
                    )
                }
                Counts::No(when, false) => {
                    format!(
                        "it does not count where {}, and that is so",
                        condition(when)
                    )
                }
                Counts::NotKnown(when, true) => format!(
                    "it counts only where {}, and whether that is so is not known",
                    condition(when)
                ),
                Counts::NotKnown(when, false) => format!(
                    "it does not count where {}, and whether that is so is not known",
                    condition(when)
                ),
            };
            if !conditions.contains(&text) {
                conditions.push(text);
            }
        }
        if counts {
            conditions.clear();
        }
        let mut found: Vec<(Option<Argument>, ArgumentSeen)> = Vec::new();
        for seen in seen {
            // Where nothing of it is given there is nothing to tell.
            if seen.sighting.value.is_nothing() {
                continue;
            }
            let argument = seen.sighting.argument.as_deref();
            let which = argument.cloned().map(unnamed);
            let at = match found.iter().position(|(known, _)| *known == which) {
                Some(at) => at,
                None => {
                    found.push((
                        which,
                        ArgumentSeen {
                            name: label(argument),
                            arrivals: Vec::new(),
                            otherwise: None,
                        },
                    ));
                    found.len() - 1
                }
            };
            self.arrive(seen, seen.sighting.sink, &mut found[at].1);
        }
        let mut arguments: Vec<ArgumentSeen> =
            found.into_iter().map(|(_, argument)| argument).collect();
        for argument in &mut arguments {
            tidy(&mut argument.arrivals);
        }
        let mut checked = Vec::new();
        for seen in seen {
            for hole in &seen.sighting.settled {
                for taint in &hole.taints {
                    let left = vec!["one of few values that the program chose".to_owned()];
                    if let Some(arrival) =
                        self.arrival(seen, seen.sighting.sink, hole, taint, false, left)
                    {
                        push_arrival(&mut checked, arrival);
                    }
                }
            }
        }
        tidy(&mut checked);
        SinkSeen {
            rule: Arc::clone(&self.registry.rules[meta.rule].id),
            enabled,
            callee: readable(callee),
            location: location(module, place.text_range()),
            conditions,
            counts,
            arguments,
            checked,
        }
    }

    /// What an alternative of an argument is.
    fn arrive(&self, seen: &Seen, sink: SinkRef, argument: &mut ArgumentSeen) {
        let sighting = &seen.sighting;
        for atom in sighting.value.atoms() {
            let text = match atom {
                Atom::Text(text) => Arc::clone(text),
                Atom::Input(path) => Arc::from([hognose_taint::shape::Stretch::Hole(Arc::new(
                    hognose_taint::value::input_hole(path),
                ))]),
                Atom::Str(_) | Atom::Int(_) | Atom::Bool(_) | Atom::None => {
                    argument.otherwise.get_or_insert("known text");
                    continue;
                }
                Atom::Scalar => {
                    argument
                        .otherwise
                        .get_or_insert("a number or the like, no text");
                    continue;
                }
                _ => {
                    argument.otherwise = Some("nothing that comes from outside");
                    continue;
                }
            };
            let begins = !sink.by_name || starts_as_wanted(sink.need, &text);
            let harmful: Vec<Arc<Hole>> = harms(sink.need, sink.rule, &text)
                .into_iter()
                .map(|harm| harm.hole)
                .collect();
            for hole in hognose_taint::shape::holes(&text) {
                let harm = begins && harmful.iter().any(|other| Arc::ptr_eq(other, hole));
                let mut left = restrictions(hole);
                if hole.cleaned.has(sink.rule) {
                    left.push("harmless for this rule, as a model says".to_owned());
                } else if !begins {
                    left.push("in a text that does not begin like a statement".to_owned());
                } else if !harm && left.is_empty() {
                    left.push("at a place of the text where it does no harm".to_owned());
                }
                for taint in &hole.taints {
                    if let Some(arrival) = self.arrival(seen, sink, hole, taint, harm, left.clone())
                    {
                        push_arrival(&mut argument.arrivals, arrival);
                    }
                }
            }
        }
    }

    fn arrival(
        &self,
        seen: &Seen,
        sink: SinkRef,
        hole: &Hole,
        taint: &Taint,
        harmful: bool,
        left: Vec<String>,
    ) -> Option<Arrival> {
        let models = &self.registry.flows.models;
        let at = |place: Place| location(self.project.module(place.module), place.text_range());
        let (what, kind, from, counted) = match &taint.origin {
            Origin::Source(source) => {
                let model = &models.sources[source.model as usize];
                let rule = &models.rules[usize::from(sink.rule)];
                (
                    model.what.clone(),
                    models.kinds[usize::from(model.kind)].clone(),
                    source.place,
                    self.threat.counts(model.kind, rule.from),
                )
            }
            // What callers of callers are given, they are asked for themselves.
            Origin::Input(_) if seen.sighting.depth > 0 => return None,
            Origin::Input(path) => {
                let (what, place) = self.parameter(seen, path)?;
                (what, PARAMETER.to_owned(), place, false)
            }
        };
        let mut steps = vec![Step {
            location: at(from),
            text: what.clone(),
        }];
        steps.extend(trail_steps(self.project, &taint.trail));
        steps.dedup();
        let mut sanitizers: Vec<String> = Vec::new();
        for (_, why) in taint.trail.steps() {
            if let Why::Sanitized(path) = why {
                let name = readable(path);
                if !sanitizers.contains(&name) {
                    sanitizers.push(name);
                }
            }
        }
        Some(Arrival {
            what,
            kind,
            steps,
            left,
            sanitizers,
            harmful,
            at_sink: matches!(seen.sighting.counts, Counts::Yes),
            counted,
            doubtful: hole.doubt > 0,
        })
    }

    /// A parameter in words, and where it is written.
    fn parameter(&self, seen: &Seen, path: &InputPath) -> Option<(String, Place)> {
        let (module, scope) = seen.unit;
        let home = self.project.module(module);
        let ScopeKind::Function(function) = home[scope].kind else {
            return None;
        };
        let (name, range) = match path.root {
            Root::Param(number) => {
                let param = home[function].params.get(usize::from(number))?;
                (param.name, home[param.def].range)
            }
            Root::Captured(scope, slot) => {
                let scope = home.scopes.get(scope.0 as usize)?;
                (
                    scope.slots.get(slot.index())?.name,
                    home[function].name_range,
                )
            }
        };
        let mut text = name.to_string();
        for key in &path.keys {
            match key {
                Key::Attr(attr) => text.push_str(&format!(".{attr}")),
                Key::Item(item) => text.push_str(&format!("[\"{item}\"]")),
                Key::Index(index) => text.push_str(&format!("[{index}]")),
                Key::Any | Key::Value => text.push_str("[…]"),
            }
        }
        Some((
            format!("the parameter `{text}` of `{}`", home[function].name),
            Place::new(module, range),
        ))
    }
}

/// Adds it; of the same source the harmful way counts, and then the way of which more is known.
fn push_arrival(all: &mut Vec<Arrival>, arrival: Arrival) {
    let same = all
        .iter_mut()
        .find(|known| known.steps.first() == arrival.steps.first() && known.kind == arrival.kind);
    match same {
        Some(known) if (known.harmful, known.at_sink) < (arrival.harmful, arrival.at_sink) => {
            *known = arrival;
        }
        Some(known)
            if known.harmful == arrival.harmful && arrival.at_sink && known.left.is_empty() =>
        {
            *known = arrival;
        }
        Some(_) => {}
        None => all.push(arrival),
    }
}

/// Sources before parameters, which are told only where no source is known; harmful ones first.
fn tidy(all: &mut Vec<Arrival>) {
    if all.iter().any(|arrival| arrival.kind != PARAMETER) {
        all.retain(|arrival| arrival.kind != PARAMETER);
    }
    let place = |arrival: &Arrival| arrival.steps.first().map(|step| step.location.clone());
    all.sort_by_key(|seen| (!seen.harmful, !seen.counted, place(seen)));
    all.truncate(MAX_ARRIVALS);
}

/// What is left of a hole, in words.
fn restrictions(hole: &Hole) -> Vec<String> {
    let mut words = characters(hole.alphabet);
    let facts = [
        (
            Facts::CONTAINED,
            "inside of a directory of the program's choice",
        ),
        (Facts::NORMALISED, "resolved, so without `..`"),
        (Facts::NO_DOTS, "no `..`"),
        (Facts::NOT_ABSOLUTE, "no absolute path"),
        (Facts::HOST_CHECKED, "host checked"),
        (Facts::SCHEME_CHECKED, "scheme checked"),
        (Facts::RELATIVE, "without scheme and host"),
        (Facts::NO_SCHEME, "without scheme"),
        (Facts::NO_HOST, "without host"),
        (Facts::SLASH, "begins with a slash"),
        (Facts::NO_TWO_SLASHES, "does not begin with two slashes"),
        (
            Facts::NO_SLASH_BACKSLASH,
            "does not begin with a slash and a backslash",
        ),
        (Facts::ONE_WORD, "quoted as one word of a shell"),
        (Facts::NOT_OPTION, "does not begin with `-`"),
        (Facts::BOUNDED, "bounded"),
        (Facts::LITERAL, "a literal"),
    ];
    words.extend(
        facts
            .iter()
            .filter(|(fact, _)| hole.facts.has(*fact))
            .map(|(_, word)| (*word).to_owned()),
    );
    words
}

/// An alphabet in words; none where everything is left.
fn characters(alphabet: Alphabet) -> Vec<String> {
    let word = |text: &str| vec![text.to_owned()];
    let ascii = || (0u8..128).map(char::from);
    let quote = |characters: &[char]| {
        let named: Vec<String> = characters
            .iter()
            .map(|character| match character {
                '`' => "a backtick".to_owned(),
                ' ' => "a blank".to_owned(),
                '\n' => "a line feed".to_owned(),
                '\r' => "a carriage return".to_owned(),
                '\t' => "a tab".to_owned(),
                character if character.is_control() => {
                    format!("the control character {}", u32::from(*character))
                }
                character => format!("`{character}`"),
            })
            .collect();
        named
    };
    if alphabet == Alphabet::ALL {
        return Vec::new();
    }
    if alphabet == Alphabet::NONE {
        return word("nothing is left");
    }
    if alphabet.within(Alphabet::of("0123456789")) {
        return word("only digits");
    }
    if alphabet.within(Alphabet::number()) {
        return word("only a number");
    }
    let missing: Vec<char> = ascii().filter(|c| !alphabet.contains(*c)).collect();
    if missing.len() <= MAX_NAMED {
        return quote(&missing)
            .iter()
            .map(|name| format!("without {name}"))
            .collect();
    }
    let group = |from: char, to: char| (from..=to).all(|c| alphabet.contains(c));
    let mut parts: Vec<String> = Vec::new();
    let letters = group('a', 'z') && group('A', 'Z');
    if letters {
        parts.push("letters".to_owned());
    } else if group('a', 'z') {
        parts.push("small letters".to_owned());
    } else if group('A', 'Z') {
        parts.push("capital letters".to_owned());
    }
    let digits = group('0', '9');
    if digits {
        parts.push("digits".to_owned());
    }
    let rest: Vec<char> = ascii()
        .filter(|c| {
            alphabet.contains(*c)
                && !(c.is_ascii_lowercase() && group('a', 'z'))
                && !(c.is_ascii_uppercase() && group('A', 'Z'))
                && !(c.is_ascii_digit() && digits)
        })
        .collect();
    if rest.len() > MAX_NAMED {
        let dangerous: Vec<char> = "'\"`<>&;|$/\\(){}% \n\r"
            .chars()
            .filter(|c| missing.contains(c))
            .collect();
        return quote(&dangerous)
            .iter()
            .map(|name| format!("without {name}"))
            .collect();
    }
    parts.extend(quote(&rest));
    match parts.pop() {
        Some(last) if parts.is_empty() => vec![format!("only {last}")],
        Some(last) => vec![format!("only {} and {last}", parts.join(", "))],
        None => word("no character of ASCII"),
    }
}

/// An argument without what several models say of it in different ways.
fn unnamed(argument: Argument) -> Argument {
    Argument {
        name: argument.name.filter(|_| argument.at.is_none()),
        until: Vec::new(),
        flags: Vec::new(),
        ..argument
    }
}

/// An argument in words.
fn label(argument: Option<&Argument>) -> String {
    let Some(argument) = argument else {
        return "what is written there".to_owned();
    };
    let named = match (argument.at, argument.name) {
        _ if argument.receiver => "the object it is called on".to_owned(),
        _ if argument.any => "an argument".to_owned(),
        _ if argument.mapping => "the mapping given as `**`".to_owned(),
        _ if argument.stored == Some(Stored::Key) => "the key".to_owned(),
        _ if argument.stored.is_some() => "the value".to_owned(),
        (Some(at), _) if argument.rest => format!("an argument from {} on", at + 1),
        (Some(at), Some(name)) => format!("argument {} (`{name}`)", at + 1),
        (Some(at), None) => format!("argument {}", at + 1),
        (None, Some(name)) => format!("argument `{name}`"),
        (None, None) => "an argument".to_owned(),
    };
    match (argument.key, argument.element) {
        (Some(key), _) => format!("`{key}` in {named}"),
        (None, Some(Elements::At(0))) => format!("the first element of {named}"),
        (None, Some(Elements::At(at))) => format!("element {at} of {named}"),
        (None, Some(Elements::Rest)) => format!("an element of {named} behind the first"),
        (None, None) => named,
    }
}

/// A condition in words.
fn condition(when: &When) -> String {
    let subject = label(Some(&when.argument));
    let literal = |literal: &Literal| match literal {
        Literal::None => "`None`".to_owned(),
        Literal::Bool(true) => "`True`".to_owned(),
        Literal::Bool(false) => "`False`".to_owned(),
        Literal::Int(number) => format!("`{number}`"),
        Literal::Str(text) => format!("`\"{text}\"`"),
    };
    let list = |literals: &[Literal]| {
        literals
            .iter()
            .map(literal)
            .collect::<Vec<_>>()
            .join(" or ")
    };
    let says = match &when.asks {
        Asks::Missing(true) => "is not given".to_owned(),
        Asks::Missing(false) => "is given".to_owned(),
        Asks::Is(all) => format!("is {}", list(all)),
        Asks::IsNot(all) => format!("is not {}", list(all)),
        Asks::None(true) => "is `None`".to_owned(),
        Asks::None(false) => "is not `None`".to_owned(),
        Asks::Truthy(true) => "is true".to_owned(),
        Asks::Truthy(false) => "is false".to_owned(),
        Asks::Path(paths) => {
            let paths: Vec<String> = paths
                .iter()
                .map(|path| format!("`{}`", readable(*path)))
                .collect();
            format!("is {}", paths.join(" or "))
        }
        Asks::Display(true) => "is a list or tuple".to_owned(),
        Asks::Display(false) => "is no list or tuple".to_owned(),
        Asks::Defines(method) => format!("is an object with a method `{method}`"),
        Asks::Contains(_) => "holds a text that the model names".to_owned(),
    };
    format!("{subject} {says}")
}

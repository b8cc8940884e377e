//! Routes: what their patterns say of what a framework passes to functions and methods.

use std::collections::BTreeMap;

use hognose_python::ir::{ClassId, Function, FunctionId};
use hognose_python::{ModuleId, Project};
use rustc_hash::FxHashMap;

use crate::facts::{EntryFacts, Filled};
use crate::shape::Alphabet;
use crate::value::{Atom, Symbol};

/// The routes that lead to the methods of classes; nothing for classes that are reached by one that is not known.
pub(crate) type ClassRoutes = BTreeMap<(ModuleId, ClassId), Option<Vec<String>>>;

/// What routes pass by name, with the characters it can hold: `None` for any, none of them where it holds no text.
pub(crate) type Variables = Vec<(Symbol, Option<Alphabet>)>;

/// What any of some routes passes by name.
pub(crate) fn variables_of<'r>(routes: impl IntoIterator<Item = &'r str>) -> Variables {
    let mut all = Variables::new();
    for route in routes {
        let variables = route_variables(route).into_iter();
        let named = variables.map(|(name, alphabet)| (Symbol::from(name), alphabet));
        join_variables(&mut all, named);
    }
    all
}

/// The characters of a variable, if its routes bound it.
pub(crate) fn bound_of(variables: &Variables, name: Symbol) -> Option<Alphabet> {
    let (_, bound) = variables.iter().find(|(known, _)| *known == name)?;
    *bound
}

/// Adds what another route passes.
pub(crate) fn join_variables(
    all: &mut Variables,
    more: impl IntoIterator<Item = (Symbol, Option<Alphabet>)>,
) {
    for (name, alphabet) in more {
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = known.zip(alphabet).map(|(a, b)| a.union(b)),
            None => all.push((name, alphabet)),
        }
    }
}

/// What the routes to classes pass by name.
pub(crate) fn by_class(routes: &ClassRoutes) -> FxHashMap<(ModuleId, ClassId), Variables> {
    let known = routes
        .iter()
        .filter_map(|(class, routes)| Some((*class, routes.as_ref()?)));
    known
        .map(|(class, routes)| (class, variables_of(routes.iter().map(String::as_str))))
        .collect()
}

/// Remembers a route to a class.
pub(crate) fn add_route(
    routes: &mut ClassRoutes,
    class: (ModuleId, ClassId),
    route: Option<String>,
) {
    let known = routes.entry(class).or_insert_with(|| Some(Vec::new()));
    match (known, route) {
        (Some(known), Some(route)) => known.push(route),
        (known, None) => *known = None,
        (None, _) => {}
    }
}

/// Puts what all routes to a class say of the arguments of its methods into what is known of these, and what `prefixes`,
/// routes with others behind them, say of arguments that a function's own routes do not name.
pub(crate) fn bound_by_routes(
    project: &Project,
    routes: &ClassRoutes,
    prefixes: &Variables,
    entries: &mut FxHashMap<(ModuleId, FunctionId), EntryFacts>,
) {
    if routes.is_empty() && prefixes.is_empty() {
        return;
    }
    #[expect(
        clippy::iter_over_hash_type,
        reason = "each entry is changed by itself"
    )]
    for ((module, function), facts) in entries {
        let function = &project.module(*module)[*function];
        let routes = function
            .class
            .and_then(|class| routes.get(&(*module, class))?.as_ref());
        if let Some(routes) = routes {
            facts.variables = variables_of(routes.iter().map(String::as_str));
        }
        bound_by_prefixes(function, prefixes, facts);
        let Some(routes) = routes else {
            continue;
        };
        for (number, param) in function.params.iter().enumerate().skip(1) {
            let Some(filled) = facts.parameters.get_mut(number) else {
                continue;
            };
            let Some(Filled::Source(source, None)) = *filled else {
                continue;
            };
            let optional = param.default.is_some();
            *filled = match of_parameter(routes, param.name.as_str(), number - 1, optional) {
                Passed::Any => continue,
                Passed::Never => None,
                Passed::Of(Alphabet::NONE) => Some(Filled::Atom(Atom::Scalar)),
                Passed::Of(alphabet) => Some(Filled::Source(source, Some(alphabet))),
            };
        }
    }
}

/// What the routes above those of a function pass under a name that its own do not have.
fn bound_by_prefixes(function: &Function, prefixes: &Variables, facts: &mut EntryFacts) {
    for (param, filled) in function.params.iter().zip(&mut facts.parameters) {
        let Some(Filled::Source(source, None)) = *filled else {
            continue;
        };
        if facts.variables.iter().any(|(own, _)| *own == param.name) {
            continue;
        }
        match bound_of(prefixes, param.name) {
            Some(Alphabet::NONE) => *filled = Some(Filled::Atom(Atom::Scalar)),
            Some(alphabet) => *filled = Some(Filled::Source(source, Some(alphabet))),
            None => {}
        }
    }
}

/// What all routes to a class pass as an argument.
enum Passed {
    /// One of them may pass anything, or is not seen to pass what must be passed.
    Any,
    /// These characters.
    Of(Alphabet),
    /// None of them passes it: whatever else calls the method does, or its default holds.
    Never,
}

/// What all routes to a class pass as an argument of its methods.
fn of_parameter(routes: &[String], name: &str, position: usize, optional: bool) -> Passed {
    let mut all: Option<Alphabet> = None;
    for route in routes {
        let named = route_variables(route);
        let passed = match named.iter().find(|(known, _)| known == name) {
            Some((_, alphabet)) => Some(*alphabet),
            None if named.is_empty() => groups(route).into_iter().nth(position),
            None => None,
        };
        match passed {
            // Where one route passes anything, nothing is said.
            Some(Some(alphabet)) => {
                all = Some(all.map_or(alphabet, |all| all.union(alphabet)));
            }
            None if optional => {}
            _ => return Passed::Any,
        }
    }
    all.map_or(Passed::Never, Passed::Of)
}

/// The characters that the groups without a name can hold, in the order in which they open; `None` for any.
fn groups(route: &str) -> Vec<Option<Alphabet>> {
    let mut found: Vec<Option<Alphabet>> = Vec::new();
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    let mut in_class = false;
    let mut escaped = false;
    for (at, character) in route.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match character {
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let number = (!route[at + 1..].starts_with('?')).then_some(found.len());
                if number.is_some() {
                    found.push(None);
                }
                open.push((at + 1, number));
            }
            ')' if !in_class => {
                if let Some((start, Some(number))) = open.pop() {
                    found[number] = of_group(&route[start..at]);
                }
            }
            _ => {}
        }
    }
    found
}

/// The characters of what a part of a regular expression matches.
fn of_group(pattern: &str) -> Option<Alphabet> {
    let pattern = hognose_regex::Pattern::parse(pattern, hognose_regex::Flags::NONE).ok()?;
    let alphabet = pattern.alphabet(hognose_regex::Mode::FullMatch).ok()?;
    Some(Alphabet::from(alphabet))
}

/// The variables of a route pattern with the characters they can hold; `None` for any, no character where they hold no text.
pub(crate) fn route_variables(route: &str) -> Vec<(String, Option<Alphabet>)> {
    let mut found = Vec::new();
    let segment = Alphabet::ALL.without("/");
    let of_converter = |converter: &str| match converter {
        "int" => Some(Alphabet::of("0123456789")),
        // No text, and no size either.
        "float" | "number" | "uuid" => Some(Alphabet::NONE),
        "path" | "any" => None,
        "slug" => Alphabet::class("[A-Za-z0-9_-]"),
        _ => Some(segment),
    };
    // `(?P<name>pattern)`.
    let mut rest = route;
    while let Some(at) = rest.find("(?P<") {
        let inner = &rest[at + 4..];
        let Some(end) = inner.find('>') else { break };
        let name = &inner[..end];
        let pattern = &inner[end + 1..];
        let mut depth = 1;
        let mut close = pattern.len();
        for (position, character) in pattern.char_indices() {
            match character {
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        close = position;
                        break;
                    }
                }
                _ => {}
            }
        }
        let alphabet = of_group(&pattern[..close]);
        found.push((name.to_owned(), alphabet));
        rest = &pattern[close..];
    }
    // `<converter:name>`, `<name>`.
    let plain = route.replace("(?P<", "(?P");
    let mut rest = plain.as_str();
    while let Some(at) = rest.find('<') {
        let inner = &rest[at + 1..];
        let Some(end) = inner.find('>') else { break };
        let variable = &inner[..end];
        let (converter, name) = match variable.split_once(':') {
            Some((converter, name)) => (converter.split('(').next().unwrap_or(converter), name),
            None => ("string", variable),
        };
        // Sanic writes it the other way round.
        if matches!(
            name,
            "int" | "str" | "path" | "uuid" | "float" | "slug" | "alpha"
        ) {
            found.push((converter.to_owned(), of_converter(name)));
        } else if !found.iter().any(|(known, _)| known == name) {
            found.push((name.to_owned(), of_converter(converter)));
        }
        rest = &inner[end..];
    }
    // `{name}`, `{name:converter}`.
    let mut rest = route;
    while let Some(at) = rest.find('{') {
        let inner = &rest[at + 1..];
        let Some(end) = inner.find('}') else { break };
        let variable = &inner[..end];
        let (name, converter) = variable.split_once(':').unwrap_or((variable, "string"));
        let name = name.trim_start_matches('*');
        if name.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !name.is_empty()
            && !name.chars().all(|c| c.is_ascii_digit())
        {
            found.push((name.to_owned(), of_converter(converter)));
        }
        rest = &inner[end..];
    }
    found
}

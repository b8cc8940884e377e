//! Functions that a framework calls: by decorator, by base class and name, or passed to a call with a route.

use hognose_python::ir::*;
use hognose_python::{ClassRef, Constant, Evaluator, ModuleId, Project, Value as Evaluated};
use rustc_hash::FxHashMap;

use super::parameters::fill;
use super::{MAX_PROVIDERS, Survey, method};
use crate::facts::{EntryFacts, Filled};
use crate::model::{Argument, Asks, Entry, Filled as Fill, Models, Registered, When};
use crate::routes::{add_route, join_variables, variables_of};
use crate::value::{Atom, Symbol};

/// Parts a route pattern is put together of by `+`; nobody writes more.
const MAX_ROUTE_PARTS: usize = 16;

pub(super) fn functions(
    project: &Project,
    models: &Models,
    values: &mut Evaluator<'_>,
    id: ModuleId,
    survey: &mut Survey,
) {
    let module = project.module(id);
    for number in 0..module.functions.len() {
        let function = FunctionId(u32::try_from(number).unwrap_or(u32::MAX));
        let data = &module[function];
        for decorator in &data.decorators {
            let (callee, args) = match module[*decorator] {
                Expr::Call { func, args } => (func, Some(args)),
                _ => (*decorator, None),
            };
            let Some(path) = values.dotted(id, callee) else {
                continue;
            };
            for entry in entries_of(models, path) {
                let fits = entry
                    .registered
                    .iter()
                    .any(|registered| matches!(registered, Registered::Decorator(known) if *known == path));
                if fits && says(values, id, args, &entry.conditions) {
                    let route = route_of(values, id, entry, args, module);
                    let facts = fill(
                        project,
                        models,
                        values,
                        entry,
                        id,
                        function,
                        route.as_deref(),
                    );
                    add_entry(models, values, survey, entry, (id, function), facts, 0);
                }
            }
        }
        let name_of = data.name.as_str();
        if let Some(class) = data.class {
            let order = values.mro(id, class);
            for entry in &models.entries {
                let is_called = entry.registered.iter().any(|registered| match registered {
                    Registered::Method(base, names) => names
                        .iter()
                        .any(|name| named(name, name_of))
                        && order.iter().any(|ancestor| {
                            matches!(ancestor, ClassRef::External(path) if crate::model::fits(base.as_str(), path.as_str()))
                        }),
                    _ => false,
                });
                if is_called {
                    let facts = fill(project, models, values, entry, id, function, None);
                    add_entry(models, values, survey, entry, (id, function), facts, 0);
                }
            }
        }
        for entry in models.by_name.iter().map(|number| &models.entries[*number]) {
            let fits = entry.registered.iter().any(|registered| match registered {
                Registered::Named(names, imports) => {
                    names.iter().any(|name| named(name, name_of))
                        && (imports.is_empty()
                            || module.imports.iter().any(|(imported, _)| {
                                imports.iter().any(|known| {
                                    let (known, imported) = (known.as_str(), imported.as_str());
                                    imported == known
                                        || imported
                                            .strip_prefix(known)
                                            .is_some_and(|rest| rest.starts_with('.'))
                                })
                            }))
                }
                _ => false,
            });
            if fits {
                let facts = fill(project, models, values, entry, id, function, None);
                add_entry(models, values, survey, entry, (id, function), facts, 0);
            }
        }
    }
}

/// Remembers a function that a framework calls, whose results it passes to it, and what the classes are made of that it does.
fn add_entry(
    models: &Models,
    values: &mut Evaluator<'_>,
    survey: &mut Survey,
    entry: &Entry,
    (at, function): (ModuleId, FunctionId),
    facts: EntryFacts,
    depth: u32,
) {
    let project = values.project();
    let scope = project.module(at)[function].scope;
    for filled in facts.parameters.iter().flatten() {
        let callee = match filled {
            Filled::Given(Atom::Function(home, callee)) => Some((*home, *callee)),
            Filled::Given(Atom::Class(home, class)) => {
                method(project, values, *home, *class, Symbol::from("__init__"))
            }
            _ => None,
        };
        let Some((home, callee)) = callee else {
            continue;
        };
        survey
            .given
            .push(((at, scope), (home, project.module(home)[callee].scope)));
        if matches!(filled, Filled::Given(Atom::Class(..))) && depth < MAX_PROVIDERS {
            let made = fill(project, models, values, entry, home, callee, None);
            add_entry(
                models,
                values,
                survey,
                entry,
                (home, callee),
                made,
                depth + 1,
            );
        }
    }
    survey.entries.push(((at, function), facts));
}

/// Entries that a path leads to.
pub(super) fn entries_of(models: &Models, path: Symbol) -> impl Iterator<Item = &Entry> {
    let numbers = models.by_path.get(&path).map_or(&[][..], Vec::as_slice);
    numbers.iter().map(|number| &models.entries[*number])
}

/// Whether a name fits a pattern that may end in `*`.
pub(super) fn named(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(front) => name.starts_with(front),
        None => pattern == name,
    }
}

/// Functions passed to a call that registers them.
pub(super) fn registered(
    project: &Project,
    models: &Models,
    values: &mut Evaluator<'_>,
    id: ModuleId,
    path: Symbol,
    args: List,
    survey: &mut Survey,
) {
    let module = project.module(id);
    for entry in entries_of(models, path) {
        for registered in &entry.registered {
            let Registered::Passed(known, argument) = registered else {
                continue;
            };
            if *known != path {
                continue;
            }
            let Some(given) = argument_of(module, args, argument) else {
                continue;
            };
            if !says(values, id, Some(args), &entry.conditions) {
                continue;
            }
            let route = route_of(values, id, entry, Some(args), module);
            routed(values, id, given, route.as_ref(), survey);
            if is_included(values, id, given) {
                let variables = variables_of(route.as_deref());
                join_variables(&mut survey.prefixes, variables);
            }
            for value in values.eval(id, given) {
                let function = match value {
                    Evaluated::Function(at, function) => Some((at, function)),
                    // A class that is made of what the request says.
                    Evaluated::Class(at, class) if matches!(entry.filled, Fill::Typed(_)) => {
                        method(project, values, at, class, Symbol::from("__init__"))
                    }
                    _ => None,
                };
                if let Some((at, function)) = function {
                    let facts = fill(
                        project,
                        models,
                        values,
                        entry,
                        at,
                        function,
                        route.as_deref(),
                    );
                    add_entry(models, values, survey, entry, (at, function), facts, 0);
                }
            }
        }
    }
}

/// Whether an expression is a class of the project: `isinstance(x, (Book, Order))` is no route.
pub(super) fn is_class(values: &mut Evaluator<'_>, id: ModuleId, expr: ExprId) -> bool {
    let module = values.project().module(id);
    matches!(module[expr], Expr::Name { .. } | Expr::Attribute { .. })
        && values
            .eval(id, expr)
            .iter()
            .any(|value| matches!(value, Evaluated::Class(..)))
}

/// Whether what is passed with a route is a call of what lies outside, and neither a view that a class makes nor one that is
/// wrapped: other routes.
fn is_included(values: &mut Evaluator<'_>, id: ModuleId, given: ExprId) -> bool {
    let module = values.project().module(id);
    let Expr::Call { func, args } = module[given] else {
        return false;
    };
    let wraps = |value: &Evaluated| matches!(value, Evaluated::Function(..) | Evaluated::Class(..));
    let of_others = |argument: &Arg| values.eval(id, argument.value).iter().any(wraps);
    let is_view = module.args(args).iter().any(of_others);
    !is_view
        && values
            .dotted(id, func)
            .is_some_and(|path| !path.as_str().ends_with(".as_view"))
}

/// A class that is passed with a route, itself or as the view it makes.
pub(super) fn routed(
    values: &mut Evaluator<'_>,
    id: ModuleId,
    given: ExprId,
    route: Option<&String>,
    survey: &mut Survey,
) {
    let module = values.project().module(id);
    let mut view = given;
    if let Expr::Name { def, .. } = module[view]
        && let DefKind::Value(value) = module[def].kind
    {
        view = value;
    }
    let class = match module[view] {
        Expr::Call { func, .. } => match module[func] {
            Expr::Attribute { value, attr } if attr.as_str() == "as_view" => value,
            _ => return,
        },
        Expr::Name { .. } | Expr::Attribute { .. } => view,
        _ => return,
    };
    for value in values.eval(id, class) {
        let Evaluated::Class(at, class) = value else {
            continue;
        };
        for ancestor in values.mro(at, class).iter() {
            if let ClassRef::Project(at, class) = *ancestor {
                add_route(&mut survey.routes, (at, class), route.cloned());
            }
        }
    }
}

pub(super) fn argument_of(module: &Module, args: List, argument: &Argument) -> Option<ExprId> {
    let args = module.args(args);
    if let Some(name) = argument.name
        && let Some(found) = args
            .iter()
            .find(|given| given.kind == ArgKind::Keyword(name))
    {
        return Some(found.value);
    }
    let at = usize::from(argument.at?);
    args.iter()
        .filter(|given| given.kind == ArgKind::Positional)
        .nth(at)
        .map(|given| given.value)
}

fn route_of(
    values: &mut Evaluator<'_>,
    id: ModuleId,
    entry: &Entry,
    args: Option<List>,
    module: &Module,
) -> Option<String> {
    let expr = argument_of(module, args?, entry.route.as_ref()?)?;
    route_text(values, id, expr)
}

/// A route pattern. A part of it that is not known stands for nothing: it is a path that a setting puts in front.
pub(super) fn route_text(values: &mut Evaluator<'_>, id: ModuleId, expr: ExprId) -> Option<String> {
    if let Some(constant) = values.constant(id, expr) {
        return match constant {
            Constant::Str(text) => Some(text),
            _ => None,
        };
    }
    let module = values.project().module(id);
    let mut parts: Vec<ExprId> = Vec::new();
    let mut rest = expr;
    while let Expr::Binary {
        op: Operator::Add,
        left,
        right,
    } = module[rest]
        && parts.len() < MAX_ROUTE_PARTS
    {
        parts.push(right);
        rest = left;
    }
    match module[rest] {
        Expr::FString(list) => parts.extend(module.list(list).iter().rev()),
        _ => parts.push(rest),
    }
    let mut text = String::new();
    let mut known = false;
    for part in parts.into_iter().rev() {
        // `"%s/books/(.*)" % prefix`
        let (part, filled) = match module[part] {
            Expr::Formatted { value, .. } => (value, false),
            Expr::Binary {
                op: Operator::Mod,
                left,
                ..
            } => (left, true),
            _ => (part, false),
        };
        if let Some(Constant::Str(part)) = values.constant(id, part) {
            known = true;
            if filled {
                text.push_str(&part.replace("%s", ""));
            } else {
                text.push_str(&part);
            }
        }
    }
    known.then_some(text)
}

/// Whether the call that registers an entry is known to say what is asked of it.
pub(super) fn says(
    values: &mut Evaluator<'_>,
    id: ModuleId,
    args: Option<List>,
    conditions: &[When],
) -> bool {
    let module = values.project().module(id);
    conditions.iter().all(|when| {
        let given = args.and_then(|args| argument_of(module, args, &when.argument));
        let Some(given) = given else {
            return matches!(when.asks, Asks::Missing(true));
        };
        match &when.asks {
            Asks::Missing(missing) => !missing,
            Asks::Path(paths) => values
                .dotted(id, given)
                .is_some_and(|path| paths.contains(&path)),
            Asks::Contains(test) => match values.constant(id, given) {
                Some(Constant::Str(text)) => (test.0)(&text),
                _ => false,
            },
            // Of a decorator nothing else is asked.
            _ => false,
        }
    })
}

/// A function may be registered several times: what any of them says is possible.
pub(crate) fn merge_entry(
    all: &mut FxHashMap<(ModuleId, FunctionId), EntryFacts>,
    function: (ModuleId, FunctionId),
    entry: EntryFacts,
) {
    let known = all.entry(function).or_default();
    for sink in entry.returns {
        if !known.returns.iter().any(|other| other.rule == sink.rule) {
            known.returns.push(sink);
        }
    }
    // What a route says of its variables it knows better than a decorator that says there may be some.
    if known.routed != entry.routed {
        if entry.routed {
            known.parameters = entry.parameters;
            known.variables = entry.variables;
            known.routed = true;
        }
        return;
    }
    join_variables(&mut known.variables, entry.variables);
    if known.parameters.len() < entry.parameters.len() {
        known.parameters.resize(entry.parameters.len(), None);
    }
    for (known, new) in known.parameters.iter_mut().zip(entry.parameters) {
        match (&known, &new) {
            (None, _) => *known = new,
            (Some(Filled::Source(_, Some(a))), Some(Filled::Source(source, b))) => {
                let both = b.map(|b| a.union(b));
                *known = Some(Filled::Source(*source, both));
            }
            _ => {}
        }
    }
}

//! What a module is made of, before its bodies are walked: who calls whom, functions that a framework calls, records, enumerations.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_python::{ClassRef, Constant, Evaluator, ModuleId, Project, Value as Evaluated};
use hognose_regex::{Flags, Mode, Pattern};
use rustc_hash::FxHashMap;

use crate::facts::{EntryFacts, Fact, Filled, OfClass};
use crate::model::{
    Argument, Asks, Entry, Filled as Fill, Filling, Models, ParameterPick, Registered, Trust,
    Typed, When,
};
use crate::routes::{
    ClassRoutes, Variables, add_route, join_variables, route_variables, variables_of,
};
use crate::shape::Alphabet;
use crate::summary::Unit;
use crate::value::{Atom, Symbol};

/// Why a scope may be a part of a flow.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Matter {
    /// It meets a source of a kind.
    Source(u8),
    /// It calls a sink that parameters of public functions count for.
    Sink,
}

/// What a scope reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Read {
    /// It is known whose.
    Of(Fact),
    /// An attribute or a variable of that name, whosever it is.
    Named(Symbol),
}

/// What a module is made of; see the module.
#[derive(Debug, Default)]
pub struct Survey {
    /// Calls of project functions: from a scope, of a body.
    pub(crate) calls: Vec<(ScopeId, Unit)>,
    /// Scopes that meet a source, or a sink that parameters of public functions count for.
    pub(crate) matter: Vec<(ScopeId, Matter)>,
    /// What is read in a scope of what other bodies store.
    pub(crate) reads: Vec<(ScopeId, Read)>,
    /// Functions whose results a framework passes to a body.
    pub(crate) given: Vec<(Unit, Unit)>,
    /// Functions that a framework calls.
    pub(crate) entries: Vec<((ModuleId, FunctionId), EntryFacts)>,
    /// Classes with methods that a framework calls, by the routes to them.
    pub(crate) routes: ClassRoutes,
    /// What routes pass to whatever is included behind them.
    pub(crate) prefixes: Variables,
    /// Fields of records.
    pub(crate) records: Vec<((ModuleId, ClassId), Vec<Symbol>)>,
    /// Enumerations.
    pub(crate) enums: Vec<(ModuleId, ClassId)>,
    /// All calls.
    pub(crate) calls_met: usize,
    /// Those of which no callee is known.
    pub(crate) unresolved: usize,
    /// Methods that override one of a class above, or may stand for it there.
    pub(crate) overrides: Vec<(OfClass, (ModuleId, FunctionId))>,
    /// Attributes that are set so that values in pages are escaped.
    pub(crate) escaping: Vec<Symbol>,
}

/// Decorators that make a class a record.
const RECORDS: &[&str] = &[
    "dataclasses.dataclass",
    "attr.s",
    "attr.attrs",
    "attr.define",
    "attr.frozen",
    "attrs.define",
    "attrs.frozen",
    "attrs.mutable",
    "pydantic.dataclasses.dataclass",
];

/// Classes whose subclasses are records.
const RECORD_BASES: &[&str] = &[
    "typing.NamedTuple",
    "pydantic.BaseModel",
    "pydantic.main.BaseModel",
    "sqlmodel.SQLModel",
    "msgspec.Struct",
    "typing.TypedDict",
];

/// Functions of the project of which the user's own models speak, with the access paths they have there.
fn described(project: &Project, models: &Models) -> FxHashMap<(ModuleId, FunctionId), Symbol> {
    let mut found = FxHashMap::default();
    if models.own.is_empty() {
        return found;
    }
    for (id, module) in project.iter() {
        for (number, function) in module.functions.iter().enumerate() {
            let Some(around) = path_around(module, function.parent) else {
                continue;
            };
            let of_objects = format!("{around}().{}", function.name);
            let plain = format!("{around}.{}", function.name);
            for path in [of_objects, plain] {
                let path = Symbol::from(path);
                if models.own.contains(&path) {
                    let function = FunctionId(u32::try_from(number).unwrap_or(u32::MAX));
                    found.insert((id, function), path);
                }
            }
        }
    }
    found
}

/// The dotted name of a module or class by its scope; none inside of functions.
fn path_around(module: &Module, mut scope: ScopeId) -> Option<String> {
    let mut names = Vec::new();
    while let Some(around) = module[scope].parent {
        let ScopeKind::Class(class) = module[scope].kind else {
            return None;
        };
        names.push(module[class].name.as_str());
        scope = around;
    }
    names.push(module.name.as_str());
    names.reverse();
    Some(names.join("."))
}

/// Looks over modules before data is followed through them.
pub struct Surveyor<'p> {
    pub(crate) project: &'p Project,
    pub(crate) models: &'p Models,
    pub(crate) described: FxHashMap<(ModuleId, FunctionId), Symbol>,
}

impl<'p> Surveyor<'p> {
    /// Of a project, with what models say.
    pub fn new(project: &'p Project, models: &'p Models) -> Self {
        Self {
            project,
            models,
            described: described(project, models),
        }
    }

    /// What a module is made of. It costs little with an evaluator that was just asked about this module, by rules for one.
    pub fn survey(&self, values: &mut Evaluator<'p>, id: ModuleId) -> Survey {
        survey(self.project, self.models, &self.described, values, id)
    }
}

fn survey(
    project: &Project,
    models: &Models,
    described: &FxHashMap<(ModuleId, FunctionId), Symbol>,
    values: &mut Evaluator<'_>,
    id: ModuleId,
) -> Survey {
    let module = project.module(id);
    let mut survey = Survey::default();
    if module.kind == hognose_python::SourceKind::Stub {
        return survey;
    }
    escaping(models, values, id, &mut survey);
    let scopes = Scopes::new(module);
    for (expr, node) in module.exprs() {
        match *node {
            Expr::Call { func, args } => {
                let range = module.expr_range(expr);
                let scope = scopes.around(range.start().to_u32());
                let callees = values.eval(id, func);
                survey.calls_met += 1;
                survey.unresolved +=
                    usize::from(callees.iter().all(|value| {
                        matches!(value, Evaluated::Unknown(_) | Evaluated::Param(..))
                    }));
                for value in callees {
                    match value {
                        Evaluated::Function(at, function) => {
                            survey
                                .calls
                                .push((scope, (at, project.module(at)[function].scope)));
                            if let Some(path) = described.get(&(at, function)) {
                                matter_of_call(models, values, *path, scope, &mut survey);
                            }
                        }
                        Evaluated::Class(at, class) => {
                            for name in ["__init__", "__new__", "__post_init__"] {
                                if let Some((at, function)) =
                                    method(project, values, at, class, Symbol::from(name))
                                {
                                    survey
                                        .calls
                                        .push((scope, (at, project.module(at)[function].scope)));
                                }
                            }
                        }
                        Evaluated::External(path) => {
                            matter_of_call(models, values, path, scope, &mut survey);
                            registered(project, models, values, id, path, args, &mut survey);
                        }
                        _ => {}
                    }
                }
                if let Expr::Attribute { attr, .. } = module[func]
                    && models.methods.contains_key(&attr)
                {
                    survey.matter.push((scope, Matter::Sink));
                }
                // Functions given to a call may be called by it.
                for argument in module.args(args) {
                    if matches!(
                        module[argument.value],
                        Expr::Name { .. } | Expr::Attribute { .. }
                    ) {
                        for value in values.eval(id, argument.value) {
                            if let Evaluated::Function(at, function) = value {
                                survey
                                    .calls
                                    .push((scope, (at, project.module(at)[function].scope)));
                            }
                        }
                    }
                }
            }
            Expr::Attribute { attr, value } => {
                let scope = scopes.around(module.expr_range(expr).start().to_u32());
                match receiver(module, value) {
                    // An attribute of an object of a class, or of one above it.
                    Some(class) => {
                        for ancestor in values.mro(id, class).iter() {
                            if let ClassRef::Project(at, class) = *ancestor {
                                let read = Read::Of(Fact::Attribute((at, class, attr)));
                                survey.reads.push((scope, read));
                            }
                        }
                    }
                    None => survey.reads.push((scope, Read::Named(attr))),
                }
                if models.source_names.contains(&attr) {
                    for value in values.eval(id, expr) {
                        if let Evaluated::External(path) = value
                            && let Some(Trust::Source(source)) = models.trust_of(path)
                        {
                            let kind = models.sources[source as usize].kind;
                            survey.matter.push((scope, Matter::Source(kind)));
                        }
                    }
                }
                // A property runs its function.
                if matches!(module[value], Expr::Name { .. } | Expr::Call { .. }) {
                    for object in values.eval(id, value) {
                        if let Evaluated::Instance(at, class) = object
                            && let Some((at, function)) = method(project, values, at, class, attr)
                        {
                            survey
                                .calls
                                .push((scope, (at, project.module(at)[function].scope)));
                        }
                    }
                }
            }
            // `(r"/books/([0-9]+)", BookHandler)`.
            Expr::Tuple(list) => {
                if let [route, class, ..] = *module.list(list)
                    && matches!(module[class], Expr::Name { .. } | Expr::Attribute { .. })
                    && !is_class(values, id, route)
                {
                    let route = route_text(values, id, route);
                    routed(values, id, class, route.as_ref(), &mut survey);
                }
            }
            Expr::Enter { of, is_async } => {
                let scope = scopes.around(module.expr_range(of).start().to_u32());
                let name = Symbol::from(if is_async { "__aenter__" } else { "__enter__" });
                for object in values.eval(id, of) {
                    if let Evaluated::Instance(at, class) = object
                        && let Some((at, function)) = method(project, values, at, class, name)
                    {
                        survey
                            .calls
                            .push((scope, (at, project.module(at)[function].scope)));
                    }
                }
            }
            Expr::Name { def, slot } => {
                if matches!(module[def].kind, DefKind::Entry) {
                    let name = module[module[def].scope].slots[slot.index()].name;
                    let scope = module[def].scope;
                    survey
                        .reads
                        .push((scope, Read::Of(Fact::Variable(id, name))));
                    // Under the name it has where it comes from.
                    if let Some(slot) = module.slot(Module::TOP, name)
                        && let DefKind::ImportFrom { name: of, .. } = module[slot.exit].kind
                    {
                        survey.reads.push((scope, Read::Named(of)));
                    }
                }
            }
            _ => {}
        }
    }
    // Nested functions come before those they stand in: their effects are theirs.
    for function in &module.functions {
        if let ScopeKind::Function(_) = module[function.parent].kind {
            survey.calls.push((function.parent, (id, function.scope)));
        }
    }
    // What a nested function meets it may leave in a variable of the function around it.
    for number in 0..survey.matter.len() {
        let (mut scope, why) = survey.matter[number];
        while let Some(around) = module[scope].parent {
            if let ScopeKind::Function(_) = module[around].kind {
                survey.matter.push((around, why));
            }
            scope = around;
        }
    }
    classes(project, values, id, &mut survey);
    functions(project, models, values, id, &mut survey);
    survey
}

/// Why a call of what models know by a path may be a part of a flow.
fn matter_of_call(
    models: &Models,
    values: &mut Evaluator<'_>,
    path: Symbol,
    scope: ScopeId,
    survey: &mut Survey,
) {
    let result = values.path_of_call(path);
    if let Some(Trust::Source(source)) = models.trust_of(result) {
        let kind = models.sources[source as usize].kind;
        survey.matter.push((scope, Matter::Source(kind)));
    }
    if let Some(kinds) = models.source_objects.get(result.as_str()) {
        for kind in kinds {
            survey.matter.push((scope, Matter::Source(*kind)));
        }
    }
    if models.call(path).is_some_and(|model| {
        let mut sinks = model.sinks.iter();
        sinks.any(|sink| models.rules[usize::from(sink.rule)].library)
    }) {
        survey.matter.push((scope, Matter::Sink));
    }
}

/// The class whose method an expression is the receiver of, as it was given.
fn receiver(module: &Module, expr: ExprId) -> Option<ClassId> {
    let Expr::Name { def, .. } = module[expr] else {
        return None;
    };
    let (DefKind::Param(0), ScopeKind::Function(function)) =
        (module[def].kind, module[module[def].scope].kind)
    else {
        return None;
    };
    let function = &module[function];
    // A static method has no receiver; what other decorators make of it is not asked.
    function.class.filter(|_| function.decorators.is_empty())
}

fn method(
    project: &Project,
    values: &mut Evaluator<'_>,
    at: ModuleId,
    class: ClassId,
    name: Symbol,
) -> Option<(ModuleId, FunctionId)> {
    for ancestor in values.mro(at, class).iter() {
        let ClassRef::Project(at, class) = ancestor else {
            continue;
        };
        let home = project.module(*at);
        if let Some(slot) = home.slot(home[*class].scope, name)
            && slot.bound
        {
            return match home[slot.exit].kind {
                DefKind::Function(function) => Some((*at, function)),
                _ => None,
            };
        }
    }
    None
}

/// Which function a place stands in.
struct Scopes {
    /// By start.
    spans: Vec<Span>,
}

struct Span {
    start: u32,
    end: u32,
    scope: ScopeId,
    /// The number of the function around it.
    around: Option<usize>,
}

impl Scopes {
    fn new(module: &Module) -> Self {
        let mut spans: Vec<Span> = module
            .functions
            .iter()
            .map(|function| Span {
                // Decorators and defaults are evaluated outside.
                start: function.name_range.start().to_u32(),
                end: function.range.end().to_u32(),
                scope: function.scope,
                around: None,
            })
            .collect();
        spans.sort_unstable_by_key(|span| (span.start, span.end));
        for number in 1..spans.len() {
            spans[number].around = Self::innermost(&spans, number - 1, spans[number].start);
        }
        Self { spans }
    }

    /// Of a function and those around it, the first that a place stands in.
    fn innermost(spans: &[Span], from: usize, at: u32) -> Option<usize> {
        let mut number = from;
        while at >= spans[number].end {
            number = spans[number].around?;
        }
        Some(number)
    }

    fn around(&self, at: u32) -> ScopeId {
        let begun = self.spans.partition_point(|span| span.start <= at);
        begun
            .checked_sub(1)
            .and_then(|last| Self::innermost(&self.spans, last, at))
            .map_or(Module::TOP, |number| self.spans[number].scope)
    }
}

fn classes(project: &Project, values: &mut Evaluator<'_>, id: ModuleId, survey: &mut Survey) {
    let module = project.module(id);
    for number in 0..module.classes.len() {
        let class = ClassId(u32::try_from(number).unwrap_or(u32::MAX));
        let data = &module[class];
        let order = values.mro(id, class);
        overrides(project, id, class, &order, survey);
        let mut record = false;
        let mut fields: Vec<Symbol> = Vec::new();
        let mut is_enum = false;
        for ancestor in order.iter() {
            if let ClassRef::External(path) = ancestor {
                record |= RECORD_BASES.contains(&path.as_str());
                is_enum |= matches!(
                    path.as_str(),
                    "enum.Enum"
                        | "enum.IntEnum"
                        | "enum.StrEnum"
                        | "enum.Flag"
                        | "enum.IntFlag"
                        | "django.db.models.TextChoices"
                        | "django.db.models.IntegerChoices"
                );
            }
        }
        if is_enum {
            survey.enums.push((id, class));
            continue;
        }
        for decorator in &data.decorators {
            let callee = match module[*decorator] {
                Expr::Call { func, .. } => func,
                _ => *decorator,
            };
            record |= values
                .dotted(id, callee)
                .is_some_and(|path| RECORDS.contains(&path.as_str()));
        }
        if !record {
            continue;
        }
        for ancestor in order.iter().rev() {
            if let ClassRef::Project(at, class) = ancestor {
                let home = project.module(*at);
                for slot in &home[home[*class].scope].slots {
                    let annotated = slot.defs.iter().any(|def| home[*def].annotation.is_some());
                    if annotated && !fields.contains(&slot.name) {
                        fields.push(slot.name);
                    }
                }
            }
        }
        survey.records.push(((id, class), fields));
    }
}

/// Classes above a class that are told of its methods.
const MAX_ABOVE: usize = 8;

fn overrides(
    project: &Project,
    id: ModuleId,
    class: ClassId,
    order: &[ClassRef],
    survey: &mut Survey,
) {
    let above: Vec<(ModuleId, ClassId)> = order
        .iter()
        .skip(1)
        .filter_map(|ancestor| match ancestor {
            ClassRef::Project(at, class) => Some((*at, *class)),
            ClassRef::External(_) => None,
        })
        .take(MAX_ABOVE)
        .collect();
    if above.is_empty() {
        return;
    }
    let module = project.module(id);
    for slot in &module[module[class].scope].slots {
        if let DefKind::Function(function) = module[slot.exit].kind
            && !slot.name.as_str().starts_with("__")
        {
            survey.overrides.extend(
                above
                    .iter()
                    .map(|(at, class)| ((*at, *class, slot.name), (id, function))),
            );
        }
    }
}

fn functions(
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

/// `app.jinja_options = {"autoescape": True}`: what says for the whole program that values in pages are escaped.
fn escaping(models: &Models, values: &mut Evaluator<'_>, id: ModuleId, survey: &mut Survey) {
    let module = values.project().module(id);
    let last =
        |path: &Symbol, attr: Symbol| path.as_str().rsplit('.').next() == Some(attr.as_str());
    for (_, stmt) in module.stmts() {
        let Stmt::Assign { binds, .. } = *stmt else {
            continue;
        };
        for bind in module.binds(binds) {
            let Target::Attribute { object, attr } = bind.target else {
                continue;
            };
            if !models.escaping.iter().any(|path| last(path, attr))
                || !turns_on_escaping(values, id, bind.value)
            {
                continue;
            }
            for owner in values.eval(id, object) {
                let mut owners: Vec<Symbol> = Vec::new();
                match owner {
                    Evaluated::External(path) => owners.push(path),
                    Evaluated::Instance(at, class) => {
                        for ancestor in values.mro(at, class).iter() {
                            if let ClassRef::External(path) = ancestor {
                                owners.push(values.path_of_call(*path));
                            }
                        }
                    }
                    // Of an object that is not known its attributes tell what it may be.
                    Evaluated::Param(..) | Evaluated::Unknown(_) => {
                        let may_be = |path: &&Symbol| match path.as_str().rsplit('.').nth(1) {
                            Some(around) if !around.ends_with("()") => matches!(
                                module[object],
                                Expr::Attribute { attr, .. } if attr.as_str() == around
                            ),
                            _ => true,
                        };
                        let fitting = models.escaping.iter().filter(|path| last(path, attr));
                        survey.escaping.extend(fitting.filter(may_be).copied());
                    }
                    _ => {}
                }
                for owner in owners {
                    let path = values.path_of_attribute(owner, attr);
                    if models.escaping.contains(&path) {
                        survey.escaping.push(path);
                    }
                }
            }
        }
    }
}

/// `True`, or a dict of options with `"autoescape": True`.
fn turns_on_escaping(values: &mut Evaluator<'_>, id: ModuleId, value: ExprId) -> bool {
    let module = values.project().module(id);
    let Expr::Dict(list) = module[value] else {
        return matches!(values.constant(id, value), Some(Constant::Bool(true)));
    };
    module.dict(list).iter().any(|(key, value)| {
        key.is_some_and(|key| {
            matches!(values.constant(id, key.get()), Some(Constant::Str(key)) if key == "autoescape")
        }) && matches!(values.constant(id, *value), Some(Constant::Bool(true)))
    })
}

/// Classes that are made of a request inside of each other.
const MAX_PROVIDERS: u32 = 4;

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
fn entries_of(models: &Models, path: Symbol) -> impl Iterator<Item = &Entry> {
    let numbers = models.by_path.get(&path).map_or(&[][..], Vec::as_slice);
    numbers.iter().map(|number| &models.entries[*number])
}

/// Whether a name fits a pattern that may end in `*`.
fn named(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(front) => name.starts_with(front),
        None => pattern == name,
    }
}

/// Functions passed to a call that registers them.
fn registered(
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
fn is_class(values: &mut Evaluator<'_>, id: ModuleId, expr: ExprId) -> bool {
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
fn routed(
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

fn argument_of(module: &Module, args: List, argument: &Argument) -> Option<ExprId> {
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

/// Parts a route pattern is put together of by `+`; nobody writes more.
const MAX_ROUTE_PARTS: usize = 16;

/// A route pattern. A part of it that is not known stands for nothing: it is a path that a setting puts in front.
fn route_text(values: &mut Evaluator<'_>, id: ModuleId, expr: ExprId) -> Option<String> {
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
fn says(values: &mut Evaluator<'_>, id: ModuleId, args: Option<List>, conditions: &[When]) -> bool {
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

/// What the parameters of an entry are.
fn fill(
    project: &Project,
    models: &Models,
    values: &mut Evaluator<'_>,
    entry: &Entry,
    at: ModuleId,
    function: FunctionId,
    route: Option<&str>,
) -> EntryFacts {
    let module = project.module(at);
    let data = &module[function];
    let mut parameters: Vec<Option<Filled>> = vec![None; data.params.len()];
    let receiver = usize::from(
        data.class
            .is_some_and(|class| values.receiver(at, function, class).is_some()),
    );
    let variables = route.map(route_variables).unwrap_or_default();
    for (number, param) in data.params.iter().enumerate().skip(receiver) {
        let position = u16::try_from(number - receiver).unwrap_or(u16::MAX);
        let variable = variables
            .iter()
            .find(|(name, _)| name == param.name.as_str());
        if let Some((_, alphabet)) = variable {
            parameters[number] = Some(match alphabet {
                Some(Alphabet::NONE) => Filled::Atom(Atom::Scalar),
                alphabet => match annotated(values, at, param, entry.route_source) {
                    Some(filled) => filled,
                    None => Filled::Source(entry.route_source, *alphabet),
                },
            });
            continue;
        }
        parameters[number] = match &entry.filled {
            Fill::Nothing | Fill::Route => None,
            Fill::Remote(source) => Some(match annotated(values, at, param, *source) {
                Some(filled) => filled,
                None => Filled::Source(*source, None),
            }),
            Fill::Typed(sources) => typed(models, values, at, param, *sources),
            Fill::Listed(list) => {
                let chosen = list.iter().find(|(pick, _)| match pick {
                    ParameterPick::At(at) => *at == position,
                    ParameterPick::Name(name) => *name == param.name,
                    ParameterPick::Annotation(path) => param
                        .annotation
                        .is_some_and(|annotation| values.dotted(at, annotation) == Some(*path)),
                    ParameterPick::Rest => true,
                });
                match chosen {
                    None => None,
                    // An annotation knows better than a convention, and what a framework takes from texts is of no class.
                    Some((ParameterPick::Rest, _) | (_, Filling::Object(..)))
                        if names_a_class(values, at, param) =>
                    {
                        annotated(values, at, param, entry.route_source)
                    }
                    Some((_, Filling::Object(path, named_by))) => {
                        let class = data.class.zip(*named_by);
                        let named = class.and_then(|(class, named_by)| {
                            let owner = Evaluated::Class(at, class);
                            named_class(values, owner, named_by)
                        });
                        Some(Filled::Atom(named.unwrap_or(Atom::External(*path))))
                    }
                    Some((_, Filling::Source(source))) => {
                        let known = annotated(values, at, param, *source);
                        Some(known.unwrap_or(Filled::Source(*source, None)))
                    }
                }
            }
        };
    }
    EntryFacts {
        parameters,
        routed: route.is_some(),
        variables: variables_of(route),
        returns: entry.returns.iter().cloned().map(Arc::new).collect(),
    }
}

/// An instance of the project's class that an attribute of a class names: `form_class = SearchForm`.
fn named_class(values: &mut Evaluator<'_>, owner: Evaluated, attribute: Symbol) -> Option<Atom> {
    match values.attribute(&[owner], attribute).as_slice() {
        [Evaluated::Class(at, class)] => Some(Atom::Instance(*at, *class)),
        _ => None,
    }
}

/// Whether the annotation of a parameter says of which class it is.
fn names_a_class(values: &mut Evaluator<'_>, at: ModuleId, param: &Param) -> bool {
    param.annotation.is_some_and(|annotation| {
        values
            .instance_of(at, annotation)
            .iter()
            .any(|value| match value {
                Evaluated::Instance(..) => true,
                Evaluated::External(path) => {
                    let path = path.as_str();
                    !path.starts_with("typing.") && !path.starts_with("builtins.")
                }
                _ => false,
            })
    })
}

/// A parameter whose annotation says that it holds no text.
fn annotated(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    param: &Param,
    source: u32,
) -> Option<Filled> {
    let annotation = param.annotation?;
    let known = values.instance_of(at, annotation);
    if let [Evaluated::External(path)] = known.as_slice()
        && path.as_str() == "builtins.int()"
    {
        return Some(Filled::Source(source, Some(Alphabet::of("-0123456789"))));
    }
    let scalar = !known.is_empty()
        && known.iter().all(|value| {
            matches!(value, Evaluated::External(path) if matches!(
                path.as_str(),
                "builtins.int()" | "builtins.float()" | "builtins.bool()" | "uuid.UUID()"
                    | "datetime.date()" | "datetime.datetime()" | "decimal.Decimal()"
            ))
        });
    scalar.then_some(Filled::Atom(Atom::Scalar))
}

/// `Query(le=100)`, `Annotated[int, Path(lt=5)]`: a number that the framework lets through up to a bound only.
fn bounded(module: &Module, expr: ExprId) -> bool {
    match module[expr] {
        Expr::Call { args, .. } => module.args(args).iter().any(|given| {
            matches!(given.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "le" | "lt"))
        }),
        Expr::Subscript { index, .. } => match module[index] {
            Expr::Tuple(list) => module.list(list).iter().any(|element| {
                matches!(module[*element], Expr::Call { .. }) && bounded(module, *element)
            }),
            _ => false,
        },
        _ => false,
    }
}

/// `Query(pattern="[a-z]+")`, `Annotated[str, Path(pattern=…)]`: the characters of texts that the framework lets through.
fn letters(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId) -> Option<Alphabet> {
    let (at, expr) = values.written(at, expr);
    let module = values.project().module(at);
    match module[expr] {
        Expr::Call { args, .. } => {
            let pattern = module.args(args).iter().find(|given| {
                matches!(given.kind, ArgKind::Keyword(name) if matches!(name.as_str(), "pattern" | "regex"))
            })?;
            match values.constant(at, pattern.value)? {
                Constant::Str(text) => {
                    let pattern = Pattern::parse(&text, Flags::NONE).ok()?;
                    Alphabet::let_through(&pattern, Mode::Search)
                }
                _ => None,
            }
        }
        Expr::Subscript { index, .. } => match module[index] {
            Expr::Tuple(list) => {
                let mut described = module.list(list).iter().skip(1);
                described.find_map(|element| letters(values, at, *element))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The call by which a default or an annotation names who gives the value, where it stands, and who that is; `None` in the call for
/// the class of the annotation: `Depends(get_store)`, `Annotated[Store, Depends(get_store)]`, `store: Store = Depends()`.
fn provider(
    models: &Models,
    values: &mut Evaluator<'_>,
    at: ModuleId,
    param: &Param,
) -> Option<(ModuleId, Option<ExprId>)> {
    for expr in param.default.into_iter().chain(param.annotation) {
        let (home, written) = values.written(at, expr);
        let module = values.project().module(home);
        let said = match module[written] {
            Expr::Call { .. } => vec![written],
            Expr::Subscript { index, .. } => match module[index] {
                Expr::Tuple(list) => module.list(list).to_vec(),
                _ => continue,
            },
            _ => continue,
        };
        for call in said {
            let Expr::Call { func, args } = module[call] else {
                continue;
            };
            let Some(path) = values.dotted(home, func) else {
                continue;
            };
            let registers = entries_of(models, path).find_map(|entry| {
                entry
                    .registered
                    .iter()
                    .find_map(|registered| match registered {
                        Registered::Passed(known, argument) if *known == path => Some(argument),
                        _ => None,
                    })
            });
            if let Some(argument) = registers {
                return Some((home, argument_of(module, args, argument)));
            }
        }
    }
    None
}

/// A parameter that a framework fills as its annotation says.
fn typed(
    models: &Models,
    values: &mut Evaluator<'_>,
    at: ModuleId,
    param: &Param,
    sources: Typed,
) -> Option<Filled> {
    if let Some(filled) = annotated(values, at, param, sources.text) {
        let module = values.project().module(at);
        let expressions = param.default.into_iter().chain(param.annotation);
        if expressions.into_iter().any(|expr| bounded(module, expr)) {
            return Some(Filled::Atom(Atom::Scalar));
        }
        return Some(filled);
    }
    // A framework that reads a signature has no values for these: a decorator below takes what its function asks for.
    if matches!(param.kind, ParamKind::Star | ParamKind::DoubleStar) {
        return None;
    }
    // What is named to give the value gives it.
    if let Some((home, given)) = provider(models, values, at, param) {
        let callee = match given {
            Some(given) => values.eval(home, given).into_iter().next(),
            None => param
                .annotation
                .and_then(|annotation| values.instance_of(at, annotation).into_iter().next()),
        };
        return match callee? {
            Evaluated::Function(at, function) => Some(Filled::Given(Atom::Function(at, function))),
            Evaluated::Class(at, class) | Evaluated::Instance(at, class) => {
                let init = method(
                    values.project(),
                    values,
                    at,
                    class,
                    Symbol::from("__init__"),
                );
                Some(match init {
                    Some(_) => Filled::Given(Atom::Class(at, class)),
                    None => Filled::Record(sources.model, (at, class)),
                })
            }
            _ => None,
        };
    }
    let mut described = param.default.into_iter().chain(param.annotation);
    let letters = described.find_map(|expr| letters(values, at, expr));
    let Some(annotation) = param.annotation else {
        return Some(Filled::Source(sources.text, letters));
    };
    for value in values.instance_of(at, annotation) {
        match value {
            Evaluated::External(path)
                if matches!(
                    path.as_str(),
                    "builtins.dict()" | "builtins.list()" | "typing.Any()"
                ) =>
            {
                return Some(Filled::Source(sources.structure, None));
            }
            Evaluated::External(path)
                if !matches!(
                    path.as_str(),
                    "builtins.str()"
                        | "builtins.bytes()"
                        | "builtins.dict()"
                        | "builtins.list()"
                        | "typing.Any()"
                ) =>
            {
                // An object of the framework, or of a library: what it is.
                return Some(Filled::Atom(Atom::External(path)));
            }
            Evaluated::Instance(at, class) => {
                for ancestor in values.mro(at, class).iter() {
                    if let ClassRef::External(path) = ancestor
                        && path.as_str() == "enum.Enum"
                    {
                        return Some(Filled::Atom(Atom::Scalar));
                    }
                }
                return Some(Filled::Record(sources.model, (at, class)));
            }
            _ => {}
        }
    }
    Some(Filled::Source(sources.text, letters))
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

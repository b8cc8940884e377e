//! What a module is made of, before its bodies are walked: who calls whom, functions that a framework calls, records, enumerations.

mod classes;
mod entries;
mod parameters;

use hognose_python::ir::*;
use hognose_python::{ClassRef, Evaluator, ModuleId, Project, Value as Evaluated};
use rustc_hash::FxHashMap;

use crate::facts::{EntryFacts, Fact, OfClass};
use crate::model::{Models, Trust};
use crate::routes::{ClassRoutes, Variables};
use crate::summary::Unit;
use crate::value::Symbol;
use classes::escaping;
pub(crate) use entries::merge_entry;
use entries::{is_class, registered, route_text, routed};

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
    classes::classes(project, values, id, &mut survey);
    entries::functions(project, models, values, id, &mut survey);
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

/// Classes that are made of a request inside of each other.
const MAX_PROVIDERS: u32 = 4;

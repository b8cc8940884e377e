//! What a handler does to the world, through the functions of the project that it calls.

use std::sync::LazyLock;

use hognose_python::Value as Evaluated;
use hognose_python::callgraph::{CallGraph, Callee, Confidence};
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::exempt::caller;
use crate::code::{Places, is_within, method};
use crate::guard;
use crate::world::{World, last};

/// Functions followed from one handler. What a handler does stands near it; deep helpers do everything for everybody.
const MAX_FUNCTIONS: usize = 60;

/// Calls inside of each other.
const MAX_DEPTH: u32 = 4;

/// Attributes and calls in a row that are followed to the user.
const MAX_CHAIN: usize = 16;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// A message is sent.
    Mail,
    /// A record is added.
    Create,
    /// A record is added or changed.
    Write,
    /// Files are removed.
    Files,
    /// A process is started.
    Process,
    /// A record that is there is changed or removed.
    Change,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EffectRow {
    does: String,
    kind: Kind,
    within: Vec<String>,
    names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProofRow {
    /// Whoever goes through is logged in afterwards.
    #[serde(default)]
    begins_session: bool,
    /// Whoever goes through has shown a secret that no browser sends by itself.
    #[serde(default)]
    asks_secret: bool,
    within: Vec<String>,
    names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LookupRow {
    within: Vec<String>,
    names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    packages: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    effect: Vec<EffectRow>,
    proof: Vec<ProofRow>,
    lookup: Vec<LookupRow>,
    limits: Limits,
}

const TABLE: &str = include_str!("../../data/effects.toml");

/// The rows by the last name that they ask for.
struct Rows {
    table: Table,
    effects: FxHashMap<String, Vec<usize>>,
    proofs: FxHashMap<String, Vec<usize>>,
    lookups: FxHashMap<String, Vec<usize>>,
}

static ROWS: LazyLock<Rows> = LazyLock::new(|| {
    // The table is part of the program; a test reads it.
    let table: Table = toml::from_str(TABLE).unwrap_or_default();
    let mut rows = Rows {
        table,
        effects: FxHashMap::default(),
        proofs: FxHashMap::default(),
        lookups: FxHashMap::default(),
    };
    let table = &rows.table;
    let effects = table.effect.iter().map(|row| &row.names);
    let proofs = table.proof.iter().map(|row| &row.names);
    let lookups = table.lookup.iter().map(|row| &row.names);
    index(effects, &mut rows.effects);
    index(proofs, &mut rows.proofs);
    index(lookups, &mut rows.lookups);
    rows
});

/// Rows by each of their names.
fn index<'t>(
    rows: impl Iterator<Item = &'t Vec<String>>,
    by_name: &mut FxHashMap<String, Vec<usize>>,
) {
    for (number, names) in rows.enumerate() {
        for name in names {
            by_name.entry(name.clone()).or_default().push(number);
        }
    }
}

/// Whether a module's import brings something that limits how often somebody may try.
pub(super) fn limits(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    ROWS.table
        .limits
        .packages
        .iter()
        .any(|package| package == first)
}

/// One thing that is done.
#[derive(Debug, Clone)]
pub struct Deed {
    pub(super) kind: Kind,
    pub(super) does: &'static str,
    pub at: ModuleId,
    pub range: TextRange,
    /// Calls between the handler and it.
    pub(super) depth: u32,
}

impl Deed {
    /// Whether records or files are not afterwards what they were before.
    pub fn is_change(&self) -> bool {
        !matches!(self.kind, Kind::Mail | Kind::Process)
    }
}

/// All that a handler does.
#[derive(Debug, Clone, Default)]
pub struct Deeds {
    /// What it does, the gravest last.
    pub(super) deeds: Vec<Deed>,
    /// It finds out by itself who calls, or makes somebody known: a login, a registration, a signed message.
    pub(super) knows_caller: bool,
    /// Whoever goes through is logged in afterwards.
    pub(super) begins_session: bool,
    /// Whoever goes through has shown a secret that no browser sends by itself: a password, a signature, a token.
    pub(super) asks_secret: bool,
    /// Something that it calls looks at who asks, or refuses: then it is not known what it asks for.
    pub(super) may_ask: bool,
    /// Where records are looked up, the handler's own first.
    pub(super) lookups: Vec<Place>,
}

/// A place in the code.
pub(super) type Place = (ModuleId, TextRange);

impl Deeds {
    /// The gravest.
    pub fn gravest(&self) -> Option<&Deed> {
        self.deeds.last()
    }
}

/// Handlers that were looked through.
#[derive(Default)]
pub struct Looked {
    calls: Places,
    asking: Asking,
    known: FxHashMap<(ModuleId, FunctionId), Deeds>,
}

impl Looked {
    /// What a function does.
    pub fn of(&mut self, world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Deeds {
        if let Some(known) = self.known.get(&(at, function)) {
            return known.clone();
        }
        let deeds = self.follow(world, at, function);
        self.known.insert((at, function), deeds.clone());
        deeds
    }

    /// Whether methods by which a class may refuse look at who asks.
    pub(super) fn class_asks(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        class: ClassId,
    ) -> bool {
        HOOKS.iter().any(|name| {
            method(world, at, class, name)
                .is_some_and(|(at, function)| self.asking.of(world, at, function))
        })
    }

    fn follow(&mut self, world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Deeds {
        let project = world.machine.project;
        let graph = world.graph();
        let mut found = Deeds::default();
        let mut seen: FxHashSet<(ModuleId, FunctionId)> = FxHashSet::default();
        let mut waiting = vec![(at, function, 0u32)];
        while let Some((at, function, depth)) = waiting.pop() {
            if !seen.insert((at, function)) || seen.len() > MAX_FUNCTIONS {
                continue;
            }
            let module = project.module(at);
            let range = module[function].range;
            // A login of the project's own: it puts somebody into the session.
            for store in &module.item_stores {
                if range.contains_range(store.range) && guard::is_session(world, at, store.object) {
                    found.knows_caller = true;
                }
            }
            found.may_ask |= depth > 0 && self.asking.of(world, at, function);
            let calls = self.calls.within(module, at, range, |module| {
                let calls = module
                    .exprs()
                    .filter(|(_, expr)| matches!(expr, Expr::Call { .. }));
                calls.map(|(id, _)| id).collect()
            });
            for call in calls {
                let Expr::Call { func, args } = module[call] else {
                    continue;
                };
                if module[function].decorators.iter().any(|decorator| {
                    module
                        .expr_range(*decorator)
                        .contains_range(module.expr_range(call))
                }) {
                    continue;
                }
                let place = module.expr_range(call);
                if let Some(kind) = of_sql(world, at, func, args) {
                    let does = if kind == Kind::Create {
                        "adds to the database"
                    } else {
                        "changes the database"
                    };
                    found.deeds.push(Deed {
                        kind,
                        does,
                        at,
                        range: place,
                        depth,
                    });
                }
                let callees = callees(&graph, world, at, call, func);
                // What a library makes known of the user is a record: `request.user.save()`.
                if callees.is_empty()
                    && let Some(path) = of_user(world, at, func)
                {
                    of_library(&path, (at, place), depth, &mut found);
                }
                for callee in callees {
                    match callee {
                        Callee::External(path) => {
                            of_library(path.as_str(), (at, place), depth, &mut found);
                        }
                        Callee::Function(home, inner) if depth < MAX_DEPTH => {
                            waiting.push((home, inner, depth + 1));
                        }
                        _ => {}
                    }
                }
            }
        }
        // The gravest last, and of those the nearest.
        found
            .deeds
            .sort_by_key(|deed| (deed.kind, std::cmp::Reverse(deed.depth)));
        found
    }
}

/// Functions by whether they look at who asks.
#[derive(Default)]
struct Asking {
    marks: Places,
    raised: Places,
    known: FxHashMap<(ModuleId, FunctionId), bool>,
}

impl Asking {
    /// Whether a function looks at who asks, or refuses somebody.
    fn of(&mut self, world: &mut World<'_>, at: ModuleId, function: FunctionId) -> bool {
        if let Some(known) = self.known.get(&(at, function)) {
            return *known;
        }
        let module = world.machine.project.module(at);
        let range = module[function].range;
        let marks = self.marks.within(module, at, range, |module| {
            let marks = module.exprs().filter(|(id, expr)| match **expr {
                Expr::Attribute { attr, .. } => {
                    attr.as_str() == "user" || ASKING.contains(&attr.as_str())
                }
                Expr::Name { .. } => {
                    let text = &module.text.as_str()[module.expr_range(*id)];
                    ASKING.contains(&text)
                }
                _ => false,
            });
            marks.map(|(id, _)| id).collect()
        });
        let mut asks = marks.into_iter().any(|mark| match module[mark] {
            // Records have users too.
            Expr::Attribute { attr, .. } if attr.as_str() == "user" => {
                guard::depends(world, at, mark)
            }
            _ => true,
        });
        if !asks {
            let raised = self.raised.within(module, at, range, |module| {
                let raised = module.stmts().filter_map(|(_, stmt)| match *stmt {
                    Stmt::Raise {
                        exception: Some(value),
                        ..
                    } => Some(value.get()),
                    _ => None,
                });
                raised.collect()
            });
            asks = raised
                .into_iter()
                .any(|value| guard::refusal(world, at, value).is_some());
        }
        self.known.insert((at, function), asks);
        asks
    }
}

/// Methods of views that run before or around what a request asks for.
pub(super) const HOOKS: &[&str] = &[
    "dispatch",
    "initial",
    "setup",
    "initialize_request",
    "get_queryset",
    "get_object",
    "get_permissions",
    "check_permissions",
    "perform_authentication",
    "perform_create",
    "perform_update",
    "perform_destroy",
];

/// Attributes and names by which code finds out who asks or what he may do. Where one is seen nothing is claimed.
const ASKING: &[&str] = &[
    "current_user",
    "get_current_user",
    "is_authenticated",
    "is_anonymous",
    "is_superuser",
    "is_staff",
    "is_admin",
    "has_perm",
    "has_perms",
    "has_permission",
    "has_role",
    "check_permission",
    "check_permissions",
    "check_object_permissions",
    "permission_denied",
    "check_access",
    "authorize",
    "authorization",
    "credentials",
];

/// What a call runs: by the graph, and by what the expression called may be where the graph does not know it.
pub fn callees(
    graph: &CallGraph,
    world: &mut World<'_>,
    at: ModuleId,
    call: ExprId,
    func: ExprId,
) -> Vec<Callee> {
    let targets = graph
        .callees(at, call)
        .map_or(&[][..], |callees| callees.targets);
    let mut found: Vec<Callee> = targets
        .iter()
        .filter(|target| target.confidence > Confidence::Low)
        .map(|target| target.callee)
        .collect();
    if found.is_empty() {
        for value in world.machine.evaluator.eval(at, func) {
            match value {
                Evaluated::External(path) => found.push(Callee::External(path)),
                Evaluated::Function(home, function) => found.push(Callee::Function(home, function)),
                _ => {}
            }
        }
    }
    found
}

/// The access path of a method of the record that Django puts into `request.user`, or of what hangs on it.
fn of_user(world: &mut World<'_>, at: ModuleId, func: ExprId) -> Option<String> {
    let module = world.machine.project.module(at);
    let Expr::Attribute { attr: method, .. } = module[func] else {
        return None;
    };
    let mut object = func;
    for _ in 0..MAX_CHAIN {
        let (Expr::Attribute { value, .. } | Expr::Call { func: value, .. }) = module[object]
        else {
            return None;
        };
        object = module.origin(value);
        if let Expr::Attribute { value, attr } = module[object]
            && attr.as_str() == "user"
            && caller::is_request(world, at, value)
        {
            return Some(format!(
                "django.contrib.auth.models.User().{}",
                method.as_str()
            ));
        }
    }
    None
}

fn of_library(path: &str, (at, range): Place, depth: u32, found: &mut Deeds) {
    let rows = &*ROWS;
    let name = last(path);
    for number in rows.effects.get(name).into_iter().flatten() {
        let row = &rows.table.effect[*number];
        if is_within(path, &row.within) {
            found.deeds.push(Deed {
                kind: row.kind,
                does: &row.does,
                at,
                range,
                depth,
            });
        }
    }
    for number in rows.proofs.get(name).into_iter().flatten() {
        let row = &rows.table.proof[*number];
        if is_within(path, &row.within) {
            found.knows_caller = true;
            found.begins_session |= row.begins_session;
            found.asks_secret |= row.asks_secret;
        }
    }
    for number in rows.lookups.get(name).into_iter().flatten() {
        if is_within(path, &rows.table.lookup[*number].within) {
            found.lookups.push((at, range));
        }
    }
}

/// What a statement of SQL does that is handed to something that executes it.
fn of_sql(world: &mut World<'_>, at: ModuleId, func: ExprId, args: List) -> Option<Kind> {
    let module = world.machine.project.module(at);
    let Expr::Attribute { attr, .. } = module[func] else {
        return None;
    };
    if !matches!(
        attr.as_str(),
        "execute" | "executemany" | "executescript" | "exec_driver_sql" | "fetchval" | "fetchrow"
    ) {
        return None;
    }
    let mut text = module.args(args).first()?.value;
    // `text("delete …")`.
    if let Expr::Call { args, .. } = module[text] {
        text = module.args(args).first()?.value;
    }
    let first = match module[text] {
        Expr::FString(parts) => match module[*module.list(parts).first()?] {
            Expr::Str(text) => module.str(text).to_owned(),
            _ => return None,
        },
        _ => world
            .machine
            .evaluator
            .constant(at, text)?
            .text()?
            .to_owned(),
    };
    let verb: String = first
        .trim_start()
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    match verb.to_ascii_uppercase().as_str() {
        "INSERT" => Some(Kind::Create),
        "UPDATE" | "DELETE" | "REPLACE" | "TRUNCATE" => Some(Kind::Change),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_a_table() {
        let table: Result<Table, _> = toml::from_str(TABLE);
        assert!(table.is_ok(), "{:?}", table.err());
    }
}

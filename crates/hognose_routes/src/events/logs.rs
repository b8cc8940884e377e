//! What writes down, and on which ways through a body that happens.
//!
//! A body is walked backwards: what is written between a place and the end of its function is known from what follows it,
//! whichever way is taken. Ways that differ make it unknown.

use std::rc::Rc;

use hognose_python::Value as Evaluated;
use hognose_python::callgraph::{CallGraph, Callee};
use hognose_python::ir::*;
use rustc_hash::FxHashMap;

use super::data::EVENTS;
use crate::code::children;
use crate::code::{bases_outside, is_within};
use crate::evidence::deeds::callees;
use crate::world::{World, last};

/// Calls inside of each other in which something is written for what happened outside of them. Deep helpers write for
/// reasons of their own.
const MAX_DEPTH: u8 = 3;

/// Blocks inside of each other.
const MAX_BLOCKS: u32 = 40;

/// Expressions looked at for one statement.
const MAX_LOOKED: usize = 600;

/// Statements looked at for one function. What follows a `try` is looked at for each way out of it, so work could
/// multiply where they stand inside of each other; ordinary functions take a few hundred.
pub(super) const MAX_STEPS: u32 = 100_000;

/// Whether something is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Log {
    /// Nowhere that can be seen.
    No,
    /// It cannot be told, or only on some ways.
    Maybe,
    /// On every way.
    Yes,
}

impl Log {
    /// One after the other.
    pub(super) fn then(self, later: Self) -> Self {
        self.max(later)
    }

    /// One or the other.
    pub(super) fn either(self, other: Self) -> Self {
        if self == other { self } else { Self::Maybe }
    }

    /// What was written before it was known what came of it does not tell that.
    pub(super) fn blurred(self) -> Self {
        self.min(Self::Maybe)
    }
}

/// What is written where a way goes on: after the statement, and where an exception ends up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) next: Log,
    pub(super) raised: Log,
}

impl Ends {
    /// The end of a function: nobody who calls it is looked at.
    pub(super) const FUNCTION: Self = Self {
        next: Log::No,
        raised: Log::No,
    };
}

/// What is known of calls and functions.
pub(super) struct Logs {
    pub(super) graph: Rc<CallGraph>,
    /// Functions that listen to signals, by the signal's name.
    pub(super) receivers: FxHashMap<String, Vec<(ModuleId, FunctionId)>>,
    functions: FxHashMap<(ModuleId, FunctionId, u8), Log>,
    calls: FxHashMap<(ModuleId, ExprId, u8), Log>,
    /// Calls around the one at hand.
    depth: u8,
    blocks: u32,
    /// Statements left for the function at hand.
    pub(super) steps: u32,
}

impl Logs {
    pub(super) fn new(world: &mut World<'_>) -> Self {
        Self {
            graph: world.graph(),
            receivers: FxHashMap::default(),
            functions: FxHashMap::default(),
            calls: FxHashMap::default(),
            depth: 0,
            blocks: 0,
            steps: MAX_STEPS,
        }
    }

    /// What a function writes on its ways.
    pub(super) fn function(&mut self, world: &mut World<'_>, at: ModuleId, f: FunctionId) -> Log {
        let key = (at, f, self.depth);
        if let Some(known) = self.functions.get(&key) {
            return *known;
        }
        // A function that calls itself writes what its other ways write.
        self.functions.insert(key, Log::No);
        let body = world.machine.project.module(at)[f].body;
        let blocks = std::mem::take(&mut self.blocks);
        let steps = std::mem::replace(&mut self.steps, MAX_STEPS);
        let log = self.block(world, at, body, Ends::FUNCTION);
        self.blocks = blocks;
        self.steps = steps;
        self.functions.insert(key, log);
        log
    }

    /// What listeners to signals write.
    pub(super) fn signals<'s>(
        &mut self,
        world: &mut World<'_>,
        signals: impl IntoIterator<Item = &'s str>,
    ) -> Log {
        let mut log = Log::No;
        for signal in signals {
            let listening = self.receivers.get(last(signal)).cloned();
            for (at, function) in listening.into_iter().flatten() {
                log = log.then(self.function(world, at, function));
            }
        }
        log
    }

    /// What is written from the beginning of a block on.
    pub(super) fn block(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        block: Block,
        ends: Ends,
    ) -> Log {
        if self.blocks >= MAX_BLOCKS {
            return Log::Maybe;
        }
        self.blocks += 1;
        let mut log = ends.next;
        for stmt in world.machine.project.module(at).block(block).iter().rev() {
            log = self.stmt(world, at, *stmt, Ends { next: log, ..ends });
        }
        self.blocks -= 1;
        log
    }

    /// What is written from a statement on.
    pub(super) fn stmt(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        stmt: StmtId,
        ends: Ends,
    ) -> Log {
        let Some(steps) = self.steps.checked_sub(1) else {
            return Log::Maybe;
        };
        self.steps = steps;
        let module = world.machine.project.module(at);
        let own = self.own(world, at, stmt);
        let later = match module[stmt] {
            Stmt::Return(_) => Log::No,
            Stmt::Raise { .. } => ends.raised,
            Stmt::Expr(value) if aborts(module, value) => ends.raised,
            Stmt::If {
                body,
                orelse,
                outcome,
                ..
            } => match outcome {
                Some(true) => self.block(world, at, body, ends),
                Some(false) => self.block(world, at, orelse, ends),
                None => {
                    let held = self.block(world, at, body, ends);
                    held.either(self.block(world, at, orelse, ends))
                }
            },
            Stmt::For { body, .. } | Stmt::While { body, .. } => {
                let inner = self.block(
                    world,
                    at,
                    body,
                    Ends {
                        next: Log::No,
                        ..ends
                    },
                );
                ends.next.then(inner.blurred())
            }
            Stmt::With { body, .. } => self.block(world, at, body, ends),
            Stmt::Try { body, .. } => {
                let inner = self.inside(world, at, stmt, ends);
                self.block(world, at, body, inner)
            }
            Stmt::Match { cases, .. } => {
                let cases = module.cases(cases).iter();
                let logs: Vec<Log> = cases
                    .map(|case| self.block(world, at, case.body, ends))
                    .collect();
                logs.into_iter().fold(ends.next, Log::either)
            }
            _ => ends.next,
        };
        own.then(later)
    }

    /// Where the ways inside of a `try` go on.
    pub(super) fn inside(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        stmt: StmtId,
        ends: Ends,
    ) -> Ends {
        let module = world.machine.project.module(at);
        let Stmt::Try {
            handlers,
            orelse,
            finalbody,
            ..
        } = module[stmt]
        else {
            return ends;
        };
        let next = self.block(world, at, finalbody, ends);
        let after = Ends { next, ..ends };
        let mut caught: Option<Log> = None;
        let mut all = false;
        for handler in module.handlers(handlers) {
            let log = self.block(world, at, handler.body, after);
            caught = Some(caught.map_or(log, |known| known.either(log)));
            all |= is_broad(module, handler);
        }
        let raised = match caught {
            None => self.block(
                world,
                at,
                finalbody,
                Ends {
                    next: ends.raised,
                    ..ends
                },
            ),
            Some(caught) if all => caught,
            Some(caught) => caught.either(ends.raised),
        };
        Ends {
            next: self.block(world, at, orelse, after),
            raised,
        }
    }

    /// What is written on the ways through a block to its end; `None` where there are none.
    pub(super) fn through(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        block: Block,
    ) -> Option<Log> {
        if self.blocks >= MAX_BLOCKS {
            return Some(Log::Maybe);
        }
        self.blocks += 1;
        let mut log = Some(Log::No);
        for stmt in world.machine.project.module(at).block(block) {
            let Some(before) = log else { break };
            log = self.past(world, at, *stmt).map(|own| before.then(own));
        }
        self.blocks -= 1;
        log
    }

    /// What is written on the ways past a statement; `None` where there are none.
    pub(super) fn past(
        &mut self,
        world: &mut World<'_>,
        at: ModuleId,
        stmt: StmtId,
    ) -> Option<Log> {
        let module = world.machine.project.module(at);
        let own = self.own(world, at, stmt);
        let inner = match module[stmt] {
            Stmt::Return(_) | Stmt::Raise { .. } | Stmt::Break | Stmt::Continue => None,
            Stmt::Expr(value) if aborts(module, value) => None,
            Stmt::If { body, orelse, .. } => {
                let held = self.through(world, at, body);
                let other = self.through(world, at, orelse);
                one_of(held, other)
            }
            Stmt::With { body, .. } => self.through(world, at, body),
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let mut log = self.through(world, at, body);
                if let (Some(before), Some(more)) = (log, self.through(world, at, orelse)) {
                    log = Some(before.then(more));
                }
                for handler in module.handlers(handlers) {
                    let caught = self.through(world, at, handler.body);
                    log = one_of(log, caught);
                }
                let finally = self.through(world, at, finalbody)?;
                log.map(|log| log.then(finally))
            }
            Stmt::For { body, .. } | Stmt::While { body, .. } => {
                let inner = self.through(world, at, body).unwrap_or(Log::No);
                Some(inner.blurred())
            }
            Stmt::Match { cases, .. } => {
                let mut log = Some(Log::No);
                for case in module.cases(cases) {
                    let inner = self.through(world, at, case.body);
                    log = one_of(log, inner);
                }
                log
            }
            _ => Some(Log::No),
        };
        inner.map(|inner| own.then(inner))
    }

    /// What the expressions of a statement write, those of its blocks not counted.
    pub(super) fn own(&mut self, world: &mut World<'_>, at: ModuleId, stmt: StmtId) -> Log {
        let module = world.machine.project.module(at);
        let mut log = Log::No;
        for expr in expressions(module, stmt) {
            for call in calls(module, expr) {
                log = log.then(self.call(world, at, call));
            }
        }
        if let Stmt::Assign { binds, .. } = module[stmt] {
            // `user.failed_logins += 1` keeps something, which may be all that is wanted.
            let keeps = module.binds(binds).iter().any(|bind| {
                matches!(bind.target, Target::Attribute { attr, .. } if EVENTS.is_hint(attr.as_str()))
            });
            if keeps {
                log = log.then(Log::Maybe);
            }
        }
        log
    }

    /// What a call writes.
    pub(super) fn call(&mut self, world: &mut World<'_>, at: ModuleId, call: ExprId) -> Log {
        let key = (at, call, self.depth);
        if let Some(known) = self.calls.get(&key) {
            return *known;
        }
        let log = self.look_at(world, at, call);
        self.calls.insert(key, log);
        log
    }

    fn look_at(&mut self, world: &mut World<'_>, at: ModuleId, call: ExprId) -> Log {
        let module = world.machine.project.module(at);
        let Expr::Call { func, args } = module[call] else {
            return Log::No;
        };
        let name = name_of(module, func);
        let record = record(world, at, func);
        if record == Log::Yes {
            return record;
        }
        let graph = Rc::clone(&self.graph);
        let mut log: Option<Log> = None;
        for callee in callees(&graph, world, at, call, func) {
            let one = match callee {
                Callee::External(path) => self.of_library(world, (at, call), path.as_str(), args),
                Callee::Function(..) if self.depth >= MAX_DEPTH => hint(name),
                Callee::Function(home, function) => {
                    self.depth += 1;
                    let log = self.function(world, home, function);
                    self.depth -= 1;
                    log
                }
                Callee::Class(..) => Log::No,
            };
            log = Some(log.map_or(one, |known| known.either(one)));
        }
        match log {
            Some(log) => log.then(record),
            None if record > Log::No => record,
            None if is_called_logger(module, func) => level(world, at, name, args),
            None => hint(name),
        }
    }

    fn of_library(
        &mut self,
        world: &mut World<'_>,
        (at, call): (ModuleId, ExprId),
        path: &str,
        args: List,
    ) -> Log {
        let name = last(path);
        if EVENTS.is_writer(path) {
            return Log::Yes;
        }
        let mut parts = path.rsplit('.').skip(1);
        let owner = parts.next().unwrap_or_default();
        let made = owner.ends_with("()") && owner.to_lowercase().contains("logger");
        let is_logger = is_within(path, &EVENTS.logger.within)
            || made
            || EVENTS.logger.called.iter().any(|called| called == owner);
        if is_logger {
            return level(world, at, name, args);
        }
        if matches!(name, "send" | "send_robust" | "asend" | "asend_robust") {
            let module = world.machine.project.module(at);
            if let Expr::Call { func, .. } = module[call]
                && let Expr::Attribute { value, .. } = module[func]
            {
                let signal = name_of(module, value);
                return self.signals(world, [signal]);
            }
        }
        hint(name)
    }
}

/// One of two ways, each of which may not be there.
fn one_of(a: Option<Log>, b: Option<Log>) -> Option<Log> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.either(b)),
        (a, b) => a.or(b),
    }
}

fn hint(name: &str) -> Log {
    if EVENTS.is_hint(name) {
        Log::Maybe
    } else {
        Log::No
    }
}

/// What a method of a logger writes: nothing below the level of information.
fn level(world: &mut World<'_>, at: ModuleId, name: &str, args: List) -> Log {
    let is = |names: &[String]| names.iter().any(|known| known == name);
    if is(&EVENTS.logger.methods) {
        return Log::Yes;
    }
    if !is(&EVENTS.logger.levelled) {
        return Log::No;
    }
    let module = world.machine.project.module(at);
    let Some(first) = module.args(args).first() else {
        return Log::Maybe;
    };
    let values = world.machine.evaluator.eval(at, first.value);
    let is_low = values.iter().any(|value| match *value {
        Evaluated::External(path) => matches!(last(path.as_str()), "DEBUG" | "NOTSET" | "TRACE"),
        Evaluated::Expr(home, expr) => match world.machine.project.module(home)[expr] {
            Expr::Int(level) => level < 20,
            Expr::Str(text) => {
                let text = world.machine.project.module(home).str(text);
                text.eq_ignore_ascii_case("debug") || text.eq_ignore_ascii_case("trace")
            }
            _ => false,
        },
        _ => false,
    });
    if is_low { Log::No } else { Log::Yes }
}

/// Whether something is called on what is named as loggers are.
fn is_called_logger(module: &Module, func: ExprId) -> bool {
    let Expr::Attribute { value, .. } = module[func] else {
        return false;
    };
    let name = name_of(module, value);
    EVENTS.logger.called.iter().any(|called| called == name)
}

/// Whether a call makes a record of what happened: `AuditEntry(...)`, `AuditEntry.objects.create(...)`. Other words in
/// the name of what a database keeps may stand for anything: an event may be a concert.
pub(super) fn record(world: &mut World<'_>, at: ModuleId, func: ExprId) -> Log {
    let module = world.machine.project.module(at);
    let mut object = func;
    while let Expr::Attribute { value, attr } = module[object] {
        if !EVENTS
            .record
            .methods
            .iter()
            .any(|name| name == attr.as_str())
        {
            return Log::No;
        }
        object = value;
    }
    let name = name_of(module, object);
    let log = if EVENTS.is_record(name) {
        Log::Yes
    } else {
        hint(name)
    };
    if log == Log::No {
        return log;
    }
    let values = world.machine.evaluator.eval(at, object);
    let is_kept = values.into_iter().any(|value| match value {
        Evaluated::Class(home, class) => bases_outside(world, home, class)
            .iter()
            .any(|path| is_within(path.as_str(), &EVENTS.record.orm)),
        _ => false,
    });
    if is_kept { log } else { Log::No }
}

/// The name of a variable or attribute.
pub(super) fn name_of(module: &Module, expr: ExprId) -> &'static str {
    match module[expr] {
        Expr::Attribute { attr, .. } => attr.as_str(),
        Expr::Name { def, .. } => module[module[def].scope].slots[module[def].slot.index()]
            .name
            .as_str(),
        _ => "",
    }
}

/// Whether a handler takes every exception that is one of the application.
pub(super) fn is_broad(module: &Module, handler: &Handler) -> bool {
    handler
        .types
        .is_none_or(|types| matches!(name_of(module, types.get()), "Exception" | "BaseException"))
}

/// Whether an expression ends the request by an exception, as `abort(401)` does.
pub(super) fn aborts(module: &Module, expr: ExprId) -> bool {
    matches!(module[expr], Expr::Call { func, .. } if name_of(module, func) == "abort")
}

/// The expressions of a statement, those of its blocks not counted.
pub(super) fn expressions(module: &Module, stmt: StmtId) -> Vec<ExprId> {
    match module[stmt] {
        Stmt::Expr(value) | Stmt::Assign { value, .. } => vec![value],
        Stmt::Return(value) => value.map(|value| value.get()).into_iter().collect(),
        Stmt::Raise { exception, .. } => exception.map(|value| value.get()).into_iter().collect(),
        Stmt::If { test, .. } | Stmt::While { test, .. } | Stmt::Assert { test, .. } => vec![test],
        Stmt::For { iter, .. } => vec![iter],
        Stmt::With { context, .. } => vec![context],
        Stmt::Match { subject, .. } => vec![subject],
        _ => Vec::new(),
    }
}

/// The calls in an expression.
pub(super) fn calls(module: &Module, expr: ExprId) -> Vec<ExprId> {
    let mut found = Vec::new();
    let mut waiting = vec![expr];
    let mut left = MAX_LOOKED;
    while let Some(expr) = waiting.pop() {
        left -= 1;
        if left == 0 {
            break;
        }
        if let Expr::Call { .. } = module[expr] {
            found.push(expr);
        }
        children(module, expr, |child| waiting.push(child));
    }
    found
}

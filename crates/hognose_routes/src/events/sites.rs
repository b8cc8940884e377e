//! Where security events happen in a body, and what is written down on the ways that they are on.
//!
//! What succeeds is a call. What fails is a branch: the one that is taken where a question whether somebody is who he says
//! he is, such as `check_password_hash`, is answered with no. A function that answers no because such a question was asks it
//! itself, so the branch may stand in its callers.

mod questions;

use std::rc::Rc;

use hognose_python::callgraph::Callee;
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use self::questions::Answer;
use super::data::EVENTS;
use super::logs::{Ends, Log, Logs, MAX_STEPS, aborts, calls, expressions, name_of};
use super::{Kind, Outcome};
use crate::evidence::deeds::callees;
use crate::guard::{self, Refusal};
use crate::world::{World, last};

/// Calls inside of each other that may ask a question for their caller.
const MAX_DEPTH: u32 = 6;

/// Parts of one condition inside of each other, and definitions behind it.
const MAX_PARTS: u32 = 24;

/// Parts of one condition. Variables may be named often, so work could multiply.
const MAX_LOOKED: u32 = 400;

/// Blocks inside of each other.
const MAX_BLOCKS: u32 = 40;

/// What stands in a function that refuses somebody.
const MARKS: &[&str] = &[
    "401",
    "403",
    "Denied",
    "Forbidden",
    "FORBIDDEN",
    "Unauthorized",
    "UNAUTHORIZED",
    "unauthorized",
    "NotAuthenticated",
    "AuthenticationFailed",
];

/// How a way ends for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// It is answered.
    Answer,
    /// By an exception.
    Raise,
    /// By an answer that means no.
    Falsy,
}

/// One place where something happens.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    pub(super) range: TextRange,
    /// What is written in this function.
    pub(super) log: Log,
    pub(super) exit: Exit,
    /// Sent by the library then.
    pub(super) signals: &'static [String],
    /// The functions whose answer decides that it happens.
    pub(super) via: Vec<(ModuleId, FunctionId)>,
    /// Django writes it down.
    pub(super) of_django: bool,
}

/// A call of a function of the project.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called {
    pub(super) to: (ModuleId, FunctionId),
    /// What the caller writes before and after it.
    pub(super) around: Log,
    /// What the caller writes where it raises.
    pub(super) raised: Log,
}

/// What a body holds.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) sites: Vec<Site>,
    pub(super) calls: Vec<Called>,
    /// It answers no where a question of this kind was answered with no.
    pub(super) asks: Option<Kind>,
    /// It raises then.
    raises: Option<Kind>,
}

/// Bodies that were looked through.
pub(super) struct Bodies {
    pub(super) logs: Logs,
    known: FxHashMap<(ModuleId, FunctionId), Rc<Body>>,
    depth: u32,
}

/// A walk through one body.
struct Walk {
    at: ModuleId,
    /// Nothing is refused here.
    no_denials: bool,
    blocks: u32,
    body: Body,
}

impl Bodies {
    pub(super) fn new(logs: Logs) -> Self {
        Self {
            logs,
            known: FxHashMap::default(),
            depth: 0,
        }
    }

    /// What a function holds.
    pub(super) fn of(&mut self, world: &mut World<'_>, at: ModuleId, f: FunctionId) -> Rc<Body> {
        if let Some(known) = self.known.get(&(at, f)) {
            return Rc::clone(known);
        }
        // A function that calls itself asks what its other ways ask.
        self.known.insert((at, f), Rc::default());
        let module = world.machine.project.module(at);
        let mut walk = Walk {
            at,
            no_denials: !may_refuse(module, f),
            blocks: 0,
            body: Body::default(),
        };
        self.depth += 1;
        let steps = std::mem::replace(&mut self.logs.steps, MAX_STEPS);
        self.block(
            world,
            &mut walk,
            module[f].body,
            Log::No,
            Ends::FUNCTION,
            false,
        );
        for value in &module[f].return_values {
            let mut answer = Answer::default();
            if self.truth(world, at, *value, &mut answer, MAX_PARTS) == Some(false) {
                walk.body.asks = walk.body.asks.or(answer.kind);
            }
        }
        self.logs.steps = steps;
        self.depth -= 1;
        for site in &walk.body.sites {
            if site.outcome == Outcome::Failure {
                match site.exit {
                    Exit::Falsy => walk.body.asks = walk.body.asks.or(Some(site.kind)),
                    Exit::Raise => walk.body.raises = walk.body.raises.or(Some(site.kind)),
                    Exit::Answer => {}
                }
            }
        }
        let body = Rc::new(walk.body);
        self.known.insert((at, f), Rc::clone(&body));
        body
    }

    /// Walks a block. `failed` says that somebody just failed to prove who he is: what refuses him is no event of its own.
    fn block(
        &mut self,
        world: &mut World<'_>,
        walk: &mut Walk,
        block: Block,
        before: Log,
        ends: Ends,
        failed: bool,
    ) {
        if walk.blocks >= MAX_BLOCKS {
            return;
        }
        walk.blocks += 1;
        let (at, mut before, mut failed) = (walk.at, before, failed);
        let statements = world.machine.project.module(at).block(block);
        let mut after = vec![ends.next; statements.len() + 1];
        for (index, stmt) in statements.iter().enumerate().rev() {
            let next = after[index + 1];
            after[index] = self.logs.stmt(world, at, *stmt, Ends { next, ..ends });
        }
        for (index, stmt) in statements.iter().enumerate() {
            let here = Ends {
                next: after[index + 1],
                ..ends
            };
            let around = before.then(after[index]);
            self.deeds(world, walk, *stmt, around, here);
            if !failed && !walk.no_denials {
                self.denial(world, walk, *stmt, around);
            }
            let rest = &statements[index + 1..];
            let mut blurs = false;
            (blurs, failed) = self.inner(world, walk, *stmt, (before, here), (rest, failed), blurs);
            let Some(own) = self.logs.past(world, at, *stmt) else {
                break;
            };
            before = before.then(own);
            if blurs {
                before = before.blurred();
            }
        }
        walk.blocks -= 1;
    }

    /// Walks the blocks of a statement. Whether it tells an outcome, and whether what follows it follows a failure.
    fn inner(
        &mut self,
        world: &mut World<'_>,
        walk: &mut Walk,
        stmt: StmtId,
        (before, here): (Log, Ends),
        (rest, failed): (&[StmtId], bool),
        mut blurs: bool,
    ) -> (bool, bool) {
        let at = walk.at;
        let module = world.machine.project.module(at);
        let mut after_failure = failed;
        match module[stmt] {
            Stmt::If {
                test, body, orelse, ..
            } => {
                let mut inner = before.then(self.logs.own(world, at, stmt));
                let mut answer = Answer::default();
                let truth = self.truth(world, at, test, &mut answer, MAX_PARTS);
                let decided = truth.zip(answer.kind);
                if let Some((truth, kind)) = decided {
                    blurs = true;
                    inner = inner.blurred();
                    let (failing, passing) = if truth {
                        (body, orelse)
                    } else {
                        (orelse, body)
                    };
                    let log = self.logs.block(world, at, failing, here);
                    let told = self.told(world, &answer.via);
                    let exit = exit(module, failing, rest, walk.blocks == 1);
                    walk.body.sites.push(Site {
                        kind,
                        outcome: Outcome::Failure,
                        range: module.expr_range(test),
                        log: inner.then(log).then(told),
                        exit,
                        signals: answer.signals,
                        via: answer.via,
                        of_django: false,
                    });
                    after_failure |= self.logs.through(world, at, passing).is_none();
                }
                let fails = |truth: bool| failed || decided.is_some_and(|(when, _)| when == truth);
                self.block(world, walk, body, inner, here, fails(true));
                self.block(world, walk, orelse, inner, here, fails(false));
            }
            Stmt::For { body, .. } | Stmt::While { body, .. } | Stmt::With { body, .. } => {
                self.block(world, walk, body, before, here, failed);
            }
            Stmt::Match { cases, .. } => {
                for case in module.cases(cases) {
                    self.block(world, walk, case.body, before, here, failed);
                }
            }
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let inside = self.logs.inside(world, at, stmt, here);
                self.block(world, walk, body, before, inside, failed);
                let asked = self.asked_in(world, at, body);
                let next = self.logs.block(world, at, finalbody, here);
                let ends = Ends { next, ..here };
                let fails = asked.is_some() && !handlers.is_empty();
                if let Some(question) = asked.filter(|_| fails) {
                    blurs = true;
                    let told = self.told(world, question.by.as_slice());
                    let exits = module.handlers(handlers);
                    walk.body.sites.push(Site {
                        kind: question.kind,
                        outcome: Outcome::Failure,
                        range: exits[0].range,
                        log: before.blurred().then(inside.raised).then(told),
                        exit: exit(module, exits[0].body, rest, walk.blocks == 1),
                        signals: question.signals,
                        via: question.by.into_iter().collect(),
                        of_django: false,
                    });
                }
                for handler in module.handlers(handlers) {
                    self.block(
                        world,
                        walk,
                        handler.body,
                        before.blurred(),
                        ends,
                        failed || fails,
                    );
                }
                self.block(world, walk, orelse, before, ends, failed);
                self.block(world, walk, finalbody, before, here, failed);
            }
            _ => {}
        }
        (blurs, after_failure)
    }

    /// What functions wrote before they answered no.
    fn told(&mut self, world: &mut World<'_>, via: &[(ModuleId, FunctionId)]) -> Log {
        let mut told: Option<Log> = None;
        for (at, function) in via {
            let body = self.of(world, *at, *function);
            for site in &body.sites {
                if site.outcome == Outcome::Failure && site.exit != Exit::Answer {
                    let signals = site.signals.iter().map(String::as_str);
                    let log = site.log.then(self.logs.signals(world, signals));
                    told = Some(told.map_or(log, |known| known.min(log)));
                }
            }
        }
        told.unwrap_or(Log::No)
    }

    /// What the expressions and stores of a statement do.
    fn deeds(
        &mut self,
        world: &mut World<'_>,
        walk: &mut Walk,
        stmt: StmtId,
        around: Log,
        here: Ends,
    ) {
        let at = walk.at;
        let module = world.machine.project.module(at);
        let graph = Rc::clone(&self.logs.graph);
        let site = |kind, outcome, range, signals| Site {
            kind,
            outcome,
            range,
            log: around,
            exit: Exit::Answer,
            signals,
            via: Vec::new(),
            of_django: false,
        };
        for expr in expressions(module, stmt) {
            for call in calls(module, expr) {
                let Expr::Call { func, args } = module[call] else {
                    continue;
                };
                let range = module.expr_range(call);
                let targets = callees(&graph, world, at, call, func);
                let mut is_known = false;
                for callee in targets {
                    match callee {
                        Callee::External(path) => {
                            if let Some(row) = EVENTS.deed(path.as_str()) {
                                is_known = true;
                                let one = site(row.kind, row.outcome, range, &row.signals[..]);
                                walk.body.sites.push(one);
                            } else if leaves_session(world, at, path.as_str(), args) {
                                walk.body
                                    .sites
                                    .push(site(Kind::Logout, Outcome::Done, range, &[]));
                            }
                        }
                        Callee::Function(home, function) => {
                            is_known = true;
                            walk.body.calls.push(Called {
                                to: (home, function),
                                around,
                                raised: here.raised,
                            });
                        }
                        Callee::Class(..) => is_known = true,
                    }
                }
                if let Expr::Attribute { value, attr } = module[func]
                    && !is_known
                {
                    let on = name_of(module, value);
                    let row = EVENTS.method.iter().find(|row| {
                        row.names.iter().any(|name| name == attr.as_str())
                            && (row.on.is_empty() || row.on.iter().any(|name| name == on))
                    });
                    if let Some(row) = row {
                        walk.body
                            .sites
                            .push(site(row.kind, row.outcome, range, &[]));
                    }
                }
            }
        }
        let Stmt::Assign { binds, .. } = module[stmt] else {
            return;
        };
        for bind in module.binds(binds) {
            match bind.target {
                Target::Attribute { object, attr } if !is_self(module, object) => {
                    let row = EVENTS
                        .store
                        .iter()
                        .find(|row| row.attributes.iter().any(|name| name == attr.as_str()));
                    if let Some(row) = row {
                        walk.body
                            .sites
                            .push(site(row.kind, row.outcome, bind.range, &[]));
                    }
                }
                Target::Item { object, index } => {
                    let Expr::Str(key) = module[index] else {
                        continue;
                    };
                    if EVENTS.is_user_key(module.str(key)) && guard::is_session(world, at, object) {
                        let one = site(Kind::Session, Outcome::Success, bind.range, &[]);
                        walk.body.sites.push(one);
                    }
                }
                _ => {}
            }
        }
    }

    /// A refusal that a statement carries out.
    fn denial(&mut self, world: &mut World<'_>, walk: &mut Walk, stmt: StmtId, around: Log) {
        let at = walk.at;
        let module = world.machine.project.module(at);
        let (value, exit) = match module[stmt] {
            Stmt::Raise {
                exception: Some(value),
                ..
            } => (value.get(), Exit::Raise),
            Stmt::Return(Some(value)) => (value.get(), Exit::Answer),
            Stmt::Expr(value) if aborts(module, value) => (value, Exit::Raise),
            _ => return,
        };
        let refusal = guard::refusal(world, at, value);
        if !matches!(refusal, Some(Refusal::Unauthorized | Refusal::Forbidden)) {
            return;
        }
        let made = match module[value] {
            Expr::Call { func, .. } => func,
            _ => value,
        };
        let path = world.machine.evaluator.dotted(at, made);
        let path = path.map_or("", |path| path.as_str());
        // Files refuse too.
        if last(path) == "PermissionError" {
            return;
        }
        walk.body.sites.push(Site {
            kind: Kind::Denial,
            outcome: Outcome::Refused,
            range: module.stmt_range(stmt),
            log: around,
            exit,
            signals: &[],
            via: Vec::new(),
            of_django: path.starts_with("django.") || path.starts_with("rest_framework."),
        });
    }
}

/// Whether a function holds anything by which requests are refused.
pub(super) fn may_refuse(module: &Module, function: FunctionId) -> bool {
    let text = &module.text.as_str()[module[function].range];
    MARKS.iter().any(|mark| text.contains(mark))
}

/// How the way through a block ends. `rest` follows it, and nothing else where it stands at the top of its function.
fn exit(module: &Module, block: Block, rest: &[StmtId], at_top: bool) -> Exit {
    let last = module.block(block).last();
    let ends = last.filter(|stmt| match module[**stmt] {
        Stmt::Return(_) | Stmt::Raise { .. } => true,
        Stmt::Expr(value) => aborts(module, value),
        _ => false,
    });
    match ends.or(rest.last()).map(|stmt| module[*stmt]) {
        Some(Stmt::Return(None)) => Exit::Falsy,
        Some(Stmt::Return(Some(value))) => match module[value.get()] {
            Expr::None | Expr::Bool(false) => Exit::Falsy,
            _ => Exit::Answer,
        },
        Some(Stmt::Raise { .. }) => Exit::Raise,
        Some(Stmt::Expr(value)) if aborts(module, value) => Exit::Raise,
        _ if at_top => Exit::Falsy,
        _ => Exit::Answer,
    }
}

fn is_self(module: &Module, object: ExprId) -> bool {
    matches!(module[object], Expr::Name { def, .. }
        if matches!(module[def].kind, DefKind::Param(0)) && name_of(module, object) == "self")
}

/// Whether a call takes the user out of a session of Flask.
fn leaves_session(world: &World<'_>, at: ModuleId, path: &str, args: List) -> bool {
    let Some(method) = path
        .strip_prefix("flask.session.")
        .or_else(|| path.strip_prefix("quart.session."))
    else {
        return false;
    };
    let module = world.machine.project.module(at);
    method == "clear"
        || method == "pop"
            && module.args(args).first().is_some_and(|first| {
                matches!(module[first.value], Expr::Str(key) if EVENTS.is_user_key(module.str(key)))
            })
}

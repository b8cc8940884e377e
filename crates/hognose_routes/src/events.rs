//! Security events: where they happen, and whether somebody writes them down.
//!
//! An event is known by what is done, a call of a library that tables name ([`data`]), or a branch that is taken where a
//! question such as `check_password_hash` is answered with no ([`sites`]). It is written down where on every way that it is
//! on something is written at the level of information or above ([`logs`]), or where somebody who is called for it does so
//! ([`credit`]). What a helper does is told of the handlers that call it.

mod change;
mod credit;
mod data;
mod findings;
mod kind;
mod logs;
mod sites;

use std::collections::BTreeMap;

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use credit::Credit;
use data::EVENTS;
use logs::{Log, Logs};
use sites::{Bodies, Exit, Site};

use crate::code::{bases_outside, method};
use crate::endpoint::{Endpoint, Level};
use crate::evidence::deeds::Looked;
use crate::world::{Registered, Target, World, last};

pub use change::{Covered, lost};
pub use findings::RULES;
pub(crate) use findings::check;
pub use kind::{Coverage, Event, Kind, Outcome};

/// Functions looked through for one project.
const MAX_FUNCTIONS: usize = 20_000;

/// Calls between a handler and what happens.
const MAX_DEPTH: u32 = 6;

/// Handlers that one place is told of.
const MAX_HANDLERS: usize = 64;

/// An event with the place that decides its verdict.
#[derive(Debug, Clone)]
struct Occurrence {
    log: Log,
    by: &'static str,
    at: ModuleId,
    range: TextRange,
    /// The place where the handler lies in the project.
    file: String,
    line: u32,
}

/// Events by what they are and whose.
type Occurrences = BTreeMap<(Kind, Outcome, String), Occurrence>;

type FunctionRef = (ModuleId, FunctionId);

/// Where events are looked for.
struct Search {
    bodies: Bodies,
    credit: Credit,
    /// Functions at which an event is told: handlers of endpoints.
    handlers: FxHashSet<FunctionRef>,
    /// Who calls a function, with what is written around the call and where it raises.
    callers: FxHashMap<FunctionRef, Vec<(FunctionRef, Log, Log)>>,
    found: Occurrences,
}

/// The security events of what is served, sorted.
pub(crate) fn list(world: &mut World<'_>) -> Vec<Event> {
    let found = occurrences(world, true);
    let mut endpoints: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (endpoint, _) in world.found() {
        let words = format!("{} {}", endpoint.methods.join(","), endpoint.path);
        let of_handler = endpoints.entry(endpoint.handler.clone()).or_default();
        if !of_handler.contains(&words) {
            of_handler.push(words);
        }
    }
    for words in endpoints.values_mut() {
        words.sort();
    }
    found
        .into_iter()
        .map(|((kind, outcome, handler), one)| Event {
            kind,
            outcome,
            file: one.file,
            line: one.line,
            verdict: one.log.into(),
            by: if one.log == Log::No { "" } else { one.by },
            endpoints: endpoints.get(&handler).cloned().unwrap_or_default(),
            handler,
        })
        .collect()
}

/// Looks for the events of a program; for refusals by what no handler calls, anywhere in the project, only where asked for.
fn occurrences(world: &mut World<'_>, with_guards: bool) -> Occurrences {
    let served: Vec<(Endpoint, Registered)> = world
        .found()
        .map(|(endpoint, registered)| (endpoint.clone(), registered.clone()))
        .collect();
    if served.is_empty() {
        return Occurrences::new();
    }
    let mut logs = Logs::new(world);
    let credit = Credit::new(world, &mut logs);
    let mut search = Search {
        bodies: Bodies::new(logs),
        credit,
        handlers: FxHashSet::default(),
        callers: FxHashMap::default(),
        found: Occurrences::new(),
    };
    for (_, registered) in &served {
        search.enter(world, registered);
    }
    let reached = search.reach(world);
    for (at, function) in &reached {
        let body = search.bodies.of(world, *at, *function);
        for site in &body.sites {
            search.site(world, (*at, *function), site);
        }
    }
    if with_guards {
        search.guards(world, &reached);
    }
    for (endpoint, registered) in &served {
        search.views(world, endpoint, registered);
    }
    search.administration(world, &served);
    let guarded: FxHashSet<&str> = served
        .iter()
        // A login that is refused in the handler is no guard of the login.
        .filter(|(endpoint, _)| endpoint.level >= Level::Authenticated && endpoint.layer != "body")
        .map(|(endpoint, _)| endpoint.handler.as_str())
        .collect();
    settle(search.found, &guarded)
}

impl Search {
    /// Enters the functions by which an endpoint is served.
    fn enter(&mut self, world: &mut World<'_>, registered: &Registered) {
        let class = match registered.target {
            Target::Function(at, function) => {
                self.handlers.insert((at, function));
                let class = world.machine.project.module(at)[function].class;
                class.map(|class| (at, class))
            }
            Target::Class(at, class) => Some((at, class)),
            Target::Other(_) => None,
        };
        let Some((at, class)) = class else { return };
        // The framework calls methods of the class as well.
        for one in world.machine.evaluator.mro(at, class).iter() {
            let hognose_python::ClassRef::Project(at, class) = *one else {
                continue;
            };
            let module = world.machine.project.module(at);
            let functions = (0u32..).map(FunctionId).zip(&module.functions);
            self.handlers.extend(
                functions
                    .filter(|(_, function)| function.class == Some(class))
                    .map(|(id, _)| (at, id)),
            );
        }
    }

    /// The functions that handlers run, in a stable order; notes who calls whom.
    fn reach(&mut self, world: &mut World<'_>) -> Vec<FunctionRef> {
        let mut waiting: Vec<(FunctionRef, u32)> =
            self.handlers.iter().map(|one| (*one, 0)).collect();
        waiting.sort_unstable();
        let mut seen: FxHashSet<FunctionRef> = self.handlers.clone();
        let mut next = 0;
        while let Some(&((at, function), depth)) = waiting.get(next) {
            next += 1;
            let body = self.bodies.of(world, at, function);
            for called in &body.calls {
                self.callers.entry(called.to).or_default().push((
                    (at, function),
                    called.around,
                    called.raised,
                ));
                if depth < MAX_DEPTH && seen.len() < MAX_FUNCTIONS && seen.insert(called.to) {
                    waiting.push((called.to, depth + 1));
                }
            }
        }
        let left_out = world.left_out;
        let project = world.machine.project;
        let mut reached: Vec<FunctionRef> = waiting.into_iter().map(|(one, _)| one).collect();
        reached.retain(|(at, _)| !left_out(&project.module(*at).file));
        reached.sort_unstable();
        reached
    }

    /// Tells a site of the handlers that come to it.
    fn site(&mut self, world: &mut World<'_>, home: FunctionRef, site: &Site) {
        let signals = site.signals.iter().map(String::as_str);
        let signalled = self.bodies.logs.signals(world, signals);
        let mut site = site.clone();
        let by = if signalled > site.log {
            "signal"
        } else {
            "code"
        };
        site.log = site.log.then(signalled);
        let place = (home.0, site.range);
        if site.kind == Kind::Denial {
            self.tell(world, home, &site, by, place);
            return;
        }
        let mut seen = FxHashSet::default();
        let mut waiting = vec![(home, site, 0u32)];
        while let Some((function, site, depth)) = waiting.pop() {
            if !seen.insert(function) || seen.len() > MAX_HANDLERS {
                continue;
            }
            let callers = self.callers.get(&function).cloned().unwrap_or_default();
            if self.handlers.contains(&function) || callers.is_empty() || depth >= MAX_DEPTH {
                self.tell(world, function, &site, by, place);
                continue;
            }
            for (caller, around, raised) in callers {
                let body = self.bodies.of(world, caller.0, caller.1);
                let is_failure = site.outcome == Outcome::Failure;
                // The caller looks at the answer: what it makes of it is a site of its own.
                if is_failure
                    && site.exit != Exit::Answer
                    && body.sites.iter().any(|one| one.via.contains(&function))
                {
                    continue;
                }
                let mut lifted = site.clone();
                lifted.log = lifted.log.then(match site.exit {
                    Exit::Raise => raised,
                    _ if is_failure => around.blurred(),
                    _ => around,
                });
                if site.exit == Exit::Falsy && body.asks.is_none() {
                    lifted.exit = Exit::Answer;
                }
                waiting.push((caller, lifted, depth + 1));
            }
        }
    }

    /// Enters an event of a function.
    fn tell(
        &mut self,
        world: &mut World<'_>,
        (at, function): FunctionRef,
        site: &Site,
        by: &'static str,
        place: (ModuleId, TextRange),
    ) {
        let (mut log, mut by) = (site.log, by);
        if log < Log::Yes && site.of_django && self.credit.django {
            (log, by) = (Log::Yes, "django.request");
        }
        if log < Log::Yes {
            let decorated = self.decorators(world, at, function);
            // A decorator does not know what came of it.
            let decorated = match site.outcome {
                Outcome::Success | Outcome::Failure | Outcome::Refused => decorated.blurred(),
                _ => decorated,
            };
            if decorated > log {
                (log, by) = (decorated, "decorator");
            }
        }
        let (handler, file, line) = world.place_of(Target::Function(at, function), None);
        self.add(
            site.kind,
            site.outcome,
            handler,
            (file, line),
            log,
            by,
            place,
        );
    }

    /// What the decorators of a function write.
    fn decorators(&mut self, world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Log {
        let module = world.machine.project.module(at);
        let mut log = Log::No;
        for decorator in &module[function].decorators {
            for inner in made_by(world, at, *decorator) {
                log = log.then(self.bodies.logs.function(world, inner.0, inner.1));
            }
            let func = match module[*decorator] {
                Expr::Call { func, .. } => func,
                _ => *decorator,
            };
            if EVENTS.is_hint(logs::name_of(module, func)) {
                log = log.then(Log::Maybe);
            }
        }
        log
    }

    #[expect(clippy::too_many_arguments, reason = "an event has these parts")]
    fn add(
        &mut self,
        kind: Kind,
        outcome: Outcome,
        handler: String,
        (file, line): (String, u32),
        log: Log,
        by: &'static str,
        (at, range): (ModuleId, TextRange),
    ) {
        let (credited, name) = self.credit.of(kind, outcome, log);
        let (log, by) = if credited > log {
            (credited, name)
        } else {
            (log, by)
        };
        let one = Occurrence {
            log,
            by,
            at,
            range,
            file,
            line,
        };
        // Where it happens in several places, the worst decides.
        self.found
            .entry((kind, outcome, handler))
            .and_modify(|known| {
                if one.log < known.log {
                    *known = one.clone();
                }
            })
            .or_insert(one);
    }

    /// What guards refuse: decorators, hooks, dependencies, which no handler calls.
    fn guards(&mut self, world: &mut World<'_>, reached: &[FunctionRef]) {
        let project = world.machine.project;
        for (at, module) in project.iter() {
            if (world.left_out)(&module.file) {
                continue;
            }
            for function in (0u32..).map(FunctionId).take(module.functions.len()) {
                if reached.binary_search(&(at, function)).is_ok()
                    || !sites::may_refuse(module, function)
                {
                    continue;
                }
                let body = self.bodies.of(world, at, function);
                for site in body.sites.iter().filter(|site| site.kind == Kind::Denial) {
                    self.site(world, (at, function), site);
                }
            }
        }
    }

    /// What happens in class views of libraries.
    fn views(&mut self, world: &mut World<'_>, endpoint: &Endpoint, registered: &Registered) {
        let (class, outside) = match registered.target {
            Target::Function(at, function) => {
                let Some(class) = world.machine.project.module(at)[function].class else {
                    return;
                };
                (Some((at, class)), bases_outside(world, at, class))
            }
            Target::Class(at, class) => (Some((at, class)), bases_outside(world, at, class)),
            Target::Other(_) => {
                let path = endpoint.handler.trim_end_matches(".as_view()");
                (None, vec![hognose_python::Symbol::from(path)])
            }
        };
        for row in &EVENTS.view {
            let is_view = outside.iter().any(|path| {
                last(path.as_str()) == row.class && path.as_str().starts_with(&row.within)
            });
            if !is_view {
                continue;
            }
            let signals = row.signals.iter().map(String::as_str);
            let mut log = self.bodies.logs.signals(world, signals);
            let mut by = "signal";
            let Some((at, range)) = self.view_place(world, class, registered) else {
                continue;
            };
            if let Some((at, class)) = class
                && let Some((at, function)) = method(world, at, class, &row.method)
            {
                let own = self.bodies.logs.function(world, at, function);
                if own > log {
                    (log, by) = (own, "code");
                }
            }
            let place = (endpoint.file.clone(), endpoint.line);
            let handler = endpoint.handler.clone();
            self.add(row.kind, row.outcome, handler, place, log, by, (at, range));
        }
    }

    fn view_place(
        &self,
        world: &World<'_>,
        class: Option<(ModuleId, ClassId)>,
        registered: &Registered,
    ) -> Option<(ModuleId, TextRange)> {
        let project = world.machine.project;
        match class {
            Some((at, class)) => Some((at, project.module(at)[class].name_range)),
            None => registered
                .site
                .map(|(at, expr)| (at, project.module(at).expr_range(expr))),
        }
    }

    /// What those with a permission or role change.
    fn administration(&mut self, world: &mut World<'_>, served: &[(Endpoint, Registered)]) {
        let mut looked = Looked::default();
        for (endpoint, registered) in served {
            let Target::Function(at, function) = registered.target else {
                continue;
            };
            let writes = endpoint.methods.iter().any(|method| {
                matches!(
                    method.as_str(),
                    "POST" | "PUT" | "PATCH" | "DELETE" | "MUTATION"
                )
            });
            if endpoint.level < Level::Permission || !writes {
                continue;
            }
            let deeds = looked.of(world, at, function);
            let Some(deed) = deeds.gravest() else {
                continue;
            };
            if !deed.is_change() {
                continue;
            }
            let mut log = self.bodies.logs.function(world, at, function);
            let mut by = "code";
            let decorated = self.decorators(world, at, function);
            if decorated > log {
                (log, by) = (decorated, "decorator");
            }
            let place = (endpoint.file.clone(), endpoint.line);
            let handler = endpoint.handler.clone();
            let range = (deed.at, deed.range);
            self.add(Kind::Admin, Outcome::Change, handler, place, log, by, range);
        }
    }
}

/// The functions that a decorator of the project makes.
fn made_by(world: &mut World<'_>, at: ModuleId, decorator: ExprId) -> Vec<FunctionRef> {
    let module = world.machine.project.module(at);
    let func = match module[decorator] {
        Expr::Call { func, .. } => func,
        _ => decorator,
    };
    let mut found = Vec::new();
    for value in world.machine.evaluator.eval(at, func) {
        if let Evaluated::Function(home, function) = value {
            let module = world.machine.project.module(home);
            let range = module[function].range;
            let inner = (0u32..).map(FunctionId).zip(&module.functions);
            let innermost = inner.filter(|(id, data)| {
                *id != function
                    && range.contains_range(data.range)
                    && data.name.as_str() != "<lambda>"
                    // What only makes another function is no wrapper.
                    && !module.functions.iter().any(|one| one.parent == data.scope)
            });
            found.extend(innermost.map(|(id, _)| (home, id)));
        }
    }
    found
}

/// Names what happens by what else the same handler does, and by whether it serves those who are logged in.
fn settle(found: Occurrences, guarded: &FxHashSet<&str>) -> Occurrences {
    let has =
        |kind, outcome, handler: &String| found.contains_key(&(kind, outcome, handler.clone()));
    let mut settled = Occurrences::new();
    for ((kind, outcome, handler), one) in &found {
        let logs_in = has(Kind::Login, Outcome::Success, handler);
        let fails = has(Kind::Login, Outcome::Failure, handler);
        let kind = match (*kind, *outcome) {
            // A user in the session, or a token, after a password was asked for.
            (Kind::Session, _) if !fails || logs_in => continue,
            (Kind::Session, _) => Kind::Login,
            (Kind::Token, Outcome::Issue) if fails && !logs_in => {
                if has(Kind::Session, Outcome::Success, handler) {
                    continue;
                }
                let key = (Kind::Login, Outcome::Success, handler.clone());
                settled.insert(key, one.clone());
                continue;
            }
            // An old session is left before a new one begins.
            (Kind::Logout, _) if logs_in || fails => continue,
            // Whoever is logged in is asked for his password again; who logs in may have his hash renewed.
            (Kind::Login, Outcome::Failure) if !logs_in && guarded.contains(handler.as_str()) => {
                Kind::Password
            }
            (Kind::Password, Outcome::Change) if fails && !guarded.contains(handler.as_str()) => {
                continue;
            }
            (kind, _) => kind,
        };
        settled.insert((kind, *outcome, handler.clone()), one.clone());
    }
    settled
}

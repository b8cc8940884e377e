//! Who writes down without being called by a handler: listeners to signals, middleware, handlers of errors, libraries.

use hognose_python::ir::*;
use hognose_python::{Found, Symbol, Value as Evaluated};

use super::data::{EVENTS, Of};
use super::logs::{Log, Logs, name_of};
use super::{Kind, Outcome};
use crate::code::method;
use crate::world::World;

/// What is written around handlers.
pub(super) struct Credit {
    /// For every request.
    requests: Log,
    /// For errors that are raised.
    errors: Log,
    /// A library that writes logins down is installed.
    listens: bool,
    /// Django writes refusals down, and the settings say where to.
    pub(super) django: bool,
}

impl Credit {
    /// Looks through a program; enters who listens to signals.
    pub(super) fn new(world: &mut World<'_>, logs: &mut Logs) -> Self {
        let project = world.machine.project;
        let mut watching: Vec<(Of, ModuleId, FunctionId)> = Vec::new();
        for (at, module) in project.iter() {
            if (world.left_out)(&module.file) {
                continue;
            }
            for number in (0u32..).map(FunctionId).take(module.functions.len()) {
                for decorator in &module[number].decorators {
                    for signal in signals(module, *decorator) {
                        logs.receivers.entry(signal).or_default().push((at, number));
                    }
                    if let Some(of) = watcher(world, at, *decorator) {
                        watching.push((of, at, number));
                    }
                }
            }
            for (id, expr) in module.exprs() {
                let Expr::Call { func, args } = *expr else {
                    continue;
                };
                let Expr::Attribute { value, attr } = module[func] else {
                    continue;
                };
                let connects = attr.as_str() == "connect";
                let of = watcher(world, at, id);
                if !connects && of.is_none() {
                    continue;
                }
                for argument in module.args(args) {
                    for (home, function) in given(world, at, argument.value) {
                        if connects {
                            let signal = name_of(module, value).to_owned();
                            logs.receivers
                                .entry(signal)
                                .or_default()
                                .push((home, function));
                        } else if let Some(of) = of {
                            watching.push((of, home, function));
                        }
                    }
                }
            }
        }
        for (at, function) in of_settings(world) {
            watching.push((Of::Requests, at, function));
        }
        let mut credit = Self {
            requests: Log::No,
            errors: Log::No,
            listens: listens(world),
            django: setting(world, "LOGGING"),
        };
        for (of, at, function) in watching {
            let log = logs.function(world, at, function);
            match of {
                Of::Requests => credit.requests = credit.requests.then(log),
                Of::Errors => credit.errors = credit.errors.then(log),
            }
        }
        credit
    }

    /// What is known of an event, with what is written around its handler.
    pub(super) fn of(&self, kind: Kind, outcome: Outcome, log: Log) -> (Log, &'static str) {
        let (by, name) = match kind {
            _ if log == Log::Yes => return (log, "code"),
            Kind::Denial if self.requests == Log::Yes => (Log::Yes, "middleware"),
            Kind::Denial if self.errors == Log::Yes => (Log::Yes, "error handler"),
            Kind::Denial => (self.requests.then(self.errors), "middleware"),
            Kind::Login if self.listens => (Log::Maybe, "library"),
            // That there was a request or an error does not tell what came of it.
            _ if self.requests == Log::Yes => (Log::Maybe, "middleware"),
            _ if outcome == Outcome::Failure && self.errors == Log::Yes => {
                (Log::Maybe, "error handler")
            }
            _ => (Log::No, "code"),
        };
        if by > log { (by, name) } else { (log, "code") }
    }
}

/// The names of signals that a decorator listens to.
fn signals(module: &Module, decorator: ExprId) -> Vec<String> {
    let (func, args) = match module[decorator] {
        Expr::Call { func, args } => (func, module.args(args)),
        _ => (decorator, &[][..]),
    };
    if let Expr::Attribute { value, attr } = module[func]
        && matches!(attr.as_str(), "connect" | "connect_via")
    {
        return vec![name_of(module, value).to_owned()];
    }
    if name_of(module, func) != "receiver" {
        return Vec::new();
    }
    let Some(first) = args.first() else {
        return Vec::new();
    };
    match module[first.value] {
        Expr::ListOf(list) | Expr::Tuple(list) => {
            let elements = module.list(list).iter();
            elements
                .map(|expr| name_of(module, *expr).to_owned())
                .collect()
        }
        _ => vec![name_of(module, first.value).to_owned()],
    }
}

/// What a framework calls for that is given to this.
fn watcher(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Option<Of> {
    let module = world.machine.project.module(at);
    let func = match module[expr] {
        Expr::Call { func, .. } => func,
        _ => expr,
    };
    let Expr::Attribute { attr, .. } = module[func] else {
        return None;
    };
    if !EVENTS.is_watcher(attr.as_str()) {
        return None;
    }
    let values = world.machine.evaluator.eval(at, func);
    let of = values.into_iter().find_map(|value| match value {
        Evaluated::External(path) => EVENTS.watcher(path.as_str()),
        _ => None,
    })?;
    let args = match module[expr] {
        Expr::Call { args, .. } => args,
        _ => List::default(),
    };
    (of == Of::Requests || handles_refusals(module, args)).then_some(of)
}

/// Whether what handles an error is given those by which requests are refused.
fn handles_refusals(module: &Module, args: List) -> bool {
    module.args(args).iter().any(|argument| {
        matches!(module[argument.value], Expr::Int(401 | 403))
            || matches!(
                name_of(module, argument.value),
                "HTTPException"
                    | "StarletteHTTPException"
                    | "Forbidden"
                    | "Unauthorized"
                    | "HTTP_401_UNAUTHORIZED"
                    | "HTTP_403_FORBIDDEN"
            )
    })
}

/// The functions that an argument is, or by which an object of the class that it is runs.
fn given(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> Vec<(ModuleId, FunctionId)> {
    let mut found = Vec::new();
    for value in world.machine.evaluator.eval(at, expr) {
        match value {
            Evaluated::Function(home, function) => found.push((home, function)),
            Evaluated::Class(home, class) => found.extend(of_class(world, home, class)),
            _ => {}
        }
    }
    found
}

fn of_class(world: &mut World<'_>, at: ModuleId, class: ClassId) -> Vec<(ModuleId, FunctionId)> {
    [
        "dispatch",
        "__call__",
        "process_response",
        "process_exception",
    ]
    .iter()
    .filter_map(|name| method(world, at, class, name))
    .collect()
}

/// The middleware of the project that the settings of Django list.
fn of_settings(world: &mut World<'_>) -> Vec<(ModuleId, FunctionId)> {
    let mut found = Vec::new();
    let Some(settings) = world.machine.settings else {
        return found;
    };
    let Some(list) = world.machine.exported(settings, Symbol::from("MIDDLEWARE")) else {
        return found;
    };
    for name in world.text_list(list).unwrap_or_default() {
        let Some((module, name)) = name.rsplit_once('.') else {
            continue;
        };
        let project = world.machine.project;
        let Found::Module(id) = project.find(Symbol::from(module), settings) else {
            continue;
        };
        for value in world.machine.evaluator.export(id, Symbol::from(name)) {
            match value {
                Evaluated::Class(at, class) => found.extend(of_class(world, at, class)),
                // A factory: what it makes runs.
                Evaluated::Function(at, function) => {
                    let module = project.module(at);
                    let scope = module[function].scope;
                    let inner = (0u32..).map(FunctionId).zip(&module.functions);
                    found.extend(
                        inner
                            .filter(|(_, data)| data.parent == scope)
                            .map(|(id, _)| (at, id)),
                    );
                }
                _ => {}
            }
        }
    }
    found
}

fn setting(world: &mut World<'_>, name: &str) -> bool {
    world.machine.settings.is_some_and(|settings| {
        world
            .machine
            .exported(settings, Symbol::from(name))
            .is_some()
    })
}

/// Whether a library is installed that writes logins down by itself.
fn listens(world: &mut World<'_>) -> bool {
    let is_listener = |name: &str| {
        let first = name.split('.').next().unwrap_or_default();
        EVENTS.listener.packages.iter().any(|known| known == first)
    };
    let installed = world.machine.settings.and_then(|settings| {
        world
            .machine
            .exported(settings, Symbol::from("INSTALLED_APPS"))
    });
    let installed = installed.and_then(|list| world.text_list(list));
    if installed
        .unwrap_or_default()
        .iter()
        .any(|name| is_listener(name))
    {
        return true;
    }
    world.machine.project.iter().any(|(_, module)| {
        let mut imports = module.imports.iter();
        imports.any(|(name, _)| is_listener(name.as_str()))
    })
}

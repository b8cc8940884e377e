//! The frameworks: each is one module with a function that reads endpoints from what was called.

mod aiohttp;
mod aws_lambda;
mod bottle;
mod cherrypy;
mod common;
mod connexion;
mod django;
mod drf;
mod exposed;
mod falcon;
mod fastapi;
mod fastapi_library;
mod flask;
mod graphql;
mod grpc;
mod litestar;
mod ninja;
mod pyramid;
mod sanic;
mod tornado;

pub use drf::lifts_default;

use hognose_python::ir::{DefKind, Expr, ExprId, FunctionId, Module, ModuleId, ScopeKind};
use hognose_python::{Project, Symbol, Value as Evaluated};

use crate::code::{last_name, name_of};
use crate::run::{Machine, V, Value};
use crate::world::{World, named};

/// A framework.
pub struct Framework {
    /// Top-level packages whose import says that the framework is used.
    packages: &'static [&'static str],
    /// Classes and functions whose call begins an application: (package, name).
    begins: &'static [(&'static str, &'static str)],
    /// What the run must know before it begins.
    pub prepare: fn(&mut Machine<'_>),
    /// Runs what the framework calls when the modules are there and before the first request comes.
    pub start: fn(&mut Machine<'_>),
    /// Reads the endpoints.
    pub find: fn(&mut World<'_>),
}

/// Nothing to be known or done.
fn unprepared(_: &mut Machine<'_>) {}

/// All frameworks.
pub const ALL: &[Framework] = &[
    aiohttp::FRAMEWORK,
    aws_lambda::FRAMEWORK,
    bottle::FRAMEWORK,
    cherrypy::FRAMEWORK,
    connexion::FRAMEWORK,
    django::FRAMEWORK,
    exposed::FRAMEWORK,
    falcon::FRAMEWORK,
    fastapi::FRAMEWORK,
    flask::FRAMEWORK,
    graphql::FRAMEWORK,
    grpc::FRAMEWORK,
    litestar::FRAMEWORK,
    pyramid::FRAMEWORK,
    sanic::FRAMEWORK,
    tornado::FRAMEWORK,
];

impl Framework {
    /// Whether a project imports the framework, or a template names it that no code imports.
    pub fn is_used(&self, project: &Project) -> bool {
        if self.packages.is_empty() {
            let mut descriptions = project.descriptions.iter();
            return descriptions.any(|(_, text)| aws_lambda::is_template(text));
        }
        project
            .modules
            .iter()
            .any(|module| imports(module, &[self]))
    }
}

/// Whether a module is loaded only when the first request comes, and so sees all that others set up: a URLconf.
pub fn is_late(module: &Module) -> bool {
    module
        .slot(Module::TOP, Symbol::from("urlpatterns"))
        .is_some_and(|slot| slot.bound)
}

/// Functions of a module in which an application begins and that nobody called: a server or a script will.
pub fn set_up_functions(
    machine: &mut Machine<'_>,
    used: &[&Framework],
    id: ModuleId,
) -> Vec<FunctionId> {
    let module = machine.project.module(id);
    let mut found = Vec::new();
    for (expr, node) in module.exprs() {
        let Expr::Call { func, .. } = *node else {
            continue;
        };
        // What begins an application is a class, or one of few functions: the rest need not be evaluated.
        let Some(name) = last_name(module, func) else {
            continue;
        };
        let name = name.as_str();
        if !name.starts_with(char::is_uppercase) && !matches!(name, "quickstart" | "mount") {
            continue;
        }
        let begins = machine.evaluator.eval(id, func).iter().any(|value| {
            let path = match *value {
                Evaluated::External(path) => path,
                Evaluated::Class(at, class) => {
                    let order = machine.evaluator.mro(at, class);
                    let outside = order.iter().find_map(|class| match class {
                        hognose_python::ClassRef::External(path) => Some(*path),
                        hognose_python::ClassRef::Project(..) => None,
                    });
                    match outside {
                        Some(path) => path,
                        None => return false,
                    }
                }
                _ => return false,
            };
            used.iter()
                .flat_map(|framework| framework.begins)
                .any(|(package, name)| named(path.as_str(), package, name))
        });
        if !begins {
            continue;
        }
        // The outermost function around the call is what is to be run.
        let outermost = outermost(module, expr);
        if let Some(function) = outermost {
            // `Application(self.handlers)`: somebody else has put them there.
            let Expr::Call { args, .. } = *node else {
                continue;
            };
            let read_off = module.args(args).first().is_some_and(|first| {
                matches!(module[first.value], Expr::Attribute { value, .. }
                    if matches!(module[value], Expr::Name { def, .. }
                        if matches!(module[def].kind, DefKind::Param(0))))
            });
            let function = if read_off {
                from_where(module, function)
            } else {
                function
            };
            if !found.contains(&function) {
                found.push(function);
            }
        }
    }
    found
}

/// Methods by which an application takes in its parts, with its package and class: a function that calls one sets an
/// application up, wherever that was begun.
const TAKES_IN: &[(&str, &str, &str)] = &[
    ("register_blueprint", "flask", "Flask"),
    ("register_blueprint", "quart", "Quart"),
    ("add_url_rule", "flask", "Flask"),
    ("add_url_rule", "quart", "Quart"),
    ("add_resource", "flask_restful", "Api"),
    ("add_resource", "flask_restx", "Api"),
    ("add_namespace", "flask_restx", "Api"),
    ("include_router", "fastapi", "FastAPI"),
    ("add_api_route", "fastapi", "FastAPI"),
    ("add_subapp", "aiohttp", "Application"),
    ("add_routes", "aiohttp", "Application"),
    ("add_handlers", "tornado", "Application"),
];

/// A function that gives parts to an application.
#[derive(Debug, Clone, Copy)]
pub struct Registrar {
    /// The function.
    pub function: FunctionId,
    /// How the application takes the parts.
    method: Symbol,
    /// The parameter that is the application; `None` where that comes from elsewhere.
    pub application: Option<u16>,
}

/// The functions of a module that give parts to an application.
pub fn registrars(module: &Module) -> Vec<Registrar> {
    let mut found: Vec<Registrar> = Vec::new();
    for (expr, node) in module.exprs() {
        let Expr::Attribute { value, attr } = *node else {
            continue;
        };
        let method = attr.as_str();
        if !TAKES_IN.iter().any(|(known, ..)| *known == method) {
            continue;
        }
        let Some(function) = outermost(module, expr) else {
            continue;
        };
        if found.iter().any(|known| known.function == function) {
            continue;
        }
        let application = match module[value] {
            Expr::Name { def, .. } if module[def].scope == module[function].scope => {
                match module[def].kind {
                    DefKind::Param(number) => Some(number),
                    _ => None,
                }
            }
            _ => None,
        };
        found.push(Registrar {
            function,
            method: attr,
            application,
        });
    }
    found
}

/// The one application of a run that takes parts as a registrar gives them; `None` where there are several, or none.
pub fn only_application(machine: &mut Machine<'_>, registrar: Registrar) -> Option<V> {
    let takes = |path: &str| {
        TAKES_IN.iter().any(|(method, package, class)| {
            *method == registrar.method.as_str() && named(path, package, class)
        })
    };
    let objects: Vec<V> = machine
        .values()
        .filter(|(_, value)| matches!(value, Value::Call { .. } | Value::Instance { .. }))
        .map(|(v, _)| v)
        .collect();
    let mut found = objects.into_iter().filter(|v| match *machine.get(*v) {
        Value::Call { callee, .. } => {
            matches!(machine.get(callee), Value::External(path) if takes(path.as_str()))
        }
        _ => machine.mro(*v).iter().any(
            |class| matches!(class, hognose_python::ClassRef::External(path) if takes(path.as_str())),
        ),
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The outermost function around an expression.
fn outermost(module: &Module, expr: ExprId) -> Option<FunctionId> {
    let place = module.expr_range(expr);
    (0u32..)
        .map(FunctionId)
        .zip(&module.functions)
        .find(|(_, function)| {
            function.range.contains_range(place)
                && !matches!(module[function.parent].kind, ScopeKind::Function(_))
        })
        .map(|(id, _)| id)
}

/// The functions around the calls that give arguments to functions in which an application begins: what they pass is
/// where an application stands.
pub fn callers(
    machine: &mut Machine<'_>,
    wanted: &[(ModuleId, FunctionId)],
    id: ModuleId,
) -> Vec<FunctionId> {
    let project = machine.project;
    let taking: Vec<(ModuleId, FunctionId)> = wanted
        .iter()
        .copied()
        .filter(|(at, function)| {
            let data = &project.module(*at)[*function];
            data.class.is_none() && !data.params.is_empty()
        })
        .collect();
    let module = project.module(id);
    let mut found = Vec::new();
    for (expr, node) in module.exprs() {
        let Expr::Call { func, args } = *node else {
            continue;
        };
        if module.args(args).is_empty() {
            continue;
        }
        let Some(name) = last_name(module, func) else {
            continue;
        };
        let meant =
            |(at, function): &(ModuleId, FunctionId)| project.module(*at)[*function].name == name;
        if !taking.iter().any(meant) {
            continue;
        }
        let calls = machine.evaluator.eval(id, func).iter().any(|value| {
            matches!(*value, Evaluated::Function(at, function) if taking.contains(&(at, function)))
        });
        if calls
            && let Some(function) = outermost(module, expr)
            && !found.contains(&function)
            && !wanted.contains(&(id, function))
        {
            found.push(function);
        }
    }
    found
}

/// Methods that call each other on the way to the one that makes the application.
const MAX_METHODS: usize = 8;

/// The method of the same class from which a method is reached on the same object: it prepares what the others read.
fn from_where(module: &Module, function: FunctionId) -> FunctionId {
    let mut chain = vec![function];
    while chain.len() < MAX_METHODS
        && let Some(at) = chain.last().copied()
        && let Some(class) = module[at].class
    {
        let name = module[at].name;
        let calls = module.exprs().find_map(|(expr, node)| {
            let Expr::Attribute { value, attr } = *node else {
                return None;
            };
            let Expr::Name { def, .. } = module[value] else {
                return None;
            };
            let (DefKind::Param(0), ScopeKind::Function(caller)) =
                (&module[def].kind, &module[module[def].scope].kind)
            else {
                return None;
            };
            let other = &module[*caller];
            let of_object = other.class == Some(class)
                && !other.decorators.iter().any(|decorator| {
                    matches!(module[*decorator], Expr::Name { def, .. }
                        if name_of(module, def).as_str() == "classmethod")
                });
            (attr == name && of_object && other.range.contains_range(module.expr_range(expr)))
                .then_some(*caller)
        });
        match calls {
            Some(caller) if !chain.contains(&caller) => chain.push(caller),
            _ => break,
        }
    }
    chain.last().copied().unwrap_or(function)
}

/// Whether a module imports one of some frameworks itself.
pub fn imports(module: &Module, used: &[&Framework]) -> bool {
    module.imports.iter().any(|(name, _)| {
        let first = name.as_str().split('.').next().unwrap_or_default();
        used.iter()
            .any(|framework| framework.packages.contains(&first))
    })
}

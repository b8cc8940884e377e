//! Tools of CherryPy: what runs before pages, and which of it asks who calls.

use hognose_python::Value as Evaluated;
use hognose_python::ir::{ArgKind, Expr};

use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{V, Value};
use crate::world::{Target, World};

/// Tools that are turned on, by name, with what they prove.
pub(super) type Tools = Vec<(String, Proof)>;

/// Tools of CherryPy itself that ask who calls.
const ASKING: &[&str] = &[
    "auth_basic",
    "auth_digest",
    "basic_auth",
    "digest_auth",
    "session_auth",
];

/// Tools of CherryPy itself whose names speak of access, and that ask nothing.
const HARMLESS: &[&str] = &["sessions", "allow"];

/// What the tools that are turned on ask for.
pub(super) fn turned(tools: &Tools) -> Vec<Layer> {
    let place = Place::Router;
    let proofs = tools.iter().map(|(_, proof)| proof.clone());
    proofs.map(|proof| Layer { place, proof }).collect()
}

/// Turns tools on and off as a table of configuration says: `{"tools.auth.on": True}`.
pub(super) fn configured(world: &mut World<'_>, config: V, tools: &mut Tools) {
    let Value::Dict(items) = world.machine.get(config).clone() else {
        return;
    };
    for (key, value) in items {
        let key = world.text(Some(key));
        let Some(name) = key.strip_prefix("tools.") else {
            continue;
        };
        if let Some(name) = name.strip_suffix(".on") {
            // What a setting turns on is on.
            let on = world.machine.truth(value) != Some(false);
            turn(world, name, on, tools);
        }
    }
}

/// Turns tools on and off as decorators say: `@cherrypy.tools.auth()`, `@cherrypy.tools.auth(on=False)`.
pub(super) fn applied(world: &mut World<'_>, wrappers: &[V], tools: &mut Tools) {
    for wrapper in wrappers {
        let Value::Call { callee, .. } = *world.machine.get(*wrapper) else {
            continue;
        };
        let path = guard::path_of(&world.machine, callee);
        let Some(rest) = path.strip_prefix("cherrypy.tools.") else {
            continue;
        };
        let name = rest.split(['(', '.']).next().unwrap_or_default().to_owned();
        let on = world.made_with(callee).keyword("on");
        let on = on.is_none_or(|v| world.machine.truth(v) != Some(false));
        turn(world, &name, on, tools);
    }
}

fn turn(world: &mut World<'_>, name: &str, on: bool, tools: &mut Tools) {
    tools.retain(|(known, _)| known != name);
    if on {
        let proof = of_tool(world, name);
        if proof != Proof::Nothing {
            tools.push((name.to_owned(), proof));
        }
    }
}

/// What a tool proves. One that is not known may ask who calls where its name says so.
fn of_tool(world: &mut World<'_>, name: &str) -> Proof {
    if ASKING.contains(&name) {
        return Proof::of(Level::Authenticated);
    }
    match of_project(world, name) {
        Some(proof) => proof,
        None if guard::speaks_of_access(name) && !HARMLESS.contains(&name) => Proof::Unknown,
        None => Proof::Nothing,
    }
}

/// What a tool of the project proves: `cherrypy.tools.check = cherrypy.Tool("before_handler", check)`, or a function below
/// `@cherrypy.tools.register("before_handler")`.
fn of_project(world: &mut World<'_>, name: &str) -> Option<Proof> {
    for (args, call) in world.calls_of_name("cherrypy", "tools.register") {
        for (given, _) in world.calls_of(call) {
            let v = given.positional.first().copied()?;
            let own = match (args.keyword("name"), world.handler(v).target) {
                (Some(name), _) => world.text(Some(name)),
                (None, Target::Function(at, function)) => {
                    let module = world.machine.project.module(at);
                    module[function].name.as_str().to_owned()
                }
                _ => continue,
            };
            if own == name {
                return Some(guard::before(world, v));
            }
        }
    }
    let project = world.machine.project;
    for (at, module) in project.iter() {
        for store in &module.attribute_stores {
            let is_tool = store.attr.as_str() == name
                && world
                    .machine
                    .evaluator
                    .dotted(at, store.object)
                    .is_some_and(|path| path.as_str() == "cherrypy.tools");
            if !is_tool {
                continue;
            }
            let Expr::Call { args, .. } = module[store.value] else {
                return Some(Proof::Unknown);
            };
            let args = module.args(args);
            let callable = args
                .iter()
                .find(|argument| {
                    matches!(argument.kind, ArgKind::Keyword(name) if name.as_str() == "callable")
                })
                .or_else(|| args.get(1));
            let Some(callable) = callable else {
                return Some(Proof::Unknown);
            };
            for value in world.machine.evaluator.eval(at, callable.value) {
                if let Evaluated::Function(at, function) = value {
                    return Some(guard::of_function(world, at, function));
                }
            }
            return Some(Proof::Unknown);
        }
    }
    None
}

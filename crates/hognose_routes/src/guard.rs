//! What a request must prove on its way to a handler: layers, each with a proof, and what they come to together.

mod answer;
mod asked;
mod behaviour;
mod library;
mod logic;
mod names;
mod nobody;
mod proof;
mod refusal;
mod user;

use hognose_python::ClassRef;
use hognose_python::ir::{FunctionId, ModuleId};

use crate::run::{Args, Machine, V, Value};
use crate::world::{Target, World, named};

pub use answer::{Question, takes_object};
pub use asked::Asked;
pub use behaviour::of_function;
use library::entry;
pub use library::{knows_by_cookie, speaks_of_access};
pub use proof::{Layer, Place, Proof, combine};
pub use refusal::{Refusal, of_value as refusal};
pub use user::{Given, depends, is_parameter, is_request, is_session};

/// Calls, and wrappers, inside of the code of one guard that are followed.
const MAX_DEPTH: u32 = 6;

/// What is asked for where nobody is let through.
const NOBODY: &str = "nobody";

/// The access path of a value: how its library is told apart.
pub fn path_of(machine: &Machine<'_>, v: V) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut v = v;
    for _ in 0..16 {
        match machine.get(v) {
            Value::External(path) => {
                parts.push(path.as_str().to_owned());
                break;
            }
            Value::Call { callee, .. } => {
                parts.push("()".to_owned());
                v = *callee;
            }
            Value::Attribute { of, attr } => {
                parts.push(format!(".{}", attr.as_str()));
                v = *of;
            }
            Value::Union(all) => v = all[0],
            Value::Class { module, class, .. } => {
                let module = machine.project.module(*module);
                parts.push(format!(
                    "{}.{}",
                    module.name.as_str(),
                    module[*class].name.as_str()
                ));
                break;
            }
            Value::Instance { class, .. } => {
                parts.push("()".to_owned());
                v = *class;
            }
            _ => break,
        }
    }
    parts.reverse();
    parts.concat()
}

/// Access paths that a value can be looked up by: its own, and for an object of a class of the project those that its
/// bases outside would give.
fn paths_of(world: &mut World<'_>, v: V) -> Vec<String> {
    let mut tail = String::new();
    let mut object = v;
    for _ in 0..16 {
        match world.machine.get(object) {
            Value::Call { callee, .. } => {
                tail.insert_str(0, "()");
                object = *callee;
            }
            Value::Attribute { of, attr } => {
                tail.insert_str(0, &format!(".{}", attr.as_str()));
                object = *of;
            }
            Value::Union(all) => object = all[0],
            _ => break,
        }
    }
    let instance = matches!(world.machine.get(object), Value::Instance { .. });
    match world.machine.get(object) {
        Value::External(path) => vec![format!("{}{tail}", path.as_str())],
        Value::Instance { .. } | Value::Class { .. } => world
            .machine
            .mro(object)
            .iter()
            .filter_map(|class| match class {
                ClassRef::External(path) => {
                    let call = if instance { "()" } else { "" };
                    Some(format!("{}{call}{tail}", path.as_str()))
                }
                ClassRef::Project(..) => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What something outside proves, by the tables; `None` where they do not know it.
pub fn of_library(world: &mut World<'_>, v: V, args: &Args) -> Option<Proof> {
    for path in paths_of(world, v) {
        if let Some(entry) = entry(&path) {
            return Some(entry.proof(world, args));
        }
    }
    None
}

/// What middleware of a library proves: where the tables do not know it, its name tells whether it may be a guard.
pub fn of_middleware(world: &mut World<'_>, v: V) -> Proof {
    if let Some(proof) = of_library(world, v, &Args::default()) {
        return proof;
    }
    let paths = paths_of(world, v);
    if paths.is_empty() || paths.iter().any(|path| library::speaks_of_access(path)) {
        Proof::Unknown
    } else {
        Proof::Nothing
    }
}

/// What a wrapper around a callable proves: a decorator that was applied, perhaps to a method of a known object.
pub fn wrapper(world: &mut World<'_>, v: V, receiver: Option<V>) -> Proof {
    match world.machine.get(v).clone() {
        Value::Wrapped {
            inner, by, wrapper, ..
        } => match wrapper {
            Some(wrapper) => {
                let inner = world.handler(inner).target;
                behaviour::of_wrapper(world, wrapper, Some(inner), receiver)
            }
            None => match world.machine.get(by) {
                Value::Unknown => Proof::Unknown,
                _ => decorator(world, by),
            },
        },
        Value::Call { callee, args, .. } => {
            if let Value::Call { .. } = world.machine.get(callee) {
                return decorator(world, callee);
            }
            // `login_required(view, login_url=...)`: what follows the view are its arguments.
            let mut rest = args;
            if !rest.positional.is_empty() {
                rest.positional.remove(0);
            }
            of_library(world, callee, &rest).unwrap_or(Proof::Unknown)
        }
        _ => Proof::Unknown,
    }
}

/// What a decorator would prove of what it decorates.
pub fn decorator(world: &mut World<'_>, v: V) -> Proof {
    match world.machine.get(v).clone() {
        Value::Call { callee, args, .. } => {
            let path = path_of(&world.machine, callee);
            if let Some(inner) = args.positional.first().copied() {
                // `method_decorator(login_required)`: what it is given decorates.
                if path.ends_with("method_decorator") {
                    return world
                        .list(inner)
                        .unwrap_or_else(|| vec![inner])
                        .into_iter()
                        .map(|v| decorator(world, v))
                        .fold(Proof::Nothing, Proof::and);
                }
                // `falcon.before(check)`: what it is given runs before.
                if named(&path, "falcon", "before") {
                    return before(world, inner);
                }
            }
            if let Some(proof) = of_library(world, callee, &args) {
                return proof;
            }
            of_library(world, v, &Args::default()).unwrap_or(Proof::Unknown)
        }
        Value::Function { .. }
        | Value::Method { .. }
        | Value::Instance { .. }
        | Value::Class { .. } => applied(world, v),
        Value::Wrapped { .. } => Proof::Unknown,
        _ => of_library(world, v, &Args::default()).unwrap_or(Proof::Unknown),
    }
}

/// What a decorator of the project proves that was not applied in the run: it is applied to something of which nothing is
/// known.
fn applied(world: &mut World<'_>, v: V) -> Proof {
    let machine = &mut world.machine;
    let site = (ModuleId(0), hognose_python::ir::ExprId(0));
    let something = machine.make(Value::Wrapped {
        inner: Machine::UNKNOWN,
        by: Machine::UNKNOWN,
        wrapper: None,
        site,
    });
    let args = Args {
        positional: vec![something],
        ..Args::default()
    };
    let made = machine.run_call(v, args, site);
    world.index();
    let mut proof = Proof::Nothing;
    let mut inner = made;
    for _ in 0..MAX_DEPTH {
        if inner == something {
            return proof;
        }
        let (one, next) = match world.machine.get(inner).clone() {
            Value::Wrapped { inner: next, .. } => (wrapper(world, inner, None), next),
            Value::Call { args, .. } => match args.positional.first() {
                Some(next) => (wrapper(world, inner, None), *next),
                None => break,
            },
            // A wrapper that does not say what it stands around.
            Value::Function { .. } => {
                return proof.and(behaviour::of_wrapper(world, inner, None, None));
            }
            _ => break,
        };
        proof = proof.and(one);
        inner = next;
    }
    match world.handler(v).target {
        Target::Function(at, function) => proof.and(made_in(world, at, function)),
        _ => proof.and(Proof::Unknown),
    }
}

/// What the functions prove that a function makes: a decorator, or what gives one.
pub fn made_in(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Proof {
    let data = world.machine.project.module(at);
    let scope = data[function].scope;
    let mut proof = Proof::Nothing;
    for (number, inner) in (0u32..).zip(&data.functions) {
        if inner.parent == scope {
            let inner = behaviour::of_function(world, at, FunctionId(number));
            proof = proof.and(inner);
        }
    }
    proof
}

/// Whether a function refuses some requests by itself, by raising.
pub fn refuses_by_itself(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> bool {
    matches!(
        behaviour::of_raising(world, at, function),
        Proof::Guard { .. }
    )
}

/// Whether the tables say of an access path that it guards.
pub fn is_guard(path: &str) -> bool {
    entry(path).is_some_and(|entry| entry.guards())
}

/// Whether a framework asks a method of this name whether a request may go on.
pub fn answers_for_access(name: &str) -> bool {
    matches!(
        name,
        "has_permission" | "has_object_permission" | "test_func" | "is_accessible"
    )
}

/// What a callable that runs before a handler proves by what it raises and by what it answers: a hook.
pub fn before(world: &mut World<'_>, v: V) -> Proof {
    before_as(world, v, false)
}

/// What a callable that runs before a handler proves by what it raises alone: a dependency, whose answer is handed on.
pub fn dependency(world: &mut World<'_>, v: V) -> Proof {
    before_as(world, v, true)
}

/// What a method of a class proves that runs before its handlers, on an object of this very class.
pub fn before_on(world: &mut World<'_>, class: V, method: V) -> Proof {
    let v = match world.machine.get(method) {
        Value::Function { .. } => {
            let receiver = world.receiver_of(class);
            world.machine.make(Value::Method {
                receiver,
                function: method,
            })
        }
        _ => method,
    };
    before(world, v)
}

fn before_as(world: &mut World<'_>, v: V, raises_only: bool) -> Proof {
    match world.machine.get(v).clone() {
        Value::Function { .. } | Value::Method { .. } => {
            behaviour::of_closure(world, v, raises_only)
        }
        Value::Union(all) => before_as(world, all[0], raises_only),
        Value::Wrapped { inner, .. } => {
            let outer = wrapper(world, v, None);
            before_as(world, inner, raises_only).and(outer)
        }
        Value::Instance { class, .. } => {
            let call = hognose_python::Symbol::from("__call__");
            let method = world.machine.attribute(v, call);
            match world.machine.get(method) {
                Value::Method { .. } => before_as(world, method, raises_only),
                _ => of_library(world, class, &Args::default()).unwrap_or(Proof::Unknown),
            }
        }
        // A class that is made for each request: its `__init__` may refuse.
        Value::Class { .. } => {
            let init = hognose_python::Symbol::from("__init__");
            let method = world.machine.attribute(v, init);
            match world.machine.get(method) {
                Value::Function { .. } => before_as(world, method, raises_only),
                _ => Proof::Nothing,
            }
        }
        Value::Call { callee, args, .. } => {
            if let Some(proof) =
                of_library(world, callee, &args).or_else(|| of_library(world, v, &Args::default()))
            {
                // In a decorator that guards nothing it does what it does.
                if proof != Proof::Nothing {
                    return proof;
                }
            }
            match args.positional.first().copied() {
                Some(inner) if world.machine.callable(inner) => {
                    before_as(world, inner, raises_only)
                }
                _ => of_library(world, callee, &args).unwrap_or(Proof::Unknown),
            }
        }
        _ => of_library(world, v, &Args::default()).unwrap_or(Proof::Unknown),
    }
}

/// A layer of a function that runs before handlers. Where nothing is known of it, it may be a guard.
pub fn hook(world: &mut World<'_>, place: Place, v: V) -> Layer {
    let outer = std::mem::replace(&mut world.looks, false);
    let mut proof = before(world, v);
    if world.looks {
        proof = Proof::Depends(v);
    }
    world.looks = outer;
    Layer { place, proof }
}

/// What a proof comes to for one endpoint.
pub fn at(world: &mut World<'_>, proof: &Proof, asked: &Asked) -> Proof {
    match *proof {
        Proof::Depends(v) => {
            // Who calls chooses the variables of the path: what asks nothing for one choice asks nothing.
            let mut proof = Proof::Unknown;
            for is_other in [true, false] {
                world.ask(Some(Asked {
                    is_other,
                    ..asked.clone()
                }));
                proof = before(world, v);
                if matches!(proof, Proof::Nothing | Proof::Public) {
                    break;
                }
            }
            world.ask(None);
            proof
        }
        ref proof => proof.clone(),
    }
}

/// What a method proves by its answer: one that says whether a request may go on.
pub fn answer(world: &mut World<'_>, v: V, question: Question<'_>) -> Proof {
    match world.handler(v).target {
        Target::Function(at, function) => answer::of_answer(world, at, function, question),
        _ => Proof::Unknown,
    }
}

/// Whether what a method answers may be what its base does.
pub fn answers_as_base(world: &World<'_>, v: V) -> bool {
    match world.handler(v).target {
        Target::Function(at, function) => answer::answers_as_base(world, at, function),
        _ => false,
    }
}

/// What the body of a handler checks before anything else; `bound` is the handler as a method of a known object.
pub fn body(world: &mut World<'_>, at: ModuleId, function: FunctionId, bound: Option<V>) -> Proof {
    behaviour::of_body(world, at, function, bound)
}

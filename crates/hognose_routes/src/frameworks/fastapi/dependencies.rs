//! What FastAPI calls before a handler: the dependencies of applications, routers, routes and parameters, and theirs in turn.

use hognose_python::Symbol;
use hognose_python::ir::{FunctionId, ModuleId};

use super::MAX_NESTING;
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, V, Value};
use crate::world::{Target, World};

/// The layers of a list of dependencies.
pub(in crate::frameworks) fn dependencies(
    world: &mut World<'_>,
    args: &Args,
    place: Place,
) -> Vec<Layer> {
    let Some(list) = args.keyword("dependencies") else {
        return Vec::new();
    };
    let list = world.list(list).unwrap_or_default();
    list.into_iter()
        .map(|v| Layer {
            place,
            proof: dependency(world, v, None, 0),
        })
        .collect()
}

/// Layers of the dependencies that a handler takes as parameters.
pub(super) fn parameters(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> Vec<Layer> {
    let proofs = of_parameters(world, at, function, 0);
    proofs
        .into_iter()
        .map(|proof| Layer {
            place: Place::Dependency,
            proof,
        })
        .collect()
}

fn of_parameters(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    depth: usize,
) -> Vec<Proof> {
    let mut proofs = Vec::new();
    if depth >= MAX_NESTING {
        return proofs;
    }
    let params = world.machine.project.module(at)[function].params.clone();
    for param in params {
        let annotation = param
            .annotation
            .map(|expr| world.machine.eval_outside(at, function, expr));
        let mut given: Vec<V> = Vec::new();
        let mut kind = annotation;
        if let Some(v) = annotation
            && let Value::Call { callee, args, .. } = world.machine.get(v)
            && matches!(world.machine.get(*callee), Value::External(path) if path.as_str().ends_with(".Annotated"))
        {
            given.extend(args.positional.iter().skip(1));
            kind = args.positional.first().copied();
        }
        if let Some(default) = param.default {
            given.push(world.machine.eval_outside(at, function, default));
        }
        for v in given {
            if is_dependency(world, v) {
                proofs.push(dependency(world, v, kind, depth));
            }
        }
    }
    proofs.retain(|proof| *proof != Proof::Nothing);
    proofs
}

fn is_dependency(world: &mut World<'_>, v: V) -> bool {
    world.is_a(v, "fastapi", &["Depends", "Security"])
}

/// What a dependency proves, with those that it depends on itself.
fn dependency(world: &mut World<'_>, v: V, kind: Option<V>, depth: usize) -> Proof {
    if depth >= MAX_NESTING {
        return Proof::Unknown;
    }
    if !is_dependency(world, v) {
        return Proof::Unknown;
    }
    let args = world.made_with(v);
    let Some(callable) = args.get(0, "dependency").or(kind) else {
        return Proof::Nothing;
    };
    let mut proof = of_dependency(world, callable, depth);
    if let Some(scopes) = args.keyword("scopes")
        && let Some(scopes) = world.text_list(scopes)
        && !scopes.is_empty()
        && let Proof::Guard { .. } = proof
    {
        proof = proof.and(Proof::Guard {
            level: Level::Permission,
            roles: Vec::new(),
            permissions: scopes,
        });
    }
    proof
}

fn of_dependency(world: &mut World<'_>, callable: V, depth: usize) -> Proof {
    if depth >= MAX_NESTING {
        return Proof::Unknown;
    }
    // A scheme that lets through requests without credentials asks for nothing.
    if let Value::Call { args, .. } = world.machine.get(callable)
        && let Some(v) = args.keyword("auto_error")
        && world.machine.truth(v) == Some(false)
    {
        return Proof::Nothing;
    }
    // Which one it is a setting decides: what guards holds unless that is switched off.
    if let Value::Union(all) = world.machine.get(callable).clone() {
        let proofs = all.into_iter().map(|v| of_dependency(world, v, depth + 1));
        let proofs: Vec<Proof> = proofs.collect();
        return proofs.into_iter().fold(Proof::Nothing, Proof::and);
    }
    let mut proof = guard::dependency(world, callable);
    // FastAPI sees the parameters of what a function stands in for.
    if let Some(wrapped) = world.machine.stands_for.get(&callable).copied() {
        proof = proof.and(of_dependency(world, wrapped, depth + 1));
    }
    let method = match world.machine.get(callable) {
        Value::Instance { .. } => world.machine.attribute(callable, Symbol::from("__call__")),
        Value::Class { .. } => world.machine.attribute(callable, Symbol::from("__init__")),
        _ => callable,
    };
    if let Target::Function(at, function) = world.handler(method).target {
        for inner in of_parameters(world, at, function, depth + 1) {
            proof = proof.and(inner);
        }
    }
    proof
}

//! Django Ninja: the operations of an interface that a URLconf includes, with those of its routers.
//!
//! `auth` of an operation counts before that of its router, and that before the one of the interface; `None` lifts it.

use hognose_python::Symbol;
use hognose_python::ir::{Expr, FunctionId, ModuleId, Stmt};

use super::common::{decorated, methods};
use super::django::{Mount, below};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof, Question};
use crate::run::{Args, V, Value};
use crate::world::{Target, World};

/// Routers inside of each other.
const MAX_NESTING: usize = 16;

/// Whether an object is an interface whose `urls` hold operations.
pub(super) fn is_interface(world: &mut World<'_>, v: V) -> bool {
    world.is_a(v, "ninja", &["NinjaAPI"]) || world.is_a(v, "ninja_extra", &["NinjaExtraAPI"])
}

/// What stands around operations.
#[derive(Clone, Copy)]
struct Around {
    /// The nearest `auth` that was given.
    auth: Option<V>,
    nesting: usize,
}

/// All operations of an interface.
pub(super) fn interface(world: &mut World<'_>, api: V, mount: &Mount) {
    let made = world.made_with(api);
    pages(world, api, &made, mount);
    let around = Around {
        auth: made.keyword("auth"),
        nesting: 0,
    };
    operations(world, api, "", mount, around);
}

/// The description and its page.
fn pages(world: &mut World<'_>, api: V, made: &Args, mount: &Mount) {
    let page = |name: &str, default: &str, world: &World<'_>| match made.keyword(name) {
        None => Some(default.to_owned()),
        Some(v) if matches!(world.machine.get(v), Value::None) => None,
        Some(v) => Some(world.text(Some(v))),
    };
    let mut paths = vec![String::new()];
    if let Some(openapi) = page("openapi_url", "/openapi.json", world).filter(|url| !url.is_empty())
    {
        paths.push(openapi);
        paths.extend(page("docs_url", "/docs", world).filter(|url| !url.is_empty()));
    }
    let mut layers = mount.layers.clone();
    if let Some(v) = made.keyword("docs_decorator") {
        layers.push(Layer {
            place: Place::Decorator,
            proof: guard::decorator(world, v),
        });
    }
    let site = world.site(api);
    for path in paths {
        // The root of an interface answers nothing but that it is there.
        let layers = if path.is_empty() {
            &mount.layers
        } else {
            &layers
        };
        let path = below(mount, path.trim_start_matches('/'));
        let any = vec!["*".to_owned()];
        let target = Target::Other(api);
        world.add("django-ninja", &mount.app, &path, any, target, site, layers);
    }
}

/// The operations of an interface or router, and those of the routers that were added to it.
fn operations(world: &mut World<'_>, of: V, front: &str, mount: &Mount, around: Around) {
    if around.nesting >= MAX_NESTING {
        return;
    }
    for (method, args, call) in world.calls_on(of) {
        match method {
            "get" | "post" | "put" | "patch" | "delete" => {
                let path = world.text(args.get(0, "path"));
                let methods = vec![method.to_uppercase()];
                operation(world, &path, methods, &args, call, (front, mount, around));
            }
            "api_operation" => {
                let path = world.text(args.get(1, "path"));
                let methods = methods(world, args.get(0, "methods")).unwrap_or_default();
                operation(world, &path, methods, &args, call, (front, mount, around));
            }
            "add_router" => {
                let Some(given) = args.get(1, "router") else {
                    continue;
                };
                // A router may be given by its dotted name.
                let given = match world.texts(given).pop() {
                    Some(name) => world.machine.dotted(&name),
                    None => given,
                };
                let front = format!("{front}/{}", world.text(args.get(0, "prefix")));
                for router in world.machine.alternatives(given) {
                    let auth = args
                        .keyword("auth")
                        .or_else(|| world.made_with(router).keyword("auth"))
                        .or(around.auth);
                    let nesting = around.nesting + 1;
                    operations(world, router, &front, mount, Around { auth, nesting });
                }
            }
            _ => {}
        }
    }
}

/// What one decorator makes an operation of.
fn operation(
    world: &mut World<'_>,
    path: &str,
    methods: Vec<String>,
    args: &Args,
    call: V,
    (front, mount, around): (&str, &Mount, Around),
) {
    let auth = args.keyword("auth").or(around.auth);
    let mut layers = mount.layers.clone();
    if let Some(auth) = auth {
        let place = if args.keyword("auth").is_some() {
            Place::Decorator
        } else {
            Place::Router
        };
        let proof = proof(world, auth);
        layers.push(Layer { place, proof });
    }
    let path = below(mount, &pattern(&format!("{front}/{path}")));
    for (view, site) in decorated(world, call) {
        let handler = world.handler(view);
        let mut layers = layers.clone();
        layers.extend(world.own_layers(&handler, None));
        let methods = methods.clone();
        world.add(
            "django-ninja",
            &mount.app,
            &path,
            methods,
            handler.target,
            site,
            &layers,
        );
    }
}

/// A path as the pattern that is made of it: parameters in angles, no slash twice, none in front.
fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '{' => pattern.push('<'),
            '}' => pattern.push('>'),
            '/' if pattern.is_empty() || pattern.ends_with('/') => {}
            c => pattern.push(c),
        }
    }
    pattern
}

/// What `auth` proves: each of a list lets in by itself.
fn proof(world: &mut World<'_>, auth: V) -> Proof {
    if matches!(world.machine.get(auth), Value::None) {
        return Proof::Public;
    }
    let all = world.list(auth).unwrap_or_else(|| vec![auth]);
    let proofs: Vec<Proof> = all.into_iter().map(|v| of_callback(world, v)).collect();
    proofs
        .into_iter()
        .reduce(Proof::or)
        .unwrap_or(Proof::Public)
}

/// What one callback proves: whom it answers nothing for is refused.
fn of_callback(world: &mut World<'_>, v: V) -> Proof {
    let asks = match world.machine.get(v).clone() {
        Value::Function { .. } | Value::Method { .. } => v,
        Value::Instance { .. } => {
            let method = world.machine.attribute(v, Symbol::from("authenticate"));
            match world.handler(method).target {
                Target::Function(..) => method,
                _ => world.machine.attribute(v, Symbol::from("__call__")),
            }
        }
        Value::Unknown => return Proof::Unknown,
        _ => v,
    };
    let Target::Function(at, function) = world.handler(asks).target else {
        return guard::of_library(world, v, &Args::default()).unwrap_or(Proof::Unknown);
    };
    if accepts_all(world, at, function) {
        return Proof::Public;
    }
    match guard::answer(world, asks, Question::default()) {
        guard @ Proof::Guard { .. } => guard,
        _ => Proof::of(Level::Authenticated),
    }
}

/// Whether a function answers yes, whatever it is given.
fn accepts_all(world: &World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let module = world.machine.project.module(at);
    let data = &module[function];
    let body = module.block(data.body);
    let decides = body
        .iter()
        .any(|stmt| !matches!(module[*stmt], Stmt::Expr(_) | Stmt::Return(_)));
    !decides
        && !data.return_values.is_empty()
        && data
            .return_values
            .iter()
            .all(|value| matches!(module[*value], Expr::Bool(true) | Expr::Str(_)))
}

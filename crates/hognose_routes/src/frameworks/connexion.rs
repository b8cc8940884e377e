//! Connexion: the operations of an OpenAPI description are the endpoints, `operationId` names their handlers.
//!
//! Paths are those of the description, below the base path of the interface.

use hognose_python::Symbol;
use serde_json::Value as Json;

use super::Framework;
use crate::description::{at, members, parse};
use crate::endpoint::Level;
use crate::guard::{Layer, Place, Proof};
use crate::run::{Args, V, Value};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["connexion", "firetail"],
    begins: &[
        ("connexion", "App"),
        ("connexion", "FlaskApp"),
        ("connexion", "AioHttpApp"),
        ("connexion", "AsyncApp"),
        ("connexion", "ConnexionMiddleware"),
        ("firetail", "App"),
    ],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

const METHODS: &[&str] = &[
    "get", "post", "put", "delete", "patch", "options", "head", "trace",
];

fn find(world: &mut World<'_>) {
    let descriptions: Vec<(String, Json)> = world
        .machine
        .project
        .descriptions
        .iter()
        .filter(|(file, text)| !(world.left_out)(file) && text.contains("paths"))
        .filter_map(|(file, text)| Some((file.to_string(), parse(file, text)?)))
        .filter(|(_, value)| at(value, &["paths"]).is_object())
        .collect();
    let mut used: Vec<usize> = Vec::new();
    for package in ["connexion", "firetail"] {
        let classes = [
            "App",
            "FlaskApp",
            "AioHttpApp",
            "AsyncApp",
            "ConnexionMiddleware",
        ];
        for app in world.objects_of(package, &classes) {
            if world.is_left_out(app) {
                continue;
            }
            for (method, args, call) in world.calls_on(app) {
                if method == "add_api" {
                    added(world, app, &args, call, &descriptions, &mut used);
                }
            }
        }
    }
    // Where it cannot be told which are added: those whose handlers are there.
    if used.is_empty() {
        for (file, value) in &descriptions {
            interface(world, file, file, value, &Args::default(), None, true);
        }
    }
}

/// One call of `add_api`.
fn added(
    world: &mut World<'_>,
    app: V,
    args: &Args,
    call: V,
    descriptions: &[(String, Json)],
    used: &mut Vec<usize>,
) {
    let Some(given) = args.get(0, "specification") else {
        return;
    };
    let name = world.name_of(app);
    for given in world.texts(given) {
        // What is not known of a path is the directory in front.
        let known = given.rsplit(crate::world::UNKNOWN_PART).next();
        let wanted = known.unwrap_or_default().trim_start_matches(['.', '/']);
        let found = descriptions.iter().position(|(file, _)| {
            !wanted.is_empty()
                && file
                    .strip_suffix(wanted)
                    .is_some_and(|front| front.is_empty() || front.ends_with('/'))
        });
        if let Some(index) = found {
            used.push(index);
            let (file, value) = &descriptions[index];
            interface(world, &name, file, value, args, Some(call), false);
        }
    }
}

/// The base path of an interface.
fn base(world: &World<'_>, value: &Json, args: &Args) -> String {
    if let Some(v) = args
        .keyword("base_path")
        .filter(|v| !matches!(world.machine.get(*v), Value::None))
    {
        return world.text(Some(v)).trim_end_matches('/').to_owned();
    }
    if let Some(path) = at(value, &["basePath"]).as_str() {
        return path.trim_end_matches('/').to_owned();
    }
    let server = value.pointer("/servers/0/url").and_then(Json::as_str);
    let url = server.unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |start| &rest[start..]),
        None => url,
    };
    path.trim_end_matches('/').to_owned()
}

fn interface(
    world: &mut World<'_>,
    app: &str,
    file: &str,
    value: &Json,
    args: &Args,
    call: Option<V>,
    only_resolved: bool,
) {
    let front = base(world, value, args);
    let site = call.and_then(|call| world.site(call));
    for (path, item) in members(at(value, &["paths"])) {
        for (method, operation) in members(item) {
            if !METHODS.contains(&method) {
                continue;
            }
            let target = handler(world, item, operation, args)
                .or_else(|| by_path(world, path, method, args));
            if only_resolved && target.is_none() {
                continue;
            }
            let mut layers = vec![Layer {
                place: Place::Settings,
                proof: security(value, operation),
            }];
            let target = match target {
                Some(v) => {
                    let handler = world.handler(v);
                    layers.extend(world.own_layers(&handler, None));
                    handler.target
                }
                // What is not found may ask by itself.
                None => {
                    layers.push(Layer {
                        place: Place::Body,
                        proof: Proof::Unknown,
                    });
                    Target::Other(world.machine.external(Symbol::from(file)))
                }
            };
            let full = format!("{front}{path}");
            let methods = vec![method.to_uppercase()];
            world.add("connexion", app, &full, methods, target, site, &layers);
        }
    }
}

/// The function that an operation names.
fn handler(world: &mut World<'_>, item: &Json, operation: &Json, args: &Args) -> Option<V> {
    let name = operation.get("operationId")?.as_str()?;
    let controller = ["x-openapi-router-controller", "x-swagger-router-controller"]
        .iter()
        .find_map(|key| operation.get(key).or_else(|| item.get(key))?.as_str());
    let mut names = Vec::new();
    if let Some(controller) = controller {
        names.push(format!("{controller}.{name}"));
    }
    // `resolver=RelativeResolver("api")`.
    if let Some(resolver) = args.keyword("resolver") {
        let made = world.made_with(resolver);
        if let Some(v) = made.positional.first() {
            for front in world.texts(*v) {
                names.push(format!("{front}.{name}"));
            }
        }
    }
    names.push(name.to_owned());
    names.into_iter().find_map(|name| {
        let v = world.machine.dotted(&name);
        world.machine.callable(v).then_some(v)
    })
}

/// What a resolver finds that goes by path and method: the function of a module or the method of a class named after the
/// first part of the path, `search` where `GET` asks for all of them.
fn by_path(world: &mut World<'_>, path: &str, method: &str, args: &Args) -> Option<V> {
    let resolver = args.keyword("resolver")?;
    let classes = ["RestyResolver", "MethodResolver", "MethodViewResolver"];
    if !world.is_a(resolver, "connexion", &classes) {
        return None;
    }
    let made = world.made_with(resolver);
    let packages = world.texts(made.positional.first().copied()?);
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let resource = parts.next()?.replace('-', "_");
    let of_all = method == "get" && parts.next().is_none();
    let name = if of_all { "search" } else { method };
    let mut class = resource.clone();
    if let Some(first) = class.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    for package in packages {
        for home in [
            format!("{package}.{resource}"),
            format!("{package}.{class}View"),
        ] {
            let home = world.machine.dotted(&home);
            let v = world.machine.attribute(home, Symbol::from(name));
            if world.machine.callable(v) {
                return Some(v);
            }
        }
    }
    None
}

/// What the description asks of an operation.
fn security(value: &Json, operation: &Json) -> Proof {
    let Some(alternatives) = operation
        .get("security")
        .or_else(|| value.get("security"))
        .and_then(Json::as_array)
    else {
        return Proof::Nothing;
    };
    let mut proof: Option<Proof> = None;
    for alternative in alternatives {
        let mut scopes: Vec<String> = Vec::new();
        let mut any = false;
        for (_, asked) in members(alternative) {
            any = true;
            let asked = asked.as_array().into_iter().flatten();
            scopes.extend(asked.filter_map(Json::as_str).map(str::to_owned));
        }
        let one = match (any, scopes.is_empty()) {
            // `{}`: without anything, too.
            (false, _) => Proof::Public,
            (true, true) => Proof::of(Level::Authenticated),
            (true, false) => Proof::Guard {
                level: Level::Permission,
                roles: Vec::new(),
                permissions: scopes,
            },
        };
        proof = Some(match proof {
            None => one,
            Some(known) => known.or(one),
        });
    }
    proof.unwrap_or(Proof::Public)
}

//! Pyramid: routes by name, and the views that are configured for them.

mod cornice;

use hognose_python::{ClassRef, Symbol};

use super::Framework;
use super::common::{Mount, paths};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, Machine, Site, V, Value};
use crate::world::{Target, UNKNOWN_PART, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["pyramid", "cornice"],
    begins: &[("pyramid", "Configurator")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

/// A route by its name.
struct Route {
    name: String,
    pattern: String,
    /// What makes the context.
    factory: Option<V>,
}

/// A view that was configured.
struct View {
    route: String,
    args: Args,
    callable: V,
    attr: Option<String>,
    site: Option<Site>,
}

/// What a configurator and its includes set up.
#[derive(Default)]
struct Found {
    routes: Vec<Route>,
    views: Vec<View>,
    /// The permission that views ask for which name none.
    default: Option<V>,
    /// What makes the context where a route has nothing else for it.
    root: Option<V>,
}

fn find(world: &mut World<'_>) {
    let configurators = world.objects_of("pyramid", &["Configurator"]);
    if configurators.is_empty() {
        return;
    }
    let mut declared = Vec::new();
    declared_views(world, &mut declared);
    // Services stand in the application that scans their modules: the first, where there are several.
    let mut services = cornice::views(world);
    for config in configurators {
        if world.is_left_out(config) {
            continue;
        }
        let mount = Mount::new(world, "pyramid", config);
        let mut found = Found::default();
        configuration(world, config, &mount, &mut found);
        let Found {
            routes,
            views,
            mut default,
            root,
        } = found;
        let made = world.made_with(config);
        default = default.or(made.keyword("default_permission"));
        let root = root.or(made.keyword("root_factory"));
        // Where traversal begins: at the root of the application, or behind a route.
        let mut roots: Vec<(String, V)> = root
            .map(|root| (mount.prefix.clone(), root))
            .into_iter()
            .collect();
        for route in &routes {
            let rest = ["*traverse", "{traverse"]
                .iter()
                .find_map(|rest| route.pattern.find(rest));
            if let (Some(end), Some(factory)) = (rest, route.factory.or(root)) {
                let front = route.pattern[..end].trim_end_matches('/');
                roots.push((front.to_owned(), factory));
            }
        }
        // Without one, views stand by their names below the application.
        if roots.is_empty() {
            roots.push((mount.prefix.clone(), Machine::UNKNOWN));
        }
        let roots: Vec<(Vec<(V, String)>, V)> = roots
            .into_iter()
            .map(|(front, root)| (contexts(world, root, front), root))
            .collect();
        for served in std::mem::take(&mut services) {
            let factory = served.view.args.keyword("factory").or(root);
            let pattern = format!("/{}", served.pattern.trim_start_matches('/'));
            endpoint(world, &pattern, &served.view, default, factory, &mount);
        }
        for view in views.iter().chain(&declared) {
            if view.route.is_empty() {
                for (contexts, root) in &roots {
                    traversed(world, view, default, contexts, *root, &mount);
                }
            }
            for route in routes.iter().filter(|route| route.name == view.route) {
                let factory = route.factory.or(root);
                endpoint(world, &route.pattern, view, default, factory, &mount);
            }
        }
    }
}

/// What was called on a configurator, and on those that its includes are given.
fn configuration(world: &mut World<'_>, config: V, mount: &Mount, found: &mut Found) {
    for (method, args, call) in world.calls_on(config) {
        match method {
            "add_route" => {
                let name = world.text(args.get(0, "name"));
                for pattern in paths(
                    world,
                    args.get(1, "pattern").or_else(|| args.keyword("path")),
                ) {
                    let front = mount.prefix.trim_end_matches('/');
                    let pattern = pattern.trim_start_matches('/');
                    found.routes.push(Route {
                        name: name.clone(),
                        pattern: format!("{front}/{pattern}"),
                        factory: args.keyword("factory").map(|v| {
                            match world.machine.get(v).clone() {
                                Value::Str(name) => named_from(world, config, &name),
                                _ => v,
                            }
                        }),
                    });
                }
            }
            "add_static_view" => {
                let name = world.text(args.get(0, "name"));
                // A whole URL is served by somebody else.
                if !name.contains("//") {
                    let path = format!("{}/{}/*subpath", mount.prefix, name.trim_matches('/'));
                    let get = vec!["GET".to_owned()];
                    let (target, site) = (Target::Other(call), world.site(call));
                    world.add("pyramid", &mount.app, &path, get, target, site, &[]);
                }
            }
            "add_view" => {
                if let Some(mut callable) = args.get(0, "view") {
                    if let Value::Str(name) = world.machine.get(callable).clone() {
                        callable = named_from(world, config, &name);
                    }
                    found.views.push(View {
                        route: world.text(args.keyword("route_name")),
                        attr: args.keyword("attr").map(|v| world.text(Some(v))),
                        args,
                        callable,
                        site: world.site(call),
                    });
                }
            }
            "set_default_permission" => found.default = args.get(0, "permission"),
            "set_root_factory" | "_set_root_factory" => found.root = args.get(0, "factory"),
            "include" => {
                let Some(given) = args.get(0, "callable") else {
                    continue;
                };
                let prefix = world.text(args.keyword("route_prefix"));
                let front = if prefix.is_empty() {
                    String::new()
                } else {
                    format!("/{}", prefix.trim_matches('/'))
                };
                let Some(inner) = mount.below(&front) else {
                    continue;
                };
                let mut function = match world.machine.get(given).clone() {
                    Value::Str(name) => named_from(world, config, &name),
                    _ => given,
                };
                if let Value::Module(_) = world.machine.get(function) {
                    function = world.machine.attribute(function, Symbol::from("includeme"));
                }
                if !world.machine.callable(function) {
                    continue;
                }
                let inner_config = world.machine.fresh(config);
                let given = Args {
                    positional: vec![inner_config],
                    ..Args::default()
                };
                let site = world
                    .site(call)
                    .unwrap_or((hognose_python::ModuleId(0), hognose_python::ir::ExprId(0)));
                world.machine.run_call(function, given, site);
                world.index();
                configuration(world, inner_config, &inner, found);
            }
            _ => {}
        }
    }
}

/// What a dotted name stands for: one that begins with a dot counts from the package of the configurator.
fn named_from(world: &mut World<'_>, config: V, name: &str) -> V {
    let Some(rest) = name.strip_prefix('.') else {
        return world.machine.dotted(name);
    };
    let package = world.site(config).map_or(String::new(), |(at, _)| {
        let module = world.machine.project.module(at);
        let name = module.name.as_str();
        match module.is_package {
            true => name.to_owned(),
            false => name
                .rsplit_once('.')
                .map_or("", |(front, _)| front)
                .to_owned(),
        }
    });
    world.machine.dotted(&format!("{package}.{rest}"))
}

/// Classes of contexts that are looked through for others below them.
const MAX_CONTEXTS: usize = 256;

/// The classes of contexts below a root with their paths, where a dict of a class names what lies below its objects.
fn contexts(world: &mut World<'_>, root: V, front: String) -> Vec<(V, String)> {
    let mut found = vec![(root, front)];
    let mut next = 0;
    while next < found.len() && found.len() < MAX_CONTEXTS {
        let (class, path) = found[next].clone();
        next += 1;
        for (_, member) in world.members(class) {
            let Value::Dict(items) = world.machine.get(member).clone() else {
                continue;
            };
            for (name, below) in items {
                let known = found.iter().any(|(known, _)| *known == below);
                if matches!(world.machine.get(below), Value::Class { .. }) && !known {
                    found.push((below, format!("{path}/{}", world.text(Some(name)))));
                }
            }
        }
    }
    found
}

/// A view of a context that traversal finds; where the way to that is not known, at a path that only its end is known of.
fn traversed(
    world: &mut World<'_>,
    view: &View,
    default: Option<V>,
    contexts: &[(V, String)],
    root: V,
    mount: &Mount,
) {
    let context = view.args.keyword("context");
    // The root of an application that makes none is the only context.
    if context.is_some() && root == Machine::UNKNOWN {
        return;
    }
    // Views of exceptions answer where another view has failed.
    let of_exception = context.is_some_and(|context| {
        let outside = match world.machine.get(context) {
            Value::External(path) => vec![path.as_str().to_owned()],
            _ => world
                .machine
                .mro(context)
                .iter()
                .filter_map(|class| match class {
                    ClassRef::External(path) => Some(path.as_str().to_owned()),
                    ClassRef::Project(..) => None,
                })
                .collect(),
        };
        outside.iter().any(|path| {
            path.ends_with("Exception")
                || path.ends_with("Error")
                || path.contains("httpexceptions")
        })
    });
    if of_exception {
        return;
    }
    let name = world.text(view.args.keyword("name"));
    let known = contexts.iter().find(|(class, _)| context == Some(*class));
    let front = match (known, contexts.first()) {
        (Some((_, path)), _) => path.clone(),
        (None, Some((_, path))) if context.is_none() && root == Machine::UNKNOWN => path.clone(),
        (None, Some((_, path))) => format!("{path}/{UNKNOWN_PART}"),
        (None, None) => UNKNOWN_PART.to_owned(),
    };
    let path = match name.is_empty() && !front.is_empty() {
        true => front,
        false => format!("{front}/{name}"),
    };
    let factory = context.or(Some(root));
    endpoint(world, &path, view, default, factory, mount);
}

/// Views that are declared with `@view_config`, on functions, classes and methods.
fn declared_views(world: &mut World<'_>, views: &mut Vec<View>) {
    for (args, call) in world.calls_of_name("pyramid", "view_config") {
        for (given, applied) in world.calls_of(call) {
            let Some(v) = given.positional.first().copied() else {
                continue;
            };
            if world.is_left_out(applied) {
                continue;
            }
            let mut all = args.clone();
            // Defaults of the class that a method stands in.
            if let Target::Function(at, function) = world.handler(v).target
                && let Some(class) = world.machine.project.module(at)[function].class
            {
                for (defaults, marked) in world.calls_of_name("pyramid", "view_defaults") {
                    for (given, _) in world.calls_of(marked) {
                        let same = given
                            .positional
                            .first()
                            .is_some_and(|v| world.handler(*v).target == Target::Class(at, class));
                        if same {
                            for (name, value) in &defaults.keywords {
                                if all.keyword(name.as_str()).is_none() {
                                    all.keywords.push((*name, *value));
                                }
                            }
                        }
                    }
                }
            }
            views.push(View {
                route: world.text(all.keyword("route_name")),
                attr: all.keyword("attr").map(|v| world.text(Some(v))),
                args: all,
                callable: v,
                site: world.site(applied),
            });
        }
    }
}

/// Whether the access list of a context gives a permission to everybody.
fn is_everybodys(world: &mut World<'_>, factory: V, permission: &str) -> bool {
    let mut list = world.machine.attribute(factory, Symbol::from("__acl__"));
    if let Target::Function(..) = world.handler(list).target {
        let site = world
            .site(factory)
            .unwrap_or((hognose_python::ModuleId(0), hognose_python::ir::ExprId(0)));
        let object = world.machine.object_of(factory, site);
        let method = world.machine.attribute(object, Symbol::from("__acl__"));
        list = world.machine.run_call(method, Args::default(), site);
        world.index();
    }
    for entry in world.list(list).unwrap_or_default() {
        let Some([action, principal, permissions]) = world
            .list(entry)
            .and_then(|items| <[V; 3]>::try_from(items).ok())
        else {
            return false;
        };
        let all = guard::path_of(&world.machine, permissions).ends_with("ALL_PERMISSIONS");
        let listed = world.text_list(permissions).unwrap_or_default();
        if !all && !listed.iter().any(|known| known == permission) {
            continue;
        }
        let of = |v: V, name: &str, text: &str, world: &World<'_>| {
            guard::path_of(&world.machine, v).ends_with(name) || world.text(Some(v)) == text
        };
        if of(principal, "Everyone", "system.Everyone", world) {
            return of(action, "Allow", "Allow", world);
        }
    }
    false
}

fn endpoint(
    world: &mut World<'_>,
    pattern: &str,
    view: &View,
    default: Option<V>,
    factory: Option<V>,
    mount: &Mount,
) {
    let mut callable = view.callable;
    if let Some(attr) = &view.attr {
        let inner = world
            .machine
            .attribute(callable, Symbol::from(attr.as_str()));
        if world.machine.callable(inner) {
            callable = inner;
        }
    }
    let handler = world.handler(callable);
    let methods = match view.args.keyword("request_method") {
        Some(v) => world.text_list(v).unwrap_or_else(|| vec!["*".to_owned()]),
        None => vec!["*".to_owned()],
    };
    let mut layers = Vec::new();
    let (permission, place) = match view.args.keyword("permission") {
        Some(v) => (Some(v), Place::Decorator),
        None => (default, Place::Settings),
    };
    if let Some(v) = permission {
        let free = guard::path_of(&world.machine, v).ends_with("NO_PERMISSION_REQUIRED");
        let everybodys = factory.is_some_and(|factory| {
            let names = world.texts(v);
            !names.is_empty() && names.iter().all(|name| is_everybodys(world, factory, name))
        });
        let proof = if free || everybodys || matches!(world.machine.get(v), Value::None) {
            Proof::Public
        } else {
            Proof::Guard {
                level: Level::Permission,
                roles: Vec::new(),
                permissions: world.texts(v),
            }
        };
        layers.push(Layer { place, proof });
    }
    if let Some(v) = view.args.keyword("decorator") {
        for v in world.list(v).unwrap_or_else(|| vec![v]) {
            layers.push(Layer {
                place: Place::Decorator,
                proof: guard::decorator(world, v),
            });
        }
    }
    layers.extend(world.own_layers(&handler, None));
    world.add(
        "pyramid",
        &mount.app,
        pattern,
        methods,
        handler.target,
        view.site,
        &layers,
    );
}

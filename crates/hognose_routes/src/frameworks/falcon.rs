//! Falcon: objects with `on_get`, `on_post` and the like at URI templates.

use super::Framework;
use super::common::{Mount, class, endpoint, object_in, paths};
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, V, Value};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["falcon"],
    begins: &[("falcon", "App"), ("falcon", "API")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

const METHODS: &[&str] = &[
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "websocket",
];

fn find(world: &mut World<'_>) {
    for app in world.objects_of("falcon", &["App", "API"]) {
        if world.is_left_out(app) {
            continue;
        }
        let mut mount = Mount::new(world, "falcon", app);
        let made = world.made_with(app);
        if let Some(list) = made.keyword("middleware") {
            for v in world.list(list).unwrap_or_else(|| vec![list]) {
                for name in ["process_request", "process_resource"] {
                    let method = world
                        .machine
                        .attribute(v, hognose_python::Symbol::from(name));
                    if world.machine.callable(method) {
                        mount.hook(world, Place::Middleware, method);
                    }
                }
            }
        }
        for (method, args, call) in world.calls_on(app) {
            if matches!(method, "add_sink" | "add_static_route") {
                below(world, method, &args, call, &mount);
            }
            if method != "add_route" {
                continue;
            }
            let Some(mut resource) = args.get(1, "resource") else {
                continue;
            };
            // An object of a class that is decorated.
            let mut around = world.handler(resource).wrappers;
            if let Value::Call { callee, .. } = *world.machine.get(resource)
                && let Target::Class(..) = world.handler(callee).target
            {
                around = world.handler(callee).wrappers;
                resource = object_in(world, resource);
            }
            let suffix = match args.keyword("suffix") {
                Some(v) => format!("_{}", world.text(Some(v))),
                None => String::new(),
            };
            let names: Vec<(String, String)> = METHODS
                .iter()
                .map(|method| (format!("on_{method}{suffix}"), method.to_uppercase()))
                .collect();
            let names: Vec<(&str, &str)> = names
                .iter()
                .map(|(name, method)| (name.as_str(), method.as_str()))
                .collect();
            // `@falcon.before(hook)` on the class of the resource.
            let mut layers = mount.layers.clone();
            let site = world.site(call);
            for v in around {
                layers.push(Layer {
                    place: Place::Class,
                    proof: match guard::wrapper(world, v, None) {
                        Proof::Unknown => Proof::Nothing,
                        proof => proof,
                    },
                });
            }
            for path in paths(world, args.get(0, "uri_template")) {
                class(world, &mount, &path, resource, site, &names, &layers);
            }
        }
    }
}

/// What takes all requests below a prefix: a sink, or a directory of files.
fn below(world: &mut World<'_>, method: &str, args: &Args, call: V, mount: &Mount) {
    let site = world.site(call);
    let of_files = method == "add_static_route";
    let (prefix, methods) = match of_files {
        true => (args.get(0, "prefix"), "GET"),
        false => (args.get(1, "prefix"), "*"),
    };
    let front = match prefix {
        Some(v) => world.text(Some(v)),
        None => "/".to_owned(),
    };
    let path = match of_files {
        true => format!("{}/{{filename:path}}", front.trim_end_matches('/')),
        false => front,
    };
    let methods = vec![methods.to_owned()];
    match args.get(0, "sink").filter(|_| !of_files) {
        Some(sink) => endpoint(world, mount, &path, methods, sink, site, &[]),
        None => world.add(
            mount.framework,
            &mount.app,
            &path,
            methods,
            Target::Other(call),
            site,
            &mount.layers,
        ),
    }
}

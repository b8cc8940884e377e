//! aiohttp's server. `HEAD`, which `add_get` adds, is not listed; a class view is shown with the methods that it defines.

use hognose_python::Symbol;

use super::Framework;
use super::common::{BY_NAME, Mount, decorated, endpoint, paths};
use crate::guard::Place;
use crate::run::{Args, V, Value};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["aiohttp"],
    begins: &[("aiohttp", "Application")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

fn find(world: &mut World<'_>) {
    let apps = world.objects_of("aiohttp", &["Application"]);
    let mut below: Vec<V> = Vec::new();
    for app in &apps {
        for (method, args, _) in world.calls_on(*app) {
            if method == "add_subapp"
                && let Some(v) = args.get(1, "subapp")
            {
                below.extend(world.machine.alternatives(v));
            }
        }
    }
    for app in apps {
        if !below.contains(&app) && !world.is_left_out(app) {
            let mount = Mount::new(world, "aiohttp", app);
            application(world, app, &mount);
        }
    }
}

fn application(world: &mut World<'_>, app: V, mount: &Mount) {
    let mut mount = mount.clone();
    let made = world.made_with(app);
    if let Some(list) = made.keyword("middlewares") {
        for v in world.list(list).unwrap_or_default() {
            mount.hook(world, Place::Middleware, v);
        }
    }
    let middlewares = world.machine.attribute_of(app, Symbol::from("middlewares"));
    for (_, args, _) in world.calls_on(middlewares) {
        if let Some(v) = args.positional.first() {
            mount.hook(world, Place::Middleware, *v);
        }
    }
    for (method, args, _) in world.calls_on(app) {
        match method {
            "add_routes" => {
                if let Some(v) = args.get(0, "routes") {
                    routes(world, v, &mount);
                }
            }
            "add_subapp" => {
                let prefix = world.text(args.get(0, "prefix"));
                if let (Some(v), Some(inner)) = (
                    args.get(1, "subapp"),
                    mount.below(prefix.trim_end_matches('/')),
                ) {
                    for app in world.machine.alternatives(v) {
                        application(world, app, &inner);
                    }
                }
            }
            _ => {}
        }
    }
    let router = world.machine.attribute_of(app, Symbol::from("router"));
    for (method, args, call) in world.calls_on(router) {
        match method {
            "add_routes" => {
                if let Some(v) = args.get(0, "routes") {
                    routes(world, v, &mount);
                }
            }
            "add_resource" => {
                for (method, inner, applied) in world.calls_on(call) {
                    if method == "add_route" {
                        let mut all = inner;
                        all.positional
                            .insert(1, args.positional.first().copied().unwrap_or(call));
                        definition(world, "route", &all, applied, &mount);
                    }
                }
            }
            method => {
                if let Some(method) = method.strip_prefix("add_") {
                    definition(world, method, &args, call, &mount);
                }
            }
        }
    }
}

/// A list of definitions, or a table of decorators.
fn routes(world: &mut World<'_>, v: V, mount: &Mount) {
    for v in world.machine.alternatives(v) {
        if world.is_a(v, "aiohttp", &["RouteTableDef"]) {
            for (method, args, call) in world.calls_on(v) {
                if method == "static" {
                    definition(world, method, &args, call, mount);
                    continue;
                }
                for (handler, _) in decorated(world, call) {
                    let mut all = args.clone();
                    all.keywords.push((Symbol::from("handler"), handler));
                    definition(world, method, &all, call, mount);
                }
            }
            continue;
        }
        for item in world.list(v).unwrap_or_default() {
            let Value::Call { callee, args, .. } = world.machine.get(item).clone() else {
                continue;
            };
            let Value::External(path) = *world.machine.get(callee) else {
                continue;
            };
            let method = path.as_str().rsplit('.').next().unwrap_or_default();
            definition(world, method, &args, item, mount);
        }
    }
}

/// A pattern as aiohttp prints it: without the regular expressions of its parts.
fn canonical(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let (mut depth, mut left_out) = (0u32, false);
    for c in path.chars() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                left_out &= depth > 0;
            }
            ':' if depth == 1 => left_out = true,
            _ => {}
        }
        if !left_out {
            out.push(c);
        }
    }
    out
}

fn definition(world: &mut World<'_>, method: &str, args: &Args, call: V, mount: &Mount) {
    let site = world.site(call);
    let (path, handler, methods) = match method {
        "get" | "post" | "put" | "patch" | "delete" | "head" | "options" => (
            args.get(0, "path"),
            args.get(1, "handler"),
            vec![method.to_uppercase()],
        ),
        "view" => (
            args.get(0, "path"),
            args.get(1, "handler"),
            vec!["*".to_owned()],
        ),
        "route" => {
            let method = world.text(args.get(0, "method")).to_uppercase();
            (args.get(1, "path"), args.get(2, "handler"), vec![method])
        }
        "static" => {
            for path in paths(world, args.get(0, "prefix")) {
                let full = format!(
                    "{}{}/{{filename}}",
                    mount.prefix,
                    path.trim_end_matches('/')
                );
                let get = vec!["GET".to_owned()];
                world.add(
                    mount.framework,
                    &mount.app,
                    &full,
                    get,
                    Target::Other(call),
                    site,
                    &mount.layers,
                );
            }
            return;
        }
        _ => return,
    };
    let Some(handler) = handler else { return };
    for path in paths(world, path) {
        let path = canonical(&path);
        endpoint(world, mount, &path, methods.clone(), handler, site, BY_NAME);
    }
}

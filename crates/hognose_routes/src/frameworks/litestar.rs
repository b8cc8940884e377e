//! Litestar: handlers made by decorators, in controllers and routers.

use hognose_python::Symbol;

use super::Framework;
use super::common::{Mount, guards, methods, paths};
use crate::guard::Place;
use crate::run::{V, Value};
use crate::world::{Target, World, last};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["litestar", "starlite"],
    begins: &[("litestar", "Litestar"), ("starlite", "Starlite")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

/// The pages of the description that Litestar adds, below `/schema`.
const DESCRIPTION: &[&str] = &[
    "",
    "/{path:str}",
    "/openapi.json",
    "/openapi.yaml",
    "/openapi.yml",
    "/redoc",
    "/swagger",
    "/elements",
    "/rapidoc",
    "/oauth2-redirect.html",
];

fn find(world: &mut World<'_>) {
    for (package, name) in [("litestar", "Litestar"), ("starlite", "Starlite")] {
        for app in world.objects_of(package, &[name]) {
            if world.is_left_out(app) {
                continue;
            }
            let mut mount = Mount::new(world, "litestar", app);
            let made = world.made_with(app);
            mount.prefix = world
                .text(made.keyword("path"))
                .trim_end_matches('/')
                .to_owned();
            mount.layers = guards(world, &made, "guards", Place::Router);
            if let Some(list) = made.get(0, "route_handlers") {
                handlers(world, list, &mount);
            }
            let described = made
                .keyword("openapi_config")
                .is_none_or(|v| !matches!(world.machine.get(v), Value::None));
            if described {
                let site = world.site(app);
                for page in DESCRIPTION {
                    let path = format!("{}/schema{page}", mount.prefix);
                    let get = vec!["GET".to_owned()];
                    let target = Target::Other(app);
                    world.add(
                        "litestar",
                        &mount.app,
                        &path,
                        get,
                        target,
                        site,
                        &mount.layers,
                    );
                }
            }
            for (method, args, _) in world.calls_on(app) {
                if method == "register"
                    && let Some(v) = args.positional.first()
                {
                    handler(world, *v, &mount);
                }
            }
        }
    }
}

fn handlers(world: &mut World<'_>, list: V, mount: &Mount) {
    for v in world.machine.elements(list).0 {
        handler(world, v, mount);
    }
}

/// `/a` and `/b` one after the other.
fn joined(front: &str, path: &str) -> String {
    let path = path.trim_matches('/');
    match (front.is_empty(), path.is_empty()) {
        (true, true) => "/".to_owned(),
        (false, true) => front.to_owned(),
        _ => format!("{front}/{path}"),
    }
}

fn handler(world: &mut World<'_>, v: V, mount: &Mount) {
    if world.is_a(v, "litestar", &["Router"]) || world.is_a(v, "starlite", &["Router"]) {
        let made = world.made_with(v);
        let path = world.text(made.get(0, "path"));
        let path = path.trim_matches('/');
        let front = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        if let Some(mut inner) = mount.below(&front) {
            inner
                .layers
                .extend(guards(world, &made, "guards", Place::Router));
            if let Some(list) = made.keyword("route_handlers") {
                handlers(world, list, &inner);
            }
        }
        return;
    }
    if let Value::Class { .. } = world.machine.get(v) {
        let path = world.machine.attribute(v, Symbol::from("path"));
        let path = world.texts(path).pop().unwrap_or_default();
        let path = path.trim_matches('/');
        let front = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        let Some(mut inner) = mount.below(&front) else {
            return;
        };
        let of_class = world.machine.attribute(v, Symbol::from("guards"));
        for guard in world.list(of_class).unwrap_or_default() {
            inner.layers.push(crate::guard::Layer {
                place: Place::Class,
                proof: crate::guard::before(world, guard),
            });
        }
        for (_, member) in world.members(v) {
            function(world, member, &inner);
        }
        return;
    }
    function(world, v, mount);
}

/// A function under `@get`, `@post`, `@route` and the like.
fn function(world: &mut World<'_>, v: V, mount: &Mount) {
    let inner = world.handler(v);
    for wrapper in &inner.wrappers {
        let Value::Call { callee, .. } = *world.machine.get(*wrapper) else {
            continue;
        };
        let path = crate::guard::path_of(&world.machine, callee);
        if !path.starts_with("litestar.") && !path.starts_with("starlite.") {
            continue;
        }
        let args = world.made_with(callee);
        let name = last(&path);
        let methods = match name {
            "get" | "post" | "put" | "patch" | "delete" | "head" => vec![name.to_uppercase()],
            "route" => methods(world, args.keyword("http_method")).unwrap_or_default(),
            "websocket" | "websocket_listener" => vec!["WEBSOCKET".to_owned()],
            _ => continue,
        };
        let mut layers = mount.layers.clone();
        layers.extend(guards(world, &args, "guards", Place::Decorator));
        layers.extend(world.own_layers(&inner, None));
        let site = world.site(*wrapper);
        let mut patterns = paths(world, args.get(0, "path"));
        if patterns.is_empty() {
            patterns.push(String::new());
        }
        for pattern in patterns {
            let full = joined(&mount.prefix, &pattern);
            world.add(
                "litestar",
                &mount.app,
                &full,
                methods.clone(),
                inner.target,
                site,
                &layers,
            );
        }
    }
}

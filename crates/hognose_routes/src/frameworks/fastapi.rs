//! FastAPI and Starlette.
//!
//! `HEAD`, which Starlette adds to `GET`, is not listed; a WebSocket has the method `WEBSOCKET`.

mod dependencies;

use hognose_python::Symbol;

pub(super) use self::dependencies::dependencies;
use self::dependencies::parameters;
use super::{Framework, fastapi_library};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, Machine, Site, V, Value};
use crate::world::{Outside, Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["fastapi", "starlette"],
    begins: &[
        ("fastapi", "FastAPI"),
        ("fastapi", "APIRouter"),
        ("starlette", "Starlette"),
    ],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

const METHODS: &[&str] = &[
    "get", "post", "put", "delete", "patch", "options", "head", "trace",
];

/// Routers inside of each other, and dependencies of dependencies.
const MAX_NESTING: usize = 16;

/// Where routes stand.
#[derive(Clone)]
pub(super) struct Mount {
    pub(super) app: String,
    pub(super) framework: &'static str,
    pub(super) prefix: String,
    pub(super) layers: Vec<Layer>,
    /// Middleware that only requests of HTTP go through: a WebSocket passes by it.
    pub(super) of_http: Vec<Layer>,
    nesting: usize,
}

fn find(world: &mut World<'_>) {
    let mut apps: Vec<(V, &'static str)> = Vec::new();
    for (package, class) in [("fastapi", "FastAPI"), ("starlette", "Starlette")] {
        let framework = package;
        for app in world.objects_of(package, &[class]) {
            if !world.is_left_out(app) && !apps.iter().any(|(known, _)| *known == app) {
                apps.push((app, framework));
            }
        }
    }
    // What is mounted in another application is shown there.
    let mut below: Vec<V> = Vec::new();
    for (app, _) in &apps {
        for (method, args, _) in world.calls_on(*app) {
            if method == "mount"
                && let Some(inner) = args.get(1, "app")
            {
                below.extend(world.machine.alternatives(inner));
            }
        }
    }
    for (args, _) in world.calls_of_name("starlette", "Mount") {
        if let Some(inner) = args.get(1, "app") {
            below.extend(world.machine.alternatives(inner));
        }
    }
    let any = !apps.is_empty();
    for (app, framework) in apps {
        if below.contains(&app) {
            continue;
        }
        let mount = Mount {
            app: world.name_of(app),
            framework,
            prefix: String::new(),
            layers: Vec::new(),
            of_http: Vec::new(),
            nesting: 0,
        };
        application(world, app, &mount);
    }
    if any {
        return;
    }
    // A package of routers for the applications of others.
    let routers = world.objects_of("fastapi", &["APIRouter"]);
    let mut included: Vec<V> = Vec::new();
    for router in &routers {
        for (method, args, _) in world.calls_on(*router) {
            if method == "include_router" {
                included.extend(args.get(0, "router"));
            }
        }
    }
    for router in routers {
        if included.contains(&router) || world.is_left_out(router) {
            continue;
        }
        let mount = Mount {
            app: world.name_of(router),
            framework: "fastapi",
            prefix: String::new(),
            layers: Vec::new(),
            of_http: Vec::new(),
            nesting: 0,
        };
        router_routes(world, router, &mount);
    }
}

/// An application: its own pages, middleware, dependencies and routes.
fn application(world: &mut World<'_>, app: V, mount: &Mount) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    let made = world.made_with(app);
    let mut mount = mount.clone();
    if world.is_a(app, "fastapi", &["FastAPI"]) {
        mount.framework = "fastapi";
        pages(world, app, &made, &mount);
    }
    for (method, args, call) in world.calls_on(app) {
        let functions: Vec<V> = match method {
            // `@app.middleware("http")`.
            "middleware" => {
                let applied = world.calls_of(call);
                applied
                    .into_iter()
                    .filter_map(|(given, _)| given.positional.first().copied())
                    .collect()
            }
            "add_middleware" => args.get(0, "middleware_class").into_iter().collect(),
            _ => continue,
        };
        for v in functions {
            let of_http = method == "middleware" || is_of_http(world, v);
            let layers = middleware(world, v, &args);
            if of_http {
                mount.of_http.extend(layers);
            } else {
                mount.layers.extend(layers);
            }
        }
    }
    if let Some(list) = made.keyword("middleware") {
        for v in world.list(list).unwrap_or_default() {
            let made = world.made_with(v);
            if let Some(class) = made.get(0, "cls") {
                let layers = middleware(world, class, &made);
                if is_of_http(world, class) {
                    mount.of_http.extend(layers);
                } else {
                    mount.layers.extend(layers);
                }
            }
        }
    }
    let layers = dependencies(world, &made, Place::Router);
    mount.layers.extend(layers);
    if let Some(list) = made.keyword("routes") {
        route_list(world, list, &mount);
    }
    routes(world, app, &mount);
    // `app.router` takes the same calls.
    let router = world.machine.attribute_of(app, Symbol::from("router"));
    routes(world, router, &mount);
}

/// Whether a middleware sees requests of HTTP only.
fn is_of_http(world: &mut World<'_>, v: V) -> bool {
    world.is_a(v, "starlette", &["BaseHTTPMiddleware"])
        || world.is_a(v, "fastapi", &["BaseHTTPMiddleware"])
}

/// The layers of a middleware.
fn middleware(world: &mut World<'_>, v: V, args: &Args) -> Vec<Layer> {
    if let Value::External(_) = world.machine.get(v) {
        // Starlette's asks its backend, which may raise where it knows nobody.
        if let Some(backend) = args.keyword("backend")
            && world.is_a(v, "starlette", &["AuthenticationMiddleware"])
        {
            let asks = world
                .machine
                .attribute(backend, Symbol::from("authenticate"));
            if let Target::Function(..) = world.handler(asks).target {
                return vec![Layer {
                    place: Place::Middleware,
                    proof: guard::dependency(world, asks),
                }];
            }
        }
        return vec![Layer {
            place: Place::Middleware,
            proof: guard::of_middleware(world, v),
        }];
    }
    if !matches!(world.machine.get(v), Value::Class { .. }) {
        return vec![guard::hook(world, Place::Middleware, v)];
    }
    let mut layers: Vec<Layer> = Vec::new();
    for name in ["dispatch", "__call__"] {
        let method = world.machine.attribute(v, Symbol::from(name));
        if let Target::Function(..) = world.handler(method).target {
            layers.push(guard::hook(world, Place::Middleware, method));
        }
    }
    // What a base class of a library does is in its tables or not known.
    if layers.is_empty() {
        let proof = guard::of_middleware(world, v);
        layers.push(Layer {
            place: Place::Middleware,
            proof,
        });
    }
    layers
}

/// The pages that FastAPI adds: its description and the two documentations.
fn pages(world: &mut World<'_>, app: V, made: &Args, mount: &Mount) {
    let page = |name: &str, default: &str, world: &World<'_>| match made.keyword(name) {
        None => Some(default.to_owned()),
        Some(v) if matches!(world.machine.get(v), Value::None) => None,
        Some(v) => Some(world.text(Some(v))),
    };
    let Some(openapi) = page("openapi_url", "/openapi.json", world) else {
        return;
    };
    if openapi.is_empty() {
        return;
    }
    let mut paths = vec![openapi];
    if let Some(docs) = page("docs_url", "/docs", world).filter(|docs| !docs.is_empty()) {
        paths.push(docs);
        paths.extend(page(
            "swagger_ui_oauth2_redirect_url",
            "/docs/oauth2-redirect",
            world,
        ));
    }
    paths.extend(page("redoc_url", "/redoc", world).filter(|redoc| !redoc.is_empty()));
    let site = world.site(app);
    for path in paths {
        let path = format!("{}{path}", mount.prefix);
        let get = vec!["GET".to_owned()];
        world.add(
            mount.framework,
            &mount.app,
            &path,
            get,
            Target::Other(app),
            site,
            &[mount.of_http.clone(), mount.layers.clone()].concat(),
        );
    }
}

/// A router below a mount: with its own prefix and dependencies.
fn router_routes(world: &mut World<'_>, router: V, mount: &Mount) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    let made = world.made_with(router);
    let mut mount = mount.clone();
    mount.nesting += 1;
    mount.prefix.push_str(&world.text(made.keyword("prefix")));
    let layers = dependencies(world, &made, Place::Router);
    mount.layers.extend(layers);
    // Starlette's router takes its routes first; that of FastAPI takes nothing by position.
    if let Some(list) = made.get(0, "routes") {
        route_list(world, list, &mount);
    }
    routes(world, router, &mount);
}

/// All that was registered on an application or router.
fn routes(world: &mut World<'_>, v: V, mount: &Mount) {
    for (method, args, call) in world.calls_on(v) {
        match method {
            "include_router" => {
                let Some(given) = args.get(0, "router") else {
                    continue;
                };
                let mut given = world.machine.alternatives(given);
                // What a loop over modules finds: all that nobody else includes.
                if let [only] = *given.as_slice()
                    && matches!(world.machine.get(only), Value::Unknown)
                {
                    given = loose_routers(world);
                }
                for router in given {
                    let mut inner = mount.clone();
                    inner.prefix.push_str(&world.text(args.keyword("prefix")));
                    let layers = dependencies(world, &args, Place::Router);
                    inner.layers.extend(layers);
                    if world.is_a(router, "fastapi", &["FastAPI"]) {
                        routes(world, router, &inner);
                    } else if let Some(known) = fastapi_library::router(world, router) {
                        fastapi_library::routes(world, router, known, &inner);
                    } else {
                        router_routes(world, router, &inner);
                    }
                }
            }
            "mount" => mounted(world, &args, call, mount),
            "add_api_route" | "add_route" => {
                if let Some(endpoint) = args.get(1, "endpoint").or_else(|| args.keyword("route")) {
                    let methods = method_list(world, &args, 2, method == "add_api_route");
                    endpoint_at(world, &args, endpoint, methods, mount, Some(call));
                }
            }
            "add_api_websocket_route" | "add_websocket_route" => {
                if let Some(endpoint) = args.get(1, "endpoint").or_else(|| args.keyword("route")) {
                    let methods = Some(vec!["WEBSOCKET".to_owned()]);
                    endpoint_at(world, &args, endpoint, methods, mount, Some(call));
                }
            }
            "get" | "post" | "put" | "delete" | "patch" | "options" | "head" | "trace"
            | "api_route" | "route" | "websocket" | "websocket_route" => {
                let methods = match method {
                    "api_route" => method_list(world, &args, 9, true),
                    "route" => method_list(world, &args, 1, false),
                    "websocket" | "websocket_route" => Some(vec!["WEBSOCKET".to_owned()]),
                    method => Some(vec![method.to_uppercase()]),
                };
                for (given, applied) in world.calls_of(call) {
                    if let Some(endpoint) = given.positional.first().copied() {
                        let methods = methods.clone();
                        endpoint_at(world, &args, endpoint, methods, mount, Some(applied));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Routers that are included nowhere by name.
fn loose_routers(world: &mut World<'_>) -> Vec<V> {
    let all = world.objects_of("fastapi", &["APIRouter"]);
    let mut included: Vec<V> = Vec::new();
    for (_, value) in world.machine.values() {
        if let Value::Call { callee, args, .. } = value
            && let Value::Attribute { attr, .. } = world.machine.get(*callee)
            && attr.as_str() == "include_router"
            && let Some(given) = args.get(0, "router")
        {
            included.extend(world.machine.alternatives(given));
        }
    }
    all.into_iter()
        .filter(|router| !included.contains(router) && !world.is_left_out(*router))
        .collect()
}

/// The methods given; `None` where a class decides.
fn method_list(
    world: &mut World<'_>,
    args: &Args,
    position: usize,
    only_keyword: bool,
) -> Option<Vec<String>> {
    let v = if only_keyword {
        args.keyword("methods")
    } else {
        args.get(position, "methods")
    };
    let methods = world.text_list(v?)?;
    Some(methods.into_iter().map(|m| m.to_uppercase()).collect())
}

/// An application, router or list of routes below a path.
fn mounted(world: &mut World<'_>, args: &Args, call: V, mount: &Mount) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    let mut inner = mount.clone();
    inner.nesting += 1;
    let path = world.text(args.get(0, "path"));
    inner.prefix.push_str(path.trim_end_matches('/'));
    if let Some(list) = args.get(2, "routes") {
        route_list(world, list, &inner);
    }
    let Some(app) = args.get(1, "app") else {
        return;
    };
    for app in world.machine.alternatives(app) {
        if world.is_a(app, "fastapi", &["FastAPI"]) || world.is_a(app, "starlette", &["Starlette"])
        {
            // Middleware stands around all of an application; its dependencies are those of its own routes.
            let mut inner = inner.clone();
            let (around, of_routes): (Vec<Layer>, Vec<Layer>) = std::mem::take(&mut inner.layers)
                .into_iter()
                .partition(|layer| layer.place == Place::Middleware);
            inner.layers = around;
            if let Some(site) = world.site(call)
                && guard::combine(&of_routes).level > Level::Public
            {
                world.outside.push(Outside {
                    site,
                    what: "the dependencies around a mounted application do not reach it",
                    prefix: inner.prefix.clone(),
                });
            }
            application(world, app, &inner);
        } else if world.is_a(app, "fastapi", &["APIRouter"])
            || world.is_a(app, "starlette", &["Router"])
        {
            router_routes(world, app, &inner);
        } else if world.is_a(app, "starlette", &["Mount"]) {
            let args = world.made_with(app);
            mounted(world, &args, app, &inner);
        } else {
            // Files, or an application that is not known: all below the path is its own.
            let files = world.is_a(app, "starlette", &["StaticFiles"])
                || world.is_a(app, "fastapi", &["StaticFiles"]);
            let methods = if files { "GET" } else { "*" };
            let mut layers = [inner.of_http.clone(), inner.layers.clone()].concat();
            if !files {
                layers.push(Layer {
                    place: Place::Router,
                    proof: Proof::Unknown,
                });
            }
            let path = format!("{}/{{path:path}}", inner.prefix);
            let site = world.site(call);
            world.add(
                inner.framework,
                &inner.app,
                &path,
                vec![methods.to_owned()],
                Target::Other(app),
                site,
                &layers,
            );
        }
    }
}

/// A list of `Route`, `WebSocketRoute`, `Mount`.
fn route_list(world: &mut World<'_>, list: V, mount: &Mount) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    // `router.routes`: what another router has.
    if let Value::Attribute { of, attr } = *world.machine.get(list)
        && attr.as_str() == "routes"
    {
        let mut inner = mount.clone();
        inner.nesting += 1;
        router_routes(world, of, &inner);
        return;
    }
    for v in world.machine.elements(list).0 {
        let args = world.made_with(v);
        if world.is_a(v, "starlette", &["Mount"]) || world.is_a(v, "fastapi", &["Mount"]) {
            mounted(world, &args, v, mount);
        } else if world.is_a(v, "starlette", &["Host"]) {
            // The host is no part of the path.
            let mut of_host = args.clone();
            of_host.keywords.retain(|(name, _)| name.as_str() != "host");
            if let Some(first) = of_host.positional.first_mut() {
                *first = Machine::NONE;
            }
            mounted(world, &of_host, v, mount);
        } else if world.is_a(v, "starlette", &["WebSocketRoute"])
            || world.is_a(v, "fastapi", &["APIWebSocketRoute"])
        {
            if let Some(endpoint) = args.get(1, "endpoint") {
                let methods = Some(vec!["WEBSOCKET".to_owned()]);
                endpoint_at(world, &args, endpoint, methods, mount, Some(v));
            }
        } else if (world.is_a(v, "starlette", &["Route"])
            || world.is_a(v, "fastapi", &["APIRoute"]))
            && let Some(endpoint) = args.get(1, "endpoint")
        {
            let methods = method_list(world, &args, 2, true);
            endpoint_at(world, &args, endpoint, methods, mount, Some(v));
        }
    }
}

/// One endpoint at the path of its arguments.
fn endpoint_at(
    world: &mut World<'_>,
    args: &Args,
    endpoint: V,
    methods: Option<Vec<String>>,
    mount: &Mount,
    call: Option<V>,
) {
    let site: Option<Site> = call.and_then(|call| world.site(call));
    let Some(path) = args.get(0, "path") else {
        return;
    };
    let mut paths = world.texts(path);
    if paths.is_empty() {
        paths.push(world.text(Some(path)));
    }
    let handler = world.handler(endpoint);
    let is_socket = methods
        .as_ref()
        .is_some_and(|methods| methods == &["WEBSOCKET"]);
    let mut layers = mount.layers.clone();
    if !is_socket {
        layers.splice(0..0, mount.of_http.iter().cloned());
    }
    layers.extend(dependencies(world, args, Place::Decorator));
    if let Target::Function(at, function) = handler.target {
        layers.extend(parameters(world, at, function));
    }
    layers.extend(world.own_layers(&handler, None));
    for path in paths {
        let path = format!("{}{path}", mount.prefix);
        if is_socket
            && let Some(site) = site
            && guard::combine(&mount.of_http).level > Level::Public
        {
            world.outside.push(Outside {
                site,
                what: "middleware for HTTP does not see a WebSocket",
                prefix: path.clone(),
            });
        }
        if let Target::Class(..) = handler.target {
            class_endpoint(
                world,
                &path,
                endpoint,
                mount,
                site,
                &layers,
                methods.as_deref(),
            );
            continue;
        }
        let methods = methods.clone().unwrap_or_else(|| vec!["GET".to_owned()]);
        world.add(
            mount.framework,
            &mount.app,
            &path,
            methods,
            handler.target,
            site,
            &layers,
        );
    }
}

/// A class with a method for each method.
fn class_endpoint(
    world: &mut World<'_>,
    path: &str,
    class: V,
    mount: &Mount,
    site: Option<Site>,
    layers: &[Layer],
    given: Option<&[String]>,
) {
    let mut any = false;
    for method in METHODS {
        let v = world.machine.attribute(class, Symbol::from(*method));
        let handler = world.handler(v);
        let Target::Function(..) = handler.target else {
            continue;
        };
        any = true;
        let mut layers = layers.to_vec();
        layers.extend(world.own_layers(&handler, Some(class)));
        world.add(
            mount.framework,
            &mount.app,
            path,
            vec![method.to_uppercase()],
            handler.target,
            site,
            &layers,
        );
    }
    if !any {
        let methods = given.map_or_else(|| vec!["*".to_owned()], <[String]>::to_vec);
        let target = world.handler(class).target;
        world.add(
            mount.framework,
            &mount.app,
            path,
            methods,
            target,
            site,
            layers,
        );
    }
}

//! Sanic: applications, blueprints and their groups.

use super::Framework;
use super::common::{BY_NAME, Mount, decorated, endpoint, methods, paths};
use crate::guard::Place;
use crate::run::{Args, V, Value};
use crate::world::World;

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["sanic"],
    begins: &[("sanic", "Sanic")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

fn find(world: &mut World<'_>) {
    for app in world.objects_of("sanic", &["Sanic"]) {
        if world.is_left_out(app) {
            continue;
        }
        let mut mount = Mount::new(world, "sanic", app);
        hooks(world, app, &mut mount);
        routes(world, app, &mount, "");
        for (method, args, _) in world.calls_on(app) {
            if method == "blueprint"
                && let Some(v) = args.get(0, "blueprint")
            {
                let prefix = args.keyword("url_prefix").map(|v| world.text(Some(v)));
                blueprint(world, v, &mount, prefix, "");
            }
        }
    }
}

fn hooks(world: &mut World<'_>, v: V, mount: &mut Mount) {
    for (method, args, call) in world.calls_on(v) {
        let of_requests = match method {
            "on_request" => true,
            "middleware" | "register_middleware" => {
                let at = args.get(usize::from(method == "register_middleware"), "attach_to");
                let at = at.or_else(|| args.positional.first().copied());
                world.text(at) != "response"
            }
            _ => false,
        };
        if !of_requests {
            continue;
        }
        // With parentheses and without them.
        let mut functions: Vec<V> = decorated(world, call).into_iter().map(|(v, _)| v).collect();
        let given = args.positional.first().copied();
        functions.extend(given.filter(|v| world.machine.callable(*v)));
        for v in functions {
            mount.hook(world, Place::Hook, v);
        }
    }
}

/// The front of a path that a version makes.
fn front_of(world: &World<'_>, args: &Args) -> Option<String> {
    let version = args.keyword("version")?;
    if matches!(world.machine.get(version), Value::None) {
        return None;
    }
    let mut text = match args.keyword("version_prefix") {
        Some(v) => world.text(Some(v)),
        None => "/v".to_owned(),
    };
    world.machine.print(version, &mut text);
    Some(text)
}

/// Class views that were attached where they are defined: `class Shop(HTTPMethodView, attach=app, uri="/shop")`.
fn attached(world: &mut World<'_>, to: V, mount: &Mount, version: &str) {
    for (class, args) in world.classes_with_keywords() {
        if args.keyword("attach") == Some(to) {
            let site = world.site(class);
            add(world, &args, 0, Vec::new(), class, mount, version, site);
        }
    }
}

/// A blueprint, a group of them, or a list.
fn blueprint(world: &mut World<'_>, v: V, mount: &Mount, prefix: Option<String>, version: &str) {
    for v in world.machine.alternatives(v) {
        if let Some(list) = world.list(v) {
            for v in list {
                blueprint(world, v, mount, prefix.clone(), version);
            }
            continue;
        }
        let made = world.made_with(v);
        let version = front_of(world, &made).unwrap_or_else(|| version.to_owned());
        let own = world.text(made.keyword("url_prefix"));
        if world.is_a(v, "sanic", &["Blueprint"]) {
            let front = prefix.clone().unwrap_or(own);
            let Some(mut inner) = mount.below(&front) else {
                continue;
            };
            hooks(world, v, &mut inner);
            routes(world, v, &inner, &version);
        } else if world.is_a(v, "sanic", &["Blueprint.group"]) {
            let Some(inner) = mount.below(&own) else {
                continue;
            };
            for v in &made.positional {
                // A blueprint in a group keeps its own prefix below that of the group.
                blueprint(world, *v, &inner, None, &version);
            }
        }
    }
}

fn routes(world: &mut World<'_>, v: V, mount: &Mount, version: &str) {
    attached(world, v, mount, version);
    for (method, args, call) in world.calls_on(v) {
        let site = world.site(call);
        match method {
            "get" | "post" | "put" | "delete" | "patch" | "head" | "options" | "route"
            | "websocket" => {
                let methods = match method {
                    "route" => methods(world, args.get(1, "methods"))
                        .unwrap_or_else(|| vec!["GET".to_owned()]),
                    "websocket" => vec!["WEBSOCKET".to_owned()],
                    method => vec![method.to_uppercase()],
                };
                for (handler, site) in decorated(world, call) {
                    add(
                        world,
                        &args,
                        0,
                        methods.clone(),
                        handler,
                        mount,
                        version,
                        site,
                    );
                }
            }
            "add_route" => {
                let methods = methods(world, args.get(2, "methods"))
                    .unwrap_or_else(|| vec!["GET".to_owned()]);
                if let Some(handler) = args.get(0, "handler") {
                    add(world, &args, 1, methods, handler, mount, version, site);
                }
            }
            "add_websocket_route" => {
                if let Some(handler) = args.get(0, "handler") {
                    let methods = vec!["WEBSOCKET".to_owned()];
                    add(world, &args, 1, methods, handler, mount, version, site);
                }
            }
            _ => {}
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a route has these parts")]
fn add(
    world: &mut World<'_>,
    args: &Args,
    position: usize,
    methods: Vec<String>,
    handler: V,
    mount: &Mount,
    version: &str,
    site: Option<crate::run::Site>,
) {
    let mut mount = mount.clone();
    let own = front_of(world, args);
    mount
        .prefix
        .insert_str(0, own.as_deref().unwrap_or(version));
    for path in paths(world, args.get(position, "uri")) {
        endpoint(
            world,
            &mount,
            &path,
            methods.clone(),
            handler,
            site,
            BY_NAME,
        );
    }
}

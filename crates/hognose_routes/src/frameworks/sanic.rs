//! Sanic: applications, blueprints and their groups.

use super::Framework;
use super::common::{BY_NAME, Mount, decorated, endpoint, methods, paths};
use crate::guard::Place;
use crate::run::{Args, V};
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
        match method {
            "on_request" => {
                for (v, _) in decorated(world, call) {
                    mount.hook(world, Place::Hook, v);
                }
            }
            "middleware" => {
                for (v, _) in decorated(world, call) {
                    if world.text(args.get(0, "attach_to")) != "response" {
                        mount.hook(world, Place::Hook, v);
                    }
                }
            }
            _ => {}
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
        let version = match made.keyword("version") {
            Some(v) => {
                let mut text = String::from("/v");
                world.machine.print(v, &mut text);
                text
            }
            None => version.to_owned(),
        };
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
    let own = args.keyword("version").map(|v| {
        let mut text = String::from("/v");
        world.machine.print(v, &mut text);
        text
    });
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

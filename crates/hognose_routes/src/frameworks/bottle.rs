//! Bottle: applications, and the default one that the functions of its module work on.

use hognose_python::Symbol;

use super::Framework;
use super::common::{BY_NAME, Mount, decorated, endpoint, methods, paths};
use crate::guard::{self, Layer, Place};
use crate::run::{Args, V};
use crate::world::World;

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["bottle"],
    begins: &[("bottle", "Bottle")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

const DECORATORS: &[&str] = &["route", "get", "post", "put", "delete", "patch"];

fn find(world: &mut World<'_>) {
    let apps = world.objects_of("bottle", &["Bottle"]);
    let mut below: Vec<V> = Vec::new();
    for app in &apps {
        for (method, args, _) in world.calls_on(*app) {
            if matches!(method, "mount" | "merge") {
                below.extend(&args.positional);
            }
        }
    }
    for app in apps {
        if !below.contains(&app) && !world.is_left_out(app) {
            let mount = Mount::new(world, "bottle", app);
            application(world, app, &mount);
        }
    }
    for name in DECORATORS {
        for (args, call) in world.calls_of_name("bottle", name) {
            if world.is_left_out(call) {
                continue;
            }
            let mut mount = Mount::new(world, "bottle", call);
            "bottle.default_app".clone_into(&mut mount.app);
            route(world, name, &args, call, &mount);
        }
    }
}

fn application(world: &mut World<'_>, app: V, mount: &Mount) {
    let mut mount = mount.clone();
    for (method, args, call) in world.calls_on(app) {
        if !matches!(method, "hook" | "add_hook")
            || world.text(args.get(0, "name")) != "before_request"
        {
            continue;
        }
        for (v, _) in decorated(world, call) {
            mount.hook(world, Place::Hook, v);
        }
        if let Some(v) = args.get(1, "func") {
            mount.hook(world, Place::Hook, v);
        }
    }
    for (method, args, call) in world.calls_on(app) {
        match method {
            "mount" => {
                let prefix = world.text(args.get(0, "prefix"));
                if let (Some(inner), Some(v)) = (
                    mount.below(&format!("/{}", prefix.trim_matches('/'))),
                    args.get(1, "app"),
                ) {
                    application(world, v, &inner);
                }
            }
            "merge" => {
                if let (Some(inner), Some(v)) = (mount.below(""), args.positional.first()) {
                    application(world, *v, &inner);
                }
            }
            _ => route(world, method, &args, call, &mount),
        }
    }
}

fn route(world: &mut World<'_>, name: &str, args: &Args, call: V, mount: &Mount) {
    if !DECORATORS.contains(&name) {
        return;
    }
    let mut mount = mount.clone();
    // `apply=[guard]`: decorators that are given with the path.
    if let Some(list) = args.keyword("apply") {
        for v in world.list(list).unwrap_or_else(|| vec![list]) {
            mount.layers.push(Layer {
                place: Place::Decorator,
                proof: guard::decorator(world, v),
            });
        }
    }
    let mount = &mount;
    let methods = if name == "route" {
        methods(world, args.get(1, "method")).unwrap_or_else(|| vec!["GET".to_owned()])
    } else {
        vec![name.to_uppercase()]
    };
    // What Bottle calls `ANY`.
    let methods: Vec<String> = match methods.iter().any(|method| method == "ANY") {
        true => vec!["*".to_owned()],
        false => methods,
    };
    let mut handlers = decorated(world, call);
    if let Some(v) = args.get(2, "callback") {
        handlers.push((v, world.site(call)));
    }
    for (v, site) in handlers {
        let given = args.get(0, "path");
        let patterns = match given {
            // Without a path it is made from the name of the function.
            None => {
                let name = world
                    .machine
                    .attribute(world.handler_value(v), Symbol::from("__name__"));
                vec![format!("/{}", world.text(Some(name)))]
            }
            Some(_) => paths(world, given),
        };
        for path in patterns {
            endpoint(world, mount, &path, methods.clone(), v, site, BY_NAME);
        }
    }
}

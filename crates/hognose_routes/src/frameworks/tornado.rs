//! Tornado: lists of patterns and handler classes. Patterns are shown as they are given.

use hognose_python::{ClassRef, Symbol};

use super::Framework;
use super::common::{BY_NAME, Mount, class};
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Site, V, Value};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["tornado"],
    begins: &[("tornado", "Application")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

/// Methods of handlers of Tornado itself.
const OF_TORNADO: &[(&str, &str)] = &[
    ("StaticFileHandler", "GET HEAD"),
    ("RedirectHandler", "GET"),
    ("WebSocketHandler", "GET"),
    ("FallbackHandler", "*"),
    ("ErrorHandler", "*"),
];

fn find(world: &mut World<'_>) {
    for app in world.objects_of("tornado", &["Application"]) {
        if world.is_left_out(app) {
            continue;
        }
        let mount = Mount::new(world, "tornado", app);
        let made = world.made_with(app);
        if let Some(list) = made.get(0, "handlers") {
            handlers(world, list, &mount, app);
        }
        for (method, args, _) in world.calls_on(app) {
            if method == "add_handlers"
                && let Some(list) = args.get(1, "host_handlers")
            {
                handlers(world, list, &mount, app);
            }
        }
        if let Some(path) = made.keyword("static_path")
            && !matches!(world.machine.get(path), Value::None)
        {
            let front = match made.keyword("static_url_prefix") {
                Some(v) => world.text(Some(v)),
                None => "/static/".to_owned(),
            };
            let site = world.site(app);
            for path in [
                format!("{front}(.*)"),
                r"/(favicon\.ico)".to_owned(),
                r"/(robots\.txt)".to_owned(),
            ] {
                let get = vec!["GET".to_owned(), "HEAD".to_owned()];
                world.add(
                    "tornado",
                    &mount.app,
                    &path,
                    get,
                    Target::Other(app),
                    site,
                    &[],
                );
            }
        }
    }
}

fn handlers(world: &mut World<'_>, list: V, mount: &Mount, list_of: V) {
    for v in world.machine.elements(list).0 {
        let (pattern, handler, site) = match world.machine.get(v).clone() {
            Value::List(items) => {
                let [pattern, handler, ..] = items.as_slice() else {
                    continue;
                };
                (*pattern, *handler, None)
            }
            Value::Call { args, .. } => {
                let (Some(pattern), Some(handler)) = (
                    args.get(0, "pattern").or_else(|| args.keyword("matcher")),
                    args.get(1, "handler")
                        .or_else(|| args.keyword("handler_class")),
                ) else {
                    continue;
                };
                (pattern, handler, world.site(v))
            }
            _ => continue,
        };
        let site = site
            .or_else(|| world.site(handler))
            .or_else(|| world.site(list_of));
        let pattern = world.text(Some(pattern));
        for handler in world.machine.alternatives(handler) {
            // Handlers below a pattern of their own are given as a list.
            if world.list(handler).is_some() {
                handlers(world, handler, mount, list_of);
                continue;
            }
            handler_at(world, &pattern, handler, mount, site);
        }
    }
}

fn handler_at(world: &mut World<'_>, pattern: &str, v: V, mount: &Mount, site: Option<Site>) {
    let decorated = world.handler(v);
    let mut layers = world.wrapper_layers(&decorated, Place::Class);
    let prepare = world.machine.attribute(v, Symbol::from("prepare"));
    if let Target::Function(..) = world.handler(prepare).target {
        layers.push(Layer {
            place: Place::Class,
            proof: guard::before_on(world, v, prepare),
        });
    }
    let supported = world
        .machine
        .attribute(v, Symbol::from("SUPPORTED_METHODS"));
    let supported = world.text_list(supported).filter(|own| !own.is_empty());
    let named: Vec<(String, String)> = match supported {
        Some(own) => own
            .into_iter()
            .map(|method| (method.to_lowercase(), method))
            .collect(),
        None => BY_NAME
            .iter()
            .map(|(name, method)| ((*name).to_owned(), (*method).to_owned()))
            .collect(),
    };
    let named: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, method)| (name.as_str(), method.as_str()))
        .collect();
    let found = class(world, mount, pattern, v, site, &named, &layers);
    let mut outside: Vec<String> = Vec::new();
    match world.machine.get(v) {
        Value::External(path) => outside.push(path.as_str().to_owned()),
        _ => {
            for class in world.machine.mro(v).iter() {
                if let ClassRef::External(path) = class {
                    outside.push(path.as_str().to_owned());
                }
            }
        }
    }
    let known = outside.iter().find_map(|path| {
        let last = path.rsplit('.').next().unwrap_or_default();
        OF_TORNADO.iter().find(|(name, _)| *name == last)
    });
    let target = decorated.target;
    match known {
        Some((_, method)) if found == 0 => {
            let methods = method.split(' ').map(str::to_owned).collect();
            world.add(
                "tornado", &mount.app, pattern, methods, target, site, &layers,
            );
        }
        None if found == 0 => {
            layers.push(Layer {
                place: Place::Class,
                proof: Proof::Unknown,
            });
            let any = vec!["*".to_owned()];
            world.add("tornado", &mount.app, pattern, any, target, site, &layers);
        }
        _ => {}
    }
}

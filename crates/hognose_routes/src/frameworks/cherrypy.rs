//! CherryPy: trees of objects whose exposed methods are pages, or whose methods are those of HTTP.

use hognose_python::Symbol;

use super::Framework;
use super::common::{Mount, class, object_in};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, V, Value};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["cherrypy"],
    begins: &[("cherrypy", "quickstart"), ("cherrypy", "tree.mount")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

/// Methods of an object below a dispatcher that goes by them.
const BY_METHOD: &[(&str, &str)] = &[
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
];

/// Tools that ask who calls.
const ASKING: &[&str] = &["auth_basic", "auth_digest", "session_auth"];

fn find(world: &mut World<'_>) {
    for name in ["quickstart", "tree.mount"] {
        for (args, call) in world.calls_of_name("cherrypy", name) {
            if world.is_left_out(call) {
                continue;
            }
            let args = of_application(world, args);
            let mut mount = Mount::new(world, "cherrypy", call);
            let path = world.text(args.get(1, "script_name"));
            mount.prefix = path.trim_end_matches('/').to_owned();
            let config = of_root(world, &args);
            let by_method = config.is_some_and(|config| dispatches_by_method(world, config));
            if let Some(config) = config {
                configured(world, config, &mut mount);
            }
            if let Some(root) = args.get(0, "root") {
                pages(world, root, &mount, by_method);
            }
        }
    }
}

/// What mounts an application: of an object of a class below `Application`, what its constructor gave that.
fn of_application(world: &mut World<'_>, args: Args) -> Args {
    let Some(application) = args.get(0, "root") else {
        return args;
    };
    if !world.is_a(application, "cherrypy", &["Application"]) {
        return args;
    }
    let calls = world.calls_on(application).into_iter();
    let mut made = calls.filter(|(method, ..)| *method == "__init__");
    if let Some((_, given, _)) = made.next() {
        return given;
    }
    // `Application.__init__(self, root)`.
    for (mut given, _) in world.calls_of_name("cherrypy", "Application.__init__") {
        if given.positional.first() == Some(&application) {
            given.positional.remove(0);
            return given;
        }
    }
    world.made_with(application)
}

/// What the configuration of a tree says of its root.
fn of_root(world: &mut World<'_>, args: &Args) -> Option<V> {
    let config = args.get(2, "config")?;
    let root = world.machine.text("/");
    let of_root = world.machine.item(config, root);
    matches!(world.machine.get(of_root), Value::Dict(_)).then_some(of_root)
}

fn dispatches_by_method(world: &mut World<'_>, config: V) -> bool {
    let key = world.machine.text("request.dispatch");
    let dispatcher = world.machine.item(config, key);
    world.is_a(dispatcher, "cherrypy", &["MethodDispatcher"])
}

/// Adds what a table of configuration turns on.
fn configured(world: &mut World<'_>, config: V, mount: &mut Mount) {
    for tool in ASKING {
        let key = world.machine.text(format!("tools.{tool}.on"));
        let on = world.machine.item(config, key);
        if world.machine.truth(on) == Some(true) {
            mount.layers.push(Layer {
                place: Place::Router,
                proof: Proof::of(Level::Authenticated),
            });
        }
    }
}

/// The names that `@cherrypy.expose(["other"])` gives a page besides its own; `None` where it is not exposed.
fn exposed(world: &mut World<'_>, wrappers: &[V]) -> Option<Vec<String>> {
    for v in wrappers {
        if !guard::path_of(&world.machine, *v).starts_with("cherrypy.expose") {
            continue;
        }
        let Value::Call { callee, .. } = *world.machine.get(*v) else {
            return Some(Vec::new());
        };
        let given = world.made_with(callee).get(0, "func");
        let names = given.and_then(|v| world.text_list(v));
        return Some(names.unwrap_or_default());
    }
    None
}

/// Parts of the path that `@cherrypy.popargs("name")` takes before an object is asked.
fn taken(world: &mut World<'_>, v: V) -> String {
    let Value::Call { callee, .. } = *world.machine.get(v) else {
        return String::new();
    };
    let mut path = String::new();
    for wrapper in world.handler(callee).wrappers {
        let Value::Call { callee, .. } = *world.machine.get(wrapper) else {
            continue;
        };
        if guard::path_of(&world.machine, callee).starts_with("cherrypy.popargs") {
            for v in world.made_with(callee).positional {
                path.push_str(&format!("/<{}>", world.text(Some(v))));
            }
        }
    }
    path
}

/// The pages of an object and of those in its attributes.
fn pages(world: &mut World<'_>, v: V, mount: &Mount, by_method: bool) {
    let mut mount = mount.clone();
    mount.prefix.push_str(&taken(world, v));
    let object = object_in(world, v);
    let Value::Instance { class: of, .. } = *world.machine.get(object) else {
        return;
    };
    let config = world.machine.attribute(of, Symbol::from("_cp_config"));
    if matches!(world.machine.get(config), Value::Dict(_)) {
        configured(world, config, &mut mount);
    }
    let mount = &mount;
    if by_method {
        let site = world.site(object);
        class(world, mount, "", object, site, BY_METHOD, &mount.layers);
    }
    for (name, member) in world.members(of) {
        let handler = world.handler(member);
        if let Target::Function(..) = handler.target {
            if by_method {
                continue;
            }
            let others = exposed(world, &handler.wrappers);
            let marked = world.machine.attribute(member, Symbol::from("exposed"));
            if others.is_none() && world.machine.truth(marked) != Some(true) {
                continue;
            }
            let mut layers: Vec<Layer> = mount.layers.clone();
            layers.extend(world.own_layers(&handler, Some(object)));
            let site = world.site(member);
            for name in [name].into_iter().chain(others.unwrap_or_default()) {
                let path = match name.as_str() {
                    "index" => format!("{}/", mount.prefix),
                    "default" => format!("{}/<?>", mount.prefix),
                    name => format!("{}/{name}", mount.prefix),
                };
                let any = vec!["*".to_owned()];
                world.add(
                    "cherrypy",
                    &mount.app,
                    &path,
                    any,
                    handler.target,
                    site,
                    &layers,
                );
            }
        } else {
            below(world, &name, member, mount, by_method);
        }
    }
    for (name, field) in world.machine.fields(object) {
        below(world, name, field, mount, by_method);
    }
}

/// What an object holds in an attribute, if that has pages.
fn below(world: &mut World<'_>, name: &str, v: V, mount: &Mount, by_method: bool) {
    let is_object = matches!(
        world.machine.get(v),
        Value::Instance { .. } | Value::Call { .. }
    );
    if is_object && let Some(inner) = mount.below(&format!("/{name}")) {
        pages(world, v, &inner, by_method);
    }
}

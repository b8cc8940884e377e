//! CherryPy: trees of objects whose exposed methods are pages, or whose methods are those of HTTP.
//!
//! What a page asks for its tools ask: those are turned on and off by the configuration of all applications, of a tree at a
//! path, of a class and of a method, the nearest of which counts.

mod tools;

use hognose_python::Symbol;

use self::tools::{Tools, applied, configured, turned};
use super::Framework;
use super::common::{Mount, class, class_decorators, object_in};
use crate::guard::{self, Layer};
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

fn find(world: &mut World<'_>) {
    let mut global = Tools::default();
    for (args, _) in world.calls_of_name("cherrypy", "config.update") {
        if let Some(config) = args.get(0, "config") {
            configured(world, config, &mut global);
        }
    }
    for name in ["quickstart", "tree.mount"] {
        for (args, call) in world.calls_of_name("cherrypy", name) {
            if world.is_left_out(call) {
                continue;
            }
            let args = of_application(world, args);
            let mut mount = Mount::new(world, "cherrypy", call);
            let path = world.text(args.get(1, "script_name"));
            mount.prefix = path.trim_end_matches('/').to_owned();
            if let Some(root) = args.get(0, "root") {
                let tree = Tree {
                    config: args.get(2, "config"),
                    script: mount.prefix.clone(),
                };
                pages(world, &tree, root, &mount, false, &global);
            }
        }
    }
}

/// An application as it is mounted.
struct Tree {
    /// What is configured for its paths.
    config: Option<V>,
    /// Where it stands.
    script: String,
}

impl Tree {
    /// What is configured for a path.
    fn at(&self, world: &mut World<'_>, path: &str) -> Option<V> {
        let below = path.strip_prefix(self.script.as_str())?;
        let key = world
            .machine
            .text(if below.is_empty() { "/" } else { below });
        let found = world.machine.item(self.config?, key);
        matches!(world.machine.get(found), Value::Dict(_)).then_some(found)
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

/// Whether a table of configuration has the methods of HTTP called.
fn dispatches_by_method(world: &mut World<'_>, config: V) -> bool {
    let key = world.machine.text("request.dispatch");
    let dispatcher = world.machine.item(config, key);
    world.is_a(dispatcher, "cherrypy", &["MethodDispatcher"])
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
    for wrapper in class_decorators(world, callee) {
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
fn pages(world: &mut World<'_>, tree: &Tree, v: V, mount: &Mount, by_method: bool, around: &Tools) {
    let mut mount = mount.clone();
    let (mut tools, mut by_method) = (around.clone(), by_method);
    if let Some(config) = tree.at(world, &mount.prefix) {
        configured(world, config, &mut tools);
        by_method |= dispatches_by_method(world, config);
    }
    mount.prefix.push_str(&taken(world, v));
    let object = object_in(world, v);
    let Value::Instance { class: of, .. } = *world.machine.get(object) else {
        return;
    };
    let config = world.machine.attribute(of, Symbol::from("_cp_config"));
    if matches!(world.machine.get(config), Value::Dict(_)) {
        configured(world, config, &mut tools);
    }
    if let Value::Call { callee, .. } = *world.machine.get(v) {
        let wrappers = class_decorators(world, callee);
        applied(world, &wrappers, &mut tools);
    }
    let outer = mount.layers.clone();
    let mount = &mount;
    if by_method {
        let site = world.site(object);
        let layers = [outer.clone(), turned(&tools)].concat();
        class(world, mount, "", object, site, BY_METHOD, &layers);
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
            let mut own = tools.clone();
            applied(world, &handler.wrappers, &mut own);
            let mut layers: Vec<Layer> = [outer.clone(), turned(&own)].concat();
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
            below(world, tree, &name, member, mount, by_method, &tools);
        }
    }
    for (name, field) in world.machine.fields(object) {
        below(world, tree, name, field, mount, by_method, &tools);
    }
}

/// What an object holds in an attribute, if that has pages.
fn below(
    world: &mut World<'_>,
    tree: &Tree,
    name: &str,
    v: V,
    mount: &Mount,
    by_method: bool,
    tools: &Tools,
) {
    let is_object = matches!(
        world.machine.get(v),
        Value::Instance { .. } | Value::Call { .. }
    );
    if is_object && let Some(inner) = mount.below(&format!("/{name}")) {
        pages(world, tree, v, &inner, by_method, tools);
    }
}

//! CherryPy: trees of objects whose exposed methods are pages.

use hognose_python::Symbol;

use super::Framework;
use super::common::Mount;
use crate::guard::{self, Layer, Place};
use crate::run::{V, Value};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["cherrypy"],
    begins: &[("cherrypy", "quickstart"), ("cherrypy", "tree.mount")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

fn find(world: &mut World<'_>) {
    for name in ["quickstart", "tree.mount"] {
        for (args, call) in world.calls_of_name("cherrypy", name) {
            if world.is_left_out(call) {
                continue;
            }
            let mut mount = Mount::new(world, "cherrypy", call);
            let path = world.text(args.get(1, "script_name"));
            mount.prefix = path.trim_end_matches('/').to_owned();
            if let Some(root) = args.get(0, "root") {
                pages(world, root, &mount);
            }
        }
    }
}

/// The pages of an object and of those in its attributes.
fn pages(world: &mut World<'_>, object: V, mount: &Mount) {
    let class = match world.machine.get(object) {
        Value::Instance { class, .. } => *class,
        _ => return,
    };
    for (name, member) in world.members(class) {
        let handler = world.handler(member);
        if let Target::Function(at, function) = handler.target {
            let exposed = handler
                .wrappers
                .iter()
                .any(|v| guard::path_of(&world.machine, *v).starts_with("cherrypy.expose"));
            let marked = world.machine.attribute(member, Symbol::from("exposed"));
            if !exposed && world.machine.truth(marked) != Some(true) {
                continue;
            }
            let path = match name.as_str() {
                "index" => format!("{}/", mount.prefix),
                "default" => format!("{}/<?>", mount.prefix),
                name => format!("{}/{name}", mount.prefix),
            };
            let mut layers: Vec<Layer> = mount.layers.clone();
            layers.extend(world.wrapper_layers(&handler, Place::Decorator));
            layers.extend(world.body_layer(at, function));
            let any = vec!["*".to_owned()];
            let site = world.site(member);
            world.add(
                "cherrypy",
                &mount.app,
                &path,
                any,
                handler.target,
                site,
                &layers,
            );
        } else if let Value::Instance { .. } = world.machine.get(member)
            && let Some(inner) = mount.below(&format!("/{name}"))
        {
            pages(world, member, &inner);
        }
    }
    for (name, field) in world.machine.fields(object) {
        if let Value::Instance { .. } = world.machine.get(field)
            && let Some(inner) = mount.below(&format!("/{name}"))
        {
            pages(world, field, &inner);
        }
    }
}

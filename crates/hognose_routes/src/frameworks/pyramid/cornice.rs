//! Cornice: services at a path, with a view for each method, and resources that are classes with such methods.

use hognose_python::Symbol;

use super::super::common::{decorated, paths};
use super::View;
use crate::run::{Args, V};
use crate::world::World;

/// Methods that a service has a decorator for, and a resource may define.
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];

/// A view of a service, and the pattern that it stands at.
pub(super) struct Served {
    pub(super) pattern: String,
    pub(super) view: View,
}

/// The views of all services and resources.
pub(super) fn views(world: &mut World<'_>) -> Vec<Served> {
    let mut found = Vec::new();
    for service in world.objects_of("cornice", &["Service"]) {
        if !world.is_left_out(service) {
            of_service(world, service, &mut found);
        }
    }
    for name in ["resource", "add_resource"] {
        for (args, call) in world.calls_of_name("cornice", name) {
            if world.is_left_out(call) {
                continue;
            }
            let classes = match name {
                "resource" => decorated(world, call)
                    .into_iter()
                    .map(|(class, _)| class)
                    .collect(),
                _ => Vec::from_iter(args.positional.first().copied()),
            };
            for class in classes {
                of_resource(world, class, &args, call, &mut found);
            }
        }
    }
    found
}

fn of_service(world: &mut World<'_>, service: V, found: &mut Vec<Served>) {
    let made = world.made_with(service);
    let patterns = paths(world, made.get(1, "path"));
    for (method, args, call) in world.calls_on(service) {
        let (methods, views) = if METHODS.contains(&method) {
            (vec![method.to_uppercase()], decorated(world, call))
        } else if method == "add_view"
            && let Some(view) = args.get(1, "view")
        {
            let methods = paths(world, args.get(0, "method"));
            (methods, vec![(view, world.site(call))])
        } else {
            continue;
        };
        for (callable, site) in views {
            for pattern in &patterns {
                let args = with_methods(world, &made, &args, &methods);
                let view = View {
                    route: String::new(),
                    attr: None,
                    args,
                    callable,
                    site,
                };
                found.push(Served {
                    pattern: pattern.clone(),
                    view,
                });
            }
        }
    }
}

fn of_resource(world: &mut World<'_>, class: V, given: &Args, call: V, found: &mut Vec<Served>) {
    for (keyword, front) in [("path", ""), ("collection_path", "collection_")] {
        let Some(path) = given.keyword(keyword) else {
            continue;
        };
        for pattern in paths(world, Some(path)) {
            for method in METHODS {
                let name = format!("{front}{method}");
                let member = world.machine.attribute(class, Symbol::from(name.as_str()));
                if !world.machine.callable(member) {
                    continue;
                }
                // `@view(permission=...)` on the method.
                let mut own = Args::default();
                for (args, call) in world.calls_of_name("cornice", "view") {
                    let here = decorated(world, call);
                    if here
                        .iter()
                        .any(|(of, _)| world.handler_value(*of) == world.handler_value(member))
                    {
                        own = args;
                    }
                }
                let methods = [method.to_uppercase()];
                let args = with_methods(world, given, &own, &methods);
                let view = View {
                    route: String::new(),
                    attr: Some(name),
                    args,
                    callable: class,
                    site: world.site(call),
                };
                found.push(Served {
                    pattern: pattern.clone(),
                    view,
                });
            }
        }
    }
}

/// What a service is made with, under what its view says for itself.
fn with_methods(world: &mut World<'_>, service: &Args, own: &Args, methods: &[String]) -> Args {
    let mut all = Args::default();
    let texts: Vec<V> = methods
        .iter()
        .map(|method| world.machine.text(method.as_str()))
        .collect();
    let list = world.machine.make(crate::run::Value::List(texts));
    all.keywords.push((Symbol::from("request_method"), list));
    for name in ["permission", "factory", "decorator"] {
        if let Some(v) = own.keyword(name).or_else(|| service.keyword(name)) {
            all.keywords.push((Symbol::from(name), v));
        }
    }
    all
}

//! Interfaces that libraries put on an application: Flask-RESTful, Flask-RESTX with its namespaces and documentation, and
//! Flask-Smorest.

use super::super::common::decorated_class;
use super::views::{class_view, decorators};
use super::{Mount, hook_layers, joined, register};
use crate::guard::{Layer, Place};
use crate::run::{Args, V, Value};
use crate::world::{Target, UNKNOWN_PART, World};

/// Flask-RESTful and Flask-RESTX: resources of the interfaces that stand on an application or blueprint.
pub(super) fn apis(world: &mut World<'_>, owner: V, mount: &Mount) {
    for package in ["flask_restful", "flask_restx", "flask_restplus"] {
        for api in world.objects_of(package, &["Api"]) {
            let made = world.made_with(api);
            let calls = world.calls_on(api);
            let on = |given: Option<V>, world: &World<'_>| {
                given.is_some_and(|v| world.machine.alternatives(v).contains(&owner))
            };
            let here = on(made.get(0, "app"), world)
                || calls.iter().any(|(method, args, _)| {
                    *method == "init_app" && on(args.get(0, "app"), world)
                });
            if !here {
                continue;
            }
            let prefix = world.text(made.keyword("prefix"));
            let mut mount = mount.clone();
            let of_api = match made.keyword("decorators") {
                Some(v) => decorators(world, v, Place::Router),
                None => Vec::new(),
            };
            if package != "flask_restful" {
                documentation(world, &mount, &made, &prefix, api);
            }
            mount.prefix = if prefix.is_empty() {
                mount.prefix
            } else {
                Some(joined(mount.prefix.as_deref(), &prefix))
            };
            resources(world, api, &mount, "", &of_api);
            let mut namespaces: Vec<(V, Option<V>)> = Vec::new();
            for (method, args, call) in world.calls_on(api) {
                match method {
                    "add_namespace" => {
                        if let Some(namespace) = args.get(0, "ns") {
                            namespaces.push((namespace, args.get(1, "path")));
                        }
                    }
                    "namespace" => namespaces.push((call, None)),
                    _ => {}
                }
            }
            for (namespace, path) in namespaces {
                let made = world.made_with(namespace);
                let path = match path.or_else(|| made.keyword("path")) {
                    Some(v) => world.text(Some(v)),
                    None => format!("/{}", world.text(made.get(0, "name"))),
                };
                let mut layers = of_api.clone();
                if let Some(v) = made.keyword("decorators") {
                    layers.extend(decorators(world, v, Place::Router));
                }
                resources(world, namespace, &mount, &path, &layers);
            }
        }
    }
}

/// The pages that Flask-RESTX adds.
fn documentation(world: &mut World<'_>, mount: &Mount, made: &Args, prefix: &str, api: V) {
    let doc = match made.keyword("doc") {
        Some(v) => match world.machine.get(v) {
            Value::Bool(false) => None,
            _ => Some(world.text(Some(v))),
        },
        None => Some("/".to_owned()),
    };
    let site = world.site(api);
    let mut pages = vec![format!("{prefix}/swagger.json")];
    if let Some(doc) = doc {
        pages.push(doc);
        pages.push(if prefix.is_empty() {
            "/".to_owned()
        } else {
            prefix.to_owned()
        });
    }
    pages.dedup();
    for page in pages {
        let path = joined(mount.prefix.as_deref(), &page);
        let layers = hook_layers(world, mount, UNKNOWN_PART, &path);
        let get = vec!["GET".to_owned()];
        world.add(
            mount.framework,
            &mount.app,
            &path,
            get,
            Target::Other(api),
            site,
            &layers,
        );
    }
    let layers = hook_layers(world, mount, UNKNOWN_PART, "/swaggerui");
    let get = vec!["GET".to_owned()];
    let path = "/swaggerui/<path:filename>";
    world.add(
        mount.framework,
        &mount.app,
        path,
        get,
        Target::Other(api),
        site,
        &layers,
    );
}

/// Resources that were added to an interface or namespace.
fn resources(world: &mut World<'_>, api: V, mount: &Mount, front: &str, layers: &[Layer]) {
    for (method, args, call) in world.calls_on(api) {
        let (classes, urls): (Vec<V>, &[V]) = match method {
            "add_resource" => match args.positional.split_first() {
                Some((class, urls)) => (vec![*class], urls),
                None => continue,
            },
            "resource" | "route" => {
                let classes = world
                    .calls_of(call)
                    .into_iter()
                    .filter_map(|(given, _)| given.positional.first().copied())
                    .collect();
                (classes, &args.positional)
            }
            _ => continue,
        };
        let site = world.site(call);
        for class in classes {
            for url in urls {
                for url in world.texts(*url) {
                    let rule = if front.is_empty() || front == "/" {
                        url
                    } else {
                        format!("{}{url}", front.trim_end_matches('/'))
                    };
                    let path = joined(mount.prefix.as_deref(), &rule);
                    let handler = world.handler(class);
                    let mut all = hook_layers(
                        world,
                        mount,
                        &format!("{}{UNKNOWN_PART}", mount.name),
                        &path,
                    );
                    all.extend(layers.iter().cloned());
                    all.extend(world.wrapper_layers(&handler, Place::Class));
                    let class = decorated_class(world, class);
                    class_view(world, mount, &path, class, None, site, &all);
                }
            }
        }
    }
}

/// Flask-Smorest: blueprints that are registered on the interface of an application.
pub(super) fn namespaces_of_smorest(
    world: &mut World<'_>,
    owner: V,
    mount: &Mount,
    mounted: &mut Vec<V>,
) {
    for api in world.objects_of("flask_smorest", &["Api"]) {
        let made = world.made_with(api);
        let calls = world.calls_on(api);
        let here = made.get(0, "app") == Some(owner)
            || calls.iter().any(|(method, args, _)| {
                *method == "init_app" && args.get(0, "app") == Some(owner)
            });
        if !here {
            continue;
        }
        for (method, args, _) in calls {
            if method == "register_blueprint"
                && let Some(blueprint) = args.get(0, "blp")
            {
                let prefix = args.keyword("url_prefix");
                register(world, blueprint, owner, mount, prefix, mounted);
            }
        }
    }
}

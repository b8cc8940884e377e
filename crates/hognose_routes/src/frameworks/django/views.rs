//! Views of Django: the methods that one answers, and what stands in front of it.

use hognose_python::{ClassRef, Symbol};

use super::super::common::decorated_class;
use super::super::drf;
use super::{Mount, VIEWS};
use crate::guard::{self, Layer, Place, Proof, Question};
use crate::run::{Args, Site, V, Value};
use crate::world::{Handler, Target, World, last};

/// One view at a path.
pub(super) fn endpoint(
    world: &mut World<'_>,
    path: &str,
    view: V,
    mount: &Mount,
    site: Option<Site>,
) {
    let handler = world.handler(view);
    let restricted = restricted(world, &handler);
    let mut layers = default_layers(world, mount, &handler);
    layers.extend(world.own_layers(&handler, None));
    if let Some((of, args)) = world.as_view(handler.target) {
        class_view(world, path, of, &args, mount, site, &layers);
        return;
    }
    let methods = restricted.unwrap_or_else(|| vec!["*".to_owned()]);
    match handler.target {
        Target::Function(..) => {
            if let Some(api) = drf::function_view(world, &handler, mount) {
                layers.extend(api.layers);
                world.add(
                    "django",
                    &mount.app,
                    path,
                    api.methods,
                    handler.target,
                    site,
                    &layers,
                );
                return;
            }
        }
        Target::Class(..) => {}
        Target::Other(v) => {
            // A view of a library: what it asks for is not known.
            let known = guard::path_of(&world.machine, v);
            if !known.starts_with("django.")
                && !matches!(world.machine.get(v), Value::Instance { .. })
            {
                layers.push(Layer {
                    place: Place::Body,
                    proof: Proof::Unknown,
                });
            }
        }
    }
    world.add(
        "django",
        &mount.app,
        path,
        methods,
        handler.target,
        site,
        &layers,
    );
}

/// Layers of the settings, unless the view says that it needs none.
fn default_layers(world: &mut World<'_>, mount: &Mount, handler: &Handler) -> Vec<Layer> {
    let wrappers = handler.wrappers.clone();
    let exempt = wrappers
        .into_iter()
        .any(|v| guard::wrapper(world, v, None) == Proof::Public);
    if exempt {
        Vec::new()
    } else {
        mount.layers.clone()
    }
}

/// The methods that decorators restrict a view to.
fn restricted(world: &mut World<'_>, handler: &Handler) -> Option<Vec<String>> {
    for v in &handler.wrappers {
        let path = guard::path_of(&world.machine, *v);
        let name = last(&path);
        if !path.starts_with("django.") {
            continue;
        }
        let methods = match name {
            "require_GET" | "require_safe" => vec!["GET".to_owned()],
            "require_POST" => vec!["POST".to_owned()],
            "require_http_methods" => {
                let Value::Call { callee, .. } = world.machine.get(*v) else {
                    continue;
                };
                let args = world.made_with(*callee);
                world.text_list(args.get(0, "request_method_list")?)?
            }
            _ => continue,
        };
        return Some(methods);
    }
    None
}

/// Methods that a class view answers, with the handler of each where the project defines it.
pub(super) fn class_methods(
    world: &mut World<'_>,
    class: V,
) -> Option<Vec<(String, Option<Handler>)>> {
    let allowed = world
        .machine
        .attribute(class, Symbol::from("http_method_names"));
    let allowed = world.text_list(allowed);
    let mut known = false;
    let mut of_bases: Vec<String> = Vec::new();
    let names: Vec<String> = match world.machine.get(class) {
        Value::External(path) => vec![path.as_str().to_owned()],
        _ => world
            .machine
            .mro(class)
            .iter()
            .filter_map(|class| match class {
                ClassRef::External(path) => Some(path.as_str().to_owned()),
                ClassRef::Project(..) => None,
            })
            .collect(),
    };
    for name in names {
        let last = name.rsplit('.').next().unwrap_or_default();
        if let Some(methods) = VIEWS.methods.get(last) {
            known = true;
            of_bases.extend(methods.iter().cloned());
        }
    }
    let mut found = Vec::new();
    for method in ["get", "post", "put", "patch", "delete", "trace"] {
        if allowed
            .as_ref()
            .is_some_and(|allowed| !allowed.iter().any(|name| name == method))
        {
            continue;
        }
        let v = world.machine.attribute(class, Symbol::from(method));
        let handler = world.handler(v);
        match handler.target {
            Target::Function(..) => found.push((method.to_uppercase(), Some(handler))),
            _ if of_bases.iter().any(|name| name == method) => {
                found.push((method.to_uppercase(), None));
            }
            _ => {}
        }
    }
    (known || !found.is_empty()).then_some(found)
}

/// A class view.
fn class_view(
    world: &mut World<'_>,
    path: &str,
    class: V,
    args: &Args,
    mount: &Mount,
    site: Option<Site>,
    outer: &[Layer],
) {
    let decorated = world.handler(class);
    let class = decorated_class(world, class);
    let mut layers = outer.to_vec();
    layers.extend(world.wrapper_layers(&decorated, Place::Class));
    if layers.iter().any(|layer| layer.proof == Proof::Public) {
        layers.retain(|layer| layer.place != Place::Settings);
    }
    layers.extend(of_class(world, class));
    // `as_view({"get": "list"})` of a view set.
    if let Some(actions) = args.get(0, "actions")
        && let Value::Dict(items) = world.machine.get(actions).clone()
    {
        for (method, action) in items {
            let (method, action) = (world.text(Some(method)), world.text(Some(action)));
            drf::action(
                world, path, class, &method, &action, None, mount, site, &layers,
            );
        }
        return;
    }
    let target = decorated.target;
    // A view of a library that the tables know.
    if matches!(world.machine.get(class), Value::External(_))
        && let Some(proof) = guard::of_library(world, class, &Args::default())
    {
        layers.retain(|layer| proof != Proof::Public || layer.place != Place::Settings);
        layers.push(Layer {
            place: Place::Class,
            proof,
        });
    }
    let Some(methods) = class_methods(world, class) else {
        let any = vec!["*".to_owned()];
        let mut layers = layers;
        if let Target::Other(v) = target
            && !guard::path_of(&world.machine, v).starts_with("django.")
        {
            layers.push(Layer {
                place: Place::Class,
                proof: Proof::Unknown,
            });
        }
        world.add("django", &mount.app, path, any, target, site, &layers);
        return;
    };
    let given = args.keyword("permission_classes");
    let is_api = drf::is_api_view(world, class) || given.is_some();
    for (method, handler) in methods {
        let mut layers = layers.clone();
        if is_api {
            layers.push(drf::permissions(world, class, given, &method, None, mount));
        }
        one_method(world, path, class, method, handler, mount, site, layers);
    }
}

/// One method of a class view: what stands around it, and what the function asks that answers it.
#[expect(clippy::too_many_arguments, reason = "an endpoint has these parts")]
pub fn one_method(
    world: &mut World<'_>,
    path: &str,
    class: V,
    method: String,
    handler: Option<Handler>,
    mount: &Mount,
    site: Option<Site>,
    mut layers: Vec<Layer>,
) {
    let mut target = world.handler(class).target;
    if let Some(handler) = handler {
        layers.extend(world.own_layers(&handler, Some(class)));
        if let Target::Function(..) = handler.target {
            target = handler.target;
        }
    }
    let methods = vec![method];
    world.add("django", &mount.app, path, methods, target, site, &layers);
}

/// What the bases and mixins of a class prove, as far as its `dispatch` comes to them.
pub fn of_class(world: &mut World<'_>, class: V) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut add = |proof: Proof| {
        if proof != Proof::Nothing {
            layers.push(Layer {
                place: Place::Class,
                proof,
            });
        }
    };
    for ancestor in world.machine.mro(class).iter() {
        match *ancestor {
            ClassRef::Project(at, id) => {
                let Some(dispatch) = world.machine.own_member(at, id, Symbol::from("dispatch"))
                else {
                    continue;
                };
                let handler = world.handler(dispatch);
                for layer in world.wrapper_layers(&handler, Place::Class) {
                    add(layer.proof);
                }
                if let Target::Function(..) = handler.target {
                    add(guard::before_on(world, class, dispatch));
                }
            }
            ClassRef::External(path) => {
                let v = world.machine.external(path);
                let last = path.as_str().rsplit('.').next().unwrap_or_default();
                if let Some(proof) = guard::of_library(world, v, &Args::default()) {
                    let mut proof = proof;
                    for name in ["permission_required", "group_required"] {
                        let names = world.machine.attribute(class, Symbol::from(name));
                        if let Proof::Guard { permissions, .. } = &mut proof
                            && let Some(names) = world.text_list(names)
                        {
                            permissions.extend(names);
                        }
                    }
                    if last == "UserPassesTestMixin" {
                        let test = world.machine.attribute(class, Symbol::from("test_func"));
                        proof = match guard::answer(world, test, Question::default()) {
                            Proof::Nothing => Proof::Unknown,
                            found => found,
                        };
                    }
                    add(proof);
                } else if VIEWS.methods.contains_key(last) {
                    // `View.dispatch` does not go on to what stands behind it.
                    break;
                }
            }
        }
    }
    layers
}

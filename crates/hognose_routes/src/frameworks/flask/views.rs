//! Class views: one endpoint for each method that a class defines, behind its decorators and its `dispatch_request`.

use hognose_python::Symbol;

use super::Mount;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Site, V, Value};
use crate::world::{Handler, Target, World};

/// Methods that a class view may define.
const METHODS: &[&str] = &["get", "post", "put", "delete", "patch", "trace"];

/// The methods of a rule without those that Flask adds; all of them where it has no others.
pub(super) fn shown(methods: Vec<String>) -> Vec<String> {
    let own: Vec<String> = methods
        .iter()
        .filter(|method| !matches!(method.as_str(), "HEAD" | "OPTIONS"))
        .cloned()
        .collect();
    if own.is_empty() { methods } else { own }
}

/// A class view: one endpoint for each method that the class defines, or for its `dispatch_request`.
pub(super) fn class_view(
    world: &mut World<'_>,
    mount: &Mount,
    path: &str,
    class: V,
    given: Option<Vec<String>>,
    site: Option<Site>,
    outer: &[Layer],
) {
    let mut layers = outer.to_vec();
    let mut of_methods: Vec<(String, Layer)> = Vec::new();
    for list in ["decorators", "method_decorators"] {
        let v = world.machine.attribute(class, Symbol::from(list));
        layers.extend(decorators(world, v, Place::Class));
        // Flask-RESTful takes some for each method.
        if let Value::Dict(items) = world.machine.get(v).clone() {
            for (method, v) in items {
                let method = world.text(Some(method)).to_uppercase();
                let layers = decorators(world, v, Place::Class);
                of_methods.extend(layers.into_iter().map(|layer| (method.clone(), layer)));
            }
        }
    }
    let target = world.handler(class).target;
    let defined = defined_methods(world, class);
    if defined.is_empty() {
        let methods = given.or_else(|| {
            let v = world.machine.attribute(class, Symbol::from("methods"));
            world.text_list(v)
        });
        let method = world
            .machine
            .attribute(class, Symbol::from("dispatch_request"));
        let dispatch = world.handler(method);
        if let Target::Function(..) = dispatch.target {
            layers.extend(world.own_layers(&dispatch, Some(class)));
        } else {
            // No view of the framework: what calls it is not seen, nor whom that asks.
            layers.push(Layer {
                place: Place::Body,
                proof: Proof::Unknown,
            });
        }
        let methods = methods.unwrap_or_else(|| vec!["GET".to_owned()]);
        world.add(
            mount.framework,
            &mount.app,
            path,
            shown(methods),
            target,
            site,
            &layers,
        );
        return;
    }
    // What a class view of the project asks before it goes to the method.
    let dispatch = world
        .machine
        .attribute(class, Symbol::from("dispatch_request"));
    let dispatch_handler = world.handler(dispatch);
    if let Target::Function(..) = dispatch_handler.target {
        layers.extend(world.wrapper_layers(&dispatch_handler, Place::Class));
        layers.push(Layer {
            place: Place::Class,
            proof: guard::before_on(world, class, dispatch),
        });
    }
    for (method, handler) in defined {
        let is_left_out = |given: &Vec<String>| !given.contains(&method) && *given != ["*"];
        if given.as_ref().is_some_and(is_left_out) {
            continue;
        }
        let mut layers = layers.clone();
        let own = of_methods.iter().filter(|(of, _)| *of == method);
        layers.extend(own.map(|(_, layer)| layer.clone()));
        layers.extend(world.own_layers(&handler, Some(class)));
        world.add(
            mount.framework,
            &mount.app,
            path,
            vec![method],
            handler.target,
            site,
            &layers,
        );
    }
}

/// What the decorators of a list prove.
pub(super) fn decorators(world: &mut World<'_>, list: V, place: Place) -> Vec<Layer> {
    let decorators = world.list(list).unwrap_or_default();
    decorators
        .into_iter()
        .map(|v| Layer {
            place,
            proof: guard::decorator(world, v),
        })
        .collect()
}

/// Methods that a class or its bases in the project define, in upper case.
fn defined_methods(world: &mut World<'_>, class: V) -> Vec<(String, Handler)> {
    let mut found = Vec::new();
    for method in METHODS {
        let v = world.machine.attribute(class, Symbol::from(*method));
        let handler = world.handler(v);
        if let Target::Function(..) = handler.target {
            found.push((method.to_uppercase(), handler));
        }
    }
    found
}

//! GraphQL resolvers: Strawberry, Graphene and Ariadne.
//!
//! All of them are called through one URL, so a guard of that URL is not what tells them apart. Each is an endpoint with the
//! field as its path and `QUERY`, `MUTATION` or `SUBSCRIPTION` as its method.

use hognose_python::Symbol;

use super::Framework;
use super::common::Mount;
use crate::guard::{self, Layer, Place, Question};
use crate::run::{V, Value};
use crate::world::{Handler, Target, World, named};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &[
        "strawberry",
        "strawberry_django",
        "graphene",
        "graphene_django",
        "ariadne",
    ],
    begins: &[("strawberry", "Schema"), ("graphene", "Schema")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

/// The roots of a schema: keyword, name, method.
const ROOTS: &[(&str, &str, &str)] = &[
    ("query", "Query", "QUERY"),
    ("mutation", "Mutation", "MUTATION"),
    ("subscription", "Subscription", "SUBSCRIPTION"),
];

fn find(world: &mut World<'_>) {
    for framework in ["strawberry", "graphene"] {
        for schema in world.objects_of(framework, &["Schema"]) {
            if world.is_left_out(schema) {
                continue;
            }
            let mount = Mount::new(world, framework, schema);
            let made = world.made_with(schema);
            for (position, (keyword, root, method)) in ROOTS.iter().enumerate() {
                let Some(class) = made.get(position, keyword) else {
                    continue;
                };
                for class in types(world, class) {
                    if framework == "strawberry" {
                        strawberry(world, class, root, method, &mount);
                    } else {
                        graphene(world, class, root, method, &mount);
                    }
                }
            }
        }
    }
    ariadne(world);
}

/// The classes of a root: one, or those that `merge_types("Query", (Users, Books))` puts together.
fn types(world: &mut World<'_>, root: V) -> Vec<V> {
    let mut found = Vec::new();
    for v in world.machine.alternatives(root) {
        let made = match world.machine.get(v) {
            Value::Call { callee, args, .. } => Some((*callee, args.clone())),
            _ => None,
        };
        let merged = made.and_then(|(callee, args)| {
            let path = guard::path_of(&world.machine, callee);
            let list = named(&path, "strawberry", "merge_types").then(|| args.get(1, "types"));
            world.list(list??)
        });
        let classes = merged.unwrap_or_else(|| vec![v]);
        found.extend(classes.into_iter().map(|v| world.handler_value(v)));
    }
    found
}

/// Adds a resolver.
fn field(
    world: &mut World<'_>,
    mount: &Mount,
    path: &str,
    method: &str,
    handler: &Handler,
    more: Vec<Layer>,
) {
    let mut layers = mount.layers.clone();
    layers.extend(more);
    layers.extend(world.own_layers(handler, None));
    let methods = vec![method.to_owned()];
    world.add(
        mount.framework,
        &mount.app,
        path,
        methods,
        handler.target,
        None,
        &layers,
    );
}

/// Methods with `@strawberry.field`, and fields with a resolver: each with its permission classes.
fn strawberry(world: &mut World<'_>, class: V, root: &str, method: &str, mount: &Mount) {
    for (name, v) in world.members(class) {
        let mut marks: Vec<V> = world.handler(v).wrappers;
        marks.push(v);
        let mut permissions = Vec::new();
        let mut resolver = None;
        let mut is_field = false;
        for mark in marks {
            let Value::Call { callee, args, .. } = world.machine.get(mark).clone() else {
                continue;
            };
            // `@strawberry.field` and `@strawberry.field(permission_classes=[...])`.
            let (path, args) = match world.machine.get(callee).clone() {
                Value::External(path) => (path, args),
                Value::Call { callee, args, .. } => match world.machine.get(callee) {
                    Value::External(path) => (*path, args),
                    _ => continue,
                },
                _ => continue,
            };
            let known = ["field", "mutation", "subscription"].iter().any(|name| {
                named(path.as_str(), "strawberry", name)
                    || named(path.as_str(), "strawberry_django", name)
            });
            if !known {
                continue;
            }
            is_field = true;
            resolver = args.keyword("resolver").or(resolver);
            if let Some(list) = args.keyword("permission_classes") {
                permissions.extend(world.list(list).unwrap_or_else(|| vec![list]));
            }
        }
        if !is_field {
            continue;
        }
        let handler = world.handler(resolver.unwrap_or(v));
        // A field without a resolver shows what the root holds.
        if let Target::Other(_) = handler.target {
            continue;
        }
        let layers = permissions
            .into_iter()
            .map(|permission| permission_class(world, permission))
            .collect();
        let path = format!("{root}.{name}");
        field(world, mount, &path, method, &handler, layers);
    }
}

/// What `has_permission` of a class asks for.
fn permission_class(world: &mut World<'_>, class: V) -> Layer {
    let method = world
        .machine
        .attribute(class, Symbol::from("has_permission"));
    Layer {
        place: Place::Decorator,
        proof: guard::answer(world, method, Question::default()),
    }
}

/// `resolve_name` of a query, and the `mutate` of each mutation that a field stands for.
fn graphene(world: &mut World<'_>, class: V, root: &str, method: &str, mount: &Mount) {
    for (name, v) in world.members(class) {
        if let Some(field_name) = name.strip_prefix("resolve_") {
            let handler = world.handler(v);
            if let Target::Function(..) = handler.target {
                let path = format!("{root}.{field_name}");
                field(world, mount, &path, method, &handler, Vec::new());
            }
            continue;
        }
        // `create = Create.Field()`.
        let Value::Call { callee, .. } = *world.machine.get(v) else {
            continue;
        };
        let Value::Attribute { of, attr } = *world.machine.get(callee) else {
            continue;
        };
        if attr.as_str() != "Field" {
            continue;
        }
        for mutate in ["mutate", "mutate_and_get_payload"] {
            let v = world.machine.attribute(of, Symbol::from(mutate));
            let handler = world.handler(v);
            if let Target::Function(..) = handler.target {
                let path = format!("{root}.{name}");
                field(world, mount, &path, method, &handler, Vec::new());
                break;
            }
        }
    }
}

/// `@query.field("name")` and `query.set_field("name", resolve)`.
fn ariadne(world: &mut World<'_>) {
    let sorts = [
        ("QueryType", "Query", "QUERY"),
        ("MutationType", "Mutation", "MUTATION"),
        ("SubscriptionType", "Subscription", "SUBSCRIPTION"),
        ("ObjectType", "", "QUERY"),
    ];
    for (class, root, sort) in sorts {
        for object in world.objects_of("ariadne", &[class]) {
            if world.is_left_out(object) {
                continue;
            }
            let mount = Mount::new(world, "ariadne", object);
            let root = if root.is_empty() {
                let made = world.made_with(object);
                world.text(made.get(0, "name"))
            } else {
                root.to_owned()
            };
            for (method, args, call) in world.calls_on(object) {
                let resolvers: Vec<V> = match method {
                    "field" | "source" => {
                        let applied = world.calls_of(call);
                        applied
                            .into_iter()
                            .filter_map(|(given, _)| given.positional.first().copied())
                            .collect()
                    }
                    "set_field" | "set_source" => args.get(1, "resolver").into_iter().collect(),
                    _ => continue,
                };
                let name = world.text(args.get(0, "name"));
                for resolver in resolvers {
                    let handler = world.handler(resolver);
                    let path = format!("{root}.{name}");
                    field(world, &mount, &path, sort, &handler, Vec::new());
                }
            }
        }
    }
}

//! Routers: the view sets that are registered with one, and the routes that it makes of each.

use hognose_python::Symbol;
use hognose_python::ir::{ExprId, ModuleId};

use super::super::common::decorated_class;
use super::super::django::{Mount, below};
use super::permissions::{Request, default_permissions};
use super::view_set::view_set;
use crate::run::{Args, Machine, V, Value};
use crate::world::{Target, World};

/// A route of a router: pattern, pairs of method and action, whether it is of one object.
type StandardRoute = (&'static str, &'static [(&'static str, &'static str)], bool);

/// The routes of a router of REST framework itself. A route without actions takes the extra actions of a view set.
const ROUTES: &[StandardRoute] = &[
    (
        "^{prefix}{trailing_slash}$",
        &[("get", "list"), ("post", "create")],
        false,
    ),
    ("^{prefix}/{url_path}{trailing_slash}$", &[], false),
    (
        "^{prefix}/{lookup}{trailing_slash}$",
        &[
            ("get", "retrieve"),
            ("put", "update"),
            ("patch", "partial_update"),
            ("delete", "destroy"),
        ],
        true,
    ),
    ("^{prefix}/{lookup}/{url_path}{trailing_slash}$", &[], true),
];

/// Tells the run what the list `routes` of routers holds: classes of the project change it.
pub fn prepare(machine: &mut Machine<'_>) {
    let standard: Vec<V> = ROUTES
        .iter()
        .map(|(url, actions, detail)| {
            let name = if actions.is_empty() {
                "rest_framework.routers.DynamicRoute"
            } else {
                "rest_framework.routers.Route"
            };
            let callee = machine.external(Symbol::from(name));
            let pairs = actions
                .iter()
                .map(|(method, action)| (machine.text(*method), machine.text(*action)))
                .collect();
            let mut keywords = vec![("url", machine.text(*url))];
            keywords.push(("mapping", machine.make(Value::Dict(pairs))));
            keywords.push(("detail", machine.make(Value::Bool(*detail))));
            let args = Args {
                keywords: keywords
                    .into_iter()
                    .map(|(name, v)| (Symbol::from(name), v))
                    .collect(),
                ..Args::default()
            };
            let site = (ModuleId(0), ExprId(0));
            machine.make(Value::Call { callee, args, site })
        })
        .collect();
    let standard = machine.make(Value::List(standard));
    for class in ["SimpleRouter", "DefaultRouter"] {
        let class = Symbol::from(format!("rest_framework.routers.{class}"));
        machine
            .of_libraries
            .insert((class, Symbol::from("routes")), standard);
    }
}

/// Whether an object is a router.
pub fn is_router(world: &mut World<'_>, v: V) -> bool {
    [
        "rest_framework",
        "rest_framework_nested",
        "rest_framework_extensions",
        "dynamic_rest",
    ]
    .iter()
    .any(|package| {
        world.is_a(
            v,
            package,
            &[
                "DefaultRouter",
                "SimpleRouter",
                "BaseRouter",
                "NestedSimpleRouter",
                "NestedDefaultRouter",
            ],
        )
    })
}

/// The routes of a router.
pub fn router(world: &mut World<'_>, router: V, mount: &Mount) {
    let made = world.made_with(router);
    let slash = match made.keyword("trailing_slash") {
        Some(v) if world.machine.truth(v) == Some(false) => "",
        _ => "/",
    };
    let regex = made
        .keyword("use_regex_path")
        .is_none_or(|v| world.machine.truth(v) != Some(false));
    let site = world.site(router);
    // A nested router: below one object of the parent's.
    let mut front = String::new();
    if world.is_a(
        router,
        "rest_framework_nested",
        &["NestedSimpleRouter", "NestedDefaultRouter"],
    ) {
        let parent = world.text(made.get(1, "parent_prefix"));
        let lookup = world.text(made.keyword("lookup"));
        let viewset = registered_at(world, made.get(0, "parent_router"), &parent);
        let attribute = |name: &str, world: &mut World<'_>| {
            let v = world.machine.attribute(viewset?, Symbol::from(name));
            world.texts(v).pop().filter(|text| !text.is_empty())
        };
        let field = attribute("lookup_field", world).unwrap_or_else(|| "pk".to_owned());
        let value = attribute("lookup_value_regex", world).unwrap_or_else(|| "[^/.]+".to_owned());
        front = format!("{parent}/(?P<{lookup}_{field}>{value})/");
    }
    let mut registered: Vec<(String, V)> = Vec::new();
    registrations(world, router, &mut registered, 0);
    let formats = has_formats(world, router);
    let routes = routes_of(world, router);
    let rooted = world
        .machine
        .attribute(router, Symbol::from("include_root_view"));
    if world.is_a(router, "rest_framework", &["DefaultRouter"])
        && world.machine.truth(rooted) != Some(false)
    {
        let target = Target::Other(router);
        let request = Request {
            method: "GET",
            action: None,
            of_object: false,
        };
        let proof = default_permissions(world, request, mount.settings);
        let mut layers = mount.layers.clone();
        layers.push(proof);
        for pattern in ["", "<drf_format_suffix:format>"] {
            if !pattern.is_empty() && !formats {
                continue;
            }
            let get = vec!["GET".to_owned()];
            let path = below(mount, pattern);
            world.add("django", &mount.app, &path, get, target, site, &layers);
        }
    }
    for (prefix, viewset) in registered {
        view_set(
            world,
            &format!("{front}{prefix}"),
            viewset,
            &Style {
                slash,
                regex,
                formats,
                routes: &routes,
            },
            mount,
            site,
        );
    }
}

/// The view set that is registered with a router under a prefix.
fn registered_at(world: &mut World<'_>, router: Option<V>, prefix: &str) -> Option<V> {
    let mut registered = Vec::new();
    registrations(world, router?, &mut registered, 0);
    let (_, viewset) = registered.into_iter().find(|(known, _)| known == prefix)?;
    Some(decorated_class(world, viewset))
}

/// A route of a router: a pattern with gaps, and which action a method leads to.
pub(super) struct Route {
    pub(super) url: String,
    /// Methods and actions; `None` for the route of extra actions.
    pub(super) actions: Option<Vec<(String, String)>>,
    /// Whether it is of one object.
    pub(super) detail: bool,
}

/// What the list `routes` of a router holds after the run.
fn routes_of(world: &mut World<'_>, router: V) -> Vec<Route> {
    let list = world.machine.attribute(router, Symbol::from("routes"));
    let list = match world.list(list) {
        Some(list) => list,
        None => {
            let class = Symbol::from("rest_framework.routers.SimpleRouter");
            let known = (class, Symbol::from("routes"));
            let known = world.machine.of_libraries.get(&known).copied();
            known.and_then(|v| world.list(v)).unwrap_or_default()
        }
    };
    let mut routes = Vec::new();
    for v in list {
        let Value::Call { callee, args, .. } = world.machine.get(v).clone() else {
            continue;
        };
        let Value::External(path) = *world.machine.get(callee) else {
            continue;
        };
        let (detail, mapping) = match path.as_str().rsplit('.').next() {
            Some("Route") => (args.get(3, "detail"), args.get(1, "mapping")),
            Some("DynamicRoute") => (args.get(2, "detail"), None),
            _ => continue,
        };
        let pairs = mapping.map(|v| match world.machine.get(v) {
            Value::Dict(pairs) => pairs.clone(),
            _ => Vec::new(),
        });
        let text = |v: V| world.texts(v).pop();
        routes.push(Route {
            url: args.get(0, "url").and_then(text).unwrap_or_default(),
            actions: pairs.map(|pairs| {
                let known = |(method, action): (V, V)| Some((text(method)?, text(action)?));
                pairs.into_iter().filter_map(known).collect()
            }),
            detail: detail.is_some_and(|v| world.machine.truth(v) == Some(true)),
        });
    }
    routes
}

/// How a router writes its patterns.
pub(super) struct Style<'a> {
    pub(super) slash: &'static str,
    pub(super) regex: bool,
    /// Each pattern once more, with a format behind it: `books.json`.
    pub(super) formats: bool,
    pub(super) routes: &'a [Route],
}

/// Whether a router adds patterns with formats: the default one does unless its class says no.
fn has_formats(world: &mut World<'_>, router: V) -> bool {
    let default = world.is_a(router, "rest_framework", &["DefaultRouter"])
        || world.is_a(router, "rest_framework_nested", &["NestedDefaultRouter"]);
    let included = world
        .machine
        .attribute(router, Symbol::from("include_format_suffixes"));
    default && world.machine.truth(included) != Some(false)
}

fn registrations(world: &mut World<'_>, router: V, found: &mut Vec<(String, V)>, depth: usize) {
    if depth > 4 {
        return;
    }
    for (method, args, _) in world.calls_on(router) {
        if method == "register"
            && let Some(viewset) = args.get(1, "viewset")
            && let Some(prefix) = args.get(0, "prefix")
        {
            for prefix in world.texts(prefix) {
                found.push((prefix, viewset));
            }
        }
    }
    // `router.registry.extend(other.registry)`.
    let registry = world.machine.attribute_of(router, Symbol::from("registry"));
    for (method, args, _) in world.calls_on(registry) {
        // `self.registry.append((prefix, viewset, basename))`.
        if method == "append"
            && let Some(v) = args.positional.first()
            && let Value::List(items) = world.machine.get(*v)
            && let [prefix, viewset, ..] = *items.as_slice()
        {
            for prefix in world.texts(prefix) {
                found.push((prefix, viewset));
            }
        }
        if method == "extend"
            && let Some(v) = args.positional.first()
            && let Value::Attribute { of, .. } = *world.machine.get(*v)
        {
            registrations(world, of, found, depth + 1);
        }
    }
}

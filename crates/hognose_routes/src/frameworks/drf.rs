//! Django REST framework: routers, view sets, views of functions, and permissions.

use hognose_python::ir::{ExprId, ModuleId};
use hognose_python::{ClassRef, Symbol};

use super::common::decorated_class;
use super::django::{Mount, VIEWS, below, of_class, setting};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof, Question};
use crate::run::{Args, Machine, Site, V, Value};
use crate::world::{Handler, Target, World};

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
pub(super) fn prepare(machine: &mut Machine<'_>) {
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

/// A view of a function.
pub(super) struct FunctionView {
    pub(super) methods: Vec<String>,
    pub(super) layers: Vec<Layer>,
}

/// Whether an object is a router.
pub(super) fn is_router(world: &mut World<'_>, v: V) -> bool {
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

/// Whether a class is a view of REST framework.
pub(super) fn is_api_view(world: &mut World<'_>, class: V) -> bool {
    match world.machine.get(class) {
        Value::External(path) => path.as_str().starts_with("rest_framework"),
        _ => world.machine.mro(class).iter().any(|class| {
            matches!(class, ClassRef::External(path) if {
                let path = path.as_str();
                path.starts_with("rest_framework.") || path.starts_with("rest_framework_")
                    || path.ends_with("APIView") || path.ends_with("ViewSet")
            })
        }),
    }
}

/// The routes of a router.
pub(super) fn router(world: &mut World<'_>, router: V, mount: &Mount) {
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
        let proof = default_permissions(world, request, mount);
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
struct Route {
    url: String,
    /// Methods and actions; `None` for the route of extra actions.
    actions: Option<Vec<(String, String)>>,
    /// Whether it is of one object.
    detail: bool,
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
struct Style<'a> {
    slash: &'static str,
    regex: bool,
    /// Each pattern once more, with a format behind it: `books.json`.
    formats: bool,
    routes: &'a [Route],
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

fn view_set(
    world: &mut World<'_>,
    prefix: &str,
    viewset: V,
    style: &Style<'_>,
    mount: &Mount,
    site: Option<Site>,
) {
    let Style {
        slash,
        regex,
        formats,
        routes,
    } = *style;
    let decorated = world.handler(viewset);
    let class = decorated_class(world, viewset);
    let mut layers = mount.layers.clone();
    layers.extend(world.wrapper_layers(&decorated, Place::Class));
    layers.extend(of_class(world, class));
    let attribute = |name: &str, world: &mut World<'_>| {
        let v = world.machine.attribute(class, Symbol::from(name));
        let text = world.texts(v).pop();
        text.filter(|text| !text.is_empty())
    };
    let field = attribute("lookup_field", world).unwrap_or_else(|| "pk".to_owned());
    let kwarg = attribute("lookup_url_kwarg", world).unwrap_or(field);
    let lookup = if regex {
        let value = attribute("lookup_value_regex", world).unwrap_or_else(|| "[^/.]+".to_owned());
        format!("(?P<{kwarg}>{value})")
    } else {
        let converter =
            attribute("lookup_value_converter", world).unwrap_or_else(|| "str".to_owned());
        format!("<{converter}:{kwarg}>")
    };
    let allowed = world
        .machine
        .attribute(class, Symbol::from("http_method_names"));
    let allowed = world.text_list(allowed);
    let permitted = |method: &str| {
        allowed
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|name| name == method))
    };
    let patterns = |route: &Route, url_path: &str| {
        let pattern = route
            .url
            .replace("{prefix}", prefix)
            .replace("{lookup}", &lookup)
            .replace("{url_path}", url_path)
            .replace("{trailing_slash}", slash);
        let mut pattern = pattern.trim_start_matches('^').to_owned();
        // Without a prefix no slash stands in front.
        if prefix.is_empty() {
            pattern = pattern.trim_start_matches('/').to_owned();
        }
        let bare = pattern.trim_end_matches('$').trim_end_matches('/');
        let with_format = match (formats && !bare.is_empty(), regex) {
            (false, _) => None,
            (true, true) => Some(format!(r"{bare}\.(?P<format>[a-z0-9]+)/?$")),
            (true, false) => Some(format!("{bare}<drf_format_suffix:format>")),
        };
        if !regex {
            pattern = pattern.trim_end_matches('$').to_owned();
        }
        let mut patterns = vec![pattern];
        patterns.extend(with_format);
        patterns
    };
    let of_bases = actions_of_bases(world, class);
    let extras: Vec<(String, Extra)> = world
        .members(class)
        .into_iter()
        .filter_map(|(name, member)| {
            let extra = extra_action(world, &name, member)?;
            Some((name, extra))
        })
        .collect();
    for route in routes {
        let Some(actions) = &route.actions else {
            for (name, extra) in &extras {
                if extra.detail != route.detail {
                    continue;
                }
                for pattern in patterns(route, &extra.url_path) {
                    let path = below(mount, &pattern);
                    for method in extra.methods.iter().filter(|method| permitted(method)) {
                        let given = extra.permissions;
                        action(
                            world, &path, class, method, name, given, mount, site, &layers,
                        );
                    }
                }
            }
            continue;
        };
        for (method, name) in actions {
            let v = world.machine.attribute(class, Symbol::from(name.as_str()));
            let defined = matches!(world.handler(v).target, Target::Function(..));
            if !(defined || of_bases.contains(name)) || !permitted(method) {
                continue;
            }
            for pattern in patterns(route, "") {
                let path = below(mount, &pattern);
                action(
                    world, &path, class, method, name, None, mount, site, &layers,
                );
            }
        }
    }
}

fn actions_of_bases(world: &mut World<'_>, class: V) -> Vec<String> {
    let mut found = Vec::new();
    for ancestor in world.machine.mro(class).iter() {
        if let ClassRef::External(path) = ancestor {
            let last = path.as_str().rsplit('.').next().unwrap_or_default();
            if let Some(actions) = VIEWS.actions.get(last) {
                found.extend(actions.iter().cloned());
            }
        }
    }
    found
}

/// A method marked with `@action`.
struct Extra {
    methods: Vec<String>,
    detail: bool,
    url_path: String,
    permissions: Option<V>,
}

fn extra_action(world: &mut World<'_>, name: &str, member: V) -> Option<Extra> {
    let handler = world.handler(member);
    for wrapper in handler.wrappers {
        let Value::Call { callee, .. } = world.machine.get(wrapper).clone() else {
            continue;
        };
        // `@other.mapping.delete`: the path of another action.
        if let Value::Attribute { of, attr } = *world.machine.get(callee)
            && let Value::Attribute {
                of: other,
                attr: mapping,
            } = *world.machine.get(of)
            && mapping.as_str() == "mapping"
        {
            let inner = match world.handler(other).target {
                Target::Function(at, function) => world.machine.project.module(at)[function]
                    .name
                    .as_str()
                    .to_owned(),
                _ => continue,
            };
            let mut extra = extra_action(world, &inner, other)?;
            extra.methods = vec![attr.as_str().to_owned()];
            return Some(extra);
        }
        let path = guard::path_of(&world.machine, callee);
        let last = path
            .trim_end_matches("()")
            .rsplit('.')
            .next()
            .unwrap_or_default();
        if !path.starts_with("rest_framework")
            || !matches!(last, "action" | "detail_route" | "list_route")
        {
            continue;
        }
        let args = world.made_with(callee);
        let methods = args
            .get(0, "methods")
            .and_then(|v| world.text_list(v))
            .unwrap_or_else(|| vec!["get".to_owned()]);
        let detail = match last {
            "action" => args
                .get(1, "detail")
                .is_some_and(|v| world.machine.truth(v) == Some(true)),
            last => last == "detail_route",
        };
        let url_path = args
            .keyword("url_path")
            .and_then(|v| world.texts(v).pop())
            .unwrap_or_else(|| name.to_owned());
        return Some(Extra {
            methods: methods.into_iter().map(|m| m.to_lowercase()).collect(),
            detail,
            url_path,
            permissions: args.keyword("permission_classes"),
        });
    }
    None
}

/// One action of a view set at a path.
#[expect(clippy::too_many_arguments, reason = "an action has these parts")]
pub(super) fn action(
    world: &mut World<'_>,
    path: &str,
    class: V,
    method: &str,
    name: &str,
    given: Option<V>,
    mount: &Mount,
    site: Option<Site>,
    outer: &[Layer],
) {
    let method = method.to_uppercase();
    let v = world.machine.attribute(class, Symbol::from(name));
    let handler = world.handler(v);
    let mut layers = outer.to_vec();
    let given = given.or_else(|| {
        let member = extra_action(world, name, v)?;
        member.permissions
    });
    layers.push(permissions(world, class, given, &method, Some(name), mount));
    layers.extend(world.wrapper_layers(&handler, Place::Decorator));
    let target = match handler.target {
        Target::Function(at, function) => {
            layers.extend(world.body_layer(at, function));
            handler.target
        }
        _ => world.handler(class).target,
    };
    world.add(
        "django",
        &mount.app,
        path,
        vec![method],
        target,
        site,
        &layers,
    );
}

/// A request as a permission sees it.
#[derive(Clone, Copy)]
struct Request<'a> {
    method: &'a str,
    action: Option<&'a str>,
    /// Whether the view takes an object as REST framework gives it, which asks the permissions for it.
    of_object: bool,
}

impl Request<'_> {
    fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }

    fn question(&self) -> Question<'_> {
        Question {
            method: Some(self.method),
            action: self.action,
            of_user: false,
        }
    }
}

/// Whether a view takes the object at hand as REST framework gives it.
fn takes_object(world: &mut World<'_>, class: V, method: &str, action: Option<&str>) -> bool {
    let getter = world.machine.attribute(class, Symbol::from("get_object"));
    let getter = world.handler(getter).target;
    if matches!(getter, Target::Function(..)) && !guard::takes_object(world, getter) {
        return false;
    }
    let name = action.map_or_else(|| method.to_lowercase(), str::to_owned);
    let v = world.machine.attribute(class, Symbol::from(name.as_str()));
    let handler = world.handler(v).target;
    if let Target::Function(..) = handler {
        return guard::takes_object(world, handler);
    }
    match action {
        Some(action) => matches!(action, "retrieve" | "update" | "partial_update" | "destroy"),
        None => {
            let order = world.machine.mro(class);
            let of = |part: &str| {
                order.iter().any(|class| {
                    matches!(class, ClassRef::External(path) if {
                        let last = path.as_str().rsplit('.').next().unwrap_or_default();
                        last.ends_with("APIView") && last.contains(part)
                    })
                })
            };
            match method {
                "GET" => of("Retrieve"),
                "PUT" | "PATCH" => of("Update"),
                "DELETE" => of("Destroy"),
                _ => false,
            }
        }
    }
}

/// What the permissions of a view ask for.
pub(super) fn permissions(
    world: &mut World<'_>,
    class: V,
    given: Option<V>,
    method: &str,
    action: Option<&str>,
    mount: &Mount,
) -> Layer {
    let request = Request {
        method,
        action,
        of_object: takes_object(world, class, method, action),
    };
    // A method that chooses is asked, for the action at hand.
    let chooser = world
        .machine
        .attribute(class, Symbol::from("get_permissions"));
    if let Target::Function(..) = world.handler(chooser).target {
        let proof = match chosen(world, class, given, method, action) {
            Some(list) => of_list(world, list, request),
            None => Proof::Unknown,
        };
        return Layer {
            place: Place::Class,
            proof,
        };
    }
    let own = given.or_else(|| {
        let v = world
            .machine
            .attribute(class, Symbol::from("permission_classes"));
        // An attribute of a base outside is what the settings say.
        match world.machine.get(v) {
            Value::List(_) | Value::Union(_) | Value::Call { .. } => Some(v),
            _ => None,
        }
    });
    let mut layer = match own {
        Some(list) => Layer {
            place: Place::Class,
            proof: of_list(world, list, request),
        },
        None => {
            let mut layer = default_permissions(world, request, mount);
            layer.proof = layer.proof.and(of_bases(world, class));
            layer
        }
    };
    // What runs before every action, where the project has its own.
    for name in ["initial", "check_permissions"] {
        let hook = world.machine.attribute(class, Symbol::from(name));
        if let Target::Function(..) = world.handler(hook).target
            && let proof @ Proof::Guard { .. } = guard::before_on(world, class, hook)
        {
            layer = Layer {
                place: Place::Class,
                proof: layer.proof.and(proof),
            };
        }
    }
    layer
}

/// What the bases of a view outside of the project ask for, where the tables know them or their names speak of access.
fn of_bases(world: &mut World<'_>, class: V) -> Proof {
    let mut proof = Proof::Nothing;
    for ancestor in world.machine.mro(class).iter() {
        if let ClassRef::External(path) = *ancestor
            && !path.as_str().starts_with("rest_framework.")
        {
            let base = world.machine.external(path);
            proof = proof.and(guard::of_middleware(world, base));
        }
    }
    proof
}

/// What `get_permissions` gives for an action.
fn chosen(
    world: &mut World<'_>,
    class: V,
    given: Option<V>,
    method: &str,
    action: Option<&str>,
) -> Option<V> {
    let site = world
        .site(class)
        .unwrap_or((hognose_python::ModuleId(0), hognose_python::ir::ExprId(0)));
    let object = world.machine.object_of(class, site);
    if let Some(action) = action {
        world.machine.set(object, "action", action);
    }
    if let Some(given) = given {
        world.machine.set_value(object, "permission_classes", given);
    }
    let request = world.machine.object_of(class, site);
    world.machine.set(request, "method", method);
    world.machine.set_value(object, "request", request);
    let v = world
        .machine
        .attribute(object, Symbol::from("get_permissions"));
    let result = world.machine.run_call(v, Args::default(), site);
    world.index();
    matches!(world.machine.get(result), Value::List(_) | Value::Union(_)).then_some(result)
}

/// What the settings ask of every view.
fn default_permissions(world: &mut World<'_>, request: Request<'_>, mount: &Mount) -> Layer {
    let Some(settings) = setting(world, mount.settings, "REST_FRAMEWORK") else {
        return Layer {
            place: Place::Settings,
            proof: Proof::Nothing,
        };
    };
    let key = world.machine.constant(&hognose_python::Constant::Str(
        "DEFAULT_PERMISSION_CLASSES".to_owned(),
    ));
    let list = world.machine.item(settings, key);
    let known = matches!(world.machine.get(settings), Value::Dict(_));
    let mut proof = match world.text_list(list) {
        Some(names) => {
            let mut proof = Proof::Nothing;
            for name in names {
                let v = world.machine.dotted(&name);
                proof = proof.and(permission(world, v, request, 0));
            }
            proof
        }
        None if known => Proof::Nothing,
        None => Proof::Unknown,
    };
    if proof == Proof::Public {
        proof = Proof::Nothing;
    }
    Layer {
        place: Place::Settings,
        proof,
    }
}

/// All of a list of permissions.
fn of_list(world: &mut World<'_>, list: V, request: Request<'_>) -> Proof {
    let mut proof: Option<Proof> = None;
    for list in world.machine.alternatives(list) {
        let one = match world.list(list) {
            Some(items) => items
                .into_iter()
                .map(|v| permission(world, v, request, 0))
                .fold(Proof::Nothing, Proof::and),
            None => permission(world, list, request, 0),
        };
        proof = Some(match proof {
            None => one,
            Some(known) if known == one => known,
            Some(_) => Proof::Unknown,
        });
    }
    match proof {
        None => Proof::Unknown,
        // No permissions at all lets anyone through.
        Some(Proof::Nothing) => Proof::Public,
        Some(proof) => proof,
    }
}

/// One permission: a class, an object of one, or several with `&`, `|` and `~`.
fn permission(world: &mut World<'_>, v: V, request: Request<'_>, depth: usize) -> Proof {
    if depth > 8 {
        return Proof::Unknown;
    }
    match world.machine.get(v).clone() {
        Value::Call { callee, args, .. } => {
            let path = guard::path_of(&world.machine, callee);
            let mut parts = args
                .positional
                .iter()
                .map(|v| permission(world, *v, request, depth + 1))
                .collect::<Vec<_>>()
                .into_iter();
            match path.as_str() {
                "operator.and_" => parts.fold(Proof::Nothing, Proof::and),
                "operator.or_" => match parts.next() {
                    Some(first) => parts.fold(first, Proof::or),
                    None => Proof::Unknown,
                },
                _ => permission(world, callee, request, depth + 1),
            }
        }
        Value::Instance { class, .. } => permission(world, class, request, depth + 1),
        Value::External(path) => {
            let last = path.as_str().rsplit('.').next().unwrap_or_default();
            match last {
                "IsAuthenticatedOrReadOnly" | "DjangoModelPermissionsOrAnonReadOnly"
                    if request.is_safe() =>
                {
                    Proof::Public
                }
                "IsAuthenticatedOrReadOnly" => Proof::of(Level::Authenticated),
                // Who reads needs none of the permissions of the model.
                "DjangoModelPermissions" | "DjangoObjectPermissions" if request.is_safe() => {
                    Proof::of(Level::Authenticated)
                }
                "DjangoModelPermissionsOrAnonReadOnly" => Proof::permission("model permissions"),
                _ => guard::of_library(world, v, &Args::default()).unwrap_or(Proof::Unknown),
            }
        }
        Value::Class { .. } => permission_class(world, v, request, depth),
        _ => Proof::Unknown,
    }
}

/// A permission that is a class of the project.
fn permission_class(world: &mut World<'_>, v: V, request: Request<'_>, depth: usize) -> Proof {
    let check = world.machine.attribute(v, Symbol::from("has_permission"));
    let mut proof = match world.handler(check).target {
        Target::Function(..) => {
            let own = guard::answer(world, check, request.question());
            if guard::answers_as_base(world, check) {
                let base = of_base(world, v, request, depth);
                match own {
                    Proof::Guard { .. } => base.and(own),
                    _ => base,
                }
            } else {
                own
            }
        }
        _ => of_base(world, v, request, depth),
    };
    let of_object = world
        .machine
        .attribute(v, Symbol::from("has_object_permission"));
    if request.of_object
        && let Target::Function(..) = world.handler(of_object).target
    {
        match guard::answer(world, of_object, request.question()) {
            Proof::Guard {
                level,
                roles,
                permissions,
            } => {
                let level = match level {
                    Level::Authenticated => Level::Object,
                    level => level,
                };
                proof = proof.and(Proof::Guard {
                    level,
                    roles,
                    permissions,
                });
            }
            Proof::Unknown if matches!(proof, Proof::Nothing | Proof::Public) => {
                proof = Proof::Unknown;
            }
            _ => {}
        }
    }
    match proof {
        Proof::Guard {
            level: Level::Permission,
            roles,
            permissions,
        } if roles.is_empty() && permissions.is_empty() => {
            let name = match world.handler(v).target {
                Target::Class(at, class) => world.machine.project.module(at)[class].name.as_str(),
                _ => "",
            };
            Proof::permission(name)
        }
        proof => proof,
    }
}

/// What the nearest base outside of the project asks for.
fn of_base(world: &mut World<'_>, class: V, request: Request<'_>, depth: usize) -> Proof {
    for ancestor in world.machine.mro(class).iter() {
        if let ClassRef::External(path) = ancestor
            && path.as_str() != "builtins.object"
        {
            let base = world.machine.external(*path);
            return permission(world, base, request, depth + 1);
        }
    }
    Proof::Unknown
}

/// A function under `@api_view`.
pub(super) fn function_view(
    world: &mut World<'_>,
    handler: &Handler,
    mount: &Mount,
) -> Option<FunctionView> {
    let mut methods = None;
    let mut given = None;
    for v in &handler.wrappers {
        let Value::Call { callee, .. } = world.machine.get(*v).clone() else {
            continue;
        };
        let path = guard::path_of(&world.machine, callee);
        if !path.starts_with("rest_framework.") {
            continue;
        }
        let args = world.made_with(callee);
        match path
            .trim_end_matches("()")
            .rsplit('.')
            .next()
            .unwrap_or_default()
        {
            "api_view" => {
                let list = args.get(0, "http_method_names");
                let list = list.and_then(|v| world.text_list(v));
                methods = Some(list.unwrap_or_else(|| vec!["GET".to_owned()]));
            }
            "permission_classes" => given = args.positional.first().copied(),
            _ => {}
        }
    }
    let methods: Vec<String> = methods?.into_iter().map(|m| m.to_uppercase()).collect();
    let writes = methods.iter().find(|method| *method != "GET");
    let method = writes.map_or("GET", String::as_str);
    let request = Request {
        method,
        action: None,
        of_object: false,
    };
    let layer = match given {
        Some(list) => Layer {
            place: Place::Decorator,
            proof: of_list(world, list, request),
        },
        None => default_permissions(world, request, mount),
    };
    Some(FunctionView {
        methods,
        layers: vec![layer],
    })
}

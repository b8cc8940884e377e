//! Flask and Quart, with Flask-RESTful, Flask-RESTX and Flask-Smorest.
//!
//! Methods are those of `app.url_map` without `HEAD` and `OPTIONS`, which Flask adds by itself.

mod apis;
mod classful;
mod views;

use hognose_python::Symbol;

use self::apis::{apis, namespaces_of_smorest};
use self::views::{class_view, shown};
use super::Framework;
use super::common::decorated_class;
use crate::guard::{self, Asked, Layer, Place, Proof};
use crate::run::{Args, Site, V, Value};
use crate::world::{Target, UNKNOWN_PART, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &[
        "flask",
        "quart",
        "flask_restful",
        "flask_restx",
        "apiflask",
        "flask_openapi3",
    ],
    begins: &[
        ("flask", "Flask"),
        ("quart", "Quart"),
        ("apiflask", "APIFlask"),
        ("flask_openapi3", "OpenAPI"),
    ],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

/// Blueprints inside of each other.
const MAX_NESTING: usize = 12;

/// A place that routes are registered on: an application or blueprint, mounted somewhere.
#[derive(Clone)]
struct Mount {
    app: String,
    framework: &'static str,
    /// `None` where there is no prefix, which is not the same as an empty one.
    prefix: Option<String>,
    /// Dotted front of endpoint names.
    name: String,
    hooks: Vec<Layer>,
    nesting: usize,
}

fn find(world: &mut World<'_>) {
    let mut mounted: Vec<V> = Vec::new();
    let mut any = false;
    for (package, class, framework) in [
        ("flask", "Flask", "flask"),
        ("quart", "Quart", "quart"),
        ("apiflask", "APIFlask", "flask"),
        ("flask_openapi3", "OpenAPI", "flask"),
    ] {
        for app in world.objects_of(package, &[class]) {
            if world.is_left_out(app) {
                continue;
            }
            any = true;
            let mut mount = Mount {
                app: world.name_of(app),
                framework,
                prefix: None,
                name: String::new(),
                hooks: Vec::new(),
                nesting: 0,
            };
            mount.hooks = wrapped(world, app);
            mount
                .hooks
                .extend(hooks(world, app, "url_value_preprocessor"));
            mount.hooks.extend(hooks(world, app, "before_request"));
            // Hooks that a blueprint sets for the whole application count for all of it.
            for blueprint in blueprints_below(world, app, 0) {
                for sort in ["app_url_value_preprocessor", "before_app_request"] {
                    mount.hooks.extend(hooks(world, blueprint, sort));
                }
            }
            let made = world.made_with(app);
            let folder = made.get(2, "static_folder");
            if folder.is_none_or(|v| !matches!(world.machine.get(v), Value::None)) {
                let url = match made.get(1, "static_url_path") {
                    Some(v) => world.text(Some(v)),
                    None => match folder {
                        Some(folder) => {
                            let folder = world.text(Some(folder));
                            let last = folder.trim_end_matches('/').rsplit('/').next();
                            format!("/{}", last.unwrap_or_default())
                        }
                        None => "/static".to_owned(),
                    },
                };
                static_route(world, &mount, &url, app);
            }
            routes(world, app, &mount, &mut mounted);
        }
    }
    if any {
        return;
    }
    // A package of blueprints for the applications of others.
    for blueprint in blueprints(world) {
        if mounted.contains(&blueprint) || world.is_left_out(blueprint) {
            continue;
        }
        let mount = Mount {
            app: world.name_of(blueprint),
            framework: "flask",
            prefix: None,
            name: String::new(),
            hooks: Vec::new(),
            nesting: 0,
        };
        register(world, blueprint, blueprint, &mount, None, &mut mounted);
    }
}

fn blueprints(world: &mut World<'_>) -> Vec<V> {
    let mut found = Vec::new();
    for package in ["flask", "quart", "flask_smorest"] {
        found.extend(world.objects_of(package, &["Blueprint"]));
    }
    found.extend(world.objects_of("apiflask", &["APIBlueprint"]));
    found.extend(world.objects_of("flask_openapi3", &["APIBlueprint"]));
    found
}

/// Blueprints that are registered nowhere by name.
fn loose_blueprints(world: &mut World<'_>) -> Vec<V> {
    let all = blueprints(world);
    let mut registered: Vec<V> = Vec::new();
    for (_, value) in world.machine.values() {
        if let Value::Call { callee, args, .. } = value
            && let Value::Attribute { attr, .. } = world.machine.get(*callee)
            && attr.as_str() == "register_blueprint"
            && let Some(given) = args.positional.first()
        {
            registered.extend(world.machine.alternatives(*given));
        }
    }
    all.into_iter()
        .filter(|blueprint| !registered.contains(blueprint) && !world.is_left_out(*blueprint))
        .collect()
}

fn is_blueprint(world: &mut World<'_>, v: V) -> bool {
    [
        "flask",
        "quart",
        "flask_smorest",
        "apiflask",
        "flask_openapi3",
    ]
    .iter()
    .any(|package| world.is_a(v, package, &["Blueprint", "APIBlueprint"]))
}

fn blueprints_below(world: &mut World<'_>, v: V, nesting: usize) -> Vec<V> {
    let mut found = Vec::new();
    if nesting >= MAX_NESTING {
        return found;
    }
    for (method, args, _) in world.calls_on(v) {
        if method == "register_blueprint"
            && let Some(given) = args.get(0, "blueprint")
        {
            for blueprint in world.machine.alternatives(given) {
                found.push(blueprint);
                found.extend(blueprints_below(world, blueprint, nesting + 1));
            }
        }
    }
    found
}

/// WSGI middleware that was put around an application: `app.wsgi_app = Gate(app.wsgi_app)`.
fn wrapped(world: &mut World<'_>, app: V) -> Vec<Layer> {
    let around: Vec<V> = world
        .machine
        .stores
        .iter()
        .filter(|store| store.object == app)
        .filter(|store| {
            let key = world.machine.get(store.key);
            matches!(key, Value::Str(key) if matches!(&**key, "wsgi_app" | "asgi_app"))
        })
        .map(|store| store.value)
        .collect();
    around
        .into_iter()
        .map(|v| guard::hook(world, Place::Middleware, v))
        .collect()
}

/// Hooks of one sort that were set on an application or blueprint.
pub(super) fn hooks(world: &mut World<'_>, v: V, sort: &str) -> Vec<Layer> {
    let mut found = Vec::new();
    for (method, args, _) in world.calls_on(v) {
        if method == sort
            && let Some(hook) = args.positional.first()
        {
            found.push(guard::hook(world, Place::Hook, *hook));
        }
    }
    found
}

/// Where a rule stands below a prefix.
fn joined(prefix: Option<&str>, rule: &str) -> String {
    match prefix {
        None => rule.to_owned(),
        Some(prefix) if rule.is_empty() => prefix.to_owned(),
        Some(prefix) => format!(
            "{}/{}",
            prefix.trim_end_matches('/'),
            rule.trim_start_matches('/')
        ),
    }
}

fn static_route(world: &mut World<'_>, mount: &Mount, url: &str, v: V) {
    let rule = format!("{}/<path:filename>", url.trim_end_matches('/'));
    let path = joined(mount.prefix.as_deref(), &rule);
    let site = world.site(v);
    let layers = hook_layers(world, mount, &format!("{}static", mount.name), &path);
    world.add(
        mount.framework,
        &mount.app,
        &path,
        vec!["GET".to_owned()],
        Target::Other(v),
        site,
        &layers,
    );
}

/// What the hooks around an endpoint prove of it.
fn hook_layers(world: &mut World<'_>, mount: &Mount, endpoint: &str, path: &str) -> Vec<Layer> {
    let asked = Asked {
        endpoint: endpoint.to_owned(),
        path: path.to_owned(),
        ..Asked::default()
    };
    mount
        .hooks
        .iter()
        .map(|hook| Layer {
            place: hook.place,
            proof: guard::at(world, &hook.proof, &asked),
        })
        .collect()
}

/// All that is registered on an application or blueprint.
fn routes(world: &mut World<'_>, v: V, mount: &Mount, mounted: &mut Vec<V>) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    for (method, args, call) in world.calls_on(v) {
        match method {
            "route" | "get" | "post" | "put" | "delete" | "patch" | "websocket" => {
                let methods = if method == "route" {
                    None
                } else if method == "websocket" {
                    Some(vec!["WEBSOCKET".to_owned()])
                } else {
                    Some(vec![method.to_uppercase()])
                };
                for (given, applied) in world.calls_of(call) {
                    if let Some(view) = given.positional.first().copied() {
                        let rule = args.get(0, "rule");
                        let site = world.site(applied);
                        rules(world, mount, rule, &args, view, methods.clone(), site);
                    }
                }
            }
            "add_url_rule" => {
                let rule = args.get(0, "rule");
                let site = world.site(call);
                match args.get(2, "view_func") {
                    Some(view) => rules(world, mount, rule, &args, view, None, site),
                    None => {
                        // The view is given elsewhere, by the name of the endpoint.
                        rules(world, mount, rule, &args, call, None, site);
                    }
                }
            }
            "register_blueprint" => {
                if let Some(given) = args.get(0, "blueprint") {
                    let mut given = world.machine.alternatives(given);
                    // What a loop over modules or plugins finds: all that nobody else registers.
                    if let [only] = *given.as_slice()
                        && matches!(world.machine.get(only), Value::Unknown)
                    {
                        given = loose_blueprints(world);
                        given.retain(|blueprint| !mounted.contains(blueprint));
                    }
                    for blueprint in given {
                        if is_blueprint(world, blueprint) {
                            let prefix = args.keyword("url_prefix");
                            register(world, blueprint, v, mount, prefix, mounted);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    apis(world, v, mount);
    classful::classes(world, v, mount);
    namespaces_of_smorest(world, v, mount, mounted);
}

/// A blueprint on an application or another blueprint, its owner.
fn register(
    world: &mut World<'_>,
    blueprint: V,
    owner: V,
    mount: &Mount,
    prefix: Option<V>,
    mounted: &mut Vec<V>,
) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    let is_first = !mounted.contains(&blueprint);
    mounted.push(blueprint);
    if is_first {
        registers_others(world, blueprint, owner, mount, mounted);
    }
    let made = world.made_with(blueprint);
    let own = |v: Option<V>, world: &World<'_>| {
        v.filter(|v| !matches!(world.machine.get(*v), Value::None))
            .map(|v| world.text(Some(v)))
    };
    let prefix = own(prefix, world).or_else(|| own(made.keyword("url_prefix"), world));
    let prefix = match (&mount.prefix, prefix) {
        (Some(outer), Some(inner)) => Some(joined(Some(outer), &inner)),
        (outer, inner) => inner.or_else(|| outer.clone()),
    };
    let name = world.text(made.get(0, "name"));
    let mut inner = Mount {
        prefix,
        name: format!("{}{name}.", mount.name),
        nesting: mount.nesting + 1,
        ..mount.clone()
    };
    for sort in ["url_value_preprocessor", "before_request"] {
        inner.hooks.extend(hooks(world, blueprint, sort));
    }
    if let Some(folder) = made.keyword("static_folder")
        && !matches!(world.machine.get(folder), Value::None)
    {
        let url = match made.keyword("static_url_path") {
            Some(v) => world.text(Some(v)),
            None => {
                let folder = world.text(Some(folder));
                let last = folder.trim_end_matches('/').rsplit('/').next();
                format!("/{}", last.unwrap_or_default())
            }
        };
        static_route(world, &inner, &url, blueprint);
    }
    routes(world, blueprint, &inner, mounted);
}

/// What a blueprint with a `register` of its own puts on its owner when that takes it in.
fn registers_others(
    world: &mut World<'_>,
    blueprint: V,
    owner: V,
    mount: &Mount,
    mounted: &mut Vec<V>,
) {
    let method = world.machine.attribute(blueprint, Symbol::from("register"));
    let (Target::Function(..), Some(site)) = (world.handler(method).target, world.site(blueprint))
    else {
        return;
    };
    let owner = world.machine.fresh(owner);
    let args = Args {
        positional: vec![owner],
        open: true,
        ..Args::default()
    };
    world.machine.run_call(method, args, site);
    world.index();
    let below = Mount {
        nesting: mount.nesting + 1,
        ..mount.clone()
    };
    routes(world, owner, &below, mounted);
}

/// One rule with its view.
fn rules(
    world: &mut World<'_>,
    mount: &Mount,
    rule: Option<V>,
    args: &Args,
    view: V,
    methods: Option<Vec<String>>,
    site: Option<Site>,
) {
    let Some(rule) = rule else { return };
    let mut patterns = world.texts(rule);
    if patterns.is_empty() {
        patterns.push(world.text(Some(rule)));
    }
    let given = match methods {
        Some(methods) => Some(methods),
        None => methods_of(world, args),
    };
    let named = args.get(1, "endpoint").map(|v| world.text(Some(v)));
    for rule in patterns {
        let path = joined(mount.prefix.as_deref(), &rule);
        endpoints(
            world,
            mount,
            &path,
            named.as_deref(),
            view,
            given.clone(),
            site,
        );
    }
}

fn methods_of(world: &mut World<'_>, args: &Args) -> Option<Vec<String>> {
    let v = args.keyword("methods")?;
    let methods = world.text_list(v)?;
    if methods.is_empty() {
        // They are given, and not known.
        return Some(vec!["*".to_owned()]);
    }
    Some(
        methods
            .into_iter()
            .map(|method| method.to_uppercase())
            .collect(),
    )
}

fn endpoints(
    world: &mut World<'_>,
    mount: &Mount,
    path: &str,
    named: Option<&str>,
    view: V,
    given: Option<Vec<String>>,
    site: Option<Site>,
) {
    let handler = world.handler(view);
    let class = match handler.target {
        Target::Class(..) => Some(decorated_class(world, view)),
        target => world.as_view(target).map(|(class, _)| class),
    };
    let name = named.map_or_else(
        || match handler.target {
            Target::Function(at, function) => world.machine.project.module(at)[function]
                .name
                .as_str()
                .to_owned(),
            // `as_view("name")`.
            target => match world
                .as_view(target)
                .and_then(|(_, args)| args.get(0, "name"))
            {
                Some(name) => world.text(Some(name)),
                None => UNKNOWN_PART.to_owned(),
            },
        },
        str::to_owned,
    );
    let mut layers = hook_layers(world, mount, &format!("{}{name}", mount.name), path);
    layers.extend(world.own_layers(&handler, None));
    if let Some(class) = class {
        class_view(world, mount, path, class, given, site, &layers);
        return;
    }
    if let Target::Other(v) = handler.target
        && matches!(world.machine.get(v), Value::Unknown)
    {
        layers.push(Layer {
            place: Place::Body,
            proof: Proof::Unknown,
        });
    }
    let attribute = match given {
        Some(methods) => methods,
        None => {
            let v = world.machine.attribute(view, Symbol::from("methods"));
            world.text_list(v).unwrap_or_else(|| vec!["GET".to_owned()])
        }
    };
    world.add(
        mount.framework,
        &mount.app,
        path,
        shown(attribute),
        handler.target,
        site,
        &layers,
    );
}

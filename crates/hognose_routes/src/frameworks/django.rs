//! Django: URLconfs from the root that the settings name, as the resolver joins them.
//!
//! Paths begin with `/`; a `^` is left out where a pattern is joined to what stands before it, as the resolver does. An
//! admin site is shown with the pages that every one has, and with those of the models that the project registers.
//! `static()` adds nothing unless `DEBUG` is set.

use std::sync::LazyLock;

use hognose_python::ir::{Expr, ExprId, Module, ModuleId};
use hognose_python::{ClassRef, Symbol};
use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::common::decorated_class;
use super::{Framework, django_apps, drf, ninja};
use crate::endpoint::Level;
use crate::guard::{self, Asked, Layer, Place, Proof, Question};
use crate::run::{Args, Machine, Site, V, Value};
use crate::world::{Handler, Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["django", "rest_framework"],
    begins: &[],
    prepare,
    start: django_apps::start,
    find,
};

/// Includes inside of each other.
const MAX_NESTING: usize = 24;

/// Models that applications of Django register with the admin site: application, label, model.
const OF_LIBRARIES: &[(&str, &str, &str)] = &[
    ("django.contrib.auth", "auth", "group"),
    ("django.contrib.auth", "auth", "user"),
    ("django.contrib.sites", "sites", "site"),
    ("django.contrib.flatpages", "flatpages", "flatpage"),
    ("django.contrib.redirects", "redirects", "redirect"),
    ("rest_framework.authtoken", "authtoken", "tokenproxy"),
    ("taggit", "taggit", "tag"),
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Views {
    methods: FxHashMap<String, Vec<String>>,
    pub(super) actions: FxHashMap<String, Vec<String>>,
    include: Vec<Include>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Include {
    module: String,
    routes: Vec<[String; 3]>,
}

pub(super) static VIEWS: LazyLock<Views> = LazyLock::new(|| {
    // The table is part of the program; a test reads it.
    toml::from_str(include_str!("../../data/views/django.toml")).unwrap_or_default()
});

/// Where patterns stand.
#[derive(Clone)]
pub(super) struct Mount {
    pub(super) app: String,
    prefix: String,
    pub(super) layers: Vec<Layer>,
    nesting: usize,
    /// The pattern that leads here.
    site: Option<Site>,
    /// The settings of this URLconf.
    pub(super) settings: Option<ModuleId>,
    /// The patterns of views end in a format: `books.json`.
    with_format: bool,
    /// Namespaces around, each with a colon behind it.
    namespace: String,
}

/// Tells the run which module the settings are, so that what asks them gets an answer.
fn prepare(machine: &mut Machine<'_>) {
    drf::prepare(machine);
    let project = machine.project;
    let roots: Vec<ModuleId> = project
        .iter()
        .filter(|(_, module)| binds(module, "ROOT_URLCONF"))
        .map(|(id, _)| id)
        .collect();
    let mut named: Vec<String> = Vec::new();
    for (id, module) in project.iter() {
        for (_, expr) in module.exprs() {
            let Expr::Call { args, .. } = *expr else {
                continue;
            };
            if let [key, value, ..] = module.args(args)
                && let Expr::Str(text) = module[key.value]
                && module.str(text) == "DJANGO_SETTINGS_MODULE"
                && let Some(hognose_python::Constant::Str(name)) =
                    machine.evaluator.constant(id, value.value)
            {
                named.push(name);
            }
        }
    }
    for name in named {
        if let hognose_python::Found::Module(id) = project.find(Symbol::from(name), ModuleId(0)) {
            machine.settings = Some(id);
            return;
        }
    }
    machine.settings = roots.first().copied();
}

fn binds(module: &Module, name: &str) -> bool {
    module
        .slot(Module::TOP, Symbol::from(name))
        .is_some_and(|slot| slot.bound)
}

fn find(world: &mut World<'_>) {
    let project = world.machine.project;
    let mut settings: Vec<ModuleId> = world.machine.settings.into_iter().collect();
    for (id, module) in project.iter() {
        if binds(module, "ROOT_URLCONF")
            && !settings.contains(&id)
            && !(world.left_out)(&module.file)
        {
            settings.push(id);
        }
    }
    let mut roots: Vec<String> = Vec::new();
    for settings in settings {
        let Some(v) = setting(world, Some(settings), "ROOT_URLCONF") else {
            continue;
        };
        for root in world.texts(v) {
            if roots.contains(&root) {
                continue;
            }
            roots.push(root.clone());
            let urls = world.machine.dotted(&root);
            let patterns = world.machine.attribute(urls, Symbol::from("urlpatterns"));
            let layers = middleware(world, settings);
            let mount = Mount {
                app: root,
                prefix: "/".to_owned(),
                layers,
                nesting: 0,
                site: None,
                settings: Some(settings),
                with_format: false,
                namespace: String::new(),
            };
            walk(world, patterns, &mount);
        }
    }
    if !roots.is_empty() {
        return;
    }
    // A reusable application: its URLconfs, except those that another of them includes.
    let mut included: Vec<String> = Vec::new();
    for (args, _) in world.calls_of_name("django", "include") {
        if let Some(v) = args.get(0, "arg") {
            included.extend(world.texts(v));
        }
    }
    for (id, module) in project.iter() {
        if !binds(module, "urlpatterns") || (world.left_out)(&module.file) {
            continue;
        }
        let name = module.name.as_str().to_owned();
        if included.contains(&name) {
            continue;
        }
        let Some(patterns) = world.machine.exported(id, Symbol::from("urlpatterns")) else {
            continue;
        };
        let mount = Mount {
            app: name,
            prefix: "/".to_owned(),
            layers: Vec::new(),
            nesting: 0,
            site: None,
            settings: None,
            with_format: false,
            namespace: String::new(),
        };
        walk(world, patterns, &mount);
    }
}

/// A setting of a settings module.
pub(super) fn setting(world: &mut World<'_>, settings: Option<ModuleId>, name: &str) -> Option<V> {
    let v = world.machine.exported(settings?, Symbol::from(name))?;
    // A star import of what is not there may bring anything; it does not say that the setting is set.
    (!matches!(world.machine.get(v), Value::External(_))).then_some(v)
}

/// What the middleware that the settings list prove.
fn middleware(world: &mut World<'_>, settings: ModuleId) -> Vec<Layer> {
    let mut layers = Vec::new();
    let Some(list) = setting(world, Some(settings), "MIDDLEWARE") else {
        return layers;
    };
    for name in world.text_list(list).unwrap_or_default() {
        let v = world.machine.dotted(&name);
        // A middleware of the project is a class, or a function that makes a function.
        let methods: &[&str] = &["__call__", "process_request", "process_view"];
        let found = layers.len();
        match world.machine.get(v).clone() {
            Value::Class { .. } => {
                let known = guard::of_library(world, v, &Args::default());
                if let Some(proof) = known.clone()
                    && proof != Proof::Nothing
                {
                    layers.push(Layer {
                        place: Place::Settings,
                        proof,
                    });
                }
                for method in methods {
                    let method = world.machine.attribute(v, Symbol::from(*method));
                    if let Target::Function(..) = world.handler(method).target {
                        layers.push(guard::hook(world, Place::Settings, method));
                    }
                }
                // What is inherited from a library is in the tables or not known.
                if layers.len() == found && known.is_none() {
                    let proof = guard::of_middleware(world, v);
                    layers.push(Layer {
                        place: Place::Settings,
                        proof,
                    });
                }
            }
            Value::Function { .. } => {
                let open = Args {
                    open: true,
                    ..Args::default()
                };
                let inner = world.machine.run_call(v, open, (settings, ExprId(0)));
                layers.push(guard::hook(world, Place::Settings, inner));
            }
            _ => {
                let proof = guard::of_middleware(world, v);
                layers.push(Layer {
                    place: Place::Settings,
                    proof,
                });
            }
        }
    }
    layers.retain(|layer| layer.proof != Proof::Nothing);
    layers
}

/// Two patterns one after the other.
fn joined(front: &str, pattern: &str) -> String {
    if front.is_empty() {
        return pattern.to_owned();
    }
    format!("{front}{}", pattern.strip_prefix('^').unwrap_or(pattern))
}

/// A pattern below a mount.
pub(super) fn below(mount: &Mount, pattern: &str) -> String {
    joined(&mount.prefix, pattern)
}

/// A list of patterns, or something that gives one.
pub(super) fn walk(world: &mut World<'_>, v: V, mount: &Mount) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    for v in world.machine.alternatives(v) {
        match world.machine.get(v).clone() {
            Value::List(items) => {
                for item in items {
                    walk(world, item, mount);
                }
            }
            Value::Union(_) => walk(world, v, mount),
            Value::Call { args, .. } => call(world, v, &args, mount),
            Value::Attribute { of, attr } if attr.as_str() == "urls" => {
                urls_of(world, of, v, mount);
            }
            Value::External(path) if path.as_str().ends_with(".urls") => {
                library(world, path.as_str(), mount, None);
            }
            _ => {}
        }
    }
}

fn call(world: &mut World<'_>, v: V, args: &Args, mount: &Mount) {
    let path = guard::path_of(&world.machine, v);
    let name = path
        .trim_end_matches("()")
        .rsplit('.')
        .next()
        .unwrap_or_default();
    match name {
        "path" | "re_path" | "url" => pattern(world, v, args, mount),
        "i18n_patterns" => {
            let language = setting(world, mount.settings, "LANGUAGE_CODE");
            let language = language.map_or_else(|| "en-us".to_owned(), |v| world.text(Some(v)));
            let default = args.keyword("prefix_default_language");
            let bare = default.is_some_and(|v| world.machine.truth(v) == Some(false));
            let mut inner = mount.clone();
            if !bare {
                inner.prefix = joined(&mount.prefix, &format!("{language}/"));
            }
            for v in &args.positional {
                walk(world, *v, &inner);
            }
        }
        "decorator_include" => {
            if let Some(v) = args.positional.first() {
                walk(world, *v, mount);
            }
        }
        "format_suffix_patterns" => {
            let Some(list) = args.get(0, "urlpatterns") else {
                return;
            };
            let required = args.get(1, "suffix_required");
            if required.is_none_or(|v| world.machine.truth(v) != Some(true)) {
                walk(world, list, mount);
            }
            let mut inner = mount.clone();
            inner.with_format = true;
            walk(world, list, &inner);
        }
        "static" | "staticfiles_urlpatterns" => {
            let debug = setting(world, mount.settings, "DEBUG");
            if debug.is_some_and(|v| world.machine.truth(v) == Some(true)) && name == "static" {
                let front = world.text(args.get(0, "prefix"));
                let pattern = format!("{}(?P<path>.*)$", front.trim_start_matches('/'));
                let full = joined(&mount.prefix, &pattern);
                let site = world.site(v);
                let any = vec!["*".to_owned()];
                world.add(
                    "django",
                    &mount.app,
                    &full,
                    any,
                    Target::Other(v),
                    site,
                    &mount.layers,
                );
            }
        }
        "get_urls" => {
            if let Value::Call { callee, .. } = world.machine.get(v)
                && let Value::Attribute { of, .. } = *world.machine.get(*callee)
            {
                urls_of(world, of, v, mount);
            }
        }
        _ => {}
    }
}

/// The `urls` of an object: a router of REST framework, or an admin site.
fn urls_of(world: &mut World<'_>, of: V, v: V, mount: &Mount) {
    if drf::is_router(world, of) {
        drf::router(world, of, mount);
        return;
    }
    if ninja::is_interface(world, of) {
        ninja::interface(world, of, mount);
        return;
    }
    if world.is_a(of, "django", &["AdminSite"]) {
        library(world, "django.contrib.admin.site.urls", mount, Some(of));
        return;
    }
    let site = world.site(v).or_else(|| world.site(of));
    opaque(world, mount, Target::Other(v), site);
}

/// Endpoints below a prefix that cannot be told.
fn opaque(world: &mut World<'_>, mount: &Mount, target: Target, site: Option<Site>) {
    let layers = [Layer {
        place: Place::Router,
        proof: Proof::Unknown,
    }];
    let path = format!("{}<?>", mount.prefix);
    world.add(
        "django",
        &mount.app,
        &path,
        vec!["*".to_owned()],
        target,
        site,
        &layers,
    );
}

/// A URLconf of a library.
fn library(world: &mut World<'_>, module: &str, mount: &Mount, admin: Option<V>) {
    let known = VIEWS.include.iter().find(|known| known.module == module);
    let v = world.machine.external(Symbol::from(module));
    let Some(known) = known else {
        opaque(world, mount, Target::Other(v), mount.site);
        return;
    };
    let guard_of = |name: &str| match name {
        "" => Proof::Nothing,
        "authenticated" => Proof::of(Level::Authenticated),
        name => Proof::permission(name),
    };
    for [pattern, methods, guard] in &known.routes {
        let mut layers = mount.layers.clone();
        layers.push(Layer {
            place: Place::Class,
            proof: guard_of(guard),
        });
        let path = joined(&mount.prefix, pattern);
        let methods = methods.split(' ').map(str::to_owned).collect();
        world.add(
            "django",
            &mount.app,
            &path,
            methods,
            Target::Other(v),
            mount.site,
            &layers,
        );
    }
    if module != "django.contrib.admin.site.urls" {
        return;
    }
    let mut labels: Vec<String> = Vec::new();
    let mut models = registered_models(world, admin);
    let installed = setting(world, mount.settings, "INSTALLED_APPS");
    let installed = installed
        .and_then(|v| world.text_list(v))
        .unwrap_or_default();
    if admin.is_none() {
        let own_user = setting(world, mount.settings, "AUTH_USER_MODEL").is_some();
        for (package, label, model) in OF_LIBRARIES {
            if own_user && *model == "user" {
                continue;
            }
            let known = models
                .iter()
                .any(|(app, name, _)| app == label && name == model);
            if !known
                && installed
                    .iter()
                    .any(|app| app == package || app.starts_with(&format!("{package}.apps.")))
            {
                models.push(((*label).to_owned(), (*model).to_owned(), Target::Other(v)));
            }
        }
        models.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    }
    for (app, model, target) in models {
        let front = joined(&mount.prefix, &format!("{app}/{model}/"));
        for page in [
            "",
            "add/",
            "<path:object_id>/history/",
            "<path:object_id>/delete/",
            "<path:object_id>/change/",
            "<path:object_id>/",
            "<id>/password/",
        ] {
            // Users of Django have a page for their passwords.
            if page == "<id>/password/" && (app.as_str(), model.as_str()) != ("auth", "user") {
                continue;
            }
            let mut layers = mount.layers.clone();
            let action = match page {
                "add/" => "add",
                "<path:object_id>/delete/" => "delete",
                "<path:object_id>/change/" | "<id>/password/" => "change",
                _ => "view",
            };
            layers.push(Layer {
                place: Place::Class,
                proof: Proof::Guard {
                    level: Level::Permission,
                    roles: Vec::new(),
                    permissions: vec![format!("{app}.{action}_{model}")],
                },
            });
            let path = format!("{front}{page}");
            // The last one is a redirect.
            let methods = match page {
                "<path:object_id>/" => VIEWS
                    .methods
                    .get("RedirectView")
                    .map_or_else(Vec::new, |methods| {
                        methods.iter().map(|method| method.to_uppercase()).collect()
                    }),
                _ => vec!["*".to_owned()],
            };
            world.add(
                "django", &mount.app, &path, methods, target, mount.site, &layers,
            );
        }
        if !labels.contains(&app) {
            labels.push(app);
        }
    }
    if !labels.is_empty() {
        let path = joined(
            &mount.prefix,
            &format!("^(?P<app_label>{})/$", labels.join("|")),
        );
        let mut layers = mount.layers.clone();
        layers.push(Layer {
            place: Place::Class,
            proof: Proof::permission("is_staff"),
        });
        world.add(
            "django",
            &mount.app,
            &path,
            vec!["*".to_owned()],
            Target::Other(v),
            mount.site,
            &layers,
        );
    }
}

/// The label that the configuration of an application gives it.
fn configured_label(world: &mut World<'_>, package: &str) -> Option<String> {
    let project = world.machine.project;
    let name = Symbol::from(format!("{package}.apps"));
    let hognose_python::Found::Module(id) = project.find(name, ModuleId(0)) else {
        return None;
    };
    for number in 0..project.module(id).classes.len() {
        let class = hognose_python::ir::ClassId(u32::try_from(number).unwrap_or(u32::MAX));
        if let Some(v) = world.machine.own_member(id, class, Symbol::from("label"))
            && let Some(label) = world.texts(v).pop()
        {
            return Some(label);
        }
    }
    None
}

/// Models that are registered with an admin site: label of their application, name, and what shows them.
fn registered_models(world: &mut World<'_>, admin: Option<V>) -> Vec<(String, String, Target)> {
    let mut found: Vec<(V, Option<V>)> = Vec::new();
    let mut take = |args: &Args, applied: Option<V>, world: &mut World<'_>| {
        let Some(models) = args.get(0, "model_or_iterable") else {
            return;
        };
        let models = world.list(models).unwrap_or_else(|| vec![models]);
        for model in models {
            found.push((model, applied.or(args.get(1, "admin_class"))));
        }
    };
    match admin {
        Some(site) => {
            for (method, args, _) in world.calls_on(site) {
                if method == "register" {
                    take(&args, None, world);
                }
            }
        }
        None => {
            for (args, _) in world.calls_of_name("django.contrib", "site.register") {
                take(&args, None, world);
            }
            for (args, call) in world.calls_of_name("django.contrib", "register") {
                for (given, _) in world.calls_of(call) {
                    // `@admin.register(A, B)`.
                    for model in &args.positional {
                        let one = Args {
                            positional: vec![*model],
                            ..Args::default()
                        };
                        take(&one, given.positional.first().copied(), world);
                    }
                }
            }
        }
    }
    let mut models = Vec::new();
    for (model, shown) in found {
        let target = shown.map_or(Target::Other(model), |v| world.handler(v).target);
        match world.handler(model).target {
            Target::Class(at, class) => {
                let module = world.machine.project.module(at);
                let name = module[class].name.as_str().to_lowercase();
                let package = module.name.as_str();
                let package = package.strip_suffix(".models").unwrap_or(package);
                let package = package.split(".models.").next().unwrap_or(package);
                let label = configured_label(world, package)
                    .unwrap_or_else(|| package.rsplit('.').next().unwrap_or(package).to_owned());
                models.push((label, name, target));
            }
            Target::Other(v) => {
                let path = guard::path_of(&world.machine, v);
                if let Some((front, name)) = path.rsplit_once('.') {
                    let package = front.split(".models").next().unwrap_or(front);
                    let label = package.rsplit('.').next().unwrap_or(package).to_owned();
                    models.push((label, name.to_lowercase(), target));
                }
            }
            Target::Function(..) => {}
        }
    }
    models.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    models.dedup_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1));
    models
}

/// One `path`, `re_path` or `url`.
fn pattern(world: &mut World<'_>, v: V, args: &Args, mount: &Mount) {
    let site = world.site(v);
    let route = args.get(0, "route").or_else(|| args.keyword("regex"));
    let mut routes = route.map(|v| world.texts(v)).unwrap_or_default();
    if routes.is_empty() {
        routes.push(world.text(route));
    }
    let Some(mut view) = args.get(1, "view") else {
        return;
    };
    // A wrapper that was put around the view after the pattern was made.
    let callback = world.machine.attribute(v, Symbol::from("callback"));
    if callback != view && world.machine.callable(callback) {
        view = callback;
    }
    for route in routes {
        let full = joined(&mount.prefix, &route);
        for view in world.machine.alternatives(view) {
            let mut inner = mount.clone();
            inner.prefix.clone_from(&full);
            inner.nesting += 1;
            inner.site = site;
            if included(world, view, &inner) {
                continue;
            }
            let is_regex = !guard::path_of(&world.machine, v).ends_with(".path()");
            let full = match (mount.with_format, is_regex) {
                (false, _) => full.clone(),
                (true, true) => {
                    let bare = full.trim_end_matches('$').trim_end_matches('/');
                    format!(r"{bare}\.(?P<format>[a-z0-9]+)/?$")
                }
                (true, false) => {
                    format!("{}<drf_format_suffix:format>", full.trim_end_matches('/'))
                }
            };
            let mut named = mount.clone();
            named.layers = at_name(world, &full, args, mount);
            endpoint(world, &full, view, &named, site);
        }
    }
}

/// The layers around a view as they are for one with this name and path.
fn at_name(world: &mut World<'_>, path: &str, args: &Args, mount: &Mount) -> Vec<Layer> {
    let name = world.text(args.get(3, "name"));
    let asked = Asked {
        endpoint: format!("{}{name}", mount.namespace),
        is_named: true,
        path: path.to_owned(),
        is_other: false,
    };
    let layers = mount.layers.iter();
    layers
        .map(|layer| Layer {
            place: layer.place,
            proof: guard::at(world, &layer.proof, &asked),
        })
        .collect()
}

/// Whether a view is an include; walks it if so.
fn included(world: &mut World<'_>, view: V, mount: &Mount) -> bool {
    match world.machine.get(view).clone() {
        Value::Call { args, .. } => {
            let path = guard::path_of(&world.machine, view);
            if !path.starts_with("django.") || !path.ends_with(".include()") {
                return false;
            }
            if let Some(given) = args.get(0, "arg") {
                for given in world.machine.alternatives(given) {
                    let mut inner = mount.clone();
                    if let Some(name) = namespace(world, given, &args) {
                        inner.namespace.push_str(&name);
                        inner.namespace.push(':');
                    }
                    include(world, given, &inner);
                }
            }
            true
        }
        // `(patterns, app_name, namespace)`.
        Value::List(items) => {
            if let Some(first) = items.first() {
                walk(world, *first, mount);
            }
            true
        }
        Value::Attribute { of, attr } if attr.as_str() == "urls" => {
            urls_of(world, of, view, mount);
            true
        }
        Value::External(path) if path.as_str().ends_with("site.urls") => {
            library(world, "django.contrib.admin.site.urls", mount, None);
            true
        }
        _ => false,
    }
}

/// The namespace that an include makes: the one it is given, or that of the application.
fn namespace(world: &mut World<'_>, given: V, args: &Args) -> Option<String> {
    let own = args.get(1, "namespace").map(|v| world.text(Some(v)));
    own.filter(|own| !own.is_empty()).or_else(|| {
        let v = match world.machine.get(given).clone() {
            Value::Str(name) => {
                let module = world.machine.dotted(&name);
                world.machine.attribute(module, Symbol::from("app_name"))
            }
            Value::Module(_) => world.machine.attribute(given, Symbol::from("app_name")),
            // `include((patterns, "shop"))`.
            Value::List(items) if items.len() == 2 => items[1],
            _ => return None,
        };
        world.texts(v).pop()
    })
}

fn include(world: &mut World<'_>, given: V, mount: &Mount) {
    match world.machine.get(given).clone() {
        Value::Str(name) => {
            let module = world.machine.dotted(&name);
            match world.machine.get(module) {
                Value::Module(_) => include(world, module, mount),
                Value::External(_) => library(world, &name, mount, None),
                _ => walk(world, module, mount),
            }
        }
        Value::Module(_) => {
            let patterns = world.machine.attribute(given, Symbol::from("urlpatterns"));
            walk(world, patterns, mount);
        }
        Value::List(items) => {
            // `(patterns, app_name)`.
            let nested = items
                .first()
                .is_some_and(|v| !matches!(world.machine.get(*v), Value::Call { .. }));
            match items.as_slice() {
                [patterns, name] if nested || matches!(world.machine.get(*name), Value::Str(_)) => {
                    include(world, *patterns, mount);
                }
                _ => walk(world, given, mount),
            }
        }
        Value::External(path) => library(world, path.as_str(), mount, None),
        Value::Unknown => opaque(world, mount, Target::Other(given), mount.site),
        _ => walk(world, given, mount),
    }
}

/// One view at a path.
fn endpoint(world: &mut World<'_>, path: &str, view: V, mount: &Mount, site: Option<Site>) {
    let handler = world.handler(view);
    let restricted = restricted(world, &handler);
    let mut layers = default_layers(world, mount, &handler);
    layers.extend(world.wrapper_layers(&handler, Place::Decorator));
    if let Some((of, args)) = world.as_view(handler.target) {
        class_view(world, path, of, &args, mount, site, &layers);
        return;
    }
    let methods = restricted.unwrap_or_else(|| vec!["*".to_owned()]);
    match handler.target {
        Target::Function(at, function) => {
            if let Some(api) = drf::function_view(world, &handler, mount) {
                layers.extend(api.layers);
                layers.extend(world.body_layer(at, function));
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
            layers.extend(world.body_layer(at, function));
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
        .any(|v| guard::wrapper(world, v) == Proof::Public);
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
        let path = path.trim_end_matches("()");
        let name = path.rsplit('.').next().unwrap_or_default();
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
        let mut target = target;
        if let Some(handler) = handler {
            layers.extend(world.wrapper_layers(&handler, Place::Decorator));
            if let Target::Function(at, function) = handler.target {
                layers.extend(world.body_layer(at, function));
                target = handler.target;
            }
        }
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
}

/// What the bases and mixins of a class prove, as far as its `dispatch` comes to them.
pub(super) fn of_class(world: &mut World<'_>, class: V) -> Vec<Layer> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_a_table() {
        let table: Result<Views, _> = toml::from_str(include_str!("../../data/views/django.toml"));
        assert!(table.is_ok(), "{:?}", table.err());
    }

    #[test]
    fn patterns_are_joined_as_the_resolver_does() {
        assert_eq!(joined("/", "^users/$"), "/users/$");
        assert_eq!(joined("/a/", "<int:id>/"), "/a/<int:id>/");
    }
}

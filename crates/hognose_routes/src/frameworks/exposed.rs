//! Flask-AppBuilder and Flask-Admin: classes whose methods say under which rule they are exposed.
//!
//! A class is added to the builder or the admin; its rules stand below a base that the class names, or that its own name
//! makes. What the libraries' classes expose by themselves is in `data/views/exposed.toml`.

use std::sync::LazyLock;

use hognose_python::{ClassRef, Symbol};
use serde::Deserialize;

use super::common::Mount;
use super::{Framework, flask};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof, Question};
use crate::run::{Args, Site, V, Value};
use crate::world::{Handler, Target, World, last, named};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["flask_appbuilder", "flask_admin"],
    begins: &[("flask_appbuilder", "AppBuilder"), ("flask_admin", "Admin")],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Views {
    view: Vec<View>,
    always: Vec<Always>,
}

/// What classes of a library expose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    package: String,
    classes: Vec<String>,
    /// Method of the class, rule, methods, permission.
    routes: Vec<[String; 4]>,
}

/// What an application has as soon as it has the library.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Always {
    package: String,
    /// Rule, methods, guard.
    routes: Vec<[String; 3]>,
    /// Base, class of the library, and the name that permissions know it by.
    views: Vec<[String; 3]>,
}

static VIEWS: LazyLock<Views> = LazyLock::new(|| {
    // The table is part of the program; a test reads it.
    toml::from_str(include_str!("../../data/views/exposed.toml")).unwrap_or_default()
});

fn find(world: &mut World<'_>) {
    for builder in world.objects_of("flask_appbuilder", &["AppBuilder"]) {
        if world.is_left_out(builder) {
            continue;
        }
        let mount = mount(world, builder, "flask-appbuilder");
        always(world, builder, "flask_appbuilder", &mount);
        for (method, args, call) in world.calls_on(builder) {
            if matches!(method, "add_view" | "add_view_no_menu" | "add_api")
                && let Some(v) = args.get(0, "baseview")
            {
                for view in world.machine.alternatives(v) {
                    let base = builder_base(world, view);
                    let site = world.site(call);
                    view_class(world, view, &base, "flask_appbuilder", &mount, site);
                }
            }
        }
    }
    for admin in world.objects_of("flask_admin", &["Admin"]) {
        if world.is_left_out(admin) {
            continue;
        }
        let mount = mount(world, admin, "flask-admin");
        let made = world.made_with(admin);
        let front = match made.keyword("url") {
            Some(v) => world.text(Some(v)),
            None => "/admin".to_owned(),
        };
        let index = made.keyword("index_view");
        let site = world.site(admin);
        let mut layers = mount.layers.clone();
        if let Some(index) = index {
            layers.extend(accessible(world, index));
        }
        let get = || vec!["GET".to_owned()];
        let target = Target::Other(index.unwrap_or(admin));
        world.add(
            "flask-admin",
            &mount.app,
            &format!("{front}/"),
            get(),
            target,
            site,
            &layers,
        );
        let files = format!("{front}/static/<path:filename>");
        let target = Target::Other(admin);
        world.add(
            "flask-admin",
            &mount.app,
            &files,
            get(),
            target,
            site,
            &mount.layers,
        );
        for (method, args, call) in world.calls_on(admin) {
            let views = match method {
                "add_view" => args.get(0, "view").into_iter().collect(),
                "add_views" => args.positional.clone(),
                _ => continue,
            };
            for view in views {
                let base = admin_base(world, view, &front);
                let site = world.site(call);
                view_class(world, view, &base, "flask_admin", &mount, site);
            }
        }
    }
}

/// The application around, with the hooks that were set on it.
fn mount(world: &mut World<'_>, v: V, framework: &'static str) -> Mount {
    let mut mount = Mount::new(world, framework, v);
    let mut apps: Vec<V> = world.made_with(v).get(0, "app").into_iter().collect();
    for (method, args, _) in world.calls_on(v) {
        if method == "init_app" {
            apps.extend(args.get(0, "app"));
        }
    }
    for app in apps {
        mount
            .layers
            .extend(flask::hooks(world, app, "before_request"));
    }
    mount
}

/// What the library adds to every application.
fn always(world: &mut World<'_>, builder: V, package: &str, mount: &Mount) {
    let site = world.site(builder);
    for known in VIEWS.always.iter().filter(|known| known.package == package) {
        for [rule, methods, guard] in &known.routes {
            let proof = match guard.as_str() {
                "" => Proof::Nothing,
                "authenticated" => Proof::of(Level::Authenticated),
                name => Proof::permission(name),
            };
            add(
                world,
                mount,
                rule,
                methods,
                Target::Other(builder),
                site,
                &[],
                proof,
            );
        }
        for [base, class, name] in &known.views {
            let routes = VIEWS.view.iter().filter(|view| {
                view.package == package && view.classes.iter().any(|known| known == class)
            });
            for [_, rule, methods, permission] in routes.flat_map(|view| &view.routes) {
                let rule = format!("{base}{rule}");
                let proof = permission_on(permission, name);
                add(
                    world,
                    mount,
                    &rule,
                    methods,
                    Target::Other(builder),
                    site,
                    &[],
                    proof,
                );
            }
        }
    }
}

fn permission_on(permission: &str, name: &str) -> Proof {
    if permission.is_empty() {
        Proof::Nothing
    } else {
        Proof::permission(&format!("{permission} on {name}"))
    }
}

#[expect(clippy::too_many_arguments, reason = "an endpoint has these parts")]
fn add(
    world: &mut World<'_>,
    mount: &Mount,
    rule: &str,
    methods: &str,
    target: Target,
    site: Option<Site>,
    layers: &[Layer],
    proof: Proof,
) {
    let mut all = mount.layers.clone();
    all.extend(layers.iter().cloned());
    all.push(Layer {
        place: Place::Class,
        proof,
    });
    let methods = methods.split(' ').map(str::to_owned).collect();
    world.add(
        mount.framework,
        &mount.app,
        rule,
        methods,
        target,
        site,
        &all,
    );
}

/// A text that a class gives one of its attributes.
fn text_of(world: &mut World<'_>, class: V, name: &str) -> Option<String> {
    let v = world.machine.attribute(class, Symbol::from(name));
    world.texts(v).pop()
}

/// The last part of a class's name.
fn class_name(world: &World<'_>, view: V) -> String {
    last(&guard::path_of(&world.machine, view)).to_owned()
}

/// The base of a view of Flask-AppBuilder.
fn builder_base(world: &mut World<'_>, view: V) -> String {
    if let Some(base) = text_of(world, view, "route_base") {
        return base;
    }
    let name = class_name(world, view).to_lowercase();
    if !world.is_a(
        view,
        "flask_appbuilder",
        &["BaseApi", "ModelRestApi", "BaseModelApi"],
    ) {
        return format!("/{name}");
    }
    let version = text_of(world, view, "version").unwrap_or_else(|| "v1".to_owned());
    let resource = text_of(world, view, "resource_name").unwrap_or(name);
    format!("/api/{version}/{}", resource.to_lowercase())
}

/// The base of a view of Flask-Admin, an object of the class.
fn admin_base(world: &mut World<'_>, view: V, front: &str) -> String {
    let made = world.made_with(view);
    if let Some(url) = made.keyword("url") {
        let url = world.text(Some(url));
        return if url.starts_with('/') {
            url
        } else {
            format!("{front}/{url}")
        };
    }
    let name = match made.keyword("endpoint") {
        Some(v) => world.text(Some(v)),
        None => {
            let of_model = world.is_a(view, "flask_admin", &["ModelView", "BaseModelView"]);
            match made.get(0, "model").filter(|_| of_model) {
                Some(model) => class_name(world, model).to_lowercase(),
                None => class_name(world, view).to_lowercase(),
            }
        }
    };
    format!("{front}/{name}")
}

/// What `is_accessible` of a view of Flask-Admin asks for.
fn accessible(world: &mut World<'_>, view: V) -> Option<Layer> {
    let method = world.machine.attribute(view, Symbol::from("is_accessible"));
    match world.handler(method).target {
        Target::Function(..) => Some(Layer {
            place: Place::Class,
            proof: guard::answer(world, method, Question::default()),
        }),
        _ => None,
    }
}

/// What a view exposes: by its own methods, then by those of the library's classes that it does not replace.
fn view_class(
    world: &mut World<'_>,
    view: V,
    base: &str,
    package: &str,
    mount: &Mount,
    site: Option<Site>,
) {
    let class = match *world.machine.get(view) {
        Value::Instance { class, .. } => class,
        _ => view,
    };
    let base = base.trim_end_matches('/');
    let name =
        text_of(world, class, "class_permission_name").unwrap_or_else(|| class_name(world, class));
    let layers: Vec<Layer> = accessible(world, view).into_iter().collect();
    let only = names(world, class, "include_route_methods");
    let not = names(world, class, "exclude_route_methods").unwrap_or_default();
    let shown = |method: &str| {
        only.as_ref()
            .is_none_or(|only| only.iter().any(|one| one == method))
            && !not.iter().any(|one| one == method)
    };
    let mut own: Vec<String> = Vec::new();
    for (method, v) in world.members(class) {
        let handler = world.handler(v);
        let Target::Function(..) = handler.target else {
            continue;
        };
        let exposed = exposures(world, &handler, package);
        own.push(method.clone());
        if exposed.is_empty() || !shown(&method) {
            continue;
        }
        let mut layers = layers.clone();
        for mut layer in world.own_layers(&handler, Some(class)) {
            // The permission is named after the method and the class.
            if let Proof::Guard {
                permissions,
                roles,
                level: Level::Permission,
            } = &mut layer.proof
                && permissions.is_empty()
                && roles.is_empty()
                && layer.place == Place::Decorator
                && package == "flask_appbuilder"
            {
                let action = permission_name(world, &handler).unwrap_or_else(|| method.clone());
                permissions.push(format!("can_{action} on {name}"));
            }
            layers.push(layer);
        }
        for args in exposed {
            let rule = match args.get(0, "url") {
                Some(v) => world.text(Some(v)),
                None => "/".to_owned(),
            };
            let methods = match args.get(1, "methods").and_then(|v| world.text_list(v)) {
                Some(methods) if !methods.is_empty() => methods.join(" ").to_uppercase(),
                _ => "GET".to_owned(),
            };
            let rule = format!("{base}{rule}");
            add(
                world,
                mount,
                &rule,
                &methods,
                handler.target,
                site,
                &layers,
                Proof::Nothing,
            );
        }
    }
    let target = world.handler(class).target;
    let order = world.machine.mro(class);
    let known = VIEWS.view.iter().filter(|known| {
        known.package == package
            && order.iter().any(|ancestor| {
                matches!(ancestor, ClassRef::External(path)
                    if known.classes.iter().any(|class| named(path.as_str(), package, class)))
            })
    });
    // The class itself may be one of the library's.
    let path = guard::path_of(&world.machine, class);
    let of_library = VIEWS.view.iter().filter(|known| {
        known.package == package
            && known
                .classes
                .iter()
                .any(|class| named(path.trim_end_matches("()"), package, class))
    });
    for [method, rule, methods, permission] in
        known.chain(of_library).flat_map(|known| &known.routes)
    {
        if own.contains(method) || !shown(method) {
            continue;
        }
        let rule = format!("{base}{rule}");
        let proof = permission_on(permission, &name);
        add(world, mount, &rule, methods, target, site, &layers, proof);
    }
}

/// Names of methods in an attribute of a class; those of a library's constants by their own.
fn names(world: &mut World<'_>, class: V, attribute: &str) -> Option<Vec<String>> {
    let v = world.machine.attribute(class, Symbol::from(attribute));
    let items = world.list(v)?;
    let mut found = Vec::new();
    for item in items {
        match world.machine.get(item) {
            Value::External(path) => {
                let last = path.as_str().rsplit('.').next().unwrap_or_default();
                found.push(last.to_lowercase());
            }
            _ => found.extend(world.texts(item)),
        }
    }
    Some(found)
}

/// The arguments of each `expose` around a method.
fn exposures(world: &World<'_>, handler: &Handler, package: &str) -> Vec<Args> {
    calls_around(world, handler, package, "expose")
}

fn permission_name(world: &World<'_>, handler: &Handler) -> Option<String> {
    let args = calls_around(world, handler, "flask_appbuilder", "permission_name").pop()?;
    world.texts(*args.positional.first()?).pop()
}

/// The arguments of a decorator of a library, each time it stands around a callable.
fn calls_around(world: &World<'_>, handler: &Handler, package: &str, name: &str) -> Vec<Args> {
    handler
        .wrappers
        .iter()
        .filter_map(|v| match world.machine.get(*v) {
            Value::Call { callee, .. } => match world.machine.get(*callee) {
                Value::Call { callee, args, .. } => match world.machine.get(*callee) {
                    Value::External(path) if named(path.as_str(), package, name) => {
                        Some(args.clone())
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_a_table() {
        let table: Result<Views, _> = toml::from_str(include_str!("../../data/views/exposed.toml"));
        assert!(table.is_ok(), "{:?}", table.err());
    }
}

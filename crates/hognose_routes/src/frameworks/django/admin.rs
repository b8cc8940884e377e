//! The pages of an admin site for the models that are registered with it.

use hognose_python::Symbol;
use hognose_python::ir::ModuleId;

use super::patterns::joined;
use super::{Mount, VIEWS, setting};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, V};
use crate::world::{Target, World};

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

/// Adds the pages of the models, and that of each application; `v` is the URLconf, `admin` a site of the project's own.
pub(super) fn pages(world: &mut World<'_>, v: V, mount: &Mount, admin: Option<V>) {
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

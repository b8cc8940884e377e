//! Finds Django's settings modules and chooses the one that is production.
//!
//! A settings module is one that `DJANGO_SETTINGS_MODULE` names, or that looks like one: it assigns `ROOT_URLCONF`,
//! `INSTALLED_APPS` or the middleware, or lies where settings lie and assigns names that only Django knows. Modules that
//! import each other or lie together are one project. Among them production is chosen by name, then by what `wsgi.py`
//! and `asgi.py` start; test and development settings are never judged. The settings of a library's test suite are test
//! code and are left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hognose_finding::Note;
use hognose_python::ir::*;
use hognose_python::{ClassRef, Found, ModuleId, SourceKind, Symbol};

use super::interpret::Interpreter;
use super::method::stem;
use super::value::Namespace;
use super::words::{Stage, stage};
use super::{Settings, World, anchor, defaults};
use crate::registry::Registry;

/// Names that make a module one of Django's settings, wherever it lies.
const CERTAIN: &[&str] = &[
    "ROOT_URLCONF",
    "INSTALLED_APPS",
    "MIDDLEWARE",
    "MIDDLEWARE_CLASSES",
    "WSGI_APPLICATION",
];

/// Names that do so in a module that lies where settings lie.
const TYPICAL: &[&str] = &[
    "ALLOWED_HOSTS",
    "AUTH_PASSWORD_VALIDATORS",
    "CSRF_COOKIE_SECURE",
    "CSRF_COOKIE_SAMESITE",
    "SECURE_HSTS_SECONDS",
    "SECURE_SSL_REDIRECT",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_CONTENT_TYPE_NOSNIFF",
    "SECURE_REFERRER_POLICY",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY",
    "X_FRAME_OPTIONS",
    "SESSION_SERIALIZER",
    "SESSION_ENGINE",
    "DATABASES",
    "TEMPLATES",
    "REST_FRAMEWORK",
    "AUTH_USER_MODEL",
    "LANGUAGE_COOKIE_SAMESITE",
    "SECRET_KEY_FALLBACKS",
    "STATICFILES_DIRS",
    "CSRF_TRUSTED_ORIGINS",
];

/// Where `DJANGO_SETTINGS_MODULE` is given.
#[derive(Debug, Default)]
struct Named {
    /// By `wsgi.py` or `asgi.py`.
    server: BTreeSet<ModuleId>,
    /// By `manage.py` and others.
    command: BTreeSet<ModuleId>,
    /// Classes that `DJANGO_CONFIGURATION` names.
    classes: BTreeSet<String>,
}

pub(super) fn find(
    interpreter: &mut Interpreter<'_, '_>,
    registry: &Registry,
    tests: &dyn Fn(ModuleId) -> bool,
    settings: &mut Settings,
) {
    let named = named(interpreter, tests);
    let project = interpreter.values.project();
    let mut candidates: Vec<ModuleId> = Vec::new();
    let mut django = None;
    for (id, module) in project.iter() {
        if module.kind != SourceKind::Module || module.file.ends_with("conf/global_settings.py") {
            continue;
        }
        let is_candidate = named.server.contains(&id)
            || named.command.contains(&id)
            || is_settings(module).is_some_and(|sure| {
                sure || *django.get_or_insert_with(|| speaks_of_django(project))
            });
        if is_candidate && !tests(id) {
            candidates.push(id);
        }
    }
    if candidates.is_empty() {
        return;
    }
    // Modules that only add to settings: `from .base import *` and a few lines.
    loop {
        let more: Vec<ModuleId> = project
            .iter()
            .filter(|(id, module)| !module.star_imports.is_empty()
                    && module.kind == SourceKind::Module
                    && lies_with_settings(&module.file)
                    && !candidates.contains(id)
                    && !tests(*id))
            .filter(|(id, module)| module.star_imports.iter().any(|star| matches!(project.find(*star, *id), Found::Module(base) if candidates.contains(&base))))
            .map(|(id, _)| id)
            .collect();
        if more.is_empty() {
            break;
        }
        candidates.extend(more);
    }
    candidates.sort_unstable();
    let defaults = defaults(registry, "django");
    for group in groups(interpreter, &candidates) {
        let Some((id, sure, why)) = choose(interpreter, &group, &named) else {
            continue;
        };
        interpreter.refresh();
        let module = interpreter.module(id);
        let (names, judged, anchor, sure, why) = match configuration(interpreter, id, &named) {
            Some((class, reason)) => {
                let data = &module[class];
                (
                    interpreter.run_class(id, class),
                    format!("{}.{}", module.name, data.name),
                    data.name_range,
                    reason.0,
                    reason.1,
                )
            }
            None => match interpreter.run_module(id) {
                Some(frame) => (
                    frame.names.clone(),
                    module.name.as_str().to_owned(),
                    anchor(module),
                    sure,
                    why,
                ),
                None => continue,
            },
        };
        let example = module.own_path().split('/').rev().skip(1).any(is_example);
        // What others build upon is not an application's whole configuration.
        let complete = is_complete(&names) && !is_base(&module.file);
        if complete
            || named.server.contains(&id)
            || named.command.contains(&id)
            || names.vars.contains_key(&Symbol::from("INSTALLED_APPS"))
        {
            settings.notes.push(Note {
                file: Some(Arc::clone(&module.file)),
                text: format!("Django settings: judged {judged} as production, {why}"),
            });
        }
        settings.worlds.push(World {
            framework: "django",
            module: id,
            judged,
            anchor,
            sure,
            example,
            complete,
            names,
            defaults: defaults.clone(),
        });
    }
}

/// `base.py`, `settings_global.py`: made to be imported by the settings proper.
fn is_base(file: &str) -> bool {
    stem(file).split('_').any(|word| {
        matches!(
            word,
            "base" | "common" | "default" | "defaults" | "global" | "globals" | "shared" | "core"
        )
    })
}

/// A project's settings name its URLs; without them it is a fragment or a component's own.
fn is_complete(names: &Namespace) -> bool {
    names.vars.contains_key(&Symbol::from("ROOT_URLCONF"))
}

fn is_example(directory: &str) -> bool {
    matches!(
        directory,
        "example"
            | "examples"
            | "demo"
            | "demos"
            | "sample"
            | "samples"
            | "docs"
            | "sandbox"
            | "testproject"
            | "test_project"
            | "exampleproject"
            | "example_project"
            | "demoproject"
            | "playground"
            | "devproject"
            | "project_template"
            | "template"
            | "templates"
            | "cookiecutter"
    )
}

fn assigns(module: &Module, name: &str) -> bool {
    module
        .slot(Module::TOP, Symbol::from(name))
        .is_some_and(|slot| {
            slot.bound
                && slot
                    .defs
                    .iter()
                    .any(|def| matches!(module[*def].kind, DefKind::Value(_)))
        })
}

/// Whether a module looks like settings, and whether that is beyond doubt.
fn is_settings(module: &Module) -> Option<bool> {
    let certain = CERTAIN.iter().filter(|name| assigns(module, name)).count();
    if certain >= 2 {
        return Some(true);
    }
    if lies_with_settings(&module.file) {
        if certain > 0 {
            return Some(true);
        }
        if TYPICAL.iter().any(|name| assigns(module, name)) {
            return Some(false);
        }
    }
    let configurations = module
        .imports
        .iter()
        .any(|(name, _)| name.as_str() == "configurations");
    (configurations
        && module
            .classes
            .iter()
            .any(|class| is_configuration_text(module, class)))
    .then_some(true)
}

/// Whether the project is Django's rather than another framework's: `ALLOWED_HOSTS` alone does not say.
fn speaks_of_django(project: &hognose_python::Project) -> bool {
    let mut other = false;
    for (_, module) in project.iter() {
        for (name, _) in &module.imports {
            match name.as_str().split('.').next() {
                Some("django" | "rest_framework" | "environ") => return true,
                Some(
                    "flask" | "fastapi" | "starlette" | "sanic" | "aiohttp" | "quart" | "tornado"
                    | "litestar" | "pyramid" | "bottle" | "falcon",
                ) => other = true,
                _ => {}
            }
        }
    }
    !other
}

/// A class of django-configurations, by the look of its body.
fn is_configuration_text(module: &Module, class: &Class) -> bool {
    CERTAIN.iter().any(|name| {
        module
            .slot(class.scope, Symbol::from(*name))
            .is_some_and(|slot| slot.bound)
    })
}

/// `settings.py`, `settings_prod.py`, `settings/base.py`, `config/production.py`.
fn lies_with_settings(file: &str) -> bool {
    if stem(file).to_ascii_lowercase().contains("settings") {
        return true;
    }
    let mut directories = file.rsplit('/').skip(1);
    match directories.next() {
        Some("settings" | "conf" | "config" | "configs" | "envs") => true,
        Some(directory) => {
            directory.ends_with("_settings") || directories.next() == Some("settings")
        }
        None => false,
    }
}

/// The modules named by `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)`.
fn named(interpreter: &mut Interpreter<'_, '_>, tests: &dyn Fn(ModuleId) -> bool) -> Named {
    let mut named = Named::default();
    let project = interpreter.values.project();
    for (id, module) in project.iter() {
        if module.kind != SourceKind::Module
            || !module.text.as_str().contains("DJANGO_")
            || tests(id)
        {
            continue;
        }
        let server = matches!(stem(&module.file), "wsgi" | "asgi");
        let mut pairs: Vec<(ExprId, ExprId)> = module
            .item_stores
            .iter()
            .map(|store| (store.index, store.value))
            .collect();
        for (_, expr) in module.exprs() {
            if let Expr::Call { args, .. } = *expr
                && let [key, value] = module.args(args)
            {
                pairs.push((key.value, value.value));
            }
        }
        for (key, value) in pairs {
            let Expr::Str(key) = module[key] else {
                continue;
            };
            let variable = module.str(key);
            if !matches!(variable, "DJANGO_SETTINGS_MODULE" | "DJANGO_CONFIGURATION") {
                continue;
            }
            let value = interpreter.evaluate(id, value);
            let Some(text) = value.str() else { continue };
            if variable == "DJANGO_CONFIGURATION" {
                named.classes.insert(text.to_owned());
            } else if let Found::Module(found) = project.find(Symbol::from(text), id) {
                let set = if server {
                    &mut named.server
                } else {
                    &mut named.command
                };
                set.insert(found);
            }
        }
    }
    named
}

/// Candidates that belong to one project: of one directory, or importing each other.
fn groups(interpreter: &Interpreter<'_, '_>, candidates: &[ModuleId]) -> Vec<Vec<ModuleId>> {
    let project = interpreter.values.project();
    let mut root: BTreeMap<ModuleId, ModuleId> = candidates.iter().map(|id| (*id, *id)).collect();
    fn top(root: &BTreeMap<ModuleId, ModuleId>, mut id: ModuleId) -> ModuleId {
        while root[&id] != id {
            id = root[&id];
        }
        id
    }
    let mut by_directory: BTreeMap<String, ModuleId> = BTreeMap::new();
    for id in candidates {
        let module = project.module(*id);
        let directory = module
            .file
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        // `settings.py` beside `settings/`, and environments below the package, belong together.
        let directory = match directory.rsplit_once('/') {
            Some((parent, "settings")) => parent,
            None if directory == "settings" => "",
            _ => match directory.rsplit_once("/settings/") {
                Some((parent, _)) => parent,
                None => directory,
            },
        };
        let mut linked: Vec<ModuleId> =
            vec![*by_directory.entry(directory.to_owned()).or_insert(*id)];
        for (imported, _) in &module.imports {
            if let Found::Module(found) = project.find(*imported, *id)
                && candidates.contains(&found)
            {
                linked.push(found);
            }
        }
        for other in linked {
            let (a, b) = (top(&root, *id), top(&root, other));
            let (low, high) = (a.min(b), a.max(b));
            root.insert(high, low);
        }
    }
    let mut groups: BTreeMap<ModuleId, Vec<ModuleId>> = BTreeMap::new();
    for id in candidates {
        groups.entry(top(&root, *id)).or_default().push(*id);
    }
    groups.into_values().collect()
}

/// The module that is production, whether that is sure, and why it was taken.
fn choose(
    interpreter: &Interpreter<'_, '_>,
    group: &[ModuleId],
    named: &Named,
) -> Option<(ModuleId, bool, &'static str)> {
    let project = interpreter.values.project();
    let name_of = |id: ModuleId| {
        let module = project.module(id);
        // The directories above the settings say nothing of the stage.
        let file = &*module.file;
        let own = if stem(file) == "__init__" {
            ""
        } else {
            stem(file)
        };
        let parent = file.rsplit('/').nth(1).unwrap_or_default();
        if matches!(
            file.rsplit('/').nth(2),
            Some("settings" | "envs" | "environments")
        ) {
            format!("{parent}.{own}")
        } else {
            own.to_owned()
        }
    };
    let of_stage = |wanted: Option<Stage>| {
        group
            .iter()
            .copied()
            .filter(|id| stage(&name_of(*id)) == wanted)
            .collect::<Vec<_>>()
    };
    let production = of_stage(Some(Stage::Production));
    if let Some(id) = production
        .iter()
        .find(|id| named.server.contains(id))
        .or_else(|| {
            production
                .iter()
                .min_by_key(|id| (project.module(**id).file.len(), **id))
        })
    {
        return Some((*id, true, "by its name"));
    }
    let neutral = of_stage(None);
    if let Some(id) = neutral.iter().find(|id| named.server.contains(id)) {
        return Some((*id, true, "which wsgi.py or asgi.py starts"));
    }
    if let [only] = neutral.as_slice() {
        let why = if group.len() == 1 {
            "the only settings module"
        } else {
            "the only one that is not for development or tests"
        };
        let base = is_base(&project.module(*only).file);
        return Some((*only, !base, why));
    }
    if let Some(id) = neutral.iter().find(|id| named.command.contains(id)) {
        return Some((*id, true, "which manage.py starts"));
    }
    let rank = |id: &ModuleId| match stem(&project.module(*id).file) {
        "settings" => 0,
        "__init__" => 1,
        "base" | "common" => 2,
        "defaults" | "default" => 3,
        _ => 4,
    };
    let id = neutral.iter().min_by_key(|id| (rank(id), **id))?;
    Some((*id, false, "for want of one that is named so"))
}

/// The class of django-configurations that is production.
fn configuration(
    interpreter: &mut Interpreter<'_, '_>,
    id: ModuleId,
    named: &Named,
) -> Option<(ClassId, (bool, &'static str))> {
    let module = interpreter.module(id);
    if !module
        .imports
        .iter()
        .any(|(name, _)| name.as_str().split('.').next() == Some("configurations"))
        && !module.star_imports.iter().any(|_| true)
    {
        return None;
    }
    let mut classes = Vec::new();
    for number in 0..module.classes.len() {
        let class = ClassId(u32::try_from(number).unwrap_or(u32::MAX));
        let order = interpreter.values.mro(id, class);
        if order.iter().any(|base| matches!(base, ClassRef::External(path) if path.as_str().starts_with("configurations.") && path.as_str().ends_with("Configuration"))) {
            classes.push(class);
        }
    }
    let name = |class: &ClassId| module[*class].name.as_str();
    if let Some(class) = classes
        .iter()
        .find(|class| stage(name(class)) == Some(Stage::Production))
    {
        return Some((*class, (true, "by its name")));
    }
    if let Some(class) = classes
        .iter()
        .find(|class| named.classes.contains(name(class)) && stage(name(class)).is_none())
    {
        return Some((*class, (true, "which DJANGO_CONFIGURATION names")));
    }
    classes
        .iter()
        .rev()
        .find(|class| stage(name(class)).is_none())
        .map(|class| (*class, (false, "for want of one that is named so")))
}

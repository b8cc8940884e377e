//! Django: URLconfs from the root that the settings name, as the resolver joins them.
//!
//! Paths begin with `/`; a `^` is left out where a pattern is joined to what stands before it, as the resolver does. An
//! admin site is shown with the pages that every one has, and with those of the models that the project registers.
//! `static()` adds nothing unless `DEBUG` is set.

mod admin;
mod apps;
mod patterns;
mod settings;
mod views;

use std::sync::LazyLock;

use hognose_python::Symbol;
use hognose_python::ir::ModuleId;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::Framework;
use crate::guard::Layer;
use crate::run::{Site, Value};
use crate::world::World;

pub(super) use patterns::below;
pub(super) use settings::setting;
pub(super) use views::{of_class, one_method};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["django", "rest_framework"],
    begins: &[],
    prepare: settings::prepare,
    start: apps::start,
    find,
};

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

impl Mount {
    /// The root of a URLconf.
    fn root(app: String, settings: Option<ModuleId>, layers: Vec<Layer>) -> Self {
        Self {
            app,
            prefix: "/".to_owned(),
            layers,
            nesting: 0,
            site: None,
            settings,
            with_format: false,
            namespace: String::new(),
        }
    }
}

fn find(world: &mut World<'_>) {
    let project = world.machine.project;
    let mut settings: Vec<ModuleId> = world.machine.settings.into_iter().collect();
    for (id, module) in project.iter() {
        if settings::binds(module, "ROOT_URLCONF")
            && !settings.contains(&id)
            && !(world.left_out)(&module.file)
        {
            settings.push(id);
        }
    }
    let mut roots: Vec<String> = Vec::new();
    let first = settings.first().copied();
    for settings in settings {
        let Some(v) = setting(world, Some(settings), "ROOT_URLCONF") else {
            continue;
        };
        for root in world.texts(v) {
            let urls = world.machine.dotted(&root);
            // The root may lie in a library, or in a template of a project.
            let is_found = matches!(world.machine.get(urls), Value::Module(_));
            if !is_found || roots.contains(&root) {
                continue;
            }
            roots.push(root.clone());
            let patterns = world.machine.attribute(urls, Symbol::from("urlpatterns"));
            let layers = settings::middleware(world, settings);
            patterns::walk(world, patterns, &Mount::root(root, Some(settings), layers));
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
        if !settings::binds(module, "urlpatterns") || (world.left_out)(&module.file) {
            continue;
        }
        let name = module.name.as_str().to_owned();
        if included.contains(&name) {
            continue;
        }
        let Some(patterns) = world.machine.exported(id, Symbol::from("urlpatterns")) else {
            continue;
        };
        let layers = first.map_or_else(Vec::new, |first| settings::middleware(world, first));
        patterns::walk(world, patterns, &Mount::root(name, first, layers));
    }
    apps::patterns(world, first);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_a_table() {
        let table: Result<Views, _> = toml::from_str(include_str!("../../data/views/django.toml"));
        assert!(table.is_ok(), "{:?}", table.err());
    }
}

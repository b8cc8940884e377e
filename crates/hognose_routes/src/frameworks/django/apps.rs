//! The applications that Django has installed: their configurations, and what those do when all are there.

use hognose_python::ir::{ClassId, ExprId, ModuleId};
use hognose_python::{ClassRef, Symbol};

use super::Mount;
use crate::run::{Args, Machine, V, Value};
use crate::world::{Target, World, named};

/// Makes the configuration of each installed application, and runs what it does when Django is ready.
pub(super) fn start(machine: &mut Machine<'_>) {
    let setting = Symbol::from("INSTALLED_APPS");
    let listed = machine
        .settings
        .and_then(|settings| machine.exported(settings, setting));
    let mut configs: Vec<(String, V)> = Vec::new();
    if let Some(listed) = listed {
        let (elements, complete) = machine.elements(listed);
        let mut installed = Vec::new();
        for element in elements {
            if let Value::Str(name) = machine.get(element) {
                installed.push(name.to_string());
            }
        }
        for name in &installed {
            if let Some(class) = class_of(machine, name) {
                configs.extend(config(machine, class));
            }
        }
        machine.installed = complete.then_some(installed);
    }
    if configs.is_empty() {
        // An application for the projects of others.
        for (id, _) in machine.project.iter() {
            for class in config_classes(machine, id) {
                configs.extend(config(machine, class));
            }
        }
    }
    machine.app_configs.clone_from(&configs);
    for (_, config) in configs {
        let ready = machine.attribute(config, Symbol::from("ready"));
        if let Value::Method { .. } = machine.get(ready) {
            machine.run_call(ready, Args::default(), (ModuleId(0), ExprId(0)));
        }
    }
}

/// The patterns that the configurations of applications give and no URLconf of the project takes in: the project of
/// somebody else will.
pub(super) fn patterns(world: &mut World<'_>, settings: Option<ModuleId>) {
    let mut configs = world.machine.app_configs.clone();
    // What lies further out takes in what lies below it.
    configs.sort_by_key(|(_, config)| {
        let v = world.machine.attribute(*config, Symbol::from("name"));
        world.text(Some(v)).split('.').count()
    });
    for (label, config) in configs {
        let method = world.machine.attribute(config, Symbol::from("get_urls"));
        let Target::Function(at, function) = world.handler(method).target else {
            continue;
        };
        if world.machine.was_called(at, function) {
            continue;
        }
        let given = (ModuleId(0), ExprId(0));
        let patterns = world.machine.run_call(method, Args::default(), given);
        world.index();
        super::patterns::walk(world, patterns, &Mount::root(label, settings, Vec::new()));
    }
}

/// The configuration class of an entry of the settings: named itself, or the one in `apps` of a package.
fn class_of(machine: &mut Machine<'_>, name: &str) -> Option<V> {
    let v = machine.dotted(name);
    match *machine.get(v) {
        Value::Class { .. } => Some(v),
        Value::Module(_) => {
            let apps = machine.dotted(&format!("{name}.apps"));
            let Value::Module(id) = *machine.get(apps) else {
                return None;
            };
            let classes = config_classes(machine, id);
            let default = classes.iter().copied().find(|class| {
                let chosen = machine.attribute(*class, Symbol::from("default"));
                machine.truth(chosen) == Some(true)
            });
            match (default, classes.as_slice()) {
                (Some(class), _) => Some(class),
                (None, [only]) => Some(*only),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The classes of configurations that a module defines.
fn config_classes(machine: &mut Machine<'_>, id: ModuleId) -> Vec<V> {
    let project = machine.project;
    let module = project.module(id);
    let imports = module
        .imports
        .iter()
        .any(|(name, _)| name.as_str().starts_with("django.apps"));
    let in_apps = module.name.as_str().ends_with("apps");
    if !imports && !in_apps {
        return Vec::new();
    }
    let mut found = Vec::new();
    for number in 0..module.classes.len() {
        let class = ClassId(u32::try_from(number).unwrap_or(u32::MAX));
        let is_config = machine.evaluator.mro(id, class).iter().any(|class| {
            matches!(class, ClassRef::External(path) if named(path.as_str(), "django", "AppConfig"))
        });
        if is_config && let Some(v) = machine.exported(id, module[class].name) {
            // What names no application is a base of those that do.
            let name = machine.attribute(v, Symbol::from("name"));
            if let (Value::Class { .. }, Value::Str(_)) = (machine.get(v), machine.get(name)) {
                found.push(v);
            }
        }
    }
    found
}

/// An object of a configuration class, with its label.
fn config(machine: &mut Machine<'_>, class: V) -> Option<(String, V)> {
    let text = |machine: &mut Machine<'_>, attr: &str| {
        let v = machine.attribute(class, Symbol::from(attr));
        match machine.get(v) {
            Value::Str(text) => Some(text.to_string()),
            _ => None,
        }
    };
    let name = text(machine, "name")?;
    let label = match text(machine, "label") {
        Some(label) => label,
        None => name.rsplit('.').next().unwrap_or_default().to_owned(),
    };
    let object = machine.object_of(class, (ModuleId(0), ExprId(0)));
    machine.set(object, "label", &label);
    Some((label, object))
}

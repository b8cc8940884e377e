//! Finds Flask and Quart applications and the configuration each ends up with.
//!
//! Where the application is made, that code is executed: a module, or a factory with its default arguments. What it stores
//! in `app.config` and what it loads with `from_object` is the application's configuration.

use std::sync::Arc;

use hognose_finding::Note;
use hognose_python::ir::*;
use hognose_python::{ModuleId, SourceKind, Symbol};
use rustc_hash::FxHashMap;

use super::interpret::{Interpreter, merge_configs};
use super::value::Namespace;
use super::{Settings, World, defaults};
use crate::registry::Registry;

/// The name under which a configuration remembers the object it was filled from.
pub(super) const SOURCE: &str = "<source>";

pub(super) fn find(
    interpreter: &mut Interpreter<'_, '_>,
    registry: &Registry,
    tests: &dyn Fn(ModuleId) -> bool,
    settings: &mut Settings,
) {
    let project = interpreter.values.project();
    let mut configs: FxHashMap<(ModuleId, ExprId), Namespace> = FxHashMap::default();
    for (id, module) in project.iter() {
        if module.kind != SourceKind::Module || !mentions(module) || tests(id) {
            continue;
        }
        interpreter.refresh();
        for function in makers(interpreter, id) {
            match function {
                Some(function) => {
                    let frame = interpreter.run_function(None, id, function, &[], None).1;
                    merge_configs(&mut configs, &frame.configs);
                }
                None => {
                    if let Some(frame) = interpreter.run_module(id) {
                        merge_configs(&mut configs, &frame.configs);
                    }
                }
            }
        }
    }
    let defaults = defaults(registry, "flask");
    let mut apps: Vec<((ModuleId, ExprId), Namespace)> = configs.into_iter().collect();
    apps.sort_by_key(|(app, _)| *app);
    for ((home, app), names) in apps {
        let module = project.module(home);
        let source = names.vars.get(&Symbol::from(SOURCE)).cloned();
        let call = super::first_line(module, module.expr_range(app));
        let (judged, place) = match &source {
            Some(source) => (
                source.value.str().unwrap_or_default().to_owned(),
                source.place,
            ),
            None => (module.name.as_str().to_owned(), (home, call)),
        };
        if source.is_some() {
            let file = Some(Arc::clone(&project.module(place.0).file));
            settings.notes.push(Note { file, text: format!("Flask settings: judged {judged} as production, which the application made in {} loads", module.name) });
        }
        // An application without a configuration object is small or not finished; it is not judged by what it lacks.
        let complete = source.is_some();
        settings.worlds.push(World {
            framework: "flask",
            module: place.0,
            judged,
            anchor: place.1,
            sure: true,
            example: false,
            complete,
            names,
            defaults: defaults.clone(),
        });
    }
}

fn mentions(module: &Module) -> bool {
    module.imports.iter().any(|(name, _)| {
        matches!(
            name.as_str().split('.').next(),
            Some("flask" | "quart" | "apiflask" | "flask_openapi3")
        )
    })
}

/// The functions of a module that make an application; `None` for the module itself.
fn makers(interpreter: &mut Interpreter<'_, '_>, id: ModuleId) -> Vec<Option<FunctionId>> {
    let module = interpreter.module(id);
    let mut makers = Vec::new();
    for (expr, node) in module.exprs() {
        let Expr::Call { func, .. } = *node else {
            continue;
        };
        let last = match module[func] {
            Expr::Name { .. } => true,
            Expr::Attribute { attr, .. } => {
                matches!(attr.as_str(), "Flask" | "Quart" | "APIFlask" | "OpenAPI")
            }
            _ => false,
        };
        if !last || !is_app_class(interpreter, id, func) {
            continue;
        }
        let range = module.expr_range(expr);
        let around = (0u32..)
            .map(FunctionId)
            .zip(&module.functions)
            .filter(|(_, function)| {
                function.range.contains_range(range) && function.name.as_str() != "<lambda>"
            })
            .min_by_key(|(_, function)| function.range.len())
            .map(|(id, _)| id);
        if !makers.contains(&around) {
            makers.push(around);
        }
    }
    makers
}

fn is_app_class(interpreter: &mut Interpreter<'_, '_>, id: ModuleId, func: ExprId) -> bool {
    let found = interpreter.values.eval(id, func);
    found.into_iter().any(|value| match value {
        hognose_python::Value::External(path) => matches!(path.as_str(), "flask.Flask" | "quart.Quart" | "flask.app.Flask" | "flask_openapi3.OpenAPI" | "apiflask.APIFlask"),
        hognose_python::Value::Class(home, class) => {
            let order = interpreter.values.mro(home, class);
            order.iter().any(|base| matches!(base, hognose_python::ClassRef::External(path) if matches!(path.as_str(), "flask.Flask" | "quart.Quart")))
        }
        _ => false,
    })
}

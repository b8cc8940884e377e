//! The settings of a Django project: which module they are, and what those say that every request meets.

use hognose_python::Symbol;
use hognose_python::ir::{Expr, ExprId, Module, ModuleId};

use super::super::drf;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, Machine, V, Value};
use crate::world::{Target, World};

/// Tells the run which module the settings are, so that what asks them gets an answer.
pub(super) fn prepare(machine: &mut Machine<'_>) {
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

pub(super) fn binds(module: &Module, name: &str) -> bool {
    module
        .slot(Module::TOP, Symbol::from(name))
        .is_some_and(|slot| slot.bound)
}

/// A setting of a settings module.
pub fn setting(world: &mut World<'_>, settings: Option<ModuleId>, name: &str) -> Option<V> {
    let v = world.machine.exported(settings?, Symbol::from(name))?;
    // A star import of what is not there may bring anything; it does not say that the setting is set.
    (!matches!(world.machine.get(v), Value::External(_))).then_some(v)
}

/// What the middleware that the settings list prove.
pub(super) fn middleware(world: &mut World<'_>, settings: ModuleId) -> Vec<Layer> {
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

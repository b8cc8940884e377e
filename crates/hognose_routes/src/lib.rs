//! Who may call what: the endpoints of a project, and the guard of each, from the code alone.
//!
//! The code that sets an application up is run partially ([`run`]); what it calls is remembered. Each framework is one
//! file of [`frameworks`] that reads from these calls which endpoints there are and through which layers a request comes
//! to their handlers. What a layer proves is judged in one place ([`guard`]): a library's by the tables of `data/guards`,
//! the project's own by what it does.
//!
//! A new framework is a file in `frameworks/` and a line in its list; a new library of guards is a file in `data/guards/`.

mod change;
mod code;
mod description;
mod endpoint;
pub mod events;
mod evidence;
mod frameworks;
mod guard;
mod roles;
mod run;
mod world;

pub use change::{Access, Change, Kind, changes};
pub use endpoint::{Endpoint, Inventory, Level, Verdict};
pub use evidence::{Evidence, RULES};
pub use roles::{Role, Sort, roles};

use hognose_python::ir::{DefKind, Expr, FunctionId, ModuleId};
use hognose_python::{Aliases, Evaluator, Project, SourceKind};
use rustc_hash::FxHashSet;

use world::World;

/// The endpoints of a project. `left_out` says of a file that no application starts there: tests, above all.
pub fn inventory(project: &Project, left_out: &(dyn Fn(&str) -> bool + Sync)) -> Inventory {
    explore(project, left_out, |world| world.finish()).unwrap_or_default()
}

/// The security events of a project, and whether somebody writes them down, with its endpoints.
pub fn survey(
    project: &Project,
    left_out: &(dyn Fn(&str) -> bool + Sync),
) -> (Inventory, Vec<events::Event>) {
    explore(project, left_out, |mut world| {
        let events = events::list(&mut world);
        (world.finish(), events)
    })
    .unwrap_or_default()
}

/// The endpoints of a project, and what speaks against the guards of some, by the rules that are wanted.
pub fn examine(
    project: &Project,
    left_out: &(dyn Fn(&str) -> bool + Sync),
    wanted: &(dyn Fn(&str) -> bool + Sync),
) -> (Inventory, Vec<Evidence>) {
    explore(project, left_out, |mut world| {
        let evidence = evidence::gather(&mut world, wanted);
        (world.finish(), evidence)
    })
    .unwrap_or_default()
}

/// Runs what sets applications up, and looks at what came of it; `None` where no framework is imported.
fn explore<T>(
    project: &Project,
    left_out: &(dyn Fn(&str) -> bool + Sync),
    look: impl FnOnce(World<'_>) -> T,
) -> Option<T> {
    let used: Vec<&frameworks::Framework> = frameworks::ALL
        .iter()
        .filter(|framework| framework.is_used(project))
        .collect();
    if used.is_empty() {
        return None;
    }
    let aliases = Aliases::default();
    let mut machine = run::Machine::new(project, Evaluator::new(project, &aliases));
    for framework in &used {
        (framework.prepare)(&mut machine);
    }
    // What has to do with a framework first: the rest may be long and of no use. URLconfs come last.
    for (late, near) in [(false, true), (false, false), (true, true), (true, false)] {
        if late && near {
            for framework in &used {
                (framework.start)(&mut machine);
            }
        }
        for (id, module) in project.iter() {
            if module.kind != SourceKind::Stub
                && frameworks::is_late(module) == late
                && frameworks::imports(module, &used) == near
                && (late || machine.has_time())
                && !left_out(&module.file)
            {
                machine.load(id);
            }
        }
    }
    let of_project = || {
        let modules = project.iter();
        modules.filter(|(_, module)| !left_out(&module.file))
    };
    let mut set_up: Vec<(ModuleId, FunctionId)> = Vec::new();
    for (id, _) in of_project() {
        let functions = frameworks::set_up_functions(&mut machine, &used, id);
        set_up.extend(functions.into_iter().map(|function| (id, function)));
    }
    for (id, _) in of_project() {
        for function in frameworks::callers(&mut machine, &set_up, id) {
            machine.run_uncalled(id, function, None);
        }
    }
    let mut begun_by_nobody = Vec::new();
    for (id, function) in set_up {
        if !machine.was_called(id, function) {
            begun_by_nobody.push((id, function));
            machine.run_uncalled(id, function, None);
        }
    }
    run_registrars(&mut machine, left_out);
    let mut world = World::new(machine, left_out);
    begun_by_nobody = unmentioned(project, begun_by_nobody);
    world.find(&used, begun_by_nobody);
    Some(look(world))
}

/// Those of some functions that nothing in the project names: no call, no import, no text such as `"app:create"`.
fn unmentioned(
    project: &Project,
    functions: Vec<(ModuleId, FunctionId)>,
) -> Vec<(ModuleId, FunctionId)> {
    let name_of =
        |(at, function): &(ModuleId, FunctionId)| project.module(*at)[*function].name.as_str();
    let mut left: FxHashSet<&str> = functions.iter().map(name_of).collect();
    for (_, module) in project.iter() {
        if left.is_empty() {
            break;
        }
        for (_, expr) in module.exprs() {
            match *expr {
                Expr::Attribute { attr, .. } => {
                    left.remove(attr.as_str());
                }
                Expr::Name { def, .. } => {
                    let def = &module[def];
                    left.remove(module[def.scope].slots[def.slot.index()].name.as_str());
                }
                Expr::Str(text) => {
                    let text = module.str(text);
                    if let Some((_, name)) = text.rsplit_once([':', '.']) {
                        left.remove(name.trim_end_matches("()"));
                    }
                }
                _ => {}
            }
        }
        for (_, def) in module.defs() {
            if let DefKind::ImportFrom { name, .. } = def.kind {
                left.remove(name.as_str());
            }
        }
    }
    let mut functions = functions;
    functions.retain(|function| left.contains(name_of(function)));
    functions
}

/// Runs the functions that give parts to an application and that nobody has called: a script will, or a plugin system.
fn run_registrars(machine: &mut run::Machine<'_>, left_out: &(dyn Fn(&str) -> bool + Sync)) {
    let mut registrars = Vec::new();
    for (id, module) in machine.project.iter() {
        if !left_out(&module.file) {
            let found = frameworks::registrars(module);
            registrars.extend(found.into_iter().map(|registrar| (id, registrar)));
        }
    }
    // Who begins with nothing may call the others.
    registrars.sort_by_key(|(_, registrar)| registrar.application.is_some());
    for (id, registrar) in registrars {
        if machine.was_called(id, registrar.function) {
            continue;
        }
        let given = match registrar.application {
            Some(number) => match frameworks::only_application(machine, registrar) {
                Some(application) => Some((number, application)),
                None => continue,
            },
            None => None,
        };
        machine.run_uncalled(id, registrar.function, given);
    }
}

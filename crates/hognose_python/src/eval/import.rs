//! Names across modules: what imports bind and what modules export.

use super::path::join;
use super::value::{only, unknown};
use super::{Evaluator, MAX_DEPTH, MAX_STEPS, Unresolved, Value, Values};
use crate::ir::*;
use crate::project::Found;

impl Evaluator<'_> {
    /// What an import binds, looked up once a module: every use of an imported name asks.
    pub(super) fn import(&mut self, at: ModuleId, def: DefId) -> Values {
        if let Some(known) = self.imports.get(&(at, def)) {
            return known.clone();
        }
        let outer_cut = std::mem::replace(&mut self.cut, false);
        let values = match self.project.module(at)[def].kind {
            DefKind::ImportFrom { module: from, name } => self.imported_name(at, from, name),
            DefKind::Import { module: name } => only(self.imported_module(at, name)),
            _ => Values::new(),
        };
        if !self.cut {
            self.imports.insert((at, def), values.clone());
        }
        self.cut |= outer_cut;
        values
    }

    pub(super) fn imported_module(&mut self, at: ModuleId, name: Symbol) -> Value {
        match self.project.find(name, at) {
            Found::Module(id) => Value::Module(id),
            Found::Namespace(name) => Value::Namespace(name),
            Found::Outside => Value::External(self.canonical(name)),
        }
    }

    pub(super) fn imported_name(&mut self, at: ModuleId, from: Symbol, name: Symbol) -> Values {
        match self.project.find(from, at) {
            Found::Module(id) => self.export(id, name),
            Found::Namespace(namespace) => {
                let inner = join(namespace, ".", name.as_str());
                only(self.imported_module(at, inner))
            }
            Found::Outside => only(Value::External(self.path_of_attribute(from, name))),
        }
    }

    /// A name as other modules see it.
    pub fn export(&mut self, id: ModuleId, name: Symbol) -> Values {
        if let Some(known) = self.exports.get(&(id, name)) {
            return known.clone();
        }
        if self.depth == 0 {
            self.fuel = MAX_STEPS;
        }
        if self.depth >= MAX_DEPTH || self.fuel == 0 {
            self.cut = true;
            return unknown(Unresolved::Depth);
        }
        let outer_cut = std::mem::replace(&mut self.cut, false);
        // Modules that star-import each other ask each other: whoever is asked again does not know.
        let unbound = unknown(Unresolved::Unbound);
        self.exports.insert((id, name), unbound);
        self.depth += 1;
        self.fuel -= 1;
        let values = self.export_inner(id, name);
        self.depth -= 1;
        if self.cut {
            self.exports.remove(&(id, name));
        } else {
            self.exports.insert((id, name), values.clone());
        }
        self.cut |= outer_cut;
        values
    }

    fn export_inner(&mut self, id: ModuleId, name: Symbol) -> Values {
        let module = self.project.module(id);
        if let Some(slot) = module.slot(Module::TOP, name)
            && slot.bound
        {
            return self.variable(id, Module::TOP, slot);
        }
        let inner = join(module.name, ".", name.as_str());
        match self.project.find(inner, id) {
            Found::Module(found) if found != id => {
                return only(Value::Module(found));
            }
            Found::Namespace(found) => return only(Value::Namespace(found)),
            _ => {}
        }
        let mut outside = None;
        for star in &module.star_imports {
            match self.project.find(*star, id) {
                Found::Module(found) if found != id => {
                    let values = self.export(found, name);
                    if values
                        .iter()
                        .any(|value| !matches!(value, Value::Unknown(_)))
                    {
                        return values;
                    }
                }
                Found::Outside => outside = Some(*star),
                _ => {}
            }
        }
        match outside {
            Some(star) => only(Value::External(self.path_of_attribute(star, name))),
            None => unknown(Unresolved::Unbound),
        }
    }
}

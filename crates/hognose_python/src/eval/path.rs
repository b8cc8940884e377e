//! Access paths: the names of what lies outside of the project.

use rustc_hash::FxHashMap;

use super::{Evaluator, Value};
use crate::ir::*;

/// Longest access path, in bytes.
const MAX_PATH: usize = 256;

/// Other names of access paths: re-exports, factories and constructors that give the same thing.
#[derive(Debug, Clone, Default)]
pub struct Aliases(pub FxHashMap<Symbol, Symbol>);

impl Evaluator<'_> {
    /// The access path of a name or attribute chain that leads outside; `None` for anything else. Cheap.
    pub fn dotted(&mut self, at: ModuleId, expr: ExprId) -> Option<Symbol> {
        self.eval(at, expr)
            .into_iter()
            .find_map(|value| match value {
                Value::External(path) => Some(path),
                _ => None,
            })
    }

    /// The access path of an attribute.
    pub fn path_of_attribute(&mut self, base: Symbol, attr: Symbol) -> Symbol {
        if let Some(path) = self.attributes.get(&(base, attr)) {
            return *path;
        }
        let path = if base.as_str().len() > MAX_PATH {
            base
        } else {
            self.canonical(join(base, ".", attr.as_str()))
        };
        self.attributes.insert((base, attr), path);
        path
    }

    /// The access path of what a call returns.
    pub fn path_of_call(&mut self, base: Symbol) -> Symbol {
        if let Some(path) = self.calls.get(&base) {
            return *path;
        }
        let path = if base.as_str().len() > MAX_PATH {
            base
        } else {
            self.canonical(join(base, "", "()"))
        };
        self.calls.insert(base, path);
        path
    }

    /// The access path of an item.
    pub fn path_of_item(&mut self, base: Symbol) -> Symbol {
        if let Some(path) = self.items.get(&base) {
            return *path;
        }
        let path = if base.as_str().len() > MAX_PATH {
            base
        } else {
            self.canonical(join(base, "", "[]"))
        };
        self.items.insert(base, path);
        path
    }

    pub(super) fn canonical(&self, path: Symbol) -> Symbol {
        self.aliases.0.get(&path).copied().unwrap_or(path)
    }
}

pub(super) fn join(base: Symbol, between: &str, name: &str) -> Symbol {
    let base = base.as_str();
    if base.is_empty() {
        return Symbol::from(name);
    }
    Symbol::from(format!("{base}{between}{name}"))
}

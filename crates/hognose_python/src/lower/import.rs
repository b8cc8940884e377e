//! Import statements.

use ruff_python_ast as ast;

use super::Lowering;
use crate::ir::*;

impl Lowering {
    pub(super) fn import(&mut self, node: &ast::StmtImport) {
        let mut defs = Vec::with_capacity(node.names.len());
        for alias in &node.names {
            let whole = self.intern(&alias.name.id);
            self.module.imports.push((whole, node.range));
            let (name, module, range) = match &alias.asname {
                Some(asname) => (self.intern(&asname.id), whole, asname.range),
                None => {
                    let first = alias
                        .name
                        .id
                        .split('.')
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    let first = self.intern(&first);
                    (first, first, alias.range)
                }
            };
            defs.push(self.bind(name, DefKind::Import { module }, range, None));
        }
        let defs = Self::push_list(&mut self.module.def_pool, defs);
        self.emit(Stmt::Import(defs), node.range);
    }

    pub(super) fn import_from(&mut self, node: &ast::StmtImportFrom) {
        let target = self.absolute_module(
            node.level,
            node.module.as_ref().map(|name| name.id.as_str()),
        );
        let module = self.intern(&target);
        self.module.imports.push((module, node.range));
        let mut defs = Vec::with_capacity(node.names.len());
        for alias in &node.names {
            if alias.name.id.as_str() == "*" {
                self.module.star_imports.push(module);
                continue;
            }
            let name = self.intern(&alias.name.id);
            let bound = alias.asname.as_ref().unwrap_or(&alias.name);
            let bound_symbol = self.intern(&bound.id);
            let def = self.bind(
                bound_symbol,
                DefKind::ImportFrom { module, name },
                bound.range,
                None,
            );
            defs.push(def);
        }
        let defs = Self::push_list(&mut self.module.def_pool, defs);
        self.emit(Stmt::Import(defs), node.range);
    }

    /// The absolute name behind the dots of a relative import. Dots that lead out of the project stay as they are.
    fn absolute_module(&self, level: u32, module: Option<&str>) -> String {
        let module = module.unwrap_or_default();
        if level == 0 {
            return module.to_owned();
        }
        let mut base = self.module.name.as_str();
        let climbs = if self.module.is_package {
            level - 1
        } else {
            level
        };
        for _ in 0..climbs {
            match base.rsplit_once('.') {
                Some((parent, _)) => base = parent,
                None if !base.is_empty() => base = "",
                None => return format!("{}{module}", ".".repeat(level as usize)),
            }
        }
        match (base.is_empty(), module.is_empty()) {
            (true, _) => module.to_owned(),
            (_, true) => base.to_owned(),
            _ => format!("{base}.{module}"),
        }
    }
}

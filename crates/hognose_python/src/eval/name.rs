//! What variables and definitions stand for inside of a module.

use super::value::{add, add_all, only, unknown};
use super::{Evaluator, Unresolved, Value, Values};
use crate::ir::*;
use crate::project::Found;
use crate::stdlib;

/// Definitions looked at behind one join.
const MAX_JOINED: usize = 128;

impl Evaluator<'_> {
    /// What a definition binds.
    pub fn definition(&mut self, at: ModuleId, def: DefId) -> Values {
        let module = self.project.module(at);
        let data = &module[def];
        match data.kind {
            DefKind::Value(value) => {
                let values = self.eval(at, value);
                if let Some(annotation) = data.annotation
                    && values
                        .iter()
                        .all(|value| matches!(value, Value::Unknown(_) | Value::Param(..)))
                {
                    return self.instance_of(at, annotation.get());
                }
                values
            }
            DefKind::Function(function) => only(Value::Function(at, function)),
            DefKind::Class(class) => only(Value::Class(at, class)),
            DefKind::Import { .. } | DefKind::ImportFrom { .. } => self.import(at, def),
            DefKind::Param(index) => self.parameter(at, data.scope, index),
            DefKind::Entry => self.outer(at, data.scope, data.slot),
            DefKind::Declared => match data.annotation {
                Some(annotation) => self.instance_of(at, annotation.get()),
                None => unknown(Unresolved::Unbound),
            },
            DefKind::Deleted => unknown(Unresolved::Unbound),
            DefKind::Phi(_) => self.joined(at, def),
        }
    }

    /// What the definitions behind a join bind. Joins of joins are walked with a list, as long functions have hundreds.
    fn joined(&mut self, at: ModuleId, def: DefId) -> Values {
        if self.open.contains(&(at, def.0, true)) {
            // Around a loop the other operands say what this may be.
            self.cut = true;
            return Values::new();
        }
        let module = self.project.module(at);
        let opened = self.open.len();
        let mut values = Values::new();
        let mut left = MAX_JOINED;
        let mut waiting = vec![def];
        while let Some(def) = waiting.pop() {
            if left == 0 {
                add(&mut values, Value::Unknown(Unresolved::TooMany));
                break;
            }
            left -= 1;
            match module[def].kind {
                DefKind::Phi(list) => {
                    if !self.open.contains(&(at, def.0, true)) {
                        self.open.push((at, def.0, true));
                        waiting.extend(module.defs_list(list).iter().rev());
                    }
                }
                _ => add_all(&mut values, self.definition(at, def)),
            }
        }
        self.open.truncate(opened);
        values
    }

    pub(super) fn parameter(&mut self, at: ModuleId, scope: ScopeId, index: u16) -> Values {
        let module = self.project.module(at);
        let ScopeKind::Function(function) = module[scope].kind else {
            return unknown(Unresolved::Parameter);
        };
        let data = &module[function];
        if index == 0
            && let Some(class) = data.class
            && let Some(receiver) = self.receiver(at, function, class)
        {
            return only(receiver);
        }
        let Some(param) = data.params.get(usize::from(index)) else {
            return unknown(Unresolved::Parameter);
        };
        if let Some(annotation) = param.annotation
            && matches!(
                param.kind,
                ParamKind::Positional | ParamKind::PositionalOnly | ParamKind::KeywordOnly
            )
        {
            let values = self.instance_of(at, annotation);
            if values
                .iter()
                .any(|value| !matches!(value, Value::Unknown(_)))
            {
                return values;
            }
        }
        only(Value::Param(at, function, index))
    }

    /// What the first parameter of a method stands for; `None` for static methods.
    pub fn receiver(
        &mut self,
        at: ModuleId,
        function: FunctionId,
        class: ClassId,
    ) -> Option<Value> {
        let data = &self.project.module(at)[function];
        let mut of_class = matches!(
            data.name.as_str(),
            "__new__" | "__init_subclass__" | "__class_getitem__"
        );
        for decorator in &data.decorators {
            match self.dotted(at, *decorator).map(|name| name.as_str()) {
                Some("staticmethod" | "builtins.staticmethod") => return None,
                Some("classmethod" | "builtins.classmethod" | "abc.abstractclassmethod") => {
                    of_class = true
                }
                _ => {}
            }
        }
        Some(if of_class {
            Value::Class(at, class)
        } else {
            Value::Instance(at, class)
        })
    }

    /// A variable that is bound outside of the scope it is used in.
    pub(super) fn outer(&mut self, at: ModuleId, scope: ScopeId, slot: SlotId) -> Values {
        let module = self.project.module(at);
        let name = module[scope].slots[slot.index()].name;
        if let Some((outer, found)) = module.around(scope, slot) {
            return self.variable(at, outer, &module[outer].slots[found.index()]);
        }
        if scope == Module::TOP
            && module.slot(scope, name).is_some_and(|found| found.bound)
            && stdlib::builtin_path(name).is_none()
        {
            // Used before its binding at top level: in a loop, or after `global` in a function.
            let found = &module[scope].slots[slot.index()];
            let mut values = Values::new();
            for def in &found.defs {
                add_all(&mut values, self.definition(at, *def));
            }
            return values;
        }
        for star in &module.star_imports {
            let found = self.imported_name(at, *star, name);
            if found
                .iter()
                .any(|value| !matches!(value, Value::Unknown(_) | Value::External(_)))
            {
                return found;
            }
        }
        if let Some(path) = stdlib::builtin_path(name) {
            return only(Value::External(path));
        }
        // A star import of something outside may bring any name; where there is one only, it does.
        let mut outside = module
            .star_imports
            .iter()
            .filter(|star| self.project.find(**star, at) == Found::Outside);
        if let (Some(star), None) = (outside.next(), outside.next()) {
            return only(Value::External(self.path_of_attribute(*star, name)));
        }
        unknown(Unresolved::Unbound)
    }

    /// A variable as code outside of its scope sees it.
    pub(super) fn variable(&mut self, at: ModuleId, scope: ScopeId, slot: &SlotData) -> Values {
        if scope == Module::TOP {
            let module = self.project.module(at);
            let mut values = Values::new();
            if !matches!(module[slot.exit].kind, DefKind::Entry) {
                values = self.definition(at, slot.exit);
            }
            // What functions assign through `global` is possible as well.
            for def in &slot.defs {
                if module[*def].scope != Module::TOP {
                    add_all(&mut values, self.definition(at, *def));
                }
            }
            return values;
        }
        let mut values = Values::new();
        for def in &slot.defs {
            add_all(&mut values, self.definition(at, *def));
        }
        values
    }

    /// What a name means that is bound nowhere between a scope and the module: a variable of the module, a star import, a builtin.
    pub fn outside_name(&mut self, at: ModuleId, scope: ScopeId, name: Symbol) -> Values {
        match self.project.module(at)[scope].names.get(&name) {
            Some(slot) => self.outer(at, scope, *slot),
            None => unknown(Unresolved::Unbound),
        }
    }
}

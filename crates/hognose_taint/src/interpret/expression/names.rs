//! Names: variables of this function, of those around it, of modules, and what is imported.

use hognose_python::ir::*;
use hognose_python::{Constant, ModuleId, Values};

use super::super::Interpreter;
use crate::state::State;
use crate::value::{Atom, InputPath, Root, Symbol, Value, hash_id};

/// Modules that hand a variable on to each other by imports.
const MAX_IMPORTS: usize = 6;

impl<'p> Interpreter<'_, 'p> {
    pub(super) fn name(&mut self, state: &mut State, slot: SlotId, def: DefId) -> Value {
        let module = self.module();
        let data = &module[def];
        if data.scope == self.at().scope && !matches!(data.kind, DefKind::Entry) {
            if let Some((_, value)) = state.vars().slots.get(slot.index())
                && !value.is_nothing()
            {
                return value.clone();
            }
            // Bound on a way that was not walked, or by something else than a statement.
            let at = self.at().module;
            return match data.kind {
                DefKind::Param(_) | DefKind::Phi(_) | DefKind::Value(_) => Value::unknown(),
                _ => self.resolved(state, at, def),
            };
        }
        if data.scope == self.at().scope
            && let Some((_, value)) = state.vars().slots.get(slot.index())
            && !value.is_nothing()
        {
            // `global` and `nonlocal` that were bound here, or a loop.
            return value.clone();
        }
        let name = module[data.scope].slots[slot.index()].name;
        self.outer(state, data.scope, slot, name)
    }

    /// A variable bound around the scope at hand.
    fn outer(&mut self, state: &mut State, scope: ScopeId, slot: SlotId, name: Symbol) -> Value {
        let module = self.module();
        let at = self.at().module;
        match module.around(scope, slot) {
            Some((outer, found)) if outer != Module::TOP => {
                self.captured(state, outer, found, name)
            }
            _ => self.global(state, at, name, scope),
        }
    }

    fn captured(&mut self, state: &mut State, scope: ScopeId, slot: SlotId, name: Symbol) -> Value {
        if let Some(depth) = self.frame_of(scope)
            && let Some((_, value)) = state.frames[depth].slots.get(slot.index())
            && !value.is_nothing()
        {
            return value.clone();
        }
        if let Some(closure) = self.at().closure
            && let Some(object) = state.object(closure)
            && let Some(value) = object.field(name)
        {
            return value.clone();
        }
        // A function or class beside this one is what it is.
        let module = self.module();
        let at = self.at().module;
        let defs = &module[scope].slots[slot.index()].defs;
        if let [def] = defs.as_slice()
            && matches!(
                module[*def].kind,
                DefKind::Function(_)
                    | DefKind::Class(_)
                    | DefKind::Import { .. }
                    | DefKind::ImportFrom { .. }
            )
        {
            return self.resolved(state, at, *def);
        }
        let path = InputPath::whole(Root::Captured(scope, slot));
        let mut value = Value::from(self.input(path));
        if let [def] = defs.as_slice() {
            for atom in self.resolved(state, at, *def).atoms() {
                if matches!(atom, Atom::External(_) | Atom::Instance(..)) {
                    value.add(atom.clone());
                }
            }
        }
        value
    }

    /// A variable of the module.
    fn global(&mut self, state: &mut State, at: ModuleId, name: Symbol, scope: ScopeId) -> Value {
        // The body of the module itself is at work below.
        if let Some(depth) = self
            .frames
            .iter()
            .rposition(|frame| frame.scope == Module::TOP && frame.module == at)
        {
            let module = self.module();
            if let Some(number) = module[Module::TOP].names.get(&name)
                && let Some((_, value)) = state.frames[depth].slots.get(number.index())
                && !value.is_nothing()
            {
                return value.clone();
            }
        }
        let bound = self
            .module()
            .slot(Module::TOP, name)
            .is_some_and(|slot| slot.bound);
        if bound || self.variable(at, name).is_some() {
            return self.module_variable(state, at, name);
        }
        // A builtin, or a name that an import of everything brings.
        self.evaluated_name(at, scope, name)
    }

    /// What a module variable holds, by what was found of the module's body.
    pub(in crate::interpret) fn module_variable(
        &mut self,
        state: &mut State,
        at: ModuleId,
        name: Symbol,
    ) -> Value {
        let (at, name) = self.imported(at, name);
        if let Some(known) = self.variable(at, name) {
            let site = hash_id(&(at.0, name, 7u8));
            return self.import_shared(state, known, site, (at, None, name));
        }
        let values = self.values.export(at, name);
        self.from_evaluated(values)
    }

    /// The module and name that a variable of a module was imported from, when it is a variable there.
    fn imported(&mut self, at: ModuleId, name: Symbol) -> (ModuleId, Symbol) {
        let (mut here, mut known) = (at, name);
        for _ in 0..MAX_IMPORTS {
            if self.variable(here, known).is_some() {
                return (here, known);
            }
            let module = self.setting.project.module(here);
            let Some(slot) = module.slot(Module::TOP, known).filter(|slot| slot.bound) else {
                break;
            };
            let DefKind::ImportFrom {
                module: from,
                name: of,
            } = module[slot.exit].kind
            else {
                break;
            };
            let hognose_python::Found::Module(from) = self.setting.project.find(from, here) else {
                break;
            };
            (here, known) = (from, of);
        }
        (at, name)
    }

    /// What the evaluator says of a name.
    fn evaluated_name(&mut self, at: ModuleId, scope: ScopeId, name: Symbol) -> Value {
        let values = self.values.outside_name(at, scope, name);
        self.from_evaluated(values)
    }

    /// What a definition of a module binds, by the evaluator.
    pub(in crate::interpret) fn resolved(
        &mut self,
        state: &mut State,
        at: ModuleId,
        def: DefId,
    ) -> Value {
        let module = self.setting.project.module(at);
        match module[def].kind {
            DefKind::Function(function) => return Atom::Function(at, function).into(),
            DefKind::Class(class) => return Atom::Class(at, class).into(),
            DefKind::ImportFrom { module: from, name } => {
                if let hognose_python::Found::Module(from) = self.setting.project.find(from, at) {
                    let (of, name) = self.imported(from, name);
                    if self.variable(of, name).is_some() {
                        return self.module_variable(state, of, name);
                    }
                }
            }
            _ => {}
        }
        let values = self.values.definition(at, def);
        self.from_evaluated(values)
    }

    /// The evaluator's words in ours.
    #[expect(
        clippy::wrong_self_convention,
        reason = "from the values; the interpreter looks constants up"
    )]
    pub(crate) fn from_evaluated(&mut self, values: Values) -> Value {
        let mut result = Value::nothing();
        for value in values {
            match value {
                hognose_python::Value::External(path) => {
                    result
                        .add(super::super::native::constant(path).unwrap_or(Atom::External(path)));
                }
                hognose_python::Value::Module(id) => result.add(Atom::Module(id)),
                hognose_python::Value::Function(at, function) => {
                    result.add(Atom::Function(at, function));
                }
                hognose_python::Value::Class(at, class) => result.add(Atom::Class(at, class)),
                hognose_python::Value::Instance(at, class) => {
                    result.add(Atom::Instance(at, class));
                }
                hognose_python::Value::Expr(..) => {
                    let atom = match self.values.constant_of(value, 0) {
                        Some(Constant::Str(text) | Constant::Bytes(text))
                            if text.len() <= crate::shape::MAX_KNOWN =>
                        {
                            Atom::Str(Symbol::from(text))
                        }
                        Some(Constant::Int(number)) => Atom::Int(number),
                        Some(Constant::Bool(truth)) => Atom::Bool(truth),
                        Some(Constant::None) => Atom::None,
                        Some(Constant::Float(_)) => Atom::Scalar,
                        _ => Atom::Unknown,
                    };
                    result.add(atom);
                }
                hognose_python::Value::Namespace(_)
                | hognose_python::Value::Param(..)
                | hognose_python::Value::Unknown(_) => result.add(Atom::Unknown),
            }
        }
        if result.is_nothing() {
            result.add(Atom::Unknown);
        }
        result
    }
}

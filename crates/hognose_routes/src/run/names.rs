//! Names: of frames, of modules, and of what these import.

use hognose_python::is_builtin;

use super::*;

impl Machine<'_> {
    pub(super) fn name(&mut self, f: usize, slot: SlotId) -> V {
        let frame = &self.frames[f];
        let data = &self.project.module(frame.module)[frame.scope].slots[slot.index()];
        if data.declared == Declared::No
            && let Some(Some(v)) = frame.vars.get(slot.index())
        {
            return *v;
        }
        let (name, global, at) = (data.name, data.declared == Declared::Global, frame.module);
        if let Some((frame, slot)) = self.home(f, name, global)
            && let Some(v) = self.frames[frame].vars[slot.index()]
        {
            return v;
        }
        if let Some(v) = self.starred(at, name) {
            return v;
        }
        if let Some(v) = self.module_variable(at, name) {
            return v;
        }
        if is_builtin(name.as_str()) {
            return self.external(Symbol::from(format!("builtins.{}", name.as_str())));
        }
        Self::UNKNOWN
    }

    /// The frame around another that binds a name, and where.
    pub(super) fn home(&self, f: usize, name: Symbol, global: bool) -> Option<(usize, SlotId)> {
        let mut around = self.frames[f].parent;
        while let Some(at) = around {
            let frame = &self.frames[at];
            let module = self.project.module(frame.module);
            let scope = &module[frame.scope];
            if !matches!(scope.kind, ScopeKind::Class(_))
                && (!global || frame.scope == Module::TOP)
                && let Some(slot) = scope.names.get(&name)
                && scope.slots[slot.index()].declared == Declared::No
                && (scope.slots[slot.index()].bound || frame.vars[slot.index()].is_some())
            {
                return Some((at, *slot));
            }
            around = frame.parent;
        }
        None
    }

    /// What a name means around a function: in the frames of the functions that made it.
    pub fn around(&self, closure: V, name: Symbol) -> Option<V> {
        let closure = match *self.get(closure) {
            Value::Method { function, .. } => function,
            _ => closure,
        };
        let Value::Function { frame, .. } = *self.get(closure) else {
            return None;
        };
        let data = &self.frames[frame];
        let scope = &self.project.module(data.module)[data.scope];
        if let Some(slot) = scope.names.get(&name)
            && let Some(v) = data.vars[slot.index()]
        {
            return Some(v);
        }
        let (frame, slot) = self.home(frame, name, false)?;
        self.frames[frame].vars[slot.index()]
    }

    /// What Python sets in every module.
    fn module_variable(&mut self, id: ModuleId, name: Symbol) -> Option<V> {
        let module = self.project.module(id);
        let full = module.name.as_str();
        Some(match name.as_str() {
            "__name__" => self.text(full),
            "__package__" => {
                let package = match module.is_package {
                    true => full,
                    false => full.rsplit_once('.').map_or("", |(package, _)| package),
                };
                self.text(package)
            }
            // The directory of a package stands for the package.
            "__path__" if module.is_package => {
                let module = self.make(Value::Module(id));
                self.make(Value::List(vec![module]))
            }
            _ => return None,
        })
    }

    /// A constant as a value.
    pub fn constant(&mut self, constant: &hognose_python::Constant) -> V {
        use hognose_python::Constant;
        match constant {
            Constant::None => Self::NONE,
            Constant::Bool(value) => self.make(Value::Bool(*value)),
            Constant::Int(value) => self.make(Value::Int(*value)),
            Constant::Str(text) => self.text(text.as_str()),
            Constant::Seq(items) => {
                let items = items.iter().map(|item| self.constant(item)).collect();
                self.make(Value::List(items))
            }
            _ => Self::UNKNOWN,
        }
    }

    /// A name that a star import of a module brings.
    fn starred(&mut self, at: ModuleId, name: Symbol) -> Option<V> {
        let project = self.project;
        let stars = &project.module(at).star_imports;
        for star in stars.iter().rev() {
            if let Found::Module(id) = project.find(*star, at)
                && id != at
                && let Some(v) = self.exported(id, name)
            {
                return Some(v);
            }
        }
        let mut outside = stars
            .iter()
            .filter(|star| project.find(**star, at) == Found::Outside);
        if let (Some(star), None) = (outside.next(), outside.next())
            && !is_builtin(name.as_str())
        {
            let path = self.evaluator.path_of_attribute(*star, name);
            return Some(self.external(path));
        }
        None
    }

    /// What a module has under a name; runs it.
    pub fn exported(&mut self, id: ModuleId, name: Symbol) -> Option<V> {
        if self.nesting >= MAX_NESTING {
            return None;
        }
        self.nesting += 1;
        let frame = self.run_module(id);
        let module = self.project.module(id);
        let mut found = module[Module::TOP]
            .names
            .get(&name)
            .and_then(|slot| self.frames[frame].vars[slot.index()]);
        if found.is_none() {
            let inner = format!("{}.{}", module.name.as_str(), name.as_str());
            found = match self.project.find(Symbol::from(inner.as_str()), id) {
                Found::Module(inner) if inner != id && module.is_package => {
                    self.run_module(inner);
                    Some(self.make(Value::Module(inner)))
                }
                _ => self.starred(id, name),
            };
        }
        self.nesting -= 1;
        found
    }

    pub(super) fn imported(&mut self, at: ModuleId, kind: DefKind) -> V {
        match kind {
            DefKind::Import { module } => self.module_value(module, at),
            DefKind::ImportFrom { module, name } => match self.project.find(module, at) {
                Found::Module(id) => self.exported(id, name).unwrap_or(Self::UNKNOWN),
                Found::Namespace(space) => {
                    let inner = Symbol::from(format!("{}.{}", space.as_str(), name.as_str()));
                    self.import(inner, at);
                    self.module_value(inner, at)
                }
                Found::Outside => {
                    let path = self.evaluator.path_of_attribute(module, name);
                    self.external(path)
                }
            },
            _ => Self::UNKNOWN,
        }
    }

    /// The module of a dotted name.
    pub fn module_value(&mut self, name: Symbol, from: ModuleId) -> V {
        match self.project.find(name, from) {
            Found::Module(id) => self.make(Value::Module(id)),
            Found::Namespace(_) | Found::Outside => self.external(name),
        }
    }
}

//! Names to nodes: definitions, outer variables, imports, access paths.

use super::constraint::{Constraint, FunctionNodes};
use super::object::*;
use super::solver::Solver;
use crate::ir::*;
use crate::project::Found;
use crate::stdlib;

/// Longest access path in parts. Longer ones stop growing, so that loops over linked objects end.
const MAX_PARTS: usize = 12;

/// Star imports followed one after the other.
const MAX_STARS: u32 = 32;

/// Names the analysis asks for all the time.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub a_str: Symbol,
    pub an_int: Symbol,
    pub init: Symbol,
    pub call: Symbol,
    pub iter: Symbol,
    pub next: Symbol,
    pub getitem: Symbol,
    pub setitem: Symbol,
    pub getattr: Symbol,
    pub setter: Symbol,
    pub class: Symbol,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            a_str: "builtins.str()".into(),
            an_int: "builtins.int()".into(),
            init: "__init__".into(),
            call: "__call__".into(),
            iter: "__iter__".into(),
            next: "__next__".into(),
            getitem: "__getitem__".into(),
            setitem: "__setitem__".into(),
            getattr: "__getattr__".into(),
            setter: "fset".into(),
            class: "__class__".into(),
        }
    }
}

/// Set in the table of expression nodes when the constraints of an expression exist.
pub(super) const WALKED: u32 = 1 << 31;

impl Solver<'_> {
    /// The node of an expression, made when it is new.
    pub fn expr_node(&mut self, ctx: Ctx, at: ModuleId, expr: ExprId) -> NodeId {
        let module = self.project.module(at);
        if let Expr::Name { def, .. } = module[expr] {
            return self.def_node(ctx, at, def);
        }
        let known = self.expr_entry(ctx, at, expr) & !WALKED;
        if known != 0 {
            return NodeId(known);
        }
        let node = self.new_node();
        self.set_expr_entry(
            ctx,
            at,
            expr,
            node.0 | (self.expr_entry(ctx, at, expr) & WALKED),
        );
        node
    }

    pub fn expr_entry(&self, ctx: Ctx, at: ModuleId, expr: ExprId) -> u32 {
        if ctx == Ctx::NONE {
            self.expr_nodes[at.index()][expr.index()]
        } else {
            self.copied_exprs
                .get(&(ctx, at, expr))
                .copied()
                .unwrap_or(0)
        }
    }

    pub fn set_expr_entry(&mut self, ctx: Ctx, at: ModuleId, expr: ExprId, entry: u32) {
        if ctx == Ctx::NONE {
            self.expr_nodes[at.index()][expr.index()] = entry;
        } else {
            self.copied_exprs.insert((ctx, at, expr), entry);
        }
    }

    /// Makes an expression stand for a node that exists.
    pub fn set_expr(&mut self, ctx: Ctx, at: ModuleId, expr: ExprId, node: NodeId) -> NodeId {
        let entry = self.expr_entry(ctx, at, expr);
        let known = entry & !WALKED;
        if known == 0 {
            self.set_expr_entry(ctx, at, expr, node.0 | (entry & WALKED));
            return node;
        }
        self.copy(node, NodeId(known));
        NodeId(known)
    }

    fn known_def(&self, ctx: Ctx, at: ModuleId, def: DefId) -> Option<NodeId> {
        if ctx == Ctx::NONE {
            let known = self.def_nodes[at.index()][def.index()];
            (known != 0).then_some(NodeId(known))
        } else {
            self.copied_defs.get(&(ctx, at, def)).copied()
        }
    }

    fn set_def(&mut self, ctx: Ctx, at: ModuleId, def: DefId, node: NodeId) {
        if ctx == Ctx::NONE {
            self.def_nodes[at.index()][def.index()] = node.0;
        } else {
            self.copied_defs.insert((ctx, at, def), node);
        }
    }

    /// The node of a definition.
    pub fn def_node(&mut self, ctx: Ctx, at: ModuleId, def: DefId) -> NodeId {
        if let Some(known) = self.known_def(ctx, at, def) {
            return known;
        }
        let module = self.project.module(at);
        let data = &module[def];
        match data.kind {
            DefKind::Value(value) => {
                // A value is lowered before the name it is bound to: this recursion ends.
                let node = self.expr_node(ctx, at, value);
                self.set_def(ctx, at, def, node);
                node
            }
            DefKind::Phi(list) => {
                let node = self.new_node();
                self.set_def(ctx, at, def, node);
                for operand in module.defs_list(list) {
                    let operand = self.def_node(ctx, at, *operand);
                    self.copy(operand, node);
                }
                node
            }
            DefKind::Param(_) | DefKind::Function(_) | DefKind::Class(_) | DefKind::Declared => {
                let node = self.new_node();
                self.set_def(ctx, at, def, node);
                node
            }
            DefKind::Import { module: name } => {
                let node = self.imported_module(at, name);
                self.set_def(ctx, at, def, node);
                node
            }
            DefKind::ImportFrom { module: from, name } => {
                let own = self.new_node();
                self.set_def(ctx, at, def, own);
                let node = self.imported_name(at, from, name, 0);
                self.copy(node, own);
                own
            }
            DefKind::Entry => {
                let own = self.new_node();
                self.set_def(ctx, at, def, own);
                let node = self.outer(ctx, at, data.scope, data.slot);
                self.copy(node, own);
                if self.is_constant(node) {
                    self.set_def(ctx, at, def, node);
                    return node;
                }
                own
            }
            DefKind::Deleted => NodeId::NONE,
        }
    }

    /// Makes a definition hold what a node holds.
    pub fn define(&mut self, ctx: Ctx, at: ModuleId, def: DefId, node: NodeId) {
        match self.known_def(ctx, at, def) {
            Some(known) => self.copy(node, known),
            None => self.set_def(ctx, at, def, node),
        }
    }

    /// A variable bound outside of the scope it is used in.
    fn outer(&mut self, ctx: Ctx, at: ModuleId, scope: ScopeId, slot: SlotId) -> NodeId {
        let module = self.project.module(at);
        let data = &module[scope].slots[slot.index()];
        let name = data.name;
        let mut ctx = self.context_around(ctx, at, scope);
        let mut around = module[scope].parent;
        if data.declared == Declared::Global {
            around = Some(Module::TOP);
            ctx = Ctx::NONE;
        }
        let used_in = scope;
        while let Some(outer) = around {
            if !matches!(module[outer].kind, ScopeKind::Class(_))
                && let Some(found) = module[outer].names.get(&name)
                && module[outer].slots[found.index()].bound
            {
                return self.variable(ctx, at, outer, *found, Some(used_in));
            }
            ctx = self.context_around(ctx, at, outer);
            around = module[outer].parent;
        }
        if scope == Module::TOP && data.bound && !stdlib::is_builtin(name.as_str()) {
            // Used before its binding: in a loop, or bound through `global` by a function.
            let node = self.new_node();
            for def in &data.defs {
                let from = self.def_node(Ctx::NONE, at, *def);
                self.copy(from, node);
            }
            return node;
        }
        if let Some(node) = self.through_stars(at, name, 0) {
            return node;
        }
        if stdlib::is_builtin(name.as_str()) {
            let path = self.path_attribute(Symbol::from("builtins"), name);
            return self.constant_of(Object::External(path));
        }
        match name.as_str() {
            "__name__" | "__file__" | "__doc__" | "__package__" => {
                return self.external("builtins.str()");
            }
            "__class__" => return NodeId::NONE,
            // What a loader puts into modules, gettext into the builtins.
            text if text == "_" || (text.starts_with("__") && text.ends_with("__")) => {
                return self.constant_of(Object::External(name));
            }
            _ => {}
        }
        let outside = module
            .star_imports
            .iter()
            .copied()
            .filter(|star| self.project.find(*star, at) == Found::Outside);
        let outside: Vec<Symbol> = outside.collect();
        match outside.as_slice() {
            [star] => {
                let path = self.path_attribute(*star, name);
                self.constant_of(Object::External(path))
            }
            _ => NodeId::NONE,
        }
    }

    /// A variable as code outside of its scope sees it.
    pub fn variable(
        &mut self,
        ctx: Ctx,
        at: ModuleId,
        scope: ScopeId,
        slot: SlotId,
        used_in: Option<ScopeId>,
    ) -> NodeId {
        // What a closure sees depends on where it is made.
        let made = if scope == Module::TOP {
            None
        } else {
            used_in.and_then(|inner| self.closure_start(at, scope, inner))
        };
        let module = self.project.module(at);
        let data = &module[scope].slots[slot.index()];
        if made.is_none()
            && let Some(known) = self.variables.get(&(ctx, at, scope, slot))
        {
            return *known;
        }
        let node = self.new_node();
        if made.is_none() {
            self.variables.insert((ctx, at, scope, slot), node);
        }
        if scope == Module::TOP {
            if !matches!(module[data.exit].kind, DefKind::Entry) {
                let exit = self.def_node(Ctx::NONE, at, data.exit);
                self.copy(exit, node);
            }
            for def in &data.defs {
                if module[*def].scope != Module::TOP {
                    let from = self.def_node(Ctx::NONE, at, *def);
                    self.copy(from, node);
                }
            }
            return node;
        }
        // A definition that another one certainly replaces before the closure is made is not seen by it.
        let mut first = 0;
        if let Some(made) = made {
            for (index, def) in data.defs.iter().enumerate() {
                if module[*def].scope == scope
                    && module[*def].range.end() <= made
                    && self.keys.is_unconditional(at, *def)
                {
                    first = index;
                }
            }
        }
        for def in &data.defs[first..] {
            let inner = module[*def].scope;
            let from = if inner == scope || ctx != Ctx::NONE {
                self.def_node(ctx, at, *def)
            } else {
                self.def_node(Ctx::NONE, at, *def)
            };
            self.copy(from, node);
        }
        node
    }

    /// Where the function directly inside of `scope` that holds `inner` starts.
    fn closure_start(
        &self,
        at: ModuleId,
        scope: ScopeId,
        mut inner: ScopeId,
    ) -> Option<ruff_text_size::TextSize> {
        let module = self.project.module(at);
        loop {
            let parent = module[inner].parent?;
            if parent == scope {
                return match module[inner].kind {
                    ScopeKind::Function(function) => Some(module[function].range.start()),
                    ScopeKind::Class(class) => Some(module[class].range.start()),
                    ScopeKind::Module => None,
                };
            }
            inner = parent;
        }
    }

    // Imports.

    pub fn imported_module(&mut self, at: ModuleId, name: Symbol) -> NodeId {
        match self.project.find(name, at) {
            Found::Module(id) => self.constant_of(Object::Module(id)),
            Found::Namespace(name) => self.constant_of(Object::Namespace(name)),
            Found::Outside => {
                let path = self.canonical(name);
                self.constant_of(Object::External(path))
            }
        }
    }

    fn imported_name(&mut self, at: ModuleId, from: Symbol, name: Symbol, depth: u32) -> NodeId {
        match self.project.find(from, at) {
            Found::Module(id) => self.export(id, name, depth).unwrap_or(NodeId::NONE),
            Found::Namespace(namespace) => {
                let inner = Symbol::from(format!("{namespace}.{name}"));
                self.imported_module(at, inner)
            }
            Found::Outside => {
                let path = self.path_attribute(from, name);
                self.constant_of(Object::External(path))
            }
        }
    }

    /// A name of a module as others see it.
    pub fn export(&mut self, id: ModuleId, name: Symbol, depth: u32) -> Option<NodeId> {
        if depth > MAX_STARS {
            self.bounds_hit += 1;
            return None;
        }
        let module = self.project.module(id);
        if let Some(slot) = module[Module::TOP].names.get(&name)
            && module[Module::TOP].slots[slot.index()].bound
        {
            let slot = *slot;
            // `from . import name` in the package's own file names the submodule.
            let exit = module[Module::TOP].slots[slot.index()].exit;
            let circular = matches!(module[exit].kind, DefKind::ImportFrom { module: from, name: taken } if taken == name && self.project.find(from, id) == Found::Module(id));
            if !circular {
                return Some(self.variable(Ctx::NONE, id, Module::TOP, slot, None));
            }
        }
        let inner = if module.name.as_str().is_empty() {
            name
        } else {
            Symbol::from(format!("{}.{name}", module.name))
        };
        match self.project.find(inner, id) {
            Found::Module(found) if found != id => {
                return Some(self.constant_of(Object::Module(found)));
            }
            Found::Namespace(found) => return Some(self.constant_of(Object::Namespace(found))),
            _ => {}
        }
        if let Some(node) = self.through_stars(id, name, depth) {
            return Some(node);
        }
        let outside = module
            .star_imports
            .iter()
            .copied()
            .find(|star| self.project.find(*star, id) == Found::Outside)?;
        let path = self.path_attribute(outside, name);
        Some(self.constant_of(Object::External(path)))
    }

    /// A name that a star import of a module of the project brings.
    fn through_stars(&mut self, at: ModuleId, name: Symbol, depth: u32) -> Option<NodeId> {
        let module = self.project.module(at);
        // The last one wins.
        for star in module.star_imports.iter().rev() {
            if let Found::Module(found) = self.project.find(*star, at)
                && found != at
                && self.brings(found, name, depth)
                && let Some(node) = self.export(found, name, depth + 1)
            {
                return Some(node);
            }
        }
        None
    }

    /// Whether a star import of the module binds the name for certain.
    fn brings(&self, id: ModuleId, name: Symbol, depth: u32) -> bool {
        let module = self.project.module(id);
        if name.as_str().starts_with('_')
            && module.slot(Module::TOP, Symbol::from("__all__")).is_none()
        {
            return false;
        }
        if module
            .slot(Module::TOP, name)
            .is_some_and(|slot| slot.bound)
        {
            return true;
        }
        depth < MAX_STARS
            && module
                .star_imports
                .iter()
                .any(|star| match self.project.find(*star, id) {
                    Found::Module(found) => found != id && self.brings(found, name, depth + 4),
                    _ => false,
                })
    }

    // Access paths.

    pub fn canonical(&self, path: Symbol) -> Symbol {
        self.aliases.0.get(&path).copied().unwrap_or(path)
    }

    pub fn path_attribute(&mut self, base: Symbol, attr: Symbol) -> Symbol {
        self.path_with(base, Key::Attr(attr))
    }

    pub fn path_item(&mut self, base: Symbol) -> Symbol {
        self.path_with(base, Key::Any)
    }

    fn path_with(&mut self, base: Symbol, key: Key) -> Symbol {
        if let Some(known) = self.paths.get(&(base, key)) {
            return *known;
        }
        let text = base.as_str();
        let long = text
            .bytes()
            .filter(|byte| matches!(byte, b'.' | b'[' | b'('))
            .count()
            >= MAX_PARTS;
        let path = match key {
            _ if long => base,
            Key::Attr(attr) if text.is_empty() => attr,
            Key::Attr(attr) => self.canonical(Symbol::from(format!("{text}.{attr}"))),
            _ => self.canonical(Symbol::from(format!("{text}[]"))),
        };
        self.paths.insert((base, key), path);
        path
    }

    pub fn path_call(&mut self, base: Symbol) -> Symbol {
        if let Some(known) = self.results.get(&base) {
            return *known;
        }
        let text = base.as_str();
        let long = text
            .bytes()
            .filter(|byte| matches!(byte, b'.' | b'[' | b'('))
            .count()
            >= MAX_PARTS;
        let path = if long {
            base
        } else {
            self.canonical(Symbol::from(format!("{text}()")))
        };
        self.results.insert(base, path);
        path
    }

    // Functions.

    /// Result and yields of a function.
    pub fn function_nodes(
        &mut self,
        at: ModuleId,
        function: FunctionId,
        ctx: Ctx,
    ) -> FunctionNodes {
        if let Some(known) = self.functions.get(&(at, function, ctx)) {
            return *known;
        }
        let nodes = FunctionNodes {
            result: self.new_node(),
            yields: self.new_node(),
        };
        self.functions.insert((at, function, ctx), nodes);
        nodes
    }

    /// The node of a parameter.
    pub fn param_node(
        &mut self,
        at: ModuleId,
        function: FunctionId,
        ctx: Ctx,
        index: usize,
    ) -> NodeId {
        let def = self.project.module(at)[function].params[index].def;
        self.def_node(ctx, at, def)
    }

    /// Loads `attr` of all that a node holds.
    pub fn load_from(&mut self, from: NodeId, attr: Symbol, to: NodeId, site: SiteId) {
        self.constrain(from, Constraint::Load { attr, to, site });
    }
}

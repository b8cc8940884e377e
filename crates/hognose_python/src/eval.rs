//! What an expression may be: functions and classes of the project, access paths outside of it, literals.
//!
//! Evaluation is on demand and bounded: a rule asks for the callee of a call and the values of a few arguments, and only
//! what they depend on is looked at. Variables follow their definitions (flow-sensitive inside a scope), names follow
//! imports through the whole project, attributes follow classes and their bases, calls follow return values.
//!
//! What lies outside of the project keeps the name the user's code gives it, its *access path*: `flask.request.args.get()`
//! is known by that name although Flask is not installed. `()` is what a call returns, or an instance; `[]` is an item.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::constant::FOLDED_CALLS;
use crate::ir::*;
use crate::project::{Found, Project};
use crate::static_symbol;
use crate::stdlib;

/// Classes outside of the project that a member may come from, each of which may be the first to have it.
const MAX_OUTSIDE: usize = 3;

/// Calls, attributes and definitions followed in one question. Real chains are shorter than ten.
const MAX_DEPTH: u32 = 48;

/// Alternatives kept for one expression; beyond it the rest is [`Unresolved::TooMany`].
const MAX_VALUES: usize = 12;

/// Expressions looked at for one question. Around loops nothing can be remembered, so work could multiply; ordinary
/// questions take fewer than fifty.
const MAX_STEPS: u32 = 4_000;

/// Definitions looked at behind one join.
const MAX_JOINED: usize = 128;

/// Longest access path, in bytes.
const MAX_PATH: usize = 256;

/// One thing an expression may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Outside of the project, by access path.
    External(Symbol),
    /// A module of the project.
    Module(ModuleId),
    /// A directory of the project that is a namespace package.
    Namespace(Symbol),
    /// A function of the project, perhaps bound to an object.
    Function(ModuleId, FunctionId),
    /// A class of the project.
    Class(ModuleId, ClassId),
    /// An instance of a class of the project.
    Instance(ModuleId, ClassId),
    /// A literal, display or computation, as it stands in a module.
    Expr(ModuleId, ExprId),
    /// Whatever a caller passes for a parameter.
    Param(ModuleId, FunctionId, u16),
    /// Not known, with the reason.
    Unknown(Unresolved),
}

/// Why an expression or call is not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unresolved {
    /// The value of a parameter without a known type.
    Parameter,
    /// A name that nothing binds.
    Unbound,
    /// An attribute of something unknown.
    Attribute,
    /// An item of something unknown.
    Item,
    /// The result of an unknown callee.
    Call,
    /// A computed value: arithmetic, string building and the like.
    Computed,
    /// More alternatives than are kept.
    TooMany,
    /// A bound on depth was hit.
    Depth,
    /// A syntax error or too deep nesting.
    Opaque,
}

impl Unresolved {
    /// Words for reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parameter => "parameter of unknown type",
            Self::Unbound => "unbound name",
            Self::Attribute => "attribute of unknown object",
            Self::Item => "item of unknown container",
            Self::Call => "result of unknown call",
            Self::Computed => "computed value",
            Self::TooMany => "too many alternatives",
            Self::Depth => "bound on depth",
            Self::Opaque => "not analysed",
        }
    }
}

/// Alternatives, without doubles, in order of discovery.
pub type Values = SmallVec<[Value; 2]>;

/// One class in a method resolution order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClassRef {
    /// A class of the project.
    Project(ModuleId, ClassId),
    /// A class outside, by access path.
    External(Symbol),
}

/// Other names of access paths: re-exports, factories and constructors that give the same thing.
#[derive(Debug, Clone, Default)]
pub struct Aliases(pub FxHashMap<Symbol, Symbol>);

/// Whether a symbol is one of some names, by number.
macro_rules! any_of {
    ($symbol:expr, $($name:literal)|+) => { $($symbol == static_symbol!($name))||+ };
}

/// Callees outside of the project whose result is more than an access path.
static SPECIAL_CALLS: LazyLock<FxHashSet<Symbol>> = LazyLock::new(|| {
    let paths = [
        "builtins.super",
        "builtins.getattr",
        "builtins.type",
        "importlib.import_module",
        "builtins.__import__",
        "typing.cast",
        "copy.copy",
        "copy.deepcopy",
    ];
    paths.into_iter().map(Symbol::from).collect()
});

/// Answers questions about values. Holds memories of one task; make one per thread or module.
pub struct Evaluator<'p> {
    project: &'p Project,
    aliases: &'p Aliases,
    memo: FxHashMap<(ModuleId, ExprId), Values>,
    open: Vec<(ModuleId, u32, bool)>,
    imports: FxHashMap<(ModuleId, DefId), Values>,
    exports: FxHashMap<(ModuleId, Symbol), Values>,
    item_stores: FxHashMap<ModuleId, std::sync::Arc<FxHashMap<ExprId, Vec<u32>>>>,
    attributes: FxHashMap<(Symbol, Symbol), Symbol>,
    calls: FxHashMap<Symbol, Symbol>,
    items: FxHashMap<Symbol, Symbol>,
    mros: FxHashMap<(ModuleId, ClassId), std::sync::Arc<[ClassRef]>>,
    stores: FxHashMap<ModuleId, std::sync::Arc<FxHashMap<Symbol, Vec<u32>>>>,
    depth: u32,
    /// Steps left for the question at hand.
    fuel: u32,
    /// Set when a bound was hit while answering, so that partial answers are not remembered.
    cut: bool,
}

fn add(values: &mut Values, value: Value) {
    if values.contains(&value) {
        return;
    }
    if values.len() < MAX_VALUES {
        values.push(value);
    } else if let Some(last) = values.last_mut() {
        *last = Value::Unknown(Unresolved::TooMany);
    }
}

fn add_all(values: &mut Values, more: impl IntoIterator<Item = Value>) {
    for value in more {
        add(values, value);
    }
}

impl<'p> Evaluator<'p> {
    /// An evaluator without memories.
    pub fn new(project: &'p Project, aliases: &'p Aliases) -> Self {
        Self {
            project,
            aliases,
            memo: FxHashMap::default(),
            open: Vec::new(),
            imports: FxHashMap::default(),
            exports: FxHashMap::default(),
            item_stores: FxHashMap::default(),
            attributes: FxHashMap::default(),
            calls: FxHashMap::default(),
            items: FxHashMap::default(),
            mros: FxHashMap::default(),
            stores: FxHashMap::default(),
            depth: 0,
            fuel: MAX_STEPS,
            cut: false,
        }
    }

    /// Forgets what was asked of a module. Access paths stay known: they are the same everywhere.
    pub fn forget(&mut self) {
        self.memo.clear();
        self.imports.clear();
        self.exports.clear();
        self.open.clear();
        self.depth = 0;
        self.cut = false;
    }

    /// The project asked about.
    pub fn project(&self) -> &'p Project {
        self.project
    }

    /// What an expression may be.
    pub fn eval(&mut self, module: ModuleId, expr: ExprId) -> Values {
        if let Some(known) = self.memo.get(&(module, expr)) {
            return known.clone();
        }
        if self.depth == 0 {
            self.fuel = MAX_STEPS;
        }
        if self.depth >= MAX_DEPTH || self.fuel == 0 || self.open.contains(&(module, expr.0, false))
        {
            self.cut = true;
            return Values::from_slice(&[Value::Unknown(Unresolved::Depth)]);
        }
        let outer_cut = std::mem::replace(&mut self.cut, false);
        self.open.push((module, expr.0, false));
        self.depth += 1;
        self.fuel -= 1;
        let values = self.eval_inner(module, expr);
        self.depth -= 1;
        self.open.pop();
        if !self.cut {
            self.memo.insert((module, expr), values.clone());
        }
        self.cut |= outer_cut;
        values
    }

    fn eval_inner(&mut self, at: ModuleId, expr: ExprId) -> Values {
        let module = self.project.module(at);
        match module[expr] {
            Expr::Name { def, .. } => self.definition(at, def),
            Expr::Attribute { value, attr } => {
                let objects = self.eval(at, value);
                self.attribute(&objects, attr)
            }
            Expr::Call { func, args } => self.call(at, expr, func, args),
            Expr::Await(value) | Expr::Starred(value) | Expr::Named { value, .. } => {
                self.eval(at, value)
            }
            Expr::Conditional { test, body, orelse } => {
                let mut values = Values::new();
                match self.truth(at, test) {
                    Some(true) => values = self.eval(at, body),
                    Some(false) => values = self.eval(at, orelse),
                    None => {
                        add_all(&mut values, self.eval(at, body));
                        add_all(&mut values, self.eval(at, orelse));
                    }
                }
                values
            }
            Expr::Logic {
                values: operands, ..
            } => {
                let mut values = Values::new();
                for operand in module.list(operands) {
                    add_all(&mut values, self.eval(at, *operand));
                }
                values
            }
            Expr::Subscript { value, index } => {
                let containers = self.eval(at, value);
                let mut values = Values::new();
                for container in containers {
                    add_all(&mut values, self.item(container, at, index));
                }
                values
            }
            Expr::Element { of, index } => {
                let mut values = Values::new();
                for container in self.eval(at, of) {
                    add_all(&mut values, self.element(container, i64::from(index)));
                }
                values
            }
            Expr::Iterate { of, .. } => {
                let mut values = Values::new();
                for container in self.eval(at, of) {
                    add_all(&mut values, self.iterate(container));
                }
                values
            }
            Expr::Enter { of, .. } => {
                let mut values = Values::new();
                for manager in self.eval(at, of) {
                    match manager {
                        Value::Instance(..) => {
                            let method = self.attribute(&[manager], Symbol::from("__enter__"));
                            let entered: Values = method
                                .into_iter()
                                .flat_map(|method| self.result(method))
                                .collect();
                            let known = entered
                                .iter()
                                .any(|value| !matches!(value, Value::Unknown(_)));
                            add_all(
                                &mut values,
                                if known {
                                    entered
                                } else {
                                    Values::from_slice(&[manager])
                                },
                            );
                        }
                        other => add(&mut values, other),
                    }
                }
                values
            }
            Expr::Caught(types) => {
                let mut values = Values::new();
                let types = match module[types] {
                    Expr::Tuple(list) => module.list(list).to_vec(),
                    _ => vec![types],
                };
                for class in types {
                    for class in self.eval(at, class) {
                        add(&mut values, self.instantiate(class));
                    }
                }
                values
            }
            Expr::Lambda(function) => Values::from_slice(&[Value::Function(at, function)]),
            Expr::Opaque => Values::from_slice(&[Value::Unknown(Unresolved::Opaque)]),
            Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Part(_) | Expr::Rest { .. } => {
                Values::from_slice(&[Value::Unknown(Unresolved::Computed)])
            }
            _ => Values::from_slice(&[Value::Expr(at, expr)]),
        }
    }

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
            DefKind::Function(function) => Values::from_slice(&[Value::Function(at, function)]),
            DefKind::Class(class) => Values::from_slice(&[Value::Class(at, class)]),
            DefKind::Import { .. } | DefKind::ImportFrom { .. } => self.import(at, def),
            DefKind::Param(index) => self.parameter(at, data.scope, index),
            DefKind::Entry => self.outer(at, data.scope, data.slot),
            DefKind::Declared => match data.annotation {
                Some(annotation) => self.instance_of(at, annotation.get()),
                None => Values::from_slice(&[Value::Unknown(Unresolved::Unbound)]),
            },
            DefKind::Deleted => Values::from_slice(&[Value::Unknown(Unresolved::Unbound)]),
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

    fn parameter(&mut self, at: ModuleId, scope: ScopeId, index: u16) -> Values {
        let module = self.project.module(at);
        let ScopeKind::Function(function) = module[scope].kind else {
            return Values::from_slice(&[Value::Unknown(Unresolved::Parameter)]);
        };
        let data = &module[function];
        if index == 0
            && let Some(class) = data.class
            && let Some(receiver) = self.receiver(at, function, class)
        {
            return Values::from_slice(&[receiver]);
        }
        let Some(param) = data.params.get(usize::from(index)) else {
            return Values::from_slice(&[Value::Unknown(Unresolved::Parameter)]);
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
        Values::from_slice(&[Value::Param(at, function, index)])
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

    /// The access path of a name or attribute chain that leads outside; `None` for anything else. Cheap.
    pub fn dotted(&mut self, at: ModuleId, expr: ExprId) -> Option<Symbol> {
        self.eval(at, expr)
            .into_iter()
            .find_map(|value| match value {
                Value::External(path) => Some(path),
                _ => None,
            })
    }

    /// A variable that is bound outside of the scope it is used in.
    fn outer(&mut self, at: ModuleId, scope: ScopeId, slot: SlotId) -> Values {
        let module = self.project.module(at);
        let name = module[scope].slots[slot.index()].name;
        let mut around = module[scope].parent;
        if module[scope].slots[slot.index()].declared == Declared::Global {
            around = Some(Module::TOP);
        }
        while let Some(outer) = around {
            let data = &module[outer];
            if !matches!(data.kind, ScopeKind::Class(_))
                && let Some(found) = module.slot(outer, name)
                && found.bound
            {
                return self.variable(at, outer, found);
            }
            around = data.parent;
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
            return Values::from_slice(&[Value::External(path)]);
        }
        // A star import of something outside may bring any name; where there is one only, it does.
        let mut outside = module
            .star_imports
            .iter()
            .filter(|star| self.project.find(**star, at) == Found::Outside);
        if let (Some(star), None) = (outside.next(), outside.next()) {
            return Values::from_slice(&[Value::External(self.path_attribute(*star, name))]);
        }
        Values::from_slice(&[Value::Unknown(Unresolved::Unbound)])
    }

    /// A variable as code outside of its scope sees it.
    fn variable(&mut self, at: ModuleId, scope: ScopeId, slot: &SlotData) -> Values {
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

    /// What an import binds, looked up once a module: every use of an imported name asks.
    fn import(&mut self, at: ModuleId, def: DefId) -> Values {
        if let Some(known) = self.imports.get(&(at, def)) {
            return known.clone();
        }
        let outer_cut = std::mem::replace(&mut self.cut, false);
        let values = match self.project.module(at)[def].kind {
            DefKind::ImportFrom { module: from, name } => self.imported_name(at, from, name),
            DefKind::Import { module: name } => {
                Values::from_slice(&[self.imported_module(at, name)])
            }
            _ => Values::new(),
        };
        if !self.cut {
            self.imports.insert((at, def), values.clone());
        }
        self.cut |= outer_cut;
        values
    }

    fn imported_module(&mut self, at: ModuleId, name: Symbol) -> Value {
        match self.project.find(name, at) {
            Found::Module(id) => Value::Module(id),
            Found::Namespace(name) => Value::Namespace(name),
            Found::Outside => Value::External(self.canonical(name)),
        }
    }

    fn imported_name(&mut self, at: ModuleId, from: Symbol, name: Symbol) -> Values {
        match self.project.find(from, at) {
            Found::Module(id) => self.export(id, name),
            Found::Namespace(namespace) => {
                let inner = self.join(namespace, ".", name.as_str());
                Values::from_slice(&[self.imported_module(at, inner)])
            }
            Found::Outside => {
                Values::from_slice(&[Value::External(self.path_attribute(from, name))])
            }
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
            return Values::from_slice(&[Value::Unknown(Unresolved::Depth)]);
        }
        let outer_cut = std::mem::replace(&mut self.cut, false);
        // Modules that star-import each other ask each other: whoever is asked again does not know.
        let unbound = Values::from_slice(&[Value::Unknown(Unresolved::Unbound)]);
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
        let inner = self.join(module.name, ".", name.as_str());
        match self.project.find(inner, id) {
            Found::Module(found) if found != id => {
                return Values::from_slice(&[Value::Module(found)]);
            }
            Found::Namespace(found) => return Values::from_slice(&[Value::Namespace(found)]),
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
            Some(star) => Values::from_slice(&[Value::External(self.path_attribute(star, name))]),
            None => Values::from_slice(&[Value::Unknown(Unresolved::Unbound)]),
        }
    }

    /// What a name means that is bound nowhere between a scope and the module: a variable of the module, a star import, a builtin.
    pub fn outside_name(&mut self, at: ModuleId, scope: ScopeId, name: Symbol) -> Values {
        match self.project.module(at)[scope].names.get(&name) {
            Some(slot) => self.outer(at, scope, *slot),
            None => Values::from_slice(&[Value::Unknown(Unresolved::Unbound)]),
        }
    }

    /// Answers remembered.
    pub fn memories(&self) -> usize {
        self.memo.len()
    }

    // Access paths.

    /// The access path of an attribute.
    pub fn path_of_attribute(&mut self, base: Symbol, attr: Symbol) -> Symbol {
        self.path_attribute(base, attr)
    }

    /// The access path of what a call returns.
    pub fn path_of_call(&mut self, base: Symbol) -> Symbol {
        self.path_call(base)
    }

    /// The access path of an item.
    pub fn path_of_item(&mut self, base: Symbol) -> Symbol {
        self.path_item(base)
    }

    fn canonical(&self, path: Symbol) -> Symbol {
        self.aliases.0.get(&path).copied().unwrap_or(path)
    }

    fn join(&self, base: Symbol, between: &str, name: &str) -> Symbol {
        let base = base.as_str();
        if base.is_empty() {
            return Symbol::from(name);
        }
        Symbol::from(format!("{base}{between}{name}"))
    }

    fn path_attribute(&mut self, base: Symbol, attr: Symbol) -> Symbol {
        if let Some(path) = self.attributes.get(&(base, attr)) {
            return *path;
        }
        let path = if base.as_str().len() > MAX_PATH {
            base
        } else {
            self.canonical(self.join(base, ".", attr.as_str()))
        };
        self.attributes.insert((base, attr), path);
        path
    }

    fn path_call(&mut self, base: Symbol) -> Symbol {
        if let Some(path) = self.calls.get(&base) {
            return *path;
        }
        let path = if base.as_str().len() > MAX_PATH {
            base
        } else {
            self.canonical(self.join(base, "", "()"))
        };
        self.calls.insert(base, path);
        path
    }

    fn path_item(&mut self, base: Symbol) -> Symbol {
        if let Some(path) = self.items.get(&base) {
            return *path;
        }
        let path = if base.as_str().len() > MAX_PATH {
            base
        } else {
            self.canonical(self.join(base, "", "[]"))
        };
        self.items.insert(base, path);
        path
    }

    // Attributes and items.

    /// An attribute of any of several objects.
    pub fn attribute(&mut self, objects: &[Value], attr: Symbol) -> Values {
        let mut values = Values::new();
        for object in objects {
            match *object {
                Value::External(path) => add(
                    &mut values,
                    Value::External(self.path_attribute(path, attr)),
                ),
                Value::Module(id) => add_all(&mut values, self.export(id, attr)),
                Value::Namespace(name) => {
                    let inner = self.join(name, ".", attr.as_str());
                    let value = match self.project.find(inner, ModuleId(0)) {
                        Found::Module(id) => Value::Module(id),
                        Found::Namespace(name) => Value::Namespace(name),
                        Found::Outside => Value::Unknown(Unresolved::Unbound),
                    };
                    add(&mut values, value);
                }
                Value::Class(at, class) => {
                    add_all(&mut values, self.member(at, class, attr, false))
                }
                Value::Instance(at, class) => {
                    add_all(&mut values, self.member(at, class, attr, true))
                }
                Value::Expr(at, expr) => {
                    let known = self.literal_type(at, expr);
                    let folded = || match self.constant_of(*object, 0) {
                        Some(Constant::Str(_)) => Some("str"),
                        Some(Constant::Bytes(_)) => Some("bytes"),
                        _ => None,
                    };
                    let value = match known.or_else(folded) {
                        Some(class) => {
                            let class = self.join(Symbol::from("builtins"), ".", class);
                            let instance = self.path_call(class);
                            Value::External(self.path_attribute(instance, attr))
                        }
                        None => Value::Unknown(Unresolved::Attribute),
                    };
                    add(&mut values, value);
                }
                Value::Function(..) | Value::Param(..) | Value::Unknown(_) => {
                    add(&mut values, Value::Unknown(Unresolved::Attribute))
                }
            }
        }
        values
    }

    /// Name of the builtin type of a literal, display or string computation.
    pub fn literal_type(&self, at: ModuleId, expr: ExprId) -> Option<&'static str> {
        let module = self.project.module(at);
        let mut expr = expr;
        for _ in 0..MAX_DEPTH {
            return Some(match module[expr] {
                Expr::Str(_) | Expr::FString(_) => "str",
                Expr::Bytes(_) => "bytes",
                Expr::Bool(_) | Expr::Compare { .. } => "bool",
                Expr::Int(_) => "int",
                Expr::Float(_) => "float",
                Expr::Tuple(_) => "tuple",
                Expr::ListOf(_) => "list",
                Expr::SetOf(_) => "set",
                Expr::Dict(_) => "dict",
                Expr::Comprehension(id) => match module[id].kind {
                    ComprehensionKind::List => "list",
                    ComprehensionKind::Set => "set",
                    ComprehensionKind::Dict => "dict",
                    ComprehensionKind::Generator => return None,
                },
                // `"…" % x` and `"…" + x` are strings when their left side is.
                Expr::Binary {
                    left,
                    op: Operator::Add | Operator::Mod | Operator::Mult,
                    ..
                }
                | Expr::InPlace {
                    left,
                    op: Operator::Add,
                    ..
                } => {
                    expr = left;
                    continue;
                }
                _ => return None,
            });
        }
        None
    }

    /// A member found along the method resolution order.
    fn member(&mut self, at: ModuleId, class: ClassId, attr: Symbol, of_instance: bool) -> Values {
        if self.depth >= MAX_DEPTH {
            self.cut = true;
            return Values::from_slice(&[Value::Unknown(Unresolved::Depth)]);
        }
        self.depth += 1;
        let values = self.member_inner(at, class, attr, of_instance);
        self.depth -= 1;
        values
    }

    fn member_inner(
        &mut self,
        at: ModuleId,
        class: ClassId,
        attr: Symbol,
        of_instance: bool,
    ) -> Values {
        if of_instance && attr == static_symbol!("__class__") {
            return Values::from_slice(&[Value::Class(at, class)]);
        }
        if any_of!(attr, "__dict__" | "__name__" | "__doc__" | "__module__") {
            return Values::from_slice(&[Value::Unknown(Unresolved::Attribute)]);
        }
        let mro = self.mro(at, class);
        let mut stored = Values::new();
        let mut outside = Values::new();
        for ancestor in mro.iter() {
            match *ancestor {
                ClassRef::Project(home, ancestor) => {
                    let module = self.project.module(home);
                    let scope = module[ancestor].scope;
                    if let Some(slot) = module.slot(scope, attr)
                        && slot.bound
                        && !matches!(module[slot.exit].kind, DefKind::Entry)
                    {
                        let mut values = self.definition(home, slot.exit);
                        if of_instance {
                            values = values
                                .into_iter()
                                .flat_map(|value| self.through_property(value))
                                .collect();
                            // A class-level default and what methods store are both possible.
                            add_all(&mut values, self.stored(home, ancestor, attr));
                        }
                        add_all(&mut values, stored);
                        add_all(&mut outside, values);
                        return outside;
                    }
                    if of_instance {
                        add_all(&mut stored, self.stored(home, ancestor, attr));
                    }
                }
                ClassRef::External(path) => {
                    if matches!(
                        path.as_str(),
                        "builtins.object"
                            | "typing.Generic"
                            | "typing.Protocol"
                            | "abc.ABC"
                            | "enum.Enum"
                    ) {
                        continue;
                    }
                    // What a method of the project stores hides what the outside class may have.
                    if !stored.is_empty() && outside.is_empty() {
                        break;
                    }
                    // Whether this class has it is not known: a class further up may be meant as well, as behind a mixin.
                    let base = if of_instance {
                        self.path_call(path)
                    } else {
                        path
                    };
                    let path = self.path_attribute(base, attr);
                    if outside.len() < MAX_OUTSIDE {
                        outside.push(Value::External(path));
                    }
                }
            }
        }
        add_all(&mut outside, stored);
        if outside.is_empty() {
            outside.push(Value::Unknown(Unresolved::Attribute));
        }
        outside
    }

    /// A property gives what its function returns.
    fn through_property(&mut self, value: Value) -> Values {
        let Value::Function(at, function) = value else {
            return Values::from_slice(&[value]);
        };
        if self.is_property(at, function) {
            return self.result(value);
        }
        Values::from_slice(&[value])
    }

    /// Whether a method is read like an attribute.
    pub fn is_property(&mut self, at: ModuleId, function: FunctionId) -> bool {
        let decorators = &self.project.module(at)[function].decorators;
        decorators.iter().any(|decorator| {
            self.dotted(at, *decorator).is_some_and(|path| {
                any_of!(
                    path,
                    "builtins.property"
                        | "functools.cached_property"
                        | "django.utils.functional.cached_property"
                        | "werkzeug.utils.cached_property"
                        | "abc.abstractproperty"
                )
            })
        })
    }

    /// What the methods of a class store in an attribute of their receiver.
    fn stored(&mut self, at: ModuleId, class: ClassId, attr: Symbol) -> Values {
        let project = self.project;
        let module = project.module(at);
        let index = self.stores.entry(at).or_insert_with(|| {
            let mut index: FxHashMap<Symbol, Vec<u32>> = FxHashMap::default();
            for (number, store) in (0u32..).zip(&module.attribute_stores) {
                index.entry(store.attr).or_default().push(number);
            }
            index.into()
        });
        let index = std::sync::Arc::clone(index);
        let mut values = Values::new();
        for number in index.get(&attr).map_or(&[][..], Vec::as_slice) {
            let store = &module.attribute_stores[*number as usize];
            if !self.is_receiver(at, class, store.object) {
                continue;
            }
            let mut found = self.eval(at, store.value);
            if let Some(annotation) = store.annotation
                && found.iter().all(|value| {
                    matches!(
                        value,
                        Value::Unknown(_) | Value::Param(..) | Value::Expr(..)
                    )
                })
            {
                add_all(&mut found, self.instance_of(at, annotation.get()));
            }
            add_all(&mut values, found);
        }
        // `self.x: T` without a value, and annotations of a class body, say what is stored by others.
        values
    }

    /// Whether a name is the receiver of a method of the class.
    fn is_receiver(&self, at: ModuleId, class: ClassId, object: ExprId) -> bool {
        let module = self.project.module(at);
        let Expr::Name { def, slot } = module[object] else {
            return false;
        };
        let mut def = &module[def];
        if matches!(def.kind, DefKind::Entry) {
            // A closure inside of the method.
            let name = module[def.scope].slots[slot.index()].name;
            let mut around = module[def.scope].parent;
            while let Some(outer) = around {
                if let Some(found) = module.slot(outer, name)
                    && found.bound
                {
                    let Some(first) = found.defs.first() else {
                        return false;
                    };
                    def = &module[*first];
                    break;
                }
                around = module[outer].parent;
            }
        }
        if !matches!(def.kind, DefKind::Param(0)) {
            return false;
        }
        matches!(module[def.scope].kind, ScopeKind::Function(function) if module[function].class == Some(class))
    }

    /// The item of a container at an index expression of a module.
    fn item(&mut self, container: Value, at: ModuleId, index: ExprId) -> Values {
        match container {
            Value::External(path) => {
                // `List[int]`, `dict[str, X]`: a generic class stays the class.
                if is_generic_class(path.as_str()) {
                    return Values::from_slice(&[container]);
                }
                Values::from_slice(&[Value::External(self.path_item(path))])
            }
            Value::Class(..) => Values::from_slice(&[container]),
            Value::Expr(home, display) => {
                let module = self.project.module(home);
                match module[display] {
                    Expr::Dict(items) => {
                        let key = self.constant(at, index);
                        let mut exact = Values::new();
                        let mut any = Values::new();
                        for (item, value) in module.dict(items) {
                            let Some(item) = item else { continue };
                            let found = self.eval(home, *value);
                            if key.is_some() && self.constant(home, item.get()) == key {
                                exact = found.clone();
                            }
                            add_all(&mut any, found);
                        }
                        self.stored_items(home, display, key.as_ref(), &mut exact);
                        if !exact.is_empty() {
                            return exact;
                        }
                        if key.is_none() && !any.is_empty() {
                            return any;
                        }
                        Values::from_slice(&[Value::Unknown(Unresolved::Item)])
                    }
                    Expr::Tuple(_) | Expr::ListOf(_) => match self.constant(at, index) {
                        Some(Constant::Int(index)) => self.element(container, index),
                        _ => self.iterate(container),
                    },
                    _ => Values::from_slice(&[Value::Unknown(Unresolved::Item)]),
                }
            }
            Value::Instance(..) => {
                let method = self.attribute(&[container], Symbol::from("__getitem__"));
                method
                    .into_iter()
                    .flat_map(|method| self.result(method))
                    .collect()
            }
            _ => Values::from_slice(&[Value::Unknown(Unresolved::Item)]),
        }
    }

    /// Adds what is stored later under a key of a dict display: `d = {}; d["k"] = v`. What is stored under a key that is
    /// not known may be stored under any.
    fn stored_items(
        &mut self,
        at: ModuleId,
        display: ExprId,
        key: Option<&Constant>,
        values: &mut Values,
    ) {
        let project = self.project;
        let module = project.module(at);
        if module.item_stores.is_empty() || key.is_none() {
            return;
        }
        let index = match self.item_stores.get(&at) {
            Some(index) => std::sync::Arc::clone(index),
            None => {
                self.item_stores.insert(at, std::sync::Arc::default());
                let mut index: FxHashMap<ExprId, Vec<u32>> = FxHashMap::default();
                for (number, store) in (0u32..).zip(&module.item_stores) {
                    for object in self.eval(at, store.object) {
                        if let Value::Expr(home, display) = object
                            && home == at
                        {
                            index.entry(display).or_default().push(number);
                        }
                    }
                }
                let index = std::sync::Arc::new(index);
                self.item_stores.insert(at, std::sync::Arc::clone(&index));
                index
            }
        };
        for number in index.get(&display).map_or(&[][..], Vec::as_slice) {
            let store = &module.item_stores[*number as usize];
            match self.constant(at, store.index) {
                stored if stored.as_ref() == key => {
                    add_all(values, self.eval(at, store.value));
                }
                Some(_) => {}
                None => add(values, Value::Unknown(Unresolved::Item)),
            }
        }
    }

    fn element(&mut self, container: Value, index: i64) -> Values {
        match container {
            Value::Expr(at, display) => {
                let module = self.project.module(at);
                if let Expr::Tuple(list) | Expr::ListOf(list) = module[display] {
                    let elements = module.list(list);
                    if elements
                        .iter()
                        .any(|element| matches!(module[*element], Expr::Starred(_)))
                    {
                        return self.iterate(container);
                    }
                    let index = if index < 0 {
                        index + i64::try_from(elements.len()).unwrap_or(0)
                    } else {
                        index
                    };
                    if let Some(element) = usize::try_from(index)
                        .ok()
                        .and_then(|index| elements.get(index))
                    {
                        return self.eval(at, *element);
                    }
                }
                Values::from_slice(&[Value::Unknown(Unresolved::Item)])
            }
            Value::External(path) => Values::from_slice(&[Value::External(self.path_item(path))]),
            _ => Values::from_slice(&[Value::Unknown(Unresolved::Item)]),
        }
    }

    fn iterate(&mut self, container: Value) -> Values {
        match container {
            Value::Expr(at, display) => {
                let module = self.project.module(at);
                let mut values = Values::new();
                match module[display] {
                    Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) => {
                        for element in module.list(list) {
                            add_all(&mut values, self.eval(at, *element));
                        }
                    }
                    Expr::Dict(items) => {
                        for (key, _) in module.dict(items) {
                            if let Some(key) = key {
                                add_all(&mut values, self.eval(at, key.get()));
                            }
                        }
                    }
                    Expr::Comprehension(id) if module[id].kind != ComprehensionKind::Dict => {
                        values = self.eval(at, module[id].element);
                    }
                    _ => values.push(Value::Unknown(Unresolved::Item)),
                }
                values
            }
            Value::External(path) => Values::from_slice(&[Value::External(self.path_item(path))]),
            _ => Values::from_slice(&[Value::Unknown(Unresolved::Item)]),
        }
    }

    // Calls.

    fn call(&mut self, at: ModuleId, expr: ExprId, func: ExprId, args: List) -> Values {
        let module = self.project.module(at);
        let callees = self.eval(at, func);
        let mut values = Values::new();
        for callee in callees {
            match callee {
                Value::External(path) if !SPECIAL_CALLS.contains(&path) => {
                    // What folds stays an expression, so that its constant can be asked for.
                    if FOLDED_CALLS.contains(&path)
                        && self.depth < MAX_DEPTH
                        && self.fold_call(at, func, path, args).is_some()
                    {
                        add(&mut values, Value::Expr(at, expr));
                    } else {
                        add(&mut values, Value::External(self.path_call(path)));
                    }
                }
                Value::External(path) => match path.as_str() {
                    "builtins.super" => add(&mut values, self.super_object(at, expr)),
                    "builtins.getattr" => {
                        let arguments = module.args(args);
                        match (
                            arguments.first(),
                            arguments
                                .get(1)
                                .and_then(|name| self.constant(at, name.value)),
                        ) {
                            (Some(object), Some(Constant::Str(name))) => {
                                let objects = self.eval(at, object.value);
                                add_all(&mut values, self.attribute(&objects, Symbol::from(name)));
                            }
                            _ => add(&mut values, Value::Unknown(Unresolved::Call)),
                        }
                    }
                    "builtins.type" if args.len == 1 => {
                        for object in self.eval(at, module.args(args)[0].value) {
                            match object {
                                Value::Instance(home, class) => {
                                    add(&mut values, Value::Class(home, class))
                                }
                                _ => add(&mut values, Value::Unknown(Unresolved::Call)),
                            }
                        }
                    }
                    "importlib.import_module" | "builtins.__import__" => {
                        match module
                            .args(args)
                            .first()
                            .and_then(|name| self.constant(at, name.value))
                        {
                            Some(Constant::Str(name)) => {
                                let name = Symbol::from(name);
                                add(&mut values, self.imported_module(at, name));
                            }
                            _ => add(&mut values, Value::External(self.path_call(path))),
                        }
                    }
                    "typing.cast" | "copy.copy" | "copy.deepcopy" => {
                        let position = usize::from(path.as_str() == "typing.cast");
                        match module.args(args).get(position) {
                            Some(argument) => add_all(&mut values, self.eval(at, argument.value)),
                            None => add(&mut values, Value::Unknown(Unresolved::Call)),
                        }
                    }
                    _ => add(&mut values, Value::External(self.path_call(path))),
                },
                other => add_all(&mut values, self.result(other)),
            }
        }
        values
    }

    /// What a call of the value gives.
    pub fn result(&mut self, callee: Value) -> Values {
        match callee {
            Value::External(path) => Values::from_slice(&[Value::External(self.path_call(path))]),
            Value::Class(..) => Values::from_slice(&[self.instantiate(callee)]),
            Value::Function(at, function) => {
                if self.depth >= MAX_DEPTH {
                    self.cut = true;
                    return Values::from_slice(&[Value::Unknown(Unresolved::Depth)]);
                }
                self.depth += 1;
                let data = &self.project.module(at)[function];
                let mut values = Values::new();
                let produced = if data.is_generator {
                    &data.yield_values
                } else {
                    &data.return_values
                };
                for value in produced {
                    add_all(&mut values, self.eval(at, *value));
                }
                let known = values
                    .iter()
                    .any(|value| !matches!(value, Value::Unknown(_) | Value::Param(..)));
                if !known && let Some(returns) = data.returns {
                    values = self.instance_of(at, returns);
                }
                self.depth -= 1;
                // A parameter of the callee means nothing to the caller.
                let mut outside = Values::new();
                for value in values {
                    add(
                        &mut outside,
                        if matches!(value, Value::Param(..)) {
                            Value::Unknown(Unresolved::Call)
                        } else {
                            value
                        },
                    );
                }
                if outside.is_empty() {
                    outside.push(Value::Unknown(Unresolved::Computed));
                }
                outside
            }
            Value::Instance(..) => {
                let method = self.attribute(&[callee], Symbol::from("__call__"));
                method
                    .into_iter()
                    .filter(|method| matches!(method, Value::Function(..)))
                    .flat_map(|method| self.result(method))
                    .collect()
            }
            _ => Values::from_slice(&[Value::Unknown(Unresolved::Call)]),
        }
    }

    fn instantiate(&mut self, class: Value) -> Value {
        match class {
            Value::Class(at, class) => Value::Instance(at, class),
            Value::External(path) => Value::External(self.path_call(path)),
            _ => Value::Unknown(Unresolved::Call),
        }
    }

    /// `super()`: an instance seen from the next class of the order. Members are looked up from the bases on.
    fn super_object(&mut self, at: ModuleId, expr: ExprId) -> Value {
        let module = self.project.module(at);
        let place = module.expr_range(expr);
        let method = module
            .functions
            .iter()
            .filter(|function| function.class.is_some() && function.range.contains_range(place))
            .min_by_key(|function| function.range.len());
        let Some(class) = method.and_then(|method| method.class) else {
            return Value::Unknown(Unresolved::Call);
        };
        match self.mro(at, class).get(1) {
            Some(ClassRef::Project(home, base)) => Value::Instance(*home, *base),
            Some(ClassRef::External(path)) => Value::External(self.path_call(*path)),
            None => Value::Unknown(Unresolved::Call),
        }
    }

    /// What something annotated so is: an instance of the class named.
    pub fn instance_of(&mut self, at: ModuleId, annotation: ExprId) -> Values {
        if self.depth >= MAX_DEPTH {
            self.cut = true;
            return Values::from_slice(&[Value::Unknown(Unresolved::Depth)]);
        }
        self.depth += 1;
        let values = self.instance_of_inner(at, annotation);
        self.depth -= 1;
        values
    }

    fn instance_of_inner(&mut self, at: ModuleId, annotation: ExprId) -> Values {
        let module = self.project.module(at);
        match module[annotation] {
            Expr::None => Values::from_slice(&[Value::Expr(at, annotation)]),
            Expr::Binary {
                op: Operator::BitOr,
                left,
                right,
            } => {
                let mut values = self.instance_of(at, left);
                add_all(&mut values, self.instance_of(at, right));
                values
            }
            Expr::Subscript { value, index } => {
                let generic = self.dotted(at, value);
                match generic.map(|path| path.as_str()) {
                    Some(
                        "typing.Optional"
                        | "typing_extensions.Optional"
                        | "typing.Required"
                        | "typing.NotRequired"
                        | "typing.Final"
                        | "typing.ClassVar",
                    ) => self.instance_of(at, index),
                    Some("typing.Union") => {
                        let members = match module[index] {
                            Expr::Tuple(list) => module.list(list).to_vec(),
                            _ => vec![index],
                        };
                        let mut values = Values::new();
                        for member in members {
                            add_all(&mut values, self.instance_of(at, member));
                        }
                        values
                    }
                    Some("typing.Annotated" | "typing_extensions.Annotated") => match module[index]
                    {
                        Expr::Tuple(list) if !list.is_empty() => {
                            self.instance_of(at, module.list(list)[0])
                        }
                        _ => self.instance_of(at, index),
                    },
                    _ => self.instance_of(at, value),
                }
            }
            Expr::Str(text) => {
                let text = module.str(text).trim();
                self.named_instance(at, text)
            }
            Expr::Name { .. } | Expr::Attribute { .. } => {
                let mut values = Values::new();
                for class in self.eval(at, annotation) {
                    match class {
                        Value::Class(..) => add(&mut values, self.instantiate(class)),
                        Value::External(path) if !is_uninformative(path.as_str()) => {
                            add(&mut values, self.instantiate(class))
                        }
                        _ => add(&mut values, Value::Unknown(Unresolved::Parameter)),
                    }
                }
                values
            }
            _ => Values::from_slice(&[Value::Unknown(Unresolved::Parameter)]),
        }
    }

    /// A forward reference: a dotted name in quotes, looked up at top level.
    fn named_instance(&mut self, at: ModuleId, text: &str) -> Values {
        let text = text
            .strip_prefix("Optional[")
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(text);
        let text = text.split(['|', '[']).next().unwrap_or(text).trim();
        if text.is_empty()
            || !text
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        {
            return Values::from_slice(&[Value::Unknown(Unresolved::Parameter)]);
        }
        let mut parts = text.split('.');
        let Some(first) = parts.next() else {
            return Values::new();
        };
        let mut values = self.export(at, Symbol::from(first));
        for part in parts {
            values = self.attribute(&values, Symbol::from(part));
        }
        values
            .into_iter()
            .map(|class| match class {
                Value::Class(..) | Value::External(_) => self.instantiate(class),
                _ => Value::Unknown(Unresolved::Parameter),
            })
            .collect()
    }

    // Classes.

    /// The method resolution order (C3, as Python computes it), the class itself first. Where the bases contradict each
    /// other the order is depth first, without doubles.
    pub fn mro(&mut self, at: ModuleId, class: ClassId) -> std::sync::Arc<[ClassRef]> {
        if let Some(known) = self.mros.get(&(at, class)) {
            return std::sync::Arc::clone(known);
        }
        if self.depth >= MAX_DEPTH {
            self.cut = true;
            return [ClassRef::Project(at, class)].into();
        }
        self.depth += 1;
        // A class that inherits from itself, directly or not, ends here.
        self.mros
            .insert((at, class), [ClassRef::Project(at, class)].into());
        let mut bases: Vec<ClassRef> = Vec::new();
        for base in &self.project.module(at)[class].bases {
            for value in self.eval(at, *base) {
                let base = match value {
                    Value::Class(home, base) => ClassRef::Project(home, base),
                    Value::External(path) => ClassRef::External(path),
                    _ => continue,
                };
                if !bases.contains(&base) && base != ClassRef::Project(at, class) {
                    bases.push(base);
                }
            }
        }
        let mut orders: Vec<Vec<ClassRef>> = bases
            .iter()
            .map(|base| match *base {
                ClassRef::Project(home, base) => self.mro(home, base).to_vec(),
                ClassRef::External(_) => vec![*base],
            })
            .collect();
        orders.push(bases);
        let mut order = vec![ClassRef::Project(at, class)];
        loop {
            orders.retain(|order| !order.is_empty());
            if orders.is_empty() || order.len() > 512 {
                break;
            }
            let next = orders
                .iter()
                .map(|order| order[0])
                .find(|head| !orders.iter().any(|order| order[1..].contains(head)))
                .unwrap_or(orders[0][0]);
            if !order.contains(&next) {
                order.push(next);
            }
            for order in &mut orders {
                order.retain(|class| *class != next);
            }
        }
        let order: std::sync::Arc<[ClassRef]> = order.into();
        self.depth -= 1;
        self.mros.insert((at, class), std::sync::Arc::clone(&order));
        order
    }

    /// Whether a class has an outside class of that access path above it.
    pub fn inherits(&mut self, at: ModuleId, class: ClassId, path: Symbol) -> bool {
        self.mro(at, class).contains(&ClassRef::External(path))
    }

    /// What a condition is known to come out as.
    pub fn truth(&mut self, at: ModuleId, test: ExprId) -> Option<bool> {
        match self.project.module(at)[test] {
            Expr::Bool(value) => Some(value),
            Expr::None => Some(false),
            Expr::Int(value) => Some(value != 0),
            _ => None,
        }
    }
}

/// Annotations that say nothing of what can be done with a value.
fn is_uninformative(path: &str) -> bool {
    matches!(
        path,
        "typing.Any" | "builtins.object" | "typing.TypeVar()" | "typing.Self"
    )
}

fn is_generic_class(path: &str) -> bool {
    path.starts_with("typing.")
        || path.starts_with("collections.abc.")
        || matches!(
            path,
            "builtins.list"
                | "builtins.dict"
                | "builtins.set"
                | "builtins.tuple"
                | "builtins.type"
                | "builtins.frozenset"
        )
        || path.rsplit('.').next().is_some_and(|last| {
            last.starts_with(char::is_uppercase)
                && !last.contains("()")
                && last.chars().any(char::is_lowercase)
        })
}

pub use crate::constant::Constant;

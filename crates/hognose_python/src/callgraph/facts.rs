//! Stores forwarded to loads: what an attribute or element was given a moment ago is what it holds now.
//!
//! The heap is insensitive to order. In straight-line code of one body this makes up for it: a fact says what is stored
//! under a path from a variable, until something may change it. Branches keep what both sides agree on or merge it, loops
//! start without facts, calls drop what other bodies store to.

use rustc_hash::{FxHashMap, FxHashSet};

use super::object::*;
use super::solver::Solver;
use crate::ir::*;
use crate::project::Project;

/// Facts held at one point; more are dropped from the front.
const MAX_FACTS: usize = 96;

/// A path from a variable, by number.
pub(super) type Place = u32;

/// What is known at a point of a body.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Holder, part, content.
    held: Vec<(Place, Key, NodeId)>,
    /// Length of lists that were made here and only appended to.
    lengths: Vec<(Place, i32)>,
}

/// Places of one body.
#[derive(Debug, Default)]
pub(super) struct Places {
    ids: FxHashMap<(Place, Key), Place>,
    roots: FxHashMap<DefId, Place>,
    parents: Vec<Option<Place>>,
    /// Root of each place is a variable of an outer scope.
    outer: Vec<bool>,
}

impl Places {
    pub fn root(&mut self, def: DefId, outer: bool) -> Place {
        let next = super::solver::to_u32(self.parents.len());
        *self.roots.entry(def).or_insert_with(|| {
            self.parents.push(None);
            self.outer.push(outer);
            next
        })
    }

    pub fn part(&mut self, of: Place, key: Key) -> Place {
        let next = super::solver::to_u32(self.parents.len());
        let outer = self.outer[of as usize];
        *self.ids.entry((of, key)).or_insert_with(|| {
            self.parents.push(Some(of));
            self.outer.push(outer);
            next
        })
    }

    fn is_within(&self, mut place: Place, around: Place) -> bool {
        loop {
            if place == around {
                return true;
            }
            match self.parents[place as usize] {
                Some(parent) => place = parent,
                None => return false,
            }
        }
    }
}

impl Facts {
    pub fn get(&self, of: Place, key: Key) -> Option<NodeId> {
        self.held
            .iter()
            .rev()
            .find(|(place, known, _)| *place == of && *known == key)
            .map(|(_, _, node)| *node)
    }

    pub fn set(&mut self, places: &mut Places, of: Place, key: Key, node: NodeId) {
        // Another path to the same part may be the same object.
        let part = places.part(of, key);
        self.held
            .retain(|(place, known, _)| *known != key && !places.is_within(*place, part));
        if self.held.len() >= MAX_FACTS {
            self.held.remove(0);
        }
        self.held.push((of, key, node));
    }

    /// Sets a part of an object that was made just now: nothing else can be it.
    pub fn set_fresh(&mut self, of: Place, key: Key, node: NodeId) {
        if self.held.len() < MAX_FACTS {
            self.held.push((of, key, node));
        }
    }

    /// Forgets all below a place.
    pub fn forget(&mut self, places: &Places, of: Place) {
        self.held
            .retain(|(place, ..)| !places.is_within(*place, of));
        self.lengths
            .retain(|(place, _)| !places.is_within(*place, of));
    }

    /// Forgets elements below a place: something may have changed the container.
    pub fn forget_elements(&mut self, places: &Places, of: Place) {
        self.held
            .retain(|(place, key, _)| !(key.is_element() && places.is_within(*place, of)));
        self.lengths
            .retain(|(place, _)| !places.is_within(*place, of));
    }

    /// Forgets all elements of all containers.
    pub fn forget_all_elements(&mut self) {
        self.held.retain(|(_, key, _)| !key.is_element());
        self.lengths.clear();
    }

    pub fn clear(&mut self) {
        self.held.clear();
        self.lengths.clear();
    }

    pub fn length(&self, of: Place) -> Option<i32> {
        self.lengths
            .iter()
            .find(|(place, _)| *place == of)
            .map(|(_, length)| *length)
    }

    pub fn set_length(&mut self, of: Place, length: i32) {
        self.lengths.retain(|(place, _)| *place != of);
        if self.lengths.len() < MAX_FACTS {
            self.lengths.push((of, length));
        }
    }

    /// A call ran: what other bodies store to may have changed.
    pub fn after_call(&mut self, keys: &KeyIndex, at: ModuleId, scope: ScopeId, places: &Places) {
        self.held.retain(|(place, key, _)| {
            !places.outer[*place as usize] && !keys.stored_outside(*key, at, scope)
        });
    }

    /// What holds after two branches.
    pub fn join(mut self, other: &Self, solver: &mut Solver<'_>) -> Self {
        self.lengths.retain(|known| other.lengths.contains(known));
        let held = std::mem::take(&mut self.held);
        for (place, key, node) in held {
            let Some(theirs) = other.get(place, key) else {
                continue;
            };
            let node = if theirs == node {
                node
            } else {
                let both = solver.new_node();
                solver.copy(node, both);
                solver.copy(theirs, both);
                both
            };
            self.held.push((place, key, node));
        }
        self
    }
}

/// Where parts are stored to, over the whole project; and which strings are keys at all.
#[derive(Debug, Default)]
pub(super) struct KeyIndex {
    /// The only scope that stores the part; `None` for several.
    stores: FxHashMap<Key, Option<(ModuleId, ScopeId)>>,
    /// Strings that name a key or attribute somewhere.
    strings: FxHashSet<Symbol>,
    /// Definitions at the top of a function's body, outside of branches and loops.
    unconditional: Vec<Vec<bool>>,
}

/// Longest string that is a key.
const MAX_KEY: usize = 48;

impl KeyIndex {
    pub fn new(project: &Project) -> Self {
        let mut index = Self::default();
        for (at, module) in project.iter() {
            let mut add = |key, scope| {
                let place = Some((at, scope));
                index
                    .stores
                    .entry(key)
                    .and_modify(|known| {
                        if *known != place {
                            *known = None
                        }
                    })
                    .or_insert(place);
            };
            for store in &module.attribute_stores {
                add(Key::Attr(store.attr), store.scope);
            }
            for store in &module.item_stores {
                if let Some(key) = literal_key(module, store.index) {
                    add(key, store.scope);
                }
            }
            for (_, expr) in module.exprs() {
                match *expr {
                    Expr::Dict(items) => {
                        for key in module.dict(items).iter().filter_map(|(key, _)| *key) {
                            index.string(module, key.get());
                        }
                    }
                    Expr::Subscript { index: key, .. } => index.string(module, key),
                    Expr::Call { func, args } => match (module[func], module.args(args)) {
                        (Expr::Name { .. }, [_, name, ..]) => index.string(module, name.value),
                        (Expr::Attribute { .. }, [name, ..]) => index.string(module, name.value),
                        (Expr::Name { .. }, [name]) => index.string(module, name.value),
                        _ => {}
                    },
                    Expr::ListOf(items) | Expr::Tuple(items) => {
                        for item in module.list(items).iter().take(64) {
                            index.string(module, *item);
                        }
                    }
                    _ => {}
                }
            }
            let mut unconditional = vec![false; module.defs.len()];
            for function in &module.functions {
                for param in &function.params {
                    unconditional[param.def.index()] = true;
                }
                for stmt in module.block(function.body) {
                    match module[*stmt] {
                        Stmt::Assign { binds, .. } => {
                            for bind in module.binds(binds) {
                                if let Target::Name(def) = bind.target {
                                    unconditional[def.index()] = true;
                                }
                            }
                        }
                        Stmt::Function { def, .. } | Stmt::Class { def, .. } => {
                            unconditional[def.index()] = true
                        }
                        _ => {}
                    }
                }
            }
            index.unconditional.push(unconditional);
        }
        index
    }

    fn string(&mut self, module: &Module, expr: ExprId) {
        if let Expr::Str(text) = module[expr] {
            let text = module.str(text);
            if text.len() <= MAX_KEY && !text.contains(' ') {
                self.strings.insert(Symbol::from(text));
            }
        }
    }

    /// Whether a string is worth following as a value.
    pub fn key_string(&self, text: &str) -> Option<Symbol> {
        if text.len() > MAX_KEY || text.contains(' ') {
            return None;
        }
        let symbol = Symbol::from(text);
        self.strings.contains(&symbol).then_some(symbol)
    }

    fn stored_outside(&self, key: Key, at: ModuleId, scope: ScopeId) -> bool {
        match self.stores.get(&key) {
            None => false,
            Some(place) => *place != Some((at, scope)),
        }
    }

    /// Whether any statement of the project stores to an attribute of that name.
    pub fn is_stored(&self, attr: Symbol) -> bool {
        self.stores.contains_key(&Key::Attr(attr))
    }

    pub fn is_unconditional(&self, at: ModuleId, def: DefId) -> bool {
        self.unconditional[at.index()][def.index()]
    }
}

/// The key that an expression is for certain, following single definitions.
pub(super) fn literal_key(module: &Module, mut expr: ExprId) -> Option<Key> {
    for _ in 0..8 {
        return Some(match module[expr] {
            Expr::Str(text) if module.str(text).len() <= MAX_KEY => {
                Key::Str(Symbol::from(module.str(text)))
            }
            Expr::Int(number) => Key::Int(i32::try_from(number).ok()?),
            Expr::Bool(value) => Key::Int(i32::from(value)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole numbers of small size only"
            )]
            Expr::Float(number) if number.fract() == 0.0 && number.abs() < 1e6 => {
                Key::Int(number as i32)
            }
            Expr::Unary {
                op: UnaryOp::USub,
                operand,
            } => match module[operand] {
                Expr::Int(number) => Key::Int(i32::try_from(number).ok()?.checked_neg()?),
                _ => return None,
            },
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Value(value) => {
                    expr = value;
                    continue;
                }
                _ => return None,
            },
            _ => return None,
        });
    }
    None
}

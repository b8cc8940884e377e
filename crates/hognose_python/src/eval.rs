//! What an expression may be: functions and classes of the project, access paths outside of it, literals.
//!
//! Evaluation is on demand and bounded: a rule asks for the callee of a call and the values of a few arguments, and only
//! what they depend on is looked at. Variables follow their definitions (flow-sensitive inside a scope), names follow
//! imports through the whole project, attributes follow classes and their bases, calls follow return values.
//!
//! What lies outside of the project keeps the name the user's code gives it, its *access path*: `flask.request.args.get()`
//! is known by that name although Flask is not installed. `()` is what a call returns, or an instance; `[]` is an item.

mod annotation;
mod attribute;
mod call;
mod class;
mod import;
mod item;
mod name;
mod path;
mod value;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ir::*;
use crate::project::Project;
use value::{add, add_all, only, unknown};

pub use class::ClassRef;
pub use path::Aliases;
pub use value::{Unresolved, Value, Values};

/// Calls, attributes and definitions followed in one question. Real chains are shorter than ten.
const MAX_DEPTH: u32 = 48;

/// Expressions looked at for one question. Around loops nothing can be remembered, so work could multiply; ordinary
/// questions take fewer than fifty.
const MAX_STEPS: u32 = 4_000;

/// Answers questions about values. Holds memories of one task; make one per thread or module.
pub struct Evaluator<'p> {
    project: &'p Project,
    aliases: &'p Aliases,
    memo: FxHashMap<(ModuleId, ExprId), Values>,
    open: Vec<(ModuleId, u32, bool)>,
    imports: FxHashMap<(ModuleId, DefId), Values>,
    exports: FxHashMap<(ModuleId, Symbol), Values>,
    item_stores: FxHashMap<ModuleId, Arc<FxHashMap<ExprId, Vec<u32>>>>,
    attributes: FxHashMap<(Symbol, Symbol), Symbol>,
    calls: FxHashMap<Symbol, Symbol>,
    items: FxHashMap<Symbol, Symbol>,
    mros: FxHashMap<(ModuleId, ClassId), Arc<[ClassRef]>>,
    stores: FxHashMap<ModuleId, Arc<FxHashMap<Symbol, Vec<u32>>>>,
    depth: u32,
    /// Steps left for the question at hand.
    fuel: u32,
    /// Set when a bound was hit while answering, so that partial answers are not remembered.
    cut: bool,
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
            return unknown(Unresolved::Depth);
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
                            add_all(&mut values, if known { entered } else { only(manager) });
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
            Expr::Lambda(function) => only(Value::Function(at, function)),
            Expr::Opaque => unknown(Unresolved::Opaque),
            Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Part(_) | Expr::Rest { .. } => {
                unknown(Unresolved::Computed)
            }
            _ => only(Value::Expr(at, expr)),
        }
    }

    /// Answers remembered.
    pub fn memories(&self) -> usize {
        self.memo.len()
    }

    /// What a condition is known to come out as.
    pub fn truth(&self, at: ModuleId, test: ExprId) -> Option<bool> {
        match self.project.module(at)[test] {
            Expr::Bool(value) => Some(value),
            Expr::None => Some(false),
            Expr::Int(value) => Some(value != 0),
            _ => None,
        }
    }
}

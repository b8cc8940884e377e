//! Classes in their order: which one is asked for a member first.

use std::sync::Arc;

use super::{Evaluator, MAX_DEPTH, Value};
use crate::ir::*;

/// One class in a method resolution order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClassRef {
    /// A class of the project.
    Project(ModuleId, ClassId),
    /// A class outside, by access path.
    External(Symbol),
}

/// Classes kept of one method resolution order: each more is looked for in all the orders of the bases.
const MAX_ORDER: usize = 512;

impl Evaluator<'_> {
    /// The method resolution order (C3, as Python computes it), the class itself first. Where the bases contradict each
    /// other the order is depth first, without doubles.
    pub fn mro(&mut self, at: ModuleId, class: ClassId) -> Arc<[ClassRef]> {
        if let Some(known) = self.mros.get(&(at, class)) {
            return Arc::clone(known);
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
            if orders.is_empty() || order.len() > MAX_ORDER {
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
        let order: Arc<[ClassRef]> = order.into();
        self.depth -= 1;
        self.mros.insert((at, class), Arc::clone(&order));
        order
    }

    /// Whether a class has an outside class of that access path above it.
    pub fn inherits(&mut self, at: ModuleId, class: ClassId, path: Symbol) -> bool {
        self.mro(at, class).contains(&ClassRef::External(path))
    }
}

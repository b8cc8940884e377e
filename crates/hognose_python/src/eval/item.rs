//! Items of containers, and what iterating over them gives.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::value::{add, add_all, only, unknown};
use super::{Evaluator, Unresolved, Value, Values};
use crate::constant::Constant;
use crate::ir::*;

impl Evaluator<'_> {
    /// The item of a container at an index expression of a module.
    pub(super) fn item(&mut self, container: Value, at: ModuleId, index: ExprId) -> Values {
        match container {
            Value::External(path) => {
                // `List[int]`, `dict[str, X]`: a generic class stays the class.
                if is_generic_class(path.as_str()) {
                    return only(container);
                }
                only(Value::External(self.path_of_item(path)))
            }
            Value::Class(..) => only(container),
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
                        unknown(Unresolved::Item)
                    }
                    Expr::Tuple(_) | Expr::ListOf(_) => match self.constant(at, index) {
                        Some(Constant::Int(index)) => self.element(container, index),
                        _ => self.iterate(container),
                    },
                    _ => unknown(Unresolved::Item),
                }
            }
            Value::Instance(..) => {
                let method = self.attribute(&[container], Symbol::from("__getitem__"));
                method
                    .into_iter()
                    .flat_map(|method| self.result(method))
                    .collect()
            }
            _ => unknown(Unresolved::Item),
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
            Some(index) => Arc::clone(index),
            None => {
                self.item_stores.insert(at, Arc::default());
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
                let index = Arc::new(index);
                self.item_stores.insert(at, Arc::clone(&index));
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

    /// The element of a container at a position.
    pub(super) fn element(&mut self, container: Value, index: i64) -> Values {
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
                unknown(Unresolved::Item)
            }
            Value::External(path) => only(Value::External(self.path_of_item(path))),
            _ => unknown(Unresolved::Item),
        }
    }

    /// What iterating over a container gives.
    pub(super) fn iterate(&mut self, container: Value) -> Values {
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
            Value::External(path) => only(Value::External(self.path_of_item(path))),
            _ => unknown(Unresolved::Item),
        }
    }
}

/// Classes of which an item is the class again: `list[int]`, and by their form those of libraries, `Mapped[str]`.
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

//! Assignments to constraints, and what they make known in straight-line code.

use super::constraint::Constraint;
use super::facts::literal_key;
use super::object::*;
use super::solver::Solver;
use super::walk::Walk;
use crate::ir::*;

impl<'p> Solver<'p> {
    /// Stores.
    pub fn binds(&mut self, walk: &mut Walk<'p>, binds: List) {
        for bind in walk.module.binds(binds) {
            let node = self.expr(walk, bind.value);
            match bind.target {
                Target::Name(def) => {
                    self.def_node(walk.ctx, walk.at, def);
                    self.facts_of_display(walk, def, bind.value);
                }
                Target::Attribute { object, attr } => {
                    let holder = self.expr(walk, object);
                    self.store_attribute(walk, object, holder, attr, bind.value, node, bind);
                }
                Target::Item { object, index } => {
                    let holder = self.expr(walk, object);
                    let index_node = self.expr(walk, index);
                    self.store_item(walk, object, holder, index, index_node, node);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one statement")]
    fn store_attribute(
        &mut self,
        walk: &mut Walk<'p>,
        object: ExprId,
        holder: NodeId,
        attr: Symbol,
        value: ExprId,
        node: NodeId,
        bind: &Bind,
    ) {
        let mut substituted = false;
        if let Some(function) = walk.function
            && let Some(0) = self.plain_param(walk, object)
            && walk.module[function].class.is_some()
            && let Some(index) = self.plain_param(walk, value)
            && index != 0
        {
            let facts = &mut self.function_facts[walk.at.index()][function.index()];
            if !facts.stores.contains(&(attr, index)) {
                facts.stores.push((attr, index));
            }
            substituted = true;
        }
        if !substituted {
            let site = self.place(walk, object);
            self.constrain(
                holder,
                Constraint::Store {
                    attr,
                    from: node,
                    site,
                },
            );
        }
        if let Some(annotation) = bind.annotation
            && let Expr::None = walk.module[value]
        {
            let declared = self.annotated(walk.at, annotation.get());
            let site = self.place(walk, object);
            self.constrain(
                holder,
                Constraint::Store {
                    attr,
                    from: declared,
                    site,
                },
            );
        }
        if !self.classes.properties.contains(&attr)
            && let Some(place) = self.place_of(walk, object)
        {
            walk.facts
                .set(&mut walk.places, place, Key::Attr(attr), node);
            self.facts_below(walk, place, Key::Attr(attr), value);
        }
    }

    fn store_item(
        &mut self,
        walk: &mut Walk<'p>,
        object: ExprId,
        holder: NodeId,
        index: ExprId,
        index_node: NodeId,
        node: NodeId,
    ) {
        let site = self.place(walk, object);
        let place = self.place_of(walk, object);
        match literal_key(walk.module, index)
            .filter(|key| !matches!(key, Key::Int(number) if *number < 0))
        {
            Some(key) => {
                self.constrain(
                    holder,
                    Constraint::PutItem {
                        key,
                        from: node,
                        site,
                    },
                );
                if let Some(place) = place {
                    walk.facts.set(&mut walk.places, place, key, node);
                }
            }
            None => {
                if let Some(place) = place {
                    walk.facts.forget_elements(&walk.places, place);
                }
                walk.facts.forget_all_elements();
                if matches!(walk.module[index], Expr::Slice(_)) {
                    self.constrain(
                        holder,
                        Constraint::PutItem {
                            key: Key::Any,
                            from: node,
                            site,
                        },
                    );
                } else {
                    self.constrain(
                        holder,
                        Constraint::PutItemOf {
                            index: index_node,
                            from: node,
                            site,
                        },
                    );
                    self.constrain(
                        index_node,
                        Constraint::PutItemAt {
                            container: holder,
                            from: node,
                            site,
                        },
                    );
                    self.loose_stores.push((holder, index_node, node, site));
                }
            }
        }
    }

    /// The elements of a display that was just bound to a variable.
    fn facts_of_display(&mut self, walk: &mut Walk<'p>, def: DefId, value: ExprId) {
        let module = walk.module;
        if !matches!(
            module[value],
            Expr::Dict(_) | Expr::ListOf(_) | Expr::Tuple(_)
        ) {
            return;
        }
        let place = walk.places.root(def, false);
        match module[value] {
            Expr::Dict(items) if module.dict(items).len() <= 32 => {
                for (key, item) in module.dict(items) {
                    if let Some(key) = key.and_then(|key| literal_key(module, key.get())) {
                        let node = self.expr_node(walk.ctx, walk.at, *item);
                        walk.facts.set_fresh(place, key, node);
                    }
                }
            }
            Expr::ListOf(items) | Expr::Tuple(items) if module.list(items).len() <= 32 => {
                let items = module.list(items);
                if items
                    .iter()
                    .any(|item| matches!(module[*item], Expr::Starred(_)))
                {
                    return;
                }
                for (index, item) in (0i32..).zip(items) {
                    let node = self.expr_node(walk.ctx, walk.at, *item);
                    walk.facts.set_fresh(place, Key::Int(index), node);
                }
                walk.facts
                    .set_length(place, i32::try_from(items.len()).unwrap_or(i32::MAX));
            }
            _ => {}
        }
    }

    fn facts_below(
        &mut self,
        walk: &mut Walk<'p>,
        place: super::facts::Place,
        key: Key,
        value: ExprId,
    ) {
        let module = walk.module;
        let part = walk.places.part(place, key);
        if let Expr::ListOf(items) = module[value]
            && module.list(items).is_empty()
        {
            walk.facts.set_length(part, 0);
        }
    }

    pub fn declare(&mut self, walk: &mut Walk<'p>, bind: &Bind) {
        let Some(annotation) = bind.annotation else {
            return;
        };
        match bind.target {
            Target::Name(def) => {
                if let ScopeKind::Class(class) = walk.module[walk.scope].kind {
                    // What instances are given counts more.
                    let node = self.def_node(walk.ctx, walk.at, def);
                    let class = self.classes.index(walk.at, class);
                    let name = walk.module[walk.scope].slots[walk.module[def].slot.index()].name;
                    self.declared
                        .push((class, name, node, walk.at, annotation.get()));
                    return;
                }
                let node = self.annotated(walk.at, annotation.get());
                self.define(walk.ctx, walk.at, def, node);
            }
            Target::Attribute { object, attr } => {
                let node = self.annotated(walk.at, annotation.get());
                let holder = self.expr(walk, object);
                let site = self.place(walk, object);
                self.constrain(
                    holder,
                    Constraint::Store {
                        attr,
                        from: node,
                        site,
                    },
                );
            }
            Target::Item { .. } => {}
        }
    }

    /// Instances of what an annotation names.
    pub fn annotated(&mut self, at: ModuleId, annotation: ExprId) -> NodeId {
        let values = self.evaluator.instance_of(at, annotation);
        let node = self.new_node();
        for value in values {
            if let Some(object) = self.of_annotation(value) {
                self.add_value(node, object);
            }
        }
        node
    }
}

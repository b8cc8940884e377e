//! Displays, comprehensions and calls to constraints.

use super::constraint::{CallKind, Constraint};
use super::facts::{Place, literal_key};
use super::object::*;
use super::solver::Solver;
use super::walk::Walk;
use crate::ir::*;

/// Container methods that change no element that is there.
const HARMLESS: &[&str] = &[
    "get",
    "items",
    "keys",
    "values",
    "copy",
    "index",
    "count",
    "append",
    "add",
    "setdefault",
];

impl<'p> Solver<'p> {
    /// Whether a display has no starred elements.
    pub fn is_fixed(&self, module: &Module, items: List) -> bool {
        let starred = |item: &ExprId| matches!(module[*item], Expr::Starred(_));
        !module.list(items).iter().any(starred)
    }

    /// A tuple, list or set display.
    pub fn display(
        &mut self,
        walk: &mut Walk<'p>,
        expr: ExprId,
        kind: ContainerKind,
        items: List,
    ) -> NodeId {
        let object = self.obj(Object::Container(kind, walk.at, expr, walk.ctx, 0));
        let mut position = Some(0);
        for item in walk.module.list(items) {
            let node = self.expr(walk, *item);
            if let Expr::Starred(_) = walk.module[*item] {
                self.constrain(
                    node,
                    Constraint::Spill {
                        into: object,
                        shift: position,
                    },
                );
                position = None;
            } else if node != NodeId::NONE {
                let key = position.map_or(Key::Any, Key::Int);
                if !self.is_plain(node) {
                    let field = self.field(object, key);
                    self.copy(node, field);
                }
            }
            position = position.map(|position| position + 1);
        }
        self.constant(object)
    }

    /// Numbers and unremarkable strings: not worth a field.
    fn is_plain(&self, node: NodeId) -> bool {
        self.is_constant(node)
            && self
                .values(node)
                .iter()
                .all(|value| match self.object(*value) {
                    Object::External(path) => path == self.words.a_str || path == self.words.an_int,
                    _ => false,
                })
    }

    pub fn dict_display(&mut self, walk: &mut Walk<'p>, expr: ExprId, items: List) -> NodeId {
        let object = self.obj(Object::Container(
            ContainerKind::Dict,
            walk.at,
            expr,
            walk.ctx,
            0,
        ));
        for (key, value) in walk.module.dict(items) {
            let node = self.expr(walk, *value);
            let Some(key) = key else {
                self.constrain(
                    node,
                    Constraint::Spill {
                        into: object,
                        shift: Some(0),
                    },
                );
                continue;
            };
            let key_node = self.expr(walk, key.get());
            match literal_key(walk.module, key.get()) {
                Some(key) => {
                    let field = self.field(object, key);
                    self.copy(node, field);
                }
                None => {
                    let site = self.place(walk, expr);
                    let holder = self.constant(object);
                    self.constrain(
                        key_node,
                        Constraint::PutItemAt {
                            container: holder,
                            from: node,
                            site,
                        },
                    );
                    let keys = self.field(object, Key::Keys);
                    self.copy(key_node, keys);
                    self.loose_stores.push((holder, key_node, node, site));
                }
            }
        }
        self.constant(object)
    }

    pub fn comprehension(
        &mut self,
        walk: &mut Walk<'p>,
        expr: ExprId,
        id: ComprehensionId,
    ) -> NodeId {
        let module = walk.module;
        let data = &module[id];
        for generator in &data.generators {
            self.expr(walk, generator.iter);
            self.binds(walk, generator.binds);
            for condition in &generator.conditions {
                self.expr(walk, *condition);
            }
        }
        let element = self.expr(walk, data.element);
        let kind = match data.kind {
            ComprehensionKind::Set => ContainerKind::Set,
            ComprehensionKind::Dict => ContainerKind::Dict,
            _ => ContainerKind::List,
        };
        let object = self.obj(Object::Container(kind, walk.at, expr, walk.ctx, 0));
        if let Some(value) = data.value {
            let value = self.expr(walk, value);
            let keys = self.field(object, Key::Keys);
            self.copy(element, keys);
            let site = self.place(walk, expr);
            let holder = self.constant(object);
            self.constrain(
                element,
                Constraint::PutItemAt {
                    container: holder,
                    from: value,
                    site,
                },
            );
            self.loose_stores.push((holder, element, value, site));
            return holder;
        }
        // `[x for x in xs]` keeps the places of the elements.
        if let [only] = data.generators.as_slice()
            && only.conditions.is_empty()
            && data.kind == ComprehensionKind::List
            && let Expr::Name { def, .. } = module[data.element]
            && let DefKind::Value(value) = module[def].kind
            && matches!(module[value], Expr::Iterate { of, .. } if of == only.iter)
        {
            let from = self.expr_node(walk.ctx, walk.at, only.iter);
            self.constrain(
                from,
                Constraint::Spill {
                    into: object,
                    shift: Some(0),
                },
            );
            return self.constant(object);
        }
        let field = self.field(object, Key::Any);
        self.copy(element, field);
        self.constant(object)
    }

    pub fn call(&mut self, walk: &mut Walk<'p>, expr: ExprId, func: ExprId, args: List) {
        let module = walk.module;
        let func_node = self.expr(walk, func);
        let mut passed: smallvec::SmallVec<[(ArgKind, NodeId); 6]> = smallvec::SmallVec::new();
        for arg in module.args(args) {
            let node = self.expr(walk, arg.value);
            passed.push((arg.kind, node));
        }
        let result = self.own(walk, expr);
        let site = self.place(walk, expr);
        if self.append(walk, func, args, site) {
            // The list's length is known: the element goes to its place, and the method does no more.
            let call = self.add_call(site, func_node, &[], result, CallKind::Written);
            let _ = call;
        } else {
            self.add_call(site, func_node, &passed, result, CallKind::Written);
        }
        if let Expr::Name { slot, .. } = module[func]
            && args.is_empty()
            && module[walk.scope].slots[slot.index()].name.as_str() == "super"
        {
            self.super_call(walk, result);
        }
        // What the call may have changed.
        if let Expr::Attribute { value, attr } = module[func]
            && let Some(place) = self.place_of(walk, value)
            && !HARMLESS.contains(&attr.as_str())
        {
            walk.facts.forget_elements(&walk.places, place);
        }
        for arg in module.args(args) {
            if let Some(place) = self.place_of(walk, arg.value) {
                walk.facts.forget_elements(&walk.places, place);
            }
        }
        walk.facts
            .after_call(&self.keys, walk.at, walk.scope, &walk.places);
    }

    /// `xs.append(x)` on a list whose length is known.
    fn append(&mut self, walk: &mut Walk<'p>, func: ExprId, args: List, site: SiteId) -> bool {
        let module = walk.module;
        let Expr::Attribute { value, attr } = module[func] else {
            return false;
        };
        let [arg] = module.args(args) else {
            return false;
        };
        if attr.as_str() != "append" || arg.kind != ArgKind::Positional {
            return false;
        }
        let Some(place) = self.place_of(walk, value) else {
            return false;
        };
        let Some(length) = walk.facts.length(place) else {
            return false;
        };
        let holder = self.expr(walk, value);
        let node = self.expr(walk, arg.value);
        self.constrain(
            holder,
            Constraint::PutItem {
                key: Key::Int(length),
                from: node,
                site,
            },
        );
        walk.facts.set_fresh(place, Key::Int(length), node);
        walk.facts.set_length(place, length + 1);
        true
    }

    /// `super()` without arguments: the receiver of the method around.
    fn super_call(&mut self, walk: &Walk<'p>, result: NodeId) {
        let module = walk.module;
        let mut scope = Some(walk.scope);
        let mut ctx = walk.ctx;
        while let Some(at) = scope {
            if let ScopeKind::Function(function) = module[at].kind
                && let Some(class) = module[function].class
            {
                if !module[function].params.is_empty() {
                    let receiver = self.param_node(walk.at, function, ctx, 0);
                    let class = self.classes.index(walk.at, class);
                    self.constrain(receiver, Constraint::Super { class, to: result });
                }
                return;
            }
            ctx = self.context_around(ctx, walk.at, at);
            scope = module[at].parent;
        }
    }

    /// The path from a variable that an expression is.
    pub fn place_of(&mut self, walk: &mut Walk<'p>, expr: ExprId) -> Option<Place> {
        let module = walk.module;
        match module[expr] {
            Expr::Name { mut def, .. } => {
                for _ in 0..8 {
                    let DefKind::Value(value) = module[def].kind else {
                        break;
                    };
                    match module[value] {
                        Expr::Name { def: inner, .. } => def = inner,
                        _ => break,
                    }
                }
                Some(
                    walk.places
                        .root(def, matches!(module[def].kind, DefKind::Entry)),
                )
            }
            Expr::Attribute { value, attr } => {
                let of = self.place_of(walk, value)?;
                Some(walk.places.part(of, Key::Attr(attr)))
            }
            Expr::Subscript { value, index } => {
                let of = self.place_of(walk, value)?;
                let key = literal_key(module, index)?;
                Some(walk.places.part(of, key))
            }
            _ => None,
        }
    }
}

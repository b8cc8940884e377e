//! Expressions to constraints.

use super::constraint::Constraint;
use super::facts::literal_key;
use super::names::WALKED;
use super::object::*;
use super::solver::Solver;
use super::walk::Walk;
use crate::ir::*;

/// Integers followed as values.
const SMALL_INT: i64 = 64;

impl<'p> Solver<'p> {
    /// Makes the constraints of an expression, once, and gives its node.
    pub fn expr(&mut self, walk: &mut Walk<'p>, expr: ExprId) -> NodeId {
        let entry = self.expr_entry(walk.ctx, walk.at, expr);
        if entry & WALKED != 0 {
            return self.expr_node(walk.ctx, walk.at, expr);
        }
        self.set_expr_entry(walk.ctx, walk.at, expr, entry | WALKED);
        match self.expr_inner(walk, expr) {
            Some(node) => self.set_expr(walk.ctx, walk.at, expr, node),
            None => self.expr_node(walk.ctx, walk.at, expr),
        }
    }

    pub fn own(&mut self, walk: &Walk<'p>, expr: ExprId) -> NodeId {
        self.expr_node(walk.ctx, walk.at, expr)
    }

    fn all(&mut self, walk: &mut Walk<'p>, list: List) {
        for item in walk.module.list(list) {
            self.expr(walk, *item);
        }
    }

    fn path(&mut self, path: &'static str) -> Option<NodeId> {
        Some(self.external(path))
    }

    /// The node to use, or `None` when the expression has one of its own.
    fn expr_inner(&mut self, walk: &mut Walk<'p>, expr: ExprId) -> Option<NodeId> {
        let module = walk.module;
        match module[expr] {
            Expr::Name { def, .. } => Some(self.def_node(walk.ctx, walk.at, def)),
            Expr::None | Expr::Ellipsis | Expr::Opaque => None,
            Expr::Bool(value) => Some(self.constant_of(Object::Int(i32::from(value)))),
            Expr::Int(number) if number.abs() <= SMALL_INT => {
                Some(self.constant_of(Object::Int(i32::try_from(number).unwrap_or(0))))
            }
            Expr::Int(_) | Expr::OtherNumber => self.path("builtins.int()"),
            Expr::Float(_) => self.path("builtins.float()"),
            Expr::Str(text) => match self.keys.key_string(module.str(text)) {
                Some(text) => Some(self.constant_of(Object::Str(text))),
                None => self.path("builtins.str()"),
            },
            Expr::Bytes(_) => self.path("builtins.bytes()"),
            Expr::FString(parts) | Expr::TString(parts) => {
                self.all(walk, parts);
                self.path("builtins.str()")
            }
            Expr::Formatted {
                value,
                spec,
                conversion,
            } => {
                let node = self.expr(walk, value);
                if let Some(spec) = spec {
                    self.expr(walk, spec.get());
                }
                let method = if matches!(conversion, Conversion::Repr | Conversion::Ascii) {
                    "__repr__"
                } else {
                    "__str__"
                };
                self.run_method(walk, expr, node, method, NodeId::NONE);
                None
            }
            Expr::Attribute { value, attr } => {
                let object = self.expr(walk, value);
                if let Some(place) = self.place_of(walk, value)
                    && let Some(node) = walk.facts.get(place, Key::Attr(attr))
                {
                    return Some(node);
                }
                let to = self.own(walk, expr);
                let site = self.place(walk, expr);
                self.load_from(object, attr, to, site);
                None
            }
            Expr::Subscript { value, index } => self.subscript(walk, expr, value, index),
            Expr::Slice(parts) => {
                for part in module.opt(parts).iter().flatten() {
                    self.expr(walk, part.get());
                }
                None
            }
            Expr::Call { func, args } => {
                self.call(walk, expr, func, args);
                None
            }
            Expr::Binary { op, left, right } => {
                let (left, right) = (self.expr(walk, left), self.expr(walk, right));
                self.operator(walk, expr, op, left, right, false);
                None
            }
            Expr::InPlace {
                op,
                left: target,
                right,
            } => {
                let (left, right) = (self.expr(walk, target), self.expr(walk, right));
                self.operator(walk, expr, op, left, right, true);
                if let Some(place) = self.place_of(walk, target) {
                    walk.facts.forget_elements(&walk.places, place);
                }
                None
            }
            Expr::Unary { op, operand } => {
                let node = self.expr(walk, operand);
                match op {
                    UnaryOp::Not => self.path("builtins.bool()"),
                    op => {
                        if let Some(Key::Int(number)) = literal_key(module, expr) {
                            return Some(self.constant_of(Object::Int(number)));
                        }
                        let name = match op {
                            UnaryOp::USub => "__neg__",
                            UnaryOp::UAdd => "__pos__",
                            _ => "__invert__",
                        };
                        let to = self.own(walk, expr);
                        let site = self.place(walk, expr);
                        self.constrain(
                            node,
                            Constraint::Implicit {
                                name: Symbol::from(name),
                                arg: NodeId::NONE,
                                to,
                                site,
                            },
                        );
                        None
                    }
                }
            }
            Expr::Logic { op, values } => {
                self.all(walk, values);
                let values = module.list(values);
                // What `and` gives before its last operand is false: `None`, an empty container. Nothing to call.
                let first = if op == BoolOp::And {
                    values.len().saturating_sub(1)
                } else {
                    0
                };
                let to = self.own(walk, expr);
                for value in &values[first..] {
                    let node = self.expr_node(walk.ctx, walk.at, *value);
                    self.copy(node, to);
                }
                None
            }
            Expr::Compare { op, left, right } => {
                let (left_node, right_node) = (self.expr(walk, left), self.expr(walk, right));
                let (name, object, arg) = match op {
                    CmpOp::Eq => ("__eq__", left_node, right_node),
                    CmpOp::NotEq => ("__ne__", left_node, right_node),
                    CmpOp::Lt => ("__lt__", left_node, right_node),
                    CmpOp::LtE => ("__le__", left_node, right_node),
                    CmpOp::Gt => ("__gt__", left_node, right_node),
                    CmpOp::GtE => ("__ge__", left_node, right_node),
                    CmpOp::In | CmpOp::NotIn => ("__contains__", right_node, left_node),
                    CmpOp::Is | CmpOp::IsNot => return self.path("builtins.bool()"),
                };
                self.run_method(walk, expr, object, name, arg);
                self.path("builtins.bool()")
            }
            Expr::Conditional { test, body, orelse } => {
                self.expr(walk, test);
                let (body, orelse) = (self.expr(walk, body), self.expr(walk, orelse));
                let known = match module[test] {
                    Expr::Bool(value) => Some(value),
                    _ => None,
                };
                let to = self.own(walk, expr);
                if known != Some(false) {
                    self.copy(body, to);
                }
                if known != Some(true) {
                    self.copy(orelse, to);
                }
                None
            }
            Expr::Tuple(items) => Some(self.display(walk, expr, ContainerKind::Tuple, items)),
            Expr::ListOf(items) => Some(self.display(walk, expr, ContainerKind::List, items)),
            Expr::SetOf(items) => Some(self.display(walk, expr, ContainerKind::Set, items)),
            Expr::Dict(items) => Some(self.dict_display(walk, expr, items)),
            Expr::Starred(value) => Some(self.expr(walk, value)),
            Expr::Lambda(function) => {
                for param in &module[function].params {
                    if let Some(default) = param.default {
                        self.expr(walk, default);
                    }
                }
                self.bodies.push_back((walk.at, function, walk.ctx));
                Some(self.constant_of(Object::Function(walk.at, function, walk.ctx)))
            }
            Expr::Comprehension(id) => Some(self.comprehension(walk, expr, id)),
            Expr::Await(value) => {
                let node = self.expr(walk, value);
                let to = self.own(walk, expr);
                let site = self.place(walk, expr);
                self.constrain(node, Constraint::Await { to, site });
                None
            }
            Expr::Yield(value) => {
                if let (Some(value), Some(function)) = (value, walk.function) {
                    let node = self.expr(walk, value.get());
                    let nodes = self.function_nodes(walk.at, function, walk.ctx);
                    self.copy(node, nodes.yields);
                }
                None
            }
            Expr::YieldFrom(value) => {
                let node = self.expr(walk, value);
                if let Some(function) = walk.function {
                    let nodes = self.function_nodes(walk.at, function, walk.ctx);
                    let site = self.place(walk, expr);
                    self.constrain(
                        node,
                        Constraint::Iterate {
                            to: nodes.yields,
                            site,
                        },
                    );
                }
                let to = self.own(walk, expr);
                let site = self.place(walk, expr);
                self.constrain(node, Constraint::Await { to, site });
                None
            }
            Expr::Named { value, .. } => Some(self.expr(walk, value)),
            Expr::Element { of, index } => {
                let index = match module[of] {
                    // From the end of a display that stands right here.
                    Expr::Tuple(items) | Expr::ListOf(items)
                        if index < 0 && self.is_fixed(walk.module, items) =>
                    {
                        index.saturating_add(i32::try_from(items.len).unwrap_or(i32::MAX))
                    }
                    _ => index,
                };
                let node = self.expr(walk, of);
                let to = self.own(walk, expr);
                let site = self.place(walk, expr);
                self.constrain(
                    node,
                    Constraint::Item {
                        key: Key::Int(index),
                        to,
                        site,
                    },
                );
                None
            }
            Expr::Rest { of, before, after } => {
                let node = self.expr(walk, of);
                let into = self.obj(Object::Container(
                    ContainerKind::List,
                    walk.at,
                    expr,
                    walk.ctx,
                    0,
                ));
                let to = match module[of] {
                    Expr::Tuple(items) | Expr::ListOf(items) => {
                        i32::try_from(items.len).unwrap_or(i32::MAX) - i32::from(after)
                    }
                    _ => i32::MAX,
                };
                self.constrain(
                    node,
                    Constraint::SliceInto {
                        into,
                        from: i32::from(before),
                        to,
                        result: NodeId::NONE,
                    },
                );
                Some(self.constant(into))
            }
            Expr::Iterate { of, .. } => {
                let node = self.expr(walk, of);
                let to = self.own(walk, expr);
                let site = self.place(walk, of);
                self.constrain(node, Constraint::Iterate { to, site });
                None
            }
            Expr::Enter { of, .. } => {
                let node = self.expr(walk, of);
                let to = self.own(walk, expr);
                let site = self.place(walk, of);
                self.constrain(node, Constraint::Enter { to, site });
                None
            }
            Expr::Caught(types) => {
                let to = self.own(walk, expr);
                let types = match module[types] {
                    Expr::Tuple(list) => module.list(list).to_vec(),
                    _ => vec![types],
                };
                for class in types {
                    let node = self.expr(walk, class);
                    self.constrain(node, Constraint::Caught { to });
                }
                None
            }
            Expr::Part(of) => {
                self.expr(walk, of);
                None
            }
        }
    }

    fn operator(
        &mut self,
        walk: &Walk<'p>,
        expr: ExprId,
        op: Operator,
        left: NodeId,
        right: NodeId,
        in_place: bool,
    ) {
        let to = self.own(walk, expr);
        let site = self.place(walk, expr);
        let code = super::implicit::operator_code(op, in_place);
        self.constrain(
            left,
            Constraint::Binary {
                op: code,
                right,
                to,
                site,
            },
        );
        if super::implicit::has_right_methods(op)
            && self
                .classes
                .methods
                .contains_key(&Symbol::from(super::implicit::right_method(op)))
        {
            self.constrain(right, Constraint::BinaryRight { op: code, to, site });
        }
    }

    fn subscript(
        &mut self,
        walk: &mut Walk<'p>,
        expr: ExprId,
        value: ExprId,
        index: ExprId,
    ) -> Option<NodeId> {
        let module = walk.module;
        let container = self.expr(walk, value);
        let index_node = self.expr(walk, index);
        let to = if let Some(key) = literal_key(module, index) {
            if let Some(place) = self.place_of(walk, value) {
                let key = match (key, walk.facts.length(place)) {
                    (Key::Int(number), Some(length)) if number < 0 => Key::Int(number + length),
                    _ => key,
                };
                if let Some(node) = walk.facts.get(place, key) {
                    return Some(node);
                }
            }
            let to = self.own(walk, expr);
            let site = self.place(walk, expr);
            self.constrain(container, Constraint::Item { key, to, site });
            to
        } else if let Expr::Slice(parts) = module[index] {
            let bounds: Vec<Option<i32>> = module
                .opt(parts)
                .iter()
                .map(
                    |part| match part.map(|part| literal_key(module, part.get())) {
                        None => Some(i32::MAX),
                        Some(Some(Key::Int(number))) if number >= 0 => Some(number),
                        _ => None,
                    },
                )
                .collect();
            let into = self.obj(Object::Container(
                ContainerKind::List,
                walk.at,
                expr,
                walk.ctx,
                0,
            ));
            let (from, end) = match bounds.as_slice() {
                [Some(i32::MAX), Some(to), Some(i32::MAX)] => (0, *to),
                [Some(from), Some(to), Some(i32::MAX)] => (*from, *to),
                _ => (-1, i32::MAX),
            };
            let to = self.own(walk, expr);
            self.constrain(
                container,
                Constraint::SliceInto {
                    into,
                    from,
                    to: end,
                    result: to,
                },
            );
            to
        } else {
            let to = self.own(walk, expr);
            let site = self.place(walk, expr);
            self.constrain(
                container,
                Constraint::ItemOf {
                    index: index_node,
                    to,
                    site,
                },
            );
            self.constrain(
                index_node,
                Constraint::ItemAt {
                    container,
                    to,
                    site,
                },
            );
            self.loose_loads.push((container, index_node, to, site));
            to
        };
        Some(to)
    }
}

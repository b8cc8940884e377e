//! Assignments, and targets of any form.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::Lowering;
use crate::ir::*;

impl Lowering {
    pub(super) fn assign(&mut self, value: ExprId, binds: Vec<Bind>, range: TextRange) {
        let binds = Self::push_list(&mut self.module.bind_pool, binds);
        self.emit(Stmt::Assign { value, binds }, range);
    }

    pub(super) fn ann_assign(&mut self, node: &ast::StmtAnnAssign) {
        let annotation = self.expr(&node.annotation);
        let mut binds = Vec::with_capacity(1);
        if let Some(value) = node.value.as_deref() {
            let value = self.expr(value);
            self.target(&node.target, value, Some(annotation), &mut binds);
            self.assign(value, binds, node.range);
            return;
        }
        let target = match &*node.target {
            ast::Expr::Name(name) => {
                let symbol = self.intern(&name.id);
                Target::Name(self.bind(symbol, DefKind::Declared, name.range, Some(annotation)))
            }
            ast::Expr::Attribute(attribute) => {
                let object = self.expr(&attribute.value);
                let attr = self.intern(&attribute.attr.id);
                Target::Attribute { object, attr }
            }
            other => {
                self.expr(other);
                return self.emit(Stmt::Pass, node.range);
            }
        };
        binds.push(Bind {
            target,
            value: annotation,
            annotation: Some(NonMaxExpr::new(annotation)),
            range: node.target.range(),
        });
        let binds = Self::push_list(&mut self.module.bind_pool, binds);
        self.emit(Stmt::Declare { binds }, node.range);
    }

    /// Stores `value` to a target of any form, appending one bind per leaf.
    pub(super) fn target(
        &mut self,
        target: &ast::Expr,
        value: ExprId,
        annotation: Option<ExprId>,
        binds: &mut Vec<Bind>,
    ) {
        self.deeper(target.range(), |lowering| {
            lowering.target_inner(target, value, annotation, binds);
        });
    }

    fn target_inner(
        &mut self,
        target: &ast::Expr,
        value: ExprId,
        annotation: Option<ExprId>,
        binds: &mut Vec<Bind>,
    ) {
        let range = target.range();
        let scope = self.scope_id();
        let note = annotation.map(NonMaxExpr::new);
        match target {
            ast::Expr::Name(name) => {
                let symbol = self.intern(&name.id);
                let def = self.bind(symbol, DefKind::Value(value), range, annotation);
                binds.push(Bind {
                    target: Target::Name(def),
                    value,
                    annotation: note,
                    range,
                });
            }
            ast::Expr::Attribute(node) => {
                let object = self.expr(&node.value);
                let attr = self.intern(&node.attr.id);
                self.module.attribute_stores.push(AttributeStore {
                    attr,
                    object,
                    value,
                    annotation: note,
                    scope,
                    range,
                });
                binds.push(Bind {
                    target: Target::Attribute { object, attr },
                    value,
                    annotation: note,
                    range,
                });
            }
            ast::Expr::Subscript(node) => {
                let object = self.expr(&node.value);
                let index = self.expr(&node.slice);
                self.module.item_stores.push(ItemStore {
                    object,
                    index,
                    value,
                    scope,
                    range,
                });
                binds.push(Bind {
                    target: Target::Item { object, index },
                    value,
                    annotation: note,
                    range,
                });
            }
            ast::Expr::Starred(node) => self.target(&node.value, value, annotation, binds),
            ast::Expr::Tuple(ast::ExprTuple { elts, .. })
            | ast::Expr::List(ast::ExprList { elts, .. }) => {
                let star = elts.iter().position(ast::Expr::is_starred_expr);
                for (index, element) in elts.iter().enumerate() {
                    let after = elts.len() - index - 1;
                    let part = match star {
                        Some(star) if star == index => {
                            let before = u16::try_from(index).unwrap_or(u16::MAX);
                            Expr::Rest {
                                of: value,
                                before,
                                after: u16::try_from(after).unwrap_or(u16::MAX),
                            }
                        }
                        Some(star) if index > star => Expr::Element {
                            of: value,
                            index: -1 - i32::try_from(after).unwrap_or(0),
                        },
                        _ => Expr::Element {
                            of: value,
                            index: i32::try_from(index).unwrap_or(i32::MAX),
                        },
                    };
                    let part = self.push_expr(part, element.range());
                    self.target(element, part, None, binds);
                }
            }
            other => {
                self.expr(other);
            }
        }
    }
}

//! Statements.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::Lowering;
use crate::ir::*;

impl Lowering {
    pub(super) fn stmt(&mut self, stmt: &ast::Stmt) {
        self.deeper(stmt.range(), |lowering| lowering.stmt_inner(stmt));
    }

    /// Adds a statement to the block at hand.
    pub(super) fn emit(&mut self, stmt: Stmt, range: TextRange) {
        let id = self.push_stmt(stmt, range);
        self.scratch.push(id);
    }

    fn stmt_inner(&mut self, stmt: &ast::Stmt) {
        let range = stmt.range();
        match stmt {
            ast::Stmt::Expr(node) => {
                let value = self.expr(&node.value);
                self.emit(Stmt::Expr(value), range);
            }
            ast::Stmt::Assign(node) => {
                let value = self.expr(&node.value);
                let mut binds = Vec::with_capacity(node.targets.len());
                for target in &node.targets {
                    self.target(target, value, None, &mut binds);
                }
                self.assign(value, binds, range);
            }
            ast::Stmt::AnnAssign(node) => self.ann_assign(node),
            ast::Stmt::AugAssign(node) => {
                let left = self.expr(&node.target);
                let right = self.expr(&node.value);
                let value = self.push_expr(
                    Expr::InPlace {
                        op: node.op,
                        left,
                        right,
                    },
                    range,
                );
                let mut binds = Vec::with_capacity(1);
                self.target(&node.target, value, None, &mut binds);
                self.assign(value, binds, range);
            }
            ast::Stmt::Return(node) => {
                let value = node.value.as_deref().map(|value| self.expr(value));
                if self.state().reachable
                    && let (Some(value), Some(function)) = (value, self.state().function)
                {
                    self.module.functions[function.index()]
                        .return_values
                        .push(value);
                }
                self.emit(Stmt::Return(value.map(NonMaxExpr::new)), range);
                self.state().reachable = false;
            }
            ast::Stmt::Raise(node) => {
                let exception = node
                    .exc
                    .as_deref()
                    .map(|value| NonMaxExpr::new(self.expr(value)));
                let cause = node
                    .cause
                    .as_deref()
                    .map(|value| NonMaxExpr::new(self.expr(value)));
                self.emit(Stmt::Raise { exception, cause }, range);
                self.state().reachable = false;
            }
            ast::Stmt::If(node) => self.if_stmt(node),
            ast::Stmt::While(node) => self.while_stmt(node),
            ast::Stmt::For(node) => self.for_stmt(node),
            ast::Stmt::With(node) => self.with_stmt(&node.items, node.is_async, &node.body, range),
            ast::Stmt::Try(node) => self.try_stmt(node),
            ast::Stmt::Match(node) => self.match_stmt(node),
            ast::Stmt::FunctionDef(node) => self.function_stmt(node),
            ast::Stmt::ClassDef(node) => self.class_stmt(node),
            ast::Stmt::Import(node) => self.import(node),
            ast::Stmt::ImportFrom(node) => self.import_from(node),
            ast::Stmt::Global(node) => self.declare(&node.names, Declared::Global, range),
            ast::Stmt::Nonlocal(node) => self.declare(&node.names, Declared::Nonlocal, range),
            ast::Stmt::Delete(node) => {
                let values: Vec<ExprId> = node
                    .targets
                    .iter()
                    .map(|target| self.expr(target))
                    .collect();
                for target in &node.targets {
                    if let ast::Expr::Name(name) = target {
                        let symbol = self.intern(&name.id);
                        self.bind(symbol, DefKind::Deleted, name.range, None);
                    }
                }
                let values = self.expr_list(values);
                self.emit(Stmt::Delete(values), range);
            }
            ast::Stmt::Assert(node) => {
                let test = self.expr(&node.test);
                let message = node
                    .msg
                    .as_deref()
                    .map(|value| NonMaxExpr::new(self.expr(value)));
                self.emit(Stmt::Assert { test, message }, range);
            }
            ast::Stmt::Break(_) => {
                self.leave_loop(true);
                self.emit(Stmt::Break, range);
            }
            ast::Stmt::Continue(_) => {
                self.leave_loop(false);
                self.emit(Stmt::Continue, range);
            }
            ast::Stmt::TypeAlias(node) => {
                let value = self.expr(&node.value);
                if let ast::Expr::Name(name) = &*node.name {
                    let symbol = self.intern(&name.id);
                    self.bind(symbol, DefKind::Value(value), name.range, None);
                }
                self.emit(Stmt::Pass, range);
            }
            ast::Stmt::Pass(_) | ast::Stmt::IpyEscapeCommand(_) => self.emit(Stmt::Pass, range),
        }
    }

    fn declare(&mut self, names: &[ast::Identifier], declared: Declared, range: TextRange) {
        let scope = self.scope_id();
        // At module level `global x` changes nothing.
        if scope != Module::TOP {
            for name in names {
                let symbol = self.intern(&name.id);
                let slot = self.slot(symbol);
                self.module.scopes[scope.index()].slots[slot.index()].declared = declared;
            }
        }
        self.emit(Stmt::Pass, range);
    }
}

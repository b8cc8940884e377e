//! Names that a loop binds: a phi waits for each of them at its head.

use ruff_python_ast as ast;

use super::{Lowering, MAX_BLOCKS};
use crate::ir::*;

impl Lowering {
    /// Names that blocks and targets bind, each once.
    pub(super) fn bound_in(
        &mut self,
        suites: &[&[ast::Stmt]],
        targets: &[&ast::Expr],
    ) -> Vec<Symbol> {
        let mut names = BoundNames::default();
        for target in targets {
            names.target(target);
        }
        for suite in suites {
            names.suite(suite, 0);
        }
        let mut symbols: Vec<Symbol> = names.0.into_iter().map(|name| self.intern(name)).collect();
        // Sorting by text keeps the numbering of phis the same on every run.
        symbols.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        symbols.dedup();
        symbols
    }
}

/// Names a loop may bind: of its own scope, without what nested functions and classes bind inside.
#[derive(Default)]
struct BoundNames<'a>(Vec<&'a str>);

impl<'a> BoundNames<'a> {
    fn suite(&mut self, suite: &'a [ast::Stmt], depth: u32) {
        if depth > MAX_BLOCKS {
            return;
        }
        for stmt in suite {
            match stmt {
                ast::Stmt::Assign(node) => {
                    for target in &node.targets {
                        self.target(target);
                    }
                    self.walrus(&node.value);
                }
                ast::Stmt::AugAssign(node) => self.target(&node.target),
                ast::Stmt::AnnAssign(node) => self.target(&node.target),
                ast::Stmt::For(node) => {
                    self.target(&node.target);
                    self.suite(&node.body, depth + 1);
                    self.suite(&node.orelse, depth + 1);
                }
                ast::Stmt::While(node) => {
                    self.walrus(&node.test);
                    self.suite(&node.body, depth + 1);
                    self.suite(&node.orelse, depth + 1);
                }
                ast::Stmt::If(node) => {
                    self.walrus(&node.test);
                    self.suite(&node.body, depth + 1);
                    for clause in &node.elif_else_clauses {
                        if let Some(test) = &clause.test {
                            self.walrus(test);
                        }
                        self.suite(&clause.body, depth + 1);
                    }
                }
                ast::Stmt::With(node) => {
                    for item in &node.items {
                        if let Some(target) = item.optional_vars.as_deref() {
                            self.target(target);
                        }
                    }
                    self.suite(&node.body, depth + 1);
                }
                ast::Stmt::Try(node) => {
                    self.suite(&node.body, depth + 1);
                    for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                        if let Some(name) = &handler.name {
                            self.0.push(name.id.as_str());
                        }
                        self.suite(&handler.body, depth + 1);
                    }
                    self.suite(&node.orelse, depth + 1);
                    self.suite(&node.finalbody, depth + 1);
                }
                ast::Stmt::Match(node) => {
                    for case in &node.cases {
                        self.pattern(&case.pattern, depth + 1);
                        self.suite(&case.body, depth + 1);
                    }
                }
                ast::Stmt::FunctionDef(node) => self.0.push(node.name.id.as_str()),
                ast::Stmt::ClassDef(node) => self.0.push(node.name.id.as_str()),
                ast::Stmt::Import(node) => {
                    for alias in &node.names {
                        let name = alias.asname.as_ref().map_or_else(
                            || alias.name.id.split('.').next().unwrap_or_default(),
                            |asname| asname.id.as_str(),
                        );
                        self.0.push(name);
                    }
                }
                ast::Stmt::ImportFrom(node) => {
                    for alias in &node.names {
                        self.0
                            .push(alias.asname.as_ref().unwrap_or(&alias.name).id.as_str());
                    }
                }
                ast::Stmt::Delete(node) => {
                    for target in &node.targets {
                        self.target(target);
                    }
                }
                ast::Stmt::Expr(node) => self.walrus(&node.value),
                ast::Stmt::Return(_)
                | ast::Stmt::Raise(_)
                | ast::Stmt::Assert(_)
                | ast::Stmt::Global(_)
                | ast::Stmt::Nonlocal(_)
                | ast::Stmt::TypeAlias(_)
                | ast::Stmt::Pass(_)
                | ast::Stmt::Break(_)
                | ast::Stmt::Continue(_)
                | ast::Stmt::IpyEscapeCommand(_) => {}
            }
        }
    }

    fn target(&mut self, target: &'a ast::Expr) {
        let mut stack = vec![target];
        while let Some(target) = stack.pop() {
            match target {
                ast::Expr::Name(name) => self.0.push(name.id.as_str()),
                ast::Expr::Tuple(node) => stack.extend(&node.elts),
                ast::Expr::List(node) => stack.extend(&node.elts),
                ast::Expr::Starred(node) => stack.push(&node.value),
                other => self.walrus(other),
            }
        }
    }

    /// Walruses where they usually stand: in conditions and at the top of expressions.
    fn walrus(&mut self, expr: &'a ast::Expr) {
        let mut stack = vec![expr];
        while let Some(expr) = stack.pop() {
            match expr {
                ast::Expr::Named(node) => {
                    self.target(&node.target);
                    stack.push(&node.value);
                }
                ast::Expr::BoolOp(node) => stack.extend(&node.values),
                ast::Expr::UnaryOp(node) => stack.push(&node.operand),
                ast::Expr::Compare(node) => {
                    stack.push(&node.left);
                    stack.extend(&*node.comparators);
                }
                ast::Expr::Call(node) => {
                    stack.push(&node.func);
                    stack.extend(&*node.arguments.args);
                }
                ast::Expr::Attribute(node) => stack.push(&node.value),
                _ => {}
            }
        }
    }

    fn pattern(&mut self, pattern: &'a ast::Pattern, depth: u32) {
        if depth > MAX_BLOCKS {
            return;
        }
        match pattern {
            ast::Pattern::MatchAs(node) => {
                self.0
                    .extend(node.name.as_ref().map(|name| name.id.as_str()));
                if let Some(inner) = node.pattern.as_deref() {
                    self.pattern(inner, depth + 1);
                }
            }
            ast::Pattern::MatchStar(node) => self
                .0
                .extend(node.name.as_ref().map(|name| name.id.as_str())),
            ast::Pattern::MatchSequence(node) => node
                .patterns
                .iter()
                .for_each(|inner| self.pattern(inner, depth + 1)),
            ast::Pattern::MatchOr(node) => node
                .patterns
                .iter()
                .for_each(|inner| self.pattern(inner, depth + 1)),
            ast::Pattern::MatchMapping(node) => {
                self.0
                    .extend(node.rest.as_ref().map(|name| name.id.as_str()));
                node.patterns
                    .iter()
                    .for_each(|inner| self.pattern(inner, depth + 1));
            }
            ast::Pattern::MatchClass(node) => {
                node.arguments
                    .patterns
                    .iter()
                    .for_each(|inner| self.pattern(inner, depth + 1));
                node.arguments
                    .keywords
                    .iter()
                    .for_each(|keyword| self.pattern(&keyword.pattern, depth + 1));
            }
            ast::Pattern::MatchValue(_) | ast::Pattern::MatchSingleton(_) => {}
        }
    }
}

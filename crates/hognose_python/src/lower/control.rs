//! Statements with blocks: conditions, loops, `with`, `try` and `match`.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};
use smallvec::SmallVec;

use super::Lowering;
use super::branch::Changes;
use super::outcome::{constant_outcome, for_old_versions, imports_what_is_there};
use crate::ir::*;

impl Lowering {
    pub(super) fn if_stmt(&mut self, node: &ast::StmtIf) {
        // Chains of `elif` are walked with a loop: a thousand of them is one statement, not a thousand levels.
        struct Open {
            test: ExprId,
            body: Block,
            end: Option<Changes>,
            outcome: Option<bool>,
            range: TextRange,
            mark: usize,
        }
        let mut opened: Vec<Open> = Vec::with_capacity(node.elif_else_clauses.len() + 1);
        let mut clause = Some((&*node.test, node.body.as_slice(), node.range));
        let mut rest = node.elif_else_clauses.iter();
        let mut orelse = Block::default();
        while let Some((test, body, range)) = clause {
            let outcome = constant_outcome(test, 0);
            let test = self.expr(test);
            let mark = self.mark();
            let was_reachable = self.state().reachable;
            if outcome == Some(false) {
                self.state().reachable = false;
                self.never_runs(body);
            }
            let body = self.block(body);
            let end = self.end_branch(mark);
            self.state().reachable = was_reachable && outcome != Some(true);
            // What follows happens only when this condition did not hold.
            let mark = self.mark();
            opened.push(Open {
                test,
                body,
                end,
                outcome,
                range,
                mark,
            });
            clause = match rest.next() {
                Some(next) => {
                    if outcome == Some(true) {
                        self.never_runs(&next.body);
                    }
                    if let Some(test) = &next.test {
                        // What follows an `elif` lies within it.
                        let within = TextRange::new(next.start(), node.range.end());
                        Some((test, next.body.as_slice(), within))
                    } else {
                        orelse = self.block(&next.body);
                        None
                    }
                }
                None => None,
            };
        }
        while let Some(open) = opened.pop() {
            let otherwise = self.end_branch(open.mark);
            self.join(&[open.end, otherwise]);
            let stmt = Stmt::If {
                test: open.test,
                body: open.body,
                orelse,
                outcome: open.outcome,
            };
            let id = self.push_stmt(stmt, open.range);
            if opened.is_empty() {
                self.scratch.push(id);
            } else {
                orelse = Self::push_list(&mut self.module.stmt_pool, [id]);
            }
        }
    }

    /// Notes that a block cannot run.
    fn never_runs(&mut self, suite: &[ast::Stmt]) {
        if let (Some(first), Some(last)) = (suite.first(), suite.last()) {
            let range = TextRange::new(first.start(), last.end());
            self.module.dead.push(range);
        }
    }

    pub(super) fn while_stmt(&mut self, node: &ast::StmtWhile) {
        let outcome = constant_outcome(&node.test, 0);
        let names = self.bound_in(&[&node.body], &[&node.test]);
        let was_reachable = self.state().reachable;
        let phis = self.open_loop(&names);
        let test = self.expr(&node.test);
        if outcome == Some(false) {
            self.never_runs(&node.body);
            self.state().reachable = false;
        }
        let body = self.block(&node.body);
        let breaks = self.close_loop(&phis);
        self.state().reachable = was_reachable && outcome != Some(true);
        let orelse = self.loop_end(&node.orelse, breaks);
        self.emit(Stmt::While { test, body, orelse }, node.range);
    }

    pub(super) fn for_stmt(&mut self, node: &ast::StmtFor) {
        let iter = self.expr(&node.iter);
        let names = self.bound_in(&[&node.body], &[&node.target]);
        let was_reachable = self.state().reachable;
        let phis = self.open_loop(&names);
        let element = self.push_expr(
            Expr::Iterate {
                of: iter,
                is_async: node.is_async,
            },
            node.target.range(),
        );
        let mut binds = Vec::new();
        self.target(&node.target, element, None, &mut binds);
        let binds = Self::push_list(&mut self.module.bind_pool, binds);
        let body = self.block(&node.body);
        let breaks = self.close_loop(&phis);
        self.state().reachable = was_reachable;
        let orelse = self.loop_end(&node.orelse, breaks);
        self.emit(
            Stmt::For {
                iter,
                binds,
                body,
                orelse,
            },
            node.range,
        );
    }

    /// The `else` of a loop, and the join of the ways out of it.
    fn loop_end(&mut self, orelse: &[ast::Stmt], breaks: Vec<Changes>) -> Block {
        let mark = self.mark();
        let orelse = self.block(orelse);
        let mut ends = vec![self.end_branch(mark)];
        ends.extend(breaks.into_iter().map(Some));
        self.join(&ends);
        orelse
    }

    pub(super) fn with_stmt(
        &mut self,
        items: &[ast::WithItem],
        is_async: bool,
        body: &[ast::Stmt],
        range: TextRange,
    ) {
        let mut opened: SmallVec<[(ExprId, List, TextRange); 2]> = SmallVec::new();
        for item in items {
            let context = self.expr(&item.context_expr);
            let mut binds = Vec::new();
            if let Some(target) = item.optional_vars.as_deref() {
                let value = self.push_expr(
                    Expr::Enter {
                        of: context,
                        is_async,
                    },
                    target.range(),
                );
                self.target(target, value, None, &mut binds);
            }
            let binds = Self::push_list(&mut self.module.bind_pool, binds);
            opened.push((context, binds, item.range));
        }
        let mut body = self.block(body);
        while let Some((context, binds, _)) = opened.pop() {
            let id = self.push_stmt(
                Stmt::With {
                    context,
                    binds,
                    body,
                },
                range,
            );
            if opened.is_empty() {
                self.scratch.push(id);
            } else {
                body = Self::push_list(&mut self.module.stmt_pool, [id]);
            }
        }
    }

    pub(super) fn try_stmt(&mut self, node: &ast::StmtTry) {
        let was_reachable = self.state().reachable;
        let mark = self.mark();
        let body = self.block(&node.body);
        let on_the_way = self.on_the_way(mark);
        let body_end = self.end_branch(mark);

        let mut ends: Vec<Option<Changes>> = Vec::with_capacity(node.handlers.len() + 1);
        let mark = self.mark();
        self.state().reachable = body_end.is_some();
        if let Some(changes) = &body_end {
            self.apply(changes);
        }
        let orelse = self.block(&node.orelse);
        ends.push(self.end_branch(mark));

        let mut handlers = Vec::with_capacity(node.handlers.len());
        let always_there = imports_what_is_there(&node.body);
        for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
            let mark = self.mark();
            self.state().reachable = was_reachable && !(always_there && for_old_versions(handler));
            self.apply_any(&on_the_way);
            let types = handler.type_.as_deref().map(|types| self.expr(types));
            let def = handler.name.as_ref().map(|name| {
                let of = types.unwrap_or_else(|| self.push_expr(Expr::Opaque, name.range));
                let value = self.push_expr(Expr::Caught(of), name.range);
                let symbol = self.intern(&name.id);
                self.bind(symbol, DefKind::Value(value), name.range, None)
            });
            let body = self.block(&handler.body);
            ends.push(self.end_branch(mark));
            handlers.push(Handler {
                types: types.map(NonMaxExpr::new),
                def,
                body,
                range: handler.range,
            });
        }
        let handlers = Self::push_list(&mut self.module.handler_pool, handlers);
        self.join(&ends);
        let after = self.state().reachable;
        // `finally` runs however the rest ended.
        self.state().reachable = was_reachable;
        if !after {
            self.apply_any(&on_the_way);
        }
        let finalbody = self.block(&node.finalbody);
        self.state().reachable &= after;
        self.emit(
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            },
            node.range,
        );
    }

    pub(super) fn match_stmt(&mut self, node: &ast::StmtMatch) {
        let subject = self.expr(&node.subject);
        let was_reachable = self.state().reachable;
        let mut ends: Vec<Option<Changes>> = Vec::with_capacity(node.cases.len() + 1);
        let mut cases = Vec::with_capacity(node.cases.len());
        let mut exhausted = false;
        for case in &node.cases {
            let mark = self.mark();
            self.state().reachable = was_reachable;
            let pattern = self.pattern(&case.pattern, subject);
            let guard = case
                .guard
                .as_deref()
                .map(|guard| NonMaxExpr::new(self.expr(guard)));
            let body = self.block(&case.body);
            ends.push(self.end_branch(mark));
            exhausted |= case.guard.is_none() && case.pattern.is_irrefutable();
            cases.push(Case {
                pattern,
                guard,
                body,
            });
        }
        if !exhausted && was_reachable {
            ends.push(Some(Changes::new()));
        }
        self.join(&ends);
        let cases = Self::push_list(&mut self.module.case_pool, cases);
        self.emit(Stmt::Match { subject, cases }, node.range);
    }
}

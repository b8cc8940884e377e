//! Statements.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};
use smallvec::SmallVec;

use super::branch::Changes;
use super::{Lowering, to_u32};
use crate::ir::*;

impl Lowering {
    pub(super) fn stmt(&mut self, stmt: &ast::Stmt) {
        self.deeper(stmt.range(), |lowering| lowering.stmt_inner(stmt));
    }

    fn emit(&mut self, stmt: Stmt, range: TextRange) {
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

    fn assign(&mut self, value: ExprId, binds: Vec<Bind>, range: TextRange) {
        let binds = Self::push_list(&mut self.module.bind_pool, binds);
        self.emit(Stmt::Assign { value, binds }, range);
    }

    fn ann_assign(&mut self, node: &ast::StmtAnnAssign) {
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

    fn if_stmt(&mut self, node: &ast::StmtIf) {
        self.if_chain(&node.test, &node.body, &node.elif_else_clauses, node.range);
    }

    fn if_chain(
        &mut self,
        test: &ast::Expr,
        body: &[ast::Stmt],
        rest: &[ast::ElifElseClause],
        range: TextRange,
    ) {
        // Chains of `elif` are walked with a loop: a thousand of them is one statement, not a thousand levels.
        struct Open {
            test: ExprId,
            body: Block,
            end: Option<Changes>,
            outcome: Option<bool>,
            range: TextRange,
            mark: usize,
        }
        let chain = range;
        let mut opened: Vec<Open> = Vec::with_capacity(rest.len() + 1);
        let mut clause = Some((test, body, range));
        let mut rest = rest.iter();
        let mut orelse = Block::default();
        while let Some((test, body, range)) = clause {
            let outcome = constant_outcome(test, 0);
            let test = self.expr(test);
            let mark = self.mark();
            let was_reachable = self.state().reachable;
            if outcome == Some(false) {
                self.state().reachable = false;
                if let (Some(first), Some(last)) = (body.first(), body.last()) {
                    self.module
                        .dead
                        .push(TextRange::new(first.start(), last.end()));
                }
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
                    if outcome == Some(true)
                        && let (Some(first), Some(last)) = (next.body.first(), next.body.last())
                    {
                        self.module
                            .dead
                            .push(TextRange::new(first.start(), last.end()));
                    }
                    if let Some(test) = &next.test {
                        // What follows an `elif` lies within it.
                        let within = TextRange::new(next.start(), chain.end());
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

    fn bound_in(&mut self, suites: &[&[ast::Stmt]], targets: &[&ast::Expr]) -> Vec<Symbol> {
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

    fn while_stmt(&mut self, node: &ast::StmtWhile) {
        let outcome = constant_outcome(&node.test, 0);
        let names = self.bound_in(&[&node.body], &[&node.test]);
        let was_reachable = self.state().reachable;
        let phis = self.open_loop(&names);
        let test = self.expr(&node.test);
        if outcome == Some(false)
            && let (Some(first), Some(last)) = (node.body.first(), node.body.last())
        {
            self.module
                .dead
                .push(TextRange::new(first.start(), last.end()));
            self.state().reachable = false;
        }
        let body = self.block(&node.body);
        let breaks = self.close_loop(&phis);
        self.state().reachable = was_reachable && outcome != Some(true);
        let orelse = self.loop_end(&node.orelse, breaks);
        self.emit(Stmt::While { test, body, orelse }, node.range);
    }

    fn for_stmt(&mut self, node: &ast::StmtFor) {
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

    fn loop_end(&mut self, orelse: &[ast::Stmt], breaks: Vec<Changes>) -> Block {
        let mark = self.mark();
        let orelse = self.block(orelse);
        let mut ends = vec![self.end_branch(mark)];
        ends.extend(breaks.into_iter().map(Some));
        self.join(&ends);
        orelse
    }

    fn with_stmt(
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

    fn try_stmt(&mut self, node: &ast::StmtTry) {
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

    fn match_stmt(&mut self, node: &ast::StmtMatch) {
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

    fn import(&mut self, node: &ast::StmtImport) {
        let mut defs = Vec::with_capacity(node.names.len());
        for alias in &node.names {
            let whole = self.intern(&alias.name.id);
            self.module.imports.push((whole, node.range));
            let (name, module, range) = match &alias.asname {
                Some(asname) => (self.intern(&asname.id), whole, asname.range),
                None => {
                    let first = alias
                        .name
                        .id
                        .split('.')
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    let first = self.intern(&first);
                    (first, first, alias.range)
                }
            };
            defs.push(self.bind(name, DefKind::Import { module }, range, None));
        }
        let defs = Self::push_list(&mut self.module.def_pool, defs);
        self.emit(Stmt::Import(defs), node.range);
    }

    fn import_from(&mut self, node: &ast::StmtImportFrom) {
        let target = self.absolute_module(
            node.level,
            node.module.as_ref().map(|name| name.id.as_str()),
        );
        let module = self.intern(&target);
        self.module.imports.push((module, node.range));
        let mut defs = Vec::with_capacity(node.names.len());
        for alias in &node.names {
            if alias.name.id.as_str() == "*" {
                self.module.star_imports.push(module);
                continue;
            }
            let name = self.intern(&alias.name.id);
            let bound = alias.asname.as_ref().unwrap_or(&alias.name);
            let bound_symbol = self.intern(&bound.id);
            let def = self.bind(
                bound_symbol,
                DefKind::ImportFrom { module, name },
                bound.range,
                None,
            );
            defs.push(def);
        }
        let defs = Self::push_list(&mut self.module.def_pool, defs);
        self.emit(Stmt::Import(defs), node.range);
    }

    /// The absolute name behind the dots of a relative import. Dots that lead out of the project stay as they are.
    fn absolute_module(&self, level: u32, module: Option<&str>) -> String {
        let module = module.unwrap_or_default();
        if level == 0 {
            return module.to_owned();
        }
        let mut base = self.module.name.as_str();
        let climbs = if self.module.is_package {
            level - 1
        } else {
            level
        };
        for _ in 0..climbs {
            match base.rsplit_once('.') {
                Some((parent, _)) => base = parent,
                None if !base.is_empty() => base = "",
                None => return format!("{}{module}", ".".repeat(level as usize)),
            }
        }
        match (base.is_empty(), module.is_empty()) {
            (true, _) => module.to_owned(),
            (_, true) => base.to_owned(),
            _ => format!("{base}.{module}"),
        }
    }

    fn decorators(&mut self, decorators: &[ast::Decorator]) -> Vec<ExprId> {
        decorators
            .iter()
            .map(|decorator| self.expr(&decorator.expression))
            .collect()
    }

    fn function_stmt(&mut self, node: &ast::StmtFunctionDef) {
        let name = self.intern(&node.name.id);
        let decorators = self.decorators(&node.decorator_list);
        let function = self.function(
            name,
            Some(&node.parameters),
            node.range,
            node.name.range,
            |lowering, id| {
                if let Some(returns) = node.returns.as_deref() {
                    let returns = lowering.expr(returns);
                    lowering.module.functions[id.index()].returns = Some(returns);
                }
            },
        );
        let data = &mut self.module.functions[function.index()];
        data.decorators = decorators;
        data.is_async = node.is_async;
        self.function_body(function, |lowering| lowering.block(&node.body));
        let def = self.bind(name, DefKind::Function(function), node.name.range, None);
        self.emit(Stmt::Function { function, def }, node.range);
    }

    /// Makes the function with its parameters; defaults and annotations belong to the scope around it.
    pub(super) fn function(
        &mut self,
        name: Symbol,
        parameters: Option<&ast::Parameters>,
        range: TextRange,
        name_range: TextRange,
        annotate: impl FnOnce(&mut Self, FunctionId),
    ) -> FunctionId {
        let id = FunctionId(to_u32(self.module.functions.len()));
        let parent = self.scope_id();
        let class = self.state().class;
        self.module.functions.push(Function {
            name,
            scope: parent,
            parent,
            class,
            params: Vec::new(),
            decorators: Vec::new(),
            returns: None,
            body: Block::default(),
            return_values: Vec::new(),
            yield_values: Vec::new(),
            is_async: false,
            is_generator: false,
            range,
            name_range,
        });
        let mut params: Vec<(&ast::Parameter, ParamKind, Option<ExprId>, Option<ExprId>)> =
            Vec::new();
        if let Some(parameters) = parameters {
            let mut add = |lowering: &mut Self, parameter, kind, default: Option<&ast::Expr>| {
                let default = default.map(|default| lowering.expr(default));
                let annotation = ast::Parameter::annotation(parameter)
                    .map(|annotation| lowering.expr(annotation));
                params.push((parameter, kind, default, annotation));
            };
            for parameter in &parameters.posonlyargs {
                add(
                    self,
                    &parameter.parameter,
                    ParamKind::PositionalOnly,
                    parameter.default(),
                );
            }
            for parameter in &parameters.args {
                add(
                    self,
                    &parameter.parameter,
                    ParamKind::Positional,
                    parameter.default(),
                );
            }
            if let Some(parameter) = parameters.vararg.as_deref() {
                add(self, parameter, ParamKind::Star, None);
            }
            for parameter in &parameters.kwonlyargs {
                add(
                    self,
                    &parameter.parameter,
                    ParamKind::KeywordOnly,
                    parameter.default(),
                );
            }
            if let Some(parameter) = parameters.kwarg.as_deref() {
                add(self, parameter, ParamKind::DoubleStar, None);
            }
        }
        annotate(self, id);
        let scope = self.open_scope(ScopeKind::Function(id), Some(id));
        let mut bound = Vec::with_capacity(params.len());
        for (index, (parameter, kind, default, annotation)) in params.into_iter().enumerate() {
            let name = self.intern(&parameter.name.id);
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let def = self.bind(name, DefKind::Param(index), parameter.range, annotation);
            bound.push(Param {
                name,
                kind,
                def,
                default,
                annotation,
            });
        }
        let data = &mut self.module.functions[id.index()];
        data.scope = scope;
        data.params = bound;
        id
    }

    /// Lowers the body in the scope that [`Self::function`] opened, and closes it.
    pub(super) fn function_body(&mut self, id: FunctionId, body: impl FnOnce(&mut Self) -> Block) {
        let body = body(self);
        self.close_scope();
        self.module.functions[id.index()].body = body;
    }

    fn class_stmt(&mut self, node: &ast::StmtClassDef) {
        let name = self.intern(&node.name.id);
        let decorators = self.decorators(&node.decorator_list);
        let mut bases = Vec::new();
        let mut keywords = Vec::new();
        if let Some(arguments) = node.arguments.as_deref() {
            bases = arguments.args.iter().map(|base| self.expr(base)).collect();
            for keyword in &arguments.keywords {
                let kind = match &keyword.arg {
                    Some(name) => ArgKind::Keyword(self.intern(&name.id)),
                    None => ArgKind::DoubleStar,
                };
                let value = self.expr(&keyword.value);
                keywords.push(Arg { kind, value });
            }
        }
        let class = ClassId(to_u32(self.module.classes.len()));
        let parent = self.scope_id();
        self.module.classes.push(Class {
            name,
            scope: parent,
            parent,
            bases,
            keywords,
            decorators,
            body: Block::default(),
            range: node.range,
            name_range: node.name.range,
        });
        let scope = self.open_scope(ScopeKind::Class(class), None);
        self.module.classes[class.index()].scope = scope;
        let body = self.block(&node.body);
        self.close_scope();
        self.module.classes[class.index()].body = body;
        let def = self.bind(name, DefKind::Class(class), node.name.range, None);
        self.emit(Stmt::Class { class, def }, node.range);
    }
}

/// What a condition comes out as on every supported Python, as far as its form tells.
fn constant_outcome(test: &ast::Expr, depth: u32) -> Option<bool> {
    if depth > super::MAX_BLOCKS {
        return None;
    }
    match test {
        ast::Expr::BooleanLiteral(node) => Some(node.value),
        ast::Expr::NoneLiteral(_) => Some(false),
        ast::Expr::NumberLiteral(node) => match &node.value {
            ast::Number::Int(int) => Some(int.as_i64() != Some(0)),
            ast::Number::Float(float) => Some(*float != 0.0),
            ast::Number::Complex { .. } => None,
        },
        ast::Expr::StringLiteral(node) => Some(!node.value.is_empty()),
        ast::Expr::UnaryOp(node) if node.op == ast::UnaryOp::Not => {
            constant_outcome(&node.operand, depth + 1).map(|outcome| !outcome)
        }
        ast::Expr::BoolOp(node) => {
            let decisive = node.op == ast::BoolOp::Or;
            let outcomes: SmallVec<[Option<bool>; 4]> = node
                .values
                .iter()
                .map(|value| constant_outcome(value, depth + 1))
                .collect();
            if outcomes.contains(&Some(decisive)) {
                Some(decisive)
            } else if outcomes.iter().all(|outcome| *outcome == Some(!decisive)) {
                Some(!decisive)
            } else {
                None
            }
        }
        ast::Expr::Attribute(node) => match (&*node.value, node.attr.as_str()) {
            (ast::Expr::Name(name), "PY2") if name.id == "six" => Some(false),
            (ast::Expr::Name(name), "PY3") if name.id == "six" => Some(true),
            _ => None,
        },
        ast::Expr::Compare(node) => version_outcome(node),
        _ => None,
    }
}

/// Modules that every supported version has on every platform, and Python 2 had not or had with the same names: importing them
/// never fails.
const ALWAYS_THERE: &[&str] = &[
    "builtins",
    "collections.abc",
    "configparser",
    "hashlib",
    "hmac",
    "html",
    "html.parser",
    "http.client",
    "http.cookiejar",
    "http.cookies",
    "http.server",
    "queue",
    "secrets",
    "socketserver",
    "urllib.error",
    "urllib.parse",
    "urllib.request",
];

/// Whether a block does nothing that could fail but import modules that are always there.
fn imports_what_is_there(body: &[ast::Stmt]) -> bool {
    let known = |name: &str| ALWAYS_THERE.binary_search(&name).is_ok();
    body.iter().all(|stmt| match stmt {
        ast::Stmt::Import(node) => node.names.iter().all(|alias| known(alias.name.as_str())),
        ast::Stmt::ImportFrom(node) => {
            let module = node.module.as_ref().map(|module| module.as_str());
            node.level == 0 && module.is_some_and(known)
        }
        ast::Stmt::FunctionDef(node) => node.decorator_list.is_empty(),
        ast::Stmt::Assign(node) => matches!(
            *node.value,
            ast::Expr::BooleanLiteral(_) | ast::Expr::NoneLiteral(_) | ast::Expr::Name(_)
        ),
        ast::Stmt::Pass(_) => true,
        _ => false,
    })
}

/// Whether a handler is for imports that fail, and nothing else.
fn for_old_versions(handler: &ast::ExceptHandlerExceptHandler) -> bool {
    matches!(
        handler.type_.as_deref(),
        Some(ast::Expr::Name(name)) if matches!(name.id.as_str(), "ImportError" | "ModuleNotFoundError")
    )
}

/// `sys.version_info` against a constant: decided where every supported version, 3.8 and newer, agrees.
fn version_outcome(node: &ast::ExprCompare) -> Option<bool> {
    let [op] = &*node.ops else { return None };
    let [right] = &*node.comparators else {
        return None;
    };
    let is_info = |expr: &ast::Expr| matches!(expr, ast::Expr::Attribute(a) if a.attr.as_str() == "version_info" && matches!(&*a.value, ast::Expr::Name(n) if n.id == "sys"));
    let major = match &*node.left {
        left if is_info(left) => false,
        ast::Expr::Subscript(subscript)
            if is_info(&subscript.value) && is_int(&subscript.slice, 0) =>
        {
            true
        }
        ast::Expr::Attribute(a) if a.attr.as_str() == "major" && is_info(&a.value) => true,
        _ => return None,
    };
    let bound: (i64, i64) = match right {
        ast::Expr::Tuple(tuple) if !major => (
            int(tuple.elts.first()?)?,
            tuple.elts.get(1).map_or(Some(0), int)?,
        ),
        number if major => (int(number)?, 0),
        _ => return None,
    };
    const OLDEST: (i64, i64) = (3, 8);
    let newest_possible_is_below = bound.0 > 3;
    let below_oldest = bound <= OLDEST;
    match op {
        ast::CmpOp::GtE if major => (bound.0 <= 3)
            .then_some(true)
            .or(newest_possible_is_below.then_some(false)),
        ast::CmpOp::Eq if major => Some(bound.0 == 3),
        ast::CmpOp::NotEq if major => Some(bound.0 != 3),
        ast::CmpOp::Lt if major => Some(bound.0 > 3),
        ast::CmpOp::Gt if major => Some(bound.0 < 3),
        ast::CmpOp::LtE if major => Some(bound.0 >= 3),
        ast::CmpOp::GtE | ast::CmpOp::Gt if below_oldest => Some(true),
        ast::CmpOp::Lt | ast::CmpOp::LtE if below_oldest && bound < OLDEST => Some(false),
        _ => None,
    }
}

fn int(expr: &ast::Expr) -> Option<i64> {
    match expr {
        ast::Expr::NumberLiteral(ast::ExprNumberLiteral {
            value: ast::Number::Int(int),
            ..
        }) => int.as_i64(),
        _ => None,
    }
}

fn is_int(expr: &ast::Expr, number: i64) -> bool {
    int(expr) == Some(number)
}

/// Names a loop may bind: of its own scope, without what nested functions and classes bind inside.
#[derive(Default)]
struct BoundNames<'a>(Vec<&'a str>);

impl<'a> BoundNames<'a> {
    fn suite(&mut self, suite: &'a [ast::Stmt], depth: u32) {
        if depth > super::MAX_BLOCKS {
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
        if depth > super::MAX_BLOCKS {
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

//! Statements to constraints, body by body, in the order they run.

use super::constraint::{CallKind, Constraint, Site};
use super::facts::{Facts, Places};
use super::object::*;
use super::solver::Solver;
use crate::ir::*;

/// The body being walked.
pub(super) struct Walk<'p> {
    pub at: ModuleId,
    pub module: &'p Module,
    pub scope: ScopeId,
    pub ctx: Ctx,
    pub function: Option<FunctionId>,
    pub facts: Facts,
    pub places: Places,
}

impl<'p> Solver<'p> {
    /// Makes the constraints of all modules.
    pub fn generate(&mut self) {
        self.decide_copies();
        for index in 0..self.modules.len() {
            let at = self.modules[index];
            let module = self.project.module(at);
            let mut walk = self.open(at, Module::TOP, Ctx::NONE, None);
            self.block(&mut walk, module.body);
        }
        while let Some((module, function, ctx)) = self.bodies.pop_front() {
            self.walk_function(module, function, ctx);
        }
    }

    fn open(
        &self,
        at: ModuleId,
        scope: ScopeId,
        ctx: Ctx,
        function: Option<FunctionId>,
    ) -> Walk<'p> {
        Walk {
            at,
            module: self.project.module(at),
            scope,
            ctx,
            function,
            facts: Facts::default(),
            places: Places::default(),
        }
    }

    pub fn walk_function(&mut self, at: ModuleId, function: FunctionId, ctx: Ctx) {
        let data = &self.project.module(at)[function];
        let mut walk = self.open(at, data.scope, ctx, Some(function));
        let object = self.obj(Object::Function(at, function, ctx));
        for (index, param) in data.params.iter().enumerate() {
            let rest = match param.kind {
                ParamKind::Star => Object::Args(object),
                ParamKind::DoubleStar => Object::Kwargs(object),
                _ => continue,
            };
            let rest = self.obj(rest);
            let node = self.param_node(at, function, ctx, index);
            self.add_value(node, rest);
        }
        self.block(&mut walk, data.body);
    }

    pub fn block(&mut self, walk: &mut Walk<'p>, block: Block) {
        for stmt in walk.module.block(block) {
            if !walk.module.is_dead(walk.module.stmt_range(*stmt)) {
                self.stmt(walk, *stmt);
            }
        }
    }

    /// Walks a branch from the facts at hand and gives the facts at its end.
    fn branch(&mut self, walk: &mut Walk<'p>, block: Block) -> Facts {
        let before = walk.facts.clone();
        self.block(walk, block);
        std::mem::replace(&mut walk.facts, before)
    }

    /// Whether a block never runs on past its end.
    fn leaves(module: &Module, block: Block) -> bool {
        module.block(block).last().is_some_and(|stmt| {
            matches!(
                module[*stmt],
                Stmt::Return(_) | Stmt::Raise { .. } | Stmt::Break | Stmt::Continue
            )
        })
    }

    fn stmt(&mut self, walk: &mut Walk<'p>, stmt: StmtId) {
        let module = walk.module;
        match module[stmt] {
            Stmt::Expr(value) => {
                self.expr(walk, value);
            }
            Stmt::Assign { value, binds } => {
                self.expr(walk, value);
                self.binds(walk, binds);
            }
            Stmt::Declare { binds } => {
                for bind in module.binds(binds) {
                    self.declare(walk, bind);
                }
            }
            Stmt::Return(value) => {
                if let Some(value) = value {
                    self.return_value(walk, value.get());
                }
            }
            Stmt::Raise { exception, cause } => {
                if let Some(exception) = exception {
                    let node = self.expr(walk, exception.get());
                    if !matches!(module[exception.get()], Expr::Call { .. }) {
                        let site = self.place(walk, exception.get());
                        self.constrain(node, Constraint::Raise { site });
                    }
                }
                if let Some(cause) = cause {
                    self.expr(walk, cause.get());
                }
            }
            Stmt::If {
                test,
                body,
                orelse,
                outcome,
            } => {
                self.expr(walk, test);
                if outcome == Some(true) {
                    return self.block(walk, body);
                }
                let after_body = self.branch(walk, body);
                if outcome != Some(false) {
                    let after_else = self.branch(walk, orelse);
                    walk.facts = match (Self::leaves(module, body), Self::leaves(module, orelse)) {
                        (true, _) => after_else,
                        (_, true) => after_body,
                        _ => after_body.join(&after_else, self),
                    };
                } else {
                    self.block(walk, orelse);
                }
            }
            Stmt::While { test, body, orelse } => {
                walk.facts.clear();
                self.expr(walk, test);
                self.block(walk, body);
                walk.facts.clear();
                self.block(walk, orelse);
                walk.facts.clear();
            }
            Stmt::For {
                iter,
                binds,
                body,
                orelse,
            } => {
                self.expr(walk, iter);
                walk.facts.clear();
                self.binds(walk, binds);
                self.block(walk, body);
                walk.facts.clear();
                self.block(walk, orelse);
                walk.facts.clear();
            }
            Stmt::With {
                context,
                binds,
                body,
            } => {
                let node = self.expr(walk, context);
                if binds.is_empty() {
                    let site = self.place(walk, context);
                    self.constrain(
                        node,
                        Constraint::Enter {
                            to: NodeId::NONE,
                            site,
                        },
                    );
                }
                self.binds(walk, binds);
                self.block(walk, body);
            }
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                self.block(walk, body);
                let mut after = self.branch(walk, orelse);
                for handler in module.handlers(handlers) {
                    let before = walk.facts.clone();
                    walk.facts.clear();
                    if let Some(types) = handler.types {
                        self.expr(walk, types.get());
                    }
                    if let Some(def) = handler.def
                        && let DefKind::Value(value) = module[def].kind
                    {
                        self.expr(walk, value);
                    }
                    self.block(walk, handler.body);
                    let end = std::mem::replace(&mut walk.facts, before);
                    if !Self::leaves(module, handler.body) {
                        after = after.join(&end, self);
                    }
                }
                walk.facts = after;
                self.block(walk, finalbody);
            }
            Stmt::Match { subject, cases } => {
                self.expr(walk, subject);
                let before = walk.facts.clone();
                for case in module.cases(cases) {
                    walk.facts = before.clone();
                    self.pattern(walk, case.pattern);
                    if let Some(guard) = case.guard {
                        self.expr(walk, guard.get());
                    }
                    self.block(walk, case.body);
                }
                walk.facts.clear();
            }
            Stmt::Function { function, def } => self.function_stmt(walk, function, def),
            Stmt::Class { class, def } => self.class_stmt(walk, class, def),
            Stmt::Delete(values) => {
                for value in module.list(values) {
                    match module[*value] {
                        Expr::Subscript {
                            value: object,
                            index,
                        } => {
                            let node = self.expr(walk, object);
                            self.expr(walk, index);
                            if let Some(place) = self.place_of(walk, object) {
                                walk.facts.forget(&walk.places, place);
                            }
                            self.run_method(walk, *value, node, "__delitem__", NodeId::NONE);
                        }
                        Expr::Attribute { value: object, .. } => {
                            self.expr(walk, object);
                            if let Some(place) = self.place_of(walk, object) {
                                walk.facts.forget(&walk.places, place);
                            }
                        }
                        _ => {}
                    }
                }
            }
            Stmt::Assert { test, message } => {
                self.expr(walk, test);
                if let Some(message) = message {
                    self.expr(walk, message.get());
                }
            }
            Stmt::Import(_) | Stmt::Break | Stmt::Continue | Stmt::Pass => {}
        }
    }

    /// A method that syntax runs, where any class of the project has one of that name.
    pub fn run_method(
        &mut self,
        walk: &Walk<'p>,
        expr: ExprId,
        object: NodeId,
        name: &str,
        arg: NodeId,
    ) {
        let name = Symbol::from(name);
        if self.classes.methods.contains_key(&name) && !self.is_constant(object) {
            let site = self.place(walk, expr);
            self.constrain(
                object,
                Constraint::Implicit {
                    name,
                    arg,
                    to: NodeId::NONE,
                    site,
                },
            );
        }
    }

    fn return_value(&mut self, walk: &mut Walk<'p>, value: ExprId) {
        let node = self.expr(walk, value);
        let Some(function) = walk.function else {
            return;
        };
        // A parameter given back is substituted at each call.
        if let Some(index) = self.plain_param(walk, value) {
            let facts = &mut self.function_facts[walk.at.index()][function.index()];
            if !facts.identity.contains(&index) {
                facts.identity.push(index);
            }
            return;
        }
        let nodes = self.function_nodes(walk.at, function, walk.ctx);
        self.copy(node, nodes.result);
    }

    /// The index of the parameter that an expression certainly is, of those that take one argument.
    pub fn plain_param(&self, walk: &Walk<'p>, expr: ExprId) -> Option<u16> {
        let module = walk.module;
        let mut expr = expr;
        for _ in 0..4 {
            let Expr::Name { def, .. } = module[expr] else {
                return None;
            };
            match module[def].kind {
                DefKind::Param(index) if module[def].scope == walk.scope => {
                    let kind = module[walk.function?].params.get(usize::from(index))?.kind;
                    return (!matches!(kind, ParamKind::Star | ParamKind::DoubleStar))
                        .then_some(index);
                }
                DefKind::Value(value) => expr = value,
                _ => return None,
            }
        }
        None
    }

    fn pattern(&mut self, walk: &mut Walk<'p>, pattern: PatternId) {
        let module = walk.module;
        match module[pattern] {
            Pattern::Value(value) => {
                self.expr(walk, value);
            }
            Pattern::Sequence(list) | Pattern::Or(list) => {
                for inner in module.pattern_list(list) {
                    self.pattern(walk, *inner);
                }
            }
            Pattern::Mapping { keys, patterns } => {
                for key in module.list(keys) {
                    self.expr(walk, *key);
                }
                for inner in module.pattern_list(patterns) {
                    self.pattern(walk, *inner);
                }
            }
            Pattern::Class { class, patterns } => {
                self.expr(walk, class);
                for inner in module.pattern_list(patterns) {
                    self.pattern(walk, *inner);
                }
            }
            Pattern::Capture { def, pattern } => {
                if let DefKind::Value(value) = module[def].kind {
                    self.expr(walk, value);
                }
                if let Some(inner) = pattern {
                    self.pattern(walk, inner);
                }
            }
            Pattern::Wildcard => {}
        }
    }

    fn function_stmt(&mut self, walk: &mut Walk<'p>, function: FunctionId, def: DefId) {
        let module = walk.module;
        let data = &module[function];
        for param in &data.params {
            if let Some(default) = param.default {
                self.expr(walk, default);
            }
        }
        let object = self.obj(Object::Function(walk.at, function, walk.ctx));
        self.bodies.push_back((walk.at, function, walk.ctx));
        let plain = self.constant(object);
        let node = self.decorate(walk, &data.decorators, plain);
        self.define(walk.ctx, walk.at, def, node);
    }

    /// Calls the decorators, innermost first, on what they decorate.
    fn decorate(&mut self, walk: &mut Walk<'p>, decorators: &'p [ExprId], plain: NodeId) -> NodeId {
        let nodes: Vec<NodeId> = decorators
            .iter()
            .map(|decorator| self.expr(walk, *decorator))
            .collect();
        let mut node = plain;
        for (decorator, func) in decorators.iter().zip(nodes).rev() {
            let result = self.new_node();
            let site = self.place(walk, *decorator);
            self.add_call(
                site,
                func,
                &[(ArgKind::Positional, node)],
                result,
                CallKind::Decorator,
            );
            node = result;
        }
        if !decorators.is_empty() {
            walk.facts
                .after_call(&self.keys, walk.at, walk.scope, &walk.places);
        }
        node
    }

    fn class_stmt(&mut self, walk: &mut Walk<'p>, class: ClassId, def: DefId) {
        let module = walk.module;
        let data = &module[class];
        for base in &data.bases {
            self.expr(walk, *base);
        }
        for keyword in &data.keywords {
            self.expr(walk, keyword.value);
        }
        let index = self.classes.index(walk.at, class);
        let object = self.obj(Object::Class(index));
        // Class bodies are walked once: their members are the same in every context.
        if walk.ctx == Ctx::NONE {
            let mut inner = self.open(walk.at, data.scope, Ctx::NONE, None);
            self.block(&mut inner, data.body);
        }
        let plain = self.constant(object);
        let node = self.decorate(walk, &data.decorators, plain);
        self.define(walk.ctx, walk.at, def, node);
    }

    /// A place that runs something.
    pub fn place(&mut self, walk: &Walk<'p>, expr: ExprId) -> SiteId {
        self.site(Site {
            module: walk.at,
            expr,
            scope: walk.scope,
            ctx: walk.ctx,
        })
    }

    pub fn add_call(
        &mut self,
        site: SiteId,
        func: NodeId,
        args: &[(ArgKind, NodeId)],
        result: NodeId,
        kind: CallKind,
    ) -> u32 {
        let start = super::solver::to_u32(self.args.len());
        self.args.extend_from_slice(args);
        let args = List {
            start,
            len: super::solver::to_u32(args.len()),
        };
        let call = super::solver::to_u32(self.calls.len());
        self.calls.push(super::constraint::CallData {
            site,
            func,
            args,
            result,
            kind,
        });
        self.constrain(func, Constraint::Call(call));
        call
    }
}

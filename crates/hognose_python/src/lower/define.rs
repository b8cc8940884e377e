//! Functions and classes.

use ruff_python_ast as ast;
use ruff_text_size::TextRange;

use super::{Lowering, to_u32};
use crate::ir::*;

impl Lowering {
    pub(super) fn function_stmt(&mut self, node: &ast::StmtFunctionDef) {
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

    pub(super) fn class_stmt(&mut self, node: &ast::StmtClassDef) {
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

    fn decorators(&mut self, decorators: &[ast::Decorator]) -> Vec<ExprId> {
        decorators
            .iter()
            .map(|decorator| self.expr(&decorator.expression))
            .collect()
    }
}

//! Functions and classes.

use ruff_text_size::TextRange;

use crate::ir::*;

/// A function, method or lambda.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name; `<lambda>` for lambdas.
    pub name: Symbol,
    /// Its own scope.
    pub scope: ScopeId,
    /// The scope its name is bound in.
    pub parent: ScopeId,
    /// The class whose body it stands in directly.
    pub class: Option<ClassId>,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Decorators, outermost first.
    pub decorators: Vec<ExprId>,
    /// Annotated return type.
    pub returns: Option<ExprId>,
    /// The body; a lambda's is one `return`.
    pub body: Block,
    /// Values of live `return` statements.
    pub return_values: Vec<ExprId>,
    /// Values of `yield`.
    pub yield_values: Vec<ExprId>,
    /// `async def`.
    pub is_async: bool,
    /// Holds a `yield`.
    pub is_generator: bool,
    /// From `def` or the first decorator to the end.
    pub range: TextRange,
    /// The name.
    pub name_range: TextRange,
}

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Symbol,
    /// How it takes arguments.
    pub kind: ParamKind,
    /// Its definition in the function's scope.
    pub def: DefId,
    /// The default, evaluated in the scope around the function.
    pub default: Option<ExprId>,
    /// The annotation.
    pub annotation: Option<ExprId>,
}

/// How a parameter takes arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// Before `/`.
    PositionalOnly,
    /// Usual.
    Positional,
    /// `*args`.
    Star,
    /// After `*`.
    KeywordOnly,
    /// `**kwargs`.
    DoubleStar,
}

/// A class.
#[derive(Debug, Clone)]
pub struct Class {
    /// Its name.
    pub name: Symbol,
    /// The scope of its body.
    pub scope: ScopeId,
    /// The scope its name is bound in.
    pub parent: ScopeId,
    /// Base classes as written.
    pub bases: Vec<ExprId>,
    /// Keywords, such as `metaclass=`.
    pub keywords: Vec<Arg>,
    /// Decorators, outermost first.
    pub decorators: Vec<ExprId>,
    /// The body.
    pub body: Block,
    /// From `class` or the first decorator to the end.
    pub range: TextRange,
    /// The name.
    pub name_range: TextRange,
}

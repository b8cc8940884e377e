//! Statements and what they are made of: stores, handlers, cases and patterns.

use ruff_text_size::TextRange;

use crate::ir::*;

/// A statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stmt {
    /// An expression evaluated for its effect.
    Expr(ExprId),
    /// Assignments of every form: evaluate `value` once, then the binds ([`Module::binds`]) in order.
    Assign {
        /// The right side; for `x += y` an [`Expr::InPlace`].
        value: ExprId,
        /// The stores.
        binds: List,
    },
    /// `name: annotation` without a value.
    Declare {
        /// The store that does not happen; its value is the annotation itself.
        binds: List,
    },
    /// `return value`.
    Return(Option<NonMaxExpr>),
    /// `raise exception from cause`.
    Raise {
        /// The exception.
        exception: Option<NonMaxExpr>,
        /// The cause.
        cause: Option<NonMaxExpr>,
    },
    /// `if`; `elif` is nested in `orelse`.
    If {
        /// The condition.
        test: ExprId,
        /// If it holds.
        body: Block,
        /// If not.
        orelse: Block,
        /// Known outcome of the condition.
        outcome: Option<bool>,
    },
    /// `while`.
    While {
        /// The condition.
        test: ExprId,
        /// The loop.
        body: Block,
        /// When it ends without `break`.
        orelse: Block,
    },
    /// `for`; the binds take synthetic parts of [`Expr::Iterate`].
    For {
        /// What is iterated.
        iter: ExprId,
        /// The targets.
        binds: List,
        /// The loop.
        body: Block,
        /// When it ends without `break`.
        orelse: Block,
    },
    /// `with`; one statement per item, nested.
    With {
        /// The context manager.
        context: ExprId,
        /// The targets, of [`Expr::Enter`].
        binds: List,
        /// The body.
        body: Block,
    },
    /// `try`; see [`Module::handlers`].
    Try {
        /// The guarded block.
        body: Block,
        /// The handlers.
        handlers: List,
        /// Without an exception.
        orelse: Block,
        /// Always.
        finalbody: Block,
    },
    /// `match`; see [`Module::cases`].
    Match {
        /// The subject.
        subject: ExprId,
        /// The cases.
        cases: List,
    },
    /// `def`.
    Function {
        /// The function.
        function: FunctionId,
        /// The binding of its name.
        def: DefId,
    },
    /// `class`.
    Class {
        /// The class.
        class: ClassId,
        /// The binding of its name.
        def: DefId,
    },
    /// `import`, with the definitions it makes ([`Module::defs_list`]).
    Import(List),
    /// `del`; the values are loads of what is deleted ([`Module::list`]).
    Delete(List),
    /// `assert test, message`.
    Assert {
        /// The condition.
        test: ExprId,
        /// The message.
        message: Option<NonMaxExpr>,
    },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `pass`, `global`, `nonlocal`, type aliases.
    Pass,
}

/// Where a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A variable.
    Name(DefId),
    /// `object.attr`.
    Attribute {
        /// The object.
        object: ExprId,
        /// The attribute.
        attr: Symbol,
    },
    /// `object[index]`.
    Item {
        /// The container.
        object: ExprId,
        /// Key, index or slice.
        index: ExprId,
    },
}

/// One store of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind {
    /// Where to.
    pub target: Target,
    /// What: the assigned value or a synthetic part of it.
    pub value: ExprId,
    /// Annotation on it.
    pub annotation: Option<NonMaxExpr>,
    /// The target's span.
    pub range: TextRange,
}

/// An `except` clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handler {
    /// The exception types; `None` for a bare `except:`.
    pub types: Option<NonMaxExpr>,
    /// The binding of `as name`.
    pub def: Option<DefId>,
    /// The body.
    pub body: Block,
    /// The whole clause.
    pub range: TextRange,
}

/// A `case` clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The pattern.
    pub pattern: PatternId,
    /// The guard.
    pub guard: Option<NonMaxExpr>,
    /// The body.
    pub body: Block,
}

/// A match pattern. Captures are definitions whose value is a part of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Compares equal to the value.
    Value(ExprId),
    /// A sequence of patterns ([`Module::pattern_list`]).
    Sequence(List),
    /// A mapping: keys ([`Module::list`]) and patterns.
    Mapping {
        /// The keys.
        keys: List,
        /// Their patterns.
        patterns: List,
    },
    /// A class with patterns.
    Class {
        /// The class.
        class: ExprId,
        /// Positional and keyword patterns.
        patterns: List,
    },
    /// One of several.
    Or(List),
    /// Binds, perhaps after a pattern.
    Capture {
        /// The binding.
        def: DefId,
        /// What must match first.
        pattern: Option<PatternId>,
    },
    /// `_` or `*_`.
    Wildcard,
}

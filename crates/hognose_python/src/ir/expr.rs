//! Expressions.

use crate::ir::*;

/// An expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expr {
    /// A variable of the scope at hand, with the definition that reaches this use.
    Name {
        /// The variable.
        slot: SlotId,
        /// What reaches; [`DefKind::Entry`] when it is bound outside of the scope.
        def: DefId,
    },
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// `...`.
    Ellipsis,
    /// An integer that fits.
    Int(i64),
    /// An integer that does not fit, or an imaginary number.
    OtherNumber,
    /// A float.
    Float(f64),
    /// A string literal, decoded and joined.
    Str(StrRef),
    /// A bytes literal; every byte stands as the character of that number.
    Bytes(StrRef),
    /// `value.attr`.
    Attribute {
        /// The object.
        value: ExprId,
        /// The attribute.
        attr: Symbol,
    },
    /// `value[index]`.
    Subscript {
        /// The container.
        value: ExprId,
        /// Key, index or slice.
        index: ExprId,
    },
    /// `lower:upper:step`; the list holds three entries of [`Module::opt`].
    Slice(List),
    /// `func(args)`; see [`Module::args`].
    Call {
        /// What is called.
        func: ExprId,
        /// The arguments.
        args: List,
    },
    /// `left op right`.
    Binary {
        /// The operator.
        op: Operator,
        /// Left operand.
        left: ExprId,
        /// Right operand.
        right: ExprId,
    },
    /// `target op= value`: the new value of the target.
    InPlace {
        /// The operator.
        op: Operator,
        /// The old value.
        left: ExprId,
        /// Right operand.
        right: ExprId,
    },
    /// `op operand`.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: ExprId,
    },
    /// `a and b`, `a or b`; see [`Module::list`].
    Logic {
        /// The operator.
        op: BoolOp,
        /// The operands.
        values: List,
    },
    /// `left op right`; a chain `a < b < c` is a [`Expr::Logic`] of its comparisons.
    Compare {
        /// The operator.
        op: CmpOp,
        /// Left operand.
        left: ExprId,
        /// Right operand.
        right: ExprId,
    },
    /// `body if test else orelse`.
    Conditional {
        /// The condition.
        test: ExprId,
        /// If it holds.
        body: ExprId,
        /// If not.
        orelse: ExprId,
    },
    /// `(a, b)`.
    Tuple(List),
    /// `[a, b]`.
    ListOf(List),
    /// `{a, b}`.
    SetOf(List),
    /// `{k: v, **m}`; see [`Module::dict`].
    Dict(List),
    /// `*value` in a display or subscript.
    Starred(ExprId),
    /// An f-string; its parts are [`Expr::Str`] and [`Expr::Formatted`].
    FString(List),
    /// A t-string, likewise. It is a template object, not a string.
    TString(List),
    /// `{value!r:spec}` in an f- or t-string; the list holds value and optional format specification ([`Module::opt`]).
    Formatted {
        /// The value.
        value: ExprId,
        /// The format specification, itself an [`Expr::FString`].
        spec: Option<NonMaxExpr>,
        /// `r`, `s`, `a`, or none.
        conversion: Conversion,
    },
    /// A lambda.
    Lambda(FunctionId),
    /// A comprehension or generator expression.
    Comprehension(ComprehensionId),
    /// `await value`.
    Await(ExprId),
    /// `yield value`.
    Yield(Option<NonMaxExpr>),
    /// `yield from value`.
    YieldFrom(ExprId),
    /// `name := value`.
    Named {
        /// The binding.
        def: DefId,
        /// Its value.
        value: ExprId,
    },
    /// Synthetic: the element at an index (negative counts from the end) of something unpacked.
    Element {
        /// What is unpacked.
        of: ExprId,
        /// Its index.
        index: i32,
    },
    /// Synthetic: the list a starred target takes, without `before` elements in front and `after` at the end.
    Rest {
        /// What is unpacked.
        of: ExprId,
        /// Elements in front.
        before: u16,
        /// Elements behind.
        after: u16,
    },
    /// Synthetic: an element met while iterating.
    Iterate {
        /// What is iterated.
        of: ExprId,
        /// `async for`.
        is_async: bool,
    },
    /// Synthetic: what `with` binds.
    Enter {
        /// The context manager.
        of: ExprId,
        /// `async with`.
        is_async: bool,
    },
    /// Synthetic: the exception a handler binds, of the given type.
    Caught(ExprId),
    /// Synthetic: some part of a matched subject.
    Part(ExprId),
    /// Not analysed: nested too deeply, or a syntax error.
    Opaque,
}

/// An expression id with a niche, so that `Option` of it stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonMaxExpr(std::num::NonZeroU32);

impl NonMaxExpr {
    pub(crate) fn new(id: ExprId) -> Self {
        Self(
            std::num::NonZeroU32::new(id.0 + 1)
                .expect("an arena holds fewer than 2^32 - 1 expressions"),
        )
    }

    /// The id.
    pub const fn get(self) -> ExprId {
        ExprId(self.0.get() - 1)
    }
}

/// Conversion of an interpolated value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// None given.
    None,
    /// `!s`.
    Str,
    /// `!r`.
    Repr,
    /// `!a`.
    Ascii,
}

/// How an argument is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    /// `f(x)`.
    Positional,
    /// `f(name=x)`.
    Keyword(Symbol),
    /// `f(*x)`.
    Star,
    /// `f(**x)`.
    DoubleStar,
}

/// An argument of a call or class statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arg {
    /// How it is passed.
    pub kind: ArgKind,
    /// Its value.
    pub value: ExprId,
}

/// What a comprehension makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComprehensionKind {
    /// A list.
    List,
    /// A set.
    Set,
    /// A dict.
    Dict,
    /// A generator.
    Generator,
}

/// A comprehension or generator expression.
#[derive(Debug, Clone)]
pub struct Comprehension {
    /// What it makes.
    pub kind: ComprehensionKind,
    /// The element, or the key of a dict.
    pub element: ExprId,
    /// The value of a dict.
    pub value: Option<ExprId>,
    /// `for … in … if …`, outermost first.
    pub generators: Vec<Generator>,
}

/// One `for … in … if …` of a comprehension.
#[derive(Debug, Clone)]
pub struct Generator {
    /// What is iterated.
    pub iter: ExprId,
    /// The targets, of [`Expr::Iterate`].
    pub binds: List,
    /// The conditions.
    pub conditions: Vec<ExprId>,
}

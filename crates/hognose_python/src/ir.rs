//! The lowered form of a Python file: what everything after the parser works on.
//!
//! One file becomes one [`Module`]: flat arenas of expressions, statements, definitions, scopes, functions and classes,
//! with names interned and every use of a variable tied to the definition that reaches it (static single assignment, with
//! [`DefKind::Phi`] at joins). The syntax tree is dropped after lowering; the arenas take about a third of its memory.
//!
//! Unpacking, loops, `with`, `except` and patterns are desugared into synthetic expressions ([`Expr::Element`],
//! [`Expr::Iterate`], …), so that each binding has exactly one value expression.

use std::ops::Index;
use std::sync::Arc;

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::SourceKind;
use crate::text::Text;

pub use crate::symbol::Symbol;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into its arena.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

ids! {
    /// An expression of a module.
    ExprId,
    /// A statement of a module.
    StmtId,
    /// A definition: one binding of one variable.
    DefId,
    /// A scope of a module; 0 is the module's own.
    ScopeId,
    /// A variable of a scope.
    SlotId,
    /// A function, method or lambda of a module.
    FunctionId,
    /// A class of a module.
    ClassId,
    /// A comprehension or generator expression.
    ComprehensionId,
    /// A match pattern.
    PatternId,
    /// A module of a project.
    ModuleId,
}

/// A run of entries in one of a module's pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct List {
    /// First entry.
    pub start: u32,
    /// Number of entries.
    pub len: u32,
}

impl List {
    pub(crate) const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A block of statements; see [`Module::block`].
pub type Block = List;

/// Text in the module's string buffer; see [`Module::str`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrRef {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// `+`, `-` …
pub use ruff_python_ast::{BoolOp, CmpOp, Operator, UnaryOp};

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

/// One binding of one variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Def {
    /// What is bound.
    pub kind: DefKind,
    /// The variable.
    pub slot: SlotId,
    /// Its scope.
    pub scope: ScopeId,
    /// The binding name.
    pub range: TextRange,
    /// The annotation on it.
    pub annotation: Option<NonMaxExpr>,
}

/// What a definition binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefKind {
    /// Nothing yet: an outer variable, a builtin, or unbound. One per variable and scope.
    Entry,
    /// A parameter, by its index in [`Function::params`].
    Param(u16),
    /// The value of an expression.
    Value(ExprId),
    /// One of several definitions, after a join ([`Module::defs_list`]). May reach itself through a loop.
    Phi(List),
    /// `import a.b` binds module `a`; `import a.b as c` binds module `a.b`.
    Import {
        /// The dotted name of the module bound.
        module: Symbol,
    },
    /// `from module import name`.
    ImportFrom {
        /// Absolute dotted name of the module.
        module: Symbol,
        /// The name taken from it.
        name: Symbol,
    },
    /// A function.
    Function(FunctionId),
    /// A class.
    Class(ClassId),
    /// Annotated, without a value.
    Declared,
    /// Deleted.
    Deleted,
}

/// What a scope belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// The module.
    Module,
    /// A function, method or lambda.
    Function(FunctionId),
    /// A class body.
    Class(ClassId),
}

/// A scope. Comprehensions live in the scope around them, with variables of their own.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What it belongs to.
    pub kind: ScopeKind,
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// Its variables, in order of first mention.
    pub slots: Vec<SlotData>,
    /// Variables by name (those of comprehensions are not among them).
    pub names: FxHashMap<Symbol, SlotId>,
}

/// A variable of a scope.
#[derive(Debug, Clone)]
pub struct SlotData {
    /// Its name.
    pub name: Symbol,
    /// Bound in this scope at all.
    pub bound: bool,
    /// Declared `global` or `nonlocal` here.
    pub declared: Declared,
    /// All definitions but entries and phis, in order; those made by `global` and `nonlocal` in inner scopes included.
    pub defs: Vec<DefId>,
    /// The definition at the end of the scope.
    pub exit: DefId,
}

/// A `global` or `nonlocal` declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Neither.
    No,
    /// `global`.
    Global,
    /// `nonlocal`.
    Nonlocal,
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

/// A comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Its span, with the `#`.
    pub range: TextRange,
    /// Nothing but blanks before it on its line.
    pub own_line: bool,
}

/// A store to an attribute, `object.attr = value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeStore {
    /// The attribute.
    pub attr: Symbol,
    /// The object.
    pub object: ExprId,
    /// The value.
    pub value: ExprId,
    /// The annotation.
    pub annotation: Option<NonMaxExpr>,
    /// The scope the statement stands in.
    pub scope: ScopeId,
    /// The target's span.
    pub range: TextRange,
}

/// A store to an item, `object[index] = value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemStore {
    /// The container.
    pub object: ExprId,
    /// Key, index or slice.
    pub index: ExprId,
    /// The value.
    pub value: ExprId,
    /// The scope the statement stands in.
    pub scope: ScopeId,
    /// The target's span.
    pub range: TextRange,
}

/// A syntax error, or another reason why part of a file is not analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub range: TextRange,
    /// What.
    pub reason: String,
}

/// A lowered file.
#[derive(Debug, Clone)]
pub struct Module {
    /// The file it comes from.
    pub file: Arc<str>,
    /// Where in `file` the path below what is audited starts, in bytes.
    pub(crate) own_path: usize,
    /// What sort of file.
    pub kind: SourceKind,
    /// Absolute dotted name.
    pub name: Symbol,
    /// An `__init__` file.
    pub is_package: bool,
    /// Its text.
    pub text: Text,
    /// The statements at top level.
    pub body: Block,
    /// Syntax errors and bounds hit.
    pub faults: Vec<Fault>,
    /// Comments in order.
    pub comments: Vec<Comment>,
    /// Modules of `from m import *`, in order, with the scope-level definition order ignored.
    pub star_imports: Vec<Symbol>,
    /// Absolute names of all modules imported anywhere in the file, with the span of the statement.
    pub imports: Vec<(Symbol, TextRange)>,
    /// Code that cannot run: sorted, disjoint.
    pub dead: Vec<TextRange>,
    /// Stores to attributes, in order.
    pub attribute_stores: Vec<AttributeStore>,
    /// Stores to items, in order.
    pub item_stores: Vec<ItemStore>,
    /// Scopes; the module's own first.
    pub scopes: Vec<Scope>,
    /// Functions in order.
    pub functions: Vec<Function>,
    /// Classes in order.
    pub classes: Vec<Class>,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) expr_ranges: Vec<TextRange>,
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) stmt_ranges: Vec<TextRange>,
    pub(crate) defs: Vec<Def>,
    pub(crate) comprehensions: Vec<Comprehension>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) expr_pool: Vec<ExprId>,
    pub(crate) opt_pool: Vec<Option<NonMaxExpr>>,
    pub(crate) stmt_pool: Vec<StmtId>,
    pub(crate) def_pool: Vec<DefId>,
    pub(crate) pattern_pool: Vec<PatternId>,
    pub(crate) arg_pool: Vec<Arg>,
    pub(crate) dict_pool: Vec<(Option<NonMaxExpr>, ExprId)>,
    pub(crate) bind_pool: Vec<Bind>,
    pub(crate) handler_pool: Vec<Handler>,
    pub(crate) case_pool: Vec<Case>,
    pub(crate) strings: String,
}

impl Module {
    /// Its path below what is audited, which tells what it is for: see [`Project::own_path`](crate::Project::own_path).
    pub fn own_path(&self) -> &str {
        &self.file[self.own_path..]
    }

    /// The module's own scope.
    pub const TOP: ScopeId = ScopeId(0);

    /// All expressions with their ids, in order of lowering.
    pub fn exprs(&self) -> impl Iterator<Item = (ExprId, &Expr)> {
        (0u32..).map(ExprId).zip(&self.exprs)
    }

    /// All statements with their ids.
    pub fn stmts(&self) -> impl Iterator<Item = (StmtId, &Stmt)> {
        (0u32..).map(StmtId).zip(&self.stmts)
    }

    /// All definitions with their ids.
    pub fn defs(&self) -> impl Iterator<Item = (DefId, &Def)> {
        (0u32..).map(DefId).zip(&self.defs)
    }

    /// Span of an expression. A synthetic one has the span of the target it is made for.
    pub fn expr_range(&self, id: ExprId) -> TextRange {
        self.expr_ranges[id.index()]
    }

    /// Span of a statement.
    pub fn stmt_range(&self, id: StmtId) -> TextRange {
        self.stmt_ranges[id.index()]
    }

    /// The text of a string or bytes literal.
    pub fn str(&self, text: StrRef) -> &str {
        &self.strings[text.start as usize..(text.start + text.len) as usize]
    }

    /// Expressions of a list.
    pub fn list(&self, list: List) -> &[ExprId] {
        &self.expr_pool[list.range()]
    }

    /// Optional expressions of a list.
    pub fn opt(&self, list: List) -> &[Option<NonMaxExpr>] {
        &self.opt_pool[list.range()]
    }

    /// Statements of a block.
    pub fn block(&self, block: Block) -> &[StmtId] {
        &self.stmt_pool[block.range()]
    }

    /// Definitions of a list.
    pub fn defs_list(&self, list: List) -> &[DefId] {
        &self.def_pool[list.range()]
    }

    /// Patterns of a list.
    pub fn pattern_list(&self, list: List) -> &[PatternId] {
        &self.pattern_pool[list.range()]
    }

    /// Arguments of a call.
    pub fn args(&self, list: List) -> &[Arg] {
        &self.arg_pool[list.range()]
    }

    /// Items of a dict display; a key of `None` is `**value`.
    pub fn dict(&self, list: List) -> &[(Option<NonMaxExpr>, ExprId)] {
        &self.dict_pool[list.range()]
    }

    /// Stores of a statement.
    pub fn binds(&self, list: List) -> &[Bind] {
        &self.bind_pool[list.range()]
    }

    /// Handlers of a `try`.
    pub fn handlers(&self, list: List) -> &[Handler] {
        &self.handler_pool[list.range()]
    }

    /// Cases of a `match`.
    pub fn cases(&self, list: List) -> &[Case] {
        &self.case_pool[list.range()]
    }

    /// Whether code at this span cannot run.
    pub fn is_dead(&self, range: TextRange) -> bool {
        let next = self
            .dead
            .partition_point(|dead| dead.start() <= range.start());
        next > 0 && self.dead[next - 1].end() >= range.end()
    }

    /// The variable of that name in a scope.
    pub fn slot(&self, scope: ScopeId, name: Symbol) -> Option<&SlotData> {
        let scope = &self[scope];
        scope
            .names
            .get(&name)
            .map(|slot| &scope.slots[slot.index()])
    }
}

macro_rules! index {
    ($($id:ty => $field:ident: $out:ty),+ $(,)?) => {$(
        impl Index<$id> for Module {
            type Output = $out;

            fn index(&self, id: $id) -> &$out {
                &self.$field[id.index()]
            }
        }
    )+};
}

index! {
    ExprId => exprs: Expr,
    StmtId => stmts: Stmt,
    DefId => defs: Def,
    ScopeId => scopes: Scope,
    FunctionId => functions: Function,
    ClassId => classes: Class,
    ComprehensionId => comprehensions: Comprehension,
    PatternId => patterns: Pattern,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_stay_small() {
        assert!(size_of::<Expr>() <= 16, "{}", size_of::<Expr>());
        assert!(size_of::<Stmt>() <= 40, "{}", size_of::<Stmt>());
        assert!(size_of::<Def>() <= 32, "{}", size_of::<Def>());
    }
}

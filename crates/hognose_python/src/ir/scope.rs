//! Scopes, their variables and the definitions of these.

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::ir::*;

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

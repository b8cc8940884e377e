//! The lowered form of a Python file: what everything after the parser works on.
//!
//! One file becomes one [`Module`]: flat arenas of expressions, statements, definitions, scopes, functions and classes,
//! with names interned and every use of a variable tied to the definition that reaches it (static single assignment, with
//! [`DefKind::Phi`] at joins). The syntax tree is dropped after lowering; the arenas take about a third of its memory.
//!
//! Unpacking, loops, `with`, `except` and patterns are desugared into synthetic expressions ([`Expr::Element`],
//! [`Expr::Iterate`], …), so that each binding has exactly one value expression.

mod expr;
mod function;
mod module;
mod scope;
mod stmt;

pub use ruff_python_ast::{BoolOp, CmpOp, Operator, UnaryOp};

pub use crate::symbol::Symbol;
pub use expr::*;
pub use function::*;
pub use module::*;
pub use scope::*;
pub use stmt::*;

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

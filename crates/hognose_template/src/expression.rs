//! Expressions of Jinja2 and Mako: what of them matters to data flow.
//!
//! Both languages are read by one parser; Mako's is Python. What it does not know becomes [`Expr::Unknown`].

mod parser;
mod token;

pub(crate) use parser::{Parser, unescaped};
pub(crate) use token::{Dialect, Kind, Token, tokens};

/// No tree is deeper. Written by hand, ten is already much.
pub const MAX_DEPTH: usize = 48;

/// What an expression is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A variable.
    Name(String),
    /// An attribute, or an item with a constant key: `a.b`, `a["b"]`, `a.0`. Templates do not tell them apart.
    Attribute(Box<Expr>, String),
    /// An item whose key is computed, or a slice.
    Item(Box<Expr>, Box<Expr>),
    /// A call of a function, method or macro.
    Call(Box<Expr>, Vec<Argument>),
    /// A text, escapes decoded.
    String(String),
    /// A number, a truth value, or none: nothing that holds text.
    Scalar,
    /// Texts one behind the other: `a ~ b`, `a + b`, parts of an f-string.
    Concat(Vec<Expr>),
    /// One of these: `a if c else b`, `a or b`.
    Either(Vec<Expr>),
    /// The elements of a list, tuple or set.
    List(Vec<Expr>),
    /// Keys and values of a dictionary.
    Dict(Vec<(Expr, Expr)>),
    /// A filter applied inside of an expression.
    Filter(Box<Expr>, Box<Filter>),
    /// An operation of whose result nothing is known but that these go into it; without any, a part that was not understood.
    Unknown(Vec<Expr>),
}

/// An argument of a call or filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its keyword.
    pub name: Option<String>,
    /// What is given.
    pub value: Expr,
}

/// A filter with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its name.
    pub name: String,
    /// Without the filtered value.
    pub arguments: Vec<Argument>,
}

impl Expr {
    /// An expression of which nothing is known.
    pub fn unknown() -> Self {
        Self::Unknown(Vec::new())
    }

    fn children(&self) -> Vec<&Expr> {
        match self {
            Self::Name(_) | Self::String(_) | Self::Scalar => Vec::new(),
            Self::Attribute(value, _) => vec![value],
            Self::Item(value, key) => vec![value, key],
            Self::Call(callee, arguments) => {
                let mut children = vec![&**callee];
                children.extend(arguments.iter().map(|argument| &argument.value));
                children
            }
            Self::Filter(value, filter) => {
                let mut children = vec![&**value];
                children.extend(filter.arguments.iter().map(|argument| &argument.value));
                children
            }
            Self::Concat(parts)
            | Self::Either(parts)
            | Self::List(parts)
            | Self::Unknown(parts) => parts.iter().collect(),
            Self::Dict(items) => items.iter().flat_map(|(key, value)| [key, value]).collect(),
        }
    }

    /// How many levels the tree has.
    pub fn depth(&self) -> usize {
        let mut level = vec![self];
        let mut depth = 0;
        while !level.is_empty() {
            depth += 1;
            level = level.into_iter().flat_map(Expr::children).collect();
        }
        depth
    }
}

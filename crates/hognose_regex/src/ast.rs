//! The syntax tree of a pattern: what was written and where, before flags are applied.
//!
//! Nodes live in one vector and refer to each other by number, so that trees of any shape are dropped without recursion.

use std::ops::Range;

use crate::flags::Flags;

/// The number of a node in its [`Ast`]. Children have smaller numbers than their parents.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub(crate) u32);

/// A parsed pattern.
#[derive(Clone, Debug)]
pub struct Ast {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    /// The flags given by the caller and by global inline flags such as a leading `(?i)`.
    pub(crate) flags: Flags,
    /// Name and number of each named group, in the order of opening.
    pub(crate) names: Vec<(Box<str>, u32)>,
    /// Number of capturing groups, not counting group 0.
    pub(crate) groups: u32,
}

impl Ast {
    /// The node of this number.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The node that stands for the whole pattern.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The flags of the whole pattern, those of global inline flags included.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// Number of capturing groups, not counting group 0.
    pub fn groups(&self) -> u32 {
        self.groups
    }

    /// Named groups with their numbers, in the order of opening.
    pub fn names(&self) -> impl Iterator<Item = (&str, u32)> {
        self.names.iter().map(|(name, number)| (&**name, *number))
    }

    /// All nodes, children before parents.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }
}

/// A part of a pattern.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Byte offsets into the pattern.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Matches the empty string.
    Empty,
    /// One character, as a code point: Python's patterns may name lone surrogates.
    Literal(u32),
    /// `.`
    Any,
    /// `[...]`, or a class escape outside brackets such as `\d`.
    Class(Class),
    /// An assertion of no width that looks at the neighbouring characters only.
    Assertion(Assertion),
    /// One after the other.
    Concat(Vec<NodeId>),
    /// `a|b`: two or more branches.
    Alternate(Vec<NodeId>),
    /// A quantifier and what it repeats.
    Repeat(Repeat),
    /// Round brackets.
    Group(GroupKind, NodeId),
    /// `(?=...)`, `(?!...)`, `(?<=...)`, `(?<!...)`.
    Look {
        /// Forward rather than backward.
        ahead: bool,
        /// Must not match.
        negated: bool,
        /// What is looked for.
        body: NodeId,
    },
    /// `\1`, `(?P=name)`: what the group of this number matched.
    Backreference(u32),
    /// `(?(1)yes|no)`
    Conditional {
        /// The number of the group asked for.
        group: u32,
        /// Matched when the group took part.
        yes: NodeId,
        /// Matched when it did not.
        no: NodeId,
    },
}

/// A quantifier and what it repeats.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// Least number of rounds.
    pub min: u32,
    /// Greatest number of rounds; `None` when unbounded.
    pub max: Option<u32>,
    /// In which order the engine tries, and whether it may come back.
    pub greed: Greed,
    /// What is repeated.
    pub body: NodeId,
}

/// How a repetition behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Greed {
    /// As many as possible first.
    Greedy,
    /// As few as possible first (`*?`).
    Lazy,
    /// As many as possible, and never fewer afterwards (`*+`, Python 3.11).
    Possessive,
}

/// What kind of round brackets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GroupKind {
    /// `(...)` or `(?P<name>...)`, with its number.
    Capture(u32),
    /// `(?:...)`
    Plain,
    /// `(?>...)`: once matched, never entered again (Python 3.11).
    Atomic,
    /// `(?i-m:...)`
    Flags {
        /// Flags turned on inside.
        on: Flags,
        /// Flags turned off inside.
        off: Flags,
    },
}

/// An assertion about the neighbouring characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Assertion {
    /// `^`
    Begin,
    /// `$`
    End,
    /// `\A`
    TextBegin,
    /// `\Z`, and `\z` of Python 3.14.
    TextEnd,
    /// `\b`
    WordBoundary,
    /// `\B`
    NotWordBoundary,
}

/// A character class.
#[derive(Clone, Debug)]
pub struct Class {
    /// `[^...]`
    pub negated: bool,
    /// Its members in the order written.
    pub items: Vec<ClassItem>,
}

/// A member of a character class.
#[derive(Clone, Debug)]
pub struct ClassItem {
    /// What it is.
    pub kind: ClassItemKind,
    /// Byte offsets into the pattern.
    pub span: Range<usize>,
}

/// What a member of a character class is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClassItemKind {
    /// One character.
    Char(u32),
    /// `a-z`, both ends included.
    Range(u32, u32),
    /// `\d`, `\D`
    Digit {
        /// Upper-case: the complement.
        negated: bool,
    },
    /// `\s`, `\S`
    Space {
        /// Upper-case: the complement.
        negated: bool,
    },
    /// `\w`, `\W`
    Word {
        /// Upper-case: the complement.
        negated: bool,
    },
}

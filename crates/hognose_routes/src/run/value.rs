//! What a value of the registering code is. Values live in an arena and are named by number: objects have identity.

use std::rc::Rc;

use hognose_python::Symbol;
use hognose_python::ir::{ClassId, ExprId, FunctionId, ModuleId};
use rustc_hash::FxHashMap;

/// A value, by its number in the arena of a [`super::Machine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct V(pub(super) u32);

/// Stands in a text for what is not known of it.
pub const HOLE: char = '\u{fffc}';

/// Where something was called.
pub type Site = (ModuleId, ExprId);

/// The arguments of a call.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// By position.
    pub positional: Vec<V>,
    /// By name.
    pub keywords: Vec<(Symbol, V)>,
    /// More were passed that are not known: `*x` or `**x` of something unknown.
    pub open: bool,
}

impl Args {
    /// The argument at a position or with a name.
    pub fn get(&self, position: usize, name: &str) -> Option<V> {
        self.keyword(name)
            .or_else(|| self.positional.get(position).copied())
    }

    /// The argument with a name.
    pub fn keyword(&self, name: &str) -> Option<V> {
        self.keywords
            .iter()
            .rev()
            .find(|(keyword, _)| keyword.as_str() == name)
            .map(|(_, value)| *value)
    }
}

/// A value.
#[derive(Debug, Clone)]
pub enum Value {
    /// Not known.
    Unknown,
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A text, with [`HOLE`] for parts that are not known.
    Str(Rc<str>),
    /// A list, tuple, set or iterator. It may grow.
    List(Vec<V>),
    /// A dict. It may grow.
    Dict(Vec<(V, V)>),
    /// Something outside of the project, by access path.
    External(Symbol),
    /// A module of the project.
    Module(ModuleId),
    /// A function of the project with the variables around it.
    Function {
        /// Its module.
        module: ModuleId,
        /// Itself.
        function: FunctionId,
        /// The frame it was defined in.
        frame: usize,
    },
    /// A function bound to its first argument.
    Method {
        /// The object.
        receiver: V,
        /// The function.
        function: V,
    },
    /// A class of the project.
    Class {
        /// Its module.
        module: ModuleId,
        /// Itself.
        class: ClassId,
        /// The frame of its body.
        frame: usize,
    },
    /// An object of a class of the project.
    Instance {
        /// The class.
        class: V,
        /// What was stored in its attributes.
        fields: FxHashMap<Symbol, V>,
        /// Where it was made.
        site: Site,
    },
    /// What a call of something outside gave: an object, or a decorated function.
    Call {
        /// What was called.
        callee: V,
        /// With what.
        args: Args,
        /// Where.
        site: Site,
    },
    /// An attribute of an object that is not of the project.
    Attribute {
        /// The object.
        of: V,
        /// The attribute.
        attr: Symbol,
    },
    /// `super()` in a method of a class, for an object.
    Super {
        /// The object.
        receiver: V,
        /// The class whose bases are asked.
        class: (ModuleId, ClassId),
    },
    /// A callable in a wrapper of the project: what a decorator that is a function of the project gave.
    Wrapped {
        /// The callable inside.
        inner: V,
        /// The decorator.
        by: V,
        /// The function that runs instead; none when the decorator is not known.
        wrapper: Option<V>,
        /// Where it was applied.
        site: Site,
    },
    /// One of several.
    Union(Vec<V>),
}

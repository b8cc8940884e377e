//! What is known of the whole project beside the bodies: module variables, attributes of classes, functions a framework calls.

use std::sync::Arc;

use hognose_python::ir::{ClassId, FunctionId};
use hognose_python::{ModuleId, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::Sink;
use crate::routes::Variables;
use crate::shape::RuleSet;
use crate::summary::Exported;
use crate::value::Atom;

/// What a class calls by a name.
pub type OfClass = (ModuleId, ClassId, Symbol);

/// What is stored where bodies share it, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A variable of a module.
    Variable(ModuleId, Symbol),
    /// An attribute of a class or of its objects.
    Attribute(OfClass),
}

impl Fact {
    /// Under which name it is read.
    pub const fn name(self) -> Symbol {
        match self {
            Self::Variable(_, name) | Self::Attribute((_, _, name)) => name,
        }
    }
}

/// How a function that a framework calls is given its parameters.
#[derive(Debug, Clone, Default)]
pub struct EntryFacts {
    /// By parameter: what it is instead of an input.
    pub parameters: Vec<Option<Filled>>,
    /// The pattern of a route says so, not only a decorator or a name.
    pub routed: bool,
    /// What routes pass by name: it arrives in `**values` too.
    pub variables: Variables,
    /// The rules that what it returns falls under.
    pub returns: Vec<Arc<Sink>>,
}

/// What a parameter is.
#[derive(Debug, Clone)]
pub enum Filled {
    /// Something known.
    Atom(Atom),
    /// A source by number, with these characters; `None` for all.
    Source(u32, Option<crate::shape::Alphabet>),
    /// An object of a class that declares its fields, which a source by number fills.
    Record(u32, (ModuleId, ClassId)),
    /// What a function or class of the project gives when it is called.
    Given(Atom),
}

/// See the module.
#[derive(Debug, Default)]
pub struct Facts {
    /// Module variables that hold more than functions, classes and imports.
    pub globals: FxHashMap<(ModuleId, Symbol), Arc<Exported>>,
    /// What methods and others store in attributes of objects, by their class.
    pub attributes: FxHashMap<OfClass, Arc<Exported>>,
    /// What class bodies and others store in attributes of the classes themselves.
    pub class_attributes: FxHashMap<OfClass, Arc<Exported>>,
    /// Methods of subclasses that are meant where an object is known by this class only, by name.
    pub overrides: FxHashMap<OfClass, Vec<(ModuleId, FunctionId)>>,
    /// Functions a framework calls.
    pub entries: FxHashMap<(ModuleId, FunctionId), EntryFacts>,
    /// What the routes to classes pass by name.
    pub variables: FxHashMap<(ModuleId, ClassId), Variables>,
    /// Classes whose objects are records: their annotated attributes are what they are made of.
    pub records: FxHashMap<(ModuleId, ClassId), Vec<Symbol>>,
    /// Classes that are enumerations.
    pub enums: FxHashSet<(ModuleId, ClassId)>,
    /// Attributes that say, somewhere in the program, that values in pages are escaped.
    pub escaping: FxHashSet<Symbol>,
    /// Functions of which the user's own models speak, with the access path they have there.
    pub described: FxHashMap<(ModuleId, FunctionId), Symbol>,
    /// Functions whose results are declared harmless for some rules.
    pub cleans: FxHashMap<(ModuleId, FunctionId), RuleSet>,
    /// The level of a body: callees of lower levels have summaries.
    pub rank: FxHashMap<crate::summary::Unit, u32>,
}

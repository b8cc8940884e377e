//! Abstract objects: what a variable may hold.

use crate::ir::*;

/// An interned [`Object`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Obj(pub u32);

/// A set of objects: a variable, an attribute, an element, a result. 0 is always empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(pub u32);

impl NodeId {
    /// Holds nothing, ever.
    pub const NONE: Self = Self(0);
}

/// A copy of some functions' nodes made for one call site; 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ctx(pub u32);

impl Ctx {
    pub const NONE: Self = Self(0);
}

/// A class of the project, by its place in the class table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ClassIx(pub u32);

/// A place that runs something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SiteId(pub u32);

/// Which instances of a class an object stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// Those made at one call.
    Site(SiteId),
    /// All others made in the project.
    Merged,
    /// Any, also of subclasses: what `self` is when nobody in the project calls the method.
    Open,
}

/// What a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ContainerKind {
    List,
    Tuple,
    Set,
    Dict,
}

impl ContainerKind {
    /// Access path of an instance.
    pub const fn path(self) -> &'static str {
        match self {
            Self::List => "builtins.list()",
            Self::Tuple => "builtins.tuple()",
            Self::Set => "builtins.set()",
            Self::Dict => "builtins.dict()",
        }
    }
}

/// Something a variable may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Object {
    /// A function with the context of the variables it closes over.
    Function(ModuleId, FunctionId, Ctx),
    Class(ClassIx),
    Instance(ClassIx, Origin),
    /// A function with its first argument.
    Bound {
        function: Obj,
        receiver: Obj,
    },
    StaticMethod(Obj),
    ClassMethod(Obj),
    /// A property, by its getter; the setter is a field.
    Property(Obj),
    /// A property read from an instance, not yet run.
    Getter {
        property: Obj,
        receiver: Obj,
    },
    /// A container made at an expression; the number tells several apart.
    Container(ContainerKind, ModuleId, ExprId, Ctx, u8),
    /// What `*args` of a function holds.
    Args(Obj),
    /// What `**kwargs` of a function holds.
    Kwargs(Obj),
    /// A method of a container or another object with built-in behaviour.
    Method {
        of: Obj,
        name: Symbol,
    },
    /// A running generator function.
    Generator(ModuleId, FunctionId, Ctx),
    /// `functools.partial(target, …)` made at a call.
    Partial {
        call: u32,
        target: Obj,
    },
    /// `super()`: members are looked up behind the class.
    Super {
        class: ClassIx,
        receiver: Obj,
    },
    Module(ModuleId),
    Namespace(Symbol),
    /// Outside of the project, by access path.
    External(Symbol),
    /// A string that is used as a key somewhere.
    Str(Symbol),
    /// A small integer.
    Int(i32),
}

/// Names a part of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Attr(Symbol),
    Str(Symbol),
    Int(i32),
    /// A key that is known by access path only.
    Path(Symbol),
    /// Elements under keys that are not known.
    Any,
    /// Keys of a dict that are not known.
    Keys,
    /// All elements together.
    AllValues,
    /// All keys together.
    AllKeys,
}

impl Key {
    /// Whether it names an element, not an attribute.
    pub fn is_element(self) -> bool {
        !matches!(
            self,
            Self::Attr(_) | Self::Keys | Self::AllValues | Self::AllKeys
        )
    }
}

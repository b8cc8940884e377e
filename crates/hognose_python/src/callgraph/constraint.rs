//! The vocabulary of the solver: constraints between nodes, and what is kept of calls and functions.

use smallvec::SmallVec;

use super::Reach;
use super::object::*;
use crate::ir::*;

/// What happens to objects that arrive at a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Constraint {
    Copy(NodeId),
    /// `to = object.attr`.
    Load {
        attr: Symbol,
        to: NodeId,
        site: SiteId,
    },
    /// `object.attr = from`.
    Store {
        attr: Symbol,
        from: NodeId,
        site: SiteId,
    },
    /// From what an attribute may hold to the load: runs properties.
    View {
        to: NodeId,
        site: SiteId,
    },
    /// A member of a class seen through a receiver; `None` is the class itself.
    Member {
        receiver: Obj,
        view: NodeId,
    },
    /// `to = object[key]`.
    Item {
        key: Key,
        to: NodeId,
        site: SiteId,
    },
    /// `to = object[index]` with an index that is no literal; on the container.
    ItemOf {
        index: NodeId,
        to: NodeId,
        site: SiteId,
    },
    /// The same, on the index.
    ItemAt {
        container: NodeId,
        to: NodeId,
        site: SiteId,
    },
    /// `object[key] = from`.
    PutItem {
        key: Key,
        from: NodeId,
        site: SiteId,
    },
    /// `object[index] = from`; on the container.
    PutItemOf {
        index: NodeId,
        from: NodeId,
        site: SiteId,
    },
    /// The same, on the index.
    PutItemAt {
        container: NodeId,
        from: NodeId,
        site: SiteId,
    },
    /// All elements of what arrives go to a container, moved by a distance where it is known.
    Spill {
        into: Obj,
        shift: Option<i32>,
    },
    /// A slice `from..to` of a container goes into another; strings stay what they are. A negative start is not known.
    SliceInto {
        into: Obj,
        from: i32,
        to: i32,
        result: NodeId,
    },
    Iterate {
        to: NodeId,
        site: SiteId,
    },
    Enter {
        to: NodeId,
        site: SiteId,
    },
    Call(u32),
    /// A binary operator, on its left operand.
    Binary {
        op: u8,
        right: NodeId,
        to: NodeId,
        site: SiteId,
    },
    /// The same, on its right operand.
    BinaryRight {
        op: u8,
        to: NodeId,
        site: SiteId,
    },
    /// A method run by syntax, with at most one argument.
    Implicit {
        name: Symbol,
        arg: NodeId,
        to: NodeId,
        site: SiteId,
    },
    Raise {
        site: SiteId,
    },
    /// What a handler for these types binds.
    Caught {
        to: NodeId,
    },
    /// `*value` in a call: elements go to the parameters from `base` on.
    StarArg {
        function: Obj,
        base: u16,
    },
    /// `**value` in a call.
    DoubleStarArg {
        function: Obj,
    },
    /// `getattr(object, name)`, on the object.
    GetattrOf {
        name: NodeId,
        to: NodeId,
        site: SiteId,
    },
    /// The same, on the name.
    GetattrAt {
        object: NodeId,
        to: NodeId,
        site: SiteId,
    },
    /// `partial(target, …)`, on the target.
    Partial {
        call: u32,
    },
    /// `super()`, on the receiver.
    Super {
        class: ClassIx,
        to: NodeId,
    },
    /// `type(object)`.
    TypeOf {
        to: NodeId,
    },
    /// `receiver.attr = from` where the class binds the attribute: runs setters. On what the class binds.
    SetThrough {
        receiver: Obj,
        from: NodeId,
        site: SiteId,
    },
    /// `setattr(object, name, from)`.
    SetattrOf {
        name: NodeId,
        from: NodeId,
        site: SiteId,
    },
    /// An imported module by name.
    ImportModule {
        at: ModuleId,
        to: NodeId,
    },
    /// What awaiting gives.
    Await {
        to: NodeId,
        site: SiteId,
    },
}

/// What wants to know of all elements of an object, present and future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Watcher {
    /// One element.
    Item { key: Key, to: NodeId },
    /// Values of elements.
    Values(NodeId),
    /// Keys.
    Keys(NodeId),
    /// Elements into another container, moved.
    Spill { into: Obj, shift: Option<i32> },
    /// A slice.
    Slice { into: Obj, from: i32, to: i32 },
    /// `*args` of a call.
    Star { function: Obj, base: u16 },
    /// `**kwargs` of a call.
    DoubleStar { function: Obj },
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub values: SmallVec<[Obj; 4]>,
    /// Values already handed to the constraints.
    pub done: u32,
    /// Head of the list of constraints.
    pub first: u32,
    pub queued: bool,
    /// Holds one value forever; its constraints run once and are not kept.
    pub constant: bool,
    /// The bound on sets was hit.
    pub full: bool,
}

#[derive(Debug, Default)]
pub(super) struct Heap {
    pub fields: SmallVec<[(Key, NodeId); 2]>,
    pub watchers: SmallVec<[Watcher; 1]>,
}

/// A place that runs something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    pub module: ModuleId,
    pub expr: ExprId,
    pub scope: ScopeId,
    pub ctx: Ctx,
}

/// A call to be dispatched.
#[derive(Debug, Clone)]
pub(super) struct CallData {
    pub site: SiteId,
    pub func: NodeId,
    pub args: List,
    pub result: NodeId,
    pub kind: CallKind,
}

/// Where a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    /// Written as a call.
    Written,
    /// `@func`; transparent when the callee is not known.
    Decorator,
    /// Made by something outside that the function is passed to.
    Callback,
    /// Made by syntax.
    Implicit,
}

/// An edge found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Edge {
    pub site: SiteId,
    pub callee: Obj,
    pub receiver: Option<Obj>,
    pub reach: Reach,
}

/// Nodes of a function in one context.
#[derive(Debug, Clone, Copy)]
pub(super) struct FunctionNodes {
    pub result: NodeId,
    pub yields: NodeId,
}

/// What is known of a function from its body, whatever the context.
#[derive(Debug, Clone, Default)]
pub(super) struct FunctionFacts {
    /// Parameters that are returned as they are.
    pub identity: SmallVec<[u16; 1]>,
    /// Parameters stored as they are in an attribute of the receiver.
    pub stores: SmallVec<[(Symbol, u16); 2]>,
    /// Something in the project calls it.
    pub bound: bool,
    /// Copied per call site.
    pub copied: bool,
    /// Copies made.
    pub copies: u16,
    /// Access path of the outermost decorator that is not of the project.
    pub decorator: Option<Symbol>,
}

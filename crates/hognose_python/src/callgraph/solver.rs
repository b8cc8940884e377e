//! Nodes, constraints and the worklist.
//!
//! Sets only grow and are bounded, so solving ends. All orders are those of insertion: the result is the same on every run.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::classes::ClassTable;
use super::constraint::*;
use super::context::Context;
use super::object::*;
use super::{CallGraph, Reach};
use crate::eval::{Aliases, Evaluator};
use crate::ir::*;
use crate::project::Project;

/// Objects in one set; the rest is dropped and the set marked. Sets of real programs have one or two.
const MAX_SET: usize = 32;

/// Access paths in one set, and containers in one set. What has more is passed around by generic code.
const MAX_PATHS: usize = 8;
const MAX_CONTAINERS: usize = 12;

/// Different constants in one set before it is just "a string" or "a number".
const MAX_CONSTANTS: usize = 12;

/// Nodes of one project. Bounds memory on projects far beyond those met.
const MAX_NODES: usize = 60_000_000;

pub(super) struct Solver<'p> {
    pub project: &'p Project,
    /// The modules that are walked.
    pub modules: Vec<ModuleId>,
    pub evaluator: Evaluator<'p>,
    pub aliases: &'p Aliases,
    pub nodes: Vec<Node>,
    constraints: Vec<(Constraint, u32)>,
    pub objects: Vec<Object>,
    interned: FxHashMap<Object, Obj>,
    pub heap: FxHashMap<Obj, Heap>,
    queue: VecDeque<NodeId>,
    pending: VecDeque<(Constraint, Obj)>,
    /// Node of each expression and definition without context; 0 is none yet, the top bit says that its constraints exist.
    pub expr_nodes: Vec<Vec<u32>>,
    pub def_nodes: Vec<Vec<u32>>,
    pub copied_exprs: FxHashMap<(Ctx, ModuleId, ExprId), u32>,
    pub copied_defs: FxHashMap<(Ctx, ModuleId, DefId), NodeId>,
    pub variables: FxHashMap<(Ctx, ModuleId, ScopeId, SlotId), NodeId>,
    constants: FxHashMap<Obj, NodeId>,
    pub sites: Vec<Site>,
    pub calls: Vec<CallData>,
    pub args: Vec<(ArgKind, NodeId)>,
    pub edges: Vec<Edge>,
    pub seen_edges: FxHashSet<Edge>,
    pub classes: ClassTable,
    pub functions: FxHashMap<(ModuleId, FunctionId, Ctx), FunctionNodes>,
    pub function_facts: Vec<Vec<FunctionFacts>>,
    pub contexts: Vec<Context>,
    pub context_ids: FxHashMap<(ModuleId, FunctionId, Ctx, SiteId), Ctx>,
    pub bodies: VecDeque<(ModuleId, FunctionId, Ctx)>,
    pub views: FxHashMap<(Obj, Symbol, bool), NodeId>,
    /// What the instances of a class hold together, all of them or the open ones only.
    pub hubs: FxHashMap<(ClassIx, Symbol, bool), NodeId>,
    pub paths: FxHashMap<(Symbol, Key), Symbol>,
    pub results: FxHashMap<Symbol, Symbol>,
    pub words: super::names::Words,
    pub keys: super::facts::KeyIndex,
    /// The function that a decorator was called with, by the context of that call.
    pub decorated: FxHashMap<Ctx, (ModuleId, FunctionId)>,
    /// Loads and stores with an index that may be anything if nothing is known of it.
    pub loose_loads: Vec<(NodeId, NodeId, NodeId, SiteId)>,
    pub loose_stores: Vec<(NodeId, NodeId, NodeId, SiteId)>,
    /// Pairs of a call and callee already bound.
    pub bound_calls: FxHashSet<(u32, Obj, Option<Obj>)>,
    copied: FxHashSet<(NodeId, NodeId)>,
    pub watched: FxHashSet<(Obj, Watcher)>,
    /// Class attributes that are declared without a value: class, name, node, annotation.
    pub declared: Vec<(ClassIx, Symbol, NodeId, ModuleId, ExprId)>,
    pub bounds_hit: usize,
    /// Walked with open receivers and annotations.
    pub seeded: bool,
}

impl<'p> Solver<'p> {
    pub fn new(project: &'p Project, aliases: &'p Aliases, modules: Vec<ModuleId>) -> Self {
        let mut solver = Self {
            project,
            modules,
            evaluator: Evaluator::new(project, aliases),
            aliases,
            nodes: vec![Node {
                constant: true,
                ..Node::default()
            }],
            constraints: vec![(Constraint::Copy(NodeId::NONE), 0)],
            objects: Vec::new(),
            interned: FxHashMap::default(),
            heap: FxHashMap::default(),
            queue: VecDeque::new(),
            pending: VecDeque::new(),
            expr_nodes: project
                .modules
                .iter()
                .map(|module| vec![0; module.exprs.len()])
                .collect(),
            def_nodes: project
                .modules
                .iter()
                .map(|module| vec![0; module.defs.len()])
                .collect(),
            copied_exprs: FxHashMap::default(),
            copied_defs: FxHashMap::default(),
            variables: FxHashMap::default(),
            constants: FxHashMap::default(),
            // The first is nowhere: what runs there is not reported.
            sites: vec![Site {
                module: ModuleId(0),
                expr: ExprId(0),
                scope: Module::TOP,
                ctx: Ctx::NONE,
            }],
            calls: Vec::new(),
            args: Vec::new(),
            edges: Vec::new(),
            seen_edges: FxHashSet::default(),
            classes: ClassTable::default(),
            functions: FxHashMap::default(),
            function_facts: project
                .modules
                .iter()
                .map(|module| vec![FunctionFacts::default(); module.functions.len()])
                .collect(),
            contexts: vec![Context::default()],
            context_ids: FxHashMap::default(),
            bodies: VecDeque::new(),
            views: FxHashMap::default(),
            hubs: FxHashMap::default(),
            paths: FxHashMap::default(),
            results: FxHashMap::default(),
            words: super::names::Words::default(),
            keys: super::facts::KeyIndex::new(project),
            decorated: FxHashMap::default(),
            loose_loads: Vec::new(),
            loose_stores: Vec::new(),
            bound_calls: FxHashSet::default(),
            copied: FxHashSet::default(),
            watched: FxHashSet::default(),
            declared: Vec::new(),
            bounds_hit: 0,
            seeded: false,
        };
        solver.classes = ClassTable::build(project, aliases);
        solver
    }

    /// Walks all modules and solves; then seeds what nobody in the project supplies, and solves again.
    pub fn run(mut self) -> CallGraph {
        self.generate();
        self.solve();
        self.seed();
        self.seeded = true;
        self.solve();
        self.seed_results();
        self.solve();
        self.outcome()
    }

    // Objects and nodes.

    pub fn obj(&mut self, object: Object) -> Obj {
        if let Some(known) = self.interned.get(&object) {
            return *known;
        }
        let id = Obj(to_u32(self.objects.len()));
        self.objects.push(object);
        self.interned.insert(object, id);
        id
    }

    pub fn object(&self, obj: Obj) -> Object {
        self.objects[obj.0 as usize]
    }

    pub fn new_node(&mut self) -> NodeId {
        if self.nodes.len() >= MAX_NODES {
            self.bounds_hit += 1;
            return NodeId::NONE;
        }
        self.nodes.push(Node::default());
        NodeId(to_u32(self.nodes.len() - 1))
    }

    /// A node that holds one object forever.
    pub fn constant(&mut self, obj: Obj) -> NodeId {
        if let Some(known) = self.constants.get(&obj) {
            return *known;
        }
        let node = self.new_node();
        if node != NodeId::NONE {
            let data = &mut self.nodes[node.0 as usize];
            data.values.push(obj);
            data.done = 1;
            data.constant = true;
        }
        self.constants.insert(obj, node);
        node
    }

    pub fn constant_of(&mut self, object: Object) -> NodeId {
        let obj = self.obj(object);
        self.constant(obj)
    }

    pub fn external(&mut self, path: &str) -> NodeId {
        self.constant_of(Object::External(Symbol::from(path)))
    }

    pub fn values(&self, node: NodeId) -> &[Obj] {
        &self.nodes[node.0 as usize].values
    }

    pub fn is_constant(&self, node: NodeId) -> bool {
        self.nodes[node.0 as usize].constant
    }

    pub fn add_value(&mut self, node: NodeId, obj: Obj) {
        let data = &mut self.nodes[node.0 as usize];
        if data.constant || data.values.contains(&obj) {
            return;
        }
        if data.values.len() >= MAX_SET {
            if !data.full {
                data.full = true;
                self.bounds_hit += 1;
            }
            return;
        }
        // Many different constants are just a string or a number.
        if data.values.len() >= MAX_CONSTANTS
            && matches!(
                self.objects[obj.0 as usize],
                Object::Str(_) | Object::Int(_)
            )
        {
            let plain = match self.objects[obj.0 as usize] {
                Object::Str(_) => self.words.a_str,
                _ => self.words.an_int,
            };
            let plain = self.obj(Object::External(plain));
            return self.add_value(node, plain);
        }
        if data.values.len() >= MAX_PATHS && self.is_crowded(node, obj) {
            let data = &mut self.nodes[node.0 as usize];
            if !data.full {
                data.full = true;
                self.bounds_hit += 1;
            }
            return;
        }
        let data = &mut self.nodes[node.0 as usize];
        data.values.push(obj);
        if !data.queued && data.first != 0 {
            data.queued = true;
            self.queue.push_back(node);
        } else if data.first == 0 {
            data.done = to_u32(data.values.len());
        }
    }

    /// Whether a set holds as many objects of this sort as it may.
    fn is_crowded(&self, node: NodeId, obj: Obj) -> bool {
        let sort = |obj: Obj| match self.objects[obj.0 as usize] {
            Object::External(_) | Object::Method { .. } => Some(MAX_PATHS),
            Object::Container(..) | Object::Args(_) | Object::Kwargs(_) => Some(MAX_CONTAINERS),
            _ => None,
        };
        let Some(most) = sort(obj) else { return false };
        self.values(node)
            .iter()
            .filter(|value| sort(**value) == Some(most))
            .count()
            >= most
    }

    /// A copy that may have been asked for before.
    pub fn copy_once(&mut self, from: NodeId, to: NodeId) {
        if from != to
            && from != NodeId::NONE
            && to != NodeId::NONE
            && self.copied.insert((from, to))
        {
            self.constrain(from, Constraint::Copy(to));
        }
    }

    pub fn copy(&mut self, from: NodeId, to: NodeId) {
        if from != to && from != NodeId::NONE && to != NodeId::NONE {
            self.constrain(from, Constraint::Copy(to));
        }
    }

    pub fn constrain(&mut self, node: NodeId, constraint: Constraint) {
        if node == NodeId::NONE {
            return;
        }
        let done = self.nodes[node.0 as usize].done as usize;
        for index in 0..done {
            let value = self.nodes[node.0 as usize].values[index];
            match constraint {
                Constraint::Copy(to) => self.add_value(to, value),
                other => self.pending.push_back((other, value)),
            }
        }
        let data = &mut self.nodes[node.0 as usize];
        if !data.constant {
            let next = data.first;
            data.first = to_u32(self.constraints.len());
            self.constraints.push((constraint, next));
        }
    }

    pub fn solve(&mut self) {
        loop {
            if let Some((module, function, ctx)) = self.bodies.pop_front() {
                self.walk_function(module, function, ctx);
            } else if let Some((constraint, value)) = self.pending.pop_front() {
                self.apply(constraint, value);
            } else if let Some(node) = self.queue.pop_front() {
                self.propagate(node);
            } else {
                return;
            }
        }
    }

    fn propagate(&mut self, node: NodeId) {
        let index = node.0 as usize;
        self.nodes[index].queued = false;
        let (from, to) = (
            self.nodes[index].done as usize,
            self.nodes[index].values.len(),
        );
        self.nodes[index].done = to_u32(to);
        let mut next = self.nodes[index].first;
        while next != 0 {
            let (constraint, after) = self.constraints[next as usize];
            next = after;
            for position in from..to {
                let value = self.nodes[index].values[position];
                match constraint {
                    Constraint::Copy(to) => self.add_value(to, value),
                    other => self.apply(other, value),
                }
            }
        }
    }

    fn apply(&mut self, constraint: Constraint, value: Obj) {
        match constraint {
            Constraint::Copy(to) => self.add_value(to, value),
            Constraint::Load { attr, to, site } => self.load(value, attr, to, site),
            Constraint::Store { attr, from, site } => self.store(value, attr, from, site),
            Constraint::View { to, site } => self.through_view(value, to, site),
            Constraint::Member { receiver, view } => self.member(value, receiver, view),
            Constraint::Item { key, to, site } => self.item(value, key, to, site),
            Constraint::ItemOf { index, to, site } => {
                if let Object::Instance(..) = self.object(value)
                    && self.implicit(value, self.words.getitem, index, to, site)
                {
                    return;
                }
                for position in 0..self.values(index).len() {
                    let key = self.key_of(self.values(index)[position]);
                    self.item(value, key, to, site);
                }
            }
            Constraint::ItemAt {
                container,
                to,
                site,
            } => {
                let key = self.key_of(value);
                for position in 0..self.values(container).len() {
                    let container = self.values(container)[position];
                    if !self.has_method(container, self.words.getitem) {
                        self.item(container, key, to, site);
                    }
                }
            }
            Constraint::PutItem { key, from, site } => {
                self.put_item(value, key, from, NodeId::NONE, site)
            }
            Constraint::PutItemOf { index, from, site } => {
                for position in 0..self.values(index).len() {
                    let key = self.key_of(self.values(index)[position]);
                    self.put_item(value, key, from, index, site);
                }
            }
            Constraint::PutItemAt {
                container,
                from,
                site,
            } => {
                let key = self.key_of(value);
                for position in 0..self.values(container).len() {
                    let container = self.values(container)[position];
                    self.put_item(container, key, from, NodeId::NONE, site);
                }
            }
            Constraint::Spill { into, shift } => self.spill(value, into, shift),
            Constraint::SliceInto {
                into,
                from,
                to,
                result,
            } => self.slice_into(value, into, from, to, result),
            Constraint::Iterate { to, site } => self.iterate(value, to, site),
            Constraint::Enter { to, site } => self.enter(value, to, site),
            Constraint::Call(call) => self.dispatch(call, value),
            Constraint::Binary {
                op,
                right,
                to,
                site,
            } => self.binary(value, op, right, to, site),
            Constraint::BinaryRight { op, to, site } => self.binary_right(value, op, to, site),
            Constraint::Implicit {
                name,
                arg,
                to,
                site,
            } => {
                self.implicit(value, name, arg, to, site);
            }
            Constraint::Raise { site } => self.raise(value, site),
            Constraint::Caught { to } => self.caught(value, to),
            Constraint::StarArg { function, base } => self.star_arg(value, function, base),
            Constraint::DoubleStarArg { function } => {
                self.watch(value, Watcher::DoubleStar { function })
            }
            Constraint::GetattrOf { name, to, site } => {
                for position in 0..self.values(name).len() {
                    if let Object::Str(attr) = self.object(self.values(name)[position]) {
                        self.load(value, attr, to, site);
                    }
                }
            }
            Constraint::GetattrAt { object, to, site } => {
                if let Object::Str(attr) = self.object(value) {
                    for position in 0..self.values(object).len() {
                        let object = self.values(object)[position];
                        self.load(object, attr, to, site);
                    }
                }
            }
            Constraint::Partial { call } => {
                let result = self.calls[call as usize].result;
                let partial = self.obj(Object::Partial {
                    call,
                    target: value,
                });
                self.add_value(result, partial);
            }
            Constraint::Super { class, to } => self.super_of(class, value, to),
            Constraint::TypeOf { to } => self.type_of(value, to),
            Constraint::SetThrough {
                receiver,
                from,
                site,
            } => self.set_through(value, receiver, from, site),
            Constraint::SetattrOf { name, from, site } => {
                for position in 0..self.values(name).len() {
                    if let Object::Str(attr) = self.object(self.values(name)[position]) {
                        self.store(value, attr, from, site);
                    }
                }
            }
            Constraint::ImportModule { at, to } => {
                if let Object::Str(name) = self.object(value) {
                    let module = self.imported_module(at, name);
                    self.copy(module, to);
                }
            }
            Constraint::Await { to, site } => self.awaited(value, to, site),
        }
    }

    // Places.

    pub fn site(&mut self, site: Site) -> SiteId {
        self.sites.push(site);
        SiteId(to_u32(self.sites.len() - 1))
    }

    pub fn record(&mut self, site: SiteId, callee: Obj, receiver: Option<Obj>, reach: Reach) {
        if site == SiteId(0) {
            return;
        }
        let edge = Edge {
            site,
            callee,
            receiver,
            reach,
        };
        if self.seen_edges.insert(edge) {
            self.edges.push(edge);
        }
    }
}

/// Counts stay far below; see the bounds.
pub(super) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

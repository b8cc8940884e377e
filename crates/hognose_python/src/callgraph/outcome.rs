//! From the solved constraints to the call graph.

use rustc_hash::{FxHashMap, FxHashSet};

use super::constraint::{CallKind, Edge};
use super::object::*;
use super::solver::{Solver, to_u32};
use super::{CallGraph, CallSite, Callee, Confidence, Reach, Target, Unit};
use crate::eval::Unresolved;
use crate::ir::*;

/// Steps followed when looking for the reason why a callee is not known.
const MAX_STEPS: u32 = 24;

/// Methods that only strings have, and only dicts, among what programs usually call.
const STRING_METHODS: &[&str] = &[
    "split",
    "rsplit",
    "splitlines",
    "startswith",
    "endswith",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "casefold",
    "title",
    "capitalize",
    "partition",
    "rpartition",
    "zfill",
    "ljust",
    "rjust",
    "isdigit",
    "isalnum",
    "isalpha",
    "isspace",
    "isidentifier",
    "removeprefix",
    "removesuffix",
    "encode",
    "format_map",
    "expandtabs",
    "swapcase",
];
const DICT_METHODS: &[&str] = &["items", "keys", "values", "setdefault", "popitem"];

/// Method names that say nothing: every library has them.
const COMMON: &[&str] = &[
    "add",
    "append",
    "clear",
    "close",
    "connect",
    "copy",
    "count",
    "create",
    "decode",
    "delete",
    "encode",
    "execute",
    "exists",
    "extend",
    "filter",
    "find",
    "flush",
    "format",
    "get",
    "index",
    "insert",
    "items",
    "join",
    "keys",
    "load",
    "open",
    "pop",
    "read",
    "remove",
    "replace",
    "run",
    "save",
    "send",
    "set",
    "setdefault",
    "sort",
    "split",
    "start",
    "stop",
    "strip",
    "update",
    "values",
    "wait",
    "write",
];

impl Solver<'_> {
    /// What was found.
    pub fn outcome(mut self) -> CallGraph {
        let mut graph = CallGraph {
            class_paths: std::mem::take(&mut self.classes.bases),
            ..CallGraph::default()
        };
        let mut edges: Vec<Vec<(ExprId, u32)>> = vec![Vec::new(); self.project.modules.len()];
        for (index, edge) in (0u32..).zip(&self.edges) {
            let site = self.sites[edge.site.0 as usize];
            edges[site.module.index()].push((site.expr, index));
        }
        // Calls, whether resolved or not; the node of what is called tells of bounds hit.
        let mut calls: Vec<Vec<(ExprId, u32)>> = vec![Vec::new(); self.project.modules.len()];
        for (index, call) in (0u32..).zip(&self.calls) {
            let site = self.sites[call.site.0 as usize];
            if call.kind == CallKind::Written
                && matches!(
                    self.project.module(site.module)[site.expr],
                    Expr::Call { .. }
                )
            {
                calls[site.module.index()].push((site.expr, index));
            }
        }
        let mut units: FxHashMap<Unit, Vec<Unit>> = FxHashMap::default();
        for at in (0..to_u32(self.project.modules.len())).map(ModuleId) {
            let (mut edges, mut calls) = (
                std::mem::take(&mut edges[at.index()]),
                std::mem::take(&mut calls[at.index()]),
            );
            edges.sort_unstable();
            calls.sort_unstable();
            let sites = self.module_sites(&mut graph, at, &edges, &calls);
            for site in &sites {
                let callees = &graph.targets[site.targets.range()];
                let into = units.entry((at, site.scope)).or_default();
                for target in callees {
                    if let Callee::Function(module, function) = target.callee
                        && target.confidence > Confidence::Low
                    {
                        into.push((module, self.project.module(module)[function].scope));
                    }
                }
            }
            graph.sites.push(sites);
        }
        graph.bounds_hit = self.bounds_hit;
        graph.order = self.order(&units);
        graph
    }

    fn module_sites(
        &self,
        graph: &mut CallGraph,
        at: ModuleId,
        edges: &[(ExprId, u32)],
        calls: &[(ExprId, u32)],
    ) -> Vec<CallSite> {
        let mut sites = Vec::with_capacity(calls.len());
        let (mut edge, mut call) = (0, 0);
        while edge < edges.len() || call < calls.len() {
            let expr = match (edges.get(edge), calls.get(call)) {
                (Some((a, _)), Some((b, _))) => *a.min(b),
                (Some((a, _)), None) => *a,
                (None, Some((b, _))) => *b,
                (None, None) => break,
            };
            let start = to_u32(graph.targets.len());
            let mut scope = Module::TOP;
            let mut full = false;
            let is_call = calls.get(call).is_some_and(|(known, _)| *known == expr);
            while calls.get(call).is_some_and(|(known, _)| *known == expr) {
                let data = &self.calls[calls[call].1 as usize];
                scope = self.sites[data.site.0 as usize].scope;
                full |= self.nodes[data.func.0 as usize].full;
                call += 1;
            }
            while edges.get(edge).is_some_and(|(known, _)| *known == expr) {
                let data = self.edges[edges[edge].1 as usize];
                scope = self.sites[data.site.0 as usize].scope;
                let target = self.target(&data, full);
                if !graph.targets[start as usize..].iter().any(|known| {
                    known.callee == target.callee
                        && known.reach == target.reach
                        && known.receiver == target.receiver
                }) {
                    graph.targets.push(target);
                }
                edge += 1;
            }
            let mut unresolved = full.then_some(Unresolved::TooMany);
            if is_call && to_u32(graph.targets.len()) == start {
                let module = self.project.module(at);
                let Expr::Call { func, .. } = module[expr] else {
                    continue;
                };
                unresolved = Some(self.reason(at, func, 0));
                if let Some(target) = self.by_name(at, func) {
                    graph.targets.push(target);
                }
            }
            let targets = List {
                start,
                len: to_u32(graph.targets.len()) - start,
            };
            sites.push(CallSite {
                expr,
                scope,
                is_call,
                targets,
                unresolved,
            });
        }
        sites
    }

    fn target(&self, edge: &Edge, full: bool) -> Target {
        let class_of = |obj: Obj| match self.object(obj) {
            Object::Instance(class, _) | Object::Class(class) => Some(self.classes.place(class)),
            _ => None,
        };
        let open = edge.receiver.is_some_and(|receiver| {
            matches!(self.object(receiver), Object::Instance(_, Origin::Open))
        });
        let (callee, wraps) = match self.object(edge.callee) {
            Object::Function(module, function, ctx) => {
                (Callee::Function(module, function), self.wrapped_by(ctx))
            }
            Object::Class(class) => {
                let (module, class) = self.classes.place(class);
                (Callee::Class(module, class), None)
            }
            Object::External(path) => (Callee::External(path), None),
            _ => (Callee::External(Symbol::from("?")), None),
        };
        Target {
            callee,
            reach: edge.reach,
            receiver: edge.receiver.and_then(class_of),
            wraps,
            confidence: if open || full {
                Confidence::Medium
            } else {
                Confidence::High
            },
        }
    }

    /// The function that a decorator was called with, when the callee was made in that call.
    fn wrapped_by(&self, ctx: Ctx) -> Option<(ModuleId, FunctionId)> {
        if ctx == Ctx::NONE {
            return None;
        }
        self.decorated.get(&ctx).copied()
    }

    /// A method that one class of the project has, and whose name is not everybody's.
    fn by_name(&self, at: ModuleId, func: ExprId) -> Option<Target> {
        let Expr::Attribute { attr, .. } = self.project.module(at)[func] else {
            return None;
        };
        let name = attr.as_str();
        let Some(known) = self.classes.methods.get(&attr) else {
            // No class of the project has it.
            let class = if STRING_METHODS.contains(&name) {
                "str"
            } else if DICT_METHODS.contains(&name) {
                "dict"
            } else {
                return None;
            };
            return Some(Target {
                callee: Callee::External(Symbol::from(format!("builtins.{class}().{name}"))),
                reach: Reach::Method,
                receiver: None,
                wraps: None,
                confidence: Confidence::Low,
            });
        };
        let (module, function) = (*known)?;
        if name.starts_with("__") || name.len() < 4 || COMMON.contains(&name) {
            return None;
        }
        let class = self.project.module(module)[function]
            .class
            .map(|class| (module, class));
        Some(Target {
            callee: Callee::Function(module, function),
            reach: Reach::Method,
            receiver: class,
            wraps: None,
            confidence: Confidence::Low,
        })
    }

    /// Why nothing is known of an expression.
    fn reason(&self, at: ModuleId, expr: ExprId, steps: u32) -> Unresolved {
        if steps > MAX_STEPS {
            return Unresolved::Depth;
        }
        let module = self.project.module(at);
        let known = |expr: ExprId| match module[expr] {
            Expr::Name { def, .. } => self.def_nodes[at.index()][def.index()],
            _ => self.expr_nodes[at.index()][expr.index()] & !super::names::WALKED,
        };
        let filled =
            |expr: ExprId| known(expr) != 0 && !self.nodes[known(expr) as usize].values.is_empty();
        match module[expr] {
            Expr::Name { def, .. } => self.reason_of_def(at, def, steps),
            Expr::Attribute { value, .. } if filled(value) => Unresolved::Attribute,
            Expr::Attribute { value, .. } => match self.reason(at, value, steps + 1) {
                Unresolved::Computed => Unresolved::Computed,
                other => other,
            },
            Expr::Call { .. } => Unresolved::Call,
            Expr::Subscript { value, .. }
            | Expr::Element { of: value, .. }
            | Expr::Iterate { of: value, .. }
                if filled(value) =>
            {
                Unresolved::Item
            }
            Expr::Subscript { value, .. }
            | Expr::Element { of: value, .. }
            | Expr::Iterate { of: value, .. } => self.reason(at, value, steps + 1),
            Expr::Await(value) | Expr::Named { value, .. } | Expr::Enter { of: value, .. } => {
                self.reason(at, value, steps + 1)
            }
            Expr::Logic { values, .. } => match module.list(values).first() {
                Some(first) => self.reason(at, *first, steps + 1),
                None => Unresolved::Computed,
            },
            Expr::Opaque => Unresolved::Opaque,
            _ => Unresolved::Computed,
        }
    }

    fn reason_of_def(&self, at: ModuleId, def: DefId, steps: u32) -> Unresolved {
        let module = self.project.module(at);
        match module[def].kind {
            DefKind::Param(_) => Unresolved::Parameter,
            DefKind::Value(value) => self.reason(at, value, steps + 1),
            DefKind::Phi(list) => match module.defs_list(list).last() {
                Some(last) if steps < MAX_STEPS => self.reason_of_def(at, *last, steps + 4),
                _ => Unresolved::Computed,
            },
            DefKind::Entry => {
                let (scope, slot) = (module[def].scope, module[def].slot);
                let name = module[scope].slots[slot.index()].name;
                let mut around = module[scope].parent;
                while let Some(outer) = around {
                    if let Some(found) = module.slot(outer, name)
                        && found.bound
                        && let Some(last) = found.defs.last()
                        && steps < MAX_STEPS
                    {
                        return self.reason_of_def(at, *last, steps + 4);
                    }
                    around = module[outer].parent;
                }
                Unresolved::Unbound
            }
            DefKind::Import { .. } | DefKind::ImportFrom { .. } | DefKind::Deleted => {
                Unresolved::Unbound
            }
            DefKind::Function(_) | DefKind::Class(_) => Unresolved::Call,
            DefKind::Declared => Unresolved::Parameter,
        }
    }

    /// Strongly connected groups of bodies, callees first (Tarjan, without recursion).
    fn order(&self, calls: &FxHashMap<Unit, Vec<Unit>>) -> Vec<Vec<Unit>> {
        let mut first = Vec::with_capacity(self.project.modules.len());
        let mut all: Vec<Unit> = Vec::new();
        for (at, module) in self.project.iter() {
            first.push(to_u32(all.len()));
            all.extend((0..to_u32(module.scopes.len())).map(|scope| (at, ScopeId(scope))));
        }
        let number = |unit: &Unit| first[unit.0.index()] + unit.1.0;
        let next: Vec<Vec<u32>> = all
            .iter()
            .map(|unit| {
                let mut callees: Vec<u32> = calls
                    .get(unit)
                    .map_or(Vec::new(), |callees| callees.iter().map(number).collect());
                callees.sort_unstable();
                callees.dedup();
                callees
            })
            .collect();
        let mut groups = Vec::new();
        let (mut index, mut low) = (vec![0u32; all.len()], vec![0u32; all.len()]);
        let mut on_stack: FxHashSet<u32> = FxHashSet::default();
        let (mut stack, mut counter) = (Vec::new(), 0u32);
        for root in 0..to_u32(all.len()) {
            if index[root as usize] != 0 {
                continue;
            }
            let mut work: Vec<(u32, usize)> = vec![(root, 0)];
            while let Some((node, child)) = work.pop() {
                let at = node as usize;
                if child == 0 {
                    counter += 1;
                    (index[at], low[at]) = (counter, counter);
                    stack.push(node);
                    on_stack.insert(node);
                }
                if let Some(callee) = next[at].get(child) {
                    work.push((node, child + 1));
                    if index[*callee as usize] == 0 {
                        work.push((*callee, 0));
                    } else if on_stack.contains(callee) {
                        low[at] = low[at].min(index[*callee as usize]);
                    }
                    continue;
                }
                if let Some((parent, _)) = work.last() {
                    low[*parent as usize] = low[*parent as usize].min(low[at]);
                }
                if low[at] == index[at] {
                    let mut group = Vec::new();
                    while let Some(member) = stack.pop() {
                        on_stack.remove(&member);
                        group.push(all[member as usize]);
                        if member == node {
                            break;
                        }
                    }
                    group.sort_unstable();
                    groups.push(group);
                }
            }
        }
        groups
    }
}

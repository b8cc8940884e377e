//! In which order bodies are walked: callees before callers, modules after those that they import.

use hognose_python::ir::*;
use hognose_python::{ModuleId, Project};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Units;
use crate::value::{Place, Symbol};
use crate::watch::Watch;

/// The bodies that a place lies in: whoever asks about it hears of it even where no flow goes through.
pub(super) fn watched_units(project: &Project, units: &Units, watch: Watch) -> Vec<u32> {
    if watch.module.index() >= units.first.len() {
        // A template: its pages are made by bodies that render it.
        return Vec::new();
    }
    let module = project.module(watch.module);
    let inside = module
        .functions
        .iter()
        .filter(|function| watch.covers(Place::new(watch.module, function.range)));
    inside
        .map(|function| function.scope)
        .chain([Module::TOP])
        .map(|scope| u32::try_from(units.number(watch.module, scope)).unwrap_or(u32::MAX))
        .collect()
}

/// Units with all that can be reached from them.
pub(super) fn with_all(from: Vec<u32>, edges: &[Vec<u32>]) -> FxHashSet<u32> {
    let mut found = FxHashSet::default();
    let mut waiting = from;
    while let Some(unit) = waiting.pop() {
        if found.insert(unit) {
            waiting.extend(&edges[unit as usize]);
        }
    }
    found
}

/// The modules that the body of each module takes names from.
pub(super) fn imports(project: &Project) -> Vec<Vec<u32>> {
    let of = |(id, module): (ModuleId, &Module)| {
        let slots = module[Module::TOP].slots.iter();
        let find = |name: Symbol| match project.find(name, id) {
            hognose_python::Found::Module(found) => Some(found),
            _ => None,
        };
        // A package that is only asked for a module of its own is no more than the way there.
        let named = slots
            .flat_map(|slot| &slot.defs)
            .filter_map(|def| match module[*def].kind {
                DefKind::ImportFrom { module: from, name } => {
                    find(Symbol::from(format!("{from}.{name}"))).or_else(|| find(from))
                }
                _ => None,
            });
        let all = module.star_imports.iter().filter_map(|name| find(*name));
        let mut found: Vec<u32> = all
            .chain(named)
            .filter(|from| *from != id)
            .map(|from| from.0)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let modules: Vec<(ModuleId, &Module)> = project.iter().collect();
    modules.into_par_iter().map(of).collect()
}

/// Groups of units that call each other, callees first (Tarjan's algorithm, without recursion).
pub(super) fn bottom_up(next: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let count = next.len();
    let (mut index, mut low) = (vec![0u32; count], vec![0u32; count]);
    let mut on_stack = vec![false; count];
    let (mut stack, mut counter, mut groups) = (Vec::new(), 0u32, Vec::new());
    for root in 0..count {
        if index[root] != 0 {
            continue;
        }
        let mut work: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, child)) = work.pop() {
            if child == 0 {
                counter += 1;
                (index[node], low[node]) = (counter, counter);
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(callee) = next[node].get(child) {
                let callee = *callee as usize;
                work.push((node, child + 1));
                if index[callee] == 0 {
                    work.push((callee, 0));
                } else if on_stack[callee] {
                    low[node] = low[node].min(index[callee]);
                }
                continue;
            }
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == index[node] {
                let mut group = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    group.push(u32::try_from(member).unwrap_or(u32::MAX));
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

/// Groups by level, and the level and group of each unit: a group's callees are in lower levels.
pub(super) fn by_level(groups: &[Vec<u32>], next: &[Vec<u32>]) -> (Vec<Vec<u32>>, Vec<(u32, u32)>) {
    let mut rank = vec![(0u32, 0u32); next.len()];
    let mut levels: Vec<Vec<u32>> = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        for unit in group {
            rank[*unit as usize].1 = number;
        }
        let level = group
            .iter()
            .flat_map(|unit| &next[*unit as usize])
            .filter(|callee| rank[**callee as usize].1 != number || !group.contains(callee))
            .map(|callee| rank[*callee as usize].0 + 1)
            .max()
            .unwrap_or(0);
        for unit in group {
            rank[*unit as usize].0 = level;
        }
        let at = level as usize;
        if levels.len() <= at {
            levels.resize_with(at + 1, Vec::new);
        }
        levels[at].push(number);
    }
    (levels, rank)
}

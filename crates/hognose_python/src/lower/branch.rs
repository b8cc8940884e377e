//! Branches and joins: which definition reaches where control flow meets.

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Loop, Lowering, to_u32};
use crate::ir::*;

/// The variables a stretch of code changed, with what reaches its end; sorted by variable.
pub(super) type Changes = Vec<(SlotId, DefId)>;

impl Lowering {
    /// Makes `def` what reaches from here on.
    pub(super) fn set(&mut self, slot: SlotId, def: DefId) {
        let state = self.state();
        let old = std::mem::replace(&mut state.current[slot.index()], def);
        if state.marks > 0 {
            state.log.push((slot, old));
        }
    }

    /// Opens a stretch of code whose changes will be asked for.
    pub(super) fn mark(&mut self) -> usize {
        let state = self.state();
        state.marks += 1;
        state.log.len()
    }

    /// What changed since the mark, leaving the state alone.
    pub(super) fn changes_since(&mut self, mark: usize) -> Changes {
        let state = self.state();
        let mut slots: Vec<SlotId> = state.log[mark..].iter().map(|(slot, _)| *slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
            .into_iter()
            .map(|slot| (slot, state.current[slot.index()]))
            .collect()
    }

    /// Undoes everything since the mark and closes it.
    pub(super) fn roll_back(&mut self, mark: usize) {
        let state = self.state();
        while state.log.len() > mark {
            if let Some((slot, old)) = state.log.pop() {
                state.current[slot.index()] = old;
            }
        }
        state.marks -= 1;
    }

    /// Takes back what a stretch of code did and returns it; `None` when its end cannot be reached.
    pub(super) fn end_branch(&mut self, mark: usize) -> Option<Changes> {
        let end = self.state().reachable.then(|| self.changes_since(mark));
        self.roll_back(mark);
        end
    }

    pub(super) fn apply(&mut self, changes: &Changes) {
        for (slot, def) in changes {
            self.set(*slot, *def);
        }
    }

    /// Joins branches that all started from the present state.
    pub(super) fn join(&mut self, branches: &[Option<Changes>]) {
        let reachable: SmallVec<[&Changes; 4]> = branches.iter().flatten().collect();
        self.state().reachable = !reachable.is_empty();
        match reachable.as_slice() {
            [] => {}
            [only] => self.apply(only),
            several => {
                let mut slots: Vec<SlotId> = several
                    .iter()
                    .flat_map(|changes| changes.iter().map(|(slot, _)| *slot))
                    .collect();
                slots.sort_unstable();
                slots.dedup();
                for slot in slots {
                    let base = self.state().current[slot.index()];
                    let operands = several.iter().map(|changes| {
                        changes
                            .binary_search_by_key(&slot, |(s, _)| *s)
                            .map_or(base, |index| changes[index].1)
                    });
                    let operands: SmallVec<[DefId; 4]> = operands.collect();
                    let def = self.phi(slot, operands);
                    self.set(slot, def);
                }
            }
        }
    }

    /// One definition that stands for several.
    fn phi(&mut self, slot: SlotId, mut operands: SmallVec<[DefId; 4]>) -> DefId {
        operands.sort_unstable();
        operands.dedup();
        if let [only] = operands.as_slice() {
            return *only;
        }
        let list = Self::push_list(&mut self.module.def_pool, operands);
        self.push_phi(slot, list)
    }

    fn push_phi(&mut self, slot: SlotId, list: List) -> DefId {
        let scope = self.scope_id();
        let def = DefId(to_u32(self.module.defs.len()));
        self.module.defs.push(Def {
            kind: DefKind::Phi(list),
            slot,
            scope,
            range: TextRange::default(),
            annotation: None,
        });
        def
    }

    /// Starts a loop that assigns the given names: each gets a phi whose operands are known at the end.
    pub(super) fn open_loop(&mut self, names: &[Symbol]) -> Vec<(SlotId, DefId, DefId)> {
        let mut phis = Vec::with_capacity(names.len());
        for name in names {
            let slot = self.slot(*name);
            let before = self.state().current[slot.index()];
            let phi = self.push_phi(slot, List::default());
            phis.push((slot, before, phi));
            self.set(slot, phi);
        }
        let head = self.mark();
        self.state().loops.push(Loop {
            head,
            breaks: Vec::new(),
            continues: Vec::new(),
        });
        phis
    }

    /// Ends the loop body: fills the phis and returns to the state at the head. Gives the states at `break`.
    pub(super) fn close_loop(&mut self, phis: &[(SlotId, DefId, DefId)]) -> Vec<Changes> {
        let state = self.state();
        let Some(Loop {
            head,
            breaks,
            continues,
        }) = state.loops.pop()
        else {
            return Vec::new();
        };
        let mut backs = continues;
        backs.extend(self.end_branch(head));
        for (slot, before, phi) in phis {
            let mut operands: SmallVec<[DefId; 4]> = SmallVec::from_slice(&[*before]);
            for back in &backs {
                if let Ok(index) = back.binary_search_by_key(slot, |(s, _)| *s) {
                    operands.push(back[index].1);
                }
            }
            operands.retain(|operand| operand != phi);
            operands.sort_unstable();
            operands.dedup();
            let list = Self::push_list(&mut self.module.def_pool, operands);
            self.module.defs[phi.index()].kind = DefKind::Phi(list);
        }
        breaks
    }

    /// `break` and `continue`: remembers the state and ends the path.
    pub(super) fn leave_loop(&mut self, is_break: bool) {
        if self.state().reachable
            && let Some(head) = self.state().loops.last().map(|around| around.head)
        {
            let changes = self.changes_since(head);
            if let Some(around) = self.state().loops.last_mut() {
                if is_break {
                    &mut around.breaks
                } else {
                    &mut around.continues
                }
                .push(changes);
            }
        }
        self.state().reachable = false;
    }

    /// What may reach a handler: for each variable written since the mark any value it had on the way.
    pub(super) fn on_the_way(&mut self, mark: usize) -> Vec<(SlotId, SmallVec<[DefId; 4]>)> {
        let state = self.state();
        let mut seen: FxHashMap<SlotId, SmallVec<[DefId; 4]>> = FxHashMap::default();
        for (slot, old) in &state.log[mark..] {
            seen.entry(*slot).or_default().push(*old);
        }
        let mut all: Vec<_> = seen.into_iter().collect();
        all.sort_unstable_by_key(|(slot, _)| *slot);
        for (slot, operands) in &mut all {
            operands.push(state.current[slot.index()]);
        }
        all
    }

    /// Makes each of several values possible.
    pub(super) fn apply_any(&mut self, any: &[(SlotId, SmallVec<[DefId; 4]>)]) {
        for (slot, operands) in any {
            let def = self.phi(*slot, operands.clone());
            self.set(*slot, def);
        }
    }
}

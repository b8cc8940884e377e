//! From the tree to instructions.

use crate::Bound;
use crate::ast::Greed;
use crate::charset::CharSet;
use crate::hir::{Fold, Hir, HirId, Hk, SetId, Test};

/// Most instructions a program may have. The tree is not multiplied by counts, so that only enormous patterns reach it.
const MAX_INSTRUCTIONS: usize = 1 << 18;

pub(crate) type Pc = u32;

/// The place of a number that backtracking restores: capture ends first, then loop counters.
pub(super) type Slot = u32;

#[derive(Clone, Debug)]
pub(super) enum Instruction {
    Set(SetId),
    /// A repeated set: what CPython calls `REPEAT_ONE`.
    RepeatSet {
        set: SetId,
        min: u32,
        max: u32,
        greed: Greed,
    },
    Test(Test),
    Jump(Pc),
    /// Goes on at the next instruction; the other is tried later.
    Fork(Pc),
    /// A loop begins: its counter (and the place of its last round, one slot further) are reset.
    LoopStart(Slot),
    /// Decides about another round. The body follows at `body`, the exit is the next instruction.
    LoopNext {
        slot: Slot,
        min: u32,
        max: u32,
        lazy: bool,
        body: Pc,
    },
    /// Another round of a lazy loop, after its exit failed.
    LoopAgain {
        slot: Slot,
        max: u32,
        body: Pc,
    },
    Save(Slot),
    Backreference {
        group: u32,
        fold: Fold,
    },
    /// A look-around or an atomic group begins; its body follows.
    Fence {
        kind: FenceKind,
        /// The instruction after the closing one.
        after: Pc,
        /// Characters to step back for a look-behind.
        back: u32,
    },
    /// The body has matched.
    FenceEnd,
    /// Goes on at the next instruction when the group has matched, else at the given one.
    Conditional(u32, Pc),
    Match,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FenceKind {
    Atomic,
    Look,
    NegativeLook,
}

/// Instructions for one pattern; independent of the mode.
#[derive(Clone, Debug)]
pub(crate) struct Program<'h> {
    pub(super) instructions: Vec<Instruction>,
    pub(super) sets: &'h [CharSet],
    pub(super) slots: usize,
    /// Least number of characters a match consumes.
    pub(super) least: u64,
}

impl<'h> Program<'h> {
    pub(crate) fn new(hir: &'h Hir) -> Result<Program<'h>, Bound> {
        let mut compiler = Compiler {
            hir,
            out: Vec::new(),
            slots: 2 * hir.groups.len() as Slot,
        };
        compiler.node(hir.root)?;
        compiler.out.push(Instruction::Match);
        Ok(Program {
            instructions: compiler.out,
            sets: &hir.sets,
            slots: compiler.slots as usize,
            least: hir.node(hir.root).min_width,
        })
    }
}

struct Compiler<'h> {
    hir: &'h Hir,
    out: Vec<Instruction>,
    slots: Slot,
}

impl Compiler<'_> {
    fn here(&self) -> Pc {
        self.out.len() as Pc
    }

    fn emit(&mut self, instruction: Instruction) -> usize {
        self.out.push(instruction);
        self.out.len() - 1
    }

    fn node(&mut self, id: HirId) -> Result<(), Bound> {
        if self.out.len() > MAX_INSTRUCTIONS {
            return Err(Bound::States);
        }
        match &self.hir.node(id).kind {
            Hk::Empty => {}
            &Hk::Set { set, .. } => {
                self.emit(Instruction::Set(set));
            }
            &Hk::Test(test) => {
                self.emit(Instruction::Test(test));
            }
            Hk::Concat(items) => {
                for &item in items {
                    self.node(item)?;
                }
            }
            Hk::Alternate(branches) => {
                let mut jumps = Vec::with_capacity(branches.len());
                for (index, &branch) in branches.iter().enumerate() {
                    let last = index + 1 == branches.len();
                    let fork = (!last).then(|| self.emit(Instruction::Fork(0)));
                    self.node(branch)?;
                    if let Some(fork) = fork {
                        jumps.push(self.emit(Instruction::Jump(0)));
                        self.out[fork] = Instruction::Fork(self.here());
                    }
                }
                for jump in jumps {
                    self.out[jump] = Instruction::Jump(self.here());
                }
            }
            &Hk::Repeat {
                min,
                max,
                greed,
                body,
            } => self.repeat(min, max.unwrap_or(u32::MAX), greed, body)?,
            &Hk::Group(body) => self.node(body)?,
            &Hk::Capture(number, body) => {
                self.emit(Instruction::Save(2 * number));
                self.node(body)?;
                self.emit(Instruction::Save(2 * number + 1));
            }
            &Hk::Atomic(body) => self.fence(FenceKind::Atomic, 0, |this| this.node(body))?,
            &Hk::Look {
                ahead,
                negated,
                body,
            } => {
                let back = if ahead {
                    0
                } else {
                    u32::try_from(self.hir.node(body).min_width).unwrap_or(u32::MAX)
                };
                let kind = if negated {
                    FenceKind::NegativeLook
                } else {
                    FenceKind::Look
                };
                self.fence(kind, back, |this| this.node(body))?;
            }
            &Hk::Backreference { group, fold } => {
                self.emit(Instruction::Backreference { group, fold });
            }
            &Hk::Conditional { group, yes, no } => {
                let test = self.emit(Instruction::Conditional(group, 0));
                self.node(yes)?;
                let jump = self.emit(Instruction::Jump(0));
                self.out[test] = Instruction::Conditional(group, self.here());
                self.node(no)?;
                self.out[jump] = Instruction::Jump(self.here());
            }
        }
        Ok(())
    }

    fn repeat(&mut self, min: u32, max: u32, greed: Greed, body: HirId) -> Result<(), Bound> {
        if let Hk::Set { set, .. } = self.hir.node(body).kind {
            self.emit(Instruction::RepeatSet {
                set,
                min,
                max,
                greed,
            });
            return Ok(());
        }
        if greed == Greed::Possessive {
            return self.fence(FenceKind::Atomic, 0, |this| {
                this.general_repeat(min, max, false, body)
            });
        }
        self.general_repeat(min, max, greed == Greed::Lazy, body)
    }

    fn general_repeat(&mut self, min: u32, max: u32, lazy: bool, body: HirId) -> Result<(), Bound> {
        let slot = self.slots;
        self.slots += 2;
        self.emit(Instruction::LoopStart(slot));
        let jump = self.emit(Instruction::Jump(0));
        let start = self.here();
        self.node(body)?;
        self.out[jump] = Instruction::Jump(self.here());
        let again = lazy.then(|| self.here() + 2);
        self.emit(Instruction::LoopNext {
            slot,
            min,
            max,
            lazy,
            body: start,
        });
        if again.is_some() {
            // The lazy exit jumps over the instruction that takes another round.
            let exit = self.here() + 2;
            self.emit(Instruction::Jump(exit));
            self.emit(Instruction::LoopAgain {
                slot,
                max,
                body: start,
            });
        }
        Ok(())
    }

    fn fence(
        &mut self,
        kind: FenceKind,
        back: u32,
        body: impl FnOnce(&mut Self) -> Result<(), Bound>,
    ) -> Result<(), Bound> {
        let fence = self.emit(Instruction::Fence {
            kind,
            after: 0,
            back,
        });
        body(self)?;
        self.emit(Instruction::FenceEnd);
        self.out[fence] = Instruction::Fence {
            kind,
            after: self.here(),
            back,
        };
        Ok(())
    }
}

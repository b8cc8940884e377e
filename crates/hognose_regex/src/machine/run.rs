//! Runs a program over a text, within a budget of steps.

use super::compile::{FenceKind, Instruction, Pc, Program, Slot};
use crate::Mode;
use crate::ast::Greed;
use crate::charset::CharSet;
use crate::hir::{Fold, Test};

/// A value that no position or counter takes.
const UNSET: u32 = u32::MAX;

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// Matched from the first to before the second position, in characters.
    Match(u32, u32),
    NoMatch,
    /// The budget was spent.
    OutOfSteps,
}

/// What to do when the current attempt fails, innermost last.
#[derive(Clone, Copy)]
enum Back {
    /// Try this.
    Resume(Pc, u32),
    /// A greedy set repetition gives one character back: next instruction, least end, present end.
    Shorter(Pc, u32, u32),
    /// A lazy set repetition takes one more: next instruction, present end, how many more.
    Longer {
        next: Pc,
        end: u32,
        more: u32,
    },
    Restore(Slot, u32),
    /// The body of a fence has failed entirely: where to go on, if this is a success.
    Fence {
        kind: FenceKind,
        after: Pc,
        pos: u32,
    },
}

/// A run of a program over one text.
pub(crate) struct Run<'p, 't> {
    program: &'p Program<'p>,
    text: &'t [u32],
    slots: Vec<u32>,
    back: Vec<Back>,
    /// Steps taken: instructions, and characters passed in set repetitions.
    pub(crate) steps: u64,
    budget: u64,
    whole: bool,
}

impl<'p, 't> Run<'p, 't> {
    pub(crate) fn new(program: &'p Program<'p>, text: &'t [u32], budget: u64) -> Run<'p, 't> {
        Run {
            program,
            text,
            slots: vec![UNSET; program.slots],
            back: Vec::new(),
            steps: 0,
            budget,
            whole: false,
        }
    }

    /// One call of the `re` function for which `mode` stands. For [`Mode::FindAll`] the last match is given.
    pub(crate) fn go(&mut self, mode: Mode) -> Outcome {
        self.whole = mode == Mode::FullMatch;
        match mode {
            Mode::Match | Mode::FullMatch => self.at(0),
            Mode::Search => (0..=self.length())
                .map(|start| self.at(start))
                .find(|&outcome| outcome != Outcome::NoMatch)
                .unwrap_or(Outcome::NoMatch),
            Mode::FindAll => {
                let (mut start, mut last) = (0, Outcome::NoMatch);
                while start <= self.length() {
                    match self.at(start) {
                        Outcome::Match(from, to) => {
                            last = Outcome::Match(from, to);
                            start = if to > from { to } else { to + 1 };
                        }
                        Outcome::NoMatch => start += 1,
                        Outcome::OutOfSteps => return Outcome::OutOfSteps,
                    }
                }
                last
            }
        }
    }

    fn length(&self) -> u32 {
        self.text.len() as u32
    }

    /// An attempt at one place.
    fn at(&mut self, start: u32) -> Outcome {
        // CPython looks at the width first, here and at each set repetition, and counts nothing where the text is too short.
        if u64::from(self.length() - start) < self.program.least {
            self.steps += 1;
            return Outcome::NoMatch;
        }
        self.back.clear();
        self.slots.fill(UNSET);
        let (mut pc, mut pos): (Pc, u32) = (0, start);
        let program = self.program;
        loop {
            self.steps += 1;
            if self.steps > self.budget {
                return Outcome::OutOfSteps;
            }
            let ok = match program.instructions[pc as usize] {
                Instruction::Set(set) => {
                    let ok = self
                        .text
                        .get(pos as usize)
                        .is_some_and(|&c| program.sets[set as usize].contains(c));
                    pc += 1;
                    pos += u32::from(ok);
                    ok
                }
                Instruction::RepeatSet {
                    set,
                    min,
                    max,
                    greed,
                } => {
                    let limit = if greed == Greed::Lazy { min } else { max };
                    let short = self.length() - pos < min;
                    let count = if short {
                        0
                    } else {
                        self.count(&program.sets[set as usize], pos, limit)
                    };
                    pc += 1;
                    let ok = !short && count >= min;
                    if ok {
                        match greed {
                            Greed::Greedy if count > min => {
                                self.back.push(Back::Shorter(pc, pos + min, pos + count))
                            }
                            Greed::Lazy if max > min => self.back.push(Back::Longer {
                                next: pc,
                                end: pos + count,
                                more: max - min,
                            }),
                            _ => {}
                        }
                        pos += count;
                    }
                    ok
                }
                Instruction::Test(test) => {
                    pc += 1;
                    self.test(test, pos)
                }
                Instruction::Jump(to) => {
                    pc = to;
                    true
                }
                Instruction::Fork(other) => {
                    self.back.push(Back::Resume(other, pos));
                    pc += 1;
                    true
                }
                Instruction::LoopStart(slot) => {
                    self.store(slot, 0);
                    self.store(slot + 1, UNSET);
                    pc += 1;
                    true
                }
                Instruction::LoopNext {
                    slot,
                    min,
                    max,
                    lazy,
                    body,
                } => {
                    let count = self.slots[slot as usize];
                    if count < min {
                        self.store(slot, count + 1);
                        pc = body;
                    } else if lazy {
                        self.back.push(Back::Resume(pc + 2, pos));
                        pc += 1;
                    } else if count < max && self.slots[slot as usize + 1] != pos {
                        self.back.push(Back::Resume(pc + 1, pos));
                        self.store(slot, count + 1);
                        self.store(slot + 1, pos);
                        pc = body;
                    } else {
                        pc += 1;
                    }
                    true
                }
                Instruction::LoopAgain { slot, max, body } => {
                    let count = self.slots[slot as usize];
                    let ok = count < max && self.slots[slot as usize + 1] != pos;
                    if ok {
                        self.store(slot, count + 1);
                        self.store(slot + 1, pos);
                        pc = body;
                    }
                    ok
                }
                Instruction::Save(slot) => {
                    self.store(slot, pos);
                    pc += 1;
                    true
                }
                Instruction::Backreference { group, fold } => match self.repeated(group, fold, pos)
                {
                    Some(end) => {
                        pos = end;
                        pc += 1;
                        true
                    }
                    None => false,
                },
                Instruction::Fence { kind, after, back } => {
                    self.back.push(Back::Fence { kind, after, pos });
                    if pos >= back {
                        pos -= back;
                        pc += 1;
                        true
                    } else {
                        false
                    }
                }
                Instruction::FenceEnd => match self.leave_fence() {
                    Some((FenceKind::Atomic, after, _)) => {
                        pc = after;
                        true
                    }
                    Some((FenceKind::Look, after, from)) => {
                        pc = after;
                        pos = from;
                        true
                    }
                    Some((FenceKind::NegativeLook, ..)) | None => false,
                },
                Instruction::Conditional(group, no) => {
                    pc = if self.slots[2 * group as usize + 1] == UNSET {
                        no
                    } else {
                        pc + 1
                    };
                    true
                }
                Instruction::Match => {
                    if !self.whole || pos == self.length() {
                        return Outcome::Match(start, pos);
                    }
                    false
                }
            };
            if !ok {
                match self.backtrack() {
                    Some((to, at)) => (pc, pos) = (to, at),
                    None => return Outcome::NoMatch,
                }
            }
        }
    }

    fn store(&mut self, slot: Slot, value: u32) {
        let old = std::mem::replace(&mut self.slots[slot as usize], value);
        self.back.push(Back::Restore(slot, old));
    }

    fn count(&mut self, set: &CharSet, pos: u32, limit: u32) -> u32 {
        let rest = &self.text[pos as usize..];
        let count = rest
            .iter()
            .take(limit as usize)
            .take_while(|&&c| set.contains(c))
            .count();
        self.steps += count as u64;
        count as u32
    }

    fn backtrack(&mut self) -> Option<(Pc, u32)> {
        loop {
            match self.back.pop()? {
                Back::Resume(pc, pos) => return Some((pc, pos)),
                Back::Shorter(pc, least, end) => {
                    if end - 1 > least {
                        self.back.push(Back::Shorter(pc, least, end - 1));
                    }
                    return Some((pc, end - 1));
                }
                Back::Longer { next, end, more } => {
                    // The instruction before is the repetition itself; it knows the set.
                    let Instruction::RepeatSet { set, .. } =
                        self.program.instructions[next as usize - 1]
                    else {
                        continue;
                    };
                    let sets = self.program.sets;
                    if self
                        .text
                        .get(end as usize)
                        .is_some_and(|&c| sets[set as usize].contains(c))
                    {
                        if more > 1 {
                            self.back.push(Back::Longer {
                                next,
                                end: end + 1,
                                more: more - 1,
                            });
                        }
                        return Some((next, end + 1));
                    }
                }
                Back::Restore(slot, old) => self.slots[slot as usize] = old,
                Back::Fence {
                    kind: FenceKind::NegativeLook,
                    after,
                    pos,
                } => return Some((after, pos)),
                Back::Fence { .. } => {}
            }
        }
    }

    /// Removes the innermost open fence and every alternative inside it. What was stored stays for a positive fence, to be
    /// restored when an earlier choice is taken back; it is undone for a negative one.
    fn leave_fence(&mut self) -> Option<(FenceKind, Pc, u32)> {
        let index = self
            .back
            .iter()
            .rposition(|entry| matches!(entry, Back::Fence { .. }))?;
        self.steps += (self.back.len() - index) as u64;
        let Back::Fence { kind, after, pos } = self.back[index] else {
            return None;
        };
        let inside = self.back.split_off(index);
        for entry in if kind == FenceKind::NegativeLook {
            inside.iter().rev().collect::<Vec<_>>()
        } else {
            inside.iter().collect()
        } {
            if let &Back::Restore(slot, old) = entry {
                if kind == FenceKind::NegativeLook {
                    self.slots[slot as usize] = old;
                } else {
                    self.back.push(*entry);
                }
            }
        }
        Some((kind, after, pos))
    }

    fn repeated(&mut self, group: u32, fold: Fold, pos: u32) -> Option<u32> {
        let (from, to) = (
            self.slots[2 * group as usize],
            self.slots[2 * group as usize + 1],
        );
        if from == UNSET || to == UNSET || from > to {
            return None;
        }
        let (from, to, pos) = (from as usize, to as usize, pos as usize);
        let end = pos + (to - from);
        let (matched, found) = (self.text.get(from..to)?, self.text.get(pos..end)?);
        self.steps += matched.len() as u64;
        let same = matched.iter().zip(found).all(|(&a, &b)| {
            a == b
                || match fold {
                    Fold::Exact => false,
                    Fold::Ascii => CharSet::single(a).fold_case(true).contains(b),
                    Fold::Unicode => CharSet::single(a).fold_case(false).contains(b),
                }
        });
        same.then_some(end as u32)
    }

    fn test(&self, test: Test, pos: u32) -> bool {
        let length = self.length();
        let newline_at = |pos: u32| self.text.get(pos as usize) == Some(&('\n' as u32));
        match test {
            Test::Begin => pos == 0,
            Test::BeginLine => pos == 0 || newline_at(pos - 1),
            Test::End => pos == length || (pos + 1 == length && newline_at(pos)),
            Test::EndLine => pos == length || newline_at(pos),
            Test::TextEnd => pos == length,
            Test::Word { ascii, negated } => {
                // Before Python 3.14 neither `\b` nor `\B` matches in an empty text.
                if length == 0 {
                    return false;
                }
                let word = |pos: Option<u32>| {
                    pos.and_then(|pos| self.text.get(pos as usize))
                        .is_some_and(|&c| is_word(c, ascii))
                };
                (word(pos.checked_sub(1)) != word(Some(pos))) != negated
            }
        }
    }
}

fn is_word(c: u32, ascii: bool) -> bool {
    match u8::try_from(c) {
        Ok(c) if c < 0x80 => c.is_ascii_alphanumeric() || c == b'_',
        _ => !ascii && CharSet::word(false).contains(c),
    }
}

//! The pattern as an automaton with empty moves, in the manner of Thompson, ordered by what a backtracking engine tries first.
//!
//! A loop has two decision points, one for entering and one for coming back. Empty paths that pass a point twice stand for empty
//! rounds, which CPython refuses; so the ambiguity of `(a*)*` (leave the inner loop and enter it anew) stays visible while
//! `(a?)*` has none.
//!
//! Over-approximated: a look-around asks nothing (its body is an extra branch that ends nowhere, so that loops inside are still
//! seen), a backreference matches whatever its group could, a conditional may take both branches, an atomic group may be left by
//! any path, and large counts become loops when [`Counts`] allows it. The automaton thus accepts at least what the pattern
//! matches.

use crate::charset::CharSet;
use crate::hir::{Fold, Hir, HirId, Hk, SetId, Test};
use crate::{Bound, Mode};

/// Most states of an automaton. Patterns of real programs need tens; a thousand-word alternation some thousands.
const MAX_STATES: usize = 6_000;

/// Deepest recursion while building: bracket nesting, plus backreferences to groups that hold backreferences.
const MAX_DEPTH: usize = 600;

pub(crate) type StateId = u32;

#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Consumes a character of the set.
    Char {
        set: SetId,
        next: StateId,
        hir: HirId,
        owner: Owner,
    },
    /// Goes on at any of these, tried in this order.
    Fork(Vec<StateId>),
    /// Goes on if the neighbouring characters are so.
    Test(Test, StateId),
    /// Goes on, if something holds that the automaton does not know: a look-around, a condition, a backreference.
    Unsure(StateId),
    /// The pattern, or the body of a look-around, has matched.
    Accept(Owner),
}

/// To which match a state belongs: 0 is the pattern, others are bodies of look-aheads.
pub(crate) type Owner = u32;

/// What to do with counted repetitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counts {
    /// Written out as many times as they say.
    Exact,
    /// Small ones are written out; large ones become loops, since `(a|a){1,40}` is as bad as `(a|a)+`.
    Suspicious,
    /// All become loops.
    Loose,
}

#[derive(Clone, Debug)]
pub(crate) struct Nfa {
    pub(crate) states: Vec<State>,
    pub(crate) start: StateId,
    pub(crate) sets: Vec<CharSet>,
    /// The state that skips characters before the match under search.
    pub(crate) skip: Option<StateId>,
}

impl Nfa {
    /// The automaton of a pattern under a mode: a search begins with a loop over any character, and a full match ends with `\Z`.
    pub(crate) fn new(hir: &Hir, mode: Mode, counts: Counts) -> Result<Nfa, Bound> {
        let mut builder = Builder {
            hir,
            nfa: Nfa {
                states: Vec::new(),
                start: 0,
                sets: hir.sets.clone(),
                skip: None,
            },
            counts,
            fold: Fold::Exact,
            owner: 0,
            owners: 0,
            depth: 0,
        };
        let mut end = builder.add(State::Accept(0))?;
        if mode == Mode::FullMatch {
            end = builder.add(State::Test(Test::TextEnd, end))?;
        }
        let entry = builder.build(hir.root, end)?;
        builder.nfa.start = entry;
        if matches!(mode, Mode::Search | Mode::FindAll) {
            let all = builder.nfa.sets.len() as SetId;
            builder.nfa.sets.push(CharSet::all());
            let start = builder.add(State::Fork(Vec::new()))?;
            let skip = builder.add(State::Char {
                set: all,
                next: start,
                hir: hir.root,
                owner: 0,
            })?;
            builder.nfa.states[start as usize] = State::Fork(vec![entry, skip]);
            builder.nfa.start = start;
            builder.nfa.skip = Some(skip);
        }
        Ok(builder.nfa)
    }
}

/// How a repetition is written out.
struct Rounds {
    /// Mandatory copies.
    copies: u32,
    /// Optional copies after them; `None` for a loop.
    optional: Option<u32>,
    /// The loop has no end in the pattern either.
    endless: bool,
}

struct Builder<'h> {
    hir: &'h Hir,
    nfa: Nfa,
    counts: Counts,
    /// How the backreference being written out compares characters.
    fold: Fold,
    owner: Owner,
    owners: Owner,
    depth: usize,
}

impl Builder<'_> {
    fn add(&mut self, state: State) -> Result<StateId, Bound> {
        if self.nfa.states.len() >= MAX_STATES {
            return Err(Bound::States);
        }
        self.nfa.states.push(state);
        Ok(self.nfa.states.len() as StateId - 1)
    }

    /// The entry of the states for a node, which lead on to `next`.
    fn build(&mut self, id: HirId, next: StateId) -> Result<StateId, Bound> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Bound::Nesting);
        }
        let entry = self.build_node(id, next);
        self.depth -= 1;
        entry
    }

    fn build_node(&mut self, id: HirId, mut next: StateId) -> Result<StateId, Bound> {
        let hir = self.hir;
        match &hir.node(id).kind {
            Hk::Empty => Ok(next),
            &Hk::Set { set, .. } => {
                let set = self.folded(set);
                self.add(State::Char {
                    set,
                    next,
                    hir: id,
                    owner: self.owner,
                })
            }
            &Hk::Test(test) => self.add(State::Test(test, next)),
            Hk::Concat(items) => {
                for &item in items.iter().rev() {
                    next = self.build(item, next)?;
                }
                Ok(next)
            }
            Hk::Alternate(branches) => {
                let entries = branches
                    .iter()
                    .map(|&branch| self.build(branch, next))
                    .collect::<Result<_, _>>()?;
                self.add(State::Fork(entries))
            }
            &Hk::Repeat {
                min,
                max,
                greed,
                body,
            } => {
                let rounds = self.unrolled(min, max, body);
                let lazy = greed == crate::ast::Greed::Lazy;
                if rounds.copies < min {
                    next = self.add(State::Unsure(next))?;
                }
                self.repeat(body, &rounds, lazy, next)
            }
            &Hk::Group(body) | &Hk::Capture(_, body) | &Hk::Atomic(body) => self.build(body, next),
            &Hk::Look { ahead, body, .. } => {
                let next = self.add(State::Unsure(next))?;
                if !ahead {
                    return Ok(next);
                }
                self.owners += 1;
                let outside = std::mem::replace(&mut self.owner, self.owners);
                let end = self.add(State::Accept(self.owner))?;
                let entry = self.build(body, end);
                self.owner = outside;
                let entry = entry?;
                self.add(State::Fork(vec![entry, next]))
            }
            &Hk::Backreference { group, fold } => {
                let outside = self.fold;
                if fold != Fold::Exact {
                    self.fold = fold;
                }
                let entry = self.build(hir.groups[group as usize], next);
                self.fold = outside;
                let entry = entry?;
                self.add(State::Unsure(entry))
            }
            &Hk::Conditional { yes, no, .. } => {
                let entries = vec![self.build(yes, next)?, self.build(no, next)?];
                let fork = self.add(State::Fork(entries))?;
                self.add(State::Unsure(fork))
            }
        }
    }

    fn folded(&mut self, set: SetId) -> SetId {
        if self.fold == Fold::Exact {
            return set;
        }
        let folded = self.nfa.sets[set as usize].fold_case(self.fold == Fold::Ascii);
        self.nfa.sets.push(folded);
        self.nfa.sets.len() as SetId - 1
    }

    fn unrolled(&self, min: u32, max: Option<u32>, body: HirId) -> Rounds {
        // Up to the first number a count is written out; beyond, so many copies and a loop.
        const ONE_CHARACTER: (u32, u32) = (64, 8);
        const MANY_CHARACTERS: (u32, u32) = (8, 2);
        let (most, before_loop) = match self.counts {
            Counts::Exact => (u32::MAX, u32::MAX),
            Counts::Loose => (1, 1),
            Counts::Suspicious if self.is_one_character(body) => ONE_CHARACTER,
            Counts::Suspicious => MANY_CHARACTERS,
        };
        match max {
            Some(max) if max <= most => Rounds {
                copies: min,
                optional: Some(max - min),
                endless: false,
            },
            _ => Rounds {
                copies: min.min(before_loop),
                optional: None,
                endless: max.is_none(),
            },
        }
    }

    fn is_one_character(&self, mut id: HirId) -> bool {
        loop {
            match self.hir.node(id).kind {
                Hk::Set { .. } => return true,
                Hk::Group(body) | Hk::Capture(_, body) | Hk::Atomic(body) => id = body,
                _ => return false,
            }
        }
    }

    fn repeat(
        &mut self,
        body: HirId,
        rounds: &Rounds,
        lazy: bool,
        next: StateId,
    ) -> Result<StateId, Bound> {
        let order = |body: StateId, exit: StateId| {
            State::Fork(if lazy {
                vec![exit, body]
            } else {
                vec![body, exit]
            })
        };
        let mut entry = next;
        let mut copies = rounds.copies;
        match rounds.optional {
            Some(optional) => {
                for _ in 0..optional {
                    let round = self.build(body, entry)?;
                    entry = self.add(order(round, next))?;
                    if entry == round {
                        break;
                    }
                }
            }
            None => {
                let back = self.add(State::Fork(Vec::new()))?;
                let round = self.build(body, back)?;
                let again = if rounds.endless {
                    round
                } else {
                    self.add(State::Unsure(round))?
                };
                self.nfa.states[back as usize] = order(again, next);
                if copies > 0 {
                    entry = round;
                    copies -= 1;
                } else {
                    entry = self.add(order(round, next))?;
                }
            }
        }
        for _ in 0..copies {
            let before = entry;
            entry = self.build(body, entry)?;
            if entry == before {
                // The body is empty: more copies add nothing.
                break;
            }
        }
        Ok(entry)
    }
}

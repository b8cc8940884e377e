//! What a text looks like that passed a pattern: facts about the language, for the data-flow engine.
//!
//! All answers over-approximate: a text that passes always fits them, a text that fits need not pass. They are read off the
//! automaton with every count written out, or made a loop where that would be too large. Look-arounds and what they forbid are not
//! used. A `$` leaves room for a last line feed, which is why `^[a-z]+$` under `re.match` lets a line feed through and
//! `re.fullmatch` does not.

use std::collections::BTreeSet;

use crate::ast::Greed;
use crate::automaton::{Automaton, Follow, PositionId, context};
use crate::charset::CharSet;
use crate::hir::{Hir, HirId, Hk};
use crate::nfa::{Counts, Nfa};
use crate::{Bound, Mode};

/// Most texts that [`crate::Pattern::literals`] lists; more are no small choice any longer.
pub const MAX_LITERALS: usize = 32;

/// Longest text listed, and longest prefix given, in characters.
pub const MAX_LITERAL_LENGTH: usize = 256;

/// The characters a text can contain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Alphabet {
    /// Characters below U+0080: bit `n` is the character of number `n`.
    pub ascii: u128,
    /// Whether there may be others.
    pub others: bool,
}

impl Alphabet {
    /// Nothing is known.
    pub const ANY: Alphabet = Alphabet {
        ascii: u128::MAX,
        others: true,
    };

    fn of(set: &CharSet) -> Alphabet {
        Alphabet {
            ascii: set.ascii(),
            others: set.has_others(),
        }
    }

    /// Whether a text may contain this character.
    pub fn contains(&self, c: char) -> bool {
        if c.is_ascii() {
            self.ascii >> (c as u32) & 1 == 1
        } else {
            self.others
        }
    }
}

/// The automaton trimmed to what can still match, and the contexts in which matches end.
struct Trimmed {
    automaton: Automaton,
    useful: Vec<bool>,
    /// All contexts in which a match may end.
    ends: u8,
}

impl Trimmed {
    fn new(hir: &Hir, mode: Mode) -> Result<Trimmed, Bound> {
        let build = |counts| Nfa::new(hir, mode, counts).and_then(|nfa| Automaton::new(&nfa, hir));
        let automaton = build(Counts::Exact).or_else(|bound| {
            if bound == Bound::Nesting {
                Err(bound)
            } else {
                build(Counts::Loose)
            }
        })?;
        let useful = automaton.useful();
        let ends = (0..automaton.positions.len() as PositionId)
            .filter(|&position| useful[position as usize])
            .map(|position| automaton.follow(position).accepts(0))
            .fold(
                automaton.follows[automaton.start as usize].accepts(0),
                |sum, context| sum | context,
            );
        Ok(Trimmed {
            automaton,
            useful,
            ends,
        })
    }

    /// Whether every match begins where the text begins and ends where it ends (but for a last line feed).
    fn whole(&self) -> bool {
        self.ends & !(context::END | context::LAST_NEWLINE) == 0
            && !self
                .automaton
                .skip
                .iter()
                .any(|&skip| self.useful[skip as usize])
    }

    fn edges<'s>(&'s self, follow: &'s Follow) -> impl Iterator<Item = PositionId> + 's {
        follow
            .edges
            .iter()
            .map(|edge| edge.to)
            .filter(|&to| self.useful[to as usize])
    }

    /// The positions among some at which a character can stand.
    fn those_with(
        &self,
        places: impl Iterator<Item = PositionId>,
        character: u32,
    ) -> Vec<PositionId> {
        let mut places: Vec<PositionId> = places
            .filter(|&position| self.automaton.set(position).contains(character))
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Whether characters can follow one after the other behind some positions.
    fn leads_on(&self, mut places: Vec<PositionId>, characters: impl Iterator<Item = u32>) -> bool {
        for character in characters {
            let next = places
                .iter()
                .flat_map(|&place| self.edges(self.automaton.follow(place)));
            places = self.those_with(next, character);
        }
        !places.is_empty()
    }

    fn start(&self) -> &Follow {
        &self.automaton.follows[self.automaton.start as usize]
    }
}

/// The characters of texts that pass.
pub(crate) fn alphabet(hir: &Hir, mode: Mode) -> Result<Alphabet, Bound> {
    if mode == Mode::FindAll {
        return Ok(Alphabet::ANY);
    }
    let trimmed = Trimmed::new(hir, mode)?;
    if !trimmed.whole() {
        return Ok(Alphabet::ANY);
    }
    let mut sum = if trimmed.ends & context::LAST_NEWLINE == 0 {
        CharSet::EMPTY
    } else {
        CharSet::single('\n' as u32)
    };
    for position in (0..trimmed.useful.len()).filter(|&position| trimmed.useful[position]) {
        let set = trimmed.automaton.set(position as PositionId);
        if set.ascii() & !sum.ascii() != 0 || (set.has_others() && !sum.has_others()) {
            sum = sum.union(set);
        }
    }
    Ok(Alphabet::of(&sum))
}

/// Whether a text that passes may contain another one.
pub(crate) fn may_contain(hir: &Hir, mode: Mode, needle: &str) -> Result<bool, Bound> {
    if mode == Mode::FindAll {
        return Ok(true);
    }
    let trimmed = Trimmed::new(hir, mode)?;
    if !trimmed.whole() {
        return Ok(true);
    }
    let mut characters = needle.chars().map(u32::from);
    let Some(first) = characters.next() else {
        return Ok(true);
    };
    let all = 0..trimmed.automaton.positions.len() as PositionId;
    let places = all.filter(|&position| trimmed.useful[position as usize]);
    let places = trimmed.those_with(places, first);
    Ok(trimmed.leads_on(places, characters))
}

/// Whether a text that passes may begin with another one.
pub(crate) fn may_begin(hir: &Hir, mode: Mode, front: &str) -> Result<bool, Bound> {
    if mode == Mode::FindAll {
        return Ok(true);
    }
    let trimmed = Trimmed::new(hir, mode)?;
    if !trimmed.whole() {
        return Ok(true);
    }
    let mut characters = front.chars().map(u32::from);
    let Some(first) = characters.next() else {
        return Ok(true);
    };
    let places = trimmed.those_with(trimmed.edges(trimmed.start()), first);
    Ok(trimmed.leads_on(places, characters))
}

/// The characters that a group can hold.
pub(crate) fn group_alphabet(hir: &Hir, group: u32) -> Result<Alphabet, Bound> {
    let Some(&root) = hir.groups.get(group as usize) else {
        return Ok(Alphabet::ANY);
    };
    let mut part = hir.clone();
    part.root = root;
    alphabet(&part, Mode::FullMatch)
}

/// All texts that pass, when they are few.
pub(crate) fn literals(hir: &Hir, mode: Mode) -> Result<Option<Vec<String>>, Bound> {
    if mode == Mode::FindAll
        || hir
            .node(hir.root)
            .max_width
            .is_none_or(|width| width > MAX_LITERAL_LENGTH as u64)
    {
        return Ok(None);
    }
    let trimmed = Trimmed::new(hir, mode)?;
    if !trimmed.whole() {
        return Ok(None);
    }
    let mut found = BTreeSet::new();
    let mut pending: Vec<(String, &Follow)> = vec![(String::new(), trimmed.start())];
    while let Some((text, follow)) = pending.pop() {
        let ends = follow.accepts(0);
        if ends & context::END != 0 {
            found.insert(text.clone());
        }
        if ends & context::LAST_NEWLINE != 0 {
            found.insert(format!("{text}\n"));
        }
        if found.len() > MAX_LITERALS {
            return Ok(None);
        }
        for to in trimmed.edges(follow) {
            let set = trimmed.automaton.set(to);
            if set.len() > MAX_LITERALS as u64 || text.len() > 4 * MAX_LITERAL_LENGTH {
                return Ok(None);
            }
            for c in set.ranges().flat_map(|(low, high)| low..=high) {
                // A lone surrogate is no part of a Rust string; such a list is not given.
                let Some(c) = char::from_u32(c) else {
                    return Ok(None);
                };
                let mut longer = text.clone();
                longer.push(c);
                pending.push((longer, trimmed.automaton.follow(to)));
            }
        }
        // Every unfinished text leads to at least one finished text, though several to the same.
        if pending.len() > 4 * MAX_LITERALS {
            return Ok(None);
        }
    }
    Ok(Some(found.into_iter().collect()))
}

/// The greatest length of a text that passes, in characters.
pub(crate) fn max_length(hir: &Hir, mode: Mode) -> Result<Option<u64>, Bound> {
    let Some(width) = hir.node(hir.root).max_width else {
        return Ok(None);
    };
    if mode == Mode::FindAll {
        return Ok(None);
    }
    let trimmed = Trimmed::new(hir, mode)?;
    let newline = u64::from(trimmed.ends & context::LAST_NEWLINE != 0);
    Ok(trimmed.whole().then_some(width + newline))
}

/// The longest text with which every text that passes begins.
pub(crate) fn prefix(hir: &Hir, mode: Mode) -> Result<String, Bound> {
    let mut prefix = String::new();
    if mode == Mode::FindAll {
        return Ok(prefix);
    }
    let trimmed = Trimmed::new(hir, mode)?;
    let mut places: Vec<&Follow> = vec![trimmed.start()];
    for _ in 0..MAX_LITERAL_LENGTH {
        if places.iter().any(|follow| follow.accepts(0) != 0) {
            break;
        }
        let mut next: Vec<PositionId> = places
            .iter()
            .flat_map(|follow| trimmed.edges(follow))
            .collect();
        next.sort_unstable();
        next.dedup();
        let Some(only) = next
            .first()
            .and_then(|&first| trimmed.automaton.set(first).only())
        else {
            break;
        };
        let Some(c) = char::from_u32(only) else { break };
        if next
            .iter()
            .any(|&to| trimmed.automaton.set(to).only() != Some(only))
        {
            break;
        }
        prefix.push(c);
        places = next
            .iter()
            .map(|&to| trimmed.automaton.follow(to))
            .collect();
    }
    Ok(prefix)
}

/// The characters of which no occurrence is left when all matches are removed.
pub(crate) fn removed_characters(hir: &Hir) -> CharSet {
    always_taken(hir, hir.root)
}

/// Characters that this node consumes whenever the engine stands before one of them, whatever comes after.
fn always_taken(hir: &Hir, id: HirId) -> CharSet {
    match &hir.node(id).kind {
        &Hk::Set { set, .. } => hir.set(set).clone(),
        &Hk::Group(body) | &Hk::Capture(_, body) => always_taken(hir, body),
        Hk::Concat(items) => match items.as_slice() {
            [first, rest @ ..] if rest.iter().all(|&item| never_fails(hir, item)) => {
                always_taken(hir, *first)
            }
            _ => CharSet::EMPTY,
        },
        Hk::Alternate(branches) => {
            let mut sum = CharSet::EMPTY;
            for &branch in branches {
                sum = sum.union(&always_taken(hir, branch));
                // After a branch that can match nothing, later branches are not tried.
                if hir.node(branch).min_width == 0 {
                    break;
                }
            }
            sum
        }
        &Hk::Repeat {
            min,
            max,
            greed,
            body,
        } if max != Some(0) => match (min, greed) {
            (1, _) | (0, Greed::Greedy | Greed::Possessive) => always_taken(hir, body),
            _ => CharSet::EMPTY,
        },
        _ => CharSet::EMPTY,
    }
}

/// Whether a node matches at every place, if only the empty string.
fn never_fails(hir: &Hir, id: HirId) -> bool {
    match &hir.node(id).kind {
        Hk::Empty => true,
        &Hk::Group(body) | &Hk::Capture(_, body) => never_fails(hir, body),
        Hk::Concat(items) => items.iter().all(|&item| never_fails(hir, item)),
        Hk::Alternate(branches) => branches.iter().any(|&branch| never_fails(hir, branch)),
        Hk::Repeat { min, body, .. } => *min == 0 || never_fails(hir, *body),
        _ => false,
    }
}

#[cfg(test)]
mod tests;

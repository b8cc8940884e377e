//! Where the automaton is ambiguous: the criteria of Weber and Seidl (1991), applied to backtracking matchers by Weideman et al.
//! (2016) and to attack automata by Wüstholz et al. (2017).
//!
//! Exponential: a position that can return to itself along two paths that read the same word. Polynomial: two loops and one word
//! that the first reads, that leads from the first to the second, and that the second reads.
//!
//! Only what can fail can be explored again. A backtracking engine leaves a place when its whole subtree failed; from a position
//! where the match may end at once, whatever comes next, no subtree fails. Such positions are removed before the search: what
//! remains are the positions of failing attempts. That `(a|a)*` with nothing behind it is harmless under `match` follows, and no
//! suffix has to be searched to see it.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::automaton::{Automaton, PositionId, context};
use crate::charset::CharSet;
use crate::graph::components;
use crate::{Bound, Mode};

/// Most pairs of edges compared while one loop is searched for exponential ambiguity, over all loops of a pattern.
const MAX_PAIR_STEPS: usize = 1_000_000;

/// Most triples of edges compared while two loops are searched for polynomial ambiguity, over all pairs of loops of a pattern.
const MAX_TRIPLE_STEPS: usize = 400_000;

/// Most suspicions of one kind that are handed on: one confirmed is enough, and the rest is for those that are not.
const MAX_SUSPICIONS: usize = 8;

const NO_COMPONENT: u32 = u32::MAX;

/// A place where the engine may take many paths: reading `reach` leads there, and reading `pump` multiplies the paths.
#[derive(Clone, Debug)]
pub(super) struct Suspicion {
    pub(super) reach: Vec<CharSet>,
    pub(super) pump: Vec<CharSet>,
    /// The positions of the loops concerned.
    pub(super) loops: Vec<PositionId>,
    /// Characters that may come after the loops: a pump without them is more likely to fail.
    pub(super) beyond: CharSet,
}

/// The positions of failing attempts, and the loops among them.
pub(super) struct Loops<'a> {
    automaton: &'a Automaton,
    removed: Vec<bool>,
    component: Vec<u32>,
    /// The components that are loops, in topological order, with their members.
    pub(super) list: Vec<Vec<PositionId>>,
}

impl<'a> Loops<'a> {
    pub(super) fn new(automaton: &'a Automaton, mode: Mode) -> Loops<'a> {
        let removed = removed(automaton, mode);
        let roots: Vec<PositionId> = automaton.follows[automaton.start as usize]
            .edges
            .iter()
            .map(|edge| edge.to)
            .filter(|&to| !removed[to as usize])
            .collect();
        let component = components(automaton.positions.len(), roots, |position, list| {
            list.extend(inner_edges(automaton, &removed, position).map(|(to, _)| to));
        });
        let mut members: FxHashMap<u32, Vec<PositionId>> = FxHashMap::default();
        for (position, &number) in component.iter().enumerate() {
            if number != NO_COMPONENT {
                members
                    .entry(number)
                    .or_default()
                    .push(position as PositionId);
            }
        }
        let mut list: Vec<(u32, Vec<PositionId>)> = members
            .into_iter()
            .filter(|(_, members)| {
                members.len() > 1
                    || inner_edges(automaton, &removed, members[0]).any(|(to, _)| to == members[0])
            })
            .collect();
        list.sort_unstable_by_key(|&(number, _)| std::cmp::Reverse(number));
        Loops {
            automaton,
            removed,
            component,
            list: list.into_iter().map(|(_, members)| members).collect(),
        }
    }

    /// Edges to positions of failing attempts, with whether several empty paths lead along them.
    fn edges(&self, position: PositionId) -> impl Iterator<Item = (PositionId, bool)> + '_ {
        inner_edges(self.automaton, &self.removed, position)
    }

    fn set(&self, position: PositionId) -> &'a CharSet {
        self.automaton.set(position)
    }

    fn inside(&self, position: PositionId, number: u32) -> bool {
        self.component[position as usize] == number
    }

    /// Exponential ambiguity, loop by loop.
    pub(super) fn exponential(&self) -> Result<Vec<Suspicion>, Bound> {
        let mut found = Vec::new();
        let mut steps = 0;
        for members in &self.list {
            if found.len() >= MAX_SUSPICIONS {
                break;
            }
            let number = self.component[members[0] as usize];
            let doubled = members.iter().find_map(|&from| {
                self.edges(from)
                    .find(|&(to, several)| several && self.inside(to, number))
                    .map(|(to, _)| (from, to))
            });
            let ambiguous = match doubled {
                // From the target of the doubled edge around to the target again.
                Some((from, to)) => self
                    .path(to, |position| position == from, Some(number))
                    .map(|mut pump| {
                        pump.push(self.set(to).clone());
                        (to, pump)
                    }),
                None => self.doubled_path(members, number, &mut steps)?,
            };
            if let Some((position, pump)) = ambiguous
                && let Some(reach) = self.reach(position)
            {
                let beyond = self.beyond(members, &[number]);
                found.push(Suspicion {
                    reach,
                    pump,
                    loops: members.clone(),
                    beyond,
                });
            }
        }
        Ok(found)
    }

    /// Two different paths around a loop that read the same word: a component of the product of the loop with itself that holds
    /// both a pair of one position and a pair of two.
    fn doubled_path(
        &self,
        members: &[PositionId],
        number: u32,
        steps: &mut usize,
    ) -> Result<Option<(PositionId, Vec<CharSet>)>, Bound> {
        if members.len() < 2 {
            return Ok(None);
        }
        let mut pairs: Vec<(PositionId, PositionId)> =
            members.iter().map(|&member| (member, member)).collect();
        let mut index: FxHashMap<(PositionId, PositionId), u32> = pairs
            .iter()
            .enumerate()
            .map(|(at, &pair)| (pair, at as u32))
            .collect();
        let mut successors: Vec<Vec<u32>> = Vec::new();
        while successors.len() < pairs.len() {
            let (a, b) = pairs[successors.len()];
            let mut list = Vec::new();
            for (to_a, _) in self.edges(a).filter(|&(to, _)| self.inside(to, number)) {
                for (to_b, _) in self.edges(b).filter(|&(to, _)| self.inside(to, number)) {
                    *steps += 1;
                    if (a == b && to_a > to_b)
                        || (to_a != to_b && !self.set(to_a).meets(self.set(to_b)))
                    {
                        continue;
                    }
                    let pair = (to_a.min(to_b), to_a.max(to_b));
                    let at = *index.entry(pair).or_insert_with(|| {
                        pairs.push(pair);
                        pairs.len() as u32 - 1
                    });
                    list.push(at);
                }
            }
            if *steps > MAX_PAIR_STEPS {
                return Err(Bound::Pairs);
            }
            successors.push(list);
        }
        if pairs.len() == members.len() {
            return Ok(None);
        }
        let component = components(pairs.len(), 0..members.len() as u32, |node, list| {
            list.extend(&successors[node as usize])
        });
        let Some(off) = (members.len()..pairs.len())
            .find(|&off| component[..members.len()].contains(&component[off]))
        else {
            return Ok(None);
        };
        let Some(on) = component[..members.len()]
            .iter()
            .position(|&number| number == component[off])
        else {
            return Ok(None);
        };
        let there = search(on as u32, off as u32, |node, list| {
            list.extend(&successors[node as usize])
        });
        let back = search(off as u32, on as u32, |node, list| {
            list.extend(&successors[node as usize])
        });
        let (Some(there), Some(back)) = (there, back) else {
            return Ok(None);
        };
        let pump = there
            .into_iter()
            .chain(back)
            .map(|pair| {
                let (a, b) = pairs[pair as usize];
                if a == b {
                    self.set(a).clone()
                } else {
                    self.set(a).intersect(self.set(b))
                }
            })
            .collect();
        Ok(Some((pairs[on].0, pump)))
    }

    /// Polynomial ambiguity: a word that loop A reads, that leads from A to B, and that loop B reads.
    pub(super) fn polynomial(&self) -> Result<Vec<Suspicion>, Bound> {
        let mut found: Vec<Suspicion> = Vec::new();
        let mut steps = 0;
        let unions: Vec<CharSet> = self
            .list
            .iter()
            .map(|members| {
                members
                    .iter()
                    .fold(CharSet::EMPTY, |sum, &member| sum.union(self.set(member)))
            })
            .collect();
        for (first, members) in self.list.iter().enumerate() {
            if self.list.len() - first < 2 {
                break;
            }
            let reachable = self.reachable(members[0]);
            for second in first + 1..self.list.len() {
                if found.len() >= MAX_SUSPICIONS {
                    return Ok(found);
                }
                if !reachable[self.list[second][0] as usize]
                    || !unions[first].meets(&unions[second])
                {
                    continue;
                }
                if let Some((position, pump)) =
                    self.shared_word(members, &self.list[second], &mut steps)?
                    && let Some(reach) = self.reach(position)
                {
                    let loops: Vec<PositionId> =
                        members.iter().chain(&self.list[second]).copied().collect();
                    let numbers = [
                        self.component[members[0] as usize],
                        self.component[self.list[second][0] as usize],
                    ];
                    let beyond = self.beyond(&self.list[second], &numbers);
                    found.push(Suspicion {
                        reach,
                        pump,
                        loops,
                        beyond,
                    });
                }
            }
        }
        Ok(found)
    }

    /// A word that leads from `(p, p, q)` to `(p, q, q)` for some p of one loop and q of the other.
    fn shared_word(
        &self,
        first: &[PositionId],
        second: &[PositionId],
        steps: &mut usize,
    ) -> Result<Option<(PositionId, Vec<CharSet>)>, Bound> {
        type Triple = [PositionId; 3];
        let (a, b) = (
            self.component[first[0] as usize],
            self.component[second[0] as usize],
        );
        for &p in first {
            for &q in second {
                let mut known: FxHashMap<Triple, (Triple, CharSet)> = FxHashMap::default();
                let mut queue = VecDeque::from([[p, p, q]]);
                let goal = [p, q, q];
                while let Some(at) = queue.pop_front() {
                    for (x, _) in self.edges(at[0]).filter(|&(to, _)| self.inside(to, a)) {
                        for (z, _) in self.edges(at[2]).filter(|&(to, _)| self.inside(to, b)) {
                            *steps += 1;
                            if *steps > MAX_TRIPLE_STEPS {
                                return Err(Bound::Pairs);
                            }
                            if !self.set(x).meets(self.set(z)) {
                                continue;
                            }
                            let outer = self.set(x).intersect(self.set(z));
                            for (y, _) in self.edges(at[1]) {
                                *steps += 1;
                                let to = [x, y, z];
                                if !self.set(y).meets(&outer) || known.contains_key(&to) {
                                    continue;
                                }
                                known.insert(to, (at, outer.intersect(self.set(y))));
                                if to == goal {
                                    return Ok(Some((p, spell(&known, [p, p, q], goal))));
                                }
                                queue.push_back(to);
                            }
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    /// A shortest word that leads from the beginning to a position.
    fn reach(&self, position: PositionId) -> Option<Vec<CharSet>> {
        let starts: Vec<PositionId> = self.automaton.follows[self.automaton.start as usize]
            .edges
            .iter()
            .map(|edge| edge.to)
            .filter(|&to| !self.removed[to as usize])
            .collect();
        // Not through the skipping loop unless it is the goal: an earlier start of the match reaches no less.
        starts
            .into_iter()
            .filter_map(|start| {
                let mut word = vec![self.set(start).clone()];
                word.extend(self.path(start, |at| at == position, None)?);
                Some(word)
            })
            .min_by_key(Vec::len)
    }

    /// A shortest word from a position to a goal, inside a component when one is given.
    fn path(
        &self,
        from: PositionId,
        goal: impl Fn(PositionId) -> bool,
        within: Option<u32>,
    ) -> Option<Vec<CharSet>> {
        if goal(from) {
            return Some(Vec::new());
        }
        let mut known: FxHashMap<PositionId, PositionId> = FxHashMap::default();
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            for (to, _) in self.edges(at) {
                if to == from
                    || known.contains_key(&to)
                    || within.is_some_and(|number| !self.inside(to, number))
                {
                    continue;
                }
                known.insert(to, at);
                if goal(to) {
                    let mut word = Vec::new();
                    let mut step = to;
                    while step != from {
                        word.push(self.set(step).clone());
                        step = known[&step];
                    }
                    word.reverse();
                    return Some(word);
                }
                queue.push_back(to);
            }
        }
        None
    }

    fn reachable(&self, from: PositionId) -> Vec<bool> {
        let mut reached = vec![false; self.automaton.positions.len()];
        let mut pending = vec![from];
        while let Some(at) = pending.pop() {
            for (to, _) in self.edges(at) {
                if !std::mem::replace(&mut reached[to as usize], true) {
                    pending.push(to);
                }
            }
        }
        reached
    }

    /// The characters of all positions reachable from a loop that are not in the loops concerned.
    fn beyond(&self, members: &[PositionId], loops: &[u32]) -> CharSet {
        let mut seen = FxHashSet::default();
        let mut pending = vec![members[0]];
        let mut sum = CharSet::EMPTY;
        while let Some(at) = pending.pop() {
            for edge in &self.automaton.follow(at).edges {
                if seen.insert(edge.to) {
                    if !loops.contains(&self.component[edge.to as usize]) {
                        sum = sum.union(self.set(edge.to));
                    }
                    pending.push(edge.to);
                }
            }
        }
        sum
    }
}

/// Positions from which the match ends at once whatever comes next, so that no attempt there fails.
fn removed(automaton: &Automaton, mode: Mode) -> Vec<bool> {
    // A position that accepts any rest: it matches every character, stays, and may end.
    let universal = |position: PositionId| {
        let follow = automaton.follow(position);
        automaton.set(position).is_all()
            && follow.accepts(automaton.positions[position as usize].owner) & context::END != 0
            && follow.edges.iter().any(|edge| {
                edge.to == position && edge.context & !context::END == context::ANY & !context::END
            })
    };
    (0..automaton.positions.len() as PositionId)
        .map(|position| {
            if mode == Mode::FindAll && automaton.skip.contains(&position) {
                return false;
            }
            let follow = automaton.follow(position);
            let accepted = follow.accepts(automaton.positions[position as usize].owner);
            accepted == context::ANY
                || (accepted & context::END != 0
                    && follow.edges.iter().any(|edge| {
                        edge.context == context::ANY & !context::END && universal(edge.to)
                    }))
        })
        .collect()
}

fn inner_edges<'a>(
    automaton: &'a Automaton,
    removed: &'a [bool],
    position: PositionId,
) -> impl Iterator<Item = (PositionId, bool)> + 'a {
    automaton
        .follow(position)
        .edges
        .iter()
        // An edge into the last character of the text cannot be part of a loop worth pumping.
        .filter(|edge| !removed[edge.to as usize] && edge.context & !context::LAST_NEWLINE != 0)
        .map(|edge| (edge.to, edge.several))
}

/// The nodes on a shortest path, without the first.
fn search(from: u32, to: u32, mut successors: impl FnMut(u32, &mut Vec<u32>)) -> Option<Vec<u32>> {
    let mut known: FxHashMap<u32, u32> = FxHashMap::default();
    let mut queue = VecDeque::from([from]);
    let mut list = Vec::new();
    while let Some(at) = queue.pop_front() {
        list.clear();
        successors(at, &mut list);
        for &next in &list {
            if known.contains_key(&next) {
                continue;
            }
            known.insert(next, at);
            if next == to {
                let mut path = vec![to];
                let mut step = at;
                while step != from {
                    path.push(step);
                    step = known[&step];
                }
                path.reverse();
                return Some(path);
            }
            queue.push_back(next);
        }
    }
    None
}

fn spell(
    known: &FxHashMap<[PositionId; 3], ([PositionId; 3], CharSet)>,
    from: [PositionId; 3],
    to: [PositionId; 3],
) -> Vec<CharSet> {
    let mut word = Vec::new();
    let mut at = to;
    while let Some((before, set)) = known.get(&at) {
        word.push(set.clone());
        at = *before;
        if at == from {
            break;
        }
    }
    word.reverse();
    word
}

//! Where the automaton is ambiguous: the criteria of Weber and Seidl (1991), applied to backtracking matchers by Weideman et al.
//! (2016) and to attack automata by Wüstholz et al. (2017).
//!
//! Exponential: a position that can return to itself along two paths that read the same word. Polynomial: two loops and one word
//! that the first reads, that leads from the first to the second, and that the second reads.
//!
//! Only what can fail can be explored again. A backtracking engine leaves a place when its whole subtree failed; from a position
//! where the match may end at once, whatever comes next, no subtree fails. So the places an engine visits are one path to success
//! at most, and subtrees hanging off it that consist of the other positions only. A loop that multiplies paths must therefore be
//! made of positions that can fail, and so must the second of two loops; the first may lie on the path to success. That `(a|a)*`
//! with nothing behind it is harmless under `match` follows, and no suffix has to be searched to see it. A look-around has a path
//! to success of its own each time it is asked, so a loop inside one may always be the second.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::automaton::{Automaton, PositionId, context};
use crate::charset::CharSet;
use crate::graph::components;
use crate::{Bound, Mode};

/// Most pairs of edges compared while one loop is searched for exponential ambiguity, over all loops of a pattern.
const MAX_PAIR_STEPS: usize = 300_000;

/// Most triples of edges compared while two loops are searched for polynomial ambiguity, over all pairs of loops of a pattern.
const MAX_TRIPLE_STEPS: usize = 400_000;

/// Most suspicions of one kind that are handed on: one confirmed is enough, and the rest is for those that are not.
const MAX_SUSPICIONS: usize = 6;

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

/// The loops of an automaton.
pub(super) struct Loops<'a> {
    automaton: &'a Automaton,
    /// Loops of all positions.
    all: Components,
    /// Loops of positions that can fail.
    failing: Components,
    /// Loops that may be the second of two: of positions that can fail or belong to a look-around.
    repeated: Components,
}

/// The components of a part of an automaton that are loops.
struct Components {
    /// The component of each position; [`NO_COMPONENT`] for those that are no part.
    number: Vec<u32>,
    /// The loops in topological order, with their members.
    loops: Vec<Vec<PositionId>>,
}

impl Components {
    fn new(automaton: &Automaton, part: &[bool]) -> Components {
        let inside = |position: PositionId, list: &mut Vec<u32>| {
            list.extend(
                edges(automaton, position)
                    .map(|(to, _)| to)
                    .filter(|&to| part[to as usize]),
            )
        };
        let roots = (0..part.len() as PositionId).filter(|&position| part[position as usize]);
        let number = components(part.len(), roots, inside);
        let mut members: FxHashMap<u32, Vec<PositionId>> = FxHashMap::default();
        for (position, &number) in number.iter().enumerate() {
            if number != NO_COMPONENT {
                members
                    .entry(number)
                    .or_default()
                    .push(position as PositionId);
            }
        }
        let mut loops: Vec<(u32, Vec<PositionId>)> = members
            .into_iter()
            .filter(|(_, members)| {
                members.len() > 1 || edges(automaton, members[0]).any(|(to, _)| to == members[0])
            })
            .collect();
        loops.sort_unstable_by_key(|&(number, _)| std::cmp::Reverse(number));
        Components {
            number,
            loops: loops.into_iter().map(|(_, members)| members).collect(),
        }
    }

    fn of(&self, members: &[PositionId]) -> u32 {
        self.number[members[0] as usize]
    }

    fn holds(&self, position: PositionId, number: u32) -> bool {
        self.number[position as usize] == number
    }
}

impl<'a> Loops<'a> {
    pub(super) fn new(automaton: &'a Automaton, mode: Mode) -> Loops<'a> {
        let failing = can_fail(automaton, mode);
        let repeated: Vec<bool> = failing
            .iter()
            .zip(&automaton.positions)
            .map(|(&fails, position)| fails || position.owner != 0)
            .collect();
        Loops {
            automaton,
            all: Components::new(automaton, &vec![true; failing.len()]),
            failing: Components::new(automaton, &failing),
            repeated: Components::new(automaton, &repeated),
        }
    }

    /// Whether no loop can fail, so that there is nothing to multiply.
    pub(super) fn is_empty(&self) -> bool {
        self.repeated.loops.is_empty()
    }

    fn set(&self, position: PositionId) -> &'a CharSet {
        self.automaton.set(position)
    }

    /// Exponential ambiguity, loop by loop.
    pub(super) fn exponential(&self) -> Result<Vec<Suspicion>, Bound> {
        let mut found = Vec::new();
        let mut steps = 0;
        for members in &self.failing.loops {
            if found.len() >= MAX_SUSPICIONS {
                break;
            }
            let number = self.failing.of(members);
            let doubled = members.iter().find_map(|&from| {
                edges(self.automaton, from)
                    .find(|&(to, several)| several && self.failing.holds(to, number))
                    .map(|(to, _)| (from, to))
            });
            let ambiguous = match doubled {
                // From the target of the doubled edge around to the target again.
                Some((from, to)) => self.path(to, from, Some(number)).map(|mut pump| {
                    pump.push(self.set(to).clone());
                    (to, pump)
                }),
                None => self.doubled_path(members, number, &mut steps)?,
            };
            if let Some((position, pump)) = ambiguous
                && let Some(reach) = self.reach(position)
            {
                let beyond = self.beyond(members, members);
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
            for (to_a, _) in
                edges(self.automaton, a).filter(|&(to, _)| self.failing.holds(to, number))
            {
                for (to_b, _) in
                    edges(self.automaton, b).filter(|&(to, _)| self.failing.holds(to, number))
                {
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
        let union = |members: &Vec<PositionId>| {
            members
                .iter()
                .fold(CharSet::EMPTY, |sum, &member| sum.union(self.set(member)))
        };
        let unions: Vec<CharSet> = self.repeated.loops.iter().map(union).collect();
        for first in &self.all.loops {
            let reachable = self.reachable(first[0]);
            let first_union = union(first);
            for (second, second_union) in self.repeated.loops.iter().zip(&unions) {
                if first == second
                    || !reachable[second[0] as usize]
                    || !first_union.meets(second_union)
                {
                    continue;
                }
                if found.len() >= MAX_SUSPICIONS {
                    return Ok(found);
                }
                if let Some((position, pump)) = self.shared_word(first, second, &mut steps)?
                    && let Some(reach) = self.reach(position)
                {
                    let loops: Vec<PositionId> = first.iter().chain(second).copied().collect();
                    let beyond = self.beyond(second, &loops);
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
        let (a, b) = (self.all.of(first), self.repeated.of(second));
        for &p in first {
            for &q in second.iter().filter(|&&q| q != p) {
                let mut known: FxHashMap<Triple, (Triple, CharSet)> = FxHashMap::default();
                let mut queue = VecDeque::from([[p, p, q]]);
                let goal = [p, q, q];
                while let Some(at) = queue.pop_front() {
                    for (x, _) in
                        edges(self.automaton, at[0]).filter(|&(to, _)| self.all.holds(to, a))
                    {
                        for (z, _) in edges(self.automaton, at[2])
                            .filter(|&(to, _)| self.repeated.holds(to, b))
                        {
                            *steps += 1;
                            if *steps > MAX_TRIPLE_STEPS {
                                return Err(Bound::Pairs);
                            }
                            if !self.set(x).meets(self.set(z)) {
                                continue;
                            }
                            let outer = self.set(x).intersect(self.set(z));
                            for (y, _) in edges(self.automaton, at[1]) {
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
        let starts = self.automaton.follows[self.automaton.start as usize]
            .edges
            .iter()
            .map(|edge| edge.to);
        starts
            .filter_map(|start| {
                let mut word = vec![self.set(start).clone()];
                word.extend(self.path(start, position, None)?);
                Some(word)
            })
            .min_by_key(Vec::len)
    }

    /// A shortest word from one position to another, inside a loop that can fail when one is given.
    fn path(
        &self,
        from: PositionId,
        goal: PositionId,
        within: Option<u32>,
    ) -> Option<Vec<CharSet>> {
        if goal == from {
            return Some(Vec::new());
        }
        let mut known: FxHashMap<PositionId, PositionId> = FxHashMap::default();
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            for (to, _) in edges(self.automaton, at) {
                if to == from
                    || known.contains_key(&to)
                    || within.is_some_and(|number| !self.failing.holds(to, number))
                {
                    continue;
                }
                known.insert(to, at);
                if to == goal {
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
            for (to, _) in edges(self.automaton, at) {
                if !std::mem::replace(&mut reached[to as usize], true) {
                    pending.push(to);
                }
            }
        }
        reached
    }

    /// The characters of all positions reachable from a loop that are not in the loops concerned.
    fn beyond(&self, members: &[PositionId], loops: &[PositionId]) -> CharSet {
        let mut seen = FxHashSet::default();
        let mut pending = vec![members[0]];
        let mut distinct: Vec<&CharSet> = Vec::new();
        while let Some(at) = pending.pop() {
            for edge in &self.automaton.follow(at).edges {
                if seen.insert(edge.to) {
                    if !loops.contains(&edge.to) && !distinct.contains(&self.set(edge.to)) {
                        distinct.push(self.set(edge.to));
                    }
                    pending.push(edge.to);
                }
            }
        }
        distinct
            .into_iter()
            .fold(CharSet::EMPTY, |sum, set| sum.union(set))
    }
}

/// Which positions can fail: those from which the match does not end at once, whatever comes next.
fn can_fail(automaton: &Automaton, mode: Mode) -> Vec<bool> {
    const SOMETHING: u8 = context::ANY & !context::END;
    let ends = |position: PositionId| {
        automaton
            .follow(position)
            .surely_accepts(automaton.positions[position as usize].owner)
    };
    // A position that accepts any rest: it matches every character, stays, and may end.
    let universal = |position: PositionId| {
        automaton.set(position).is_all()
            && ends(position) & context::END != 0
            && automaton
                .follow(position)
                .edges
                .iter()
                .any(|edge| edge.to == position && edge.sure == SOMETHING)
    };
    (0..automaton.positions.len() as PositionId)
        .map(|position| {
            if mode == Mode::FindAll && automaton.skip.contains(&position) {
                return true;
            }
            let sure = ends(position);
            let accepts_rest = sure & context::END != 0
                && automaton
                    .follow(position)
                    .edges
                    .iter()
                    .any(|edge| edge.sure == SOMETHING && universal(edge.to));
            sure != context::ANY && !accepts_rest
        })
        .collect()
}

/// Edges that may be part of a path worth pumping, which leaves out those into the last character of the text, and whether
/// several empty paths lead along them.
fn edges(
    automaton: &Automaton,
    position: PositionId,
) -> impl Iterator<Item = (PositionId, bool)> + '_ {
    let edges = automaton
        .follow(position)
        .edges
        .iter()
        .filter(|edge| edge.context & !context::LAST_NEWLINE != 0);
    edges.map(|edge| (edge.to, edge.several))
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

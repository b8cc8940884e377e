//! The automaton without empty moves: one position for each character test, edges between positions that may follow each other.
//!
//! Assertions are decided exactly: they depend on the characters before and after, so positions are split where a pattern asks
//! for word boundaries or lines, and each edge carries in which [`context`] the next character must be. An edge knows whether
//! more than one empty path leads along it, which is already ambiguity.

use rustc_hash::FxHashMap;

use crate::Bound;
use crate::charset::CharSet;
use crate::hir::{Hir, HirId, Test};
use crate::nfa::{Nfa, Owner, State, StateId};

/// Most positions; the searches over pairs of positions have bounds of their own.
const MAX_POSITIONS: usize = 5_000;

/// Most edges over all positions; a pattern of many optional parts has quadratically many.
const MAX_EDGES: usize = 40_000;

/// Most visits of states while empty paths are followed, over all positions.
const MAX_VISITS: usize = 200_000;

pub(crate) type PositionId = u32;

/// What may come next, as bits: the end of the text, a line feed that is the last character, another line feed, a word character,
/// any other.
pub(crate) mod context {
    pub(crate) const END: u8 = 1;
    pub(crate) const LAST_NEWLINE: u8 = 2;
    pub(crate) const NEWLINE: u8 = 4;
    pub(crate) const WORD: u8 = 8;
    pub(crate) const OTHER: u8 = 16;
    pub(crate) const ANY: u8 = 31;
    /// Added while empty paths are followed: nothing on the path is unknown to the automaton.
    pub(super) const SURE: u8 = 32;
}

/// What came before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Before {
    Start,
    Newline,
    Word,
    Other,
    /// Any character, in patterns that do not ask.
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) set: CharSet,
    /// What may follow this position.
    pub(crate) follow: u32,
    pub(crate) hir: HirId,
    pub(crate) owner: Owner,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) to: PositionId,
    /// In which contexts the edge may be taken.
    pub(crate) context: u8,
    /// The contexts in which it certainly may be taken.
    pub(crate) sure: u8,
    /// Whether more than one empty path leads there.
    pub(crate) several: bool,
}

/// What may follow a place: edges in the order of trying, and matches ending there.
#[derive(Clone, Default, Debug)]
pub(crate) struct Follow {
    pub(crate) edges: Vec<Edge>,
    /// Which matches may end here: in which contexts, and in which of them certainly.
    pub(crate) accepts: Vec<(Owner, u8, u8)>,
}

impl Follow {
    /// In which contexts the match of `owner` may end here.
    pub(crate) fn accepts(&self, owner: Owner) -> u8 {
        self.accepts
            .iter()
            .find(|(of, ..)| *of == owner)
            .map_or(0, |&(_, context, _)| context)
    }

    /// In which contexts the match of `owner` may certainly end here.
    pub(crate) fn surely_accepts(&self, owner: Owner) -> u8 {
        self.accepts
            .iter()
            .find(|(of, ..)| *of == owner)
            .map_or(0, |&(.., sure)| sure)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Automaton {
    pub(crate) positions: Vec<Position>,
    pub(crate) follows: Vec<Follow>,
    /// What may come first.
    pub(crate) start: u32,
    /// The positions that skip characters before the match under search.
    pub(crate) skip: Vec<PositionId>,
}

impl Automaton {
    pub(crate) fn new(nfa: &Nfa, hir: &Hir) -> Result<Automaton, Bound> {
        let mut builder = Builder {
            nfa,
            kinds: kinds(hir),
            automaton: Automaton {
                positions: Vec::new(),
                follows: Vec::new(),
                start: 0,
                skip: Vec::new(),
            },
            pending: Vec::new(),
            places: FxHashMap::default(),
            known_follows: FxHashMap::default(),
            visited: vec![Visit::default(); nfa.states.len()],
            edges: 0,
            visits: 0,
        };
        builder.follow(nfa.start, Before::Start)?;
        while let Some((position, next, before)) = builder.pending.pop() {
            let follow = builder.follow(next, before)?;
            builder.automaton.positions[position as usize].follow = follow;
        }
        Ok(builder.automaton)
    }

    pub(crate) fn follow(&self, position: PositionId) -> &Follow {
        &self.follows[self.positions[position as usize].follow as usize]
    }

    pub(crate) fn set(&self, position: PositionId) -> &CharSet {
        &self.positions[position as usize].set
    }

    /// The positions that can be reached and from which the pattern's own match can still end.
    pub(crate) fn useful(&self) -> Vec<bool> {
        let mut before: Vec<Vec<PositionId>> = vec![Vec::new(); self.positions.len()];
        // A position may have been made for an edge that no context allows.
        let mut reached = vec![false; self.positions.len()];
        let mut order: Vec<PositionId> = Vec::new();
        let mut visit = |follow: &Follow, order: &mut Vec<PositionId>| {
            order.extend(
                follow
                    .edges
                    .iter()
                    .map(|edge| edge.to)
                    .filter(|&to| !std::mem::replace(&mut reached[to as usize], true)),
            );
        };
        visit(&self.follows[self.start as usize], &mut order);
        let mut at = 0;
        while at < order.len() {
            visit(self.follow(order[at]), &mut order);
            at += 1;
        }
        let mut useful = vec![false; self.positions.len()];
        let mut pending = Vec::new();
        for id in order {
            let follow = self.follow(id);
            for edge in &follow.edges {
                before[edge.to as usize].push(id);
            }
            if follow.accepts(0) != 0 {
                useful[id as usize] = true;
                pending.push(id);
            }
        }
        while let Some(id) = pending.pop() {
            for &earlier in &before[id as usize] {
                if !std::mem::replace(&mut useful[earlier as usize], true) {
                    pending.push(earlier);
                }
            }
        }
        useful
    }
}

/// The kinds of characters that the pattern's assertions tell apart, with the contexts each stands for.
fn kinds(hir: &Hir) -> Vec<(Before, CharSet, u8)> {
    let newline = CharSet::single('\n' as u32);
    if let Some(ascii) = hir.features.word_boundary {
        let word = CharSet::word(ascii);
        let other = word.union(&newline).complement();
        return vec![
            (Before::Word, word, context::WORD),
            (Before::Other, other, context::OTHER),
            (
                Before::Newline,
                newline,
                context::NEWLINE | context::LAST_NEWLINE,
            ),
        ];
    }
    if hir.features.lines {
        let other = newline.complement();
        return vec![
            (Before::Other, other, context::WORD | context::OTHER),
            (
                Before::Newline,
                newline,
                context::NEWLINE | context::LAST_NEWLINE,
            ),
        ];
    }
    vec![(
        Before::Unknown,
        CharSet::all(),
        context::ANY & !context::END,
    )]
}

/// In which contexts an assertion holds.
fn holds(test: Test, before: Before) -> u8 {
    use context::{ANY, END, LAST_NEWLINE, NEWLINE, WORD};
    let when = |condition: bool| if condition { ANY } else { 0 };
    match test {
        Test::Begin => when(before == Before::Start),
        Test::BeginLine => when(matches!(before, Before::Start | Before::Newline)),
        Test::End => END | LAST_NEWLINE,
        Test::EndLine => END | LAST_NEWLINE | NEWLINE,
        Test::TextEnd => END,
        Test::Word { negated, .. } => {
            let boundary = if before == Before::Word {
                ANY & !WORD
            } else {
                WORD
            };
            if negated { ANY & !boundary } else { boundary }
        }
    }
}

/// The contexts of a path, and those in which it is certain.
fn certainty(context: u8) -> (u8, u8) {
    let known = context & context::ANY;
    (
        known,
        if context & context::SURE == 0 {
            0
        } else {
            known
        },
    )
}

#[derive(Clone, Copy, Default)]
struct Visit {
    /// In which search the other fields hold.
    search: u32,
    count: u8,
    contexts: u8,
    on_path: bool,
}

struct Builder<'n> {
    nfa: &'n Nfa,
    kinds: Vec<(Before, CharSet, u8)>,
    automaton: Automaton,
    /// Positions whose follow is not known yet.
    pending: Vec<(PositionId, StateId, Before)>,
    /// The positions of a character state, with their contexts.
    places: FxHashMap<StateId, Vec<(PositionId, u8)>>,
    known_follows: FxHashMap<(StateId, Before), u32>,
    visited: Vec<Visit>,
    edges: usize,
    visits: usize,
}

enum Step {
    Enter(StateId, u8),
    Leave(StateId),
}

impl Builder<'_> {
    /// All that can be reached from a state without consuming a character.
    fn follow(&mut self, from: StateId, before: Before) -> Result<u32, Bound> {
        if let Some(&known) = self.known_follows.get(&(from, before)) {
            return Ok(known);
        }
        let id = self.automaton.follows.len() as u32;
        self.automaton.follows.push(Follow::default());
        self.known_follows.insert((from, before), id);
        let mut follow = Follow::default();
        let mut index: FxHashMap<PositionId, usize> = FxHashMap::default();
        let mut steps = vec![Step::Enter(from, context::ANY | context::SURE)];
        while let Some(step) = steps.pop() {
            let (state, context) = match step {
                Step::Leave(state) => {
                    self.visited[state as usize].on_path = false;
                    continue;
                }
                Step::Enter(state, context) => (state, context),
            };
            self.visits += 1;
            if self.visits > MAX_VISITS {
                return Err(Bound::Edges);
            }
            let nfa = self.nfa;
            match &nfa.states[state as usize] {
                &State::Accept(owner) => {
                    let (context, sure) = certainty(context);
                    match follow.accepts.iter_mut().find(|(of, ..)| *of == owner) {
                        Some((_, known, known_sure)) => {
                            *known |= context;
                            *known_sure |= sure;
                        }
                        None => follow.accepts.push((owner, context, sure)),
                    }
                }
                State::Char { .. } => {
                    let places = self.places(state)?;
                    let (context, sure) = certainty(context);
                    for (to, own) in places {
                        let (context, sure) = (context & own, sure & own);
                        if context == 0 {
                            continue;
                        }
                        match index.get(&to) {
                            Some(&at) => {
                                let edge: &mut Edge = &mut follow.edges[at];
                                edge.several |= edge.context & context != 0;
                                edge.context |= context;
                                edge.sure |= sure;
                            }
                            None => {
                                index.insert(to, follow.edges.len());
                                follow.edges.push(Edge {
                                    to,
                                    context,
                                    sure,
                                    several: false,
                                });
                                self.edges += 1;
                            }
                        }
                    }
                    if self.edges > MAX_EDGES {
                        return Err(Bound::Edges);
                    }
                }
                State::Fork(_) | State::Test(..) | State::Unsure(_) => {
                    // Twice is enough to see that there are several paths; more only for contexts not seen yet.
                    let visit = &mut self.visited[state as usize];
                    if visit.search != id + 1 {
                        *visit = Visit {
                            search: id + 1,
                            ..Visit::default()
                        };
                    }
                    if visit.on_path || (visit.count >= 2 && context & !visit.contexts == 0) {
                        continue;
                    }
                    visit.on_path = true;
                    visit.count = visit.count.saturating_add(1);
                    visit.contexts |= context;
                    steps.push(Step::Leave(state));
                    match &nfa.states[state as usize] {
                        State::Fork(to) => {
                            steps.extend(to.iter().rev().map(|&to| Step::Enter(to, context)))
                        }
                        &State::Test(test, next) => {
                            let context = context & (holds(test, before) | context::SURE);
                            if context & context::ANY != 0 {
                                steps.push(Step::Enter(next, context));
                            }
                        }
                        &State::Unsure(next) => {
                            steps.push(Step::Enter(next, context & context::ANY))
                        }
                        State::Char { .. } | State::Accept(_) => {}
                    }
                }
            }
        }
        self.automaton.follows[id as usize] = follow;
        Ok(id)
    }

    fn places(&mut self, state: StateId) -> Result<Vec<(PositionId, u8)>, Bound> {
        if let Some(places) = self.places.get(&state) {
            return Ok(places.clone());
        }
        let &State::Char {
            set,
            next,
            hir,
            owner,
        } = &self.nfa.states[state as usize]
        else {
            return Ok(Vec::new());
        };
        let set = &self.nfa.sets[set as usize];
        let mut places = Vec::with_capacity(self.kinds.len());
        for (kind, members, context) in &self.kinds {
            let set = if *kind == Before::Unknown {
                set.clone()
            } else {
                set.intersect(members)
            };
            if set.is_empty() {
                continue;
            }
            if self.automaton.positions.len() >= MAX_POSITIONS {
                return Err(Bound::States);
            }
            let newlines = context::NEWLINE | context::LAST_NEWLINE;
            let context = if set.contains('\n' as u32) {
                *context
            } else {
                context & !newlines
            };
            let id = self.automaton.positions.len() as PositionId;
            self.automaton.positions.push(Position {
                set,
                follow: 0,
                hir,
                owner,
            });
            self.pending.push((id, next, *kind));
            places.push((id, context));
            if self.nfa.skip == Some(state) {
                self.automaton.skip.push(id);
            }
        }
        self.places.insert(state, places.clone());
        Ok(places)
    }
}

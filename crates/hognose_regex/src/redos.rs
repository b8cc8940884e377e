//! Whether a pattern can be made to run away, decided in two stages.
//!
//! The automaton over-approximates what the engine can try, so a pattern without ambiguity in it is linear: that is a proof, for
//! all texts. Where there is ambiguity, an attack string is built and run on a machine that steps like CPython's engine; only
//! growth measured there is reported. What the automaton suspects and the machine does not confirm is `Undecided`.
//!
//! Not modelled: engines other than `re` (the `regex` module has shortcuts of its own), and `re.sub` with a callback that takes
//! long.

mod ambiguity;
mod confirm;
#[cfg(test)]
mod cpython;
#[cfg(test)]
mod lookalikes;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::automaton::{Automaton, PositionId};
use crate::hir::{Hir, Hk};
use crate::nfa::{Counts, Nfa};
use crate::{Bound, Mode};
use ambiguity::Loops;
use confirm::{Confirmed, Judge};

/// How the time of a match may grow with the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// At most linear; proven on the automaton.
    Linear,
    /// As a power of the length.
    Polynomial {
        /// A text that shows it.
        attack: Attack,
        /// A lower bound of the power, at least 2.
        degree: u32,
    },
    /// Each pump multiplies the time, at least up to the counts of the pattern: `(a|a){1,40}` stops at its 40 rounds, which take
    /// years.
    Exponential {
        /// A text that shows it.
        attack: Attack,
    },
    /// A bound was reached before an answer. [`Bound::Unconfirmed`]: ambiguous on paper, and no attack string was found that
    /// makes the engine slow; most such patterns are harmless.
    Undecided(Bound),
}

impl Verdict {
    /// The attack string, when there is one.
    pub fn attack(&self) -> Option<&Attack> {
        match self {
            Verdict::Polynomial { attack, .. } | Verdict::Exponential { attack } => Some(attack),
            Verdict::Linear | Verdict::Undecided(_) => None,
        }
    }
}

/// A family of texts: the prefix, the pump any number of times, the suffix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attack {
    /// The part of the pattern that is ambiguous, as byte offsets: a quantifier with what it repeats, or from the first to the
    /// second of two.
    pub span: Range<usize>,
    /// Leads the engine to that part.
    pub prefix: String,
    /// Multiplies the ways to match it.
    pub pump: String,
    /// Makes every way fail.
    pub suffix: String,
}

impl Attack {
    /// The text with so many pumps. About 30 stop an engine under exponential growth, some ten thousand under polynomial.
    pub fn text(&self, pumps: usize) -> String {
        let mut text =
            String::with_capacity(self.prefix.len() + pumps * self.pump.len() + self.suffix.len());
        text.push_str(&self.prefix);
        for _ in 0..pumps {
            text.push_str(&self.pump);
        }
        text.push_str(&self.suffix);
        text
    }
}

pub(crate) fn verdict(hir: &Hir, mode: Mode) -> Verdict {
    if !may_loop(hir) {
        return Verdict::Linear;
    }
    decide(hir, mode).unwrap_or_else(Verdict::Undecided)
}

/// Whether there is a quantifier that can repeat often. Without one the engine's work per starting place is bounded by a constant
/// of the pattern.
fn may_loop(hir: &Hir) -> bool {
    const OFTEN: u32 = 8;
    hir.nodes.iter().any(
        |node| matches!(node.kind, Hk::Repeat { max, .. } if max.is_none_or(|max| max > OFTEN)),
    )
}

fn decide(hir: &Hir, mode: Mode) -> Result<Verdict, Bound> {
    let automaton = automaton(hir, mode)?;
    let loops = Loops::new(&automaton, mode);
    if loops.is_empty() {
        return Ok(Verdict::Linear);
    }
    let mut judge = None;
    let mut undecided = None;
    match loops.exponential() {
        Ok(suspicions) => {
            for suspicion in &suspicions {
                let judge = ready(&mut judge, hir, mode)?;
                match judge.exponential(suspicion) {
                    Ok(Some(confirmed)) => {
                        let attack = attack(hir, &automaton, &suspicion.loops, confirmed);
                        return Ok(Verdict::Exponential { attack });
                    }
                    Ok(None) => undecided = Some(Bound::Unconfirmed),
                    Err(bound) => return Err(bound),
                }
            }
        }
        Err(bound) => undecided = Some(bound),
    }
    let mut best: Option<(u32, Attack)> = None;
    match loops.polynomial() {
        Ok(suspicions) => {
            for suspicion in &suspicions {
                let judge = ready(&mut judge, hir, mode)?;
                match judge.polynomial(suspicion) {
                    Ok(Some(confirmed)) => {
                        let degree = confirmed.degree;
                        if best.as_ref().is_none_or(|&(known, _)| known < degree) {
                            best = Some((
                                degree,
                                attack(hir, &automaton, &suspicion.loops, confirmed),
                            ));
                        }
                    }
                    Ok(None) => undecided = undecided.or(Some(Bound::Unconfirmed)),
                    Err(bound) => {
                        undecided = undecided.or(Some(bound));
                        break;
                    }
                }
            }
        }
        Err(bound) => undecided = undecided.or(Some(bound)),
    }
    Ok(match (best, undecided) {
        (Some((degree, attack)), _) => Verdict::Polynomial { attack, degree },
        (None, Some(bound)) => Verdict::Undecided(bound),
        (None, None) => Verdict::Linear,
    })
}

fn ready<'a, 'h>(
    judge: &'a mut Option<Judge<'h>>,
    hir: &'h Hir,
    mode: Mode,
) -> Result<&'a mut Judge<'h>, Bound> {
    match judge {
        Some(judge) => Ok(judge),
        None => Ok(judge.insert(Judge::new(hir, mode)?)),
    }
}

fn automaton(hir: &Hir, mode: Mode) -> Result<Automaton, Bound> {
    let precise = Nfa::new(hir, mode, Counts::Suspicious).and_then(|nfa| Automaton::new(&nfa, hir));
    match precise {
        Ok(automaton) => Ok(automaton),
        Err(Bound::Nesting) => Err(Bound::Nesting),
        Err(_) => Nfa::new(hir, mode, Counts::Loose).and_then(|nfa| Automaton::new(&nfa, hir)),
    }
}

fn attack(hir: &Hir, automaton: &Automaton, loops: &[PositionId], confirmed: Confirmed) -> Attack {
    let Confirmed {
        prefix,
        pump,
        suffix,
        ..
    } = confirmed;
    Attack {
        span: span(hir, automaton, loops),
        prefix,
        pump,
        suffix,
    }
}

/// The smallest quantifier around the positions of the loops; when none holds all, from the first to the last of the smallest
/// quantifiers around each.
fn span(hir: &Hir, automaton: &Automaton, loops: &[PositionId]) -> Range<usize> {
    let repeats: Vec<&Range<usize>> = hir
        .nodes
        .iter()
        .filter(|node| matches!(node.kind, Hk::Repeat { .. }))
        .map(|node| &node.span)
        .collect();
    let smallest = |inner: &Range<usize>| {
        let around = repeats
            .iter()
            .filter(|outer| outer.start <= inner.start && inner.end <= outer.end);
        around
            .min_by_key(|outer| outer.len())
            .map_or_else(|| inner.clone(), |outer| (*outer).clone())
    };
    let spans = || {
        loops
            .iter()
            .filter(|position| !automaton.skip.contains(position))
            .map(|&position| &hir.node(automaton.positions[position as usize].hir).span)
    };
    let Some(all) = spans()
        .cloned()
        .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
    else {
        return hir.node(hir.root).span.clone();
    };
    if repeats
        .iter()
        .any(|outer| outer.start <= all.start && all.end <= outer.end)
    {
        return smallest(&all);
    }
    spans()
        .map(smallest)
        .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
        .unwrap_or(all)
}

//! Turns a suspicion into an attack string and measures, on the machine that steps like CPython, whether it is one.

use super::ambiguity::Suspicion;
use crate::charset::CharSet;
use crate::hir::{Hir, Hk};
use crate::machine::{Program, Run};
use crate::{Bound, Mode};

/// Most steps spent on confirming for one pattern and mode: some ten milliseconds.
const MAX_STEPS: u64 = 3_000_000;

/// From so many steps on, an attempt with at most [`MOST_PUMPS`] pumps counts as exploded.
const EXPLODED: u64 = 100_000;

/// Pumps at which exponential growth must show.
const MOST_PUMPS: u32 = 18;

/// Growth of the steps over two more pumps. Two paths per pump give a factor of 4; a polynomial of degree 6 gives less than
/// this one from 10 pumps on.
const EXPONENTIAL_FACTOR: f64 = 3.0;

/// Growth of the steps when the text gets twice as long: 2 for linear, 4 for quadratic time.
const QUADRATIC_FACTOR: f64 = 3.0;

/// Growth at which no longer text is tried.
const CLEARLY_QUADRATIC_FACTOR: f64 = 3.5;

/// Length in characters from which polynomial growth is measured, and its upper limit when the pattern counts higher: growth
/// below the counts of a pattern says nothing, since it ends there.
const LEAST_LENGTH: u32 = 32;
const GREATEST_LENGTH: u32 = 400;

/// Pumps from which polynomial growth is measured: long pumps need as many of them to show it.
const LEAST_PUMPS: u32 = 12;

/// Most suffixes tried for one exponential and for one polynomial suspicion.
const MAX_SUFFIXES: usize = 60;
const MAX_POLYNOMIAL_SUFFIXES: usize = 10;

/// Parts of an attack that was confirmed.
pub(super) struct Confirmed {
    pub(super) prefix: String,
    pub(super) pump: String,
    pub(super) suffix: String,
    /// For polynomial growth, its degree as measured, rounded down.
    pub(super) degree: u32,
}

pub(super) struct Judge<'h> {
    hir: &'h Hir,
    program: Program<'h>,
    mode: Mode,
    left: u64,
    suffixes: Vec<String>,
}

impl<'h> Judge<'h> {
    pub(super) fn new(hir: &'h Hir, mode: Mode) -> Result<Judge<'h>, Bound> {
        let program = Program::new(hir)?;
        Ok(Judge {
            hir,
            program,
            mode,
            left: MAX_STEPS,
            suffixes: suffixes(hir),
        })
    }

    /// Steps for `count` pumps, or `None` when there are more than `limit`.
    fn steps(
        &mut self,
        attack: &(String, String, String),
        count: u32,
        limit: u64,
    ) -> Result<Option<u64>, Bound> {
        let (prefix, pump, suffix) = attack;
        let mut text: Vec<u32> = prefix.chars().map(u32::from).collect();
        for _ in 0..count {
            text.extend(pump.chars().map(u32::from));
        }
        text.extend(suffix.chars().map(u32::from));
        let mut run = Run::new(&self.program, &text, limit.min(self.left));
        run.go(self.mode);
        let steps = run.steps;
        if steps > self.left {
            self.left = 0;
            return Err(Bound::Steps);
        }
        self.left -= steps;
        Ok((steps <= limit).then_some(steps))
    }

    pub(super) fn exponential(
        &mut self,
        suspicion: &Suspicion,
    ) -> Result<Option<Confirmed>, Bound> {
        for (prefix, pump) in words(suspicion) {
            for index in 0..self.suffixes.len().min(MAX_SUFFIXES) {
                let attack = (prefix.clone(), pump.clone(), self.suffixes[index].clone());
                if self.explodes(&attack)? {
                    let (prefix, pump, suffix) = attack;
                    return Ok(Some(Confirmed {
                        prefix,
                        pump,
                        suffix,
                        degree: 0,
                    }));
                }
            }
        }
        Ok(None)
    }

    fn explodes(&mut self, attack: &(String, String, String)) -> Result<bool, Bound> {
        // Doubling with each pump would be past this already.
        const QUICK: u32 = 8;
        match self.steps(attack, QUICK, EXPLODED)? {
            Some(steps) if steps < 1 << QUICK => return Ok(false),
            _ => {}
        }
        let mut before: Option<u64> = None;
        let mut quick_growth = 0;
        for count in (2..=MOST_PUMPS).step_by(2) {
            let Some(steps) = self.steps(attack, count, EXPLODED)? else {
                // The automaton has shown that the paths double; the steps show that the engine takes them.
                return Ok(quick_growth >= 1
                    || before.is_some_and(|before| {
                        before as f64 * EXPONENTIAL_FACTOR <= EXPLODED as f64
                    }));
            };
            if let Some(before) = before {
                quick_growth = if steps as f64 >= before as f64 * EXPONENTIAL_FACTOR {
                    quick_growth + 1
                } else {
                    0
                };
            }
            before = Some(steps);
        }
        Ok(quick_growth >= 3 && before.is_some_and(|steps| steps > EXPLODED / 4))
    }

    pub(super) fn polynomial(&mut self, suspicion: &Suspicion) -> Result<Option<Confirmed>, Bound> {
        for (prefix, pump) in words(suspicion) {
            for index in 0..self.suffixes.len().min(MAX_POLYNOMIAL_SUFFIXES) {
                let attack = (prefix.clone(), pump.clone(), self.suffixes[index].clone());
                if let Some(degree) = self.degree(&attack)? {
                    let (prefix, pump, suffix) = attack;
                    return Ok(Some(Confirmed {
                        prefix,
                        pump,
                        suffix,
                        degree,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The degree by which the steps grow, if it is at least two.
    fn degree(&mut self, attack: &(String, String, String)) -> Result<Option<u32>, Bound> {
        let length = attack.1.chars().count().max(1) as u32;
        let counted = self.greatest_count();
        let base = counted.clamp(LEAST_LENGTH, GREATEST_LENGTH);
        let mut steps = Vec::new();
        for doubling in [1, 2, 4] {
            let count = base.div_ceil(length).max(LEAST_PUMPS) * doubling;
            match self.steps(attack, count, MAX_STEPS / 2)? {
                Some(taken) => steps.push(taken as f64),
                None => break,
            }
            if let [.., before, after] = steps[..]
                && (after < before * (QUADRATIC_FACTOR - 0.4)
                    || (after > before * CLEARLY_QUADRATIC_FACTOR && counted <= base))
            {
                break;
            }
        }
        let [.., before, after] = steps[..] else {
            return Ok(None);
        };
        let growth = after / before;
        // Lower terms keep the measured exponent below the true one; the allowance gives them their due.
        Ok((growth >= QUADRATIC_FACTOR).then(|| ((growth.log2() + 0.25) as u32).max(2)))
    }

    /// The greatest finite count of a quantifier in the pattern.
    fn greatest_count(&self) -> u32 {
        self.hir
            .nodes
            .iter()
            .filter_map(|node| match node.kind {
                Hk::Repeat { min, max, .. } => Some(max.unwrap_or(min)),
                _ => None,
            })
            .max()
            .unwrap_or(0)
    }
}

/// Prefixes and pumps that spell a suspicion: first with characters that nothing behind the loops matches, since those are the
/// most likely to fail there, then with any.
fn words(suspicion: &Suspicion) -> Vec<(String, String)> {
    let spell = |sets: &[CharSet], avoid: Option<&CharSet>| -> Option<String> {
        sets.iter()
            .map(|set| match avoid {
                Some(avoid) => set.minus(avoid).sample().or_else(|| set.sample()),
                None => set.sample(),
            })
            .collect()
    };
    let mut words = Vec::new();
    for avoid in [Some(&suspicion.beyond), None] {
        if let (Some(prefix), Some(pump)) =
            (spell(&suspicion.reach, None), spell(&suspicion.pump, avoid))
            && !words.contains(&(prefix.clone(), pump.clone()))
        {
            words.push((prefix, pump));
        }
    }
    words
}

/// Texts after the pumps that may make the match fail: nothing, a character that the pattern knows nowhere, line feeds, one
/// character of each kind the pattern tells apart, and pairs of those.
fn suffixes(hir: &Hir) -> Vec<String> {
    const MOST_KINDS: usize = 12;
    let known = hir
        .sets
        .iter()
        .fold(CharSet::EMPTY, |sum, set| sum.union(set));
    let mut kinds: Vec<char> = Vec::new();
    let mut add = |c: Option<char>| {
        if let Some(c) = c
            && kinds.len() < MOST_KINDS
            && !kinds.contains(&c)
        {
            kinds.push(c);
        }
    };
    let printable = CharSet::range(0x20, 0x7E);
    let stranger = known.complement();
    add(stranger
        .intersect(&printable)
        .minus(&CharSet::word(true))
        .sample()
        .or_else(|| stranger.sample()));
    add(Some('\n'));
    add(Some('!'));
    let mut atoms = vec![CharSet::from_ascii(u128::MAX)];
    for set in &hir.sets {
        if atoms.len() > 2 * MOST_KINDS {
            break;
        }
        let mut split = Vec::with_capacity(atoms.len() + 1);
        for atom in atoms {
            let (inside, outside) = (atom.intersect(set), atom.minus(set));
            split.extend(
                [inside, outside]
                    .into_iter()
                    .filter(|part| !part.is_empty()),
            );
        }
        atoms = split;
    }
    for atom in &atoms {
        add(atom.sample());
    }
    add(Some('\u{0}'));
    add(CharSet::from_ascii(u128::MAX).complement().sample());
    let mut suffixes = vec![String::new()];
    suffixes.extend(kinds.iter().map(|&c| String::from(c)));
    for &a in &kinds {
        suffixes.extend(kinds.iter().map(|&b| String::from_iter([a, b])));
    }
    suffixes
}

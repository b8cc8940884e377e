//! A backtracking matcher that does what CPython's `sre` does, step by step, and counts the steps.
//!
//! It is the judge of every attack string: what the automaton suspects is reported only when this machine needs more and more
//! steps for it. It is no regular expression engine for general use: it follows CPython in what it tries in which order and in
//! which empty rounds of a loop it refuses, at the price of exponential time, and therefore it never runs without a budget.

mod compile;
mod run;

pub(crate) use compile::Program;
pub(crate) use run::{Outcome, Run};

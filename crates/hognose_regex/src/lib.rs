//! What a Python regular expression can match, and how long that may take.
//!
//! A pattern is text in Python's `re` syntax with flags; no regular expression of the audited project is ever run. Three questions
//! are answered:
//!
//! - [`Pattern::redos`]: can a hostile text make the match run away, and which text?
//! - [`Pattern::alphabet`], [`Pattern::literals`], [`Pattern::max_length`], [`Pattern::prefix`], [`Pattern::removed_characters`]:
//!   what does a text look like that passed the pattern, or from which the pattern's matches were removed?
//! - [`defects`]: does a pattern that validates something let through what it was written to stop?
//!
//! Every search has a bound; reaching it is an answer of its own, [`Bound`], and never a guess.

#[cfg(test)]
mod agreement;
pub mod ast;
mod automaton;
pub mod charset;
pub mod defects;
mod flags;
mod graph;
mod hir;
#[cfg(test)]
mod hostile;
mod language;
mod machine;
mod nfa;
pub mod parse;
#[cfg(test)]
mod python;
mod redos;
mod tables;

use std::fmt;

pub use crate::charset::CharSet;
pub use crate::flags::Flags;
pub use crate::language::{Alphabet, MAX_LITERAL_LENGTH, MAX_LITERALS};
pub use crate::parse::SyntaxError;
pub use crate::redos::{Attack, Verdict};

use crate::ast::Ast;
use crate::hir::Hir;

/// Which function of `re` the pattern is used with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// `re.match`: from the beginning, to anywhere.
    Match,
    /// `re.fullmatch`: from the beginning to the end.
    FullMatch,
    /// `re.search`: from anywhere to anywhere, once.
    Search,
    /// `re.findall`, `finditer`, `sub`, `split`: from anywhere to anywhere, again and again.
    FindAll,
}

/// The bound that kept a question from being answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bound {
    /// The pattern is longer than [`parse::MAX_PATTERN_BYTES`].
    PatternLength,
    /// Brackets (or backreferences to groups with backreferences) are nested too deep.
    Nesting,
    /// The automaton would have too many states.
    States,
    /// The automaton would have too many edges.
    Edges,
    /// Too many pairs of paths were compared.
    Pairs,
    /// Too many steps were spent on confirming attack strings.
    Steps,
    /// The automaton is ambiguous, and none of the attack strings that were tried makes the engine slow.
    Unconfirmed,
}

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Bound::PatternLength => "the pattern is too long",
            Bound::Nesting => "the pattern is nested too deep",
            Bound::States => "the automaton of the pattern has too many states",
            Bound::Edges => "the automaton of the pattern has too many edges",
            Bound::Pairs => "the pattern has too many pairs of paths",
            Bound::Steps => "the trials of attack strings took too many steps",
            Bound::Unconfirmed => {
                "the pattern is ambiguous, but no text was found that makes the engine slow"
            }
        })
    }
}

/// A pattern that was read. Immutable, and cheap to ask.
#[derive(Clone, Debug)]
pub struct Pattern {
    ast: Ast,
    hir: Hir,
}

impl Pattern {
    /// Reads a pattern with the flags of the call.
    pub fn parse(text: &str, flags: Flags) -> Result<Pattern, SyntaxError> {
        let ast = parse::parse(text, flags)?;
        let hir = Hir::new(&ast)?;
        Ok(Pattern { ast, hir })
    }

    /// What was written.
    pub fn ast(&self) -> &Ast {
        &self.ast
    }

    /// How the time of a match may grow with the text.
    pub fn redos(&self, mode: Mode) -> Verdict {
        redos::verdict(&self.hir, mode)
    }

    /// The characters that a text can contain when the call found a match; [`Alphabet::ANY`] when the match need not be all of the
    /// text. Under [`Mode::FindAll`] always any: nothing follows from the list of matches.
    pub fn alphabet(&self, mode: Mode) -> Result<Alphabet, Bound> {
        language::alphabet(&self.hir, mode)
    }

    /// All texts for which the call finds a match, sorted, when they are at most [`MAX_LITERALS`]; `None` when they are more or
    /// the match need not be all of the text. A `$` adds each text with a line feed.
    pub fn literals(&self, mode: Mode) -> Result<Option<Vec<String>>, Bound> {
        language::literals(&self.hir, mode)
    }

    /// The greatest number of characters of a text for which the call finds a match; `None` when there is none.
    pub fn max_length(&self, mode: Mode) -> Result<Option<u64>, Bound> {
        language::max_length(&self.hir, mode)
    }

    /// A text with which every text begins for which the call finds a match; the longest known one, of at most
    /// [`MAX_LITERAL_LENGTH`] characters, and often empty.
    pub fn prefix(&self, mode: Mode) -> Result<String, Bound> {
        language::prefix(&self.hir, mode)
    }

    /// Whether a text for which the call finds a match may contain another one.
    pub fn may_contain(&self, mode: Mode, needle: &str) -> Result<bool, Bound> {
        language::may_contain(&self.hir, mode, needle)
    }

    /// Whether a text for which the call finds a match may begin with another one.
    pub fn may_begin(&self, mode: Mode, front: &str) -> Result<bool, Bound> {
        language::may_begin(&self.hir, mode, front)
    }

    /// The characters that the group of a number can hold; those of the whole match for 0, [`Alphabet::ANY`] where there is no such
    /// group.
    pub fn group_alphabet(&self, group: u32) -> Result<Alphabet, Bound> {
        language::group_alphabet(&self.hir, group)
    }

    /// The characters of which `re.sub(pattern, replacement, text)` leaves no occurrence (but for those in the replacement, and
    /// provided that no `count` is given).
    pub fn removed_characters(&self) -> CharSet {
        language::removed_characters(&self.hir)
    }
}

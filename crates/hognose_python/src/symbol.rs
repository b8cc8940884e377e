//! Interned texts: names and constants are compared, hashed and copied far more often than they are read.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

/// A text that is kept once, for as long as the program runs. Compare and hash by number; sort by [`Symbol::as_str`] where
/// order is shown: the order of numbers is that in which threads met the texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(NonZeroU32);

/// Parts of the table that are locked apart.
const SHARDS: usize = 64;

/// Texts in the first block of [`TEXTS`]; each block is twice as long as the one before.
const FIRST_BLOCK: u32 = 1024;

/// Blocks, enough for all numbers of 32 bits.
const BLOCKS: usize = 23;

/// Numbers by text.
static NUMBERS: [Mutex<Option<FxHashMap<&'static str, Symbol>>>; SHARDS] =
    [const { Mutex::new(None) }; SHARDS];

/// Texts by number. Blocks never move, so reading takes no lock.
static TEXTS: [OnceLock<Box<[OnceLock<&'static str>]>>; BLOCKS] =
    [const { OnceLock::new() }; BLOCKS];

/// The next number.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The block of a number, the place in it, and the length of the block.
#[inline]
fn place(number: u32) -> (usize, usize, usize) {
    let shifted = u64::from(number) + u64::from(FIRST_BLOCK);
    let block = shifted.ilog2() - FIRST_BLOCK.ilog2();
    let length = u64::from(FIRST_BLOCK) << block;
    #[expect(clippy::cast_possible_truncation, reason = "below the number")]
    let at = (shifted - length) as usize;
    (
        block as usize,
        at,
        usize::try_from(length).unwrap_or(usize::MAX),
    )
}

/// Which lock a text stands behind.
fn shard(text: &str) -> usize {
    let bytes = text.as_bytes();
    let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    (bytes.len() + 5 * end(bytes.first()) + 17 * end(bytes.last())) % SHARDS
}

fn intern(text: &str) -> Symbol {
    let mut numbers = NUMBERS[shard(text)]
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let numbers = numbers.get_or_insert_default();
    if let Some(known) = numbers.get(text) {
        return *known;
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let kept: &'static str = Box::leak(Box::from(text));
    let (block, at, length) = place(number);
    let block = TEXTS[block].get_or_init(|| (0..length).map(|_| OnceLock::new()).collect());
    // Nobody else was given this number.
    let _ = block[at].set(kept);
    let symbol = Symbol(NonZeroU32::MIN.saturating_add(number));
    numbers.insert(kept, symbol);
    symbol
}

impl Symbol {
    /// The text.
    #[inline]
    pub fn as_str(self) -> &'static str {
        let (block, at, _) = place(self.0.get() - 1);
        let block = TEXTS[block].get();
        block
            .and_then(|block| block[at].get())
            .copied()
            .unwrap_or_default()
    }
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Self {
        intern(text)
    }
}

impl From<String> for Symbol {
    fn from(text: String) -> Self {
        intern(&text)
    }
}

impl From<&String> for Symbol {
    fn from(text: &String) -> Self {
        intern(text)
    }
}

impl From<Symbol> for &'static str {
    fn from(symbol: Symbol) -> Self {
        symbol.as_str()
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// The symbol of a literal, interned when it is first asked for.
#[macro_export]
macro_rules! static_symbol {
    ($text:literal) => {{
        static KNOWN: std::sync::OnceLock<$crate::Symbol> = std::sync::OnceLock::new();
        *KNOWN.get_or_init(|| $crate::Symbol::from($text))
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_read_back() {
        let texts: Vec<String> = (0..5_000).map(|number| format!("name{number}")).collect();
        let symbols: Vec<Symbol> = texts.iter().map(Symbol::from).collect();
        for (text, symbol) in texts.iter().zip(&symbols) {
            assert_eq!(symbol.as_str(), text);
            assert_eq!(Symbol::from(text.as_str()), *symbol);
        }
        assert_eq!(Symbol::from("").as_str(), "");
        assert_eq!(static_symbol!("name7"), symbols[7]);
    }

    #[test]
    fn threads_agree() {
        let all: Vec<Vec<Symbol>> = std::thread::scope(|scope| {
            let run = || (0..2_000).map(|n| Symbol::from(format!("at{n}"))).collect();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().ok())
                .collect()
        });
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|symbols| *symbols == all[0]));
    }
}

//! Where something stands.

use std::sync::Arc;

/// A place in a text: both numbers count from 1, columns in Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

/// The notebook cell a location stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Number of the cell among all cells of the notebook, from 1.
    pub number: u32,
    /// Line of the start position inside the cell, from 1.
    pub line: u32,
}

/// A span in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Path with `/` separators, relative to the audited root where it lies below it.
    pub file: Arc<str>,
    /// First character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// Byte offsets into the file's text (for a notebook: into its code cells joined by line feeds).
    pub bytes: (u32, u32),
    /// Set for notebooks; `start` and `end` then count lines in the joined code cells.
    pub cell: Option<Cell>,
}

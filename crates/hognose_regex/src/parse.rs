//! Reads Python's `re` syntax (3.8 to 3.14) into an [`Ast`].
//!
//! The union of what those versions accept is accepted: possessive quantifiers of 3.11, `\z` of 3.14, and global flags after the
//! start, which 3.11 refuses. Warnings (nested sets) are not reported. The parser keeps its own stack, so that nesting costs
//! memory and not the program's stack; patterns beyond [`MAX_PATTERN_BYTES`] or [`MAX_NESTING`] are refused with that bound.

mod escape;
mod group;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::Bound;
use crate::ast::{
    Assertion, Ast, Class, ClassItem, ClassItemKind, Greed, GroupKind, Node, NodeId, NodeKind,
    Repeat,
};
use crate::flags::Flags;

/// Longest pattern that is read. Longer ones are generated word lists, whose tree alone would cost megabytes.
pub const MAX_PATTERN_BYTES: usize = 1 << 17;

/// Deepest nesting of brackets that is read. Python's own recursion limit refuses patterns nested a few hundred deep; later passes
/// recurse over the tree and need a bound that every thread's stack can hold.
pub const MAX_NESTING: usize = 100;

/// Python's `MAXREPEAT` on 64-bit machines: the counts from here on are refused.
const MAX_REPEAT: u64 = u32::MAX as u64;

/// Why a text is no pattern, or is not read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Byte offset into the pattern.
    pub offset: usize,
    /// One phrase, in Python's words where it has them.
    pub reason: Cow<'static, str>,
    /// Set when the pattern may be valid and is only too large to be read.
    pub bound: Option<Bound>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at offset {}", self.reason, self.offset)
    }
}

impl std::error::Error for SyntaxError {}

type Result<T> = std::result::Result<T, SyntaxError>;

/// Parses `text` with the flags of the call.
pub fn parse(text: &str, flags: Flags) -> Result<Ast> {
    if text.len() > MAX_PATTERN_BYTES {
        return Err(SyntaxError {
            offset: MAX_PATTERN_BYTES,
            reason: "pattern too long".into(),
            bound: Some(Bound::PatternLength),
        });
    }
    let mut parser = Parser {
        text,
        pos: 0,
        flags,
        verbose: flags.contains(Flags::VERBOSE),
        nodes: Vec::new(),
        frames: Vec::new(),
        open: Frame::new(FrameKind::Root, 0, flags.contains(Flags::VERBOSE)),
        closed: vec![true],
        names: Vec::new(),
        conditions: Vec::new(),
    };
    let root = parser.run()?;
    let groups = parser.closed.len() as u32 - 1;
    if let Some(&(_, offset)) = parser.conditions.iter().find(|&&(group, _)| group > groups) {
        return Err(error(offset, "invalid group reference"));
    }
    Ok(Ast {
        nodes: parser.nodes,
        root,
        flags: parser.flags,
        names: parser.names,
        groups,
    })
}

fn error(offset: usize, reason: impl Into<Cow<'static, str>>) -> SyntaxError {
    SyntaxError {
        offset,
        reason: reason.into(),
        bound: None,
    }
}

struct Parser<'a> {
    text: &'a str,
    pos: usize,
    flags: Flags,
    verbose: bool,
    nodes: Vec<Node>,
    /// Enclosing brackets, outermost first.
    frames: Vec<Frame>,
    /// The innermost bracket.
    open: Frame,
    /// For each group number, whether its bracket is closed.
    closed: Vec<bool>,
    names: Vec<(Box<str>, u32)>,
    /// Group numbers that conditionals ask for, with offsets: they may be defined later.
    conditions: Vec<(u32, usize)>,
}

/// An open bracket and what was read inside it.
struct Frame {
    kind: FrameKind,
    start: usize,
    /// Finished branches.
    branches: Vec<NodeId>,
    branch_start: usize,
    /// Items of the branch being read.
    items: Vec<NodeId>,
    /// Whether blanks meant nothing outside.
    verbose_outside: bool,
}

enum FrameKind {
    Root,
    Group(GroupKind),
    Look { ahead: bool, negated: bool },
    Conditional { group: u32 },
}

impl Frame {
    fn new(kind: FrameKind, start: usize, verbose_outside: bool) -> Frame {
        Frame {
            kind,
            start,
            branches: Vec::new(),
            branch_start: start,
            items: Vec::new(),
            verbose_outside,
        }
    }
}

impl<'a> Parser<'a> {
    fn run(&mut self) -> Result<NodeId> {
        while let Some(c) = self.peek() {
            let start = self.pos;
            self.pos += c.len_utf8();
            if self.verbose {
                if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') {
                    continue;
                }
                if c == '#' {
                    self.skip_comment('\n')?;
                    continue;
                }
            }
            match c {
                '\\' => {
                    let kind = self.escape(start)?;
                    self.push(kind, start);
                }
                '[' => {
                    let class = self.class(start)?;
                    self.push(NodeKind::Class(class), start);
                }
                '.' => self.push(NodeKind::Any, start),
                '^' => self.push(NodeKind::Assertion(Assertion::Begin), start),
                '$' => self.push(NodeKind::Assertion(Assertion::End), start),
                '|' => self.branch(start)?,
                '(' => self.open_bracket(start)?,
                ')' => self.close_bracket(start)?,
                '*' | '+' | '?' | '{' => self.quantifier(c, start)?,
                _ => self.push(NodeKind::Literal(c as u32), start),
            }
        }
        if self.frames.is_empty() {
            let frame = std::mem::replace(&mut self.open, Frame::new(FrameKind::Root, 0, false));
            Ok(self.finish_branches(frame, self.text.len()))
        } else {
            Err(error(self.open.start, "missing ), unterminated subpattern"))
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.pos..].chars().next()
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.pos += expected.len_utf8();
        }
        found
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn node(&mut self, kind: NodeKind, span: Range<usize>) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { kind, span });
        id
    }

    fn push(&mut self, kind: NodeKind, start: usize) {
        let id = self.node(kind, start..self.pos);
        self.open.items.push(id);
    }

    /// Skips a comment up to and with its end. CPython reads comments token by token: an escaped end does not end them. Gives
    /// whether the end was found.
    fn skip_comment(&mut self, end: char) -> Result<bool> {
        while let Some(c) = self.next() {
            if c == end {
                return Ok(true);
            }
            if c == '\\' && self.next().is_none() {
                return Err(error(self.pos - 1, "bad escape (end of pattern)"));
            }
        }
        Ok(false)
    }

    fn branch(&mut self, start: usize) -> Result<()> {
        if matches!(self.open.kind, FrameKind::Conditional { .. }) && !self.open.branches.is_empty()
        {
            return Err(error(
                start,
                "conditional backref with more than two branches",
            ));
        }
        let items = std::mem::take(&mut self.open.items);
        let branch = self.sequence(items, self.open.branch_start..start);
        self.open.branches.push(branch);
        self.open.branch_start = self.pos;
        Ok(())
    }

    fn sequence(&mut self, items: Vec<NodeId>, span: Range<usize>) -> NodeId {
        match items.as_slice() {
            [] => self.node(NodeKind::Empty, span),
            &[only] => only,
            _ => self.node(NodeKind::Concat(items), span),
        }
    }

    /// The node for all that was read inside a bracket.
    fn finish_branches(&mut self, mut frame: Frame, end: usize) -> NodeId {
        let items = std::mem::take(&mut frame.items);
        let last = self.sequence(items, frame.branch_start..end);
        if frame.branches.is_empty() {
            return last;
        }
        let start = frame
            .branches
            .first()
            .map_or(end, |first| self.nodes[first.0 as usize].span.start);
        frame.branches.push(last);
        self.node(NodeKind::Alternate(frame.branches), start..end)
    }

    fn close_bracket(&mut self, start: usize) -> Result<()> {
        let Some(outer) = self.frames.pop() else {
            return Err(error(start, "unbalanced parenthesis"));
        };
        let mut frame = std::mem::replace(&mut self.open, outer);
        self.verbose = frame.verbose_outside;
        let opened = frame.start;
        let kind = match std::mem::replace(&mut frame.kind, FrameKind::Root) {
            FrameKind::Root => return Err(error(start, "unbalanced parenthesis")),
            FrameKind::Group(kind) => {
                if let GroupKind::Capture(number) = kind {
                    self.closed[number as usize] = true;
                }
                NodeKind::Group(kind, self.finish_branches(frame, start))
            }
            FrameKind::Look { ahead, negated } => NodeKind::Look {
                ahead,
                negated,
                body: self.finish_branches(frame, start),
            },
            FrameKind::Conditional { group } => {
                let items = std::mem::take(&mut frame.items);
                let last = self.sequence(items, frame.branch_start..start);
                let (yes, no) = match frame.branches.as_slice() {
                    &[yes] => (yes, last),
                    _ => (last, self.node(NodeKind::Empty, start..start)),
                };
                NodeKind::Conditional { group, yes, no }
            }
        };
        self.push(kind, opened);
        Ok(())
    }

    fn quantifier(&mut self, c: char, start: usize) -> Result<()> {
        let (min, max) = match c {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            _ => match self.counts(start)? {
                Some(counts) => counts,
                None => {
                    self.pos = start + 1;
                    self.push(NodeKind::Literal('{' as u32), start);
                    return Ok(());
                }
            },
        };
        let Some(body) = self.open.items.last().copied() else {
            return Err(error(start, "nothing to repeat"));
        };
        match self.nodes[body.0 as usize].kind {
            NodeKind::Assertion(_) => return Err(error(start, "nothing to repeat")),
            NodeKind::Repeat(_) => return Err(error(start, "multiple repeat")),
            _ => {}
        }
        let greed = if self.eat('?') {
            Greed::Lazy
        } else if self.eat('+') {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        self.open.items.pop();
        let from = self.nodes[body.0 as usize].span.start;
        self.push(
            NodeKind::Repeat(Repeat {
                min,
                max,
                greed,
                body,
            }),
            from,
        );
        Ok(())
    }

    /// Reads `m}`, `m,}`, `,n}` or `m,n}`; `None` when the brace stands for itself.
    fn counts(&mut self, start: usize) -> Result<Option<(u32, Option<u32>)>> {
        if self.peek() == Some('}') {
            return Ok(None);
        }
        let low = self.digits();
        let high = if self.eat(',') { self.digits() } else { low };
        if !self.eat('}') {
            return Ok(None);
        }
        let number = |digits: &str| match digits.parse::<u64>() {
            Ok(count) if count < MAX_REPEAT => Ok(count as u32),
            _ => Err(error(start, "the repetition number is too large")),
        };
        let min = if low.is_empty() { 0 } else { number(low)? };
        let max = if high.is_empty() {
            None
        } else {
            Some(number(high)?)
        };
        if max.is_some_and(|max| max < min) {
            return Err(error(start, "min repeat greater than max repeat"));
        }
        Ok(Some((min, max)))
    }

    fn digits(&mut self) -> &'a str {
        let rest: &'a str = &self.text[self.pos..];
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.pos += length;
        &rest[..length]
    }

    /// Reads a class after its `[`.
    fn class(&mut self, start: usize) -> Result<Class> {
        let negated = self.eat('^');
        let mut items: Vec<ClassItem> = Vec::new();
        loop {
            let item_start = self.pos;
            let Some(c) = self.next() else {
                return Err(error(start, "unterminated character set"));
            };
            if c == ']' && !items.is_empty() {
                return Ok(Class { negated, items });
            }
            let low = self.class_member(c, item_start)?;
            if !self.eat('-') {
                items.push(ClassItem {
                    kind: low,
                    span: item_start..self.pos,
                });
                continue;
            }
            let high_start = self.pos;
            match self.next() {
                None => return Err(error(start, "unterminated character set")),
                Some(']') => {
                    items.push(ClassItem {
                        kind: low,
                        span: item_start..high_start - 1,
                    });
                    items.push(ClassItem {
                        kind: ClassItemKind::Char('-' as u32),
                        span: high_start - 1..high_start,
                    });
                    return Ok(Class { negated, items });
                }
                Some(c) => match (low, self.class_member(c, high_start)?) {
                    (ClassItemKind::Char(low), ClassItemKind::Char(high)) if low <= high => {
                        items.push(ClassItem {
                            kind: ClassItemKind::Range(low, high),
                            span: item_start..self.pos,
                        });
                    }
                    _ => {
                        return Err(error(
                            item_start,
                            format!("bad character range {}", &self.text[item_start..self.pos]),
                        ));
                    }
                },
            }
        }
    }

    fn class_member(&mut self, c: char, start: usize) -> Result<ClassItemKind> {
        if c == '\\' {
            self.class_escape(start)
        } else {
            Ok(ClassItemKind::Char(c as u32))
        }
    }
}

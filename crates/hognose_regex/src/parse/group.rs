//! What may follow an opening bracket.

use super::{Frame, FrameKind, MAX_NESTING, Parser, Result, SyntaxError, error};
use crate::Bound;
use crate::ast::GroupKind;
use crate::flags::Flags;

impl Parser<'_> {
    /// Reads the start of a bracket, after its `(` at `start`.
    pub(super) fn open_bracket(&mut self, start: usize) -> Result<()> {
        if !self.eat('?') {
            let number = self.new_group();
            return self.enter(FrameKind::Group(GroupKind::Capture(number)), start);
        }
        let Some(c) = self.next() else {
            return Err(error(start, "unexpected end of pattern"));
        };
        match c {
            ':' => self.enter(FrameKind::Group(GroupKind::Plain), start),
            '>' => self.enter(FrameKind::Group(GroupKind::Atomic), start),
            '=' | '!' => self.enter(
                FrameKind::Look {
                    ahead: true,
                    negated: c == '!',
                },
                start,
            ),
            '<' => match self.next() {
                Some(sign @ ('=' | '!')) => self.enter(
                    FrameKind::Look {
                        ahead: false,
                        negated: sign == '!',
                    },
                    start,
                ),
                Some(_) if self.flags.contains(Flags::REGEX_MODULE) => {
                    self.pos = start + "(?<".len();
                    self.named_group(start)
                }
                Some(_) => Err(error(start, "unknown extension ?<")),
                None => Err(error(start, "unexpected end of pattern")),
            },
            'P' => match self.next() {
                Some('<') => self.named_group(start),
                Some('=') => {
                    let name = self.name(')')?;
                    let Some(&(_, group)) = self.names.iter().find(|(known, _)| **known == *name)
                    else {
                        return Err(error(start, format!("unknown group name {name:?}")));
                    };
                    let kind = self.reference(group, start)?;
                    self.push(kind, start);
                    Ok(())
                }
                Some(_) => Err(error(start, "unknown extension ?P")),
                None => Err(error(start, "unexpected end of pattern")),
            },
            '#' => {
                if self.skip_comment(')')? {
                    Ok(())
                } else {
                    Err(error(start, "missing ), unterminated comment"))
                }
            }
            '(' => self.conditional(start),
            _ => {
                self.pos -= c.len_utf8();
                self.flags_group(start)
            }
        }
    }

    fn enter(&mut self, kind: FrameKind, start: usize) -> Result<()> {
        if self.frames.len() >= MAX_NESTING {
            return Err(SyntaxError {
                offset: start,
                reason: "brackets nested too deep".into(),
                bound: Some(Bound::Nesting),
            });
        }
        let mut frame = Frame::new(kind, start, self.verbose);
        frame.branch_start = self.pos;
        self.frames.push(std::mem::replace(&mut self.open, frame));
        Ok(())
    }

    fn new_group(&mut self) -> u32 {
        self.closed.push(false);
        self.closed.len() as u32 - 1
    }

    fn named_group(&mut self, start: usize) -> Result<()> {
        let name_start = self.pos;
        let name = self.name('>')?;
        if self.names.iter().any(|(known, _)| **known == *name) {
            return Err(error(
                name_start,
                format!("redefinition of group name {name:?}"),
            ));
        }
        let number = self.new_group();
        self.names.push((name, number));
        self.enter(FrameKind::Group(GroupKind::Capture(number)), start)
    }

    fn name(&mut self, end: char) -> Result<Box<str>> {
        let start = self.pos;
        let text = self.text;
        let Some(length) = text[start..].find(end) else {
            return Err(error(start, format!("missing {end}, unterminated name")));
        };
        let name = &text[start..start + length];
        if name.is_empty() {
            return Err(error(start, "missing group name"));
        }
        if !is_identifier(name) {
            return Err(error(
                start,
                format!("bad character in group name {name:?}"),
            ));
        }
        self.pos = start + length + 1;
        Ok(name.into())
    }

    fn conditional(&mut self, start: usize) -> Result<()> {
        let name_start = self.pos;
        let Some(length) = self.text[name_start..].find(')') else {
            return Err(error(name_start, "missing ), unterminated name"));
        };
        let name = &self.text[name_start..name_start + length];
        let group = if is_identifier(name) {
            match self.names.iter().find(|(known, _)| **known == *name) {
                Some(&(_, group)) => group,
                None => return Err(error(name_start, format!("unknown group name {name:?}"))),
            }
        } else {
            match name.parse::<u32>() {
                Ok(0) => return Err(error(name_start, "bad group number")),
                Ok(group) if name.bytes().all(|c| c.is_ascii_digit()) => group,
                _ => {
                    return Err(error(
                        name_start,
                        format!("bad character in group name {name:?}"),
                    ));
                }
            }
        };
        self.conditions.push((group, name_start));
        self.pos = name_start + length + 1;
        self.enter(FrameKind::Conditional { group }, start)
    }

    /// `(?i)`, `(?i-m:...)`, `(?-m:...)`
    fn flags_group(&mut self, start: usize) -> Result<()> {
        let (mut on, mut off) = (Flags::NONE, Flags::NONE);
        let mut turning_off = false;
        let mut seen = false;
        loop {
            let at = self.pos;
            let Some(c) = self.next() else {
                return Err(error(at, "missing -, : or )"));
            };
            match c {
                '-' if !turning_off => {
                    turning_off = true;
                    seen = false;
                    continue;
                }
                ':' if seen => {
                    if on.without(off) != on {
                        return Err(error(at, "bad inline flags: flag turned on and off"));
                    }
                    self.enter(FrameKind::Group(GroupKind::Flags { on, off }), start)?;
                    self.verbose = (self.verbose || on.contains(Flags::VERBOSE))
                        && !off.contains(Flags::VERBOSE);
                    return Ok(());
                }
                ')' if seen && !turning_off => {
                    self.flags |= on;
                    if on.contains(Flags::VERBOSE) {
                        self.verbose = true;
                        // Brackets around a late flag keep it when they close, as Python before 3.11 did for the whole pattern.
                        self.open.verbose_outside = true;
                    }
                    return Ok(());
                }
                _ => {}
            }
            let bytes = self.flags.contains(Flags::BYTES);
            let flag = match c {
                'i' => Flags::IGNORECASE,
                'm' => Flags::MULTILINE,
                's' => Flags::DOTALL,
                'x' => Flags::VERBOSE,
                'a' if !turning_off => Flags::ASCII,
                'u' if !turning_off && !bytes => {
                    off |= Flags::ASCII;
                    Flags::NONE
                }
                'L' if !turning_off && bytes => Flags::NONE,
                'a' | 'u' | 'L' => return Err(error(at, "bad inline flags")),
                _ if seen && c.is_alphabetic() => return Err(error(at, "unknown flag")),
                _ if seen => return Err(error(at, "missing -, : or )")),
                _ if turning_off => return Err(error(at, "missing flag")),
                _ => return Err(error(start, format!("unknown extension ?{c}"))),
            };
            seen = true;
            if turning_off {
                off |= flag;
            } else {
                on |= flag;
            }
        }
    }
}

/// An approximation of `str.isidentifier`: letters beyond ASCII are accepted as Rust knows them.
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

//! Backslash escapes, inside and outside character classes.

use super::{Parser, Result, error};
use crate::ast::{Assertion, Class, ClassItem, ClassItemKind, NodeKind};
use crate::charset::MAX_CODE_POINT;
use crate::flags::Flags;

impl Parser<'_> {
    /// Reads an escape outside a class, after its backslash at `start`.
    pub(super) fn escape(&mut self, start: usize) -> Result<NodeKind> {
        let Some(c) = self.next() else {
            return Err(error(start, "bad escape (end of pattern)"));
        };
        let assertion = match c {
            'A' => Assertion::TextBegin,
            'Z' | 'z' => Assertion::TextEnd,
            'b' => Assertion::WordBoundary,
            'B' => Assertion::NotWordBoundary,
            '0' => {
                let value = self.octal(0, 2);
                return Ok(NodeKind::Literal(value));
            }
            '1'..='9' => return self.reference_or_octal(c, start),
            _ => {
                return Ok(match self.class_or_character(c, start)? {
                    ClassItemKind::Char(value) => NodeKind::Literal(value),
                    kind => NodeKind::Class(Class {
                        negated: false,
                        items: vec![ClassItem {
                            kind,
                            span: start..self.pos,
                        }],
                    }),
                });
            }
        };
        Ok(NodeKind::Assertion(assertion))
    }

    /// Reads an escape inside a class, after its backslash at `start`.
    pub(super) fn class_escape(&mut self, start: usize) -> Result<ClassItemKind> {
        let Some(c) = self.next() else {
            return Err(error(start, "bad escape (end of pattern)"));
        };
        match c {
            'b' => Ok(ClassItemKind::Char(8)),
            '0'..='7' => {
                let value = self.octal(c as u32 - '0' as u32, 2);
                if value > 0o377 {
                    return Err(error(start, "octal escape value outside of range 0-0o377"));
                }
                Ok(ClassItemKind::Char(value))
            }
            '8' | '9' => Err(self.bad_escape(start)),
            _ => self.class_or_character(c, start),
        }
    }

    /// What an escape means both inside and outside a class.
    fn class_or_character(&mut self, c: char, start: usize) -> Result<ClassItemKind> {
        let bytes = self.flags.contains(Flags::BYTES);
        let value = match c {
            'd' | 'D' => return Ok(ClassItemKind::Digit { negated: c == 'D' }),
            's' | 'S' => return Ok(ClassItemKind::Space { negated: c == 'S' }),
            'w' | 'W' => return Ok(ClassItemKind::Word { negated: c == 'W' }),
            'a' => 7,
            'f' => 0xC,
            'n' => 0xA,
            'r' => 0xD,
            't' => 9,
            'v' => 0xB,
            'x' => self.hexadecimal(2, start)?,
            'u' if !bytes => self.hexadecimal(4, start)?,
            'U' if !bytes => {
                let value = self.hexadecimal(8, start)?;
                if value > MAX_CODE_POINT {
                    return Err(self.bad_escape(start));
                }
                value
            }
            'N' if !bytes => self.named_character(start)?,
            _ if c.is_ascii_alphabetic() => return Err(self.bad_escape(start)),
            _ => c as u32,
        };
        Ok(ClassItemKind::Char(value))
    }

    fn bad_escape(&self, start: usize) -> super::SyntaxError {
        error(start, format!("bad escape {}", &self.text[start..self.pos]))
    }

    /// Up to `most` octal digits appended to `value`.
    fn octal(&mut self, mut value: u32, most: usize) -> u32 {
        for _ in 0..most {
            match self.peek().and_then(|c| c.to_digit(8)) {
                Some(digit) => {
                    value = value * 8 + digit;
                    self.pos += 1;
                }
                None => break,
            }
        }
        value
    }

    fn hexadecimal(&mut self, digits: usize, start: usize) -> Result<u32> {
        let mut value = 0u32;
        for _ in 0..digits {
            match self.peek().and_then(|c| c.to_digit(16)) {
                Some(digit) => {
                    value = value.wrapping_mul(16) | digit;
                    self.pos += 1;
                }
                None => {
                    return Err(error(
                        start,
                        format!("incomplete escape {}", &self.text[start..self.pos]),
                    ));
                }
            }
        }
        Ok(value)
    }

    fn named_character(&mut self, start: usize) -> Result<u32> {
        let name = match self.eat('{').then(|| self.text[self.pos..].find('}')) {
            None => return Err(error(start, "missing {")),
            Some(None | Some(0)) => return Err(error(start, "missing character name")),
            Some(Some(length)) => &self.text[self.pos..self.pos + length],
        };
        let Some(c) = unicode_names2::character(name) else {
            return Err(error(start, format!("undefined character name {name:?}")));
        };
        self.pos += name.len() + 1;
        Ok(c as u32)
    }

    /// `\1` to `\99`, or three octal digits.
    fn reference_or_octal(&mut self, first: char, start: usize) -> Result<NodeKind> {
        let mut group = first as u32 - '0' as u32;
        if let Some(second) = self.peek().and_then(|c| c.to_digit(10)) {
            self.pos += 1;
            let third = self.peek().and_then(|c| c.to_digit(8));
            if let (true, true, Some(third)) = (group < 8, second < 8, third) {
                self.pos += 1;
                let value = (group * 8 + second) * 8 + third;
                if value > 0o377 {
                    return Err(error(start, "octal escape value outside of range 0-0o377"));
                }
                return Ok(NodeKind::Literal(value));
            }
            group = group * 10 + second;
        }
        self.reference(group, start)
    }

    /// A backreference, if the group exists and is closed.
    pub(super) fn reference(&mut self, group: u32, start: usize) -> Result<NodeKind> {
        match self.closed.get(group as usize) {
            None => Err(error(start, format!("invalid group reference {group}"))),
            Some(false) => Err(error(start, "cannot refer to an open group")),
            Some(true) => Ok(NodeKind::Backreference(group)),
        }
    }
}

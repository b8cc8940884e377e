//! Formatting: `%`, `str.format`, and what stands in a format.

use std::sync::Arc;

use hognose_python::ir::*;

use super::super::Interpreter;
use super::super::call::Arguments;
use super::MAX_OBJECTS;
use crate::shape::{Alphabet, Hole, Stretch};
use crate::state::{Kind, State};
use crate::value::{Atom, Symbol, Value};

/// Arguments that no known part of a format takes and that are put behind it one by one.
const MAX_LEFT: usize = 4;

/// A piece of a format.
pub(in crate::interpret) enum Piece {
    Known(String),
    Hole {
        name: Option<String>,
        conversion: char,
        number: bool,
    },
}

/// A format while its conversions are filled.
#[derive(Default)]
struct Filling {
    /// The parts of the text.
    values: Vec<Value>,
    /// Arguments by position that were taken.
    position: i64,
    /// What was taken, if there is more.
    placed: Vec<Arc<Hole>>,
    /// Whether a part of the format is not known, which may take arguments too.
    is_open: bool,
}

impl Filling {
    fn of(format: &[Stretch]) -> Self {
        let is_known = |stretch: &Stretch| matches!(stretch, Stretch::Known(_));
        Self {
            is_open: !format.iter().all(is_known),
            ..Self::default()
        }
    }
}

impl Interpreter<'_, '_> {
    /// `left % right`.
    pub(in crate::interpret) fn percent(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        let is_number = |atom: &Atom| matches!(atom, Atom::Scalar | Atom::Int(_));
        if left.texts().is_none() && left.atoms().iter().all(is_number) {
            return Atom::Scalar.into();
        }
        let mut result = Value::nothing();
        for format in self.texts_of(state, left) {
            let mut filling = Filling::of(&format);
            for stretch in &format {
                let Stretch::Known(known) = stretch else {
                    let part = vec![stretch.clone()];
                    filling.values.push(Value::stretches(part));
                    continue;
                };
                for piece in percent_pieces(known.as_str()) {
                    let (name, conversion) = match piece {
                        Piece::Known(text) => {
                            filling.values.push(Value::text(&text));
                            continue;
                        }
                        Piece::Hole {
                            name, conversion, ..
                        } => (name, conversion),
                    };
                    let argument = match name {
                        Some(name) => self.item(state, right, &Value::text(&name), expr),
                        None => {
                            let index = filling.position;
                            filling.position += 1;
                            self.percent_argument(state, right, index, expr)
                        }
                    };
                    self.fill(state, &mut filling, argument, conversion);
                }
            }
            let text = self.filled(state, filling, std::slice::from_ref(right), expr);
            result.join(&text);
        }
        result
    }

    /// Puts an argument where its conversion stands.
    fn fill(
        &mut self,
        state: &mut State,
        filling: &mut Filling,
        argument: Value,
        conversion: char,
    ) {
        if filling.is_open {
            let placed = self.all_holes(state, std::slice::from_ref(&argument));
            filling.placed.extend(placed);
        }
        filling.values.push(match conversion {
            's' => argument,
            'r' | 'a' => self.repr_of(state, &argument),
            _ => Atom::Scalar.into(),
        });
    }

    /// The text. What no known conversion takes may stand anywhere in a part of the format that is not known.
    fn filled(
        &mut self,
        state: &mut State,
        filling: Filling,
        arguments: &[Value],
        expr: ExprId,
    ) -> Value {
        let mut values = filling.values;
        if filling.is_open {
            let mut left = self.all_holes(state, arguments);
            left.retain(|hole| !filling.placed.contains(hole));
            if left.len() > MAX_LEFT {
                let id = self.site(expr);
                let blended = self.blend(&left, id, Alphabet::ALL, 0, |_| {});
                left = blended.into_iter().map(Arc::new).collect();
            }
            for hole in left {
                let somewhere = vec![Stretch::Any, Stretch::Hole(hole)];
                values.push(Value::stretches(somewhere));
            }
        }
        self.joined_texts(state, &values)
    }

    fn percent_argument(
        &mut self,
        state: &mut State,
        right: &Value,
        index: i64,
        expr: ExprId,
    ) -> Value {
        let mut result = Value::nothing();
        for atom in right.atoms() {
            match atom {
                Atom::Object(id)
                    if matches!(
                        state.object(*id).map(|object| &object.kind),
                        Some(Kind::Tuple)
                    ) =>
                {
                    let found =
                        self.item(state, &atom.clone().into(), &Atom::Int(index).into(), expr);
                    result.join(&found);
                }
                other => result.add(other.clone()),
            }
        }
        result
    }

    /// `text.format(…)`.
    pub(in crate::interpret) fn format(
        &mut self,
        state: &mut State,
        format: &Value,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        let mut result = Value::nothing();
        for text in self.texts_of(state, format) {
            let mut filling = Filling::of(&text);
            let mut position = 0;
            for stretch in &text {
                let Stretch::Known(known) = stretch else {
                    let part = vec![stretch.clone()];
                    filling.values.push(Value::stretches(part));
                    continue;
                };
                for piece in format_pieces(known.as_str()) {
                    let (name, conversion, number) = match piece {
                        Piece::Known(text) => {
                            filling.values.push(Value::text(&text));
                            continue;
                        }
                        Piece::Hole {
                            name,
                            conversion,
                            number,
                        } => (name, conversion, number),
                    };
                    let field = name.unwrap_or_default();
                    let argument =
                        self.format_argument(state, arguments, &field, &mut position, expr);
                    let conversion = match conversion {
                        _ if number => 'd',
                        'r' | 'a' => 'r',
                        _ => 's',
                    };
                    self.fill(state, &mut filling, argument, conversion);
                }
            }
            let text = self.filled(state, filling, &arguments.all(), expr);
            result.join(&text);
        }
        result
    }

    fn format_argument(
        &mut self,
        state: &mut State,
        arguments: &Arguments,
        field: &str,
        position: &mut usize,
        expr: ExprId,
    ) -> Value {
        let end = field.find(['.', '[']).unwrap_or(field.len());
        let (name, mut rest) = field.split_at(end);
        let mut value = if name.is_empty() {
            let index = *position;
            *position += 1;
            arguments.position(index)
        } else if let Ok(index) = name.parse::<usize>() {
            arguments.position(index)
        } else {
            arguments.named(Symbol::from(name)).or_else(|| {
                arguments
                    .double_star
                    .clone()
                    .map(|map| self.item(state, &map, &Value::text(name), expr))
            })
        }
        .unwrap_or_else(Value::unknown);
        for _ in 0..4 {
            if let Some(attribute) = rest.strip_prefix('.') {
                let end = attribute.find(['.', '[']).unwrap_or(attribute.len());
                value = self.attribute(state, &value, Symbol::from(&attribute[..end]), expr);
                rest = &attribute[end..];
            } else if let Some(item) = rest.strip_prefix('[') {
                let end = item.find(']').unwrap_or(item.len());
                let key = match item[..end].parse::<i64>() {
                    Ok(index) => Atom::Int(index).into(),
                    Err(_) => Value::text(&item[..end]),
                };
                value = self.item(state, &value, &key, expr);
                rest = item.get(end + 1..).unwrap_or_default();
            } else {
                break;
            }
        }
        value
    }
}

/// The pieces of a `%` format.
pub(in crate::interpret) fn percent_pieces(format: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut known = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        known.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            known.push('%');
            rest = after;
            continue;
        }
        let mut name = None;
        if let Some(inner) = rest.strip_prefix('(')
            && let Some(end) = inner.find(')')
        {
            name = Some(inner[..end].to_owned());
            rest = &inner[end + 1..];
        }
        let Some(end) = rest.find(|character: char| character.is_ascii_alphabetic()) else {
            break;
        };
        if !known.is_empty() {
            pieces.push(Piece::Known(std::mem::take(&mut known)));
        }
        let conversion = rest[end..].chars().next().unwrap_or('s');
        pieces.push(Piece::Hole {
            name,
            conversion,
            number: false,
        });
        rest = &rest[end + 1..];
    }
    known.push_str(rest);
    if !known.is_empty() {
        pieces.push(Piece::Known(known));
    }
    pieces
}

/// The pieces of a `str.format` format.
pub(in crate::interpret) fn format_pieces(format: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut known = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        known.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        if doubled {
            known.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        if rest[at..].starts_with('}') {
            rest = &rest[at + 1..];
            continue;
        }
        let inner = &rest[at + 1..];
        // A format specification may hold fields of its own.
        let mut depth = 1;
        let mut end = inner.len();
        for (position, character) in inner.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        end = position;
                        break;
                    }
                }
                _ => {}
            }
        }
        let field = &inner[..end];
        let (field, spec) = field.split_once(':').unwrap_or((field, ""));
        let (field, conversion) = field.split_once('!').unwrap_or((field, "s"));
        if !known.is_empty() {
            pieces.push(Piece::Known(std::mem::take(&mut known)));
        }
        pieces.push(Piece::Hole {
            name: Some(field.to_owned()),
            conversion: conversion.chars().next().unwrap_or('s'),
            number: super::super::expression::is_number_format(spec),
        });
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    known.push_str(rest);
    if !known.is_empty() {
        pieces.push(Piece::Known(known));
    }
    pieces
}

/// Keeps a hole that is not known yet, while there are few.
pub(super) fn keep_hole(found: &mut Vec<Arc<Hole>>, hole: Arc<Hole>) {
    if found.len() < MAX_OBJECTS && !found.contains(&hole) {
        found.push(hole);
    }
}

//! Parts of texts by position.

use hognose_python::ir::*;

use super::super::Interpreter;
use crate::shape::{Facts, Part, Stretch, collapse, map_holes};
use crate::state::{Kind, State};
use crate::value::{Atom, Symbol, Value, hash_id};

impl Interpreter<'_, '_> {
    /// `text[a:b]`.
    pub(in crate::interpret) fn slice(
        &mut self,
        state: &mut State,
        container: &Value,
        bounds: &[Option<Value>; 3],
        expr: ExprId,
    ) -> Value {
        let bound = |value: &Option<Value>| match value {
            None => Some(None),
            Some(value) => match value.only() {
                Some(Atom::Int(number)) => Some(Some(*number)),
                Some(Atom::None) => Some(None),
                _ => None,
            },
        };
        let (lower, upper) = (bound(&bounds[0]), bound(&bounds[1]));
        let plain = bounds[2].is_none();
        let mut result = Value::nothing();
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => {
                    let Some(object) = state.object(*id).cloned() else {
                        continue;
                    };
                    if matches!(object.kind, Kind::Instance(..)) {
                        let found = self.instance_dunder(
                            state,
                            atom,
                            "__getitem__",
                            &[Value::unknown()],
                            expr,
                        );
                        result.join(&found);
                        continue;
                    }
                    let mut part = (*object).clone();
                    part.many = false;
                    if let (true, true, Some(lower), Some(upper)) =
                        (plain, object.exact, lower, upper)
                    {
                        let len = object.items.len();
                        let at = |bound: i64| {
                            let bound = if bound < 0 {
                                bound + i64::try_from(len).unwrap_or(0)
                            } else {
                                bound
                            };
                            usize::try_from(bound).unwrap_or(0).min(len)
                        };
                        let from = lower.map_or(0, at);
                        let to = upper.map_or(len, at);
                        part.items = object
                            .items
                            .get(from..to.max(from))
                            .unwrap_or_default()
                            .to_vec();
                    } else {
                        part.scramble();
                    }
                    result.join(&self.make(state, expr, part));
                }
                Atom::Str(text) => match (plain, lower, upper) {
                    (true, Some(lower), Some(upper)) => {
                        let characters: Vec<char> = text.as_str().chars().collect();
                        let len = i64::try_from(characters.len()).unwrap_or(0);
                        let at = |bound: i64| {
                            (if bound < 0 { bound + len } else { bound }).clamp(0, len)
                        };
                        let from = usize::try_from(lower.map_or(0, at)).unwrap_or(0);
                        let to = usize::try_from(upper.map_or(len, at)).unwrap_or(0);
                        let cut: String = characters
                            .get(from..to.max(from))
                            .unwrap_or_default()
                            .iter()
                            .collect();
                        result.add(Atom::Str(Symbol::from(cut)));
                    }
                    _ => result.add(Atom::Unknown),
                },
                Atom::Text(_) | Atom::Input(_) => {
                    let inner = plain && lower == Some(Some(1)) && upper == Some(Some(-1));
                    for text in self.texts_of(state, &atom.clone().into()) {
                        let kind = match (inner, plain, lower, upper) {
                            (true, ..) => Part::Inner,
                            (_, true, Some(lower), Some(Some(upper)))
                                if let (Ok(from), Ok(to)) =
                                    (u8::try_from(lower.unwrap_or(0)), u8::try_from(upper))
                                    && from < to =>
                            {
                                Part::At(from, to - from)
                            }
                            _ => Part::Piece,
                        };
                        let bounded = plain && matches!(upper, Some(Some(number)) if number > 0);
                        let cut = self.cut(&text, lower.flatten(), upper.flatten(), plain);
                        let single = cut.len() == 1;
                        let cut = map_holes(&cut, |hole| {
                            let id = hash_id(&(hole.id, expr.0, 4u8));
                            hole.part = single.then_some((kind, hole.id));
                            hole.id = id;
                            if bounded {
                                hole.facts |= Facts::BOUNDED;
                            }
                            hole.facts = hole.facts.without(Facts::LITERAL | Facts::CONTAINED);
                        });
                        result.join(&Value::stretches(cut));
                    }
                }
                Atom::External(path) => {
                    result.add(Atom::External(*path));
                }
                _ => result.add(Atom::Unknown),
            }
        }
        result
    }

    /// A text between two bounds, as far as it is known where they lie.
    pub(super) fn cut(
        &self,
        text: &[Stretch],
        lower: Option<i64>,
        upper: Option<i64>,
        plain: bool,
    ) -> Vec<Stretch> {
        let mut text = text.to_vec();
        if !plain {
            return collapse(&text);
        }
        if let Some(lower) = lower {
            match text.first_mut() {
                Some(Stretch::Known(known)) if lower >= 0 => {
                    let characters: Vec<char> = known.as_str().chars().collect();
                    let Some(rest) = usize::try_from(lower)
                        .ok()
                        .and_then(|at| characters.get(at..))
                    else {
                        return collapse(&text[1..]);
                    };
                    *known = Symbol::from(rest.iter().collect::<String>());
                    if known.as_str().is_empty() {
                        text.remove(0);
                    }
                }
                _ if lower < 0 => return collapse(&text),
                _ => {}
            }
        }
        if let Some(upper) = upper {
            match text.last_mut() {
                Some(Stretch::Known(known)) if upper < 0 => {
                    let characters: Vec<char> = known.as_str().chars().collect();
                    let len = i64::try_from(characters.len()).unwrap_or(0);
                    let Some(rest) = usize::try_from(len + upper)
                        .ok()
                        .and_then(|at| characters.get(..at))
                    else {
                        return collapse(&text);
                    };
                    *known = Symbol::from(rest.iter().collect::<String>());
                    if known.as_str().is_empty() {
                        text.pop();
                    }
                }
                _ if upper >= 0 => {
                    if let Some(Stretch::Known(known)) = text.first()
                        && let Ok(upper) = usize::try_from(upper)
                        && known.as_str().len() >= upper
                        && known.as_str().is_char_boundary(upper)
                    {
                        return vec![Stretch::Known(Symbol::from(&known.as_str()[..upper]))];
                    }
                }
                _ => {}
            }
        }
        text
    }

    /// `text * n`, `[x] * n`.
    pub(in crate::interpret) fn repeat(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        for (value, times) in [(left, right), (right, left)] {
            match value.only() {
                Some(Atom::Str(text)) => {
                    if let Some(Atom::Int(times)) = times.only()
                        && let Ok(times) = usize::try_from(*times)
                        && text.as_str().len().saturating_mul(times) < 256
                    {
                        return Value::text(&text.as_str().repeat(times));
                    }
                    return Value::unknown();
                }
                Some(Atom::Text(text)) => {
                    let text = collapse(text);
                    return Value::stretches(text);
                }
                Some(Atom::Object(id)) => {
                    if let Some(object) = state.object(*id).cloned()
                        && matches!(object.kind, Kind::List | Kind::Tuple)
                    {
                        let mut object = (*object).clone();
                        object.blur();
                        object.many = false;
                        return self.make(state, expr, object);
                    }
                }
                _ => {}
            }
        }
        if let (Some(Atom::Int(a)), Some(Atom::Int(b))) = (left.only(), right.only()) {
            return a.checked_mul(*b).map_or(Atom::Scalar, Atom::Int).into();
        }
        Atom::Scalar.into()
    }
}

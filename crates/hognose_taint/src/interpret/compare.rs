//! Comparisons of abstract values.

use hognose_python::ir::*;

use super::Interpreter;
use crate::shape::Stretch;
use crate::state::{Kind, State};
use crate::value::{Atom, Symbol, Value};

impl Interpreter<'_, '_> {
    /// What a comparison gives, where it is known.
    pub(super) fn compare(
        &mut self,
        state: &mut State,
        op: CmpOp,
        left: &Value,
        right: &Value,
    ) -> Value {
        let outcome = match op {
            CmpOp::Eq => self.equal(left, right),
            CmpOp::NotEq => self.equal(left, right).map(|same| !same),
            CmpOp::Is => self.identical(left, right),
            CmpOp::IsNot => self.identical(left, right).map(|same| !same),
            CmpOp::In => self.contains(state, right, left),
            CmpOp::NotIn => self.contains(state, right, left).map(|inside| !inside),
            CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => match (left.only(), right.only()) {
                (Some(Atom::Int(a)), Some(Atom::Int(b))) => Some(match op {
                    CmpOp::Lt => a < b,
                    CmpOp::LtE => a <= b,
                    CmpOp::Gt => a > b,
                    _ => a >= b,
                }),
                _ => None,
            },
        };
        outcome.map_or(Atom::Scalar, Atom::Bool).into()
    }

    /// Whether two values are equal, when that is known.
    pub(super) fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        let mut all = None;
        for a in left.atoms() {
            for b in right.atoms() {
                let same = match (a, b) {
                    (Atom::None, Atom::None) => true,
                    (Atom::Bool(a), Atom::Bool(b)) => a == b,
                    (Atom::Int(a), Atom::Int(b)) => a == b,
                    (Atom::Str(a), Atom::Str(b)) => a == b,
                    (Atom::None, Atom::Str(_) | Atom::Int(_) | Atom::Bool(_))
                    | (Atom::Str(_) | Atom::Int(_) | Atom::Bool(_), Atom::None)
                    | (Atom::Str(_), Atom::Int(_))
                    | (Atom::Int(_), Atom::Str(_)) => false,
                    (Atom::Text(text), Atom::Str(known)) | (Atom::Str(known), Atom::Text(text)) => {
                        differs(text, *known).then_some(false)?
                    }
                    (Atom::Class(a, b), Atom::Class(c, d)) => (a, b) == (c, d),
                    (Atom::Function(a, b), Atom::Function(c, d)) => (a, b) == (c, d),
                    _ => return None,
                };
                if all.is_some_and(|known| known != same) {
                    return None;
                }
                all = Some(same);
            }
        }
        all
    }

    fn identical(&self, left: &Value, right: &Value) -> Option<bool> {
        let mut all = None;
        for a in left.atoms() {
            for b in right.atoms() {
                let same = match (a, b) {
                    (Atom::None, Atom::None) => true,
                    (
                        Atom::None,
                        Atom::Str(_)
                        | Atom::Int(_)
                        | Atom::Bool(_)
                        | Atom::Object(_)
                        | Atom::Function(..)
                        | Atom::Class(..)
                        | Atom::Instance(..)
                        | Atom::Module(_),
                    )
                    | (
                        Atom::Str(_)
                        | Atom::Int(_)
                        | Atom::Bool(_)
                        | Atom::Object(_)
                        | Atom::Function(..)
                        | Atom::Class(..)
                        | Atom::Instance(..)
                        | Atom::Module(_),
                        Atom::None,
                    ) => false,
                    (Atom::Text(text), Atom::None) | (Atom::None, Atom::Text(text))
                        if text.len() > 1 =>
                    {
                        false
                    }
                    (Atom::Bool(a), Atom::Bool(b)) => a == b,
                    (Atom::Class(a, b), Atom::Class(c, d)) => (a, b) == (c, d),
                    _ => return None,
                };
                if all.is_some_and(|known| known != same) {
                    return None;
                }
                all = Some(same);
            }
        }
        all
    }

    /// Whether a container holds a value, when that is known.
    fn contains(&self, state: &State, container: &Value, value: &Value) -> Option<bool> {
        let needle = value.known_text();
        match container.only()? {
            Atom::Str(text) => Some(text.as_str().contains(needle?.as_str())),
            Atom::Text(text) => {
                let needle = needle?;
                text.iter()
                    .any(|stretch| matches!(stretch, Stretch::Known(known) if known.as_str().contains(needle.as_str())))
                    .then_some(true)
            }
            Atom::Object(id) => {
                let object = state.object(*id)?;
                let atom = value.only()?;
                if !matches!(atom, Atom::Str(_) | Atom::Int(_)) {
                    return None;
                }
                match object.kind {
                    Kind::List | Kind::Tuple | Kind::Set
                        if object.exact && object.rest.is_nothing() =>
                    {
                        let mut unsure = false;
                        for item in &object.items {
                            match self.equal(item, value) {
                                Some(true) => return Some(true),
                                None => unsure = true,
                                Some(false) => {}
                            }
                        }
                        (!unsure && !object.many).then_some(false)
                    }
                    Kind::Dict if object.rest.is_nothing() && !object.many => {
                        let name = match atom {
                            Atom::Str(text) => *text,
                            Atom::Int(number) => Symbol::from(format!("#{number}")),
                            _ => return None,
                        };
                        object.field(name).map(|_| true)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether a text with holes surely differs from a known one.
fn differs(text: &[Stretch], known: Symbol) -> bool {
    let known = known.as_str();
    if let Some(Stretch::Known(front)) = text.first()
        && !known.starts_with(front.as_str())
    {
        return true;
    }
    if let Some(Stretch::Known(back)) = text.last()
        && !known.ends_with(back.as_str())
    {
        return true;
    }
    false
}

//! Operators: logic, arithmetic, and texts that are put together.

use hognose_python::ir::*;

use super::super::Interpreter;
use crate::shape::Stretch;
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Value};

/// Operands of one level whose product is looked at.
const MAX_PRODUCT: usize = 4;

impl<'p> Interpreter<'_, 'p> {
    pub(super) fn logic(&mut self, state: &mut State, op: BoolOp, values: List) -> Value {
        let module = self.module();
        let operands = module.list(values).to_vec();
        let mut result = Value::nothing();
        let mut after: Option<State> = None;
        let last = operands.len().saturating_sub(1);
        for (number, operand) in operands.into_iter().enumerate() {
            let value = self.eval(state, operand);
            let truth = value.truth();
            let ends = match op {
                BoolOp::And => truth == Some(false),
                BoolOp::Or => truth == Some(true),
            };
            if number == last || ends {
                result.join(&value);
                break;
            }
            // What is left of the operand when the evaluation ends with it.
            let stays = Value::of(
                value
                    .atoms()
                    .iter()
                    .filter(|atom| {
                        let truth = Value::from((*atom).clone()).truth();
                        match op {
                            BoolOp::And => truth != Some(true),
                            BoolOp::Or => truth != Some(false),
                        }
                    })
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            let goes_on = op == BoolOp::And;
            let mut left = state.clone();
            self.assume(&mut left, operand, !goes_on);
            if left.live {
                // The value of a text that is false is the empty text.
                if op == BoolOp::Or {
                    result.join(&stays);
                } else {
                    for atom in stays.atoms() {
                        if !matches!(atom, Atom::Text(_) | Atom::Input(_)) {
                            result.add(atom.clone());
                        } else {
                            result.add(Atom::Unknown);
                        }
                    }
                }
                match &mut after {
                    Some(after) => after.join(left),
                    none => *none = Some(left),
                }
            }
            self.assume(state, operand, goes_on);
            if !state.live {
                break;
            }
        }
        if let Some(after) = after {
            if state.live {
                state.join(after);
            } else {
                *state = after;
            }
        }
        result
    }

    pub(super) fn binary(
        &mut self,
        state: &mut State,
        op: Operator,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        if let Some(value) = self.described_operator(state, op, left, right, expr) {
            return value;
        }
        match op {
            Operator::Add => self.add(state, left, right, expr),
            Operator::Mod => self.percent(state, left, right, expr),
            Operator::Mult => self.repeat(state, left, right, expr),
            Operator::Div => {
                if let Some(value) = self.path_division(state, left, right) {
                    return value;
                }
                self.operator_dunder(state, left, "__truediv__", right, expr)
            }
            Operator::BitOr => {
                if let (Some(Atom::Int(a)), Some(Atom::Int(b))) = (left.only(), right.only()) {
                    return Atom::Int(a | b).into();
                }
                let merged = self.union(state, left, right, expr);
                if !merged.is_nothing() {
                    return merged;
                }
                self.operator_dunder(state, left, "__or__", right, expr)
            }
            Operator::Sub | Operator::BitAnd | Operator::BitXor => {
                if let Some(Atom::Object(id)) = left.only()
                    && let Some(object) = state.object(*id)
                    && object.kind == Kind::Set
                {
                    let mut kept = (**object).clone();
                    kept.many = false;
                    kept.blur();
                    if op == Operator::BitAnd
                        && let Some(Atom::Object(other)) = right.only()
                        && let Some(other) = state.object(*other)
                        && !other.contents().has_holes()
                    {
                        // What is in both is in the one of the program's choice.
                        kept.rest = other.contents();
                    } else if op == Operator::BitXor {
                        let more = self.iterated(state, right, expr);
                        kept.rest.join(&more);
                    }
                    return self.make(state, expr, kept);
                }
                let name = match op {
                    Operator::Sub => "__sub__",
                    Operator::BitAnd => "__and__",
                    _ => "__xor__",
                };
                self.operator_dunder(state, left, name, right, expr)
            }
            _ => {
                if let (Some(Atom::Int(a)), Some(Atom::Int(b))) = (left.only(), right.only()) {
                    let result = match op {
                        Operator::FloorDiv if *b != 0 => a.checked_div_euclid(*b),
                        Operator::LShift => u32::try_from(*b)
                            .ok()
                            .filter(|by| *by < 32)
                            .and_then(|by| a.checked_shl(by)),
                        _ => None,
                    };
                    return result.map_or(Atom::Scalar, Atom::Int).into();
                }
                Atom::Scalar.into()
            }
        }
    }

    pub(super) fn add(
        &mut self,
        state: &mut State,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        match (left.only(), right.only()) {
            (Some(Atom::Int(a)), Some(Atom::Int(b))) => {
                return a.checked_add(*b).map_or(Atom::Scalar, Atom::Int).into();
            }
            (Some(Atom::Scalar | Atom::Int(_)), Some(Atom::Scalar | Atom::Int(_))) => {
                return Atom::Scalar.into();
            }
            (Some(Atom::Object(a)), Some(Atom::Object(b))) => {
                if let (Some(a), Some(b)) = (state.object(*a).cloned(), state.object(*b).cloned())
                    && matches!(a.kind, Kind::List | Kind::Tuple)
                    && matches!(b.kind, Kind::List | Kind::Tuple)
                {
                    let mut both = (*a).clone();
                    both.many = false;
                    if a.exact && b.exact {
                        both.items.extend(b.items.iter().cloned());
                        if both.items.len() > crate::state::MAX_ITEMS {
                            both.blur();
                        }
                    } else {
                        both.blur();
                        both.rest.join(&b.contents());
                    }
                    return self.make(state, expr, both);
                }
            }
            _ => {}
        }
        if left
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Object(_)))
        {
            let own = self.operator_dunder(state, left, "__add__", right, expr);
            if !own.atoms().iter().all(|atom| matches!(atom, Atom::Scalar)) {
                return own;
            }
            let mut both = Object::new(Kind::List);
            both.exact = false;
            both.rest = self.iterated(state, left, expr);
            let more = self.iterated(state, right, expr);
            both.rest.join(&more);
            return self.make(state, expr, both);
        }
        self.joined_texts(state, &[left.clone(), right.clone()])
    }

    /// Texts one after the other, for every combination of alternatives.
    pub(in crate::interpret) fn joined_texts(
        &mut self,
        state: &mut State,
        values: &[Value],
    ) -> Value {
        let mut all: Vec<Vec<Stretch>> = vec![Vec::new()];
        for value in values {
            let mut alternatives = self.texts_of(state, value);
            if alternatives.is_empty() {
                return Value::nothing();
            }
            // What is one of few known texts does no harm by itself.
            if alternatives.len() * all.len() > MAX_PRODUCT
                && alternatives
                    .iter()
                    .any(|text| crate::shape::holes(text).next().is_some())
            {
                alternatives.retain(|text| crate::shape::holes(text).next().is_some());
                let mut fronts = 0;
                all.retain(|text| {
                    let own = crate::shape::holes(text).next().is_none();
                    fronts += usize::from(own);
                    !own || fronts == 1
                });
                // Those of which the same is known first: what was made of one is not lost to another.
                for alike in [true, false] {
                    if pairs(&all, &alternatives).count() > MAX_PRODUCT {
                        alternatives = crate::shape::blend(alternatives, alike);
                    }
                }
            }
            if pairs(&all, &alternatives).count() > MAX_PRODUCT {
                alternatives = crate::shape::loosened(alternatives.iter().map(Vec::as_slice));
                if alternatives.is_empty() {
                    alternatives.push(vec![Stretch::Any]);
                }
                all.truncate(MAX_PRODUCT / alternatives.len());
            }
            all = pairs(&all, &alternatives)
                .map(|(front, back)| crate::shape::concat([front, back]))
                .collect();
        }
        let mut result = Value::nothing();
        for text in all {
            result.join(&Value::stretches(text));
        }
        result
    }
}

/// What is put before what: everything before everything, and where that is too much, what sources gave before what sources gave,
/// what callers gave before what callers gave, and what is the program's own before what is the program's own. Whether a hole does
/// harm hardly depends on what else is in the text.
fn pairs<'t>(
    fronts: &'t [Vec<Stretch>],
    backs: &'t [Vec<Stretch>],
) -> impl Iterator<Item = (&'t [Stretch], &'t [Stretch])> {
    let many = fronts.len() * backs.len() > MAX_PRODUCT;
    let gives =
        |texts: &[Vec<Stretch>]| texts.iter().map(|text| Giver::of(text)).collect::<Vec<_>>();
    let (before, behind) = match many {
        true => (gives(fronts), gives(backs)),
        false => (Vec::new(), Vec::new()),
    };
    (0..fronts.len())
        .flat_map(move |front| (0..backs.len()).map(move |back| (front, back)))
        .filter(move |(front, back)| {
            !many || {
                let (front, back) = (before[*front], behind[*back]);
                front == back
                    || !before.contains(&back)
                    || front != Giver::Program && !behind.contains(&front)
            }
        })
        .map(|(front, back)| (fronts[front].as_slice(), backs[back].as_slice()))
}

/// Who gives what is in the holes of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Giver {
    Source,
    Caller,
    Program,
}

impl Giver {
    fn of(text: &[Stretch]) -> Self {
        let mut giver = Self::Program;
        for hole in crate::shape::holes(text) {
            if hole.taints.iter().any(|taint| taint.origin.is_source()) {
                return Self::Source;
            }
            giver = Self::Caller;
        }
        giver
    }
}

/// `d`, `.2f`, `05x`: what only numbers have.
pub(in crate::interpret) fn is_number_format(spec: &str) -> bool {
    matches!(
        spec.chars().last(),
        Some('d' | 'f' | 'F' | 'e' | 'E' | 'g' | 'G' | 'x' | 'X' | 'o' | 'b' | 'n' | '%')
    )
}

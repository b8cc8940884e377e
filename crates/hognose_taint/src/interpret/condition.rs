//! Conditions: what holds of values on either side of a test.
//!
//! A test never changes what is reported: it is looked at without effects, and what it says is put into the state of the branch.

mod calls;
mod comparison;
mod edges;
mod membership;
mod restrict;

use std::sync::Arc;

use hognose_python::ir::*;

use super::Interpreter;
use crate::shape::{Alphabet, Facts, Part, Restriction, Stretch};
use crate::state::{Known, State};
use crate::value::{Atom, Value};

pub(crate) use edges::host_is_fixed;

/// Constants of a display that `any` and `all` are looked at for.
const MAX_EACH: usize = 64;

/// Calls on what calls give that are looked through for what they were asked about, and copies of copies.
const MAX_CHAIN: usize = 8;

impl Interpreter<'_, '_> {
    /// Whether an expression is one of which `assume` says more than its value.
    pub(super) fn is_test(&self, expr: ExprId) -> bool {
        matches!(
            self.module()[expr],
            Expr::Compare { .. }
                | Expr::Logic { .. }
                | Expr::Call { .. }
                | Expr::Unary {
                    op: UnaryOp::Not,
                    ..
                }
                | Expr::Name { .. }
                | Expr::Conditional { .. }
                | Expr::Named { .. }
                | Expr::Await(_)
        )
    }

    /// Parameters a test compares decide what the function does.
    pub(super) fn decided_by(&mut self, state: &mut State, test: ExprId) {
        let module = self.module();
        let operands: Vec<ExprId> = match module[test] {
            Expr::Compare { left, right, .. } => vec![left, right],
            Expr::Unary { operand, .. } => vec![operand],
            Expr::Logic { values, .. } => module.list(values).to_vec(),
            Expr::Name { .. } => vec![test],
            _ => return,
        };
        for operand in operands {
            match module[operand] {
                Expr::Name { .. } => {
                    let value = self.peek(state, operand);
                    self.decides(&value);
                }
                Expr::Compare { .. } | Expr::Unary { .. } => self.decided_by(state, operand),
                _ => {}
            }
        }
    }

    /// The value of an expression, without its effects.
    pub(super) fn peek(&mut self, state: &mut State, expr: ExprId) -> Value {
        self.quiet += 1;
        let live = state.live;
        let value = self.eval(state, expr);
        state.live = live;
        self.quiet -= 1;
        value
    }

    /// Puts into a state that a test came out true or false.
    pub(super) fn assume(&mut self, state: &mut State, test: ExprId, outcome: bool) {
        if !state.live {
            return;
        }
        let module = self.module();
        match module[test] {
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => self.assume(state, operand, !outcome),
            Expr::Logic { op, values } => {
                let operands = module.list(values).to_vec();
                let every = (op == BoolOp::And) == outcome;
                if every {
                    for operand in operands {
                        self.assume(state, operand, outcome);
                    }
                    return;
                }
                // The first that decides: those before it did not.
                let mut result = State::dead();
                let mut before = state.clone();
                let mut checks: Vec<Known> = Vec::new();
                let mut switches = false;
                for operand in operands {
                    let mut decided = before.clone();
                    self.assume(&mut decided, operand, outcome);
                    let truth = self.peek(&mut before, operand).truth();
                    if truth.is_none_or(|truth| truth == outcome) {
                        if self.is_switch(&mut before, operand) {
                            switches = true;
                        } else {
                            checks.extend(decided.known.iter().cloned());
                        }
                        result.join(decided);
                    }
                    self.assume(&mut before, operand, !outcome);
                    if !before.live {
                        break;
                    }
                }
                // `if self.strict and is_bad(x): raise`: whether it is checked is for whoever sets the switch to say.
                if switches {
                    for check in checks {
                        if result.known_of(check.id) != check.restriction
                            && state.known_of(check.id) != check.restriction
                        {
                            result.restrict(check.id, Restriction::facts(Facts::ASKED_YES));
                        }
                    }
                }
                *state = result;
            }
            Expr::Compare { op, left, right } => {
                self.assume_compare(state, op, left, right, outcome);
            }
            Expr::Call { func, args } => self.assume_call(state, test, func, args, outcome),
            Expr::Named { value, .. } => {
                let known = self.peek(state, value);
                self.assume(state, value, outcome);
                self.assume_truth(state, &known, outcome);
            }
            Expr::Await(value) => self.assume(state, value, outcome),
            Expr::Conditional { body, orelse, test } => {
                let mut other = state.clone();
                self.assume(state, test, true);
                self.assume(state, body, outcome);
                self.assume(&mut other, test, false);
                self.assume(&mut other, orelse, outcome);
                state.join(other);
            }
            Expr::Bool(truth) => {
                if truth != outcome {
                    state.live = false;
                }
            }
            Expr::Name { .. } => {
                let value = self.peek(state, test);
                if value.truth().is_some_and(|truth| truth != outcome) {
                    state.live = false;
                    return;
                }
                self.drop_untrue(state, test, outcome);
                if let Expr::Name { slot, def } = module[test]
                    && module[def].scope == self.at().scope
                {
                    state.flagged(slot.index(), outcome);
                }
                self.assume_truth(state, &value, outcome);
                self.assume_definition(state, test, outcome);
            }
            _ => {
                let value = self.peek(state, test);
                if value.truth().is_some_and(|truth| truth != outcome) {
                    state.live = false;
                    return;
                }
                self.assume_truth(state, &value, outcome);
            }
        }
    }

    /// A variable that was given the outcome of a test: what the test says holds, unless what it speaks of has changed since.
    fn assume_definition(&mut self, state: &mut State, name: ExprId, outcome: bool) {
        let module = self.module();
        let Expr::Name { slot, def } = module[name] else {
            return;
        };
        let data = &module[def];
        if data.scope != self.at().scope {
            return;
        }
        let reaching = state.vars().slots.get(slot.index()).map(|(def, _)| *def);
        let (DefKind::Value(test), Some(reaching)) = (data.kind, reaching) else {
            return;
        };
        if reaching == def
            && outcome
            && matches!(module[test], Expr::Comprehension(_))
            && self.unchanged(state, test, 0)
        {
            self.assume_some(state, test);
        }
        if reaching != def || !self.is_test(test) || matches!(module[test], Expr::Name { .. }) {
            return;
        }
        if !self.unchanged(state, test, 0) {
            return;
        }
        self.assume(state, test, outcome);
    }

    /// Whether all variables of an expression still are what they were when it was evaluated.
    fn unchanged(&self, state: &State, expr: ExprId, depth: u32) -> bool {
        if depth > 12 {
            return false;
        }
        let module = self.module();
        let mut operands: Vec<ExprId> = Vec::new();
        match module[expr] {
            Expr::Name { slot, def } => {
                if module[def].scope != self.at().scope
                    || matches!(module[def].kind, DefKind::Entry)
                {
                    return true;
                }
                let last = state.frames.len().saturating_sub(1);
                return state.frames[last]
                    .slots
                    .get(slot.index())
                    .is_some_and(|(known, _)| *known == def);
            }
            Expr::Attribute { value, .. } => operands.push(value),
            Expr::Subscript { value, index } => operands.extend([value, index]),
            Expr::Slice(list) => {
                operands.extend(module.opt(list).iter().flatten().map(|e| e.get()))
            }
            Expr::Call { func, args } => {
                operands.push(func);
                operands.extend(module.args(args).iter().map(|argument| argument.value));
            }
            Expr::Compare { left, right, .. } | Expr::Binary { left, right, .. } => {
                operands.extend([left, right]);
            }
            Expr::Unary { operand, .. } => operands.push(operand),
            Expr::Logic { values, .. } => operands.extend(module.list(values)),
            Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) => {
                operands.extend(module.list(list));
            }
            Expr::Await(value) => operands.push(value),
            Expr::Str(_)
            | Expr::Bytes(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::Bool(_)
            | Expr::None
            | Expr::Dict(_) => return true,
            Expr::Comprehension(_) => return true,
            _ => return false,
        }
        operands
            .into_iter()
            .all(|operand| self.unchanged(state, operand, depth + 1))
    }

    /// Takes away the alternatives of a variable that a test rules out.
    fn drop_untrue(&mut self, state: &mut State, name: ExprId, outcome: bool) {
        self.keep_only(state, name, |atom| {
            Value::from(atom.clone())
                .truth()
                .is_none_or(|truth| truth == outcome)
        });
    }

    /// What a value's being true or false says: an empty text is harmless.
    fn assume_truth(&mut self, state: &mut State, value: &Value, outcome: bool) {
        if outcome {
            // `m = re.match(…)`, `if m:` is looked at through its definition.
            return;
        }
        for atom in value.atoms() {
            if let Atom::Text(text) = atom
                && let [Stretch::Hole(hole)] = &**text
            {
                match hole.part {
                    // `if parts.scheme or parts.netloc: …`
                    Some((Part::Host, whole)) => {
                        self.restrict_url(state, whole, Facts::NO_HOST);
                    }
                    Some((Part::Scheme, whole)) => {
                        self.restrict_url(state, whole, Facts::NO_SCHEME);
                    }
                    _ => {}
                }
                state.restrict(hole.id, Restriction::FINITE);
            }
            if let Atom::Input(path) = atom {
                // It stays what it is, maybe an object that is false; as a text it is empty.
                self.input(Arc::clone(path));
                state.note(path.id(), Restriction::FINITE);
            }
        }
    }
}

/// The characters a text can hold; nothing where it may be anything else.
pub(super) fn alphabet_of(value: &Value) -> Option<Alphabet> {
    if value.is_nothing() {
        return None;
    }
    let mut all = Alphabet::NONE;
    for atom in value.atoms() {
        match atom {
            Atom::Str(text) => all = all.union(Alphabet::of(text.as_str())),
            Atom::Text(text) => {
                for stretch in text.iter() {
                    all = all.union(match stretch {
                        Stretch::Known(known) => Alphabet::of(known.as_str()),
                        Stretch::Hole(hole) => hole.alphabet,
                        Stretch::Any | Stretch::Settled => return None,
                    });
                }
            }
            _ => return None,
        }
    }
    Some(all)
}

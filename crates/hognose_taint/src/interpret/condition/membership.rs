//! Membership as a condition: `x in y`, and what kind of object something is.

use std::sync::Arc;

use hognose_python::ir::*;

use super::super::Interpreter;
use super::comparison::of_numbers;
use crate::shape::{Alphabet, Facts, Hole, Part, Restriction};
use crate::state::{Kind, State};
use crate::value::{Atom, Value};

impl Interpreter<'_, '_> {
    /// What a comparison says beyond the values of its sides: `text.find(x) == -1`, `type(x) is int`, `set(text) <= set(letters)`.
    pub(super) fn assume_question(
        &mut self,
        state: &mut State,
        op: CmpOp,
        left: ExprId,
        right: ExprId,
        outcome: bool,
    ) {
        let module = self.module();
        let Expr::Call { func, args } = module[left] else {
            return;
        };
        let Some(argument) = module.args(args).first().map(|argument| argument.value) else {
            return;
        };
        if let Expr::Attribute { value, attr } = module[func] {
            let number = match self.peek(state, right).only() {
                Some(Atom::Int(number)) => *number,
                _ => return,
            };
            // Whether the outcome says that it does not occur.
            let absent = match (attr.as_str(), op, number) {
                ("find" | "rfind", CmpOp::Eq, -1) | ("find" | "rfind", CmpOp::Lt, 0) => outcome,
                ("find" | "rfind", CmpOp::NotEq | CmpOp::Gt, -1)
                | ("find" | "rfind", CmpOp::GtE, 0) => !outcome,
                ("count", CmpOp::Eq | CmpOp::LtE, 0) | ("count", CmpOp::Lt, 1) => outcome,
                ("count", CmpOp::NotEq | CmpOp::Gt, 0) | ("count", CmpOp::GtE, 1) => !outcome,
                _ => false,
            };
            if absent && let Some(needle) = self.peek(state, argument).known_text() {
                let text = self.peek(state, value);
                self.assume_without(state, &text, needle.as_str());
            }
            return;
        }
        let same = matches!(
            (op, outcome),
            (CmpOp::Is | CmpOp::Eq, true) | (CmpOp::IsNot | CmpOp::NotEq, false)
        );
        let number = match self.peek(state, right).only() {
            Some(Atom::Int(number)) => Some(*number),
            _ => None,
        };
        match self.peek(state, func).only() {
            // `len(found) > 0`: as `found` itself.
            Some(Atom::External(path)) if path.as_str() == "builtins.len" && number.is_some() => {
                let some = match (op, number) {
                    (CmpOp::Eq, Some(0)) | (CmpOp::Lt, Some(1)) | (CmpOp::LtE, Some(0)) => {
                        Some(!outcome)
                    }
                    (CmpOp::NotEq | CmpOp::Gt, Some(0)) | (CmpOp::GtE, Some(1)) => Some(outcome),
                    (CmpOp::Eq, Some(1)) if outcome => Some(true),
                    _ => None,
                };
                if some == Some(true) {
                    self.assume(state, argument, true);
                }
            }
            Some(Atom::External(path)) if path.as_str() == "builtins.type" && same => {
                let value = self.peek(state, argument);
                let class = self.peek(state, right);
                self.assume_instance(state, &value, &class, true);
            }
            Some(Atom::External(path))
                if matches!(path.as_str(), "builtins.set" | "builtins.frozenset")
                    && matches!(op, CmpOp::LtE | CmpOp::Lt)
                    && outcome =>
            {
                let text = self.peek(state, argument);
                if let Some(alphabet) = self.characters(state, right) {
                    self.restrict_value(state, &text, Restriction::alphabet(alphabet));
                }
            }
            _ => {}
        }
    }

    /// The characters of a set that is made of a text.
    pub(super) fn characters(&mut self, state: &mut State, set: ExprId) -> Option<Alphabet> {
        let module = self.module();
        if let Expr::Call { func, args } = module[set]
            && let [argument] = module.args(args)
            && let Some(Atom::External(path)) = self.peek(state, func).only()
            && matches!(path.as_str(), "builtins.set" | "builtins.frozenset")
        {
            let text = self.peek(state, argument.value);
            return match text.known_text() {
                Some(text) => Some(Alphabet::of(text.as_str())),
                None => known_alphabet(&text),
            };
        }
        let value = self.peek(state, set);
        let Some(Atom::Object(id)) = value.only() else {
            return known_alphabet(&value);
        };
        let object = state.object(*id)?;
        if !object.rest.is_nothing() || !object.fields.is_empty() {
            return None;
        }
        object.items.iter().try_fold(Alphabet::NONE, |all, item| {
            Some(all.union(Alphabet::of(item.known_text()?.as_str())))
        })
    }

    /// `subject in container`, or not.
    pub(super) fn assume_inside(
        &mut self,
        state: &mut State,
        subject: &Value,
        container: &Value,
        inside: bool,
    ) {
        // A known text in a text that is looked at: `".." in path`.
        if let Some(needle) = subject.texts() {
            if !inside {
                for needle in needle {
                    self.assume_without(state, container, needle.as_str());
                }
            }
            return;
        }
        if !inside {
            for known in self.elements(state, container) {
                self.differs(state, subject, &known);
            }
            return;
        }
        // The containing directory among those above a resolved path.
        // The directory may be what a caller chose.
        let chosen = self.is_chosen(&subject.holes());
        for hole in container_holes(state, container) {
            if let Some((Part::Ancestor, whole)) = hole.part
                && chosen
                && subject.holes().iter().all(|other| other.id != whole)
            {
                self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
            }
        }
        if let Some(Atom::Str(text)) = container.only() {
            // In a text: made of its characters; a single character stands for all under `all(…)`.
            self.restrict_value(
                state,
                subject,
                Restriction::alphabet(Alphabet::of(text.as_str())),
            );
            return;
        }
        let own = container.holes();
        if own.is_empty() && container_holes(state, container).is_empty() {
            let unknown_text = container
                .atoms()
                .iter()
                .all(|atom| matches!(atom, Atom::Scalar));
            // Alphabets of the standard library are texts too.
            if let Some(alphabet) = known_alphabet(container) {
                self.restrict_value(state, subject, Restriction::alphabet(alphabet));
            } else if !unknown_text {
                self.restrict_value(state, subject, Restriction::FINITE);
            }
            return;
        }
        let all: Vec<Arc<Hole>> = container_holes(state, container)
            .into_iter()
            .chain(own.iter().cloned())
            .collect();
        if self.is_setting(&all) && !self.is_setting(&subject.holes()) {
            self.restrict_value(state, subject, Restriction::FINITE);
            return;
        }
        if self.is_own_host(&all) {
            for hole in subject.holes() {
                if let Some((Part::Host, whole)) = hole.part {
                    self.restrict_url(state, whole, Facts::HOST_CHECKED);
                }
            }
        }
        // A collection that a caller chose is the caller's affair: it is an input, not a part of the same one.
        let subject_inputs: Vec<u32> = subject.holes().iter().map(|hole| hole.id).collect();
        let only_other_inputs = container_holes(state, container)
            .iter()
            .chain(&own)
            .all(|hole| {
                hole.taints.iter().all(|taint| !taint.origin.is_source())
                    && !subject_inputs.contains(&hole.id)
                    && hole.taints.iter().all(|taint| {
                        subject.holes().iter().all(|other| {
                            other
                                .taints
                                .iter()
                                .all(|other| match (&other.origin, &taint.origin) {
                                    (
                                        crate::value::Origin::Input(a),
                                        crate::value::Origin::Input(b),
                                    ) => a.root != b.root,
                                    _ => true,
                                })
                        })
                    })
            });
        if only_other_inputs {
            self.restrict_value(state, subject, Restriction::FINITE);
        }
    }

    /// A text in which another one does not occur.
    pub(super) fn assume_without(&mut self, state: &mut State, container: &Value, needle: &str) {
        let restriction = if needle.chars().count() == 1 {
            Restriction::alphabet(Alphabet::ALL.without(needle))
        } else if matches!(needle, ".." | "../" | "/.." | "..\\") {
            Restriction::facts(Facts::NO_DOTS)
        } else if matches!(needle, "://" | "//") {
            Restriction::NONE
        } else {
            return;
        };
        self.restrict_value(state, container, restriction);
        // `".." in path.split("/")`, `".." in Path(path).parts`.
        if needle == ".." {
            for hole in container_holes(state, container) {
                if let Some((Part::Piece, whole)) = hole.part {
                    state.restrict(whole, restriction);
                }
            }
        }
    }

    /// `isinstance(value, class)`.
    pub(in crate::interpret) fn assume_instance(
        &mut self,
        state: &mut State,
        value: &Value,
        class: &Value,
        outcome: bool,
    ) {
        if !outcome {
            return;
        }
        let mut classes = Vec::new();
        for atom in class.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(object) = state.object(*id) {
                        classes.extend(object.contents().atoms().iter().cloned());
                    }
                }
                other => classes.push(other.clone()),
            }
        }
        let numbers = !classes.is_empty()
            && classes.iter().all(|class| match class {
                Atom::External(path) => matches!(
                    path.as_str(),
                    "builtins.int"
                        | "builtins.float"
                        | "builtins.bool"
                        | "builtins.complex"
                        | "numbers.Number"
                        | "numbers.Integral"
                        | "numbers.Real"
                        | "decimal.Decimal"
                        | "uuid.UUID"
                        | "datetime.date"
                        | "datetime.datetime"
                ),
                Atom::Class(at, class) => self.setting.facts.enums.contains(&(*at, *class)),
                _ => false,
            });
        let texts = !classes.is_empty()
            && classes.iter().all(|class| {
                matches!(class, Atom::External(path) if matches!(path.as_str(), "builtins.str" | "builtins.bytes"))
            });
        if numbers {
            self.restrict_value(state, value, Restriction::alphabet(of_numbers()));
        }
        if texts {
            self.restrict_value(state, value, Restriction::facts(Facts::TEXT));
        }
    }
}

/// Holes in the elements of a container.
fn container_holes(state: &State, container: &Value) -> Vec<Arc<Hole>> {
    let mut found = Vec::new();
    for atom in container.atoms() {
        if let Atom::Object(id) = atom
            && let Some(object) = state.object(*id)
        {
            if object.kind == Kind::Dict {
                let keys = if object.keys.is_nothing() {
                    &object.rest
                } else {
                    &object.keys
                };
                found.extend(keys.holes());
            } else {
                found.extend(object.contents().holes());
            }
        }
    }
    found
}

/// `string.ascii_letters` and its like.
fn known_alphabet(value: &Value) -> Option<Alphabet> {
    let Some(Atom::External(path)) = value.only() else {
        return None;
    };
    Alphabet::class(match path.as_str() {
        "string.ascii_letters" => "[a-zA-Z]",
        "string.ascii_lowercase" => "[a-z]",
        "string.ascii_uppercase" => "[A-Z]",
        "string.digits" => "[0-9]",
        "string.hexdigits" => "[0-9a-fA-F]",
        "string.octdigits" => "[0-7]",
        _ => return None,
    })
}

//! Comparisons as conditions: equality, order, identity.

use std::sync::Arc;

use hognose_python::ir::*;

use super::super::Interpreter;
use super::edges::{begins_with, is_resolved};
use super::{MAX_EACH, alphabet_of};
use crate::shape::{Alphabet, Facts, Hole, Part, Restriction};
use crate::state::{Kind, State};
use crate::value::{Atom, Origin, Value};

impl Interpreter<'_, '_> {
    pub(super) fn assume_compare(
        &mut self,
        state: &mut State,
        op: CmpOp,
        left: ExprId,
        right: ExprId,
        outcome: bool,
    ) {
        let a = self.peek(state, left);
        let b = self.peek(state, right);
        let known = self.compare(state, op, &a, &b);
        if known.truth().is_some_and(|truth| truth != outcome) {
            state.live = false;
            return;
        }
        self.assume_question(state, op, left, right, outcome);
        if matches!(op, CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE) {
            self.ordered(state, &a, &b);
            self.ordered(state, &b, &a);
        }
        match (op, outcome) {
            (CmpOp::Eq | CmpOp::Is, true) | (CmpOp::NotEq | CmpOp::IsNot, false) => {
                // The length of a text that has a bound.
                self.same(state, &a, &b);
                self.same(state, &b, &a);
                if let Some(atom) = b.only()
                    && matches!(atom, Atom::None | Atom::Bool(_))
                {
                    self.keep_only(state, left, |candidate| {
                        candidate == atom
                            || matches!(
                                candidate,
                                Atom::Unknown
                                    | Atom::Input(_)
                                    | Atom::Text(_)
                                    | Atom::External(_)
                                    | Atom::Scalar
                            )
                    });
                    if *atom == Atom::None {
                        self.assume_call_is_none(state, left, true);
                    }
                }
            }
            (CmpOp::Eq | CmpOp::Is, false) | (CmpOp::NotEq | CmpOp::IsNot, true) => {
                self.differs(state, &a, &b);
                self.differs(state, &b, &a);
                if let Some(atom @ (Atom::None | Atom::Bool(_))) = b.only() {
                    self.keep_only(state, left, |candidate| candidate != atom);
                    if *atom == Atom::None {
                        self.assume_call_is_none(state, left, false);
                    }
                }
            }
            (CmpOp::In, _) | (CmpOp::NotIn, _) => {
                let inside = (op == CmpOp::In) == outcome;
                self.assume_inside(state, &a, &b, inside);
            }
            (CmpOp::Lt | CmpOp::LtE, true) | (CmpOp::Gt | CmpOp::GtE, false) => {
                self.bounded(state, &a, &b);
            }
            (CmpOp::Gt | CmpOp::GtE, true) | (CmpOp::Lt | CmpOp::LtE, false) => {
                self.bounded(state, &b, &a);
            }
        }
    }

    /// What is smaller or larger than a number is one itself: Python compares no text with it.
    fn ordered(&mut self, state: &mut State, subject: &Value, other: &Value) {
        let number = |atom: &Atom| matches!(atom, Atom::Int(_));
        if !other.is_nothing() && other.atoms().iter().all(number) {
            self.restrict_value(state, subject, Restriction::alphabet(of_numbers()));
        }
    }

    /// A number, or a length, with a bound of the program's choice.
    fn bounded(&mut self, state: &mut State, small: &Value, large: &Value) {
        if !large.has_holes() {
            self.restrict_value(state, small, Restriction::facts(Facts::BOUNDED));
        }
    }

    /// `re.match(…) is None`: the outcome of a match is what it says of the text.
    fn assume_call_is_none(&mut self, state: &mut State, left: ExprId, is_none: bool) {
        let module = self.module();
        match module[left] {
            Expr::Call { .. } | Expr::Named { .. } => self.assume(state, left, !is_none),
            Expr::Name { .. } => self.assume_definition(state, left, !is_none),
            _ => {}
        }
    }

    /// Leaves a variable only the alternatives that fit, unless none does.
    pub(super) fn keep_only(
        &mut self,
        state: &mut State,
        expr: ExprId,
        keep: impl Fn(&Atom) -> bool,
    ) {
        let module = self.module();
        let Expr::Name { slot, def } = module[expr] else {
            return;
        };
        if module[def].scope != self.at().scope {
            return;
        }
        // Looked at first: a change makes the variables a copy of their own.
        let Some((_, value)) = state.vars().slots.get(slot.index()) else {
            return;
        };
        let kept: Vec<Atom> = value
            .atoms()
            .iter()
            .filter(|atom| keep(atom))
            .cloned()
            .collect();
        if !kept.is_empty() && kept.len() < value.atoms().len() {
            state.vars().slots[slot.index()].1 = Value::of(kept);
        }
    }

    /// `subject == other`, where the other is of the program's choice.
    pub(super) fn same(&mut self, state: &mut State, subject: &Value, other: &Value) {
        if !subject.has_holes() {
            return;
        }
        let other_holes = other.holes();
        if other_holes.is_empty() {
            if matches!(other.only(), Some(Atom::Object(_))) {
                return;
            }
            if let Some(known) = other.known_text() {
                for hole in subject.holes() {
                    if let Some((Part::At(0, 1), whole)) = hole.part {
                        let facts = begins_with(known.as_str());
                        state.restrict(whole, Restriction::facts(facts));
                    }
                }
            }
            self.restrict_value(state, subject, Restriction::FINITE);
            return;
        }
        if self.is_setting(&other_holes) && !self.is_setting(&subject.holes()) {
            self.restrict_value(state, subject, Restriction::FINITE);
            return;
        }
        // What was fetched, and is equal, decides what it can be; a part of another input, most likely too.
        if self.is_fetched(subject, &other_holes) {
            self.restrict_value(state, subject, Restriction::facts(Facts::ASKED_YES));
        }
        // `re.sub("[^a-z]", "", x) == x`: there are no other characters than in what it equals.
        if let Some(alphabet) = alphabet_of(other)
            && alphabet != Alphabet::ALL
        {
            self.restrict_value(state, subject, Restriction::alphabet(alphabet));
        }
        // `os.path.basename(x) == x`, `commonpath([base, x]) == base` and their like.
        for hole in subject.holes() {
            let Some((part, whole)) = hole.part else {
                continue;
            };
            let same_whole = other_holes.iter().any(|other| other.id == whole);
            match part {
                Part::BaseName if same_whole => {
                    state.restrict(whole, Restriction::alphabet(Alphabet::ALL.without("/")));
                }
                Part::Resolved if same_whole => {
                    state.restrict(whole, Restriction::facts(Facts::NO_DOTS));
                }
                // The host the browser asked: who sends a link does not choose it.
                Part::Host if self.is_own_host(&other_holes) => {
                    self.restrict_url(state, whole, Facts::HOST_CHECKED);
                }
                // A directory that the caller chose.
                Part::CommonPath | Part::Parent
                    if (part == Part::Parent || is_resolved(&hole))
                        && !same_whole
                        && self.is_chosen(&other_holes) =>
                {
                    self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
                }
                _ => {}
            }
        }
    }

    /// The elements of a display, and the characters of a known text.
    pub(super) fn elements(&mut self, state: &State, container: &Value) -> Vec<Value> {
        match container.only() {
            Some(Atom::Str(text)) => {
                let characters = text.as_str().chars().take(MAX_EACH);
                characters
                    .map(|character| Value::text(&character.to_string()))
                    .collect()
            }
            Some(Atom::Object(id)) => match state.object(*id) {
                Some(object) if object.kind != Kind::Dict => {
                    object.items.iter().take(MAX_EACH).cloned().collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// `subject != other`: what is told of a text by characters at its beginning, and by pieces that are not `..`.
    pub(super) fn differs(&mut self, state: &mut State, subject: &Value, other: &Value) {
        let Some(other) = other.known_text() else {
            return;
        };
        for hole in subject.holes() {
            let facts = match (hole.part, other.as_str()) {
                (Some((Part::At(0, 1), _)), "/") => {
                    Facts::NOT_ABSOLUTE | Facts::NO_TWO_SLASHES | Facts::NO_SLASH_BACKSLASH
                }
                (Some((Part::At(0, 1), _)), "-") => Facts::NOT_OPTION,
                (Some((Part::At(0, 1), _)), "\\") => Facts::NO_BACKSLASH,
                (Some((Part::At(1, 1), _)), "/") | (Some((Part::At(0, 2), _)), "//") => {
                    Facts::NO_TWO_SLASHES
                }
                (Some((Part::At(1, 1), _)), "\\") | (Some((Part::At(0, 2), _)), "/\\") => {
                    Facts::NO_SLASH_BACKSLASH
                }
                (Some((Part::Piece, _)), "..") if !hole.alphabet.contains('/') => Facts::NO_DOTS,
                _ => continue,
            };
            match hole.part {
                Some((Part::At(..), whole)) => state.restrict(whole, Restriction::facts(facts)),
                _ => self.restrict_value(
                    state,
                    &Value::hole((*hole).clone()),
                    Restriction::facts(facts),
                ),
            }
        }
    }

    /// Whether no stranger has a part in holes: they are a caller's affair, or who runs the program sets them.
    pub(super) fn is_chosen(&self, holes: &[Arc<Hole>]) -> bool {
        let taints = holes.iter().flat_map(|hole| &hole.taints);
        taints.into_iter().all(|taint| match taint.origin {
            Origin::Source(source) => self.setting.models.kind_of(source.model) == "local",
            Origin::Input(_) => true,
        })
    }

    /// Whether who runs the program sets something, and nobody else has a part in it: a variable of the environment.
    pub(super) fn is_setting(&self, holes: &[Arc<Hole>]) -> bool {
        let mut taints = holes.iter().flat_map(|hole| &hole.taints);
        taints.all(|taint| taint.origin.is_source()) && self.is_chosen(holes)
    }

    /// Whether holes are of what was fetched from elsewhere, or of elements and attributes of other inputs than a value is.
    fn is_fetched(&self, subject: &Value, holes: &[Arc<Hole>]) -> bool {
        let roots: Vec<_> = subject
            .holes()
            .iter()
            .flat_map(|hole| hole.taints.clone())
            .filter_map(|taint| match taint.origin {
                Origin::Input(path) => Some(path.root),
                Origin::Source(_) => None,
            })
            .collect();
        let mut taints = holes.iter().flat_map(|hole| &hole.taints);
        taints.all(|taint| match &taint.origin {
            Origin::Source(source) => matches!(
                self.setting.models.kind_of(source.model),
                "network-response" | "database"
            ),
            Origin::Input(path) => path.keys.len() > 1 && !roots.contains(&path.root),
        })
    }

    /// Whether it is the host a request was sent to, or one that is set.
    pub(super) fn is_own_host(&self, holes: &[Arc<Hole>]) -> bool {
        let mut taints = holes.iter().flat_map(|hole| &hole.taints);
        taints.all(|taint| match taint.origin {
            Origin::Source(source) => {
                let kind = self.setting.models.kind_of(source.model);
                matches!(kind, "local" | "host-header")
            }
            Origin::Input(_) => false,
        })
    }

    /// Two paths of the same file: what is the directory of the program's choice is no other. Only texts count, for a path is
    /// seen from outside too.
    pub(super) fn same_file(&mut self, state: &mut State, path: &Value, other: &Value) {
        let path = self.only_texts(path);
        let other = self.only_texts(other);
        self.same(state, &path, &other);
    }
}

/// The characters of numbers as Python writes them.
pub(super) fn of_numbers() -> Alphabet {
    Alphabet::of("0123456789+-.einfa")
}

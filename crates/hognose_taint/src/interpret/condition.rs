//! Conditions: what holds of values on either side of a test.
//!
//! A test never changes what is reported: it is looked at without effects, and what it says is put into the state of the branch.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_regex::{Flags, Mode};

use super::Interpreter;
use super::call::Arguments;
use crate::model::Holds;
use crate::shape::{Alphabet, Facts, Hole, Part, Restriction, Stretch, holes};
use crate::state::{Kind, Known, State};
use crate::value::{Atom, Origin, Symbol, Value};

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

    /// Restricts what a value is made of, and what it is a part of.
    pub(super) fn restrict_value(
        &mut self,
        state: &mut State,
        value: &Value,
        restriction: Restriction,
    ) {
        if restriction.finite && self.setting.watch.is_some() {
            self.settle(value);
        }
        for atom in value.atoms() {
            match atom {
                Atom::Text(text) => {
                    let single = text.len() == 1;
                    let found: Vec<Arc<Hole>> = holes(text).cloned().collect();
                    for hole in found {
                        // A text that is one of few leaves nothing open in it, wherever its holes are.
                        state.restrict(hole.id, restriction);
                        let above = matches!(hole.part, Some((Part::Parent, _)));
                        if single || above {
                            self.restrict_whole(state, &hole, restriction);
                        }
                    }
                }
                Atom::Input(path) => {
                    self.input(Arc::clone(path));
                    state.restrict(path.id(), restriction);
                }
                _ => {}
            }
        }
    }

    /// What is found of a part says something of the whole.
    fn restrict_whole(&mut self, state: &mut State, hole: &Hole, restriction: Restriction) {
        let Some((part, whole)) = hole.part else {
            return;
        };
        match part {
            Part::Host if restriction.finite => {
                self.restrict_url(state, whole, Facts::HOST_CHECKED);
            }
            Part::Scheme if restriction.finite => {
                self.restrict_url(state, whole, Facts::SCHEME_CHECKED);
            }
            Part::CommonPath if restriction.finite && is_resolved(hole) => {
                self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
            }
            // A name right in a known directory; what leads upwards is no name.
            Part::Parent if restriction.finite => {
                self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
            }
            Part::Resolved if restriction.finite || restriction.facts.has(Facts::CONTAINED) => {
                state.restrict(whole, Restriction::facts(Facts::CONTAINED));
            }
            // An absolute path stays absolute.
            Part::Resolved if restriction.facts.has(Facts::NOT_ABSOLUTE) => {
                state.restrict(whole, Restriction::facts(Facts::NOT_ABSOLUTE));
            }
            Part::Form => {
                let wider = Restriction {
                    alphabet: restriction
                        .alphabet
                        .any_case()
                        .union(Alphabet::of(" \t\n\r")),
                    ..restriction
                };
                // A form of it is one of few: letters of either case, blanks around.
                if restriction.finite {
                    let letters = Alphabet::word("_-./ \t");
                    state.restrict(whole, Restriction::alphabet(letters));
                } else {
                    state.restrict(whole, wider);
                }
            }
            Part::AsRead if restriction.facts.has_any(Facts::OF_URLS) => {
                self.restrict_read(state, hole.id, restriction.facts);
            }
            Part::Piece if self.lift => state.restrict(whole, restriction),
            Part::Inner
                if !restriction.alphabet.contains('\'') || !restriction.alphabet.contains('"') =>
            {
                let known = state.known_of(whole);
                if known.facts.has(Facts::LITERAL) {
                    return;
                }
                // Between the quotes it begins and ends with there is none: a literal.
                state.restrict(whole, Restriction::facts(Facts::LITERAL));
            }
            _ => {}
        }
    }

    /// Facts on a URL, and on the text it is a copy of.
    fn restrict_url(&mut self, state: &mut State, id: u32, facts: Facts) {
        state.restrict(id, Restriction::facts(facts));
        self.restrict_read(state, id, facts);
    }

    /// What was found of a text as browsers read it holds of the text itself.
    fn restrict_read(&mut self, state: &mut State, id: u32, facts: Facts) {
        let mut facts = Facts(facts.0 & Facts::OF_URLS.0);
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            let Some(copy) = self.copies.get(&id) else {
                return;
            };
            let Some((_, whole)) = copy.part else { return };
            let mut copy = (**copy).clone();
            state.known_of(id).apply(&mut copy);
            if crate::need::is_relative(&copy) {
                facts |= Facts::RELATIVE;
            }
            state.restrict(whole, Restriction::facts(facts));
            id = whole;
        }
    }

    /// A fact on a resolved path, and on what it was resolved from.
    fn restrict_resolved(&mut self, state: &mut State, id: u32, restriction: Restriction) {
        state.restrict(id, restriction);
        if let Some(base) = self.resolved.get(&id) {
            state.restrict(*base, restriction);
        }
    }

    fn assume_compare(
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
    fn keep_only(&mut self, state: &mut State, expr: ExprId, keep: impl Fn(&Atom) -> bool) {
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
    fn same(&mut self, state: &mut State, subject: &Value, other: &Value) {
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
    fn elements(&mut self, state: &State, container: &Value) -> Vec<Value> {
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
    fn differs(&mut self, state: &mut State, subject: &Value, other: &Value) {
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
    fn is_chosen(&self, holes: &[Arc<Hole>]) -> bool {
        let taints = holes.iter().flat_map(|hole| &hole.taints);
        taints.into_iter().all(|taint| match taint.origin {
            Origin::Source(source) => self.setting.models.kind_of(source.model) == "local",
            Origin::Input(_) => true,
        })
    }

    /// Whether who runs the program sets something, and nobody else has a part in it: a variable of the environment.
    fn is_setting(&self, holes: &[Arc<Hole>]) -> bool {
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
    fn is_own_host(&self, holes: &[Arc<Hole>]) -> bool {
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
    fn same_file(&mut self, state: &mut State, path: &Value, other: &Value) {
        let path = self.only_texts(path);
        let other = self.only_texts(other);
        self.same(state, &path, &other);
    }

    /// What a comparison says beyond the values of its sides: `text.find(x) == -1`, `type(x) is int`, `set(text) <= set(letters)`.
    fn assume_question(
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
    fn characters(&mut self, state: &mut State, set: ExprId) -> Option<Alphabet> {
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
    fn assume_inside(
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
    fn assume_without(&mut self, state: &mut State, container: &Value, needle: &str) {
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
    pub(super) fn assume_instance(
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
            self.restrict_value(
                state,
                value,
                Restriction::alphabet(Alphabet::of("0123456789+-.einfa")),
            );
        }
        if texts {
            self.restrict_value(state, value, Restriction::facts(Facts::TEXT));
        }
    }

    fn assume_call(
        &mut self,
        state: &mut State,
        test: ExprId,
        func: ExprId,
        args: List,
        outcome: bool,
    ) {
        self.quiet += 1;
        self.assume_call_inner(state, test, func, args, outcome);
        self.quiet -= 1;
    }

    fn assume_call_inner(
        &mut self,
        state: &mut State,
        test: ExprId,
        func: ExprId,
        args: List,
        outcome: bool,
    ) {
        let module = self.module();
        let live = state.live;
        if let Expr::Attribute { value, attr } = module[func] {
            let receiver = self.eval(state, value);
            state.live = live;
            let arguments = self.arguments(state, args);
            state.live = live;
            if !asks_whether_it_is_there(attr.as_str()) && !super::string::is_string_method(attr) {
                let callee = self.eval(state, func);
                state.live = live;
                self.asked(state, test, &callee, outcome);
            }
            self.assume_method(state, &receiver, attr, &arguments, outcome, test);
            return;
        }
        let callee = self.eval(state, func);
        for atom in callee.atoms() {
            match atom {
                Atom::External(path) if path.as_str() == "builtins.bool" => {
                    if let [argument] = module.args(args) {
                        self.assume(state, argument.value, outcome);
                        return;
                    }
                }
                Atom::External(path)
                    if matches!(path.as_str(), "builtins.all" | "builtins.any") =>
                {
                    let all = path.as_str() == "builtins.all";
                    if let Some(argument) = module.args(args).first() {
                        self.assume_each(state, argument.value, outcome, all == outcome);
                    }
                }
                Atom::External(path) if path.as_str() == "builtins.next" && outcome => {
                    if let Some(argument) = module.args(args).first() {
                        self.assume_some(state, argument.value);
                    }
                }
                _ => {}
            }
        }
        let arguments = self.arguments(state, args);
        state.live = live;
        self.asked(state, test, &callee, outcome);
        for atom in callee.atoms().to_vec() {
            match atom {
                Atom::External(path) => {
                    self.assume_external(state, path, None, &arguments, outcome);
                }
                Atom::Function(module, function) if callee.atoms().len() == 1 => {
                    self.assume_summary(state, module, function, &arguments, outcome, test);
                }
                Atom::Object(id) if callee.atoms().len() == 1 => {
                    match state.object(id).map(|object| object.kind.clone()) {
                        Some(Kind::Closure(module, function, _)) => {
                            self.assume_summary(state, module, function, &arguments, outcome, test);
                        }
                        Some(Kind::Bound) => {
                            let Some(object) = state.object(id).cloned() else {
                                continue;
                            };
                            if let [receiver, method, ..] = object.items.as_slice()
                                && let Some(name) = method.known_text()
                            {
                                self.assume_method(
                                    state, receiver, name, &arguments, outcome, test,
                                );
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a test is a switch: something of the program that is on or off, and no stranger has a part in.
    fn is_switch(&mut self, state: &mut State, test: ExprId) -> bool {
        match self.module()[test] {
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => self.is_switch(state, operand),
            Expr::Name { .. } | Expr::Attribute { .. } => {
                let value = self.peek(state, test);
                let holes = value.holes();
                value.truth().is_none() && (holes.is_empty() || self.is_chosen(&holes))
            }
            _ => false,
        }
    }

    /// Something that cannot be looked into answered yes or no: what it was asked about may be what it wants.
    fn asked(&mut self, state: &mut State, test: ExprId, callee: &Value, outcome: bool) {
        let unknown = !callee.is_nothing()
            && callee.atoms().iter().all(|atom| match atom {
                Atom::Unknown => true,
                Atom::External(path) => {
                    let name = path.as_str();
                    let last = name.rsplit('.').next().unwrap_or_default();
                    !name.starts_with("builtins.")
                        && !asks_whether_it_is_there(last)
                        && self.call_model(*path).is_none()
                        && !super::native::is_known(name)
                }
                _ => false,
            });
        if !unknown {
            return;
        }
        let fact = if outcome {
            Facts::ASKED_YES
        } else {
            Facts::ASKED_NO
        };
        // `table.where(name=x).first()`: what any call on the way was given.
        let module = self.module();
        let mut call = test;
        for _ in 0..MAX_CHAIN {
            let Expr::Call { func, args } = module[call] else {
                break;
            };
            for argument in module.args(args) {
                let value = self.peek(state, argument.value);
                for hole in self.deep_holes(state, &value) {
                    let value = Value::hole((*hole).clone());
                    self.restrict_value(state, &value, Restriction::facts(fact));
                }
            }
            let Expr::Attribute { value, .. } = module[func] else {
                break;
            };
            call = value;
        }
    }

    /// A comprehension gives something: the conditions hold for one of the elements.
    fn assume_some(&mut self, state: &mut State, comprehension: ExprId) {
        let module = self.module();
        let Expr::Comprehension(id) = module[comprehension] else {
            return;
        };
        let data = &module[id];
        let [only] = data.generators.as_slice() else {
            return;
        };
        let [bind] = module.binds(only.binds) else {
            return;
        };
        let Target::Name(def) = bind.target else {
            return;
        };
        if only.conditions.is_empty() {
            return;
        }
        let iterated = self.eval(state, only.iter);
        let mut inside = state.clone();
        self.frame().held.push((only.iter, iterated));
        let value = self.eval(&mut inside, bind.value);
        self.frame().held.pop();
        self.bind_name(&mut inside, def, value);
        for condition in &only.conditions {
            self.assume(&mut inside, *condition, true);
        }
        if inside.live {
            *state = inside;
        }
    }

    fn assume_method(
        &mut self,
        state: &mut State,
        receiver: &Value,
        name: Symbol,
        arguments: &Arguments,
        outcome: bool,
        test: ExprId,
    ) {
        let first = arguments.position(0).unwrap_or_else(Value::unknown);
        let texty = receiver
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Text(_) | Atom::Input(_)));
        if texty {
            let restriction = match (name.as_str(), outcome) {
                ("isdigit" | "isdecimal" | "isnumeric", true) => {
                    let mut digits = Alphabet::of("0123456789");
                    if name.as_str() != "isdecimal" {
                        digits = digits.union(Alphabet::NONE);
                    }
                    Some(Restriction::alphabet(digits))
                }
                ("isalpha" | "isalnum", true) => Some(Restriction::alphabet(Alphabet::word(""))),
                ("isidentifier", true) => Some(Restriction::alphabet(Alphabet::word("_"))),
                ("isascii", true) => Some(Restriction::alphabet(ascii())),
                ("isspace", true) => Some(Restriction::alphabet(Alphabet::of(" \t\n\r\u{b}\u{c}"))),
                _ => None,
            };
            if let Some(restriction) = restriction {
                self.restrict_value(state, receiver, restriction);
                return;
            }
            if name.as_str() == "count"
                && !outcome
                && let Some(needle) = first.known_text()
            {
                self.assume_without(state, receiver, needle.as_str());
                return;
            }
            if matches!(name.as_str(), "startswith" | "endswith") {
                self.assume_edge(
                    state,
                    receiver,
                    &first,
                    name.as_str() == "startswith",
                    outcome,
                );
                return;
            }
        }
        for atom in receiver.atoms().to_vec() {
            match &atom {
                Atom::External(path) => {
                    if path.as_str() == "pathlib.Path()" {
                        match (name.as_str(), outcome) {
                            ("is_relative_to", true) => self.contained(state, receiver, &first),
                            ("samefile", true) => self.same_file(state, receiver, &first),
                            ("is_absolute", false) => {
                                self.restrict_value(
                                    state,
                                    receiver,
                                    Restriction::facts(Facts::NOT_ABSOLUTE),
                                );
                            }
                            _ => {}
                        }
                        continue;
                    }
                    let path = self.values.path_of_attribute(*path, name);
                    self.assume_external(state, path, Some(receiver), arguments, outcome);
                }
                Atom::Object(id) => {
                    let Some(object) = state.object(*id).cloned() else {
                        continue;
                    };
                    match object.kind {
                        Kind::Holder(class) if class.as_str() == "re.compile()" => {
                            let pattern = object
                                .field(Symbol::from("\u{0}text"))
                                .cloned()
                                .unwrap_or_else(Value::unknown);
                            let flags =
                                super::native::flags_of(object.field(Symbol::from("\u{0}flags")));
                            let pattern = (&pattern, flags);
                            self.assume_match(state, pattern, &first, name.as_str(), outcome);
                        }
                        Kind::Holder(class) => {
                            let path = self.values.path_of_attribute(class, name);
                            self.assume_external(state, path, Some(receiver), arguments, outcome);
                        }
                        Kind::Instance(module, class) => {
                            let of = Atom::Instance(module, class);
                            if let Some((at, function)) = self.method_of(&of, name) {
                                let bound = self.bound_arguments(
                                    at,
                                    function,
                                    atom.clone().into(),
                                    (module, class),
                                    arguments,
                                );
                                self.assume_summary(state, at, function, &bound, outcome, test);
                            }
                        }
                        Kind::Dict | Kind::Set | Kind::List
                            if matches!(name.as_str(), "get" | "__contains__" | "count")
                                && outcome =>
                        {
                            // `if TABLE.get(x):` the key is there.
                            self.assume_inside(state, &first, &atom.clone().into(), true);
                        }
                        Kind::Set if name.as_str() == "issuperset" && outcome => {
                            self.assume_inside(state, &first, &atom.clone().into(), true);
                        }
                        _ => {}
                    }
                }
                Atom::Instance(module, class) | Atom::Class(module, class) => {
                    if let Some((at, function)) = self.method_of(&atom, name) {
                        let bound = self.bound_arguments(
                            at,
                            function,
                            atom.clone().into(),
                            (*module, *class),
                            arguments,
                        );
                        self.assume_summary(state, at, function, &bound, outcome, test);
                    }
                }
                Atom::Module(module) => {
                    let member = self.module_variable(state, *module, name);
                    if let Some(Atom::Function(at, function)) = member.only() {
                        self.assume_summary(state, *at, *function, arguments, outcome, test);
                    }
                }
                _ => {}
            }
        }
    }

    /// `text.startswith(front)`, `text.endswith(back)`.
    fn assume_edge(
        &mut self,
        state: &mut State,
        receiver: &Value,
        edge: &Value,
        starts: bool,
        outcome: bool,
    ) {
        if edge.has_holes() && !outcome {
            return;
        }
        // One of several.
        let mut texts: Vec<Value> = Vec::new();
        for atom in edge.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(object) = state.object(*id) {
                        texts.extend(object.items.iter().cloned());
                        if !object.rest.is_nothing() {
                            texts.push(object.rest.clone());
                        }
                    }
                }
                other => texts.push(other.clone().into()),
            }
        }
        if !outcome {
            for text in texts.iter().filter(|_| starts) {
                let known = text.known_text();
                let facts = match known.as_ref().map(|text| text.as_str()) {
                    Some("-") => Facts::NOT_OPTION,
                    Some("/") => {
                        Facts::NOT_ABSOLUTE | Facts::NO_TWO_SLASHES | Facts::NO_SLASH_BACKSLASH
                    }
                    Some("//") => Facts::NO_TWO_SLASHES,
                    Some("/\\") => Facts::NO_SLASH_BACKSLASH,
                    Some(".." | "../") => {
                        self.not_above(state, receiver);
                        continue;
                    }
                    _ => continue,
                };
                self.restrict_value(state, receiver, Restriction::facts(facts));
            }
            return;
        }
        if !starts {
            // `host.endswith(".example.com")`: a host of that domain.
            let domain = |text: &Value| {
                text.known_text().is_some_and(|text| {
                    let text = text.as_str();
                    text.starts_with('.') && text.len() > 1
                })
            };
            if !texts.is_empty() && texts.iter().all(domain) {
                for hole in receiver.holes() {
                    if let Some((Part::Host, whole)) = hole.part {
                        self.restrict_url(state, whole, Facts::HOST_CHECKED);
                    }
                }
            }
            return;
        }
        // A resolved path that begins with a directory: inside of it, or in one whose name begins so; the latter only where no
        // separator is asked for. The former is what is meant, and what is left open is small.
        let known: Vec<String> = texts
            .iter()
            .filter_map(|text| text.known_text().map(|text| text.as_str().to_owned()))
            .collect();
        let all_known = known.len() == texts.len() && !known.is_empty();
        if all_known {
            let facts = known.iter().map(|text| begins_with(text));
            if let Some(facts) = facts.reduce(Facts::join) {
                self.restrict_value(state, receiver, Restriction::facts(facts));
            }
        }
        if all_known && known.iter().all(|text| host_is_fixed(text)) {
            self.restrict_value(
                state,
                receiver,
                Restriction::facts(Facts::HOST_CHECKED | Facts::SCHEME_CHECKED),
            );
            return;
        }
        if all_known
            && known
                .iter()
                .all(|text| text == "http://" || text == "https://" || text == "http")
        {
            self.restrict_value(state, receiver, Restriction::facts(Facts::SCHEME_CHECKED));
            return;
        }
        if all_known
            && known
                .iter()
                .all(|text| super::native::is_path_of_host(text))
        {
            self.restrict_value(
                state,
                receiver,
                Restriction::facts(Facts::RELATIVE | Facts::SCHEME_CHECKED),
            );
        }
        if all_known && known.iter().all(|text| text == "/") {
            self.restrict_value(state, receiver, Restriction::facts(Facts::SLASH));
            return;
        }
        // The name of the directory has to end there: `/srv/books` is the beginning of `/srv/books-of-others`, too.
        let ends = |this: &mut Self, state: &mut State, front: &Value| {
            let texts = this.texts_of(state, front);
            texts.iter().all(|text| match text.last() {
                Some(Stretch::Known(known)) => known.as_str().ends_with(['/', '\\']),
                _ => true,
            })
        };
        if !edge.is_nothing() && texts.iter().all(|front| ends(self, state, front)) {
            self.contained(state, receiver, edge);
        }
    }

    /// `not relpath(path, base).startswith("..")`.
    fn not_above(&mut self, state: &mut State, relative: &Value) {
        for hole in relative.holes() {
            if let Some((Part::Relative, whole)) = hole.part {
                self.restrict_resolved(state, whole, Restriction::facts(Facts::CONTAINED));
            }
            // What is left of `..` stands at the beginning.
            if hole.facts.has(Facts::NORMALISED) {
                state.restrict(hole.id, Restriction::facts(Facts::NO_DOTS));
            }
        }
    }

    /// A path that lies below a trusted one, when it is resolved.
    pub(super) fn contained(&mut self, state: &mut State, path: &Value, base: &Value) {
        let above = self.deep_holes(state, base);
        if !self.is_chosen(&above) {
            return;
        }
        for hole in path.holes() {
            if base.holes().iter().any(|other| other.id == hole.id) {
                continue;
            }
            if is_resolved(&hole) {
                state.restrict(hole.id, Restriction::facts(Facts::CONTAINED));
                if let Some((Part::Resolved | Part::Form, whole)) = hole.part {
                    state.restrict(whole, Restriction::facts(Facts::CONTAINED));
                }
            }
        }
    }

    /// What a callee outside of the project says.
    pub(super) fn assume_external(
        &mut self,
        state: &mut State,
        path: Symbol,
        receiver: Option<&Value>,
        arguments: &Arguments,
        outcome: bool,
    ) {
        let first = arguments.position(0).unwrap_or_else(Value::unknown);
        match path.as_str() {
            "builtins.isinstance" => {
                let class = arguments.position(1).unwrap_or_else(Value::unknown);
                self.assume_instance(state, &first, &class, outcome);
                return;
            }
            "builtins.bool" => {
                self.assume_truth(state, &first, outcome);
                return;
            }
            "re.match" | "re.fullmatch" | "re.search" | "regex.match" | "regex.fullmatch" => {
                let subject = arguments.either(1, "string").unwrap_or_else(Value::unknown);
                let function = path.as_str().rsplit('.').next().unwrap_or_default();
                let flags = super::native::flags_of(arguments.either(2, "flags").as_ref());
                self.assume_match(state, (&first, flags), &subject, function, outcome);
                return;
            }
            "re.compile().match" | "re.compile().fullmatch" | "re.compile().search" => return,
            "os.path.samefile" => {
                if outcome && let Some(second) = arguments.position(1) {
                    self.same_file(state, &first, &second);
                    self.same_file(state, &second, &first);
                }
                return;
            }
            "os.path.isabs" => {
                if !outcome {
                    self.restrict_value(state, &first, Restriction::facts(Facts::NOT_ABSOLUTE));
                }
                return;
            }
            _ => {}
        }
        let Some(model) = self.call_model(path) else {
            return;
        };
        for guard in &model.guards {
            let holds = match guard.holds {
                Holds::True => outcome,
                Holds::False => !outcome,
                Holds::Return => false,
            };
            if holds && self.conditions(state, &guard.conditions, receiver, arguments) == Some(true)
            {
                for value in self.argument_values(state, &guard.argument, receiver, arguments) {
                    self.restrict_value(state, &value, guard.gives);
                }
            }
        }
    }

    /// A text that a pattern matches, or does not.
    fn assume_match(
        &mut self,
        state: &mut State,
        (pattern, flags): (&Value, Option<Flags>),
        subject: &Value,
        function: &str,
        outcome: bool,
    ) {
        let Some(parsed) = self.parsed(pattern, flags) else {
            return;
        };
        let mode = match function {
            "match" => Mode::Match,
            "fullmatch" => Mode::FullMatch,
            _ => Mode::Search,
        };
        if outcome {
            if let Ok(alphabet) = parsed.alphabet(mode) {
                let mut restriction = Restriction::alphabet(alphabet.into());
                if let Ok(Some(_)) = parsed.literals(mode) {
                    restriction = Restriction::FINITE;
                }
                if let Ok(false) = parsed.may_contain(mode, "..") {
                    restriction.facts |= Facts::NO_DOTS;
                }
                for (front, facts) in [
                    (
                        "/",
                        Facts::NOT_ABSOLUTE | Facts::NO_TWO_SLASHES | Facts::NO_SLASH_BACKSLASH,
                    ),
                    ("//", Facts::NO_TWO_SLASHES),
                    ("/\\", Facts::NO_SLASH_BACKSLASH),
                    ("-", Facts::NOT_OPTION),
                ] {
                    if let Ok(false) = parsed.may_begin(mode, front) {
                        restriction.facts |= facts;
                    }
                }
                if let Ok(front) = parsed.prefix(mode)
                    && host_is_fixed(&front)
                {
                    restriction.facts |= Facts::HOST_CHECKED | Facts::SCHEME_CHECKED;
                }
                if let Ok(front) = parsed.prefix(mode)
                    && front.starts_with('/')
                {
                    restriction.facts |= Facts::SLASH;
                }
                self.restrict_value(state, subject, restriction);
            }
        } else if mode == Mode::Search {
            // No character of the class occurs: `re.search(r"[^\w]", x)` found nothing.
            let removed = parsed.removed_characters();
            let mut alphabet = Alphabet::ALL;
            for code in 0..128u8 {
                if removed.ascii() >> code & 1 == 1 {
                    alphabet = alphabet.without(&char::from(code).to_string());
                }
            }
            if alphabet != Alphabet::ALL {
                self.restrict_value(state, subject, Restriction::alphabet(alphabet));
            }
        }
    }

    /// `all(test for x in y)` is true, `any(…)` is false: the test came out so for each. Otherwise it came out so for one of them.
    fn assume_each(&mut self, state: &mut State, generator: ExprId, outcome: bool, each_one: bool) {
        let module = self.module();
        let Expr::Comprehension(id) = module[generator] else {
            return;
        };
        let data = &module[id];
        let [only] = data.generators.as_slice() else {
            return;
        };
        let binds = module.binds(only.binds);
        let [bind] = binds else { return };
        let iterated = self.eval(state, only.iter);
        let lift = std::mem::replace(&mut self.lift, each_one);
        // Constants one by one; anything else as one of its pieces.
        let mut each: Vec<Value> = Vec::new();
        match iterated.only() {
            Some(Atom::Str(text)) => {
                each.extend(
                    text.as_str()
                        .chars()
                        .take(MAX_EACH)
                        .map(|character| Value::text(&character.to_string())),
                );
            }
            Some(Atom::Object(object)) => {
                if let Some(object) = state.object(*object)
                    && object.exact
                    && object.rest.is_nothing()
                {
                    each.extend(object.items.iter().take(MAX_EACH).cloned());
                }
            }
            _ => {}
        }
        if each.is_empty() {
            let mut inside = state.clone();
            self.frame().held.push((only.iter, iterated));
            let value = self.eval(&mut inside, bind.value);
            self.frame().held.pop();
            if let Target::Name(def) = bind.target {
                self.bind_name(&mut inside, def, value);
                self.assume(&mut inside, data.element, outcome);
                if inside.live {
                    *state = inside;
                }
            }
        } else if let Target::Name(def) = bind.target {
            let mut one = State::dead();
            for value in each {
                let mut inside = state.clone();
                self.bind_name(&mut inside, def, value);
                self.assume(&mut inside, data.element, outcome);
                if !each_one {
                    one.join(inside);
                } else if inside.live {
                    *state = inside;
                }
            }
            if one.live {
                *state = one;
            }
        }
        self.lift = lift;
    }
}

/// What holds of a text that begins with a known one, by the first character of that.
fn begins_with(front: &str) -> Facts {
    let mut facts = Facts::NONE;
    let Some(first) = front.chars().next() else {
        return facts;
    };
    if first == '/' {
        facts |= Facts::SLASH;
    } else {
        facts |= Facts::NOT_ABSOLUTE | Facts::NO_TWO_SLASHES | Facts::NO_SLASH_BACKSLASH;
    }
    if first != '-' {
        facts |= Facts::NOT_OPTION;
    }
    if first != '\\' {
        facts |= Facts::NO_BACKSLASH;
    }
    facts
}

/// Methods that say whether something of a name is there, not whether the name is one that is wanted.
fn asks_whether_it_is_there(method: &str) -> bool {
    matches!(
        method,
        "exists"
            | "lexists"
            | "isfile"
            | "is_file"
            | "isdir"
            | "is_dir"
            | "islink"
            | "is_symlink"
            | "path_exists"
            | "file_exists"
            | "access"
            | "stat"
            | "get"
            | "get_or_none"
            | "getattr"
            | "hasattr"
    )
}

/// Whether `..` cannot lead out of a path any more.
fn is_resolved(hole: &Hole) -> bool {
    hole.facts.has(Facts::NORMALISED) || hole.facts.has(Facts::NO_DOTS)
}

/// A text after which the host of a URL is fixed.
pub(crate) fn host_is_fixed(front: &str) -> bool {
    front.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && rest.find(['/', '?', '#']).is_some_and(|at| at > 0)
    })
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

fn ascii() -> Alphabet {
    let mut all = String::new();
    for code in 0..128u8 {
        all.push(char::from(code));
    }
    Alphabet::of(&all)
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
                        Stretch::Any => return None,
                    });
                }
            }
            _ => return None,
        }
    }
    Some(all)
}

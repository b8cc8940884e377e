//! The abstract interpretation of a body: statements here, expressions, calls and conditions in the modules below.
//!
//! A body is walked once in the order of its control flow; branches are joined, loops walked until nothing changes or the bound is
//! hit. Calls of project functions use the callee's summary; where a constant, function or object given decides what the callee
//! does, the callee is walked in place instead, with the caller's heap.

mod answer;
mod assign;
mod call;
mod compare;
mod condition;
mod container;
mod content_type;
mod expression;
mod function;
mod instance;
mod native;
mod record;
mod report;
mod sight;
mod string;
mod template;

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_python::{Evaluator, ModuleId, Project, Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{Fact, Facts as ProjectFacts};
use crate::model::Models;
use crate::routes::Variables;
use crate::shape::{Restriction, RuleSet};
use crate::state::State;
use crate::summary::{Exported, Found, Implied, Judged, Reach, SinkRef, Summary, Unit};
use crate::value::{Atom, InputPath, Key, ObjId, Place, Root, Source, Value, hash_id};

/// Statements walked for one summary; real functions need a few hundred.
const MAX_WORK: u32 = 5_000;

/// Functions walked in place inside of each other.
pub(crate) const MAX_INLINED: usize = 4;

/// Descriptors, and special methods that store, called inside of each other.
const MAX_DESCRIPTORS: u32 = 2;

/// Times a loop is walked until its state has to be stable.
const MAX_ROUNDS: u32 = 3;

/// Loops inside of each other that are walked more than once.
const MAX_LOOPS: u32 = 2;

/// Functions walked in place for one summary: real code needs a few; a chain of factories and closures needs a dozen.
const MAX_WALKS: u32 = 16;

/// Statements in walks in place for one summary, with which one more may begin: few bodies need a hundred; those that need
/// thousands call large functions again and again, for which a summary says nearly the same.
const MAX_WORK_IN_PLACE: u32 = 150;

/// Walks in place of small functions for one summary: wrappers of decorators, special methods, validators.
const MAX_SMALL_WALKS: u32 = 12;

/// Calls inside of calls: setters that set, summaries that call properties.
pub(crate) const MAX_NESTED: u32 = 10;

/// Sinks of inputs kept of one function.
pub(crate) const MAX_REACHES: usize = 24;

/// What all interpretations read.
pub(crate) struct Setting<'a, 'p> {
    pub project: &'p Project,
    pub models: &'p Models,
    pub facts: &'a ProjectFacts,
    /// Summaries by module and scope, as far as they are known.
    pub summaries: &'a (dyn Fn(ModuleId, ScopeId) -> Option<Arc<Summary>> + Sync),
    pub templates: &'a template::Templates,
    /// The place whose sinks are written down.
    pub watch: Option<crate::watch::Watch>,
}

/// A store to an attribute.
#[derive(Debug)]
pub(crate) struct ClassWrite {
    pub module: ModuleId,
    pub class: ClassId,
    pub name: Symbol,
    pub value: crate::summary::Exported,
    /// Of the class itself, not of one of its objects.
    pub of_class: bool,
}

/// A variable of a module, or an attribute of a class, whose objects are at hand.
struct Shared {
    module: ModuleId,
    class: Option<ClassId>,
    name: Symbol,
    value: Value,
    /// The objects as they were.
    objects: Vec<(ObjId, Arc<crate::state::Object>)>,
}

/// What holds where a function is left.
#[derive(Default)]
struct Exit {
    state: Option<State>,
    value: Value,
    yields: Value,
    on_true: Option<Vec<Implied>>,
    on_false: Option<Vec<Implied>>,
}

/// A body at work.
pub(crate) struct Frame {
    pub module: ModuleId,
    pub scope: ScopeId,
    pub function: Option<FunctionId>,
    /// Tells walks of the same body apart.
    pub tag: u32,
    /// The object with the captured variables.
    pub closure: Option<ObjId>,
    /// The class whose method runs, for `super`.
    pub class: Option<(ModuleId, ClassId)>,
    exit: Exit,
    breaks: Vec<State>,
    continues: Vec<State>,
    handlers: Vec<Option<State>>,
    /// What was raised inside of each `try` around the statement at hand.
    raised: Vec<Value>,
    /// Values of expressions that several bindings take parts of.
    held: Vec<(ExprId, Value)>,
    /// Loops around the statement at hand.
    loops: u32,
}

/// The interpretation of one body and what it found.
pub(crate) struct Interpreter<'a, 'p> {
    pub setting: &'a Setting<'a, 'p>,
    pub values: &'a mut Evaluator<'p>,
    pub frames: Vec<Frame>,
    objects: FxHashMap<(u32, u32), ObjId>,
    /// Inputs by the id of their hole.
    inputs: FxHashMap<u32, Arc<InputPath>>,
    pub found: Vec<Found>,
    /// How long the shortest way of those found is, by what else tells them apart.
    ways: FxHashMap<(SinkRef, Place, Source, u8, bool), u16>,
    pub reaches: Vec<Reach>,
    /// Sinks of this body that something from elsewhere reaches.
    pub judged: Vec<Judged>,
    /// Blocks around the one at hand that a setting switches on.
    switched: u32,
    /// What a mapping of what a route passes holds under its names, by the id of its hole.
    pub variables: FxHashMap<u32, &'a Variables>,
    /// What a resolved path was resolved from, by the ids of their holes.
    resolved: FxHashMap<u32, u32>,
    /// Copies of texts as browsers read them, and parts of texts that were taken in another form, by the ids of their holes.
    copies: FxHashMap<u32, Arc<crate::shape::Hole>>,
    /// What is at the sinks of the place that is watched.
    pub sightings: Vec<crate::watch::Sighting>,
    /// Holes that became one of few values, by id; filled where a place is watched.
    settled: FxHashMap<u32, Arc<crate::shape::Hole>>,
    /// Writes to module variables and to attributes of classes.
    pub global_writes: Vec<(ModuleId, Symbol, crate::summary::Exported)>,
    pub class_writes: Vec<ClassWrite>,
    /// What is written now was written, and told, by a callee.
    written_before: bool,
    /// Objects that other bodies see too: what variables of modules and attributes of classes hold.
    shared: FxHashSet<ObjId>,
    /// Where they were found, and as what.
    origins: Vec<Shared>,
    /// Descriptors, and special methods that store, that may still be called inside of each other: one that reads its own
    /// attribute ends.
    descriptors: u32,
    /// What a `defaultdict` makes its entries with.
    factories: FxHashMap<ObjId, Value>,
    pub decides: u64,
    pub calls: u64,
    /// See [`Summary::lists`].
    pub lists: u64,
    /// See [`Summary::asks`].
    pub asks: u64,
    pub undecided: bool,
    /// An exception is raised, by the body itself or by what never returns.
    pub raises: bool,
    /// Statements that walks in place may still take.
    work_in_place: u32,
    /// Walks in place that are left.
    walks: u32,
    /// Those of small functions that are left.
    small_walks: u32,
    /// Looking only: nothing is reported, nothing changes for good.
    quiet: u32,
    /// The expression that is a statement of its own: nobody looks at what it gives.
    unused: Option<(ModuleId, ExprId)>,
    /// Calls of project functions that are being looked at, one inside of the other.
    nested: u32,
    work: u32,
    pub cut: bool,
    /// What a hole of one character says of the whole: set while `all` and `any` are looked at.
    lift: bool,
    /// What was asked for that other bodies have left, in this walk.
    pub asked: Asked,
    pub messages: &'a dyn Fn(&crate::model::Sink) -> SinkRef,
}

/// What a walk depends on beside the body itself: it comes to the same as long as these are the same.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// What bodies share.
    pub facts: FxHashSet<Fact>,
    /// Summaries.
    pub bodies: FxHashSet<Unit>,
}

impl<'a, 'p> Interpreter<'a, 'p> {
    pub fn new(
        setting: &'a Setting<'a, 'p>,
        values: &'a mut Evaluator<'p>,
        messages: &'a dyn Fn(&crate::model::Sink) -> SinkRef,
    ) -> Self {
        Self {
            setting,
            values,
            frames: Vec::new(),
            variables: FxHashMap::default(),
            objects: FxHashMap::default(),
            inputs: FxHashMap::default(),
            found: Vec::new(),
            ways: FxHashMap::default(),
            reaches: Vec::new(),
            judged: Vec::new(),
            switched: 0,
            resolved: FxHashMap::default(),
            copies: FxHashMap::default(),
            sightings: Vec::new(),
            settled: FxHashMap::default(),
            global_writes: Vec::new(),
            class_writes: Vec::new(),
            written_before: false,
            shared: FxHashSet::default(),
            origins: Vec::new(),
            descriptors: MAX_DESCRIPTORS,
            factories: FxHashMap::default(),
            asks: 0,
            decides: 0,
            calls: 0,
            lists: 0,
            undecided: false,
            raises: false,
            work_in_place: MAX_WORK_IN_PLACE,
            walks: MAX_WALKS,
            small_walks: MAX_SMALL_WALKS,
            quiet: 0,
            unused: None,
            nested: 0,
            work: MAX_WORK,
            cut: false,
            lift: false,
            asked: Asked::default(),
            messages,
        }
    }

    pub(crate) fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    pub(crate) fn at(&self) -> &Frame {
        &self.frames[self.frames.len() - 1]
    }

    pub(crate) fn module(&self) -> &'p Module {
        self.setting.project.module(self.at().module)
    }

    pub(crate) fn place(&self, expr: ExprId) -> Place {
        let at = self.at();
        Place::new(at.module, self.module().expr_range(expr))
    }

    /// Identity of what an expression makes in this walk.
    pub(crate) fn site(&self, expr: ExprId) -> u32 {
        hash_id(&(self.at().module.0, expr.0, self.at().tag))
    }

    /// The object of a site; the same one whenever the site is walked again.
    pub(crate) fn object_at(&mut self, site: u32, part: u32) -> ObjId {
        let next = ObjId(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
        *self.objects.entry((site, part)).or_insert(next)
    }

    /// An input, remembered by the id of its hole.
    pub(crate) fn input(&mut self, path: Arc<InputPath>) -> Atom {
        self.inputs
            .entry(path.id())
            .or_insert_with(|| Arc::clone(&path));
        Atom::Input(path)
    }

    /// The summary of a body, as far as it is known.
    pub(crate) fn summary_of(&mut self, module: ModuleId, scope: ScopeId) -> Option<Arc<Summary>> {
        self.asked.bodies.insert((module, scope));
        (self.setting.summaries)(module, scope)
    }

    /// What a variable of a module holds, where that is more than the evaluator knows.
    pub(crate) fn variable(&mut self, module: ModuleId, name: Symbol) -> Option<&'a Arc<Exported>> {
        self.asked.facts.insert(Fact::Variable(module, name));
        self.setting.facts.globals.get(&(module, name))
    }

    /// That inputs are compared with each other, with what the program has or with what it fetched.
    pub(crate) fn compares(&mut self, op: CmpOp, left: &Value, right: &Value) {
        if !matches!(op, CmpOp::Eq | CmpOp::NotEq | CmpOp::In | CmpOp::NotIn) {
            return;
        }
        let inside = matches!(op, CmpOp::In | CmpOp::NotIn);
        for (subject, other) in [(left, right), (right, left)] {
            let own = |atom: &Atom| match atom {
                Atom::Unknown | Atom::External(_) | Atom::Instance(..) => true,
                Atom::Text(_) | Atom::Input(_) => {
                    parameters_of(subject) & parameters_of(other) == 0
                }
                Atom::Object(_) => inside,
                _ => false,
            };
            if other.atoms().iter().any(own) {
                self.asks |= whole_parameters_of(subject);
            }
        }
    }

    /// That the value of an input decides what happens.
    pub(crate) fn decides(&mut self, value: &Value) {
        self.decides |= parameters_of(value);
    }

    /// That an input is called.
    pub(crate) fn called(&mut self, value: &Value) {
        self.calls |= parameters_of(value);
    }

    /// That the elements of a list, of which inputs give some, count one by one.
    pub(crate) fn lists(&mut self, state: &State, list: &Value) {
        self.lists |= parameters_of(list);
        for atom in list.atoms() {
            if let Atom::Object(id) = atom
                && let Some(object) = state.object(*id)
                && !object.exact
            {
                self.lists |= parameters_of(&object.rest);
            }
        }
    }

    /// Walks a body from its beginning. The frame must be in place, and its variables the last of the state.
    pub(crate) fn body(&mut self, state: &mut State, body: Block) {
        self.block(state, body);
        if state.live {
            self.leave(state, Value::from(Atom::None), None);
        }
    }

    /// Leaves the function at hand with a value.
    fn leave(&mut self, state: &mut State, mut value: Value, expr: Option<ExprId>) {
        if let Some(expr) = expr
            && let Some((name, cleaned)) = self.declared_clean()
        {
            let restriction = Restriction {
                cleaned,
                ..Restriction::NONE
            };
            let (texts, mut rest): (Vec<Atom>, Vec<Atom>) = value
                .atoms()
                .iter()
                .cloned()
                .partition(|atom| matches!(atom, Atom::Text(_) | Atom::Input(_)));
            let clean = self.sanitize(state, &Value::of(texts), restriction, name, expr);
            rest.extend(clean.atoms().iter().cloned());
            value = Value::of(rest);
        }
        let truth = value.truth();
        let is_test = expr.is_some_and(|expr| self.is_test(expr));
        let (mut when_true, mut when_false) = (None, None);
        if truth != Some(false) {
            when_true = Some(match expr {
                Some(expr) if truth.is_none() && is_test => self.implied_by(state, expr, true),
                _ => Some(self.implied(state)),
            });
        }
        if truth != Some(true) {
            when_false = Some(match expr {
                Some(expr) if truth.is_none() && is_test => self.implied_by(state, expr, false),
                _ => Some(self.implied(state)),
            });
        }
        let exit = &mut self.frame().exit;
        exit.value.join(&value);
        if let Some(Some(implied)) = when_true {
            join_implied(&mut exit.on_true, implied);
        }
        if let Some(Some(implied)) = when_false {
            join_implied(&mut exit.on_false, implied);
        }
        match &mut exit.state {
            Some(left) => left.join_with(state),
            none => *none = Some(state.clone()),
        }
        state.live = false;
    }

    /// The name of the function at hand, and the rules for which its result is declared harmless.
    fn declared_clean(&mut self) -> Option<(Symbol, RuleSet)> {
        let cleans = &self.setting.facts.cleans;
        if cleans.is_empty() {
            return None;
        }
        let frame = self.frames.last()?;
        let (module, function) = (frame.module, frame.function?);
        let rules = *cleans.get(&(module, function))?;
        Some((self.setting.project.module(module)[function].name, rules))
    }

    /// What is known of inputs.
    pub(crate) fn implied(&self, state: &State) -> Vec<Implied> {
        state
            .known
            .iter()
            .filter_map(|known| {
                let path = self.inputs.get(&known.id)?;
                Some((Arc::clone(path), known.restriction))
            })
            .collect()
    }

    fn implied_by(&mut self, state: &State, expr: ExprId, outcome: bool) -> Option<Vec<Implied>> {
        let mut state = state.clone();
        self.assume(&mut state, expr, outcome);
        state.live.then(|| self.implied(&state))
    }

    /// Statements one after the other, until one does not go on.
    pub(crate) fn block(&mut self, state: &mut State, block: Block) {
        let module = self.module();
        for stmt in module.block(block) {
            if !state.live {
                return;
            }
            if self.work == 0 {
                self.cut = true;
                return;
            }
            self.work -= 1;
            if self.frames.len() > 1 {
                self.work_in_place = self.work_in_place.saturating_sub(1);
            }
            stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || {
                self.statement(state, *stmt);
            });
            if state.live
                && let Some(handler) = self.frame().handlers.last_mut()
            {
                match handler {
                    Some(before) => before.join_with(state),
                    none => *none = Some(state.clone()),
                }
            }
        }
    }

    fn statement(&mut self, state: &mut State, stmt: StmtId) {
        let module = self.module();
        match module[stmt] {
            Stmt::Expr(value) => {
                if !matches!(module[value], Expr::Str(_) | Expr::Ellipsis) {
                    self.unused = Some((self.at().module, value));
                    self.eval(state, value);
                    self.unused = None;
                }
            }
            Stmt::Assign { value, binds } => self.assign(state, value, binds),
            Stmt::Declare { .. } | Stmt::Pass => {}
            Stmt::Return(value) => {
                let (result, expr) = match value {
                    Some(value) => (self.eval(state, value.get()), Some(value.get())),
                    None => (Atom::None.into(), None),
                };
                if state.live {
                    let result = self.as_switched(result);
                    if let Some(expr) = expr {
                        self.check_returned(state, &result, expr);
                    }
                    self.leave(state, result, expr);
                }
            }
            Stmt::Raise { exception, cause } => {
                for (number, value) in [exception, cause].into_iter().enumerate() {
                    let Some(value) = value else { continue };
                    let raised = self.eval(state, value.get());
                    if number == 0
                        && self.quiet == 0
                        && let Some(known) = self.frame().raised.last_mut()
                    {
                        known.join(&raised);
                    }
                }
                self.thrown(state);
            }
            Stmt::If {
                test,
                body,
                orelse,
                outcome,
            } => self.branch(state, test, body, orelse, outcome),
            Stmt::While { test, body, orelse } => self.while_loop(state, test, body, orelse),
            Stmt::For {
                iter,
                binds,
                body,
                orelse,
            } => self.for_loop(state, iter, binds, body, orelse),
            Stmt::With {
                context,
                binds,
                body,
            } => {
                let manager = self.eval(state, context);
                // It swallows what the body raises: whatever was done until then, the program goes on behind it.
                let suppresses = manager.atoms().iter().any(|atom| {
                    matches!(atom, Atom::External(path) if path.as_str() == "contextlib.suppress()")
                });
                self.frame().held.push((context, manager));
                self.binds(state, binds);
                self.frame().held.pop();
                if suppresses && state.live {
                    let before = state.clone();
                    self.frame().handlers.push(Some(before));
                    self.block(state, body);
                    if let Some(thrown) = self.frame().handlers.pop().flatten() {
                        state.join(thrown);
                    }
                } else {
                    self.block(state, body);
                }
            }
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => self.try_statement(state, body, handlers, orelse, finalbody),
            Stmt::Match { subject, cases } => self.match_statement(state, subject, cases),
            Stmt::Function { function, def } => {
                let value = self.function_value(state, function);
                self.bind_name(state, def, value);
            }
            Stmt::Class { class, def } => {
                self.class_body(state, class);
                let at = self.at().module;
                self.bind_name(state, def, Atom::Class(at, class).into());
            }
            Stmt::Import(defs) => {
                let at = self.at().module;
                for def in module.defs_list(defs) {
                    let value = self.resolved(state, at, *def);
                    self.bind_name(state, *def, value);
                }
            }
            Stmt::Delete(list) => {
                for target in module.list(list) {
                    self.delete(state, *target);
                }
            }
            Stmt::Assert { test, message } => {
                self.eval(state, test);
                if let Some(message) = message {
                    let mut failed = state.clone();
                    self.assume(&mut failed, test, false);
                    if failed.live {
                        self.eval(&mut failed, message.get());
                    }
                }
                self.assume(state, test, true);
            }
            Stmt::Break => {
                let now = std::mem::replace(state, State::dead());
                self.frame().breaks.push(now);
            }
            Stmt::Continue => {
                let now = std::mem::replace(state, State::dead());
                self.frame().continues.push(now);
            }
        }
    }

    /// An exception leaves this point.
    pub(crate) fn thrown(&mut self, state: &mut State) {
        self.raises = true;
        let now = std::mem::replace(state, State::dead());
        if let Some(handler) = self.frame().handlers.last_mut() {
            match handler {
                Some(before) => before.join(now),
                none => *none = Some(now),
            }
        }
    }

    fn branch(
        &mut self,
        state: &mut State,
        test: ExprId,
        body: Block,
        orelse: Block,
        outcome: Option<bool>,
    ) {
        let value = self.eval(state, test);
        self.decides(&value);
        self.decided_by(state, test);
        let outcome = outcome.or_else(|| value.truth());
        let mut other = state.clone();
        if outcome == Some(false) {
            state.live = false;
        } else {
            self.assume(state, test, true);
        }
        if outcome == Some(true) {
            other.live = false;
        } else {
            self.assume(&mut other, test, false);
        }
        let switch = self.setting_asked(state, test);
        for (side, block, on) in [(&mut *state, body, true), (&mut other, orelse, false)] {
            if side.live {
                let switched = u32::from(switch == Some(on));
                self.switched += switched;
                self.block(side, block);
                self.switched -= switched;
            }
        }
        if state.live || other.live {
            state.join(other);
        } else {
            *state = State::dead();
        }
    }

    /// Times the loop at hand is walked: of a function that is walked in place its summary knows the rest.
    fn rounds(&self) -> u32 {
        if self.frames.len() > 1 || self.at().loops > MAX_LOOPS {
            1
        } else {
            MAX_ROUNDS
        }
    }

    fn while_loop(&mut self, state: &mut State, test: ExprId, body: Block, orelse: Block) {
        let breaks = std::mem::take(&mut self.frame().breaks);
        let continues = std::mem::take(&mut self.frame().continues);
        self.frame().loops += 1;
        let rounds = self.rounds();
        let mut never_false = false;
        for round in 0..rounds {
            let value = self.eval(state, test);
            never_false = value.truth() == Some(true);
            let mut inside = state.clone();
            if value.truth() == Some(false) {
                break;
            }
            self.assume(&mut inside, test, true);
            self.block(&mut inside, body);
            for back in std::mem::take(&mut self.frame().continues) {
                inside.join(back);
            }
            let before = state.clone();
            state.join(inside);
            if round > 0 {
                widen(state, &before);
            }
            if state.same(&before) {
                break;
            }
        }
        self.frame().loops -= 1;
        if never_false {
            *state = State::dead();
        } else {
            self.assume(state, test, false);
            if state.live {
                self.block(state, orelse);
            }
        }
        for out in std::mem::replace(&mut self.frame().breaks, breaks) {
            state.join(out);
        }
        self.frame().continues = continues;
    }

    fn for_loop(
        &mut self,
        state: &mut State,
        iter: ExprId,
        binds: List,
        body: Block,
        orelse: Block,
    ) {
        let iterated = self.eval(state, iter);
        let breaks = std::mem::take(&mut self.frame().breaks);
        let continues = std::mem::take(&mut self.frame().continues);
        self.frame().held.push((iter, iterated));
        self.frame().loops += 1;
        let rounds = self.rounds();
        let elements = self.elements_of(state, iter, binds);
        let mut of_each: Vec<(Value, Restriction)> = Vec::new();
        for round in 0..rounds {
            let mut inside = state.clone();
            self.binds(&mut inside, binds);
            self.block(&mut inside, body);
            for back in std::mem::take(&mut self.frame().continues) {
                inside.join(back);
            }
            of_each = if inside.live {
                let known = |element: &Value| {
                    let id = element.holes().first().map(|hole| hole.id);
                    id.map_or(Restriction::NONE, |id| inside.known_of(id))
                };
                let elements = elements.iter();
                elements
                    .map(|element| (element.clone(), known(element)))
                    .collect()
            } else {
                Vec::new()
            };
            let before = state.clone();
            state.join(inside);
            if round > 0 {
                widen(state, &before);
            }
            if state.same(&before) {
                break;
            }
        }
        // What held of the element whenever the body went on holds of all of them now.
        let lift = std::mem::replace(&mut self.lift, true);
        for (element, restriction) in of_each {
            self.restrict_value(state, &element, restriction);
        }
        self.lift = lift;
        self.frame().loops -= 1;
        self.frame().held.pop();
        self.block(state, orelse);
        for out in std::mem::replace(&mut self.frame().breaks, breaks) {
            state.join(out);
        }
        self.frame().continues = continues;
    }

    /// What a loop binds its only variable to, each hole of it apart.
    fn elements_of(&mut self, state: &State, iter: ExprId, binds: List) -> Vec<Value> {
        let module = self.module();
        let [bind] = module.binds(binds) else {
            return Vec::new();
        };
        if !matches!(bind.target, Target::Name(_))
            || !matches!(
                module[iter],
                Expr::Name { .. } | Expr::Attribute { .. } | Expr::Call { .. }
            )
        {
            return Vec::new();
        }
        let element = self.peek(&mut state.clone(), bind.value);
        element
            .holes()
            .iter()
            .map(|hole| Value::hole((**hole).clone()))
            .collect()
    }

    fn try_statement(
        &mut self,
        state: &mut State,
        body: Block,
        handlers: List,
        orelse: Block,
        finalbody: Block,
    ) {
        let module = self.module();
        let before = state.clone();
        // What leaves the function on the way passes `finally`.
        let outer_exit = (!finalbody.is_empty()).then(|| std::mem::take(&mut self.frame().exit));
        self.frame().handlers.push(Some(before));
        self.frame().raised.push(Value::nothing());
        self.block(state, body);
        let thrown = self.frame().handlers.pop().flatten();
        let raised = self.frame().raised.pop().unwrap_or_default();
        if state.live {
            self.block(state, orelse);
        }
        let mut caught = false;
        for handler in module.handlers(handlers) {
            caught = true;
            let Some(mut entry) = thrown.clone() else {
                continue;
            };
            if let Some(def) = handler.def {
                let value = match handler.types {
                    Some(types) => self.caught(&mut entry, types.get(), &raised),
                    None => Value::unknown(),
                };
                self.bind_name(&mut entry, def, value);
            }
            self.block(&mut entry, handler.body);
            if entry.live {
                state.join(entry);
            }
        }
        if let Some(outer) = outer_exit {
            self.pass_finally(outer, finalbody);
        }
        if !finalbody.is_empty() {
            if !caught && let Some(mut thrown) = thrown {
                // What `finally` does when an exception passes by.
                if !state.live {
                    self.block(&mut thrown, finalbody);
                    return;
                }
            }
            if state.live {
                self.block(state, finalbody);
            }
        }
    }

    /// What left the function inside of a `try` passes its `finally`, which may leave it with something else.
    fn pass_finally(&mut self, outer: Exit, finalbody: Block) {
        let mut inner = std::mem::replace(&mut self.frame().exit, outer);
        let yields = std::mem::take(&mut inner.yields);
        self.frame().exit.yields.join(&yields);
        let Some(mut left) = inner.state.take() else {
            return;
        };
        left.live = true;
        self.block(&mut left, finalbody);
        if !left.live {
            return;
        }
        let exit = &mut self.frame().exit;
        exit.value.join(&inner.value);
        for (known, more) in [
            (&mut exit.on_true, inner.on_true),
            (&mut exit.on_false, inner.on_false),
        ] {
            if let Some(more) = more {
                join_implied(known, more);
            }
        }
        match &mut exit.state {
            Some(state) => state.join(left),
            none => *none = Some(left),
        }
    }

    fn match_statement(&mut self, state: &mut State, subject: ExprId, cases: List) {
        let module = self.module();
        let value = self.eval(state, subject);
        self.decides(&value);
        self.frame().held.push((subject, value));
        let mut after = State::dead();
        for case in module.cases(cases) {
            if !state.live {
                break;
            }
            let mut inside = state.clone();
            let surely = self.matched(&mut inside, subject, case.pattern);
            if inside.live {
                if let Some(guard) = case.guard {
                    let truth = self.eval(&mut inside, guard.get()).truth();
                    if truth == Some(false) {
                        inside.live = false;
                    } else {
                        self.assume(&mut inside, guard.get(), true);
                    }
                }
                if inside.live {
                    self.block(&mut inside, case.body);
                    after.join(inside);
                }
            }
            if surely && case.guard.is_none() {
                state.live = false;
            }
        }
        self.frame().held.pop();
        if state.live {
            after.join(state.clone());
        }
        *state = after;
    }
}

/// The parameters among the alternatives of a value, a bit each.
fn parameters_of(value: &Value) -> u64 {
    let mut bits = 0;
    for atom in value.atoms() {
        if let Atom::Input(path) = atom
            && let Root::Param(index) = path.root
            && index < 64
        {
            bits |= 1 << index;
        }
    }
    bits
}

/// The same of parameters as they were given, not of their parts.
fn whole_parameters_of(value: &Value) -> u64 {
    let whole = |atom: &&Atom| matches!(atom, Atom::Input(path) if path.keys.is_empty());
    parameters_of(&Value::of(value.atoms().iter().filter(whole).cloned()))
}

/// What grows from round to round becomes a single hole.
fn widen(state: &mut State, before: &State) {
    for (frame, old) in state.frames.iter_mut().zip(&before.frames) {
        for number in frame.slots.differences(&old.slots).into_iter().flatten() {
            if frame.slots[number].1 == old.slots[number].1 {
                continue;
            }
            let value = &mut frame.slots[number].1;
            let texts = value
                .atoms()
                .iter()
                .filter(|atom| matches!(atom, Atom::Text(_)))
                .count();
            if texts > 1 {
                *value = value.clone().collapsed();
            }
            let constants = value
                .atoms()
                .iter()
                .filter(|atom| matches!(atom, Atom::Str(_) | Atom::Int(_)))
                .count();
            if constants > 3 {
                let kept = value
                    .atoms()
                    .iter()
                    .filter(|atom| !matches!(atom, Atom::Str(_) | Atom::Int(_)))
                    .cloned();
                *value = Value::of(kept.chain([Atom::Unknown]).collect::<Vec<_>>());
            }
        }
    }
}

fn join_implied(into: &mut Option<Vec<Implied>>, more: Vec<Implied>) {
    match into {
        None => *into = Some(more),
        Some(known) => known.retain_mut(|(path, restriction)| {
            let Some((_, other)) = more.iter().find(|(other, _)| other == path) else {
                return false;
            };
            *restriction = restriction.or(*other);
            *restriction != Restriction::NONE
        }),
    }
}

/// The key of an attribute of an input.
pub(crate) fn attr_key(attr: Symbol) -> Key {
    Key::Attr(attr)
}

pub(crate) use condition::host_is_fixed;
pub(crate) use instance::is_plain;
pub(crate) use native::is_path_of_host;
pub(crate) use report::looks_like;
pub(crate) use template::{Templates, autoescape_field, template_field};

//! Calls of functions of the project: by their summary, or in place where what is given decides what they do.

mod decorators;
mod export;
mod substitution;

use std::sync::Arc;

use hognose_python::ModuleId;
use hognose_python::ir::*;
use rustc_hash::FxHashMap;

use super::call::Arguments;
use super::{Exit, Frame, Interpreter, MAX_INLINED, MAX_NESTED, MAX_REACHES};
use crate::model::CallModel;
use crate::shape::{Facts, Hole, Restriction};
use crate::state::{Kind, Object, State, Vars};
use crate::summary::{Implied, Reach, Summary};
use crate::value::{Atom, InputPath, Key, ObjId, Origin, Root, Symbol, Value, Why, hash_id};

/// Longest function that is walked in place, in bytes of its text.
const MAX_IN_PLACE: usize = 3_000;

/// Length of a function, in bytes, whose walks in place are counted apart.
const SMALL: usize = 300;

/// Statements that have to be left for a walk in place.
const MIN_WORK: u32 = 400;

/// Calls inside of calls where nothing but a value is asked for.
const MAX_NESTED_QUIET: u32 = 2;

/// What a call costs of the work of its function, in statements.
const CALL_WORK: u32 = 4;

/// Calls between a function and a sink that one of its inputs reaches.
const MAX_DEPTH: u8 = 8;

impl Interpreter<'_, '_> {
    /// Puts a body on top of those at work.
    #[expect(clippy::too_many_arguments, reason = "what a body is entered with")]
    pub(crate) fn enter(
        &mut self,
        state: &mut State,
        module: ModuleId,
        scope: ScopeId,
        function: Option<FunctionId>,
        closure: Option<ObjId>,
        class: Option<(ModuleId, ClassId)>,
        site: u32,
    ) {
        let tag = match self.frames.last() {
            Some(outer) => hash_id(&(outer.tag, site)),
            None => 0,
        };
        let slots = self.setting.project.module(module)[scope].slots.len();
        if self.frames.is_empty() && state.frames.len() == 1 {
            state.frames[0] = Vars::unbound(slots);
        } else {
            state.frames.push(Vars::unbound(slots));
        }
        self.frames.push(Frame {
            module,
            scope,
            function,
            tag,
            closure,
            class,
            exit: Exit::default(),
            breaks: Vec::new(),
            continues: Vec::new(),
            handlers: Vec::new(),
            raised: Vec::new(),
            held: Vec::new(),
            loops: 0,
        });
    }

    /// Takes the body on top away.
    pub(super) fn exit(&mut self, state: &mut State) {
        self.frames.pop();
        if state.frames.len() > 1 {
            state.frames.pop();
        }
    }

    /// Calls a method that was found from a class, its receiver among the arguments.
    pub(super) fn call_found(
        &mut self,
        state: &mut State,
        (module, function): (ModuleId, FunctionId),
        class: (ModuleId, ClassId),
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        self.call_project(state, module, function, arguments, Some(class), None, expr)
    }

    /// Calls a function of the project.
    #[expect(clippy::too_many_arguments, reason = "what a call is made of")]
    pub(super) fn call_project(
        &mut self,
        state: &mut State,
        module: ModuleId,
        function: FunctionId,
        arguments: &Arguments,
        class: Option<(ModuleId, ClassId)>,
        closure: Option<ObjId>,
        expr: ExprId,
    ) -> Value {
        if let Some(path) = self
            .setting
            .facts
            .described
            .get(&(module, function))
            .copied()
            && let Some(value) =
                self.call_described(state, path, (module, function), arguments, expr)
        {
            return value;
        }
        // What is only looked at is not looked at through all that it runs.
        let deepest = if self.quiet > 0 {
            MAX_NESTED_QUIET
        } else {
            MAX_NESTED
        };
        if self.nested >= deepest || self.work < CALL_WORK {
            self.cut = true;
            return Value::unknown();
        }
        self.nested += 1;
        self.work -= CALL_WORK;
        let value =
            self.call_project_inner(state, module, function, arguments, class, closure, expr);
        self.nested -= 1;
        value
    }

    /// What a framework passes to a parameter that names who gives it: the result of a function, what a generator yields, an object
    /// of a class. `None` where nothing is known of it.
    pub(crate) fn given_by(
        &mut self,
        state: &mut State,
        callee: &Atom,
        param: &Param,
    ) -> Option<Value> {
        let expr = param.default.or(param.annotation)?;
        let mut given = self.call_value(state, &callee.clone().into(), &Arguments::default(), expr);
        if let Atom::Function(module, function) = callee
            && self.setting.project.module(*module)[*function].is_generator
        {
            given = self.iterated(state, &given, expr);
        }
        state.live = true;
        let known = given.atoms().iter().any(|atom| *atom != Atom::Unknown);
        known.then_some(given)
    }

    /// A call of a function of the project of which the user's own models speak. What they say of its result stands for
    /// the body.
    fn call_described(
        &mut self,
        state: &mut State,
        path: Symbol,
        of: (ModuleId, FunctionId),
        arguments: &Arguments,
        expr: ExprId,
    ) -> Option<Value> {
        let (receiver, arguments) = self.without_receiver(of, arguments);
        let model = self.call_model(path);
        let result = self.values.path_of_call(path);
        if self.trust(result).is_some() || model.is_some_and(CallModel::speaks_of_the_result) {
            return Some(self.call_external(state, path, receiver.as_ref(), &arguments, expr));
        }
        if let Some(model) = model {
            self.check_call(state, path, model, receiver.as_ref(), &arguments, expr);
            self.assume_returned(state, model, receiver.as_ref(), &arguments);
        }
        None
    }

    /// The object a method is called on, and what else it is given.
    fn without_receiver(
        &mut self,
        (module, function): (ModuleId, FunctionId),
        arguments: &Arguments,
    ) -> (Option<Value>, Arguments) {
        let mut rest = arguments.clone();
        let of_class = self.setting.project.module(module)[function]
            .class
            .is_some();
        if !of_class || rest.positional.is_empty() || self.is_static(module, function) {
            return (None, rest);
        }
        (Some(rest.positional.remove(0)), rest)
    }

    #[expect(clippy::too_many_arguments, reason = "what a call is made of")]
    fn call_project_inner(
        &mut self,
        state: &mut State,
        module: ModuleId,
        function: FunctionId,
        arguments: &Arguments,
        class: Option<(ModuleId, ClassId)>,
        closure: Option<ObjId>,
        expr: ExprId,
    ) -> Value {
        if closure.is_none()
            && let Some(callee) = self.decorated(state, module, function, expr)
        {
            return self.call_value(state, &callee, arguments, expr);
        }
        let data = &self.setting.project.module(module)[function];
        let params = self.bind_arguments(state, data, arguments, expr);
        let summary = self.summary_of(module, data.scope);
        if let Some(summary) = summary.as_deref().filter(|summary| summary.lists != 0) {
            for (number, value) in params.iter().enumerate().take(64) {
                if let Some(value) = value
                    .as_ref()
                    .filter(|_| summary.lists & (1 << number) != 0)
                {
                    self.lists(state, value);
                }
            }
        }
        let active = self
            .frames
            .iter()
            .filter(|frame| frame.module == module && frame.function == Some(function))
            .count();
        let fits = self.frames.len() < MAX_INLINED
            && active == 0
            && usize::from(data.range.len()) < MAX_IN_PLACE
            && self.work > MIN_WORK
            && self.work_in_place > 0
            && (self.walks > 0 || is_small(data) && self.small_walks > 0);
        if fits && self.is_worth_a_walk(state, data, summary.as_deref(), &params, closure) {
            if is_small(data) && self.small_walks > 0 {
                self.small_walks -= 1;
            } else {
                self.walks -= 1;
            }
            let class = class.or_else(|| data.class.map(|class| (module, class)));
            return self.walk_in_place(state, module, function, params, closure, class, expr);
        }
        match summary {
            Some(summary) => self.apply(state, &summary, module, function, &params, closure, expr),
            None => {
                if active > 0 {
                    // A recursive call gives nothing but what the other ways through the function give: the least solution is
                    // the right one.
                    return Value::nothing();
                }
                self.unknown_call(state, None, None, arguments, expr, 1)
            }
        }
    }

    /// Whether what is given may change what a function does for the caller.
    fn is_worth_a_walk(
        &self,
        state: &State,
        data: &Function,
        summary: Option<&Summary>,
        params: &[Option<Value>],
        closure: Option<ObjId>,
    ) -> bool {
        if closure.is_some() {
            return true;
        }
        let tainted = params.iter().flatten().any(|value| {
            value.atoms().iter().any(|atom| match atom {
                Atom::Text(_) | Atom::Input(_) => true,
                Atom::Object(id) => state.object(*id).is_some_and(|object| object.has_holes()),
                _ => false,
            })
        });
        let Some(summary) = summary else {
            // Called by way of the language, a special method, nobody knew in time that it is called.
            return self.quiet == 0 && (tainted || is_small(data));
        };
        for (number, (param, value)) in data.params.iter().zip(params).enumerate() {
            let bit = 1u64
                .checked_shl(u32::try_from(number).unwrap_or(64))
                .unwrap_or(0);
            let Some(value) = value else {
                // What is not given has its default; that decides whether a sink counts.
                if param.default.is_some()
                    && summary.decides & bit != 0
                    && tainted
                    && summary.undecided
                {
                    return true;
                }
                continue;
            };
            for atom in value.atoms() {
                let worth = match atom {
                    Atom::None | Atom::Bool(_) | Atom::Int(_) | Atom::Str(_) => {
                        summary.decides & bit != 0 && summary.matters()
                    }
                    Atom::Function(..) | Atom::Class(..) => {
                        (summary.calls | summary.decides) & bit != 0
                    }
                    Atom::Object(_) if summary.lists & bit != 0 && tainted => true,
                    Atom::Object(id) => {
                        summary.calls & bit != 0
                            && match state.object(*id).map(|object| &object.kind) {
                                Some(Kind::Closure(..) | Kind::Bound | Kind::Partial) => true,
                                Some(Kind::Instance(..)) => tainted,
                                _ => tainted && summary.matters(),
                            }
                    }
                    // `run(cursor, statement)`: which methods are called there is known here.
                    Atom::External(_) => {
                        summary.calls & bit != 0
                            && tainted
                            && !value
                                .atoms()
                                .iter()
                                .any(|atom| matches!(atom, Atom::Text(_)))
                    }
                    _ => false,
                };
                if worth {
                    return true;
                }
            }
        }
        false
    }

    /// Values of the parameters, by index; `None` for those without argument and default.
    fn bind_arguments(
        &mut self,
        state: &mut State,
        data: &Function,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Vec<Option<Value>> {
        let mut params: Vec<Option<Value>> = vec![None; data.params.len()];
        let mut taken: Vec<Symbol> = Vec::new();
        let mut next = arguments.positional.iter();
        let mut unpacked = 0;
        for (number, param) in data.params.iter().enumerate() {
            // What is unpacked may end before, and the name may be among the keywords.
            let mut from_star = false;
            match param.kind {
                ParamKind::PositionalOnly | ParamKind::Positional => {
                    if let Some(value) = next.next() {
                        params[number] = Some(value.clone());
                    } else if let Some(value) = arguments.named(param.name) {
                        taken.push(param.name);
                        params[number] = Some(value);
                    } else if let Some(star) = &arguments.star {
                        params[number] = Some(self.element_at(star, unpacked));
                        from_star = true;
                        unpacked = unpacked.saturating_add(1);
                    }
                }
                ParamKind::KeywordOnly => {
                    if let Some(value) = arguments.named(param.name) {
                        taken.push(param.name);
                        params[number] = Some(value);
                    }
                }
                ParamKind::Star => {
                    let mut object =
                        Object::sequence(Kind::Tuple, next.by_ref().cloned().collect());
                    if let Some(star) = &arguments.star {
                        object.blur();
                        object.rest.join(star);
                    }
                    let site = self.site(expr);
                    let id = self.object_at(site, 100 + u32::try_from(number).unwrap_or(0));
                    state.allocate(id, object);
                    params[number] = Some(Atom::Object(id).into());
                }
                ParamKind::DoubleStar => {
                    let mut object = Object::new(Kind::Dict);
                    for (name, value) in &arguments.keywords {
                        if !taken.contains(name)
                            && !data.params.iter().any(|param| {
                                param.name == *name
                                    && !matches!(param.kind, ParamKind::PositionalOnly)
                            })
                        {
                            object.set_field(*name, value.clone());
                        }
                    }
                    if let Some(map) = &arguments.double_star {
                        self.merge_into(state, &mut object, map);
                    }
                    let site = self.site(expr);
                    let id = self.object_at(site, 100 + u32::try_from(number).unwrap_or(0));
                    state.allocate(id, object);
                    params[number] = Some(Atom::Object(id).into());
                }
            }
            if (params[number].is_none() || from_star)
                && let Some(map) = &arguments.double_star
                && !matches!(param.kind, ParamKind::Star | ParamKind::DoubleStar)
            {
                let map = map.clone();
                let value = self.item(state, &map, &Value::text(param.name.as_str()), expr);
                if !value.atoms().iter().all(|atom| *atom == Atom::Unknown) {
                    params[number]
                        .get_or_insert_with(Value::nothing)
                        .join(&value);
                }
            }
        }
        params
    }

    /// The element of a sequence that is unpacked, where some element of an input stands for it: `def f(*args): return g(*args)`.
    pub(super) fn element_at(&mut self, element: &Value, index: i32) -> Value {
        let atoms = element.atoms().to_vec();
        Value::of(
            atoms
                .into_iter()
                .map(|atom| match atom {
                    Atom::Input(path) if path.keys.last() == Some(&Key::Any) => {
                        let mut keys = path.keys.clone();
                        keys.pop();
                        keys.push(Key::Index(index));
                        self.input(InputPath::new(path.root, keys))
                    }
                    other => other,
                })
                .collect::<Vec<_>>(),
        )
    }

    /// Values of defaults, evaluated where the function stands, once.
    fn default_of(
        &mut self,
        state: &mut State,
        module: ModuleId,
        param: &Param,
        closure: Option<ObjId>,
    ) -> Value {
        if let Some(kept) = closure
            .and_then(|closure| state.object(closure))
            .and_then(|object| object.field(default_name(param.name)))
        {
            return kept.clone();
        }
        match param.default {
            Some(default) => {
                // A container is the same one in every call.
                let kind = match self.setting.project.module(module)[default] {
                    Expr::ListOf(list) if list.is_empty() => Some(Kind::List),
                    Expr::Dict(list) if list.is_empty() => Some(Kind::Dict),
                    _ => None,
                };
                if let Some(kind) = kind {
                    let site = hash_id(&(module.0, default.0, 27u8));
                    let id = self.object_at(site, 0);
                    if state.object(id).is_none() {
                        state.allocate(id, Object::new(kind));
                    }
                    return Atom::Object(id).into();
                }
                let values = self.values.eval(module, default);
                self.from_evaluated(values)
            }
            None => Value::unknown(),
        }
    }

    /// Walks a function with what it is given, in the caller's heap.
    #[expect(clippy::too_many_arguments, reason = "what a call is made of")]
    fn walk_in_place(
        &mut self,
        state: &mut State,
        module: ModuleId,
        function: FunctionId,
        params: Vec<Option<Value>>,
        closure: Option<ObjId>,
        class: Option<(ModuleId, ClassId)>,
        expr: ExprId,
    ) -> Value {
        let data = &self.setting.project.module(module)[function];
        let site = self.site(expr);
        let place = self.place(expr);
        let name = data.name;
        let mut bound = Vec::with_capacity(params.len());
        for (param, value) in data.params.iter().zip(params) {
            let value = match value {
                Some(value) => super::assign::with_step(value, |taint| {
                    taint.trail = taint.trail.step(place, Why::Passed(name));
                }),
                None => self.default_of(state, module, param, closure),
            };
            bound.push(value);
        }
        let depth = state.frames.len();
        self.enter(
            state,
            module,
            data.scope,
            Some(function),
            closure,
            class,
            site,
        );
        for (param, value) in data.params.iter().zip(bound) {
            let slot = self.setting.project.module(module)[param.def].slot;
            if let Some(known) = state.vars().slots.get_mut(slot.index()) {
                *known = (param.def, value);
            }
        }
        self.body(state, data.body);
        let Some(frame) = self.frames.pop() else {
            return Value::unknown();
        };
        let exit = frame.exit;
        match exit.state {
            Some(left) => {
                *state = left;
                state.frames.truncate(depth);
                state.live = true;
            }
            None => {
                state.frames.truncate(depth);
                state.live = false;
                if !data.is_generator {
                    return Value::nothing();
                }
                state.live = true;
            }
        }
        let value = if data.is_generator {
            let mut object = Object::new(Kind::List);
            object.exact = false;
            object.rest = exit.yields;
            self.make(state, expr, object)
        } else {
            exit.value
        };
        super::assign::with_step(value, |taint| {
            taint.trail = taint.trail.step(place, Why::Returned(name));
        })
    }

    // Summaries.

    /// Does to the state what a summary says, and gives what it returns.
    #[expect(clippy::too_many_arguments, reason = "what a call is made of")]
    fn apply(
        &mut self,
        state: &mut State,
        summary: &Summary,
        module: ModuleId,
        function: FunctionId,
        params: &[Option<Value>],
        closure: Option<ObjId>,
        expr: ExprId,
    ) -> Value {
        // What is taken in costs as much as it is large.
        let cost =
            summary.reaches.len() / 2 + summary.returns.heap.len() / 4 + summary.writes.len() / 2;
        self.work = self
            .work
            .saturating_sub(u32::try_from(cost).unwrap_or(u32::MAX));
        let data = &self.setting.project.module(module)[function];
        let mut given = Vec::with_capacity(params.len());
        for (param, value) in data.params.iter().zip(params) {
            given.push(match value {
                Some(value) => value.clone(),
                None => self.default_of(state, module, param, closure),
            });
        }
        let mut substitution = Substitution {
            params: given,
            module,
            closure,
            name: data.name,
            expr,
            known: FxHashMap::default(),
            holes: FxHashMap::default(),
        };
        for (number, value) in (0..64).zip(&substitution.params) {
            if summary.asks >> number & 1 == 1 {
                self.asks |= super::whole_parameters_of(value);
            }
        }
        let models = self.setting.models;
        let tainted = substitution.params.iter().any(|value| {
            value.has_holes()
                || value.atoms().iter().any(|atom| match atom {
                    Atom::Object(_) | Atom::Instance(..) => true,
                    // An upload, a request: what the function takes of it comes from outside.
                    Atom::External(path) => models.source_objects.contains_key(path.as_str()),
                    _ => false,
                })
        }) || matches!(
            self.setting.project.module(module)[data.parent].kind,
            ScopeKind::Function(_)
        );
        if tainted && self.quiet == 0 {
            for reach in &summary.reaches {
                if reach.depth >= MAX_DEPTH {
                    self.cut = true;
                    continue;
                }
                if !self.may_reach(state, &mut substitution, reach) {
                    continue;
                }
                let value = self.substitute(state, &mut substitution, &reach.value, None);
                if value.has_holes() {
                    self.reached(
                        reach.sink,
                        reach.place,
                        reach.callee,
                        value,
                        reach.depth + 1,
                    );
                }
            }
        }
        if tainted && self.quiet == 0 {
            for sighting in &summary.watched {
                if sighting.depth >= MAX_DEPTH {
                    continue;
                }
                let value = self.substitute(state, &mut substitution, &sighting.value, None);
                let mut settled = Vec::new();
                for hole in &sighting.settled {
                    let given =
                        self.substitute(state, &mut substitution, &Self::as_text(hole), None);
                    settled.extend(given.holes());
                }
                self.sighted(crate::watch::Sighting {
                    value,
                    settled,
                    depth: sighting.depth + 1,
                    ..sighting.clone()
                });
            }
        }
        if tainted && self.quiet == 0 {
            for (path, written) in &summary.writes {
                self.write_through(state, &mut substitution, path, written);
            }
        }
        if tainted {
            for (path, restriction) in &summary.on_return {
                let value = self.resolve(state, &mut substitution, path);
                self.restrict_value(state, &value, *restriction);
            }
        }
        if summary.stops {
            state.live = false;
            return Value::nothing();
        }
        if let Some(yields) = &summary.yields {
            let element = self.import_substituted(state, &mut substitution, yields);
            let mut object = Object::new(Kind::List);
            object.exact = false;
            object.rest = element;
            return self.make(state, expr, object);
        }
        let value = self.import_substituted(state, &mut substitution, &summary.returns);
        let (place, name) = (self.place(expr), data.name);
        super::assign::with_step(value, |taint| {
            taint.trail = taint.trail.step(place, Why::Returned(name));
        })
    }

    /// Whether something of what is given may be left where it reaches a sink, and would be kept: of inputs nothing more is where
    /// there are enough of them.
    fn may_reach(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        reach: &Reach,
    ) -> bool {
        let full = self.reaches.len() >= MAX_REACHES;
        self.cut |= full;
        let counts = |value: &Value| {
            if full {
                value.has_sources()
            } else {
                value.has_holes()
            }
        };
        let mut open = |this: &mut Self, path: &Arc<InputPath>| {
            let given = this.resolve(state, substitution, path);
            given.atoms().iter().any(|atom| match atom {
                Atom::None
                | Atom::Bool(_)
                | Atom::Int(_)
                | Atom::Str(_)
                | Atom::Scalar
                | Atom::Unknown
                | Atom::Function(..)
                | Atom::Module(_) => false,
                Atom::Object(id) => state.object(*id).is_some_and(|object| {
                    matches!(object.kind, Kind::Instance(..))
                        || object
                            .parts()
                            .any(|part| counts(part) || part.has_objects())
                }),
                Atom::Text(_) | Atom::Input(_) => counts(&given),
                Atom::Class(..) | Atom::Instance(..) | Atom::External(_) => true,
            })
        };
        reach.value.atoms().iter().any(|atom| match atom {
            Atom::Input(path) => open(self, path),
            Atom::Text(text) => crate::shape::holes(text).any(|hole| {
                hole.taints.iter().any(|taint| match &taint.origin {
                    Origin::Source(_) => true,
                    Origin::Input(path) => open(self, path),
                })
            }),
            _ => false,
        })
    }

    /// What a summary says of its inputs when the result is true or false, for the caller's.
    pub(super) fn assume_summary(
        &mut self,
        state: &mut State,
        module: ModuleId,
        function: FunctionId,
        arguments: &Arguments,
        outcome: bool,
        expr: ExprId,
    ) {
        if let Some(path) = self
            .setting
            .facts
            .described
            .get(&(module, function))
            .copied()
        {
            let (receiver, arguments) = self.without_receiver((module, function), arguments);
            self.assume_external(state, path, receiver.as_ref(), &arguments, outcome);
        }
        let data = &self.setting.project.module(module)[function];
        let Some(summary) = self.summary_of(module, data.scope) else {
            return;
        };
        let implied = if outcome {
            &summary.on_true
        } else {
            &summary.on_false
        };
        // A result that is obeyed, of a function that may find nothing: what it looked for may be what it wants.
        let found = outcome && summary.asks != 0 && summary.may_find_nothing();
        if implied.is_empty() && !found {
            return;
        }
        let params = self.bind_arguments(state, data, arguments, expr);
        let mut substitution = Substitution {
            params: params
                .into_iter()
                .map(|value| value.unwrap_or_else(Value::unknown))
                .collect(),
            module,
            closure: None,
            name: data.name,
            expr,
            known: FxHashMap::default(),
            holes: FxHashMap::default(),
        };
        for (path, restriction) in implied {
            let value = self.resolve(state, &mut substitution, path);
            self.restrict_value(state, &value, *restriction);
        }
        if !found {
            return;
        }
        for (number, value) in (0..64).zip(&substitution.params) {
            let told = |(path, _): &Implied| path.root == Root::Param(number);
            if summary.asks >> number & 1 == 1 && !implied.iter().any(told) {
                self.restrict_value(state, value, Restriction::facts(Facts::ASKED_YES));
            }
        }
    }
}

/// Whether a walk of a function costs about what its summary does: wrappers and other decorators' functions.
fn is_small(function: &Function) -> bool {
    usize::from(function.range.len()) < SMALL
}

/// Under which a closure keeps the default of a parameter.
fn default_name(param: Symbol) -> Symbol {
    Symbol::from(format!("\u{0}{param}"))
}

/// What the inputs of a callee are at a call.
struct Substitution {
    params: Vec<Value>,
    module: ModuleId,
    closure: Option<ObjId>,
    name: Symbol,
    expr: ExprId,
    /// By input, as it was when it was first asked for.
    known: FxHashMap<Arc<InputPath>, Value>,
    /// The holes in them.
    holes: FxHashMap<Arc<InputPath>, Arc<[Arc<Hole>]>>,
}

impl Substitution {
    /// A parameter as it was given.
    fn given(&self, number: u16) -> Value {
        let given = self.params.get(usize::from(number));
        given
            .filter(|value| !value.is_nothing())
            .cloned()
            .unwrap_or_else(Value::unknown)
    }
}

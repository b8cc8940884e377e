//! Calls of functions of the project: by their summary, or in place where what is given decides what they do.

use std::sync::Arc;

use hognose_python::ModuleId;
use hognose_python::ir::*;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use symbol_table::{GlobalSymbol, static_symbol};

use super::call::Arguments;
use super::{Exit, Frame, Interpreter, MAX_INLINED, MAX_NESTED, MAX_REACHES};
use crate::model::CallModel;
use crate::shape::{
    Alphabet, Facts, Hole, Restriction, Stretch, add_taints, add_taints_by, concat,
};
use crate::state::{Kind, Object, State, Vars};
use crate::summary::{Exported, Implied, Reach, Summary};
use crate::value::{Atom, InputPath, Key, ObjId, Origin, Root, Symbol, Taint, Value, Why, hash_id};

/// Longest function that is walked in place, in bytes of its text.
const MAX_IN_PLACE: usize = 5_000;

/// Length of a function, in bytes, whose walks in place are counted apart.
const SMALL: usize = 300;

/// Statements that have to be left for a walk in place.
const MIN_WORK: u32 = 400;

/// Calls inside of calls where nothing but a value is asked for.
const MAX_NESTED_QUIET: u32 = 2;

/// What a call costs of the work of its function, in statements.
const CALL_WORK: u32 = 4;

/// Objects of a value that leaves its function.
const MAX_EXPORTED: usize = 12;

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
            state.frames[0] = State::new(slots).frames[0].clone();
        } else {
            state.frames.push(Vars {
                slots: vec![(crate::state::SEVERAL, Value::nothing()); slots].into(),
            });
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

    /// A function as a value: with what it captures, when it stands in another one.
    pub(super) fn function_value(&mut self, state: &mut State, function: FunctionId) -> Value {
        let module = self.module();
        let at = self.at().module;
        let data = &module[function];
        let mut defaults = Vec::new();
        for param in &data.params {
            if let Some(default) = param.default {
                defaults.push((param.name, self.eval(state, default)));
            }
        }
        let inside = !matches!(module[data.parent].kind, ScopeKind::Module)
            && self
                .frames
                .iter()
                .any(|frame| frame.module == at && frame.function.is_some());
        if !inside {
            let value = Atom::Function(at, function).into();
            self.registered(state, function, &value);
            return value;
        }
        let mut object = Object::new(Kind::Closure(at, function, data.parent));
        for (name, value) in defaults {
            object.set_field(default_name(name), value);
        }
        // What is captured, as it is now: the variables may be gone when the function runs. Functions in it capture through it.
        let mut scopes = vec![data.scope];
        let nested = module
            .functions
            .iter()
            .filter(|other| data.range.contains_range(other.range) && other.scope != data.scope);
        scopes.extend(nested.map(|other| other.scope));
        let slots = scopes.iter().flat_map(|scope| &module[*scope].slots);
        for slot in slots {
            if slot.bound || object.field(slot.name).is_some() {
                continue;
            }
            let mut around = Some(data.parent);
            while let Some(scope) = around {
                if let Some(number) = module[scope].names.get(&slot.name)
                    && module[scope].slots[number.index()].bound
                    && !matches!(module[scope].kind, ScopeKind::Class(_))
                {
                    if scope == Module::TOP {
                        break;
                    }
                    let value = match self.frame_of(scope) {
                        Some(depth) => state.frames[depth]
                            .slots
                            .get(number.index())
                            .map(|(_, value)| value.clone()),
                        None => self
                            .at()
                            .closure
                            .and_then(|closure| state.object(closure))
                            .and_then(|object| object.field(slot.name))
                            .cloned(),
                    };
                    if let Some(value) = value.filter(|value| !value.is_nothing()) {
                        object.set_field(slot.name, value);
                    }
                    break;
                }
                around = module[scope].parent;
            }
        }
        let site = hash_id(&(at.0, function.0, self.at().tag, 2u8));
        let id = self.object_at(site, 0);
        if self.quiet == 0 || state.object(id).is_none() {
            if let Some(known) = state.heap.get_mut(id.0 as usize) {
                *known = None;
            }
            state.allocate(id, object);
        }
        let mut value = Value::from(Atom::Object(id));
        let decorators = data.decorators.clone();
        for decorator in decorators.iter().rev() {
            let decorator = self.eval(state, *decorator);
            if !self.is_project_callable(state, &decorator) {
                continue;
            }
            let made = self.call_value(
                state,
                &decorator,
                &Arguments::of(&[value.clone()]),
                *decorators.first().unwrap_or(&ExprId(0)),
            );
            if self.is_project_callable(state, &made) {
                value = made;
            }
        }
        value
    }

    /// Runs the decorators of a function of a module for what they do: keep it in a table. What they make of it is found at
    /// its calls.
    fn registered(&mut self, state: &mut State, function: FunctionId, value: &Value) {
        let module = self.module();
        if self.frames.len() != 1 || self.at().function.is_some() {
            return;
        }
        for decorator in module[function].decorators.iter().rev() {
            let callee = self.eval(state, *decorator);
            if self.is_project_callable(state, &callee) {
                let mut aside = state.clone();
                self.call_value(
                    &mut aside,
                    &callee,
                    &Arguments::of(std::slice::from_ref(value)),
                    *decorator,
                );
                if aside.live {
                    state.heap = aside.heap;
                }
            }
        }
    }

    /// Whether some alternative is a function or object of the project that can be called.
    pub(super) fn is_project_callable(&self, state: &State, value: &Value) -> bool {
        value.atoms().iter().any(|atom| match atom {
            Atom::Function(..) | Atom::Class(..) => true,
            Atom::Object(id) => matches!(
                state.object(*id).map(|object| &object.kind),
                Some(Kind::Closure(..) | Kind::Instance(..) | Kind::Partial | Kind::Bound)
            ),
            _ => false,
        })
    }

    /// A module-level function as its decorators left it; `None` where none of the project changes it.
    fn decorated(
        &mut self,
        state: &mut State,
        module: ModuleId,
        function: FunctionId,
        expr: ExprId,
    ) -> Option<Value> {
        let data = &self.setting.project.module(module)[function];
        if data.decorators.is_empty() || self.frames.len() > MAX_INLINED {
            return None;
        }
        let mut changed = None;
        for decorator in data.decorators.iter().rev() {
            if self.gives_back(module, *decorator) {
                continue;
            }
            let values = self.values.eval(module, *decorator);
            let callee = match self.setting.project.module(module)[*decorator] {
                Expr::Call { func, .. } => {
                    let values = self.values.eval(module, func);
                    self.from_evaluated(values)
                }
                _ => self.from_evaluated(values),
            };
            if !callee
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Function(..) | Atom::Class(..)))
            {
                continue;
            }
            let raw = match changed.take() {
                Some(value) => value,
                None => {
                    let object = Object::new(Kind::Closure(module, function, data.parent));
                    let site = hash_id(&(module.0, function.0, 31u8));
                    let id = self.object_at(site, 0);
                    state.allocate(id, object);
                    Value::from(Atom::Object(id))
                }
            };
            let decorator_value = match self.setting.project.module(module)[*decorator] {
                Expr::Call { args, .. } => {
                    let arguments = self.constant_arguments(module, args);
                    self.call_value(state, &callee, &arguments, expr)
                }
                _ => callee,
            };
            if !self.is_project_callable(state, &decorator_value) {
                changed = None;
                continue;
            }
            let made = self.call_value(
                state,
                &decorator_value,
                &Arguments::of(std::slice::from_ref(&raw)),
                expr,
            );
            if self.is_project_callable(state, &made) {
                changed = Some(made);
            }
        }
        changed
    }

    /// Whether a decorator of the project gives back the function it was given: one that marks or registers it.
    fn gives_back(&mut self, module: ModuleId, decorator: ExprId) -> bool {
        let called = self.values.eval(module, decorator);
        !called.is_empty()
            && called.into_iter().all(|called| match called {
                hognose_python::Value::Function(at, function) => {
                    let home = self.setting.project.module(at);
                    let data = &home[function];
                    // A method is given its receiver first, where nothing changes how it is called.
                    let plain = data.class.is_none() || data.decorators.is_empty();
                    plain && returns_parameter(home, function, u16::from(data.class.is_some()))
                }
                hognose_python::Value::Instance(at, class) => self
                    .find_method(at, class, static_symbol!("__call__"), false)
                    .is_some_and(|(at, function)| {
                        returns_parameter(self.setting.project.module(at), function, 1)
                    }),
                _ => false,
            })
    }

    /// Arguments of a decorator, as far as they are constants and functions.
    fn constant_arguments(&mut self, module: ModuleId, args: List) -> Arguments {
        let mut all = Arguments::default();
        for argument in self.setting.project.module(module).args(args) {
            let values = self.values.eval(module, argument.value);
            let value = self.from_evaluated(values);
            match argument.kind {
                ArgKind::Positional => all.positional.push(value),
                ArgKind::Keyword(name) => all.keywords.push((name, value)),
                _ => all.star = Some(Value::unknown()),
            }
        }
        all
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
                        object.exact = false;
                        for item in std::mem::take(&mut object.items) {
                            object.rest.join(&item);
                        }
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
    fn element_at(&mut self, element: &Value, index: i32) -> Value {
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
        let tainted = substitution.params.iter().any(|value| {
            value.has_holes()
                || value
                    .atoms()
                    .iter()
                    .any(|atom| matches!(atom, Atom::Object(_) | Atom::Instance(..)))
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
        if tainted {
            for (path, written) in &summary.writes {
                let value = self.import_substituted(state, &mut substitution, written);
                self.write_through(state, &mut substitution, path, value);
            }
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

    /// What an input of the callee is for the caller.
    fn resolve(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        path: &Arc<InputPath>,
    ) -> Value {
        if let Some(known) = substitution.known.get(path) {
            return known.clone();
        }
        let mut value = match path.root {
            Root::Param(number) => substitution
                .params
                .get(usize::from(number))
                .cloned()
                .unwrap_or_else(Value::unknown),
            Root::Captured(scope, slot) => {
                let here = self.at().module == substitution.module;
                // What a function of another module captured, met by a walk in place, is nobody's here.
                let home = self.setting.project.module(substitution.module);
                let captured = home
                    .scopes
                    .get(scope.0 as usize)
                    .and_then(|scope| scope.slots.get(slot.index()));
                let Some(name) = captured.map(|slot| slot.name) else {
                    return Value::unknown();
                };
                if here && let Some(depth) = self.frame_of(scope) {
                    state.frames[depth]
                        .slots
                        .get(slot.index())
                        .map(|(_, value)| value.clone())
                        .unwrap_or_default()
                } else if let Some(value) = substitution
                    .closure
                    .and_then(|closure| state.object(closure))
                    .and_then(|object| object.field(name))
                {
                    value.clone()
                } else if here && self.is_around(scope) {
                    let atom = self.input(InputPath::whole(path.root));
                    atom.into()
                } else {
                    Value::unknown()
                }
            }
        };
        self.quiet += 1;
        for key in &path.keys {
            value = match key {
                Key::Attr(attr) => self.attribute(state, &value, *attr, substitution.expr),
                Key::Item(name) => {
                    let key = Atom::Str(*name).into();
                    self.item(state, &value, &key, substitution.expr)
                }
                Key::Index(index) => {
                    let key = Atom::Int(i64::from(*index)).into();
                    self.item(state, &value, &key, substitution.expr)
                }
                Key::Any => self.iterated(state, &value, substitution.expr),
                Key::Value => self.mapped_values(state, &value, substitution.expr),
            };
        }
        self.quiet -= 1;
        if value.is_nothing() {
            value = Value::unknown();
        }
        substitution.known.insert(Arc::clone(path), value.clone());
        value
    }

    /// Whether a scope lies around the one at hand.
    fn is_around(&self, scope: ScopeId) -> bool {
        let module = self.module();
        let mut around = module[self.at().scope].parent;
        while let Some(outer) = around {
            if outer == scope {
                return true;
            }
            around = module[outer].parent;
        }
        false
    }

    /// A value of the callee, for the caller.
    fn substitute(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        value: &Value,
        objects: Option<&[ObjId]>,
    ) -> Value {
        if !value.has_holes() && !value.has_objects() {
            return value.clone();
        }
        let mut result = Value::nothing();
        let is_input = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Input(_)));
        for atom in value.atoms() {
            match atom {
                // What class the callee knew an input to have; the caller knows the object.
                Atom::Instance(..) if is_input => {}
                Atom::Input(path) => {
                    let value = self.resolve(state, substitution, path);
                    result.join(&value);
                }
                Atom::Text(text) => {
                    let mut parts: Vec<Value> = Vec::with_capacity(text.len());
                    for stretch in text.iter() {
                        parts.push(match stretch {
                            Stretch::Hole(hole) => self.substitute_hole(state, substitution, hole),
                            other => Value::stretches(vec![other.clone()]),
                        });
                    }
                    let text = match parts.as_slice() {
                        [one] => one.clone(),
                        many => self.joined_texts(state, many),
                    };
                    result.join(&text);
                }
                Atom::Object(id) => match objects.and_then(|objects| objects.get(id.0 as usize)) {
                    Some(id) => result.add(Atom::Object(*id)),
                    None => result.add(Atom::Unknown),
                },
                other => result.add(other.clone()),
            }
        }
        if is_input
            && !result
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Object(_)))
        {
            for atom in value.atoms() {
                if matches!(atom, Atom::Instance(..)) {
                    result.add(atom.clone());
                }
            }
        }
        result
    }

    fn substitute_hole(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        hole: &Arc<Hole>,
    ) -> Value {
        let site = self.site(substitution.expr);
        let place = self.place(substitution.expr);
        let name = substitution.name;
        // An input that is used as it is.
        if let [taint] = hole.taints.as_slice()
            && let Origin::Input(path) = &taint.origin
            && hole.id == path.id()
        {
            let actual = self.resolve(state, substitution, path);
            let mut result = Value::nothing();
            for text in self.texts_of(state, &actual) {
                let text: Vec<Stretch> = text
                    .iter()
                    .map(|stretch| match stretch {
                        Stretch::Hole(given) => {
                            let mut given = (**given).clone();
                            given.alphabet = given.alphabet.intersect(hole.alphabet);
                            given.facts |= hole.facts;
                            given.cleaned.0 |= hole.cleaned.0;
                            given.doubt = given.doubt.max(hole.doubt);
                            for known in &mut given.taints {
                                known.trail = known
                                    .trail
                                    .step(place, Why::Passed(name))
                                    .then(&taint.trail);
                            }
                            Stretch::Hole(Arc::new(given))
                        }
                        other => other.clone(),
                    })
                    .collect();
                result.join(&Value::stretches(concat([text.as_slice()])));
            }
            return result;
        }
        let mut taints: SmallVec<[Taint; 1]> = SmallVec::new();
        let mut doubt = hole.doubt;
        let mut facts = hole.facts;
        let mut cleaned = hole.cleaned;
        let mut limit = Alphabet::NONE;
        let mut base = None;
        for taint in &hole.taints {
            match &taint.origin {
                Origin::Source(_) => {
                    add_taints(&mut taints, std::slice::from_ref(taint));
                    limit = Alphabet::ALL;
                }
                Origin::Input(path) => {
                    let found = self.holes_given(state, substitution, path);
                    for given in &*found {
                        add_taints_by(&mut taints, &given.taints, |way| {
                            way.step(place, Why::Passed(name)).then(&taint.trail)
                        });
                        doubt = doubt.max(given.doubt.saturating_add(hole.doubt));
                        limit = limit.union(given.alphabet);
                        facts |= Facts(given.facts.0 & Facts::STRUCTURE.0);
                        cleaned.0 |= given.cleaned.0;
                    }
                    if let [given] = &*found
                        && let Some((part, of)) = hole.part
                        && of == path.id()
                    {
                        base = Some((part, given.id));
                    }
                }
            }
        }
        if taints.is_empty() {
            // A part of a known text is known to be harmless.
            return Value::unknown();
        }
        let alphabet = if hole.part.is_some() {
            hole.alphabet.intersect(limit)
        } else {
            hole.alphabet
        };
        Value::hole(Hole {
            id: hash_id(&(hole.id, site)),
            taints,
            alphabet,
            facts,
            cleaned,
            part: base,
            doubt,
        })
    }

    /// The holes in what an input of the callee is for the caller.
    fn holes_given(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        path: &Arc<InputPath>,
    ) -> Arc<[Arc<Hole>]> {
        if let Some(known) = substitution.holes.get(path) {
            return Arc::clone(known);
        }
        let actual = self.resolve(state, substitution, path);
        let found: Arc<[Arc<Hole>]> = self.deep_holes(state, &actual).into();
        let key = Arc::clone(path);
        substitution.holes.insert(key, Arc::clone(&found));
        found
    }

    /// Takes in a value of the callee with its objects.
    fn import_substituted(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        exported: &Exported,
    ) -> Value {
        let site = hash_id(&(self.site(substitution.expr), 77u8));
        let objects: Vec<ObjId> = (0..exported.heap.len())
            .map(|number| self.object_at(site, u32::try_from(number).unwrap_or(u32::MAX)))
            .collect();
        for (object, id) in exported.heap.iter().zip(&objects) {
            if self.quiet > 0 && state.object(*id).is_some() {
                continue;
            }
            if !object.has_holes() && !object.has_objects() {
                state.allocate(*id, Arc::clone(object));
                continue;
            }
            let mut copy = Object {
                kind: object.kind.clone(),
                items: Vec::with_capacity(object.items.len()),
                exact: object.exact,
                fields: SmallVec::new(),
                rest: self.substitute(state, substitution, &object.rest, Some(&objects)),
                keys: self.substitute(state, substitution, &object.keys, Some(&objects)),
                many: object.many,
            };
            for item in &object.items {
                copy.items
                    .push(self.substitute(state, substitution, item, Some(&objects)));
            }
            for (name, value) in &object.fields {
                copy.fields.push((
                    *name,
                    self.substitute(state, substitution, value, Some(&objects)),
                ));
            }
            state.allocate(*id, copy);
        }
        self.substitute(state, substitution, &exported.value, Some(&objects))
    }

    /// Writes what the callee wrote into an input.
    fn write_through(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        path: &Arc<InputPath>,
        value: Value,
    ) {
        let Some((last, front)) = path.keys.split_last() else {
            return;
        };
        // The callee has told its class itself.
        self.written_before = true;
        self.write_into(state, substitution, path.root, (last, front), value);
        self.written_before = false;
    }

    fn write_into(
        &mut self,
        state: &mut State,
        substitution: &mut Substitution,
        root: Root,
        (last, front): (&Key, &[Key]),
        value: Value,
    ) {
        let owner = InputPath::new(root, front.iter().copied().collect());
        let owner = self.resolve(state, substitution, &owner);
        let value = super::assign::with_step(value, |_| {});
        match last {
            Key::Attr(attr) => self.set_attribute(state, &owner, *attr, value),
            Key::Item(name) => {
                let key = Atom::Str(*name).into();
                self.set_item(state, &owner, &key, value);
            }
            Key::Index(index) => {
                let key = Atom::Int(i64::from(*index)).into();
                self.set_item(state, &owner, &key, value);
            }
            Key::Any | Key::Value => self.pour(state, &owner, &value),
        }
    }

    /// A value with the objects it refers to, cut loose from the state.
    pub(crate) fn export(&self, state: &State, value: &Value) -> Exported {
        let mut exported = Exported::default();
        let mut numbers: FxHashMap<ObjId, u32> = FxHashMap::default();
        let mut order: Vec<ObjId> = Vec::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            for atom in value.atoms() {
                if let Atom::Object(id) = atom
                    && !numbers.contains_key(id)
                    && order.len() < MAX_EXPORTED
                    && let Some(object) = state.object(*id)
                {
                    numbers.insert(*id, u32::try_from(order.len()).unwrap_or(u32::MAX));
                    order.push(*id);
                    waiting.push(&object.rest);
                    waiting.push(&object.keys);
                    waiting.extend(&object.items);
                    waiting.extend(object.fields.iter().map(|(_, value)| value));
                }
            }
        }
        let renumber = |value: &Value| {
            if !value.has_objects() {
                return value.clone();
            }
            Value::of(
                value
                    .atoms()
                    .iter()
                    .map(|atom| match atom {
                        Atom::Object(id) => numbers
                            .get(id)
                            .map_or(Atom::Unknown, |number| Atom::Object(ObjId(*number))),
                        other => other.clone(),
                    })
                    .collect::<Vec<_>>(),
            )
        };
        for id in order {
            if let Some(object) = state.object(id) {
                if !object.has_objects() {
                    exported.heap.push(Arc::clone(object));
                    continue;
                }
                exported.heap.push(Arc::new(Object {
                    kind: object.kind.clone(),
                    items: object.items.iter().map(renumber).collect(),
                    exact: object.exact,
                    fields: object
                        .fields
                        .iter()
                        .map(|(name, value)| (*name, renumber(value)))
                        .collect(),
                    rest: renumber(&object.rest),
                    keys: renumber(&object.keys),
                    many: object.many,
                }));
            }
        }
        exported.value = renumber(value);
        exported
    }

    /// Takes in a value that was cut loose, as it is.
    pub(crate) fn import(
        &mut self,
        state: &mut State,
        exported: &Exported,
        site: u32,
        shared: bool,
    ) -> Value {
        let objects: Vec<ObjId> = (0..exported.heap.len())
            .map(|number| self.object_at(site, 50_000 + u32::try_from(number).unwrap_or(0)))
            .collect();
        let renumber = |value: &Value| {
            if !value.has_objects() {
                return value.clone();
            }
            Value::of(
                value
                    .atoms()
                    .iter()
                    .map(|atom| match atom {
                        Atom::Object(id) => objects
                            .get(id.0 as usize)
                            .map_or(Atom::Unknown, |id| Atom::Object(*id)),
                        other => other.clone(),
                    })
                    .collect::<Vec<_>>(),
            )
        };
        for (object, id) in exported.heap.iter().zip(&objects) {
            if shared && state.object(*id).is_some() {
                continue;
            }
            if shared {
                self.shared.insert(*id);
            }
            if !object.has_objects() {
                state.allocate(*id, Arc::clone(object));
                continue;
            }
            state.allocate(
                *id,
                Object {
                    kind: object.kind.clone(),
                    items: object.items.iter().map(renumber).collect(),
                    exact: object.exact,
                    fields: object
                        .fields
                        .iter()
                        .map(|(name, value)| (*name, renumber(value)))
                        .collect(),
                    rest: renumber(&object.rest),
                    keys: renumber(&object.keys),
                    many: object.many,
                },
            );
        }
        renumber(&exported.value)
    }

    /// What the walk of a function came to.
    pub(crate) fn summary(&mut self, function: &Function) -> Summary {
        let Some(frame) = self.frames.pop() else {
            return Summary::default();
        };
        let exit = frame.exit;
        let mut summary = Summary {
            decides: self.decides,
            calls: self.calls,
            lists: self.lists,
            asks: self.asks,
            undecided: self.undecided,
            raises: self.raises,
            cut: self.cut,
            ..Summary::default()
        };
        let state = match exit.state {
            Some(state) => state,
            None => {
                summary.stops = !function.is_generator;
                let mut state = State::new(0);
                state.live = true;
                state
            }
        };
        if function.is_generator {
            summary.yields = Some(self.export(&state, &exit.yields));
        } else {
            summary.returns = self.export(&state, &exit.value);
        }
        summary.on_return = self.implied(&state);
        summary.on_true = exit.on_true.unwrap_or_default();
        summary.on_false = exit.on_false.unwrap_or_default();
        // What holds after any return holds in particular after this one.
        for (path, value) in &state.written {
            if matches!(value.atoms(), [Atom::Input(same)] if same == path) {
                continue;
            }
            // What was made known or made anew matters for an object that is being made; a stranger's text anywhere.
            let exported = self.export(&state, value);
            if function.name.as_str() == "__init__" || exported.has_holes() {
                summary.writes.push((Arc::clone(path), exported));
            }
        }
        if state.live {
            self.shared_writes(&state);
            summary.calls = self.calls;
        }
        summary.reaches = std::mem::take(&mut self.reaches);
        let of_inputs = self
            .sightings
            .iter()
            .filter(|sighting| sighting.of_inputs());
        summary.watched = of_inputs.cloned().collect();
        summary
    }

    /// Takes in what a variable of a module, or an attribute of a class, holds.
    pub(super) fn import_shared(
        &mut self,
        state: &mut State,
        exported: &Exported,
        site: u32,
        (module, class, name): (ModuleId, Option<ClassId>, Symbol),
    ) -> Value {
        let value = self.import(state, exported, site, true);
        let known = self
            .origins
            .iter()
            .any(|shared| shared.module == module && shared.class == class && shared.name == name);
        if !known && !exported.heap.is_empty() {
            let objects = (0..exported.heap.len())
                .filter_map(|number| {
                    let id = self.object_at(site, 50_000 + u32::try_from(number).unwrap_or(0));
                    Some((id, Arc::clone(state.object(id)?)))
                })
                .collect();
            self.origins.push(super::Shared {
                module,
                class,
                name,
                value: value.clone(),
                objects,
            });
        }
        value
    }

    /// Inputs that are kept for other bodies may be called by them.
    pub(super) fn kept(&mut self, kept: &Exported) {
        self.called(&kept.value);
        for object in &kept.heap {
            self.called(&object.contents());
        }
    }

    /// Remembers for other bodies what was put into objects that they see too.
    pub(crate) fn shared_writes(&mut self, state: &State) {
        for shared in std::mem::take(&mut self.origins) {
            let changed = shared
                .objects
                .iter()
                .any(|(id, before)| !same_object(state, *id, before));
            if !changed {
                continue;
            }
            let value = self.export(state, &shared.value);
            self.kept(&value);
            if !crate::analysis::is_news(&value) {
                continue;
            }
            match shared.class {
                Some(class) => self.class_writes.push(super::ClassWrite {
                    module: shared.module,
                    class,
                    name: shared.name,
                    value,
                    of_class: true,
                }),
                None => self.global_writes.push((shared.module, shared.name, value)),
            }
        }
    }

    /// Keeps what an input reaches for the callers.
    pub(super) fn keep_reach(&mut self, reach: Reach) {
        if self.reaches.len() >= MAX_REACHES {
            self.cut = true;
            return;
        }
        let known = self.reaches.iter().any(|known| {
            known.place == reach.place && known.sink == reach.sink && known.value == reach.value
        });
        if !known {
            self.reaches.push(reach);
        }
    }
}

/// Whether an object is what it was.
fn same_object(state: &State, id: ObjId, before: &Arc<Object>) -> bool {
    state
        .heap
        .get(id.0 as usize)
        .and_then(Option::as_ref)
        .is_some_and(|now| Arc::ptr_eq(now, before) || **now == **before)
}

/// Whether all that a function returns is a parameter as it was given.
fn returns_parameter(module: &Module, function: FunctionId, index: u16) -> bool {
    let data = &module[function];
    let given = |value: &ExprId| {
        matches!(module[*value], Expr::Name { def, .. }
            if module[def].scope == data.scope && module[def].kind == DefKind::Param(index))
    };
    !data.is_generator && !data.return_values.is_empty() && data.return_values.iter().all(given)
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

//! Executes modules, class bodies and functions in the abstract.
//!
//! Statements run in order; where a condition cannot be decided both branches run on copies of the state and are joined. The
//! code is judged as production runs it: a condition on `DEBUG`, `ENV == "production"` or `"test" in sys.argv` comes out
//! as it does there. Bounds: [`MAX_STEPS`] statements, [`MAX_DEPTH`] nested modules and calls; beyond them the result is
//! marked as not wholly seen.

use std::rc::Rc;

use hognose_python::ir::*;
use hognose_python::{ClassRef, Evaluator, Found, Module, ModuleId, Symbol, Value};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::value::{Namespace, Shape, Val};
use super::words::{Stage, stage};

/// Statements executed for one question. A settings module has some hundreds.
const MAX_STEPS: u32 = 60_000;

/// Expressions evaluated for one question. Names lead to expressions that lead to names: without a bound the work multiplies at
/// every level. The settings of a large project take some ten thousand.
const MAX_EXPRESSIONS: u32 = 100_000;

/// Modules and functions executed inside each other.
const MAX_DEPTH: u32 = 10;

/// Nesting of expressions that is followed.
pub(super) const MAX_NESTING: u32 = 64;

/// Executes code in the abstract. Remembers the modules it has run.
pub(crate) struct Interpreter<'e, 'p> {
    pub(super) values: &'e mut Evaluator<'p>,
    modules: FxHashMap<ModuleId, Option<Rc<Frame>>>,
    steps: u32,
    /// Expressions evaluated for the question at hand.
    expressions: u32,
    pub(super) depth: u32,
    pub(super) nesting: u32,
}

/// Code being executed.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(super) at: ModuleId,
    pub(super) names: Namespace,
    /// Configurations of the applications made or changed here.
    pub(super) configs: FxHashMap<(ModuleId, ExprId), Namespace>,
    /// A function's or class's own variables hide those of the module.
    pub(super) inner: bool,
    returned: Option<Val>,
    /// What follows is not reached.
    stopped: bool,
    /// A function that computes a value: it runs as if no environment variable were set.
    helper: bool,
    /// A branch was taken for want of an environment variable.
    presumed: bool,
}

impl Frame {
    pub(super) fn new(at: ModuleId, inner: bool) -> Self {
        Self {
            at,
            names: Namespace::default(),
            configs: FxHashMap::default(),
            inner,
            returned: None,
            stopped: false,
            helper: false,
            presumed: false,
        }
    }

    fn join(&mut self, other: Self) {
        self.presumed |= other.presumed;
        if let Some(theirs) = other.returned {
            self.returned = Some(match self.returned.take() {
                Some(ours) => ours.join(theirs),
                None => theirs,
            });
        }
        // Configurations of a way that ended in `return app` count as well.
        #[expect(
            clippy::iter_over_hash_type,
            reason = "every configuration is handled by itself"
        )]
        for (app, config) in other.configs {
            match self.configs.get_mut(&app) {
                Some(ours) if self.stopped && !other.stopped => *ours = config,
                Some(_) if other.stopped && !self.stopped => {}
                Some(ours) => ours.join(config),
                None => {
                    self.configs.insert(app, config);
                }
            }
        }
        match (self.stopped, other.stopped) {
            (_, true) => {}
            (true, false) => {
                self.names = other.names;
                self.stopped = false;
            }
            (false, false) => self.names.join(other.names),
        }
    }
}

impl<'e, 'p> Interpreter<'e, 'p> {
    pub(crate) fn new(values: &'e mut Evaluator<'p>) -> Self {
        Self {
            values,
            modules: FxHashMap::default(),
            steps: 0,
            expressions: 0,
            depth: 0,
            nesting: 0,
        }
    }

    /// What an expression somewhere in the code may be, by its definitions alone.
    pub(crate) fn evaluate(&mut self, at: ModuleId, expr: ExprId) -> Val {
        if self.nesting == 0 {
            self.expressions = 0;
        }
        let mut frame = Frame::new(at, true);
        self.expr(&mut frame, expr)
    }

    pub(super) fn module(&self, id: ModuleId) -> &'p Module {
        self.values.project().module(id)
    }

    /// Starts a new question with a full allowance.
    pub(super) fn refresh(&mut self) {
        self.steps = 0;
        self.expressions = 0;
    }

    /// The variables of a module after it ran; `None` while it is running already.
    pub(super) fn run_module(&mut self, id: ModuleId) -> Option<Rc<Frame>> {
        if let Some(known) = self.modules.get(&id) {
            return known.clone();
        }
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.modules.insert(id, None);
        self.depth += 1;
        let mut frame = Frame::new(id, false);
        self.block(&mut frame, self.module(id).body);
        self.depth -= 1;
        let frame = Rc::new(frame);
        self.modules.insert(id, Some(Rc::clone(&frame)));
        Some(frame)
    }

    /// The attributes of a class and its bases.
    pub(super) fn run_class(&mut self, at: ModuleId, class: ClassId) -> Namespace {
        let order = self.values.mro(at, class);
        let mut names = Namespace::default();
        for ancestor in order.iter().rev() {
            match *ancestor {
                ClassRef::Project(home, ancestor) => {
                    if self.depth >= MAX_DEPTH {
                        names.unseen = true;
                        break;
                    }
                    self.depth += 1;
                    let mut frame = Frame::new(home, true);
                    let data = &self.module(home)[ancestor];
                    self.block(&mut frame, data.body);
                    self.depth -= 1;
                    names.overlay(&frame.names);
                }
                ClassRef::External(path) => {
                    if is_environment_class(path.as_str()) {
                        names.overridable = true;
                    } else if !is_plain_base(path.as_str()) {
                        names.unseen = true;
                    }
                }
            }
        }
        if names.overridable {
            names.disturb(false);
        }
        names
    }

    /// What a function of the project returns, given its arguments.
    pub(super) fn run_function(
        &mut self,
        caller: Option<&mut Frame>,
        at: ModuleId,
        function: FunctionId,
        arguments: &[(ArgKind, Val)],
        receiver: Option<Val>,
    ) -> (Val, Frame) {
        let data = &self.module(at)[function];
        let mut frame = Frame::new(at, true);
        if self.depth >= MAX_DEPTH || data.is_generator {
            frame.names.unseen = true;
            return (Val::unknown(), frame);
        }
        self.depth += 1;
        let mut caller = caller;
        if let Some(caller) = caller.as_deref_mut() {
            frame.configs = std::mem::take(&mut caller.configs);
        }
        let mut positional = receiver.into_iter().chain(
            arguments
                .iter()
                .filter(|(kind, _)| *kind == ArgKind::Positional)
                .map(|(_, value)| value.clone()),
        );
        let spread = arguments
            .iter()
            .any(|(kind, _)| matches!(kind, ArgKind::Star | ArgKind::DoubleStar));
        for param in &data.params {
            let place = (at, data.name_range);
            let keyword = || {
                arguments
                    .iter()
                    .find(|(kind, _)| *kind == ArgKind::Keyword(param.name))
                    .map(|(_, value)| value.clone())
            };
            let given = match param.kind {
                ParamKind::PositionalOnly | ParamKind::Positional => {
                    positional.next().or_else(keyword)
                }
                ParamKind::KeywordOnly => keyword(),
                ParamKind::Star | ParamKind::DoubleStar => Some(Val::unknown()),
            };
            let value = match (given, param.default) {
                (Some(value), _) => value,
                (None, Some(default)) if !spread => {
                    let mut outer = Frame::new(at, true);
                    self.expr(&mut outer, default)
                }
                _ => Val::unknown(),
            };
            frame.names.set(param.name, value, place);
        }
        frame.helper = !arguments
            .iter()
            .any(|(_, value)| matches!(value.only(), Some(Shape::App(..) | Shape::Config(..))));
        self.block(&mut frame, data.body);
        self.depth -= 1;
        if let Some(caller) = caller {
            caller.configs.clone_from(&frame.configs);
        }
        let value = match frame.returned.take() {
            Some(value) if frame.stopped => value,
            Some(value) => value.join(Val::of(Shape::Constant(hognose_python::Constant::None))),
            None => Val::unknown(),
        };
        let value = value.given(!frame.presumed);
        (value, frame)
    }

    pub(super) fn block(&mut self, frame: &mut Frame, block: Block) {
        let module = self.module(frame.at);
        for stmt in module.block(block) {
            if frame.stopped {
                return;
            }
            self.steps += 1;
            if self.steps > MAX_STEPS {
                frame.names.disturb(true);
                return;
            }
            self.stmt(frame, *stmt);
        }
    }

    fn stmt(&mut self, frame: &mut Frame, stmt: StmtId) {
        let at = frame.at;
        let module = self.module(at);
        let range = module.stmt_range(stmt);
        match module[stmt] {
            Stmt::Expr(expr) => self.effect(frame, expr, range),
            Stmt::Assign { value, binds } => {
                let whole = self.expr(frame, value);
                for bind in module.binds(binds) {
                    let one = if bind.value == value {
                        whole.clone()
                    } else {
                        self.expr(frame, bind.value)
                    };
                    self.store(frame, bind, one, range);
                }
            }
            Stmt::Declare { binds } => {
                for bind in module.binds(binds) {
                    if let Target::Name(def) = bind.target {
                        let name = self.name(at, def);
                        // A field without a default: whoever makes the object says what it is.
                        if frame.inner && !frame.names.vars.contains_key(&name) {
                            frame.names.set(name, Val::unknown(), (at, bind.range));
                        }
                    }
                }
            }
            Stmt::Return(value) => {
                let value = value.map_or_else(
                    || Val::of(Shape::Constant(hognose_python::Constant::None)),
                    |value| self.expr(frame, value.get()),
                );
                frame.returned = Some(match frame.returned.take() {
                    Some(known) => known.join(value),
                    None => value,
                });
                frame.stopped = true;
            }
            Stmt::Raise { .. } => frame.stopped = true,
            Stmt::If {
                test,
                body,
                orelse,
                outcome,
            } => {
                let known = outcome
                    .or_else(|| self.condition(frame, test))
                    .or_else(|| self.presume(frame, test));
                match known {
                    Some(true) => self.block(frame, body),
                    Some(false) => self.block(frame, orelse),
                    None => {
                        let mut other = frame.clone();
                        self.block(frame, body);
                        self.block(&mut other, orelse);
                        frame.join(other);
                    }
                }
            }
            Stmt::While { body, orelse, .. } => {
                let before = frame.clone();
                self.block(frame, body);
                self.block(frame, orelse);
                frame.join(before);
            }
            Stmt::For {
                binds,
                body,
                orelse,
                ..
            } => {
                let before = frame.clone();
                for bind in module.binds(binds) {
                    self.store(frame, bind, Val::unknown(), range);
                }
                self.block(frame, body);
                self.block(frame, orelse);
                frame.join(before);
            }
            Stmt::With { binds, body, .. } => {
                for bind in module.binds(binds) {
                    // `with app.app_context():` and the like bind nothing that matters.
                    self.store(frame, bind, Val::unknown(), range);
                }
                self.block(frame, body);
            }
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => self.try_block(frame, body, handlers, orelse, finalbody),
            Stmt::Match { cases, .. } => {
                let before = frame.clone();
                let mut merged: Option<Frame> = None;
                for case in module.cases(cases) {
                    let mut branch = before.clone();
                    self.block(&mut branch, case.body);
                    match &mut merged {
                        Some(merged) => merged.join(branch),
                        None => merged = Some(branch),
                    }
                }
                if let Some(merged) = merged {
                    frame.join(merged);
                }
            }
            Stmt::Function { function, def } => {
                let name = self.name(at, def);
                frame
                    .names
                    .set(name, Val::of(Shape::Function(at, function)), (at, range));
            }
            Stmt::Class { class, def } => {
                let name = self.name(at, def);
                frame
                    .names
                    .set(name, Val::of(Shape::Class(at, class)), (at, range));
            }
            Stmt::Import(defs) => self.import(frame, defs, range, false),
            Stmt::Delete(list) => {
                for target in module.list(list) {
                    if let Expr::Name { def, .. } = module[*target] {
                        let name = self.name(at, def);
                        frame.names.vars.remove(&name);
                    }
                }
            }
            Stmt::Break | Stmt::Continue | Stmt::Pass | Stmt::Assert { .. } => {}
        }
    }

    /// `value = os.environ.get(name)`, `if value is None: return default`: what a helper does without the variable.
    fn presume(&mut self, frame: &mut Frame, test: ExprId) -> Option<bool> {
        if !frame.helper {
            return None;
        }
        let value = self.expr(frame, test);
        let unset = !value.certain || matches!(value.only(), Some(Shape::Unset));
        let known = value.truthy().filter(|_| unset)?;
        frame.presumed = true;
        Some(known)
    }

    fn try_block(
        &mut self,
        frame: &mut Frame,
        body: Block,
        handlers: List,
        orelse: Block,
        finalbody: Block,
    ) {
        let module = self.module(frame.at);
        let before = frame.clone();
        for stmt in module.block(body) {
            if frame.stopped {
                break;
            }
            match module[*stmt] {
                Stmt::Import(defs) => self.import(frame, defs, module.stmt_range(*stmt), true),
                _ => self.stmt(frame, *stmt),
            }
        }
        if !frame.stopped {
            self.block(frame, orelse);
        }
        for handler in module.handlers(handlers) {
            let mut other = before.clone();
            self.block(&mut other, handler.body);
            // `except ImportError: pass` after an import of settings adds nothing to what the import may do.
            frame.join(other);
        }
        self.block(frame, finalbody);
    }

    /// `import` in its forms. `optional`: a failure is caught.
    fn import(&mut self, frame: &mut Frame, defs: List, range: TextRange, optional: bool) {
        let at = frame.at;
        let module = self.module(at);
        let listed = module.defs_list(defs);
        for def in listed {
            let name = self.name(at, *def);
            let value = match module[*def].kind {
                DefKind::ImportFrom {
                    module: from,
                    name: what,
                } => self.imported(at, from, what),
                DefKind::Import { module: from } => match self.values.project().find(from, at) {
                    Found::Module(id) => Val::of(Shape::Module(id)),
                    _ => Val::of(Shape::Path(from)),
                },
                _ => Val::unknown(),
            };
            frame.names.set(name, value, (at, range));
        }
        for from in star_imports(module, range) {
            self.star(frame, from, optional);
        }
    }

    fn star(&mut self, frame: &mut Frame, from: Symbol, optional: bool) {
        let at = frame.at;
        match self.values.project().find(from, at) {
            // A developer's own file: production has none, or has one of its own.
            Found::Module(_)
                if optional
                    && from.as_str().rsplit('.').next().and_then(stage)
                        == Some(Stage::Development) =>
            {
                frame.names.disturb(false)
            }
            Found::Module(id) => match self.run_module(id) {
                Some(inner) => {
                    frame.names.overlay(&public(&inner.names));
                    merge_configs(&mut frame.configs, &inner.configs);
                }
                None => frame.names.disturb(true),
            },
            _ if is_harmless_star(from.as_str()) => {}
            _ => frame.names.disturb(!optional),
        }
    }

    /// A name taken from a module.
    pub(super) fn imported(&mut self, at: ModuleId, from: Symbol, what: Symbol) -> Val {
        match self.values.project().find(from, at) {
            Found::Module(id) => self.export(id, what),
            Found::Namespace(space) => match self
                .values
                .project()
                .find(Symbol::from(format!("{space}.{what}")), at)
            {
                Found::Module(id) => Val::of(Shape::Module(id)),
                _ => Val::unknown(),
            },
            Found::Outside => Val::of(Shape::Path(Symbol::from(format!("{from}.{what}")))),
        }
    }

    /// A variable of a module, as others see it.
    pub(super) fn export(&mut self, id: ModuleId, name: Symbol) -> Val {
        let running = self.run_module(id);
        if let Some(var) = running
            .as_ref()
            .and_then(|frame| frame.names.vars.get(&name))
        {
            let value = var.value.clone();
            return if var.optional {
                value.uncertain()
            } else {
                value
            };
        }
        let data = self.module(id);
        if let Found::Module(inner) = self
            .values
            .project()
            .find(Symbol::from(format!("{}.{name}", data.name)), id)
        {
            return Val::of(Shape::Module(inner));
        }
        let found = self.values.export(id, name);
        self.settle(&found)
    }

    /// What the evaluator of names knows, as a value.
    pub(super) fn settle(&mut self, found: &[Value]) -> Val {
        let mut known: Option<Val> = None;
        for value in found {
            let one = match *value {
                Value::External(path) => Val::of(Shape::Path(path)),
                Value::Module(id) => Val::of(Shape::Module(id)),
                Value::Function(at, function) => Val::of(Shape::Function(at, function)),
                Value::Class(at, class) => Val::of(Shape::Class(at, class)),
                Value::Instance(at, class) => Val::of(Shape::Instance(at, class)),
                Value::Expr(at, expr) => self.literal(at, expr),
                Value::Namespace(_) | Value::Param(..) | Value::Unknown(_) => Val::unknown(),
            };
            known = Some(match known {
                Some(known) => known.join(one),
                None => one,
            });
        }
        known.unwrap_or_else(Val::unknown)
    }

    /// Counts an expression; false when there have been too many.
    pub(super) fn may_go_on(&mut self) -> bool {
        self.expressions = self.expressions.saturating_add(1);
        self.expressions <= MAX_EXPRESSIONS
    }

    fn literal(&mut self, at: ModuleId, expr: ExprId) -> Val {
        if self.nesting > MAX_NESTING {
            return Val::unknown();
        }
        let mut frame = Frame::new(at, true);
        self.nesting += 1;
        let value = self.expr(&mut frame, expr);
        self.nesting -= 1;
        value
    }

    pub(super) fn name(&self, at: ModuleId, def: DefId) -> Symbol {
        let module = self.module(at);
        let data = &module[def];
        module[data.scope].slots[data.slot.index()].name
    }

    fn store(&mut self, frame: &mut Frame, bind: &Bind, value: Val, range: TextRange) {
        let at = frame.at;
        let module = self.module(at);
        match bind.target {
            Target::Name(def) => {
                let name = self.name(at, def);
                let place = place(module, bind.range, range);
                frame.names.set(name, value, (at, place));
            }
            Target::Attribute { object, attr } => {
                let object = self.expr(frame, object);
                let setting = match attr.as_str() {
                    "secret_key" => "SECRET_KEY",
                    "debug" => "DEBUG",
                    "testing" => "TESTING",
                    "permanent_session_lifetime" => "PERMANENT_SESSION_LIFETIME",
                    _ => return,
                };
                if let Some(Shape::App(home, app)) = object.only()
                    && let Some(config) = frame.configs.get_mut(&(*home, *app))
                {
                    config.set(
                        Symbol::from(setting),
                        value,
                        (at, place(module, bind.range, range)),
                    );
                }
            }
            Target::Item { object, index } => {
                let key = self.expr(frame, index);
                let container = self.expr(frame, object);
                let here = (at, place(module, bind.range, range));
                match container.only() {
                    Some(Shape::Config(home, app)) => {
                        if let Some(config) = frame.configs.get_mut(&(*home, *app)) {
                            match key.str() {
                                Some(key) => config.set(Symbol::from(key), value, here),
                                None => config.disturb(true),
                            }
                        }
                    }
                    Some(Shape::Globals) => match key.str() {
                        Some(key) => frame.names.set(Symbol::from(key), value, here),
                        None => frame.names.disturb(true),
                    },
                    Some(Shape::Dict { items, open }) => {
                        let Expr::Name { def, .. } = module[object] else {
                            return self.blur(frame, object);
                        };
                        let name = self.name(at, def);
                        let (mut entries, mut open) = ((**items).clone(), *open);
                        match key.str() {
                            Some(key) => {
                                entries.retain(|(known, _)| known != key);
                                entries.push((key.to_owned(), value));
                            }
                            None => open = true,
                        }
                        frame.names.set(
                            name,
                            Val::of(Shape::Dict {
                                items: entries.into(),
                                open,
                            })
                            .given(container.certain),
                            here,
                        );
                    }
                    _ => self.blur(frame, object),
                }
            }
        }
    }

    /// Forgets what is inside the variable at the root of an expression: something in it was changed.
    pub(super) fn blur(&mut self, frame: &mut Frame, expr: ExprId) {
        let module = self.module(frame.at);
        let mut root = expr;
        while let Expr::Attribute { value, .. } | Expr::Subscript { value, .. } = module[root] {
            root = value;
        }
        if let Expr::Name { def, .. } = module[root] {
            let name = self.name(frame.at, def);
            if let Some(var) = frame.names.vars.get_mut(&name) {
                for shape in &mut var.value.shapes {
                    if let Shape::List { items, open } = shape {
                        *items = items
                            .iter()
                            .map(|_| Val::unknown())
                            .collect::<Vec<_>>()
                            .into();
                        *open = true;
                    } else if let Shape::Dict { open, items } = shape {
                        *items = items
                            .iter()
                            .map(|(key, _)| (key.clone(), Val::unknown()))
                            .collect::<Vec<_>>()
                            .into();
                        *open = true;
                    }
                }
            }
        }
    }
}

pub(super) fn merge_configs(
    ours: &mut FxHashMap<(ModuleId, ExprId), Namespace>,
    theirs: &FxHashMap<(ModuleId, ExprId), Namespace>,
) {
    #[expect(
        clippy::iter_over_hash_type,
        reason = "every configuration is handled by itself"
    )]
    for (app, config) in theirs {
        ours.insert(*app, config.clone());
    }
}

/// The variables a star import brings: all that do not start with an underscore. Settings modules have no `__all__`.
#[expect(
    clippy::iter_over_hash_type,
    reason = "every variable is handled by itself"
)]
fn public(names: &Namespace) -> Namespace {
    let mut public = Namespace {
        overridable: names.overridable,
        unseen: names.unseen,
        ..Namespace::default()
    };
    for (name, var) in &names.vars {
        if !name.as_str().starts_with('_') {
            public.vars.insert(*name, var.clone());
        }
    }
    public
}

/// The modules that a statement imports everything from.
fn star_imports(module: &Module, range: TextRange) -> Vec<Symbol> {
    let text = module
        .text
        .as_str()
        .get(range.start().to_usize()..range.end().to_usize())
        .unwrap_or_default();
    if !text.trim_end_matches(')').trim_end().ends_with('*') {
        return Vec::new();
    }
    module
        .imports
        .iter()
        .filter(|(name, place)| *place == range && module.star_imports.contains(name))
        .map(|(name, _)| *name)
        .collect()
}

/// Where a setting stands: the whole statement if it fits on a line, else the target.
fn place(module: &Module, target: TextRange, statement: TextRange) -> TextRange {
    let text = module
        .text
        .as_str()
        .get(statement.start().to_usize()..statement.end().to_usize())
        .unwrap_or_default();
    if text.contains('\n') {
        target
    } else {
        TextRange::new(target.start(), statement.range().end().max(target.end()))
    }
}

/// Modules whose star import brings no settings.
fn is_harmless_star(name: &str) -> bool {
    matches!(
        name,
        "os" | "os.path"
            | "datetime"
            | "typing"
            | "pathlib"
            | "logging"
            | "celery.schedules"
            | "django.utils.translation"
            | "split_settings.tools"
    )
}

/// Bases whose attributes the environment may set.
pub(super) fn is_environment_class(path: &str) -> bool {
    matches!(
        path,
        "pydantic.BaseSettings"
            | "pydantic_settings.BaseSettings"
            | "pydantic.v1.BaseSettings"
            | "pydantic_settings.main.BaseSettings"
            | "pydantic.env_settings.BaseSettings"
    )
}

/// Bases that bring no settings.
fn is_plain_base(path: &str) -> bool {
    matches!(
        path,
        "builtins.object"
            | "configurations.Configuration"
            | "configurations.base.Configuration"
            | "abc.ABC"
            | "typing.Protocol"
            | "typing.Generic"
    ) || path.starts_with("pydantic.")
        || path.starts_with("enum.")
}

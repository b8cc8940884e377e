//! What a rule sees of one module.

use hognose_finding::{Confidence, Persona, Severity};
use hognose_python::ir::*;
use hognose_python::{ClassRef, Constant, Evaluator, Module, ModuleId, Symbol, Value, Values};
use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::registry::Rule;
use crate::settings::{Interpreter, Setting, Settings, Val, World};
use crate::text::Piece;

/// The access path of a callee, with its text at hand: rules compare it many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callee {
    /// The path, interned.
    pub symbol: Symbol,
    text: &'static str,
}

impl Callee {
    fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            text: symbol.as_str(),
        }
    }

    /// The path, without the lock that asking the symbol takes.
    pub const fn as_str(&self) -> &'static str {
        self.text
    }
}

impl std::fmt::Display for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text)
    }
}

/// A call that can run.
#[derive(Debug, Clone)]
pub struct CallSite {
    /// The call expression.
    pub expr: ExprId,
    /// What is called.
    pub func: ExprId,
    /// Its arguments, without those before [`CallSite::skip`].
    pub args: List,
    /// Leading arguments that do not belong to the callee: the function in `partial(function, …)`.
    pub skip: usize,
    /// More arguments may follow later, as for `partial`: what is not given is not known to be missing.
    pub open: bool,
    /// Access paths of the callees outside of the project.
    pub paths: SmallVec<[Callee; 1]>,
    /// The callee may be something else as well.
    pub is_one_of_several: bool,
    /// The whole call.
    pub range: TextRange,
}

impl CallSite {
    /// Whether the callee is one of these access paths.
    pub fn is(&self, paths: &[&str]) -> bool {
        self.paths.iter().any(|path| paths.contains(&path.as_str()))
    }
}

/// An argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// This expression, of this module.
    Given(ModuleId, ExprId),
    /// Certainly not given.
    Missing,
    /// May be given, through `*args` or `**kwargs`.
    Unknown,
}

impl Argument {
    /// The expression, where it is given.
    pub fn given(self) -> Option<(ModuleId, ExprId)> {
        match self {
            Self::Given(at, expr) => Some((at, expr)),
            _ => None,
        }
    }
}

/// A finding being made.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(crate) rule: usize,
    pub(crate) range: TextRange,
    pub(crate) message: String,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) persona: Persona,
    pub(crate) labels: Vec<(ModuleId, TextRange, String)>,
}

impl Draft {
    /// Overrides the severity.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// Overrides the confidence.
    pub fn confidence(&mut self, confidence: Confidence) -> &mut Self {
        self.confidence = confidence;
        self
    }

    /// Overrides the persona.
    pub fn persona(&mut self, persona: Persona) -> &mut Self {
        self.persona = persona;
        self
    }

    /// Adds a place that explains the finding.
    pub fn label(&mut self, at: ModuleId, range: TextRange, text: impl Into<String>) -> &mut Self {
        self.labels.push((at, range, text.into()));
        self
    }
}

/// What a rule sees of one module.
pub struct Context<'a, 'p> {
    /// The module.
    pub module: &'p Module,
    /// Its id.
    pub id: ModuleId,
    /// Answers questions about values.
    pub values: &'a mut Evaluator<'p>,
    /// Whether the module is test code.
    pub in_test: bool,
    /// The settings of the project's applications.
    pub settings: &'a Settings,
    pub(crate) sites: &'a [CallSite],
    pub(crate) rule: &'a Rule,
    pub(crate) rule_number: usize,
    pub(crate) drafts: &'a mut Vec<Draft>,
    pub(crate) memo: &'a mut Memo,
}

/// What rules have found out about a module and other rules ask again.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    pub(crate) patterns: Option<std::rc::Rc<[crate::patterns::PatternUse]>>,
}

impl<'a, 'p> Context<'a, 'p> {
    /// All calls that can run, in order of the source.
    pub fn calls(&self) -> &'a [CallSite] {
        self.sites
    }

    /// Reports a finding with the rule's own severity, confidence and persona; the draft returned can change them.
    pub fn report(&mut self, range: TextRange, message: impl Into<String>) -> &mut Draft {
        let meta = &self.rule.meta;
        self.drafts.push(Draft {
            rule: self.rule_number,
            range,
            message: message.into(),
            severity: meta.severity,
            confidence: meta.confidence,
            persona: meta.persona,
            labels: Vec::new(),
        });
        self.drafts.last_mut().expect("it was just pushed")
    }

    /// Reports a finding on a setting where it is assigned, or at the module judged where it is not, if that is in this
    /// module.
    pub fn report_setting(
        &mut self,
        world: &World,
        setting: &Setting,
        message: impl Into<String>,
    ) -> Option<&mut Draft> {
        let (at, range) = setting.place.unwrap_or((world.module, world.anchor));
        if at != self.id {
            return None;
        }
        let certain = setting.value.certain;
        let draft = self.report(range, message);
        world.weigh(draft, certain);
        Some(draft)
    }

    /// What an expression of this module may be as settings are evaluated: environment variables with their defaults.
    pub fn setting_value(&mut self, expr: ExprId) -> Val {
        Interpreter::new(self.values).evaluate(self.id, expr)
    }

    /// An argument of a call, by keyword name, position, or either.
    pub fn arg(&mut self, call: &CallSite, name: Option<&str>, at: Option<usize>) -> Argument {
        argument(self.values, self.id, call, name.map(Symbol::from), at)
    }

    /// The constant an expression of this module is.
    pub fn constant(&mut self, expr: ExprId) -> Option<Constant> {
        self.values.constant(self.id, expr)
    }

    /// What an expression of this module may be.
    pub fn eval(&mut self, expr: ExprId) -> Values {
        self.values.eval(self.id, expr)
    }

    /// Access paths an expression of this module may be.
    pub fn paths(&mut self, expr: ExprId) -> SmallVec<[Symbol; 1]> {
        external(&self.eval(expr))
    }

    /// The calls of this module that make the object an expression names: `Server(host)` for `server`, `self.server`.
    pub fn makers(&self, expr: ExprId) -> Vec<ExprId> {
        /// Definitions and stores followed; real chains are shorter than ten.
        const MAX_STEPS: usize = 64;
        let module = self.module;
        let mut calls = Vec::new();
        let mut exprs = vec![expr];
        let mut defs = Vec::new();
        for _ in 0..MAX_STEPS {
            if let Some(def) = defs.pop() {
                let data: &Def = &module[def];
                match data.kind {
                    DefKind::Value(value) => exprs.push(value),
                    DefKind::Phi(list) => defs.extend_from_slice(module.defs_list(list)),
                    DefKind::Entry => {
                        let name = module[data.scope].slots[data.slot.index()].name;
                        let mut around = module[data.scope].parent;
                        while let Some(outer) = around {
                            if let Some(slot) = module.slot(outer, name).filter(|slot| slot.bound) {
                                defs.extend_from_slice(&slot.defs);
                                break;
                            }
                            around = module[outer].parent;
                        }
                    }
                    _ => {}
                }
                continue;
            }
            let Some(expr) = exprs.pop() else { break };
            match module[expr] {
                Expr::Call { .. } => calls.push(expr),
                Expr::Name { def, .. } => defs.push(def),
                Expr::Await(value) | Expr::Named { value, .. } | Expr::Enter { of: value, .. } => {
                    exprs.push(value)
                }
                Expr::Conditional { body, orelse, .. } => exprs.extend([body, orelse]),
                Expr::Logic { values, .. } => exprs.extend_from_slice(module.list(values)),
                Expr::Attribute { value, attr } => {
                    let same = module.attribute_stores.iter().filter(|store| {
                        store.attr == attr && self.name_of(store.object) == self.name_of(value)
                    });
                    exprs.extend(same.map(|store| store.value));
                }
                _ => {}
            }
        }
        calls
    }

    /// The variable's name, where the expression is one.
    pub fn name_of(&self, expr: ExprId) -> Option<Symbol> {
        match self.module[expr] {
            Expr::Name { def, slot } => {
                Some(self.module[self.module[def].scope].slots[slot.index()].name)
            }
            _ => None,
        }
    }

    /// The innermost function around a span.
    pub fn function_around(&self, range: TextRange) -> Option<&'p Function> {
        self.module
            .functions
            .iter()
            .filter(|function| function.range.contains_range(range))
            .min_by_key(|function| function.range.len())
    }

    /// The source text of a span.
    pub fn text(&self, range: TextRange) -> &'p str {
        self.module
            .text
            .as_str()
            .get(range.start().to_usize()..range.end().to_usize())
            .unwrap_or_default()
    }

    /// The constant text a string surely begins with, perhaps all of it; empty where nothing is known.
    pub fn leading_text(&mut self, expr: ExprId) -> String {
        crate::text::leading(self.values, self.id, expr)
    }

    /// The parts of a string that are neither constant nor numbers, each with its module.
    pub fn text_parts(&mut self, expr: ExprId) -> Vec<(ModuleId, ExprId)> {
        crate::text::parts(self.values, self.id, expr)
    }

    /// The pieces of a string in order, and the expressions of this and other modules looked through on the way.
    pub fn text_pieces(&mut self, expr: ExprId) -> (Vec<Piece>, Vec<(ModuleId, ExprId)>) {
        crate::text::pieces(self.values, self.id, expr)
    }

    /// Whether some module of the project calls one of these access paths. Only modules that import `library` are looked
    /// at; still, ask late, when there is something to report.
    pub fn project_calls(&mut self, library: &str, paths: &[&str]) -> bool {
        let project = self.values.project();
        project.iter().any(|(id, module)| {
            let imports = module.imports.iter().any(|(name, _)| {
                name.as_str()
                    .strip_prefix(library)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
            imports
                && module.exprs().any(|(expr, node)| match *node {
                    Expr::Call { func, .. } if !module.is_dead(module.expr_range(expr)) => {
                        external(&self.values.eval(id, func))
                            .iter()
                            .any(|path| paths.contains(&path.as_str()))
                    }
                    _ => false,
                })
        })
    }

    /// The constant regular expressions of the module, gathered once.
    pub(crate) fn patterns(&mut self) -> std::rc::Rc<[crate::patterns::PatternUse]> {
        crate::patterns::patterns(self)
    }

    /// Whether a class of the project, or one above it in the project, defines one of these methods or attributes.
    pub fn class_defines(&mut self, at: ModuleId, class: ClassId, names: &[&str]) -> bool {
        self.values.mro(at, class).iter().any(|ancestor| {
            let ClassRef::Project(at, ancestor) = *ancestor else {
                return false;
            };
            let module = self.values.project().module(at);
            let scope = module[ancestor].scope;
            names.iter().any(|name| {
                module
                    .slot(scope, Symbol::from(*name))
                    .is_some_and(|slot| slot.bound)
            })
        })
    }

    /// Whether a function is private to the project and every call of it gives a constant for a parameter. All modules are
    /// looked at; ask late, when there is something to report.
    pub fn only_constants_given(
        &mut self,
        home: ModuleId,
        function: FunctionId,
        index: u16,
    ) -> bool {
        let project = self.values.project();
        let data = &project.module(home)[function];
        let private = data.name.as_str().starts_with('_') && !data.name.as_str().starts_with("__");
        let Some(param) = data.params.get(usize::from(index)) else {
            return false;
        };
        if !private || matches!(param.kind, ParamKind::Star | ParamKind::DoubleStar) {
            return false;
        }
        let bound = data
            .class
            .is_some_and(|class| self.values.receiver(home, function, class).is_some());
        let mut calls = 0usize;
        for (id, module) in project.iter() {
            if !module.text.as_str().contains(data.name.as_str()) {
                continue;
            }
            // Wherever it is named but not called it is passed on, and may be called with anything.
            let mut named: FxHashSet<ExprId> = FxHashSet::default();
            for (expr, node) in module.exprs() {
                let name = match *node {
                    Expr::Attribute { attr, .. } => attr,
                    Expr::Name { def, slot } => module[module[def].scope].slots[slot.index()].name,
                    _ => continue,
                };
                let other = |value: &Value| matches!(value, Value::Function(at, found) if (*at, *found) != (home, function));
                if name == data.name {
                    let found = self.values.eval(id, expr);
                    if found.is_empty() || !found.iter().all(other) {
                        named.insert(expr);
                    }
                }
            }
            if named.is_empty() {
                continue;
            }
            for (_, node) in module.exprs() {
                let Expr::Call { func, args } = *node else {
                    continue;
                };
                if !named.remove(&func) {
                    continue;
                }
                calls += 1;
                let object = bound && matches!(module[func], Expr::Attribute { .. });
                let at = usize::from(index).checked_sub(usize::from(object));
                let arguments = module.args(args);
                if arguments
                    .iter()
                    .any(|argument| matches!(argument.kind, ArgKind::Star | ArgKind::DoubleStar))
                {
                    return false;
                }
                let by_name = arguments
                    .iter()
                    .find(|argument| argument.kind == ArgKind::Keyword(param.name));
                let mut by_place = arguments
                    .iter()
                    .filter(|argument| argument.kind == ArgKind::Positional);
                let given = by_name.or_else(|| by_place.nth(at?));
                let given = given.map(|argument| (id, argument.value));
                let default = param.default.map(|default| (home, default));
                if given
                    .or(default)
                    .is_none_or(|(at, value)| self.values.constants(at, value).is_none())
                {
                    return false;
                }
            }
            if !named.is_empty() {
                return false;
            }
        }
        calls > 0
    }

    /// Whether a string is put together from parts that are not all constant.
    pub fn is_built(&mut self, expr: ExprId) -> bool {
        crate::condition::is_built(self.values, self.id, expr)
    }
}

/// The access paths among values.
pub(crate) fn external(values: &Values) -> SmallVec<[Symbol; 1]> {
    values
        .iter()
        .filter_map(|value| match value {
            Value::External(path) => Some(*path),
            _ => None,
        })
        .collect()
}

fn callees(values: &Values) -> SmallVec<[Callee; 1]> {
    external(values).into_iter().map(Callee::new).collect()
}

/// All calls of a module that can run, with their callees.
pub(crate) fn call_sites(values: &mut Evaluator<'_>, at: ModuleId) -> Vec<CallSite> {
    let module = values.project().module(at);
    let mut sites = Vec::new();
    for (expr, node) in module.exprs() {
        let Expr::Call { func, args } = *node else {
            continue;
        };
        let range = module.expr_range(expr);
        if module.is_dead(range) {
            continue;
        }
        let found = values.eval(at, func);
        let mut paths = callees(&found);
        for callee in &found {
            if let Value::Class(home, class) = callee {
                paths.extend(inherited_constructor(values, *home, *class).map(Callee::new));
            }
        }
        let partial = paths.iter().any(|path| {
            matches!(
                path.as_str(),
                "functools.partial" | "functools.partialmethod" | "asyncio.to_thread"
            )
        });
        if partial && let Some(first) = module.args(args).first() {
            let inner = callees(&values.eval(at, first.value));
            sites.push(CallSite {
                expr,
                func: first.value,
                args,
                skip: 1,
                open: !paths
                    .iter()
                    .any(|path| path.as_str() == "asyncio.to_thread"),
                paths: inner,
                is_one_of_several: found.len() > 1,
                range,
            });
        }
        sites.push(CallSite {
            expr,
            func,
            args,
            skip: 0,
            open: false,
            paths,
            is_one_of_several: found.len() > 1,
            range,
        });
    }
    sites.sort_by_key(|site| (site.range.start(), site.range.end()));
    sites
}

/// The outside class whose constructor a class of the project inherits.
fn inherited_constructor(
    values: &mut Evaluator<'_>,
    home: ModuleId,
    class: ClassId,
) -> Option<Symbol> {
    for ancestor in values.mro(home, class).iter() {
        match *ancestor {
            ClassRef::Project(at, ancestor) => {
                let module = values.project().module(at);
                if module
                    .slot(module[ancestor].scope, Symbol::from("__init__"))
                    .is_some_and(|slot| slot.bound)
                {
                    return None;
                }
            }
            ClassRef::External(path) => return Some(path),
        }
    }
    None
}

/// An argument by keyword name, position, or either.
pub(crate) fn argument(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    call: &CallSite,
    name: Option<Symbol>,
    position: Option<usize>,
) -> Argument {
    let module = values.project().module(at);
    let mut missing = if call.open {
        Argument::Unknown
    } else {
        Argument::Missing
    };
    let mut index = 0;
    for argument in module.args(call.args).iter().skip(call.skip) {
        match argument.kind {
            ArgKind::Positional => {
                if position == Some(index) {
                    return Argument::Given(at, argument.value);
                }
                index += 1;
            }
            ArgKind::Star => {
                // `*("a", "b")` and `*NAMES` of a known display.
                let found = values.eval(at, argument.value);
                if let [Value::Expr(home, inner)] = found.as_slice()
                    && let Expr::Tuple(list) | Expr::ListOf(list) =
                        values.project().module(*home)[*inner]
                {
                    for element in values.project().module(*home).list(list) {
                        if position == Some(index) {
                            return Argument::Given(*home, *element);
                        }
                        index += 1;
                    }
                } else if position.is_some() {
                    missing = Argument::Unknown;
                    index = usize::MAX / 2;
                }
            }
            ArgKind::Keyword(keyword) => {
                if name == Some(keyword) {
                    return Argument::Given(at, argument.value);
                }
            }
            ArgKind::DoubleStar => {
                let Some(name) = name else { continue };
                match dict_entry(values, at, argument.value, name.as_str()) {
                    Argument::Missing => {}
                    found @ Argument::Given(..) => return found,
                    Argument::Unknown => missing = Argument::Unknown,
                }
            }
        }
    }
    missing
}

/// The entry of a dict with a constant key.
pub(crate) fn dict_entry(
    values: &mut Evaluator<'_>,
    at: ModuleId,
    dict: ExprId,
    key: &str,
) -> Argument {
    let found = values.eval(at, dict);
    let [Value::Expr(home, display)] = found.as_slice() else {
        return Argument::Unknown;
    };
    let (home, display) = (*home, *display);
    let module = values.project().module(home);
    let Expr::Dict(items) = module[display] else {
        return Argument::Unknown;
    };
    let mut missing = Argument::Missing;
    let mut given = None;
    for (item, value) in module.dict(items) {
        match item {
            Some(item) => match values.constant(home, item.get()) {
                Some(Constant::Str(text)) if text == key => {
                    given = Some(Argument::Given(home, *value))
                }
                Some(_) => {}
                None => missing = Argument::Unknown,
            },
            None => match dict_entry(values, home, *value, key) {
                found @ Argument::Given(..) => given = Some(found),
                Argument::Unknown => missing = Argument::Unknown,
                Argument::Missing => {}
            },
        }
    }
    // Items stored later: `options["verify"] = False`. What is stored under an unknown key may be any.
    for store in module.item_stores.iter().rev() {
        let objects = values.eval(home, store.object);
        if !objects.contains(&Value::Expr(home, display)) {
            continue;
        }
        match values.constant(home, store.index) {
            Some(Constant::Str(text)) if text == key => {
                if is_conditional(module, store.range, module.expr_range(display)) {
                    return Argument::Unknown;
                }
                return Argument::Given(home, store.value);
            }
            Some(_) => {}
            None => missing = Argument::Unknown,
        }
    }
    if module[display] == values.project().module(at)[dict] && home == at {
        return given.unwrap_or(missing);
    }
    // Entries added by methods: `options.update(more)`, `options.setdefault("verify", False)`.
    for (_, node) in module.exprs() {
        let Expr::Call { func, args } = *node else {
            continue;
        };
        let Expr::Attribute { value, attr } = module[func] else {
            continue;
        };
        let adds = matches!(attr.as_str(), "update" | "setdefault");
        if !adds
            || !values
                .eval(home, value)
                .contains(&Value::Expr(home, display))
        {
            continue;
        }
        let arguments = module.args(args);
        let first = arguments.first().map(|argument| argument.value);
        if attr.as_str() == "setdefault" {
            match first.and_then(|name| values.constant(home, name)) {
                Some(Constant::Str(text)) if text != key => {}
                _ if given.is_some() => {}
                _ => missing = Argument::Unknown,
            }
            continue;
        }
        for argument in arguments {
            let known = match argument.kind {
                ArgKind::Keyword(name) => name.as_str() != key,
                ArgKind::Positional
                    if values
                        .eval(home, argument.value)
                        .contains(&Value::Expr(home, display)) =>
                {
                    true
                }
                ArgKind::Positional | ArgKind::DoubleStar => {
                    dict_entry(values, home, argument.value, key) == Argument::Missing
                }
                ArgKind::Star => false,
            };
            if !known {
                return Argument::Unknown;
            }
        }
    }
    given.unwrap_or(missing)
}

/// Whether a store may be left out on the way from where its object is made.
fn is_conditional(module: &Module, store: TextRange, made: TextRange) -> bool {
    module.stmts().any(|(id, stmt)| {
        let whole = module.stmt_range(id);
        matches!(
            stmt,
            Stmt::If { .. } | Stmt::While { .. } | Stmt::For { .. } | Stmt::Match { .. }
        ) && whole.contains_range(store)
            && !whole.contains_range(made)
    })
}

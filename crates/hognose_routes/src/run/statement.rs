//! Statements.

use super::*;

/// The method of its bases that a new class is given to.
pub const INIT_SUBCLASS: &str = "__init_subclass__";

/// What decorates classes and gives them back, by the beginnings of access paths.
const LEAVES_CLASS: &[&str] = &[
    "dataclasses.",
    "pydantic.dataclasses.",
    "attr.",
    "attrs.",
    "enum.",
    "typing.",
    "typing_extensions.",
    "functools.total_ordering",
];

impl Machine<'_> {
    pub(super) fn block(&mut self, f: usize, block: Block) -> Flow {
        let project = self.project;
        let module = project.module(self.frames[f].module);
        for stmt in module.block(block) {
            if !self.step() {
                return Flow::Leave;
            }
            let flow = self.statement(f, module, *stmt);
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    pub(super) fn statement(&mut self, f: usize, module: &Module, id: StmtId) -> Flow {
        match module[id] {
            Stmt::Expr(value) => {
                self.eval(f, value);
            }
            Stmt::Assign { value, binds } => {
                let v = self.eval(f, value);
                let binds = module.binds(binds);
                self.frames[f].held.push((value, v));
                for bind in binds {
                    let v = self.eval(f, bind.value);
                    self.store(f, bind.target, v);
                }
                self.frames[f].held.pop();
            }
            Stmt::Return(value) => {
                let v = value.map_or(Self::NONE, |value| self.eval(f, value.get()));
                self.frames[f].returned.push(v);
                return Flow::Leave;
            }
            Stmt::Raise { .. } => return Flow::Leave,
            Stmt::If {
                test,
                body,
                orelse,
                outcome,
            } => {
                let known = outcome.or_else(|| {
                    let v = self.eval(f, test);
                    self.truth(v)
                });
                return match known {
                    Some(true) => self.block(f, body),
                    Some(false) => self.block(f, orelse),
                    None => self.either(f, &[body, orelse]),
                };
            }
            Stmt::While { test, body, .. } => {
                let v = self.eval(f, test);
                if self.truth(v) != Some(false) {
                    let flow = self.either(f, &[body, List::default()]);
                    if flow == Flow::Leave {
                        return flow;
                    }
                }
            }
            Stmt::For {
                iter,
                binds,
                body,
                orelse,
            } => {
                let iterated = self.eval(f, iter);
                let (elements, complete) = self.elements(iterated);
                let mut left = false;
                for element in elements.into_iter().take(MAX_ITERATIONS) {
                    if !self.step() {
                        return Flow::Leave;
                    }
                    self.frames[f].held.push((iter, element));
                    for bind in module.binds(binds) {
                        let v = self.eval(f, bind.value);
                        self.store(f, bind.target, v);
                    }
                    self.frames[f].held.pop();
                    match self.block(f, body) {
                        Flow::Leave if complete => return Flow::Leave,
                        Flow::Leave | Flow::Break => {
                            left = true;
                            break;
                        }
                        Flow::Next | Flow::Continue => {}
                    }
                }
                if !left {
                    return self.block(f, orelse);
                }
            }
            Stmt::With {
                context,
                binds,
                body,
            } => {
                let v = self.eval(f, context);
                self.frames[f].held.push((context, v));
                for bind in module.binds(binds) {
                    let v = self.eval(f, bind.value);
                    self.store(f, bind.target, v);
                }
                self.frames[f].held.pop();
                return self.block(f, body);
            }
            Stmt::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => {
                let mut flow = self.block(f, body);
                if flow == Flow::Next {
                    flow = self.block(f, orelse);
                }
                for handler in module.handlers(handlers) {
                    // What an error would have done; the usual way goes on as it went.
                    self.uncertain += 1;
                    let before = self.frames[f].vars.clone();
                    self.block(f, handler.body);
                    self.join(f, before.clone());
                    self.keep_unknown(f, &before);
                    self.uncertain -= 1;
                }
                let last = self.block(f, finalbody);
                return if last == Flow::Next { flow } else { last };
            }
            Stmt::Match { subject, cases } => {
                let v = self.eval(f, subject);
                let blocks: Vec<Block> = module.cases(cases).iter().map(|case| case.body).collect();
                for case in module.cases(cases) {
                    if let Pattern::Value(value) = module[case.pattern] {
                        let value = self.eval(f, value);
                        if case.guard.is_none() && self.same(v, value) {
                            return self.block(f, case.body);
                        }
                    }
                }
                return self.either(f, &blocks);
            }
            Stmt::Function { function, def } => {
                self.defined.insert((self.frames[f].module, function), f);
                let mut v = self.make(Value::Function {
                    module: self.frames[f].module,
                    function,
                    frame: f,
                });
                let at = self.frames[f].module;
                for decorator in module[function].decorators.iter().rev() {
                    v = self.decorate(f, *decorator, v, at);
                }
                self.store(f, Target::Name(def), v);
            }
            Stmt::Class { class, def } => {
                let at = self.frames[f].module;
                let frame = self.push_frame(at, module[class].scope, Some(f));
                let mut v = self.make(Value::Class {
                    module: at,
                    class,
                    frame,
                });
                self.classes.insert((at, class), v);
                for base in &module[class].bases {
                    // A base may be made by a call, or its module not have run yet.
                    self.eval(f, *base);
                }
                self.block(frame, module[class].body);
                self.tell_bases(f, v, &module[class].keywords);
                for decorator in module[class].decorators.iter().rev() {
                    v = self.decorate(f, *decorator, v, at);
                }
                self.store(f, Target::Name(def), v);
            }
            Stmt::Import(list) => {
                let range = module.stmt_range(id);
                let at = self.frames[f].module;
                for (name, place) in &module.imports {
                    if range.contains_range(*place) {
                        self.import(*name, at);
                    }
                }
                for def in module.defs_list(list) {
                    let v = self.imported(at, module[*def].kind);
                    self.store(f, Target::Name(*def), v);
                }
            }
            Stmt::Assert { test, .. } => {
                self.eval(f, test);
            }
            Stmt::Break => return Flow::Break,
            Stmt::Continue => return Flow::Continue,
            Stmt::Declare { .. } | Stmt::Delete(_) | Stmt::Pass => {}
        }
        Flow::Next
    }

    fn decorate(&mut self, f: usize, decorator: ExprId, v: V, at: ModuleId) -> V {
        let decorator_value = self.eval(f, decorator);
        self.keep_hook(decorator_value, v);
        let args = Args {
            positional: vec![v],
            ..Args::default()
        };
        if matches!(self.get(v), Value::Class { .. }) && self.leaves_class(decorator_value) {
            return v;
        }
        let result = self.call(decorator_value, args, (at, decorator));
        // A decorator of which nothing is known leaves what it decorates, in a wrapper of which nothing is known.
        if matches!(self.get(result), Value::Unknown | Value::None) {
            return self.wrap(v, decorator_value, None, (at, decorator));
        }
        result
    }

    /// Remembers the keywords of a class: its bases are called with them.
    fn tell_bases(&mut self, f: usize, class: V, keywords: &[Arg]) {
        let mut args = Args::default();
        for keyword in keywords {
            if let ArgKind::Keyword(name) = keyword.kind
                && name.as_str() != "metaclass"
            {
                let v = self.eval(f, keyword.value);
                args.keywords.push((name, v));
            }
        }
        if let Some(first) = keywords.first().filter(|_| !args.keywords.is_empty()) {
            let callee = self.attribute_of(class, Symbol::from(INIT_SUBCLASS));
            let site = (self.frames[f].module, first.value);
            self.make(Value::Call { callee, args, site });
        }
    }

    /// Whether a decorator from outside gives back the class that it decorates.
    fn leaves_class(&self, decorator: V) -> bool {
        let callee = match self.get(decorator) {
            Value::Call { callee, .. } => *callee,
            _ => decorator,
        };
        let Value::External(path) = self.get(callee) else {
            return false;
        };
        LEAVES_CLASS
            .iter()
            .any(|front| path.as_str().starts_with(front))
    }

    /// Runs blocks of which one would run, and joins what they leave.
    fn either(&mut self, f: usize, blocks: &[Block]) -> Flow {
        self.uncertain += 1;
        let before = self.frames[f].vars.clone();
        let mut after: Option<Vec<Option<V>>> = None;
        let mut flow = None;
        for block in blocks {
            self.frames[f].vars.clone_from(&before);
            let ended = self.block(f, *block);
            if ended == Flow::Next {
                let vars = std::mem::take(&mut self.frames[f].vars);
                after = Some(match after {
                    Some(known) => self.joined(known, vars),
                    None => vars,
                });
            }
            flow = Some(match flow {
                None => ended,
                Some(known) if known == ended => known,
                Some(_) => Flow::Next,
            });
        }
        self.uncertain -= 1;
        self.frames[f].vars = after.unwrap_or(before);
        flow.unwrap_or(Flow::Next)
    }

    /// Leaves unknown what the usual way did, where an error switched it off: `available = is_wanted()`, and `False` where
    /// that cannot be imported.
    fn keep_unknown(&mut self, f: usize, usual: &[Option<V>]) {
        for (slot, usual) in usual.iter().enumerate() {
            if *usual == Some(Self::UNKNOWN)
                && let Some(v) = self.frames[f].vars[slot]
                && self.truth(v) == Some(false)
            {
                self.frames[f].vars[slot] = Some(Self::UNKNOWN);
            }
        }
    }

    fn join(&mut self, f: usize, other: Vec<Option<V>>) {
        let vars = std::mem::take(&mut self.frames[f].vars);
        self.frames[f].vars = self.joined(other, vars);
    }

    fn joined(&mut self, mut a: Vec<Option<V>>, b: Vec<Option<V>>) -> Vec<Option<V>> {
        for (a, b) in a.iter_mut().zip(b) {
            *a = match (*a, b) {
                (Some(a), Some(b)) => Some(self.union(a, b)),
                (a, b) => a.or(b),
            };
        }
        a
    }

    pub(super) fn store(&mut self, f: usize, target: Target, v: V) {
        match target {
            Target::Name(def) => {
                let module = self.project.module(self.frames[f].module);
                let data = &module[module[def].scope].slots[module[def].slot.index()];
                let place = match data.declared {
                    Declared::No => Some((f, module[def].slot)),
                    declared => self.home(f, data.name, declared == Declared::Global),
                };
                if let Some((frame, slot)) = place
                    && let Some(var) = self.frames[frame].vars.get_mut(slot.index())
                {
                    *var = Some(v);
                }
            }
            Target::Attribute { object, attr } => {
                let object = self.eval(f, object);
                for object in self.alternatives(object) {
                    self.store_attribute(object, attr, v);
                }
            }
            Target::Item { object, index } => {
                let object = self.eval(f, object);
                let key = self.eval(f, index);
                for object in self.alternatives(object) {
                    self.store_item(object, key, v);
                }
            }
        }
    }
}

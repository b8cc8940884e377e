//! Evaluates expressions of settings code.

use hognose_python::ir::*;
use hognose_python::{Constant, ModuleId, Symbol};

use super::environment;
use super::interpret::{Frame, Interpreter, MAX_NESTING, is_environment_class};
use super::value::{Shape, Val};
use super::words::{Stage, stage};

impl Interpreter<'_, '_> {
    /// What an expression may be.
    pub(super) fn expr(&mut self, frame: &mut Frame, expr: ExprId) -> Val {
        if self.nesting > MAX_NESTING || !self.may_go_on() {
            return Val::unknown();
        }
        self.nesting += 1;
        let value = self.expr_inner(frame, expr);
        self.nesting -= 1;
        value
    }

    fn expr_inner(&mut self, frame: &mut Frame, expr: ExprId) -> Val {
        let at = frame.at;
        let module = self.module(at);
        match module[expr] {
            Expr::None => Val::of(Shape::Constant(Constant::None)),
            Expr::Bool(value) => Val::bool(value),
            Expr::Int(value) => Val::of(Shape::Constant(Constant::Int(value))),
            Expr::Float(value) => Val::of(Shape::Constant(Constant::Float(value))),
            Expr::Str(text) => Val::text(module.str(text)),
            Expr::Bytes(text) => Val::of(Shape::Constant(Constant::Bytes(
                module.str(text).to_owned(),
            ))),
            Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) => {
                self.display(frame, module.list(list))
            }
            Expr::Dict(list) => self.dict(frame, list),
            Expr::Name { def, .. } => self.variable(frame, expr, def),
            Expr::Attribute { value, attr } => {
                let object = self.expr(frame, value);
                self.attribute(&object, attr)
            }
            Expr::Subscript { value, index } => self.subscript(frame, value, index),
            Expr::Call { func, args } => self.call(frame, expr, func, args),
            Expr::Binary { op, left, right } | Expr::InPlace { op, left, right } => {
                let (left, right) = (self.expr(frame, left), self.expr(frame, right));
                binary(op, &left, &right)
            }
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => match self.condition(frame, operand) {
                Some(known) => Val::bool(!known),
                None => {
                    let value = self.expr(frame, operand);
                    match value.truthy() {
                        Some(known) => {
                            Val::bool(!known).given(value.certain && !value.is_unknown())
                        }
                        None => Val::unknown(),
                    }
                }
            },
            Expr::Unary { op, operand } => match (op, self.expr(frame, operand).constant()) {
                (UnaryOp::USub, Some(Constant::Int(value))) => {
                    Val::of(Shape::Constant(Constant::Int(value.saturating_neg())))
                }
                _ => Val::unknown(),
            },
            Expr::Logic { op, values } => self.logic(frame, op, module.list(values)),
            Expr::Compare { op, left, right } => self.compare(frame, op, left, right),
            Expr::Conditional { test, body, orelse } => match self.condition(frame, test) {
                Some(true) => self.expr(frame, body),
                Some(false) => self.expr(frame, orelse),
                None => {
                    let body = self.expr(frame, body);
                    let orelse = self.expr(frame, orelse);
                    body.join(orelse)
                }
            },
            Expr::FString(parts) => self.format(frame, module.list(parts)),
            Expr::Named { value, .. } | Expr::Await(value) => self.expr(frame, value),
            Expr::Element { of, index } => {
                let of = self.expr(frame, of);
                element(&of, i64::from(index))
            }
            Expr::Comprehension(id) => match module[id].kind {
                ComprehensionKind::Dict => Val::of(Shape::Dict {
                    items: Vec::new().into(),
                    open: true,
                }),
                _ => self.comprehension(frame, id),
            },
            _ => Val::unknown(),
        }
    }

    fn display(&mut self, frame: &mut Frame, elements: &[ExprId]) -> Val {
        let module = self.module(frame.at);
        let mut items = Vec::with_capacity(elements.len().min(1024));
        let mut open = false;
        let mut certain = true;
        for element in elements.iter().take(1024) {
            if let Expr::Starred(inner) = module[*element] {
                let inner = self.expr(frame, inner);
                certain &= inner.certain;
                match inner.only() {
                    Some(Shape::List {
                        items: more,
                        open: also,
                    }) => {
                        items.extend(more.iter().cloned());
                        open |= also;
                    }
                    _ => open = true,
                }
            } else {
                items.push(self.expr(frame, *element));
            }
        }
        open |= elements.len() > 1024;
        Val::of(Shape::List {
            items: items.into(),
            open,
        })
        .given(certain)
    }

    fn dict(&mut self, frame: &mut Frame, list: List) -> Val {
        let module = self.module(frame.at);
        let mut items: Vec<(String, Val)> = Vec::new();
        let mut open = list.len > 1024;
        let mut certain = true;
        for (key, value) in module.dict(list).iter().take(1024) {
            let value = self.expr(frame, *value);
            match key {
                Some(key) => match self.expr(frame, key.get()).str() {
                    Some(key) => {
                        items.retain(|(known, _)| known != key);
                        items.push((key.to_owned(), value));
                    }
                    None => open = true,
                },
                None => {
                    certain &= value.certain;
                    match value.only() {
                        Some(Shape::Dict {
                            items: more,
                            open: also,
                        }) => {
                            for (key, value) in more.iter() {
                                items.retain(|(known, _)| known != key);
                                items.push((key.clone(), value.clone()));
                            }
                            open |= also;
                        }
                        _ => open = true,
                    }
                }
            }
        }
        Val::of(Shape::Dict {
            items: items.into(),
            open,
        })
        .given(certain)
    }

    fn comprehension(&mut self, frame: &mut Frame, id: ComprehensionId) -> Val {
        // `[m for m in MIDDLEWARE if m != "x"]` keeps some of them; anything else makes new elements.
        let module = self.module(frame.at);
        let data = &module[id];
        if let [generator] = data.generators.as_slice()
            && let [bind] = module.binds(generator.binds)
            && let (Target::Name(_), Expr::Name { .. }) = (bind.target, &module[data.element])
        {
            let source = self.expr(frame, generator.iter);
            if let Some(Shape::List { items, open }) = source.only() {
                if generator.conditions.is_empty() {
                    return source;
                }
                let excluded = self.excluded(frame, &generator.conditions);
                return match excluded {
                    Some(excluded) => {
                        let kept: Vec<Val> = items
                            .iter()
                            .filter(|item| {
                                item.str()
                                    .is_none_or(|text| !excluded.iter().any(|other| other == text))
                            })
                            .cloned()
                            .collect();
                        Val::of(Shape::List {
                            items: kept.into(),
                            open: *open,
                        })
                        .given(source.certain)
                    }
                    None => Val::of(Shape::List {
                        items: items
                            .iter()
                            .map(|_| Val::unknown())
                            .collect::<Vec<_>>()
                            .into(),
                        open: true,
                    }),
                };
            }
        }
        Val::of(Shape::List {
            items: Vec::new().into(),
            open: true,
        })
    }

    /// The strings that conditions `x != "a"`, `x not in (…)` keep out.
    fn excluded(&mut self, frame: &mut Frame, conditions: &[ExprId]) -> Option<Vec<String>> {
        let module = self.module(frame.at);
        let mut excluded = Vec::new();
        for condition in conditions {
            let Expr::Compare { op, right, .. } = module[*condition] else {
                return None;
            };
            let right = self.expr(frame, right).constant()?;
            match (op, right) {
                (CmpOp::NotEq, Constant::Str(text)) => excluded.push(text),
                (CmpOp::NotIn, Constant::Seq(items)) => {
                    for item in items {
                        let Constant::Str(text) = item else {
                            return None;
                        };
                        excluded.push(text);
                    }
                }
                _ => return None,
            }
        }
        Some(excluded)
    }

    fn variable(&mut self, frame: &mut Frame, expr: ExprId, def: DefId) -> Val {
        let at = frame.at;
        let name = self.name(at, def);
        if let Some(var) = frame.names.vars.get(&name) {
            let value = var.value.clone();
            return if var.optional {
                value.uncertain()
            } else {
                value
            };
        }
        let module = self.module(at);
        let data = &module[def];
        // A variable of the module, seen from a function or class.
        let outer = matches!(data.kind, DefKind::Entry) || data.scope == Module::TOP;
        if frame.inner
            && outer
            && module
                .slot(Module::TOP, name)
                .is_some_and(|slot| slot.bound)
            && let Some(ran) = self.run_module(at)
            && let Some(var) = ran.names.vars.get(&name)
        {
            let value = var.value.clone();
            return if var.optional {
                value.uncertain()
            } else {
                value
            };
        }
        match data.kind {
            // Code that is not being executed: the definition says what it may be.
            DefKind::Value(value) => {
                if self.nesting > MAX_NESTING / 2 {
                    Val::unknown()
                } else {
                    self.expr(frame, value)
                }
            }
            DefKind::ImportFrom {
                module: from,
                name: what,
            } => self.imported(at, from, what),
            DefKind::Phi(list) => {
                let mut known: Option<Val> = None;
                for operand in module.defs_list(list) {
                    let one = match module[*operand].kind {
                        DefKind::Value(value) if self.nesting < MAX_NESTING / 2 => {
                            self.expr(frame, value)
                        }
                        _ => Val::unknown(),
                    };
                    known = Some(match known {
                        Some(known) => known.join(one),
                        None => one,
                    });
                }
                known.unwrap_or_else(Val::unknown)
            }
            _ => {
                let found = self.values.eval(at, expr);
                self.settle(&found)
            }
        }
    }

    pub(super) fn attribute(&mut self, object: &Val, attr: Symbol) -> Val {
        let mut known: Option<Val> = None;
        for shape in &object.shapes {
            let one = match shape {
                Shape::Module(id) => self.export(*id, attr),
                Shape::Path(path) => {
                    let path = self
                        .values
                        .attribute(&[hognose_python::Value::External(*path)], attr);
                    self.settle(&path)
                }
                Shape::Class(at, class) | Shape::Instance(at, class) => {
                    let names = self.run_class(*at, *class);
                    match names.vars.get(&attr).map(|var| var.value.clone()) {
                        Some(value) if !matches!(value.only(), Some(Shape::Function(..))) => value,
                        Some(value) => self.property(*at, *class, &value).unwrap_or_else(|| {
                            let found = self
                                .values
                                .attribute(&[hognose_python::Value::Instance(*at, *class)], attr);
                            self.settle(&found)
                        }),
                        _ => {
                            let found = self
                                .values
                                .attribute(&[hognose_python::Value::Instance(*at, *class)], attr);
                            self.settle(&found)
                        }
                    }
                }
                Shape::App(home, app) => match attr.as_str() {
                    "config" => Val::of(Shape::Config(*home, *app)),
                    _ => Val::unknown(),
                },
                _ => Val::unknown(),
            };
            let one = one.given(object.certain);
            known = Some(match known {
                Some(known) => known.join(one),
                None => one,
            });
        }
        known.unwrap_or_else(Val::unknown)
    }

    /// What a property of a settings class gives.
    fn property(&mut self, at: ModuleId, class: ClassId, value: &Val) -> Option<Val> {
        let Some(Shape::Function(home, function)) = value.only() else {
            return None;
        };
        let (home, function) = (*home, *function);
        let decorated = self.module(home)[function]
            .decorators
            .iter()
            .any(|decorator| {
                self.values.dotted(home, *decorator).is_some_and(|path| {
                    matches!(
                        path.as_str(),
                        "builtins.property" | "functools.cached_property"
                    )
                })
            });
        decorated.then(|| {
            self.run_function(
                None,
                home,
                function,
                &[],
                Some(Val::of(Shape::Instance(at, class))),
            )
            .0
        })
    }

    fn subscript(&mut self, frame: &mut Frame, value: ExprId, index: ExprId) -> Val {
        let object = self.expr(frame, value);
        let key = self.expr(frame, index);
        match object.only() {
            Some(Shape::Dict { items, open }) => {
                let found = key
                    .str()
                    .and_then(|key| items.iter().find(|(known, _)| known == key))
                    .map(|(_, value)| value.clone());
                if let Some(found) = found
                    && (key.is_settled()
                        || stage(key.str().unwrap_or_default()) == Some(Stage::Production))
                {
                    return found;
                }
                // `config_by_name[os.environ.get("ENV", "dev")]`: production asks for its own.
                if let Some((_, value)) = items.iter().find(|(key, value)| {
                    stage(key) == Some(Stage::Production) || self.is_production(value)
                }) {
                    return value.clone();
                }
                match key
                    .str()
                    .and_then(|key| items.iter().find(|(known, _)| known == key))
                {
                    Some((_, value)) if !open => value.clone().uncertain(),
                    _ => Val::unknown(),
                }
            }
            Some(Shape::List { items, .. }) => match key.constant() {
                Some(Constant::Int(_)) if items.is_empty() => Val::unknown(),
                Some(Constant::Int(number)) => element(&object, number),
                _ => Val::unknown(),
            },
            Some(Shape::Config(home, app)) => match key.str() {
                Some(key) => frame
                    .configs
                    .get(&(*home, *app))
                    .and_then(|config| config.vars.get(&Symbol::from(key)))
                    .map_or_else(Val::unknown, |var| var.value.clone()),
                None => Val::unknown(),
            },
            Some(Shape::Globals) => key
                .str()
                .and_then(|key| frame.names.vars.get(&Symbol::from(key)))
                .map_or_else(Val::unknown, |var| var.value.clone()),
            _ => Val::unknown(),
        }
    }

    fn is_production(&self, value: &Val) -> bool {
        match value.only() {
            Some(Shape::Class(at, class)) => {
                stage(self.module(*at)[*class].name.as_str()) == Some(Stage::Production)
            }
            Some(Shape::Constant(Constant::Str(text))) => stage(text) == Some(Stage::Production),
            _ => false,
        }
    }

    fn logic(&mut self, frame: &mut Frame, op: BoolOp, operands: &[ExprId]) -> Val {
        let mut certain = true;
        let mut value = Val::unknown();
        for (number, operand) in operands.iter().enumerate() {
            value = self.expr(frame, *operand);
            let last = number + 1 == operands.len();
            if last {
                break;
            }
            let known = self.condition(frame, *operand).or_else(|| value.truthy());
            match known {
                Some(truth) => {
                    certain &= value.certain && !matches!(value.only(), Some(Shape::Unset));
                    // `a or b` ends at the first true operand, `a and b` at the first false one.
                    if truth == (op == BoolOp::Or) {
                        // `env or "x"` with an environment variable that has a default.
                        break;
                    }
                }
                None => return Val::unknown(),
            }
        }
        value.given(certain)
    }

    fn compare(&mut self, frame: &mut Frame, op: CmpOp, left: ExprId, right: ExprId) -> Val {
        let (left, right) = (self.expr(frame, left), self.expr(frame, right));
        if let Some(assumed) = assumed(op, &left, &right) {
            return Val::bool(assumed);
        }
        // `"NAME" in os.environ`: not, when it is not set.
        if let Some(Shape::Path(path)) = right.only()
            && path.as_str() == "os.environ"
            && matches!(op, CmpOp::In | CmpOp::NotIn)
        {
            return Val::bool(op == CmpOp::NotIn).uncertain();
        }
        let certain = left.certain && right.certain && !matches!(left.only(), Some(Shape::Unset));
        let none = Constant::None;
        let constant = |value: &Val| match value.only() {
            Some(Shape::Unset) => Some(none.clone()),
            _ => value.constant(),
        };
        let (Some(a), Some(b)) = (constant(&left), constant(&right)) else {
            return Val::unknown();
        };
        let number = || Some((a.number()?, b.number()?));
        let known = match op {
            CmpOp::Eq | CmpOp::Is => Some(equal(&a, &b)),
            CmpOp::NotEq | CmpOp::IsNot => Some(!equal(&a, &b)),
            CmpOp::In => contains(&a, &b),
            CmpOp::NotIn => contains(&a, &b).map(|known| !known),
            CmpOp::Lt => number().map(|(a, b)| a < b),
            CmpOp::LtE => number().map(|(a, b)| a <= b),
            CmpOp::Gt => number().map(|(a, b)| a > b),
            CmpOp::GtE => number().map(|(a, b)| a >= b),
        };
        known.map_or_else(Val::unknown, |known| Val::bool(known).given(certain))
    }

    /// How a condition comes out in production; `None` when both ways are possible.
    pub(super) fn condition(&mut self, frame: &mut Frame, test: ExprId) -> Option<bool> {
        let module = self.module(frame.at);
        match module[test] {
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => return self.condition(frame, operand).map(|known| !known),
            Expr::Logic { op, values } => {
                let until = op == BoolOp::Or;
                let mut undecided = false;
                for operand in module.list(values) {
                    match self.condition(frame, *operand) {
                        Some(known) if known == until => return Some(until),
                        Some(_) => {}
                        None => undecided = true,
                    }
                }
                return if undecided { None } else { Some(!until) };
            }
            _ => {}
        }
        let value = self.expr(frame, test);
        if value.is_settled()
            && let Some(known) = value.truthy()
        {
            return Some(known);
        }
        // What is not settled by the code is settled by its name: production is not debugged and not under test.
        match self.spoken_of(frame, test)? {
            Stage::Production => Some(true),
            Stage::Development => Some(false),
        }
    }

    /// The stage a condition's own name speaks of: `DEBUG`, `settings.IS_PROD`, `env.bool("DEBUG")`.
    fn spoken_of(&mut self, frame: &mut Frame, test: ExprId) -> Option<Stage> {
        let module = self.module(frame.at);
        match module[test] {
            Expr::Name { def, .. } => stage(self.name(frame.at, def).as_str()),
            Expr::Attribute { attr, .. } => stage(attr.as_str()),
            Expr::Call { args, .. } => {
                let first = module.args(args).first()?;
                stage(self.expr(frame, first.value).str()?)
            }
            Expr::Subscript { index, .. } => stage(self.expr(frame, index).str()?),
            Expr::Compare {
                op: CmpOp::In,
                left,
                ..
            } => stage(self.expr(frame, left).str()?),
            Expr::Compare {
                op: CmpOp::NotIn,
                left,
                ..
            } => match stage(self.expr(frame, left).str()?)? {
                Stage::Production => Some(Stage::Development),
                Stage::Development => Some(Stage::Production),
            },
            _ => None,
        }
    }

    fn format(&mut self, frame: &mut Frame, parts: &[ExprId]) -> Val {
        let module = self.module(frame.at);
        let mut text = String::new();
        let mut certain = true;
        for part in parts {
            match module[*part] {
                Expr::Str(literal) => text.push_str(module.str(literal)),
                Expr::Formatted { value, .. } => {
                    let value = self.expr(frame, value);
                    certain &= value.certain;
                    match value.constant() {
                        Some(Constant::Str(value)) => text.push_str(&value),
                        Some(Constant::Int(value)) => text.push_str(&value.to_string()),
                        _ => return Val::unknown(),
                    }
                }
                _ => return Val::unknown(),
            }
        }
        Val::text(text).given(certain)
    }

    fn call(&mut self, frame: &mut Frame, expr: ExprId, func: ExprId, args: List) -> Val {
        let at = frame.at;
        let module = self.module(at);
        if let Expr::Attribute { value, attr } = module[func] {
            let object = self.expr(frame, value);
            if let Some(result) = self.method(frame, &object, value, attr, args) {
                return result;
            }
        }
        let callee = self.expr(frame, func);
        let arguments = self.arguments(frame, args);
        let Some(shape) = callee.only().cloned() else {
            return Val::unknown();
        };
        match shape {
            Shape::Path(path) => {
                if matches!(
                    path.as_str(),
                    "flask.Flask"
                        | "quart.Quart"
                        | "flask.app.Flask"
                        | "flask_openapi3.OpenAPI"
                        | "apiflask.APIFlask"
                ) {
                    frame.configs.entry((at, expr)).or_default();
                    return Val::of(Shape::App(at, expr));
                }
                if let Some(value) = environment::read(path.as_str(), &arguments) {
                    return value;
                }
                // What a call outside gives keeps its name, so that methods of it are known.
                let path = self.values.result(hognose_python::Value::External(path));
                self.settle(&path)
            }
            Shape::Reader(scheme) => environment::reader_call(&scheme, "__call__", &arguments),
            Shape::Function(home, function) => {
                self.run_function(Some(frame), home, function, &arguments, None)
                    .0
            }
            Shape::Class(home, class) => {
                let order = self.values.mro(home, class);
                let bases: Vec<Symbol> = order
                    .iter()
                    .filter_map(|base| match base {
                        hognose_python::ClassRef::External(path) => Some(*path),
                        hognose_python::ClassRef::Project(..) => None,
                    })
                    .collect();
                if bases
                    .iter()
                    .any(|base| matches!(base.as_str(), "flask.Flask" | "quart.Quart"))
                {
                    frame.configs.entry((at, expr)).or_default();
                    return Val::of(Shape::App(at, expr));
                }
                if bases
                    .iter()
                    .any(|base| environment::is_reader(base.as_str()))
                {
                    return Val::of(Shape::Reader(environment::scheme(&arguments).into()));
                }
                let certain = !bases.iter().any(|base| is_environment_class(base.as_str()));
                Val::of(Shape::Instance(home, class)).given(certain)
            }
            _ => Val::unknown(),
        }
    }

    /// The arguments of a call. What `*args` and `**kwargs` hold is spread where it is known.
    pub(super) fn arguments(&mut self, frame: &mut Frame, args: List) -> Vec<(ArgKind, Val)> {
        let module = self.module(frame.at);
        let mut arguments = Vec::new();
        for argument in module.args(args) {
            let value = self.expr(frame, argument.value);
            match (argument.kind, value.only()) {
                (ArgKind::DoubleStar, Some(Shape::Dict { items, open: false })) => {
                    arguments.extend(
                        items.iter().map(|(key, value)| {
                            (ArgKind::Keyword(Symbol::from(key)), value.clone())
                        }),
                    );
                }
                // Whoever gets hold of `globals()` may set anything.
                (kind, Some(Shape::Globals)) => {
                    frame.names.disturb(true);
                    arguments.push((kind, value));
                }
                (kind, _) => arguments.push((kind, value)),
            }
        }
        arguments
    }
}

/// What a comparison with the name of a stage comes to in production.
fn assumed(op: CmpOp, left: &Val, right: &Val) -> Option<bool> {
    let open = |value: &Val| !value.is_settled();
    let of_text = |value: &Val| value.str().and_then(stage);
    let of_list = |value: &Val| match value.only() {
        Some(Shape::List { items, .. }) => {
            let stages: Vec<Option<Stage>> = items.iter().map(of_text).collect();
            if stages.contains(&Some(Stage::Production)) {
                Some(Stage::Production)
            } else if !stages.is_empty()
                && stages
                    .iter()
                    .all(|stage| *stage == Some(Stage::Development))
            {
                Some(Stage::Development)
            } else {
                None
            }
        }
        _ => None,
    };
    let (found, positive) = match op {
        CmpOp::Eq | CmpOp::NotEq if open(left) => (of_text(right)?, op == CmpOp::Eq),
        CmpOp::Eq | CmpOp::NotEq if open(right) => (of_text(left)?, op == CmpOp::Eq),
        CmpOp::Eq | CmpOp::NotEq => return None,
        CmpOp::In | CmpOp::NotIn if open(left) => {
            (of_list(right).or_else(|| of_text(right))?, op == CmpOp::In)
        }
        CmpOp::In | CmpOp::NotIn
            if right.is_unknown() || matches!(right.only(), Some(Shape::Path(_))) =>
        {
            (of_text(left)?, op == CmpOp::In)
        }
        _ => return None,
    };
    Some((found == Stage::Production) == positive)
}

/// Python's equality, by which `True == 1`.
fn equal(a: &Constant, b: &Constant) -> bool {
    match (a.number(), b.number()) {
        #[expect(clippy::float_cmp, reason = "Python compares so as well")]
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn contains(item: &Constant, container: &Constant) -> Option<bool> {
    match (item, container) {
        (_, Constant::Seq(items)) => Some(items.iter().any(|other| equal(item, other))),
        (Constant::Str(part), Constant::Str(text)) => Some(text.contains(part.as_str())),
        (Constant::Str(key), Constant::Map(items)) => Some(
            items
                .iter()
                .any(|(known, _)| *known == Constant::Str(key.clone())),
        ),
        (Constant::None, Constant::Str(_)) => Some(false),
        _ => None,
    }
}

fn element(of: &Val, index: i64) -> Val {
    match of.only() {
        Some(Shape::List { items, open: false }) => {
            let index = if index < 0 {
                index + i64::try_from(items.len()).unwrap_or(0)
            } else {
                index
            };
            usize::try_from(index)
                .ok()
                .and_then(|index| items.get(index))
                .map_or_else(Val::unknown, |item| item.clone().given(of.certain))
        }
        _ => Val::unknown(),
    }
}

/// `+`, `|` and the arithmetic that settings are written with.
fn binary(op: Operator, left: &Val, right: &Val) -> Val {
    let certain = left.certain && right.certain;
    let mut known: Option<Val> = None;
    for a in &left.shapes {
        for b in &right.shapes {
            let one = binary_shape(op, a, b);
            known = Some(match known {
                Some(known) => known.join(one),
                None => one,
            });
        }
    }
    known.unwrap_or_else(Val::unknown).given(certain)
}

fn binary_shape(op: Operator, left: &Shape, right: &Shape) -> Val {
    match (op, left, right) {
        (
            Operator::Add,
            Shape::List {
                items: a,
                open: open_a,
            },
            Shape::List {
                items: b,
                open: open_b,
            },
        ) => Val::of(Shape::List {
            items: a.iter().chain(b.iter()).cloned().collect::<Vec<_>>().into(),
            open: *open_a || *open_b,
        }),
        (Operator::Add, Shape::List { items, .. }, _)
        | (Operator::Add, _, Shape::List { items, .. }) => Val::of(Shape::List {
            items: items.clone(),
            open: true,
        }),
        (
            Operator::BitOr,
            Shape::Dict {
                items: a,
                open: open_a,
            },
            Shape::Dict {
                items: b,
                open: open_b,
            },
        ) => {
            let mut items: Vec<(String, Val)> = a
                .iter()
                .filter(|(key, _)| !b.iter().any(|(other, _)| other == key))
                .cloned()
                .collect();
            items.extend(b.iter().cloned());
            Val::of(Shape::Dict {
                items: items.into(),
                open: *open_a || *open_b,
            })
        }
        (Operator::Add, Shape::Constant(Constant::Str(a)), Shape::Constant(Constant::Str(b))) => {
            Val::text(format!("{a}{b}"))
        }
        (
            Operator::Mult,
            Shape::Constant(Constant::Str(text)),
            Shape::Constant(Constant::Int(times)),
        ) => match usize::try_from(*times) {
            Ok(times) if text.len().saturating_mul(times) < 4096 => Val::text(text.repeat(times)),
            _ => Val::unknown(),
        },
        (_, Shape::Constant(Constant::Int(a)), Shape::Constant(Constant::Int(b))) => {
            let result = match op {
                Operator::Add => a.checked_add(*b),
                Operator::Sub => a.checked_sub(*b),
                Operator::Mult => a.checked_mul(*b),
                Operator::Pow => u32::try_from(*b).ok().and_then(|b| a.checked_pow(b)),
                Operator::LShift => u32::try_from(*b)
                    .ok()
                    .filter(|b| *b < 62)
                    .and_then(|b| a.checked_mul(1 << b)),
                Operator::FloorDiv => a.checked_div_euclid(*b),
                _ => None,
            };
            result.map_or_else(Val::unknown, |value| {
                Val::of(Shape::Constant(Constant::Int(value)))
            })
        }
        _ => Val::unknown(),
    }
}

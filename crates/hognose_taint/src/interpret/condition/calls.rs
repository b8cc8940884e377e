//! Calls as conditions: validators of the project, of libraries and of nobody we know.

use hognose_python::ir::*;
use hognose_regex::{Flags, Mode};

use super::super::Interpreter;
use super::super::call::Arguments;
use super::super::native::{compiled, flags_of};
use super::MAX_CHAIN;
use super::MAX_EACH;
use super::edges::host_is_fixed;
use crate::model::Holds;
use crate::shape::{Alphabet, Facts, Hole, Restriction, map_holes};
use crate::state::{Kind, State};
use crate::value::{Atom, Origin, Symbol, Value};

impl Interpreter<'_, '_> {
    pub(super) fn assume_call(
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
            if !asks_whether_it_is_there(attr.as_str())
                && !super::super::string::is_string_method(attr)
            {
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
                Atom::External(path)
                    if matches!(path.as_str(), "builtins.bool" | "builtins.len") =>
                {
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
    pub(super) fn is_switch(&mut self, state: &mut State, test: ExprId) -> bool {
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

    /// Whether a test asks a setting, and on which side of it the setting is on: `if app.debug`, `if not settings.DEBUG`,
    /// `if config.get("api", "traces") == "True"`.
    pub(in crate::interpret) fn setting_asked(
        &mut self,
        state: &mut State,
        test: ExprId,
    ) -> Option<bool> {
        match self.module()[test] {
            Expr::Unary {
                op: UnaryOp::Not,
                operand,
            } => Some(!self.setting_asked(state, operand)?),
            Expr::Compare { op, left, right } => {
                let equal = match op {
                    CmpOp::Eq | CmpOp::Is => true,
                    CmpOp::NotEq | CmpOp::IsNot => false,
                    _ => return None,
                };
                let on = match self.module()[right] {
                    Expr::Bool(on) => on,
                    // A truth that was written down as a text is one of a setting.
                    Expr::Str(text) => {
                        let text = self.module().str(text).to_ascii_lowercase();
                        let on = matches!(text.as_str(), "true" | "yes" | "on" | "1");
                        if on || matches!(text.as_str(), "false" | "no" | "off" | "0") {
                            let asked = self.peek(state, left);
                            return self.is_chosen(&asked.holes()).then_some(on == equal);
                        }
                        return None;
                    }
                    _ => return None,
                };
                let asked = self.setting_asked(state, left)?;
                Some((on == equal) == asked)
            }
            Expr::Logic {
                op: BoolOp::And,
                values,
            } => {
                let operands = self.module().list(values).to_vec();
                operands
                    .into_iter()
                    .find_map(|operand| self.setting_asked(state, operand).filter(|on| *on))
            }
            Expr::Name { .. }
            | Expr::Attribute { .. }
            | Expr::Subscript { .. }
            | Expr::Call { .. }
                if !self.setting.models.settings.is_empty() =>
            {
                let asked = self.peek(state, test);
                let models = self.setting.models;
                let is_setting = asked.atoms().iter().any(
                    |atom| matches!(atom, Atom::External(path) if models.is_setting(path.as_str())),
                );
                is_setting.then_some(true)
            }
            _ => None,
        }
    }

    /// What a setting switches on, its administrator asked for: that a trace is made, kept or sent there, is a smell.
    pub(in crate::interpret) fn as_switched(&self, value: Value) -> Value {
        if self.switched == 0 || !value.has_sources() {
            return value;
        }
        let models = self.setting.models;
        let of_error = |hole: &Hole| {
            hole.taints.iter().any(|taint| {
                matches!(taint.origin, Origin::Source(source) if matches!(models.kind_of(source.model), "exception" | "error-text"))
            })
        };
        let mut marked = Value::nothing();
        for atom in value.atoms() {
            match atom {
                Atom::Text(text) => {
                    let text = map_holes(text, |hole| {
                        if of_error(hole) {
                            hole.doubt = hole.doubt.max(1);
                        }
                    });
                    marked.add(Atom::Text(text.into()));
                }
                other => marked.add(other.clone()),
            }
        }
        marked
    }

    /// Something that cannot be looked into answered yes or no: what it was asked about may be what it wants.
    pub(super) fn asked(&mut self, state: &mut State, test: ExprId, callee: &Value, outcome: bool) {
        let unknown = !callee.is_nothing()
            && callee.atoms().iter().all(|atom| match atom {
                Atom::Unknown => true,
                Atom::External(path) => {
                    let name = path.as_str();
                    let last = name.rsplit('.').next().unwrap_or_default();
                    !name.starts_with("builtins.")
                        && !asks_whether_it_is_there(last)
                        && self.call_model(*path).is_none()
                        && !super::super::native::is_known(name)
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
            let (func, args) = match module[call] {
                Expr::Call { func, args } => (func, args),
                // `cursor = connection.execute(…)`, `row = cursor.fetchone()`, `if row`.
                Expr::Await(value) => {
                    call = value;
                    continue;
                }
                Expr::Name { slot, def } => {
                    let last = state.frames.len().saturating_sub(1);
                    let reaching = state.frames[last].slots.get(slot.index());
                    match module[def].kind {
                        DefKind::Value(value)
                            if module[def].scope == self.at().scope
                                && reaching.is_some_and(|(known, _)| *known == def) =>
                        {
                            call = value;
                            continue;
                        }
                        _ => break,
                    }
                }
                _ => break,
            };
            for argument in module.args(args) {
                self.asked_about(state, argument.value, fact);
                // `rules.allows(tidy(x))`: it was asked about `x`.
                if let Expr::Call { args, .. } = module[argument.value] {
                    for inner in module.args(args) {
                        self.asked_about(state, inner.value, fact);
                    }
                }
            }
            let Expr::Attribute { value, .. } = module[func] else {
                break;
            };
            call = value;
        }
    }

    fn asked_about(&mut self, state: &mut State, argument: ExprId, fact: Facts) {
        let value = self.peek(state, argument);
        for hole in self.deep_holes(state, &value) {
            let value = Value::hole((*hole).clone());
            self.restrict_value(state, &value, Restriction::facts(fact));
        }
    }

    /// A comprehension gives something: the conditions hold for one of the elements.
    pub(super) fn assume_some(&mut self, state: &mut State, comprehension: ExprId) {
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

    /// What a callee outside of the project says.
    pub(in crate::interpret) fn assume_external(
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
                let (pattern, flags) = compiled(state, &first)
                    .unwrap_or_else(|| (first, arguments.either(2, "flags")));
                let flags = flags_of(flags.as_ref());
                self.assume_match(state, (&pattern, flags), &subject, function, outcome);
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
    pub(super) fn assume_match(
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
            if let Some(alphabet) = Alphabet::let_through(&parsed, mode) {
                let mut restriction = Restriction::alphabet(alphabet);
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

//! Expressions.

use super::*;

/// The name of the module that is started: any of them may be.
const MAIN: &str = "__main__";

impl Machine<'_> {
    pub(super) fn eval(&mut self, f: usize, expr: ExprId) -> V {
        if self.nesting >= MAX_NESTING || !self.step() {
            return Self::UNKNOWN;
        }
        self.nesting += 1;
        let v = self.eval_inner(f, expr);
        self.nesting -= 1;
        v
    }

    fn eval_inner(&mut self, f: usize, expr: ExprId) -> V {
        if let Some((_, v)) = self.frames[f]
            .held
            .iter()
            .rev()
            .find(|(held, _)| *held == expr)
        {
            return *v;
        }
        let at = self.frames[f].module;
        let module = self.project.module(at);
        match module[expr] {
            Expr::Name { slot, .. } => self.name(f, slot),
            Expr::None => Self::NONE,
            Expr::Bool(value) => self.make(Value::Bool(value)),
            Expr::Int(value) => self.make(Value::Int(value)),
            Expr::Str(text) => self.text(module.str(text)),
            Expr::Attribute { value, attr } => {
                let object = self.eval(f, value);
                self.attribute(object, attr)
            }
            Expr::Subscript { value, index } => {
                let container = self.eval(f, value);
                if let Expr::Slice(bounds) = module[index] {
                    return self.slice(f, container, bounds);
                }
                let key = self.eval(f, index);
                self.item(container, key)
            }
            Expr::Call { func, args } => self.eval_call(f, expr, func, args),
            Expr::Binary { op, left, right } => {
                let (left, right) = (self.eval(f, left), self.eval(f, right));
                self.binary(op, left, right)
            }
            Expr::InPlace { op, left, right } => {
                let (left, right) = (self.eval(f, left), self.eval(f, right));
                if op == Operator::Add && matches!(self.get(left), Value::List(_)) {
                    self.extend(left, right);
                    return left;
                }
                self.binary(op, left, right)
            }
            Expr::Unary { op, operand } => {
                let v = self.eval(f, operand);
                match (op, self.truth(v), self.get(v)) {
                    (UnaryOp::Not, Some(truth), _) => self.make(Value::Bool(!truth)),
                    (UnaryOp::USub, _, Value::Int(value)) => {
                        let value = value.wrapping_neg();
                        self.make(Value::Int(value))
                    }
                    _ => Self::UNKNOWN,
                }
            }
            Expr::Logic { op, values } => {
                let mut result = Self::UNKNOWN;
                let mut open = false;
                let operands = module.list(values);
                for (index, operand) in operands.iter().enumerate() {
                    let v = self.eval(f, *operand);
                    let truth = self.truth(v);
                    let decides = truth == Some(op == BoolOp::Or);
                    if decides || (index + 1 == operands.len()) {
                        // `found and True` is not known where `found` is not.
                        if open && !decides && matches!(self.get(v), Value::Bool(_)) {
                            return Self::UNKNOWN;
                        }
                        return self.union(result, v);
                    }
                    open |= truth.is_none();
                    // `a or b` is `a` only if that is true; `a and b` is `a` only if that is false.
                    if truth.is_none() && !(op == BoolOp::And) {
                        result = self.union(result, v);
                    }
                }
                result
            }
            Expr::Compare { op, left, right } => {
                let (left, right) = (self.eval(f, left), self.eval(f, right));
                match self.compare(op, left, right) {
                    Some(truth) => self.make(Value::Bool(truth)),
                    None => Self::UNKNOWN,
                }
            }
            Expr::Conditional { test, body, orelse } => {
                let v = self.eval(f, test);
                match self.truth(v) {
                    Some(true) => self.eval(f, body),
                    Some(false) => self.eval(f, orelse),
                    None => {
                        let (a, b) = (self.eval(f, body), self.eval(f, orelse));
                        self.union(a, b)
                    }
                }
            }
            Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) => {
                let mut items = Vec::with_capacity(list.len as usize);
                for element in module.list(list) {
                    if let Expr::Starred(inner) = module[*element] {
                        let inner = self.eval(f, inner);
                        items.extend(self.elements(inner).0);
                    } else {
                        items.push(self.eval(f, *element));
                    }
                }
                let v = self.make(Value::List(items));
                let kind = match module[expr] {
                    Expr::Tuple(_) => "tuple",
                    Expr::ListOf(_) => "list",
                    _ => "set",
                };
                self.displays.insert(v, kind);
                v
            }
            Expr::Dict(list) => {
                let dict = self.make(Value::Dict(Vec::new()));
                for (key, value) in module.dict(list) {
                    let v = self.eval(f, *value);
                    match key {
                        Some(key) => {
                            let key = self.eval(f, key.get());
                            self.store_item(dict, key, v);
                        }
                        None => self.update(dict, v),
                    }
                }
                dict
            }
            Expr::FString(parts) => {
                let mut text = String::new();
                for part in module.list(parts) {
                    match module[*part] {
                        Expr::Str(literal) => text.push_str(module.str(literal)),
                        Expr::Formatted { value, .. } => {
                            let v = self.eval(f, value);
                            self.print(v, &mut text);
                        }
                        _ => text.push(HOLE),
                    }
                }
                self.text(text)
            }
            Expr::Lambda(function) => self.make(Value::Function {
                module: at,
                function,
                frame: f,
            }),
            Expr::Comprehension(id) => {
                let data = &module[id];
                let result = match data.kind {
                    ComprehensionKind::Dict => self.make(Value::Dict(Vec::new())),
                    _ => self.make(Value::List(Vec::new())),
                };
                self.comprehend(f, id, 0, result);
                result
            }
            Expr::Await(value) | Expr::Starred(value) => self.eval(f, value),
            Expr::Named { def, value } => {
                let v = self.eval(f, value);
                self.store(f, Target::Name(def), v);
                v
            }
            Expr::Yield(value) => {
                let v = value.map_or(Self::NONE, |value| self.eval(f, value.get()));
                self.frames[f].yielded.push(v);
                Self::UNKNOWN
            }
            Expr::YieldFrom(value) => {
                let v = self.eval(f, value);
                let elements = self.elements(v).0;
                self.frames[f].yielded.extend(elements);
                Self::UNKNOWN
            }
            Expr::Element { of, index } => {
                let container = self.eval(f, of);
                let key = self.make(Value::Int(i64::from(index)));
                self.item(container, key)
            }
            Expr::Rest { of, before, after } => {
                let container = self.eval(f, of);
                match self.get(container).clone() {
                    Value::List(items) => {
                        let end = items.len().saturating_sub(usize::from(after));
                        let start = usize::from(before).min(end);
                        self.make(Value::List(items[start..end].to_vec()))
                    }
                    _ => Self::UNKNOWN,
                }
            }
            // The loop holds the element at hand under the expression that is iterated.
            Expr::Iterate { of, .. } | Expr::Enter { of, .. } => self.eval(f, of),
            _ => Self::UNKNOWN,
        }
    }

    fn comprehend(&mut self, f: usize, id: ComprehensionId, depth: usize, result: V) {
        let module = self.project.module(self.frames[f].module);
        let data = &module[id];
        let Some(generator) = data.generators.get(depth) else {
            let element = self.eval(f, data.element);
            match data.value {
                Some(value) => {
                    let v = self.eval(f, value);
                    self.store_item(result, element, v);
                }
                None => {
                    if let Value::List(items) = &mut self.values[result.0 as usize] {
                        items.push(element);
                    }
                }
            }
            return;
        };
        let iterated = self.eval(f, generator.iter);
        for element in self.elements(iterated).0.into_iter().take(MAX_ITERATIONS) {
            if !self.step() {
                return;
            }
            self.frames[f].held.push((generator.iter, element));
            for bind in module.binds(generator.binds) {
                let v = self.eval(f, bind.value);
                self.store(f, bind.target, v);
            }
            self.frames[f].held.pop();
            let met = generator.conditions.iter().all(|condition| {
                let v = self.eval(f, *condition);
                self.truth(v) != Some(false)
            });
            if met {
                self.comprehend(f, id, depth + 1, result);
            }
        }
    }

    fn slice(&mut self, f: usize, container: V, bounds: List) -> V {
        let module = self.project.module(self.frames[f].module);
        let mut numbers = [None; 3];
        for (number, bound) in numbers.iter_mut().zip(module.opt(bounds)) {
            if let Some(bound) = bound {
                let v = self.eval(f, bound.get());
                match *self.get(v) {
                    Value::Int(value) => *number = Some(value),
                    Value::None => {}
                    _ => return Self::UNKNOWN,
                }
            }
        }
        if numbers[2].is_some() {
            return Self::UNKNOWN;
        }
        let cut = |length: usize| {
            let length = i64::try_from(length).unwrap_or(i64::MAX);
            let place =
                |bound: i64| if bound < 0 { bound + length } else { bound }.clamp(0, length);
            let (start, end) = (
                place(numbers[0].unwrap_or(0)),
                place(numbers[1].unwrap_or(length)),
            );
            let start = usize::try_from(start).unwrap_or(0);
            start..usize::try_from(end).unwrap_or(0).max(start)
        };
        match self.get(container).clone() {
            Value::List(items) => self.make(Value::List(items[cut(items.len())].to_vec())),
            Value::Str(text) => {
                let characters: Vec<char> = text.chars().collect();
                let part: String = characters[cut(characters.len())].iter().collect();
                self.text(part)
            }
            _ => Self::UNKNOWN,
        }
    }

    fn eval_call(&mut self, f: usize, expr: ExprId, func: ExprId, args: List) -> V {
        let at = self.frames[f].module;
        let module = self.project.module(at);
        let callee = self.eval(f, func);
        let mut given = Args::default();
        for argument in module.args(args) {
            let v = self.eval(f, argument.value);
            match argument.kind {
                ArgKind::Positional => given.positional.push(v),
                ArgKind::Keyword(name) => given.keywords.push((name, v)),
                ArgKind::Star => match self.elements(v) {
                    (elements, true) => given.positional.extend(elements),
                    _ => given.open = true,
                },
                ArgKind::DoubleStar => match self.get(v).clone() {
                    Value::Dict(items) => {
                        for (key, value) in items {
                            match self.get(key) {
                                Value::Str(name) => {
                                    given.keywords.push((Symbol::from(&**name), value));
                                }
                                _ => given.open = true,
                            }
                        }
                    }
                    _ => given.open = true,
                },
            }
        }
        if let Value::External(path) = self.get(callee)
            && path.as_str() == "builtins.super"
        {
            return self.super_object(f, &given);
        }
        self.call(callee, given, (at, expr))
    }

    fn super_object(&mut self, f: usize, args: &Args) -> V {
        let mut around = Some(f);
        while let Some(at) = around {
            let frame = &self.frames[at];
            let module = self.project.module(frame.module);
            if let ScopeKind::Function(function) = module[frame.scope].kind
                && let Some(class) = module[function].class
                && let Some(receiver) = frame.receiver
            {
                let mut class = (frame.module, class);
                if let Some(named) = args.positional.first()
                    && let Value::Class {
                        module, class: id, ..
                    } = *self.get(*named)
                {
                    class = (module, id);
                }
                return self.make(Value::Super { receiver, class });
            }
            around = frame.parent;
        }
        Self::UNKNOWN
    }

    fn compare(&self, op: CmpOp, left: V, right: V) -> Option<bool> {
        let scalar = |v: V| match self.get(v) {
            Value::Str(text) => !text.contains(HOLE) && &**text != MAIN,
            Value::Int(_) | Value::Bool(_) | Value::None => true,
            _ => false,
        };
        let present = |v: V| {
            !matches!(
                self.get(v),
                Value::Unknown
                    | Value::Union(_)
                    | Value::None
                    | Value::External(_)
                    | Value::Call { .. }
                    | Value::Attribute { .. }
            )
        };
        match op {
            CmpOp::Eq | CmpOp::NotEq if scalar(left) && scalar(right) => {
                Some(self.same(left, right) == (op == CmpOp::Eq))
            }
            CmpOp::Is | CmpOp::IsNot => {
                let equal = match (self.get(left), self.get(right)) {
                    (Value::None, Value::None) => true,
                    (Value::None, _) if present(right) => false,
                    (_, Value::None) if present(left) => false,
                    (Value::Bool(a), Value::Bool(b)) => a == b,
                    _ => return None,
                };
                Some(equal == (op == CmpOp::Is))
            }
            CmpOp::In | CmpOp::NotIn if scalar(left) => {
                let found = match (self.get(left), self.get(right)) {
                    (_, Value::List(items)) => {
                        if items.iter().any(|item| self.same(*item, left)) {
                            true
                        } else if items.iter().all(|item| scalar(*item)) {
                            false
                        } else {
                            return None;
                        }
                    }
                    (_, Value::Dict(items)) => items.iter().any(|(key, _)| self.same(*key, left)),
                    (Value::Str(part), Value::Str(text)) if scalar(right) => text.contains(&**part),
                    _ => return None,
                };
                Some(found == (op == CmpOp::In))
            }
            _ => None,
        }
    }
}

//! Calls.

use super::*;

impl Machine<'_> {
    /// Calls a value.
    pub fn call(&mut self, callee: V, args: Args, site: Site) -> V {
        if self.nesting >= MAX_NESTING || !self.step() {
            return Self::UNKNOWN;
        }
        self.nesting += 1;
        let v = self.call_inner(callee, args, site);
        self.nesting -= 1;
        v
    }

    fn call_inner(&mut self, callee: V, args: Args, site: Site) -> V {
        match self.get(callee).clone() {
            Value::Union(all) => {
                let mut result = Self::UNKNOWN;
                for callee in all {
                    let v = self.call(callee, args.clone(), site);
                    result = self.union(result, v);
                }
                result
            }
            Value::External(path) => match self.native(path, &args) {
                Some(v) => v,
                None => self.make(Value::Call { callee, args, site }),
            },
            Value::Attribute { of, attr } => {
                let known = self
                    .native_method(of, attr, &args)
                    .or_else(|| self.call_hook(of, attr, &args, site))
                    .or_else(|| self.call_configuration(of, attr, &args));
                known.unwrap_or_else(|| self.make(Value::Call { callee, args, site }))
            }
            Value::Call {
                callee: outer,
                args: outer_args,
                ..
            } => {
                // `functools.wraps(f)` gives back what it is called with.
                if matches!(self.get(outer), Value::External(path) if path.as_str() == "functools.wraps")
                {
                    let v = args.positional.first().copied().unwrap_or(Self::UNKNOWN);
                    if let Some(wrapped) = outer_args.positional.first() {
                        self.stands_for.insert(v, *wrapped);
                    }
                    return v;
                }
                let is_partial = matches!(self.get(outer), Value::External(path)
                    if path.as_str() == "functools.partial");
                // A function in a decorator from outside is called as itself; `partial` adds its arguments.
                if let Some(inner) = outer_args.positional.first().copied()
                    && (is_partial || self.callable(inner))
                    && !self.is_class(inner)
                {
                    let mut all = Args::default();
                    if is_partial {
                        all.positional
                            .extend_from_slice(&outer_args.positional[1..]);
                        all.keywords = outer_args.keywords;
                        all.open = args.open;
                    }
                    let decorates = !is_partial
                        && args.keywords.is_empty()
                        && matches!(*args.positional, [only] if self.callable(only));
                    all.positional.extend(&args.positional);
                    all.keywords.extend(&args.keywords);
                    let result = self.call(inner, all, site);
                    // `user_passes_test(is_manager)` makes a decorator of a function that is asked, not called in its place.
                    if decorates
                        && matches!(
                            *self.get(result),
                            Value::Unknown | Value::None | Value::Bool(_) | Value::Attribute { .. }
                        )
                    {
                        return self.make(Value::Call { callee, args, site });
                    }
                    return result;
                }
                self.make(Value::Call { callee, args, site })
            }
            Value::Function { .. } => self.call_function(callee, args, site),
            Value::Method { receiver, function } => {
                let mut all = args;
                all.positional.insert(0, receiver);
                self.call(function, all, site)
            }
            Value::Class { .. } => self.instantiate(callee, args, site),
            Value::Instance { .. } => {
                let method = self.attribute(callee, Symbol::from("__call__"));
                match self.get(method) {
                    Value::Unknown => Self::UNKNOWN,
                    _ => self.call(method, args, site),
                }
            }
            Value::Wrapped { inner, wrapper, .. } => {
                // `@decorator_of def checked(request)`: what was put around the function decorates.
                if let Some(wrapper) = wrapper
                    && args.keywords.is_empty()
                    && matches!(*args.positional, [only] if self.callable(only))
                {
                    let made = self.call(wrapper, args.clone(), site);
                    if self.callable(made) {
                        return made;
                    }
                }
                self.call(inner, args, site)
            }
            Value::Unknown => match args.positional.as_slice() {
                [only] if args.keywords.is_empty() && self.callable(*only) => {
                    self.wrap(*only, callee, None, site)
                }
                _ => Self::UNKNOWN,
            },
            _ => Self::UNKNOWN,
        }
    }

    /// Whether a value is a class, perhaps in decorators from outside.
    fn is_class(&self, v: V) -> bool {
        let mut v = v;
        for _ in 0..MAX_CALLS {
            match self.get(v) {
                Value::Class { .. } => return true,
                Value::Call { args, .. } => match args.positional.first() {
                    Some(inner) => v = *inner,
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }

    /// Whether a value is something of the project that can be called, perhaps decorated.
    pub fn callable(&self, v: V) -> bool {
        let mut v = v;
        for _ in 0..MAX_CALLS {
            match self.get(v) {
                Value::Function { .. }
                | Value::Method { .. }
                | Value::Class { .. }
                | Value::Wrapped { .. } => return true,
                Value::Call { callee, args, .. } => {
                    // `View.as_view()` makes a callable of a class.
                    if let Value::Attribute { of, attr } = self.get(*callee)
                        && matches!(attr.as_str(), "as_view" | "as_asgi")
                    {
                        if matches!(self.get(*of), Value::External(_)) {
                            return true;
                        }
                        v = *of;
                        continue;
                    }
                    match args.positional.first() {
                        Some(inner) => v = *inner,
                        None => return false,
                    }
                }
                _ => return false,
            }
        }
        false
    }

    pub(super) fn wrap(&mut self, inner: V, by: V, wrapper: Option<V>, site: Site) -> V {
        self.make(Value::Wrapped {
            inner,
            by,
            wrapper,
            site,
        })
    }

    pub(super) fn call_function(&mut self, callee: V, args: Args, site: Site) -> V {
        let Value::Function {
            module: at,
            function,
            frame: outer,
        } = *self.get(callee)
        else {
            return Self::UNKNOWN;
        };
        self.called.insert((at, function));
        let again = self
            .running
            .iter()
            .filter(|running| **running == (at, function))
            .count();
        if self.running.len() >= MAX_CALLS || again >= MAX_RECURSION {
            return Self::UNKNOWN;
        }
        let project = self.project;
        let module = project.module(at);
        let data = &module[function];
        let f = self.push_frame(at, data.scope, Some(outer));
        self.bind_parameters(f, outer, data, &args);
        self.running.push((at, function));
        let outer_uncertain = self.uncertain;
        self.block(f, data.body);
        self.uncertain = outer_uncertain;
        self.running.pop();
        // What was broken off may still run as one that nobody called.
        if self.root_steps >= MAX_STEPS_PER_ROOT {
            self.called.remove(&(at, function));
        }
        let frame = &mut self.frames[f];
        let (returned, yielded) = (
            std::mem::take(&mut frame.returned),
            std::mem::take(&mut frame.yielded),
        );
        if data.is_generator {
            return self.make(Value::List(yielded));
        }
        let mut result = None;
        for v in returned {
            result = Some(match result {
                None => v,
                Some(known) => self.union(known, v),
            });
        }
        let result = result.unwrap_or(Self::NONE);
        // A decorator of the project: it takes a callable and gives a function made in it.
        let mut callables = args.positional.iter().filter(|v| self.callable(**v));
        if let (Some(inner), None) = (callables.next().copied(), callables.next()) {
            let made = self.alternatives(result).into_iter().find(|v| {
                let mut v = *v;
                for _ in 0..MAX_CALLS {
                    match self.get(v) {
                        Value::Call { args, .. } if !args.positional.is_empty() => {
                            v = args.positional[0];
                        }
                        Value::Wrapped { inner, .. } => v = *inner,
                        _ => break,
                    }
                }
                matches!(self.get(v), Value::Function { frame, .. } if *frame == f)
            });
            if made.is_some() {
                return self.wrap(inner, callee, made, site);
            }
        }
        result
    }

    fn bind_parameters(&mut self, f: usize, outer: usize, data: &Function, args: &Args) {
        let mut positional = args.positional.iter().copied();
        let mut used: Vec<Symbol> = Vec::new();
        let at = self.frames[f].module;
        for (index, param) in data.params.iter().enumerate() {
            let v = match param.kind {
                ParamKind::Star => {
                    let rest: Vec<V> = positional.by_ref().collect();
                    self.make(Value::List(rest))
                }
                ParamKind::DoubleStar => {
                    let dict = self.make(Value::Dict(Vec::new()));
                    for (name, v) in &args.keywords {
                        if !used.contains(name) {
                            let key = self.text(name.as_str());
                            self.store_item(dict, key, *v);
                        }
                    }
                    dict
                }
                _ => {
                    used.push(param.name);
                    let given = if param.kind == ParamKind::KeywordOnly {
                        None
                    } else {
                        positional.next()
                    };
                    let given = given.or_else(|| args.keyword(param.name.as_str()));
                    match (given, param.default) {
                        (Some(given), Some(default)) if self.is_from_outside(given) => {
                            let default = self.eval(outer, default);
                            self.unless_set(at, param.annotation, default, given)
                        }
                        (Some(v), _) => v,
                        (None, default) if args.open => {
                            match (self.annotated(at, param.annotation), default) {
                                (Self::UNKNOWN, Some(default)) => self.eval(outer, default),
                                (v, _) => v,
                            }
                        }
                        (None, Some(default)) => self.eval(outer, default),
                        (None, None) => Self::UNKNOWN,
                    }
                }
            };
            if index == 0 && data.class.is_some() {
                self.frames[f].receiver = Some(v);
            }
            let slot = self.project.module(at)[param.def].slot;
            self.frames[f].vars[slot.index()] = Some(v);
        }
    }

    /// Whether all that is known of a value is that something outside gave it: an option of a command line.
    pub(super) fn is_from_outside(&self, v: V) -> bool {
        matches!(
            self.get(v),
            Value::Unknown | Value::Call { .. } | Value::Attribute { .. }
        )
    }

    /// What a parameter holds that is given what is not known, a setting above all: as a text, its default. Conditions on
    /// it stay open.
    fn unless_set(&mut self, at: ModuleId, annotation: Option<ExprId>, default: V, given: V) -> V {
        let is_text = match self.get(default) {
            Value::Str(_) => true,
            Value::None => annotation.is_some_and(|annotation| {
                self.evaluator
                    .instance_of(at, annotation)
                    .iter()
                    .any(|value| {
                        matches!(value, hognose_python::Value::External(path)
                        if path.as_str() == "builtins.str()")
                    })
            }),
            _ => false,
        };
        if is_text {
            self.make(Value::Union(vec![default, given]))
        } else {
            given
        }
    }

    /// An object as the annotation of a parameter says.
    fn annotated(&mut self, at: ModuleId, annotation: Option<ExprId>) -> V {
        let Some(annotation) = annotation else {
            return Self::UNKNOWN;
        };
        for value in self.evaluator.instance_of(at, annotation) {
            let hognose_python::Value::External(path) = value else {
                continue;
            };
            let Some(class) = path.as_str().strip_suffix("()") else {
                continue;
            };
            if class.starts_with("builtins.") || class.starts_with("typing.") {
                continue;
            }
            let callee = self.external(Symbol::from(class));
            return self.make(Value::Call {
                callee,
                args: Args::default(),
                site: (at, annotation),
            });
        }
        Self::UNKNOWN
    }

    pub(super) fn instantiate(&mut self, class: V, args: Args, site: Site) -> V {
        let order = self.mro(class);
        let v = self.make(Value::Instance {
            class,
            fields: FxHashMap::default(),
            site,
        });
        let init = self.attribute(v, Symbol::from("__init__"));
        match self.get(init).clone() {
            Value::Method { .. } | Value::Attribute { .. } => {
                self.call(init, args.clone(), site);
            }
            _ => {}
        }
        if !matches!(self.get(init), Value::Method { .. }) {
            // A field of traitlets takes what it holds unless it is set.
            let is_trait = order.iter().any(|class| {
                matches!(class, ClassRef::External(path) if path.as_str().starts_with("traitlets."))
            });
            if is_trait && let Some(default) = args.positional.first() {
                self.store_attribute(v, Symbol::from(access::TRAIT_DEFAULT), *default);
            }
            // Records take their fields by name, or in the order of their annotations.
            for (name, value) in &args.keywords {
                self.store_attribute(v, *name, *value);
            }
            let mut fields: Vec<Symbol> = Vec::new();
            for ancestor in order.iter().rev() {
                if let ClassRef::Project(at, class) = *ancestor {
                    let module = self.project.module(at);
                    for slot in &module[module[class].scope].slots {
                        let annotated = slot
                            .defs
                            .iter()
                            .any(|def| module[*def].annotation.is_some());
                        if annotated && !fields.contains(&slot.name) {
                            fields.push(slot.name);
                        }
                    }
                }
            }
            for (name, value) in fields.into_iter().zip(&args.positional) {
                self.store_attribute(v, name, *value);
            }
        }
        v
    }
}

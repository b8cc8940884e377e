//! Attributes: of objects, of classes along their order, of modules, and of what lies outside.

use super::*;
use crate::code::name_of;

/// The name under which traitlets takes and keeps what a field holds unless it is set.
pub(super) const TRAIT_DEFAULT: &str = "default_value";

impl Machine<'_> {
    /// An attribute of a value.
    pub fn attribute(&mut self, object: V, attr: Symbol) -> V {
        if let Some(v) = self.patched.get(&(object, attr)) {
            return *v;
        }
        // Lists and dicts may be long: they are not copied to find a method.
        // Of texts and numbers only the members of an enumeration have one.
        if attr.as_str() == "value" && matches!(self.get(object), Value::Str(_) | Value::Int(_)) {
            return object;
        }
        if matches!(
            self.get(object),
            Value::List(_) | Value::Dict(_) | Value::Str(_)
        ) {
            return self.attribute_of(object, attr);
        }
        match self.get(object).clone() {
            Value::Unknown | Value::None | Value::Bool(_) | Value::Int(_) => Self::UNKNOWN,
            Value::External(path) => {
                if path.as_str() == "django.conf.settings"
                    && let Some(settings) = self.settings
                    && let Some(v) = self.exported(settings, attr)
                {
                    // A setting is what it is unless the environment says otherwise.
                    let default = match self.get(v) {
                        Value::Union(all) => self.unless_set_text(all),
                        _ => None,
                    };
                    return default.unwrap_or(v);
                }
                // What makes a view of a class is asked of that class.
                if attr.as_str() == "as_view" {
                    return self.attribute_of(object, attr);
                }
                let path = self.evaluator.path_of_attribute(path, attr);
                if let Found::Module(id) = self.project.find(path, ModuleId(0))
                    && path.as_str().contains('.')
                {
                    return self.make(Value::Module(id));
                }
                self.external(path)
            }
            Value::Module(id) => match (self.exported(id, attr), attr.as_str()) {
                (Some(v), _) => v,
                (None, "__name__") => self.text(self.project.module(id).name.as_str()),
                (None, "__path__") => self.make(Value::List(vec![object])),
                (None, _) => Self::UNKNOWN,
            },
            Value::Union(all) => {
                let mut result = Self::UNKNOWN;
                for v in all {
                    let v = self.attribute(v, attr);
                    result = self.union(result, v);
                }
                result
            }
            Value::Class { module, class, .. } => {
                if attr.as_str() == "__name__" {
                    let name = self.project.module(module)[class].name;
                    return self.text(name.as_str());
                }
                self.member(object, object, attr, 0)
            }
            Value::Instance { class, fields, .. } => {
                if let Some(v) = fields.get(&attr) {
                    return *v;
                }
                match attr.as_str() {
                    "__class__" => return class,
                    "__dict__" => return self.attribute_of(object, attr),
                    _ => {}
                }
                self.member(object, class, attr, 0)
            }
            Value::Super { receiver, class } => {
                let of = match *self.get(receiver) {
                    Value::Instance { class, .. } => class,
                    _ => receiver,
                };
                let order = self.mro(of);
                let own = ClassRef::Project(class.0, class.1);
                let after = order.iter().position(|known| *known == own);
                self.member(receiver, of, attr, after.map_or(0, |at| at + 1))
            }
            Value::Function {
                module, function, ..
            } if attr.as_str() == "__name__" => {
                let name = self.project.module(module)[function].name;
                self.text(name.as_str())
            }
            Value::Wrapped { inner, .. } if attr.as_str().starts_with("__") => {
                self.attribute(inner, attr)
            }
            Value::Call { callee, args, .. } => {
                if let Some(v) = self.patched.get(&(object, attr)) {
                    return *v;
                }
                self.of_pattern(callee, &args, attr)
                    .or_else(|| self.of_route(callee, &args, attr))
                    .unwrap_or_else(|| self.attribute_of(object, attr))
            }
            _ => self.attribute_of(object, attr),
        }
    }

    /// Whether a call of something makes a pattern of a URLconf of Django.
    fn is_pattern(&self, callee: V) -> bool {
        let Value::External(path) = *self.get(callee) else {
            return false;
        };
        let path = path.as_str();
        let name = path.rsplit('.').next().unwrap_or_default();
        path.starts_with("django.") && matches!(name, "path" | "re_path" | "url")
    }

    /// Whether a pattern of a URLconf of Django includes others; `None` where a value is no such pattern.
    pub(super) fn includes(&mut self, v: V) -> Option<bool> {
        let Value::Call { callee, args, .. } = self.get(v).clone() else {
            return None;
        };
        if !self.is_pattern(callee) {
            return None;
        }
        let patterns = self.of_pattern(callee, &args, Symbol::from("url_patterns"));
        Some(patterns.is_some())
    }

    /// What a pattern of a URLconf of Django holds: its view, or the patterns that it includes.
    fn of_pattern(&mut self, callee: V, args: &Args, attr: Symbol) -> Option<V> {
        if !matches!(attr.as_str(), "callback" | "url_patterns") {
            return None;
        }
        if !self.is_pattern(callee) {
            return None;
        }
        let view = args.get(1, "view")?;
        let included = match self.get(view) {
            Value::Call { callee, args, .. }
                if matches!(self.get(*callee),
                Value::External(path) if path.as_str().starts_with("django.") && path.as_str().ends_with(".include")) =>
            {
                args.get(0, "arg")
            }
            // `(patterns, app_name, namespace)`.
            Value::List(_) => Some(view),
            _ => None,
        };
        let Some(included) = included else {
            return (attr.as_str() == "callback").then_some(view);
        };
        if attr.as_str() == "callback" {
            return Some(Self::NONE);
        }
        let patterns = match self.get(included).clone() {
            Value::Str(name) => self.dotted(&name),
            // `(patterns, app_name)`.
            Value::List(items) => match items.first() {
                Some(first) if matches!(self.get(*first), Value::List(_)) => *first,
                _ => included,
            },
            _ => included,
        };
        Some(match self.get(patterns) {
            Value::Module(_) => self.attribute(patterns, Symbol::from("urlpatterns")),
            _ => patterns,
        })
    }

    /// A field of a route of REST framework: which action a method leads to may be changed afterwards.
    fn of_route(&self, callee: V, args: &Args, attr: Symbol) -> Option<V> {
        let Value::External(path) = *self.get(callee) else {
            return None;
        };
        match (path.as_str(), attr.as_str()) {
            ("rest_framework.routers.Route", "mapping") => args.get(1, "mapping"),
            _ => None,
        }
    }

    /// The attribute of an object that is not of the project: always the same value.
    pub fn attribute_of(&mut self, of: V, attr: Symbol) -> V {
        if let Some(v) = self.attributes.get(&(of, attr)) {
            return *v;
        }
        let v = self.make(Value::Attribute { of, attr });
        self.attributes.insert((of, attr), v);
        v
    }

    /// A member along the resolution order from a place in it, bound to the object that asks.
    fn member(&mut self, object: V, class: V, attr: Symbol, from: usize) -> V {
        let order = self.mro(class);
        for (place, ancestor) in order.iter().enumerate().skip(from) {
            match *ancestor {
                ClassRef::Project(module, class) => {
                    let Some(value) = self.own_member(module, class, attr) else {
                        continue;
                    };
                    if !matches!(self.get(value), Value::Call { .. } | Value::Instance { .. }) {
                        return self.bound(object, value);
                    }
                    let declared = self.bound(object, value);
                    let dynamic = order[from..=place].iter().find_map(|class| match *class {
                        ClassRef::Project(at, class) => {
                            self.dynamic_default(object, class, at, attr)
                        }
                        ClassRef::External(_) => None,
                    });
                    // What the declaration says holds where what the method makes is not known.
                    return match dynamic {
                        Some(made) if self.is_known(made) || declared == value => made,
                        _ => declared,
                    };
                }
                ClassRef::External(path) => {
                    if matches!(
                        path.as_str(),
                        "builtins.object" | "typing.Generic" | "typing.Protocol" | "abc.ABC"
                    ) {
                        continue;
                    }
                    if let Some(v) = self.of_libraries.get(&(path, attr)) {
                        return *v;
                    }
                    return self.attribute_of(object, attr);
                }
            }
        }
        if matches!(attr.as_str(), "__init__" | "__new__" | "__init_subclass__") {
            return self.external(Symbol::from("builtins.object.__init__"));
        }
        Self::UNKNOWN
    }

    /// What the body of a class binds under a name.
    pub fn own_member(&mut self, module: ModuleId, class: ClassId, attr: Symbol) -> Option<V> {
        self.run_module(module);
        let value = *self.classes.get(&(module, class))?;
        if let Some(v) = self.patched.get(&(value, attr)) {
            return Some(*v);
        }
        let Value::Class { frame, .. } = *self.get(value) else {
            return None;
        };
        let data = self.project.module(module);
        let slot = data[data[class].scope].names.get(&attr)?;
        self.frames[frame].vars[slot.index()]
    }

    /// A member of a class as an object sees it.
    fn bound(&mut self, object: V, member: V) -> V {
        let of_instance = matches!(self.get(object), Value::Instance { .. });
        match self.get(member).clone() {
            Value::Function { .. } if of_instance => self.make(Value::Method {
                receiver: object,
                function: member,
            }),
            Value::Call { callee, args, .. } => {
                if let Some(default) = self.field_default(member) {
                    return default;
                }
                let path = match self.get(callee) {
                    Value::External(path) => path.as_str(),
                    _ => "",
                };
                let Some(inner) = args.positional.first().copied() else {
                    return member;
                };
                match path {
                    "builtins.staticmethod" => inner,
                    "builtins.classmethod" => {
                        let class = match *self.get(object) {
                            Value::Instance { class, .. } => class,
                            _ => object,
                        };
                        self.make(Value::Method {
                            receiver: class,
                            function: inner,
                        })
                    }
                    "builtins.property"
                    | "functools.cached_property"
                    | "django.utils.functional.cached_property"
                    | "werkzeug.utils.cached_property"
                        if of_instance =>
                    {
                        let args = Args {
                            positional: vec![object],
                            ..Args::default()
                        };
                        let site = (ModuleId(0), ExprId(0));
                        self.call(inner, args, site)
                    }
                    _ if of_instance && self.callable(inner) => self.make(Value::Method {
                        receiver: object,
                        function: member,
                    }),
                    _ => member,
                }
            }
            Value::Wrapped { .. } if of_instance => self.make(Value::Method {
                receiver: object,
                function: member,
            }),
            Value::Instance { .. } => self.field_default(member).unwrap_or(member),
            _ => member,
        }
    }

    /// Whether a value is something of which all is known.
    fn is_known(&self, v: V) -> bool {
        match self.get(v) {
            Value::Str(text) => !text.contains(HOLE),
            Value::Unknown | Value::Union(_) | Value::Call { .. } | Value::Attribute { .. } => {
                false
            }
            _ => true,
        }
    }

    /// What a method under `@default("name")` of traitlets in a class makes for a field.
    fn dynamic_default(
        &mut self,
        object: V,
        class: ClassId,
        at: ModuleId,
        attr: Symbol,
    ) -> Option<V> {
        if !matches!(self.get(object), Value::Instance { .. }) {
            return None;
        }
        let project = self.project;
        let module = project.module(at);
        for slot in &module[module[class].scope].slots {
            let makes = slot.defs.iter().any(|def| match module[*def].kind {
                DefKind::Function(function) => {
                    module[function].decorators.iter().any(|decorator| {
                        let Expr::Call { func, args } = module[*decorator] else {
                            return false;
                        };
                        let Expr::Name { def, .. } = module[func] else {
                            return false;
                        };
                        let name = name_of(module, def);
                        name.as_str() == "default"
                            && module.args(args).first().is_some_and(|key| {
                                matches!(module[key.value], Expr::Str(text)
                                    if module.str(text) == attr.as_str())
                            })
                    })
                }
                _ => false,
            });
            if !makes {
                continue;
            }
            let method = self.own_member(at, class, slot.name)?;
            let args = Args {
                positional: vec![object],
                ..Args::default()
            };
            let made = self.call(method, args, (at, ExprId(0)));
            return (made != Self::UNKNOWN).then_some(made);
        }
        None
    }

    /// What a field that a class declares holds unless it is set: `Unicode("/")` of traitlets, `Field("/")` of pydantic.
    fn field_default(&mut self, member: V) -> Option<V> {
        let mut v = member;
        // `Unicode("/").tag(config=True)`.
        for _ in 0..4 {
            match self.get(v) {
                Value::Call { callee, .. } => match self.get(*callee) {
                    Value::Attribute { of, attr } if attr.as_str() == "tag" => v = *of,
                    _ => break,
                },
                _ => break,
            }
        }
        let (path, default) = match self.get(v) {
            Value::Call { callee, args, .. } => {
                let Value::External(path) = *self.get(*callee) else {
                    return None;
                };
                let declares = [
                    "traitlets.",
                    "pydantic.",
                    "dataclasses.field",
                    "attr.ib",
                    "attrs.field",
                ];
                if !declares
                    .iter()
                    .any(|front| path.as_str().starts_with(front))
                {
                    return None;
                }
                if let Some(factory) = args.keyword("default_factory").or(args.keyword("factory")) {
                    let made = matches!(
                        self.get(factory),
                        Value::Class { .. } | Value::Function { .. }
                    );
                    let site = (ModuleId(0), ExprId(0));
                    return made.then(|| self.call(factory, Args::default(), site));
                }
                let position = usize::from(path.as_str().starts_with("dataclasses"));
                let default = args
                    .get(position, "default")
                    .or_else(|| args.keyword("default_value"));
                (path, default?)
            }
            // A field of a class of the project's own: what it was made with was kept.
            Value::Instance { fields, .. } => {
                (Symbol::from(""), *fields.get(&Symbol::from(TRAIT_DEFAULT))?)
            }
            _ => return None,
        };
        match self.get(default).clone() {
            // A class may be given by its name.
            Value::Str(name) if path.as_str() == "traitlets.Type" => {
                let class = self.dotted(&name);
                matches!(self.get(class), Value::Class { .. }).then_some(class)
            }
            Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::None | Value::Class { .. } => {
                Some(default)
            }
            _ => None,
        }
    }

    pub(super) fn store_attribute(&mut self, object: V, attr: Symbol, v: V) {
        let uncertain = self.uncertain > 0;
        if let Value::Instance { fields, .. } = &mut self.values[object.0 as usize] {
            let old = fields.insert(attr, v);
            if uncertain && let Some(old) = old {
                let both = self.union(v, old);
                if let Value::Instance { fields, .. } = &mut self.values[object.0 as usize] {
                    fields.insert(attr, both);
                }
            }
            return;
        }
        match *self.get(object) {
            Value::Class { .. } | Value::Function { .. } | Value::Wrapped { .. } => {
                self.patched.insert((object, attr), v);
            }
            // A view that takes the place of a pattern's own.
            Value::Call { .. } if attr.as_str() == "callback" => {
                self.patched.insert((object, attr), v);
            }
            Value::Module(id) => {
                let frame = self.run_module(id);
                let scope = &self.project.module(id)[Module::TOP];
                if let Some(slot) = scope.names.get(&attr) {
                    self.frames[frame].vars[slot.index()] = Some(v);
                }
            }
            _ => {}
        }
        let key = self.text(attr.as_str());
        self.stores.push(Store {
            object,
            key,
            value: v,
        });
    }
}

//! Builtins and methods of texts, lists and dicts, as far as registering code uses them.

use super::*;

/// Largest list that grows, in elements.
pub(super) const MAX_LIST: usize = 100_000;

impl Machine<'_> {
    pub(super) fn extend(&mut self, list: V, more: V) {
        let more = match self.get(more) {
            Value::List(_) | Value::Dict(_) | Value::Union(_) => self.elements(more).0,
            Value::Unknown | Value::None => Vec::new(),
            // Something a framework may know, such as `router.urls`.
            _ => vec![more],
        };
        let length = more.len();
        if let Value::List(items) = &mut self.values[list.0 as usize]
            && items.len() < MAX_LIST
        {
            items.extend(more);
        }
        self.charge(length);
    }

    pub(super) fn update(&mut self, dict: V, more: V) {
        if let Value::Dict(items) = self.get(more).clone() {
            for (key, v) in items {
                self.store_item(dict, key, v);
            }
        }
    }

    /// A call of something outside of which the result is known; `None` for others.
    pub(super) fn native(&mut self, path: Symbol, args: &Args) -> Option<V> {
        let first = args.positional.first().copied();
        let second = args.positional.get(1).copied();
        Some(match path.as_str() {
            "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.frozenset"
            | "builtins.sorted" | "builtins.reversed" | "builtins.iter" => {
                let items = match first {
                    None => Vec::new(),
                    Some(v)
                        if matches!(
                            self.get(v),
                            Value::List(_) | Value::Dict(_) | Value::Union(_)
                        ) =>
                    {
                        self.elements(v).0
                    }
                    Some(v) => return Some(v),
                };
                self.make(Value::List(items))
            }
            "builtins.dict" => {
                let dict = self.make(Value::Dict(Vec::new()));
                if let Some(v) = first {
                    self.update(dict, v);
                }
                for (name, v) in &args.keywords {
                    let key = self.text(name.as_str());
                    self.store_item(dict, key, *v);
                }
                dict
            }
            "builtins.str"
            | "django.utils.translation.gettext_lazy"
            | "django.utils.translation.gettext"
            | "django.utils.translation.pgettext_lazy" => {
                let mut text = String::new();
                if let Some(v) = args.positional.last() {
                    self.print(*v, &mut text);
                }
                self.text(text)
            }
            "builtins.enumerate" => {
                let items = self.elements(first?).0;
                let mut pairs = Vec::with_capacity(items.len());
                for (index, v) in (0i64..).zip(items) {
                    let index = self.make(Value::Int(index));
                    pairs.push(self.make(Value::List(vec![index, v])));
                }
                self.make(Value::List(pairs))
            }
            "builtins.filter" => {
                let (items, _) = self.elements(second?);
                self.make(Value::List(items))
            }
            "builtins.map" => {
                let (items, complete) = self.elements(second?);
                let mut given = Vec::new();
                for v in items.into_iter().take(MAX_ITERATIONS).filter(|_| complete) {
                    let args = Args {
                        positional: vec![v],
                        ..Args::default()
                    };
                    given.push(self.call(first?, args, (ModuleId(0), ExprId(0))));
                }
                if !complete {
                    return Some(Self::UNKNOWN);
                }
                self.make(Value::List(given))
            }
            "builtins.zip" => {
                let columns: Vec<Vec<V>> = args
                    .positional
                    .iter()
                    .map(|v| self.elements(*v).0)
                    .collect();
                let length = columns.iter().map(Vec::len).min().unwrap_or(0);
                let mut rows = Vec::with_capacity(length);
                for index in 0..length {
                    let row = columns.iter().map(|column| column[index]).collect();
                    rows.push(self.make(Value::List(row)));
                }
                self.make(Value::List(rows))
            }
            "itertools.chain" => {
                let list = self.make(Value::List(Vec::new()));
                for v in &args.positional {
                    self.extend(list, *v);
                }
                list
            }
            "builtins.getattr" => {
                let Value::Str(name) = self.get(second?) else {
                    return Some(Self::UNKNOWN);
                };
                let name = Symbol::from(&**name);
                let v = self.attribute(first?, name);
                if let Some(default) = args.positional.get(2)
                    && self
                        .app_configs
                        .iter()
                        .any(|(_, config)| Some(*config) == first)
                    && matches!(self.get(v), Value::Attribute { .. })
                {
                    // What no class of the project gives a configuration of Django, it has not.
                    return Some(*default);
                }
                match args.positional.get(2) {
                    // What a loop over modules finds may have it as well as not.
                    Some(default) if v == Self::UNKNOWN && *default == Self::NONE => v,
                    Some(default) => self.union(v, *default),
                    None => v,
                }
            }
            "builtins.setattr" => {
                if let Value::Str(name) = self.get(second?) {
                    let name = Symbol::from(&**name);
                    if let Some(v) = args.positional.get(2) {
                        self.store_attribute(first?, name, *v);
                    }
                }
                Self::NONE
            }
            "builtins.len" => match self.get(first?) {
                Value::List(items) => {
                    let length = i64::try_from(items.len()).unwrap_or(0);
                    self.make(Value::Int(length))
                }
                _ => Self::UNKNOWN,
            },
            "builtins.type" => match *self.get(first?) {
                Value::Instance { class, .. } => class,
                _ => Self::UNKNOWN,
            },
            "builtins.isinstance" => match self.is_instance(first?, second?) {
                Some(truth) => self.make(Value::Bool(truth)),
                None => Self::UNKNOWN,
            },
            "django.apps.apps.get_app_config" => {
                let Value::Str(label) = self.get(first?) else {
                    return Some(Self::UNKNOWN);
                };
                let known = self
                    .app_configs
                    .iter()
                    .find(|(known, _)| **known == **label);
                return known.map(|(_, config)| *config);
            }
            "django.apps.apps.get_app_configs" => {
                let configs = self.app_configs.iter().map(|(_, config)| *config).collect();
                self.make(Value::List(configs))
            }
            "django.apps.apps.is_installed" => match (self.get(first?), &self.installed) {
                (Value::Str(name), Some(installed)) => {
                    let truth = installed.iter().any(|known| {
                        let rest = known.strip_prefix(&**name);
                        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(".apps."))
                    });
                    self.make(Value::Bool(truth))
                }
                _ => Self::UNKNOWN,
            },
            "builtins.bool" | "builtins.any" | "builtins.all" | "builtins.callable" => {
                Self::UNKNOWN
            }
            "builtins.issubclass" => match self.is_subclass(first?, second?) {
                Some(truth) => self.make(Value::Bool(truth)),
                None => Self::UNKNOWN,
            },
            "inspect.isclass" => match self.get(first?) {
                Value::Class { .. } => self.make(Value::Bool(true)),
                Value::Function { .. }
                | Value::Str(_)
                | Value::Int(_)
                | Value::List(_)
                | Value::Dict(_)
                | Value::Module(_)
                | Value::Instance { .. } => self.make(Value::Bool(false)),
                _ => Self::UNKNOWN,
            },
            "builtins.hasattr" => {
                if let (Value::Module(id), Value::Str(name)) = (self.get(first?), self.get(second?))
                {
                    let (id, name) = (*id, Symbol::from(&**name));
                    let truth = self.exported(id, name).is_some();
                    return Some(self.make(Value::Bool(truth)));
                }
                let name = args.positional.get(1).map(|name| self.get(*name));
                let includes = matches!(name, Some(Value::Str(name)) if &**name == "url_patterns");
                match first.filter(|_| includes).and_then(|v| self.includes(v)) {
                    Some(truth) => self.make(Value::Bool(truth)),
                    None => Self::UNKNOWN,
                }
            }
            "builtins.print" => Self::NONE,
            "importlib.import_module"
            | "builtins.__import__"
            | "werkzeug.utils.import_string"
            | "django.utils.module_loading.import_string" => {
                let name = first.or_else(|| args.keyword("dotted_path"))?;
                let Value::Str(name) = self.get(name) else {
                    return Some(Self::UNKNOWN);
                };
                let mut name = name.to_string();
                // `import_module(".views", package=__name__)`.
                if name.starts_with('.') {
                    let package = second.or_else(|| args.keyword("package"))?;
                    let Value::Str(package) = self.get(package) else {
                        return Some(Self::UNKNOWN);
                    };
                    let levels = name.len() - name.trim_start_matches('.').len();
                    let mut front: Vec<&str> = package.split('.').collect();
                    front.truncate((front.len() + 1).saturating_sub(levels));
                    name = format!("{}.{}", front.join("."), name.trim_start_matches('.'));
                }
                self.dotted(&name)
            }
            // Triples of a loader, a name, and whether it is a package.
            "pkgutil.iter_modules" | "pkgutil.walk_packages" => {
                let Some(package) = first
                    .or_else(|| args.keyword("path"))
                    .and_then(|v| self.elements(v).0.first().copied())
                else {
                    return Some(Self::UNKNOWN);
                };
                let Value::Module(id) = *self.get(package) else {
                    return Some(Self::UNKNOWN);
                };
                let prefix = second.or_else(|| args.keyword("prefix"));
                let deep = path.as_str().ends_with("walk_packages");
                let mut found = Vec::new();
                for (name, is_package) in self.modules_in(id, deep) {
                    let mut text = String::new();
                    if let Some(prefix) = prefix {
                        self.print(prefix, &mut text);
                    }
                    text.push_str(&name);
                    let name = self.text(text);
                    let is_package = self.make(Value::Bool(is_package));
                    found.push(self.make(Value::List(vec![Self::UNKNOWN, name, is_package])));
                }
                self.make(Value::List(found))
            }
            "builtins.dir" | "inspect.getmembers" => {
                let Value::Module(id) = *self.get(first?) else {
                    return Some(Self::UNKNOWN);
                };
                let module = self.project.module(id);
                let mut names: Vec<Symbol> = module[Module::TOP]
                    .slots
                    .iter()
                    .filter(|slot| slot.bound)
                    .map(|slot| slot.name)
                    .collect();
                names.sort_unstable_by_key(|name| name.as_str());
                let pairs = path.as_str() == "inspect.getmembers";
                let mut found = Vec::new();
                for name in names {
                    let text = self.text(name.as_str());
                    if pairs && let Some(v) = self.exported(id, name) {
                        found.push(self.make(Value::List(vec![text, v])));
                    } else if !pairs {
                        found.push(text);
                    }
                }
                self.make(Value::List(found))
            }
            "os.path.join" | "posixpath.join" => {
                let mut text = String::new();
                for v in &args.positional {
                    if !text.is_empty() && !text.ends_with('/') {
                        text.push('/');
                    }
                    self.print(*v, &mut text);
                }
                self.text(text)
            }
            // Where nothing is set, the default is what counts.
            "os.getenv" | "os.environ.get" => second.or_else(|| args.keyword("default"))?,
            "typing.cast" => second?,
            "functools.update_wrapper" => first?,
            "copy.copy" | "copy.deepcopy" => first?,
            "re.compile" => first?,
            _ => {
                let path = path.as_str();
                let reads = ["decouple.", "environ.", "environs.", "starlette.config."]
                    .iter()
                    .any(|front| path.starts_with(front));
                return reads.then(|| args.keyword("default")).flatten();
            }
        })
    }

    /// The modules of a package by their names in it, and whether they are packages.
    fn modules_in(&self, package: ModuleId, deep: bool) -> Vec<(String, bool)> {
        let front = format!("{}.", self.project.module(package).name.as_str());
        let mut found: Vec<(String, bool)> = self
            .project
            .iter()
            .filter(|(_, module)| module.kind != hognose_python::SourceKind::Stub)
            .filter_map(|(_, module)| {
                let name = module.name.as_str().strip_prefix(&front)?;
                (deep || !name.contains('.')).then(|| (name.to_owned(), module.is_package))
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// The module, or the object in one, of a dotted name.
    pub fn dotted(&mut self, name: &str) -> V {
        if name.contains(HOLE) {
            return Self::UNKNOWN;
        }
        let name = name.replace(':', ".");
        self.import(Symbol::from(name.as_str()), ModuleId(0));
        if let Found::Module(id) = self.project.find(Symbol::from(name.as_str()), ModuleId(0)) {
            return self.make(Value::Module(id));
        }
        match name.rsplit_once('.') {
            Some((front, last))
                if matches!(
                    self.project.find(Symbol::from(front), ModuleId(0)),
                    Found::Module(_)
                ) =>
            {
                let module = self.dotted(front);
                self.attribute(module, Symbol::from(last))
            }
            _ => self.external(Symbol::from(name)),
        }
    }

    /// A method of a text, list or dict; `None` where the object is none.
    pub(super) fn native_method(&mut self, of: V, attr: Symbol, args: &Args) -> Option<V> {
        let first = args.positional.first().copied();
        let second = args.positional.get(1).copied();
        // Most that is asked of a long list is to take in one more.
        let grows = matches!(
            attr.as_str(),
            "append" | "add" | "appendleft" | "extend" | "update" | "insert"
        );
        match self.get(of) {
            Value::List(_) if grows => {
                self.grow(of, attr.as_str(), first, second);
                return Some(Self::NONE);
            }
            Value::List(_) | Value::Dict(_) | Value::Str(_) => {}
            _ => return None,
        }
        match self.get(of) {
            Value::List(items) => self.charge(items.len()),
            Value::Dict(items) => self.charge(items.len()),
            _ => {}
        }
        match self.get(of).clone() {
            Value::List(items) => Some(match attr.as_str() {
                "copy" => self.make(Value::List(items)),
                _ => Self::UNKNOWN,
            }),
            Value::Dict(items) => Some(match attr.as_str() {
                "items" => {
                    let pairs = items
                        .into_iter()
                        .map(|(key, v)| self.make(Value::List(vec![key, v])))
                        .collect();
                    self.make(Value::List(pairs))
                }
                "keys" => {
                    let keys = items.into_iter().map(|(key, _)| key).collect();
                    self.make(Value::List(keys))
                }
                "values" => {
                    let values = items.into_iter().map(|(_, v)| v).collect();
                    self.make(Value::List(values))
                }
                "get" | "pop" | "setdefault" => {
                    let found = items
                        .iter()
                        .rev()
                        .find(|(key, _)| first.is_some_and(|first| self.same(*key, first)))
                        .map(|(_, v)| *v);
                    match (found, second.or(args.keyword("default"))) {
                        (Some(v), _) => v,
                        (None, Some(default)) => {
                            if attr.as_str() == "setdefault"
                                && let Some(key) = first
                            {
                                self.store_item(of, key, default);
                            }
                            default
                        }
                        (None, None) => Self::NONE,
                    }
                }
                "update" => {
                    if let Some(v) = first {
                        self.update(of, v);
                    }
                    for (name, v) in &args.keywords {
                        let key = self.text(name.as_str());
                        self.store_item(of, key, *v);
                    }
                    Self::NONE
                }
                "copy" => self.make(Value::Dict(items)),
                _ => Self::UNKNOWN,
            }),
            Value::Str(text) => Some(self.text_method(&text, attr.as_str(), args)),
            _ => None,
        }
    }

    /// Puts into a list what a method of it is given.
    fn grow(&mut self, list: V, method: &str, first: Option<V>, second: Option<V>) {
        let place = match first.map(|v| self.get(v)) {
            Some(Value::Int(place)) => usize::try_from(*place).unwrap_or(0),
            _ => 0,
        };
        match (method, first, second) {
            ("extend" | "update", Some(more), _) => self.extend(list, more),
            ("insert", _, Some(v)) => {
                if let Value::List(items) = &mut self.values[list.0 as usize]
                    && items.len() < MAX_LIST
                {
                    items.insert(place.min(items.len()), v);
                    let length = items.len();
                    self.charge(length);
                }
            }
            (_, Some(v), _) => {
                if let Value::List(items) = &mut self.values[list.0 as usize]
                    && items.len() < MAX_LIST
                {
                    items.push(v);
                }
            }
            _ => {}
        }
    }
}

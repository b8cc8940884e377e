//! Methods of the values that settings are made with: lists, strings, readers, configurations.

use hognose_python::ir::*;
use hognose_python::{Constant, Found, ModuleId, Symbol};
use ruff_text_size::TextRange;

use super::environment;
use super::interpret::{Frame, Interpreter};
use super::value::{Namespace, Shape, Val};
use super::words::{Stage, stage};

impl Interpreter<'_, '_> {
    /// A call as a statement: it may change a list, a configuration, or the settings themselves.
    pub(super) fn effect(&mut self, frame: &mut Frame, expr: ExprId, range: TextRange) {
        let module = self.module(frame.at);
        let expr = match module[expr] {
            Expr::Await(inner) => inner,
            _ => expr,
        };
        let Expr::Call { func, args } = module[expr] else {
            return;
        };
        if let Expr::Attribute { value, attr } = module[func] {
            let object = self.expr(frame, value);
            match object.only() {
                Some(Shape::List { .. }) => {
                    return self.change_list(frame, value, &object, attr.as_str(), args, range);
                }
                Some(Shape::Dict { .. }) => {
                    if matches!(attr.as_str(), "update" | "setdefault" | "pop" | "clear") {
                        self.change_dict(frame, value, &object, attr.as_str(), args, range);
                    }
                    return;
                }
                Some(Shape::Config(home, app)) => {
                    return self.configure(frame, (*home, *app), attr.as_str(), args, range);
                }
                Some(Shape::Globals) if matches!(attr.as_str(), "update" | "setdefault") => {
                    let arguments = self.arguments(frame, args);
                    let at = frame.at;
                    return update(&mut frame.names, &arguments, (at, range));
                }
                _ if object
                    .shapes
                    .iter()
                    .any(|shape| matches!(shape, Shape::List { .. })) =>
                {
                    return self.blur(frame, value);
                }
                _ => {}
            }
        }
        let callee = self.expr(frame, func);
        match callee.only() {
            Some(Shape::Path(path)) => match path.as_str() {
                "split_settings.tools.include" => self.include(frame, args),
                "builtins.exec" | "builtins.execfile" => frame.names.disturb(true),
                _ => {
                    self.arguments(frame, args);
                }
            },
            // A function that gets an application, or the settings themselves, may change it.
            Some(Shape::Function(home, function)) => {
                let (home, function) = (*home, *function);
                let arguments = self.arguments(frame, args);
                if arguments.iter().any(|(_, value)| {
                    matches!(value.only(), Some(Shape::App(..) | Shape::Config(..)))
                }) {
                    self.run_function(Some(frame), home, function, &arguments, None);
                }
            }
            _ => {}
        }
    }

    fn change_list(
        &mut self,
        frame: &mut Frame,
        target: ExprId,
        list: &Val,
        method: &str,
        args: List,
        range: TextRange,
    ) {
        let module = self.module(frame.at);
        let Expr::Name { def, .. } = module[target] else {
            return self.blur(frame, target);
        };
        let Some(Shape::List { items, open }) = list.only() else {
            return;
        };
        let (mut items, mut open) = ((**items).clone(), *open);
        let arguments = self.arguments(frame, args);
        let first = arguments
            .first()
            .map(|(_, value)| value.clone())
            .unwrap_or_else(Val::unknown);
        match method {
            "append" | "add" => items.push(first),
            "extend" | "update" => match first.only() {
                Some(Shape::List {
                    items: more,
                    open: also,
                }) => {
                    items.extend(more.iter().cloned());
                    open |= also;
                }
                _ => open = true,
            },
            "insert" => {
                let value = arguments
                    .get(1)
                    .map(|(_, value)| value.clone())
                    .unwrap_or_else(Val::unknown);
                let index = match first.constant() {
                    Some(Constant::Int(index)) if index < 0 => items
                        .len()
                        .saturating_sub(usize::try_from(-index).unwrap_or(0)),
                    Some(Constant::Int(index)) => usize::try_from(index)
                        .unwrap_or(usize::MAX)
                        .min(items.len()),
                    // At a place that is looked up: somewhere in the middle.
                    _ => items.len(),
                };
                items.insert(index, value);
            }
            "remove" | "discard" => match first.constant() {
                Some(constant) => {
                    if let Some(at) = items
                        .iter()
                        .position(|item| item.constant().as_ref() == Some(&constant))
                    {
                        items.remove(at);
                    }
                }
                None => items = items.iter().map(|_| Val::unknown()).collect(),
            },
            "pop" => match first.constant() {
                Some(Constant::Int(index))
                    if usize::try_from(index).is_ok_and(|index| index < items.len()) =>
                {
                    items.remove(usize::try_from(index).unwrap_or(0));
                }
                _ if arguments.is_empty() => {
                    items.pop();
                }
                _ => items = items.iter().map(|_| Val::unknown()).collect(),
            },
            "clear" => {
                items.clear();
                open = false;
            }
            "index" | "count" | "copy" | "sort" => return,
            _ => {
                items.clear();
                open = true;
            }
        }
        let name = self.name(frame.at, def);
        let optional = frame.names.vars.get(&name).is_some_and(|var| var.optional);
        let at = frame.at;
        frame.names.set(
            name,
            Val::of(Shape::List {
                items: items.into(),
                open,
            })
            .given(list.certain),
            (at, range),
        );
        if let Some(var) = frame.names.vars.get_mut(&name) {
            var.optional = optional;
        }
    }

    fn change_dict(
        &mut self,
        frame: &mut Frame,
        target: ExprId,
        dict: &Val,
        method: &str,
        args: List,
        range: TextRange,
    ) {
        let module = self.module(frame.at);
        let Expr::Name { def, .. } = module[target] else {
            return self.blur(frame, target);
        };
        let Some(Shape::Dict { items, open }) = dict.only() else {
            return;
        };
        let (mut items, mut open) = ((**items).clone(), *open);
        let arguments = self.arguments(frame, args);
        match method {
            "update" => {
                for (kind, value) in &arguments {
                    match (kind, value.only()) {
                        (ArgKind::Keyword(name), _) => put(&mut items, name.as_str(), value),
                        (
                            _,
                            Some(Shape::Dict {
                                items: more,
                                open: also,
                            }),
                        ) => {
                            for (key, value) in more.iter() {
                                put(&mut items, key, value);
                            }
                            open |= also;
                        }
                        _ => {
                            items = items
                                .iter()
                                .map(|(key, _)| (key.clone(), Val::unknown()))
                                .collect();
                            open = true;
                        }
                    }
                }
            }
            "clear" => {
                items.clear();
                open = false;
            }
            _ => match arguments.first().and_then(|(_, value)| value.str()) {
                Some(key) if method == "pop" => items.retain(|(known, _)| known != key),
                Some(key) if !items.iter().any(|(known, _)| known == key) => {
                    let value = arguments
                        .get(1)
                        .map(|(_, value)| value.clone())
                        .unwrap_or_else(Val::unknown);
                    items.push((key.to_owned(), value));
                }
                Some(_) => {}
                None => open = true,
            },
        }
        let name = self.name(frame.at, def);
        let at = frame.at;
        frame.names.set(
            name,
            Val::of(Shape::Dict {
                items: items.into(),
                open,
            })
            .given(dict.certain),
            (at, range),
        );
    }

    /// Methods of Flask's `app.config`.
    fn configure(
        &mut self,
        frame: &mut Frame,
        app: (ModuleId, ExprId),
        method: &str,
        args: List,
        range: TextRange,
    ) {
        let arguments = self.arguments(frame, args);
        let at = frame.at;
        let mut config = frame.configs.remove(&app).unwrap_or_default();
        match method {
            "update" | "from_mapping" | "setdefault" => {
                update(&mut config, &arguments, (at, range));
                self.point_at_entries(&mut config, at, args);
            }
            "from_object" => match arguments.first().map(|(_, value)| value.clone()) {
                Some(value) => self.load_object(at, &mut config, &value),
                None => config.disturb(true),
            },
            "from_pyfile" => {
                let silent = arguments.iter().any(|(kind, value)| {
                    *kind == ArgKind::Keyword(Symbol::from("silent"))
                        && value.truthy() == Some(true)
                });
                let file = arguments
                    .first()
                    .and_then(|(_, value)| value.str())
                    .map(str::to_owned);
                match file.and_then(|file| self.file_near(at, &file)) {
                    Some(id) => self.adopt_module(&mut config, id),
                    None => config.disturb(!silent),
                }
            }
            "from_prefixed_env" => config.disturb(false),
            "from_envvar" => {
                let silent = arguments.iter().any(|(kind, value)| {
                    *kind == ArgKind::Keyword(Symbol::from("silent"))
                        && value.truthy() == Some(true)
                });
                config.disturb(!silent);
            }
            "from_file" | "from_json" | "load_dotenv" => config.disturb(true),
            _ => {}
        }
        frame.configs.insert(app, config);
    }

    /// Lets each setting of `update(KEY=value)` stand at its own value.
    fn point_at_entries(&self, config: &mut Namespace, at: ModuleId, args: List) {
        let module = self.module(at);
        let mut point = |name: Symbol, value: ExprId| {
            if let Some(var) = config.vars.get_mut(&name) {
                var.place = (at, module.expr_range(value));
            }
        };
        for argument in module.args(args) {
            match (argument.kind, module[argument.value]) {
                (ArgKind::Keyword(name), _) => point(name, argument.value),
                (ArgKind::Positional, Expr::Dict(items)) => {
                    for (key, value) in module.dict(items) {
                        if let Some(key) = key
                            && let Expr::Str(text) = module[key.get()]
                        {
                            point(Symbol::from(module.str(text)), *value);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// `from_object` with a class, a module, an instance, or the name of one of them.
    fn load_object(&mut self, at: ModuleId, config: &mut Namespace, value: &Val) {
        let certain = value.certain;
        match value.only() {
            Some(Shape::Class(home, class) | Shape::Instance(home, class)) => {
                let (home, class) = self.production_sibling(*home, *class, certain);
                let names = upper(&self.run_class(home, class));
                config.overlay(&names);
                self.remember(config, home, Some(class));
            }
            Some(Shape::Module(id)) => self.adopt_module(config, *id),
            Some(Shape::Constant(Constant::Str(path))) => match self.object_at(at, path) {
                Some(found) => self.load_object(at, config, &found.given(certain)),
                None => config.disturb(true),
            },
            _ => config.disturb(true),
        }
    }

    fn adopt_module(&mut self, config: &mut Namespace, id: ModuleId) {
        match self.run_module(id) {
            Some(frame) => {
                config.overlay(&upper(&frame.names));
                self.remember(config, id, None);
            }
            None => config.disturb(true),
        }
    }

    /// Notes in the configuration itself which object it was filled from, for [`super::flask`].
    fn remember(&self, config: &mut Namespace, home: ModuleId, class: Option<ClassId>) {
        let module = self.module(home);
        let (name, range) = match class {
            Some(class) => (
                format!("{}.{}", module.name, module[class].name),
                module[class].name_range,
            ),
            None => (module.name.as_str().to_owned(), super::anchor(module)),
        };
        config.set(
            Symbol::from(super::flask::SOURCE),
            Val::text(name),
            (home, range),
        );
    }

    /// Where the environment chooses among classes, production chooses the one of that name.
    fn production_sibling(
        &mut self,
        home: ModuleId,
        class: ClassId,
        certain: bool,
    ) -> (ModuleId, ClassId) {
        let module = self.module(home);
        let name = module[class].name.as_str();
        if certain && stage(name) != Some(Stage::Development)
            || stage(name) == Some(Stage::Production)
        {
            return (home, class);
        }
        let sibling = (0u32..)
            .map(ClassId)
            .take(module.classes.len())
            .find(|other| {
                let data = &module[*other];
                stage(data.name.as_str()) == Some(Stage::Production)
                    && data.parent == module[class].parent
            });
        (home, sibling.unwrap_or(class))
    }

    /// `"package.module.Class"`, as werkzeug's `import_string` takes it.
    fn object_at(&mut self, at: ModuleId, path: &str) -> Option<Val> {
        let path = path.replace(':', ".");
        if let Found::Module(id) = self.values.project().find(Symbol::from(&path), at) {
            return Some(Val::of(Shape::Module(id)));
        }
        let (module, name) = path.rsplit_once('.')?;
        match self.values.project().find(Symbol::from(module), at) {
            Found::Module(id) => {
                let value = self.export(id, Symbol::from(name));
                (!value.is_unknown()).then_some(value)
            }
            _ => None,
        }
    }

    /// A file named by a path relative to the file at hand or its package.
    fn file_near(&self, at: ModuleId, path: &str) -> Option<ModuleId> {
        let project = self.values.project();
        let here = &*self.module(at).file;
        let mut directory = here.rsplit_once('/').map_or("", |(directory, _)| directory);
        let path = path.trim_start_matches("./");
        loop {
            let whole = if directory.is_empty() {
                path.to_owned()
            } else {
                format!("{directory}/{path}")
            };
            if let Some(id) = project.by_file(&whole) {
                return Some(id);
            }
            directory = match directory.rsplit_once('/') {
                Some((parent, _)) => parent,
                None if directory.is_empty() => return None,
                None => "",
            };
        }
    }

    /// django-split-settings: files that are executed in the settings' own namespace.
    fn include(&mut self, frame: &mut Frame, args: List) {
        let at = frame.at;
        let module = self.module(at);
        for argument in module.args(args) {
            let (pattern, optional) = match module[argument.value] {
                Expr::Call { args, .. } => match module.args(args).first() {
                    Some(inner) => (inner.value, true),
                    None => continue,
                },
                _ => (argument.value, false),
            };
            let text = match module[pattern] {
                Expr::FString(parts) => Some(
                    module
                        .list(parts)
                        .iter()
                        .map(|part| {
                            if let Expr::Str(text) = module[*part] {
                                module.str(text)
                            } else {
                                "*"
                            }
                        })
                        .collect::<String>(),
                ),
                _ => self.expr(frame, pattern).str().map(str::to_owned),
            };
            let Some(text) = text else {
                frame.names.disturb(!optional);
                continue;
            };
            let mut files = self.files_like(at, &text);
            if files.len() > 1 && text.contains('*') && matches!(module[pattern], Expr::FString(_))
            {
                files.retain(|id| stage(stem(&self.module(*id).file)) == Some(Stage::Production));
            }
            if optional {
                files.retain(|id| stage(stem(&self.module(*id).file)) != Some(Stage::Development));
            }
            if files.is_empty() {
                frame.names.disturb(!optional);
            }
            for id in files {
                // The file sees the variables before it and its own changes stay.
                let mut inner = Frame::new(id, false);
                inner.names = frame.names.clone();
                let body = self.module(id).body;
                self.block(&mut inner, body);
                frame.names = inner.names;
            }
        }
    }

    fn files_like(&self, at: ModuleId, pattern: &str) -> Vec<ModuleId> {
        let here = &*self.module(at).file;
        let directory = here.rsplit_once('/').map_or("", |(directory, _)| directory);
        let whole = if directory.is_empty() {
            pattern.to_owned()
        } else {
            format!("{directory}/{pattern}")
        };
        let Some((front, back)) = whole.split_once('*') else {
            return self.values.project().by_file(&whole).into_iter().collect();
        };
        self.values
            .project()
            .iter()
            .filter(|(_, module)| {
                module
                    .file
                    .strip_prefix(front)
                    .and_then(|rest| rest.strip_suffix(back))
                    .is_some_and(|middle| !middle.contains('/'))
            })
            .map(|(id, _)| id)
            .collect()
    }

    /// A method call that gives a value; `None` when the object has no methods known here.
    pub(super) fn method(
        &mut self,
        frame: &mut Frame,
        object: &Val,
        receiver: ExprId,
        attr: Symbol,
        args: List,
    ) -> Option<Val> {
        let shape = object.only()?;
        match shape {
            Shape::Reader(scheme) => {
                let scheme = std::sync::Arc::clone(scheme);
                let arguments = self.arguments(frame, args);
                Some(environment::reader_call(&scheme, attr.as_str(), &arguments))
            }
            Shape::Constant(Constant::Str(text)) => {
                let arguments = self.arguments(frame, args);
                let value = match attr.as_str() {
                    "lower" | "casefold" => Val::text(text.to_lowercase()),
                    "upper" => Val::text(text.to_uppercase()),
                    "strip" => Val::text(text.trim()),
                    "title" | "capitalize" => {
                        let mut characters = text.chars();
                        let first = characters
                            .next()
                            .map(|first| first.to_uppercase().collect::<String>())
                            .unwrap_or_default();
                        Val::text(first + &characters.as_str().to_lowercase())
                    }
                    "split" => {
                        let separator = arguments
                            .first()
                            .and_then(|(_, value)| value.str())
                            .unwrap_or_default();
                        return Some(environment::split(object, separator));
                    }
                    "encode" => Val::of(Shape::Constant(Constant::Bytes(text.clone()))),
                    _ => Val::unknown(),
                };
                Some(value.given(object.certain))
            }
            Shape::Unset => Some(Val::unknown()),
            Shape::List { .. } => Some(match attr.as_str() {
                "copy" => object.clone(),
                _ => {
                    // `X = LIST.pop()` and the like change it as well.
                    if !matches!(attr.as_str(), "index" | "count") {
                        self.blur(frame, receiver);
                    }
                    Val::unknown()
                }
            }),
            Shape::Dict { items, open } => Some(match attr.as_str() {
                "copy" => object.clone(),
                "get" => {
                    let arguments = self.arguments(frame, args);
                    let key = arguments
                        .first()
                        .map(|(_, value)| value.clone())
                        .unwrap_or_else(Val::unknown);
                    let production = || {
                        items
                            .iter()
                            .find(|(name, _)| stage(name) == Some(Stage::Production))
                            .map(|(_, value)| value.clone())
                    };
                    match key.str() {
                        Some(key_text) if key.is_settled() => {
                            match items.iter().find(|(name, _)| name == key_text) {
                                Some((_, value)) => value.clone(),
                                None if !open => arguments.get(1).map_or_else(
                                    || Val::of(Shape::Constant(Constant::None)),
                                    |(_, value)| value.clone(),
                                ),
                                None => Val::unknown(),
                            }
                        }
                        _ => production().unwrap_or_else(Val::unknown),
                    }
                }
                _ => Val::unknown(),
            }),
            _ => None,
        }
    }
}

fn put(items: &mut Vec<(String, Val)>, key: &str, value: &Val) {
    items.retain(|(known, _)| known != key);
    items.push((key.to_owned(), value.clone()));
}

/// `update(mapping, KEY=value)`.
fn update(names: &mut Namespace, arguments: &[(ArgKind, Val)], place: (ModuleId, TextRange)) {
    for (kind, value) in arguments {
        match (kind, value.only()) {
            (ArgKind::Keyword(name), _) => names.set(*name, value.clone(), place),
            (_, Some(Shape::Dict { items, open })) => {
                for (key, value) in items.iter() {
                    names.set(Symbol::from(key), value.clone(), place);
                }
                if *open {
                    names.disturb(true);
                }
            }
            (_, Some(Shape::List { items, open: false })) if items.is_empty() => {}
            (_, Some(Shape::Constant(Constant::None))) => {}
            _ => names.disturb(true),
        }
    }
}

/// Flask takes the attributes that are written in capitals.
#[expect(
    clippy::iter_over_hash_type,
    reason = "every variable is handled by itself"
)]
fn upper(names: &Namespace) -> Namespace {
    let mut taken = Namespace {
        overridable: names.overridable,
        unseen: names.unseen,
        ..Namespace::default()
    };
    for (name, var) in &names.vars {
        if name.as_str().chars().all(|c| !c.is_lowercase()) {
            taken.vars.insert(*name, var.clone());
        }
    }
    taken
}

pub(super) fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".py").unwrap_or(name)
}

//! What the built-in functions and the standard library do with functions, containers and classes they are given.
//!
//! All else outside of the project gives a value by the access path of its call.

use smallvec::SmallVec;

use super::Reach;
use super::constraint::{CallKind, Constraint};
use super::object::*;
use super::solver::Solver;
use crate::ir::*;

/// Calls that give back an argument, by its position.
const GIVES_BACK: &[(&str, usize)] = &[
    ("asyncio.create_task", 0),
    ("asyncio.ensure_future", 0),
    ("asyncio.run", 0),
    ("asyncio.shield", 0),
    ("asyncio.wait_for", 0),
    ("contextlib.closing", 0),
    ("copy.copy", 0),
    ("copy.deepcopy", 0),
    ("functools.cache", 0),
    ("functools.lru_cache", 0),
    ("functools.lru_cache()", 0),
    ("functools.singledispatch", 0),
    ("functools.total_ordering", 0),
    ("functools.update_wrapper", 0),
    ("functools.wraps()", 0),
    ("contextlib.contextmanager", 0),
    ("contextlib.asynccontextmanager", 0),
    ("typing.cast", 1),
    ("types.MappingProxyType", 0),
    ("weakref.proxy", 0),
];

/// Calls that call an argument: path, its position, its keyword, and where its own arguments start; `None` when they come
/// as `args=` and `kwargs=`.
const CALLS_BACK: &[(&str, usize, &str, Option<usize>)] = &[
    ("threading.Thread", 1, "target", None),
    ("multiprocessing.Process", 1, "target", None),
    ("threading.Timer", 1, "function", None),
    ("atexit.register", 0, "func", Some(1)),
    ("asyncio.to_thread", 0, "func", Some(1)),
    ("signal.signal", 1, "handler", Some(9)),
    ("contextvars.copy_context().run", 0, "callable", Some(1)),
    ("timeit.timeit", 0, "stmt", Some(9)),
    ("unittest.TestCase().assertRaises", 1, "callable", Some(2)),
];

impl Solver<'_> {
    /// A call of something by access path.
    pub fn external_call(&mut self, call: u32, path: Symbol) {
        let data = self.calls[call as usize].clone();
        let text = path.as_str();
        let callee = self.obj(Object::External(path));
        let silent = data.kind == CallKind::Decorator
            && (text.ends_with(')') || text.starts_with("builtins."));
        if !silent {
            let reach = match data.kind {
                CallKind::Written => Reach::Direct,
                CallKind::Callback => Reach::Callback,
                CallKind::Decorator | CallKind::Implicit => Reach::Implicit,
            };
            self.record(data.site, callee, None, reach);
        }
        let args: SmallVec<[(ArgKind, NodeId); 4]> = self.args[data.args.range()].into();
        let arg = |index: usize| args.get(index).map_or(NodeId::NONE, |(_, node)| *node);
        let named = |name: &str| {
            args.iter()
                .find(|(kind, _)| matches!(kind, ArgKind::Keyword(known) if known.as_str() == name))
                .map(|(_, node)| *node)
        };
        let (result, site) = (data.result, data.site);
        if let Some((_, position)) = GIVES_BACK.iter().find(|(known, _)| *known == text) {
            self.copy(arg(*position), result);
            if data.kind == CallKind::Decorator || args.len() > *position {
                return;
            }
        }
        if let Some((_, position, keyword, rest)) =
            CALLS_BACK.iter().find(|(known, ..)| *known == text)
        {
            let target = named(keyword).or_else(|| {
                args.get(*position)
                    .filter(|(kind, _)| *kind == ArgKind::Positional)
                    .map(|(_, node)| *node)
            });
            if let Some(target) = target {
                let mut passed: SmallVec<[(ArgKind, NodeId); 4]> = SmallVec::new();
                match rest {
                    Some(start) => passed.extend(args.iter().skip(*start).copied()),
                    None => {
                        passed.extend(named("args").map(|node| (ArgKind::Star, node)));
                        passed.extend(named("kwargs").map(|node| (ArgKind::DoubleStar, node)));
                    }
                }
                self.callback(site, target, &passed, NodeId::NONE);
            }
        }
        if data.kind == CallKind::Decorator {
            return self.outside_decorator(path, arg(0), result);
        }
        match text {
            "builtins.globals" | "builtins.eval" | "builtins.exec" => {
                self.dynamic(text, &data, result)
            }
            "builtins.super" | "builtins.setattr" => {
                if text == "builtins.setattr" {
                    self.constrain(
                        arg(0),
                        Constraint::SetattrOf {
                            name: arg(1),
                            from: arg(2),
                            site,
                        },
                    );
                }
            }
            "builtins.map" => {
                let elements: SmallVec<[(ArgKind, NodeId); 4]> = args
                    .iter()
                    .skip(1)
                    .map(|(_, node)| (ArgKind::Positional, self.element_of(*node, site)))
                    .collect();
                let made = self.made(ContainerKind::List, site, 1);
                let field = self.field(made, Key::Any);
                self.callback(site, arg(0), &elements, field);
                self.add_value(result, made);
            }
            "builtins.filter"
            | "itertools.takewhile"
            | "itertools.dropwhile"
            | "itertools.filterfalse" => {
                let element = self.element_of(arg(1), site);
                self.callback(
                    site,
                    arg(0),
                    &[(ArgKind::Positional, element)],
                    NodeId::NONE,
                );
                let made = self.made(ContainerKind::List, site, 1);
                let field = self.field(made, Key::Any);
                self.copy(element, field);
                self.add_value(result, made);
            }
            "builtins.sorted" | "builtins.reversed" | "builtins.min" | "builtins.max"
            | "heapq.nlargest" | "heapq.nsmallest" => {
                let source = if text.starts_with("heapq") {
                    arg(1)
                } else {
                    arg(0)
                };
                let element = self.element_of(source, site);
                if let Some(key) = named("key") {
                    self.callback(site, key, &[(ArgKind::Positional, element)], NodeId::NONE);
                }
                if matches!(text, "builtins.min" | "builtins.max") {
                    self.copy(element, result);
                    if args.len() > 1 {
                        for (kind, node) in &args {
                            if *kind == ArgKind::Positional {
                                self.copy(*node, result);
                            }
                        }
                    }
                } else {
                    let made = self.made(ContainerKind::List, site, 1);
                    let field = self.field(made, Key::Any);
                    self.copy(element, field);
                    self.add_value(result, made);
                }
            }
            "functools.reduce" => {
                let element = self.element_of(arg(1), site);
                self.callback(
                    site,
                    arg(0),
                    &[
                        (ArgKind::Positional, result),
                        (ArgKind::Positional, element),
                    ],
                    result,
                );
                self.copy(arg(2), result);
                self.copy(element, result);
            }
            "builtins.next" | "builtins.anext" => {
                self.constrain(
                    arg(0),
                    Constraint::Implicit {
                        name: self.words.next,
                        arg: NodeId::NONE,
                        to: result,
                        site,
                    },
                );
                self.copy(arg(1), result);
            }
            "builtins.iter" | "builtins.aiter" => {
                self.constrain(
                    arg(0),
                    Constraint::Implicit {
                        name: self.words.iter,
                        arg: NodeId::NONE,
                        to: result,
                        site,
                    },
                );
            }
            "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.frozenset"
            | "collections.deque" => {
                let kind = match text {
                    "builtins.tuple" => ContainerKind::Tuple,
                    "builtins.set" | "builtins.frozenset" => ContainerKind::Set,
                    _ => ContainerKind::List,
                };
                let made = self.made(kind, site, 1);
                self.constrain(
                    arg(0),
                    Constraint::Spill {
                        into: made,
                        shift: Some(0),
                    },
                );
                self.add_value(result, made);
            }
            "builtins.dict"
            | "collections.OrderedDict"
            | "collections.ChainMap"
            | "collections.defaultdict" => {
                let made = self.made(ContainerKind::Dict, site, 1);
                let source = if text.ends_with("defaultdict") {
                    arg(1)
                } else {
                    arg(0)
                };
                self.constrain(
                    source,
                    Constraint::Spill {
                        into: made,
                        shift: Some(0),
                    },
                );
                for (kind, node) in &args {
                    if let ArgKind::Keyword(name) = kind {
                        let field = self.field(made, Key::Str(*name));
                        self.copy(*node, field);
                    }
                }
                if text.ends_with("defaultdict") {
                    let field = self.field(made, Key::Attr(Symbol::from("default")));
                    self.callback(site, arg(0), &[], field);
                    let any = self.field(made, Key::Any);
                    self.copy(field, any);
                }
                self.add_value(result, made);
            }
            "builtins.zip"
            | "builtins.enumerate"
            | "itertools.zip_longest"
            | "itertools.product" => {
                let pair = self.made(ContainerKind::Tuple, site, 2);
                let shift = i32::from(text == "builtins.enumerate");
                for (index, (_, node)) in (0i32..).zip(&args) {
                    let field = self.field(pair, Key::Int(index + shift));
                    self.constrain(*node, Constraint::Iterate { to: field, site });
                }
                if shift == 1 {
                    let field = self.field(pair, Key::Int(0));
                    let number = self.obj(Object::External(self.words.an_int));
                    self.add_value(field, number);
                }
                let made = self.made(ContainerKind::List, site, 1);
                let field = self.field(made, Key::Any);
                self.add_value(field, pair);
                self.add_value(result, made);
            }
            "itertools.chain" | "itertools.chain.from_iterable" | "asyncio.gather" => {
                let made = self.made(ContainerKind::List, site, 1);
                let field = self.field(made, Key::Any);
                for (kind, node) in &args {
                    if text == "asyncio.gather" && *kind == ArgKind::Positional {
                        self.constrain(*node, Constraint::Await { to: field, site });
                    } else if text.ends_with("from_iterable") {
                        let inner = self.element_of(*node, site);
                        self.constrain(inner, Constraint::Iterate { to: field, site });
                    } else {
                        self.constrain(*node, Constraint::Iterate { to: field, site });
                    }
                }
                self.add_value(result, made);
            }
            "builtins.getattr" => {
                self.constrain(
                    arg(0),
                    Constraint::GetattrOf {
                        name: arg(1),
                        to: result,
                        site,
                    },
                );
                self.constrain(
                    arg(1),
                    Constraint::GetattrAt {
                        object: arg(0),
                        to: result,
                        site,
                    },
                );
                self.copy(arg(2), result);
            }
            "builtins.type" if args.len() == 1 => {
                self.constrain(arg(0), Constraint::TypeOf { to: result })
            }
            "functools.partial" | "functools.partialmethod" => {
                self.constrain(arg(0), Constraint::Partial { call })
            }
            "builtins.staticmethod" | "builtins.classmethod" | "builtins.property" => {
                self.wrap(text, arg(0), result);
                if text == "builtins.property" {
                    let setter = named("fset").unwrap_or(arg(1));
                    self.set_setter(arg(0), setter);
                }
            }
            "importlib.import_module" | "builtins.__import__" => {
                let at = self.sites[site.0 as usize].module;
                self.constrain(arg(0), Constraint::ImportModule { at, to: result });
                let outside = self.path_call(path);
                let outside = self.obj(Object::External(outside));
                if self
                    .values(arg(0))
                    .iter()
                    .all(|value| !matches!(self.object(*value), Object::Str(_)))
                {
                    self.add_value(result, outside);
                }
            }
            "builtins.str" | "builtins.repr" | "builtins.len" | "builtins.bool"
            | "builtins.int" | "builtins.float" | "builtins.hash" | "builtins.bytes"
            | "builtins.abs" | "builtins.format" | "builtins.round" | "builtins.print" => {
                let name = text.trim_start_matches("builtins.");
                let name = Symbol::from(match name {
                    "print" => "__str__".to_owned(),
                    other => format!("__{other}__"),
                });
                if self.classes.methods.contains_key(&name) {
                    for (_, node) in &args {
                        self.constrain(
                            *node,
                            Constraint::Implicit {
                                name,
                                arg: NodeId::NONE,
                                to: NodeId::NONE,
                                site,
                            },
                        );
                    }
                }
                let path = self.path_call(path);
                let value = self.obj(Object::External(path));
                self.add_value(result, value);
            }
            _ => {
                if text.ends_with(".submit")
                    || text.ends_with(".apply_async")
                    || text.ends_with(".call_soon")
                    || text.ends_with(".add_done_callback")
                {
                    let rest: SmallVec<[(ArgKind, NodeId); 4]> =
                        args.iter().skip(1).copied().collect();
                    self.callback(site, arg(0), &rest, NodeId::NONE);
                } else if text.ends_with(".run_in_executor")
                    || text.ends_with(".call_later")
                    || text.ends_with(".call_at")
                {
                    let rest: SmallVec<[(ArgKind, NodeId); 4]> =
                        args.iter().skip(2).copied().collect();
                    self.callback(site, arg(1), &rest, result);
                }
                let path = self.path_call(path);
                let value = self.obj(Object::External(path));
                self.add_value(result, value);
            }
        }
    }

    /// A decorator from outside. Most give back a function that does the same.
    fn outside_decorator(&mut self, path: Symbol, decorated: NodeId, result: NodeId) {
        let text = path.as_str();
        match text {
            "builtins.staticmethod"
            | "builtins.classmethod"
            | "abc.abstractclassmethod"
            | "abc.abstractstaticmethod" => self.wrap(text, decorated, result),
            _ if text.ends_with("property") || text.ends_with(".reify") => {
                self.wrap("builtins.property", decorated, result)
            }
            _ => {
                for index in 0..self.values(decorated).len() {
                    if let Object::Function(at, function, _) =
                        self.object(self.values(decorated)[index])
                    {
                        let given = self.path_call(path);
                        self.function_facts[at.index()][function.index()].decorator = Some(given);
                    }
                }
                self.copy(decorated, result);
            }
        }
    }

    fn wrap(&mut self, kind: &str, function: NodeId, result: NodeId) {
        for index in 0..self.values(function).len() {
            let inner = self.values(function)[index];
            let wrapped = match kind {
                "builtins.property" => Object::Property(inner),
                "builtins.classmethod" | "abc.abstractclassmethod" => Object::ClassMethod(inner),
                _ => Object::StaticMethod(inner),
            };
            let wrapped = self.obj(wrapped);
            self.add_value(result, wrapped);
        }
    }

    fn set_setter(&mut self, getter: NodeId, setter: NodeId) {
        for index in 0..self.values(getter).len() {
            let property = self.obj(Object::Property(self.values(getter)[index]));
            let field = self.field(property, Key::Attr(self.words.setter));
            self.copy(setter, field);
        }
    }

    /// A function called by something outside that it is passed to.
    pub fn callback(
        &mut self,
        site: SiteId,
        function: NodeId,
        args: &[(ArgKind, NodeId)],
        result: NodeId,
    ) {
        self.add_call(site, function, args, result, CallKind::Callback);
    }

    /// A node of what iterating gives.
    fn element_of(&mut self, node: NodeId, site: SiteId) -> NodeId {
        let element = self.new_node();
        self.constrain(node, Constraint::Iterate { to: element, site });
        element
    }

    /// `globals()`, and code in a string.
    fn dynamic(&mut self, text: &str, data: &super::constraint::CallData, result: NodeId) {
        let site = self.sites[data.site.0 as usize];
        if text == "builtins.globals" {
            let module = self.obj(Object::Module(site.module));
            return self.add_value(result, module);
        }
        let module = self.project.module(site.module);
        let Expr::Call { args, .. } = module[site.expr] else {
            return;
        };
        let Some(Expr::Str(code)) = module.args(args).first().map(|arg| module[arg.value]) else {
            let path = self.path_call(Symbol::from(text));
            let value = self.obj(Object::External(path));
            return self.add_value(result, value);
        };
        for name in called_names(module.str(code)) {
            let mut node = NodeId::NONE;
            for (index, part) in name.split('.').enumerate() {
                let part = Symbol::from(part);
                if index == 0 {
                    node = self.export(site.module, part, 0).unwrap_or(NodeId::NONE);
                } else {
                    let inner = self.new_node();
                    self.load_from(node, part, inner, data.site);
                    node = inner;
                }
            }
            self.callback(data.site, node, &[], result);
        }
    }
}

/// Dotted names that a short piece of code calls.
fn called_names(code: &str) -> Vec<String> {
    let Ok(parsed) = ruff_python_parser::parse_module(code) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for stmt in parsed.suite() {
        let ruff_python_ast::Stmt::Expr(stmt) = stmt else {
            continue;
        };
        if let ruff_python_ast::Expr::Call(call) = &*stmt.value {
            let mut parts = Vec::new();
            let mut func = &*call.func;
            while let ruff_python_ast::Expr::Attribute(attribute) = func {
                parts.push(attribute.attr.as_str().to_owned());
                func = &attribute.value;
            }
            if let ruff_python_ast::Expr::Name(name) = func {
                parts.push(name.id.to_string());
                parts.reverse();
                names.push(parts.join("."));
            }
        }
    }
    names
}

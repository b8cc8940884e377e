//! Containers: elements by key, iteration, and the methods of the built-in types.

use super::constraint::{CallKind, Constraint, Watcher};
use super::object::*;
use super::solver::Solver;
use crate::ir::*;

impl Solver<'_> {
    /// The part that a value used as an index names.
    pub fn key_of(&self, value: Obj) -> Key {
        match self.object(value) {
            Object::Str(text) => Key::Str(text),
            Object::Int(number) if number >= 0 => Key::Int(number),
            Object::External(path)
                if path != self.words.a_str
                    && path != self.words.an_int
                    && !path.as_str().ends_with("()") =>
            {
                Key::Path(path)
            }
            _ => Key::Any,
        }
    }

    /// `to = object[key]`.
    pub fn item(&mut self, object: Obj, key: Key, to: NodeId, site: SiteId) {
        match self.object(object) {
            Object::Container(..) | Object::Args(_) | Object::Kwargs(_) => {
                // From the end: the length is not kept.
                let key = match (key, self.object(object)) {
                    (Key::Int(number), Object::Container(ContainerKind::Tuple, ..))
                        if number < 0 =>
                    {
                        match self.length_of(object) {
                            Some(length) => Key::Int(number + length),
                            None => key,
                        }
                    }
                    _ => key,
                };
                let from_end = matches!(key, Key::Int(number) if number < 0);
                if key == Key::Any || from_end {
                    self.values_to(object, to);
                    return;
                }
                self.watch(object, Watcher::Item { key, to });
                self.watch(object, Watcher::Item { key: Key::Any, to });
            }
            Object::External(path) => {
                let item = if is_text(path.as_str()) || self.is_generic(path) {
                    path
                } else {
                    self.path_item(path)
                };
                let item = self.obj(Object::External(item));
                self.add_value(to, item);
            }
            Object::Str(_) => {
                let text = self.obj(Object::External(self.words.a_str));
                self.add_value(to, text);
            }
            Object::Class(_) => {
                // `Class[int]` is the class, unless it is an enumeration or says otherwise.
                self.add_value(to, object);
            }
            Object::Module(module) => {
                if let Key::Str(name) = key
                    && let Some(node) = self.export(module, name, 0)
                {
                    self.copy(node, to);
                }
            }
            Object::Instance(..) => {
                let index = match key {
                    Key::Str(text) => self.constant_of(Object::Str(text)),
                    Key::Int(number) => self.constant_of(Object::Int(number)),
                    _ => NodeId::NONE,
                };
                if !self.implicit(object, self.words.getitem, index, to, site) {
                    // A named tuple, a subclass of a container: elements it was given.
                    if key == Key::Any {
                        self.values_to(object, to);
                    } else {
                        self.watch(object, Watcher::Item { key, to });
                    }
                    self.external_base_item(object, to);
                }
            }
            Object::Generator(..) => self.iterate(object, to, site),
            _ => {}
        }
    }

    /// `object[key] = from`. The index node is given where the key is not known.
    pub fn put_item(&mut self, object: Obj, key: Key, from: NodeId, index: NodeId, site: SiteId) {
        match self.object(object) {
            Object::Container(..) | Object::Args(_) | Object::Kwargs(_) => {
                let field = self.field(object, key);
                self.copy_once(from, field);
                if key == Key::Any {
                    let keys = self.field(object, Key::Keys);
                    self.copy_once(index, keys);
                }
            }
            Object::Instance(..) => {
                let name = self.words.setitem;
                let member = self.method_of(object, name);
                if let Some(method) = member {
                    let index = match key {
                        Key::Str(text) => self.constant_of(Object::Str(text)),
                        Key::Int(number) => self.constant_of(Object::Int(number)),
                        _ => index,
                    };
                    let func = self.constant(method);
                    self.add_call(
                        site,
                        func,
                        &[(ArgKind::Positional, index), (ArgKind::Positional, from)],
                        NodeId::NONE,
                        CallKind::Implicit,
                    );
                } else {
                    let field = self.field(object, key);
                    self.copy(from, field);
                }
            }
            _ => {}
        }
    }

    /// All elements of an object go to a container.
    pub fn spill(&mut self, object: Obj, into: Obj, shift: Option<i32>) {
        match self.object(object) {
            Object::Container(kind, ..) => {
                if kind == ContainerKind::Dict
                    && !matches!(
                        self.object(into),
                        Object::Container(ContainerKind::Dict, ..) | Object::Kwargs(_)
                    )
                {
                    let field = self.field(into, Key::Any);
                    self.keys_to(object, field);
                } else if object != into {
                    self.watch(object, Watcher::Spill { into, shift });
                }
            }
            Object::Args(_) | Object::Kwargs(_) => {
                self.watch(object, Watcher::Spill { into, shift })
            }
            _ => {
                let field = self.field(into, Key::Any);
                let site = SiteId(0);
                self.iterate(object, field, site);
            }
        }
    }

    pub fn slice_into(&mut self, object: Obj, into: Obj, from: i32, to: i32, result: NodeId) {
        match self.object(object) {
            Object::Container(..) | Object::Args(_) => {
                if from < 0 {
                    self.watch(object, Watcher::Spill { into, shift: None });
                } else {
                    self.watch(object, Watcher::Slice { into, from, to });
                }
                self.add_value(result, into);
            }
            Object::External(path) => {
                if result == NodeId::NONE {
                    let element = self.path_item(path);
                    let element = self.obj(Object::External(element));
                    let field = self.field(into, Key::Any);
                    self.add_value(field, element);
                } else {
                    self.add_value(result, object);
                }
            }
            Object::Str(_) => {
                let text = self.obj(Object::External(self.words.a_str));
                self.add_value(result, text);
            }
            Object::Generator(..) | Object::Instance(..) => {
                let field = self.field(into, Key::Any);
                self.iterate(object, field, SiteId(0));
                self.add_value(result, into);
            }
            _ => {}
        }
    }

    /// `for to in object`.
    pub fn iterate(&mut self, object: Obj, to: NodeId, site: SiteId) {
        match self.object(object) {
            Object::Container(ContainerKind::Dict, ..) | Object::Kwargs(_) => {
                self.keys_to(object, to)
            }
            Object::Container(..) | Object::Args(_) => self.values_to(object, to),
            Object::Generator(module, function, ctx) => {
                let yields = self.function_nodes(module, function, ctx).yields;
                self.copy_once(yields, to);
            }
            Object::External(path) => {
                let item = if is_text(path.as_str()) {
                    path
                } else {
                    self.path_item(path)
                };
                let item = self.obj(Object::External(item));
                self.add_value(to, item);
            }
            Object::Str(_) => {
                let text = self.obj(Object::External(self.words.a_str));
                self.add_value(to, text);
            }
            Object::Instance(..) => {
                let iterator = self.new_node();
                if self.implicit(object, self.words.iter, NodeId::NONE, iterator, site) {
                    self.constrain(
                        iterator,
                        Constraint::Implicit {
                            name: self.words.next,
                            arg: NodeId::NONE,
                            to,
                            site,
                        },
                    );
                } else {
                    let asynchronous = self.implicit(
                        object,
                        Symbol::from("__aiter__"),
                        NodeId::NONE,
                        iterator,
                        site,
                    );
                    if asynchronous {
                        self.constrain(
                            iterator,
                            Constraint::Implicit {
                                name: Symbol::from("__anext__"),
                                arg: NodeId::NONE,
                                to,
                                site,
                            },
                        );
                    } else if !self.implicit(object, self.words.getitem, NodeId::NONE, to, site) {
                        self.values_to(object, to);
                        self.external_base_item(object, to);
                    }
                }
            }
            _ => {}
        }
    }

    /// An element of an instance of a class with a base outside.
    fn external_base_item(&mut self, object: Obj, to: NodeId) {
        let Object::Instance(class, _) = self.object(object) else {
            return;
        };
        if let Some(path) = self.classes.info(class).external.first().copied() {
            let base = self.path_call(path);
            let item = self.path_item(base);
            let item = self.obj(Object::External(item));
            self.add_value(to, item);
        }
    }

    /// A container made by a call; `number` tells several of one call apart.
    pub fn made(&mut self, kind: ContainerKind, site: SiteId, number: u8) -> Obj {
        let site = self.sites[site.0 as usize];
        self.obj(Object::Container(
            kind,
            site.module,
            site.expr,
            site.ctx,
            number,
        ))
    }

    /// A call of a method of a container. Its name is given to the caller as access path as well.
    pub fn container_method(&mut self, of: Obj, name: Symbol, call: u32) {
        let data = self.calls[call as usize].clone();
        let args: smallvec::SmallVec<[(ArgKind, NodeId); 4]> = self.args[data.args.range()].into();
        let arg = |index: usize| args.get(index).map_or(NodeId::NONE, |(_, node)| *node);
        let (result, site) = (data.result, data.site);
        let is_dict = matches!(
            self.object(of),
            Object::Container(ContainerKind::Dict, ..) | Object::Kwargs(_)
        );
        match name.as_str() {
            "append" | "add" | "appendleft" | "push" => self.put_any(of, arg(0)),
            "insert" => {
                self.put_any(of, arg(1));
                self.smear(of);
            }
            "extend" | "extendleft" => self.constrain(
                arg(0),
                Constraint::Spill {
                    into: of,
                    shift: None,
                },
            ),
            "update" if is_dict => {
                self.constrain(
                    arg(0),
                    Constraint::Spill {
                        into: of,
                        shift: Some(0),
                    },
                );
                for (kind, node) in &args {
                    if let ArgKind::Keyword(key) = kind {
                        let field = self.field(of, Key::Str(*key));
                        self.copy(*node, field);
                    }
                }
            }
            "update" | "union" | "difference" | "intersection" => {
                self.constrain(
                    arg(0),
                    Constraint::Spill {
                        into: of,
                        shift: None,
                    },
                );
                self.add_value(result, of);
            }
            "get" | "pop" | "setdefault" if is_dict => {
                let key = arg(0);
                let holder = self.constant(of);
                self.constrain(
                    holder,
                    Constraint::ItemOf {
                        index: key,
                        to: result,
                        site,
                    },
                );
                self.constrain(
                    key,
                    Constraint::ItemAt {
                        container: holder,
                        to: result,
                        site,
                    },
                );
                self.loose_loads.push((holder, key, result, site));
                self.copy(arg(1), result);
                if name.as_str() == "setdefault" {
                    self.constrain(
                        holder,
                        Constraint::PutItemOf {
                            index: key,
                            from: arg(1),
                            site,
                        },
                    );
                    self.constrain(
                        key,
                        Constraint::PutItemAt {
                            container: holder,
                            from: arg(1),
                            site,
                        },
                    );
                    self.loose_stores.push((holder, key, arg(1), site));
                }
            }
            "pop" | "popleft" => {
                self.values_to(of, result);
                if !args.is_empty() || name.as_str() == "popleft" {
                    self.smear(of);
                }
            }
            "remove" | "sort" | "reverse" | "rotate" => {
                self.smear(of);
                if let Some((_, key)) = args.iter().find(
                    |(kind, _)| matches!(kind, ArgKind::Keyword(name) if name.as_str() == "key"),
                ) {
                    let element = self.new_node();
                    self.values_to(of, element);
                    self.callback(site, *key, &[(ArgKind::Positional, element)], NodeId::NONE);
                }
            }
            "values" => {
                let view = self.made(ContainerKind::List, site, 1);
                let field = self.field(view, Key::Any);
                self.values_to(of, field);
                self.add_value(result, view);
            }
            "keys" => {
                let view = self.made(ContainerKind::List, site, 1);
                let field = self.field(view, Key::Any);
                self.keys_to(of, field);
                self.add_value(result, view);
            }
            "items" => {
                let pair = self.made(ContainerKind::Tuple, site, 2);
                let (key, value) = (self.field(pair, Key::Int(0)), self.field(pair, Key::Int(1)));
                self.keys_to(of, key);
                self.values_to(of, value);
                let view = self.made(ContainerKind::List, site, 1);
                let field = self.field(view, Key::Any);
                self.add_value(field, pair);
                self.add_value(result, view);
            }
            "popitem" => {
                let pair = self.made(ContainerKind::Tuple, site, 2);
                let (key, value) = (self.field(pair, Key::Int(0)), self.field(pair, Key::Int(1)));
                self.keys_to(of, key);
                self.values_to(of, value);
                self.add_value(result, pair);
            }
            "copy" => self.add_value(result, of),
            "count" | "index" => {
                let number = self.obj(Object::External(self.words.an_int));
                self.add_value(result, number);
            }
            "clear" | "discard" => {}
            _ => {}
        }
    }

    fn put_any(&mut self, of: Obj, node: NodeId) {
        let field = self.field(of, Key::Any);
        self.copy(node, field);
    }

    /// Elements have changed their places: each may be anywhere.
    fn smear(&mut self, of: Obj) {
        let any = self.field(of, Key::Any);
        self.values_to(of, any);
    }

    pub fn star_arg(&mut self, value: Obj, function: Obj, base: u16) {
        match self.object(value) {
            Object::Container(ContainerKind::Dict, ..) | Object::Kwargs(_) => {}
            Object::Container(..) | Object::Args(_) => {
                self.watch(value, Watcher::Star { function, base })
            }
            _ => {
                let element = self.new_node();
                self.iterate(value, element, SiteId(0));
                self.bind_rest(function, base, element);
            }
        }
    }

    fn is_generic(&self, path: Symbol) -> bool {
        let text = path.as_str();
        text.starts_with("typing.") && !text.contains("()")
            || matches!(
                text,
                "builtins.list"
                    | "builtins.dict"
                    | "builtins.set"
                    | "builtins.tuple"
                    | "builtins.type"
                    | "builtins.frozenset"
            )
    }
}

/// Elements of text are text.
fn is_text(path: &str) -> bool {
    matches!(path, "builtins.str()" | "builtins.bytes()")
}

//! What syntax runs: operators, `with`, `await`, `raise`, properties.

use super::Reach;
use super::constraint::{CallKind, Constraint, Watcher};
use super::object::*;
use super::solver::Solver;
use crate::ir::*;

/// Operators in the order of their codes: method, in-place method.
const OPERATORS: &[(Operator, &str, &str, &str)] = &[
    (Operator::Add, "__add__", "__iadd__", "__radd__"),
    (Operator::Sub, "__sub__", "__isub__", "__rsub__"),
    (Operator::Mult, "__mul__", "__imul__", "__rmul__"),
    (
        Operator::MatMult,
        "__matmul__",
        "__imatmul__",
        "__rmatmul__",
    ),
    (Operator::Div, "__truediv__", "__itruediv__", "__rtruediv__"),
    (Operator::Mod, "__mod__", "__imod__", "__rmod__"),
    (Operator::Pow, "__pow__", "__ipow__", "__rpow__"),
    (Operator::LShift, "__lshift__", "__ilshift__", "__rlshift__"),
    (Operator::RShift, "__rshift__", "__irshift__", "__rrshift__"),
    (Operator::BitOr, "__or__", "__ior__", "__ror__"),
    (Operator::BitXor, "__xor__", "__ixor__", "__rxor__"),
    (Operator::BitAnd, "__and__", "__iand__", "__rand__"),
    (
        Operator::FloorDiv,
        "__floordiv__",
        "__ifloordiv__",
        "__rfloordiv__",
    ),
];

/// Set in the code of an in-place operator.
const IN_PLACE: u8 = 0x80;

pub(super) fn operator_code(op: Operator, in_place: bool) -> u8 {
    let index = OPERATORS
        .iter()
        .position(|(known, ..)| *known == op)
        .unwrap_or(0);
    u8::try_from(index).unwrap_or(0) | if in_place { IN_PLACE } else { 0 }
}

pub(super) fn right_method(op: Operator) -> &'static str {
    OPERATORS
        .iter()
        .find(|(known, ..)| *known == op)
        .map_or("", |(.., name)| name)
}

pub(super) fn has_right_methods(op: Operator) -> bool {
    !right_method(op).is_empty()
}

impl Solver<'_> {
    /// Runs a method of an object by name, with at most one argument; says whether there is one.
    pub fn implicit(
        &mut self,
        object: Obj,
        name: Symbol,
        arg: NodeId,
        to: NodeId,
        site: SiteId,
    ) -> bool {
        match self.object(object) {
            Object::Instance(..) => {
                let Some(method) = self.method_of(object, name) else {
                    return false;
                };
                let func = self.constant(method);
                let args = [(ArgKind::Positional, arg)];
                let args = if arg == NodeId::NONE {
                    &args[..0]
                } else {
                    &args[..]
                };
                self.add_call(site, func, args, to, CallKind::Implicit);
                true
            }
            // Iterators of other things are those things.
            Object::Generator(..)
            | Object::Container(..)
            | Object::Args(_)
            | Object::Kwargs(_)
            | Object::External(_)
                if name == self.words.iter =>
            {
                self.add_value(to, object);
                true
            }
            Object::Generator(..) | Object::Container(..) if name == self.words.next => {
                self.iterate(object, to, site);
                true
            }
            Object::External(path) if name == self.words.next => {
                let item = self.path_item(path);
                let item = self.obj(Object::External(item));
                self.add_value(to, item);
                true
            }
            Object::Int(_) | Object::External(_) => {
                // Signs of numbers.
                if name.as_str() == "__neg__" {
                    self.add_value(to, object);
                }
                false
            }
            _ => false,
        }
    }

    /// Whether an object is an instance whose class has a method in the project.
    pub fn has_method(&mut self, object: Obj, name: Symbol) -> bool {
        self.method_of(object, name).is_some()
    }

    /// A method of an instance as a bound object; `None` when its class has none in the project.
    pub fn method_of(&mut self, object: Obj, name: Symbol) -> Option<Obj> {
        let Object::Instance(class, _) = self.object(object) else {
            return None;
        };
        let super::classes::Lookup::Defined(home, def) =
            self.classes.lookup(self.project, class, None, name)
        else {
            return None;
        };
        let (module, _) = self.classes.place(home);
        let function = match self.project.module(module)[def].kind {
            DefKind::Function(function) => self.obj(Object::Function(module, function, Ctx::NONE)),
            // `__radd__ = __add__`
            DefKind::Value(value) => {
                let data = self.project.module(module);
                let Expr::Name { def, .. } = data[value] else {
                    return None;
                };
                let DefKind::Function(function) = data[def].kind else {
                    return None;
                };
                self.obj(Object::Function(module, function, Ctx::NONE))
            }
            _ => return None,
        };
        Some(self.obj(Object::Bound {
            function,
            receiver: object,
        }))
    }

    /// `left op right`, for what the left may be.
    pub fn binary(&mut self, left: Obj, op: u8, right: NodeId, to: NodeId, site: SiteId) {
        let (operator, name, in_place_name, _) =
            OPERATORS[usize::from(op & !IN_PLACE) % OPERATORS.len()];
        match self.object(left) {
            Object::Instance(..) => {
                let in_place = op & IN_PLACE != 0
                    && self.implicit(left, Symbol::from(in_place_name), right, to, site);
                if !in_place && !self.implicit(left, Symbol::from(name), right, to, site) {
                    self.add_value(to, left);
                }
            }
            Object::Container(kind, ..) => {
                if op & IN_PLACE != 0 {
                    let shift = if kind == ContainerKind::Dict {
                        Some(0)
                    } else {
                        None
                    };
                    self.constrain(right, Constraint::Spill { into: left, shift });
                    self.add_value(to, left);
                    return;
                }
                let into = self.made(kind, site, 0);
                let length = self.length_of(left);
                self.watch(
                    left,
                    Watcher::Spill {
                        into,
                        shift: Some(0),
                    },
                );
                if operator == Operator::Add || operator == Operator::BitOr {
                    let shift = if kind == ContainerKind::Dict {
                        Some(0)
                    } else {
                        length
                    };
                    self.constrain(right, Constraint::Spill { into, shift });
                }
                self.add_value(to, into);
            }
            Object::Str(_) => {
                let text = self.obj(Object::External(self.words.a_str));
                self.add_value(to, text);
            }
            Object::Int(_) => {
                let number = self.obj(Object::External(self.words.an_int));
                self.add_value(to, number);
            }
            Object::External(path) => {
                let text = path.as_str();
                let same = matches!(
                    text,
                    "builtins.str()"
                        | "builtins.bytes()"
                        | "builtins.int()"
                        | "builtins.float()"
                        | "builtins.set()"
                );
                // Text behind a slash is a path on something like a path.
                let by_text = operator == Operator::Div
                    && self
                        .values(right)
                        .iter()
                        .any(|value| match self.object(*value) {
                            Object::Str(_) => true,
                            Object::External(path) => path == self.words.a_str,
                            _ => false,
                        });
                let is_path = operator == Operator::Div && text.starts_with("pathlib.");
                if same || is_path || by_text || operator == Operator::BitOr {
                    self.add_value(to, left);
                }
            }
            Object::Class(_) if operator == Operator::BitOr => self.add_value(to, left),
            _ => {}
        }
    }

    /// Length of a display without starred elements.
    pub fn length_of(&self, container: Obj) -> Option<i32> {
        let Object::Container(_, at, expr, _, 0) = self.object(container) else {
            return None;
        };
        let module = self.project.module(at);
        match module[expr] {
            Expr::Tuple(items) | Expr::ListOf(items) => {
                let plain = module
                    .list(items)
                    .iter()
                    .all(|item| !matches!(module[*item], Expr::Starred(_)));
                plain.then(|| i32::try_from(items.len).unwrap_or(i32::MAX))
            }
            _ => None,
        }
    }

    pub fn binary_right(&mut self, right: Obj, op: u8, to: NodeId, site: SiteId) {
        let (.., name) = OPERATORS[usize::from(op & !IN_PLACE) % OPERATORS.len()];
        self.implicit(right, Symbol::from(name), NodeId::NONE, to, site);
    }

    /// What `with` binds; runs `__enter__` and `__exit__`.
    pub fn enter(&mut self, manager: Obj, to: NodeId, site: SiteId) {
        match self.object(manager) {
            Object::Instance(..) => {
                let entered =
                    self.implicit(manager, Symbol::from("__enter__"), NodeId::NONE, to, site)
                        | self.implicit(
                            manager,
                            Symbol::from("__aenter__"),
                            NodeId::NONE,
                            to,
                            site,
                        );
                if !entered {
                    self.add_value(to, manager);
                }
                for name in ["__exit__", "__aexit__"] {
                    self.implicit(
                        manager,
                        Symbol::from(name),
                        NodeId::NONE,
                        NodeId::NONE,
                        site,
                    );
                }
            }
            Object::Generator(module, function, ctx) => {
                let yields = self.function_nodes(module, function, ctx).yields;
                self.copy(yields, to);
            }
            _ => self.add_value(to, manager),
        }
    }

    pub fn awaited(&mut self, value: Obj, to: NodeId, site: SiteId) {
        match self.object(value) {
            Object::Instance(..) => {
                let result = self.new_node();
                if self.implicit(value, Symbol::from("__await__"), NodeId::NONE, result, site) {
                    self.constrain(result, Constraint::Await { to, site });
                } else {
                    self.add_value(to, value);
                }
            }
            Object::Generator(module, function, ctx) => {
                let nodes = self.function_nodes(module, function, ctx);
                self.copy(nodes.result, to);
            }
            _ => self.add_value(to, value),
        }
    }

    /// `raise value`: a class is called.
    pub fn raise(&mut self, value: Obj, site: SiteId) {
        match self.object(value) {
            Object::Class(_) => {
                let func = self.constant(value);
                self.add_call(site, func, &[], NodeId::NONE, CallKind::Implicit);
            }
            Object::External(path) if !path.as_str().ends_with("()") => {
                self.record(site, value, None, Reach::Implicit);
            }
            _ => {}
        }
    }

    pub fn caught(&mut self, value: Obj, to: NodeId) {
        match self.object(value) {
            Object::Class(class) => {
                let instance = self.obj(Object::Instance(class, Origin::Open));
                self.add_value(to, instance);
            }
            Object::External(path) => {
                let path = self.path_call(path);
                let instance = self.obj(Object::External(path));
                self.add_value(to, instance);
            }
            Object::Container(..) => {
                let classes = self.new_node();
                self.values_to(value, classes);
                self.constrain(classes, Constraint::Caught { to });
            }
            _ => {}
        }
    }

    pub fn super_of(&mut self, class: ClassIx, receiver: Obj, to: NodeId) {
        if matches!(
            self.object(receiver),
            Object::Instance(..) | Object::Class(_)
        ) {
            let object = self.obj(Object::Super { class, receiver });
            self.add_value(to, object);
        }
    }

    pub fn type_of(&mut self, value: Obj, to: NodeId) {
        let class = match self.object(value) {
            Object::Instance(class, _) => Object::Class(class),
            Object::External(path) => match path.as_str().strip_suffix("()") {
                Some(class) => Object::External(Symbol::from(class)),
                None => Object::External(self.path_attribute(path, self.words.class)),
            },
            _ => return,
        };
        let class = self.obj(class);
        self.add_value(to, class);
    }
}

//! Attributes of objects: those of modules and literals, and the members of classes.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::path::join;
use super::value::{add, add_all, only, unknown};
use super::{ClassRef, Evaluator, MAX_DEPTH, Unresolved, Value, Values};
use crate::constant::Constant;
use crate::ir::*;
use crate::project::Found;
use crate::static_symbol;

/// Classes outside of the project that a member may come from, each of which may be the first to have it.
const MAX_OUTSIDE: usize = 3;

/// Whether a symbol is one of some names, by number.
macro_rules! any_of {
    ($symbol:expr, $($name:literal)|+) => { $($symbol == static_symbol!($name))||+ };
}

impl Evaluator<'_> {
    /// An attribute of any of several objects.
    pub fn attribute(&mut self, objects: &[Value], attr: Symbol) -> Values {
        let mut values = Values::new();
        for object in objects {
            match *object {
                Value::External(path) => add(
                    &mut values,
                    Value::External(self.path_of_attribute(path, attr)),
                ),
                Value::Module(id) => add_all(&mut values, self.export(id, attr)),
                Value::Namespace(name) => {
                    let inner = join(name, ".", attr.as_str());
                    let value = match self.project.find(inner, ModuleId(0)) {
                        Found::Module(id) => Value::Module(id),
                        Found::Namespace(name) => Value::Namespace(name),
                        Found::Outside => Value::Unknown(Unresolved::Unbound),
                    };
                    add(&mut values, value);
                }
                Value::Class(at, class) => {
                    add_all(&mut values, self.member(at, class, attr, false))
                }
                Value::Instance(at, class) => {
                    add_all(&mut values, self.member(at, class, attr, true))
                }
                Value::Expr(at, expr) => {
                    let known = self.literal_type(at, expr);
                    let folded = || match self.constant_of(*object, 0) {
                        Some(Constant::Str(_)) => Some("str"),
                        Some(Constant::Bytes(_)) => Some("bytes"),
                        _ => None,
                    };
                    let value = match known.or_else(folded) {
                        Some(class) => {
                            let class = join(Symbol::from("builtins"), ".", class);
                            let instance = self.path_of_call(class);
                            Value::External(self.path_of_attribute(instance, attr))
                        }
                        None => Value::Unknown(Unresolved::Attribute),
                    };
                    add(&mut values, value);
                }
                Value::Function(..) | Value::Param(..) | Value::Unknown(_) => {
                    add(&mut values, Value::Unknown(Unresolved::Attribute))
                }
            }
        }
        values
    }

    /// Name of the builtin type of a literal, display or string computation.
    pub fn literal_type(&self, at: ModuleId, expr: ExprId) -> Option<&'static str> {
        let module = self.project.module(at);
        let mut expr = expr;
        for _ in 0..MAX_DEPTH {
            return Some(match module[expr] {
                Expr::Str(_) | Expr::FString(_) => "str",
                Expr::Bytes(_) => "bytes",
                Expr::Bool(_) | Expr::Compare { .. } => "bool",
                Expr::Int(_) => "int",
                Expr::Float(_) => "float",
                Expr::Tuple(_) => "tuple",
                Expr::ListOf(_) => "list",
                Expr::SetOf(_) => "set",
                Expr::Dict(_) => "dict",
                Expr::Comprehension(id) => match module[id].kind {
                    ComprehensionKind::List => "list",
                    ComprehensionKind::Set => "set",
                    ComprehensionKind::Dict => "dict",
                    ComprehensionKind::Generator => return None,
                },
                // `"…" % x` and `"…" + x` are strings when their left side is.
                Expr::Binary {
                    left,
                    op: Operator::Add | Operator::Mod | Operator::Mult,
                    ..
                }
                | Expr::InPlace {
                    left,
                    op: Operator::Add,
                    ..
                } => {
                    expr = left;
                    continue;
                }
                _ => return None,
            });
        }
        None
    }

    /// A member found along the method resolution order.
    pub(super) fn member(
        &mut self,
        at: ModuleId,
        class: ClassId,
        attr: Symbol,
        of_instance: bool,
    ) -> Values {
        if self.depth >= MAX_DEPTH {
            self.cut = true;
            return unknown(Unresolved::Depth);
        }
        self.depth += 1;
        let values = self.member_inner(at, class, attr, of_instance);
        self.depth -= 1;
        values
    }

    fn member_inner(
        &mut self,
        at: ModuleId,
        class: ClassId,
        attr: Symbol,
        of_instance: bool,
    ) -> Values {
        if of_instance && attr == static_symbol!("__class__") {
            return only(Value::Class(at, class));
        }
        if any_of!(attr, "__dict__" | "__name__" | "__doc__" | "__module__") {
            return unknown(Unresolved::Attribute);
        }
        let mro = self.mro(at, class);
        let mut stored = Values::new();
        let mut outside = Values::new();
        for ancestor in mro.iter() {
            match *ancestor {
                ClassRef::Project(home, ancestor) => {
                    let module = self.project.module(home);
                    let scope = module[ancestor].scope;
                    if let Some(slot) = module.slot(scope, attr)
                        && slot.bound
                        && !matches!(module[slot.exit].kind, DefKind::Entry)
                    {
                        let mut values = self.definition(home, slot.exit);
                        if of_instance {
                            values = values
                                .into_iter()
                                .flat_map(|value| self.through_property(value))
                                .collect();
                            // A class-level default and what methods store are both possible.
                            add_all(&mut values, self.stored(home, ancestor, attr));
                        }
                        add_all(&mut values, stored);
                        add_all(&mut outside, values);
                        return outside;
                    }
                    if of_instance {
                        add_all(&mut stored, self.stored(home, ancestor, attr));
                    }
                }
                ClassRef::External(path) => {
                    if matches!(
                        path.as_str(),
                        "builtins.object"
                            | "typing.Generic"
                            | "typing.Protocol"
                            | "abc.ABC"
                            | "enum.Enum"
                    ) {
                        continue;
                    }
                    // What a method of the project stores hides what the outside class may have.
                    if !stored.is_empty() && outside.is_empty() {
                        break;
                    }
                    // Whether this class has it is not known: a class further up may be meant as well, as behind a mixin.
                    let base = if of_instance {
                        self.path_of_call(path)
                    } else {
                        path
                    };
                    let path = self.path_of_attribute(base, attr);
                    if outside.len() < MAX_OUTSIDE {
                        outside.push(Value::External(path));
                    }
                }
            }
        }
        add_all(&mut outside, stored);
        if outside.is_empty() {
            outside.push(Value::Unknown(Unresolved::Attribute));
        }
        outside
    }

    /// A property gives what its function returns.
    fn through_property(&mut self, value: Value) -> Values {
        let Value::Function(at, function) = value else {
            return only(value);
        };
        if self.is_property(at, function) {
            return self.result(value);
        }
        only(value)
    }

    /// Whether a method is read like an attribute.
    pub fn is_property(&mut self, at: ModuleId, function: FunctionId) -> bool {
        let decorators = &self.project.module(at)[function].decorators;
        decorators.iter().any(|decorator| {
            self.dotted(at, *decorator).is_some_and(|path| {
                any_of!(
                    path,
                    "builtins.property"
                        | "functools.cached_property"
                        | "django.utils.functional.cached_property"
                        | "werkzeug.utils.cached_property"
                        | "abc.abstractproperty"
                )
            })
        })
    }

    /// What the methods of a class store in an attribute of their receiver.
    pub(super) fn stored(&mut self, at: ModuleId, class: ClassId, attr: Symbol) -> Values {
        let project = self.project;
        let module = project.module(at);
        let index = self.stores.entry(at).or_insert_with(|| {
            let mut index: FxHashMap<Symbol, Vec<u32>> = FxHashMap::default();
            for (number, store) in (0u32..).zip(&module.attribute_stores) {
                index.entry(store.attr).or_default().push(number);
            }
            index.into()
        });
        let index = Arc::clone(index);
        let mut values = Values::new();
        for number in index.get(&attr).map_or(&[][..], Vec::as_slice) {
            let store = &module.attribute_stores[*number as usize];
            if !self.is_receiver(at, class, store.object) {
                continue;
            }
            let mut found = self.eval(at, store.value);
            if let Some(annotation) = store.annotation
                && found.iter().all(|value| {
                    matches!(
                        value,
                        Value::Unknown(_) | Value::Param(..) | Value::Expr(..)
                    )
                })
            {
                add_all(&mut found, self.instance_of(at, annotation.get()));
            }
            add_all(&mut values, found);
        }
        // `self.x: T` without a value, and annotations of a class body, say what is stored by others.
        values
    }

    /// Whether a name is the receiver of a method of the class.
    fn is_receiver(&self, at: ModuleId, class: ClassId, object: ExprId) -> bool {
        let module = self.project.module(at);
        let Expr::Name { def, slot } = module[object] else {
            return false;
        };
        let mut def = &module[def];
        if matches!(def.kind, DefKind::Entry) {
            // A closure inside of the method.
            let name = module[def.scope].slots[slot.index()].name;
            let mut around = module[def.scope].parent;
            while let Some(outer) = around {
                if let Some(found) = module.slot(outer, name)
                    && found.bound
                {
                    let Some(first) = found.defs.first() else {
                        return false;
                    };
                    def = &module[*first];
                    break;
                }
                around = module[outer].parent;
            }
        }
        if !matches!(def.kind, DefKind::Param(0)) {
            return false;
        }
        matches!(module[def.scope].kind, ScopeKind::Function(function) if module[function].class == Some(class))
    }
}

//! Objects that are made: `Class(…)`, and the fields that a record is made of.

use hognose_python::ir::*;
use hognose_python::{ClassRef, ModuleId};

use super::super::Interpreter;
use super::super::call::Arguments;
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Symbol, Value, hash_id};

impl Interpreter<'_, '_> {
    /// Calls a class of the project.
    pub(in crate::interpret) fn construct(
        &mut self,
        state: &mut State,
        module: ModuleId,
        class: ClassId,
        arguments: &Arguments,
        expr: ExprId,
    ) -> Value {
        if self.setting.facts.enums.contains(&(module, class)) {
            // A member of the enumeration, or an exception: one of few values. What was asked for is one of them.
            if let Some(value) = arguments.position(0) {
                self.restrict_value(state, &value, crate::shape::Restriction::FINITE);
            }
            return Atom::Instance(module, class).into();
        }
        let site = self.site(expr);
        let id = self.object_at(site, 1);
        let fresh = state.object(id).is_none();
        let mut object = Object::new(Kind::Instance(module, class));
        if let Some(fields) = self.setting.facts.records.get(&(module, class)).cloned()
            && self
                .find_method(module, class, Symbol::from("__init__"), false)
                .is_none()
        {
            for (number, name) in fields.iter().enumerate() {
                let given = arguments
                    .named(*name)
                    .or_else(|| arguments.positional.get(number).cloned())
                    .or_else(|| arguments.star.clone());
                let value = match given {
                    Some(value) => Some(self.as_field(state, module, class, *name, value, expr)),
                    None => self.field_default(state, module, class, *name, expr),
                };
                if let Some(value) = value {
                    object.set_field(*name, value);
                }
            }
            if let Some(map) = &arguments.double_star {
                let contents = self.iterated(state, map, expr);
                object.rest.join(&contents);
            }
            state.allocate(id, object);
            if let Some((at, function)) =
                self.find_method(module, class, Symbol::from("__post_init__"), false)
            {
                let arguments = Arguments::of(&[Atom::Object(id).into()]);
                self.call_found(state, (at, function), (module, class), &arguments, expr);
            }
            return Atom::Object(id).into();
        }
        if self.quiet == 0 || fresh {
            state.allocate(id, object);
        }
        let this: Value = Atom::Object(id).into();
        if let Some((at, function)) =
            self.find_method(module, class, Symbol::from("__new__"), false)
        {
            let arguments = arguments.after(Atom::Class(module, class).into());
            self.call_found(state, (at, function), (module, class), &arguments, expr);
        }
        match self.find_method(module, class, Symbol::from("__init__"), false) {
            Some((at, function)) => {
                let arguments = arguments.after(this.clone());
                self.call_found(state, (at, function), (module, class), &arguments, expr);
                if !state.live {
                    return Value::nothing();
                }
            }
            None => {
                // A class outside above it takes the arguments.
                let order = self.values.mro(module, class);
                for ancestor in order.iter() {
                    if let ClassRef::External(path) = ancestor
                        && path.as_str() != "builtins.object"
                    {
                        let path = *path;
                        let made = self.call_external(state, path, Some(&this), arguments, expr);
                        let Some(object) = state.object_mut(id) else {
                            break;
                        };
                        // What is given by name is asked for by that name: the title of a row is not its owner.
                        for (name, value) in &arguments.keywords {
                            let mut kept = Value::nothing();
                            for atom in value.atoms() {
                                kept.add(match atom {
                                    Atom::Text(text) => {
                                        let doubted = crate::shape::map_holes(text, |hole| {
                                            hole.doubt = hole.doubt.max(1);
                                        });
                                        Atom::Text(doubted.into())
                                    }
                                    other => other.clone(),
                                });
                            }
                            object.set_field(*name, kept);
                        }
                        let unnamed = !arguments.positional.is_empty()
                            || arguments.star.is_some()
                            || arguments.double_star.is_some();
                        if unnamed {
                            for atom in made.atoms() {
                                if let Atom::Text(_) = atom {
                                    object.rest.add(atom.clone());
                                }
                            }
                        }
                        break;
                    }
                }
            }
        }
        this
    }

    /// What is said of a field of a record in its class: annotation, and the arguments of the call that describes it.
    pub(in crate::interpret) fn field_of(
        &mut self,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
    ) -> Option<(ModuleId, Option<ExprId>, Option<List>)> {
        let order = self.values.mro(module, class);
        order.iter().find_map(|ancestor| {
            let ClassRef::Project(at, class) = ancestor else {
                return None;
            };
            let home = self.setting.project.module(*at);
            let slot = home.slot(home[*class].scope, name)?;
            let annotation = slot.defs.iter().find_map(|def| home[*def].annotation);
            let described = match home[slot.exit].kind {
                DefKind::Value(value) => match home[value] {
                    Expr::Call { args, .. } => Some(args),
                    _ => None,
                },
                _ => None,
            };
            annotation
                .is_some()
                .then_some((*at, annotation.map(NonMaxExpr::get), described))
        })
    }

    /// An argument of the call that describes a field.
    fn field_argument(&self, module: ModuleId, args: List, names: &[&str]) -> Option<ExprId> {
        self.setting
            .project
            .module(module)
            .args(args)
            .iter()
            .find(|argument| {
                matches!(argument.kind, ArgKind::Keyword(name) if names.contains(&name.as_str()))
            })
            .map(|argument| argument.value)
    }

    /// What a field holds that is not given, when a factory makes it.
    fn field_default(
        &mut self,
        state: &mut State,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
        expr: ExprId,
    ) -> Option<Value> {
        let (at, _, described) = self.field_of(module, class, name)?;
        let factory = self.field_argument(at, described?, &["default_factory", "factory"])?;
        let factory = self.values.eval(at, factory);
        let factory = self.from_evaluated(factory);
        let kind = match factory.only() {
            Some(Atom::External(path)) => match path.as_str() {
                "builtins.list" => Kind::List,
                "builtins.dict" => Kind::Dict,
                "builtins.set" => Kind::Set,
                _ => return None,
            },
            _ => return Some(self.call_value(state, &factory, &Arguments::default(), expr)),
        };
        let site = hash_id(&(self.site(expr), name));
        let id = self.object_at(site, 2);
        state.allocate(id, Object::new(kind));
        Some(Atom::Object(id).into())
    }

    /// A field of a record as its class leaves what is given: where it is checked against the annotation, numbers and
    /// enumerations hold no text.
    pub(in crate::interpret) fn as_field(
        &mut self,
        state: &mut State,
        module: ModuleId,
        class: ClassId,
        name: Symbol,
        value: Value,
        expr: ExprId,
    ) -> Value {
        let Some((at, annotation, described)) = self.field_of(module, class, name) else {
            return value;
        };
        if let Some(converter) =
            described.and_then(|args| self.field_argument(at, args, &["converter"]))
        {
            let converter = self.values.eval(at, converter);
            let converter = self.from_evaluated(converter);
            return self.call_value(state, &converter, &Arguments::of(&[value]), expr);
        }
        let validates = {
            let order = self.values.mro(module, class);
            order.iter().any(|ancestor| {
                matches!(ancestor, ClassRef::External(path) if matches!(path.as_str(), "pydantic.BaseModel" | "sqlmodel.SQLModel"))
            })
        };
        if !validates {
            return value;
        }
        if let Some(annotation) = annotation
            && !self.holds_text(at, annotation)
        {
            let kinds = self.values.instance_of(at, annotation);
            let is_int = matches!(kinds.as_slice(), [hognose_python::Value::External(path)] if path.as_str() == "builtins.int()");
            if !is_int || !value.has_holes() {
                return Atom::Scalar.into();
            }
            // A number of a stranger's choice, unless its field says how large it may be.
            let bounded = described
                .is_some_and(|args| self.field_argument(at, args, &["le", "lt"]).is_some());
            let id = self.site(expr);
            let mut number = Value::nothing();
            for text in self.texts_of(state, &value) {
                let text = crate::shape::map_holes(&text, |hole| {
                    hole.alphabet = hole
                        .alphabet
                        .intersect(crate::shape::Alphabet::of("-0123456789"));
                    hole.facts = hole.facts.without(crate::shape::Facts::STRUCTURE);
                    if bounded {
                        hole.facts |= crate::shape::Facts::BOUNDED;
                    }
                    hole.id = hash_id(&(hole.id, id, 28u8));
                });
                number.join(&Value::stretches(text));
            }
            return number;
        }
        let pattern = described
            .and_then(|args| self.field_argument(at, args, &["pattern", "regex"]))
            .and_then(|pattern| self.values.constant(at, pattern));
        if let Some(hognose_python::Constant::Str(pattern)) = pattern
            && let Some(parsed) =
                self.parsed(&Value::text(&pattern), Some(hognose_regex::Flags::NONE))
            && let Some(alphabet) =
                crate::shape::Alphabet::let_through(&parsed, hognose_regex::Mode::Search)
        {
            let restriction = crate::shape::Restriction::alphabet(alphabet);
            self.restrict_value(state, &value, restriction);
            let id = self.site(expr);
            let mut checked = Value::nothing();
            for text in self.texts_of(state, &value) {
                let text = crate::shape::map_holes(&text, |hole| {
                    restriction.apply(hole);
                    hole.id = hash_id(&(hole.id, id, 28u8));
                });
                checked.join(&Value::stretches(text));
            }
            return checked;
        }
        value
    }

    /// Whether something that was checked against an annotation can hold text of a stranger's choice.
    pub(crate) fn holds_text(&mut self, module: ModuleId, annotation: ExprId) -> bool {
        let home = self.setting.project.module(module);
        match home[annotation] {
            Expr::None => return false,
            Expr::Binary {
                op: Operator::BitOr,
                left,
                right,
            } => return self.holds_text(module, left) || self.holds_text(module, right),
            Expr::Subscript { value, index } => {
                let generic = self.values.dotted(module, value);
                let path = generic.as_ref().map_or("", |path| path.as_str());
                if let "typing.Literal" | "typing_extensions.Literal" = path {
                    return false;
                }
                if is_sequence(path) {
                    return self.holds_text(module, index);
                }
            }
            _ => {}
        }
        let values = self.values.instance_of(module, annotation);
        if values.is_empty() {
            return true;
        }
        !values.iter().all(|value| match value {
            hognose_python::Value::External(path) => matches!(
                path.as_str(),
                "builtins.int()"
                    | "builtins.float()"
                    | "builtins.bool()"
                    | "builtins.complex()"
                    | "uuid.UUID()"
                    | "decimal.Decimal()"
                    | "datetime.date()"
                    | "datetime.datetime()"
                    | "datetime.time()"
                    | "datetime.timedelta()"
                    | "ipaddress.IPv4Address()"
                    | "ipaddress.IPv6Address()"
                    | "pydantic.PositiveInt()"
                    | "pydantic.NonNegativeInt()"
                    | "pydantic.UUID4()"
            ),
            hognose_python::Value::Instance(at, class) => {
                self.setting.facts.enums.contains(&(*at, *class))
            }
            hognose_python::Value::Expr(..) => false,
            _ => false,
        })
    }
}

/// Generic types that hold nothing but what stands in the brackets.
fn is_sequence(path: &str) -> bool {
    matches!(
        path,
        "builtins.list"
            | "builtins.set"
            | "builtins.frozenset"
            | "typing.List"
            | "typing.Set"
            | "typing.FrozenSet"
            | "typing.Sequence"
            | "typing.Iterable"
            | "typing.Collection"
            | "typing.Optional"
            | "collections.abc.Sequence"
            | "collections.abc.Iterable"
            | "collections.abc.Collection"
    )
}

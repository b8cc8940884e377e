//! Expressions.

use std::sync::Arc;

use hognose_python::ir::*;
use hognose_python::{Constant, ModuleId, Values};
use symbol_table::{GlobalSymbol, static_symbol};

use super::assign::{index_name, single_key};
use super::{Interpreter, attr_key};
use crate::model::Trust;
use crate::shape::{Hole, Part, Restriction, Stretch};
use crate::state::{Kind, Object, State};
use crate::value::{
    Atom, InputPath, Key, Origin, Place, Root, Source, Symbol, Taint, Trail, Value, hash_id,
};

/// Operands of one level whose product is looked at.
const MAX_PRODUCT: usize = 4;

/// Modules that hand a variable on to each other by imports.
const MAX_IMPORTS: usize = 6;

/// Constants that a loop over a display is walked for one by one.
const MAX_DISPLAY: usize = 64;

/// Variables that only stand for each other, followed to what they stand for.
const MAX_COPIES: usize = 4;

impl<'p> Interpreter<'_, 'p> {
    /// What an expression may be. Runs what it runs.
    pub(crate) fn eval(&mut self, state: &mut State, expr: ExprId) -> Value {
        if !state.live {
            return Value::nothing();
        }
        if let Some((_, held)) = self
            .at()
            .held
            .iter()
            .rev()
            .find(|(known, _)| *known == expr)
        {
            return held.clone();
        }
        let mut value =
            stacker::maybe_grow(96 * 1024, 2 * 1024 * 1024, || self.eval_inner(state, expr));
        // What was found out of a part holds when it is read again; what is read anew is another hole, and so is what a loop
        // comes back to, for nothing of it was known before the loop.
        if !state.known.is_empty()
            && matches!(
                self.module()[expr],
                Expr::Attribute { .. } | Expr::Subscript { .. } | Expr::Call { .. }
            )
        {
            state.recall(&mut value);
        }
        value
    }

    fn eval_inner(&mut self, state: &mut State, expr: ExprId) -> Value {
        let module = self.module();
        match module[expr] {
            Expr::Name { slot, def } => self.name(state, slot, def),
            Expr::None => Atom::None.into(),
            Expr::Bool(truth) => Atom::Bool(truth).into(),
            Expr::Int(number) => Atom::Int(number).into(),
            Expr::OtherNumber | Expr::Float(_) | Expr::Ellipsis => Atom::Scalar.into(),
            Expr::Str(text) | Expr::Bytes(text) => {
                let text = module.str(text);
                if text.len() > crate::shape::MAX_KNOWN {
                    Value::unknown()
                } else {
                    Value::text(text)
                }
            }
            Expr::Attribute { value, attr } => {
                let object = self.eval(state, value);
                if !state.live {
                    return Value::nothing();
                }
                self.attribute_or_known(state, &object, attr, expr)
            }
            Expr::Subscript { value, index } => self.subscript(state, expr, value, index),
            Expr::Slice(list) => {
                for bound in module.opt(list).iter().flatten() {
                    self.eval(state, bound.get());
                }
                Value::unknown()
            }
            Expr::Call { func, args } => self.call(state, expr, func, args),
            Expr::Binary { op, left, right } => {
                let left = self.eval(state, left);
                let right = self.eval(state, right);
                self.binary(state, op, &left, &right, expr)
            }
            Expr::InPlace { op, left, right } => {
                let old = self.eval(state, left);
                let new = self.eval(state, right);
                if op == Operator::Add
                    && let Some(Atom::Object(id)) = old.only()
                    && matches!(
                        state.object(*id).map(|object| &object.kind),
                        Some(Kind::List)
                    )
                {
                    self.extend(state, *id, &new);
                    return old;
                }
                self.binary(state, op, &old, &new, expr)
            }
            Expr::Unary { op, operand } => {
                let value = self.eval(state, operand);
                match (op, value.only()) {
                    (UnaryOp::Not, _) => match value.truth() {
                        Some(truth) => Atom::Bool(!truth).into(),
                        None => Atom::Scalar.into(),
                    },
                    (UnaryOp::USub, Some(Atom::Int(number))) => {
                        number.checked_neg().map_or(Atom::Scalar, Atom::Int).into()
                    }
                    _ => Atom::Scalar.into(),
                }
            }
            Expr::Logic { op, values } => self.logic(state, op, values),
            Expr::Compare { op, left, right } => {
                let a = self.eval(state, left);
                let b = self.eval(state, right);
                self.decides(&a);
                self.decides(&b);
                self.compares(op, &a, &b);
                self.compare(state, op, &a, &b)
            }
            Expr::Conditional { test, body, orelse } => {
                let value = self.eval(state, test);
                self.decides(&value);
                self.decided_by(state, test);
                match value.truth() {
                    Some(true) => return self.eval(state, body),
                    Some(false) => return self.eval(state, orelse),
                    None => {}
                }
                let mut other = state.clone();
                self.assume(state, test, true);
                self.assume(&mut other, test, false);
                let mut result = self.eval(state, body);
                result.join(&self.eval(&mut other, orelse));
                state.join(other);
                result
            }
            Expr::Tuple(list) => self.display(state, expr, Kind::Tuple, list),
            Expr::ListOf(list) => self.display(state, expr, Kind::List, list),
            Expr::SetOf(list) => self.display(state, expr, Kind::Set, list),
            Expr::Dict(items) => self.dict(state, expr, items),
            Expr::Starred(value) => self.eval(state, value),
            Expr::TString(parts) => self.template_string(state, expr, parts),
            Expr::FString(parts) => {
                let parts = module.list(parts).to_vec();
                let mut values = Vec::with_capacity(parts.len());
                for part in parts {
                    values.push(self.eval(state, part));
                }
                self.joined_texts(state, &values)
            }
            Expr::Formatted {
                value,
                spec,
                conversion,
            } => {
                let mut value = self.eval(state, value);
                if let Some(spec) = spec {
                    let spec = self.eval(state, spec.get());
                    if let Some(spec) = spec.known_text()
                        && is_number_format(spec.as_str())
                    {
                        return Atom::Scalar.into();
                    }
                }
                if matches!(conversion, Conversion::Repr | Conversion::Ascii) {
                    value = self.repr_of(state, &value);
                }
                self.text_value(state, &value)
            }
            Expr::Lambda(function) => self.function_value(state, function),
            Expr::Comprehension(id) => self.comprehension(state, expr, id),
            Expr::Await(value) => {
                let value = self.eval(state, value);
                self.awaited(state, value)
            }
            Expr::Yield(value) => {
                if let Some(value) = value {
                    let value = self.eval(state, value.get());
                    self.frame().exit.yields.join(&value);
                }
                Value::unknown()
            }
            Expr::YieldFrom(value) => {
                let iterated = self.eval(state, value);
                let element = self.iterated(state, &iterated, expr);
                self.frame().exit.yields.join(&element);
                Value::unknown()
            }
            Expr::Named { def, value } => {
                let value = self.eval(state, value);
                self.bind_name(state, def, value.clone());
                value
            }
            Expr::Element { of, index } => {
                let container = self.eval(state, of);
                self.item(state, &container, &Atom::Int(i64::from(index)).into(), expr)
            }
            Expr::Rest { of, before, after } => {
                let container = self.eval(state, of);
                if let Some(Atom::Object(id)) = container.only()
                    && let Some(object) = state.object(*id)
                    && object.exact
                    && matches!(object.kind, Kind::List | Kind::Tuple)
                {
                    let end = object.items.len().saturating_sub(usize::from(after));
                    let items = object.items.get(usize::from(before)..end);
                    let mut rest = Object::sequence(Kind::List, items.unwrap_or_default().to_vec());
                    rest.rest = object.rest.clone();
                    return self.make(state, expr, rest);
                }
                let element = self.iterated(state, &container, expr);
                let mut object = Object::new(Kind::List);
                object.exact = false;
                object.rest = element;
                self.make(state, expr, object)
            }
            Expr::Iterate { of, .. } => {
                let container = self.eval(state, of);
                self.iterated(state, &container, expr)
            }
            Expr::Enter { of, .. } => {
                let manager = self.eval(state, of);
                self.entered(state, manager)
            }
            Expr::Caught(types) => self.caught(state, types, &Value::nothing()),
            Expr::Part(of) => {
                let subject = self.eval(state, of);
                let mut value = self.iterated(state, &subject, expr);
                for atom in subject.atoms() {
                    match atom {
                        Atom::Text(_) | Atom::Input(_) => value.add(atom.clone()),
                        Atom::Object(id) => {
                            if let Some(object) = state.object(*id) {
                                value.join(&object.contents());
                            }
                        }
                        _ => {}
                    }
                }
                value
            }
            Expr::Opaque => Value::unknown(),
        }
    }

    /// Makes an object at an expression.
    pub(super) fn make(&mut self, state: &mut State, expr: ExprId, object: Object) -> Value {
        let site = self.site(expr);
        let id = self.object_at(site, 0);
        if self.quiet > 0 && state.object(id).is_some() {
            return Atom::Object(id).into();
        }
        state.allocate(id, object);
        Atom::Object(id).into()
    }

    fn display(&mut self, state: &mut State, expr: ExprId, kind: Kind, list: List) -> Value {
        let module = self.module();
        let mut object = Object::new(kind);
        for element in module.list(list) {
            let value = self.eval(state, *element);
            if let Expr::Starred(_) = module[*element] {
                if let Some(Atom::Object(id)) = value.only()
                    && let Some(inner) = state.object(*id)
                    && inner.exact
                    && object.exact
                    && matches!(inner.kind, Kind::List | Kind::Tuple)
                {
                    let items = inner.items.clone();
                    object.items.extend(items);
                } else {
                    let element = self.iterated(state, &value, *element);
                    object.blur();
                    object.rest.join(&element);
                }
            } else if object.exact {
                object.items.push(value);
            } else {
                object.rest.join(&value);
            }
            // Fourteen thousand constants are one thing.
            if object.items.len() > crate::state::MAX_ITEMS * 8 {
                object.blur();
            }
        }
        if object.items.len() > MAX_DISPLAY * 4 {
            object.blur();
        }
        self.make(state, expr, object)
    }

    fn dict(&mut self, state: &mut State, expr: ExprId, items: List) -> Value {
        let module = self.module();
        let mut object = Object::new(Kind::Dict);
        for (key, value) in module.dict(items) {
            match key {
                Some(key) => {
                    let key = self.eval(state, key.get());
                    let value = self.eval(state, *value);
                    match single_key(&key) {
                        Some(Key::Item(name)) => object.set_field(name, value),
                        Some(Key::Index(index)) => object.set_field(index_name(index), value),
                        _ => {
                            object.rest.join(&value);
                            for atom in key.atoms() {
                                if matches!(atom, Atom::Text(_) | Atom::Input(_)) {
                                    object.keys.add(atom.clone());
                                }
                            }
                        }
                    }
                }
                None => {
                    let merged = self.eval(state, *value);
                    self.merge_into(state, &mut object, &merged);
                }
            }
        }
        self.make(state, expr, object)
    }

    /// `**merged`, `update(merged)`.
    pub(super) fn merge_into(&mut self, state: &State, object: &mut Object, merged: &Value) {
        for atom in merged.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(other) = state.object(*id) {
                        for (name, value) in &other.fields {
                            object.set_field(*name, value.clone());
                        }
                        object.rest.join(&other.rest);
                        object.keys.join(&other.keys);
                    }
                }
                Atom::Text(_) => object.rest.add(atom.clone()),
                Atom::Input(path) => {
                    let part = self.input(path.then(Key::Any));
                    object.rest.add(part);
                }
                _ => {}
            }
        }
    }

    // Names.

    fn name(&mut self, state: &mut State, slot: SlotId, def: DefId) -> Value {
        let module = self.module();
        let data = &module[def];
        if data.scope == self.at().scope && !matches!(data.kind, DefKind::Entry) {
            if let Some((_, value)) = state.vars().slots.get(slot.index())
                && !value.is_nothing()
            {
                return value.clone();
            }
            // Bound on a way that was not walked, or by something else than a statement.
            let at = self.at().module;
            return match data.kind {
                DefKind::Param(_) | DefKind::Phi(_) | DefKind::Value(_) => Value::unknown(),
                _ => self.resolved(state, at, def),
            };
        }
        if data.scope == self.at().scope
            && let Some((_, value)) = state.vars().slots.get(slot.index())
            && !value.is_nothing()
        {
            // `global` and `nonlocal` that were bound here, or a loop.
            return value.clone();
        }
        let name = module[data.scope].slots[slot.index()].name;
        self.outer(state, data.scope, slot, name)
    }

    /// A variable bound around the scope at hand.
    fn outer(&mut self, state: &mut State, scope: ScopeId, slot: SlotId, name: Symbol) -> Value {
        let module = self.module();
        let at = self.at().module;
        let mut around = module[scope].parent;
        if module[scope].slots[slot.index()].declared == Declared::Global {
            around = Some(Module::TOP);
        }
        while let Some(outer) = around {
            let data = &module[outer];
            if !matches!(data.kind, ScopeKind::Class(_))
                && let Some(number) = data.names.get(&name)
                && data.slots[number.index()].bound
            {
                if outer == Module::TOP {
                    break;
                }
                return self.captured(state, outer, *number, name);
            }
            around = data.parent;
        }
        self.global(state, at, name, scope)
    }

    fn captured(&mut self, state: &mut State, scope: ScopeId, slot: SlotId, name: Symbol) -> Value {
        if let Some(depth) = self.frame_of(scope)
            && let Some((_, value)) = state.frames[depth].slots.get(slot.index())
            && !value.is_nothing()
        {
            return value.clone();
        }
        if let Some(closure) = self.at().closure
            && let Some(object) = state.object(closure)
            && let Some(value) = object.field(name)
        {
            return value.clone();
        }
        // A function or class beside this one is what it is.
        let module = self.module();
        let at = self.at().module;
        let defs = &module[scope].slots[slot.index()].defs;
        if let [def] = defs.as_slice()
            && matches!(
                module[*def].kind,
                DefKind::Function(_)
                    | DefKind::Class(_)
                    | DefKind::Import { .. }
                    | DefKind::ImportFrom { .. }
            )
        {
            return self.resolved(state, at, *def);
        }
        let path = InputPath::whole(Root::Captured(scope, slot));
        let mut value = Value::from(self.input(path));
        if let [def] = defs.as_slice() {
            for atom in self.resolved(state, at, *def).atoms() {
                if matches!(atom, Atom::External(_) | Atom::Instance(..)) {
                    value.add(atom.clone());
                }
            }
        }
        value
    }

    /// A variable of the module.
    fn global(&mut self, state: &mut State, at: ModuleId, name: Symbol, scope: ScopeId) -> Value {
        // The body of the module itself is at work below.
        if let Some(depth) = self
            .frames
            .iter()
            .rposition(|frame| frame.scope == Module::TOP && frame.module == at)
        {
            let module = self.module();
            if let Some(number) = module[Module::TOP].names.get(&name)
                && let Some((_, value)) = state.frames[depth].slots.get(number.index())
                && !value.is_nothing()
            {
                return value.clone();
            }
        }
        let bound = self
            .module()
            .slot(Module::TOP, name)
            .is_some_and(|slot| slot.bound);
        if bound || self.variable(at, name).is_some() {
            return self.module_variable(state, at, name);
        }
        // A builtin, or a name that an import of everything brings.
        self.evaluated_name(at, scope, name)
    }

    /// What a module variable holds, by what was found of the module's body.
    pub(super) fn module_variable(
        &mut self,
        state: &mut State,
        at: ModuleId,
        name: Symbol,
    ) -> Value {
        let (at, name) = self.imported(at, name);
        if let Some(known) = self.variable(at, name) {
            let site = hash_id(&(at.0, name, 7u8));
            return self.import_shared(state, known, site, (at, None, name));
        }
        let values = self.values.export(at, name);
        self.from_evaluated(values)
    }

    /// The module and name that a variable of a module was imported from, when it is a variable there.
    fn imported(&mut self, at: ModuleId, name: Symbol) -> (ModuleId, Symbol) {
        let (mut here, mut known) = (at, name);
        for _ in 0..MAX_IMPORTS {
            if self.variable(here, known).is_some() {
                return (here, known);
            }
            let module = self.setting.project.module(here);
            let Some(slot) = module.slot(Module::TOP, known).filter(|slot| slot.bound) else {
                break;
            };
            let DefKind::ImportFrom {
                module: from,
                name: of,
            } = module[slot.exit].kind
            else {
                break;
            };
            let hognose_python::Found::Module(from) = self.setting.project.find(from, here) else {
                break;
            };
            (here, known) = (from, of);
        }
        (at, name)
    }

    /// What the evaluator says of a name.
    fn evaluated_name(&mut self, at: ModuleId, scope: ScopeId, name: Symbol) -> Value {
        let values = self.values.outside_name(at, scope, name);
        self.from_evaluated(values)
    }

    /// What a definition of a module binds, by the evaluator.
    pub(super) fn resolved(&mut self, state: &mut State, at: ModuleId, def: DefId) -> Value {
        let module = self.setting.project.module(at);
        match module[def].kind {
            DefKind::Function(function) => return Atom::Function(at, function).into(),
            DefKind::Class(class) => return Atom::Class(at, class).into(),
            DefKind::ImportFrom { module: from, name } => {
                if let hognose_python::Found::Module(from) = self.setting.project.find(from, at) {
                    let (of, name) = self.imported(from, name);
                    if self.variable(of, name).is_some() {
                        return self.module_variable(state, of, name);
                    }
                }
            }
            _ => {}
        }
        let values = self.values.definition(at, def);
        self.from_evaluated(values)
    }

    /// The evaluator's words in ours.
    #[expect(
        clippy::wrong_self_convention,
        reason = "from the values; the interpreter looks constants up"
    )]
    pub(crate) fn from_evaluated(&mut self, values: Values) -> Value {
        let mut result = Value::nothing();
        for value in values {
            match value {
                hognose_python::Value::External(path) => {
                    result.add(super::native::constant(path).unwrap_or(Atom::External(path)));
                }
                hognose_python::Value::Module(id) => result.add(Atom::Module(id)),
                hognose_python::Value::Function(at, function) => {
                    result.add(Atom::Function(at, function));
                }
                hognose_python::Value::Class(at, class) => result.add(Atom::Class(at, class)),
                hognose_python::Value::Instance(at, class) => {
                    result.add(Atom::Instance(at, class));
                }
                hognose_python::Value::Expr(..) => {
                    let atom = match self.values.constant_of(value, 0) {
                        Some(Constant::Str(text) | Constant::Bytes(text))
                            if text.len() <= crate::shape::MAX_KNOWN =>
                        {
                            Atom::Str(Symbol::from(text))
                        }
                        Some(Constant::Int(number)) => Atom::Int(number),
                        Some(Constant::Bool(truth)) => Atom::Bool(truth),
                        Some(Constant::None) => Atom::None,
                        Some(Constant::Float(_)) => Atom::Scalar,
                        _ => Atom::Unknown,
                    };
                    result.add(atom);
                }
                hognose_python::Value::Namespace(_)
                | hognose_python::Value::Param(..)
                | hognose_python::Value::Unknown(_) => result.add(Atom::Unknown),
            }
        }
        if result.is_nothing() {
            result.add(Atom::Unknown);
        }
        result
    }

    // Attributes.

    fn attribute_or_known(
        &mut self,
        state: &mut State,
        object: &Value,
        attr: Symbol,
        expr: ExprId,
    ) -> Value {
        let value = self.attribute(state, object, attr, expr);
        if !value.atoms().iter().all(|atom| *atom == Atom::Unknown) {
            return value;
        }
        // The evaluator may know more of it: namespaces, attributes by annotation.
        let at = self.at().module;
        let values = self.values.eval(at, expr);
        let known = self.from_evaluated(values);
        self.with_source(known, expr)
    }

    /// An attribute that is read.
    pub(super) fn attribute(
        &mut self,
        state: &mut State,
        object: &Value,
        attr: Symbol,
        expr: ExprId,
    ) -> Value {
        if let Some(part) = self.path_attribute(state, object, attr, expr) {
            return part;
        }
        let mut value = Value::nothing();
        let external_source = self.has_external_source(object);
        for atom in object.atoms() {
            match atom {
                Atom::External(path) => {
                    let path = self.values.path_of_attribute(*path, attr);
                    value.join(&self.external(path, object, expr));
                }
                Atom::Object(id) => {
                    let found = self.object_attribute(state, *id, attr, expr);
                    value.join(&found);
                }
                Atom::Instance(module, class) => {
                    let found = self.member(state, *module, *class, attr, Some(atom), expr);
                    value.join(&found);
                }
                Atom::Class(module, class) => {
                    let found = self.member(state, *module, *class, attr, None, expr);
                    value.join(&found);
                }
                Atom::Module(module) => {
                    let found = self.module_variable(state, *module, attr);
                    value.join(&found);
                }
                Atom::Text(_) if external_source => {}
                // A text has no such attribute: what parsed it as a URL has.
                Atom::Text(_) if matches!(attr.as_str(), "host" | "hostname" | "netloc") => {
                    let url = atom.clone().into();
                    value.join(&self.url_part(state, &url, attr.as_str(), Some(Part::Host)));
                }
                Atom::Text(text) => {
                    if !super::string::is_string_method(attr) {
                        value.join(&self.part_of_text(text, attr_key(attr), expr));
                    } else {
                        value.add(Atom::Unknown);
                    }
                }
                Atom::Input(path) => {
                    // What the class of an input is known to hold is known by its atom.
                    let part = path.then(attr_key(attr));
                    match state.written_to(&part) {
                        Some(written) => value.join(&written.clone()),
                        None => {
                            let part = self.input(part);
                            value.add(part);
                        }
                    }
                }
                _ => value.add(Atom::Unknown),
            }
        }
        value
    }

    /// Something outside of the project: a source, where the models say so.
    pub(super) fn external(&mut self, path: Symbol, base: &Value, expr: ExprId) -> Value {
        if let Some(constant) = super::native::constant(path) {
            return constant.into();
        }
        let mut value = Value::from(Atom::External(path));
        if let Some(text) = self.source_text(path, Some(base), None, expr) {
            value.join(&text);
        }
        value
    }

    /// An object of a class outside, or a name that leads there.
    pub(super) fn external_object(&mut self, class: Symbol, expr: ExprId) -> Value {
        let path = self.values.path_of_call(class);
        self.external(path, &Value::nothing(), expr)
    }

    fn with_source(&mut self, value: Value, expr: ExprId) -> Value {
        let mut result = Value::nothing();
        for atom in value.atoms() {
            match atom {
                Atom::External(path) => result.join(&self.external(*path, &Value::nothing(), expr)),
                other => result.add(other.clone()),
            }
        }
        result
    }

    /// Whether a value is something outside that is a source or lies below one.
    pub(super) fn has_external_source(&self, value: &Value) -> bool {
        value.atoms().iter().any(|atom| match atom {
            Atom::External(path) => matches!(
                self.setting.models.trust_of(path.as_str()),
                Some(Trust::Source(_))
            ),
            _ => false,
        })
    }

    /// The text that a source is; its hole is the same wherever the same part of the same source is read.
    pub(super) fn source_text(
        &mut self,
        path: Symbol,
        base: Option<&Value>,
        key: Option<&Value>,
        expr: ExprId,
    ) -> Option<Value> {
        let models = self.setting.models;
        let Trust::Source(number) = models.trust_of(path.as_str())? else {
            return None;
        };
        let (number, model) = self.source_with_key(path, number, key)?;
        let known = base.and_then(|base| {
            let hole = base.holes().first().cloned()?;
            let taint = hole.taints.first().cloned()?;
            // What lies below it may be a source of its own: the name of an uploaded file.
            matches!(&taint.origin, Origin::Source(source) if source.model == number)
                .then_some((taint, hole.cleaned))
        });
        let (known, cleaned) = known.unzip();
        let taint = known.unwrap_or_else(|| Taint {
            origin: Origin::Source(Source {
                model: number,
                place: self.place(expr),
                sure: true,
            }),
            trail: Trail::default(),
        });
        let key = key.and_then(single_key);
        // `args.get("next")` and `args["next"]` are the same part.
        let part = path.as_str();
        let part = part.strip_suffix(".get()").or(part.strip_suffix("[]"));
        let part = part.filter(|_| key.is_some()).unwrap_or(path.as_str());
        let place = key.is_none().then(|| self.read_place(expr));
        let mut hole = Hole::new(hash_id(&(part, key, place)), taint);
        hole.alphabet = model.alphabet;
        // What the whole is no danger for, its parts are none for either: an open file is no path.
        hole.cleaned.0 = model.cleaned.0 | cleaned.map_or(0, |rules| rules.0);
        if model.fields
            && let Some(Key::Item(name)) = key
            && let Some(left) = self.declared_field(expr, name)
        {
            if left.finite {
                return None;
            }
            left.apply(&mut hole);
        }
        if model.structure {
            hole.facts |= crate::shape::Facts::STRUCTURE;
        }
        Some(Value::hole(hole))
    }

    /// What a field leaves of what was sent, by its declaration in the class whose values `expr` takes one of.
    fn declared_field(&mut self, expr: ExprId, name: Symbol) -> Option<Restriction> {
        let module = self.module();
        let at = self.at().module;
        let mut values = match module[expr] {
            Expr::Subscript { value, .. } => value,
            Expr::Call { func, .. } => match module[func] {
                Expr::Attribute { value, .. } => value,
                _ => return None,
            },
            _ => return None,
        };
        let mut owner = None;
        for _ in 0..MAX_COPIES {
            match module[values] {
                Expr::Attribute { value, .. } => {
                    owner = Some(self.values.eval(at, value));
                    break;
                }
                Expr::Name { def, .. } => match module[def].kind {
                    DefKind::Value(value) => values = value,
                    // `def create(self, validated_data)`: those of the class itself.
                    DefKind::Param(_) => {
                        let function = self.at().function?;
                        let class = module[function].class?;
                        let own = hognose_python::Value::Instance(at, class);
                        owner = Some(std::iter::once(own).collect());
                        break;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
        let mut left: Option<Restriction> = None;
        for owner in owner? {
            let hognose_python::Value::Instance(of, class) = owner else {
                return None;
            };
            let class = hognose_python::Value::Class(of, class);
            let declared = self.values.attribute(&[class], name);
            if declared.is_empty() {
                return None;
            }
            for field in declared {
                let one = self.left_by(field)?;
                left = Some(left.map_or(one, |all| all.or(one)));
            }
        }
        left
    }

    /// What a field of a class, the project's or not, leaves of what was sent.
    fn left_by(&mut self, field: hognose_python::Value) -> Option<Restriction> {
        let models = self.setting.models;
        match field {
            hognose_python::Value::External(path) => models.fields.get(&path).copied(),
            hognose_python::Value::Instance(module, class) => {
                let order = self.values.mro(module, class);
                order.iter().find_map(|ancestor| match ancestor {
                    hognose_python::ClassRef::External(path) => {
                        let made = self.values.path_of_call(*path);
                        models.fields.get(&made).copied()
                    }
                    hognose_python::ClassRef::Project(..) => None,
                })
            }
            _ => None,
        }
    }

    /// Identity of what an expression reads: attributes of the same variable are the same wherever they are read, anything else
    /// may be another thing each time.
    fn read_place(&self, expr: ExprId) -> u32 {
        let module = self.module();
        match module[expr] {
            Expr::Attribute { value, attr } => hash_id(&(self.read_place(value), attr)),
            Expr::Name { slot, def } => hash_id(&(slot, def, self.at().tag)),
            _ => hash_id(&(expr.0, 32u8)),
        }
    }

    /// Of the sources of a path the one that speaks of a key.
    fn source_with_key(
        &self,
        path: Symbol,
        number: u32,
        key: Option<&Value>,
    ) -> Option<(u32, &'p crate::model::SourceModel)> {
        let models = self.setting.models;
        let more = models.more_trust_of(path.as_str());
        let known = key.and_then(Value::known_text);
        let mut open = None;
        for number in more.iter().chain(std::iter::once(&number)) {
            let model = &models.sources[*number as usize];
            if model.keys.is_empty() {
                open = Some((*number, model));
            } else if let Some(key) = known
                && model.keys.iter().any(|known| fits_key(known, key.as_str()))
            {
                return Some((*number, model));
            } else if known.is_none()
                && key.is_some()
                && models.is_item_of_source(path.as_str())
                // Few settings are secrets, many parts of a request are a stranger's.
                && models.kind_of(*number) != "secret"
            {
                open = open.or(Some((*number, model)));
            }
        }
        open
    }

    /// A part of something from a source.
    pub(super) fn part_of_text(&mut self, text: &[Stretch], key: Key, expr: ExprId) -> Value {
        let mut value = Value::nothing();
        for hole in crate::shape::holes(text) {
            let id = match key {
                Key::Any | Key::Value => hash_id(&(hole.id, expr.0)),
                key => hash_id(&(hole.id, key)),
            };
            let mut part = hole.derive(id, None);
            part.alphabet = crate::shape::Alphabet::ALL;
            value.join(&Value::hole(part));
        }
        if value.is_nothing() {
            value.add(Atom::Unknown);
        }
        value
    }

    // Items.

    fn subscript(
        &mut self,
        state: &mut State,
        expr: ExprId,
        value: ExprId,
        index: ExprId,
    ) -> Value {
        let module = self.module();
        let container = self.eval(state, value);
        if let Expr::Slice(bounds) = module[index] {
            let mut parts = [None, None, None];
            for (part, bound) in parts.iter_mut().zip(module.opt(bounds)) {
                *part = bound.map(|bound| self.eval(state, bound.get()));
            }
            return self.slice(state, &container, &parts, expr);
        }
        let key = self.eval(state, index);
        self.decides_key(&container, &key);
        self.item(state, &container, &key, expr)
    }

    /// A key that decides which element is taken.
    fn decides_key(&mut self, container: &Value, key: &Value) {
        if container
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Object(_)))
        {
            self.decides(key);
        }
    }

    /// `container[key]`, or an element of something unpacked.
    pub(super) fn item(
        &mut self,
        state: &mut State,
        container: &Value,
        key: &Value,
        expr: ExprId,
    ) -> Value {
        let constant = single_key(key);
        let external_source = self.has_external_source(container);
        let mut value = Value::nothing();
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => {
                    let found = self.object_item(state, *id, constant.as_ref(), key, expr);
                    value.join(&found);
                }
                Atom::External(path) => {
                    let path = self.values.path_of_item(*path);
                    let mut found = Value::from(Atom::External(path));
                    if let Some(text) = self.source_text(path, Some(container), Some(key), expr) {
                        found.join(&text);
                    }
                    value.join(&found);
                }
                Atom::Text(_) if external_source => {}
                Atom::Text(text) => {
                    let key = constant.unwrap_or(Key::Any);
                    value.join(&self.part_of_text(text, key, expr));
                }
                Atom::Str(text) => match constant {
                    Some(Key::Index(index)) => {
                        let count = i64::try_from(text.as_str().chars().count()).unwrap_or(0);
                        let at = i64::from(index);
                        let at = if at < 0 { at + count } else { at };
                        match usize::try_from(at)
                            .ok()
                            .and_then(|at| text.as_str().chars().nth(at))
                        {
                            Some(character) => {
                                value.add(Atom::Str(Symbol::from(character.to_string())));
                            }
                            None => value.add(Atom::Unknown),
                        }
                    }
                    _ => value.add(Atom::Unknown),
                },
                Atom::Input(path) => {
                    if constant.is_none() {
                        // Which one, the key decides.
                        self.decides(key);
                    }
                    let part = path.then(constant.unwrap_or(Key::Value));
                    match state.written_to(&part) {
                        Some(written) => value.join(&written.clone()),
                        None => {
                            let any = state.written_to(&path.then(Key::Any)).cloned();
                            let part = self.input(part);
                            value.add(part);
                            if let Some(any) = any {
                                value.join(&any);
                            }
                        }
                    }
                }
                // `globals()["name"]`.
                Atom::Module(module) => match constant {
                    Some(Key::Item(name)) => {
                        let found = self.module_variable(state, *module, name);
                        value.join(&found);
                    }
                    _ => value.add(Atom::Unknown),
                },
                Atom::Class(..) => value.add(atom.clone()),
                Atom::Instance(..) => {
                    let found = self.instance_dunder(
                        state,
                        atom,
                        "__getitem__",
                        std::slice::from_ref(key),
                        expr,
                    );
                    value.join(&found);
                }
                _ => value.add(Atom::Unknown),
            }
        }
        value
    }

    /// Some value of an input that is a mapping.
    pub(super) fn some_value(&mut self, state: &State, path: &Arc<InputPath>) -> Value {
        let mut value = Value::nothing();
        for key in [Key::Value, Key::Any] {
            if let Some(written) = state.written_to(&path.then(key)) {
                value.join(written);
            }
        }
        let part = self.input(path.then(Key::Value));
        value.add(part);
        value
    }

    /// Some value of mappings, or element of others.
    pub(super) fn mapped_values(
        &mut self,
        state: &mut State,
        container: &Value,
        expr: ExprId,
    ) -> Value {
        let mut value = Value::nothing();
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => match state.object(*id) {
                    Some(object) if object.kind == Kind::Dict => value.join(&object.values()),
                    _ => {
                        let element = self.iterated(state, &atom.clone().into(), expr);
                        value.join(&element);
                    }
                },
                Atom::Input(path) => {
                    let part = self.some_value(state, path);
                    value.join(&part);
                }
                other => {
                    let element = self.iterated(state, &other.clone().into(), expr);
                    value.join(&element);
                }
            }
        }
        value
    }

    /// An element met while iterating.
    pub(super) fn iterated(&mut self, state: &mut State, container: &Value, expr: ExprId) -> Value {
        let mut value = Value::nothing();
        let external_source = self.has_external_source(container);
        for atom in container.atoms() {
            match atom {
                Atom::Object(id) => {
                    let Some(object) = state.object(*id).cloned() else {
                        continue;
                    };
                    match object.kind {
                        Kind::Dict => {
                            for (name, _) in &object.fields {
                                match name.as_str().strip_prefix('#') {
                                    Some(number) => match number.parse() {
                                        Ok(number) => value.add(Atom::Int(number)),
                                        Err(_) => value.add(Atom::Str(*name)),
                                    },
                                    None => value.add(Atom::Str(*name)),
                                }
                            }
                            value.join(&object.keys);
                            if object.keys.is_nothing() {
                                value.join(&object.rest);
                            }
                        }
                        Kind::Instance(..) => {
                            // An iterator may be its own iterator, or one that makes others.
                            if self.nested >= super::MAX_NESTED {
                                self.cut = true;
                                continue;
                            }
                            self.nested += 1;
                            let iterator = self.instance_dunder(state, atom, "__iter__", &[], expr);
                            if iterator
                                .atoms()
                                .iter()
                                .any(|inner| inner != atom && *inner != Atom::Unknown)
                            {
                                value.join(&self.iterated(state, &iterator, expr));
                            }
                            let next = self.instance_dunder(state, atom, "__next__", &[], expr);
                            value.join(&next);
                            self.nested -= 1;
                        }
                        _ => value.join(&object.contents()),
                    }
                }
                Atom::External(path) => {
                    let path = self.values.path_of_item(*path);
                    let mut found = Value::from(Atom::External(path));
                    if let Some(text) = self.source_text(path, Some(container), None, expr) {
                        // What is found of every element holds of the whole, and the other way round.
                        let whole = container.holes();
                        let text = match whole.as_slice() {
                            [whole] => Value::of(text.atoms().iter().map(|atom| {
                                match atom {
                                    Atom::Text(text) => Atom::Text(
                                        crate::shape::map_holes(text, |hole| {
                                            hole.part = Some((crate::shape::Part::Piece, whole.id));
                                            hole.alphabet = hole.alphabet.intersect(whole.alphabet);
                                        })
                                        .into(),
                                    ),
                                    other => other.clone(),
                                }
                            })),
                            _ => text,
                        };
                        found.join(&text);
                    }
                    value.join(&found);
                }
                Atom::Text(_) if external_source => {}
                Atom::Text(text) => {
                    for hole in crate::shape::holes(text) {
                        let id = hash_id(&(hole.id, expr.0, 3u8));
                        let piece = hole.derive(id, Some(crate::shape::Part::Piece));
                        value.join(&Value::hole(piece));
                    }
                }
                Atom::Str(text) => {
                    for character in text.as_str().chars().take(MAX_DISPLAY) {
                        value.add(Atom::Str(Symbol::from(character.to_string())));
                    }
                }
                Atom::Input(path) => {
                    let part = path.then(Key::Any);
                    if let Some(written) = state.written_to(&part).cloned() {
                        value.join(&written);
                    }
                    let part = self.input(part);
                    value.add(part);
                }
                Atom::Class(module, class)
                    if self.setting.facts.enums.contains(&(*module, *class)) =>
                {
                    value.add(Atom::Scalar);
                }
                _ => value.add(Atom::Unknown),
            }
        }
        value
    }

    // Operators.

    fn logic(&mut self, state: &mut State, op: BoolOp, values: List) -> Value {
        let module = self.module();
        let operands = module.list(values).to_vec();
        let mut result = Value::nothing();
        let mut after: Option<State> = None;
        let last = operands.len().saturating_sub(1);
        for (number, operand) in operands.into_iter().enumerate() {
            let value = self.eval(state, operand);
            let truth = value.truth();
            let ends = match op {
                BoolOp::And => truth == Some(false),
                BoolOp::Or => truth == Some(true),
            };
            if number == last || ends {
                result.join(&value);
                break;
            }
            // What is left of the operand when the evaluation ends with it.
            let stays = Value::of(
                value
                    .atoms()
                    .iter()
                    .filter(|atom| {
                        let truth = Value::from((*atom).clone()).truth();
                        match op {
                            BoolOp::And => truth != Some(true),
                            BoolOp::Or => truth != Some(false),
                        }
                    })
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            let goes_on = op == BoolOp::And;
            let mut left = state.clone();
            self.assume(&mut left, operand, !goes_on);
            if left.live {
                // The value of a text that is false is the empty text.
                if op == BoolOp::Or {
                    result.join(&stays);
                } else {
                    for atom in stays.atoms() {
                        if !matches!(atom, Atom::Text(_) | Atom::Input(_)) {
                            result.add(atom.clone());
                        } else {
                            result.add(Atom::Unknown);
                        }
                    }
                }
                match &mut after {
                    Some(after) => after.join(left),
                    none => *none = Some(left),
                }
            }
            self.assume(state, operand, goes_on);
            if !state.live {
                break;
            }
        }
        if let Some(after) = after {
            if state.live {
                state.join(after);
            } else {
                *state = after;
            }
        }
        result
    }

    fn binary(
        &mut self,
        state: &mut State,
        op: Operator,
        left: &Value,
        right: &Value,
        expr: ExprId,
    ) -> Value {
        match op {
            Operator::Add => self.add(state, left, right, expr),
            Operator::Mod => self.percent(state, left, right, expr),
            Operator::Mult => self.repeat(state, left, right, expr),
            Operator::Div => {
                if let Some(value) = self.path_division(state, left, right) {
                    return value;
                }
                self.operator_dunder(state, left, "__truediv__", right, expr)
            }
            Operator::BitOr => {
                if let (Some(Atom::Int(a)), Some(Atom::Int(b))) = (left.only(), right.only()) {
                    return Atom::Int(a | b).into();
                }
                let merged = self.union(state, left, right, expr);
                if !merged.is_nothing() {
                    return merged;
                }
                self.operator_dunder(state, left, "__or__", right, expr)
            }
            Operator::Sub | Operator::BitAnd | Operator::BitXor => {
                if let Some(Atom::Object(id)) = left.only()
                    && let Some(object) = state.object(*id)
                    && object.kind == Kind::Set
                {
                    let mut kept = (**object).clone();
                    kept.many = false;
                    kept.blur();
                    if op == Operator::BitAnd
                        && let Some(Atom::Object(other)) = right.only()
                        && let Some(other) = state.object(*other)
                        && !other.contents().has_holes()
                    {
                        // What is in both is in the one of the program's choice.
                        kept.rest = other.contents();
                    } else if op == Operator::BitXor {
                        let more = self.iterated(state, right, expr);
                        kept.rest.join(&more);
                    }
                    return self.make(state, expr, kept);
                }
                let name = match op {
                    Operator::Sub => "__sub__",
                    Operator::BitAnd => "__and__",
                    _ => "__xor__",
                };
                self.operator_dunder(state, left, name, right, expr)
            }
            _ => {
                if let (Some(Atom::Int(a)), Some(Atom::Int(b))) = (left.only(), right.only()) {
                    let result = match op {
                        Operator::FloorDiv if *b != 0 => a.checked_div_euclid(*b),
                        Operator::LShift => u32::try_from(*b)
                            .ok()
                            .filter(|by| *by < 32)
                            .and_then(|by| a.checked_shl(by)),
                        _ => None,
                    };
                    return result.map_or(Atom::Scalar, Atom::Int).into();
                }
                Atom::Scalar.into()
            }
        }
    }

    fn add(&mut self, state: &mut State, left: &Value, right: &Value, expr: ExprId) -> Value {
        match (left.only(), right.only()) {
            (Some(Atom::Int(a)), Some(Atom::Int(b))) => {
                return a.checked_add(*b).map_or(Atom::Scalar, Atom::Int).into();
            }
            (Some(Atom::Scalar | Atom::Int(_)), Some(Atom::Scalar | Atom::Int(_))) => {
                return Atom::Scalar.into();
            }
            (Some(Atom::Object(a)), Some(Atom::Object(b))) => {
                if let (Some(a), Some(b)) = (state.object(*a).cloned(), state.object(*b).cloned())
                    && matches!(a.kind, Kind::List | Kind::Tuple)
                    && matches!(b.kind, Kind::List | Kind::Tuple)
                {
                    let mut both = (*a).clone();
                    both.many = false;
                    if a.exact && b.exact {
                        both.items.extend(b.items.iter().cloned());
                        if both.items.len() > crate::state::MAX_ITEMS {
                            both.blur();
                        }
                    } else {
                        both.blur();
                        both.rest.join(&b.contents());
                    }
                    return self.make(state, expr, both);
                }
            }
            _ => {}
        }
        if left
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Object(_)))
        {
            let own = self.operator_dunder(state, left, "__add__", right, expr);
            if !own.atoms().iter().all(|atom| matches!(atom, Atom::Scalar)) {
                return own;
            }
            let mut both = Object::new(Kind::List);
            both.exact = false;
            both.rest = self.iterated(state, left, expr);
            let more = self.iterated(state, right, expr);
            both.rest.join(&more);
            return self.make(state, expr, both);
        }
        self.joined_texts(state, &[left.clone(), right.clone()])
    }

    /// Texts one after the other, for every combination of alternatives.
    pub(super) fn joined_texts(&mut self, state: &mut State, values: &[Value]) -> Value {
        let mut all: Vec<Vec<Stretch>> = vec![Vec::new()];
        for value in values {
            let mut alternatives = self.texts_of(state, value);
            if alternatives.is_empty() {
                return Value::nothing();
            }
            // What is one of few known texts does no harm by itself.
            if alternatives.len() * all.len() > MAX_PRODUCT
                && alternatives
                    .iter()
                    .any(|text| crate::shape::holes(text).next().is_some())
            {
                alternatives.retain(|text| crate::shape::holes(text).next().is_some());
                let mut alike: Vec<Vec<Stretch>> = Vec::new();
                for text in alternatives {
                    let known = alike.iter_mut().find_map(|known| {
                        let both = crate::shape::blended(known, &text)?;
                        Some((known, both))
                    });
                    match known {
                        Some((known, both)) => *known = both,
                        None => alike.push(text),
                    }
                }
                alternatives = alike;
            }
            if alternatives.len() * all.len() > MAX_PRODUCT {
                let flat: Vec<Stretch> = alternatives.iter().flatten().cloned().collect();
                let mut whole = crate::shape::collapse(&flat);
                if alternatives.len() > 1 {
                    whole.retain(|stretch| !matches!(stretch, Stretch::Known(_)));
                }
                if whole.is_empty() {
                    whole.push(Stretch::Any);
                }
                alternatives = vec![whole];
                if all.len() > MAX_PRODUCT {
                    all.truncate(MAX_PRODUCT);
                }
            }
            let mut next = Vec::with_capacity(all.len() * alternatives.len());
            for front in &all {
                for back in &alternatives {
                    next.push(crate::shape::concat([front.as_slice(), back.as_slice()]));
                }
            }
            all = next;
        }
        let mut result = Value::nothing();
        for text in all {
            result.join(&Value::stretches(text));
        }
        result
    }

    fn comprehension(&mut self, state: &mut State, expr: ExprId, id: ComprehensionId) -> Value {
        let module = self.module();
        let data = &module[id];
        let mut inside = state.clone();
        let mut held = 0;
        for generator in &data.generators {
            let iterated = self.eval(&mut inside, generator.iter);
            self.frame().held.push((generator.iter, iterated));
            held += 1;
            self.binds(&mut inside, generator.binds);
            for condition in &generator.conditions {
                self.eval(&mut inside, *condition);
                self.assume(&mut inside, *condition, true);
            }
        }
        let mut object = Object::new(match data.kind {
            ComprehensionKind::List | ComprehensionKind::Generator => Kind::List,
            ComprehensionKind::Set => Kind::Set,
            ComprehensionKind::Dict => Kind::Dict,
        });
        object.exact = false;
        if inside.live {
            let element = self.eval(&mut inside, data.element);
            match data.value {
                Some(value) => {
                    let value = self.eval(&mut inside, value);
                    super::assign::store_item(
                        &mut object,
                        single_key(&element).as_ref().filter(|_| false),
                        &element,
                        value,
                    );
                }
                None => object.rest = element,
            }
        }
        for _ in 0..held {
            self.frame().held.pop();
        }
        // What the elements made and what `:=` bound lives on; what was found of them does not.
        for (frame, other) in state.frames.iter_mut().zip(&inside.frames) {
            for (known, (def, value)) in frame.slots.iter_mut().zip(other.slots.iter()) {
                if known.0 != *def && inside.live {
                    known.0 = crate::state::SEVERAL;
                    known.1.join(value);
                }
            }
        }
        state.heap = inside.heap;
        self.make(state, expr, object)
    }

    fn awaited(&mut self, _state: &State, value: Value) -> Value {
        value
    }

    /// A source given to a parameter.
    pub(crate) fn parameter_source(&mut self, number: u32, place: Place, id: u32) -> Hole {
        let model = &self.setting.models.sources[number as usize];
        let mut hole = Hole::new(
            id,
            Taint {
                origin: Origin::Source(Source {
                    model: number,
                    place,
                    sure: true,
                }),
                trail: Trail::default(),
            },
        );
        hole.alphabet = model.alphabet;
        hole.cleaned = model.cleaned;
        hole
    }
}

/// Whether a key is the one named, or fits a name that ends in `*`.
fn fits_key(known: &str, key: &str) -> bool {
    match known.strip_suffix('*') {
        Some(front) => key.starts_with(front),
        None => known.eq_ignore_ascii_case(key),
    }
}

/// `d`, `.2f`, `05x`: what only numbers have.
pub(super) fn is_number_format(spec: &str) -> bool {
    matches!(
        spec.chars().last(),
        Some('d' | 'f' | 'F' | 'e' | 'E' | 'g' | 'G' | 'x' | 'X' | 'o' | 'b' | 'n' | '%')
    )
}

pub(super) fn enter_name() -> Symbol {
    static_symbol!("__enter__")
}

//! Stores: names, attributes, items, patterns, class bodies.

use std::sync::Arc;

use hognose_python::ir::*;

use super::{Frame, Interpreter};
use crate::shape::{Restriction, map_holes};
use crate::state::{Kind, Object, State};
use crate::value::{Atom, Key, Symbol, Value, Why};

impl Interpreter<'_, '_> {
    pub(super) fn assign(&mut self, state: &mut State, value: ExprId, binds: List) {
        let result = self.eval(state, value);
        if !state.live {
            return;
        }
        let result = self.as_switched(result);
        self.frame().held.push((value, result));
        self.binds(state, binds);
        self.frame().held.pop();
    }

    pub(super) fn binds(&mut self, state: &mut State, binds: List) {
        let module = self.module();
        for bind in module.binds(binds) {
            if !state.live {
                return;
            }
            let value = self.eval(state, bind.value);
            match bind.target {
                Target::Name(def) => self.bind_name(state, def, value),
                Target::Attribute { object, attr } => {
                    let owner = self.eval(state, object);
                    let value = self.stepped(value, bind.range, attr);
                    self.check_attribute_store(state, &owner, attr, &value, object, bind.range);
                    self.set_attribute(state, &owner, attr, value);
                }
                Target::Item { object, index } => {
                    let owner = self.eval(state, object);
                    let key = self.eval(state, index);
                    let value = self.stepped(value, bind.range, self.name_of(object));
                    self.check_item_store(state, &owner, &key, &value, object, bind.range);
                    self.set_item(state, &owner, &key, value);
                }
            }
        }
    }

    /// The name an expression goes by, for the words of a step.
    pub(super) fn name_of(&self, expr: ExprId) -> Symbol {
        let module = self.module();
        match module[expr] {
            Expr::Name { slot, def } => module[module[def].scope].slots[slot.index()].name,
            Expr::Attribute { attr, .. } => attr,
            Expr::Subscript { value, .. } => self.name_of(value),
            Expr::Call { func, .. } => self.name_of(func),
            _ => Symbol::from("it"),
        }
    }

    /// With a step that says where it was stored.
    fn stepped(&self, value: Value, range: ruff_text_size::TextRange, name: Symbol) -> Value {
        let place = crate::value::Place::new(self.at().module, range);
        with_step(value, |taint| {
            taint.trail = taint.trail.step(place, Why::Stored(name));
        })
    }

    /// Binds a variable.
    pub(super) fn bind_name(&mut self, state: &mut State, def: DefId, value: Value) {
        let module = self.module();
        let data = &module[def];
        let name = module[data.scope].slots[data.slot.index()].name;
        let value = self.stepped(value, data.range, name);
        if data.scope == self.at().scope {
            let declared = module[data.scope].slots[data.slot.index()].declared;
            if declared != Declared::No {
                self.bind_outside(state, declared, name, def, &value);
            }
            if let Some(slot) = state.vars().slots.get_mut(data.slot.index()) {
                *slot = (def, value);
            }
        }
    }

    /// Binds a variable declared `global` or `nonlocal` where it belongs.
    fn bind_outside(
        &mut self,
        state: &mut State,
        declared: Declared,
        name: Symbol,
        def: DefId,
        value: &Value,
    ) {
        let module = self.module();
        let owner = if declared == Declared::Global {
            Some(Module::TOP)
        } else {
            self.owner_of(name)
        };
        let Some(owner) = owner else { return };
        let Some(slot) = module[owner].names.get(&name).copied() else {
            return;
        };
        if let Some(depth) = self.frame_of(owner) {
            if let Some(known) = state.frames[depth].slots.get_mut(slot.index()) {
                *known = (def, value.clone());
            }
            return;
        }
        if self.quiet > 0 {
            return;
        }
        if owner == Module::TOP {
            let exported = self.export(state, value);
            self.kept(&exported);
            let at = self.at().module;
            self.global_writes.push((at, name, exported));
            return;
        }
        // The function around has returned: what it left is kept with the closure.
        if let Some(closure) = self.at().closure
            && let Some(object) = state.object_mut(closure)
        {
            object.set_field(name, value.clone());
        }
    }

    /// The function around the scope at hand that a `nonlocal` name belongs to.
    fn owner_of(&self, name: Symbol) -> Option<ScopeId> {
        let module = self.module();
        let mut around = module[self.at().scope].parent;
        while let Some(outer) = around {
            let data = &module[outer];
            if matches!(data.kind, ScopeKind::Function(_))
                && let Some(slot) = data.names.get(&name)
                && data.slots[slot.index()].bound
            {
                return Some(outer);
            }
            around = data.parent;
        }
        None
    }

    /// The frame at work that owns a scope of the module at hand.
    pub(super) fn frame_of(&self, scope: ScopeId) -> Option<usize> {
        let at = self.at().module;
        self.frames
            .iter()
            .rposition(|frame: &Frame| frame.scope == scope && frame.module == at)
    }

    /// `owner.attr = value`.
    pub(super) fn set_attribute(
        &mut self,
        state: &mut State,
        owner: &Value,
        attr: Symbol,
        value: Value,
    ) {
        if self.quiet > 0 {
            return;
        }
        let single = owner.atoms().len() == 1;
        for atom in owner.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(setter) = self.property_setter(state, *id, attr) {
                        self.call_setter(state, *id, setter, &value);
                        continue;
                    }
                    if self
                        .descriptor(state, *id, attr, "__set__", std::slice::from_ref(&value))
                        .is_some()
                    {
                        continue;
                    }
                    if let Some(object) = state.object_mut(*id) {
                        if single {
                            object.set_field(attr, value.clone());
                        } else {
                            let was = object.many;
                            object.many = true;
                            object.set_field(attr, value.clone());
                            object.many = was;
                        }
                    }
                    if let Some(Kind::Instance(module, class)) =
                        state.object(*id).map(|object| object.kind.clone())
                    {
                        self.store_in_class(state, (module, class), attr, &value, false);
                    }
                }
                Atom::Input(path) => {
                    if let Some((module, class)) = self.class_of_input(owner) {
                        self.store_in_class(state, (module, class), attr, &value, false);
                    }
                    state.write_input(path.then(Key::Attr(attr)), value.clone());
                }
                Atom::Instance(module, class) => {
                    self.store_in_class(state, (*module, *class), attr, &value, false);
                }
                Atom::Class(module, class) => {
                    self.store_in_class(state, (*module, *class), attr, &value, true);
                    let id = self.class_object(*module, *class);
                    if state.object(id).is_none() {
                        state.allocate(id, Object::new(Kind::Dict));
                    }
                    if let Some(object) = state.object_mut(id) {
                        object.set_field(attr, value.clone());
                    }
                }
                Atom::Module(module) => {
                    let exported = self.export(state, &value);
                    self.global_writes.push((*module, attr, exported));
                }
                _ => {}
            }
        }
    }

    /// The class an input is known to have.
    fn class_of_input(&self, owner: &Value) -> Option<(hognose_python::ModuleId, ClassId)> {
        owner.atoms().iter().find_map(|atom| match atom {
            Atom::Instance(module, class) => Some((*module, *class)),
            _ => None,
        })
    }

    /// Remembers what methods store in the attributes of their class.
    fn store_in_class(
        &mut self,
        state: &State,
        (module, class): (hognose_python::ModuleId, ClassId),
        name: Symbol,
        value: &Value,
        of_class: bool,
    ) {
        if self.quiet > 0 || self.written_before || value.is_nothing() {
            return;
        }
        let value = self.export(state, value);
        self.class_writes.push(super::ClassWrite {
            module,
            class,
            name,
            value,
            of_class,
        });
    }

    /// The object that holds what the body at hand stored in a class.
    pub(super) fn class_object(
        &mut self,
        module: hognose_python::ModuleId,
        class: ClassId,
    ) -> crate::value::ObjId {
        let site = crate::value::hash_id(&(module.0, class.0, 6u8));
        self.object_at(site, 0)
    }

    /// `owner[key] = value`.
    pub(super) fn set_item(&mut self, state: &mut State, owner: &Value, key: &Value, value: Value) {
        if self.quiet > 0 {
            return;
        }
        let constant = single_key(key);
        for atom in owner.atoms() {
            match atom {
                Atom::Object(id) => {
                    if let Some(Kind::Instance(..)) =
                        state.object(*id).map(|object| object.kind.clone())
                    {
                        self.call_dunder(state, *id, "__setitem__", &[key.clone(), value.clone()]);
                        continue;
                    }
                    let Some(object) = state.object_mut(*id) else {
                        continue;
                    };
                    store_item(object, constant.as_ref(), key, value.clone());
                }
                Atom::Input(path) => {
                    let key = match constant {
                        Some(Key::Any) | None => Key::Any,
                        Some(key) => key,
                    };
                    state.write_input(path.then(key), value.clone());
                }
                _ => {}
            }
        }
        // A store into a container that is not followed makes all of it suspect where it is a variable of a module.
    }

    /// What a handler binds.
    pub(super) fn caught(&mut self, state: &mut State, types: ExprId, raised: &Value) -> Value {
        let module = self.module();
        let types = match module[types] {
            Expr::Tuple(list) => module.list(list).to_vec(),
            _ => vec![types],
        };
        let mut value = Value::nothing();
        for class in types {
            for atom in self.eval(state, class).atoms() {
                match atom {
                    Atom::External(path) => {
                        value.join(&self.external_object(*path, class));
                        if let Some(source) = self.setting.models.caught.get(path) {
                            let place = self.place(class);
                            let id = self.site(class);
                            let hole = self.parameter_source(*source, place, id);
                            value.join(&Value::hole(hole));
                        }
                        let any = matches!(
                            path.as_str(),
                            "builtins.Exception" | "builtins.BaseException"
                        );
                        let object = Atom::External(self.values.path_of_call(*path));
                        if any || raised.atoms().contains(&object) {
                            value.join(raised);
                        }
                    }
                    Atom::Class(at, class) => {
                        let fits = raised.atoms().iter().any(|raised| match raised {
                            Atom::Object(id) => {
                                state.object(*id).is_some_and(|object| match object.kind {
                                    Kind::Instance(of, kind) => self
                                        .values
                                        .mro(of, kind)
                                        .contains(&hognose_python::ClassRef::Project(*at, *class)),
                                    _ => false,
                                })
                            }
                            _ => false,
                        });
                        if fits {
                            value.join(raised);
                        } else {
                            value.add(Atom::Instance(*at, *class));
                        }
                    }
                    _ => value.add(Atom::Unknown),
                }
            }
        }
        value
    }

    /// `del` of a variable, attribute or item.
    pub(super) fn delete(&mut self, state: &mut State, target: ExprId) {
        let module = self.module();
        match module[target] {
            Expr::Name { slot, def } if module[def].scope == self.at().scope => {
                if let Some(known) = state.vars().slots.get_mut(slot.index()) {
                    *known = (crate::state::SEVERAL, Value::nothing());
                }
            }
            Expr::Attribute { value, attr } => {
                let owner = self.eval(state, value);
                self.delete_field(state, &owner, attr);
            }
            Expr::Subscript { value, index } => {
                let owner = self.eval(state, value);
                let key = self.eval(state, index);
                match single_key(&key) {
                    Some(Key::Item(name)) => self.delete_field(state, &owner, name),
                    Some(Key::Index(index)) => {
                        if let Some(Atom::Object(id)) = owner.only()
                            && let Some(object) = state.object_mut(*id)
                        {
                            if object.kind == Kind::Dict {
                                let name = index_name(index);
                                if !object.many {
                                    object.fields.retain(|(known, _)| *known != name);
                                }
                            } else {
                                object.blur();
                            }
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn delete_field(&mut self, state: &mut State, owner: &Value, name: Symbol) {
        if let Some(Atom::Object(id)) = owner.only()
            && self.quiet == 0
            && let Some(object) = state.object_mut(*id)
            && !object.many
        {
            object.fields.retain(|(known, _)| *known != name);
        }
    }

    /// Runs the body of a class, and remembers what it stores.
    pub(super) fn class_body(&mut self, state: &mut State, class: ClassId) {
        let module = self.module();
        let data = &module[class];
        let at = self.at().module;
        for decorator in &data.decorators {
            self.eval(state, *decorator);
        }
        for base in &data.bases {
            self.eval(state, *base);
        }
        let scope = data.scope;
        let body = data.body;
        if self.frames.len() > super::MAX_INLINED + 2 {
            return;
        }
        self.enter(state, at, scope, None, None, Some((at, class)), class.0);
        self.block(state, body);
        let mut stored = Vec::new();
        if state.live {
            for (number, slot) in module[scope].slots.iter().enumerate() {
                let Some((_, value)) = state.vars().slots.get(number) else {
                    continue;
                };
                if slot.bound
                    && !value.is_nothing()
                    && !value
                        .atoms()
                        .iter()
                        .all(|atom| matches!(atom, Atom::Function(..) | Atom::Unknown))
                {
                    stored.push((slot.name, value.clone()));
                }
            }
        }
        for (name, value) in stored {
            self.store_in_class(state, (at, class), name, &value, true);
        }
        self.exit(state);
        state.live = true;
    }

    /// Binds what a pattern captures; says whether it surely matches.
    pub(super) fn matched(
        &mut self,
        inside: &mut State,
        subject: ExprId,
        pattern: PatternId,
    ) -> bool {
        let module = self.module();
        match module[pattern] {
            Pattern::Wildcard => true,
            Pattern::Capture { def, pattern } => {
                let surely = match pattern {
                    Some(pattern) => self.matched(inside, subject, pattern),
                    None => true,
                };
                if let DefKind::Value(value) = module[def].kind {
                    let value = self.eval(inside, value);
                    self.bind_name(inside, def, value);
                }
                surely
            }
            Pattern::Value(expected) => {
                let value = self.eval(inside, subject);
                let expected = self.eval(inside, expected);
                match (self.equal(&value, &expected), &expected) {
                    (Some(true), _) => return true,
                    (Some(false), _) => {
                        inside.live = false;
                        return false;
                    }
                    _ => {}
                }
                self.restrict_value(inside, &value, Restriction::FINITE);
                false
            }
            Pattern::Or(patterns) => {
                let patterns = module.pattern_list(patterns).to_vec();
                let mut all = State::dead();
                let mut surely = false;
                for pattern in patterns {
                    let mut one = inside.clone();
                    surely |= self.matched(&mut one, subject, pattern);
                    all.join(one);
                }
                *inside = all;
                surely
            }
            Pattern::Sequence(patterns) => {
                for pattern in module.pattern_list(patterns).to_vec() {
                    self.captures(inside, pattern);
                }
                false
            }
            Pattern::Mapping { patterns, .. } => {
                for pattern in module.pattern_list(patterns).to_vec() {
                    self.captures(inside, pattern);
                }
                false
            }
            Pattern::Class { class, patterns } => {
                let value = self.eval(inside, subject);
                let class = self.eval(inside, class);
                self.assume_instance(inside, &value, &class, true);
                for pattern in module.pattern_list(patterns).to_vec() {
                    self.captures(inside, pattern);
                }
                false
            }
        }
    }

    /// Binds the captures of a pattern that stands for a part of the subject.
    fn captures(&mut self, inside: &mut State, pattern: PatternId) {
        let module = self.module();
        match module[pattern] {
            Pattern::Capture { def, pattern } => {
                if let Some(pattern) = pattern {
                    self.captures(inside, pattern);
                }
                if let DefKind::Value(value) = module[def].kind {
                    let value = self.eval(inside, value);
                    self.bind_name(inside, def, value);
                }
            }
            Pattern::Sequence(list)
            | Pattern::Or(list)
            | Pattern::Class { patterns: list, .. }
            | Pattern::Mapping { patterns: list, .. } => {
                for pattern in module.pattern_list(list).to_vec() {
                    self.captures(inside, pattern);
                }
            }
            Pattern::Value(_) | Pattern::Wildcard => {}
        }
    }
}

/// Changes every taint of the texts of a value.
pub(super) fn with_step(value: Value, change: impl Fn(&mut crate::value::Taint)) -> Value {
    if !value
        .atoms()
        .iter()
        .any(|atom| matches!(atom, Atom::Text(_)))
    {
        return value;
    }
    Value::of(
        value
            .atoms()
            .iter()
            .map(|atom| match atom {
                Atom::Text(text) => Atom::Text(Arc::from(map_holes(text, |hole| {
                    for taint in &mut hole.taints {
                        change(taint);
                    }
                }))),
                other => other.clone(),
            })
            .collect::<Vec<_>>(),
    )
}

/// The constant key a value is, or [`Key::Any`] when it may be several.
pub(super) fn single_key(key: &Value) -> Option<Key> {
    match key.only()? {
        Atom::Str(text) => Some(Key::Item(*text)),
        Atom::Int(number) => i32::try_from(*number).ok().map(Key::Index),
        Atom::Bool(truth) => Some(Key::Index(i32::from(*truth))),
        _ => None,
    }
}

/// Name of an integer key among the fields of a dict.
pub(super) fn index_name(index: i32) -> Symbol {
    Symbol::from(format!("#{index}"))
}

/// Stores an element.
pub(super) fn store_item(object: &mut Object, constant: Option<&Key>, key: &Value, value: Value) {
    match (&object.kind, constant) {
        (Kind::List, Some(Key::Index(index))) => {
            let len = i64::try_from(object.items.len()).unwrap_or(0);
            let at = i64::from(*index);
            let at = if at < 0 { at + len } else { at };
            match usize::try_from(at) {
                Ok(at) if object.exact && at < object.items.len() => {
                    if object.many {
                        object.items[at].join(&value);
                    } else {
                        object.items[at] = value;
                    }
                }
                _ => object.rest.join(&value),
            }
        }
        // A list has no names: it is a dict that is meant, where it may be either.
        (Kind::List, Some(Key::Item(_))) => {}
        (Kind::List, _) => {
            object.blur();
            object.rest.join(&value);
        }
        (_, Some(Key::Item(name))) => object.set_field(*name, value),
        (_, Some(Key::Index(index))) => object.set_field(index_name(*index), value),
        _ => {
            object.rest.join(&value);
            // Iterating over the container gives its keys.
            for atom in key.atoms() {
                if matches!(atom, Atom::Text(_) | Atom::Input(_)) {
                    object.keys.add(atom.clone());
                }
            }
        }
    }
}

//! Attributes: instance fields, members along the resolution order, properties, modules, access paths.

use super::classes::{Lookup, MAX_SUBCLASSES};
use super::constraint::{CallKind, Constraint};
use super::object::*;
use super::solver::Solver;
use crate::ir::*;
use crate::project::Found;

impl Solver<'_> {
    /// `to = object.attr`.
    pub fn load(&mut self, object: Obj, attr: Symbol, to: NodeId, site: SiteId) {
        match self.object(object) {
            Object::Instance(class, _) => {
                if attr == self.words.class {
                    let class = self.obj(Object::Class(class));
                    return self.add_value(to, class);
                }
                let hidden = self.is_hidden(class, attr, site);
                let view = self.view(object, attr, hidden);
                self.constrain(view, Constraint::View { to, site });
                self.fallback(object, class, attr, to, site);
            }
            Object::Class(_) | Object::Super { .. } => {
                let view = self.view(object, attr, false);
                self.constrain(view, Constraint::View { to, site });
            }
            Object::External(path) => {
                let path = self.path_attribute(path, attr);
                let value = self.obj(Object::External(path));
                self.add_value(to, value);
            }
            Object::Module(module) => match self.export(module, attr, 0) {
                Some(node) => self.copy(node, to),
                None => {
                    if matches!(attr.as_str(), "__name__" | "__file__" | "__doc__") {
                        let text = self.obj(Object::External(self.words.a_str));
                        self.add_value(to, text);
                    }
                    let field = self.field(object, Key::Attr(attr));
                    self.copy(field, to);
                }
            },
            Object::Namespace(name) => {
                let inner = Symbol::from(format!("{name}.{attr}"));
                let value = match self.project.find(inner, ModuleId(0)) {
                    Found::Module(id) => Object::Module(id),
                    Found::Namespace(name) => Object::Namespace(name),
                    Found::Outside => return,
                };
                let value = self.obj(value);
                self.add_value(to, value);
            }
            Object::Str(_) => self.load_path("builtins.str()", attr, to),
            Object::Int(_) => self.load_path("builtins.int()", attr, to),
            Object::Function(module, function, _) => match attr.as_str() {
                "__call__" => self.add_value(to, object),
                "__name__" | "__doc__" | "__qualname__" | "__module__" => {
                    let text = self.obj(Object::External(self.words.a_str));
                    self.add_value(to, text);
                }
                _ => {
                    let plain = self.obj(Object::Function(module, function, Ctx::NONE));
                    let field = self.field(plain, Key::Attr(attr));
                    self.copy(field, to);
                    // A decorator from outside gave it more than the function itself has: `task.delay`.
                    if let Some(path) =
                        self.function_facts[module.index()][function.index()].decorator
                    {
                        let path = self.path_attribute(path, attr);
                        let value = self.obj(Object::External(path));
                        self.add_value(to, value);
                    }
                }
            },
            Object::Bound { function, receiver } => match attr.as_str() {
                "__self__" => self.add_value(to, receiver),
                "__func__" => self.add_value(to, function),
                "__call__" => self.add_value(to, object),
                _ => self.load(function, attr, to, site),
            },
            Object::StaticMethod(inner) | Object::ClassMethod(inner) => {
                self.load(inner, attr, to, site)
            }
            Object::Partial { target, .. } => {
                if attr.as_str() == "func" {
                    self.add_value(to, target);
                }
            }
            Object::Container(..)
            | Object::Args(_)
            | Object::Kwargs(_)
            | Object::Generator(..)
            | Object::Property(_) => {
                let method = self.obj(Object::Method {
                    of: object,
                    name: attr,
                });
                self.add_value(to, method);
            }
            Object::Method { .. } | Object::Getter { .. } => {}
        }
    }

    fn load_path(&mut self, base: &str, attr: Symbol, to: NodeId) {
        let path = self.path_attribute(Symbol::from(base), attr);
        let value = self.obj(Object::External(path));
        self.add_value(to, value);
    }

    /// Whether what `__init__` stores hides what the class binds. In `__init__` itself it may not have happened yet.
    fn is_hidden(&self, class: ClassIx, attr: Symbol, site: SiteId) -> bool {
        let info = self.classes.info(class);
        if !info
            .mro
            .iter()
            .any(|ancestor| self.classes.initialised.contains(&(*ancestor, attr)))
        {
            return false;
        }
        let site = &self.sites[site.0 as usize];
        let module = self.project.module(site.module);
        !matches!(module[site.scope].kind, ScopeKind::Function(function) if module[function].name == self.words.init)
    }

    /// What no class and no store supplies: `__getattr__`.
    fn fallback(&mut self, object: Obj, class: ClassIx, attr: Symbol, to: NodeId, site: SiteId) {
        let found = matches!(
            self.classes.lookup(self.project, class, None, attr),
            Lookup::Defined(..)
        ) || self.classes.stores(class, attr);
        if !found && !attr.as_str().starts_with("__") {
            let name = self.constant_of(Object::Str(attr));
            self.implicit(object, self.words.getattr, name, to, site);
        }
    }

    /// Whether no instance of a class holds anything under a name.
    pub fn is_unfilled(&self, class: ClassIx, attr: Symbol) -> bool {
        let owner = self.classes.owner(class, attr);
        self.hubs
            .get(&(owner, attr, false))
            .is_none_or(|hub| self.values(*hub).is_empty())
    }

    /// What the instances of a class hold under a name, by the class whose methods store it.
    fn hub(&mut self, class: ClassIx, attr: Symbol, open: bool) -> NodeId {
        if let Some(known) = self.hubs.get(&(class, attr, open)) {
            return *known;
        }
        let node = self.new_node();
        self.hubs.insert((class, attr, open), node);
        node
    }

    /// All that an attribute of an object may be, methods bound.
    fn view(&mut self, object: Obj, attr: Symbol, hidden: bool) -> NodeId {
        if let Some(known) = self.views.get(&(object, attr, hidden)) {
            return *known;
        }
        let view = self.new_node();
        self.views.insert((object, attr, hidden), view);
        match self.object(object) {
            Object::Instance(class, origin) => {
                self.view_fields(object, class, origin, attr, view);
                if !hidden {
                    self.view_members(object, class, None, origin == Origin::Open, attr, view);
                }
            }
            Object::Class(class) => {
                if self.keys.is_stored(attr) {
                    let foreign = self.classes.foreign.contains(&attr);
                    for index in 0..self.classes.info(class).mro.len() {
                        let ancestor = self.classes.info(class).mro[index];
                        if !foreign && !self.classes.stored.contains(&(ancestor, attr)) {
                            continue;
                        }
                        let ancestor = self.obj(Object::Class(ancestor));
                        let field = self.field(ancestor, Key::Attr(attr));
                        self.copy(field, view);
                    }
                }
                match attr.as_str() {
                    "__name__" | "__qualname__" | "__doc__" | "__module__" => {
                        self.add_value_path(view, "builtins.str()")
                    }
                    "__dict__" | "__bases__" | "__mro__" | "__subclasses__" | "mro" => {
                        let path = self.path_attribute(Symbol::from("builtins.type"), attr);
                        self.add_value_path(view, path.as_str());
                    }
                    _ => self.view_members(object, class, None, true, attr, view),
                }
            }
            Object::Super { class, receiver } => {
                let of = match self.object(receiver) {
                    Object::Instance(of, _) | Object::Class(of) => of,
                    _ => return view,
                };
                let open = matches!(
                    self.object(receiver),
                    Object::Instance(_, Origin::Open) | Object::Class(_)
                );
                self.view_members(receiver, of, Some(class), open, attr, view);
            }
            _ => {}
        }
        view
    }

    fn add_value_path(&mut self, node: NodeId, path: &str) {
        let value = self.obj(Object::External(Symbol::from(path)));
        self.add_value(node, value);
    }

    /// What is stored on the instance, or on its class.
    fn view_fields(
        &mut self,
        object: Obj,
        class: ClassIx,
        origin: Origin,
        attr: Symbol,
        view: NodeId,
    ) {
        let own = self.field(object, Key::Attr(attr));
        self.copy(own, view);
        if let Origin::Site(_) = origin {
            let merged = self.obj(Object::Instance(class, Origin::Merged));
            let merged = self.field(merged, Key::Attr(attr));
            self.copy(merged, view);
        }
        if !self.keys.is_stored(attr) {
            return;
        }
        let owner = self.classes.owner(class, attr);
        let hub = self.hub(owner, attr, origin != Origin::Open);
        self.copy(hub, view);
        let foreign = self.classes.foreign.contains(&attr);
        for index in 0..self.classes.info(class).mro.len() {
            let ancestor = self.classes.info(class).mro[index];
            if foreign || self.classes.stored.contains(&(ancestor, attr)) {
                let class = self.obj(Object::Class(ancestor));
                let field = self.field(class, Key::Attr(attr));
                self.constrain(
                    field,
                    Constraint::Member {
                        receiver: object,
                        view,
                    },
                );
            }
        }
        if origin == Origin::Open {
            let subclasses = self
                .classes
                .info(class)
                .subclasses
                .len()
                .min(MAX_SUBCLASSES);
            for index in 0..subclasses {
                let subclass = self.classes.info(class).subclasses[index];
                if self.classes.stored.contains(&(subclass, attr)) {
                    let hub = self.hub(subclass, attr, false);
                    self.copy(hub, view);
                }
            }
        }
    }

    /// Members that class bodies bind. For an open receiver those of subclasses are possible as well.
    fn view_members(
        &mut self,
        receiver: Obj,
        class: ClassIx,
        behind: Option<ClassIx>,
        open: bool,
        attr: Symbol,
        view: NodeId,
    ) {
        let lookup = self.classes.lookup(self.project, class, behind, attr);
        let mut found = false;
        if let Lookup::Defined(home, def) = lookup {
            self.view_member(home, def, receiver, view);
            found = true;
        }
        let is_instance = matches!(self.object(receiver), Object::Instance(..));
        if open && (behind.is_none() && is_instance || !found) {
            let subclasses = self.classes.info(class).subclasses.len();
            if subclasses > MAX_SUBCLASSES {
                self.bounds_hit += 1;
            }
            let mut seen: Vec<(ClassIx, DefId)> = Vec::new();
            for index in 0..subclasses.min(MAX_SUBCLASSES) {
                let subclass = self.classes.info(class).subclasses[index];
                let member = if found {
                    self.classes
                        .own(self.project, subclass, attr)
                        .map(|def| (subclass, def))
                } else {
                    match self.classes.lookup(self.project, subclass, behind, attr) {
                        Lookup::Defined(home, def) => Some((home, def)),
                        _ => None,
                    }
                };
                if let Some((home, def)) = member
                    && !seen.contains(&(home, def))
                {
                    seen.push((home, def));
                    let object = if is_instance {
                        Object::Instance(subclass, Origin::Open)
                    } else {
                        Object::Class(subclass)
                    };
                    let receiver = self.obj(object);
                    self.view_member(home, def, receiver, view);
                }
            }
            found |= !seen.is_empty();
        }
        if found || (is_instance && behind.is_none() && self.classes.stores(class, attr)) {
            return;
        }
        let path = match lookup {
            Lookup::External(path) if is_instance => {
                let base = self.path_call(path);
                self.path_attribute(base, attr)
            }
            Lookup::External(path) => self.path_attribute(path, attr),
            _ if is_object_member(attr.as_str()) => {
                self.path_attribute(Symbol::from("builtins.object"), attr)
            }
            _ => return,
        };
        let value = self.obj(Object::External(path));
        self.add_value(view, value);
    }

    fn view_member(&mut self, home: ClassIx, def: DefId, receiver: Obj, view: NodeId) {
        let (module, _) = self.classes.place(home);
        let node = self.def_node(Ctx::NONE, module, def);
        self.constrain(node, Constraint::Member { receiver, view });
    }

    /// A member seen through an instance or class.
    pub fn member(&mut self, value: Obj, receiver: Obj, view: NodeId) {
        let of_instance = matches!(self.object(receiver), Object::Instance(..));
        let class_of = |solver: &mut Self| match solver.object(receiver) {
            Object::Instance(class, _) => solver.obj(Object::Class(class)),
            _ => receiver,
        };
        let seen = match self.object(value) {
            Object::Function(module, function, _) => {
                let implicit_class = matches!(
                    self.project.module(module)[function].name.as_str(),
                    "__init_subclass__" | "__class_getitem__"
                );
                if implicit_class {
                    let class = class_of(self);
                    Object::Bound {
                        function: value,
                        receiver: class,
                    }
                } else if of_instance {
                    Object::Bound {
                        function: value,
                        receiver,
                    }
                } else {
                    return self.add_value(view, value);
                }
            }
            Object::StaticMethod(inner) => return self.add_value(view, inner),
            Object::ClassMethod(inner) => {
                let class = class_of(self);
                Object::Bound {
                    function: inner,
                    receiver: class,
                }
            }
            Object::Property(_) if of_instance => Object::Getter {
                property: value,
                receiver,
            },
            Object::Instance(..)
                if of_instance && self.method_of(value, Symbol::from("__get__")).is_some() =>
            {
                Object::Getter {
                    property: value,
                    receiver,
                }
            }
            _ => return self.add_value(view, value),
        };
        let seen = self.obj(seen);
        self.add_value(view, seen);
    }

    /// From the view to one load: properties run there.
    pub fn through_view(&mut self, value: Obj, to: NodeId, site: SiteId) {
        let Object::Getter { property, receiver } = self.object(value) else {
            return self.add_value(to, value);
        };
        if let Object::Property(getter) = self.object(property) {
            let function = self.obj(Object::Bound {
                function: getter,
                receiver,
            });
            let func = self.constant(function);
            self.add_call(site, func, &[], to, CallKind::Implicit);
        } else {
            let receiver = self.constant(receiver);
            self.implicit(property, Symbol::from("__get__"), receiver, to, site);
        }
    }

    /// `object.attr = from`.
    pub fn store(&mut self, object: Obj, attr: Symbol, from: NodeId, site: SiteId) {
        match self.object(object) {
            Object::Instance(class, origin) => {
                if self.classes.properties.contains(&attr)
                    && let Lookup::Defined(home, def) =
                        self.classes.lookup(self.project, class, None, attr)
                {
                    let (module, _) = self.classes.place(home);
                    let node = self.def_node(Ctx::NONE, module, def);
                    self.constrain(
                        node,
                        Constraint::SetThrough {
                            receiver: object,
                            from,
                            site,
                        },
                    );
                }
                let field = self.field(object, Key::Attr(attr));
                self.copy_once(from, field);
                let owner = self.classes.owner(class, attr);
                let all = self.hub(owner, attr, false);
                self.copy_once(from, all);
                if origin == Origin::Open {
                    let open = self.hub(owner, attr, true);
                    self.copy_once(from, open);
                }
            }
            Object::Class(_) => {
                let field = self.field(object, Key::Attr(attr));
                self.copy_once(from, field);
            }
            Object::Function(module, function, _) => {
                let plain = self.obj(Object::Function(module, function, Ctx::NONE));
                let field = self.field(plain, Key::Attr(attr));
                self.copy(from, field);
            }
            Object::Module(module) => {
                let slot = self.project.module(module)[Module::TOP]
                    .names
                    .get(&attr)
                    .copied();
                let node = match slot {
                    Some(slot)
                        if self.project.module(module)[Module::TOP].slots[slot.index()].bound =>
                    {
                        self.variable(Ctx::NONE, module, Module::TOP, slot, None)
                    }
                    _ => self.field(object, Key::Attr(attr)),
                };
                self.copy(from, node);
            }
            _ => {}
        }
    }
}

impl Solver<'_> {
    /// A store to an attribute that the class binds to a property or another descriptor.
    pub fn set_through(&mut self, bound: Obj, receiver: Obj, from: NodeId, site: SiteId) {
        if let Object::Property(_) = self.object(bound) {
            let setter = self.field(bound, Key::Attr(self.words.setter));
            let receiver = self.constant(receiver);
            let args = [(ArgKind::Positional, receiver), (ArgKind::Positional, from)];
            self.add_call(site, setter, &args, NodeId::NONE, CallKind::Implicit);
        } else {
            self.implicit(bound, Symbol::from("__set__"), from, NodeId::NONE, site);
        }
    }
}

/// Methods that every object has; `super().__init__()` may end there.
fn is_object_member(name: &str) -> bool {
    matches!(
        name,
        "__init__"
            | "__new__"
            | "__setattr__"
            | "__getattribute__"
            | "__delattr__"
            | "__repr__"
            | "__str__"
            | "__eq__"
            | "__ne__"
            | "__hash__"
            | "__init_subclass__"
            | "__reduce__"
            | "__reduce_ex__"
            | "__format__"
            | "__sizeof__"
            | "__dir__"
            | "__subclasshook__"
            | "__class_getitem__"
            | "__lt__"
            | "__le__"
            | "__gt__"
            | "__ge__"
            | "__getstate__"
    )
}

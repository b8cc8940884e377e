//! Calls: what is called, and how arguments reach parameters.

use smallvec::SmallVec;

use super::Reach;
use super::classes::Lookup;
use super::constraint::{CallKind, Constraint};
use super::object::*;
use super::solver::Solver;
use crate::ir::*;

/// Instances of one class told apart by the call that makes them; further ones are one object.
const MAX_SITES: u16 = 6;

type Args = SmallVec<[(ArgKind, NodeId); 6]>;

impl Solver<'_> {
    fn args_of(&self, call: u32) -> Args {
        self.args[self.calls[call as usize].args.range()].into()
    }

    fn reach(&self, call: u32, reach: Reach) -> Reach {
        match self.calls[call as usize].kind {
            CallKind::Written => reach,
            CallKind::Callback => Reach::Callback,
            CallKind::Decorator | CallKind::Implicit => Reach::Implicit,
        }
    }

    /// A call whose callee may be this object.
    pub fn dispatch(&mut self, call: u32, callee: Obj) {
        let site = self.calls[call as usize].site;
        match self.object(callee) {
            Object::Function(..) => self.call_function(call, callee, None, Reach::Direct),
            Object::Bound { function, receiver } => match self.object(function) {
                Object::Function(..) => {
                    self.call_function(call, function, Some(receiver), Reach::Method)
                }
                _ => self.dispatch(call, function),
            },
            Object::StaticMethod(inner) | Object::ClassMethod(inner) => self.dispatch(call, inner),
            Object::Class(class) => self.instantiate(call, callee, class),
            Object::Instance(class, _) => {
                if let Some(method) = self.method_of(callee, self.words.call)
                    && let Object::Bound { function, receiver } = self.object(method)
                {
                    self.call_function(call, function, Some(receiver), Reach::Instance);
                } else if let Some(base) = self.classes.info(class).external.first().copied() {
                    let base = self.path_call(base);
                    let path = self.path_attribute(base, self.words.call);
                    self.external_call(call, path);
                }
            }
            Object::Partial { call: made, target } => {
                let mut args: Args = self.args_of(made).into_iter().skip(1).collect();
                args.extend(self.args_of(call));
                let data = self.calls[call as usize].clone();
                let func = self.constant(target);
                self.add_partial(site, func, &args, data.result, data.kind);
            }
            Object::External(path) => self.external_call(call, path),
            Object::Method { of, name } => self.method_call(call, of, name),
            Object::Str(_)
            | Object::Int(_)
            | Object::Module(_)
            | Object::Namespace(_)
            | Object::Super { .. }
            | Object::Container(..)
            | Object::Args(_)
            | Object::Kwargs(_)
            | Object::Generator(..)
            | Object::Property(_)
            | Object::Getter { .. } => {}
        }
    }

    fn add_partial(
        &mut self,
        site: SiteId,
        func: NodeId,
        args: &[(ArgKind, NodeId)],
        result: NodeId,
        kind: CallKind,
    ) {
        self.add_call(site, func, args, result, kind);
    }

    fn method_call(&mut self, call: u32, of: Obj, name: Symbol) {
        let data = self.calls[call as usize].clone();
        let base = match self.object(of) {
            Object::Container(kind, ..) => kind.path(),
            Object::Args(_) => "builtins.tuple()",
            Object::Kwargs(_) => "builtins.dict()",
            Object::Generator(module, function, ctx) => {
                match name.as_str() {
                    "__next__" | "__anext__" | "send" | "asend" | "throw" => {
                        let yields = self.function_nodes(module, function, ctx).yields;
                        self.copy(yields, data.result);
                    }
                    _ => {}
                }
                "builtins.generator()"
            }
            Object::Property(_) => {
                // `@name.setter`
                let args = self.args_of(call);
                if let Some((_, function)) = args.first()
                    && name.as_str() == "setter"
                {
                    let field = self.field(of, Key::Attr(self.words.setter));
                    self.copy(*function, field);
                }
                self.add_value(data.result, of);
                return;
            }
            _ => return,
        };
        let path = self.path_attribute(Symbol::from(base), name);
        let callee = self.obj(Object::External(path));
        let reach = self.reach(call, Reach::Method);
        self.record(data.site, callee, None, reach);
        if !matches!(self.object(of), Object::Generator(..)) {
            self.container_method(of, name, call);
        }
    }

    fn call_function(&mut self, call: u32, function: Obj, receiver: Option<Obj>, reach: Reach) {
        let Object::Function(at, id, env) = self.object(function) else {
            return;
        };
        let (site, result) = (
            self.calls[call as usize].site,
            self.calls[call as usize].result,
        );
        let reach = self.reach(call, reach);
        self.record(site, function, receiver, reach);
        self.function_facts[at.index()][id.index()].bound = true;
        let ctx = self.body_context(at, id, env, site);
        if ctx != env && self.calls[call as usize].kind == CallKind::Decorator {
            self.remember_decorated(call, ctx);
        }
        let body = self.obj(Object::Function(at, id, ctx));
        if !self.bound_calls.insert((call, body, receiver)) {
            return;
        }
        let data = &self.project.module(at)[id];
        let mut passed: SmallVec<[NodeId; 8]> =
            SmallVec::from_elem(NodeId::NONE, data.params.len());
        let mut given: SmallVec<[bool; 8]> = SmallVec::from_elem(false, data.params.len());
        let mut position: u16 = 0;
        if let Some(receiver) = receiver {
            let node = self.constant(receiver);
            if let Some(param) = self.bind_position(body, 0, node) {
                (passed[param], given[param]) = (node, true);
            }
            position = 1;
        }
        let mut starred = false;
        for (kind, node) in self.args_of(call) {
            match kind {
                ArgKind::Positional if starred => self.bind_rest(body, position, node),
                ArgKind::Positional => {
                    if let Some(param) = self.bind_position(body, position, node) {
                        (passed[param], given[param]) = (node, true);
                    }
                    position = position.saturating_add(1);
                }
                ArgKind::Keyword(name) => {
                    self.bind_name(body, name, node);
                    let named = data
                        .params
                        .iter()
                        .position(|param| param.name == name && takes_name(param.kind));
                    if let Some(param) = named {
                        (passed[param], given[param]) = (node, true);
                    }
                }
                ArgKind::Star => {
                    self.constrain(
                        node,
                        Constraint::StarArg {
                            function: body,
                            base: position,
                        },
                    );
                    starred = true;
                }
                ArgKind::DoubleStar => {
                    self.constrain(node, Constraint::DoubleStarArg { function: body });
                    starred = true;
                }
            }
        }
        for (index, param) in data.params.iter().enumerate() {
            if given[index] {
                continue;
            }
            let node = self.param_node(at, id, ctx, index);
            if let Some(default) = param.default {
                let default = self.expr_node(env, at, default);
                self.copy_once(default, node);
                passed[index] = default;
            }
            if starred {
                passed[index] = node;
            }
        }
        let facts = &self.function_facts[at.index()][id.index()];
        let (identity, stores) = (facts.identity.clone(), facts.stores.clone());
        if data.is_generator {
            let generator = self.obj(Object::Generator(at, id, ctx));
            self.add_value(result, generator);
        } else {
            let nodes = self.function_nodes(at, id, ctx);
            self.copy_once(nodes.result, result);
            for index in identity {
                self.copy(passed[usize::from(index)], result);
            }
        }
        for (attr, index) in stores {
            if let (Some(holder), Some(from)) = (passed.first(), passed.get(usize::from(index)))
                && *holder != NodeId::NONE
            {
                self.constrain(
                    *holder,
                    Constraint::Store {
                        attr,
                        from: *from,
                        site,
                    },
                );
            }
        }
    }

    /// A decorator runs in a context of its own: functions made there wrap what it was called with.
    fn remember_decorated(&mut self, call: u32, ctx: Ctx) {
        let Some((_, decorated)) = self.args_of(call).first().copied() else {
            return;
        };
        if let Some(Object::Function(at, function, _)) = self
            .values(decorated)
            .first()
            .map(|value| self.object(*value))
        {
            self.decorated.insert(ctx, (at, function));
        }
    }

    /// Binds a positional argument; says which parameter of its own takes it.
    pub fn bind_position(&mut self, function: Obj, position: u16, node: NodeId) -> Option<usize> {
        let Object::Function(at, id, ctx) = self.object(function) else {
            return None;
        };
        let params = &self.project.module(at)[id].params;
        let mut index = usize::from(position);
        let positional = params
            .iter()
            .take_while(|param| {
                matches!(
                    param.kind,
                    ParamKind::Positional | ParamKind::PositionalOnly
                )
            })
            .count();
        if index < positional {
            let param = self.param_node(at, id, ctx, index);
            self.copy_once(node, param);
            return Some(index);
        }
        index -= positional;
        if params
            .get(positional)
            .is_some_and(|param| param.kind == ParamKind::Star)
        {
            let rest = self.obj(Object::Args(function));
            let field = self.field(rest, Key::Int(i32::try_from(index).unwrap_or(i32::MAX)));
            self.copy_once(node, field);
        }
        None
    }

    /// Binds something that any positional parameter from a position on may take.
    pub fn bind_rest(&mut self, function: Obj, base: u16, node: NodeId) {
        let Object::Function(at, id, ctx) = self.object(function) else {
            return;
        };
        let params = &self.project.module(at)[id].params;
        for (index, param) in params.iter().enumerate() {
            match param.kind {
                ParamKind::Positional | ParamKind::PositionalOnly if index >= usize::from(base) => {
                    let param = self.param_node(at, id, ctx, index);
                    self.copy_once(node, param);
                }
                ParamKind::Star => {
                    let rest = self.obj(Object::Args(function));
                    let field = self.field(rest, Key::Any);
                    self.copy_once(node, field);
                }
                _ => {}
            }
        }
    }

    /// Binds an argument passed by name.
    pub fn bind_name(&mut self, function: Obj, name: Symbol, node: NodeId) {
        let Object::Function(at, id, ctx) = self.object(function) else {
            return;
        };
        let params = &self.project.module(at)[id].params;
        if let Some(index) = params
            .iter()
            .position(|param| param.name == name && takes_name(param.kind))
        {
            let param = self.param_node(at, id, ctx, index);
            self.copy_once(node, param);
        } else if params
            .last()
            .is_some_and(|param| param.kind == ParamKind::DoubleStar)
        {
            let rest = self.obj(Object::Kwargs(function));
            let field = self.field(rest, Key::Str(name));
            self.copy_once(node, field);
        }
    }

    /// Binds something that any parameter with a name may take.
    pub fn bind_all_names(&mut self, function: Obj, node: NodeId) {
        let Object::Function(at, id, ctx) = self.object(function) else {
            return;
        };
        let data = &self.project.module(at)[id];
        for (index, param) in data.params.iter().enumerate() {
            if takes_name(param.kind) && !(index == 0 && data.class.is_some()) {
                let param = self.param_node(at, id, ctx, index);
                self.copy_once(node, param);
            } else if param.kind == ParamKind::DoubleStar {
                let rest = self.obj(Object::Kwargs(function));
                let field = self.field(rest, Key::Any);
                self.copy_once(node, field);
            }
        }
    }

    /// A class is called.
    fn instantiate(&mut self, call: u32, callee: Obj, class: ClassIx) {
        let data = self.calls[call as usize].clone();
        let info = &mut self.classes.classes[class.0 as usize];
        let origin = if info.sites < MAX_SITES {
            info.sites += 1;
            Origin::Site(data.site)
        } else {
            Origin::Merged
        };
        let instance = self.obj(Object::Instance(class, origin));
        self.add_value(data.result, instance);
        let new = self
            .classes
            .lookup(self.project, class, None, Symbol::from("__new__"));
        if let Lookup::Defined(home, def) = new {
            let (module, _) = self.classes.place(home);
            if let DefKind::Function(function) = self.project.module(module)[def].kind {
                let function = self.obj(Object::Function(module, function, Ctx::NONE));
                let bound = self.bound(function, callee);
                let func = self.constant(bound);
                let args = self.args_of(call);
                self.add_call(data.site, func, &args, NodeId::NONE, CallKind::Implicit);
            }
        }
        if let Some(method) = self.method_of(instance, self.words.init)
            && let Object::Bound { function, receiver } = self.object(method)
        {
            // What `__init__` returns is nothing.
            let result = std::mem::replace(&mut self.calls[call as usize].result, NodeId::NONE);
            self.call_function(call, function, Some(receiver), Reach::Constructor);
            self.calls[call as usize].result = result;
            return;
        }
        let reach = self.reach(call, Reach::Constructor);
        self.record(data.site, callee, Some(instance), reach);
        if let Some(base) = self.classes.info(class).external.first().copied()
            && !has_no_init(base.as_str())
        {
            let path = self.path_attribute(base, self.words.init);
            let init = self.obj(Object::External(path));
            self.record(data.site, init, Some(instance), reach);
        }
        self.fill_fields(call, class, instance);
        if let Some(method) = self.method_of(instance, Symbol::from("__post_init__")) {
            let func = self.constant(method);
            self.add_call(data.site, func, &[], NodeId::NONE, CallKind::Implicit);
        }
    }

    fn bound(&mut self, function: Obj, receiver: Obj) -> Obj {
        self.obj(Object::Bound { function, receiver })
    }

    /// A class without `__init__` of its own: data classes, named tuples, models take their fields in order.
    fn fill_fields(&mut self, call: u32, class: ClassIx, instance: Obj) {
        let args = self.args_of(call);
        if args.is_empty() {
            return;
        }
        let mut fields: Vec<Symbol> = Vec::new();
        for index in (0..self.classes.info(class).mro.len()).rev() {
            let ancestor = self.classes.info(class).mro[index];
            let (module, id) = self.classes.place(ancestor);
            let module = self.project.module(module);
            for slot in &module[module[id].scope].slots {
                if slot
                    .defs
                    .iter()
                    .any(|def| module[*def].annotation.is_some())
                    && !fields.contains(&slot.name)
                {
                    fields.push(slot.name);
                }
            }
        }
        let mut position = 0;
        for (kind, node) in args {
            let name = match kind {
                ArgKind::Positional => {
                    position += 1;
                    fields.get(position - 1).copied()
                }
                ArgKind::Keyword(name) => Some(name),
                ArgKind::Star | ArgKind::DoubleStar => None,
            };
            if let Some(name) = name {
                let site = self.calls[call as usize].site;
                self.store(instance, name, node, site);
                if kind == ArgKind::Positional {
                    let item = self.field(instance, Key::Int(position as i32 - 1));
                    self.copy(node, item);
                }
            }
        }
    }
}

/// Bases whose construction is no business of anybody.
fn has_no_init(base: &str) -> bool {
    ["builtins.", "typing.", "enum.", "abc.", "collections."]
        .iter()
        .any(|front| base.starts_with(front))
}

fn takes_name(kind: ParamKind) -> bool {
    matches!(kind, ParamKind::Positional | ParamKind::KeywordOnly)
}

//! Callables of the project behind their wrappers: what runs in the end, where it stands, and what it proves by itself.

use hognose_python::ir::ClassId;
use hognose_python::ir::{Def, DefKind, Expr, ExprId, FunctionId, ModuleId, ScopeKind};

use super::World;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, Site, V, Value};

/// Wrappers around one handler.
const MAX_LAYERS: usize = 64;

/// A callable of the project in its wrappers.
#[derive(Debug, Clone)]
pub struct Handler {
    /// What runs in the end.
    pub target: Target,
    /// The same as a value.
    pub function: V,
    /// The wrappers, outermost first.
    pub wrappers: Vec<V>,
}

/// What runs in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A function of the project.
    Function(ModuleId, FunctionId),
    /// A class of the project.
    Class(ModuleId, ClassId),
    /// Something outside, or an object.
    Other(V),
}

impl World<'_> {
    /// Takes the wrappers off a callable.
    pub fn handler(&self, v: V) -> Handler {
        let mut wrappers = Vec::new();
        let mut v = v;
        for _ in 0..MAX_LAYERS {
            match self.machine.get(v) {
                Value::Wrapped { inner, .. } => {
                    wrappers.push(v);
                    v = *inner;
                }
                Value::Method { function, .. } => v = *function,
                Value::Union(all) => v = all[0],
                Value::Call { args, callee, .. } => match args.positional.first() {
                    Some(inner) if self.machine.callable(*inner) && !self.is_as_view(*callee) => {
                        wrappers.push(v);
                        v = *inner;
                    }
                    _ => break,
                },
                _ => break,
            }
        }
        let target = match *self.machine.get(v) {
            Value::Function {
                module, function, ..
            } => Target::Function(module, function),
            Value::Class { module, class, .. } => Target::Class(module, class),
            _ => Target::Other(v),
        };
        Handler {
            target,
            function: v,
            wrappers,
        }
    }

    /// The callable inside of its wrappers.
    pub fn handler_value(&self, v: V) -> V {
        let mut v = v;
        for _ in 0..MAX_LAYERS {
            match self.machine.get(v) {
                Value::Wrapped { inner, .. } => v = *inner,
                Value::Call { args, .. } if self.machine.callable(v) => {
                    match args.positional.first() {
                        Some(inner) => v = *inner,
                        None => break,
                    }
                }
                _ => break,
            }
        }
        v
    }

    fn is_as_view(&self, callee: V) -> bool {
        matches!(self.machine.get(callee), Value::Attribute { attr, .. } if attr.as_str() == "as_view")
    }

    /// The class whose `as_view` made a value, and the arguments.
    pub fn as_view(&self, target: Target) -> Option<(V, Args)> {
        let Target::Other(v) = target else {
            return None;
        };
        let Value::Call { callee, args, .. } = self.machine.get(v) else {
            return None;
        };
        match self.machine.get(*callee) {
            Value::Attribute { of, attr } if attr.as_str() == "as_view" => {
                Some((*of, args.clone()))
            }
            _ => None,
        }
    }

    /// Qualified name, file and line of a handler; the place of the registration where it lies outside.
    pub fn place_of(&self, target: Target, registered: Option<Site>) -> (String, String, u32) {
        let project = self.machine.project;
        let place = |at: ModuleId, start| {
            let module = project.module(at);
            (module.file.to_string(), module.text.position(start).0)
        };
        match target {
            Target::Function(at, function) => {
                let module = project.module(at);
                let data = &module[function];
                let (file, line) = place(at, data.name_range.start());
                (
                    self.qualified(at, data.parent, data.name.as_str()),
                    file,
                    line,
                )
            }
            Target::Class(at, class) => {
                let module = project.module(at);
                let data = &module[class];
                let (file, line) = place(at, data.name_range.start());
                (
                    self.qualified(at, data.parent, data.name.as_str()),
                    file,
                    line,
                )
            }
            Target::Other(v) => {
                if let Some((class, _)) = self.as_view(target) {
                    let inner = self.handler(class).target;
                    if inner != target {
                        return self.place_of(inner, registered);
                    }
                }
                let (file, line) = match registered.or_else(|| self.site(v)) {
                    Some((at, expr)) => place(at, self.start(at, expr)),
                    None => (String::new(), 0),
                };
                (guard::path_of(&self.machine, v), file, line)
            }
        }
    }

    fn start(&self, at: ModuleId, expr: ExprId) -> ruff_text_size::TextSize {
        self.machine.project.module(at).expr_range(expr).start()
    }

    /// The object of a class that its methods are looked through on: always the same one, so that what they prove can be
    /// remembered.
    pub fn receiver_of(&mut self, class: V) -> V {
        if let Value::Instance { .. } = self.machine.get(class) {
            return class;
        }
        if let Some(known) = self.receivers.get(&class) {
            return *known;
        }
        let site = self.site(class).unwrap_or((ModuleId(0), ExprId(0)));
        let object = self.machine.object_of(class, site);
        self.receivers.insert(class, object);
        object
    }

    /// What the wrappers of a handler prove, outermost first.
    pub fn wrapper_layers(&mut self, handler: &Handler, place: Place) -> Vec<Layer> {
        self.layers_around(handler, place, None)
    }

    fn layers_around(
        &mut self,
        handler: &Handler,
        place: Place,
        receiver: Option<V>,
    ) -> Vec<Layer> {
        let wrappers = handler.wrappers.clone();
        wrappers
            .into_iter()
            .map(|v| Layer {
                place,
                proof: guard::wrapper(self, v, receiver),
            })
            .collect()
    }

    /// What a handler proves by itself: its wrappers, outermost first, and what its body checks before anything else. `on`
    /// is the class or object that it is a method of.
    pub fn own_layers(&mut self, handler: &Handler, on: Option<V>) -> Vec<Layer> {
        let receiver = on.map(|class| self.receiver_of(class));
        let mut layers = self.layers_around(handler, Place::Decorator, receiver);
        if let Target::Function(at, function) = handler.target {
            layers.extend(self.body_layer(at, function, handler.function, receiver));
        }
        layers
    }

    /// What the body of a handler checks before anything else.
    fn body_layer(
        &mut self,
        at: ModuleId,
        function: FunctionId,
        v: V,
        receiver: Option<V>,
    ) -> Option<Layer> {
        let bound = receiver.map(|receiver| {
            self.machine.make(Value::Method {
                receiver,
                function: v,
            })
        });
        match guard::body(self, at, function, bound) {
            Proof::Nothing if !self.hands_on(at, function) => None,
            Proof::Nothing => Some(Layer {
                place: Place::Body,
                proof: Proof::Unknown,
            }),
            proof => Some(Layer {
                place: Place::Body,
                proof,
            }),
        }
    }

    /// Whether a function hands requests on to what it was made with: it calls a parameter of the function around it, as
    /// `def wrapper(**values): return view_class().process()` does, or answers what something made there gives.
    fn hands_on(&self, at: ModuleId, function: FunctionId) -> bool {
        let module = self.machine.project.module(at);
        let data = &module[function];
        let ScopeKind::Function(around) = module[data.parent].kind else {
            return false;
        };
        module.exprs().any(|(_, expr)| {
            let Expr::Call { func, .. } = *expr else {
                return false;
            };
            let Expr::Name { def, slot } = module[func] else {
                return false;
            };
            let place = module.expr_range(func);
            if !data.range.contains_range(place) || !matches!(module[def].kind, DefKind::Entry) {
                return false;
            }
            let name = module[module[def].scope].slots[slot.index()].name;
            let is_param = module[around].params.iter().any(|param| param.name == name);
            // What a call gave; functions, classes and imports there say themselves what they are.
            let is_made = || {
                module.defs().any(|(_, def)| {
                    let name_of = |def: &Def| module[def.scope].slots[def.slot.index()].name;
                    def.scope == data.parent
                        && matches!(def.kind, DefKind::Value(value) if matches!(module[value], Expr::Call { .. }))
                        && name_of(def) == name
                })
            };
            let is_answer = || {
                let mut returned = data.return_values.iter();
                returned.any(|value| module.expr_range(*value).contains_range(place))
            };
            is_param || is_answer() && is_made()
        })
    }
}

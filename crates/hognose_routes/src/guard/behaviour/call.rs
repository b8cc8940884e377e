//! Calls on the way to the handler: the guards of libraries and the functions of the project that they lead into.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;

use super::super::asked::looks;
use super::super::refusal::strip;
use super::super::user::{Given, depends, identifies};
use super::super::{MAX_DEPTH, Proof, entry, made_in};
use super::condition::is_first;
use super::{Walk, walk};
use crate::code::{children, method, name_of};
use crate::endpoint::Level;
use crate::run::{Args, Machine, V, Value};
use crate::world::{Target, World};

impl Walk {
    /// Calls made on the way: guards of libraries, and functions of the project that refuse.
    pub(super) fn called(&mut self, world: &mut World<'_>, value: ExprId) {
        self.called_as(world, value, false);
    }

    /// The same, where what the outermost call answers may be the answer to the request.
    pub(super) fn called_as(&mut self, world: &mut World<'_>, value: ExprId, is_answer: bool) {
        if self.swallowed > 0 {
            return;
        }
        // Only what every request runs through, as far as its path lets it; what a setting leaves out is taken to run, and
        // so is what whoever shows nothing runs through: `if not has_valid_token(request): check_login()`.
        let around = self.tests.clone();
        let mut asked = Vec::new();
        let mut of_nobody = false;
        for (test, truth) in around.iter().copied() {
            if !self.strict && self.is_apart(world, test) {
                continue;
            }
            let runs = !self.strict && self.for_nobody(world, test) == Some(truth);
            match runs {
                true => of_nobody = true,
                false => asked.push(test),
            }
        }
        let of_path = !asked.is_empty()
            && !self.strict
            && asked.iter().all(|test| looks(world, self.at, *test));
        if !(asked.is_empty() || of_path) || !self.tried.is_empty() || self.calls >= MAX_DEPTH {
            return;
        }
        if !around.is_empty() {
            let known = std::mem::replace(&mut self.proof, Proof::Nothing);
            self.tests.clear();
            self.called_as(world, value, is_answer);
            self.tests = around;
            let mut found = std::mem::replace(&mut self.proof, known);
            // Who shows something has shown at least who he is.
            if of_nobody && let Proof::Guard { .. } = found {
                found = found.or(Proof::of(Level::Authenticated));
            }
            if of_path {
                self.perhaps |= matches!(found, Proof::Guard { .. });
            } else {
                self.add(found);
            }
            return;
        }
        let module = world.machine.project.module(self.at);
        let mut waiting = vec![value];
        let mut left = 64;
        while let Some(expr) = waiting.pop() {
            left -= 1;
            if left == 0 {
                return;
            }
            if let Expr::Call { func, args } = module[expr] {
                let raises_only = !is_answer || expr != strip(module, value);
                // `login_required(view)(request)`: a decorator that is applied on the spot.
                if let Expr::Call {
                    func: decorator,
                    args,
                } = module[func]
                {
                    match self.applied(world, decorator, args) {
                        proof @ Proof::Guard { .. } => self.add(proof),
                        Proof::Unknown => self.may_guard = true,
                        _ => {}
                    }
                }
                let member = self.member(world, func);
                if let Some(member) = member {
                    let proof = self.of_member(world, member, func, args, raises_only);
                    self.add(proof);
                }
                let callees = match member {
                    Some(_) => Default::default(),
                    None => world.machine.evaluator.eval(self.at, func),
                };
                for callee in callees {
                    match callee {
                        Evaluated::External(path) => {
                            let given = self.arguments(world, args);
                            let proof =
                                entry(path.as_str()).map(|entry| entry.proof(world, &given));
                            if let Some(proof @ Proof::Guard { .. }) = proof {
                                self.add(proof);
                            }
                        }
                        Evaluated::Function(at, function) => {
                            let proof =
                                self.of_callee(world, func, args, (at, function), raises_only);
                            self.add(proof);
                        }
                        // `check = KeyChecker(key)` and `check(request)`.
                        Evaluated::Instance(at, class) => {
                            if let Some(callee) = method(world, at, class, "__call__") {
                                let proof = self.of_callee(world, func, args, callee, raises_only);
                                self.add(proof);
                            }
                        }
                        _ => {}
                    }
                }
            }
            if !matches!(module[expr], Expr::Conditional { .. } | Expr::Logic { .. }) {
                children(module, expr, |child| waiting.push(child));
            }
        }
    }

    /// What a function of the project refuses that is called. The result of `return check(...)` is the answer; that of any
    /// other call is not.
    fn of_callee(
        &self,
        world: &mut World<'_>,
        func: ExprId,
        args: List,
        (at, function): (ModuleId, FunctionId),
        raises_only: bool,
    ) -> Proof {
        let given = self.given_to(world, func, args, at, function);
        let inner = Walk {
            raises_only,
            ..self.of_called(at, None, given)
        };
        match walk(world, at, function, inner) {
            proof @ Proof::Guard { .. } => proof,
            _ => Proof::Nothing,
        }
    }

    /// The object that the function at hand is a method of, where it is known.
    pub(super) fn receiver(&self, world: &World<'_>) -> Option<V> {
        match world.machine.get(self.closure?) {
            Value::Method { receiver, .. } => Some(*receiver),
            _ => None,
        }
    }

    /// The method of a known object that is called, as that object's class has it: `self.check()`, `super().check()`,
    /// `view_class().check()`; or the function that a decorator was made with, `check(self)`.
    fn member(&self, world: &mut World<'_>, func: ExprId) -> Option<V> {
        let module = world.machine.project.module(self.at);
        if let Expr::Name { .. } = module[func] {
            let v = self.variable(world, func)?;
            let target = world.handler(v).target;
            let is_other = matches!(target, Target::Function(..)) && self.inner != Some(target);
            return is_other.then_some(v);
        }
        let Expr::Attribute { value, attr } = module[func] else {
            return None;
        };
        let closure = self.closure?;
        let object = match module[value] {
            Expr::Name { def, .. } => match module[def].kind {
                DefKind::Param(0) => self.receiver(world)?,
                _ => self.variable(world, value)?,
            },
            Expr::Call { func: made_by, .. } => match module[made_by] {
                Expr::Name { def, .. } if name_of(module, def).as_str() == "super" => {
                    let Value::Method { receiver, function } = *world.machine.get(closure) else {
                        return None;
                    };
                    let Target::Function(at, function) = world.handler(function).target else {
                        return None;
                    };
                    let class = (at, world.machine.project.module(at)[function].class?);
                    world.machine.make(Value::Super { receiver, class })
                }
                _ => {
                    let class = self.variable(world, made_by)?;
                    match world.machine.get(class) {
                        Value::Class { .. } => world.receiver_of(class),
                        _ => return None,
                    }
                }
            },
            _ => return None,
        };
        if !matches!(
            world.machine.get(object),
            Value::Instance { .. } | Value::Super { .. } | Value::Class { .. }
        ) {
            return None;
        }
        let member = world.machine.attribute(object, attr);
        world.machine.callable(member).then_some(member)
    }

    /// What a variable of the functions around holds.
    pub(in crate::guard) fn variable(&self, world: &World<'_>, expr: ExprId) -> Option<V> {
        let module = world.machine.project.module(self.at);
        let Expr::Name { def, .. } = module[expr] else {
            return None;
        };
        let name = name_of(module, def);
        matches!(module[def].kind, DefKind::Entry)
            .then(|| world.machine.around(self.closure?, name))
            .flatten()
    }

    /// What a method of a known object refuses.
    fn of_member(
        &self,
        world: &mut World<'_>,
        member: V,
        func: ExprId,
        args: List,
        raises_only: bool,
    ) -> Proof {
        let mut proof = Proof::Nothing;
        for wrapper in world.handler(member).wrappers {
            if let one @ Proof::Guard { .. } = super::super::wrapper(world, wrapper, None) {
                proof = proof.and(one);
            }
        }
        let Target::Function(at, function) = world.handler(member).target else {
            return proof;
        };
        // A decorated method is bound once more without its decorators.
        let closure = match *world.machine.get(member) {
            Value::Method { receiver, function } => {
                let function = world.handler_value(function);
                world.machine.make(Value::Method { receiver, function })
            }
            _ => match self.receiver(world) {
                // `check(self)`.
                Some(receiver) if self.hands_itself(world, args) => {
                    let function = world.handler_value(member);
                    world.machine.make(Value::Method { receiver, function })
                }
                _ => member,
            },
        };
        let given = self.given_to(world, func, args, at, function);
        let inner = Walk {
            raises_only,
            ..self.of_called(at, Some(closure), given)
        };
        match walk(world, at, function, inner) {
            own @ Proof::Guard { .. } => proof.and(own),
            Proof::Unknown if self.inner.is_some() => proof.and(Proof::Unknown),
            _ => proof,
        }
    }

    /// Whether the first argument of a call is the object at hand.
    fn hands_itself(&self, world: &World<'_>, args: List) -> bool {
        let module = world.machine.project.module(self.at);
        module
            .args(args)
            .first()
            .is_some_and(|first| is_first(module, first.value))
    }

    /// What a context manager of the project refuses when it is entered.
    pub(super) fn entered(&mut self, world: &mut World<'_>, context: ExprId) {
        let is_asked_of_all = self.swallowed == 0 && self.tests.is_empty() && self.tried.is_empty();
        if !is_asked_of_all || self.calls >= MAX_DEPTH {
            return;
        }
        for manager in world.machine.evaluator.eval(self.at, context) {
            let Evaluated::Instance(at, class) = manager else {
                continue;
            };
            for name in ["__enter__", "__aenter__"] {
                let Some((at, function)) = method(world, at, class, name) else {
                    continue;
                };
                let inner = self.of_called(at, None, Given::default());
                let proof = walk(world, at, function, inner);
                if let Proof::Guard { .. } = proof {
                    self.add(proof);
                }
            }
        }
    }

    /// What a decorator proves of what it is called with.
    fn applied(&self, world: &mut World<'_>, decorator: ExprId, args: List) -> Proof {
        let mut proof = Proof::Nothing;
        for callee in world.machine.evaluator.eval(self.at, decorator) {
            let one = match callee {
                Evaluated::External(path) => {
                    let mut given = self.arguments(world, args);
                    if !given.positional.is_empty() {
                        given.positional.remove(0);
                    }
                    let entry = entry(path.as_str());
                    entry.map_or(Proof::Nothing, |entry| entry.proof(world, &given))
                }
                Evaluated::Function(at, function) if self.calls < MAX_DEPTH => {
                    made_in(world, at, function)
                }
                _ => Proof::Nothing,
            };
            proof = proof.and(one);
        }
        proof
    }

    /// What a call of a function of the project gives its parameters.
    pub(in crate::guard) fn given_to(
        &self,
        world: &mut World<'_>,
        func: ExprId,
        args: List,
        home: ModuleId,
        function: FunctionId,
    ) -> Given {
        let module = world.machine.project.module(self.at);
        let callee = &world.machine.project.module(home)[function];
        // `self.check(token)`: the object is the first parameter.
        let is_object = callee.name.as_str() == "__call__";
        let bound =
            callee.class.is_some() && (is_object || matches!(module[func], Expr::Attribute { .. }));
        let mut given = Given::default();
        let mut position = usize::from(bound);
        for argument in module.args(args) {
            let index = match argument.kind {
                ArgKind::Positional => {
                    position += 1;
                    Some(position - 1)
                }
                ArgKind::Keyword(name) => callee.params.iter().position(|param| param.name == name),
                _ => None,
            };
            let Some(index) = index.and_then(|index| u16::try_from(index).ok()) else {
                continue;
            };
            given.pass(index);
            if depends(world, self.at, argument.value) {
                given.credential(index, identifies(world, self.at, argument.value));
            } else if let Some(texts) = self.texts_of(world, argument.value)
                && !texts.is_empty()
            {
                given.texts.push((index, texts));
            }
        }
        given
    }

    /// Constant arguments of a call, for guards that take names.
    fn arguments(&self, world: &mut World<'_>, args: List) -> Args {
        let module = world.machine.project.module(self.at);
        let mut given = Args::default();
        for argument in module.args(args) {
            let v = match world.machine.evaluator.constant(self.at, argument.value) {
                Some(constant) => world.machine.constant(&constant),
                None => self
                    .variable(world, argument.value)
                    .unwrap_or(Machine::UNKNOWN),
            };
            match argument.kind {
                ArgKind::Positional => given.positional.push(v),
                ArgKind::Keyword(name) => given.keywords.push((name, v)),
                _ => given.open = true,
            }
        }
        given
    }
}

//! What conditions on the user ask for: names of roles and permissions, or the object at hand.

use hognose_python::ir::*;

use super::Proof;
use super::asked::looks;
use super::behaviour::Walk;
use super::refusal::Refusal;
use super::user::{children, depends};
use crate::endpoint::Level;
use crate::run::Value;
use crate::world::World;

/// Attributes of a user that say no more than that there is one.
const PRESENCE: &[&str] = &[
    "is_authenticated",
    "is_anonymous",
    "is_active",
    "user",
    "session",
    "authorization",
    "current_user",
    "auth",
    "headers",
    "cookies",
    "META",
    "get",
    "state",
];

/// Parts of the names of methods that ask whether a user has what they are given.
const ASKING: &[&str] = &[
    "perm", "role", "group", "scope", "priv", "grant", "allowed", "can_", "member",
];

impl Walk {
    /// What conditions ask for.
    pub(super) fn proof_of(
        &self,
        world: &mut World<'_>,
        refusal: Refusal,
        tests: &[(ExprId, bool)],
    ) -> Proof {
        let module = world.machine.project.module(self.at);
        let mut texts: Vec<String> = Vec::new();
        let mut attributes: Vec<String> = Vec::new();
        let mut object = false;
        let mut closure_used = false;
        let mut given_used = false;
        let mut asked = false;
        let mut of_arguments: Vec<ExprId> = Vec::new();
        for (test, _) in tests {
            if !depends(world, self.at, *test) {
                continue;
            }
            // With each expression whether a variable led to it: what it was made from names less than a condition.
            let mut waiting = vec![(*test, false)];
            let mut left = 128;
            while let Some((expr, led)) = waiting.pop() {
                left -= 1;
                if left == 0 {
                    break;
                }
                // Names of endpoints and beginnings of paths are no names of roles.
                let plain = !matches!(module[expr], Expr::Logic { .. } | Expr::Unary { .. });
                if plain && looks(world, self.at, expr) {
                    continue;
                }
                let mut led_only = false;
                match module[expr] {
                    Expr::Compare { op, left, right } => {
                        if matches!(op, CmpOp::Eq | CmpOp::NotEq)
                            && self.is_of_object(world, left, right)
                        {
                            object = true;
                        }
                        // `"key" not in session` asks whether there is one at all.
                        if matches!(op, CmpOp::In | CmpOp::NotIn) {
                            let of_user = matches!(module[right], Expr::Attribute { attr, .. }
                                if !PRESENCE.contains(&attr.as_str()));
                            if depends(world, self.at, right) && !of_user {
                                continue;
                            }
                            if let Some(found) = self.texts_of(world, right) {
                                given_used |= self.is_given(world, right);
                                texts.extend(found);
                            }
                        }
                    }
                    Expr::Str(text) if !led => texts.push(module.str(text).to_owned()),
                    Expr::FString(_) => led_only = true,
                    Expr::Name { def, .. } => {
                        match module[def].kind {
                            DefKind::Value(value) => waiting.push((value, true)),
                            DefKind::Phi(list) => {
                                for def in module.defs_list(list) {
                                    if let DefKind::Value(value) = module[*def].kind {
                                        waiting.push((value, true));
                                    }
                                }
                            }
                            _ => {}
                        }
                        if self.is_given(world, expr)
                            && let Some(found) = self.texts_of(world, expr)
                        {
                            texts.extend(found);
                            given_used = true;
                        }
                        if let DefKind::Entry = module[def].kind
                            && let Some(closure) = self.closure
                        {
                            let name =
                                module[module[def].scope].slots[module[def].slot.index()].name;
                            if let Some(v) = world.machine.around(closure, name)
                                && let Some(found) = world.text_list(v)
                            {
                                texts.extend(found);
                                closure_used = true;
                            }
                        }
                    }
                    Expr::Attribute { value, attr } => {
                        // `self.roles` of an object that guards.
                        if let Expr::Name { def, .. } = module[value]
                            && let DefKind::Param(0) = module[def].kind
                            && let Some(closure) = self.closure
                            && let Value::Method { receiver, .. } = *world.machine.get(closure)
                        {
                            let v = world.machine.attribute(receiver, attr);
                            if let Some(found) = world.text_list(v) {
                                texts.extend(found);
                                closure_used = true;
                            }
                            continue;
                        }
                        if !PRESENCE.contains(&attr.as_str()) && !of_arguments.contains(&expr) {
                            attributes.push(attr.as_str().to_owned());
                        }
                    }
                    // The key under which something lies is no name of a role.
                    Expr::Subscript { value, .. } => {
                        waiting.push((value, led));
                        continue;
                    }
                    Expr::Call { func, args } => {
                        let lookup = matches!(module[func], Expr::Attribute { attr, .. } if attr.as_str() == "get");
                        if lookup {
                            waiting.push((func, led));
                            continue;
                        }
                        // `user.has_perm("shop.sell")`, `has_required_scope(request, ["read"])`.
                        let name = match module[func] {
                            Expr::Attribute { attr, .. } => attr.as_str(),
                            Expr::Name { def, .. } => module[module[def].scope].slots
                                [module[def].slot.index()]
                            .name
                            .as_str(),
                            _ => "",
                        };
                        // `user.is_in(group)` says of the user what its argument says.
                        if !module.args(args).is_empty()
                            && let Expr::Attribute { value, .. } = module[func]
                        {
                            of_arguments.push(func);
                            waiting.push((value, led));
                        }
                        if ASKING.iter().any(|part| name.contains(part)) {
                            for argument in module.args(args) {
                                if let Some(found) = self.texts_of(world, argument.value)
                                    && !found.is_empty()
                                {
                                    texts.extend(found);
                                    asked = true;
                                }
                            }
                        }
                    }
                    _ => {}
                }
                let led = led || led_only;
                children(module, expr, |child| waiting.push((child, led)));
            }
        }
        // A key or password that is compared is no name.
        if refusal == Refusal::Other && !closure_used && !given_used && !asked {
            texts.clear();
        }
        if !matches!(refusal, Refusal::Forbidden | Refusal::Other)
            && !closure_used
            && !given_used
            && !asked
        {
            return Proof::of(Level::Authenticated);
        }
        texts.sort();
        texts.dedup();
        if object {
            return Proof::Guard {
                level: Level::Object,
                roles: Vec::new(),
                permissions: Vec::new(),
            };
        }
        let of_roles = attributes
            .iter()
            .any(|attribute| attribute.contains("role") || attribute.contains("group"));
        if texts.is_empty() {
            attributes.sort();
            attributes.dedup();
            // `user.is_admin`: the attribute is what is asked for.
            let flags: Vec<String> = attributes
                .into_iter()
                .filter(|attribute| attribute.starts_with("is_") || attribute.starts_with("can_"))
                .collect();
            if flags.is_empty() {
                return Proof::of(
                    if refusal == Refusal::Forbidden && !tests.is_empty() && of_roles {
                        Level::Permission
                    } else {
                        Level::Authenticated
                    },
                );
            }
            texts = flags;
        }
        let (roles, permissions) = if of_roles {
            (texts, Vec::new())
        } else {
            (Vec::new(), texts)
        };
        Proof::Guard {
            level: Level::Permission,
            roles,
            permissions,
        }
    }

    /// Texts that an expression holds: a constant, or what the call that leads here gives.
    pub(super) fn texts_of(&self, world: &mut World<'_>, expr: ExprId) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        if let Some(constant) = world.machine.evaluator.constant(self.at, expr) {
            collect(&constant, &mut texts);
            return Some(texts);
        }
        let module = world.machine.project.module(self.at);
        match module[expr] {
            Expr::Name { def, .. } => {
                for index in self.parameters(world, expr) {
                    let known = self.given.texts.iter().find(|(known, _)| *known == index);
                    if let Some((_, texts)) = known {
                        return Some(texts.clone());
                    }
                    // What is not given is what its default says.
                    if !self.given.is_passed(index)
                        && let ScopeKind::Function(function) = module[module[def].scope].kind
                        && let Some(param) = module[function].params.get(usize::from(index))
                        && let Some(default) = param.default
                        && let Some(constant) = world.machine.evaluator.constant(self.at, default)
                    {
                        collect(&constant, &mut texts);
                    }
                }
                (!texts.is_empty()).then_some(texts)
            }
            Expr::ListOf(list) | Expr::Tuple(list) | Expr::SetOf(list) => {
                for element in module.list(list) {
                    texts.extend(self.texts_of(world, *element)?);
                }
                Some(texts)
            }
            _ => None,
        }
    }

    /// The parameters that a name may stand for: itself, or what it is where nothing was given.
    fn parameters(&self, world: &World<'_>, expr: ExprId) -> Vec<u16> {
        let module = world.machine.project.module(self.at);
        let Expr::Name { def, .. } = module[expr] else {
            return Vec::new();
        };
        match module[def].kind {
            DefKind::Param(index) => vec![index],
            DefKind::Phi(list) => module
                .defs_list(list)
                .iter()
                .filter_map(|def| match module[*def].kind {
                    DefKind::Param(index) => Some(index),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether an expression is a parameter that the call that leads here gives texts.
    fn is_given(&self, world: &World<'_>, expr: ExprId) -> bool {
        self.parameters(world, expr)
            .iter()
            .any(|index| self.given.texts.iter().any(|(known, _)| known == index))
    }

    /// Whether a comparison is of the user and something of the object at hand: `note.owner_id == user.id`.
    fn is_of_object(&self, world: &mut World<'_>, left: ExprId, right: ExprId) -> bool {
        let module = world.machine.project.module(self.at);
        let (of_left, of_right) = (
            depends(world, self.at, left),
            depends(world, self.at, right),
        );
        let other = match (of_left, of_right) {
            (true, false) => right,
            (false, true) => left,
            _ => return false,
        };
        let Expr::Attribute { value, .. } = module[other] else {
            return false;
        };
        matches!(module[value], Expr::Name { def, .. }
            if matches!(module[def].kind, DefKind::Param(_) | DefKind::Value(_) | DefKind::Phi(_)))
    }
}

fn collect(constant: &hognose_python::Constant, texts: &mut Vec<String>) {
    match constant {
        hognose_python::Constant::Str(text) => texts.push(text.clone()),
        hognose_python::Constant::Seq(items) => {
            for item in items {
                collect(item, texts);
            }
        }
        _ => {}
    }
}

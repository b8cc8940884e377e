//! What conditions on the user ask for: names of roles and permissions, or the object at hand.

use hognose_python::Value as Evaluated;
use hognose_python::ir::*;

use super::Proof;
use super::asked::looks;
use super::behaviour::Walk;
use super::nobody::for_nobody;
use super::refusal::{Refusal, strip};
use super::user::{depends, identifies, is_credential_itself};
use crate::code::{children, last_name, name_of};
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

/// Conditions inside of each other.
const MAX_PARTS: u32 = 40;

/// Parts of the names of methods that ask whether a user has what they are given.
const ASKING: &[&str] = &[
    "perm", "role", "group", "scope", "priv", "grant", "allowed", "can_", "member",
];

/// Attributes by which one user is told from another.
const IDENTIFIERS: &[&str] = &["id", "pk", "user_id", "username", "email", "login"];

/// How flags of a user begin that say what he may do.
const FLAGS: &[&str] = &["is_", "can_", "role_", "admin", "superuser", "staff"];

/// Parts of the names of flags that say that an account or a token is in order, not what its owner may do.
const STATES: &[&str] = &[
    "valid",
    "expired",
    "verified",
    "active",
    "enabled",
    "confirmed",
    "authenticated",
    "anonymous",
    "logged",
];

/// One part of the condition under which a request is refused: an expression, and what it then is.
#[derive(Clone, Copy)]
struct Part {
    expr: ExprId,
    truth: bool,
}

/// What one part of a condition names.
#[derive(Default)]
struct Named {
    names: Vec<String>,
    /// It compares the user with the object at hand.
    object: bool,
    /// It speaks of roles or groups.
    of_roles: bool,
    /// A caller or the maker of the guard gives the names, or a method is asked for them.
    given: bool,
}

impl Named {
    fn take(&mut self, other: Self) {
        self.names.extend(other.names);
        self.object |= other.object;
        self.of_roles |= other.of_roles;
        self.given |= other.given;
    }
}

/// The parts that must all hold for a condition to be what it is; the condition itself where it is none of several.
fn parts(module: &Module, part: Part, all_of: bool, found: &mut Vec<Part>, depth: u32) {
    match module[part.expr] {
        Expr::Unary {
            op: UnaryOp::Not,
            operand,
        } if depth < MAX_PARTS => {
            let inner = Part {
                expr: operand,
                truth: !part.truth,
            };
            parts(module, inner, all_of, found, depth + 1);
        }
        Expr::Logic { op, values } if depth < MAX_PARTS => {
            let holds_together = (op == BoolOp::And) == part.truth;
            if holds_together == all_of {
                for value in module.list(values) {
                    let inner = Part {
                        expr: *value,
                        truth: part.truth,
                    };
                    parts(module, inner, all_of, found, depth + 1);
                }
            } else {
                found.push(part);
            }
        }
        _ => found.push(part),
    }
}

impl Walk {
    /// What it takes not to be refused where all of some conditions hold.
    pub(super) fn proof_of(
        &self,
        world: &mut World<'_>,
        refusal: Refusal,
        tests: &[(ExprId, bool)],
    ) -> Proof {
        let module = world.machine.project.module(self.at);
        let mut ways: Vec<Part> = Vec::new();
        for (expr, truth) in tests {
            let part = Part {
                expr: *expr,
                truth: *truth,
            };
            parts(module, part, true, &mut ways, 0);
        }
        let mut all = Named::default();
        let mut nameless = false;
        for way in ways {
            if !depends(world, self.at, way.expr) || self.never(world, way) {
                continue;
            }
            // Whoever is nobody gets past this part, and is refused elsewhere.
            let of_somebody = for_nobody(world, self.at, way.expr) == Some(!way.truth);
            let named = self.named(world, refusal, way, 0);
            if named.names.is_empty() && !named.object && !named.of_roles {
                nameless |= !of_somebody && identifies(world, self.at, way.expr);
            }
            all.take(named);
        }
        if all.object {
            return Proof::Guard {
                level: Level::Object,
                roles: Vec::new(),
                permissions: Vec::new(),
            };
        }
        // One of several ways that asks for no name is open to everybody who is somebody.
        if nameless || all.names.is_empty() {
            let of_roles = refusal == Refusal::Forbidden && all.of_roles && !nameless;
            return Proof::of(if of_roles {
                Level::Permission
            } else {
                Level::Authenticated
            });
        }
        all.names.sort();
        all.names.dedup();
        let (roles, permissions) = if all.of_roles {
            (all.names, Vec::new())
        } else {
            (Vec::new(), all.names)
        };
        Proof::Guard {
            level: Level::Permission,
            roles,
            permissions,
        }
    }

    /// Whether the maker of the guard has chosen that a part never comes about: `role and user.role < role`, without one.
    fn never(&self, world: &mut World<'_>, part: Part) -> bool {
        self.chosen(world, part.expr) == Some(!part.truth)
    }

    /// What a part of a condition names: of one that holds where any of several does, all of them.
    fn named(&self, world: &mut World<'_>, refusal: Refusal, part: Part, depth: u32) -> Named {
        let module = world.machine.project.module(self.at);
        let mut inner = Vec::new();
        parts(module, part, false, &mut inner, depth);
        if let [only] = *inner.as_slice() {
            return self.named_by_one(world, refusal, only);
        }
        let mut all = Named::default();
        for one in inner {
            if depth < MAX_PARTS && depends(world, self.at, one.expr) && !self.never(world, one) {
                let one = self.named(world, refusal, one, depth + 1);
                all.take(one);
            }
        }
        all
    }

    /// What a condition names that is not made of others.
    fn named_by_one(&self, world: &mut World<'_>, refusal: Refusal, part: Part) -> Named {
        let module = world.machine.project.module(self.at);
        let mut texts: Vec<String> = Vec::new();
        // What a caller or the maker of the guard names counts before what stands in its conditions.
        let mut named: Vec<String> = Vec::new();
        let mut attributes: Vec<String> = Vec::new();
        let mut found = Named::default();
        let mut of_arguments: Vec<ExprId> = Vec::new();
        // With each expression whether a variable led to it: what it was made from names less than a condition.
        let mut waiting = vec![(part.expr, false)];
        let mut left = 128;
        while let Some((expr, led)) = waiting.pop() {
            left -= 1;
            if left == 0 {
                break;
            }
            // Names of endpoints and beginnings of paths are no names of roles.
            // A function that is asked about a user may be told of the path as well.
            let plain = match module[strip(module, expr)] {
                Expr::Logic { .. } | Expr::Unary { .. } => false,
                Expr::Call { func, .. } => !last_name(module, func)
                    .is_some_and(|name| ASKING.iter().any(|part| name.as_str().contains(part))),
                _ => true,
            };
            if plain && looks(world, self.at, expr) {
                continue;
            }
            let mut led_only = false;
            match module[expr] {
                Expr::Compare { op, left, right } => {
                    // What a header must say is no name, and neither is what a key must be.
                    if is_credential_itself(world, self.at, left)
                        || is_credential_itself(world, self.at, right)
                    {
                        continue;
                    }
                    if matches!(op, CmpOp::Eq | CmpOp::NotEq)
                        && self.is_of_object(world, left, right)
                    {
                        found.object = true;
                    }
                    if let Some(list) = self.is_listed(world, left, right) {
                        texts.push(list);
                        continue;
                    }
                    // `user.role != Role.ADMIN`.
                    if matches!(op, CmpOp::Eq | CmpOp::NotEq) {
                        for side in [left, right] {
                            if matches!(module[side], Expr::Attribute { .. })
                                && let Some(constant) = self.texts_of(world, side)
                            {
                                texts.extend(constant);
                            }
                        }
                    }
                    // `"key" not in session` asks whether there is one at all.
                    if matches!(op, CmpOp::In | CmpOp::NotIn) {
                        let of_user = matches!(module[right], Expr::Attribute { attr, .. }
                            if !PRESENCE.contains(&attr.as_str()));
                        if depends(world, self.at, right) && !of_user {
                            // `permission not in granted`.
                            if let Expr::Name { .. } = module[left] {
                                waiting.push((left, led));
                            }
                            continue;
                        }
                        if let Some(listed) = self.texts_of(world, right) {
                            if self.is_given(world, right) {
                                found.given = true;
                                named.extend(listed);
                            } else {
                                texts.extend(listed);
                            }
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
                        && let Some(given) = self.texts_of(world, expr)
                    {
                        named.extend(given);
                        found.given = true;
                    }
                    if is_of_function_around(module, def)
                        && let Some(v) = self.variable(world, expr)
                        && let Some(around) = world.text_list(v)
                    {
                        found.given |= !around.is_empty();
                        named.extend(around);
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
                        if let Some(held) = world.text_list(v) {
                            named.extend(held);
                            found.given = true;
                            continue;
                        }
                    }
                    if !PRESENCE.contains(&attr.as_str()) && !of_arguments.contains(&expr) {
                        attributes.push(attr.as_str().to_owned());
                    }
                }
                // The key under which something lies is no name of a role.
                Expr::Subscript { value, index } => {
                    if let Expr::Str(key) = module[index] {
                        found.of_roles |= speaks_of_roles(module.str(key));
                    }
                    waiting.push((value, led));
                    continue;
                }
                Expr::Call { func, args } => {
                    let given = module.args(args);
                    // `user.has_perm("shop.sell")`, `has_required_scope(request, ["read"])`.
                    let name = last_name(module, func).map_or("", |name| name.as_str());
                    // A secret is no name.
                    if name == "compare_digest" {
                        continue;
                    }
                    let key = |at: usize| match module[given.get(at)?.value] {
                        Expr::Str(text) => Some(module.str(text)),
                        _ => None,
                    };
                    match name {
                        "get" if matches!(module[func], Expr::Attribute { .. }) => {
                            found.of_roles |= key(0).is_some_and(speaks_of_roles);
                            waiting.push((func, led));
                            continue;
                        }
                        // `getattr(user, "is_admin", False)`.
                        "getattr" | "hasattr" if matches!(module[func], Expr::Name { .. }) => {
                            if let Some(object) = given.first() {
                                waiting.push((object.value, led));
                            }
                            let attr = key(1).filter(|attr| !PRESENCE.contains(attr));
                            attributes.extend(attr.map(str::to_owned));
                            continue;
                        }
                        _ => {}
                    }
                    // `user.is_in(group)` says of the user what its argument says.
                    if !given.is_empty()
                        && let Expr::Attribute { value, .. } = module[func]
                    {
                        of_arguments.push(func);
                        waiting.push((value, led));
                    }
                    // `may_see(note, "visibility")`.
                    let keys = self.attribute_keys(world, func, args);
                    if ASKING.iter().any(|part| name.contains(part)) {
                        for (index, argument) in given.iter().enumerate() {
                            if !keys.contains(&index)
                                && let Some(asked) = self.texts_of(world, argument.value)
                                && !asked.is_empty()
                            {
                                texts.extend(asked);
                                found.given = true;
                            }
                        }
                    }
                    if !keys.is_empty() {
                        waiting.push((func, led));
                        let given = given.iter().enumerate();
                        let others = given.filter(|(index, _)| !keys.contains(index));
                        waiting.extend(others.map(|(_, argument)| (argument.value, led)));
                        continue;
                    }
                }
                _ => {}
            }
            let led = led || led_only;
            children(module, expr, |child| waiting.push((child, led)));
        }
        found.of_roles |= attributes
            .iter()
            .any(|attribute| speaks_of_roles(attribute));
        // A key or password that is compared is no name.
        let says = match refusal {
            Refusal::Forbidden => true,
            Refusal::Unauthorized | Refusal::Redirect | Refusal::Other => found.of_roles,
        };
        if !(found.given || says) {
            texts.clear();
        }
        if !named.is_empty() {
            texts = named;
        }
        // `not user.is_admin`: the attribute is what is asked for; `user.is_blocked` asks for nothing.
        if texts.is_empty() && !part.truth {
            texts = attributes;
            texts.retain(|attribute| {
                FLAGS.iter().any(|front| attribute.starts_with(front))
                    && !STATES.iter().any(|state| attribute.contains(state))
            });
        }
        // `"-"` is no name.
        texts.retain(|text| text.contains(char::is_alphabetic));
        found.names = texts;
        found
    }

    /// Which arguments of a call are names of attributes to the function that is called: `may_see(note, "visibility")`,
    /// where that asks for `getattr(note, name)`.
    fn attribute_keys(&self, world: &mut World<'_>, func: ExprId, args: List) -> Vec<usize> {
        let mut found = Vec::new();
        let module = world.machine.project.module(self.at);
        if !module
            .args(args)
            .iter()
            .any(|argument| matches!(module[argument.value], Expr::Str(_)))
        {
            return found;
        }
        let is_method = matches!(module[func], Expr::Attribute { .. });
        for callee in world.machine.evaluator.eval(self.at, func) {
            let Evaluated::Function(home, function) = callee else {
                continue;
            };
            let module = world.machine.project.module(home);
            let data = &module[function];
            let of_object = data.class.is_some() && is_method;
            for (id, expr) in module.exprs() {
                if let Expr::Call { func, args } = *expr
                    && data.range.contains_range(module.expr_range(id))
                    && let Some(position) =
                        last_name(module, func).and_then(|name| match name.as_str() {
                            "getattr" => Some(1),
                            "__getattribute__" => Some(0),
                            _ => None,
                        })
                    && let Some(key) = module.args(args).get(position)
                    && let Expr::Name { def, .. } = module[key.value]
                    && let DefKind::Param(index) = module[def].kind
                {
                    found.push(usize::from(index).saturating_sub(usize::from(of_object)));
                }
            }
        }
        found
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

    /// The setting that says which users there are to be: `user.id not in settings.admins`.
    fn is_listed(&self, world: &mut World<'_>, user: ExprId, list: ExprId) -> Option<String> {
        let module = world.machine.project.module(self.at);
        let (Expr::Attribute { attr: key, .. }, Expr::Attribute { value, attr }) =
            (&module[user], &module[list])
        else {
            return None;
        };
        let Expr::Name { def, .. } = module[*value] else {
            return None;
        };
        let outside = matches!(
            module[def].kind,
            DefKind::Entry | DefKind::ImportFrom { .. } | DefKind::Import { .. }
        );
        let names = IDENTIFIERS.contains(&key.as_str()) && depends(world, self.at, user);
        (names && outside && !depends(world, self.at, list)).then(|| attr.as_str().to_owned())
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

/// Whether a variable belongs to a function around, not to the module: who makes the guard gives it.
pub(super) fn is_of_function_around(module: &Module, def: DefId) -> bool {
    let name = name_of(module, def);
    let def = &module[def];
    let mut around = module[def.scope].parent;
    while let Some(scope) = around {
        if module.slot(scope, name).is_some() {
            let of_function = matches!(module[scope].kind, ScopeKind::Function(_));
            return of_function && matches!(def.kind, DefKind::Entry);
        }
        around = module[scope].parent;
    }
    false
}

/// Whether what is named so is a role or a group.
fn speaks_of_roles(name: &str) -> bool {
    name.contains("role") || name.contains("group")
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

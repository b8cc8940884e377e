//! In code because what is asserted decides whether it guards anything.

use crate::names;
use crate::prelude::*;

/// Functions and methods whose answer is a decision on access.
const DECISIONS: &[&str] = &[
    "has_perm",
    "has_perms",
    "has_permission",
    "has_object_permission",
    "has_module_perms",
    "check_password",
    "check_permission",
    "check_permissions",
    "is_authorized",
    "is_allowed",
    "has_role",
    "has_scope",
    "user_passes_test",
    "verify_password",
    "verify_signature",
    "verify_token",
    "compare_digest",
    "constant_time_compare",
    "check_password_hash",
    "url_has_allowed_host_and_scheme",
    "is_safe_url",
    "validate_csrf",
    "can_access",
    "can_edit",
    "can_delete",
    "can_view",
];

/// Attributes that tell what a user may do.
const STANDING: &[&str] = &["is_staff", "is_superuser", "is_admin", "is_owner"];

/// Asked where a check was made before, to tell a type checker, as often as to check.
const TOLD: &[&str] = &["is_authenticated", "is_anonymous", "is_relative_to"];

/// Objects whose values come from outside.
const REQUESTS: &[&str] = &[
    "flask.request.",
    "quart.request.",
    "bottle.request.",
    "django.http.HttpRequest().",
    "fastapi.Request().",
    "starlette.requests.Request().",
    "aiohttp.web.Request().",
    "sanic.Request().",
];

pub fn check(context: &mut Context<'_, '_>) {
    // Tests are made of asserts.
    if context.in_test {
        return;
    }
    let module = context.module;
    for (id, stmt) in module.stmts() {
        let Stmt::Assert { test, .. } = *stmt else {
            continue;
        };
        let range = module.stmt_range(id);
        if module.is_dead(range) {
            continue;
        }
        let (guard, what) = judge(context, test);
        let message = match guard {
            Guard::Access | Guard::Told => {
                format!("{what} decides on access, and this check is gone when Python runs with -O")
            }
            Guard::Input => format!(
                "{what} comes from a request, and this check is gone when Python runs with -O"
            ),
            Guard::None => "this check is gone when Python runs with -O".to_owned(),
        };
        let draft = context.report(module.expr_range(test), message);
        match guard {
            Guard::Access => draft.persona(Persona::Regular).severity(Severity::Medium),
            Guard::Input => draft.persona(Persona::Regular),
            Guard::Told => draft.persona(Persona::Pedantic),
            Guard::None => draft.persona(Persona::Auditor),
        };
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    Access,
    Input,
    /// Asserted to tell a type checker so, as often as to check.
    Told,
    None,
}

/// What the condition of an assert guards, and the word for it.
fn judge(context: &mut Context<'_, '_>, test: ExprId) -> (Guard, String) {
    let module = context.module;
    let mut open = vec![test];
    let mut found = (Guard::None, String::new());
    let mut steps = 0;
    while let Some(expr) = open.pop() {
        steps += 1;
        if steps > 64 {
            break;
        }
        match module[expr] {
            Expr::Call { func, args } => {
                let called = match module[func] {
                    Expr::Attribute { attr, .. } => attr.as_str(),
                    Expr::Name { slot, def } => {
                        module[module[def].scope].slots[slot.index()].name.as_str()
                    }
                    _ => "",
                };
                if DECISIONS.contains(&called) {
                    return (Guard::Access, called.to_owned());
                }
                if TOLD.contains(&called) && found.0 == Guard::None {
                    found = (Guard::Told, called.to_owned());
                }
                // Only whether it is there, or of which type it is.
                if matches!(
                    called,
                    "isinstance" | "callable" | "issubclass" | "hasattr" | "len"
                ) {
                    continue;
                }
                open.extend(module.args(args).iter().map(|argument| argument.value));
                open.push(func);
            }
            Expr::Attribute { value, attr } => {
                if STANDING.contains(&attr.as_str()) && holds_user(context, value) {
                    return (Guard::Access, attr.as_str().to_owned());
                }
                from_request(context, expr, &mut found);
                if TOLD.contains(&attr.as_str()) && found.0 == Guard::None {
                    found = (Guard::Told, attr.as_str().to_owned());
                }
                open.push(value);
            }
            Expr::Subscript { value, .. } => {
                from_request(context, expr, &mut found);
                open.push(value);
            }
            Expr::Name { .. } => from_request(context, expr, &mut found),
            Expr::Unary { operand, .. } => open.push(operand),
            Expr::Logic { values, .. } => open.extend(module.list(values)),
            // `is not None` tells types apart.
            Expr::Compare {
                op: CmpOp::Is | CmpOp::IsNot,
                ..
            } => {}
            Expr::Compare { left, right, .. } => open.extend([left, right]),
            _ => {}
        }
    }
    found
}

/// `request.user`, `user`, `current_user`.
fn holds_user(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    names::name_of(context, expr).is_some_and(|name| {
        names::words(&name).last().is_some_and(|last| {
            matches!(
                last.as_str(),
                "user" | "account" | "member" | "principal" | "caller" | "identity"
            )
        })
    })
}

fn from_request(context: &mut Context<'_, '_>, expr: ExprId, found: &mut (Guard, String)) {
    if !matches!(found.0, Guard::None | Guard::Told) {
        return;
    }
    if let Some(path) = context.paths(expr).into_iter().find(|path| {
        REQUESTS
            .iter()
            .any(|request| path.as_str().starts_with(request))
    }) {
        let path = path.as_str();
        if [
            "args",
            "form",
            "values",
            "json",
            "data",
            "GET",
            "POST",
            "COOKIES",
            "headers",
            "cookies",
            "query_params",
            "files",
            "FILES",
            "query",
            "match_info",
            "path_params",
            "body",
            "META",
            "get_json",
        ]
        .iter()
        .any(|part| path.split(['.', '(', '[']).any(|piece| piece == *part))
        {
            *found = (Guard::Input, "the value".to_owned());
        }
    }
}

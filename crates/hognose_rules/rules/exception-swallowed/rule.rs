//! In code because what is tried decides what it means to go on.

use crate::prelude::*;

/// First words of functions that refuse by an exception.
const REFUSING: &[&str] = &[
    "verify",
    "validate",
    "check",
    "authenticate",
    "authorize",
    "authorise",
    "require",
    "enforce",
    "ensure",
    "assert",
];

/// What such functions are about.
const SUBJECTS: &[&str] = &[
    "access",
    "auth",
    "authentication",
    "authorization",
    "certificate",
    "challenge",
    "checksum",
    "claims",
    "credential",
    "credentials",
    "csrf",
    "hmac",
    "identity",
    "jwt",
    "login",
    "mac",
    "nonce",
    "origin",
    "otp",
    "password",
    "permission",
    "permissions",
    "policy",
    "role",
    "roles",
    "scope",
    "scopes",
    "session",
    "signature",
    "signatures",
    "ssl",
    "tls",
    "token",
    "totp",
    "user",
];

/// Methods of libraries that refuse by an exception.
const VERIFIERS: &[&str] = &[
    "jwt.decode",
    "jose.jwt.decode",
    "jose.jws.verify",
    "google.oauth2.id_token.verify_oauth2_token",
    "nacl.signing.VerifyKey().verify",
    "hmac.HMAC().verify",
    "argon2.PasswordHasher().verify",
    "itsdangerous.URLSafeTimedSerializer().loads",
    "itsdangerous.URLSafeSerializer().loads",
    "itsdangerous.TimestampSigner().unsign",
    "itsdangerous.Signer().unsign",
    "django.core.signing.loads",
    "django.core.signing.Signer().unsign",
    "django.core.signing.TimestampSigner().unsign",
    "ssl.match_hostname",
    "cryptography.x509.load_pem_x509_certificate().verify_directly_issued_by",
    "cryptography.hazmat.primitives.serialization.load_pem_public_key().verify",
    "cryptography.hazmat.primitives.hmac.HMAC().verify",
    "stripe.Webhook.construct_event",
];

/// Last words of functions that clean up; to ignore their failure is common sense.
const CLEANING: &[&str] = &[
    "close",
    "aclose",
    "unlink",
    "remove",
    "rmtree",
    "rmdir",
    "kill",
    "terminate",
    "stop",
    "shutdown",
    "disconnect",
    "join",
    "cancel",
    "quit",
    "release",
    "flush",
    "cleanup",
    "rollback",
    "delete",
    "unsubscribe",
    "logout",
    "dispose",
    "killpg",
    "wait",
];

pub fn check(context: &mut Context<'_, '_>) {
    if context.in_test {
        return;
    }
    let module = context.module;
    for (id, stmt) in module.stmts() {
        let Stmt::Try {
            body,
            handlers,
            orelse,
            ..
        } = *stmt
        else {
            continue;
        };
        if module.is_dead(module.stmt_range(id)) {
            continue;
        }
        for handler in module.handlers(handlers) {
            if !drops(module, handler.body) {
                continue;
            }
            let goes_on = orelse.is_empty() && falls_through(module, handler.body);
            if goes_on
                && !only_says_missing(context, handler.types)
                && let Some((name, func)) = last_refusal(context, body)
            {
                let waived = waives_one_of_several(context, func, handler.types);
                let draft = context.report(head(context.module, handler), format!("when {name} refuses, the exception is dropped and the code goes on as if it had not"));
                draft.severity(Severity::Medium).persona(if waived {
                    Persona::Pedantic
                } else {
                    Persona::Regular
                });
                continue;
            }
            if !is_broad(context, handler.types) {
                continue;
            }
            let cleans = cleans_up(module, body);
            let draft = context.report(
                head(module, handler),
                "every exception is dropped here without a trace",
            );
            if cleans {
                draft.persona(Persona::Auditor);
            }
        }
    }
    suppressed(context);
}

/// `except …:`, without its body.
fn head(module: &Module, handler: &Handler) -> TextRange {
    let end = match handler.types {
        Some(types) => module.expr_range(types.get()).end(),
        None => handler.range.start() + TextSize::from(6),
    };
    TextRange::new(handler.range.start(), end)
}

/// Whether a handler does nothing at all.
fn drops(module: &Module, body: Block) -> bool {
    module.block(body).iter().all(|stmt| match module[*stmt] {
        Stmt::Pass | Stmt::Continue => true,
        Stmt::Expr(expr) => matches!(module[expr], Expr::Ellipsis | Expr::Str(_)),
        _ => false,
    })
}

fn falls_through(module: &Module, body: Block) -> bool {
    !module
        .block(body)
        .iter()
        .any(|stmt| matches!(module[*stmt], Stmt::Continue))
}

/// The classes that a handler names: `except A`, `except (A, B)`.
fn listed(module: &Module, types: NonMaxExpr) -> Vec<ExprId> {
    match module[types.get()] {
        Expr::Tuple(list) => module.list(list).to_vec(),
        _ => vec![types.get()],
    }
}

/// Everything, `Exception` or `BaseException`.
fn is_broad(context: &mut Context<'_, '_>, types: Option<NonMaxExpr>) -> bool {
    let Some(types) = types else { return true };
    listed(context.module, types).into_iter().any(|class| {
        context.paths(class).iter().any(|path| {
            matches!(
                path.as_str(),
                "builtins.Exception" | "builtins.BaseException"
            )
        })
    })
}

/// Whether a handler takes nothing but what says that something is not there: who refuses says something else.
fn only_says_missing(context: &mut Context<'_, '_>, types: Option<NonMaxExpr>) -> bool {
    const ENDS: &[&str] = &["NotFound", "NotFoundError", "NotFoundException", "DoesNotExist"];
    const LOOKUPS: &[&str] = &["KeyError", "IndexError", "LookupError", "AttributeError"];
    let Some(types) = types else { return false };
    listed(context.module, types).into_iter().all(|class| {
        name_of(context, class).is_some_and(|name| {
            ENDS.iter().any(|end| name.ends_with(end)) || LOOKUPS.contains(&name.as_str())
        })
    })
}

/// The call a block ends with, where its only effect is to refuse.
fn last_refusal(context: &mut Context<'_, '_>, body: Block) -> Option<(String, ExprId)> {
    let module = context.module;
    let last = module.block(body).last()?;
    let Stmt::Expr(expr) = module[*last] else {
        return None;
    };
    let expr = match module[expr] {
        Expr::Await(inner) => inner,
        _ => expr,
    };
    let Expr::Call { func, .. } = module[expr] else {
        return None;
    };
    if let Some(path) = context
        .paths(func)
        .iter()
        .find(|path| VERIFIERS.contains(&path.as_str()))
    {
        return Some((path.as_str().to_owned(), func));
    }
    let name = called(module, func)?;
    let words = crate::names::words(name);
    let first = words.first()?;
    let refuses = REFUSING.contains(&first.as_str())
        && words[1..]
            .iter()
            .any(|word| SUBJECTS.contains(&word.as_str()));
    // `key.verify(signature, data)` of whatever key.
    let verifies = name == "verify" && module.args_of(expr) >= 2;
    (refuses || verifies).then(|| (name.to_owned(), func))
}

/// Whether what is dropped is one of several ways in which a function of the project refuses, and a more general one passes:
/// the function raises a class above the one that is caught.
fn waives_one_of_several(
    context: &mut Context<'_, '_>,
    func: ExprId,
    types: Option<NonMaxExpr>,
) -> bool {
    let Some(types) = types else { return false };
    let caught = context.eval(types.get());
    let [Value::Class(home, class)] = *caught.as_slice() else {
        return false;
    };
    let above = context.values.mro(home, class);
    context.eval(func).into_iter().any(|callee| {
        let Value::Function(at, function) = callee else {
            return false;
        };
        let module = context.values.project().module(at);
        let whole = module[function].range;
        module.stmts().any(|(id, stmt)| {
            let Stmt::Raise {
                exception: Some(raised),
                ..
            } = *stmt
            else {
                return false;
            };
            if !whole.contains_range(module.stmt_range(id)) {
                return false;
            }
            let class = match module[raised.get()] {
                Expr::Call { func, .. } => func,
                _ => raised.get(),
            };
            context.values.eval(at, class).into_iter().any(|value| {
                let raised = match value {
                    Value::Class(home, class) => ClassRef::Project(home, class),
                    Value::External(path) => ClassRef::External(path),
                    _ => return false,
                };
                let named = !matches!(raised, ClassRef::External(path) if matches!(path.as_str(), "builtins.Exception" | "builtins.BaseException"));
                named && above.iter().skip(1).any(|above| *above == raised)
            })
        })
    })
}

fn called(module: &Module, func: ExprId) -> Option<&str> {
    match module[func] {
        Expr::Attribute { attr, .. } => Some(attr.as_str()),
        Expr::Name { slot, def } => {
            Some(module[module[def].scope].slots[slot.index()].name.as_str())
        }
        _ => None,
    }
}

/// Whether a block only calls what cleans up.
fn cleans_up(module: &Module, body: Block) -> bool {
    module.block(body).iter().all(|stmt| match module[*stmt] {
        Stmt::Expr(expr) => {
            let expr = match module[expr] {
                Expr::Await(inner) => inner,
                _ => expr,
            };
            let Expr::Call { func, .. } = module[expr] else {
                return false;
            };
            called(module, func).is_some_and(|name| {
                crate::names::words(name)
                    .last()
                    .is_some_and(|last| CLEANING.contains(&last.as_str()))
            })
        }
        Stmt::Pass | Stmt::Delete(_) | Stmt::Import(_) => true,
        _ => false,
    })
}

/// `contextlib.suppress(Exception)`.
fn suppressed(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        if !call.is(&["contextlib.suppress"]) {
            continue;
        }
        let broad = context.module.args(call.args).iter().any(|argument| {
            context.paths(argument.value).iter().any(|path| {
                matches!(
                    path.as_str(),
                    "builtins.Exception" | "builtins.BaseException"
                )
            })
        });
        if broad {
            context.report(
                call.range,
                "every exception is dropped here without a trace",
            );
        }
    }
}

trait ArgsOf {
    fn args_of(&self, call: ExprId) -> usize;
}

impl ArgsOf for Module {
    /// Number of arguments of a call.
    fn args_of(&self, call: ExprId) -> usize {
        match self[call] {
            Expr::Call { args, .. } => self.args(args).len(),
            _ => 0,
        }
    }
}

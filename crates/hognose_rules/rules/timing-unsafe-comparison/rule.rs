//! In code because it is a comparison, and both sides have to be judged.

use crate::prelude::*;

/// What makes a comparison unsafe.
enum Unsafe {
    Mac,
    Secret(String),
}

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    let mut found = Vec::new();
    for (id, expr) in module.exprs() {
        let Expr::Compare {
            op: CmpOp::Eq | CmpOp::NotEq,
            left,
            right,
        } = *expr
        else {
            continue;
        };
        let range = module.expr_range(id);
        if module.is_dead(range)
            || context.constant(left).is_some()
            || context.constant(right).is_some()
        {
            continue;
        }
        if is_mac(context, left) != is_mac(context, right) {
            found.push((range, Unsafe::Mac));
        } else if let Some(name) =
            secret(context, left, right).or_else(|| secret(context, right, left))
        {
            found.push((range, Unsafe::Secret(name)));
        }
    }
    for (range, why) in found {
        match why {
            Unsafe::Mac => context.report(
                range,
                "an HMAC is compared in a time that tells how much of a guess was right",
            ),
            Unsafe::Secret(name) => context.report(
                range,
                format!("{name} is compared in a time that tells how much of a guess was right"),
            ),
        };
    }
}

/// Whether a value holds the result of HMAC or CMAC.
fn is_mac(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    parts(context, expr).into_iter().any(|part| {
        matches!(context.module[part], Expr::Call { .. })
            && context.paths(part).iter().any(|path| {
                let path = path.as_str();
                path == "hmac.digest()"
                    || ((path.ends_with(".digest()")
                        || path.ends_with(".hexdigest()")
                        || path.ends_with(".finalize()"))
                        && (path.starts_with("hmac.")
                            || path.contains(".hmac.HMAC()")
                            || path.contains(".cmac.CMAC()")
                            || path.contains(".Hash.HMAC.new()")
                            || path.contains(".Hash.CMAC.new()")))
            })
    })
}

/// The name of a configured secret that is compared with something a client may have sent.
fn secret(context: &mut Context<'_, '_>, own: ExprId, other: ExprId) -> Option<String> {
    let module = context.module;
    let name = name_of(context, own)
        .filter(|name| is_secret(name))
        .or_else(|| {
            let made = module.origin(own);
            name_of(context, made).filter(|name| is_secret(name))
        })?;
    if is_basic_credential(context, other) {
        return (!matches!(context.module[context.module.origin(own)], Expr::Call { .. })).then_some(name);
    }
    if !is_configured(context, own) && !is_kept_in_session(context, own) {
        return None;
    }
    // The other side is called a secret too, is none of the program's own, and is a plain value.
    let sent = name_of(context, other)?;
    if !(is_secret(&sent)
        || words(&sent)
            .iter()
            .any(|word| matches!(word.as_str(), "key" | "authorization" | "signature" | "sig")))
    {
        return None;
    }
    if is_configured(context, other)
        || is_within_configuration(context, other)
        || is_of_command_line(context, other)
        || is_key_of_container(context.module, other)
    {
        return None;
    }
    Some(name)
}

/// Whether a value is read from something that is called a configuration, however deep: `configs_by_port[port]["password"]`.
fn is_within_configuration(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    const WORDS: &[&str] = &["conf", "config", "configs", "configuration", "settings"];
    /// Items and attributes of each other.
    const MAX_STEPS: usize = 8;
    let module = context.module;
    let mut at = module.origin(expr);
    for _ in 0..MAX_STEPS {
        at = match module[at] {
            Expr::Attribute { value, .. } | Expr::Subscript { value, .. } => value,
            Expr::Call { func, .. } => func,
            _ => return false,
        };
        let named = name_of(context, at).unwrap_or_default();
        if words(&named).iter().any(|word| WORDS.contains(&word.as_str())) {
            return true;
        }
    }
    false
}

/// Whether a value is the key that a container is asked for, in the method that does it.
fn is_key_of_container(module: &Module, expr: ExprId) -> bool {
    let Expr::Name { def, .. } = module[expr] else {
        return false;
    };
    let (DefKind::Param(_), ScopeKind::Function(function)) =
        (module[def].kind, module[module[def].scope].kind)
    else {
        return false;
    };
    let name = module[function].name;
    matches!(
        name.as_str(),
        "__getitem__" | "__setitem__" | "__delitem__" | "__contains__" | "__missing__"
    )
}

/// Whether a value is a part of something that was decoded from Base64 and taken apart: a name or password of HTTP's Basic scheme.
fn is_basic_credential(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    /// Steps from the part to what was decoded: unpacking, splitting, decoding.
    const MAX_STEPS: usize = 8;
    let module = context.module;
    let mut at = module.origin(expr);
    let mut split = false;
    for _ in 0..MAX_STEPS {
        let next = match module[at] {
            Expr::Element { of, .. } => of,
            Expr::Subscript { value, .. } => value,
            Expr::Call { func, .. } => {
                let decodes = |path: &Symbol| {
                    matches!(path.as_str(), "base64.b64decode()" | "base64.standard_b64decode()")
                };
                if context.paths(at).iter().any(decodes) {
                    return split;
                }
                let Expr::Attribute { value, attr } = module[func] else {
                    return false;
                };
                split |= matches!(attr.as_str(), "split" | "partition" | "rsplit");
                value
            }
            _ => return false,
        };
        at = module.origin(next);
    }
    false
}

/// Whether a value is a parameter of a command: whoever gives it runs the program, and could read its environment as well.
fn is_of_command_line(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    const LIBRARIES: &[&str] = &["click.", "typer.", "cyclopts.", "argparse."];
    let module = context.module;
    let known = |path: &Symbol| LIBRARIES.iter().any(|library| path.as_str().starts_with(library));
    if context.paths(expr).iter().any(known) {
        return true;
    }
    let Expr::Name { def, .. } = module[expr] else {
        return false;
    };
    let (DefKind::Param(index), ScopeKind::Function(function)) =
        (module[def].kind, module[module[def].scope].kind)
    else {
        return false;
    };
    let function = &module[function];
    let mut marks = function.decorators.clone();
    if let Some(param) = function.params.get(usize::from(index)) {
        marks.extend(param.default);
        // `Annotated[str, typer.Option("--key")]`
        if let Some(annotation) = param.annotation
            && let Expr::Subscript { index, .. } = module[annotation]
            && let Expr::Tuple(list) = module[index]
        {
            marks.extend_from_slice(module.list(list));
        }
    }
    marks
        .into_iter()
        .any(|mark| context.paths(mark).iter().any(known))
}

/// Whether a value is what the session keeps to compare the next request with: a CSRF token or a code sent to the user.
fn is_kept_in_session(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    let module = context.module;
    let expr = module.origin(expr);
    let owner = match module[expr] {
        Expr::Subscript { value, .. } => value,
        Expr::Call { func, .. } => match module[func] {
            Expr::Attribute { value, attr } if matches!(attr.as_str(), "get" | "pop") => value,
            _ => return false,
        },
        _ => return false,
    };
    let owner = name_of(context, owner).unwrap_or_default();
    let name = name_of(context, expr).unwrap_or_default();
    words(&owner).last().is_some_and(|last| last == "session")
        && words(&name)
            .iter()
            .any(|word| matches!(word.as_str(), "csrf" | "xsrf" | "otp" | "code"))
}

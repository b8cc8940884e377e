//! In code because it is a comparison, and both sides have to be judged.

use crate::prelude::*;

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
        if !module.is_dead(range)
            && is_plain(context, left, right)
            && !is_described(context, left)
            && !is_described(context, right)
        {
            found.push(range);
        }
    }
    for call in context.calls() {
        if !call.is(&[
            "hmac.compare_digest",
            "secrets.compare_digest",
            "django.utils.crypto.constant_time_compare",
        ]) {
            continue;
        }
        let [left, right] = module.args(call.args) else {
            continue;
        };
        if is_plain(context, left.value, right.value) {
            found.push(call.range);
        }
    }
    for range in found {
        context.report(range, "a stored password is compared as plain text");
    }
}

fn is_plain(context: &mut Context<'_, '_>, left: ExprId, right: ExprId) -> bool {
    (is_stored(context, left) && is_typed(context, right))
        || (is_stored(context, right) && is_typed(context, left))
}

/// Whether the object's class keeps that attribute behind a descriptor of the project, which decides what it means to compare
/// it. Of an object of unknown class, whether some class of the project does.
fn is_described(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    let Expr::Attribute { value, attr } = context.module[expr] else {
        return false;
    };
    let classes: Vec<(ModuleId, ClassId)> = match *context.eval(value).as_slice() {
        [Value::Instance(at, class)] => {
            let order = context.values.mro(at, class);
            let known = order.iter().filter_map(|above| match *above {
                ClassRef::Project(at, class) => Some((at, class)),
                ClassRef::External(_) => None,
            });
            known.collect()
        }
        _ => {
            let project = context.values.project();
            let all = project
                .iter()
                .flat_map(|(id, module)| (0u32..).zip(&module.classes).map(move |(n, _)| (id, ClassId(n))));
            all.collect()
        }
    };
    classes.into_iter().any(|(id, class)| {
        let module = context.values.project().module(id);
        let Some(slot) = module.slot(module[class].scope, attr) else {
            return false;
        };
        slot.defs.iter().any(|def| match module[*def].kind {
            DefKind::Value(value) => context.values.eval(id, value).into_iter().any(|value| {
                matches!(value, Value::Instance(at, class)
                    if context.class_defines(at, class, &["__get__"]))
            }),
            _ => false,
        })
    })
}

/// Words that make a name one of two fields a user fills in, or a password to be set.
const FORM: &[&str] = &[
    "again",
    "confirm",
    "confirmation",
    "new",
    "old",
    "repeat",
    "repeated",
    "retype",
    "verify",
];

/// The password attribute of an object that is kept: not of a form, request or configuration.
fn is_stored(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    let module = context.module;
    let Expr::Attribute { value, attr } = module[expr] else {
        return false;
    };
    if !is_password(attr.as_str())
        || words(attr.as_str())
            .iter()
            .any(|word| FORM.contains(&word.as_str()))
    {
        return false;
    }
    let owner = match module[value] {
        Expr::Name { .. } | Expr::Attribute { .. } => name_of(context, value).unwrap_or_default(),
        _ => return false,
    };
    let owner = words(&owner);
    const OTHERWISE: &[&str] = &[
        "args",
        "arguments",
        "auth",
        "body",
        "cfg",
        "cls",
        "conf",
        "config",
        "configuration",
        "credential",
        "credentials",
        "creds",
        "data",
        "form",
        "input",
        "module",
        "namespace",
        "options",
        "opts",
        "params",
        "parsed",
        "payload",
        "query",
        "req",
        "request",
        "schema",
        "serializer",
        "settings",
        "url",
        "uri",
        "values",
    ];
    if owner.iter().any(|word| OTHERWISE.contains(&word.as_str())) {
        return false;
    }
    // The operator's own configuration.
    let declared = context.eval(expr);
    if declared.iter().any(
        |value| matches!(value, Value::External(path) if path.as_str().starts_with("traitlets.")),
    ) {
        return false;
    }
    // What the object is made of says more than its name.
    !context.eval(value).iter().any(|value| match value {
        Value::External(path) => {
            path.as_str().starts_with("flask.request")
                || path.as_str().starts_with("urllib.parse.")
                || path.as_str().starts_with("argparse.")
        }
        Value::Module(_) => true,
        _ => false,
    })
}

/// A password as it came from a user: a variable, a field of a request, an attribute of a form.
fn is_typed(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    let module = context.module;
    match module[expr] {
        Expr::Name { .. } => {
            // Whatever a call made of it may be a hash.
            let made = module.origin(expr);
            if made != expr
                && matches!(module[made], Expr::Call { .. })
                && name_of(context, made).is_none()
            {
                return false;
            }
        }
        Expr::Subscript { .. } | Expr::Call { .. } => {}
        Expr::Attribute { value, .. } => {
            // Two objects of one kind, as in `__eq__`.
            let owner = name_of(context, value).unwrap_or_default();
            if !words(&owner).iter().any(|word| {
                matches!(
                    word.as_str(),
                    "form"
                        | "request"
                        | "req"
                        | "data"
                        | "payload"
                        | "body"
                        | "credentials"
                        | "args"
                        | "input"
                        | "schema"
                )
            }) {
                return false;
            }
        }
        _ => return false,
    }
    name_of(context, expr).is_some_and(|name| {
        is_password(&name)
            && !words(&name)
                .iter()
                .any(|word| FORM.contains(&word.as_str()))
    })
}

//! In code because managers are seldom known by their type: `raw` of something called `objects` is.

use crate::prelude::*;

const RAW: &[&str] = &[
    "django.db.models.expressions.RawSQL",
    "django.db.models.RawSQL",
    "django.contrib.gis.db.models.expressions.RawSQL",
    "django.contrib.gis.db.models.RawSQL",
];

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    for call in context.calls() {
        let (words, name) = if call.is(RAW) {
            ("RawSQL", "sql")
        } else if let Expr::Attribute { value, attr } = module[call.func]
            && attr.as_str() == "raw"
            && is_manager(context, value)
        {
            ("raw", "raw_query")
        } else {
            continue;
        };
        let Argument::Given(at, sql) = context.arg(call, Some(name), Some(0)) else {
            continue;
        };
        if at != context.id {
            continue;
        }
        let parts = context.text_parts(sql);
        if parts.into_iter().all(|(home, part)| {
            crate::text::is_compiled_sql(context.values.project().module(home), part)
        }) {
            continue;
        }
        let built = context.is_built(sql);
        let draft = context.report(
            call.range,
            format!(
                "{words} gets SQL that is {}",
                if built {
                    "put together from variables"
                } else {
                    "not constant"
                }
            ),
        );
        if !built {
            draft
                .severity(Severity::Medium)
                .confidence(Confidence::Low)
                .persona(Persona::Pedantic);
        }
    }
}

/// `Model.objects`, `Model._default_manager`, what `using` and `db_manager` of one give, or a manager known by its type.
fn is_manager(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    if context.paths(expr).iter().any(|path| {
        path.as_str().starts_with("django.db.models.") && path.as_str().ends_with("Manager()")
    }) {
        return true;
    }
    match context.module[expr] {
        Expr::Attribute { attr, .. } => matches!(
            attr.as_str(),
            "objects" | "_default_manager" | "_base_manager"
        ),
        Expr::Call { func, .. } => match context.module[func] {
            Expr::Attribute { value, attr } => {
                matches!(
                    attr.as_str(),
                    "using" | "db_manager" | "all" | "get_queryset"
                ) && is_manager(context, value)
            }
            _ => false,
        },
        _ => false,
    }
}

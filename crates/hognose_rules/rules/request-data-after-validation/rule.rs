//! Needs the fields of the form's class and the order of two uses in a function.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    if !module.text.as_str().contains(".is_valid()") {
        return;
    }
    for call in context.calls() {
        let Expr::Attribute { value: form, attr } = module[call.func] else {
            continue;
        };
        if attr.as_str() != "is_valid" {
            continue;
        }
        let Some(function) = module
            .functions
            .iter()
            .filter(|function| function.range.contains_range(call.range))
            .min_by_key(|function| function.range.len())
        else {
            continue;
        };
        let fields = form_fields(context, form);
        if fields.is_empty() || !is_bound_to_request(module, form) {
            continue;
        }
        let Some(valid) = where_valid(module, call.range, function.range) else {
            continue;
        };
        for (range, key) in reads(context, function.range) {
            if valid.contains_range(range) && fields.contains(key.as_str()) {
                context.report(
                    range,
                    format!("the field {key} was validated, but is taken from the request again"),
                );
            }
        }
    }
}

/// The code that runs only if the form is valid: the body of `if form.is_valid():`, or what follows `if not form.is_valid():`.
fn where_valid(module: &Module, call: TextRange, function: TextRange) -> Option<TextRange> {
    module.stmts().find_map(|(stmt, node)| {
        let Stmt::If { test, body, .. } = *node else {
            return None;
        };
        let range = module.expr_range(test);
        if !range.contains_range(call) {
            return None;
        }
        if matches!(
            module[test],
            Expr::Unary {
                op: UnaryOp::Not,
                ..
            }
        ) {
            let end = module.stmt_range(stmt).end();
            return Some(TextRange::new(end, function.end().max(end)));
        }
        let (first, last) = (module.block(body).first()?, module.block(body).last()?);
        Some(module.stmt_range(*first).cover(module.stmt_range(*last)))
    })
}

/// `Form(request.POST)`: the form holds what the request sent.
fn is_bound_to_request(module: &Module, form: ExprId) -> bool {
    let Expr::Name { def, .. } = module[form] else {
        return false;
    };
    let DefKind::Value(value) = module[def].kind else {
        return false;
    };
    let Expr::Call { args, .. } = module[value] else {
        return false;
    };
    module.args(args).iter().any(|argument| {
        let range = module.expr_range(argument.value);
        module
            .text
            .as_str()
            .get(range.start().to_usize()..range.end().to_usize())
            .is_some_and(|text| text.contains("request.POST"))
    })
}

/// Names of the fields of the form's class: those it declares, and those its `Meta` lists.
fn form_fields(context: &mut Context<'_, '_>, form: ExprId) -> FxHashSet<&'static str> {
    let mut fields = FxHashSet::default();
    for value in context.eval(form) {
        let Value::Instance(at, class) = value else {
            continue;
        };
        let order = context.values.mro(at, class);
        let is_form = order.iter().any(|base| matches!(base, hognose_python::ClassRef::External(path) if path.as_str().starts_with("django.") && path.as_str().contains("forms")));
        if !is_form {
            continue;
        }
        for base in order.iter() {
            let hognose_python::ClassRef::Project(home, class) = *base else {
                continue;
            };
            let module = context.values.project().module(home);
            for slot in &module[module[class].scope].slots {
                if slot.bound && matches!(module[slot.exit].kind, DefKind::Value(_)) {
                    fields.insert(slot.name.as_str());
                }
                if let ("Meta", DefKind::Class(meta)) = (slot.name.as_str(), module[slot.exit].kind)
                    && let Some(listed) = module.slot(module[meta].scope, Symbol::from("fields"))
                    && let DefKind::Value(value) = module[listed.exit].kind
                    && let Some(Constant::Seq(items)) = context.values.constant(home, value)
                {
                    fields.extend(
                        items
                            .iter()
                            .filter_map(Constant::text)
                            .map(|name| Symbol::from(name).as_str()),
                    );
                }
            }
        }
    }
    fields
}

/// Reads of `request.POST` with a constant key inside a function.
fn reads(context: &mut Context<'_, '_>, function: TextRange) -> Vec<(TextRange, String)> {
    let module = context.module;
    let mut found = Vec::new();
    for (expr, node) in module.exprs() {
        let range = module.expr_range(expr);
        if !function.contains_range(range) || module.is_dead(range) {
            continue;
        }
        let (object, key) = match *node {
            Expr::Subscript { value, index } => (value, index),
            Expr::Call { func, args } => match (module[func], module.args(args).first()) {
                (Expr::Attribute { value, attr }, Some(first))
                    if matches!(attr.as_str(), "get" | "getlist") =>
                {
                    (value, first.value)
                }
                _ => continue,
            },
            _ => continue,
        };
        let Expr::Attribute {
            value: request,
            attr,
        } = module[object]
        else {
            continue;
        };
        let is_request = match module[request] {
            Expr::Name { .. } => context.text(module.expr_range(request)) == "request",
            Expr::Attribute { attr, .. } => attr.as_str() == "request",
            _ => false,
        };
        if attr.as_str() == "POST"
            && is_request
            && let Expr::Str(text) = module[key]
        {
            found.push((range, module.str(text).to_owned()));
        }
    }
    found
}

//! In code because no matcher looks at asserts.

use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    for (id, stmt) in module.stmts() {
        let Stmt::Assert { test, .. } = *stmt else { continue };
        let message = match module[test] {
            Expr::Tuple(list) if list.len == 2 && matches!(module[module.list(list)[1]], Expr::Str(_) | Expr::FString(_)) => {
                "this assert can never fail: the brackets make condition and message a tuple, which is true"
            }
            Expr::Tuple(list) if !list.is_empty() => "this assert can never fail: a tuple with something in it is true",
            Expr::Str(text) if !module.str(text).is_empty() => "this assert can never fail: a text is true",
            Expr::FString(list) if module.list(list).iter().any(|part| matches!(module[*part], Expr::Str(text) if !module.str(text).is_empty())) => {
                "this assert can never fail: a text is true"
            }
            Expr::Lambda(_) => "this assert can never fail: a function that is not called is true",
            Expr::Comprehension(inner) if module[inner].kind == ComprehensionKind::Generator => {
                "this assert can never fail: a generator is true, whatever it would give"
            }
            _ => continue,
        };
        if !module.is_dead(module.stmt_range(id)) {
            context.report(module.expr_range(test), message);
        }
    }
}

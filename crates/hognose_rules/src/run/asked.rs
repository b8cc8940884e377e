//! Places that only run where an option of the command line asks for them.

use hognose_python::Module;
use hognose_python::ir::*;
use ruff_text_size::TextRange;

/// Whether code runs, or what it makes is used, only where its caller asked for it.
pub(super) fn is_asked_for(module: &Module, range: TextRange, options: &[String]) -> bool {
    if is_in_asked_branch(module, range, options) || is_chosen_within(module, range, options) {
        return true;
    }
    // `LAX = Client(verify=False)` of the module, used as `client = STRICT if verify else LAX`.
    let made = module
        .block(module.body)
        .iter()
        .find_map(|stmt| match module[*stmt] {
            Stmt::Assign { value, binds } if module.expr_range(value) == range => {
                match *module.binds(binds) {
                    [
                        Bind {
                            target: Target::Name(def),
                            ..
                        },
                    ] => Some(def),
                    _ => None,
                }
            }
            _ => None,
        });
    let Some(def) = made else { return false };
    let name = module[Module::TOP].slots[module[def].slot.index()].name;
    let mut used = false;
    for (expr, node) in module.exprs() {
        let Expr::Name { slot, def } = *node else {
            continue;
        };
        if module[module[def].scope].slots[slot.index()].name != name {
            continue;
        }
        if !is_in_asked_branch(module, module.expr_range(expr), options) {
            return false;
        }
        used = true;
    }
    used
}

/// Whether the code holds `x if test else y` whose test names an option, or looks one up in a table: `MODES[verify_mode]`.
fn is_chosen_within(module: &Module, range: TextRange, options: &[String]) -> bool {
    module.exprs().any(|(id, expr)| {
        let asked = match *expr {
            Expr::Conditional { test, .. } => test,
            Expr::Subscript { index, .. } => match module[index] {
                Expr::Name { .. } | Expr::Attribute { .. } => index,
                _ => return false,
            },
            _ => return false,
        };
        range.contains_range(module.expr_range(id))
            && names_option(module, module.expr_range(asked), options)
    })
}

fn names_option(module: &Module, asked: TextRange, options: &[String]) -> bool {
    let text = module
        .text
        .as_str()
        .get(asked.start().to_usize()..asked.end().to_usize());
    let text = text.unwrap_or_default().to_ascii_lowercase();
    options.iter().any(|option| text.contains(option.as_str()))
}

/// Whether code stands in a branch of an `if`, or of `x if test else y`, of the same function whose test names an option.
fn is_in_asked_branch(module: &Module, range: TextRange, options: &[String]) -> bool {
    let function = module
        .functions
        .iter()
        .filter(|function| {
            function.range.contains_range(range) && function.name.as_str() != "<lambda>"
        })
        .min_by_key(|function| function.range.len());
    let Some(function) = function else {
        return false;
    };
    let statements = module.stmts().filter_map(|(id, stmt)| match *stmt {
        Stmt::If { test, .. } => Some((test, module.stmt_range(id))),
        _ => None,
    });
    let expressions = module.exprs().filter_map(|(id, expr)| match *expr {
        Expr::Conditional { test, .. } => Some((test, module.expr_range(id))),
        _ => None,
    });
    statements.chain(expressions).any(|(test, whole)| {
        if !whole.contains_range(range) || !function.range.contains_range(whole) {
            return false;
        }
        let test = module.expr_range(test);
        // What stands in the test itself is done to decide, not decided.
        !test.contains_range(range) && names_option(module, test, options)
    })
}

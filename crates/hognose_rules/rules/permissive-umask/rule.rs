//! In code because a mask that is set and put back is no finding.

use crate::prelude::*;

const WRITE_FOR_OTHERS: i64 = 0o002;

const STARTERS: &[&str] = &[
    "subprocess.run",
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "asyncio.subprocess.create_subprocess_exec",
    "asyncio.subprocess.create_subprocess_shell",
];

pub fn check(context: &mut Context<'_, '_>) {
    let masks: Vec<&CallSite> = context
        .calls()
        .iter()
        .filter(|call| call.is(&["os.umask"]))
        .collect();
    for call in &masks {
        let Argument::Given(at, expr) = context.arg(call, None, Some(0)) else {
            continue;
        };
        let Some(Constant::Int(mask)) = context.values.constant(at, expr) else {
            continue;
        };
        if mask & WRITE_FOR_OTHERS == 0 && !is_restored(context, call, &masks) {
            context.report(
                call.range,
                format!("os.umask({mask:#o}) leaves every new file writable for all users"),
            );
        }
    }
    for call in context.calls().iter().filter(|call| call.is(STARTERS)) {
        let Argument::Given(at, expr) = context.arg(call, Some("umask"), None) else {
            continue;
        };
        let Some(Constant::Int(mask)) = context.values.constant(at, expr) else {
            continue;
        };
        if mask >= 0 && mask & WRITE_FOR_OTHERS == 0 {
            let text = context.text(context.module.expr_range(expr));
            context.report(call.range, format!("a process started with umask={text} leaves every new file writable for all users"));
        }
    }
}

/// `old = os.umask(0)` … `os.umask(old)`, also by way of an attribute and without a name.
fn is_restored(context: &mut Context<'_, '_>, call: &CallSite, masks: &[&CallSite]) -> bool {
    let module = context.module;
    let kept: Vec<_> = module
        .attribute_stores
        .iter()
        .filter(|store| store.value == call.expr)
        .map(|store| store.attr)
        .collect();
    masks.iter().any(|other| {
        let Argument::Given(_, expr) = context.arg(other, None, Some(0)) else {
            return false;
        };
        match module[expr] {
            _ if expr == call.expr => true,
            Expr::Name { def, .. } => may_be(module, def, call.expr, 0),
            Expr::Attribute { attr, .. } => kept.contains(&attr),
            _ => false,
        }
    })
}

fn may_be(module: &Module, def: DefId, expr: ExprId, depth: u32) -> bool {
    match module[def].kind {
        DefKind::Value(value) => value == expr,
        DefKind::Phi(list) if depth < 8 => module
            .defs_list(list)
            .iter()
            .any(|def| may_be(module, *def, expr, depth + 1)),
        _ => false,
    }
}

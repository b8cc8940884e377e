//! In code because modes are sets of bits, often put together from `stat` constants and from the mode a file has.

use crate::prelude::*;

const WRITE_FOR_OTHERS: i64 = 0o002;
const WRITE_FOR_GROUP: i64 = 0o020;
const ANYTHING_FOR_OTHERS: i64 = 0o007;
const STICKY: i64 = 0o1000;

/// Nesting of `|` that is followed.
const MAX_DEPTH: u32 = 16;

/// Functions that set exactly the bits they are told, with the position of the mode.
const SETTERS: &[(&str, usize)] = &[
    ("os.chmod", 1),
    ("os.fchmod", 1),
    ("os.lchmod", 1),
    ("pathlib.Path().chmod", 0),
    ("pathlib.Path().lchmod", 0),
    ("pathlib.PosixPath().chmod", 0),
    ("pathlib.PosixPath().lchmod", 0),
];

/// Functions that create something; the umask takes bits away. `mkdir` is not among them: everything for everybody is its
/// default, so that writing it down changes nothing.
const MAKERS: &[(&str, usize)] = &[("os.open", 2), ("os.mkfifo", 1), ("os.mknod", 1)];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let found = |table: &'static [(&'static str, usize)]| {
            call.paths.iter().find_map(|path| {
                table
                    .iter()
                    .find(|(name, _)| path.as_str() == *name)
                    .copied()
            })
        };
        let (callee, position, exact) = match (found(SETTERS), found(MAKERS)) {
            (Some((callee, position)), _) => (callee, position, true),
            (_, Some((callee, position))) => (callee, position, false),
            _ => continue,
        };
        let Argument::Given(at, expr) = context.arg(call, Some("mode"), Some(position)) else {
            continue;
        };
        let bits = bits_of(context.values, at, expr, 0);
        let mode = match context.values.constant(at, expr) {
            Some(Constant::Int(mode)) => format!("mode {mode:#o}"),
            _ => format!("the bits {bits:#o}"),
        };
        if !exact {
            if bits & (WRITE_FOR_OTHERS | WRITE_FOR_GROUP) != 0 {
                let draft = context.report(
                    call.range,
                    format!("{callee} with {mode} relies on the umask to keep others from writing"),
                );
                draft.severity(Severity::Low).persona(Persona::Auditor);
            }
        } else if bits & WRITE_FOR_OTHERS != 0 && bits & STICKY != 0 {
            let draft = context.report(
                call.range,
                format!("{callee} with {mode} makes another shared temporary directory"),
            );
            draft.severity(Severity::Low).persona(Persona::Auditor);
        } else if bits & WRITE_FOR_OTHERS != 0 {
            context
                .report(
                    call.range,
                    format!("{callee} with {mode} lets every user of the machine write"),
                )
                .severity(Severity::High);
        } else if bits & WRITE_FOR_GROUP != 0 {
            let draft = context.report(
                call.range,
                format!("{callee} with {mode} lets the group write"),
            );
            draft.severity(Severity::Low).persona(Persona::Pedantic);
        } else if bits & ANYTHING_FOR_OTHERS != 0 {
            let draft = context.report(
                call.range,
                format!("{callee} with {mode} lets every user of the machine read or execute"),
            );
            draft.severity(Severity::Low).persona(Persona::Auditor);
        }
    }
}

/// Bits that are surely set.
fn bits_of(values: &mut Evaluator<'_>, at: ModuleId, expr: ExprId, depth: u32) -> i64 {
    if let Some(Constant::Int(mode)) = values.constant(at, expr) {
        return mode;
    }
    if depth > MAX_DEPTH {
        return 0;
    }
    let found = values.eval(at, expr);
    let [Value::Expr(home, inner)] = found.as_slice() else {
        return 0;
    };
    match values.project().module(*home)[*inner] {
        Expr::Binary {
            op: Operator::BitOr,
            left,
            right,
        }
        | Expr::InPlace {
            op: Operator::BitOr,
            left,
            right,
        } => bits_of(values, *home, left, depth + 1) | bits_of(values, *home, right, depth + 1),
        Expr::Binary {
            op: Operator::BitAnd,
            left,
            right,
        }
        | Expr::InPlace {
            op: Operator::BitAnd,
            left,
            right,
        } => bits_of(values, *home, left, depth + 1) & bits_of(values, *home, right, depth + 1),
        _ => 0,
    }
}

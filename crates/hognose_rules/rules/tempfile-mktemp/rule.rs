//! In code because a name is safe in a directory of one's own, and with a call that refuses a file that exists, such as `os.symlink`.

use crate::prelude::*;

const CHOOSERS: &[&str] = &["tempfile.mktemp", "os.tempnam", "os.tmpnam"];

/// Calls that fail where something has that name already, with the position of the name.
const EXCLUSIVE: &[(&str, usize)] = &[
    ("os.symlink", 1),
    ("win32file.CreateSymbolicLink", 0),
    ("os.link", 1),
    ("os.mkdir", 0),
    ("os.mkfifo", 0),
    ("os.mknod", 0),
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let known = call
            .paths
            .iter()
            .map(Callee::as_str)
            .find(|path| CHOOSERS.contains(path));
        let Some(path) = known.or_else(|| unbound(context, call)) else {
            continue;
        };
        if is_in_own_directory(context, call) || is_taken_exclusively(context, call.expr) {
            continue;
        }
        let draft = context.report(
            call.range,
            format!("{path} only returns a name; somebody else can create the file first"),
        );
        if known.is_none() {
            draft.confidence(Confidence::Low);
        }
    }
}

/// `tempfile.mktemp()` where nothing seen here binds `tempfile`: a star import or another part of the program does.
fn unbound(context: &mut Context<'_, '_>, call: &CallSite) -> Option<&'static str> {
    let Expr::Attribute { value, attr } = context.module[call.func] else {
        return None;
    };
    let module = context.name_of(value)?;
    let path = CHOOSERS.iter().find(|path| {
        path.split_once('.') == Some((module.as_str(), attr.as_str()))
    })?;
    let starred = |found: &str| {
        let from = found.strip_suffix(module.as_str());
        from.and_then(|from| from.strip_suffix('.'))
            .is_some_and(|from| {
                let mut stars = context.module.star_imports.iter();
                stars.any(|star| star.as_str() == from)
            })
    };
    let unbound = context.values.eval(context.id, value).iter().all(|value| match value {
        Value::Unknown(Unresolved::Unbound) => true,
        Value::External(found) => starred(found.as_str()),
        _ => false,
    });
    unbound.then_some(*path)
}

/// Whether the name is one of a directory that was just made, which nobody else can write to.
fn is_in_own_directory(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    const MAKERS: &[&str] = &["tempfile.mkdtemp()", "tempfile.TemporaryDirectory()"];
    let Argument::Given(_, directory) = context.arg(call, Some("dir"), Some(2)) else {
        return false;
    };
    let made = context.paths(directory);
    !made.is_empty()
        && made
            .iter()
            .all(|path| MAKERS.iter().any(|maker| path.as_str().starts_with(maker)))
}

fn is_taken_exclusively(context: &mut Context<'_, '_>, name: ExprId) -> bool {
    for (callee, position) in EXCLUSIVE {
        for call in context.calls().iter().filter(|call| call.is(&[callee])) {
            let Argument::Given(_, argument) = context.arg(call, None, Some(*position)) else {
                continue;
            };
            if argument == name
                || crate::text::definition(context.values, context.id, argument) == Some(name)
            {
                return true;
            }
        }
    }
    false
}

//! In code because a name is safe with a call that refuses a file that exists, such as `os.symlink`.

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
        let Some(path) = call
            .paths
            .iter()
            .find(|path| CHOOSERS.contains(&path.as_str()))
        else {
            continue;
        };
        if !is_taken_exclusively(context, call.expr) {
            context.report(
                call.range,
                format!("{path} only returns a name; somebody else can create the file first"),
            );
        }
    }
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

//! In code because the path is followed to the call that writes there.

use crate::prelude::*;

const DIRECTORIES: &[&str] = &["/tmp/", "/var/tmp/", "/dev/shm/"];

/// Calls that open for writing as their mode says, with the positions of path and mode.
const OPENERS: &[(&str, usize, usize)] = &[
    ("builtins.open", 0, 1),
    ("io.open", 0, 1),
    ("codecs.open", 0, 1),
    ("aiofiles.open", 0, 1),
    ("gzip.open", 0, 1),
    ("bz2.open", 0, 1),
    ("lzma.open", 0, 1),
    ("zipfile.ZipFile", 0, 1),
    ("tarfile.open", 0, 1),
];

/// Calls that always write, with the name and position of the path.
const WRITERS: &[(&str, &str, usize)] = &[
    ("shutil.copy", "dst", 1),
    ("shutil.copy2", "dst", 1),
    ("shutil.copyfile", "dst", 1),
    ("shutil.move", "dst", 1),
    ("os.rename", "dst", 1),
    ("os.replace", "dst", 1),
    ("logging.FileHandler", "filename", 0),
    ("logging.handlers.RotatingFileHandler", "filename", 0),
    ("logging.handlers.TimedRotatingFileHandler", "filename", 0),
    ("logging.handlers.WatchedFileHandler", "filename", 0),
    ("logging.basicConfig", "filename", usize::MAX),
    ("sqlite3.connect", "database", 0),
    ("dbm.open", "file", 0),
    ("urllib.request.urlretrieve", "filename", 1),
    ("numpy.save", "file", 0),
    ("numpy.savez", "file", 0),
];

pub fn check(context: &mut Context<'_, '_>) {
    let mut reported: Vec<TextRange> = Vec::new();
    for call in context.calls() {
        let Some(path) = written(context, call) else {
            continue;
        };
        let text = context.leading_text(path);
        if is_shared(&text) {
            let shown = if context.constant(path).is_some() {
                text
            } else {
                format!("{text}…")
            };
            let draft = context.report(
                call.range,
                format!("every user of the machine can create {shown} first"),
            );
            draft.severity(Severity::Medium).persona(Persona::Regular);
            reported.push(call.range);
        }
    }
    // Tests name such paths by the hundred without touching them.
    if context.in_test {
        return;
    }
    let module = context.module;
    let prose: FxHashSet<ExprId> = module
        .stmts()
        .filter_map(|(_, stmt)| match stmt {
            Stmt::Expr(expr) => Some(*expr),
            _ => None,
        })
        .collect();
    for (expr, node) in module.exprs() {
        let Expr::Str(text) = *node else { continue };
        let text = module.str(text);
        if !is_shared(text) || text.contains(char::is_whitespace) || prose.contains(&expr) {
            continue;
        }
        let range = module.expr_range(expr);
        if module.is_dead(range) || reported.iter().any(|call| call.contains_range(range)) {
            continue;
        }
        context.report(
            range,
            format!("{text} can be created first by every user of the machine"),
        );
    }
}

fn is_shared(path: &str) -> bool {
    DIRECTORIES.iter().any(|directory| {
        path.strip_prefix(directory)
            .is_some_and(|rest| !rest.is_empty())
    })
}

/// The path a call writes to, creating the file where it finds none and following what it finds.
fn written(context: &mut Context<'_, '_>, call: &CallSite) -> Option<ExprId> {
    let here = context.id;
    let local = |argument: Argument| {
        argument
            .given()
            .filter(|(at, _)| *at == here)
            .map(|(_, expr)| expr)
    };
    for (name, path, mode) in OPENERS {
        if call.is(&[name]) {
            let (at, mode) = context.arg(call, Some("mode"), Some(*mode)).given()?;
            let Some(Constant::Str(mode)) = context.values.constant(at, mode) else {
                return None;
            };
            return if mode.contains(['w', 'a', '+']) {
                local(context.arg(call, Some("file"), Some(*path)))
            } else {
                None
            };
        }
    }
    for (name, keyword, position) in WRITERS {
        if call.is(&[name]) {
            return local(context.arg(call, Some(keyword), Some(*position)));
        }
    }
    let Expr::Attribute { value, attr } = context.module[call.func] else {
        return None;
    };
    match attr.as_str() {
        "write_text" | "write_bytes" | "touch" => Some(value),
        "open" => {
            let (at, mode) = context.arg(call, Some("mode"), Some(0)).given()?;
            let Some(Constant::Str(mode)) = context.values.constant(at, mode) else {
                return None;
            };
            (matches!(mode.as_bytes(), [b'w' | b'a' | b'r', ..])
                && mode.len() <= 3
                && mode.contains(['w', 'a', '+']))
            .then_some(value)
        }
        _ => None,
    }
}

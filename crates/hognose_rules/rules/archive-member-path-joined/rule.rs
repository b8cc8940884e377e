//! In code because the name of a member is followed through joins and variables up to the place where it is opened.

use crate::prelude::*;

/// Operators, calls and variables followed.
const MAX_DEPTH: u32 = 16;

const ARCHIVES: &[&str] = &[
    "zipfile.ZipFile()",
    "zipfile.PyZipFile()",
    "tarfile.open()",
    "tarfile.TarFile()",
    "tarfile.TarFile.open()",
    "tarfile.TarFile.gzopen()",
    "tarfile.TarFile.bz2open()",
    "tarfile.TarFile.xzopen()",
    "rarfile.RarFile()",
    "py7zr.SevenZipFile()",
];

/// What follows an archive in the access path of a member's name.
const NAMES: &[&str] = &[
    ".namelist()[]",
    ".getnames()[]",
    ".infolist()[].filename",
    ".filelist[].filename",
    ".getinfo().filename",
    ".getmembers()[].name",
    ".getmembers()[].path",
    ".getmember().name",
    ".next().name",
    "[].name",
    "[].path",
    ".list()[].filename",
];

/// Calls through which a name passes unchanged.
const JOINS: &[&str] = &[
    "os.path.join",
    "posixpath.join",
    "pathlib.Path",
    "pathlib.PurePath",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "builtins.str",
    "os.fspath",
    "os.path.expanduser",
    "builtins.str().format",
    "builtins.str().join",
];

/// Functions and methods whose name says that paths are compared or cleaned.
const CHECKS: &[&str] = &[
    "commonpath",
    "commonprefix",
    "realpath",
    "abspath",
    "normpath",
    "isabs",
    "is_absolute",
    "is_relative_to",
    "relative_to",
    "startswith",
    "safe_join",
    "secure_filename",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some(path) = written(context, call) else {
            continue;
        };
        if names_member(context, path, 0) && !is_checked_around(context, call) {
            context.report(
                call.range,
                "a member named ../ is written outside the directory",
            );
        }
    }
}

/// The path a call opens for writing.
fn written(context: &mut Context<'_, '_>, call: &CallSite) -> Option<ExprId> {
    let module = context.module;
    let receiver = match module[call.func] {
        Expr::Attribute { value, attr } => Some((value, attr)),
        _ => None,
    };
    let (path, mode) = if call.is(&[
        "builtins.open",
        "io.open",
        "codecs.open",
        "aiofiles.open",
        "os.fdopen",
    ]) {
        (
            context.arg(call, Some("file"), Some(0)).given()?.1,
            context.arg(call, Some("mode"), Some(1)),
        )
    } else {
        let (receiver, method) = receiver?;
        match method.as_str() {
            "write_bytes" | "write_text" => return Some(receiver),
            "open" => (receiver, context.arg(call, Some("mode"), Some(0))),
            _ => return None,
        }
    };
    let Argument::Given(at, mode) = mode else {
        return None;
    };
    match context.values.constant(at, mode) {
        Some(Constant::Str(mode)) if mode.contains(['w', 'a', 'x', '+']) => Some(path),
        _ => None,
    }
}

/// Whether the name of an archive's member is part of a path.
fn names_member(context: &mut Context<'_, '_>, expr: ExprId, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let named = context.paths(expr).iter().any(|path| {
        ARCHIVES.iter().any(|archive| {
            path.as_str()
                .strip_prefix(archive)
                .is_some_and(|rest| NAMES.contains(&rest))
        })
    });
    if named {
        return true;
    }
    let module = context.module;
    match module[expr] {
        Expr::Binary {
            left,
            right,
            op: Operator::Add | Operator::Div | Operator::Mod,
        }
        | Expr::InPlace {
            left,
            right,
            op: Operator::Add | Operator::Div,
        } => names_member(context, left, depth + 1) || names_member(context, right, depth + 1),
        Expr::FString(parts) | Expr::Tuple(parts) => {
            module.list(parts).iter().any(|part| match module[*part] {
                Expr::Formatted { value, .. } => names_member(context, value, depth + 1),
                _ => names_member(context, *part, depth + 1),
            })
        }
        Expr::Call { func, args } => {
            let joins = context
                .paths(func)
                .iter()
                .any(|path| JOINS.contains(&path.as_str()));
            let method = match module[func] {
                Expr::Attribute { value, attr } => Some((value, attr)),
                _ => None,
            };
            let passes = |name: &str| {
                matches!(
                    name,
                    "joinpath"
                        | "lstrip"
                        | "strip"
                        | "rstrip"
                        | "resolve"
                        | "absolute"
                        | "expanduser"
                        | "as_posix"
                )
            };
            let receiver = method
                .filter(|(_, name)| passes(name.as_str()))
                .map(|(value, _)| value);
            if !joins && receiver.is_none() {
                return false;
            }
            receiver.is_some_and(|receiver| names_member(context, receiver, depth + 1))
                || module
                    .args(args)
                    .iter()
                    .any(|argument| names_member(context, argument.value, depth + 1))
        }
        Expr::Name { .. } => crate::text::definition(context.values, context.id, expr)
            .is_some_and(|value| names_member(context, value, depth + 1)),
        _ => false,
    }
}

/// Whether the function around compares paths.
fn is_checked_around(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    let module = context.module;
    let around = module
        .functions
        .iter()
        .filter(|function| function.range.contains_range(call.range))
        .min_by_key(|function| function.range.len());
    let range = around.map_or_else(
        || TextRange::up_to(TextSize::of(module.text.as_str())),
        |function| function.range,
    );
    for (expr, node) in module.exprs() {
        if !range.contains_range(module.expr_range(expr)) {
            continue;
        }
        match *node {
            Expr::Call { func, .. } => match module[func] {
                Expr::Attribute { attr, .. } if CHECKS.contains(&attr.as_str()) => return true,
                Expr::Name { .. }
                    if context
                        .paths(func)
                        .iter()
                        .any(|path| CHECKS.iter().any(|check| path.as_str().ends_with(check))) =>
                {
                    return true;
                }
                _ => {}
            },
            Expr::Compare {
                op: CmpOp::In | CmpOp::NotIn,
                left,
                ..
            } => {
                if matches!(context.constant(left), Some(Constant::Str(text)) if text.contains(".."))
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

//! In code because members may be checked before, by a list, in a loop or in a function of the project.

use crate::prelude::*;

const ARCHIVES: &[&str] = &[
    "tarfile.open()",
    "tarfile.TarFile()",
    "tarfile.TarFile.open()",
    "tarfile.TarFile.gzopen()",
    "tarfile.TarFile.bz2open()",
    "tarfile.TarFile.xzopen()",
    "tarfile.TarFile.zstopen()",
    "tarfile.TarFile.taropen()",
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
    "resolve",
    "isfile",
    "issym",
    "islnk",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        if call.is(&["shutil.unpack_archive"]) {
            if is_zip(context, call) {
                continue;
            }
            if let Some(words) = unfiltered(context, call) {
                context.report(call.range, format!("shutil.unpack_archive {words} writes tar members named ../ or linked elsewhere outside the directory"));
            }
            continue;
        }
        let method = call.paths.iter().find_map(|path| {
            let (archive, method) = path.as_str().rsplit_once('.')?;
            (ARCHIVES.contains(&archive) && matches!(method, "extract" | "extractall"))
                .then_some(method)
        });
        let Some(method) = method else { continue };
        let Some(words) = unfiltered(context, call) else {
            continue;
        };
        if sets_filter(context)
            || is_fallback(context, call)
            || has_checked_members(context, call, method)
            || is_checked_around(context, call)
        {
            continue;
        }
        context.report(call.range, format!("{method} {words} writes members named ../ or linked elsewhere outside the directory"));
    }
}

/// How the call lacks a filter; `None` when it may have one.
fn unfiltered(context: &mut Context<'_, '_>, call: &CallSite) -> Option<&'static str> {
    match context.arg(call, Some("filter"), None) {
        Argument::Missing => Some("without a filter"),
        Argument::Unknown => None,
        Argument::Given(at, expr) => {
            let trusting = match context.values.constant(at, expr) {
                Some(Constant::Str(name)) => name == "fully_trusted",
                _ => context.values.eval(at, expr).iter().any(|value| matches!(value, Value::External(path) if path.as_str() == "tarfile.fully_trusted_filter")),
            };
            trusting.then_some("with the filter \"fully_trusted\"")
        }
    }
}

/// Names in zip files are cleaned by `zipfile`.
fn is_zip(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    if let Argument::Given(at, format) = context.arg(call, Some("format"), Some(2))
        && let Some(Constant::Str(format)) = context.values.constant(at, format)
    {
        return format == "zip";
    }
    let Argument::Given(at, file) = context.arg(call, Some("filename"), Some(0)) else {
        return false;
    };
    match context.values.constant(at, file) {
        Some(Constant::Str(name)) => name.to_ascii_lowercase().ends_with(".zip"),
        _ => context
            .text(context.module.expr_range(file))
            .trim_end_matches(['"', '\'', ')'])
            .ends_with(".zip"),
    }
}

/// `archive.extraction_filter = tarfile.data_filter`, on an archive or on the class.
fn sets_filter(context: &Context<'_, '_>) -> bool {
    context
        .module
        .attribute_stores
        .iter()
        .any(|store| store.attr.as_str() == "extraction_filter")
}

/// The way for older interpreters, beside one with a filter in the same function.
fn is_fallback(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    let around = around(context.module, call.range);
    context.calls().iter().any(|other| {
        other.range != call.range
            && around.contains_range(other.range)
            && matches!(context.module[other.func], Expr::Attribute { attr, .. } if matches!(attr.as_str(), "extract" | "extractall" | "unpack_archive"))
            && matches!(context.arg(other, Some("filter"), None), Argument::Given(..))
            && unfiltered(context, other).is_none()
    })
}

/// The function around a place, or the whole module.
fn around(module: &Module, place: TextRange) -> TextRange {
    let functions = module
        .functions
        .iter()
        .filter(|function| function.range.contains_range(place));
    functions
        .map(|function| function.range)
        .min_by_key(|range| range.len())
        .unwrap_or_else(|| TextRange::up_to(TextSize::of(module.text.as_str())))
}

/// A list of members other than all of them.
fn has_checked_members(context: &mut Context<'_, '_>, call: &CallSite, method: &str) -> bool {
    if method != "extractall" {
        return false;
    }
    match context.arg(call, Some("members"), Some(1)) {
        Argument::Missing => false,
        Argument::Unknown => true,
        Argument::Given(at, members) => {
            let module = context.values.project().module(at);
            let all = context
                .values
                .eval(at, members)
                .into_iter()
                .all(|value| match value {
                    Value::External(path) => ARCHIVES.iter().any(|archive| {
                        path.as_str()
                            .strip_prefix(archive)
                            .is_some_and(|rest| matches!(rest, "" | ".getmembers()"))
                    }),
                    Value::Expr(home, expr) => match context.values.project().module(home)[expr] {
                        Expr::None => true,
                        Expr::Comprehension(id) => context.values.project().module(home)[id]
                            .generators
                            .iter()
                            .all(|generator| generator.conditions.is_empty()),
                        _ => false,
                    },
                    _ => false,
                });
            // The call of a generator of the project is a list made with care, whatever it yields.
            let made = matches!(module[members], Expr::Call { func, .. } if context.values.eval(at, func).iter().any(|callee| matches!(callee, Value::Function(..))));
            !all || made
        }
    }
}

/// Whether the function around looks at the paths of members, or gives the archive to a function of the project first.
fn is_checked_around(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    let module = context.module;
    let range = around(module, call.range);
    let Expr::Attribute { value: archive, .. } = module[call.func] else {
        return false;
    };
    let mut looks_at_members = false;
    let mut compares = false;
    for (expr, node) in module.exprs() {
        if !range.contains_range(module.expr_range(expr)) {
            continue;
        }
        match *node {
            Expr::Iterate { .. } => looks_at_members = true,
            Expr::Call { func, args } if expr != call.expr => {
                match module[func] {
                    Expr::Attribute { attr, .. } if CHECKS.contains(&attr.as_str()) => {
                        compares = true
                    }
                    Expr::Name { .. }
                        if context.paths(func).iter().any(|path| {
                            CHECKS.iter().any(|check| path.as_str().ends_with(check))
                        }) =>
                    {
                        compares = true
                    }
                    _ => {}
                }
                let before = module.expr_range(expr).start() < call.range.start();
                if before
                    && is_given(module, args, archive)
                    && context
                        .eval(func)
                        .iter()
                        .any(|callee| matches!(callee, Value::Function(..)))
                {
                    return true;
                }
            }
            // `".." in member.name`
            Expr::Compare {
                op: CmpOp::In | CmpOp::NotIn,
                left,
                ..
            } => {
                if matches!(context.constant(left), Some(Constant::Str(text)) if text.contains(".."))
                {
                    compares = true;
                }
            }
            _ => {}
        }
    }
    looks_at_members && compares
}

/// Whether a variable is among arguments.
fn is_given(module: &Module, args: List, variable: ExprId) -> bool {
    let Expr::Name { slot, def } = module[variable] else {
        return false;
    };
    module.args(args).iter().any(|argument| matches!(module[argument.value], Expr::Name { slot: other, def: other_def } if other == slot && module[other_def].scope == module[def].scope))
}

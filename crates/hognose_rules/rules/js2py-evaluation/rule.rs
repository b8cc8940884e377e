//! In code because one call of `js2py.disable_pyimport()` mends the whole process.

use crate::prelude::*;

const PATHS: &[&str] = &[
    "js2py.eval_js",
    "js2py.eval_js6",
    "js2py.run_file",
    "js2py.EvalJs().eval",
    "js2py.EvalJs().execute",
    "js2py.EvalJs().eval_js6",
    "js2py.EvalJs().execute_js6",
    "js2py.evaljs.eval_js",
    "js2py.evaljs.EvalJs().eval",
    "js2py.evaljs.EvalJs().execute",
];

pub fn check(context: &mut Context<'_, '_>) {
    let mut found = Vec::new();
    for call in context.calls() {
        let Some(path) = call
            .paths
            .iter()
            .find(|path| PATHS.contains(&path.as_str()))
        else {
            continue;
        };
        let constant = context
            .arg(call, None, Some(0))
            .given()
            .is_some_and(|(at, code)| context.values.constant(at, code).is_some());
        if !constant || path.as_str().ends_with("run_file") {
            found.push((call.range, *path));
        }
    }
    if found.is_empty() || context.project_calls("js2py", &["js2py.disable_pyimport"]) {
        return;
    }
    for (range, path) in found {
        context.report(
            range,
            format!("JavaScript that {path} runs may import Python modules"),
        );
    }
}

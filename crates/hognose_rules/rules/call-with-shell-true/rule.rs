//! In code because the callee may be anything but the ones that other rules know.

use crate::prelude::*;

/// Libraries whose `shell=True` `subprocess-with-shell` judges.
const KNOWN: &[&str] = &[
    "subprocess",
    "subprocess32",
    "gevent.subprocess",
    "eventlet.green.subprocess",
    "psutil",
    "trio",
    "anyio",
    "asyncio",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Argument::Given(at, value) = context.arg(call, Some("shell"), None) else {
            continue;
        };
        if !context
            .values
            .constant(at, value)
            .is_some_and(|known| known.truthy())
        {
            continue;
        }
        let known = call.paths.iter().any(|path| {
            KNOWN.iter().any(|library| {
                path.as_str()
                    .strip_prefix(library)
                    .is_some_and(|rest| rest.starts_with('.'))
            })
        });
        // What is not resolved to a library is a function of the project or of one that nothing is known of.
        if known || call.skip > 0 || is_partial(call) {
            continue;
        }
        let callee = context
            .text(context.module.expr_range(call.func))
            .to_owned();
        context.report(
            call.range,
            format!("{callee} is told to use a shell, and nothing is known of how it does"),
        );
    }
}

fn is_partial(call: &CallSite) -> bool {
    call.is(&[
        "functools.partial",
        "functools.partialmethod",
        "asyncio.to_thread",
    ])
}

//! In code because it takes three things together: a connection out, its descriptor as standard streams, and a shell.

use crate::prelude::*;

const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "ash",
    "cmd",
    "cmd.exe",
    "powershell",
    "powershell.exe",
    "pwsh",
];
const STARTERS: &[&str] = &[
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.Popen",
    "pty.spawn",
    "os.system",
    "os.execl",
    "os.execlp",
    "os.execv",
    "os.execvp",
    "os.execve",
    "os.popen",
];

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    let connects = context.calls().iter().any(|call| {
        call.is(&["socket.create_connection"])
            || call.paths.iter().any(|path| {
                matches!(
                    path.as_str(),
                    "socket.socket().connect"
                        | "socket.socket().connect_ex"
                        | "socket.socket().accept"
                        | "ssl.wrap_socket().connect"
                )
            })
    });
    if !connects {
        return;
    }
    let dup: Vec<&CallSite> = context
        .calls()
        .iter()
        .filter(|call| call.is(&["os.dup2"]))
        .collect();
    let mut wired = FxHashSet::default();
    for call in dup {
        let (Argument::Given(_, from), Argument::Given(_, to)) = (
            context.arg(call, None, Some(0)),
            context.arg(call, None, Some(1)),
        ) else {
            continue;
        };
        if is_socket(context, from) {
            match context.constant(to) {
                Some(Constant::Int(stream @ 0..=2)) => {
                    wired.insert(stream);
                }
                // `for stream in (0, 1, 2): os.dup2(s.fileno(), stream)`
                _ => wired.extend([0, 1]),
            }
        }
    }
    for call in context.calls() {
        if !call.is(STARTERS) || !starts_shell(context, call) {
            continue;
        }
        let own_streams = ["stdin", "stdout"].iter().all(|name| matches!(context.arg(call, Some(name), None), Argument::Given(_, stream) if is_socket(context, stream)));
        if own_streams || (wired.contains(&0) && wired.contains(&1)) {
            context.report(
                call.range,
                format!(
                    "{} is started with a socket as its input and output",
                    context.text(module.expr_range(call.func))
                ),
            );
        }
    }
}

/// A socket or its descriptor.
fn is_socket(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    context.paths(expr).iter().any(|path| {
        let path = path
            .as_str()
            .strip_suffix(".fileno()")
            .unwrap_or(path.as_str());
        matches!(
            path,
            "socket.socket()"
                | "socket.create_connection()"
                | "socket.socket().accept()[]"
                | "ssl.wrap_socket()"
                | "socket.socket().makefile()"
        )
    })
}

fn starts_shell(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    let Argument::Given(at, command) = context.arg(call, Some("args"), Some(0)) else {
        return false;
    };
    let words = match context.values.constant(at, command) {
        Some(Constant::Str(text)) => text,
        Some(Constant::Seq(words)) => words
            .first()
            .and_then(Constant::text)
            .unwrap_or_default()
            .to_owned(),
        _ => return false,
    };
    words
        .split_whitespace()
        .next()
        .and_then(|word| word.rsplit(['/', '\\']).next())
        .is_some_and(|name| SHELLS.contains(&name))
}

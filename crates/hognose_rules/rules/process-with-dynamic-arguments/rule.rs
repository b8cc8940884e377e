//! In code because only arguments that become words of the command count, of a list each element by itself.

use crate::prelude::*;

/// Calls with the command as one argument.
const OF_LIST: &[&str] = &["run", "call", "check_call", "check_output", "Popen"];
const LIST_MODULES: &[&str] = &[
    "subprocess",
    "subprocess32",
    "gevent.subprocess",
    "eventlet.green.subprocess",
    "psutil",
];
const OF_COMMAND: &[&str] = &[
    "os.startfile",
    "pty.spawn",
    "pexpect.run",
    "pexpect.spawn",
    "trio.run_process",
    "anyio.run_process",
    "anyio.open_process",
];

/// Calls in which every argument is a word: the first that counts.
const OF_WORDS: &[(&str, usize)] = &[
    ("os.execl", 0),
    ("os.execle", 0),
    ("os.execlp", 0),
    ("os.execlpe", 0),
    ("os.execv", 0),
    ("os.execve", 0),
    ("os.execvp", 0),
    ("os.execvpe", 0),
    ("os.spawnl", 1),
    ("os.spawnle", 1),
    ("os.spawnlp", 1),
    ("os.spawnlpe", 1),
    ("os.spawnv", 1),
    ("os.spawnve", 1),
    ("os.spawnvp", 1),
    ("os.spawnvpe", 1),
    ("os.posix_spawn", 0),
    ("os.posix_spawnp", 0),
    ("asyncio.create_subprocess_exec", 0),
    ("asyncio.subprocess.create_subprocess_exec", 0),
    ("asyncio.get_event_loop().subprocess_exec", 1),
    ("asyncio.get_running_loop().subprocess_exec", 1),
];

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    for call in context.calls() {
        let words: Vec<ExprId> =
            if let Some((_, first)) = OF_WORDS.iter().find(|(name, _)| call.is(&[name])) {
                module
                    .args(call.args)
                    .iter()
                    .skip(call.skip)
                    .filter(|argument| matches!(argument.kind, ArgKind::Positional | ArgKind::Star))
                    .map(|argument| argument.value)
                    .skip(*first)
                    .collect()
            } else if is_of_list(call)
                || call.is(OF_COMMAND)
                || call.paths.iter().any(|path| {
                    path.as_str().starts_with("sh.") && path.as_str().matches('.').count() == 1
                })
            {
                if is_shell(context, call) {
                    continue;
                }
                match context.arg(call, Some("args"), Some(0)) {
                    // A string is for a shell there.
                    Argument::Given(_, command)
                        if call.is(&["anyio.run_process", "anyio.open_process"])
                            && context.is_built(command) =>
                    {
                        continue;
                    }
                    Argument::Given(at, command) if at == context.id => vec![command],
                    _ => continue,
                }
            } else {
                continue;
            };
        if words.iter().any(|word| !is_known(context, *word)) {
            let callee = call.paths.first().map_or("", |path| path.as_str());
            context.report(
                call.range,
                format!("{callee} starts a process with arguments that are not constants"),
            );
        }
    }
}

fn is_of_list(call: &CallSite) -> bool {
    call.paths.iter().any(|path| {
        path.as_str()
            .rsplit_once('.')
            .is_some_and(|(module, name)| LIST_MODULES.contains(&module) && OF_LIST.contains(&name))
    })
}

fn is_shell(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    match context.arg(call, Some("shell"), Some(8)) {
        Argument::Missing => false,
        Argument::Unknown => true,
        Argument::Given(at, shell) => context
            .values
            .constant(at, shell)
            .is_none_or(|known| known.truthy()),
    }
}

/// A constant, a list of such, or the interpreter that runs.
fn is_known(context: &mut Context<'_, '_>, word: ExprId) -> bool {
    if context.constant(word).is_some() {
        return true;
    }
    let values = context.eval(word);
    values.iter().all(|value| match *value {
        Value::External(path) => path.as_str() == "sys.executable",
        Value::Expr(home, inner) => match context.values.project().module(home)[inner] {
            Expr::Tuple(list) | Expr::ListOf(list) => {
                let elements = context.values.project().module(home).list(list).to_vec();
                elements.into_iter().all(|element| {
                    context.values.constant(home, element).is_some() || context.values.eval(home, element).iter().all(|value| matches!(value, Value::External(path) if path.as_str() == "sys.executable"))
                })
            }
            _ => false,
        },
        _ => false,
    })
}

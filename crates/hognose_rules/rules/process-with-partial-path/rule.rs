//! In code because it is the first word of a list that counts.

use crate::prelude::*;

/// Calls with the position of the program.
const STARTERS: &[(&str, usize)] = &[
    ("subprocess.run", 0),
    ("subprocess.call", 0),
    ("subprocess.check_call", 0),
    ("subprocess.check_output", 0),
    ("subprocess.Popen", 0),
    ("asyncio.create_subprocess_exec", 0),
    ("asyncio.subprocess.create_subprocess_exec", 0),
    ("os.execlp", 0),
    ("os.execlpe", 0),
    ("os.execvp", 0),
    ("os.execvpe", 0),
    ("os.spawnlp", 1),
    ("os.spawnlpe", 1),
    ("os.spawnvp", 1),
    ("os.spawnvpe", 1),
    ("os.posix_spawnp", 0),
    ("os.startfile", 0),
    ("pty.spawn", 0),
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some((_, position)) = STARTERS.iter().find(|(name, _)| call.is(&[name])) else {
            continue;
        };
        // A shell searches PATH as well, and is the greater worry.
        let shell = match context.arg(call, Some("shell"), Some(8)) {
            Argument::Missing => false,
            Argument::Unknown => true,
            Argument::Given(at, shell) => {
                let known = context.values.constant(at, shell);
                known.is_none_or(|known| known.truthy())
            }
        };
        if shell {
            continue;
        }
        let Argument::Given(at, command) = context.arg(call, Some("args"), Some(*position)) else {
            continue;
        };
        let Some(program) = first_word(context.values, at, command) else {
            continue;
        };
        if !program.is_empty() && !program.contains(['/', '\\']) {
            context.report(call.range, format!("PATH decides which {program} runs"));
        }
    }
}

fn first_word(values: &mut Evaluator<'_>, at: ModuleId, command: ExprId) -> Option<String> {
    if let Some(Constant::Str(text)) = values.constant(at, command) {
        return text.split_whitespace().next().map(str::to_owned);
    }
    let found = values.eval(at, command);
    let [Value::Expr(home, display)] = found.as_slice() else {
        return None;
    };
    let module = values.project().module(*home);
    let (Expr::Tuple(list) | Expr::ListOf(list)) = module[*display] else {
        return None;
    };
    match values.constant(*home, *module.list(list).first()?)? {
        Constant::Str(text) => Some(text),
        _ => None,
    }
}

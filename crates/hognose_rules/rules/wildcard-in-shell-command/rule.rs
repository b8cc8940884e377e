//! In code because the words of the command are told apart.

use crate::prelude::*;

/// Programs with options that do harm, and what they do.
const PROGRAMS: &[(&str, &str)] = &[
    ("chown", "--reference=FILE copies another owner"),
    ("chmod", "--reference=FILE copies another mode"),
    ("tar", "--checkpoint-action=exec=COMMAND runs a command"),
    ("rsync", "-e COMMAND runs a command"),
];

const SHELLS: &[&str] = &[
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "commands.getoutput",
    "commands.getstatusoutput",
    "popen2.popen2",
    "popen2.popen3",
    "popen2.popen4",
    "os.popen2",
    "os.popen3",
    "os.popen4",
    "asyncio.create_subprocess_shell",
];
const STARTERS: &[&str] = &[
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        if call.is(STARTERS) {
            let Argument::Given(at, shell) = context.arg(call, Some("shell"), Some(8)) else {
                continue;
            };
            if !context
                .values
                .constant(at, shell)
                .is_some_and(|known| known.truthy())
            {
                continue;
            }
        } else if !call.is(SHELLS) {
            continue;
        }
        let Some((at, command)) = context.arg(call, Some("args"), Some(0)).given() else {
            continue;
        };
        let text = match context.values.constant(at, command) {
            Some(Constant::Str(text)) => text,
            // A list with shell=True: the shell gets its first element, and the rest are arguments of the shell.
            Some(Constant::Seq(words)) => words
                .first()
                .and_then(Constant::text)
                .unwrap_or_default()
                .to_owned(),
            _ if at == context.id => context.leading_text(command),
            _ => continue,
        };
        if let Some((program, harm)) = wild(&text) {
            context.report(
                call.range,
                format!("{program} takes file names from a wildcard as options; {harm}"),
            );
        }
    }
}

/// The program of a shell command that gets a wildcard which may expand to an option.
fn wild(text: &str) -> Option<(&'static str, &'static str)> {
    text.split(['|', ';', '&', '\n']).find_map(|command| {
        let mut words = command.split_whitespace().skip_while(|word| {
            matches!(*word, "sudo" | "nohup" | "time" | "exec" | "env") || word.contains('=')
        });
        let name = words.next()?.rsplit('/').next()?;
        let found = PROGRAMS.iter().find(|(program, _)| *program == name)?;
        let open = words
            .take_while(|word| *word != "--")
            .any(|word| word.starts_with(['*', '?']));
        open.then_some(*found)
    })
}

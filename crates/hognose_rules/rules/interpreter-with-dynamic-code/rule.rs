//! In code because a console of the project's own that runs what it is given does what it is for.

use crate::condition::{Ask, Truth};
use crate::prelude::*;

const CONSOLES: [&str; 2] = [
    "code.InteractiveInterpreter()",
    "code.InteractiveConsole()",
];

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    for call in context.calls() {
        let Some(path) = call.paths.iter().find(|path| {
            path.as_str().rsplit_once('.').is_some_and(|(object, method)| {
                CONSOLES.contains(&object) && matches!(method, "runsource" | "runcode" | "push")
            })
        }) else {
            continue;
        };
        let code = context.arg(call, None, Some(0));
        if Ask::Constant(false).of_argument(context.values, code) != Truth::Yes {
            continue;
        }
        // A method of the console itself.
        let own = match module[call.func] {
            Expr::Attribute { value, .. } => {
                let object = context.eval(value);
                let class = context
                    .function_around(call.range)
                    .and_then(|function| function.class);
                class.is_some_and(|class| object.contains(&Value::Instance(context.id, class)))
            }
            _ => false,
        };
        let draft = context.report(call.range, format!("{path} runs code that is not constant"));
        if own {
            draft.persona(Persona::Pedantic).confidence(Confidence::Low);
        }
    }
}

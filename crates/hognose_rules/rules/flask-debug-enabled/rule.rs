//! The debugger may be switched on by a call as well as by the configuration, and where the call stands counts.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    if !context.module.text.as_str().contains("ebug")
        && !context.module.text.as_str().contains(".run(")
    {
        return;
    }
    let configured =
        context.settings.worlds.iter().any(|world| {
            world.framework == "flask" && world.get("DEBUG").value.truthy() == Some(true)
        });
    for call in context.calls() {
        let position = if call.is(&["flask.Flask().run"]) {
            Some(2)
        } else if call.is(&["flask_socketio.SocketIO().run"]) {
            None
        } else {
            continue;
        };
        let Argument::Given(at, expr) = context.arg(call, Some("debug"), position) else {
            continue;
        };
        if at != context.id {
            continue;
        }
        let value = context.setting_value(expr);
        let literal = matches!(context.module[expr], Expr::Bool(_) | Expr::Int(_));
        // `debug=settings.DEBUG`: the setting is the finding.
        if value.truthy() != Some(true) || (configured && !literal) {
            continue;
        }
        let by_hand = is_by_hand(context.module, call.range);
        let draft = context.report(
            call.range,
            "app.run starts the server with the debugger, whose console executes code",
        );
        match (value.certain, by_hand) {
            (true, false) => {}
            (false, true) => {
                draft.confidence(Confidence::Low);
            }
            _ => {
                draft.confidence(Confidence::Medium);
            }
        }
    }
    // `app.debug = True` just before `app.run()` below the guard.
    let module = context.module;
    for store in &module.attribute_stores {
        if store.attr.as_str() == "debug"
            && !module.is_dead(store.range)
            && is_by_hand(module, store.range)
            && context
                .paths(store.object)
                .iter()
                .any(|path| path.as_str() == "flask.Flask()")
            && context.setting_value(store.value).constant() == Some(Constant::Bool(true))
        {
            context
                .report(
                    store.range,
                    "app.debug switches the debugger on, whose console executes code",
                )
                .confidence(Confidence::Medium);
        }
    }
}

/// Below `if __name__ == "__main__":`.
fn is_by_hand(module: &Module, range: TextRange) -> bool {
    module
        .block(module.body)
        .iter()
        .any(|stmt| match module[*stmt] {
            Stmt::If { test, .. } => {
                let text = module.expr_range(test);
                module.stmt_range(*stmt).contains_range(range)
                    && module
                        .text
                        .as_str()
                        .get(text.start().to_usize()..text.end().to_usize())
                        .is_some_and(|text| text.contains("__name__"))
            }
            _ => false,
        })
}

//! In code because a subclass of `Unpickler` with a `find_class` of its own says itself what may be built.

use crate::prelude::*;

const UNPICKLERS: &[&str] = &[
    "pickle.Unpickler",
    "pickle._Unpickler",
    "_pickle.Unpickler",
    "cPickle.Unpickler",
    "pickle5.Unpickler",
    "dill.Unpickler",
];

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let Some(path) = call
            .paths
            .iter()
            .find(|path| UNPICKLERS.contains(&path.as_str()))
        else {
            continue;
        };
        if !finds_classes_itself(context, call.func) {
            context.report(
                call.range,
                format!("{path} runs code that the pickled bytes name"),
            );
        }
    }
}

fn finds_classes_itself(context: &mut Context<'_, '_>, callee: ExprId) -> bool {
    context.eval(callee).into_iter().any(|value| {
        let Value::Class(at, class) = value else {
            return false;
        };
        context
            .values
            .mro(at, class)
            .iter()
            .any(|ancestor| match *ancestor {
                ClassRef::Project(home, ancestor) => {
                    let module = context.values.project().module(home);
                    module
                        .slot(module[ancestor].scope, Symbol::from("find_class"))
                        .is_some_and(|slot| slot.bound)
                }
                ClassRef::External(_) => false,
            })
    })
}

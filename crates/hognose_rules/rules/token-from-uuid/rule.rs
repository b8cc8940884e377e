//! In code because the name a value is given is what makes a token of it.

use crate::prelude::*;

pub fn check(context: &mut Context<'_, '_>) {
    let mut sites: FxHashMap<ExprId, (TextRange, &'static str)> = FxHashMap::default();
    for call in context.calls() {
        for version in [
            "uuid.uuid1",
            "uuid.uuid3",
            "uuid.uuid5",
            "uuid.uuid6",
            "uuid.uuid8",
            "uuid.uuid4",
            "uuid.uuid7",
        ] {
            if call.is(&[version]) {
                sites.insert(call.expr, (call.range, version));
            }
        }
    }
    if sites.is_empty() {
        return;
    }
    let mut reported = FxHashSet::default();
    for named in named_values(context) {
        let name = &named.name;
        // Tokens of idempotency and the like are names of requests.
        if !is_secret(name)
            || words(name).iter().any(|word| {
                matches!(
                    word.as_str(),
                    "idempotency" | "request" | "client" | "cache" | "correlation" | "trace"
                )
            })
        {
            continue;
        }
        for part in parts(context, named.value) {
            let Some((range, version)) = sites.get(&part).copied() else {
                continue;
            };
            if !reported.insert(part) {
                continue;
            }
            match version {
                "uuid.uuid4" | "uuid.uuid7" => {
                    context.report(range, format!("{version} makes {name}; that its bits cannot be guessed is not promised")).severity(Severity::Low).persona(Persona::Auditor);
                }
                "uuid.uuid3" | "uuid.uuid5" => {
                    context.report(range, format!("{version} makes {name} out of a name, so who knows that knows the token"));
                }
                _ => {
                    context.report(range, format!("{version} makes {name} out of the time and the machine's address, which can be guessed"));
                }
            }
        }
    }
}

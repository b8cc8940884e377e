//! The strength of a key is more than its length, and a key may be made by a call whose length is known.

use crate::prelude::*;

/// Django's own bounds: `security.W009`.
const LENGTH: usize = 50;
const DISTINCT: usize = 5;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let settings = context.settings;
    for world in settings
        .worlds
        .iter()
        .filter(|world| world.framework == "django")
    {
        let fallbacks = world.get("SECRET_KEY_FALLBACKS");
        if let Some(Shape::List { items, .. }) = fallbacks.value.only() {
            let weak = items
                .iter()
                .filter_map(Val::str)
                .any(|key| !key.is_empty() && is_weak(key));
            if weak {
                context.report_setting(
                    world,
                    &fallbacks,
                    format!(
                        "a key of SECRET_KEY_FALLBACKS in {} is short or plain",
                        world.judged
                    ),
                );
            }
        }
        let key = world.get("SECRET_KEY");
        if let (Some((at, range)), Some(Shape::Path(_))) = (key.place, key.value.only())
            && at == context.id
            && let Some(length) = made_length(context, range)
            && length < LENGTH
        {
            context.report_setting(
                world,
                &key,
                format!(
                    "SECRET_KEY in {} is made of {length} characters, {LENGTH} are asked for",
                    world.judged
                ),
            );
        }
    }
}

fn is_weak(key: &str) -> bool {
    let distinct: FxHashSet<char> = key.chars().collect();
    key.chars().count() < LENGTH || distinct.len() < DISTINCT || key.starts_with("django-insecure-")
}

/// The length of what a call inside the statement makes.
fn made_length(context: &mut Context<'_, '_>, statement: TextRange) -> Option<usize> {
    let call = context
        .calls()
        .iter()
        .find(|call| statement.contains_range(call.range))?
        .clone();
    let mut number = |name: &str, default: Option<i64>| {
        let value = match context.arg(&call, Some(name), Some(0)) {
            Argument::Given(_, expr) => context.constant(expr)?,
            Argument::Missing => return default,
            Argument::Unknown => return None,
        };
        match value {
            Constant::Int(number) => Some(number),
            _ => None,
        }
    };
    let length = if call.is(&["django.utils.crypto.get_random_string"]) {
        number("length", None)?
    } else if call.is(&["secrets.token_hex"]) {
        number("nbytes", Some(32))? * 2
    } else if call.is(&["secrets.token_urlsafe"]) {
        number("nbytes", Some(32))? * 4 / 3
    } else {
        return None;
    };
    usize::try_from(length).ok()
}

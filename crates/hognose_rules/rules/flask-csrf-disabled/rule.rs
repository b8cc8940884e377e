//! The check may be left to calls of `csrf.protect()`, anywhere in the project.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let settings = context.settings;
    for world in settings
        .worlds
        .iter()
        .filter(|world| world.framework == "flask")
    {
        let checked = world.get("WTF_CSRF_CHECK_DEFAULT");
        if checked.place.is_none_or(|(at, _)| at != context.id)
            || checked.value.truthy() != Some(false)
        {
            continue;
        }
        let project = context.values.project();
        if project
            .iter()
            .any(|(_, module)| module.text.as_str().contains(".protect()"))
        {
            continue;
        }
        context.report_setting(
            world,
            &checked,
            format!(
                "WTF_CSRF_CHECK_DEFAULT is off in {}, and nothing calls csrf.protect()",
                world.judged
            ),
        );
    }
}

//! Throttles may also be named on the views, anywhere in the project.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let settings = context.settings;
    for world in settings
        .worlds
        .iter()
        .filter(|world| world.framework == "django")
    {
        let framework = world.get("REST_FRAMEWORK");
        let Some(Shape::Dict { items, open: false }) = framework.value.only() else {
            continue;
        };
        if items
            .iter()
            .any(|(key, _)| key == "DEFAULT_THROTTLE_CLASSES")
        {
            continue;
        }
        let installed = match world.get("INSTALLED_APPS").value.only() {
            Some(Shape::List { items, .. }) => items
                .iter()
                .any(|item| item.str() == Some("rest_framework")),
            _ => false,
        };
        let project = context.values.project();
        if installed
            && framework.place.is_some_and(|(at, _)| at == context.id)
            && !project.iter().any(|(_, module)| throttles(module))
        {
            let message = format!(
                "REST_FRAMEWORK of {} names no throttle classes, and no view does",
                world.judged
            );
            context.report_setting(world, &framework, message);
        }
    }
}

/// Whether a class or function of the module is throttled.
fn throttles(module: &Module) -> bool {
    let text = module.text.as_str();
    text.contains("throttle_classes")
        || text.contains("throttle_scope")
        || text.contains("ratelimit")
}

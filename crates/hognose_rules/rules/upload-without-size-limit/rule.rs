//! Whether the limit matters depends on another module: the one that takes uploads.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let settings = context.settings;
    for world in settings
        .worlds
        .iter()
        .filter(|world| world.framework == "flask")
    {
        let limit = world.get("MAX_CONTENT_LENGTH");
        let unset = match world.has("MAX_CONTENT_LENGTH") {
            Some(true) => limit.value.constant() == Some(Constant::None),
            Some(false) => true,
            None => false,
        };
        let (at, _) = limit.place.unwrap_or((world.module, world.anchor));
        if unset && at == context.id && takes_uploads(context) {
            let message = format!(
                "the application takes uploads, but {} sets no MAX_CONTENT_LENGTH",
                world.judged
            );
            context.report_setting(world, &limit, message);
        }
    }
}

/// Whether some module reads `flask.request.files`.
fn takes_uploads(context: &mut Context<'_, '_>) -> bool {
    let project = context.values.project();
    for (id, module) in project.iter() {
        if !module.text.as_str().contains(".files") {
            continue;
        }
        for (expr, node) in module.exprs() {
            if let Expr::Attribute { attr, .. } = *node
                && attr.as_str() == "files"
                && !module.is_dead(module.expr_range(expr))
                && context
                    .values
                    .dotted(id, expr)
                    .is_some_and(|path| path.as_str() == "flask.request.files")
            {
                return true;
            }
        }
    }
    false
}

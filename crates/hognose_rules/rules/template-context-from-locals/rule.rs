//! In code because the variables arrive as an argument, by `**`, or inside a dict.

use crate::prelude::*;

const RENDERERS: &[&str] = &[
    "django.shortcuts.render",
    "django.shortcuts.render_to_response",
    "django.template.loader.render_to_string",
    "django.template.loader.get_template().render",
    "django.template.Template().render",
    "django.template.Context",
    "django.template.RequestContext",
    "flask.render_template",
    "flask.render_template_string",
    "flask.stream_template",
    "quart.render_template",
    "quart.render_template_string",
    "jinja2.Template().render",
    "jinja2.Environment().get_template().render",
    "jinja2.Environment().from_string().render",
    "jinja2.sandbox.SandboxedEnvironment().from_string().render",
    "mako.template.Template().render",
    "mako.lookup.TemplateLookup().get_template().render",
    "tornado.web.RequestHandler().render",
    "tornado.web.RequestHandler().render_string",
    "bottle.template",
    "bottle.jinja2_template",
    "aiohttp_jinja2.render_template",
    "starlette.templating.Jinja2Templates().TemplateResponse",
    "fastapi.templating.Jinja2Templates().TemplateResponse",
];

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    for call in context.calls() {
        if !call.is(RENDERERS) {
            continue;
        }
        for argument in module.args(call.args) {
            let mut given = vec![argument.value];
            if let Expr::Dict(items) = module[argument.value] {
                given.extend(
                    module
                        .dict(items)
                        .iter()
                        .filter(|(key, _)| key.is_none())
                        .map(|(_, value)| *value),
                );
            }
            let source = given.iter().find_map(|value| {
                context
                    .paths(*value)
                    .iter()
                    .find_map(|path| match path.as_str() {
                        "builtins.locals()" => Some("locals()"),
                        "builtins.globals()" => Some("globals()"),
                        "builtins.vars()" => Some("vars()"),
                        _ => None,
                    })
            });
            if let Some(source) = source {
                context.report(
                    call.range,
                    format!("the template gets every variable of {source}"),
                );
                break;
            }
        }
    }
}

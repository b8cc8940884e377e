//! In code because templates of code, configuration and LaTeX want no escaping, and their names say what they make.

use crate::prelude::*;

const ENVIRONMENTS: &[&str] = &[
    "jinja2.Environment",
    "jinja2.environment.Environment",
    "jinja2.sandbox.SandboxedEnvironment",
    "jinja2.sandbox.ImmutableSandboxedEnvironment",
];
const TEMPLATES: &[&str] = &["jinja2.Template", "jinja2.environment.Template"];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        let environment = call.is(ENVIRONMENTS);
        let Some(callee) = call
            .paths
            .iter()
            .find(|path| environment || TEMPLATES.contains(&path.as_str()))
        else {
            continue;
        };
        let Argument::Given(at, value) = context.arg(call, Some("autoescape"), None) else {
            continue;
        };
        if context.values.constant(at, value) != Some(Constant::Bool(false)) {
            continue;
        }
        let other = environment && (is_latex(context, call) || renders_no_markup(context, call));
        let draft = context.report(call.range, format!("{callee} renders without escaping"));
        if other {
            draft.persona(Persona::Pedantic).confidence(Confidence::Low);
        }
    }
}

/// Whether variables are marked as a LaTeX command would be: `\\VAR{name}`.
fn is_latex(context: &mut Context<'_, '_>, call: &CallSite) -> bool {
    let Argument::Given(at, mark) = context.arg(call, Some("variable_start_string"), None) else {
        return false;
    };
    let mark = context.values.constant(at, mark);
    mark.is_some_and(|mark| mark.text().is_some_and(|text| text.starts_with('\\')))
}

/// Whether the names of templates are written nearby, in the same class, function or module, and none is of a page.
fn renders_no_markup(context: &Context<'_, '_>, call: &CallSite) -> bool {
    let module = context.module;
    let around = context.function_around(call.range).map(|function| {
        let of_class = function.class.map(|class| module[class].range);
        of_class.unwrap_or(function.range)
    });
    let mut asked: FxHashSet<ExprId> = FxHashSet::default();
    for (_, node) in module.exprs() {
        if let Expr::Call { func, args } = *node
            && let Expr::Attribute { attr, .. } = module[func]
            && attr.as_str() == "get_template"
        {
            asked.extend(module.args(args).first().map(|argument| argument.value));
        }
    }
    let mut found = false;
    for (expr, node) in module.exprs() {
        let Expr::Str(text) = *node else { continue };
        if around.is_some_and(|around| !around.contains_range(module.expr_range(expr))) {
            continue;
        }
        match made_of(module.str(text), asked.contains(&expr)) {
            Some(true) => return false,
            Some(false) => found = true,
            None => {}
        }
    }
    found
}

/// Whether the template of that name makes markup; `None` where the name tells nothing.
fn made_of(name: &str, is_template: bool) -> Option<bool> {
    const MARKUP: &[&str] = &["html", "htm", "xhtml", "xml", "svg"];
    const ENGINE: &[&str] = &["jinja", "jinja2", "j2", "tmpl", "tpl", "template"];
    if name.contains(char::is_whitespace) || name.len() > 200 {
        return None;
    }
    let file = name.rsplit('/').next().unwrap_or(name);
    let (stem, last) = file.rsplit_once('.')?;
    let engine = ENGINE.contains(&last);
    if !(engine || is_template) {
        return None;
    }
    let kind = match engine {
        true => stem.rsplit_once('.').map(|(_, kind)| kind),
        false => Some(last),
    };
    // `page.j2` may make anything.
    Some(kind.is_none_or(|kind| MARKUP.contains(&kind)))
}

//! Whether an exemption matters depends on how the view knows its caller, so the view's own code is looked at.

use crate::prelude::*;

const EXEMPT: &str = "django.views.decorators.csrf.csrf_exempt";

/// Words that show that a caller is known by something else than a cookie.
const PROOFS: &[&str] = &[
    "compare_digest",
    "constant_time_compare",
    "hmac",
    "signature",
    "construct_event",
    "authorization",
    "bearer",
    "api_key",
    "apikey",
    "api-key",
    "x-hub",
    "webhook_secret",
    "verify_token",
    "check_token",
    "auth_token",
    "jwt",
    "token_required",
    "oauth",
    "basic_auth",
    "saml",
    "do_complete",
];

/// Words that show that a view answers more than `GET`.
const CHANGES: &[&str] = &[
    "request.post",
    "request.body",
    "request.files",
    "request.method",
    "request.form",
    "request.data",
    "request.json",
    "get_json",
    "def post",
    "def put",
    "def delete",
    "def patch",
    "form_valid",
    "formview",
    "createview",
    "updateview",
    "deleteview",
    "\"post\"",
    "'post'",
];

/// Words that show that a view acts for whoever the visitor's cookie says he is.
const COOKIES: &[&str] = &[
    "request.user",
    "session",
    "current_user",
    "login",
    "logout",
    "g.user",
    "request.customer",
    "basket",
];

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    if !module.text.as_str().contains("exempt") {
        return;
    }
    let mut seen = Vec::new();
    let functions = module
        .functions
        .iter()
        .map(|function| match function.class {
            // `dispatch` speaks for its class.
            Some(class) => (
                &function.decorators,
                module[class].name,
                module[class].range,
                Some(class),
            ),
            None => (&function.decorators, function.name, function.range, None),
        });
    let classes = (0u32..).zip(&module.classes).map(|(number, class)| {
        let id = Some(ClassId(number));
        (&class.decorators, class.name, class.range, id)
    });
    for (decorators, name, range, class) in functions.chain(classes).collect::<Vec<_>>() {
        let is_rest = class.is_some_and(|class| is_rest_view(context, context.id, class));
        for decorator in decorators {
            if !module.is_dead(module.expr_range(*decorator)) && exempts(context, *decorator) {
                seen.push(module.expr_range(*decorator));
                if !is_rest && !is_harmless(context, decorators) {
                    let code = context.text(range).to_owned();
                    let mut checks = code_of_checks(context, range);
                    for decorator in decorators {
                        let callee = match module[*decorator] {
                            Expr::Call { func, .. } => func,
                            _ => *decorator,
                        };
                        checks.push_str(&source_of(context, callee));
                    }
                    let place = module.expr_range(*decorator);
                    report(context, place, name.as_str(), &code, &checks);
                }
            }
        }
    }
    for call in context.calls() {
        if seen
            .iter()
            .any(|decorator| decorator.contains_range(call.range))
        {
            continue;
        }
        let Some(first) = module.args(call.args).first() else {
            continue;
        };
        if call.is(&[EXEMPT]) || is_flask_exempt(call) {
            if names_rest_view(context, first.value) {
                continue;
            }
            let name = context.text(module.expr_range(first.value)).to_owned();
            let code = code_of(context, first.value);
            report(context, call.range, &name, &code, "");
        }
    }
}

/// `code` is the view's, `checks` that of its decorators and of the functions it asks about its caller.
fn report(context: &mut Context<'_, '_>, range: TextRange, name: &str, code: &str, checks: &str) {
    let (code, checks) = (code.to_lowercase(), checks.to_lowercase());
    let proved = PROOFS
        .iter()
        .any(|proof| code.contains(proof) || checks.contains(proof));
    let by_cookie = COOKIES.iter().any(|word| code.contains(word));
    let draft = context.report(
        range,
        format!("{name} is exempt from the check for forged requests"),
    );
    let changes = CHANGES.iter().any(|word| code.contains(word));
    if proved || !by_cookie || !changes {
        draft.persona(Persona::Pedantic);
    }
}

fn is_flask_exempt(call: &CallSite) -> bool {
    call.paths.iter().any(|path| is_flask_path(path.as_str()))
}

fn is_flask_path(path: &str) -> bool {
    matches!(
        path,
        "flask_wtf.CSRFProtect().exempt"
            | "flask_wtf.csrf.CSRFProtect().exempt"
            | "flask_wtf.CsrfProtect().exempt"
            | "flask_wtf.csrf.CsrfProtect().exempt"
            | "flask_seasurf.SeaSurf().exempt"
    )
}

/// `@csrf_exempt`, `@method_decorator(csrf_exempt, …)`, `@csrf.exempt`.
fn exempts(context: &mut Context<'_, '_>, decorator: ExprId) -> bool {
    let module = context.module;
    if let Expr::Call { func, args } = module[decorator] {
        let wraps = context
            .paths(func)
            .iter()
            .any(|path| path.as_str() == "django.utils.decorators.method_decorator");
        return wraps
            && module.args(args).first().is_some_and(|first| {
                let inner: Vec<ExprId> = match module[first.value] {
                    Expr::ListOf(list) | Expr::Tuple(list) => module.list(list).to_vec(),
                    _ => vec![first.value],
                };
                inner.into_iter().any(|inner| {
                    context
                        .paths(inner)
                        .iter()
                        .any(|path| path.as_str() == EXEMPT)
                })
            });
    }
    context
        .paths(decorator)
        .iter()
        .any(|path| path.as_str() == EXEMPT || is_flask_path(path.as_str()))
}

/// Views that only read, and those of Django REST framework, which checks for itself.
fn is_harmless(context: &mut Context<'_, '_>, decorators: &[ExprId]) -> bool {
    let module = context.module;
    decorators.iter().any(|decorator| {
        let (callee, args) = match module[*decorator] {
            Expr::Call { func, args } => (func, Some(args)),
            _ => (*decorator, None),
        };
        context.paths(callee).iter().any(|path| match path.as_str() {
            "django.views.decorators.http.require_GET" | "django.views.decorators.http.require_safe" | "rest_framework.decorators.api_view" => true,
            // A route without methods answers GET only.
            _ if matches!(module[callee], Expr::Attribute { attr, .. } if attr.as_str() == "route") => args.is_some_and(|args| {
                let methods = module.args(args).iter().find(|argument| argument.kind == ArgKind::Keyword(Symbol::from("methods")));
                methods.is_none_or(|methods| reads_only(context, methods.value))
            }),
            "django.views.decorators.http.require_http_methods" => args.is_some_and(|args| {
                module.args(args).first().is_some_and(|first| reads_only(context, first.value))
            }),
            _ => false,
        })
    })
}

/// A list of methods that change nothing.
fn reads_only(context: &mut Context<'_, '_>, methods: ExprId) -> bool {
    matches!(
        context.constant(methods),
        Some(Constant::Seq(items)) if items.iter().all(|item| matches!(item.text(), Some("GET" | "HEAD" | "OPTIONS")))
    )
}

/// The source of functions that a view asks, in its conditions, whether the caller may go on.
fn code_of_checks(context: &mut Context<'_, '_>, view: TextRange) -> String {
    let module = context.module;
    let tests: Vec<TextRange> = module
        .stmts()
        .filter_map(|(_, stmt)| match stmt {
            Stmt::If { test, .. } => Some(module.expr_range(*test)),
            _ => None,
        })
        .filter(|test| view.contains_range(*test))
        .collect();
    let is_asked = |call: &&CallSite| tests.iter().any(|test| test.contains_range(call.range));
    let asked = context.calls().iter().filter(is_asked);
    let asked: Vec<ExprId> = asked.map(|call| call.func).collect();
    asked.into_iter().map(|func| source_of(context, func)).collect()
}

/// Whether a class is a view of Django REST framework: those are exempt by themselves, and authentication by session checks
/// again.
fn is_rest_view(context: &mut Context<'_, '_>, at: ModuleId, class: ClassId) -> bool {
    let order = context.values.mro(at, class);
    order.iter().any(
        |base| matches!(base, ClassRef::External(path) if path.as_str().starts_with("rest_framework.")),
    )
}

/// Whether an expression names such a class, or the view made of it.
fn names_rest_view(context: &mut Context<'_, '_>, view: ExprId) -> bool {
    let view = bare(context.module, view);
    context
        .eval(view)
        .into_iter()
        .any(|value| matches!(value, Value::Class(at, class) if is_rest_view(context, at, class)))
}

/// The class of `View.as_view()`, or the view itself.
fn bare(module: &Module, view: ExprId) -> ExprId {
    match module[view] {
        Expr::Call { func, .. } => match module[func] {
            Expr::Attribute { value, attr } if attr.as_str() == "as_view" => value,
            _ => view,
        },
        _ => view,
    }
}

/// The source of a view or of the module a blueprint is made in.
fn code_of(context: &mut Context<'_, '_>, view: ExprId) -> String {
    let module = context.module;
    let view = bare(module, view);
    let mut code = source_of(context, view);
    // `csrf.exempt(api.bp)`: the views of a blueprint stand in its module.
    let project = context.values.project();
    if let Expr::Attribute { value, .. } = module[view] {
        for value in context.eval(value) {
            if let Value::Module(at) = value {
                code.push_str(project.module(at).text.as_str());
            }
        }
    }
    code
}

/// The source of the functions and classes of the project that an expression names.
fn source_of(context: &mut Context<'_, '_>, named: ExprId) -> String {
    let mut code = String::new();
    let project = context.values.project();
    for value in context.eval(named) {
        let (at, range) = match value {
            Value::Function(at, function) => (at, project.module(at)[function].range),
            Value::Class(at, class) => (at, project.module(at)[class].range),
            _ => continue,
        };
        let text = project.module(at).text.as_str();
        code.push_str(
            text.get(range.start().to_usize()..range.end().to_usize())
                .unwrap_or_default(),
        );
    }
    code
}

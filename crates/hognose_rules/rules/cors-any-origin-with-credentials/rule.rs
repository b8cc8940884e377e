//! Every library says in its own way which origins it lets in and whether cookies may come along. The rule on any origin without
//! credentials shares what is read here.

use crate::context::dict_entry;
use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for policy in policies(context) {
        if policy.credentials {
            context.report(
                policy.range,
                format!(
                    "{} lets any web site read responses with the user's cookies",
                    policy.what
                ),
            );
        }
    }
}

/// A place that lets any origin in.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) range: TextRange,
    pub(super) what: String,
    /// Cookies come along.
    pub(super) credentials: bool,
}

/// What a library's call takes.
struct Library {
    origins: &'static str,
    at: Option<usize>,
    /// Any origin unless said otherwise.
    open: bool,
    credentials: &'static str,
    /// Cookies come along unless said otherwise.
    generous: bool,
}

const FLASK: Library = Library {
    origins: "origins",
    at: None,
    open: true,
    credentials: "supports_credentials",
    generous: false,
};
const STARLETTE: Library = Library {
    origins: "allow_origins",
    at: None,
    open: false,
    credentials: "allow_credentials",
    generous: false,
};
const SOCKET: Library = Library {
    origins: "cors_allowed_origins",
    at: None,
    open: false,
    credentials: "cors_credentials",
    generous: true,
};

fn library(path: &str) -> Option<Library> {
    Some(match path {
        "flask_cors.CORS"
        | "flask_cors.extension.CORS"
        | "flask_cors.CORS().init_app"
        | "flask_cors.cross_origin"
        | "flask_cors.decorator.cross_origin"
        | "sanic_cors.CORS"
        | "sanic_cors.cross_origin" => FLASK,
        "starlette.middleware.cors.CORSMiddleware" | "fastapi.middleware.cors.CORSMiddleware" => {
            STARLETTE
        }
        "quart_cors.cors" | "quart_cors.route_cors" => Library {
            origins: "allow_origin",
            open: true,
            credentials: "allow_credentials",
            ..STARLETTE
        },
        "litestar.config.cors.CORSConfig" => Library {
            open: true,
            ..STARLETTE
        },
        "falcon.CORSMiddleware" | "falcon.middleware.CORSMiddleware" => Library {
            at: Some(0),
            open: true,
            ..STARLETTE
        },
        "socketio.Server"
        | "socketio.AsyncServer"
        | "flask_socketio.SocketIO"
        | "engineio.Server"
        | "engineio.AsyncServer" => SOCKET,
        _ => return None,
    })
}

/// All places of a module that let any origin in.
pub(super) fn policies(context: &mut Context<'_, '_>) -> Vec<Policy> {
    let mut policies = Vec::new();
    for site in context.calls() {
        let mut known = site
            .paths
            .iter()
            .find_map(|path| library(path.as_str()).map(|library| (path.to_string(), library)));
        // `app.add_middleware(CORSMiddleware, …)` and `Middleware(CORSMiddleware, …)`, whatever the object is.
        if known.is_none()
            && adds_middleware(context, site)
            && let Argument::Given(at, class) = context.arg(site, Some("middleware_class"), Some(0))
            && at == context.id
        {
            known = context
                .paths(class)
                .iter()
                .find_map(|path| library(path.as_str()).map(|library| (path.to_string(), library)));
        }
        if let Some((what, library)) = known {
            // What `CORS(…)` was made with holds; it is judged where it stands.
            let inherits = what == "flask_cors.CORS().init_app"
                && ["origins", "resources"]
                    .iter()
                    .all(|name| context.arg(site, Some(name), None) == Argument::Missing);
            if inherits {
                continue;
            }
            if lets_all_in(context, site, &library) {
                let credentials = match context.arg(site, Some(library.credentials), None) {
                    Argument::Given(at, value) => context
                        .values
                        .constant(at, value)
                        .is_some_and(|value| value.truthy()),
                    Argument::Missing => {
                        library.generous
                            || resource(context, site, library.credentials)
                                .is_some_and(|value| value.truthy())
                    }
                    Argument::Unknown => false,
                };
                policies.push(Policy {
                    range: site.range,
                    what,
                    credentials,
                });
            }
            continue;
        }
        if site.is(&["aiohttp_cors.setup", "aiohttp_cors.setup().add"]) {
            aiohttp(context, site, &mut policies);
        }
        if site.is(&["falcon.App", "falcon.asgi.App", "falcon.API"])
            && let Argument::Given(at, value) = context.arg(site, Some("cors_enable"), None)
            && context.values.constant(at, value) == Some(Constant::Bool(true))
        {
            policies.push(Policy {
                range: site.range,
                what: "cors_enable=True".to_owned(),
                credentials: false,
            });
        }
        header_call(context, site, &mut policies);
    }
    header_items(context, &mut policies);
    django(context, &mut policies);
    policies
}

/// Most calls add none: what they are given need not be looked at.
fn adds_middleware(context: &Context<'_, '_>, site: &CallSite) -> bool {
    let name = match context.module[site.func] {
        Expr::Attribute { attr, .. } => Some(attr),
        _ => context.name_of(site.func),
    };
    let written = name.is_some_and(|name| matches!(name.as_str(), "add_middleware" | "Middleware"));
    written || site.is(&["starlette.middleware.Middleware"])
}

fn is_any(value: &Constant) -> bool {
    const ALL: [&str; 6] = ["*", ".*", "^.*$", ".+", "https?://.*", "^https?://.*$"];
    match value {
        Constant::Str(text) => ALL.contains(&text.as_str()),
        Constant::Seq(items) => items.iter().any(is_any),
        _ => false,
    }
}

fn lets_all_in(context: &mut Context<'_, '_>, site: &CallSite, library: &Library) -> bool {
    if let Argument::Given(at, pattern) = context.arg(site, Some("allow_origin_regex"), None)
        && context
            .values
            .constant(at, pattern)
            .is_some_and(|pattern| is_any(&pattern))
    {
        return true;
    }
    match context.arg(site, Some(library.origins), library.at) {
        Argument::Given(at, origins) => has_any(context, at, origins),
        Argument::Unknown => false,
        Argument::Missing if !library.open => false,
        Argument::Missing => match resource(context, site, library.origins) {
            Some(origins) => is_any(&origins),
            // Flask-CORS reads the application's configuration too.
            None => {
                context.arg(site, Some("resources"), None) == Argument::Missing
                    && !is_configured(context)
            }
        },
    }
}

/// A constant, or a display with one such element.
fn has_any(context: &mut Context<'_, '_>, at: ModuleId, origins: ExprId) -> bool {
    context.values.eval(at, origins).into_iter().any(|value| {
        if context
            .values
            .constant_of(value, 0)
            .is_some_and(|value| is_any(&value))
        {
            return true;
        }
        let Value::Expr(home, display) = value else {
            return false;
        };
        let module = context.values.project().module(home);
        let (Expr::ListOf(list) | Expr::Tuple(list) | Expr::SetOf(list)) = module[display] else {
            return false;
        };
        module.list(list).iter().any(|element| {
            context
                .values
                .constant(home, *element)
                .is_some_and(|element| is_any(&element))
        })
    })
}

/// An option of some entry of `resources={r"/api/*": {"origins": "*"}}`.
fn resource(context: &mut Context<'_, '_>, site: &CallSite, option: &str) -> Option<Constant> {
    let Argument::Given(at, resources) = context.arg(site, Some("resources"), None) else {
        return None;
    };
    let found = context.values.eval(at, resources);
    let [Value::Expr(home, display)] = found.as_slice() else {
        return None;
    };
    let module = context.values.project().module(*home);
    let Expr::Dict(items) = module[*display] else {
        return None;
    };
    module.dict(items).iter().find_map(|(_, options)| {
        match dict_entry(context.values, *home, *options, option) {
            Argument::Given(at, value) => context.values.constant(at, value),
            _ => None,
        }
    })
}

fn is_configured(context: &mut Context<'_, '_>) -> bool {
    context.module.item_stores.iter().any(|store| matches!(context.values.constant(context.id, store.index), Some(Constant::Str(key)) if key == "CORS_ORIGINS"))
}

/// `defaults={"*": ResourceOptions(allow_credentials=True)}`.
fn aiohttp(context: &mut Context<'_, '_>, site: &CallSite, policies: &mut Vec<Policy>) {
    let (name, at) = if site.is(&["aiohttp_cors.setup"]) {
        ("defaults", None)
    } else {
        ("config", Some(1))
    };
    let Argument::Given(at, table) = context.arg(site, Some(name), at) else {
        return;
    };
    let Argument::Given(at, options) = dict_entry(context.values, at, table, "*") else {
        return;
    };
    let mut credentials = false;
    if at == context.id {
        let makers = context.makers(options);
        for maker in context
            .calls()
            .iter()
            .filter(|site| makers.contains(&site.expr))
        {
            if let Argument::Given(at, value) = context.arg(maker, Some("allow_credentials"), None)
            {
                credentials |= context.values.constant(at, value) == Some(Constant::Bool(true));
            }
        }
    }
    policies.push(Policy {
        range: site.range,
        what: "aiohttp_cors".to_owned(),
        credentials,
    });
}

const ORIGIN: &str = "access-control-allow-origin";
const CREDENTIALS: &str = "access-control-allow-credentials";

/// `response.set_header("Access-Control-Allow-Origin", "*")`, and `headers={…}` given to anything.
fn header_call(context: &mut Context<'_, '_>, site: &CallSite, policies: &mut Vec<Policy>) {
    if let Expr::Attribute { attr, .. } = context.module[site.func]
        && matches!(
            attr.as_str(),
            "set_header"
                | "add_header"
                | "append_header"
                | "send_header"
                | "add"
                | "setdefault"
                | "set"
        )
        && let Argument::Given(at, name) = context.arg(site, None, Some(0))
        && at == context.id
        && is_header(context, name, ORIGIN)
        && let Argument::Given(at, value) = context.arg(site, None, Some(1))
        && at == context.id
    {
        header(context, site.range, value, policies);
    }
    let Argument::Given(at, headers) = context.arg(site, Some("headers"), None) else {
        return;
    };
    for spelling in ["Access-Control-Allow-Origin", ORIGIN] {
        if let Argument::Given(home, value) = dict_entry(context.values, at, headers, spelling)
            && home == context.id
        {
            header(context, site.range, value, policies);
        }
    }
}

fn header_items(context: &mut Context<'_, '_>, policies: &mut Vec<Policy>) {
    for store in &context.module.item_stores {
        if !context.module.is_dead(store.range) && is_header(context, store.index, ORIGIN) {
            header(context, store.range, store.value, policies);
        }
    }
}

fn is_header(context: &mut Context<'_, '_>, name: ExprId, header: &str) -> bool {
    matches!(context.constant(name), Some(Constant::Str(name)) if name.eq_ignore_ascii_case(header))
}

/// A header with `*`, or with whatever origin the request names. Browsers refuse `*` together with cookies, so that only the
/// second lets these through.
fn header(
    context: &mut Context<'_, '_>,
    range: TextRange,
    value: ExprId,
    policies: &mut Vec<Policy>,
) {
    let what = "this Access-Control-Allow-Origin header".to_owned();
    if context
        .constant(value)
        .is_some_and(|value| matches!(value, Constant::Str(text) if text == "*"))
    {
        policies.push(Policy {
            range,
            what,
            credentials: false,
        });
        return;
    }
    if !is_origin(context, value) || is_guarded(context, range) {
        return;
    }
    let credentials = sends_credentials(context, range);
    policies.push(Policy {
        range,
        what,
        credentials,
    });
}

/// Whether an expression is the `Origin` header of a request.
pub(super) fn is_origin(context: &mut Context<'_, '_>, expr: ExprId) -> bool {
    const NAMES: [&str; 2] = ["origin", "http_origin"];
    let module = context.module;
    let mut exprs = vec![expr];
    let mut defs = Vec::new();
    for _ in 0..32 {
        if let Some(def) = defs.pop() {
            let data: &Def = &module[def];
            match data.kind {
                DefKind::Value(value) => exprs.push(value),
                DefKind::Phi(list) => defs.extend_from_slice(module.defs_list(list)),
                // Tornado asks `check_origin(self, origin)` of a handler.
                DefKind::Param(1) => {
                    if let ScopeKind::Function(function) = module[data.scope].kind
                        && module[function].name.as_str() == "check_origin"
                    {
                        return true;
                    }
                }
                _ => {}
            }
            continue;
        }
        let Some(expr) = exprs.pop() else { break };
        match module[expr] {
            Expr::Name { def, .. } => defs.push(def),
            Expr::Named { value, .. } => exprs.push(value),
            Expr::Logic { values, .. } => exprs.extend_from_slice(module.list(values)),
            Expr::Subscript { index, .. } => {
                if matches!(context.constant(index), Some(Constant::Str(name)) if NAMES.iter().any(|asked| name.eq_ignore_ascii_case(asked)))
                {
                    return true;
                }
            }
            Expr::Attribute { attr, .. }
                if attr.as_str() == "origin"
                    && context.paths(expr).iter().any(|path| {
                        matches!(
                            path.as_str(),
                            "flask.request.origin" | "quart.request.origin"
                        )
                    }) =>
            {
                return true;
            }
            Expr::Call { func, args } => {
                let Expr::Attribute { value, attr } = module[func] else {
                    continue;
                };
                match attr.as_str() {
                    "get" | "get_header" | "getheader" | "getone" | "getlist" => {
                        if let Some(first) = module.args(args).first()
                            && matches!(context.constant(first.value), Some(Constant::Str(name)) if NAMES.iter().any(|asked| name.eq_ignore_ascii_case(asked)))
                        {
                            return true;
                        }
                    }
                    "lower" | "strip" | "rstrip" | "decode" => exprs.push(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    false
}

/// Whether something is asked of the origin beyond its presence in the function at hand.
fn is_guarded(context: &Context<'_, '_>, range: TextRange) -> bool {
    let Some(function) = context.function_around(range) else {
        return false;
    };
    context.module.stmts().any(|(id, stmt)| {
        let (Stmt::If { test, .. } | Stmt::Assert { test, .. }) = *stmt else {
            return false;
        };
        let plain = matches!(
            context.module[test],
            Expr::Name { .. } | Expr::Attribute { .. } | Expr::Subscript { .. }
        );
        !plain
            && function.range.contains_range(context.module.stmt_range(id))
            && context
                .text(context.module.expr_range(test))
                .to_ascii_lowercase()
                .contains("origin")
    })
}

/// Whether the function around a span, or the module, sends `Access-Control-Allow-Credentials: true`.
fn sends_credentials(context: &mut Context<'_, '_>, range: TextRange) -> bool {
    let around = context
        .function_around(range)
        .map(|function| function.range);
    let near = |other: TextRange| around.is_none_or(|around| around.contains_range(other));
    let module = context.module;
    for store in &module.item_stores {
        if near(store.range) && is_header(context, store.index, CREDENTIALS) {
            return true;
        }
    }
    context.calls().iter().filter(|site| near(site.range)).any(|site| {
        let first = context.arg(site, None, Some(0));
        matches!(first, Argument::Given(at, name) if at == context.id && is_header(context, name, CREDENTIALS))
    })
}

/// The settings of django-cors-headers.
fn django(context: &mut Context<'_, '_>, policies: &mut Vec<Policy>) {
    for name in ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"] {
        let Some(slot) = context
            .module
            .slot(Module::TOP, Symbol::from(name))
            .filter(|slot| slot.bound)
        else {
            continue;
        };
        if top_constant(context, name) != Some(Constant::Bool(true)) {
            continue;
        }
        let range = context.module[slot.exit].range;
        let credentials =
            top_constant(context, "CORS_ALLOW_CREDENTIALS").is_some_and(|value| value.truthy());
        policies.push(Policy {
            range,
            what: name.to_owned(),
            credentials,
        });
    }
}

/// A constant of the module, its own or through a star import.
fn top_constant(context: &mut Context<'_, '_>, name: &str) -> Option<Constant> {
    let values = context.values.export(context.id, Symbol::from(name));
    match values.as_slice() {
        [value] => context.values.constant_of(*value, 0),
        _ => None,
    }
}

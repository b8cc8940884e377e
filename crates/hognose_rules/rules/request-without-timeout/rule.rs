//! Each client has its own default: requests, urllib and urllib3 wait for ever, httpx five seconds, aiohttp five minutes. For a
//! session or pool the default may be set where it is made.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    for site in context.calls() {
        let Some(rule) = site
            .paths
            .iter()
            .find_map(|path| client(path.as_str()).map(|rule| (*path, rule)))
        else {
            continue;
        };
        let (path, Client { name, at, default }) = rule;
        let callee = path.as_str();
        match context.arg(site, Some(name), at) {
            Argument::Given(home, value) => {
                let given = context.values.constant(home, value);
                let endless = matches!(given, Some(Constant::None))
                    || (callee == "aiohttp.ClientTimeout" && given == Some(Constant::Int(0)));
                if endless && !reads_in_time(context, site, callee) {
                    context
                        .report(
                        site.range,
                        format!("{callee} with {name}=None may wait for ever"),
                    )
                    // Somebody wrote it down.
                    .persona(Persona::Pedantic);
                }
            }
            Argument::Missing => match default {
                Without::Endless => context.report_missing(site, callee),
                Without::OfSocket
                    if !sets_default(context)
                        && !is_local_file(context, site)
                        && !connects_itself(context, site) =>
                {
                    context.report_missing(site, callee)
                }
                Without::OfSession if !has_adapter(context) && !is_own_session(context, site) => {
                    context.report_missing(site, callee)
                }
                Without::OfPool if pool_is_endless(context, site) => {
                    context.report_missing(site, callee)
                }
                _ => {}
            },
            Argument::Unknown => {}
        }
    }
}

/// What happens without the argument.
#[derive(Debug, Clone, Copy)]
enum Without {
    /// It waits for ever.
    Endless,
    /// What `socket.setdefaulttimeout` says, by default for ever.
    OfSocket,
    /// For ever, unless an adapter of the session says otherwise.
    OfSession,
    /// What the pool was made with, by default for ever.
    OfPool,
    /// The library gives up by itself.
    Sound,
}

struct Client {
    name: &'static str,
    at: Option<usize>,
    default: Without,
}

fn client(path: &str) -> Option<Client> {
    let timeout = |at, default: Without| {
        Some(Client {
            name: "timeout",
            at,
            default,
        })
    };
    match path {
        "urllib.request.urlopen" => return timeout(Some(2), Without::OfSocket),
        "urllib.request.build_opener().open" | "urllib.request.OpenerDirector().open" => {
            return timeout(Some(2), Without::OfSocket);
        }
        "http.client.HTTPConnection" | "http.client.HTTPSConnection" => {
            return timeout(Some(2), Without::OfSocket);
        }
        "httplib2.Http" => return timeout(Some(1), Without::OfSocket),
        "urllib3.request" => return timeout(None, Without::Sound),
        "httpx.Timeout" => return timeout(Some(0), Without::Sound),
        "httpx.Client" | "httpx.AsyncClient" => return timeout(None, Without::Sound),
        "aiohttp.ClientTimeout" => {
            return Some(Client {
                name: "total",
                at: Some(0),
                default: Without::Sound,
            });
        }
        _ => {}
    }
    let (object, method) = path.rsplit_once('.')?;
    let verb = matches!(
        method,
        "get" | "post" | "put" | "patch" | "delete" | "head" | "options" | "request"
    );
    match object {
        "requests" | "requests.api" if verb => timeout(None, Without::Endless),
        "requests.Session()" | "requests.session()" | "requests.sessions.Session()" if verb => {
            timeout((method == "request").then_some(8), Without::OfSession)
        }
        "httpx" | "httpx.Client()" | "httpx.AsyncClient()" if verb || method == "stream" => {
            timeout(None, Without::Sound)
        }
        "aiohttp.ClientSession()" if verb || method == "ws_connect" => {
            timeout(None, Without::Sound)
        }
        "urllib3.PoolManager()"
        | "urllib3.ProxyManager()"
        | "urllib3.poolmanager.PoolManager()"
        | "urllib3.HTTPSConnectionPool()"
        | "urllib3.HTTPConnectionPool()"
            if matches!(
                method,
                "request" | "urlopen" | "request_encode_url" | "request_encode_body"
            ) =>
        {
            timeout(None, Without::OfPool)
        }
        _ => None,
    }
}

impl Context<'_, '_> {
    fn report_missing(&mut self, site: &CallSite, callee: &str) {
        self.report(
            site.range,
            format!("{callee} without a timeout may wait for ever"),
        );
    }
}

/// `ClientTimeout(total=None, sock_read=30)` waits for each piece no longer than that; `httpx.Timeout(None, read=30)` likewise.
fn reads_in_time(context: &mut Context<'_, '_>, site: &CallSite, callee: &str) -> bool {
    let name = match callee {
        "aiohttp.ClientTimeout" => "sock_read",
        "httpx.Timeout" => "read",
        _ => return false,
    };
    match context.arg(site, Some(name), None) {
        Argument::Given(at, value) => context.values.constant(at, value) != Some(Constant::None),
        Argument::Missing => false,
        Argument::Unknown => true,
    }
}

fn sets_default(context: &mut Context<'_, '_>) -> bool {
    context.project_calls("socket", &["socket.setdefaulttimeout"])
}

fn is_local_file(context: &mut Context<'_, '_>, site: &CallSite) -> bool {
    match context.arg(site, None, Some(0)) {
        Argument::Given(at, url) if at == context.id => {
            let text = context.leading_text(url);
            text.starts_with("file:") || text.starts_with("data:")
        }
        _ => false,
    }
}

/// Whether the module mounts an adapter that may bring a timeout, or puts a function of its own in place of a method.
fn has_adapter(context: &mut Context<'_, '_>) -> bool {
    for site in context.calls() {
        let Expr::Attribute { attr, .. } = context.module[site.func] else {
            continue;
        };
        if attr.as_str() != "mount" {
            continue;
        }
        let Argument::Given(at, adapter) = context.arg(site, Some("adapter"), Some(1)) else {
            return true;
        };
        let plain = |value: &Value| matches!(value, Value::External(path) if matches!(path.as_str(), "requests.adapters.HTTPAdapter()" | "requests.HTTPAdapter()"));
        if !context.values.eval(at, adapter).iter().all(plain) {
            return true;
        }
    }
    context.module.attribute_stores.iter().any(|store| {
        matches!(store.attr.as_str(), "request" | "send" | "get")
            && !context.paths(store.object).is_empty()
    })
}

/// Whether the session is of a class of the project that sends requests in its own way.
fn is_own_session(context: &mut Context<'_, '_>, site: &CallSite) -> bool {
    let Expr::Attribute { value, .. } = context.module[site.func] else {
        return false;
    };
    context.eval(value).into_iter().any(|value| match value {
        Value::Instance(at, class) => {
            context.class_defines(at, class, &["request", "send", "mount", "get_adapter"])
        }
        _ => false,
    })
}

/// Whether the connection is of a class of the project that connects in its own way, say to a socket of this machine.
fn connects_itself(context: &mut Context<'_, '_>, site: &CallSite) -> bool {
    context
        .eval(site.func)
        .into_iter()
        .any(|value| match value {
            Value::Class(at, class) => context.class_defines(at, class, &["connect"]),
            _ => false,
        })
}

fn pool_is_endless(context: &mut Context<'_, '_>, site: &CallSite) -> bool {
    let Expr::Attribute { value, .. } = context.module[site.func] else {
        return false;
    };
    let makers = context.makers(value);
    let sites: Vec<&CallSite> = context
        .calls()
        .iter()
        .filter(|site| makers.contains(&site.expr))
        .collect();
    !makers.is_empty()
        && sites.len() == makers.len()
        && sites
            .iter()
            .all(|site| context.arg(site, Some("timeout"), None) == Argument::Missing)
}

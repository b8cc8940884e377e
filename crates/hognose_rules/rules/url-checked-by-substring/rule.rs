//! In code because the constant must be a host name, and the value an address that somebody else chooses.

use std::sync::LazyLock;

use crate::names;
use crate::prelude::*;

/// Last labels that make a host name out of words with dots.
const TOP_LEVEL: &[&str] = &[
    "com", "org", "net", "edu", "gov", "mil", "info", "biz", "io", "co", "uk", "eu", "de", "fr", "nl", "ch", "jp", "cn", "ru", "br", "au", "ca", "dev", "app", "cloud", "online", "site", "xyz", "ai", "example", "local", "internal",
];

/// Names of addresses that whoever sends the request chooses.
const CHOSEN: &[&str] = &["origin", "referer", "referrer", "redirect", "next", "callback", "goto", "return"];

/// Names of addresses and of their hosts.
const ADDRESSES: &[&str] = &["url", "uri", "link", "href", "target", "address", "endpoint", "webhook"];
const HOSTS: &[&str] = &["host", "hostname", "netloc", "domain"];

/// Where requests keep what was sent.
const REQUESTS: &[&str] = &[
    "flask.request.args", "flask.request.form", "flask.request.values", "flask.request.headers", "flask.request.referrer", "flask.request.origin", "flask.request.json", "flask.request.get_json()", "quart.request.args", "quart.request.headers", "bottle.request.query", "bottle.request.params",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Inside,
    Start,
    End,
}

static METHODS: LazyLock<FxHashMap<Symbol, What>> = LazyLock::new(|| {
    let methods = [
        ("startswith", What::Start),
        ("endswith", What::End),
        ("find", What::Inside),
        ("index", What::Inside),
        ("count", What::Inside),
        ("__contains__", What::Inside),
    ];
    methods.into_iter().map(|(name, what)| (Symbol::from(name), what)).collect()
});

pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    for (id, expr) in module.exprs() {
        if let Expr::Compare { op: CmpOp::In | CmpOp::NotIn, left, right } = *expr
            && matches!(module[left], Expr::Str(_) | Expr::Name { .. } | Expr::Attribute { .. })
            && !matches!(module[right], Expr::Tuple(_) | Expr::ListOf(_) | Expr::SetOf(_) | Expr::Dict(_))
        {
            judge(context, id, right, left, What::Inside);
        }
    }
    for call in context.calls() {
        let Expr::Attribute { value, attr } = module[call.func] else { continue };
        let Some(what) = METHODS.get(&attr).copied() else { continue };
        let [argument] = *module.args(call.args) else { continue };
        if argument.kind == ArgKind::Positional {
            judge(context, call.expr, value, argument.value, what);
        }
    }
}

fn judge(context: &mut Context<'_, '_>, whole: ExprId, subject: ExprId, constant: ExprId, what: What) {
    let module = context.module;
    // Cheap things first: the constant must hold a dot.
    let texts: Vec<String> = match module[constant] {
        Expr::Str(text) => vec![module.str(text).to_owned()],
        Expr::Tuple(list) => module.list(list).iter().filter_map(|item| match module[*item] {
            Expr::Str(text) => Some(module.str(text).to_owned()),
            _ => None,
        }).collect(),
        // `ALLOWED_HOST in url`
        Expr::Name { .. } | Expr::Attribute { .. } if names::name_of(context, constant).is_some_and(|name| crate::condition::is_constant_name(&name)) => match context.constant(constant) {
            Some(Constant::Str(text)) => vec![text],
            _ => return,
        },
        _ => return,
    };
    let Some(text) = texts.into_iter().find(|text| is_open(text, what)) else { return };
    let range = module.expr_range(whole);
    if module.is_dead(range) {
        return;
    }
    let Some(trust) = trust(context, subject, what) else { return };
    let message = match what {
        What::Inside => format!("\"{text}\" may stand anywhere in this address, also in a path or in the name of another host"),
        What::Start => format!("another host's name may begin with \"{text}\" too"),
        What::End => format!("another host's name may end in \"{text}\" too"),
    };
    let draft = context.report(range, message);
    if !trust {
        draft.persona(Persona::Pedantic).confidence(Confidence::Low);
    }
}

/// Whether a text is a host name, or a URL up to one, that leaves the host open where it is compared.
fn is_open(text: &str, what: What) -> bool {
    if !text.contains('.') || text.contains(char::is_whitespace) {
        return false;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let labels: Vec<&str> = host.trim_start_matches('.').split('.').collect();
    let named = labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        && labels.last().is_some_and(|last| TOP_LEVEL.contains(&last.to_ascii_lowercase().as_str()));
    if !named {
        return false;
    }
    match what {
        What::Inside => true,
        // `https://shop.example/` closes the host; `shop.example` alone is no beginning of a URL.
        What::Start => scheme.is_some_and(|scheme| matches!(scheme, "http" | "https" | "ws" | "wss")) && host.len() == rest.len(),
        // `.shop.example` and `@shop.example` are closed on the left.
        What::End => scheme.is_none() && !host.starts_with('.') && host.len() == rest.len(),
    }
}

/// Whether an address is surely one that others choose and that is checked; `None` where it is no address at all.
fn trust(context: &mut Context<'_, '_>, subject: ExprId, what: What) -> Option<bool> {
    let paths = context.paths(subject);
    let path = |test: &dyn Fn(&str) -> bool| paths.iter().any(|path| test(path.as_str()));
    if path(&|path| path.starts_with("urllib.parse.url") && (path.ends_with(".hostname") || path.ends_with(".netloc"))) {
        return Some(true);
    }
    if path(&|path| REQUESTS.iter().any(|request| path.starts_with(request))) {
        return Some(true);
    }
    // A URL that is asked for how it ends has a path there.
    let name = names::name_of(context, subject)?;
    let words = names::words(&name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let last = |list: &[&str]| words.last().is_some_and(|word| list.contains(&word.as_str()));
    if last(&["origin", "referer", "referrer"]) || has(CHOSEN) && last(ADDRESSES) {
        return Some(true);
    }
    if last(HOSTS) {
        return Some(what == What::End);
    }
    last(ADDRESSES).then_some(false)
}

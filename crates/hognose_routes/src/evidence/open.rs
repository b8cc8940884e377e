//! Endpoints that anyone may call and that change something.
//!
//! An open endpoint is told of only where its application knows users, where what it does is seen in the code, and where it
//! does not find out by itself who calls. What most open endpoints of an application are for (to log in, to register, to
//! send a message) is recognised by what they do.

use hognose_python::Symbol;
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::classes::is_rest_view;
use super::deeds::{Deed, Deeds, Kind, Looked, limits};
use super::{Evidence, Remark};
use crate::code::{bases_outside, method, name_of};
use crate::endpoint::{Endpoint, Level};
use crate::frameworks::lifts_default;
use crate::guard;
use crate::world::{Registered, Target, UNKNOWN_PART, World};

pub(super) const OUTSIDE_GUARD: &str = "endpoint-outside-guard";
pub(super) const AMONG_GUARDED: &str = "unguarded-among-guarded";
pub(super) const STATE_CHANGE: &str = "unguarded-state-change";
pub(super) const CHANGE_BY_GET: &str = "state-change-by-get";
pub(super) const OBJECT_UNCHECKED: &str = "object-id-unchecked";
pub(super) const DEFAULT_LIFTED: &str = "permission-default-lifted";
pub(super) const LOGIN_UNLIMITED: &str = "login-without-rate-limit";

/// Guarded endpoints from which on an application counts as one that knows its users, and a group as one that is guarded.
const GUARDED: usize = 3;

/// Calls between a handler and what it does that still speak of the handler.
const NEAR: u32 = 2;

/// Guards that know their user by a cookie, which a browser sends along with whatever page asks it to.
const COOKIE_PACKAGES: &[&str] = &["flask_login", "django", "flask_security", "flask_user"];

/// Endpoints that stand together: those of a class, of a router, or of a module.
type Group = (ModuleId, String);

/// One endpoint of the project's own code.
struct Found {
    endpoint: Endpoint,
    registered: Registered,
    at: ModuleId,
    range: TextRange,
    group: Group,
    /// Its handler answers other methods too, and what it does may be theirs.
    is_shared: bool,
}

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let all: Vec<(Endpoint, Registered)> = world
        .found()
        .map(|(endpoint, registered)| (endpoint.clone(), registered.clone()))
        .collect();
    let mut all: Vec<Found> = all
        .into_iter()
        .filter_map(|(endpoint, registered)| place(world, endpoint, registered))
        .collect();
    let writing: FxHashSet<(ModuleId, TextRange)> = all
        .iter()
        .filter(|one| writes_by_method(&one.endpoint))
        .map(|one| (one.at, one.range))
        .collect();
    for one in &mut all {
        one.is_shared = writing.contains(&(one.at, one.range));
    }
    let mut looked = Looked::default();
    outside(world, &all, &mut looked, found);
    let mut apps: FxHashMap<&str, Count> = FxHashMap::default();
    let mut groups: FxHashMap<&Group, Count> = FxHashMap::default();
    for one in &all {
        apps.entry(&one.endpoint.app).or_default().take(one);
        groups.entry(&one.group).or_default().take(one);
    }
    for one in &all {
        let app = &apps[one.endpoint.app.as_str()];
        // That users are known is what the settings say.
        if one.endpoint.level == Level::Public && lifted(world, one, app, &mut looked, found) {
            continue;
        }
        if app.guarded.len() < GUARDED {
            continue;
        }
        match one.endpoint.level {
            Level::Public => {
                open(world, one, app, &groups[&one.group], &mut looked, found);
                // An assertion on the user guards until assertions are left out.
                if looks_at_caller(world, one) {
                    by_get(world, one, &mut looked, found);
                }
            }
            Level::Unknown => {}
            level => {
                by_get(world, one, &mut looked, found);
                if level == Level::Authenticated {
                    object(world, one, &mut looked, found);
                }
            }
        }
    }
    logins(world, &all, &mut looked, found);
}

/// Handlers by whether they are guarded.
#[derive(Default)]
struct Count {
    guarded: Vec<(ModuleId, TextRange)>,
    open: Vec<(ModuleId, TextRange)>,
    /// Guarded and open ones that are not only read.
    guarded_writes: usize,
    open_writes: usize,
}

impl Count {
    fn take(&mut self, one: &Found) {
        let (list, writes) = match one.endpoint.level {
            Level::Unknown => return,
            Level::Public => (&mut self.open, &mut self.open_writes),
            _ => (&mut self.guarded, &mut self.guarded_writes),
        };
        let handler = (one.at, one.range);
        if !list.contains(&handler) {
            list.push(handler);
            *writes += usize::from(writes_by_method(&one.endpoint));
        }
    }
}

/// The place and group of an endpoint whose handler is in the project.
fn place(world: &mut World<'_>, endpoint: Endpoint, registered: Registered) -> Option<Found> {
    let project = world.machine.project;
    let (at, range, group) = match registered.target {
        Target::Function(at, function) => {
            let module = project.module(at);
            let data = &module[function];
            let group = match data.class {
                Some(class) => module[class].name.as_str().to_owned(),
                None => router(module, at, &registered),
            };
            (at, data.name_range, group)
        }
        Target::Class(at, class) => {
            let module = project.module(at);
            let name = module[class].name.as_str().to_owned();
            (at, module[class].name_range, name)
        }
        Target::Other(_) => return None,
    };
    Some(Found {
        endpoint,
        registered,
        at,
        range,
        group: (at, group),
        is_shared: false,
    })
}

/// The name of the router that a function is registered on by a decorator; nothing where that is done elsewhere.
fn router(module: &Module, at: ModuleId, registered: &Registered) -> String {
    if let Some((home, expr)) = registered.site
        && home == at
        && let Expr::Call { func, .. } = module[expr]
        && let Expr::Attribute { value, .. } = module[func]
        && let Expr::Name { def, .. } = module[value]
    {
        let name: Symbol = name_of(module, def);
        return name.as_str().to_owned();
    }
    String::new()
}

/// Whether an endpoint takes a method that is meant to change something.
fn writes_by_method(endpoint: &Endpoint) -> bool {
    endpoint.methods.iter().any(|method| {
        matches!(
            method.as_str(),
            "POST" | "PUT" | "PATCH" | "DELETE" | "MUTATION" | "RPC" | "WEBSOCKET" | "*"
        )
    })
}

/// Whether a handler that takes any method looks at what is sent, or at the method.
fn is_sent(world: &World<'_>, one: &Found) -> bool {
    let Target::Function(at, function) = one.registered.target else {
        return true;
    };
    let module = world.machine.project.module(at);
    let range = module[function].range;
    module.exprs().any(|(id, expr)| {
        matches!(*expr, Expr::Attribute { attr, .. }
            if matches!(attr.as_str(), "method" | "POST" | "FILES" | "body" | "form" | "json"))
            && range.contains_range(module.expr_range(id))
    })
}

/// The parameters of a path pattern: names and, where there are any, converters.
fn parameters(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = path;
    while let Some(start) = rest.find(['<', '{']) {
        rest = &rest[start + 1..];
        let end = rest.find(['>', '}']).unwrap_or(rest.len());
        found.push(rest[..end].to_lowercase());
        rest = &rest[end..];
    }
    found.retain(|name| *name != UNKNOWN_PART.trim_matches(['<', '>']));
    found
}

/// Whether a path is known only to whom it was told: whoever has the link may use it.
pub(super) fn is_secret_link(path: &str) -> bool {
    parameters(path).iter().any(|name| {
        [
            "token",
            "uuid",
            "hash",
            "secret",
            "signature",
            "hmac",
            "key",
            "code",
            "nonce",
            "sig",
        ]
        .iter()
        .any(|word| name.contains(word))
    })
}

/// What the handler of an endpoint does.
fn deeds(world: &mut World<'_>, one: &Found, looked: &mut Looked) -> Deeds {
    match one.registered.target {
        Target::Function(at, function) => {
            let mut deeds = looked.of(world, at, function);
            if let Some(class) = world.machine.project.module(at)[function].class {
                deeds.may_ask |= looked.class_asks(world, at, class);
            }
            deeds
        }
        // What REST framework does for the methods that it brings along is no secret.
        Target::Class(at, class) => {
            let inherits = bases_outside(world, at, class)
                .iter()
                .any(|path| is_rest_view(path.as_str()));
            let asked = one.endpoint.methods.first().map(String::as_str);
            let kind = match asked {
                Some("PUT" | "PATCH" | "DELETE") if inherits => Kind::Change,
                Some("POST") if inherits => Kind::Create,
                _ => return Deeds::default(),
            };
            let does = if kind == Kind::Create {
                "adds to the database"
            } else {
                "changes the database"
            };
            Deeds {
                deeds: vec![Deed {
                    kind,
                    does,
                    at,
                    range: one.range,
                    depth: 0,
                }],
                // `PATCH` comes to an `update` of the project's own, which may ask.
                may_ask: looked.class_asks(world, at, class)
                    || method(world, at, class, "update").is_some(),
                ..Deeds::default()
            }
        }
        Target::Other(_) => Deeds::default(),
    }
}

/// Whether a handler looks at who asks in some way: then it is not known what it asks for.
fn looks_at_caller(world: &mut World<'_>, one: &Found) -> bool {
    let Target::Function(at, function) = one.registered.target else {
        return false;
    };
    let module = world.machine.project.module(at);
    let range = module[function].range;
    let tests: Vec<ExprId> = module
        .stmts()
        .filter(|(id, _)| range.contains_range(module.stmt_range(*id)))
        .filter_map(|(_, stmt)| match *stmt {
            Stmt::If { test, .. } | Stmt::While { test, .. } | Stmt::Assert { test, .. } => {
                Some(test)
            }
            Stmt::Assign { value, .. } | Stmt::Expr(value) => Some(value),
            Stmt::Return(Some(value)) => Some(value.get()),
            _ => None,
        })
        .collect();
    tests
        .into_iter()
        .any(|test| guard::depends(world, at, test))
}

pub(super) fn words(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.methods.join(","), endpoint.path)
}

pub(super) fn remark(deed: &Deed) -> Remark {
    Remark {
        at: deed.at,
        range: deed.range,
        text: format!("{} here", deed.does),
    }
}

/// An endpoint whose own permissions take away what the settings ask of every view; whether it is one.
fn lifted(
    world: &mut World<'_>,
    one: &Found,
    app: &Count,
    looked: &mut Looked,
    found: &mut Vec<Evidence>,
) -> bool {
    let endpoint = &one.endpoint;
    let method = endpoint.methods.first().map_or("GET", String::as_str);
    if endpoint.framework != "django" || !lifts_default(world, one.registered.target, method) {
        return false;
    }
    let of_one = !parameters(&endpoint.path).is_empty();
    let deeds = deeds(world, one, looked);
    let asks = deeds.knows_caller || deeds.may_ask || looks_at_caller(world, one);
    if asks || is_secret_link(&endpoint.path) {
        return true;
    }
    let writes = writes_by_method(endpoint);
    let (what, is_thin, remark) = match (deeds.gravest(), deeds.lookups.first().copied()) {
        (Some(deed), _) if writes => {
            let changes = matches!(deed.kind, Kind::Change | Kind::Files | Kind::Process);
            // Where much may be done by anyone, that is what the application is for.
            let is_thin = !(of_one && changes)
                || deed.depth > NEAR
                || app.open_writes * GUARDED > app.guarded_writes;
            (deed.does, is_thin, remark(deed))
        }
        (_, Some((at, range))) if of_one => {
            let text = "it is looked up here".to_owned();
            let remark = Remark { at, range, text };
            ("gives the record that the caller names", true, remark)
        }
        _ => return true,
    };
    let message = format!(
        "anyone may call {}, which {what}: its permissions take away what the settings ask of every view",
        words(endpoint)
    );
    let mut evidence = Evidence::new(DEFAULT_LIFTED, one.at, one.range, message);
    evidence.is_thin = is_thin;
    evidence.remarks.push(remark);
    found.push(evidence);
    true
}

/// An endpoint that anyone may call.
fn open(
    world: &mut World<'_>,
    one: &Found,
    app: &Count,
    group: &Count,
    looked: &mut Looked,
    found: &mut Vec<Evidence>,
) {
    let endpoint = &one.endpoint;
    let of_one = !parameters(&endpoint.path).is_empty();
    // What a method says is a claim; that a record of the caller's choice is changed by reading it is told all the same.
    let writes = writes_by_method(endpoint) && (endpoint.methods != ["*"] || is_sent(world, one));
    if !writes && !of_one || is_secret_link(&endpoint.path) || looks_at_caller(world, one) {
        return;
    }
    let deeds = deeds(world, one, looked);
    let Some(deed) = deeds.gravest() else { return };
    let changes = matches!(deed.kind, Kind::Change | Kind::Files);
    if deeds.knows_caller || deeds.may_ask || !writes && (!changes || one.is_shared) {
        return;
    }
    // What only adds, without a say in what is there, is what forms for everybody do.
    let is_form = !of_one && matches!(deed.kind, Kind::Create | Kind::Write | Kind::Mail);
    // Open endpoints that are only read say nothing against the guards beside them.
    let outlier =
        group.guarded.len() >= GUARDED && group.open_writes * GUARDED <= group.guarded.len();
    let (rule, message) = if outlier {
        let message = format!(
            "anyone may call {}, which {}; {} handlers beside it are guarded",
            words(endpoint),
            deed.does,
            group.guarded.len()
        );
        (AMONG_GUARDED, message)
    } else {
        let what = if is_form {
            ", as forms for everybody do"
        } else {
            ""
        };
        let message = format!(
            "anyone may call {}, which {}{what}",
            words(endpoint),
            deed.does
        );
        (STATE_CHANGE, message)
    };
    let mut evidence = Evidence::new(rule, one.at, one.range, message);
    // What is done far from the handler is often done for other reasons.
    let is_far = deed.depth > NEAR;
    evidence.is_thin = if outlier {
        is_form || is_far
    } else {
        // Strong where the record is the caller's choice and the application guards most of what changes anything.
        !of_one
            || is_far
            || matches!(deed.kind, Kind::Create | Kind::Mail)
            || app.open_writes * GUARDED > app.guarded_writes
    };
    evidence.remarks.push(remark(deed));
    found.push(evidence);
}

/// A guarded endpoint that changes something when it is only read: a link on any page makes the browser do it.
fn by_get(world: &mut World<'_>, one: &Found, looked: &mut Looked, found: &mut Vec<Evidence>) {
    let endpoint = &one.endpoint;
    if endpoint.methods != ["GET"] || is_secret_link(&endpoint.path) || !knows_by_cookie(world, one)
    {
        return;
    }
    let deeds = deeds(world, one, looked);
    let Some(deed) = deeds.gravest().filter(|deed| deed.kind == Kind::Change) else {
        return;
    };
    if deeds.knows_caller || one.is_shared {
        return;
    }
    let message = format!(
        "{} {}, so a link on any page does it",
        words(endpoint),
        deed.does
    );
    let mut evidence = Evidence::new(CHANGE_BY_GET, one.at, one.range, message);
    // What is done to each of several records, or far from the handler, is rarely what the link is for: stale ones go.
    evidence.is_thin =
        parameters(&endpoint.path).is_empty() || deed.depth >= NEAR || is_repeated(world, deed);
    evidence.remarks.push(remark(deed));
    found.push(evidence);
}

/// Whether something is done in a loop.
fn is_repeated(world: &World<'_>, deed: &Deed) -> bool {
    let module = world.machine.project.module(deed.at);
    module.stmts().any(|(stmt, kind)| {
        matches!(kind, Stmt::For { .. } | Stmt::While { .. })
            && module.stmt_range(stmt).contains_range(deed.range)
    })
}

/// A record of the caller's choice that every user gets: nothing in the handler asks whose it is.
fn object(world: &mut World<'_>, one: &Found, looked: &mut Looked, found: &mut Vec<Evidence>) {
    let endpoint = &one.endpoint;
    let Target::Function(at, function) = one.registered.target else {
        return;
    };
    // The caller names the record where the handler takes a part of the path and hands it on.
    let module = world.machine.project.module(at);
    let named = parameters(&endpoint.path);
    let takes = module[function].params.iter().any(|param| {
        let name = param.name.as_str();
        named
            .iter()
            .any(|part| part.rsplit(':').next() == Some(name))
    });
    if !takes || is_secret_link(&endpoint.path) || looks_at_caller(world, one) {
        return;
    }
    let deeds = deeds(world, one, looked);
    if deeds.may_ask {
        return;
    }
    let Some((at, range)) = deeds.lookups.first().copied() else {
        return;
    };
    let message = format!(
        "every user may name the record that {} is about: nothing here asks whose it is",
        words(endpoint)
    );
    let mut evidence = Evidence::new(OBJECT_UNCHECKED, one.at, one.range, message);
    evidence.remarks.push(Remark {
        at,
        range,
        text: "it is looked up here".to_owned(),
    });
    found.push(evidence);
}

/// Logins in a project that limits nothing.
fn logins(world: &mut World<'_>, all: &[Found], looked: &mut Looked, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    let limited = project.modules.iter().any(|module| {
        module.imports.iter().any(|(name, _)| limits(name.as_str()))
            // Throttles of REST framework and limits of the project's own.
            || module.exprs().any(|(_, expr)| {
                matches!(*expr, Expr::Attribute { attr, .. } if matches!(attr.as_str(), "throttle_classes" | "limiter"))
            })
            || module.text.as_str().contains("throttle_classes")
            || module.text.as_str().contains("THROTTLE")
    });
    if limited {
        return;
    }
    for one in all {
        if one.endpoint.level != Level::Public || !one.endpoint.methods.iter().any(|m| m == "POST")
        {
            continue;
        }
        if deeds(world, one, looked).begins_session {
            let message = format!(
                "nothing limits how often {} may be tried",
                words(&one.endpoint)
            );
            found.push(Evidence::new(LOGIN_UNLIMITED, one.at, one.range, message));
        }
    }
}

/// Whether the project imports something that knows users by a cookie.
fn knows_by_cookie(world: &World<'_>, one: &Found) -> bool {
    let packages = match one.endpoint.framework {
        "flask" | "quart" | "django" => COOKIE_PACKAGES,
        _ => return false,
    };
    world.machine.project.modules.iter().any(|module| {
        module.imports.iter().any(|(name, _)| {
            let first = name.as_str().split('.').next().unwrap_or_default();
            packages.contains(&first)
        }) || module.defs().any(|(_, def)| match def.kind {
            // The session of Flask is a cookie.
            DefKind::ImportFrom { module, name } => {
                (module.as_str(), name.as_str()) == ("flask", "session")
            }
            _ => false,
        })
    })
}

/// What stands beside a guard that does not reach it.
fn outside(world: &mut World<'_>, all: &[Found], looked: &mut Looked, found: &mut Vec<Evidence>) {
    for place in world.outside.clone() {
        let mut open = false;
        let mut changes = false;
        let mut words_of = String::new();
        for one in all {
            let here = one.registered.site == Some(place.site)
                || one.endpoint.path.starts_with(&place.prefix)
                    && one.endpoint.methods != ["WEBSOCKET"]
                    && !place.prefix.is_empty();
            if !here || one.endpoint.level != Level::Public {
                continue;
            }
            let deeds = deeds(world, one, looked);
            if deeds.knows_caller || deeds.may_ask || looks_at_caller(world, one) {
                continue;
            }
            if !open {
                words_of = words(&one.endpoint);
            }
            open = true;
            changes |= deeds.gravest().is_some() && writes_by_method(&one.endpoint);
        }
        if !open {
            continue;
        }
        let module = world.machine.project.module(place.site.0);
        let range = module.expr_range(place.site.1);
        let message = format!("{}: anyone may call {words_of}", place.what);
        let mut evidence = Evidence::new(OUTSIDE_GUARD, place.site.0, range, message);
        evidence.is_thin = !changes;
        found.push(evidence);
    }
}

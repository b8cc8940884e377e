//! Views that are exempt from the check for forged requests and know their caller by a cookie: a page of any other site may
//! have the browser send what it likes, and the cookie goes with it.
//!
//! Where a caller shows a token, a signature or a password there is nothing to forge, and neither is there where nobody asks
//! who calls.

pub mod caller;

use hognose_python::ClassRef;
use hognose_python::ir::*;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use self::caller::Caller;
use super::classes::is_rest_view;
use super::deeds::{Deeds, HOOKS, Looked, Place};
use super::open::{is_secret_link, words};
use super::{Evidence, Remark};
use crate::code::{bases_outside, member, method};
use crate::endpoint::{Endpoint, Level};
use crate::run::{Site, V, Value};
use crate::world::{Registered, Target, World, named};

pub(super) const EXEMPT_VIEW: &str = "csrf-exempt-view";

/// What exempts views for Flask and Quart, by package.
const PROTECTIONS: &[(&str, &[&str])] = &[
    ("flask_wtf", &["CSRFProtect", "CsrfProtect"]),
    ("flask_seasurf", &["SeaSurf"]),
];

/// Methods of a class view of Django by which it does what a form asks for.
const ACTS: &[&str] = &["form_valid", "delete"];

/// Methods by which a class view asks who calls, beside those that run before and around every request.
const ASKS: &[&str] = &[
    "test_func",
    "has_permission",
    "handle_no_permission",
    "get_form_kwargs",
];

/// A place where views are made exempt.
struct Exemption {
    site: Site,
    /// The view, class or blueprint.
    of: V,
}

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let exemptions = exemptions(world);
    if exemptions.is_empty() {
        return;
    }
    let all: Vec<(Endpoint, Registered)> = world
        .found()
        .filter(|(endpoint, _)| {
            matches!(endpoint.framework, "django" | "flask" | "quart")
                // Other methods a page of another site may not send.
                && endpoint.methods.iter().any(|method| matches!(method.as_str(), "POST" | "*"))
        })
        .map(|(endpoint, registered)| (endpoint.clone(), registered.clone()))
        .collect();
    let mut looked = Looked::default();
    // The best evidence of each exemption: a blueprint has many endpoints.
    let mut best: FxHashMap<Site, Evidence> = FxHashMap::default();
    for exemption in &exemptions {
        for (endpoint, registered) in &all {
            if covers(world, exemption, endpoint, registered)
                && let Some(evidence) = judge(world, exemption, endpoint, registered, &mut looked)
            {
                let known = best.get(&exemption.site);
                if known.is_none_or(|known| known.is_thin && !evidence.is_thin) {
                    best.insert(exemption.site, evidence);
                }
            }
        }
    }
    found.extend(best.into_values());
}

/// All places where views are made exempt.
fn exemptions(world: &mut World<'_>) -> Vec<Exemption> {
    let mut of_objects: Vec<(V, Exemption)> = Vec::new();
    let mut found = Vec::new();
    let machine = &world.machine;
    let exempts = |v: V| matches!(machine.get(v), Value::External(path) if named(path.as_str(), "django", "csrf_exempt"));
    for (_, value) in machine.values() {
        let Value::Call { callee, args, site } = value else {
            continue;
        };
        let Some(of) = args.positional.first().copied() else {
            continue;
        };
        let exemption = Exemption { site: *site, of };
        match machine.get(*callee) {
            Value::External(_) if exempts(*callee) => found.push(exemption),
            // `method_decorator(csrf_exempt, name="dispatch")(View)`.
            Value::Call { callee, args, .. } => {
                let wraps = matches!(machine.get(*callee), Value::External(path) if named(path.as_str(), "django", "method_decorator"));
                let by = args.positional.first().filter(|_| wraps);
                if by.is_some_and(|by| match machine.get(*by) {
                    Value::List(all) => all.iter().any(|v| exempts(*v)),
                    _ => exempts(*by),
                }) {
                    found.push(exemption);
                }
            }
            Value::Attribute { of, attr } if attr.as_str() == "exempt" => {
                of_objects.push((*of, exemption));
            }
            _ => {}
        }
    }
    for (object, exemption) in of_objects {
        if PROTECTIONS
            .iter()
            .any(|(package, names)| world.is_a(object, package, names))
        {
            found.push(exemption);
        }
    }
    found
}

/// Whether an exemption is of an endpoint.
fn covers(
    world: &mut World<'_>,
    exemption: &Exemption,
    endpoint: &Endpoint,
    registered: &Registered,
) -> bool {
    let (at, expr) = exemption.site;
    // `path("order/", csrf_exempt(view))`.
    if let Some((home, call)) = registered.site
        && home == at
    {
        let module = world.machine.project.module(at);
        if module
            .expr_range(call)
            .contains_range(module.expr_range(expr))
        {
            return true;
        }
    }
    let v = exemption.of;
    if let Value::Str(name) = world.machine.get(v) {
        return **name == *endpoint.handler;
    }
    let mut target = world.handler(v).target;
    let mut class_value = world.handler(v).function;
    if let Some((class, _)) = world.as_view(target) {
        let handler = world.handler(class);
        (target, class_value) = (handler.target, handler.function);
    }
    match target {
        Target::Function(at, function) => {
            if registered.target == target {
                return true;
            }
            let data = &world.machine.project.module(at)[function];
            data.name.as_str() == "dispatch"
                && data
                    .class
                    .is_some_and(|class| is_of(world, registered, (at, class)))
        }
        Target::Class(at, class) => {
            is_of(world, registered, (at, class))
                || endpoint.methods.iter().any(|method| {
                    let name = hognose_python::Symbol::from(method.to_lowercase().as_str());
                    let v = world.machine.attribute(class_value, name);
                    world.handler(v).target == registered.target
                })
        }
        // The routes of a blueprint.
        Target::Other(v) => registered.site.is_some_and(|site| {
            world
                .calls_on(v)
                .iter()
                .any(|(_, _, call)| world.site(*call) == Some(site))
        }),
    }
}

/// Whether an endpoint is of a class or of one that inherits its `dispatch`.
fn is_of(world: &mut World<'_>, registered: &Registered, exempt: (ModuleId, ClassId)) -> bool {
    let Some((at, class)) = class_of(world, registered) else {
        return false;
    };
    for ancestor in world.machine.evaluator.mro(at, class).iter() {
        let ClassRef::Project(at, class) = *ancestor else {
            continue;
        };
        if (at, class) == exempt {
            return true;
        }
        if member(world.machine.project.module(at), class, "dispatch").is_some() {
            return false;
        }
    }
    false
}

/// The class that an endpoint is of.
fn class_of(world: &World<'_>, registered: &Registered) -> Option<(ModuleId, ClassId)> {
    match registered.target {
        Target::Function(at, function) => {
            let class = world.machine.project.module(at)[function].class?;
            Some((at, class))
        }
        Target::Class(at, class) => Some((at, class)),
        Target::Other(_) => None,
    }
}

/// What speaks against the exemption of one endpoint.
fn judge(
    world: &mut World<'_>,
    exemption: &Exemption,
    endpoint: &Endpoint,
    registered: &Registered,
    looked: &mut Looked,
) -> Option<Evidence> {
    let project = world.machine.project;
    let class = class_of(world, registered);
    let outside = match class {
        Some((at, class)) => bases_outside(world, at, class),
        None => Vec::new(),
    };
    // Such a view is exempt by itself, and its authentication by session checks again.
    if outside
        .iter()
        .any(|path| is_rest_view(path.as_str()) || path.as_str().starts_with("rest_framework"))
        || is_secret_link(&endpoint.path)
    {
        return None;
    }
    let of_class = |world: &mut World<'_>, names: &[&str]| -> Vec<(ModuleId, FunctionId)> {
        let Some((at, class)) = class else {
            return Vec::new();
        };
        names
            .iter()
            .filter_map(|name| method(world, at, class, name))
            .collect()
    };
    let acts = match registered.target {
        Target::Function(at, function) => vec![(at, function)],
        Target::Class(..) => of_class(world, ACTS),
        Target::Other(_) => return None,
    };
    let mut asked = acts.clone();
    asked.extend(of_class(world, HOOKS));
    asked.extend(of_class(world, ASKS));
    let mut caller = Caller::default();
    let mut decorators: Vec<Site> = Vec::new();
    for (at, function) in &asked {
        decorators.extend(
            project.module(*at)[*function]
                .decorators
                .iter()
                .map(|one| (*at, *one)),
        );
    }
    if let Some((at, class)) = class {
        decorators.extend(
            project.module(at)[class]
                .decorators
                .iter()
                .map(|one| (at, *one)),
        );
    }
    for (at, decorator) in decorators {
        if names_rest(world, at, decorator) {
            return None;
        }
        asked.extend(caller.decorator(world, at, decorator));
    }
    // What stands around the view in the URLconf.
    if let Some((at, call)) = registered.site
        && endpoint.framework == "django"
    {
        asked.extend(caller.within(world, at, project.module(at).expr_range(call)));
    }
    for path in &outside {
        caller.library(path.as_str());
    }
    let of_code = Caller::of(world, looked, &asked);
    caller.by_secret |= of_code.by_secret;
    caller.by_cookie |= of_code.by_cookie;
    caller.places.extend(of_code.places);
    let is_known = endpoint.level > Level::Public;
    if caller.by_secret || !(caller.by_cookie || is_known) {
        return None;
    }
    let change = change(world, &acts, &outside, registered, looked);
    if change.is_none() && !caller.by_cookie {
        return None;
    }
    let is_forged = caller.by_cookie
        && change.as_ref().is_some_and(|change| {
            let (at, range) = change.place;
            is_known || change.of_session || caller.is_within(at, range)
        });
    let is_thin = !is_forged || acts.iter().any(|act| takes_only_json(world, *act));
    let (at, expr) = exemption.site;
    let what = match &change {
        Some(change) => format!("which {} in the name of whoever visits it", change.does),
        None => "which knows who calls by a cookie".to_owned(),
    };
    let name = name_of(world, registered);
    let message = format!(
        "{name} is exempt from the check for forged requests: any page may send {}, {what}",
        words(endpoint)
    );
    let range = project.module(at).expr_range(expr);
    let mut evidence = Evidence::new(EXEMPT_VIEW, at, range, message);
    evidence.is_thin = is_thin;
    if let Some(change) = change {
        let (at, range) = change.place;
        evidence.remarks.push(Remark {
            at,
            range,
            text: format!("{} here", change.does),
        });
    }
    Some(evidence)
}

/// The name of a view: its function's, or the class's.
fn name_of(world: &World<'_>, registered: &Registered) -> &'static str {
    let project = world.machine.project;
    match (class_of(world, registered), registered.target) {
        (Some((at, class)), _) => project.module(at)[class].name.as_str(),
        (None, Target::Function(at, function)) => project.module(at)[function].name.as_str(),
        _ => "the view",
    }
}

/// What a view changes.
struct Change {
    does: &'static str,
    place: Place,
    /// It is the session itself that is given what a page sends.
    of_session: bool,
}

/// What a view changes, the gravest.
fn change(
    world: &mut World<'_>,
    acts: &[(ModuleId, FunctionId)],
    outside: &[hognose_python::Symbol],
    registered: &Registered,
    looked: &mut Looked,
) -> Option<Change> {
    let project = world.machine.project;
    for (at, function) in acts {
        let deeds: Deeds = looked.of(world, *at, *function);
        if let Some(deed) = deeds.gravest() {
            return Some(Change {
                does: deed.does,
                place: (deed.at, deed.range),
                of_session: false,
            });
        }
    }
    // What a page sends stays in the session.
    for (at, function) in acts {
        let module = project.module(*at);
        let range: TextRange = module[*function].range;
        for store in &module.item_stores {
            if range.contains_range(store.range)
                && caller::is_session(world, *at, store.object)
                && caller::is_sent(world, *at, store.value)
            {
                return Some(Change {
                    does: "changes the session",
                    place: (*at, store.range),
                    of_session: true,
                });
            }
        }
    }
    // What Django does for the forms of a model is no secret.
    let of_model = |path: &hognose_python::Symbol| {
        path.as_str().starts_with("django.views.generic")
            && ["CreateView", "UpdateView", "DeleteView"]
                .iter()
                .any(|view| path.as_str().ends_with(view))
    };
    let Target::Class(at, class) = registered.target else {
        return None;
    };
    outside.iter().any(of_model).then(|| Change {
        does: "changes the database",
        place: (at, project.module(at)[class].name_range),
        of_session: false,
    })
}

/// Whether a decorator makes a view of REST framework.
fn names_rest(world: &mut World<'_>, at: ModuleId, decorator: ExprId) -> bool {
    let callee = match world.machine.project.module(at)[decorator] {
        Expr::Call { func, .. } => func,
        _ => decorator,
    };
    let path = world.machine.evaluator.dotted(at, callee);
    path.is_some_and(|path| path.as_str().starts_with("rest_framework."))
}

/// Whether a view of Flask refuses what is no JSON, which a page of another site may not send without being asked.
fn takes_only_json(world: &mut World<'_>, (at, function): (ModuleId, FunctionId)) -> bool {
    let module = world.machine.project.module(at);
    let range = module[function].range;
    module.exprs().any(|(id, expr)| {
        if !range.contains_range(module.expr_range(id)) {
            return false;
        }
        match *expr {
            Expr::Attribute { value, attr } => {
                attr.as_str() == "json" && caller::is_request(world, at, value)
            }
            // Without `force` and `silent`.
            Expr::Call { func, args } => {
                module.args(args).is_empty()
                    && matches!(module[func], Expr::Attribute { value, attr }
                        if attr.as_str() == "get_json" && caller::is_request(world, at, value))
            }
            _ => false,
        }
    })
}

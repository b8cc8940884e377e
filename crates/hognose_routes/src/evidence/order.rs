//! A guard above the decorator that registers the route. The route keeps what stands below its decorator; what is wrapped
//! around it afterwards is never called.

use hognose_python::ir::{FunctionId, ModuleId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Evidence;
use crate::code::excerpt;
use crate::endpoint::Level;
use crate::guard::{self, Proof};
use crate::run::{Site, V, Value};
use crate::world::{Target, World};

pub(super) const GUARD_ABOVE_ROUTE: &str = "guard-above-route";

/// Frameworks whose decorators register the function that they are given and give it back.
const FRAMEWORKS: &[&str] = &[
    "flask",
    "quart",
    "fastapi",
    "starlette",
    "aiohttp",
    "bottle",
    "sanic",
];

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let mut routes: FxHashMap<(ModuleId, FunctionId), (Level, String)> = FxHashMap::default();
    let mut sites: FxHashSet<Site> = FxHashSet::default();
    for (endpoint, registered) in world.found() {
        if let (Target::Function(at, function), Some(site)) = (registered.target, registered.site)
            && FRAMEWORKS.contains(&endpoint.framework)
        {
            sites.insert(site);
            let words = format!("{} {}", endpoint.methods.join(","), endpoint.path);
            let known = routes
                .entry((at, function))
                .or_insert_with(|| (endpoint.level, words));
            known.0 = known.0.min(endpoint.level);
        }
    }
    let project = world.machine.project;
    // Decorators above a route, each with what it is above of.
    let mut above: FxHashMap<Site, (Level, String)> = FxHashMap::default();
    #[expect(clippy::iter_over_hash_type, reason = "the evidence is sorted")]
    for ((at, function), (level, words)) in routes {
        let decorators = &project.module(at)[function].decorators;
        let Some(route) = decorators
            .iter()
            .rposition(|one| sites.contains(&(at, *one)))
        else {
            continue;
        };
        for decorator in &decorators[..route] {
            if !sites.contains(&(at, *decorator)) {
                above.insert((at, *decorator), (level, words.clone()));
            }
        }
    }
    if above.is_empty() {
        return;
    }
    let applied: Vec<(Site, V)> = world
        .machine
        .values()
        .filter_map(|(v, value)| {
            let (Value::Wrapped { site, .. } | Value::Call { site, .. }) = value else {
                return None;
            };
            let applies = match value {
                Value::Call { args, .. } => {
                    let first = args.positional.first();
                    first.is_some_and(|first| world.machine.callable(*first))
                }
                _ => true,
            };
            (applies && above.contains_key(site)).then_some((*site, v))
        })
        .collect();
    for (site, v) in applied {
        let Proof::Guard { level, .. } = guard::wrapper(world, v, None) else {
            continue;
        };
        let Some((known, words)) = above.get(&site) else {
            continue;
        };
        // What else guards the route may be worth as much.
        if *known >= level {
            continue;
        }
        let module = project.module(site.0);
        let range = module.expr_range(site.1);
        let message = format!(
            "`{}` stands above the route, so {words} is registered without it",
            excerpt(module, range)
        );
        found.push(Evidence::new(GUARD_ABOVE_ROUTE, site.0, range, message));
    }
}

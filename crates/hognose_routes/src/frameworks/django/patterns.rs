//! The patterns of a URLconf, joined as the resolver joins them.

use hognose_python::Symbol;

use super::super::{drf, ninja};
use super::views::endpoint;
use super::{Mount, VIEWS, admin, setting};
use crate::endpoint::Level;
use crate::guard::{self, Asked, Layer, Place, Proof};
use crate::run::{Args, Site, V, Value};
use crate::world::{Target, World, last};

/// Includes inside of each other.
const MAX_NESTING: usize = 24;

/// Two patterns one after the other.
pub(super) fn joined(front: &str, pattern: &str) -> String {
    if front.is_empty() {
        return pattern.to_owned();
    }
    format!("{front}{}", pattern.strip_prefix('^').unwrap_or(pattern))
}

/// A pattern below a mount.
pub fn below(mount: &Mount, pattern: &str) -> String {
    joined(&mount.prefix, pattern)
}

/// A list of patterns, or something that gives one.
pub(super) fn walk(world: &mut World<'_>, v: V, mount: &Mount) {
    if mount.nesting >= MAX_NESTING {
        return;
    }
    for v in world.machine.alternatives(v) {
        match world.machine.get(v).clone() {
            Value::List(items) => {
                for item in items {
                    walk(world, item, mount);
                }
            }
            Value::Union(_) => walk(world, v, mount),
            Value::Call { args, .. } => call(world, v, &args, mount),
            Value::Attribute { of, attr } if attr.as_str() == "urls" => {
                urls_of(world, of, v, mount);
            }
            Value::External(path) if path.as_str().ends_with(".urls") => {
                library(world, path.as_str(), mount, None);
            }
            _ => {}
        }
    }
}

fn call(world: &mut World<'_>, v: V, args: &Args, mount: &Mount) {
    let path = guard::path_of(&world.machine, v);
    let name = last(&path);
    match name {
        "path" | "re_path" | "url" => pattern(world, v, args, mount),
        "i18n_patterns" => {
            let language = setting(world, mount.settings, "LANGUAGE_CODE");
            let language = language.map_or_else(|| "en-us".to_owned(), |v| world.text(Some(v)));
            let default = args.keyword("prefix_default_language");
            let bare = default.is_some_and(|v| world.machine.truth(v) == Some(false));
            let mut inner = mount.clone();
            if !bare {
                inner.prefix = joined(&mount.prefix, &format!("{language}/"));
            }
            for v in &args.positional {
                walk(world, *v, &inner);
            }
        }
        "decorator_include" => {
            if let Some(v) = args.positional.first() {
                walk(world, *v, mount);
            }
        }
        "format_suffix_patterns" => {
            let Some(list) = args.get(0, "urlpatterns") else {
                return;
            };
            let required = args.get(1, "suffix_required");
            if required.is_none_or(|v| world.machine.truth(v) != Some(true)) {
                walk(world, list, mount);
            }
            let mut inner = mount.clone();
            inner.with_format = true;
            walk(world, list, &inner);
        }
        "static" | "staticfiles_urlpatterns" => {
            let debug = setting(world, mount.settings, "DEBUG");
            if debug.is_some_and(|v| world.machine.truth(v) == Some(true)) && name == "static" {
                let front = world.text(args.get(0, "prefix"));
                let pattern = format!("{}(?P<path>.*)$", front.trim_start_matches('/'));
                let full = joined(&mount.prefix, &pattern);
                let site = world.site(v);
                let any = vec!["*".to_owned()];
                world.add(
                    "django",
                    &mount.app,
                    &full,
                    any,
                    Target::Other(v),
                    site,
                    &mount.layers,
                );
            }
        }
        "get_urls" => {
            if let Value::Call { callee, .. } = world.machine.get(v)
                && let Value::Attribute { of, .. } = *world.machine.get(*callee)
            {
                urls_of(world, of, v, mount);
            }
        }
        _ => {}
    }
}

/// The `urls` of an object: a router of REST framework, or an admin site.
fn urls_of(world: &mut World<'_>, of: V, v: V, mount: &Mount) {
    if drf::is_router(world, of) {
        drf::router(world, of, mount);
        return;
    }
    if ninja::is_interface(world, of) {
        ninja::interface(world, of, mount);
        return;
    }
    if world.is_a(of, "django", &["AdminSite"]) {
        library(world, "django.contrib.admin.site.urls", mount, Some(of));
        return;
    }
    let site = world.site(v).or_else(|| world.site(of));
    opaque(world, mount, Target::Other(v), site);
}

/// Endpoints below a prefix that cannot be told.
fn opaque(world: &mut World<'_>, mount: &Mount, target: Target, site: Option<Site>) {
    let layers = [Layer {
        place: Place::Router,
        proof: Proof::Unknown,
    }];
    let path = format!("{}<?>", mount.prefix);
    world.add(
        "django",
        &mount.app,
        &path,
        vec!["*".to_owned()],
        target,
        site,
        &layers,
    );
}

/// A URLconf of a library.
fn library(world: &mut World<'_>, module: &str, mount: &Mount, admin: Option<V>) {
    let known = VIEWS.include.iter().find(|known| known.module == module);
    let v = world.machine.external(Symbol::from(module));
    let Some(known) = known else {
        opaque(world, mount, Target::Other(v), mount.site);
        return;
    };
    let guard_of = |name: &str| match name {
        "" => Proof::Nothing,
        "authenticated" => Proof::of(Level::Authenticated),
        name => Proof::permission(name),
    };
    for [pattern, methods, guard] in &known.routes {
        let mut layers = mount.layers.clone();
        layers.push(Layer {
            place: Place::Class,
            proof: guard_of(guard),
        });
        let path = joined(&mount.prefix, pattern);
        let methods = methods.split(' ').map(str::to_owned).collect();
        world.add(
            "django",
            &mount.app,
            &path,
            methods,
            Target::Other(v),
            mount.site,
            &layers,
        );
    }
    if module == "django.contrib.admin.site.urls" {
        admin::pages(world, v, mount, admin);
    }
}

/// One `path`, `re_path` or `url`.
fn pattern(world: &mut World<'_>, v: V, args: &Args, mount: &Mount) {
    let site = world.site(v);
    let route = args.get(0, "route").or_else(|| args.keyword("regex"));
    let mut routes = route.map(|v| world.texts(v)).unwrap_or_default();
    if routes.is_empty() {
        routes.push(world.text(route));
    }
    let Some(mut view) = args.get(1, "view") else {
        return;
    };
    // A wrapper that was put around the view after the pattern was made.
    let callback = world.machine.attribute(v, Symbol::from("callback"));
    if callback != view && world.machine.callable(callback) {
        view = callback;
    }
    for route in routes {
        let full = joined(&mount.prefix, &route);
        for view in world.machine.alternatives(view) {
            let mut inner = mount.clone();
            inner.prefix.clone_from(&full);
            inner.nesting += 1;
            inner.site = site;
            if included(world, view, &inner) {
                continue;
            }
            let is_regex = !guard::path_of(&world.machine, v).ends_with(".path()");
            let full = if mount.with_format {
                drf::with_format(&full, is_regex)
            } else {
                full.clone()
            };
            let mut named = mount.clone();
            named.layers = at_name(world, &full, args, mount);
            endpoint(world, &full, view, &named, site);
        }
    }
}

/// The layers around a view as they are for one with this name and path.
fn at_name(world: &mut World<'_>, path: &str, args: &Args, mount: &Mount) -> Vec<Layer> {
    let name = world.text(args.get(3, "name"));
    let asked = Asked {
        endpoint: format!("{}{name}", mount.namespace),
        is_named: true,
        path: path.to_owned(),
        is_other: false,
    };
    let layers = mount.layers.iter();
    layers
        .map(|layer| Layer {
            place: layer.place,
            proof: guard::at(world, &layer.proof, &asked),
        })
        .collect()
}

/// Whether a view is an include; walks it if so.
fn included(world: &mut World<'_>, view: V, mount: &Mount) -> bool {
    match world.machine.get(view).clone() {
        Value::Call { args, .. } => {
            let path = guard::path_of(&world.machine, view);
            if !path.starts_with("django.") || !path.ends_with(".include()") {
                return false;
            }
            if let Some(given) = args.get(0, "arg") {
                for given in world.machine.alternatives(given) {
                    let mut inner = mount.clone();
                    if let Some(name) = namespace(world, given, &args) {
                        inner.namespace.push_str(&name);
                        inner.namespace.push(':');
                    }
                    include(world, given, &inner);
                }
            }
            true
        }
        // `(patterns, app_name, namespace)`.
        Value::List(items) => {
            if let Some(first) = items.first() {
                walk(world, *first, mount);
            }
            true
        }
        Value::Attribute { of, attr } if attr.as_str() == "urls" => {
            urls_of(world, of, view, mount);
            true
        }
        Value::External(path) if path.as_str().ends_with("site.urls") => {
            library(world, "django.contrib.admin.site.urls", mount, None);
            true
        }
        _ => false,
    }
}

/// The namespace that an include makes: the one it is given, or that of the application.
fn namespace(world: &mut World<'_>, given: V, args: &Args) -> Option<String> {
    let own = args.get(1, "namespace").map(|v| world.text(Some(v)));
    own.filter(|own| !own.is_empty()).or_else(|| {
        let v = match world.machine.get(given).clone() {
            Value::Str(name) => {
                let module = world.machine.dotted(&name);
                world.machine.attribute(module, Symbol::from("app_name"))
            }
            Value::Module(_) => world.machine.attribute(given, Symbol::from("app_name")),
            // `include((patterns, "shop"))`.
            Value::List(items) if items.len() == 2 => items[1],
            _ => return None,
        };
        world.texts(v).pop()
    })
}

fn include(world: &mut World<'_>, given: V, mount: &Mount) {
    match world.machine.get(given).clone() {
        Value::Str(name) => {
            let module = world.machine.dotted(&name);
            match world.machine.get(module) {
                Value::Module(_) => include(world, module, mount),
                Value::External(_) => library(world, &name, mount, None),
                _ => walk(world, module, mount),
            }
        }
        Value::Module(_) => {
            let patterns = world.machine.attribute(given, Symbol::from("urlpatterns"));
            walk(world, patterns, mount);
        }
        Value::List(items) => {
            // `(patterns, app_name)`.
            let nested = items
                .first()
                .is_some_and(|v| !matches!(world.machine.get(*v), Value::Call { .. }));
            match items.as_slice() {
                [patterns, name] if nested || matches!(world.machine.get(*name), Value::Str(_)) => {
                    include(world, *patterns, mount);
                }
                _ => walk(world, given, mount),
            }
        }
        Value::External(path) => library(world, path.as_str(), mount, None),
        Value::Unknown => opaque(world, mount, Target::Other(given), mount.site),
        _ => walk(world, given, mount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_joined_as_the_resolver_does() {
        assert_eq!(joined("/", "^users/$"), "/users/$");
        assert_eq!(joined("/a/", "<int:id>/"), "/a/<int:id>/");
    }
}

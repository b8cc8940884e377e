//! Flask-Classful: classes whose methods are views, each at a path made of the class, its name and its parameters.

use hognose_python::Symbol;
use hognose_python::ir::*;

use super::views::decorators;
use super::{Mount, hook_layers, joined, methods_of};
use crate::guard::{self, Layer, Place, path_of};
use crate::run::{Args, Site, V, Value};
use crate::world::{Handler, Target, World, named};

/// The package, by both of its names.
const PACKAGES: &[&str] = &["flask_classful", "flask_classy"];

/// Methods that answer the method of HTTP of their name; `index` stands for a list.
const SPECIAL: &[&str] = &["get", "put", "patch", "post", "delete", "index"];

/// Converters that annotations of parameters stand for.
const CONVERTERS: &[(&str, &str)] = &[
    ("builtins.str", "string"),
    ("builtins.int", "int"),
    ("builtins.float", "float"),
    ("uuid.UUID", "uuid"),
];

/// The classes that were registered on an application or blueprint.
pub(super) fn classes(world: &mut World<'_>, owner: V, mount: &Mount) {
    for (class, args, call) in world.calls_of_method("register") {
        let Some(given) = args.get(0, "app") else {
            continue;
        };
        let is_view = PACKAGES
            .iter()
            .any(|package| world.is_a(class, package, &["FlaskView"]));
        if is_view && world.machine.alternatives(given).contains(&owner) {
            let site = world.site(call);
            of_class(world, mount, class, &args, site);
        }
    }
}

/// What a class says of itself, unless its registration says otherwise.
fn said(world: &mut World<'_>, class: V, args: &Args, position: usize, name: &str) -> Option<V> {
    let given = args.get(position, name);
    given.or_else(|| {
        let v = world.machine.attribute(class, Symbol::from(name));
        // What the base class says is no text.
        (!matches!(world.machine.get(v), Value::Attribute { .. } | Value::None)).then_some(v)
    })
}

fn of_class(world: &mut World<'_>, mount: &Mount, class: V, args: &Args, site: Option<Site>) {
    let Target::Class(at, id) = world.handler(class).target else {
        return;
    };
    let class_name = world.machine.project.module(at)[id].name.as_str();
    let prefix = said(world, class, args, 3, "route_prefix");
    let prefix = world.text(prefix);
    let base = match said(world, class, args, 1, "route_base") {
        Some(v) => world.text(Some(v)),
        None => dashed(class_name.strip_suffix("View").unwrap_or(class_name)),
    };
    let front = format!("{prefix}/{}", base.trim_matches('/'));
    let slash = said(world, class, args, 4, "trailing_slash");
    let slash = slash.is_none_or(|v| world.machine.truth(v) != Some(false));
    let left_out = texts_of(world, class, "excluded_methods");
    let mut taken = texts_of(world, class, "base_args");
    taken.extend(variables(&front));
    let list = world.machine.attribute(class, Symbol::from("decorators"));
    let mut outer = decorators(world, list, Place::Class);
    outer.extend(runs_before(world, class, "before_request"));
    for (name, v) in world.members(class) {
        let is_aside = ["_", "before_", "after_"]
            .iter()
            .any(|front| name.starts_with(front));
        let handler = world.handler(v);
        let Target::Function(at, function) = handler.target else {
            continue;
        };
        if is_aside || left_out.contains(&name) || is_of_class(world, at, function) {
            continue;
        }
        for (path, methods) in rules(world, &handler, &name, &front, slash, &taken) {
            let path = joined(mount.prefix.as_deref(), &path);
            let named = format!("{}{class_name}:{name}", mount.name);
            let mut layers = hook_layers(world, mount, &named, &path);
            layers.extend(outer.iter().cloned());
            layers.extend(runs_before(world, class, &format!("before_{name}")));
            layers.extend(world.own_layers(&handler, Some(class)));
            world.add(
                mount.framework,
                &mount.app,
                &path,
                methods,
                handler.target,
                site,
                &layers,
            );
        }
    }
}

/// The paths of a method, each with the methods of HTTP that it takes.
fn rules(
    world: &mut World<'_>,
    handler: &Handler,
    name: &str,
    front: &str,
    slash: bool,
    taken: &[String],
) -> Vec<(String, Vec<String>)> {
    let get = || vec!["GET".to_owned()];
    let mut given = Vec::new();
    let mut of_name = Vec::new();
    for wrapper in &handler.wrappers {
        let Value::Call { callee, .. } = *world.machine.get(*wrapper) else {
            continue;
        };
        let path = path_of(&world.machine, callee);
        let path = path.trim_end_matches("()");
        let args = world.made_with(callee);
        let is = |what: &str| PACKAGES.iter().any(|package| named(path, package, what));
        if is("route") {
            let rule = world.text(args.get(0, "rule"));
            let methods = methods_of(world, &args).unwrap_or_else(get);
            let rule = match rule.is_empty() {
                true => format!("/{front}"),
                false => format!("/{front}/{rule}"),
            };
            given.push((single_slashes(&rule), methods));
        } else if is("method") {
            of_name.push(world.text(args.get(0, "method")).to_uppercase());
        }
    }
    if !given.is_empty() {
        return given;
    }
    let is_special = SPECIAL.contains(&name);
    let methods = match name {
        "index" => get(),
        _ if is_special => vec![name.to_uppercase()],
        _ if of_name.is_empty() => get(),
        _ => of_name,
    };
    let mut path = format!("/{front}/");
    if !is_special {
        path.push_str(name);
    }
    for parameter in parameters(world, handler, taken) {
        path.push('/');
        path.push_str(&parameter);
    }
    let path = single_slashes(&format!("{path}/"));
    let path = match path.strip_suffix('/') {
        Some(bare) if !slash && !bare.is_empty() => bare.to_owned(),
        _ => path,
    };
    vec![(path, methods)]
}

/// The parameters of a method that must be given, as variables of a rule.
fn parameters(world: &mut World<'_>, handler: &Handler, taken: &[String]) -> Vec<String> {
    let Target::Function(at, function) = handler.target else {
        return Vec::new();
    };
    let params = &world.machine.project.module(at)[function].params;
    let mut found = Vec::new();
    for param in params.iter().skip(1) {
        let name = param.name.as_str();
        let is_positional = matches!(
            param.kind,
            ParamKind::Positional | ParamKind::PositionalOnly
        );
        if !is_positional || param.default.is_some() || taken.iter().any(|taken| taken == name) {
            continue;
        }
        let annotation = param
            .annotation
            .and_then(|annotation| world.machine.evaluator.dotted(at, annotation));
        let converter = annotation.and_then(|path| {
            let mut known = CONVERTERS.iter();
            known.find(|(known, _)| *known == path.as_str())
        });
        found.push(match converter {
            Some((_, converter)) => format!("<{converter}:{name}>"),
            None => format!("<{name}>"),
        });
    }
    found
}

/// What a method of the class asks that runs before its views.
fn runs_before(world: &mut World<'_>, class: V, name: &str) -> Option<Layer> {
    let hook = world.machine.attribute(class, Symbol::from(name));
    let Target::Function(..) = world.handler(hook).target else {
        return None;
    };
    Some(Layer {
        place: Place::Class,
        proof: guard::before_on(world, class, hook),
    })
}

/// Whether a function of a class is none of its objects.
fn is_of_class(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let decorators = &world.machine.project.module(at)[function].decorators;
    decorators.iter().any(|decorator| {
        let path = world.machine.evaluator.dotted(at, *decorator);
        path.is_some_and(|path| {
            matches!(path.as_str(), "builtins.classmethod" | "builtins.property")
        })
    })
}

fn texts_of(world: &mut World<'_>, class: V, name: &str) -> Vec<String> {
    let v = world.machine.attribute(class, Symbol::from(name));
    world.text_list(v).unwrap_or_default()
}

/// The names of the variables of a rule.
fn variables(rule: &str) -> Vec<String> {
    let parts = rule.split('<').skip(1);
    let inner = parts.filter_map(|part| part.split('>').next());
    inner
        .map(|part| part.rsplit(':').next().unwrap_or(part).to_owned())
        .collect()
}

/// `DayOff` as `day-off`.
fn dashed(name: &str) -> String {
    let mut found = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !found.is_empty() {
            found.push('-');
        }
        found.extend(letter.to_lowercase());
    }
    found
}

fn single_slashes(path: &str) -> String {
    let mut found = String::new();
    for letter in path.chars() {
        if letter != '/' || !found.ends_with('/') {
            found.push(letter);
        }
    }
    found
}

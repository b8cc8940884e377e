//! View sets: their actions, at the paths that a router gives them.

use hognose_python::{ClassRef, Symbol};

use super::super::common::decorated_class;
use super::super::django::{Mount, VIEWS, below, of_class, one_method};
use super::permissions::permissions;
use super::router::{Route, Style};
use super::with_format;
use crate::guard::{self, Layer, Place};
use crate::run::{Site, V, Value};
use crate::world::{Target, World, last};

pub(super) fn view_set(
    world: &mut World<'_>,
    prefix: &str,
    viewset: V,
    style: &Style<'_>,
    mount: &Mount,
    site: Option<Site>,
) {
    let Style {
        slash,
        regex,
        formats,
        routes,
    } = *style;
    let decorated = world.handler(viewset);
    let class = decorated_class(world, viewset);
    let mut layers = mount.layers.clone();
    layers.extend(world.wrapper_layers(&decorated, Place::Class));
    layers.extend(of_class(world, class));
    let attribute = |name: &str, world: &mut World<'_>| {
        let v = world.machine.attribute(class, Symbol::from(name));
        let text = world.texts(v).pop();
        text.filter(|text| !text.is_empty())
    };
    let field = attribute("lookup_field", world).unwrap_or_else(|| "pk".to_owned());
    let kwarg = attribute("lookup_url_kwarg", world).unwrap_or(field);
    let lookup = if regex {
        let value = attribute("lookup_value_regex", world).unwrap_or_else(|| "[^/.]+".to_owned());
        format!("(?P<{kwarg}>{value})")
    } else {
        let converter =
            attribute("lookup_value_converter", world).unwrap_or_else(|| "str".to_owned());
        format!("<{converter}:{kwarg}>")
    };
    let allowed = world
        .machine
        .attribute(class, Symbol::from("http_method_names"));
    let allowed = world.text_list(allowed);
    let permitted = |method: &str| {
        allowed
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|name| name == method))
    };
    let patterns = |route: &Route, url_path: &str| {
        let pattern = route
            .url
            .replace("{prefix}", prefix)
            .replace("{lookup}", &lookup)
            .replace("{url_path}", url_path)
            .replace("{trailing_slash}", slash);
        let mut pattern = pattern.trim_start_matches('^').to_owned();
        // Without a prefix no slash stands in front.
        if prefix.is_empty() {
            pattern = pattern.trim_start_matches('/').to_owned();
        }
        let is_root = pattern.trim_end_matches(['/', '$']).is_empty();
        let with_format = (formats && !is_root).then(|| with_format(&pattern, regex));
        if !regex {
            pattern = pattern.trim_end_matches('$').to_owned();
        }
        let mut patterns = vec![pattern];
        patterns.extend(with_format);
        patterns
    };
    let of_bases = actions_of_bases(world, class);
    let extras: Vec<(String, Extra)> = world
        .members(class)
        .into_iter()
        .filter_map(|(name, member)| {
            let extra = extra_action(world, &name, member)?;
            Some((name, extra))
        })
        .collect();
    for route in routes {
        let Some(actions) = &route.actions else {
            for (name, extra) in &extras {
                if extra.detail != route.detail {
                    continue;
                }
                for pattern in patterns(route, &extra.url_path) {
                    let path = below(mount, &pattern);
                    for method in extra.methods.iter().filter(|method| permitted(method)) {
                        let given = extra.permissions;
                        action(
                            world, &path, class, method, name, given, mount, site, &layers,
                        );
                    }
                }
            }
            continue;
        };
        for (method, name) in actions {
            let v = world.machine.attribute(class, Symbol::from(name.as_str()));
            let defined = matches!(world.handler(v).target, Target::Function(..));
            if !(defined || of_bases.contains(name)) || !permitted(method) {
                continue;
            }
            for pattern in patterns(route, "") {
                let path = below(mount, &pattern);
                action(
                    world, &path, class, method, name, None, mount, site, &layers,
                );
            }
        }
    }
}

fn actions_of_bases(world: &mut World<'_>, class: V) -> Vec<String> {
    let mut found = Vec::new();
    for ancestor in world.machine.mro(class).iter() {
        if let ClassRef::External(path) = ancestor {
            let last = path.as_str().rsplit('.').next().unwrap_or_default();
            if let Some(actions) = VIEWS.actions.get(last) {
                found.extend(actions.iter().cloned());
            }
        }
    }
    found
}

/// A method marked with `@action`.
struct Extra {
    methods: Vec<String>,
    detail: bool,
    url_path: String,
    permissions: Option<V>,
}

fn extra_action(world: &mut World<'_>, name: &str, member: V) -> Option<Extra> {
    let handler = world.handler(member);
    for wrapper in handler.wrappers {
        let Value::Call { callee, .. } = world.machine.get(wrapper).clone() else {
            continue;
        };
        // `@other.mapping.delete`: the path of another action.
        if let Value::Attribute { of, attr } = *world.machine.get(callee)
            && let Value::Attribute {
                of: other,
                attr: mapping,
            } = *world.machine.get(of)
            && mapping.as_str() == "mapping"
        {
            let inner = match world.handler(other).target {
                Target::Function(at, function) => world.machine.project.module(at)[function]
                    .name
                    .as_str()
                    .to_owned(),
                _ => continue,
            };
            let mut extra = extra_action(world, &inner, other)?;
            extra.methods = vec![attr.as_str().to_owned()];
            return Some(extra);
        }
        let path = guard::path_of(&world.machine, callee);
        let last = last(&path);
        if !path.starts_with("rest_framework")
            || !matches!(last, "action" | "detail_route" | "list_route")
        {
            continue;
        }
        let args = world.made_with(callee);
        let methods = args
            .get(0, "methods")
            .and_then(|v| world.text_list(v))
            .unwrap_or_else(|| vec!["get".to_owned()]);
        let detail = match last {
            "action" => args
                .get(1, "detail")
                .is_some_and(|v| world.machine.truth(v) == Some(true)),
            last => last == "detail_route",
        };
        let url_path = args
            .keyword("url_path")
            .and_then(|v| world.texts(v).pop())
            .unwrap_or_else(|| name.to_owned());
        return Some(Extra {
            methods: methods.into_iter().map(|m| m.to_lowercase()).collect(),
            detail,
            url_path,
            permissions: args.keyword("permission_classes"),
        });
    }
    None
}

/// Methods that the mixins' actions call, which a view set may have its own of.
const CALLED: &[(&str, &[&str])] = &[
    ("create", &["perform_create"]),
    ("update", &["perform_update"]),
    ("partial_update", &["update", "perform_update"]),
    ("destroy", &["perform_destroy"]),
];

/// What methods of a view set ask for that a mixin's action calls: `update`, where `partial_update` is the mixin's.
fn asked_on_the_way(world: &mut World<'_>, class: V, action: &str) -> Vec<Layer> {
    let called = CALLED.iter().find(|(name, _)| *name == action);
    let names = called.map_or(&[][..], |(_, called)| called);
    let mut layers = Vec::new();
    for name in std::iter::once(&action).chain(names) {
        let v = world.machine.attribute(class, Symbol::from(*name));
        let handler = world.handler(v);
        if let Target::Function(..) = handler.target {
            // The action's own is asked with the handler; whether it calls the others is its business.
            if *name != action {
                layers.extend(world.own_layers(&handler, Some(class)));
            }
            break;
        }
    }
    layers
}

/// One action of a view set at a path.
#[expect(clippy::too_many_arguments, reason = "an action has these parts")]
pub fn action(
    world: &mut World<'_>,
    path: &str,
    class: V,
    method: &str,
    name: &str,
    given: Option<V>,
    mount: &Mount,
    site: Option<Site>,
    outer: &[Layer],
) {
    let method = method.to_uppercase();
    let v = world.machine.attribute(class, Symbol::from(name));
    let handler = world.handler(v);
    let mut layers = outer.to_vec();
    let given = given.or_else(|| {
        let member = extra_action(world, name, v)?;
        member.permissions
    });
    layers.push(permissions(world, class, given, &method, Some(name), mount));
    layers.extend(asked_on_the_way(world, class, name));
    one_method(
        world,
        path,
        class,
        method,
        Some(handler),
        mount,
        site,
        layers,
    );
}

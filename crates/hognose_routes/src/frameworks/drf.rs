//! Django REST framework: routers, view sets, views of functions, and permissions.

mod permissions;
mod router;
mod view_set;

use hognose_python::ClassRef;
use hognose_python::ir::Expr;

use super::django::Mount;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{V, Value};
use crate::world::{Handler, Target, World, last, named};

pub(super) use permissions::permissions;
use permissions::{Request, default_permissions, of_list};
pub(super) use router::{is_router, prepare, router};
pub(super) use view_set::action;

/// A view of a function.
pub(super) struct FunctionView {
    pub(super) methods: Vec<String>,
    pub(super) layers: Vec<Layer>,
}

/// Whether a class is a view of REST framework.
pub(super) fn is_api_view(world: &mut World<'_>, class: V) -> bool {
    match world.machine.get(class) {
        Value::External(path) => path.as_str().starts_with("rest_framework"),
        _ => world.machine.mro(class).iter().any(is_api_base),
    }
}

/// Whether a base makes a class a view of REST framework.
fn is_api_base(class: &ClassRef) -> bool {
    matches!(class, ClassRef::External(path) if {
        let path = path.as_str();
        path.starts_with("rest_framework.") || path.starts_with("rest_framework_")
            || path.ends_with("APIView") || path.ends_with("ViewSet")
    })
}

/// Whether the settings ask something of every view that a view of REST framework takes away by its own permissions: the
/// handler is open to anyone.
pub fn lifts_default(world: &mut World<'_>, target: Target, method: &str) -> bool {
    let project = world.machine.project;
    let of_class = match target {
        Target::Function(at, function) => {
            project.module(at)[function].class.map(|class| (at, class))
        }
        Target::Class(at, class) => Some((at, class)),
        Target::Other(_) => return false,
    };
    let of_view = match (of_class, target) {
        (Some((at, class)), _) => {
            let order = world.machine.evaluator.mro(at, class);
            order.iter().any(is_api_base)
        }
        (None, Target::Function(at, function)) => {
            let decorators = &project.module(at)[function].decorators;
            decorators.iter().any(|decorator| {
                let inner = match project.module(at)[*decorator] {
                    Expr::Call { func, .. } => func,
                    _ => *decorator,
                };
                let path = world.machine.evaluator.dotted(at, inner);
                path.is_some_and(|path| named(path.as_str(), "rest_framework", "api_view"))
            })
        }
        _ => false,
    };
    let request = Request {
        method,
        action: None,
        of_object: false,
    };
    let settings = world.machine.settings;
    of_view
        && matches!(
            default_permissions(world, request, settings).proof,
            Proof::Guard { .. }
        )
}

/// A pattern with a format behind it: `books.json`.
pub(super) fn with_format(pattern: &str, is_regex: bool) -> String {
    let bare = pattern.trim_end_matches('$').trim_end_matches('/');
    if is_regex {
        format!(r"{bare}\.(?P<format>[a-z0-9]+)/?$")
    } else {
        format!("{bare}<drf_format_suffix:format>")
    }
}

/// A function under `@api_view`.
pub(super) fn function_view(
    world: &mut World<'_>,
    handler: &Handler,
    mount: &Mount,
) -> Option<FunctionView> {
    let mut methods = None;
    let mut given = None;
    for v in &handler.wrappers {
        let Value::Call { callee, .. } = world.machine.get(*v).clone() else {
            continue;
        };
        let path = guard::path_of(&world.machine, callee);
        if !path.starts_with("rest_framework.") {
            continue;
        }
        let args = world.made_with(callee);
        match last(&path) {
            "api_view" => {
                let list = args.get(0, "http_method_names");
                let list = list.and_then(|v| world.text_list(v));
                methods = Some(list.unwrap_or_else(|| vec!["GET".to_owned()]));
            }
            "permission_classes" => given = args.positional.first().copied(),
            _ => {}
        }
    }
    let methods: Vec<String> = methods?.into_iter().map(|m| m.to_uppercase()).collect();
    let writes = methods.iter().find(|method| *method != "GET");
    let method = writes.map_or("GET", String::as_str);
    let request = Request {
        method,
        action: None,
        of_object: false,
    };
    let layer = match given {
        Some(list) => Layer {
            place: Place::Decorator,
            proof: of_list(world, list, request),
        },
        None => default_permissions(world, request, mount.settings),
    };
    Some(FunctionView {
        methods,
        layers: vec![layer],
    })
}

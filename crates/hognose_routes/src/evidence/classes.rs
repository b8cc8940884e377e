//! Classes whose guard stands where the framework does not look: under a misspelt name, behind the view that it should stand
//! before, or beside a `get_object` that leaves the check out.

use hognose_python::ir::*;
use hognose_python::{ClassRef, Symbol, Value as Evaluated};

use super::Evidence;
use crate::code::{any_inside, bases_outside, edits, elements, excerpt, member, method};
use crate::endpoint::Level;
use crate::guard::{self, Proof};
use crate::run::Args;
use crate::world::{Target, World, last};

pub(super) const PERMISSION_MISSPELT: &str = "drf-permission-misspelt";
pub(super) const MIXIN_AFTER_VIEW: &str = "auth-mixin-after-view";
pub(super) const OBJECT_CHECK_SKIPPED: &str = "object-check-skipped";

/// What REST framework reads of a view, and how many letters a misspelt one differs by at most.
const ATTRIBUTES: &[(&str, usize)] = &[("permission_classes", 2), ("authentication_classes", 2)];

/// What REST framework asks of a permission.
const QUESTIONS: &[(&str, usize)] = &[("has_permission", 2), ("has_object_permission", 3)];

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let project = world.machine.project;
    for (at, module) in project.iter() {
        for class in (0u32..).map(ClassId).take(module.classes.len()) {
            if module[class].bases.is_empty() {
                continue;
            }
            let outside = bases_outside(world, at, class);
            if outside.iter().any(|path| is_rest_view(path.as_str())) {
                misspelt_attribute(world, at, class, found);
                object_check(world, at, class, found);
            }
            if outside.iter().any(|path| is_permission(path.as_str())) {
                misspelt_question(world, at, class, found);
            }
            mixin_order(world, at, class, found);
        }
    }
}

/// Whether a class outside is a view of REST framework.
pub(super) fn is_rest_view(path: &str) -> bool {
    path.starts_with("rest_framework.") && (path.ends_with("View") || path.ends_with("ViewSet"))
}

fn is_permission(path: &str) -> bool {
    path.starts_with("rest_framework.permissions.") || path.ends_with(".BasePermission")
}

/// Whether anything in the project reads an attribute of a name, or names it in a text: then it is no slip.
fn is_read(world: &World<'_>, name: &str) -> bool {
    world.machine.project.modules.iter().any(|module| {
        module.text.as_str().contains(name)
            && module.exprs().any(|(_, expr)| match *expr {
                Expr::Attribute { attr, .. } => attr.as_str() == name,
                Expr::Str(text) => module.str(text) == name,
                _ => false,
            })
    })
}

/// The name that a misspelt one was meant to be.
fn meant(name: &str, known: &[(&'static str, usize)]) -> Option<&'static str> {
    known
        .iter()
        .find(|(right, most)| name != *right && edits(name, right) <= *most)
        .map(|(right, _)| *right)
}

fn misspelt_attribute(
    world: &mut World<'_>,
    at: ModuleId,
    class: ClassId,
    found: &mut Vec<Evidence>,
) {
    let module = world.machine.project.module(at);
    for slot in &module[module[class].scope].slots {
        let name = slot.name.as_str();
        let (true, Some(right), DefKind::Value(value)) =
            (slot.bound, meant(name, ATTRIBUTES), module[slot.exit].kind)
        else {
            continue;
        };
        if known_name(name) || member(module, class, right).is_some() || is_read(world, name) {
            continue;
        }
        // What it holds says what it was meant to be: classes.
        let Some((home, listed)) = elements(world, at, value) else {
            continue;
        };
        let of_classes = !listed.is_empty()
            && listed.into_iter().all(|one| {
                world
                    .machine
                    .evaluator
                    .eval(home, one)
                    .iter()
                    .any(|value| matches!(value, Evaluated::Class(..) | Evaluated::External(_)))
            });
        if of_classes {
            let message = format!(
                "Django REST framework does not read `{name}`; `{right}` keeps its default"
            );
            let range = module[slot.exit].range;
            found.push(Evidence::new(PERMISSION_MISSPELT, at, range, message));
        }
    }
}

/// Names of the framework's own that look like one another.
fn known_name(name: &str) -> bool {
    ATTRIBUTES
        .iter()
        .chain(QUESTIONS)
        .any(|(known, _)| *known == name)
}

fn misspelt_question(
    world: &mut World<'_>,
    at: ModuleId,
    class: ClassId,
    found: &mut Vec<Evidence>,
) {
    let module = world.machine.project.module(at);
    let asks = |name: &str, world: &mut World<'_>| method(world, at, class, name).is_some();
    if asks("has_permission", world) || asks("has_object_permission", world) {
        return;
    }
    for (function, data) in (0u32..).map(FunctionId).zip(&module.functions) {
        let name = data.name.as_str();
        let Some(right) = meant(name, QUESTIONS).filter(|_| data.class == Some(class)) else {
            continue;
        };
        // It is a question where it takes a request and answers, and nobody else asks it.
        if data.params.len() < 3
            || module[function].return_values.is_empty()
            || is_read(world, name)
        {
            continue;
        }
        let message = format!(
            "nobody calls `{name}`, and without `{right}` this permission lets everyone through"
        );
        found.push(Evidence::new(
            PERMISSION_MISSPELT,
            at,
            data.name_range,
            message,
        ));
    }
}

/// Whether a class outside is a view whose `dispatch` does not go on to what stands behind it.
fn ends_dispatch(path: &str) -> bool {
    path.starts_with("django.views.") && path.ends_with("View") || is_rest_view(path)
}

fn mixin_order(world: &mut World<'_>, at: ModuleId, class: ClassId, found: &mut Vec<Evidence>) {
    let module = world.machine.project.module(at);
    // Only where the class itself names a guard behind something else: the order is made here.
    if module[class].bases.len() < 2 {
        return;
    }
    let order = world.machine.evaluator.mro(at, class);
    let mut view: Option<Symbol> = None;
    for ancestor in order.iter() {
        let ClassRef::External(path) = *ancestor else {
            continue;
        };
        if ends_dispatch(path.as_str()) {
            view = view.or(Some(path));
            continue;
        }
        let Some(view) = view.filter(|_| path.as_str().ends_with("Mixin")) else {
            continue;
        };
        let v = world.machine.external(path);
        let Some(Proof::Guard { level, .. }) = guard::of_library(world, v, &Args::default()) else {
            continue;
        };
        let own = module[class].bases.iter().find(|base| {
            let dotted = world.machine.evaluator.dotted(at, **base);
            dotted == Some(path)
        });
        let Some(base) = own.copied() else { continue };
        if is_guarded(world, at, class, level) {
            continue;
        }
        let range = module.expr_range(base);
        let message = format!(
            "`{}` stands behind `{}`, whose `dispatch` never comes to it",
            excerpt(module, range),
            last(view.as_str())
        );
        found.push(Evidence::new(MIXIN_AFTER_VIEW, at, range, message));
        return;
    }
}

/// Whether all endpoints of a class are guarded at some level by something.
fn is_guarded(world: &World<'_>, at: ModuleId, class: ClassId, level: Level) -> bool {
    let module = world.machine.project.module(at);
    let mut any = false;
    for (endpoint, registered) in world.found() {
        let of_class = match registered.target {
            Target::Class(home, known) => (home, known) == (at, class),
            Target::Function(home, function) => home == at && module[function].class == Some(class),
            Target::Other(_) => false,
        };
        if of_class {
            any = true;
            if endpoint.level < level {
                return false;
            }
        }
    }
    any
}

/// A `get_object` of the project's own that does not ask the permissions whether the object may be used.
fn object_check(world: &mut World<'_>, at: ModuleId, class: ClassId, found: &mut Vec<Evidence>) {
    let module = world.machine.project.module(at);
    let Some(DefKind::Function(function)) = member(module, class, "get_object") else {
        return;
    };
    let whole = module[class].range;
    let own = module[function].range;
    let asked = module.exprs().any(|(id, expr)| match *expr {
        // The class asks itself, in `get_object` or elsewhere.
        Expr::Attribute { attr, .. } if attr.as_str() == "check_object_permissions" => {
            whole.contains_range(module.expr_range(id))
        }
        // `super().get_object()` asks.
        Expr::Attribute { value, attr } if attr.as_str() == "get_object" => {
            own.contains_range(module.expr_range(id)) && matches!(module[value], Expr::Call { .. })
        }
        _ => false,
    });
    if asked || !returns_looked_up(module, function) {
        return;
    }
    let Some(permission) = object_permission(world, at, class) else {
        return;
    };
    for name in ["get_object", "get_queryset"] {
        if let Some((home, function)) = method(world, at, class, name)
            && looks_at_user(world, home, function)
        {
            return;
        }
    }
    let message = format!(
        "this `get_object` does not call `check_object_permissions`, so `{permission}` is never asked about the object"
    );
    let range = module[function].name_range;
    found.push(Evidence::new(OBJECT_CHECK_SKIPPED, at, range, message));
}

/// Whether a function returns something that it has looked up, rather than only refuses.
fn returns_looked_up(module: &Module, function: FunctionId) -> bool {
    module[function]
        .return_values
        .iter()
        .any(|value| !matches!(module[*value], Expr::None))
}

/// A permission of a view that decides by the object.
fn object_permission(world: &mut World<'_>, at: ModuleId, class: ClassId) -> Option<String> {
    let order = world.machine.evaluator.mro(at, class);
    let (home, value) = order.iter().find_map(|class| match *class {
        ClassRef::Project(at, class) => {
            match member(
                world.machine.project.module(at),
                class,
                "permission_classes",
            ) {
                Some(DefKind::Value(value)) => Some((at, value)),
                _ => None,
            }
        }
        ClassRef::External(_) => None,
    })?;
    let (home, listed) = elements(world, home, value)?;
    for one in listed {
        for value in world.machine.evaluator.eval(home, one) {
            match value {
                Evaluated::Class(of, permission)
                    if method(world, of, permission, "has_object_permission").is_some() =>
                {
                    let name = world.machine.project.module(of)[permission].name;
                    return Some(name.as_str().to_owned());
                }
                Evaluated::External(path)
                    if last(path.as_str()).starts_with("DjangoObjectPermissions") =>
                {
                    return Some(last(path.as_str()).to_owned());
                }
                _ => {}
            }
        }
    }
    None
}

/// Whether something in a function depends on who asks.
fn looks_at_user(world: &mut World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let module = world.machine.project.module(at);
    let range = module[function].range;
    let users: Vec<ExprId> = module
        .exprs()
        .filter(|(id, expr)| {
            matches!(expr, Expr::Attribute { .. }) && range.contains_range(module.expr_range(*id))
        })
        .map(|(id, _)| id)
        .collect();
    users.into_iter().any(|expr| {
        any_inside(module, expr, |inner| {
            matches!(module[inner], Expr::Attribute { attr, .. } if attr.as_str() == "user")
        }) || guard::depends(world, at, expr)
    })
}

//! Rights that the caller gives himself: what he sends becomes a flag of an account that says what it may do.
//!
//! An endpoint that asks for a permission may give rights; one that takes anybody, or whoever is logged in, may not. Where
//! a handler or serializer looks at what is sent in a way of its own, nothing is said.

use hognose_python::ir::*;
use hognose_python::{ClassRef, Symbol, Value as Evaluated};

use super::classes::is_rest_view;
use super::{Evidence, Remark};
use crate::code::{bases_outside, method};
use crate::endpoint::{Endpoint, Level};
use crate::guard;
use crate::run::{V, Value};
use crate::world::{Registered, Target, World};

pub(super) const RIGHTS_FROM_BODY: &str = "rights-from-body";

/// Fields of an account that say what it may do.
const RIGHTS: &[&str] = &["is_superuser", "is_staff", "is_admin", "user_permissions"];

/// Those that Django's own accounts have.
const OF_DJANGO: &[&str] = &["is_superuser", "is_staff", "user_permissions"];

/// Classes of Django that have them.
const ACCOUNTS: &[&str] = &["User", "AbstractUser", "PermissionsMixin"];

/// Methods by which serializers, forms and views change what they take over.
const OWN_WAYS: &[&str] = &[
    "create",
    "update",
    "save",
    "validate",
    "clean",
    "form_valid",
    "to_internal_value",
    "get_fields",
    "get_form",
    "get_form_class",
    "get_serializer",
    "get_serializer_class",
    "get_extra_kwargs",
    "perform_create",
    "perform_update",
    "__init__",
];

/// Calls of `bool` followed from a value to the body of the request.
const MAX_STEPS: usize = 8;

pub(super) fn check(world: &mut World<'_>, found: &mut Vec<Evidence>) {
    let all: Vec<(Endpoint, Registered)> = world
        .found()
        .filter(|(endpoint, _)| {
            matches!(endpoint.level, Level::Public | Level::Authenticated)
                && endpoint
                    .methods
                    .iter()
                    .any(|method| matches!(method.as_str(), "POST" | "PUT" | "PATCH" | "*"))
        })
        .map(|(endpoint, registered)| (endpoint.clone(), registered.clone()))
        .collect();
    for (endpoint, registered) in all {
        match registered.target {
            Target::Class(at, class) => {
                for name in ["serializer_class", "form_class"] {
                    let taken = declared(world, at, class, name, &endpoint);
                    found.extend(taken);
                }
            }
            Target::Function(at, function) => {
                stored(world, at, function, &endpoint, found);
            }
            Target::Other(_) => {}
        }
    }
}

fn words(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.methods.join(","), endpoint.path)
}

/// What a class or its bases in the project bind.
fn inherited(world: &mut World<'_>, at: ModuleId, class: ClassId, name: &str) -> Option<V> {
    let order = world.machine.evaluator.mro(at, class);
    order.iter().find_map(|class| match *class {
        ClassRef::Project(at, class) => world.machine.own_member(at, class, Symbol::from(name)),
        ClassRef::External(_) => None,
    })
}

/// Whether a class of the project changes in a way of its own what it takes over.
fn has_own_ways(world: &mut World<'_>, at: ModuleId, class: ClassId) -> bool {
    OWN_WAYS
        .iter()
        .any(|name| method(world, at, class, name).is_some())
}

/// A serializer or form of a view that takes over a right.
fn declared(
    world: &mut World<'_>,
    at: ModuleId,
    view: ClassId,
    name: &str,
    endpoint: &Endpoint,
) -> Option<Evidence> {
    let outside = bases_outside(world, at, view);
    let fits = match name {
        "serializer_class" => outside.iter().any(|path| is_rest_view(path.as_str())),
        _ => outside.iter().any(|path| {
            let path = path.as_str();
            path.starts_with("django.")
                && (path.ends_with("CreateView") || path.ends_with("UpdateView"))
        }),
    };
    if !fits || has_own_ways(world, at, view) {
        return None;
    }
    let declared = inherited(world, at, view, name)?;
    let Target::Class(home, class) = world.handler(declared).target else {
        return None;
    };
    if has_own_ways(world, home, class) {
        return None;
    }
    let meta = inherited(world, home, class, "Meta")?;
    let of_meta = |name: &str, world: &mut World<'_>| {
        let v = world.machine.attribute(meta, Symbol::from(name));
        world.text_list(v)
    };
    let model = world.machine.attribute(meta, Symbol::from("model"));
    if !is_account(world, model) {
        return None;
    }
    let fields = of_meta("fields", world);
    let excluded = of_meta("exclude", world);
    let all = match (&fields, &excluded) {
        (Some(fields), _) => fields.iter().any(|field| field == "__all__"),
        (None, excluded) => excluded.is_some(),
    };
    let kept = of_meta("read_only_fields", world).unwrap_or_default();
    let extra = world.machine.attribute(meta, Symbol::from("extra_kwargs"));
    let mut right = None;
    for name in RIGHTS {
        let listed = match &fields {
            Some(fields) if !all => fields.iter().any(|field| field == name),
            _ => {
                all && OF_DJANGO.contains(name)
                    && !excluded.iter().flatten().any(|field| field == name)
            }
        };
        // What is declared, read only, or validated by itself is not just taken over.
        let own = inherited(world, home, class, name).is_some()
            || ["validate", "clean"]
                .iter()
                .any(|front| method(world, home, class, &format!("{front}_{name}")).is_some());
        let key = world.machine.text(*name);
        let options = world.machine.item(extra, key);
        let has_options = matches!(world.machine.get(extra), Value::Dict(_))
            && !matches!(world.machine.get(options), Value::Unknown | Value::None);
        if listed && !own && !has_options && !kept.iter().any(|field| field == name) {
            right = Some(*name);
            break;
        }
    }
    let right = right?;
    let module = world.machine.project.module(home);
    let message = format!(
        "whoever may call {} sets `{right}`: `{}` takes it over",
        words(endpoint),
        module[class].name.as_str()
    );
    let mut evidence = Evidence::new(RIGHTS_FROM_BODY, home, module[class].name_range, message);
    evidence.remarks.push(Remark {
        at,
        range: world.machine.project.module(at)[view].name_range,
        text: "this view asks for no permission".to_owned(),
    });
    Some(evidence)
}

/// Whether a model is one of accounts that say what they may do.
fn is_account(world: &mut World<'_>, model: V) -> bool {
    let of_django = |path: &str| {
        path.starts_with("django.contrib.auth.")
            && (path.contains("get_user_model")
                || ACCOUNTS.contains(&path.rsplit('.').next().unwrap_or_default()))
    };
    match world.machine.get(model) {
        Value::Class { .. } => world
            .machine
            .mro(model)
            .iter()
            .any(|class| matches!(class, ClassRef::External(path) if of_django(path.as_str()))),
        _ => of_django(&guard::path_of(&world.machine, model)),
    }
}

/// Rights that a handler stores as they were sent.
fn stored(
    world: &mut World<'_>,
    at: ModuleId,
    function: FunctionId,
    endpoint: &Endpoint,
    found: &mut Vec<Evidence>,
) {
    let module = world.machine.project.module(at);
    let range = module[function].range;
    let stores: Vec<(Symbol, ExprId)> = module
        .attribute_stores
        .iter()
        .filter(|store| {
            RIGHTS.contains(&store.attr.as_str())
                && range.contains_range(module.expr_range(store.value))
        })
        .map(|store| (store.attr, store.value))
        .collect();
    if stores.is_empty() {
        return;
    }
    // A handler that asks who calls may let some do this.
    let tests: Vec<ExprId> = module
        .stmts()
        .filter_map(|(_, stmt)| match *stmt {
            Stmt::If { test, .. } | Stmt::Assert { test, .. } => Some(test),
            _ => None,
        })
        .filter(|test| range.contains_range(module.expr_range(*test)))
        .collect();
    if tests
        .into_iter()
        .any(|test| guard::depends(world, at, test))
    {
        return;
    }
    for (right, value) in stores {
        if !is_sent(world, at, value) {
            continue;
        }
        let message = format!(
            "whoever may call {} sets `{}` to what he sends",
            words(endpoint),
            right.as_str()
        );
        let range = module.expr_range(value);
        found.push(Evidence::new(RIGHTS_FROM_BODY, at, range, message));
    }
}

/// Whether a value is an entry of the body of the request.
fn is_sent(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let mut expr = expr;
    for _ in 0..MAX_STEPS {
        expr = module.origin(expr);
        match module[expr] {
            Expr::Subscript { value, .. } => return is_body(world, at, value),
            // `payload.is_admin` of a model that the body is read into.
            Expr::Attribute { value, .. } => return is_model(world, at, value),
            Expr::Call { func, args } => match module[func] {
                Expr::Attribute { value, attr } if matches!(attr.as_str(), "get" | "pop") => {
                    return is_body(world, at, value);
                }
                Expr::Name { .. } if module.args(args).len() == 1 => {
                    let path = world.machine.evaluator.dotted(at, func);
                    if path.is_none_or(|path| path.as_str() != "builtins.bool") {
                        return false;
                    }
                    expr = module.args(args)[0].value;
                }
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}

/// Whether an expression is the body of the request, as a mapping.
fn is_body(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    match module[module.origin(expr)] {
        Expr::Attribute { value, attr } => {
            let of_body = matches!(attr.as_str(), "json" | "form" | "data" | "POST" | "values");
            of_body && guard::is_request(world, at, value)
        }
        Expr::Call { func, .. } => {
            let Expr::Attribute { value, attr } = module[func] else {
                return false;
            };
            matches!(attr.as_str(), "get_json" | "json" | "form" | "post")
                && guard::is_request(world, at, value)
        }
        _ => false,
    }
}

/// Whether an expression is a parameter that the body is read into: its annotation names a model of pydantic.
fn is_model(world: &mut World<'_>, at: ModuleId, expr: ExprId) -> bool {
    let module = world.machine.project.module(at);
    let Expr::Name { def, .. } = module[expr] else {
        return false;
    };
    let (DefKind::Param(index), ScopeKind::Function(function)) =
        (&module[def].kind, &module[module[def].scope].kind)
    else {
        return false;
    };
    let param = module[*function].params.get(usize::from(*index));
    // What a dependency gives is not what was sent.
    let Some(annotation) = param
        .filter(|param| param.default.is_none())
        .and_then(|param| param.annotation)
    else {
        return false;
    };
    let values = world.machine.evaluator.eval(at, annotation);
    values.into_iter().any(|value| {
        matches!(value, Evaluated::Class(home, class)
            if bases_outside(world, home, class)
                .iter()
                .any(|path| path.as_str().starts_with("pydantic.") && path.as_str().ends_with("BaseModel")))
    })
}

//! Permissions: those that a view names, chooses or has from the settings, and what each asks of a request.

use hognose_python::ir::ModuleId;
use hognose_python::{ClassRef, Symbol};

use super::super::django::{Mount, setting};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof, Question};
use crate::run::{Args, V, Value};
use crate::world::{Target, World};

/// A request as a permission sees it.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) action: Option<&'a str>,
    /// Whether the view takes an object as REST framework gives it, which asks the permissions for it.
    pub(super) of_object: bool,
}

impl Request<'_> {
    fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }

    fn question(&self) -> Question<'_> {
        Question {
            method: Some(self.method),
            action: self.action,
            ..Question::default()
        }
    }
}

/// Whether a view takes the object at hand as REST framework gives it.
fn takes_object(world: &mut World<'_>, class: V, method: &str, action: Option<&str>) -> bool {
    let getter = world.machine.attribute(class, Symbol::from("get_object"));
    let getter = world.handler(getter).target;
    if matches!(getter, Target::Function(..)) && !guard::takes_object(world, getter) {
        return false;
    }
    let name = action.map_or_else(|| method.to_lowercase(), str::to_owned);
    let v = world.machine.attribute(class, Symbol::from(name.as_str()));
    let handler = world.handler(v).target;
    if let Target::Function(..) = handler {
        return guard::takes_object(world, handler);
    }
    match action {
        Some(action) => matches!(action, "retrieve" | "update" | "partial_update" | "destroy"),
        None => {
            let order = world.machine.mro(class);
            let of = |part: &str| {
                order.iter().any(|class| {
                    matches!(class, ClassRef::External(path) if {
                        let last = path.as_str().rsplit('.').next().unwrap_or_default();
                        last.ends_with("APIView") && last.contains(part)
                    })
                })
            };
            match method {
                "GET" => of("Retrieve"),
                "PUT" | "PATCH" => of("Update"),
                "DELETE" => of("Destroy"),
                _ => false,
            }
        }
    }
}

/// What the permissions of a view ask for.
pub fn permissions(
    world: &mut World<'_>,
    class: V,
    given: Option<V>,
    method: &str,
    action: Option<&str>,
    mount: &Mount,
) -> Layer {
    let request = Request {
        method,
        action,
        of_object: takes_object(world, class, method, action),
    };
    // A method that chooses is asked, for the action at hand.
    let chooser = world
        .machine
        .attribute(class, Symbol::from("get_permissions"));
    if let Target::Function(..) = world.handler(chooser).target {
        let proof = match chosen(world, class, given, method, action) {
            Some(list) => of_list(world, list, request),
            None => Proof::Unknown,
        };
        return Layer {
            place: Place::Class,
            proof,
        };
    }
    let own = given.or_else(|| {
        let v = world
            .machine
            .attribute(class, Symbol::from("permission_classes"));
        // An attribute of a base outside is what the settings say.
        match world.machine.get(v) {
            Value::List(_) | Value::Union(_) | Value::Call { .. } => Some(v),
            _ => None,
        }
    });
    let mut layer = match own {
        Some(list) => Layer {
            place: Place::Class,
            proof: of_list(world, list, request),
        },
        None => {
            let mut layer = default_permissions(world, request, mount.settings);
            layer.proof = layer.proof.and(of_bases(world, class));
            layer
        }
    };
    // What runs before every action, where the project has its own.
    for name in ["initial", "check_permissions"] {
        let hook = world.machine.attribute(class, Symbol::from(name));
        if let Target::Function(..) = world.handler(hook).target
            && let proof @ Proof::Guard { .. } = guard::before_on(world, class, hook)
        {
            layer = Layer {
                place: Place::Class,
                proof: layer.proof.and(proof),
            };
        }
    }
    layer
}

/// What the bases of a view outside of the project ask for, where the tables know them or their names speak of access.
fn of_bases(world: &mut World<'_>, class: V) -> Proof {
    let mut proof = Proof::Nothing;
    for ancestor in world.machine.mro(class).iter() {
        if let ClassRef::External(path) = *ancestor
            && !path.as_str().starts_with("rest_framework.")
        {
            let base = world.machine.external(path);
            proof = proof.and(guard::of_middleware(world, base));
        }
    }
    proof
}

/// What `get_permissions` gives for an action.
fn chosen(
    world: &mut World<'_>,
    class: V,
    given: Option<V>,
    method: &str,
    action: Option<&str>,
) -> Option<V> {
    let site = world
        .site(class)
        .unwrap_or((hognose_python::ModuleId(0), hognose_python::ir::ExprId(0)));
    let object = world.machine.object_of(class, site);
    if let Some(action) = action {
        world.machine.set(object, "action", action);
    }
    if let Some(given) = given {
        world.machine.set_value(object, "permission_classes", given);
    }
    let request = world.machine.object_of(class, site);
    world.machine.set(request, "method", method);
    world.machine.set_value(object, "request", request);
    let v = world
        .machine
        .attribute(object, Symbol::from("get_permissions"));
    let result = world.machine.run_call(v, Args::default(), site);
    world.index();
    matches!(world.machine.get(result), Value::List(_) | Value::Union(_)).then_some(result)
}

/// What the settings ask of every view.
pub(super) fn default_permissions(
    world: &mut World<'_>,
    request: Request<'_>,
    settings: Option<ModuleId>,
) -> Layer {
    let Some(settings) = setting(world, settings, "REST_FRAMEWORK") else {
        return Layer {
            place: Place::Settings,
            proof: Proof::Nothing,
        };
    };
    let key = world.machine.constant(&hognose_python::Constant::Str(
        "DEFAULT_PERMISSION_CLASSES".to_owned(),
    ));
    let list = world.machine.item(settings, key);
    let known = matches!(world.machine.get(settings), Value::Dict(_));
    let mut proof = match world.text_list(list) {
        Some(names) => {
            let mut proof = Proof::Nothing;
            for name in names {
                let v = world.machine.dotted(&name);
                proof = proof.and(permission(world, v, request, 0));
            }
            proof
        }
        None if known => Proof::Nothing,
        None => Proof::Unknown,
    };
    if proof == Proof::Public {
        proof = Proof::Nothing;
    }
    Layer {
        place: Place::Settings,
        proof,
    }
}

/// All of a list of permissions.
pub(super) fn of_list(world: &mut World<'_>, list: V, request: Request<'_>) -> Proof {
    let mut proof: Option<Proof> = None;
    for list in world.machine.alternatives(list) {
        let one = match world.list(list) {
            Some(items) => items
                .into_iter()
                .map(|v| permission(world, v, request, 0))
                .fold(Proof::Nothing, Proof::and),
            None => permission(world, list, request, 0),
        };
        proof = Some(match proof {
            None => one,
            Some(known) if known == one => known,
            Some(_) => Proof::Unknown,
        });
    }
    match proof {
        None => Proof::Unknown,
        // No permissions at all lets anyone through.
        Some(Proof::Nothing) => Proof::Public,
        Some(proof) => proof,
    }
}

/// One permission: a class, an object of one, or several with `&`, `|` and `~`.
fn permission(world: &mut World<'_>, v: V, request: Request<'_>, depth: usize) -> Proof {
    if depth > 8 {
        return Proof::Unknown;
    }
    match world.machine.get(v).clone() {
        Value::Call { callee, args, .. } => {
            let path = guard::path_of(&world.machine, callee);
            let mut parts = args
                .positional
                .iter()
                .map(|v| permission(world, *v, request, depth + 1))
                .collect::<Vec<_>>()
                .into_iter();
            match path.as_str() {
                "operator.and_" => parts.fold(Proof::Nothing, Proof::and),
                "operator.or_" => match parts.next() {
                    Some(first) => parts.fold(first, Proof::or),
                    None => Proof::Unknown,
                },
                _ => permission(world, callee, request, depth + 1),
            }
        }
        Value::Instance { class, .. } => permission(world, class, request, depth + 1),
        Value::External(path) => {
            let last = path.as_str().rsplit('.').next().unwrap_or_default();
            match last {
                "IsAuthenticatedOrReadOnly" | "DjangoModelPermissionsOrAnonReadOnly"
                    if request.is_safe() =>
                {
                    Proof::Public
                }
                "IsAuthenticatedOrReadOnly" => Proof::of(Level::Authenticated),
                // Who reads needs none of the permissions of the model.
                "DjangoModelPermissions" | "DjangoObjectPermissions" if request.is_safe() => {
                    Proof::of(Level::Authenticated)
                }
                "DjangoModelPermissionsOrAnonReadOnly" => Proof::permission("model permissions"),
                _ => guard::of_library(world, v, &Args::default()).unwrap_or(Proof::Unknown),
            }
        }
        Value::Class { .. } => permission_class(world, v, request, depth),
        _ => Proof::Unknown,
    }
}

/// A permission that is a class of the project.
fn permission_class(world: &mut World<'_>, v: V, request: Request<'_>, depth: usize) -> Proof {
    let check = world.machine.attribute(v, Symbol::from("has_permission"));
    let mut proof = match world.handler(check).target {
        Target::Function(..) => {
            let own = guard::answer(world, check, request.question());
            if guard::answers_as_base(world, check) {
                let base = of_base(world, v, request, depth);
                match own {
                    Proof::Guard { .. } => base.and(own),
                    _ => base,
                }
            } else {
                own
            }
        }
        _ => of_base(world, v, request, depth),
    };
    let of_object = world
        .machine
        .attribute(v, Symbol::from("has_object_permission"));
    if request.of_object
        && let Target::Function(..) = world.handler(of_object).target
    {
        match guard::answer(world, of_object, request.question()) {
            Proof::Guard {
                level,
                roles,
                permissions,
            } => {
                let level = match level {
                    Level::Authenticated => Level::Object,
                    level => level,
                };
                proof = proof.and(Proof::Guard {
                    level,
                    roles,
                    permissions,
                });
            }
            Proof::Unknown if matches!(proof, Proof::Nothing | Proof::Public) => {
                proof = Proof::Unknown;
            }
            _ => {}
        }
    }
    match proof {
        Proof::Guard {
            level: Level::Permission,
            roles,
            permissions,
        } if roles.is_empty() && permissions.is_empty() => {
            let name = match world.handler(v).target {
                Target::Class(at, class) => world.machine.project.module(at)[class].name.as_str(),
                _ => "",
            };
            Proof::permission(name)
        }
        proof => proof,
    }
}

/// What the nearest base outside of the project asks for.
fn of_base(world: &mut World<'_>, class: V, request: Request<'_>, depth: usize) -> Proof {
    for ancestor in world.machine.mro(class).iter() {
        if let ClassRef::External(path) = ancestor
            && path.as_str() != "builtins.object"
        {
            let base = world.machine.external(*path);
            return permission(world, base, request, depth + 1);
        }
    }
    Proof::Unknown
}

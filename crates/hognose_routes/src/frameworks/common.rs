//! What the smaller frameworks share: handlers that are functions, and classes with a method for each method.

use hognose_python::Symbol;

use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, Site, V, Value};
use crate::world::{Target, World};

/// Applications and routers inside of each other.
pub(super) const MAX_NESTING: usize = 16;

/// Where routes stand.
#[derive(Clone)]
pub(super) struct Mount {
    pub(super) framework: &'static str,
    pub(super) app: String,
    pub(super) prefix: String,
    pub(super) layers: Vec<Layer>,
    pub(super) nesting: usize,
}

impl Mount {
    /// The top of an application.
    pub(super) fn new(world: &World<'_>, framework: &'static str, app: V) -> Self {
        Self {
            framework,
            app: world.name_of(app),
            prefix: String::new(),
            layers: Vec::new(),
            nesting: 0,
        }
    }

    /// Below a prefix; `None` where it is too deep.
    pub(super) fn below(&self, prefix: &str) -> Option<Self> {
        if self.nesting >= MAX_NESTING {
            return None;
        }
        let mut inner = self.clone();
        inner.prefix.push_str(prefix);
        inner.nesting += 1;
        Some(inner)
    }

    /// Adds a layer of what a function that runs before handlers proves.
    pub(super) fn hook(&mut self, world: &mut World<'_>, place: Place, v: V) {
        self.layers.push(guard::hook(world, place, v));
    }
}

/// The texts of a path argument.
pub(super) fn paths(world: &mut World<'_>, v: Option<V>) -> Vec<String> {
    let Some(v) = v else { return Vec::new() };
    match world.text_list(v) {
        Some(paths) if !paths.is_empty() => paths,
        _ => vec![world.text(Some(v))],
    }
}

/// Methods of an argument, in upper case.
pub(super) fn methods(world: &mut World<'_>, v: Option<V>) -> Option<Vec<String>> {
    let methods = world.text_list(v?)?;
    Some(methods.into_iter().map(|m| m.to_uppercase()).collect())
}

/// What was decorated with the result of a call.
pub(super) fn decorated(world: &World<'_>, call: V) -> Vec<(V, Option<Site>)> {
    world
        .calls_of(call)
        .into_iter()
        .filter_map(|(given, applied)| {
            let v = given.positional.first().copied()?;
            Some((v, world.site(applied)))
        })
        .collect()
}

/// An endpoint whose handler is a function, or a class with methods named so.
pub(super) fn endpoint(
    world: &mut World<'_>,
    mount: &Mount,
    path: &str,
    methods: Vec<String>,
    v: V,
    site: Option<Site>,
    class_methods: &[(&str, &str)],
) {
    let handler = world.handler(v);
    let mut layers = mount.layers.clone();
    layers.extend(world.own_layers(&handler, None));
    match handler.target {
        Target::Function(..) => {}
        Target::Class(..) => {
            let of = decorated_class(world, v);
            class(world, mount, path, of, site, class_methods, &layers);
            return;
        }
        Target::Other(other) => {
            if let Some((of, _)) = world.as_view(handler.target) {
                class(world, mount, path, of, site, class_methods, &layers);
                return;
            }
            if !matches!(world.machine.get(other), Value::Call { .. }) {
                layers.push(Layer {
                    place: Place::Body,
                    proof: Proof::Unknown,
                });
            }
        }
    }
    let full = format!("{}{path}", mount.prefix);
    world.add(
        mount.framework,
        &mount.app,
        &full,
        methods,
        handler.target,
        site,
        &layers,
    );
}

/// A class or object with a function for each method: (name of the function, method).
pub(super) fn class(
    world: &mut World<'_>,
    mount: &Mount,
    path: &str,
    class: V,
    site: Option<Site>,
    names: &[(&str, &str)],
    layers: &[Layer],
) -> usize {
    let full = format!("{}{path}", mount.prefix);
    let mut found = 0;
    for (name, method) in names {
        let v = world.machine.attribute(class, Symbol::from(*name));
        let handler = world.handler(v);
        let Target::Function(..) = handler.target else {
            continue;
        };
        found += 1;
        let mut layers = layers.to_vec();
        layers.extend(world.own_layers(&handler, Some(class)));
        let methods = vec![(*method).to_owned()];
        world.add(
            mount.framework,
            &mount.app,
            &full,
            methods,
            handler.target,
            site,
            &layers,
        );
    }
    found
}

/// Methods that a class defines under their names in lower case.
pub(super) const BY_NAME: &[(&str, &str)] = &[
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
    ("head", "HEAD"),
    ("options", "OPTIONS"),
];

/// Layers of a list of guards that are given to a router or handler.
pub(super) fn guards(
    world: &mut World<'_>,
    args: &Args,
    keyword: &str,
    place: Place,
) -> Vec<Layer> {
    let Some(list) = args.keyword(keyword) else {
        return Vec::new();
    };
    let list = world.list(list).unwrap_or_else(|| vec![list]);
    list.into_iter()
        .map(|v| Layer {
            place,
            proof: guard::before(world, v),
        })
        .collect()
}

/// The object that was made of a class in decorators from outside, which the run leaves as it was called.
pub(super) fn object_in(world: &mut World<'_>, v: V) -> V {
    let Value::Call { callee, args, site } = world.machine.get(v).clone() else {
        return v;
    };
    let class = decorated_class(world, callee);
    if class == callee || !matches!(world.machine.get(class), Value::Class { .. }) {
        return v;
    }
    let object = world.machine.run_call(class, args, site);
    world.index();
    object
}

/// Decorators around a class; real ones have one or two.
const MAX_DECORATORS: usize = 32;

/// The calls of the decorators around a class, outermost first.
pub(super) fn class_decorators(world: &World<'_>, v: V) -> Vec<V> {
    let mut found = Vec::new();
    let mut v = v;
    for _ in 0..MAX_DECORATORS {
        match world.machine.get(v) {
            Value::Wrapped { inner, .. } => v = *inner,
            Value::Call { args, .. } => match args.positional.first() {
                Some(inner) => {
                    found.push(v);
                    v = *inner;
                }
                None => break,
            },
            _ => break,
        }
    }
    found
}

/// The class inside of its decorators.
pub(super) fn decorated_class(world: &World<'_>, v: V) -> V {
    let mut v = v;
    for _ in 0..MAX_DECORATORS {
        match world.machine.get(v) {
            Value::Wrapped { inner, .. } => v = *inner,
            Value::Call { args, .. } => match args.positional.first() {
                Some(inner) => v = *inner,
                None => break,
            },
            Value::Union(all) => v = all[0],
            _ => break,
        }
    }
    v
}

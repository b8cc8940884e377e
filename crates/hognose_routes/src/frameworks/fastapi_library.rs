//! Routers that libraries make for FastAPI: what they hold stands in `data/views/fastapi.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::fastapi::{Mount, dependencies};
use crate::endpoint::Level;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::V;
use crate::world::{Target, World};

/// Routers that libraries make.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Routers {
    router: Vec<Router>,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Router {
    /// What is called for it.
    path: String,
    /// Path, method and guard of each route.
    routes: Vec<[String; 3]>,
}

static ROUTERS: LazyLock<Routers> = LazyLock::new(|| {
    // The table is part of the program; a test reads it.
    toml::from_str(include_str!("../../data/views/fastapi.toml")).unwrap_or_default()
});

/// What a router of a library holds.
pub(super) fn router(world: &World<'_>, router: V) -> Option<&'static Router> {
    let path = guard::path_of(&world.machine, router);
    ROUTERS.router.iter().find(|known| known.path == path)
}

/// Its routes, below a mount.
pub(super) fn routes(world: &mut World<'_>, router: V, known: &Router, mount: &Mount) {
    let site = world.site(router);
    let made = world.made_with(router);
    let front = format!(
        "{}{}{}",
        mount.prefix,
        world.text(made.keyword("prefix")),
        world.text(made.keyword("path"))
    );
    let around = dependencies(world, &made, Place::Router);
    for [path, method, guard] in &known.routes {
        let mut layers = [mount.of_http.clone(), mount.layers.clone(), around.clone()].concat();
        let proof = match guard.as_str() {
            "" => Proof::Nothing,
            "authenticated" => Proof::of(Level::Authenticated),
            name => Proof::permission(name),
        };
        layers.push(Layer {
            place: Place::Dependency,
            proof,
        });
        let path = format!("{front}{path}");
        let methods = vec![method.clone()];
        world.add(
            mount.framework,
            &mount.app,
            &path,
            methods,
            Target::Other(router),
            site,
            &layers,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_a_table() {
        let table: Result<Routers, _> =
            toml::from_str(include_str!("../../data/views/fastapi.toml"));
        assert!(table.is_ok_and(|table| !table.router.is_empty()));
    }
}

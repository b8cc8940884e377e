//! gRPC: the methods of servicers that are added to a server.
//!
//! The service is named by the function that adds it, `add_GreeterServicer_to_server`; a method of the class that begins with
//! a capital is one of the service. Interceptors of the server run before all of them.

use super::Framework;
use super::common::Mount;
use crate::guard::{self, Layer, Place};
use crate::run::{V, Value};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &["grpc", "grpclib"],
    begins: &[],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

fn find(world: &mut World<'_>) {
    let calls: Vec<(V, String)> = world
        .machine
        .values()
        .filter_map(|(v, value)| {
            let Value::Call { callee, .. } = value else {
                return None;
            };
            let Value::External(path) = world.machine.get(*callee) else {
                return None;
            };
            let name = path.as_str().rsplit('.').next()?;
            let service = name
                .strip_prefix("add_")?
                .strip_suffix("Servicer_to_server")?;
            Some((v, service.to_owned()))
        })
        .collect();
    for (call, service) in calls {
        if world.is_left_out(call) {
            continue;
        }
        let args = world.made_with(call);
        let (Some(servicer), Some(server)) = (args.get(0, "servicer"), args.get(1, "server"))
        else {
            continue;
        };
        let mut mount = Mount::new(world, "grpc", server);
        mount.layers = interceptors(world, server);
        let site = world.site(call);
        for (name, v) in world.members(servicer) {
            let handler = world.handler(v);
            let Target::Function(..) = handler.target else {
                continue;
            };
            if !name.starts_with(char::is_uppercase) {
                continue;
            }
            let mut layers = mount.layers.clone();
            layers.extend(world.own_layers(&handler, Some(servicer)));
            let path = format!("/{service}/{name}");
            let methods = vec!["RPC".to_owned()];
            world.add(
                "grpc",
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

/// What the interceptors of a server prove.
fn interceptors(world: &mut World<'_>, server: V) -> Vec<Layer> {
    let made = world.made_with(server);
    let Some(list) = made.keyword("interceptors") else {
        return Vec::new();
    };
    let list = world.list(list).unwrap_or_else(|| vec![list]);
    let mut layers = Vec::new();
    for v in list {
        let name = hognose_python::Symbol::from("intercept_service");
        let method = world.machine.attribute(v, name);
        layers.push(match world.handler(method).target {
            Target::Function(..) => guard::hook(world, Place::Middleware, method),
            _ => guard::hook(world, Place::Middleware, v),
        });
    }
    layers
}

//! gRPC: the methods of servicers that are added to a server.
//!
//! Where the generated code is in the project, it gives the server a table of handlers under the full name of the service.
//! Where it is not, the service is named by the function that adds it, `add_GreeterServicer_to_server`, and a method of the
//! class that begins with a capital is one of it. Interceptors of the server run before all of them.

use hognose_python::ir::{Expr, FunctionId, ModuleId};

use super::Framework;
use super::common::Mount;
use crate::guard::{self, Layer, Place, Proof};
use crate::run::{Args, Site, V, Value};
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
    generated(world);
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

/// Services whose generated code is in the project: `server.add_generic_rpc_handlers((handler,))`.
fn generated(world: &mut World<'_>) {
    let tables = world.calls_of_name("grpc", "method_handlers_generic_handler");
    for package in ["grpc", "grpc.aio"] {
        for server in world.objects_of(package, &["server"]) {
            let calls = world.calls_on(server).into_iter();
            let given: Vec<V> = calls
                .filter(|(method, ..)| *method == "add_generic_rpc_handlers")
                .filter_map(|(_, args, _)| args.get(0, "generic_rpc_handlers"))
                .collect();
            if given.is_empty() || world.is_left_out(server) {
                continue;
            }
            let mut mount = Mount::new(world, "grpc", server);
            mount.layers = interceptors(world, server);
            for list in given {
                for v in world.list(list).unwrap_or_else(|| vec![list]) {
                    if let Some((table, _)) = tables.iter().find(|(_, call)| *call == v) {
                        service(world, &mount, table, world.site(v));
                    }
                }
            }
        }
    }
}

/// The methods of one table of handlers.
fn service(world: &mut World<'_>, mount: &Mount, table: &Args, site: Option<Site>) {
    let name = world.text(table.get(0, "service"));
    let Some(handlers) = table.get(1, "method_handlers") else {
        return;
    };
    let Value::Dict(items) = world.machine.get(handlers).clone() else {
        return;
    };
    for (method, made) in items {
        let Some(v) = world.made_with(made).positional.first().copied() else {
            continue;
        };
        let handler = world.handler(v);
        let Target::Function(at, _) = handler.target else {
            continue;
        };
        // What the project does not implement is the stub.
        if world
            .machine
            .project
            .module(at)
            .name
            .as_str()
            .ends_with("_pb2_grpc")
        {
            continue;
        }
        let receiver = match *world.machine.get(v) {
            Value::Method { receiver, .. } => Some(receiver),
            _ => None,
        };
        let mut layers = mount.layers.clone();
        layers.extend(world.own_layers(&handler, receiver));
        let path = format!("/{name}/{}", world.text(Some(method)));
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
            Target::Function(at, function) => {
                let mut layer = guard::hook(world, Place::Middleware, method);
                // One that answers with a handler of its own may be there to turn callers away.
                if layer.proof == Proof::Nothing && answers_itself(world, at, function) {
                    layer.proof = Proof::Unknown;
                }
                layer
            }
            _ => guard::hook(world, Place::Middleware, v),
        });
    }
    layers
}

/// Whether an interceptor answers with something else than what it was given to go on with.
fn answers_itself(world: &World<'_>, at: ModuleId, function: FunctionId) -> bool {
    let module = world.machine.project.module(at);
    module[function].return_values.iter().any(|value| {
        let value = match module[module.origin(*value)] {
            Expr::Await(inner) => inner,
            _ => module.origin(*value),
        };
        !matches!(module[value], Expr::Call { func, .. } if guard::is_parameter(module, func))
    })
}

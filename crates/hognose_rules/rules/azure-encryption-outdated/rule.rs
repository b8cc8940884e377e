//! In code because key and version are attributes of a client, set in any order, or keywords of its constructor.

use crate::prelude::*;

/// Whether an access path is a client of Azure Storage, or one made by another client.
fn is_client(path: &str) -> bool {
    (path.starts_with("azure.storage.blob.") || path.starts_with("azure.storage.queue."))
        && path.ends_with("()")
        && path.contains("Client")
}

pub fn check(context: &mut Context<'_, '_>) {
    for call in context.calls() {
        if !call
            .paths
            .iter()
            .any(|path| is_client(&format!("{path}()")))
        {
            continue;
        }
        let Some((at, key)) = context.arg(call, Some("key_encryption_key"), None).given() else {
            continue;
        };
        if context.values.constant(at, key) == Some(Constant::None) {
            continue;
        }
        let outdated = match context.arg(call, Some("encryption_version"), None) {
            Argument::Missing => !context
                .module
                .attribute_stores
                .iter()
                .any(|store| store.attr.as_str() == "encryption_version"),
            Argument::Given(at, version) => {
                context.values.constant(at, version) == Some(Constant::Str("1.0".to_owned()))
            }
            Argument::Unknown => false,
        };
        if outdated {
            let callee = call.paths[0];
            context.report(
                call.range,
                format!("{callee} encrypts with version 1 of the protocol, its default"),
            );
        }
    }
    let module = context.module;
    for store in &module.attribute_stores {
        if store.attr.as_str() != "key_encryption_key"
            || module.is_dead(store.range)
            || context.constant(store.value) == Some(Constant::None)
        {
            continue;
        }
        let clients = context.paths(store.object);
        if !clients.iter().any(|path| is_client(path.as_str())) {
            continue;
        }
        // A version set on the same variable, or on the client this one was made from.
        let mut outdated = true;
        for other in &module.attribute_stores {
            if other.attr.as_str() != "encryption_version"
                || module.is_dead(other.range)
                || other.scope != store.scope
            {
                continue;
            }
            let related = context.paths(other.object).iter().any(|known| {
                clients
                    .iter()
                    .any(|client| client.as_str().starts_with(known.as_str()))
            });
            if related {
                outdated = context.constant(other.value) == Some(Constant::Str("1.0".to_owned()));
            }
        }
        if outdated {
            context.report(
                store.range,
                "the client encrypts with version 1 of the protocol",
            );
        }
    }
}

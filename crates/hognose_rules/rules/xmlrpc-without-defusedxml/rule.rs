//! In code because one call of `defusedxml.xmlrpc.monkey_patch()` mends the whole process.

use crate::prelude::*;

const PATHS: &[&str] = &[
    "xmlrpc.client.ServerProxy",
    "xmlrpc.client.Server",
    "xmlrpc.client.loads",
    "xmlrpc.client.getparser",
    "xmlrpc.client.gzip_decode",
    "xmlrpc.server.SimpleXMLRPCServer",
    "xmlrpc.server.MultiPathXMLRPCServer",
    "xmlrpc.server.DocXMLRPCServer",
    "xmlrpc.server.CGIXMLRPCRequestHandler",
    "xmlrpc.server.DocCGIXMLRPCRequestHandler",
    "xmlrpclib.ServerProxy",
    "xmlrpclib.Server",
    "xmlrpclib.loads",
    "SimpleXMLRPCServer.SimpleXMLRPCServer",
    "SimpleXMLRPCServer.CGIXMLRPCRequestHandler",
    "DocXMLRPCServer.DocXMLRPCServer",
    "six.moves.xmlrpc_client.ServerProxy",
    "six.moves.xmlrpc_client.loads",
    "six.moves.xmlrpc_server.SimpleXMLRPCServer",
];

pub fn check(context: &mut Context<'_, '_>) {
    let found: Vec<_> = context
        .calls()
        .iter()
        .filter_map(|call| {
            call.paths
                .iter()
                .find(|path| PATHS.contains(&path.as_str()))
                .map(|path| (call.range, *path))
        })
        .collect();
    if found.is_empty() || context.project_calls("defusedxml", &["defusedxml.xmlrpc.monkey_patch"])
    {
        return;
    }
    for (range, path) in found {
        context.report(
            range,
            format!("{path} decompresses and expands what the other side sends without a limit"),
        );
    }
}

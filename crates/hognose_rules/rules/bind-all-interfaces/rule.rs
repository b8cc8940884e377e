//! Servers take the host in many forms: a pair, a name, a name with the port. The constant by itself is an inventory fact.

use crate::prelude::*;

/// Runs once per module.
pub fn check(context: &mut Context<'_, '_>) {
    let module = context.module;
    let mut told: FxHashSet<ExprId> = FxHashSet::default();
    for site in context.calls() {
        let Some((path, place)) = site
            .paths
            .iter()
            .find_map(|path| server(path.as_str()).map(|place| (*path, place)))
        else {
            continue;
        };
        let given = match place {
            Place::Pair(name) => context.arg(site, Some(name), Some(0)),
            Place::Host(name, at) | Place::HostAndPort(name, at) => {
                context.arg(site, Some(name), at)
            }
        };
        let Argument::Given(at, mut host) = given else {
            continue;
        };
        let mut home = at;
        if let Place::Pair(_) = place {
            let found = context.values.eval(at, host);
            let [Value::Expr(there, pair)] = found.as_slice() else {
                continue;
            };
            let Expr::Tuple(list) = context.values.project().module(*there)[*pair] else {
                continue;
            };
            let Some(first) = context.values.project().module(*there).list(list).first() else {
                continue;
            };
            (home, host) = (*there, *first);
        }
        let Some(Constant::Str(text)) = context.values.constant(home, host) else {
            continue;
        };
        let everywhere = match place {
            Place::Pair(_) => text.is_empty() || is_any(&text),
            Place::Host(..) => is_any(&text),
            Place::HostAndPort(..) => text
                .rsplit_once(':')
                .is_some_and(|(host, _)| is_any(host) || host == "*" || host.is_empty()),
        };
        if !everywhere {
            continue;
        }
        told.insert(host);
        for value in context.values.eval(home, host) {
            if let Value::Expr(there, constant) = value
                && there == context.id
            {
                told.insert(constant);
            }
        }
        let shown = if text.is_empty() {
            "an empty host".to_owned()
        } else {
            text
        };
        context.report(
            site.range,
            format!("{path} listens on every network interface ({shown})"),
        );
    }
    if context.in_test {
        return;
    }
    let mut compared: FxHashSet<ExprId> = FxHashSet::default();
    let mut mentions = Vec::new();
    for (expr, node) in module.exprs() {
        match *node {
            Expr::Compare { left, right, .. } => {
                compared.extend([left, right]);
                for side in [left, right] {
                    if let Expr::Tuple(list) | Expr::ListOf(list) | Expr::SetOf(list) = module[side]
                    {
                        compared.extend(module.list(list));
                    }
                }
            }
            Expr::Str(text) if module.str(text) == "0.0.0.0" => mentions.push(expr),
            _ => {}
        }
    }
    for expr in mentions {
        let range = module.expr_range(expr);
        if !told.contains(&expr) && !compared.contains(&expr) && !module.is_dead(range) {
            context
                .report(range, "the address of every network interface")
                .persona(Persona::Auditor)
                .confidence(Confidence::Low);
        }
    }
}

/// Where a server takes its host.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// The first argument, a pair of host and port; an empty host means all.
    Pair(&'static str),
    /// An argument of its own.
    Host(&'static str, Option<usize>),
    /// `host:port` in one string.
    HostAndPort(&'static str, Option<usize>),
}

fn server(path: &str) -> Option<Place> {
    Some(match path {
        "socket.socket().bind"
        | "gevent.socket.socket().bind"
        | "eventlet.green.socket.socket().bind" => Place::Pair("address"),
        "socket.create_server" => Place::Pair("address"),
        "eventlet.listen" => Place::Pair("addr"),
        "http.server.HTTPServer"
        | "http.server.ThreadingHTTPServer"
        | "http.server.HTTPSServer" => Place::Pair("server_address"),
        "socketserver.TCPServer"
        | "socketserver.UDPServer"
        | "socketserver.ThreadingTCPServer"
        | "socketserver.ThreadingUDPServer"
        | "socketserver.ForkingTCPServer" => Place::Pair("server_address"),
        "xmlrpc.server.SimpleXMLRPCServer" => Place::Pair("addr"),
        "gevent.pywsgi.WSGIServer" | "gevent.server.StreamServer" | "cheroot.wsgi.Server" => {
            Place::Pair("listener")
        }
        "wsgiref.simple_server.make_server" => Place::Host("host", Some(0)),
        "werkzeug.serving.run_simple" | "werkzeug.run_simple" => Place::Host("hostname", Some(0)),
        "flask.Flask().run" | "quart.Quart().run" | "sanic.Sanic().run" => {
            Place::Host("host", Some(0))
        }
        "asyncio.start_server" => Place::Host("host", Some(1)),
        "asyncio.get_event_loop().create_server"
        | "asyncio.get_running_loop().create_server"
        | "asyncio.new_event_loop().create_server" => Place::Host("host", Some(1)),
        "websockets.serve"
        | "websockets.asyncio.server.serve"
        | "websockets.sync.server.serve"
        | "aiohttp.web.TCPSite" => Place::Host("host", Some(1)),
        "uvicorn.run"
        | "uvicorn.Config"
        | "aiohttp.web.run_app"
        | "bottle.run"
        | "bottle.Bottle().run"
        | "waitress.serve"
        | "dash.Dash().run"
        | "dash.Dash().run_server" => Place::Host("host", None),
        "flask_socketio.SocketIO().run" => Place::Host("host", Some(1)),
        "tornado.httpserver.HTTPServer().listen"
        | "tornado.httpserver.HTTPServer().bind"
        | "tornado.web.Application().listen" => Place::Host("address", Some(1)),
        "gradio.Blocks().launch"
        | "gradio.Interface().launch"
        | "gradio.ChatInterface().launch" => Place::Host("server_name", None),
        "grpc.server().add_insecure_port"
        | "grpc.server().add_secure_port"
        | "grpc.aio.server().add_insecure_port"
        | "grpc.aio.server().add_secure_port" => Place::HostAndPort("address", Some(0)),
        _ => return None,
    })
}

fn is_any(host: &str) -> bool {
    matches!(host, "0.0.0.0" | "::" | "[::]" | "::0" | "0")
}

//! Functions of AWS Lambda behind a gateway, as templates of SAM and Serverless declare them.

use hognose_python::Symbol;
use hognose_python::ir::ModuleId;
use serde_json::Value as Json;

use super::Framework;
use crate::description::{at, members, parse};
use crate::endpoint::Level;
use crate::guard::{Layer, Place, Proof};
use crate::world::{Target, World};

pub(super) const FRAMEWORK: Framework = Framework {
    packages: &[],
    begins: &[],
    prepare: super::unprepared,
    start: super::unprepared,
    find,
};

/// The name that is shown.
const NAME: &str = "aws-lambda";

/// Whether a description is a template of SAM or Serverless.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("AWS::Serverless::") || (text.contains("functions:") && text.contains("handler:"))
}

fn find(world: &mut World<'_>) {
    let project = world.machine.project;
    for (file, text) in &project.descriptions {
        if (world.left_out)(file) || !is_template(text) {
            continue;
        }
        let Some(value) = parse(file, text) else {
            continue;
        };
        sam(world, file, &value);
        serverless(world, file, &value);
    }
}

/// One way to a function.
struct Event {
    path: String,
    method: String,
    proof: Proof,
}

fn add(world: &mut World<'_>, file: &str, name: &str, code: &str, handler: &str, event: &Event) {
    let mut layers = vec![Layer {
        place: Place::Settings,
        proof: event.proof.clone(),
    }];
    let target = match function(world, file, code, handler) {
        Some(v) => {
            let handler = world.handler(v);
            layers.extend(world.own_layers(&handler, None));
            handler.target
        }
        None => Target::Other(world.machine.external(Symbol::from(handler))),
    };
    let method = match event.method.to_uppercase().as_str() {
        "ANY" | "" | "X-AMAZON-APIGATEWAY-ANY-METHOD" => "*".to_owned(),
        method => method.to_owned(),
    };
    let path = if event.path.starts_with('/') || event.path == "*" {
        event.path.clone()
    } else {
        format!("/{}", event.path)
    };
    world.add(NAME, name, &path, vec![method], target, None, &layers);
}

/// The function that `directory/module.function` names, below the directory of the template and that of the code.
fn function(world: &mut World<'_>, file: &str, code: &str, handler: &str) -> Option<crate::run::V> {
    let (module, name) = handler.rsplit_once('.')?;
    let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
    let module = module.replace('.', "/");
    let wanted: Vec<&str> = [directory, code, module.as_str()]
        .iter()
        .flat_map(|part| part.split('/'))
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let wanted = wanted.join("/");
    let found = world.machine.project.iter().find(|(_, module)| {
        let file = &*module.file;
        file.strip_suffix(".py")
            .is_some_and(|stem| stem == wanted || stem.strip_suffix("/__init__") == Some(&wanted))
    });
    let id: ModuleId = found?.0;
    let v = world.machine.exported(id, Symbol::from(name))?;
    world.index();
    Some(v)
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Scopes that an authorizer asks for.
fn scoped(scopes: &Json) -> Proof {
    let scopes: Vec<String> = scopes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect();
    if scopes.is_empty() {
        Proof::of(Level::Authenticated)
    } else {
        Proof::Guard {
            level: Level::Permission,
            roles: Vec::new(),
            permissions: scopes,
        }
    }
}

/// Templates of SAM.
fn sam(world: &mut World<'_>, file: &str, value: &Json) {
    let resources = at(value, &["Resources"]);
    let of_all = at(value, &["Globals", "Function"]);
    for (name, resource) in members(resources) {
        if at(resource, &["Type"]) != "AWS::Serverless::Function" {
            continue;
        }
        let given = at(resource, &["Properties"]);
        let property = |key: &str| text(given.get(key).unwrap_or(at(of_all, &[key])));
        let (code, handler) = (property("CodeUri"), property("Handler"));
        for (_, event) in members(at(given, &["Events"])) {
            let (kind, of_event) = (text(at(event, &["Type"])), at(event, &["Properties"]));
            if kind != "Api" && kind != "HttpApi" {
                continue;
            }
            let event = Event {
                path: match of_event.get("Path") {
                    Some(path) => text(path),
                    None => "/{proxy+}".to_owned(),
                },
                method: text(at(of_event, &["Method"])),
                proof: sam_guard(value, &kind, of_event),
            };
            add(world, file, name, &code, &handler, &event);
        }
        let url = at(given, &["FunctionUrlConfig"]);
        if url.is_object() {
            let event = Event {
                path: "/".to_owned(),
                method: String::new(),
                proof: match at(url, &["AuthType"]).as_str() {
                    Some("NONE") => Proof::Public,
                    Some("AWS_IAM") => Proof::of(Level::Authenticated),
                    _ => Proof::Unknown,
                },
            };
            add(world, file, name, &code, &handler, &event);
        }
    }
}

/// What the gateway asks for: as the event says, or the interface that it belongs to.
fn sam_guard(value: &Json, kind: &str, event: &Json) -> Proof {
    let own = at(event, &["Auth"]);
    let key = if kind == "Api" { "RestApiId" } else { "ApiId" };
    // `!Ref` is left out: its text is the name; written out it is an object.
    let api = match at(event, &[key]) {
        Json::String(name) => name.as_str(),
        other => at(other, &["Ref"]).as_str().unwrap_or_default(),
    };
    let of_api = at(value, &["Resources", api, "Properties", "Auth"]);
    let of_all = at(value, &["Globals", kind, "Auth"]);
    let default = [of_api, of_all]
        .iter()
        .find_map(|auth| at(auth, &["DefaultAuthorizer"]).as_str());
    let authorizer = at(own, &["Authorizer"]).as_str().or(default);
    let needs_key = [own, of_api, of_all]
        .iter()
        .find_map(|auth| at(auth, &["ApiKeyRequired"]).as_bool());
    match authorizer {
        Some("NONE") | None if needs_key == Some(true) => Proof::of(Level::Authenticated),
        Some("NONE") => Proof::Public,
        None => Proof::Nothing,
        Some(_) => scoped(at(own, &["AuthorizationScopes"])),
    }
}

/// Templates of Serverless.
fn serverless(world: &mut World<'_>, file: &str, value: &Json) {
    for (name, function) in members(at(value, &["functions"])) {
        let handler = text(at(function, &["handler"]));
        if handler.is_empty() {
            continue;
        }
        for event in at(function, &["events"]).as_array().into_iter().flatten() {
            for (kind, given) in members(event) {
                if kind != "http" && kind != "httpApi" {
                    continue;
                }
                let (method, path) = match given {
                    Json::String(line) => match line.trim().split_once(' ') {
                        Some((method, path)) => (method.to_owned(), path.trim().to_owned()),
                        None => (String::new(), line.clone()),
                    },
                    _ => (text(at(given, &["method"])), text(at(given, &["path"]))),
                };
                let method = if method == "*" { String::new() } else { method };
                let event = Event {
                    path,
                    method,
                    proof: serverless_guard(value, kind, given),
                };
                add(world, file, name, "", &handler, &event);
            }
        }
        let url = at(function, &["url"]);
        if url.is_object() || url == &Json::Bool(true) {
            let event = Event {
                path: "/".to_owned(),
                method: String::new(),
                proof: match at(url, &["authorizer"]).as_str() {
                    Some(_) => Proof::of(Level::Authenticated),
                    None => Proof::Public,
                },
            };
            add(world, file, name, "", &handler, &event);
        }
    }
}

fn serverless_guard(value: &Json, kind: &str, event: &Json) -> Proof {
    if at(event, &["private"]) == &Json::Bool(true) {
        return Proof::of(Level::Authenticated);
    }
    let authorizer = match at(event, &["authorizer"]) {
        Json::Null if kind == "httpApi" => at(value, &["provider", "httpApi", "authorizer"]),
        own => own,
    };
    match authorizer {
        Json::Null => Proof::Nothing,
        Json::String(name) if name.eq_ignore_ascii_case("none") => Proof::Public,
        given => scoped(at(given, &["scopes"])),
    }
}

//! Names for people: functions by module and nesting, lambdas by number, builtins and access paths.

use rustc_hash::FxHashMap;

use super::{CallGraph, Callee};
use crate::ir::*;
use crate::project::Project;

/// Qualified names of all scopes of a project.
#[derive(Debug)]
pub struct Names {
    scopes: Vec<Vec<String>>,
}

impl Names {
    /// Names all modules, classes and functions.
    pub fn new(project: &Project) -> Self {
        let scopes = project.modules.iter().map(module_names).collect();
        Self { scopes }
    }

    /// Name of a module, class or function by its scope.
    pub fn scope(&self, module: ModuleId, scope: ScopeId) -> &str {
        &self.scopes[module.index()][scope.index()]
    }

    /// Name of a callee; `None` for a class whose construction runs nothing of the project, and for what every object has.
    pub fn callee(&self, project: &Project, graph: &CallGraph, callee: Callee) -> Option<String> {
        match callee {
            Callee::Function(module, function) => Some(
                self.scope(module, project.module(module)[function].scope)
                    .to_owned(),
            ),
            Callee::Class(..) => None,
            Callee::External(path) => external(graph, path),
        }
    }
}

/// An access path as people write it: methods by their class, builtins marked.
fn external(graph: &CallGraph, path: Symbol) -> Option<String> {
    let path = path.as_str();
    if path.starts_with("builtins.object") || path.starts_with('.') {
        return None;
    }
    let mut name = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once("()") {
        name.push_str(before);
        let whole = &path[..path.len() - rest.len() + before.len()];
        let last = whole.rsplit('.').next().unwrap_or(whole);
        let is_class = after.starts_with('.')
            && (graph.class_paths.contains(&Symbol::from(whole))
                || last.starts_with(char::is_uppercase)
                || is_builtin_class(whole));
        if !is_class {
            name.push_str("()");
        }
        rest = after;
    }
    name.push_str(rest);
    Some(match name.strip_prefix("builtins.") {
        Some(builtin) => format!("<builtin>.{builtin}"),
        None => name,
    })
}

fn is_builtin_class(path: &str) -> bool {
    matches!(
        path,
        "builtins.str"
            | "builtins.bytes"
            | "builtins.int"
            | "builtins.float"
            | "builtins.bool"
            | "builtins.list"
            | "builtins.tuple"
            | "builtins.set"
            | "builtins.dict"
            | "builtins.generator"
            | "builtins.bytearray"
            | "builtins.frozenset"
            | "builtins.complex"
    )
}

fn module_names(module: &Module) -> Vec<String> {
    let own = if module.name.as_str().is_empty() {
        "__init__"
    } else {
        module.name.as_str()
    };
    // Lambdas are numbered per scope, in the order they stand in.
    let mut counts: FxHashMap<ScopeId, u32> = FxHashMap::default();
    let mut lambdas: FxHashMap<FunctionId, u32> = FxHashMap::default();
    for (number, function) in (0u32..).zip(&module.functions) {
        if function.name.as_str() == "<lambda>" {
            let count = counts.entry(function.parent).or_default();
            *count += 1;
            lambdas.insert(FunctionId(number), *count);
        }
    }
    let mut names: Vec<String> = Vec::with_capacity(module.scopes.len());
    for scope in &module.scopes {
        let around = |parent: Option<ScopeId>| {
            parent
                .and_then(|parent| names.get(parent.index()))
                .map_or(own, String::as_str)
        };
        names.push(match scope.kind {
            ScopeKind::Module => own.to_owned(),
            ScopeKind::Function(function) => match lambdas.get(&function) {
                Some(number) => format!("{}.<lambda{number}>", around(scope.parent)),
                None => format!("{}.{}", around(scope.parent), module[function].name),
            },
            ScopeKind::Class(class) => format!("{}.{}", around(scope.parent), module[class].name),
        });
    }
    names
}

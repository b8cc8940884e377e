//! What the front end knows, for whoever debugs a model: calls, classes, modules, names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{CallGraph, Confidence, Names};
use crate::eval::{Aliases, ClassRef, Evaluator, Value};
use crate::ir::*;
use crate::project::{Found, Project};

/// A class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassReport {
    /// Qualified name.
    pub name: String,
    /// File and line.
    pub place: (String, u32),
    /// Method resolution order, itself first.
    pub mro: Vec<String>,
    /// Methods that hide one of a base, with that base.
    pub overrides: Vec<(String, String)>,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleReport {
    /// Dotted name.
    pub name: String,
    /// File.
    pub file: String,
    /// Modules imported, with the file they lead to or nothing for what is outside.
    pub imports: Vec<(String, Option<String>)>,
    /// Names bound at top level, with what they may be.
    pub exports: Vec<(String, Vec<String>)>,
}

/// A name or attribute on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameReport {
    /// As it stands in the text.
    pub text: String,
    /// Column, from 1.
    pub column: u32,
    /// What it may be.
    pub values: Vec<String>,
    /// Where it was bound: file, line, and the line's text.
    pub definitions: Vec<(String, u32, String)>,
}

/// Callers with their callees, both by qualified name, sorted. Callees found by name alone are left
/// out, and so are methods of builtin types.
pub fn inspect_calls(project: &Project, graph: &CallGraph) -> BTreeMap<String, BTreeSet<String>> {
    let names = Names::new(project);
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (at, module) in project.iter() {
        for (number, scope) in (0u32..).zip(&module.scopes) {
            if !matches!(scope.kind, ScopeKind::Class(_)) {
                calls
                    .entry(names.scope(at, ScopeId(number)).to_owned())
                    .or_default();
            }
        }
        for site in graph.sites(at) {
            let callees = graph
                .of(site)
                .targets
                .iter()
                .filter(|target| target.confidence > Confidence::Low);
            let callees: Vec<String> = callees
                .filter_map(|target| names.callee(project, graph, target.callee))
                .filter(|name| !is_builtin_method(name))
                .collect();
            if !callees.is_empty() {
                calls
                    .entry(names.scope(at, site.scope).to_owned())
                    .or_default()
                    .extend(callees);
            }
        }
    }
    calls
}

/// `<builtin>.list.append`: how a value is built rather than who is called.
fn is_builtin_method(name: &str) -> bool {
    name.strip_prefix("<builtin>.")
        .is_some_and(|builtin| builtin.contains('.'))
}

/// The same as JSON: `{caller: [callees]}`.
pub fn calls_json(project: &Project, graph: &CallGraph) -> Json {
    let calls = inspect_calls(project, graph);
    Json::Object(
        calls
            .into_iter()
            .map(|(caller, callees)| (caller, json!(callees)))
            .collect(),
    )
}

fn place(module: &Module, range: ruff_text_size::TextRange) -> (String, u32) {
    (
        module.file.to_string(),
        module.text.position(range.start()).0,
    )
}

/// All classes.
pub fn inspect_classes(project: &Project, aliases: &Aliases) -> Vec<ClassReport> {
    let names = Names::new(project);
    let mut evaluator = Evaluator::new(project, aliases);
    let mut reports = Vec::new();
    for (at, module) in project.iter() {
        for (number, class) in (0u32..).zip(&module.classes) {
            let order = evaluator.mro(at, ClassId(number));
            let name_of = |class: &ClassRef| match *class {
                ClassRef::Project(home, class) => names
                    .scope(home, project.module(home)[class].scope)
                    .to_owned(),
                ClassRef::External(path) => path.to_string(),
            };
            let mut overrides = Vec::new();
            for function in module
                .functions
                .iter()
                .filter(|function| function.class == Some(ClassId(number)))
            {
                let hidden = order.iter().skip(1).find(|base| match **base {
                    ClassRef::Project(home, base) => project
                        .module(home)
                        .slot(project.module(home)[base].scope, function.name)
                        .is_some_and(|slot| slot.bound),
                    ClassRef::External(_) => false,
                });
                if let Some(base) = hidden {
                    overrides.push((function.name.to_string(), name_of(base)));
                }
            }
            reports.push(ClassReport {
                name: names.scope(at, class.scope).to_owned(),
                place: place(module, class.name_range),
                mro: order.iter().map(name_of).collect(),
                overrides,
            });
        }
    }
    reports
}

/// All modules.
pub fn inspect_modules(project: &Project, aliases: &Aliases) -> Vec<ModuleReport> {
    let names = Names::new(project);
    let mut evaluator = Evaluator::new(project, aliases);
    let mut reports = Vec::new();
    for (at, module) in project.iter() {
        let mut imports: Vec<(String, Option<String>)> = Vec::new();
        for (name, _) in &module.imports {
            let file = match project.find(*name, at) {
                Found::Module(id) => Some(project.module(id).file.to_string()),
                Found::Namespace(_) | Found::Outside => None,
            };
            if !imports.iter().any(|(known, _)| known == name.as_str()) {
                imports.push((name.to_string(), file));
            }
        }
        let mut exports = Vec::new();
        for slot in module[Module::TOP].slots.iter().filter(|slot| slot.bound) {
            let values = evaluator.export(at, slot.name);
            exports.push((
                slot.name.to_string(),
                values
                    .iter()
                    .map(|value| describe(project, &names, *value))
                    .collect(),
            ));
        }
        reports.push(ModuleReport {
            name: module.name.to_string(),
            file: module.file.to_string(),
            imports,
            exports,
        });
    }
    reports
}

/// Names and attributes on a line of a file, what they may be and why.
pub fn inspect_names(
    project: &Project,
    aliases: &Aliases,
    file: &str,
    line: u32,
) -> Vec<NameReport> {
    let Some(at) = project.by_file(file) else {
        return Vec::new();
    };
    let names = Names::new(project);
    let mut evaluator = Evaluator::new(project, aliases);
    let module = project.module(at);
    let mut reports: Vec<NameReport> = Vec::new();
    for (id, expr) in module.exprs() {
        let range = module.expr_range(id);
        if !matches!(
            expr,
            Expr::Name { .. } | Expr::Attribute { .. } | Expr::Call { .. }
        ) || module.text.position(range.start()).0 != line
        {
            continue;
        }
        let values = evaluator
            .eval(at, id)
            .iter()
            .map(|value| describe(project, &names, *value))
            .collect();
        let mut definitions = Vec::new();
        if let Expr::Name { def, .. } = *expr {
            origins(project, at, def, &mut definitions, 0);
        }
        let text: String = module.text.as_str()[range].chars().take(80).collect();
        reports.push(NameReport {
            text,
            column: module.text.position(range.start()).1,
            values,
            definitions,
        });
    }
    reports.sort_by_key(|report| (report.column, report.text.len()));
    reports
}

fn origins(
    project: &Project,
    at: ModuleId,
    def: DefId,
    found: &mut Vec<(String, u32, String)>,
    depth: u32,
) {
    let module = project.module(at);
    let data = &module[def];
    match data.kind {
        DefKind::Phi(list) if depth < 8 => {
            for operand in module.defs_list(list) {
                origins(project, at, *operand, found, depth + 1);
            }
        }
        DefKind::Entry if depth < 8 => {
            let name = module[data.scope].slots[data.slot.index()].name;
            let mut around = module[data.scope].parent;
            while let Some(outer) = around {
                if let Some(slot) = module.slot(outer, name)
                    && slot.bound
                {
                    for def in &slot.defs {
                        origins(project, at, *def, found, depth + 1);
                    }
                    return;
                }
                around = module[outer].parent;
            }
        }
        DefKind::Phi(_) | DefKind::Entry => {}
        _ => {
            let (file, line) = place(module, data.range);
            let text = module
                .text
                .as_str()
                .lines()
                .nth(line as usize - 1)
                .unwrap_or_default()
                .trim()
                .to_owned();
            let origin = (file, line, text);
            if !found.contains(&origin) {
                found.push(origin);
            }
        }
    }
}

fn describe(project: &Project, names: &Names, value: Value) -> String {
    let scope = |at: ModuleId, scope: ScopeId| names.scope(at, scope).to_owned();
    match value {
        Value::External(path) => path.to_string(),
        Value::Module(id) => format!("module {}", project.module(id).name),
        Value::Namespace(name) => format!("namespace {name}"),
        Value::Function(at, function) => {
            format!("function {}", scope(at, project.module(at)[function].scope))
        }
        Value::Class(at, class) => format!("class {}", scope(at, project.module(at)[class].scope)),
        Value::Instance(at, class) => {
            format!("instance of {}", scope(at, project.module(at)[class].scope))
        }
        Value::Expr(at, expr) => {
            let module = project.module(at);
            let text: String = module.text.as_str()[module.expr_range(expr)]
                .chars()
                .take(60)
                .collect();
            let (file, line) = place(module, module.expr_range(expr));
            format!("`{text}` at {file}:{line}")
        }
        Value::Param(at, function, index) => {
            let data = &project.module(at)[function];
            let name = data
                .params
                .get(usize::from(index))
                .map_or("?", |param| param.name.as_str());
            format!("parameter {name} of {}", scope(at, data.scope))
        }
        Value::Unknown(reason) => format!("unknown: {}", reason.as_str()),
    }
}

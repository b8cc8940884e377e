//! `hognose inspect`: what the front end knows, for whoever debugs a rule or a model.
//!
//! Access paths are shown as the code writes them: the aliases of the models are left out.
//!
//! A subject is a variant of [`Subject`] and a function from the project to JSON, whose text form is made here.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use hognose_python::callgraph::{
    CallGraph, calls_json, inspect_classes, inspect_modules, inspect_names,
};
use hognose_python::{Aliases, Project as Program, SourceKind};
use serde_json::{Map, Value, json};

use super::arguments::{FilterArguments, FormatArgument, ProjectArguments, TextOrJson};
use super::project::Project;
use super::{Exit, Terminal};
use crate::discovery;
use crate::output::{visible_line, write_json};

/// Show what is known of a program
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Who calls whom: functions by qualified name, builtins and what is outside by access path
    Calls(SubjectArguments),
    /// How many calls are resolved, and why the rest is not
    Resolution(SubjectArguments),
    /// Classes with their resolution order and what they override
    Classes(SubjectArguments),
    /// What the names on a line may be, and where they are bound
    Names(NamesArguments),
    /// Modules by their dotted names, with their files and what they import
    Modules(SubjectArguments),
}

#[derive(Debug, Args)]
struct SubjectArguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    written: FormatArgument<TextOrJson>,
}

#[derive(Debug, Args)]
struct NamesArguments {
    /// The line
    #[arg(value_name = "FILE:LINE")]
    place: String,
    #[command(flatten)]
    subject: SubjectArguments,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let (arguments, look): (_, fn(&Program) -> Value) = match self.subject {
            Subject::Calls(arguments) => (arguments, calls),
            Subject::Resolution(arguments) => (arguments, resolution),
            Subject::Classes(arguments) => (arguments, classes),
            Subject::Modules(arguments) => (arguments, modules),
            Subject::Names(arguments) => return arguments.run(terminal),
        };
        let project = Project::load(&arguments.project, &FilterArguments::default())?;
        let value = look(&project.program(terminal)?);
        arguments.write(&value, terminal)
    }
}

impl NamesArguments {
    fn run(self, terminal: &Terminal) -> Result<Exit> {
        let (file, line) = self
            .place
            .rsplit_once(':')
            .context("a place is written as FILE:LINE")?;
        let line: u32 = line
            .parse()
            .with_context(|| format!("`{line}` is no line number"))?;
        let project = Project::load(&self.subject.project, &FilterArguments::default())?;
        let program = project.program(terminal)?;
        let path = project.working_directory.join(file);
        let path = path.canonicalize().unwrap_or(path);
        let name = discovery::display_path(&project.root, &path);
        if program.by_file(&name).is_none() {
            bail!("{file} is not among the files that were read");
        }
        let reports = inspect_names(&program, &Aliases::default(), &name, line);
        let mut entries = Map::new();
        for report in reports {
            let bound: Vec<Value> = report
                .definitions
                .iter()
                .map(|(file, line, text)| json!(format!("{file}:{line}: {text}")))
                .collect();
            let known = json!({ "column": report.column, "values": report.values, "bound": bound });
            entries.insert(report.text, known);
        }
        self.subject.write(&Value::Object(entries), terminal)
    }
}

impl SubjectArguments {
    fn write(&self, value: &Value, terminal: &Terminal) -> Result<Exit> {
        terminal.fill(|out| match self.written.format {
            TextOrJson::Text => text(value, 0, out),
            TextOrJson::Json => write_json(value, out),
        })?;
        Ok(Exit::Clean)
    }
}

/// `{caller: [callees]}`, sorted.
fn calls(program: &Program) -> Value {
    let graph = CallGraph::build(program, &Aliases::default());
    calls_json(program, &graph)
}

/// Counts of calls by how they were resolved.
fn resolution(program: &Program) -> Value {
    let graph = CallGraph::build(program, &Aliases::default());
    let counts = graph.counts();
    let reasons = counts
        .unresolved
        .iter()
        .map(|(reason, count)| (reason.as_str().to_owned(), json!(count)));
    json!({
        "calls": counts.calls,
        "project": counts.project,
        "external": counts.external,
        "by_name": counts.by_name,
        "share": counts.share(),
        "bounds_hit": graph.bounds_hit,
        "unresolved": Map::from_iter(reasons),
    })
}

/// `{class: {file, line, order, overrides}}`.
fn classes(program: &Program) -> Value {
    let entries = inspect_classes(program, &Aliases::default()).into_iter();
    let entries = entries.map(|class| {
        let overrides = class.overrides.into_iter();
        let overrides = overrides.map(|(method, base)| (method, Value::String(base)));
        let known = json!({
            "file": class.place.0,
            "line": class.place.1,
            "order": class.mro,
            "overrides": Map::from_iter(overrides),
        });
        (class.name, known)
    });
    Value::Object(Map::from_iter(entries))
}

/// `{module: {file, kind, package, imports, names}}`, in the order of the files. An import of the project shows its file.
fn modules(program: &Program) -> Value {
    let kind = |kind| match kind {
        SourceKind::Stub => "stub",
        SourceKind::Notebook => "notebook",
        _ => "module",
    };
    let reports = inspect_modules(program, &Aliases::default());
    let entries = program.modules.iter().zip(reports).map(|(module, report)| {
        let mut imports = report.imports;
        imports.sort();
        let imports: Vec<String> = imports
            .into_iter()
            .map(|(name, file)| match file {
                Some(file) => format!("{name} ({file})"),
                None => name,
            })
            .collect();
        let names = report
            .exports
            .into_iter()
            .map(|(name, values)| (name, json!(values)));
        let known = json!({
            "file": &*module.file,
            "kind": kind(module.kind),
            "package": module.is_package,
            "imports": imports,
            "names": Map::from_iter(names),
        });
        (module.name.as_str().to_owned(), known)
    });
    Value::Object(Map::from_iter(entries))
}

/// Writes JSON as indented lines without its punctuation.
fn text(value: &Value, depth: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let plain = |value: &Value| match value {
        Value::String(text) => visible_line(text).into_owned(),
        other => other.to_string(),
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                write!(
                    out,
                    "{:width$}{}",
                    "",
                    visible_line(name),
                    width = depth * 2
                )?;
                match value {
                    Value::Object(_) => {
                        writeln!(out)?;
                        text(value, depth + 1, out)?;
                    }
                    Value::Array(items) => {
                        writeln!(
                            out,
                            ": {}",
                            items.iter().map(plain).collect::<Vec<_>>().join(", ")
                        )?;
                    }
                    value => writeln!(out, ": {}", plain(value))?,
                }
            }
            Ok(())
        }
        value => writeln!(out, "{:width$}{}", "", plain(value), width = depth * 2),
    }
}

//! `hognose inspect`: what the front end knows, for whoever debugs a rule or a model.
//!
//! A subject is a variant of [`Subject`] and a function from the project to JSON, whose text form is made here.

use std::io::Write;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use hognose_python::{Project as Program, SourceKind};
use serde_json::{Map, Value, json};

use super::arguments::{FilterArguments, ProjectArguments};
use super::project::Project;
use super::{Exit, Terminal};
use crate::output::visible_line;

/// Show what is known of a program
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Modules by their dotted names, with their files and what they import
    Modules(SubjectArguments),
}

#[derive(Debug, Args)]
struct SubjectArguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// How it is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Indented lines
    Text,
    /// One object
    Json,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let (arguments, look): (_, fn(&Program) -> Value) = match self.subject {
            Subject::Modules(arguments) => (arguments, modules),
        };
        let project = Project::load(&arguments.project, &FilterArguments::default())?;
        let value = look(&project.program(terminal)?);
        let mut out = terminal.out();
        match arguments.format {
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, &value)?;
                writeln!(out)?;
            }
            Format::Text => text(&value, 0, &mut out)?,
        }
        out.flush()?;
        Ok(Exit::Clean)
    }
}

/// `{module: {file, kind, package, imports}}`, in the order of the files.
fn modules(program: &Program) -> Value {
    let kind = |kind| match kind {
        SourceKind::Stub => "stub",
        SourceKind::Notebook => "notebook",
        _ => "module",
    };
    let entries = program.modules.iter().map(|module| {
        let mut imports: Vec<&str> = module
            .imports
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        imports.sort_unstable();
        imports.dedup();
        let known = json!({
            "file": &*module.file,
            "kind": kind(module.kind),
            "package": module.is_package,
            "imports": imports,
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

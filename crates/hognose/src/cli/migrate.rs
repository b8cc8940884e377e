//! `hognose migrate`
#![allow(
    clippy::disallowed_methods,
    reason = "other tools' configuration lies on disk"
)]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use hognose_python::ir::{Module, Symbol};
use hognose_python::{SourceKind, Sources, Text, lower};
use hognose_rules::RuleNames;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::arguments::{FilterArguments, FormatArgument, ProjectArguments, TextOrJson};
use super::project::Project;
use super::{Exit, Terminal};
use crate::migrate::{
    SETTINGS_FILES, Suppression, Verdict, read_settings, survey_comments, survey_settings,
};
use crate::output::{plural, visible_line, write_json};

/// Hidden findings named for each suppression; the rest is counted.
const MAX_SHOWN: usize = 3;

/// Show what the suppressions of Bandit, Ruff and Semgrep hide
///
/// Each `# nosec`, `# noqa` and `# nosemgrep` comment, and each id that their configuration leaves out, is looked up in the
/// parity table and compared with what hognose finds there: `proved`, it reports there as well; `not seen`, it finds nothing
/// there, so the suppression is likely stale; `no counterpart`, it has no rule for it, and why.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    written: FormatArgument<TextOrJson>,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let project = Project::load(&self.project, &FilterArguments::default())?;
        let sources = project.sources()?;
        let mut options = project.audit_options(false);
        // A rule that the configuration switches off may be the very one asked for.
        options.disabled_rules.clear();
        let report = project.audit(&sources, &options, terminal)?;
        let names = RuleNames::new(project.rules);

        let modules = commented_modules(sources.get());
        let mut found = survey_comments(&modules, &report.findings, &names);
        for name in SETTINGS_FILES {
            let Ok(text) = std::fs::read_to_string(project.root.join(name)) else {
                continue;
            };
            match read_settings(name, &text) {
                Ok(settings) => {
                    found.extend(survey_settings(name, &settings, &report.findings, &names))
                }
                Err(error) => terminal.warn(&format!("{name} cannot be read: {error}")),
            }
        }
        terminal.fill(|out| match self.written.format {
            TextOrJson::Text => text(&found, out),
            TextOrJson::Json => {
                let list: Vec<Value> = found.iter().map(object).collect();
                write_json(
                    &json!({ "schema": "hognose-migrate/1", "suppressions": list }),
                    out,
                )
            }
        })?;
        Ok(Exit::Clean)
    }
}

/// The modules with a comment that may be another tool's, in order.
fn commented_modules(sources: &dyn Sources) -> Vec<Module> {
    const MARKS: [&[u8]; 5] = [b"nosec", b"nosem", b"noqa", b"ruff:", b"flake8:"];
    let lowered: Vec<Option<Module>> = sources
        .entries()
        .par_iter()
        .map(|entry| {
            if !matches!(entry.kind, SourceKind::Module | SourceKind::Notebook) {
                return None;
            }
            let bytes = sources.read(entry).ok()?;
            let marked = |mark: &&[u8]| {
                bytes
                    .windows(mark.len())
                    .any(|window| window.eq_ignore_ascii_case(mark))
            };
            if !MARKS.iter().any(marked) {
                return None;
            }
            let text = if entry.kind == SourceKind::Notebook {
                Text::notebook(&bytes)
            } else {
                Text::decode(bytes)
            };
            Some(lower(
                Arc::clone(&entry.path),
                entry.kind,
                Symbol::from("migrated"),
                false,
                text.ok()?,
            ))
        })
        .collect();
    lowered.into_iter().flatten().collect()
}

fn text(found: &[Suppression], out: &mut dyn Write) -> io::Result<()> {
    // Names, ids and messages come from the audited project.
    let mut line = |text: String| writeln!(out, "{}", visible_line(&text));
    for one in found {
        let id = match (one.id.as_str(), one.name) {
            ("", _) => "everything".to_owned(),
            (id, Some(name)) if name != id => format!("{id} {name}"),
            (id, _) => id.to_owned(),
        };
        let scope = one
            .scope
            .as_ref()
            .map(|scope| format!(" ({scope})"))
            .unwrap_or_default();
        let verdict = one.verdict.as_str();
        line(format!(
            "{}:{}: {} {id}{scope}: {verdict}",
            one.file, one.line, one.tool
        ))?;
        for hidden in one.hidden.iter().take(MAX_SHOWN) {
            line(format!(
                "    {}:{}: {}: {}",
                hidden.file, hidden.line, hidden.rule, hidden.message
            ))?;
        }
        if one.hidden.len() > MAX_SHOWN {
            line(format!("    and {} more", one.hidden.len() - MAX_SHOWN))?;
        }
        if one.hidden.is_empty() && !one.rules.is_empty() {
            let verb = if one.rules.len() == 1 {
                "finds"
            } else {
                "find"
            };
            line(format!("    {} {verb} nothing there", one.rules.join(", ")))?;
        }
        if let Some(reason) = one.reason.as_ref().filter(|_| one.hidden.is_empty()) {
            line(format!("    {reason}"))?;
        }
    }
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for one in found {
        *counts.entry(one.verdict).or_default() += 1;
    }
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|verdict| {
            format!(
                "{} {}",
                counts.get(verdict).copied().unwrap_or_default(),
                verdict.as_str()
            )
        })
        .collect();
    let number = plural(found.len(), "suppression");
    writeln!(out, "{number}: {}", counts.join(", "))
}

fn object(one: &Suppression) -> Value {
    let hidden: Vec<Value> = one
        .hidden
        .iter()
        .map(|hidden| json!({ "file": &*hidden.file, "line": hidden.line, "rule": &*hidden.rule, "message": hidden.message }))
        .collect();
    json!({
        "file": &*one.file,
        "line": one.line,
        "tool": one.tool,
        "id": (!one.id.is_empty()).then_some(&one.id),
        "name": one.name,
        "scope": one.scope,
        "rules": one.rules,
        "reason": one.reason,
        "verdict": one.verdict.as_str(),
        "hidden": hidden,
    })
}

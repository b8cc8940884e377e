//! `hognose rules`

use std::io::Write;

use anyhow::Result;
use clap::{Args, ValueEnum};
use hognose_finding::RuleMeta;
use serde_json::json;

use super::arguments::{FilterArguments, FormatArgument};
use super::project::selectors;
use super::{Exit, Terminal};
use crate::Selection;
use crate::output::{plural, write_json};

/// List the rules
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    written: FormatArgument<Format>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A line each
    #[default]
    Text,
    /// A list of objects
    Json,
    /// A table
    Markdown,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let all = hognose_rules::rules();
        let words = |words: &Option<Vec<String>>, flag| {
            selectors(flag, words.as_deref().unwrap_or_default(), all)
        };
        let selection = Selection {
            select: words(&self.filter.select, "--select")?,
            ignore: words(&self.filter.ignore, "--ignore")?,
        };
        // Everything is listed unless a persona is named: the list is the place to look for what the others see.
        let shown = |r: &&RuleMeta| {
            selection.allows_rule(r)
                && self.filter.persona.is_none_or(|p| r.persona <= p)
                && self.filter.min_severity.is_none_or(|s| r.severity >= s)
                && self.filter.min_confidence.is_none_or(|c| r.confidence >= c)
        };
        let rules: Vec<&RuleMeta> = all.iter().filter(shown).collect();
        terminal.fill(|out| match self.written.format {
            Format::Text => text(&rules, out),
            Format::Json => write_json(&rules.iter().map(|r| object(r)).collect::<Vec<_>>(), out),
            Format::Markdown => markdown(&rules, out),
        })?;
        Ok(Exit::Clean)
    }
}

fn text(rules: &[&RuleMeta], out: &mut dyn Write) -> std::io::Result<()> {
    let width = rules.iter().map(|r| r.id.len()).max().unwrap_or_default();
    for r in rules {
        let (id, severity, persona, practice, title) =
            (&r.id, r.severity, r.persona, r.practice, &r.title);
        writeln!(
            out,
            "{id:width$}  {severity:8}  {persona:8}  {practice:16}  {title}"
        )?;
    }
    let count = plural(rules.len(), "rule");
    writeln!(out, "{count}; `hognose explain RULE` tells more of one")
}

/// A rule as JSON.
fn object(r: &RuleMeta) -> serde_json::Value {
    json!({
        "id": r.id,
        "title": r.title,
        "severity": r.severity.as_str(),
        "confidence": r.confidence.as_str(),
        "persona": r.persona.as_str(),
        "practice": r.practice.as_str(),
        "cwe": r.cwe,
        "owasp": r.owasp,
        "asvs": r.asvs,
        "tags": r.tags,
    })
}

fn markdown(rules: &[&RuleMeta], out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "| rule | what | severity | confidence | persona | practice | CWE |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- | --- |")?;
    for r in rules {
        let cwe: Vec<_> = r.cwe.iter().map(ToString::to_string).collect();
        let title = r.title.replace('|', "\\|");
        let (id, cwe) = (&r.id, cwe.join(", "));
        let (severity, confidence, persona, practice) =
            (r.severity, r.confidence, r.persona, r.practice);
        writeln!(
            out,
            "| `{id}` | {title} | {severity} | {confidence} | {persona} | {practice} | {cwe} |"
        )?;
    }
    Ok(())
}

//! `hognose explain`

use std::io::Write;

use anyhow::{Result, anyhow};
use clap::Args;
use hognose_finding::RuleMeta;

use super::{Exit, Terminal, page};

/// Explain a rule: what is wrong, how it is exploited, how to mend it
#[derive(Debug, Args)]
pub struct Arguments {
    /// Id of the rule
    #[arg(value_name = "RULE")]
    rule: String,
}

impl Arguments {
    pub fn run(self, terminal: &Terminal) -> Result<Exit> {
        let rules = hognose_rules::rules();
        let rule = rules.iter().find(|r| r.id == self.rule).ok_or_else(|| {
            let word = &self.rule;
            match hognose_rules::nearest(word, rules.iter().map(|r| r.id.as_str())) {
                Some(near) => anyhow!("there is no rule `{word}`; did you mean `{near}`?"),
                None => anyhow!("there is no rule `{word}`; `hognose rules` lists them all"),
            }
        })?;
        let mut out = terminal.out();
        if terminal.color {
            out.write_all(page::render(rule.page, terminal.width().unwrap_or(80)).as_bytes())?;
        } else {
            // A pipe gets the page as it is written: it is Markdown to whatever reads it.
            out.write_all(rule.page.as_bytes())?;
        }
        writeln!(out, "\n{}", facts(rule))?;
        out.flush()?;
        Ok(Exit::Clean)
    }
}

/// What the page does not say, because `rule.toml` does.
fn facts(rule: &RuleMeta) -> String {
    let cwe: Vec<_> = rule.cwe.iter().map(|n| format!("CWE-{n}")).collect();
    let rows = [
        ("rule", rule.id.clone()),
        (
            "practice",
            format!("{}: {}", rule.practice, rule.practice.description()),
        ),
        ("severity", rule.severity.to_string()),
        ("confidence", rule.confidence.to_string()),
        ("persona", rule.persona.to_string()),
        ("CWE", cwe.join(", ")),
        ("OWASP", rule.owasp.join(", ")),
        ("ASVS", rule.asvs.join(", ")),
        ("tags", rule.tags.join(", ")),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    rows.map(|(name, value)| format!("{name:10}  {value}"))
        .collect::<Vec<_>>()
        .join("\n")
}

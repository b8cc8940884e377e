//! Which rule of ours answers what another tool looks for.
//!
//! The table is data, `data/parity.toml`; the ids of the tools as they were read from their releases lie beside it in
//! `data/upstream/`. Suppression comments of other tools are honoured through the table, `hognose migrate` explains them with
//! it, and `docs/parity.md` is made from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::Deserialize;

/// What becomes of one id of another tool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParityEntry {
    /// Our rules.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Why there is none, or what differs.
    pub reason: Option<String>,
}

/// A tool and what becomes of its ids.
#[derive(Debug, Clone)]
pub struct ParityTool {
    /// The word for it in configuration and data.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Which release the ids were taken from. Empty where no list of ids is kept.
    pub release: &'static str,
    /// The ids in the order of the tool, with the tool's own name for each.
    pub ids: Vec<(&'static str, &'static str)>,
    /// The entries by id.
    pub entries: BTreeMap<String, ParityEntry>,
    by_name: BTreeMap<&'static str, &'static str>,
}

impl ParityTool {
    /// The entry for an id or for the name the tool has for it.
    pub fn entry(&self, id: &str) -> Option<&ParityEntry> {
        self.entries
            .get(id)
            .or_else(|| self.entries.get(*self.by_name.get(id)?))
    }

    /// The name of an id.
    pub fn name_of(&self, id: &str) -> Option<&'static str> {
        self.ids
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, name)| *name)
    }

    /// Whether one of our rules answers anything of the tool.
    pub fn reports(&self, rule: &str) -> bool {
        self.entries
            .values()
            .any(|entry| entry.rules.iter().any(|id| id == rule))
    }
}

const DATA: &str = include_str!("../data/parity.toml");

/// Key, name and list of ids, in the order of the document.
const TOOLS: [(&str, &str, &str); 7] = [
    (
        "bandit",
        "Bandit",
        include_str!("../data/upstream/bandit.txt"),
    ),
    ("ruff", "Ruff", include_str!("../data/upstream/ruff.txt")),
    ("dlint", "dlint", include_str!("../data/upstream/dlint.txt")),
    (
        "django",
        "Django",
        include_str!("../data/upstream/django.txt"),
    ),
    (
        "pylint",
        "Pylint",
        include_str!("../data/upstream/pylint.txt"),
    ),
    (
        "codeql",
        "CodeQL",
        include_str!("../data/upstream/codeql.txt"),
    ),
    ("semgrep", "Semgrep", ""),
];

static PARITY: LazyLock<Vec<ParityTool>> = LazyLock::new(|| {
    // The table is part of the program, and a test reads it: an error here cannot reach a user.
    let mut tables: BTreeMap<String, BTreeMap<String, ParityEntry>> =
        toml::from_str(DATA).unwrap_or_default();
    TOOLS
        .iter()
        .map(|(key, name, list)| {
            let ids: Vec<(&str, &str)> = list
                .lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split_once('\t'))
                .collect();
            ParityTool {
                key,
                name,
                release: list
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim_start_matches('#')
                    .trim(),
                by_name: ids.iter().map(|(id, name)| (*name, *id)).collect(),
                ids,
                entries: tables.remove(*key).unwrap_or_default(),
            }
        })
        .collect()
});

/// All tools.
pub fn parity() -> &'static [ParityTool] {
    &PARITY
}

/// The tool of this key.
pub fn parity_tool(key: &str) -> Option<&'static ParityTool> {
    parity().iter().find(|tool| tool.key == key)
}

/// What becomes of an id in a suppression comment of `bandit`, `ruff` or `semgrep`. Ruff's comments are flake8's, too, and
/// so may name ids of dlint, of Pylint and of the flake8 plugin that carries Bandit's tests under its own letter. Semgrep's
/// ids are paths, of which the last part counts.
pub fn parity_of_comment(tool: &str, id: &str) -> Option<&'static ParityEntry> {
    match tool {
        "ruff" => ["ruff", "dlint", "pylint"]
            .into_iter()
            .find_map(|key| parity_tool(key)?.entry(id))
            .or_else(|| {
                let number = id.strip_prefix('S')?;
                parity_tool("bandit")?.entry(&format!("B{number}"))
            }),
        "semgrep" => parity_tool("semgrep")?.entry(id.rsplit('.').next().unwrap_or(id)),
        _ => parity_tool(tool)?.entry(id),
    }
}

/// Whether one of our rules answers anything that comments of this tool can hide.
pub fn reported_by(tool: &str, rule: &str) -> bool {
    let keys: &[&str] = match tool {
        "ruff" => &["ruff", "dlint"],
        _ => &[tool],
    };
    keys.iter()
        .filter_map(|key| parity_tool(key))
        .any(|tool| tool.reports(rule))
}

/// `docs/parity.md`. Rules for which `exists` is false are named without a link.
pub fn parity_markdown(exists: &dyn Fn(&str) -> bool) -> String {
    let mut page = String::from(
        "# What other tools look for\n\n\
         Every id of the tools below and the rule that answers it, or the reason why none does. This page is made from \
         `crates/hognose_rules/data/parity.toml`; a test compares that table with the ids of the tools' releases.\n\n\
         | tool | ids | answered | not, with a reason |\n|---|---|---|---|\n",
    );
    for tool in parity() {
        let answered = tool
            .entries
            .values()
            .filter(|entry| !entry.rules.is_empty())
            .count();
        let _ = writeln!(
            page,
            "| [{}](#{}) | {} | {answered} | {} |",
            tool.name,
            tool.key,
            tool.entries.len(),
            tool.entries.len() - answered
        );
    }
    for tool in parity() {
        let _ = writeln!(page, "\n## {}\n", tool.name);
        if tool.release.is_empty() {
            page.push_str(
                "Only rules with a counterpart are listed. Comments are matched by the last part of a rule's path.\n\n",
            );
        } else {
            let _ = writeln!(page, "{}\n", tool.release);
        }
        page.push_str("| id | its name | hognose |\n|---|---|---|\n");
        let listed: Vec<(&str, &str)> = if tool.ids.is_empty() {
            tool.entries.keys().map(|id| (id.as_str(), "")).collect()
        } else {
            tool.ids.clone()
        };
        for (id, name) in listed {
            let Some(entry) = tool.entry(id) else {
                continue;
            };
            let mut answer: Vec<String> = entry
                .rules
                .iter()
                .map(|rule| {
                    if exists(rule) {
                        format!("[`{rule}`](rules/{rule}.md)")
                    } else {
                        format!("`{rule}`")
                    }
                })
                .collect();
            if let Some(reason) = &entry.reason {
                answer.push(if answer.is_empty() {
                    format!("none: {reason}")
                } else {
                    format!("({reason})")
                });
            }
            let name = name.replace('|', "\\|");
            let _ = writeln!(page, "| `{id}` | {name} | {} |", answer.join(" "));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let tables: BTreeMap<String, BTreeMap<String, ParityEntry>> = toml::from_str(DATA).unwrap();
        let keys: Vec<&str> = TOOLS.iter().map(|(key, ..)| *key).collect();
        assert!(tables.keys().all(|key| keys.contains(&key.as_str())));
    }

    #[test]
    fn every_id_has_a_rule_or_a_reason() {
        let mut gaps = Vec::new();
        for tool in parity() {
            let listed: BTreeSet<&str> = tool.ids.iter().map(|(id, _)| *id).collect();
            for id in &listed {
                match tool.entries.get(*id) {
                    None => gaps.push(format!("{}: {id} has no entry", tool.key)),
                    Some(entry) if entry.rules.is_empty() && entry.reason.is_none() => {
                        gaps.push(format!("{}: {id} has neither rule nor reason", tool.key));
                    }
                    Some(_) => {}
                }
            }
            if !listed.is_empty() {
                for id in tool
                    .entries
                    .keys()
                    .filter(|id| !listed.contains(id.as_str()))
                {
                    gaps.push(format!("{}: {id} is no id of the release listed", tool.key));
                }
            }
        }
        assert!(gaps.is_empty(), "{}", gaps.join("\n"));
    }

    #[test]
    fn lists_say_where_they_are_from() {
        for (key, _, list) in TOOLS {
            assert!(key == "semgrep" || list.starts_with("# "), "{key}");
            assert!(
                key == "semgrep" || list.lines().next().unwrap().contains("Listed 20"),
                "{key}"
            );
            for line in list.lines().skip(1) {
                assert_eq!(line.split('\t').count(), 2, "{key}: {line}");
            }
        }
    }

    /// Rules are named that exist. `suppression-…` rules are decided where suppressions are read.
    #[test]
    fn every_rule_exists() {
        let known: BTreeSet<&str> = crate::rules().iter().map(|rule| rule.id.as_str()).collect();
        let missing: BTreeSet<&str> = parity()
            .iter()
            .flat_map(|tool| tool.entries.values())
            .flat_map(|entry| &entry.rules)
            .map(String::as_str)
            .filter(|rule| {
                !known.contains(rule) && !hognose_finding::SUPPRESSION_RULES.contains(rule)
            })
            .collect();
        assert!(
            missing.is_empty(),
            "{} rules are missing:\n{missing:#?}",
            missing.len()
        );
    }

    #[test]
    fn names_are_ids_too() {
        let bandit = parity_tool("bandit").unwrap();
        assert_eq!(bandit.entry("B101"), bandit.entry("assert_used"));
        assert_eq!(bandit.name_of("B101"), Some("assert_used"));
        assert!(bandit.entry("B999").is_none());
        assert!(bandit.entry("because").is_none());
    }

    #[test]
    fn comments() {
        let rules = |tool, id| parity_of_comment(tool, id).map(|entry| entry.rules.join(" "));
        assert_eq!(
            rules("ruff", "S602").as_deref(),
            Some("subprocess-with-shell")
        );
        assert_eq!(
            rules("ruff", "DUO116").as_deref(),
            Some("subprocess-with-shell")
        );
        assert_eq!(
            rules("ruff", "S614").as_deref(),
            Some("torch-load-with-pickle")
        );
        assert_eq!(
            rules(
                "semgrep",
                "python.lang.security.audit.subprocess-shell-true.subprocess-shell-true"
            )
            .as_deref(),
            Some("subprocess-with-shell")
        );
        assert_eq!(rules("ruff", "E501"), None);
        assert!(reported_by("bandit", "subprocess-with-shell"));
        assert!(!reported_by("bandit", "cookie-without-secure"));
    }

    #[test]
    fn the_page() {
        let page = parity_markdown(&|rule| rule == "assert-as-guard");
        assert!(page.contains(
            "| `B101` | assert_used | [`assert-as-guard`](rules/assert-as-guard.md) |\n"
        ));
        assert!(page.contains(
            "| `B109` | password_config_option_not_marked_secret | none: removed upstream"
        ));
        assert!(page.contains("\n## CodeQL\n"));
    }
}

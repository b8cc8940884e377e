//! Ids that the configuration of Bandit, Ruff or flake8 leaves out.
//!
//! Read are `.bandit`, `bandit.yaml`, `pyproject.toml`, `ruff.toml`, `.ruff.toml`, `setup.cfg`, `tox.ini` and `.flake8`. YAML
//! and INI are read line by line for the few keys that matter; nothing else of them is understood.

use std::sync::Arc;

use hognose_finding::{Finding, Tool, Vocabulary};
use hognose_rules::{RuleNames, parity_of_comment, parity_tool};

use super::{Hidden, Suppression, Verdict};
use crate::discovery::PathGlobs;

/// The files read.
pub const SETTINGS_FILES: [&str; 9] = [
    ".bandit",
    "bandit.yaml",
    "bandit.yml",
    "pyproject.toml",
    "ruff.toml",
    ".ruff.toml",
    "setup.cfg",
    "tox.ini",
    ".flake8",
];

/// An id left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Whose.
    pub tool: Tool,
    /// Line, from 1.
    pub line: u32,
    /// The id, or for Ruff and flake8 the beginning of some.
    pub id: String,
    /// The files concerned; `None`: all.
    pub path: Option<String>,
}

/// A configuration that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

/// The ids that a configuration file leaves out.
///
/// # Errors
/// TOML that is none.
pub fn read_settings(name: &str, text: &str) -> Result<Vec<Setting>, SettingsError> {
    match name {
        "pyproject.toml" => {
            let table = toml_table(text)?;
            let mut found = Vec::new();
            if let Some(bandit) = at(&table, &["tool", "bandit"]) {
                for id in texts(bandit.get("skips")) {
                    found.push(setting(Tool::Bandit, text, id, None));
                }
            }
            if let Some(ruff) = at(&table, &["tool", "ruff"]) {
                read_ruff(ruff, text, &mut found);
            }
            Ok(found)
        }
        "ruff.toml" | ".ruff.toml" => {
            let mut found = Vec::new();
            read_ruff(&toml::Value::Table(toml_table(text)?), text, &mut found);
            Ok(found)
        }
        "bandit.yaml" | "bandit.yml" => Ok(read_yaml(text)),
        ".bandit" | "setup.cfg" | "tox.ini" | ".flake8" => Ok(read_ini(text)),
        _ => Ok(Vec::new()),
    }
}

fn toml_table(text: &str) -> Result<toml::Table, SettingsError> {
    text.parse()
        .map_err(|error: toml::de::Error| SettingsError(error.message().to_owned()))
}

fn at<'a>(table: &'a toml::Table, path: &[&str]) -> Option<&'a toml::Value> {
    let (first, rest) = path.split_first()?;
    let mut value = table.get(*first)?;
    for key in rest {
        value = value.get(*key)?;
    }
    Some(value)
}

fn texts(value: Option<&toml::Value>) -> impl Iterator<Item = &str> {
    value
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
}

fn setting(tool: Tool, text: &str, id: &str, path: Option<&str>) -> Setting {
    // The parser keeps no place of a value. The first line that quotes the id (after the pattern, if there is one) is it, but
    // for files that mention it in passing.
    let lines = || (1_u32..).zip(text.lines());
    let from = path
        .and_then(|path| lines().find(|(_, line)| line.contains(path)))
        .map_or(1, |(number, _)| number);
    let quoted = [format!("\"{id}\""), format!("'{id}'")];
    let line = lines()
        .skip_while(|(number, _)| *number < from)
        .find(|(_, line)| quoted.iter().any(|quoted| line.contains(quoted)))
        .map_or(from, |(number, _)| number);
    Setting {
        tool,
        line,
        id: id.to_owned(),
        path: path.map(str::to_owned),
    }
}

/// `ignore` and its kin, under `lint` or, as older versions had it, at the top.
fn read_ruff(ruff: &toml::Value, text: &str, found: &mut Vec<Setting>) {
    for section in [ruff.get("lint"), Some(ruff)].into_iter().flatten() {
        for key in ["ignore", "extend-ignore"] {
            for id in texts(section.get(key)) {
                found.push(setting(Tool::Ruff, text, id, None));
            }
        }
        for key in ["per-file-ignores", "extend-per-file-ignores"] {
            let Some(table) = section.get(key).and_then(toml::Value::as_table) else {
                continue;
            };
            for (path, ids) in table {
                for id in texts(Some(ids)) {
                    found.push(setting(Tool::Ruff, text, id, Some(path)));
                }
            }
        }
    }
}

/// `skips: [B101, B601]`, or the same as a list of lines.
fn read_yaml(text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut inside = false;
    for (line, content) in (1_u32..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default();
        let list = match content.strip_prefix("skips:") {
            Some(list) => {
                inside = true;
                list
            }
            None if inside
                && (content.starts_with([' ', '\t', '-', ']']) || content.trim().is_empty()) =>
            {
                content
            }
            None => {
                inside = false;
                continue;
            }
        };
        found.extend(ids(list).map(|id| Setting {
            tool: Tool::Bandit,
            line,
            id: id.to_owned(),
            path: None,
        }));
    }
    found
}

fn ids(list: &str) -> impl Iterator<Item = &str> {
    list.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// `[bandit] skips`, `[flake8] ignore`, `extend-ignore` and `per-file-ignores`, with values over several lines.
fn read_ini(text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut section = "";
    let mut key = String::new();
    for (line, content) in (1_u32..).zip(text.lines()) {
        let content = content.split(['#', ';']).next().unwrap_or_default();
        let trimmed = content.trim();
        if let Some(name) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name;
            key.clear();
            continue;
        }
        let value = match content.split_once(['=', ':']) {
            Some((name, value)) if !content.starts_with([' ', '\t']) => {
                key = name.trim().replace('_', "-");
                value
            }
            _ => content,
        };
        let (tool, per_file) = match (section, key.as_str()) {
            ("bandit", "skips") => (Tool::Bandit, false),
            ("flake8", "ignore" | "extend-ignore") => (Tool::Ruff, false),
            ("flake8", "per-file-ignores") => (Tool::Ruff, true),
            _ => continue,
        };
        let (path, list) = match value.split_once(':') {
            Some((path, list)) if per_file => (Some(path.trim()), list),
            _ => (None, value),
        };
        if per_file && path.is_none() {
            continue;
        }
        found.extend(ids(list).map(|id| Setting {
            tool,
            line,
            id: id.to_owned(),
            path: path.map(str::to_owned),
        }));
    }
    found
}

/// What the settings of a file hide, of `findings` made with nothing suppressed. Settings that are no matter of security are
/// left out.
pub fn survey_settings(
    file: &str,
    settings: &[Setting],
    findings: &[Finding],
    names: &RuleNames<'_>,
) -> Vec<Suppression> {
    let mut found = Vec::new();
    for setting in settings {
        for (id, name) in expand(setting) {
            let entry = parity_of_comment(setting.tool.as_str(), &id);
            let globs = setting.path.as_deref().map(|path| PathGlobs::new([path]));
            let concerned = |finding: &&Finding| match &globs {
                None => true,
                Some(Ok(globs)) => globs.matches_below(&finding.location.file),
                Some(Err(_)) => false,
            };
            let hidden: Vec<Hidden> = findings
                .iter()
                .filter(concerned)
                .filter(|finding| names.answers(setting.tool, Some(&id), &finding.rule))
                .map(Hidden::of)
                .collect();
            let rules = entry.map(|entry| entry.rules.clone()).unwrap_or_default();
            found.push(Suppression {
                file: Arc::from(file),
                line: setting.line,
                tool: setting.tool.as_str(),
                name,
                scope: Some(
                    setting
                        .path
                        .clone()
                        .unwrap_or_else(|| "everywhere".to_owned()),
                ),
                verdict: if !hidden.is_empty() {
                    Verdict::Proved
                } else if rules.is_empty() {
                    Verdict::NoCounterpart
                } else {
                    Verdict::NotSeen
                },
                rules,
                reason: entry.and_then(|entry| entry.reason.clone()),
                hidden,
                id,
            });
        }
    }
    found
}

/// The ids of the table that a setting means: itself, or for Ruff and flake8 those it begins, such as `S1`. One that means
/// none of them is no matter of security.
fn expand(setting: &Setting) -> Vec<(String, Option<&'static str>)> {
    let Some(tool) = parity_tool(setting.tool.as_str()) else {
        return Vec::new();
    };
    if tool.entry(&setting.id).is_some() {
        return vec![(setting.id.clone(), tool.name_of(&setting.id))];
    }
    let beginning = setting.tool == Tool::Ruff
        && setting.id.starts_with(|c: char| c.is_ascii_uppercase())
        && setting.id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let family = setting.id.trim_end_matches(|c: char| c.is_ascii_digit());
    tool.ids
        .iter()
        // `S` means Bandit's tests, not `SIM`: the letters have to agree as a whole.
        .filter(|(id, _)| {
            beginning
                && id.starts_with(&setting.id)
                && id.trim_end_matches(|c: char| c.is_ascii_digit()) == family
        })
        .map(|(id, name)| ((*id).to_owned(), Some(*name)))
        .collect()
}

//! `# nosec`, `# noqa`, `# nosemgrep` and their kin.

use std::collections::BTreeMap;
use std::sync::Arc;

use hognose_finding::{Extent, Finding, Foreign, Parsed, Placed, Reach, Tool, Vocabulary};
use hognose_python::ir::Module;
use hognose_rules::{RuleNames, extent, file_suppressions, parity_of_comment, parity_tool};

use super::{Hidden, Suppression, Verdict};

/// What the comments of these modules hide, of `findings` made with nothing suppressed. Ids that are no matter of security
/// are left out, and so are bare `# noqa` comments on lines where nothing is found.
pub fn survey_comments<'m>(
    modules: impl IntoIterator<Item = &'m Module>,
    findings: &[Finding],
    names: &RuleNames<'_>,
) -> Vec<Suppression> {
    let mut by_file: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_file
            .entry(&finding.location.file)
            .or_default()
            .push(finding);
    }
    let mut found = Vec::new();
    for module in modules {
        let comments = file_suppressions(module, &Tool::ALL, names);
        if comments.is_empty() {
            continue;
        }
        let here: Vec<(&Finding, Extent)> = by_file
            .get(&*module.file)
            .into_iter()
            .flatten()
            .map(|finding| (*finding, extent(module, &finding.location)))
            .collect();
        for placed in &comments.placed {
            if let Parsed::Foreign(foreign) = &placed.parsed
                && foreign.reach != Reach::RangeEnd
            {
                survey(module, placed, foreign, &here, names, &mut found);
            }
        }
    }
    found
}

fn survey(
    module: &Module,
    placed: &Placed,
    foreign: &Foreign,
    findings: &[(&Finding, Extent)],
    names: &RuleNames<'_>,
    found: &mut Vec<Suppression>,
) {
    let hidden = |id: Option<&str>| -> Vec<Hidden> {
        findings
            .iter()
            .filter(|(finding, extent)| {
                placed.holds_for(*extent) && names.answers(foreign.tool, id, &finding.rule)
            })
            .map(|(finding, _)| Hidden::of(finding))
            .collect()
    };
    let base = Suppression {
        file: Arc::clone(&module.file),
        line: placed.line,
        tool: foreign.tool.as_str(),
        id: String::new(),
        name: None,
        scope: match foreign.reach {
            Reach::File => Some("the whole file".to_owned()),
            Reach::RangeStart => Some(match placed.range_end {
                Some(end) => format!("up to line {end}"),
                None => "the rest of the file".to_owned(),
            }),
            Reach::Line | Reach::SameLine | Reach::RangeEnd | Reach::Function => None,
        },
        rules: Vec::new(),
        reason: None,
        verdict: Verdict::NotSeen,
        hidden: Vec::new(),
    };
    if foreign.ids.is_empty() {
        let hidden = hidden(None);
        if hidden.is_empty() && foreign.tool == Tool::Ruff {
            return;
        }
        found.push(Suppression {
            verdict: if hidden.is_empty() {
                Verdict::NotSeen
            } else {
                Verdict::Proved
            },
            hidden,
            ..base
        });
        return;
    }
    for id in &foreign.ids {
        let entry = parity_of_comment(foreign.tool.as_str(), id);
        // Most codes of Ruff are no matter of security; every id of the others is.
        if entry.is_none() && foreign.tool == Tool::Ruff && !id.starts_with("DUO") && !is_s_code(id)
        {
            continue;
        }
        let hidden = hidden(Some(id));
        let rules = entry.map(|entry| entry.rules.clone()).unwrap_or_default();
        found.push(Suppression {
            id: id.clone(),
            name: parity_tool(foreign.tool.as_str()).and_then(|tool| tool.name_of(id)),
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
            ..base.clone()
        });
    }
}

fn is_s_code(id: &str) -> bool {
    id.strip_prefix('S')
        .is_some_and(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

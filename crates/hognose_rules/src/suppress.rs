//! Suppression comments meet the project: its modules, the rules there are, the parity table.
//!
//! The grammar is [`hognose_finding`]'s. Here is decided which statement a comment belongs to, and what is wrong with the
//! comments themselves becomes findings; the rules for these are folders with `built-in = true`.

use std::collections::{BTreeMap, BTreeSet};

use hognose_finding::{
    Comment, Date, Extent, FileSuppressions, Finding, Fingerprint, FingerprintBuilder, Fix,
    FixSafety, Location, Parsed, Reach, Remark, Replacement, RuleMeta, SUPPRESSION_RULES,
    Suppressed, Tool, Vocabulary, is_addressed,
};
use hognose_python::Module;
use hognose_taint::model::{Need, rules_of};
use hognose_taint::shape::RuleSet;
use rayon::prelude::*;
use ruff_text_size::{TextRange, TextSize};

use crate::flow::function_of;
use crate::parity::{parity_of_comment, reported_by};
use crate::registry::registry;
use crate::run::{location, symbol};
use crate::spelling::nearest;
use crate::test_code;

/// What to know beside modules and findings.
#[derive(Debug, Clone, Default)]
pub struct SuppressOptions {
    /// Other tools whose comments are honoured.
    pub compat: Vec<Tool>,
    /// The day on which suppressions with an end are judged; by default one before all of them.
    pub today: Date,
    /// Ids of rules that did not run.
    pub disabled: BTreeSet<String>,
}

/// The rules there are, by the names that comments may use.
pub struct RuleNames<'a> {
    ids: BTreeSet<&'a str>,
}

impl<'a> RuleNames<'a> {
    /// The given rules, and those about suppressions.
    pub fn new(rules: &'a [RuleMeta]) -> Self {
        let ids = rules.iter().map(|rule| rule.id.as_str());
        Self {
            ids: ids.chain(SUPPRESSION_RULES).collect(),
        }
    }
}

impl Vocabulary for RuleNames<'_> {
    fn is_rule(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    fn nearest_rule(&self, id: &str) -> Option<&str> {
        nearest(id, self.ids.iter().copied())
    }

    fn is_sanitized(&self, id: &str) -> bool {
        rules_of(&registry().flows.models.rules, id) != RuleSet::default()
    }

    fn nearest_sanitized(&self, id: &str) -> Option<&str> {
        let rules = &registry().flows.models.rules;
        let words = Need::WORDS.into_iter().map(|(word, _)| word);
        let words = words.filter(|word| rules_of(rules, word) != RuleSet::default());
        nearest(id, words.chain(rules.iter().map(|rule| rule.id.as_str())))
    }

    fn is_foreign(&self, tool: Tool, id: &str) -> bool {
        parity_of_comment(tool.as_str(), id).is_some()
    }

    fn answers(&self, tool: Tool, id: Option<&str>, rule: &str) -> bool {
        // A rule that stands for another one at its place is what the comment there speaks of.
        let replaced = registry().rule(rule).map_or(&[][..], |rule| &rule.replaces);
        match id {
            Some(id) => parity_of_comment(tool.as_str(), id).is_some_and(|entry| {
                entry
                    .rules
                    .iter()
                    .any(|ours| ours == rule || replaced.contains(ours))
            }),
            None => std::iter::once(rule)
                .chain(replaced.iter().map(String::as_str))
                .any(|rule| reported_by(tool.as_str(), rule)),
        }
    }
}

/// What the comments of a file decide.
struct Decided {
    /// Findings by number, and why they do not count.
    suppressed: Vec<(usize, Suppressed)>,
    /// Findings about the comments.
    about: Vec<Finding>,
}

/// Marks the findings that comments suppress, and adds findings about the comments themselves.
pub fn suppress(
    modules: &[Module],
    findings: &mut Vec<Finding>,
    rules: &[RuleMeta],
    options: &SuppressOptions,
) {
    let names = RuleNames::new(rules);
    let mut by_file: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        by_file
            .entry(&finding.location.file)
            .or_default()
            .push(index);
    }
    let decided: Vec<Decided> = modules
        .par_iter()
        .with_max_len(64)
        .filter_map(|module| {
            let mut file = file_suppressions(module, &options.compat, &names);
            if file.is_empty() {
                return None;
            }
            for placed in &mut file.placed {
                if matches!(&placed.parsed, Parsed::Directive(said) if said.reach == Reach::Function)
                    && function_of(module, placed).is_some()
                {
                    placed.used.fill(1);
                }
            }
            let mut decide = |finding: &Finding| {
                let extent = extent(module, &finding.location);
                file.suppress(&finding.rule, extent, options.today, &names)
            };
            let here = by_file.get(&*module.file).into_iter().flatten();
            let suppressed = here
                .filter_map(|index| Some((*index, decide(&findings[*index])?)))
                .collect();
            let ran =
                |rule: &str| !options.disabled.contains(rule) && !SUPPRESSION_RULES.contains(&rule);
            let mut about = Vec::new();
            for remark in file.remarks(options.today, &ran, &names) {
                let rule = rules.iter().find(|rule| rule.id == remark.rule);
                if let Some(rule) = rule.filter(|rule| !options.disabled.contains(&rule.id)) {
                    let mut finding = remark_finding(module, rule, remark);
                    let extent = extent(module, &finding.location);
                    finding.suppressed = file.suppress(&rule.id, extent, options.today, &names);
                    about.push(finding);
                }
            }
            Some(Decided { suppressed, about })
        })
        .collect();
    for Decided { suppressed, about } in decided {
        for (index, why) in suppressed {
            findings[index].suppressed.get_or_insert(why);
        }
        findings.extend(about);
    }
}

/// The suppressions in the comments of a module.
pub fn file_suppressions(
    module: &Module,
    compat: &[Tool],
    names: &dyn Vocabulary,
) -> FileSuppressions {
    let text = module.text.as_str();
    let comments = module.comments.iter().filter_map(|comment| {
        let (start, end) = (comment.range.start(), comment.range.end());
        let token = text.get(start.to_usize()..end.to_usize())?;
        is_addressed(token).then(|| Comment {
            text: token,
            start: start.to_u32(),
            end: end.to_u32(),
            line: module.text.position(start).0,
            own_line: comment.own_line,
        })
    });
    FileSuppressions::collect(text, comments, compat, names)
}

/// The lines of a finding and of the statement it stands in.
pub fn extent(module: &Module, location: &Location) -> Extent {
    let span = (
        location.start.line,
        location.end.line.max(location.start.line),
    );
    let range = TextRange::new(
        TextSize::new(location.bytes.0),
        TextSize::new(location.bytes.1.max(location.bytes.0)),
    );
    let (first, last) = statement_lines(module, range);
    Extent {
        span,
        statement: (first.min(span.0), last.max(span.1)),
    }
}

/// First and last line of the simple statement around a span, or of the part of a compound statement that holds it and none
/// of the statements inside: the head with its decorators, an `except` line.
fn statement_lines(module: &Module, range: TextRange) -> (u32, u32) {
    let line = |offset| module.text.position(offset).0;
    let innermost = module
        .stmts()
        .map(|(id, _)| module.stmt_range(id))
        .filter(|statement| statement.contains_range(range))
        .min_by_key(|statement| statement.len());
    let Some(statement) = innermost else {
        return (line(range.start()), line(range.end()));
    };
    let inside = module
        .stmts()
        .map(|(id, _)| module.stmt_range(id))
        .filter(|inner| *inner != statement && statement.contains_range(*inner));
    let (mut first, mut last) = (line(statement.start()), line(statement.end()));
    for inner in inside {
        if inner.end() <= range.start() {
            first = first.max(line(inner.end()) + 1);
        } else if inner.start() >= range.end() {
            // A body on the line of its head takes nothing away.
            last = last.min((line(inner.start()) - 1).max(line(range.end())));
        }
    }
    (first.min(line(range.start())), last.max(line(range.end())))
}

fn remark_finding(module: &Module, rule: &RuleMeta, remark: Remark) -> Finding {
    let range = |(start, end): (u32, u32)| TextRange::new(TextSize::new(start), TextSize::new(end));
    let at = range(remark.bytes);
    let mut content = FingerprintBuilder::new(&rule.id);
    let text = module.text.as_str();
    for word in text
        .get(at.start().to_usize()..at.end().to_usize())
        .unwrap_or_default()
        .split_whitespace()
    {
        content.word(word);
    }
    Finding {
        rule: rule.id.as_str().into(),
        title: rule.title.as_str().into(),
        message: remark.message,
        severity: rule.severity,
        confidence: rule.confidence,
        persona: rule.persona,
        practice: rule.practice,
        cwe: rule.cwe.as_slice().into(),
        location: location(module, at),
        labels: Vec::new(),
        flow: Vec::new(),
        symbol: symbol(module, at).into(),
        in_test: test_code::is_test(module),
        fix: remark.mend.map(|(bytes, text)| Fix {
            title: format!("Write `{text}`"),
            safety: FixSafety::Unsafe,
            edits: vec![Replacement {
                location: location(module, range(bytes)),
                text,
            }],
        }),
        fingerprint: Fingerprint {
            content: content.finish(),
            ordinal: 0,
        },
        suppressed: None,
    }
}

#[cfg(test)]
mod tests;

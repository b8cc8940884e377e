//! Applies suppressions to findings: comments in the source, and paths in the configuration.
//!
//! The grammar of comments is [`hognose_finding`]'s; here they meet the project's modules, the rules there are and the parity
//! table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hognose_finding::{
    Cell, Comment, Date, Extent, FileSuppressions, Finding, Fingerprint, FingerprintBuilder, Fix,
    FixSafety, Location, Note, Persona, Position, Remark, Replacement, RuleMeta, SUPPRESSION_RULES,
    Suppressed, Tool, Vocabulary, is_addressed,
};
use hognose_python::ir::Module;
use hognose_rules::{parity_of_comment, reported_by};
use ruff_text_size::{TextRange, TextSize};

use crate::configuration::PathSuppression;
use crate::discovery::{PathGlobs, PatternError};
use crate::spelling::nearest;
use crate::{AuditOptions, Selection};

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

    fn is_foreign(&self, tool: Tool, id: &str) -> bool {
        parity_of_comment(tool.as_str(), id).is_some()
    }

    fn answers(&self, tool: Tool, id: Option<&str>, rule: &str) -> bool {
        match id {
            Some(id) => parity_of_comment(tool.as_str(), id)
                .is_some_and(|entry| entry.rules.iter().any(|ours| ours == rule)),
            None => reported_by(tool.as_str(), rule),
        }
    }
}

/// Marks the findings that comments suppress, and adds findings about the comments themselves.
pub fn suppress_by_comments<'m>(
    modules: impl IntoIterator<Item = &'m Module>,
    findings: &mut Vec<Finding>,
    rules: &[RuleMeta],
    options: &AuditOptions,
) {
    let names = RuleNames::new(rules);
    let compat: Vec<Tool> = options
        .compat
        .iter()
        .filter_map(|word| word.parse().ok())
        .collect();
    let mut by_file: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        by_file
            .entry(Arc::clone(&finding.location.file))
            .or_default()
            .push(index);
    }
    for module in modules {
        let mut file = file_suppressions(module, &compat, &names);
        if file.is_empty() {
            continue;
        }
        let mut decide = |finding: &mut Finding| {
            let found = file.suppress(
                &finding.rule,
                extent(module, &finding.location),
                options.today,
                &names,
            );
            finding.suppressed = finding.suppressed.take().or(found);
        };
        for index in by_file.get(&module.file).into_iter().flatten() {
            decide(&mut findings[*index]);
        }
        let ran = |rule: &str| {
            !options.disabled_rules.contains(rule) && !SUPPRESSION_RULES.contains(&rule)
        };
        for remark in file.remarks(options.today, &ran, &names) {
            let Some(rule) = rules.iter().find(|rule| rule.id == remark.rule) else {
                continue;
            };
            if options.disabled_rules.contains(&rule.id) {
                continue;
            }
            let mut finding = remark_finding(module, rule, remark);
            let found = file.suppress(
                &rule.id,
                extent(module, &finding.location),
                options.today,
                &names,
            );
            finding.suppressed = found;
            findings.push(finding);
        }
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
    let location = |bytes| byte_location(module, bytes);
    let at = location(remark.bytes);
    let mut content = FingerprintBuilder::new(&rule.id);
    let text = module.text.as_str();
    for word in text
        .get(remark.bytes.0 as usize..remark.bytes.1 as usize)
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
        persona: rule.persona.max(Persona::Regular),
        practice: rule.practice,
        cwe: rule.cwe.as_slice().into(),
        labels: Vec::new(),
        flow: Vec::new(),
        symbol: module.name.as_str().into(),
        in_test: false,
        fix: remark.mend.map(|(bytes, text)| Fix {
            title: format!("Write `{text}`"),
            safety: FixSafety::Unsafe,
            edits: vec![Replacement {
                location: location(bytes),
                text,
            }],
        }),
        fingerprint: Fingerprint {
            content: content.finish(),
            ordinal: 0,
        },
        suppressed: None,
        location: at,
    }
}

fn byte_location(module: &Module, bytes: (u32, u32)) -> Location {
    let position = |offset| {
        let (line, column) = module.text.position(TextSize::new(offset));
        Position { line, column }
    };
    Location {
        file: Arc::clone(&module.file),
        start: position(bytes.0),
        end: position(bytes.1),
        bytes,
        cell: module
            .text
            .cell_position(TextSize::new(bytes.0))
            .map(|(number, line)| Cell { number, line }),
    }
}

/// Marks the findings that the configuration suppresses by path. What has expired or suppresses nothing is noted, with its
/// line in the configuration file.
///
/// # Errors
/// A pattern that is none.
pub fn suppress_by_path(
    findings: &mut [Finding],
    entries: &[PathSuppression],
    rules: &[RuleMeta],
    configuration: &str,
    today: Date,
) -> Result<Vec<Note>, PatternError> {
    let tags: BTreeMap<&str, &[String]> = rules
        .iter()
        .map(|rule| (rule.id.as_str(), rule.tags.as_slice()))
        .collect();
    let mut notes = Vec::new();
    for entry in entries {
        let globs = PathGlobs::new([entry.path.as_str()])?;
        let selection = Selection {
            select: entry.rules.clone(),
            ignore: Vec::new(),
        };
        let until = entry
            .until
            .and_then(|(year, month, day)| Date::new(year, month, day));
        let expired = until.filter(|until| *until < today);
        let mut count = 0_usize;
        for finding in &mut *findings {
            let tags = tags.get(&*finding.rule).copied().unwrap_or_default();
            if globs.matches_below(&finding.location.file)
                && selection.allows(&finding.rule, finding.practice, &finding.cwe, tags)
            {
                count += 1;
                if expired.is_none() && finding.suppressed.is_none() {
                    finding.suppressed = Some(Suppressed::Configuration {
                        reason: entry.reason.clone(),
                    });
                }
            }
        }
        let place = format!(
            "the suppression for `{}` ({configuration}, line {})",
            entry.path, entry.line
        );
        let text = match (expired, count) {
            (Some(until), _) => format!("{place} ended on {until}"),
            (None, 0) => format!("{place} suppresses nothing"),
            (None, _) => continue,
        };
        notes.push(Note { file: None, text });
    }
    Ok(notes)
}

#[cfg(test)]
mod tests;

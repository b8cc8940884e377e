//! Suppression comments in manifests and settings: the grammar is that of code, and so is what is said about comments
//! that suppress nothing.
//!
//! What is a comment differs a little between the formats. All of them begin it with `#`, at the start of a line or
//! behind a blank; in TOML it may stand anywhere outside of quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hognose_finding::{
    Comment, Date, Extent, FileSuppressions, Finding, RuleMeta, SUPPRESSION_RULES, is_addressed,
};
use hognose_rules::RuleNames;

use super::findings::{finding, span};

/// Whether a file may have such comments: code has its own, and JSON has none.
pub fn has_comments(file: &str) -> bool {
    ![".py", ".pyw", ".ipynb", ".json", "Pipfile.lock"]
        .iter()
        .any(|end| file.ends_with(end))
}

/// Whether a text may hold a comment for us, which most do not.
pub fn may_hold(text: &str) -> bool {
    text.contains("hognose")
}

/// Marks the findings that comments of these files suppress, and adds findings about the comments themselves.
pub fn suppress(
    findings: &mut Vec<Finding>,
    texts: &BTreeMap<Arc<str>, Arc<str>>,
    rules: &[RuleMeta],
    disabled: &BTreeSet<String>,
    today: Date,
) {
    let names = RuleNames::new(rules);
    let ran = |rule: &str| !disabled.contains(rule) && !SUPPRESSION_RULES.contains(&rule);
    let mut about = Vec::new();
    let addressed = texts
        .iter()
        .filter(|(file, text)| has_comments(file) && may_hold(text));
    for (file, text) in addressed {
        let found = comments(file, text);
        let mut directives = FileSuppressions::collect(text, found, &[], &names);
        if directives.is_empty() {
            continue;
        }
        let here = findings
            .iter_mut()
            .filter(|finding| finding.location.file == *file);
        for finding in here {
            let lines = (finding.location.start.line, finding.location.end.line);
            let why = directives.suppress(&finding.rule, extent(text, lines), today, &names);
            if let Some(why) = why {
                finding.suppressed.get_or_insert(why);
            }
        }
        for remark in directives.remarks(today, &ran, &names) {
            let Some(rule) = rules.iter().find(|rule| rule.id == remark.rule) else {
                continue;
            };
            if disabled.contains(&rule.id) {
                continue;
            }
            let location = span(file, text, remark.bytes);
            let lines = (location.start.line, location.end.line);
            let said = text.get(remark.bytes.0 as usize..remark.bytes.1 as usize);
            let words: Vec<&str> = said.unwrap_or_default().split_whitespace().collect();
            let mut one = finding(rule, remark.message, location, &words);
            one.suppressed = directives.suppress(&rule.id, extent(text, lines), today, &names);
            about.push(one);
        }
    }
    findings.append(&mut about);
}

/// The comments of a text that are addressed to us.
fn comments<'t>(file: &str, text: &'t str) -> Vec<Comment<'t>> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let has_quotes = name.ends_with(".toml") || name == "Pipfile" || name.ends_with(".lock");
    let number = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let mut found = Vec::new();
    let mut begin = 0;
    for (line, with_end) in (1..).zip(text.split_inclusive('\n')) {
        let content = with_end.trim_end_matches(['\n', '\r']);
        if let Some(at) = comment(content, has_quotes).filter(|at| is_addressed(&content[*at..])) {
            found.push(Comment {
                text: &content[at..],
                start: number(begin + at),
                end: number(begin + content.len()),
                line,
                own_line: content[..at].trim().is_empty(),
            });
        }
        begin += with_end.len();
    }
    found
}

/// Where the comment of a line begins.
fn comment(line: &str, has_quotes: bool) -> Option<usize> {
    let mut quote: Option<char> = None;
    let mut before = ' ';
    let mut characters = line.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (None, '#') if has_quotes || before.is_whitespace() => return Some(at),
            (None, '"' | '\'') if has_quotes => quote = Some(c),
            (Some('"'), '\\') => {
                characters.next();
            }
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    None
}

/// The lines of a finding, and those that backslashes join them with.
fn extent(text: &str, span: (u32, u32)) -> Extent {
    let goes_on = |line: &str| line.trim_end().ends_with('\\');
    let mut first = 1;
    let mut statement = span;
    for (number, line) in (1..).zip(text.lines()) {
        let last = !goes_on(line);
        if last || number == u32::MAX {
            if first <= span.1 && span.0 <= number {
                statement = (statement.0.min(first), statement.1.max(number));
            }
            first = number + 1;
        }
        if number > span.1 && last {
            break;
        }
    }
    Extent { span, statement }
}

#[cfg(test)]
mod tests {
    use super::{comment, extent};

    #[test]
    fn a_comment_begins_where_the_format_says() {
        assert_eq!(comment("flask  # old", false), Some(7));
        assert_eq!(comment("git+https://example.org/a#egg=a", false), None);
        assert_eq!(comment("a = \"# no\" # yes", true), Some(11));
        assert_eq!(comment("a = 'it\\' # yes", true), Some(10));
        assert_eq!(comment("# all of it", true), Some(0));
    }

    #[test]
    fn a_line_goes_on_behind_a_backslash() {
        let text = "a\nflask==1 \\\n  --hash=x \\\n  --hash=y\nb\n";
        assert_eq!(extent(text, (2, 2)).statement, (2, 4));
        assert_eq!(extent(text, (1, 1)).statement, (1, 1));
        assert_eq!(extent(text, (5, 5)).statement, (5, 5));
    }
}

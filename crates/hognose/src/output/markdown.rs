//! A comment for a pull request: a table, and the details folded below it.
//!
//! Whoever opens a pull request chooses the names in it. Nothing of theirs may become a link, an image, a mention, a
//! reference or HTML in a comment that a bot of the project posts.

use std::io::{self, Write};

use hognose_finding::{Finding, RuleMeta, Severity};

use super::{RunTime, rule_url, summary, text};
use crate::View;

/// GitHub refuses comments above 65,536 characters, GitLab far later.
const LONGEST: usize = 60_000;
/// Longest message in a cell.
const MESSAGE: usize = 300;
/// Steps of a flow that are listed.
const STEPS: usize = 20;

pub(super) fn write(
    view: &View<'_>,
    rules: &[RuleMeta],
    time: RunTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let heading = match view.shown.len() {
        0 => "no findings".to_owned(),
        count => text::plural(count, "finding"),
    };
    writeln!(out, "## hognose: {heading}\n")?;
    let mut findings = view.shown.clone();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    // Half of the comment for the table, the other half for the details.
    let rows = fitting(
        findings.iter().map(|finding| row(finding, rules)),
        LONGEST / 2,
    );
    if !rows.is_empty() {
        writeln!(
            out,
            "| severity | rule | place | what |\n| --- | --- | --- | --- |"
        )?;
    }
    for row in &rows {
        out.write_all(row.as_bytes())?;
    }
    if rows.len() < findings.len() {
        writeln!(
            out,
            "\nand {} more.",
            text::thousands(findings.len() - rows.len())
        )?;
    }
    if !rows.is_empty() {
        writeln!(out)?;
    }
    let details = fitting(
        findings
            .iter()
            .take(rows.len())
            .map(|finding| details(finding)),
        LONGEST / 3,
    );
    for details in details {
        out.write_all(details.as_bytes())?;
    }
    let mut closing = Vec::new();
    let mut plain = view.clone();
    plain.presentation.color = false;
    if view.presentation.statistics {
        summary::write_statistics(&plain, rules, &mut closing)?;
    }
    if view.presentation.quiet {
        summary::write_summary_line(&plain, time, &mut closing)?;
    } else {
        summary::write_summary(&plain, time, &mut closing)?;
    }
    let closing = String::from_utf8_lossy(&closing);
    let closing = text_block(text_limit(&closing, LONGEST / 7).trim_end());
    writeln!(
        out,
        "<details><summary>Practices and summary</summary>\n\n{closing}\n</details>"
    )
}

/// The first texts that are together no longer than `limit`.
fn fitting(texts: impl Iterator<Item = String>, limit: usize) -> Vec<String> {
    let mut length = 0;
    texts
        .take_while(|text| {
            length += text.chars().count();
            length <= limit
        })
        .collect()
}

fn row(finding: &Finding, rules: &[RuleMeta]) -> String {
    let mark = match finding.severity {
        Severity::Critical => "🟣",
        Severity::High => "🔴",
        Severity::Medium => "🟡",
        Severity::Low => "🔵",
    };
    let id = code(&text::cut(&finding.rule, 80));
    let rule = match rule_url(rules, &finding.rule)
        .filter(|url| !url.contains([' ', '(', ')', '<', '>', '|']))
    {
        Some(url) => format!("[{id}]({url})"),
        None => id,
    };
    let place = code(&text::cut(&text::place(&finding.location), MESSAGE));
    let message = escape(&text::cut(&text::message(finding), MESSAGE));
    format!(
        "| {mark} {} | {rule} | {place} | {message} |\n",
        finding.severity
    )
}

fn details(finding: &Finding) -> String {
    let mut facts = vec![
        format!("{} confidence", finding.confidence),
        format!("practice {}", finding.practice),
    ];
    facts.extend(
        finding
            .cwe
            .iter()
            .map(|n| format!("[CWE-{n}](https://cwe.mitre.org/data/definitions/{n}.html)")),
    );
    let place = escape_html(&text::cut(&text::place(&finding.location), MESSAGE));
    let title = escape(&text::cut(&text::line(&finding.title), MESSAGE));
    let mut out = format!(
        "<details><summary>{} at <code>{place}</code></summary>\n\n{title} ({})\n\n",
        escape_html(&text::cut(&text::line(&finding.rule), 80)),
        facts.join(", ")
    );
    for (index, step) in finding.flow.iter().take(STEPS).enumerate() {
        let place = code(&text::cut(&text::place(&step.location), MESSAGE));
        let said = escape(&text::cut(&text::line(&step.text), MESSAGE));
        out.push_str(&format!("{}. {place}: {said}\n", index + 1));
    }
    if !finding.flow.is_empty() {
        out.push('\n');
    }
    if let Some(left) = finding
        .flow
        .len()
        .checked_sub(STEPS)
        .filter(|left| *left > 0)
    {
        out.push_str(&format!("and {left} more steps.\n\n"));
    }
    if let Some(fix) = &finding.fix {
        out.push_str(&format!(
            "Fix: {}\n\n",
            escape(&text::cut(&text::line(&fix.title), MESSAGE))
        ));
    }
    out.push_str("</details>\n");
    out
}

/// A text as Markdown that says just that text. Code spans in it stay code spans: messages are written with them.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut parts = text.split('`').peekable();
    let mut in_code = false;
    while let Some(part) = parts.next() {
        let closes = parts.peek().is_some();
        match (in_code, closes) {
            (true, true) if !part.trim().is_empty() => out.push_str(&code(part)),
            (true, true) => out.push_str("\\`\\`"),
            (true, false) => {
                out.push_str("\\`");
                escape_plain(part, &mut out);
            }
            (false, _) => escape_plain(part, &mut out),
        }
        in_code = !in_code;
    }
    out
}

fn escape_plain(text: &str, out: &mut String) {
    let mut before = ' ';
    for c in text::line(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Mentions and references are found in the rendered text, after escapes are gone.
            '@' | '#' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(c);
                out.push_str("&#8203;");
            }
            // Bare addresses become links.
            ':' | '.' if before.is_alphanumeric() => {
                out.push(c);
                out.push_str("&#8203;");
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '+' | '-' | '|' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
}

/// A code span. Its fence is longer than any run of backticks in it; in a table a bar ends the cell even in code.
pub(crate) fn code(text: &str) -> String {
    let text = text::line(text).replace('|', "¦");
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A fenced block.
fn text_block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// For text inside HTML tags: entities for everything Markdown or GitHub could read.
fn escape_html(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_alphanumeric() || matches!(c, ' ' | '/' | ',') || !c.is_ascii() => {
                c.to_string()
            }
            '@' | '#' | '!' | '~' | '$' | ':' | '.' => format!("&#{};&#8203;", u32::from(c)),
            c => format!("&#{};", u32::from(c)),
        })
        .collect()
}

fn text_limit(text: &str, limit: usize) -> &str {
    match text.char_indices().nth(limit) {
        None => text,
        Some((end, _)) => text[..end].rsplit_once('\n').map_or("", |(head, _)| head),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::specimen::Specimen;
    use super::*;

    #[test]
    fn a_table_and_details() {
        insta::assert_snapshot!(Specimen::shop().write(Format::Markdown), @r#"
        ## hognose: 2 findings

        | severity | rule | place | what |
        | --- | --- | --- | --- |
        | 🟣 critical | [`sql-injection`](https://github.com/hognose-dev/hognose/blob/main/crates/hognose_rules/rules/sql-injection/rule.md) | `shop/store.py:6:25` | the statement is assembled from `request.args` |
        | 🔴 high | [`yaml-unsafe-load`](https://github.com/hognose-dev/hognose/blob/main/crates/hognose_rules/rules/yaml-unsafe-load/rule.md) | `notes/load.ipynb:cell 2:1:10` | `yaml.Loader` builds any object a document names |

        <details><summary>sql&#45;injection at <code>shop/store&#46;&#8203;py&#58;&#8203;6&#58;&#8203;25</code></summary>

        title of sql\-injection (high confidence, practice database, [CWE-89](https://cwe.mitre.org/data/definitions/89.html))

        1. `shop/views.py:6:13`: what the client sends
        2. `shop/views.py:8:12`: passed as `title`
        3. `shop/store.py:5:49`: formatted into `query`
        4. `shop/store.py:6:25`: run as SQL

        </details>
        <details><summary>yaml&#45;unsafe&#45;load at <code>notes/load&#46;&#8203;ipynb&#58;&#8203;cell 2&#58;&#8203;1&#58;&#8203;10</code></summary>

        title of yaml\-unsafe\-load (high confidence, practice code-injection, [CWE-502](https://cwe.mitre.org/data/definitions/502.html))

        Fix: load with `yaml.SafeLoader`

        </details>
        <details><summary>Practices and summary</summary>

        ```text
        Practices
          interpreter       not assessed
          input-validation  not assessed
          code-injection    1 high
          passwords         not assessed
          access-control    not assessed
          sensitive-data    not assessed
          transport         no finding (4 rules)
          database          1 critical
          least-privilege   not assessed
          dependencies      not assessed
          errors            not assessed
          logging           not assessed
          secure-tools      not assessed
          education         not assessed
          audits            not assessed

        Analysed in part: 1 file
          shop/broken.py:7: expected an expression

        Notes
          shop/settings.py: judged as the production settings, since `wsgi.py` names it

        2 findings: 1 critical, 1 high
        Not shown: 1 suppressed, 1 hidden by persona
        Sources: remote, library (pyproject.toml declares a distribution)
        Data flow: 321 functions, 12 entry points, 1,900 of 2,000 calls; 1 cut short
        Analysed 12 files, 3,456 lines; 1 not, or in part
        ```
        </details>
        "#);
    }

    #[test]
    fn nothing_of_the_project_becomes_markup() {
        assert_eq!(
            escape("<b>@root [a](b) #1 ![x]"),
            "&lt;b&gt;\\@&#8203;root \\[a\\]\\(b\\) \\#&#8203;1 \\!&#8203;\\[x\\]"
        );
        assert_eq!(escape("see https://x.y"), "see https:&#8203;//x.&#8203;y");
        assert_eq!(escape("a `b|c` d"), "a `b¦c` d");
        assert_eq!(escape("a `b *c*"), "a \\`b \\*c\\*");
        assert_eq!(code("a``b`"), "``` a``b` ```");
    }

    #[test]
    fn a_comment_is_never_too_long() {
        let mut hostile = Specimen::hostile();
        for _ in 0..8 {
            hostile
                .report
                .findings
                .extend(hostile.report.findings.clone());
        }
        let text = hostile.write(Format::Markdown);
        assert!(text.chars().count() < 65_536, "{}", text.chars().count());
        assert!(text.contains("\nand "));
        let open = text.matches("<details>").count();
        assert_eq!(open, text.matches("</details>").count());
    }
}

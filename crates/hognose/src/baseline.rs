//! The baseline as a file: read, written, applied.
//!
//! One finding a line, sorted by file, rule and symbol, so that a review sees what was accepted, and two branches that accept
//! different findings seldom touch the same line. The first line says what the file is.
//!
//! ```text
//! {"hognose-baseline":1,"scheme":1}
//! {"file":"shop/views.py","rule":"subprocess-with-shell","symbol":"shop.views.label","content":"0f…"}
//! ```

use std::fmt::Write as _;

use hognose_finding::{Baseline, BaselineEntry, Finding, SCHEME, Suppressed};
use serde::{Deserialize, Serialize};

/// Where a baseline is written unless something else is said.
pub const BASELINE_FILE: &str = "hognose-baseline.jsonl";

/// Version of the file format.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "hognose-baseline")]
    version: u32,
    scheme: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    file: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    rule: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    symbol: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    content: std::borrow::Cow<'a, str>,
}

/// Why a text is no baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BaselineError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Writes a baseline. Entries go in order, whatever order they come in.
pub fn render(baseline: &Baseline) -> String {
    let mut entries: Vec<&BaselineEntry> = baseline.entries.iter().collect();
    entries.sort_unstable();
    let head = Head {
        version: VERSION,
        scheme: SCHEME,
    };
    let mut text = json(&head);
    text.push('\n');
    for entry in entries {
        let content = format!("{:032x}", entry.content);
        let line = Line {
            file: entry.file.as_str().into(),
            rule: entry.rule.as_str().into(),
            symbol: entry.symbol.as_str().into(),
            content: content.into(),
        };
        let _ = writeln!(text, "{}", json(&line));
    }
    text
}

fn json(value: &impl Serialize) -> String {
    // Structs of strings and numbers always serialize.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a baseline. Blank lines do not count; the order of the lines does not matter.
///
/// # Errors
/// The first line that is not understood.
pub fn parse(text: &str) -> Result<Baseline, BaselineError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let error = |line, reason: &str| BaselineError {
        line,
        reason: reason.to_owned(),
    };
    let Some((number, first)) = lines.next() else {
        return Err(error(
            1,
            "the file is empty; a baseline begins with {\"hognose-baseline\":1,…}",
        ));
    };
    let head: Head = serde_json::from_str(first).map_err(|_| {
        error(
            number,
            "this is no baseline: it does not begin with {\"hognose-baseline\":1,…}",
        )
    })?;
    if head.version != VERSION {
        return Err(error(
            number,
            &format!(
                "version {} of the format; this hognose reads version {VERSION}",
                head.version
            ),
        ));
    }
    if head.scheme != SCHEME {
        return Err(error(
            number,
            &format!(
                "its findings are identified by scheme {}, this hognose uses scheme {SCHEME}; write it anew with `hognose baseline --update`",
                head.scheme
            ),
        ));
    }
    let mut entries = Vec::new();
    for (number, line) in lines {
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            return Err(error(
                number,
                "an unresolved merge conflict; keep the lines of both sides and delete the marks",
            ));
        }
        let line: Line<'_> =
            serde_json::from_str(line).map_err(|reason| error(number, &told(&reason)))?;
        let hexadecimal =
            line.content.len() == 32 && line.content.bytes().all(|byte| byte.is_ascii_hexdigit());
        let content = u128::from_str_radix(&line.content, 16)
            .ok()
            .filter(|_| hexadecimal)
            .ok_or_else(|| error(number, "`content` is not 32 hexadecimal digits"))?;
        entries.push(BaselineEntry {
            file: line.file.into_owned(),
            rule: line.rule.into_owned(),
            symbol: line.symbol.into_owned(),
            content,
        });
    }
    entries.sort_unstable();
    Ok(Baseline { entries })
}

/// What serde says, without its place, which counts from the line alone.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.find(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// Marks the findings that the baseline knows; those that are suppressed otherwise need no entry. Gives the entries that no
/// finding is left for, of which `looked_at` says that their file would have shown it.
pub fn apply<'a>(
    baseline: &'a Baseline,
    findings: &mut [Finding],
    looked_at: &dyn Fn(&str) -> bool,
) -> Vec<&'a BaselineEntry> {
    let open: Vec<usize> = (0..findings.len())
        .filter(|index| findings[*index].suppressed.is_none())
        .collect();
    let matched = baseline.match_findings(open.iter().map(|index| &findings[*index]));
    for (index, _) in open
        .iter()
        .zip(&matched.known)
        .filter(|(_, known)| known.is_some())
    {
        findings[*index].suppressed = Some(Suppressed::Baseline);
    }
    matched
        .stale
        .into_iter()
        .map(|number| &baseline.entries[number])
        .filter(|entry| looked_at(&entry.file))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(file: &str, rule: &str, content: u128) -> BaselineEntry {
        BaselineEntry {
            file: file.to_owned(),
            rule: rule.to_owned(),
            symbol: format!("{rule}.ü\"\n"),
            content,
        }
    }

    fn baseline() -> Baseline {
        Baseline {
            entries: vec![
                entry("a.py", "a", 7),
                entry("a.py", "a", 7),
                entry("b.py", "a", u128::MAX),
            ],
        }
    }

    #[test]
    fn written_and_read_again() {
        let text = render(&baseline());
        assert_eq!(text.lines().count(), 4);
        assert_eq!(parse(&text), Ok(baseline()));
        assert_eq!(parse(&text.replace('\n', "\r\n\r\n")), Ok(baseline()));
        assert_eq!(
            parse(&render(&Baseline::default())),
            Ok(Baseline::default())
        );
    }

    #[test]
    fn the_order_of_the_lines_is_fixed() {
        let mut shuffled = baseline();
        shuffled.entries.reverse();
        assert_eq!(render(&shuffled), render(&baseline()));
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let good = render(&baseline());
        assert!(error("").starts_with("line 1: the file is empty"));
        assert!(error("[]").starts_with("line 1: this is no baseline"));
        assert!(
            error("{\"hognose-baseline\":2,\"scheme\":1}")
                .starts_with("line 1: version 2 of the format")
        );
        assert!(
            error("{\"hognose-baseline\":1,\"scheme\":9}")
                .starts_with("line 1: its findings are identified by scheme 9")
        );
        assert_eq!(
            error(&format!("{good}{{\"file\":\"a\"}}")),
            "line 5: missing field `rule`"
        );
        assert!(error(&format!("{good}garbage")).starts_with("line 5: expected value"));
        assert!(
            error(&good.replace("\"content\":\"0", "\"content\":\"+")).contains("32 hexadecimal")
        );
        assert!(
            error(&good.replace("\"symbol\"", "\"symbl\""))
                .starts_with("line 2: unknown field `symbl`")
        );
        let conflict = good.replacen('\n', "\n<<<<<<< HEAD\n", 1);
        assert!(error(&conflict).starts_with("line 2: an unresolved merge conflict"));
    }
}

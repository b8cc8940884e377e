use std::fmt::Write as _;

use hognose_finding::{Confidence, Persona, Practice, Severity};
use hognose_python::ir::Symbol;
use hognose_python::{SourceKind, Text, lower};

use super::*;

fn module(text: &str) -> Module {
    lower(
        "app.py".into(),
        SourceKind::Module,
        Symbol::from("app"),
        false,
        Text::new(text),
    )
}

fn rules() -> Vec<RuleMeta> {
    [
        "subprocess-with-shell",
        "eval-of-dynamic-code",
        "cookie-without-secure",
        "sql-injection",
    ]
    .into_iter()
    .chain(SUPPRESSION_RULES)
    .map(|id| RuleMeta {
        id: id.to_owned(),
        title: "Title".to_owned(),
        practice: Practice::Audits,
        cwe: vec![78],
        owasp: Vec::new(),
        asvs: Vec::new(),
        severity: Severity::Low,
        confidence: Confidence::High,
        persona: Persona::Regular,
        tags: Vec::new(),
        page: "",
    })
    .collect()
}

fn finding(
    module: &Module,
    rules: &[RuleMeta],
    rule: &str,
    start: usize,
    length: usize,
) -> Finding {
    let rule = rules.iter().find(|meta| meta.id == rule).unwrap();
    let bytes = (
        u32::try_from(start).unwrap(),
        u32::try_from(start + length).unwrap(),
    );
    remark_finding(
        module,
        rule,
        Remark {
            rule: "",
            message: "Message".to_owned(),
            bytes,
            line: 0,
            mend: None,
        },
    )
}

/// Makes a finding of every `run(` (shell), `eval(`, `set_cookie(` and `execute(` (SQL), and lists what becomes of them.
fn outcome(text: &str, compat: &[&str]) -> String {
    let module = module(text);
    let rules = rules();
    let mut findings = Vec::new();
    for (needle, rule) in [
        ("run(", "subprocess-with-shell"),
        ("eval(", "eval-of-dynamic-code"),
        ("set_cookie(", "cookie-without-secure"),
        ("execute(", "sql-injection"),
    ] {
        for (at, _) in text.match_indices(needle) {
            findings.push(finding(&module, &rules, rule, at, needle.len()));
        }
    }
    let options = SuppressOptions {
        compat: compat.iter().map(|word| word.parse().unwrap()).collect(),
        today: Date::new(2026, 11, 22).unwrap(),
        disabled: BTreeSet::new(),
    };
    suppress(
        std::slice::from_ref(&module),
        &mut findings,
        &rules,
        &options,
    );
    findings.sort_by(|a, b| (&a.location, &a.rule).cmp(&(&b.location, &b.rule)));
    let mut lines = String::new();
    for finding in findings {
        let why = match finding.suppressed {
            None => "open".to_owned(),
            Some(Suppressed::InSource { reason }) => reason.unwrap_or_else(|| "ours".to_owned()),
            Some(Suppressed::Compat { tool }) => tool.to_owned(),
            Some(_) => "other".to_owned(),
        };
        let _ = writeln!(
            lines,
            "{}: {}: {why}",
            finding.location.start.line, finding.rule
        );
    }
    lines
}

#[test]
fn a_comment_holds_for_its_whole_statement() {
    let text = "\
x = wrap(
    run(a),
    b,
)  # hognose: ignore[subprocess-with-shell] checked
run(c)
";
    assert_eq!(
        outcome(text, &[]),
        "2: subprocess-with-shell: checked\n5: subprocess-with-shell: open\n"
    );
}

#[test]
fn a_comment_on_a_head_does_not_hold_for_the_body() {
    let text = "\
if run(a):  # hognose: ignore[subprocess-with-shell] head
    run(b)
elif run(
    c  # hognose: ignore[subprocess-with-shell] other
):
    run(d)
try:
    pass
except eval(e):  # hognose: ignore[eval-of-dynamic-code] odd
    run(f)
";
    assert_eq!(
        outcome(text, &[]),
        "1: subprocess-with-shell: head\n2: subprocess-with-shell: open\n3: subprocess-with-shell: other\n\
         6: subprocess-with-shell: open\n9: eval-of-dynamic-code: odd\n10: subprocess-with-shell: open\n"
    );
}

#[test]
fn decorators_belong_to_the_head() {
    let text = "\
# hognose: ignore[eval-of-dynamic-code] above
@first
@second(eval(a))
def f(x=run(b)):  # hognose: ignore[subprocess-with-shell] at the end
    return eval(c)
";
    assert_eq!(
        outcome(text, &[]),
        "3: eval-of-dynamic-code: above\n4: subprocess-with-shell: at the end\n5: eval-of-dynamic-code: open\n"
    );
}

#[test]
fn comments_are_tokens() {
    let text = "text = '''\nrun(a)  # hognose: ignore[subprocess-with-shell] no\n'''\nrun(b); y = '# nosec'\n";
    assert_eq!(
        outcome(text, &["bandit"]),
        "2: subprocess-with-shell: open\n4: subprocess-with-shell: open\n"
    );
}

#[test]
fn other_tools_comments_count_when_they_are_named() {
    let text = "run(a)  # nosec B602\neval(b)  # noqa: S307\nset_cookie(c)  # nosec\nrun(d)  # nosemgrep: x.y.subprocess-shell-true\n";
    assert_eq!(
        outcome(text, &["bandit", "ruff", "semgrep"]),
        "1: subprocess-with-shell: bandit\n2: eval-of-dynamic-code: ruff\n3: cookie-without-secure: open\n\
         4: subprocess-with-shell: semgrep\n"
    );
    assert!(!outcome(text, &[]).contains("bandit"));
}

#[test]
fn their_comments_hide_the_flow_that_stands_for_their_pattern() {
    // Bandit's B608 is `sql-built-from-strings`, for which `sql-injection` stands where the flow is known.
    let text = "execute(a)  # nosec B608\nexecute(b)  # nosec\nexecute(c)  # nosec B602\nexecute(d)  # noqa: S608\n";
    assert_eq!(
        outcome(text, &["bandit", "ruff"]),
        "1: sql-injection: bandit\n2: sql-injection: bandit\n3: sql-injection: open\n4: sql-injection: ruff\n"
    );
}

#[test]
fn what_is_wrong_with_comments_is_found_and_may_be_suppressed() {
    let text = "\
run(a)  # hognose: ignore[subproces-with-shell] typo
b = 1  # hognose: ignore[eval-of-dynamic-code] stale
run(c)  # hognose: ignore[subprocess-with-shell] old until=2026-01-01
";
    assert_eq!(
        outcome(text, &[]),
        "1: subprocess-with-shell: open\n1: suppression-of-unknown-rule: open\n2: suppression-unused: open\n\
         3: subprocess-with-shell: open\n3: suppression-expired: open\n"
    );
    let accepted = format!("{text}# hognose: ignore-file[suppression-unused] known\n");
    assert!(outcome(&accepted, &[]).contains("2: suppression-unused: known\n"));
}

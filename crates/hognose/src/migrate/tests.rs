use std::fmt::Write as _;

use hognose_finding::{
    Confidence, Fingerprint, Location, Persona, Position, Practice, Severity, Tool,
};
use hognose_python::ir::{Module, Symbol};
use hognose_python::{SourceKind, Text, lower};

use hognose_rules::RuleNames;

use super::*;

/// A finding of a rule at the first `needle` of a line.
fn finding(file: &str, text: &str, rule: &str, line: u32, needle: &str) -> Finding {
    let start: usize = text
        .split_inclusive('\n')
        .take(line as usize - 1)
        .map(str::len)
        .sum();
    let at = start + text[start..].find(needle).unwrap();
    let position = Position { line, column: 1 };
    Finding {
        rule: rule.into(),
        title: "Title".into(),
        message: "Message".to_owned(),
        severity: Severity::Low,
        confidence: Confidence::Low,
        persona: Persona::Regular,
        practice: Practice::Audits,
        cwe: Arc::new([]),
        location: Location {
            file: file.into(),
            start: position,
            end: position,
            bytes: (
                u32::try_from(at).unwrap(),
                u32::try_from(at + needle.len()).unwrap(),
            ),
            cell: None,
        },
        labels: Vec::new(),
        flow: Vec::new(),
        symbol: "".into(),
        in_test: false,
        fix: None,
        fingerprint: Fingerprint::default(),
        suppressed: None,
    }
}

fn module(text: &str) -> Module {
    lower(
        "app.py".into(),
        SourceKind::Module,
        Symbol::from("app"),
        false,
        Text::new(text),
    )
}

fn show(found: &[Suppression]) -> String {
    let mut lines = String::new();
    for one in found {
        let hidden: Vec<String> = one
            .hidden
            .iter()
            .map(|hidden| format!("{}:{}", hidden.line, hidden.rule))
            .collect();
        let scope = one
            .scope
            .as_ref()
            .map(|scope| format!(" ({scope})"))
            .unwrap_or_default();
        let _ = writeln!(
            lines,
            "{}: {} {}{scope}: {} {}",
            one.line,
            one.tool,
            one.id,
            one.verdict.as_str(),
            hidden.join(" ")
        );
    }
    lines.replace(" \n", "\n")
}

#[test]
fn comments() {
    let text = "\
run(a)  # nosec B602
run(b)  # nosec: B307 no eval here
run(
    c,
)  # noqa: S602, E501
import subprocess  # nosec B404
run(d)  # nosec
safe()  # nosec
unrelated()  # noqa
run(e)  # noqa
# ruff: noqa: S307
run(f)  # nosemgrep: x.unheard-of
";
    let findings: Vec<Finding> = [1, 3, 7, 10, 12]
        .into_iter()
        .map(|line| finding("app.py", text, "subprocess-with-shell", line, "run"))
        .collect();
    let found = survey_comments([&module(text)], &findings, &RuleNames::new(&[]));
    assert_eq!(
        show(&found),
        "\
1: bandit B602: proved 1:subprocess-with-shell
2: bandit B307: not seen
5: ruff S602: proved 3:subprocess-with-shell
6: bandit B404: no counterpart
7: bandit : proved 7:subprocess-with-shell
8: bandit : not seen
10: ruff : proved 10:subprocess-with-shell
11: ruff S307 (the whole file): not seen
12: semgrep x.unheard-of: no counterpart
"
    );
    assert_eq!(
        found[0].name,
        Some("subprocess_popen_with_shell_equals_true")
    );
    assert!(found[3].reason.as_ref().unwrap().contains("inventory fact"));
}

fn settings(name: &str, text: &str) -> String {
    let mut lines = String::new();
    for setting in read_settings(name, text).unwrap() {
        let path = setting
            .path
            .map(|path| format!(" {path}"))
            .unwrap_or_default();
        let _ = writeln!(
            lines,
            "{}: {} {}{path}",
            setting.line,
            setting.tool.as_str(),
            setting.id
        );
    }
    lines
}

#[test]
fn toml_settings() {
    let text = "\
[tool.bandit]
skips = [\"B101\", 'B601']

[tool.ruff.lint]
ignore = [
    \"S101\",
    \"E501\",
]

[tool.ruff.lint.per-file-ignores]
\"tests/*\" = [\"S101\", \"S1\"]
";
    assert_eq!(
        settings("pyproject.toml", text),
        "2: bandit B101\n2: bandit B601\n6: ruff S101\n7: ruff E501\n11: ruff S101 tests/*\n11: ruff S1 tests/*\n"
    );
    assert_eq!(
        settings(
            "ruff.toml",
            "lint.ignore = ['S311']\nextend-ignore = ['S110']\n"
        ),
        "1: ruff S311\n2: ruff S110\n"
    );
    assert!(read_settings("pyproject.toml", "[tool").is_err());
    assert_eq!(settings("pyproject.toml", "tool = 3\n"), "");
}

#[test]
fn ini_settings() {
    assert_eq!(
        settings(
            ".bandit",
            "[bandit]\nexclude = tests\nskips: B101,B601 # why\n"
        ),
        "3: bandit B101\n3: bandit B601\n"
    );
    let text = "\
[metadata]
ignore = S999
[flake8]
extend-ignore =
    E501,
    S404
per_file_ignores =
    tests/*: S101 S105
    setup.py: S603
";
    assert_eq!(
        settings("setup.cfg", text),
        "5: ruff E501\n6: ruff S404\n8: ruff S101 tests/*\n8: ruff S105 tests/*\n9: ruff S603 setup.py\n"
    );
}

#[test]
fn yaml_settings() {
    let text = "tests: [B201]\nskips: ['B101', \"B601\"]\nexclude_dirs:\n- B602\nskips:\n  - B110  # why\n\n- B112\nother: B1\n";
    assert_eq!(
        settings("bandit.yaml", text),
        "2: bandit B101\n2: bandit B601\n6: bandit B110\n8: bandit B112\n"
    );
}

#[test]
fn settings_and_findings() {
    let text = "run(a)\n";
    let findings = [
        finding("app.py", text, "subprocess-with-shell", 1, "run"),
        finding("tests/test_app.py", text, "assert-as-guard", 1, "run"),
    ];
    let setting = |tool, id: &str, path: Option<&str>| Setting {
        tool,
        line: 1,
        id: id.to_owned(),
        path: path.map(str::to_owned),
    };
    let found = survey_settings(
        "pyproject.toml",
        &[
            setting(Tool::Bandit, "B602", None),
            setting(Tool::Bandit, "B307", None),
            setting(Tool::Bandit, "B404", None),
            setting(Tool::Ruff, "S101", Some("tests/*")),
            setting(Tool::Ruff, "S101", Some("lib/*")),
            setting(Tool::Ruff, "E501", None),
            setting(Tool::Ruff, "SIM", None),
            setting(Tool::Ruff, "S70", None),
        ],
        &findings,
        &RuleNames::new(&[]),
    );
    assert_eq!(
        show(&found),
        "\
1: bandit B602 (everywhere): proved 1:subprocess-with-shell
1: bandit B307 (everywhere): not seen
1: bandit B404 (everywhere): no counterpart
1: ruff S101 (tests/*): proved 1:assert-as-guard
1: ruff S101 (lib/*): not seen
1: ruff S701 (everywhere): not seen
1: ruff S702 (everywhere): not seen
1: ruff S704 (everywhere): not seen
"
    );
}

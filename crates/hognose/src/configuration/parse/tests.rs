use hognose_finding::{Confidence, Persona, Practice, Severity};

use super::*;

fn rules() -> Vec<RuleMeta> {
    vec![RuleMeta {
        id: "sql-injection".to_owned(),
        title: "SQL assembled from input".to_owned(),
        practice: Practice::Database,
        cwe: vec![89],
        owasp: Vec::new(),
        asvs: Vec::new(),
        severity: Severity::High,
        confidence: Confidence::High,
        persona: Persona::Regular,
        tags: vec!["sql".to_owned()],
        page: "",
    }]
}

fn errors(text: &str) -> String {
    parse(text, "hognose.toml", &[], &rules())
        .unwrap_err()
        .to_string()
}

#[test]
fn every_setting_is_read() {
    let text = r#"
persona = "auditor"
select = ["sql-injection", "database", "CWE-89", "sql"]
ignore = []
min-severity = "medium"
min-confidence = "high"
fail-on = "never"
strict = true
format = "sarif"
include = ["src/**"]
exclude = ["vendor"]
default-excludes = false
respect-gitignore = false
source-roots = ["src"]
test-paths = ["spec/**"]
sources = ["remote", "database"]
models = ["security/models.toml"]
compat = ["bandit", "ruff"]
baseline = "accepted.json"
threads = 4

[rules.sql-injection]
severity = "low"
disable = true

[[ignore-path]]
path = "legacy/**"
rules = ["CWE-89"]
reason = "rewritten next year"
until = 2027-01-31

[[ignore-advisory]]
id = "CVE-2020-14343"
package = "PyYAML"
reason = "our own files"
owner = "platform"
until = 2027-01-31
until-fixed = true
even-if-used = true
"#;
    let found = parse(text, "hognose.toml", &[], &rules()).unwrap().unwrap();
    assert_eq!(
        found.persona,
        Setting {
            value: Persona::Auditor,
            origin: Origin::File(2)
        }
    );
    assert_eq!(found.select.value.len(), 4);
    assert_eq!(found.ignore.origin, Origin::File(4));
    assert_eq!(
        found.threads,
        Setting {
            value: 4,
            origin: Origin::File(20)
        }
    );
    let rule = &found.rules["sql-injection"];
    assert_eq!(
        rule.value,
        RuleSettings {
            severity: Some(Severity::Low),
            disable: true
        }
    );
    assert_eq!(rule.origin, Origin::File(22));
    assert_eq!(
        found.ignore_paths,
        [PathSuppression {
            path: "legacy/**".to_owned(),
            rules: vec![Selector::Cwe(89)],
            reason: Some("rewritten next year".to_owned()),
            until: Some((2027, 1, 31)),
            line: 26,
        }]
    );
    assert_eq!(
        found.ignore_advisories,
        [AcceptedAdvisory {
            id: "CVE-2020-14343".to_owned(),
            package: Some("PyYAML".to_owned()),
            reason: Some("our own files".to_owned()),
            owner: Some("platform".to_owned()),
            until: Some((2027, 1, 31)),
            until_fixed: true,
            even_if_used: true,
            line: 32,
        }]
    );
    // No key is without a place in the configuration: `apply` would have said so.
    let written = toml::from_str::<toml::Table>(text).unwrap();
    assert!(
        KEYS.iter().all(|k| written.contains_key(k.name)),
        "a key is missing in this test"
    );
}

#[test]
fn a_project_file_without_our_table_says_nothing() {
    assert_eq!(
        parse(
            "[tool.other]\nx = 1\n",
            "pyproject.toml",
            &["tool", "hognose"],
            &rules()
        ),
        Ok(None)
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let text = "persna = \"auditor\"\nmin_severity = \"hihg\"\nmin-severity = \"hihg\"\nselect = \"sql\"\n\
                ignore = [\"sql\", \"sqi-injection\"]\nthreads = 1000\nstrict = 1\nexclude = [\"a[\"]\nfrobnicate = 1\n";
    assert_eq!(
        errors(text),
        "hognose.toml:1:1: unknown key `persna`; did you mean `persona`?
  |
1 | persna = \"auditor\"
  | ^^^^^^

error: hognose.toml:2:1: unknown key `min_severity`; did you mean `min-severity`?
  |
2 | min_severity = \"hihg\"
  | ^^^^^^^^^^^^

error: hognose.toml:3:16: `hihg` is no value of `min-severity`; did you mean `high`?
  |
3 | min-severity = \"hihg\"
  |                ^^^^^^

error: hognose.toml:4:10: `select` must be a list of strings, not a string
  |
4 | select = \"sql\"
  |          ^^^^^

error: hognose.toml:5:18: `sqi-injection` is no rule, practice, CWE or tag; did you mean `sql-injection`?
  |
5 | ignore = [\"sql\", \"sqi-injection\"]
  |                  ^^^^^^^^^^^^^^^

error: hognose.toml:6:11: `threads` must be a whole number from 0 to 256
  |
6 | threads = 1000
  |           ^^^^

error: hognose.toml:7:10: `strict` must be true or false, not a number
  |
7 | strict = 1
  |          ^

error: hognose.toml:8:12: `a[` is no pattern: unclosed character class; missing ']'
  |
8 | exclude = [\"a[\"]
  |            ^^^^

error: hognose.toml:9:1: unknown key `frobnicate`; the keys here are persona, select, ignore, min-severity, \
min-confidence, fail-on, strict, format, include, exclude, default-excludes, respect-gitignore, source-roots, \
test-paths, sources, models, compat, baseline, threads, rules, ignore-path, ignore-advisory
  |
9 | frobnicate = 1
  | ^^^^^^^^^^"
    );
}

#[test]
fn mistakes_in_tables_are_told_with_their_place() {
    let text = "[rules.sql-injektion]\ndisable = true\n[rules.sql-injection]\nseverity = \"grave\"\n\
                [[ignore-path]]\npath = \"a\"\nuntil = \"soon\"\n";
    assert_eq!(
        errors(text),
        "hognose.toml:1:8: there is no rule `sql-injektion`; did you mean `sql-injection`?
  |
1 | [rules.sql-injektion]
  |        ^^^^^^^^^^^^^

error: hognose.toml:4:12: `grave` is no value of `severity`; it is one of low, medium, high, critical
  |
4 | severity = \"grave\"
  |            ^^^^^^^

error: hognose.toml:5:1: `rules` is missing in this `ignore-path`
  |
5 | [[ignore-path]]
  | ^^^^^^^^^^^^^^^

error: hognose.toml:7:9: `until` must be a date such as 2027-01-31
  |
7 | until = \"soon\"
  |         ^^^^^^"
    );
}

#[test]
fn text_that_is_no_toml_is_told_with_its_place() {
    assert!(
        errors("\u{e9} = 1\npersona = \n").starts_with("hognose.toml:1:1: "),
        "{}",
        errors("\u{e9} = 1")
    );
    assert!(
        errors("persona = \n").starts_with("hognose.toml:1:"),
        "{}",
        errors("persona = \n")
    );
}

#[test]
fn every_format_can_be_configured() {
    let formats: Vec<_> = crate::output::Format::ALL
        .iter()
        .map(|f| f.as_str())
        .collect();
    assert_eq!(super::super::keys::FORMATS, formats);
}

#[test]
fn of_a_long_line_only_a_part_is_shown() {
    let text = format!("exclude = [{}1]\n", "\"a\", ".repeat(100));
    let text = errors(&text);
    let [head, _, excerpt, carets] = text.lines().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(
        head,
        "hognose.toml:1:512: `exclude` must hold nothing but strings"
    );
    assert_eq!(excerpt.chars().count(), 4 + MAX_BEFORE + 2);
    assert_eq!(carets.chars().count(), 4 + MAX_BEFORE + 1);
    // The place at the very end of a line as long as the bound.
    assert!(errors(&format!("{} = ", "a".repeat(MAX_EXCERPT - 3))).contains('^'));
}

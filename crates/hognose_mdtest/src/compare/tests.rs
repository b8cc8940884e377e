use super::*;
use crate::{Suite, Vocabulary};

fn section(text: &str) -> Section {
    let vocabulary = Vocabulary::findings().every("reveals").asked("callee");
    Suite::parse("rule.md", text, &vocabulary)
        .unwrap()
        .sections()[0]
        .clone()
}

fn compare(code: &str, observed: &[Observed]) -> String {
    let result = section(&format!(
        "## Vulnerable\n\n```python title=\"a.py\"\n{code}\n```\n"
    ))
    .compare(observed);
    result.map_or_else(|report| report.to_string(), |()| String::new())
}

fn headlines(report: &str) -> Vec<&str> {
    report
        .lines()
        .filter_map(|line| line.strip_prefix("error: "))
        .collect()
}

fn at(line: usize, id: &str) -> Observed {
    Observed::finding("a.py", line, id, format!("{id} of x"))
}

#[test]
fn everything_as_expected() {
    let code = "x = g()  # source\nf(x)  # finding: 3 [a] \"of x\"\nh(x)  # missed: [a]\nk()  # spurious: [b, c]\nx";
    let observed = [
        at(4, "c"),
        at(4, "b"),
        at(2, "a").at_column(3).with_source("a.py", 1),
    ];
    assert_eq!(compare(code, &observed), "");
    assert_eq!(compare("plain", &[]), "");
}

#[test]
fn nothing_came() {
    assert_eq!(
        compare("x\nf(x)  # finding: 3 [a] \"part\"", &[]),
        "\
error: `a` was expected here and not reported
 --> rule.md:5 (a.py:2)
  |
5 | f(x)  # finding: 3 [a] \"part\"
  |   ^
  = expected: column 3, a message with \"part\"
"
    );
}

#[test]
fn unexpected_with_its_flow() {
    assert_eq!(
        compare(
            "x = 1\n\tf(x)",
            &[at(2, "a").at_column(2).with_source("a.py", 1)]
        ),
        "\
error: unexpected `a`: a of x
 --> rule.md:5 (a.py:2)
  |
5 | \tf(x)
  | \t^
  = its flow starts at line 4 (a.py:1)
  = mark the line `finding: [a]` if it is right, `spurious: [a]` if it is a known error
"
    );
}

#[test]
fn another_message_or_column_is_one_complaint() {
    assert_eq!(
        compare(
            "f(x)  # finding: 1 [a] \"of y\"",
            &[at(1, "a").at_column(3)]
        ),
        "\
error: `a` was reported here, but not as expected
 --> rule.md:4 (a.py:1)
  |
4 | f(x)  # finding: 1 [a] \"of y\"
  |   ^
  = expected: column 1, a message with \"of y\"
  = reported: column 3, a of x
"
    );
    // Without a column in the result, none is met.
    assert_eq!(
        compare("f(x)  # finding: 1 [a]", &[at(1, "a")])
            .lines()
            .skip(5)
            .collect::<Vec<_>>(),
        ["  = expected: column 1", "  = reported: a of x"]
    );
}

#[test]
fn another_line() {
    let report = compare("f(x)  # finding: [a]\n\n\nf(x)", &[at(4, "a")]);
    assert!(
        report.contains("= it was reported at line 7 (a.py:4), where it was not expected"),
        "{report}"
    );
    assert_eq!(
        headlines(&report),
        [
            "`a` was expected here and not reported",
            "unexpected `a`: a of x"
        ]
    );
}

#[test]
fn another_rule() {
    let report = compare("f(x)  # finding: [a]", &[at(1, "b")]);
    assert_eq!(
        headlines(&report),
        [
            "`a` was expected here and not reported",
            "unexpected `b`: b of x"
        ]
    );
}

#[test]
fn a_missed_finding_is_found() {
    assert_eq!(
        compare("f(x)  # missed: [a]", &[at(1, "a")]),
        "\
error: `a` is found here now: a of x
 --> rule.md:4 (a.py:1)
  |
4 | f(x)  # missed: [a]
  |
  = the false negative is mended: turn this `missed` into `finding`
"
    );
    assert_eq!(
        compare("f(x)  # finding: [a]  # missed: [a]", &[at(1, "a")]),
        ""
    );
    assert_eq!(
        headlines(&compare("f(x)  # missed: [a]", &[at(1, "b")])),
        ["unexpected `b`: b of x"]
    );
}

#[test]
fn a_spurious_finding_vanishes() {
    assert_eq!(
        compare("f(x)  # spurious: [a]", &[]),
        "\
error: `a` is no longer reported here
 --> rule.md:4 (a.py:1)
  |
4 | f(x)  # spurious: [a]
  |
  = the false positive is mended: delete this `spurious`
"
    );
}

#[test]
fn a_flow_starts_elsewhere() {
    let code = "x = g()  # source\ny = g()\nf(x, y)  # finding: [a]";
    assert_eq!(
        compare(code, &[at(3, "a").with_source("a.py", 2)]),
        "\
error: no finding has a flow that starts here
 --> rule.md:4 (a.py:1)
  |
4 | x = g()  # source
  |
  = the flow to `a` at line 6 (a.py:3) starts at line 5 (a.py:2)
"
    );
    let code = "x = g()  # source: [b]\nf(x)  # finding: [a]";
    let report = compare(code, &[at(2, "a").with_source("a.py", 1)]);
    assert_eq!(
        headlines(&report),
        ["no finding of `b` has a flow that starts here"]
    );
    assert_eq!(
        headlines(&compare("x = g()  # source", &[])),
        ["no finding has a flow that starts here"]
    );
}

#[test]
fn results_are_counted() {
    assert_eq!(
        compare("f(x)  # finding: [a, a]", &[at(1, "a"), at(1, "a")]),
        ""
    );
    assert_eq!(
        headlines(&compare("f(x)  # finding: [a]", &[at(1, "a"), at(1, "a")])),
        ["unexpected `a`: a of x"]
    );
    let report = compare("f(x)  # finding: [a, a]", &[at(1, "a")]);
    assert_eq!(
        headlines(&report),
        ["`a` was expected here and not reported"]
    );
}

#[test]
fn a_loose_expectation_steals_nothing_from_a_strict_one() {
    let message = |message: &str| Observed::finding("a.py", 1, "a", message);
    let observed = [message("alpha"), message("alpha beta"), message("beta")];
    for code in [
        "f()  # finding: [a]  # finding: [a] \"alpha\"  # finding: [a] \"beta\"",
        "f()  # finding: [a] \"beta\"  # finding: [a] \"alpha\"  # finding: [a] \"alpha beta\"",
    ] {
        assert_eq!(compare(code, &observed), "");
    }
}

#[test]
fn words_of_the_caller() {
    let text = |word, line, text| Observed::text(word, "a.py", line, text);
    let code = "r(x)  # reveals: int\nr(y)  # reveals: str\nr(z)\nf()  # callee: m.f\ng()";
    let calls = [text("callee", 4, "m.f"), text("callee", 5, "m.g")];
    let mut observed = vec![
        text("reveals", 1, "int"),
        text("reveals", 2, "str | None"),
        text("reveals", 3, "X"),
    ];
    observed.extend(calls);
    assert_eq!(
        compare(code, &observed),
        "\
error: `reveals` was reported here, but not as expected
 --> rule.md:5 (a.py:2)
  |
5 | r(y)  # reveals: str
  |
  = expected: str
  = reported: str | None

error: unexpected `reveals`: X
 --> rule.md:6 (a.py:3)
  |
6 | r(z)
  |
  = mark the line `reveals: X` if it is right
"
    );
    let report = compare(
        "f()  # callee: m.f",
        &[text("callee", 1, "m.f"), text("callee", 1, "m.g")],
    );
    assert_eq!(headlines(&report), ["unexpected `callee`: m.g"]);
    assert_eq!(
        headlines(&compare("f()  # callee: f", &[])),
        ["`callee` was expected here and not reported"]
    );
}

#[test]
fn complaints_follow_the_page_across_files() {
    let text = "\
## Two files

```python title=\"b.py\"
x  # finding: [late]
```

```python title=\"a.py\"
y
z  # finding: [a]
```
";
    let observed = [
        at(1, "unexpected"),
        Observed::finding("nowhere.py", 3, "lost", "no such file"),
        Observed::finding("b.py", 9, "eof", "past the end"),
        Observed::finding("b.py", 0, "zero", "before the start"),
    ];
    assert_eq!(
        section(text).compare(&observed).unwrap_err().to_string(),
        "\
error: unexpected `lost`: no such file
 --> rule.md:3 (no file of this section: nowhere.py:3)
  = mark the line `finding: [lost]` if it is right, `spurious: [lost]` if it is a known error

error: `late` was expected here and not reported
 --> rule.md:4 (b.py:1)
  |
4 | x  # finding: [late]
  |

error: unexpected `zero`: before the start
 --> rule.md:4 (b.py:0)
  = mark the line `finding: [zero]` if it is right, `spurious: [zero]` if it is a known error

error: unexpected `eof`: past the end
 --> rule.md:4 (b.py:9)
  = mark the line `finding: [eof]` if it is right, `spurious: [eof]` if it is a known error

error: unexpected `unexpected`: unexpected of x
 --> rule.md:8 (a.py:1)
  |
8 | y
  |
  = mark the line `finding: [unexpected]` if it is right, `spurious: [unexpected]` if it is a known error

error: `a` was expected here and not reported
 --> rule.md:9 (a.py:2)
  |
9 | z  # finding: [a]
  |
"
    );
}

#[test]
fn joined_blocks_are_told_by_their_lines_in_the_page() {
    let text = "\n```python\nx\n```\n\nProse.\n\n```python\ny\n```\n";
    let report = section(text)
        .compare(&[Observed::finding("main.py", 3, "a", "m")])
        .unwrap_err();
    assert_eq!(report.complaints[0].line, 9);
    assert!(report.to_string().contains(" --> rule.md:9 (main.py:3)\n"));
}

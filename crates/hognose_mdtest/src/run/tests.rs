use super::*;

const PAGE: &str = "\
# Rule

## Good

```python
x  # finding: [a]
```

## Isn't

```python
y
```

## Panics

```python
z
```
";

fn suite() -> Suite {
    Suite::parse("rule.md", PAGE, &Vocabulary::findings()).unwrap()
}

/// Reports `a` for the first line of every project, and panics where there is a `z`.
fn audit(section: &Section) -> Vec<Observed> {
    assert!(!section.files[0].text.contains('z'), "met a z");
    vec![Observed::finding("main.py", 1, "a", "m")]
}

#[test]
fn the_summary_names_every_failure() {
    let outcome = run_suites(&[suite()], None, audit);
    assert_eq!(
        outcome.to_string(),
        r"---- rule.md > Rule > Isn't

error: unexpected `a`: m
  --> rule.md:12 (main.py:1)
   |
12 | y
   |
   = mark the line `finding: [a]` if it is right, `spurious: [a]` if it is a known error

rerun: HOGNOSE_MDTEST='rule.md > Rule > Isn'\''t' cargo test

---- rule.md > Rule > Panics

error: the analysis panicked: met a z
  --> rule.md:17

rerun: HOGNOSE_MDTEST='rule.md > Rule > Panics' cargo test

failed: rule.md > Rule > Isn't
failed: rule.md > Rule > Panics
1 passed, 2 failed, 0 filtered out"
    );
}

#[test]
fn the_filter_is_a_substring_of_the_name() {
    let outcome = run_suites(&[suite()], Some("Rule > Good"), audit);
    assert_eq!(
        (outcome.passed, outcome.failures.len(), outcome.skipped),
        (1, 0, 2)
    );
    let outcome = run_suites(&[suite()], Some("nothing like it"), audit);
    assert_eq!(
        (outcome.passed, outcome.failures.len(), outcome.skipped),
        (0, 0, 3)
    );
}

#[test]
fn many_sections_keep_their_order() {
    let text: String = (0..200)
        .map(|n| format!("# {n}\n```python\nx\n```\n"))
        .collect();
    let suite = Suite::parse("many.md", &text, &Vocabulary::findings()).unwrap();
    let outcome = run_suites(&[suite], None, audit);
    let names: Vec<&str> = outcome
        .failures
        .iter()
        .map(|failure| failure.name.as_str())
        .collect();
    let expected: Vec<String> = (0..200).map(|n| format!("many.md > {n}")).collect();
    assert_eq!(names, expected);
}

#[test]
fn the_example_of_the_manual_is_a_suite() {
    let manual = include_str!("../../README.md");
    let (_, example) = manual.split_once("````markdown\n").unwrap();
    let (example, _) = example.split_once("````\n").unwrap();
    let suite = Suite::parse("example.md", example, &Vocabulary::findings()).unwrap();
    assert_eq!(
        suite.counts(),
        crate::Counts {
            findings: 1,
            look_alikes: 1
        }
    );
    let audit = |section: &Section| match section.title_path.last().unwrap().as_str() {
        "Vulnerable" => {
            let finding = Observed::finding("shop/views.py", 2, "open-redirect", "m");
            vec![finding.with_source("shop/views.py", 1)]
        }
        _ => vec![],
    };
    assert_eq!(run_suites(&[suite], None, audit).passed, 2);
}

#[test]
fn files_that_are_no_suite_fail() {
    let directory = std::env::temp_dir().join(format!("hognose_mdtest-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("deep")).unwrap();
    std::fs::write(directory.join("deep/b.md"), "```python\nx\n").unwrap();
    std::fs::write(directory.join("a.md"), PAGE).unwrap();
    std::fs::write(directory.join("latin.md"), b"\xff").unwrap();
    std::fs::write(directory.join("c.txt"), "no Markdown").unwrap();
    let paths = markdown_files(&directory).unwrap();
    let all = run(&paths, None, &Vocabulary::findings(), audit);
    let one = run(&paths, Some("Good"), &Vocabulary::findings(), audit);
    let panic = catch_unwind(|| check(directory.join("c.txt"), &Vocabulary::findings(), audit))
        .unwrap_err();
    std::fs::remove_dir_all(&directory).unwrap();

    let names: Vec<&str> = paths
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["a.md", "b.md", "latin.md"]);
    assert_eq!((all.passed, all.failures.len()), (1, 4));
    assert!(
        all.failures[0]
            .text
            .starts_with("error: this fence is never closed\n")
    );
    assert!(
        all.failures[1]
            .text
            .starts_with("error: stream did not contain valid UTF-8\n")
    );
    assert_eq!((one.passed, one.failures.len(), one.skipped), (1, 0, 2));
    assert!(panic_message(&*panic).starts_with("no Markdown tests in "));
}

#[test]
fn a_file_that_is_missing_fails() {
    let outcome = run(&["no/such.md"], None, &Vocabulary::findings(), audit);
    assert_eq!(outcome.failures[0].name, "no/such.md");
}

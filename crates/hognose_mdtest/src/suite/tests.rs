use super::*;

fn parse(text: &str) -> Suite {
    Suite::parse("page.md", text, &Vocabulary::findings()).unwrap()
}

fn errors(text: &str) -> Vec<String> {
    let errors = Suite::parse("page.md", text, &Vocabulary::findings()).unwrap_err();
    errors
        .iter()
        .map(|error| format!("{}: {}", error.line, error.message))
        .collect()
}

/// Each section as its name, then its files with the Markdown line of each of their lines.
fn outline(suite: &Suite) -> String {
    let mut outline = String::new();
    for section in suite.sections() {
        outline += &format!("{}\n", section.name());
        for file in &section.files {
            outline += &format!("  {} ({})\n", file.name, file.lang);
            for (number, line) in (1..).zip(file.text.lines()) {
                outline += &format!("    {}|{line}\n", file.markdown_line(number));
            }
        }
    }
    outline
}

const PAGE: &str = r#"# rule

Prose.

```console
$ hognose check
```

## Vulnerable `x`

```python title="shop/views.py"
import os

os.system(x)  # finding: [command]
```

And a template:

```html title="shop/templates/a.html"
<p>{{ x }}</p>
```

## Safe
### Joined

```python
import os
```

The same file goes on:

```python
print(os)
```

~~~~toml title="pyproject.toml"
[project]
~~~~
"#;

#[test]
fn a_section_is_a_project() {
    assert_eq!(
        outline(&parse(PAGE)),
        "\
page.md > rule > Vulnerable x
  shop/views.py (python)
    12|import os
    13|
    14|os.system(x)  # finding: [command]
  shop/templates/a.html (html)
    20|<p>{{ x }}</p>
page.md > rule > Safe > Joined
  main.py (python)
    27|import os
    28|
    33|print(os)
  pyproject.toml (toml)
    37|[project]
"
    );
}

#[test]
fn line_ends_and_byte_order_mark_change_nothing() {
    let unix = parse(PAGE);
    for text in [
        PAGE.replace('\n', "\r\n"),
        PAGE.replace('\n', "\r"),
        format!("\u{feff}{PAGE}"),
    ] {
        let other = parse(&text);
        assert_eq!(outline(&other), outline(&unix));
        assert_eq!(
            other.sections()[0].expectations,
            unix.sections()[0].expectations
        );
        assert!(!other.sections()[1].files[0].text.contains('\r'));
    }
}

#[test]
fn counts_findings_and_look_alikes() {
    assert_eq!(
        parse(PAGE).counts(),
        Counts {
            findings: 1,
            look_alikes: 1
        }
    );
    let spurious = parse("```python\nx  # spurious: [a]\ny  # source\n```\n");
    assert_eq!(
        spurious.counts(),
        Counts {
            findings: 0,
            look_alikes: 0
        }
    );
    let several = parse("```python\nx  # finding: [a, b]\n# finding: [c]\ny\n```\n");
    assert_eq!(
        several.counts(),
        Counts {
            findings: 3,
            look_alikes: 0
        }
    );
    assert_eq!(parse("only prose").counts(), Counts::default());
}

#[test]
fn headings_group_whatever_their_levels() {
    let text = "\
```python
top
```
### Deep
```python
a
```
Underlined
==========
```python
b
```
## Under
```python
c
```
# Next
```python
d
```
";
    let names: Vec<String> = parse(text).sections().iter().map(Section::name).collect();
    let expected = [
        "page.md",
        "page.md > Deep",
        "page.md > Underlined",
        "page.md > Underlined > Under",
        "page.md > Next",
    ];
    assert_eq!(names, expected);
}

#[test]
fn configuration_is_inherited_and_replaced() {
    let config = |text| format!("```toml title=\"hognose.toml\"\n{text}\n```\n");
    let code = "```python\nx\n```\n";
    let text = format!(
        "{}# A\n{code}## B\n{code}{}### C\n{code}## D\n{code}",
        config("root = 1"),
        config("b = 2")
    );
    let suite = parse(&text);
    let configs: Vec<_> = suite
        .sections()
        .iter()
        .map(|s| s.config.as_deref().unwrap().trim())
        .collect();
    assert_eq!(configs, ["root = 1", "b = 2", "b = 2", "root = 1"]);
    assert!(
        suite
            .sections()
            .iter()
            .all(|section| section.file(CONFIGURATION).is_none())
    );
    assert_eq!(parse(code).sections()[0].config, None);
}

#[test]
fn blocks_in_quotes_and_lists_keep_their_lines() {
    let text = "\
- item

  ```python title=\"a.py\"
  if x:
      y

  ```

> quoted
>
> ```python title=\"b.py\"
> z
> ```

1. nested
   - deeper
     ````text title=\"c.txt\"
     ```
     ````
";
    assert_eq!(
        outline(&parse(text)),
        "\
page.md
  a.py (python)
    4|if x:
    5|    y
    6|
  b.py (python)
    12|z
  c.txt (text)
    18|```
"
    );
}

#[test]
fn comments_and_indented_code_are_no_files() {
    let text = "<!--\n```python\nx  # finding: [a]\n```\n-->\n\n    import os\n\nDone `x  # finding: [a]`.\n";
    assert!(parse(text).sections().is_empty());
}

#[test]
fn a_block_without_a_language_may_be_a_file() {
    let suite =
        parse("``` title=\"requirements.txt\"\nflask==1\n```\n```Python\nx\n```\n```py\ny\n```\n");
    assert_eq!(
        outline(&suite),
        "page.md\n  requirements.txt ()\n    2|flask==1\n  main.py (python)\n    5|x\n    6|\n    8|y\n"
    );
}

#[test]
fn an_empty_file_is_a_file() {
    let suite = parse("# A\n\n```python title=\"pkg/__init__.py\"\n```\n");
    let file = suite.sections()[0].file("pkg/__init__.py").unwrap();
    assert_eq!(
        (
            file.text.as_str(),
            file.markdown_line(1),
            file.markdown_line(9)
        ),
        ("", 3, 3)
    );
}

#[test]
fn lines_outside_of_a_file_are_clamped() {
    let suite = parse("```python\nx\ny\n```\n");
    let file = &suite.sections()[0].files[0];
    assert_eq!(
        [0, 1, 2, 3, usize::MAX].map(|line| file.markdown_line(line)),
        [2, 2, 3, 3, 3]
    );
}

#[test]
fn names_that_clash() {
    let block = |info: &str| format!("```{info}\nx\n```\n");
    let twice = "python title=\"a.py\"";
    assert_eq!(
        errors(&(block(twice) + &block(twice))),
        ["4: the section already has a file `a.py` on line 1"]
    );
    assert_eq!(
        errors(&(block("python") + &block("python title=\"main.py\""))),
        ["4: the section already has a file `main.py` on line 1 (untitled blocks are one)"]
    );
    assert_eq!(
        errors(&(block("python title=\"main.py\"") + &block("python"))),
        ["4: the section already has a file `main.py` on line 1 (untitled blocks are one)"]
    );
    let config = "toml title=\"hognose.toml\"";
    assert_eq!(
        errors(&(block(config) + &block(config))),
        ["4: the section already has a `hognose.toml`"]
    );
    assert_eq!(
        parse(&(block(twice) + "# Other\n" + &block(twice)))
            .sections()
            .len(),
        2
    );
}

#[test]
fn titles_that_are_no_path_inside_the_project() {
    for title in [
        "",
        "/etc/passwd",
        "../a.py",
        "a/../b.py",
        "a//b.py",
        "./a.py",
        "a\\\\b.py",
        "C:/a.py",
        "a/",
        " a.py",
    ] {
        let errors = errors(&format!("```python title=\"{title}\"\nx\n```\n"));
        assert!(
            errors[0].ends_with("is no path inside the project"),
            "{errors:?}"
        );
    }
}

#[test]
fn info_strings_that_are_not_understood() {
    let last = "1: write the title last and in quotation marks: `title=\"shop/views.py\"`";
    for info in [
        "python title=a.py",
        "python title=\"a.py",
        "python title=\"a.py\" x=\"y\"",
        "python title='a.py'",
    ] {
        assert_eq!(errors(&format!("```{info}\nx\n```\n")), [last]);
    }
    for info in ["titel=\"a.py\"", "title = \"a.py\"", "linenums"] {
        let expected =
            format!("1: `{info}` is not understood; a file is named by `title=\"shop/views.py\"`");
        assert_eq!(errors(&format!("```python {info}\nx\n```\n")), [expected]);
    }
    assert!(errors("```html titel=\"a.html\"\nx\n```\n")[0].contains("is not understood"));
    assert!(parse("```console linenums\nx\n```\n").sections().is_empty());
}

#[test]
fn a_fence_that_is_never_closed() {
    let message = "this fence is never closed";
    assert_eq!(errors("```python\nx\n"), [format!("1: {message}")]);
    assert_eq!(
        errors("# A\n````python\nx\n```\n# B\n"),
        [format!("2: {message}")]
    );
    assert_eq!(errors("```python"), [format!("1: {message}")]);
    assert_eq!(
        errors("- ```python\n  x\n\n# B\n"),
        [format!("1: {message}")]
    );
    assert_eq!(errors("~~~python\nx\n```\n"), [format!("1: {message}")]);
}

#[test]
fn expectations_that_nothing_compares() {
    let message = "this block is no file, so nothing compares its expectations: give it a title";
    assert_eq!(
        errors("```text\nx\ny  # missed: [a]\n```\n"),
        [format!("3: {message}")]
    );
    assert_eq!(errors("    x  # finding: [a]\n"), [format!("1: {message}")]);
    assert_eq!(
        errors("```toml title=\"hognose.toml\"\nx = 1  # finding: [a]\n```\n"),
        ["2: the configuration has no expectations"]
    );
    assert!(parse("```console\n# source\n```\n").sections().is_empty());
}

#[test]
fn all_errors_come_in_order() {
    let text = "```python\nx  # finding: nothing\n```\n```python title=\"/a\"\n```\n```python\n# source\n```\n";
    let message =
        "write `finding: [rule-id]`, a column before or a quoted message part after it if wanted";
    assert_eq!(
        errors(text),
        [
            format!("2: {message}"),
            "4: `/a` is no path inside the project".to_owned(),
            "7: no line of code follows this `source`".to_owned(),
        ]
    );
    let error = ParseError {
        path: "a.md".to_owned(),
        line: 3,
        message: "wrong".to_owned(),
    };
    assert_eq!(error.to_string(), "error: wrong\n  --> a.md:3");
}

#[test]
fn hostile_markdown_does_not_panic() {
    let pieces = [
        "```", "~~~~", "# ", "> ", "- ", "\t", "\n", "\r\n", "\r", "title=\"", "python", "{#",
        "<!--", "-->", "finding:", "[", "\"", "é\u{0}", " source",
    ];
    let mut state = 7_u64;
    for _ in 0..4000 {
        let mut text = String::new();
        for _ in 0..24 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text += pieces[(state >> 33) as usize % pieces.len()];
        }
        if let Ok(suite) = Suite::parse("page.md", &text, &Vocabulary::findings()) {
            let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count();
            for file in suite.sections().iter().flat_map(|section| &section.files) {
                assert_eq!(file.lines.len(), file.text.lines().count(), "{text:?}");
                assert!(
                    file.lines.iter().all(|line| (1..=lines).contains(line)),
                    "{text:?}"
                );
            }
        }
    }
}

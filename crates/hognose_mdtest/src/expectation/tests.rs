use super::*;
use crate::suite::Suite;

fn vocabulary() -> Vocabulary {
    Vocabulary::findings().every("reveals").asked("callee")
}

/// Each expectation of a file as `line word column ids text`.
fn read_as(lang: &str, text: &str) -> Vec<String> {
    let page = format!("```{lang} title=\"file\"\n{text}\n```\n");
    let suite = Suite::parse("page.md", &page, &vocabulary()).unwrap();
    let show = |e: &Expectation| {
        let column = e
            .column
            .map_or(String::new(), |column| format!(" {column}"));
        let text = e
            .text
            .as_ref()
            .map_or(String::new(), |text| format!(" {text:?}"));
        format!("{} {}{column} {}{text}", e.line, e.word, e.ids.join("+"))
            .trim_end()
            .to_owned()
    };
    suite.sections()[0].expectations.iter().map(show).collect()
}

fn read(text: &str) -> Vec<String> {
    read_as("python", text)
}

fn error(text: &str) -> String {
    let page = format!("```python\n{text}\n```\n");
    Suite::parse("page.md", &page, &vocabulary())
        .unwrap_err()
        .remove(0)
        .message
}

#[test]
fn the_forms_of_a_finding() {
    assert_eq!(read("f()  # finding: [a-b]"), ["1 finding a-b"]);
    assert_eq!(read("f()  #finding:[a , b]"), ["1 finding a+b"]);
    assert_eq!(read("f()  # finding: 8 [a]"), ["1 finding 8 a"]);
    assert_eq!(
        read("f()  # finding: 8 [a] \"part\""),
        ["1 finding 8 a \"part\""]
    );
    assert_eq!(
        read(r#"f()  # finding: [a] "a \"b\" \\c""#),
        [r#"1 finding a "a \"b\" \\c""#]
    );
    assert_eq!(read("f()  # missed: [a]"), ["1 missed a"]);
    assert_eq!(read("f()  # spurious: 3 [a, a]"), ["1 spurious 3 a+a"]);
}

#[test]
fn prose_is_ignored_even_when_it_begins_with_a_quotation() {
    assert_eq!(
        read("f()  # finding: [a] because of \"x\""),
        ["1 finding a"]
    );
    assert_eq!(
        read(r#"f()  # finding: [a] "//evil.example" is another host"#),
        ["1 finding a"]
    );
    assert_eq!(
        read(r#"f()  # finding: [a] "/\\evil.example" has no netloc either"#),
        ["1 finding a"]
    );
    assert_eq!(read("f()  # missed: [a] (#12: see there)"), ["1 missed a"]);
}

#[test]
fn sources() {
    assert_eq!(read("x = g()  # source"), ["1 source"]);
    assert_eq!(read("x = g()  # source: the query string"), ["1 source"]);
    assert_eq!(read("x = g()  # source: [a] of the first"), ["1 source a"]);
    assert_eq!(
        read("f(g())  # source  # finding: [a]"),
        ["1 source", "1 finding a"]
    );
    assert_eq!(
        read("f(g())  # finding: [a] # source"),
        ["1 finding a", "1 source"]
    );
    for comment in [
        "# source of it",
        "#source",
        "# sources",
        "# the source",
        "# Source",
    ] {
        assert!(read(&format!("x = 1  {comment}")).is_empty(), "{comment}");
    }
}

#[test]
fn words_of_the_caller() {
    assert_eq!(
        read("f(x)  # reveals: list[int] # 1"),
        ["1 reveals  \"list[int] # 1\""]
    );
    assert_eq!(
        read("f(x)  # reveals: 'a'  # callee: m.f  # finding: [a]").len(),
        3
    );
    assert_eq!(error("f(x)  # reveals:"), "`reveals:` needs a text");
    let unknown = Suite::parse(
        "page.md",
        "```python\nx  # finding: [a]\n```\n",
        &Vocabulary::default(),
    );
    assert!(unknown.unwrap().sections()[0].expectations.is_empty());
    assert_eq!(vocabulary().kind("reveals"), Some(Kind::Text));
    assert_eq!(vocabulary().kind("other"), None);
}

#[test]
fn a_comment_alone_speaks_of_the_next_line_of_code() {
    let text = "\
# finding: [a] of the next line
    # source

# an ordinary comment
f(x)  # missed: [b]
# hognose: ignore[x]  # finding: [c]
g(x)";
    assert_eq!(
        read(text),
        ["5 finding a", "5 source", "5 missed b", "6 finding c"]
    );
    assert_eq!(
        error("f(x)\n# finding: [a]\n# only a comment"),
        "no line of code follows this `finding`"
    );
}

#[test]
fn templates() {
    let text = "\
<!-- finding: [a] -->
<!-- prose -->
{# finding: [b] \"part\" #}
<p>{{ x }}</p> {# missed: [c] why #} <!-- spurious: [d] -->
<!-- finding: [e] --><b>{{ y }}</b>
{# source #}
#top { color: red }
<a href=\"#source\">";
    let expected = [
        "4 finding a",
        "4 finding b \"part\"",
        "4 missed c",
        "4 spurious d",
        "5 finding e",
        "7 source",
    ];
    assert_eq!(read_as("html", text), expected);
}

#[test]
fn other_languages() {
    assert_eq!(
        read_as("toml", "# finding: [a]\n\n# why\n[tool]"),
        ["4 finding a"]
    );
    assert_eq!(
        read_as("text", "flask==1.0  # finding: [old]"),
        ["1 finding old"]
    );
    assert_eq!(
        read_as("dockerfile", "# finding: [root]\nUSER root"),
        ["2 finding root"]
    );
    let notebook = "{\n \"source\": [\n  \"x = input()  # source\\n\",\n  \"eval(x)  # finding: [eval]\\n\",\n  \"# source\"\n ]\n}";
    assert_eq!(
        read_as("json", notebook),
        ["3 source", "4 finding eval", "5 source"]
    );
}

#[test]
fn strings_count_too() {
    assert_eq!(
        read("sql = '''\nselect 1 # finding: [a]\n'''"),
        ["2 finding a"]
    );
}

#[test]
fn what_cannot_be_read() {
    let shape = |word| {
        format!(
            "write `{word}: [rule-id]`, a column before or a quoted message part after it if wanted"
        )
    };
    assert_eq!(error("f()  # finding:"), shape("finding"));
    assert_eq!(error("f()  # missed: a"), shape("missed"));
    assert_eq!(error("f()  # finding: [a"), shape("finding"));
    assert_eq!(error("f()  # finding: \"part\""), shape("finding"));
    assert_eq!(error("f()  # source: [a"), shape("source"));
    assert_eq!(error("f()  # finding: []"), "`` is no rule identifier");
    assert_eq!(error("f()  # finding: [a,]"), "`` is no rule identifier");
    assert_eq!(
        error("f()  # finding: [a b]"),
        "`a b` is no rule identifier"
    );
    assert_eq!(error("f()  # finding: 0 [a]"), "columns count from 1");
    assert_eq!(
        error("f()  # finding: 99999999999999999999999 [a]"),
        "columns count from 1"
    );
    assert_eq!(
        error("f()  # finding: [a] \"part"),
        "the quoted message part does not end"
    );
    assert_eq!(
        error("f()  # finding: [a] \"\""),
        "the quoted message part is empty"
    );
    assert_eq!(
        error("f()  <!-- finding: [a]"),
        "the comment with the expectation does not end on its line"
    );
}

#[test]
fn what_is_nearly_an_expectation() {
    let hint = "write `missed: [rule-id]`, in lower case and with a colon";
    for comment in [
        "# Missed: [a]",
        "# missed [a]",
        "# missed : [a]",
        "# MISSED [a]",
    ] {
        assert_eq!(error(&format!("f()  {comment}")), hint);
    }
    for comment in [
        "# finding the right one",
        "# missed",
        "# Finding: none",
        "# callee [a]",
        "# type: [a]",
    ] {
        assert!(read(&format!("f()  {comment}")).is_empty(), "{comment}");
    }
}

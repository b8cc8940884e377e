use proptest::prelude::*;

use super::*;

/// Knows three rules and what stands for them elsewhere.
struct Words;

const MAP: [(Tool, &str, &str); 7] = [
    (Tool::Bandit, "B602", "subprocess-with-shell"),
    (
        Tool::Bandit,
        "subprocess_popen_with_shell_equals_true",
        "subprocess-with-shell",
    ),
    (Tool::Bandit, "B307", "eval-of-dynamic-code"),
    (Tool::Ruff, "S602", "subprocess-with-shell"),
    (
        Tool::Ruff,
        "subprocess-popen-with-shell-equals-true",
        "subprocess-with-shell",
    ),
    (Tool::Ruff, "S307", "eval-of-dynamic-code"),
    (
        Tool::Semgrep,
        "a.b.subprocess-shell-true",
        "subprocess-with-shell",
    ),
];

impl Vocabulary for Words {
    fn is_rule(&self, id: &str) -> bool {
        id == "ours-only" || MAP.iter().any(|(_, _, rule)| *rule == id)
    }

    fn nearest_rule(&self, id: &str) -> Option<&str> {
        (id == "eval-of-dinamic-code").then_some("eval-of-dynamic-code")
    }

    fn is_sanitized(&self, id: &str) -> bool {
        id == "sql"
    }

    fn nearest_sanitized(&self, id: &str) -> Option<&str> {
        (id == "sqll").then_some("sql")
    }

    fn is_foreign(&self, tool: Tool, id: &str) -> bool {
        MAP.iter().any(|(of, code, _)| *of == tool && *code == id)
    }

    fn answers(&self, tool: Tool, id: Option<&str>, rule: &str) -> bool {
        MAP.iter()
            .any(|(of, code, ours)| *of == tool && id.is_none_or(|id| id == *code) && *ours == rule)
    }
}

fn parse(text: &str) -> Vec<Parsed> {
    parse_comment(text, &|tool, id| Words.is_foreign(tool, id))
        .into_iter()
        .map(|(_, parsed)| parsed)
        .collect()
}

/// One line per directive.
fn show(text: &str) -> String {
    let lines: Vec<String> = parse(text)
        .into_iter()
        .map(|parsed| match parsed {
            Parsed::Directive(directive) => directive.to_string(),
            Parsed::Error(error) => format!("error: {error}"),
            Parsed::Foreign(foreign) => format!(
                "{} {:?} {}",
                foreign.tool.as_str(),
                foreign.reach,
                foreign.ids.join(" ")
            )
            .trim_end()
            .to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// The comments of a Python text without strings that hold a `#`.
fn comments(text: &str) -> Vec<Comment<'_>> {
    let mut start = 0;
    let mut found = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        if let Some(at) = line.find('#') {
            found.push(Comment {
                text: &line[at..],
                start: offset(start + at),
                end: offset(start + line.len()),
                line: offset(number) + 1,
                own_line: line[..at].trim().is_empty(),
            });
        }
        start += line.len() + 1;
    }
    found
}

const TODAY: Date = Date {
    year: 2026,
    month: 11,
    day: 22,
};

fn collect(text: &str) -> FileSuppressions {
    FileSuppressions::collect(text, comments(text), &Tool::ALL, &Words)
}

fn lines(first: u32, last: u32) -> Extent {
    Extent {
        span: (first, first),
        statement: (first, last),
    }
}

fn shell(file: &mut FileSuppressions, extent: Extent) -> Option<Suppressed> {
    file.suppress("subprocess-with-shell", extent, TODAY, &Words)
}

fn remarks(file: &FileSuppressions) -> Vec<String> {
    file.remarks(TODAY, &|_| true, &Words)
        .into_iter()
        .map(|remark| format!("{}: {}: {}", remark.line, remark.rule, remark.message))
        .collect()
}

#[test]
fn ours() {
    assert_eq!(show("# hognose: ignore[a]"), "hognose: ignore[a]");
    assert_eq!(
        show("#hognose:ignore [ a ,b,, ]   -- checked by  Ann   until=2027-01-31, really"),
        "error: `until=2027-01-31,` is no date such as `until=2027-01-31`"
    );
    assert_eq!(
        show("#hognose:ignore [ a ,b,, ]   -- checked by  Ann, see #12 until=2027-01-31"),
        "hognose: ignore[a, b] checked by Ann, see #12 until=2027-01-31"
    );
    assert_eq!(
        show("## Hognose: ignore-file[a] until=2028-02-29 generated"),
        "hognose: ignore-file[a] generated until=2028-02-29"
    );
    assert_eq!(
        show("# hognose: ignore[a] why # and this is another matter"),
        "hognose: ignore[a] why"
    );
}

#[test]
fn mistakes() {
    assert_eq!(
        show("# hognose: ignore"),
        "error: it names no rule: write `# hognose: ignore[rule-id] reason`"
    );
    assert_eq!(
        show("# hognose: ignore[ , ] x"),
        show("# hognose: ignore x")
    );
    assert_eq!(
        show("# hognose: ignore[a, b"),
        "error: the bracket of rule ids is not closed"
    );
    assert_eq!(
        show("# hognose: noqa[a]"),
        "error: `noqa` is no directive; write `ignore[rule-id]`, `ignore-file[rule-id]` or `sanitizes[kind]`"
    );
    assert_eq!(
        show("# hognose ignore[a]"),
        "error: a colon is missing: write `# hognose: ignore[rule-id]`"
    );
    assert!(show("# hognose: ignore[a] until=2027-02-29").starts_with("error: `until=2027-02-29`"));
    assert!(show("# hognose: ignore[a] until=soon").starts_with("error"));
}

#[test]
fn prose_is_prose() {
    for text in [
        "# hognose is a tool",
        "# hognose ignores this",
        "# see hognose: ignore[a]",
        "# this is nosec",
        "# nosecurity here",
        "# noqa_is_a_name",
        "# no nosemgrep",
        "# ruff is fast",
        "# ruff: isort: skip",
        "# noqa:",
        "# noqa: because",
        "# Ruff: noqa",
        "#",
        "",
        "####",
    ] {
        assert_eq!(show(text), "", "{text}");
    }
}

#[test]
fn bandit() {
    assert_eq!(show("# nosec"), "bandit SameLine");
    assert_eq!(show("#nosec"), "bandit SameLine");
    assert_eq!(show("# nosec B602, B307"), "bandit SameLine B602 B307");
    assert_eq!(
        show("# nosec: B602 because B999 says so"),
        "bandit SameLine B602"
    );
    assert_eq!(
        show("# nosec: subprocess_popen_with_shell_equals_true"),
        "bandit SameLine subprocess_popen_with_shell_equals_true"
    );
    assert_eq!(
        show("# nosec B602, but no B307 here"),
        "bandit SameLine B602"
    );
    assert_eq!(show("# nosec because of B307"), "bandit SameLine B307");
    assert_eq!(show("# nosec just an explanation"), "bandit SameLine");
    assert_eq!(show("# read the note # nosec B602"), "bandit SameLine B602");
    assert_eq!(show("# read the note #nosec B602"), "bandit SameLine B602");
}

#[test]
fn ruff() {
    assert_eq!(show("# noqa"), "ruff SameLine");
    assert_eq!(show("# NoQA:s602,S307 why"), "ruff SameLine S602 S307");
    assert_eq!(show("# noqa : S602 S307"), "ruff SameLine S602 S307");
    assert_eq!(
        show("# noqa: PLE2502, because, S307"),
        "ruff SameLine PLE2502"
    );
    assert_eq!(show("# ruff: noqa: S602"), "ruff File S602");
    assert_eq!(show("# ruff:NOQA"), "ruff File");
    assert_eq!(show("# flake8: noqa: S602"), "ruff File S602");
    assert_eq!(
        show("# ruff: ignore[S602, S307] why"),
        "ruff Line S602 S307"
    );
    assert_eq!(
        show("# ruff: file-ignore[subprocess-popen-with-shell-equals-true]"),
        "ruff File subprocess-popen-with-shell-equals-true"
    );
    assert_eq!(show("# ruff: disable[S602]"), "ruff RangeStart S602");
    assert_eq!(show("# flake8: ignore[S602]"), "");
}

#[test]
fn semgrep() {
    assert_eq!(show("# nosemgrep"), "semgrep Line");
    assert_eq!(
        show("# nosem: a.b.c, d.e why it is so, f"),
        "semgrep Line a.b.c d.e"
    );
    assert_eq!(show("# nosemgrep because"), "semgrep Line");
}

#[test]
fn several_in_one() {
    assert_eq!(
        show("# noqa: S602  # nosec B602  # hognose: ignore[x] y"),
        "ruff SameLine S602\nbandit SameLine B602\nhognose: ignore[x] y"
    );
    assert_eq!(
        show("# type: ignore[attr-defined]#nosec B602#noqa: S602"),
        "bandit SameLine B602\nruff SameLine S602"
    );
    assert_eq!(
        show("# hognose: ignore[x] y # nosec"),
        "hognose: ignore[x] y\nbandit SameLine"
    );
}

#[test]
fn holds_for_every_line_of_the_statement() {
    let text = "run(\n    a,  # hognose: ignore[subprocess-with-shell] why\n    b,\n)\nrun(c)\n";
    let mut file = collect(text);
    let reason = Some("why".to_owned());
    assert_eq!(
        shell(&mut file, lines(1, 4)),
        Some(Suppressed::InSource { reason })
    );
    assert_eq!(shell(&mut file, lines(5, 5)), None);
    assert_eq!(
        file.suppress("eval-of-dynamic-code", lines(1, 4), TODAY, &Words),
        None
    );
    assert_eq!(remarks(&file), Vec::<String>::new());
}

#[test]
fn alone_it_holds_for_the_next_code() {
    let text = "# hognose: ignore[subprocess-with-shell] why\n# noqa: S307\n\n    # more\nrun(\n  a)\nrun(b)\n";
    let mut file = collect(text);
    assert!(shell(&mut file, lines(5, 6)).is_some());
    assert!(shell(&mut file, lines(7, 7)).is_none());
    // A finding deep in the statement that begins there.
    assert!(
        shell(
            &mut file,
            Extent {
                span: (6, 6),
                statement: (5, 6)
            }
        )
        .is_some()
    );
    // Ruff's own comment has no such reach.
    assert_eq!(
        file.suppress("eval-of-dynamic-code", lines(5, 6), TODAY, &Words),
        None
    );
}

#[test]
fn files_and_ranges() {
    let mut file = collect("a\n# hognose: ignore-file[subprocess-with-shell] made by a tool\n");
    assert!(shell(&mut file, lines(1, 1)).is_some());
    let mut file =
        collect("a\n# ruff: disable[S602]\nb\n# ruff: enable[S602]\nc\n# ruff: disable[S307]\nd\n");
    assert!(shell(&mut file, lines(1, 1)).is_none());
    assert_eq!(
        shell(&mut file, lines(3, 3)),
        Some(Suppressed::Compat { tool: "ruff" })
    );
    assert!(shell(&mut file, lines(5, 5)).is_none());
    assert!(
        file.suppress("eval-of-dynamic-code", lines(7, 7), TODAY, &Words)
            .is_some()
    );
}

#[test]
fn other_tools_count_only_when_named() {
    let text = "run(a)  # nosec B602 # noqa: S602\n";
    let mut none = FileSuppressions::collect(text, comments(text), &[], &Words);
    assert!(none.is_empty());
    assert!(shell(&mut none, lines(1, 1)).is_none());
    let mut ruff = FileSuppressions::collect(text, comments(text), &[Tool::Ruff], &Words);
    assert_eq!(
        shell(&mut ruff, lines(1, 1)),
        Some(Suppressed::Compat { tool: "ruff" })
    );
}

#[test]
fn a_bare_comment_of_another_tool_hides_what_that_tool_reports() {
    let mut file = collect("run(a)  # nosec\n");
    assert_eq!(
        shell(&mut file, lines(1, 1)),
        Some(Suppressed::Compat { tool: "bandit" })
    );
    assert_eq!(file.suppress("ours-only", lines(1, 1), TODAY, &Words), None);
}

#[test]
fn ours_goes_before_others_and_all_count_as_used() {
    let mut file = collect("run(a)  # nosec B602 # hognose: ignore[subprocess-with-shell] why\n");
    assert!(matches!(
        shell(&mut file, lines(1, 1)),
        Some(Suppressed::InSource { .. })
    ));
    assert_eq!(file.placed[0].used, [1]);
    assert_eq!(file.placed[1].used, [1]);
}

#[test]
fn a_declaration_suppresses_nothing() {
    let text = "def f(a):  # hognose: sanitizes[sql, sqll] why\n    run(a)\n";
    let mut file = collect(text);
    assert_eq!(shell(&mut file, lines(1, 2)), None);
    // Whoever reads the module says whether a function stands there.
    assert_eq!(
        remarks(&file),
        [
            "1: suppression-unused: This stands at no function, so nothing is declared harmless",
            "1: suppression-of-unknown-rule: No kind of flow or rule about one is called `sqll`; `sql` is",
        ]
    );
    file.placed[0].used.fill(1);
    assert_eq!(remarks(&file).len(), 1);
}

#[test]
fn dates() {
    let text = "run(a)  # hognose: ignore[subprocess-with-shell] why until=2026-11-21\n";
    let mut file = collect(text);
    assert_eq!(shell(&mut file, lines(1, 1)), None);
    assert_eq!(
        remarks(&file),
        ["1: suppression-expired: The suppression of `subprocess-with-shell` ended on 2026-11-21"]
    );
    let mut file = collect(&text.replace("-21", "-22"));
    assert!(shell(&mut file, lines(1, 1)).is_some());
    assert_eq!(Date::from_days(0).to_string(), "1970-01-01");
    assert_eq!(Date::from_days(11_016).to_string(), "2000-02-29");
    assert_eq!(Date::from_days(20_779), TODAY);
}

#[test]
fn what_is_wrong_with_them() {
    let file = collect(
        "a  # hognose: ignore\nb  # hognose: ignore[eval-of-dinamic-code] x\nc  # hognose: ignore[ours-only]\nd # hognose: skip\ne # hognose: ignore[zzz] y\nf  # nosec\n",
    );
    assert_eq!(
        remarks(&file),
        [
            "1: suppression-without-rule: This suppresses nothing, for it names no rule: write `# hognose: ignore[rule-id] reason`",
            "2: suppression-of-unknown-rule: No rule is called `eval-of-dinamic-code`; `eval-of-dynamic-code` is",
            "3: suppression-without-reason: The suppression gives no reason",
            "3: suppression-unused: `ours-only` finds nothing here that this could suppress",
            "4: suppression-malformed: This suppresses nothing: `skip` is no directive; write `ignore[rule-id]`, `ignore-file[rule-id]` or `sanitizes[kind]`",
            "5: suppression-of-unknown-rule: No rule is called `zzz`",
        ]
    );
    // A rule that did not run may have had a finding.
    let quiet = file.remarks(TODAY, &|_| false, &Words);
    assert!(
        quiet
            .iter()
            .all(|remark| remark.rule != "suppression-unused")
    );
}

#[test]
fn places_are_those_in_the_file() {
    let text = "äöü = 1  # noqa # hognose: ignore[ours-only, eval-of-dinamic-code] x\n";
    let file = collect(text);
    let found: Vec<&str> = file
        .remarks(TODAY, &|_| true, &Words)
        .iter()
        .map(|remark| &text[remark.bytes.0 as usize..remark.bytes.1 as usize])
        .collect();
    assert_eq!(found, ["ours-only", "eval-of-dinamic-code"]);
    let bytes = file.placed[1].bytes;
    assert_eq!(
        &text[bytes.0 as usize..bytes.1 as usize],
        "# hognose: ignore[ours-only, eval-of-dinamic-code] x"
    );
}

fn directive() -> impl Strategy<Value = Directive> {
    let ids = prop::collection::vec("[a-z]{1,8}(-[a-z0-9]{1,6}){0,3}", 1..4);
    let reason = prop::option::of("[a-zäß(][a-z0-9#äß.,:()/]{0,7}( [a-z0-9äß.,:()/]{1,8}){0,4}");
    let until = prop::option::of((1970u16..2200, 1u8..=12, 1u8..=28));
    (any::<bool>(), ids, reason, until).prop_map(|(file, ids, reason, until)| Directive {
        reach: if file { Reach::File } else { Reach::Line },
        rules: ids
            .into_iter()
            .map(|id| NamedRule { id, range: 0..0 })
            .collect(),
        reason,
        until: until.and_then(|(year, month, day)| Date::new(year, month, day)),
    })
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        parse(&text);
    }

    #[test]
    fn parsing_never_panics_near_the_grammar(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "#", " ", "# ", "hognose", ":", "ignore", "-file", "[", "]", ",", "a-b", "until=", "2027-01-31", "nosec",
                "B602", "noqa", "S602", "ruff", "flake8", "nosemgrep", "nosem", "disable", "file-", "ä", "\u{feff}", "\t", "=",
            ]),
            0..24,
        )
    ) {
        let text: String = parts.concat();
        prop_assert!(is_addressed(&text) || parse(&text).is_empty());
        for (range, parsed) in parse_comment(&text, &|tool, id| Words.is_foreign(tool, id)) {
            // Ranges are ranges of the text, and a directive can be written again.
            prop_assert!(text.get(range).is_some());
            if let Parsed::Directive(directive) = parsed {
                for named in &directive.rules {
                    prop_assert_eq!(&text[named.range.clone()], named.id.as_str());
                }
            }
        }
    }

    #[test]
    fn written_and_read_again(directive in directive()) {
        let text = format!("# {directive}");
        let parsed = parse(&text);
        prop_assert_eq!(parsed.len(), 1);
        let Parsed::Directive(read) = &parsed[0] else { panic!("{text}") };
        prop_assert_eq!(read.reach, directive.reach);
        prop_assert_eq!(&read.reason, &directive.reason);
        prop_assert_eq!(read.until, directive.until);
        let ids = |of: &Directive| of.rules.iter().map(|named| named.id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(ids(read), ids(&directive));
        prop_assert_eq!(read.to_string(), directive.to_string());
    }

    #[test]
    fn neighbours_do_not_matter(directive in directive()) {
        let text = format!("# noqa: S602  # {directive}  # nosec B602");
        let parsed = parse(&text);
        prop_assert_eq!(parsed.len(), 3);
        prop_assert!(matches!(&parsed[1], Parsed::Directive(read) if read.to_string() == directive.to_string()));
    }

    #[test]
    fn days_follow_each_other(days in 0u32..80_000) {
        let (day, next) = (Date::from_days(days), Date::from_days(days + 1));
        prop_assert!(day < next);
        prop_assert_eq!(Date::new(day.year, day.month, day.day), Some(day));
        prop_assert_eq!(day.to_string().parse::<Date>(), Ok(day));
    }

    #[test]
    fn collecting_never_panics(text in "([a-z#:\\[\\] \n]|# hognose: ignore\\[a\\]|# ruff: disable\\[S602\\]\n){0,60}") {
        let mut file = collect(&text);
        shell(&mut file, lines(1, 2));
        remarks(&file);
    }
}

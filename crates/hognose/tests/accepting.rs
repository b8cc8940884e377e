//! Accepting findings as users do: baselines, and what other tools' suppressions hide.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use support::Project;

const EMPTY: &str = "{\"hognose-baseline\":1,\"scheme\":1}\n";

#[test]
fn a_baseline_is_written_once_and_then_updated() {
    let project = Project::new(&[("app.py", "x = 1\n")]);
    let run = project.run(&["baseline"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{}", run.err);
    assert!(
        run.err
            .contains("hognose-baseline.jsonl: 0 findings (0 new, 0 mended)"),
        "{}",
        run.err
    );
    assert_eq!(project.read("hognose-baseline.jsonl"), EMPTY);
    let run = project.run(&["baseline"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("exists; `--update` replaces it"),
        "{}",
        run.err
    );
    let run = project.run(&["baseline", "--output", "other.jsonl", "--update"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(project.read("other.jsonl"), EMPTY);
}

#[test]
fn what_is_mended_leaves_the_baseline() {
    let entry = "{\"file\":\"app.py\",\"rule\":\"gone\",\"symbol\":\"app\",\"content\":\"00000000000000000000000000000007\"}\n";
    let project = Project::new(&[("app.py", "x = 1\n"), ("lib/b.py", "")]);
    project.write("known.jsonl", &format!("{EMPTY}{entry}"));
    let run = project.run(&["check", "--baseline", "known.jsonl"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out
            .contains("1 entry of known.jsonl is no longer found"),
        "{}",
        run.out
    );
    // Where only a part is audited, nothing is said of the rest.
    let run = project.run(&["check", "lib", "--baseline", "known.jsonl"]);
    assert!(!run.out.contains("known.jsonl"), "{}", run.out);
    let run = project.run(&["baseline", "--prune", "--output", "known.jsonl"]);
    assert!(
        run.err
            .contains("0 findings (0 new ones left out, 1 mended)"),
        "{}",
        run.err
    );
    assert_eq!(project.read("known.jsonl"), EMPTY);
}

#[test]
fn a_damaged_baseline_ends_with_2() {
    let project = Project::new(&[("app.py", "x = 1\n")]);
    let error = |text: Option<&str>| {
        if let Some(text) = text {
            project.write("known.jsonl", text);
        }
        let run = project.run(&["check", "--baseline", "known.jsonl"]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
        run.err
    };
    assert!(error(None).starts_with("error: cannot read the baseline known.jsonl: "));
    assert_eq!(
        error(Some(&format!("{EMPTY}\nnonsense\n"))),
        "error: damaged baseline known.jsonl: line 3: expected ident\n"
    );
    // Nor is it overwritten: somebody may want to mend it.
    let run = project.run(&["baseline", "--update", "--output", "known.jsonl"]);
    assert_eq!(run.code, Some(2), "{}", run.err);
}

#[test]
fn what_other_tools_hide_is_listed() {
    let project = Project::new(&[
        (
            "app.py",
            "import subprocess  # nosec B404\nx = 1  # noqa: S602, E501\n",
        ),
        (
            "pyproject.toml",
            "[tool.ruff.lint]\nignore = [\n  \"S101\",\n]\n",
        ),
        (".bandit", "[bandit]\nskips = B602\n"),
    ]);
    let run = project.run(&["migrate"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(
        run.out,
        "\
app.py:1: bandit B404 import_subprocess: no counterpart
    an import is an inventory fact, not a defect; the use is reported by subprocess-with-shell and process-with-dynamic-arguments
app.py:2: ruff S602 subprocess-popen-with-shell-equals-true: not seen
    subprocess-with-shell finds nothing there
.bandit:2: bandit B602 subprocess_popen_with_shell_equals_true (everywhere): not seen
    subprocess-with-shell, call-with-shell-true find nothing there
    `shell` given a value of unknown truth is not decided
pyproject.toml:3: ruff S101 assert (everywhere): not seen
    assert-as-guard finds nothing there
4 suppressions: 0 proved, 3 not seen, 1 no counterpart
"
    );
    let run = project.run(&["migrate", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["schema"], "hognose-migrate/1");
    assert_eq!(
        document["suppressions"][1]["rules"][0],
        "subprocess-with-shell"
    );
}

#[test]
fn other_tools_configuration_that_cannot_be_read_is_told() {
    let project = Project::new(&[("app.py", ""), ("ruff.toml", "= [")]);
    let run = project.run(&["migrate"]);
    assert_eq!(run.code, Some(0));
    assert!(
        run.err.starts_with("warning: ruff.toml cannot be read: "),
        "{}",
        run.err
    );
}

const UMASK: &str = "import os\n\n\ndef daemonize():\n    os.umask(0)\n";

fn findings(project: &Project, arguments: &[&str]) -> Vec<String> {
    let mut all = vec!["check", "--format", "concise", "--quiet"];
    all.extend(arguments);
    let run = project.run(&all);
    assert!(run.code.is_some_and(|code| code < 2), "{}", run.err);
    run.out.lines().map(str::to_owned).collect()
}

#[test]
fn only_what_is_new_is_shown() {
    let project = Project::new(&[("app.py", UMASK)]);
    assert_eq!(findings(&project, &[]).len(), 1);
    let run = project.run(&["baseline"]);
    assert!(
        run.err.contains(": 1 finding (1 new, 0 mended)"),
        "{}",
        run.err
    );
    let known = &["--baseline", "hognose-baseline.jsonl"];
    assert_eq!(findings(&project, known), Vec::<String>::new());
    // Moved, renamed, reformatted: still the same.
    std::fs::remove_file(project.path().join("app.py")).unwrap();
    let moved = UMASK
        .replace("import os", "\"\"\"A daemon.\"\"\"\n\nimport os as system")
        .replace("os.umask(0)", "system.umask(\n        0,  # nobody\n    )");
    project.write("shop/daemon.py", &moved.replace("daemonize", "start"));
    assert_eq!(findings(&project, known), Vec::<String>::new());
    // A second one of the same kind is new.
    project.write("other.py", UMASK);
    assert_eq!(findings(&project, known).len(), 1);
    // Mended: the entry may go.
    project.write("other.py", "");
    project.write("shop/daemon.py", "");
    let run = project.run(&["check", "--baseline", "hognose-baseline.jsonl"]);
    assert!(
        run.out
            .contains("1 entry of hognose-baseline.jsonl is no longer found"),
        "{}",
        run.out
    );
}

#[test]
fn comments_and_paths_suppress() {
    let project = Project::new(&[("app.py", UMASK)]);
    let comment =
        |text: &str| project.write("app.py", &UMASK.replace("(0)", &format!("(0)  # {text}")));
    comment("hognose: ignore[permissive-umask] one user");
    assert_eq!(findings(&project, &[]), Vec::<String>::new());
    assert_eq!(findings(&project, &["--no-ignores"]).len(), 1);
    comment("hognose: ignore[permissive-umask] one user until=2020-01-01");
    assert_eq!(findings(&project, &[]).len(), 2);
    comment("hognose: ignore[permissive-umaks] one user");
    let shown = findings(&project, &[]);
    assert!(
        shown
            .iter()
            .any(|line| line.contains("`permissive-umask` is")),
        "{shown:?}"
    );
    comment("nosec");
    project.write("hognose.toml", "compat = [\"bandit\"]\n");
    // Bandit looks at no umask.
    assert_eq!(findings(&project, &[]).len(), 1);
    project.write(
        "hognose.toml",
        "[[ignore-path]]\npath = \"*.py\"\nrules = [\"permissive-umask\"]\nreason = \"one user\"\n",
    );
    assert_eq!(findings(&project, &[]), Vec::<String>::new());
    assert_eq!(findings(&project, &["--no-ignores"]).len(), 1);
}

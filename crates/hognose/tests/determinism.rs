//! The same bytes on any number of threads and on every run: the outcome of data flow must not depend on who was first.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and run programs"
)]

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use support::Project;

/// Everything a run writes, for everyone.
fn output(directory: &Path, threads: &str) -> Vec<u8> {
    let run = Command::new(env!("CARGO_BIN_EXE_hognose"))
        .args(["check", "--isolated", "--persona", "auditor"])
        .args(["--format", "json", "--threads", threads])
        .current_dir(directory)
        .env_clear()
        .output()
        .unwrap();
    assert!(
        matches!(run.status.code(), Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    run.stdout
}

fn is_always_the_same(directory: &Path, flows: usize) {
    let first = output(directory, "1");
    let report: serde_json::Value = serde_json::from_slice(&first).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let with_flow = findings
        .iter()
        .filter(|finding| !finding["flow"].as_array().unwrap().is_empty())
        .count();
    assert!(with_flow >= flows, "{with_flow} flows");
    for threads in ["1", "2", "2", "5"] {
        assert!(
            output(directory, threads) == first,
            "{threads} threads say something else"
        );
    }
}

#[test]
fn the_shop() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bookshop");
    is_always_the_same(&shop, 1);
}

/// Modules that call each other in circles, keep things for each other and reach the same sinks on several ways.
#[test]
fn many_modules_that_need_each_other() {
    const MODULES: usize = 60;
    let project = Project::new(&[("web/__init__.py", "")]);
    project.write(
        "web/sinks.py",
        "import os\nimport sqlite3\n\n\ndef run(text):\n    os.system(\"echo \" + text)\n\n\n\
         def ask(text):\n    sqlite3.connect(\"a\").execute(\"SELECT '\" + text + \"'\")\n",
    );
    for number in 0..MODULES {
        let (next, far) = ((number + 1) % MODULES, (number * 7 + 3) % MODULES);
        let mut text = String::new();
        write!(
            text,
            "from flask import Flask, request\n\nfrom web import m{next}, m{far}, sinks\n\n\
             app = Flask(__name__)\nkept = {{}}\n\n\n\
             class Holder:\n    def __init__(self, text):\n        self.text = text\n\n    \
             def give(self):\n        return self.text or m{far}.kept.get(\"text\")\n\n\n\
             def through(text, depth):\n    if depth:\n        \
             return m{next}.through(text, depth - 1)\n    return m{far}.Holder(text).give()\n\n\n\
             @app.route(\"/{number}\")\ndef view{number}():\n    \
             kept[\"text\"] = request.args[\"text\"]\n    \
             text = through(request.args[\"a\"], {number})\n    sinks.run(text)\n    \
             sinks.ask(m{far}.kept[\"text\"])\n    return m{next}.Holder(text).give()\n",
        )
        .unwrap();
        project.write(&format!("web/m{number}.py"), &text);
    }
    is_always_the_same(project.path(), 3);
}

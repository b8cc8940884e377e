//! Layouts of settings as projects have them: which module is judged, and what its settings come to.
//!
//! `# judged: TEXT` on the first line of a file is the note that says so. Only a few rules are looked at; their pages test
//! the rest.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the layouts from disk"
)]

use std::path::Path;

use hognose_mdtest::{Observed, Section, Vocabulary};
use hognose_python::{Layout, MemorySources, Project, SourceKind};
use hognose_rules::{Outcome, RunOptions, registry, run};

const RULES: &[&str] = &[
    "constant-framework-secret-key",
    "django-allowed-hosts-open",
    "django-debug-enabled",
    "django-session-cookie-without-secure",
    "django-without-security-middleware",
    "flask-debug-enabled",
    "session-cookie-without-secure",
];

fn audit(section: &Section) -> Vec<Observed> {
    let files = section.files.iter().map(|file| {
        (
            file.name.clone(),
            SourceKind::Module,
            file.text.clone().into_bytes(),
        )
    });
    let sources = MemorySources::new(files);
    let project = Project::build(&sources, &Layout::default());
    let Outcome {
        findings, notes, ..
    } = run(registry(), &project, &RunOptions::default());
    let notes = notes
        .into_iter()
        .filter_map(|note| Some(Observed::text("judged", &*note.file?, 1, note.text)));
    findings
        .into_iter()
        .filter(|finding| RULES.contains(&&*finding.rule) && !finding.in_test)
        .map(|finding| {
            let line = finding.location.start.line as usize;
            let message = format!("{} ({})", finding.message, finding.confidence);
            Observed::finding(&*finding.location.file, line, &*finding.rule, message)
        })
        .chain(notes)
        .collect()
}

#[test]
fn layouts() {
    hognose_mdtest::check(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/settings"),
        &Vocabulary::findings().every("judged"),
        audit,
    );
}

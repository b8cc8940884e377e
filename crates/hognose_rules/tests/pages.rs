//! Every rule page is a test: its code blocks are audited, and its marks are what must come out.

#![allow(clippy::disallowed_methods, reason = "tests read the pages from disk")]

use std::path::Path;

use hognose_finding::Date;
use hognose_mdtest::{Observed, Section, Vocabulary};
use hognose_python::{Layout, MemorySources, Project, SourceKind};
use hognose_rules::{RunOptions, SuppressOptions, registry, rules, run, suppress};

fn audit(section: &Section) -> Vec<Observed> {
    let files = section.files.iter().map(|file| {
        let kind = if file.name.ends_with(".ipynb") {
            SourceKind::Notebook
        } else if file.name.ends_with(".pyi") {
            SourceKind::Stub
        } else if file.name.ends_with(".py") {
            SourceKind::Module
        } else if [".html", ".jinja", ".jinja2", ".j2", ".mako"]
            .iter()
            .any(|end| file.name.ends_with(end))
        {
            SourceKind::Template
        } else {
            SourceKind::Other
        };
        (file.name.clone(), kind, file.text.clone().into_bytes())
    });
    let sources = MemorySources::new(files);
    let project = Project::build(&sources, &Layout::default());
    let (mut findings, notes) = run(registry(), &project, &RunOptions::default());
    let failed: Vec<_> = notes
        .iter()
        .filter(|note| note.text.contains("are missing"))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    let options = SuppressOptions {
        today: Date::from_days(20_000),
        ..SuppressOptions::default()
    };
    suppress(&project.modules, &mut findings, rules(), &options);
    findings
        .into_iter()
        // What only auditors see because it is test code counts as silent.
        .filter(|finding| finding.suppressed.is_none())
        .filter(|finding| {
            !(finding.in_test && finding.persona == hognose_finding::Persona::Auditor)
        })
        .map(|finding| {
            let column = finding.location.start.column as usize;
            Observed::finding(
                &*finding.location.file,
                finding.location.start.line as usize,
                &*finding.rule,
                finding.message,
            )
            .at_column(column)
        })
        .collect()
}

#[test]
fn rule_pages() {
    hognose_mdtest::check(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"),
        &Vocabulary::findings(),
        audit,
    );
}

#[test]
fn every_rule_has_a_page_with_a_finding_and_a_look_alike() {
    let mut complaints = Vec::new();
    for rule in &registry().rules {
        let page = format!(
            "{}/rules/{}/rule.md",
            env!("CARGO_MANIFEST_DIR"),
            rule.meta.id
        );
        let Ok(text) = std::fs::read_to_string(&page) else {
            complaints.push(format!("{}: no page", rule.meta.id));
            continue;
        };
        match hognose_mdtest::Suite::parse(&page, &text, &Vocabulary::findings()) {
            Ok(suite) => {
                let counts = suite.counts();
                if counts.findings == 0 || counts.look_alikes == 0 {
                    complaints.push(format!(
                        "{}: {} findings, {} look-alikes",
                        rule.meta.id, counts.findings, counts.look_alikes
                    ));
                }
            }
            Err(errors) => complaints.extend(errors.iter().map(ToString::to_string)),
        }
        if rule.meta.cwe.is_empty() && rule.meta.practice != hognose_finding::Practice::Audits {
            complaints.push(format!("{}: no CWE", rule.meta.id));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

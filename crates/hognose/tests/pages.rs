//! The pages of rules on what is installed are tests as well. Each section is a project of its own, audited as a whole,
//! since the program decides these rules.

use std::path::{Path, PathBuf};

use hognose::{AuditOptions, audit};
use hognose_finding::{Date, Persona};
use hognose_mdtest::{Observed, Section, Vocabulary, check_files};
use hognose_python::{MemorySources, SourceKind};
use hognose_rules::rules;

#[test]
fn pages_of_rules_on_what_is_installed() {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hognose_rules/rules");
    let of_packages = rules()
        .iter()
        .filter(|rule| rule.tags.iter().any(|tag| tag == "dependencies"));
    let pages: Vec<PathBuf> = of_packages
        .map(|rule| folders.join(&rule.id).join("rule.md"))
        .collect();
    check_files(&pages, &Vocabulary::findings(), observe);
}

/// What people are told who do not ask for more.
fn observe(section: &Section) -> Vec<Observed> {
    let files = section.files.iter().map(|file| {
        let kind = if file.name.ends_with(".py") {
            SourceKind::Module
        } else {
            SourceKind::Other
        };
        (file.name.clone(), kind, file.text.clone().into_bytes())
    });
    let options = AuditOptions {
        suppressions: true,
        today: Date::new(2026, 11, 22).expect("it is a day"),
        ..AuditOptions::default()
    };
    let report = audit(&MemorySources::new(files), &options);
    let findings = report.findings.into_iter();
    findings
        .filter(|finding| finding.suppressed.is_none() && finding.persona == Persona::Regular)
        .map(|finding| {
            let (file, start) = (&finding.location.file, finding.location.start);
            let line = start.line as usize;
            Observed::finding(&**file, line, &*finding.rule, finding.message)
                .at_column(start.column as usize)
        })
        .collect()
}

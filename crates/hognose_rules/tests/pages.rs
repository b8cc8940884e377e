//! Every rule page is a test: its code blocks are audited, and its marks are what must come out.

#![allow(clippy::disallowed_methods, reason = "tests read the pages from disk")]

mod support;

use std::path::Path;

use hognose_mdtest::{Kind, Section, Vocabulary};
use hognose_rules::{Rule, registry};

use support::audit;

#[test]
fn rule_pages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut pages = hognose_mdtest::markdown_files(&folder).expect("there is a folder of rules");
    // The program judges what is installed: `crates/hognose/tests/pages.rs` runs these.
    let of_code = |rule: &Rule| !rule.meta.tags.iter().any(|tag| tag == "dependencies");
    pages.retain(|page| {
        let folder = page.parent().and_then(Path::file_name);
        let rule = folder.and_then(|id| registry().rule(id.to_str()?));
        rule.is_none_or(of_code)
    });
    hognose_mdtest::check_files(&pages, &Vocabulary::findings(), audit);
}

#[test]
fn every_rule_has_a_page_with_a_finding_and_a_look_alike() {
    let mut complaints = Vec::new();
    // What was accepted is no code: `routes.rs` in `crates/hognose/tests` shows the rule on it.
    let of_code = |rule: &&Rule| !rule.meta.tags.iter().any(|tag| tag == "lock");
    for rule in registry().rules.iter().filter(of_code) {
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
                let id = &rule.meta.id;
                let demanded = |section: &&Section, kinds: &[Kind], of_it: bool| {
                    section.expectations.iter().any(|expectation| {
                        kinds.contains(&expectation.kind)
                            && (!of_it || expectation.ids.iter().any(|known| known == id))
                    })
                };
                let sections = || suite.sections().iter();
                let findings = sections().any(|one| demanded(&one, &[Kind::Finding], false));
                // Other rules may find something in what looks like this one's.
                let marked = [Kind::Finding, Kind::Missed, Kind::Spurious];
                let look_alikes = sections().any(|one| !demanded(&one, &marked, true));
                if !findings || !look_alikes {
                    complaints.push(format!(
                        "{id}: needs code with a finding, and a section without one of this rule"
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

//! Every rule page is a test: its code blocks are audited, and its marks are what must come out.

#![allow(clippy::disallowed_methods, reason = "tests read the pages from disk")]

mod support;

use std::path::Path;

use hognose_mdtest::Vocabulary;
use hognose_rules::registry;

use support::audit;

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

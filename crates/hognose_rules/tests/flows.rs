//! The pages of `tests/flows` are tests of the data-flow engine: one page for each feature of the language and each form of guard.

#![allow(clippy::disallowed_methods, reason = "tests read the pages from disk")]

mod support;

use std::path::{Path, PathBuf};

use hognose_mdtest::{Suite, Vocabulary};

use support::audit;

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows")
}

#[test]
fn flows() {
    hognose_mdtest::check(pages(), &Vocabulary::findings(), audit);
}

#[test]
fn every_page_goes_both_ways() {
    let mut complaints = Vec::new();
    for entry in std::fs::read_dir(pages()).expect("the folder is there") {
        let page = entry.expect("an entry").path();
        let name = page.display().to_string();
        let text = std::fs::read_to_string(&page).expect("a page is text");
        match Suite::parse(&name, &text, &Vocabulary::findings()) {
            Ok(suite) => {
                let counts = suite.counts();
                if counts.findings == 0 || counts.look_alikes == 0 {
                    complaints.push(format!(
                        "{name}: {} findings, {} look-alikes",
                        counts.findings, counts.look_alikes
                    ));
                }
            }
            Err(errors) => complaints.extend(errors.iter().map(ToString::to_string)),
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

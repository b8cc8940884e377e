//! The pages of `tests/pages`: small applications, the endpoints that they have, and their security events.
//!
//! A section's files are a project; its block titled `routes` holds one line for each endpoint: methods, path, handler,
//! guard, level; the one titled `events` one for each event: kind, outcome, handler, verdict.

#![allow(clippy::disallowed_methods, reason = "tests read the pages from disk")]

use std::path::Path;

use hognose_mdtest::{FILTER, Section, Suite, Vocabulary};
use hognose_python::{Layout, MemorySources, Project, SourceKind};
use hognose_routes::events::Event;
use hognose_routes::{Inventory, survey};

/// The titles of the blocks with what is expected; a section has one of them, or both.
const EXPECTED: [&str; 2] = ["routes", "events"];

fn survey_of(section: &Section) -> (Inventory, Vec<Event>) {
    let files = section
        .files
        .iter()
        .filter(|file| !EXPECTED.contains(&file.name.as_str()))
        .map(|file| {
            let kind = if file.name.ends_with(".py") {
                SourceKind::Module
            } else {
                SourceKind::Other
            };
            (file.name.clone(), kind, file.text.clone().into_bytes())
        });
    let project = Project::build(&MemorySources::new(files), &Layout::default());
    survey(&project, &|_| false)
}

fn events(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            format!(
                "{} {} {} {}",
                event.kind.as_str(),
                event.outcome.as_str(),
                event.handler,
                event.verdict.as_str()
            )
        })
        .collect()
}

fn lines(inventory: &Inventory) -> Vec<String> {
    let mut lines: Vec<String> = inventory
        .endpoints
        .iter()
        .map(|endpoint| {
            format!(
                "{} {} {} {} {}",
                endpoint.methods.join(","),
                endpoint.path,
                endpoint.handler,
                endpoint.guard,
                endpoint.level.as_str()
            )
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn pages() {
    let filter = std::env::var(FILTER).unwrap_or_default();
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let (mut sections, mut complaints) = (0, Vec::new());
    for page in hognose_mdtest::markdown_files(&pages).expect("the pages are there") {
        let text = std::fs::read_to_string(&page).expect("a page is text");
        let name = page.file_name().unwrap_or_default().to_string_lossy();
        let suite = match Suite::parse(name.as_ref(), &text, &Vocabulary::default()) {
            Ok(suite) => suite,
            Err(errors) => panic!("{errors:?}"),
        };
        for section in suite.sections() {
            let title = format!("{name} > {}", section.title_path.join(" > "));
            if !title.contains(&filter) {
                continue;
            }
            sections += 1;
            let (inventory, found) = survey_of(section);
            let found = [lines(&inventory), events(&found)];
            let mut compared = false;
            for (block, found) in EXPECTED.into_iter().zip(found) {
                let expected = section.files.iter().find(|file| file.name == block);
                let Some(expected) = expected else { continue };
                compared = true;
                let expected: Vec<String> = expected
                    .text
                    .lines()
                    .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                    .filter(|line| !line.is_empty())
                    .collect();
                for line in &found {
                    if !expected.contains(line) {
                        complaints.push(format!("{title}\n    not expected: {line}"));
                    }
                }
                for line in &expected {
                    if !found.contains(line) {
                        complaints.push(format!("{title}\n    missing:      {line}"));
                    }
                }
            }
            assert!(compared, "{title}: no block says what is expected");
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(sections > 0, "no section has `{filter}` in its title");
}

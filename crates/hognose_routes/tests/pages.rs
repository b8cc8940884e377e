//! The pages of `tests/pages`: small applications, and the endpoints that they have.
//!
//! A section's files are a project; its block titled `routes` holds one line for each endpoint: methods, path, handler,
//! guard, level.

#![allow(clippy::disallowed_methods, reason = "tests read the pages from disk")]

use std::path::Path;

use hognose_mdtest::{FILTER, Section, Suite, Vocabulary};
use hognose_python::{Layout, MemorySources, Project, SourceKind};
use hognose_routes::{Inventory, inventory};

/// The title of the block with what is expected.
const EXPECTED: &str = "routes";

fn inventory_of(section: &Section) -> Inventory {
    let files = section
        .files
        .iter()
        .filter(|file| file.name != EXPECTED)
        .map(|file| {
            let kind = if file.name.ends_with(".py") {
                SourceKind::Module
            } else {
                SourceKind::Other
            };
            (file.name.clone(), kind, file.text.clone().into_bytes())
        });
    let project = Project::build(&MemorySources::new(files), &Layout::default());
    inventory(&project, &|_| false)
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
            let expected = section.files.iter().find(|file| file.name == EXPECTED);
            let mut expected: Vec<String> = expected
                .unwrap_or_else(|| panic!("{title}: no block titled `{EXPECTED}`"))
                .text
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .filter(|line| !line.is_empty())
                .collect();
            expected.sort();
            let found = lines(&inventory_of(section));
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
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(sections > 0, "no section has `{filter}` in its title");
}

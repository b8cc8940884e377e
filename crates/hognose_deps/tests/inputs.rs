//! Real inputs and what is read in them: one directory of `tests/inputs/` each.
#![allow(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hognose_deps::inputs::{Entry, Files, Inventory, Origin, Relation, discover, read};

/// A directory on the disk.
struct Disk(PathBuf);

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|error| error.kind().to_string())
    }

    fn list(&self, directory: &str) -> Result<Vec<Entry>, String> {
        let entries =
            std::fs::read_dir(self.0.join(directory)).map_err(|e| e.kind().to_string())?;
        entries
            .map(|entry| {
                let entry = entry.map_err(|e| e.kind().to_string())?;
                Ok(Entry {
                    name: entry.file_name().to_string_lossy().into_owned(),
                    is_directory: entry
                        .file_type()
                        .map_err(|e| e.kind().to_string())?
                        .is_dir(),
                })
            })
            .collect()
    }
}

fn fixture(name: &str) -> Disk {
    Disk(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/inputs")
            .join(name),
    )
}

/// One line for each thing that was read.
fn shown(inventory: &Inventory) -> String {
    let mut text = String::new();
    for input in &inventory.inputs {
        let _ = writeln!(
            text,
            "input {} as {} ({:?})",
            input.path, input.format, input.role
        );
    }
    for package in &inventory.packages {
        let _ = write!(
            text,
            "{} {} {}",
            package.place, package.name, package.wanted
        );
        if !package.extras.is_empty() {
            let _ = write!(text, " extras [{}]", package.extras.join(" "));
        }
        if let Some(marker) = &package.marker {
            let _ = write!(text, " if <{marker}>");
        }
        let groups: Vec<_> = package.groups.iter().map(ToString::to_string).collect();
        if !groups.is_empty() {
            let _ = write!(text, " for [{}]", groups.join(" "));
        }
        if package.relation != Relation::Unknown {
            let _ = write!(text, " {:?}", package.relation);
        }
        if package.hashed {
            text.push_str(" hashed");
        }
        if *package.origin != Origin::Index(None) {
            let _ = write!(text, " from {}", package.origin);
        }
        if !package.requires.is_empty() {
            let requires: Vec<_> = package.requires.iter().map(|name| name.as_str()).collect();
            let _ = write!(text, " needs [{}]", requires.join(" "));
        }
        if let Some(place) = &package.pinned_at {
            let _ = write!(text, " pinned at {place}");
        }
        text.push('\n');
    }
    for package in inventory.unpinned() {
        let _ = writeln!(text, "unpinned {} {}", package.place, package.written);
    }
    for unnamed in &inventory.unnamed {
        let _ = writeln!(text, "unnamed {} {}", unnamed.place, unnamed.origin);
    }
    for mismatch in &inventory.mismatches {
        let wanted = &mismatch.wanted;
        let locked: Vec<_> = mismatch
            .locked
            .iter()
            .map(|(pin, place)| format!("{} at {place}", pin.written))
            .collect();
        let _ = writeln!(
            text,
            "mismatch {} {} {} in {}: [{}]",
            wanted.place,
            wanted.name,
            wanted.wanted,
            mismatch.lock,
            locked.join(" ")
        );
    }
    for option in &inventory.options {
        let _ = writeln!(
            text,
            "option {} {} {}",
            option.place,
            option.name,
            option.value.as_deref().unwrap_or("-")
        );
    }
    for variable in &inventory.variables {
        let _ = writeln!(text, "variable {} {}", variable.place, variable.name);
    }
    for fault in &inventory.unreadable {
        let _ = writeln!(text, "unreadable {} {}", fault.place, fault.reason);
    }
    text
}

macro_rules! discovered {
    ($($test:ident: $name:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            let inventory = discover(&fixture($name), "");
            insta::assert_snapshot!($name, shown(&inventory));
        }
    )*};
}

discovered! {
    uv: "uv",
    pylock: "pylock",
    pip_compile: "pip-compile",
    poetry_1: "poetry-1",
    poetry_2: "poetry-2",
    pipenv: "pipenv",
    pdm: "pdm",
    conda: "conda",
    setuptools: "setup",
    script: "script",
    records: "records",
    dockerfile: "docker",
    requirements: "requirements",
    a_merge_left_its_marks: "conflict",
    pyproject: "pyproject",
}

#[test]
fn an_environment_is_read_without_python() {
    insta::assert_snapshot!("environment", shown(&read(&fixture("environment"), "")));
    // On the way through a project it is not the project's own.
    let project = fixture("");
    assert!(
        discover(&project, "")
            .inputs
            .iter()
            .all(|input| !input.path.starts_with("environment/"))
    );
}

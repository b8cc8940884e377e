//! Finds the rule folders and library models, so that adding one edits no list.

#![allow(clippy::disallowed_methods, reason = "a build script reads the tree")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=models");

    let mut code = String::new();
    let mut rules = String::new();
    for folder in sorted(&root.join("rules"))? {
        let toml = folder.join("rule.toml");
        if !toml.is_file() {
            continue;
        }
        let id = name(&folder);
        let module = id.replace('-', "_");
        let check = folder.join("rule.rs");
        let check = if check.is_file() {
            let _ = writeln!(code, "#[path = {check:?}]\nmod rule_{module};");
            format!("Some(rule_{module}::check)")
        } else {
            "None".to_owned()
        };
        let page = folder.join("rule.md");
        let page = if page.is_file() {
            format!("include_str!({page:?})")
        } else {
            "\"\"".to_owned()
        };
        let _ = writeln!(
            rules,
            "    RuleSource {{ id: {id:?}, toml: include_str!({toml:?}), page: {page}, check: {check} }},"
        );
    }
    let mut models = String::new();
    for file in sorted(&root.join("models"))? {
        if file
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let _ = writeln!(models, "    ({:?}, include_str!({file:?})),", name(&file));
        }
    }
    let _ = write!(
        code,
        "/// Every rule folder, by id.\npub(crate) static RULES: &[RuleSource] = &[\n{rules}];\n\n\
         /// Every library model: file name and text.\npub(crate) static MODELS: &[(&str, &str)] = &[\n{models}];\n"
    );
    fs::write(out.join("registry.rs"), code)
}

fn sorted(directory: &Path) -> io::Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

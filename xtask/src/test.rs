//! `cargo xtask test`: everything the project can check of itself, on a machine with Rust and Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::python::Venv;
use crate::{cargo, docs, fixing, root, sh, workshop};

/// Something that is tested.
type Part = fn() -> Result<()>;

/// The parts, in their order.
const PARTS: &[(&str, Part)] = &[
    ("cargo", || {
        sh(cargo().args(["test", "--quiet", "--workspace"]))
    }),
    ("docs", || docs::run(true, false)),
    ("scaffold", scaffold),
    ("formats", formats),
    ("advisories", advisories),
    ("fixing", fixing::run),
    ("examples", examples),
];

pub(crate) fn run(part: Option<&str>) -> Result<()> {
    let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    if let Some(part) = part.filter(|part| !names.contains(part)) {
        bail!("there is no part `{part}`; there are {}", names.join(", "));
    }
    for (name, test) in PARTS {
        if part.is_none_or(|part| part == *name) {
            test()?;
        }
    }
    println!("all tests passed");
    Ok(())
}

/// What `new-rule` writes must pass as it is written.
fn scaffold() -> Result<()> {
    const ID: &str = "scaffolded-rule-of-a-test";
    let folder = root().join("crates/hognose_rules/rules").join(ID);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    crate::new_rule::run(ID)?;
    let outcome = sh(cargo()
        .args([
            "test",
            "--quiet",
            "--package",
            "hognose_rules",
            "--test",
            "pages",
        ])
        .env("HOGNOSE_MDTEST", ID));
    fs::remove_dir_all(&folder)?;
    outcome
}

/// The formats against their official schemas.
fn formats() -> Result<()> {
    let specimens = workshop().join("specimens");
    if specimens.exists() {
        fs::remove_dir_all(&specimens)?;
    }
    fs::create_dir_all(&specimens)?;
    sh(cargo()
        .args([
            "test",
            "--quiet",
            "--package",
            "hognose",
            "--lib",
            "--test",
            "deps",
            "specimens",
        ])
        .env("HOGNOSE_SPECIMENS", &specimens))?;
    let requirements = root().join("tests/schemas/requirements.txt");
    let venv = Venv::new(
        "schemas",
        &["-r".to_owned(), requirements.display().to_string()],
        &[&requirements],
    )?;
    sh(Command::new(venv.python())
        .arg(root().join("tests/schemas/validate.py"))
        .arg("--cache")
        .arg(workshop().join("schemas"))
        .arg(&specimens))
}

/// The matcher of advisories against an independent judge.
fn advisories() -> Result<()> {
    sh(cargo().args([
        "build",
        "--quiet",
        "--package",
        "hognose_deps",
        "--example",
        "judge",
    ]))?;
    let directory = root().join("tests/advisories");
    let requirements = directory.join("requirements.txt");
    let venv = Venv::new(
        "advisories",
        &["-r".to_owned(), requirements.display().to_string()],
        &[&requirements],
    )?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let program = target
        .join("debug/examples")
        .join(format!("judge{}", std::env::consts::EXE_SUFFIX));
    sh(Command::new(venv.python())
        .arg(directory.join("judge.py"))
        .arg(program)
        .arg(directory.join("records.json")))
}

/// Both shops start, serve a page, and pass their own tests.
fn examples() -> Result<()> {
    let examples = root().join("examples");
    sh(Command::new("python3").arg(examples.join("check_readme.py")))?;
    for (name, options) in [
        ("bookshop", &["-r"][..]),
        ("bookshop-hardened", &["--require-hashes", "-r"][..]),
    ] {
        let directory = examples.join(name);
        let requirements = directory.join("requirements-dev.txt");
        let mut arguments: Vec<String> = options.iter().map(ToString::to_string).collect();
        arguments.push(requirements.display().to_string());
        let runtime = directory.join("requirements.txt");
        let venv = Venv::new(
            name,
            &arguments,
            &[Path::new(&requirements), Path::new(&runtime)],
        )?;
        sh(Command::new("python3")
            .arg(examples.join("smoke.py"))
            .arg(&directory)
            .arg(venv.python()))?;
        sh(Command::new(venv.python())
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .current_dir(&directory))?;
    }
    Ok(())
}
